/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The session manager's "default" metadata: which sink and source are the defaults, and where each
 * stream is told to go.
 *
 * A stream's target is "target.object", a serial; WirePlumber 0.4 and 0.5 look at it first and at
 * "target.node" only without it. Both also save a stream's target for the application's next stream,
 * whichever key was set last, and would send the next ring tone to where a call was. So after each
 * change of target.object, target.node is set to what was found before us, which has no effect on
 * the stream but leaves the saved target as it was.
 *
 * The metadata lives in the session manager, so a sync with PipeWire says nothing about whether a
 * change has arrived there; only its echo does. Until the echo, a foreign value is one that was on
 * its way before ours.
 *
 * Echoes may be lost. While a client binds the metadata, PipeWire tells its changes to that client only;
 * where it goes away before that is over, no other is told of any change again (module-metadata, 0.3.65 to
 * 1.6). To bind it anew still tells all that is there then. It also makes PipeWire read nothing more from us
 * until the session manager has answered, so it is done only where something speaks for a loss.
 */
#include "private.h"

#include "daemon/log.h"

#include <spa/utils/json.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_OBJECT "target.object"
#define KEY_NODE "target.node"
#define FOLLOW_DEFAULT "-1"

/* From one reading to the next. A session manager that links and unlinks without end (0.4 does, now and
 * then) would else be asked for all it has at each link. */
#define READ_PAUSE_NS UINT64_C(250000000)

/* ---- targets ------------------------------------------------------------------------------------- */

