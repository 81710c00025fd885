/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Two calls of one line, a modem's: what the engine asks of each is one request to the modem where that
 * does both, and each hears its outcome.
 */
#include "calls-fixture.h"
#include "fake-modem.h"

#include <string.h>

/** The modem's calls 0 and 1, by what the engine has of them. */
enum who { FIRST, SECOND };
/** Which of them are there: one talks and one waits, or the first is held and the second talks. */
enum before { ONE_WAITS, ONE_HELD };
enum modem { ACTS, STANDS_STILL, REFUSES };
enum what { NOTHING, WANTS, ANSWER, HANGUP, HOLD, UNHOLD, ENDED, SETTLES };

/** The engine decides for all calls first, and then asks each source in turn; or by and by. */
struct step {
	enum what what;
	enum who who;
	enum call_state state; /* of WANTS */
};

#define MAX_STEPS 8

struct two {
	struct calls_fixture *f;
	struct call *calls[2];
	struct calls_fixture_done done;
};

static void begin(struct two *two, struct calls_fixture *f, enum before before)
{
	static const int32_t states[][2] = {
		[ONE_WAITS] = { MODEM_ACTIVE, MODEM_WAITING },
		[ONE_HELD] = { MODEM_HELD, MODEM_ACTIVE },
	};
	static const char *const numbers[] = { "1", "2" };

	*two = (struct two){ .f = f };
	fake_modem_come(f->modem);
	calls_fixture_settle(f);
	for (unsigned int n = 0; n < 2; n++) {
		fake_modem_call(f->modem, n, numbers[n], states[before][n]);
		calls_fixture_settle(f);
		assert_int_equal(f->engine->n_calls, n + 1);
		two->calls[n] = f->engine->calls[n];
	}
}

static void take(struct two *two, const struct step *step)
{
	struct call *call = two->calls[step->who];

	switch (step->what) {
	case WANTS:
		call->state = step->state;
		break;
	case ANSWER:
		call->ops->answer(call, call->source, calls_fixture_on_done, &two->done);
		break;
	case HANGUP:
		call->ops->hangup(call, call->source, calls_fixture_on_done, &two->done);
		break;
	case HOLD:
		call->ops->hold(call, call->source, calls_fixture_on_done, &two->done);
		break;
	case UNHOLD:
		call->ops->unhold(call, call->source, calls_fixture_on_done, &two->done);
		break;
	case ENDED:
		(void)engine_call_state(two->f->engine, call, CALL_ENDED, false);
		break;
	case SETTLES:
		calls_fixture_settle(two->f);
		break;
	case NOTHING:
		break;
	}
}

static void becomes(struct two *two, enum who who, int32_t state)
{
	fake_modem_state(two->f->modem, who, state);
	calls_fixture_settle(two->f);
}

