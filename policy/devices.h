/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The Bluetooth devices that the policy knows: those connected, in order of connection, and as many
 * that were once as there is room for. Private to policy/.
 */
#ifndef CALLROUTE_DEVICES_H
#define CALLROUTE_DEVICES_H

#include "index.h"
#include "policy.h"

struct device {
	route_device id;
	struct device *older; /* neighbours in its list */
	struct device *newer;
	uint64_t attached; /* when, in the order of all events */
	enum device_kind kind;
	uint32_t resumed; /* its place before the caller's restart, from 1; 0: it is new since */
	bool connected;
	bool call_capable;
	bool auto_route;
	bool failed; /* X3: not to be chosen by default */
};

struct device_list {
	struct device *oldest;
	struct device *newest;
};

/** Those that X3 does not bar, of a sort: headsets, or call-capable speakers. */
struct device_choice {
	struct device *last; /* the last connected one */
	uint32_t n;
};

struct devices {
	struct device *all;
	struct index index;
	uint32_t limit;
	uint32_t n_connected;
	uint32_t n_headsets;          /* connected, call-capable, not speakers */
	struct device_list connected; /* in order of connection */
	struct device_list gone;      /* known; in order of disconnection */
	struct device_list unused;
	/* Kept up to date by each change here, so that calls' events need not search. */
	struct device_choice headsets;
	struct device_choice speakers;
	uint64_t changes; /* counts them, for who keeps a list of the connected ones */
};

/** -ENOMEM; devices_done() is due in any case. */
int devices_init(struct devices *devices, uint32_t limit);
void devices_done(struct devices *devices);

/** Known, connected or not; NULL otherwise. */
struct device *devices_known(const struct devices *devices, route_device id);
/** Connected; NULL otherwise. */
struct device *devices_connected(const struct devices *devices, route_device id);

/** The device becomes the last connected one, but for one that is resumed: it goes before those
 * that it was before, and before the new ones. The oldest of those gone is forgotten for it where
 * there is no room. The caller has made sure that it is not connected and the limit not reached. */
struct device *devices_connect(struct devices *devices, const struct device *what);
void devices_disconnect(struct devices *devices, struct device *device);
/** X3's mark. */
void devices_set_failed(struct devices *devices, struct device *device, bool failed);

/** A headset in the sense of the rules: connected, call-capable and not a speaker. */
bool device_is_headset(const struct device *device);
struct route device_route(const struct device *device);

#endif
