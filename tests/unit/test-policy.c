/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What scenarios cannot say of the policy: limits, wrong values, deadlines, restored memory, what a
 * headset is told (X10), devices with auto-route off. The rules themselves are in tests/scenarios.
 */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { DEVICE_A = 0xa, DEVICE_B = 0xb, DEVICE_S = 0x5 };

#define HANDLE(p, ...) policy_handle(p, &(struct policy_event){ __VA_ARGS__ })

static struct policy *new_policy(void)
{
	struct policy *policy = policy_new(&(struct policy_limits){ .devices = 8, .calls = 8 });

	assert_non_null(policy);
	return policy;
}

static void connect_headset(struct policy *policy, route_device device)
{
	assert_int_equal(HANDLE(policy, .type = EVENT_CONNECT, .device = device,
				.call_capable = true, .auto_route = true),
			 POLICY_OK);
}

static void answer(struct policy *policy, uint32_t call, bool managed, route_device device)
{
	assert_int_equal(HANDLE(policy, .type = EVENT_CALL, .call = call, .incoming = true,
				.managed = managed),
			 POLICY_OK);
	assert_int_equal(HANDLE(policy, .type = EVENT_ANSWER, .call = call, .device = device),
			 POLICY_OK);
}

static void assert_call(const struct policy *policy, enum route_kind kind, route_device device,
			enum policy_rule rule)
{
	const struct policy_decision *decision = policy_decision(policy);

	assert_string_equal(route_kind_to_string(decision->call.kind), route_kind_to_string(kind));
	assert_int_equal(decision->call.device, device);
	assert_string_equal(policy_rule_name(decision->rule), policy_rule_name(rule));
}

/* ---- the table ------------------------------------------------------------------------------- */

static void test_every_rule_has_its_row(void **state)
{
	for (int i = RULE_NONE + 1; i < RULE_COUNT; i++) {
		const struct policy_rule_text *text = policy_rule_text((enum policy_rule)i);

		assert_non_null(text);
		assert_int_equal(text->rule, i);
		assert_true(strlen(text->when) > 3 && strlen(text->then) > 3 &&
			    strlen(text->source) > 3);
	}
	assert_null(policy_rule_text(RULE_NONE));
	assert_string_equal(policy_rule_name(RULE_NONE), "-");
	assert_string_equal(policy_rule_name(RULE_X10), "X10");
}

/* ---- limits and wrong values ----------------------------------------------------------------- */

static void test_limits_of_nothing_or_too_much_give_no_core(void **state)
{
	assert_null(policy_new(&(struct policy_limits){ .devices = 0, .calls = 1 }));
	assert_null(policy_new(&(struct policy_limits){ .devices = 1, .calls = 0 }));
	assert_null(policy_new(&(struct policy_limits){ .devices = 65536, .calls = 1 }));
	assert_null(policy_new(&(struct policy_limits){ .devices = 1, .calls = UINT32_MAX }));
	assert_null(policy_free(NULL));
}

static void test_the_highest_limits_are_possible(void **state)
{
	struct policy *policy =
		policy_new(&(struct policy_limits){ .devices = 65535, .calls = 65535 });

	assert_non_null(policy);
	policy_free(policy);
}

static void test_no_more_devices_are_told_than_there_is_room_for(void **state)
{
	struct policy *policy = new_policy();
	struct policy_device devices[2] = { { .device = 1 }, { .device = 2 } };

	connect_headset(policy, DEVICE_A);
	connect_headset(policy, DEVICE_B);
	assert_int_equal(policy_devices(policy, devices, 1), 2);
	assert_int_equal(devices[0].device, DEVICE_A);
	assert_int_equal(devices[1].device, 2);
	policy_free(policy);
}

