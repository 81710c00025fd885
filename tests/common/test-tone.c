/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the listener hears of what the generator made.
 */
#include "tone.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX_RATE 48000

static int16_t samples[MAX_RATE];

static void assert_close(double value, double wanted, double within)
{
	if (fabs(value - wanted) > within)
		fail_msg("%f is not within %f of %f", value, within, wanted);
}

static void test_tone_in_small_pieces_is_heard_at_its_frequency_and_level(void **state)
{
	static const unsigned int rates[] = { 8000, 16000, 44100, 48000 };
	static const double frequencies[] = { 60.0, 440.0, 1000.0, 1004.3, 3400.0 };

	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		for (size_t f = 0; f < sizeof(frequencies) / sizeof(frequencies[0]); f++) {
			struct tone tone;
			struct tone_heard heard;

			tone_init(&tone, rates[r], frequencies[f], -12.0);
			for (size_t i = 0; i + 24 <= rates[r]; i += 24)
				tone_fill(&tone, samples + i, 24);
			size_t n = rates[r] / 24 * 24;
			tone_analyse(samples, n, rates[r], &heard);
			assert_close(heard.frequency_hz, frequencies[f], frequencies[f] / 100.0);
			assert_close(heard.level_dbfs, -12.0, 0.1);
			assert_close(heard.share, 1.0, 0.0);
		}
	}
}

static void test_silence_is_heard_as_silence(void **state)
{
	struct tone tone;
	struct tone_heard heard;

	tone_init(&tone, 8000, 0.0, -12.0);
	tone_fill(&tone, samples, 8000);
	tone_analyse(samples, 8000, 8000, &heard);
	assert_close(heard.frequency_hz, 0.0, 0.0);
	assert_close(heard.level_dbfs, TONE_SILENCE_DBFS, 0.0);
	assert_close(heard.share, 0.0, 0.0);
}

static void test_half_a_second_of_tone_in_one_second_is_half_a_share(void **state)
{
	struct tone tone;
	struct tone_heard heard;

	tone_init(&tone, 8000, 1000.0, -6.0);
	tone_fill(&tone, samples, 4000);
	tone_set_frequency(&tone, 0.0);
	tone_fill(&tone, samples + 4000, 4000);
	tone_analyse(samples, 8000, 8000, &heard);
	assert_close(heard.frequency_hz, 1000.0, 10.0);
	assert_close(heard.share, 0.5, 0.03);
	assert_close(tone_share(samples, 8000, 8000, 440.0), 0.0, 0.0);
}

static void test_noise_carries_no_tone(void **state)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < 8000; i++) {
		seed = seed * 1664525u + 1013904223u;
		samples[i] = (int16_t)(seed >> 18);
	}
	assert_close(tone_share(samples, 8000, 8000, 1000.0), 0.0, 0.05);
}

static void test_too_few_samples_read_as_silence(void **state)
{
	struct tone_heard heard;

	tone_analyse(samples, 10, 8000, &heard);
	assert_close(heard.share, 0.0, 0.0);
	assert_close(heard.frequency_hz, 0.0, 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tone_in_small_pieces_is_heard_at_its_frequency_and_level),
		cmocka_unit_test(test_silence_is_heard_as_silence),
		cmocka_unit_test(test_half_a_second_of_tone_in_one_second_is_half_a_share),
		cmocka_unit_test(test_noise_carries_no_tone),
		cmocka_unit_test(test_too_few_samples_read_as_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
