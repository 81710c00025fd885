/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What must hold, said again and apart from the rules' table: in words of what can be seen from
 * outside and of what the ghost remembers.
 */
#include "model.h"

#define REQUIRE(law, condition)       \
	do {                          \
		if (!(condition))     \
			return (law); \
	} while (0)

/* ---- in a state ------------------------------------------------------------------------------ */

struct sums {
	unsigned int sound; /* active or dialing */
	unsigned int routed;
	unsigned int managed_routed;
	unsigned int managed_sound;
	unsigned int unmanaged_sound;
	unsigned int ringing;
	unsigned int playing;
	unsigned int preferring;
};

static bool has_sound(enum call_state state)
{
	return state == CALL_ACTIVE || state == CALL_DIALING;
}

static struct sums sum_up(const struct view *view, const struct ghost *ghost)
{
	struct sums sums = { 0 };

	for (unsigned int i = 1; i < MODEL_CALLS; i++) {
		enum call_state state = view->states[i];
		uint8_t what = ghost->calls[i - 1];
		bool managed = what & GHOST_MANAGED, sound = has_sound(state);
		bool routed = sound || state == CALL_HELD;

		sums.sound += sound;
		sums.routed += routed;
		sums.managed_routed += routed && managed;
		sums.managed_sound += sound && managed;
		sums.unmanaged_sound += sound && !managed;
		sums.ringing += state == CALL_INCOMING;
		sums.playing += state == CALL_ENDED && (what & GHOST_BROADCAST) != 0;
		sums.preferring += state != CALL_ENDED && (what & GHOST_PREFERS) != 0;
	}
	return sums;
}

static const char *law_of_route(const struct policy *policy, const struct view *view,
				const struct sums *sums)
{
	const struct policy_decision *d = &view->decision;
	struct route there;

	REQUIRE("there is a route exactly while a call is dialing, active or held",
		(d->call.kind != ROUTE_NONE) == (sums->routed > 0));
	REQUIRE("a decision has a reason in words", d->reason != NULL && d->reason[0] != '\0');
	REQUIRE("no rule is as another", d->rule != RULE_NONE || d->via == RULE_NONE);
	if (sums->routed == 0) {
		REQUIRE("without a route, it is the last call's end that decided, or nothing",
			d->rule == RULE_NONE || d->rule == RULE_X7);
		REQUIRE("mute is off without a call with a route", !d->muted);
		return NULL;
	}
	REQUIRE("a route has a rule", d->rule != RULE_NONE && policy_rule_text(d->rule) != NULL);
	REQUIRE("memory is the route in force", route_equal(d->call, d->memory));
	REQUIRE("a decision speaks of the wired headset as handset", d->call.kind != ROUTE_WIRED);
	REQUIRE("the route is what it resolves to",
		policy_resolve(policy, d->call, &there) == POLICY_OK &&
			route_equal(d->call, there));
	if (d->rule == RULE_X9)
		return NULL;
	REQUIRE("an unmanaged call with sound is not on a Bluetooth speaker",
		d->call.kind != ROUTE_BT_SPEAKER || sums->unmanaged_sound == 0);
	REQUIRE("the route may carry the calls with sound",
		sums->sound == 0 || policy_route_eligible(policy, d->call, NULL));
	REQUIRE("a Bluetooth route has a service level connection",
		!route_is_bluetooth(d->call) || view->modes[d->call.device] == MODE_HFP);
	return NULL;
}

static const char *law_of_devices(const struct policy *policy, const struct view *view,
				  const struct sums *sums)
{
	const struct policy_decision *d = &view->decision;
	bool any_a2dp = false, in_hfp = false;
	struct route wired;

	for (route_device i = 1; i < MODEL_DEVICES; i++) {
		any_a2dp = any_a2dp || view->modes[i] == MODE_A2DP;
		in_hfp = in_hfp || view->modes[i] == MODE_HFP;
		REQUIRE("a device is in headset mode only while it is the route",
			view->modes[i] != MODE_HFP || d->call.device == i);
	}
	if (sums->playing == 0) {
		REQUIRE("media goes to a Bluetooth device over A2DP where there is one",
			route_is_bluetooth(d->media) == any_a2dp);
		REQUIRE("media goes to the wired headset, or else to the speaker",
			any_a2dp || (d->media.kind == ROUTE_HANDSET) ==
					    (policy_resolve(policy, (struct route){ ROUTE_WIRED },
							    &wired) == POLICY_OK));
	}
	REQUIRE("media goes to no device in headset mode, and to none that is not there",
		!route_is_bluetooth(d->media) || view->modes[d->media.device] == MODE_A2DP);
	REQUIRE("a headset is told of an unmanaged call of its own where nothing else tells it",
		d->present_call_to ==
			(in_hfp && sums->unmanaged_sound > 0 && sums->managed_routed == 0
				 ? d->call.device
				 : 0));
	REQUIRE("another try has its time", !d->try_again || d->deadline_ms != UINT64_MAX);
	return NULL;
}

