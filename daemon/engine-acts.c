/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What headsets did: an act becomes an event of the policy or a request to a call's source. The final
 * result of its command goes out before anything else is done.
 */
#include "engine-internal.h"

#include "log.h"

#include <string.h>
#include <time.h>

#define DOUBLE_PRESS_MS 1000u

static enum ag_result to_result(enum policy_outcome outcome)
{
	switch (outcome) {
	case POLICY_OK:
		return AG_RESULT_OK;
	case POLICY_NO_SUCH_CALL:
		return AG_RESULT_INVALID_INDEX;
	default:
		return AG_RESULT_NOT_ALLOWED;
	}
}

void engine_finish_headset(struct headset *headset, enum ag_result result)
{
	ag_finish(headset_ag(headset), result, monotonic_ms());
	headset_flush(headset);
}

/* The result goes out first: the policy and its consequences are decided after the headset knows. */
static void on_answer(struct engine *engine, struct engine_device *entry, uint32_t id)
{
	struct call *call = engine_call_find(engine, id);
	struct headset *headset = entry->headset;
	bool rings = call != NULL && policy_call_state(engine->policy, id) == CALL_INCOMING;
	uint64_t read_ns = headset_read_ns(headset);
	route_device device = entry->device;

	engine_finish_headset(headset, rings ? AG_RESULT_OK : AG_RESULT_NOT_ALLOWED);
	if (!rings)
		return;
	log_debug("answer read, OK written %llu us later",
		  (unsigned long long)(headset_written_ns(headset) - read_ns) / 1000u);
	call = engine_call_find(engine, id);
	if (call == NULL)
		return;
	engine->answer_ns = read_ns;
	(void)engine_answer_from(engine, call, device);
}

/* The button of a headset without AT+CHUP and ATA (the rule book's last paragraph on HSP). */
static void on_button(struct engine *engine, struct engine_device *entry)
{
	struct call *ringing = engine_call_in(engine, CALL_INCOMING);
	struct call *active = engine_call_in(engine, CALL_ACTIVE);
	const struct policy_decision *decision = policy_decision(engine->policy);
	route_device device = entry->device;
	uint64_t now_ms = monotonic_ms();

	if (entry->button_ms != 0 && now_ms - entry->button_ms < DOUBLE_PRESS_MS)
		return;
	entry->button_ms = now_ms;
	if (active == NULL)
		active = engine_call_in(engine, CALL_DIALING);
	if (active == NULL)
		active = engine_call_in(engine, CALL_HELD);
	if (ringing == NULL && active == NULL && entry->audio_up) {
		/* sound without a call: HSP 1.2 §4.6, the headset releases it */
		hsphfpd_endpoint_release(entry->endpoint);
		engine_tell_key(engine, device, "button", true);
		return;
	}
	if (ringing == NULL && active == NULL) {
		engine_headset_redials(engine, entry);
		return;
	}
	if (ringing != NULL) {
		engine->answer_ns = headset_read_ns(entry->headset);
		(void)engine_answer_from(engine, ringing, device);
	} else if (route_is_bluetooth(decision->call) && decision->call.device == device) {
		(void)engine_call_event(engine, EVENT_HANGUP, active);
	} else {
		(void)engine_event(
			engine, &(struct policy_event){ .type = EVENT_SCO_OPEN, .device = device });
	}
	engine_tell_key(engine, device, "button", true);
}

static void on_slc(struct engine *engine, struct engine_device *entry)
{
	route_device device = entry->device;

	log_info("a headset is ready (%s)",
		 headset_profile(entry->headset) == AG_HSP ? "HSP" : "HFP");
	engine_endpoint_new(engine, entry);
	if (entry->endpoint != NULL)
		hsphfpd_endpoint_set_nrec(entry->endpoint, true); /* it began anew */
	engine_tell_connected(engine, entry, true);
	entry = engine_device(engine, device);
	if (entry == NULL)
		return;
	if (!entry->resumed) { /* else it goes on as it is, which is not known here */
		ag_set_speaker_gain(headset_ag(entry->headset), entry->speaker_gain,
				    monotonic_ms());
		ag_set_microphone_gain(headset_ag(entry->headset), entry->microphone_gain,
				       monotonic_ms());
	}
	headset_flush(entry->headset);
}

