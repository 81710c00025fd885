/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What is said of a decision: the facts as they were then, and the rules that nearly applied, each
 * with the condition that failed.
 */
#include "policy/why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { DEVICE_A = 0xa, DEVICE_B = 0xb, DEVICE_S = 0x5 };

#define HANDLE(...) \
	assert_int_equal(policy_handle(policy, &(struct policy_event){ __VA_ARGS__ }), POLICY_OK)

static struct policy *policy;

static int start(void **state)
{
	policy = policy_new(&(struct policy_limits){ .devices = 32, .calls = 8 });
	return policy == NULL ? -1 : 0;
}

static int finish(void **state)
{
	policy = policy_free(policy);
	return 0;
}

static struct policy_why why(void)
{
	struct policy_why now;

	assert_true(policy_why(policy, &now));
	assert_int_equal(now.rule, policy_decision(policy)->rule);
	assert_int_equal(now.via, policy_decision(policy)->via);
	assert_string_equal(now.reason, policy_decision(policy)->reason);
	return now;
}

/* The nearly applied ones as "P9 no route has been picked; P5 … -> speaker". */
static void expect_near(const char *expected)
{
	const struct policy_why now = why();
	char text[2048] = "";

	for (uint32_t i = 0; i < now.n_near; i++) {
		const struct policy_near *near = &now.near[i];
		size_t n = strlen(text);
		char route[ROUTE_STRING_SIZE];

		route_to_string(near->route, route);
		assert_true((near->why == WHY_NOT_FIRST) == (near->route.kind != ROUTE_NONE));
		snprintf(text + n, sizeof(text) - n, "%s%s %s%s%s", i > 0 ? "; " : "",
			 policy_rule_name(near->rule), why_not_text(near->why),
			 near->why == WHY_NOT_FIRST ? " -> " : "",
			 near->why == WHY_NOT_FIRST ? route : "");
	}
	assert_string_equal(text, expected);
}

static void connect_device(route_device device, enum device_kind kind, bool call_capable)
{
	HANDLE(.type = EVENT_CONNECT, .device = device, .kind = kind, .call_capable = call_capable,
	       .auto_route = true);
}

static void connect_headset(route_device device)
{
	connect_device(device, DEVICE_HEADSET, true);
}

static void ring(uint32_t call, bool managed)
{
	HANDLE(.type = EVENT_CALL, .call = call, .incoming = true, .managed = managed);
}

static void answer(uint32_t call, route_device device)
{
	HANDLE(.type = EVENT_ANSWER, .call = call, .device = device);
}

static void pick(enum route_kind kind, route_device device)
{
	HANDLE(.type = EVENT_PICK, .route = { kind, device });
}

/* ---- when there is something to say ----------------------------------------------------------- */

static void test_nothing_is_said_before_a_rule_has_decided_and_while_a_first_call_rings(
	void **state)
{
	struct policy_why now;

	assert_false(policy_why(policy, &now));
	ring(1, true);
	assert_false(policy_why(policy, &now));
	answer(1, 0);
	assert_true(policy_why(policy, &now));
	HANDLE(.type = EVENT_HANGUP, .call = 1);
	assert_int_equal(why().rule, RULE_X7);
	expect_near("");
	ring(2, true);
	assert_false(policy_why(policy, &now));
}

static void test_every_reason_has_its_words(void **state)
{
	for (int i = 0; i < WHY_COUNT; i++)
		assert_true(strlen(why_not_text((enum why_not)i)) > 8);
}

/* ---- facts --------------------------------------------------------------------------------------- */

static void test_facts_are_those_of_the_decision_not_of_now(void **state)
{
	struct policy_why now;

	connect_device(DEVICE_S, DEVICE_SPEAKER, false);
	connect_headset(DEVICE_A);
	ring(1, true);
	answer(1, DEVICE_A);
	HANDLE(.type = EVENT_ROUTING, .routing = ROUTING_SPEAKER);
	HANDLE(.type = EVENT_DISCONNECT, .device = DEVICE_S);
	HANDLE(.type = EVENT_MUTE, .on = true);
	now = why();
	assert_int_equal(now.rule, RULE_P2);
	assert_int_equal(now.route.device, DEVICE_A);
	assert_string_equal(now.occasion, "a call was answered");
	assert_true(now.by_device);
	assert_int_equal(now.actor, DEVICE_A);
	assert_int_equal(now.call, 1);
	assert_true(now.managed);
	assert_int_equal(now.before.kind, ROUTE_NONE);
	assert_int_equal(now.routing, ROUTING_AUTOMATIC);
	assert_int_equal(now.memory.kind, ROUTE_NONE);
	assert_int_equal(now.n_devices, 2);
	assert_int_equal(now.devices[0].device, DEVICE_S);
	assert_false(now.devices[0].call_capable);
	assert_int_equal(now.devices[1].device, DEVICE_A);
	assert_true(now.has_handset);
}

