/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Why a route is what it is: the last decision with what it rested on, and the rules that nearly
 * applied. Recorded when the rules decide, since the facts are others later; nothing is allocated.
 *
 * May be used by: daemon/, ctl/, tests/.
 */
#ifndef CALLROUTE_WHY_H
#define CALLROUTE_WHY_H

#include "policy.h"

/** Why a rule that was asked did not make the decision. */
enum why_not {
	WHY_NOT_FIRST, /* it would have decided otherwise, but another rule goes before it */
	WHY_NOT_ELIGIBLE,
	WHY_NO_BUTTON,
	WHY_NOT_HERE,
	WHY_NOT_DIALLED_THERE,
	WHY_NOT_ASKED_THERE,
	WHY_NO_PICK,
	WHY_PICK_BEFORE_CALL,
	WHY_PICK_FOR_NO_CALL,
	WHY_NO_PREFERENCE,
	WHY_PREFERENCE_ENDED,
	WHY_NO_ROUTE_BEFORE,
	WHY_FAILED_TOO,
	WHY_NO_HEADSET_CAME,
	WHY_NOT_AUTO_ROUTE,
	WHY_SETTING_AUTOMATIC,
	WHY_SETTING_HEADSET,
	WHY_SETTING_SPEAKER,
	WHY_NO_HEADSET,
	WHY_A_HEADSET,
	WHY_NO_SPEAKER,
	WHY_NOTHING_REMEMBERED,
	WHY_HEADSETS_FAILED,
	WHY_OTHERWISE,
	WHY_COUNT,
};
/** In words, as "no route was picked while it rang". Static storage. */
const char *why_not_text(enum why_not why);

struct policy_near {
	enum policy_rule rule;
	enum why_not why;
	struct route route; /* WHY_NOT_FIRST: its own decision; else ROUTE_NONE */
};

#define WHY_MAX_DEVICES 16
#define WHY_MAX_NEAR 16

struct policy_why {
	enum policy_rule rule;
	enum policy_rule via;
	struct route route;
	const char *reason;

	const char *occasion;    /* what had happened, in words; static storage */
	struct route before;     /* the route in force then */
	uint32_t call;           /* the call that it was about, or 0 */
	bool managed;            /* it, or all calls */
	bool video;              /* it, where .call is one */
	bool by_device;          /* .actor tells who answered or dialled: 0 is this machine */
	route_device actor;      /* the headset that acted, or 0 */
	struct route asked;      /* by the user or another program, or NONE */
	struct route pick;       /* the user's, still standing, or NONE */
	struct route preference; /* the application's for .call, or NONE */
	struct route memory;
	enum policy_routing routing;
	bool wired;
	bool has_handset;
	uint32_t n_devices; /* connected; .devices has the last of them, in order of connection */
	uint32_t n_listed;
	uint64_t changes; /* internal: of the devices, when they were listed */
	struct policy_device devices[WHY_MAX_DEVICES];
	uint32_t n_near;
	struct policy_near near[WHY_MAX_NEAR]; /* in the order of the table */
};

/**
 * policy_why() - the decision in force
 * Return: false where no rule has decided (before any, and while a first call rings).
 */
bool policy_why(const struct policy *policy, struct policy_why *ret);

#endif
