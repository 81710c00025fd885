/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The two gains, 0 to 15, of both profiles: HFP 1.8 §4.29, HSP 1.2 §4.8. The headset's word is
 * never sent back to it.
 */
#include "daemon/hfp/ag-private.h"

static bool is_broken(const struct ag *ag, const struct ag_gain *gain)
{
	return ag->quirks &
	       (gain == &ag->speaker ? QUIRK_NO_SPEAKER_GAIN : QUIRK_NO_MICROPHONE_GAIN);
}

static int gain_set(struct ag *ag, struct ag_gain *gain, struct at_args *args,
		    enum ag_event_type event)
{
	uint32_t value;

	if (at_args_number(args, 15, &value) < 0 || !at_args_done(args))
		return AG_RESULT_NOT_ALLOWED;
	if (is_broken(ag, gain))
		return AG_RESULT_OK;

	gain->wanted = gain->known = (int)value;
	gain->heard = true;
	ag_emit_value(ag, event, value);
	return AG_RESULT_OK;
}

int ag_vgs_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	return gain_set(ag, &ag->speaker, args, AG_EVENT_SPEAKER_GAIN);
}

int ag_vgm_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	return gain_set(ag, &ag->microphone, args, AG_EVENT_MICROPHONE_GAIN);
}

static void gain_report(struct ag *ag, struct ag_gain *gain, const char *name)
{
	bool hsp = ag->profile == AG_HSP;

	if (gain->wanted < 0 || gain->wanted == gain->known || is_broken(ag, gain))
		return;
	/* A unit that has no volume control of its own is not told of one. */
	if (!hsp && !gain->heard && !(ag->hf.bits & HF_REMOTE_VOLUME))
		return;
	gain->known = gain->wanted;
	ag_send(ag, "%s%s%d", name, hsp ? "=" : ": ", gain->known);
}

void ag_gain_sync(struct ag *ag)
{
	gain_report(ag, &ag->speaker, "+VGS");
	gain_report(ag, &ag->microphone, "+VGM");
}

static void gain_want(struct ag *ag, struct ag_gain *gain, unsigned int gain_0_15, uint64_t now_ms)
{
	gain->wanted = gain_0_15 > 15 ? 15 : (int)gain_0_15;
	ag_sync(ag, now_ms);
}

void ag_set_speaker_gain(struct ag *ag, unsigned int gain_0_15, uint64_t now_ms)
{
	gain_want(ag, &ag->speaker, gain_0_15, now_ms);
}

void ag_set_microphone_gain(struct ag *ag, unsigned int gain_0_15, uint64_t now_ms)
{
	gain_want(ag, &ag->microphone, gain_0_15, now_ms);
}
