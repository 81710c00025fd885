/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the decision core knows, and the questions that both the events and the rules ask of it.
 * Private to policy/.
 */
#ifndef CALLROUTE_STATE_H
#define CALLROUTE_STATE_H

#include "calls.h"
#include "devices.h"
#include "policy.h"
#include "why.h"

/** X3: setting up the sound link of the headset in force. */
struct sco_setup {
	uint64_t since_ms;     /* the route was set */
	uint64_t first_try_ms; /* of the tries that failed */
	uint64_t last_fail_ms;
	uint64_t next_try_ms; /* 0 while none is due */
	unsigned int n_failed;
	bool seen; /* the headset itself opened or closed it: nothing is outstanding */
};

struct policy {
	struct policy_decision decision;
	struct policy_why why; /* of the last decision by a rule */
	struct devices devices;
	struct calls calls;

	enum policy_routing routing;
	uint32_t auto_answer_seconds; /* 0: off */
	bool has_handset;
	bool wired;
	uint64_t wired_attached; /* in the order of all events, as the devices' */

	uint64_t now_ms;    /* of the event being handled */
	uint64_t order;     /* counts events: calls, devices, picks have an order */
	struct route pick;  /* the user's; ROUTE_NONE once something else has moved the sound */
	uint64_t picked_at; /* covers the calls born before */
	uint64_t acted_at;  /* the user's last act on a headset; ends older preferences */
	struct route memory;
	struct route before;   /* the route before the one in force (X3) */
	struct route playback; /* the user's pick for broadcasts that only play (S3) */

	struct sco_setup sco;
	route_device echo_of; /* X5: an attempt that we cancelled, or 0 */
	uint64_t echo_until_ms;
};

/** @route in the words of decisions: wired is handset while plugged, handset is speaker on a
 * machine that has neither, a Bluetooth device's kind is its own. */
struct route policy_canonical(const struct policy *policy, struct route route);

/** May @route carry calls of which some are unmanaged? @asked is any route, not NONE. */
enum policy_outcome policy_check(const struct policy *policy, struct route route, bool unmanaged);

/** Is @call, if not NULL, or some call of those that a route now is for, unmanaged? While calls
 * only ring: are all of them, for a pick may be meant for any. */
bool policy_unmanaged(const struct policy *policy, const struct call *call);

/** There is a call with a route. */
static inline bool policy_in_call(const struct policy *policy)
{
	return policy->decision.call.kind != ROUTE_NONE;
}

#endif
