/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The headsets' sound links: which codec, when the audio agent may have one, and what became of it.
 *
 * An audio agent learns a headset's codecs when its endpoint appears and asks for the best of them
 * from then on (PipeWire knows no other way), so a headset that turns out not to carry wide band
 * speech gets a new endpoint without it.
 */
#include "engine-internal.h"

#include "hfp/quirks.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* PipeWire 1.x counts each link that ends while it sends as a failure, also one that ended with its
 * call. When it wants another within LOST_MS it goes on counting, and after MAX_LOST it wants none for
 * as long: the call stays silent. The count is that of the endpoint, so a new one has none. */
#define MAX_LOST 3
#define LOST_MS 6000u

static struct engine_device *by_endpoint(struct engine *engine,
					 const struct hsphfpd_endpoint *endpoint)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		if (engine->devices[i].endpoint == endpoint)
			return &engine->devices[i];
	}
	return NULL;
}

/* ---- endpoints and codecs --------------------------------------------------------------------- */

static bool wide_band_failed(const struct engine *engine, route_device device)
{
	for (size_t i = 0; i < ENGINE_MAX_HEADSETS; i++) {
		if (engine->narrow_band[i] == device)
			return true;
	}
	return false;
}

static bool offers_wide_band(const struct engine *engine, const struct engine_device *entry)
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
		.msbc = offers_wide_band(engine, entry),
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

/* Answers the audio agent that waits, if one does. */
static void renew_endpoint(struct engine *engine, struct engine_device *entry)
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
static void renew_with_card(struct engine *engine, struct engine_device *entry)
{
	if (!in_headset_mode(engine, entry->device)) {
		renew_endpoint(engine, entry);
		return;
	}
	entry->audio_wanted = false;
	entry->incoming = false;
	entry->codec_asked = false;
	entry->renew_ms = monotonic_ms() + RENEW_MS;
	engine_restart_card(engine, entry);
}

/* For the life of the process, the last ones of them. */
static void give_up_wide_band(struct engine *engine, struct engine_device *entry)
{
	log_notice("a headset does not carry wide band speech, going on without it");
	if (!wide_band_failed(engine, entry->device))
		engine->narrow_band[engine->n_narrow_band++ % ENGINE_MAX_HEADSETS] = entry->device;
	renew_with_card(engine, entry);
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
			renew_endpoint(engine, entry);
			next = now_ms; /* to settle what that changes */
		} else if (entry->lost >= MAX_LOST && !entry->audio_up) {
			log_info("a new audio endpoint after %u links in a row", entry->lost);
			renew_endpoint(engine, entry);
		} else if (left_in_error(engine, entry)) {
			log_debug(
				"a new audio endpoint, since PipeWire keeps the old one in error");
			renew_endpoint(engine, entry);
		} else if (unseen(engine, entry, now_ms)) {
			log_info("a new audio endpoint, since PipeWire has no headset mode for it");
			renew_endpoint(engine, entry);
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
			renew_endpoint(engine, entry);
		else if (entry->renew_ms < next)
			next = entry->renew_ms;
	}
	return next;
}

/* What bt_to_errno() of the kernel makes of the refusals of a connection with these parameters. */
static bool is_of_the_codec(int error)
{
	return error == EOPNOTSUPP || error == EPROTONOSUPPORT || error == ECONNREFUSED ||
	       error == EINVAL || error == EPROTO;
}

static void select_codec(struct engine_device *entry, enum sco_codec codec)
{
	entry->wanted_codec = codec;
	entry->codec_asked = true;
	ag_select_codec(headset_ag(entry->headset),
			codec == SCO_TRANSPARENT ? AG_CODEC_MSBC : AG_CODEC_CVSD, monotonic_ms());
}

/** Between +CIEV of a call that is dialled and its sound link, for those that need it. */
#define PAUSE_MS 500u

/** How long a link waits for the headset's output in PipeWire. */
#define OUTPUT_MS 300u

