/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A registry listener that keeps what the tests ask about.
 */
#include "view-internal.h"

#include <errno.h>
#include <pipewire/extensions/metadata.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct object *find(const struct view *view, enum object_type type, uint32_t id)
{
	for (size_t i = 0; i < view->n_objects; i++) {
		if (view->objects[i]->type == type && view->objects[i]->id == id)
			return view->objects[i];
	}
	return NULL;
}

/* ---- the registry ------------------------------------------------------------------------------------ */

static void forget(struct object *object)
{
	if (object->proxy) {
		spa_hook_remove(&object->listener);
		pw_proxy_destroy(object->proxy);
	}
	free(object);
}

struct object *view_remember(struct view *view, enum object_type type, uint32_t id)
{
	struct object *object = view->n_objects < MAX_OBJECTS ? calloc(1, sizeof(*object)) : NULL;

	if (!object)
		return NULL;
	object->view = view;
	object->type = type;
	object->id = id;
	view->objects[view->n_objects++] = object;
	return object;
}

static uint32_t number_of(const struct spa_dict *props, const char *key)
{
	const char *text = spa_dict_lookup(props, key);

	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static void add_node(struct view *view, uint32_t id, const struct spa_dict *props)
{
	const char *class = spa_dict_lookup(props, PW_KEY_MEDIA_CLASS);
	struct object *object = view_remember(view, OBJECT_NODE, id);

	if (!object)
		return;
	view_copy(object->name, spa_dict_lookup(props, PW_KEY_NODE_NAME));
	object->serial = number_of(props, PW_KEY_OBJECT_SERIAL);
	object->client = number_of(props, PW_KEY_CLIENT_ID);
	object->stream = class && !strncmp(class, "Stream/", 7);
	object->capture = object->stream && strstr(class, "/Input/") != NULL;
	view_watch_mode(object);
}

static void add_client(struct view *view, uint32_t id, const struct spa_dict *props)
{
	struct object *object = view_remember(view, OBJECT_CLIENT, id);

	if (object)
		object->process = (pid_t)number_of(props, PW_KEY_SEC_PID);
}

static void add_link(struct view *view, uint32_t id, const struct spa_dict *props)
{
	struct object *object = view_remember(view, OBJECT_LINK, id);

	if (!object)
		return;
	view->changes++;
	object->output_node = number_of(props, PW_KEY_LINK_OUTPUT_NODE);
	object->input_node = number_of(props, PW_KEY_LINK_INPUT_NODE);
}

static void forget_notes(struct view *view, uint32_t subject, const char *key)
{
	for (size_t i = 0; i < view->n_notes;) {
		if (view->notes[i].subject == subject && (!key || !strcmp(view->notes[i].key, key)))
			view->notes[i] = view->notes[--view->n_notes];
		else
			i++;
	}
}

static int on_property(void *data, uint32_t subject, const char *key, const char *type,
		       const char *value)
{
	struct object *object = data;
	struct view *view = object->view;

	view->changes++;
	forget_notes(view, subject, key);
	if (key && value && view->n_notes < MAX_NOTES) {
		view->notes[view->n_notes].subject = subject;
		view_copy(view->notes[view->n_notes++].key, key);
	}
	return 0;
}

static void add_metadata(struct view *view, uint32_t id, const struct spa_dict *props)
{
	static const struct pw_metadata_events events = {
		PW_VERSION_METADATA_EVENTS,
		.property = on_property,
	};
	const char *name = spa_dict_lookup(props, PW_KEY_METADATA_NAME);
	struct object *object;

	if (!name || strcmp(name, "default") ||
	    !(object = view_remember(view, OBJECT_METADATA, id)))
		return;
	object->proxy = pw_registry_bind(view->registry, id, PW_TYPE_INTERFACE_Metadata,
					 PW_VERSION_METADATA, 0);
	pw_metadata_add_listener((struct pw_metadata *)object->proxy, &object->listener, &events,
				 object);
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
		      uint32_t version, const struct spa_dict *props)
{
	struct view *view = data;

	if (!props)
		return;
	if (!strcmp(type, PW_TYPE_INTERFACE_Node))
		add_node(view, id, props);
	else if (!strcmp(type, PW_TYPE_INTERFACE_Client))
		add_client(view, id, props);
	else if (!strcmp(type, PW_TYPE_INTERFACE_Device))
		view_add_card(view, id, props);
	else if (!strcmp(type, PW_TYPE_INTERFACE_Link))
		add_link(view, id, props);
	else if (!strcmp(type, PW_TYPE_INTERFACE_Metadata))
		add_metadata(view, id, props);
}

static void on_global_remove(void *data, uint32_t id)
{
	struct view *view = data;

	/* they go with it, which nobody is told */
	forget_notes(view, id, NULL);
	for (size_t i = 0; i < view->n_objects; i++) {
		if (view->objects[i]->id != id)
			continue;
		view->changes += view->objects[i]->type == OBJECT_LINK;
		if (view->objects[i]->type == OBJECT_METADATA)
			view->n_notes = 0;
		forget(view->objects[i]);
		view->objects[i] = view->objects[--view->n_objects];
		return;
	}
}

static void on_core_done(void *data, uint32_t id, int seq)
{
	struct view *view = data;

	if (id == PW_ID_CORE && seq == view->sync)
		view->up = true;
}

static void on_core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct view *view = data;

	if (id == PW_ID_CORE && res == -EPIPE) {
		view->up = false;
		view->lost = true;
	}
}

