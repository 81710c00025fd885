/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The events of a world, the acceptable and the unacceptable ones, and what the ghost makes of them.
 */
#include "model.h"

#include <stdlib.h>

struct list {
	const struct situation *from;
	struct step *steps;
	unsigned int n;
};

static bool with(const struct list *l, unsigned int what)
{
	return (l->from->world->with & what) != 0;
}

static struct policy_event *add(struct list *l, enum policy_event_type type)
{
	struct step *step = &l->steps[l->n++];

	if (l->n > MODEL_STEPS)
		abort();
	*step = (struct step){ .event = { .type = type, .now_ms = POLICY_IMAGE_NOW_MS } };
	return &step->event;
}

/* ---- settings and devices -------------------------------------------------------------------- */

static void add_settings(struct list *l)
{
	if (with(l, WITH_ROUTING)) {
		for (int i = ROUTING_AUTOMATIC; i <= ROUTING_SPEAKER; i++)
			add(l, EVENT_ROUTING)->routing = (enum policy_routing)i;
	}
	if (with(l, WITH_AUTO_ANSWER)) {
		add(l, EVENT_AUTO_ANSWER)->seconds = 0;
		add(l, EVENT_AUTO_ANSWER)->seconds = MODEL_AUTO_ANSWER_S;
	}
	if (with(l, WITH_MACHINE)) {
		add(l, EVENT_MACHINE)->on = false;
		add(l, EVENT_MACHINE)->on = true;
	}
	if (with(l, WITH_WIRED)) {
		add(l, EVENT_PLUG);
		add(l, EVENT_UNPLUG);
	}
	if (with(l, WITH_MUTE)) {
		add(l, EVENT_MUTE)->on = false;
		add(l, EVENT_MUTE)->on = true;
	}
}

static struct policy_event *add_connect(struct list *l, uint32_t device, bool speaker)
{
	struct policy_event *event = add(l, EVENT_CONNECT);

	event->device = device;
	event->kind = speaker ? DEVICE_SPEAKER : DEVICE_HEADSET;
	event->call_capable = true;
	event->auto_route = true;
	return event;
}

static void add_connects(struct list *l, uint32_t device, bool speaker)
{
	(void)add_connect(l, device, speaker);
	if (with(l, WITH_A2DP_ONLY))
		add_connect(l, device, speaker)->call_capable = false;
	if (with(l, WITH_NO_AUTO_ROUTE))
		add_connect(l, device, speaker)->auto_route = false;
	if (with(l, WITH_RESUMED)) {
		add_connect(l, device, speaker)->resumed = 1;
		add_connect(l, device, speaker)->resumed = 2;
	}
	if (with(l, WITH_KIND_CHANGE))
		(void)add_connect(l, device, !speaker);
}

static void add_devices(struct list *l)
{
	const struct situation *s = l->from;
	unsigned int n[2] = { 0, 0 };

	for (uint32_t i = 0; i < s->image.n_devices; i++) {
		bool speaker = s->ghost.devices[i] & GHOST_SPEAKER;

		n[speaker]++;
		add_connects(l, i + 1, speaker);
		if (with(l, WITH_DISCONNECT))
			add(l, EVENT_DISCONNECT)->device = i + 1;
	}
	if (s->image.n_devices == s->world->devices)
		return;
	if (n[0] < s->world->headsets)
		add_connects(l, new_device(s), false);
	if (n[1] < s->world->speakers)
		add_connects(l, new_device(s), true);
}

static void add_sco(struct list *l)
{
	for (uint32_t i = 1; i <= l->from->image.n_devices; i++) {
		if (with(l, WITH_SCO)) {
			add(l, EVENT_SCO_OPEN)->device = i;
			add(l, EVENT_SCO_CLOSE)->device = i;
		}
		if (with(l, WITH_SCO_FAIL))
			add(l, EVENT_SCO_FAIL)->device = i;
	}
}

/* ---- routes that are asked for --------------------------------------------------------------- */

static void add_request(struct list *l, enum policy_event_type type, uint32_t call,
			enum route_kind kind, route_device device)
{
	struct policy_event *event = add(l, type);

	event->call = call;
	event->route = (struct route){ .kind = kind, .device = device };
}

static void add_requests(struct list *l, enum policy_event_type type, uint32_t call)
{
	const struct situation *s = l->from;

	add_request(l, type, call, ROUTE_HANDSET, 0);
	add_request(l, type, call, ROUTE_SPEAKER, 0);
	add_request(l, type, call, ROUTE_HEADSET, 0);
	if (with(l, WITH_WIRED))
		add_request(l, type, call, ROUTE_WIRED, 0);
	for (uint32_t i = 0; i < s->image.n_devices; i++) {
		bool speaker = s->ghost.devices[i] & GHOST_SPEAKER;

		add_request(l, type, call, speaker ? ROUTE_BT_SPEAKER : ROUTE_HEADSET, i + 1);
	}
	if (with(l, WITH_STRANGERS))
		add_request(l, type, call, ROUTE_HEADSET, no_device(s));
}

