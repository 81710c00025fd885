/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * org.callroute.Manager1: the route of all calls, why it is that, and the settings.
 */
#include "internal.h"

static int append_string(DBusMessageIter *value, const char *text)
{
	bus_append_basic(value, DBUS_TYPE_STRING, &text);
	return 0;
}

static int append_route(DBusMessageIter *value, struct route route)
{
	char text[ROUTE_STRING_SIZE];

	route_to_string(route, text);
	return append_string(value, text);
}

static int get_route(void *data, DBusMessageIter *value)
{
	const struct api *api = data;

	return append_route(value, api->shown.route);
}

static int get_reason(void *data, DBusMessageIter *value)
{
	const struct api *api = data;

	return append_string(value, api->shown.reason ? api->shown.reason : "");
}

static int get_rule(void *data, DBusMessageIter *value)
{
	const struct api *api = data;

	return append_string(value, policy_rule_name(api->shown.rule));
}

static int get_default_route(void *data, DBusMessageIter *value)
{
	const struct api *api = data;

	return append_route(value, api->shown.memory);
}

static int get_muted(void *data, DBusMessageIter *value)
{
	const struct api *api = data;
	dbus_bool_t muted = api->shown.muted;

	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &muted);
	return 0;
}

static int set_muted(void *data, DBusMessageIter *value, DBusError *error)
{
	struct api *api = data;
	enum policy_outcome outcome;
	dbus_bool_t muted;

	if (bus_read_basic(value, DBUS_TYPE_BOOLEAN, &muted) < 0)
		return bus_error_set(error, API_ERROR_INVALID_ARGUMENT, "Muted: not a boolean");
	outcome = engine_set_muted(api->engine, muted);
	if (outcome != POLICY_OK)
		return bus_error_set(error, engine_error_name(outcome), "Muted: %s",
				     api_outcome_text(outcome));
	api_sync(api);
	return 0;
}

static int get_microphone_silent(void *data, DBusMessageIter *value)
{
	const struct api *api = data;
	dbus_bool_t silent = api->shown.silent;

	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &silent);
	return 0;
}

static int get_routing(void *data, DBusMessageIter *value)
{
	const struct api *api = data;

	return append_string(value, policy_routing_to_string(api->shown.routing));
}

static int set_routing(void *data, DBusMessageIter *value, DBusError *error)
{
	struct api *api = data;
	enum policy_routing routing;
	const char *text;

	if (bus_read_basic(value, DBUS_TYPE_STRING, &text) < 0 ||
	    policy_routing_from_string(text, &routing) < 0)
		return bus_error_set(error, API_ERROR_INVALID_ARGUMENT,
				     "CallAudioRouting: expected automatic, headset or speaker");
	engine_set_routing(api->engine, routing);
	api_sync(api);
	return 0;
}

static int get_auto_answer(void *data, DBusMessageIter *value)
{
	const struct api *api = data;

	bus_append_basic(value, DBUS_TYPE_UINT32, &api->shown.auto_answer);
	return 0;
}

static int set_auto_answer(void *data, DBusMessageIter *value, DBusError *error)
{
	struct api *api = data;
	uint32_t seconds;

	if (bus_read_basic(value, DBUS_TYPE_UINT32, &seconds) < 0 || seconds > API_AUTO_ANSWER_MAX)
		return bus_error_set(error, API_ERROR_INVALID_ARGUMENT,
				     "AutoAnswer: expected 0 to %d seconds", API_AUTO_ANSWER_MAX);
	engine_set_auto_answer(api->engine, seconds);
	api_sync(api);
	return 0;
}

static int get_version(void *data, DBusMessageIter *value)
{
	return append_string(value, CALLROUTE_VERSION);
}

void api_manager_sync(struct api *api)
{
	const struct policy_decision *decision = engine_decision(api->engine);
	const struct api_shown now = {
		.route = engine_route(api->engine),
		.memory = decision->memory,
		.reason = decision->reason,
		.rule = decision->rule,
		.muted = decision->muted,
		.silent = engine_hears_nothing(api->engine),
		.routing = engine_routing(api->engine),
		.auto_answer = engine_auto_answer(api->engine),
	};
	const struct api_shown old = api->shown;

	api->shown = now;
	if (!route_equal(old.route, now.route))
		bus_object_changed(api->manager, API_MANAGER, "Route");
	if (old.reason != now.reason)
		bus_object_changed(api->manager, API_MANAGER, "Reason");
	if (old.rule != now.rule)
		bus_object_changed(api->manager, API_MANAGER, "Rule");
	if (!route_equal(old.memory, now.memory))
		bus_object_changed(api->manager, API_MANAGER, "DefaultRoute");
	if (old.muted != now.muted)
		bus_object_changed(api->manager, API_MANAGER, "Muted");
	if (old.silent != now.silent)
		bus_object_changed(api->manager, API_MANAGER, "MicrophoneSilent");
	if (old.routing != now.routing)
		bus_object_changed(api->manager, API_MANAGER, "CallAudioRouting");
	if (old.auto_answer != now.auto_answer)
		bus_object_changed(api->manager, API_MANAGER, "AutoAnswer");
}

static void set_route(struct bus_call *call, void *data)
{
	struct api *api = data;
	struct api_request *request;
	DBusMessageIter args;
	struct route route;
	const char *text;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &text);
	if (route_from_string(text, &route) < 0 || route.kind == ROUTE_NONE) {
		bus_call_error(call, engine_error_name(POLICY_NO_SUCH_ROUTE),
			       "no such route: %.64s", text);
		return;
	}
	request = api_request_new(api, call);
	if (request)
		engine_set_route(api->engine, route, api_request_done, request);
}

static void list_routes(struct bus_call *call, void *data)
{
	bus_call_reply_with(call, api_report_routes, data);
}

static void list_lines(struct bus_call *call, void *data)
{
	bus_call_reply_with(call, api_report_lines, data);
}

static void why(struct bus_call *call, void *data)
{
	bus_call_reply_with(call, api_report_why, data);
}

static const struct bus_method methods[] = {
	{ "AddCall", "s kind, a{sv} options", "o call", api_owner_add_call },
	{ "RegisterProvider", "o provider, a{sv} options", "", api_register_provider },
	{ "UnregisterProvider", "o provider", "", api_unregister_provider },
	{ "SetVoiceRecognition", "s headset, b on", "", api_set_voice_recognition },
	{ "SetRoute", "s route", "", set_route },
	{ "ListRoutes", "", "aa{sv} routes", list_routes },
	{ "ListLines", "", "aa{sv} lines", list_lines },
	{ "Why", "", "a{sv} answer", why },
	{ 0 }
};

static const struct bus_signal signals[] = { { "RouteChanged", "s old, s new, s reason, s rule" },
					     { 0 } };

static const struct bus_property properties[] = {
	{ "Route", "s", get_route, NULL },
	{ "Reason", "s", get_reason, NULL },
	{ "Rule", "s", get_rule, NULL },
	{ "DefaultRoute", "s", get_default_route, NULL },
	{ "Muted", "b", get_muted, set_muted },
	{ "MicrophoneSilent", "b", get_microphone_silent, NULL },
	{ "CallAudioRouting", "s", get_routing, set_routing },
	{ "AutoAnswer", "u", get_auto_answer, set_auto_answer },
	{ "Version", "s", get_version, NULL },
	{ 0 }
};

const struct bus_interface api_manager_interface = {
	API_MANAGER,
	methods,
	signals,
	properties,
};
