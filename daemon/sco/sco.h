/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Dialling the sound link to a headset. One small interface with two implementations: sco-bluetooth.c
 * (the kernel's SCO sockets, in callrouted) and the rig's own over Unix sockets, which is linked into
 * a build of the daemon that exists for tests only.
 *
 * May be used by: daemon/sco/hsphfpd.c and the engine.
 */
#ifndef CALLROUTE_SCO_H
#define CALLROUTE_SCO_H

#include "policy/route.h"

#include <stdbool.h>
#include <stdint.h>

struct pw_loop;
struct sco_dial;

enum sco_codec { SCO_CVSD, SCO_TRANSPARENT };

/** The link is up: @fd is the callee's from now on (connected, non-blocking, O_CLOEXEC), @mtu in
 * bytes, not 0. Or it failed: @fd is -1 and @error the errno, positive. Called exactly once, never
 * from inside sco_dial_start(); the dial is freed after it. */
typedef void (*sco_dial_fn)(void *data, int fd, uint16_t mtu, int error);

/**
 * sco_dial_start() - connect to @remote from adapter @local without blocking
 * @timeout_ms: connect() may hang for ever when the peer accepts and closes at once, so the dial
 *              has its own limit; then the error is ETIMEDOUT
 * Return: 0, or -errno where it cannot even begin (done is not called then).
 */
int sco_dial_start(struct pw_loop *loop, route_device local, route_device remote,
		   enum sco_codec codec, unsigned int timeout_ms, sco_dial_fn done, void *data,
		   struct sco_dial **ret);
/** Give up; done is not called. NULL-safe; returns NULL. */
struct sco_dial *sco_dial_cancel(struct sco_dial *dial);

/** Whether an adapter can carry transparent data over eSCO, which mSBC needs. False too where that
 * cannot be found out. Asks the kernel only, which has read it from the adapter at its start. */
bool sco_wide_band(route_device local);

/** How many packets of sound have gone out through an adapter since it is up, to whichever headset; it
 * wraps. Kept by the kernel's driver. False where that cannot be found out. @remote is the headset that is
 * meant; the rig counts for each. */
bool sco_sent(route_device local, route_device remote, uint32_t *ret);

#endif
