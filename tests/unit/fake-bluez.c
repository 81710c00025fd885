/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "fake-bluez.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int append_text(DBusMessageIter *value, int type, const char *text)
{
	bus_append_basic(value, type, &text);
	return 0;
}

static int append_boolean(DBusMessageIter *value, bool on)
{
	dbus_bool_t boolean = on;

	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &boolean);
	return 0;
}

static int adapter_address(void *data, DBusMessageIter *value)
{
	return append_text(value, DBUS_TYPE_STRING, ((struct fake_bluez_adapter *)data)->address);
}

static int append_uuids(DBusMessageIter *value, const char *const *uuids, size_t n)
{
	DBusMessageIter array;

	dbus_message_iter_open_container(value, DBUS_TYPE_ARRAY, "s", &array);
	for (size_t i = 0; i < n && uuids[i]; i++)
		append_text(&array, DBUS_TYPE_STRING, uuids[i]);
	dbus_message_iter_close_container(value, &array);
	return 0;
}

static int adapter_uuids(void *data, DBusMessageIter *value)
{
	return append_uuids(value, NULL, 0);
}

static int device_address(void *data, DBusMessageIter *value)
{
	return append_text(value, DBUS_TYPE_STRING, ((struct fake_bluez_device *)data)->address);
}

static int device_adapter(void *data, DBusMessageIter *value)
{
	return append_text(value, DBUS_TYPE_OBJECT_PATH,
			   ((struct fake_bluez_device *)data)->adapter);
}

static int device_alias(void *data, DBusMessageIter *value)
{
	return append_text(value, DBUS_TYPE_STRING, ((struct fake_bluez_device *)data)->alias);
}

static int device_icon(void *data, DBusMessageIter *value)
{
	return append_text(value, DBUS_TYPE_STRING, ((struct fake_bluez_device *)data)->icon);
}

static int device_class(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_UINT32, &((struct fake_bluez_device *)data)->class);
	return 0;
}

static int device_paired(void *data, DBusMessageIter *value)
{
	return append_boolean(value, true);
}

static int device_connected(void *data, DBusMessageIter *value)
{
	return append_boolean(value, ((struct fake_bluez_device *)data)->connected);
}

static int device_uuids(void *data, DBusMessageIter *value)
{
	return append_uuids(value, ((struct fake_bluez_device *)data)->uuids, 4);
}

static int device_rssi(void *data, DBusMessageIter *value)
{
	int16_t rssi = -40;

	bus_append_basic(value, DBUS_TYPE_INT16, &rssi);
	return 0;
}

static struct fake_bluez *the_fake; /* for the handlers of devices, whose data is the device */

static void disconnect_profile(struct bus_call *call, void *data)
{
	DBusMessageIter args;
	const char *uuid;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &uuid);
	(void)snprintf(the_fake->disconnected, sizeof(the_fake->disconnected), "%s", uuid);
	the_fake->disconnections++;
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void connect_profile(struct bus_call *call, void *data)
{
	DBusMessageIter args;
	const char *uuid;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &uuid);
	(void)snprintf(the_fake->connected, sizeof(the_fake->connected), "%s", uuid);
	the_fake->connections++;
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static int take_option(void *data, const char *key, DBusMessageIter *value)
{
	struct fake_bluez_registration *registration = data;
	dbus_bool_t on;
	uint16_t number;

	if (strcmp(key, "AutoConnect") == 0 && bus_read_basic(value, DBUS_TYPE_BOOLEAN, &on) == 0)
		registration->auto_connect = on;
	else if (strcmp(key, "Version") == 0 &&
		 bus_read_basic(value, DBUS_TYPE_UINT16, &number) == 0)
		registration->version = number;
	else if (strcmp(key, "Features") == 0 &&
		 bus_read_basic(value, DBUS_TYPE_UINT16, &number) == 0)
		registration->features = number;
	return 0;
}

