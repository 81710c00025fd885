/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The record of a decision, over the same table of rules. Each row that was asked and did not decide
 * has a condition that failed: why_row() looks for it in the order in which the row does.
 */
#include "why.h"

#include "rules.h"

static const char *const texts[] = {
	[WHY_NOT_FIRST] = "another rule goes before it",
	[WHY_NOT_ELIGIBLE] = "its route is not there, or may not carry these calls",
	[WHY_NO_BUTTON] = "no headset's button answered it",
	[WHY_NOT_HERE] = "a headset's button acted, not somebody at this machine",
	[WHY_NOT_DIALLED_THERE] = "it was not dialled from a headset",
	[WHY_NOT_ASKED_THERE] = "no headset asked for the sound",
	[WHY_NO_PICK] = "no route has been picked",
	[WHY_PICK_BEFORE_CALL] = "the pick was made before the call",
	[WHY_PICK_FOR_NO_CALL] = "the pick was for no call that has sound now",
	[WHY_NO_PREFERENCE] = "no application prefers a route",
	[WHY_PREFERENCE_ENDED] = "the user has picked a route or pressed a button since",
	[WHY_NO_ROUTE_BEFORE] = "there was no route before",
	[WHY_FAILED_TOO] = "the headset before has failed too",
	[WHY_NO_HEADSET_CAME] = "what connected is no headset",
	[WHY_NOT_AUTO_ROUTE] = "the device is configured not to take calls by itself",
	[WHY_SETTING_AUTOMATIC] = "the setting is automatic",
	[WHY_SETTING_HEADSET] = "the setting is headset",
	[WHY_SETTING_SPEAKER] = "the setting is speaker",
	[WHY_NO_HEADSET] = "no headset is connected",
	[WHY_A_HEADSET] = "a headset is connected",
	[WHY_NO_SPEAKER] = "no Bluetooth speaker that carries calls is connected",
	[WHY_NOTHING_REMEMBERED] = "nothing is remembered since a headset connected",
	[WHY_HEADSETS_FAILED] = "the sound link to each connected headset has failed",
	[WHY_OTHERWISE] = "its condition does not hold",
};
_Static_assert(sizeof(texts) / sizeof(texts[0]) == WHY_COUNT, "each reason has its words");

const char *why_not_text(enum why_not why)
{
	return texts[why];
}

static const char *occasion_text(enum occasion on)
{
	switch (on) {
	case ON_START:
		return "a call began here";
	case ON_ANSWER:
		return "a call was answered";
	case ON_AUTO_ANSWER:
		return "a call had rung long enough to be answered by itself";
	case ON_PICK:
		return "the user picked a route";
	case ON_MOVED:
		return "another program moved the sound";
	case ON_PREFER:
		return "an application stated a preference";
	case ON_CONNECT:
		return "a device connected";
	case ON_GONE:
		return "the headset in force disconnected";
	case ON_PLUG:
		return "the wired headset was plugged";
	case ON_UNPLUG:
		return "the wired headset was unplugged";
	case ON_SCO_OPEN:
		return "a headset asked for the sound";
	case ON_SCO_CLOSE:
		return "the headset in force gave the sound back";
	case ON_SCO_FAILED:
		return "the sound link to the headset in force failed";
	case ON_RESUME:
		return "the call that held another ended";
	case ON_INELIGIBLE:
		return "the route may not carry the calls that have sound now";
	case ON_END:
		return "the last call ended";
	}
	return "";
}

/* ---- why not ----------------------------------------------------------------------------------- */

static enum why_not setting(const struct policy *p)
{
	switch (p->routing) {
	case ROUTING_AUTOMATIC:
		return WHY_SETTING_AUTOMATIC;
	case ROUTING_HEADSET:
		return WHY_SETTING_HEADSET;
	case ROUTING_SPEAKER:
		return WHY_SETTING_SPEAKER;
	}
	return WHY_OTHERWISE;
}

