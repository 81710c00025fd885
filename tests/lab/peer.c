/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What a desktop's Bluetooth menu does, for the laboratory's script:
 *
 *   peer services ADAPTER SECONDS UUID…     until ADAPTER (hci1) is powered and announces these services
 *   peer address ADAPTER                    print its address
 *   peer visible ADAPTER                    let others find it and pair with it
 *   peer pair ADAPTER ADDRESS               find the device, pair with it, trust it
 *   peer trust ADAPTER ADDRESS              let a device that paired with us connect services
 *   peer connect ADAPTER ADDRESS UUID       connect one profile
 *   peer disconnect ADAPTER ADDRESS         disconnect the device
 *
 * One step a run, and it waits for the step's outcome; so the bus is used in the blocking way here.
 * Profiles are connected by name: one bluetoothd serves both ends of the laboratory's radio, each of its
 * services is announced on both, and Device1.Connect() would try all of them in both directions.
 */
#include <ctype.h>
#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define BLUEZ "org.bluez"
#define ADAPTER_INTERFACE "org.bluez.Adapter1"
#define DEVICE_INTERFACE "org.bluez.Device1"
#define PATH_SIZE 64
#define CALL_MS 60000
#define FIND_MS 30000

static DBusConnection *bus;

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Sends @call, which is consumed; the reply, or NULL after having told why unless @quiet. */
static DBusMessage *ask(DBusMessage *call, bool quiet)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *reply;

	reply = dbus_connection_send_with_reply_and_block(bus, call, CALL_MS, &error);
	if (!reply && !quiet)
		fprintf(stderr, "peer: %s: %s: %s\n", dbus_message_get_member(call), error.name,
			error.message);
	dbus_error_free(&error);
	dbus_message_unref(call);
	return reply;
}

static int ask_plain(const char *path, const char *interface, const char *method)
{
	DBusMessage *reply =
		ask(dbus_message_new_method_call(BLUEZ, path, interface, method), false);

	if (!reply)
		return -1;
	dbus_message_unref(reply);
	return 0;
}

/* Get a property; @value stands on it, inside the variant. NULL where there is none (yet). */
static DBusMessage *get(const char *path, const char *interface, const char *property,
			DBusMessageIter *value)
{
	DBusMessage *call =
		dbus_message_new_method_call(BLUEZ, path, DBUS_INTERFACE_PROPERTIES, "Get");
	DBusMessage *reply;
	DBusMessageIter iter;

	dbus_message_append_args(call, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING, &property,
				 DBUS_TYPE_INVALID);
	reply = ask(call, true);
	if (!reply)
		return NULL;
	dbus_message_iter_init(reply, &iter);
	dbus_message_iter_recurse(&iter, value);
	return reply;
}

static bool powered(const char *adapter)
{
	DBusMessageIter value;
	DBusMessage *reply = get(adapter, ADAPTER_INTERFACE, "Powered", &value);
	dbus_bool_t on = FALSE;

	if (!reply)
		return false;
	dbus_message_iter_get_basic(&value, &on);
	dbus_message_unref(reply);
	return on;
}

static bool has_service(const char *adapter, const char *uuid)
{
	DBusMessageIter value, item;
	DBusMessage *reply = get(adapter, ADAPTER_INTERFACE, "UUIDs", &value);
	bool found = false;

	if (!reply)
		return false;
	dbus_message_iter_recurse(&value, &item);
	for (; dbus_message_iter_get_arg_type(&item) == DBUS_TYPE_STRING;
	     dbus_message_iter_next(&item)) {
		const char *here;

		dbus_message_iter_get_basic(&item, &here);
		if (!strcasecmp(here, uuid))
			found = true;
	}
	dbus_message_unref(reply);
	return found;
}

/* Anything that bluetoothd announces, or its appearance, ends the wait. False at @deadline_ms. */
static bool wait_signal(int64_t deadline_ms)
{
	for (;;) {
		DBusMessage *message = dbus_connection_pop_message(bus);
		int64_t left;

		if (message) {
			bool signal = dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_SIGNAL;

			dbus_message_unref(message);
			if (signal)
				return true;
			continue;
		}
		left = deadline_ms - now_ms();
		if (left <= 0 || !dbus_connection_read_write(bus, (int)left))
			return false;
	}
}

