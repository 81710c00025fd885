/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The plan is found in one pass over the snapshot for each kind of action, in the order in which
 * they are to be carried out. Nothing is kept from one plan to the next: what was there before our
 * first change is part of the snapshot, and whoever carries out the actions remembers it.
 */
#include "plan.h"

struct planner {
	const struct plan_snapshot *now;
	const struct plan_desired *desired;
	struct plan *plan;
	const struct plan_node *sink;
	const struct plan_node *source;
	bool missing; /* something of the route is still to appear */
};

static void add(struct planner *p, struct plan_action action)
{
	if (p->plan->n == PLAN_MAX_ACTIONS)
		p->plan->truncated = true;
	else
		p->plan->actions[p->plan->n++] = action;
}

static bool wants_headset_mode(const struct planner *p, route_device device)
{
	for (size_t i = 0; i < p->desired->n_headset_mode; i++) {
		if (p->desired->headset_mode[i] == device)
			return device != 0;
	}
	return false;
}

/* ---- which nodes the route means ------------------------------------------------------------ */

static const struct plan_node *find_bluetooth(const struct planner *p, bool capture)
{
	route_device device = p->desired->call.device;
	bool headset_mode = wants_headset_mode(p, device);

	for (size_t i = 0; i < p->now->n_nodes; i++) {
		const struct plan_node *node = &p->now->nodes[i];

		if (node->device == device && node->capture == capture &&
		    node->headset_mode == headset_mode)
			return node;
	}
	return NULL;
}

static const struct plan_node *find_local(const struct planner *p, enum route_kind kind,
					  bool capture)
{
	for (size_t i = 0; i < p->now->n_nodes; i++) {
		const struct plan_node *node = &p->now->nodes[i];

		if (node->device == 0 && node->capture == capture && node->kind == kind)
			return node;
	}
	return NULL;
}

static const struct plan_node *find_first(const struct planner *p, const enum route_kind *kinds,
					  bool capture)
{
	const struct plan_node *node = NULL;

	for (; *kinds != ROUTE_NONE && node == NULL; kinds++)
		node = find_local(p, *kinds, capture);
	return node;
}

/* The kinds of nodes that may serve a local route, best first. A wired headset without a
 * microphone (headphones) is used with the machine's own; its sound goes nowhere else. */
static const enum route_kind *local_kinds(const struct planner *p, bool capture)
{
	static const enum route_kind handset_first[] = { ROUTE_HANDSET, ROUTE_SPEAKER, ROUTE_NONE };
	static const enum route_kind speaker_first[] = { ROUTE_SPEAKER, ROUTE_HANDSET, ROUTE_NONE };
	static const enum route_kind wired_only[] = { ROUTE_WIRED, ROUTE_NONE };
	static const enum route_kind wired_first[] = { ROUTE_WIRED, ROUTE_HANDSET, ROUTE_SPEAKER,
						       ROUTE_NONE };
	enum route_kind kind = p->desired->call.kind;

	if (kind == ROUTE_WIRED || (kind == ROUTE_HANDSET && p->desired->wired))
		return capture ? wired_first : wired_only;
	if (kind == ROUTE_HANDSET && (capture || p->desired->has_handset))
		return handset_first;
	return speaker_first;
}

static void find_nodes(struct planner *p)
{
	if (p->desired->call.kind == ROUTE_NONE)
		return;
	if (route_is_bluetooth(p->desired->call)) {
		p->sink = find_bluetooth(p, false);
		p->source = find_bluetooth(p, true);
		if (p->source == NULL && wants_headset_mode(p, p->desired->call.device))
			p->missing = true;
	} else {
		p->sink = find_first(p, local_kinds(p, false), false);
		p->source = find_first(p, local_kinds(p, true), true);
	}
	if (p->sink == NULL)
		p->missing = true;
	p->plan->sink = p->sink != NULL ? p->sink->id : PLAN_NONE;
	p->plan->source = p->source != NULL ? p->source->id : PLAN_NONE;
}

/* ---- profiles -------------------------------------------------------------------------------- */

