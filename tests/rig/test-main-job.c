/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The main job, from the headset's button to the sound in both directions, with nothing simulated
 * but the radio.
 */
#include "phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define MICROPHONE_HZ 440.0
#define LIMIT_MS 10000

struct fixture {
	struct rig *rig;
	struct phone *phone;
};

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
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	if (!f)
		return 0;
	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

static const struct phone_call_options managed_call = {
	.managed = true,
	.incoming = true,
	.party = "+4930123456",
	.name = "René \"Bob\" M.",
};

static void test_p2_answered_by_the_headset_its_sound_goes_there_both_ways(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), HEADSET, "a2dp-sink*")));
	assert_null(phone_call(f->phone, &managed_call, &call));
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "< +CLIP: \"+4930123456\",145,,,\"René Bob M.\"",
				LIMIT_MS));
	assert_string_equal(phone_call_state(call), "incoming");

	headset_button(rig_headset(rig, HEADSET));
	expect(rig_headset_wait(rig, HEADSET, "> ATA", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "< OK", LIMIT_MS));
	expect(phone_told(f->phone, "Answer", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_wait(rig, LIMIT_MS, !strcmp(phone_call_state(call), "active")));
	assert_string_equal(phone_call_answered_by(call), ROUTE);
	expect(rig_wait(rig, LIMIT_MS,
			view_profile_is(rig_view(rig), HEADSET, "headset-head-unit*")));
	expect(rig_wait(rig, LIMIT_MS, sound_up(headset_sound(rig_headset(rig, HEADSET)))));

	sound_tone(headset_sound(rig_headset(rig, HEADSET)), MICROPHONE_HZ);
	expect(rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));

	headset_button(rig_headset(rig, HEADSET));
	expect(rig_headset_wait(rig, HEADSET, "> AT+CHUP", LIMIT_MS));
	expect(phone_told(f->phone, "Hangup", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, !strcmp(phone_call_state(call), "ended")));
	expect(rig_headset_wait(rig, HEADSET, "sco down", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), HEADSET, "a2dp-sink*")));
}

static void test_p1_answered_here_its_sound_is_at_the_handset_and_no_link_is_opened(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;
	struct rig_sound *earpiece;

	rig_headset_forget_lines(rig, HEADSET);
	assert_null(phone_call(f->phone, &managed_call, &call));
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	expect(phone_told(f->phone, "Answer", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "indicator callsetup 0", LIMIT_MS));

	assert_int_equal(rig_sound_at(rig, RIG_EARPIECE, &earpiece), 0);
	expect(rig_sound_hears(rig, earpiece, PHONE_HZ, LIMIT_MS));
	expect(rig_sound_hears(rig, phone_call_sound(call), RIG_MICROPHONE_HZ, LIMIT_MS));
	rig_sound_free(earpiece);
	assert_false(sound_up(headset_sound(rig_headset(rig, HEADSET))));
	expect(view_profile_is(rig_view(rig), HEADSET, "a2dp-sink*"));

	assert_null(phone_ask_with(f->phone, call, "SetState", "ended"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 0", LIMIT_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_p2_answered_by_the_headset_its_sound_goes_there_both_ways),
		cmocka_unit_test(
			test_p1_answered_here_its_sound_is_at_the_handset_and_no_link_is_opened),
	};

	return rig_run_tests(tests, start, finish);
}
