/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * oFono and PipeWire's telephony as sources of calls: each test runs with both.
 */
#include "calls-fixture.h"
#include "fake-baresip.h"
#include "fake-ofono.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake_ofono *peer; /* of the two, the one that is meant */

static int setup(void **state, bool is_pipewire)
{
	struct calls_fixture *f;

	if (calls_fixture_setup(state) < 0)
		return -1;
	f = *state;
	peer = is_pipewire ? f->telephony : f->ofono;
	peer->voice = true;
	return 0;
}

static int setup_ofono(void **state)
{
	return setup(state, false);
}

static int setup_pipewire(void **state)
{
	return setup(state, true);
}

static void come(struct calls_fixture *f)
{
	fake_ofono_connect(peer, true);
	fake_ofono_come(peer);
	calls_fixture_settle(f);
}

static void has(struct calls_fixture *f, unsigned int n, const char *number, const char *state)
{
	fake_ofono_call(peer, n, number, state);
	calls_fixture_settle(f);
}

static void becomes(struct calls_fixture *f, unsigned int n, const char *state)
{
	fake_ofono_state(peer, n, state);
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
	assert_true(call->info.managed);
	assert_true(call->info.incoming);
	assert_int_equal(call->state, CALL_INCOMING);
	assert_string_equal(call->info.party, "tel:+4930123");
	/* its sound is not that of a modem of this machine, and comes from the phone by whatever program */
	assert_true(call->info.of_phone);
	assert_int_equal(call->info.processes[0], peer->is_pipewire ? getpid() : 0);
	assert_string_equal(call->info.app,
			    peer->is_pipewire ? "" : TALK_PHONE "AA:BB:CC:DD:EE:FF");
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
	fake_ofono_remove(peer, 1);
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
	becomes(f, 1, "held");
	assert_int_equal(call->state, CALL_HELD);
	fake_ofono_remove(peer, 1);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	/* the next call may have the same path */
	has(f, 1, "+4930456", "incoming");
	assert_string_equal(calls_fixture_only(f)->info.party, "tel:+4930456");
}

static void test_a_second_call_and_a_swap(void **state)
{
	struct calls_fixture *f = *state;
	struct call *first = ring(f), *second;
	struct calls_fixture_done done = { 0 };

	becomes(f, 1, "active");
	has(f, 2, "withheld", "waiting");
	assert_int_equal(f->engine->n_calls, 2);
	second = f->engine->calls[1];
	assert_string_equal(second->info.party, "");
	first->state = CALL_HELD;
	second->state = CALL_ACTIVE;
	first->ops->hold(first, first->source, calls_fixture_on_done, &done);
	second->ops->answer(second, second->source, calls_fixture_on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "HoldAndAnswer\n");
	assert_int_equal(done.times, 2);
	becomes(f, 1, "held");
	becomes(f, 2, "active");
	fake_engine_join(f->engine, second, first);
	first->state = CALL_ACTIVE;
	second->state = CALL_HELD;
	first->ops->unhold(first, first->source, calls_fixture_on_done, &done);
	second->ops->hold(second, second->source, calls_fixture_on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "HoldAndAnswer\nCreateMultiparty\nSwapCalls\n");
	assert_int_equal(done.times, 4);
	assert_int_equal(done.failed, 0);
}

static void test_the_first_is_hung_up_for_the_other(void **state)
{
	struct calls_fixture *f = *state;
	struct call *first = ring(f), *second;
	struct calls_fixture_done done = { 0 };

	becomes(f, 1, "active");
	has(f, 2, "2", "waiting");
	second = f->engine->calls[1];
	first->state = CALL_ENDED;
	second->state = CALL_ACTIVE;
	first->ops->hangup(first, first->source, calls_fixture_on_done, &done);
	second->ops->answer(second, second->source, calls_fixture_on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "ReleaseAndAnswer\n");
	becomes(f, 2, "active");
	becomes(f, 2, "held");
	fake_ofono_remove(peer, 1);
	calls_fixture_settle(f);
	has(f, 3, "3", "active");
	first = f->engine->calls[1];
	first->state = CALL_ENDED;
	second->state = CALL_ACTIVE;
	second->ops->unhold(second, second->source, calls_fixture_on_done, &done);
	first->ops->hangup(first, first->source, calls_fixture_on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "ReleaseAndAnswer\nReleaseAndSwap\n");
	assert_int_equal(done.times, 4);
}

static void test_a_headset_dials_with_the_phone_and_sends_tones(void **state)
{
	struct calls_fixture *f = *state;
	struct calls_fixture_done done = { 0 };
	struct call *call;

	come(f);
	fake_engine_dial(f->engine, "tel:+4930123", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "Dial +4930123\n");
	has(f, 1, "+4930123", "dialing");
	call = calls_fixture_only(f);
	assert_int_equal(call->info.from, FIXTURE_DEVICE);
	assert_false(call->info.incoming);
	becomes(f, 1, "alerting");
	becomes(f, 1, "active");
	assert_int_equal(call->state, CALL_ACTIVE);
	call->ops->send_dtmf(call, call->source, "12#", calls_fixture_on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, "Dial +4930123\nSendTones 12#\n");
	fake_engine_dial(f->engine, "sip:bob@example.org", FIXTURE_DEVICE);
	assert_int_equal(f->engine->n_source_errors, 1);
}

