/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Media1 and A2DP: of an application's endpoints the one that sends SBC is chosen; a connected
 * device's transport is configured with it, and swallows what it is sent once acquired.
 *
 * The order is BlueZ's: SelectConfiguration, the transport object, SetConfiguration.
 */
#include "stand-in-internal.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CODEC_SBC 0
#define MTU 895

/* All of SBC up to bitpool 53, as a common headset has it. */
static const uint8_t device_capabilities[4] = { 0xff, 0xff, 2, 53 };

/* ---- MediaTransport1 -------------------------------------------------------------------------------- */

static void append_bytes(DBusMessageIter *iter, const uint8_t *bytes, size_t n)
{
	DBusMessageIter array;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "y", &array);
	dbus_message_iter_append_fixed_array(&array, DBUS_TYPE_BYTE, &bytes, (int)n);
	dbus_message_iter_close_container(iter, &array);
}

static int get_device(void *data, DBusMessageIter *value)
{
	const struct transport *transport = data;
	const char *path = transport->device->path;

	bus_append_basic(value, DBUS_TYPE_OBJECT_PATH, &path);
	return 0;
}

static int get_uuid(void *data, DBusMessageIter *value)
{
	const char *uuid = UUID_A2DP_SOURCE;

	bus_append_basic(value, DBUS_TYPE_STRING, &uuid);
	return 0;
}

static int get_codec(void *data, DBusMessageIter *value)
{
	uint8_t codec = CODEC_SBC;

	bus_append_basic(value, DBUS_TYPE_BYTE, &codec);
	return 0;
}

static int get_configuration(void *data, DBusMessageIter *value)
{
	const struct transport *transport = data;

	append_bytes(value, transport->configuration, sizeof(transport->configuration));
	return 0;
}

static int get_state(void *data, DBusMessageIter *value)
{
	const struct transport *transport = data;
	const char *state = transport->fd >= 0 ? "active" : "idle";

	bus_append_basic(value, DBUS_TYPE_STRING, &state);
	return 0;
}

static int get_delay(void *data, DBusMessageIter *value)
{
	uint16_t delay = 0;

	bus_append_basic(value, DBUS_TYPE_UINT16, &delay);
	return 0;
}

static void transport_idle(struct transport *transport)
{
	if (transport->io)
		pw_loop_destroy_source(transport->device->stand_in->loop, transport->io);
	transport->io = NULL;
	if (transport->fd >= 0)
		close(transport->fd);
	transport->fd = -1;
	if (transport->object)
		bus_object_changed(transport->object, "org.bluez.MediaTransport1", "State");
}

static void on_sound(void *data, int fd, uint32_t mask)
{
	struct transport *transport = data;
	char packet[4096];
	ssize_t n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		transport_idle(transport);
	else
		transport->bytes += (unsigned long)n;
}

static void acquire(struct bus_call *call, void *data)
{
	struct transport *transport = data;
	uint16_t mtu = MTU;
	int pair[2];

	if (transport->fd >= 0) {
		bus_call_error(call, "org.bluez.Error.NotAuthorized", "Operation Not Authorized");
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		bus_call_error(call, "org.bluez.Error.Failed", "no socket");
		return;
	}
	transport->fd = pair[0];
	transport->io = pw_loop_add_io(transport->device->stand_in->loop, pair[0],
				       SPA_IO_IN | SPA_IO_HUP, false, on_sound, transport);
	bus_call_reply(call, DBUS_TYPE_UNIX_FD, &pair[1], DBUS_TYPE_UINT16, &mtu, DBUS_TYPE_UINT16,
		       &mtu, DBUS_TYPE_INVALID);
	close(pair[1]);
	bus_object_changed(transport->object, "org.bluez.MediaTransport1", "State");
}

/* Only for a transport that the device has begun to stream on, which ours never does. */
static void try_acquire(struct bus_call *call, void *data)
{
	bus_call_error(call, "org.bluez.Error.NotAvailable", "Operation currently not available");
}

static void release(struct bus_call *call, void *data)
{
	bus_call_reply(call, DBUS_TYPE_INVALID);
	transport_idle(data);
}

static const struct bus_interface transport_interface = {
	.name = "org.bluez.MediaTransport1",
	.methods =
		(const struct bus_method[]){
			{ "Acquire", "", "h fd, q mtu_r, q mtu_w", acquire },
			{ "TryAcquire", "", "h fd, q mtu_r, q mtu_w", try_acquire },
			{ "Release", "", "", release },
			{ 0 },
		},
	.properties =
		(const struct bus_property[]){
			{ "Device", "o", get_device, NULL },
			{ "UUID", "s", get_uuid, NULL },
			{ "Codec", "y", get_codec, NULL },
			{ "Configuration", "ay", get_configuration, NULL },
			{ "State", "s", get_state, NULL },
			{ "Delay", "q", get_delay, NULL },
			{ 0 },
		},
};

