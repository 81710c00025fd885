/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A program that people have, as it is: GNOME Calls with a SIP account takes a call from baresip, with
 * sound. The headset's button answers, and its user and the caller hear each other.
 */
#include "phone.h"

#include "dbus/bus.h"
#include "process.h"
#include "tests/common/tone.h"

#include <arpa/inet.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
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
#define CALLER_HZ 700.0
#define MICROPHONE_HZ 440.0
#define LIMIT_MS 15000
/* GNOME Calls scans the plugins of GStreamer when it is first started. */
#define START_MS 60000
#define RATE 8000u

#define GNOME "org.gnome.Calls"
#define CALLER "+4930123"
#define SECOND "+4930456"

struct fixture {
	struct rig *rig;
	struct phone *phone; /* adds no calls, but sees routes */
	struct process *display;
	struct process *pulse;
	struct process *gnome;
	struct process *caller;
	char display_name[16];
	struct bus *bus;
	struct bus_name_watch *watch;
	bool there;
	unsigned int port; /* of GNOME Calls; the caller's is the next */
	char address[INET_ADDRSTRLEN];
};

/* ---- the programs --------------------------------------------------------------------------------- */

static void on_display(void *data, const char *line)
{
	struct fixture *f = data;

	if (!f->display_name[0])
		(void)snprintf(f->display_name, sizeof(f->display_name), ":%.10s", line);
}

/* A program that ends by itself is why the rest fails. */
static void on_gnome_ended(void *data, int status)
{
	fprintf(stderr, "GNOME Calls has ended, status 0x%x\n", (unsigned int)status);
	rig_note_crash(status);
}

static int start_program(struct fixture *f, const char *const *argv,
			 const struct process_events *events, struct process **ret)
{
	static const struct process_events none;

	return process_new(rig_loop(f->rig), argv, rig_log(f->rig, argv[0]),
			   events ? events : &none, f, ret);
}

static void on_owner(void *data, const char *name, const char *owner)
{
	((struct fixture *)data)->there = owner != NULL;
}

/* Where it listens: it takes the address of the machine's default route, whichever that is. */
static bool listens(struct fixture *f)
{
	FILE *file = fopen("/proc/net/udp", "re");
	char line[256];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		struct in_addr address;
		unsigned int port;

		if (sscanf(line, " %*u: %x:%x", &address.s_addr, &port) == 2 && port == f->port)
			found = inet_ntop(AF_INET, &address, f->address, sizeof(f->address)) !=
				NULL;
	}
	if (file)
		(void)fclose(file);
	return found;
}

/* Until then SIGUSR1 would end it. */
static bool takes_signals(const struct fixture *f)
{
	unsigned long long caught = 0;
	char path[64], line[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)process_pid(f->gnome));
	file = fopen(path, "re");
	while (file && caught == 0 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "SigCgt: %llx", &caught) != 1)
			caught = 0;
	}
	if (file)
		(void)fclose(file);
	return caught >> (SIGUSR1 - 1) & 1;
}

/* Its providers are chosen by an action, as from its own command line. "dummy" has calls without sound, which
 * come by signals. */
static void use_providers(struct fixture *f)
{
	const char *action = "set-provider-names", *const providers[] = { "sip", "dummy" };
	DBusMessage *message = bus_message(GNOME, "/org/gnome/Calls", "org.gtk.Actions", "Activate",
					   DBUS_TYPE_STRING, &action, DBUS_TYPE_INVALID);
	DBusMessageIter iter, list, variant, names;

	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "v", &list);
	dbus_message_iter_open_container(&list, DBUS_TYPE_VARIANT, "as", &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "s", &names);
	for (size_t i = 0; i < 2; i++)
		bus_append_basic(&names, DBUS_TYPE_STRING, &providers[i]);
	dbus_message_iter_close_container(&variant, &names);
	dbus_message_iter_close_container(&list, &variant);
	dbus_message_iter_close_container(&iter, &list);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &list);
	dbus_message_iter_close_container(&iter, &list);
	assert_int_equal(bus_send(f->bus, message, -1, NULL, NULL, NULL), 0);
}

