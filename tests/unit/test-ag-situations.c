/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Every command that acts on calls, in every situation of calls: what it asks for, or that it is
 * refused, and exactly one final result.
 */
#include "ag-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { REFUSED = -1 };

struct cell {
	int event; /* what is asked for, or REFUSED */
	uint32_t call;
};

#define NO                 \
	{                  \
		REFUSED, 0 \
	}

static const struct situation {
	const char *name;
	size_t n;
	struct ag_call calls[2];
} situations[] = {
	{ "idle", 0, { { 0 } } },
	{ "incoming", 1, { { .id = 1, .state = AG_CALL_INCOMING, .incoming = true } } },
	{ "dialling", 1, { { .id = 1, .state = AG_CALL_DIALING } } },
	{ "alerting", 1, { { .id = 1, .state = AG_CALL_ALERTING } } },
	{ "active", 1, { { .id = 1, .state = AG_CALL_ACTIVE } } },
	{ "held", 1, { { .id = 1, .state = AG_CALL_HELD } } },
	{ "active and waiting",
	  2,
	  { { .id = 1, .state = AG_CALL_ACTIVE },
	    { .id = 2, .state = AG_CALL_WAITING, .incoming = true } } },
	{ "active and held",
	  2,
	  { { .id = 1, .state = AG_CALL_HELD }, { .id = 2, .state = AG_CALL_ACTIVE } } },
	{ "held and waiting",
	  2,
	  { { .id = 1, .state = AG_CALL_HELD },
	    { .id = 2, .state = AG_CALL_INCOMING, .incoming = true } } },
};

#define N_SITUATIONS (sizeof(situations) / sizeof(situations[0]))

static const struct {
	const char *command;
	struct cell cells[N_SITUATIONS];
} table[] = {
	/* idle, incoming, dialling, alerting, active, held, A+W, A+H, H+W */
	{ "ATA", { NO, { AG_EVENT_ANSWER, 1 }, NO, NO, NO, NO, NO, NO, NO } },
	{ "AT+CHUP",
	  { NO,
	    { AG_EVENT_HANGUP, 1 },
	    { AG_EVENT_HANGUP, 1 },
	    { AG_EVENT_HANGUP, 1 },
	    { AG_EVENT_HANGUP, 1 },
	    NO,
	    { AG_EVENT_HANGUP, 1 },
	    { AG_EVENT_HANGUP, 2 },
	    { AG_EVENT_HANGUP, 2 } } },
	{ "ATD123;",
	  { { AG_EVENT_DIAL, 0 },
	    NO,
	    NO,
	    NO,
	    { AG_EVENT_DIAL, 0 },
	    { AG_EVENT_DIAL, 0 },
	    NO,
	    NO,
	    NO } },
	{ "ATD>1;",
	  { { AG_EVENT_DIAL_MEMORY, 0 },
	    NO,
	    NO,
	    NO,
	    { AG_EVENT_DIAL_MEMORY, 0 },
	    { AG_EVENT_DIAL_MEMORY, 0 },
	    NO,
	    NO,
	    NO } },
	{ "AT+BLDN",
	  { { AG_EVENT_REDIAL, 0 },
	    NO,
	    NO,
	    NO,
	    { AG_EVENT_REDIAL, 0 },
	    { AG_EVENT_REDIAL, 0 },
	    NO,
	    NO,
	    NO } },
	{ "AT+CHLD=0",
	  { NO,
	    { AG_EVENT_CHLD, 0 },
	    NO,
	    NO,
	    NO,
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 } } },
	{ "AT+CHLD=1",
	  { NO,
	    NO,
	    NO,
	    NO,
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 } } },
	{ "AT+CHLD=2",
	  { NO,
	    NO,
	    NO,
	    NO,
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 },
	    { AG_EVENT_CHLD, 0 } } },
	{ "AT+CHLD=3", { NO, NO, NO, NO, NO, NO, NO, { AG_EVENT_CHLD, 0 }, NO } },
	{ "AT+CHLD=11",
	  { NO,
	    NO,
	    { AG_EVENT_CHLD, 1 },
	    { AG_EVENT_CHLD, 1 },
	    { AG_EVENT_CHLD, 1 },
	    { AG_EVENT_CHLD, 1 },
	    { AG_EVENT_CHLD, 1 },
	    { AG_EVENT_CHLD, 1 },
	    { AG_EVENT_CHLD, 1 } } },
	{ "AT+CHLD=21",
	  { NO,
	    NO,
	    NO,
	    NO,
	    { AG_EVENT_CHLD, 1 },
	    { AG_EVENT_CHLD, 1 },
	    { AG_EVENT_CHLD, 1 },
	    { AG_EVENT_CHLD, 1 },
	    { AG_EVENT_CHLD, 1 } } },
	{ "AT+VTS=1",
	  { NO,
	    NO,
	    NO,
	    NO,
	    { AG_EVENT_DTMF, 0 },
	    NO,
	    { AG_EVENT_DTMF, 0 },
	    { AG_EVENT_DTMF, 0 },
	    NO } },
	{ "AT+BVRA=1", { { AG_EVENT_VOICE, 0 }, NO, NO, NO, NO, NO, NO, NO, NO } },
	{ "AT+BCC",
	  { { AG_EVENT_AUDIO, 0 },
	    NO,
	    { AG_EVENT_AUDIO, 0 },
	    { AG_EVENT_AUDIO, 0 },
	    { AG_EVENT_AUDIO, 0 },
	    { AG_EVENT_AUDIO, 0 },
	    { AG_EVENT_AUDIO, 0 },
	    { AG_EVENT_AUDIO, 0 },
	    { AG_EVENT_AUDIO, 0 } } },
};

static void check_cell(const char *command, const struct situation *situation,
		       const struct cell *cell)
{
	struct ag *ag = ag_script_connected(NULL, 0);
	struct ag_event event;
	const char *out;

	ag_set_calls(ag, situation->calls, situation->n, 0);
	ag_script_take(ag);

	ag_script_send(ag, command, 0);
	ag_script_send(ag, "\r", 0);
	if (ag_next_event(ag, &event)) {
		if (cell->event != (int)event.type || cell->call != event.call)
			fail_msg("%s when %s: event %d for call %u", command, situation->name,
				 (int)event.type, event.call);
		assert_string_equal(ag_script_take(ag), "");
		ag_finish(ag, AG_RESULT_OK, 0);
	} else if (cell->event != REFUSED) {
		fail_msg("%s when %s: no event", command, situation->name);
	}

	out = ag_script_take(ag);
	if (ag_script_finals(out) != 1 || (out[0] == '+') != (cell->event == REFUSED))
		fail_msg("%s when %s: %s", command, situation->name, out);
	assert_false(ag_next_event(ag, &event));

	/* Late and repeated results change nothing. */
	ag_finish(ag, AG_RESULT_OK, 0);
	ag_finish(ag, AG_RESULT_FAILURE, 0);
	assert_string_equal(ag_script_take(ag), "");
	ag_free(ag);
}

static void test_each_command_in_each_situation_gets_one_final_result(void **state)
{
	for (size_t c = 0; c < sizeof(table) / sizeof(table[0]); c++) {
		for (size_t s = 0; s < N_SITUATIONS; s++)
			check_cell(table[c].command, &situations[s], &table[c].cells[s]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_command_in_each_situation_gets_one_final_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
