/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * From the graph to the planner's snapshot: which node is which endpoint. A node's claim to a kind
 * has a rank by where it comes from, and the best claim is listed first:
 *
 *   what is configured, or written on the node by "callroute.endpoint"
 *   a port of a telling type (speaker, earpiece, headphones, internal microphone), or a card whose
 *     form factor tells
 *   any other hardware: a plain output or input, which serves as the loudspeaker or microphone
 *   a digital output (HDMI, S/PDIF)
 *   a microphone's port that says it is not there: a built-in one does while a jack is plugged
 *
 * Among equals the configured default is first, then the default, then the session manager's
 * priority, then the older one. Bluetooth nodes are told apart by device and mode.
 */
#include "private.h"

#include <stdlib.h>
#include <string.h>

enum rank { RANK_ABSENT, RANK_DIGITAL, RANK_PLAIN, RANK_TOLD, RANK_MARKED };

#define KIND(kind) (1u << (kind))

/* ---- cards and ports ----------------------------------------------------------------------------- */

/* A found profile that is gone cannot be given back; A2DP is what it was but for its codec. And A2DP is
 * what a card that had just come would have got, or else headset mode: off is only what it began with. */
static void prepare_found(struct card *card)
{
	const struct card_profile *found;
	uint32_t a2dp, hfp;

	if (card->profile_found == PLAN_NONE || card->n_profiles == 0)
		return;
	found = card_find_profile(card, card->profile_found);
	a2dp = card_best_profile(card, PROFILE_A2DP);
	hfp = card_best_profile(card, PROFILE_HFP);
	if (found == NULL || (card->unsettled && found->class != PROFILE_A2DP && a2dp != PLAN_NONE))
		card->profile_found = a2dp;
	else if (card->unsettled && found->class == PROFILE_OFF && hfp != PLAN_NONE)
		card->profile_found = hfp;
}

/* Headset mode is headset mode, whatever the codec: PipeWire 1.6 shows another profile than it was asked
 * for, from its list of those of all codecs. */
static uint32_t found_profile(const struct card *card, uint32_t hfp)
{
	const struct card_profile *found = card_find_profile(card, card->profile_found);

	return found != NULL && found->class == PROFILE_HFP ? hfp : card->profile_found;
}

static void add_card(struct graph *graph, struct card *card)
{
	uint32_t hfp;

	if (graph_grow(&graph->cards, &graph->cards_size, graph->snapshot.n_cards,
		       sizeof(*graph->cards)) < 0)
		return;
	card_believe_nodes(card);
	prepare_found(card);
	hfp = card_best_profile(card, PROFILE_HFP);
	card->index = (uint32_t)graph->snapshot.n_cards++;
	graph->cards[card->index] = (struct plan_card){
		.id = card->global.id,
		.device = card->bluetooth,
		.profile = card->profile,
		.profile_hfp = hfp,
		.profile_a2dp = card_best_profile(card, PROFILE_A2DP),
		.profile_off = card_best_profile(card, PROFILE_OFF),
		.profile_voice = card_best_profile(card, PROFILE_VOICE),
		.profile_found = found_profile(card, hfp),
		.profile_asked = card_profile_asked(card),
	};
}

static bool port_was_found(const struct card *card, uint32_t device, uint32_t route)
{
	for (uint32_t i = 0; i < card->n_found; i++) {
		if (card->found[i].device == device && card->found[i].found == route)
			return true;
	}
	return false;
}

/* All ports of the node's device, so that the planner sees which one is active. Returns the index of
 * @wanted among them. */
