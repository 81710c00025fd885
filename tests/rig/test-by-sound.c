/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Calls of programs that tell nobody of them, by their streams alone; and programs that record, or play,
 * or both, and are in no call. Each has the properties that the real one of its name sets.
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

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define MICROPHONE_HZ 440.0
#define LIMIT_MS 30000

static const char configuration[] =
	"programs = [\n"
	"  { match = { application.process.binary = chromium } calls = true }\n"
	"  { match = { application.name = Intercom } calls = false }\n"
	"]\n";

struct fixture {
	struct rig *rig;
	struct phone *phone; /* sees routes */
	struct process *pulse;
};

/** A program with sound through pipewire-pulse. */
struct program {
	struct process *process;
	unsigned int n_ready;
};

/* ---- set-up --------------------------------------------------------------------------------------- */

static int write_configuration(const struct rig *rig)
{
	return rig_write_file(rig, "home/.config/callroute", "callroute.conf", "%s", configuration);
}

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ .without_daemon = true }, &f.rig) < 0)
		return -1;
	if (write_configuration(f.rig) < 0 || rig_daemon_start(f.rig) < 0 ||
	    phone_new(f.rig, &f.phone) < 0 || rig_headset_add(f.rig, &headset, NULL) < 0 ||
	    rig_pulse_new(f.rig, &f.pulse) < 0) {
		rig_dump(f.rig);
		return -1;
	}
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->pulse = process_free(f->pulse);
	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

/* ---- programs ------------------------------------------------------------------------------------- */

static void on_line(void *data, const char *line)
{
	struct program *program = data;

	program->n_ready += !strcmp(line, "ready");
}

/* @more: up to NULL. Waits until its streams are there. */
static void start_program(struct fixture *f, struct program *program, const char *const *more)
{
	static const struct process_events events = { .line = on_line };
	const char *argv[24] = { NULL };
	struct rig *rig = f->rig;
	char path[1024];
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "%s", rig_program("rig-pulse"));
	argv[n++] = path;
	for (; *more && n < 23; more++)
		argv[n++] = *more;
	*program = (struct program){ 0 };
	assert_int_equal(process_new(rig_loop(rig), argv, rig_log(rig, "pulse"), &events, program,
				     &program->process),
			 0);
	expect(rig_wait(rig, LIMIT_MS, program->n_ready == 1));
}

static void end_program(struct program *program)
{
	program->process = process_free(program->process);
}

#define PULSE(f, program, ...) start_program(f, program, (const char *const[]){ __VA_ARGS__, NULL })

static struct rig_sound *start_native(struct fixture *f, const char *const *arguments)
{
	struct rig *rig = f->rig;
	struct rig_sound *sound;

	assert_int_equal(rig_sound_new(rig, arguments, &sound), 0);
	return sound;
}

#define NATIVE(f, ...) start_native(f, (const char *const[]){ __VA_ARGS__, NULL })

static bool stream_is_linked(const struct fixture *f, const struct rig_sound *sound, bool capture)
{
	const struct view *view = rig_view(f->rig);

	return view_peer(view, view_stream(view, rig_sound_pid(sound), capture))[0] != '\0';
}

static bool route_is(const struct fixture *f, const char *route, const char *rule)
{
	return phone_sees_route(f->phone, route, rule);
}

static void connect_headset(struct fixture *f)
{
	struct rig *rig = f->rig;

	expect(rig_headset_connect(rig, HEADSET) == 0);
	sound_tone(headset_sound(rig_headset(rig, HEADSET)), MICROPHONE_HZ);
}

static void disconnect_headset(struct fixture *f)
{
	struct rig *rig = f->rig;

	rig_headset_disconnect(rig, HEADSET);
	expect(rig_wait(rig, LIMIT_MS, !view_profile(rig_view(rig), HEADSET)[0]));
}

/* A call of a program that says so begins later than whatever began to sound before it. */
static void expect_nothing_but_this_call(struct fixture *f)
{
	struct rig *rig = f->rig;
	struct rig_sound *last;

	assert_string_equal(phone_sees(f->phone, "Route"), "none");
	last = NATIVE(f, "--play", "1000", "--capture", "--role", "Communication", "--name",
		      "Last");
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "handset", "V6")));
	last = rig_sound_free(last);
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "none", NULL)));
}

