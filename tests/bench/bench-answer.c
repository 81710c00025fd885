/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A whole daemon on the rig: how long it takes from its start until it is ready, from reading ATA to
 * having written OK, and to the last request to PipeWire that follows from the answer without waiting
 * for PipeWire; what waits for it is bench-route's. The two latter are the daemon's own words in its
 * log, since what a headset sees has its own waiting for the processor in it; that is told as well.
 */
#include "rows.h"

#include "tests/rig/phone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADSET "AA:BB:CC:00:00:01"
#define LIMIT_MS 15000
#define STARTS 15
#define ANSWERS 60

struct answers {
	size_t n_written;
	size_t n_requested;
	double written_ms[ANSWERS];
	double requested_ms[ANSWERS];
};

static bool bench_starts(struct rig *rig)
{
	double ms[STARTS];

	for (size_t i = 0; i < STARTS; i++) {
		rig_daemon_stop(rig, 0);
		uint64_t begun = rows_now_ns();

		if (rig_daemon_start(rig) < 0)
			return false;
		ms[i] = (double)(rows_now_ns() - begun) / 1e6;
	}
	rows_add("start to ready, median", rows_quantile(ms, STARTS, 0.5), "ms", "budget", 100.0);
	rows_add("start to ready, longest", rows_quantile(ms, STARTS, 1.0), "ms", "budget", 100.0);
	return true;
}

static bool answer_once(struct rig *rig, struct phone *phone, double *ret_ms)
{
	static const struct phone_call_options options = { .managed = true, .incoming = true };
	struct phone_call *call;

	rig_headset_forget_lines(rig, HEADSET);
	if (phone_call(phone, &options, &call) ||
	    !rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS))
		return false;
	rig_headset_forget_lines(rig, HEADSET);
	uint64_t begun = rows_now_ns();
	headset_button(rig_headset(rig, HEADSET));
	if (!rig_headset_wait(rig, HEADSET, "< OK", LIMIT_MS))
		return false;
	*ret_ms = (double)(rows_now_ns() - begun) / 1e6;
	if (!rig_wait(rig, LIMIT_MS, phone_sees_route(phone, "headset:" HEADSET, "P2")) ||
	    phone_ask_with(phone, call, "SetState", "ended"))
		return false;
	return rig_wait(rig, LIMIT_MS,
			phone_sees_route(phone, "none", NULL) &&
				view_profile_is(rig_view(rig), HEADSET, "a2dp*"));
}

/* The first request after each answer; those after it were waiting for PipeWire. */
static void read_log(const struct rig *rig, struct answers *ret)
{
	FILE *file = fopen(rig_log(rig, "callrouted"), "re");
	unsigned long long us;
	bool answered = false;
	char line[1024];

	while (file && fgets(line, sizeof(line), file)) {
		const char *text = strstr(line, "answer read, OK written ");

		if (text && sscanf(text, "answer read, OK written %llu", &us) == 1 &&
		    ret->n_written < ANSWERS) {
			ret->written_ms[ret->n_written++] = (double)us / 1e3;
			answered = true;
		}
		text = strstr(line, "last PipeWire request ");
		if (text && answered && sscanf(text, "last PipeWire request %llu", &us) == 1) {
			ret->requested_ms[ret->n_requested++] = (double)us / 1e3;
			answered = false;
		}
	}
	if (file)
		(void)fclose(file);
}

static bool bench_answers(struct rig *rig)
{
	struct answers answers = { 0 };
	double seen_ms[ANSWERS];
	struct phone *phone = NULL;

	for (size_t i = 0; i < ANSWERS; i++) {
		/* a phone has room for so many calls in its life */
		if (i % 10 == 0 && (phone_free(phone), phone_new(rig, &phone)) < 0)
			return false;
		if (!answer_once(rig, phone, &seen_ms[i])) {
			rig_dump(rig);
			return false;
		}
	}
	phone_free(phone);
	read_log(rig, &answers);
	if (answers.n_written != ANSWERS || answers.n_requested == 0)
		return false;
	rows_add("ATA read to OK written, p50", rows_quantile(answers.written_ms, ANSWERS, 0.5),
		 "ms", "budget", 1.0);
	rows_add("ATA read to OK written, p99", rows_quantile(answers.written_ms, ANSWERS, 0.99),
		 "ms", "budget", 1.0);
	rows_add("ATA to OK as the headset sees it, p50", rows_quantile(seen_ms, ANSWERS, 0.5),
		 "ms", "budget", 1.0);
	rows_add("ATA read to last PipeWire request, p50",
		 rows_quantile(answers.requested_ms, answers.n_requested, 0.5), "ms", "budget",
		 2.0);
	rows_add("ATA read to last PipeWire request, p99",
		 rows_quantile(answers.requested_ms, answers.n_requested, 0.99), "ms", "budget",
		 2.0);
	return true;
}

int main(void)
{
	static const struct stand_in_device device = { HEADSET, "Headset", DEVICE_HEADSET,
						       .handsfree = true, .a2dp = true };
	struct rig *rig;
	bool done;

	if (rig_new(&(struct rig_options){ 0 }, &rig) < 0)
		return 1;
	done = bench_starts(rig) && rig_headset_add(rig, &device, NULL) == 0 &&
	       rig_headset_connect(rig, HEADSET) == 0 && bench_answers(rig);
	rig_free(rig);
	return done ? 0 : 1;
}
