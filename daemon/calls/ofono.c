/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * oFono, and PipeWire's telephony service, which has the same interfaces under its own name: a line
 * for each modem. A modem of oFono is a modem of this machine, or a phone that this machine is the
 * hands-free unit of; one of PipeWire's is such a phone. An answer here is an answer on this machine:
 * the phone gets its ATA from whom it is connected with, and the sound is here. Where a hands-free unit
 * on this machine is connected to this machine's own gateway, what it sees are our own calls.
 *
 * Sources: oFono doc/manager-api.txt, modem-api.txt, voicecallmanager-api.txt, voicecall-api.txt;
 * PipeWire spa/plugins/bluez5/telephony.c, whose modems tell no interfaces, as they all have voice,
 * whose Dial has one argument, and which tells of changes in the way of D-Bus' properties.
 */
#include "words.h"

#include "daemon/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MANAGER "org.ofono.Manager"
#define MODEM "org.ofono.Modem"
#define VOICE "org.ofono.VoiceCallManager"
#define CALL "org.ofono.VoiceCall"

#define MAX_MODEMS 8
#define MAX_CALLS (2 * SOURCE_MAX_CALLS) /* a modem's */

static const struct ofono_kind {
	const char *name;
	const char *path;
	const char *words; /* for the log */
	enum line_program program;
	bool sounds; /* its process has the streams of its calls */
	bool is_pipewire;
} kinds[] = {
	[OFONO] = { "org.ofono", "/", "oFono", LINE_OFONO, false, false },
	[PIPEWIRE_TELEPHONY] = { "org.pipewire.Telephony", "/org/pipewire/Telephony",
				 "PipeWire's telephony", LINE_PIPEWIRE, true, true },
};

struct ofono {
	const struct ofono_kind *kind;
	struct calls *calls;
	struct bus *bus;
	struct peer *peer;
	pid_t process;
	struct bus_match *manager_match; /* while the peer is there, as the others */
	struct bus_match *modem_match;
	struct bus_match *voice_match;
	struct bus_match *call_match;
	struct bus_match *properties_match;
	struct bus_pending *asked; /* for modems */
	struct ofono_modem *modems;
	unsigned int n_modems;
	bool calls_told; /* that there are too many */
	bool modems_told;
};

struct ofono_modem {
	struct ofono_modem *next;
	struct ofono *ofono;
	char *path;
	route_device phone; /* by its path; 0 for none */
	bool is_phone;
	bool own_told;
	struct line *line; /* while it has voice */
	struct provider *provider;
	struct bus_pending *asked; /* for calls */
	struct ofono_call *calls;
	unsigned int n_calls;
};

struct ofono_call {
	struct ofono_call *next;
	struct ofono_modem *modem;
	char *path;
	struct words words;
};

/* ---- whose phone it is ------------------------------------------------------------------------------- */

static bool is_our_own(struct ofono_modem *modem)
{
	if (modem->phone == 0 || !engine_is_adapter(modem->ofono->calls->engine, modem->phone))
		return false;
	if (!modem->own_told)
		log_info("%s is the headset of this machine itself, its calls are ours",
			 modem->ofono->kind->words);
	modem->own_told = true;
	return true;
}

/* ---- what is asked ------------------------------------------------------------------------------------ */

static void ask(void *data, enum line_verb verb, const char *path, const char *tones,
		call_done_fn done, void *done_data)
{
	static const struct line_method methods[] = WORDS_METHODS(CALL, VOICE);
	const struct ofono_modem *modem = data;

	peer_ask(modem->ofono->peer,
		 line_message(modem->ofono->kind->name, &methods[verb], modem->path, path, tones),
		 NULL, done, done_data);
}

static const struct line_ops line_ops_of_ofono = { .ask = ask };

static void op_dial(void *source, const char *uri, route_device from, call_done_fn done, void *data)
{
	struct ofono_modem *modem = source;
	const struct ofono_kind *kind = modem->ofono->kind;
	const char *number = strncmp(uri, "tel:", 4) == 0 ? uri + 4 : uri, *hide = "";
	DBusMessage *message = NULL;

	if (line_is_number(number) && !is_our_own(modem))
		message = bus_message(kind->name, modem->path, VOICE, "Dial", DBUS_TYPE_STRING,
				      &number,
				      kind->is_pipewire ? DBUS_TYPE_INVALID : DBUS_TYPE_STRING,
				      &hide, DBUS_TYPE_INVALID);
	if (message != NULL)
		line_dialled(modem->line, from);
	peer_ask(modem->ofono->peer, message, NULL, done, data);
}

static const struct provider_ops provider_ops_of_ofono = { .dial = op_dial, .joins = true };

/* ---- calls -------------------------------------------------------------------------------------------- */

