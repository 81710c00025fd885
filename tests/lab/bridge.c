/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * bridge ADDRESS NAME [HIDDEN]: a program of the system bus, NAME, as if it were on the bus at ADDRESS
 * too: methods that are called there are called here, and its signals are told there. Objects at the path
 * HIDDEN and below are not told of.
 *
 * The laboratory has one system bus, as all of its Bluetooth belongs to one bluetoothd, and has two machines.
 * This shows the second one what it would have on a bus of its own.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define OBJECTS "{oa{sa{sv}}}"
#define OBJECT "oa{sa{sv}}"
#define INTERFACES "a{sa{sv}}"

static struct bridge {
	const char *name;
	const char *hidden;
	sd_bus *here, *there;
} bridge;

static bool is_hidden(const char *path)
{
	size_t n = bridge.hidden != NULL ? strlen(bridge.hidden) : 0;

	return n > 0 && path != NULL && strncmp(path, bridge.hidden, n) == 0 &&
	       (path[n] == '\0' || path[n] == '/');
}

static int copy_object(sd_bus_message *from, sd_bus_message *to)
{
	const char *path;
	int r = sd_bus_message_read_basic(from, SD_BUS_TYPE_OBJECT_PATH, &path);

	if (r < 0)
		return r;
	if (is_hidden(path))
		return sd_bus_message_skip(from, INTERFACES);
	r = sd_bus_message_open_container(to, SD_BUS_TYPE_DICT_ENTRY, OBJECT);
	if (r >= 0)
		r = sd_bus_message_append_basic(to, SD_BUS_TYPE_OBJECT_PATH, path);
	if (r >= 0)
		r = sd_bus_message_copy(to, from, false);
	return r < 0 ? r : sd_bus_message_close_container(to);
}

/* What GetManagedObjects answers. */
static int copy_objects(sd_bus_message *from, sd_bus_message *to)
{
	int r = sd_bus_message_enter_container(from, SD_BUS_TYPE_ARRAY, OBJECTS);

	if (r >= 0)
		r = sd_bus_message_open_container(to, SD_BUS_TYPE_ARRAY, OBJECTS);
	while (r >= 0) {
		r = sd_bus_message_enter_container(from, SD_BUS_TYPE_DICT_ENTRY, OBJECT);
		if (r <= 0)
			break;
		r = copy_object(from, to);
		if (r >= 0)
			r = sd_bus_message_exit_container(from);
	}
	return r < 0 ? r : sd_bus_message_close_container(to);
}

static int copy(sd_bus_message *from, sd_bus_message *to)
{
	return sd_bus_message_has_signature(from, "a" OBJECTS) > 0
		       ? copy_objects(from, to)
		       : sd_bus_message_copy(to, from, true);
}

/* @data: the call there, which it is the answer of */
static int on_reply(sd_bus_message *reply, void *data, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	sd_bus_message *call = data, *answer = NULL;
	int r;

	(void)ret_error;
	if (error != NULL) {
		r = sd_bus_reply_method_error(call, error);
	} else {
		r = sd_bus_message_new_method_return(call, &answer);
		if (r >= 0)
			r = copy(reply, answer);
		if (r >= 0)
			r = sd_bus_send(NULL, answer, NULL);
	}
	if (r < 0)
		fprintf(stderr, "bridge: an answer: %s\n", strerror(-r));
	sd_bus_message_unref(answer);
	sd_bus_message_unref(call);
	return 1;
}

static int on_call(sd_bus_message *call, void *data, sd_bus_error *ret_error)
{
	sd_bus_message *message = NULL;
	int r;

	(void)data;
	(void)ret_error;
	if (sd_bus_message_is_method_call(call, NULL, NULL) <= 0)
		return 0;
	r = sd_bus_message_new_method_call(
		bridge.here, &message, bridge.name, sd_bus_message_get_path(call),
		sd_bus_message_get_interface(call), sd_bus_message_get_member(call));
	if (r >= 0)
		r = sd_bus_message_copy(message, call, true);
	if (r >= 0)
		r = sd_bus_call_async(bridge.here, NULL, message, on_reply,
				      sd_bus_message_ref(call), 0);
	if (r < 0)
		fprintf(stderr, "bridge: a call: %s\n", strerror(-r));
	sd_bus_message_unref(message);
	return 1;
}

/* Its object is hidden, or the one that it tells of. */
static bool is_of_hidden(sd_bus_message *signal)
{
	const char *path;

	if (is_hidden(sd_bus_message_get_path(signal)))
		return true;
	return sd_bus_message_peek_type(signal, NULL, NULL) > 0 &&
	       sd_bus_message_read_basic(signal, SD_BUS_TYPE_OBJECT_PATH, &path) > 0 &&
	       is_hidden(path);
}

static int on_signal(sd_bus_message *signal, void *data, sd_bus_error *ret_error)
{
	const char *interface = sd_bus_message_get_interface(signal);
	const char *member = sd_bus_message_get_member(signal);
	sd_bus_message *message = NULL;
	int r;

	(void)data;
	(void)ret_error;
	if (sd_bus_message_is_signal(signal, NULL, NULL) <= 0 ||
	    strcmp(interface, "org.freedesktop.DBus") == 0 || is_of_hidden(signal))
		return 0;
	r = sd_bus_message_rewind(signal, true);
	if (r >= 0)
		r = sd_bus_message_new_signal(bridge.there, &message,
					      sd_bus_message_get_path(signal), interface, member);
	if (r >= 0)
		r = sd_bus_message_copy(message, signal, true);
	if (r >= 0)
		r = sd_bus_send(bridge.there, message, NULL);
	if (r < 0)
		fprintf(stderr, "bridge: %s: %s\n", member, strerror(-r));
	sd_bus_message_unref(message);
	return 0;
}

static int open_there(const char *address)
{
	int r = sd_bus_new(&bridge.there);

	if (r >= 0)
		r = sd_bus_set_address(bridge.there, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bridge.there, true);
	return r < 0 ? r : sd_bus_start(bridge.there);
}

/* The name there comes last: who sees it finds everything. */
static int build(sd_event *event)
{
	char rule[256];
	int r = sd_bus_attach_event(bridge.here, event, SD_EVENT_PRIORITY_NORMAL);

	(void)snprintf(rule, sizeof(rule), "type='signal',sender='%s'", bridge.name);
	if (r >= 0)
		r = sd_bus_attach_event(bridge.there, event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = sd_bus_add_filter(bridge.here, NULL, on_signal, NULL);
	if (r >= 0)
		r = sd_bus_add_filter(bridge.there, NULL, on_call, NULL);
	if (r >= 0)
		r = sd_bus_call_method(bridge.here, "org.freedesktop.DBus", "/org/freedesktop/DBus",
				       "org.freedesktop.DBus", "AddMatch", NULL, NULL, "s", rule);
	return r < 0 ? r : sd_bus_request_name(bridge.there, bridge.name, 0);
}

int main(int argc, char **argv)
{
	sd_event *event = NULL;
	int r;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: bridge ADDRESS NAME [HIDDEN]\n");
		return 2;
	}
	bridge.name = argv[2];
	bridge.hidden = argv[3];
	r = sd_event_default(&event);
	if (r >= 0)
		r = sd_bus_open_system(&bridge.here);
	if (r >= 0)
		r = open_there(argv[1]);
	if (r >= 0)
		r = build(event);
	if (r < 0) {
		fprintf(stderr, "bridge: %s\n", strerror(-r));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	r = sd_event_loop(event);
	sd_bus_unref(bridge.there);
	sd_bus_unref(bridge.here);
	sd_event_unref(event);
	return r < 0;
}
