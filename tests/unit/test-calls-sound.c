/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Calls that are known by the streams of their programs, and what others tell of the same programs.
 */
#include "calls-fixture.h"
#include "daemon/calls/same.h"
#include "fake-baresip.h"
#include "fake-gnome.h"
#include "fake-ofono.h"

#include <unistd.h>

static const struct talk browser = { .process = 7, .name = "Browser" };
static const struct talk boxed = { .app = "org.example.Talk", .name = "Talk" };

static void test_a_program_that_talks_is_in_an_unmanaged_call(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call;

	fake_engine_talk(f->engine, &browser, 1);
	call = calls_fixture_only(f);
	assert_int_equal(call->state, CALL_ACTIVE);
	assert_false(call->info.phone);
	assert_false(call->info.managed);
	assert_false(call->info.incoming);
	assert_int_equal(call->info.processes[0], 7);
	fake_engine_talk(f->engine, &browser, 1);
	assert_ptr_equal(calls_fixture_only(f), call);
	fake_engine_talk(f->engine, NULL, 0);
	assert_int_equal(f->engine->n_calls, 0);
	assert_true(f->engine->last_end_remote);
}

static void test_two_programs_are_two_calls(void **state)
{
	struct calls_fixture *f = *state;
	const struct talk both[] = { browser, boxed };
	uint32_t id;

	fake_engine_talk(f->engine, both, 1);
	id = call_id(calls_fixture_only(f));
	fake_engine_talk(f->engine, both, 2);
	assert_int_equal(f->engine->n_calls, 2);
	assert_string_equal(f->engine->calls[1]->info.app, "org.example.Talk");
	fake_engine_talk(f->engine, &boxed, 1);
	assert_int_not_equal(call_id(calls_fixture_only(f)), id);
}

static void test_a_call_that_was_ended_here_does_not_come_back(void **state)
{
	struct calls_fixture *f = *state;

	fake_engine_talk(f->engine, &browser, 1);
	(void)engine_call_state(f->engine, calls_fixture_only(f), CALL_ENDED, false);
	assert_int_equal(f->engine->n_calls, 0);
	fake_engine_talk(f->engine, &browser, 1);
	assert_int_equal(f->engine->n_calls, 0);
	fake_engine_talk(f->engine, NULL, 0);
	fake_engine_talk(f->engine, &browser, 1);
	assert_int_equal(f->engine->n_calls, 1);
}

/* ---- programs that tell of their calls, too ------------------------------------------------------- */

static void own_ended(struct call *call, void *source)
{
	(void)call;
	(void)source;
}

static const struct call_ops own_ops = { .rank = CALL_RANK_API, .ended = own_ended };

static struct call *add_own(struct calls_fixture *f, enum call_state state, bool managed)
{
	const struct call_info info = {
		.managed = managed,
		.incoming = true,
		.state = state,
		.party = "sip:bob@x",
		.processes = { 7 },
	};
	struct call *call;

	assert_int_equal(same_add(f->engine, &info, &own_ops, NULL, fake_engine_now_ms, &call),
			 POLICY_OK);
	return call;
}

static void test_streams_of_a_registered_call_are_no_second_one(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = add_own(f, CALL_INCOMING, true);

	fake_engine_now_ms += 60000;
	fake_engine_talk(f->engine, &browser, 1);
	assert_ptr_equal(calls_fixture_only(f), call);
	assert_int_equal(call->state, CALL_INCOMING);
	(void)engine_call_state(f->engine, call, CALL_ENDED, true);
	/* the streams that it leaves open for a moment are no call */
	fake_engine_talk(f->engine, &browser, 1);
	assert_int_equal(f->engine->n_calls, 0);
	fake_engine_talk(f->engine, NULL, 0);
}

static void test_a_call_that_is_registered_late_goes_on(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call;
	uint32_t id;

	fake_engine_talk(f->engine, &browser, 1);
	id = call_id(calls_fixture_only(f));
	fake_engine_now_ms += 60000;
	call = add_own(f, CALL_ACTIVE, false);
	assert_int_equal(call_id(calls_fixture_only(f)), id);
	assert_ptr_equal(call->ops, &own_ops);
	/* from now on its program says when it ends */
	fake_engine_talk(f->engine, NULL, 0);
	assert_ptr_equal(calls_fixture_only(f), call);
	(void)engine_call_state(f->engine, call, CALL_ENDED, true);
}

