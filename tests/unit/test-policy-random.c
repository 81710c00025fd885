/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Random events, and what must hold after each of them whatever the rules say: a refused event
 * changes nothing, nor does the same event a second time, and no event allocates.
 */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DEVICES 6
#define CALLS 5
#define ROUNDS 400
#define EVENTS 300

/* ---- allocations, counted by the linker's --wrap --------------------------------------------- */

static unsigned int allocations;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocations++;
	return __real_realloc(old, size);
}

/* ---- what can be seen of a core -------------------------------------------------------------- */

struct seen {
	struct policy_decision decision;
	enum device_mode modes[DEVICES + 2];
	enum call_state states[CALLS + 2];
	bool eligible[ROUTE_BT_SPEAKER + 1][DEVICES + 2];
};

/* Member by member where there is padding, so that two may be compared as memory. */
static void look(const struct policy *policy, struct seen *ret)
{
	const struct policy_decision *d = policy_decision(policy);

	memset(ret, 0, sizeof(*ret));
	ret->decision.call.kind = d->call.kind;
	ret->decision.call.device = d->call.device;
	ret->decision.memory.kind = d->memory.kind;
	ret->decision.memory.device = d->memory.device;
	ret->decision.media.kind = d->media.kind;
	ret->decision.media.device = d->media.device;
	ret->decision.rule = d->rule;
	ret->decision.via = d->via;
	ret->decision.reason = d->reason;
	ret->decision.present_call_to = d->present_call_to;
	ret->decision.muted = d->muted;
	ret->decision.try_again = d->try_again;
	ret->decision.deadline_ms = d->deadline_ms;
	for (unsigned int i = 0; i < DEVICES + 2; i++)
		ret->modes[i] = policy_device_mode(policy, i);
	for (uint32_t i = 0; i < CALLS + 2; i++)
		ret->states[i] = policy_call_state(policy, i);
	for (unsigned int kind = 0; kind <= ROUTE_BT_SPEAKER; kind++) {
		for (unsigned int i = 0; i < DEVICES + 2; i++)
			ret->eligible[kind][i] = policy_route_eligible(
				policy, (struct route){ (enum route_kind)kind, i }, NULL);
	}
}

/* ---- events ---------------------------------------------------------------------------------- */

static uint64_t seed;

static unsigned int roll(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed >> 33) % n;
}

/* The kind of a device is a matter of its number, but for a few that change. */
static struct policy_event random_event(uint64_t now_ms, bool *managed)
{
	struct policy_event event = {
		.type = (enum policy_event_type)roll(EVENT_TIME + 1),
		.now_ms = now_ms,
		.call = roll(CALLS + 2),
		.routing = (enum policy_routing)roll(3),
		.broadcast = (enum policy_broadcast)roll(3),
		.seconds = roll(4),
		.on = roll(2),
		.call_capable = roll(4) > 0,
		.auto_route = roll(8) > 0,
		.incoming = roll(2),
		.phone = roll(3) == 0,
		.managed = roll(2),
		.video = roll(4) == 0,
	};

	event.device = roll(DEVICES + 2);
	event.kind =
		roll(16) == 0 ? (enum device_kind)roll(4) : (enum device_kind)(event.device % 4);
	event.route.kind = (enum route_kind)roll(ROUTE_BT_SPEAKER + 1);
	if (route_is_bluetooth(event.route))
		event.route.device = roll(DEVICES + 2);
	if ((event.type == EVENT_CALL || event.type == EVENT_ANSWER) && roll(2))
		event.device = 0;
	if (event.type == EVENT_CALL && event.call < CALLS + 2)
		managed[event.call] = event.phone || event.managed;
	return event;
}

/* A second SCO failure counts, a second opening may be the button after the echo, and a second TIME
 * may find the next thing due. */
static bool may_count_twice(enum policy_event_type type)
{
	return type == EVENT_SCO_FAIL || type == EVENT_SCO_OPEN || type == EVENT_TIME;
}

/* ---- what must hold -------------------------------------------------------------------------- */