/* ---- MediaEndpoint1 of a device ------------------------------------------------------------------ */

static int get_remote_device(void *data, DBusMessageIter *value)
{
	const struct device *device = data;
	const char *path = device->path;

	bus_append_basic(value, DBUS_TYPE_OBJECT_PATH, &path);
	return 0;
}

static int get_remote_uuid(void *data, DBusMessageIter *value)
{
	const char *uuid = UUID_A2DP_SINK;

	bus_append_basic(value, DBUS_TYPE_STRING, &uuid);
	return 0;
}

static int get_remote_capabilities(void *data, DBusMessageIter *value)
{
	append_bytes(value, device_capabilities, sizeof(device_capabilities));
	return 0;
}

/* A change of codec, of which there is only one. */
static void set_remote_configuration(struct bus_call *call, void *data)
{
	bus_call_error(call, "org.bluez.Error.NotSupported", "Operation is not supported");
}

static const struct bus_interface remote_endpoint_interface = {
	.name = "org.bluez.MediaEndpoint1",
	.methods =
		(const struct bus_method[]){
			{ "SetConfiguration", "o endpoint, a{sv} properties", "",
			  set_remote_configuration },
			{ 0 },
		},
	.properties =
		(const struct bus_property[]){
			{ "UUID", "s", get_remote_uuid, NULL },
			{ "Codec", "y", get_codec, NULL },
			{ "Capabilities", "ay", get_remote_capabilities, NULL },
			{ "Device", "o", get_remote_device, NULL },
			{ 0 },
		},
};

int media_publish(struct device *device)
{
	static const struct bus_interface *const interfaces[] = { &remote_endpoint_interface,
								  NULL };
	char path[PATH_SIZE];

	if (!device->a2dp)
		return 0;
	(void)snprintf(path, sizeof(path), "%.100s/sep1", device->path);
	return bus_object_new(device->stand_in->bus, path, interfaces, device,
			      &device->remote_endpoint);
}

void media_unpublish(struct device *device)
{
	device->remote_endpoint = bus_object_free(device->remote_endpoint);
}

/* ---- configuring ------------------------------------------------------------------------------------ */

/* PipeWire answers even where no answer is wanted, which the bus would log as a fault. */
static void on_answered(void *data, DBusMessage *reply, const char *error)
{
}

static void set_configuration(struct device *device)
{
	struct stand_in *stand_in = device->stand_in;
	struct transport *transport = &device->transport;
	const char *path = transport->path;
	DBusMessage *message = bus_message(stand_in->media.sender, stand_in->media.path,
					   "org.bluez.MediaEndpoint1", "SetConfiguration",
					   DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
	DBusMessageIter args, dict;

	dbus_message_iter_init_append(message, &args);
	dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &dict);
	for (const struct bus_property *p = transport_interface.properties; p->name; p++) {
		DBusMessageIter entry, value;

		dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &p->name);
		dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, p->type, &value);
		(void)p->get(transport, &value);
		dbus_message_iter_close_container(&entry, &value);
		dbus_message_iter_close_container(&dict, &entry);
	}
	dbus_message_iter_close_container(&args, &dict);
	(void)bus_send(stand_in->bus, message, -1, on_answered, NULL, NULL);
}

static void on_selected(void *data, DBusMessage *reply, const char *error)
{
	static const struct bus_interface *const interfaces[] = { &transport_interface, NULL };
	struct device *device = data;
	struct transport *transport = &device->transport;
	DBusMessageIter args, array;
	const uint8_t *bytes;
	int n;

	transport->selecting = NULL;
	if (error || !device->connected || transport->object ||
	    !dbus_message_has_signature(reply, "ay"))
		return;
	dbus_message_iter_init(reply, &args);
	dbus_message_iter_recurse(&args, &array);
	dbus_message_iter_get_fixed_array(&array, &bytes, &n);
	if (n != (int)sizeof(transport->configuration))
		return;
	memcpy(transport->configuration, bytes, (size_t)n);
	(void)snprintf(transport->path, sizeof(transport->path), "%.100s/fd0", device->path);
	if (bus_object_new(device->stand_in->bus, transport->path, interfaces, transport,
			   &transport->object) == 0)
		set_configuration(device);
}

void media_connect(struct device *device)
{
	struct stand_in *stand_in = device->stand_in;
	DBusMessageIter args;

	if (!device->a2dp || !device->connected || device->transport.object ||
	    device->transport.selecting || !stand_in_media_served(stand_in))
		return;
	DBusMessage *message =
		bus_message(stand_in->media.sender, stand_in->media.path,
			    "org.bluez.MediaEndpoint1", "SelectConfiguration", DBUS_TYPE_INVALID);
	dbus_message_iter_init_append(message, &args);
	append_bytes(&args, device_capabilities, sizeof(device_capabilities));
	(void)bus_send(stand_in->bus, message, -1, on_selected, device,
		       &device->transport.selecting);
}

