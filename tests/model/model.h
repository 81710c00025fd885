/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The exhaustive check of the decision core: every state that some events can lead to from a fresh
 * core, breadth first, and what must hold in each and over each event. Knows of the core what its
 * public headers say.
 *
 * A world says how much there is (devices, calls) and which events happen. A state is the core's
 * image and a ghost: what the check itself has seen of the calls and devices, so that it need not
 * believe the core. Devices and calls have places instead of names, so worlds that differ in
 * names only are one.
 */
#ifndef CALLROUTE_MODEL_H
#define CALLROUTE_MODEL_H

#include "policy/copy.h"
#include "policy/policy.h"

#include <stdio.h>

#define MODEL_DEVICES 6 /* ids: 4 of them, and one that nothing has */
#define MODEL_CALLS 6
#define MODEL_STEPS 256

/* The auto-answer delay that is set, and a wait longer than anything that the core remembers. */
#define MODEL_AUTO_ANSWER_S 5u
#define MODEL_LONG_MS 70000u

/** What happens in a world, a bit each. Calls come in, are answered and hung up in every one. */
enum happens {
	WITH_ROUTING = 1 << 0,     /* the setting, at any time */
	WITH_AUTO_ANSWER = 1 << 1, /* the setting, at any time, and its delay */
	WITH_WIRED = 1 << 2,       /* plug and unplug */
	WITH_DISCONNECT = 1 << 3,  /* devices go, too */
	WITH_A2DP_ONLY = 1 << 4,   /* devices come without service level, which may come later */
	WITH_NO_AUTO_ROUTE = 1 << 5,
	WITH_KIND_CHANGE = 1 << 6,  /* a device comes as another kind */
	WITH_OUTGOING = 1 << 7,     /* dialled here, and answered there */
	WITH_FROM_HEADSET = 1 << 8, /* dialled there */
	WITH_VIDEO = 1 << 9,
	WITH_REMOTE = 1 << 10, /* hung up by the remote party */
	WITH_HOLD = 1 << 11,
	WITH_PICK = 1 << 12,
	WITH_PREFER = 1 << 13,
	WITH_SCO = 1 << 14, /* opened and closed by a headset */
	WITH_SCO_FAIL = 1 << 15,
	WITH_WAIT = 1 << 16, /* to the next deadline, and for long */
	WITH_SHORT_WAITS = 1 << 17,
	WITH_MOVED = 1 << 18,
	WITH_BROADCAST = 1 << 19,
	WITH_MUTE = 1 << 20,
	WITH_MACHINE = 1 << 21,    /* the handset is found late, or lost */
	WITH_NO_HANDSET = 1 << 22, /* also from a machine without one */
	WITH_STRANGERS = 1 << 23,  /* devices and calls that nobody knows are named, too */
	WITH_RESUMED = 1 << 24,    /* devices that were there before a restart of the daemon */
};

struct world {
	const char *name;
	const char *about;
	unsigned int devices;  /* in all, there or gone */
	unsigned int headsets; /* of these, at most */
	unsigned int speakers;
	unsigned int managed;
	unsigned int unmanaged;
	unsigned int with;
	unsigned int depth; /* steps from the start; 0: all that can be reached */
	bool big;           /* not for every run of the suite */
};

/** What a call or a device is, and what happened to it, as the check has seen it. */
enum ghost_call_bits {
	GHOST_MANAGED = 1 << 0,
	GHOST_VIDEO = 1 << 1,
	GHOST_PICKED = 1 << 2,    /* there was a pick or a move since it appeared */
	GHOST_PREFERS = 1 << 3,   /* its application has stated something */
	GHOST_BROADCAST = 1 << 4, /* it only plays */
	GHOST_ACTED = 1 << 5,     /* a headset's button since its application stated it */
};
enum ghost_device_bits { GHOST_SPEAKER = 1 << 0 };

/** A route as bytes, so that a ghost has no holes; 0, 0 is none. */
struct ghost_route {
	uint8_t kind;
	uint8_t device;
};

struct ghost {
	uint8_t calls[POLICY_IMAGE_CALLS];
	struct ghost_route prefers[POLICY_IMAGE_CALLS];
	struct ghost_route pick; /* the user's, as long as a call rings that it may be for */
	uint8_t devices[POLICY_IMAGE_DEVICES];
	uint8_t routing; /* the setting */
	uint8_t no_handset;
};

/** A core, as far as its public face shows it. Index: the id; those that are not known are off, or
 * have ended. */
struct view {
	struct policy_decision decision;
	enum device_mode modes[MODEL_DEVICES];
	enum call_state states[MODEL_CALLS];
};

