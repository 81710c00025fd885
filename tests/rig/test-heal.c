/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * WirePlumber dies at some stage of a call, and is started again: the decision stands, nothing rings
 * twice, after the call all is given back, and the next call has its sound. Not of this call, since
 * WirePlumber 0.4 itself may wait for ever for the ports of a stream that its predecessor linked.
 * And bluetoothd dies.
 *
 *	test-heal [ROUNDS [SEED]]	with so many random moments; the seed is printed
 */
#include "phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define LIMIT_MS 15000
#define MICROPHONE_HZ 500.0
#define ROUNDS 6

struct fixture {
	struct rig *rig;
	struct phone *phone;
};

static unsigned int rounds = ROUNDS;
static unsigned int seed = 1;

static int start(void **state)
{
	static struct fixture f;
	struct stand_in_device headset = {
		.address = HEADSET,
		.name = "Headset",
		.kind = DEVICE_HEADSET,
		.handsfree = true,
		.a2dp = true,
	};

	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	*state = &f;
	if (phone_new(f.rig, &f.phone) < 0 || rig_headset_add(f.rig, &headset, NULL) < 0 ||
	    rig_headset_connect(f.rig, HEADSET) < 0) {
		rig_dump(f.rig);
		return -1;
	}
	sound_tone(headset_sound(rig_headset(f.rig, HEADSET)), MICROPHONE_HZ);
	return 0;
}

static int stop_rig(void **state)
{
	struct fixture *f = *state;

	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

static struct phone_call *ring(struct fixture *f)
{
	const struct phone_call_options options = { .managed = true,
						    .incoming = true,
						    .party = "+4930123456" };
	struct rig *rig = f->rig;
	struct phone_call *call;

	rig_headset_forget_lines(rig, HEADSET);
	assert_null(phone_call(f->phone, &options, &call));
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	return call;
}

static void expect_given_back(struct fixture *f)
{
	struct rig *rig = f->rig;

	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	expect(rig_wait(rig, LIMIT_MS, !strncmp(view_profile(rig_view(rig), HEADSET), "a2dp", 4)));
}

/* A softphone of its own for each round, or test. */
static void renew_phone(struct fixture *f)
{
	f->phone = phone_free(f->phone);
	assert_int_equal(phone_new(f->rig, &f->phone), 0);
}

static void let_pass(struct rig *rig, unsigned int ms)
{
	(void)rig_wait(rig, ms, false);
}

static void answer(struct fixture *f)
{
	struct rig *rig = f->rig;

	headset_button(rig_headset(rig, HEADSET));
	expect(rig_headset_wait(rig, HEADSET, "< OK", LIMIT_MS));
	rig_headset_forget_lines(rig, HEADSET);
}

static void end(struct fixture *f, struct phone_call *call)
{
	assert_null(phone_ask_with(f->phone, call, "SetState", "ended"));
}

static void next_call(struct fixture *f)
{
	struct rig *rig = f->rig;
	struct phone_call *call = ring(f);

	answer(f);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));
	end(f, call);
	expect_given_back(f);
}

/* @ms into the stage; what WirePlumber is about then is up to chance. */
static void one_round(struct fixture *f, unsigned int stage, unsigned int ms)
{
	enum { RINGING, ANSWERED, ACTIVE, ENDED };
	struct rig *rig = f->rig;
	struct phone_call *call = ring(f);

	if (stage == RINGING) {
		let_pass(rig, ms);
		rig_wireplumber_crash(rig);
	}
	answer(f);
	if (stage == ANSWERED) {
		let_pass(rig, ms);
		rig_wireplumber_crash(rig);
	} else if (stage == ACTIVE || stage == ENDED) {
		expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	}
	if (stage == ACTIVE) {
		let_pass(rig, ms);
		rig_wireplumber_crash(rig);
	}
	expect(rig_wait(rig, LIMIT_MS,
			view_session(rig_view(rig)) && view_profile(rig_view(rig), HEADSET)[0]));
	assert_string_equal(phone_why(f->phone, "Rule"), "P2");
	end(f, call);
	if (stage == ENDED) {
		let_pass(rig, ms);
		rig_wireplumber_crash(rig);
	}
	expect_given_back(f);
	assert_false(rig_headset_wait(rig, HEADSET, "< RING", 0));
	next_call(f);
}

static void test_wireplumber_dies_at_any_stage_of_a_call(void **state)
{
	struct fixture *f = *state;
	unsigned int random = seed;

	for (unsigned int i = 0; i < rounds; i++) {
		/* every stage in turn, each at another moment */
		unsigned int ms = (unsigned int)rand_r(&random) % 600;

		print_message("round %u of seed %u: stage %u, %u ms into it\n", i, seed, i % 4, ms);
		renew_phone(f);
		one_round(f, i % 4, ms);
	}
}

static uint32_t playback(struct phone_call *call, const struct view *view)
{
	return view_stream(view, rig_sound_pid(phone_call_sound(call)), false);
}

/* The nodes of a wired headset are the session manager's: their going is no unplugging (X6). */
static void test_a_wired_headset_is_not_unplugged_by_wireplumbers_death(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct view *view = rig_view(rig);
	struct phone_call *call;

	renew_phone(f);
	assert_int_equal(rig_plug(rig, true), 0);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_endpoint(f->phone, "wired")));
	call = ring(f);
	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, view_linked(view, playback(call, view), RIG_WIRED)));
	assert_string_equal(phone_sees(f->phone, "Rule"), "P1");
	rig_wireplumber_crash(rig);
	expect(rig_wait(rig, LIMIT_MS, !view_session(view)));
	expect(rig_wait(rig, LIMIT_MS,
			view_session(view) && view_node(view, RIG_WIRED) &&
				view_profile(view, HEADSET)[0]));
	expect(!strcmp(phone_why(f->phone, "Rule"), "P1"));
	end(f, call);
	expect_given_back(f);
	call = ring(f);
	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, view_linked(view, playback(call, view), RIG_WIRED)));
	end(f, call);
	expect_given_back(f);
	assert_int_equal(rig_plug(rig, false), 0);
}

/* The headset's channel lives on, and its card is another one, which PipeWire has no headset mode for
 * until the endpoint appears once more. */
static void test_a_headset_takes_calls_after_bluetoothds_death(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	renew_phone(f);
	stand_in_stop(rig_stand_in(rig));
	expect(rig_wait(rig, LIMIT_MS, !view_profile(rig_view(rig), HEADSET)[0]));
	assert_int_equal(stand_in_start(rig_stand_in(rig)), 0);
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), HEADSET, "a2dp*")));
	next_call(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wireplumber_dies_at_any_stage_of_a_call),
		cmocka_unit_test(test_a_wired_headset_is_not_unplugged_by_wireplumbers_death),
		cmocka_unit_test(test_a_headset_takes_calls_after_bluetoothds_death),
	};

	cmocka_set_test_filter(getenv("CALLROUTE_TEST"));
	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seed = (unsigned int)strtoul(argv[2], NULL, 10);
	return rig_run_tests(tests, start, stop_rig);
}
