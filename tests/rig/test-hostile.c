/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A headset that means harm, or is broken: what it does to its own channel must not reach another
 * headset's calls. Latencies are measured, and printed as a ratio to those of a headset that is alone;
 * what is required is that the calls are answered and the daemon lives.
 */
#include "phone.h"
#include "rig-internal.h"
#include "stand-in-internal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define LIMIT_MS 10000
#define N_CALLS 12 /* a phone of the rig makes 16 */
#define FLOOD_LINES 100000
/* The daemon waits 20 s for the service level connection. */
#define SILENT_MS 30000

struct fixture {
	struct rig *rig;
	uint64_t silent_since_ms;
	uint64_t alone_us; /* the median without the others */
	int silent_fd;
};

/* ---- the hostile device: only its channel, without a headset behind it ------------------------ */

static int taken_fd = -1;

static void on_channel(void *data, const char *address, bool hsp, int fd)
{
	if (!strncmp(address, "66:66:", 6))
		taken_fd = fd;
	else
		rig_stand_in_events.channel(data, address, hsp, fd);
}

static void on_disconnected(void *data, const char *address)
{
	rig_stand_in_events.disconnected(data, address);
}

/* Its end of the AT channel. */
static int hostile_connect(struct rig *rig, const char *address)
{
	struct stand_in_device device = {
		.address = address, .name = "Hostile", .kind = DEVICE_HEADSET, .handsfree = true
	};

	assert_int_equal(stand_in_add(rig_stand_in(rig), &device), 0);
	assert_int_equal(stand_in_connect(rig_stand_in(rig), address), 0);
	assert_true(taken_fd >= 0);
	int fd = taken_fd;
	taken_fd = -1;
	return fd;
}

static void hostile_disconnect(struct rig *rig, const char *address, int fd)
{
	close(fd);
	stand_in_disconnect(rig_stand_in(rig), address);
	stand_in_remove(rig_stand_in(rig), address);
}

/* Writes @bytes again and again, in a thread of its own, until told to stop and @at_least are out,
 * or the channel is closed. */
struct flood {
	int fd;
	const char *bytes;
	size_t n;
	size_t at_least;
	bool reads;
	pthread_t thread;
	atomic_bool stop;
	atomic_bool closed;
	size_t written;
	size_t finals;
	char line[32];
	size_t n_line;
};

static void count_finals(struct flood *flood, const char *bytes, ssize_t n)
{
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] != '\r' && bytes[i] != '\n') {
			if (flood->n_line < sizeof(flood->line) - 1)
				flood->line[flood->n_line++] = bytes[i];
			continue;
		}
		if (flood->n_line == 0)
			continue;
		flood->line[flood->n_line] = '\0';
		flood->n_line = 0;
		flood->finals += !strcmp(flood->line, "OK") || !strcmp(flood->line, "ERROR");
	}
}

