/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Whoever the daemon lives with, or the daemon itself, dies at a random moment of a call, and is started
 * again, many times over: the call keeps its route, and has its sound there again; nothing rings twice;
 * and after it all is as before it.
 *
 *	test-heal-many [--count N] [--seed N] [--only NAME]
 *
 * The seed is printed, and a new one each time. Sound is not expected again of a call in which
 * WirePlumber 0.4 died, nor of music then, since it may wait for ever for the ports of a stream that its
 * predecessor linked; of the next call it is.
 */
#include "phone.h"

#include <getopt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define LIMIT_MS 15000
/** From the last restart to the right sound. */
#define HEAL_MS 2000
#define MICROPHONE_HZ 500.0
#define COUNT 15u

enum stage { RINGING, ANSWERED, ACTIVE, ENDING, STAGES };
enum victim { DAEMON, PIPEWIRE, WIREPLUMBER, BLUETOOTHD, SYSTEM_BUS, VICTIMS };

static const char *const stages[STAGES] = { "ringing", "answered", "active", "ending" };
static const char *const victims[VICTIMS] = { "callrouted", "pipewire", "wireplumber", "bluetoothd",
					      "system-bus" };
/* How long each stage is, so that all of it is met. */
static const unsigned int longest_ms[STAGES] = { 300, 150, 300, 150 };

struct fixture {
	struct rig *rig;
	struct phone *phone;
	struct rig_sound *bystander; /* music, of which nothing is a call's */
	struct phone_call *call;
	unsigned int crashes; /* of WirePlumber by itself, that were seen */
};

static unsigned int count = COUNT;
static unsigned int seed;
static int only = -1;

/* At the headset, too, while that is the default: so soft that the call is heard beside it. */
static int play_music(struct fixture *f)
{
	f->bystander = rig_sound_free(f->bystander);
	return rig_sound_new(f->rig,
			     (const char *const[]){ "--play", "700", "--level", "-60", "--role",
						    "Music", "--name", "bystander", NULL },
			     &f->bystander);
}

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

	if (rig_new(&(struct rig_options){ .store = true }, &f.rig) < 0)
		return -1;
	*state = &f;
	if (phone_new(f.rig, &f.phone) < 0 || rig_headset_add(f.rig, &headset, NULL) < 0 ||
	    rig_headset_connect(f.rig, HEADSET) < 0 || play_music(&f) < 0) {
		rig_dump(f.rig);
		return -1;
	}
	sound_tone(headset_sound(rig_headset(f.rig, HEADSET)), MICROPHONE_HZ);
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->bystander = rig_sound_free(f->bystander);
	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

/* ---- who dies ---------------------------------------------------------------------------------------- */

/* A softphone tells a daemon that is new what calls it has (docs/softphone.md). */
static void tell_again(struct fixture *f, enum stage stage)
{
	struct phone_call_options options = { .managed = true,
					      .incoming = true,
					      .active = stage != RINGING };

	if (stage != ENDING)
		assert_null(phone_call(f->phone, &options, &f->call));
}

static void restart(struct fixture *f, enum victim victim, enum stage stage)
{
	struct rig *rig = f->rig;

	switch (victim) {
	case DAEMON:
		rig_daemon_stop(rig, SIGKILL);
		expect(rig_daemon_start(rig) == 0);
		tell_again(f, stage);
		break;
	case PIPEWIRE:
		expect(rig_pipewire_crash(rig) == 0);
		break;
	case WIREPLUMBER:
		rig_wireplumber_crash(rig);
		expect(rig_wait(rig, LIMIT_MS, !view_session(rig_view(rig))));
		expect(rig_wait(rig, LIMIT_MS, view_session(rig_view(rig))));
		break;
	case BLUETOOTHD:
		stand_in_stop(rig_stand_in(rig));
		expect(rig_wait(rig, LIMIT_MS, !view_profile(rig_view(rig), HEADSET)[0]));
		expect(stand_in_start(rig_stand_in(rig)) == 0);
		break;
	case SYSTEM_BUS:
		expect(rig_system_bus_crash(rig) == 0);
		break;
	case VICTIMS:
		break;
	}
	expect(rig_wait(rig, HEAL_MS,
			stand_in_served(rig_stand_in(rig), false) &&
				stand_in_served(rig_stand_in(rig), true)));
	expect(rig_wait(rig, LIMIT_MS, view_profile(rig_view(rig), HEADSET)[0]));
	/* as with the call's sound */
	if (victim == WIREPLUMBER || victim == SYSTEM_BUS)
		assert_int_equal(play_music(f), 0);
}

/* ---- a call ------------------------------------------------------------------------------------------ */

static void ring(struct fixture *f)
{
	const struct phone_call_options options = { .managed = true,
						    .incoming = true,
						    .party = "+4930123456" };
	struct rig *rig = f->rig;

	rig_headset_forget_lines(rig, HEADSET);
	assert_null(phone_call(f->phone, &options, &f->call));
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	expect(rig_wait(
		rig, LIMIT_MS,
		view_stream(rig_view(rig), rig_sound_pid(phone_call_sound(f->call)), true)));
}

/* Until the headset is told of the call. A daemon that dies between OK and that has not decided yet, and the
 * next one takes a call that goes on for one that was answered on this machine. */
static void answer(struct fixture *f)
{
	struct rig *rig = f->rig;

	rig_headset_forget_lines(rig, HEADSET);
	headset_send(rig_headset(rig, HEADSET), "ATA");
	expect(rig_headset_wait(rig, HEADSET, "< OK", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "< +CIEV: 2,1", LIMIT_MS));
	rig_headset_forget_lines(rig, HEADSET);
}

