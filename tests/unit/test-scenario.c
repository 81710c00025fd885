/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The scenario language: what each line reads as, where a wrong one is wrong, and what a run says.
 */
#include "policy/scenario.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct scenario_line parse(struct scenario_names *names, const char *text)
{
	struct scenario_line line = { 0 };
	struct scenario_error error = { 0 };

	if (scenario_parse(text, names, &line, &error) < 0)
		fail_msg("%s: %u: expected %s", text, error.column, error.expected);
	return line;
}

static void test_every_word_gives_its_event(void **state)
{
	static const struct {
		const char *text;
		enum policy_event_type type;
	} rows[] = {
		{ "setting routing headset", EVENT_ROUTING },
		{ "setting auto-answer 3600", EVENT_AUTO_ANSWER },
		{ "machine no-handset", EVENT_MACHINE },
		{ "connect A hearing-aid a2dp-only", EVENT_CONNECT },
		{ "disconnect A", EVENT_DISCONNECT },
		{ "plug", EVENT_PLUG },
		{ "unplug", EVENT_UNPLUG },
		{ "call C incoming phone", EVENT_CALL },
		{ "answer C device", EVENT_ANSWER },
		{ "hangup C", EVENT_HANGUP },
		{ "remote-hangup C", EVENT_REMOTE_HANGUP },
		{ "hold C", EVENT_HOLD },
		{ "unhold C", EVENT_UNHOLD },
		{ "pick headset", EVENT_PICK },
		{ "prefer C wired", EVENT_PREFER },
		{ "sco-open A", EVENT_SCO_OPEN },
		{ "sco-close A", EVENT_SCO_CLOSE },
		{ "sco-fail A", EVENT_SCO_FAIL },
		{ "moved bt-speaker:A", EVENT_MOVED },
		{ "broadcast B record", EVENT_BROADCAST },
		{ "mute on", EVENT_MUTE },
	};
	struct scenario_names names = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scenario_line line = parse(&names, rows[i].text);

		assert_int_equal(line.kind, SCENARIO_EVENT);
		assert_int_equal(line.event.type, rows[i].type);
	}
}

static void test_call_options_in_any_order(void **state)
{
	struct scenario_names names = { 0 };
	struct policy_event event;

	event = parse(&names, "call C outgoing voip video from=headset:A managed # x").event;
	assert_true(event.managed && event.video && !event.phone && !event.incoming);
	assert_int_equal(event.device, 1);
	event = parse(&names, "call D incoming voip").event;
	assert_true(!event.managed && !event.video && event.incoming);
	assert_int_equal(event.call, 2);
	event = parse(&names, "call E incoming phone managed").event;
	assert_true(event.managed && event.phone);
	event = parse(&names, "call F incoming voip unmanaged video").event;
	assert_true(!event.managed && event.video);
}

static void test_devices_and_calls_have_names_of_their_own(void **state)
{
	struct scenario_names names = { 0 };
	struct policy_event event;
	char text[48];

	assert_int_equal(parse(&names, "connect 1 headset").event.device, 1);
	assert_int_equal(parse(&names, "connect AA:BB:CC:DD:EE:FF speaker").event.device, 2);
	event = parse(&names, "answer 1 headset:AA:BB:CC:DD:EE:FF").event;
	assert_int_equal(event.call, 1);
	assert_int_equal(event.device, 2);
	scenario_route_to_string(&names, (struct route){ ROUTE_BT_SPEAKER, 2 }, text, sizeof(text));
	assert_string_equal(text, "bt-speaker:AA:BB:CC:DD:EE:FF");
	scenario_route_to_string(&names, (struct route){ ROUTE_NONE, 0 }, text, sizeof(text));
	assert_string_equal(text, "none");
}

static void test_blank_lines_and_comments_are_nothing(void **state)
{
	struct scenario_names names = { 0 };

	assert_int_equal(parse(&names, "").kind, SCENARIO_EMPTY);
	assert_int_equal(parse(&names, " \t\r").kind, SCENARIO_EMPTY);
	assert_int_equal(parse(&names, "  # call").kind, SCENARIO_EMPTY);
	assert_int_equal(parse(&names, "\tplug\t#x\r").event.type, EVENT_PLUG);
}

static void test_wait_reads_to_the_millisecond(void **state)
{
	struct scenario_names names = { 0 };
	struct scenario_line line = parse(&names, "wait 1.25");

	assert_int_equal(line.kind, SCENARIO_WAIT);
	assert_int_equal(line.wait_ms, 1250);
	assert_int_equal(line.event.seconds, 2);
	assert_int_equal(parse(&names, "wait 0.001").wait_ms, 1);
	assert_int_equal(parse(&names, "wait 86400").wait_ms, 86400000);
	assert_int_equal(parse(&names, "wait 0").wait_ms, 0);
}

