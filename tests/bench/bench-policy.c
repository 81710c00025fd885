/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The decision core by itself: nanoseconds an event with 1, 16 and 256 devices and as many calls
 * (one active, of the others every second on hold, the rest ringing), the ratios to 1, and the
 * allocations after creation, which are none. Prints, never fails for being slow: the ratios of one
 * run can be compared between machines, the nanoseconds only between builds on one.
 *
 * "bench-policy --events NAME N" only sends N rounds of one row's events, with 16 of each. The
 * instructions an event, which do not depend on the machine's mood, are what this collects, by the
 * number of events that it prints:
 *
 *     valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=policy_handle \
 *       build/tests/bench/bench-policy --events pick 1000
 */
#include "rows.h"

#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_SIZES 3
#define ROUNDS 21
#define ROUND_NS UINT64_C(2000000) /* so long at least, to be far above the clock's grain */
#define MAX_EVENTS 3

/* ---- allocations, counted by the linker's --wrap --------------------------------------------- */

static unsigned long allocations;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocations++;
	return __real_realloc(old, size);
}

/* ---- what is measured ------------------------------------------------------------------------ */

/* Rows of events that lead back to where they began. Of devices and calls, 1 is the first, OTHER is
 * one that is not there in the beginning. */
#define OTHER 9999u

static const struct row {
	const char *name;
	const char *about;
	struct policy_event events[MAX_EVENTS];
	unsigned int n;
} rows[] = {
	{ "pick",
	  "a pick that moves the call",
	  { { .type = EVENT_PICK, .route = { .kind = ROUTE_HANDSET } },
	    { .type = EVENT_PICK, .route = { .kind = ROUTE_HEADSET, .device = 1 } } },
	  2 },
	{ "same",
	  "a pick of what is in force",
	  { { .type = EVENT_PICK, .route = { .kind = ROUTE_HEADSET, .device = 1 } } },
	  1 },
	{ "refused",
	  "a pick of what is not known",
	  { { .type = EVENT_PICK, .route = { .kind = ROUTE_HEADSET, .device = OTHER } } },
	  1 },
	{ "managed",
	  "a managed call rings, is answered, ends",
	  { { .type = EVENT_CALL, .call = OTHER, .incoming = true, .managed = true },
	    { .type = EVENT_ANSWER, .call = OTHER, .device = 1 },
	    { .type = EVENT_HANGUP, .call = OTHER } },
	  3 },
	{ "unmanaged",
	  "an unmanaged call is dialled and ends",
	  { { .type = EVENT_CALL, .call = OTHER }, { .type = EVENT_HANGUP, .call = OTHER } },
	  2 },
	{ "missed",
	  "a call rings and is missed",
	  { { .type = EVENT_CALL, .call = OTHER, .incoming = true },
	    { .type = EVENT_REMOTE_HANGUP, .call = OTHER } },
	  2 },
	{ "hold",
	  "the active call waits and goes on",
	  { { .type = EVENT_HOLD, .call = 1 }, { .type = EVENT_UNHOLD, .call = 1 } },
	  2 },
	{ "headset",
	  "another headset comes, takes the call, goes",
	  { { .type = EVENT_CONNECT, .device = OTHER, .call_capable = true, .auto_route = true },
	    { .type = EVENT_DISCONNECT, .device = OTHER } },
	  2 },
	{ "link",
	  "the headset closes its link and opens it",
	  { { .type = EVENT_SCO_CLOSE, .device = 1 }, { .type = EVENT_SCO_OPEN, .device = 1 } },
	  2 },
	{ "mute",
	  "mute on and off",
	  { { .type = EVENT_MUTE, .on = true }, { .type = EVENT_MUTE, .on = false } },
	  2 },
	{ "time", "time, with nothing due", { { .type = EVENT_TIME } }, 1 },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static const uint32_t sizes[N_SIZES] = { 1, 16, 256 };

static volatile uint64_t sink; /* keeps what is measured from being left out */

static void must(struct policy *policy, const struct policy_event *event)
{
	if (policy_handle(policy, event) != POLICY_OK)
		abort();
}

/* The first call is active on the first headset; all the others are there. */
static struct policy *new_core(uint32_t size)
{
	struct policy *policy =
		policy_new(&(struct policy_limits){ .devices = size + 1, .calls = size + 1 });

	if (policy == NULL)
		abort();
	for (uint32_t i = size; i > 0; i--)
		must(policy, &(struct policy_event){ .type = EVENT_CONNECT,
						     .device = i,
						     .call_capable = true,
						     .auto_route = true });
	for (uint32_t i = size; i > 0; i--) {
		must(policy,
		     &(struct policy_event){
			     .type = EVENT_CALL, .call = i, .incoming = true, .managed = true });
		if (i % 2 == 1)
			must(policy, &(struct policy_event){
					     .type = EVENT_ANSWER, .call = i, .device = 1 });
		if (i % 2 == 1 && i > 1)
			must(policy, &(struct policy_event){ .type = EVENT_HOLD, .call = i });
	}
	return policy;
}

/* As in the daemon, the decision is read after each event. */
static uint64_t send(struct policy *policy, const struct row *row, uint64_t times)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < times; i++) {
		for (unsigned int j = 0; j < row->n; j++) {
			(void)policy_handle(policy, &row->events[j]);
			sum += policy_decision(policy)->call.device;
		}
	}
	return sum;
}

