/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Calls that start, are answered, wait and end, broadcasts, and mute.
 */
#include "events.h"

static const struct route no_route;

/* A call, not a broadcast that only plays. */
static struct call *find(struct policy *policy, uint32_t id)
{
	struct call *call = calls_find(&policy->calls, id);

	return call == NULL || call->state == CALL_ENDED ? NULL : call;
}

/* A headset that acts: @ret is NULL where none does. */
static enum policy_outcome find_actor(struct policy *policy, route_device id, struct device **ret)
{
	struct device *device = devices_connected(&policy->devices, id);

	if (id != 0 && device == NULL)
		return POLICY_NO_SUCH_DEVICE;
	if (device != NULL && !device->call_capable)
		return POLICY_NOT_ELIGIBLE;
	*ret = device;
	return POLICY_OK;
}

/* I1, I2. The rule by which the others wait, or NONE where none has sound. */
static enum policy_rule hold_others(struct policy *policy, const struct call *answered)
{
	struct calls *calls = &policy->calls;
	enum policy_rule rule = RULE_NONE;
	uint32_t left = count_sound(calls->n.all) - call_has_sound(answered);

	for (struct call *c = calls->newest; left > 0; c = c->older) {
		if (c == answered || !call_has_sound(c))
			continue;
		left--;
		calls_set_state(calls, c, CALL_HELD);
		calls_set_holder(calls, c, answered->id);
		if (c->managed)
			rule = RULE_I2;
		else if (rule == RULE_NONE)
			rule = RULE_I1;
	}
	return rule;
}

/* ---- starting -------------------------------------------------------------------------------- */

enum policy_outcome event_call(struct policy *policy, const struct policy_event *event)
{
	enum policy_rule during = RULE_NONE;
	struct device *actor;
	struct call *call;
	enum policy_outcome outcome;

	if (event->call == 0 || (event->incoming && event->device != 0))
		return POLICY_INVALID;
	if (calls_find(&policy->calls, event->call) != NULL)
		return POLICY_CALL_EXISTS;
	outcome = find_actor(policy, event->device, &actor);
	if (outcome != POLICY_OK)
		return outcome;
	call = calls_add(&policy->calls,
			 &(struct call){
				 .id = event->call,
				 .born = policy->order,
				 .since_ms = policy->now_ms,
				 .state = event->incoming ? CALL_INCOMING : CALL_DIALING,
				 .managed = event->phone || event->managed,
				 .video = event->video,
			 });
	if (call == NULL)
		return POLICY_TOO_MANY;
	if (actor != NULL) {
		devices_set_failed(&policy->devices, actor, false);
		policy->acted_at = policy->order;
		/* A hands-free unit expects that the call it is in waits for the one that it dials
		 * (HFP 1.8 §4.22.2); on this machine a call waits when the other is answered. */
		if (call->managed)
			during = hold_others(policy, call);
	}
	if (!event->incoming) {
		policy_move(policy, ON_START, call, actor, no_route);
		if (during != RULE_NONE)
			policy->decision.via = during;
	} else if (!policy_in_call(policy)) {
		policy->decision.rule = RULE_NONE;
		policy->decision.reason = "it rings; the route comes with the answer";
	}
	return POLICY_OK;
}

static void take(struct policy *policy, struct call *call, enum occasion on,
		 const struct device *actor)
{
	enum policy_rule during = call->managed ? hold_others(policy, call) : RULE_NONE;

	calls_set_state(&policy->calls, call, CALL_ACTIVE);
	call->answered = true;
	policy->decision.muted = false; /* X8 */
	policy_move(policy, on, call, actor, no_route);
	if (during != RULE_NONE)
		policy->decision.via = during;
}

/* The remote party answers what was dialled here: the route stays, and so does mute, for who muted
 * while it rang out over there does not expect to be heard (X8 speaks of what is answered here). */
static void taken_there(struct policy *policy, struct call *call)
{
	call->answered = true;
	if (call->state == CALL_HELD)
		return;
	calls_set_state(&policy->calls, call, CALL_ACTIVE);
	if (call->managed)
		(void)hold_others(policy, call);
}

enum policy_outcome event_answer(struct policy *policy, const struct policy_event *event)
{
	struct call *call = find(policy, event->call);
	struct device *actor;
	enum policy_outcome outcome;

