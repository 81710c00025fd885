/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * ModemManager as a source of calls: what each asks of the others' calls, and what headsets show of
 * the network.
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

static struct call *with(const struct calls_fixture *f, const char *party)
{
	for (size_t i = 0; i < f->engine->n_calls; i++)
		if (strcmp(f->engine->calls[i]->info.party, party) == 0)
			return f->engine->calls[i];
	fail_msg("no call with %s", party);
	return NULL;
}

static void no_matter(void *data, const char *error, const char *message)
{
	(void)data;
	(void)error;
	(void)message;
}

/* As the engine, which decides for all calls first, and then asks each source in turn. */
static void decide(struct call *call, enum call_state state)
{
	call->state = state;
}

struct done {
	unsigned int times;
	unsigned int failed;
};

static void on_done(void *data, const char *error)
{
	struct done *done = data;

	done->times++;
	done->failed += error != NULL;
}

/* An active and a waiting call. */
static void two(struct calls_fixture *f, struct call **first, struct call **second)
{
	come(f);
	has(f, 0, "1", MODEM_ACTIVE);
	has(f, 1, "2", MODEM_WAITING);
	*first = with(f, "tel:1");
	*second = with(f, "tel:2");
	assert_int_equal((*first)->state, CALL_ACTIVE);
	assert_int_equal((*second)->state, CALL_INCOMING);
}

/* An active and a held call. */
static void one_held(struct calls_fixture *f, struct call **active, struct call **held)
{
	come(f);
	has(f, 0, "1", MODEM_HELD);
	has(f, 1, "2", MODEM_ACTIVE);
	*held = with(f, "tel:1");
	*active = with(f, "tel:2");
	assert_int_equal((*held)->state, CALL_HELD);
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
	engine_call_hangup(f->engine, call, no_matter, NULL);
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
	struct done done = { 0 };

	becomes(f, 0, MODEM_ACTIVE);
	call->ops->send_dtmf(call, call->source, "1#", on_done, &done);
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

/* ---- two calls ------------------------------------------------------------------------------------ */

static void test_the_second_is_answered_and_the_first_held_by_one_request(void **state)
{
	struct calls_fixture *f = *state;
	struct call *first, *second;
	struct done done = { 0 };

	two(f, &first, &second);
	f->modem->acts = true;
	decide(first, CALL_HELD);
	decide(second, CALL_ACTIVE);
	first->ops->hold(first, first->source, on_done, &done);
	second->ops->answer(second, second->source, on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "HoldAndAccept\n");
	assert_int_equal(done.times, 2);
	assert_int_equal(done.failed, 0);
	assert_int_equal(f->modem->calls[0].state, MODEM_HELD);
	assert_int_equal(f->modem->calls[1].state, MODEM_ACTIVE);
	assert_int_equal(first->state, CALL_HELD);
	assert_int_equal(second->state, CALL_ACTIVE);
}

static void test_the_same_in_the_other_order(void **state)
{
	struct calls_fixture *f = *state;
	struct call *first, *second;
	struct done done = { 0 };

	two(f, &first, &second);
	decide(first, CALL_HELD);
	decide(second, CALL_ACTIVE);
	second->ops->answer(second, second->source, on_done, &done);
	first->ops->hold(first, first->source, on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "HoldAndAccept\n");
	assert_int_equal(done.times, 2);
}

static void test_both_learn_that_it_was_refused(void **state)
{
	struct calls_fixture *f = *state;
	struct call *first, *second;
	struct done done = { 0 };

	two(f, &first, &second);
	f->modem->refuses = true;
	decide(first, CALL_HELD);
	decide(second, CALL_ACTIVE);
	first->ops->hold(first, first->source, on_done, &done);
	second->ops->answer(second, second->source, on_done, &done);
	calls_fixture_settle(f);
	assert_int_equal(done.times, 2);
	assert_int_equal(done.failed, 2);
}

static void test_the_first_is_hung_up_for_the_second(void **state)
{
	struct calls_fixture *f = *state;
	struct call *first, *second;
	struct done done = { 0 };

	two(f, &first, &second);
	f->modem->acts = true;
	decide(first, CALL_ENDED);
	decide(second, CALL_ACTIVE);
	first->ops->hangup(first, first->source, on_done, &done);
	(void)engine_call_state(f->engine, first, CALL_ENDED, false);
	second->ops->answer(second, second->source, on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "HangupAndAccept\n");
	assert_int_equal(done.times, 2);
	assert_int_equal(f->modem->calls[0].state, MODEM_TERMINATED);
	assert_ptr_equal(calls_fixture_only(f), second);
	assert_int_equal(second->state, CALL_ACTIVE);
}

static void test_the_waiting_call_is_rejected(void **state)
{
	struct calls_fixture *f = *state;
	struct call *first, *second;

	two(f, &first, &second);
	engine_call_hangup(f->engine, second, no_matter, NULL);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "Hangup 1\n");
	assert_ptr_equal(calls_fixture_only(f), first);
}

