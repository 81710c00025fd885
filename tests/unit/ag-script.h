/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Sessions with the gateway as text, replayed in several ways of cutting the bytes.
 *
 * One item a line, in this order of time:
 *
 *     > AT+CIND?            the headset sends a line; \xNN stands for a byte
 *     < +CIEV: 2,1          a result code that we must have sent, in order
 *     * answer 1            an event that the gateway must have, in order
 *     = calls 1 incoming 5551234, 2 held - out mpty name=Bob_B.
 *     = finish ok|NUMBER    the caller's final result; the number of +CME ERROR
 *     = wait MS             time passes, ticking at each deadline
 *     = codec N | speaker N | microphone N | audio 0|1 | voice 0|1 | in-band 0|1
 *     = status SERVICE SIGNAL ROAM BATTERY
 *     = run NAME            a script of the same table, by name, in place
 *     # comment
 *
 * Before each > and each = nothing unexpected may have been sent and no event may be left over.
 */
#ifndef CALLROUTE_TESTS_AG_SCRIPT_H
#define CALLROUTE_TESTS_AG_SCRIPT_H

#include "daemon/hfp/ag.h"

struct ag_script {
	const char *name;
	struct ag_config config;
	const char *text;
	bool plain; /* the gateway's providers can neither join calls nor listen to a voice */
};

enum ag_cut {
	CUT_LINES,    /* each line in one read */
	CUT_BYTES,    /* each byte in a read of its own */
	CUT_ALL,      /* all lines up to the next = in one read */
	CUT_LF_FIRST, /* LF before each line */
	CUT_CR_LF,    /* CR LF ends each line */
	CUT_LOWER,    /* in lower case */
	CUT_SPACES,   /* blanks around = , ; and ? */
	CUT_COUNT,
};

/** Replay one script in one way; fails the test with the script's line where it differs. */
void ag_script_replay(const struct ag_script *scripts, size_t n, const struct ag_script *script,
		      enum ag_cut cut);

/** Replay each script in each way. */
void ag_scripts_replay(const struct ag_script *scripts, size_t n);

/** A gateway whose set-up is done, its output and events taken; @config NULL: HFP, all on. */
struct ag *ag_script_connected(const struct ag_config *config, uint64_t now_ms);

/** Send text to the gateway at @now_ms. */
void ag_script_send(struct ag *ag, const char *text, uint64_t now_ms);

/** Take all the output, as lines joined by '|'; borrowed until the next call. */
const char *ag_script_take(struct ag *ag);

/** Take all the events; returns how many. */
unsigned int ag_script_drop_events(struct ag *ag);

/** How many final results there are among lines joined by '|'. */
unsigned int ag_script_finals(const char *lines);

#endif