static void test_expectations_are_typed(void **state)
{
	struct scenario_names names = { 0 };
	struct scenario_line line;

	line = parse(&names, "expect call none rule=X10");
	assert_int_equal(line.expect, EXPECT_CALL);
	assert_int_equal(line.rule, RULE_X10);
	line = parse(&names, "expect default bt-speaker:S");
	assert_int_equal(line.route.kind, ROUTE_BT_SPEAKER);
	line = parse(&names, "expect profile S a2dp");
	assert_int_equal(line.mode, MODE_A2DP);
	assert_int_equal(line.device, 1);
	line = parse(&names, "expect state C held");
	assert_int_equal(line.state, CALL_HELD);
	line = parse(&names, "expect refused NotEligible");
	assert_int_equal(line.refused, POLICY_NOT_ELIGIBLE);
	assert_int_equal(parse(&names, "expect media wired").expect, EXPECT_MEDIA);
	assert_false(parse(&names, "expect mute off").on);
}

static void test_wrong_line_tells_column_and_what_was_expected(void **state)
{
	static const struct {
		const char *text;
		unsigned int column;
		const char *expected; /* a part of it */
	} rows[] = {
		{ "ring C", 1, "an event's word" },
		{ "  Plug", 3, "an event's word" },
		{ "plug in", 6, "the end of the line" },
		{ "setting", 8, "routing or auto-answer" },
		{ "setting volume 3", 9, "routing or auto-answer" },
		{ "setting routing", 16, "automatic" },
		{ "setting auto-answer 3s", 21, "off, or whole seconds" },
		{ "setting auto-answer -1", 21, "off, or whole seconds" },
		{ "setting auto-answer 3601", 21, "off, or whole seconds" },
		{ "setting auto-answer 1.5", 21, "off, or whole seconds" },
		{ "machine phone", 9, "handset or no-handset" },
		{ "connect", 8, "an ID" },
		{ "connect A", 10, "headset, speaker, car" },
		{ "connect A headset hfp", 19, "a2dp-only" },
		{ "connect A headset a2dp-only x", 29, "the end of the line" },
		{ "call C", 7, "incoming or outgoing" },
		{ "call C incoming fax", 17, "phone or voip" },
		{ "call C incoming phone unmanaged", 23, "managed" },
		{ "call C incoming voip video video", 28, "each once" },
		{ "call C incoming voip managed unmanaged", 30, "each once" },
		{ "call C incoming voip from=headset:A", 22, "outgoing" },
		{ "call C outgoing voip from=headset:", 35, "an ID" },
		{ "call C outgoing voip from=A", 22, "from=headset:DEV" },
		{ "answer C", 9, "device or headset:DEV" },
		{ "answer C headset", 10, "device or headset:DEV" },
		{ "answer C bt-speaker:S", 10, "device or headset:DEV" },
		{ "hangup", 7, "an ID" },
		{ "pick", 5, "handset, speaker" },
		{ "pick none", 6, "handset, speaker" },
		{ "pick bt-speaker", 6, "bt-speaker:DEV" },
		{ "pick headset:", 14, "an ID" },
		{ "prefer C", 9, "handset, speaker" },
		{ "moved none", 7, "handset, speaker" },
		{ "broadcast B play", 13, "start, record or stop" },
		{ "mute maybe", 6, "on or off" },
		{ "wait", 5, "seconds" },
		{ "wait 1.", 6, "seconds" },
		{ "wait 1.2345", 6, "seconds" },
		{ "wait 86400.001", 6, "seconds" },
		{ "wait 99999999999999999999", 6, "seconds" },
		{ "expect", 7, "call, default, media" },
		{ "expect call", 12, "none" },
		{ "expect call headset", 13, "headset:DEV" },
		{ "expect call none because", 18, "rule=N" },
		{ "expect call none rule=Q1", 23, "a rule from P1 to X10" },
		{ "expect call none rule=-", 23, "a rule from P1 to X10" },
		{ "expect media none", 14, "handset, speaker" },
		{ "expect default none rule=P1", 21, "the end of the line" },
		{ "expect profile A sco", 18, "hfp, a2dp or off" },
		{ "expect state C ringing", 16, "incoming, dialing" },
		{ "expect refused Ok", 16, "an error's name" },
		{ "connect A\x01 headset", 9, "printable" },
		{ "connect 0123456789012345678901234567890x headset", 9, "at most 31" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scenario_names names = { 0 };
		struct scenario_line line = { .kind = SCENARIO_WAIT };
		struct scenario_error error = { 0 };

		if (scenario_parse(rows[i].text, &names, &line, &error) == 0)
			fail_msg("%s: taken", rows[i].text);
		if (error.column != rows[i].column ||
		    strstr(error.expected, rows[i].expected) == NULL)
			fail_msg("%s: %u: expected %s", rows[i].text, error.column, error.expected);
		assert_int_equal(names.n_devices + names.n_calls, 0);
		assert_int_equal(line.kind, SCENARIO_WAIT);
	}
}

static void test_long_line_is_refused(void **state)
{
	char text[SCENARIO_MAX_LINE + 2];
	struct scenario_names names = { 0 };
	struct scenario_line line;
	struct scenario_error error;

	memset(text, ' ', sizeof(text));
	text[SCENARIO_MAX_LINE] = '\0';
	assert_int_equal(scenario_parse(text, &names, &line, &error), 0);
	text[SCENARIO_MAX_LINE] = 'x';
	text[SCENARIO_MAX_LINE + 1] = '\0';
	assert_int_equal(scenario_parse(text, &names, &line, &error), -EINVAL);
	assert_int_equal(error.column, SCENARIO_MAX_LINE + 1);
	memset(text, 'x', SCENARIO_MAX_LINE);
	text[SCENARIO_MAX_LINE] = '\0';
	assert_int_equal(scenario_parse(text, &names, &line, &error), -EINVAL);
	assert_int_equal(error.column, 1);
}

static void test_names_are_bounded(void **state)
{
	struct scenario_names names = { 0 };
	struct scenario_line line;
	struct scenario_error error;
	char text[32];

	for (unsigned int i = 0; i < SCENARIO_MAX_NAMES; i++) {
		snprintf(text, sizeof(text), "connect D%u headset", i);
		assert_int_equal(parse(&names, text).event.device, i + 1);
	}
	assert_int_equal(parse(&names, "disconnect D63").event.device, 64);
	assert_int_equal(scenario_parse("disconnect D64", &names, &line, &error), -EINVAL);
	assert_int_equal(error.column, 12);
	assert_int_equal(names.n_devices, SCENARIO_MAX_NAMES);
}

static void test_run_says_what_holds_instead(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{ "expect refused NoCall", "expected refused NoCall, but there is no event above" },
		{ "connect A headset", "" },
		{ "expect refused NoCall", "expected refused NoCall, but the event was taken" },
		{ "call C outgoing phone", "" },
		{ "expect call headset:A rule=P6", "" },
		{ "expect call headset:A rule=V2", "" },
		{ "expect call speaker", "expected call speaker, but it is headset:A by P6 via V2 "
					 "(dialled on this machine)" },
		{ "expect call headset:A rule=P1",
		  "expected call headset:A by P1, but it is headset:A by P6 "
		  "via V2 (dialled on this machine)" },
		{ "expect default none", "expected default none, but it is headset:A" },
		{ "expect media headset:A", "expected media headset:A, but it is speaker" },
		{ "expect profile A off", "expected profile A off, but it is hfp" },
		{ "expect state C held", "expected state C held, but it is dialing" },
		{ "expect state D active", "expected state D active, but it is ended" },
		{ "expect mute on", "expected mute on, but it is off" },
		{ "hold C", "" },
		{ "expect refused NoCall",
		  "expected refused NoCall, but it was refused with WrongState" },
	};
	struct scenario_run *run = scenario_run_new();

	assert_non_null(run);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum scenario_result result = scenario_run_feed(run, rows[i].text);

		assert_string_equal(scenario_run_message(run), rows[i].message);
		assert_int_equal(result == SCENARIO_UNMET, rows[i].message[0] != '\0');
		assert_int_equal(scenario_run_line(run), i + 1);
	}
	assert_null(scenario_run_free(run));
}

