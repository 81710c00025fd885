/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Cards: profiles, ports, what is recognised as which endpoint, and the mute. The card is a fake
 * one, which this machine's own PipeWire and WirePlumber treat as any other.
 */
#include "fake-card.h"
#include "graph-world.h"

#include "daemon/log.h"

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/pod/parser.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ADDRESS "AA:BB:CC:00:00:01"

enum { OFF, HFP, A2DP, HFP_CVSD };

static const struct fake_profile headset_profiles[] = {
	[OFF] = { "off", 0 },
	[HFP] = { "headset-head-unit", 2 },
	[A2DP] = { "a2dp-sink", 16 },
};

/* It could do wide band speech, but its link does not carry any. */
static const struct fake_profile narrow_profiles[] = {
	[OFF] = { "off", 0 },
	[HFP] = { "headset-head-unit", 2, .instead = HFP_CVSD },
	[A2DP] = { "a2dp-sink", 16 },
	[HFP_CVSD] = { "headset-head-unit-cvsd", 1 },
};

/* It has no A2DP, and its only codec has two profiles, as PipeWire 1.6 lists them. */
enum { BARE_CVSD = 1, BARE_BEST };
static const struct fake_profile bare_profiles[] = {
	[OFF] = { "off", 0 },
	[BARE_CVSD] = { "headset-head-unit-cvsd", 1 },
	[BARE_BEST] = { "headset-head-unit", 2, .instead = BARE_CVSD },
};

static const struct fake_card_options headset = {
	.name = "bluez_card.test",
	.address = ADDRESS,
	.profiles = headset_profiles,
	.n_profiles = SPA_N_ELEMENTS(headset_profiles),
};

static const struct fake_card_options narrow_headset = {
	.name = "bluez_card.test",
	.address = ADDRESS,
	.profiles = narrow_profiles,
	.n_profiles = SPA_N_ELEMENTS(narrow_profiles),
};

static const struct fake_card_options bare_headset = {
	.name = "bluez_card.test",
	.address = ADDRESS,
	.profiles = bare_profiles,
	.n_profiles = SPA_N_ELEMENTS(bare_profiles),
};

enum { SPEAKER, EARPIECE, HEADPHONES, INTERNAL_MIC, HEADSET_MIC };

static const struct fake_profile phone_profiles[] = { { "off", 0 }, { "HiFi", 100 } };
static const struct fake_route phone_routes[] = {
	[SPEAKER] = { "[Out] Speaker", "speaker", false, 0, SPA_PARAM_AVAILABILITY_unknown },
	[EARPIECE] = { "[Out] Earpiece", "earpiece", false, 0, SPA_PARAM_AVAILABILITY_unknown },
	[HEADPHONES] = { "[Out] Headphones", "headphones", false, 0, SPA_PARAM_AVAILABILITY_no },
	[INTERNAL_MIC] = { "[In] Internal Mic", "mic", true, 1, SPA_PARAM_AVAILABILITY_unknown },
	[HEADSET_MIC] = { "[In] Headset Mic", "headset", true, 1, SPA_PARAM_AVAILABILITY_no },
};

static const struct fake_card_options phone = {
	.name = "alsa_card.test",
	.profiles = phone_profiles,
	.n_profiles = SPA_N_ELEMENTS(phone_profiles),
	.routes = phone_routes,
	.n_routes = SPA_N_ELEMENTS(phone_routes),
};

static struct fake_card *card;

/* ---- conditions and doing ---------------------------------------------------------------------- */

static bool card_has_an_id(void *data)
{
	return fake_card_id(card) != SPA_ID_INVALID;
}

static const struct plan_card *seen_card(void)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	for (size_t i = 0; i < now->n_cards; i++) {
		if (now->cards[i].id == fake_card_id(card))
			return &now->cards[i];
	}
	return NULL;
}

static uint32_t expected_profile;

static bool profile_is_as_expected(void *data)
{
	const struct plan_card *seen = seen_card();

	return seen != NULL && seen->profile == expected_profile &&
	       fake_card_profile(card) == expected_profile;
}