const char *law_of_state(const struct policy *policy, const struct view *view,
			 const struct ghost *ghost)
{
	struct sums sums = sum_up(view, ghost);
	const char *law = law_of_route(policy, view, &sums);

	return law != NULL ? law : law_of_devices(policy, view, &sums);
}

/* ---- over a step ----------------------------------------------------------------------------- */

/* What a step and its two ends are, as the laws below ask for it. */
struct passage {
	const struct policy *policy;
	const struct situation *from;
	const struct view *before;
	const struct view *after;
	const struct policy_event *event;
	const struct ghost *ghost;
	struct sums sums; /* after */
	struct sums were;
};

static bool same_route(const struct passage *p)
{
	return route_equal(p->before->decision.call, p->after->decision.call);
}

/* The route, in the words that hold now. */
static bool is_on(const struct passage *p, struct route route)
{
	struct route there;

	return policy_resolve(p->policy, route, &there) == POLICY_OK &&
	       route_equal(p->after->decision.call, there);
}

static bool is_on_kind(const struct passage *p, enum route_kind kind)
{
	return is_on(p, (struct route){ .kind = kind });
}

static bool others_unchanged(const struct passage *p, uint32_t but)
{
	for (uint32_t i = 1; i < MODEL_CALLS; i++) {
		if (i != but && p->before->states[i] != p->after->states[i])
			return false;
	}
	return true;
}

/* A call that came in is answered now. */
static const char *law_of_answer(const struct passage *p)
{
	const struct policy_event *event = p->event;
	const struct policy_decision *d = &p->after->decision;
	uint8_t what = p->ghost->calls[event->call - 1];
	struct route headset;
	bool asked_for = (what & (GHOST_PICKED | GHOST_PREFERS)) != 0;

	REQUIRE("an answered call is active", p->after->states[event->call] == CALL_ACTIVE);
	REQUIRE("mute is off when a call is answered", !d->muted);
	if ((what & GHOST_MANAGED) == 0) {
		REQUIRE("answering an unmanaged call puts no other on hold",
			others_unchanged(p, event->call));
		return NULL;
	}
	REQUIRE("answering a managed call puts the others on hold", p->sums.sound == 1);
	if (event->device != 0) {
		REQUIRE("a headset's button brings the call there",
			d->call.device == event->device && d->rule == RULE_P2);
		return NULL;
	}
	if (asked_for)
		return NULL;
	switch (p->ghost->routing) {
	case ROUTING_AUTOMATIC:
		REQUIRE("answered on this machine, automatic: handset, never a headset",
			is_on_kind(p, ROUTE_HANDSET) && d->rule == RULE_P1);
		return NULL;
	case ROUTING_SPEAKER:
		REQUIRE("answered on this machine, setting speaker: speaker",
			is_on_kind(p, ROUTE_SPEAKER) && d->rule == RULE_P5);
		return NULL;
	default:
		REQUIRE("answered on this machine, setting headset: no speaker where a headset is",
			d->rule == RULE_P3 &&
				(d->call.kind != ROUTE_BT_SPEAKER ||
				 policy_resolve(p->policy, (struct route){ ROUTE_HEADSET },
						&headset) != POLICY_OK));
	}
	return NULL;
}

/* The remote party answers what was dialled. */
static const char *law_of_answer_there(const struct passage *p)
{
	uint32_t call = p->event->call;
	bool managed = p->ghost->calls[call - 1] & GHOST_MANAGED;

	REQUIRE("mute is not touched by the remote party's answer",
		p->before->decision.muted == p->after->decision.muted);
	if (p->before->states[call] == CALL_HELD || !managed) {
		REQUIRE("the remote party's answer changes no other call",
			others_unchanged(p, call));
		return NULL;
	}
	REQUIRE("a managed call that is answered there puts the others on hold",
		p->sums.sound == 1);
	return NULL;
}

