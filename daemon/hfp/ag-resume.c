/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * A service level connection that outlives the process: what was agreed in it, as a word, and a
 * gateway that goes on with that. What the headset was told of calls is not in the word. It is told
 * anew, after a moment in which the calls may come back, so that one that went on does not seem to
 * end.
 */
#include "ag-private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RESUME_QUIET_MS 2000u
#define UNKNOWN 0xff

enum {
	AGREED_REPORTS = 1 << 0,
	AGREED_EXTENDED_ERRORS = 1 << 1,
	AGREED_CLIP = 1 << 2,
	AGREED_CCWA = 1 << 3,
	AGREED_NOISE_REDUCTION_OFF = 1 << 4,
	AGREED_ALL = (1 << 5) - 1,
};

void ag_agreed(const struct ag *ag, char ret[static AG_AGREED_SIZE])
{
	unsigned int flags = 0, masked = 0;

	ret[0] = '\0';
	if (!ag->slc_up)
		return;
	flags |= ag->reports ? AGREED_REPORTS : 0u;
	flags |= ag->extended_errors ? AGREED_EXTENDED_ERRORS : 0u;
	flags |= ag->clip ? AGREED_CLIP : 0u;
	flags |= ag->ccwa ? AGREED_CCWA : 0u;
	flags |= ag->noise_reduction_off ? AGREED_NOISE_REDUCTION_OFF : 0u;
	for (unsigned int i = 0; i < IND_COUNT; i++)
		masked |= ag->masked[i] ? 1u << i : 0u;
	(void)snprintf(ret, AG_AGREED_SIZE, "%u.%" PRIx32 ".%x.%x.%x.%u",
		       ag->profile == AG_HSP ? 1u : 0u, ag->hf.bits, flags, masked, ag->hf_codecs,
		       ag->codec_selected);
}

static bool is_codec(const struct ag *ag, unsigned int codec)
{
	return codec == 0 || (codec < 32 && (ag->hf_codecs & 1u << codec) != 0);
}

bool ag_resume(struct ag *ag, const char *agreed, uint64_t now_ms)
{
	unsigned int profile, flags, masked, codecs, codec;
	uint32_t bits;
	int end = 0;

	if (strlen(agreed) >= AG_AGREED_SIZE || ag->slc_up != (ag->profile == AG_HSP) ||
	    sscanf(agreed, "%1u.%8" SCNx32 ".%4x.%4x.%8x.%2u%n", &profile, &bits, &flags, &masked,
		   &codecs, &codec, &end) != 6 ||
	    agreed[end] != '\0' || profile != (ag->profile == AG_HSP ? 1u : 0u) ||
	    flags > AGREED_ALL || masked >= 1u << IND_COUNT)
		return false;
	ag->resume_deadline = now_ms + RESUME_QUIET_MS;
	if (ag->profile == AG_HSP)
		return true;
	ag->hf.bits = bits;
	ag->hf_codecs = codecs;
	ag->codec_selected = is_codec(ag, codec) ? codec : 0;
	ag->got_brsf = ag->got_cind = ag->got_cmer = ag->got_chld = ag->got_bind = true;
	ag->reports = (flags & AGREED_REPORTS) != 0;
	ag->extended_errors = (flags & AGREED_EXTENDED_ERRORS) != 0;
	ag->clip = (flags & AGREED_CLIP) != 0;
	ag->ccwa = (flags & AGREED_CCWA) != 0;
	ag->noise_reduction_off = (flags & AGREED_NOISE_REDUCTION_OFF) != 0;
	for (unsigned int i = 0; i < IND_COUNT; i++) {
		ag->masked[i] = (masked & 1u << i) != 0;
		ag->known[i] = UNKNOWN;
	}
	ag->slc_deadline = now_ms;
	ag_tick(ag, now_ms);
	return true;
}
