/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * baresip as a source of calls.
 */
#include "calls-fixture.h"
#include "daemon/calls/baresip-json.h"
#include "fake-baresip.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BOB "sip:bob@example.org"

static void come(struct calls_fixture *f)
{
	fake_baresip_come(f->baresip);
	calls_fixture_settle(f);
}

static void tell(struct calls_fixture *f, const char *type, const char *id, const char *direction,
		 const char *more)
{
	fake_baresip_tell(f->baresip, type, id, direction, BOB, more);
	calls_fixture_settle(f);
}

static struct call *ring(struct calls_fixture *f)
{
	come(f);
	tell(f, "CALL_INCOMING", "73a1", "incoming", "\"peerdisplayname\":\"Bob \\u00e4\"");
	return calls_fixture_only(f);
}

static void test_an_incoming_call(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);

	assert_false(call->info.phone);
	assert_true(call->info.managed);
	assert_true(call->info.incoming);
	assert_string_equal(call->info.party, BOB);
	assert_string_equal(call->info.name, "Bob ä");
	assert_int_equal(call->info.processes[0], getpid());
	fake_engine_button(f->engine, call, "headset:AA:BB:CC:DD:EE:FF");
	tell(f, "CALL_ANSWERED", "73a1", "incoming", NULL);
	tell(f, "CALL_ESTABLISHED", "73a1", "incoming", NULL);
	assert_int_equal(call->state, CALL_ACTIVE);
	assert_string_equal(call->answered_by, "headset:AA:BB:CC:DD:EE:FF");
	engine_call_hold(f->engine, call, calls_fixture_no_matter, NULL);
	/* what it says of a hold: the media changed */
	tell(f, "CALL_ANSWERED", "73a1", "incoming", NULL);
	assert_int_equal(call->state, CALL_HELD);
	engine_call_unhold(f->engine, call, calls_fixture_no_matter, NULL);
	engine_call_hangup(f->engine, call, calls_fixture_no_matter, NULL);
	calls_fixture_settle(f);
	assert_string_equal(f->baresip->asked,
			    "accept 73a1\nhold 73a1\nresume 73a1\nhangup 73a1\n");
	tell(f, "CALL_CLOSED", "73a1", "incoming", "\"param\":\"Connection reset by user\"");
	tell(f, "CALL_RTCP", "73a1", "incoming", NULL);
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(f->engine->n_source_errors, 0);
}

static void test_an_outgoing_call(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	tell(f, "CALL_OUTGOING", "a", "outgoing", NULL);
	assert_int_equal(calls_fixture_only(f)->state, CALL_DIALING);
	assert_false(calls_fixture_only(f)->info.alerting);
	tell(f, "CALL_RINGING", "a", "outgoing", NULL);
	assert_int_equal(calls_fixture_only(f)->state, CALL_DIALING);
	assert_true(calls_fixture_only(f)->info.alerting);
	assert_false(calls_fixture_only(f)->info.incoming);
	tell(f, "CALL_ESTABLISHED", "a", "outgoing", NULL);
	assert_int_equal(calls_fixture_only(f)->state, CALL_ACTIVE);
	tell(f, "CALL_CLOSED", "a", "outgoing", "\"param\":\"Connection reset by peer\"");
	assert_int_equal(f->engine->n_calls, 0);
	assert_true(f->engine->last_end_remote);
}

static void test_who_hung_up_is_told(void **state)
{
	struct calls_fixture *f = *state;

	(void)ring(f);
	tell(f, "CALL_CLOSED", "73a1", "incoming", "\"param\":\"Rejected by user\"");
	assert_int_equal(f->engine->n_calls, 0);
	assert_false(f->engine->last_end_remote);
}

static void test_a_hold_from_its_own_menu_shows_where_it_tells(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call = ring(f);

	tell(f, "CALL_ESTABLISHED", "73a1", "incoming", "\"localaudiodir\":\"sendrecv\"");
	tell(f, "CALL_LOCAL_SDP", "73a1", "incoming", "\"localaudiodir\":\"sendonly\"");
	assert_int_equal(call->state, CALL_HELD);
	tell(f, "CALL_LOCAL_SDP", "73a1", "incoming", "\"localaudiodir\":\"sendrecv\"");
	assert_int_equal(call->state, CALL_ACTIVE);
	assert_string_equal(f->baresip->asked, "");
}

static void test_a_call_from_before_is_seen_by_its_next_report(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	tell(f, "CALL_DTMF_START", "b", "incoming", NULL);
	assert_int_equal(f->engine->n_calls, 0);
	tell(f, "CALL_RTCP", "b", "incoming",
	     "\"param\":\"audio\",\"rtcp_stats\":{\"tx\":{\"sent\":1,\"id\":\"x\"},\"rtt\":2}");
	assert_int_equal(calls_fixture_only(f)->state, CALL_ACTIVE);
	assert_true(calls_fixture_only(f)->info.incoming);
}

