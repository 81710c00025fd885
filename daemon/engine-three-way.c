/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * AT+CHUP and AT+CHLD: what a headset does to one of several calls, HFP 1.8 §4.15 and §4.22. Only
 * calls that the headset was told of count; the gateway has checked that the operation makes sense
 * for them, but they may have changed since.
 *
 * The calls that talk with each other, a conference, are held, resumed and ended together, but for
 * the one that 1x and 2x name. Which source can join calls is the source's to say.
 */
#include "engine-internal.h"

#include "log.h"

#include <stdlib.h>

/* Calls by their ids, since the end of one may be the end of another. */
struct group {
	uint32_t ids[CALL_MAX];
	size_t n;
};

static struct group shown_in(struct engine *engine, const struct engine_device *entry,
			     enum call_state state)
{
	struct group group = { .n = 0 };

	for (size_t i = 0; i < engine->n_calls; i++) {
		const struct call *call = engine->calls[i];

		if (policy_call_state(engine->policy, call->id) == state &&
		    engine_shows_call(engine, entry, call))
			group.ids[group.n++] = call->id;
	}
	return group;
}

/* Of several that wait, the conference, else the first. */
static struct group to_resume(struct engine *engine, const struct group *held)
{
	struct group group = { .n = 0 };

	for (size_t i = 0; i < held->n; i++) {
		if (engine_in_conference(engine, engine_call_find(engine, held->ids[i])))
			group.ids[group.n++] = held->ids[i];
	}
	if (group.n == 0 && held->n > 0)
		group.ids[group.n++] = held->ids[0];
	return group;
}

static bool has(const struct group *group, uint32_t id)
{
	for (size_t i = 0; i < group->n; i++) {
		if (group->ids[i] == id)
			return true;
	}
	return false;
}

/* The event for each of them that is in @state still. */
static enum policy_outcome all(struct engine *engine, const struct group *group,
			       enum policy_event_type type, enum call_state state)
{
	enum policy_outcome outcome = POLICY_OK;

	for (size_t i = 0; i < group->n && outcome == POLICY_OK; i++) {
		struct call *call = engine_call_find(engine, group->ids[i]);

		if (call != NULL && policy_call_state(engine->policy, call->id) == state)
			outcome = engine_call_event(engine, type, call);
	}
	return outcome;
}

static bool can_wait(struct engine *engine, const struct group *group)
{
	for (size_t i = 0; i < group->n; i++) {
		const struct call *call = engine_call_find(engine, group->ids[i]);

		if (call->ops->hold == NULL || call->ops->unhold == NULL)
			return false;
	}
	return true;
}

/* 0: the one that rings is rejected, else all that are held end. */
static enum policy_outcome release_others(struct engine *engine, const struct group *waiting,
					  const struct group *held)
{
	if (waiting->n > 0)
		return engine_call_event(engine, EVENT_HANGUP,
					 engine_call_find(engine, waiting->ids[0]));
	return held->n > 0 ? all(engine, held, EVENT_HANGUP, CALL_HELD) : POLICY_NO_CALL;
}

static enum policy_outcome end_all(struct engine *engine, const struct group *group)
{
	enum policy_outcome outcome = POLICY_OK;

	for (size_t i = 0; i < group->n && outcome == POLICY_OK; i++) {
		struct call *call = engine_call_find(engine, group->ids[i]);

		if (call != NULL)
			outcome = engine_call_event(engine, EVENT_HANGUP, call);
	}
	return outcome;
}

/* 1: the active ones end, and the next is taken. One that waits is answered before that, so that
 * there is a call throughout, and the policy resumes none in between. */
static enum policy_outcome release_active(struct engine *engine, struct engine_device *entry,
					  const struct group *active, const struct group *waiting,
					  const struct group *held)
{
	const struct group next = to_resume(engine, held);
	enum policy_outcome outcome = POLICY_OK;

	if (active->n + waiting->n + held->n == 0)
		return POLICY_NO_CALL;
	if (waiting->n > 0)
		outcome = engine_answer_from(engine, engine_call_find(engine, waiting->ids[0]),
					     entry->device);
	if (outcome == POLICY_OK)
		outcome = end_all(engine, active);
	if (outcome == POLICY_OK && waiting->n == 0) /* as far as I2 has not resumed it */
		outcome = all(engine, &next, EVENT_UNHOLD, CALL_HELD);
	return outcome;
}

