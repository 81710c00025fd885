/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Breadth first through a world: each state is loaded into one core, each step taken from it, and
 * taken twice.
 */
#include "model.h"

#include "policy/audit.h"

#include <stdlib.h>
#include <string.h>

#define VIOLATIONS_SHOWN 3

struct explorer {
	const struct world *world;
	struct space *space;
	struct policy *policy;
	struct situation from;
	uint32_t number; /* of .from */
	bool last;       /* what is found now is looked at, and left */
	bool full;
	struct findings findings;
	struct step steps[MODEL_STEPS];
};

void view_take(const struct policy *policy, struct view *ret)
{
	ret->decision = *policy_decision(policy);
	for (route_device i = 0; i < MODEL_DEVICES; i++)
		ret->modes[i] = policy_device_mode(policy, i);
	for (uint32_t i = 0; i < MODEL_CALLS; i++)
		ret->states[i] = policy_call_state(policy, i);
}

void model_save(const struct policy *policy, const struct world *world, struct policy_image *ret)
{
	bool rings = (world->with & WITH_AUTO_ANSWER) != 0;

	if (policy_save(policy, rings ? MODEL_AUTO_ANSWER_S * 1000 : 0, ret) < 0)
		abort();
}

static bool same_image(const struct policy_image *a, const struct policy_image *b)
{
	return a->n_bytes == b->n_bytes && memcmp(a->bytes, b->bytes, a->n_bytes) == 0;
}

static struct ghost_route settled(struct ghost_route route, const struct policy_image *image)
{
	for (unsigned int i = 0; i < image->n_devices; i++) {
		if (route.device != 0 && image->devices[i] == route.device)
			return (struct ghost_route){ route.kind, (uint8_t)(i + 1) };
	}
	return route;
}

void ghost_settle(const struct ghost *by_id, const struct policy_image *image, struct ghost *ret)
{
	*ret = (struct ghost){ .routing = by_id->routing, .no_handset = by_id->no_handset };
	ret->pick = settled(by_id->pick, image);
	for (unsigned int i = 0; i < image->n_calls; i++) {
		ret->calls[i] = by_id->calls[image->calls[i] - 1];
		ret->prefers[i] = settled(by_id->prefers[image->calls[i] - 1], image);
	}
	for (unsigned int i = 0; i < image->n_devices; i++)
		ret->devices[i] = by_id->devices[image->devices[i] - 1];
}

static void report(struct explorer *e, const struct step *step, const char *law)
{
	if (e->findings.violations++ < VIOLATIONS_SHOWN)
		story_print(stdout, e->world, e->space, e->number, step, law);
}

/* A second failure counts, and a second opening may be the button after a late echo. */
static bool may_count_twice(enum policy_event_type type)
{
	return type == EVENT_SCO_FAIL || type == EVENT_SCO_OPEN;
}

static const char *try_twice(struct explorer *e, const struct step *step,
			     const struct policy_image *once)
{
	struct policy_event again = step->event;
	struct policy_image twice;

	if (may_count_twice(again.type))
		return NULL;
	again.now_ms += step->wait_ms;
	(void)policy_handle(e->policy, &again);
	model_save(e->policy, e->world, &twice);
	return same_image(once, &twice) ? NULL : "the same event again changes nothing";
}

static void try_step(struct explorer *e, unsigned int number)
{
	const struct step *step = &e->steps[number];
	struct policy_image image;
	struct ghost by_id, ghost;
	struct view after;
	const char *law;

	policy_load(e->policy, e->from.image.bytes);
	e->findings.steps++;
	if (step_take(e->policy, step) != POLICY_OK) {
		e->findings.refused++;
		model_save(e->policy, e->world, &image);
		if (!same_image(&image, &e->from.image))
			report(e, step, "a refused event changes nothing");
		return;
	}
	model_save(e->policy, e->world, &image);
	view_take(e->policy, &after);
	step_haunt(&e->from, step, &after, &by_id);
	law = policy_audit(e->policy) ? law_of_state(e->policy, &after, &by_id)
				      : "what the core counts is as many as there are";
	if (law == NULL)
		law = law_of_step(e->policy, &e->from, step, &after, &by_id);
	ghost_settle(&by_id, &image, &ghost);
	if (law == NULL)
		law = try_twice(e, step, &image);
	/* Not beyond what is wrong, so that each wrong is told once, at its shortest. */
	if (law != NULL)
		report(e, step, law);
	else if (!e->last)
		(void)space_add(e->space, &image, &ghost, e->number, (uint16_t)number);
}

static void expand(struct explorer *e, uint32_t number)
{
	struct record record = space_get(e->space, number);
	struct route last;
	unsigned int n;

	e->number = number;
	e->from.ghost = *record.ghost;
	policy_load(e->policy, record.image);
	model_save(e->policy, e->world, &e->from.image);
	if (e->from.image.n_bytes != record.n_image ||
	    memcmp(e->from.image.bytes, record.image, record.n_image) != 0) {
		fputs("model: a loaded state is not the one that was saved\n", stderr);
		exit(2);
	}
	view_take(e->policy, &e->from.view);
	e->from.last_headset =
		policy_resolve(e->policy, (struct route){ ROUTE_HEADSET }, &last) == POLICY_OK
			? last.device
			: 0;
	n = steps_list(&e->from, e->steps);
	for (unsigned int i = 0; i < n; i++)
		try_step(e, i);
}

static void add_first(struct explorer *e, bool handset)
{
	struct policy_image image;

	e->policy = policy_free(e->policy);
	e->policy = policy_new(
		&(struct policy_limits){ .devices = MODEL_DEVICES, .calls = MODEL_CALLS });
	if (e->policy == NULL)
		abort();
	(void)policy_handle(e->policy,
			    &(struct policy_event){ .type = EVENT_MACHINE, .on = handset });
	model_save(e->policy, e->world, &image);
	(void)space_add(e->space, &image, &(struct ghost){ .no_handset = !handset }, SPACE_NONE, 0);
}

struct findings explore(const struct world *world, uint32_t max_states, bool first)
{
	struct explorer *e = calloc(1, sizeof(*e));
	struct findings findings;
	uint32_t next = 0, end;

	if (e == NULL)
		abort();
	e->world = world;
	e->from.world = world;
	e->space = space_new();
	add_first(e, true);
	if ((world->with & WITH_NO_HANDSET) != 0)
		add_first(e, false);
	while (next < space_count(e->space) && !e->full) {
		e->findings.depth++;
		e->last = e->findings.depth == world->depth;
		for (end = space_count(e->space); next < end && !e->full; next++) {
			expand(e, next);
			e->full = (max_states != 0 && space_count(e->space) >= max_states) ||
				  (first && e->findings.violations > 0);
		}
		if (e->last)
			break;
	}
	findings = e->findings;
	findings.states = next;
	findings.complete = next == space_count(e->space) && !e->last;
	findings.bytes = space_bytes(e->space);
	space_free(e->space);
	policy_free(e->policy);
	free(e);
	return findings;
}
