/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * libdbus beside the loop in the simplest way that never misses a message: the socket is watched for
 * reading, everything that has arrived is dispatched, and everything to send is flushed at once. A
 * daemon that is started again is told of the call again, in its state, as any softphone has to.
 */
#include "caller.h"

#include <dbus/dbus.h>
#include <errno.h>
#include <spa/support/loop.h>
#include <pipewire/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE "org.callroute"
#define MANAGER_PATH "/org/callroute"
#define MANAGER "org.callroute.Manager1"
#define CALL "org.callroute.Call1"
#define PROVIDER "org.callroute.CallProvider1"
#define PROVIDER_PATH "/softphone"
#define REQUEST_MS 30000

struct caller {
	struct pw_loop *loop;
	const struct caller_events *events;
	void *data;
	DBusConnection *bus;
	struct spa_source *source;
	struct caller_options options; /* of the call that a headset dials */
	struct caller_options own;     /* of the call that was there from the beginning */
	char state[16];                /* of the call, as the daemon last told it; "" before */
	char *path;                    /* of the call, once added */
};

/** One request under way, for its outcome's line. */
struct request {
	struct caller *caller;
	char name[32];
};

/* ---- requests ------------------------------------------------------------------------------- */

static void request_done(DBusPendingCall *pending, void *data)
{
	struct request *request = data;
	struct caller *caller = request->caller;
	DBusMessage *reply = dbus_pending_call_steal_reply(pending);
	const char *text = "";

	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR) {
		(void)dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text,
					    DBUS_TYPE_INVALID);
		caller->events->done(caller->data, request->name,
				     dbus_message_get_error_name(reply), text);
	} else if (!strcmp(request->name, "AddCall")) {
		if (dbus_message_get_args(reply, NULL, DBUS_TYPE_OBJECT_PATH, &text,
					  DBUS_TYPE_INVALID)) {
			caller->path = strdup(text);
			caller->events->added(caller->data, text);
		}
	} else {
		caller->events->done(caller->data, request->name, NULL, NULL);
	}
	dbus_message_unref(reply);
	dbus_pending_call_unref(pending);
}

/* Consumes @message. */
static int send_request(struct caller *caller, DBusMessage *message)
{
	struct request *request = calloc(1, sizeof(*request));
	DBusPendingCall *pending = NULL;

	if (!request)
		abort();
	request->caller = caller;
	(void)snprintf(request->name, sizeof(request->name), "%s",
		       dbus_message_get_member(message));
	if (!dbus_connection_send_with_reply(caller->bus, message, &pending, REQUEST_MS) ||
	    !pending || !dbus_pending_call_set_notify(pending, request_done, request, free)) {
		free(request);
		dbus_message_unref(message);
		return -ENOTCONN;
	}
	dbus_message_unref(message);
	dbus_connection_flush(caller->bus);
	return 0;
}

int caller_request(struct caller *caller, const char *method)
{
	if (!caller->path)
		return -ENOENT;
	return send_request(caller,
			    dbus_message_new_method_call(SERVICE, caller->path, CALL, method));
}

int caller_set_route(struct caller *caller, const char *route)
{
	DBusMessage *message =
		dbus_message_new_method_call(SERVICE, MANAGER_PATH, MANAGER, "SetRoute");

	dbus_message_append_args(message, DBUS_TYPE_STRING, &route, DBUS_TYPE_INVALID);
	return send_request(caller, message);
}

int caller_report(struct caller *caller, const char *state)
{
	DBusMessage *message;

	if (!caller->path)
		return -ENOENT;
	message = dbus_message_new_method_call(SERVICE, caller->path, CALL, "SetState");
	dbus_message_append_args(message, DBUS_TYPE_STRING, &state, DBUS_TYPE_INVALID);
	return send_request(caller, message);
}

static void append(DBusMessageIter *dict, const char *key, int type, const void *value)
{
	const char signature[] = { (char)type, '\0' };
	DBusMessageIter entry, variant;

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant);
	dbus_message_iter_append_basic(&variant, type, value);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

