/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The calls of one telephone line: a modem's, or those of a phone that this machine is the headset of.
 * Such a line has at most one conversation that is active, one that is held and one call that waits,
 * and moves them together (3GPP TS 22.030 §6.5.5.1): what the engine asks of each call is made into
 * one request to the line here, and whatever else that does is not asked again.
 *
 * May be used by: daemon/calls/.
 */
#ifndef CALLROUTE_CALLS_LINE_H
#define CALLROUTE_CALLS_LINE_H

#include "source.h"

struct line;

/** Who has the line: calls of two lines of one program are never one call. */
enum line_program {
	LINE_MODEMMANAGER,
	LINE_OFONO,
	LINE_PIPEWIRE,
	LINE_BLUEZ,
};

enum line_verb {
	LINE_ANSWER,             /* the call, which rings alone */
	LINE_HANGUP,             /* the call */
	LINE_HOLD_AND_ANSWER,    /* hold what is active, answer what waits */
	LINE_SWAP,               /* hold what is active, resume what is held */
	LINE_RELEASE_AND_ANSWER, /* hang up what is active, answer what waits */
	LINE_RELEASE_AND_SWAP,   /* hang up what is active, resume what is held */
	LINE_JOIN,               /* the held call to what is active */
	LINE_TONES,
};

struct line_ops {
	/** @path: the call that is meant, or any of the line's. @tones for LINE_TONES. */
	void (*ask)(void *data, enum line_verb verb, const char *path, const char *tones,
		    call_done_fn done, void *done_data);
	bool one_tone; /* a request */
};

/** What a program calls a verb, and whether it is the call's or the line's. */
struct line_method {
	const char *interface, *method;
	bool of_call;
};

/** The request of a program of that name, for line_ops.ask; NULL without memory. */
DBusMessage *line_message(const char *name, const struct line_method *method, const char *line_path,
			  const char *call_path, const char *tones);

/** What is known of a call; texts are borrowed, and cut where they are too long. */
struct line_told {
	enum call_state state;
	bool known;   /* .state is one that is known */
	bool waiting; /* INCOMING, beside another call */
	bool incoming;
	const char *party; /* number without a scheme; "" where withheld */
	const char *name;
};

struct line_owner {
	enum line_program program;
	const char *name;   /* for the log; borrowed for the line's life */
	bool of_phone;      /* this machine is the headset of; else a modem's */
	route_device phone; /* of that, by whose address PipeWire has its sound; 0: not known */
	pid_t process;      /* whose streams its calls' sound is, or 0 */
};

/** line_new() - a line without calls; @ops is borrowed. 0 or -errno. */
int line_new(struct calls *calls, const struct line_owner *owner, const struct line_ops *ops,
	     void *data, struct line **ret);
/** Its calls are lost, unless another source has them too. NULL-safe; returns NULL. */
struct line *line_free(struct line *line);

/** A call appears, or is now as @told. After CALL_ENDED it comes back only after line_gone(). */
void line_call(struct line *line, const char *path, const struct line_told *told);
/** The call's object is gone. */
void line_gone(struct line *line, const char *path);

/** It is what a network dials: "+", digits, "*" and "#", at most 80 of them. */
bool line_is_number(const char *text);

/** A headset has dialled on this line. */
void line_dialled(struct line *line, route_device from);

#endif
