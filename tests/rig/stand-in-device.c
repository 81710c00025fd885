/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Device1: a paired device, and what connecting and disconnecting it means to the others.
 */
#include "stand-in-internal.h"

#include <string.h>
#include <strings.h>

static uint32_t class_of(enum device_kind kind)
{
	switch (kind) {
	case DEVICE_HEADSET:
	case DEVICE_HEARING_AID:
		return 0x240404; /* audio, wearable headset */
	case DEVICE_SPEAKER:
		return 0x240414; /* audio, loudspeaker */
	case DEVICE_CAR:
		return 0x240420; /* audio, car audio */
	}
	return 0;
}

static const char *icon_of(enum device_kind kind)
{
	switch (kind) {
	case DEVICE_HEADSET:
	case DEVICE_HEARING_AID:
		return "audio-headset";
	case DEVICE_SPEAKER:
	case DEVICE_CAR:
		return "audio-card";
	}
	return "";
}

static void append_bool(DBusMessageIter *value, bool is)
{
	dbus_bool_t wide = is;

	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &wide);
}

static int get_address(void *data, DBusMessageIter *value)
{
	const struct device *device = data;
	const char *address = device->address;

	bus_append_basic(value, DBUS_TYPE_STRING, &address);
	return 0;
}

static int get_address_type(void *data, DBusMessageIter *value)
{
	const char *type = "public";

	bus_append_basic(value, DBUS_TYPE_STRING, &type);
	return 0;
}

static int get_name(void *data, DBusMessageIter *value)
{
	const struct device *device = data;
	const char *name = device->name;

	bus_append_basic(value, DBUS_TYPE_STRING, &name);
	return 0;
}

static int get_class(void *data, DBusMessageIter *value)
{
	const struct device *device = data;
	uint32_t class = class_of(device->kind);

	bus_append_basic(value, DBUS_TYPE_UINT32, &class);
	return 0;
}

static int get_icon(void *data, DBusMessageIter *value)
{
	const struct device *device = data;
	const char *icon = icon_of(device->kind);

	bus_append_basic(value, DBUS_TYPE_STRING, &icon);
	return 0;
}

static int get_adapter(void *data, DBusMessageIter *value)
{
	const char *path = ADAPTER_PATH;

	bus_append_basic(value, DBUS_TYPE_OBJECT_PATH, &path);
	return 0;
}

static int get_uuids(void *data, DBusMessageIter *value)
{
	const struct device *device = data;
	const char *uuids[4] = { NULL };
	size_t n = 0;

	if (device->a2dp)
		uuids[n++] = UUID_A2DP_SINK;
	if (device->handsfree)
		uuids[n++] = UUID_HFP_HF;
	if (device->headset)
		uuids[n++] = UUID_HSP_HS;
	append_strings(value, uuids);
	return 0;
}

static int get_yes(void *data, DBusMessageIter *value)
{
	append_bool(value, true);
	return 0;
}

static int get_no(void *data, DBusMessageIter *value)
{
	append_bool(value, false);
	return 0;
}

static int get_connected(void *data, DBusMessageIter *value)
{
	const struct device *device = data;

	append_bool(value, device->connected);
	return 0;
}

static void told_to_let_go(struct device *device)
{
	struct stand_in *stand_in = device->stand_in;

	if (stand_in->events->disconnected)
		stand_in->events->disconnected(stand_in->data, device->address);
}

static void connect_all(struct bus_call *call, void *data)
{
	bus_call_reply(call, DBUS_TYPE_INVALID);
	device_connect(data);
}

static void disconnect_all(struct bus_call *call, void *data)
{
	struct device *device = data;

	bus_call_reply(call, DBUS_TYPE_INVALID);
	device_disconnect(device);
	told_to_let_go(device);
}

static const char *uuid_argument(struct bus_call *call)
{
	DBusMessageIter args;
	const char *uuid;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &uuid);
	return uuid;
}

