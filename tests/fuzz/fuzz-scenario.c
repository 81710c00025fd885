/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Scenario files of any bytes: every line has one of the documented outcomes, what is printed about
 * it is whole, and the policy behind it survives whatever sequence of events comes of it.
 */
#include "fuzz.h"

#include "policy/scenario.h"

#include <string.h>

#define MAX_LINES 512

static void check(const struct scenario_run *run, enum scenario_result result, const char *text)
{
	const char *output = scenario_run_output(run), *message = scenario_run_message(run);
	const struct scenario_error *error = scenario_run_error(run);
	unsigned int tabs = 0;

	for (const char *c = output; *c; c++)
		tabs += *c == '\t';
	switch (result) {
	case SCENARIO_OK:
		CHECK(message[0] == '\0');
		CHECK(output[0] == '\0' || tabs >= 5);
		break;
	case SCENARIO_REFUSED:
		CHECK(strstr(output, "\trefused="));
		break;
	case SCENARIO_UNMET:
		CHECK(strncmp(message, "expected ", 9) == 0 && output[0] == '\0');
		break;
	case SCENARIO_MALFORMED:
		CHECK(error->column >= 1 && error->column <= strlen(text) + 1);
		CHECK(error->expected[0] && memchr(error->expected, '\0', sizeof(error->expected)));
		CHECK(output[0] == '\0');
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct scenario_run *run = scenario_run_new();
	const char *at = (const char *)data, *end = at + n;
	unsigned int lines = 0;

	CHECK(run);
	while (at < end && lines < MAX_LINES) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		char *text;

		if (!stop)
			stop = end;
		text = strndup(at, (size_t)(stop - at)); /* of its own size, for the sanitizer */
		CHECK(text);
		check(run, scenario_run_feed(run, text), text);
		CHECK(scenario_run_line(run) == ++lines);
		free(text);
		at = stop + 1;
	}
	scenario_run_free(run);
	return 0;
}