static uint32_t add_ports(struct graph *graph, const struct card *card, uint32_t device,
			  const struct card_route *wanted)
{
	uint32_t ret = PLAN_NONE;

	for (size_t i = 0; i < graph->snapshot.n_ports; i++) {
		const struct plan_port *port = &graph->ports[i];

		if (port->card == card->index && port->device == device &&
		    port->index == wanted->index)
			return (uint32_t)i;
	}
	for (uint32_t i = 0; i < card->n_routes; i++) {
		const struct card_route *route = &card->routes[i];
		size_t n = graph->snapshot.n_ports;

		if (!card_route_usable(card, route, device))
			continue;
		if (graph_grow(&graph->ports, &graph->ports_size, n, sizeof(*graph->ports)) < 0)
			return PLAN_NONE;
		graph->snapshot.n_ports++;
		graph->ports[n] = (struct plan_port){
			.card = card->index,
			.index = route->index,
			.device = device,
			.active = card_active_route(card, device) == route->index,
			.found = port_was_found(card, device, route->index),
			.picked = card_active_route(card, device) == route->index &&
				  picks_stands(card, device),
		};
		if (route == wanted)
			ret = (uint32_t)n;
	}
	return ret;
}

/* ---- claims -------------------------------------------------------------------------------------- */

static int64_t score(const struct graph *graph, const struct node *node, enum rank rank)
{
	enum default_node which = node->capture ? DEFAULT_SOURCE : DEFAULT_SINK;
	int64_t value = (int64_t)rank * 4;

	if (node->name != NULL && strcmp(node->name, graph->default_configured[which]) == 0)
		value += 2;
	if (node->name != NULL && strcmp(node->name, graph->default_now[which]) == 0)
		value += 1;
	return value << 32 | (uint32_t)SPA_CLAMP(node->priority, 0, INT32_MAX);
}

static void claim(struct graph *graph, const struct node *node, const struct plan_node *entry,
		  enum rank rank)
{
	size_t n = graph->snapshot.n_nodes;
	int64_t value = score(graph, node, rank);

	if (graph_grow(&graph->nodes, &graph->nodes_size, n, sizeof(*graph->nodes)) < 0 ||
	    graph_grow(&graph->ranks, &graph->ranks_size, n, sizeof(*graph->ranks)) < 0)
		return;
	for (; n > 0 && graph->ranks[n - 1] < value; n--) {
		graph->nodes[n] = graph->nodes[n - 1];
		graph->ranks[n] = graph->ranks[n - 1];
	}
	graph->nodes[n] = *entry;
	graph->nodes[n].id = node->global.id;
	graph->nodes[n].serial = node->serial;
	graph->nodes[n].capture = node->capture;
	graph->ranks[n] = value;
	graph->snapshot.n_nodes++;
}

static void claim_local(struct graph *graph, const struct node *node, const struct card *card,
			enum route_kind kind, const struct card_route *route, enum rank rank)
{
	struct plan_node entry = { .kind = kind, .port = PLAN_NONE };

	if (route != NULL)
		entry.port = add_ports(graph, card, node->device, route);
	claim(graph, node, &entry, rank);
}

/* The session manager's own node in front of a headset's microphone (WirePlumber 0.5) names its card, but
 * not the address. */
static route_device node_device(const struct node *node, const struct card *card)
{
	if (node->bluetooth != 0 || card == NULL)
		return node->bluetooth;
	return card->bluetooth;
}

static void claim_bluetooth(struct graph *graph, const struct node *node, const struct card *card)
{
	const struct card_profile *profile =
		card != NULL ? card_find_profile(card, card->profile) : NULL;
	struct plan_node entry = { .device = node_device(node, card), .port = PLAN_NONE };

	/* A session manager's own node in front of the microphone has no profile of its own and
	 * stays through changes; it carries the headset's sound while the card is in that mode. */
	entry.headset_mode = node->bluetooth_hfp || (!node->bluetooth_a2dp && profile != NULL &&
						     profile->class == PROFILE_HFP);
	entry.kind = entry.headset_mode ? ROUTE_HEADSET : ROUTE_BT_SPEAKER;
	claim(graph, node, &entry, RANK_TOLD);
}

/* ---- what a port is ------------------------------------------------------------------------------ */

static unsigned int output_kinds(const struct card_route *route)
{
	switch (route->type) {
	case PORT_SPEAKER:
		return KIND(ROUTE_SPEAKER);
	case PORT_HANDSET:
		return KIND(ROUTE_HANDSET);
	case PORT_HEADPHONES:
	case PORT_HEADSET:
		/* Without jack detection nobody knows whether anything is plugged. */
		return route->available == SPA_PARAM_AVAILABILITY_yes ? KIND(ROUTE_WIRED) : 0;
	case PORT_MICROPHONE:
	case PORT_DIGITAL:
	case PORT_UNKNOWN:
		break;
	}
	return 0;
}

