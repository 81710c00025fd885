/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * One call that two sources tell of: the rules, and who speaks for it.
 */
#include "calls-fixture.h"
#include "daemon/calls/same.h"
#include "daemon/calls/source.h"
#include "fake-baresip.h"
#include "fake-gnome.h"

#include <string.h>
#include <unistd.h>

/* ---- the rules ---------------------------------------------------------------------------------- */

#define PHONE(way, number)                                              \
	{                                                               \
		.phone = true, .incoming = (way) == IN, .party = number \
	}
#define VOIP(way, uri, process)                                                 \
	{                                                                       \
		.incoming = (way) == IN, .party = uri, .processes = { process } \
	}
#define BARE                 \
	{                    \
		.bare = true \
	}

#define SOUND(process, name)                                            \
	{                                                               \
		.by_sound = true, .processes = { process }, .app = name \
	}

enum { IN, OUT };

static void test_the_rules(void **state)
{
	static const struct {
		struct call_info a, b;
		uint64_t apart_ms;
		bool same;
	} rows[] = {
		/* one number, whenever: a program that started in the middle of the call */
		{ PHONE(IN, "tel:+4930123"), PHONE(IN, "+49 (30) 123"), 60000, true },
		{ PHONE(IN, "tel:+4930123;phone-context=x"), PHONE(IN, "+4930123"), 0, true },
		{ PHONE(IN, "tel:+4930123"), PHONE(IN, "+49301234"), 0, false },
		{ PHONE(IN, "1"), PHONE(OUT, "1"), 0, false },
		/* withheld on one side: only together */
		{ PHONE(IN, ""), PHONE(IN, "1"), 3000, true },
		{ PHONE(IN, ""), PHONE(IN, "1"), 3001, false },
		{ PHONE(IN, ""), PHONE(IN, ""), 10, true },
		/* one process writes its party in two ways */
		{ VOIP(IN, "sip:bob@x", 7), VOIP(IN, "SIP:Bob@X", 7), 60000, true },
		{ VOIP(IN, "sip:bob@x", 7), VOIP(IN, "bob", 7), 100, true },
		{ VOIP(IN, "sip:bob@x", 7), VOIP(IN, "bob", 7), 3001, false },
		{ VOIP(IN, "sip:bob@x", 7), VOIP(OUT, "sip:bob@x", 7), 0, false },
		/* two softphones ring for one address */
		{ VOIP(IN, "sip:bob@x", 7), VOIP(IN, "sip:bob@x", 8), 0, false },
		{ VOIP(IN, "sip:bob@x", 0), VOIP(IN, "sip:bob@x", 0), 0, false },
		{ VOIP(IN, "1", 7), PHONE(IN, "1"), 0, false },
		/* streams have no direction, and may begin whenever */
		{ VOIP(IN, "sip:bob@x", 7), SOUND(7, ""), 60000, true },
		{ VOIP(OUT, "sip:bob@x", 7), SOUND(8, ""), 0, false },
		{ VOIP(IN, "sip:bob@x", 0), SOUND(0, "org.app"), 0, false },
		{ SOUND(7, "org.app"), SOUND(0, "org.app"), 0, true },
		{ SOUND(7, "org.app"), SOUND(0, "org.other"), 0, false },
		/* nothing is known but that there is one */
		{ VOIP(IN, "sip:bob@x", 7), BARE, 3000, true },
		{ PHONE(IN, "1"), BARE, 3000, true },
	};
	static const struct call_info bare = BARE, phone = PHONE(IN, "1"), sound = SOUND(7, "");
	static const struct call_info bare_of_7 = { .bare = true, .processes = { 7 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(same_call(&rows[i].a, &rows[i].b, rows[i].apart_ms), rows[i].same);
		assert_int_equal(same_call(&rows[i].b, &rows[i].a, rows[i].apart_ms), rows[i].same);
	}
	assert_true(same_call(&phone, &bare, 60000));
	assert_false(same_call(&bare, &phone, 3001));
	assert_false(same_call(&sound, &bare, 0));
	assert_true(same_call(&bare_of_7, &sound, 60000));
}

/* ---- who speaks --------------------------------------------------------------------------------- */

/* A source of a rank of its own, which writes down what it is asked. */
struct other {
	struct source source;
	char asked[128];
	unsigned int ended;
};

static void other_answer(struct call *call, void *source, call_done_fn done, void *data)
{
	struct other *other = seen_data(source);

	(void)call;
	strcat(other->asked, "answer ");
	done(data, NULL);
}

static const struct call_ops modem_ops = {
	.rank = CALL_RANK_MODEM,
	.answer = other_answer,
	.ended = seen_over,
};

static void own_answer(struct call *call, void *source, call_done_fn done, void *data)
{
	struct other *other = source;

	(void)call;
	strcat(other->asked, "answer ");
	done(data, NULL);
}

static void own_ended(struct call *call, void *source)
{
	struct other *other = source;

	(void)call;
	other->ended++;
}

static const struct call_ops own_ops = {
	.rank = CALL_RANK_API,
	.answer = own_answer,
	.ended = own_ended,
};

static struct seen *modem_rings(struct calls_fixture *f, struct other *modem, const char *number)
{
	struct call_info info = { .phone = true, .incoming = true, .state = CALL_INCOMING };

	*modem = (struct other){
		.source = { .calls = f->calls, .name = "a modem", .ops = &modem_ops },
	};
	source_copy(info.party, sizeof(info.party), number);
	return seen_new(&modem->source, &info, modem);
}

static void gnome_rings(struct calls_fixture *f, const char *number)
{
	fake_gnome_come(f->gnome);
	calls_fixture_settle(f);
	fake_gnome_call(f->gnome, 1, "tel", number, true, GNOME_INCOMING);
	calls_fixture_settle(f);
}

/* It can hold it, which GNOME Calls cannot; and GNOME Calls knows who calls. */
static void test_the_modem_speaks_for_the_call_that_gnome_calls_shows(void **state)
{
	struct calls_fixture *f = *state;
	struct other modem;
	struct seen *seen = modem_rings(f, &modem, "+4930123");
	uint32_t id = call_id(calls_fixture_only(f));

	gnome_rings(f, "+4930123");
	assert_int_equal(call_id(calls_fixture_only(f)), id);
	fake_gnome_name(f->gnome, 1, "Bob");
	calls_fixture_settle(f);
	assert_string_equal(calls_fixture_only(f)->info.name, "Bob");
	assert_string_equal(calls_fixture_only(f)->info.party, "+4930123");
	fake_engine_button(f->engine, calls_fixture_only(f), "headset:AA:BB:CC:DD:EE:FF");
	calls_fixture_settle(f);
	assert_string_equal(f->gnome->asked, "");
	assert_string_equal(modem.asked, "answer ");
	seen_state(seen, CALL_ACTIVE);
	seen_party(seen, "+4930123", "");
	assert_string_equal(calls_fixture_only(f)->info.name, "Bob");
	seen_end(seen, true);
	assert_int_equal(f->engine->n_calls, 0);
	/* GNOME Calls shows it for some seconds more */
	fake_gnome_state(f->gnome, 1, GNOME_ACTIVE);
	calls_fixture_settle(f);
	fake_gnome_state(f->gnome, 1, GNOME_ENDED);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_the_modem_is_second(void **state)
{
	struct calls_fixture *f = *state;
	struct other modem;
	struct seen *seen;
	uint32_t id;

	gnome_rings(f, "+4930123");
	fake_gnome_name(f->gnome, 1, "Bob");
	calls_fixture_settle(f);
	id = call_id(calls_fixture_only(f));
	seen = modem_rings(f, &modem, "+4930123");
	assert_int_equal(call_id(calls_fixture_only(f)), id);
	assert_string_equal(calls_fixture_only(f)->info.name, "Bob");
	fake_engine_button(f->engine, calls_fixture_only(f), "auto");
	calls_fixture_settle(f);
	assert_string_equal(f->gnome->asked, "");
	assert_string_equal(modem.asked, "answer ");
	/* its word alone ends nothing: the modem will say so */
	fake_gnome_state(f->gnome, 1, GNOME_ENDED);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 1);
	seen_end(seen, true);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_the_program_goes_on_without_the_modem(void **state)
{
	struct calls_fixture *f = *state;
	struct other modem;
	struct seen *seen = modem_rings(f, &modem, "+4930123");
	uint32_t id;

	gnome_rings(f, "+4930123");
	id = call_id(calls_fixture_only(f));
	seen_lost(seen);
	assert_int_equal(call_id(calls_fixture_only(f)), id);
	fake_engine_button(f->engine, calls_fixture_only(f), "auto");
	calls_fixture_settle(f);
	assert_string_equal(f->gnome->asked, "Accept 1\n");
	assert_string_equal(modem.asked, "");
	/* and it comes back */
	seen = modem_rings(f, &modem, "+4930123");
	assert_int_equal(call_id(calls_fixture_only(f)), id);
	fake_gnome_go(f->gnome);
	calls_fixture_settle(f);
	assert_int_equal(call_id(calls_fixture_only(f)), id);
	seen_end(seen, true);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_two_calls_of_one_number_are_paired_one_by_one(void **state)
{
	struct calls_fixture *f = *state;
	struct other modem;
	struct seen *first, *second;
	struct call_info info = { .phone = true, .incoming = true, .state = CALL_INCOMING };

	first = modem_rings(f, &modem, "");
	second = seen_new(&modem.source, &info, &modem);
	assert_int_equal(f->engine->n_calls, 2);
	gnome_rings(f, "");
	fake_gnome_call(f->gnome, 2, "tel", "", true, GNOME_INCOMING);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 2);
	fake_gnome_remove(f->gnome, 1);
	fake_gnome_remove(f->gnome, 2);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 2);
	seen_end(first, true);
	seen_end(second, true);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_a_softphone_speaks_for_itself(void **state)
{
	struct calls_fixture *f = *state;
	struct call_info info = {
		.managed = true,
		.incoming = true,
		.state = CALL_INCOMING,
		.party = "bob",
		.processes = { getpid() },
	};
	struct other own = { 0 };
	struct call *call;
	uint32_t id;

	fake_baresip_come(f->baresip);
	calls_fixture_settle(f);
	fake_baresip_tell(f->baresip, "CALL_INCOMING", "a", "incoming", "sip:bob@x", NULL);
	calls_fixture_settle(f);
	id = call_id(calls_fixture_only(f));
	assert_int_equal(same_add(f->engine, &info, &own_ops, &own, fake_engine_now_ms + 50, &call),
			 POLICY_OK);
	assert_ptr_equal(call, calls_fixture_only(f));
	assert_int_equal(call_id(call), id);
	fake_engine_button(f->engine, call, "auto");
	fake_baresip_tell(f->baresip, "CALL_CLOSED", "a", "incoming", "sip:bob@x", NULL);
	calls_fixture_settle(f);
	assert_string_equal(own.asked, "answer ");
	assert_string_equal(f->baresip->asked, "");
	assert_int_equal(f->engine->n_calls, 1);
	(void)engine_call_state(f->engine, call, CALL_ENDED, true);
	assert_int_equal(own.ended, 1);
}

static void test_a_softphone_that_was_first_stays(void **state)
{
	struct calls_fixture *f = *state;
	struct call_info info = {
		.incoming = true,
		.state = CALL_INCOMING,
		.party = "sip:bob@x",
		.processes = { getpid() },
	};
	struct other own = { 0 };
	struct call *call;

	fake_baresip_come(f->baresip);
	calls_fixture_settle(f);
	assert_int_equal(same_add(f->engine, &info, &own_ops, &own, fake_engine_now_ms, &call),
			 POLICY_OK);
	fake_baresip_tell(f->baresip, "CALL_INCOMING", "a", "incoming", "sip:bob@x", NULL);
	calls_fixture_settle(f);
	assert_ptr_equal(calls_fixture_only(f), call);
	fake_baresip_go(f->baresip);
	calls_fixture_settle(f);
	assert_ptr_equal(calls_fixture_only(f), call);
	(void)engine_call_state(f->engine, call, CALL_ENDED, true);
}

static void test_its_own_word_on_the_kind_counts(void **state)
{
	struct calls_fixture *f = *state;
	struct call_info info = {
		.incoming = true, /* and not managed */
		.state = CALL_INCOMING,
		.party = "sip:bob@x",
		.processes = { getpid() },
	};
	struct other own = { 0 };
	struct call *call;

	fake_baresip_come(f->baresip);
	calls_fixture_settle(f);
	fake_baresip_tell(f->baresip, "CALL_INCOMING", "a", "incoming", "sip:bob@x", NULL);
	calls_fixture_settle(f);
	assert_true(calls_fixture_only(f)->info.managed);
	assert_int_equal(same_add(f->engine, &info, &own_ops, &own, fake_engine_now_ms, &call),
			 POLICY_OK);
	assert_ptr_equal(calls_fixture_only(f), call);
	assert_false(call->info.managed);
	fake_baresip_tell(f->baresip, "CALL_ESTABLISHED", "a", "incoming", "sip:bob@x", NULL);
	calls_fixture_settle(f);
	assert_int_equal(calls_fixture_only(f)->state, CALL_INCOMING);
	(void)engine_call_state(f->engine, call, CALL_ENDED, true);
}

#define SAME_TEST(test) \
	cmocka_unit_test_setup_teardown(test, calls_fixture_setup, calls_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_rules),
		SAME_TEST(test_the_modem_speaks_for_the_call_that_gnome_calls_shows),
		SAME_TEST(test_the_modem_is_second),
		SAME_TEST(test_the_program_goes_on_without_the_modem),
		SAME_TEST(test_two_calls_of_one_number_are_paired_one_by_one),
		SAME_TEST(test_a_softphone_speaks_for_itself),
		SAME_TEST(test_a_softphone_that_was_first_stays),
		SAME_TEST(test_its_own_word_on_the_kind_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