static void end(struct fixture *f)
{
	assert_null(phone_ask_with(f->phone, f->call, "SetState", "ended"));
}

static bool linked(struct fixture *f)
{
	const struct view *view = rig_view(f->rig);
	pid_t process = rig_sound_pid(phone_call_sound(f->call));

	return view_linked(view, view_stream(view, process, false), "bluez_output.*") &&
	       view_linked(view, view_stream(view, process, true), "bluez_input.*");
}

static bool sounds(struct fixture *f, unsigned int ms)
{
	struct rig *rig = f->rig;

	return rig_wait(rig, ms, phone_sees_route(f->phone, ROUTE, NULL) && linked(f)) &&
	       rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS) &&
	       rig_sound_hears(rig, phone_call_sound(f->call), MICROPHONE_HZ, LIMIT_MS);
}

/* WirePlumber's own crashes are not ours: its Bluetooth plugin of 0.3.65 may have one when a sound link or
 * a card goes away under it. Then it is as if this round had chosen it. */
static bool crashed(struct fixture *f)
{
	struct rig *rig = f->rig;

	if (rig_wireplumber_crashes(rig) == f->crashes)
		return false;
	f->crashes = rig_wireplumber_crashes(rig);
	print_message("   WirePlumber has crashed of itself\n");
	expect(rig_wait(rig, LIMIT_MS,
			view_session(rig_view(rig)) && view_profile(rig_view(rig), HEADSET)[0]));
	assert_int_equal(play_music(f), 0);
	return true;
}

static void expect_sound(struct fixture *f, unsigned int ms)
{
	struct rig *rig = f->rig;
	uint64_t begun_ms = rig_now_ms();

	if (crashed(f))
		return;
	if (!sounds(f, ms) && !crashed(f)) {
		bool later = sounds(f, LIMIT_MS);

		print_message("   %s\n", later ? "healed too late" : "not healed");
		expect(!"the call has its sound in time");
	}
	if (ms == HEAL_MS)
		print_message("   heard after %u ms\n", (unsigned int)(rig_now_ms() - begun_ms));
}

/* In A2DP, and the music is somewhere. */
static bool given_back(struct fixture *f)
{
	struct rig *rig = f->rig;
	pid_t process = rig_sound_pid(f->bystander);

	return rig_wait(rig, HEAL_MS,
			view_profile_is(rig_view(rig), HEADSET, "a2dp*") &&
				view_linked(rig_view(rig),
					    view_stream(rig_view(rig), process, false), "*"));
}

static void expect_given_back(struct fixture *f)
{
	struct rig *rig = f->rig;

	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	if (!given_back(f) && crashed(f))
		expect(rig_wait(rig, LIMIT_MS, given_back(f)));
	expect(given_back(f));
	expect(!rig_headset_wait(rig, HEADSET, "< RING", 0));
}

static void next_call(struct fixture *f)
{
	ring(f);
	answer(f);
	expect_sound(f, LIMIT_MS);
	end(f);
	expect_given_back(f);
}

/* @ms into the stage; what everybody is about then is up to chance. */
static void one_round(struct fixture *f, enum victim victim, enum stage at, unsigned int ms)
{
	struct rig *rig = f->rig;

	/* a softphone of its own for each */
	f->phone = phone_free(f->phone);
	assert_int_equal(phone_new(rig, &f->phone), 0);
	ring(f);
	for (enum stage stage = RINGING; stage < STAGES; stage++) {
		if (stage == ANSWERED)
			answer(f);
		else if (stage == ACTIVE && at >= ACTIVE)
			expect_sound(f, LIMIT_MS);
		else if (stage == ENDING)
			end(f);
		if (stage != at)
			continue;
		(void)rig_wait(rig, ms, false);
		restart(f, victim, stage);
		if (stage != RINGING && stage != ENDING && victim != WIREPLUMBER &&
		    victim != SYSTEM_BUS)
			expect_sound(f, HEAL_MS);
	}
	expect_given_back(f);
	next_call(f);
}

static void test_who_dies_at_any_moment_of_a_call_is_healed(void **state)
{
	struct fixture *f = *state;
	unsigned int random = seed;

	print_message("seed %u, %u restarts\n", seed, count);
	for (unsigned int i = 0; i < count; i++) {
		enum victim victim = (enum victim)(rand_r(&random) % VICTIMS);
		enum stage stage = (enum stage)(rand_r(&random) % STAGES);
		unsigned int ms = (unsigned int)rand_r(&random) % longest_ms[stage];

		if (only >= 0)
			victim = (enum victim)only;
		print_message("%u: %s dies %u ms into %s\n", i, victims[victim], ms, stages[stage]);
		one_round(f, victim, stage, ms);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ "only", required_argument, NULL, 'o' },
		{ 0 },
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_dies_at_any_moment_of_a_call_is_healed),
	};
	int option;

	seed = (unsigned int)time(NULL);
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'c')
			count = (unsigned int)strtoul(optarg, NULL, 10);
		else if (option == 's')
			seed = (unsigned int)strtoul(optarg, NULL, 10);
		for (int i = 0; option == 'o' && i < VICTIMS; i++) {
			if (strcmp(victims[i], optarg) == 0)
				only = i;
		}
	}
	return cmocka_run_group_tests(tests, start, finish);
}
