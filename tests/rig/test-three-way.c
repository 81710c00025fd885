/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Two calls and more, as a headset handles them: AT+CHLD through the whole daemon to a softphone, and
 * what the headset is told after it. HFP 1.8 §4.21 and §4.22; HFP/AG/TWC/BV-01 to 06, ECC/BV-01, 02.
 */
#include "phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define LIMIT_MS 10000
#define SOON_MS 700 /* a swap that nobody states is told after a second */

struct fixture {
	struct rig *rig;
	struct phone *phone;
	bool conference; /* the phone's calls can be joined */
};

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true };
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	return rig_headset_add(f.rig, &headset, NULL);
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->rig = rig_free(f->rig);
	return 0;
}

static int start_test(void **state)
{
	struct fixture *f = *state;

	f->conference = true;
	return phone_new(f->rig, &f->phone);
}

static int stop_test(void **state)
{
	struct fixture *f = *state;

	f->phone = phone_free(f->phone);
	rig_headset_disconnect(f->rig, HEADSET);
	return rig_wait(f->rig, LIMIT_MS, !view_profile(rig_view(f->rig), HEADSET)[0]) ? 0 : -1;
}

/* ---- what several tests do ----------------------------------------------------------------------- */

static void line(struct fixture *f, const char *text)
{
	expect_line(f->rig, HEADSET, text, LIMIT_MS);
}

static void says(struct fixture *f, const char *command, const char *answer)
{
	char text[64];

	headset_send(rig_headset(f->rig, HEADSET), command);
	(void)snprintf(text, sizeof(text), "> %s", command);
	line(f, text);
	(void)snprintf(text, sizeof(text), "< %s", answer);
	line(f, text);
}

static void connect_headset(struct fixture *f)
{
	struct rig *rig = f->rig;

	rig_headset_forget_lines(rig, HEADSET);
	expect(rig_headset_connect(rig, HEADSET) == 0);
	says(f, "AT+CCWA=1", "OK");
	says(f, "AT+CMEE=1", "OK");
}

static struct phone_call *ringing(struct fixture *f, const char *party)
{
	const struct phone_call_options options = { .managed = true,
						    .incoming = true,
						    .silent = true,
						    .conference = f->conference,
						    .party = party };
	struct phone_call *call;

	assert_null(phone_call(f->phone, &options, &call));
	return call;
}

static bool is(struct fixture *f, struct phone_call *call, const char *state)
{
	return rig_wait(f->rig, LIMIT_MS, strcmp(phone_call_state(call), state) == 0);
}

/* Answered by the headset. */
static struct phone_call *active(struct fixture *f)
{
	struct rig *rig = f->rig;
	struct phone_call *call = ringing(f, "tel:1");

	line(f, "< RING");
	says(f, "ATA", "OK");
	line(f, "< +CIEV: 2,1");
	line(f, "< +CIEV: 3,0");
	expect(is(f, call, "active"));
	return call;
}

static struct phone_call *waiting(struct fixture *f)
{
	struct phone_call *call = ringing(f, "tel:2");

	line(f, "< +CCWA: \"2\",129");
	line(f, "< +CIEV: 3,1");
	return call;
}

/* The first waits, the second talks. */
static void two(struct fixture *f, struct phone_call **ret_held, struct phone_call **ret_active)
{
	struct rig *rig = f->rig;

	*ret_held = active(f);
	*ret_active = waiting(f);
	says(f, "AT+CHLD=2", "OK");
	line(f, "< +CIEV: 3,0");
	line(f, "< +CIEV: 4,1");
	expect(phone_told(f->phone, "Answer", LIMIT_MS));
	expect(is(f, *ret_held, "held"));
	expect(is(f, *ret_active, "active"));
}

/* ---- the rows of CHLD ------------------------------------------------------------------------------ */