void media_disconnect(struct device *device)
{
	struct stand_in *stand_in = device->stand_in;
	struct transport *transport = &device->transport;
	const char *path = transport->path;

	transport->selecting = bus_pending_cancel(transport->selecting);
	if (!transport->object)
		return;
	if (stand_in->up && stand_in_media_served(stand_in))
		(void)bus_send(stand_in->bus,
			       bus_message(stand_in->media.sender, stand_in->media.path,
					   "org.bluez.MediaEndpoint1", "ClearConfiguration",
					   DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID),
			       -1, on_answered, NULL, NULL);
	transport_idle(transport);
	transport->object = bus_object_free(transport->object);
}

/* ---- Media1 ---------------------------------------------------------------------------------------------- */

struct found_endpoint {
	bool source;
	bool sbc;
};

static int read_endpoint(void *data, const char *key, DBusMessageIter *value)
{
	struct found_endpoint *found = data;
	const char *uuid;
	uint8_t codec;

	if (!strcmp(key, "UUID") && bus_read_basic(value, DBUS_TYPE_STRING, &uuid) == 0)
		found->source = !strcasecmp(uuid, UUID_A2DP_SOURCE);
	if (!strcmp(key, "Codec") && bus_read_basic(value, DBUS_TYPE_BYTE, &codec) == 0)
		found->sbc = codec == CODEC_SBC;
	return 0;
}

static bool is_sbc_source(DBusMessageIter *interfaces)
{
	for (; dbus_message_iter_get_arg_type(interfaces) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(interfaces)) {
		struct found_endpoint found = { 0 };
		DBusMessageIter entry;
		const char *name;

		dbus_message_iter_recurse(interfaces, &entry);
		dbus_message_iter_get_basic(&entry, &name);
		dbus_message_iter_next(&entry);
		if (strcmp(name, "org.bluez.MediaEndpoint1"))
			continue;
		(void)bus_read_dict(&entry, read_endpoint, &found);
		if (found.source && found.sbc)
			return true;
	}
	return false;
}

static void on_application(void *data, DBusMessage *reply, const char *error)
{
	struct stand_in *stand_in = data;
	DBusMessageIter args, objects;

	if (error || !dbus_message_has_signature(reply, "a{oa{sa{sv}}}"))
		return;
	dbus_message_iter_init(reply, &args);
	dbus_message_iter_recurse(&args, &objects);
	for (; dbus_message_iter_get_arg_type(&objects) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&objects)) {
		DBusMessageIter entry, interfaces;
		const char *path;

		dbus_message_iter_recurse(&objects, &entry);
		dbus_message_iter_get_basic(&entry, &path);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &interfaces);
		if (!is_sbc_source(&interfaces))
			continue;
		(void)client_remember(stand_in, &stand_in->media, dbus_message_get_sender(reply),
				      path);
		for (size_t i = 0; i < stand_in->n_devices; i++) {
			/* what is left of an application that died */
			media_disconnect(stand_in->devices[i]);
			media_connect(stand_in->devices[i]);
		}
		return;
	}
}

static void register_application(struct bus_call *call, void *data)
{
	struct stand_in *stand_in = data;
	DBusMessageIter args;
	const char *path;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	(void)bus_send(stand_in->bus,
		       bus_message(bus_call_sender(call), path,
				   "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
				   DBUS_TYPE_INVALID),
		       -1, on_application, stand_in, NULL);
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void unregister_application(struct bus_call *call, void *data)
{
	struct stand_in *stand_in = data;

	client_forget(&stand_in->media);
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void accept_any(struct bus_call *call, void *data)
{
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static int get_supported(void *data, DBusMessageIter *value)
{
	append_strings(value, (const char *const[]){ UUID_A2DP_SOURCE, UUID_A2DP_SINK, NULL });
	return 0;
}

const struct bus_interface media_interface = {
	.name = "org.bluez.Media1",
	.methods =
		(const struct bus_method[]){
			{ "RegisterApplication", "o application, a{sv} options", "",
			  register_application },
			{ "UnregisterApplication", "o application", "", unregister_application },
			{ "RegisterEndpoint", "o endpoint, a{sv} properties", "", accept_any },
			{ "UnregisterEndpoint", "o endpoint", "", accept_any },
			{ "RegisterPlayer", "o player, a{sv} properties", "", accept_any },
			{ "UnregisterPlayer", "o player", "", accept_any },
			{ 0 },
		},
	.properties =
		(const struct bus_property[]){
			{ "SupportedUUIDs", "as", get_supported, NULL },
			{ 0 },
		},
};

const struct bus_interface battery_interface = {
	.name = "org.bluez.BatteryProviderManager1",
	.methods =
		(const struct bus_method[]){
			{ "RegisterBatteryProvider", "o provider", "", accept_any },
			{ "UnregisterBatteryProvider", "o provider", "", accept_any },
			{ 0 },
		},
};