static enum why_not no_usable_headset(const struct policy *p)
{
	return p->devices.n_headsets == 0 ? WHY_NO_HEADSET : WHY_HEADSETS_FAILED;
}

static enum why_not why_picked_while_ringing(const struct facts *f)
{
	if (f->actor != NULL)
		return WHY_NOT_HERE;
	if (f->policy->pick.kind == ROUTE_NONE)
		return WHY_NO_PICK;
	return f->call->born > f->policy->picked_at ? WHY_PICK_BEFORE_CALL : WHY_NOT_ELIGIBLE;
}

static enum why_not why_pick_stands(const struct facts *f)
{
	if (f->policy->pick.kind == ROUTE_NONE)
		return WHY_NO_PICK;
	return f->actor != NULL ? WHY_NOT_HERE : WHY_PICK_FOR_NO_CALL;
}

static enum why_not why_preferred(const struct facts *f)
{
	const struct policy *p = f->policy;
	enum why_not why = WHY_NO_PREFERENCE;

	for (const struct call *c = p->calls.n_preferring > 0 ? p->calls.oldest : NULL; c != NULL;
	     c = c->newer) {
		if (c->prefers.kind == ROUTE_NONE || (c != f->call && !call_has_sound(c)))
			continue;
		if (p->picked_at < c->born && p->acted_at < c->prefers_at)
			return WHY_NOT_ELIGIBLE;
		why = WHY_PREFERENCE_ENDED;
	}
	return why;
}

static enum why_not why_headset_came(const struct facts *f)
{
	if (!device_is_headset(f->actor))
		return WHY_NO_HEADSET_CAME;
	return f->actor->auto_route ? WHY_SETTING_SPEAKER : WHY_NOT_AUTO_ROUTE;
}

static enum why_not why_speaker_for_headset(const struct policy *p)
{
	if (p->routing != ROUTING_HEADSET)
		return setting(p);
	return p->devices.n_headsets > 0 ? WHY_A_HEADSET : WHY_NO_SPEAKER;
}

static enum why_not why_remembered(const struct policy *p)
{
	if (p->devices.n_headsets == 0)
		return WHY_NO_HEADSET;
	return p->memory.kind == ROUTE_NONE ? WHY_NOTHING_REMEMBERED : WHY_HEADSETS_FAILED;
}

/* Why @row, which was asked, did not decide. */
static enum why_not why_row(const struct row *row, const struct facts *f)
{
	const struct policy *p = f->policy;
	struct route route;

	if (row->decide != NULL && row->decide(f, &route))
		return WHY_NOT_ELIGIBLE;
	switch (row->text.rule) {
	case RULE_P1:
	case RULE_P5:
	case RULE_P8:
		return setting(p);
	case RULE_P2:
		return WHY_NO_BUTTON;
	case RULE_P3:
		return p->routing == ROUTING_HEADSET ? WHY_NO_HEADSET : setting(p);
	case RULE_P4:
		return why_pick_stands(f);
	case RULE_P7:
		return WHY_NOT_DIALLED_THERE;
	case RULE_P9:
		return why_picked_while_ringing(f);
	case RULE_V1:
		return why_remembered(p);
	case RULE_V2:
		return no_usable_headset(p);
	case RULE_V4:
		return why_preferred(f);
	case RULE_S2:
		return why_speaker_for_headset(p);
	case RULE_X1:
		return why_headset_came(f);
	case RULE_X3:
		return p->before.kind == ROUTE_NONE ? WHY_NO_ROUTE_BEFORE : WHY_FAILED_TOO;
	case RULE_X5:
		return WHY_NOT_ASKED_THERE;
	default:
		/* the others decide whenever they are asked, or only by way of others */
		return WHY_OTHERWISE;
	}
}

/* ---- the record -------------------------------------------------------------------------------- */

static void add(struct policy_why *why, enum policy_rule rule, enum why_not reason,
		struct route route)
{
	for (uint32_t i = 0; i < why->n_near; i++) {
		if (why->near[i].rule == rule)
			return;
	}
	if (why->n_near < WHY_MAX_NEAR)
		why->near[why->n_near++] = (struct policy_near){ rule, reason, route };
}