static void test_run_machine_comes_first(void **state)
{
	struct scenario_run *run = scenario_run_new();

	assert_int_equal(scenario_run_feed(run, "machine no-handset"), SCENARIO_OK);
	assert_int_equal(scenario_run_feed(run, "machine handset"), SCENARIO_REFUSED);
	assert_int_equal(scenario_run_feed(run, "expect refused Invalid"), SCENARIO_OK);
	assert_int_equal(scenario_run_feed(run, "plug it"), SCENARIO_MALFORMED);
	assert_int_equal(scenario_run_error(run)->column, 6);
	assert_string_equal(scenario_run_output(run), "");
	scenario_run_free(run);
	assert_null(scenario_run_free(NULL));
}

static void test_run_longest_line_is_printed_whole(void **state)
{
	struct scenario_run *run = scenario_run_new();
	char text[SCENARIO_MAX_LINE + 1];

	memset(text, ' ', sizeof(text));
	memcpy(text, "plug", 4);
	text[SCENARIO_MAX_LINE] = '\0';
	assert_int_equal(scenario_run_feed(run, text), SCENARIO_OK);
	assert_string_equal(
		scenario_run_output(run),
		"plug\tcall=none\tdefault=none\tmedia=handset\trule=-\tthere is no call");
	scenario_run_free(run);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_word_gives_its_event),
		cmocka_unit_test(test_call_options_in_any_order),
		cmocka_unit_test(test_devices_and_calls_have_names_of_their_own),
		cmocka_unit_test(test_blank_lines_and_comments_are_nothing),
		cmocka_unit_test(test_wait_reads_to_the_millisecond),
		cmocka_unit_test(test_expectations_are_typed),
		cmocka_unit_test(test_wrong_line_tells_column_and_what_was_expected),
		cmocka_unit_test(test_long_line_is_refused),
		cmocka_unit_test(test_names_are_bounded),
		cmocka_unit_test(test_run_says_what_holds_instead),
		cmocka_unit_test(test_run_machine_comes_first),
		cmocka_unit_test(test_run_longest_line_is_printed_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
