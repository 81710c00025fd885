/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Images. What is left out here is what nothing reads any more: the ages beyond the last limit, the
 * route before one that needs no set-up, the order counts of what has no rival.
 */
#include "copy.h"

#include "events.h"

#include <errno.h>
#include <string.h>

#define NAMED_MAX (6 + POLICY_IMAGE_CALLS)
#define NOWHERE 0xff
#define STRANGER 0xfe

static const struct route no_route;

/* ---- saving ---------------------------------------------------------------------------------- */

struct saver {
	const struct policy *policy;
	struct policy_image *image;
	uint32_t ring_ms;
	bool bluetooth; /* the route in force needs a set-up: what is about it counts */
	uint8_t *at;
};

static void put(struct saver *s, unsigned int value)
{
	*s->at++ = (uint8_t)value;
}

static void put_age(struct saver *s, uint64_t since_ms, unsigned int clamp)
{
	uint64_t age = s->policy->now_ms - since_ms;
	unsigned int value = age < clamp ? (unsigned int)age : clamp;

	put(s, value & 0xff);
	put(s, value >> 8);
}

/* What is due: the time that is left. */
static void put_left(struct saver *s, uint64_t at_ms)
{
	uint64_t now_ms = s->policy->now_ms;

	put_age(s, now_ms - (at_ms > now_ms ? at_ms - now_ms : 0), 0xffff);
}

static unsigned int place_of(const struct policy_image *image, route_device id)
{
	for (unsigned int i = 0; i < image->n_devices; i++) {
		if (image->devices[i] == id)
			return i;
	}
	return NOWHERE;
}

static void put_route(struct saver *s, struct route route)
{
	put(s, route.kind);
	put(s, route.device == 0 ? NOWHERE : place_of(s->image, route.device));
}

/* The devices that something names, in a fixed order; 0 where it names none. */
static unsigned int find_named(const struct saver *s, route_device named[static NAMED_MAX])
{
	const struct policy *p = s->policy;
	unsigned int n = 0;

	named[n++] = p->decision.call.device;
	named[n++] = p->memory.device;
	named[n++] = p->pick.device;
	named[n++] = s->bluetooth ? p->before.device : 0;
	named[n++] = p->playback.device;
	named[n++] = p->echo_of;
	for (const struct call *c = p->calls.oldest; c != NULL; c = c->newer)
		named[n++] = c->prefers.device;
	return n;
}

static unsigned int named_first(const route_device *named, unsigned int n, route_device id)
{
	unsigned int i = 0;

	while (i < n && named[i] != id)
		i++;
	return i;
}

/* Those gone have no order of their own: by kind, then by what names them. */
static int place_devices(struct saver *s)
{
	const struct devices *devices = &s->policy->devices;
	struct policy_image *image = s->image;
	unsigned int order[POLICY_IMAGE_DEVICES];
	route_device named[NAMED_MAX];
	unsigned int n_named = find_named(s, named), n = 0, first_gone;

	for (const struct device *d = devices->connected.oldest; d != NULL; d = d->newer) {
		if (n == POLICY_IMAGE_DEVICES)
			return -E2BIG;
		image->devices[n++] = d->id;
	}
	first_gone = n;
	for (const struct device *d = devices->gone.oldest; d != NULL; d = d->newer) {
		unsigned int key = d->kind * 256u + named_first(named, n_named, d->id);
		unsigned int i = n++;

		if (i == POLICY_IMAGE_DEVICES)
			return -E2BIG;
		for (; i > first_gone && order[i - 1] > key; i--) {
			order[i] = order[i - 1];
			image->devices[i] = image->devices[i - 1];
		}
		order[i] = key;
		image->devices[i] = d->id;
	}
	image->n_devices = n;
	for (unsigned int i = 0; i < n_named; i++) {
		if (named[i] == 0 || place_of(image, named[i]) != NOWHERE)
			continue;
		if (image->n_devices == POLICY_IMAGE_DEVICES)
			return -E2BIG;
		image->devices[image->n_devices++] = named[i];
	}
	return 0;
}

static int place_calls(struct saver *s)
{
	struct policy_image *image = s->image;

	image->n_calls = 0;
	for (const struct call *c = s->policy->calls.oldest; c != NULL; c = c->newer) {
		if (image->n_calls == POLICY_IMAGE_CALLS)
			return -E2BIG;
		image->calls[image->n_calls++] = c->id;
	}
	return 0;
}

static void put_devices(struct saver *s)
{
	const struct policy *p = s->policy;
	const struct policy_image *image = s->image;

	put(s, image->n_devices);
	for (unsigned int i = 0; i < image->n_devices; i++) {
		const struct device *d = devices_known(&p->devices, image->devices[i]);

		if (d == NULL) {
			put(s, NOWHERE);
		} else if (!d->connected) {
			put(s, d->kind);
		} else {
			put(s, d->kind | 1u << 2 | (unsigned int)d->call_capable << 3 |
				       (unsigned int)d->auto_route << 4 |
				       (unsigned int)d->failed << 5 |
				       (unsigned int)(p->wired && d->attached > p->wired_attached)
					       << 6);
			put(s, d->resumed < NOWHERE ? d->resumed : NOWHERE);
		}
	}
}

