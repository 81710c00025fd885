/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The whole state of a core as bytes, for who explores many states: an image is saved, a core of the
 * same limits is set to it, an event is tried. Two cores that no event can tell apart have the same
 * image wherever that is cheap to see: times count from now and end where they make no difference
 * any more, of the order of events only who came before whom is kept, and devices and calls have no
 * ids but places.
 *
 * May be used by: tests/. May not use: anything but the C library's pure parts.
 */
#ifndef CALLROUTE_COPY_H
#define CALLROUTE_COPY_H

#include "policy.h"

#include <stddef.h>

/* What fits into an image; a core may have higher limits, but not more in it. */
#define POLICY_IMAGE_DEVICES 12
#define POLICY_IMAGE_CALLS 8
#define POLICY_IMAGE_SIZE 160

/** What the clock shows in a core that was loaded; the next event is not before. */
#define POLICY_IMAGE_NOW_MS UINT64_C(1000000)

/**
 * struct policy_image - a core's state
 * @n_key:   so many bytes tell states apart; equal keys, equal behaviour
 * @n_bytes: with those that only say why the route is what it is (rule, via, reason)
 * @devices: in the order of their places, the ids they had: first the connected ones in order of
 *           connection, then those gone, then those that are only named by a restored memory
 * @calls:   likewise, in order of appearance
 *
 * The order in which devices have gone is not part of it, so limits must be above the number of
 * devices; nor is what policy_why() tells. Places before a restart are exact up to 254.
 */
struct policy_image {
	size_t n_key;
	size_t n_bytes;
	unsigned int n_devices;
	unsigned int n_calls;
	route_device devices[POLICY_IMAGE_DEVICES];
	uint32_t calls[POLICY_IMAGE_CALLS];
	uint8_t bytes[POLICY_IMAGE_SIZE];
};

/**
 * policy_save() - a core's state as it is now
 * @ring_ms: the longest auto-answer delay that there is or will be, at most 65535: calls that ring
 *           for longer than that are alike
 *
 * Return: 0, or -E2BIG where there is more than fits.
 */
int policy_save(const struct policy *policy, uint32_t ring_ms, struct policy_image *ret);

/**
 * policy_load() - set a core, whatever it held, to an image's bytes
 * @bytes: as policy_save() made them, in this process
 *
 * The device and the call of place i, from 0, have the id i + 1 now, and it is
 * POLICY_IMAGE_NOW_MS. Never allocates. The core's limits are at least those of the saved one.
 */
void policy_load(struct policy *policy, const uint8_t *bytes);

#endif