static void test_active_and_held_are_swapped(void **state)
{
	struct calls_fixture *f = *state;
	struct call *active, *held;
	struct done done = { 0 };

	one_held(f, &active, &held);
	f->modem->acts = true;
	decide(held, CALL_ACTIVE);
	decide(active, CALL_HELD);
	held->ops->unhold(held, held->source, on_done, &done);
	active->ops->hold(active, active->source, on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "HoldAndAccept\n");
	assert_int_equal(done.times, 2);
	assert_int_equal(f->modem->calls[0].state, MODEM_ACTIVE);
	assert_int_equal(f->modem->calls[1].state, MODEM_HELD);
}

/* As the engine does AT+CHLD=2: one event after the other. */
static void test_a_hold_waits_for_the_other_to_be_resumed(void **state)
{
	struct calls_fixture *f = *state;
	struct call *active, *held;
	struct done done = { 0 };

	one_held(f, &active, &held);
	f->modem->acts = true;
	decide(active, CALL_HELD);
	active->ops->hold(active, active->source, on_done, &done);
	calls_fixture_settle(f);
	assert_int_equal(done.times, 0);
	decide(held, CALL_ACTIVE);
	held->ops->unhold(held, held->source, on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "HoldAndAccept\n");
	assert_int_equal(done.times, 2);
	assert_int_equal(done.failed, 0);
}

static void test_a_hold_that_nothing_follows_fails(void **state)
{
	struct calls_fixture *f = *state;
	struct call *active, *held;
	struct done done = { 0 };

	one_held(f, &active, &held);
	decide(active, CALL_HELD);
	active->ops->hold(active, active->source, on_done, &done);
	becomes(f, 1, MODEM_TERMINATED);
	assert_int_equal(done.failed, 1);
	assert_string_equal(f->modem->asked, "");
}

/* As the engine does AT+CHLD=1 with a call that waits: it is answered first. */
static void test_what_is_held_by_an_answer_is_hung_up_alone(void **state)
{
	struct calls_fixture *f = *state;
	struct call *first, *second;
	struct done done = { 0 };

	two(f, &first, &second);
	f->modem->acts = true;
	decide(first, CALL_HELD);
	decide(second, CALL_ACTIVE);
	first->ops->hold(first, first->source, on_done, &done);
	second->ops->answer(second, second->source, on_done, &done);
	decide(first, CALL_ENDED);
	first->ops->hangup(first, first->source, on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "HoldAndAccept\nHangup 0\n");
	assert_int_equal(done.times, 3);
	assert_int_equal(f->modem->calls[1].state, MODEM_ACTIVE);
}

/* And with one that is held: it is resumed last. */
static void test_a_call_is_resumed_after_the_other_is_hung_up(void **state)
{
	struct calls_fixture *f = *state;
	struct call *active, *held;
	struct done done = { 0 };

	one_held(f, &active, &held);
	f->modem->acts = true;
	decide(active, CALL_ENDED);
	active->ops->hangup(active, active->source, on_done, &done);
	decide(held, CALL_ACTIVE);
	held->ops->unhold(held, held->source, on_done, &done);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "Hangup 1\nHoldAndAccept\n");
	assert_int_equal(done.times, 2);
	assert_int_equal(f->modem->calls[0].state, MODEM_ACTIVE);
	assert_int_equal(f->modem->calls[1].state, MODEM_TERMINATED);
}

