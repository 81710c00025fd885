/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * A call that is at a headset by all that PipeWire tells, and silent there. An output that starts while
 * its sound link is already up may lose its only buffer at once (sco-sink.c of 1.4: its timer may run
 * before it counts as started), and never sends a packet then. So the packets are counted: an output that
 * has run for a while without any is made anew, by its card.
 */
#include "engine-internal.h"

#include "log.h"

/** An output that runs has sent hundreds of packets by then. */
#define SILENT_MS 600u

static bool packets_sent(const struct engine *engine, const struct engine_device *entry,
			 uint32_t *ret)
{
	const struct bluez_device *known =
		engine->bluez != NULL ? bluez_find(engine->bluez, entry->device) : NULL;

	return known != NULL && sco_sent(known->adapter, entry->device, ret);
}

/* The run of the output that the call is at, or 0. */
static uint32_t watched_run(struct engine *engine, const struct engine_device *entry)
{
	if (!entry->audio_up || !route_is_bluetooth(engine->decided) ||
	    engine->decided.device != entry->device || !engine_in_force(engine))
		return 0;
	return graph_runs(engine->graph, engine->plan.sink);
}

static void begin(const struct engine *engine, struct engine_device *entry, uint32_t run,
		  uint64_t now_ms)
{
	entry->watched = run;
	entry->watch_ms = 0;
	if (run != 0 && packets_sent(engine, entry, &entry->sent))
		entry->watch_ms = now_ms + SILENT_MS;
}

static void judge(struct engine *engine, struct engine_device *entry)
{
	uint32_t sent;

	entry->watch_ms = 0;
	if (!packets_sent(engine, entry, &sent))
		return;
	if (sent != entry->sent) {
		entry->restarts = 0;
		engine->uncounted = false;
		return;
	}
	/* Not every driver counts; one that does not tells so only by what is done in vain. */
	if (entry->restarts >= ENGINE_MAX_RESTARTS || (sent == 0 && engine->uncounted))
		return;
	engine->uncounted = engine->uncounted || sent == 0;
	entry->restarts++;
	log_notice(
		"nothing is sent over a sound link that is up, starting the headset's card anew");
	engine_restart_card(engine, entry);
}

uint64_t engine_watch_silence(struct engine *engine, uint64_t now_ms)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];
		uint32_t run = watched_run(engine, entry);

		if (engine->decided.device != entry->device)
			entry->restarts = 0;
		if (run != entry->watched)
			begin(engine, entry, run, now_ms);
		else if (entry->watch_ms != 0 && entry->watch_ms <= now_ms)
			judge(engine, entry);
		if (entry->watch_ms != 0 && entry->watch_ms < next)
			next = entry->watch_ms;
	}
	return next;
}