/* @state: "" for the beginning of a call */
static int add_call(struct caller *caller, const struct caller_options *options, const char *state)
{
	DBusMessage *message =
		dbus_message_new_method_call(SERVICE, MANAGER_PATH, MANAGER, "AddCall");
	const char *direction = options->outgoing ? "outgoing" : "incoming";
	const char *provider = PROVIDER_PATH;
	const dbus_bool_t yes = TRUE;
	DBusMessageIter iter, dict;

	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_STRING, &options->kind);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	append(&dict, "Direction", DBUS_TYPE_STRING, &direction);
	if (state[0] != '\0')
		append(&dict, "State", DBUS_TYPE_STRING, &state);
	if (options->managed)
		append(&dict, "Managed", DBUS_TYPE_BOOLEAN, &yes);
	if (options->video)
		append(&dict, "Video", DBUS_TYPE_BOOLEAN, &yes);
	if (options->number)
		append(&dict, "RemoteParty", DBUS_TYPE_STRING, &options->number);
	if (options->name)
		append(&dict, "RemoteName", DBUS_TYPE_STRING, &options->name);
	if (options->provider)
		append(&dict, "Provider", DBUS_TYPE_OBJECT_PATH, &provider);
	dbus_message_iter_close_container(&iter, &dict);
	return send_request(caller, message);
}

static int register_provider(struct caller *caller)
{
	DBusMessage *message =
		dbus_message_new_method_call(SERVICE, MANAGER_PATH, MANAGER, "RegisterProvider");
	const char *provider = PROVIDER_PATH;
	const dbus_bool_t yes = TRUE;
	DBusMessageIter iter, dict;

	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &provider);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	append(&dict, "Dial", DBUS_TYPE_BOOLEAN, &yes);
	dbus_message_iter_close_container(&iter, &dict);
	return send_request(caller, message);
}

/* ---- what comes ----------------------------------------------------------------------------- */

static DBusHandlerResult provider_message(DBusConnection *bus, DBusMessage *message, void *data)
{
	struct caller *caller = data;
	const char *path, *text = "";
	DBusMessage *reply;

	if (!dbus_message_has_interface(message, PROVIDER) ||
	    dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_METHOD_CALL)
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	if (dbus_message_has_member(message, "Dial")) {
		if (!dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &text,
					   DBUS_TYPE_INVALID))
			return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
		/* the longer form first: what is more than was asked for is no error */
	} else if (!dbus_message_get_args(message, NULL, DBUS_TYPE_OBJECT_PATH, &path,
					  DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) &&
		   !dbus_message_get_args(message, NULL, DBUS_TYPE_OBJECT_PATH, &path,
					  DBUS_TYPE_INVALID)) {
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	}
	caller->events->told(caller->data, dbus_message_get_member(message), text);
	reply = dbus_message_new_method_return(message);
	dbus_connection_send(bus, reply, NULL);
	dbus_message_unref(reply);
	if (dbus_message_has_member(message, "Dial")) {
		struct caller_options dialled = caller->options;

		dialled.number = text;
		(void)add_call(caller, &dialled, "");
	}
	return DBUS_HANDLER_RESULT_HANDLED;
}

static void properties_changed(struct caller *caller, DBusMessage *signal)
{
	DBusMessageIter iter, dict, entry, value;
	const char *text;

	if (strcmp(dbus_message_get_signature(signal), "sa{sv}as") != 0)
		return;
	dbus_message_iter_init(signal, &iter);
	dbus_message_iter_get_basic(&iter, &text);
	if (strcmp(text, CALL) != 0)
		return;
	dbus_message_iter_next(&iter);
	dbus_message_iter_recurse(&iter, &dict);
	for (; dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&dict)) {
		dbus_message_iter_recurse(&dict, &entry);
		dbus_message_iter_get_basic(&entry, &text);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &value);
		if (!strcmp(text, "State") &&
		    dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_STRING) {
			dbus_message_iter_get_basic(&value, &text);
			(void)snprintf(caller->state, sizeof(caller->state), "%s", text);
			caller->events->state(caller->data, text);
		}
	}
}