static void assert_profile(uint32_t profile)
{
	expected_profile = profile;
	assert_soon(profile_is_as_expected);
}

static void add_card(const struct fake_card_options *options)
{
	card = fake_card_new(world.loop, options);
	assert_non_null(card);
	assert_soon(card_has_an_id);
}

static void add_headset(void)
{
	assert_int_equal(route_device_from_address(ADDRESS, &world.headset), 0);
	add_card(&headset);
	assert_profile(A2DP); /* WirePlumber's choice */
}

static void add_headset_nodes(void)
{
	static const char more[] = "{ api.bluez5.profile = headset-head-unit }";

	fake_card_add_node(card, "bluez_output.test", false, 1, more);
	fake_card_add_node(card, "bluez_input.test", true, 0, more);
}

static void add_a2dp_node(void)
{
	fake_card_add_node(card, "bluez_output.test.a2dp", false, 1,
			   "{ api.bluez5.profile = a2dp-sink }");
}

static int tear_down(void **state)
{
	card = fake_card_free(card);
	return world_tear_down(state);
}

/* ---- headsets ---------------------------------------------------------------------------------- */

static bool plan_waits(void *data)
{
	return fake_card_profile(card) == HFP && world.plan.n == 1 &&
	       world.plan.actions[0].type == PLAN_WAIT_NODE;
}

static void test_v5_headset_enters_headset_mode_and_is_given_back(void **state)
{
	pid_t pids[2] = { world_play("call"), world_record() };

	add_headset();
	graph_set_call_processes(world.graph, pids, 2);
	world_want(ROUTE_HEADSET);
	assert_soon(plan_waits);
	assert_int_equal(fake_card_saved(card), 0);
	assert_int_equal(seen_card()->profile_found, A2DP);
	add_headset_nodes();
	assert_soon(world_two_streams_in_force);
	assert_int_equal(world.plan.sink, world_node(ROUTE_HEADSET, false));
	assert_int_equal(world.plan.source, world_node(ROUTE_HEADSET, true));
	world_want(ROUTE_NONE);
	assert_profile(A2DP);
	assert_soon(world_plan_is_in_force);
	assert_int_equal(seen_card()->profile_found, PLAN_NONE);
}

static bool card_is_in_headset_mode(void *data)
{
	return fake_card_profile(card) == HFP;
}

static void test_v5_headset_mode_that_pipewire_does_not_tell_is_seen_by_the_nodes(void **state)
{
	pid_t pids[2] = { world_play("call"), world_record() };

	add_headset();
	add_a2dp_node();
	graph_set_call_processes(world.graph, pids, 2);
	fake_card_tell_outdated(card, true);
	world_want(ROUTE_HEADSET);
	assert_soon(card_is_in_headset_mode);
	fake_card_remove_nodes(card);
	add_headset_nodes();
	assert_soon(world_two_streams_in_force);
	fake_card_tell_outdated(card, false);
	world_want(ROUTE_NONE);
	assert_profile(A2DP);
	assert_soon(world_plan_is_in_force);
}

static bool plan_waits_for_narrow_nodes(void *data)
{
	const struct plan_card *seen = seen_card();

	return seen != NULL && seen->profile == HFP_CVSD && world.plan.n == 1 &&
	       world.plan.actions[0].type == PLAN_WAIT_NODE;
}

static void test_v5_headset_mode_with_another_codec_is_given_back(void **state)
{
	assert_int_equal(route_device_from_address(ADDRESS, &world.headset), 0);
	add_card(&narrow_headset);
	assert_profile(A2DP);
	world_want(ROUTE_HEADSET);
	assert_soon(plan_waits_for_narrow_nodes);
	world_want(ROUTE_NONE);
	assert_profile(A2DP);
}

static bool headset_is_off(void *data)
{
	const struct plan_card *seen = seen_card();

	return seen->profile == OFF && seen->profile_asked == PLAN_NONE && world.plan.in_force;
}

