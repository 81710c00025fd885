/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "rules.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- what the rows are made of --------------------------------------------------------------- */

static bool to(struct route *ret, enum route_kind kind)
{
	*ret = (struct route){ .kind = kind };
	return true;
}

static bool to_device(struct route *ret, const struct device *device)
{
	if (device == NULL)
		return false;
	*ret = device_route(device);
	return true;
}

static bool eligible(const struct facts *f, struct route route)
{
	return policy_check(f->policy, route, policy_unmanaged(f->policy, f->call)) == POLICY_OK;
}

/* A Bluetooth route that a default may choose: a headset that is there and not barred by X3. */
static bool usable_headset(const struct policy *p, struct route route)
{
	const struct device *device;

	if (route.kind != ROUTE_HEADSET)
		return false;
	device = devices_connected(&p->devices, route.device);
	return device != NULL && device_is_headset(device) && !device->failed;
}

/* While a wired headset is plugged the machine has a handset, also for a video call: who wears it
 * does not want the loudspeaker (ours; X6 moves a running call there just so). */
static bool built_in_default(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;
	bool video =
		f->call != NULL ? f->call->video : calls_concerned(&p->calls, p->calls.n.video) > 0;

	if (p->wired)
		return to(ret, ROUTE_HANDSET);
	return to(ret, video || !p->has_handset ? ROUTE_SPEAKER : ROUTE_HANDSET);
}

struct route policy_built_in_default(const struct policy *policy)
{
	struct route route;

	(void)built_in_default(&(struct facts){ .policy = policy }, &route);
	return route;
}

/* ---- the user, and the headsets' buttons ----------------------------------------------------- */

static bool actor(const struct facts *f, struct route *ret)
{
	return to_device(ret, f->actor);
}

/* P9: the pick covers the calls that rang when it was made. */
static bool picked_while_ringing(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;

	if (f->actor != NULL || p->pick.kind == ROUTE_NONE || f->call->born > p->picked_at ||
	    !eligible(f, p->pick))
		return false;
	*ret = p->pick;
	return true;
}

/* P4 also stands against the defaults of a further call that joins those it was made for. I1 and
 * I2 have put these on hold before the rows are asked, so that a pick does not bind the second
 * call. */
static bool picked_or_pick_stands(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;
	uint32_t left = count_sound(p->calls.n.all);

	if ((f->on & (ON_PICK | ON_MOVED)) != 0) {
		*ret = f->asked;
		return true;
	}
	if (p->pick.kind == ROUTE_NONE || f->actor != NULL)
		return false;
	for (const struct call *c = p->calls.newest; left > 0; c = c->older) {
		if (!call_has_sound(c))
			continue;
		left--;
		if (c != f->call && c->born < p->picked_at) {
			*ret = p->decision.call;
			return true;
		}
	}
	return false;
}

/* ---- the application ------------------------------------------------------------------------- */

/* "Until the user picks": a pick in the life of the call ends it for good, a button only what was
 * stated before. */
static bool preference_stands(const struct facts *f, const struct call *c)
{
	const struct policy *p = f->policy;

	return c->prefers.kind != ROUTE_NONE && p->picked_at < c->born &&
	       p->acted_at < c->prefers_at && eligible(f, c->prefers);
}

static bool preferred(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;
	const struct call *found = NULL;

	if (p->calls.n_preferring == 0)
		return false;
	if (f->call != NULL && preference_stands(f, f->call)) {
		found = f->call;
	} else if (f->on != ON_PREFER) {
		/* of several, the one stated last */
		for (const struct call *c = p->calls.oldest; c != NULL; c = c->newer) {
			if (call_has_sound(c) && preference_stands(f, c) &&
			    (found == NULL || found->prefers_at < c->prefers_at))
				found = c;
		}
	}
	if (found == NULL)
		return false;
	*ret = policy_canonical(p, found->prefers);
	return true;
}

/* ---- defaults of managed calls --------------------------------------------------------------- */

