/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/* cc telephone.c -o telephone $(pkg-config --cflags --libs dbus-1); ./telephone tel:+4930123 */
#include <dbus/dbus.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static DBusConnection *bus;
static char call[64]; /* its path; "" while there is none */

/* A method of callroute; waits for its reply, which the caller unreferences. */
static DBusMessage *ask(DBusMessage *message)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *reply = dbus_connection_send_with_reply_and_block(bus, message, -1, &error);

	dbus_message_unref(message);
	if (!reply)
		printf("refused: %s\n", error.name); /* no callroute here: ServiceUnknown */
	dbus_error_free(&error);
	return reply;
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

/* It rings, or we dial. */
static void add_call(const char *party, const char *direction)
{
	const char *kind = "voip", *provider = "/telephone", *path;
	DBusMessage *message = dbus_message_new_method_call("org.callroute", "/org/callroute",
							    "org.callroute.Manager1", "AddCall");
	DBusMessageIter arguments, options;
	dbus_bool_t managed = TRUE;

	dbus_message_iter_init_append(message, &arguments);
	dbus_message_iter_append_basic(&arguments, DBUS_TYPE_STRING, &kind);
	dbus_message_iter_open_container(&arguments, DBUS_TYPE_ARRAY, "{sv}", &options);
	option(&options, "Managed", DBUS_TYPE_BOOLEAN, &managed);
	option(&options, "Provider", DBUS_TYPE_OBJECT_PATH, &provider);
	option(&options, "Direction", DBUS_TYPE_STRING, &direction);
	option(&options, "RemoteParty", DBUS_TYPE_STRING, &party);
	dbus_message_iter_close_container(&arguments, &options);
	message = ask(message);
	if (!message)
		return;
	if (dbus_message_get_args(message, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID))
		snprintf(call, sizeof(call), "%s", path);
	dbus_message_unref(message);
}

/* What happened here, or at the other end: "active", "held" or "ended". */
static void set_state(const char *state)
{
	DBusMessage *message = dbus_message_new_method_call("org.callroute", call,
							    "org.callroute.Call1", "SetState");

	dbus_message_append_args(message, DBUS_TYPE_STRING, &state, DBUS_TYPE_INVALID);
	message = ask(message);
	if (message)
		dbus_message_unref(message);
}

/* It can be asked to dial while it has no call. */
static void register_provider(void)
{
	DBusMessage *message = dbus_message_new_method_call(
		"org.callroute", "/org/callroute", "org.callroute.Manager1", "RegisterProvider");
	const char *provider = "/telephone";
	DBusMessageIter arguments, options;
	dbus_bool_t dial = TRUE;

	dbus_message_iter_init_append(message, &arguments);
	dbus_message_iter_append_basic(&arguments, DBUS_TYPE_OBJECT_PATH, &provider);
	dbus_message_iter_open_container(&arguments, DBUS_TYPE_ARRAY, "{sv}", &options);
	option(&options, "Dial", DBUS_TYPE_BOOLEAN, &dial);
	dbus_message_iter_close_container(&arguments, &options);
	message = ask(message);
	if (message)
		dbus_message_unref(message);
}

/* org.callroute.CallProvider1: Answer, Hangup, Hold, Unhold, SendDtmf, Dial. Done first, then answered. */
static DBusHandlerResult asked(DBusConnection *from, DBusMessage *message, void *data)
{
	DBusMessage *done = dbus_message_new_method_return(message);
	const char *uri = "";

	printf("%s\n", dbus_message_get_member(message));
	dbus_connection_send(from, done, NULL);
	dbus_message_unref(done);
	if (dbus_message_has_member(message, "Hangup"))
		call[0] = '\0';
	else if (dbus_message_has_member(message, "Dial") &&
		 dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &uri, DBUS_TYPE_INVALID))
		add_call(uri, "outgoing");
	return DBUS_HANDLER_RESULT_HANDLED;
}

int main(int argc, char **argv)
{
	static const DBusObjectPathVTable provider = { .message_function = asked };
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	bus = dbus_bus_get(DBUS_BUS_SESSION, NULL);
	if (!bus || !dbus_connection_register_object_path(bus, "/telephone", &provider, NULL) ||
	    !dbus_connection_get_unix_fd(bus, &fds[1].fd))
		return 1;
	register_provider();
	if (argc > 1)
		add_call(argv[1], "incoming");
	for (;;) {
		/* replies that were waited for may have brought more than themselves */
		dbus_connection_read_write(bus, 0);
		while (dbus_connection_dispatch(bus) == DBUS_DISPATCH_DATA_REMAINS)
			;
		dbus_connection_flush(bus);
		if (poll(fds, 2, -1) < 0)
			return 1;
		if (fds[0].revents) {
			if (!fgets(line, sizeof(line), stdin))
				return 0; /* the call ends with its connection */
			line[strcspn(line, "\n")] = '\0';
			set_state(line);
		}
	}
}
