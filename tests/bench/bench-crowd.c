/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Nodes and streams in PipeWire that are no endpoint and of no call. A process of its own, since the
 * streams of a process with a call are of that call. Told what to do line by line on standard input:
 *
 *	nodes N      there are so many null sinks from now on
 *	streams N    and so many streams of a program that has paused
 *	pass N       so many more streams come and go, one after the other, each before the session
 *	             manager has looked at it. That leaves WirePlumber 0.4.13 waiting for it, and
 *	             from then on it links nobody's stream
 *
 * Each is answered with "done" when PipeWire has told so, the session manager has given them ports, and
 * nothing is left to time. It ends when its standard input does, or where PipeWire refuses.
 */
#include "tests/common/loop.h"

#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_MS 60000
/** So many requests at a time, as PipeWire drops a client whose answers do not fit its queue. */
#define BATCH 16u
#define MAX_MEMBERS 2048u
#define MAX_IDS 32768u

#define NODE_NAME "bench.node"
#define STREAM_NAME "bench.stream"

enum kind { NODES, STREAMS, KINDS };

struct group {
	unsigned int n;
	unsigned int told; /* by the registry */
	unsigned int seen; /* with ports */
	union {
		struct pw_proxy *node;
		struct pw_stream *stream;
	} members[MAX_MEMBERS];
};

struct member {
	bool ours;
	bool ports; /* the session manager has given it some */
	enum kind kind;
};

static struct crowd {
	struct pw_loop *loop;
	struct pw_context *context;
	struct pw_core *core;
	struct pw_registry *registry;
	struct spa_hook core_listener;
	struct spa_hook registry_listener;
	int sync, synced;
	bool failed;
	struct group groups[KINDS];
	struct member members[MAX_IDS]; /* by id */
} the_crowd;

/* ---- what PipeWire tells ------------------------------------------------------------------------- */

static void on_node(struct crowd *crowd, uint32_t id, const struct spa_dict *props)
{
	const char *name = spa_dict_lookup(props, PW_KEY_NODE_NAME);

	for (unsigned int kind = 0; name && kind < KINDS; kind++) {
		const char *ours = kind == NODES ? NODE_NAME : STREAM_NAME;

		if (strncmp(name, ours, strlen(ours)) != 0)
			continue;
		crowd->members[id] = (struct member){ .ours = true, .kind = kind };
		crowd->groups[kind].told++;
	}
}

static void on_port(struct crowd *crowd, const struct spa_dict *props)
{
	const char *text = spa_dict_lookup(props, PW_KEY_NODE_ID);
	unsigned long id = text ? strtoul(text, NULL, 10) : MAX_IDS;

	if (id >= MAX_IDS || !crowd->members[id].ours || crowd->members[id].ports)
		return;
	crowd->members[id].ports = true;
	crowd->groups[crowd->members[id].kind].seen++;
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
		      uint32_t version, const struct spa_dict *props)
{
	if (!props || id >= MAX_IDS)
		return;
	if (strcmp(type, PW_TYPE_INTERFACE_Node) == 0)
		on_node(data, id, props);
	else if (strcmp(type, PW_TYPE_INTERFACE_Port) == 0)
		on_port(data, props);
}

static void on_global_remove(void *data, uint32_t id)
{
	struct crowd *crowd = data;

	if (id >= MAX_IDS)
		return;
	if (crowd->members[id].ours)
		crowd->groups[crowd->members[id].kind].told--;
	if (crowd->members[id].ports)
		crowd->groups[crowd->members[id].kind].seen--;
	crowd->members[id] = (struct member){ 0 };
}

static void on_done(void *data, uint32_t id, int seq)
{
	struct crowd *crowd = data;

	if (id == PW_ID_CORE)
		crowd->synced = seq;
}

static void on_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct crowd *crowd = data;

	(void)fprintf(stderr, "crowd: PipeWire of object %u: %s\n", id, message);
	crowd->failed = true;
}

/* What a wait is for. */
static enum kind waited;
static unsigned int wanted;

static bool is_told(void *data)
{
	const struct crowd *crowd = data;

	return crowd->failed || crowd->groups[waited].told == wanted;
}

static bool is_seen(void *data)
{
	const struct crowd *crowd = data;

	return crowd->failed || crowd->groups[waited].seen == wanted;
}

static bool is_synced(void *data)
{
	const struct crowd *crowd = data;

	return crowd->failed || crowd->synced == crowd->sync;
}

static bool until(struct crowd *crowd, bool (*condition)(void *), enum kind kind, unsigned int n)
{
	waited = kind;
	wanted = n;
	return loop_until(crowd->loop, condition, crowd, LIMIT_MS) && !crowd->failed;
}

/* Every request was answered. */
static bool settle(struct crowd *crowd)
{
	crowd->sync = pw_core_sync(crowd->core, PW_ID_CORE, crowd->sync);
	return until(crowd, is_synced, 0, 0);
}

/* ---- nodes and streams ----------------------------------------------------------------------------- */

static bool add_node(struct crowd *crowd, struct pw_proxy **ret)
{
	static const struct spa_dict_item items[] = {
		{ PW_KEY_FACTORY_NAME, "support.null-audio-sink" },
		{ PW_KEY_MEDIA_CLASS, "Audio/Sink" },
		{ PW_KEY_NODE_NAME, NODE_NAME },
		{ "audio.position", "[ MONO ]" },
		{ PW_KEY_PRIORITY_SESSION, "1" },
	};

	*ret = pw_core_create_object(crowd->core, "adapter", PW_TYPE_INTERFACE_Node,
				     PW_VERSION_NODE, &SPA_DICT_INIT_ARRAY(items), 0);
	return *ret != NULL;
}

