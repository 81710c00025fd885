/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What another program chose on a card (X9): a Bluetooth card's mode, or a port. PipeWire does not say
 * who set a parameter, and the session manager sets the same ones by itself, so a choice is told by
 * what is seen of it:
 *
 *   saved         Profile and Route tell whether they were set to be remembered. Mixers on PulseAudio's
 *                 interface (pactl, pavucontrol, the desktops') always ask for that. The session
 *                 manager never does for a profile, nor do we for anything.
 *   no cause      The session manager acts upon something that is seen, too. Ports: one came or went, or
 *                 the profile changed; what it then sets it marks as saved. Profiles: the list of them
 *                 changed; and where its auto-switch is left on, a stream began to record, for headset
 *                 mode, or stopped two seconds ago, for the mode before. wpctl (0.4) saves nothing, so its
 *                 profiles are told from those by there being no such cause.
 *   not ours      We did not ask for it, or so long ago that it cannot be the answer.
 *
 * What is left in doubt is taken for the session manager's, whose profile or port is set again: a call
 * that leaves its headset by itself is worse than a choice that has to be made twice. And a change
 * within a mode (another codec) moves nothing.
 *
 * A choice stays after the call: what was found before is not given back over it.
 */
#include "private.h"

#include "daemon/log.h"

/** From a cause to what the session manager does about it, at most. */
#define CAUSE_NS UINT64_C(3000000000)
/** Its auto-switch waits for two seconds after the last stream stopped, so one that stopped just now is no
 * cause: they also stop because the profile was changed, which may be seen before the profile is. */
#define STOPPED_NS UINT64_C(1000000000)
/** From a profile that is given back to one that an auto-switch restores, at most. */
#define RESTORED_NS UINT64_C(5000000000)
/** A card that has just come gets its profile, and its ports, from the session manager. */
#define NEW_CARD_NS UINT64_C(5000000000)

static bool within(uint64_t since_ns, uint64_t ns)
{
	return since_ns != 0 && graph_now_ns() - since_ns < ns;
}

void picks_capture(struct graph *graph, bool began)
{
	uint64_t now_ns = graph_now_ns();

	if (began) {
		graph->began_ns = now_ns;
	} else if (!within(graph->stopped_ns[0], STOPPED_NS)) {
		graph->stopped_ns[1] = graph->stopped_ns[0];
		graph->stopped_ns[0] = now_ns;
	}
}

void picks_card_cause(struct card *card)
{
	card->cause_ns = graph_now_ns();
}

/* Some stream stopped to record, and long enough ago. */
static bool auto_switch_is_due(const struct graph *graph)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(graph->stopped_ns); i++) {
		if (within(graph->stopped_ns[i], CAUSE_NS + STOPPED_NS) &&
		    !within(graph->stopped_ns[i], STOPPED_NS))
			return true;
	}
	return false;
}

/* Is there a reason for which the session manager may have set the profile by itself? */
static bool has_cause(const struct card *card, enum profile_class to)
{
	const struct graph *graph = card->global.graph;

	if (within(card->cause_ns, CAUSE_NS) || within(card->since_ns, NEW_CARD_NS) ||
	    card_profile_asked(card) != PLAN_NONE)
		return true;
	if (to == PROFILE_HFP)
		return within(graph->began_ns, CAUSE_NS);
	return auto_switch_is_due(graph);
}

/* An auto-switch that saw the call's stream begin to record when the card was in headset mode already takes
 * that for what it has to restore, two seconds after the call. It is a trace of the call. */
static bool restores_ours(const struct card *card)
{
	return card->given_back != PLAN_NONE && card->profile_found == PLAN_NONE &&
	       within(card->given_back_ns, RESTORED_NS) && auto_switch_is_due(card->global.graph) &&
	       card->global.graph->began_ns < card->given_back_ns &&
	       !card_shows_what_was_asked(card);
}

void picks_profile(struct card *card, uint32_t before, bool saved)
{
	const struct card_profile *now = card_find_profile(card, card->profile);
	const struct card_profile *old = card_find_profile(card, before);

	if (now == NULL || old == NULL || now->index == old->index)
		return;
	if (card->bluetooth != 0 && now->class != old->class && !card_shows_what_was_asked(card) &&
	    (saved || !has_cause(card, now->class))) {
		log_debug("another program set the mode of card %u", card->global.id);
		card->picked = true;
		card->profile_found = PLAN_NONE;
		record_profile(card);
	}
	if (!saved && now->class == PROFILE_HFP && restores_ours(card)) {
		card->profile_found = card->given_back;
		record_profile(card);
	}
	picks_card_cause(card);
}

static bool is_ours(const struct card *card, const struct card_active *active)
{
	for (uint32_t i = 0; i < card->n_found; i++) {
		if (card->found[i].device == active->device)
			return card->found[i].set == active->route;
	}
	return false;
}

static void drop_found(struct card *card, uint32_t device)
{
	for (uint32_t i = 0; i < card->n_found; i++) {
		if (card->found[i].device != device)
			continue;
		record_port(card, device, NULL);
		card->found[i] = card->found[--card->n_found];
		return;
	}
}

static const struct card_active *find_active(const struct card *card, uint32_t device)
{
	for (uint32_t i = 0; i < card->n_active; i++) {
		if (card->active[i].device == device)
			return &card->active[i];
	}
	return NULL;
}

void picks_ports(struct card *card, struct card_active *now, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct card_active *old = find_active(card, now[i].device);

		if (old != NULL && old->route == now[i].route) {
			now[i].picked = old->picked;
			now[i].untold = old->untold;
		} else if (old != NULL && now[i].saved && !is_ours(card, &now[i]) &&
			   !within(card->cause_ns, CAUSE_NS) &&
			   !within(card->since_ns, NEW_CARD_NS)) {
			log_debug("another program set a port of card %u", card->global.id);
			now[i].picked = true;
			now[i].untold = true;
			drop_found(card, now[i].device);
		}
	}
}

bool picks_stands(const struct card *card, uint32_t device)
{
	const struct card_active *active = find_active(card, device);

	return active != NULL && active->picked;
}

/* ---- for the engine ------------------------------------------------------------------------------ */

static bool next_of_card(struct card *card, struct graph_pick *ret)
{
	const struct card_profile *profile = card_find_profile(card, card->profile);

	if (card->picked) {
		card->picked = false;
		*ret = (struct graph_pick){
			.card = card->global.id,
			.device = card->bluetooth,
			.headset_mode = profile != NULL && profile->class == PROFILE_HFP,
		};
		return true;
	}
	for (uint32_t i = 0; i < card->n_active; i++) {
		if (!card->active[i].untold)
			continue;
		card->active[i].untold = false;
		*ret = (struct graph_pick){ .card = card->global.id,
					    .port_device = card->active[i].device,
					    .port = card->active[i].route };
		return true;
	}
	return false;
}

bool graph_next_pick(struct graph *graph, struct graph_pick *ret)
{
	struct global *global;

	spa_list_for_each (global, &graph->lists[GLOBAL_CARD], link) {
		if (next_of_card((struct card *)global, ret))
			return true;
	}
	return false;
}

void graph_forget_picks(struct graph *graph)
{
	struct global *global;

	spa_list_for_each (global, &graph->lists[GLOBAL_CARD], link) {
		struct card *card = (struct card *)global;

		for (uint32_t i = 0; i < card->n_active; i++) {
			if (card->active[i].picked)
				graph->stale_endpoints = true;
			card->active[i].picked = false;
		}
	}
}
