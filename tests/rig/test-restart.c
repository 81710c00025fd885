/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A restart of the daemon forgets nothing: settings and memory are as they were, and the headset
 * that comes back after it has not "connected" in the sense of the rules.
 */
#include "phone.h"

#include <setjmp.h>
#include <signal.h>
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
#define LIMIT_MS 10000

struct fixture {
	struct rig *rig;
	struct phone *phone;
};

#define expect_why(f, key, value) assert_string_equal(phone_why((f)->phone, key), value)

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
	if (phone_new(f.rig, &f.phone) < 0 || rig_headset_add(f.rig, &headset, NULL) < 0) {
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

/* Out of reach and back; its card has left PipeWire in between. */
static bool headset_returns(struct fixture *f)
{
	rig_headset_disconnect(f->rig, HEADSET);
	return rig_wait(f->rig, LIMIT_MS, !view_profile(rig_view(f->rig), HEADSET)[0]) &&
	       rig_headset_connect(f->rig, HEADSET) == 0;
}

/* Each test begins with a headset that has just connected, and default settings. */
static int connect_headset(void **state)
{
	struct fixture *f = *state;
	const char *automatic = "automatic";
	uint32_t off = 0;

	if (phone_set(f->phone, "CallAudioRouting", DBUS_TYPE_STRING, &automatic) ||
	    phone_set(f->phone, "AutoAnswer", DBUS_TYPE_UINT32, &off))
		return -1;
	return headset_returns(f) ? 0 : -1;
}

static void restart_with(struct fixture *f, int signal_number)
{
	struct rig *rig = f->rig;

	rig_daemon_stop(rig, signal_number);
	expect(rig_daemon_start(rig) == 0);
}

static const struct phone_call_options unmanaged = { .active = true };

static void test_settings_are_kept_over_a_clean_end_and_over_sudden_death(void **state)
{
	struct fixture *f = *state;
	const char *speaker = "speaker", *headset = "headset";
	uint32_t seconds = 7;

	assert_null(phone_set(f->phone, "CallAudioRouting", DBUS_TYPE_STRING, &speaker));
	assert_null(phone_set(f->phone, "AutoAnswer", DBUS_TYPE_UINT32, &seconds));
	restart_with(f, 0);
	expect_why(f, "Setting", "speaker");
	expect_why(f, "AutoAnswer", "7");
	assert_null(phone_set(f->phone, "CallAudioRouting", DBUS_TYPE_STRING, &headset));
	restart_with(f, SIGKILL);
	expect_why(f, "Setting", "headset");
	expect_why(f, "AutoAnswer", "7");
}

static void test_v1_memory_is_kept_when_the_headset_comes_back_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	assert_null(phone_call(f->phone, &unmanaged, &call));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "V2")));
	assert_null(phone_set_route(f->phone, "speaker"));
	assert_null(phone_ask(f->phone, call, "Hangup"));
	expect_why(f, "DefaultRoute", "speaker");

	restart_with(f, SIGKILL);
	expect_why(f, "DefaultRoute", "speaker");
	expect(headset_returns(f));
	expect_why(f, "DefaultRoute", "speaker");
	/* twice in a row, the second before anything else has happened */
	restart_with(f, SIGKILL);
	restart_with(f, 0);
	expect(headset_returns(f));
	assert_null(phone_call(f->phone, &unmanaged, &call));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "speaker", "V1")));
	assert_null(phone_ask(f->phone, call, "Hangup"));

	/* and now it does connect */
	expect(headset_returns(f));
	expect_why(f, "DefaultRoute", "none");
}

static void test_v1_memory_is_that_of_the_call_in_which_the_daemon_died(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	assert_null(phone_call(f->phone,
			       &(struct phone_call_options){ .managed = true, .incoming = true },
			       &call));
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));

	restart_with(f, SIGKILL);
	expect_why(f, "DefaultRoute", ROUTE);
	expect(headset_returns(f));
	expect_why(f, "DefaultRoute", ROUTE);
}

/* Whoever stops the daemon for good finds PipeWire as if it had never run. */
static void test_a_clean_end_in_a_call_gives_back_what_was_found(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct view *view = rig_view(rig);
	struct phone_call *call;

	expect(rig_wait(rig, LIMIT_MS, view_profile_is(view, HEADSET, "a2dp*")));
	assert_null(phone_call(f->phone, &unmanaged, &call));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "V2")));
	expect(view_profile_is(view, HEADSET, "headset*"));

	rig_daemon_stop(rig, 0);
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(view, HEADSET, "a2dp*")));
	expect(rig_daemon_start(rig) == 0);
	expect(headset_returns(f));
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(view, HEADSET, "a2dp*")));
}

static void test_forgotten_files_give_the_defaults(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	const char *headset = "headset";

	assert_null(phone_set(f->phone, "CallAudioRouting", DBUS_TYPE_STRING, &headset));
	rig_daemon_stop(rig, 0);
	rig_daemon_forget(rig);
	expect(rig_daemon_start(rig) == 0);
	expect_why(f, "Setting", "automatic");
	expect_why(f, "DefaultRoute", "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			test_settings_are_kept_over_a_clean_end_and_over_sudden_death,
			connect_headset),
		cmocka_unit_test_setup(
			test_v1_memory_is_kept_when_the_headset_comes_back_after_a_restart,
			connect_headset),
		cmocka_unit_test_setup(test_v1_memory_is_that_of_the_call_in_which_the_daemon_died,
				       connect_headset),
		cmocka_unit_test_setup(test_a_clean_end_in_a_call_gives_back_what_was_found,
				       connect_headset),
		cmocka_unit_test_setup(test_forgotten_files_give_the_defaults, connect_headset),
	};

	return rig_run_tests(tests, start, finish);
}
