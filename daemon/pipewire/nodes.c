/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Sinks and sources. Their properties do not change during their life as far as we use them, so
 * each is bound only until it has told them, but for those whose state matters.
 */
#include "private.h"

#include "daemon/config.h"
#include "daemon/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_prefix(const struct spa_dict *props, const char *key, const char *prefix)
{
	const char *text = spa_dict_lookup(props, key);

	return text != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The property of a node that says what it is, for machines whose maker knows. */
static void read_mark(struct node *node, const struct spa_dict *props)
{
	const char *mark = spa_dict_lookup(props, "callroute.endpoint");
	unsigned int kinds;

	if (!config_endpoint(node->global.graph->config, props, &kinds)) {
		if (mark == NULL)
			return;
		if (config_kinds_from_string(mark, &kinds) < 0) {
			log_warning("node %s: callroute.endpoint is \"%.64s\", expected handset, "
				    "speaker, wired-headset or none",
				    node->name != NULL ? node->name : "?", mark);
			return;
		}
	}
	node->marked = kinds;
	node->hidden = kinds == 0;
}

static void read_bluetooth(struct node *node, const struct spa_dict *props)
{
	const char *address = spa_dict_lookup(props, "api.bluez5.address");

	if (address == NULL || route_device_from_address(address, &node->bluetooth) < 0)
		return;
	node->bluetooth_hfp = has_prefix(props, "api.bluez5.profile", "headset-") ||
			      has_prefix(props, PW_KEY_FACTORY_NAME, "api.bluez5.sco.");
	node->bluetooth_a2dp = has_prefix(props, "api.bluez5.profile", "a2dp-");
}

static enum form_factor read_form(const struct spa_dict *props)
{
	const char *form = spa_dict_lookup(props, PW_KEY_DEVICE_FORM_FACTOR);

	if (form == NULL)
		return FORM_UNKNOWN;
	if (strcmp(form, "handset") == 0)
		return FORM_HANDSET;
	if (strcmp(form, "headset") == 0 || strcmp(form, "headphone") == 0)
		return FORM_HEADSET;
	if (strcmp(form, "speaker") == 0)
		return FORM_SPEAKER;
	return FORM_UNKNOWN;
}

static void read_state(struct node *node, enum pw_node_state state)
{
	bool running = state == PW_NODE_STATE_RUNNING;

	if (running == node->running)
		return;
	node->running = running;
	if (running)
		node->starts++;
	graph_streams_changed(node->global.graph);
}

uint32_t graph_runs(const struct graph *graph, uint32_t id)
{
	const struct node *node = global_find(graph, GLOBAL_NODE, id);

	return node != NULL && node->running ? node->starts : 0;
}

static void on_info(void *data, const struct pw_node_info *info)
{
	struct node *node = data;
	const struct spa_dict *props = info->props;

	if (node->global.settled)
		read_state(node, info->state);
	if (props == NULL || node->global.settled)
		return;
	node->card_id = props_u32(props, PW_KEY_DEVICE_ID, PLAN_NONE);
	node->device = props_u32(props, "card.profile.device", PLAN_NONE);
	node->priority = (int32_t)props_u32(props, PW_KEY_PRIORITY_SESSION, 0);
	node->hardware =
		!props_bool(props, PW_KEY_NODE_VIRTUAL) &&
		(node->card_id != PLAN_NONE || spa_dict_lookup(props, "api.alsa.path") != NULL);
	node->form_factor = read_form(props);
	node->cancels_echo = has_prefix(props, "node.link-group", "echo-cancel") ||
			     has_prefix(props, PW_KEY_NODE_NAME, "echo-cancel");
	read_bluetooth(node, props);
	read_mark(node, props);
	if (node_is_endpoint(node))
		graph_endpoints_changed(node->global.graph);
	global_settle(&node->global);
	/* A headset's output is there for calls only, and what it does is of interest. */
	if (node->bluetooth_hfp && !node->capture)
		read_state(node, info->state);
	else
		global_unbind(&node->global);
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = on_info,
};

int node_new(struct graph *graph, uint32_t id, bool capture, const struct spa_dict *props)
{
	struct node *node = global_new(graph, GLOBAL_NODE, id, sizeof(*node));

	if (node == NULL)
		return -ENOMEM;
	node->serial = props_u64(props, PW_KEY_OBJECT_SERIAL, 0);
	node->name = props_copy(props, PW_KEY_NODE_NAME);
	node->capture = capture;
	node->since_ns = graph_now_ns();
	node->card_id = PLAN_NONE;
	node->device = PLAN_NONE;
	node->port = PLAN_NONE;
	if (global_bind(&node->global, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE) == NULL) {
		node_free(node);
		return -ENOMEM;
	}
	pw_node_add_listener((struct pw_node *)node->global.proxy, &node->global.listener,
			     &node_events, node);
	return 0;
}

void node_port(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
	struct node *node =
		global_find(graph, GLOBAL_NODE, props_u32(props, PW_KEY_NODE_ID, PLAN_NONE));
	const char *direction = spa_dict_lookup(props, PW_KEY_PORT_DIRECTION);

	if (node != NULL && node->capture && node->port == PLAN_NONE && direction != NULL &&
	    strcmp(direction, "out") == 0)
		node->port = id;
}

void node_free(struct node *node)
{
	if (node_is_endpoint(node))
		graph_endpoints_changed(node->global.graph);
	free(node->name);
	global_free(&node->global);
}

bool graph_cancels_echo(const struct graph *graph)
{
	const struct global *global;

	spa_list_for_each (global, &graph->lists[GLOBAL_NODE], link) {
		if (((const struct node *)global)->cancels_echo)
			return true;
	}
	return false;
}

bool node_is_endpoint(const struct node *node)
{
	return !node->hidden && (node->bluetooth != 0 || node->marked != 0 || node->hardware);
}