static bool automatic_setting(const struct facts *f, struct route *ret)
{
	return f->policy->routing == ROUTING_AUTOMATIC && to(ret, ROUTE_HANDSET);
}

static bool speaker_setting(const struct facts *f, struct route *ret)
{
	return f->policy->routing == ROUTING_SPEAKER && to(ret, ROUTE_SPEAKER);
}

static bool headset_setting(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;
	struct route memory = policy_canonical(p, p->memory);

	if (p->routing != ROUTING_HEADSET)
		return false;
	if (usable_headset(p, memory)) {
		*ret = memory;
		return true;
	}
	if (to_device(ret, p->devices.headsets.last))
		return true;
	if (p->devices.n_headsets == 0 && p->devices.speakers.last != NULL)
		return false; /* S2 knows better */
	return to(ret, ROUTE_HANDSET);
}

/* S2: what the setting comes to where no headset is connected. */
static bool speaker_for_headset(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;

	return p->routing == ROUTING_HEADSET && p->devices.n_headsets == 0 &&
	       to_device(ret, p->devices.speakers.last);
}

/* P8: nobody is at the machine, so without a headset it has to be heard across the room. */
static bool answered_by_itself(const struct facts *f, struct route *ret)
{
	if (f->policy->routing != ROUTING_AUTOMATIC)
		return false;
	return to_device(ret, f->policy->devices.headsets.last) || to(ret, ROUTE_SPEAKER);
}

/* ---- defaults of unmanaged calls ------------------------------------------------------------- */

/* What memory names but may not be used (a headset that has gone or failed, a Bluetooth speaker)
 * stands for "a headset": the last connected one. */
static bool remembered(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;
	struct route memory = policy_canonical(p, p->memory);

	if (p->devices.n_headsets == 0 || memory.kind == ROUTE_NONE)
		return false;
	if (!route_is_bluetooth(memory) || usable_headset(p, memory)) {
		*ret = memory;
		return true;
	}
	return to_device(ret, p->devices.headsets.last);
}

/* A call that joins others does not drag them to its own default: an application that starts a video
 * call must not put a private one on the loudspeaker (ours). */
static bool joins_or_built_in_default(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;

	if (policy_in_call(p) && count_sound(p->calls.n.all) > 1 && eligible(f, p->decision.call)) {
		*ret = p->decision.call;
		return true;
	}
	return built_in_default(f, ret);
}

static bool last_headset(const struct facts *f, struct route *ret)
{
	return to_device(ret, f->policy->devices.headsets.last);
}

static bool goes_on(const struct facts *f, struct route *ret)
{
	*ret = f->policy->decision.call;
	return true;
}

/* ---- devices come and go --------------------------------------------------------------------- */

static bool headset_came(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;

	if (!device_is_headset(f->actor) || !f->actor->auto_route)
		return false;
	if (p->routing == ROUTING_SPEAKER && calls_concerned(&p->calls, p->calls.n.managed) > 0)
		return false;
	return to_device(ret, f->actor);
}

static bool most_recently_attached(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;
	const struct device *device = p->devices.headsets.last;

	if (p->wired && (device == NULL || p->wired_attached > device->attached))
		return to(ret, ROUTE_HANDSET);
	return to_device(ret, device) || built_in_default(f, ret);
}

static bool wired_came_or_went(const struct facts *f, struct route *ret)
{
	return f->on == ON_PLUG ? to(ret, ROUTE_HANDSET) : built_in_default(f, ret);
}

static bool back_to_before(const struct facts *f, struct route *ret)
{
	const struct policy *p = f->policy;
	struct route before = policy_canonical(p, p->before);
	const struct device *device = devices_connected(&p->devices, before.device);

	if (before.kind == ROUTE_NONE || (device != NULL && device->failed))
		return false;
	*ret = before;
	return true;
}

static bool handset(const struct facts *f, struct route *ret)
{
	return to(ret, ROUTE_HANDSET);
}

