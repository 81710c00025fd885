/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * watch: tells what happens in PipeWire's graph, one event a line, for a script to wait for:
 *
 *	card NAME profile PROFILE     a Bluetooth card is there in this profile, or changed to it
 *	node NAME CLASS               a node appeared
 *	port NODE NAME                a port of it
 *	link FROM TO                  two nodes are linked (told once for all their ports)
 *	gone WHAT…                    the same line's opposite, for nodes and links
 *	asked NAME PROFILE            for that profile; it is sent right after this line
 *
 * Commands on standard input: "profile NAME PROFILE", of a card that was told; "quit".
 */
#include "tests/softphone/commands.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <spa/param/profile.h>
#include <spa/pod/builder.h>
#include <spa/pod/parser.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 128

enum kind { NODE, CARD, LINK };

struct object {
	struct object *next;
	enum kind kind;
	uint32_t id;
	char name[NAME_SIZE];
	char profile[NAME_SIZE];
	char wanted[NAME_SIZE]; /* a profile that it is to be asked for */
	uint32_t from, to;      /* of a link: nodes */
	struct pw_proxy *proxy;
	struct spa_hook listener;
};

struct watch {
	struct pw_main_loop *loop;
	struct pw_registry *registry;
	struct object *objects;
};

static struct object *find(struct watch *watch, enum kind kind, uint32_t id)
{
	for (struct object *object = watch->objects; object; object = object->next)
		if (object->kind == kind && object->id == id)
			return object;
	return NULL;
}

static const char *node_name(struct watch *watch, uint32_t id)
{
	const struct object *node = find(watch, NODE, id);

	return node ? node->name : "?";
}

/* Links are told by the pair of nodes, not by the pair of ports. */
static unsigned int links_like(struct watch *watch, const struct object *link)
{
	unsigned int n = 0;

	for (struct object *object = watch->objects; object; object = object->next)
		if (object->kind == LINK && object->from == link->from && object->to == link->to)
			n++;
	return n;
}

/* As a user chooses it: the session manager keeps it then. */
static void ask_for(struct object *card, int32_t index)
{
	uint8_t memory[256];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));

	printf("asked %s %s\n", card->name, card->wanted);
	card->wanted[0] = '\0';
	pw_device_set_param((struct pw_device *)card->proxy, SPA_PARAM_Profile, 0,
			    spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_ParamProfile,
						       SPA_PARAM_Profile, SPA_PARAM_PROFILE_index,
						       SPA_POD_Int(index), SPA_PARAM_PROFILE_save,
						       SPA_POD_Bool(true)));
}

static void card_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
		       const struct spa_pod *param)
{
	struct object *card = data;
	const char *name;
	int32_t number;

	if (!param || spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamProfile, NULL,
					   SPA_PARAM_PROFILE_index, SPA_POD_Int(&number),
					   SPA_PARAM_PROFILE_name, SPA_POD_String(&name)) < 0)
		return;
	if (id == SPA_PARAM_EnumProfile && !strcmp(card->wanted, name))
		ask_for(card, number);
	if (id != SPA_PARAM_Profile || !strcmp(card->profile, name))
		return;
	(void)snprintf(card->profile, sizeof(card->profile), "%s", name);
	printf("card %s profile %s\n", card->name, name);
}

/* Asked for at every change: a subscription alone misses changes of a card that another process (the
 * session manager) exports, where the parameter's flags come out as they were. */
static void card_info(void *data, const struct pw_device_info *info)
{
	struct object *card = data;

	if (info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS)
		pw_device_enum_params((struct pw_device *)card->proxy, 0, SPA_PARAM_Profile, 0, 1,
				      NULL);
}

static const struct pw_device_events card_events = {
	PW_VERSION_DEVICE_EVENTS,
	.info = card_info,
	.param = card_param,
};

static void follow_card(struct watch *watch, struct object *card)
{
	card->proxy = pw_registry_bind(watch->registry, card->id, PW_TYPE_INTERFACE_Device,
				       PW_VERSION_DEVICE, 0);
	if (!card->proxy)
		return;
	pw_device_add_listener((struct pw_device *)card->proxy, &card->listener, &card_events,
			       card);
}

static const char *get(const struct spa_dict *properties, const char *key)
{
	const char *value = properties ? spa_dict_lookup(properties, key) : NULL;

	return value ? value : "";
}

