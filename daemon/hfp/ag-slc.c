/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The set-up of the service level connection, and the indicators: +BRSF, +CIND, +CMER, +BIA, and
 * the hands-free unit's own indicators, +BIND and +BIEV. HFP 1.8 §4.2, §4.35, §4.36.
 */
#include "daemon/hfp/ag-private.h"

uint8_t ag_indicator(const struct ag *ag, enum ag_indicator indicator)
{
	switch (indicator) {
	case IND_SERVICE:
		return ag->status.service;
	case IND_CALL:
	case IND_CALLSETUP:
	case IND_CALLHELD:
		return ag_calls_indicator(ag, indicator);
	case IND_SIGNAL:
		return ag->status.signal;
	case IND_ROAM:
		return ag->status.roaming;
	case IND_BATTCHG:
		return ag->status.battery;
	case IND_COUNT:
		break;
	}
	return 0;
}

void ag_report(struct ag *ag, enum ag_indicator indicator)
{
	uint8_t value = ag_indicator(ag, indicator);

	if (!ag->reports || ag->masked[indicator] || value == ag->known[indicator])
		return;
	ag->known[indicator] = value;
	ag_send(ag, "+CIEV: %d,%d", indicator + 1, value);
}

int ag_brsf_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t bits;

	if (at_args_number(args, UINT32_MAX, &bits) < 0 || !at_args_done(args))
		return AG_RESULT_FAILURE;

	/* A second one begins anew: some units set up again on the same channel. */
	if (ag->got_brsf)
		ag_slc_reset(ag);
	ag->got_brsf = true;
	ag->hf.bits = bits;
	ag_send(ag, "+BRSF: %u", ag->features.bits);
	ag_slc_step(ag, now_ms);
	return AG_RESULT_OK;
}

int ag_cind_test(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	ag_send(ag, "+CIND: (\"service\",(0,1)),(\"call\",(0,1)),(\"callsetup\",(0-3)),"
		    "(\"callheld\",(0-2)),(\"signal\",(0-5)),(\"roam\",(0,1)),(\"battchg\",(0-5))");
	return AG_RESULT_OK;
}

int ag_cind_read(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint8_t *k = ag->known;

	for (int i = 0; i < IND_COUNT; i++)
		k[i] = ag_indicator(ag, (enum ag_indicator)i);
	ag_send(ag, "+CIND: %d,%d,%d,%d,%d,%d,%d", k[IND_SERVICE], k[IND_CALL], k[IND_CALLSETUP],
		k[IND_CALLHELD], k[IND_SIGNAL], k[IND_ROAM], k[IND_BATTCHG]);
	ag->got_cind = true;
	ag_slc_step(ag, now_ms);
	return AG_RESULT_OK;
}

/* 3GPP TS 27.007 §8.10, of which HFP allows mode 3 only; what is left out counts as 0. */
int ag_cmer_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t mode, field[3] = { 0, 0, 0 };

	if (at_args_number(args, 3, &mode) < 0 || mode != 3)
		return AG_RESULT_FAILURE;
	for (int i = 0; i < 3 && !at_args_done(args); i++) {
		if (at_args_number(args, i == 2 ? 1 : 0, &field[i]) < 0)
			return AG_RESULT_FAILURE;
	}
	if (!at_args_done(args))
		return AG_RESULT_FAILURE;

	ag->reports = field[2];
	if (ag->reports)
		ag->got_cmer = true;
	ag_slc_step(ag, now_ms);
	return AG_RESULT_OK;
}

int ag_chld_test(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	ag_send(ag, "+CHLD: (0,1,1x,2,2x%s)", ag->conference ? ",3" : "");
	ag->got_chld = true;
	ag_slc_step(ag, now_ms);
	return AG_RESULT_OK;
}

/* ---- the hands-free unit's indicators: 1 enhanced safety, 2 battery level (§4.36.1) ------- */

static bool has_hf_indicators(const struct ag *ag)
{
	return (ag->features.bits & AG_HF_INDICATORS) && (ag->hf.bits & HF_HF_INDICATORS);
}

int ag_bind_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t id;

	if (!has_hf_indicators(ag))
		return AG_RESULT_NOT_SUPPORTED;
	/* Which ones it has makes no difference here: both are taken whenever they come. */
	while (!at_args_done(args)) {
		if (at_args_number(args, UINT16_MAX, &id) < 0)
			return AG_RESULT_FAILURE;
	}
	ag_slc_step(ag, now_ms);
	return AG_RESULT_OK;
}

int ag_bind_test(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	if (!has_hf_indicators(ag))
		return AG_RESULT_NOT_SUPPORTED;
	ag_send(ag, "+BIND: (1,2)");
	ag_slc_step(ag, now_ms);
	return AG_RESULT_OK;
}

int ag_bind_read(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	if (!has_hf_indicators(ag))
		return AG_RESULT_NOT_SUPPORTED;
	ag_send(ag, "+BIND: 1,1");
	ag_send(ag, "+BIND: 2,1");
	ag->got_bind = true;
	ag_slc_step(ag, now_ms);
	return AG_RESULT_OK;
}

int ag_biev_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t id, value;

	if (at_args_number(args, UINT16_MAX, &id) < 0 || id < 1 || id > 2)
		return AG_RESULT_FAILURE;
	if (at_args_number(args, id == 1 ? 1 : 100, &value) < 0 || !at_args_done(args))
		return AG_RESULT_FAILURE;

	if (id == 2)
		ag_emit_value(ag, AG_EVENT_BATTERY, value);
	return AG_RESULT_OK;
}

/* ---- which indicators are wanted (§4.35) -------------------------------------------------- */

int ag_bia_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	bool masked[IND_COUNT];
	const char *field;
	size_t n;

	for (int i = 0; i < IND_COUNT; i++)
		masked[i] = ag->masked[i];

	for (int i = 0; at_args_next(args, &field, &n); i++) {
		if (n > 1 || (n == 1 && field[0] != '0' && field[0] != '1'))
			return AG_RESULT_FAILURE;
		if (n == 1 && i < IND_COUNT)
			masked[i] = field[0] == '0';
	}
	/* The three of calls are always told, whatever was asked. */
	masked[IND_CALL] = masked[IND_CALLSETUP] = masked[IND_CALLHELD] = false;

	for (int i = 0; i < IND_COUNT; i++)
		ag->masked[i] = masked[i];
	return AG_RESULT_OK;
}
