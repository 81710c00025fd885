/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The scenario language: one line in, one typed line out. Pure. Used by `callroutectl simulate`,
 * by the tests of policy/, and by the replay of scenario files through a whole daemon.
 */
#ifndef CALLROUTE_SCENARIO_H
#define CALLROUTE_SCENARIO_H

#include "policy.h"

#define SCENARIO_WORD_SIZE 32
#define SCENARIO_MAX_LINE 512
#define SCENARIO_MAX_NAMES 64

enum scenario_kind {
	SCENARIO_EMPTY, /* blank or comment */
	SCENARIO_EVENT, /* .event is ready for policy_handle(), but for now_ms */
	SCENARIO_WAIT,  /* .wait_ms, and .event.seconds rounded up */
	SCENARIO_EXPECT,
};

enum scenario_expect {
	EXPECT_CALL,
	EXPECT_DEFAULT,
	EXPECT_MEDIA,
	EXPECT_PROFILE,
	EXPECT_STATE,
	EXPECT_REFUSED,
	EXPECT_MUTE,
};

struct scenario_line {
	enum scenario_kind kind;
	struct policy_event event;
	uint64_t wait_ms;
	enum scenario_expect expect;
	struct route route;          /* EXPECT_CALL, EXPECT_DEFAULT, EXPECT_MEDIA */
	enum policy_rule rule;       /* EXPECT_CALL, RULE_NONE where not given */
	route_device device;         /* EXPECT_PROFILE */
	enum device_mode mode;       /* EXPECT_PROFILE */
	uint32_t call;               /* EXPECT_STATE */
	enum call_state state;       /* EXPECT_STATE */
	enum policy_outcome refused; /* EXPECT_REFUSED */
	bool on;                     /* EXPECT_MUTE */
};

/** The names that a file gives to devices and calls: name i is device or call i + 1. */
struct scenario_names {
	unsigned int n_devices;
	unsigned int n_calls;
	char devices[SCENARIO_MAX_NAMES][SCENARIO_WORD_SIZE];
	char calls[SCENARIO_MAX_NAMES][SCENARIO_WORD_SIZE];
};

struct scenario_error {
	unsigned int column; /* from 1 */
	char expected[160];  /* what was expected there */
};

/**
 * scenario_parse() - read one line
 * @text:  without its line feed
 * @names: in and out; new names are added only where the line is right
 *
 * Return: 0, or -EINVAL with @error filled.
 */
int scenario_parse(const char *text, struct scenario_names *names, struct scenario_line *ret,
		   struct scenario_error *error);

/** A route in a scenario's words ("headset:A"), for output; @n at least 48. */
void scenario_route_to_string(const struct scenario_names *names, struct route route, char *ret,
			      size_t n);

/**
 * A run of a whole file over a core of its own. feed() takes lines in order; after it, line() tells
 * what simulate prints, and unmet() what an expect line found instead.
 */
struct scenario_run;
struct scenario_run *scenario_run_new(void);
struct scenario_run *scenario_run_free(struct scenario_run *run);

enum scenario_result {
	SCENARIO_OK,      /* an event was taken, or an expect holds, or nothing was there */
	SCENARIO_REFUSED, /* an event was refused; no failure by itself, "expect refused" names it */
	SCENARIO_UNMET,   /* an expect does not hold; see scenario_run_message() */
	SCENARIO_MALFORMED, /* see scenario_run_error() */
};
enum scenario_result scenario_run_feed(struct scenario_run *run, const char *text);
/** "event\tcall=…\tdefault=…\tmedia=…\trule=…\treason" of the last event line, without the line
 * number; "" for other lines. Borrowed until the next feed. */
const char *scenario_run_output(const struct scenario_run *run);
/** "expected call headset:1 by P2, but call is handset by P1". Borrowed until the next feed. */
const char *scenario_run_message(const struct scenario_run *run);
const struct scenario_error *scenario_run_error(const struct scenario_run *run);
/** The line number, from 1, of the last line fed, and that the message is about. */
unsigned int scenario_run_line(const struct scenario_run *run);

#endif