static void tell(struct ofono_call *call)
{
	struct line_told told;

	words_told(&call->words, &told);
	line_call(call->modem->line, call->path, &told);
}

static struct ofono_call *call_find(const struct ofono_modem *modem, const char *path)
{
	for (struct ofono_call *call = modem->calls; call != NULL; call = call->next)
		if (strcmp(call->path, path) == 0)
			return call;
	return NULL;
}

static struct ofono_call *call_find_any(const struct ofono *ofono, const char *path)
{
	struct ofono_call *call = NULL;

	for (struct ofono_modem *modem = ofono->modems; path != NULL && modem != NULL;
	     modem = modem->next) {
		call = call_find(modem, path);
		if (call != NULL)
			break;
	}
	return call;
}

static void call_remove(struct ofono_call *call)
{
	struct ofono_modem *modem = call->modem;
	struct ofono_call **link = &modem->calls;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	modem->n_calls--;
	line_gone(modem->line, call->path);
	free(call->path);
	free(call);
}

/* @properties: an a{sv} */
static void call_add(struct ofono_modem *modem, const char *path, DBusMessageIter *properties)
{
	struct ofono_call *call = call_find(modem, path);

	if (modem->line == NULL || (call == NULL && is_our_own(modem)))
		return;
	if (call == NULL) {
		if (modem->n_calls >= MAX_CALLS) {
			if (!modem->ofono->calls_told)
				log_warning("%s has more than %d calls, the others are left alone",
					    modem->ofono->kind->words, MAX_CALLS);
			modem->ofono->calls_told = true;
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
	}
	(void)bus_read_dict(properties, words_read, &call->words);
	tell(call);
}

/* ---- lists of objects ----------------------------------------------------------------------------------- */

/* For each (oa{sv}), or {oa{sv}}, of the reply's array. */
static void for_each_object(DBusMessage *reply, void *data,
			    void (*each)(void *data, const char *path, DBusMessageIter *properties))
{
	DBusMessageIter args, array, object;
	const char *path;

	if (!dbus_message_iter_init(reply, &args) ||
	    dbus_message_iter_get_arg_type(&args) != DBUS_TYPE_ARRAY)
		return;
	dbus_message_iter_recurse(&args, &array);
	for (int type; (type = dbus_message_iter_get_arg_type(&array)) == DBUS_TYPE_STRUCT ||
		       type == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&array)) {
		dbus_message_iter_recurse(&array, &object);
		if (bus_read_basic(&object, DBUS_TYPE_OBJECT_PATH, &path) < 0 ||
		    !dbus_message_iter_next(&object))
			continue;
		each(data, path, &object);
	}
}

/* "oa{sv}" of a signal. */
static bool object_of(DBusMessage *signal, const char **ret_path, DBusMessageIter *ret)
{
	return dbus_message_iter_init(signal, ret) &&
	       bus_read_basic(ret, DBUS_TYPE_OBJECT_PATH, ret_path) == 0;
}

/* ---- modems ------------------------------------------------------------------------------------------- */

static struct ofono_modem *modem_find(const struct ofono *ofono, const char *path)
{
	for (struct ofono_modem *modem = ofono->modems; path != NULL && modem != NULL;
	     modem = modem->next)
		if (strcmp(modem->path, path) == 0)
			return modem;
	return NULL;
}

static void take_call(void *data, const char *path, DBusMessageIter *properties)
{
	struct ofono_modem *modem = data;

	/* what was told by a signal is as new */
	if (call_find(modem, path) == NULL)
		call_add(modem, path, properties);
}

static void on_calls(void *data, DBusMessage *reply, const char *error)
{
	struct ofono_modem *modem = data;

	modem->asked = NULL;
	if (error != NULL)
		log_info("%s does not tell its calls: %s", modem->ofono->kind->words, error);
	else
		for_each_object(reply, modem, take_call);
}

static void voice_begin(struct ofono_modem *modem)
{
	struct ofono *ofono = modem->ofono;
	const struct line_owner owner = {
		.program = ofono->kind->program,
		.name = ofono->kind->words,
		.of_phone = modem->is_phone,
		.phone = modem->phone,
		.process = ofono->kind->sounds ? ofono->process : 0,
	};

	if (modem->line != NULL || is_our_own(modem) ||
	    line_new(ofono->calls, &owner, &line_ops_of_ofono, modem, &modem->line) < 0)
		return;
	if (modem->is_phone)
		engine_phone(ofono->calls->engine, true);
	(void)engine_provider_add(ofono->calls->engine, &provider_ops_of_ofono, modem,
				  &modem->provider);
	(void)bus_send(
		ofono->bus,
		bus_message(ofono->kind->name, modem->path, VOICE, "GetCalls", DBUS_TYPE_INVALID),
		PEER_TIMEOUT_MS, on_calls, modem, &modem->asked);
}

