/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * libdbus' watches and timeouts on a PipeWire loop.
 *
 * libdbus has a watch for reading and another for writing on the same descriptor, and epoll takes
 * a descriptor once; so the watches of a descriptor share one source with the union of their
 * masks. The source is removed while the union is empty, since epoll reports a hang-up for an
 * empty mask too and would spin. All timeouts share one timer. Dispatch runs from an event source,
 * never inside a watch.
 */
#include "bus-private.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#define MS UINT64_C(1000000) /* in ns */
#define MEMORY_RETRY_NS (100 * MS)

struct descriptor {
	struct spa_list link;
	struct spa_list watches;
	struct bus_loop *loop;
	struct spa_source *source; /* NULL while no watch is enabled */
	uint32_t mask;
	int fd;
	bool *gone; /* set when freed, for whoever is walking its watches */
};

struct watch {
	struct spa_list link;
	struct descriptor *descriptor;
	DBusWatch *watch;
};

struct timeout {
	struct spa_list link;
	DBusTimeout *timeout;
	uint64_t at_ns; /* 0: disabled */
};

/* ---- watches ----------------------------------------------------------------------------- */

static uint32_t watch_mask(DBusWatch *watch)
{
	unsigned int flags = dbus_watch_get_flags(watch);

	if (!dbus_watch_get_enabled(watch))
		return 0;
	return (flags & DBUS_WATCH_READABLE ? (uint32_t)SPA_IO_IN : 0) |
	       (flags & DBUS_WATCH_WRITABLE ? (uint32_t)SPA_IO_OUT : 0);
}

static unsigned int watch_flags(DBusWatch *watch, uint32_t events)
{
	uint32_t mask = watch_mask(watch);
	unsigned int flags = 0;

	if (!mask)
		return 0;
	if (events & mask & SPA_IO_IN)
		flags |= DBUS_WATCH_READABLE;
	if (events & mask & SPA_IO_OUT)
		flags |= DBUS_WATCH_WRITABLE;
	if (events & SPA_IO_HUP)
		flags |= DBUS_WATCH_HANGUP;
	if (events & SPA_IO_ERR)
		flags |= DBUS_WATCH_ERROR;
	return flags;
}

static void on_io(void *data, int fd, uint32_t events)
{
	struct descriptor *descriptor = data;
	DBusConnection *connection = dbus_connection_ref(descriptor->loop->connection);
	struct watch *handled[2] = { NULL, NULL };
	bool gone = false;

	descriptor->gone = &gone;
	for (unsigned int round = 0; round < 2 && !gone; round++) {
		struct watch *next = NULL;
		struct watch *watch;

		/* the list may have changed in the round before */
		spa_list_for_each (watch, &descriptor->watches, link) {
			if (watch != handled[0] && watch_flags(watch->watch, events)) {
				next = watch;
				break;
			}
		}
		if (!next)
			break;
		handled[round] = next;
		(void)dbus_watch_handle(next->watch, watch_flags(next->watch, events));
	}
	if (!gone)
		descriptor->gone = NULL;
	dbus_connection_unref(connection);
}

/* False where out of memory. */
static bool descriptor_update(struct descriptor *descriptor)
{
	struct pw_loop *loop = descriptor->loop->loop;
	struct watch *watch;
	uint32_t mask = 0;

	spa_list_for_each (watch, &descriptor->watches, link)
		mask |= watch_mask(watch->watch);
	if (!mask) {
		if (descriptor->source)
			pw_loop_destroy_source(loop, descriptor->source);
		descriptor->source = NULL;
	} else if (!descriptor->source) {
		descriptor->source =
			pw_loop_add_io(loop, descriptor->fd, mask, false, on_io, descriptor);
		if (!descriptor->source)
			return false;
	} else if (mask != descriptor->mask) {
		(void)pw_loop_update_io(loop, descriptor->source, mask);
	}
	descriptor->mask = mask;
	return true;
}

static struct descriptor *descriptor_get(struct bus_loop *loop, int fd)
{
	struct descriptor *descriptor;

