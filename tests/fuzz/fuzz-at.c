/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Framing: whatever the bytes are and however they are cut into reads, the lines are those of a
 * plain second reading of the rule (a line ends with CR; LF and NUL do not begin one).
 */
#include "fuzz.h"

#include "daemon/hfp/at.h"

#include <string.h>

#define MAX_BYTES 8192

/* The next line of @bytes from @at; false where none ends. */
static bool next_line(const uint8_t *bytes, size_t n, size_t *at, const uint8_t **ret,
		      size_t *ret_n)
{
	const uint8_t *end = memchr(bytes + *at, '\r', n - *at);

	if (!end)
		return false;
	*ret = bytes + *at;
	while (*ret < end && (**ret == '\n' || **ret == '\0'))
		++*ret;
	*ret_n = (size_t)(end - *ret);
	*at = (size_t)(end - bytes) + 1;
	return true;
}

static void check_line(const struct at_framer *framer, enum at_framing framing,
		       const uint8_t *bytes, size_t n)
{
	CHECK(framing == (n > AT_MAX_LINE ? AT_TOO_LONG : AT_LINE));
	if (framing == AT_LINE) {
		CHECK(framer->n == n);
		CHECK(n == 0 || memcmp(framer->bytes, bytes, n) == 0);
	}
	CHECK(framer->n <= AT_MAX_LINE);
}

/* The first half of the input says how it is cut, the second what it is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t bytes[MAX_BYTES];
	struct at_framer framer = { 0 };
	struct input input = { data, n };
	size_t n_bytes, n_cuts = n < 1 ? 0 : input_byte(&input) % 32, at = 0, model = 0;
	const uint8_t *cuts, *rest;

	n_cuts = input_take(&input, n_cuts, &cuts);
	n_bytes = input_take(&input, MAX_BYTES, &rest);
	/* A byte stands for a run of itself now and then, or long lines would never be found. */
	if (n_bytes > 0 && n_bytes < 64 && rest[0] == 0xfe) {
		size_t run = rest[n_bytes - 1] * 16u;

		memset(bytes, 'x', run);
		memcpy(bytes + run, rest, n_bytes);
		n_bytes += run;
	} else if (n_bytes > 0) {
		memcpy(bytes, rest, n_bytes);
	}

	for (size_t read = 0; at < n_bytes; read++) {
		size_t size = n_cuts > 0 ? cuts[read % n_cuts] + 1u : n_bytes;
		size_t end = n_bytes - at < size ? n_bytes : at + size;

		while (at < end) {
			enum at_framing framing = AT_INCOMPLETE;
			size_t taken = at_framer_feed(&framer, (const char *)bytes + at, end - at,
						      &framing);
			const uint8_t *line;
			size_t n_line;

			CHECK(taken > 0 && taken <= end - at);
			at += taken;
			if (framing == AT_INCOMPLETE) {
				CHECK(at == end);
				continue;
			}
			CHECK(next_line(bytes, at, &model, &line, &n_line));
			CHECK(model == at);
			check_line(&framer, framing, line, n_line);
		}
	}
	CHECK(!memchr(bytes + model, '\r', n_bytes - model));
	return 0;
}
