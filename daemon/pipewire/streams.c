/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Streams, the clients they belong to, and the links that tell where they are.
 *
 * Whose stream is it? An application on libpipewire or ALSA owns its client: the client's
 * pipewire.sec.pid is the kernel's word, and its node may lack application.process.id. Behind
 * pipewire-pulse every application has a client of its own, whose application.process.id is that
 * of the application. So a stream belongs to a process if any of the three says so; but a program in
 * a sandbox numbers its processes by itself, so that its own word may mean any other program: it goes
 * by the name that the sandbox has for it, and by the kernel's word where the client is its own.
 *
 * The sound of a phone, which this machine is the hands-free unit of, comes in streams of the session
 * manager, whoever has the phone's calls: they are that phone's.
 */
#include "private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- clients ----------------------------------------------------------------------------------- */

static const char *sandbox_of(const struct spa_dict *props)
{
	static const char *const keys[] = { "pipewire.access.portal.app_id", "pipewire.snap.id" };
	const char *app = NULL;

	for (size_t i = 0; i < SPA_N_ELEMENTS(keys) && app == NULL; i++) {
		app = spa_dict_lookup(props, keys[i]);
		if (app != NULL && app[0] == '\0')
			app = NULL;
	}
	return app;
}

/* Only what the configuration may ask for, and not of every client. */
static void keep_props(struct client *client, const struct spa_dict *props)
{
	static const char *const keys[] = { PW_KEY_APP_NAME, PW_KEY_APP_ID,
					    PW_KEY_APP_PROCESS_BINARY,
					    "pipewire.access.portal.app_id", "pipewire.snap.id" };

	pw_properties_free(client->props);
	client->props = pw_properties_new(NULL, NULL);
	for (size_t i = 0; client->props != NULL && i < SPA_N_ELEMENTS(keys); i++)
		pw_properties_set(client->props, keys[i], spa_dict_lookup(props, keys[i]));
}

static void read_client(struct client *client, const struct spa_dict *props)
{
	const char *api = spa_dict_lookup(props, PW_KEY_CLIENT_API);
	const char *app = sandbox_of(props);

	client->app_pid = props_pid(props, PW_KEY_APP_PROCESS_ID);
	client->sec_pid = props_pid(props, PW_KEY_SEC_PID);
	client->pulse = api != NULL && strcmp(api, "pipewire-pulse") == 0;
	free(client->app);
	client->app = app != NULL ? strndup(app, TALK_NAME_SIZE - 1) : NULL;
	keep_props(client, props);
}

static void on_client_info(void *data, const struct pw_client_info *info)
{
	struct client *client = data;
	struct stream *stream;

	if (info->props == NULL)
		return;
	read_client(client, info->props);
	global_settle(&client->global);
	global_unbind(&client->global);
	spa_list_for_each (stream, &client->streams, client_link)
		stream_update_call(stream);
}

static const struct pw_client_events client_events = {
	PW_VERSION_CLIENT_EVENTS,
	.info = on_client_info,
};

/* Most clients never have a stream, so their properties are asked for only when one appears. */
static void client_ask(struct client *client)
{
	if (client->asked)
		return;
	client->asked = true;
	if (global_bind(&client->global, PW_TYPE_INTERFACE_Client, PW_VERSION_CLIENT) != NULL)
		pw_client_add_listener((struct pw_client *)client->global.proxy,
				       &client->global.listener, &client_events, client);
}

int client_new(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
	struct client *client = global_new(graph, GLOBAL_CLIENT, id, sizeof(*client));

	if (client == NULL)
		return -ENOMEM;
	spa_list_init(&client->streams);
	client->sec_pid = props_pid(props, PW_KEY_SEC_PID);
	return 0;
}

void client_free(struct client *client)
{
	struct stream *stream;

	spa_list_consume (stream, &client->streams, client_link) {
		spa_list_remove(&stream->client_link);
		stream->client = NULL;
	}
	free(client->app);
	pw_properties_free(client->props);
	global_free(&client->global);
}

/* ---- streams ----------------------------------------------------------------------------------- */

static bool listed(const struct programs *programs, pid_t pid)
{
	for (size_t i = 0; pid > 0 && i < programs->n_pids; i++) {
		if (programs->pids[i] == pid)
			return true;
	}
	return false;
}

void stream_update_kept(struct stream *stream)
{
	bool kept = stream->in_call || stream->target.set != 0;

	if (kept && !stream->kept)
		spa_list_append(&stream->global.graph->kept, &stream->kept_link);
	else if (!kept && stream->kept)
		spa_list_remove(&stream->kept_link);
	stream->kept = kept;
}

