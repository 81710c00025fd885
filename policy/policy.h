/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The decision core: events in, a decision out. It owns what the rules rest on (devices, calls'
 * states, settings, memory, the user's pick) and nothing else. No I/O, no clock, no globals, and
 * no allocation after policy_new().
 *
 * May be used by: daemon/, ctl/, tests/. May not use: anything but the C library's pure parts.
 *
 * An event that is refused changes nothing. The rules are docs' P1 to X10, one row each in
 * rules.c; every decision carries the rule that made it.
 */
#ifndef CALLROUTE_POLICY_H
#define CALLROUTE_POLICY_H

#include "route.h"

#include <stdbool.h>
#include <stdint.h>

struct policy;

/* ---- rules ----------------------------------------------------------------------------------- */

/* clang-format off */
enum policy_rule {
	RULE_NONE,
	RULE_P1, RULE_P2, RULE_P3, RULE_P4, RULE_P5, RULE_P6, RULE_P7, RULE_P8, RULE_P9,
	RULE_V1, RULE_V2, RULE_V3, RULE_V4, RULE_V5, RULE_V6,
	RULE_S1, RULE_S2, RULE_S3,
	RULE_M1,
	RULE_I1, RULE_I2,
	RULE_X1, RULE_X2, RULE_X3, RULE_X4, RULE_X5, RULE_X6, RULE_X7, RULE_X8, RULE_X9, RULE_X10,
	RULE_COUNT,
};
/* clang-format on */

/** "P1", …; "-" for RULE_NONE. */
const char *policy_rule_name(enum policy_rule rule);

/** A row of the rule book, in words. Static storage. */
struct policy_rule_text {
	enum policy_rule rule;
	const char *when;
	const char *then;
	const char *source;
};
const struct policy_rule_text *policy_rule_text(enum policy_rule rule);

/* ---- events ---------------------------------------------------------------------------------- */

enum policy_routing { ROUTING_AUTOMATIC, ROUTING_HEADSET, ROUTING_SPEAKER };
const char *policy_routing_to_string(enum policy_routing routing);
int policy_routing_from_string(const char *text, enum policy_routing *ret);

enum device_kind { DEVICE_HEADSET, DEVICE_SPEAKER, DEVICE_CAR, DEVICE_HEARING_AID };

enum call_state { CALL_INCOMING, CALL_DIALING, CALL_ACTIVE, CALL_HELD, CALL_ENDED };
const char *call_state_to_string(enum call_state state);
int call_state_from_string(const char *text, enum call_state *ret);

enum policy_event_type {
	EVENT_ROUTING,     /* .routing: the setting "call audio routing" */
	EVENT_AUTO_ANSWER, /* .seconds, 0 is off */
	EVENT_MACHINE,     /* .on: this machine has a handset */
	EVENT_CONNECT,     /* .device .kind .call_capable .auto_route .resumed */
	EVENT_DISCONNECT,  /* .device: the service level connection is gone */
	EVENT_PLUG,        /* a wired headset is there */
	EVENT_UNPLUG,
	EVENT_CALL,   /* .call .incoming .phone .managed .video .device (dialled from it, or 0) */
	EVENT_ANSWER, /* .call .device: the headset whose button it was, 0: this machine.
	                      * For a dialing call: the remote party answered */
	EVENT_HANGUP, /* .call: here, or by a headset */
	EVENT_REMOTE_HANGUP, /* .call: by the remote party, or lost */
	EVENT_HOLD,          /* .call */
	EVENT_UNHOLD,        /* .call */
	EVENT_PICK,          /* .route: the user's */
	EVENT_PREFER,        /* .call .route: the application's */
	/* .device opened SCO, or asked for it. Where the decision is elsewhere after it (a late
	 * echo, an application's preference), the link is to be closed again */
	EVENT_SCO_OPEN,
	EVENT_SCO_CLOSE, /* .device closed SCO */
	EVENT_SCO_FAIL,  /* .device: one failed try of ours, or one that hung */
	EVENT_MOVED,     /* .route: another program moved the calls' sound */
	EVENT_BROADCAST, /* .call (an id of its own) .broadcast */
	EVENT_MUTE,      /* .on */
	EVENT_TIME,      /* only .now_ms: a deadline has passed */
};

enum policy_broadcast { BROADCAST_START, BROADCAST_RECORD, BROADCAST_STOP };

struct policy_event {
	enum policy_event_type type;
	uint64_t now_ms; /* monotonic; never goes back */
	route_device device;
	uint32_t call; /* the caller's id of a call, never 0 */
	struct route route;
	enum device_kind kind;
	enum policy_routing routing;
	enum policy_broadcast broadcast;
	uint32_t seconds;
	/* The device was connected before a restart of the caller: its place, from 1, in the order of
	 * connection then. It keeps this place and does not empty memory. 0: it connects now. */
	uint32_t resumed;
	bool on;
	bool call_capable;
	bool auto_route;
	bool incoming;
	bool phone;
	bool managed;
	bool video;
};

/** What became of an event. All but POLICY_OK mean that nothing changed. */
enum policy_outcome {
	POLICY_OK,
	POLICY_NO_SUCH_ROUTE,  /* nothing of that name is known */
	POLICY_NOT_AVAILABLE,  /* known, but not there now */
	POLICY_NOT_ELIGIBLE,   /* there, but may not carry this call (S1, A2DP only) */
	POLICY_NO_SUCH_DEVICE, /* an act of a device that is not connected */
	POLICY_NO_SUCH_CALL,
	POLICY_CALL_EXISTS,
	POLICY_WRONG_STATE, /* the call's state does not allow it */
	POLICY_NO_CALL,     /* a pick, a mute or a move, and there is no call */
	POLICY_TOO_MANY,    /* beyond the limits of policy_new() */
	POLICY_INVALID,     /* a value out of its range */
};
/** The last part of the D-Bus error's name: "NoSuchRoute", …; "Ok" for POLICY_OK. */
const char *policy_outcome_name(enum policy_outcome outcome);

/* ---- decisions ------------------------------------------------------------------------------- */

struct policy_decision {
	struct route call;            /* the route in force for all calls; ROUTE_NONE without one */
	struct route memory;          /* "last used since the headset connected" */
	struct route media;           /* where media playback goes; Bluetooth means A2DP (M1) */
	enum policy_rule rule;        /* that made .call what it is */
	enum policy_rule via;         /* the rule it follows ("as V2"), or RULE_NONE */
	const char *reason;           /* in words; static storage */
	route_device present_call_to; /* X10: this headset is told of a call of its own, or 0 */
	bool muted;
	bool try_again;       /* X3: the next try of the SCO set-up is due at .deadline_ms */
	uint64_t deadline_ms; /* send EVENT_TIME then; UINT64_MAX: never */
};

enum device_mode { MODE_OFF, MODE_A2DP, MODE_HFP };

/** Capacities, all at least 1; fixed for the life of the core. */
struct policy_limits {
	uint32_t devices;
	uint32_t calls;
};

/**
 * policy_new() - a core with no devices, no calls, automatic routing, no auto-answer, a handset
 * Return: NULL where out of memory or a limit is 0 or above 65535.
 */
struct policy *policy_new(const struct policy_limits *limits);
/** NULL-safe; returns NULL. */
struct policy *policy_free(struct policy *policy);

/** policy_handle() - take one event. Never allocates. */
enum policy_outcome policy_handle(struct policy *policy, const struct policy_event *event);

/** The decision in force; borrowed, valid until the next policy_handle(). */
const struct policy_decision *policy_decision(const struct policy *policy);

/** The mode a device should be in; MODE_OFF for one that is not connected. */
enum device_mode policy_device_mode(const struct policy *policy, route_device device);

/** A call's state; CALL_ENDED for one that is not known. Ended calls are forgotten at once. */
enum call_state policy_call_state(const struct policy *policy, uint32_t call);

/** True where @call, if not 0, or any call with sound may be carried by @route now. @ret_why, if
 * not NULL, gets the refusal. */
bool policy_route_eligible(const struct policy *policy, struct route route,
			   enum policy_outcome *ret_why);

/** Resolve what a user may name: "headset" without a device, wired where one is plugged, handset
 * on a machine without one. */
enum policy_outcome policy_resolve(const struct policy *policy, struct route asked,
				   struct route *ret);

/** A connected device, as EVENT_CONNECT told. */
struct policy_device {
	route_device device;
	enum device_kind kind;
	bool call_capable;
	bool auto_route;
	bool failed; /* X3: not to be chosen by default */
};
/** The connected devices in the order of their connection, at most @max; returns how many there
 * are. */
size_t policy_devices(const struct policy *policy, struct policy_device *ret, size_t max);

/** Where the calls of now are where nothing else decides (the rules' built-in default): no Bluetooth device. */
struct route policy_built_in_default(const struct policy *policy);

/** What policy_restore_memory() takes. Unlike the decision's, in the words of when it was made. */
struct route policy_memory(const struct policy *policy);
/** The persisted parts: memory goes in again after a restart, before any event but settings and
 * devices. Routes that no longer exist are kept as they are, as V1 says. */
void policy_restore_memory(struct policy *policy, struct route memory);

#endif
