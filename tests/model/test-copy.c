/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Images of a core: one that was saved and loaded goes on as the first one does, whatever happens
 * next, and what an image leaves out makes no difference.
 */
#include "policy/copy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DEVICES 4
#define CALLS 3
#define ROUNDS 20000
#define BEFORE 60
#define AFTER 25
#define RING_MS 3000

/* ---- two cores side by side ------------------------------------------------------------------ */

/* The second core's ids for the first one's, by index; those that the image did not name are new. */
struct ids {
	route_device devices[DEVICES + 2];
	uint32_t calls[CALLS + 2];
};

static void match_ids(const struct policy_image *image, struct ids *ret)
{
	unsigned int n_devices = image->n_devices, n_calls = image->n_calls;

	*ret = (struct ids){ 0 };
	for (unsigned int i = 0; i < image->n_devices; i++)
		ret->devices[image->devices[i]] = i + 1;
	for (unsigned int i = 0; i < image->n_calls; i++)
		ret->calls[image->calls[i]] = i + 1;
	for (unsigned int i = 1; i < DEVICES + 2; i++)
		ret->devices[i] = ret->devices[i] != 0 ? ret->devices[i] : ++n_devices;
	for (unsigned int i = 1; i < CALLS + 2; i++)
		ret->calls[i] = ret->calls[i] != 0 ? ret->calls[i] : ++n_calls;
}

static struct policy_event translated(const struct ids *ids, struct policy_event event,
				      uint64_t later_ms)
{
	event.device = ids->devices[event.device];
	event.route.device = ids->devices[event.route.device];
	event.call = ids->calls[event.call];
	event.now_ms = POLICY_IMAGE_NOW_MS + later_ms;
	return event;
}

static void assert_same_route(const struct ids *ids, struct route first, struct route second)
{
	assert_int_equal(first.kind, second.kind);
	assert_int_equal(ids->devices[first.device], second.device);
}

static void assert_same(const struct policy *first, const struct policy *second,
			const struct ids *ids)
{
	const struct policy_decision *a = policy_decision(first), *b = policy_decision(second);

	assert_same_route(ids, a->call, b->call);
	assert_same_route(ids, a->memory, b->memory);
	assert_same_route(ids, a->media, b->media);
	assert_int_equal(a->rule, b->rule);
	assert_int_equal(a->via, b->via);
	assert_ptr_equal(a->reason, b->reason);
	assert_int_equal(ids->devices[a->present_call_to], b->present_call_to);
	assert_int_equal(a->muted, b->muted);
	assert_int_equal(a->try_again, b->try_again);
	assert_int_equal(a->deadline_ms == UINT64_MAX, b->deadline_ms == UINT64_MAX);
	for (route_device i = 0; i < DEVICES + 2; i++)
		assert_int_equal(policy_device_mode(first, i),
				 policy_device_mode(second, ids->devices[i]));
	for (uint32_t i = 0; i < CALLS + 2; i++)
		assert_int_equal(policy_call_state(first, i),
				 policy_call_state(second, ids->calls[i]));
}

/* ---- random events --------------------------------------------------------------------------- */

static uint64_t seed;

static unsigned int roll(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed >> 33) % n;
}

static struct policy_event random_event(uint64_t now_ms, route_device in_force)
{
	struct policy_event event = {
		.type = (enum policy_event_type)roll(EVENT_TIME + 1),
		.now_ms = now_ms,
		.device = 1 + roll(DEVICES),
		.call = 1 + roll(CALLS + 1),
		.kind = roll(3) == 0 ? DEVICE_SPEAKER : DEVICE_HEADSET,
		.routing = (enum policy_routing)roll(3),
		.broadcast = (enum policy_broadcast)roll(3),
		.seconds = roll(RING_MS / 1000 + 1),
		.on = roll(2),
		.resumed = roll(6) == 0 ? 1 + roll(3) : 0,
		.call_capable = roll(5) > 0,
		.auto_route = roll(8) > 0,
		.incoming = roll(2),
		.managed = roll(2),
		.video = roll(4) == 0,
		.route = { .kind = (enum route_kind)roll(ROUTE_BT_SPEAKER + 1) },
	};

