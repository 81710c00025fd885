/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * baresip as the softphone of this machine, as it is, with ctrl_dbus and its way to PipeWire by ALSA: other
 * baresips call it. Answered by the headset or here, held, resumed, two at once; each with its sound.
 */
#include "phone.h"

#include "dbus/remote.h"
#include "process.h"
#include "tests/common/tone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define MICROPHONE_HZ 440.0
#define LATER_HZ 530.0 /* so that what a caller hears is of now */
#define LIMIT_MS 15000
#define RATE 8000u
#define MAX_CALLS 4
#define TEXT_SIZE 256

#define BARESIP "com.github.Baresip"
#define MODULES "module_path /usr/lib/baresip/modules\nmodule g711.so\n"

enum { FIRST, SECOND, N_CALLERS };

/** The other side of the world. */
static const struct {
	const char *folder, *number, *name;
	double hz;
} callers[N_CALLERS] = {
	[FIRST] = { "first", "+4930123", "Bob Example", 700.0 },
	[SECOND] = { "second", "+4930456", "Eve", 900.0 },
};

/** A Call1. */
struct seen {
	char path[TEXT_SIZE], party[TEXT_SIZE], state[32];
};

struct fixture {
	struct rig *rig;
	struct phone *phone; /* adds no calls, but sees routes */
	struct process *baresip;
	struct process *callers[N_CALLERS];
	struct bus *bus;
	struct bus_name_watch *watch;
	bool there;
	struct bus_remote *remote;
	struct seen calls[MAX_CALLS];
	unsigned int port; /* of the softphone; those of the callers follow */
};

/* ---- the calls, as everybody sees them ------------------------------------------------------------ */

static struct seen *find(struct fixture *f, const char *path)
{
	for (size_t i = 0; i < MAX_CALLS; i++) {
		if (!strcmp(f->calls[i].path, path))
			return &f->calls[i];
	}
	return NULL;
}

static int read_call(void *data, const char *key, DBusMessageIter *value)
{
	struct seen *call = data;
	const char *text;

	if (bus_read_basic(value, DBUS_TYPE_STRING, &text) < 0)
		return 0;
	if (!strcmp(key, "RemoteParty"))
		(void)snprintf(call->party, sizeof(call->party), "%s", text);
	else if (!strcmp(key, "State"))
		(void)snprintf(call->state, sizeof(call->state), "%s", text);
	return 0;
}

static void on_added(void *data, const char *path, const char *interface,
		     DBusMessageIter *properties)
{
	struct seen *call = find(data, "");

	if (strcmp(interface, "org.callroute.Call1") != 0)
		return;
	assert_non_null(call);
	(void)snprintf(call->path, sizeof(call->path), "%s", path);
	(void)bus_read_dict(properties, read_call, call);
}

static void on_changed(void *data, const char *path, const char *interface,
		       DBusMessageIter *properties)
{
	struct seen *call = find(data, path);

	if (call)
		(void)bus_read_dict(properties, read_call, call);
}

static void on_removed(void *data, const char *path, const char *interface)
{
	struct seen *call = find(data, path);

	if (call)
		*call = (struct seen){ 0 };
}

static const struct bus_remote_events remote_events = {
	.added = on_added,
	.changed = on_changed,
	.removed = on_removed,
};

static struct seen *call_of(struct fixture *f, unsigned int caller)
{
	for (size_t i = 0; i < MAX_CALLS; i++) {
		if (strstr(f->calls[i].party, callers[caller].number))
			return &f->calls[i];
	}
	return NULL;
}

static bool call_is(struct fixture *f, unsigned int caller, const char *state)
{
	const struct seen *call = call_of(f, caller);

	return call && !strcmp(call->state, state);
}

static bool no_calls(struct fixture *f)
{
	for (size_t i = 0; i < MAX_CALLS; i++) {
		if (f->calls[i].path[0])
			return false;
	}
	return true;
}

/* What another program on this machine asks for. */
static void ask(struct fixture *f, unsigned int caller, const char *method)
{
	const struct seen *call = call_of(f, caller);

	assert_non_null(call);
	assert_int_equal(bus_send(f->bus,
				  bus_message("org.callroute", call->path, "org.callroute.Call1",
					      method, DBUS_TYPE_INVALID),
				  -1, NULL, NULL, NULL),
			 0);
}

/* ---- the programs --------------------------------------------------------------------------------- */

