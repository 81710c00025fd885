/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The table of commands: what is understood, in which form, by which profile, and when. Form and
 * preconditions are checked here, once, so that a handler sees only a legal call; whatever is not
 * in the table gets its one error here too.
 */
#include "daemon/hfp/ag-private.h"

#include <string.h>

enum needs {
	NEEDS_NOTHING, /* part of the set-up, or seen before its end on real headsets */
	NEEDS_SLC,
};

#define HFP (1 << AG_HFP)
#define HSP (1 << AG_HSP)
#define BOTH (HFP | HSP)

/* ---- small ones --------------------------------------------------------------------------- */

static int set_switch(struct at_args *args, bool *ret)
{
	uint32_t value;

	if (at_args_number(args, 1, &value) < 0 || !at_args_done(args))
		return AG_RESULT_FAILURE;
	*ret = value;
	return AG_RESULT_OK;
}

static int clip_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	return set_switch(args, &ag->clip);
}

static int ccwa_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	return set_switch(args, &ag->ccwa);
}

static int cmee_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	return set_switch(args, &ag->extended_errors);
}

static int cmee_read(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	ag_send(ag, "+CMEE: %d", ag->extended_errors);
	return AG_RESULT_OK;
}

static int cmee_test(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	ag_send(ag, "+CMEE: (0,1)");
	return AG_RESULT_OK;
}

/* Only the long alphanumeric format exists in HFP. */
static int cops_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t mode, format;

	if (at_args_number(args, 3, &mode) < 0 || mode != 3 ||
	    at_args_number(args, 0, &format) < 0 || !at_args_done(args))
		return AG_RESULT_FAILURE;
	return AG_RESULT_OK;
}

static int cops_read(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	if (!ag->status.service)
		return AG_RESULT_NO_NETWORK;
	if (ag->operator_name[0])
		ag_send(ag, "+COPS: 0,0,\"%s\"", ag->operator_name);
	else
		ag_send(ag, "+COPS: 0");
	return AG_RESULT_OK;
}

/* Five items, the fourth always empty; 4 is voice. */
static int cnum_exec(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	if (ag->own_number[0])
		ag_send(ag, "+CNUM: ,\"%s\",%d,,4", ag->own_number,
			ag_party_number_type(ag->own_number));
	return AG_RESULT_OK;
}

static int nrec_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	const struct ag_event event = { .type = AG_EVENT_NOISE_REDUCTION_OFF };
	uint32_t value;

	/* It can only be switched off, and stays off while connected. */
	if (at_args_number(args, 0, &value) < 0 || !at_args_done(args))
		return AG_RESULT_FAILURE;
	if (ag->noise_reduction_off)
		return AG_RESULT_OK;
	return ag_ask(ag, &event, now_ms);
}

static int bvra_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	struct ag_event event = { .type = AG_EVENT_VOICE };
	uint32_t value;

	if (at_args_number(args, UINT16_MAX, &value) < 0 || !at_args_done(args))
		return AG_RESULT_FAILURE;
	if (!(ag->features.bits & AG_VOICE_RECOGNITION))
		return AG_RESULT_NOT_SUPPORTED;
	if (value > 1) /* 2 is of the enhanced kind, which is not announced */
		return AG_RESULT_NOT_SUPPORTED;
	if (ag->voice == (bool)value || (value && ag_calls_situation(ag) != SITUATION_IDLE))
		return AG_RESULT_NOT_ALLOWED;
	ag->hf.bits |= HF_VOICE_RECOGNITION; /* who uses it has it, whatever +BRSF said */
	event.value = value;
	return ag_ask(ag, &event, now_ms);
}

/* ---- the table ---------------------------------------------------------------------------- */

struct row {
	const char *name;
	enum at_form form;
	unsigned int profiles;
	enum needs needs;
	unsigned int situations; /* else: operation not allowed */
	ag_handler handler;
	const char *source;
};

#define ANY SITUATION_ANY
#define CAN_END                                                                                 \
	(SITUATION_INCOMING | SITUATION_DIALING | SITUATION_ACTIVE | SITUATION_ACTIVE_WAITING | \
	 SITUATION_ACTIVE_HELD | SITUATION_HELD_WAITING)
#define CAN_DIAL (SITUATION_IDLE | SITUATION_ACTIVE | SITUATION_HELD)
#define TALKS (SITUATION_ACTIVE | SITUATION_ACTIVE_WAITING | SITUATION_ACTIVE_HELD)

