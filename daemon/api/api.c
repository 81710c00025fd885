/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The life of the public face: objects first, the name last, so that who sees the name finds
 * everything behind it. Requests that wait for the engine are kept here; the engine may outlive us.
 */
#include "internal.h"

#include "daemon/log.h"

#include <errno.h>
#include <stdlib.h>

struct api_request {
	struct api *api; /* NULL once the API is gone and the call has been answered */
	struct bus_call *call;
	struct api_request *next;
	struct api_request **link;
};

struct api_request *api_request_new(struct api *api, struct bus_call *call)
{
	struct api_request *request = calloc(1, sizeof(*request));

	if (!request) {
		bus_call_error(call, DBUS_ERROR_NO_MEMORY, "out of memory");
		return NULL;
	}
	request->api = api;
	request->call = bus_call_keep(call);
	request->next = api->requests;
	request->link = &api->requests;
	if (request->next)
		request->next->link = &request->next;
	api->requests = request;
	return request;
}

static void request_unlink(struct api_request *request)
{
	*request->link = request->next;
	if (request->next)
		request->next->link = request->link;
	request->api = NULL;
}

void api_request_done(void *data, const char *error, const char *message)
{
	struct api_request *request = data;

	if (request->api) {
		/* Who waited sees the new properties before the answer. */
		api_sync(request->api);
		request_unlink(request);
		if (error)
			bus_call_error(request->call, error, "%s", message ? message : "refused");
		else
			bus_call_reply(request->call, DBUS_TYPE_INVALID);
	}
	free(request);
}

const char *api_outcome_text(enum policy_outcome outcome)
{
	switch (outcome) {
	case POLICY_OK:
		return "";
	case POLICY_NO_SUCH_ROUTE:
		return "nothing of that name is known";
	case POLICY_NOT_AVAILABLE:
		return "it is known, but not there now";
	case POLICY_NOT_ELIGIBLE:
		return "it is there, but may not carry this call";
	case POLICY_NO_SUCH_DEVICE:
		return "that device is not connected";
	case POLICY_NO_SUCH_CALL:
		return "there is no such call";
	case POLICY_CALL_EXISTS:
		return "that call is there already";
	case POLICY_WRONG_STATE:
		return "the call's state does not allow it";
	case POLICY_NO_CALL:
		return "there is no call";
	case POLICY_TOO_MANY:
		return "there are as many as there may be";
	case POLICY_INVALID:
		return "a value is out of its range";
	}
	return "refused";
}

void api_answer_outcome(struct bus_call *call, enum policy_outcome outcome)
{
	if (outcome == POLICY_OK)
		bus_call_reply(call, DBUS_TYPE_INVALID);
	else
		bus_call_error(call, engine_error_name(outcome), "%s", api_outcome_text(outcome));
}

const char *api_utf8(const char *text)
{
	return text && dbus_validate_utf8(text, NULL) ? text : "";
}

void api_append_route(DBusMessageIter *dict, const char *key, struct route route)
{
	char text[ROUTE_STRING_SIZE];

	route_to_string(route, text);
	bus_append_entry_string(dict, key, text);
}

void api_append_bool(DBusMessageIter *dict, const char *key, bool value)
{
	dbus_bool_t wide = value;

	bus_append_entry(dict, key, DBUS_TYPE_BOOLEAN, &wide);
}

void api_sync(struct api *api)
{
	api_endpoints_sync(api);
	api_calls_sync(api);
	api_manager_sync(api);
}

static void engine_changed(void *data)
{
	api_sync(data);
}

static void engine_route_changed(void *data, struct route old, struct route now, const char *reason,
				 enum policy_rule rule)
{
	struct api *api = data;
	char from[ROUTE_STRING_SIZE], to[ROUTE_STRING_SIZE];
	const char *from_p = from, *to_p = to, *rule_p = policy_rule_name(rule);

	route_to_string(old, from);
	route_to_string(now, to);
	if (!reason)
		reason = "";
	api_sync(api);
	bus_object_flush(api->manager);
	(void)bus_object_emit(api->manager, API_MANAGER, "RouteChanged", DBUS_TYPE_STRING, &from_p,
			      DBUS_TYPE_STRING, &to_p, DBUS_TYPE_STRING, &reason, DBUS_TYPE_STRING,
			      &rule_p, DBUS_TYPE_INVALID);
}

static void engine_headset_key(void *data, route_device device, const char *key, bool used)
{
	api_endpoint_key(data, device, key, used);
}

static const struct engine_observer observer = {
	.changed = engine_changed,
	.route_changed = engine_route_changed,
	.headset_key = engine_headset_key,
};

static void name_owned(void *data, const char *name, bool owned)
{
	struct api *api = data;

	if (api->owned)
		api->owned(api->data, owned);
}

int api_new(struct bus *bus, struct engine *engine, void (*owned)(void *data, bool owned),
	    void *data, struct api **ret)
{
	static const struct bus_interface *const interfaces[] = { &api_manager_interface, NULL };
	struct api *api = calloc(1, sizeof(*api));
	int r;

	if (!api)
		return -ENOMEM;
	api->bus = bus;
	api->engine = engine;
	api->owned = owned;
	api->data = data;
	r = bus_object_manager(bus, API_PATH);
	if (r < 0)
		goto fail;
	r = bus_object_new(bus, API_PATH, interfaces, api, &api->manager);
	if (r < 0)
		goto fail;
	engine_observe(engine, &observer, api);
	api_sync(api);
	r = bus_request_name(bus, API_NAME, name_owned, api);
	if (r < 0)
		goto fail;
	*ret = api;
	return 0;
fail:
	api_free(api);
	return r;
}

struct api *api_free(struct api *api)
{
	if (!api)
		return NULL;
	/* No longer observing: the calls go on, and their softphones are not told that they ended. */
	engine_observe(api->engine, NULL, NULL);
	api_owners_free(api);
	while (api->requests) {
		struct api_request *request = api->requests;

		request_unlink(request);
		bus_call_error(request->call, API_ERROR_FAILED, "the daemon stops");
	}
	api_calls_free(api);
	api_endpoints_free(api);
	bus_object_free(api->manager);
	/* Last: who listens to the name has heard of all this. */
	bus_release_name(api->bus, API_NAME);
	free(api);
	return NULL;
}
