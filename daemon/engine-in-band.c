/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * In-band ring (HFP 1.8 §4.13.1), for headsets that are configured so: while a call rings, the streams of
 * its softphone, the ring tone among them, are the headset's, by its sound link. To the rules there is no
 * route yet; what the graph is asked for is this file's alone, and ends with the ringing.
 *
 * With several hands-free units it is off: each would have to have the one tone.
 */
#include "engine-internal.h"

/* The only one that is ready, if it is configured so. */
static struct engine_device *only_one(struct engine *engine)
{
	struct engine_device *only = NULL;

	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];

		if (entry->headset == NULL || !ag_slc_up(headset_ag(entry->headset)))
			continue;
		if (only != NULL)
			return NULL;
		only = entry;
	}
	return only != NULL && only->in_band_ring ? only : NULL;
}

void engine_promise_in_band(struct engine *engine)
{
	const struct engine_device *only = only_one(engine);

	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];

		if (entry->headset != NULL && entry->in_band_ring)
			ag_set_in_band_ring(headset_ag(entry->headset), entry == only,
					    monotonic_ms());
	}
}

struct engine_device *engine_rings_in_band(struct engine *engine)
{
	struct engine_device *only = only_one(engine);

	if (only == NULL || engine->decided.kind != ROUTE_NONE || !only->call_capable)
		return NULL;
	for (size_t i = 0; i < engine->n_calls; i++) {
		const struct call *call = engine->calls[i];

		if (policy_call_state(engine->policy, call->id) == CALL_INCOMING &&
		    engine_shows_call(engine, only, call))
			return only;
	}
	return NULL;
}