static void test_beyond_the_limits_is_too_many(void **state)
{
	struct policy *policy = policy_new(&(struct policy_limits){ .devices = 1, .calls = 1 });

	connect_headset(policy, DEVICE_A);
	assert_int_equal(HANDLE(policy, .type = EVENT_CONNECT, .device = DEVICE_B),
			 POLICY_TOO_MANY);
	assert_int_equal(HANDLE(policy, .type = EVENT_CALL, .call = 1), POLICY_OK);
	assert_int_equal(HANDLE(policy, .type = EVENT_CALL, .call = 2), POLICY_TOO_MANY);
	assert_int_equal(HANDLE(policy, .type = EVENT_BROADCAST, .call = 2), POLICY_TOO_MANY);
	assert_call(policy, ROUTE_HEADSET, DEVICE_A, RULE_V2);

	/* The place of one that has gone is reused, and its name forgotten. */
	assert_int_equal(HANDLE(policy, .type = EVENT_DISCONNECT, .device = DEVICE_A), POLICY_OK);
	assert_int_equal(HANDLE(policy, .type = EVENT_PICK, .route = { ROUTE_HEADSET, DEVICE_A }),
			 POLICY_NOT_AVAILABLE);
	connect_headset(policy, DEVICE_B);
	assert_int_equal(HANDLE(policy, .type = EVENT_PICK, .route = { ROUTE_HEADSET, DEVICE_A }),
			 POLICY_NO_SUCH_ROUTE);
	assert_int_equal(HANDLE(policy, .type = EVENT_HANGUP, .call = 1), POLICY_OK);
	assert_int_equal(HANDLE(policy, .type = EVENT_CALL, .call = 2), POLICY_OK);
	policy_free(policy);
}

static void test_values_out_of_range_are_invalid(void **state)
{
	struct policy *policy = new_policy();

	assert_int_equal(HANDLE(policy, .type = (enum policy_event_type)1000), POLICY_INVALID);
	assert_int_equal(HANDLE(policy, .type = (enum policy_event_type)(EVENT_TIME + 1)),
			 POLICY_INVALID);
	assert_int_equal(HANDLE(policy, .type = EVENT_ROUTING, .routing = (enum policy_routing)3),
			 POLICY_INVALID);
	assert_int_equal(HANDLE(policy, .type = EVENT_CONNECT, .device = 0), POLICY_INVALID);
	assert_int_equal(
		HANDLE(policy, .type = EVENT_CONNECT, .device = 1, .kind = (enum device_kind)9),
		POLICY_INVALID);
	assert_int_equal(HANDLE(policy, .type = EVENT_CALL, .call = 0), POLICY_INVALID);
	assert_int_equal(
		HANDLE(policy, .type = EVENT_CALL, .call = 1, .incoming = true, .device = 1),
		POLICY_INVALID);
	assert_int_equal(HANDLE(policy, .type = EVENT_BROADCAST, .call = 0), POLICY_INVALID);
	assert_int_equal(HANDLE(policy, .type = EVENT_BROADCAST, .call = 1), POLICY_OK);
	assert_int_equal(HANDLE(policy, .type = EVENT_BROADCAST, .call = 1,
				.broadcast = (enum policy_broadcast)7),
			 POLICY_INVALID);
	assert_int_equal(HANDLE(policy, .type = EVENT_DISCONNECT, .device = 0),
			 POLICY_NO_SUCH_DEVICE);
	assert_int_equal(HANDLE(policy, .type = EVENT_HANGUP, .call = 0), POLICY_NO_SUCH_CALL);
	assert_int_equal(HANDLE(policy, .type = EVENT_CALL, .call = 1), POLICY_CALL_EXISTS);
	assert_int_equal(HANDLE(policy, .type = EVENT_CALL, .call = 2), POLICY_OK);
	assert_int_equal(HANDLE(policy, .type = EVENT_PICK, .route = { (enum route_kind)77, 0 }),
			 POLICY_NO_SUCH_ROUTE);
	assert_int_equal(HANDLE(policy, .type = EVENT_PICK), POLICY_NO_SUCH_ROUTE);
	policy_free(policy);
}

