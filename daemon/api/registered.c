/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Softphones that can do something for a headset before there is a call: dial, and listen to its voice
 * key. A registration belongs to the connection that made it, and goes with it.
 *
 * Dial says nothing of the headset, so that a softphone has nothing to pass on: the next outgoing call
 * that it adds in time is taken as the one.
 */
#include "owner.h"

#include "daemon/headset.h"
#include "daemon/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* From the answer to Dial to AddCall; a softphone may answer before it knows its own call. */
#define DIALLED_MS API_PROVIDER_TIMEOUT_MS

#define TELL_NAME(row) (api_provider_interface.methods[row].name)

struct registered {
	struct registered *next;
	struct api_owner *owner;
	struct provider *provider; /* the engine's */
	struct provider_ops ops;
	char path[API_PROVIDER_PATH_MAX + 1];
};

/* ---- what the engine asks ---------------------------------------------------------------------- */

struct dialling {
	struct api_owner *owner; /* outlives what it is asked */
	route_device from;
	call_done_fn done;
	void *data;
};

static void on_dialled(void *data, const char *error)
{
	struct dialling dialling = *(struct dialling *)data;

	free(data);
	/* The call may have been added before the answer. */
	if (error && dialling.owner->dialled_from == dialling.from)
		dialling.owner->dialled_from = 0;
	dialling.owner->dialled_until_ms = monotonic_ms() + DIALLED_MS;
	if (dialling.done)
		dialling.done(dialling.data, error);
}

static void op_dial(void *source, const char *uri, route_device from, call_done_fn done, void *data)
{
	struct registered *registered = source;
	struct api_owner *owner = registered->owner;
	struct dialling *dialling = calloc(1, sizeof(*dialling));

	if (!dialling) {
		if (done)
			done(data, API_ERROR_PROVIDER_FAILED);
		return;
	}
	*dialling = (struct dialling){ owner, from, done, data };
	owner->dialled_from = from;
	owner->dialled_until_ms = UINT64_MAX;
	api_owner_tell(owner,
		       bus_message(owner->name, registered->path, API_PROVIDER,
				   TELL_NAME(TELL_DIAL), DBUS_TYPE_STRING, &uri, DBUS_TYPE_INVALID),
		       on_dialled, dialling);
}

/* What is heard of the assistant is a call to us, tied to the headset like one that it dialled. */
static void op_voice(void *source, route_device from, bool on, call_done_fn done, void *data)
{
	struct registered *registered = source;
	struct api_owner *owner = registered->owner;
	char address[ROUTE_ADDRESS_SIZE];
	const char *address_p = address;
	dbus_bool_t wide = on;

	route_device_to_address(from, address);
	owner->dialled_from = on ? from : 0;
	owner->dialled_until_ms = monotonic_ms() + DIALLED_MS;
	api_owner_tell(owner,
		       bus_message(owner->name, registered->path, API_PROVIDER,
				   TELL_NAME(TELL_VOICE), DBUS_TYPE_STRING, &address_p,
				   DBUS_TYPE_BOOLEAN, &wide, DBUS_TYPE_INVALID),
		       done, data);
}

bool api_registered_dialled(struct api_owner *owner, struct call_info *info)
{
	route_device from = owner->dialled_from;

	if (info->incoming || from == 0)
		return false;
	owner->dialled_from = 0;
	if (info->from != 0 || monotonic_ms() > owner->dialled_until_ms)
		return false;
	info->from = from;
	return true;
}

/* ---- registering --------------------------------------------------------------------------------- */

static struct registered **find(struct api_owner *owner, const char *path)
{
	struct registered **link = &owner->registered;

	while (*link && strcmp((*link)->path, path) != 0)
		link = &(*link)->next;
	return link;
}

static void registered_free(struct registered **link)
{
	struct registered *registered = *link;

	*link = registered->next;
	engine_provider_free(registered->owner->api->engine, registered->provider);
	free(registered);
}

void api_registered_free_all(struct api_owner *owner)
{
	while (owner->registered)
		registered_free(&owner->registered);
}

struct parse {
	struct provider_ops ops;
	DBusError *error;
};

