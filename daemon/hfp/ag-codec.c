/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Codec negotiation, HFP 1.8 §4.2.1.2 and §4.11.3: +BAC says what the headset can, +BCS offers one,
 * AT+BCS takes it. The gateway always ends with an answer, AG_EVENT_CODEC: silence means CVSD,
 * since there are headsets that never confirm and yet carry sound.
 */
#include "daemon/hfp/ag-private.h"

#define BIT(codec) (1u << (codec))

/* Refusals and changes of mind in one negotiation, after which it has failed. */
#define MAX_REFUSALS 3
/* Unanswered offers of a wide band codec, after which it is not offered again. */
#define MAX_SILENCES 2

bool ag_negotiates(const struct ag *ag)
{
	return (ag->features.bits & AG_CODEC_NEGOTIATION) && (ag->hf.bits & HF_CODEC_NEGOTIATION);
}

unsigned int ag_codecs(const struct ag *ag)
{
	unsigned int both = BIT(AG_CODEC_CVSD);

	if (ag->profile == AG_HFP && ag_negotiates(ag))
		both |= ag->hf_codecs & BIT(AG_CODEC_MSBC);
	return both;
}

static void settled(struct ag *ag, unsigned int codec)
{
	ag->codec_offered = 0;
	ag->codec_wanted = 0;
	ag->codec_given_up = 0;
	ag->codec_unsent = false;
	ag->codec_deadline = UINT64_MAX;
	ag->codec_refusals = 0;
	ag->codec_selected = codec;
	ag_emit_value(ag, AG_EVENT_CODEC, codec);
}

static void offer(struct ag *ag, unsigned int codec)
{
	ag->codec_wanted = codec;
	ag->codec_offered = codec;
	ag->codec_unsent = true;
	ag->codec_deadline = UINT64_MAX; /* counts from when it is written */
}

void ag_codec_reset(struct ag *ag)
{
	if (ag->codec_offered)
		settled(ag, 0);
	ag->hf_codecs = BIT(AG_CODEC_CVSD);
	ag->codec_selected = 0;
	ag->codec_silences = 0;
	ag->codec_deadline = UINT64_MAX;
}

void ag_select_codec(struct ag *ag, enum ag_codec codec, uint64_t now_ms)
{
	unsigned int wanted = (unsigned int)codec;

	if (!ag->slc_up) {
		settled(ag, 0);
		return;
	}
	if (ag->profile == AG_HSP || !ag_negotiates(ag)) {
		settled(ag, AG_CODEC_CVSD);
		return;
	}

	if (wanted > 31 || !(ag_codecs(ag) & BIT(wanted)) || ag->codec_silences >= MAX_SILENCES)
		wanted = AG_CODEC_CVSD;
	if (ag->codec_offered) {
		ag->codec_wanted = wanted;
		return;
	}
	if (ag->codec_selected == wanted) {
		settled(ag, wanted);
		return;
	}
	ag->codec_refusals = 0;
	offer(ag, wanted);
	ag_sync(ag, now_ms);
}

void ag_codec_sync(struct ag *ag, uint64_t now_ms)
{
	if (!ag->codec_unsent)
		return;
	ag->codec_unsent = false;
	ag->codec_deadline =
		now_ms + (ag->codec_offered == AG_CODEC_CVSD ? AG_BCS_CVSD_MS : AG_BCS_MS);
	ag_send(ag, "+BCS: %u", ag->codec_offered);
}

uint64_t ag_codec_deadline(const struct ag *ag)
{
	return ag->codec_deadline;
}

void ag_codec_tick(struct ag *ag, uint64_t now_ms)
{
	if (!ag->codec_offered || now_ms < ag->codec_deadline)
		return;

	if (ag->codec_offered == AG_CODEC_CVSD) {
		settled(ag, AG_CODEC_CVSD);
		return;
	}
	ag->codec_silences++;
	ag->codec_given_up = ag->codec_offered;
	offer(ag, AG_CODEC_CVSD);
}

int ag_bac_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	unsigned int codecs = BIT(AG_CODEC_CVSD);
	uint32_t id;

	while (!at_args_done(args)) {
		if (at_args_number(args, UINT16_MAX, &id) < 0)
			return AG_RESULT_FAILURE;
		/* Others are a vendor's, such as 127: not ours to choose. */
		if (id >= AG_CODEC_CVSD && id <= AG_CODEC_LC3_SWB)
			codecs |= BIT(id);
	}

	ag->hf_codecs = codecs;
	ag->codec_selected = 0;
	ag->codec_silences = 0;
	ag_emit_value(ag, AG_EVENT_CODECS, codecs);

	/* It is also an answer to an offer: choose anew from this list (§4.11.3). */
	if (ag->codec_offered && ++ag->codec_refusals >= MAX_REFUSALS)
		settled(ag, 0);
	else if (ag->codec_offered)
		offer(ag, ag_codecs(ag) & BIT(ag->codec_wanted) ? ag->codec_wanted : AG_CODEC_CVSD);
	return AG_RESULT_OK;
}

int ag_bcs_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t id;

	if (at_args_number(args, UINT16_MAX, &id) < 0 || !at_args_done(args))
		return AG_RESULT_FAILURE;
	if (!ag->codec_offered || ag->codec_unsent)
		return AG_RESULT_NOT_ALLOWED;

	if (id == ag->codec_offered) {
		if (ag->codec_wanted == id) {
			settled(ag, id);
		} else { /* the caller changed its mind meanwhile */
			ag->codec_selected = id;
			offer(ag, ag->codec_wanted);
		}
		return AG_RESULT_OK;
	}

	/* The late answer to the offer before this one: the answer to this one still comes. */
	if (id == ag->codec_given_up) {
		ag->codec_given_up = 0;
		return AG_RESULT_NOT_ALLOWED;
	}
	if (++ag->codec_refusals >= MAX_REFUSALS - 1)
		settled(ag, 0);
	else
		offer(ag, AG_CODEC_CVSD);
	return AG_RESULT_NOT_ALLOWED;
}

/* §4.11.2: the answer comes first, then +BCS, which the caller starts. */
int ag_bcc(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	const struct ag_event event = { .type = AG_EVENT_AUDIO };

	if (ag->audio)
		return AG_RESULT_NOT_ALLOWED;
	if (ag_calls_situation(ag) == SITUATION_INCOMING && !ag->in_band_ring)
		return AG_RESULT_NOT_ALLOWED;
	return ag_ask(ag, &event, now_ms);
}