static void on_baresip_ended(void *data, int status)
{
	fprintf(stderr, "baresip has ended, status 0x%x\n", (unsigned int)status);
	rig_note_crash(status);
}

static int start_program(struct fixture *f, const char *folder, const char *command,
			 struct process **ret)
{
	static const struct process_events events = { .ended = on_baresip_ended };
	char path[512];
	const char *argv[] = { "baresip", "-f", path, command ? "-e" : NULL, command, NULL };

	(void)snprintf(path, sizeof(path), "%s/%s", rig_directory(f->rig), folder);
	return process_new(rig_loop(f->rig), argv, rig_log(f->rig, folder), &events, f, ret);
}

static void on_owner(void *data, const char *name, const char *owner)
{
	((struct fixture *)data)->there = owner != NULL;
}

static int start_baresip(struct fixture *f)
{
	static const struct bus_events no_events;
	struct rig *rig = f->rig;

	assert_int_equal(
		rig_write_file(rig, "baresip", "config",
			       "sip_listen 127.0.0.1:%u\nnet_interface 127.0.0.1\naudio_source "
			       "alsa,default\n"
			       "audio_player alsa,default\naudio_alert alsa,default\nctrl_dbus_use "
			       "session\n" //
			       MODULES "module alsa.so\nmodule_app account.so\nmodule_app menu.so\n"
			       "module_app ctrl_dbus.so\n",
			       f->port),
		0);
	assert_int_equal(rig_write_file(rig, "baresip", "accounts",
					"<sip:alice@127.0.0.1:%u>;regint=0\n", f->port),
			 0);
	assert_int_equal(rig_write_file(rig, "baresip", "contacts", "\n"), 0);
	if (bus_open(rig_loop(rig), bus_session_address(), &no_events, f, &f->bus) < 0 ||
	    !rig_wait(rig, LIMIT_MS, bus_unique_name(f->bus) != NULL) ||
	    bus_watch_name(f->bus, BARESIP, on_owner, f, &f->watch) < 0 ||
	    bus_remote_new(f->bus, "org.callroute", "/org/callroute", 64, &remote_events, f,
			   &f->remote) < 0 ||
	    start_program(f, "baresip", NULL, &f->baresip) < 0)
		return -1;
	return rig_wait(rig, LIMIT_MS, f->there) ? 0 : -1;
}

/* What a caller hears, a file that is begun anew when it is held and when it is resumed. Static storage. */
static const char *heard(const struct fixture *f, unsigned int caller)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s/heard.wav", rig_directory(f->rig),
		       callers[caller].folder);
	return path;
}

/* It dials at once, plays its tone, and writes down what it hears. */
static void start_caller(struct fixture *f, unsigned int caller)
{
	const char *folder = callers[caller].folder;
	unsigned int port = f->port + 1 + caller;
	char dial[64];

	(void)unlink(heard(f, caller));
	assert_int_equal(
		rig_write_file(f->rig, folder, "config",
			       "sip_listen 127.0.0.1:%u\nnet_interface 127.0.0.1\naudio_source "
			       "ausine,%.0f\n"
			       "ausrc_srate 48000\nausrc_channels 2\naudio_player aufile,%s\n"
			       "audio_alert aubridge,alert\nringback_disabled yes\n" //
			       MODULES "module ausine.so\nmodule aubridge.so\nmodule aufile.so\n"
			       "module_app account.so\nmodule_app menu.so\n",
			       port, callers[caller].hz, heard(f, caller)),
		0);
	assert_int_equal(rig_write_file(f->rig, folder, "accounts",
					"\"%s\" <sip:%s@127.0.0.1:%u>;regint=0\n",
					callers[caller].name, callers[caller].number, port),
			 0);
	assert_int_equal(rig_write_file(f->rig, folder, "contacts", "\n"), 0);
	(void)snprintf(dial, sizeof(dial), "/dial sip:alice@127.0.0.1:%u", f->port);
	assert_int_equal(start_program(f, folder, dial, &f->callers[caller]), 0);
}

/* In the last half second; 0 Hz: silence. */
static bool caller_hears(struct fixture *f, unsigned int caller, double hz)
{
	int16_t samples[RATE / 2];
	struct tone_heard is;
	bool hears = false;
	FILE *file = fopen(heard(f, caller), "re");

	if (file && fseek(file, -(long)sizeof(samples), SEEK_END) == 0 &&
	    fread(samples, sizeof(samples), 1, file) == 1) {
		tone_analyse(samples, RATE / 2, RATE, &is);
		hears = hz > 0.0 ? tone_share(samples, RATE / 2, RATE, hz) > 0.8
				 : is.frequency_hz <= 0.0;
	}
	if (file)
		(void)fclose(file);
	return hears;
}

