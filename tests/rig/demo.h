/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The demo's two halves share a machine: a rig with one headset and one softphone.
 */
#ifndef CALLROUTE_RIG_DEMO_H
#define CALLROUTE_RIG_DEMO_H

#include "phone.h"

#define DEMO_HEADSET "AA:BB:CC:00:00:01"
#define DEMO_ROUTE "headset:" DEMO_HEADSET
#define DEMO_LIMIT_MS 8000u

struct demo {
	struct rig *rig;
	struct phone *phone;
	struct phone_call *call; /* the last one, or NULL */
};

/** Where the sound is and why, two lines. */
void demo_show(struct demo *demo);
/** A fixed tour of the rules. 0, or 1 where a step went wrong. */
int demo_tour(struct demo *demo);
/** Keys until q. 0. */
int demo_keys(struct demo *demo);

#endif
