/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "graph-world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SINK(name, more)                                                            \
	"{ factory = adapter args = { factory.name = support.null-audio-sink "      \
	"media.class = Audio/Sink audio.position = [ FL FR ] object.linger = true " \
	"node.name = " name " " more " } }\n"
#define SOURCE(name, more)                                                     \
	"{ factory = adapter args = { factory.name = support.null-audio-sink " \
	"media.class = Audio/Source/Virtual audio.position = [ MONO ] "        \
	"object.linger = true node.name = " name " " more " } }\n"

static const char media[] = SINK("media", "priority.session = 2000");
static const char objects[] =
	SINK("media", "priority.session = 2000") SINK("earpiece", "callroute.endpoint = handset")
		SINK("loudspeaker", "callroute.endpoint = speaker")
			SOURCE("microphone", "callroute.endpoint = \"handset,speaker\"")
				SOURCE("other-microphone", "priority.session = 2000");

struct world world;

static void settle(struct world *w)
{
	plan_compute(graph_snapshot(w->graph), &w->desired, &w->plan);
	graph_act(w->graph, w->plan.actions, w->plan.n);
	for (size_t i = 0; i < w->plan.n; i++)
		w->n_acted += w->plan.actions[i].type != PLAN_WAIT_NODE;
	(void)graph_relink(w->graph, &w->plan, graph_now_ns() / 1000000u, false);
}

static void on_changed(void *data)
{
	struct world *w = data;

	w->n_changed++;
	settle(w);
}

static void on_state(void *data, bool up)
{
	struct world *w = data;

	w->up = up;
	w->n_down += !up;
	if (up)
		settle(w);
}

static void on_retry(void *data, uint64_t expirations)
{
	if (world.up)
		settle(data);
}

static const struct graph_events events = { .state = on_state, .changed = on_changed };

/* ---- conditions -------------------------------------------------------------------------------- */

bool world_is_up(void *data)
{
	return world.up;
}

bool world_is_down(void *data)
{
	return !world.up;
}

bool world_endpoints_are_there(void *data)
{
	struct graph_endpoints now;

	graph_endpoints(world.graph, &now);
	return world.up && now.handset && now.speaker && graph_snapshot(world.graph)->n_nodes == 4;
}

bool world_plan_is_in_force(void *data)
{
	return world.plan.in_force;
}

bool world_plan_is_not_in_force(void *data)
{
	return !world.plan.in_force;
}

static bool is_in_force(void *data)
{
	return world.plan.in_force && graph_verified(world.graph, &world.plan);
}

size_t world_streams_in_call(void)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);
	size_t n = 0;

	for (size_t i = 0; i < now->n_streams; i++)
		n += now->streams[i].in_call;
	return n;
}

/* A stream without links is where everybody wants it. */
static bool is_linked(bool capture)
{
	const uint32_t nowhere = PLAN_NONE - 1;

	return !graph_verified(world.graph, &(struct plan){
						    .sink = capture ? world.plan.sink : nowhere,
						    .source = capture ? nowhere : PLAN_NONE,
					    });
}

bool world_one_stream_in_force(void *data)
{
	return world_streams_in_call() == 1 && is_in_force(data) && is_linked(false);
}

bool world_two_streams_in_force(void *data)
{
	return world_streams_in_call() == 2 && is_in_force(data) && is_linked(false) &&
	       is_linked(true);
}

const struct plan_stream *world_stream(void)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	assert_true(now->n_streams > 0);
	return &now->streams[0];
}

bool world_a_stream_is_in_the_call(void *data)
{
	return world_streams_in_call() == 1;
}

bool world_no_stream_is_kept(void *data)
{
	return graph_snapshot(world.graph)->n_streams == 0;
}

/* ---- doing ------------------------------------------------------------------------------------- */

uint32_t world_node(enum route_kind kind, bool capture)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	for (size_t i = 0; i < now->n_nodes; i++) {
		if (now->nodes[i].kind == kind && now->nodes[i].capture == capture)
			return now->nodes[i].id;
	}
	return PLAN_NONE;
}

uint64_t world_serial(uint32_t id)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	for (size_t i = 0; i < now->n_nodes; i++) {
		if (now->nodes[i].id == id)
			return now->nodes[i].serial;
	}
	return 0;
}

void world_restart_graph(const pid_t *pids, size_t n)
{
	world.graph = graph_free(world.graph);
	world.up = false;
	assert_int_equal(graph_new(world.loop, &events, &world, &world.graph), 0);
	graph_set_call_processes(world.graph, pids, n);
	assert_soon(world_is_up);
}

void world_want(enum route_kind kind)
{
	world.desired.call = (struct route){ .kind = kind };
	world.desired.headset_mode = &world.headset;
	world.desired.n_headset_mode = kind == ROUTE_HEADSET;
	if (kind == ROUTE_HEADSET)
		world.desired.call.device = world.headset;
	settle(&world);
}

pid_t world_play(const char *media_name)
{
	char properties[128];

	snprintf(properties, sizeof(properties), "{ application.name = softphone media.name = %s }",
		 media_name);
	return world_play_as(properties);
}

pid_t world_play_as(const char *properties)
{
	return session_spawn(world.session,
			     (const char *const[]){ "pw-cat", "-p", "-P", properties,
						    session_silence(world.session), NULL });
}