static void on_dtmf(struct engine *engine, struct engine_device *entry, const char *digits)
{
	struct call *call = NULL;

	for (size_t i = 0; i < engine->n_calls && call == NULL; i++) {
		if (policy_call_state(engine->policy, engine->calls[i]->id) == CALL_ACTIVE &&
		    engine_shows_call(engine, entry, engine->calls[i]))
			call = engine->calls[i];
	}
	if (call == NULL || call->ops->send_dtmf == NULL) {
		engine_finish_headset(entry->headset, AG_RESULT_NOT_ALLOWED);
		return;
	}
	engine_finish_headset(entry->headset, AG_RESULT_OK);
	call->ops->send_dtmf(call, call->source, digits, NULL, NULL);
}

static void on_gain(struct engine *engine, struct engine_device *entry)
{
	if (entry->endpoint != NULL)
		hsphfpd_endpoint_set_gains(entry->endpoint, entry->speaker_gain,
					   entry->microphone_gain);
	engine_settle(engine);
}

/* The headset does it itself, and twice is worse than once. What a program of the user's does here
 * cannot be switched off; the audio agent is told. */
static void on_noise_reduction_off(struct engine *engine, struct engine_device *entry)
{
	bool possible = !graph_cancels_echo(engine->graph);

	if (possible && entry->endpoint != NULL)
		hsphfpd_endpoint_set_nrec(entry->endpoint, false);
	engine_finish_headset(entry->headset, possible ? AG_RESULT_OK : AG_RESULT_NOT_SUPPORTED);
}

static void on_line(struct engine *engine, struct engine_device *entry,
		    const struct ag_event *event)
{
	char address[ROUTE_ADDRESS_SIZE];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	wire_add(&engine->wire, (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u,
		 entry->device, event->value == 0, event->text);
	if (log_level() < LOG_DEBUG)
		return;
	route_device_to_address(entry->device, address);
	log_debug("%s %s %s", address, event->value != 0 ? ">" : "<", event->text);
}

void engine_headset_event(void *data, struct headset *headset, const struct ag_event *event)
{
	struct engine *engine = data;
	struct engine_device *entry = engine_device(engine, headset_device(headset));

	if (entry == NULL || entry->headset != headset)
		return;
	switch (event->type) {
	case AG_EVENT_SLC:
		on_slc(engine, entry);
		break;
	case AG_EVENT_ANSWER:
		on_answer(engine, entry, event->call);
		break;
	case AG_EVENT_HANGUP:
		engine_headset_hangs_up(engine, entry, event->call);
		break;
	case AG_EVENT_CHLD:
		engine_headset_holds(engine, entry, event);
		break;
	case AG_EVENT_BUTTON:
		on_button(engine, entry);
		break;
	case AG_EVENT_AUDIO:
		engine_finish_headset(
			headset,
			to_result(engine_event(engine,
					       &(struct policy_event){ .type = EVENT_SCO_OPEN,
								       .device = entry->device })));
		break;
	case AG_EVENT_DTMF:
		on_dtmf(engine, entry, event->text);
		break;
	case AG_EVENT_DIAL:
	case AG_EVENT_DIAL_MEMORY:
	case AG_EVENT_REDIAL:
	case AG_EVENT_VOICE:
		engine_headset_dials(engine, entry, event);
		break;
	case AG_EVENT_NOISE_REDUCTION_OFF:
		on_noise_reduction_off(engine, entry);
		break;
	case AG_EVENT_SPEAKER_GAIN:
		entry->speaker_gain = (uint8_t)event->value;
		on_gain(engine, entry);
		break;
	case AG_EVENT_MICROPHONE_GAIN:
		entry->microphone_gain = (uint8_t)event->value;
		if (engine_configured(engine, entry->device).mute_by_gain)
			(void)engine_set_muted(engine, event->value == 0);
		on_gain(engine, entry);
		break;
	case AG_EVENT_BATTERY:
		entry->battery_percent = (int)event->value;
		if (engine->bluez != NULL)
			bluez_battery_set(engine->bluez, entry->device, entry->battery_percent);
		if (entry->endpoint != NULL)
			hsphfpd_endpoint_set_battery(entry->endpoint, entry->battery_percent);
		engine_settle(engine);
		break;
	case AG_EVENT_LINE:
		on_line(engine, entry, event);
		break;
	case AG_EVENT_MUTE:
		(void)engine_set_muted(engine, event->value != 0);
		break;
	case AG_EVENT_CODECS:
		engine_codecs_changed(engine, entry);
		break;
	case AG_EVENT_CODEC:
		engine_codec_settled(engine, entry, event->value);
		break;
	}
}
