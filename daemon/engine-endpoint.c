/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The audio endpoints of headsets, and when one is made anew.
 *
 * An audio agent learns a headset's codecs when its endpoint appears and asks for the best of them
 * from then on (PipeWire knows no other way), so a headset that turns out not to carry wide band
 * speech gets a new endpoint without it. What PipeWire keeps of an endpoint's links, errors and counts,
 * goes with the endpoint, too.
 */
#include "engine-internal.h"

#include "hfp/quirks.h"
#include "log.h"

#include <stdio.h>
#include <string.h>

/** Links that ended while they sent, each wanted within ENGINE_LOST_MS of the last one's end. After so many
 * PipeWire 1.x wants none for as long: the call stays silent. */
#define MAX_LOST 3

static bool wide_band_failed(const struct engine *engine, route_device device)
{
	for (size_t i = 0; i < ENGINE_MAX_HEADSETS; i++) {
		if (engine->narrow_band[i] == device)
			return true;
	}
	return false;
}

bool engine_offers_wide_band(const struct engine *engine, const struct engine_device *entry)
{
	return engine_configured(engine, entry->device).codec != CODEC_CVSD &&
	       (ag_codecs(headset_ag(entry->headset)) & 1u << AG_CODEC_MSBC) != 0 &&
	       !wide_band_failed(engine, entry->device);
}

void engine_endpoint_new(struct engine *engine, struct engine_device *entry)
{
	const struct bluez_device *known =
		engine->bluez != NULL ? bluez_find(engine->bluez, entry->device) : NULL;
	struct hsphfpd_endpoint_info info = {
		.remote = entry->device,
		.fresh = !entry->resumed,
		.headset_profile = headset_profile(entry->headset) == AG_HSP,
		.version = entry->version,
		.features = ag_hf_features(headset_ag(entry->headset)),
		.battery_percent = entry->battery_percent,
		.msbc = engine_offers_wide_band(engine, entry),
		.speaker_gain = entry->speaker_gain,
		.microphone_gain = entry->microphone_gain,
		.no_speaker_gain = (entry->quirks & QUIRK_NO_SPEAKER_GAIN) != 0,
		.no_microphone_gain = (entry->quirks & QUIRK_NO_MICROPHONE_GAIN) != 0,
	};
	char adapter[16] = "hci0";
	int error;

	/* of a channel that outlived a process, bluetoothd shows the device later */
	if (engine->hsphfpd == NULL || known == NULL || entry->endpoint != NULL)
		return;
	info.local = known->adapter;
	info.name = known->name;
	(void)sscanf(known->path, "/org/bluez/%15[^/]", adapter);
	info.adapter_name = adapter;
	entry->wide_band = info.msbc;
	error = hsphfpd_endpoint_new(engine->hsphfpd, &info, entry->headset, &entry->endpoint);
	if (error < 0)
		log_error("no audio endpoint for a headset: %s", strerror(-error));
}

void engine_renew_endpoint(struct engine *engine, struct engine_device *entry)
{
	entry->renew_ms = 0;
	entry->unused_ms = 0;
	entry->lost = 0;
	entry->agent_failed = false;
	if (entry->audio_up && entry->headset != NULL)
		ag_set_audio(headset_ag(entry->headset), false, monotonic_ms());
	entry->audio_up = false;
	entry->audio_wanted = false;
	entry->incoming = false;
	entry->codec_asked = false;
	entry->endpoint = hsphfpd_endpoint_free(entry->endpoint);
	engine_endpoint_new(engine, entry);
}

/** How long PipeWire has to take a card's nodes away. */
#define RENEW_MS 500u
/** How long it has to close the link of a call that has ended. */
#define FORGET_MS 2000u
/** How long a new card has to show headset mode. */
#define SEEN_MS 300u

/* NULL without one, or while its profile is not known. */
static const struct plan_card *card_of(const struct engine *engine, route_device device)
{
	const struct plan_snapshot *snapshot = graph_snapshot(engine->graph);

	if (!graph_up(engine->graph))
		return NULL;
	for (size_t i = 0; i < snapshot->n_cards; i++) {
		const struct plan_card *card = &snapshot->cards[i];

		if (card->device == device && card->profile != PLAN_NONE)
			return card;
	}
	return NULL;
}

static bool in_headset_mode(const struct engine *engine, route_device device)
{
	const struct plan_card *card = card_of(engine, device);

	return card != NULL && card->profile == card->profile_hfp;
}

static bool in_other_mode(const struct engine *engine, route_device device)
{
	const struct plan_card *card = card_of(engine, device);

	return card != NULL && card->profile != card->profile_hfp;
}

void engine_restart_card(struct engine *engine, struct engine_device *entry)
{
	entry->restarted = true;
	graph_restart_card(engine->graph, entry->device);
}

