/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * One headset's AT channel: the RFCOMM descriptor on the loop, with its audio gateway. Moves bytes
 * between the two, keeps the gateway's timer, and hands its events on. Decides nothing.
 *
 * May be used by: the engine. May use: daemon/hfp/.
 */
#ifndef CALLROUTE_HEADSET_H
#define CALLROUTE_HEADSET_H

#include "daemon/hfp/ag.h"
#include "policy/route.h"

struct pw_loop;
struct headset;

struct headset_events {
	/** An event of the gateway; @event borrowed for the call. */
	void (*event)(void *data, struct headset *headset, const struct ag_event *event);
	/** The channel is closed, @reason is for the log. The callee frees the headset, here or later;
	 * nothing more will come from it. */
	void (*closed)(void *data, struct headset *headset, const char *reason);
};

/**
 * headset_new() - take over a connected channel
 * @fd:     non-blocking stream socket; the headset's own from success on
 * @config: copied
 * @events: borrowed for the life of the headset
 */
int headset_new(struct pw_loop *loop, int fd, route_device device, const struct ag_config *config,
		const struct headset_events *events, void *data, struct headset **ret);
/** Closes the channel. NULL-safe; returns NULL. May be called from the headset's own callbacks. */
struct headset *headset_free(struct headset *headset);

/** Start reading; separate from headset_new() so that the first events find their listener. */
void headset_start(struct headset *headset);

/** The gateway, for its inputs; follow them with headset_flush(). */
struct ag *headset_ag(struct headset *headset);

/** Write what the gateway has to say, hand on its events, set its timer. */
void headset_flush(struct headset *headset);

/** The channel's descriptor, still the headset's. */
int headset_fd(const struct headset *headset);
route_device headset_device(const struct headset *headset);
enum ag_profile headset_profile(const struct headset *headset);
/** Never the same for two of them, so that who is answered late can tell. */
uint64_t headset_serial(const struct headset *headset);

/** Monotonic times in ns: when bytes were last read, and last written. For measuring. */
uint64_t headset_read_ns(const struct headset *headset);
uint64_t headset_written_ns(const struct headset *headset);

/** Monotonic clock, in ns and ms. */
uint64_t monotonic_ns(void);
uint64_t monotonic_ms(void);

#endif