pid_t world_record(void)
{
	return session_spawn(world.session,
			     (const char *const[]){ "pw-cat", "-r", "--rate", "8000",
						    session_path(world.session, "heard.wav"),
						    NULL });
}

void world_set_metadata(uint32_t subject, const char *key, uint64_t value)
{
	char id[16], text[24];

	snprintf(id, sizeof(id), "%u", subject);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	(void)session_spawn(world.session,
			    (const char *const[]){ "pw-metadata", id, key, text, "Spa:Id", NULL });
}

/* ---- a client that leaves too early --------------------------------------------------------------- */

struct leaver {
	struct pw_core *core;
	struct pw_registry *registry;
	struct spa_hook core_listener;
	struct spa_hook registry_listener;
	struct pw_proxy *metadata;
	int sync;
	bool synced;
};

static void on_leaver_done(void *data, uint32_t id, int seq)
{
	struct leaver *leaver = data;

	leaver->synced = leaver->synced || seq == leaver->sync;
}

static void on_leaver_global(void *data, uint32_t id, uint32_t permissions, const char *type,
			     uint32_t version, const struct spa_dict *props)
{
	struct leaver *leaver = data;
	const char *name = spa_dict_lookup(props, PW_KEY_METADATA_NAME);

	if (strcmp(type, PW_TYPE_INTERFACE_Metadata) == 0 && name && strcmp(name, "default") == 0)
		leaver->metadata = pw_registry_bind(leaver->registry, id, type, version, 0);
}

static bool leaver_has_bound(void *data)
{
	return ((struct leaver *)data)->metadata != NULL;
}

static bool leaver_is_synced(void *data)
{
	return ((struct leaver *)data)->synced;
}

static void leaver_connect(struct leaver *leaver, struct pw_context *context)
{
	static const struct pw_core_events core_events = { PW_VERSION_CORE_EVENTS,
							   .done = on_leaver_done };

	*leaver = (struct leaver){ .core = pw_context_connect(context, NULL, 0) };
	assert_non_null(leaver->core);
	pw_core_add_listener(leaver->core, &leaver->core_listener, &core_events, leaver);
}

/* There and back again. */
static void leaver_sync(struct leaver *leaver)
{
	leaver->synced = false;
	leaver->sync = pw_core_sync(leaver->core, PW_ID_CORE, 0);
	assert_true(loop_until(world.loop, leaver_is_synced, leaver, LOOP_DEADLINE_MS));
}

void world_let_pipewire_catch_up(void)
{
	struct pw_context *context = pw_context_new(world.loop, NULL, 0);
	struct leaver other;

	assert_non_null(context);
	leaver_connect(&other, context);
	leaver_sync(&other);
	leaver_sync(&other);
	pw_core_disconnect(other.core);
	pw_context_destroy(context);
}

void world_bind_metadata_and_leave(void)
{
	static const struct pw_registry_events registry_events = { PW_VERSION_REGISTRY_EVENTS,
								   .global = on_leaver_global };
	struct pw_context *context = pw_context_new(world.loop, NULL, 0);
	struct leaver leaver, other;

	assert_non_null(context);
	leaver_connect(&leaver, context);
	leaver_connect(&other, context);
	leaver_sync(&other);
	session_pause_wireplumber(world.session, true);
	leaver.registry = pw_core_get_registry(leaver.core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(leaver.registry, &leaver.registry_listener, &registry_events,
				 &leaver);
	assert_true(loop_until(world.loop, leaver_has_bound, &leaver, LOOP_DEADLINE_MS));
	/* PipeWire is done with the one's request when it answers a later one of the other's, twice. */
	leaver_sync(&other);
	leaver_sync(&other);
	pw_core_disconnect(leaver.core);
	pw_core_disconnect(other.core);
	pw_context_destroy(context);
	session_pause_wireplumber(world.session, false);
}

/* ---- fixture ----------------------------------------------------------------------------------- */

static bool wireplumber_is_ready(void *data)
{
	/* one that knows no default yet refuses streams */
	return world.up && world.graph->default_now[DEFAULT_SINK][0] != '\0';
}

static int set_up(const char *nodes)
{
	struct timespec interval = { .tv_nsec = 300000000 };

	world = (struct world){ .desired.has_handset = true };
	world.session = session_new(nodes);
	world.loop = loop_new();
	if (world.session == NULL || world.loop == NULL ||
	    graph_new(world.loop, &events, &world, &world.graph) < 0)
		return -1;
	world.retry = pw_loop_add_timer(world.loop, on_retry, &world);
	pw_loop_update_timer(world.loop, world.retry, &interval, &interval, false);
	return loop_until(world.loop, wireplumber_is_ready, NULL, LOOP_DEADLINE_MS) ? 0 : -1;
}

int world_set_up(void **state)
{
	if (set_up(objects) < 0)
		return -1;
	return loop_until(world.loop, world_endpoints_are_there, NULL, LOOP_DEADLINE_MS) ? 0 : -1;
}

int world_set_up_bare(void **state)
{
	return set_up(media);
}

int world_tear_down(void **state)
{
	if (getenv("CALLROUTE_TEST_DUMP") != NULL)
		session_dump(world.session);
	world.graph = graph_free(world.graph);
	if (world.retry != NULL)
		pw_loop_destroy_source(world.loop, world.retry);
	world.loop = loop_free(world.loop);
	world.session = session_free(world.session);
	return 0;
}
