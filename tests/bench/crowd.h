/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Others: nodes and streams in PipeWire that are no endpoint and of no call, and clients on the bus
 * that look once and stay. Each comes and goes when PipeWire has told so, nothing is left to time.
 *
 * May be used by: tests/bench/.
 */
#ifndef CALLROUTE_BENCH_CROWD_H
#define CALLROUTE_BENCH_CROWD_H

#include <stdbool.h>

struct crowd;
struct rig;

/** Start the program that has them (bench-crowd.c), with none. NULL on failure. */
struct crowd *crowd_new(struct rig *rig);
/** Takes all away. NULL-safe; returns NULL. */
struct crowd *crowd_free(struct crowd *crowd);

/** There are so many nodes (null sinks) and streams from now on, at most 2,000 of each. This and the
 * next return false where PipeWire does not follow. */
bool crowd_resize(struct crowd *crowd, unsigned int nodes, unsigned int streams);
/** So many more streams come and go, after which WirePlumber 0.4.13 links nobody any more. */
bool crowd_pass(struct crowd *crowd, unsigned int streams);

/** So many clients of the session bus, each of which has asked org.callroute for everything. */
bool crowd_clients(struct crowd *crowd, unsigned int clients);

#endif
