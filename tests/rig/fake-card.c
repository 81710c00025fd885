/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Implements SPA's device interface in this process and exports it with pw_core_export().
 */
#include "fake-card.h"

#include <pipewire/pipewire.h>
#include <spa/monitor/device.h>
#include <spa/monitor/utils.h>
#include <spa/param/param.h>
#include <spa/param/profile.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <spa/pod/filter.h>
#include <spa/pod/parser.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROFILES, PROFILE, ROUTES, ROUTE, N_PARAMS };

struct fake_card {
	struct spa_device device;
	struct spa_hook_list hooks;
	struct spa_param_info params[N_PARAMS];
	struct fake_card_options options;
	struct pw_context *context;
	struct pw_core *core;
	struct pw_proxy *proxy;
	struct pw_proxy *nodes[FAKE_CARD_MAX];
	uint32_t n_nodes;
	uint32_t profile;
	bool outdated; /* .told is told in its place */
	uint32_t told;
	int saved;
	int available[FAKE_CARD_MAX];
	bool active[FAKE_CARD_MAX];
	bool profile_saved;
	bool route_saved[FAKE_CARD_MAX];
};

static void emit_info(struct fake_card *card, uint64_t change)
{
	char text[] = "true";
	struct spa_dict_item items[8];
	uint32_t n = 0;
	struct spa_dict dict;
	struct spa_device_info info = SPA_DEVICE_INFO_INIT();

	items[n++] = SPA_DICT_ITEM_INIT(PW_KEY_DEVICE_NAME, card->options.name);
	items[n++] = SPA_DICT_ITEM_INIT(PW_KEY_MEDIA_CLASS, "Audio/Device");
	items[n++] = SPA_DICT_ITEM_INIT("callroute.test", text);
	if (card->options.address != NULL) {
		items[n++] = SPA_DICT_ITEM_INIT(PW_KEY_DEVICE_API, "bluez5");
		items[n++] = SPA_DICT_ITEM_INIT("api.bluez5.address", card->options.address);
	}
	if (card->options.form_factor != NULL)
		items[n++] =
			SPA_DICT_ITEM_INIT(PW_KEY_DEVICE_FORM_FACTOR, card->options.form_factor);
	if (card->options.bus != NULL)
		items[n++] = SPA_DICT_ITEM_INIT(PW_KEY_DEVICE_BUS, card->options.bus);
	dict = SPA_DICT_INIT(items, n);
	info.change_mask = change;
	info.props = &dict;
	info.params = card->params;
	info.n_params = N_PARAMS;
	spa_device_emit_info(&card->hooks, &info);
}

static void params_changed(struct fake_card *card, uint32_t first, uint32_t second)
{
	card->params[first].flags ^= SPA_PARAM_INFO_SERIAL;
	card->params[second].flags ^= SPA_PARAM_INFO_SERIAL;
	emit_info(card, SPA_DEVICE_CHANGE_MASK_PARAMS);
}

static int add_listener(void *object, struct spa_hook *listener,
			const struct spa_device_events *events, void *data)
{
	struct fake_card *card = object;
	struct spa_hook_list save;

	spa_hook_list_isolate(&card->hooks, &save, listener, events, data);
	if (events->info != NULL)
		emit_info(card, SPA_DEVICE_CHANGE_MASK_PROPS | SPA_DEVICE_CHANGE_MASK_PARAMS);
	spa_hook_list_join(&card->hooks, &save);
	return 0;
}

static int sync_device(void *object, int seq)
{
	struct fake_card *card = object;

	spa_device_emit_result(&card->hooks, seq, 0, 0, NULL);
	return 0;
}

static struct spa_pod *build_profile(const struct fake_card *card, struct spa_pod_builder *b,
				     uint32_t id, uint32_t index)
{
	const struct fake_profile *profile = &card->options.profiles[index];
	bool saved = id == SPA_PARAM_Profile && card->profile_saved;

	return spa_pod_builder_add_object(
		b, SPA_TYPE_OBJECT_ParamProfile, id, SPA_PARAM_PROFILE_index,
		SPA_POD_Int((int)index), SPA_PARAM_PROFILE_name, SPA_POD_String(profile->name),
		SPA_PARAM_PROFILE_priority, SPA_POD_Int(profile->priority),
		SPA_PARAM_PROFILE_available, SPA_POD_Id(SPA_PARAM_AVAILABILITY_yes),
		SPA_PARAM_PROFILE_save, SPA_POD_Bool(saved));
}

