/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Cards: PipeWire devices with their profiles and routes (ports). A param's list is asked for
 * whenever the card's info says that it changed, and replaces what is known in one go when a sync
 * says that it is complete, so that no half of a list is ever seen.
 *
 * What is told may be outdated. PipeWire keeps what a card told of a param until the card says that it
 * changed; where a client asks for a changed one and goes away before the answer, the old one counts as
 * the answer for all, until the next change or the answer to somebody else (impl-device.c, 0.3.65 to 1.6). A
 * mode that we asked for is therefore looked for again, and in the card's nodes.
 */
#include "private.h"

#include "daemon/log.h"

#include <spa/param/param.h>
#include <spa/param/profile.h>
#include <spa/param/route.h>
#include <spa/pod/iter.h>
#include <spa/pod/parser.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	uint32_t id;
	uint32_t max;
	size_t size;
} params[CARD_PARAMS] = {
	[CARD_PROFILES] = { SPA_PARAM_EnumProfile, CARD_MAX_PROFILES, sizeof(struct card_profile) },
	[CARD_PROFILE] = { SPA_PARAM_Profile, 1, sizeof(struct card_profile) },
	[CARD_ROUTES] = { SPA_PARAM_EnumRoute, CARD_MAX_ROUTES, sizeof(struct card_route) },
	[CARD_ACTIVE] = { SPA_PARAM_Route, CARD_MAX_ACTIVE, sizeof(struct card_active) },
};

/* ---- reading pods that a session manager sent -------------------------------------------------- */

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* A use case manager's verb for the modem's calls (SND_USE_CASE_VERB_VOICECALL), alone or with the devices
 * that it is for; "Voice Call IP" is another verb. */
static bool is_voice_call(const char *name)
{
	static const char verb[] = "Voice Call";
	const char *rest = name + strlen(verb);

	return starts_with(name, verb) &&
	       (rest[0] == '\0' || rest[0] == ':' || starts_with(rest, " ("));
}

static int parse_profile(const struct spa_pod *pod, void *item)
{
	struct card_profile *ret = item;
	int32_t index, priority = 0;
	uint32_t available = SPA_PARAM_AVAILABILITY_unknown;
	const char *name = NULL;
	bool saved = false;

	if (spa_pod_parse_object(pod, SPA_TYPE_OBJECT_ParamProfile, NULL, SPA_PARAM_PROFILE_index,
				 SPA_POD_Int(&index), SPA_PARAM_PROFILE_name,
				 SPA_POD_OPT_String(&name), SPA_PARAM_PROFILE_priority,
				 SPA_POD_OPT_Int(&priority), SPA_PARAM_PROFILE_available,
				 SPA_POD_OPT_Id(&available), SPA_PARAM_PROFILE_save,
				 SPA_POD_OPT_Bool(&saved)) < 0 ||
	    index < 0)
		return -EINVAL;
	*ret = (struct card_profile){ .index = (uint32_t)index,
				      .priority = priority,
				      .available = available != SPA_PARAM_AVAILABILITY_no,
				      .saved = saved };
	/* The names are those of PipeWire's bluez5 plugin, with a codec behind them or without. */
	if (name != NULL && starts_with(name, "headset-head-unit"))
		ret->class = PROFILE_HFP;
	else if (name != NULL &&
		 (starts_with(name, "a2dp-sink") || starts_with(name, "a2dp-duplex")))
		ret->class = PROFILE_A2DP;
	else if (name != NULL && strcmp(name, "off") == 0)
		ret->class = PROFILE_OFF;
	else if (name != NULL && is_voice_call(name))
		ret->class = PROFILE_VOICE;
	return 0;
}

static enum port_type port_type_from_string(const char *text)
{
	static const struct {
		const char *name;
		enum port_type type;
	} types[] = {
		{ "speaker", PORT_SPEAKER },       { "handset", PORT_HANDSET },
		{ "earpiece", PORT_HANDSET },      { "phone", PORT_HANDSET },
		{ "headphones", PORT_HEADPHONES }, { "headset", PORT_HEADSET },
		{ "mic", PORT_MICROPHONE },        { "hdmi", PORT_DIGITAL },
		{ "spdif", PORT_DIGITAL },         { "tv", PORT_DIGITAL },
	};

	for (size_t i = 0; i < SPA_N_ELEMENTS(types); i++) {
		if (strcmp(text, types[i].name) == 0)
			return types[i].type;
	}
	return PORT_UNKNOWN;
}

