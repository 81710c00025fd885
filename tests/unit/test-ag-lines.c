/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Whatever the headset sends: at most one final result a line, bounded queues, no allocation.
 * HFP 1.8 §4.34.1 and V.250 §5.
 */
#include "ag-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The linker sends all allocations here (see meson.build). */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static unsigned int allocations;

void *__wrap_malloc(size_t n)
{
	allocations++;
	return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	allocations++;
	return __real_realloc(p, n);
}

static const struct ag_script scripts[] = {
	{ "bare, empty and chained lines",
	  { .can_dial = true },
	  "> AT\n"
	  "< OK\n"
	  "> \n"
	  "> AT+CMEE=1;+CLIP=1;+CCWA=1\n"
	  "< OK\n"
	  "> AT+CMEE?;+NONSENSE;+CMEE?\n"
	  "< +CMEE: 1\n"
	  "< +CME ERROR: 4\n"
	  "> AT+CMEE?;;\n"
	  "< +CMEE: 1\n"
	  "< +CME ERROR: 0\n"
	  "> AT+CLIP=1;\n"
	  "< OK" },
	{ "results of the headset are not answered",
	  { .can_dial = true },
	  "> OK\n"
	  "> ERROR\n"
	  "> +CME ERROR: 30\n"
	  "> AT\n"
	  "< OK" },
	{ "no AT, unbalanced quotes, control bytes, high bytes: one ERROR each",
	  { .can_dial = true },
	  "> hello\n"
	  "< ERROR\n"
	  "> +VGS=9\n"
	  "< ERROR\n"
	  "> A/\n"
	  "< ERROR\n"
	  "> AT+XAPL=\"a,2\n"
	  "< ERROR\n"
	  "> AT\\x00+CIND?\n"
	  "< ERROR\n"
	  "> \\x1aAT\n"
	  "< ERROR\n"
	  "> AT\\x1b\n"
	  "< ERROR\n"
	  "> AT+\\xff\\xfe=\\x80\n"
	  "< ERROR\n"
	  "> AT+\n"
	  "< ERROR\n"
	  "> AT+=1\n"
	  "< ERROR\n"
	  "> AT?\n"
	  "< ERROR\n"
	  "> AT=\n"
	  "< ERROR\n"
	  "> AT;\n"
	  "< ERROR" },
};

static void test_sessions_in_every_cut_of_the_bytes(void **state)
{
	ag_scripts_replay(scripts, sizeof(scripts) / sizeof(scripts[0]));
}

static void test_a_line_too_long_gets_one_error_and_the_next_is_fine(void **state)
{
	struct ag *ag = ag_script_connected(NULL, 0);
	static char bytes[10 * 1024];

	memset(bytes, 'A', sizeof(bytes));
	ag_receive(ag, bytes, sizeof(bytes), 0);
	assert_string_equal(ag_script_take(ag), "");
	ag_script_send(ag, "\r\nAT\r", 0);
	assert_string_equal(ag_script_take(ag), "+CME ERROR: 24|OK");
	ag_free(ag);
}

static void test_a_thousand_at_get_a_thousand_ok(void **state)
{
	struct ag *ag = ag_script_connected(NULL, 0);
	unsigned int finals = 0;

	for (int i = 0; i < 1000; i++)
		ag_script_send(ag, "AT\r", 0);
	finals = ag_script_finals(ag_script_take(ag));
	assert_int_equal(finals, 1000);
	assert_false(ag_overflowed(ag));
	ag_free(ag);
}

static void test_a_headset_that_does_not_read_overflows_and_is_noticed(void **state)
{
	struct ag *ag = ag_script_connected(NULL, 0);

	for (int i = 0; i < 100; i++)
		ag_script_send(ag, "AT+CIND=?\r", 0);
	assert_true(ag_overflowed(ag));
	ag_free(ag);
}

static void test_output_may_be_taken_in_pieces(void **state)
{
	struct ag *ag = ag_script_connected(NULL, 0);
	const char *bytes;

	ag_script_send(ag, "AT\r", 0);
	assert_int_equal(ag_output(ag, &bytes), 6);
	ag_output_taken(ag, 4);
	assert_int_equal(ag_output(ag, &bytes), 2);
	assert_memory_equal(bytes, "\r\n", 2);
	ag_output_taken(ag, 100);
	assert_int_equal(ag_output(ag, &bytes), 0);
	ag_free(ag);
}

