/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The connection to PipeWire: made, lost and made again; and when those outside are told. Nothing
 * of libpipewire is destroyed from inside its own callback: a loss is noted and handled when the
 * loop comes to our event source.
 */
#include "private.h"

#include "daemon/log.h"

#include <pipewire/impl.h>
#include <spa/utils/result.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DELAY_MIN_MS 250
#define DELAY_MAX_MS 5000
/* A start needs four: the globals, their properties, the cards' params, one spare. */
#define ROUNDS_MAX 8
#define ANSWER_MS 1000

uint64_t graph_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void graph_requested(struct graph *graph)
{
	graph->last_request_ns = graph_now_ns();
}

uint64_t graph_last_request_ns(const struct graph *graph)
{
	return graph->last_request_ns;
}

static void wake_up(struct graph *graph)
{
	pw_loop_signal_event(graph->loop, graph->wake);
}

static void note_change(struct graph *graph)
{
	if (graph->changed)
		return;
	graph->changed = true;
	if (graph->up)
		wake_up(graph);
}

void graph_endpoints_changed(struct graph *graph)
{
	graph->stale_endpoints = true;
	note_change(graph);
}

void graph_streams_changed(struct graph *graph)
{
	graph->stale_streams = true;
	note_change(graph);
}

void graph_talks_changed(struct graph *graph)
{
	graph->changed = true;
	wake_up(graph);
}

void metadata_read_again(struct graph *graph)
{
	graph->read_wanted = true;
	wake_up(graph);
}

int graph_grow(void *array, size_t *size, size_t n, size_t element)
{
	void **items = array;
	size_t wanted = *size != 0 ? *size * 2 : 8;
	void *grown;

	if (n < *size)
		return 0;
	grown = reallocarray(*items, wanted, element);
	if (grown == NULL)
		return -ENOMEM;
	*items = grown;
	*size = wanted;
	return 0;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void tell_state(struct graph *graph, bool up)
{
	if (graph->told && graph->up == up)
		return;
	graph->told = true;
	graph->up = up;
	graph->up_ns = graph_now_ns();
	graph->changed = false;
	if (up)
		talks_start(graph);
	if (graph->events->state != NULL)
		graph->events->state(graph->data, up);
}

static bool busy(const struct graph *graph)
{
	static const enum global_type types[] = { GLOBAL_CARD, GLOBAL_NODE, GLOBAL_STREAM };
	const struct global *global;

	for (size_t i = 0; i < SPA_N_ELEMENTS(types); i++) {
		spa_list_for_each (global, &graph->lists[types[i]], link) {
			if (!global->settled)
				return true;
			if (types[i] == GLOBAL_CARD && card_busy((const struct card *)global))
				return true;
		}
	}
	return false;
}

static void stop_waiting(struct graph *graph)
{
	struct timespec never = { 0 };

	if (graph->answer_timer != NULL)
		pw_loop_update_timer(graph->loop, graph->answer_timer, &never, NULL, false);
}

void graph_expect_answer(struct graph *graph)
{
	struct timespec in = { .tv_sec = ANSWER_MS / 1000, .tv_nsec = ANSWER_MS % 1000 * 1000000L };

	graph->answer_sync = pw_core_sync(graph->core, PW_ID_CORE, 0);
	pw_loop_update_timer(graph->loop, graph->answer_timer, &in, NULL, false);
}

static void on_no_answer(void *data, uint64_t expirations)
{
	struct graph *graph = data;

	log_notice("PipeWire takes no requests any more, connecting anew");
	graph->lost = true;
	wake_up(graph);
}

static void on_done(void *data, uint32_t id, int seq)
{
	struct graph *graph = data;
	struct global *global;

	if (id != PW_ID_CORE)
		return;
	if (seq == graph->answer_sync)
		stop_waiting(graph);
	spa_list_for_each (global, &graph->lists[GLOBAL_CARD], link)
		card_synced((struct card *)global, seq);
	metadata_synced(graph, seq);
	if (graph->up || seq != graph->sync)
		return;
	/* What was bound meanwhile has been asked and its answers come before the next done; a
	 * start with half of the endpoints would tell of a headset that is unplugged. */
	if (++graph->rounds < ROUNDS_MAX && (graph->rounds < 2 || busy(graph))) {
		graph->sync = pw_core_sync(graph->core, PW_ID_CORE, 0);
		return;
	}
	graph->delay_ms = DELAY_MIN_MS;
	tell_state(graph, true);
}

/* libpipewire gives up a connection for other reasons than its end, too (a message that it cannot read, no
 * memory), and reads it no more; these are its words then (0.3.65 to 1.6). The server's own are others. */
static bool is_over(uint32_t id, int res, const char *message)
{
	return id == PW_ID_CORE && (res == -EPIPE || strcmp(message, "connection error") == 0);
}

static void on_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct graph *graph = data;

	if (is_over(id, res, message)) {
		graph->lost = true;
		wake_up(graph);
	} else {
		/* An object that vanished before our request came: the registry tells, too. */
		log_debug("PipeWire refuses something of object %u: %s", id, message);
	}
}

