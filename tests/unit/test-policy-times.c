/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The rules' times to the millisecond: P8's delay, X3's tries, X5's echo. Each at the last moment at
 * which one thing holds, and at the first at which the other does.
 */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { DEVICE_A = 0xa, DEVICE_S = 0x5 };

/* When the call went to the headset. */
#define T UINT64_C(100000)

static struct policy *policy;

#define HANDLE(...) \
	assert_int_equal(policy_handle(policy, &(struct policy_event){ __VA_ARGS__ }), POLICY_OK)

/* A call on the headset, answered there at T after a route elsewhere. */
static void begin(void)
{
	policy = policy_free(policy);
	policy = policy_new(&(struct policy_limits){ .devices = 4, .calls = 4 });
	assert_non_null(policy);
	HANDLE(.type = EVENT_CONNECT, .device = DEVICE_A, .call_capable = true, .auto_route = true,
	       .now_ms = 1000);
	HANDLE(.type = EVENT_CALL, .call = 1, .incoming = true, .managed = true, .now_ms = 2000);
	HANDLE(.type = EVENT_ANSWER, .call = 1, .now_ms = 3000);
	HANDLE(.type = EVENT_PICK, .route = { ROUTE_HEADSET, DEVICE_A }, .now_ms = T);
}

static int finish(void **state)
{
	policy = policy_free(policy);
	return 0;
}

static void fail_at(uint64_t now_ms)
{
	HANDLE(.type = EVENT_SCO_FAIL, .device = DEVICE_A, .now_ms = now_ms);
}

static void pick_handset_at(uint64_t now_ms)
{
	HANDLE(.type = EVENT_PICK, .route = { ROUTE_HANDSET }, .now_ms = now_ms);
}

static void open_at(uint64_t now_ms)
{
	HANDLE(.type = EVENT_SCO_OPEN, .device = DEVICE_A, .now_ms = now_ms);
}

static void expect_rule(enum policy_rule rule)
{
	assert_string_equal(policy_rule_name(policy_decision(policy)->rule),
			    policy_rule_name(rule));
}

static void test_p8_at_the_end_of_the_delay(void **state)
{
	begin();
	HANDLE(.type = EVENT_HANGUP, .call = 1, .now_ms = T);
	HANDLE(.type = EVENT_AUTO_ANSWER, .seconds = 7, .now_ms = T);
	HANDLE(.type = EVENT_CALL, .call = 2, .incoming = true, .phone = true, .now_ms = T + 1);
	assert_int_equal(policy_decision(policy)->deadline_ms, T + 7001);
	HANDLE(.type = EVENT_TIME, .now_ms = T + 7000);
	assert_int_equal(policy_call_state(policy, 2), CALL_INCOMING);
	HANDLE(.type = EVENT_TIME, .now_ms = T + 7001);
	assert_int_equal(policy_call_state(policy, 2), CALL_ACTIVE);
	expect_rule(RULE_P8);
}

static void test_x3_the_next_try_is_due_after_500_ms(void **state)
{
	begin();
	fail_at(T + 1000);
	assert_true(policy_decision(policy)->try_again);
	assert_int_equal(policy_decision(policy)->deadline_ms, T + 1500);
	HANDLE(.type = EVENT_TIME, .now_ms = T + 1499);
	assert_true(policy_decision(policy)->try_again);
	HANDLE(.type = EVENT_TIME, .now_ms = T + 1500);
	assert_false(policy_decision(policy)->try_again);
	assert_true(policy_decision(policy)->deadline_ms == UINT64_MAX);
	expect_rule(RULE_P4);
}

static void test_x3_a_try_that_fails_after_5_s_is_the_last(void **state)
{
	begin();
	fail_at(T + 1);
	fail_at(T + 4999);
	expect_rule(RULE_P4);

	begin();
	fail_at(T + 1);
	fail_at(T + 5000);
	expect_rule(RULE_X3);
}

static void test_x3_no_further_try_is_begun_after_5_s(void **state)
{
	begin();
	fail_at(T + 4700);
	assert_int_equal(policy_decision(policy)->deadline_ms, T + 5000);
	HANDLE(.type = EVENT_TIME, .now_ms = T + 4999);
	expect_rule(RULE_P4);
	HANDLE(.type = EVENT_TIME, .now_ms = T + 5000);
	expect_rule(RULE_X3);
	assert_false(policy_decision(policy)->try_again);
}

