/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * ModemManager: each modem with a voice interface is a line. Its calls are objects that its
 * ObjectManager does not list; the modem's property Calls does, with signals for changes. One that is
 * terminated stays there until somebody deletes it: it is forgotten here before. The network
 * of the first modem that has voice is what headsets show.
 *
 * Names, states and reasons are those of its D-Bus description (introspection/, MMCallState of
 * ModemManager-enums.h, 1.12 and later). A reason for a call's end does not tell who ended it.
 */
#include "line.h"
#include "modem-network.h"

#include "daemon/log.h"
#include "dbus/remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME "org.freedesktop.ModemManager1"
#define PATH "/org/freedesktop/ModemManager1"
#define MODEM NAME ".Modem"
#define MODEM_3GPP NAME ".Modem.Modem3gpp"
#define VOICE NAME ".Modem.Voice"
#define CALL NAME ".Call"

#define MAX_MODEMS 8
#define MAX_CALLS (2 * SOURCE_MAX_CALLS) /* a modem's */

enum mm_call_state {
	MM_UNKNOWN,
	MM_DIALING,
	MM_RINGING_OUT,
	MM_RINGING_IN,
	MM_ACTIVE,
	MM_HELD,
	MM_WAITING,
	MM_TERMINATED,
};

#define MM_DIRECTION_INCOMING 1

struct modems {
	struct calls *calls;
	struct bus *bus;
	struct peer *peer;
	struct bus_remote *remote; /* while the peer is there, as the matches */
	struct bus_match *voice;
	struct bus_match *changed;
	struct modem *modems;
	bool limit_told;
};

struct modem {
	struct modem *next;
	struct modems *modems;
	char *path;
	struct line *line; /* where it has voice */
	struct provider *provider;
	struct mm_call *calls;
	unsigned int n_calls;
	struct dial *dial;
	struct modem_network network;
};

struct mm_call {
	struct mm_call *next;
	struct modem *modem;
	char *path;
	struct bus_pending *asked; /* its properties; NULL once they are known */
	bool known;
	bool own; /* made by us, so that nobody else deletes it */
	int32_t state;
	int32_t direction;
	char number[CALL_PARTY_SIZE];
};

/* ---- the network -------------------------------------------------------------------------------------- */

static void show_network(const struct modems *modems)
{
	const struct modem *modem = modems->modems;
	struct engine_network network;

	while (modem != NULL && modem->line == NULL)
		modem = modem->next;
	if (modem == NULL) {
		engine_set_network(modems->calls->engine, NULL);
		return;
	}
	modem_network_told(&modem->network, &network);
	engine_set_network(modems->calls->engine, &network);
}

/* ---- what is asked ------------------------------------------------------------------------------------ */

static void ask(void *data, enum line_verb verb, const char *path, const char *tones,
		call_done_fn done, void *done_data)
{
	static const struct line_method methods[] = {
		[LINE_ANSWER] = { CALL, "Accept", true },
		[LINE_HANGUP] = { CALL, "Hangup", true },
		[LINE_HOLD_AND_ANSWER] = { VOICE, "HoldAndAccept", false },
		[LINE_SWAP] = { VOICE, "HoldAndAccept", false },
		[LINE_RELEASE_AND_ANSWER] = { VOICE, "HangupAndAccept", false },
		[LINE_RELEASE_AND_SWAP] = { VOICE, "HangupAndAccept", false },
		[LINE_JOIN] = { CALL, "JoinMultiparty", true },
		[LINE_TONES] = { CALL, "SendDtmf", true },
	};
	const struct modem *modem = data;

	peer_ask(modem->modems->peer, line_message(NAME, &methods[verb], modem->path, path, tones),
		 NULL, done, done_data);
}

static const struct line_ops line_ops_of_modem = { .ask = ask, .one_tone = true };

/* A call is made, and then started. */
struct dial {
	struct modem *modem;
	struct bus_pending *pending;
	call_done_fn done;
	void *data;
};

static void dial_end(struct dial *dial, const char *error)
{
	dial->modem->dial = NULL;
	dial->pending = bus_pending_cancel(dial->pending);
	if (dial->done != NULL)
		dial->done(dial->data, error);
	free(dial);
}

static struct mm_call *call_find(struct modem *modem, const char *path);
static void call_add(struct modem *modem, const char *path);

