/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * org.callroute.Endpoint1: one object for each place where the sound of calls can be.
 */
#include "internal.h"

#include "daemon/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct api_endpoint {
	struct api_endpoint *next;
	struct bus_object *object;
	struct engine_endpoint shown;
	bool seen; /* during a sync */
};

static int get_kind(void *data, DBusMessageIter *value)
{
	const struct api_endpoint *endpoint = data;
	const char *kind = endpoint_kind_to_string(endpoint->shown.kind);

	bus_append_basic(value, DBUS_TYPE_STRING, &kind);
	return 0;
}

static int get_route(void *data, DBusMessageIter *value)
{
	const struct api_endpoint *endpoint = data;
	char text[ROUTE_STRING_SIZE];
	const char *p = text;

	route_to_string(endpoint->shown.route, text);
	bus_append_basic(value, DBUS_TYPE_STRING, &p);
	return 0;
}

static int get_name(void *data, DBusMessageIter *value)
{
	const struct api_endpoint *endpoint = data;
	const char *name = api_utf8(endpoint->shown.name);

	bus_append_basic(value, DBUS_TYPE_STRING, &name);
	return 0;
}

static int get_address(void *data, DBusMessageIter *value)
{
	const struct api_endpoint *endpoint = data;
	const char *address = endpoint->shown.address;

	bus_append_basic(value, DBUS_TYPE_STRING, &address);
	return 0;
}

static int append_bool(DBusMessageIter *value, bool b)
{
	dbus_bool_t wide = b;

	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &wide);
	return 0;
}

static int get_available(void *data, DBusMessageIter *value)
{
	return append_bool(value, ((const struct api_endpoint *)data)->shown.available);
}

static int get_active(void *data, DBusMessageIter *value)
{
	return append_bool(value, ((const struct api_endpoint *)data)->shown.active);
}

static int get_call_capable(void *data, DBusMessageIter *value)
{
	return append_bool(value, ((const struct api_endpoint *)data)->shown.call_capable);
}

/* Unknown is absent, never 0: a display would warn of an empty battery. */
static int append_small(DBusMessageIter *value, int number)
{
	uint8_t byte = (uint8_t)number;

	if (number < 0)
		return -ENODATA;
	bus_append_basic(value, DBUS_TYPE_BYTE, &byte);
	return 0;
}

static int get_battery(void *data, DBusMessageIter *value)
{
	return append_small(value, ((const struct api_endpoint *)data)->shown.battery_percent);
}

static int get_air_codec(void *data, DBusMessageIter *value)
{
	const struct api_endpoint *endpoint = data;
	const char *codec = endpoint->shown.air_codec;

	bus_append_basic(value, DBUS_TYPE_STRING, &codec);
	return 0;
}

static int get_speaker_gain(void *data, DBusMessageIter *value)
{
	return append_small(value, ((const struct api_endpoint *)data)->shown.speaker_gain_0_15);
}

static int get_microphone_gain(void *data, DBusMessageIter *value)
{
	return append_small(value, ((const struct api_endpoint *)data)->shown.microphone_gain_0_15);
}

static const struct bus_property properties[] = { { "Kind", "s", get_kind, NULL },
						  { "Route", "s", get_route, NULL },
						  { "Name", "s", get_name, NULL },
						  { "Address", "s", get_address, NULL },
						  { "Available", "b", get_available, NULL },
						  { "Active", "b", get_active, NULL },
						  { "CallCapable", "b", get_call_capable, NULL },
						  { "Battery", "y", get_battery, NULL },
						  { "AirCodec", "s", get_air_codec, NULL },
						  { "SpeakerGain", "y", get_speaker_gain, NULL },
						  { "MicrophoneGain", "y", get_microphone_gain,
						    NULL },
						  { 0 } };

static const struct bus_signal signals[] = { { "Key", "s key, b used" }, { 0 } };

const struct bus_interface api_endpoint_interface = {
	API_ENDPOINT,
	NULL,
	signals,
	properties,
};

#define ENDPOINT_PATH_SIZE 64

/* "…/handset", "…/speaker", "…/wired", or the address with "_" for ":". */
static void endpoint_path(const struct engine_endpoint *endpoint,
			  char ret[static ENDPOINT_PATH_SIZE])
{
	char address[ROUTE_ADDRESS_SIZE];
	const char *last = route_kind_to_string(endpoint->route.kind);

	if (route_is_bluetooth(endpoint->route)) {
		route_device_to_address(endpoint->route.device, address);
		for (char *p = address; *p; p++)
			if (*p == ':')
				*p = '_';
		last = address;
	}
	(void)snprintf(ret, ENDPOINT_PATH_SIZE, API_PATH "/endpoint/%s", last);
}