void stream_owner(const struct stream *stream, pid_t *ret_process, const char **ret_app)
{
	const struct client *client = stream->client;
	pid_t process = client != NULL && !client->pulse ? client->sec_pid : 0;

	*ret_app = stream->phone != NULL ? stream->phone : client != NULL ? client->app : NULL;
	if (process == 0 && *ret_app == NULL) {
		process = stream->app_pid;
		if (process == 0 && client != NULL)
			process = client->app_pid;
	}
	*ret_process = process;
}

static bool app_listed(const struct programs *programs, const char *app)
{
	for (size_t i = 0; i < programs->n_apps; i++) {
		if (strcmp(programs->apps[i], app) == 0)
			return true;
	}
	return false;
}

static bool is_of(const struct programs *programs, const struct stream *stream)
{
	const struct client *client = stream->client;

	if (stream->phone != NULL && app_listed(programs, stream->phone))
		return true;
	if (client == NULL)
		return listed(programs, stream->app_pid);
	if (!client->pulse && listed(programs, client->sec_pid))
		return true;
	if (client->app != NULL)
		return app_listed(programs, client->app);
	return listed(programs, stream->app_pid) || listed(programs, client->app_pid);
}

void stream_update_call(struct stream *stream)
{
	const struct graph *graph = stream->global.graph;
	bool in_call =
		stream->global.settled && !stream->fixed &&
		(is_of(&graph->called, stream) || (graph->cellular && stream->carries_modem));
	bool silent = in_call && is_of(&graph->silent, stream);

	if (stream->in_call == in_call && stream->silent == silent)
		return;
	stream->silent = silent;
	if (stream->in_call == in_call) {
		stream_update_mute(stream);
		return;
	}
	stream->in_call = in_call;
	stream->target.moved_from = 0;
	stream_update_mute(stream);
	stream_update_kept(stream);
	graph_streams_changed(stream->global.graph);
}

/* Streams of PipeWire's Bluetooth, for the other side of what callrouted is for headsets. */
static char *phone_of(const struct spa_dict *props)
{
	const char *address = spa_dict_lookup(props, "api.bluez5.address");
	const char *profile = spa_dict_lookup(props, "api.bluez5.profile");
	char text[sizeof(TALK_PHONE) + ROUTE_ADDRESS_SIZE] = TALK_PHONE;
	route_device phone;

	if (address == NULL || profile == NULL || strcmp(profile, "headset-audio-gateway") != 0 ||
	    route_device_from_address(address, &phone) < 0)
		return NULL;
	route_device_to_address(phone, text + strlen(TALK_PHONE));
	return strdup(text);
}

static void on_stream_info(void *data, const struct pw_node_info *info)
{
	struct stream *stream = data;
	const struct spa_dict *props = info->props;

	if (stream->running != (info->state == PW_NODE_STATE_RUNNING)) {
		stream->running = !stream->running;
		if (stream->capture)
			picks_capture(stream->global.graph, stream->running);
		talk_changed(stream);
	}
	if (props == NULL || stream->global.settled)
		return;
	stream->app_pid = props_pid(props, PW_KEY_APP_PROCESS_ID);
	stream->phone = phone_of(props);
	stream->by_itself = !props_bool(props, PW_KEY_NODE_AUTOCONNECT);
	/* The session manager never moves those with dont-reconnect or dont-move: to ask for it
	 * would only make every request time out. Capturing a sink is no microphone. */
	stream->fixed = props_bool(props, "node.dont-reconnect") ||
			props_bool(props, "node.dont-move") ||
			props_bool(props, PW_KEY_STREAM_MONITOR) ||
			props_bool(props, PW_KEY_STREAM_CAPTURE_SINK);
	global_settle(&stream->global);
	talk_stream(stream, props);
	stream_release(stream);
	stream_update_call(stream);
	stream_mute_adopt(stream);
}

static void on_stream_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
			    const struct spa_pod *pod)
{
	stream_mute_param(data, id, pod);
}

static const struct pw_node_events stream_events = {
	PW_VERSION_NODE_EVENTS,
	.info = on_stream_info,
	.param = on_stream_param,
};

struct pw_node *stream_bind(struct stream *stream)
{
	if (stream->global.proxy == NULL &&
	    global_bind(&stream->global, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE) != NULL)
		pw_node_add_listener((struct pw_node *)stream->global.proxy,
				     &stream->global.listener, &stream_events, stream);
	return (struct pw_node *)stream->global.proxy;
}

