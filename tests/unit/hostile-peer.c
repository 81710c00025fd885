/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See hostile-peer.h.
 */
#include "hostile-peer.h"

#include <stdio.h>
#include <string.h>

/* ---- sources ------------------------------------------------------------------------------------------ */

#define MANAGER_SIGNALS(path)                                                   \
	{ path, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded" },      \
	{                                                                       \
		path, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved" \
	}
#define OFONO_SIGNALS(path)                                            \
	{ path, "org.ofono.Manager", "ModemAdded" },                   \
		{ "/x", "org.ofono.VoiceCallManager", "CallAdded" },   \
		{ "/x", "org.ofono.Modem", "PropertyChanged" },        \
		{ "/x", "org.ofono.VoiceCall", "PropertyChanged" },    \
		{ "/x", "org.ofono.VoiceCallManager", "CallRemoved" }, \
	{                                                              \
		path, "org.ofono.Manager", "ModemRemoved"              \
	}
#define MODEM "org.freedesktop.ModemManager1.Modem"
#define PROPERTIES(path)                                             \
	{                                                            \
		path, DBUS_INTERFACE_PROPERTIES, "PropertiesChanged" \
	}

const struct hostile_source hostile_sources[HOSTILE_SOURCES] = {
	{ "org.gnome.Calls",
	  { "org.gnome.Calls.Call" },
	  { MANAGER_SIGNALS("/org/gnome/Calls"), PROPERTIES("/x"), PROPERTIES("/org/gnome/Calls") },
	  NUMBERS,
	  -1,
	  0,
	  BODY_ADDED },
	{ "com.github.Baresip",
	  { "com.github.Baresip" },
	  { { "/baresip", "com.github.Baresip", "event" } },
	  TEXTS,
	  -1,
	  0,
	  BODY_THREE_TEXTS },
	{ "org.freedesktop.ModemManager1",
	  { MODEM, MODEM ".Voice", "org.freedesktop.ModemManager1.Call" },
	  { MANAGER_SIGNALS("/org/freedesktop/ModemManager1"),
	    PROPERTIES("/x"),
	    { "/x", MODEM ".Voice", "CallAdded" },
	    { "/x", MODEM ".Voice", "CallDeleted" } },
	  SMALL_NUMBERS,
	  0,
	  3,
	  BODY_PATH },
	{ "org.ofono",
	  { "org.ofono.Modem" },
	  { OFONO_SIGNALS("/") },
	  TEXTS,
	  0,
	  1,
	  BODY_PATH_AND_DICT },
	{ "org.bluez",
	  { "org.bluez.Telephony1", "org.bluez.Call1" },
	  { MANAGER_SIGNALS("/"), PROPERTIES("/x"), PROPERTIES("/call0/x") },
	  TEXTS,
	  -1,
	  0,
	  BODY_ADDED },
	{ "org.pipewire.Telephony",
	  { "org.pipewire.Telephony.AudioGateway1", "org.ofono.VoiceCallManager" },
	  { OFONO_SIGNALS("/org/pipewire/Telephony"), PROPERTIES("/x"),
	    MANAGER_SIGNALS("/org/pipewire/Telephony") },
	  TEXTS,
	  0,
	  1,
	  BODY_PATH_AND_DICT },
};

/* ---- nonsense ----------------------------------------------------------------------------------------- */

static void append_value(DBusMessageIter *to, enum flavour flavour)
{
	static const char *const signatures[] = { "s", "s", "u", "i", "i", "(uu)", "as", "ao" };
	const char *text = flavour == ODD_TEXTS ? "parked" : "incoming";
	const char *path = "/x", *voice = "org.ofono.VoiceCallManager";
	dbus_uint32_t number = 3;
	dbus_int32_t small = 3, large = INT32_MIN;
	DBusMessageIter value, list;

	dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, signatures[flavour], &value);
	switch (flavour) {
	case TEXTS:
	case ODD_TEXTS:
		bus_append_basic(&value, DBUS_TYPE_STRING, &text);
		break;
	case NUMBERS:
		bus_append_basic(&value, DBUS_TYPE_UINT32, &number);
		break;
	case SMALL_NUMBERS:
		bus_append_basic(&value, DBUS_TYPE_INT32, &small);
		break;
	case LARGE_NUMBERS:
		bus_append_basic(&value, DBUS_TYPE_INT32, &large);
		break;
	case STRUCTS:
		dbus_message_iter_open_container(&value, DBUS_TYPE_STRUCT, NULL, &list);
		bus_append_basic(&list, DBUS_TYPE_UINT32, &number);
		bus_append_basic(&list, DBUS_TYPE_UINT32, &number);
		dbus_message_iter_close_container(&value, &list);
		break;
	case LISTS:
		dbus_message_iter_open_container(&value, DBUS_TYPE_ARRAY, "s", &list);
		bus_append_basic(&list, DBUS_TYPE_STRING, &voice);
		dbus_message_iter_close_container(&value, &list);
		break;
	case OBJECT_LISTS:
		dbus_message_iter_open_container(&value, DBUS_TYPE_ARRAY, "o", &list);
		bus_append_basic(&list, DBUS_TYPE_OBJECT_PATH, &path);
		dbus_message_iter_close_container(&value, &list);
		break;
	case ALMOST:
	case FLAVOURS:
		break;
	}
	dbus_message_iter_close_container(to, &value);
}