	spa_list_for_each (descriptor, &loop->fds, link)
		if (descriptor->fd == fd)
			return descriptor;
	descriptor = calloc(1, sizeof(*descriptor));
	if (!descriptor)
		return NULL;
	descriptor->loop = loop;
	descriptor->fd = fd;
	spa_list_init(&descriptor->watches);
	spa_list_append(&loop->fds, &descriptor->link);
	return descriptor;
}

static void watch_free(struct watch *watch)
{
	struct descriptor *descriptor = watch->descriptor;

	spa_list_remove(&watch->link);
	free(watch);
	(void)descriptor_update(descriptor);
	if (!spa_list_is_empty(&descriptor->watches))
		return;
	if (descriptor->gone)
		*descriptor->gone = true;
	spa_list_remove(&descriptor->link);
	free(descriptor);
}

static dbus_bool_t add_watch(DBusWatch *dbus_watch, void *data)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct descriptor *descriptor;

	if (!watch)
		return FALSE;
	descriptor = descriptor_get(data, dbus_watch_get_unix_fd(dbus_watch));
	if (!descriptor) {
		free(watch);
		return FALSE;
	}
	watch->descriptor = descriptor;
	watch->watch = dbus_watch;
	spa_list_append(&descriptor->watches, &watch->link);
	if (!descriptor_update(descriptor)) {
		watch_free(watch);
		return FALSE;
	}
	dbus_watch_set_data(dbus_watch, watch, NULL);
	return TRUE;
}

static void remove_watch(DBusWatch *dbus_watch, void *data)
{
	struct watch *watch = dbus_watch_get_data(dbus_watch);

	if (!watch)
		return;
	dbus_watch_set_data(dbus_watch, NULL, NULL);
	watch_free(watch);
}

static void toggle_watch(DBusWatch *dbus_watch, void *data)
{
	struct watch *watch = dbus_watch_get_data(dbus_watch);

	if (watch)
		(void)descriptor_update(watch->descriptor);
}

/* ---- timeouts ---------------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

static void timer_arm(struct bus_loop *loop)
{
	struct timespec value = { 0 };
	struct timespec interval = { 0 };
	uint64_t nearest = loop->retry_ns;
	struct timeout *timeout;

	spa_list_for_each (timeout, &loop->timeouts, link)
		if (timeout->at_ns && (!nearest || timeout->at_ns < nearest))
			nearest = timeout->at_ns;
	if (nearest == loop->armed_ns)
		return;
	loop->armed_ns = nearest;
	value.tv_sec = (time_t)(nearest / (1000 * MS));
	value.tv_nsec = (long)(nearest % (1000 * MS));
	(void)pw_loop_update_timer(loop->loop, loop->timer, &value, &interval, true);
}

static struct timeout *timeout_due(struct bus_loop *loop, uint64_t now)
{
	struct timeout *timeout;

	spa_list_for_each (timeout, &loop->timeouts, link)
		if (timeout->at_ns && timeout->at_ns <= now)
			return timeout;
	return NULL;
}

static uint64_t timeout_next(DBusTimeout *timeout, uint64_t now)
{
	int interval = dbus_timeout_get_interval(timeout);

	if (!dbus_timeout_get_enabled(timeout))
		return 0;
	/* at least 1 ms on: an interval of 0 must not hold the loop of on_timer() */
	return now + (uint64_t)(interval > 0 ? interval : 1) * MS;
}

static void on_timer(void *data, uint64_t expirations)
{
	struct bus_loop *loop = data;
	DBusConnection *connection = dbus_connection_ref(loop->connection);
	uint64_t now = now_ns();
	struct timeout *timeout;

	loop->armed_ns = 0;
	if (loop->retry_ns && loop->retry_ns <= now) {
		loop->retry_ns = 0;
		bus_loop_wake(loop);
	}
	/* a handled timeout may remove any of them: look from the start each time */
	while ((timeout = timeout_due(loop, now))) {
		timeout->at_ns = timeout_next(timeout->timeout, now);
		(void)dbus_timeout_handle(timeout->timeout);
	}
	timer_arm(loop);
	dbus_connection_unref(connection);
}

