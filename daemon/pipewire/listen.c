/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Does anything come from the call's microphone? A filter of our own is linked to it beside the call, until
 * the first sample that is not zero: some milliseconds, with a microphone that works. It is no stream, so
 * that no session manager moves it or takes it for a reason to switch, and its link is passive: a
 * microphone does not run on its account.
 *
 * A port says nothing of whether it is fed, nor a node that runs; a headset may take a sound link and send
 * zeros, or nothing at all. One that does not run says nothing either: the call's program may have
 * stopped recording for a while.
 */
#include "private.h"

#include "daemon/log.h"

#include <pipewire/filter.h>

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/** From the link to a microphone that runs. Headsets begin late, and open theirs softly. */
#define SILENT_S 2

struct listen {
	struct graph *graph;
	uint32_t source;          /* PLAN_NONE: nobody listens, and nothing is known */
	struct pw_filter *filter; /* NULL once something was heard */
	struct spa_hook listener;
	void *port;
	struct pw_proxy *link;
	struct spa_hook link_listener;
	struct pw_node *node; /* of the microphone, for its state */
	struct spa_hook node_listener;
	bool linked, running;
	struct spa_source *timer;
	struct spa_source *heard; /* signalled by the data thread */
	atomic_bool sounds;
	bool silent;
};

/* In the data thread. */
static void on_process(void *data, struct spa_io_position *position)
{
	struct listen *listen = data;
	uint32_t n = (uint32_t)position->clock.duration;
	const float *samples = pw_filter_get_dsp_buffer(listen->port, n);

	for (uint32_t i = 0; samples != NULL && i < n; i++) {
		if (samples[i] == 0.0f)
			continue;
		if (!atomic_exchange(&listen->sounds, true))
			pw_loop_signal_event(listen->graph->loop, listen->heard);
		return;
	}
}

static void tell(struct listen *listen, bool silent)
{
	if (listen->silent == silent)
		return;
	listen->silent = silent;
	if (silent)
		log_notice("nothing comes from the call's microphone");
	else
		log_info("the call's microphone is heard now, or does not run");
	graph_endpoints_changed(listen->graph);
}

/* From now on it should be heard, or no more. */
static void expect_sound(struct listen *listen)
{
	bool expected = listen->linked && listen->running;
	struct timespec in = { .tv_sec = SILENT_S };

	pw_loop_update_timer(listen->graph->loop, listen->timer, expected ? &in : NULL, NULL,
			     false);
	if (!expected)
		tell(listen, false);
}

/* The link is there. One that is refused tells nothing of the microphone. */
static void on_bound(void *data, uint32_t id)
{
	struct listen *listen = data;

	listen->linked = true;
	expect_sound(listen);
}

static void on_node_info(void *data, const struct pw_node_info *info)
{
	struct listen *listen = data;
	bool running = info->state == PW_NODE_STATE_RUNNING;

	if (listen->running == running)
		return;
	listen->running = running;
	expect_sound(listen);
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = on_node_info,
};

static const struct pw_proxy_events link_events = {
	PW_VERSION_PROXY_EVENTS,
	.bound = on_bound,
};

static void link_up(struct listen *listen, uint32_t port)
{
	struct graph *graph = listen->graph;
	const struct node *source = global_find(graph, GLOBAL_NODE, listen->source);
	char output_node[16], output_port[16], input_node[16], input_port[16];
	const struct spa_dict_item items[] = {
		{ PW_KEY_LINK_OUTPUT_NODE, output_node }, { PW_KEY_LINK_OUTPUT_PORT, output_port },
		{ PW_KEY_LINK_INPUT_NODE, input_node },   { PW_KEY_LINK_INPUT_PORT, input_port },
		{ PW_KEY_LINK_PASSIVE, "true" },
	};

	if (source == NULL || source->port == PLAN_NONE)
		return;
	snprintf(output_node, sizeof(output_node), "%" PRIu32, source->global.id);
	snprintf(output_port, sizeof(output_port), "%" PRIu32, source->port);
	snprintf(input_node, sizeof(input_node), "%" PRIu32, pw_filter_get_node_id(listen->filter));
	snprintf(input_port, sizeof(input_port), "%" PRIu32, port);
	listen->link = pw_core_create_object(graph->core, "link-factory", PW_TYPE_INTERFACE_Link,
					     PW_VERSION_LINK,
					     &SPA_DICT_INIT(items, SPA_N_ELEMENTS(items)), 0);
	if (listen->link != NULL)
		pw_proxy_add_listener(listen->link, &listen->link_listener, &link_events, listen);
}