/* ---- a pending command -------------------------------------------------------------------- */

static struct ag *with_pending_dial(void)
{
	struct ag *ag = ag_script_connected(NULL, 0);
	struct ag_event event;

	ag_script_send(ag, "ATD1;\r", 0);
	assert_true(ag_next_event(ag, &event));
	assert_int_equal(event.type, AG_EVENT_DIAL);
	return ag;
}

static void test_lines_wait_for_the_pending_one_in_order(void **state)
{
	struct ag *ag = with_pending_dial();
	struct ag_event event;

	ag_script_send(ag, "AT+CMEE?\rERROR\r\n\rAT+BLDN\rAT+VGS=77\rAT+CMEE?\r", 0);
	ag_set_speaker_gain(ag, 3, 0);
	assert_string_equal(ag_script_take(ag), "");
	ag_finish(ag, AG_RESULT_OK, 0);
	assert_string_equal(ag_script_take(ag), "OK|+VGS: 3|+CMEE: 1|OK");
	assert_true(ag_next_event(ag, &event));
	assert_int_equal(event.type, AG_EVENT_REDIAL);
	ag_finish(ag, AG_RESULT_NOT_ALLOWED, 0);
	assert_string_equal(ag_script_take(ag), "+CME ERROR: 3|+CME ERROR: 3|+CMEE: 1|OK");
	ag_free(ag);
}

static void test_lines_beyond_sixteen_get_an_error_each_after_the_others(void **state)
{
	struct ag *ag = with_pending_dial();
	char lines[1024] = "OK";

	for (int i = 0; i < 16 + 5; i++)
		ag_script_send(ag, "AT\r", 0);
	ag_finish(ag, AG_RESULT_OK, 0);
	for (int i = 0; i < 16; i++)
		strcat(lines, "|OK");
	for (int i = 0; i < 5; i++)
		strcat(lines, "|+CME ERROR: 0");
	assert_string_equal(ag_script_take(ag), lines);
	assert_false(ag_overflowed(ag));
	ag_free(ag);
}

static void test_a_flood_beside_a_pending_line_is_an_overflow(void **state)
{
	struct ag *ag = with_pending_dial();

	for (int i = 0; i < 100; i++)
		ag_script_send(ag, "AT\r", 0);
	assert_true(ag_overflowed(ag));
	ag_free(ag);
}

static void test_long_lines_wait_too_as_far_as_there_is_room(void **state)
{
	struct ag *ag = with_pending_dial();
	char line[1100];

	memset(line, 'x', sizeof(line));
	memcpy(line, "AT+", 3);
	line[1000] = '\r';
	ag_receive(ag, line, 1001, 0);
	ag_receive(ag, line, 1001, 0);
	ag_receive(ag, line, 1001, 0); /* no room: owed an error */
	line[1000] = 'x';
	ag_receive(ag, line, sizeof(line), 0); /* too long */
	ag_script_send(ag, "\rAT\r", 0);
	ag_finish(ag, AG_RESULT_OK, 0);
	assert_string_equal(ag_script_take(ag), "OK|+CME ERROR: 4|+CME ERROR: 4|+CME ERROR: 0|"
						"+CME ERROR: 0|+CME ERROR: 0");
	ag_free(ag);
}

static void test_a_line_too_long_keeps_its_place_beside_a_pending_one(void **state)
{
	struct ag *ag = with_pending_dial();
	char line[1100];

	memset(line, 'x', sizeof(line));
	ag_receive(ag, line, sizeof(line), 0);
	ag_script_send(ag, "\rAT\r", 0);
	ag_finish(ag, AG_RESULT_OK, 0);
	assert_string_equal(ag_script_take(ag), "OK|+CME ERROR: 24|OK");
	ag_free(ag);
}

static void test_the_deadline_is_that_of_the_pending_command_and_passes(void **state)
{
	struct ag *ag = ag_script_connected(NULL, 0);

	assert_true(ag_deadline(ag) == UINT64_MAX);
	ag_script_send(ag, "AT+BLDN\r", 500);
	assert_int_equal(ag_deadline(ag), 10500);
	ag_tick(ag, 10499);
	assert_string_equal(ag_script_take(ag), "");
	ag_tick(ag, 10500);
	assert_string_equal(ag_script_take(ag), "+CME ERROR: 31");
	assert_true(ag_deadline(ag) == UINT64_MAX);
	ag_free(ag);
}

