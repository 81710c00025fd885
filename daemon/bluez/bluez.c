/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The adapters and devices of bluetoothd. Who listens is told of a device once its address and its
 * adapter's are known; objects may come in any order.
 *
 * The same device may be paired with two adapters, and is then one device to everybody else: the
 * connected one of the two, or the one that came first.
 */
#include "bluez-private.h"

#include "daemon/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADAPTER_INTERFACE "org.bluez.Adapter1"
#define DEVICE_INTERFACE "org.bluez.Device1"
/* adapters, devices, and what hangs below devices (endpoints, transports, GATT services) */
#define MAX_OBJECTS 4096

bool bluez_entry_known(const struct bluez_entry *entry)
{
	return entry->device.device && entry->device.adapter;
}

struct bluez_entry *bluez_entry_find(const struct bluez *bluez, const char *path)
{
	for (size_t i = 0; i < bluez->n_entries; i++)
		if (strcmp(bluez->entries[i]->device.path, path) == 0)
			return bluez->entries[i];
	return NULL;
}

const struct bluez_device *bluez_find(const struct bluez *bluez, route_device device)
{
	const struct bluez_entry *found = NULL;

	for (size_t i = 0; i < bluez->n_entries; i++) {
		const struct bluez_entry *entry = bluez->entries[i];

		if (entry->device.device != device || !bluez_entry_known(entry))
			continue;
		if (!found || (entry->device.connected && !found->device.connected))
			found = entry;
	}
	return found ? &found->device : NULL;
}

static void tell(struct bluez *bluez, const struct bluez_entry *entry)
{
	if (bluez_entry_known(entry) && bluez->events->device)
		bluez->events->device(bluez->data, bluez_find(bluez, entry->device.device));
}

/* @device is a copy: its entry has been removed. */
static void tell_gone(struct bluez *bluez, const struct bluez_device *device)
{
	const struct bluez_device *twin = bluez_find(bluez, device->device);

	if (twin) {
		if (bluez->events->device)
			bluez->events->device(bluez->data, twin);
	} else if (bluez->events->device_gone) {
		bluez->events->device_gone(bluez->data, device);
	}
}

static struct bluez_adapter *adapter_find(struct bluez *bluez, const char *path)
{
	for (size_t i = 0; i < bluez->n_adapters; i++)
		if (strcmp(bluez->adapters[i].path, path) == 0)
			return &bluez->adapters[i];
	return NULL;
}

