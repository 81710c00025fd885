/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Softphones in real Flatpak sandboxes, with the permissions that docs/softphone.md names and no more. On
 * the bus each is its sandbox's proxy, its sound comes through pipewire-pulse, and its processes have
 * numbers of their own.
 */
#include "phone.h"

#include "process.h"

#include <setjmp.h>
#include <signal.h>
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
#define LIMIT_MS 20000
/* Flatpak copies its programs through a repository. */
#define MAKE_MS 60000
#define SKIPPED 77

#define TELEPHONE "org.example.Telephone"
#define OTHER "org.example.Other"

/* A program of a sandbox. */
struct boxed {
	struct process *process;
	char told[2048];
	bool ended;
	int status;
};

struct fixture {
	struct rig *rig;
	struct phone *phone; /* adds no calls, but sees routes */
	struct process *pulse;
	struct boxed telephone, other;
};

/* ---- sandboxes ------------------------------------------------------------------------------------ */

static void on_told(void *data, const char *line)
{
	struct boxed *boxed = data;
	size_t n = strlen(boxed->told);

	(void)snprintf(boxed->told + n, sizeof(boxed->told) - n, "%s\n", line);
}

static void on_ended(void *data, int status)
{
	struct boxed *boxed = data;

	boxed->ended = true;
	boxed->status = status;
}

static const struct process_events boxed_events = { .line = on_told, .ended = on_ended };

static void run(struct fixture *f, struct boxed *boxed, const char *const *argv)
{
	boxed->process = process_free(boxed->process);
	*boxed = (struct boxed){ 0 };
	assert_int_equal(process_new(rig_loop(f->rig), argv, rig_log(f->rig, "flatpak"),
				     &boxed_events, boxed, &boxed->process),
			 0);
}

static void run_boxed(struct fixture *f, struct boxed *boxed, const char *application,
		      const char *option, const char *script)
{
	const char *const argv[] = { "flatpak",      "run",  "--user",    "--die-with-parent",
				     "--command=sh", option, application, "-c",
				     script,         NULL };

	run(f, boxed, argv);
}

/* What it prints, its complaints too, when it has ended. */
static int status_of(struct fixture *f, struct boxed *boxed)
{
	struct rig *rig = f->rig;

	expect(rig_wait(rig, LIMIT_MS, boxed->ended));
	return WIFEXITED(boxed->status) ? WEXITSTATUS(boxed->status) : -1;
}

/* 0, or an exit status. */
static int install(struct fixture *f)
{
	char folder[512], softphone_pulse[1024];
	const char *const argv[] = { MAKE_FLATPAK,         folder,
				     SOFTPHONE_MD,         TELEPHONE "," OTHER,
				     softphone_pulse,      EXAMPLE_TELEPHONE,
				     "/usr/bin/dbus-send", NULL };

	(void)snprintf(folder, sizeof(folder), "%s/flatpak", rig_directory(f->rig));
	(void)snprintf(softphone_pulse, sizeof(softphone_pulse), "%s", rig_program("rig-pulse"));
	setenv("FLATPAK_USER_DIR", folder, 1);
	setenv("FLATPAK_SYSTEM_DIR", rig_log(f->rig, "none"), 1);
	(void)snprintf(folder, sizeof(folder), "%s/made", rig_directory(f->rig));
	run(f, &f->telephone, argv);
	if (!rig_wait(f->rig, MAKE_MS, f->telephone.ended))
		return -1;
	if (f->telephone.status != 0)
		fprintf(stderr, "%s", f->telephone.told);
	return WIFEXITED(f->telephone.status) ? WEXITSTATUS(f->telephone.status) : -1;
}

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static struct fixture f;
	int status;

	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	status = install(&f);
	if (status == SKIPPED) {
		puts(f.telephone.told);
		f.telephone.process = process_free(f.telephone.process);
		f.rig = rig_free(f.rig);
		exit(SKIPPED);
	}
	if (status != 0 || phone_new(f.rig, &f.phone) < 0 ||
	    rig_headset_add(f.rig, &headset, NULL) < 0 || rig_headset_connect(f.rig, HEADSET) < 0 ||
	    rig_pulse_new(f.rig, &f.pulse) < 0) {
		rig_dump(f.rig);
		return -1;
	}
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->telephone.process = process_free(f->telephone.process);
	f->other.process = process_free(f->other.process);
	f->pulse = process_free(f->pulse);
	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

/* ---- the tests ------------------------------------------------------------------------------------ */

/* rig-pulse ends with its standard input. */
#define SOUND(name)                                                               \
	"sleep 600 | rig-pulse --play voice --property application.name=" name    \
	"-out >/dev/null & "                                                      \
	"sleep 600 | rig-pulse --capture voice --property application.name=" name \
	"-in >/dev/null & "

