/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * With a service manager that keeps descriptors, a headset's connection outlives the daemon: the
 * headset notices nothing, its button works, and a call stays where it was.
 */
#include "phone.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static const struct phone_call_options incoming = { .managed = true,
						    .incoming = true,
						    .party = "+4930123456" };
static const struct phone_call_options going_on = { .managed = true,
						    .incoming = true,
						    .active = true };

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
	if (phone_new(f.rig, &f.phone) < 0 || rig_headset_add(f.rig, &headset, NULL) < 0) {
		rig_dump(f.rig);
		return -1;
	}
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

static int connect_headset(void **state)
{
	struct fixture *f = *state;

	if (rig_headset_connect(f->rig, HEADSET) < 0 ||
	    !rig_wait(f->rig, LIMIT_MS, rig_daemon_kept(f->rig) == 1)) {
		rig_dump(f->rig);
		return -1;
	}
	rig_headset_forget_lines(f->rig, HEADSET);
	return 0;
}

static int disconnect_headset(void **state)
{
	struct fixture *f = *state;

	rig_headset_disconnect(f->rig, HEADSET);
	return rig_wait(f->rig, LIMIT_MS,
			!view_profile(rig_view(f->rig), HEADSET)[0] && rig_daemon_kept(f->rig) == 0)
		       ? 0
		       : -1;
}

static void restart_with(struct fixture *f, int signal_number)
{
	struct rig *rig = f->rig;

	rig_daemon_stop(rig, signal_number);
	expect(rig_daemon_start(rig) == 0);
}

static struct phone_call *answer_by_button(struct fixture *f)
{
	struct rig *rig = f->rig;
	struct phone_call *call;

	assert_null(phone_call(f->phone, &incoming, &call));
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS));
	return call;
}

/* Neither set up anew, nor told of an end, nor rung again. */
static void expect_unnoticed(struct fixture *f)
{
	struct rig *rig = f->rig;

	expect(!rig_headset_wait(rig, HEADSET, "AT+BRSF", 0));
}

static void hang_up(struct fixture *f, struct phone_call *call)
{
	struct rig *rig = f->rig;

	assert_null(phone_ask(f->phone, call, "Hangup"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	expect(rig_headset_wait(rig, HEADSET, "< +CIEV: 2,0", LIMIT_MS));
}

static void goes_on(struct fixture *f, int signal_number)
{
	struct rig *rig = f->rig;
	struct phone_call *call = answer_by_button(f);

	rig_headset_forget_lines(rig, HEADSET);
	restart_with(f, signal_number);
	assert_null(phone_call(f->phone, &going_on, &call));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS));
	/* the other waits take lines, so that each looks at what came since */
	expect(!rig_headset_wait(rig, HEADSET, "< RING", 0));
	expect_unnoticed(f);
	hang_up(f, call);
}

static void test_a_call_stays_on_the_headset_over_sudden_death(void **state)
{
	goes_on(*state, SIGKILL);
}

static void test_a_call_stays_on_the_headset_over_a_restart(void **state)
{
	goes_on(*state, 0);
}

static void test_a_call_on_this_machine_stays_there(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	assert_null(phone_call(f->phone, &incoming, &call));
	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	restart_with(f, SIGKILL);
	assert_null(phone_call(f->phone, &going_on, &call));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	hang_up(f, call);
}

static void test_the_button_answers_after_a_restart(void **state)
{
	struct fixture *f = *state;

	restart_with(f, SIGKILL);
	restart_with(f, 0);
	restart_with(f, SIGKILL);
	hang_up(f, answer_by_button(f));
	expect_unnoticed(f);
}

static void test_a_headset_that_left_meanwhile_is_gone_and_may_come_back(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	rig_daemon_stop(rig, SIGKILL);
	rig_headset_disconnect(rig, HEADSET);
	expect(rig_daemon_start(rig) == 0);
	expect(rig_wait(rig, LIMIT_MS, !view_profile(rig_view(rig), HEADSET)[0]));
	expect(rig_headset_connect(rig, HEADSET) == 0);
	hang_up(f, answer_by_button(f));
}

#define T(test) cmocka_unit_test_setup_teardown(test, connect_headset, disconnect_headset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_call_stays_on_the_headset_over_sudden_death),
		T(test_a_call_stays_on_the_headset_over_a_restart),
		T(test_a_call_on_this_machine_stays_there),
		T(test_the_button_answers_after_a_restart),
		T(test_a_headset_that_left_meanwhile_is_gone_and_may_come_back),
	};

	return rig_run_tests(tests, start, end);
}
