/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * X9: in the middle of a call another program sets a card's profile or port. What it chose is the call's
 * route; what a session manager does by itself is not.
 */
#include "fake-card.h"
#include "phone.h"

#include <pipewire/pipewire.h>
#include <spa/param/param.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define MICROPHONE_HZ 440.0
#define LIMIT_MS 15000
/** Nothing of ours, and nothing of WirePlumber's, is that late. */
#define QUIET_MS 1500
/** Longer than a session manager takes to act upon something; see daemon/pipewire/picks.c. */
#define CAUSES_OVER_MS 5500
/** From the end of a recording to a session manager's switching back. */
#define SWITCHES_MS 2000

enum { SPEAKER, EARPIECE, DIGITAL, MICROPHONE };

static const struct fake_profile profiles[] = { { "off", 0 }, { "HiFi", 100 } };
static const struct fake_route routes[] = {
	[SPEAKER] = { "[Out] Speaker", "speaker", false, 0, SPA_PARAM_AVAILABILITY_unknown },
	[EARPIECE] = { "[Out] Earpiece", "earpiece", false, 0, SPA_PARAM_AVAILABILITY_unknown },
	[DIGITAL] = { "[Out] HDMI", "hdmi", false, 0, SPA_PARAM_AVAILABILITY_unknown,
		      .priority = 10 },
	[MICROPHONE] = { "[In] Mic", "mic", true, 1, SPA_PARAM_AVAILABILITY_unknown },
};
static const struct fake_card_options sound_card = {
	.name = "alsa_card.rig",
	.profiles = profiles,
	.n_profiles = SPA_N_ELEMENTS(profiles),
	.routes = routes,
	.n_routes = SPA_N_ELEMENTS(routes),
};

struct fixture {
	struct rig *rig;
	struct phone *phone;
	struct fake_card *card;
};

/* Each test has a machine of its own: what a mixer chose is remembered, for the headset's next connection. */
static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static struct fixture f;

	f = (struct fixture){ 0 };
	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	if (rig_headset_add(f.rig, &headset, NULL) < 0 || phone_new(f.rig, &f.phone) < 0 ||
	    rig_headset_connect(f.rig, HEADSET) < 0 ||
	    !rig_wait(f.rig, LIMIT_MS, view_profile_is(rig_view(f.rig), HEADSET, "a2dp*"))) {
		rig_dump(f.rig);
		return -1;
	}
	sound_tone(headset_sound(rig_headset(f.rig, HEADSET)), MICROPHONE_HZ);
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->card = fake_card_free(f->card);
	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

/* ---- what several tests do ------------------------------------------------------------------------ */

static struct phone_call *ring(struct fixture *f)
{
	const struct phone_call_options options = { .managed = true,
						    .incoming = true,
						    .party = "+4930123456" };
	struct phone_call *call;

	assert_null(phone_call(f->phone, &options, &call));
	return call;
}

static struct phone_call *answer_there(struct fixture *f)
{
	struct rig *rig = f->rig;
	struct phone_call *call;

	rig_headset_forget_lines(rig, HEADSET);
	call = ring(f);
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));
	return call;
}

static struct phone_call *answer_here(struct fixture *f)
{
	struct rig *rig = f->rig;
	struct phone_call *call = ring(f);

	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	return call;
}

