/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The calls that the policy knows, in order of appearance, and how many of them are in which state.
 * Private to policy/.
 */
#ifndef CALLROUTE_CALLS_H
#define CALLROUTE_CALLS_H

#include "index.h"
#include "policy.h"

struct call {
	uint32_t id;
	struct call *older;
	struct call *newer;
	uint64_t born;         /* in the order of all events */
	uint64_t since_ms;     /* when it appeared */
	enum call_state state; /* CALL_ENDED for a broadcast that only plays (S3): not a call */
	uint32_t held_by;      /* I1, I2: the call whose answer put this one on hold, or 0 */
	struct route prefers;  /* V4; ROUTE_NONE without a preference */
	uint64_t prefers_at;   /* in the order of all events */
	bool managed;
	bool video;
	bool answered; /* by either side; what a call on hold comes back as */
	bool broadcast;
};

/** How many calls there are of a sort, by state. */
struct call_counts {
	uint32_t all[CALL_ENDED + 1];
	uint32_t managed[CALL_ENDED + 1];
	uint32_t video[CALL_ENDED + 1];
};

struct calls {
	struct call *all;
	struct index index;
	struct call *oldest;
	struct call *newest;
	struct call *unused;
	struct call_counts n;
	uint32_t n_playing; /* broadcasts that only play */
	uint32_t n_preferring;
	uint32_t n_waiting; /* those that another holds */
};

/** -ENOMEM; calls_done() is due in any case. */
int calls_init(struct calls *calls, uint32_t limit);
void calls_done(struct calls *calls);

/** Calls and broadcasts alike; NULL for what is not known. */
struct call *calls_find(const struct calls *calls, uint32_t id);
/** The new call is the newest. NULL where there is no room. */
struct call *calls_add(struct calls *calls, const struct call *what);
void calls_remove(struct calls *calls, struct call *call);
/** The one place where a call's state changes. */
void calls_set_state(struct calls *calls, struct call *call, enum call_state state);
/** I1, I2: @call waits for @holder, 0: for none. */
void calls_set_holder(struct calls *calls, struct call *call, uint32_t holder);
void calls_set_preference(struct calls *calls, struct call *call, struct route route, uint64_t at);

/** It has sound: both parties, or this one while it waits for the other. */
static inline bool call_has_sound(const struct call *call)
{
	return call->state == CALL_ACTIVE || call->state == CALL_DIALING;
}

/** How many of a sort have sound. */
static inline uint32_t count_sound(const uint32_t counts[static CALL_ENDED + 1])
{
	return counts[CALL_ACTIVE] + counts[CALL_DIALING];
}

/** How many of a sort have a route, or would have one again: all but those that only ring. */
static inline uint32_t count_routed(const uint32_t counts[static CALL_ENDED + 1])
{
	return count_sound(counts) + counts[CALL_HELD];
}

/** Of a sort, those that a route now is for: the ones with sound, else the held, else the ringing
 * ones. @counts may be those of one sort, the choice is made by all calls. */
uint32_t calls_concerned(const struct calls *calls, const uint32_t counts[static CALL_ENDED + 1]);

#endif