/* ---- events ------------------------------------------------------------------------------- */

static void test_events_nobody_takes_are_bounded_and_the_newest_value_counts(void **state)
{
	struct ag *ag = ag_script_connected(NULL, 0);
	struct ag_event event;
	char line[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "AT+VGS=%d\r", i % 16);
		ag_script_send(ag, line, 0);
		ag_script_take(ag);
	}
	assert_true(ag_next_event(ag, &event));
	assert_int_equal(event.type, AG_EVENT_SPEAKER_GAIN);
	assert_int_equal(event.value, 999 % 16);
	assert_false(ag_next_event(ag, &event));
	ag_free(ag);
}

static void test_an_answer_finds_room_however_much_is_traced(void **state)
{
	struct ag *ag = ag_script_connected(NULL, 0);
	const struct ag_call call = { .id = 1, .state = AG_CALL_INCOMING, .incoming = true };
	struct ag_event event;
	bool answered = false;

	ag_trace(ag, true);
	for (int i = 0; i < 100; i++)
		ag_script_send(ag, "AT\r", 0);
	ag_set_calls(ag, &call, 1, 0);
	ag_script_send(ag, "ATA\r", 0);
	while (ag_next_event(ag, &event))
		answered = answered || event.type == AG_EVENT_ANSWER;
	assert_true(answered);
	ag_free(ag);
}

static void test_traced_lines_are_printable(void **state)
{
	struct ag *ag = ag_script_connected(NULL, 0);
	struct ag_event event;

	ag_trace(ag, true);
	ag_script_send(ag, "AT\x1b[2J\xff\r", 0);
	assert_true(ag_next_event(ag, &event));
	assert_int_equal(event.type, AG_EVENT_LINE);
	assert_int_equal(event.value, 1);
	assert_string_equal(event.text, "AT?[2J?");
	assert_true(ag_next_event(ag, &event));
	assert_int_equal(event.value, 0);
	assert_string_equal(event.text, "+CME ERROR: 4");
	ag_free(ag);
}

/* ---- noise -------------------------------------------------------------------------------- */

static uint32_t random_next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static const char *const pieces[] = {
	"AT",
	"at",
	"\r",
	"\r",
	"\r",
	"\n",
	"+",
	"=",
	"?",
	",",
	";",
	"\"",
	" ",
	"0",
	"1",
	"2",
	"3",
	"9",
	"200",
	"65536",
	"A",
	"D",
	"D123;",
	"D>1;",
	"+BRSF",
	"=159\r",
	"=1023\r",
	"+BAC",
	"+CIND",
	"+CMER",
	"=3,0,0,1\r",
	"+CHLD",
	"+BIND",
	"+BIEV",
	"+CHUP\r",
	"+BLDN\r",
	"+CCWA",
	"+CLIP",
	"+CLCC\r",
	"+CMEE",
	"+COPS",
	"+CNUM\r",
	"+VTS",
	"+VGS",
	"+VGM",
	"+BIA",
	"+BCC\r",
	"+BCS",
	"+NREC",
	"+BVRA",
	"+BTRH",
	"+XAPL",
	"+IPHONEACCEV",
	"+XEVENT",
	"BATTERY",
	"+ANDROID",
	"XHSMICMUTE",
	"+CSRSF",
	"+CSRBATT",
	"+CKPD",
	"OK\r",
	"ERROR\r",
	"ATA\r",
	"AT+CIND?\r",
	"AT+BRSF=0\r",
	"AT+CMER=3,0,0,1\r",
	"AT+CHLD=2\r",
	"AT+VTS=1;+VTS=2\r",
	"AT+BCC\r",
};

struct noise {
	struct ag *ag;
	uint32_t seed;
	uint64_t now_ms;
	unsigned int lines; /* CRs sent */
	unsigned int finals;
};

static void take_noise(struct noise *n)
{
	n->finals += ag_script_finals(ag_script_take(n->ag));
	if (n->finals > n->lines)
		fail_msg("%u finals for %u lines", n->finals, n->lines);
}

static void send_noise(struct noise *n)
{
	uint32_t r = random_next(&n->seed);
	char byte = (char)(r >> 8);
	const char *bytes = &byte;
	size_t len = 1;

	if (r % 8) {
		bytes = pieces[(r >> 8) % (sizeof(pieces) / sizeof(pieces[0]))];
		len = strlen(bytes);
	}
	for (size_t i = 0; i < len; i++)
		n->lines += bytes[i] == '\r';
	ag_receive(n->ag, bytes, len, n->now_ms);
	take_noise(n);
}