static const char *law_of_end(const struct passage *p)
{
	uint32_t call = p->event->call;

	REQUIRE("a call that was hung up has ended", p->after->states[call] == CALL_ENDED);
	if (p->before->states[call] == CALL_INCOMING) {
		REQUIRE("a missed or rejected call changes no other", others_unchanged(p, call));
		REQUIRE("a missed or rejected call moves nothing", same_route(p));
		REQUIRE("a missed or rejected call decides nothing for others",
			p->sums.routed + p->sums.ringing == 0 ||
				p->before->decision.rule == p->after->decision.rule);
		REQUIRE("the last call's end is X7's, even of one that only rang",
			p->sums.routed + p->sums.ringing > 0 || p->after->decision.rule == RULE_X7);
	}
	for (uint32_t i = 1; i < MODEL_CALLS; i++) {
		bool resumed = p->before->states[i] == CALL_HELD && has_sound(p->after->states[i]);
		bool managed = p->ghost->calls[i - 1] & GHOST_MANAGED;

		REQUIRE("another call's end only resumes what was held",
			i == call || resumed || p->before->states[i] == p->after->states[i]);
		REQUIRE("a managed call waits after the remote party has ended another",
			!resumed || !managed || p->event->type != EVENT_REMOTE_HANGUP);
		REQUIRE("an unmanaged call waits while a managed one has sound",
			!resumed || managed || p->sums.managed_sound == 0);
	}
	return NULL;
}

static const char *law_of_connect(const struct passage *p)
{
	const struct policy_event *event = p->event;
	bool anew = p->before->modes[event->device] == MODE_OFF;
	bool headset = event->call_capable && event->kind != DEVICE_SPEAKER;

	REQUIRE("a device that connects changes no call's state", others_unchanged(p, 0));
	if (headset && anew && event->resumed == 0)
		REQUIRE("memory is empty when a headset has connected",
			p->sums.routed > 0 || p->after->decision.memory.kind == ROUTE_NONE);
	if (!headset && anew)
		REQUIRE("what is no headset does not take a call by itself", same_route(p));
	if (!event->auto_route && anew && p->sums.preferring == 0)
		REQUIRE("a headset without auto-route does not take a call", same_route(p));
	if (p->after->decision.rule == RULE_X1 && !same_route(p))
		REQUIRE("a headset that connects takes the call",
			p->after->decision.call.device == event->device && headset);
	return NULL;
}

/* Devices and headsets' acts. */
static const char *law_of_device(const struct passage *p)
{
	const struct policy_event *event = p->event;
	bool was_on = p->before->decision.call.device == event->device;

	if (event->type == EVENT_CONNECT)
		return law_of_connect(p);
	REQUIRE("a device's act changes no call's state", others_unchanged(p, 0));
	if (event->type == EVENT_DISCONNECT) {
		REQUIRE("a call leaves the device that goes, and no other",
			was_on != same_route(p) || p->sums.routed == 0);
		REQUIRE("a device that has gone is off",
			p->after->modes[event->device] == MODE_OFF);
	}
	if (event->type == EVENT_SCO_CLOSE && was_on && p->before->modes[event->device] == MODE_HFP)
		REQUIRE("a headset that closes its link moves the call to this machine",
			is_on_kind(p, ROUTE_HANDSET) && p->after->decision.rule == RULE_X4);
	if (event->type == EVENT_SCO_CLOSE && !was_on)
		REQUIRE("a headset that is not the route closes what it likes", same_route(p));
	if (event->type == EVENT_SCO_OPEN && !same_route(p))
		REQUIRE("a headset that opens its link gets the call",
			p->after->decision.call.device == event->device ||
				p->after->decision.rule == RULE_V4);
	if (event->type == EVENT_SCO_FAIL && !was_on)
		REQUIRE("only the route's own link can fail a call", same_route(p));
	return NULL;
}