static const struct row rows[] = {
	/* the service level connection, in its order */
	{ "+BRSF", AT_SET, HFP, NEEDS_NOTHING, ANY, ag_brsf_set, "HFP 1.8 §4.2.1.1" },
	{ "+BAC", AT_SET, HFP, NEEDS_NOTHING, ANY, ag_bac_set, "HFP 1.8 §4.2.1.2" },
	{ "+CIND", AT_TEST, HFP, NEEDS_NOTHING, ANY, ag_cind_test, "HFP 1.8 §4.2.1.3" },
	{ "+CIND", AT_READ, HFP, NEEDS_NOTHING, ANY, ag_cind_read, "HFP 1.8 §4.2.1.3" },
	{ "+CMER", AT_SET, HFP, NEEDS_NOTHING, ANY, ag_cmer_set, "HFP 1.8 §4.2.1.3" },
	{ "+CHLD", AT_TEST, HFP, NEEDS_NOTHING, ANY, ag_chld_test, "HFP 1.8 §4.2.1.3" },
	{ "+BIND", AT_SET, HFP, NEEDS_NOTHING, ANY, ag_bind_set, "HFP 1.8 §4.2.1.4" },
	{ "+BIND", AT_TEST, HFP, NEEDS_NOTHING, ANY, ag_bind_test, "HFP 1.8 §4.2.1.4" },
	{ "+BIND", AT_READ, HFP, NEEDS_NOTHING, ANY, ag_bind_read, "HFP 1.8 §4.2.1.4" },

	/* calls */
	{ "A", AT_EXEC, HFP, NEEDS_SLC, SITUATION_INCOMING, ag_answer, "HFP 1.8 §4.13" },
	{ "+ATA", AT_EXEC, HFP, NEEDS_SLC, SITUATION_INCOMING, ag_answer, "as some texts say" },
	{ "+CHUP", AT_EXEC, HFP, NEEDS_SLC, CAN_END, ag_chup, "HFP 1.8 §4.14, §4.15" },
	{ "D", AT_SET, HFP, NEEDS_SLC, CAN_DIAL, ag_dial, "HFP 1.8 §4.18, §4.19" },
	{ "+BLDN", AT_EXEC, HFP, NEEDS_SLC, CAN_DIAL, ag_bldn, "HFP 1.8 §4.20" },
	{ "+CHLD", AT_SET, HFP, NEEDS_SLC, ANY, ag_chld_set, "HFP 1.8 §4.22" },
	{ "+VTS", AT_SET, HFP, NEEDS_SLC, TALKS, ag_vts_set, "HFP 1.8 §4.28" },
	{ "+CLCC", AT_EXEC, HFP, NEEDS_SLC, ANY, ag_clcc, "HFP 1.8 §4.32.1" },
	{ "+CLIP", AT_SET, HFP, NEEDS_NOTHING, ANY, clip_set, "HFP 1.8 §4.23" },
	{ "+CCWA", AT_SET, HFP, NEEDS_NOTHING, ANY, ccwa_set, "HFP 1.8 §4.21" },
	{ "+BVRA", AT_SET, HFP, NEEDS_SLC, ANY, bvra_set, "HFP 1.8 §4.25" },

	/* indicators, errors, names */
	{ "+BIA", AT_SET, HFP, NEEDS_SLC, ANY, ag_bia_set, "HFP 1.8 §4.35" },
	{ "+BIEV", AT_SET, HFP, NEEDS_SLC, ANY, ag_biev_set, "HFP 1.8 §4.36" },
	{ "+CMEE", AT_SET, HFP, NEEDS_NOTHING, ANY, cmee_set, "HFP 1.8 §4.9" },
	{ "+CMEE", AT_READ, HFP, NEEDS_NOTHING, ANY, cmee_read, "3GPP TS 27.007 §9.1" },
	{ "+CMEE", AT_TEST, HFP, NEEDS_NOTHING, ANY, cmee_test, "3GPP TS 27.007 §9.1" },
	{ "+COPS", AT_SET, HFP, NEEDS_SLC, ANY, cops_set, "HFP 1.8 §4.8" },
	{ "+COPS", AT_READ, HFP, NEEDS_SLC, ANY, cops_read, "HFP 1.8 §4.8" },
	{ "+CNUM", AT_EXEC, HFP, NEEDS_SLC, ANY, cnum_exec, "HFP 1.8 §4.31" },

	/* sound */
	{ "+BCC", AT_EXEC, HFP, NEEDS_SLC, ANY, ag_bcc, "HFP 1.8 §4.11.2" },
	{ "+BCS", AT_SET, HFP, NEEDS_SLC, ANY, ag_bcs_set, "HFP 1.8 §4.11.3" },
	{ "+NREC", AT_SET, HFP, NEEDS_NOTHING, ANY, nrec_set, "HFP 1.8 §4.24" },
	{ "+VGS", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_vgs_set, "HFP 1.8 §4.29, HSP 1.2 §4.8" },
	{ "+VGM", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_vgm_set, "HFP 1.8 §4.29, HSP 1.2 §4.8" },
	{ "+CKPD", AT_SET, HSP, NEEDS_NOTHING, ANY, hsp_ckpd_set, "HSP 1.2 §4.2" },

	/* vendors */
	{ "+XAPL", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_xapl_set, "Apple" },
	{ "+IPHONEACCEV", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_iphoneaccev_set, "Apple" },
	{ "+APLSIRI", AT_READ, BOTH, NEEDS_NOTHING, ANY, ag_aplsiri_read, "Apple" },
	{ "+APLEFM", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_accept, "Apple" },
	{ "+XEVENT", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_xevent_set, "Plantronics" },
	{ "+ANDROID", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_android_set, "Android" },
	{ "+ANDROID", AT_TEST, BOTH, NEEDS_NOTHING, ANY, ag_android_test, "Android" },
	{ "+CSR", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_accept, "CSR" },
	{ "+CSRSF", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_csrsf_set, "CSR" },
	{ "+CSRBATT", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_csrbatt_set, "CSR" },
	{ "+CSRPWR", AT_SET, BOTH, NEEDS_NOTHING, ANY, ag_accept, "CSR" },
};

