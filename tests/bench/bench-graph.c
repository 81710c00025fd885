/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A whole daemon in a call, beside 10, 100 and 1,000 nodes and streams that are none of its business:
 * its time on the processor for a pick that moves the call, and for one more such stream that comes
 * and goes. Neither is to grow with them. Then, how much memory a crowd takes.
 */
#include "crowd.h"
#include "rows.h"
#include "watched.h"

#include "tests/rig/phone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADSET "AA:BB:CC:00:00:01"
#define LIMIT_MS 30000
#define SETTLE_MS 2000
#define MAX_TRIES 100u
#define PICKS 40u
#define COMINGS 15u
#define PASSING 4u
#define N_SIZES 3u

struct bench {
	struct rig *rig;
	struct phone *phone;
	struct crowd *crowd;
};

static bool move(struct bench *bench, const char *route)
{
	const char *error = phone_set_route(bench->phone, route);

	if (error)
		(void)fprintf(stderr, "bench-graph: a pick of %s: %s\n", route, error);
	return !error;
}

static double cpu_us(struct bench *bench)
{
	(void)phone_why(bench->phone, "Rule"); /* it has nothing older to do than to answer */
	return (double)watched_cpu_ns(rig_daemon_pid(bench->rig)) / 1e3;
}

/* Medians: what else the machine does disturbs some of them only. */
static bool measure_picks(struct bench *bench, double *ret_us)
{
	double us[PICKS];

	for (unsigned int i = 0; i < PICKS; i++) {
		double before = cpu_us(bench);

		if (!move(bench, i % 2 ? "handset" : "speaker"))
			return false;
		us[i] = cpu_us(bench) - before;
	}
	*ret_us = rows_quantile(us, PICKS, 0.5);
	return true;
}

static bool measure_comings(struct bench *bench, double *ret_us)
{
	double us[COMINGS];

	for (unsigned int i = 0; i < COMINGS; i++) {
		double before = cpu_us(bench);

		if (!crowd_pass(bench->crowd, PASSING))
			return false;
		us[i] = (cpu_us(bench) - before) / PASSING;
	}
	*ret_us = rows_quantile(us, COMINGS, 0.5);
	return true;
}

/* WirePlumber is at work for a while after so many have come; its wake-ups of us are its own. */
static bool settle(struct bench *bench)
{
	unsigned long before;
	unsigned int tries = 0;

	do {
		before = watched_wake_ups(rig_daemon_pid(bench->rig));
		(void)rig_wait(bench->rig, SETTLE_MS, false);
	} while (watched_wake_ups(rig_daemon_pid(bench->rig)) != before && ++tries < MAX_TRIES);
	return tries < MAX_TRIES;
}

static bool resize(struct bench *bench, unsigned int size)
{
	return crowd_resize(bench->crowd, size / 2, size - size / 2) && settle(bench);
}

static void add_rows(const char *event, const unsigned int *sizes, const double *us)
{
	char what[96];

	for (unsigned int i = 0; i < N_SIZES; i++) {
		(void)snprintf(what, sizeof(what), "processor time of %s, beside %u others", event,
			       sizes[i]);
		rows_add(what, us[i], "us", "beside 10", us[0]);
	}
}

/* The picks while the crowd grows, the comings while it shrinks, since after them nobody is linked. */
static bool bench_events(struct bench *bench)
{
	static const unsigned int sizes[N_SIZES] = { 10, 100, 1000 };
	static const struct phone_call_options options = { .managed = true, .active = true };
	double pick_us[N_SIZES], coming_us[N_SIZES];
	struct phone_call *call;

	if (phone_call(bench->phone, &options, &call) ||
	    !rig_wait(bench->rig, LIMIT_MS,
		      strcmp(phone_sees(bench->phone, "Route"), "none") != 0) ||
	    !move(bench, "handset"))
		return false;
	for (unsigned int i = 0; i < N_SIZES; i++) {
		if (!resize(bench, sizes[i]) || !measure_picks(bench, &pick_us[i]))
			return false;
	}
	for (unsigned int i = N_SIZES; i > 0; i--) {
		if (!resize(bench, sizes[i - 1]) || !measure_comings(bench, &coming_us[i - 1]))
			return false;
	}
	add_rows("a pick", sizes, pick_us);
	add_rows("a stream that comes and goes", sizes, coming_us);
	return !phone_ask_with(bench->phone, call, "SetState", "ended");
}

static bool add_devices(struct bench *bench, unsigned int n)
{
	char address[18], name[32];

	for (unsigned int i = 0; i < n; i++) {
		(void)snprintf(address, sizeof(address), "AA:BB:CC:00:01:%02X", i);
		(void)snprintf(name, sizeof(name), "Headset %u", i);
		if (stand_in_add(rig_stand_in(bench->rig),
				 &(struct stand_in_device){ .address = address,
							    .name = name,
							    .kind = DEVICE_HEADSET,
							    .handsfree = true,
							    .a2dp = true }) < 0)
			return false;
	}
	return true;
}

/* Of a daemon that has just begun. */
static bool bench_memory(struct bench *bench)
{
	unsigned long before;

	if (!settle(bench))
		return false;
	before = watched_resident_kib(rig_daemon_pid(bench->rig));
	rows_add("resident memory with one headset", (double)before, "KiB", "budget", 8192.0);
	if (!add_devices(bench, 50) || !crowd_resize(bench->crowd, 250, 250) ||
	    !crowd_clients(bench->crowd, 200) || !settle(bench))
		return false;
	rows_add("more with 50 devices, 500 nodes, 200 bus clients",
		 (double)(watched_resident_kib(rig_daemon_pid(bench->rig)) - before), "KiB",
		 "budget", 2048.0);
	return crowd_clients(bench->crowd, 0);
}

int main(void)
{
	static const struct stand_in_device device = { HEADSET, "Headset", DEVICE_HEADSET,
						       .handsfree = true, .a2dp = true };
	struct bench bench = { 0 };
	bool done;

	if (rig_new(&(struct rig_options){ 0 }, &bench.rig) < 0)
		return 1;
	done = (bench.crowd = crowd_new(bench.rig)) != NULL &&
	       phone_new(bench.rig, &bench.phone) == 0 &&
	       rig_headset_add(bench.rig, &device, NULL) == 0 &&
	       rig_headset_connect(bench.rig, HEADSET) == 0 && bench_memory(&bench) &&
	       bench_events(&bench);
	if (!done)
		rig_dump(bench.rig);
	phone_free(bench.phone);
	crowd_free(bench.crowd);
	rig_free(bench.rig);
	return done ? 0 : 1;
}
