/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Commands of vendors: Apple's, Plantronics', CSR's and the one of Android's headsets. Mostly they
 * carry the headset's battery level, each in its own unit; all of them leave here as percent.
 */
#include "daemon/hfp/ag-private.h"

/* Of Apple's features (2 battery, 4 dock, 8 Siri, 16 noise reduction) we take the battery. */
#define XAPL_BATTERY 2

int ag_accept(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	return AG_RESULT_OK;
}

/* <vendor>-<product>-<version>,<features>. The first is anything: firmware strings are common. */
int ag_xapl_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	const char *field;
	uint32_t features;
	size_t n;

	if (!at_args_next(args, &field, &n) || n == 0)
		return AG_RESULT_FAILURE;
	if (at_args_number(args, UINT16_MAX, &features) < 0 || !at_args_done(args))
		return AG_RESULT_FAILURE;
	/* With = and no blank: a colon is not understood. */
	ag_send(ag, "+XAPL=iPhone,%d", XAPL_BATTERY);
	return AG_RESULT_OK;
}

/* <pairs>[,<key>,<value>]…; key 1 is the battery in tenths less one, 2 the dock. */
int ag_iphoneaccev_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t pairs, key, value;
	int percent = -1;

	if (at_args_number(args, 100, &pairs) < 0 || pairs == 0)
		return AG_RESULT_FAILURE;
	for (uint32_t i = 0; i < pairs; i++) {
		if (at_args_number(args, UINT16_MAX, &key) < 0 ||
		    at_args_number(args, UINT16_MAX, &value) < 0)
			return AG_RESULT_FAILURE;
		if (key == 1 && value > 9)
			return AG_RESULT_FAILURE;
		if (key == 1)
			percent = (int)(value + 1) * 10;
	}
	if (!at_args_done(args))
		return AG_RESULT_FAILURE;

	if (percent >= 0)
		ag_emit_value(ag, AG_EVENT_BATTERY, (unsigned int)percent);
	return AG_RESULT_OK;
}

int ag_aplsiri_read(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	ag_send(ag, "+APLSIRI: 0"); /* none here */
	return AG_RESULT_OK;
}

/* BATTERY,<level>,<levels>,<minutes>,<charging>, or BATTERY,<level> of eleven; else a notice. */
int ag_xevent_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t level, levels = 11;

	if (!at_args_word(args, "BATTERY"))
		return AG_RESULT_OK;
	if (at_args_number(args, UINT16_MAX, &level) < 0)
		return AG_RESULT_FAILURE;

	if (at_args_done(args)) {
		level++;
	} else {
		if (at_args_number(args, UINT16_MAX, &levels) < 0 || levels < 2)
			return AG_RESULT_FAILURE;
		levels--; /* they count from 0 */
	}
	if (level > levels)
		return AG_RESULT_FAILURE;
	ag_emit_value(ag, AG_EVENT_BATTERY, level * 100 / levels);
	return AG_RESULT_OK;
}

/* XHSTBATSOC,<percent>,… charge; XHSTBATSOH,… health; XHSMICMUTE,<0/1>. */
int ag_android_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	const struct at_args whole = *args;
	uint32_t value;

	if (at_args_word(args, "XHSMICMUTE")) {
		if (at_args_number(args, 1, &value) < 0 || !at_args_done(args))
			return AG_RESULT_FAILURE;
		ag_emit_value(ag, AG_EVENT_MUTE, value);
		return AG_RESULT_OK;
	}

	*args = whole;
	if (at_args_word(args, "XHSTBATSOC")) {
		if (at_args_number(args, 100, &value) < 0)
			return AG_RESULT_FAILURE;
		ag_emit_value(ag, AG_EVENT_BATTERY, value);
		return AG_RESULT_OK;
	}

	*args = whole;
	return at_args_word(args, "XHSTBATSOH") ? AG_RESULT_OK : AG_RESULT_NOT_SUPPORTED;
}

int ag_android_test(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	ag_send(ag, "+ANDROID: XHSTBATSOC,XHSTBATSOH,XHSMICMUTE");
	return AG_RESULT_OK;
}

/* Caller's name, raw text, SMS, battery, power source, codecs, bandwidths; older ones say six. */
int ag_csrsf_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t value;

	while (!at_args_done(args)) {
		if (at_args_number(args, UINT16_MAX, &value) < 0)
			return AG_RESULT_FAILURE;
	}
	ag_send(ag, "+CSRSF: 0,0,0,1,0,0,0");
	return AG_RESULT_OK;
}

int ag_csrbatt_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t level;

	if (at_args_number(args, 9, &level) < 0 || !at_args_done(args))
		return AG_RESULT_FAILURE;
	ag_emit_value(ag, AG_EVENT_BATTERY, (level + 1) * 10);
	return AG_RESULT_OK;
}
