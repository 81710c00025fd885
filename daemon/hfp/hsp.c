/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What is HSP's alone (HSP 1.2 §4): one button, and a looser line. The rest it shares with HFP: the
 * command table says by row which profile a command belongs to.
 */
#include "daemon/hfp/ag-private.h"

int hsp_ckpd_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	uint32_t key;

	if (at_args_number(args, UINT16_MAX, &key) < 0 || key != 200 || !at_args_done(args))
		return AG_RESULT_FAILURE;

	/* What a press means depends on the calls and on where their sound is: the policy's. */
	ag_emit_value(ag, AG_EVENT_BUTTON, 0);
	return AG_RESULT_OK;
}

void ag_ring_once(struct ag *ag)
{
	if (ag->profile == AG_HSP && !ag->running && !ag->ringing)
		ag_send(ag, "RING");
}

bool hsp_bare_allowed(const struct at_command *command)
{
	return at_command_is(command, "+VGS") || at_command_is(command, "+VGM");
}
