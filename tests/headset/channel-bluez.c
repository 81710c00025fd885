/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The headset as a program of BlueZ: our profile (HFP hands-free 0x111e or HSP headset 0x1108) and
 * an agent that agrees to everything, on one adapter.
 *
 * One bluetoothd may serve both sides of a lab, so connections of other adapters are turned away.
 */
#include "channel.h"

#include "dbus/bus.h"
#include "dbus/remote.h"
#include "headset.h"
#include "sound.h"

#include <errno.h>
#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLUEZ "org.bluez"
#define PROFILE_PATH "/callroute/headset/profile"
#define AGENT_PATH "/callroute/headset/agent"
#define MAX_OBJECTS 256

struct channel_bluez {
	struct channel channel;
	struct headset *headset;
	struct channel_bluez_options options;
	struct bus *bus;
	struct bus_remote *remote;
	struct bus_object *profile;
	struct bus_object *agent;
	char adapter[64]; /* object path */
	char address[18]; /* of the adapter, "" while unknown */
};

static const char *our_uuid(const struct channel_bluez *self)
{
	return self->options.hsp ? "00001108-0000-1000-8000-00805f9b34fb"
				 : "0000111e-0000-1000-8000-00805f9b34fb";
}

static const char *gateway_uuid(const struct channel_bluez *self)
{
	return self->options.hsp ? "00001112-0000-1000-8000-00805f9b34fb"
				 : "0000111f-0000-1000-8000-00805f9b34fb";
}

/* ---- Profile1 --------------------------------------------------------------------------------- */

static bool is_ours(const struct channel_bluez *self, const char *device)
{
	size_t n = strlen(self->adapter);

	return !strncmp(device, self->adapter, n) && device[n] == '/';
}

static void profile_new_connection(struct bus_call *call, void *data)
{
	struct channel_bluez *self = data;
	DBusMessageIter args;
	const char *device;
	int fd;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &device);
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &fd); /* a duplicate, ours */
	if (!is_ours(self, device)) {
		close(fd);
		bus_call_error(call, "org.bluez.Error.Rejected", "not our adapter");
		return;
	}
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	bus_call_reply(call, DBUS_TYPE_INVALID);
	(void)headset_connected(self->headset, fd);
}

static void profile_request_disconnection(struct bus_call *call, void *data)
{
	struct channel_bluez *self = data;

	bus_call_reply(call, DBUS_TYPE_INVALID);
	headset_disconnect(self->headset);
}

