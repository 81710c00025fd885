/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The core's outside: creation, the way of an event, and what may be asked. What an event changes
 * is in events-calls.c and events-devices.c, what is decided in rules.c.
 */
#include "policy.h"

#include "events.h"

#include <stdlib.h>

#define LIMIT_MAX 65535u

struct policy *policy_new(const struct policy_limits *limits)
{
	struct policy *policy;

	if (limits->devices == 0 || limits->devices > LIMIT_MAX || limits->calls == 0 ||
	    limits->calls > LIMIT_MAX)
		return NULL;
	policy = calloc(1, sizeof(*policy));
	if (policy == NULL)
		return NULL;
	if (devices_init(&policy->devices, limits->devices) < 0 ||
	    calls_init(&policy->calls, limits->calls) < 0)
		return policy_free(policy);
	policy->has_handset = true;
	policy->decision = (struct policy_decision){
		.media = { .kind = ROUTE_SPEAKER },
		.reason = "there is no call",
		.deadline_ms = UINT64_MAX,
	};
	return policy;
}

struct policy *policy_free(struct policy *policy)
{
	if (policy == NULL)
		return NULL;
	devices_done(&policy->devices);
	calls_done(&policy->calls);
	free(policy);
	return NULL;
}

/* ---- routes ---------------------------------------------------------------------------------- */

struct route policy_canonical(const struct policy *policy, struct route route)
{
	const struct device *device;

	if (route_is_bluetooth(route)) {
		device = devices_known(&policy->devices, route.device);
		return device == NULL ? route : device_route(device);
	}
	if (route.kind == ROUTE_WIRED && policy->wired)
		route.kind = ROUTE_HANDSET;
	if (route.kind == ROUTE_HANDSET && !policy->has_handset && !policy->wired)
		route.kind = ROUTE_SPEAKER;
	return route;
}

enum policy_outcome policy_check(const struct policy *policy, struct route route, bool unmanaged)
{
	const struct device *device;

	switch (policy_canonical(policy, route).kind) {
	case ROUTE_NONE:
		return POLICY_NO_SUCH_ROUTE;
	case ROUTE_HANDSET:
	case ROUTE_SPEAKER:
		return POLICY_OK;
	case ROUTE_WIRED:
		return POLICY_NOT_AVAILABLE;
	case ROUTE_HEADSET:
	case ROUTE_BT_SPEAKER:
		device = devices_known(&policy->devices, route.device);
		if (device == NULL)
			return POLICY_NO_SUCH_ROUTE;
		if (!device->connected)
			return POLICY_NOT_AVAILABLE;
		/* S1, S2 */
		if (!device->call_capable || (device->kind == DEVICE_SPEAKER && unmanaged))
			return POLICY_NOT_ELIGIBLE;
		return POLICY_OK;
	}
	return POLICY_NO_SUCH_ROUTE;
}

bool policy_unmanaged(const struct policy *policy, const struct call *call)
{
	const struct calls *calls = &policy->calls;
	uint32_t all = calls_concerned(calls, calls->n.all);
	uint32_t managed = calls_concerned(calls, calls->n.managed);

	if (call != NULL && !call->managed)
		return true;
	if (count_routed(calls->n.all) == 0)
		return all > 0 && managed == 0;
	return managed < all;
}

enum policy_outcome policy_resolve(const struct policy *policy, struct route asked,
				   struct route *ret)
{
	struct route route = asked;
	enum policy_outcome outcome;

	if (asked.kind == ROUTE_HEADSET && asked.device == 0) {
		const struct device *device = policy->devices.headsets.last;

		/* Even one that has failed (X3): being asked for it is being picked. */
		for (const struct device *d = policy->devices.connected.newest;
		     device == NULL && d != NULL && policy->devices.n_headsets > 0; d = d->older)
			device = device_is_headset(d) ? d : NULL;
		if (device == NULL)
			return POLICY_NOT_AVAILABLE;
		route.device = device->id;
	}
	outcome = policy_check(policy, route, false);
	if (outcome != POLICY_OK && outcome != POLICY_NOT_ELIGIBLE)
		return outcome;
	*ret = policy_canonical(policy, route);
	return POLICY_OK;
}

bool policy_route_eligible(const struct policy *policy, struct route route,
			   enum policy_outcome *ret_why)
{
	enum policy_outcome outcome = policy_resolve(policy, route, &route);

