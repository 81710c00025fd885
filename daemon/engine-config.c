/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What is configured, where the engine asks for it.
 */
#include "engine-internal.h"

#include "hfp/quirks.h"

void engine_set_config(struct engine *engine, const struct config *config)
{
	engine->config = config;
	config_timeouts(config, &engine->timeouts);
	graph_set_config(engine->graph, config);
}

struct config_device engine_configured(const struct engine *engine, route_device device)
{
	const struct bluez_device *known =
		engine->bluez != NULL ? bluez_find(engine->bluez, device) : NULL;
	struct config_device what;

	config_device(engine->config, device, known != NULL ? known->name : NULL, &what);
	if (!what.has_quirks) {
		char address[ROUTE_ADDRESS_SIZE];

		route_device_to_address(device, address);
		what.quirks = quirks_of(known != NULL ? known->name : NULL, address);
	}
	if (!what.has_kind)
		what.kind = known != NULL ? known->kind : DEVICE_HEADSET;
	return what;
}

void engine_complete_connect(struct engine *engine, struct policy_event *event)
{
	const struct config_device what = engine_configured(engine, event->device);

	event->kind = what.kind;
	event->auto_route = what.auto_route;
	event->resumed = engine_resumed(engine, event->device, event->call_capable);
}