/* A try that hangs for so long is still the first; later it is a link that had been up. */
static void test_x3_a_first_try_may_hang_for_8_s(void **state)
{
	begin();
	fail_at(T + 8000);
	expect_rule(RULE_X3);

	begin();
	fail_at(T + 8001);
	expect_rule(RULE_P4);
	fail_at(T + 13000);
	expect_rule(RULE_P4);
}

static void test_x3_a_link_of_30_s_has_worked(void **state)
{
	begin();
	fail_at(T + 1);
	HANDLE(.type = EVENT_TIME, .now_ms = T + 501);
	fail_at(T + 30001);
	expect_rule(RULE_X3);

	begin();
	fail_at(T + 1);
	HANDLE(.type = EVENT_TIME, .now_ms = T + 501);
	fail_at(T + 30002);
	expect_rule(RULE_P4);
}

static void test_x3_a_link_that_opens_ends_the_tries(void **state)
{
	begin();
	fail_at(T + 100);
	open_at(T + 200);
	assert_false(policy_decision(policy)->try_again);
	assert_true(policy_decision(policy)->deadline_ms == UINT64_MAX);
	/* and then is one that can fail again */
	fail_at(T + 300);
	assert_true(policy_decision(policy)->try_again);
	assert_int_equal(policy_decision(policy)->deadline_ms, T + 800);
	pick_handset_at(T + 400);
	open_at(T + 500);
	expect_rule(RULE_P4);
}

static void test_x5_an_attempt_is_outstanding_for_2_s(void **state)
{
	begin();
	pick_handset_at(T + 1999);
	open_at(T + 2000);
	expect_rule(RULE_P4);
	assert_int_equal(policy_decision(policy)->call.kind, ROUTE_HANDSET);

	begin();
	pick_handset_at(T + 2000);
	open_at(T + 2001);
	expect_rule(RULE_X5);
}

static void test_x5_an_echo_comes_within_2_s(void **state)
{
	begin();
	pick_handset_at(T + 10);
	open_at(T + 2009);
	expect_rule(RULE_P4);
	/* there is one echo, the next is the button */
	open_at(T + 2009);
	expect_rule(RULE_X5);

	begin();
	pick_handset_at(T + 10);
	open_at(T + 2010);
	expect_rule(RULE_X5);
}

/* After a failure the next attempt is outstanding for as long as X3 goes on. */
static void test_x5_an_echo_of_a_further_try(void **state)
{
	begin();
	fail_at(T + 100);
	pick_handset_at(T + 5100);
	open_at(T + 5200);
	expect_rule(RULE_P4);

	begin();
	fail_at(T + 100);
	pick_handset_at(T + 5101);
	open_at(T + 5200);
	expect_rule(RULE_X5);
}

/* X9 has been where no link can be, which then seems to be one of ours. */
static void test_x5_no_echo_after_the_device_has_connected(void **state)
{
	begin();
	HANDLE(.type = EVENT_CONNECT, .device = DEVICE_S, .kind = DEVICE_SPEAKER, .now_ms = T + 1);
	HANDLE(.type = EVENT_MOVED, .route = { ROUTE_BT_SPEAKER, DEVICE_S }, .now_ms = T + 2);
	pick_handset_at(T + 3);
	HANDLE(.type = EVENT_CONNECT, .device = DEVICE_S, .kind = DEVICE_SPEAKER,
	       .call_capable = true, .auto_route = true, .now_ms = T + 4);
	HANDLE(.type = EVENT_SCO_OPEN, .device = DEVICE_S, .now_ms = T + 5);
	expect_rule(RULE_X5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_p8_at_the_end_of_the_delay),
		cmocka_unit_test(test_x3_the_next_try_is_due_after_500_ms),
		cmocka_unit_test(test_x3_a_try_that_fails_after_5_s_is_the_last),
		cmocka_unit_test(test_x3_no_further_try_is_begun_after_5_s),
		cmocka_unit_test(test_x3_a_first_try_may_hang_for_8_s),
		cmocka_unit_test(test_x3_a_link_of_30_s_has_worked),
		cmocka_unit_test(test_x3_a_link_that_opens_ends_the_tries),
		cmocka_unit_test(test_x5_an_attempt_is_outstanding_for_2_s),
		cmocka_unit_test(test_x5_an_echo_comes_within_2_s),
		cmocka_unit_test(test_x5_an_echo_of_a_further_try),
		cmocka_unit_test(test_x5_no_echo_after_the_device_has_connected),
	};

	return cmocka_run_group_tests(tests, NULL, finish);
}
