/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A battery provider for each adapter: bluetoothd follows our objects below the provider's path by
 * their ObjectManager, so all there is to do is to register when the adapter's manager appears, and
 * to have an object for each battery that is known. After a restart of bluetoothd it finds the
 * objects that are there.
 *
 * Source: org.bluez.BatteryProviderManager and org.bluez.BatteryProvider of BlueZ.
 */
#include "battery.h"

#include "bluez-private.h"

#include "daemon/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROVIDER_INTERFACE "org.bluez.BatteryProvider1"
#define PROVIDER_PREFIX "/org/callroute/battery_"

static int get_percentage(void *data, DBusMessageIter *value)
{
	const struct bluez_battery *battery = data;

	bus_append_basic(value, DBUS_TYPE_BYTE, &battery->percent);
	return 0;
}

static int get_source(void *data, DBusMessageIter *value)
{
	const char *source = "Hands-Free";

	bus_append_basic(value, DBUS_TYPE_STRING, &source);
	return 0;
}

static int get_device(void *data, DBusMessageIter *value)
{
	const struct bluez_battery *battery = data;
	const char *path = battery->path;

	bus_append_basic(value, DBUS_TYPE_OBJECT_PATH, &path);
	return 0;
}

static const struct bus_property provider_properties[] = {
	{ "Percentage", "y", get_percentage, NULL },
	{ "Source", "s", get_source, NULL },
	{ "Device", "o", get_device, NULL },
	{ 0 },
};

static const struct bus_interface provider_interface = {
	.name = PROVIDER_INTERFACE,
	.properties = provider_properties,
};

static const struct bus_interface *const provider_interfaces[] = { &provider_interface, NULL };

static void registered(void *data, DBusMessage *reply, const char *error)
{
	if (error)
		log_info("bluetoothd takes no batteries from us: %s", error);
}

void bluez_batteries_register(struct bluez *bluez, const char *adapter_path)
{
	const char *name = strrchr(adapter_path, '/');
	char root[BLUEZ_PATH_SIZE];
	const char *path = root;
	DBusMessage *message;
	int r;

	if (!name ||
	    snprintf(root, sizeof(root), PROVIDER_PREFIX "%s", name + 1) >= (int)sizeof(root))
		return;
	r = bus_object_manager_of(bluez->bus, root, PROVIDER_INTERFACE);
	if (r < 0 && r != -EEXIST) {
		log_error("No battery provider: %s", strerror(-r));
		return;
	}
	message = bus_message(BLUEZ_SERVICE, adapter_path, BLUEZ_BATTERY_MANAGER,
			      "RegisterBatteryProvider", DBUS_TYPE_OBJECT_PATH, &path,
			      DBUS_TYPE_INVALID);
	if (message)
		(void)bus_send(bluez->bus, message, -1, registered, NULL, NULL);
}

static struct bluez_battery *find(struct bluez *bluez, route_device device)
{
	for (size_t i = 0; i < BLUEZ_MAX_BATTERIES; i++)
		if (bluez->batteries[i].device == device)
			return &bluez->batteries[i];
	return NULL;
}

static void forget(struct bluez_battery *battery)
{
	bus_object_free(battery->object);
	*battery = (struct bluez_battery){ 0 };
}

/* "/org/bluez/hci0/dev_…" becomes "/org/callroute/battery_hci0/dev_…" */
static int publish(struct bluez *bluez, struct bluez_battery *battery)
{
	static const char prefix[] = "/org/bluez/";
	char path[BLUEZ_PATH_SIZE + sizeof(PROVIDER_PREFIX)];

	if (strncmp(battery->path, prefix, sizeof(prefix) - 1) != 0)
		return -EINVAL;
	(void)snprintf(path, sizeof(path), PROVIDER_PREFIX "%s",
		       battery->path + sizeof(prefix) - 1);
	return bus_object_new(bluez->bus, path, provider_interfaces, battery, &battery->object);
}

void bluez_battery_set(struct bluez *bluez, route_device device, int percent)
{
	const struct bluez_device *known = bluez_find(bluez, device);
	struct bluez_battery *battery = find(bluez, device);
	int r;

	/* it may have come back on another adapter */
	if (battery && (percent < 0 || !known || strcmp(battery->path, known->path) != 0)) {
		forget(battery);
		battery = NULL;
	}
	if (percent < 0 || !known)
		return;
	percent = percent > 100 ? 100 : percent;
	if (battery) {
		if (battery->percent == percent)
			return;
		battery->percent = (uint8_t)percent;
		bus_object_changed(battery->object, PROVIDER_INTERFACE, "Percentage");
		return;
	}
	battery = find(bluez, 0);
	if (!battery)
		return;
	battery->device = device;
	battery->percent = (uint8_t)percent;
	(void)snprintf(battery->path, sizeof(battery->path), "%s", known->path);
	r = publish(bluez, battery);
	if (r < 0) {
		log_warning("A headset's battery is not shown: %s", strerror(-r));
		forget(battery);
	}
}

void bluez_batteries_done(struct bluez *bluez)
{
	for (size_t i = 0; i < BLUEZ_MAX_BATTERIES; i++)
		if (bluez->batteries[i].device)
			forget(&bluez->batteries[i]);
}