static enum port_type parse_route_info(const struct spa_pod *info)
{
	struct spa_pod_parser parser;
	struct spa_pod_frame frame;
	enum port_type type = PORT_UNKNOWN;
	const char *key, *value;
	int32_t n = 0;

	if (info == NULL)
		return type;
	spa_pod_parser_pod(&parser, info);
	if (spa_pod_parser_push_struct(&parser, &frame) < 0 ||
	    spa_pod_parser_get_int(&parser, &n) < 0)
		return type;
	for (; n > 0; n--) {
		if (spa_pod_parser_get(&parser, SPA_POD_String(&key), SPA_POD_String(&value),
				       NULL) < 0)
			break;
		if (key != NULL && value != NULL && strcmp(key, "port.type") == 0)
			type = port_type_from_string(value);
	}
	return type;
}

/* Bits of the numbers in an array of Int; none for anything else. Larger numbers are left out. */
static void parse_bits(const struct spa_pod *pod, uint64_t *ret, uint32_t n_bits)
{
	uint32_t n = 0;
	const int32_t *values;

	if (pod == NULL || !spa_pod_is_array(pod) || SPA_POD_ARRAY_VALUE_TYPE(pod) != SPA_TYPE_Int)
		return;
	values = spa_pod_get_array(pod, &n);
	for (uint32_t i = 0; i < n && values != NULL; i++) {
		if (values[i] >= 0 && (uint32_t)values[i] < n_bits)
			ret[values[i] / 64] |= UINT64_C(1) << (values[i] % 64);
	}
}

static int parse_route(const struct spa_pod *pod, void *item)
{
	struct card_route *ret = item;
	int32_t index, priority = 0;
	uint32_t direction, available = SPA_PARAM_AVAILABILITY_unknown;
	struct spa_pod *info = NULL, *profiles = NULL, *devices = NULL;

	if (spa_pod_parse_object(
		    pod, SPA_TYPE_OBJECT_ParamRoute, NULL, SPA_PARAM_ROUTE_index,
		    SPA_POD_Int(&index), SPA_PARAM_ROUTE_direction, SPA_POD_Id(&direction),
		    SPA_PARAM_ROUTE_priority, SPA_POD_OPT_Int(&priority), SPA_PARAM_ROUTE_available,
		    SPA_POD_OPT_Id(&available), SPA_PARAM_ROUTE_info, SPA_POD_OPT_Pod(&info),
		    SPA_PARAM_ROUTE_profiles, SPA_POD_OPT_Pod(&profiles), SPA_PARAM_ROUTE_devices,
		    SPA_POD_OPT_Pod(&devices)) < 0 ||
	    index < 0)
		return -EINVAL;
	*ret = (struct card_route){ .index = (uint32_t)index,
				    .priority = priority,
				    .capture = direction == SPA_DIRECTION_INPUT,
				    .type = parse_route_info(info) };
	if (available == SPA_PARAM_AVAILABILITY_no || available == SPA_PARAM_AVAILABILITY_yes)
		ret->available = available;
	parse_bits(devices, &ret->devices, 64);
	if (profiles != NULL)
		parse_bits(profiles, ret->profiles, CARD_MAX_PROFILES);
	else
		memset(ret->profiles, 0xff, sizeof(ret->profiles));
	return 0;
}

static int parse_active(const struct spa_pod *pod, void *item)
{
	struct card_active *ret = item;
	int32_t index, device;
	bool saved = false;

	if (spa_pod_parse_object(pod, SPA_TYPE_OBJECT_ParamRoute, NULL, SPA_PARAM_ROUTE_index,
				 SPA_POD_Int(&index), SPA_PARAM_ROUTE_device, SPA_POD_Int(&device),
				 SPA_PARAM_ROUTE_save, SPA_POD_OPT_Bool(&saved)) < 0 ||
	    index < 0 || device < 0)
		return -EINVAL;
	*ret = (struct card_active){ .device = (uint32_t)device,
				     .route = (uint32_t)index,
				     .saved = saved };
	return 0;
}

static int parse(enum card_param param, const struct spa_pod *pod, void *item)
{
	switch (param) {
	case CARD_PROFILES:
	case CARD_PROFILE:
		return parse_profile(pod, item);
	case CARD_ROUTES:
		return parse_route(pod, item);
	case CARD_ACTIVE:
		return parse_active(pod, item);
	case CARD_PARAMS:
		break;
	}
	return -EINVAL;
}