static void endpoint_free(struct api_endpoint *endpoint)
{
	bus_object_free(endpoint->object);
	free(endpoint);
}

static struct api_endpoint *endpoint_new(struct api *api, const struct engine_endpoint *now)
{
	static const struct bus_interface *const interfaces[] = { &api_endpoint_interface, NULL };
	struct api_endpoint *endpoint = calloc(1, sizeof(*endpoint));
	char path[ENDPOINT_PATH_SIZE];
	int r;

	if (!endpoint)
		return NULL;
	endpoint->shown = *now;
	endpoint_path(now, path);
	r = bus_object_new(api->bus, path, interfaces, endpoint, &endpoint->object);
	if (r < 0) {
		log_warning("cannot serve %s: %s, continuing", path, strerror(-r));
		free(endpoint);
		return NULL;
	}
	endpoint->next = api->endpoints;
	api->endpoints = endpoint;
	return endpoint;
}

static void endpoint_update(struct api_endpoint *endpoint, const struct engine_endpoint *now)
{
	const struct engine_endpoint old = endpoint->shown;
	struct bus_object *object = endpoint->object;

	endpoint->shown = *now;
	if (old.kind != now->kind)
		bus_object_changed(object, API_ENDPOINT, "Kind");
	if (!route_equal(old.route, now->route))
		bus_object_changed(object, API_ENDPOINT, "Route");
	if (strcmp(old.name, now->name) != 0)
		bus_object_changed(object, API_ENDPOINT, "Name");
	if (old.available != now->available)
		bus_object_changed(object, API_ENDPOINT, "Available");
	if (old.active != now->active)
		bus_object_changed(object, API_ENDPOINT, "Active");
	if (old.call_capable != now->call_capable)
		bus_object_changed(object, API_ENDPOINT, "CallCapable");
	if (old.battery_percent != now->battery_percent)
		bus_object_changed(object, API_ENDPOINT, "Battery");
	if (strcmp(old.air_codec, now->air_codec) != 0)
		bus_object_changed(object, API_ENDPOINT, "AirCodec");
	if (old.speaker_gain_0_15 != now->speaker_gain_0_15)
		bus_object_changed(object, API_ENDPOINT, "SpeakerGain");
	if (old.microphone_gain_0_15 != now->microphone_gain_0_15)
		bus_object_changed(object, API_ENDPOINT, "MicrophoneGain");
}

/* A device is one endpoint, also where its kind changes (configuration, a class learnt late). */
static bool same_endpoint(struct route a, struct route b)
{
	return route_is_bluetooth(a) && route_is_bluetooth(b) ? a.device == b.device
							      : route_equal(a, b);
}

void api_endpoints_sync(struct api *api)
{
	size_t n = engine_endpoints(api->engine, api->scratch, ENDPOINT_MAX);
	struct api_endpoint **link, *endpoint;

	for (endpoint = api->endpoints; endpoint; endpoint = endpoint->next)
		endpoint->seen = false;
	for (size_t i = 0; i < n && i < ENDPOINT_MAX; i++) {
		const struct engine_endpoint *now = &api->scratch[i];

		for (endpoint = api->endpoints; endpoint; endpoint = endpoint->next)
			if (same_endpoint(endpoint->shown.route, now->route))
				break;
		if (endpoint)
			endpoint_update(endpoint, now);
		else
			endpoint = endpoint_new(api, now);
		if (endpoint)
			endpoint->seen = true;
	}
	link = &api->endpoints;
	while ((endpoint = *link)) {
		if (endpoint->seen) {
			link = &endpoint->next;
		} else {
			*link = endpoint->next;
			endpoint_free(endpoint);
		}
	}
}

void api_endpoint_key(struct api *api, route_device device, const char *key, bool used)
{
	dbus_bool_t wide = used;

	for (struct api_endpoint *endpoint = api->endpoints; endpoint; endpoint = endpoint->next) {
		const struct route route = endpoint->shown.route;

		if (route_is_bluetooth(route) && route.device == device)
			(void)bus_object_emit(endpoint->object, API_ENDPOINT, "Key",
					      DBUS_TYPE_STRING, &key, DBUS_TYPE_BOOLEAN, &wide,
					      DBUS_TYPE_INVALID);
	}
}

void api_endpoints_free(struct api *api)
{
	while (api->endpoints) {
		struct api_endpoint *endpoint = api->endpoints;

		api->endpoints = endpoint->next;
		endpoint_free(endpoint);
	}
}
