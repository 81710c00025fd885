/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Reading stops for nobody: a read takes at most one buffer per turn of the loop, so that a headset
 * that floods cannot starve the others. A headset that is freed inside its own callback is marked,
 * and its memory goes when the outermost function returns.
 */
#include "headset.h"

#include "log.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 2048
/* Of one read's answers; what is more goes out before the next line is looked at. */
#define OUTPUT_LOW 4096
/* The slowest car kits need some seconds from the channel to the service level connection. */
#define SET_UP_MS 20000u

struct headset {
	struct pw_loop *loop;
	int fd;
	struct spa_source *io;
	struct spa_source *timer;
	struct ag *ag;
	enum ag_profile profile;
	route_device device;
	uint64_t serial;
	const struct headset_events *events;
	void *data;
	uint64_t armed_ms;        /* what the timer is set to, UINT64_MAX for not at all */
	uint64_t set_up_limit_ms; /* UINT64_MAX while the service level connection is up */
	uint64_t read_ns;
	uint64_t written_ns;
	unsigned int busy; /* nesting of our own functions */
	bool flushing;
	bool again;
	bool want_write;
	bool closed;
	bool freed;
};

uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t monotonic_ms(void)
{
	return monotonic_ns() / 1000000u;
}

static void release(struct headset *headset)
{
	if (headset->io != NULL)
		pw_loop_destroy_source(headset->loop, headset->io);
	if (headset->timer != NULL)
		pw_loop_destroy_source(headset->loop, headset->timer);
	if (headset->fd >= 0)
		close(headset->fd);
	ag_free(headset->ag);
	free(headset);
}

static void enter(struct headset *headset)
{
	headset->busy++;
}

static void leave(struct headset *headset)
{
	if (--headset->busy == 0 && headset->freed)
		release(headset);
}

static void close_channel(struct headset *headset, const char *reason)
{
	if (headset->closed)
		return;
	headset->closed = true;
	if (headset->io != NULL)
		pw_loop_destroy_source(headset->loop, headset->io);
	headset->io = NULL;
	headset->events->closed(headset->data, headset, reason);
}

static void set_interest(struct headset *headset, bool write)
{
	if (headset->io == NULL || headset->want_write == write)
		return;
	headset->want_write = write;
	pw_loop_update_io(headset->loop, headset->io,
			  SPA_IO_IN | SPA_IO_ERR | SPA_IO_HUP | (write ? SPA_IO_OUT : 0u));
}

static void write_out(struct headset *headset)
{
	const char *bytes;
	size_t n;

	while (!headset->closed && (n = ag_output(headset->ag, &bytes)) > 0) {
		ssize_t sent = send(headset->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN) {
			set_interest(headset, true);
			break;
		}
		if (sent < 0) {
			close_channel(headset, strerror(errno));
			return;
		}
		headset->written_ns = monotonic_ns();
		ag_output_taken(headset->ag, (size_t)sent);
	}
	if (headset->closed)
		return;
	if (ag_output(headset->ag, &bytes) == 0)
		set_interest(headset, false);
	if (ag_overflowed(headset->ag))
		close_channel(headset, "the headset does not read");
}

/* A peer that never finishes the set-up does not keep its channel; a new +BRSF begins it again. */
static uint64_t next_deadline(struct headset *headset)
{
	uint64_t deadline = ag_deadline(headset->ag);

	if (ag_slc_up(headset->ag))
		headset->set_up_limit_ms = UINT64_MAX;
	else if (headset->set_up_limit_ms == UINT64_MAX)
		headset->set_up_limit_ms = monotonic_ms() + SET_UP_MS;
	return deadline < headset->set_up_limit_ms ? deadline : headset->set_up_limit_ms;
}

static void set_timer(struct headset *headset)
{
	uint64_t deadline = headset->closed ? UINT64_MAX : next_deadline(headset);
	struct timespec at = { 0 };

	if (deadline == headset->armed_ms)
		return;
	headset->armed_ms = deadline;
	if (deadline != UINT64_MAX) {
		at.tv_sec = (time_t)(deadline / 1000u);
		at.tv_nsec = (long)(deadline % 1000u) * 1000000;
		if (at.tv_sec == 0 && at.tv_nsec == 0)
			at.tv_nsec = 1; /* all zeros would disarm */
	}
	pw_loop_update_timer(headset->loop, headset->timer, deadline != UINT64_MAX ? &at : NULL,
			     NULL, true);
}

