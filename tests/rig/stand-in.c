/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The stand-in's frame: its connection and name, the adapter, and the list of devices, which
 * survives a stop as a real bluetoothd's storage does.
 */
#include "stand-in-internal.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- clients ------------------------------------------------------------------------------------ */

void client_forget(struct client *client)
{
	client->watch = bus_name_watch_free(client->watch);
	client->sender[0] = '\0';
	client->path[0] = '\0';
}

static void on_client_owner(void *data, const char *name, const char *owner)
{
	if (!owner)
		client_forget(data);
}

int client_remember(struct stand_in *stand_in, struct client *client, const char *sender,
		    const char *path)
{
	client_forget(client);
	(void)snprintf(client->sender, sizeof(client->sender), "%s", sender);
	(void)snprintf(client->path, sizeof(client->path), "%s", path);
	return bus_watch_name(stand_in->bus, sender, on_client_owner, client, &client->watch);
}

void append_strings(DBusMessageIter *iter, const char *const *strings)
{
	DBusMessageIter array;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "s", &array);
	for (; *strings; strings++)
		dbus_message_iter_append_basic(&array, DBUS_TYPE_STRING, strings);
	dbus_message_iter_close_container(iter, &array);
}

/* ---- Adapter1 ------------------------------------------------------------------------------------- */

static int get_address(void *data, DBusMessageIter *value)
{
	const char *address = STAND_IN_ADAPTER;

	bus_append_basic(value, DBUS_TYPE_STRING, &address);
	return 0;
}

static int get_name(void *data, DBusMessageIter *value)
{
	const char *name = "rig";

	bus_append_basic(value, DBUS_TYPE_STRING, &name);
	return 0;
}

static int get_class(void *data, DBusMessageIter *value)
{
	uint32_t class = 0x0c010c;

	bus_append_basic(value, DBUS_TYPE_UINT32, &class);
	return 0;
}

static int get_true(void *data, DBusMessageIter *value)
{
	dbus_bool_t yes = TRUE;

	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &yes);
	return 0;
}

static int get_false(void *data, DBusMessageIter *value)
{
	dbus_bool_t no = FALSE;

	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &no);
	return 0;
}

static int get_uuids(void *data, DBusMessageIter *value)
{
	append_strings(value, (const char *const[]){ UUID_A2DP_SOURCE, UUID_A2DP_SINK, NULL });
	return 0;
}

static int get_modalias(void *data, DBusMessageIter *value)
{
	const char *modalias = "usb:v1D6Bp0246d0542";

	bus_append_basic(value, DBUS_TYPE_STRING, &modalias);
	return 0;
}

static int set_nothing(void *data, DBusMessageIter *value, DBusError *error)
{
	return 0;
}

