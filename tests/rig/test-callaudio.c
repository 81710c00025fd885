/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * callaudiod's own client, callaudiocli with libcallaudio, finds callrouted where callaudiod would be:
 * its modes, speaker and mute are a call, picks and mute, on the headset and in the graph.
 */
#include "phone.h"

#include "process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define LIMIT_MS 30000

struct fixture {
	struct rig *rig;
	struct phone *phone;
	bool ended;
	int status;
	char printed[1024];
};

static void on_line(void *data, const char *line)
{
	struct fixture *f = data;
	size_t n = strlen(f->printed);

	(void)snprintf(f->printed + n, sizeof(f->printed) - n, "%s\n", line);
}

static void on_ended(void *data, int status)
{
	struct fixture *f = data;

	f->ended = true;
	f->status = status;
}

/* It prints what came of it, and ends, which it does only when it was answered. */
static const char *callaudiocli(struct fixture *f, const char *option, const char *value)
{
	static const struct process_events events = { .line = on_line, .ended = on_ended };
	struct process *process;

	f->ended = false;
	f->printed[0] = '\0';
	assert_int_equal(process_new(rig_loop(f->rig),
				     (const char *const[]){ "callaudiocli", option, value, NULL },
				     rig_log(f->rig, "callaudiocli"), &events, f, &process),
			 0);
	assert_true(rig_wait(f->rig, LIMIT_MS, f->ended));
	process = process_free(process);
	assert_true(WIFEXITED(f->status));
	assert_int_equal(WEXITSTATUS(f->status), 0);
	return f->printed;
}

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
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

	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

static bool status_is(struct fixture *f, const char *mode, const char *speaker, const char *mic)
{
	char expected[256];

	(void)snprintf(expected, sizeof(expected),
		       "Selected mode: CALL_AUDIO_MODE_%s\nSpeaker enabled: CALL_AUDIO_SPEAKER_%s\n"
		       "Mic muted: CALL_AUDIO_MIC_%s\n",
		       mode, speaker, mic);
	return strcmp(callaudiocli(f, "-S", NULL), expected) == 0;
}

/* A dialler that knows callaudiod, in a call with sound. */
static struct rig_sound *dial(struct fixture *f)
{
	struct rig_sound *dialler;

	assert_int_equal(rig_sound_new(f->rig,
				       (const char *const[]){ "--callaudio", "--play", "1000",
							      "--capture", NULL },
				       &dialler),
			 0);
	return dialler;
}

static void test_v2_a_dialler_in_voice_call_mode_sounds_on_the_headset(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct rig_sound *dialler;

	expect(status_is(f, "DEFAULT", "OFF", "ON"));
	dialler = dial(f);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "V2")));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 1", LIMIT_MS));
	expect(rig_headset_hears(rig, HEADSET, 1000, LIMIT_MS));
	sound_tone(headset_sound(rig_headset(rig, HEADSET)), 440);
	expect(rig_sound_hears(rig, dialler, 440, LIMIT_MS));
	expect(status_is(f, "CALL", "OFF", "ON"));
	dialler = rig_sound_free(dialler);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 0", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), HEADSET, "a2dp*")));
	expect(status_is(f, "DEFAULT", "OFF", "ON"));
}

static void test_v3_speaker_and_mute_of_callaudiocli(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct rig_sound *dialler = dial(f), *ear;

	assert_int_equal(rig_sound_at(rig, RIG_LOUDSPEAKER, &ear), 0);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "V1")));
	expect(rig_headset_hears(rig, HEADSET, 1000, LIMIT_MS));
	(void)callaudiocli(f, "-s", "1");
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "speaker", "V3")));
	expect(rig_sound_hears(rig, ear, 1000, LIMIT_MS));
	expect(status_is(f, "CALL", "ON", "ON"));
	(void)callaudiocli(f, "-u", "1");
	expect(rig_wait(rig, LIMIT_MS, phone_sees_muted(f->phone)));
	expect(status_is(f, "CALL", "ON", "OFF"));
	(void)callaudiocli(f, "-u", "0");
	(void)callaudiocli(f, "-s", "0");
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "V3")));
	expect(rig_headset_hears(rig, HEADSET, 1000, LIMIT_MS));
	expect(status_is(f, "CALL", "OFF", "ON"));
	(void)callaudiocli(f, "-m", "0");
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	dialler = rig_sound_free(dialler);
	ear = rig_sound_free(ear);
}

/* A shell selects the mode for a call that a softphone has registered. */
static void test_p2_the_mode_of_a_known_call_is_no_second_call(void **state)
{
	static const struct phone_call_options options = { .managed = true, .incoming = true };
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	rig_headset_forget_lines(rig, HEADSET);
	assert_null(phone_call(f->phone, &options, &call));
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	(void)callaudiocli(f, "-m", "1");
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_headset_wait(rig, HEADSET, "> AT+CHUP", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 0", LIMIT_MS));
	(void)callaudiocli(f, "-m", "0");
	expect(status_is(f, "DEFAULT", "OFF", "ON"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v2_a_dialler_in_voice_call_mode_sounds_on_the_headset),
		cmocka_unit_test(test_v3_speaker_and_mute_of_callaudiocli),
		cmocka_unit_test(test_p2_the_mode_of_a_known_call_is_no_second_call),
	};

	return rig_run_tests(tests, start, finish);
}
