/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * ProfileManager1: who serves which UUID, and handing AT channels over. AgentManager1 beside it
 * takes every agent and asks none.
 */
#include "stand-in-internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct client *profile_find(struct stand_in *stand_in, const char *uuid)
{
	for (size_t i = 0; i < MAX_PROFILES; i++) {
		struct profile *profile = &stand_in->profiles[i];

		if (profile->client.sender[0] && !strcasecmp(profile->uuid, uuid))
			return &profile->client;
	}
	return NULL;
}

static struct client *find_path(struct stand_in *stand_in, const char *sender, const char *path)
{
	for (size_t i = 0; i < MAX_PROFILES; i++) {
		struct client *client = &stand_in->profiles[i].client;

		if (!strcmp(client->sender, sender) && !strcmp(client->path, path))
			return client;
	}
	return NULL;
}

void profile_forget_all(struct stand_in *stand_in)
{
	for (size_t i = 0; i < MAX_PROFILES; i++)
		client_forget(&stand_in->profiles[i].client);
}

static void register_profile(struct bus_call *call, void *data)
{
	struct stand_in *stand_in = data;
	const char *path, *uuid, *sender = bus_call_sender(call);
	DBusMessageIter args;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &uuid);
	if (find_path(stand_in, sender, path)) {
		bus_call_error(call, "org.bluez.Error.AlreadyExists", "Already Exists");
		return;
	}
	if (profile_find(stand_in, uuid)) {
		bus_call_error(call, "org.bluez.Error.NotPermitted", "UUID already registered");
		return;
	}
	for (size_t i = 0; i < MAX_PROFILES; i++) {
		struct profile *profile = &stand_in->profiles[i];

		if (profile->client.sender[0])
			continue;
		(void)snprintf(profile->uuid, sizeof(profile->uuid), "%s", uuid);
		(void)client_remember(stand_in, &profile->client, sender, path);
		bus_call_reply(call, DBUS_TYPE_INVALID);
		return;
	}
	bus_call_error(call, "org.bluez.Error.Failed", "too many");
}

static void unregister_profile(struct bus_call *call, void *data)
{
	DBusMessageIter args;
	const char *path;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	struct client *client = find_path(data, bus_call_sender(call), path);
	if (!client) {
		bus_call_error(call, "org.bluez.Error.DoesNotExist", "Does Not Exist");
		return;
	}
	client_forget(client);
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void accept_agent(struct bus_call *call, void *data)
{
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

const struct bus_interface profile_manager_interface = {
	.name = "org.bluez.ProfileManager1",
	.methods =
		(const struct bus_method[]){
			{ "RegisterProfile", "o profile, s UUID, a{sv} options", "",
			  register_profile },
			{ "UnregisterProfile", "o profile", "", unregister_profile },
			{ 0 },
		},
};

const struct bus_interface agent_manager_interface = {
	.name = "org.bluez.AgentManager1",
	.methods =
		(const struct bus_method[]){
			{ "RegisterAgent", "o agent, s capability", "", accept_agent },
			{ "UnregisterAgent", "o agent", "", accept_agent },
			{ "RequestDefaultAgent", "o agent", "", accept_agent },
			{ 0 },
		},
};

void profile_connect(struct device *device, bool hsp)
{
	struct stand_in *stand_in = device->stand_in;
	struct client *client = profile_find(stand_in, hsp ? UUID_HSP_AG : UUID_HFP_AG);
	const char *path = device->path;
	uint16_t version = hsp ? 0x0102 : 0x0107, features = 0x003f;
	DBusMessageIter args, dict;
	int pair[2];

	if (!client || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return;
	DBusMessage *message = bus_message(client->sender, client->path, "org.bluez.Profile1",
					   "NewConnection", DBUS_TYPE_OBJECT_PATH, &path,
					   DBUS_TYPE_UNIX_FD, &pair[1], DBUS_TYPE_INVALID);
	dbus_message_iter_init_append(message, &args);
	dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry(&dict, "Version", DBUS_TYPE_UINT16, &version);
	bus_append_entry(&dict, "Features", DBUS_TYPE_UINT16, &features);
	dbus_message_iter_close_container(&args, &dict);
	(void)bus_send(stand_in->bus, message, -1, NULL, NULL, NULL);
	close(pair[1]);
	stand_in->events->channel(stand_in->data, device->address, hsp, pair[0]);
}

void profile_disconnect(struct device *device, const char *uuid)
{
	struct client *client = profile_find(device->stand_in, uuid);
	const char *path = device->path;

	if (!client)
		return;
	(void)bus_send(device->stand_in->bus,
		       bus_message(client->sender, client->path, "org.bluez.Profile1",
				   "RequestDisconnection", DBUS_TYPE_OBJECT_PATH, &path,
				   DBUS_TYPE_INVALID),
		       -1, NULL, NULL, NULL);
}