void target_done(struct target *target)
{
	free(target->object);
	free(target->node);
	free(target->found_object);
	free(target->found_node);
	free(target->record);
	*target = (struct target){ 0 };
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void assign(char **text, const char *value)
{
	char *copy = value != NULL ? strndup(value, GRAPH_NAME_SIZE - 1) : NULL;

	free(*text);
	*text = copy;
}

static struct node *find_by_serial(const struct graph *graph, uint64_t serial)
{
	struct global *global;

	spa_list_for_each (global, &graph->lists[GLOBAL_NODE], link) {
		if (((struct node *)global)->serial == serial)
			return (struct node *)global;
	}
	return NULL;
}

static struct node *find_by_name(const struct graph *graph, const char *name, bool capture)
{
	struct global *global;

	spa_list_for_each (global, &graph->lists[GLOBAL_NODE], link) {
		struct node *node = (struct node *)global;

		if (node->capture == capture && node->name != NULL && strcmp(node->name, name) == 0)
			return node;
	}
	return NULL;
}

/* The serial that the two keys mean together; 0 for the default, or for what is not there. */
static uint64_t resolve(const struct stream *stream, const char *object, const char *by_id)
{
	const struct graph *graph = stream->global.graph;
	const struct node *node;
	uint64_t serial;
	uint32_t id;

	if (object != NULL) {
		if (strcmp(object, FOLLOW_DEFAULT) == 0)
			return 0;
		if (spa_atou64(object, &serial, 10))
			return serial;
		node = find_by_name(graph, object, stream->capture);
		return node != NULL ? node->serial : 0;
	}
	if (by_id == NULL || !spa_atou32(by_id, &id, 10))
		return 0;
	node = global_find(graph, GLOBAL_NODE, id);
	return node != NULL ? node->serial : 0;
}

uint64_t target_serial(const struct stream *stream)
{
	/* what is known is ours, and soon gone */
	if (stream->target.clearing && stream->target.set == 0)
		return target_found_serial(stream);
	return resolve(stream, stream->target.object, stream->target.node);
}

uint64_t target_found_serial(const struct stream *stream)
{
	return resolve(stream, stream->target.found_object, stream->target.found_node);
}

bool target_is_ours(const struct target *target)
{
	return target->set != 0;
}

static void set_typed(struct stream *stream, const char *key, const char *type, const char *value)
{
	struct graph *graph = stream->global.graph;

	pw_metadata_set_property(graph->metadata, stream->global.id, key, type, value);
	graph_requested(graph);
}

static void set_property(struct stream *stream, const char *key, const char *value)
{
	set_typed(stream, key, value != NULL ? "Spa:Id" : NULL, value);
}

/* The session manager saves at a change only, and a change of the type is one, too; taking the value
 * away first would move the stream back and forth. */
static void set_again(struct stream *stream, const char *key, const char *value)
{
	set_typed(stream, key, "Spa:Int", value);
	set_property(stream, key, value);
}

/* Leave in the session manager's memory what was there before us (see above). */
static void restore_saved(struct stream *stream)
{
	const struct target *target = &stream->target;
	const struct node *node = NULL;
	char id[16];

	if (target->found_object != NULL && strcmp(target->found_object, FOLLOW_DEFAULT) != 0)
		node = find_by_serial(stream->global.graph, target_found_serial(stream));
	if (node != NULL) {
		snprintf(id, sizeof(id), "%" PRIu32, node->global.id);
		set_again(stream, KEY_NODE, id);
	} else {
		set_again(stream, KEY_NODE,
			  target->found_node != NULL ? target->found_node : FOLLOW_DEFAULT);
	}
}

void target_set(struct stream *stream, uint64_t serial)
{
	struct target *target = &stream->target;
	char value[24];

	/* Before a session manager is there, nobody would take it; its metadata tells a change. */
	if (stream->global.graph->metadata == NULL)
		return;
	if (target->set == serial && !target->confirmed) {
		if (graph_now_ns() - target->sent_ns < GRAPH_ECHO_NS)
			return;
		/* 0: it was replaced, and not without an echo */
		if (target->sent_ns != 0)
			stream->global.graph->deaf = true;
	}
	snprintf(value, sizeof(value), "%" PRIu64, serial);
	/* What is there now was found, unless it is ours, or a deletion of ours is under way. */
	if (target->set == 0 && !target->clearing) {
		assign(&target->found_object, target->object);
		assign(&target->found_node, target->node);
	}
	if (target->set != serial) {
		const struct node *wanted = find_by_serial(stream->global.graph, serial);

		target->reached = wanted != NULL && stream_is_linked_to(stream, wanted->global.id);
	}
	target->set = serial;
	target->sent_ns = graph_now_ns();
	target->moved_from = 0;
	/* What is there now may be what was just taken away: then its echo comes first. */
	target->confirmed = !target->clearing && same(target->object, value);
	set_property(stream, KEY_OBJECT, value);
	/* Each of these changes makes the session manager look at all streams again, so they wait until it
	 * has seen to the one that moves the sound. */
	target->unsaved = !target->confirmed;
	if (target->confirmed)
		restore_saved(stream);
	record_target(stream);
	stream_update_kept(stream);
	metadata_suspect(stream->global.graph);
}

void target_detour(struct stream *stream, uint64_t detour)
{
	struct target *target = &stream->target;
	char value[24];

	if (stream->global.graph->metadata == NULL || target->set == 0)
		return;
	snprintf(value, sizeof(value), "%" PRIu64, detour);
	set_property(stream, KEY_OBJECT, value);
	snprintf(value, sizeof(value), "%" PRIu64, target->set);
	set_property(stream, KEY_OBJECT, value);
	restore_saved(stream);
	target->detour = detour;
	target->reached = false;
	target->confirmed = false;
	target->sent_ns = graph_now_ns();
	metadata_suspect(stream->global.graph);
}

void target_clear(struct stream *stream)
{
	struct target *target = &stream->target;
	bool found_object = target->found_object != NULL &&
			    (strcmp(target->found_object, FOLLOW_DEFAULT) == 0 ||
			     target_found_serial(stream) != 0);

	if (target->set == 0 || stream->global.graph->metadata == NULL)
		return;
	target->set = 0;
	target->clearing = true;
	/* What is set last is what the session manager saves. */
	if (found_object) {
		set_property(stream, KEY_NODE, target->found_node);
		set_again(stream, KEY_OBJECT, target->found_object);
	} else {
		set_property(stream, KEY_OBJECT, NULL);
		if (target->found_node != NULL)
			set_again(stream, KEY_NODE, target->found_node);
		else
			set_property(stream, KEY_NODE, NULL);
	}
	record_target(stream);
	stream_update_kept(stream);
	metadata_suspect(stream->global.graph);
}

/* The metadata tells a stream's target.object. */
static void object_changed(struct stream *stream, const char *value)
{
	struct target *target = &stream->target;
	char ours[24];

	if (target->detour != 0) {
		snprintf(ours, sizeof(ours), "%" PRIu64, target->detour);
		if (same(ours, value)) {
			target->detour = 0;
			return;
		}
	}
	assign(&target->object, value);
	if (stream->kept)
		graph_streams_changed(stream->global.graph);
	/* The echo of a set that we took back at once comes before that of the deletion, and that one before
	 * the echo of what we set since. */
	if (target->clearing && (value == NULL || same(value, target->found_object))) {
		target->clearing = false;
		target->confirmed = false;
	}
	record_adopt_target(stream);
	if (target->set == 0)
		return;
	snprintf(ours, sizeof(ours), "%" PRIu64, target->set);
	if (same(target->object, ours)) {
		target->confirmed = true;
		if (!stream->global.graph->reading)
			stream->global.graph->deaf = false;
		if (target->unsaved)
			restore_saved(stream);
		target->unsaved = false;
	} else if (!target->confirmed) {
		assign(&target->found_object, value);
		record_target(stream);
	} else if (!stream->linked && !stream->restored) {
		/* Nobody moves what is not anywhere yet: the session manager (0.5) gives a new stream the
		 * target of the application's last one, and may come to that after we set ours. */
		stream->restored = true;
		assign(&target->found_object, value);
		target->confirmed = false;
		target->sent_ns = 0;
		target_set(stream, target->set);
	} else {
		log_debug("another program moved stream %u", stream->global.id);
		target->moved_from = target->set;
		target->set = 0;
		target->confirmed = false;
		record_target(stream);
	}
	stream_update_kept(stream);
}

/* ---- defaults ------------------------------------------------------------------------------------ */

static void read_default(struct graph *graph, char *ret, const char *value)
{
	char name[GRAPH_NAME_SIZE] = "", key[32];
	struct spa_json json, object;

	if (value != NULL) {
		spa_json_init(&json, value, strlen(value));
		if (spa_json_enter_object(&json, &object) > 0 &&
		    spa_json_get_string(&object, key, sizeof(key)) > 0 && strcmp(key, "name") == 0)
			(void)spa_json_get_string(&object, name, sizeof(name));
	}
	if (strcmp(ret, name) == 0)
		return;
	snprintf(ret, GRAPH_NAME_SIZE, "%s", name);
	graph_endpoints_changed(graph);
}

static const char *const default_keys[2 * DEFAULT_NODES] = {
	[DEFAULT_SINK] = "default.audio.sink",
	[DEFAULT_SOURCE] = "default.audio.source",
	[DEFAULT_NODES + DEFAULT_SINK] = "default.configured.audio.sink",
	[DEFAULT_NODES + DEFAULT_SOURCE] = "default.configured.audio.source",
};

static char *default_of(struct graph *graph, size_t i)
{
	return i < DEFAULT_NODES ? graph->default_now[i]
				 : graph->default_configured[i - DEFAULT_NODES];
}

static void default_changed(struct graph *graph, const char *key, const char *value)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(default_keys); i++) {
		if (strcmp(key, default_keys[i]) != 0)
			continue;
		graph->default_read[i] = true;
		read_default(graph, default_of(graph, i), value);
	}
}

