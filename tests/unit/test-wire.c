/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The last lines of the AT channels: in order, bounded, and without anybody's number.
 */
#include "daemon/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_numbers_and_tones_are_hidden(void **state)
{
	static const struct {
		const char *said;
		const char *kept;
	} rows[] = {
		{ "ATD+4930123456;", "ATDxxxxxxxxxxx;" },
		{ "atd 5551234p1;", "atdxxxxxxxxxx;" },
		{ "ATD>3;", "ATD>3;" },
		{ "AT+VTS=5", "AT+VTS=x" },
		{ "AT+VTS=\"12\"", "AT+VTS=\"xx\"" },
		{ "+CLIP: \"+493012\",145", "+CLIP: \"xxxxxxx\",145" },
		{ "+CLIP: \"+493012\",145,,,\"Alice B.\"",
		  "+CLIP: \"xxxxxxx\",145,,,\"xxxxxxxx\"" },
		{ "+CLIP: \"\",128,,,\"Alice", "+CLIP: \"\",128,,,\"xxxxx" },
		{ "+CCWA: \"*31#5\",129", "+CCWA: \"xxxxx\",129" },
		{ "+CCWA: \"5\",129,1,\"Bob\"", "+CCWA: \"x\",129,1,\"xxx\"" },
		{ "+CLCC: 1,1,4,0,0,\"555\",129", "+CLCC: 1,1,4,0,0,\"xxx\",129" },
		{ "+CIEV: 2,1", "+CIEV: 2,1" },
		{ "+COPS: 0,0,\"callroute\"", "+COPS: 0,0,\"callroute\"" },
		{ "+CNUM: ,\"+1555", "+CNUM: ,\"xxxxx" },
		{ "", "" },
	};
	struct wire *wire = calloc(1, sizeof(*wire));
	struct wire_line line;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(wire, 0, sizeof(*wire));
		wire_add(wire, 7, 9, true, rows[i].said);
		assert_int_equal(wire_list(wire, &line, 1), 1);
		assert_string_equal(line.text, rows[i].kept);
		assert_true(line.sent && line.realtime_ms == 7 && line.device == 9);
	}
	free(wire);
}

static void test_the_last_ones_are_kept_in_order(void **state)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	struct wire_line *lines = calloc(WIRE_LINES + 1, sizeof(*lines));
	char text[256];

	assert_int_equal(wire_list(wire, lines, WIRE_LINES + 1), 0);
	for (unsigned int i = 0; i < 3 * WIRE_LINES + 7; i++) {
		(void)snprintf(text, sizeof(text), "AT+N=%u", i);
		wire_add(wire, i, 1, false, text);
	}
	assert_int_equal(wire_list(wire, lines, WIRE_LINES + 1), WIRE_LINES);
	assert_int_equal(lines[0].realtime_ms, 2 * WIRE_LINES + 7);
	assert_string_equal(lines[WIRE_LINES - 1].text, text);
	assert_int_equal(wire_list(wire, lines, 3), 3);
	assert_string_equal(lines[2].text, text);
	memset(text, 'A', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	wire_add(wire, 1, 1, true, text);
	assert_int_equal(wire_list(wire, lines, 1), 1);
	assert_int_equal(strlen(lines[0].text), WIRE_TEXT_SIZE - 1);
	free(lines);
	free(wire);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_and_tones_are_hidden),
		cmocka_unit_test(test_the_last_ones_are_kept_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