static void test_states_from_before_a_request_do_not_undo_it(void **state)
{
	struct calls_fixture *f = *state;
	struct call *active, *held;
	struct done done = { 0 };

	one_held(f, &active, &held);
	f->modem->silent = true;
	decide(held, CALL_ACTIVE);
	decide(active, CALL_HELD);
	held->ops->unhold(held, held->source, on_done, &done);
	active->ops->hold(active, active->source, on_done, &done);
	calls_fixture_settle(f);
	/* as if it had been on its way */
	becomes(f, 0, MODEM_ACTIVE);
	becomes(f, 0, MODEM_HELD);
	becomes(f, 1, MODEM_HELD);
	becomes(f, 1, MODEM_ACTIVE);
	assert_int_equal(held->state, CALL_ACTIVE);
	assert_int_equal(active->state, CALL_HELD);
	/* a call that ends has ended */
	becomes(f, 1, MODEM_TERMINATED);
	assert_ptr_equal(calls_fixture_only(f), held);
	fake_modem_answer(f->modem);
	calls_fixture_settle(f);
	assert_int_equal(done.times, 2);
	becomes(f, 0, MODEM_ACTIVE);
	becomes(f, 0, MODEM_HELD);
	assert_int_equal(held->state, CALL_HELD);
}

static void test_the_held_call_resumes_when_the_active_is_hung_up(void **state)
{
	struct calls_fixture *f = *state;
	struct call *active, *held;
	struct done done = { 0 };

	one_held(f, &active, &held);
	f->modem->acts = true;
	decide(active, CALL_ENDED);
	decide(held, CALL_ACTIVE);
	held->ops->unhold(held, held->source, on_done, &done);
	active->ops->hangup(active, active->source, on_done, &done);
	(void)engine_call_state(f->engine, active, CALL_ENDED, false);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "HangupAndAccept\n");
	assert_int_equal(done.times, 2);
	assert_int_equal(done.failed, 0);
	assert_ptr_equal(calls_fixture_only(f), held);
	assert_int_equal(f->modem->calls[0].state, MODEM_ACTIVE);
}

static void test_one_call_is_held_and_resumed(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);

	becomes(f, 0, MODEM_ACTIVE);
	f->modem->acts = true;
	engine_call_hold(f->engine, call, no_matter, NULL);
	calls_fixture_settle(f);
	assert_int_equal(f->modem->calls[0].state, MODEM_HELD);
	engine_call_unhold(f->engine, call, no_matter, NULL);
	calls_fixture_settle(f);
	assert_int_equal(f->modem->calls[0].state, MODEM_ACTIVE);
	assert_string_equal(f->modem->asked, "HoldAndAccept\nHoldAndAccept\n");
}

static void test_a_hold_that_would_answer_the_waiting_call_is_refused(void **state)
{
	struct calls_fixture *f = *state;
	struct call *first, *second;
	struct done done = { 0 };

	two(f, &first, &second);
	decide(first, CALL_HELD);
	first->ops->hold(first, first->source, on_done, &done);
	assert_int_equal(done.failed, 1);
	assert_string_equal(f->modem->asked, "");
}

static void test_a_conference(void **state)
{
	struct calls_fixture *f = *state;
	struct call *active, *held;

	one_held(f, &active, &held);
	fake_engine_join(f->engine, active, held);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "JoinMultiparty 0\n");
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
	assert_string_equal(f->gnome->asked, "Accept 1\n");
	assert_string_equal(f->modem->asked, "");
	becomes(f, 0, MODEM_ACTIVE);
	fake_gnome_go(f->gnome);
	calls_fixture_settle(f);
	engine_call_hangup(f->engine, calls_fixture_only(f), no_matter, NULL);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "Hangup 0\n");
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
	struct done done = { 0 };

	f->modem->silent = true;
	call->ops->answer(call, call->source, on_done, &done);
	call->ops->send_dtmf(call, call->source, "123", on_done, &done);
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
		MODEM_TEST(test_the_second_is_answered_and_the_first_held_by_one_request),
		MODEM_TEST(test_the_same_in_the_other_order),
		MODEM_TEST(test_both_learn_that_it_was_refused),
		MODEM_TEST(test_the_first_is_hung_up_for_the_second),
		MODEM_TEST(test_the_waiting_call_is_rejected),
		MODEM_TEST(test_active_and_held_are_swapped),
		MODEM_TEST(test_a_hold_waits_for_the_other_to_be_resumed),
		MODEM_TEST(test_a_hold_that_nothing_follows_fails),
		MODEM_TEST(test_what_is_held_by_an_answer_is_hung_up_alone),
		MODEM_TEST(test_a_call_is_resumed_after_the_other_is_hung_up),
		MODEM_TEST(test_states_from_before_a_request_do_not_undo_it),
		MODEM_TEST(test_the_held_call_resumes_when_the_active_is_hung_up),
		MODEM_TEST(test_one_call_is_held_and_resumed),
		MODEM_TEST(test_a_hold_that_would_answer_the_waiting_call_is_refused),
		MODEM_TEST(test_a_conference),
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
