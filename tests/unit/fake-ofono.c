/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See fake-ofono.h. oFono's objects are in arrays of structs, and Dial has two arguments; PipeWire's
 * are in dictionaries, its modems have no properties, and Dial has one.
 */
#include "fake-ofono.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANAGER "org.ofono.Manager"
#define MODEM "org.ofono.Modem"
#define VOICE "org.ofono.VoiceCallManager"
#define CALL "org.ofono.VoiceCall"

static const char *name_of(const struct fake_ofono *ofono)
{
	return ofono->is_pipewire ? "org.pipewire.Telephony" : "org.ofono";
}

static const char *modem_path(const struct fake_ofono *ofono)
{
	return ofono->is_pipewire ? "/org/pipewire/Telephony/ag1"
				  : "/hfp/org/bluez/hci0/dev_AA_BB_CC_DD_EE_FF";
}

static const char *call_path(const struct fake_ofono *ofono, unsigned int n)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s%02u", modem_path(ofono),
		       ofono->is_pipewire ? "call" : "voicecall", n);
	return path;
}

/* ---- properties --------------------------------------------------------------------------------------- */

static void append_call(DBusMessageIter *iter, void *data)
{
	const struct fake_ofono_call *call = data;
	DBusMessageIter dict;
	dbus_bool_t multiparty = FALSE;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry_string(&dict, "State", call->state);
	bus_append_entry_string(&dict, "LineIdentification", call->number);
	bus_append_entry_string(&dict, "Name", "");
	bus_append_entry(&dict, "Multiparty", DBUS_TYPE_BOOLEAN, &multiparty);
	dbus_message_iter_close_container(iter, &dict);
}

static void append_interfaces(DBusMessageIter *variant, const struct fake_ofono *ofono)
{
	const char *names[] = { "org.ofono.CallVolume", VOICE };
	DBusMessageIter list;

	dbus_message_iter_open_container(variant, DBUS_TYPE_ARRAY, "s", &list);
	for (size_t i = 0; i < (ofono->voice ? 2u : 1u); i++)
		bus_append_basic(&list, DBUS_TYPE_STRING, &names[i]);
	dbus_message_iter_close_container(variant, &list);
}

static void append_modem(DBusMessageIter *iter, void *data)
{
	const struct fake_ofono *ofono = data;
	DBusMessageIter dict, entry, variant;
	const char *key = "Interfaces";

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	if (!ofono->is_pipewire) {
		bus_append_entry_string(&dict, "Type", "hfp");
		dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		bus_append_basic(&entry, DBUS_TYPE_STRING, &key);
		dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "as", &variant);
		append_interfaces(&variant, ofono);
		dbus_message_iter_close_container(&entry, &variant);
		dbus_message_iter_close_container(&dict, &entry);
	}
	dbus_message_iter_close_container(iter, &dict);
}

static void append_object(DBusMessageIter *array, const struct fake_ofono *ofono, const char *path,
			  void (*append)(DBusMessageIter *iter, void *data), void *data)
{
	DBusMessageIter entry;

	dbus_message_iter_open_container(
		array, ofono->is_pipewire ? DBUS_TYPE_DICT_ENTRY : DBUS_TYPE_STRUCT, NULL, &entry);
	bus_append_basic(&entry, DBUS_TYPE_OBJECT_PATH, &path);
	append(&entry, data);
	dbus_message_iter_close_container(array, &entry);
}

static void open_objects(DBusMessageIter *iter, const struct fake_ofono *ofono,
			 DBusMessageIter *ret)
{
	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY,
					 ofono->is_pipewire ? "{oa{sv}}" : "(oa{sv})", ret);
}

static void fill_modems(DBusMessageIter *iter, void *data)
{
	struct fake_ofono *ofono = data;
	DBusMessageIter array;

	open_objects(iter, ofono, &array);
	if (ofono->modem)
		append_object(&array, ofono, modem_path(ofono), append_modem, ofono);
	dbus_message_iter_close_container(iter, &array);
}

static void fill_calls(DBusMessageIter *iter, void *data)
{
	struct fake_ofono *ofono = data;
	DBusMessageIter array;

	open_objects(iter, ofono, &array);
	for (unsigned int n = 0; n < FAKE_OFONO_CALLS; n++)
		if (ofono->calls[n].object)
			append_object(&array, ofono, call_path(ofono, n), append_call,
				      &ofono->calls[n]);
	dbus_message_iter_close_container(iter, &array);
}

/* ---- methods ---------------------------------------------------------------------------------------- */

