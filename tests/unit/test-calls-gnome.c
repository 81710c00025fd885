/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * GNOME Calls as a source of calls.
 */
#include "calls-fixture.h"
#include "fake-gnome.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void come(struct calls_fixture *f)
{
	fake_gnome_come(f->gnome);
	calls_fixture_settle(f);
}

/* It comes, and is called. */
static struct call *ring(struct calls_fixture *f)
{
	come(f);
	fake_gnome_call(f->gnome, 1, "tel", "+49 30 123", true, GNOME_INCOMING);
	calls_fixture_settle(f);
	return calls_fixture_only(f);
}

static void test_a_phone_call_rings_with_number_name_and_process(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call = ring(f);

	assert_true(call->info.phone);
	assert_true(call->info.managed);
	assert_true(call->info.incoming);
	assert_int_equal(call->state, CALL_INCOMING);
	assert_string_equal(call->info.party, "tel:+49 30 123");
	assert_string_equal(call->info.name, "");
	assert_int_equal(call->info.processes[0], getpid());
	assert_int_equal(call->info.processes[1], 0);
	fake_gnome_name(f->gnome, 1, "Ann");
	calls_fixture_settle(f);
	assert_string_equal(call->info.name, "Ann");
}

static void test_a_sip_call_is_managed_voip(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call;

	come(f);
	fake_gnome_call(f->gnome, 1, "sip", "sip:bob@example.org", false, GNOME_DIALING);
	calls_fixture_settle(f);
	call = calls_fixture_only(f);
	assert_false(call->info.phone);
	assert_true(call->info.managed);
	assert_false(call->info.incoming);
	assert_int_equal(call->state, CALL_DIALING);
	assert_string_equal(call->info.party, "sip:bob@example.org");
	assert_false(call->info.alerting);
	fake_gnome_state(f->gnome, 1, GNOME_ALERTING);
	calls_fixture_settle(f);
	assert_int_equal(call->state, CALL_DIALING);
	assert_true(call->info.alerting);
	fake_gnome_state(f->gnome, 1, GNOME_ACTIVE);
	calls_fixture_settle(f);
	assert_int_equal(call->state, CALL_ACTIVE);
}

static void test_the_button_answers_and_hangs_up(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);

	fake_engine_button(f->engine, call, "headset:AA:BB:CC:DD:EE:FF");
	calls_fixture_settle(f);
	assert_string_equal(f->gnome->asked, "Accept 1\n");
	fake_gnome_state(f->gnome, 1, GNOME_ACTIVE);
	calls_fixture_settle(f);
	assert_string_equal(call->answered_by, "headset:AA:BB:CC:DD:EE:FF");
	engine_call_hangup(f->engine, call, calls_fixture_no_matter, NULL);
	calls_fixture_settle(f);
	assert_string_equal(f->gnome->asked, "Accept 1\nHangup 1\n");
	assert_int_equal(f->engine->n_calls, 0);
	/* what it still says of the call is of no interest */
	fake_gnome_state(f->gnome, 1, GNOME_ENDED);
	fake_gnome_remove(f->gnome, 1);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(f->engine->n_source_errors, 0);
}

static void test_answered_in_its_window(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call = ring(f);

	fake_gnome_state(f->gnome, 1, GNOME_ACTIVE);
	calls_fixture_settle(f);
	assert_int_equal(call->state, CALL_ACTIVE);
	assert_string_equal(call->answered_by, "device");
	assert_string_equal(f->gnome->asked, "");
	fake_gnome_state(f->gnome, 1, GNOME_HELD);
	calls_fixture_settle(f);
	assert_int_equal(call->state, CALL_HELD);
}

static void test_it_ends_with_its_state_and_stays_ended(void **state)
{
	struct calls_fixture *f = *state;

	(void)ring(f);
	fake_gnome_state(f->gnome, 1, GNOME_ENDED);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_true(f->engine->last_end_remote);
	fake_gnome_state(f->gnome, 1, GNOME_INCOMING);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	fake_gnome_remove(f->gnome, 1);
	fake_gnome_call(f->gnome, 1, "tel", "112", true, GNOME_INCOMING);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 1);
}

static void test_it_ends_with_its_object(void **state)
{
	struct calls_fixture *f = *state;

	(void)ring(f);
	fake_gnome_remove(f->gnome, 1);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_calls_end_when_it_goes_and_are_seen_when_it_comes_back(void **state)
{
	struct calls_fixture *f = *state;

	(void)ring(f);
	fake_gnome_go(f->gnome);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(f->engine->n_providers, 0);
	fake_gnome_state(f->gnome, 1, GNOME_ACTIVE);
	come(f);
	assert_int_equal(calls_fixture_only(f)->state, CALL_ACTIVE);
}

static void test_unknown_states_change_nothing(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call;

	come(f);
	fake_gnome_call(f->gnome, 1, "tel", "1", true, 0);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	fake_gnome_state(f->gnome, 1, GNOME_INCOMING);
	calls_fixture_settle(f);
	call = calls_fixture_only(f);
	fake_gnome_state(f->gnome, 1, 4711);
	calls_fixture_settle(f);
	assert_int_equal(call->state, CALL_INCOMING);
}

static void test_an_answer_that_it_refuses_ends_the_call(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);

	f->gnome->refuses = true;
	fake_engine_button(f->engine, call, "headset:AA:BB:CC:DD:EE:FF");
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_source_errors, 1);
	assert_string_equal(f->engine->last_source_error, "org.callroute.Error.ProviderFailed");
	assert_int_equal(f->engine->n_calls, 0);
}