static int start_gnome(struct fixture *f)
{
	static const struct process_events display_events = { .line = on_display };
	static const struct process_events gnome_events = { .ended = on_gnome_ended };
	static const struct bus_events no_events;
	struct rig *rig = f->rig;

	assert_int_equal(
		rig_write_file(
			rig, "home/.config/calls", "sip-account.cfg",
			"[account-1]\nHost=127.0.0.1\nUser=alice\nProtocol=UDP\nPort=0\n"
			"Id=alice@127.0.0.1\nDisplayName=Alice\nAutoConnect=true\nCanTel=true\n"
			"DirectMode=true\nLocalPort=%u\n",
			f->port),
		0);
	if (start_program(f,
			  (const char *const[]){ "Xvfb", "-displayfd", "1", "-screen", "0",
						 "640x480x16", "-nolisten", "tcp", NULL },
			  &display_events, &f->display) < 0 ||
	    rig_pulse_new(rig, &f->pulse) < 0 || !rig_wait(rig, START_MS, f->display_name[0]))
		return -1;
	setenv("DISPLAY", f->display_name, 1);
	setenv("GDK_BACKEND", "x11", 1);
	setenv("GSETTINGS_BACKEND", "memory", 1);
	setenv("GIO_USE_VFS", "local", 1);
	setenv("NO_AT_BRIDGE", "1", 1);
	if (start_program(f, (const char *const[]){ "gnome-calls", "--daemon", NULL },
			  &gnome_events, &f->gnome) < 0 ||
	    bus_open(rig_loop(rig), bus_session_address(), &no_events, f, &f->bus) < 0 ||
	    !rig_wait(rig, START_MS, bus_unique_name(f->bus) != NULL) ||
	    bus_watch_name(f->bus, GNOME, on_owner, f, &f->watch) < 0 ||
	    !rig_wait(rig, START_MS, f->there))
		return -1;
	use_providers(f);
	return rig_wait(rig, START_MS, listens(f) && takes_signals(f)) ? 0 : -1;
}

/* The other side of the world: it dials at once, plays a tone, and writes down what it hears. */
static void start_caller(struct fixture *f)
{
	const char *directory = rig_directory(f->rig);
	char folder[512], dial[128];

	assert_int_equal(
		rig_write_file(
			f->rig, "caller", "config",
			"sip_listen %s:%u\nnet_interface %s\naudio_source ausine,700\n"
			"ausrc_srate 48000\nausrc_channels 2\naudio_player aubridge,far\n"
			"audio_alert aubridge,alert\nsnd_path %s/caller\n"
			"module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule ausine.so\n"
			"module aubridge.so\nmodule sndfile.so\nmodule_app account.so\n"
			"module_app menu.so\n",
			f->address, f->port + 1, f->address, directory),
		0);
	assert_int_equal(rig_write_file(f->rig, "caller", "accounts",
					"\"Bob Example\" <sip:" CALLER "@%s:%u>;regint=0\n",
					f->address, f->port + 1),
			 0);
	assert_int_equal(rig_write_file(f->rig, "caller", "contacts", "\n"), 0);
	(void)snprintf(folder, sizeof(folder), "%s/caller", directory);
	(void)snprintf(dial, sizeof(dial), "/dial sip:alice@%s:%u", f->address, f->port);
	assert_int_equal(
		start_program(f, (const char *const[]){ "baresip", "-f", folder, "-e", dial, NULL },
			      NULL, &f->caller),
		0);
}

/* The last half second of what the caller has heard. */
static bool caller_hears(struct fixture *f, double hz)
{
	char pattern[512];
	int16_t samples[RATE / 2];
	bool hears = false;
	glob_t found;
	FILE *file;

	(void)snprintf(pattern, sizeof(pattern), "%s/caller/dump-*-dec.wav", rig_directory(f->rig));
	if (glob(pattern, 0, NULL, &found) != 0)
		return false;
	file = fopen(found.gl_pathv[found.gl_pathc - 1], "re");
	globfree(&found);
	if (file && fseek(file, -(long)sizeof(samples), SEEK_END) == 0 &&
	    fread(samples, sizeof(samples), 1, file) == 1)
		hears = tone_share(samples, RATE / 2, RATE, hz) > 0.8;
	if (file)
		(void)fclose(file);
	return hears;
}

/* ---- the tests ------------------------------------------------------------------------------------ */

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static struct fixture f;

	*state = &f;
	f = (struct fixture){ 0 };
	f.port = 20000u + 2u * ((unsigned int)getpid() % 10000u);
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	if (phone_new(f.rig, &f.phone) < 0 || rig_headset_add(f.rig, &headset, NULL) < 0 ||
	    rig_headset_connect(f.rig, HEADSET) < 0 || start_gnome(&f) < 0) {
		rig_dump(f.rig);
		return -1;
	}
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->caller = process_free(f->caller);
	f->watch = bus_name_watch_free(f->watch);
	f->bus = bus_free(f->bus);
	f->gnome = process_free(f->gnome);
	f->pulse = process_free(f->pulse);
	f->display = process_free(f->display);
	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

