/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What the engine takes from its last life and leaves for the next. A headset that comes back
 * because callrouted was restarted has not "connected" in the sense of the rules: those that were
 * connected are remembered, and the first connection of each, soon after the start, is resumed.
 */
#include "engine-internal.h"

#include "state.h"

/** How long after the start a device is taken as one that only comes back: bluetoothd tells a new
 * profile's devices at once, a headset's own attempts are at most some tens of seconds apart. */
#define RESUME_MS 60000u

void engine_set_state(struct engine *engine, struct state *state)
{
	struct state_settings settings;
	struct state_memory memory;

	state_load_settings(state, &settings);
	state_load_memory(state, &memory);
	engine_set_routing(engine, settings.routing);
	engine_set_auto_answer(engine, settings.auto_answer);
	policy_restore_memory(engine->policy, memory.route);
	for (size_t i = 0; i < memory.n_devices && i < ENGINE_MAX_HEADSETS; i++)
		engine->resume[engine->n_resume++] = (struct engine_resume){
			.device = memory.devices[i].device,
			.call_capable = memory.devices[i].call_capable,
			.pending = true,
		};
	engine->resume_until_ms = monotonic_ms() + RESUME_MS;
	if (memory.in_call)
		engine->resume_call = memory.route;
	engine->state = state; /* from here on, changes are saved */
}

uint32_t engine_resumed(struct engine *engine, route_device device, bool call_capable)
{
	bool in_time = monotonic_ms() < engine->resume_until_ms;

	for (size_t i = 0; i < engine->n_resume; i++) {
		struct engine_resume *resume = &engine->resume[i];

		if (resume->device != device)
			continue;
		if (!in_time || !resume->pending || (call_capable && !resume->call_capable)) {
			resume->device = 0; /* it has its place by this connection */
			return 0;
		}
		/* a headset's A2DP comes before its service level connection */
		resume->pending = resume->call_capable && !call_capable;
		return (uint32_t)i + 1;
	}
	return 0;
}

struct route engine_resumed_call(const struct engine *engine)
{
	if (monotonic_ms() >= engine->resume_until_ms)
		return (struct route){ .kind = ROUTE_NONE };
	return engine->resume_call;
}

static bool is_resumed(const struct engine *engine, route_device device)
{
	for (size_t i = 0; i < engine->n_resume; i++) {
		if (engine->resume[i].device == device)
			return true;
	}
	return false;
}

/* Those that have not come back yet are kept at their places, for a restart that is soon followed by
 * another. */
static void list_devices(struct engine *engine, struct state_memory *memory)
{
	struct policy_device devices[ENGINE_MAX_HEADSETS];
	size_t n = policy_devices(engine->policy, devices, ENGINE_MAX_HEADSETS), next = 0;

	if (n > ENGINE_MAX_HEADSETS)
		n = ENGINE_MAX_HEADSETS;
	if (monotonic_ms() >= engine->resume_until_ms)
		engine->n_resume = 0;
	for (size_t i = 0; i < engine->n_resume; i++) {
		const struct engine_resume *resume = &engine->resume[i];

		if (resume->device == 0)
			continue;
		if (next < n && devices[next].device == resume->device)
			next++;
		else if (!resume->pending)
			continue; /* it came back and has gone */
		memory->devices[memory->n_devices++] = (struct state_device){
			.device = resume->device,
			.call_capable = resume->call_capable,
		};
	}
	for (; next < n && memory->n_devices < STATE_MAX_DEVICES; next++) {
		if (!is_resumed(engine, devices[next].device))
			memory->devices[memory->n_devices++] = (struct state_device){
				.device = devices[next].device,
				.call_capable = devices[next].call_capable,
			};
	}
}

void engine_save_settings(struct engine *engine)
{
	if (engine->state == NULL)
		return;
	state_save_settings(engine->state, &(struct state_settings){
						   .routing = engine->routing,
						   .auto_answer = engine->auto_answer,
					   });
}

void engine_save_memory(struct engine *engine)
{
	struct state_memory memory = { 0 };

	if (engine->state == NULL)
		return;
	memory.route = policy_memory(engine->policy);
	memory.in_call = policy_decision(engine->policy)->call.kind != ROUTE_NONE;
	list_devices(engine, &memory);
	state_save_memory(engine->state, &memory);
}
