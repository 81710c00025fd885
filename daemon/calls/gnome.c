/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * GNOME Calls: an object of interface org.gnome.Calls.Call for each call, under an ObjectManager. The
 * states are those of its D-Bus description (src/dbus/org.gnome.Calls.Call.xml); an object stays for
 * some seconds after its call has ended.
 *
 * It tells nobody who hung up, and knows no hold: while a SIP call of its is held by a rule, its sound goes
 * on. A modem's call is spoken for by the modem.
 */
#include "source.h"

#include "daemon/log.h"
#include "dbus/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "org.gnome.Calls"
#define PATH "/org/gnome/Calls"
#define INTERFACE "org.gnome.Calls.Call"
#define APPLICATION "org.freedesktop.Application"

#define MAX_OBJECTS (2 * SOURCE_MAX_CALLS)
#define MAX_TONES 64

enum gnome_state {
	GNOME_ACTIVE = 1,
	GNOME_HELD = 2,
	GNOME_DIALING = 3,
	GNOME_ALERTING = 4,
	GNOME_INCOMING = 5,
	GNOME_WAITING = 6,
	GNOME_ENDED = 7,
};

struct gnome {
	struct source source;
	struct bus *bus;
	struct peer *peer;
	struct bus_remote *remote; /* while the peer is there */
	struct provider *provider; /* likewise */
	pid_t process;
	struct gnome_call *calls;
};

struct gnome_call {
	struct gnome_call *next;
	struct gnome *gnome;
	char *path;
	struct seen *seen; /* NULL before its state is known, and after its end */
	bool over;
	uint32_t state;
	bool inbound;
	bool tel;
	char id[CALL_PARTY_SIZE - 4]; /* room for "tel:" */
	char name[CALL_PARTY_SIZE];
};

/* ---- what it is asked ------------------------------------------------------------------------------ */

static void ask(const struct gnome_call *call, const char *method, call_done_fn done, void *data)
{
	peer_ask(call->gnome->peer,
		 bus_message(NAME, call->path, INTERFACE, method, DBUS_TYPE_INVALID), NULL, done,
		 data);
}

static void op_answer(struct call *call, void *source, call_done_fn done, void *data)
{
	(void)call;
	ask(seen_data(source), "Accept", done, data);
}

static void op_hangup(struct call *call, void *source, call_done_fn done, void *data)
{
	(void)call;
	ask(seen_data(source), "Hangup", done, data);
}

/* One tone a request. */
struct tones {
	struct gnome *gnome;
	char *path;
	char digits[MAX_TONES + 1];
	size_t at;
	call_done_fn done;
	void *data;
};

static void next_tone(void *data, const char *error)
{
	struct tones *tones = data;
	char tone[2] = { 0 };
	const char *tone_p = tone;

	if (error == NULL && tones->digits[tones->at] != '\0' &&
	    peer_owner(tones->gnome->peer) != NULL) {
		tone[0] = tones->digits[tones->at++];
		peer_ask(tones->gnome->peer,
			 bus_message(NAME, tones->path, INTERFACE, "SendDtmf", DBUS_TYPE_STRING,
				     &tone_p, DBUS_TYPE_INVALID),
			 NULL, next_tone, tones);
		return;
	}
	if (tones->done != NULL)
		tones->done(tones->data, error);
	free(tones->path);
	free(tones);
}

static void op_send_dtmf(struct call *call, void *source, const char *digits, call_done_fn done,
			 void *data)
{
	const struct gnome_call *of = seen_data(source);
	struct tones *tones = NULL;

	(void)call;
	if (strlen(digits) <= MAX_TONES)
		tones = calloc(1, sizeof(*tones));
	if (tones != NULL)
		tones->path = strdup(of->path);
	if (tones == NULL || tones->path == NULL) {
		free(tones);
		if (done != NULL)
			done(data, PEER_ERROR_FAILED);
		return;
	}
	tones->gnome = of->gnome;
	strcpy(tones->digits, digits);
	tones->done = done;
	tones->data = data;
	next_tone(tones, NULL);
}