static bool serves(const struct fake_route *route, uint32_t profile)
{
	return route->profiles == 0 || route->profiles >> profile & 1;
}

static struct spa_pod *build_route(const struct fake_card *card, struct spa_pod_builder *b,
				   uint32_t id, uint32_t index)
{
	const struct fake_route *route = &card->options.routes[index];
	struct spa_pod_frame object, info;
	int32_t profiles[FAKE_CARD_MAX];
	uint32_t n_profiles = 0;

	for (uint32_t i = 0; i < card->options.n_profiles; i++) {
		if (serves(route, i))
			profiles[n_profiles++] = (int32_t)i;
	}
	spa_pod_builder_push_object(b, &object, SPA_TYPE_OBJECT_ParamRoute, id);
	spa_pod_builder_add(
		b, SPA_PARAM_ROUTE_index, SPA_POD_Int((int)index), SPA_PARAM_ROUTE_direction,
		SPA_POD_Id(route->capture ? SPA_DIRECTION_INPUT : SPA_DIRECTION_OUTPUT),
		SPA_PARAM_ROUTE_name, SPA_POD_String(route->name), SPA_PARAM_ROUTE_description,
		SPA_POD_String(route->name), SPA_PARAM_ROUTE_priority,
		SPA_POD_Int(route->priority != 0 ? route->priority : 100),
		SPA_PARAM_ROUTE_available, SPA_POD_Id((uint32_t)card->available[index]), 0);
	spa_pod_builder_prop(b, SPA_PARAM_ROUTE_info, 0);
	spa_pod_builder_push_struct(b, &info);
	spa_pod_builder_int(b, 1);
	spa_pod_builder_add(b, SPA_POD_String("port.type"), SPA_POD_String(route->type), NULL);
	spa_pod_builder_pop(b, &info);
	spa_pod_builder_prop(b, SPA_PARAM_ROUTE_profiles, 0);
	spa_pod_builder_array(b, sizeof(int32_t), SPA_TYPE_Int, n_profiles, profiles);
	if (id == SPA_PARAM_EnumRoute) {
		int32_t devices[1] = { route->device };

		spa_pod_builder_prop(b, SPA_PARAM_ROUTE_devices, 0);
		spa_pod_builder_array(b, sizeof(int32_t), SPA_TYPE_Int, 1, devices);
	} else {
		spa_pod_builder_add(b, SPA_PARAM_ROUTE_device, SPA_POD_Int(route->device),
				    SPA_PARAM_ROUTE_profile, SPA_POD_Int((int)card->profile),
				    SPA_PARAM_ROUTE_save, SPA_POD_Bool(card->route_saved[index]),
				    0);
	}
	return spa_pod_builder_pop(b, &object);
}

static struct spa_pod *build_param(const struct fake_card *card, struct spa_pod_builder *b,
				   uint32_t id, uint32_t index)
{
	switch (id) {
	case SPA_PARAM_EnumProfile:
		return index < card->options.n_profiles ? build_profile(card, b, id, index) : NULL;
	case SPA_PARAM_Profile:
		return index == 0 ? build_profile(card, b, id,
						  card->outdated ? card->told : card->profile)
				  : NULL;
	case SPA_PARAM_EnumRoute:
		return index < card->options.n_routes ? build_route(card, b, id, index) : NULL;
	case SPA_PARAM_Route:
		for (uint32_t i = 0; i < card->options.n_routes; i++) {
			if (card->active[i] && serves(&card->options.routes[i], card->profile) &&
			    index-- == 0)
				return build_route(card, b, id, i);
		}
		return NULL;
	default:
		return NULL;
	}
}

