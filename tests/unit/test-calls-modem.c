/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * ModemManager as a source of calls, one at a time (two: test-calls-line), and what headsets show of the
 * network.
 */
#include "calls-fixture.h"
#include "fake-gnome.h"
#include "fake-modem.h"

#include <stdio.h>
#include <string.h>

#define MODEM "org.freedesktop.ModemManager1.Modem"

static void come(struct calls_fixture *f)
{
	fake_modem_come(f->modem);
	calls_fixture_settle(f);
}

static void has(struct calls_fixture *f, unsigned int n, const char *number, int32_t state)
{
	fake_modem_call(f->modem, n, number, state);
	calls_fixture_settle(f);
}

static void becomes(struct calls_fixture *f, unsigned int n, int32_t state)
{
	fake_modem_state(f->modem, n, state);
	calls_fixture_settle(f);
}

/* It comes, and is called. */
static struct call *ring(struct calls_fixture *f)
{
	come(f);
	has(f, 0, "+4930123", MODEM_RINGING_IN);
	return calls_fixture_only(f);
}

/* ---- one call ------------------------------------------------------------------------------------- */

static void test_a_cellular_call_rings_with_its_number(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call = ring(f);

	assert_true(call->info.phone);
	assert_false(call->info.of_phone);
	assert_true(call->info.managed);
	assert_true(call->info.incoming);
	assert_int_equal(call->state, CALL_INCOMING);
	assert_string_equal(call->info.party, "tel:+4930123");
	assert_int_equal(call->info.processes[0], 0);
}

static void test_the_button_answers_and_hangs_up(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);

	f->modem->acts = true;
	fake_engine_button(f->engine, call, "headset:AA:BB:CC:DD:EE:FF");
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "Accept 0\n");
	assert_string_equal(call->answered_by, "headset:AA:BB:CC:DD:EE:FF");
	assert_int_equal(call->state, CALL_ACTIVE);
	engine_call_hangup(f->engine, call, calls_fixture_no_matter, NULL);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "Accept 0\nHangup 0\n");
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(f->engine->n_source_errors, 0);
	/* not ours to delete */
	assert_non_null(f->modem->calls[0].object);
}

static void test_answered_and_ended_elsewhere(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call = ring(f);

	becomes(f, 0, MODEM_ACTIVE);
	assert_int_equal(call->state, CALL_ACTIVE);
	assert_string_equal(call->answered_by, "device");
	becomes(f, 0, MODEM_HELD);
	assert_int_equal(call->state, CALL_HELD);
	becomes(f, 0, MODEM_TERMINATED);
	assert_int_equal(f->engine->n_calls, 0);
	becomes(f, 0, MODEM_RINGING_IN);
	assert_int_equal(f->engine->n_calls, 0);
	assert_string_equal(f->modem->asked, "");
}

static void test_it_ends_when_it_is_deleted(void **state)
{
	struct calls_fixture *f = *state;

	(void)ring(f);
	fake_modem_delete(f->modem, 0);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_a_withheld_number(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	has(f, 0, "", MODEM_RINGING_IN);
	assert_string_equal(calls_fixture_only(f)->info.party, "");
}

static void test_tones_are_sent_one_by_one(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);
	struct calls_fixture_done done = { 0 };

	becomes(f, 0, MODEM_ACTIVE);
	call->ops->send_dtmf(call, call->source, "1#", calls_fixture_on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "SendDtmf 1 0\nSendDtmf # 0\n");
	assert_int_equal(done.times, 1);
	assert_int_equal(done.failed, 0);
}

static void test_a_headset_dials(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call;

	come(f);
	f->modem->acts = true;
	fake_engine_dial(f->engine, "tel:+4930123", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "CreateCall +4930123\nStart 0\n");
	assert_int_equal(f->engine->n_source_errors, 0);
	call = calls_fixture_only(f);
	assert_int_equal(call->state, CALL_DIALING);
	assert_int_equal(call->info.from, FIXTURE_DEVICE);
	becomes(f, 0, MODEM_RINGING_OUT);
	becomes(f, 0, MODEM_ACTIVE);
	assert_int_equal(call->state, CALL_ACTIVE);
	becomes(f, 0, MODEM_TERMINATED);
	assert_int_equal(f->engine->n_calls, 0);
	/* ours to delete */
	calls_fixture_settle(f);
	assert_null(f->modem->calls[0].object);
}