static void register_profile(struct bus_call *call, void *data)
{
	struct fake_bluez *fake = data;
	struct fake_bluez_registration *registration =
		&fake->registrations[fake->n_registrations % 8];
	DBusMessageIter args;
	const char *text;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &text);
	(void)snprintf(registration->path, sizeof(registration->path), "%s", text);
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &text);
	(void)snprintf(registration->uuid, sizeof(registration->uuid), "%s", text);
	dbus_message_iter_next(&args);
	assert_int_equal(bus_read_dict(&args, take_option, registration), 0);
	fake->n_registrations++;
	if (fake->refuse)
		bus_call_error(call, fake->refuse, "UUID already registered");
	else
		bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void unregister_profile(struct bus_call *call, void *data)
{
	((struct fake_bluez *)data)->unregistrations++;
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static const struct bus_interface manager_interface = {
	.name = "org.bluez.ProfileManager1",
	.methods =
		(const struct bus_method[]){
			{ "RegisterProfile", "o profile, s uuid, a{sv} options", "",
			  register_profile },
			{ "UnregisterProfile", "o profile", "", unregister_profile },
			{ 0 },
		},
};

static const struct bus_interface adapter_interface = {
	.name = "org.bluez.Adapter1",
	.properties =
		(const struct bus_property[]){
			{ "Address", "s", adapter_address, NULL },
			{ "UUIDs", "as", adapter_uuids, NULL },
			{ 0 },
		},
};

static void register_provider(struct bus_call *call, void *data)
{
	struct fake_bluez_adapter *adapter = data;
	DBusMessageIter args;
	const char *path;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	(void)snprintf(adapter->provider, sizeof(adapter->provider), "%s", path);
	adapter->n_providers++;
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static const struct bus_interface battery_interface = {
	.name = "org.bluez.BatteryProviderManager1",
	.methods =
		(const struct bus_method[]){
			{ "RegisterBatteryProvider", "o provider", "", register_provider },
			{ 0 },
		},
};

static const struct bus_interface device_interface = {
	.name = "org.bluez.Device1",
	.methods =
		(const struct bus_method[]){
			{ "ConnectProfile", "s uuid", "", connect_profile },
			{ "DisconnectProfile", "s uuid", "", disconnect_profile },
			{ 0 },
		},
	.properties =
		(const struct bus_property[]){
			{ "Address", "s", device_address, NULL },
			{ "Adapter", "o", device_adapter, NULL },
			{ "Alias", "s", device_alias, NULL },
			{ "Icon", "s", device_icon, NULL },
			{ "Class", "u", device_class, NULL },
			{ "Paired", "b", device_paired, NULL },
			{ "Connected", "b", device_connected, NULL },
			{ "UUIDs", "as", device_uuids, NULL },
			{ "RSSI", "n", device_rssi, NULL },
			{ 0 },
		},
};

static const struct bus_interface *const manager_interfaces[] = { &manager_interface, NULL };
static const struct bus_interface *const adapter_interfaces[] = { &adapter_interface,
								  &battery_interface, NULL };
static const struct bus_interface *const device_interfaces[] = { &device_interface, NULL };

static void set_flag(void *data)
{
	*(bool *)data = true;
}

static void on_owned(void *data, const char *name, bool owned)
{
	*(bool *)data = owned;
}

static const struct bus_events ready_events = { .ready = set_flag };

struct bus *fake_bluez_connect(struct pw_loop *loop, const struct test_bus *daemon)
{
	struct bus *bus;
	bool ready = false;

	assert_int_equal(bus_open(loop, test_bus_address(daemon), &ready_events, &ready, &bus), 0);
	assert_true(loop_until_set(loop, &ready));
	return bus;
}

void fake_bluez_start(struct fake_bluez *fake, struct pw_loop *loop, const struct test_bus *daemon)
{
	*fake = (struct fake_bluez){ 0 };
	the_fake = fake;
	fake->bus = fake_bluez_connect(loop, daemon);
	assert_int_equal(bus_object_manager(fake->bus, "/"), 0);
	assert_int_equal(
		bus_object_new(fake->bus, "/org/bluez", manager_interfaces, fake, &fake->manager),
		0);
}

void fake_bluez_appear(struct fake_bluez *fake, struct pw_loop *loop)
{
	assert_int_equal(bus_request_name(fake->bus, "org.bluez", on_owned, &fake->owned), 0);
	assert_true(loop_until_set(loop, &fake->owned));
}

void fake_bluez_adapter(struct fake_bluez *fake, size_t i)
{
	fake->adapters[i].address = i ? "00:11:22:33:44:66" : "00:11:22:33:44:55";
	assert_int_equal(bus_object_new(fake->bus, i ? HCI1 : HCI0, adapter_interfaces,
					&fake->adapters[i], &fake->adapters[i].object),
			 0);
}

struct fake_bluez_device *fake_bluez_device(struct fake_bluez *fake, size_t i, const char *path)
{
	struct fake_bluez_device *device = &fake->devices[i];

	*device = (struct fake_bluez_device){
		.address = strstr(path, "_02") ? "AA:BB:CC:00:00:02" : "AA:BB:CC:00:00:01",
		.adapter = strncmp(path, HCI1, strlen(HCI1)) == 0 ? HCI1 : HCI0,
		.alias = strstr(path, "_02") ? "Box" : "Headset",
		.icon = "audio-headset",
		.class = strstr(path, "_02") ? 0x240414 : 0x240404,
		.connected = true,
		.uuids = { A2DP_SINK, strstr(path, "_02") ? NULL : HFP_HF },
	};
	assert_int_equal(
		bus_object_new(fake->bus, path, device_interfaces, device, &device->object), 0);
	return device;
}

void fake_bluez_stop(struct fake_bluez *fake)
{
	/* first, as a crash is: nothing is taken back one by one */
	fake->bus = bus_free(fake->bus);
	for (size_t i = 0; i < 4; i++)
		fake->devices[i].object = bus_object_free(fake->devices[i].object);
	for (size_t i = 0; i < 2; i++)
		fake->adapters[i].object = bus_object_free(fake->adapters[i].object);
	fake->manager = bus_object_free(fake->manager);
}
