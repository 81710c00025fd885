/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What is observed in PipeWire's graph, as events of the policy: the machine's own endpoints, a
 * wired headset, and calls that another program has moved.
 */
#include "engine-internal.h"

#include "log.h"

/** From a session manager's start to the last of its cards and nodes. */
#define SESSION_SETTLE_MS 2000u

#define MAX_CALL_PROCESSES 64

static void follow_session(struct engine *engine, uint64_t now_ms)
{
	bool session = graph_session(engine->graph), first = !engine->graph_seen;

	engine->graph_seen = engine->graph_seen || graph_up(engine->graph);
	if (session == engine->session)
		return;
	engine->session = session;
	engine->session_at_ms = first ? 0 : now_ms;
	engine->n_sent = 0; /* nobody, or somebody else, was asked */
}

/* While a session manager starts, an endpoint that is missing has not been unplugged. */
static void hold_missing(struct engine *engine, struct graph_endpoints *now, uint64_t now_ms)
{
	const struct graph_endpoints *held = &engine->local;
	uint64_t settled_ms = engine->session_at_ms + SESSION_SETTLE_MS;

	if ((now->handset || !held->handset) && (now->speaker || !held->speaker) &&
	    (now->wired || !held->wired))
		return;
	if (engine->session && (engine->session_at_ms == 0 || now_ms >= settled_ms))
		return;
	if (engine->session)
		engine->look_again_ms = settled_ms;
	now->handset = now->handset || held->handset;
	now->speaker = now->speaker || held->speaker;
	now->wired = now->wired || held->wired;
}

static void tell_endpoints(struct engine *engine)
{
	struct graph_endpoints now = { 0 };

	graph_endpoints(engine->graph, &now);
	hold_missing(engine, &now, monotonic_ms());
	if (now.handset != engine->local.handset || (now.speaker != engine->local.speaker)) {
		engine->local.handset = now.handset;
		engine->local.speaker = now.speaker;
		(void)engine_event(
			engine, &(struct policy_event){ .type = EVENT_MACHINE, .on = now.handset });
	}
	if (now.wired != engine->local.wired) {
		engine->local.wired = now.wired;
		(void)engine_event(engine, &(struct policy_event){
						   .type = now.wired ? EVENT_PLUG : EVENT_UNPLUG });
	}
}

/* The route whose output is @serial, or ROUTE_NONE where it leads nowhere that is known. */
static struct route route_of_target(const struct plan_snapshot *snapshot, uint64_t serial)
{
	for (size_t i = 0; i < snapshot->n_nodes; i++) {
		const struct plan_node *node = &snapshot->nodes[i];

		if (node->serial == serial && !node->capture)
			return (struct route){ .kind = node->kind, .device = node->device };
	}
	return (struct route){ .kind = ROUTE_NONE };
}

/* X9: the playback tells, since a microphone is shared by the machine's own endpoints. */
static void tell_moves(struct engine *engine)
{
	const struct plan_snapshot *snapshot = graph_snapshot(engine->graph);

	for (size_t i = 0; i < snapshot->n_streams; i++) {
		const struct plan_stream *stream = &snapshot->streams[i];
		struct policy_event event = { .type = EVENT_MOVED };

		if (!stream->in_call || stream->capture || stream->moved_from == 0)
			continue;
		event.route = route_of_target(snapshot, stream->target);
		if (event.route.kind == ROUTE_NONE)
			continue;
		if (engine_event(engine, &event) != POLICY_OK)
			log_debug("a move of the call's sound by another program is not followed");
		return; /* the snapshot is another one now */
	}
}

/* A port of the card that the call's sound is on, as an endpoint. */
static struct route route_of_port(const struct engine *engine, const struct graph_pick *pick)
{
	const struct plan_snapshot *now = graph_snapshot(engine->graph);
	struct route route = { .kind = ROUTE_NONE };
	bool in_use = false;

