/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A microphone that nothing comes from, on real PipeWire: it is told, and so is its end.
 */
#include "phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define LISTENER "callroute.listen"
#define LIMIT_MS 10000

struct fixture {
	struct rig *rig;
	struct phone *phone;
};

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0 ||
	    rig_headset_add(f.rig, &headset, NULL) < 0)
		return -1;
	return rig_headset_connect(f.rig, HEADSET);
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->rig = rig_free(f->rig);
	return 0;
}

static int start_test(void **state)
{
	struct fixture *f = *state;

	rig_headset_forget_lines(f->rig, HEADSET);
	return phone_new(f->rig, &f->phone);
}

static int stop_test(void **state)
{
	struct fixture *f = *state;

	f->phone = phone_free(f->phone);
	return 0;
}

static void talk_to_a_silent_headset(struct fixture *f, struct phone_call **ret)
{
	static const struct phone_call_options options = { .managed = true, .active = true };
	struct rig *rig = f->rig;

	sound_tone(headset_sound(rig_headset(rig, HEADSET)), 0.0);
	assert_null(phone_call(f->phone, &options, ret));
	assert_null(phone_set_route(f->phone, ROUTE));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P4")));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_silent_microphone(f->phone)));
}

/* Muted by a switch of its own, or its sound link carries nothing: the same from here. */
static void test_a_headset_that_sends_nothing_is_told_until_it_sounds(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	talk_to_a_silent_headset(f, &call);
	expect(view_node(rig_view(rig), LISTENER) != 0);
	sound_tone(headset_sound(rig_headset(rig, HEADSET)), 440.0);
	expect(rig_wait(rig, LIMIT_MS, !phone_sees_silent_microphone(f->phone)));
	/* and listened to no more */
	expect(rig_wait(rig, LIMIT_MS, view_node(rig_view(rig), LISTENER) == 0));
	expect(phone_sees_route(f->phone, ROUTE, NULL));
}

static void test_it_is_the_calls_microphone_of_now(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	talk_to_a_silent_headset(f, &call);
	/* the handset's hears a tone */
	assert_null(phone_set_route(f->phone, "handset"));
	expect(rig_wait(rig, LIMIT_MS, !phone_sees_silent_microphone(f->phone)));
	expect(rig_wait(rig, LIMIT_MS, view_node(rig_view(rig), LISTENER) == 0));
	assert_null(phone_set_route(f->phone, ROUTE));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_silent_microphone(f->phone)));
	/* nobody is meant to hear anything of a call that is held */
	assert_null(phone_ask_with(f->phone, call, "SetState", "held"));
	expect(rig_wait(rig, LIMIT_MS, !phone_sees_silent_microphone(f->phone)));
	expect(rig_wait(rig, LIMIT_MS, view_node(rig_view(rig), LISTENER) == 0));
}

static void test_nothing_of_it_is_left_after_the_call(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	talk_to_a_silent_headset(f, &call);
	assert_null(phone_ask_with(f->phone, call, "SetState", "ended"));
	expect(rig_wait(rig, LIMIT_MS, !phone_sees_silent_microphone(f->phone)));
	expect(rig_wait(rig, LIMIT_MS, view_node(rig_view(rig), LISTENER) == 0));
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), HEADSET, "a2dp*")));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_headset_that_sends_nothing_is_told_until_it_sounds, start_test,
			stop_test),
		cmocka_unit_test_setup_teardown(test_it_is_the_calls_microphone_of_now, start_test,
						stop_test),
		cmocka_unit_test_setup_teardown(test_nothing_of_it_is_left_after_the_call,
						start_test, stop_test),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return rig_run_tests(tests, start, finish);
}