/** One event, or one wait with all the deadlines on its way. */
struct step {
	struct policy_event event;
	uint64_t wait_ms;
	bool wait;
};

/** A state while steps are tried from it: ids are places, from 1. */
struct situation {
	const struct world *world;
	struct policy_image image;
	struct ghost ghost;
	struct view view;
	route_device last_headset; /* what "headset" alone is, or 0 */
};

/** The id that a new device or call gets, and one that nothing ever has. */
static inline uint32_t new_device(const struct situation *s)
{
	return s->image.n_devices + 1;
}

static inline uint32_t new_call(const struct situation *s)
{
	return s->image.n_calls + 1;
}

static inline uint32_t no_device(const struct situation *s)
{
	return s->image.n_devices + 2;
}

static inline uint32_t no_call(const struct situation *s)
{
	return s->image.n_calls + 2;
}

/* ---- steps.c --------------------------------------------------------------------------------- */

/** The steps that may be taken from @from, always in the same order; at most MODEL_STEPS. */
unsigned int steps_list(const struct situation *from, struct step *ret);

/** Take it. POLICY_OK for a wait. */
enum policy_outcome step_take(struct policy *policy, const struct step *step);

/** What the ghost is after a step that was taken, by the ids of before (less 1) and the new ones;
 * the devices of its routes are ids. */
void step_haunt(const struct situation *from, const struct step *step, const struct view *after,
		struct ghost *ret);

/* ---- laws.c ---------------------------------------------------------------------------------- */

/** What must hold in a state, or NULL. @ghost goes by the ids in @policy. */
const char *law_of_state(const struct policy *policy, const struct view *view,
			 const struct ghost *ghost);

/** What must hold over a step that was taken, or NULL. @ghost is the one of after it. */
const char *law_of_step(const struct policy *policy, const struct situation *from,
			const struct step *step, const struct view *after,
			const struct ghost *ghost);

/* ---- laws-alone.c ---------------------------------------------------------------------------- */

/** Where the rule book sends a call that nothing stands beside: the laws' own reading of P1 to P9, V1,
 * V2, V4, V6 and S2. @step has started, or answered, @call. False where the step does not decide. */
bool alone_expected(const struct policy *policy, const struct situation *from,
		    const struct step *step, uint32_t call, const struct ghost *ghost,
		    struct route *ret);

/** The application's preference for @call, while it stands and the route may carry it; false where
 * there is none. Only for a call that no other with sound stands beside. */
bool alone_preferred(const struct policy *policy, uint32_t call, const struct ghost *ghost,
		     struct route *ret);

/* ---- space.c --------------------------------------------------------------------------------- */

#define SPACE_NONE UINT32_MAX

struct record {
	const uint8_t *image;
	size_t n_image;
	const struct ghost *ghost;
	uint32_t parent; /* SPACE_NONE for a first one */
	uint16_t step;   /* of the parent's list */
};

/** The states seen so far, numbered as they were found. Ends the program where memory ends. */
struct space;
struct space *space_new(void);
struct space *space_free(struct space *space);
uint32_t space_count(const struct space *space);
size_t space_bytes(const struct space *space);
/** False where it was there already. */
bool space_add(struct space *space, const struct policy_image *image, const struct ghost *ghost,
	       uint32_t parent, uint16_t step);
/** Borrowed until the next space_add(). */
struct record space_get(const struct space *space, uint32_t number);

/* ---- explore.c ------------------------------------------------------------------------------- */

struct findings {
	uint64_t states; /* from which all steps were taken */
	uint64_t steps;
	uint64_t refused;
	unsigned int depth; /* the longest shortest way to a state */
	bool complete;      /* every reachable state was seen */
	size_t bytes;
	unsigned int violations;
};

void model_save(const struct policy *policy, const struct world *world, struct policy_image *ret);
void view_take(const struct policy *policy, struct view *ret);
/** A ghost by ids to one by the places that @image gives them; what has none is forgotten. */
void ghost_settle(const struct ghost *by_id, const struct policy_image *image, struct ghost *ret);

/** explore() - all states of a world; a violation is printed as a scenario. @max_states: 0 for no
 * bound. @first: end with the first violation. */
struct findings explore(const struct world *world, uint32_t max_states, bool first);

/* ---- story.c --------------------------------------------------------------------------------- */

/** story_print() - the way to a state, and one step more, in the scenario language. */
void story_print(FILE *to, const struct world *world, const struct space *space, uint32_t last,
		 const struct step *more, const char *law);

#endif
