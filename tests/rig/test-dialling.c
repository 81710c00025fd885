/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What headsets dial, and their key for voice recognition, through the whole daemon to a softphone.
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
#define OLD "AA:BB:CC:00:00:04" /* HSP */
#define ROUTE "headset:" HEADSET
#define LIMIT_MS 10000

struct fixture {
	struct rig *rig;
	struct phone *phone;
};

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static const struct stand_in_device old = { OLD, "Old", DEVICE_HEADSET, .headset = true };
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	return rig_headset_add(f.rig, &headset, NULL) < 0 || rig_headset_add(f.rig, &old, NULL) < 0
		       ? -1
		       : 0;
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

	if (phone_new(f->rig, &f->phone) < 0 || rig_headset_connect(f->rig, HEADSET) < 0)
		return -1;
	rig_headset_forget_lines(f->rig, HEADSET);
	headset_send(rig_headset(f->rig, HEADSET), "AT+CMEE=1");
	return 0;
}

static int stop_test(void **state)
{
	struct fixture *f = *state;

	f->phone = phone_free(f->phone);
	rig_headset_disconnect(f->rig, HEADSET);
	rig_headset_disconnect(f->rig, OLD);
	return rig_wait(f->rig, LIMIT_MS, !view_profile(rig_view(f->rig), HEADSET)[0]) ? 0 : -1;
}

static void says(struct fixture *f, const char *command, const char *answer)
{
	struct rig *rig = f->rig;
	char line[64];

	headset_send(rig_headset(rig, HEADSET), command);
	(void)snprintf(line, sizeof(line), "> %s", command);
	expect(rig_headset_wait(rig, HEADSET, line, LIMIT_MS));
	(void)snprintf(line, sizeof(line), "< %s", answer);
	expect(rig_headset_wait(rig, HEADSET, line, LIMIT_MS));
}

static struct phone_call *outgoing(struct fixture *f, const char *party)
{
	const struct phone_call_options options = { .managed = true, .party = party };
	struct phone_call *call;

	assert_null(phone_call(f->phone, &options, &call));
	return call;
}

static void test_without_anybody_who_dials_each_command_is_one_error(void **state)
{
	struct fixture *f = *state;

	says(f, "ATD5551234;", "+CME ERROR: 30");
	says(f, "AT+BLDN", "+CME ERROR: 30");
	says(f, "ATD>1;", "+CME ERROR: 21");
	says(f, "AT+BVRA=1", "+CME ERROR: 4");
}