static void test_tones_go_to_their_call(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);

	call->ops->send_dtmf(call, call->source, "12#", NULL, NULL);
	calls_fixture_settle(f);
	assert_string_equal(f->baresip->asked, "sndcode 12#\n");
	tell(f, "CALL_INCOMING", "second", "incoming", NULL);
	call->ops->send_dtmf(call, call->source, "3", NULL, NULL);
	calls_fixture_settle(f);
	assert_string_equal(f->baresip->asked, "sndcode 12#\ncallfind 73a1\nsndcode 3\n");
}

static void test_what_it_prints_tells_that_it_could_not(void **state)
{
	struct calls_fixture *f = *state;
	struct call *call = ring(f);

	f->baresip->says = "call 73a1 not found\n";
	fake_engine_button(f->engine, call, "headset:AA:BB:CC:DD:EE:FF");
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_source_errors, 1);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_a_headset_dials(void **state)
{
	struct calls_fixture *f = *state;

	come(f);
	fake_engine_dial(f->engine, "tel:+4930123", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	assert_string_equal(f->baresip->asked, "dial +4930123\n");
	tell(f, "CALL_RINGING", "a", "outgoing", NULL);
	assert_int_equal(calls_fixture_only(f)->info.from, FIXTURE_DEVICE);
	fake_engine_dial(f->engine, "sip:bob quit", FIXTURE_DEVICE);
	calls_fixture_settle(f);
	assert_string_equal(f->baresip->asked, "dial +4930123\n");
	assert_int_equal(f->engine->n_source_errors, 1);
}

static void test_its_calls_end_when_it_goes(void **state)
{
	struct calls_fixture *f = *state;

	(void)ring(f);
	fake_baresip_go(f->baresip);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(f->engine->n_providers, 0);
}

static void test_a_thousand_calls_are_too_many(void **state)
{
	struct calls_fixture *f = *state;
	char id[16];

	come(f);
	for (unsigned int n = 0; n < 1000; n++) {
		(void)snprintf(id, sizeof(id), "id%u", n);
		fake_baresip_tell(f->baresip, "CALL_INCOMING", id, "incoming", BOB, NULL);
	}
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 16);
}

static void test_other_texts_are_passed_over(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{",
		"}",
		"\"",
		"{\"id\":",
		"{\"id\":\"\"}",
		"{\"id\":\"a b\"}",
		"{\"id\":\"a\\nquit\"}",
		"{\"id\":{\"id\":\"a\"}}",
		"{\"x\":{\"id\":\"a\"",
		"{\"id\" \"\xc3\xa4\"}",
	};
	struct calls_fixture *f = *state;
	struct baresip_event event;
	static char text[20000];

	come(f);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		fake_baresip_event(f->baresip, "CALL_INCOMING", texts[i]);
	memset(text, 'x', sizeof(text) - 1);
	fake_baresip_event(f->baresip, "CALL_INCOMING", text);
	memcpy(text, "{\"id\":\"", 7);
	assert_false(baresip_event_parse(text, &event));
	text[300] = '"';
	text[301] = '}';
	text[302] = '\0';
	assert_false(baresip_event_parse(text, &event));
	fake_baresip_event(f->baresip, "CALL_INCOMING", text);
	fake_baresip_event(f->baresip, "CALL_WHATEVER", "{\"id\":\"a\"}");
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_true(baresip_event_parse("{\"id\":\"a\",\"direction\":5,\"param\":null}", &event));
	assert_string_equal(event.id, "a");
}

#define BARESIP_TEST(test) \
	cmocka_unit_test_setup_teardown(test, calls_fixture_setup, calls_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BARESIP_TEST(test_an_incoming_call),
		BARESIP_TEST(test_an_outgoing_call),
		BARESIP_TEST(test_who_hung_up_is_told),
		BARESIP_TEST(test_a_hold_from_its_own_menu_shows_where_it_tells),
		BARESIP_TEST(test_a_call_from_before_is_seen_by_its_next_report),
		BARESIP_TEST(test_tones_go_to_their_call),
		BARESIP_TEST(test_what_it_prints_tells_that_it_could_not),
		BARESIP_TEST(test_a_headset_dials),
		BARESIP_TEST(test_its_calls_end_when_it_goes),
		BARESIP_TEST(test_a_thousand_calls_are_too_many),
		BARESIP_TEST(test_other_texts_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