static void test_headset_without_a2dp_is_off_in_a_call_and_given_back(void **state)
{
	assert_int_equal(route_device_from_address(ADDRESS, &world.headset), 0);
	add_card(&bare_headset);
	assert_profile(BARE_CVSD);
	world_want(ROUTE_HANDSET);
	assert_soon(headset_is_off);
	world_want(ROUTE_SPEAKER);
	assert_soon(headset_is_off);
	world_want(ROUTE_NONE);
	assert_profile(BARE_CVSD);
	assert_soon(world_plan_is_in_force);
	assert_int_equal(seen_card()->profile_found, PLAN_NONE);
}

static bool plan_waits_for_bare_nodes(void *data)
{
	const struct plan_card *seen = seen_card();

	return seen != NULL && seen->profile == BARE_CVSD && seen->profile_asked == PLAN_NONE &&
	       world.plan.n == 1 && world.plan.actions[0].type == PLAN_WAIT_NODE;
}

/* As where WirePlumber was started anew in the call: what the card begins with is nobody's choice. */
static void test_headset_without_a2dp_that_comes_in_its_call_is_not_off_after_it(void **state)
{
	assert_int_equal(route_device_from_address(ADDRESS, &world.headset), 0);
	session_pause_wireplumber(world.session, true);
	world_want(ROUTE_HEADSET);
	add_card(&bare_headset);
	assert_soon(plan_waits_for_bare_nodes);
	world_want(ROUTE_NONE);
	assert_soon(world_plan_is_in_force);
	assert_profile(BARE_CVSD);
	session_pause_wireplumber(world.session, false);
}

static void test_profile_of_an_earlier_process_is_given_back(void **state)
{
	add_headset();
	world_want(ROUTE_HEADSET);
	assert_soon(plan_waits);
	world_restart_graph(NULL, 0);
	assert_soon(plan_waits);
	world_want(ROUTE_NONE);
	assert_profile(A2DP);
	assert_soon(world_plan_is_in_force);
	/* and the note is gone, too */
	fake_card_set_profile(card, HFP);
	assert_profile(HFP);
	world_restart_graph(NULL, 0);
	assert_profile(HFP);
	assert_int_equal(seen_card()->profile_found, PLAN_NONE);
}

static void test_v5_profile_lost_in_the_call_is_set_again(void **state)
{
	add_headset();
	world_want(ROUTE_HEADSET);
	assert_soon(plan_waits);
	fake_card_set_profile(card, A2DP);
	assert_soon(plan_waits);
	world_want(ROUTE_NONE);
	assert_profile(A2DP);
}

static void test_profile_that_somebody_else_set_is_left_alone_at_the_end(void **state)
{
	add_headset();
	world_want(ROUTE_HEADSET);
	assert_soon(plan_waits);
	world_want(ROUTE_NONE);
	assert_profile(A2DP);
	fake_card_set_profile(card, OFF);
	assert_profile(OFF);
	assert_soon(world_plan_is_in_force);
	assert_int_equal(fake_card_profile(card), OFF);
}

static bool a2dp_node_is_seen(void *data)
{
	return world_node(ROUTE_BT_SPEAKER, false) != PLAN_NONE;
}

static void test_a2dp_node_is_not_the_headset(void **state)
{
	add_headset();
	add_a2dp_node();
	assert_soon(a2dp_node_is_seen);
	assert_int_equal(world_node(ROUTE_HEADSET, false), PLAN_NONE);
	assert_int_equal(world_node(ROUTE_SPEAKER, false) == world_node(ROUTE_BT_SPEAKER, false),
			 false);
}

static bool card_is_gone(void *data)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	return now->n_cards == 0 && world_node(ROUTE_HEADSET, false) == PLAN_NONE &&
	       world.plan.sink == PLAN_NONE && !world.plan.in_force;
}

static void test_x2_card_that_vanishes_in_a_call_is_forgotten(void **state)
{
	add_headset();
	world_want(ROUTE_HEADSET);
	assert_soon(plan_waits);
	add_headset_nodes();
	assert_soon(world_plan_is_in_force);
	card = fake_card_free(card);
	assert_soon(card_is_gone);
}