	/* more often than others: several in a row are needed */
	if (roll(8) == 0)
		event.type = EVENT_SCO_FAIL;
	if (event.type == EVENT_SCO_FAIL)
		event.device = roll(3) == 0 ? event.device : in_force;
	if (route_is_bluetooth(event.route))
		event.route.device = roll(DEVICES + 1);
	if ((event.type == EVENT_CALL || event.type == EVENT_ANSWER) && roll(2))
		event.device = 0;
	return event;
}

/* Short and long, so that limits of time are met from both sides. */
static uint64_t random_pause(void)
{
	static const uint64_t pauses_ms[] = { 0, 0, 0, 1, 499, 500, 1999, 4000, 5000, 8000, 31000 };

	return pauses_ms[roll(sizeof(pauses_ms) / sizeof(pauses_ms[0]))];
}

static route_device in_force(const struct policy *policy)
{
	return policy_decision(policy)->call.device;
}

static struct policy *new_core(void)
{
	/* One more than there are ids: none is ever forgotten. */
	struct policy *policy =
		policy_new(&(struct policy_limits){ .devices = DEVICES + 1, .calls = CALLS + 1 });

	assert_non_null(policy);
	return policy;
}

static void assert_same_image(const struct policy *a, const struct policy *b)
{
	struct policy_image first, second;

	assert_int_equal(policy_save(a, RING_MS, &first), 0);
	assert_int_equal(policy_save(b, RING_MS, &second), 0);
	assert_int_equal(first.n_key, second.n_key);
	assert_int_equal(first.n_bytes, second.n_bytes);
	assert_memory_equal(first.bytes, second.bytes, first.n_bytes);
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void test_a_loaded_core_goes_on_as_the_saved_one(void **state)
{
	struct policy *second = new_core();

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct policy *first = new_core();
		struct policy_image image;
		struct ids ids;
		uint64_t now_ms = 1, then_ms;

		seed = UINT64_C(0x9e3779b97f4a7c15) * (round + 1);
		for (unsigned int i = 0; i < BEFORE; i++) {
			struct policy_event event =
				random_event(now_ms += random_pause(), in_force(first));

			(void)policy_handle(first, &event);
		}
		assert_int_equal(policy_save(first, RING_MS, &image), 0);
		policy_load(second, image.bytes);
		match_ids(&image, &ids);
		then_ms = now_ms;
		assert_same(first, second, &ids);
		assert_same_image(first, second);
		for (unsigned int i = 0; i < AFTER; i++) {
			struct policy_event event =
				random_event(now_ms += random_pause(), in_force(first));
			struct policy_event same = translated(&ids, event, now_ms - then_ms);

			assert_int_equal(policy_handle(first, &event),
					 policy_handle(second, &same));
			assert_same(first, second, &ids);
		}
		assert_same_image(first, second);
		policy_free(first);
	}
	policy_free(second);
}

static void connect_headset(struct policy *policy, route_device device)
{
	assert_int_equal(policy_handle(policy, &(struct policy_event){ .type = EVENT_CONNECT,
								       .device = device,
								       .call_capable = true }),
			 POLICY_OK);
}

static void test_names_and_the_hour_do_not_matter(void **state)
{
	struct policy *a = new_core(), *b = new_core();

	connect_headset(a, 1);
	connect_headset(a, 2);
	(void)policy_handle(b, &(struct policy_event){ .type = EVENT_TIME, .now_ms = 5000000 });
	connect_headset(b, 0xabcdef);
	connect_headset(b, 1);
	(void)policy_handle(a, &(struct policy_event){ .type = EVENT_CALL, .call = 7 });
	(void)policy_handle(b, &(struct policy_event){ .type = EVENT_CALL, .call = 1 });
	assert_same_image(a, b);
	policy_free(a);
	policy_free(b);
}