/* After +CMER a command that belongs behind the set-up says that the headset takes it as done,
 * though it left out +CHLD=? or +BIND that it promised. */
static bool slc_taken_as_up(struct ag *ag, uint64_t now_ms)
{
	if (!ag->slc_up && ag->slc_deadline != UINT64_MAX)
		ag->slc_deadline = now_ms;
	return ag->slc_up || ag->slc_deadline == now_ms;
}

int ag_command(struct ag *ag, struct at_command *command, uint64_t now_ms)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		if (!at_command_is(command, row->name) || command->form != row->form ||
		    !(row->profiles & (1u << ag->profile)))
			continue;
		if (row->needs == NEEDS_SLC && !slc_taken_as_up(ag, now_ms))
			return AG_RESULT_NOT_ALLOWED;
		if (!(row->situations & (unsigned int)ag_calls_situation(ag)))
			return AG_RESULT_NOT_ALLOWED;
		return row->handler(ag, &command->args, now_ms);
	}
	return AG_RESULT_NOT_SUPPORTED;
}

/* ---- features ----------------------------------------------------------------------------- */

struct ag_features ag_own_features(const struct ag_config *config)
{
	uint32_t bits = AG_THREE_WAY | AG_REJECT | AG_CALL_STATUS | AG_CALL_CONTROL |
			AG_EXTENDED_ERRORS | AG_HF_INDICATORS | AG_ESCO_S4;

	if (config->voice_recognition)
		bits |= AG_VOICE_RECOGNITION;
	if (config->noise_reduction)
		bits |= AG_NOISE_REDUCTION;
	if (config->in_band_ring)
		bits |= AG_IN_BAND_RING;
	if (config->wide_band_speech && !(config->quirks & QUIRK_NO_CODECS))
		bits |= AG_CODEC_NEGOTIATION;
	if (config->quirks & QUIRK_NO_INDICATORS)
		bits &= ~(uint32_t)AG_HF_INDICATORS;

	/* Older peers do not know the newer bits; an unknown version is not an old one. */
	if (config->version && config->version < 0x0107)
		bits &= ~(uint32_t)(AG_HF_INDICATORS | AG_ESCO_S4);
	if (config->version && config->version < 0x0106)
		bits &= ~(uint32_t)AG_CODEC_NEGOTIATION;
	return (struct ag_features){ bits };
}

/* HFP 1.8 §6.3: bits 0 to 4 are those of +BRSF, bit 5 is wide band speech. */
uint16_t ag_sdp_features(const struct ag_config *config)
{
	struct ag_config record = *config;
	uint32_t bits;

	record.version = 0; /* one record for all peers */
	record.quirks = 0;
	bits = ag_own_features(&record).bits;
	return (uint16_t)((bits & 0x1f) | (bits & AG_CODEC_NEGOTIATION ? 1 << 5 : 0));
}
