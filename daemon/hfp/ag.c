/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The gateway's core: bytes to lines, lines to commands, exactly one final result a line, and the
 * bounded queues in and out. What commands mean is in the other files; see ag-private.h for the
 * model they share.
 */
#include "daemon/hfp/ag-private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- out: bytes and events ---------------------------------------------------------------- */

static void trace(struct ag *ag, const char *bytes, size_t n, bool received)
{
	struct ag_event event = { .type = AG_EVENT_LINE, .value = received };
	size_t i;

	if (!ag->trace)
		return;

	/* What a peer sends goes to a log or a terminal: nothing but ASCII passes. */
	for (i = 0; i < n && i < sizeof(event.text) - 1; i++)
		event.text[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?';
	event.text[i] = '\0';
	(void)ag_emit(ag, &event);
}

void ag_send(struct ag *ag, const char *format, ...)
{
	char text[256];
	va_list list;
	size_t n;
	int r;

	va_start(list, format);
	r = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (r < 0)
		return;

	n = (size_t)r < sizeof(text) ? (size_t)r : sizeof(text) - 1;
	if (ag->overflowed || n + 4 > sizeof(ag->output) - ag->n_output) {
		ag->overflowed = true;
		return;
	}

	memcpy(ag->output + ag->n_output, "\r\n", 2);
	memcpy(ag->output + ag->n_output + 2, text, n);
	memcpy(ag->output + ag->n_output + 2 + n, "\r\n", 2);
	ag->n_output += n + 4;
	trace(ag, text, n, false);
}

/* How many of the events' places this type may not use, so that what needs an answer finds one. */
static unsigned int reserved_places(enum ag_event_type type)
{
	switch (type) {
	case AG_EVENT_LINE:
		return AG_MAX_EVENTS / 2;
	case AG_EVENT_BUTTON:
		return AG_MAX_EVENTS / 4;
	case AG_EVENT_SLC:
	case AG_EVENT_ANSWER:
	case AG_EVENT_HANGUP:
	case AG_EVENT_DIAL:
	case AG_EVENT_DIAL_MEMORY:
	case AG_EVENT_REDIAL:
	case AG_EVENT_CHLD:
	case AG_EVENT_DTMF:
	case AG_EVENT_SPEAKER_GAIN:
	case AG_EVENT_MICROPHONE_GAIN:
	case AG_EVENT_CODECS:
	case AG_EVENT_CODEC:
	case AG_EVENT_AUDIO:
	case AG_EVENT_VOICE:
	case AG_EVENT_BATTERY:
	case AG_EVENT_NOISE_REDUCTION_OFF:
	case AG_EVENT_MUTE:
		return 0;
	}
	return 0;
}

/* Of these only the newest matters, so they take one place each, however many come. */
static bool states_something(enum ag_event_type type)
{
	return type == AG_EVENT_SLC || type == AG_EVENT_SPEAKER_GAIN ||
	       type == AG_EVENT_MICROPHONE_GAIN || type == AG_EVENT_CODECS ||
	       type == AG_EVENT_CODEC || type == AG_EVENT_BATTERY || type == AG_EVENT_MUTE;
}

bool ag_emit(struct ag *ag, const struct ag_event *event)
{
	for (unsigned int i = 0; states_something(event->type) && i < ag->n_events; i++) {
		struct ag_event *queued = &ag->events[(ag->first_event + i) % AG_MAX_EVENTS];

		if (queued->type == event->type) {
			*queued = *event;
			return true;
		}
	}

	if (ag->n_events + reserved_places(event->type) >= AG_MAX_EVENTS)
		return false;
	ag->events[(ag->first_event + ag->n_events++) % AG_MAX_EVENTS] = *event;
	return true;
}

void ag_emit_value(struct ag *ag, enum ag_event_type type, unsigned int value)
{
	const struct ag_event event = { .type = type, .value = value };

	(void)ag_emit(ag, &event);
}

int ag_ask(struct ag *ag, const struct ag_event *event, uint64_t now_ms)
{
	if (!ag_emit(ag, event))
		return AG_RESULT_FAILURE;

	ag->pending = true;
	ag->asked = event->type;
	ag->asked_value = event->value;
	ag->pending_deadline = now_ms + AG_PENDING_MS;
	return AG_PENDING;
}

bool ag_next_event(struct ag *ag, struct ag_event *ret)
{
	if (ag->n_events == 0)
		return false;

	*ret = ag->events[ag->first_event];
	ag->first_event = (ag->first_event + 1) % AG_MAX_EVENTS;
	ag->n_events--;
	return true;
}

size_t ag_output(const struct ag *ag, const char **ret)
{
	*ret = ag->output;
	return ag->n_output;
}

void ag_output_taken(struct ag *ag, size_t n)
{
	if (n > ag->n_output)
		n = ag->n_output;
	ag->n_output -= n;
	memmove(ag->output, ag->output + n, ag->n_output);
}

bool ag_overflowed(const struct ag *ag)
{
	return ag->overflowed;
}

void ag_trace(struct ag *ag, bool on)
{
	ag->trace = on;
}

/* ---- the service level connection --------------------------------------------------------- */

void ag_slc_reset(struct ag *ag)
{
	ag->got_brsf = ag->got_cind = ag->got_cmer = ag->got_chld = ag->got_bind = false;
	ag->slc_up = false;
	ag->slc_deadline = UINT64_MAX;
	ag->reports = false;
	ag->extended_errors = false;
	ag->clip = false;
	ag->ccwa = false;
	memset(ag->masked, 0, sizeof(ag->masked));

	for (size_t i = 0; i < AG_MAX_CALLS; i++)
		ag->slots[i].announced = false;
	ag->ringing = 0;
	ag->swapped = ag->resumed = ag->held = false;
	ag->setup_again = false;
	ag->swap_deadline = UINT64_MAX;
	ag->resume_deadline = UINT64_MAX;

	ag->in_band_known = ag->features.bits & AG_IN_BAND_RING;
	ag->voice = ag->voice_known = false;
	ag->noise_reduction_off = false;
	ag_codec_reset(ag);
}

/* HFP 1.8 §4.2.1: up after +CMER, after +CHLD=? where both do three-way calling, and after +BIND?
 * where both have HF indicators. The last two do not come from every car kit that promises them. */
void ag_slc_step(struct ag *ag, uint64_t now_ms)
{
	bool chld = (ag->features.bits & AG_THREE_WAY) && (ag->hf.bits & HF_THREE_WAY);
	bool bind = (ag->features.bits & AG_HF_INDICATORS) && (ag->hf.bits & HF_HF_INDICATORS);

	if (ag->slc_up || !ag->got_brsf || !ag->got_cind || !ag->got_cmer)
		return;

	if (chld && !ag->got_chld)
		ag->slc_deadline = now_ms + AG_SLC_CHLD_MS;
	else if (bind && !ag->got_bind)
		ag->slc_deadline = now_ms + AG_SLC_BIND_MS;
	else
		ag->slc_deadline = now_ms;
}

static void slc_if_due(struct ag *ag, uint64_t now_ms)
{
	if (ag->slc_up || now_ms < ag->slc_deadline)
		return;
	ag->slc_up = true;
	ag->slc_deadline = UINT64_MAX;
	ag_emit_value(ag, AG_EVENT_SLC, 0);
}

bool ag_slc_up(const struct ag *ag)
{
	return ag->slc_up;
}

uint32_t ag_hf_features(const struct ag *ag)
{
	return ag->hf.bits;
}

/* ---- what the headset is told unasked ----------------------------------------------------- */

/* After a restart the calls may come back; until then they only seem to have ended. */
static bool waits_for_calls(struct ag *ag, uint64_t now_ms)
{
	if (ag->resume_deadline == UINT64_MAX)
		return false;
	if (now_ms < ag->resume_deadline && ag_calls_situation(ag) == SITUATION_IDLE)
		return true;
	ag->resume_deadline = UINT64_MAX;
	return false;
}

void ag_sync(struct ag *ag, uint64_t now_ms)
{
	if (ag->running || !ag->slc_up || waits_for_calls(ag, now_ms))
		return;

	ag_gain_sync(ag);
	if (ag->profile == AG_HFP && ag->in_band_ring != ag->in_band_known) {
		ag->in_band_known = ag->in_band_ring;
		ag_send(ag, "+BSIR: %d", ag->in_band_ring);
	}

	ag_calls_sync(ag, now_ms);
	if (ag->profile == AG_HSP)
		return;

	ag_report(ag, IND_SERVICE);
	ag_report(ag, IND_SIGNAL);
	ag_report(ag, IND_ROAM);
	ag_report(ag, IND_BATTCHG);
	if (ag->voice != ag->voice_known) {
		ag->voice_known = ag->voice;
		if (ag->hf.bits & HF_VOICE_RECOGNITION)
			ag_send(ag, "+BVRA: %d", ag->voice);
	}
	ag_codec_sync(ag, now_ms);
}

/* ---- lines -------------------------------------------------------------------------------- */

static void finish_line(struct ag *ag, int result, uint64_t now_ms)
{
	ag->running = false;
	ag->pending = false;

	if (result == AG_RESULT_OK)
		ag_send(ag, "OK");
	else if (ag->extended_errors)
		ag_send(ag, "+CME ERROR: %d", result - AG_RESULT_FAILURE);
	else
		ag_send(ag, "ERROR");

	slc_if_due(ag, now_ms);
	ag_sync(ag, now_ms);
}

static void run_commands(struct ag *ag, uint64_t now_ms)
{
	struct at_command command;
	int r, result;

	while ((r = at_line_next(&ag->line, &command)) > 0) {
		if (ag->line.kind == AT_BARE && !hsp_bare_allowed(&command))
			result = AG_RESULT_NOT_SUPPORTED;
		else
			result = ag_command(ag, &command, now_ms);

		if (result == AG_PENDING)
			return;
		if (result != AG_RESULT_OK) {
			finish_line(ag, result, now_ms);
			return;
		}
	}
	finish_line(ag, r < 0 ? AG_RESULT_FAILURE : AG_RESULT_OK, now_ms);
}

static void run_line(struct ag *ag, const char *bytes, size_t n, bool too_long, uint64_t now_ms)
{
	ag->running = true;
	if (too_long) {
		finish_line(ag, AG_RESULT_TEXT_TOO_LONG, now_ms);
		return;
	}

	switch (at_line_set(&ag->line, bytes, n)) {
	case AT_EMPTY:
	case AT_RESULT: /* answering an ERROR by an ERROR never ends */
		ag->running = false;
		return;
	case AT_MALFORMED:
		finish_line(ag, AG_RESULT_FAILURE, now_ms);
		return;
	case AT_BARE:
		if (ag->profile != AG_HSP) {
			finish_line(ag, AG_RESULT_NOT_SUPPORTED, now_ms);
			return;
		}
		break;
	case AT_COMMANDS:
		break;
	}
	run_commands(ag, now_ms);
}

static void queue_line(struct ag *ag, const char *bytes, size_t n, bool too_long)
{
	struct at_line probe;
	enum at_kind kind = at_line_set(&probe, bytes, n);

	if (!too_long && (kind == AT_EMPTY || kind == AT_RESULT))
		return;
	if (too_long)
		n = 0;

	if (ag->n_dropped > 0 || ag->n_queued == AG_QUEUE_LINES ||
	    n > sizeof(ag->queue) - ag->queue_bytes) {
		/* Still owed its ERROR, after all that came before it. */
		if (ag->n_dropped == AG_MAX_DROPPED)
			ag->overflowed = true;
		else
			ag->n_dropped++;
		return;
	}

	memcpy(ag->queue + ag->queue_bytes, bytes, n);
	ag->queue_bytes += n;
	ag->queued[ag->n_queued].n = (uint16_t)n;
	ag->queued[ag->n_queued].too_long = too_long;
	ag->n_queued++;
}

static void run_queue(struct ag *ag, uint64_t now_ms)
{
	while (!ag->running && ag->n_queued > 0) {
		const struct ag_queued first = ag->queued[0];
		char bytes[AT_MAX_LINE];

		memcpy(bytes, ag->queue, first.n);
		ag->queue_bytes -= first.n;
		memmove(ag->queue, ag->queue + first.n, ag->queue_bytes);
		ag->n_queued--;
		memmove(ag->queued, ag->queued + 1, ag->n_queued * sizeof(ag->queued[0]));
		run_line(ag, bytes, first.n, first.too_long, now_ms);
	}

	while (!ag->running && ag->n_dropped > 0) {
		ag->n_dropped--;
		finish_line(ag, AG_RESULT_FAILURE, now_ms);
	}
}

void ag_receive(struct ag *ag, const void *bytes, size_t n, uint64_t now_ms)
{
	const char *p = bytes;

	while (n > 0) {
		enum at_framing framing;
		size_t taken = at_framer_feed(&ag->framer, p, n, &framing);

		p += taken;
		n -= taken;
		if (framing == AT_INCOMPLETE)
			continue;

		trace(ag, ag->framer.bytes, ag->framer.n, true);
		if (ag->running)
			queue_line(ag, ag->framer.bytes, ag->framer.n, framing == AT_TOO_LONG);
		else
			run_line(ag, ag->framer.bytes, ag->framer.n, framing == AT_TOO_LONG,
				 now_ms);
	}
}

/* ---- results from the caller -------------------------------------------------------------- */

/* What a granted request changes here. */
static void granted(struct ag *ag, uint64_t now_ms)
{
	if (ag->asked == AG_EVENT_VOICE)
		ag->voice = ag->voice_known = ag->asked_value;
	if (ag->asked == AG_EVENT_NOISE_REDUCTION_OFF)
		ag->noise_reduction_off = true;
	/* A swap leaves callheld at 1; hands-free units wait for it to be said again. */
	if (ag->asked == AG_EVENT_CHLD && ag->asked_value == 2 && ag->known[IND_CALLHELD] == 1 &&
	    !ag->swapped)
		ag->swap_deadline = now_ms + AG_SWAP_MS;
}

static void settle(struct ag *ag, enum ag_result result, uint64_t now_ms)
{
	ag->pending = false;
	if (result != AG_RESULT_OK) {
		finish_line(ag, (int)result, now_ms);
	} else {
		granted(ag, now_ms);
		if (ag->asked == AG_EVENT_DTMF && ag_vts_next(ag, now_ms))
			return;
		run_commands(ag, now_ms);
	}
	run_queue(ag, now_ms);
}

void ag_finish(struct ag *ag, enum ag_result result, uint64_t now_ms)
{
	if (ag->late > 0)
		ag->late--;
	else if (ag->pending)
		settle(ag, result, now_ms);
}

/* ---- time --------------------------------------------------------------------------------- */

void ag_tick(struct ag *ag, uint64_t now_ms)
{
	if (ag->pending && now_ms >= ag->pending_deadline) {
		ag->late++;
		settle(ag, AG_RESULT_TIMEOUT, now_ms);
	}
	slc_if_due(ag, now_ms);
	if (now_ms >= ag->swap_deadline) {
		ag->swap_deadline = UINT64_MAX;
		ag->swapped = true;
	}
	ag_codec_tick(ag, now_ms);
	ag_sync(ag, now_ms);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t ag_deadline(const struct ag *ag)
{
	uint64_t due = ag->pending ? ag->pending_deadline : UINT64_MAX;

	due = earlier(due, ag->slc_deadline);
	if (!ag->running)
		due = earlier(due, ag->resume_deadline);
	due = earlier(due, ag->swap_deadline);
	due = earlier(due, ag_codec_deadline(ag));
	return earlier(due, ag_calls_deadline(ag));
}

/* ---- what the caller states --------------------------------------------------------------- */

void ag_set_status(struct ag *ag, const struct ag_status *status, uint64_t now_ms)
{
	ag->status = *status;
	if (ag->status.signal > 5)
		ag->status.signal = 5;
	if (ag->status.battery > 5)
		ag->status.battery = 5;
	ag_sync(ag, now_ms);
}

void ag_set_in_band_ring(struct ag *ag, bool on, uint64_t now_ms)
{
	ag->in_band_ring = on;
	ag_sync(ag, now_ms);
}

void ag_set_voice(struct ag *ag, bool on, uint64_t now_ms)
{
	ag->voice = on;
	ag_sync(ag, now_ms);
}

void ag_set_audio(struct ag *ag, bool up, uint64_t now_ms)
{
	ag->audio = up;
	ag_sync(ag, now_ms);
}

/* As many characters as 3GPP TS 27.007 §7.3 allows it. */
static void copy_operator_name(struct ag *ag, const char *name)
{
	ag_party_text(name ? name : "", 16, ag->operator_name, sizeof(ag->operator_name));
}

void ag_set_operator(struct ag *ag, const char *name)
{
	copy_operator_name(ag, name);
}

static void copy_own_number(struct ag *ag, const char *number)
{
	ag_party_number(number ? number : "", ag->own_number);
}

struct ag *ag_new(const struct ag_config *config, uint64_t now_ms)
{
	struct ag *ag = calloc(1, sizeof(*ag));

	if (!ag)
		return NULL;

	ag->profile = config->profile;
	ag->version = config->version;
	ag->can_dial = config->can_dial;
	ag->conference = config->conference;
	ag->quirks = config->quirks;
	ag->features = ag_own_features(config);
	ag->in_band_ring = config->in_band_ring;
	copy_operator_name(ag, config->operator_name);
	copy_own_number(ag, config->own_number);
	ag->status = (struct ag_status){ .service = true, .signal = 5, .battery = 5 };
	ag->speaker.wanted = ag->microphone.wanted = -1;
	ag->speaker.known = ag->microphone.known = -1;
	ag_slc_reset(ag);

	if (ag->profile == AG_HSP) {
		/* HSP 1.2 has no set-up of its own: the channel is the connection. */
		ag->slc_deadline = now_ms;
		slc_if_due(ag, now_ms);
	}
	return ag;
}

struct ag *ag_free(struct ag *ag)
{
	free(ag);
	return NULL;
}
