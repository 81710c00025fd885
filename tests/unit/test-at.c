/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The grammar of AT lines: framing that survives any split, and a line's commands and fields.
 */
#include "daemon/hfp/at.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- framing ------------------------------------------------------------------------------ */

/* All lines in @bytes, cut at @step bytes a read, as "<line>" each; too long ones as "!". */
static void frame(const char *bytes, size_t n, size_t step, char *ret)
{
	struct at_framer framer = { 0 };
	size_t out = 0;

	for (size_t at = 0; at < n; at += step) {
		size_t left = n - at < step ? n - at : step;
		const char *p = bytes + at;

		while (left > 0) {
			enum at_framing framing;
			size_t taken = at_framer_feed(&framer, p, left, &framing);

			assert_in_range(taken, 1, left);
			p += taken;
			left -= taken;
			if (framing == AT_TOO_LONG)
				out += (size_t)sprintf(ret + out, "!");
			if (framing == AT_LINE)
				out += (size_t)sprintf(ret + out, "<%.*s>", (int)framer.n,
						       framer.bytes);
		}
	}
	ret[out] = '\0';
}

static void assert_frames(const char *bytes, size_t n, const char *lines)
{
	char *got = malloc(3 * n + 16);

	for (size_t step = 1; step <= n; step++) {
		frame(bytes, n, step, got);
		assert_string_equal(got, lines);
	}
	free(got);
}

static void test_framer_ends_a_line_at_cr_however_the_bytes_are_split(void **state)
{
	static const char bytes[] = "AT+BRSF=1\rATA\rAT+CHUP\rAT";

	assert_frames(bytes, sizeof(bytes) - 1, "<AT+BRSF=1><ATA><AT+CHUP>");
}

static void test_framer_skips_lf_and_nul_between_lines(void **state)
{
	static const char bytes[] = "\nAT\r\n\r\0\n\0AT+CIND?\r\n\n\0";

	assert_frames(bytes, sizeof(bytes) - 1, "<AT><><AT+CIND?>");
}

static void test_framer_keeps_lf_inside_a_line_as_data(void **state)
{
	static const char bytes[] = "AT\n+CIND?\r";

	assert_frames(bytes, sizeof(bytes) - 1, "<AT\n+CIND?>");
}

static void test_framer_takes_the_longest_line_and_refuses_one_byte_more(void **state)
{
	char bytes[2 * AT_MAX_LINE + 16], got[AT_MAX_LINE + 16], lines[AT_MAX_LINE + 16];

	memset(bytes, 'x', sizeof(bytes));
	bytes[AT_MAX_LINE] = '\r';
	frame(bytes, AT_MAX_LINE + 1, 100, got);
	snprintf(lines, sizeof(lines), "<%.*s>", AT_MAX_LINE, bytes);
	assert_string_equal(got, lines);

	bytes[AT_MAX_LINE] = 'x';
	memcpy(bytes + AT_MAX_LINE + 1, "\rAT\r", 4);
	frame(bytes, AT_MAX_LINE + 5, 100, got);
	assert_string_equal(got, "!<AT>");
}

static void test_framer_throws_away_ten_thousand_bytes_as_one_line(void **state)
{
	static char bytes[10000];
	char got[64];

	memset(bytes, '\n', sizeof(bytes));
	bytes[0] = 'A';
	memcpy(bytes + sizeof(bytes) - 7, "\r\nATA\r\n", 7);
	frame(bytes, sizeof(bytes), 511, got);
	assert_string_equal(got, "!<ATA>");
}

/* ---- lines -------------------------------------------------------------------------------- */

static enum at_kind kind(const char *text)
{
	struct at_line line;

	return at_line_set(&line, text, strlen(text));
}