void headset_flush(struct headset *headset)
{
	struct ag_event event;

	if (headset->closed)
		return;
	enter(headset);
	write_out(headset);
	if (headset->flushing) {
		headset->again = true;
		leave(headset);
		return;
	}
	headset->flushing = true;
	do {
		headset->again = false;
		while (!headset->closed && !headset->freed && ag_next_event(headset->ag, &event)) {
			headset->events->event(headset->data, headset, &event);
			if (!headset->closed && !headset->freed)
				write_out(headset);
		}
	} while (headset->again && !headset->closed && !headset->freed);
	headset->flushing = false;
	if (!headset->freed)
		set_timer(headset);
	leave(headset);
}

/* Line by line, so that many short ones with long answers do not fill the output at once. */
static void receive(struct headset *headset, const char *bytes, size_t n)
{
	const char *output;

	while (n > 0 && !headset->closed) {
		const char *end = memchr(bytes, '\r', n);
		size_t taken = end != NULL ? (size_t)(end - bytes) + 1 : n;

		ag_receive(headset->ag, bytes, taken, headset->read_ns / 1000000u);
		if (ag_output(headset->ag, &output) > OUTPUT_LOW)
			write_out(headset);
		bytes += taken;
		n -= taken;
	}
}

static void on_io(void *data, int fd, uint32_t mask)
{
	struct headset *headset = data;
	char bytes[READ_SIZE];
	ssize_t n;

	enter(headset);
	if ((mask & SPA_IO_IN) != 0) {
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n > 0) {
			headset->read_ns = monotonic_ns();
			receive(headset, bytes, (size_t)n);
		} else if (n == 0) {
			close_channel(headset, "closed by the headset");
		} else if (errno != EAGAIN && errno != EINTR) {
			close_channel(headset, strerror(errno));
		}
	} else if ((mask & (SPA_IO_ERR | SPA_IO_HUP)) != 0) {
		close_channel(headset, "connection lost");
	}
	if (!headset->closed && !headset->freed)
		headset_flush(headset);
	leave(headset);
}

static void on_timer(void *data, uint64_t expirations)
{
	struct headset *headset = data;

	enter(headset);
	headset->armed_ms = UINT64_MAX;
	if (!headset->closed) {
		ag_tick(headset->ag, monotonic_ms());
		if (!ag_slc_up(headset->ag) && monotonic_ms() >= headset->set_up_limit_ms)
			close_channel(headset, "no service level connection came about in 20 s");
	}
	if (!headset->closed && !headset->freed)
		headset_flush(headset);
	leave(headset);
}

int headset_new(struct pw_loop *loop, int fd, route_device device, const struct ag_config *config,
		const struct headset_events *events, void *data, struct headset **ret)
{
	static uint64_t last_serial;
	struct headset *headset = calloc(1, sizeof(*headset));

	if (headset == NULL)
		return -ENOMEM;
	headset->serial = ++last_serial;
	headset->loop = loop;
	headset->fd = -1;
	headset->device = device;
	headset->profile = config->profile;
	headset->events = events;
	headset->data = data;
	headset->armed_ms = UINT64_MAX;
	headset->set_up_limit_ms = UINT64_MAX;
	headset->ag = ag_new(config, monotonic_ms());
	headset->timer = pw_loop_add_timer(loop, on_timer, headset);
	if (headset->ag == NULL || headset->timer == NULL) {
		release(headset);
		return -ENOMEM;
	}
	headset->fd = fd;
	*ret = headset;
	return 0;
}

struct headset *headset_free(struct headset *headset)
{
	if (headset == NULL)
		return NULL;
	headset->closed = true;
	headset->freed = true;
	if (headset->io != NULL)
		pw_loop_destroy_source(headset->loop, headset->io);
	headset->io = NULL;
	if (headset->busy == 0)
		release(headset);
	return NULL;
}

void headset_start(struct headset *headset)
{
	headset->io = pw_loop_add_io(headset->loop, headset->fd,
				     SPA_IO_IN | SPA_IO_ERR | SPA_IO_HUP, false, on_io, headset);
	if (headset->io == NULL) {
		close_channel(headset, "out of memory");
		return;
	}
	headset_flush(headset);
}

struct ag *headset_ag(struct headset *headset)
{
	return headset->ag;
}

int headset_fd(const struct headset *headset)
{
	return headset->fd;
}

route_device headset_device(const struct headset *headset)
{
	return headset->device;
}

enum ag_profile headset_profile(const struct headset *headset)
{
	return headset->profile;
}

uint64_t headset_serial(const struct headset *headset)
{
	return headset->serial;
}

uint64_t headset_read_ns(const struct headset *headset)
{
	return headset->read_ns;
}

uint64_t headset_written_ns(const struct headset *headset)
{
	return headset->written_ns;
}