/* So many times that a round is long enough for the clock. */
static uint64_t calibrate(struct policy *policy, const struct row *row)
{
	uint64_t times = 1, took = 0;

	while (took < ROUND_NS) {
		uint64_t begun = rows_now_ns();

		times *= 2;
		sink += send(policy, row, times);
		took = rows_now_ns() - begun;
	}
	return times;
}

/* The sizes in turn, so that what else the machine does meets all of them. */
static void measure(struct policy *policies[static N_SIZES], const struct row *row,
		    double ret_ns[static N_SIZES])
{
	uint64_t times[N_SIZES];
	double ns[N_SIZES][ROUNDS];

	for (unsigned int i = 0; i < N_SIZES; i++)
		times[i] = calibrate(policies[i], row);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < N_SIZES; i++) {
			uint64_t begun = rows_now_ns();

			sink += send(policies[i], row, times[i]);
			ns[i][round] =
				(double)(rows_now_ns() - begun) / (double)(times[i] * row->n);
		}
	}
	for (unsigned int i = 0; i < N_SIZES; i++) {
		/* the round that least else disturbed */
		ret_ns[i] = rows_quantile(ns[i], ROUNDS, 0.0);
	}
}

/* The dearest so far, and the one that grows most. */
struct worst {
	double ns_of_16;
	double growth;
};

static void print_row(const struct row *row, struct policy *policies[static N_SIZES],
		      struct worst *worst)
{
	double ns[N_SIZES];

	measure(policies, row, ns);
	if (ns[1] > worst->ns_of_16)
		worst->ns_of_16 = ns[1];
	if (ns[2] / ns[1] > worst->growth)
		worst->growth = ns[2] / ns[1];
	printf("%-10s %-45s %7.1f %7.1f %7.1f   %5.2f %5.2f\n", row->name, row->about, ns[0], ns[1],
	       ns[2], ns[1] / ns[0], ns[2] / ns[0]);
}

static int send_only(const char *name, const char *number)
{
	unsigned long times = strtoul(number, NULL, 10);

	for (size_t i = 0; i < N_ROWS; i++) {
		struct policy *policy;
		uint64_t sum;

		if (strcmp(rows[i].name, name) != 0)
			continue;
		policy = new_core(16);
		sum = send(policy, &rows[i], times);
		printf("%lu events (%llu)\n", times * rows[i].n, (unsigned long long)sum);
		policy_free(policy);
		return 0;
	}
	fprintf(stderr, "bench-policy: no row \"%s\"\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	struct policy *policies[N_SIZES];
	struct worst worst = { 0 };
	unsigned long created;

	if (argc == 4 && strcmp(argv[1], "--events") == 0)
		return send_only(argv[2], argv[3]);
	if (argc != 1) {
		fputs("usage: bench-policy [--events NAME N]\n", stderr);
		return 2;
	}
	printf("ns an event, best of %d rounds  %35s %7s %7s   %5s %5s\n", ROUNDS, "1", "16", "256",
	       "16/1", "256/1");
	for (unsigned int i = 0; i < N_SIZES; i++)
		policies[i] = new_core(sizes[i]);
	created = allocations;
	for (size_t i = 0; i < N_ROWS; i++)
		print_row(&rows[i], policies, &worst);
	created = allocations - created;
	rows_add("policy: dearest event, 16 devices and calls", worst.ns_of_16, "ns", "budget",
		 200.0);
	rows_add("policy: most growth, 256 for 16", worst.growth, "times", "linear", 16.0);
	rows_add("policy: allocations after creation", (double)created, "", "budget", 0.0);
	for (unsigned int i = 0; i < N_SIZES; i++)
		policy_free(policies[i]);
	return 0;
}