static bool flood_read(struct flood *flood)
{
	char bytes[65536];
	ssize_t n = read(flood->fd, bytes, sizeof(bytes));

	if (n > 0)
		count_finals(flood, bytes, n);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool flood_write(struct flood *flood)
{
	size_t at = flood->written % flood->n;
	ssize_t n = send(flood->fd, flood->bytes + at, flood->n - at, MSG_NOSIGNAL);

	if (n > 0)
		flood->written += (size_t)n;
	return n > 0 || errno == EAGAIN;
}

static void *flood_run(void *data)
{
	struct flood *flood = data;
	bool open = true;

	while (open) {
		/* whole rounds only, so that what was asked can be counted */
		bool writes = !flood->stop || flood->written < flood->at_least ||
			      flood->written % flood->n != 0;
		struct pollfd poll_fd = {
			.fd = flood->fd,
			.events = (short)((flood->reads ? POLLIN : 0) | (writes ? POLLOUT : 0)),
		};
		/* after the last answer nothing comes any more */
		int r = poll(&poll_fd, 1, writes ? -1 : 500);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		if (poll_fd.revents & POLLIN)
			open = flood_read(flood);
		if (open && poll_fd.revents & POLLOUT)
			open = flood_write(flood);
		if (!(poll_fd.revents & (POLLIN | POLLOUT)))
			open = false;
	}
	flood->closed = !open;
	return NULL;
}

static void flood_start(struct flood *flood)
{
	assert_int_equal(pthread_create(&flood->thread, NULL, flood_run, flood), 0);
}

static void flood_end(struct flood *flood)
{
	flood->stop = true;
	assert_int_equal(pthread_join(flood->thread, NULL), 0);
}

/* ---- the other headset --------------------------------------------------------------------------- */

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static bool daemon_lives(struct rig *rig)
{
	return kill(rig_daemon_pid(rig), 0) == 0;
}

/* One call rings, is answered by the headset's button, and hung up by it. In us: to the OK. */
static uint64_t answer_one(struct rig *rig, struct phone *phone)
{
	static const struct phone_call_options options = {
		.managed = true, .incoming = true, .silent = true, .party = "+4930123456"
	};
	struct phone_call *call;
	uint64_t begun_us, took_us;

	rig_headset_forget_lines(rig, HEADSET);
	assert_null(phone_call(phone, &options, &call));
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	begun_us = now_us();
	headset_send(rig_headset(rig, HEADSET), "ATA");
	expect(rig_headset_wait(rig, HEADSET, "< OK", LIMIT_MS));
	took_us = now_us() - begun_us;
	expect(phone_told(phone, "Answer", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, !strcmp(phone_call_state(call), "active")));

	headset_send(rig_headset(rig, HEADSET), "AT+CHUP");
	expect(phone_told(phone, "Hangup", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, !strcmp(phone_call_state(call), "ended")));
	return took_us;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void answer_some(struct fixture *f, const char *when)
{
	uint64_t us[N_CALLS];
	struct phone *phone;

	assert_int_equal(phone_new(f->rig, &phone), 0);
	for (size_t i = 0; i < N_CALLS; i++)
		us[i] = answer_one(f->rig, phone);
	phone_free(phone);
	qsort(us, N_CALLS, sizeof(us[0]), compare);
	if (f->alone_us == 0)
		f->alone_us = us[N_CALLS / 2];
	printf("ATA to OK at the headset, %s: median %.2f ms (%.1f of alone), worst %.1f ms of "
	       "%d\n",
	       when, (double)us[N_CALLS / 2] / 1000.0,
	       (double)us[N_CALLS / 2] / (double)f->alone_us, (double)us[N_CALLS - 1] / 1000.0,
	       N_CALLS);
	assert_true(daemon_lives(f->rig));
}

/* ---- tests ----------------------------------------------------------------------------------------- */

static int start(void **state)
{
	static struct stand_in_events events = { on_channel, on_disconnected };
	static struct fixture f;
	struct stand_in_device headset = {
		.address = HEADSET,
		.name = "Headset",
		.kind = DEVICE_HEADSET,
		.handsfree = true,
		.a2dp = true,
	};

	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	rig_stand_in(f.rig)->events = &events;
	*state = &f;
	if (rig_headset_add(f.rig, &headset, NULL) < 0 || rig_headset_connect(f.rig, HEADSET) < 0) {
		rig_dump(f.rig);
		return -1;
	}
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->rig = rig_free(f->rig);
	return 0;
}

static void test_alone(void **state)
{
	answer_some(*state, "alone");
}

/* In the middle of a line of its set-up; the last test looks at it. */
static void test_a_headset_silent_in_mid_line_holds_nobody_up(void **state)
{
	static const char half[] = "AT+BRSF=63\rAT+CIND=?\rAT+CIN";
	struct fixture *f = *state;

	f->silent_fd = hostile_connect(f->rig, "66:66:00:00:00:01");
	f->silent_since_ms = rig_now_ms();
	assert_int_equal(write(f->silent_fd, half, sizeof(half) - 1), sizeof(half) - 1);
	answer_some(f, "another silent");
}

static void test_a_flood_is_answered_line_by_line_and_holds_nobody_up(void **state)
{
	static const char lines[] = "AT\rAT+CIND=?\rAT+VGS=3\rAT+NONSENSE=1\rAT+CIND=?\r"
				    "AT+CIND=?\rAT+BIEV=2,50\rAT+CIND=?\rATA\rAT+CIND=?\r";
	const size_t n_lines = 10;
	struct fixture *f = *state;
	struct flood flood = {
		.fd = hostile_connect(f->rig, "66:66:00:00:00:02"),
		.bytes = lines,
		.n = sizeof(lines) - 1,
		.at_least = (sizeof(lines) - 1) * (FLOOD_LINES / n_lines),
		.reads = true,
	};
	uint64_t begun_us = now_us();

	flood_start(&flood);
	answer_some(f, "another floods");
	flood_end(&flood);

	double lines_sent = (double)flood.written / (double)flood.n * (double)n_lines;
	printf("the flood: %.0f lines, %.0f a second\n", lines_sent,
	       lines_sent / ((double)(now_us() - begun_us) / 1e6));
	assert_false(flood.closed);
	assert_true(lines_sent >= FLOOD_LINES);
	assert_int_equal(flood.finals, lines_sent);
	hostile_disconnect(f->rig, "66:66:00:00:00:02", flood.fd);
	answer_some(f, "after the flood");
}

static void test_a_headset_that_never_reads_is_let_go_and_holds_nobody_up(void **state)
{
	static const char lines[] = "AT+CIND=?\r";
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct flood flood = {
		.fd = hostile_connect(rig, "66:66:00:00:00:03"),
		.bytes = lines,
		.n = sizeof(lines) - 1,
	};

	flood_start(&flood);
	answer_some(f, "another never reads");
	expect(rig_wait(rig, LIMIT_MS, flood.closed));
	flood_end(&flood);
	hostile_disconnect(rig, "66:66:00:00:00:03", flood.fd);
}

static void test_garbage_is_survived_and_the_next_line_is_answered(void **state)
{
	static char garbage[1 << 20];
	struct fixture *f = *state;
	struct flood flood = {
		.fd = hostile_connect(f->rig, "66:66:00:00:00:04"),
		.bytes = garbage,
		.n = sizeof(garbage),
		.at_least = sizeof(garbage),
		.reads = true,
	};
	uint32_t random = 2463534242;

	for (size_t i = 0; i < sizeof(garbage); i++) {
		random ^= random << 13;
		random ^= random >> 17;
		random ^= random << 5;
		garbage[i] = (char)(random >> 8);
	}
	flood_start(&flood);
	answer_some(f, "another sends garbage");
	flood_end(&flood);
	assert_false(flood.closed);

	struct flood last = { .fd = flood.fd, .bytes = "\rAT\r", .n = 4, .at_least = 4 };

	last.reads = last.stop = true;
	flood_start(&last);
	flood_end(&last);
	assert_false(last.closed);
	assert_in_range(last.finals, 1, 2); /* of what was begun, and of AT */
	assert_string_equal(last.line, "OK");
	hostile_disconnect(f->rig, "66:66:00:00:00:04", flood.fd);
}

static bool is_closed(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLRDHUP };

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & (POLLHUP | POLLRDHUP);
}

static void test_a_set_up_that_never_ends_is_ended(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	expect(rig_wait(rig, SILENT_MS, is_closed(f->silent_fd)));
	assert_true(rig_now_ms() - f->silent_since_ms >= 19000);
	hostile_disconnect(rig, "66:66:00:00:00:01", f->silent_fd);
	answer_some(f, "when all others are gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_a_headset_silent_in_mid_line_holds_nobody_up),
		cmocka_unit_test(test_a_flood_is_answered_line_by_line_and_holds_nobody_up),
		cmocka_unit_test(test_a_headset_that_never_reads_is_let_go_and_holds_nobody_up),
		cmocka_unit_test(test_garbage_is_survived_and_the_next_line_is_answered),
		cmocka_unit_test(test_a_set_up_that_never_ends_is_ended),
	};

	return rig_run_tests(tests, start, finish);
}