static void on_created(void *data, DBusMessage *reply, const char *error)
{
	struct dial *dial = data;
	struct peer *peer = dial->modem->modems->peer;
	call_done_fn done = dial->done;
	void *done_data = dial->data;
	struct mm_call *call;
	const char *path;

	dial->pending = NULL;
	if (error != NULL ||
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID)) {
		log_info("ModemManager answered %s", error != NULL ? error : "nonsense");
		dial_end(dial, PEER_ERROR_FAILED);
		return;
	}
	call_add(dial->modem, path);
	call = call_find(dial->modem, path);
	if (call != NULL)
		call->own = true;
	dial->done = NULL;
	dial_end(dial, NULL);
	peer_ask(peer, bus_message(NAME, path, CALL, "Start", DBUS_TYPE_INVALID), NULL, done,
		 done_data);
}

static void op_dial(void *source, const char *uri, route_device from, call_done_fn done, void *data)
{
	struct modem *modem = source;
	const char *number = strncmp(uri, "tel:", 4) == 0 ? uri + 4 : uri;
	struct dial *dial = NULL;
	DBusMessageIter iter, properties;
	DBusMessage *message;

	if (line_is_number(number) && modem->dial == NULL)
		dial = calloc(1, sizeof(*dial));
	message = dial != NULL
			  ? bus_message(NAME, modem->path, VOICE, "CreateCall", DBUS_TYPE_INVALID)
			  : NULL;
	if (message == NULL) {
		free(dial);
		if (done != NULL)
			done(data, PEER_ERROR_FAILED);
		return;
	}
	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &properties);
	bus_append_entry_string(&properties, "number", number);
	dbus_message_iter_close_container(&iter, &properties);
	*dial = (struct dial){ .modem = modem, .done = done, .data = data };
	modem->dial = dial;
	line_dialled(modem->line, from);
	if (bus_send(modem->modems->bus, message, PEER_TIMEOUT_MS, on_created, dial,
		     &dial->pending) < 0)
		dial_end(dial, PEER_ERROR_FAILED);
}

static const struct provider_ops provider_ops_of_modem = { .dial = op_dial, .joins = true };

/* ---- calls -------------------------------------------------------------------------------------------- */

static void tell(const struct mm_call *call)
{
	struct line_told told = {
		.known = true,
		.incoming = call->direction == MM_DIRECTION_INCOMING,
		.waiting = call->state == MM_WAITING,
		.party = call->number,
		.name = "",
	};

	if (!call->known)
		return;
	switch (call->state) {
	case MM_DIALING:
	case MM_RINGING_OUT:
		told.state = CALL_DIALING;
		break;
	case MM_RINGING_IN:
	case MM_WAITING:
		told.state = CALL_INCOMING;
		told.incoming = true;
		break;
	case MM_ACTIVE:
		told.state = CALL_ACTIVE;
		break;
	case MM_HELD:
		told.state = CALL_HELD;
		break;
	case MM_TERMINATED:
		told.state = CALL_ENDED;
		break;
	default:
		/* made and not started yet; or of a later version */
		told.known = false;
		break;
	}
	line_call(call->modem->line, call->path, &told);
}