void stream_release(struct stream *stream)
{
	if (stream->global.settled && stream->mute == MUTE_OFF && stream->program == NULL)
		global_unbind(&stream->global);
}

int stream_new(struct graph *graph, uint32_t id, bool capture, const struct spa_dict *props)
{
	struct stream *stream = global_new(graph, GLOBAL_STREAM, id, sizeof(*stream));

	if (stream == NULL)
		return -ENOMEM;
	spa_list_init(&stream->ends);
	if (capture)
		picks_capture(graph, true);
	stream->capture = capture;
	stream->serial = props_u64(props, PW_KEY_OBJECT_SERIAL, 0);
	stream->name = props_copy(props, PW_KEY_NODE_NAME);
	stream->client =
		global_find(graph, GLOBAL_CLIENT, props_u32(props, PW_KEY_CLIENT_ID, PLAN_NONE));
	if (stream->client != NULL) {
		spa_list_append(&stream->client->streams, &stream->client_link);
		client_ask(stream->client);
	}
	if (stream_bind(stream) == NULL) {
		stream_free(stream);
		return -ENOMEM;
	}
	return 0;
}

void stream_free(struct stream *stream)
{
	struct link_end *end;

	stream_mute_gone(stream);
	if (stream->capture)
		picks_capture(stream->global.graph, false);
	talk_leave(stream);
	if (stream->kept) {
		spa_list_remove(&stream->kept_link);
		graph_streams_changed(stream->global.graph);
	}
	spa_list_consume (end, &stream->ends, link) {
		spa_list_remove(&end->link);
		end->stream = NULL;
	}
	if (stream->client != NULL)
		spa_list_remove(&stream->client_link);
	target_done(&stream->target);
	free(stream->phone);
	free(stream->name);
	global_free(&stream->global);
}

static void update_calls(struct graph *graph)
{
	struct global *global;

	spa_list_for_each (global, &graph->lists[GLOBAL_STREAM], link)
		stream_update_call((struct stream *)global);
}

static void set_apps(struct graph *graph, struct programs *programs, const char *const *apps,
		     size_t n)
{
	bool same = n == programs->n_apps;

	n = SPA_MIN(n, (size_t)GRAPH_MAX_PIDS);
	for (size_t i = 0; same && i < n; i++)
		same = strcmp(programs->apps[i], apps[i]) == 0;
	if (same)
		return;
	for (size_t i = 0; i < n; i++)
		snprintf(programs->apps[i], sizeof(programs->apps[i]), "%s", apps[i]);
	programs->n_apps = n;
	update_calls(graph);
}

static void set_processes(struct graph *graph, struct programs *programs, const pid_t *pids,
			  size_t n)
{
	n = SPA_MIN(n, (size_t)GRAPH_MAX_PIDS);
	if (n == programs->n_pids &&
	    (n == 0 || memcmp(programs->pids, pids, n * sizeof(*pids)) == 0))
		return;
	if (n != 0)
		memcpy(programs->pids, pids, n * sizeof(*pids));
	programs->n_pids = n;
	update_calls(graph);
}

void graph_set_call_apps(struct graph *graph, const char *const *apps, size_t n)
{
	set_apps(graph, &graph->called, apps, n);
}

void graph_set_call_processes(struct graph *graph, const pid_t *pids, size_t n)
{
	set_processes(graph, &graph->called, pids, n);
}

void graph_set_cellular(struct graph *graph, bool cellular)
{
	if (graph->cellular == cellular)
		return;
	graph->cellular = cellular;
	update_calls(graph);
}

void graph_set_silent_apps(struct graph *graph, const char *const *apps, size_t n)
{
	set_apps(graph, &graph->silent, apps, n);
}

void graph_set_silent_processes(struct graph *graph, const pid_t *pids, size_t n)
{
	set_processes(graph, &graph->silent, pids, n);
}

/* ---- links ------------------------------------------------------------------------------------- */

static void attach(struct link *link, struct link_end *end, uint32_t id, uint32_t peer)
{
	struct stream *stream = global_find(link->global.graph, GLOBAL_STREAM, id);

	end->stream = stream;
	end->of = link;
	end->peer = peer;
	if (stream == NULL)
		return;
	spa_list_append(&stream->ends, &end->link);
	stream->linked = true;
	metadata_linked(stream, peer);
	talk_changed(stream);
	if (stream->in_call)
		graph_streams_changed(stream->global.graph);
}