/* ---- the object ---------------------------------------------------------------------------------- */

static void stream_property(struct stream *stream, const char *key, const char *value)
{
	/* Without a key, all of the subject's are gone. */
	if (key == NULL)
		value = NULL;
	if (key == NULL || strcmp(key, KEY_NODE) == 0) {
		stream->target.node_read = true;
		assign(&stream->target.node, value);
	}
	if (key == NULL || strcmp(key, KEY_OBJECT) == 0) {
		stream->target.object_read = true;
		object_changed(stream, value);
	}
}

static int on_property(void *data, uint32_t subject, const char *key, const char *type,
		       const char *value)
{
	struct global *global = data;
	struct graph *graph = global->graph;
	struct stream *stream = global_find(graph, GLOBAL_STREAM, subject);

	if (key != NULL)
		record_read(graph, subject, key, value);
	if (stream != NULL)
		stream_property(stream, key, value);
	else if (subject == 0 && key != NULL)
		default_changed(graph, key, value);
	return 0;
}

static const struct pw_metadata_events metadata_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_property,
};

static int bind_metadata(struct global *metadata)
{
	struct graph *graph = metadata->graph;

	if (global_bind(metadata, PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA) == NULL)
		return -ENOMEM;
	graph->metadata = (struct pw_metadata *)metadata->proxy;
	pw_metadata_add_listener(graph->metadata, &metadata->listener, &metadata_events, metadata);
	return 0;
}