	if (outcome == POLICY_OK)
		outcome = policy_check(policy, route, policy_unmanaged(policy, NULL));
	if (ret_why != NULL && outcome != POLICY_OK)
		*ret_why = outcome;
	return outcome == POLICY_OK;
}

/* ---- the decision ---------------------------------------------------------------------------- */

/* X5: it has been asked for and neither the headset nor a failure has answered yet. */
static bool setup_outstanding(const struct policy *policy)
{
	const struct sco_setup *sco = &policy->sco;

	if (sco->seen)
		return false;
	return sco->n_failed > 0 ? policy->now_ms - sco->last_fail_ms <= X3_IN_ALL_MS
				 : policy->now_ms - sco->since_ms < X5_ECHO_MS;
}

static bool is_pick(enum policy_rule rule)
{
	return rule == RULE_P4 || rule == RULE_P9 || rule == RULE_V3 || rule == RULE_X9;
}

/* The one setter. */
static void set_route(struct policy *policy, const struct verdict *verdict)
{
	struct policy_decision *decision = &policy->decision;
	struct route old = decision->call;

	decision->call = verdict->route;
	decision->rule = verdict->rule;
	decision->via = verdict->via;
	decision->reason = verdict->reason;
	if (!is_pick(verdict->rule) && verdict->rule != RULE_X7)
		policy->pick = (struct route){ 0 };
	if (route_equal(old, verdict->route))
		return;
	if (route_is_bluetooth(old) && setup_outstanding(policy)) {
		policy->echo_of = old.device;
		policy->echo_until_ms = policy->now_ms + X5_ECHO_MS;
	}
	if (policy->echo_of == verdict->route.device)
		policy->echo_of = 0;
	/* Where we went back to ourselves there is nothing before it to go back to. */
	policy->before = old;
	if (verdict->rule == RULE_X3)
		policy->before.kind = ROUTE_NONE;
	policy->sco = (struct sco_setup){ .since_ms = policy->now_ms };
}

void policy_move(struct policy *policy, enum occasion on, const struct call *call,
		 const struct device *actor, struct route asked)
{
	struct facts facts = {
		.policy = policy,
		.on = on,
		.call = call,
		.actor = actor,
		.asked = asked,
	};
	struct verdict verdict;

	if (!rules_decide(&facts, &verdict))
		return;
	why_record(&policy->why, &facts, &verdict);
	set_route(policy, &verdict);
}

void policy_judge_again(struct policy *policy)
{
	const struct policy_decision *decision = &policy->decision;

	/* X9 is not fought. */
	if (decision->rule == RULE_X9 ||
	    policy_check(policy, decision->call, policy_unmanaged(policy, NULL)) == POLICY_OK)
		return;
	policy_move(policy, ON_INELIGIBLE, NULL, NULL, (struct route){ 0 });
}

/* V5; S3: what only plays never gets here, for it has no call. */
enum device_mode policy_device_mode(const struct policy *policy, route_device id)
{
	const struct device *device = devices_connected(&policy->devices, id);

	if (device == NULL)
		return MODE_OFF;
	return device->call_capable && policy->decision.call.device == id ? MODE_HFP : MODE_A2DP;
}

/* M1: one device at most is in headset mode, so this looks at two. Where a broadcast plays and no
 * call has a route, the user may have picked its output (S3). */
static struct route media_route(const struct policy *policy)
{
	const struct device *device = policy->devices.connected.newest;

	if (!policy_in_call(policy) && policy->playback.kind != ROUTE_NONE) {
		enum policy_outcome outcome = policy_check(policy, policy->playback, false);

		if (outcome == POLICY_OK || outcome == POLICY_NOT_ELIGIBLE)
			return policy_canonical(policy, policy->playback);
	}
	while (device != NULL && policy_device_mode(policy, device->id) == MODE_HFP)
		device = device->older;
	if (device != NULL)
		return device_route(device);
	return (struct route){ .kind = policy->wired ? ROUTE_HANDSET : ROUTE_SPEAKER };
}

/* X10: a managed call is what else would tell it. */
static route_device presented_to(const struct policy *policy)
{
	const struct call_counts *n = &policy->calls.n;
	route_device device = policy->decision.call.device;

	if (device == 0 || count_routed(n->managed) > 0 || count_sound(n->all) == 0 ||
	    policy_device_mode(policy, device) != MODE_HFP)
		return 0;
	return device;
}

