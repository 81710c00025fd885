/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Making an engine and joining it to its neighbours. The neighbours are created by the engine with
 * its own callbacks, each when its bus or service is there.
 *
 * May be used by: daemon/main.c, tests/.
 */
#ifndef CALLROUTE_ENGINE_SETUP_H
#define CALLROUTE_ENGINE_SETUP_H

#include "engine.h"

struct bus;
struct pw_loop;
struct config;
struct state;

/** @graph_state is told when PipeWire is there and synced, or gone. */
int engine_new(struct pw_loop *loop, void (*graph_state)(void *data, bool up), void *data,
	       struct engine **ret);
/**
 * engine_leave() - the daemon is to end: give back what was found in PipeWire, then @left, once
 *
 * @left is told at once where a call goes on and the service manager keeps a headset's channel: then
 * the next process goes on with it. Else it is told when the graph is as it was found, or after a
 * second. From inside here, or later; engine_stop() is next.
 */
void engine_leave(struct engine *engine, void (*left)(void *data), void *data);
/** The daemon ends, perhaps to be started again: from here on nothing is told, asked for or saved, so
 * that what was in force is what the next process finds. NULL-safe. */
void engine_stop(struct engine *engine);
/** Ends all calls, closes all headsets. NULL-safe; returns NULL. */
struct engine *engine_free(struct engine *engine);

/** What is configured; borrowed for the engine's life. Before any device, and before the loop runs. */
void engine_set_config(struct engine *engine, const struct config *config);

/** Take settings and memory from @state, and save there what changes; borrowed for the engine's life.
 * Before any device or call. */
void engine_set_state(struct engine *engine, struct state *state);

/** Go on with the headsets whose channels outlived the process before this one. After state and
 * configuration, before there is a call. */
void engine_take_channels(struct engine *engine);

/** The system bus is there: register with bluetoothd, serve org.hsphfpd. */
int engine_system_bus(struct engine *engine, struct bus *bus);
/** It is gone: headsets are kept, since their channels do not go through it. */
void engine_system_bus_lost(struct engine *engine);

#endif