static void do_nothing(struct bus_call *call, void *data)
{
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static const struct bus_interface adapter_interface = {
	.name = "org.bluez.Adapter1",
	.methods =
		(const struct bus_method[]){
			{ "StartDiscovery", "", "", do_nothing },
			{ "StopDiscovery", "", "", do_nothing },
			{ "SetDiscoveryFilter", "a{sv} filter", "", do_nothing },
			{ 0 },
		},
	.properties =
		(const struct bus_property[]){
			{ "Address", "s", get_address, NULL },
			{ "Name", "s", get_name, NULL },
			{ "Alias", "s", get_name, NULL },
			{ "Class", "u", get_class, NULL },
			{ "Powered", "b", get_true, set_nothing },
			{ "Discoverable", "b", get_false, set_nothing },
			{ "Pairable", "b", get_true, set_nothing },
			{ "UUIDs", "as", get_uuids, NULL },
			{ "Modalias", "s", get_modalias, NULL },
			{ 0 },
		},
};

/* ---- the service ------------------------------------------------------------------------------------ */

static void on_owned(void *data, const char *name, bool owned)
{
	struct stand_in *stand_in = data;

	stand_in->up = owned;
}

static void on_ready(void *data)
{
	static const struct bus_interface *const root[] = { &profile_manager_interface,
							    &agent_manager_interface, NULL };
	static const struct bus_interface *const adapter[] = { &adapter_interface, &media_interface,
							       &battery_interface, NULL };
	struct stand_in *stand_in = data;

	if (bus_object_manager(stand_in->bus, "/") < 0 ||
	    bus_object_new(stand_in->bus, "/org/bluez", root, stand_in, &stand_in->root) < 0 ||
	    bus_object_new(stand_in->bus, ADAPTER_PATH, adapter, stand_in, &stand_in->adapter) < 0)
		return;
	for (size_t i = 0; i < stand_in->n_devices; i++)
		(void)device_publish(stand_in->devices[i]);
	(void)bus_request_name(stand_in->bus, BLUEZ_NAME, on_owned, stand_in);
}

int stand_in_start(struct stand_in *stand_in)
{
	static const struct bus_events events = { .ready = on_ready };

	return bus_open(stand_in->loop, stand_in->bus_address, &events, stand_in, &stand_in->bus);
}

void stand_in_stop(struct stand_in *stand_in)
{
	stand_in->up = false;
	for (size_t i = 0; i < stand_in->n_devices; i++) {
		media_disconnect(stand_in->devices[i]);
		device_unpublish(stand_in->devices[i]);
	}
	profile_forget_all(stand_in);
	client_forget(&stand_in->media);
	stand_in->root = bus_object_free(stand_in->root);
	stand_in->adapter = bus_object_free(stand_in->adapter);
	stand_in->bus = bus_free(stand_in->bus);
}

int stand_in_new(struct pw_loop *loop, const char *address, const struct stand_in_events *events,
		 void *data, struct stand_in **ret)
{
	struct stand_in *stand_in = calloc(1, sizeof(*stand_in));

	if (!stand_in)
		return -ENOMEM;
	stand_in->loop = loop;
	stand_in->events = events;
	stand_in->data = data;
	(void)snprintf(stand_in->bus_address, sizeof(stand_in->bus_address), "%s", address);
	int r = stand_in_start(stand_in);
	if (r < 0) {
		free(stand_in);
		return r;
	}
	*ret = stand_in;
	return 0;
}

struct stand_in *stand_in_free(struct stand_in *stand_in)
{
	if (!stand_in)
		return NULL;
	stand_in_stop(stand_in);
	for (size_t i = 0; i < stand_in->n_devices; i++)
		free(stand_in->devices[i]);
	free(stand_in);
	return NULL;
}

/* ---- devices -------------------------------------------------------------------------------------- */

struct device *stand_in_find(const struct stand_in *stand_in, const char *address)
{
	for (size_t i = 0; i < stand_in->n_devices; i++) {
		if (!strcmp(stand_in->devices[i]->address, address))
			return stand_in->devices[i];
	}
	return NULL;
}

int stand_in_add(struct stand_in *stand_in, const struct stand_in_device *info)
{
	if (stand_in_find(stand_in, info->address))
		return -EEXIST;
	if (stand_in->n_devices == STAND_IN_MAX_DEVICES)
		return -ENOSPC;
	struct device *device = calloc(1, sizeof(*device));
	if (!device)
		return -ENOMEM;
	device->stand_in = stand_in;
	(void)snprintf(device->address, sizeof(device->address), "%s", info->address);
	(void)snprintf(device->name, sizeof(device->name), "%s", info->name);
	(void)snprintf(device->path, sizeof(device->path), "%s/dev_%s", ADAPTER_PATH,
		       device->address);
	for (char *p = device->path; *p; p++) {
		if (*p == ':')
			*p = '_';
	}
	device->kind = info->kind;
	device->handsfree = info->handsfree;
	device->headset = info->headset;
	device->a2dp = info->a2dp;
	device->late = info->late;
	device->transport.device = device;
	device->transport.fd = -1;
	stand_in->devices[stand_in->n_devices++] = device;
	return stand_in->up ? device_publish(device) : 0;
}

void stand_in_remove(struct stand_in *stand_in, const char *address)
{
	for (size_t i = 0; i < stand_in->n_devices; i++) {
		struct device *device = stand_in->devices[i];

		if (strcmp(device->address, address))
			continue;
		device_disconnect(device);
		device_unpublish(device);
		free(device);
		stand_in->devices[i] = stand_in->devices[--stand_in->n_devices];
		return;
	}
}

int stand_in_connect(struct stand_in *stand_in, const char *address)
{
	struct device *device = stand_in_find(stand_in, address);

	if (!device)
		return -ENOENT;
	device_connect(device);
	return 0;
}

void stand_in_disconnect(struct stand_in *stand_in, const char *address)
{
	struct device *device = stand_in_find(stand_in, address);

	if (device)
		device_disconnect(device);
}

bool stand_in_connected(const struct stand_in *stand_in, const char *address)
{
	const struct device *device = stand_in_find(stand_in, address);

	return device && device->connected;
}

bool stand_in_up(const struct stand_in *stand_in)
{
	return stand_in->up;
}

bool stand_in_served(const struct stand_in *stand_in, bool hsp)
{
	const char *uuid = hsp ? UUID_HSP_AG : UUID_HFP_AG;

	for (size_t i = 0; i < MAX_PROFILES; i++) {
		const struct profile *profile = &stand_in->profiles[i];

		if (profile->client.sender[0] && !strcmp(profile->uuid, uuid))
			return true;
	}
	return false;
}

bool stand_in_media_served(const struct stand_in *stand_in)
{
	return stand_in->media.sender[0] != '\0';
}

unsigned long stand_in_a2dp_bytes(const struct stand_in *stand_in, const char *address)
{
	const struct device *device = stand_in_find(stand_in, address);

	return device ? device->transport.bytes : 0;
}

bool stand_in_a2dp_active(const struct stand_in *stand_in, const char *address)
{
	const struct device *device = stand_in_find(stand_in, address);

	return device && device->transport.fd >= 0;
}