static void on_info(void *data, const struct pw_core_info *info)
{
	struct graph *graph = data;
	unsigned int major = 0, minor = 0, micro = 0;

	if (info->version != NULL)
		(void)sscanf(info->version, "%u.%u.%u", &major, &minor, &micro);
	graph->keeps_errors =
		major > 1 || (major == 1 && (minor > 5 || (minor == 5 && micro > 80)));
	graph->output_first =
		(major == 1 && !graph->keeps_errors) || (major == 0 && minor == 3 && micro >= 70);
}

bool graph_keeps_errors(const struct graph *graph)
{
	return graph->keeps_errors;
}

bool graph_wants_output_first(const struct graph *graph)
{
	return graph->output_first;
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.info = on_info,
	.done = on_done,
	.error = on_error,
};

static void disconnect(struct graph *graph)
{
	graph_listen(graph, PLAN_NONE, false);
	registry_stop(graph);
	stop_waiting(graph);
	if (graph->core != NULL) {
		spa_hook_remove(&graph->core_listener);
		pw_core_disconnect(graph->core);
		graph->core = NULL;
	}
	graph->lost = false;
	graph->changed = false;
	graph->full = false;
	graph->stale_endpoints = true;
	graph->stale_streams = true;
}

/* Only while there is no PipeWire: its socket cannot be waited for, as it may be anywhere, so it
 * is tried again with growing pauses. */
static void arm(struct graph *graph)
{
	struct timespec at = { .tv_sec = graph->delay_ms / 1000,
			       .tv_nsec = (long)(graph->delay_ms % 1000) * 1000000 };

	pw_loop_update_timer(graph->loop, graph->timer, &at, NULL, false);
	graph->delay_ms = SPA_MIN(graph->delay_ms * 2, (unsigned int)DELAY_MAX_MS);
}

void graph_wake_in(struct graph *graph, uint64_t ns)
{
	struct timespec in = { .tv_sec = (time_t)(ns / 1000000000u),
			       .tv_nsec = (long)(ns % 1000000000u) };

	pw_loop_update_timer(graph->loop, graph->timer, &in, NULL, false);
}

static void connect_now(struct graph *graph)
{
	graph->core = pw_context_connect(graph->context, NULL, 0);
	if (graph->core == NULL) {
		arm(graph);
		graph->lost = true;
		wake_up(graph);
		return;
	}
	pw_core_add_listener(graph->core, &graph->core_listener, &core_events, graph);
	registry_start(graph);
	graph->rounds = 0;
	graph->sync = pw_core_sync(graph->core, PW_ID_CORE, 0);
}

static void on_timer(void *data, uint64_t expirations)
{
	struct graph *graph = data;

	if (graph->core == NULL)
		connect_now(graph);
	else
		metadata_read(graph);
}

