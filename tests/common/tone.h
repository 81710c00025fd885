/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Test sound: a sine generator, and a listener that tells what it hears. Signed 16-bit mono samples
 * in the machine's byte order, at any rate. No I/O, no allocation, no state but the generator's.
 *
 * Levels are in dBFS where a sine of full scale is 0. Silence is TONE_SILENCE_DBFS.
 */
#ifndef CALLROUTE_TESTS_TONE_H
#define CALLROUTE_TESTS_TONE_H

#include <stddef.h>
#include <stdint.h>

#define TONE_SILENCE_DBFS (-120.0)
/** What a generator makes where the test has no wish of its own. */
#define TONE_LEVEL_DBFS (-12.0)

/** A sine with its phase kept, so that consecutive calls join without a click. */
struct tone {
	unsigned int rate_hz;
	double frequency_hz; /* 0: silence */
	double amplitude;    /* 0 to 1 */
	double phase;        /* radians, 0 to 2 pi */
};

/** Begin at phase 0; @frequency_hz 0 makes silence. */
void tone_init(struct tone *tone, unsigned int rate_hz, double frequency_hz, double level_dbfs);

/** Change the frequency and keep the phase. */
void tone_set_frequency(struct tone *tone, double frequency_hz);

/** The next @n samples. */
void tone_fill(struct tone *tone, int16_t *ret, size_t n);

struct tone_heard {
	double frequency_hz; /* the strongest, within 1 %; 0 for silence */
	double level_dbfs;   /* of everything that is there */
	double share;        /* 0 to 1: how many windows of 20 ms carry that frequency */
};

/**
 * tone_analyse() - what is in these samples
 * @n: at least 100 ms worth of them, else all of @ret reads as silence
 *
 * Frequencies from 50 Hz to 8 kHz, or to half the rate, are looked at.
 */
void tone_analyse(const int16_t *samples, size_t n, unsigned int rate_hz, struct tone_heard *ret);

/**
 * tone_share() - how many windows of 20 ms carry @frequency_hz, 0 to 1
 *
 * A window carries it when more than half of its energy is within some 50 Hz of it and it is louder
 * than -60 dBFS. By windows and not over the whole, since rate matching in between moves a tone
 * by a few Hz to and fro, which would smear a long measurement.
 */
double tone_share(const int16_t *samples, size_t n, unsigned int rate_hz, double frequency_hz);

/** Level of all of it together. */
double tone_level_dbfs(const int16_t *samples, size_t n);

#endif
