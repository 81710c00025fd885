/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A stand-in for bluetoothd: org.bluez on the rig's "system" bus, with one adapter, as its clients
 * see it. Devices come and go as the test says. An AT channel is one end of a socket pair, an A2DP
 * transport a socket that swallows what is sent.
 *
 * What is modelled, as BlueZ 5.66 does it: Adapter1, Device1, ProfileManager1 (a UUID that is taken
 * is NotPermitted, a path that is taken AlreadyExists; registrations go with their owner), Media1
 * with MediaEndpoint1 applications (SBC is chosen), MediaTransport1, BatteryProviderManager1 and
 * AgentManager1 (accepted). What is not: discovery, pairing, LE, AVRCP.
 */
#ifndef CALLROUTE_RIG_STAND_IN_H
#define CALLROUTE_RIG_STAND_IN_H

#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>

struct pw_loop;
struct stand_in;

#define STAND_IN_ADAPTER "00:11:22:33:44:55"
#define STAND_IN_MAX_DEVICES 64

struct stand_in_device {
	const char *address;
	const char *name;
	enum device_kind kind;
	bool handsfree; /* it has HFP */
	bool headset;   /* it has HSP */
	bool a2dp;
	bool late; /* its AT channel does not come with the rest, only when it is asked for */
};

struct stand_in_events {
	/** The gateway was given the AT channel of a device; @fd is the device's end, the callee's
	 * from now on. */
	void (*channel)(void *data, const char *address, bool hsp, int fd);
	/** The device was disconnected by a client (Device1.Disconnect, or DisconnectProfile). */
	void (*disconnected)(void *data, const char *address);
};

/** @address is the bus. org.bluez is owned some time later. @events borrowed. 0 or -errno. */
int stand_in_new(struct pw_loop *loop, const char *address, const struct stand_in_events *events,
		 void *data, struct stand_in **ret);
/** NULL-safe; returns NULL. */
struct stand_in *stand_in_free(struct stand_in *stand_in);

/** A paired device, not connected. 0, -EEXIST, -ENOSPC. */
int stand_in_add(struct stand_in *stand_in, const struct stand_in_device *device);
/** Forget it (as Adapter1.RemoveDevice). */
void stand_in_remove(struct stand_in *stand_in, const char *address);

/**
 * stand_in_connect() - the device connects its profiles
 * A profile that nobody serves now stays unconnected; see stand_in_served(). 0 or -ENOENT.
 */
int stand_in_connect(struct stand_in *stand_in, const char *address);
/** The link is gone: transports vanish, the gateway is asked to let go (RequestDisconnection). The
 * device closes its end of the AT channel itself. */
void stand_in_disconnect(struct stand_in *stand_in, const char *address);
bool stand_in_connected(const struct stand_in *stand_in, const char *address);

/** bluetoothd dies: the bus name and all objects vanish, AT channels stay. */
void stand_in_stop(struct stand_in *stand_in);
/** It is back, with the devices as they were and no registrations. 0 or -errno. */
int stand_in_start(struct stand_in *stand_in);

/** org.bluez is ours. */
bool stand_in_up(const struct stand_in *stand_in);
/** Somebody serves the audio gateway's profile: HFP, or HSP. */
bool stand_in_served(const struct stand_in *stand_in, bool hsp);
/** A media application with an SBC source is registered. */
bool stand_in_media_served(const struct stand_in *stand_in);
/** Bytes of A2DP that a device has been sent. */
unsigned long stand_in_a2dp_bytes(const struct stand_in *stand_in, const char *address);
/** Its A2DP transport is acquired. */
bool stand_in_a2dp_active(const struct stand_in *stand_in, const char *address);

#endif
