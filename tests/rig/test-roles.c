/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * WirePlumber's role-based policy on: a call goes where the rules say, and where a mixer moves it, comes to
 * rest there, and leaves nothing behind. Music is held back meanwhile.
 *
 *	test-roles [SECONDS]	how long nothing is to change, in place of 1
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
#define MICROPHONE_HZ 440.0
#define LIMIT_MS 20000
/** The daemon asks a session manager again for a link after a second. */
#define SETTLED_MS 1500

static unsigned int quiet_ms = 1000;

struct fixture {
	struct rig *rig;
	struct phone *phone;
	struct rig_sound *music;
	bool endpoints; /* the roles are WirePlumber 0.4's endpoints */
};

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static struct fixture f;
	struct view *view;

	*state = &f;
	if (rig_new(&(struct rig_options){ .roles = true }, &f.rig) < 0)
		return -1;
	view = rig_view(f.rig);
	if (phone_new(f.rig, &f.phone) < 0 || rig_headset_add(f.rig, &headset, NULL) < 0 ||
	    rig_headset_connect(f.rig, HEADSET) < 0 ||
	    !rig_wait(f.rig, LIMIT_MS, view_profile_is(view, HEADSET, "a2dp*")) ||
	    !rig_wait(f.rig, LIMIT_MS,
		      view_node(view, "input.rig.role.call") ||
			      view_node(view, "control.endpoint.communication")) ||
	    rig_sound_new(f.rig,
			  (const char *const[]){ "--play", "700", "--role", "Music", "--name",
						 "rig-music", NULL },
			  &f.music) < 0) {
		rig_dump(f.rig);
		return -1;
	}
	f.endpoints = view_node(view, "control.endpoint.communication") != 0;
	sound_tone(headset_sound(rig_headset(f.rig, HEADSET)), MICROPHONE_HZ);
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->music = rig_sound_free(f->music);
	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

/* ---- what is looked at ------------------------------------------------------------------------------ */

static bool is_at(struct fixture *f, struct phone_call *call, const char *sink, const char *source)
{
	const struct view *view = rig_view(f->rig);
	pid_t process = rig_sound_pid(phone_call_sound(call));

	return view_linked(view, view_stream(view, process, false), sink) &&
	       view_linked(view, view_stream(view, process, true), source);
}

static bool is_at_the_headset(struct fixture *f, struct phone_call *call)
{
	return is_at(f, call, "bluez_output.*", "bluez_input.*");
}

static bool music_plays(struct fixture *f)
{
	const struct view *view = rig_view(f->rig);

	return view_peer(view, view_stream(view, rig_sound_pid(f->music), false))[0] != '\0';
}

static void expect_rest(struct fixture *f)
{
	struct rig *rig = f->rig;
	unsigned int before;

	(void)rig_wait(rig, SETTLED_MS, false);
	before = view_changes(rig_view(rig));
	expect(!rig_wait(rig, quiet_ms, view_changes(rig_view(rig)) != before));
}

static bool saved_anything(struct fixture *f, const char *text)
{
	static const char *const names[] = { "default-profile", "default-nodes", "restore-stream" };
	char path[512], all[16384];
	bool found = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/home/.local/state/wireplumber/%s",
			       rig_directory(f->rig), names[i]);
		FILE *file = fopen(path, "re");
		if (!file)
			continue;
		size_t n = fread(all, 1, sizeof(all) - 1, file);
		all[n] = '\0';
		(void)fclose(file);
		found = found || strstr(all, text);
	}
	return found;
}

/* ---- tests ------------------------------------------------------------------------------------------ */

static void test_a_call_follows_the_rules_beside_roles(void **state)
{
	const struct phone_call_options options = { .managed = true,
						    .incoming = true,
						    .party = "+4930123456" };
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct view *view = rig_view(rig);
	struct phone_call *call;

	expect(rig_wait(rig, LIMIT_MS, music_plays(f)));
	assert_null(phone_call(f->phone, &options, &call));
	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	expect(rig_wait(rig, LIMIT_MS, is_at(f, call, RIG_EARPIECE, RIG_MICROPHONE)));
	expect(rig_sound_hears(rig, phone_call_sound(call), RIG_MICROPHONE_HZ, LIMIT_MS));
	expect_rest(f);
	expect(!f->endpoints || !music_plays(f));

	assert_null(phone_set_route(f->phone, "speaker"));
	expect(rig_wait(rig, LIMIT_MS, is_at(f, call, RIG_LOUDSPEAKER, RIG_MICROPHONE)));

	assert_null(phone_set_route(f->phone, ROUTE));
	expect(rig_wait(rig, LIMIT_MS, is_at_the_headset(f, call)));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));
	expect(rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS));
	expect_rest(f);
	expect(is_at_the_headset(f, call));

	assert_int_equal(view_move(view,
				   view_stream(view, rig_sound_pid(phone_call_sound(call)), false),
				   RIG_LOUDSPEAKER),
			 0);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "speaker", "X9")));
	expect(rig_wait(rig, LIMIT_MS, is_at(f, call, RIG_LOUDSPEAKER, RIG_MICROPHONE)));
	expect_rest(f);

	assert_null(phone_ask_with(f->phone, call, "SetState", "ended"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	expect(rig_wait(rig, LIMIT_MS, music_plays(f)));
	expect_rest(f);
	expect(music_plays(f));
	expect(view_profile_is(view, HEADSET, "a2dp-sink*"));
	expect(view_notes(view, "callroute.") == 0);
	expect(view_notes(view, "target.object") == 0);
	expect(!saved_anything(f, "headset-head-unit"));
	expect(!saved_anything(f, "=" RIG_EARPIECE));
	expect(!saved_anything(f, "target=bluez"));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_call_follows_the_rules_beside_roles),
	};

	if (argc > 1)
		quiet_ms = 1000u * (unsigned int)strtoul(argv[1], NULL, 10);
	return rig_run_tests(tests, start, finish);
}