/* ---- ports ------------------------------------------------------------------------------------- */

static void add_phone(void)
{
	add_card(&phone);
	fake_card_add_node(card, "alsa_output.test", false, 0, NULL);
	fake_card_add_node(card, "alsa_input.test", true, 1, NULL);
}

static bool phone_is_recognised(void *data)
{
	struct graph_endpoints now;

	graph_endpoints(world.graph, &now);
	return now.handset && now.speaker && world_node(ROUTE_HANDSET, true) != PLAN_NONE;
}

static bool wired_is_there(void *data)
{
	struct graph_endpoints now;

	graph_endpoints(world.graph, &now);
	return now.wired;
}

static bool wired_microphone_is_there(void *data)
{
	return world_node(ROUTE_WIRED, true) != PLAN_NONE;
}

static bool wired_is_gone(void *data)
{
	return !wired_is_there(data);
}

static void test_ports_of_one_sink_are_earpiece_and_speaker(void **state)
{
	struct graph_endpoints now;

	add_phone();
	assert_soon(phone_is_recognised);
	graph_endpoints(world.graph, &now);
	assert_false(now.wired);
	assert_int_equal(world_node(ROUTE_HANDSET, false), world_node(ROUTE_SPEAKER, false));
	assert_int_equal(world_node(ROUTE_HANDSET, true), world_node(ROUTE_SPEAKER, true));
}

static bool earpiece_is_active(void *data)
{
	return fake_card_route(card, 0) == EARPIECE && world.plan.in_force;
}

static bool speaker_is_active(void *data)
{
	return fake_card_route(card, 0) == SPEAKER && world.plan.in_force;
}

static void test_port_is_switched_and_given_back(void **state)
{
	add_phone();
	assert_soon(phone_is_recognised);
	assert_soon(speaker_is_active);
	world_want(ROUTE_HANDSET);
	assert_soon(earpiece_is_active);
	assert_int_equal(fake_card_saved(card), 0);
	world_want(ROUTE_SPEAKER);
	assert_soon(speaker_is_active);
	world_want(ROUTE_HANDSET);
	assert_soon(earpiece_is_active);
	world_want(ROUTE_NONE);
	assert_soon(speaker_is_active);
}

static void test_port_of_an_earlier_process_is_given_back(void **state)
{
	add_phone();
	assert_soon(phone_is_recognised);
	world_want(ROUTE_HANDSET);
	assert_soon(earpiece_is_active);
	world_restart_graph(NULL, 0);
	assert_soon(earpiece_is_active);
	world_want(ROUTE_NONE);
	assert_soon(speaker_is_active);
}

static void test_x6_plugged_headphones_are_a_wired_headset(void **state)
{
	add_phone();
	assert_soon(phone_is_recognised);
	fake_card_set_available(card, HEADPHONES, SPA_PARAM_AVAILABILITY_yes);
	assert_soon(wired_is_there);
	assert_int_equal(world_node(ROUTE_WIRED, true), PLAN_NONE);
	fake_card_set_available(card, HEADSET_MIC, SPA_PARAM_AVAILABILITY_yes);
	assert_soon(wired_microphone_is_there);
	fake_card_set_available(card, HEADPHONES, SPA_PARAM_AVAILABILITY_no);
	assert_soon(wired_is_gone);
}

/* ---- other hardware ----------------------------------------------------------------------------- */

static const struct fake_profile plain_profiles[] = { { "off", 0 }, { "output:analog-stereo", 1 } };
static const struct fake_card_options plain = {
	.name = "alsa_card.plain",
	.profiles = plain_profiles,
	.n_profiles = SPA_N_ELEMENTS(plain_profiles),
};
static const struct fake_card_options usb_headset = {
	.name = "alsa_card.usb",
	.form_factor = "headset",
	.profiles = plain_profiles,
	.n_profiles = SPA_N_ELEMENTS(plain_profiles),
};