static int take_option(void *data, const char *key, DBusMessageIter *value)
{
	struct parse *parse = data;
	dbus_bool_t on;

	if (strcmp(key, "Dial") != 0 && strcmp(key, "VoiceRecognition") != 0 &&
	    strcmp(key, "Conference") != 0)
		return bus_error_set(parse->error, API_ERROR_INVALID_ARGUMENT,
				     "%.64s: unknown option", key);
	if (bus_read_basic(value, DBUS_TYPE_BOOLEAN, &on) < 0)
		return bus_error_set(parse->error, API_ERROR_INVALID_ARGUMENT,
				     "%s: expected a boolean (b)", key);
	if (key[0] == 'D')
		parse->ops.dial = on ? op_dial : NULL;
	else if (key[0] == 'V')
		parse->ops.voice = on ? op_voice : NULL;
	else
		parse->ops.joins = on;
	return 0;
}

static int read_path(DBusMessageIter *args, const char **ret, DBusError *error)
{
	dbus_message_iter_get_basic(args, ret);
	dbus_message_iter_next(args);
	if (strlen(*ret) > API_PROVIDER_PATH_MAX)
		return bus_error_set(error, API_ERROR_INVALID_ARGUMENT,
				     "provider: expected at most %d bytes", API_PROVIDER_PATH_MAX);
	return 0;
}

static int registered_new(struct api_owner *owner, const char *path, const struct provider_ops *ops)
{
	struct registered *registered = calloc(1, sizeof(*registered));
	int r;

	if (!registered)
		return -ENOMEM;
	registered->owner = owner;
	registered->ops = *ops;
	strcpy(registered->path, path);
	r = engine_provider_add(owner->api->engine, &registered->ops, registered,
				&registered->provider);
	if (r < 0) {
		free(registered);
		return r;
	}
	registered->next = owner->registered;
	owner->registered = registered;
	return 0;
}

void api_register_provider(struct bus_call *call, void *data)
{
	struct api *api = data;
	const char *sender = bus_call_sender(call), *path;
	DBusError error = DBUS_ERROR_INIT;
	struct parse parse = { .error = &error };
	struct api_owner *owner;
	DBusMessageIter args;
	int r = -ENOMEM;

	bus_call_args(call, &args);
	if (read_path(&args, &path, &error) < 0 || bus_read_dict(&args, take_option, &parse) != 0) {
		bus_call_error(call, error.name, "%s", error.message);
		dbus_error_free(&error);
		return;
	}
	owner = sender ? api_owner_get(api, sender) : NULL;
	if (owner && *find(owner, path))
		registered_free(find(owner, path));
	if (owner)
		r = registered_new(owner, path, &parse.ops);
	if (r == -ENOSPC)
		bus_call_error(call, API_ERROR_TOO_MANY, "at most %d providers", PROVIDER_MAX);
	else if (r < 0)
		bus_call_error(call, DBUS_ERROR_NO_MEMORY, "out of memory");
	else
		bus_call_reply(call, DBUS_TYPE_INVALID);
	if (owner)
		api_owner_reap(owner);
}

/* The sender, where it owns anything. */
static struct api_owner *sender_of(struct api *api, const struct bus_call *call)
{
	const char *sender = bus_call_sender(call);
	struct api_owner *owner = api->owners;

	while (owner && (!sender || strcmp(owner->name, sender) != 0))
		owner = owner->next;
	return owner;
}

void api_unregister_provider(struct bus_call *call, void *data)
{
	struct api_owner *owner = sender_of(data, call);
	DBusMessageIter args;
	const char *path;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	if (!owner || !*find(owner, path)) {
		bus_call_error(call, API_ERROR_NO_SUCH_PROVIDER, "it is not registered");
		return;
	}
	registered_free(find(owner, path));
	bus_call_reply(call, DBUS_TYPE_INVALID);
	api_owner_reap(owner);
}

void api_set_voice_recognition(struct bus_call *call, void *data)
{
	struct api *api = data;
	const struct api_owner *owner = sender_of(api, call);
	struct registered *registered = owner ? owner->registered : NULL;
	DBusMessageIter args;
	route_device device;
	const char *address;
	dbus_bool_t on;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &address);
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &on);
	while (registered && !registered->ops.voice)
		registered = registered->next;
	if (!registered)
		bus_call_error(call, API_ERROR_NO_SUCH_PROVIDER,
			       "it has not registered with VoiceRecognition");
	else if (route_device_from_address(address, &device) < 0)
		bus_call_error(call, API_ERROR_INVALID_ARGUMENT,
			       "headset: expected an address, AA:BB:CC:DD:EE:FF");
	else
		api_answer_outcome(
			call, engine_provider_voice(api->engine, registered->provider, device, on));
}
