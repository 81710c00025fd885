/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The long answers of Manager1: ListRoutes ("what could it be") and Why ("what decided so").
 */
#include "internal.h"

#include <stdio.h>

static void append_endpoint(struct api *api, DBusMessageIter *array,
			    const struct engine_endpoint *endpoint)
{
	enum policy_outcome outcome = engine_route_eligible(api->engine, endpoint->route);
	DBusMessageIter dict;

	dbus_message_iter_open_container(array, DBUS_TYPE_ARRAY, "{sv}", &dict);
	api_append_route(&dict, "Route", endpoint->route);
	bus_append_entry_string(&dict, "Kind", endpoint_kind_to_string(endpoint->kind));
	bus_append_entry_string(&dict, "Name", api_utf8(endpoint->name));
	api_append_bool(&dict, "Available", endpoint->available);
	api_append_bool(&dict, "Active", endpoint->active);
	api_append_bool(&dict, "CallCapable", endpoint->call_capable);
	api_append_bool(&dict, "Eligible", outcome == POLICY_OK);
	if (outcome != POLICY_OK) {
		bus_append_entry_string(&dict, "Error", engine_error_name(outcome));
		bus_append_entry_string(&dict, "Reason", api_outcome_text(outcome));
	}
	if (endpoint->battery_percent >= 0) {
		uint8_t percent = (uint8_t)endpoint->battery_percent;

		bus_append_entry(&dict, "Battery", DBUS_TYPE_BYTE, &percent);
	}
	dbus_message_iter_close_container(array, &dict);
}

void api_report_routes(DBusMessageIter *iter, void *data)
{
	struct api *api = data;
	size_t n = engine_endpoints(api->engine, api->scratch, ENDPOINT_MAX);
	DBusMessageIter array;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "a{sv}", &array);
	for (size_t i = 0; i < n && i < ENDPOINT_MAX; i++)
		append_endpoint(api, &array, &api->scratch[i]);
	dbus_message_iter_close_container(iter, &array);
}

void api_report_lines(DBusMessageIter *iter, void *data)
{
	const struct api *api = data;
	struct wire_line lines[WIRE_LINES];
	size_t n = engine_wire(api->engine, lines, WIRE_LINES);
	char address[ROUTE_ADDRESS_SIZE];
	DBusMessageIter array, dict;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "a{sv}", &array);
	for (size_t i = 0; i < n; i++) {
		route_device_to_address(lines[i].device, address);
		dbus_message_iter_open_container(&array, DBUS_TYPE_ARRAY, "{sv}", &dict);
		bus_append_entry(&dict, "Time", DBUS_TYPE_UINT64, &lines[i].realtime_ms);
		bus_append_entry_string(&dict, "Address", address);
		api_append_bool(&dict, "Sent", lines[i].sent);
		bus_append_entry_string(&dict, "Line", lines[i].text);
		dbus_message_iter_close_container(&array, &dict);
	}
	dbus_message_iter_close_container(iter, &array);
}

static void append_decision_of_the_past(DBusMessageIter *array, const struct engine_history *past)
{
	DBusMessageIter dict;

	dbus_message_iter_open_container(array, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry(&dict, "Time", DBUS_TYPE_UINT64, &past->realtime_ms);
	api_append_route(&dict, "From", past->from);
	api_append_route(&dict, "To", past->to);
	bus_append_entry_string(&dict, "Rule", policy_rule_name(past->rule));
	bus_append_entry_string(&dict, "Via", policy_rule_name(past->via));
	bus_append_entry_string(&dict, "Reason", past->reason ? past->reason : "");
	dbus_message_iter_close_container(array, &dict);
}

static void append_history(DBusMessageIter *iter, void *data)
{
	struct api *api = data;
	struct engine_history history[ENGINE_HISTORY];
	size_t n = engine_history(api->engine, history, ENGINE_HISTORY);
	DBusMessageIter array;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "a{sv}", &array);
	for (size_t i = 0; i < n && i < ENGINE_HISTORY; i++)
		append_decision_of_the_past(&array, &history[i]);
	dbus_message_iter_close_container(iter, &array);
}

/* An entry whose value is a variant of @signature, filled by @fill. */
static void append_entry(DBusMessageIter *dict, const char *key, const char *signature,
			 void (*fill)(DBusMessageIter *iter, void *data), void *data)
{
	DBusMessageIter entry, variant;

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant);
	fill(&variant, data);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

/* By whom the call whose sound it is was answered; a held call's answer explains nothing now. */
static const char *answered_by(struct api *api)
{
	struct call *calls[CALL_MAX];
	size_t n = engine_calls(api->engine, calls, CALL_MAX);

	for (size_t i = 0; i < n && i < CALL_MAX; i++)
		if (call_state(api->engine, calls[i]) == CALL_ACTIVE)
			return call_answered_by(calls[i]);
	return "";
}

void api_report_why(DBusMessageIter *iter, void *data)
{
	struct api *api = data;
	const struct policy_decision *decision = engine_decision(api->engine);
	const struct policy_rule_text *text = policy_rule_text(decision->rule);
	uint32_t auto_answer = engine_auto_answer(api->engine);
	char words[512] = "";
	DBusMessageIter dict;

	if (text)
		(void)snprintf(words, sizeof(words), "%s: %s", text->when, text->then);
	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	api_append_route(&dict, "Route", engine_route(api->engine));
	api_append_route(&dict, "Decided", decision->call);
	api_append_route(&dict, "DefaultRoute", decision->memory);
	bus_append_entry_string(&dict, "Rule", policy_rule_name(decision->rule));
	bus_append_entry_string(&dict, "Text", words);
	bus_append_entry_string(&dict, "Source", text && text->source ? text->source : "");
	bus_append_entry_string(&dict, "Via", policy_rule_name(decision->via));
	bus_append_entry_string(&dict, "Reason", decision->reason ? decision->reason : "");
	bus_append_entry_string(&dict, "Setting",
				policy_routing_to_string(engine_routing(api->engine)));
	bus_append_entry(&dict, "AutoAnswer", DBUS_TYPE_UINT32, &auto_answer);
	api_append_bool(&dict, "Muted", decision->muted);
	api_append_bool(&dict, "MicrophoneSilent", engine_hears_nothing(api->engine));
	bus_append_entry_string(&dict, "AnsweredBy", answered_by(api));
	append_entry(&dict, "Devices", "aa{sv}", api_report_routes, api);
	if (engine_why(api->engine, &api->why)) {
		append_entry(&dict, "Facts", "a{sv}", api_report_facts, &api->why);
		append_entry(&dict, "NearlyApplied", "aa{sv}", api_report_near, &api->why);
	}
	append_entry(&dict, "History", "aa{sv}", append_history, api);
	dbus_message_iter_close_container(iter, &dict);
}
