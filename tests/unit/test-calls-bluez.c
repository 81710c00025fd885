/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * bluetoothd's own hands-free role as a source of calls.
 */
#include "calls-fixture.h"
#include "fake-phones.h"

#include <string.h>

static struct fake_phones *peer;

static int setup(void **state)
{
	struct calls_fixture *f;

	if (calls_fixture_setup(state) < 0)
		return -1;
	f = *state;
	peer = f->phones;
	return 0;
}

static void come(struct calls_fixture *f)
{
	fake_phones_connect(peer, "connected");
	fake_phones_come(peer);
	calls_fixture_settle(f);
}

static void has(struct calls_fixture *f, unsigned int n, const char *number, const char *state)
{
	fake_phones_call(peer, n, number, state);
	calls_fixture_settle(f);
}

static void becomes(struct calls_fixture *f, unsigned int n, const char *state)
{
	fake_phones_state(peer, n, state);
	calls_fixture_settle(f);
}

/* It comes, and its phone is called. */
static struct call *ring(struct calls_fixture *f)
{
	come(f);
	has(f, 1, "+4930123", "incoming");
	return calls_fixture_only(f);
}

static void test_a_phones_call_rings_here(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call = ring(f);

	assert_true(call->info.phone);
	assert_true(call->info.of_phone);
	assert_true(call->info.managed);
	assert_true(call->info.incoming);
	assert_int_equal(call->state, CALL_INCOMING);
	assert_string_equal(call->info.party, "tel:+4930123");
	assert_int_equal(call->info.processes[0], 0);
	assert_string_equal(call->info.app, TALK_PHONE "AA:BB:CC:DD:EE:FF");
}

static void test_an_answer_here_goes_to_the_phone(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);

	fake_engine_button(f->engine, call, "headset:AA:BB:CC:DD:EE:FF");
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "Answer 1\n");
	becomes(f, 1, "active");
	assert_int_equal(call->state, CALL_ACTIVE);
	engine_call_hangup(f->engine, call, calls_fixture_no_matter, NULL);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "Answer 1\nHangup 1\n");
	becomes(f, 1, "disconnected");
	fake_phones_remove(peer, 1);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(f->engine->n_source_errors, 0);
}

static void test_answered_and_ended_on_the_phone(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call = ring(f);

	becomes(f, 1, "active");
	assert_int_equal(call->state, CALL_ACTIVE);
	fake_phones_remove(peer, 1);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	/* the next call may have the same path */
	has(f, 1, "withheld", "incoming");
	assert_string_equal(calls_fixture_only(f)->info.party, "");
}

static void test_what_it_cannot_fails(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);
	struct calls_fixture_done done = { 0 };

	becomes(f, 1, "active");
	peer->refuses = true;
	call->ops->send_dtmf(call, call->source, "1", calls_fixture_on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "SendTones 1\n");
	assert_int_equal(done.times, 1);
	assert_int_equal(done.failed, 1);
	assert_int_equal(call->state, CALL_ACTIVE);
}

static void test_a_headset_dials_with_the_phone(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call;

	come(f);
	fake_engine_dial(f->engine, "tel:+4930123", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "Dial tel:+4930123\n");
	has(f, 1, "+4930123", "dialing");
	call = calls_fixture_only(f);
	assert_int_equal(call->info.from, FIXTURE_DEVICE);
	assert_false(call->info.incoming);
	becomes(f, 1, "alerting");
	becomes(f, 1, "active");
	assert_int_equal(call->state, CALL_ACTIVE);
	fake_engine_dial(f->engine, "sip:bob@example.org", FIXTURE_DEVICE);
	assert_int_equal(f->engine->n_source_errors, 1);
}

static void test_only_a_connected_phone_dials(void **state)
{
	struct calls_fixture *f = *state;

	fake_phones_come(peer);
	fake_phones_connect(peer, "slc_connecting");
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_providers, 0);
	fake_phones_connect(peer, "connected");
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_providers, 1);
	has(f, 1, "1", "incoming");
	(void)calls_fixture_only(f);
	fake_phones_connect(peer, NULL);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(f->engine->n_providers, 0);
}

static void test_the_calls_of_our_own_gateway_are_no_others(void **state)
{
	struct calls_fixture *f = *state;

	f->engine->adapter = FIXTURE_DEVICE; /* which the phone's path names */
	come(f);
	has(f, 1, "+4930123", "incoming");
	becomes(f, 1, "active");
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(f->engine->n_providers, 0);
}

static void test_our_own_gateway_is_known_late(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	f->engine->adapter = FIXTURE_DEVICE;
	has(f, 1, "+4930123", "incoming");
	assert_int_equal(f->engine->n_calls, 0);
	fake_engine_dial(f->engine, "tel:1", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "");
}

static void test_its_calls_end_when_it_goes_and_are_seen_when_it_comes_back(void **state)
{
	struct calls_fixture *f = *state;

	(void)ring(f);
	becomes(f, 1, "active");
	fake_phones_go(peer);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	fake_phones_come(peer);
	calls_fixture_settle(f);
	assert_int_equal(calls_fixture_only(f)->state, CALL_ACTIVE);
}

static void test_unknown_states_change_nothing(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call = ring(f);

	becomes(f, 1, "response_and_hold");
	becomes(f, 1, "");
	assert_int_equal(call->state, CALL_INCOMING);
	has(f, 2, "2", "nonsense");
	assert_int_equal(f->engine->n_calls, 1);
}

static void test_more_calls_than_any_phone_has_are_left_alone(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	for (unsigned int n = 0; n < FAKE_PHONES_CALLS; n++)
		fake_phones_call(peer, n, "1", "incoming");
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 16);
	for (unsigned int n = 0; n < FAKE_PHONES_CALLS; n++)
		fake_phones_remove(peer, n);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, calls_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_phones_call_rings_here),
		T(test_an_answer_here_goes_to_the_phone),
		T(test_answered_and_ended_on_the_phone),
		T(test_what_it_cannot_fails),
		T(test_a_headset_dials_with_the_phone),
		T(test_only_a_connected_phone_dials),
		T(test_the_calls_of_our_own_gateway_are_no_others),
		T(test_our_own_gateway_is_known_late),
		T(test_its_calls_end_when_it_goes_and_are_seen_when_it_comes_back),
		T(test_unknown_states_change_nothing),
		T(test_more_calls_than_any_phone_has_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