static void test_what_is_no_number_is_not_dialled(void **state)
{
	static const char *const uris[] = { "", "tel:", "sip:bob@x", "tel:1;x", "tel:+49 30" };
	struct calls_fixture *f = *state;

	come(f);
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		fake_engine_dial(f->engine, uris[i], FIXTURE_DEVICE);
		calls_fixture_settle(f);
		assert_int_equal(f->engine->n_source_errors, i + 1);
	}
	assert_string_equal(f->modem->asked, "");
}

static void test_a_modem_that_does_not_dial(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	f->modem->refuses = true;
	fake_engine_dial(f->engine, "tel:1", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_source_errors, 1);
	f->modem->refuses = false;
	f->modem->silent = true;
	fake_engine_dial(f->engine, "tel:1", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	fake_engine_dial(f->engine, "tel:2", FIXTURE_DEVICE); /* while it has not answered */
	assert_int_equal(f->engine->n_source_errors, 2);
	fake_modem_go(f->modem);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_source_errors, 3);
	assert_int_equal(f->engine->n_providers, 0);
}

static void test_one_call_is_held_and_resumed(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);

	becomes(f, 0, MODEM_ACTIVE);
	f->modem->acts = true;
	engine_call_hold(f->engine, call, calls_fixture_no_matter, NULL);
	calls_fixture_settle(f);
	assert_int_equal(f->modem->calls[0].state, MODEM_HELD);
	engine_call_unhold(f->engine, call, calls_fixture_no_matter, NULL);
	calls_fixture_settle(f);
	assert_int_equal(f->modem->calls[0].state, MODEM_ACTIVE);
	assert_string_equal(f->modem->asked, "HoldAndAccept\nHoldAndAccept\n");
}

/* ---- beside others --------------------------------------------------------------------------------- */

static void test_gnome_calls_shows_the_same_call(void **state)
{
	struct calls_fixture *f = *state;
	uint32_t id = call_id(ring(f));

	fake_gnome_come(f->gnome);
	calls_fixture_settle(f);
	fake_gnome_call(f->gnome, 1, "tel", "+4930123", true, GNOME_INCOMING);
	calls_fixture_settle(f);
	assert_int_equal(call_id(calls_fixture_only(f)), id);
	fake_engine_button(f->engine, calls_fixture_only(f), "auto");
	calls_fixture_settle(f);
	assert_string_equal(f->gnome->asked, "");
	becomes(f, 0, MODEM_ACTIVE);
	fake_gnome_go(f->gnome);
	calls_fixture_settle(f);
	engine_call_hangup(f->engine, calls_fixture_only(f), calls_fixture_no_matter, NULL);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "Accept 0\nHangup 0\n");
}

/* ---- the network ----------------------------------------------------------------------------------- */

static void test_headsets_see_the_network(void **state)
{
	struct calls_fixture *f = *state;
	const struct engine_network *network = &f->engine->network;

	assert_false(f->engine->has_network);
	come(f);
	assert_true(f->engine->has_network);
	assert_true(network->service);
	assert_false(network->roaming);
	assert_int_equal(network->bars_0_5, 3);
	assert_string_equal(network->operator_name, "Example");
	f->modem->signal = 9;
	fake_modem_changed(f->modem, MODEM, "SignalQuality");
	f->modem->state = 7; /* searching */
	fake_modem_changed(f->modem, MODEM, "State");
	f->modem->registration = 5;
	f->modem->operator_name = "Elsewhere";
	fake_modem_changed(f->modem, MODEM ".Modem3gpp", "RegistrationState");
	fake_modem_changed(f->modem, MODEM ".Modem3gpp", "OperatorName");
	calls_fixture_settle(f);
	assert_false(network->service);
	assert_true(network->roaming);
	assert_int_equal(network->bars_0_5, 0);
	assert_string_equal(network->operator_name, "Elsewhere");
	fake_modem_go(f->modem);
	calls_fixture_settle(f);
	assert_false(f->engine->has_network);
}

/* ---- bad input -------------------------------------------------------------------------------------- */