static enum flavour flavour_of(size_t source, const char *key, enum flavour flavour)
{
	if (flavour != ALMOST)
		return flavour;
	if (strcmp(key, "State") == 0)
		return hostile_sources[source].state;
	if (strcmp(key, "Interfaces") == 0)
		return LISTS;
	if (strcmp(key, "Calls") == 0)
		return OBJECT_LISTS;
	return STRUCTS;
}

static void append_dict(DBusMessageIter *to, size_t source, enum flavour flavour)
{
	static const char *const keys[] = {
		"State",      "Direction",     "Number",      "Inbound",
		"Id",         "DisplayName",   "Protocol",    "Calls",
		"Interfaces", "SignalQuality", "Name",        "LineIdentification",
		"Multiparty", "OperatorName",  "StateReason", "RegistrationState",
	};
	DBusMessageIter dict, entry;

	dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "{sv}", &dict);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		bus_append_basic(&entry, DBUS_TYPE_STRING, &keys[i]);
		append_value(&entry, flavour_of(source, keys[i], flavour));
		dbus_message_iter_close_container(&dict, &entry);
	}
	dbus_message_iter_close_container(to, &dict);
}

static void append_interfaces(DBusMessageIter *to, size_t source, enum flavour flavour)
{
	DBusMessageIter dict, entry;

	dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "{sa{sv}}", &dict);
	for (size_t i = 0; i < 3 && hostile_sources[source].interfaces[i] != NULL; i++) {
		dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		bus_append_basic(&entry, DBUS_TYPE_STRING, &hostile_sources[source].interfaces[i]);
		append_dict(&entry, source, flavour);
		dbus_message_iter_close_container(&dict, &entry);
	}
	dbus_message_iter_close_container(to, &dict);
}

static void append_body(DBusMessage *message, size_t source, enum body body, enum flavour flavour,
			const char *path)
{
	const char *text = "State", *interface = hostile_sources[source].interfaces[0];
	/* of baresip, whose calls come by signals alone */
	const char *class = "call", *type = flavour == LARGE_NUMBERS ? "CALL_ODD" : "CALL_INCOMING";
	char event[64];
	const char *event_p = event;
	dbus_uint32_t number = UINT32_MAX;
	DBusMessageIter iter, list, entry;

	(void)snprintf(event, sizeof(event), "{\"id\":\"%s\",\"direction\":\"incoming\"}",
		       path + 1);
	dbus_message_iter_init_append(message, &iter);
	switch (body) {
	case BODY_EMPTY:
		break;
	case BODY_THREE_TEXTS:
		bus_append_basic(&iter, DBUS_TYPE_STRING, &class);
		bus_append_basic(&iter, DBUS_TYPE_STRING, &type);
		bus_append_basic(&iter, DBUS_TYPE_STRING, &event_p);
		break;
	case BODY_TEXT:
		bus_append_basic(&iter, DBUS_TYPE_STRING, &text);
		break;
	case BODY_NUMBER:
		bus_append_basic(&iter, DBUS_TYPE_UINT32, &number);
		break;
	case BODY_PATH:
		bus_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &path);
		break;
	case BODY_DICT:
		append_dict(&iter, source, flavour);
		break;
	case BODY_KEY:
		bus_append_basic(&iter, DBUS_TYPE_STRING, &text);
		append_value(&iter, flavour_of(source, text, flavour));
		break;
	case BODY_PATH_AND_DICT:
		bus_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &path);
		append_dict(&iter, source, flavour);
		break;
	case BODY_OBJECTS:
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "(oa{sv})", &list);
		dbus_message_iter_open_container(&list, DBUS_TYPE_STRUCT, NULL, &entry);
		bus_append_basic(&entry, DBUS_TYPE_OBJECT_PATH, &path);
		append_dict(&entry, source, flavour);
		dbus_message_iter_close_container(&list, &entry);
		dbus_message_iter_close_container(&iter, &list);
		break;
	case BODY_ADDED:
		bus_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &path);
		append_interfaces(&iter, source, flavour);
		break;
	case BODY_MANAGED:
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{oa{sa{sv}}}", &list);
		dbus_message_iter_open_container(&list, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		bus_append_basic(&entry, DBUS_TYPE_OBJECT_PATH, &path);
		append_interfaces(&entry, source, flavour);
		dbus_message_iter_close_container(&list, &entry);
		dbus_message_iter_close_container(&iter, &list);
		break;
	case BODY_CHANGED:
		bus_append_basic(&iter, DBUS_TYPE_STRING, &interface);
		append_dict(&iter, source, flavour);
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "s", &list);
		dbus_message_iter_close_container(&iter, &list);
		break;
	case BODIES:
		break;
	}
}