/* 2: the active ones wait, and the next is taken. */
static enum policy_outcome swap(struct engine *engine, struct engine_device *entry,
				const struct group *active, const struct group *waiting,
				const struct group *held)
{
	const struct group next = to_resume(engine, held);
	enum policy_outcome outcome;

	if (active->n + waiting->n + held->n == 0)
		return POLICY_NO_CALL;
	if (!can_wait(engine, active) || !can_wait(engine, &next))
		return POLICY_WRONG_STATE;
	if (waiting->n > 0) /* holds the others by itself, where it is managed (I2) */
		return engine_answer_from(engine, engine_call_find(engine, waiting->ids[0]),
					  entry->device);
	outcome = all(engine, active, EVENT_HOLD, CALL_ACTIVE);
	return outcome == POLICY_OK ? all(engine, &next, EVENT_UNHOLD, CALL_HELD) : outcome;
}

/* 2x: all but this one wait. */
static enum policy_outcome talk_alone(struct engine *engine, const struct group *active,
				      struct call *chosen)
{
	struct group others = { .n = 0 };
	uint32_t id = chosen->id;
	enum policy_outcome outcome;

	for (size_t i = 0; i < active->n; i++) {
		if (active->ids[i] != id)
			others.ids[others.n++] = active->ids[i];
	}
	if (!can_wait(engine, &others) || chosen->ops->unhold == NULL)
		return POLICY_WRONG_STATE;
	chosen->conference = false;
	outcome = all(engine, &others, EVENT_HOLD, CALL_ACTIVE);
	chosen = engine_call_find(engine, id);
	if (outcome == POLICY_OK && chosen != NULL &&
	    policy_call_state(engine->policy, id) == CALL_HELD)
		return engine_call_event(engine, EVENT_UNHOLD, chosen);
	return outcome;
}

/* ---- 3: conferences ------------------------------------------------------------------------------ */

struct joining {
	struct engine *engine;
	route_device device;
	uint64_t headset; /* its serial */
	uint32_t active;
	uint32_t held;
};

bool engine_in_conference(const struct engine *engine, const struct call *call)
{
	enum call_state state = policy_call_state(engine->policy, call->id);
	size_t n = 0;

	for (size_t i = 0; i < engine->n_calls; i++) {
		if (engine->calls[i]->conference &&
		    policy_call_state(engine->policy, engine->calls[i]->id) == state)
			n++;
	}
	return call->conference && n > 1;
}

/* The source has made them one: all of what was active, and all of what was held with this one. */
static enum policy_outcome joined(struct engine *engine, const struct engine_device *entry,
				  const struct joining *joining)
{
	const struct group active = shown_in(engine, entry, CALL_ACTIVE);
	const struct group held = shown_in(engine, entry, CALL_HELD);
	const struct group next = to_resume(engine, &held);
	enum policy_outcome outcome = POLICY_OK;
	struct call *call;

	if (!has(&active, joining->active) || !has(&next, joining->held))
		return POLICY_WRONG_STATE;
	for (size_t i = 0; i < active.n; i++)
		engine_call_find(engine, active.ids[i])->conference = true;
	for (size_t i = 0; i < next.n && outcome == POLICY_OK; i++) {
		call = engine_call_find(engine, next.ids[i]);
		if (call == NULL)
			continue;
		call->conference = true;
		outcome = engine_call_state(engine, call, CALL_ACTIVE, false);
	}
	return outcome;
}

