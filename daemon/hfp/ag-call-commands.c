/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the headset may do to calls: answer, end, dial, hold, send tones, and list them. Whether the
 * situation allows a command at all is a column of the command table; what depends on the argument
 * is decided here. Everything that reaches beyond this headset is asked of the caller.
 */
#include "daemon/hfp/ag-private.h"

#include <ctype.h>
#include <string.h>

/* HFP 1.8 §4.18: the numbers that fit, without the final semicolon. */
#define DIAL_MAX 80

int ag_answer(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	const struct ag_call *call = ag_calls_incoming(ag);
	const struct ag_event event = { .type = AG_EVENT_ANSWER, .call = call->id };

	return ag_ask(ag, &event, now_ms);
}

int ag_chup(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	const struct ag_call *call = ag_calls_to_end(ag);
	const struct ag_event event = { .type = AG_EVENT_HANGUP, .call = call->id };

	return ag_ask(ag, &event, now_ms);
}

/* ---- dialling ----------------------------------------------------------------------------- */

static int ask_to_dial(struct ag *ag, enum ag_event_type type, const char *text, size_t n,
		       uint64_t now_ms)
{
	struct ag_event event = { .type = type };

	if (!ag->can_dial)
		return AG_RESULT_NO_NETWORK;
	memcpy(event.text, text, n);
	return ag_ask(ag, &event, now_ms);
}

static int dial_memory(struct ag *ag, const char *text, size_t n, uint64_t now_ms)
{
	if (n < 1 || n > 5)
		return AG_RESULT_INVALID_INDEX;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)text[i]))
			return AG_RESULT_INVALID_INDEX;
	}
	return ask_to_dial(ag, AG_EVENT_DIAL_MEMORY, text, n, now_ms);
}

int ag_dial(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	const char *text = args->next;
	size_t n = (size_t)(args->end - args->next);

	/* Without the semicolon it would be a data call. */
	if (n == 0 || text[n - 1] != ';')
		return AG_RESULT_NOT_SUPPORTED;
	n--;

	if (n > 0 && text[0] == '>')
		return dial_memory(ag, text + 1, n - 1, now_ms);
	if (n > DIAL_MAX)
		return AG_RESULT_DIAL_TOO_LONG;
	if (n == 0)
		return AG_RESULT_DIAL_BAD_CHARACTER;
	for (size_t i = 0; i < n; i++) {
		int c = toupper((unsigned char)text[i]);

		if (!c || (!strchr("0123456789*#ABCDPW,", c) && !(c == '+' && i == 0)))
			return AG_RESULT_DIAL_BAD_CHARACTER;
	}
	return ask_to_dial(ag, AG_EVENT_DIAL, text, n, now_ms);
}

int ag_bldn(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	return ask_to_dial(ag, AG_EVENT_REDIAL, "", 0, now_ms);
}

/* ---- hold and three-way ------------------------------------------------------------------- */

static bool has(const struct ag *ag, enum ag_call_state state)
{
	for (uint32_t i = 1; i <= AG_MAX_CALLS; i++) {
		const struct ag_call *call = ag_calls_at(ag, i);

		if (call && call->state == state)
			return true;
	}
	return false;
}

static bool chld_possible(const struct ag *ag, uint32_t operation)
{
	enum ag_situation now = ag_calls_situation(ag);
	bool waits = has(ag, AG_CALL_INCOMING) || has(ag, AG_CALL_WAITING);
	bool held = has(ag, AG_CALL_HELD);

	switch (operation) {
	case 0:
		return waits || held;
	case 1:
	case 2: /* a call that just rings is for ATA */
		return now != SITUATION_IDLE && now != SITUATION_INCOMING &&
		       now != SITUATION_DIALING;
	case 3:
		return held && has(ag, AG_CALL_ACTIVE) && now != SITUATION_DIALING;
	}
	return false;
}

/* 1x ends a call that is not ringing, 2x keeps one of those that talk (§4.22.2). */
static bool chld_possible_for(const struct ag_call *call, uint32_t operation)
{
	switch (call->state) {
	case AG_CALL_ACTIVE:
	case AG_CALL_HELD:
		return true;
	case AG_CALL_DIALING:
	case AG_CALL_ALERTING:
		return operation == 1;
	case AG_CALL_INCOMING:
	case AG_CALL_WAITING:
		return false;
	}
	return false;
}

