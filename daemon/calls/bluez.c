/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * bluetoothd as a hands-free unit, of its experimental parts: a line for each phone that it is connected
 * with in that role. It has the calls, and no sound at all: what is answered here is answered on the phone,
 * whose sound comes here only where another program takes the link. Of several calls it can do no more than
 * answer and hang up each; what it cannot is refused by it. Where a hands-free unit on this machine is
 * connected to this machine's own gateway, what it sees are our own calls.
 *
 * Sources: BlueZ doc/org.bluez.Telephony.rst, doc/org.bluez.Call.rst, profiles/audio/telephony.c.
 */
#include "words.h"

#include "daemon/log.h"
#include "dbus/remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME "org.bluez"
#define WORDS "bluetoothd's telephony"
#define GATEWAY "org.bluez.Telephony1"
#define CALL "org.bluez.Call1"

#define MAX_OBJECTS 4096 /* all that bluetoothd has */
#define MAX_PHONES 8
#define MAX_CALLS (2 * SOURCE_MAX_CALLS) /* a phone's */

struct phones {
	struct calls *calls;
	struct bus *bus;
	struct peer *peer;
	struct bus_remote *remote; /* while the peer is there */
	struct phone *phones;
	unsigned int n_phones;
	bool limit_told;
};

struct phone {
	struct phone *next;
	struct phones *phones;
	char *path;
	route_device address; /* by its path; 0 for none */
	bool own_told;
	struct line *line;
	struct provider *provider; /* while it is connected */
	struct phone_call *calls;
	unsigned int n_calls;
};

struct phone_call {
	struct phone_call *next;
	char *path;
	struct words words;
};

static bool is_our_own(struct phone *phone)
{
	if (phone->address == 0 || !engine_is_adapter(phone->phones->calls->engine, phone->address))
		return false;
	if (!phone->own_told)
		log_info("%s is the headset of this machine itself, its calls are ours", WORDS);
	phone->own_told = true;
	return true;
}

/* ---- what is asked ------------------------------------------------------------------------------------ */

static void ask(void *data, enum line_verb verb, const char *path, const char *tones,
		call_done_fn done, void *done_data)
{
	static const struct line_method methods[] = WORDS_METHODS(CALL, GATEWAY);
	const struct phone *phone = data;

	peer_ask(phone->phones->peer, line_message(NAME, &methods[verb], phone->path, path, tones),
		 NULL, done, done_data);
}

static const struct line_ops line_ops_of_bluez = { .ask = ask };

static void op_dial(void *source, const char *uri, route_device from, call_done_fn done, void *data)
{
	struct phone *phone = source;
	DBusMessage *message = NULL;

	if (strncmp(uri, "tel:", 4) == 0 && line_is_number(uri + 4) && !is_our_own(phone))
		message = bus_message(NAME, phone->path, GATEWAY, "Dial", DBUS_TYPE_STRING, &uri,
				      DBUS_TYPE_INVALID);
	if (message != NULL)
		line_dialled(phone->line, from);
	peer_ask(phone->phones->peer, message, NULL, done, data);
}

static const struct provider_ops provider_ops_of_bluez = { .dial = op_dial };

/* ---- phones ------------------------------------------------------------------------------------------- */

/* @path: the phone's, or one below it, whose first @n bytes are */
static struct phone *phone_find(const struct phones *phones, const char *path, size_t n)
{
	for (struct phone *phone = phones->phones; phone != NULL; phone = phone->next)
		if (strlen(phone->path) == n && strncmp(phone->path, path, n) == 0)
			return phone;
	return NULL;
}

/* Objects are listed in any order: a call may be told before its phone. */
static struct phone *phone_of(struct phones *phones, const char *path, size_t n)
{
	struct line_owner owner = { .program = LINE_BLUEZ, .name = WORDS, .of_phone = true };
	struct phone *phone = phone_find(phones, path, n);

	if (phone != NULL)
		return phone;
	if (phones->n_phones >= MAX_PHONES) {
		if (!phones->limit_told)
			log_warning("%s has more than %d phones, the others are left alone", WORDS,
				    MAX_PHONES);
		phones->limit_told = true;
		return NULL;
	}
	phone = calloc(1, sizeof(*phone));
	if (phone == NULL)
		return NULL;
	phone->path = strndup(path, n);
	if (phone->path != NULL)
		owner.phone = words_phone(phone->path);
	if (phone->path == NULL ||
	    line_new(phones->calls, &owner, &line_ops_of_bluez, phone, &phone->line) < 0) {
		free(phone->path);
		free(phone);
		return NULL;
	}
	phone->phones = phones;
	phone->address = owner.phone;
	phone->next = phones->phones;
	phones->phones = phone;
	phones->n_phones++;
	return phone;
}

static void phone_remove(struct phone *phone)
{
	struct phones *phones = phone->phones;
	struct phone **link = &phones->phones;

	phone->provider = engine_provider_free(phones->calls->engine, phone->provider);
	/* first, as with it they are lost, and another source may have them */
	phone->line = line_free(phone->line);
	while (phone->calls != NULL) {
		struct phone_call *call = phone->calls;

		phone->calls = call->next;
		free(call->path);
		free(call);
	}
	while (*link != phone)
		link = &(*link)->next;
	*link = phone->next;
	phones->n_phones--;
	free(phone->path);
	free(phone);
}