/* ---- calls ---------------------------------------------------------------------------------------- */

static void test_v2_x10_a_softphone_on_pipewire_uses_the_headset(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct rig_sound *mumble;

	connect_headset(f);
	rig_headset_forget_lines(rig, HEADSET);
	mumble = NATIVE(f, "--play", "1000", "--capture", "--role", "Communication", "--name",
			"Mumble");
	expect(rig_wait(rig, LIMIT_MS, route_is(f, ROUTE, "V2")));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 1", LIMIT_MS));
	expect(view_profile_is(rig_view(rig), HEADSET, "headset-head-unit*"));
	expect(rig_headset_hears(rig, HEADSET, 1000.0, LIMIT_MS));
	expect(rig_sound_hears(rig, mumble, MICROPHONE_HZ, LIMIT_MS));
	mumble = rig_sound_free(mumble);
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "none", NULL)));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 0", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), HEADSET, "a2dp-sink*")));
	disconnect_headset(f);
}

/* Jami says it of its connection, Linphone by its desktop file: all streams have it. */
static void test_v6_a_softphone_on_pulseaudio_is_in_a_call_while_it_sounds(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct program jami;

	PULSE(f, &jami, "--capture", "Jami Record", "--play", "Jami Playback", "--property",
	      "media.role=phone", "--property", "application.name=Jami");
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "handset", "V6")));
	assert_null(phone_set_route(f->phone, "speaker"));
	/* it opens its streams anew: it is the same call, on the route that was picked */
	process_write(jami.process, "reopen");
	expect(rig_wait(rig, LIMIT_MS, jami.n_ready == 2));
	assert_null(phone_set_route(f->phone, "speaker"));
	expect(route_is(f, "speaker", "V3"));
	/* it keeps them, corked */
	process_write(jami.process, "cork");
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "none", NULL)));
	process_write(jami.process, "uncork");
	expect(rig_wait(rig, LIMIT_MS, !route_is(f, "none", NULL)));
	end_program(&jami);
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "none", NULL)));
}

static void test_a_browser_that_is_configured_is_in_a_call(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct program chromium;

	PULSE(f, &chromium, "--apart", "--capture", "RecordStream", "--play", "Playback",
	      "--property", "application.name=Chromium", "--property",
	      "application.process.binary=chromium");
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "handset", "V6")));
	end_program(&chromium);
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "none", NULL)));
}

/* Its processes have numbers of its own, so it goes by its name. */
static void test_a_program_in_a_sandbox_is_in_a_call(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct program boxed;

	connect_headset(f);
	PULSE(f, &boxed, "--capture", "in", "--play", "out", "--property", "media.role=phone",
	      "--property", "application.process.id=2", "--property",
	      "pipewire.access.portal.app_id=org.example.Talk");
	expect(rig_wait(rig, LIMIT_MS, route_is(f, ROUTE, "V2")));
	expect(rig_wait(rig, LIMIT_MS, sound_up(headset_sound(rig_headset(rig, HEADSET)))));
	end_program(&boxed);
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "none", NULL)));
	disconnect_headset(f);
}

static void test_a_call_that_is_registered_is_not_counted_twice(void **state)
{
	static const struct phone_call_options options = { .managed = true };
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;
	struct rig_sound *other;

	assert_null(phone_call(f->phone, &options, &call));
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "handset", "P6")));
	/* another program's call begins later than one by this one's streams would */
	expect(rig_wait(rig, LIMIT_MS,
			stream_is_linked(f, phone_call_sound(call), true) &&
				stream_is_linked(f, phone_call_sound(call), false)));
	other = NATIVE(f, "--play", "500", "--capture", "--role", "phone", "--name", "Other");
	expect(rig_wait(rig, LIMIT_MS, stream_is_linked(f, other, true)));
	assert_null(phone_ask(f->phone, call, "Hangup"));
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "handset", "V6")));
	other = rig_sound_free(other);
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "none", NULL)));
}

