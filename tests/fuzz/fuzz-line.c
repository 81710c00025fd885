/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * One line: the grammar takes it apart without leaving it, and a gateway gives it one final result
 * or, where it needs none, nothing; the same whether it comes whole or byte by byte.
 */
#include "fuzz.h"
#include "result.h"

#include "daemon/hfp/ag.h"
#include "daemon/hfp/at.h"

#include <errno.h>
#include <string.h>

static bool inside(const struct at_line *line, const char *p, const char *end)
{
	return p >= line->text && p <= end && end <= line->text + line->n;
}

static void check_args(const struct at_line *line, const struct at_args *whole)
{
	struct at_args args = *whole, numbers = *whole, words = *whole;
	const char *field;
	size_t n, fields = 0;

	CHECK(!whole->next || inside(line, whole->next, whole->end));
	while (at_args_next(&args, &field, &n)) {
		uint32_t value = 77;
		bool number = at_args_number(&numbers, 65535, &value) == 0;

		CHECK(inside(line, field, field + n));
		CHECK(++fields <= AT_MAX_LINE + 1);
		CHECK(number ? value <= 65535 && n > 0 : value == 77);
		(void)at_args_word(&words, "BATTERY");
		CHECK(args.next == numbers.next && args.next == words.next);
	}
	CHECK(at_args_done(&args) && at_args_done(&numbers));
	CHECK(at_args_number(&args, 65535, &(uint32_t){ 0 }) == -EINVAL);
}

static enum at_kind check_grammar(const char *bytes, size_t n)
{
	struct at_line line;
	struct at_command command;
	enum at_kind kind = at_line_set(&line, bytes, n);
	unsigned int commands = 0;
	int r;

	CHECK(kind == line.kind);
	if (kind != AT_COMMANDS && kind != AT_BARE)
		return kind;
	while ((r = at_line_next(&line, &command)) > 0) {
		CHECK(++commands <= AT_MAX_LINE);
		CHECK(command.name_len > 0);
		CHECK(inside(&line, command.name, command.name + command.name_len));
		CHECK(command.form == AT_EXEC || command.form == AT_READ ||
		      command.form == AT_TEST || command.form == AT_SET);
		CHECK((command.form == AT_SET) == (command.args.next != NULL));
		check_args(&line, &command.args);
	}
	CHECK(r == 0 || r == -EINVAL);
	return kind;
}

/* With a call of each kind where @calls says so. */
static struct ag *connected(enum ag_profile profile, unsigned int calls)
{
	static const char setup[] = "AT+BRSF=1023\rAT+BAC=1,2\rAT+CIND=?\rAT+CIND?\r"
				    "AT+CMER=3,0,0,1\rAT+CHLD=?\rAT+BIND=1,2\rAT+BIND=?\r"
				    "AT+BIND?\rAT+CMEE=1\r";
	const struct ag_config config = {
		.profile = profile,
		.wide_band_speech = true,
		.can_dial = true,
		.conference = true,
		.voice_recognition = true,
		.noise_reduction = true,
		.operator_name = "callroute",
	};
	struct ag *ag = ag_new(&config, 0);
	struct ag_call call[6];
	struct ag_event event;
	size_t n = 0;

	CHECK(ag);
	if (profile == AG_HFP)
		ag_receive(ag, setup, sizeof(setup) - 1, 0);
	CHECK(ag_slc_up(ag));
	for (unsigned int state = 0; state < 6; state++) {
		if (calls & 1u << state)
			call[n++] = (struct ag_call){ .id = state + 1,
						      .state = (enum ag_call_state)state,
						      .number = "5551234" };
	}
	ag_set_calls(ag, call, n, 0);
	ag_output_taken(ag, SIZE_MAX);
	while (ag_next_event(ag, &event))
		;
	return ag;
}

/* Everything asked for is granted; the output of it all, as text. */
static size_t run(struct ag *ag, const char *bytes, size_t n, size_t cut, char *ret, size_t size)
{
	struct ag_event event;
	unsigned int rounds = 0;
	size_t n_ret = 0, n_output;
	const char *output;

	for (size_t at = 0; at < n; at += cut)
		ag_receive(ag, bytes + at, n - at < cut ? n - at : cut, 0);
	do {
		while (ag_next_event(ag, &event)) {
			CHECK(memchr(event.text, '\0', sizeof(event.text)));
			if (event_asks(event.type))
				ag_finish(ag, AG_RESULT_OK, 0);
			CHECK(++rounds < 4 * AT_MAX_LINE);
		}
		n_output = ag_output(ag, &output);
		CHECK(n_ret + n_output <= size);
		memcpy(ret + n_ret, output, n_output);
		n_ret += n_output;
		ag_output_taken(ag, n_output);
	} while (n_output > 0);
	return n_ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char bytes[AT_MAX_LINE + 1], whole[65536], cut[65536];
	struct input input = { data, n };
	enum ag_profile profile = input_bool(&input) ? AG_HSP : AG_HFP;
	unsigned int calls = input_byte(&input) & 0x3f;
	const uint8_t *line;
	size_t n_line = input_take(&input, AT_MAX_LINE, &line), n_whole, n_cut;
	enum at_kind kind;

	/* A line: none of its bytes ends one, and the first begins one. */
	if (n_line > 0)
		memcpy(bytes, line, n_line);
	for (size_t i = 0; i < n_line; i++) {
		if (bytes[i] == '\r' || (i == 0 && (bytes[i] == '\n' || bytes[i] == '\0')))
			bytes[i] = ' ';
	}
	kind = check_grammar(bytes, n_line);
	bytes[n_line++] = '\r';

	struct ag *ag = connected(profile, calls), *other = connected(profile, calls);

	n_whole = run(ag, bytes, n_line, n_line, whole, sizeof(whole));
	n_cut = run(other, bytes, n_line, 1, cut, sizeof(cut));
	CHECK(n_whole == n_cut && memcmp(whole, cut, n_whole) == 0);
	if (!ag_overflowed(ag)) {
		struct results results = { 0 };

		results_take(&results, whole, n_whole);
		CHECK(results.finals == (kind == AT_EMPTY || kind == AT_RESULT ? 0 : 1));
	}
	ag_free(ag);
	ag_free(other);
	return 0;
}