static void added(void *data, uint32_t id, uint32_t permissions, const char *type, uint32_t version,
		  const struct spa_dict *properties)
{
	struct watch *watch = data;
	struct object *object;
	enum kind kind;

	if (!strcmp(type, PW_TYPE_INTERFACE_Port)) {
		printf("port %s %s\n",
		       node_name(watch, (uint32_t)atoi(get(properties, PW_KEY_NODE_ID))),
		       get(properties, PW_KEY_PORT_NAME));
		return;
	}
	if (!strcmp(type, PW_TYPE_INTERFACE_Node))
		kind = NODE;
	else if (!strcmp(type, PW_TYPE_INTERFACE_Link))
		kind = LINK;
	else if (!strcmp(type, PW_TYPE_INTERFACE_Device) &&
		 !strcmp(get(properties, PW_KEY_DEVICE_API), "bluez5"))
		kind = CARD;
	else
		return;
	object = calloc(1, sizeof(*object));
	if (!object)
		abort();
	object->kind = kind;
	object->id = id;
	object->next = watch->objects;
	watch->objects = object;
	switch (kind) {
	case NODE:
		(void)snprintf(object->name, NAME_SIZE, "%s", get(properties, PW_KEY_NODE_NAME));
		printf("node %s %s\n", object->name, get(properties, PW_KEY_MEDIA_CLASS));
		break;
	case CARD:
		(void)snprintf(object->name, NAME_SIZE, "%s", get(properties, PW_KEY_DEVICE_NAME));
		follow_card(watch, object);
		break;
	case LINK:
		object->from = (uint32_t)atoi(get(properties, PW_KEY_LINK_OUTPUT_NODE));
		object->to = (uint32_t)atoi(get(properties, PW_KEY_LINK_INPUT_NODE));
		if (links_like(watch, object) == 1)
			printf("link %s %s\n", node_name(watch, object->from),
			       node_name(watch, object->to));
		break;
	}
}

static void removed(void *data, uint32_t id)
{
	struct watch *watch = data;

	for (struct object **at = &watch->objects; *at; at = &(*at)->next) {
		struct object *object = *at;

		if (object->id != id)
			continue;
		if (object->kind == LINK && links_like(watch, object) == 1)
			printf("gone link %s %s\n", node_name(watch, object->from),
			       node_name(watch, object->to));
		if (object->kind == NODE)
			printf("gone node %s\n", object->name);
		if (object->kind == CARD)
			printf("gone card %s\n", object->name);
		*at = object->next;
		if (object->proxy) {
			spa_hook_remove(&object->listener);
			pw_proxy_destroy(object->proxy);
		}
		free(object);
		return;
	}
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = added,
	.global_remove = removed,
};

/* ---- commands ------------------------------------------------------------------------------- */

static int command_profile(void *data, const char *argument)
{
	struct watch *watch = data;
	char name[NAME_SIZE], profile[NAME_SIZE];

	if (sscanf(argument, "%127s %127s", name, profile) != 2)
		return -EINVAL;
	for (struct object *object = watch->objects; object; object = object->next) {
		if (object->kind != CARD || !object->proxy || strcmp(object->name, name) != 0)
			continue;
		memcpy(object->wanted, profile, sizeof(profile));
		pw_device_enum_params((struct pw_device *)object->proxy, 0, SPA_PARAM_EnumProfile,
				      0, UINT32_MAX, NULL);
		return 0;
	}
	return -ENODEV;
}

static const struct command command_table[] = {
	{ "profile", command_profile },
	{ 0 },
};

static void quit(void *data, int status)
{
	struct watch *watch = data;

	pw_main_loop_quit(watch->loop);
}

static void core_error(void *data, uint32_t id, int seq, int result, const char *message)
{
	struct watch *watch = data;

	fprintf(stderr, "watch: object %u: %s\n", id, message);
	if (id == PW_ID_CORE && result == -EPIPE)
		pw_main_loop_quit(watch->loop);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.error = core_error,
};

int main(int argc, char **argv)
{
	struct watch watch = { 0 };
	struct spa_hook registry_listener, core_listener;
	struct commands *commands;
	struct pw_context *context;
	struct pw_core *core;

	setvbuf(stdout, NULL, _IOLBF, 0);
	pw_init(&argc, &argv);
	watch.loop = pw_main_loop_new(NULL);
	context = pw_context_new(pw_main_loop_get_loop(watch.loop), NULL, 0);
	core = pw_context_connect(context, NULL, 0);
	if (!core) {
		fprintf(stderr, "watch: no PipeWire\n");
		return 1;
	}
	pw_core_add_listener(core, &core_listener, &core_events, &watch);
	watch.registry = pw_core_get_registry(core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(watch.registry, &registry_listener, &registry_events, &watch);
	if (commands_new(pw_main_loop_get_loop(watch.loop), command_table, quit, &watch,
			 &commands) < 0)
		return 1;
	puts("watching");
	pw_main_loop_run(watch.loop);
	commands_free(commands);
	return 0;
}