/* ---- listings ---------------------------------------------------------------------------------- */

static void drop_listing(struct card_listing *listing)
{
	free(listing->items);
	listing->items = NULL;
	listing->n = 0;
	listing->size = 0;
	listing->asked = false;
}

static void on_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
		     const struct spa_pod *pod)
{
	struct card *card = data;
	uint32_t param = 0;
	struct card_listing *listing;

	while (param < CARD_PARAMS && params[param].id != id)
		param++;
	if (param == CARD_PARAMS || pod == NULL)
		return;
	listing = &card->listing[param];
	if (!listing->asked || listing->seq != seq || listing->n == params[param].max)
		return;
	if (listing->n == listing->size) {
		uint32_t size = listing->size != 0 ? listing->size * 2 : 4;
		void *items = reallocarray(listing->items, size, params[param].size);

		if (items == NULL)
			return;
		listing->items = items;
		listing->size = size;
	}
	if (parse((enum card_param)param, pod,
		  (char *)listing->items + listing->n * params[param].size) == 0)
		listing->n++;
}

static void take(struct card_listing *listing, void *items, uint32_t *n)
{
	void **known = items;

	free(*known);
	*known = listing->items;
	*n = listing->n;
	listing->items = NULL;
	drop_listing(listing);
}

/* A port found before our change is given back only while the one that we set is in force; any
 * other is somebody else's choice since. */
static void prune_found(struct card *card)
{
	for (uint32_t i = 0; i < card->n_found;) {
		struct card_found *found = &card->found[i];
		uint32_t active = card_active_route(card, found->device);

		found->seen = found->seen || active == found->set;
		if (active == found->set || active == found->found ||
		    (!found->seen && graph_now_ns() - found->sent_ns < 5 * GRAPH_ECHO_NS)) {
			i++;
		} else {
			record_port(card, found->device, NULL);
			card->found[i] = card->found[--card->n_found];
		}
	}
}

/* Another one of its class will do: asked for A2DP, a card shows the profile of a codec. */
bool card_shows_what_was_asked(const struct card *card)
{
	const struct card_profile *asked = card_find_profile(card, card->profile_sent);
	const struct card_profile *now = card_find_profile(card, card->profile);

	if (card->profile == card->profile_sent)
		return true;
	return asked != NULL && now != NULL && asked->class != PROFILE_OTHER &&
	       asked->class == now->class;
}

static void profile_is(struct card *card, uint32_t profile, bool saved)
{
	uint32_t before = card->profile;

	card->profile = profile;
	picks_profile(card, before, saved);
	if (card_shows_what_was_asked(card))
		card->profile_sent = PLAN_NONE;
}

static void commit_profile(struct card *card, struct card_listing *listing)
{
	const struct card_profile *now = listing->items;
	uint32_t profile = listing->n != 0 ? now->index : PLAN_NONE;
	bool saved = listing->n != 0 && now->saved;

	drop_listing(listing);
	if (profile != PLAN_NONE && profile == card->outdated)
		return;
	card->outdated = PLAN_NONE;
	profile_is(card, profile, saved);
}

/* Nodes of the mode before may outlast it; those that came before the mode was asked for mean it only when
 * they are still there after this. */
#define NODES_SETTLE_NS UINT64_C(1000000000)

/* PROFILE_OTHER where they do not tell. */
static enum profile_class mode_of_nodes(const struct card *card)
{
	bool settled = graph_now_ns() - card->profile_first_ns >= NODES_SETTLE_NS;
	const struct global *global;
	bool hfp = false, a2dp = false;

	spa_list_for_each (global, &card->global.graph->lists[GLOBAL_NODE], link) {
		const struct node *node = (const struct node *)global;

		if (node->card_id == card->global.id &&
		    (settled || node->since_ns > card->profile_first_ns)) {
			hfp = hfp || node->bluetooth_hfp;
			a2dp = a2dp || node->bluetooth_a2dp;
		}
	}
	if (hfp == a2dp)
		return PROFILE_OTHER;
	return hfp ? PROFILE_HFP : PROFILE_A2DP;
}

void card_believe_nodes(struct card *card)
{
	const struct card_profile *asked = card_find_profile(card, card->profile_sent);
	const struct card_profile *believed = card_find_profile(card, card->profile);
	uint32_t told = card->profile;

	if (card->outdated != PLAN_NONE) {
		told = card->outdated;
		if (believed != NULL && mode_of_nodes(card) == believed->class)
			return;
		log_debug("card %u has left the mode of its nodes", card->global.id);
		card->outdated = PLAN_NONE;
		profile_is(card, told, false);
	}
	if (asked == NULL || asked->class == PROFILE_OTHER || card_shows_what_was_asked(card) ||
	    mode_of_nodes(card) != asked->class)
		return;
	log_debug("card %u tells a mode that its nodes are not of", card->global.id);
	profile_is(card, asked->index, false);
	card->outdated = told;
}