/* What follows from the state, whatever the event was. */
static void refresh(struct policy *policy)
{
	struct policy_decision *decision = &policy->decision;
	uint64_t answer_ms = events_auto_answer_deadline(policy);
	uint64_t retry_ms = events_retry_deadline(policy);

	if (policy_in_call(policy))
		policy->memory = decision->call;
	if (policy->calls.n_playing == 0)
		policy->playback = (struct route){ 0 };
	decision->memory = policy_canonical(policy, policy->memory);
	decision->media = media_route(policy);
	decision->present_call_to = presented_to(policy);
	decision->try_again = policy->sco.next_try_ms != 0;
	decision->deadline_ms = answer_ms < retry_ms ? answer_ms : retry_ms;
}

size_t policy_devices(const struct policy *policy, struct policy_device *ret, size_t max)
{
	size_t n = 0;

	for (const struct device *d = policy->devices.connected.oldest; d != NULL; d = d->newer) {
		if (n++ < max)
			ret[n - 1] = (struct policy_device){
				.device = d->id,
				.kind = d->kind,
				.call_capable = d->call_capable,
				.auto_route = d->auto_route,
				.failed = d->failed,
			};
	}
	return n;
}

struct route policy_memory(const struct policy *policy)
{
	return policy->memory;
}

void policy_restore_memory(struct policy *policy, struct route memory)
{
	policy->memory = memory;
	refresh(policy);
}

/* ---- the way of an event --------------------------------------------------------------------- */

static enum policy_outcome event_routing(struct policy *policy, const struct policy_event *event)
{
	if (event->routing > ROUTING_SPEAKER)
		return POLICY_INVALID;
	policy->routing = event->routing;
	return POLICY_OK;
}

static enum policy_outcome event_set_auto_answer(struct policy *policy,
						 const struct policy_event *event)
{
	policy->auto_answer_seconds = event->seconds;
	return POLICY_OK;
}

/* At any time: an audio server that comes late tells late what the machine has. A route in force is
 * what it resolves to now. */
static enum policy_outcome event_machine(struct policy *policy, const struct policy_event *event)
{
	policy->has_handset = event->on;
	policy->decision.call = policy_canonical(policy, policy->decision.call);
	return POLICY_OK;
}

static enum policy_outcome event_time(struct policy *policy, const struct policy_event *event)
{
	(void)event;
	events_auto_answer(policy);
	events_retry(policy);
	return POLICY_OK;
}

static event_handler *const handlers[] = {
	[EVENT_ROUTING] = event_routing,
	[EVENT_AUTO_ANSWER] = event_set_auto_answer,
	[EVENT_MACHINE] = event_machine,
	[EVENT_CONNECT] = event_connect,
	[EVENT_DISCONNECT] = event_disconnect,
	[EVENT_PLUG] = event_plug,
	[EVENT_UNPLUG] = event_unplug,
	[EVENT_CALL] = event_call,
	[EVENT_ANSWER] = event_answer,
	[EVENT_HANGUP] = event_hangup,
	[EVENT_REMOTE_HANGUP] = event_remote_hangup,
	[EVENT_HOLD] = event_hold,
	[EVENT_UNHOLD] = event_unhold,
	[EVENT_PICK] = event_pick,
	[EVENT_PREFER] = event_prefer,
	[EVENT_SCO_OPEN] = event_sco_open,
	[EVENT_SCO_CLOSE] = event_sco_close,
	[EVENT_SCO_FAIL] = event_sco_fail,
	[EVENT_MOVED] = event_moved,
	[EVENT_BROADCAST] = event_broadcast,
	[EVENT_MUTE] = event_mute,
	[EVENT_TIME] = event_time,
};

enum policy_outcome policy_handle(struct policy *policy, const struct policy_event *event)
{
	enum policy_outcome outcome;

	if ((unsigned int)event->type >= sizeof(handlers) / sizeof(handlers[0]))
		return POLICY_INVALID;
	/* Differences of times are unsigned, so a clock that went back is taken as standing
	 * still. */
	if (event->now_ms > policy->now_ms)
		policy->now_ms = event->now_ms;
	policy->order++;
	outcome = handlers[event->type](policy, event);
	if (outcome == POLICY_OK)
		refresh(policy);
	return outcome;
}

const struct policy_decision *policy_decision(const struct policy *policy)
{
	return &policy->decision;
}

enum call_state policy_call_state(const struct policy *policy, uint32_t id)
{
	const struct call *call = calls_find(&policy->calls, id);

	return call == NULL ? CALL_ENDED : call->state;
}