static const struct call_ops call_ops_of_gnome = {
	.rank = CALL_RANK_PROGRAM,
	.answer = op_answer,
	.hangup = op_hangup,
	.send_dtmf = op_send_dtmf,
	.ended = seen_over,
};

/* As a desktop opens a tel: link, which it then dials. */
static void op_dial(void *source, const char *uri, route_device from, call_done_fn done, void *data)
{
	struct gnome *gnome = source;
	DBusMessage *message = NULL;
	DBusMessageIter iter, list;

	if (uri[0] != '\0')
		message = bus_message(NAME, PATH, APPLICATION, "Open", DBUS_TYPE_INVALID);
	if (message != NULL) {
		dbus_message_iter_init_append(message, &iter);
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "s", &list);
		bus_append_basic(&list, DBUS_TYPE_STRING, &uri);
		dbus_message_iter_close_container(&iter, &list);
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &list);
		dbus_message_iter_close_container(&iter, &list);
		source_dialled(&gnome->source, from);
	}
	peer_ask(gnome->peer, message, NULL, done, data);
}

static const struct provider_ops provider_ops_of_gnome = { .dial = op_dial };

/* ---- what it tells --------------------------------------------------------------------------------- */

static int read_property(void *data, const char *key, DBusMessageIter *value)
{
	struct gnome_call *call = data;
	dbus_bool_t truth;
	const char *text;

	if (strcmp(key, "State") == 0)
		(void)bus_read_basic(value, DBUS_TYPE_UINT32, &call->state);
	else if (strcmp(key, "Inbound") == 0 &&
		 bus_read_basic(value, DBUS_TYPE_BOOLEAN, &truth) == 0)
		call->inbound = truth;
	else if (strcmp(key, "Id") == 0 && bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
		source_copy(call->id, sizeof(call->id), text);
	else if (strcmp(key, "DisplayName") == 0 &&
		 bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
		source_copy(call->name, sizeof(call->name), text);
	else if (strcmp(key, "Protocol") == 0 &&
		 bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
		call->tel = strcmp(text, "tel") == 0;
	return 0;
}

static void party_of(const struct gnome_call *call, char ret[static CALL_PARTY_SIZE])
{
	bool bare = call->tel && call->id[0] != '\0' && strchr(call->id, ':') == NULL;

	snprintf(ret, CALL_PARTY_SIZE, "%s%s", bare ? "tel:" : "", call->id);
}

/* Where it shows no name of a contact, it shows the number again. */
static const char *name_of(const struct gnome_call *call)
{
	return strcmp(call->name, call->id) == 0 ? "" : call->name;
}

/* False for a state that is unknown to it or to us: the last one goes on. */
static bool state_of(const struct gnome_call *call, enum call_state *ret)
{
	switch (call->state) {
	case GNOME_ACTIVE:
		*ret = CALL_ACTIVE;
		return true;
	case GNOME_HELD:
		*ret = CALL_HELD;
		return true;
	case GNOME_DIALING:
	case GNOME_ALERTING:
		*ret = CALL_DIALING;
		return true;
	case GNOME_INCOMING:
	case GNOME_WAITING:
		*ret = CALL_INCOMING;
		return true;
	case GNOME_ENDED:
		*ret = CALL_ENDED;
		return true;
	default:
		return false;
	}
}

static void follow(struct gnome_call *call)
{
	struct call_info info = {
		.phone = call->tel,
		.managed = true,
		.incoming = call->inbound,
		.processes = { call->gnome->process },
	};
	char party[CALL_PARTY_SIZE];
	enum call_state state;

	if (!state_of(call, &state) || call->over)
		return;
	party_of(call, party);
	if (state == CALL_ENDED) {
		call->over = true;
		call->seen = seen_end(call->seen, true);
	} else if (call->seen != NULL) {
		seen_party(call->seen, party, name_of(call));
		seen_state(call->seen, state);
		if (call->state == GNOME_ALERTING)
			seen_alerting(call->seen);
	} else {
		info.state = state;
		info.alerting = call->state == GNOME_ALERTING;
		memcpy(info.party, party, sizeof(info.party));
		source_copy(info.name, sizeof(info.name), name_of(call));
		call->seen = seen_new(&call->gnome->source, &info, call);
		call->over = call->seen == NULL;
	}
}

static struct gnome_call *find(struct gnome *gnome, const char *path, const char *interface)
{
	if (strcmp(interface, INTERFACE) != 0)
		return NULL;
	for (struct gnome_call *call = gnome->calls; call != NULL; call = call->next)
		if (strcmp(call->path, path) == 0)
			return call;
	return NULL;
}

static void on_added(void *data, const char *path, const char *interface,
		     DBusMessageIter *properties)
{
	struct gnome *gnome = data;
	struct gnome_call *call;

	if (strcmp(interface, INTERFACE) != 0)
		return;
	call = calloc(1, sizeof(*call));
	if (call == NULL)
		return;
	call->path = strdup(path);
	if (call->path == NULL) {
		free(call);
		return;
	}
	call->gnome = gnome;
	call->next = gnome->calls;
	gnome->calls = call;
	(void)bus_read_dict(properties, read_property, call);
	follow(call);
}

static void on_changed(void *data, const char *path, const char *interface,
		       DBusMessageIter *properties)
{
	struct gnome_call *call = find(data, path, interface);

	if (call == NULL)
		return;
	(void)bus_read_dict(properties, read_property, call);
	follow(call);
}

static void forget(struct gnome_call *call, bool lost)
{
	struct gnome *gnome = call->gnome;

	for (struct gnome_call **link = &gnome->calls; *link != NULL; link = &(*link)->next) {
		if (*link == call) {
			*link = call->next;
			break;
		}
	}
	if (lost)
		seen_lost(call->seen);
	else
		seen_end(call->seen, true);
	free(call->path);
	free(call);
}

static void on_removed(void *data, const char *path, const char *interface)
{
	struct gnome_call *call = find(data, path, interface);

	if (call != NULL)
		forget(call, false);
}

static const struct bus_remote_events remote_events = {
	.added = on_added,
	.removed = on_removed,
	.changed = on_changed,
};

/* ---- the program ------------------------------------------------------------------------------------ */

static void on_there(void *data, pid_t process)
{
	struct gnome *gnome = data;
	int error;

	gnome->process = process;
	gnome->source.limit_told = false;
	error = bus_remote_new(gnome->bus, NAME, PATH, MAX_OBJECTS, &remote_events, gnome,
			       &gnome->remote);
	if (error < 0)
		log_error("the calls of GNOME Calls cannot be seen: %s", strerror(-error));
	(void)engine_provider_add(gnome->source.calls->engine, &provider_ops_of_gnome, gnome,
				  &gnome->provider);
}

static void on_gone(void *data)
{
	struct gnome *gnome = data;

	gnome->provider = engine_provider_free(gnome->source.calls->engine, gnome->provider);
	gnome->remote = bus_remote_free(gnome->remote);
	while (gnome->calls != NULL)
		forget(gnome->calls, true);
}

static const struct peer_events peer_events = { .there = on_there, .gone = on_gone };

int gnome_new(struct calls *calls, struct bus *bus, struct gnome **ret)
{
	struct gnome *gnome = calloc(1, sizeof(*gnome));
	int error;

	if (gnome == NULL)
		return -ENOMEM;
	gnome->source = (struct source){
		.calls = calls,
		.name = "GNOME Calls",
		.ops = &call_ops_of_gnome,
	};
	gnome->bus = bus;
	error = peer_new(bus, NAME, &peer_events, gnome, &gnome->peer);
	if (error < 0) {
		free(gnome);
		return error;
	}
	*ret = gnome;
	return 0;
}

struct gnome *gnome_free(struct gnome *gnome)
{
	if (gnome == NULL)
		return NULL;
	on_gone(gnome);
	gnome->peer = peer_free(gnome->peer);
	free(gnome);
	return NULL;
}