static unsigned int input_kinds(const struct card_route *route)
{
	switch (route->type) {
	case PORT_HANDSET:
		return KIND(ROUTE_HANDSET);
	case PORT_HEADSET:
		return route->available == SPA_PARAM_AVAILABILITY_yes ? KIND(ROUTE_WIRED) : 0;
	case PORT_MICROPHONE:
		return KIND(ROUTE_HANDSET) | KIND(ROUTE_SPEAKER);
	case PORT_SPEAKER:
	case PORT_HEADPHONES:
	case PORT_DIGITAL:
	case PORT_UNKNOWN:
		break;
	}
	return 0;
}

static unsigned int form_kinds(enum form_factor form, bool capture)
{
	switch (form) {
	case FORM_HANDSET:
		return KIND(ROUTE_HANDSET);
	case FORM_HEADSET:
		return KIND(ROUTE_WIRED);
	case FORM_SPEAKER:
	case FORM_INTERNAL:
		return capture ? KIND(ROUTE_HANDSET) | KIND(ROUTE_SPEAKER) : KIND(ROUTE_SPEAKER);
	case FORM_MICROPHONE:
		return capture ? KIND(ROUTE_HANDSET) | KIND(ROUTE_SPEAKER) : 0;
	case FORM_UNKNOWN:
		break;
	}
	return 0;
}

/* A built-in microphone has no jack to tell whether it is there. */
static int presence(const struct card_route *route)
{
	if (route->available == SPA_PARAM_AVAILABILITY_no)
		return 0;
	return route->capture && route->available == SPA_PARAM_AVAILABILITY_unknown ? 2 : 1;
}

static bool better_route(const struct card *card, uint32_t device, const struct card_route *a,
			 const struct card_route *b)
{
	uint32_t active = card_active_route(card, device);

	if (b == NULL)
		return true;
	if (presence(a) != presence(b))
		return presence(a) > presence(b);
	if ((a->index == active) != (b->index == active))
		return a->index == active;
	return a->priority > b->priority;
}

/* The best port of the node that is of @kind, or NULL. */
static const struct card_route *find_route(const struct node *node, const struct card *card,
					   enum route_kind kind)
{
	const struct card_route *best = NULL;

	for (uint32_t i = 0; card != NULL && i < card->n_routes; i++) {
		const struct card_route *route = &card->routes[i];
		unsigned int kinds = node->capture ? input_kinds(route) : output_kinds(route);

		if (route->capture == node->capture && kinds & KIND(kind) &&
		    card_route_usable(card, route, node->device) &&
		    better_route(card, node->device, route, best))
			best = route;
	}
	return best;
}

static bool is_digital(const struct node *node, const struct card *card)
{
	bool digital = false;

	for (uint32_t i = 0; card != NULL && i < card->n_routes; i++) {
		const struct card_route *route = &card->routes[i];

		if (route->capture != node->capture ||
		    !card_route_usable(card, route, node->device))
			continue;
		if (route->type != PORT_DIGITAL)
			return false;
		digital = true;
	}
	return digital;
}

static void claim_hardware(struct graph *graph, const struct node *node, const struct card *card)
{
	static const enum route_kind kinds[] = { ROUTE_HANDSET, ROUTE_SPEAKER, ROUTE_WIRED };
	enum form_factor form = node->form_factor;
	unsigned int told;
	bool any = false;

	if (form == FORM_UNKNOWN && card != NULL)
		form = card->form_factor;
	told = form_kinds(form, node->capture);
	for (size_t i = 0; i < SPA_N_ELEMENTS(kinds); i++) {
		/* A USB headset's only port may well call itself a speaker. */
		const struct card_route *route =
			form == FORM_HEADSET ? NULL : find_route(node, card, kinds[i]);

		if (route == NULL && !(told & KIND(kinds[i])))
			continue;
		claim_local(graph, node, card, kinds[i], route,
			    route != NULL && route->capture && presence(route) == 0 ? RANK_ABSENT
										    : RANK_TOLD);
		any = true;
	}
	if (any)
		return;
	claim_local(graph, node, card, ROUTE_SPEAKER, NULL,
		    is_digital(node, card) ? RANK_DIGITAL : RANK_PLAIN);
	if (node->capture)
		claim_local(graph, node, card, ROUTE_HANDSET, NULL, RANK_PLAIN);
}