#define SET(method, text)                                                                    \
	"exec dbus-send --session --print-reply --dest=org.callroute /org/callroute/call/1 " \
	"org.callroute.Call1." method " string:" text " 2>&1"

static bool sounds(struct fixture *f, const char *stream)
{
	const struct view *view = rig_view(f->rig);

	return view_peer(view, view_node(view, stream))[0] != '\0';
}

static bool linked(struct fixture *f, const char *stream, const char *with)
{
	const struct view *view = rig_view(f->rig);

	return view_linked(view, view_node(view, stream), with);
}

static bool told(struct fixture *f, struct boxed *boxed, const char *line)
{
	return rig_wait(f->rig, LIMIT_MS, strstr(boxed->told, line));
}

static void test_without_the_permission_there_is_no_callroute(void **state)
{
	struct fixture *f = *state;

	run_boxed(f, &f->other, OTHER, "--no-talk-name=org.callroute",
		  "example-telephone tel:+4930123 </dev/null");
	assert_int_equal(status_of(f, &f->other), 0);
	assert_non_null(strstr(f->other.told, "refused: " DBUS_ERROR_SERVICE_UNKNOWN));
	assert_null(strstr(f->other.told, "Answer"));
}

/* Both are there before the call is answered: only one of them is the call's. */
static void test_p2_p4_the_sound_of_a_call_is_found_by_its_sandbox(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	run_boxed(f, &f->other, OTHER, "--user", SOUND("other") "exec sleep 600");
	run_boxed(f, &f->telephone, TELEPHONE, "--user",
		  SOUND("boxed") "exec example-telephone tel:+4930123");
	expect(rig_wait(rig, LIMIT_MS, sounds(f, "other-out") && sounds(f, "boxed-out")));
	expect(rig_headset_wait(rig, HEADSET, "+CLIP: \"+4930123\"", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(told(f, &f->telephone, "Answer\n"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_wait(rig, LIMIT_MS, linked(f, "boxed-out", "bluez_output.*")));
	expect(rig_wait(rig, LIMIT_MS, linked(f, "boxed-in", "bluez_input.*")));
	/* the session manager has no reason to part them */
	assert_null(phone_set_route(f->phone, "speaker"));
	expect(rig_wait(rig, LIMIT_MS,
			view_profile_is(rig_view(rig), HEADSET, "a2dp-sink*") &&
				linked(f, "boxed-out", RIG_LOUDSPEAKER) &&
				linked(f, "boxed-in", RIG_MICROPHONE) &&
				linked(f, "other-out", "bluez_output.*")));
	f->other.process = process_free(f->other.process);
}

static void test_another_sandbox_does_not_change_the_call(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	run_boxed(f, &f->other, OTHER, "--user", SET("SetState", "ended"));
	assert_int_equal(status_of(f, &f->other), 1);
	assert_non_null(strstr(f->other.told, "org.callroute.Error.NotOwner"));
	run_boxed(f, &f->other, OTHER, "--user", SET("SetPreferredInput", "handset"));
	assert_int_equal(status_of(f, &f->other), 1);
	assert_non_null(strstr(f->other.told, "org.callroute.Error.NotOwner"));
	/* not even one of the same application: the call is of a connection */
	run_boxed(f, &f->other, TELEPHONE, "--user", SET("SetState", "ended"));
	assert_int_equal(status_of(f, &f->other), 1);
	assert_non_null(strstr(f->other.told, "org.callroute.Error.NotOwner"));
	expect(phone_sees_route(f->phone, "speaker", NULL));
	process_write(f->telephone.process, "held");
	expect(rig_headset_wait(rig, HEADSET, "indicator callheld 2", LIMIT_MS));
	process_write(f->telephone.process, "active");
	expect(rig_headset_wait(rig, HEADSET, "indicator callheld 0", LIMIT_MS));
}

/* The proxy leaves the bus with its sandbox. */
static void test_the_call_ends_with_its_sandbox(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	process_kill(f->telephone.process, SIGKILL);
	expect(rig_headset_wait(rig, HEADSET, "indicator call 0", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_the_permission_there_is_no_callroute),
		cmocka_unit_test(test_p2_p4_the_sound_of_a_call_is_found_by_its_sandbox),
		cmocka_unit_test(test_another_sandbox_does_not_change_the_call),
		cmocka_unit_test(test_the_call_ends_with_its_sandbox),
	};

	cmocka_set_test_filter(getenv("CALLROUTE_TEST"));
	return rig_run_tests(tests, start, finish);
}