static unsigned int compare(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? 3 : 2;
}

/* How many of the calls' preferences were stated before. */
static unsigned int preferences_before(const struct policy *p, uint64_t at)
{
	unsigned int n = 0;

	if (p->calls.n_preferring == 0)
		return 0;
	for (const struct call *c = p->calls.oldest; c != NULL; c = c->newer)
		n += c->prefers.kind != ROUTE_NONE && c->prefers_at < at;
	return n;
}

static void put_calls(struct saver *s)
{
	const struct policy *p = s->policy;
	const struct policy_image *image = s->image;

	put(s, image->n_calls);
	for (const struct call *c = p->calls.oldest; c != NULL; c = c->newer) {
		unsigned int holder = 0;
		bool prefers = c->prefers.kind != ROUTE_NONE;
		bool rings = c->state == CALL_INCOMING && c->managed;

		while (holder < image->n_calls && image->calls[holder] != c->held_by)
			holder++;
		put(s, c->state | (unsigned int)c->managed << 3 | (unsigned int)c->video << 4 |
			       (unsigned int)c->answered << 5 | (unsigned int)c->broadcast << 6);
		put(s, c->state == CALL_ENDED ? 0 : compare(c->born, p->picked_at));
		put(s, c->held_by == 0 ? NOWHERE : holder == image->n_calls ? STRANGER : holder);
		put_route(s, c->prefers);
		/* two for each, so that the user's last act has a place between them */
		put(s, prefers ? 2 + 2 * preferences_before(p, c->prefers_at) : 0);
		put_age(s, rings ? c->since_ms : p->now_ms, s->ring_ms);
	}
	put(s, p->calls.n_preferring == 0 ? 0 : 1 + 2 * preferences_before(p, p->acted_at));
}

static void put_setup(struct saver *s)
{
	const struct policy *p = s->policy;
	const struct sco_setup *sco = &p->sco;
	bool failed = s->bluetooth && sco->n_failed > 0;
	bool echo = p->echo_of != 0 && p->now_ms < p->echo_until_ms;

	put(s, sco->n_failed | (unsigned int)(s->bluetooth && sco->seen) << 3);
	/* After a failure it is asked for only when that is forgotten, and then it is long ago. */
	put_age(s, failed ? 0 : s->bluetooth ? sco->since_ms : p->now_ms, X3_FIRST_TRY_MS + 1);
	put_age(s, failed ? sco->first_try_ms : p->now_ms, X3_IN_ALL_MS);
	put_age(s, failed ? sco->last_fail_ms : p->now_ms, X3_FORGET_MS + 1);
	put(s, sco->next_try_ms != 0);
	put_left(s, sco->next_try_ms);
	put(s, echo ? place_of(s->image, p->echo_of) : NOWHERE);
	put_left(s, echo ? p->echo_until_ms : 0);
}

int policy_save(const struct policy *policy, uint32_t ring_ms, struct policy_image *ret)
{
	const struct policy_decision *decision = &policy->decision;
	struct saver s = {
		.policy = policy,
		.image = ret,
		.ring_ms = ring_ms,
		.bluetooth = route_is_bluetooth(decision->call),
		.at = ret->bytes,
	};

	if (ring_ms > 0xffff || policy->auto_answer_seconds > 0xffff || place_calls(&s) < 0 ||
	    place_devices(&s) < 0)
		return -E2BIG;
	put(&s, policy->routing | (unsigned int)policy->has_handset << 2 |
			(unsigned int)policy->wired << 3 | (unsigned int)decision->muted << 4 |
			(unsigned int)(decision->rule == RULE_X9) << 5);
	put(&s, policy->auto_answer_seconds & 0xff);
	put(&s, policy->auto_answer_seconds >> 8);
	put_devices(&s);
	put_calls(&s);
	put_route(&s, decision->call);
	put_route(&s, policy->memory);
	put_route(&s, policy->pick);
	put_route(&s, s.bluetooth ? policy->before : no_route);
	put_route(&s, policy->playback);
	put_setup(&s);
	ret->n_key = (size_t)(s.at - ret->bytes);
	put(&s, decision->rule);
	put(&s, decision->via);
	memcpy(s.at, &decision->reason, sizeof(decision->reason));
	s.at += sizeof(decision->reason);
	ret->n_bytes = (size_t)(s.at - ret->bytes);
	return 0;
}

/* ---- loading --------------------------------------------------------------------------------- */

struct loader {
	struct policy *policy;
	const uint8_t *at;
};

static unsigned int get(struct loader *l)
{
	return *l->at++;
}

static unsigned int get_16(struct loader *l)
{
	unsigned int low = get(l);

	return low | get(l) << 8;
}