/* It writes the digits that it gets to its log; no two tests send the same. */
static bool caller_got_digit(struct fixture *f, unsigned int caller, char digit)
{
	FILE *file = fopen(rig_log(f->rig, callers[caller].folder), "re");
	char *line = NULL, text[32];
	size_t size = 0;
	bool got = false;

	(void)snprintf(text, sizeof(text), "DTMF event: '%c'", digit);
	while (file && !got && getline(&line, &size, file) >= 0)
		got = strstr(line, text) != NULL;
	free(line);
	if (file)
		(void)fclose(file);
	return got;
}

/* ---- set-up --------------------------------------------------------------------------------------- */

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static struct fixture f;

	*state = &f;
	f = (struct fixture){ 0 };
	f.port = 20000u + 4u * ((unsigned int)getpid() % 10000u);
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	if (phone_new(f.rig, &f.phone) < 0 || rig_headset_add(f.rig, &headset, NULL) < 0 ||
	    rig_headset_connect(f.rig, HEADSET) < 0 || start_baresip(&f) < 0) {
		rig_dump(f.rig);
		return -1;
	}
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->remote = bus_remote_free(f->remote);
	f->watch = bus_name_watch_free(f->watch);
	f->bus = bus_free(f->bus);
	f->baresip = process_free(f->baresip);
	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

static int start_test(void **state)
{
	struct fixture *f = *state;

	rig_headset_forget_lines(f->rig, HEADSET);
	return 0;
}

/* A caller that is ended hangs up. */
static int stop_test(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < N_CALLERS; i++)
		f->callers[i] = process_free(f->callers[i]);
	return rig_wait(f->rig, LIMIT_MS, no_calls(f)) ? 0 : -1;
}

/* ---- what several tests do ------------------------------------------------------------------------ */

static void line(struct fixture *f, const char *text)
{
	expect_line(f->rig, HEADSET, text, LIMIT_MS);
}

static void says(struct fixture *f, const char *command)
{
	char text[64];

	headset_send(rig_headset(f->rig, HEADSET), command);
	(void)snprintf(text, sizeof(text), "> %s", command);
	line(f, text);
	line(f, "< OK");
}

/* The headset's user and this caller hear each other, from now on. */
static void talks(struct fixture *f, unsigned int caller, double microphone_hz)
{
	struct rig *rig = f->rig;

	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_wait(rig, LIMIT_MS, sound_up(headset_sound(rig_headset(rig, HEADSET)))));
	sound_tone(headset_sound(rig_headset(rig, HEADSET)), microphone_hz);
	expect(rig_headset_hears(rig, HEADSET, callers[caller].hz, LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, caller_hears(f, caller, microphone_hz)));
}

static void first_is_answered_by_the_headset(struct fixture *f)
{
	struct rig *rig = f->rig;
	char clip[64];

	start_caller(f, FIRST);
	line(f, "< RING");
	(void)snprintf(clip, sizeof(clip), "< +CLIP: \"%s\",145,,,\"%s\"", callers[FIRST].number,
		       callers[FIRST].name);
	line(f, clip);
	headset_button(rig_headset(rig, HEADSET));
	line(f, "> ATA");
	line(f, "< OK");
	talks(f, FIRST, MICROPHONE_HZ);
	expect(call_is(f, FIRST, "active"));
}

static void the_button_hangs_up(struct fixture *f)
{
	struct rig *rig = f->rig;

	headset_button(rig_headset(rig, HEADSET));
	line(f, "> AT+CHUP");
	line(f, "indicator call 0");
	expect(rig_wait(rig, LIMIT_MS, no_calls(f)));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), HEADSET, "a2dp*")));
}

/* ---- the tests ------------------------------------------------------------------------------------ */

static void test_p2_answered_by_the_headset_and_sounds_both_ways(void **state)
{
	struct fixture *f = *state;

	first_is_answered_by_the_headset(f);
	the_button_hangs_up(f);
}

