/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The gateway by itself: how many AT lines a second, how much memory a headset takes, and how long
 * from the bytes of ATA to its OK in the output, with all that a caller does in between but I/O.
 * Prints, never fails for being slow: the figures are for comparing two builds on one machine.
 */
#include "rows.h"

#include "daemon/hfp/ag.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_ROUNDS 200000
#define N_ANSWERS 100000

/* What the daemon does after each input; returns how many bytes were written. */
static size_t drain(struct ag *ag, uint64_t now_ms)
{
	struct ag_event event;
	const char *bytes;
	size_t n, all = 0;

	while (ag_next_event(ag, &event)) {
		if (event.type == AG_EVENT_ANSWER || event.type == AG_EVENT_HANGUP)
			ag_finish(ag, AG_RESULT_OK, now_ms);
	}
	while ((n = ag_output(ag, &bytes)) > 0) {
		ag_output_taken(ag, n);
		all += n;
	}
	return all;
}

static void receive(struct ag *ag, const char *lines, uint64_t now_ms)
{
	ag_receive(ag, lines, strlen(lines), now_ms);
}

static struct ag *connected(void)
{
	static const char *const set_up[] = {
		"AT+BRSF=1023\r", "AT+BAC=1,2\r",  "AT+CIND=?\r", "AT+CIND?\r", "AT+CMER=3,0,0,1\r",
		"AT+CHLD=?\r",    "AT+BIND=1,2\r", "AT+BIND=?\r", "AT+BIND?\r", "AT+CLIP=1\r",
	};
	const struct ag_config config = {
		.profile = AG_HFP, .wide_band_speech = true, .can_dial = true, .conference = true
	};
	struct ag *ag = ag_new(&config, 0);

	if (ag == NULL)
		exit(1);
	for (size_t i = 0; i < sizeof(set_up) / sizeof(set_up[0]); i++) {
		receive(ag, set_up[i], 0);
		(void)drain(ag, 0);
	}
	if (!ag_slc_up(ag)) {
		fprintf(stderr, "the service level connection is not up\n");
		exit(1);
	}
	return ag;
}

static void bench_lines(void)
{
	static const char *const lines[] = {
		"AT\r",           "AT+CIND?\r",    "AT+VGS=9\r",    "AT+CLCC\r",
		"AT+BIEV=2,80\r", "AT+NONSENSE\r", "AT+CSRPWR=1\r", "AT+BIA=1,1,1,1,1,1,0\r",
	};
	const size_t n_lines = sizeof(lines) / sizeof(lines[0]);
	struct ag *ag = connected();
	uint64_t begun = rows_now_ns(), took;
	size_t bytes = 0;

	for (size_t i = 0; i < N_ROUNDS * n_lines; i++) {
		receive(ag, lines[i % n_lines], 0);
		bytes += drain(ag, 0);
	}
	took = rows_now_ns() - begun;
	if (bytes == 0 || ag_overflowed(ag))
		exit(1);
	printf("AT lines: %.0f a second, %.0f ns each\n",
	       (double)(N_ROUNDS * n_lines) * 1e9 / (double)took,
	       (double)took / (double)(N_ROUNDS * n_lines));
	ag_free(ag);
}

static void bench_memory(void)
{
	enum { N = 64 };
	struct ag *ag[N];
	size_t before = mallinfo2().uordblks;

	for (size_t i = 0; i < N; i++)
		ag[i] = connected();
	printf("memory: %zu bytes a headset, all of it at its creation\n",
	       (mallinfo2().uordblks - before) / N);
	for (size_t i = 0; i < N; i++)
		ag_free(ag[i]);
}

/* A call rings, is answered, and goes; only the answer is measured. */
static void bench_answer(void)
{
	static double us[N_ANSWERS];
	struct ag_call call = { .id = 1, .incoming = true, .number = "+4930123456" };
	struct ag *ag = connected();
	uint64_t now_ms = 0;

	for (size_t i = 0; i < N_ANSWERS; i++) {
		call.id = (uint32_t)i + 1;
		call.state = AG_CALL_INCOMING;
		ag_set_calls(ag, &call, 1, ++now_ms);
		(void)drain(ag, now_ms);

		uint64_t begun = rows_now_ns();
		struct ag_event event;
		const char *bytes;

		receive(ag, "ATA\r", now_ms);
		while (ag_next_event(ag, &event)) {
			if (event.type == AG_EVENT_ANSWER)
				ag_finish(ag, AG_RESULT_OK, now_ms);
		}
		size_t n = ag_output(ag, &bytes);
		us[i] = (double)(rows_now_ns() - begun) / 1e3;
		if (n != 6 || memcmp(bytes, "\r\nOK\r\n", 6) != 0)
			exit(1);

		call.state = AG_CALL_ACTIVE;
		ag_set_calls(ag, &call, 1, now_ms);
		ag_set_calls(ag, NULL, 0, now_ms);
		(void)drain(ag, now_ms);
	}
	rows_add("ATA to OK in the gateway alone, p50", rows_quantile(us, N_ANSWERS, 0.5), "us",
		 "budget", 1000.0);
	rows_add("ATA to OK in the gateway alone, p99", rows_quantile(us, N_ANSWERS, 0.99), "us",
		 "budget", 1000.0);
	ag_free(ag);
}

int main(void)
{
	bench_lines();
	bench_memory();
	bench_answer();
	return 0;
}
