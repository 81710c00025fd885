/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The registry: which globals exist. Each kind's own file takes it from there.
 */
#include "private.h"

#include "daemon/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *global_find(const struct graph *graph, enum global_type type, uint32_t id)
{
	struct global *global = id < graph->size ? graph->globals[id] : NULL;

	return global != NULL && global->type == type ? global : NULL;
}

static int make_room(struct graph *graph, uint32_t id)
{
	uint32_t size = graph->size != 0 ? graph->size : 128;
	struct global **globals;

	if (id < graph->size)
		return 0;
	if (id >= GRAPH_MAX_GLOBALS)
		return -E2BIG;
	while (size <= id)
		size *= 2;
	globals = reallocarray(graph->globals, size, sizeof(*globals));
	if (globals == NULL)
		return -ENOMEM;
	memset(globals + graph->size, 0, (size - graph->size) * sizeof(*globals));
	graph->globals = globals;
	graph->size = size;
	return 0;
}

void *global_new(struct graph *graph, enum global_type type, uint32_t id, size_t size)
{
	static const uint32_t limits[GLOBAL_TYPES] = {
		[GLOBAL_CARD] = GRAPH_MAX_CARDS,     [GLOBAL_NODE] = GRAPH_MAX_NODES,
		[GLOBAL_STREAM] = GRAPH_MAX_STREAMS, [GLOBAL_CLIENT] = GRAPH_MAX_GLOBALS,
		[GLOBAL_LINK] = GRAPH_MAX_GLOBALS,   [GLOBAL_METADATA] = 16,
	};
	struct global *global;

	if (graph->count[type] >= limits[type] || make_room(graph, id) < 0 ||
	    graph->globals[id] != NULL) {
		if (!graph->full)
			log_warning("PipeWire object %u is beyond what is followed, ignoring it "
				    "and others like it",
				    id);
		graph->full = true;
		return NULL;
	}
	global = calloc(1, size);
	if (global == NULL)
		return NULL;
	global->graph = graph;
	global->type = type;
	global->id = id;
	graph->globals[id] = global;
	graph->count[type]++;
	spa_list_append(&graph->lists[type], &global->link);
	return global;
}

void global_free(struct global *global)
{
	global_unbind(global);
	spa_list_remove(&global->link);
	global->graph->count[global->type]--;
	global->graph->globals[global->id] = NULL;
	free(global);
}

struct pw_proxy *global_bind(struct global *global, const char *type, uint32_t version)
{
	global->proxy = pw_registry_bind(global->graph->registry, global->id, type, version, 0);
	return global->proxy;
}

void global_unbind(struct global *global)
{
	if (global->proxy == NULL)
		return;
	spa_hook_remove(&global->listener);
	pw_proxy_destroy(global->proxy);
	global->proxy = NULL;
}

void global_settle(struct global *global)
{
	global->settled = true;
}

static void dispose(struct global *global)
{
	switch (global->type) {
	case GLOBAL_CARD:
		card_free((struct card *)global);
		break;
	case GLOBAL_NODE:
		node_free((struct node *)global);
		break;
	case GLOBAL_STREAM:
		stream_free((struct stream *)global);
		break;
	case GLOBAL_CLIENT:
		client_free((struct client *)global);
		break;
	case GLOBAL_LINK:
		link_free((struct link *)global);
		break;
	case GLOBAL_METADATA:
		metadata_free(global);
		break;
	case GLOBAL_TYPES:
		break;
	}
}

static void add_node(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
	static const struct {
		const char *media_class;
		bool stream;
		bool capture;
	} classes[] = {
		{ "Stream/Output/Audio", true, false },  { "Stream/Input/Audio", true, true },
		{ "Audio/Sink", false, false },          { "Audio/Source", false, true },
		{ "Audio/Source/Virtual", false, true },
	};
	const char *media_class = spa_dict_lookup(props, PW_KEY_MEDIA_CLASS);

	for (size_t i = 0; media_class != NULL && i < SPA_N_ELEMENTS(classes); i++) {
		if (strcmp(classes[i].media_class, media_class) != 0)
			continue;
		if (classes[i].stream)
			(void)stream_new(graph, id, classes[i].capture, props);
		else
			(void)node_new(graph, id, classes[i].capture, props);
		return;
	}
}

static void add_port(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
	node_port(graph, id, props);
	listen_port(graph, id, props);
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
		      uint32_t version, const struct spa_dict *props)
{
	static const struct spa_dict none = { 0 };
	struct graph *graph = data;

	if (props == NULL)
		props = &none;
	if (strcmp(type, PW_TYPE_INTERFACE_Node) == 0)
		add_node(graph, id, props);
	else if (strcmp(type, PW_TYPE_INTERFACE_Port) == 0)
		add_port(graph, id, props);
	else if (strcmp(type, PW_TYPE_INTERFACE_Link) == 0)
		(void)link_new(graph, id, props);
	else if (strcmp(type, PW_TYPE_INTERFACE_Client) == 0)
		(void)client_new(graph, id, props);
	else if (strcmp(type, PW_TYPE_INTERFACE_Device) == 0)
		(void)card_new(graph, id, props);
	else if (strcmp(type, PW_TYPE_INTERFACE_Metadata) == 0)
		(void)metadata_new(graph, id, props);
}

static void on_global_remove(void *data, uint32_t id)
{
	struct graph *graph = data;
	struct global *global = id < graph->size ? graph->globals[id] : NULL;

	if (global == NULL)
		return;
	if (global->type == GLOBAL_METADATA)
		graph_expect_answer(graph);
	dispose(global);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

void registry_start(struct graph *graph)
{
	graph->registry = pw_core_get_registry(graph->core, PW_VERSION_REGISTRY, 0);
	if (graph->registry != NULL)
		pw_registry_add_listener(graph->registry, &graph->registry_listener,
					 &registry_events, graph);
}

void registry_stop(struct graph *graph)
{
	/* Streams and clients point at each other; links and streams do, too. Any order is right. */
	for (uint32_t id = 0; id < graph->size; id++) {
		if (graph->globals[id] != NULL)
			dispose(graph->globals[id]);
	}
	if (graph->registry != NULL) {
		spa_hook_remove(&graph->registry_listener);
		pw_proxy_destroy((struct pw_proxy *)graph->registry);
		graph->registry = NULL;
	}
	memset(graph->default_configured, 0, sizeof(graph->default_configured));
	memset(graph->default_now, 0, sizeof(graph->default_now));
}

/* ---- values in properties ------------------------------------------------------------------- */

uint64_t props_u64(const struct spa_dict *props, const char *key, uint64_t otherwise)
{
	const char *text = spa_dict_lookup(props, key);
	uint64_t value;

	return text != NULL && spa_atou64(text, &value, 10) ? value : otherwise;
}

uint32_t props_u32(const struct spa_dict *props, const char *key, uint32_t otherwise)
{
	uint64_t value = props_u64(props, key, otherwise);

	return value < UINT32_MAX ? (uint32_t)value : otherwise;
}

pid_t props_pid(const struct spa_dict *props, const char *key)
{
	uint64_t value = props_u64(props, key, 0);

	return value <= INT32_MAX ? (pid_t)value : 0;
}

bool props_bool(const struct spa_dict *props, const char *key)
{
	return spa_atob(spa_dict_lookup(props, key));
}

char *props_copy(const struct spa_dict *props, const char *key)
{
	const char *text = spa_dict_lookup(props, key);

	return text != NULL ? strndup(text, GRAPH_NAME_SIZE - 1) : NULL;
}