/* As of a program that has paused: without autoconnect nobody links it. */
static bool add_stream(struct crowd *crowd, struct pw_stream **ret)
{
	struct spa_audio_info_raw format = { .format = SPA_AUDIO_FORMAT_S16,
					     .channels = 1,
					     .rate = 48000,
					     .position = { SPA_AUDIO_CHANNEL_MONO } };
	uint8_t memory[1024];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
	const struct spa_pod *params[] = { spa_format_audio_raw_build(
		&builder, SPA_PARAM_EnumFormat, &format) };

	*ret = pw_stream_new(crowd->core, STREAM_NAME,
			     pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
					       "Playback", PW_KEY_MEDIA_ROLE, "Music",
					       PW_KEY_NODE_NAME, STREAM_NAME, NULL));
	return *ret && pw_stream_connect(*ret, PW_DIRECTION_OUTPUT, PW_ID_ANY,
					 PW_STREAM_FLAG_INACTIVE, params, 1) == 0;
}

static bool add(struct crowd *crowd, enum kind kind)
{
	struct group *group = &crowd->groups[kind];
	unsigned int at = group->n++;

	return kind == NODES ? add_node(crowd, &group->members[at].node)
			     : add_stream(crowd, &group->members[at].stream);
}

static void take_away(struct crowd *crowd, enum kind kind)
{
	struct group *group = &crowd->groups[kind];

	group->n--;
	if (kind == NODES)
		pw_proxy_destroy(group->members[group->n].node);
	else
		pw_stream_destroy(group->members[group->n].stream);
}

static bool resize(struct crowd *crowd, enum kind kind, unsigned int n)
{
	struct group *group = &crowd->groups[kind];

	while (group->n != n) {
		unsigned int next = group->n < n ? SPA_MIN(n, group->n + BATCH)
						 : SPA_MAX(n, group->n - SPA_MIN(group->n, BATCH));

		while (group->n < next) {
			if (!add(crowd, kind))
				return false;
		}
		while (group->n > next)
			take_away(crowd, kind);
		if (!until(crowd, is_seen, kind, next) || !settle(crowd))
			return false;
	}
	return true;
}

static bool pass(struct crowd *crowd, unsigned int times)
{
	unsigned int told = crowd->groups[STREAMS].told;

	for (unsigned int i = 0; i < times; i++) {
		if (!add(crowd, STREAMS) || !until(crowd, is_told, STREAMS, told + 1))
			return false;
		take_away(crowd, STREAMS);
		if (!until(crowd, is_told, STREAMS, told) || !settle(crowd))
			return false;
	}
	return true;
}

/* ---- the program ------------------------------------------------------------------------------------ */

static bool obey(struct crowd *crowd, const char *line)
{
	unsigned int n;

	if (sscanf(line, "nodes %u", &n) == 1 && n <= MAX_MEMBERS)
		return resize(crowd, NODES, n);
	if (sscanf(line, "streams %u", &n) == 1 && n < MAX_MEMBERS)
		return resize(crowd, STREAMS, n);
	return sscanf(line, "pass %u", &n) == 1 && pass(crowd, n);
}

static bool join(struct crowd *crowd)
{
	static const struct pw_core_events core_events = { PW_VERSION_CORE_EVENTS, .done = on_done,
							   .error = on_error };
	static const struct pw_registry_events registry_events = {
		PW_VERSION_REGISTRY_EVENTS,
		.global = on_global,
		.global_remove = on_global_remove,
	};

	pw_init(NULL, NULL);
	crowd->loop = loop_new();
	crowd->context = crowd->loop ? pw_context_new(crowd->loop, NULL, 0) : NULL;
	crowd->core = crowd->context ? pw_context_connect(crowd->context, NULL, 0) : NULL;
	if (!crowd->core)
		return false;
	pw_core_add_listener(crowd->core, &crowd->core_listener, &core_events, crowd);
	crowd->registry = pw_core_get_registry(crowd->core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(crowd->registry, &crowd->registry_listener, &registry_events,
				 crowd);
	return settle(crowd);
}

/* Standard input is a source of the loop, so that PipeWire is answered meanwhile. */
static void on_input(void *data, int fd, uint32_t mask)
{
	bool *ret_readable = data;

	*ret_readable = true;
}

static bool is_readable(void *data)
{
	const bool *readable = data;

	return *readable || the_crowd.failed;
}

int main(void)
{
	struct crowd *crowd = &the_crowd;
	bool readable = false;
	char line[64];

	if (!join(crowd))
		return 1;
	pw_loop_add_io(crowd->loop, STDIN_FILENO, SPA_IO_IN | SPA_IO_HUP, false, on_input,
		       &readable);
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		if (!loop_until(crowd->loop, is_readable, &readable, INT_MAX) || crowd->failed)
			return 1;
		readable = false;
		if (!fgets(line, sizeof(line), stdin))
			return 0;
		if (!obey(crowd, line))
			return 1;
		puts("done");
		(void)fflush(stdout);
	}
}