/* A call has sound for the headset, and its output does not run yet. */
static bool output_is_coming(struct engine *engine, const struct engine_device *entry)
{
	const struct plan_snapshot *snapshot = graph_snapshot(engine->graph);

	/* PipeWire would tell the output of the error before */
	if (entry->agent_failed)
		return false;
	if (!graph_wants_output_first(engine->graph) || !route_is_bluetooth(engine->decided) ||
	    engine->decided.device != entry->device ||
	    graph_runs(engine->graph, engine->plan.sink) != 0)
		return false;
	for (size_t i = 0; i < snapshot->n_streams; i++) {
		if (snapshot->streams[i].in_call && !snapshot->streams[i].capture)
			return true;
	}
	return false;
}

static void dial(struct engine *engine, struct engine_device *entry)
{
	bool pause = (entry->quirks & QUIRK_PAUSE) && engine_call_in(engine, CALL_DIALING) != NULL;

	entry->dial_awaits_output = !pause && output_is_coming(engine, entry);
	if (!pause && !entry->dial_awaits_output) {
		hsphfpd_endpoint_dial(entry->endpoint);
		return;
	}
	entry->dial_ms = monotonic_ms() + (pause ? PAUSE_MS : OUTPUT_MS);
	engine_settle(engine); /* sets the timer */
}

uint64_t engine_dial_paused(struct engine *engine, uint64_t now_ms)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];

		if (entry->dial_ms == 0)
			continue;
		if (entry->dial_ms > now_ms &&
		    (!entry->dial_awaits_output || output_is_coming(engine, entry))) {
			next = entry->dial_ms < next ? entry->dial_ms : next;
			continue;
		}
		entry->dial_ms = 0;
		if (entry->endpoint != NULL)
			hsphfpd_endpoint_dial(entry->endpoint);
	}
	return next;
}

void engine_codec_settled(struct engine *engine, struct engine_device *entry, unsigned int codec)
{
	if (!entry->codec_asked || entry->endpoint == NULL)
		return;
	if (codec == AG_CODEC_MSBC && entry->wanted_codec == SCO_CVSD)
		return; /* of the question before this one */
	entry->codec_asked = false;
	if (codec == 0) {
		log_warning("a headset agrees to no codec");
		hsphfpd_endpoint_dial_failed(entry->endpoint, EBADMSG);
	} else if (codec == AG_CODEC_CVSD && entry->wanted_codec == SCO_TRANSPARENT) {
		give_up_wide_band(engine, entry);
		hsphfpd_endpoint_dial_failed(entry->endpoint, ECANCELED);
		engine_settle(engine);
	} else {
		dial(engine, entry);
	}
}

/* AT+BAC after the service level connection. One in answer to our own offer has its result soon. */
void engine_codecs_changed(struct engine *engine, struct engine_device *entry)
{
	if (entry->endpoint == NULL || entry->audio_up || entry->audio_wanted ||
	    entry->codec_asked || offers_wide_band(engine, entry) == entry->wide_band)
		return;
	renew_endpoint(engine, entry);
	engine_settle(engine);
}

/* Negotiated while PipeWire is still busy with profile and nodes: it stands still while it waits for
 * a link, and a headset may take seconds to answer. */
void engine_prepare_codec(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];
		bool route = route_is_bluetooth(engine->decided) &&
			     engine->decided.device == entry->device;
		bool wide;

		if (engine->decided.kind == ROUTE_NONE)
			entry->reopened = false;
		if (route == entry->is_route)
			continue;
		entry->is_route = route;
		if (!route || entry->endpoint == NULL || entry->audio_wanted || entry->audio_up)
			continue;
		wide = entry->wide_band && hsphfpd_has_agent(engine->hsphfpd, SCO_TRANSPARENT);
		select_codec(entry, wide ? SCO_TRANSPARENT : SCO_CVSD);
	}
}