static void test_chld_0_rejects_who_waits_and_then_releases_who_is_held(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *held, *talking, *third;

	connect_headset(f);
	two(f, &held, &talking);
	third = ringing(f, "tel:3");
	line(f, "< +CIEV: 3,1");
	says(f, "AT+CHLD=0", "OK");
	line(f, "< +CIEV: 3,0");
	expect(is(f, third, "ended"));
	expect(is(f, held, "held"));
	says(f, "AT+CHLD=0", "OK");
	line(f, "< +CIEV: 4,0");
	expect(is(f, held, "ended"));
	expect(is(f, talking, "active"));
	says(f, "AT+CHLD=0", "+CME ERROR: 3");
}

static void test_chld_1_ends_the_active_one_for_who_waits(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *first, *second;

	connect_headset(f);
	first = active(f);
	second = waiting(f);
	says(f, "AT+CHLD=1", "OK");
	line(f, "< +CIEV: 3,0");
	expect(is(f, first, "ended"));
	expect(is(f, second, "active"));
	assert_int_equal(headset_indicator(rig_headset(rig, HEADSET), "call"), 1);
	assert_int_equal(headset_indicator(rig_headset(rig, HEADSET), "callheld"), 0);
	says(f, "AT+CHLD=1", "OK");
	line(f, "< +CIEV: 2,0");
	expect(is(f, second, "ended"));
}

static void test_chld_1_ends_the_active_one_for_who_is_held(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *held, *talking;

	connect_headset(f);
	two(f, &held, &talking);
	says(f, "AT+CHLD=1", "OK");
	line(f, "< +CIEV: 4,0");
	expect(is(f, talking, "ended"));
	expect(is(f, held, "active"));
}

/* HFP alone would leave the other one held; the rule is followed, and the headset is told. */
static void test_i2_chup_ends_the_active_one_and_the_other_is_resumed(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *held, *talking;

	connect_headset(f);
	two(f, &held, &talking);
	says(f, "AT+CHUP", "OK");
	line(f, "< +CIEV: 4,0");
	expect(is(f, talking, "ended"));
	expect(is(f, held, "active"));
	expect(headset_indicator(rig_headset(rig, HEADSET), "call") == 1);
	says(f, "AT+CHUP", "OK");
	line(f, "< +CIEV: 2,0");
	expect(is(f, held, "ended"));
}

static void test_chld_1_keeps_who_is_held_beside_the_one_that_waits(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *held, *talking, *third;

	connect_headset(f);
	two(f, &held, &talking);
	third = ringing(f, "tel:3");
	line(f, "< +CIEV: 3,1");
	says(f, "AT+CHLD=1", "OK");
	line(f, "< +CIEV: 3,0");
	expect(is(f, talking, "ended"));
	expect(is(f, third, "active"));
	expect(is(f, held, "held"));
}

static void test_chld_2_swaps_and_says_so(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *held, *talking;

	connect_headset(f);
	two(f, &held, &talking);
	says(f, "AT+CHLD=2", "OK");
	/* again, though it was 1, and at once: units wait for it before their next command */
	expect(rig_headset_wait(rig, HEADSET, "< +CIEV: 4,1", SOON_MS));
	expect(is(f, held, "active"));
	expect(is(f, talking, "held"));
	expect(phone_told(f->phone, "Unhold", LIMIT_MS));
}

static void test_chld_2_holds_the_only_one_and_takes_it_again(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f);
	call = active(f);
	says(f, "AT+CHLD=2", "OK");
	line(f, "< +CIEV: 4,2");
	expect(is(f, call, "held"));
	says(f, "AT+CHUP", "+CME ERROR: 3"); /* there is nothing but a held one */
	says(f, "AT+CHLD=2", "OK");
	line(f, "< +CIEV: 4,0");
	expect(is(f, call, "active"));
}

static void test_ecc_one_of_two_by_its_index(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *held, *talking;

	connect_headset(f);
	two(f, &held, &talking);
	says(f, "AT+CHLD=13", "+CME ERROR: 21");
	says(f, "AT+CHLD=23", "+CME ERROR: 21");
	says(f, "AT+CHLD=21", "OK");
	line(f, "< +CIEV: 4,1");
	expect(is(f, held, "active"));
	says(f, "AT+CHLD=12", "OK");
	line(f, "< +CIEV: 4,0");
	expect(is(f, talking, "ended"));
	expect(is(f, held, "active"));
}

