/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * How a headset program's AT channel comes about: through bluetoothd, or, without Bluetooth,
 * through Unix sockets in a folder. Hands the connected descriptor to the headset, and makes its
 * sound listen.
 *
 * In the folder every party listens at ADDRESS.rfcomm (a stream) and a headset's sound at
 * ADDRESS.sco; a headset that connects out binds to ADDRESS.out first, so that the other side knows
 * who it is.
 */
#ifndef CALLROUTE_TESTS_CHANNEL_H
#define CALLROUTE_TESTS_CHANNEL_H

#include <stdbool.h>

struct pw_loop;
struct headset;
struct channel;

struct channel_ops {
	/** Connect out; failures are told as a line "error connect …". */
	void (*connect)(struct channel *channel, const char *address);
	void (*free)(struct channel *channel);
};

/** Embedded first in each implementation. */
struct channel {
	const struct channel_ops *ops;
};

/** Tells "ready" when others can connect. @directory and @address are copied. */
int channel_unix_new(struct pw_loop *loop, struct headset *headset, const char *directory,
		     const char *address, struct channel **ret);

struct channel_bluez_options {
	const char *adapter; /* "hci1" */
	bool hsp;
	unsigned int features; /* enum hf_feature, for the record */
};

/**
 * channel_bluez_new() - register with bluetoothd on the system bus
 *
 * The adapter is switched on and made discoverable and pairable for good, and our agent, which
 * agrees to everything, the default one: for a lab, not for a desk. Tells "ready ADDRESS" with the
 * adapter's address when done, and again after each restart of bluetoothd.
 */
int channel_bluez_new(struct pw_loop *loop, struct headset *headset,
		      const struct channel_bluez_options *options, struct channel **ret);

#endif