/* ---- the audio agent --------------------------------------------------------------------------- */

/* The codec is settled before every link (HFP 1.8 §4.11.3). Where it is already, the answer comes from
 * inside here. */
static int on_audio_wanted(void *data, struct hsphfpd_endpoint *endpoint, enum sco_codec codec)
{
	struct engine *engine = data;
	struct engine_device *entry = by_endpoint(engine, endpoint);
	struct route call = policy_decision(engine->policy)->call;
	struct headset *headset;

	if (entry == NULL)
		return -EPERM;
	if (call.kind != ROUTE_NONE &&
	    !(route_is_bluetooth(call) && call.device == entry->device)) {
		entry->turned_away = true;
		return -EBUSY;
	}
	entry->turned_away = false;
	headset = entry->headset;
	if (monotonic_ms() > entry->lost_ms + LOST_MS)
		entry->lost = 0;
	entry->audio_wanted = true;
	entry->for_call = route_is_bluetooth(call);
	/* call=1 reaches the headset before the link does: some refuse it otherwise */
	engine_show_calls(engine);
	select_codec(entry, codec);
	headset_flush(headset);
	return HSPHFPD_LATER;
}

static void on_audio_up(void *data, struct hsphfpd_endpoint *endpoint, enum sco_codec codec)
{
	struct engine *engine = data;
	struct engine_device *entry = by_endpoint(engine, endpoint);

	if (entry == NULL)
		return;
	entry->audio_wanted = false;
	entry->incoming = false;
	entry->audio_up = true;
	entry->restarted = false;
	entry->agent_failed = false;
	entry->sco_closed_ms = 0;
	entry->codec = codec;
	entry->up_ms = monotonic_ms();
	log_info("the sound link to a headset is up");
	if (entry->headset != NULL)
		ag_set_audio(headset_ag(entry->headset), true, monotonic_ms());
	engine_settle(engine);
}

static void on_audio_down(void *data, struct hsphfpd_endpoint *endpoint)
{
	struct engine *engine = data;
	struct engine_device *entry = by_endpoint(engine, endpoint);

	if (entry == NULL)
		return;
	entry->audio_up = false; /* a new one may be wanted already */
	entry->lost++;
	entry->lost_ms = monotonic_ms();
	/* A link that a decision took from the headset closes late, perhaps when it has the call again:
	 * only that of a route that stands, decided and in the graph, can be the headset's act; nor is it one
	 * where the link goes with its card. */
	if (!entry->restarted && route_is_bluetooth(engine->verified) &&
	    engine->verified.device == entry->device &&
	    route_equal(engine->decided, engine->verified))
		entry->sco_closed_ms = monotonic_ms() + engine->timeouts.sco_close_ms;
	log_info("the sound link to a headset is down");
	if (entry->headset != NULL)
		ag_set_audio(headset_ag(entry->headset), false, monotonic_ms());
	engine_settle(engine);
}

/* X3: the policy counts the tries, and says when the next is due. */
static int on_audio_failed(void *data, struct hsphfpd_endpoint *endpoint, int error)
{
	struct engine *engine = data;
	struct engine_device *entry = by_endpoint(engine, endpoint);
	const struct policy_decision *decision = policy_decision(engine->policy);
	struct policy_event event = { .type = EVENT_SCO_FAIL };
	uint64_t now_ms;

	if (entry == NULL)
		return -1;
	entry->audio_wanted = false;
	entry->agent_failed = true;
	if (error == ECANCELED ||
	    error == EUSERS) { /* the agent's doing, no fault of the headset's */
		/* PipeWire does so while it holds the link before, which has broken in the midst of the
		 * same request; its nodes rest in error then, with what they hold */
		entry->turned_away = error == EUSERS && entry->restarts++ < ENGINE_MAX_RESTARTS;
		engine_settle(engine);
		return -1;
	}
	log_warning("no sound link to a headset: %s", strerror(error));
	if (entry->wanted_codec == SCO_TRANSPARENT && is_of_the_codec(error)) {
		give_up_wide_band(engine, entry);
		engine_settle(engine);
		return -1;
	}
	event.device = entry->device;
	(void)engine_event(engine, &event);
	entry = by_endpoint(engine, endpoint);
	if (entry == NULL || !decision->try_again || decision->call.device != entry->device)
		return -1;
	entry->audio_wanted = true;
	entry->agent_failed = false;
	now_ms = monotonic_ms();
	return decision->deadline_ms > now_ms ? (int)(decision->deadline_ms - now_ms) : 0;
}

