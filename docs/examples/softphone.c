/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/* cc softphone.c -o softphone $(pkg-config --cflags --libs dbus-1) */
#include <dbus/dbus.h>
#include <stdio.h>

/* A headset's button, a rule or another program did it: now the softphone does it to its call. */
static DBusHandlerResult asked(DBusConnection *bus, DBusMessage *message, void *softphone)
{
	DBusMessage *done = dbus_message_new_method_return(message);

	printf("%s\n",
	       dbus_message_get_member(message)); /* Answer, Hangup, Hold, Unhold, SendDtmf */
	dbus_connection_send(bus, done, NULL);
	dbus_message_unref(done);
	return DBUS_HANDLER_RESULT_HANDLED;
}

static void option(DBusMessageIter *options, const char *key, int type, const void *value)
{
	const char signature[] = { (char)type, '\0' };
	DBusMessageIter entry, variant;

	dbus_message_iter_open_container(options, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant);
	dbus_message_iter_append_basic(&variant, type, value);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(options, &entry);
}

int main(void)
{
	static const DBusObjectPathVTable provider = { .message_function = asked };
	DBusConnection *bus = dbus_bus_get(DBUS_BUS_SESSION, NULL);
	DBusMessage *add = dbus_message_new_method_call("org.callroute", "/org/callroute",
							"org.callroute.Manager1", "AddCall");
	DBusMessageIter arguments, options;

	if (!bus || !dbus_connection_register_object_path(bus, "/softphone", &provider, NULL))
		return 1;
	dbus_message_iter_init_append(add, &arguments);
	dbus_message_iter_append_basic(&arguments, DBUS_TYPE_STRING, &(const char *){ "voip" });
	dbus_message_iter_open_container(&arguments, DBUS_TYPE_ARRAY, "{sv}", &options);
	option(&options, "Managed", DBUS_TYPE_BOOLEAN, &(dbus_bool_t){ TRUE });
	option(&options, "Provider", DBUS_TYPE_OBJECT_PATH, &(const char *){ "/softphone" });
	option(&options, "RemoteParty", DBUS_TYPE_STRING, &(const char *){ "tel:+4930123456" });
	dbus_message_iter_close_container(&arguments, &options);
	dbus_connection_send(bus, add, NULL); /* the reply is the path of the call */
	dbus_message_unref(add);
	while (dbus_connection_read_write_dispatch(bus, -1))
		;
	return 0;
}
