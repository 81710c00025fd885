/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Sound links that headsets open. As sco.h, one small interface with two implementations:
 * sco-bluetooth.c (the kernel's SCO sockets, in callrouted) and the rig's own over Unix
 * sockets.
 *
 * May be used by: the engine.
 */
#ifndef CALLROUTE_SCO_LISTEN_H
#define CALLROUTE_SCO_LISTEN_H

#include "sco.h"

struct sco_listen;

/** The listener may not be freed from these. */
struct sco_listen_events {
	/** @remote wants a link. 0 with the codec for it in @ret, or -errno to turn it down. */
	int (*asked)(void *data, route_device remote, enum sco_codec *ret);
	/** It is up: @fd is the callee's from now on, as with sco_dial_fn. */
	void (*up)(void *data, route_device remote, enum sco_codec codec, int fd, uint16_t mtu);
};

/**
 * sco_listen_new() - wait for links on an adapter
 * @local:  the adapter's address; one program at a time can listen on it
 * @events: borrowed for the life
 * Return: 0 or -errno (-EADDRINUSE where another program listens there).
 */
int sco_listen_new(struct pw_loop *loop, route_device local, const struct sco_listen_events *events,
		   void *data, struct sco_listen **ret);
/** Links that are being accepted are given up. NULL-safe; returns NULL. */
struct sco_listen *sco_listen_free(struct sco_listen *listen);

#endif