static void test_what_is_asked_of_two_calls(void **state)
{
	static const struct {
		const char *name;
		enum before before;
		enum modem modem;
		struct step steps[MAX_STEPS];
		const char *asked;
		struct calls_fixture_done done;
		int32_t states[2];       /* of the modem's calls, where it acts */
		enum call_state seen[2]; /* of the engine's that are left */
		size_t n_calls;
	} rows[] = {
		{ "the second is answered and the first held by one request",
		  ONE_WAITS,
		  ACTS,
		  { { WANTS, FIRST, CALL_HELD },
		    { WANTS, SECOND, CALL_ACTIVE },
		    { HOLD, FIRST },
		    { ANSWER, SECOND } },
		  "HoldAndAccept\n",
		  { 2, 0 },
		  { MODEM_HELD, MODEM_ACTIVE },
		  { CALL_HELD, CALL_ACTIVE },
		  2 },
		{ "the same in the other order",
		  ONE_WAITS,
		  ACTS,
		  { { WANTS, FIRST, CALL_HELD },
		    { WANTS, SECOND, CALL_ACTIVE },
		    { ANSWER, SECOND },
		    { HOLD, FIRST } },
		  "HoldAndAccept\n",
		  { 2, 0 },
		  { MODEM_HELD, MODEM_ACTIVE },
		  { CALL_HELD, CALL_ACTIVE },
		  2 },
		{ "both learn that it was refused",
		  ONE_WAITS,
		  REFUSES,
		  { { WANTS, FIRST, CALL_HELD },
		    { WANTS, SECOND, CALL_ACTIVE },
		    { HOLD, FIRST },
		    { ANSWER, SECOND } },
		  "HoldAndAccept\n",
		  { 2, 2 },
		  { MODEM_ACTIVE, MODEM_WAITING },
		  { CALL_HELD, CALL_ACTIVE },
		  2 },
		{ "the first is hung up for the second",
		  ONE_WAITS,
		  ACTS,
		  { { WANTS, FIRST, CALL_ENDED },
		    { WANTS, SECOND, CALL_ACTIVE },
		    { HANGUP, FIRST },
		    { ENDED, FIRST },
		    { ANSWER, SECOND } },
		  "HangupAndAccept\n",
		  { 2, 0 },
		  { MODEM_TERMINATED, MODEM_ACTIVE },
		  { 0, CALL_ACTIVE },
		  1 },
		{ "active and held are swapped",
		  ONE_HELD,
		  ACTS,
		  { { WANTS, FIRST, CALL_ACTIVE },
		    { WANTS, SECOND, CALL_HELD },
		    { UNHOLD, FIRST },
		    { HOLD, SECOND } },
		  "HoldAndAccept\n",
		  { 2, 0 },
		  { MODEM_ACTIVE, MODEM_HELD },
		  { CALL_ACTIVE, CALL_HELD },
		  2 },
		/* as the engine does AT+CHLD=2: one event after the other */
		{ "a hold waits for the other to be resumed",
		  ONE_HELD,
		  ACTS,
		  { { WANTS, SECOND, CALL_HELD },
		    { HOLD, SECOND },
		    { SETTLES },
		    { WANTS, FIRST, CALL_ACTIVE },
		    { UNHOLD, FIRST } },
		  "HoldAndAccept\n",
		  { 2, 0 },
		  { MODEM_ACTIVE, MODEM_HELD },
		  { CALL_ACTIVE, CALL_HELD },
		  2 },
		/* as it does AT+CHLD=1 with a call that waits: it is answered first */
		{ "what is held by an answer is hung up alone",
		  ONE_WAITS,
		  ACTS,
		  { { WANTS, FIRST, CALL_HELD },
		    { WANTS, SECOND, CALL_ACTIVE },
		    { HOLD, FIRST },
		    { ANSWER, SECOND },
		    { WANTS, FIRST, CALL_ENDED },
		    { HANGUP, FIRST } },
		  "HoldAndAccept\nHangup 0\n",
		  { 3, 0 },
		  { MODEM_TERMINATED, MODEM_ACTIVE },
		  { 0, CALL_ACTIVE },
		  1 },
		/* and with one that is held: it is resumed last */
		{ "a call is resumed after the other is hung up",
		  ONE_HELD,
		  ACTS,
		  { { WANTS, SECOND, CALL_ENDED },
		    { HANGUP, SECOND },
		    { WANTS, FIRST, CALL_ACTIVE },
		    { UNHOLD, FIRST } },
		  "Hangup 1\nHoldAndAccept\n",
		  { 2, 0 },
		  { MODEM_ACTIVE, MODEM_TERMINATED },
		  { CALL_ACTIVE, 0 },
		  1 },
		{ "the held call resumes when the active is hung up",
		  ONE_HELD,
		  ACTS,
		  { { WANTS, SECOND, CALL_ENDED },
		    { WANTS, FIRST, CALL_ACTIVE },
		    { UNHOLD, FIRST },
		    { HANGUP, SECOND },
		    { ENDED, SECOND } },
		  "HangupAndAccept\n",
		  { 2, 0 },
		  { MODEM_ACTIVE, MODEM_TERMINATED },
		  { CALL_ACTIVE, 0 },
		  1 },
		{ "a hold that would answer the waiting call is refused",
		  ONE_WAITS,
		  STANDS_STILL,
		  { { WANTS, FIRST, CALL_HELD }, { HOLD, FIRST } },
		  "",
		  { 1, 1 },
		  { MODEM_ACTIVE, MODEM_WAITING },
		  { CALL_HELD, CALL_INCOMING },
		  2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct calls_fixture *f;
		struct two two;
		void *fixture;

		print_message("%s\n", rows[i].name);
		assert_int_equal(calls_fixture_setup(&fixture), 0);
		f = fixture;
		begin(&two, f, rows[i].before);
		f->modem->acts = rows[i].modem == ACTS;
		f->modem->refuses = rows[i].modem == REFUSES;
		for (size_t step = 0; step < MAX_STEPS; step++)
			take(&two, &rows[i].steps[step]);
		calls_fixture_settle(f);
		assert_string_equal(f->modem->asked, rows[i].asked);
		assert_int_equal(two.done.times, rows[i].done.times);
		assert_int_equal(two.done.failed, rows[i].done.failed);
		assert_int_equal(f->engine->n_calls, rows[i].n_calls);
		for (unsigned int n = 0; n < 2; n++) {
			assert_int_equal(f->modem->calls[n].state, rows[i].states[n]);
			if (rows[i].states[n] != MODEM_TERMINATED)
				assert_int_equal(two.calls[n]->state, rows[i].seen[n]);
		}
		assert_int_equal(calls_fixture_teardown(&fixture), 0);
	}
}

static void test_the_waiting_call_is_rejected(void **state)
{
	struct calls_fixture *f = *state;
	struct two two;

	begin(&two, f, ONE_WAITS);
	engine_call_hangup(f->engine, two.calls[SECOND], calls_fixture_no_matter, NULL);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "Hangup 1\n");
	assert_ptr_equal(calls_fixture_only(f), two.calls[FIRST]);
}

