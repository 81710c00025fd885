/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A service level connection that outlives a process: what the next gateway knows of it, and what
 * the headset hears.
 */
#include "ag-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct ag_config config = {
	.profile = AG_HFP, .version = 0x0107, .wide_band_speech = true, .operator_name = "net"
};
static const struct ag_call active = { .id = 7, .state = AG_CALL_ACTIVE, .incoming = true };

/* The next one after @before, which has said nothing yet. */
static struct ag *resume(struct ag *before, uint64_t now_ms)
{
	struct ag *after = ag_new(&config, now_ms);
	char agreed[AG_AGREED_SIZE];

	ag_agreed(before, agreed);
	assert_true(agreed[0] != '\0');
	assert_true(ag_resume(after, agreed, now_ms));
	assert_true(ag_slc_up(after));
	assert_int_equal(ag_codecs(after), ag_codecs(before));
	assert_string_equal(ag_script_take(after), "");
	return after;
}

static struct ag *connected(void)
{
	struct ag *ag = ag_script_connected(&config, 0);

	ag_script_send(ag, "AT+CLIP=1\rAT+CMEE=1\r", 0);
	(void)ag_script_take(ag);
	return ag;
}

static void test_a_resumed_connection_is_up_and_says_so(void **state)
{
	struct ag *before = connected(), *after = resume(before, 1000);
	struct ag_event event;

	assert_true(ag_next_event(after, &event));
	assert_int_equal(event.type, AG_EVENT_SLC);
	ag_free(before);
	ag_free(after);
}

static void test_extended_errors_and_clip_are_still_on(void **state)
{
	struct ag *before = connected(), *after = resume(before, 1000);
	const struct ag_call ringing = {
		.id = 1, .state = AG_CALL_INCOMING, .incoming = true, .number = "+4930123456"
	};
	const char *said;

	ag_script_send(after, "AT+NONSENSE\r", 1000);
	assert_non_null(strstr(ag_script_take(after), "+CME ERROR"));
	ag_set_calls(after, &ringing, 1, 1100);
	said = ag_script_take(after);
	assert_non_null(strstr(said, "RING"));
	assert_non_null(strstr(said, "+CLIP: \"+4930123456\""));
	ag_free(before);
	ag_free(after);
}

static void test_a_call_that_comes_back_does_not_seem_to_end(void **state)
{
	struct ag *before = connected(), *after;

	ag_set_calls(before, &active, 1, 0);
	after = resume(before, 1000);
	ag_set_calls(after, NULL, 0, 1100);
	assert_string_equal(ag_script_take(after), "");
	ag_set_calls(after, &active, 1, 2000);
	assert_null(strstr(ag_script_take(after), "+CIEV: 2,0"));
	ag_script_send(after, "AT+CLCC\r", 2100);
	assert_non_null(strstr(ag_script_take(after), "+CLCC: 1,1,0,0,0"));
	ag_free(before);
	ag_free(after);
}

static void test_a_call_that_has_ended_meanwhile_is_told_after_a_moment(void **state)
{
	struct ag *before = connected(), *after;

	ag_set_calls(before, &active, 1, 0);
	after = resume(before, 1000);
	ag_set_calls(after, NULL, 0, 1000);
	assert_int_equal(ag_deadline(after), 3000);
	ag_tick(after, 3000);
	assert_non_null(strstr(ag_script_take(after), "+CIEV: 2,0"));
	assert_true(ag_deadline(after) == UINT64_MAX);
	ag_free(before);
	ag_free(after);
}

static void test_indicators_that_the_headset_did_not_want_stay_off(void **state)
{
	struct ag *before = connected(), *after;

	ag_script_send(before, "AT+BIA=0,1,1,1,0,0,0\r", 0);
	after = resume(before, 1000);
	ag_set_status(after, &(struct ag_status){ .signal = 1 }, 5000);
	ag_tick(after, 5000);
	assert_null(strstr(ag_script_take(after), "+CIEV: 5"));
	ag_free(before);
	ag_free(after);
}

static void test_what_is_no_word_of_ours_changes_nothing(void **state)
{
	static const char *const words[] = {
		"",
		"0",
		"2.0.0.0.0.0",
		"1.ff.1f.0.6.2", /* HSP */
		"0.ff.1f.0.6.2x",
		"0.ff.3f.0.6.2",
		"0.ff.1f.80.6.2",
		"0.ffffffffffffffffffffffffffffffffffffffffffffffffffff.1f.0.6.2",
	};
	struct ag *ag = ag_new(&config, 0);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_false(ag_resume(ag, words[i], 0));
		assert_false(ag_slc_up(ag));
	}
	ag_free(ag);
}

static void test_hsp_goes_on_without_anything_agreed(void **state)
{
	const struct ag_config hsp = { .profile = AG_HSP };
	struct ag *before = ag_new(&hsp, 0), *after = ag_new(&hsp, 1000);
	char agreed[AG_AGREED_SIZE];

	ag_agreed(before, agreed);
	assert_true(ag_resume(after, agreed, 1000));
	assert_true(ag_slc_up(after));
	ag_free(before);
	ag_free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_resumed_connection_is_up_and_says_so),
		cmocka_unit_test(test_extended_errors_and_clip_are_still_on),
		cmocka_unit_test(test_a_call_that_comes_back_does_not_seem_to_end),
		cmocka_unit_test(test_a_call_that_has_ended_meanwhile_is_told_after_a_moment),
		cmocka_unit_test(test_indicators_that_the_headset_did_not_want_stay_off),
		cmocka_unit_test(test_what_is_no_word_of_ours_changes_nothing),
		cmocka_unit_test(test_hsp_goes_on_without_anything_agreed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