static void end(struct fixture *f, struct phone_call *call)
{
	struct rig *rig = f->rig;

	assert_null(phone_ask_with(f->phone, call, "SetState", "ended"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
}

static bool profile_is(const struct fixture *f, const char *profile)
{
	return view_profile_is(rig_view(f->rig), HEADSET, profile);
}

/* Headset mode comes to a card some time after the card. */
static void choose_profile(struct fixture *f, const char *profile, bool saved)
{
	struct rig *rig = f->rig;

	expect(rig_wait(rig, LIMIT_MS, !view_set_profile(rig_view(rig), HEADSET, profile, saved)));
}

static void let_pass(struct fixture *f, unsigned int ms)
{
	(void)rig_wait(f->rig, ms, false);
}

/* Taken as the user's pick, kept, and the headset stays as it was chosen. */
static void expect_call_here(struct fixture *f, struct phone_call *call, const char *profile)
{
	struct rig *rig = f->rig;

	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "X9")));
	expect(rig_sound_hears(rig, phone_call_sound(call), RIG_MICROPHONE_HZ, LIMIT_MS));
	expect(!rig_wait(rig, QUIET_MS, !profile_is(f, profile)));
	expect(phone_sees_route(f->phone, "handset", "X9"));
	assert_string_equal(phone_sees(f->phone, "DefaultRoute"), "handset");
}

/* ---- profiles --------------------------------------------------------------------------------------- */

static void test_x9_a_headset_set_to_music_leaves_the_call_to_the_handset(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call = answer_there(f);

	choose_profile(f, "a2dp-sink*", true);
	expect_call_here(f, call, "a2dp-sink*");
	/* and may be picked again */
	assert_null(phone_set_route(f->phone, ROUTE));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));
	end(f, call);
	expect(rig_wait(rig, LIMIT_MS, profile_is(f, "a2dp-sink*")));
}

static void test_x9_a_machine_without_an_earpiece_takes_the_call_to_its_speaker(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	assert_int_equal(rig_earpiece(rig, false), 0);
	call = answer_there(f);
	choose_profile(f, "a2dp-sink*", true);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "speaker", "X9")));
	expect(rig_sound_hears(rig, phone_call_sound(call), RIG_MICROPHONE_HZ, LIMIT_MS));
	expect(profile_is(f, "a2dp-sink*"));
	end(f, call);
}

static void test_x9_a_headset_that_is_switched_off_stays_off(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call = answer_there(f);

	choose_profile(f, "off", true);
	expect_call_here(f, call, "off");
	end(f, call);
	expect(!rig_wait(rig, QUIET_MS, !profile_is(f, "off")));
	choose_profile(f, "a2dp-sink*", true);
	expect(rig_wait(rig, LIMIT_MS, profile_is(f, "a2dp-sink*")));
}

static void test_x9_a_headset_set_to_headset_mode_takes_the_call(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call = answer_here(f);

	choose_profile(f, "headset-head-unit*", true);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "X9")));
	expect(rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));
	assert_string_equal(phone_sees(f->phone, "DefaultRoute"), ROUTE);
	end(f, call);
	choose_profile(f, "a2dp-sink*", true);
	expect(rig_wait(rig, LIMIT_MS, profile_is(f, "a2dp-sink*")));
}

/* As wpctl does it: nothing says that it is to be remembered, and nothing else explains it. */
static void test_x9_a_profile_that_nothing_explains_was_chosen(void **state)
{
	struct fixture *f = *state;
	struct phone_call *call = answer_there(f);

	let_pass(f, CAUSES_OVER_MS);
	choose_profile(f, "a2dp-sink*", false);
	expect_call_here(f, call, "a2dp-sink*");
	end(f, call);
}

static bool records(struct fixture *f, const struct rig_sound *recorder)
{
	return view_stream(rig_view(f->rig), rig_sound_pid(recorder), true) != 0;
}

/* Another program has recorded something, as long ago as a session manager waits that switches profiles. */
static void record_something(struct fixture *f)
{
	struct rig *rig = f->rig;
	struct rig_sound *recorder;
	pid_t pid;

	assert_int_equal(rig_sound_at(rig, RIG_LOUDSPEAKER, &recorder), 0);
	expect(rig_wait(rig, LIMIT_MS, records(f, recorder)));
	pid = rig_sound_pid(recorder);
	(void)rig_sound_free(recorder);
	expect(rig_wait(rig, LIMIT_MS, !view_stream(rig_view(rig), pid, true)));
	let_pass(f, SWITCHES_MS);
}