static int take_adapter_address(void *data, const char *key, DBusMessageIter *value)
{
	const char *text;

	if (strcmp(key, "Address") == 0 && bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
		(void)route_device_from_address(text, data);
	return 0;
}

static void adapter_added(struct bluez *bluez, const char *path, DBusMessageIter *properties)
{
	struct bluez_adapter *adapter = adapter_find(bluez, path);
	route_device address = 0;

	(void)bus_read_dict(properties, take_adapter_address, &address);
	if (strlen(path) >= BLUEZ_PATH_SIZE || !address)
		return;
	if (!adapter) {
		if (bluez->n_adapters == BLUEZ_MAX_ADAPTERS) {
			log_warning("More than %d Bluetooth adapters, ignoring %s",
				    BLUEZ_MAX_ADAPTERS, path);
			return;
		}
		adapter = &bluez->adapters[bluez->n_adapters++];
		(void)snprintf(adapter->path, sizeof(adapter->path), "%s", path);
	}
	adapter->address = address;
	for (size_t i = 0; i < bluez->n_entries; i++) {
		struct bluez_entry *entry = bluez->entries[i];

		if (strcmp(entry->adapter_path, path) == 0 && !entry->device.adapter) {
			entry->device.adapter = address;
			tell(bluez, entry);
		}
	}
}

static void adapter_removed(struct bluez *bluez, const char *path)
{
	struct bluez_adapter *adapter = adapter_find(bluez, path);

	/* its devices are removed one by one, by bluetoothd */
	if (adapter)
		*adapter = bluez->adapters[--bluez->n_adapters];
}

static void device_added(struct bluez *bluez, const char *path, DBusMessageIter *properties)
{
	struct bluez_entry *entry = bluez_entry_find(bluez, path);
	struct bluez_adapter *adapter;

	if (!entry) {
		if (strlen(path) >= BLUEZ_PATH_SIZE)
			return;
		if (bluez->n_entries == BLUEZ_MAX_DEVICES) {
			log_warning("More than %d Bluetooth devices, ignoring %s",
				    BLUEZ_MAX_DEVICES, path);
			return;
		}
		entry = calloc(1, sizeof(*entry));
		if (!entry) {
			log_error("No memory for device %s, continuing without it", path);
			return;
		}
		(void)snprintf(entry->device.path, sizeof(entry->device.path), "%s", path);
		bluez->entries[bluez->n_entries++] = entry;
	}
	bluez_entry_update(entry, properties);
	adapter = adapter_find(bluez, entry->adapter_path);
	entry->device.adapter = adapter ? adapter->address : 0;
	tell(bluez, entry);
}

static void device_removed(struct bluez *bluez, const char *path)
{
	for (size_t i = 0; i < bluez->n_entries; i++) {
		struct bluez_entry *entry = bluez->entries[i];
		struct bluez_device device;

		if (strcmp(entry->device.path, path) != 0)
			continue;
		device = entry->device;
		bluez->n_entries--;
		/* in order: which of two twins came first has a meaning */
		memmove(&bluez->entries[i], &bluez->entries[i + 1],
			(bluez->n_entries - i) * sizeof(bluez->entries[0]));
		if (bluez_entry_known(entry))
			tell_gone(bluez, &device);
		free(entry);
		return;
	}
}

static void on_service(void *data, const char *owner)
{
	struct bluez *bluez = data;

	if (owner) {
		if (strcmp(bluez->owner, owner) == 0)
			return;
		(void)snprintf(bluez->owner, sizeof(bluez->owner), "%s", owner);
		/* the profiles are asked for with the first adapter: a device that connects at once
		 * then belongs to an adapter that is known */
		log_info("bluetoothd is there");
	} else {
		if (bluez->owner[0])
			log_notice("bluetoothd has gone");
		bluez->owner[0] = '\0';
		bluez_profiles_forget(bluez);
	}
}

static void on_added(void *data, const char *path, const char *interface,
		     DBusMessageIter *properties)
{
	struct bluez *bluez = data;

	if (strcmp(interface, DEVICE_INTERFACE) == 0) {
		device_added(bluez, path, properties);
	} else if (strcmp(interface, ADAPTER_INTERFACE) == 0) {
		adapter_added(bluez, path, properties);
		bluez_profiles_ask(bluez);
	} else if (strcmp(interface, BLUEZ_BATTERY_MANAGER) == 0) {
		bluez_batteries_register(bluez, path);
	}
}

static void on_removed(void *data, const char *path, const char *interface)
{
	struct bluez *bluez = data;

	if (strcmp(interface, DEVICE_INTERFACE) == 0)
		device_removed(bluez, path);
	else if (strcmp(interface, ADAPTER_INTERFACE) == 0)
		adapter_removed(bluez, path);
}

static int note_uuids(void *data, const char *key, DBusMessageIter *value)
{
	if (strcmp(key, "UUIDs") == 0)
		*(bool *)data = true;
	return 0;
}

static void on_changed(void *data, const char *path, const char *interface,
		       DBusMessageIter *properties)
{
	struct bluez *bluez = data;

	if (strcmp(interface, DEVICE_INTERFACE) == 0) {
		struct bluez_entry *entry = bluez_entry_find(bluez, path);

		if (entry) {
			struct bluez_device before = entry->device;

			/* much of what changes is not ours, signal strength above all */
			bluez_entry_update(entry, properties);
			if (memcmp(&before, &entry->device, sizeof(before)) != 0)
				tell(bluez, entry);
		}
	} else if (strcmp(interface, ADAPTER_INTERFACE) == 0) {
		bool uuids = false;

		/* the adapter's services change when another program lets go of a profile */
		(void)bus_read_dict(properties, note_uuids, &uuids);
		if (uuids)
			bluez_profiles_ask(bluez);
	}
}

static const struct bus_remote_events remote_events = {
	.service = on_service,
	.added = on_added,
	.removed = on_removed,
	.changed = on_changed,
};

int bluez_new(struct bus *bus, const struct bluez_options *options,
	      const struct bluez_events *events, void *data, struct bluez **ret)
{
	struct bluez *bluez = calloc(1, sizeof(*bluez));
	int r;

	if (!bluez)
		return -ENOMEM;
	bluez->bus = bus;
	bluez->options = *options;
	bluez->events = events;
	bluez->data = data;

	r = bluez_profiles_init(bluez);
	if (r < 0)
		goto fail;
	r = bus_remote_new(bus, BLUEZ_SERVICE, "/", MAX_OBJECTS, &remote_events, bluez,
			   &bluez->remote);
	if (r < 0)
		goto fail;
	*ret = bluez;
	return 0;
fail:
	bluez_free(bluez);
	return r;
}

struct bluez *bluez_free(struct bluez *bluez)
{
	if (!bluez)
		return NULL;
	bluez_profiles_done(bluez);
	bluez_batteries_done(bluez);
	bus_remote_free(bluez->remote);
	for (size_t i = 0; i < bluez->n_entries; i++)
		free(bluez->entries[i]);
	free(bluez);
	return NULL;
}

struct ask {
	const char *member; /* of Device1 */
	const char *verb;
};

static const struct ask connecting = { "ConnectProfile", "connect" };
static const struct ask disconnecting = { "DisconnectProfile", "disconnect" };

static void on_asked(void *data, DBusMessage *reply, const char *error)
{
	const struct ask *ask = data;

	/* a channel that we closed ourselves is not there to be disconnected any more */
	if (error)
		log_info("bluetoothd could not %s a headset: %s", ask->verb, error);
}

static void ask_for_profile(struct bluez *bluez, route_device device, enum bluez_profile profile,
			    const struct ask *ask)
{
	/* Device1 names a profile by the service of the device, not by our end of it */
	static const char *const remote_uuids[] = {
		[BLUEZ_HFP] = "0000111e-0000-1000-8000-00805f9b34fb",
		[BLUEZ_HSP] = "00001108-0000-1000-8000-00805f9b34fb",
	};
	const struct bluez_device *found = bluez_find(bluez, device);
	union { /* the callback's data is not const */
		const struct ask *in;
		void *out;
	} data = { .in = ask };
	DBusMessage *message;

	if (!found || !bluez->owner[0])
		return;
	message = bus_message(BLUEZ_SERVICE, found->path, DEVICE_INTERFACE, ask->member,
			      DBUS_TYPE_STRING, &remote_uuids[profile], DBUS_TYPE_INVALID);
	if (!message || bus_send(bluez->bus, message, -1, on_asked, data.out, NULL) < 0)
		log_warning("Could not ask bluetoothd to %s a headset, continuing", ask->verb);
}

/* Two adapters of one machine may be connected with each other. */
static bool is_own(const struct bluez *bluez, route_device device)
{
	for (size_t i = 0; i < bluez->n_adapters; i++) {
		if (bluez->adapters[i].address == device)
			return true;
	}
	return false;
}

void bluez_connect_handsfree(struct bluez *bluez, route_device device)
{
	const struct bluez_device *found = bluez_find(bluez, device);

	/* another computer has both ends of HFP, and wants neither of them for its music */
	if (found && found->connected && found->handsfree && !found->gateway &&
	    !is_own(bluez, device))
		ask_for_profile(bluez, device, found->headset_only ? BLUEZ_HSP : BLUEZ_HFP,
				&connecting);
}

void bluez_disconnect_profile(struct bluez *bluez, route_device device, enum bluez_profile profile)
{
	ask_for_profile(bluez, device, profile, &disconnecting);
}