static void test_the_order_of_connection_matters(void **state)
{
	struct policy *a = new_core(), *b = new_core();
	struct policy_image first, second;

	connect_headset(a, 1);
	(void)policy_handle(a, &(struct policy_event){ .type = EVENT_PLUG });
	(void)policy_handle(b, &(struct policy_event){ .type = EVENT_PLUG });
	connect_headset(b, 1);
	assert_int_equal(policy_save(a, 0, &first), 0);
	assert_int_equal(policy_save(b, 0, &second), 0);
	assert_int_equal(first.n_key, second.n_key);
	assert_memory_not_equal(first.bytes, second.bytes, first.n_key);
	policy_free(a);
	policy_free(b);
}

static void test_a_memory_of_a_device_never_seen_is_kept(void **state)
{
	struct policy *a = new_core(), *b = new_core();
	struct policy_image image;

	policy_restore_memory(a, (struct route){ .kind = ROUTE_HEADSET, .device = 0x123456 });
	connect_headset(a, 5);
	policy_restore_memory(a, (struct route){ .kind = ROUTE_HEADSET, .device = 0x123456 });
	assert_int_equal(policy_save(a, 0, &image), 0);
	assert_int_equal(image.n_devices, 2);
	assert_int_equal(image.devices[1], 0x123456);
	policy_load(b, image.bytes);
	assert_int_equal(policy_memory(b).kind, ROUTE_HEADSET);
	assert_int_equal(policy_memory(b).device, 2);
	assert_int_equal(policy_device_mode(b, 2), MODE_OFF);
	policy_free(a);
	policy_free(b);
}

static void test_more_than_fits_is_refused(void **state)
{
	struct policy *policy = policy_new(
		&(struct policy_limits){ .devices = POLICY_IMAGE_DEVICES + 1, .calls = 16 });
	struct policy_image image;

	for (uint32_t i = 1; i <= POLICY_IMAGE_CALLS; i++) {
		assert_int_equal(policy_save(policy, 0, &image), 0);
		(void)policy_handle(
			policy,
			&(struct policy_event){ .type = EVENT_CALL, .call = i, .incoming = true });
	}
	assert_int_equal(policy_save(policy, 0, &image), 0);
	for (route_device i = 1; i <= POLICY_IMAGE_DEVICES; i++)
		connect_headset(policy, i);
	assert_int_equal(policy_save(policy, 0, &image), 0);
	assert_true(image.n_bytes <= POLICY_IMAGE_SIZE);
	assert_int_equal(policy_save(policy, 65536, &image), -E2BIG);
	connect_headset(policy, POLICY_IMAGE_DEVICES + 1);
	assert_int_equal(policy_save(policy, 0, &image), -E2BIG);
	(void)policy_handle(policy,
			    &(struct policy_event){ .type = EVENT_DISCONNECT, .device = 1 });
	assert_int_equal(policy_save(policy, 0, &image), -E2BIG);
	policy_free(policy);
}

static void test_one_call_too_many_is_refused(void **state)
{
	struct policy *policy = policy_new(&(struct policy_limits){ .devices = 1, .calls = 16 });
	struct policy_image image;

	for (uint32_t i = 1; i <= POLICY_IMAGE_CALLS + 1; i++)
		(void)policy_handle(
			policy,
			&(struct policy_event){ .type = EVENT_CALL, .call = i, .incoming = true });
	assert_int_equal(policy_save(policy, 0, &image), -E2BIG);
	policy_free(policy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_loaded_core_goes_on_as_the_saved_one),
		cmocka_unit_test(test_names_and_the_hour_do_not_matter),
		cmocka_unit_test(test_the_order_of_connection_matters),
		cmocka_unit_test(test_a_memory_of_a_device_never_seen_is_kept),
		cmocka_unit_test(test_more_than_fits_is_refused),
		cmocka_unit_test(test_one_call_too_many_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