static void test_the_phone_comes_later_and_goes(void **state)
{
	struct calls_fixture *f = *state;

	peer->voice = false;
	fake_ofono_come(peer);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_providers, 0);
	assert_int_equal(f->engine->n_phones, 0);
	fake_ofono_connect(peer, true);
	if (!peer->is_pipewire)
		fake_ofono_voice(peer, true);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_providers, 1);
	assert_int_equal(f->engine->n_phones, 1);
	has(f, 1, "1", "incoming");
	(void)calls_fixture_only(f);
	if (!peer->is_pipewire) {
		fake_ofono_voice(peer, false);
		calls_fixture_settle(f);
		assert_int_equal(f->engine->n_calls, 0);
		assert_int_equal(f->engine->n_phones, 0);
		/* its list has the call when it is back */
		fake_ofono_voice(peer, true);
		calls_fixture_settle(f);
		(void)calls_fixture_only(f);
	}
	fake_ofono_connect(peer, false);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(f->engine->n_providers, 0);
	assert_int_equal(f->engine->n_phones, 0);
}

static void test_the_calls_of_our_own_gateway_are_no_others(void **state)
{
	struct calls_fixture *f = *state;

	f->engine->adapter = FIXTURE_DEVICE; /* which the modem's path names */
	come(f);
	has(f, 1, "+4930123", "incoming");
	becomes(f, 1, "active");
	assert_int_equal(f->engine->n_calls, peer->is_pipewire ? 1 : 0);
	assert_int_equal(f->engine->n_providers, peer->is_pipewire ? 1 : 0);
}

static void test_our_own_gateway_is_known_late(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	f->engine->adapter = FIXTURE_DEVICE;
	has(f, 1, "+4930123", "incoming");
	assert_int_equal(f->engine->n_calls, peer->is_pipewire ? 1 : 0);
	fake_engine_dial(f->engine, "tel:1", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	assert_string_equal(peer->asked, peer->is_pipewire ? "Dial 1\n" : "");
}

static void test_its_calls_end_when_it_goes_and_are_seen_when_it_comes_back(void **state)
{
	struct calls_fixture *f = *state;

	(void)ring(f);
	becomes(f, 1, "active");
	fake_ofono_go(peer);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	fake_ofono_come(peer);
	calls_fixture_settle(f);
	assert_int_equal(calls_fixture_only(f)->state, CALL_ACTIVE);
}

static void test_it_goes_while_it_is_asked_or_refuses(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);
	struct calls_fixture_done done = { 0 };

	peer->silent = true;
	call->ops->send_dtmf(call, call->source, "1", calls_fixture_on_done, &done);
	calls_fixture_settle(f);
	fake_ofono_connect(peer, false);
	calls_fixture_settle(f);
	assert_int_equal(done.times, 0);
	fake_ofono_go(peer);
	calls_fixture_settle(f);
	assert_int_equal(done.times, 1);
	peer->silent = false;
	peer->refuses = true;
	fake_ofono_connect(peer, true);
	fake_ofono_come(peer);
	calls_fixture_settle(f);
	fake_engine_button(f->engine, calls_fixture_only(f), "auto");
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_source_errors, 1);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_unknown_states_change_nothing(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call = ring(f);

	becomes(f, 1, "response-and-hold");
	becomes(f, 1, "");
	assert_int_equal(call->state, CALL_INCOMING);
	has(f, 2, "2", "nonsense");
	assert_int_equal(f->engine->n_calls, 1);
}

static void test_more_calls_than_any_phone_has_are_left_alone(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	for (unsigned int n = 0; n < FAKE_OFONO_CALLS; n++)
		fake_ofono_call(peer, n, "1", "incoming");
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 16);
	/* another source is unharmed */
	fake_baresip_come(f->baresip);
	calls_fixture_settle(f);
	fake_baresip_tell(f->baresip, "CALL_OUTGOING", "a", "outgoing", "sip:bob@x", NULL);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 17);
	for (unsigned int n = 0; n < FAKE_OFONO_CALLS; n++)
		fake_ofono_remove(peer, n);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 1);
}

#define OFONO_TEST(test)                                                                \
	{ #test " (oFono)", test, setup_ofono, calls_fixture_teardown, NULL },          \
	{                                                                               \
#test " (PipeWire)", test, setup_pipewire, calls_fixture_teardown, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OFONO_TEST(test_a_phones_call_rings_here),
		OFONO_TEST(test_an_answer_here_goes_to_the_phone),
		OFONO_TEST(test_answered_and_ended_on_the_phone),
		OFONO_TEST(test_a_second_call_and_a_swap),
		OFONO_TEST(test_the_first_is_hung_up_for_the_other),
		OFONO_TEST(test_a_headset_dials_with_the_phone_and_sends_tones),
		OFONO_TEST(test_the_phone_comes_later_and_goes),
		OFONO_TEST(test_the_calls_of_our_own_gateway_are_no_others),
		OFONO_TEST(test_our_own_gateway_is_known_late),
		OFONO_TEST(test_its_calls_end_when_it_goes_and_are_seen_when_it_comes_back),
		OFONO_TEST(test_it_goes_while_it_is_asked_or_refuses),
		OFONO_TEST(test_unknown_states_change_nothing),
		OFONO_TEST(test_more_calls_than_any_phone_has_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
