/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What outlives the daemon, in two files of one JSON object each:
 *
 *   settings  in $STATE_DIRECTORY, else $XDG_STATE_HOME/callroute, else ~/.local/state/callroute:
 *             the settings of Manager1. Kept for ever.
 *   memory    in $RUNTIME_DIRECTORY, else $XDG_RUNTIME_DIR/callroute: the route last used since a
 *             headset connected, and the devices that are connected. A reboot forgets it.
 *
 * Each is replaced as a whole, when its content changes and only then. A file that cannot be read
 * or understood is set aside as NAME.bad with one warning, and counts as absent; a file that cannot
 * be written is one warning until it can be again. Neither has any effect on the other.
 *
 * May be used by: the engine, daemon/main.c.
 */
#ifndef CALLROUTE_STATE_FILES_H
#define CALLROUTE_STATE_FILES_H

#include "policy/policy.h"

struct state;

struct state_settings {
	enum policy_routing routing;
	uint32_t auto_answer; /* seconds, 0 is off, at most STATE_AUTO_ANSWER_MAX */
};
#define STATE_AUTO_ANSWER_MAX 3600u

struct state_device {
	route_device device;
	bool call_capable; /* its service level connection is up */
};

#define STATE_MAX_DEVICES 64

struct state_memory {
	struct route route;                             /* ROUTE_NONE: empty */
	bool in_call;                                   /* .route is that of a call that goes on */
	struct state_device devices[STATE_MAX_DEVICES]; /* connected, the last one last */
	size_t n_devices;
};

/** Takes the folders from the environment; nothing is read or written yet. -ENOMEM. */
int state_new(struct state **ret);
/** Writes nothing. NULL-safe; returns NULL. */
struct state *state_free(struct state *state);

/** What was saved, or the defaults (all zero) where there is nothing. */
void state_load_settings(struct state *state, struct state_settings *ret);
void state_load_memory(struct state *state, struct state_memory *ret);

/** Save, where it differs from what was loaded or saved last. Settings are on the disk after it. */
void state_save_settings(struct state *state, const struct state_settings *settings);
void state_save_memory(struct state *state, const struct state_memory *memory);

#endif