static void test_p2_gnome_calls_is_answered_by_the_headset_and_sounds_both_ways(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	start_caller(f);
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "< +CLIP: \"" CALLER "\"", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_headset_wait(rig, HEADSET, "> ATA", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "< OK", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_wait(rig, LIMIT_MS, sound_up(headset_sound(rig_headset(rig, HEADSET)))));
	sound_tone(headset_sound(rig_headset(rig, HEADSET)), MICROPHONE_HZ);
	expect(rig_headset_hears(rig, HEADSET, CALLER_HZ, LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, caller_hears(f, MICROPHONE_HZ)));
	/* its streams say that they are of a call, and have been heard for longer than that takes */
	assert_int_equal(phone_sees_calls(f->phone), 1);

	headset_button(rig_headset(rig, HEADSET));
	expect(rig_headset_wait(rig, HEADSET, "> AT+CHUP", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 0", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), HEADSET, "a2dp*")));
	f->caller = process_free(f->caller);
}

/* The caller's call is up, on the headset. */
static void talk(struct fixture *f)
{
	struct rig *rig = f->rig;

	rig_headset_forget_lines(rig, HEADSET);
	start_caller(f);
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_headset_hears(rig, HEADSET, CALLER_HZ, LIMIT_MS));
}

/* GNOME Calls cannot hold: the button hangs it up for the other. */
static void test_i2_a_call_of_another_softphone_beside_that_of_gnome_calls(void **state)
{
	static const struct phone_call_options options = { .managed = true,
							   .incoming = true,
							   .party = "tel:" SECOND };
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	talk(f);
	assert_null(phone_call(f->phone, &options, &call));
	expect(rig_headset_wait(rig, HEADSET, "< +CCWA: \"" SECOND "\"", LIMIT_MS));
	headset_send(rig_headset(rig, HEADSET), "AT+CHLD=1");
	expect(rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_calls(f->phone) == 1));
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 0", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_calls(f->phone) == 0));
	f->caller = process_free(f->caller);
}

/* It has no hold, so neither has the headset; what it has is the other two ways. */
static void test_a_second_call_of_gnome_calls(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct headset *headset = rig_headset(rig, HEADSET);

	rig_headset_forget_lines(rig, HEADSET);
	process_kill(f->gnome, SIGUSR1);
	expect(rig_headset_wait(rig, HEADSET, "< +CLIP: \"0987654321\"", LIMIT_MS));
	headset_button(headset);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	process_kill(f->gnome, SIGUSR1);
	expect(rig_headset_wait(rig, HEADSET, "< +CCWA: \"0987654321\"", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_calls(f->phone) == 2));
	headset_send(headset, "AT+CHLD=2");
	expect(rig_headset_wait(rig, HEADSET, "< +CME ERROR: 3", LIMIT_MS));
	assert_int_equal(phone_sees_calls(f->phone), 2);

	headset_send(headset, "AT+CHLD=0");
	expect(rig_headset_wait(rig, HEADSET, "< OK", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_calls(f->phone) == 1));
	assert_int_equal(headset_indicator(headset, "call"), 1);
	process_kill(f->gnome, SIGUSR1);
	expect(rig_headset_wait(rig, HEADSET, "< +CCWA: \"0987654321\"", LIMIT_MS));
	headset_send(headset, "AT+CHLD=1");
	expect(rig_headset_wait(rig, HEADSET, "< OK", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_calls(f->phone) == 1));
	expect(rig_headset_wait(rig, HEADSET, "indicator callsetup 0", LIMIT_MS));
	assert_int_equal(headset_indicator(headset, "call"), 1);
	assert_int_equal(headset_indicator(headset, "callheld"), 0);
	assert_true(phone_sees_route(f->phone, ROUTE, NULL));

	headset_button(headset);
	expect(rig_headset_wait(rig, HEADSET, "indicator call 0", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_calls(f->phone) == 0));
}

static void test_gnome_calls_dies_in_the_middle_of_a_call(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	rig_headset_forget_lines(rig, HEADSET);
	start_caller(f);
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	process_kill(f->gnome, SIGKILL);
	expect(rig_headset_wait(rig, HEADSET, "indicator call 0", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_p2_gnome_calls_is_answered_by_the_headset_and_sounds_both_ways),
		cmocka_unit_test(test_i2_a_call_of_another_softphone_beside_that_of_gnome_calls),
		cmocka_unit_test(test_a_second_call_of_gnome_calls),
		cmocka_unit_test(test_gnome_calls_dies_in_the_middle_of_a_call),
	};

	cmocka_set_test_filter(getenv("CALLROUTE_TEST"));
	return rig_run_tests(tests, start, finish);
}