static void test_a_hold_that_nothing_follows_fails(void **state)
{
	struct calls_fixture *f = *state;
	struct two two;

	begin(&two, f, ONE_HELD);
	take(&two, &(struct step){ WANTS, SECOND, CALL_HELD });
	take(&two, &(struct step){ HOLD, SECOND, 0 });
	calls_fixture_settle(f);
	assert_int_equal(two.done.times, 0);
	becomes(&two, SECOND, MODEM_TERMINATED);
	assert_int_equal(two.done.failed, 1);
	assert_string_equal(f->modem->asked, "");
}

static void test_states_from_before_a_request_do_not_undo_it(void **state)
{
	struct calls_fixture *f = *state;
	struct two two;

	begin(&two, f, ONE_HELD);
	f->modem->silent = true;
	take(&two, &(struct step){ WANTS, FIRST, CALL_ACTIVE });
	take(&two, &(struct step){ WANTS, SECOND, CALL_HELD });
	take(&two, &(struct step){ UNHOLD, FIRST, 0 });
	take(&two, &(struct step){ HOLD, SECOND, 0 });
	calls_fixture_settle(f);
	/* as if it had been on its way */
	becomes(&two, FIRST, MODEM_ACTIVE);
	becomes(&two, FIRST, MODEM_HELD);
	becomes(&two, SECOND, MODEM_HELD);
	becomes(&two, SECOND, MODEM_ACTIVE);
	assert_int_equal(two.calls[FIRST]->state, CALL_ACTIVE);
	assert_int_equal(two.calls[SECOND]->state, CALL_HELD);
	/* a call that ends has ended */
	becomes(&two, SECOND, MODEM_TERMINATED);
	assert_ptr_equal(calls_fixture_only(f), two.calls[FIRST]);
	fake_modem_answer(f->modem);
	calls_fixture_settle(f);
	assert_int_equal(two.done.times, 2);
	becomes(&two, FIRST, MODEM_ACTIVE);
	becomes(&two, FIRST, MODEM_HELD);
	assert_int_equal(two.calls[FIRST]->state, CALL_HELD);
}

static void test_a_conference(void **state)
{
	struct calls_fixture *f = *state;
	struct two two;

	begin(&two, f, ONE_HELD);
	fake_engine_join(f->engine, two.calls[SECOND], two.calls[FIRST]);
	calls_fixture_settle(f);
	assert_string_equal(f->modem->asked, "JoinMultiparty 0\n");
}

#define LINE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, calls_fixture_setup, calls_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_asked_of_two_calls),
		LINE_TEST(test_the_waiting_call_is_rejected),
		LINE_TEST(test_a_hold_that_nothing_follows_fails),
		LINE_TEST(test_states_from_before_a_request_do_not_undo_it),
		LINE_TEST(test_a_conference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