static bool none(const struct facts *f, struct route *ret)
{
	return to(ret, ROUTE_NONE);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define STANDING (ON_START | ON_ANSWER)

/* clang-format off */
static const struct row rows[] = {
	{ .text = { RULE_P2, "managed call, headset answer",
		    "the headset whose button it was, whatever the setting or an earlier pick",
		    "account" },
	  .reason = "answered with the headset's button",
	  .on = ON_ANSWER, .about = MANAGED, .decide = actor },
	{ .text = { RULE_V3, "unmanaged call, user picks a route",
		    "as P4",
		    "account" },
	  .reason = "picked by the user",
	  .on = ON_PICK, .about = UNMANAGED, .as = { RULE_P4 } },
	{ .text = { RULE_X9, "another program moves the call's sound (a mixer moves the stream, "
		    "or sets the card's profile or port)",
		    "taken as the user's pick, not fought; when it leads nowhere callroute knows,"
		    " it stays there until the next event",
		    "ours" },
	  .reason = "moved by another program",
	  .on = ON_MOVED, .as = { RULE_P4 } },
	{ .text = { RULE_P9, "the user picks a route while the call still rings, then answers on "
		    "this machine",
		    "the pick",
		    "ours" },
	  .reason = "picked by the user while it rang",
	  .on = ON_ANSWER | ON_AUTO_ANSWER, .decide = picked_while_ringing },
	{ .text = { RULE_X4, "the headset closes SCO during a call, service level still up",
		    "handset: the user moved the sound to this machine",
		    "HFP audio transfer" },
	  .reason = "moved to this machine with the headset's button",
	  .on = ON_SCO_CLOSE, .decide = handset },
	{ .text = { RULE_P7, "call dialled from a headset (ATD, AT+BLDN, voice dial)",
		    "that headset",
		    "completed" },
	  .reason = "dialled from the headset",
	  .on = ON_START, .decide = actor },
	{ .text = { RULE_P4, "any call, the user picks a route",
		    "that route, at once",
		    "account" },
	  .reason = "picked by the user",
	  .on = ON_PICK | STANDING, .decide = picked_or_pick_stands },
	{ .text = { RULE_V4, "app states a preferred input for its call",
		    "that endpoint, for this call, until the user picks",
		    "account" },
	  .reason = "preferred by the application",
	  .on = ON_PREFER | STANDING | ON_AUTO_ANSWER | ON_CONNECT | ON_GONE | ON_PLUG | ON_UNPLUG |
		ON_SCO_OPEN | ON_SCO_FAILED | ON_RESUME | ON_INELIGIBLE,
	  .decide = preferred },
	{ .text = { RULE_X5, "the headset opens SCO, or asks for it (AT+BCC), during a call",
		    "that headset; but the late echo of an attempt that we cancelled is closed "
		    "again",
		    "HFP audio transfer" },
	  .reason = "the headset asked for the sound",
	  .on = ON_SCO_OPEN | ON_ANSWER, .decide = actor },
	{ .text = { RULE_X3, "SCO to the headset in force cannot be set up (3 tries, 500 ms "
		    "apart, 5 s in all)",
		    "back to the route before the request if it is still there, else as X2; "
		    "reason headset-failed; the headset is not chosen by default again until it "
		    "reconnects, is picked, or its button is pressed",
		    "ours" },
	  .reason = "headset-failed",
	  .on = ON_SCO_FAILED, .decide = back_to_before, .as = { RULE_X2 } },
	{ .text = { RULE_X1, "a call-capable headset connects during a call",
		    "the call moves to it (not a managed call under setting speaker; not a device"
		    " configured auto-route = false); a Bluetooth speaker does not take a call by"
		    " itself; a ringing call only rings there too",
		    "completed" },
	  .reason = "a headset connected",
	  .on = ON_CONNECT, .decide = headset_came },
	{ .text = { RULE_X2, "the headset in force disconnects during a call",
		    "the most recently attached remaining headset (wired or Bluetooth), else "
		    "built-in default; the call goes on",
		    "completed" },
	  .reason = "the headset disconnected",
	  .on = ON_GONE, .decide = most_recently_attached },
	{ .text = { RULE_X6, "a wired headset is plugged in a call: it takes the call (as "
		    "handset). Unplugged while in force",
		    "built-in default; a speaker choice from before the plugging is gone",
		    "completed" },
	  .reason = "the wired headset was plugged or unplugged",
	  .on = ON_PLUG | ON_UNPLUG, .decide = wired_came_or_went },

	{ .text = { RULE_P8, "auto-answer is on and its delay passes",
		    "setting headset or speaker: as P3, P5; automatic: the last connected call-"
		    "capable headset, else speaker",
		    "completed" },
	  .reason = "answered by itself",
	  .on = ON_AUTO_ANSWER, .about = MANAGED, .decide = answered_by_itself,
	  .as = { RULE_P3, RULE_P5 } },
	{ .text = { RULE_P1, "managed call, device answer, routing setting automatic",
		    "handset",
		    "account" },
	  .reason = "answered on this machine",
	  .on = ON_ANSWER, .about = MANAGED, .decide = automatic_setting },
	{ .text = { RULE_P3, "managed call, device answer, setting headset, a call-capable "
		    "headset connected",
		    "a headset (memory's if it is one, else the last connected); with none "
		    "connected: handset",
		    "account" },
	  .reason = "the setting sends calls to a headset",
	  .on = ON_ANSWER, .about = MANAGED, .decide = headset_setting, .as = { RULE_S2 } },
	{ .text = { RULE_P5, "managed call, device answer or dialled here, setting speaker",
		    "speaker",
		    "completed" },
	  .reason = "the setting sends calls to the speaker",
	  .on = ON_ANSWER | ON_START, .about = MANAGED, .decide = speaker_setting },
	{ .text = { RULE_P6, "managed call dialled on this machine, setting automatic",
		    "as V1, V2, V6 (setting headset: as P3)",
		    "completed" },
	  .reason = "dialled on this machine",
	  .on = ON_START, .about = MANAGED, .as = { RULE_P3, RULE_V1, RULE_V2, RULE_V6 } },

	{ .text = { RULE_I1, "a managed call is answered during an unmanaged one",
		    "P1, P2, P3, P5 decide; the unmanaged call is held; memory becomes that "
		    "route; when the managed call ends, the unmanaged one resumes on memory's "
		    "route",
		    "account" },
	  .reason = "resumed after the managed call",
	  .on = ON_RESUME, .about = UNMANAGED, .decide = goes_on, .as = { RULE_V1, RULE_V6 } },
	{ .text = { RULE_I2, "a managed call is answered, or dialled from a headset, during another managed "
		    "one",
		    "the same rules decide for both; the first is held. When the second is hung "
		    "up on this machine or by a headset, the first resumes; when the remote party"
		    " ends it, the first stays held until somebody resumes it, so that nobody is "
		    "overheard",
		    "completed" },
	  .reason = "resumed after the second call",
	  .on = ON_RESUME, .about = MANAGED, .decide = goes_on },
	{ .text = { RULE_S1, "unmanaged call",
		    "a Bluetooth speaker is never eligible, even with a microphone; picking it is"
		    " refused with an error that says so",
		    "account" },
	  .reason = "a Bluetooth speaker may not carry this call",
	  .on = ON_INELIGIBLE, .as = { RULE_V1, RULE_V6 } },

	{ .text = { RULE_V1, "unmanaged call starts, memory not empty",
		    "memory's route (a headset that has gone: the last connected one)",
		    "account" },
	  .reason = "last used since a headset connected",
	  .on = STANDING, .about = UNMANAGED, .decide = remembered },
	{ .text = { RULE_V2, "unmanaged call starts, memory empty, a call-capable headset "
		    "connected",
		    "the last connected one",
		    "account" },
	  .reason = "the last connected headset",
	  .on = STANDING, .about = UNMANAGED, .decide = last_headset },
	{ .text = { RULE_V6, "unmanaged call starts, no call-capable headset",
		    "built-in default",
		    "completed" },
	  .reason = "no headset is connected",
	  .on = STANDING, .about = UNMANAGED, .decide = joins_or_built_in_default },

	{ .text = { RULE_X7, "the last call ends",
		    "SCO released, profile restored, media back to M1; memory kept",
		    "completed" },
	  .reason = "the last call ended",
	  .on = ON_END, .decide = none },

	/* These choose no route for a call by themselves; policy.c keeps them where it says so. */
	{ .text = { RULE_S2, "managed call",
		    "a call-capable Bluetooth speaker is eligible: by its own button, by the "
		    "user, by setting headset when no headset is connected; never by itself",
		    "account" },
	  .decide = speaker_for_headset },
	{ .text = { RULE_V5, "any route to a headset",
		    "the headset is put into headset mode (HFP) for the call and back into A2DP "
		    "after it",
		    "account" } },
	{ .text = { RULE_S3, "playback only (audience of a live broadcast)",
		    "a Bluetooth speaker or headset over A2DP is eligible; no headset mode is "
		    "entered. When it begins to record it becomes an unmanaged call",
		    "account" } },
	{ .text = { RULE_M1, "media playback, no call",
		    "the Bluetooth device over A2DP, whatever memory says",
		    "account" } },
	{ .text = { RULE_X8, "mute",
		    "belongs to the calls, survives route changes, is off when a call is answered"
		    " and when the last call ends",
		    "completed" } },
	{ .text = { RULE_X10, "an unmanaged call uses a headset and nothing else tells the "
		    "headset of a call",
		    "it is told of one (indicators, call list) while its SCO is open, since many "
		    "drop SCO otherwise",
		    "demand" } },
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(rows) == RULE_COUNT - 1, "each rule has its one row");

const struct row *rules_rows(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(rows);
	return rows;
}

const struct row *rules_row(enum policy_rule rule)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].text.rule == rule)
			return &rows[i];
	}
	return NULL;
}