	if (call == NULL)
		return POLICY_NO_SUCH_CALL;
	if (call->answered)
		return POLICY_WRONG_STATE;
	if (call->state != CALL_INCOMING) {
		taken_there(policy, call);
		return POLICY_OK;
	}
	outcome = find_actor(policy, event->device, &actor);
	if (outcome != POLICY_OK)
		return outcome;
	if (actor != NULL) {
		devices_set_failed(&policy->devices, actor, false);
		/* P2 goes before a preference, X5 (an unmanaged call's) after it. */
		if (call->managed)
			policy->acted_at = policy->order;
	}
	take(policy, call, ON_ANSWER, actor);
	return POLICY_OK;
}

/* ---- P8 -------------------------------------------------------------------------------------- */

/* The managed call that has rung longest, where it may be answered by itself. Not while another
 * call has sound: nobody is put on hold without anybody's doing (ours). */
static struct call *to_auto_answer(const struct policy *policy)
{
	const struct calls *calls = &policy->calls;

	if (policy->auto_answer_seconds == 0 || calls->n.managed[CALL_INCOMING] == 0 ||
	    count_sound(calls->n.all) > 0)
		return NULL;
	for (struct call *c = calls->oldest; c != NULL; c = c->newer) {
		if (c->managed && c->state == CALL_INCOMING)
			return c;
	}
	return NULL;
}

uint64_t events_auto_answer_deadline(const struct policy *policy)
{
	const struct call *call = to_auto_answer(policy);

	return call == NULL ? UINT64_MAX
			    : call->since_ms + (uint64_t)policy->auto_answer_seconds * 1000;
}

void events_auto_answer(struct policy *policy)
{
	if (policy->now_ms >= events_auto_answer_deadline(policy))
		take(policy, to_auto_answer(policy), ON_AUTO_ANSWER, NULL);
}

/* ---- waiting --------------------------------------------------------------------------------- */

static void resume(struct policy *policy, struct call *call)
{
	calls_set_holder(&policy->calls, call, 0);
	calls_set_state(&policy->calls, call, call->answered ? CALL_ACTIVE : CALL_DIALING);
}

enum policy_outcome event_hold(struct policy *policy, const struct policy_event *event)
{
	struct call *call = find(policy, event->call);

	if (call == NULL)
		return POLICY_NO_SUCH_CALL;
	if (call->state != CALL_ACTIVE)
		return POLICY_WRONG_STATE;
	calls_set_state(&policy->calls, call, CALL_HELD);
	return POLICY_OK;
}

enum policy_outcome event_unhold(struct policy *policy, const struct policy_event *event)
{
	struct call *call = find(policy, event->call);

	if (call == NULL)
		return POLICY_NO_SUCH_CALL;
	if (call->state != CALL_HELD)
		return POLICY_WRONG_STATE;
	resume(policy, call);
	policy_judge_again(policy);
	return POLICY_OK;
}

/* ---- ending ---------------------------------------------------------------------------------- */

static struct call *managed_with_sound(const struct policy *policy)
{
	struct call *call = policy->calls.newest;

	if (count_sound(policy->calls.n.managed) == 0)
		return NULL;
	while (!call->managed || !call_has_sound(call))
		call = call->older;
	return call;
}

/* Those of a sort that @id had put on hold go on, or wait for @heir now. Returns one that goes
 * on. */
static struct call *release(struct policy *policy, uint32_t id, bool managed, struct call *heir,
			    bool stay)
{
	struct calls *calls = &policy->calls;
	struct call *resumed = NULL;
	uint32_t left = calls->n_waiting;

	for (struct call *c = calls->newest; left > 0; c = c->older) {
		if (c->held_by == 0)
			continue;
		left--;
		if (c->held_by != id || c->managed != managed)
			continue;
		if (heir != NULL) {
			calls_set_holder(calls, c, heir->id);
		} else if (stay) {
			calls_set_holder(calls, c, 0);
		} else {
			resume(policy, c);
			resumed = resumed == NULL ? c : resumed;
		}
	}
	return resumed;
}