static void voice_end(struct ofono_modem *modem)
{
	modem->asked = bus_pending_cancel(modem->asked);
	if (modem->line != NULL && modem->is_phone)
		engine_phone(modem->ofono->calls->engine, false);
	modem->provider = engine_provider_free(modem->ofono->calls->engine, modem->provider);
	/* first, as with it they are lost, and another source may have them */
	modem->line = line_free(modem->line);
	while (modem->calls != NULL) {
		struct ofono_call *call = modem->calls;

		modem->calls = call->next;
		free(call->path);
		free(call);
	}
	modem->n_calls = 0;
}

static int read_modem(void *data, const char *key, DBusMessageIter *value)
{
	bool *ret_voice = data;
	DBusMessageIter names;
	const char *name;

	if (strcmp(key, "Interfaces") != 0 ||
	    dbus_message_iter_get_arg_type(value) != DBUS_TYPE_ARRAY)
		return 0;
	*ret_voice = false;
	dbus_message_iter_recurse(value, &names);
	for (; dbus_message_iter_get_arg_type(&names) == DBUS_TYPE_STRING;
	     dbus_message_iter_next(&names)) {
		dbus_message_iter_get_basic(&names, &name);
		*ret_voice = *ret_voice || strcmp(name, VOICE) == 0;
	}
	return 0;
}

static void follow(struct ofono_modem *modem, bool voice)
{
	if (voice)
		voice_begin(modem);
	else
		voice_end(modem);
}

static void modem_add(void *data, const char *path, DBusMessageIter *properties)
{
	struct ofono *ofono = data;
	struct ofono_modem *modem = modem_find(ofono, path);
	bool voice = ofono->kind->is_pipewire;

	if (modem == NULL) {
		if (ofono->n_modems >= MAX_MODEMS) {
			if (!ofono->modems_told)
				log_warning("%s has more than %d modems, the others are left alone",
					    ofono->kind->words, MAX_MODEMS);
			ofono->modems_told = true;
			return;
		}
		modem = calloc(1, sizeof(*modem));
		if (modem == NULL)
			return;
		modem->path = strdup(path);
		if (modem->path == NULL) {
			free(modem);
			return;
		}
		modem->ofono = ofono;
		modem->phone = words_phone(path);
		modem->is_phone = modem->phone != 0 || ofono->kind->is_pipewire;
		modem->next = ofono->modems;
		ofono->modems = modem;
		ofono->n_modems++;
	}
	(void)bus_read_dict(properties, read_modem, &voice);
	follow(modem, voice);
}

static void modem_remove(struct ofono_modem *modem)
{
	struct ofono *ofono = modem->ofono;
	struct ofono_modem **link = &ofono->modems;

	voice_end(modem);
	while (*link != modem)
		link = &(*link)->next;
	*link = modem->next;
	ofono->n_modems--;
	free(modem->path);
	free(modem);
}

/* ---- signals ------------------------------------------------------------------------------------------- */

static void on_manager(void *data, DBusMessage *signal)
{
	struct ofono *ofono = data;
	struct ofono_modem *modem;
	DBusMessageIter args;
	const char *path;

	if (!object_of(signal, &path, &args))
		return;
	if (dbus_message_has_member(signal, "ModemAdded") && dbus_message_iter_next(&args)) {
		modem_add(ofono, path, &args);
	} else if (dbus_message_has_member(signal, "ModemRemoved")) {
		modem = modem_find(ofono, path);
		if (modem != NULL)
			modem_remove(modem);
	}
}

/* PropertyChanged(s, v), as read_modem() and words_read() take it. */
static bool property_of(DBusMessage *signal, const char **ret_key, DBusMessageIter *ret_value)
{
	DBusMessageIter args;

	if (!dbus_message_has_member(signal, "PropertyChanged") ||
	    !dbus_message_iter_init(signal, &args) ||
	    bus_read_basic(&args, DBUS_TYPE_STRING, ret_key) < 0 ||
	    !dbus_message_iter_next(&args) ||
	    dbus_message_iter_get_arg_type(&args) != DBUS_TYPE_VARIANT)
		return false;
	dbus_message_iter_recurse(&args, ret_value);
	return true;
}

static void on_modem(void *data, DBusMessage *signal)
{
	struct ofono_modem *modem = modem_find(data, dbus_message_get_path(signal));
	DBusMessageIter value;
	const char *key;
	bool voice;

	if (modem == NULL || !property_of(signal, &key, &value))
		return;
	voice = modem->line != NULL;
	(void)read_modem(&voice, key, &value);
	follow(modem, voice);
}