/* Whatever a program still plays after its call is none of its own. */
static void test_streams_that_outlive_their_call_are_no_call(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct rig_sound *sound =
		NATIVE(f, "--play", "500", "--capture", "--role", "Communication");
	struct phone_call_options options = { .active = true,
					      .silent = true,
					      .process = rig_sound_pid(sound) };
	struct phone_call *call;

	expect(rig_wait(rig, LIMIT_MS,
			view_stream(rig_view(rig), options.process, true) != 0 &&
				view_stream(rig_view(rig), options.process, false) != 0));
	/* it ends before its streams have lasted long enough to be believed */
	assert_null(phone_call(f->phone, &options, &call));
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "handset", "V6")));
	assert_null(phone_ask(f->phone, call, "Hangup"));
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "none", NULL)));
	expect_nothing_but_this_call(f);
	sound = rig_sound_free(sound);
}

static struct phone_call *answer_another(struct fixture *f)
{
	static const struct phone_call_options options = { .managed = true, .incoming = true };
	struct rig *rig = f->rig;
	struct phone_call *call;

	assert_null(phone_call(f->phone, &options, &call));
	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "handset", "P1")));
	return call;
}

static void hang_up(struct fixture *f, struct phone_call *call)
{
	assert_null(phone_ask_with(f->phone, call, "SetState", "ended"));
}

static struct rig_sound *start_mumble(struct fixture *f)
{
	return NATIVE(f, "--play", "700", "--capture", "--role", "Communication", "--name",
		      "Mumble");
}

/* It cannot be told, so it neither hears nor is heard for that time. */
static void test_i1_a_program_that_only_sounds_is_silent_while_held(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct rig_sound *mumble = start_mumble(f), *ear, *next;
	struct phone_call *call;

	assert_int_equal(rig_sound_at(rig, RIG_EARPIECE, &ear), 0);
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "handset", "V6")));
	expect(rig_sound_hears(rig, mumble, RIG_MICROPHONE_HZ, LIMIT_MS));
	expect(rig_sound_hears(rig, ear, 700.0, LIMIT_MS));
	call = answer_another(f);
	expect(rig_sound_hears(rig, mumble, 0.0, LIMIT_MS));
	expect(rig_sound_hears(rig, ear, PHONE_HZ, LIMIT_MS));
	expect(rig_sound_hears(rig, phone_call_sound(call), RIG_MICROPHONE_HZ, LIMIT_MS));
	hang_up(f, call);
	expect(rig_sound_hears(rig, mumble, RIG_MICROPHONE_HZ, LIMIT_MS));
	expect(rig_sound_hears(rig, ear, 700.0, LIMIT_MS));

	/* one that ends meanwhile leaves nothing to the next, not even to another program */
	call = answer_another(f);
	expect(rig_sound_hears(rig, mumble, 0.0, LIMIT_MS));
	mumble = rig_sound_free(mumble);
	hang_up(f, call);
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "none", NULL)));
	next = NATIVE(f, "--play", "500", "--capture", "--role", "Communication", "--name",
		      "Other");
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "handset", "V6")));
	expect(rig_sound_hears(rig, next, RIG_MICROPHONE_HZ, LIMIT_MS));
	expect(rig_sound_hears(rig, ear, 500.0, LIMIT_MS));
	next = rig_sound_free(next);
	ear = rig_sound_free(ear);
	expect(rig_wait(rig, LIMIT_MS, route_is(f, "none", NULL)));
}

/* ---- what is none --------------------------------------------------------------------------------- */