static void test_p1_answered_here_it_is_at_the_handset(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct rig_sound *earpiece;

	start_caller(f, FIRST);
	line(f, "< RING");
	expect(rig_wait(rig, LIMIT_MS, call_is(f, FIRST, "incoming")));
	ask(f, FIRST, "Answer");
	expect(rig_wait(rig, LIMIT_MS, call_is(f, FIRST, "active")));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	assert_int_equal(rig_sound_at(rig, RIG_EARPIECE, &earpiece), 0);
	expect(rig_sound_hears(rig, earpiece, callers[FIRST].hz, LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, caller_hears(f, FIRST, RIG_MICROPHONE_HZ)));
	expect(!sound_up(headset_sound(rig_headset(rig, HEADSET))));
	(void)rig_sound_free(earpiece);

	f->callers[FIRST] = process_free(f->callers[FIRST]);
	line(f, "indicator call 0");
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
}

static void test_the_headset_holds_resumes_and_dials_digits(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	first_is_answered_by_the_headset(f);
	says(f, "AT+VTS=5");
	expect(rig_wait(rig, LIMIT_MS, caller_got_digit(f, FIRST, '5')));

	says(f, "AT+CHLD=2");
	line(f, "indicator callheld 2");
	expect(rig_wait(rig, LIMIT_MS, call_is(f, FIRST, "held")));
	expect(rig_headset_hears(rig, HEADSET, 0.0, LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, caller_hears(f, FIRST, 0.0)));
	says(f, "AT+CHLD=2");
	line(f, "indicator callheld 0");
	expect(rig_wait(rig, LIMIT_MS, call_is(f, FIRST, "active")));
	talks(f, FIRST, LATER_HZ);
	the_button_hangs_up(f);
}

/* The first is held, the second talks. */
static void two(struct fixture *f)
{
	struct rig *rig = f->rig;
	char waiting[64];

	first_is_answered_by_the_headset(f);
	start_caller(f, SECOND);
	(void)snprintf(waiting, sizeof(waiting), "< +CCWA: \"%s\"", callers[SECOND].number);
	line(f, waiting);
	says(f, "AT+CHLD=2");
	line(f, "indicator callheld 1");
	expect(rig_wait(rig, LIMIT_MS, call_is(f, FIRST, "held") && call_is(f, SECOND, "active")));
	talks(f, SECOND, MICROPHONE_HZ);
	expect(rig_wait(rig, LIMIT_MS, caller_hears(f, FIRST, 0.0)));
}

static void test_i2_two_at_once_are_swapped_and_one_goes_on(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	two(f);
	says(f, "AT+CHLD=2");
	expect(rig_wait(rig, LIMIT_MS, call_is(f, FIRST, "active") && call_is(f, SECOND, "held")));
	talks(f, FIRST, LATER_HZ);
	says(f, "AT+VTS=7");
	expect(rig_wait(rig, LIMIT_MS, caller_got_digit(f, FIRST, '7')));
	expect(!caller_got_digit(f, SECOND, '7'));

	says(f, "AT+CHLD=1");
	line(f, "indicator callheld 0");
	expect(rig_wait(rig, LIMIT_MS, !call_of(f, FIRST) && call_is(f, SECOND, "active")));
	talks(f, SECOND, LATER_HZ);
	the_button_hangs_up(f);
}

static void test_i2_a_caller_hangs_up_and_the_other_stays_held(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	two(f);
	f->callers[SECOND] = process_free(f->callers[SECOND]);
	line(f, "indicator callheld 2");
	expect(rig_wait(rig, LIMIT_MS, !call_of(f, SECOND)));
	expect(call_is(f, FIRST, "held"));
	says(f, "AT+CHLD=2");
	line(f, "indicator callheld 0");
	talks(f, FIRST, LATER_HZ);
	the_button_hangs_up(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_p2_answered_by_the_headset_and_sounds_both_ways, start_test,
			stop_test),
		cmocka_unit_test_setup_teardown(test_p1_answered_here_it_is_at_the_handset,
						start_test, stop_test),
		cmocka_unit_test_setup_teardown(test_the_headset_holds_resumes_and_dials_digits,
						start_test, stop_test),
		cmocka_unit_test_setup_teardown(test_i2_two_at_once_are_swapped_and_one_goes_on,
						start_test, stop_test),
		cmocka_unit_test_setup_teardown(test_i2_a_caller_hangs_up_and_the_other_stays_held,
						start_test, stop_test),
	};

	cmocka_set_test_filter(getenv("CALLROUTE_TEST"));
	return rig_run_tests(tests, start, finish);
}
