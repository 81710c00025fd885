/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What a decision rested on, for Why: texts, since they are for people and bug reports.
 */
#include "internal.h"

#include <stdio.h>

static void append_actor(DBusMessageIter *dict, const struct policy_why *why)
{
	char address[ROUTE_ADDRESS_SIZE];

	if (why->actor == 0 && !why->by_device)
		return;
	if (why->actor != 0)
		route_device_to_address(why->actor, address);
	bus_append_entry_string(dict, "By", why->actor != 0 ? address : "this machine");
}

static const char *kind_text(enum device_kind kind)
{
	switch (kind) {
	case DEVICE_HEADSET:
		return "headset";
	case DEVICE_SPEAKER:
		return "speaker";
	case DEVICE_CAR:
		return "car";
	case DEVICE_HEARING_AID:
		return "hearing-aid";
	}
	return "";
}

/* "AA:BB:CC:DD:EE:FF headset, A2DP only, not by itself, its sound link failed" */
static void append_device(DBusMessageIter *array, const struct policy_device *device)
{
	char address[ROUTE_ADDRESS_SIZE], text[128];
	const char *pointer = text;

	route_device_to_address(device->device, address);
	(void)snprintf(text, sizeof(text), "%s %s%s%s%s", address, kind_text(device->kind),
		       device->call_capable ? "" : ", A2DP only",
		       device->auto_route ? "" : ", not by itself",
		       device->failed ? ", its sound link failed" : "");
	dbus_message_iter_append_basic(array, DBUS_TYPE_STRING, &pointer);
}

static void append_devices(DBusMessageIter *dict, const struct policy_why *why)
{
	DBusMessageIter entry, variant, array;
	const char *key = "Connected";

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "as", &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "s", &array);
	for (uint32_t i = 0; i < why->n_listed; i++)
		append_device(&array, &why->devices[i]);
	dbus_message_iter_close_container(&variant, &array);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

static void append_wish(DBusMessageIter *dict, const char *key, struct route route)
{
	if (route.kind != ROUTE_NONE)
		api_append_route(dict, key, route);
}

void api_report_facts(DBusMessageIter *iter, void *data)
{
	const struct policy_why *why = data;
	DBusMessageIter dict;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry_string(&dict, "Occasion", why->occasion ? why->occasion : "");
	append_actor(&dict, why);
	if (why->call != 0)
		bus_append_entry(&dict, "Call", DBUS_TYPE_UINT32, &why->call);
	bus_append_entry_string(&dict, "Calls", why->managed ? "managed" : "unmanaged");
	if (why->call != 0)
		api_append_bool(&dict, "Video", why->video);
	api_append_route(&dict, "Before", why->before);
	append_wish(&dict, "Asked", why->asked);
	append_wish(&dict, "Pick", why->pick);
	append_wish(&dict, "Preference", why->preference);
	api_append_route(&dict, "DefaultRoute", why->memory);
	bus_append_entry_string(&dict, "Setting", policy_routing_to_string(why->routing));
	api_append_bool(&dict, "WiredHeadset", why->wired);
	api_append_bool(&dict, "Handset", why->has_handset);
	append_devices(&dict, why);
	dbus_message_iter_close_container(iter, &dict);
}

static void append_near(DBusMessageIter *array, const struct policy_near *near)
{
	const struct policy_rule_text *text = policy_rule_text(near->rule);
	char words[512];
	DBusMessageIter dict;

	(void)snprintf(words, sizeof(words), "%s: %s", text->when, text->then);
	dbus_message_iter_open_container(array, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry_string(&dict, "Rule", policy_rule_name(near->rule));
	bus_append_entry_string(&dict, "Text", words);
	bus_append_entry_string(&dict, "WhyNot", why_not_text(near->why));
	if (near->why == WHY_NOT_FIRST)
		api_append_route(&dict, "Route", near->route);
	dbus_message_iter_close_container(array, &dict);
}

void api_report_near(DBusMessageIter *iter, void *data)
{
	const struct policy_why *why = data;
	DBusMessageIter array;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "a{sv}", &array);
	for (uint32_t i = 0; i < why->n_near; i++)
		append_near(&array, &why->near[i]);
	dbus_message_iter_close_container(iter, &array);
}