/* The daemon is there, or is there again. */
static void owner_changed(struct caller *caller, DBusMessage *signal)
{
	const char *name, *old, *now;

	if (!dbus_message_get_args(signal, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &old,
				   DBUS_TYPE_STRING, &now, DBUS_TYPE_INVALID) ||
	    strcmp(name, SERVICE) != 0 || now[0] == '\0' || !caller->path || caller->own.dials ||
	    !strcmp(caller->state, "ended"))
		return;
	free(caller->path);
	caller->path = NULL;
	(void)add_call(caller, &caller->own, caller->state);
}

static DBusHandlerResult got_signal(DBusConnection *bus, DBusMessage *message, void *data)
{
	struct caller *caller = data;
	const char *old, *now, *reason, *rule;

	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected")) {
		caller->events->lost(caller->data);
	} else if (dbus_message_is_signal(message, DBUS_INTERFACE_DBUS, "NameOwnerChanged")) {
		owner_changed(caller, message);
	} else if (dbus_message_is_signal(message, MANAGER, "RouteChanged")) {
		if (dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &old, DBUS_TYPE_STRING,
					  &now, DBUS_TYPE_STRING, &reason, DBUS_TYPE_STRING, &rule,
					  DBUS_TYPE_INVALID))
			caller->events->route(caller->data, old, now, reason, rule);
	} else if (dbus_message_is_signal(message, DBUS_INTERFACE_PROPERTIES,
					  "PropertiesChanged")) {
		if (caller->path && dbus_message_has_path(message, caller->path))
			properties_changed(caller, message);
	}
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static void dispatch(struct caller *caller)
{
	while (dbus_connection_dispatch(caller->bus) == DBUS_DISPATCH_DATA_REMAINS)
		;
	dbus_connection_flush(caller->bus);
}

static void readable(void *data, int fd, uint32_t mask)
{
	struct caller *caller = data;

	(void)dbus_connection_read_write(caller->bus, 0);
	dispatch(caller);
}

/* ---- life ----------------------------------------------------------------------------------- */

int caller_new(struct pw_loop *loop, const struct caller_options *options,
	       const struct caller_events *events, void *data, struct caller **ret)
{
	static const DBusObjectPathVTable provider = { .message_function = provider_message };
	struct caller *caller = calloc(1, sizeof(*caller));
	DBusError error = DBUS_ERROR_INIT;
	int fd;

	if (!caller)
		return -ENOMEM;
	caller->loop = loop;
	caller->events = events;
	caller->data = data;
	caller->options = *options;
	caller->own = *options;
	caller->options.outgoing = true;
	caller->bus = dbus_bus_get_private(DBUS_BUS_SESSION, &error);
	if (!caller->bus) {
		fprintf(stderr, "softphone: the session bus: %s\n", error.message);
		dbus_error_free(&error);
		free(caller);
		return -ECONNREFUSED;
	}
	dbus_connection_set_exit_on_disconnect(caller->bus, FALSE);
	dbus_connection_add_filter(caller->bus, got_signal, caller, NULL);
	if (options->provider || options->dials)
		dbus_connection_register_object_path(caller->bus, PROVIDER_PATH, &provider, caller);
	dbus_bus_add_match(caller->bus, "type='signal',sender='" SERVICE "'", NULL);
	dbus_bus_add_match(caller->bus,
			   "type='signal',sender='" DBUS_SERVICE_DBUS
			   "',member='NameOwnerChanged',arg0='" SERVICE "'",
			   NULL);
	if (!dbus_connection_get_unix_fd(caller->bus, &fd)) {
		caller_free(caller);
		return -ENOTCONN;
	}
	caller->source = pw_loop_add_io(loop, fd, SPA_IO_IN | SPA_IO_HUP, false, readable, caller);
	if (!caller->source ||
	    (options->dials ? register_provider(caller) : add_call(caller, options, "")) < 0) {
		caller_free(caller);
		return -EIO;
	}
	*ret = caller;
	return 0;
}

struct caller *caller_free(struct caller *caller)
{
	if (!caller)
		return NULL;
	if (caller->source)
		pw_loop_destroy_source(caller->loop, caller->source);
	dbus_connection_remove_filter(caller->bus, got_signal, caller);
	dbus_connection_close(caller->bus);
	dbus_connection_unref(caller->bus);
	free(caller->path);
	free(caller);
	return NULL;
}