static void check(const struct seen *seen, const bool *managed)
{
	const struct policy_decision *d = &seen->decision;
	bool routed = false, unmanaged_sound = false;
	unsigned int hfp = 0;

	for (unsigned int i = 0; i < CALLS + 2; i++) {
		bool sound = seen->states[i] == CALL_ACTIVE || seen->states[i] == CALL_DIALING;

		routed = routed || sound || seen->states[i] == CALL_HELD;
		unmanaged_sound = unmanaged_sound || (sound && !managed[i]);
	}
	assert_true((d->call.kind != ROUTE_NONE) == routed);
	assert_true(d->call.kind != ROUTE_WIRED && d->memory.kind != ROUTE_WIRED);
	if (routed)
		assert_true(route_equal(d->call, d->memory));
	else
		assert_false(d->muted);
	for (unsigned int i = 0; i < DEVICES + 2; i++) {
		if (seen->modes[i] != MODE_HFP)
			continue;
		hfp++;
		assert_true(d->call.device == i);
	}
	assert_true(hfp <= 1);
	if (route_is_bluetooth(d->call)) {
		assert_true(seen->modes[d->call.device] != MODE_OFF);
		assert_true(seen->modes[d->call.device] == MODE_HFP || d->rule == RULE_X9);
	}
	/* S1 */
	if (d->call.kind == ROUTE_BT_SPEAKER && unmanaged_sound)
		assert_true(d->rule == RULE_X9);
	/* M1 */
	if (route_is_bluetooth(d->media))
		assert_true(seen->modes[d->media.device] == MODE_A2DP);
	if (d->present_call_to != 0)
		assert_true(seen->modes[d->present_call_to] == MODE_HFP && unmanaged_sound);
	assert_non_null(d->reason);
	assert_true(!d->try_again || d->deadline_ms != UINT64_MAX);
}

static void test_random_events_keep_what_must_hold(void **state)
{
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct policy *policy =
			policy_new(&(struct policy_limits){ .devices = 5, .calls = 4 });
		bool managed[CALLS + 2] = { 0 };
		uint64_t now_ms = 0;
		struct seen before, after, again;

		seed = UINT64_C(0x9e3779b97f4a7c15) * (round + 1);
		for (unsigned int i = 0; i < EVENTS; i++) {
			bool kinds[CALLS + 2];
			struct policy_event event;
			enum policy_outcome outcome;
			unsigned int count;

			memcpy(kinds, managed, sizeof(kinds));
			now_ms += roll(3) == 0 ? roll(1500) : 0;
			event = random_event(now_ms, kinds);
			look(policy, &before);
			count = allocations;
			outcome = policy_handle(policy, &event);
			assert_int_equal(allocations, count);
			look(policy, &after);
			if (outcome != POLICY_OK) {
				assert_memory_equal(&before, &after, sizeof(before));
				continue;
			}
			memcpy(managed, kinds, sizeof(managed));
			if (event.type == EVENT_BROADCAST)
				managed[event.call] = false;
			check(&after, managed);
			if (may_count_twice(event.type))
				continue;
			(void)policy_handle(policy, &event);
			look(policy, &again);
			assert_memory_equal(&after, &again, sizeof(after));
		}
		policy_free(policy);
	}
}

static void test_time_is_never_overdue_after_it_was_told(void **state)
{
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct policy *policy =
			policy_new(&(struct policy_limits){ .devices = 8, .calls = 8 });
		bool managed[CALLS + 2];
		uint64_t now_ms = 0;

		seed = UINT64_C(0xd1342543de82ef95) * (round + 1);
		for (unsigned int i = 0; i < EVENTS; i++) {
			struct policy_event event = random_event(now_ms, managed);

			(void)policy_handle(policy, &event);
			now_ms += roll(700);
			(void)policy_handle(policy, &(struct policy_event){ .type = EVENT_TIME,
									    .now_ms = now_ms });
			assert_true(policy_decision(policy)->deadline_ms > now_ms);
		}
		policy_free(policy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_events_keep_what_must_hold),
		cmocka_unit_test(test_time_is_never_overdue_after_it_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
