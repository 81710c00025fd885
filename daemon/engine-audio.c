/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The headsets' sound links: which codec, when the audio agent may have one, and what became of it.
 */
#include "engine-internal.h"

#include "hfp/quirks.h"
#include "log.h"

#include <errno.h>
#include <string.h>

static struct engine_device *by_endpoint(struct engine *engine,
					 const struct hsphfpd_endpoint *endpoint)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		if (engine->devices[i].endpoint == endpoint)
			return &engine->devices[i];
	}
	return NULL;
}

/* ---- codecs ------------------------------------------------------------------------------------ */

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
		engine_give_up_wide_band(engine, entry);
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
	    entry->codec_asked || engine_offers_wide_band(engine, entry) == entry->wide_band)
		return;
	engine_renew_endpoint(engine, entry);
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
	if (monotonic_ms() > entry->lost_ms + ENGINE_LOST_MS)
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
		engine_give_up_wide_band(engine, entry);
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
	engine_renew_with_card(engine, entry);
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

/* What an endpoint's links came to, and what was refused, is known to the agent that had them: another one
 * begins without. */
static void on_agents(void *data, unsigned int n)
{
	struct engine *engine = data;

	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];

		entry->lost = 0;
		entry->agent_failed = false;
		entry->turned_away = false;
	}
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
	.agents = on_agents,
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