static void enter_headset_mode(struct planner *p)
{
	for (size_t i = 0; i < p->now->n_cards; i++) {
		const struct plan_card *card = &p->now->cards[i];

		if (!wants_headset_mode(p, card->device) || card->profile == PLAN_NONE ||
		    card->profile_hfp == PLAN_NONE || card->profile == card->profile_hfp)
			continue;
		add(p, (struct plan_action){
			       .type = PLAN_SET_PROFILE,
			       .id = card->id,
			       .value = card->profile_hfp,
			       .found = card->profile_found != PLAN_NONE ? card->profile_found
									 : card->profile,
		       });
	}
}

/* Now, or soon by our own doing. */
static uint32_t profile_soon(const struct plan_card *card)
{
	return card->profile_asked != PLAN_NONE ? card->profile_asked : card->profile;
}

/* A headset that knows nothing but headset mode, while the call is elsewhere. */
static bool is_kept_off(const struct planner *p, const struct plan_card *card)
{
	return p->desired->call.kind != ROUTE_NONE && !wants_headset_mode(p, card->device) &&
	       card->profile_hfp != PLAN_NONE && card->profile_a2dp == PLAN_NONE &&
	       card->profile_off != PLAN_NONE &&
	       (card->profile_found == PLAN_NONE || card->profile_found == card->profile_hfp);
}

static bool wants_voice_profile(const struct planner *p, const struct plan_card *card)
{
	return p->desired->cellular && p->desired->call.kind != ROUTE_NONE && card->device == 0 &&
	       card->profile_voice != PLAN_NONE;
}

/* Switched off, it is not meant to sound, or nobody has chosen its profile yet. */
static bool lacks_voice_profile(const struct planner *p, const struct plan_card *card)
{
	return wants_voice_profile(p, card) && card->profile != PLAN_NONE &&
	       card->profile != card->profile_voice && card->profile != card->profile_off &&
	       (card->profile_found == PLAN_NONE || card->profile == card->profile_found);
}

static void enter_voice_profile(struct planner *p)
{
	for (size_t i = 0; i < p->now->n_cards; i++) {
		const struct plan_card *card = &p->now->cards[i];

		if (lacks_voice_profile(p, card))
			add(p, (struct plan_action){ .type = PLAN_SET_PROFILE,
						     .id = card->id,
						     .value = card->profile_voice,
						     .found = card->profile });
	}
}

static void leave_headset_mode(struct planner *p)
{
	for (size_t i = 0; i < p->now->n_cards; i++) {
		const struct plan_card *card = &p->now->cards[i];

		if (is_kept_off(p, card) && card->profile != PLAN_NONE &&
		    profile_soon(card) == card->profile_hfp)
			add(p, (struct plan_action){ .type = PLAN_SET_PROFILE,
						     .id = card->id,
						     .value = card->profile_off,
						     .found = card->profile_hfp });
	}
}

static bool is_ours(const struct plan_card *card)
{
	uint32_t profile = profile_soon(card);

	if (profile == card->profile_found)
		return false;
	return profile == card->profile_hfp || profile == card->profile_voice ||
	       (profile == card->profile_off && (card->profile_found == card->profile_hfp ||
						 card->profile_asked == card->profile_off));
}

static void give_back_profiles(struct planner *p)
{
	for (size_t i = 0; i < p->now->n_cards; i++) {
		const struct plan_card *card = &p->now->cards[i];

		if (card->profile_found == PLAN_NONE || card->profile == PLAN_NONE ||
		    wants_headset_mode(p, card->device) || is_kept_off(p, card) ||
		    wants_voice_profile(p, card))
			continue;
		/* Headset mode may still be on its way, and so may what was found. A third profile
		 * is somebody else's choice since; it is not fought. */
		if (is_ours(card) || card->profile_asked == card->profile_found)
			add(p, (struct plan_action){ .type = PLAN_SET_PROFILE,
						     .id = card->id,
						     .value = card->profile_found,
						     .found = PLAN_NONE });
		else
			add(p, (struct plan_action){ .type = PLAN_FORGET_PROFILE, .id = card->id });
	}
}

/* ---- ports ----------------------------------------------------------------------------------- */

static uint32_t active_port(const struct planner *p, const struct plan_port *like)
{
	for (size_t i = 0; i < p->now->n_ports; i++) {
		const struct plan_port *port = &p->now->ports[i];

		if (port->card == like->card && port->device == like->device && port->active)
			return port->index;
	}
	return PLAN_NONE;
}