static bool a_speaker_is_there(void *data)
{
	return world_node(ROUTE_SPEAKER, false) != PLAN_NONE &&
	       world_node(ROUTE_SPEAKER, true) != PLAN_NONE;
}

static void test_plain_card_is_the_speaker_and_null_sinks_are_nothing(void **state)
{
	struct graph_endpoints now;

	graph_endpoints(world.graph, &now);
	assert_false(now.speaker); /* though the session's default is a null sink */
	add_card(&plain);
	fake_card_add_node(card, "alsa_output.plain", false, 0, NULL);
	fake_card_add_node(card, "alsa_input.plain", true, 1, NULL);
	assert_soon(a_speaker_is_there);
	graph_endpoints(world.graph, &now);
	assert_false(now.handset);
	assert_false(now.wired);
}

static uint32_t second_node;

static bool second_node_is_the_speaker(void *data)
{
	return world_node(ROUTE_SPEAKER, false) == second_node;
}

static bool two_nodes_are_there(void *data)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	if (now->n_nodes != 2)
		return false;
	second_node = now->nodes[1].id;
	return true;
}

static void test_configured_default_is_the_best_of_plain_sinks(void **state)
{
	add_card(&plain);
	fake_card_add_node(card, "first", false, 0, "{ priority.session = 500 }");
	fake_card_add_node(card, "second", false, 1, "{ priority.session = 400 }");
	assert_soon(two_nodes_are_there);
	(void)session_spawn(world.session, (const char *const[]){ "pw-metadata", "0",
								  "default.configured.audio.sink",
								  "{ \"name\": \"second\" }",
								  "Spa:String:JSON", NULL });
	assert_soon(second_node_is_the_speaker);
}

static void test_usb_headset_is_a_wired_headset(void **state)
{
	add_card(&usb_headset);
	fake_card_add_node(card, "alsa_output.usb", false, 0, NULL);
	fake_card_add_node(card, "alsa_input.usb", true, 1, NULL);
	assert_soon(wired_is_there);
	assert_soon(wired_microphone_is_there);
	assert_int_equal(world_node(ROUTE_SPEAKER, false), PLAN_NONE);
}

/* ---- mute -------------------------------------------------------------------------------------- */

/* Looks at a stream's own mute, as a mixer would. */
struct ear {
	struct pw_context *context;
	struct pw_core *core;
	struct pw_registry *registry;
	struct pw_node *node;
	struct spa_hook listener;
	bool mute;
};

static struct ear ear;

static void on_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
		     const struct spa_pod *pod)
{
	bool mute;

	if (spa_pod_parse_object(pod, SPA_TYPE_OBJECT_Props, NULL, SPA_PROP_mute,
				 SPA_POD_Bool(&mute)) >= 0)
		ear.mute = mute;
}

static const struct pw_node_events ear_events = { PW_VERSION_NODE_EVENTS, .param = on_param };

static void ear_open(uint32_t stream)
{
	uint32_t id = SPA_PARAM_Props;

	ear = (struct ear){ .context = pw_context_new(world.loop, NULL, 0) };
	ear.core = pw_context_connect(ear.context, NULL, 0);
	ear.registry = pw_core_get_registry(ear.core, PW_VERSION_REGISTRY, 0);
	ear.node =
		pw_registry_bind(ear.registry, stream, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, 0);
	pw_node_add_listener(ear.node, &ear.listener, &ear_events, NULL);
	pw_node_subscribe_params(ear.node, &id, 1);
}

static void ear_close(void)
{
	spa_hook_remove(&ear.listener);
	pw_proxy_destroy((struct pw_proxy *)ear.node);
	pw_proxy_destroy((struct pw_proxy *)ear.registry);
	pw_core_disconnect(ear.core);
	pw_context_destroy(ear.context);
}

static bool stream_is_muted(void *data)
{
	return ear.mute;
}

static bool stream_is_not_muted(void *data)
{
	return !ear.mute;
}

static bool recording_in_force(void *data)
{
	return world_streams_in_call() == 1 && world.plan.in_force &&
	       world_stream()->target == world_serial(world.plan.source);
}