static void test_line_kinds(void **state)
{
	assert_int_equal(kind(""), AT_EMPTY);
	assert_int_equal(kind("  \t"), AT_EMPTY);
	assert_int_equal(kind("AT"), AT_COMMANDS);
	assert_int_equal(kind("aT+cind?"), AT_COMMANDS);
	assert_int_equal(kind(" AT + CIND ?"), AT_COMMANDS);
	assert_int_equal(kind("OK"), AT_RESULT);
	assert_int_equal(kind("error"), AT_RESULT);
	assert_int_equal(kind("+CME ERROR: 3"), AT_RESULT);
	assert_int_equal(kind("+VGS=9"), AT_BARE);
	assert_int_equal(kind("hello"), AT_MALFORMED);
	assert_int_equal(kind("A"), AT_MALFORMED);
	assert_int_equal(kind("A/"), AT_MALFORMED);
	assert_int_equal(kind("OKAY"), AT_MALFORMED);
	assert_int_equal(kind("AT+VTS=\"1"), AT_MALFORMED);
}

static void test_line_with_a_nul_inside_is_malformed(void **state)
{
	struct at_line line;

	assert_int_equal(at_line_set(&line, "AT\0A", 4), AT_MALFORMED);
}

/* The commands of a line as "name form args" each, "!" where it makes no sense. */
static const char *commands(const char *text)
{
	static char ret[2048];
	struct at_line line;
	struct at_command c;
	size_t n = 0;
	int r;

	ret[0] = '\0';
	at_line_set(&line, text, strlen(text));
	while ((r = at_line_next(&line, &c)) > 0) {
		const char *form = c.form == AT_EXEC   ? ""
				   : c.form == AT_READ ? "?"
				   : c.form == AT_TEST ? "=?"
						       : "=";

		n += (size_t)sprintf(ret + n, "[%.*s%s%.*s]", (int)c.name_len, c.name, form,
				     c.form == AT_SET ? (int)(c.args.end - c.args.next) : 0,
				     c.form == AT_SET ? c.args.next : "");
	}
	if (r < 0)
		sprintf(ret + n, "!");
	return ret;
}

static void test_commands_and_their_forms(void **state)
{
	assert_string_equal(commands("AT"), "");
	assert_string_equal(commands("ATA"), "[A]");
	assert_string_equal(commands("AT+CHUP"), "[+CHUP]");
	assert_string_equal(commands("AT+CIND?"), "[+CIND?]");
	assert_string_equal(commands("AT+CIND=?"), "[+CIND=?]");
	assert_string_equal(commands("AT+CMER = 3, 0, 0, 1"), "[+CMER=3,0,0,1]");
	assert_string_equal(commands("AT+BIA="), "[+BIA=]");
	assert_string_equal(commands("AT+XAPL=?x"), "[+XAPL=?x]");
	assert_string_equal(commands("AT+CIND?1"), "!");
	assert_string_equal(commands("AT%QAC=0"), "[%QAC=0]");
	assert_string_equal(commands("AT+%QAC=0"), "[+%QAC=0]");
	assert_string_equal(commands("ATE0"), "[E0]");
}

static void test_commands_are_split_at_semicolons_outside_quotes(void **state)
{
	assert_string_equal(commands("AT+VTS=1;+VTS=2;+VTS=#"), "[+VTS=1][+VTS=2][+VTS=#]");
	assert_string_equal(commands("AT+CIND?;+CIND=?;+CHUP"), "[+CIND?][+CIND=?][+CHUP]");
	assert_string_equal(commands("AT+X=\"a;b\";+CHUP"), "[+X=\"a;b\"][+CHUP]");
	assert_string_equal(commands("AT+CHUP;"), "[+CHUP]");
	assert_string_equal(commands("AT+CHUP;;+CHUP"), "[+CHUP]!");
	assert_string_equal(commands("AT+VTS=1;A"), "[+VTS=1]!");
	assert_string_equal(commands("AT;"), "[;]");
}

/* Where the text ends with its storage there is no place behind it to look at. */
static void test_the_longest_line_ends_after_its_last_command(void **state)
{
	char bytes[AT_MAX_LINE];
	struct at_command command;
	struct at_line line;

	memset(bytes, '1', sizeof(bytes));
	memcpy(bytes, "AT+CLIP;+X=", 11);
	assert_int_equal(at_line_set(&line, bytes, sizeof(bytes)), AT_COMMANDS);
	assert_int_equal(at_line_next(&line, &command), 1);
	assert_int_equal(at_line_next(&line, &command), 1);
	assert_int_equal(command.args.end - line.text, AT_MAX_LINE);
	assert_int_equal(at_line_next(&line, &command), 0);
	assert_int_equal(at_line_next(&line, &command), 0);
}