/* PipeWire 0.3.65 takes a link that failed for one that it has, and crashes when the endpoint goes away
 * under it: first its nodes go, then the endpoint. */
void engine_renew_with_card(struct engine *engine, struct engine_device *entry)
{
	if (!in_headset_mode(engine, entry->device)) {
		engine_renew_endpoint(engine, entry);
		return;
	}
	entry->audio_wanted = false;
	entry->incoming = false;
	entry->codec_asked = false;
	entry->renew_ms = monotonic_ms() + RENEW_MS;
	engine_restart_card(engine, entry);
}

/* For the life of the process, the last ones of them. */
void engine_give_up_wide_band(struct engine *engine, struct engine_device *entry)
{
	log_notice("a headset does not carry wide band speech, going on without it");
	if (!wide_band_failed(engine, entry->device))
		engine->narrow_band[engine->n_narrow_band++ % ENGINE_MAX_HEADSETS] = entry->device;
	engine_renew_with_card(engine, entry);
}

/* The link of a call that has ended is PipeWire's to close when the card leaves headset mode. One that comes
 * up just then it may forget, and refuse every other on that endpoint. */
static bool forgotten(struct engine *engine, struct engine_device *entry, uint64_t now_ms)
{
	if (!entry->audio_up || !entry->for_call || engine->decided.device == entry->device ||
	    !in_other_mode(engine, entry->device))
		entry->unused_ms = 0;
	else if (entry->unused_ms == 0)
		entry->unused_ms = now_ms + FORGET_MS;
	return entry->unused_ms != 0 && entry->unused_ms <= now_ms;
}

/* PipeWire looks for an endpoint's device once, when the endpoint appears: bluetoothd that died and came back
 * has a new card for a headset whose channel has lived on, without headset mode. Once for each such card. */
static bool unseen(struct engine *engine, struct engine_device *entry, uint64_t now_ms)
{
	const struct plan_card *card = card_of(engine, entry->device);
	bool without = card != NULL && card->profile_hfp == PLAN_NONE;

	if (!without || entry->unseen_card == card->id) {
		entry->unseen_ms = 0;
		entry->unseen_card = without ? entry->unseen_card : 0;
		return false;
	}
	if (entry->unseen_ms == 0)
		entry->unseen_ms = now_ms + SEEN_MS;
	if (entry->unseen_ms > now_ms)
		return false;
	entry->unseen_card = card->id;
	return true;
}

/* What the card has left headset mode with would be the next call's (see graph_keeps_errors()). Where a
 * request failed, it is so since PipeWire does not stand still for it. */
static bool left_in_error(const struct engine *engine, const struct engine_device *entry)
{
	bool keeps = graph_keeps_errors(engine->graph);
	bool error = (entry->lost > 0 && keeps) ||
		     (entry->agent_failed && (keeps || graph_wants_output_first(engine->graph)));

	return error && !entry->audio_up && in_other_mode(engine, entry->device);
}

/* Not while a link is asked for: it would answer an agent that waits with an error. */
static uint64_t renew_worn_endpoints(struct engine *engine, uint64_t now_ms)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];

		if (entry->endpoint == NULL || entry->audio_wanted || entry->incoming ||
		    entry->renew_ms != 0) /* due already, once the card's nodes have gone */
			continue;
		if (forgotten(engine, entry, now_ms)) {
			log_info("a new audio endpoint, since PipeWire has forgotten a sound link");
			engine_renew_endpoint(engine, entry);
			next = now_ms; /* to settle what that changes */
		} else if (entry->lost >= MAX_LOST && !entry->audio_up) {
			log_info("a new audio endpoint after %u links in a row", entry->lost);
			engine_renew_endpoint(engine, entry);
		} else if (left_in_error(engine, entry)) {
			log_debug(
				"a new audio endpoint, since PipeWire keeps the old one in error");
			engine_renew_endpoint(engine, entry);
		} else if (unseen(engine, entry, now_ms)) {
			log_info("a new audio endpoint, since PipeWire has no headset mode for it");
			engine_renew_endpoint(engine, entry);
		} else {
			if (entry->unused_ms != 0 && entry->unused_ms < next)
				next = entry->unused_ms;
			if (entry->unseen_ms != 0 && entry->unseen_ms < next)
				next = entry->unseen_ms;
		}
	}
	return next;
}

uint64_t engine_renew_endpoints(struct engine *engine, uint64_t now_ms)
{
	uint64_t next = renew_worn_endpoints(engine, now_ms);

	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];

		if (entry->renew_ms == 0)
			continue;
		if (now_ms >= entry->renew_ms || !in_headset_mode(engine, entry->device))
			engine_renew_endpoint(engine, entry);
		else if (entry->renew_ms < next)
			next = entry->renew_ms;
	}
	return next;
}
