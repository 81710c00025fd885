/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Carrying out the plan's actions. Profiles and ports are set with save = false: they are a call's,
 * not the user's choice. Requests leave when the loop next runs, which is after the caller returns.
 */
#include "private.h"

#include <spa/param/param.h>
#include <spa/param/profile.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>

/* A card begins with "off", until the session manager has chosen its profile. */
#define CARD_SETTLE_NS 2000000000u

/* When a profile that was asked for is looked for without being told: after so long, twice as long, and
 * so on. */
#define REREAD_MS 250u
#define REREADS_MAX 4u

/* "off" is always the first one of a Bluetooth card. */
#define PROFILE_INDEX_OFF 0u

static void set_profile(struct graph *graph, const struct plan_action *action)
{
	struct card *card = global_find(graph, GLOBAL_CARD, action->id);
	uint8_t buffer[256];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *pod;

	if (card == NULL)
		return;
	if (action->found != PLAN_NONE && action->found != card->profile_found) {
		card->profile_found = action->found;
		card->unsettled = graph_now_ns() - card->since_ns < CARD_SETTLE_NS;
		record_profile(card);
	}
	if (action->found == PLAN_NONE) {
		card->given_back = action->value;
		card->given_back_ns = graph_now_ns();
	}
	if (card->profile_sent == action->value &&
	    graph_now_ns() - card->profile_sent_ns < GRAPH_ECHO_NS)
		return;
	if (card->profile_sent != action->value)
		card->profile_first_ns = graph_now_ns();
	card->profile_sent = action->value;
	card->profile_sent_ns = graph_now_ns();
	card->rereads = 0;
	card->outdated = PLAN_NONE;
	card->global.graph->stale_endpoints = true;
	pod = spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_ParamProfile, SPA_PARAM_Profile,
					 SPA_PARAM_PROFILE_index, SPA_POD_Int((int)action->value),
					 SPA_PARAM_PROFILE_save, SPA_POD_Bool(false));
	pw_device_set_param((struct pw_device *)card->global.proxy, SPA_PARAM_Profile, 0, pod);
	graph_requested(graph);
}

static struct card_found *find_found(struct card *card, uint32_t device)
{
	for (uint32_t i = 0; i < card->n_found; i++) {
		if (card->found[i].device == device)
			return &card->found[i];
	}
	return NULL;
}

static void set_port(struct graph *graph, const struct plan_action *action)
{
	struct card *card = global_find(graph, GLOBAL_CARD, action->id);
	uint8_t buffer[256];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *pod;
	struct card_found *found;

	if (card == NULL)
		return;
	found = find_found(card, action->device);
	if (found == NULL && action->found != PLAN_NONE && card->n_found < CARD_MAX_ACTIVE) {
		found = &card->found[card->n_found++];
		*found = (struct card_found){ .device = action->device, .set = PLAN_NONE };
	}
	if (found != NULL && action->found != PLAN_NONE)
		found->found = action->found;
	if (found != NULL && found->set == action->value && !found->seen &&
	    graph_now_ns() - found->sent_ns < GRAPH_ECHO_NS)
		return;
	if (found != NULL) {
		found->set = action->value;
		found->seen = false;
		found->sent_ns = graph_now_ns();
		record_port(card, action->device, found);
	}
	pod = spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route,
					 SPA_PARAM_ROUTE_index, SPA_POD_Int((int)action->value),
					 SPA_PARAM_ROUTE_device, SPA_POD_Int((int)action->device),
					 SPA_PARAM_ROUTE_save, SPA_POD_Bool(false));
	pw_device_set_param((struct pw_device *)card->global.proxy, SPA_PARAM_Route, 0, pod);
	graph_requested(graph);
}

static void forget_profile(struct graph *graph, const struct plan_action *action)
{
	struct card *card = global_find(graph, GLOBAL_CARD, action->id);

	if (card == NULL)
		return;
	card->profile_found = PLAN_NONE;
	record_profile(card);
	graph_endpoints_changed(graph);
}

static void forget_port(struct graph *graph, const struct plan_action *action)
{
	struct card *card = global_find(graph, GLOBAL_CARD, action->id);
	struct card_found *found = card != NULL ? find_found(card, action->device) : NULL;

	if (found == NULL)
		return;
	record_port(card, action->device, NULL);
	*found = card->found[--card->n_found];
	graph_endpoints_changed(graph);
}

static void act(struct graph *graph, const struct plan_action *action)
{
	struct stream *stream;

	switch (action->type) {
	case PLAN_SET_PROFILE:
		set_profile(graph, action);
		break;
	case PLAN_FORGET_PROFILE:
		forget_profile(graph, action);
		break;
	case PLAN_SET_PORT:
		set_port(graph, action);
		break;
	case PLAN_FORGET_PORT:
		forget_port(graph, action);
		break;
	case PLAN_SET_TARGET:
		stream = global_find(graph, GLOBAL_STREAM, action->id);
		if (stream != NULL)
			target_set(stream, action->serial);
		break;
	case PLAN_CLEAR_TARGET:
		stream = global_find(graph, GLOBAL_STREAM, action->id);
		if (stream != NULL)
			target_clear(stream);
		break;
	case PLAN_WAIT_NODE:
		break;
	}
}

void graph_act(struct graph *graph, const struct plan_action *actions, size_t n)
{
	for (size_t i = 0; i < n && graph->core != NULL; i++)
		act(graph, &actions[i]);
	graph->stale_endpoints = true;
	graph->stale_streams = true;
}

/* When the card is to be read again, UINT64_MAX for never. */
static uint64_t reread_ms(const struct card *card)
{
	if (card->profile_sent == PLAN_NONE || card->rereads == REREADS_MAX)
		return UINT64_MAX;
	return card->profile_sent_ns / 1000000u + (REREAD_MS << card->rereads);
}

uint64_t graph_reread(struct graph *graph, uint64_t now_ms)
{
	uint64_t next = UINT64_MAX;
	struct global *global;

	spa_list_for_each (global, &graph->lists[GLOBAL_CARD], link) {
		struct card *card = (struct card *)global;

		if (now_ms >= reread_ms(card)) {
			card->rereads++;
			card_read_profile(card);
		}
		next = SPA_MIN(next, reread_ms(card));
	}
	return next;
}

void graph_restart_card(struct graph *graph, route_device device)
{
	struct global *global;

	spa_list_for_each (global, &graph->lists[GLOBAL_CARD], link) {
		struct card *card = (struct card *)global;

		if (card->bluetooth != device || card->profile == PLAN_NONE)
			continue;
		set_profile(graph, &(struct plan_action){ .id = global->id,
							  .value = PROFILE_INDEX_OFF,
							  .found = card->profile_found != PLAN_NONE
									   ? card->profile_found
									   : card->profile });
	}
}