/* ---- calls ----------------------------------------------------------------------------------- */

static struct policy_event *add_call(struct list *l, bool managed, bool incoming)
{
	struct policy_event *event = add(l, EVENT_CALL);

	event->call = new_call(l->from);
	event->managed = managed;
	event->incoming = incoming;
	return event;
}

static void add_new_calls(struct list *l, bool managed)
{
	(void)add_call(l, managed, true);
	if (with(l, WITH_OUTGOING))
		(void)add_call(l, managed, false);
	if (with(l, WITH_VIDEO)) {
		add_call(l, managed, true)->video = true;
		if (with(l, WITH_OUTGOING))
			add_call(l, managed, false)->video = true;
	}
	if (with(l, WITH_FROM_HEADSET)) {
		for (uint32_t i = 1; i <= l->from->image.n_devices; i++)
			add_call(l, managed, false)->device = i;
	}
}

static void add_acts_on(struct list *l, uint32_t call)
{
	for (uint32_t i = 0; i <= l->from->image.n_devices; i++) {
		struct policy_event *event = add(l, EVENT_ANSWER);

		event->call = call;
		event->device = i;
	}
	add(l, EVENT_HANGUP)->call = call;
	if (with(l, WITH_REMOTE))
		add(l, EVENT_REMOTE_HANGUP)->call = call;
	if (with(l, WITH_HOLD)) {
		add(l, EVENT_HOLD)->call = call;
		add(l, EVENT_UNHOLD)->call = call;
	}
	if (with(l, WITH_PREFER))
		add_requests(l, EVENT_PREFER, call);
}

static void add_broadcast(struct list *l, uint32_t call, enum policy_broadcast what)
{
	struct policy_event *event = add(l, EVENT_BROADCAST);

	event->call = call;
	event->broadcast = what;
}

static void add_calls(struct list *l)
{
	const struct situation *s = l->from;
	unsigned int n[2] = { 0, 0 };

	for (uint32_t i = 0; i < s->image.n_calls; i++) {
		n[s->ghost.calls[i] & GHOST_MANAGED]++;
		add_acts_on(l, i + 1);
		if (with(l, WITH_BROADCAST)) {
			add_broadcast(l, i + 1, BROADCAST_RECORD);
			add_broadcast(l, i + 1, BROADCAST_STOP);
		}
	}
	if (n[1] < s->world->managed)
		add_new_calls(l, true);
	if (n[0] < s->world->unmanaged) {
		add_new_calls(l, false);
		if (with(l, WITH_BROADCAST))
			add_broadcast(l, new_call(s), BROADCAST_START);
	}
}

/* Names that nobody knows, and a name that is taken. */
static void add_strangers(struct list *l)
{
	const struct situation *s = l->from;

	add(l, EVENT_DISCONNECT)->device = no_device(s);
	add(l, EVENT_SCO_OPEN)->device = no_device(s);
	add(l, EVENT_SCO_CLOSE)->device = no_device(s);
	add(l, EVENT_SCO_FAIL)->device = no_device(s);
	add_acts_on(l, no_call(s));
	for (uint32_t i = 1; i <= s->image.n_calls; i++) {
		struct policy_event *event = add_call(l, false, true);

		event->call = i;
		event = add(l, EVENT_ANSWER);
		event->call = i;
		event->device = no_device(s);
	}
}

/* ---- time ------------------------------------------------------------------------------------ */

static void add_wait(struct list *l, uint64_t ms)
{
	(void)add(l, EVENT_TIME);
	l->steps[l->n - 1].wait = true;
	l->steps[l->n - 1].wait_ms = ms;
}

static void add_waits(struct list *l)
{
	uint64_t deadline_ms = l->from->view.decision.deadline_ms;

	if (deadline_ms != UINT64_MAX)
		add_wait(l,
			 deadline_ms < POLICY_IMAGE_NOW_MS ? 0 : deadline_ms - POLICY_IMAGE_NOW_MS);
	add_wait(l, MODEL_LONG_MS);
	if (with(l, WITH_SHORT_WAITS)) {
		add_wait(l, 300);
		add_wait(l, 2000);
		add_wait(l, 4500);
	}
}

unsigned int steps_list(const struct situation *from, struct step *ret)
{
	struct list l = { .from = from, .steps = ret };

	add_settings(&l);
	add_devices(&l);
	add_calls(&l);
	if (with(&l, WITH_PICK))
		add_requests(&l, EVENT_PICK, 0);
	if (with(&l, WITH_MOVED))
		add_requests(&l, EVENT_MOVED, 0);
	add_sco(&l);
	if (with(&l, WITH_STRANGERS))
		add_strangers(&l);
	if (with(&l, WITH_WAIT))
		add_waits(&l);
	return l.n;
}

