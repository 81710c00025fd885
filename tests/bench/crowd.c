/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "crowd.h"

#include "dbus/bus.h"
#include "tests/rig/process.h"
#include "tests/rig/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 180000

struct client {
	struct bus *bus;
	bool ready;
	bool answered;
};

struct crowd {
	struct rig *rig;
	struct process *program;
	bool done;
	bool ended;
	unsigned int n_clients;
	struct client *clients;
};

/* ---- nodes and streams ----------------------------------------------------------------------------- */

static void on_line(void *data, const char *line)
{
	struct crowd *crowd = data;

	crowd->done = crowd->done || strcmp(line, "done") == 0;
}

static void on_ended(void *data, int status)
{
	struct crowd *crowd = data;

	(void)fprintf(stderr, "crowd: it has ended, status %d\n", status);
	crowd->ended = true;
}

static bool tell(struct crowd *crowd, const char *what, unsigned int n)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "%s %u", what, n);
	crowd->done = false;
	process_write(crowd->program, line);
	return rig_wait(crowd->rig, LIMIT_MS, crowd->done || crowd->ended) && crowd->done;
}

bool crowd_resize(struct crowd *crowd, unsigned int nodes, unsigned int streams)
{
	return tell(crowd, "nodes", nodes) && tell(crowd, "streams", streams);
}

bool crowd_pass(struct crowd *crowd, unsigned int streams)
{
	return tell(crowd, "pass", streams);
}

/* ---- clients of the bus ------------------------------------------------------------------------------ */

static void on_ready(void *data)
{
	struct client *client = data;

	client->ready = true;
}

static void on_reply(void *data, DBusMessage *reply, const char *error)
{
	struct client *client = data;

	client->answered = true;
}

static bool join(struct crowd *crowd, struct client *client)
{
	static const struct bus_events events = { .ready = on_ready };
	DBusMessage *message;

	if (bus_open(rig_loop(crowd->rig), bus_session_address(), &events, client, &client->bus) <
		    0 ||
	    !rig_wait(crowd->rig, LIMIT_MS, client->ready))
		return false;
	message =
		bus_message("org.callroute", "/org/callroute", "org.freedesktop.DBus.ObjectManager",
			    "GetManagedObjects", DBUS_TYPE_INVALID);
	return bus_send(client->bus, message, LIMIT_MS, on_reply, client, NULL) == 0 &&
	       rig_wait(crowd->rig, LIMIT_MS, client->answered);
}

bool crowd_clients(struct crowd *crowd, unsigned int clients)
{
	for (; crowd->n_clients; crowd->n_clients--)
		bus_free(crowd->clients[crowd->n_clients - 1].bus);
	free(crowd->clients);
	crowd->clients = clients ? calloc(clients, sizeof(*crowd->clients)) : NULL;
	for (; crowd->clients && crowd->n_clients < clients; crowd->n_clients++) {
		if (!join(crowd, &crowd->clients[crowd->n_clients]))
			return false;
	}
	return crowd->n_clients == clients;
}

/* ---- the whole --------------------------------------------------------------------------------------- */

struct crowd *crowd_new(struct rig *rig)
{
	static const struct process_events events = { .line = on_line, .ended = on_ended };
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	if (!crowd)
		return NULL;
	crowd->rig = rig;
	if (process_new(rig_loop(rig), (const char *const[]){ BENCH_CROWD, NULL },
			rig_log(rig, "crowd"), &events, crowd, &crowd->program) < 0)
		return crowd_free(crowd);
	return crowd;
}

struct crowd *crowd_free(struct crowd *crowd)
{
	if (!crowd)
		return NULL;
	(void)crowd_clients(crowd, 0);
	crowd->program = process_free(crowd->program);
	free(crowd);
	return NULL;
}