static void note(struct fake_ofono *ofono, struct bus_call *call, const char *line)
{
	size_t n = strlen(ofono->asked);

	(void)snprintf(ofono->asked + n, sizeof(ofono->asked) - n, "%s\n", line);
	if (ofono->refuses)
		bus_call_error(call, "org.ofono.Error.InProgress", "no");
	else if (ofono->silent)
		(void)bus_call_keep(call);
	else
		bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void handle_modems(struct bus_call *call, void *data)
{
	bus_call_reply_with(call, fill_modems, data);
}

static void handle_calls(struct bus_call *call, void *data)
{
	bus_call_reply_with(call, fill_calls, data);
}

static void handle_voice(struct bus_call *call, void *data)
{
	DBusMessageIter args;
	const char *text = "";
	char line[64];

	bus_call_args(call, &args);
	(void)bus_read_basic(&args, DBUS_TYPE_STRING, &text);
	(void)snprintf(line, sizeof(line), "%s%s%s",
		       dbus_message_get_member(bus_call_message(call)), *text ? " " : "", text);
	note(data, call, line);
}

static void handle_call(struct bus_call *call, void *data)
{
	struct fake_ofono_call *of = data;
	char line[64];

	(void)snprintf(line, sizeof(line), "%s %d", dbus_message_get_member(bus_call_message(call)),
		       (int)(of - of->ofono->calls));
	note(of->ofono, call, line);
}

/* Both, which differ in their signatures. */
#define OFONO_OBJECTS "a(oa{sv}) objects"
#define PIPEWIRE_OBJECTS "a{oa{sv}} objects"

#define VOICE_METHODS                                                                     \
	{ "HoldAndAnswer", "", "", handle_voice }, { "SwapCalls", "", "", handle_voice }, \
		{ "ReleaseAndAnswer", "", "", handle_voice },                             \
		{ "ReleaseAndSwap", "", "", handle_voice },                               \
		{ "CreateMultiparty", "", "", handle_voice },                             \
		{ "SendTones", "s tones", "", handle_voice },                             \
	{                                                                                 \
		0                                                                         \
	}

static const struct bus_method ofono_manager_methods[] = {
	{ "GetModems", "", OFONO_OBJECTS, handle_modems }, { 0 }
};
static const struct bus_method pipewire_manager_methods[] = {
	{ "GetModems", "", PIPEWIRE_OBJECTS, handle_modems }, { 0 }
};
static const struct bus_method ofono_voice_methods[] = {
	{ "Dial", "s number, s hide_callerid", "", handle_voice },
	{ "GetCalls", "", OFONO_OBJECTS, handle_calls },
	VOICE_METHODS
};
static const struct bus_method pipewire_voice_methods[] = {
	{ "Dial", "s number", "", handle_voice },
	{ "GetCalls", "", PIPEWIRE_OBJECTS, handle_calls },
	VOICE_METHODS
};
static const struct bus_interface interfaces[] = {
	{ MANAGER, ofono_manager_methods, NULL, NULL },
	{ MANAGER, pipewire_manager_methods, NULL, NULL },
	{ VOICE, ofono_voice_methods, NULL, NULL },
	{ VOICE, pipewire_voice_methods, NULL, NULL },
};
static const struct bus_interface *const manager_interfaces[][2] = { { &interfaces[0], NULL },
								     { &interfaces[1], NULL } };
static const struct bus_interface *const voice_interfaces[][2] = { { &interfaces[2], NULL },
								   { &interfaces[3], NULL } };

static const struct bus_method call_methods[] = { { "Answer", "", "", handle_call },
						  { "Hangup", "", "", handle_call },
						  { 0 } };
static const struct bus_interface call_interface = { CALL, call_methods, NULL, NULL };
static const struct bus_interface *const call_interfaces[] = { &call_interface, NULL };

/* ---- signals ------------------------------------------------------------------------------------------ */

static void send_object(struct fake_ofono *ofono, const char *from, const char *interface,
			const char *member, const char *path,
			void (*append)(DBusMessageIter *iter, void *data), void *data)
{
	DBusMessage *signal = dbus_message_new_signal(from, interface, member);
	DBusMessageIter iter;

	dbus_message_iter_init_append(signal, &iter);
	bus_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &path);
	if (append)
		append(&iter, data);
	assert_true(dbus_connection_send(bus_connection(ofono->bus), signal, NULL));
	dbus_message_unref(signal);
}

