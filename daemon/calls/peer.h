/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Another program on a bus, by its well-known name: when it comes and goes, which process it is, and
 * asking it. It is never started by us.
 *
 * May be used by: daemon/calls/.
 */
#ifndef CALLROUTE_CALLS_PEER_H
#define CALLROUTE_CALLS_PEER_H

#include "daemon/engine.h"
#include "dbus/bus.h"

struct peer;

/** Longer than any of them needs to answer. */
#define PEER_TIMEOUT_MS 10000
/** Requests to one peer that it has not answered yet. */
#define PEER_MAX_ASKED 64

#define PEER_ERROR_FAILED "org.callroute.Error.ProviderFailed"

struct peer_events {
	/** It is there; @process is 0 where the bus cannot tell. */
	void (*there)(void *data, pid_t process);
	/** It has gone; there() came before. */
	void (*gone)(void *data);
};

/** @name: well-known; borrowed, as is @events, for the peer's life. 0 or -errno. */
int peer_new(struct bus *bus, const char *name, const struct peer_events *events, void *data,
	     struct peer **ret);
/** What is still asked ends without an error, as when the peer goes; gone() is not told. NULL-safe;
 * returns NULL. */
struct peer *peer_free(struct peer *peer);

/** Its unique name; NULL while it is not there. */
const char *peer_owner(const struct peer *peer);

/** What its reply says: NULL where it did as asked, else PEER_ERROR_FAILED. */
typedef const char *(*peer_judge_fn)(DBusMessage *reply);

/**
 * peer_ask() - send it @message
 * @message: consumed; its destination is set here. NULL counts as out of memory
 * @judge:   NULL where any reply but an error means that it did
 * @done:    told once, perhaps at once: NULL, ENGINE_ERROR_TIMED_OUT or PEER_ERROR_FAILED; may be NULL
 */
void peer_ask(struct peer *peer, DBusMessage *message, peer_judge_fn judge, call_done_fn done,
	      void *data);

#endif