static void connect_profile(struct bus_call *call, void *data)
{
	struct device *device = data;
	const char *uuid = uuid_argument(call);

	if (!strcasecmp(uuid, UUID_A2DP_SINK) && device->a2dp) {
		media_connect(device);
	} else if (!strcasecmp(uuid, UUID_HFP_HF) && device->handsfree) {
		profile_connect(device, false);
	} else if (!strcasecmp(uuid, UUID_HSP_HS) && device->headset) {
		profile_connect(device, true);
	} else {
		bus_call_error(call, "org.bluez.Error.NotAvailable",
			       "br-connection-profile-unavailable");
		return;
	}
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void disconnect_profile(struct bus_call *call, void *data)
{
	struct device *device = data;
	const char *uuid = uuid_argument(call);

	if (!strcasecmp(uuid, UUID_A2DP_SINK)) {
		media_disconnect(device);
	} else if (!strcasecmp(uuid, UUID_HFP_HF) || !strcasecmp(uuid, UUID_HSP_HS)) {
		profile_disconnect(device,
				   !strcasecmp(uuid, UUID_HFP_HF) ? UUID_HFP_AG : UUID_HSP_AG);
		told_to_let_go(device);
	} else {
		bus_call_error(call, "org.bluez.Error.InvalidArguments", "no such profile");
		return;
	}
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static const struct bus_interface device_interface = {
	.name = "org.bluez.Device1",
	.methods =
		(const struct bus_method[]){
			{ "Connect", "", "", connect_all },
			{ "Disconnect", "", "", disconnect_all },
			{ "ConnectProfile", "s UUID", "", connect_profile },
			{ "DisconnectProfile", "s UUID", "", disconnect_profile },
			{ 0 },
		},
	.properties =
		(const struct bus_property[]){
			{ "Address", "s", get_address, NULL },
			{ "AddressType", "s", get_address_type, NULL },
			{ "Name", "s", get_name, NULL },
			{ "Alias", "s", get_name, NULL },
			{ "Class", "u", get_class, NULL },
			{ "Icon", "s", get_icon, NULL },
			{ "Paired", "b", get_yes, NULL },
			{ "Bonded", "b", get_yes, NULL },
			{ "Trusted", "b", get_yes, NULL },
			{ "Blocked", "b", get_no, NULL },
			{ "LegacyPairing", "b", get_no, NULL },
			{ "Connected", "b", get_connected, NULL },
			{ "ServicesResolved", "b", get_connected, NULL },
			{ "UUIDs", "as", get_uuids, NULL },
			{ "Adapter", "o", get_adapter, NULL },
			{ 0 },
		},
};

int device_publish(struct device *device)
{
	static const struct bus_interface *const interfaces[] = { &device_interface, NULL };

	int r = bus_object_new(device->stand_in->bus, device->path, interfaces, device,
			       &device->object);
	return r < 0 ? r : media_publish(device);
}

void device_unpublish(struct device *device)
{
	media_unpublish(device);
	device->object = bus_object_free(device->object);
}

static void set_connected(struct device *device, bool connected)
{
	device->connected = connected;
	if (!device->object)
		return;
	bus_object_changed(device->object, "org.bluez.Device1", "Connected");
	bus_object_changed(device->object, "org.bluez.Device1", "ServicesResolved");
	bus_object_flush(device->object);
}

void device_connect(struct device *device)
{
	if (device->connected)
		return;
	set_connected(device, true);
	if (device->handsfree && !device->late)
		profile_connect(device, false);
	else if (device->headset && !device->late)
		profile_connect(device, true);
	media_connect(device);
}

void device_disconnect(struct device *device)
{
	if (!device->connected)
		return;
	media_disconnect(device);
	if (device->handsfree)
		profile_disconnect(device, UUID_HFP_AG);
	else if (device->headset)
		profile_disconnect(device, UUID_HSP_AG);
	set_connected(device, false);
}
