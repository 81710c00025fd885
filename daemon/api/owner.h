/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A bus connection that owns calls or has registered as a provider, and asking it.
 *
 * May be used by: owner.c (its calls), registered.c (what it can do without a call).
 */
#ifndef CALLROUTE_API_OWNER_H
#define CALLROUTE_API_OWNER_H

#include "internal.h"

struct adding;
struct provided;
struct registered;
struct told;

struct api_owner {
	struct api_owner *next;
	struct api *api;
	char *name; /* unique */
	struct bus_name_watch *watch;
	struct provided *provided;
	struct adding *adding;
	struct told *told;
	struct registered *registered;
	unsigned int n_calls; /* with those being added */
	unsigned int busy;    /* someone on the stack still uses it */
	bool vanished;
	route_device dialled_from; /* the headset for which it was asked to dial, or 0 */
	uint64_t dialled_until_ms; /* a call that it adds by then is the one */
};

/** Rows of api_provider_interface. */
enum {
	TELL_ANSWER,
	TELL_HANGUP,
	TELL_HOLD,
	TELL_UNHOLD,
	TELL_SEND_DTMF,
	TELL_DIAL,
	TELL_VOICE,
	TELL_JOIN,
};

/* ---- owner.c ---------------------------------------------------------------------------------- */

/** The owner of that unique name, which is followed from now on. NULL where out of memory. */
struct api_owner *api_owner_get(struct api *api, const char *name);
/** Forget it, where it has nothing any more. */
void api_owner_reap(struct api_owner *owner);
/** Send it @message (consumed; NULL counts as out of memory). @done, which may be NULL, is told once:
 * NULL, ENGINE_ERROR_TIMED_OUT or API_ERROR_PROVIDER_FAILED. */
void api_owner_tell(struct api_owner *owner, DBusMessage *message, call_done_fn done, void *data);

/* ---- registered.c ----------------------------------------------------------------------------- */

/** Whether this call, which @owner adds, is the one that it was asked to dial: then .from is filled in,
 * and the next one is not. */
bool api_registered_dialled(struct api_owner *owner, struct call_info *info);
void api_registered_free_all(struct api_owner *owner);

#endif