static void test_a_pick_and_the_route_before_it_are_told(void **state)
{
	struct policy_why now;

	connect_headset(DEVICE_A);
	ring(1, true);
	answer(1, 0);
	pick(ROUTE_HEADSET, 0);
	now = why();
	assert_int_equal(now.rule, RULE_P4);
	assert_string_equal(now.occasion, "the user picked a route");
	assert_int_equal(now.asked.device, DEVICE_A);
	assert_int_equal(now.pick.device, DEVICE_A);
	assert_int_equal(now.before.kind, ROUTE_HANDSET);
	assert_int_equal(now.call, 0);
	assert_true(now.managed);
	assert_false(now.by_device);
	assert_int_equal(now.memory.kind, ROUTE_HANDSET);
}

static void test_of_many_devices_the_last_are_listed_in_order(void **state)
{
	struct policy_why now;

	for (route_device i = 1; i <= 20; i++)
		connect_headset(i);
	ring(1, true);
	answer(1, 0);
	now = why();
	assert_int_equal(now.n_devices, 20);
	assert_int_equal(now.n_listed, WHY_MAX_DEVICES);
	for (uint32_t i = 0; i < now.n_listed; i++)
		assert_int_equal(now.devices[i].device, 20 - WHY_MAX_DEVICES + 1 + i);
}

static void test_a_changed_device_is_listed_as_it_is_now(void **state)
{
	connect_headset(DEVICE_A);
	ring(1, true);
	answer(1, 0);
	assert_true(why().devices[0].auto_route);
	HANDLE(.type = EVENT_CONNECT, .device = DEVICE_A, .call_capable = true);
	pick(ROUTE_SPEAKER, 0);
	assert_false(why().devices[0].auto_route);
	HANDLE(.type = EVENT_DISCONNECT, .device = DEVICE_A);
	pick(ROUTE_HANDSET, 0);
	assert_int_equal(why().n_devices, 0);
	assert_int_equal(why().n_listed, 0);
}

static void test_all_changes_between_two_decisions_are_listed(void **state)
{
	connect_headset(DEVICE_A);
	ring(1, true);
	answer(1, 0);
	assert_int_equal(why().n_listed, 1);
	HANDLE(.type = EVENT_CONNECT, .device = DEVICE_B, .call_capable = true);
	HANDLE(.type = EVENT_CONNECT, .device = DEVICE_A, .call_capable = true);
	pick(ROUTE_SPEAKER, 0);
	assert_int_equal(why().n_listed, 2);
	assert_false(why().devices[0].auto_route);
	/* one for another */
	HANDLE(.type = EVENT_DISCONNECT, .device = DEVICE_A);
	HANDLE(.type = EVENT_CONNECT, .device = DEVICE_S, .kind = DEVICE_SPEAKER);
	pick(ROUTE_HANDSET, 0);
	assert_int_equal(why().n_listed, 2);
	assert_int_equal(why().devices[0].device, DEVICE_B);
	assert_int_equal(why().devices[1].device, DEVICE_S);
}

static void fail_and_leave(route_device device)
{
	connect_headset(device);
	ring(1, true);
	answer(1, device);
	for (unsigned int i = 1; i <= 3; i++)
		HANDLE(.type = EVENT_SCO_FAIL, .device = device, .now_ms = i * 1000);
	pick(ROUTE_SPEAKER, 0);
	assert_true(why().devices[0].failed);
	HANDLE(.type = EVENT_DISCONNECT, .device = device);
}

static void test_a_failed_device_that_has_gone_is_not_listed(void **state)
{
	fail_and_leave(DEVICE_A);
	pick(ROUTE_HANDSET, 0);
	assert_int_equal(why().n_listed, 0);
}

static void test_a_device_that_came_for_a_failed_one_is_listed(void **state)
{
	fail_and_leave(DEVICE_A);
	HANDLE(.type = EVENT_CONNECT, .device = DEVICE_S, .kind = DEVICE_SPEAKER);
	pick(ROUTE_HANDSET, 0);
	assert_int_equal(why().n_listed, 1);
	assert_int_equal(why().devices[0].device, DEVICE_S);
}