const struct policy_rule_text *policy_rule_text(enum policy_rule rule)
{
	const struct row *row = rules_row(rule);

	return row == NULL ? NULL : &row->text;
}

/* No row may send calls to a device that has gone or may not carry all of them (S1); only where
 * another program has done so already it stays (X9). */
static bool carries(const struct facts *facts, struct route route)
{
	return !route_is_bluetooth(route) || facts->on == ON_MOVED || eligible(facts, route);
}

bool rules_row_decides(const struct row *row, const struct facts *facts, struct verdict *ret)
{
	ret->rule = row->text.rule;
	ret->via = RULE_NONE;
	ret->reason = row->reason;
	if (row->decide != NULL && row->decide(facts, &ret->route) && carries(facts, ret->route))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(row->as) && row->as[i] != RULE_NONE; i++) {
		const struct row *as = rules_row(row->as[i]);
		struct verdict verdict;

		if (!rules_row_decides(as, facts, &verdict))
			continue;
		ret->route = verdict.route;
		ret->via = row->as[i];
		return true;
	}
	return false;
}

enum about rules_about(const struct facts *facts)
{
	bool managed =
		facts->call != NULL ? facts->call->managed : !policy_unmanaged(facts->policy, NULL);

	return managed ? MANAGED : UNMANAGED;
}

bool rules_decide(const struct facts *facts, struct verdict *ret)
{
	enum about about = rules_about(facts);
	struct verdict verdict;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rules_row_asked(&rows[i], facts->on, about) ||
		    !rules_row_decides(&rows[i], facts, &verdict))
			continue;
		verdict.route = policy_canonical(facts->policy, verdict.route);
		*ret = verdict;
		return true;
	}
	return false;
}
