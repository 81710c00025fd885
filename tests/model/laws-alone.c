/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The rule book once more, from what can be asked of a core and what the ghost has seen, for one call
 * that no other stands beside.
 */
#include "model.h"

/* What the defaults rest on. */
struct scene {
	bool managed;
	bool video;
	bool by_itself;       /* answered by nobody (P8) */
	bool dialled;         /* else answered */
	bool wired;           /* plugged */
	bool handset;         /* an earpiece */
	bool any_headset;     /* connected, even one that has failed (X3) */
	struct route memory;  /* before the call */
	struct route headset; /* the last connected one that has not failed, or NONE */
	struct route speaker; /* the same of Bluetooth speakers */
	enum policy_routing routing;
};

static struct route of_kind(enum route_kind kind)
{
	return (struct route){ .kind = kind };
}

static struct route handset(const struct scene *s)
{
	return of_kind(s->wired || s->handset ? ROUTE_HANDSET : ROUTE_SPEAKER);
}

/* V6 */
static struct route built_in(const struct scene *s)
{
	return s->video && !s->wired ? of_kind(ROUTE_SPEAKER) : handset(s);
}

/* P3, S2 */
static struct route by_setting_headset(const struct policy *policy, const struct scene *s)
{
	struct policy_device devices[MODEL_DEVICES];
	size_t n = policy_devices(policy, devices, MODEL_DEVICES);

	for (size_t i = 0; i < n; i++) {
		if (s->memory.kind == ROUTE_HEADSET && devices[i].device == s->memory.device &&
		    devices[i].call_capable && !devices[i].failed)
			return s->memory;
	}
	if (s->headset.kind != ROUTE_NONE)
		return s->headset;
	if (!s->any_headset && s->speaker.kind != ROUTE_NONE)
		return s->speaker;
	return handset(s);
}

/* V1, V2, V6 */
static struct route by_memory(const struct policy *policy, const struct scene *s)
{
	struct policy_device devices[MODEL_DEVICES];
	size_t n = policy_devices(policy, devices, MODEL_DEVICES);

	if (!s->any_headset)
		return built_in(s);
	for (size_t i = 0; i < n; i++) {
		if (s->memory.kind == ROUTE_HEADSET && devices[i].device == s->memory.device &&
		    devices[i].call_capable && !devices[i].failed)
			return s->memory;
	}
	if (s->memory.kind == ROUTE_HANDSET || s->memory.kind == ROUTE_SPEAKER)
		return s->memory;
	return s->headset.kind != ROUTE_NONE ? s->headset : built_in(s);
}

static struct route by_default(const struct policy *policy, const struct scene *s)
{
	if (!s->managed)
		return by_memory(policy, s);
	switch (s->routing) {
	case ROUTING_HEADSET:
		return by_setting_headset(policy, s);
	case ROUTING_SPEAKER:
		return of_kind(ROUTE_SPEAKER);
	case ROUTING_AUTOMATIC:
		break;
	}
	if (s->dialled)
		return by_memory(policy, s);
	if (!s->by_itself)
		return handset(s);
	return s->headset.kind != ROUTE_NONE ? s->headset : of_kind(ROUTE_SPEAKER);
}

static void look_at_devices(const struct policy *policy, struct scene *scene)
{
	struct policy_device devices[MODEL_DEVICES];
	size_t n = policy_devices(policy, devices, MODEL_DEVICES);

	for (size_t i = 0; i < n; i++) {
		bool speaker = devices[i].kind == DEVICE_SPEAKER;
		struct route route = { .kind = speaker ? ROUTE_BT_SPEAKER : ROUTE_HEADSET,
				       .device = devices[i].device };

		if (!devices[i].call_capable)
			continue;
		scene->any_headset = scene->any_headset || !speaker;
		if (devices[i].failed)
			continue;
		if (speaker)
			scene->speaker = route;
		else
			scene->headset = route;
	}
}

/* A route that was named when calls rang: a device that is there, and no wired headset that is not. */
static bool still_may(const struct policy *policy, struct ghost_route named, struct route *ret)
{
	struct route route = { .kind = (enum route_kind)named.kind, .device = named.device };

	return named.kind != ROUTE_NONE && policy_resolve(policy, route, ret) == POLICY_OK &&
	       policy_route_eligible(policy, *ret, NULL);
}

bool alone_preferred(const struct policy *policy, uint32_t call, const struct ghost *ghost,
		     struct route *ret)
{
	return (ghost->calls[call - 1] & (GHOST_PICKED | GHOST_ACTED)) == 0 &&
	       still_may(policy, ghost->prefers[call - 1], ret);
}

/* P2, P7, then V4, then X5; but a speaker's button does not get it what it may not carry (S1). */
static struct route by_button(const struct policy *policy, const struct scene *s, uint32_t call,
			      const struct ghost *ghost, route_device device)
{
	bool speaker = ghost->devices[device - 1] & GHOST_SPEAKER, may = s->managed || !speaker;
	struct route preferred;

	if (may && (s->managed || s->dialled))
		goto there;
	if (alone_preferred(policy, call, ghost, &preferred))
		return preferred;
	if (!may)
		return by_default(policy, s);
there:
	return (struct route){ .kind = speaker ? ROUTE_BT_SPEAKER : ROUTE_HEADSET,
			       .device = device };
}

bool alone_expected(const struct policy *policy, const struct situation *from,
		    const struct step *step, uint32_t call, const struct ghost *ghost,
		    struct route *ret)
{
	const struct policy_event *event = &step->event;
	struct scene scene = {
		.managed = ghost->calls[call - 1] & GHOST_MANAGED,
		.video = ghost->calls[call - 1] & GHOST_VIDEO,
		.by_itself = step->wait,
		.dialled = event->type == EVENT_CALL || event->type == EVENT_BROADCAST,
		.handset = !ghost->no_handset,
		.memory = from->view.decision.memory,
		.routing = (enum policy_routing)ghost->routing,
	};
	struct route route;

	if (!step->wait && !scene.dialled && event->type != EVENT_ANSWER)
		return false;
	scene.wired = policy_resolve(policy, of_kind(ROUTE_WIRED), &route) == POLICY_OK;
	look_at_devices(policy, &scene);
	if (event->device != 0)
		*ret = by_button(policy, &scene, call, ghost, event->device);
	else if ((ghost->calls[call - 1] & GHOST_PICKED) != 0 &&
		 still_may(policy, from->ghost.pick, &route))
		*ret = route;
	else if (alone_preferred(policy, call, ghost, &route))
		*ret = route;
	else
		*ret = by_default(policy, &scene);
	return true;
}
