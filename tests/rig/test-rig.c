/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The rig itself, without the daemon: real PipeWire believes the stand-in, and the ears hear what
 * is played.
 */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expect.h"

#define SPEAKER "AA:BB:CC:00:00:09"
#define LIMIT_MS 10000

static int start(void **state)
{
	struct rig_options options = { .without_daemon = true };

	return rig_new(&options, (struct rig **)state);
}

static int finish(void **state)
{
	*state = rig_free(*state);
	return 0;
}

static void test_an_a2dp_device_gets_a_card_and_swallows_what_is_played_to_it(void **state)
{
	struct rig *rig = *state;
	struct stand_in_device device = {
		.address = SPEAKER, .name = "Speaker", .kind = DEVICE_SPEAKER, .a2dp = true
	};
	struct rig_sound *player;

	assert_int_equal(rig_headset_add(rig, &device, NULL), 0);
	assert_int_equal(rig_headset_connect(rig, SPEAKER), 0);
	assert_true(rig_wait(rig, LIMIT_MS, view_node(rig_view(rig), "bluez_output.*")));
	assert_true(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), SPEAKER, "a2dp-sink*")));
	assert_int_equal(
		rig_sound_new(rig,
			      (const char *const[]){ "--play", "1000", "--target",
						     "bluez_output.AA_BB_CC_00_00_09.1", NULL },
			      &player),
		0);
	assert_true(
		rig_wait(rig, LIMIT_MS, stand_in_a2dp_bytes(rig_stand_in(rig), SPEAKER) > 20000));
	rig_sound_free(player);
	rig_headset_disconnect(rig, SPEAKER);
	assert_true(rig_wait(rig, LIMIT_MS, !view_profile(rig_view(rig), SPEAKER)[0]));
}

static void test_a_tone_at_the_earpiece_is_heard_there_and_nowhere_else(void **state)
{
	struct rig *rig = *state;
	struct rig_sound *player, *earpiece, *loudspeaker;

	assert_int_equal(rig_sound_new(rig,
				       (const char *const[]){ "--play", "1000", "--target",
							      RIG_EARPIECE, NULL },
				       &player),
			 0);
	assert_int_equal(rig_sound_at(rig, RIG_EARPIECE, &earpiece), 0);
	assert_int_equal(rig_sound_at(rig, RIG_LOUDSPEAKER, &loudspeaker), 0);
	assert_true(rig_sound_hears(rig, earpiece, 1000.0, LIMIT_MS));
	assert_true(rig_sound_hears(rig, loudspeaker, 0.0, LIMIT_MS));
	rig_sound_free(player);
	rig_sound_free(earpiece);
	rig_sound_free(loudspeaker);
}

static void test_the_microphone_hears_its_tone(void **state)
{
	struct rig *rig = *state;
	struct rig_sound *recorder;

	assert_int_equal(rig_sound_new(rig,
				       (const char *const[]){ "--capture", "--target",
							      RIG_MICROPHONE, NULL },
				       &recorder),
			 0);
	assert_true(rig_sound_hears(rig, recorder, RIG_MICROPHONE_HZ, LIMIT_MS));
	rig_sound_free(recorder);
}

static void test_a_wired_headset_comes_and_goes(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rig_plug(rig, true), 0);
	assert_int_equal(rig_plug(rig, false), 0);
}

static void test_cards_come_back_after_a_restart_of_bluetoothd(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rig_headset_connect(rig, SPEAKER), 0);
	stand_in_stop(rig_stand_in(rig));
	assert_true(rig_wait(rig, LIMIT_MS, !view_profile(rig_view(rig), SPEAKER)[0]));
	assert_int_equal(stand_in_start(rig_stand_in(rig)), 0);
	assert_true(rig_wait(rig, LIMIT_MS, view_profile(rig_view(rig), SPEAKER)[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_a2dp_device_gets_a_card_and_swallows_what_is_played_to_it),
		cmocka_unit_test(test_a_tone_at_the_earpiece_is_heard_there_and_nowhere_else),
		cmocka_unit_test(test_the_microphone_hears_its_tone),
		cmocka_unit_test(test_a_wired_headset_comes_and_goes),
		cmocka_unit_test(test_cards_come_back_after_a_restart_of_bluetoothd),
	};

	return rig_run_tests(tests, start, finish);
}