static void test_the_rule_behind_a_rule_is_told_as_in_the_decision(void **state)
{
	HANDLE(.type = EVENT_CALL, .call = 1, .managed = true);
	assert_int_equal(why().rule, RULE_P6);
	assert_int_equal(why().via, RULE_V6);
	ring(2, true);
	answer(2, 0);
	assert_int_equal(why().via, RULE_I2);
}

/* ---- what nearly applied ------------------------------------------------------------------------- */

static void test_p1_nearly_a_button_a_pick_a_preference(void **state)
{
	connect_headset(DEVICE_A);
	ring(1, true);
	answer(1, 0);
	expect_near("P2 no headset's button answered it; P9 no route has been picked; "
		    "P4 no route has been picked; V4 no application prefers a route; "
		    "X5 no headset asked for the sound; P3 the setting is automatic; "
		    "P5 the setting is automatic");
}

static void test_p2_goes_before_what_would_have_decided_otherwise(void **state)
{
	connect_headset(DEVICE_A);
	ring(1, true);
	answer(1, DEVICE_A);
	/* X5 would have led to the same headset */
	expect_near("P9 a headset's button acted, not somebody at this machine; "
		    "P4 no route has been picked; V4 no application prefers a route; "
		    "P1 another rule goes before it -> handset; P3 the setting is automatic; "
		    "P5 the setting is automatic");
}

static void test_p9_goes_before_the_setting(void **state)
{
	HANDLE(.type = EVENT_ROUTING, .routing = ROUTING_SPEAKER);
	ring(1, true);
	pick(ROUTE_HANDSET, 0);
	answer(1, 0);
	assert_int_equal(why().rule, RULE_P9);
	expect_near("P2 no headset's button answered it; P4 the pick was for no call that has "
		    "sound now; V4 no application prefers a route; X5 no headset asked for the "
		    "sound; P1 the setting is speaker; P3 the setting is speaker; "
		    "P5 another rule goes before it -> speaker");
}

static void test_v2_since_nothing_is_remembered(void **state)
{
	connect_headset(DEVICE_A);
	HANDLE(.type = EVENT_CALL, .call = 1);
	assert_int_equal(why().rule, RULE_V2);
	expect_near("P7 it was not dialled from a headset; P4 no route has been picked; "
		    "V4 no application prefers a route; "
		    "V1 nothing is remembered since a headset connected; "
		    "V6 another rule goes before it -> handset");
}

static void test_v6_without_a_headset(void **state)
{
	connect_device(DEVICE_S, DEVICE_SPEAKER, true);
	HANDLE(.type = EVENT_CALL, .call = 1);
	assert_int_equal(why().rule, RULE_V6);
	expect_near("P7 it was not dialled from a headset; P4 no route has been picked; "
		    "V4 no application prefers a route; V1 no headset is connected; "
		    "V2 no headset is connected");
}

static void test_p6_tells_which_of_its_rules_did_not_hold(void **state)
{
	HANDLE(.type = EVENT_CALL, .call = 1, .managed = true);
	assert_int_equal(why().via, RULE_V6);
	expect_near("P7 it was not dialled from a headset; P4 no route has been picked; "
		    "V4 no application prefers a route; P5 the setting is automatic; "
		    "P3 the setting is automatic; V1 no headset is connected; "
		    "V2 no headset is connected");
}

static void test_s2_a_speaker_where_the_setting_finds_no_headset(void **state)
{
	HANDLE(.type = EVENT_ROUTING, .routing = ROUTING_HEADSET);
	connect_device(DEVICE_S, DEVICE_SPEAKER, true);
	ring(1, true);
	answer(1, 0);
	assert_int_equal(why().rule, RULE_P3);
	assert_int_equal(why().via, RULE_S2);
	assert_int_equal(why().route.kind, ROUTE_BT_SPEAKER);
	expect_near("P2 no headset's button answered it; P9 no route has been picked; "
		    "P4 no route has been picked; V4 no application prefers a route; "
		    "X5 no headset asked for the sound; P1 the setting is headset; "
		    "P5 the setting is headset");
}