static int wait_services(const char *adapter, int seconds, char **uuids, int n)
{
	const int64_t deadline = now_ms() + (int64_t)seconds * 1000;

	do {
		int there = 0;

		if (powered(adapter))
			while (there < n && has_service(adapter, uuids[there]))
				there++;
		else
			there = -1;
		if (there == n) {
			printf("ready %s\n", adapter);
			return EXIT_SUCCESS;
		}
		if (!wait_signal(deadline)) {
			if (there < 0)
				fprintf(stderr, "peer: %s is not powered\n", adapter);
			else
				fprintf(stderr, "peer: %s does not announce %s\n", adapter,
					uuids[there]);
			return EXIT_FAILURE;
		}
	} while (true);
}

static int print_address(const char *adapter)
{
	DBusMessageIter value;
	DBusMessage *reply = get(adapter, ADAPTER_INTERFACE, "Address", &value);
	const char *address;

	if (!reply)
		return EXIT_FAILURE;
	dbus_message_iter_get_basic(&value, &address);
	puts(address);
	dbus_message_unref(reply);
	return EXIT_SUCCESS;
}

static bool known(const char *device)
{
	DBusMessageIter value;
	DBusMessage *reply = get(device, DEVICE_INTERFACE, "Address", &value);

	if (reply)
		dbus_message_unref(reply);
	return reply;
}

/* Only BR/EDR: hands-free units are found by it, and the low energy side of this radio is not used. */
static int set_filter(const char *adapter)
{
	DBusMessage *call = dbus_message_new_method_call(BLUEZ, adapter, ADAPTER_INTERFACE,
							 "SetDiscoveryFilter");
	const char *key = "Transport", *text = "bredr";
	DBusMessageIter iter, dict, entry, value;
	DBusMessage *reply;

	dbus_message_iter_init_append(call, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "s", &value);
	dbus_message_iter_append_basic(&value, DBUS_TYPE_STRING, &text);
	dbus_message_iter_close_container(&entry, &value);
	dbus_message_iter_close_container(&dict, &entry);
	dbus_message_iter_close_container(&iter, &dict);
	reply = ask(call, false);
	if (!reply)
		return -1;
	dbus_message_unref(reply);
	return 0;
}

static int find(const char *adapter, const char *device)
{
	const int64_t deadline = now_ms() + FIND_MS;

	if (set_filter(adapter) < 0 || ask_plain(adapter, ADAPTER_INTERFACE, "StartDiscovery") < 0)
		return -1;
	while (!known(device)) {
		if (!wait_signal(deadline)) {
			fprintf(stderr, "peer: %s was not found\n", device);
			return -1;
		}
	}
	return ask_plain(adapter, ADAPTER_INTERFACE, "StopDiscovery");
}

/* A property that is to be true. */
static int switch_on(const char *path, const char *interface, const char *property)
{
	DBusMessage *call =
		dbus_message_new_method_call(BLUEZ, path, DBUS_INTERFACE_PROPERTIES, "Set");
	DBusMessageIter iter, value;
	DBusMessage *reply;
	dbus_bool_t on = TRUE;

	dbus_message_iter_init_append(call, &iter);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_STRING, &interface);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_STRING, &property);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_VARIANT, "b", &value);
	dbus_message_iter_append_basic(&value, DBUS_TYPE_BOOLEAN, &on);
	dbus_message_iter_close_container(&iter, &value);
	reply = ask(call, false);
	if (!reply)
		return -1;
	dbus_message_unref(reply);
	return 0;
}

/* Both controllers are without an agent, so that pairing asks nobody. */
static int make_visible(const char *adapter)
{
	if (switch_on(adapter, ADAPTER_INTERFACE, "Pairable") < 0 ||
	    switch_on(adapter, ADAPTER_INTERFACE, "Discoverable") < 0)
		return EXIT_FAILURE;
	printf("visible %s\n", adapter);
	return EXIT_SUCCESS;
}

static int trust(const char *device)
{
	return switch_on(device, DEVICE_INTERFACE, "Trusted");
}