static void on_wake(void *data, uint64_t count)
{
	struct graph *graph = data;

	if (graph->lost) {
		if (graph->core != NULL) {
			disconnect(graph);
			arm(graph);
		}
		graph->lost = false;
		tell_state(graph, false);
		return;
	}
	metadata_read(graph);
	if (graph->told && graph->changed) {
		graph->changed = false;
		if (graph->events->changed != NULL)
			graph->events->changed(graph->data);
	}
}

/* The context has only what a watcher needs. Without a configuration file it loads no module-rt,
 * which would ask RTKit and wait. Its data thread has nothing to do and sleeps; to stop it so soon
 * would be a race, in which libpipewire 0.3.65 waits for it for ever. */
static int make_context(struct graph *graph)
{
	enum spa_log_level level = pw_log_level;

	/* It warns of there being nothing to configure, and that the thread gets no priority. */
	pw_log_set_level(level < SPA_LOG_LEVEL_ERROR ? level : SPA_LOG_LEVEL_ERROR);
	graph->context =
		pw_context_new(graph->loop,
			       pw_properties_new(PW_KEY_CONFIG_NAME, "null", PW_KEY_APP_NAME,
						 "callroute", PW_KEY_APP_ID, "org.callroute", NULL),
			       0);
	pw_log_set_level(level);
	if (graph->context == NULL)
		return -errno;
	if (pw_context_load_module(graph->context, "libpipewire-module-protocol-native", NULL,
				   NULL) == NULL ||
	    pw_context_load_module(graph->context, "libpipewire-module-client-node", NULL, NULL) ==
		    NULL ||
	    pw_context_load_module(graph->context, "libpipewire-module-metadata", NULL, NULL) ==
		    NULL)
		return -errno;
	return 0;
}

int graph_new(struct pw_loop *loop, const struct graph_events *events, void *data,
	      struct graph **ret)
{
	struct graph *graph = calloc(1, sizeof(*graph));
	int error = -ENOMEM;

	if (graph == NULL)
		return -ENOMEM;
	graph->loop = loop;
	graph->events = events;
	graph->data = data;
	graph->delay_ms = DELAY_MIN_MS;
	for (size_t i = 0; i < GLOBAL_TYPES; i++)
		spa_list_init(&graph->lists[i]);
	spa_list_init(&graph->kept);
	spa_list_init(&graph->programs);
	graph->timer = pw_loop_add_timer(loop, on_timer, graph);
	graph->answer_timer = pw_loop_add_timer(loop, on_no_answer, graph);
	graph->wake = pw_loop_add_event(loop, on_wake, graph);
	if (graph->timer == NULL || graph->answer_timer == NULL || graph->wake == NULL ||
	    talks_init(graph) < 0 || listen_new(graph) < 0)
		goto fail;
	error = make_context(graph);
	if (error < 0) {
		log_error("libpipewire cannot be set up: %s", spa_strerror(error));
		goto fail;
	}
	connect_now(graph);
	*ret = graph;
	return 0;
fail:
	graph_free(graph);
	return error;
}

struct graph *graph_free(struct graph *graph)
{
	if (graph == NULL)
		return NULL;
	disconnect(graph);
	listen_free(graph);
	talks_done(graph);
	if (graph->context != NULL)
		pw_context_destroy(graph->context);
	if (graph->timer != NULL)
		pw_loop_destroy_source(graph->loop, graph->timer);
	if (graph->answer_timer != NULL)
		pw_loop_destroy_source(graph->loop, graph->answer_timer);
	if (graph->wake != NULL)
		pw_loop_destroy_source(graph->loop, graph->wake);
	free(graph->globals);
	free(graph->cards);
	free(graph->ports);
	free(graph->nodes);
	free(graph->ranks);
	free(graph->streams);
	free(graph);
	return NULL;
}

void graph_set_config(struct graph *graph, const struct config *config)
{
	graph->config = config;
}

bool graph_up(const struct graph *graph)
{
	return graph->up;
}

bool graph_session(const struct graph *graph)
{
	return graph->up && graph->metadata != NULL;
}