static const char *law_of_request(const struct passage *p)
{
	const struct policy_decision *d = &p->after->decision;
	const struct policy_event *event = p->event;

	REQUIRE("who asks for a route changes no call's state", others_unchanged(p, 0));
	if (p->sums.routed == 0)
		return NULL;
	if (event->type != EVENT_PREFER)
		REQUIRE("what the user picks is in force at once",
			is_on(p, event->route) &&
				(d->rule == RULE_P4 || d->rule == RULE_V3 || d->rule == RULE_X9));
	else if (!same_route(p))
		REQUIRE("what the application prefers is in force at once",
			is_on(p, event->route) && d->rule == RULE_V4);
	if (event->type == EVENT_PREFER && (p->ghost->calls[event->call - 1] & GHOST_PICKED) != 0)
		REQUIRE("a preference does not stand against a pick", same_route(p));
	return NULL;
}

static const char *law_of_hold(const struct passage *p)
{
	enum call_state was = p->before->states[p->event->call];
	enum call_state is = p->after->states[p->event->call];

	REQUIRE("holding one call changes no other", others_unchanged(p, p->event->call));
	REQUIRE("held is held, and resumed is as before",
		p->event->type == EVENT_HOLD ? was == CALL_ACTIVE && is == CALL_HELD
					     : was == CALL_HELD && has_sound(is));
	REQUIRE("waiting moves nothing but an unmanaged call from a Bluetooth speaker",
		same_route(p) || (p->before->decision.call.kind == ROUTE_BT_SPEAKER &&
				  p->sums.unmanaged_sound > 0));
	return NULL;
}

static const char *law_of_call(const struct passage *p)
{
	const struct policy_event *event = p->event;
	bool managed = event->phone || event->managed;

	if (event->device != 0 && managed)
		REQUIRE("a managed call that a headset dials puts the others on hold",
			p->sums.sound == 1);
	else
		REQUIRE("another new call puts none on hold", others_unchanged(p, event->call));
	REQUIRE("an incoming call rings, an outgoing one dials",
		p->after->states[event->call] == (event->incoming ? CALL_INCOMING : CALL_DIALING));
	if (event->incoming)
		REQUIRE("a call that rings moves nothing", same_route(p));
	else if (event->device != 0 && p->sums.sound == 1 && p->sums.managed_sound == 1)
		REQUIRE("a call dialled from a headset is there",
			p->after->decision.call.device == event->device);
	return NULL;
}

static const char *law_of_time(const struct passage *p)
{
	REQUIRE("nothing is overdue after a wait",
		p->after->decision.deadline_ms > POLICY_IMAGE_NOW_MS);
	for (uint32_t i = 1; i < MODEL_CALLS; i++)
		REQUIRE("time only answers managed calls",
			p->before->states[i] == p->after->states[i] ||
				(p->before->states[i] == CALL_INCOMING &&
				 (p->ghost->calls[i - 1] & GHOST_MANAGED) != 0 &&
				 p->after->states[i] == CALL_ACTIVE));
	return NULL;
}

static const char *law_of_setting(const struct passage *p)
{
	REQUIRE("a setting changes no call", others_unchanged(p, 0));
	REQUIRE("a setting moves nothing", same_route(p));
	return NULL;
}

static const char *law_of_wired(const struct passage *p)
{
	bool was_handset = p->before->decision.call.kind == ROUTE_HANDSET;

	REQUIRE("the plug changes no call's state", others_unchanged(p, 0));
	if (p->event->type == EVENT_PLUG && !same_route(p))
		REQUIRE("the wired headset takes the call",
			is_on_kind(p, ROUTE_HANDSET) || p->after->decision.rule == RULE_V4);
	if (p->event->type == EVENT_UNPLUG)
		REQUIRE("only from the wired headset the call moves", was_handset || same_route(p));
	return NULL;
}

static const char *law_of_its_event(const struct passage *p)
{
	const struct policy_event *event = p->event;

	switch (event->type) {
	case EVENT_ANSWER:
		return p->before->states[event->call] == CALL_INCOMING ? law_of_answer(p)
								       : law_of_answer_there(p);
	case EVENT_HANGUP:
	case EVENT_REMOTE_HANGUP:
		return law_of_end(p);
	case EVENT_CONNECT:
	case EVENT_DISCONNECT:
	case EVENT_SCO_OPEN:
	case EVENT_SCO_CLOSE:
	case EVENT_SCO_FAIL:
		return law_of_device(p);
	case EVENT_PICK:
	case EVENT_PREFER:
	case EVENT_MOVED:
		return law_of_request(p);
	case EVENT_HOLD:
	case EVENT_UNHOLD:
		return law_of_hold(p);
	case EVENT_CALL:
		return law_of_call(p);
	case EVENT_TIME:
		return law_of_time(p);
	case EVENT_ROUTING:
	case EVENT_AUTO_ANSWER:
	case EVENT_MUTE:
		return law_of_setting(p);
	case EVENT_PLUG:
	case EVENT_UNPLUG:
		return law_of_wired(p);
	case EVENT_MACHINE:
	case EVENT_BROADCAST:
		break;
	}
	return NULL;
}