int view_new(struct pw_loop *loop, struct view **ret)
{
	static const struct pw_core_events core_events = {
		PW_VERSION_CORE_EVENTS,
		.done = on_core_done,
		.error = on_core_error,
	};
	static const struct pw_registry_events registry_events = {
		PW_VERSION_REGISTRY_EVENTS,
		.global = on_global,
		.global_remove = on_global_remove,
	};
	struct view *view = calloc(1, sizeof(*view));

	if (!view)
		return -ENOMEM;
	view->loop = loop;
	view->context = pw_context_new(loop, NULL, 0);
	view->core = view->context ? pw_context_connect(view->context, NULL, 0) : NULL;
	if (!view->core) {
		int error = errno;

		view_free(view);
		return error ? -error : -ENOTCONN;
	}
	pw_core_add_listener(view->core, &view->core_listener, &core_events, view);
	view->registry = pw_core_get_registry(view->core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(view->registry, &view->registry_listener, &registry_events, view);
	view->sync = pw_core_sync(view->core, PW_ID_CORE, 0);
	*ret = view;
	return 0;
}

struct view *view_free(struct view *view)
{
	if (!view)
		return NULL;
	while (view->n_plugged)
		view_unplug(view, view->plugged[0].name);
	for (size_t i = 0; i < view->n_objects; i++)
		forget(view->objects[i]);
	if (view->registry) {
		spa_hook_remove(&view->registry_listener);
		spa_hook_remove(&view->core_listener);
		pw_proxy_destroy((struct pw_proxy *)view->registry);
	}
	if (view->core)
		pw_core_disconnect(view->core);
	if (view->context)
		pw_context_destroy(view->context);
	free(view);
	return NULL;
}

/* ---- questions ------------------------------------------------------------------------------------- */

bool view_up(const struct view *view)
{
	return view->up;
}

bool view_session(const struct view *view)
{
	for (size_t i = 0; i < view->n_objects; i++) {
		if (view->objects[i]->type == OBJECT_METADATA)
			return true;
	}
	return false;
}

bool view_name_matches(const char *name, const char *wanted)
{
	size_t n = strlen(wanted);

	if (n && wanted[n - 1] == '*')
		return !strncmp(name, wanted, n - 1);
	return !strcmp(name, wanted);
}

static const struct object *find_node(const struct view *view, const char *name)
{
	for (size_t i = 0; i < view->n_objects; i++) {
		const struct object *object = view->objects[i];

		if (object->type == OBJECT_NODE && view_name_matches(object->name, name))
			return object;
	}
	return NULL;
}

uint32_t view_node(const struct view *view, const char *name)
{
	const struct object *object = find_node(view, name);

	return object ? object->id : 0;
}

uint64_t view_serial(const struct view *view, const char *name)
{
	const struct object *object = find_node(view, name);

	return object ? object->serial : 0;
}

uint32_t view_stream(const struct view *view, pid_t process, bool capture)
{
	for (size_t i = 0; i < view->n_objects; i++) {
		const struct object *object = view->objects[i];

		if (object->type != OBJECT_NODE || !object->stream || object->capture != capture)
			continue;
		const struct object *client = find(view, OBJECT_CLIENT, object->client);
		if (client && client->process == process)
			return object->id;
	}
	return 0;
}

/* The other end of the @nth link of a node, or NULL. */
static const struct object *peer_of(const struct view *view, uint32_t node, size_t nth)
{
	for (size_t i = 0; i < view->n_objects; i++) {
		const struct object *link = view->objects[i];

		if (link->type != OBJECT_LINK ||
		    (link->output_node != node && link->input_node != node) || nth--)
			continue;
		return find(view, OBJECT_NODE,
			    link->output_node == node ? link->input_node : link->output_node);
	}
	return NULL;
}

bool view_linked(const struct view *view, uint32_t stream, const char *name)
{
	const struct object *peer;
	size_t n = 0;

	for (; (peer = peer_of(view, stream, n)); n++) {
		if (!view_name_matches(peer->name, name))
			return false;
	}
	return n > 0;
}

const char *view_peer(const struct view *view, uint32_t stream)
{
	const struct object *peer = peer_of(view, stream, 0);

	return peer ? peer->name : "";
}

unsigned int view_changes(const struct view *view)
{
	return view->changes;
}

unsigned int view_notes(const struct view *view, const char *key)
{
	unsigned int n = 0;

	for (size_t i = 0; i < view->n_notes; i++)
		n += !strncmp(view->notes[i].key, key, strlen(key));
	return n;
}

/* ---- acts -------------------------------------------------------------------------------------------- */

int view_move(struct view *view, uint32_t stream, const char *name)
{
	const struct object *node = find_node(view, name);
	char serial[32];

	for (size_t i = 0; node && i < view->n_objects; i++) {
		if (view->objects[i]->type != OBJECT_METADATA)
			continue;
		(void)snprintf(serial, sizeof(serial), "%llu", (unsigned long long)node->serial);
		pw_metadata_set_property((struct pw_metadata *)view->objects[i]->proxy, stream,
					 "target.object", "Spa:Id", serial);
		return 0;
	}
	return -ENOENT;
}

int view_plug(struct view *view, const char *name, const char *class, const char *endpoint,
	      unsigned int priority)
{
	char number[16];
	const struct spa_dict_item items[] = {
		{ PW_KEY_FACTORY_NAME, "support.null-audio-sink" },
		{ PW_KEY_NODE_NAME, name },
		{ PW_KEY_NODE_DESCRIPTION, name },
		{ PW_KEY_MEDIA_CLASS, class },
		{ "audio.position", "[ FL FR ]" },
		{ "callroute.endpoint", endpoint },
		{ PW_KEY_PRIORITY_SESSION, number },
	};
	const struct spa_dict properties = SPA_DICT_INIT_ARRAY(items);

	if (view->n_plugged == MAX_PLUGGED)
		return -ENOSPC;
	(void)snprintf(number, sizeof(number), "%u", priority);
	struct plugged *plugged = &view->plugged[view->n_plugged];
	plugged->node = pw_core_create_object(view->core, "adapter", PW_TYPE_INTERFACE_Node,
					      PW_VERSION_NODE, &properties, 0);
	if (!plugged->node)
		return -errno;
	view_copy(plugged->name, name);
	view->n_plugged++;
	return 0;
}

void view_unplug(struct view *view, const char *name)
{
	for (size_t i = 0; i < view->n_plugged; i++) {
		if (strcmp(view->plugged[i].name, name))
			continue;
		pw_proxy_destroy(view->plugged[i].node);
		view->plugged[i] = view->plugged[--view->n_plugged];
		return;
	}
}

void view_dump(const struct view *view)
{
	for (size_t i = 0; i < view->n_objects; i++) {
		const struct object *object = view->objects[i];

		switch (object->type) {
		case OBJECT_NODE:
			fprintf(stderr, "  node %u %s of client %u\n", object->id, object->name,
				object->client);
			break;
		case OBJECT_CLIENT:
			fprintf(stderr, "  client %u is process %d\n", object->id,
				(int)object->process);
			break;
		case OBJECT_LINK:
			fprintf(stderr, "  link %u -> %u\n", object->output_node,
				object->input_node);
			break;
		case OBJECT_CARD:
			fprintf(stderr, "  card %u %s, profile %s of", object->id, object->name,
				object->profile);
			for (size_t k = 0; k < object->n_profiles; k++)
				fprintf(stderr, " %s", object->profiles[k].name);
			fprintf(stderr, "\n");
			break;
		case OBJECT_METADATA:
			break;
		}
	}
	for (size_t i = 0; i < view->n_notes; i++)
		fprintf(stderr, "  metadata of %u: %s\n", view->notes[i].subject,
			view->notes[i].key);
}