static void test_chld_3_is_a_conference_where_the_softphone_can(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *held, *talking;

	assert_null(phone_register(f->phone));
	connect_headset(f);
	says(f, "AT+CHLD=?", "+CHLD: (0,1,1x,2,2x,3)");
	two(f, &held, &talking);
	says(f, "AT+CHLD=3", "OK");
	line(f, "< +CIEV: 4,0");
	expect(phone_told(f->phone, "Join", LIMIT_MS));
	expect(is(f, held, "active"));
	expect(is(f, talking, "active"));
	says(f, "AT+CLCC", "+CLCC: 1,1,0,0,1,\"1\",129");
	line(f, "< +CLCC: 2,1,0,0,1,\"2\",129");

	/* together into the hold and out of it */
	says(f, "AT+CHLD=2", "OK");
	line(f, "< +CIEV: 4,2");
	expect(is(f, held, "held"));
	expect(is(f, talking, "held"));
	says(f, "AT+CHLD=2", "OK");
	line(f, "< +CIEV: 4,0");
	expect(is(f, held, "active"));
	expect(is(f, talking, "active"));

	/* one alone */
	says(f, "AT+CHLD=22", "OK");
	line(f, "< +CIEV: 4,1");
	expect(is(f, held, "held"));
	says(f, "AT+CLCC", "+CLCC: 1,1,1,0,0,\"1\",129");
	line(f, "< +CLCC: 2,1,0,0,0,\"2\",129");
	says(f, "AT+CHLD=3", "OK");
	line(f, "< +CIEV: 4,0");

	/* and all of them end */
	says(f, "AT+CHUP", "OK");
	line(f, "< +CIEV: 2,0");
	expect(is(f, held, "ended"));
	expect(is(f, talking, "ended"));
}

static void test_chld_3_that_the_softphone_refuses_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *held, *talking;

	assert_null(phone_register(f->phone));
	connect_headset(f);
	two(f, &held, &talking);
	phone_refuse(f->phone, "org.example.TooMany");
	says(f, "AT+CHLD=3", "+CME ERROR: 0");
	expect(is(f, held, "held"));
}

static void test_chld_3_is_refused_where_nobody_can(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *held, *talking;

	f->conference = false;
	connect_headset(f);
	/* it is listed all the same: some take a gateway without it to have no three-way calls */
	says(f, "AT+CHLD=?", "+CHLD: (0,1,1x,2,2x,3)");
	two(f, &held, &talking);
	says(f, "AT+CHLD=3", "+CME ERROR: 3");
	expect(is(f, held, "held"));
}

static void test_a_call_that_the_headset_does_not_see_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	const struct phone_call_options options = { .incoming = true, .silent = true };
	struct phone_call *held, *talking, *unseen;

	connect_headset(f);
	two(f, &held, &talking);
	assert_null(phone_call(f->phone, &options, &unseen));
	says(f, "AT+CHLD=0", "OK");
	line(f, "< +CIEV: 4,0");
	expect(is(f, held, "ended"));
	expect(is(f, unseen, "incoming"));
}

int main(void)
{
#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, start_test, stop_test)
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_chld_0_rejects_who_waits_and_then_releases_who_is_held),
		RIG_TEST(test_chld_1_ends_the_active_one_for_who_waits),
		RIG_TEST(test_chld_1_ends_the_active_one_for_who_is_held),
		RIG_TEST(test_i2_chup_ends_the_active_one_and_the_other_is_resumed),
		RIG_TEST(test_chld_1_keeps_who_is_held_beside_the_one_that_waits),
		RIG_TEST(test_chld_2_swaps_and_says_so),
		RIG_TEST(test_chld_2_holds_the_only_one_and_takes_it_again),
		RIG_TEST(test_ecc_one_of_two_by_its_index),
		RIG_TEST(test_chld_3_is_a_conference_where_the_softphone_can),
		RIG_TEST(test_chld_3_that_the_softphone_refuses_changes_nothing),
		RIG_TEST(test_chld_3_is_refused_where_nobody_can),
		RIG_TEST(test_a_call_that_the_headset_does_not_see_is_left_alone),
	};

	return rig_run_tests(tests, start, finish);
}