static dbus_bool_t add_timeout(DBusTimeout *dbus_timeout, void *data)
{
	struct bus_loop *loop = data;
	struct timeout *timeout = calloc(1, sizeof(*timeout));

	if (!timeout)
		return FALSE;
	timeout->timeout = dbus_timeout;
	timeout->at_ns = timeout_next(dbus_timeout, now_ns());
	spa_list_append(&loop->timeouts, &timeout->link);
	dbus_timeout_set_data(dbus_timeout, timeout, NULL);
	timer_arm(loop);
	return TRUE;
}

static void remove_timeout(DBusTimeout *dbus_timeout, void *data)
{
	struct timeout *timeout = dbus_timeout_get_data(dbus_timeout);

	if (!timeout)
		return;
	dbus_timeout_set_data(dbus_timeout, NULL, NULL);
	spa_list_remove(&timeout->link);
	free(timeout);
	timer_arm(data);
}

static void toggle_timeout(DBusTimeout *dbus_timeout, void *data)
{
	struct timeout *timeout = dbus_timeout_get_data(dbus_timeout);

	if (!timeout)
		return;
	timeout->at_ns = timeout_next(dbus_timeout, now_ns());
	timer_arm(data);
}

/* ---- dispatch ---------------------------------------------------------------------------- */

void bus_loop_wake(struct bus_loop *loop)
{
	if (loop->event)
		(void)pw_loop_signal_event(loop->loop, loop->event);
}

void bus_loop_wake_later(struct bus_loop *loop)
{
	if (!loop->timer)
		return;
	loop->retry_ns = now_ns() + MEMORY_RETRY_NS;
	timer_arm(loop);
}

static void on_dispatch_status(DBusConnection *connection, DBusDispatchStatus status, void *data)
{
	if (status != DBUS_DISPATCH_COMPLETE)
		bus_loop_wake(data);
}

static void on_event(void *data, uint64_t count)
{
	struct bus_loop *loop = data;

	loop->run(loop->data);
}

int bus_loop_init(struct bus_loop *loop, struct pw_loop *pw, DBusConnection *connection,
		  void (*run)(void *data), void *data)
{
	*loop = (struct bus_loop){ .loop = pw, .connection = connection, .run = run, .data = data };
	spa_list_init(&loop->fds);
	spa_list_init(&loop->timeouts);
	loop->timer = pw_loop_add_timer(pw, on_timer, loop);
	loop->event = pw_loop_add_event(pw, on_event, loop);
	if (!loop->timer || !loop->event)
		goto fail;
	dbus_connection_set_dispatch_status_function(connection, on_dispatch_status, loop, NULL);
	if (!dbus_connection_set_watch_functions(connection, add_watch, remove_watch, toggle_watch,
						 loop, NULL))
		goto fail;
	if (!dbus_connection_set_timeout_functions(connection, add_timeout, remove_timeout,
						   toggle_timeout, loop, NULL))
		goto fail;
	return 0;
fail:
	bus_loop_done(loop);
	return -ENOMEM;
}

void bus_loop_done(struct bus_loop *loop)
{
	if (!loop->connection)
		return;
	/* these call remove_watch() and remove_timeout() for all that is left */
	(void)dbus_connection_set_watch_functions(loop->connection, NULL, NULL, NULL, NULL, NULL);
	(void)dbus_connection_set_timeout_functions(loop->connection, NULL, NULL, NULL, NULL, NULL);
	dbus_connection_set_dispatch_status_function(loop->connection, NULL, NULL, NULL);
	if (loop->timer)
		pw_loop_destroy_source(loop->loop, loop->timer);
	if (loop->event)
		pw_loop_destroy_source(loop->loop, loop->event);
	loop->timer = NULL;
	loop->event = NULL;
	loop->connection = NULL;
}