static void test_x1_and_a_preference_that_a_pick_has_ended(void **state)
{
	HANDLE(.type = EVENT_CALL, .call = 1);
	HANDLE(.type = EVENT_PREFER, .call = 1, .route = { .kind = ROUTE_SPEAKER });
	assert_int_equal(why().rule, RULE_V4);
	pick(ROUTE_HANDSET, 0);
	connect_headset(DEVICE_A);
	assert_int_equal(why().rule, RULE_X1);
	assert_int_equal(why().actor, DEVICE_A);
	expect_near("V4 the user has picked a route or pressed a button since");
}

static void test_v4_goes_before_a_connecting_headset(void **state)
{
	HANDLE(.type = EVENT_CALL, .call = 1);
	HANDLE(.type = EVENT_PREFER, .call = 1, .route = { .kind = ROUTE_SPEAKER });
	connect_headset(DEVICE_A);
	assert_int_equal(why().rule, RULE_V4);
	expect_near("X1 another rule goes before it -> headset:00:00:00:00:00:0A");
}

static void test_x3_with_no_route_to_go_back_to(void **state)
{
	connect_headset(DEVICE_A);
	ring(1, true);
	answer(1, DEVICE_A);
	for (unsigned int i = 1; i <= 3; i++)
		HANDLE(.type = EVENT_SCO_FAIL, .device = DEVICE_A, .now_ms = i * 1000);
	assert_int_equal(why().rule, RULE_X3);
	assert_int_equal(why().via, RULE_X2);
	assert_true(why().devices[0].failed);
	expect_near("V4 no application prefers a route");
	/* and now it is not chosen by default */
	HANDLE(.type = EVENT_HANGUP, .call = 1);
	HANDLE(.type = EVENT_CALL, .call = 2);
	assert_int_equal(why().rule, RULE_V1);
	HANDLE(.type = EVENT_HANGUP, .call = 2);
	policy_restore_memory(policy, (struct route){ .kind = ROUTE_NONE });
	HANDLE(.type = EVENT_CALL, .call = 3);
	assert_int_equal(why().rule, RULE_V6);
	expect_near("P7 it was not dialled from a headset; P4 no route has been picked; "
		    "V4 no application prefers a route; "
		    "V1 nothing is remembered since a headset connected; "
		    "V2 the sound link to each connected headset has failed");
}

static void test_s1_a_speakers_button_may_not_take_an_unmanaged_call(void **state)
{
	connect_device(DEVICE_S, DEVICE_SPEAKER, true);
	ring(1, false);
	answer(1, DEVICE_S);
	assert_int_equal(why().rule, RULE_V6);
	expect_near("P9 a headset's button acted, not somebody at this machine; "
		    "P4 no route has been picked; V4 no application prefers a route; "
		    "X5 its route is not there, or may not carry these calls; "
		    "V1 no headset is connected; V2 no headset is connected");
}

#define WHY_TEST(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WHY_TEST(
			test_nothing_is_said_before_a_rule_has_decided_and_while_a_first_call_rings),
		WHY_TEST(test_every_reason_has_its_words),
		WHY_TEST(test_facts_are_those_of_the_decision_not_of_now),
		WHY_TEST(test_a_pick_and_the_route_before_it_are_told),
		WHY_TEST(test_of_many_devices_the_last_are_listed_in_order),
		WHY_TEST(test_a_changed_device_is_listed_as_it_is_now),
		WHY_TEST(test_all_changes_between_two_decisions_are_listed),
		WHY_TEST(test_a_failed_device_that_has_gone_is_not_listed),
		WHY_TEST(test_a_device_that_came_for_a_failed_one_is_listed),
		WHY_TEST(test_the_rule_behind_a_rule_is_told_as_in_the_decision),
		WHY_TEST(test_p1_nearly_a_button_a_pick_a_preference),
		WHY_TEST(test_p2_goes_before_what_would_have_decided_otherwise),
		WHY_TEST(test_p9_goes_before_the_setting),
		WHY_TEST(test_v2_since_nothing_is_remembered),
		WHY_TEST(test_v6_without_a_headset),
		WHY_TEST(test_p6_tells_which_of_its_rules_did_not_hold),
		WHY_TEST(test_s2_a_speaker_where_the_setting_finds_no_headset),
		WHY_TEST(test_x1_and_a_preference_that_a_pick_has_ended),
		WHY_TEST(test_v4_goes_before_a_connecting_headset),
		WHY_TEST(test_x3_with_no_route_to_go_back_to),
		WHY_TEST(test_s1_a_speakers_button_may_not_take_an_unmanaged_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
