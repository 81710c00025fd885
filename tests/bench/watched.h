/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the kernel tells of another process: its wake-ups, its time on the processor, its memory.
 *
 * May be used by: tests/bench/.
 */
#ifndef CALLROUTE_BENCH_WATCHED_H
#define CALLROUTE_BENCH_WATCHED_H

#include <stdint.h>
#include <sys/types.h>

/** How often any of its threads gave its processor away by itself: whoever waits does. */
unsigned long watched_wake_ups(pid_t pid);
/** Nanoseconds on a processor, of all threads that there are (proc's schedstat). */
uint64_t watched_cpu_ns(pid_t pid);
/** VmRSS. */
unsigned long watched_resident_kib(pid_t pid);

#endif