struct tones_done {
	unsigned int times;
	bool failed;
};

static void on_tones(void *data, const char *error)
{
	struct tones_done *done = data;

	done->times++;
	done->failed = error != NULL;
}

static void test_tones_are_sent_one_by_one(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);
	struct tones_done done = { 0 };

	call->ops->send_dtmf(call, call->source, "1#", on_tones, &done);
	calls_fixture_settle(f);
	assert_string_equal(f->gnome->asked, "SendDtmf 1 1\nSendDtmf # 1\n");
	assert_int_equal(done.times, 1);
	assert_false(done.failed);
	f->gnome->refuses = true;
	call->ops->send_dtmf(call, call->source, "23", on_tones, &done);
	calls_fixture_settle(f);
	assert_string_equal(f->gnome->asked, "SendDtmf 1 1\nSendDtmf # 1\nSendDtmf 2 1\n");
	assert_int_equal(done.times, 2);
	assert_true(done.failed);
}

static void test_it_goes_between_two_tones(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);
	struct tones_done done = { 0 };

	call->ops->send_dtmf(call, call->source, "1234567890", on_tones, &done);
	fake_gnome_go(f->gnome);
	calls_fixture_settle(f);
	assert_int_equal(done.times, 1);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_a_headset_dials(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	fake_engine_dial(f->engine, "tel:+4930123", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	assert_string_equal(f->gnome->asked, "Open tel:+4930123\n");
	fake_gnome_call(f->gnome, 1, "tel", "+4930123", false, GNOME_DIALING);
	fake_gnome_call(f->gnome, 2, "tel", "110", false, GNOME_DIALING);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 2);
	assert_int_equal(f->engine->calls[0]->info.from, FIXTURE_DEVICE);
	assert_int_equal(f->engine->calls[1]->info.from, 0);
}

static void test_a_call_long_after_is_not_the_dialled_one(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	fake_engine_dial(f->engine, "tel:1", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	fake_engine_now_ms += 10001;
	fake_gnome_call(f->gnome, 1, "tel", "1", false, GNOME_DIALING);
	calls_fixture_settle(f);
	assert_int_equal(calls_fixture_only(f)->info.from, 0);
}

static void test_more_calls_than_anybody_has_are_left_alone(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	for (unsigned int n = 0; n < FAKE_GNOME_CALLS; n++)
		fake_gnome_call(f->gnome, n, "tel", "1", true, GNOME_INCOMING);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 16);
	for (unsigned int n = 0; n < FAKE_GNOME_CALLS; n++)
		fake_gnome_remove(f->gnome, n);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_long_texts_are_cut_at_a_character(void **state)
{
	struct calls_fixture *f = *state;
	static char name[300];

	for (size_t i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "ä", 2);
	(void)ring(f);
	fake_gnome_name(f->gnome, 1, name);
	calls_fixture_settle(f);
	assert_int_equal(strlen(calls_fixture_only(f)->info.name), CALL_PARTY_SIZE - 2);
}

#define GNOME_TEST(test) \
	cmocka_unit_test_setup_teardown(test, calls_fixture_setup, calls_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GNOME_TEST(test_a_phone_call_rings_with_number_name_and_process),
		GNOME_TEST(test_a_sip_call_is_managed_voip),
		GNOME_TEST(test_the_button_answers_and_hangs_up),
		GNOME_TEST(test_answered_in_its_window),
		GNOME_TEST(test_it_ends_with_its_state_and_stays_ended),
		GNOME_TEST(test_it_ends_with_its_object),
		GNOME_TEST(test_calls_end_when_it_goes_and_are_seen_when_it_comes_back),
		GNOME_TEST(test_unknown_states_change_nothing),
		GNOME_TEST(test_an_answer_that_it_refuses_ends_the_call),
		GNOME_TEST(test_tones_are_sent_one_by_one),
		GNOME_TEST(test_it_goes_between_two_tones),
		GNOME_TEST(test_a_headset_dials),
		GNOME_TEST(test_a_call_long_after_is_not_the_dialled_one),
		GNOME_TEST(test_more_calls_than_anybody_has_are_left_alone),
		GNOME_TEST(test_long_texts_are_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