static int read_gateway(void *data, const char *key, DBusMessageIter *value)
{
	struct phone *phone = data;
	struct engine *engine = phone->phones->calls->engine;
	const char *state;

	if (strcmp(key, "State") != 0 || bus_read_basic(value, DBUS_TYPE_STRING, &state) < 0)
		return 0;
	if (strcmp(state, "connected") != 0)
		phone->provider = engine_provider_free(engine, phone->provider);
	else if (phone->provider == NULL && !is_our_own(phone))
		(void)engine_provider_add(engine, &provider_ops_of_bluez, phone, &phone->provider);
	return 0;
}

/* ---- calls -------------------------------------------------------------------------------------------- */

/* How much of a call's path is its phone's. */
static size_t parent_of(const char *path)
{
	return (size_t)(strrchr(path, '/') - path);
}

static struct phone_call *call_find(const struct phone *phone, const char *path)
{
	for (struct phone_call *call = phone->calls; call != NULL; call = call->next)
		if (strcmp(call->path, path) == 0)
			return call;
	return NULL;
}

static struct phone_call *call_new(struct phone *phone, const char *path)
{
	struct phone_call *call;

	if (phone->n_calls >= MAX_CALLS) {
		if (!phone->phones->limit_told)
			log_warning("%s has more than %d calls, the others are left alone", WORDS,
				    MAX_CALLS);
		phone->phones->limit_told = true;
		return NULL;
	}
	call = calloc(1, sizeof(*call));
	if (call == NULL)
		return NULL;
	call->path = strdup(path);
	if (call->path == NULL) {
		free(call);
		return NULL;
	}
	call->next = phone->calls;
	phone->calls = call;
	phone->n_calls++;
	return call;
}

static void call_is(struct phone *phone, struct phone_call *call, DBusMessageIter *properties)
{
	struct line_told told;

	(void)bus_read_dict(properties, words_read, &call->words);
	words_told(&call->words, &told);
	line_call(phone->line, call->path, &told);
}

static void call_remove(struct phone *phone, struct phone_call *call)
{
	struct phone_call **link = &phone->calls;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	phone->n_calls--;
	line_gone(phone->line, call->path);
	free(call->path);
	free(call);
}

/* ---- objects ------------------------------------------------------------------------------------------ */

static void on_added(void *data, const char *path, const char *interface,
		     DBusMessageIter *properties)
{
	struct phones *phones = data;
	struct phone_call *call;
	struct phone *phone;

	if (strcmp(interface, GATEWAY) == 0) {
		phone = phone_of(phones, path, strlen(path));
		if (phone != NULL)
			(void)bus_read_dict(properties, read_gateway, phone);
	} else if (strcmp(interface, CALL) == 0) {
		phone = phone_of(phones, path, parent_of(path));
		if (phone == NULL || is_our_own(phone))
			return;
		call = call_new(phone, path);
		if (call != NULL)
			call_is(phone, call, properties);
	}
}

static void on_changed(void *data, const char *path, const char *interface,
		       DBusMessageIter *properties)
{
	struct phone_call *call;
	struct phone *phone;

	if (strcmp(interface, GATEWAY) == 0) {
		phone = phone_find(data, path, strlen(path));
		if (phone != NULL)
			(void)bus_read_dict(properties, read_gateway, phone);
	} else if (strcmp(interface, CALL) == 0) {
		phone = phone_find(data, path, parent_of(path));
		call = phone != NULL ? call_find(phone, path) : NULL;
		if (call != NULL)
			call_is(phone, call, properties);
	}
}

static void on_removed(void *data, const char *path, const char *interface)
{
	struct phone_call *call;
	struct phone *phone;

	if (strcmp(interface, GATEWAY) == 0) {
		phone = phone_find(data, path, strlen(path));
		if (phone != NULL)
			phone_remove(phone);
	} else if (strcmp(interface, CALL) == 0) {
		phone = phone_find(data, path, parent_of(path));
		call = phone != NULL ? call_find(phone, path) : NULL;
		if (call != NULL)
			call_remove(phone, call);
	}
}

static const struct bus_remote_events remote_events = {
	.added = on_added,
	.removed = on_removed,
	.changed = on_changed,
};

/* ---- the program -------------------------------------------------------------------------------------- */

static void on_there(void *data, pid_t process)
{
	struct phones *phones = data;
	int error;

	(void)process;
	phones->limit_told = false;
	error = bus_remote_new(phones->bus, NAME, "/", MAX_OBJECTS, &remote_events, phones,
			       &phones->remote);
	if (error < 0)
		log_error("the calls of %s cannot be seen: %s", WORDS, strerror(-error));
}

static void on_gone(void *data)
{
	struct phones *phones = data;

	phones->remote = bus_remote_free(phones->remote);
	while (phones->phones != NULL)
		phone_remove(phones->phones);
}

static const struct peer_events peer_events = { .there = on_there, .gone = on_gone };

int phones_new(struct calls *calls, struct bus *bus, struct phones **ret)
{
	struct phones *phones = calloc(1, sizeof(*phones));
	int error;

	if (phones == NULL)
		return -ENOMEM;
	phones->calls = calls;
	phones->bus = bus;
	error = peer_new(bus, NAME, &peer_events, phones, &phones->peer);
	if (error < 0) {
		free(phones);
		return error;
	}
	*ret = phones;
	return 0;
}

struct phones *phones_free(struct phones *phones)
{
	if (phones == NULL)
		return NULL;
	on_gone(phones);
	phones->peer = peer_free(phones->peer);
	free(phones);
	return NULL;
}
