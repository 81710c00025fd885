/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A scenario file through the whole daemon: what its parts share.
 */
#ifndef CALLROUTE_RIG_REPLAY_H
#define CALLROUTE_RIG_REPLAY_H

#include "phone.h"

#include "policy/scenario.h"

#define REPLAY_MAX_LINES 256
#define REPLAY_LIMIT_MS 15000u

struct replay_device {
	bool added;
	char address[18];
};

struct replay {
	struct rig *rig;
	struct phone *phone;
	const char *file; /* for messages */
	struct scenario_names names;
	size_t n_lines;
	struct scenario_line lines[REPLAY_MAX_LINES];
	char texts[REPLAY_MAX_LINES][SCENARIO_MAX_LINE];
	struct replay_device devices[SCENARIO_MAX_NAMES + 1]; /* by the scenario's number */
	struct phone_call *calls[SCENARIO_MAX_NAMES + 1];
	char error[128]; /* that the last event was refused with, or "" */
	bool no_error;   /* the last event was the act of a device, which is told of no refusal */
};

/** The route in the daemon's words. */
void replay_route(const struct replay *replay, struct route route,
		  char ret[static ROUTE_STRING_SIZE]);
/** A device's address; given to it when it is first asked for. */
const char *replay_address(const struct replay *replay, route_device device);

/**
 * replay_act() - make the event of line @at happen outside the daemon, and let it settle
 * @ret_skip: how many lines after this one are part of it and are not to be acted on
 * Return: NULL, or why it cannot be done; then nothing was done.
 */
const char *replay_act(struct replay *replay, size_t at, size_t *ret_skip);

enum replay_verdict { REPLAY_HOLDS, REPLAY_UNMET, REPLAY_NOT_CHECKED };
/** Wait for the expectation of line @at. @ret_found: what holds instead, or why it is not checked. */
enum replay_verdict replay_expect(struct replay *replay, size_t at, char ret_found[static 256]);

/** Where a call's sound must be for a route: a node's name for view_linked(). */
const char *replay_node(const struct replay *replay, struct route route, char ret[static 64]);

#endif
