/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the fuzzers share: a failed check ends the process, so that the input is kept; and a cursor
 * that decodes an input into decisions, zeros once it is used up, so that every input is one.
 */
#ifndef CALLROUTE_TESTS_FUZZ_H
#define CALLROUTE_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                  \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, \
				#condition);                                              \
			abort();                                                          \
		}                                                                         \
	} while (0)

/** libFuzzer's entry; each fuzzer is one file with this function. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct input {
	const uint8_t *at;
	size_t n;
};

static inline bool input_empty(const struct input *input)
{
	return input->n == 0;
}

static inline uint8_t input_byte(struct input *input)
{
	if (input->n == 0)
		return 0;
	input->n--;
	return *input->at++;
}

/** 0 to @limit - 1. */
static inline unsigned int input_below(struct input *input, unsigned int limit)
{
	return input_byte(input) % limit;
}

static inline bool input_bool(struct input *input)
{
	return input_byte(input) & 1;
}

static inline uint32_t input_u16(struct input *input)
{
	uint32_t high = input_byte(input);

	return high << 8 | input_byte(input);
}

/** At most @n bytes; how many is returned. Borrowed from the input. */
static inline size_t input_take(struct input *input, size_t n, const uint8_t **ret)
{
	if (n > input->n)
		n = input->n;
	*ret = input->at;
	input->at += n;
	input->n -= n;
	return n;
}

#endif