static void end(struct policy *policy, struct call *call, bool remote)
{
	struct calls *calls = &policy->calls;
	bool rang = call->state == CALL_INCOMING;
	uint32_t id = call->id;
	struct call *resumed, *unmanaged;

	calls_remove(calls, call);
	if (count_routed(calls->n.all) == 0) {
		/* Also where it only rang: then there is no call any more, and no route before. */
		if (!rang || calls->n.all[CALL_INCOMING] == 0) {
			policy_move(policy, ON_END, NULL, NULL, no_route);
			policy->decision.muted = false; /* X8 */
		}
		return;
	}
	if (rang || calls->n.all[CALL_HELD] == 0)
		return;
	/* I2, then I1: an unmanaged call waits as long as a managed one has sound. */
	resumed = release(policy, id, true, managed_with_sound(policy), remote);
	unmanaged = release(policy, id, false, managed_with_sound(policy), false);
	if (unmanaged != NULL)
		resumed = unmanaged;
	if (resumed != NULL)
		policy_move(policy, ON_RESUME, resumed, NULL, no_route);
}

static enum policy_outcome hang_up(struct policy *policy, uint32_t id, bool remote)
{
	struct call *call = find(policy, id);

	if (call == NULL)
		return POLICY_NO_SUCH_CALL;
	end(policy, call, remote);
	return POLICY_OK;
}

enum policy_outcome event_hangup(struct policy *policy, const struct policy_event *event)
{
	return hang_up(policy, event->call, false);
}

enum policy_outcome event_remote_hangup(struct policy *policy, const struct policy_event *event)
{
	return hang_up(policy, event->call, true);
}

/* ---- S3 -------------------------------------------------------------------------------------- */

static enum policy_outcome start_broadcast(struct policy *policy, const struct policy_event *event)
{
	if (event->call == 0)
		return POLICY_INVALID;
	if (calls_find(&policy->calls, event->call) != NULL)
		return POLICY_CALL_EXISTS;
	return calls_add(&policy->calls,
			 &(struct call){
				 .id = event->call,
				 .state = CALL_ENDED,
				 .video = event->video,
				 .answered = true,
				 .broadcast = true,
			 }) == NULL
		       ? POLICY_TOO_MANY
		       : POLICY_OK;
}

static void record(struct policy *policy, struct call *call)
{
	call->born = policy->order;
	calls_set_state(&policy->calls, call, CALL_ACTIVE);
	policy_move(policy, ON_START, call, NULL, no_route);
	policy->decision.via = RULE_S3;
}

enum policy_outcome event_broadcast(struct policy *policy, const struct policy_event *event)
{
	struct call *call = calls_find(&policy->calls, event->call);

	if (event->broadcast == BROADCAST_START)
		return start_broadcast(policy, event);
	if (call == NULL || !call->broadcast)
		return POLICY_NO_SUCH_CALL;
	switch (event->broadcast) {
	case BROADCAST_START:
		break;
	case BROADCAST_RECORD:
		if (call->state != CALL_ENDED)
			return POLICY_WRONG_STATE;
		record(policy, call);
		return POLICY_OK;
	case BROADCAST_STOP:
		if (call->state == CALL_ENDED)
			calls_remove(&policy->calls, call);
		else
			end(policy, call, false);
		return POLICY_OK;
	}
	return POLICY_INVALID;
}

/* ---- what an application or the user adds to a call ------------------------------------------ */

enum policy_outcome event_prefer(struct policy *policy, const struct policy_event *event)
{
	struct call *call = find(policy, event->call);
	struct route route;
	bool sound;
	enum policy_outcome outcome;

	if (call == NULL)
		return POLICY_NO_SUCH_CALL;
	sound = call_has_sound(call);
	outcome = policy_resolve(policy, event->route, &route);
	if (outcome == POLICY_OK)
		outcome = policy_check(policy, route,
				       sound ? policy_unmanaged(policy, call) : !call->managed);
	if (outcome != POLICY_OK)
		return outcome;
	/* by its name: a wired headset that is unplugged later is not the earpiece */
	if (!route_is_bluetooth(route))
		route = event->route;
	calls_set_preference(&policy->calls, call, route, policy->order);
	if (sound)
		policy_move(policy, ON_PREFER, call, NULL, no_route);
	return POLICY_OK;
}

enum policy_outcome event_mute(struct policy *policy, const struct policy_event *event)
{
	if (!policy_in_call(policy))
		return POLICY_NO_CALL;
	policy->decision.muted = event->on;
	return POLICY_OK;
}