static uint64_t get_since(struct loader *l)
{
	return POLICY_IMAGE_NOW_MS - get_16(l);
}

static route_device get_device(struct loader *l)
{
	unsigned int place = get(l);

	return place == NOWHERE ? 0 : place + 1;
}

static struct route get_route(struct loader *l)
{
	enum route_kind kind = (enum route_kind)get(l);

	return (struct route){ .kind = kind, .device = get_device(l) };
}

static void empty(struct policy *p)
{
	struct devices *devices = &p->devices;
	struct device *last = NULL;

	while (p->calls.oldest != NULL)
		calls_remove(&p->calls, p->calls.oldest);
	memset(devices->index.entries, 0,
	       (devices->index.mask + 1) * sizeof(*devices->index.entries));
	devices->connected = devices->gone = (struct device_list){ 0 };
	devices->n_connected = devices->n_headsets = 0;
	devices->changes++;
	devices->headsets = devices->speakers = (struct device_choice){ 0 };
	for (uint32_t i = 0; i < devices->limit; i++) {
		devices->all[i] = (struct device){ .older = last };
		if (last != NULL)
			last->newer = &devices->all[i];
		last = &devices->all[i];
	}
	devices->unused = (struct device_list){ .oldest = devices->all, .newest = last };
}

static void load_devices(struct loader *l)
{
	struct policy *p = l->policy;
	unsigned int n = get(l);

	for (unsigned int i = 0; i < n; i++) {
		unsigned int flags = get(l);
		struct device *device;
		bool connected = flags & 1u << 2;

		if (flags == NOWHERE)
			continue;
		device = devices_connect(&p->devices, &(struct device){
							      .id = i + 1,
							      .kind = (enum device_kind)(flags & 3),
							      .call_capable = flags & 1u << 3,
							      .auto_route = flags & 1u << 4,
							      .attached = flags & 1u << 6 ? 3 : 1,
							      .resumed = connected ? get(l) : 0,
						      });
		if (!connected)
			devices_disconnect(&p->devices, device);
		else
			devices_set_failed(&p->devices, device, flags & 1u << 5);
	}
}

static void load_calls(struct loader *l)
{
	struct calls *calls = &l->policy->calls;
	unsigned int n = get(l);

	for (unsigned int i = 0; i < n; i++) {
		unsigned int flags = get(l), born = get(l);
		route_device held_by = get_device(l);
		struct route prefers = get_route(l);
		uint64_t prefers_at = get(l);
		struct call *call = calls_add(calls, &(struct call){
							     .id = i + 1,
							     .born = born,
							     .since_ms = get_since(l),
							     .state = (enum call_state)(flags & 7),
							     .held_by = (uint32_t)held_by,
							     .managed = flags & 1u << 3,
							     .video = flags & 1u << 4,
							     .answered = flags & 1u << 5,
							     .broadcast = flags & 1u << 6,
						     });

		calls_set_preference(calls, call, prefers, prefers_at);
	}
	l->policy->acted_at = get(l);
}

static void load_setup(struct loader *l)
{
	struct policy *p = l->policy;
	unsigned int flags = get(l);
	bool due;

	p->sco.n_failed = flags & 7;
	p->sco.seen = flags >> 3;
	p->sco.since_ms = get_since(l);
	p->sco.first_try_ms = get_since(l);
	p->sco.last_fail_ms = get_since(l);
	due = get(l);
	p->sco.next_try_ms = get_16(l);
	p->sco.next_try_ms = due ? POLICY_IMAGE_NOW_MS + p->sco.next_try_ms : 0;
	p->echo_of = get_device(l);
	p->echo_until_ms = POLICY_IMAGE_NOW_MS + get_16(l);
}

void policy_load(struct policy *policy, const uint8_t *bytes)
{
	struct policy_decision *decision = &policy->decision;
	struct loader l = { .policy = policy, .at = bytes };
	unsigned int flags = get(&l);
	struct route memory;

	empty(policy);
	policy->why.rule = RULE_NONE;
	policy->now_ms = POLICY_IMAGE_NOW_MS;
	policy->order = 1000;
	policy->picked_at = policy->wired_attached = 2;
	policy->routing = (enum policy_routing)(flags & 3);
	policy->has_handset = flags & 1u << 2;
	policy->wired = flags & 1u << 3;
	decision->muted = flags & 1u << 4;
	policy->auto_answer_seconds = get_16(&l);
	load_devices(&l);
	load_calls(&l);
	decision->call = get_route(&l);
	memory = get_route(&l);
	policy->pick = get_route(&l);
	policy->before = get_route(&l);
	policy->playback = get_route(&l);
	load_setup(&l);
	decision->rule = (enum policy_rule)get(&l);
	decision->via = (enum policy_rule)get(&l);
	memcpy(&decision->reason, l.at, sizeof(decision->reason));
	policy_restore_memory(policy, memory);
}
