/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the tests of daemon/pipewire share: a session with an earpiece, a loudspeaker, a microphone
 * and nodes that are no endpoint, a graph, and, in place of the engine, an answer to each change:
 * a plan and its actions. As the engine does, it tries again after a while, since WirePlumber sets
 * a port again that it saw just before ours, and gives up links that failed at first.
 */
#ifndef CALLROUTE_TESTS_GRAPH_WORLD_H
#define CALLROUTE_TESTS_GRAPH_WORLD_H

#include "session.h"

#include "daemon/pipewire/private.h"
#include "tests/common/loop.h"

struct world {
	struct session *session;
	struct pw_loop *loop;
	struct spa_source *retry;
	struct graph *graph;
	struct plan_desired desired;
	route_device headset;
	struct plan plan;
	unsigned int n_changed;
	unsigned int n_acted; /* actions carried out */
	unsigned int n_down;
	bool up;
};

/** The one of this process. */
extern struct world world;

/** cmocka's: with the marked nodes, or with none. Both wait until WirePlumber is ready. */
int world_set_up(void **state);
int world_set_up_bare(void **state);
int world_tear_down(void **state);

/** Wait, with LOOP_DEADLINE_MS. */
#define assert_soon(condition) \
	assert_true(loop_until(world.loop, condition, NULL, LOOP_DEADLINE_MS))

/** As if callrouted had died and been started again; waits until it is up. */
void world_restart_graph(const pid_t *pids, size_t n);

/** The route that should be from now on; a headset's is world.headset's, in headset mode. */
void world_want(enum route_kind kind);

/** The first, and so the best, node of a kind, or PLAN_NONE. */
uint32_t world_node(enum route_kind kind, bool capture);
uint64_t world_serial(uint32_t node);
size_t world_streams_in_call(void);
/** The first stream of the snapshot; fails the test where there is none. */
const struct plan_stream *world_stream(void);

/* conditions */
bool world_is_up(void *data);
bool world_is_down(void *data);
bool world_plan_is_in_force(void *data);
bool world_plan_is_not_in_force(void *data);
/** Linked to where the plan says: one stream, or a playing and a recording one. */
bool world_one_stream_in_force(void *data);
bool world_two_streams_in_force(void *data);
bool world_a_stream_is_in_the_call(void *data);
bool world_no_stream_is_kept(void *data);
bool world_endpoints_are_there(void *data);

/** Play, or record; returns the process. @properties: of the stream, in PipeWire's format. */
pid_t world_play(const char *media_name);
pid_t world_play_as(const char *properties);
pid_t world_record(void);
/** Wait until PipeWire has seen to what was sent before. */
void world_let_pipewire_catch_up(void);
void world_set_metadata(uint32_t subject, const char *key, uint64_t value);
/** A client begins to bind the "default" metadata, and is gone before WirePlumber hears of it: PipeWire
 * tells nobody of the metadata's changes any more. */
void world_bind_metadata_and_leave(void);

#endif