	for (size_t i = 0; i < now->n_nodes; i++) {
		const struct plan_node *node = &now->nodes[i];
		const struct plan_port *port;

		if (node->capture || node->port >= now->n_ports)
			continue;
		port = &now->ports[node->port];
		if (port->card >= now->n_cards || now->cards[port->card].id != pick->card ||
		    port->device != pick->port_device)
			continue;
		in_use = in_use || node->id == engine->plan.sink;
		if (port->index == pick->port && route.kind == ROUTE_NONE)
			route.kind = node->kind;
	}
	if (!in_use || route_is_bluetooth(engine->decided))
		route.kind = ROUTE_NONE;
	return route;
}

static struct route route_of_pick(struct engine *engine, const struct graph_pick *pick)
{
	const struct route none = { .kind = ROUTE_NONE };
	bool speaker;

	if (pick->device == 0)
		return route_of_port(engine, pick);
	if (pick->headset_mode) {
		speaker = engine_configured(engine, pick->device).kind == DEVICE_SPEAKER;
		return (struct route){ speaker ? ROUTE_BT_SPEAKER : ROUTE_HEADSET, pick->device };
	}
	if (!route_is_bluetooth(engine->decided) || engine->decided.device != pick->device ||
	    policy_device_mode(engine->policy, pick->device) != MODE_HFP)
		return none;
	return policy_built_in_default(engine->policy);
}

/* X9: a card taken out of headset mode leaves the call to this machine. */
static void tell_picks(struct engine *engine)
{
	struct policy_event event = { .type = EVENT_MOVED };
	struct graph_pick pick;

	while (graph_next_pick(engine->graph, &pick)) {
		event.route = route_of_pick(engine, &pick);
		if (event.route.kind == ROUTE_NONE || route_equal(event.route, engine->decided))
			continue;
		if (engine_event(engine, &event) != POLICY_OK)
			log_debug("what another program set on a card is not followed");
	}
}

size_t engine_talks(const struct engine *engine, const struct talk **ret)
{
	return graph_talks(engine->graph, ret);
}

void engine_watch_talks(struct engine *engine, void (*changed)(void *data), void *data)
{
	engine->talks_changed = changed;
	engine->talks_data = data;
}

void engine_set_call_programs(struct engine *engine)
{
	const char *apps[CALL_MAX], *silent_apps[CALL_MAX];
	pid_t pids[MAX_CALL_PROCESSES], silent[CALL_MAX];
	bool ring = engine_rings_in_band(engine) != NULL;
	size_t n = 0, n_apps = 0, n_silent = 0, n_silent_apps = 0;

	for (size_t i = 0; i < engine->n_calls && engine->left == NULL; i++) {
		const struct call *call = engine->calls[i];
		enum call_state state = policy_call_state(engine->policy, call->id);

		if (state != CALL_ACTIVE && state != CALL_DIALING && state != CALL_HELD &&
		    !(ring && state == CALL_INCOMING))
			continue;
		for (size_t p = 0; p < CALL_MAX_PROCESSES && call->info.processes[p] > 0; p++) {
			if (n < MAX_CALL_PROCESSES)
				pids[n++] = call->info.processes[p];
		}
		if (call->info.app[0] != '\0')
			apps[n_apps++] = call->info.app;
		/* I1: nobody tells such a program that it is held. */
		if (!call->info.by_sound || state != CALL_HELD)
			continue;
		if (call->info.processes[0] > 0)
			silent[n_silent++] = call->info.processes[0];
		if (call->info.app[0] != '\0')
			silent_apps[n_silent_apps++] = call->info.app;
	}
	graph_set_silent_processes(engine->graph, silent, n_silent);
	graph_set_silent_apps(engine->graph, silent_apps, n_silent_apps);
	graph_set_call_processes(engine->graph, pids, n);
	graph_set_call_apps(engine->graph, apps, n_apps);
	graph_set_cellular(engine->graph, engine->left == NULL && engine_is_cellular(engine));
}

void engine_observe_graph(struct engine *engine)
{
	if (engine->talks_changed != NULL && engine->left == NULL)
		engine->talks_changed(engine->talks_data);
	engine->look_again_ms = UINT64_MAX;
	follow_session(engine, monotonic_ms());
	if (!graph_up(engine->graph))
		return; /* an absent PipeWire tells nothing of the machine */
	tell_endpoints(engine);
	tell_moves(engine);
	tell_picks(engine);
}