/* As oFono does, or as PipeWire. */
static void send_state(const struct fake_ofono_call *call, const char *path)
{
	const char *key = "State", *state = call->state,
		   *interface = "org.pipewire.Telephony.Call1";
	DBusMessageIter iter, dict;
	DBusMessage *signal;

	if (call->ofono->is_pipewire) {
		signal = dbus_message_new_signal(path, DBUS_INTERFACE_PROPERTIES,
						 "PropertiesChanged");
		dbus_message_iter_init_append(signal, &iter);
		bus_append_basic(&iter, DBUS_TYPE_STRING, &interface);
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
		bus_append_entry_string(&dict, key, state);
		dbus_message_iter_close_container(&iter, &dict);
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "s", &dict);
		dbus_message_iter_close_container(&iter, &dict);
	} else {
		signal = dbus_message_new_signal(path, CALL, "PropertyChanged");
		dbus_message_iter_init_append(signal, &iter);
		bus_append_basic(&iter, DBUS_TYPE_STRING, &key);
		bus_append_variant(&iter, DBUS_TYPE_STRING, &state);
	}
	assert_true(dbus_connection_send(bus_connection(call->ofono->bus), signal, NULL));
	dbus_message_unref(signal);
}

/* ---- what a test does ----------------------------------------------------------------------------------- */

struct fake_ofono *fake_ofono_new(struct bus *bus, bool is_pipewire)
{
	struct fake_ofono *ofono = calloc(1, sizeof(*ofono));

	assert_non_null(ofono);
	ofono->bus = bus;
	ofono->is_pipewire = is_pipewire;
	assert_int_equal(bus_object_new(bus, is_pipewire ? "/org/pipewire/Telephony" : "/",
					manager_interfaces[is_pipewire], ofono, &ofono->manager),
			 0);
	return ofono;
}

struct fake_ofono *fake_ofono_free(struct fake_ofono *ofono)
{
	if (!ofono)
		return NULL;
	for (unsigned int n = 0; n < FAKE_OFONO_CALLS; n++)
		(void)bus_object_free(ofono->calls[n].object);
	(void)bus_object_free(ofono->modem);
	(void)bus_object_free(ofono->manager);
	free(ofono);
	return NULL;
}

static void on_owned(void *data, const char *name, bool owned)
{
	(void)data;
	(void)name;
	assert_true(owned);
}

void fake_ofono_come(struct fake_ofono *ofono)
{
	assert_int_equal(bus_request_name(ofono->bus, name_of(ofono), on_owned, ofono), 0);
}

void fake_ofono_go(struct fake_ofono *ofono)
{
	bus_release_name(ofono->bus, name_of(ofono));
}

void fake_ofono_connect(struct fake_ofono *ofono, bool connected)
{
	const char *path = bus_object_path(ofono->manager);

	if (connected) {
		assert_int_equal(bus_object_new(ofono->bus, modem_path(ofono),
						voice_interfaces[ofono->is_pipewire], ofono,
						&ofono->modem),
				 0);
		send_object(ofono, path, MANAGER, "ModemAdded", modem_path(ofono), append_modem,
			    ofono);
	} else {
		ofono->modem = bus_object_free(ofono->modem);
		send_object(ofono, path, MANAGER, "ModemRemoved", modem_path(ofono), NULL, NULL);
	}
}

void fake_ofono_voice(struct fake_ofono *ofono, bool voice)
{
	DBusMessage *signal = dbus_message_new_signal(modem_path(ofono), MODEM, "PropertyChanged");
	const char *key = "Interfaces";
	DBusMessageIter iter, variant;

	ofono->voice = voice;
	dbus_message_iter_init_append(signal, &iter);
	bus_append_basic(&iter, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_VARIANT, "as", &variant);
	append_interfaces(&variant, ofono);
	dbus_message_iter_close_container(&iter, &variant);
	assert_true(dbus_connection_send(bus_connection(ofono->bus), signal, NULL));
	dbus_message_unref(signal);
}

void fake_ofono_call(struct fake_ofono *ofono, unsigned int n, const char *number,
		     const char *state)
{
	struct fake_ofono_call *call = &ofono->calls[n];

	assert_null(call->object);
	*call = (struct fake_ofono_call){ .ofono = ofono };
	(void)snprintf(call->state, sizeof(call->state), "%s", state);
	(void)snprintf(call->number, sizeof(call->number), "%s", number);
	assert_int_equal(bus_object_new(ofono->bus, call_path(ofono, n), call_interfaces, call,
					&call->object),
			 0);
	send_object(ofono, modem_path(ofono), VOICE, "CallAdded", call_path(ofono, n), append_call,
		    call);
}

void fake_ofono_state(struct fake_ofono *ofono, unsigned int n, const char *state)
{
	struct fake_ofono_call *call = &ofono->calls[n];

	(void)snprintf(call->state, sizeof(call->state), "%s", state);
	send_state(call, call_path(ofono, n));
}

void fake_ofono_remove(struct fake_ofono *ofono, unsigned int n)
{
	ofono->calls[n].object = bus_object_free(ofono->calls[n].object);
	send_object(ofono, modem_path(ofono), VOICE, "CallRemoved", call_path(ofono, n), NULL,
		    NULL);
}