static int enum_params(void *object, int seq, uint32_t id, uint32_t start, uint32_t max,
		       const struct spa_pod *filter)
{
	struct fake_card *card = object;

	for (uint32_t i = start; i - start < max; i++) {
		uint8_t buffer[2048], filtered[2048];
		struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
		struct spa_pod_builder f = SPA_POD_BUILDER_INIT(filtered, sizeof(filtered));
		struct spa_result_device_params result = { .id = id, .index = i, .next = i + 1 };
		struct spa_pod *param = build_param(card, &b, id, i);

		if (param == NULL)
			break;
		if (spa_pod_filter(&f, &result.param, param, filter) < 0)
			continue;
		spa_device_emit_result(&card->hooks, seq, 0, SPA_RESULT_TYPE_DEVICE_PARAMS,
				       &result);
	}
	return 0;
}

static void activate(struct fake_card *card, uint32_t index)
{
	for (uint32_t i = 0; i < card->options.n_routes; i++) {
		if (card->options.routes[i].device == card->options.routes[index].device)
			card->active[i] = i == index;
	}
	params_changed(card, ROUTE, ROUTES);
}

static void set_profile(struct fake_card *card, uint32_t profile, bool saved)
{
	card->profile = profile;
	card->profile_saved = saved;
	params_changed(card, PROFILE, ROUTE);
}

void fake_card_tell_outdated(struct fake_card *card, bool outdated)
{
	card->outdated = outdated;
	card->told = card->profile;
}

void fake_card_set_profile(struct fake_card *card, uint32_t profile)
{
	set_profile(card, profile, false);
}

void fake_card_choose_profile(struct fake_card *card, uint32_t profile)
{
	set_profile(card, profile, true);
}

void fake_card_choose_route(struct fake_card *card, uint32_t route)
{
	card->route_saved[route] = true;
	activate(card, route);
}

static int set_param(void *object, uint32_t id, uint32_t flags, const struct spa_pod *param)
{
	struct fake_card *card = object;
	int32_t index, device;
	bool save = false;

	if (param == NULL)
		return -EINVAL;
	if (id == SPA_PARAM_Profile) {
		if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamProfile, NULL,
					 SPA_PARAM_PROFILE_index, SPA_POD_Int(&index),
					 SPA_PARAM_PROFILE_save, SPA_POD_OPT_Bool(&save)) < 0 ||
		    index < 0 || (uint32_t)index >= card->options.n_profiles)
			return -EINVAL;
		card->saved = save;
		if (card->options.profiles[index].instead != 0)
			index = (int32_t)card->options.profiles[index].instead;
		set_profile(card, (uint32_t)index, save);
		return 0;
	}
	if (id != SPA_PARAM_Route)
		return -ENOENT;
	if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamRoute, NULL, SPA_PARAM_ROUTE_index,
				 SPA_POD_Int(&index), SPA_PARAM_ROUTE_device, SPA_POD_Int(&device),
				 SPA_PARAM_ROUTE_save, SPA_POD_OPT_Bool(&save)) < 0 ||
	    index < 0 || (uint32_t)index >= card->options.n_routes ||
	    card->options.routes[index].device != device)
		return -EINVAL;
	card->saved = save;
	card->route_saved[index] = save;
	activate(card, (uint32_t)index);
	return 0;
}

static const struct spa_device_methods methods = {
	SPA_VERSION_DEVICE_METHODS, .add_listener = add_listener, .sync = sync_device,
	.enum_params = enum_params, .set_param = set_param,
};

/* The first available route of each device is active, as a session manager would have it. */
static void choose_routes(struct fake_card *card)
{
	for (uint32_t i = 0; i < card->options.n_routes; i++) {
		card->available[i] = card->options.routes[i].available;
		if (card->available[i] != SPA_PARAM_AVAILABILITY_no &&
		    fake_card_route(card, card->options.routes[i].device) == UINT32_MAX)
			card->active[i] = true;
	}
}