static void test_phone_call_is_managed_whatever_is_said(void **state)
{
	struct policy *policy = new_policy();

	connect_headset(policy, DEVICE_A);
	assert_int_equal(
		HANDLE(policy, .type = EVENT_CALL, .call = 1, .incoming = true, .phone = true),
		POLICY_OK);
	assert_int_equal(HANDLE(policy, .type = EVENT_ANSWER, .call = 1), POLICY_OK);
	assert_call(policy, ROUTE_HANDSET, 0, RULE_P1);
	policy_free(policy);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void test_while_it_rings_the_reason_says_so(void **state)
{
	struct policy *policy = new_policy();

	answer(policy, 1, true, 0);
	assert_int_equal(HANDLE(policy, .type = EVENT_HANGUP, .call = 1), POLICY_OK);
	assert_string_equal(policy_decision(policy)->reason, "the last call ended");
	assert_int_equal(HANDLE(policy, .type = EVENT_CALL, .call = 2, .incoming = true),
			 POLICY_OK);
	assert_string_equal(policy_decision(policy)->reason,
			    "it rings; the route comes with the answer");
	assert_int_equal(policy_decision(policy)->rule, RULE_NONE);
	policy_free(policy);
}

static void test_v1_restored_memory_decides(void **state)
{
	struct policy *policy = new_policy();

	connect_headset(policy, DEVICE_A);
	connect_headset(policy, DEVICE_B);
	policy_restore_memory(policy, (struct route){ ROUTE_HEADSET, DEVICE_A });
	assert_int_equal(policy_decision(policy)->memory.device, DEVICE_A);
	assert_int_equal(HANDLE(policy, .type = EVENT_CALL, .call = 1), POLICY_OK);
	assert_call(policy, ROUTE_HEADSET, DEVICE_A, RULE_V1);
	policy_free(policy);
}

static void test_v1_restored_memory_of_an_unknown_headset_is_the_last_connected(void **state)
{
	struct policy *policy = new_policy();

	connect_headset(policy, DEVICE_A);
	policy_restore_memory(policy, (struct route){ ROUTE_HEADSET, 0x99 });
	assert_int_equal(policy_decision(policy)->memory.device, 0x99);
	assert_int_equal(HANDLE(policy, .type = EVENT_CALL, .call = 1), POLICY_OK);
	assert_call(policy, ROUTE_HEADSET, DEVICE_A, RULE_V1);
	policy_free(policy);
}

/* ---- deadlines ------------------------------------------------------------------------------- */

static void test_p8_deadline_follows_ringing_and_setting(void **state)
{
	struct policy *policy = new_policy();
	const struct policy_decision *decision = policy_decision(policy);

	assert_true(decision->deadline_ms == UINT64_MAX);
	HANDLE(policy, .type = EVENT_CALL, .call = 1, .incoming = true, .managed = true,
	       .now_ms = 1000);
	assert_true(decision->deadline_ms == UINT64_MAX);
	HANDLE(policy, .type = EVENT_AUTO_ANSWER, .seconds = 5, .now_ms = 2000);
	assert_int_equal(decision->deadline_ms, 6000);
	HANDLE(policy, .type = EVENT_TIME, .now_ms = 5999);
	assert_int_equal(policy_call_state(policy, 1), CALL_INCOMING);
	HANDLE(policy, .type = EVENT_TIME, .now_ms = 6000);
	assert_int_equal(policy_call_state(policy, 1), CALL_ACTIVE);
	assert_call(policy, ROUTE_SPEAKER, 0, RULE_P8);
	assert_true(decision->deadline_ms == UINT64_MAX);
	policy_free(policy);
}

static void test_p8_longest_delay_does_not_overflow(void **state)
{
	struct policy *policy = new_policy();

	HANDLE(policy, .type = EVENT_AUTO_ANSWER, .seconds = UINT32_MAX);
	HANDLE(policy, .type = EVENT_CALL, .call = 1, .incoming = true, .managed = true,
	       .now_ms = 1);
	assert_true(policy_decision(policy)->deadline_ms == UINT64_C(4294967295001));
	policy_free(policy);
}

static void test_x3_asks_for_the_next_try_in_500_ms(void **state)
{
	struct policy *policy = new_policy();
	const struct policy_decision *decision = policy_decision(policy);

	connect_headset(policy, DEVICE_A);
	answer(policy, 1, true, DEVICE_A);
	assert_false(decision->try_again);
	HANDLE(policy, .type = EVENT_SCO_FAIL, .device = DEVICE_A, .now_ms = 100);
	assert_true(decision->try_again);
	assert_int_equal(decision->deadline_ms, 600);
	HANDLE(policy, .type = EVENT_TIME, .now_ms = 600);
	assert_false(decision->try_again);
	assert_true(decision->deadline_ms == UINT64_MAX);
	HANDLE(policy, .type = EVENT_SCO_FAIL, .device = DEVICE_A, .now_ms = 4700);
	assert_true(decision->try_again);
	assert_int_equal(decision->deadline_ms, 5000);
	HANDLE(policy, .type = EVENT_TIME, .now_ms = 5000);
	assert_false(decision->try_again);
	assert_call(policy, ROUTE_HANDSET, 0, RULE_X3);
	assert_string_equal(decision->reason, "headset-failed");
	policy_free(policy);
}

static void test_x3_picking_another_route_ends_the_tries(void **state)
{
	struct policy *policy = new_policy();
	const struct policy_decision *decision = policy_decision(policy);

	connect_headset(policy, DEVICE_A);
	answer(policy, 1, true, DEVICE_A);
	HANDLE(policy, .type = EVENT_SCO_FAIL, .device = DEVICE_A);
	HANDLE(policy, .type = EVENT_PICK, .route = { ROUTE_SPEAKER, 0 });
	assert_false(decision->try_again);
	assert_true(decision->deadline_ms == UINT64_MAX);
	HANDLE(policy, .type = EVENT_SCO_FAIL, .device = DEVICE_A);
	assert_call(policy, ROUTE_SPEAKER, 0, RULE_P4);
	policy_free(policy);
}

static void test_x3_failures_long_after_a_success_count_anew(void **state)
{
	struct policy *policy = new_policy();

	connect_headset(policy, DEVICE_A);
	answer(policy, 1, true, DEVICE_A);
	HANDLE(policy, .type = EVENT_SCO_FAIL, .device = DEVICE_A, .now_ms = 100);
	HANDLE(policy, .type = EVENT_SCO_FAIL, .device = DEVICE_A, .now_ms = 700);
	HANDLE(policy, .type = EVENT_TIME, .now_ms = 1200);
	HANDLE(policy, .type = EVENT_SCO_FAIL, .device = DEVICE_A, .now_ms = 60000);
	assert_call(policy, ROUTE_HEADSET, DEVICE_A, RULE_P2);
	assert_int_equal(policy_decision(policy)->deadline_ms, 60500);
	policy_free(policy);
}

static void test_clock_that_goes_back_stands_still(void **state)
{
	struct policy *policy = new_policy();

	connect_headset(policy, DEVICE_A);
	HANDLE(policy, .type = EVENT_TIME, .now_ms = 10000);
	answer(policy, 1, true, DEVICE_A);
	HANDLE(policy, .type = EVENT_SCO_FAIL, .device = DEVICE_A, .now_ms = 5);
	assert_int_equal(policy_decision(policy)->deadline_ms, 10500);
	policy_free(policy);
}

/* ---- X1, X10 --------------------------------------------------------------------------------- */

static void test_x1_device_with_auto_route_off_takes_no_call(void **state)
{
	struct policy *policy = new_policy();

	answer(policy, 1, true, 0);
	assert_int_equal(
		HANDLE(policy, .type = EVENT_CONNECT, .device = DEVICE_A, .call_capable = true),
		POLICY_OK);
	assert_call(policy, ROUTE_HANDSET, 0, RULE_P1);
	/* told otherwise while connected: it has not connected again */
	connect_headset(policy, DEVICE_A);
	assert_call(policy, ROUTE_HANDSET, 0, RULE_P1);
	assert_int_equal(HANDLE(policy, .type = EVENT_PICK, .route = { ROUTE_HEADSET, DEVICE_A }),
			 POLICY_OK);
	policy_free(policy);
}

static void test_x2_service_level_lost_while_a2dp_stays(void **state)
{
	struct policy *policy = new_policy();

	connect_headset(policy, DEVICE_A);
	answer(policy, 1, true, DEVICE_A);
	assert_int_equal(HANDLE(policy, .type = EVENT_CONNECT, .device = DEVICE_A), POLICY_OK);
	assert_call(policy, ROUTE_HANDSET, 0, RULE_X2);
	assert_int_equal(policy_device_mode(policy, DEVICE_A), MODE_A2DP);
	policy_free(policy);
}

static void test_x10_headset_is_told_of_an_unmanaged_call(void **state)
{
	struct policy *policy = new_policy();
	const struct policy_decision *decision = policy_decision(policy);

	connect_headset(policy, DEVICE_A);
	answer(policy, 1, false, 0);
	assert_int_equal(decision->present_call_to, DEVICE_A);
	HANDLE(policy, .type = EVENT_PICK, .route = { ROUTE_SPEAKER, 0 });
	assert_int_equal(decision->present_call_to, 0);
	HANDLE(policy, .type = EVENT_PICK, .route = { ROUTE_HEADSET, DEVICE_A });
	assert_int_equal(decision->present_call_to, DEVICE_A);
	HANDLE(policy, .type = EVENT_HANGUP, .call = 1);
	assert_int_equal(decision->present_call_to, 0);
	policy_free(policy);
}

static void test_x10_not_beside_a_managed_call(void **state)
{
	struct policy *policy = new_policy();
	const struct policy_decision *decision = policy_decision(policy);

	connect_headset(policy, DEVICE_A);
	answer(policy, 1, false, 0);
	HANDLE(policy, .type = EVENT_CALL, .call = 2, .incoming = true, .managed = true);
	assert_int_equal(decision->present_call_to, DEVICE_A);
	HANDLE(policy, .type = EVENT_ANSWER, .call = 2, .device = DEVICE_A);
	assert_int_equal(decision->present_call_to, 0);
	HANDLE(policy, .type = EVENT_HANGUP, .call = 2);
	assert_int_equal(decision->present_call_to, DEVICE_A);
	policy_free(policy);
}

static void test_x10_not_while_it_only_plays_or_only_holds(void **state)
{
	struct policy *policy = new_policy();
	const struct policy_decision *decision = policy_decision(policy);

	connect_headset(policy, DEVICE_A);
	HANDLE(policy, .type = EVENT_BROADCAST, .call = 9);
	assert_int_equal(decision->present_call_to, 0);
	HANDLE(policy, .type = EVENT_BROADCAST, .call = 9, .broadcast = BROADCAST_RECORD);
	assert_int_equal(decision->present_call_to, DEVICE_A);
	HANDLE(policy, .type = EVENT_HOLD, .call = 9);
	assert_int_equal(decision->present_call_to, 0);
	policy_free(policy);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void test_resolve_and_eligible_say_what_a_pick_would(void **state)
{
	struct policy *policy = new_policy();
	enum policy_outcome why = POLICY_OK;
	struct route route = { ROUTE_NONE, 0 };

	HANDLE(policy, .type = EVENT_CONNECT, .device = DEVICE_S, .kind = DEVICE_SPEAKER,
	       .call_capable = true);
	assert_int_equal(policy_resolve(policy, (struct route){ ROUTE_HEADSET, 0 }, &route),
			 POLICY_NOT_AVAILABLE);
	assert_int_equal(route.kind, ROUTE_NONE);
	connect_headset(policy, DEVICE_A);
	assert_int_equal(policy_resolve(policy, (struct route){ ROUTE_HEADSET, 0 }, &route),
			 POLICY_OK);
	assert_int_equal(route.device, DEVICE_A);
	assert_int_equal(policy_resolve(policy, (struct route){ ROUTE_HEADSET, DEVICE_S }, &route),
			 POLICY_OK);
	assert_int_equal(route.kind, ROUTE_BT_SPEAKER);

	assert_true(policy_route_eligible(policy, route, &why));
	answer(policy, 1, false, 0);
	assert_false(policy_route_eligible(policy, route, &why));
	assert_int_equal(why, POLICY_NOT_ELIGIBLE);
	assert_false(policy_route_eligible(policy, (struct route){ ROUTE_WIRED, 0 }, &why));
	assert_int_equal(why, POLICY_NOT_AVAILABLE);
	assert_false(policy_route_eligible(policy, (struct route){ ROUTE_HEADSET, 0x77 }, NULL));
	assert_true(policy_route_eligible(policy, (struct route){ ROUTE_HEADSET, 0 }, NULL));
	policy_free(policy);
}

static void test_machine_told_late_resolves_the_route_in_force(void **state)
{
	struct policy *policy = new_policy();

	answer(policy, 1, true, 0);
	assert_call(policy, ROUTE_HANDSET, 0, RULE_P1);
	assert_int_equal(HANDLE(policy, .type = EVENT_MACHINE, .on = false), POLICY_OK);
	assert_call(policy, ROUTE_SPEAKER, 0, RULE_P1);
	policy_free(policy);
}

static void test_words_and_back_are_the_same(void **state)
{
	for (int i = ROUTING_AUTOMATIC; i <= ROUTING_SPEAKER; i++) {
		enum policy_routing routing;

		assert_int_equal(
			policy_routing_from_string(policy_routing_to_string((enum policy_routing)i),
						   &routing),
			0);
		assert_int_equal(routing, i);
	}
	for (int i = CALL_INCOMING; i <= CALL_ENDED; i++) {
		enum call_state found;

		assert_int_equal(
			call_state_from_string(call_state_to_string((enum call_state)i), &found),
			0);
		assert_int_equal(found, i);
	}
	assert_true(policy_routing_from_string("Speaker", &(enum policy_routing){ 0 }) < 0);
	assert_true(call_state_from_string("", &(enum call_state){ 0 }) < 0);
	assert_string_equal(policy_outcome_name(POLICY_NOT_ELIGIBLE), "NotEligible");
	assert_string_equal(policy_outcome_name(POLICY_OK), "Ok");
}

/* ---- a restart of the caller ------------------------------------------------------------------- */

static void resume(struct policy *policy, route_device device, uint32_t place)
{
	assert_int_equal(HANDLE(policy, .type = EVENT_CONNECT, .device = device,
				.call_capable = true, .auto_route = true, .resumed = place),
			 POLICY_OK);
}

static void test_v1_a_resumed_headset_does_not_empty_memory(void **state)
{
	struct policy *policy = new_policy();

	policy_restore_memory(policy, (struct route){ .kind = ROUTE_SPEAKER });
	resume(policy, DEVICE_A, 1);
	assert_int_equal(policy_decision(policy)->memory.kind, ROUTE_SPEAKER);
	answer(policy, 1, false, 0);
	assert_call(policy, ROUTE_SPEAKER, 0, RULE_V1);
	assert_int_equal(HANDLE(policy, .type = EVENT_HANGUP, .call = 1), POLICY_OK);
	connect_headset(policy, DEVICE_B);
	assert_int_equal(policy_decision(policy)->memory.kind, ROUTE_NONE);
	policy_free(policy);
}

static void test_v1_a_resumed_headset_that_connects_again_empties_memory(void **state)
{
	struct policy *policy = new_policy();

	policy_restore_memory(policy, (struct route){ .kind = ROUTE_SPEAKER });
	resume(policy, DEVICE_A, 1);
	assert_int_equal(HANDLE(policy, .type = EVENT_DISCONNECT, .device = DEVICE_A), POLICY_OK);
	connect_headset(policy, DEVICE_A);
	assert_int_equal(policy_decision(policy)->memory.kind, ROUTE_NONE);
	policy_free(policy);
}

static void test_v2_resumed_headsets_keep_their_order_however_they_come(void **state)
{
	static const route_device orders[][3] = {
		{ 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 }, { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 },
	};
	struct policy_device devices[4];

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		for (size_t at = 0; at < 4; at++) { /* when the new one comes */
			struct policy *policy = new_policy();

			for (size_t k = 0; k < 3; k++) {
				if (k == at)
					connect_headset(policy, DEVICE_B);
				resume(policy, orders[i][k], (uint32_t)orders[i][k]);
			}
			if (at == 3)
				connect_headset(policy, DEVICE_B);
			assert_int_equal(policy_devices(policy, devices, 2), 4);
			assert_int_equal(policy_devices(policy, devices, 4), 4);
			for (size_t k = 0; k < 3; k++)
				assert_int_equal(devices[k].device, k + 1);
			assert_int_equal(devices[3].device, DEVICE_B);
			answer(policy, 1, false, 0);
			assert_call(policy, ROUTE_HEADSET, DEVICE_B, RULE_V2);
			assert_int_equal(
				HANDLE(policy, .type = EVENT_DISCONNECT, .device = DEVICE_B),
				POLICY_OK);
			assert_call(policy, ROUTE_HEADSET, 3, RULE_X2);
			policy_free(policy);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_rule_has_its_row),
		cmocka_unit_test(test_limits_of_nothing_or_too_much_give_no_core),
		cmocka_unit_test(test_the_highest_limits_are_possible),
		cmocka_unit_test(test_no_more_devices_are_told_than_there_is_room_for),
		cmocka_unit_test(test_beyond_the_limits_is_too_many),
		cmocka_unit_test(test_values_out_of_range_are_invalid),
		cmocka_unit_test(test_phone_call_is_managed_whatever_is_said),
		cmocka_unit_test(test_while_it_rings_the_reason_says_so),
		cmocka_unit_test(test_v1_restored_memory_decides),
		cmocka_unit_test(
			test_v1_restored_memory_of_an_unknown_headset_is_the_last_connected),
		cmocka_unit_test(test_p8_deadline_follows_ringing_and_setting),
		cmocka_unit_test(test_p8_longest_delay_does_not_overflow),
		cmocka_unit_test(test_x3_asks_for_the_next_try_in_500_ms),
		cmocka_unit_test(test_x3_picking_another_route_ends_the_tries),
		cmocka_unit_test(test_x3_failures_long_after_a_success_count_anew),
		cmocka_unit_test(test_clock_that_goes_back_stands_still),
		cmocka_unit_test(test_x1_device_with_auto_route_off_takes_no_call),
		cmocka_unit_test(test_x2_service_level_lost_while_a2dp_stays),
		cmocka_unit_test(test_x10_headset_is_told_of_an_unmanaged_call),
		cmocka_unit_test(test_x10_not_beside_a_managed_call),
		cmocka_unit_test(test_x10_not_while_it_only_plays_or_only_holds),
		cmocka_unit_test(test_resolve_and_eligible_say_what_a_pick_would),
		cmocka_unit_test(test_machine_told_late_resolves_the_route_in_force),
		cmocka_unit_test(test_words_and_back_are_the_same),
		cmocka_unit_test(test_v1_a_resumed_headset_does_not_empty_memory),
		cmocka_unit_test(test_v1_a_resumed_headset_that_connects_again_empties_memory),
		cmocka_unit_test(test_v2_resumed_headsets_keep_their_order_however_they_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
