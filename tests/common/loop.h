/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Driving a PipeWire loop from a test until something holds, instead of sleeping.
 */
#ifndef CALLROUTE_TESTS_LOOP_H
#define CALLROUTE_TESTS_LOOP_H

#include <stdbool.h>

struct pw_loop;

/** Long enough for a slow machine under a sanitizer; reached only by a test that fails. */
#define LOOP_DEADLINE_MS 10000

/** A loop that this thread runs; needs pw_init(). */
struct pw_loop *loop_new(void);
/** NULL-safe; returns NULL. */
struct pw_loop *loop_free(struct pw_loop *loop);

/** Run until @holds says true or @timeout_ms have passed; returns what @holds says at the end. */
bool loop_until(struct pw_loop *loop, bool (*holds)(void *data), void *data, int timeout_ms);
/** Run until @flag is set, with LOOP_DEADLINE_MS. */
bool loop_until_set(struct pw_loop *loop, const bool *flag);
/** Run until @counter is at least @n, with LOOP_DEADLINE_MS. */
bool loop_until_count(struct pw_loop *loop, const unsigned int *counter, unsigned int n);
/** Run what is due now, and what that makes due, without waiting. */
void loop_drain(struct pw_loop *loop);

#endif