/* Deadlines on the way are met when they are due, not at the end. */
static void wait_for(struct policy *policy, uint64_t ms)
{
	uint64_t now_ms = POLICY_IMAGE_NOW_MS, end_ms = now_ms + ms;

	do {
		uint64_t due_ms = policy_decision(policy)->deadline_ms;
		uint64_t next_ms = due_ms < end_ms ? due_ms : end_ms;

		now_ms = next_ms > now_ms ? next_ms : now_ms;
		(void)policy_handle(policy,
				    &(struct policy_event){ .type = EVENT_TIME, .now_ms = now_ms });
	} while (now_ms < end_ms);
}

enum policy_outcome step_take(struct policy *policy, const struct step *step)
{
	if (!step->wait)
		return policy_handle(policy, &step->event);
	wait_for(policy, step->wait_ms);
	return POLICY_OK;
}

/* ---- the ghost ------------------------------------------------------------------------------- */

static uint8_t new_ghost(const struct policy_event *event)
{
	unsigned int ghost = event->phone || event->managed ? GHOST_MANAGED : 0;

	return (uint8_t)(ghost | (event->video ? GHOST_VIDEO : 0));
}

static bool any_rings(const struct view *view)
{
	for (unsigned int i = 1; i < MODEL_CALLS; i++) {
		if (view->states[i] == CALL_INCOMING)
			return true;
	}
	return false;
}

/* What was picked for a call with sound is P9's for one that rang then, until another rule decides. */
static bool moved_by_another(const struct policy_decision *decision)
{
	switch (decision->rule) {
	case RULE_NONE:
	case RULE_P4:
	case RULE_P9:
	case RULE_V3:
	case RULE_X7:
	case RULE_X9:
		return false;
	default:
		return true;
	}
}

/* A preference made before it is over, for that call and all others. */
static void act_on_headset(struct ghost *ghost)
{
	for (unsigned int i = 0; i < POLICY_IMAGE_CALLS; i++) {
		if ((ghost->calls[i] & GHOST_PREFERS) != 0)
			ghost->calls[i] |= GHOST_ACTED;
	}
}

static void request(const struct situation *from, const struct policy_event *event,
		    struct ghost *ghost)
{
	/* "headset" is which one it is now, and a wired headset stays one when it is unplugged */
	struct ghost_route route = { (uint8_t)event->route.kind, (uint8_t)event->route.device };

	if (event->route.kind == ROUTE_HEADSET && event->route.device == 0)
		route.device = (uint8_t)from->last_headset;
	if (event->type == EVENT_PREFER) {
		ghost->prefers[event->call - 1] = route;
		ghost->calls[event->call - 1] |= GHOST_PREFERS;
		ghost->calls[event->call - 1] &= (uint8_t)~GHOST_ACTED;
		return;
	}
	ghost->pick = route;
	for (unsigned int i = 0; i < from->image.n_calls; i++) {
		if ((ghost->calls[i] & GHOST_BROADCAST) == 0)
			ghost->calls[i] |= GHOST_PICKED;
	}
}

static void haunt_call(const struct situation *from, const struct policy_event *event,
		       struct ghost *ghost)
{
	uint32_t i = event->call - 1;

	switch (event->type) {
	case EVENT_CALL:
		ghost->calls[i] = new_ghost(event);
		ghost->prefers[i] = (struct ghost_route){ 0 };
		if (event->device != 0)
			act_on_headset(ghost);
		break;
	case EVENT_BROADCAST:
		ghost->calls[i] = event->broadcast == BROADCAST_START ? GHOST_BROADCAST : 0;
		ghost->prefers[i] = (struct ghost_route){ 0 };
		break;
	case EVENT_ANSWER:
		if (event->device != 0 && (ghost->calls[i] & GHOST_MANAGED) != 0 &&
		    from->view.states[event->call] == CALL_INCOMING)
			act_on_headset(ghost);
		break;
	default:
		break;
	}
}

void step_haunt(const struct situation *from, const struct step *step, const struct view *after,
		struct ghost *ret)
{
	const struct policy_event *event = &step->event;

	*ret = from->ghost;
	switch (event->type) {
	case EVENT_ROUTING:
		ret->routing = (uint8_t)event->routing;
		break;
	case EVENT_MACHINE:
		ret->no_handset = !event->on;
		break;
	case EVENT_PICK:
	case EVENT_MOVED:
	case EVENT_PREFER:
		request(from, event, ret);
		break;
	case EVENT_CONNECT:
		ret->devices[event->device - 1] = event->kind == DEVICE_SPEAKER ? GHOST_SPEAKER : 0;
		break;
	case EVENT_SCO_CLOSE:
		if (from->view.modes[event->device] == MODE_HFP)
			act_on_headset(ret);
		break;
	default:
		if (event->call != 0)
			haunt_call(from, event, ret);
		break;
	}
	/* Given up: a preference for it has had its chance. */
	if (after->decision.rule == RULE_X3 &&
	    !route_equal(after->decision.call, from->view.decision.call))
		act_on_headset(ret);
	if (!any_rings(after) || moved_by_another(&after->decision))
		ret->pick = (struct ghost_route){ 0 };
}