static int read_call(void *data, const char *key, DBusMessageIter *value)
{
	struct mm_call *call = data;
	const char *text;

	if (strcmp(key, "State") == 0)
		(void)bus_read_basic(value, DBUS_TYPE_INT32, &call->state);
	else if (strcmp(key, "Direction") == 0)
		(void)bus_read_basic(value, DBUS_TYPE_INT32, &call->direction);
	else if (strcmp(key, "Number") == 0 && bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
		source_copy(call->number, sizeof(call->number), text);
	return 0;
}

static struct mm_call *call_find(struct modem *modem, const char *path)
{
	for (struct mm_call *call = modem->calls; call != NULL; call = call->next)
		if (strcmp(call->path, path) == 0)
			return call;
	return NULL;
}

static void call_remove(struct mm_call *call)
{
	struct modem *modem = call->modem;

	for (struct mm_call **link = &modem->calls; *link != NULL; link = &(*link)->next) {
		if (*link == call) {
			*link = call->next;
			modem->n_calls--;
			break;
		}
	}
	line_gone(modem->line, call->path);
	call->asked = bus_pending_cancel(call->asked);
	free(call->path);
	free(call);
}

static void follow(struct mm_call *call)
{
	struct modem *modem = call->modem;
	const char *path = call->path;

	tell(call);
	if (!call->known || call->state != MM_TERMINATED)
		return;
	if (call->own)
		peer_ask(modem->modems->peer,
			 bus_message(NAME, modem->path, VOICE, "DeleteCall", DBUS_TYPE_OBJECT_PATH,
				     &path, DBUS_TYPE_INVALID),
			 NULL, NULL, NULL);
	call_remove(call);
}

static void on_call_properties(void *data, DBusMessage *reply, const char *error)
{
	struct mm_call *call = data;
	DBusMessageIter args;

	call->asked = NULL;
	if (error != NULL || !dbus_message_iter_init(reply, &args) ||
	    bus_read_dict(&args, read_call, call) < 0) {
		log_info("a call of ModemManager is left alone: %s",
			 error != NULL ? error : "what it says of it is unreadable");
		return;
	}
	call->known = true;
	follow(call);
}

static void call_add(struct modem *modem, const char *path)
{
	const char *interface = CALL;
	struct mm_call *call;

	if (modem->line == NULL || call_find(modem, path) != NULL)
		return;
	if (modem->n_calls >= MAX_CALLS) {
		if (!modem->modems->limit_told)
			log_warning(
				"ModemManager has more than %d calls, the others are left alone",
				MAX_CALLS);
		modem->modems->limit_told = true;
		return;
	}
	call = calloc(1, sizeof(*call));
	if (call == NULL)
		return;
	call->path = strdup(path);
	if (call->path == NULL) {
		free(call);
		return;
	}
	call->modem = modem;
	call->next = modem->calls;
	modem->calls = call;
	modem->n_calls++;
	(void)bus_send(modem->modems->bus,
		       bus_message(NAME, path, DBUS_INTERFACE_PROPERTIES, "GetAll",
				   DBUS_TYPE_STRING, &interface, DBUS_TYPE_INVALID),
		       PEER_TIMEOUT_MS, on_call_properties, call, &call->asked);
}

static struct modem *modem_find(const struct modems *modems, const char *path)
{
	for (struct modem *modem = modems->modems; modem != NULL; modem = modem->next)
		if (strcmp(modem->path, path) == 0)
			return modem;
	return NULL;
}

static void on_voice(void *data, DBusMessage *signal)
{
	const struct modems *modems = data;
	const char *modem_path = dbus_message_get_path(signal), *path;
	struct modem *modem = modem_path != NULL ? modem_find(modems, modem_path) : NULL;
	struct mm_call *call;

	if (modem == NULL || modem->line == NULL ||
	    !dbus_message_get_args(signal, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID))
		return;
	if (dbus_message_has_member(signal, "CallAdded")) {
		call_add(modem, path);
	} else if (dbus_message_has_member(signal, "CallDeleted")) {
		call = call_find(modem, path);
		if (call != NULL)
			call_remove(call);
	}
}

static void on_properties(void *data, DBusMessage *signal)
{
	const struct modems *modems = data;
	const char *path = dbus_message_get_path(signal), *interface;
	struct mm_call *call = NULL;
	DBusMessageIter args;

	if (path == NULL || !dbus_message_iter_init(signal, &args) ||
	    bus_read_basic(&args, DBUS_TYPE_STRING, &interface) < 0 ||
	    strcmp(interface, CALL) != 0 || !dbus_message_iter_next(&args))
		return;
	for (struct modem *modem = modems->modems; modem != NULL && call == NULL;
	     modem = modem->next)
		call = call_find(modem, path);
	/* what comes before the answer is in it */
	if (call == NULL || !call->known)
		return;
	(void)bus_read_dict(&args, read_call, call);
	follow(call);
}

/* ---- modems ------------------------------------------------------------------------------------------- */

static int read_voice(void *data, const char *key, DBusMessageIter *value)
{
	DBusMessageIter paths;
	const char *path;

	if (strcmp(key, "Calls") != 0 || dbus_message_iter_get_arg_type(value) != DBUS_TYPE_ARRAY)
		return 0;
	dbus_message_iter_recurse(value, &paths);
	for (; dbus_message_iter_get_arg_type(&paths) == DBUS_TYPE_OBJECT_PATH;
	     dbus_message_iter_next(&paths)) {
		dbus_message_iter_get_basic(&paths, &path);
		call_add(data, path);
	}
	return 0;
}

static void voice_end(struct modem *modem)
{
	struct line *line = modem->line;

	if (modem->dial != NULL)
		dial_end(modem->dial, PEER_ERROR_FAILED);
	modem->provider = engine_provider_free(modem->modems->calls->engine, modem->provider);
	/* first, as with it they are lost, and another source may have them */
	modem->line = line_free(line);
	while (modem->calls != NULL) {
		struct mm_call *call = modem->calls;

		modem->calls = call->next;
		(void)bus_pending_cancel(call->asked);
		free(call->path);
		free(call);
	}
	modem->n_calls = 0;
}

static void voice_begin(struct modem *modem)
{
	static const struct line_owner owner = { .program = LINE_MODEMMANAGER,
						 .name = "ModemManager" };

	if (line_new(modem->modems->calls, &owner, &line_ops_of_modem, modem, &modem->line) < 0)
		return;
	(void)engine_provider_add(modem->modems->calls->engine, &provider_ops_of_modem, modem,
				  &modem->provider);
}

static struct modem *modem_get(struct modems *modems, const char *path)
{
	struct modem *modem = modem_find(modems, path), **link = &modems->modems;

	if (modem != NULL)
		return modem;
	modem = calloc(1, sizeof(*modem));
	if (modem == NULL)
		return NULL;
	modem->path = strdup(path);
	if (modem->path == NULL) {
		free(modem);
		return NULL;
	}
	modem->modems = modems;
	while (*link != NULL)
		link = &(*link)->next;
	*link = modem;
	return modem;
}

static void modem_remove(struct modem *modem)
{
	struct modem **link = &modem->modems->modems;

	voice_end(modem);
	while (*link != modem)
		link = &(*link)->next;
	*link = modem->next;
	free(modem->path);
	free(modem);
}

static void on_changed(void *data, const char *path, const char *interface,
		       DBusMessageIter *properties)
{
	const struct modems *modems = data;
	struct modem *modem = modem_find(modems, path);

	if (modem == NULL)
		return;
	/* its calls are told by signals: the property lists those that are over, too */
	if (strcmp(interface, MODEM) == 0 || strcmp(interface, MODEM_3GPP) == 0) {
		(void)bus_read_dict(properties, modem_network_read, &modem->network);
		show_network(modems);
	}
}

static void on_added(void *data, const char *path, const char *interface,
		     DBusMessageIter *properties)
{
	struct modems *modems = data;
	struct modem *modem;
	bool voice = strcmp(interface, VOICE) == 0;

	if (!voice && strcmp(interface, MODEM) != 0 && strcmp(interface, MODEM_3GPP) != 0)
		return;
	modem = modem_get(modems, path);
	if (modem == NULL)
		return;
	if (voice && modem->line == NULL)
		voice_begin(modem);
	if (voice)
		(void)bus_read_dict(properties, read_voice, modem);
	on_changed(data, path, interface, properties);
	show_network(modems);
}

static void on_removed(void *data, const char *path, const char *interface)
{
	struct modems *modems = data;
	struct modem *modem = modem_find(modems, path);

	if (modem == NULL)
		return;
	if (strcmp(interface, VOICE) == 0)
		voice_end(modem);
	else if (strcmp(interface, MODEM) == 0)
		modem_remove(modem);
	show_network(modems);
}

static const struct bus_remote_events remote_events = {
	.added = on_added,
	.removed = on_removed,
	.changed = on_changed,
};

/* ---- the program -------------------------------------------------------------------------------------- */

static void on_there(void *data, pid_t process)
{
	struct modems *modems = data;
	int error;

	(void)process; /* the sound is not its */
	modems->limit_told = false;
	error = bus_match(modems->bus, NAME, NULL, VOICE, NULL, on_voice, modems, &modems->voice);
	if (error == 0)
		error = bus_match(modems->bus, NAME, NULL, DBUS_INTERFACE_PROPERTIES,
				  "PropertiesChanged", on_properties, modems, &modems->changed);
	if (error == 0)
		error = bus_remote_new(modems->bus, NAME, PATH, MAX_MODEMS, &remote_events, modems,
				       &modems->remote);
	if (error < 0)
		log_error("the calls of ModemManager cannot be seen: %s", strerror(-error));
}

static void on_gone(void *data)
{
	struct modems *modems = data;

	modems->remote = bus_remote_free(modems->remote);
	modems->changed = bus_match_free(modems->changed);
	modems->voice = bus_match_free(modems->voice);
	while (modems->modems != NULL)
		modem_remove(modems->modems);
	show_network(modems);
}

static const struct peer_events peer_events = { .there = on_there, .gone = on_gone };

int modems_new(struct calls *calls, struct bus *bus, struct modems **ret)
{
	struct modems *modems = calloc(1, sizeof(*modems));
	int error;

	if (modems == NULL)
		return -ENOMEM;
	modems->calls = calls;
	modems->bus = bus;
	error = peer_new(bus, NAME, &peer_events, modems, &modems->peer);
	if (error < 0) {
		free(modems);
		return error;
	}
	*ret = modems;
	return 0;
}

struct modems *modems_free(struct modems *modems)
{
	if (modems == NULL)
		return NULL;
	on_gone(modems);
	modems->peer = peer_free(modems->peer);
	free(modems);
	return NULL;
}