static bool lists_differ(const struct card *card, const struct card_listing *listing)
{
	const struct card_profile *now = listing->items;
	bool differ = listing->n != card->n_profiles;

	for (uint32_t i = 0; i < listing->n && !differ; i++)
		differ = now[i].index != card->profiles[i].index ||
			 now[i].available != card->profiles[i].available;
	return differ;
}

static bool ports_differ(const struct card *card, const struct card_listing *listing)
{
	const struct card_route *now = listing->items;
	bool differ = listing->n != card->n_routes;

	for (uint32_t i = 0; i < listing->n && !differ; i++)
		differ = now[i].index != card->routes[i].index ||
			 now[i].available != card->routes[i].available;
	return differ;
}

static void commit(struct card *card, enum card_param param)
{
	struct card_listing *listing = &card->listing[param];

	switch (param) {
	case CARD_PROFILES:
		if (lists_differ(card, listing))
			picks_card_cause(card);
		take(listing, &card->profiles, &card->n_profiles);
		break;
	case CARD_PROFILE:
		commit_profile(card, listing);
		break;
	case CARD_ROUTES:
		if (ports_differ(card, listing))
			picks_card_cause(card);
		take(listing, &card->routes, &card->n_routes);
		break;
	case CARD_ACTIVE:
		picks_ports(card, listing->items, listing->n);
		take(listing, &card->active, &card->n_active);
		prune_found(card);
		break;
	case CARD_PARAMS:
		break;
	}
}

static void ask(struct card *card, enum card_param param)
{
	struct card_listing *listing = &card->listing[param];

	drop_listing(listing);
	listing->seq = pw_device_enum_params((struct pw_device *)card->global.proxy, 0,
					     params[param].id, 0, UINT32_MAX, NULL);
	listing->asked = true;
	listing->sync = pw_core_sync(card->global.graph->core, PW_ID_CORE, 0);
}

void card_synced(struct card *card, int seq)
{
	bool any = false;

	for (uint32_t i = 0; i < CARD_PARAMS; i++) {
		struct card_listing *listing = &card->listing[i];
		bool again = listing->again;

		if (!listing->asked || listing->sync != seq)
			continue;
		commit(card, (enum card_param)i);
		listing->again = false;
		if (again)
			ask(card, (enum card_param)i);
		any = true;
	}
	if (any)
		graph_endpoints_changed(card->global.graph);
}

bool card_busy(const struct card *card)
{
	for (uint32_t i = 0; i < CARD_PARAMS; i++) {
		if (card->listing[i].asked)
			return true;
	}
	return false;
}

static enum form_factor form_factor_from_string(const char *text)
{
	static const struct {
		const char *name;
		enum form_factor form;
	} forms[] = {
		{ "internal", FORM_INTERNAL },  { "speaker", FORM_SPEAKER },
		{ "hands-free", FORM_SPEAKER }, { "handset", FORM_HANDSET },
		{ "headset", FORM_HEADSET },    { "headphone", FORM_HEADSET },
		{ "headphones", FORM_HEADSET }, { "microphone", FORM_MICROPHONE },
		{ "webcam", FORM_MICROPHONE },
	};

	for (size_t i = 0; text != NULL && i < SPA_N_ELEMENTS(forms); i++) {
		if (strcmp(text, forms[i].name) == 0)
			return forms[i].form;
	}
	return FORM_UNKNOWN;
}

/* While a list is under way, a further change waits for its end: a card that changes all the time
 * would else never be known. */
static void ask_or_again(struct card *card, enum card_param param)
{
	if (card->listing[param].asked)
		card->listing[param].again = true;
	else
		ask(card, param);
}

void card_read_profile(struct card *card)
{
	ask_or_again(card, CARD_PROFILE);
}