/* As a session manager does that switches profiles by itself, at the beginning and end of recordings. */
static void test_x9_what_follows_a_recording_is_the_session_managers(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call = answer_there(f);

	record_something(f);
	choose_profile(f, "a2dp-sink*", false);
	expect(rig_wait(rig, LIMIT_MS, profile_is(f, "a2dp-sink*")));
	expect(rig_wait(rig, LIMIT_MS, profile_is(f, "headset-head-unit*")));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));
	expect(phone_sees_route(f->phone, ROUTE, "P2"));
	end(f, call);

	call = answer_here(f);
	choose_profile(f, "headset-head-unit*", false);
	expect(rig_wait(rig, LIMIT_MS, profile_is(f, "headset-head-unit*")));
	expect(!rig_wait(rig, QUIET_MS, !phone_sees_route(f->phone, "handset", "P1")));
	end(f, call);
}

/* ---- ports ------------------------------------------------------------------------------------------ */

static bool card_is_there(const struct fixture *f)
{
	return fake_card_id(f->card) != SPA_ID_INVALID;
}

static bool port_is(const struct fixture *f, uint32_t port)
{
	return fake_card_route(f->card, 0) == port;
}

/* Earpiece and loudspeaker are ports of one card's sink, which is the best of the machine. */
static void add_sound_card(struct fixture *f)
{
	static const char sink[] =
		"{ callroute.endpoint = \"handset,speaker\", priority.session = 3000 }";
	struct rig *rig = f->rig;

	f->card = fake_card_new(rig_loop(rig), &sound_card);
	assert_non_null(f->card);
	expect(rig_wait(rig, LIMIT_MS, card_is_there(f)));
	fake_card_add_node(f->card, "rig.card", false, 0, sink);
	expect(rig_wait(rig, LIMIT_MS, view_node(rig_view(rig), "rig.card")));
	/* the session manager chooses the ports of a new card */
	let_pass(f, CAUSES_OVER_MS);
}

static void test_x9_a_port_that_is_chosen_is_the_route(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	add_sound_card(f);
	call = answer_here(f);
	expect(rig_wait(rig, LIMIT_MS, port_is(f, EARPIECE)));
	/* WirePlumber sets each new port once more */
	expect(!rig_wait(rig, QUIET_MS, !port_is(f, EARPIECE)));
	fake_card_choose_route(f->card, SPEAKER);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "speaker", "X9")));
	expect(!rig_wait(rig, QUIET_MS, !port_is(f, SPEAKER)));
	assert_string_equal(phone_sees(f->phone, "DefaultRoute"), "speaker");
	fake_card_choose_route(f->card, EARPIECE);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "X9")));
	expect(!rig_wait(rig, QUIET_MS, !port_is(f, EARPIECE)));

	/* nowhere that is known: it stays, until the next event */
	fake_card_choose_route(f->card, DIGITAL);
	expect(!rig_wait(rig, QUIET_MS, !port_is(f, DIGITAL)));
	expect(phone_sees_route(f->phone, "handset", "X9"));
	assert_null(phone_set_route(f->phone, "handset"));
	expect(rig_wait(rig, LIMIT_MS, port_is(f, EARPIECE)));
	end(f, call);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_x9_a_headset_set_to_music_leaves_the_call_to_the_handset),
		TEST(test_x9_a_machine_without_an_earpiece_takes_the_call_to_its_speaker),
		TEST(test_x9_a_headset_that_is_switched_off_stays_off),
		TEST(test_x9_a_headset_set_to_headset_mode_takes_the_call),
		TEST(test_x9_a_profile_that_nothing_explains_was_chosen),
		TEST(test_x9_what_follows_a_recording_is_the_session_managers),
		TEST(test_x9_a_port_that_is_chosen_is_the_route),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return rig_run_tests(tests, NULL, NULL);
}