static void on_state(void *data, enum pw_filter_state old, enum pw_filter_state state,
		     const char *error)
{
	if (state == PW_FILTER_STATE_ERROR)
		log_debug("the microphone cannot be listened to: %s", error);
}

static const struct pw_filter_events filter_events = {
	PW_VERSION_FILTER_EVENTS,
	.state_changed = on_state,
	.process = on_process,
};

static void stop(struct listen *listen)
{
	pw_loop_update_timer(listen->graph->loop, listen->timer, NULL, NULL, false);
	if (listen->link != NULL) {
		spa_hook_remove(&listen->link_listener);
		pw_proxy_destroy(listen->link);
	}
	listen->link = NULL;
	if (listen->node != NULL) {
		spa_hook_remove(&listen->node_listener);
		pw_proxy_destroy((struct pw_proxy *)listen->node);
	}
	listen->node = NULL;
	listen->linked = false;
	listen->running = false;
	if (listen->filter != NULL)
		pw_filter_destroy(listen->filter);
	listen->filter = NULL;
	atomic_store(&listen->sounds, false);
}

static int start(struct listen *listen)
{
	listen->node = pw_registry_bind(listen->graph->registry, listen->source,
					PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, 0);
	if (listen->node == NULL)
		return -errno;
	pw_node_add_listener(listen->node, &listen->node_listener, &node_events, listen);
	listen->filter = pw_filter_new(listen->graph->core, "callroute.listen",
				       pw_properties_new(PW_KEY_NODE_NAME, "callroute.listen",
							 PW_KEY_NODE_DESCRIPTION,
							 "callroute (does the microphone work?)",
							 PW_KEY_NODE_WANT_DRIVER, "false", NULL));
	if (listen->filter == NULL)
		return -errno;
	pw_filter_add_listener(listen->filter, &listen->listener, &filter_events, listen);
	listen->port = pw_filter_add_port(
		listen->filter, PW_DIRECTION_INPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
		pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio", NULL), NULL, 0);
	if (listen->port == NULL ||
	    pw_filter_connect(listen->filter, PW_FILTER_FLAG_RT_PROCESS, NULL, 0) < 0)
		return -errno;
	return 0;
}

static void on_heard(void *data, uint64_t count)
{
	struct listen *listen = data;

	if (!atomic_load(&listen->sounds))
		return; /* of the one before */
	stop(listen);
	tell(listen, false);
}

static void on_timer(void *data, uint64_t expirations)
{
	struct listen *listen = data;

	if (listen->filter != NULL)
		tell(listen, true);
}

void graph_listen(struct graph *graph, uint32_t source, bool linked)
{
	struct listen *listen = graph->listen;
	int error;

	if (listen == NULL || listen->source == source)
		return;
	stop(listen);
	listen->source = PLAN_NONE;
	if (listen->silent)
		graph_endpoints_changed(graph);
	listen->silent = false;
	if (source == PLAN_NONE || !linked || graph->core == NULL)
		return;
	listen->source = source;
	error = start(listen);
	if (error < 0) {
		log_debug("the microphone cannot be listened to: %s", strerror(-error));
		stop(listen);
	}
}

bool graph_hears_nothing(const struct graph *graph)
{
	return graph->listen != NULL && graph->listen->silent;
}

void listen_port(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
	struct listen *listen = graph->listen;

	if (listen->filter != NULL && listen->link == NULL &&
	    props_u32(props, PW_KEY_NODE_ID, PLAN_NONE) == pw_filter_get_node_id(listen->filter))
		link_up(listen, id);
}

int listen_new(struct graph *graph)
{
	struct listen *listen = calloc(1, sizeof(*listen));

	if (listen == NULL)
		return -ENOMEM;
	listen->graph = graph;
	listen->source = PLAN_NONE;
	graph->listen = listen;
	listen->timer = pw_loop_add_timer(graph->loop, on_timer, listen);
	listen->heard = pw_loop_add_event(graph->loop, on_heard, listen);
	return listen->timer != NULL && listen->heard != NULL ? 0 : -ENOMEM;
}

void listen_free(struct graph *graph)
{
	struct listen *listen = graph->listen;

	if (listen == NULL)
		return;
	stop(listen);
	if (listen->timer != NULL)
		pw_loop_destroy_source(graph->loop, listen->timer);
	if (listen->heard != NULL)
		pw_loop_destroy_source(graph->loop, listen->heard);
	free(listen);
	graph->listen = NULL;
}
