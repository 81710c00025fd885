/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * One building block: the energy of a block of samples near a frequency (Goertzel's algorithm
 * under a Hann window), as a share of all its energy. The strongest frequency is found by a scan in
 * steps of half the block's resolution and then narrowed down.
 */
#include "tone.h"

#include <math.h>

#define FULL_SCALE 32767.0
#define BLOCK_MS 100
#define WINDOW_MS 20
#define LOWEST_HZ 50.0
#define HIGHEST_HZ 8000.0
#define QUIETEST_DBFS (-60.0)

void tone_init(struct tone *tone, unsigned int rate_hz, double frequency_hz, double level_dbfs)
{
	*tone = (struct tone){
		.rate_hz = rate_hz,
		.frequency_hz = frequency_hz,
		.amplitude = pow(10.0, level_dbfs / 20.0),
	};
}

void tone_set_frequency(struct tone *tone, double frequency_hz)
{
	tone->frequency_hz = frequency_hz;
}

void tone_fill(struct tone *tone, int16_t *ret, size_t n)
{
	double step = 2.0 * M_PI * tone->frequency_hz / tone->rate_hz;

	for (size_t i = 0; i < n; i++) {
		if (tone->frequency_hz <= 0.0) {
			ret[i] = 0;
			continue;
		}
		ret[i] = (int16_t)lrint(FULL_SCALE * tone->amplitude * sin(tone->phase));
		tone->phase = fmod(tone->phase + step, 2.0 * M_PI);
	}
}

static double mean_square(const int16_t *samples, size_t n)
{
	double sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += (double)samples[i] * samples[i];
	return n ? sum / (double)n : 0.0;
}

double tone_level_dbfs(const int16_t *samples, size_t n)
{
	double square = mean_square(samples, n);

	if (square < 1e-3)
		return TONE_SILENCE_DBFS;
	return 10.0 * log10(2.0 * square / (FULL_SCALE * FULL_SCALE));
}

/* The share, 0 to 1, of the block's energy that is near the frequency. */
static double energy_near(const int16_t *samples, size_t n, unsigned int rate_hz,
			  double frequency_hz)
{
	double omega = 2.0 * M_PI * frequency_hz / rate_hz;
	double coefficient = 2.0 * cos(omega);
	/* the window's cosine by the same recurrence, for speed */
	double window_coefficient = 2.0 * cos(2.0 * M_PI / (double)n);
	double c1 = cos(2.0 * M_PI / (double)n), c2 = cos(4.0 * M_PI / (double)n);
	double s1 = 0.0, s2 = 0.0, window_sum = 0.0, weighted = 0.0;

	for (size_t i = 0; i < n; i++) {
		double c0 = window_coefficient * c1 - c2;
		double window = 0.5 - 0.5 * c0;
		double x = samples[i];
		double s0 = window * x + coefficient * s1 - s2;

		c2 = c1;
		c1 = c0;
		s2 = s1;
		s1 = s0;
		window_sum += window;
		weighted += window * x * x;
	}
	if (weighted <= 0.0)
		return 0.0;
	double power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
	double share = 2.0 * power / (window_sum * weighted);
	return share > 1.0 ? 1.0 : share;
}

static double strongest_frequency(const int16_t *samples, size_t n, unsigned int rate_hz)
{
	double highest = fmin(HIGHEST_HZ, rate_hz / 2.0 - LOWEST_HZ);
	double resolution = (double)rate_hz / (double)n;
	double best = 0.0, best_share = 0.0;

	for (double f = LOWEST_HZ; f <= highest; f += resolution) {
		double share = energy_near(samples, n, rate_hz, f);

		if (share > best_share) {
			best_share = share;
			best = f;
		}
	}
	/* the peak of a Hann window is smooth and single within its main lobe */
	for (double step = resolution / 2.0; step > 0.25; step /= 2.0) {
		double below = energy_near(samples, n, rate_hz, best - step);
		double above = energy_near(samples, n, rate_hz, best + step);

		if (below > best_share && below >= above) {
			best -= step;
			best_share = below;
		} else if (above > best_share) {
			best += step;
			best_share = above;
		}
	}
	return best;
}

double tone_share(const int16_t *samples, size_t n, unsigned int rate_hz, double frequency_hz)
{
	size_t window = (size_t)rate_hz * WINDOW_MS / 1000;
	size_t windows = 0, carrying = 0;

	if (!window || frequency_hz <= 0.0)
		return 0.0;
	for (size_t at = 0; at + window <= n; at += window) {
		windows++;
		if (tone_level_dbfs(samples + at, window) > QUIETEST_DBFS &&
		    energy_near(samples + at, window, rate_hz, frequency_hz) > 0.5)
			carrying++;
	}
	return windows ? (double)carrying / (double)windows : 0.0;
}

void tone_analyse(const int16_t *samples, size_t n, unsigned int rate_hz, struct tone_heard *ret)
{
	size_t block = (size_t)rate_hz * BLOCK_MS / 1000;
	size_t loudest = 0;
	double loudest_square = -1.0;

	*ret = (struct tone_heard){ .level_dbfs = TONE_SILENCE_DBFS };
	if (!block || n < block)
		return;
	for (size_t at = 0; at + block <= n; at += block) {
		double square = mean_square(samples + at, block);

		if (square > loudest_square) {
			loudest_square = square;
			loudest = at;
		}
	}
	ret->level_dbfs = tone_level_dbfs(samples, n);
	if (tone_level_dbfs(samples + loudest, block) < QUIETEST_DBFS)
		return;
	ret->frequency_hz = strongest_frequency(samples + loudest, block, rate_hz);
	ret->share = tone_share(samples, n, rate_hz, ret->frequency_hz);
}