static void test_its_calls_end_when_it_goes_and_are_seen_when_it_comes_back(void **state)
{
	struct calls_fixture *f = *state;

	(void)ring(f);
	fake_modem_go(f->modem);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	come(f);
	assert_string_equal(calls_fixture_only(f)->info.party, "tel:+4930123");
	fake_modem_plug(f->modem, false);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_false(f->engine->has_network);
	assert_int_equal(f->engine->n_providers, 0);
	fake_modem_plug(f->modem, true);
	calls_fixture_settle(f);
	(void)calls_fixture_only(f);
}

static void test_it_goes_while_it_is_asked(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);
	struct calls_fixture_done done = { 0 };

	f->modem->silent = true;
	call->ops->answer(call, call->source, calls_fixture_on_done, &done);
	call->ops->send_dtmf(call, call->source, "123", calls_fixture_on_done, &done);
	calls_fixture_settle(f);
	assert_int_equal(done.times, 0);
	fake_modem_plug(f->modem, false);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	fake_modem_go(f->modem);
	calls_fixture_settle(f);
	assert_int_equal(done.times, 2);
}

static void test_unknown_states_change_nothing(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call = ring(f);

	becomes(f, 0, 99);
	becomes(f, 0, -1);
	assert_int_equal(call->state, CALL_INCOMING);
	has(f, 1, "2", 99);
	assert_int_equal(f->engine->n_calls, 1);
	becomes(f, 1, MODEM_DIALING);
	assert_int_equal(f->engine->n_calls, 2);
}

static void test_a_call_that_is_gone_before_it_is_read(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	fake_modem_call(f->modem, 0, "1", MODEM_RINGING_IN);
	fake_modem_delete(f->modem, 0);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_more_calls_than_any_modem_has_are_left_alone(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	for (unsigned int n = 0; n < FAKE_MODEM_CALLS; n++)
		fake_modem_call(f->modem, n, "1", MODEM_RINGING_IN);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 16);
	/* another source is unharmed */
	fake_gnome_come(f->gnome);
	calls_fixture_settle(f);
	fake_gnome_call(f->gnome, 1, "sip", "sip:bob@example.org", true, GNOME_INCOMING);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 17);
	for (unsigned int n = 0; n < FAKE_MODEM_CALLS; n++)
		fake_modem_delete(f->modem, n);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 1);
}

static void test_calls_that_are_over_take_no_room(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	for (unsigned int n = 0; n + 1 < FAKE_MODEM_CALLS; n++) {
		fake_modem_call(f->modem, n, "1", MODEM_RINGING_IN);
		fake_modem_state(f->modem, n, MODEM_TERMINATED);
		calls_fixture_settle(f);
	}
	has(f, FAKE_MODEM_CALLS - 1, "2", MODEM_RINGING_IN);
	assert_string_equal(calls_fixture_only(f)->info.party, "tel:2");
}

#define MODEM_TEST(test) \
	cmocka_unit_test_setup_teardown(test, calls_fixture_setup, calls_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEM_TEST(test_a_cellular_call_rings_with_its_number),
		MODEM_TEST(test_the_button_answers_and_hangs_up),
		MODEM_TEST(test_answered_and_ended_elsewhere),
		MODEM_TEST(test_it_ends_when_it_is_deleted),
		MODEM_TEST(test_a_withheld_number),
		MODEM_TEST(test_tones_are_sent_one_by_one),
		MODEM_TEST(test_a_headset_dials),
		MODEM_TEST(test_what_is_no_number_is_not_dialled),
		MODEM_TEST(test_a_modem_that_does_not_dial),
		MODEM_TEST(test_one_call_is_held_and_resumed),
		MODEM_TEST(test_gnome_calls_shows_the_same_call),
		MODEM_TEST(test_headsets_see_the_network),
		MODEM_TEST(test_its_calls_end_when_it_goes_and_are_seen_when_it_comes_back),
		MODEM_TEST(test_it_goes_while_it_is_asked),
		MODEM_TEST(test_unknown_states_change_nothing),
		MODEM_TEST(test_a_call_that_is_gone_before_it_is_read),
		MODEM_TEST(test_more_calls_than_any_modem_has_are_left_alone),
		MODEM_TEST(test_calls_that_are_over_take_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