static uint32_t found_port(const struct planner *p, const struct plan_port *like)
{
	for (size_t i = 0; i < p->now->n_ports; i++) {
		const struct plan_port *port = &p->now->ports[i];

		if (port->card == like->card && port->device == like->device && port->found)
			return port->index;
	}
	return PLAN_NONE;
}

static bool is_picked(const struct planner *p, const struct plan_port *like)
{
	for (size_t i = 0; i < p->now->n_ports; i++) {
		const struct plan_port *port = &p->now->ports[i];

		if (port->card == like->card && port->device == like->device && port->picked)
			return true;
	}
	return false;
}

static void set_port(struct planner *p, const struct plan_node *node)
{
	const struct plan_port *port;
	uint32_t found;

	if (node == NULL || node->port >= p->now->n_ports)
		return;
	port = &p->now->ports[node->port];
	if (port->active || port->card >= p->now->n_cards || is_picked(p, port))
		return;
	/* its ports are others soon */
	if (lacks_voice_profile(p, &p->now->cards[port->card]))
		return;
	found = found_port(p, port);
	add(p, (struct plan_action){ .type = PLAN_SET_PORT,
				     .id = p->now->cards[port->card].id,
				     .value = port->index,
				     .device = port->device,
				     .found = found != PLAN_NONE ? found : active_port(p, port) });
}

static bool uses_port_device(const struct planner *p, const struct plan_node *node,
			     const struct plan_port *port)
{
	const struct plan_port *used;

	if (node == NULL || node->port >= p->now->n_ports)
		return false;
	used = &p->now->ports[node->port];
	return used->card == port->card && used->device == port->device;
}

static void give_back_ports(struct planner *p)
{
	for (size_t i = 0; i < p->now->n_ports; i++) {
		const struct plan_port *port = &p->now->ports[i];

		if (!port->found || port->card >= p->now->n_cards ||
		    uses_port_device(p, p->sink, port) || uses_port_device(p, p->source, port))
			continue;
		add(p, (struct plan_action){
			       .type = port->active ? PLAN_FORGET_PORT : PLAN_SET_PORT,
			       .id = p->now->cards[port->card].id,
			       .value = port->index,
			       .device = port->device,
			       .found = PLAN_NONE,
		       });
	}
}

/* ---- targets --------------------------------------------------------------------------------- */

static void set_targets(struct planner *p)
{
	for (size_t i = 0; i < p->now->n_streams; i++) {
		const struct plan_stream *stream = &p->now->streams[i];
		const struct plan_node *node = stream->capture ? p->source : p->sink;

		if (!stream->in_call || p->desired->call.kind == ROUTE_NONE) {
			if (stream->ours)
				add(p, (struct plan_action){ .type = PLAN_CLEAR_TARGET,
							     .id = stream->id });
			continue;
		}
		/* Without a node the stream stays where it is: nobody gains from a detour. */
		if (node == NULL || stream->moved_from == node->serial)
			continue;
		/* A stream that was moved to where it is wanted now becomes ours again. */
		if (stream->target == node->serial && stream->moved_from == 0)
			continue;
		add(p, (struct plan_action){
			       .type = PLAN_SET_TARGET, .id = stream->id, .serial = node->serial });
	}
}

void plan_compute(const struct plan_snapshot *snapshot, const struct plan_desired *desired,
		  struct plan *ret)
{
	struct planner p = { .now = snapshot, .desired = desired, .plan = ret };

	ret->n = 0;
	ret->truncated = false;
	ret->sink = PLAN_NONE;
	ret->source = PLAN_NONE;
	find_nodes(&p);
	enter_headset_mode(&p);
	enter_voice_profile(&p);
	set_port(&p, p.sink);
	set_port(&p, p.source);
	set_targets(&p);
	leave_headset_mode(&p);
	give_back_ports(&p);
	give_back_profiles(&p);
	if (p.missing)
		add(&p, (struct plan_action){ .type = PLAN_WAIT_NODE });
	ret->in_force = ret->n == 0 && !ret->truncated;
}