int metadata_new(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
	const char *name = spa_dict_lookup(props, PW_KEY_METADATA_NAME);
	struct global *metadata;

	if (name == NULL || strcmp(name, "default") != 0 || graph->metadata != NULL)
		return 0;
	metadata = global_new(graph, GLOBAL_METADATA, id, sizeof(*metadata));
	if (metadata == NULL)
		return -ENOMEM;
	if (bind_metadata(metadata) < 0) {
		global_free(metadata);
		return -ENOMEM;
	}
	graph_streams_changed(graph);
	return 0;
}

void metadata_suspect(struct graph *graph)
{
	if (graph->deaf)
		metadata_read_again(graph);
}

void metadata_linked(struct stream *stream, uint32_t node)
{
	struct graph *graph = stream->global.graph;
	struct target *target = &stream->target;
	const struct node *peer = global_find(graph, GLOBAL_NODE, node);

	if (peer == NULL || target->set == 0)
		return;
	if (peer->serial == target->set)
		target->reached = true;
	else if (target->confirmed && target->reached && find_by_serial(graph, target->set) != NULL)
		metadata_read_again(graph);
}

void metadata_read(struct graph *graph)
{
	struct global *metadata, *global;
	uint64_t now_ns = graph_now_ns();

	if (!graph->read_wanted || graph->reading || graph->metadata == NULL)
		return;
	if (now_ns < graph->read_again_ns) {
		graph_wake_in(graph, graph->read_again_ns - now_ns);
		return;
	}
	graph->read_again_ns = now_ns + READ_PAUSE_NS;
	graph->read_wanted = false;
	metadata = spa_list_first(&graph->lists[GLOBAL_METADATA], struct global, link);
	log_debug("reading the metadata again, as changes of it are not told");
	global_unbind(metadata);
	graph->metadata = NULL;
	if (bind_metadata(metadata) < 0)
		return;
	memset(graph->default_read, 0, sizeof(graph->default_read));
	spa_list_for_each (global, &graph->lists[GLOBAL_STREAM], link) {
		((struct stream *)global)->target.object_read = false;
		((struct stream *)global)->target.node_read = false;
	}
	graph->reading = true;
	graph->reading_sync = pw_core_sync(graph->core, PW_ID_CORE, 0);
}

void metadata_synced(struct graph *graph, int seq)
{
	struct global *global;

	if (!graph->reading || seq != graph->reading_sync)
		return;
	graph->reading = false;
	spa_list_for_each (global, &graph->lists[GLOBAL_STREAM], link) {
		struct stream *stream = (struct stream *)global;

		stream->target.detour = 0;
		if (!stream->target.node_read)
			assign(&stream->target.node, NULL);
		if (!stream->target.object_read && stream->target.object != NULL)
			object_changed(stream, NULL);
	}
	for (size_t i = 0; i < SPA_N_ELEMENTS(default_keys); i++) {
		if (!graph->default_read[i])
			read_default(graph, default_of(graph, i), NULL);
	}
	if (graph->read_wanted)
		metadata_read_again(graph);
}

/* The session manager is gone, and all targets with it; another one starts with none. */
void metadata_free(struct global *metadata)
{
	struct graph *graph = metadata->graph;
	struct global *global;

	graph->metadata = NULL;
	graph->deaf = false;
	graph->reading = false;
	graph->read_wanted = false;
	spa_list_for_each (global, &graph->lists[GLOBAL_STREAM], link) {
		struct stream *stream = (struct stream *)global;

		target_done(&stream->target);
		stream_update_kept(stream);
	}
	graph_streams_changed(graph);
	global_free(metadata);
}