struct fake_card *fake_card_new(struct pw_loop *loop, const struct fake_card_options *options)
{
	static const uint32_t ids[N_PARAMS] = { SPA_PARAM_EnumProfile, SPA_PARAM_Profile,
						SPA_PARAM_EnumRoute, SPA_PARAM_Route };
	struct fake_card *card = calloc(1, sizeof(*card));
	struct spa_dict_item items[2];
	uint32_t n = 0;

	if (card == NULL)
		return NULL;
	card->options = *options;
	card->saved = -1;
	choose_routes(card);
	for (uint32_t i = 0; i < N_PARAMS; i++)
		card->params[i] =
			SPA_PARAM_INFO(ids[i], i == PROFILE || i == ROUTE ? SPA_PARAM_INFO_READWRITE
									  : SPA_PARAM_INFO_READ);
	spa_hook_list_init(&card->hooks);
	card->device.iface =
		SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_Device, SPA_VERSION_DEVICE, &methods, card);
	card->context = pw_context_new(loop, NULL, 0);
	if (card->context != NULL)
		card->core = pw_context_connect(card->context, NULL, 0);
	items[n++] = SPA_DICT_ITEM_INIT(PW_KEY_MEDIA_CLASS, "Audio/Device");
	items[n++] = SPA_DICT_ITEM_INIT(PW_KEY_DEVICE_NAME, options->name);
	if (card->core != NULL)
		card->proxy = pw_core_export(card->core, SPA_TYPE_INTERFACE_Device,
					     &SPA_DICT_INIT(items, n), &card->device, 0);
	return card->proxy != NULL ? card : fake_card_free(card);
}

struct fake_card *fake_card_free(struct fake_card *card)
{
	if (card == NULL)
		return NULL;
	fake_card_remove_nodes(card);
	if (card->proxy != NULL)
		pw_proxy_destroy(card->proxy);
	if (card->core != NULL)
		pw_core_disconnect(card->core);
	if (card->context != NULL)
		pw_context_destroy(card->context);
	free(card);
	return NULL;
}

uint32_t fake_card_id(const struct fake_card *card)
{
	return pw_proxy_get_bound_id(card->proxy);
}

void fake_card_add_node(struct fake_card *card, const char *name, bool capture, int device,
			const char *more)
{
	struct pw_properties *properties = pw_properties_new(
		PW_KEY_FACTORY_NAME, "support.null-audio-sink", PW_KEY_NODE_NAME, name,
		PW_KEY_MEDIA_CLASS, capture ? "Audio/Source/Virtual" : "Audio/Sink",
		PW_KEY_NODE_VIRTUAL, "false", "audio.position", "[ MONO ]", NULL);

	if (properties == NULL || card->n_nodes == FAKE_CARD_MAX)
		abort();
	pw_properties_setf(properties, PW_KEY_DEVICE_ID, "%u", fake_card_id(card));
	pw_properties_setf(properties, "card.profile.device", "%d", device);
	if (card->options.address != NULL)
		pw_properties_set(properties, "api.bluez5.address", card->options.address);
	if (more != NULL)
		pw_properties_update_string(properties, more, strlen(more));
	card->nodes[card->n_nodes++] =
		pw_core_create_object(card->core, "adapter", PW_TYPE_INTERFACE_Node,
				      PW_VERSION_NODE, &properties->dict, 0);
	pw_properties_free(properties);
}

void fake_card_remove_nodes(struct fake_card *card)
{
	while (card->n_nodes > 0) {
		card->n_nodes--;
		if (card->nodes[card->n_nodes] != NULL)
			pw_proxy_destroy(card->nodes[card->n_nodes]);
	}
}

uint32_t fake_card_profile(const struct fake_card *card)
{
	return card->profile;
}

uint32_t fake_card_route(const struct fake_card *card, int device)
{
	for (uint32_t i = 0; i < card->options.n_routes; i++) {
		if (card->options.routes[i].device == device && card->active[i])
			return i;
	}
	return UINT32_MAX;
}

void fake_card_set_available(struct fake_card *card, uint32_t route, int available)
{
	card->available[route] = available;
	params_changed(card, ROUTES, ROUTE);
}

int fake_card_saved(const struct fake_card *card)
{
	return card->saved;
}