/* Seen with PipeWire 1.6 after a call that ended while its link was set up. */
static void on_audio_forgotten(void *data, struct hsphfpd_endpoint *endpoint)
{
	struct engine *engine = data;
	struct engine_device *entry = by_endpoint(engine, endpoint);

	if (entry == NULL || entry->renew_ms != 0)
		return;
	log_info("a new audio endpoint, since PipeWire has forgotten a sound link");
	renew_with_card(engine, entry);
	engine_settle(engine);
}

static void on_gains(void *data, struct hsphfpd_endpoint *endpoint, uint8_t speaker_gain,
		     uint8_t microphone_gain)
{
	struct engine *engine = data;
	struct engine_device *entry = by_endpoint(engine, endpoint);

	if (entry == NULL || entry->headset == NULL)
		return;
	entry->speaker_gain = speaker_gain;
	entry->microphone_gain = microphone_gain;
	ag_set_speaker_gain(headset_ag(entry->headset), speaker_gain, monotonic_ms());
	ag_set_microphone_gain(headset_ag(entry->headset), microphone_gain, monotonic_ms());
	engine_settle(engine);
}

static void on_ring(void *data, struct hsphfpd_endpoint *endpoint)
{
	struct engine_device *entry = by_endpoint(data, endpoint);

	if (entry == NULL || entry->headset == NULL)
		return;
	ag_ring_once(headset_ag(entry->headset));
	headset_flush(entry->headset);
}

/* The headset changed its mind before the audio agent came: as if it closed a link in use (X4). */
static void on_incoming_closed(void *data, struct hsphfpd_endpoint *endpoint)
{
	struct engine *engine = data;
	struct engine_device *entry = by_endpoint(engine, endpoint);

	if (entry == NULL)
		return;
	entry->incoming = false;
	log_info("a headset closed the sound link that it had opened");
	if (engine->decided.device == entry->device)
		(void)engine_event(engine, &(struct policy_event){ .type = EVENT_SCO_CLOSE,
								   .device = entry->device });
}

const struct hsphfpd_events engine_audio_events = {
	.audio_wanted = on_audio_wanted,
	.audio_up = on_audio_up,
	.audio_down = on_audio_down,
	.audio_failed = on_audio_failed,
	.audio_forgotten = on_audio_forgotten,
	.incoming_closed = on_incoming_closed,
	.gains = on_gains,
	.ring = on_ring,
	.battery = engine_battery_written,
};

/* A set-up that the decision has overtaken is not waited for. */
void engine_drop_stale_setups(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];

		if (!(entry->audio_wanted || entry->incoming) ||
		    engine->decided.kind == ROUTE_NONE || engine->decided.device == entry->device)
			continue;
		entry->audio_wanted = false;
		entry->incoming = false;
		hsphfpd_endpoint_release(entry->endpoint);
	}
}

void engine_ask_again(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];

		if (!entry->turned_away || !route_is_bluetooth(engine->decided) ||
		    engine->decided.device != entry->device || !engine->plan.in_force ||
		    !graph_verified(engine->graph, &engine->plan))
			continue;
		entry->turned_away = false;
		if (entry->audio_up || entry->audio_wanted)
			continue;
		log_debug("PipeWire was refused a sound link that it may have now");
		engine_restart_card(engine, entry);
	}
}