static void on_voice(void *data, DBusMessage *signal)
{
	struct ofono_modem *modem = modem_find(data, dbus_message_get_path(signal));
	struct ofono_call *call;
	DBusMessageIter args;
	const char *path;

	if (modem == NULL || !object_of(signal, &path, &args))
		return;
	if (dbus_message_has_member(signal, "CallAdded") && dbus_message_iter_next(&args)) {
		call_add(modem, path, &args);
	} else if (dbus_message_has_member(signal, "CallRemoved")) {
		call = call_find(modem, path);
		if (call != NULL)
			call_remove(call);
	}
}

static void on_call(void *data, DBusMessage *signal)
{
	struct ofono_call *call = call_find_any(data, dbus_message_get_path(signal));
	DBusMessageIter value;
	const char *key;

	if (call == NULL || !property_of(signal, &key, &value))
		return;
	(void)words_read(&call->words, key, &value);
	tell(call);
}

static void on_properties(void *data, DBusMessage *signal)
{
	struct ofono_call *call = call_find_any(data, dbus_message_get_path(signal));
	DBusMessageIter args;

	if (call == NULL || !dbus_message_iter_init(signal, &args) ||
	    !dbus_message_iter_next(&args))
		return;
	(void)bus_read_dict(&args, words_read, &call->words);
	tell(call);
}

/* ---- the program -------------------------------------------------------------------------------------- */

static void on_modems(void *data, DBusMessage *reply, const char *error)
{
	struct ofono *ofono = data;

	ofono->asked = NULL;
	if (error != NULL)
		log_info("%s does not tell its modems: %s", ofono->kind->words, error);
	else
		for_each_object(reply, ofono, modem_add);
}

static int listen_to(struct ofono *ofono, const char *interface, const char *member,
		     bus_signal_fn got, struct bus_match **ret)
{
	const char *path = strcmp(interface, MANAGER) == 0 ? ofono->kind->path : NULL;

	return bus_match(ofono->bus, ofono->kind->name, path, interface, member, got, ofono, ret);
}

static void on_there(void *data, pid_t process)
{
	struct ofono *ofono = data;
	int error;

	ofono->process = process;
	ofono->calls_told = false;
	ofono->modems_told = false;
	error = listen_to(ofono, MANAGER, NULL, on_manager, &ofono->manager_match);
	if (error == 0)
		error = listen_to(ofono, MODEM, "PropertyChanged", on_modem, &ofono->modem_match);
	if (error == 0)
		error = listen_to(ofono, VOICE, NULL, on_voice, &ofono->voice_match);
	if (error == 0)
		error = listen_to(ofono, CALL, "PropertyChanged", on_call, &ofono->call_match);
	if (error == 0 && ofono->kind->is_pipewire)
		error = listen_to(ofono, DBUS_INTERFACE_PROPERTIES, "PropertiesChanged",
				  on_properties, &ofono->properties_match);
	if (error == 0)
		error = bus_send(ofono->bus,
				 bus_message(ofono->kind->name, ofono->kind->path, MANAGER,
					     "GetModems", DBUS_TYPE_INVALID),
				 PEER_TIMEOUT_MS, on_modems, ofono, &ofono->asked);
	if (error < 0)
		log_error("the calls of %s cannot be seen: %s", ofono->kind->words,
			  strerror(-error));
}

static void on_gone(void *data)
{
	struct ofono *ofono = data;

	ofono->asked = bus_pending_cancel(ofono->asked);
	ofono->manager_match = bus_match_free(ofono->manager_match);
	ofono->modem_match = bus_match_free(ofono->modem_match);
	ofono->voice_match = bus_match_free(ofono->voice_match);
	ofono->call_match = bus_match_free(ofono->call_match);
	ofono->properties_match = bus_match_free(ofono->properties_match);
	while (ofono->modems != NULL)
		modem_remove(ofono->modems);
}

static const struct peer_events peer_events = { .there = on_there, .gone = on_gone };

int ofono_new(struct calls *calls, struct bus *bus, enum ofono_which which, struct ofono **ret)
{
	struct ofono *ofono = calloc(1, sizeof(*ofono));
	int error;

	if (ofono == NULL)
		return -ENOMEM;
	ofono->kind = &kinds[which];
	ofono->calls = calls;
	ofono->bus = bus;
	error = peer_new(bus, ofono->kind->name, &peer_events, ofono, &ofono->peer);
	if (error < 0) {
		free(ofono);
		return error;
	}
	*ret = ofono;
	return 0;
}

struct ofono *ofono_free(struct ofono *ofono)
{
	if (ofono == NULL)
		return NULL;
	on_gone(ofono);
	ofono->peer = peer_free(ofono->peer);
	free(ofono);
	return NULL;
}