static void on_info(void *data, const struct pw_device_info *info)
{
	struct card *card = data;
	const char *address;

	if (info->change_mask & PW_DEVICE_CHANGE_MASK_PROPS && info->props != NULL) {
		address = spa_dict_lookup(info->props, "api.bluez5.address");
		if (address != NULL)
			(void)route_device_from_address(address, &card->bluetooth);
		card->form_factor = form_factor_from_string(
			spa_dict_lookup(info->props, PW_KEY_DEVICE_FORM_FACTOR));
		graph_endpoints_changed(card->global.graph);
	}
	if (info->change_mask & PW_DEVICE_CHANGE_MASK_PARAMS) {
		for (uint32_t i = 0; i < info->n_params; i++) {
			for (uint32_t p = 0; p < CARD_PARAMS; p++) {
				/* The session manager toggles a bit of the flags at a change. */
				if (info->params[i].id != params[p].id ||
				    info->params[i].flags == card->listing[p].flags)
					continue;
				card->listing[p].flags = info->params[i].flags;
				if (p == CARD_PROFILE)
					card->outdated = PLAN_NONE;
				if (info->params[i].flags & SPA_PARAM_INFO_READ)
					ask_or_again(card, (enum card_param)p);
			}
		}
	}
	global_settle(&card->global);
}

static const struct pw_device_events device_events = {
	PW_VERSION_DEVICE_EVENTS,
	.info = on_info,
	.param = on_param,
};

int card_new(struct graph *graph, uint32_t id, const struct spa_dict *props)
{
	const char *media_class = spa_dict_lookup(props, PW_KEY_MEDIA_CLASS);
	struct card *card;

	if (media_class == NULL || strcmp(media_class, "Audio/Device") != 0)
		return 0;
	card = global_new(graph, GLOBAL_CARD, id, sizeof(*card));
	if (card == NULL)
		return -ENOMEM;
	card->since_ns = graph_now_ns();
	card->profile = PLAN_NONE;
	card->outdated = PLAN_NONE;
	card->profile_found = PLAN_NONE;
	card->profile_sent = PLAN_NONE;
	card->given_back = PLAN_NONE;
	if (global_bind(&card->global, PW_TYPE_INTERFACE_Device, PW_VERSION_DEVICE) == NULL) {
		card_free(card);
		return -ENOMEM;
	}
	pw_device_add_listener((struct pw_device *)card->global.proxy, &card->global.listener,
			       &device_events, card);
	return 0;
}

void card_free(struct card *card)
{
	graph_endpoints_changed(card->global.graph);
	for (uint32_t i = 0; i < CARD_PARAMS; i++)
		drop_listing(&card->listing[i]);
	free(card->profiles);
	free(card->routes);
	free(card->active);
	global_free(&card->global);
}

/* ---- what is known ----------------------------------------------------------------------------- */

uint32_t card_active_route(const struct card *card, uint32_t device)
{
	for (uint32_t i = 0; i < card->n_active; i++) {
		if (card->active[i].device == device)
			return card->active[i].route;
	}
	return PLAN_NONE;
}

const struct card_profile *card_find_profile(const struct card *card, uint32_t index)
{
	for (uint32_t i = 0; i < card->n_profiles; i++) {
		if (card->profiles[i].index == index)
			return &card->profiles[i];
	}
	return NULL;
}

uint32_t card_best_profile(const struct card *card, enum profile_class class)
{
	const struct card_profile *now = card_find_profile(card, card->profile);
	const struct card_profile *found = card_find_profile(card, card->profile_found);
	const struct card_profile *best = NULL;

	/* Within a class the profiles differ by codec, and which one is not ours to choose: that which
	 * is there, or was there before. */
	if (now != NULL && now->class == class)
		return now->index;
	if (found != NULL && found->class == class && found->available)
		return found->index;
	for (uint32_t i = 0; i < card->n_profiles; i++) {
		const struct card_profile *profile = &card->profiles[i];

		if (profile->class == class && profile->available &&
		    (best == NULL || profile->priority > best->priority))
			best = profile;
	}
	return best != NULL ? best->index : PLAN_NONE;
}

bool card_route_usable(const struct card *card, const struct card_route *route, uint32_t device)
{
	if (device >= 64 || !(route->devices >> device & 1))
		return false;
	return card->profile >= CARD_MAX_PROFILES ||
	       (route->profiles[card->profile / 64] >> (card->profile % 64) & 1);
}

/* A session manager that has just started may take its time. */
#define PROFILE_WAIT_NS UINT64_C(5000000000)

uint32_t card_profile_asked(const struct card *card)
{
	bool recent = graph_now_ns() - card->profile_sent_ns < PROFILE_WAIT_NS;

	return recent ? card->profile_sent : PLAN_NONE;
}