static void test_p7_what_the_headset_dials_is_on_the_headset(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	assert_null(phone_register(f->phone));
	says(f, "ATD5551234;", "OK");
	expect(phone_told(f->phone, "Dial tel:5551234,", LIMIT_MS));
	call = outgoing(f, "tel:5551234");
	expect(rig_headset_wait(rig, HEADSET, "indicator callsetup 2", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P7")));
	expect(rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS));
	assert_null(phone_ask_with(f->phone, call, "SetState", "alerting"));
	expect(rig_headset_wait(rig, HEADSET, "indicator callsetup 3", LIMIT_MS));
	assert_null(phone_ask_with(f->phone, call, "SetState", "active"));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 1", LIMIT_MS));
	expect(phone_sees_route(f->phone, ROUTE, "P7"));
	headset_button(rig_headset(rig, HEADSET));
	expect(phone_told(f->phone, "Hangup", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 0", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));

	/* the last number is now known, and a call dialled here is no headset's */
	says(f, "AT+BLDN", "OK");
	expect(phone_told(f->phone, "Dial tel:5551234,", LIMIT_MS));
	outgoing(f, "+4930123");
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P7")));
}

static void test_a_refused_number_is_an_error_and_the_redialled_one_gets_its_scheme(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	assert_null(phone_register(f->phone));
	phone_refuse(f->phone, "org.example.NoAccount");
	says(f, "ATD1;", "+CME ERROR: 0");
	says(f, "AT+BLDN", "+CME ERROR: 0");
	expect(phone_told(f->phone, "Dial tel:+4930123,", LIMIT_MS));
	says(f, "ATD1x;", "+CME ERROR: 27");
}

static void test_i2_dialling_in_a_call_holds_it(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *first, *second;

	assert_null(phone_register(f->phone));
	first = outgoing(f, "tel:1");
	assert_null(phone_ask_with(f->phone, first, "SetState", "active"));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 1", LIMIT_MS));
	says(f, "ATD2;", "OK");
	second = outgoing(f, "tel:2");
	expect(rig_headset_wait(rig, HEADSET, "indicator callheld 2", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "indicator callsetup 2", LIMIT_MS));
	expect(phone_told(f->phone, "Hold", LIMIT_MS));
	assert_null(phone_ask_with(f->phone, second, "SetState", "active"));
	expect(rig_headset_wait(rig, HEADSET, "indicator callsetup 0", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "indicator callheld 1", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(phone_told(f->phone, "Unhold", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "indicator callheld 0", LIMIT_MS));
}

static void test_a_softphone_that_leaves_is_not_asked(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone *other;

	assert_null(phone_register(f->phone));
	expect(phone_new(rig, &other) == 0);
	assert_null(phone_register(other));
	says(f, "ATD1;", "OK");
	expect(phone_told(other, "Dial tel:1,", LIMIT_MS));
	phone_free(other);
	/* it has gone from the bus when another's request is answered */
	assert_null(phone_register(f->phone));
	says(f, "ATD2;", "OK");
	expect(phone_told(f->phone, "Dial tel:2,", LIMIT_MS));
}

static void test_the_button_of_an_old_headset_redials(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	expect(rig_headset_connect(rig, OLD) == 0);
	assert_null(phone_register(f->phone));
	headset_button(rig_headset(rig, OLD));
	expect(phone_told(f->phone, "Dial", LIMIT_MS));
	outgoing(f, "tel:1");
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" OLD, "P7")));
}

static void test_the_voice_key_reaches_who_listens(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	const struct phone_call_options sound = { .active = true };
	struct phone_call *call;

	assert_null(phone_register(f->phone));
	says(f, "AT+BVRA=1", "OK");
	expect(phone_told(f->phone, "VoiceRecognition " HEADSET, LIMIT_MS));
	assert_null(phone_call(f->phone, &sound, &call));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P7")));
	expect(rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS));
	assert_null(phone_ask(f->phone, call, "Hangup"));
	assert_null(phone_set_voice(f->phone, HEADSET, false));
	expect(rig_headset_wait(rig, HEADSET, "< +BVRA: 0", LIMIT_MS));

	/* it begins by itself, the headset ends it, and who vanishes ends it too */
	assert_null(phone_set_voice(f->phone, HEADSET, true));
	expect(rig_headset_wait(rig, HEADSET, "< +BVRA: 1", LIMIT_MS));
	says(f, "AT+BVRA=0", "OK");
	expect(phone_told(f->phone, "VoiceRecognition " HEADSET, LIMIT_MS));
	says(f, "AT+BVRA=1", "OK");
	f->phone = phone_free(f->phone);
	expect(rig_headset_wait(rig, HEADSET, "< +BVRA: 0", LIMIT_MS));
	says(f, "AT+BVRA=1", "+CME ERROR: 4");
}

int main(void)
{
#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, start_test, stop_test)
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_without_anybody_who_dials_each_command_is_one_error),
		RIG_TEST(test_p7_what_the_headset_dials_is_on_the_headset),
		RIG_TEST(test_a_refused_number_is_an_error_and_the_redialled_one_gets_its_scheme),
		RIG_TEST(test_i2_dialling_in_a_call_holds_it),
		RIG_TEST(test_a_softphone_that_leaves_is_not_asked),
		RIG_TEST(test_the_button_of_an_old_headset_redials),
		RIG_TEST(test_the_voice_key_reaches_who_listens),
	};

	return rig_run_tests(tests, start, finish);
}
