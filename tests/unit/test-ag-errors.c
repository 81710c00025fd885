/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Each way to fail has its code of 3GPP TS 27.007 §9.2, told only where AT+CMEE asked for codes.
 * HFP 1.8 §4.9.
 */
#include "ag-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *command;
	int code;
	enum ag_result from_caller; /* where the caller is asked */
} failures[] = {
	{ "AT+BIA=x", 0, AG_RESULT_OK },
	{ "AT+BLDN", 0, AG_RESULT_FAILURE },
	{ "ATA", 3, AG_RESULT_OK },
	{ "AT+BLDN", 3, AG_RESULT_NOT_ALLOWED },
	{ "AT+NONSENSE", 4, AG_RESULT_OK },
	{ "AT+CHLD=4", 4, AG_RESULT_OK },
	{ "AT+BVRA=1", 4, AG_RESULT_NOT_SUPPORTED },
	{ "AT+CHLD=17", 21, AG_RESULT_OK },
	{ "ATD>x;", 21, AG_RESULT_OK },
	{ "ATD>9999;", 21, AG_RESULT_INVALID_INDEX },
	{ "ATD1234567890123456789012345678901234567890123456789012345678901234567890123456789012;",
	  26, AG_RESULT_OK },
	{ "ATD12x;", 27, AG_RESULT_OK },
	{ "ATD12;", 30, AG_RESULT_NO_NETWORK },
	{ "ATD12;", 31, AG_RESULT_TIMEOUT },
};

static void check_failure(size_t i, bool codes)
{
	struct ag *ag = ag_script_connected(NULL, 0);
	char line[160], expected[32] = "ERROR";
	struct ag_event event;

	ag_script_send(ag, codes ? "AT+CMEE=1\r" : "AT+CMEE=0\r", 0);
	assert_string_equal(ag_script_take(ag), "OK");

	snprintf(line, sizeof(line), "%s\r", failures[i].command);
	ag_script_send(ag, line, 0);
	if (ag_next_event(ag, &event))
		ag_finish(ag, failures[i].from_caller, 0);
	else
		assert_int_equal(failures[i].from_caller, AG_RESULT_OK);

	if (codes)
		snprintf(expected, sizeof(expected), "+CME ERROR: %d", failures[i].code);
	assert_string_equal(ag_script_take(ag), expected);
	ag_free(ag);
}

static void test_each_failure_has_its_code(void **state)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		check_failure(i, true);
}

static void test_without_cmee_every_failure_is_a_plain_error(void **state)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		check_failure(i, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_failure_has_its_code),
		cmocka_unit_test(test_without_cmee_every_failure_is_a_plain_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