static void detach(struct link_end *end)
{
	if (end->stream == NULL)
		return;
	spa_list_remove(&end->link);
	talk_changed(end->stream);
	if (end->stream->in_call)
		graph_streams_changed(end->stream->global.graph);
	end->stream = NULL;
}

int link_new(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
	uint32_t output = props_u32(props, PW_KEY_LINK_OUTPUT_NODE, PLAN_NONE);
	uint32_t input = props_u32(props, PW_KEY_LINK_INPUT_NODE, PLAN_NONE);
	struct link *link;

	if (global_find(graph, GLOBAL_STREAM, output) == NULL &&
	    global_find(graph, GLOBAL_STREAM, input) == NULL)
		return 0;
	link = global_new(graph, GLOBAL_LINK, id, sizeof(*link));
	if (link == NULL)
		return -ENOMEM;
	attach(link, &link->ends[0], output, input);
	attach(link, &link->ends[1], input, output);
	return 0;
}

void link_free(struct link *link)
{
	detach(&link->ends[0]);
	detach(&link->ends[1]);
	global_free(&link->global);
}

bool stream_is_linked_to(const struct stream *stream, uint32_t node)
{
	const struct link_end *end;

	spa_list_for_each (end, &stream->ends, link) {
		if (end->peer == node)
			return true;
	}
	return false;
}

bool link_end_is_at_endpoint(const struct link_end *end)
{
	const struct plan_snapshot *snapshot = &end->stream->global.graph->snapshot;

	for (size_t i = 0; i < snapshot->n_nodes; i++) {
		if (snapshot->nodes[i].id == end->peer)
			return true;
	}
	return false;
}

const struct link_end *stream_other_endpoint(const struct stream *stream, uint32_t node)
{
	const struct link_end *end;

	spa_list_for_each (end, &stream->ends, link) {
		if (end->peer != node && link_end_is_at_endpoint(end))
			return end;
	}
	return NULL;
}

static bool another_is_linked(const struct graph *graph, bool capture)
{
	const struct stream *stream;

	spa_list_for_each (stream, &graph->kept, kept_link) {
		if (stream->in_call && stream->capture == capture &&
		    !spa_list_is_empty(&stream->ends))
			return true;
	}
	return false;
}

/* The first stream that is not where it should be, or NULL. @all: none may be without links; else one in
 * each direction has to have some, since a program may have a stream that nobody can link. */
static const struct stream *find_astray(const struct graph *graph, const struct plan *plan,
					bool all)
{
	const struct stream *stream;

	spa_list_for_each (stream, &graph->kept, kept_link) {
		uint32_t node = stream->capture ? plan->source : plan->sink;
		bool linked = !spa_list_is_empty(&stream->ends);

		if (!stream->in_call || node == PLAN_NONE)
			continue;
		if (linked ? !stream_is_linked_to(stream, node) ||
				     stream_other_endpoint(stream, node) != NULL
			   : !stream->by_itself &&
				     (all || !another_is_linked(graph, stream->capture)))
			return stream;
	}
	return NULL;
}

bool graph_moved(const struct graph *graph, const struct plan *plan)
{
	return find_astray(graph, plan, true) == NULL;
}

bool graph_verified(const struct graph *graph, const struct plan *plan)
{
	return plan->sink != PLAN_NONE && find_astray(graph, plan, false) == NULL;
}

static const char *peer_elsewhere(const struct stream *stream, uint32_t wanted)
{
	const struct link_end *end;

	spa_list_for_each (end, &stream->ends, link) {
		const struct node *node = global_find(stream->global.graph, GLOBAL_NODE, end->peer);

		if (end->peer != wanted)
			return node != NULL && node->name != NULL ? node->name : "another stream";
	}
	return "nothing";
}

void graph_explain(const struct graph *graph, const struct plan *plan, char *ret, size_t n)
{
	const struct stream *stream = find_astray(graph, plan, false);

	if (stream == NULL) {
		ret[0] = '\0';
		return;
	}
	snprintf(ret, n, "%.64s %s %.64s", stream->name != NULL ? stream->name : "a stream",
		 stream->capture ? "records from" : "plays to",
		 peer_elsewhere(stream, stream->capture ? plan->source : plan->sink));
	for (char *p = ret; *p != '\0'; p++) {
		if (*p < ' ' || *p > '~')
			*p = '?';
	}
}