static void test_x8_mute_follows_the_call_and_is_given_back(void **state)
{
	pid_t pid = world_record();

	graph_set_call_processes(world.graph, &pid, 1);
	world_want(ROUTE_SPEAKER);
	assert_soon(recording_in_force);
	ear_open(world_stream()->id);
	graph_set_muted(world.graph, true);
	assert_soon(stream_is_muted);
	graph_set_muted(world.graph, false);
	assert_soon(stream_is_not_muted);
	graph_set_muted(world.graph, true);
	assert_soon(stream_is_muted);
	graph_set_call_processes(world.graph, NULL, 0); /* the stream has left the call */
	assert_soon(stream_is_not_muted);
	ear_close();
}

static void test_x8_next_stream_is_not_muted_where_one_died_muted(void **state)
{
	pid_t pid = world_record();

	graph_set_call_processes(world.graph, &pid, 1);
	world_want(ROUTE_SPEAKER);
	assert_soon(recording_in_force);
	ear_open(world_stream()->id);
	graph_set_muted(world.graph, true);
	assert_soon(stream_is_muted);
	ear_close();
	session_kill(world.session, pid);
	assert_soon(world_no_stream_is_kept);
	graph_set_muted(world.graph, false);
	pid = world_record();
	graph_set_call_processes(world.graph, &pid, 1);
	assert_soon(recording_in_force);
	ear_open(world_stream()->id);
	ear.mute = true;
	assert_soon(stream_is_not_muted);
	ear_close();
}

static void test_mute_of_an_earlier_process_is_lifted(void **state)
{
	pid_t pid = world_record();

	graph_set_call_processes(world.graph, &pid, 1);
	world_want(ROUTE_SPEAKER);
	assert_soon(recording_in_force);
	ear_open(world_stream()->id);
	graph_set_muted(world.graph, true);
	assert_soon(stream_is_muted);
	world_restart_graph(NULL, 0);
	assert_soon(stream_is_not_muted);
	ear_close();
}

#define BARE(name) cmocka_unit_test_setup_teardown(name, world_set_up_bare, tear_down)
#define MARKED(name) cmocka_unit_test_setup_teardown(name, world_set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MARKED(test_v5_headset_enters_headset_mode_and_is_given_back),
		MARKED(test_v5_headset_mode_that_pipewire_does_not_tell_is_seen_by_the_nodes),
		MARKED(test_v5_headset_mode_with_another_codec_is_given_back),
		MARKED(test_headset_without_a2dp_is_off_in_a_call_and_given_back),
		MARKED(test_headset_without_a2dp_that_comes_in_its_call_is_not_off_after_it),
		MARKED(test_profile_of_an_earlier_process_is_given_back),
		MARKED(test_v5_profile_lost_in_the_call_is_set_again),
		MARKED(test_profile_that_somebody_else_set_is_left_alone_at_the_end),
		MARKED(test_a2dp_node_is_not_the_headset),
		MARKED(test_x2_card_that_vanishes_in_a_call_is_forgotten),
		BARE(test_ports_of_one_sink_are_earpiece_and_speaker),
		BARE(test_port_is_switched_and_given_back),
		BARE(test_port_of_an_earlier_process_is_given_back),
		BARE(test_x6_plugged_headphones_are_a_wired_headset),
		BARE(test_plain_card_is_the_speaker_and_null_sinks_are_nothing),
		BARE(test_configured_default_is_the_best_of_plain_sinks),
		BARE(test_usb_headset_is_a_wired_headset),
		MARKED(test_x8_mute_follows_the_call_and_is_given_back),
		MARKED(test_mute_of_an_earlier_process_is_lifted),
		MARKED(test_x8_next_stream_is_not_muted_where_one_died_muted),
	};

	pw_init(NULL, NULL);
	if (getenv("CALLROUTE_TEST_DUMP") != NULL)
		log_set_level(LOG_DEBUG);
	cmocka_set_test_filter(getenv("CALLROUTE_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
