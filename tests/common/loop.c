/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Each wait is for a condition, with a deadline that only a failing test reaches.
 */
#include "loop.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <stdint.h>
#include <time.h>

struct pw_loop *loop_new(void)
{
	struct pw_loop *loop = pw_loop_new(NULL);

	if (loop)
		pw_loop_enter(loop);
	return loop;
}

struct pw_loop *loop_free(struct pw_loop *loop)
{
	if (!loop)
		return NULL;
	pw_loop_leave(loop);
	pw_loop_destroy(loop);
	return NULL;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool loop_until(struct pw_loop *loop, bool (*holds)(void *data), void *data, int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	int64_t left;

	while (!holds(data)) {
		left = deadline - now_ms();
		if (left <= 0)
			return false;
		(void)pw_loop_iterate(loop, (int)left);
	}
	return true;
}

static bool is_set(void *data)
{
	return *(const bool *)data;
}

bool loop_until_set(struct pw_loop *loop, const bool *flag)
{
	return loop_until(loop, is_set, (void *)flag, LOOP_DEADLINE_MS);
}

struct count {
	const unsigned int *counter;
	unsigned int n;
};

static bool is_counted(void *data)
{
	const struct count *count = data;

	return *count->counter >= count->n;
}

bool loop_until_count(struct pw_loop *loop, const unsigned int *counter, unsigned int n)
{
	struct count count = { .counter = counter, .n = n };

	return loop_until(loop, is_counted, &count, LOOP_DEADLINE_MS);
}

void loop_drain(struct pw_loop *loop)
{
	while (pw_loop_iterate(loop, 0) > 0)
		;
}