/* ---- the peer ----------------------------------------------------------------------------------------- */

static DBusHandlerResult asked(DBusConnection *bus, DBusMessage *message, void *data)
{
	struct hostile *h = data;
	DBusMessage *reply;

	if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_METHOD_CALL)
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	h->n_asked++;
	if (h->answer == ANSWER_NONE)
		return DBUS_HANDLER_RESULT_HANDLED;
	if (h->answer == ANSWER_ERROR) {
		reply = dbus_message_new_error(message, "org.example.Error.No", "no");
	} else {
		reply = dbus_message_new_method_return(message);
		/* the one answer that is right where almost all is */
		append_body(reply, h->source,
			    h->flavour == ALMOST && dbus_message_has_member(message, "GetAll")
				    ? BODY_DICT
				    : h->body,
			    h->flavour, "/x");
	}
	dbus_connection_send(bus, reply, NULL);
	dbus_message_unref(reply);
	return DBUS_HANDLER_RESULT_HANDLED;
}

void hostile_open(const struct calls_fixture *f, struct hostile *ret)
{
	*ret = (struct hostile){ .bus = dbus_connection_open_private(
					 test_bus_address(f->pair->daemon), NULL) };
	assert_non_null(ret->bus);
	dbus_connection_set_exit_on_disconnect(ret->bus, FALSE);
	assert_true(dbus_bus_register(ret->bus, NULL));
	assert_true(dbus_connection_add_filter(ret->bus, asked, ret, NULL));
}

void hostile_close(struct hostile *h)
{
	dbus_connection_close(h->bus);
	dbus_connection_unref(h->bus);
}

void hostile_settle(struct calls_fixture *f, struct hostile *h)
{
	for (int round = 0; round < 4; round++) {
		bus_pair_settle(f->pair);
		dbus_connection_read_write(h->bus, 0);
		while (dbus_connection_dispatch(h->bus) == DBUS_DISPATCH_DATA_REMAINS)
			;
		dbus_connection_flush(h->bus);
		bus_pair_settle(f->pair);
	}
}

static bool takes_away(const struct told_signal *signal)
{
	return strstr(signal->member, "Removed") != NULL ||
	       strstr(signal->member, "Deleted") != NULL;
}

void hostile_tell(struct hostile *h, const struct told_signal *signal, enum body body,
		  const char *path)
{
	DBusMessage *message =
		dbus_message_new_signal(signal->path, signal->interface, signal->member);

	append_body(message, h->source, body, h->flavour, path);
	dbus_connection_send(h->bus, message, NULL);
	dbus_message_unref(message);
}

void hostile_tell_everything(struct hostile *h, bool what_goes)
{
	for (size_t i = 0; i < 10 && hostile_sources[h->source].signals[i].path != NULL; i++) {
		const struct told_signal *signal = &hostile_sources[h->source].signals[i];

		if (takes_away(signal) && !what_goes)
			continue;
		for (enum body body = 0; body < BODIES; body++)
			hostile_tell(h, signal, body, "/x");
	}
}