static void set_random_calls(struct noise *n)
{
	struct ag_call calls[3] = { 0 };
	size_t count = random_next(&n->seed) % 4;

	for (size_t i = 0; i < count; i++) {
		uint32_t r = random_next(&n->seed);

		calls[i].id = 1 + r % 4;
		calls[i].state = (enum ag_call_state)((r >> 8) % 6);
		calls[i].incoming = (r >> 16) & 1;
		snprintf(calls[i].number, sizeof(calls[i].number), "+%u", r);
	}
	ag_set_calls(n->ag, calls, count, n->now_ms);
}

static void act_randomly(struct noise *n)
{
	static const enum ag_result results[] = { AG_RESULT_OK, AG_RESULT_OK, AG_RESULT_FAILURE };
	struct ag_event event;
	uint32_t r = random_next(&n->seed);

	switch (r % 8) {
	case 0:
		set_random_calls(n);
		break;
	case 1:
		ag_select_codec(n->ag, (enum ag_codec)((r >> 8) % 5), n->now_ms);
		break;
	case 2:
		n->now_ms += (r >> 8) % 20000;
		ag_tick(n->ag, n->now_ms);
		assert_true(ag_deadline(n->ag) > n->now_ms); /* else the caller would spin */
		break;
	case 3:
		ag_set_audio(n->ag, (r >> 8) & 1, n->now_ms);
		break;
	default:
		while (ag_next_event(n->ag, &event))
			;
		ag_finish(n->ag, results[(r >> 8) % 3], n->now_ms);
		break;
	}
	take_noise(n);
}

static void make_noise(uint32_t seed, enum ag_profile profile)
{
	const struct ag_config config = {
		.profile = profile,
		.wide_band_speech = true,
		.can_dial = true,
		.in_band_ring = seed & 1,
	};
	struct noise n = { .ag = ag_new(&config, 0), .seed = seed * 2654435761u + 1 };
	unsigned int before = allocations;

	assert_true(before > 0); /* it does count */
	assert_non_null(n.ag);
	if (profile == AG_HFP && seed % 4)
		ag_script_send(n.ag,
			       "AT+BRSF=191\rAT+BAC=1,2\rAT+CIND?\rAT+CMER=3,0,0,1\r"
			       "AT+CHLD=?\r",
			       0);
	n.lines = profile == AG_HFP && seed % 4 ? 5 : 0;
	for (int i = 0; i < 3000; i++) {
		send_noise(&n);
		if (random_next(&n.seed) % 3 == 0)
			act_randomly(&n);
	}
	assert_int_equal(allocations, before);
	assert_true(n.finals > 20);
	ag_free(n.ag);
}

static void test_noise_never_gets_two_results_a_line_and_never_allocates(void **state)
{
	for (uint32_t seed = 1; seed <= 40; seed++) {
		make_noise(seed, AG_HFP);
		make_noise(seed, AG_HSP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions_in_every_cut_of_the_bytes),
		cmocka_unit_test(test_a_line_too_long_gets_one_error_and_the_next_is_fine),
		cmocka_unit_test(test_a_thousand_at_get_a_thousand_ok),
		cmocka_unit_test(test_a_headset_that_does_not_read_overflows_and_is_noticed),
		cmocka_unit_test(test_output_may_be_taken_in_pieces),
		cmocka_unit_test(test_lines_wait_for_the_pending_one_in_order),
		cmocka_unit_test(test_lines_beyond_sixteen_get_an_error_each_after_the_others),
		cmocka_unit_test(test_a_flood_beside_a_pending_line_is_an_overflow),
		cmocka_unit_test(test_long_lines_wait_too_as_far_as_there_is_room),
		cmocka_unit_test(test_a_line_too_long_keeps_its_place_beside_a_pending_one),
		cmocka_unit_test(test_the_deadline_is_that_of_the_pending_command_and_passes),
		cmocka_unit_test(test_events_nobody_takes_are_bounded_and_the_newest_value_counts),
		cmocka_unit_test(test_an_answer_finds_room_however_much_is_traced),
		cmocka_unit_test(test_traced_lines_are_printable),
		cmocka_unit_test(test_noise_never_gets_two_results_a_line_and_never_allocates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