static void agree(struct bus_call *call, void *data)
{
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void agent_pin_code(struct bus_call *call, void *data)
{
	const char *pin = "0000";

	bus_call_reply(call, DBUS_TYPE_STRING, &pin, DBUS_TYPE_INVALID);
}

static const struct bus_interface profile_interface = {
	.name = "org.bluez.Profile1",
	.methods =
		(const struct bus_method[]){
			{ "NewConnection", "o device, h fd, a{sv} properties", "",
			  profile_new_connection },
			{ "RequestDisconnection", "o device", "", profile_request_disconnection },
			{ "Release", "", "", agree },
			{ 0 },
		},
};

static const struct bus_interface agent_interface = {
	.name = "org.bluez.Agent1",
	.methods =
		(const struct bus_method[]){
			{ "RequestPinCode", "o device", "s pin", agent_pin_code },
			{ "RequestConfirmation", "o device, u passkey", "", agree },
			{ "RequestAuthorization", "o device", "", agree },
			{ "AuthorizeService", "o device, s uuid", "", agree },
			{ "DisplayPinCode", "o device, s pin", "", agree },
			{ "DisplayPasskey", "o device, u passkey, q entered", "", agree },
			{ "Cancel", "", "", agree },
			{ "Release", "", "", agree },
			{ 0 },
		},
};

/* ---- what we ask of bluetoothd ------------------------------------------------------------------ */

static void on_reply(void *data, DBusMessage *reply, const char *error)
{
	struct channel_bluez *self = data;

	if (error)
		headset_tell(self->headset, "error %s", error);
}

static void on_default_agent(void *data, DBusMessage *reply, const char *error)
{
	struct channel_bluez *self = data;

	on_reply(data, reply, error);
	if (!error)
		headset_tell(self->headset, "ready %s", self->address);
}

static void set_adapter(struct channel_bluez *self, const char *property, int type,
			const void *value)
{
	const char *interface = "org.bluez.Adapter1";
	DBusMessage *message = bus_message(BLUEZ, self->adapter, DBUS_INTERFACE_PROPERTIES, "Set",
					   DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING,
					   &property, DBUS_TYPE_INVALID);
	DBusMessageIter args;

	dbus_message_iter_init_append(message, &args);
	bus_append_variant(&args, type, value);
	(void)bus_send(self->bus, message, -1, on_reply, self, NULL);
}

static void register_profile(struct channel_bluez *self)
{
	const char *path = PROFILE_PATH, *uuid = our_uuid(self);
	/* bits 0 to 4 of the record are those of AT+BRSF, bit 5 is wide band speech */
	uint16_t version = self->options.hsp ? 0x0102 : 0x0107;
	uint16_t features = (uint16_t)(self->options.features & 0x1f);
	DBusMessage *message = bus_message(BLUEZ, "/org/bluez", "org.bluez.ProfileManager1",
					   "RegisterProfile", DBUS_TYPE_OBJECT_PATH, &path,
					   DBUS_TYPE_STRING, &uuid, DBUS_TYPE_INVALID);
	DBusMessageIter args, dict;

	if (self->options.features & HF_CODECS)
		features |= 1u << 5;
	dbus_message_iter_init_append(message, &args);
	dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry_string(&dict, "Name", "Test headset");
	bus_append_entry(&dict, "Version", DBUS_TYPE_UINT16, &version);
	bus_append_entry(&dict, "Features", DBUS_TYPE_UINT16, &features);
	dbus_message_iter_close_container(&args, &dict);
	(void)bus_send(self->bus, message, -1, on_reply, self, NULL);
}

static void register_agent(struct channel_bluez *self)
{
	const char *path = AGENT_PATH, *capability = "NoInputNoOutput";

	(void)bus_send(self->bus,
		       bus_message(BLUEZ, "/org/bluez", "org.bluez.AgentManager1", "RegisterAgent",
				   DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_STRING, &capability,
				   DBUS_TYPE_INVALID),
		       -1, on_reply, self, NULL);
	(void)bus_send(self->bus,
		       bus_message(BLUEZ, "/org/bluez", "org.bluez.AgentManager1",
				   "RequestDefaultAgent", DBUS_TYPE_OBJECT_PATH, &path,
				   DBUS_TYPE_INVALID),
		       -1, on_default_agent, self, NULL);
}

static void adapter_is_there(struct channel_bluez *self)
{
	dbus_bool_t yes = TRUE;
	uint32_t never = 0;

	set_adapter(self, "Powered", DBUS_TYPE_BOOLEAN, &yes);
	set_adapter(self, "DiscoverableTimeout", DBUS_TYPE_UINT32, &never);
	set_adapter(self, "PairableTimeout", DBUS_TYPE_UINT32, &never);
	set_adapter(self, "Discoverable", DBUS_TYPE_BOOLEAN, &yes);
	set_adapter(self, "Pairable", DBUS_TYPE_BOOLEAN, &yes);
	register_profile(self);
	register_agent(self);
	int r = sound_listen_bluetooth(headset_sound(self->headset), self->address);
	if (r < 0)
		headset_tell(self->headset, "error sco %s", strerror(-r));
}

static int read_adapter(void *data, const char *key, DBusMessageIter *value)
{
	struct channel_bluez *self = data;
	const char *address;

	if (!strcmp(key, "Address") && bus_read_basic(value, DBUS_TYPE_STRING, &address) == 0)
		(void)snprintf(self->address, sizeof(self->address), "%s", address);
	return 0;
}

static void on_added(void *data, const char *path, const char *interface,
		     DBusMessageIter *properties)
{
	struct channel_bluez *self = data;

	if (strcmp(interface, "org.bluez.Adapter1") || strcmp(path, self->adapter))
		return;
	(void)bus_read_dict(properties, read_adapter, self);
	if (self->address[0])
		adapter_is_there(self);
}

/* ---- the channel ------------------------------------------------------------------------------------ */

static void on_ready(void *data)
{
	static const struct bus_remote_events events = { .added = on_added };
	struct channel_bluez *self = data;

	int r = bus_remote_new(self->bus, BLUEZ, "/", MAX_OBJECTS, &events, self, &self->remote);
	if (r < 0)
		headset_tell(self->headset, "error bluetoothd %s", strerror(-r));
}

static void on_lost(void *data, const char *reason)
{
	struct channel_bluez *self = data;

	headset_tell(self->headset, "error bus %s", reason);
}

static void connect_bluez(struct channel *channel, const char *address)
{
	struct channel_bluez *self = SPA_CONTAINER_OF(channel, struct channel_bluez, channel);
	const char *uuid = gateway_uuid(self);
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/dev_%s", self->adapter, address);
	for (char *p = path; *p; p++) {
		if (*p == ':')
			*p = '_';
	}
	(void)bus_send(self->bus,
		       bus_message(BLUEZ, path, "org.bluez.Device1", "ConnectProfile",
				   DBUS_TYPE_STRING, &uuid, DBUS_TYPE_INVALID),
		       60000, on_reply, self, NULL);
}

static void free_bluez(struct channel *channel)
{
	struct channel_bluez *self = SPA_CONTAINER_OF(channel, struct channel_bluez, channel);

	self->remote = bus_remote_free(self->remote);
	self->profile = bus_object_free(self->profile);
	self->agent = bus_object_free(self->agent);
	self->bus = bus_free(self->bus);
	free(self);
}

int channel_bluez_new(struct pw_loop *loop, struct headset *headset,
		      const struct channel_bluez_options *options, struct channel **ret)
{
	static const struct channel_ops ops = { .connect = connect_bluez, .free = free_bluez };
	static const struct bus_events bus_events = { .ready = on_ready, .lost = on_lost };
	static const struct bus_interface *const profile[] = { &profile_interface, NULL };
	static const struct bus_interface *const agent[] = { &agent_interface, NULL };
	struct channel_bluez *self = calloc(1, sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->channel.ops = &ops;
	self->headset = headset;
	self->options = *options;
	(void)snprintf(self->adapter, sizeof(self->adapter), "/org/bluez/%s", options->adapter);
	const char *address = bus_system_address();
	int r = address ? bus_open(loop, address, &bus_events, self, &self->bus) : -ENOENT;
	if (r < 0)
		goto fail;
	if ((r = bus_object_new(self->bus, PROFILE_PATH, profile, self, &self->profile)) < 0 ||
	    (r = bus_object_new(self->bus, AGENT_PATH, agent, self, &self->agent)) < 0)
		goto fail;
	*ret = &self->channel;
	return 0;
fail:
	free_bluez(&self->channel);
	return r;
}