static void test_programs_that_record_or_play_are_in_no_call(void **state)
{
	enum { N = 10 };
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct program programs[N];
	size_t n = 0;
	struct rig_sound *recorder, *player, *studio, *screen, *dictation;
	static const struct process_events events;
	struct process *filter;

	/* a mixer: meters of what is played */
	PULSE(f, &programs[n++], "--meter", RIG_LOUDSPEAKER ".monitor", "--play", "Volume change",
	      "--property", "application.name=PulseAudio Volume Control", "--property",
	      "application.id=org.PulseAudio.pavucontrol", "--property", "media.role=phone");
	/* a studio: its microphone, what is played, and its own monitor */
	PULSE(f, &programs[n++], "--capture", "Mic/Aux", "--meter", RIG_LOUDSPEAKER ".monitor",
	      "--play", "Monitor", "--property", "application.name=OBS Studio", "--property",
	      "media.role=production");
	/* browsers, which say nothing: a conference looks like dictation with a film beside it */
	PULSE(f, &programs[n++], "--apart", "--capture", "RecordStream", "--play", "Playback",
	      "--property", "application.name=Google Chrome", "--property",
	      "application.process.binary=chrome");
	PULSE(f, &programs[n++], "--capture", "AudioStream", "--play", "AudioStream", "--property",
	      "application.name=Firefox");
	/* a voice assistant's satellite records with the role, and answers without */
	PULSE(f, &programs[n++], "--capture", "satellite", "--property", "media.role=phone");
	PULSE(f, &programs[n++], "--play", "satellite", "--property", "media.role=announce");
	/* a voice that is to duck the music */
	PULSE(f, &programs[n++], "--play", "tts", "--property", "media.role=phone");
	/* a softphone that keeps both open between its calls */
	PULSE(f, &programs[n++], "--corked", "--capture", "in", "--play", "out", "--property",
	      "media.role=phone");
	/* one that is configured to be none */
	PULSE(f, &programs[n++], "--capture", "in", "--play", "out", "--property",
	      "media.role=phone", "--property", "application.name=Intercom");
	/* a browser that is configured plays a film */
	PULSE(f, &programs[n++], "--apart", "--play", "Playback", "--property",
	      "application.process.binary=chromium");
	assert_int_equal(n, N);
	recorder = NATIVE(f, "--capture", "--role", "Production", "--name", "pw-record");
	player = NATIVE(f, "--play", "500", "--role", "Music", "--name", "player");
	studio =
		NATIVE(f, "--play", "600", "--capture", "--role", "Production", "--name", "studio");
	screen = NATIVE(f, "--monitor", "--play", "700", "--target", RIG_LOUDSPEAKER, "--role",
			"Communication", "--name", "screen-cast");
	dictation = NATIVE(f, "--capture", "--role", "Communication", "--name", "dictation");
	/* two streams of one process that belong together, as an echo canceller's do */
	assert_int_equal(
		process_new(rig_loop(rig),
			    (const char *const[]){ "pw-loopback", "--capture-props",
						   "media.role=Communication", "--playback-props",
						   "media.role=Communication", NULL },
			    rig_log(rig, "pw-loopback"), &events, NULL, &filter),
		0);
	expect(rig_wait(rig, LIMIT_MS, stream_is_linked(f, recorder, true)));
	expect(rig_wait(rig, LIMIT_MS, stream_is_linked(f, player, false)));
	expect(rig_wait(rig, LIMIT_MS, stream_is_linked(f, studio, true)));
	expect(rig_wait(rig, LIMIT_MS, stream_is_linked(f, studio, false)));
	expect(rig_wait(rig, LIMIT_MS, stream_is_linked(f, screen, true)));
	expect(rig_wait(rig, LIMIT_MS, stream_is_linked(f, dictation, true)));
	expect(rig_wait(rig, LIMIT_MS,
			view_stream(rig_view(rig), process_pid(filter), true) != 0 &&
				view_stream(rig_view(rig), process_pid(filter), false) != 0));
	expect_nothing_but_this_call(f);
	filter = process_free(filter);
	rig_sound_free(recorder);
	rig_sound_free(player);
	rig_sound_free(studio);
	rig_sound_free(screen);
	rig_sound_free(dictation);
	while (n > 0)
		end_program(&programs[--n]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v2_x10_a_softphone_on_pipewire_uses_the_headset),
		cmocka_unit_test(test_v6_a_softphone_on_pulseaudio_is_in_a_call_while_it_sounds),
		cmocka_unit_test(test_a_browser_that_is_configured_is_in_a_call),
		cmocka_unit_test(test_a_program_in_a_sandbox_is_in_a_call),
		cmocka_unit_test(test_a_call_that_is_registered_is_not_counted_twice),
		cmocka_unit_test(test_streams_that_outlive_their_call_are_no_call),
		cmocka_unit_test(test_i1_a_program_that_only_sounds_is_silent_while_held),
		cmocka_unit_test(test_programs_that_record_or_play_are_in_no_call),
	};

	cmocka_set_test_filter(getenv("CALLROUTE_TEST"));
	return rig_run_tests(tests, start, finish);
}
