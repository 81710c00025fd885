/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The planner: what should be, and a snapshot of the audio graph, in; the actions still missing,
 * in order, out. Pure; computed afresh each time and never from "what just happened", so that
 * doing nothing is the common result and every restart heals by the same path.
 *
 * May be used by: daemon/, tests/. May not use: anything but the C library's pure parts.
 */
#ifndef CALLROUTE_PLAN_H
#define CALLROUTE_PLAN_H

#include "route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_NONE UINT32_MAX

/** A card: a PipeWire device, Bluetooth or not. Profiles are indices of EnumProfile, PLAN_NONE
 * where there is none. */
struct plan_card {
	uint32_t id;           /* global id */
	route_device device;   /* the Bluetooth device, 0 for other cards */
	uint32_t profile;      /* now in force; PLAN_NONE while unknown */
	uint32_t profile_hfp;  /* best available headset profile */
	uint32_t profile_a2dp; /* best available A2DP profile */
	uint32_t profile_off;  /* the one without nodes */
	/** Connects the modem with this card's ports: a use case manager's "Voice Call". */
	uint32_t profile_voice;
	/** What we found before our first change in this call, else PLAN_NONE. */
	uint32_t profile_found;
	/** What we asked for and have not seen yet, or PLAN_NONE. */
	uint32_t profile_asked;
};

/** A device route (port) of a card that carries an endpoint: a sink with two ports is switched by
 * the card's Route parameter. Of the ports with the same card and device, one is active. */
struct plan_port {
	uint32_t card;   /* index into cards */
	uint32_t index;  /* of EnumRoute */
	uint32_t device; /* the card's "card.profile.device" */
	bool active;
	bool found;  /* it was active before our first change in this call */
	bool picked; /* it is active, and another program's choice (X9): it is not replaced */
};

/** A node that an endpoint may consist of; the best one of a kind comes first. A node that serves
 * several endpoints (an internal microphone) is listed once for each. */
struct plan_node {
	uint32_t id;
	uint64_t serial; /* object.serial, what a stream's target names */
	bool capture;    /* a source; else a sink */
	enum route_kind
		kind; /* which endpoint it belongs to: HANDSET, SPEAKER, WIRED, HEADSET, BT_SPEAKER */
	route_device device; /* for Bluetooth */
	bool headset_mode;   /* a Bluetooth node of the headset profile, not of A2DP */
	uint32_t port; /* index into ports that must be active for this endpoint, or PLAN_NONE */
};

/** A stream that belongs to a call with sound, or that we changed before. */
struct plan_stream {
	uint32_t id;
	bool capture;
	bool in_call;    /* belongs to a call that has a route now */
	bool ours;       /* the target now in the metadata is one that we set */
	bool had_target; /* before us there was a target: .target_found, to be given back */
	uint64_t target; /* serial in the metadata now, 0 for none */
	uint64_t target_found;
	uint64_t moved_from; /* the serial that we set and another program replaced (X9), else 0.
				* The stream stays where it was moved to until the plan wants it
				* on another node than this one */
};

struct plan_snapshot {
	const struct plan_card *cards;
	size_t n_cards;
	const struct plan_port *ports;
	size_t n_ports;
	const struct plan_node *nodes;
	size_t n_nodes;
	const struct plan_stream *streams;
	size_t n_streams;
};

/** What should be. */
struct plan_desired {
	struct route call; /* ROUTE_NONE: give back what was found */
	bool wired;        /* a wired headset is plugged: handset means it */
	bool has_handset;  /* an earpiece exists; else handset means the speaker's nodes */
	bool cellular;     /* a call is one of this machine's modem */
	/** The mode of each Bluetooth device that should be in headset mode; others are left alone, or
	 * given back what was found. */
	const route_device *headset_mode;
	size_t n_headset_mode;
};

enum plan_action_type {
	PLAN_SET_PROFILE,    /* .id card, .value profile index, .found what to remember as found, or
			    * PLAN_NONE when giving back */
	PLAN_FORGET_PROFILE, /* .id card: what was found is in force again */
	PLAN_SET_PORT,       /* .id card, .value route index, .device, .found as above */
	PLAN_SET_TARGET,     /* .id stream, .serial node */
	PLAN_CLEAR_TARGET,   /* .id stream: remove ours, or give back what was found */
	PLAN_WAIT_NODE,      /* nothing to do yet: a node of the route is still to appear */
	PLAN_FORGET_PORT,    /* .id card, .device: what was found is in force again */
};

struct plan_action {
	enum plan_action_type type;
	uint32_t id;
	uint32_t value;
	uint32_t found;
	uint32_t device;
	uint64_t serial;
};

#define PLAN_MAX_ACTIONS 64

struct plan {
	size_t n;
	bool truncated; /* more were needed; compute again after these */
	bool in_force;  /* the graph is as desired, nothing is missing */
	uint32_t sink;  /* node ids of the route's endpoint, PLAN_NONE while there is none */
	uint32_t source;
	struct plan_action actions[PLAN_MAX_ACTIONS];
};

/**
 * plan_compute() - the actions still missing. Idempotent: what is in force already gives no action
 *
 * In the order profile, port, target, and then what is given back to cards that the route does not
 * use any more: a headset leaves headset mode only after the streams have left it, so that the call
 * is not heard on its A2DP node in between. The same order holds within one snapshot and over
 * several, since a target is set only to a node that exists.
 *
 * A headset that has no A2DP would keep its headset mode while the call is elsewhere, and session
 * managers like to send calls there: it is "off" for that time, and gets its mode back afterwards.
 *
 * Cards that have a profile for the modem's calls are in it while there is such a call with a route,
 * whichever that is, and then get back what they had. A card that is off stays so. Who sets such a card to a third
 * profile meanwhile has chosen it, and is not fought.
 *
 * A local route without any local source is in force without one (.source is PLAN_NONE then): a
 * machine without a microphone can still listen. A headset in headset mode needs both.
 */
void plan_compute(const struct plan_snapshot *snapshot, const struct plan_desired *desired,
		  struct plan *ret);

#endif
