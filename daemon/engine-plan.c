/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The plan, from what was decided to what PipeWire is asked for: which of its actions are sent now,
 * which once more, and whether the graph has come to what they ask for.
 */
#include "engine-internal.h"

#include "log.h"

static bool same_action(const struct plan_action *a, const struct plan_action *b)
{
	return a->type == b->type && a->id == b->id && a->value == b->value &&
	       a->device == b->device && a->serial == b->serial;
}

/** How long a session manager has to link a call's streams to where they are wanted. */
#define MOVE_MS 700u

/* A headset leaves headset mode when the call's streams have left it. WirePlumber 0.4 would have to link
 * them anew while their ports still change, which it tries six times within milliseconds, and then never
 * again. */
static bool waits_for_streams(struct engine *engine, const struct plan_action *action)
{
	const struct plan_snapshot *snapshot = graph_snapshot(engine->graph);

	if (action->type != PLAN_SET_PROFILE || engine->decided.kind == ROUTE_NONE ||
	    graph_moved(engine->graph, &engine->plan))
		return false;
	for (size_t i = 0; i < snapshot->n_cards; i++) {
		const struct plan_card *card = &snapshot->cards[i];

		if (card->id == action->id)
			return card->profile == card->profile_hfp;
	}
	return false;
}

/* Whether to send @action now: not while the same is under way, and not for ever in vain. */
static bool may_send(struct engine *engine, const struct plan_action *action, uint64_t now_ms)
{
	struct engine_sent *sent = NULL;

	for (size_t i = 0; i < engine->n_sent && sent == NULL; i++) {
		if (same_action(&engine->sent[i].action, action))
			sent = &engine->sent[i];
	}
	if (sent == NULL) {
		if (engine->n_sent == ENGINE_MAX_SENT)
			return false;
		sent = &engine->sent[engine->n_sent++];
		*sent = (struct engine_sent){ .action = *action, .since_ms = now_ms };
	}
	sent->wanted = true;
	if (sent->tries == 0)
		sent->due_ms = waits_for_streams(engine, action) ? sent->since_ms + MOVE_MS : 0;
	if (now_ms < sent->due_ms || sent->tries >= ACTION_MAX_TRIES)
		return false;
	if (++sent->tries == ACTION_MAX_TRIES)
		log_warning("PipeWire does not follow (action %d on object %u), giving up on it",
			    (int)action->type, action->id);
	sent->due_ms = now_ms + engine->timeouts.retry_ms;
	return true;
}

void engine_carry_out(struct engine *engine, uint64_t now_ms)
{
	struct plan_action todo[PLAN_MAX_ACTIONS];
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < engine->n_sent; i++)
		engine->sent[i].wanted = false;
	for (size_t i = 0; i < engine->plan.n; i++) {
		const struct plan_action *action = &engine->plan.actions[i];

		if (action->type != PLAN_WAIT_NODE && may_send(engine, action, now_ms))
			todo[n++] = *action;
	}
	for (size_t i = 0; i < engine->n_sent; i++) {
		if (engine->sent[i].wanted)
			engine->sent[kept++] = engine->sent[i];
	}
	engine->n_sent = kept;
	if (n == 0)
		return;
	graph_act(engine->graph, todo, n);
	if (engine->answer_ns != 0) {
		uint64_t last = graph_last_request_ns(engine->graph);

		log_debug("last PipeWire request %llu us after the answer was read",
			  (unsigned long long)(last > engine->answer_ns
						       ? (last - engine->answer_ns) / 1000u
						       : 0));
	}
}

bool engine_in_force(struct engine *engine)
{
	const struct plan_snapshot *snapshot = graph_snapshot(engine->graph);
	const struct engine_device *device;

	if (!graph_up(engine->graph) || !engine->plan.in_force ||
	    !graph_verified(engine->graph, &engine->plan))
		return false;
	if (!route_is_bluetooth(engine->decided))
		return true;
	device = engine_device(engine, engine->decided.device);
	for (size_t i = 0; i < snapshot->n_streams; i++) {
		if (snapshot->streams[i].in_call)
			return device != NULL && device->audio_up;
	}
	return true;
}

static bool records(struct engine *engine)
{
	const struct plan_snapshot *snapshot = graph_snapshot(engine->graph);

	for (size_t i = 0; i < snapshot->n_streams; i++) {
		if (snapshot->streams[i].in_call && snapshot->streams[i].capture)
			return true;
	}
	return false;
}

void engine_listen_to_microphone(struct engine *engine)
{
	bool there = route_equal(engine->verified, engine->decided);
	/* a headset's microphone says nothing while its link is not there */
	bool talks = engine->decided.kind != ROUTE_NONE &&
		     (there || !route_is_bluetooth(engine->decided)) &&
		     engine_call_in(engine, CALL_ACTIVE) != NULL && records(engine);

	graph_listen(engine->graph, talks ? engine->plan.source : PLAN_NONE,
		     talks && there && engine_in_force(engine));
}

bool engine_is_cellular(const struct engine *engine)
{
	for (size_t i = 0; i < engine->n_calls; i++) {
		const struct call *call = engine->calls[i];
		enum call_state state = policy_call_state(engine->policy, call->id);

		if (call->info.phone && !call->info.of_phone &&
		    (state == CALL_DIALING || state == CALL_ACTIVE || state == CALL_HELD))
			return true;
	}
	return false;
}

void engine_compute_plan(struct engine *engine)
{
	const struct policy_decision *decision = policy_decision(engine->policy);
	route_device headset_mode[ENGINE_MAX_HEADSETS + 1];
	const struct engine_device *ring;
	struct plan_desired desired = {
		.call = engine->left == NULL ? decision->call : (struct route){ ROUTE_NONE, 0 },
		.wired = engine->local.wired,
		.has_handset = engine->local.handset,
		.cellular = engine_is_cellular(engine),
		.headset_mode = headset_mode,
	};

	for (size_t i = 0; i < engine->n_devices && engine->left == NULL; i++) {
		if (policy_device_mode(engine->policy, engine->devices[i].device) == MODE_HFP)
			headset_mode[desired.n_headset_mode++] = engine->devices[i].device;
	}
	ring = engine->left == NULL ? engine_rings_in_band(engine) : NULL;
	if (ring != NULL) {
		desired.call = (struct route){ ROUTE_HEADSET, ring->device };
		headset_mode[desired.n_headset_mode++] = ring->device;
	}
	plan_compute(graph_snapshot(engine->graph), &desired, &engine->plan);
}

uint64_t engine_send_again(const struct engine *engine)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < engine->n_sent; i++) {
		const struct engine_sent *sent = &engine->sent[i];

		if (sent->tries < ACTION_MAX_TRIES && sent->due_ms < next)
			next = sent->due_ms;
	}
	return next;
}
