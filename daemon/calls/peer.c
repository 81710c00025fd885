/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See peer.h. A peer is there only when its process is known (or never will be): what its calls are
 * added with.
 */
#include "peer.h"

#include "daemon/log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct asked {
	struct asked *next;
	struct peer *peer;
	struct bus_pending *pending;
	peer_judge_fn judge;
	call_done_fn done;
	void *data;
};

struct peer {
	struct bus *bus;
	const char *name;
	const struct peer_events *events;
	void *data;
	struct bus_name_watch *watch;
	struct bus_pending *pending; /* the question for its process */
	char *owner;
	bool there; /* and told so */
	struct asked *asked;
	unsigned int n_asked;
};

/* ---- asking ------------------------------------------------------------------------------------ */

static void asked_done(struct asked *asked, const char *error)
{
	for (struct asked **link = &asked->peer->asked; *link != NULL; link = &(*link)->next) {
		if (*link == asked) {
			*link = asked->next;
			asked->peer->n_asked--;
			break;
		}
	}
	if (asked->done != NULL)
		asked->done(asked->data, error);
	free(asked);
}

static void on_reply(void *data, DBusMessage *reply, const char *error)
{
	struct asked *asked = data;

	asked->pending = NULL;
	if (error == NULL) {
		asked_done(asked, asked->judge != NULL ? asked->judge(reply) : NULL);
		return;
	}
	log_info("%s answered %s", asked->peer->name, error);
	asked_done(asked,
		   strcmp(error, DBUS_ERROR_NO_REPLY) == 0 || strcmp(error, DBUS_ERROR_TIMEOUT) == 0
			   ? ENGINE_ERROR_TIMED_OUT
			   : PEER_ERROR_FAILED);
}

void peer_ask(struct peer *peer, DBusMessage *message, peer_judge_fn judge, call_done_fn done,
	      void *data)
{
	struct asked *asked = NULL;

	if (message != NULL && peer->owner != NULL && peer->n_asked < PEER_MAX_ASKED &&
	    dbus_message_set_destination(message, peer->owner))
		asked = calloc(1, sizeof(*asked));
	if (asked == NULL) {
		if (message != NULL)
			dbus_message_unref(message);
		if (done != NULL)
			done(data, PEER_ERROR_FAILED);
		return;
	}
	*asked = (struct asked){ peer->asked, peer, NULL, judge, done, data };
	peer->asked = asked;
	peer->n_asked++;
	if (bus_send(peer->bus, message, PEER_TIMEOUT_MS, on_reply, asked, &asked->pending) < 0)
		asked_done(asked, PEER_ERROR_FAILED);
}

/* ---- coming and going --------------------------------------------------------------------------- */

static void gone(struct peer *peer)
{
	bool there = peer->there;

	peer->there = false;
	peer->pending = bus_pending_cancel(peer->pending);
	free(peer->owner);
	peer->owner = NULL;
	if (there) {
		log_info("%s has gone", peer->name);
		peer->events->gone(peer->data);
	}
	while (peer->asked != NULL) {
		peer->asked->pending = bus_pending_cancel(peer->asked->pending);
		asked_done(peer->asked, NULL);
	}
}

static void on_process(void *data, DBusMessage *reply, const char *error)
{
	struct peer *peer = data;
	uint32_t process = 0;
	DBusMessageIter args;

	peer->pending = NULL;
	if (error != NULL || !dbus_message_iter_init(reply, &args) ||
	    bus_read_basic(&args, DBUS_TYPE_UINT32, &process) < 0 || process > INT_MAX)
		process = 0;
	if (process == 0)
		log_info("the process of %s is not known, continuing", peer->name);
	log_info("%s is there", peer->name);
	peer->there = true;
	peer->events->there(peer->data, (pid_t)process);
}

static void on_owner(void *data, const char *name, const char *owner)
{
	struct peer *peer = data;

	(void)name;
	/* from one owner to the next is a restart too */
	if (peer->owner != NULL)
		gone(peer);
	if (owner == NULL)
		return;
	peer->owner = strdup(owner);
	if (peer->owner == NULL ||
	    bus_send(peer->bus,
		     bus_message(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
				 "GetConnectionUnixProcessID", DBUS_TYPE_STRING, &peer->owner,
				 DBUS_TYPE_INVALID),
		     -1, on_process, peer, &peer->pending) < 0)
		log_error("no memory for the calls of %s", peer->name);
}

int peer_new(struct bus *bus, const char *name, const struct peer_events *events, void *data,
	     struct peer **ret)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int error;

	if (peer == NULL)
		return -ENOMEM;
	*peer = (struct peer){ .bus = bus, .name = name, .events = events, .data = data };
	error = bus_watch_name(bus, name, on_owner, peer, &peer->watch);
	if (error < 0) {
		free(peer);
		return error;
	}
	*ret = peer;
	return 0;
}

struct peer *peer_free(struct peer *peer)
{
	if (peer == NULL)
		return NULL;
	bus_name_watch_free(peer->watch);
	peer->there = false;
	gone(peer);
	free(peer);
	return NULL;
}

const char *peer_owner(const struct peer *peer)
{
	return peer->owner;
}
