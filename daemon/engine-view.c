/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What is, for those who ask: endpoints, history, the decision and the route that the graph has.
 */
#include "engine-internal.h"

#include "hfp/quirks.h"

#include <stdio.h>
#include <string.h>

const char *endpoint_kind_to_string(enum endpoint_kind kind)
{
	switch (kind) {
	case ENDPOINT_HEADSET:
		return "headset";
	case ENDPOINT_BLUETOOTH_SPEAKER:
		return "bluetooth-speaker";
	case ENDPOINT_WIRED_HEADSET:
		return "wired-headset";
	case ENDPOINT_HANDSET:
		return "handset";
	case ENDPOINT_SPEAKER:
		return "speaker";
	}
	return "";
}

const struct policy_decision *engine_decision(const struct engine *engine)
{
	return policy_decision(engine->policy);
}

bool engine_why(const struct engine *engine, struct policy_why *ret)
{
	return policy_why(engine->policy, ret);
}

struct route engine_route(const struct engine *engine)
{
	return engine->verified;
}

bool engine_hears_nothing(const struct engine *engine)
{
	return graph_hears_nothing(engine->graph);
}

enum policy_routing engine_routing(const struct engine *engine)
{
	return engine->routing;
}

uint32_t engine_auto_answer(const struct engine *engine)
{
	return engine->auto_answer;
}

size_t engine_history(const struct engine *engine, struct engine_history *ret, size_t max)
{
	for (size_t i = 0; i < engine->n_history && i < max; i++)
		ret[i] = engine->history[i];
	return engine->n_history;
}

size_t engine_wire(const struct engine *engine, struct wire_line *ret, size_t max)
{
	return wire_list(&engine->wire, ret, max);
}

static struct engine_endpoint local_endpoint(const struct engine *engine, enum endpoint_kind kind)
{
	struct engine_endpoint endpoint = {
		.kind = kind,
		.call_capable = true,
		.battery_percent = -1,
		.speaker_gain_0_15 = -1,
		.microphone_gain_0_15 = -1,
	};
	struct route now = engine->verified;

	switch (kind) {
	case ENDPOINT_HANDSET:
		endpoint.route.kind = ROUTE_HANDSET;
		endpoint.available = engine->local.handset;
		endpoint.active = now.kind == ROUTE_HANDSET && !engine->local.wired;
		snprintf(endpoint.name, sizeof(endpoint.name), "Handset");
		break;
	case ENDPOINT_SPEAKER:
		endpoint.route.kind = ROUTE_SPEAKER;
		endpoint.available = engine->local.speaker;
		endpoint.active = now.kind == ROUTE_SPEAKER;
		snprintf(endpoint.name, sizeof(endpoint.name), "Loudspeaker");
		break;
	default:
		endpoint.route.kind = ROUTE_WIRED;
		endpoint.available = engine->local.wired;
		endpoint.active = now.kind == ROUTE_WIRED ||
				  (now.kind == ROUTE_HANDSET && engine->local.wired);
		snprintf(endpoint.name, sizeof(endpoint.name), "Wired headset");
		break;
	}
	return endpoint;
}

static struct engine_endpoint bluetooth_endpoint(const struct engine *engine,
						 const struct engine_device *device)
{
	const struct bluez_device *known =
		engine->bluez != NULL ? bluez_find(engine->bluez, device->device) : NULL;
	bool speaker = engine_configured(engine, device->device).kind == DEVICE_SPEAKER;
	struct engine_endpoint endpoint = {
		.kind = speaker ? ENDPOINT_BLUETOOTH_SPEAKER : ENDPOINT_HEADSET,
		.route = { speaker ? ROUTE_BT_SPEAKER : ROUTE_HEADSET, device->device },
		.available = true,
		.call_capable = device->call_capable,
		.battery_percent = device->battery_percent,
		.speaker_gain_0_15 = -1,
		.microphone_gain_0_15 = -1,
	};

	if (device->headset != NULL && !(device->quirks & QUIRK_NO_SPEAKER_GAIN))
		endpoint.speaker_gain_0_15 = device->speaker_gain;
	if (device->headset != NULL && !(device->quirks & QUIRK_NO_MICROPHONE_GAIN))
		endpoint.microphone_gain_0_15 = device->microphone_gain;
	endpoint.active =
		route_is_bluetooth(engine->verified) && engine->verified.device == device->device;
	route_device_to_address(device->device, endpoint.address);
	snprintf(endpoint.name, sizeof(endpoint.name), "%s",
		 known != NULL ? known->name : endpoint.address);
	if (device->audio_up)
		snprintf(endpoint.air_codec, sizeof(endpoint.air_codec), "%s",
			 device->codec == SCO_TRANSPARENT ? "mSBC" : "CVSD");
	return endpoint;
}

size_t engine_endpoints(const struct engine *engine, struct engine_endpoint *ret, size_t max)
{
	size_t n = 0;

	if (n < max)
		ret[n++] = local_endpoint(engine, ENDPOINT_HANDSET);
	if (n < max)
		ret[n++] = local_endpoint(engine, ENDPOINT_SPEAKER);
	if (n < max && engine->local.wired)
		ret[n++] = local_endpoint(engine, ENDPOINT_WIRED_HEADSET);
	for (size_t i = 0; i < engine->n_devices && n < max; i++)
		ret[n++] = bluetooth_endpoint(engine, &engine->devices[i]);
	return n;
}

enum policy_outcome engine_route_eligible(const struct engine *engine, struct route route)
{
	struct route resolved;
	enum policy_outcome outcome = policy_resolve(engine->policy, route, &resolved);

	if (outcome == POLICY_OK)
		(void)policy_route_eligible(engine->policy, resolved, &outcome);
	return outcome;
}