static void test_dialling_takes_the_rest_of_the_line(void **state)
{
	assert_string_equal(commands("ATD555 12 34;"), "[D=5551234;]");
	assert_string_equal(commands("atd>1;"), "[d=>1;]");
	assert_string_equal(commands("ATD1;+CHUP"), "[D=1;+CHUP]");
	assert_string_equal(commands("ATD"), "[D=]");
}

static void test_command_names_are_compared_in_any_case_and_whole(void **state)
{
	struct at_line line;
	struct at_command c;

	at_line_set(&line, "At+cInD?", 8);
	assert_int_equal(at_line_next(&line, &c), 1);
	assert_true(at_command_is(&c, "+CIND"));
	assert_false(at_command_is(&c, "+CIN"));
	assert_false(at_command_is(&c, "+CINDX"));
}

/* ---- fields ------------------------------------------------------------------------------- */

static struct at_args args(const char *text)
{
	return (struct at_args){ text, text + strlen(text) };
}

static void test_fields_may_be_empty_and_quoted(void **state)
{
	struct at_args a = args("1,,\"a,b\",");
	const char *field;
	size_t n;

	assert_true(at_args_next(&a, &field, &n));
	assert_int_equal(n, 1);
	assert_true(at_args_next(&a, &field, &n));
	assert_int_equal(n, 0);
	assert_true(at_args_next(&a, &field, &n));
	assert_memory_equal(field, "\"a,b\"", n);
	assert_false(at_args_done(&a));
	assert_true(at_args_next(&a, &field, &n));
	assert_int_equal(n, 0);
	assert_true(at_args_done(&a));
	assert_false(at_args_next(&a, &field, &n));
}

static int number(const char *text, uint32_t max, uint32_t *ret)
{
	struct at_args a = args(text);

	return at_args_number(&a, max, ret);
}

static void test_numbers_are_read_whole_and_in_range(void **state)
{
	static const char *const wrong[] = {
		"", "-1", "+1", "1x", "x", "0x1", "1 ", "\"1\"", "16", "99999999999999999999999",
	};
	uint32_t value = 7;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(number(wrong[i], 15, &value), -EINVAL);
	assert_int_equal(value, 7);
	assert_int_equal(number("0009", 15, &value), 0);
	assert_int_equal(value, 9);
	assert_int_equal(number("15", 15, &value), 0);
	assert_int_equal(number("4294967295", UINT32_MAX, &value), 0);
	assert_int_equal(value, UINT32_MAX);
	assert_int_equal(number("4294967296", UINT32_MAX, &value), -EINVAL);
}

static void test_words_are_compared_without_case_and_quotes(void **state)
{
	struct at_args a = args("Battery,\"BATTERY\",BATTER");

	assert_true(at_args_word(&a, "BATTERY"));
	assert_true(at_args_word(&a, "BATTERY"));
	assert_false(at_args_word(&a, "BATTERY"));
	assert_false(at_args_word(&a, "BATTERY"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_framer_ends_a_line_at_cr_however_the_bytes_are_split),
		cmocka_unit_test(test_framer_skips_lf_and_nul_between_lines),
		cmocka_unit_test(test_framer_keeps_lf_inside_a_line_as_data),
		cmocka_unit_test(test_framer_takes_the_longest_line_and_refuses_one_byte_more),
		cmocka_unit_test(test_framer_throws_away_ten_thousand_bytes_as_one_line),
		cmocka_unit_test(test_line_kinds),
		cmocka_unit_test(test_line_with_a_nul_inside_is_malformed),
		cmocka_unit_test(test_commands_and_their_forms),
		cmocka_unit_test(test_commands_are_split_at_semicolons_outside_quotes),
		cmocka_unit_test(test_the_longest_line_ends_after_its_last_command),
		cmocka_unit_test(test_dialling_takes_the_rest_of_the_line),
		cmocka_unit_test(test_command_names_are_compared_in_any_case_and_whole),
		cmocka_unit_test(test_fields_may_be_empty_and_quoted),
		cmocka_unit_test(test_numbers_are_read_whole_and_in_range),
		cmocka_unit_test(test_words_are_compared_without_case_and_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
