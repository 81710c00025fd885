/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The view's cards, for what their globals do not tell: their profiles. PipeWire may tell an outdated one
 * for ever (daemon/pipewire/cards.c says how), so that headsets' nodes are asked for the mode that they are of.
 */
#include "view-internal.h"

#include <errno.h>
#include <spa/param/profile.h>
#include <spa/pod/builder.h>
#include <spa/pod/parser.h>
#include <string.h>

static void read_profile(struct object *object, uint32_t id, const struct spa_pod *param)
{
	int32_t index = -1;
	const char *name = NULL;

	if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamProfile, NULL, SPA_PARAM_PROFILE_index,
				 SPA_POD_Int(&index), SPA_PARAM_PROFILE_name,
				 SPA_POD_OPT_String(&name)) < 0 ||
	    !name)
		return;
	if (id == SPA_PARAM_Profile) {
		object->view->changes += strcmp(object->profile, name) != 0;
		view_copy(object->profile, name);
		return;
	}
	for (size_t i = 0; i < object->n_profiles; i++) {
		if (object->profiles[i].index == index)
			return;
	}
	if (object->n_profiles == MAX_PROFILES)
		return;
	struct card_profile *profile = &object->profiles[object->n_profiles++];
	profile->index = index;
	view_copy(profile->name, name);
}

static void on_card_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
			  const struct spa_pod *param)
{
	if (param)
		read_profile(data, id, param);
}

static void on_card_info(void *data, const struct pw_device_info *info)
{
	struct object *object = data;

	if (!(info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS))
		return;
	for (uint32_t i = 0; i < info->n_params; i++) {
		uint32_t id = info->params[i].id;

		if (id != SPA_PARAM_EnumProfile && id != SPA_PARAM_Profile)
			continue;
		if (id == SPA_PARAM_EnumProfile)
			object->n_profiles = 0;
		pw_device_enum_params((struct pw_device *)object->proxy, 0, id, 0, UINT32_MAX,
				      NULL);
	}
}

void view_add_card(struct view *view, uint32_t id, const struct spa_dict *props)
{
	static const struct pw_device_events events = {
		PW_VERSION_DEVICE_EVENTS,
		.info = on_card_info,
		.param = on_card_param,
	};
	const char *name = spa_dict_lookup(props, PW_KEY_DEVICE_NAME);

	/* bluez_card.AA_BB_CC_DD_EE_FF */
	if (!name || strncmp(name, "bluez_card.", 11))
		return;
	struct object *object = view_remember(view, OBJECT_CARD, id);
	if (!object)
		return;
	view_copy(object->name, name + 11);
	for (char *p = object->name; *p; p++) {
		if (*p == '_')
			*p = ':';
	}
	object->proxy = pw_registry_bind(view->registry, id, PW_TYPE_INTERFACE_Device,
					 PW_VERSION_DEVICE, 0);
	pw_device_add_listener((struct pw_device *)object->proxy, &object->listener, &events,
			       object);
}

static void on_node_info(void *data, const struct pw_node_info *info)
{
	struct object *node = data;
	const char *mode = info->props ? spa_dict_lookup(info->props, "api.bluez5.profile") : NULL;

	if (!mode || !strcmp(node->mode, mode))
		return;
	view_copy(node->mode, mode);
	node->view->changes++;
}

void view_watch_mode(struct object *node)
{
	static const struct pw_node_events events = {
		PW_VERSION_NODE_EVENTS,
		.info = on_node_info,
	};

	if (strncmp(node->name, "bluez_", 6))
		return;
	node->proxy = pw_registry_bind(node->view->registry, node->id, PW_TYPE_INTERFACE_Node,
				       PW_VERSION_NODE, 0);
	pw_node_add_listener((struct pw_node *)node->proxy, &node->listener, &events, node);
}

static struct object *find_card(const struct view *view, const char *address)
{
	for (size_t i = 0; i < view->n_objects; i++) {
		struct object *object = view->objects[i];

		if (object->type == OBJECT_CARD && !strcmp(object->name, address))
			return object;
	}
	return NULL;
}

/* bluez_output.AA_BB_CC_DD_EE_FF.1 */
static bool is_of(const struct object *node, const struct object *card)
{
	const char *part = strchr(node->name, '.');

	for (const char *p = card->name; part && *p; p++) {
		part++;
		if (*part != *p && !(*part == '_' && *p == ':'))
			return false;
	}
	return part != NULL;
}

/* The mode of all of its nodes, or "". */
static const char *mode_of_nodes(const struct view *view, const struct object *card)
{
	const char *mode = "";

	for (size_t i = 0; i < view->n_objects; i++) {
		const struct object *node = view->objects[i];

		if (node->type != OBJECT_NODE || !node->mode[0] || !is_of(node, card))
			continue;
		if (mode[0] && strcmp(mode, node->mode))
			return "";
		mode = node->mode;
	}
	return mode;
}

const char *view_profile(const struct view *view, const char *address)
{
	const struct object *card = find_card(view, address);
	const char *mode = card ? mode_of_nodes(view, card) : "";

	if (!card)
		return "";
	/* of another mode than headset mode or A2DP it has no nodes, and those of before may linger */
	if (!mode[0] || !strcmp(card->profile, "off") || !strncmp(card->profile, mode, 4))
		return card->profile;
	return mode;
}

bool view_profile_is(const struct view *view, const char *address, const char *profile)
{
	return view_name_matches(view_profile(view, address), profile);
}

int view_set_profile(struct view *view, const char *address, const char *profile, bool saved)
{
	struct object *card = find_card(view, address);

	for (size_t i = 0; card && i < card->n_profiles; i++) {
		uint8_t memory[256];
		struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));

		if (!view_name_matches(card->profiles[i].name, profile))
			continue;
		struct spa_pod *param = spa_pod_builder_add_object(
			&builder, SPA_TYPE_OBJECT_ParamProfile, SPA_PARAM_Profile,
			SPA_PARAM_PROFILE_index, SPA_POD_Int(card->profiles[i].index),
			SPA_PARAM_PROFILE_save, SPA_POD_Bool(saved));
		pw_device_set_param((struct pw_device *)card->proxy, SPA_PARAM_Profile, 0, param);
		return 0;
	}
	return -ENOENT;
}
