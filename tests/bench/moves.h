/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What bench-route's parts share: a rig with a headset, a call of callroute's and the streams of a
 * program without one, and times from a request to its effect, collected as rows.
 *
 * May be used by: tests/bench/.
 */
#ifndef CALLROUTE_BENCH_MOVES_H
#define CALLROUTE_BENCH_MOVES_H

#include "rows.h"

#include "tests/rig/phone.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE_TO_HEADSET "headset:" HEADSET
#define LIMIT_MS 20000
#define MAX_MOVES 64u

struct moves {
	struct rig *rig;
	struct view *view;
	struct phone *phone;
	struct rig_sound *bystander; /* plays and records, in no call */
	const char *failed;          /* what did not happen; NULL while all did */
};

/** Milliseconds of one case, for one contender. */
struct times {
	size_t n;
	double ms[MAX_MOVES];
};

void times_add(struct times *times, uint64_t since_ns);
double times_median(struct times *times);

/** Wait, and remember what for where it did not come. */
#define moves_wait(moves, condition)                                      \
	((moves)->failed || rig_wait((moves)->rig, LIMIT_MS, (condition)) \
		 ? !(moves)->failed                                       \
		 : ((moves)->failed = #condition, false))

/** An active call on the handset, linked there; NULL on failure. */
struct phone_call *moves_call(struct moves *moves);
/** It ends, and the headset is back in A2DP. */
void moves_end(struct moves *moves, struct phone_call *call);
/** Let WirePlumber come to rest: 0.4.13 is easily left with an item that never gets ready, and links
 * nobody from then on, where one change of profile runs into the next. */
void moves_rest(struct moves *moves);
/** Both streams of a process are linked, and with these nodes (as of view_linked()). */
bool moves_linked(const struct moves *moves, pid_t process, const char *sink, const char *source);

/** Parts with their rows, each in a file of its own. */
void bench_ports(struct moves *moves);
void bench_autoswitch(struct moves *moves);

#endif