static void claim_marked(struct graph *graph, const struct node *node, const struct card *card)
{
	static const enum route_kind kinds[] = { ROUTE_HANDSET, ROUTE_SPEAKER, ROUTE_WIRED };

	for (size_t i = 0; i < SPA_N_ELEMENTS(kinds); i++) {
		if (node->marked & KIND(kinds[i]))
			claim_local(graph, node, card, kinds[i], find_route(node, card, kinds[i]),
				    RANK_MARKED);
	}
}

static void take_endpoints(struct graph *graph)
{
	struct global *global;

	graph->snapshot.n_cards = 0;
	graph->snapshot.n_ports = 0;
	graph->snapshot.n_nodes = 0;
	spa_list_for_each (global, &graph->lists[GLOBAL_CARD], link)
		add_card(graph, (struct card *)global);
	spa_list_for_each (global, &graph->lists[GLOBAL_NODE], link) {
		const struct node *node = (const struct node *)global;
		const struct card *card = global_find(graph, GLOBAL_CARD, node->card_id);

		if (!global->settled || !node_is_endpoint(node))
			continue;
		if (node->marked != 0)
			claim_marked(graph, node, card);
		else if (node_device(node, card) != 0)
			claim_bluetooth(graph, node, card);
		else
			claim_hardware(graph, node, card);
	}
	graph->snapshot.cards = graph->cards;
	graph->snapshot.ports = graph->ports;
	graph->snapshot.nodes = graph->nodes;
	graph->stale_endpoints = false;
}

static void take_streams(struct graph *graph)
{
	const struct stream *stream;

	graph->snapshot.n_streams = 0;
	spa_list_for_each (stream, &graph->kept, kept_link) {
		size_t n = graph->snapshot.n_streams;

		if (graph_grow(&graph->streams, &graph->streams_size, n, sizeof(*graph->streams)) <
		    0)
			break;
		graph->snapshot.n_streams++;
		graph->streams[n] = (struct plan_stream){
			.id = stream->global.id,
			.capture = stream->capture,
			.in_call = stream->in_call,
			.ours = target_is_ours(&stream->target),
			.had_target = target_is_ours(&stream->target) &&
				      (stream->target.found_object != NULL ||
				       stream->target.found_node != NULL),
			.target = target_serial(stream),
			.target_found = target_found_serial(stream),
			.moved_from = stream->target.moved_from,
		};
	}
	graph->snapshot.streams = graph->streams;
	graph->stale_streams = false;
}

const struct plan_snapshot *graph_snapshot(struct graph *graph)
{
	if (graph->stale_endpoints) {
		take_endpoints(graph);
		graph->stale_streams = true; /* a target may name a node that is there now */
	}
	if (graph->stale_streams)
		take_streams(graph);
	return &graph->snapshot;
}

void graph_endpoints(const struct graph *graph, struct graph_endpoints *ret)
{
	const struct plan_snapshot *now;

	/* Bringing the snapshot up to date changes nothing that a caller can see. */
	now = graph_snapshot((struct graph *)(uintptr_t)graph);
	*ret = (struct graph_endpoints){ 0 };
	for (size_t i = 0; i < now->n_nodes; i++) {
		const struct plan_node *node = &now->nodes[i];

		if (node->capture || node->device != 0)
			continue;
		ret->handset = ret->handset || node->kind == ROUTE_HANDSET;
		ret->speaker = ret->speaker || node->kind == ROUTE_SPEAKER;
		ret->wired = ret->wired || node->kind == ROUTE_WIRED;
	}
}