/* Memory is what was last a call's route: it stays, or becomes the route, or is emptied. What the
 * handset resolves to may change under it. */
static bool memory_may_be(const struct passage *p)
{
	struct route was = p->before->decision.memory, is = p->after->decision.memory;
	struct route none = { 0 }, resolved;

	if (route_equal(is, none) || route_equal(is, was))
		return true;
	if (p->sums.routed > 0 || p->were.routed > 0)
		return p->sums.routed == 0 || route_equal(is, p->after->decision.call);
	if (is.device != 0)
		return p->event->type == EVENT_CONNECT && is.device == was.device;
	return policy_resolve(p->policy, (struct route){ ROUTE_HANDSET }, &resolved) == POLICY_OK &&
	       (was.kind == ROUTE_HANDSET || was.kind == ROUTE_SPEAKER) &&
	       route_equal(is, resolved);
}

/* The only call with sound; else 0. */
static uint32_t call_alone(const struct passage *p)
{
	uint32_t call = 0;

	if (p->sums.sound != 1)
		return 0;
	for (uint32_t i = 1; i < MODEL_CALLS; i++)
		call = has_sound(p->after->states[i]) ? i : call;
	return call;
}

/* Does the event move calls by a default, if it moves them at all? One that was there and comes as
 * something else has gone before. */
static bool leaves_it_to_defaults(const struct passage *p)
{
	switch (p->event->type) {
	case EVENT_CONNECT:
		return p->before->modes[p->event->device] == MODE_OFF;
	case EVENT_DISCONNECT:
	case EVENT_PLUG:
	case EVENT_UNPLUG:
	case EVENT_SCO_OPEN:
	case EVENT_HANGUP:
	case EVENT_REMOTE_HANGUP:
	case EVENT_UNHOLD:
		return true;
	default:
		return false;
	}
}

/* Not by who asked for it: another's end has resumed it. */
static bool resumed(const struct passage *p, uint32_t call)
{
	return (p->event->type == EVENT_HANGUP || p->event->type == EVENT_REMOTE_HANGUP) &&
	       p->before->states[call] == CALL_HELD;
}

static const char *law_of_a_call_alone(const struct passage *p, const struct step *step)
{
	uint32_t call = call_alone(p);
	struct route expected;

	if (call == 0)
		return NULL;
	if (p->were.routed == 0 && p->sums.routed == 1 &&
	    alone_expected(p->policy, p->from, step, call, p->ghost, &expected))
		REQUIRE("a call that stands alone goes where the rule book says",
			route_equal(p->after->decision.call, expected));
	if (p->were.routed == 0 || !alone_preferred(p->policy, call, p->ghost, &expected))
		return NULL;
	if (!same_route(p) && leaves_it_to_defaults(p))
		REQUIRE("what moves a call by itself moves it to its application's preference",
			route_equal(p->after->decision.call, expected));
	if (resumed(p, call))
		REQUIRE("a call that goes on after another is where its application wants it",
			route_equal(p->after->decision.call, expected));
	return NULL;
}

const char *law_of_step(const struct policy *policy, const struct situation *from,
			const struct step *step, const struct view *after,
			const struct ghost *ghost)
{
	struct passage p = {
		.policy = policy,
		.from = from,
		.before = &from->view,
		.after = after,
		.event = &step->event,
		.ghost = ghost,
		.sums = sum_up(after, ghost),
		.were = sum_up(&from->view, &from->ghost),
	};
	const char *law = law_of_a_call_alone(&p, step);

	if (law != NULL)
		return law;
	REQUIRE("memory names nothing that was not a call's route", memory_may_be(&p));
	REQUIRE("mute changes by its own event, an answer, or the last call's end",
		after->decision.muted == from->view.decision.muted ||
			step->event.type == EVENT_MUTE || !after->decision.muted);
	return law_of_its_event(&p);
}