static void on_joined(void *data, const char *error)
{
	struct joining joining = *(struct joining *)data;
	struct engine_device *entry = engine_device(joining.engine, joining.device);
	enum ag_result result = error == NULL ? AG_RESULT_OK : AG_RESULT_FAILURE;

	free(data);
	if (entry == NULL)
		return;
	if (error == NULL && joined(joining.engine, entry, &joining) != POLICY_OK)
		result = AG_RESULT_NOT_ALLOWED;
	entry = engine_device(joining.engine, joining.device);
	if (entry != NULL && entry->headset != NULL &&
	    headset_serial(entry->headset) == joining.headset)
		engine_finish_headset(entry->headset, result);
}

/* Its result comes by on_joined(), but for a refusal. */
static enum policy_outcome join(struct engine *engine, struct engine_device *entry,
				const struct group *active, const struct group *held)
{
	const struct group next = to_resume(engine, held);
	struct call *first, *second;
	struct joining *joining;

	if (active->n == 0 || next.n == 0)
		return POLICY_WRONG_STATE;
	first = engine_call_find(engine, active->ids[0]);
	second = engine_call_find(engine, next.ids[0]);
	if (!first->info.conference || !second->info.conference || first->ops != second->ops ||
	    first->ops->join == NULL)
		return POLICY_WRONG_STATE;
	joining = malloc(sizeof(*joining));
	if (joining == NULL)
		return POLICY_TOO_MANY;
	*joining = (struct joining){ engine, entry->device, headset_serial(entry->headset),
				     first->id, second->id };
	first->ops->join(first, first->source, second, on_joined, joining);
	return POLICY_OK;
}

/* ---- what headsets send ---------------------------------------------------------------------------- */

static enum ag_result to_result(enum policy_outcome outcome)
{
	switch (outcome) {
	case POLICY_OK:
		return AG_RESULT_OK;
	case POLICY_NO_SUCH_CALL:
		return AG_RESULT_INVALID_INDEX;
	default:
		return AG_RESULT_NOT_ALLOWED;
	}
}

void engine_headset_holds(struct engine *engine, struct engine_device *entry,
			  const struct ag_event *event)
{
	const struct group waiting = shown_in(engine, entry, CALL_INCOMING);
	const struct group held = shown_in(engine, entry, CALL_HELD);
	const struct group active = shown_in(engine, entry, CALL_ACTIVE);
	struct call *chosen = engine_call_find(engine, event->call);
	enum policy_outcome outcome = POLICY_NO_SUCH_CALL;
	struct headset *headset = entry->headset;
	uint64_t serial = headset_serial(headset);
	route_device device = entry->device;

	if (event->value == 3) {
		outcome = join(engine, entry, &active, &held);
		if (outcome == POLICY_OK)
			return;
	} else if (event->call != 0 && chosen == NULL) {
		outcome = POLICY_NO_SUCH_CALL;
	} else if (event->value == 1 && chosen != NULL) {
		outcome = engine_call_event(engine, EVENT_HANGUP, chosen);
	} else if (event->value == 2 && chosen != NULL) {
		outcome = talk_alone(engine, &active, chosen);
	} else if (event->value == 0) {
		outcome = release_others(engine, &waiting, &held);
	} else if (event->value == 1) {
		outcome = release_active(engine, entry, &active, &waiting, &held);
	} else if (event->value == 2) {
		outcome = swap(engine, entry, &active, &waiting, &held);
	}
	entry = engine_device(engine, device);
	if (entry != NULL && entry->headset != NULL && headset_serial(entry->headset) == serial)
		engine_finish_headset(entry->headset, to_result(outcome));
}

/* AT+CHUP has no impact on a held call, says HFP 1.8 §4.34.2; that it is resumed when nobody else is left
 * is rule I2, which counts a headset's hanging up as the user's, and the headset hears of it. */
void engine_headset_hangs_up(struct engine *engine, struct engine_device *entry, uint32_t id)
{
	struct call *call = engine_call_find(engine, id);
	struct group group = { .ids = { id }, .n = 1 };

	if (call != NULL && engine_in_conference(engine, call))
		group = shown_in(engine, entry, policy_call_state(engine->policy, id));
	engine_finish_headset(entry->headset, call != NULL ? AG_RESULT_OK : AG_RESULT_NOT_ALLOWED);
	(void)end_all(engine, &group);
}