int ag_chld_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	struct ag_event event = { .type = AG_EVENT_CHLD };
	struct at_args rest;
	const char *field;
	uint32_t index = 0;
	size_t n;

	if (!at_args_next(args, &field, &n) || n == 0 || !at_args_done(args))
		return AG_RESULT_FAILURE;
	if (field[0] < '0' || field[0] > '3' || (n > 1 && field[0] != '1' && field[0] != '2'))
		return AG_RESULT_NOT_SUPPORTED;
	event.value = (unsigned int)(field[0] - '0');
	if (event.value == 3 && !ag->conference)
		return AG_RESULT_NOT_SUPPORTED;

	if (n > 1) {
		const struct ag_call *call;

		rest = (struct at_args){ field + 1, field + n };
		if (at_args_number(&rest, UINT16_MAX, &index) < 0)
			return AG_RESULT_FAILURE;
		call = ag_calls_at(ag, index);
		if (!call)
			return AG_RESULT_INVALID_INDEX;
		if (!chld_possible_for(call, event.value))
			return AG_RESULT_NOT_ALLOWED;
		event.call = call->id;
	} else if (!chld_possible(ag, event.value)) {
		return AG_RESULT_NOT_ALLOWED;
	}
	return ag_ask(ag, &event, now_ms);
}

/* ---- tones -------------------------------------------------------------------------------- */

bool ag_vts_next(struct ag *ag, uint64_t now_ms)
{
	struct ag_event event = { .type = AG_EVENT_DTMF };

	if (!ag->dtmf[0])
		return false;
	event.text[0] = ag->dtmf[0];
	memmove(ag->dtmf, ag->dtmf + 1, strlen(ag->dtmf));
	return ag_ask(ag, &event, now_ms) == AG_PENDING;
}

/* §4.28 has one tone a command; units that send several in one are real. */
int ag_vts_set(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	const char *field;
	size_t n;

	if (!at_args_next(args, &field, &n) || !at_args_done(args))
		return AG_RESULT_NOT_ALLOWED;
	if (n >= 2 && field[0] == '"' && field[n - 1] == '"') {
		field++;
		n -= 2;
	}
	if (n == 0)
		return AG_RESULT_NOT_ALLOWED;
	if (n > AG_MAX_DTMF)
		return AG_RESULT_TEXT_TOO_LONG;

	for (size_t i = 0; i < n; i++) {
		int c = toupper((unsigned char)field[i]);

		if (!c || !strchr("0123456789*#ABCD", c))
			return AG_RESULT_NOT_ALLOWED;
		ag->dtmf[i] = (char)c;
	}
	ag->dtmf[n] = '\0';
	return ag_vts_next(ag, now_ms) ? AG_PENDING : AG_RESULT_FAILURE;
}

/* ---- the list ----------------------------------------------------------------------------- */

static int clcc_status(const struct ag *ag, const struct ag_call *call)
{
	if (call->state != AG_CALL_INCOMING && call->state != AG_CALL_WAITING)
		return (int)call->state;
	return call == ag_calls_incoming(ag) ? AG_CALL_INCOMING : AG_CALL_WAITING;
}

int ag_clcc(struct ag *ag, struct at_args *args, uint64_t now_ms)
{
	char number[AG_NUMBER_SIZE];

	for (uint32_t i = 1; i <= AG_MAX_CALLS; i++) {
		const struct ag_call *call = ag_calls_at(ag, i);

		if (!call)
			continue;
		ag_party_number(call->number, number);
		if (number[0])
			ag_send(ag, "+CLCC: %u,%d,%d,0,%d,\"%s\",%d", i, call->incoming,
				clcc_status(ag, call), call->multiparty, number,
				ag_party_number_type(number));
		else
			ag_send(ag, "+CLCC: %u,%d,%d,0,%d", i, call->incoming,
				clcc_status(ag, call), call->multiparty);
	}
	return AG_RESULT_OK;
}