/* A unit that found us first may have connected, and paired for it. */
static int pair_with(const char *device)
{
	DBusMessage *call = dbus_message_new_method_call(BLUEZ, device, DEVICE_INTERFACE, "Pair");
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *reply;
	int r = 0;

	reply = dbus_connection_send_with_reply_and_block(bus, call, CALL_MS, &error);
	dbus_message_unref(call);
	if (reply) {
		dbus_message_unref(reply);
	} else if (!dbus_error_has_name(&error, "org.bluez.Error.AlreadyExists")) {
		fprintf(stderr, "peer: Pair: %s: %s\n", error.name, error.message);
		r = -1;
	}
	dbus_error_free(&error);
	return r;
}

static int pair(const char *adapter, const char *device)
{
	if (!known(device) && find(adapter, device) < 0)
		return EXIT_FAILURE;
	if (pair_with(device) < 0 || trust(device) < 0)
		return EXIT_FAILURE;
	printf("paired %s\n", device);
	return EXIT_SUCCESS;
}

/* bluetoothd connects some profiles after others by itself; then ours is under way, or done. */
static int connect_profile(const char *device, const char *uuid)
{
	DBusMessage *call =
		dbus_message_new_method_call(BLUEZ, device, DEVICE_INTERFACE, "ConnectProfile");
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *reply;

	dbus_message_append_args(call, DBUS_TYPE_STRING, &uuid, DBUS_TYPE_INVALID);
	reply = dbus_connection_send_with_reply_and_block(bus, call, CALL_MS, &error);
	dbus_message_unref(call);
	if (!reply && !dbus_error_has_name(&error, "org.bluez.Error.AlreadyConnected") &&
	    !dbus_error_has_name(&error, "org.bluez.Error.InProgress")) {
		fprintf(stderr, "peer: ConnectProfile %.8s: %s: %s\n", uuid, error.name,
			error.message);
		return EXIT_FAILURE;
	}
	printf("connected %s %.8s\n", device, uuid);
	if (reply)
		dbus_message_unref(reply);
	dbus_error_free(&error);
	return EXIT_SUCCESS;
}

static bool bus_ready(void)
{
	DBusError error = DBUS_ERROR_INIT;

	bus = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
	if (bus) {
		dbus_connection_set_exit_on_disconnect(bus, FALSE);
		dbus_bus_add_match(bus, "type='signal',sender='" BLUEZ "'", NULL);
		dbus_bus_add_match(bus, "type='signal',member='NameOwnerChanged',arg0='" BLUEZ "'",
				   &error);
		dbus_connection_flush(bus);
	}
	if (!bus || dbus_error_is_set(&error)) {
		fprintf(stderr, "peer: the system bus: %s\n", error.message);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	char adapter[PATH_SIZE], device[2 * PATH_SIZE] = "";

	if (argc < 3 || !bus_ready()) {
		fprintf(stderr,
			"usage: peer services|address|visible|pair|trust|connect|disconnect "
			"ADAPTER …\n");
		return 2;
	}
	(void)snprintf(adapter, sizeof(adapter), "/org/bluez/%.16s", argv[2]);
	if (argc > 3)
		(void)snprintf(device, sizeof(device), "%.32s/dev_%.17s", adapter, argv[3]);
	for (char *p = device; *p; p++)
		*p = *p == ':' ? '_' : *p;

	if (!strcmp(command, "services") && argc >= 4)
		return wait_services(adapter, atoi(argv[3]), argv + 4, argc - 4);
	if (!strcmp(command, "address") && argc == 3)
		return print_address(adapter);
	if (!strcmp(command, "visible") && argc == 3)
		return make_visible(adapter);
	if (!strcmp(command, "pair") && argc == 4)
		return pair(adapter, device);
	if (!strcmp(command, "trust") && argc == 4)
		return trust(device) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (!strcmp(command, "connect") && argc == 5)
		return connect_profile(device, argv[4]);
	if (!strcmp(command, "disconnect") && argc == 4) {
		if (ask_plain(device, DEVICE_INTERFACE, "Disconnect") < 0)
			return EXIT_FAILURE;
		printf("disconnected %s\n", device);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "peer: %s: wrong arguments\n", command);
	return 2;
}