static void add_failed(struct policy_why *why, const struct row *row, const struct facts *facts)
{
	add(why, row->text.rule, why_row(row, facts), (struct route){ 0 });
}

/* The rules that @row is as: those before @until, which is the one that decided. */
static void add_chain(struct policy_why *why, const struct row *row, const struct facts *facts,
		      enum policy_rule until)
{
	for (size_t i = 0; i < ROW_MAX_AS && row->as[i] != RULE_NONE && row->as[i] != until; i++)
		add_failed(why, rules_row(row->as[i]), facts);
}

static void add_row(struct policy_why *why, const struct row *row, const struct facts *facts)
{
	struct verdict verdict;

	if (!rules_row_decides(row, facts, &verdict)) {
		/* one that is only as others has nothing of its own to tell */
		if (row->decide != NULL)
			add_failed(why, row, facts);
		else
			add_chain(why, row, facts, RULE_NONE);
		return;
	}
	verdict.route = policy_canonical(facts->policy, verdict.route);
	if (!route_equal(verdict.route, why->route))
		add(why, row->text.rule, WHY_NOT_FIRST, verdict.route);
}

/* Devices change seldom, so the list of the decision before is mostly this one's too. */
static void list_devices(struct policy_why *why, const struct devices *devices)
{
	const struct device *device = devices->connected.newest;

	if (why->changes == devices->changes)
		return;
	why->changes = devices->changes;
	why->n_devices = devices->n_connected;
	why->n_listed =
		devices->n_connected < WHY_MAX_DEVICES ? devices->n_connected : WHY_MAX_DEVICES;
	for (uint32_t i = why->n_listed; i > 0; i--) {
		why->devices[i - 1] = (struct policy_device){
			.device = device->id,
			.kind = device->kind,
			.call_capable = device->call_capable,
			.auto_route = device->auto_route,
			.failed = device->failed,
		};
		device = device->older;
	}
}

/* Each field by itself: the lists are long, and need not be cleared for every decision. */
static void list_facts(struct policy_why *why, const struct facts *facts)
{
	const struct policy *p = facts->policy;
	const struct call *call = facts->call;

	why->occasion = occasion_text(facts->on);
	why->before = p->decision.call;
	why->call = call != NULL ? call->id : 0;
	why->managed = call != NULL ? call->managed : !policy_unmanaged(p, NULL);
	why->video = call != NULL && call->video;
	why->preference = call != NULL ? call->prefers : (struct route){ 0 };
	why->by_device = (facts->on & (ON_START | ON_ANSWER)) != 0;
	why->actor = facts->actor != NULL ? facts->actor->id : 0;
	why->asked = facts->asked;
	why->pick = p->pick;
	why->memory = policy_canonical(p, p->memory);
	why->routing = p->routing;
	why->wired = p->wired;
	why->has_handset = p->has_handset;
	list_devices(why, &p->devices);
}

void why_record(struct policy_why *why, const struct facts *facts, const struct verdict *verdict)
{
	enum about about = rules_about(facts);
	size_t n_rows;
	const struct row *rows = rules_rows(&n_rows);

	why->rule = verdict->rule;
	why->route = verdict->route;
	why->n_near = 0;
	list_facts(why, facts);
	for (size_t i = 0; i < n_rows; i++) {
		if (!rules_row_asked(&rows[i], facts->on, about))
			continue;
		if (rows[i].text.rule == verdict->rule)
			add_chain(why, &rows[i], facts, verdict->via);
		else
			add_row(why, &rows[i], facts);
	}
}

bool policy_why(const struct policy *policy, struct policy_why *ret)
{
	const struct policy_decision *decision = &policy->decision;

	if (decision->rule == RULE_NONE || decision->rule != policy->why.rule)
		return false;
	*ret = policy->why;
	ret->via = decision->via;
	ret->reason = decision->reason;
	return true;
}
