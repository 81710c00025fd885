/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A route: where the sound of calls goes. Pure: no I/O, no allocation.
 */
#ifndef CALLROUTE_ROUTE_H
#define CALLROUTE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A Bluetooth device, as a number that is never 0. The daemon uses the 48 bits of the address
 * (see route_device_from_address()); a scenario uses the ids of its own table. */
typedef uint64_t route_device;

enum route_kind {
	ROUTE_NONE,
	ROUTE_HANDSET,
	ROUTE_SPEAKER,
	ROUTE_WIRED,
	ROUTE_HEADSET,
	ROUTE_BT_SPEAKER,
};

/** @device is 0 but for ROUTE_HEADSET and ROUTE_BT_SPEAKER; for ROUTE_HEADSET, 0 means "the last
 * connected one" where a request is made, and never appears in a decision. */
struct route {
	enum route_kind kind;
	route_device device;
};

static inline bool route_equal(struct route a, struct route b)
{
	return a.kind == b.kind && a.device == b.device;
}

static inline bool route_is_bluetooth(struct route r)
{
	return r.kind == ROUTE_HEADSET || r.kind == ROUTE_BT_SPEAKER;
}

/** "none", "handset", "speaker", "wired", "headset", "bt-speaker". */
const char *route_kind_to_string(enum route_kind kind);

/** "AA:BB:CC:DD:EE:FF" (either case) to a device; -EINVAL for anything else and for all zeros. */
int route_device_from_address(const char *address, route_device *ret);

#define ROUTE_ADDRESS_SIZE 18
/** The device as an address, upper case, with its terminator. */
void route_device_to_address(route_device device, char ret[static ROUTE_ADDRESS_SIZE]);

#define ROUTE_STRING_SIZE 32
/** "headset:AA:BB:CC:DD:EE:FF", "handset", … with its terminator, for D-Bus and the command line. */
void route_to_string(struct route route, char ret[static ROUTE_STRING_SIZE]);

/** The inverse of route_to_string(); "headset" alone gives device 0. -EINVAL for anything else. */
int route_from_string(const char *text, struct route *ret);

#endif