static void test_a_late_word_that_it_is_managed_or_rings_counts(void **state)
{
	static const struct {
		enum call_state state;
		bool managed;
	} rows[] = { { CALL_ACTIVE, true }, { CALL_INCOMING, false } };
	struct calls_fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call *call;

		fake_engine_talk(f->engine, &browser, 1);
		call = add_own(f, rows[i].state, rows[i].managed);
		assert_ptr_equal(calls_fixture_only(f), call);
		assert_int_equal(call->info.managed, rows[i].managed);
		assert_int_equal(call->state, rows[i].state);
		(void)engine_call_state(f->engine, call, CALL_ENDED, true);
		assert_int_equal(f->engine->n_calls, 0);
		fake_engine_talk(f->engine, NULL, 0);
	}
}

static void test_a_watched_program_is_not_counted_twice(void **state)
{
	const struct talk own = { .process = getpid(), .name = "baresip" };
	struct calls_fixture *f = *state;
	struct call *call;

	fake_baresip_come(f->baresip);
	calls_fixture_settle(f);
	fake_baresip_tell(f->baresip, "CALL_INCOMING", "a", "incoming", "sip:bob@x", NULL);
	calls_fixture_settle(f);
	call = calls_fixture_only(f);
	fake_baresip_tell(f->baresip, "CALL_ESTABLISHED", "a", "incoming", "sip:bob@x", NULL);
	calls_fixture_settle(f);
	fake_engine_talk(f->engine, &own, 1);
	assert_ptr_equal(calls_fixture_only(f), call);
	assert_true(call->info.managed);
	/* it has gone, and its streams are about to */
	fake_baresip_go(f->baresip);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	fake_engine_talk(f->engine, NULL, 0);
	assert_int_equal(f->engine->n_calls, 0);
}

/* In streams of the session manager, which knows nothing of oFono's calls. */
static void test_the_sound_of_a_phone_whose_calls_are_told_is_no_other_call(void **state)
{
	const struct talk phone = { .process = 7, .app = TALK_PHONE "AA:BB:CC:DD:EE:FF" };
	const struct talk another = { .process = 7, .app = TALK_PHONE "AA:BB:CC:DD:EE:00" };
	struct calls_fixture *f = *state;
	struct call *call;

	f->ofono->voice = true;
	fake_ofono_connect(f->ofono, true);
	fake_ofono_come(f->ofono);
	calls_fixture_settle(f);
	fake_ofono_call(f->ofono, 1, "+4930123", "active");
	calls_fixture_settle(f);
	call = calls_fixture_only(f);
	fake_engine_talk(f->engine, &phone, 1);
	assert_ptr_equal(calls_fixture_only(f), call);
	assert_true(call->info.phone);
	fake_engine_talk(f->engine, &another, 1);
	assert_int_equal(f->engine->n_calls, 2);
}

/* It has the phone's call by oFono as well, had it first, and knows nothing of the sound. */
static void test_the_sound_of_a_phone_whose_call_gnome_calls_shows_is_no_other_call(void **state)
{
	const struct talk phone = { .process = 7, .app = TALK_PHONE "AA:BB:CC:DD:EE:FF" };
	struct calls_fixture *f = *state;
	struct call *call;

	fake_gnome_come(f->gnome);
	calls_fixture_settle(f);
	fake_gnome_call(f->gnome, 1, "tel", "+4930123", true, GNOME_INCOMING);
	calls_fixture_settle(f);
	call = calls_fixture_only(f);
	f->ofono->voice = true;
	fake_ofono_connect(f->ofono, true);
	fake_ofono_come(f->ofono);
	calls_fixture_settle(f);
	fake_ofono_call(f->ofono, 1, "+4930123", "incoming");
	calls_fixture_settle(f);
	assert_ptr_equal(calls_fixture_only(f), call);
	assert_true(call->info.of_phone);
	fake_engine_talk(f->engine, &phone, 1);
	assert_ptr_equal(calls_fixture_only(f), call);
}

#define SOUND_TEST(test) \
	cmocka_unit_test_setup_teardown(test, calls_fixture_setup, calls_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOUND_TEST(test_a_program_that_talks_is_in_an_unmanaged_call),
		SOUND_TEST(test_two_programs_are_two_calls),
		SOUND_TEST(test_a_call_that_was_ended_here_does_not_come_back),
		SOUND_TEST(test_streams_of_a_registered_call_are_no_second_one),
		SOUND_TEST(test_a_call_that_is_registered_late_goes_on),
		SOUND_TEST(test_a_late_word_that_it_is_managed_or_rings_counts),
		SOUND_TEST(test_a_watched_program_is_not_counted_twice),
		SOUND_TEST(test_the_sound_of_a_phone_whose_calls_are_told_is_no_other_call),
		SOUND_TEST(test_the_sound_of_a_phone_whose_call_gnome_calls_shows_is_no_other_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
