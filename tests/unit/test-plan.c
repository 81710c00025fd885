/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The planner, with a machine that has an earpiece and a loudspeaker on two nodes, and a headset.
 * Each test alters a copy of it, so that a test shows only what matters to it.
 */
#include "policy/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEADSET 0xaabbcc000001u
#define OTHER 0xaabbcc000002u

enum { OFF = 0, A2DP = 2, HFP = 3, VOICE = 4, THIRD = 5 };

struct world {
	struct plan_card cards[4];
	struct plan_port ports[8];
	struct plan_node nodes[16];
	struct plan_stream streams[80];
	struct plan_snapshot now;
	route_device headset_mode[4];
	struct plan_desired desired;
	struct plan plan;
};

static struct plan_node *add_node(struct world *w, uint32_t id, bool capture, enum route_kind kind)
{
	struct plan_node *node = &w->nodes[w->now.n_nodes++];

	*node = (struct plan_node){
		.id = id, .serial = 1000 + id, .capture = capture, .kind = kind, .port = PLAN_NONE
	};
	return node;
}

static void add_headset_nodes(struct world *w)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct plan_node *node = add_node(w, 50 + i, i == 1, ROUTE_HEADSET);

		node->device = HEADSET;
		node->headset_mode = true;
	}
}

static void remove_nodes(struct world *w, bool (*match)(const struct plan_node *node))
{
	size_t kept = 0;

	for (size_t i = 0; i < w->now.n_nodes; i++) {
		if (!match(&w->nodes[i]))
			w->nodes[kept++] = w->nodes[i];
	}
	w->now.n_nodes = kept;
}

static struct plan_stream *add_stream(struct world *w, uint32_t id, bool capture)
{
	struct plan_stream *stream = &w->streams[w->now.n_streams++];

	*stream = (struct plan_stream){ .id = id, .capture = capture, .in_call = true };
	return stream;
}

static void set_up(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->now = (struct plan_snapshot){
		.cards = w->cards, .ports = w->ports, .nodes = w->nodes, .streams = w->streams
	};
	w->desired.headset_mode = w->headset_mode;
	w->desired.has_handset = true;
	w->cards[0] = (struct plan_card){ .id = 10,
					  .profile = 1,
					  .profile_hfp = PLAN_NONE,
					  .profile_a2dp = PLAN_NONE,
					  .profile_off = OFF,
					  .profile_voice = PLAN_NONE,
					  .profile_found = PLAN_NONE,
					  .profile_asked = PLAN_NONE };
	w->cards[1] = (struct plan_card){ .id = 11,
					  .device = HEADSET,
					  .profile = A2DP,
					  .profile_hfp = HFP,
					  .profile_a2dp = A2DP,
					  .profile_off = OFF,
					  .profile_voice = PLAN_NONE,
					  .profile_found = PLAN_NONE,
					  .profile_asked = PLAN_NONE };
	w->now.n_cards = 2;
	add_node(w, 40, false, ROUTE_HANDSET);
	add_node(w, 41, false, ROUTE_SPEAKER);
	add_node(w, 42, true, ROUTE_HANDSET);
	add_node(w, 42, true, ROUTE_SPEAKER);
	add_stream(w, 70, false);
	add_stream(w, 71, true);
}

static void want(struct world *w, enum route_kind kind)
{
	w->desired.call = (struct route){ .kind = kind };
	if (kind == ROUTE_HEADSET || kind == ROUTE_BT_SPEAKER)
		w->desired.call.device = HEADSET;
	w->desired.n_headset_mode = 0;
	if (kind == ROUTE_HEADSET)
		w->headset_mode[w->desired.n_headset_mode++] = HEADSET;
}

static const struct plan *compute(struct world *w)
{
	plan_compute(&w->now, &w->desired, &w->plan);
	return &w->plan;
}

/* What a perfect audio server would make of an action. */
static void apply(struct world *w, const struct plan_action *action)
{
	for (size_t i = 0; i < w->now.n_cards; i++) {
		struct plan_card *card = &w->cards[i];

		if (card->id != action->id)
			continue;
		if (action->type == PLAN_SET_PROFILE) {
			card->profile = action->value;
			if (action->found != PLAN_NONE)
				card->profile_found = action->found;
		} else if (action->type == PLAN_FORGET_PROFILE) {
			card->profile_found = PLAN_NONE;
		}
		for (size_t n = 0; n < w->now.n_ports; n++) {
			struct plan_port *port = &w->ports[n];

			if (port->card != i || port->device != action->device)
				continue;
			if (action->type == PLAN_FORGET_PORT)
				port->found = false;
			if (action->type != PLAN_SET_PORT)
				continue;
			port->active = port->index == action->value;
			if (action->found != PLAN_NONE)
				port->found = port->index == action->found;
		}
	}
	for (size_t i = 0; i < w->now.n_streams; i++) {
		struct plan_stream *stream = &w->streams[i];

		if (stream->id != action->id)
			continue;
		if (action->type == PLAN_SET_TARGET) {
			stream->target = action->serial;
			stream->ours = true;
			stream->moved_from = 0;
		} else if (action->type == PLAN_CLEAR_TARGET) {
			stream->target = stream->had_target ? stream->target_found : 0;
			stream->ours = false;
		}
	}
}

/* Carry out until nothing is left to do; returns how many rounds that took. */
static int converge(struct world *w)
{
	for (int round = 0; round < 10; round++) {
		size_t done = 0;

		compute(w);
		for (size_t i = 0; i < w->plan.n; i++) {
			if (w->plan.actions[i].type != PLAN_WAIT_NODE) {
				apply(w, &w->plan.actions[i]);
				done++;
			}
		}
		if (done == 0)
			return round;
	}
	fail_msg("the plan does not converge");
	return -1;
}

static void assert_action(const struct plan *plan, size_t i, enum plan_action_type type,
			  uint32_t id)
{
	assert_true(i < plan->n);
	assert_int_equal(plan->actions[i].type, type);
	assert_int_equal(plan->actions[i].id, id);
}

static void test_no_call_and_nothing_changed_gives_no_action(void **state)
{
	struct world w;

	set_up(&w);
	compute(&w);
	assert_int_equal(w.plan.n, 0);
	assert_true(w.plan.in_force);
	assert_int_equal(w.plan.sink, PLAN_NONE);
	assert_int_equal(w.plan.source, PLAN_NONE);
}

static void test_handset_targets_both_streams(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_HANDSET);
	compute(&w);
	assert_int_equal(w.plan.n, 2);
	assert_action(&w.plan, 0, PLAN_SET_TARGET, 70);
	assert_int_equal(w.plan.actions[0].serial, 1040);
	assert_action(&w.plan, 1, PLAN_SET_TARGET, 71);
	assert_int_equal(w.plan.actions[1].serial, 1042);
	assert_false(w.plan.in_force);
	assert_int_equal(w.plan.sink, 40);
	assert_int_equal(w.plan.source, 42);
}

static void test_what_is_in_force_gives_no_action(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_SPEAKER);
	assert_int_equal(converge(&w), 1);
	assert_true(w.plan.in_force);
	assert_int_equal(w.streams[0].target, 1041);
}

static void test_streams_outside_the_call_are_left_alone(void **state)
{
	struct world w;

	set_up(&w);
	w.streams[0].in_call = false;
	w.streams[0].target = 1234;
	want(&w, ROUTE_SPEAKER);
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_SET_TARGET, 71);
}

static void test_stream_that_left_the_call_is_given_back_during_it(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_SPEAKER);
	converge(&w);
	w.streams[0].in_call = false;
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_CLEAR_TARGET, 70);
}

static void test_handset_means_wired_while_one_is_plugged(void **state)
{
	struct world w;

	set_up(&w);
	w.desired.wired = true;
	want(&w, ROUTE_HANDSET);
	compute(&w);
	/* Its node is not there yet: the sound waits rather than going elsewhere. */
	assert_int_equal(w.plan.sink, PLAN_NONE);
	assert_false(w.plan.in_force);
	add_node(&w, 45, false, ROUTE_WIRED);
	compute(&w);
	assert_int_equal(w.plan.sink, 45);
	assert_int_equal(w.plan.source, 42); /* headphones: the machine's own microphone */
	add_node(&w, 46, true, ROUTE_WIRED);
	compute(&w);
	assert_int_equal(w.plan.source, 46);
}

static void test_speaker_stays_speaker_while_a_wired_headset_is_plugged(void **state)
{
	struct world w;

	set_up(&w);
	add_node(&w, 45, false, ROUTE_WIRED);
	w.desired.wired = true;
	want(&w, ROUTE_SPEAKER);
	compute(&w);
	assert_int_equal(w.plan.sink, 41);
}

static bool is_handset(const struct plan_node *node)
{
	return node->kind == ROUTE_HANDSET;
}

static bool is_speaker(const struct plan_node *node)
{
	return node->kind == ROUTE_SPEAKER;
}

static bool is_sink(const struct plan_node *node)
{
	return !node->capture;
}

static bool is_source(const struct plan_node *node)
{
	return node->capture;
}

static void test_handset_without_handset_nodes_uses_the_speakers(void **state)
{
	struct world w;

	set_up(&w);
	remove_nodes(&w, is_handset);
	want(&w, ROUTE_HANDSET);
	compute(&w);
	assert_int_equal(w.plan.sink, 41);
	assert_int_equal(w.plan.source, 42);
}

static void test_speaker_without_speaker_nodes_uses_the_handsets(void **state)
{
	struct world w;

	set_up(&w);
	remove_nodes(&w, is_speaker);
	want(&w, ROUTE_SPEAKER);
	compute(&w);
	assert_int_equal(w.plan.sink, 40);
	assert_int_equal(w.plan.source, 42);
}

static void test_handset_on_a_machine_without_one_means_the_speaker(void **state)
{
	struct world w;

	set_up(&w);
	w.desired.has_handset = false;
	want(&w, ROUTE_HANDSET);
	compute(&w);
	assert_int_equal(w.plan.sink, 41);
}

static void test_no_output_at_all_waits_for_one(void **state)
{
	struct world w;

	set_up(&w);
	remove_nodes(&w, is_sink);
	want(&w, ROUTE_SPEAKER);
	w.streams[1].target = 1042;
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_int_equal(w.plan.actions[0].type, PLAN_WAIT_NODE);
	assert_false(w.plan.in_force);
}

static void test_machine_without_a_microphone_is_in_force_without_a_source(void **state)
{
	struct world w;

	set_up(&w);
	remove_nodes(&w, is_source);
	want(&w, ROUTE_SPEAKER);
	converge(&w);
	assert_true(w.plan.in_force);
	assert_int_equal(w.plan.source, PLAN_NONE);
	assert_int_equal(w.streams[1].target, 0);
}

static void test_v5_headset_enters_headset_mode_before_any_target(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_HEADSET);
	compute(&w);
	assert_int_equal(w.plan.n, 2);
	assert_action(&w.plan, 0, PLAN_SET_PROFILE, 11);
	assert_int_equal(w.plan.actions[0].value, HFP);
	assert_int_equal(w.plan.actions[0].found, A2DP);
	assert_int_equal(w.plan.actions[1].type, PLAN_WAIT_NODE);
	converge(&w);
	assert_false(w.plan.in_force);
	assert_int_equal(w.streams[0].target, 0); /* no target to a node that does not exist */
	add_headset_nodes(&w);
	converge(&w);
	assert_true(w.plan.in_force);
	assert_int_equal(w.streams[0].target, 1050);
	assert_int_equal(w.streams[1].target, 1051);
	assert_int_equal(w.cards[1].profile_found, A2DP);
}

static void test_v5_a2dp_node_of_the_headset_is_no_substitute(void **state)
{
	struct world w;
	struct plan_node *node;

	set_up(&w);
	node = add_node(&w, 55, false, ROUTE_BT_SPEAKER);
	node->device = HEADSET;
	want(&w, ROUTE_HEADSET);
	compute(&w);
	assert_int_equal(w.plan.sink, PLAN_NONE);
}

static void test_headset_with_only_its_sink_is_not_in_force(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_HEADSET);
	w.cards[1].profile = HFP;
	add_headset_nodes(&w);
	w.now.n_nodes--;
	converge(&w);
	assert_int_equal(w.plan.sink, 50);
	assert_false(w.plan.in_force);
}

static void test_headset_without_a_card_waits(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_HEADSET);
	w.now.n_cards = 1;
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_int_equal(w.plan.actions[0].type, PLAN_WAIT_NODE);
}

static void test_unknown_profile_is_not_changed(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_HEADSET);
	w.cards[1].profile = PLAN_NONE;
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_int_equal(w.plan.actions[0].type, PLAN_WAIT_NODE);
}

static void test_what_was_found_first_is_kept_when_the_profile_is_lost_in_between(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_HEADSET);
	converge(&w);
	w.cards[1].profile = OFF;
	compute(&w);
	assert_action(&w.plan, 0, PLAN_SET_PROFILE, 11);
	assert_int_equal(w.plan.actions[0].found, A2DP);
}

static void test_x7_end_of_call_gives_back_targets_then_profile(void **state)
{
	struct world w;

	set_up(&w);
	add_headset_nodes(&w);
	w.streams[0].had_target = true;
	w.streams[0].target_found = 1041;
	want(&w, ROUTE_HEADSET);
	converge(&w);
	want(&w, ROUTE_NONE);
	compute(&w);
	assert_int_equal(w.plan.n, 3);
	assert_action(&w.plan, 0, PLAN_CLEAR_TARGET, 70);
	assert_action(&w.plan, 1, PLAN_CLEAR_TARGET, 71);
	assert_action(&w.plan, 2, PLAN_SET_PROFILE, 11);
	assert_int_equal(w.plan.actions[2].value, A2DP);
	assert_int_equal(w.plan.actions[2].found, PLAN_NONE);
	for (size_t i = 0; i < w.plan.n; i++)
		apply(&w, &w.plan.actions[i]);
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_FORGET_PROFILE, 11);
	converge(&w);
	assert_true(w.plan.in_force);
	assert_int_equal(w.cards[1].profile, A2DP);
	assert_int_equal(w.cards[1].profile_found, PLAN_NONE);
	assert_int_equal(w.streams[0].target, 1041);
	assert_int_equal(w.streams[1].target, 0);
}

static void test_profile_that_somebody_else_chose_since_is_not_fought(void **state)
{
	struct world w;

	set_up(&w);
	w.cards[1].profile = OFF;
	w.cards[1].profile_found = A2DP;
	want(&w, ROUTE_NONE);
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_FORGET_PROFILE, 11);
}

static void test_headset_mode_that_is_on_its_way_at_the_end_of_the_call_is_given_back(void **state)
{
	struct world w;

	set_up(&w);
	w.cards[1].profile_found = A2DP;
	w.cards[1].profile_asked = HFP;
	want(&w, ROUTE_NONE);
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_SET_PROFILE, 11);
	assert_int_equal(w.plan.actions[0].value, A2DP);

	/* nor is what was found forgotten before it has come */
	w.cards[1].profile_asked = A2DP;
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_SET_PROFILE, 11);
	w.cards[1].profile = HFP;
	compute(&w);
	assert_action(&w.plan, 0, PLAN_SET_PROFILE, 11);
	w.cards[1].profile = A2DP;
	w.cards[1].profile_asked = PLAN_NONE;
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_FORGET_PROFILE, 11);
}

static void test_headset_that_was_in_headset_mode_before_stays_there(void **state)
{
	struct world w;

	set_up(&w);
	w.cards[1].profile = HFP;
	add_headset_nodes(&w);
	want(&w, ROUTE_HEADSET);
	converge(&w);
	want(&w, ROUTE_NONE);
	converge(&w);
	assert_int_equal(w.cards[1].profile, HFP);
	assert_true(w.plan.in_force);
}

/* A phone: card 0 is in profile 1, and has another for the modem's calls. */
static void set_up_phone(struct world *w)
{
	set_up(w);
	w->cards[0].profile_voice = VOICE;
	w->desired.cellular = true;
	w->ports[0] = (struct plan_port){ .card = 0, .index = 0, .active = true };
	w->ports[1] = (struct plan_port){ .card = 0, .index = 1 };
	w->now.n_ports = 2;
	w->nodes[0].port = 1;
}

static void test_cellular_call_has_its_profile_before_its_port(void **state)
{
	struct world w;

	set_up_phone(&w);
	w.now.n_streams = 0;
	want(&w, ROUTE_HANDSET);
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_SET_PROFILE, 10);
	assert_int_equal(w.plan.actions[0].found, 1);
	apply(&w, &w.plan.actions[0]);
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_SET_PORT, 10);
	converge(&w);
	assert_int_equal(w.cards[0].profile, VOICE);
	/* whatever follows is no call of the modem */
	w.desired.cellular = false;
	want(&w, ROUTE_SPEAKER);
	converge(&w);
	assert_int_equal(w.cards[0].profile, 1);
	assert_int_equal(w.cards[0].profile_found, PLAN_NONE);
	assert_true(w.ports[0].active);
}

static void test_cellular_call_on_a_headset_has_its_profile(void **state)
{
	struct world w;

	set_up_phone(&w);
	add_headset_nodes(&w);
	want(&w, ROUTE_HEADSET);
	converge(&w);
	assert_int_equal(w.cards[0].profile, VOICE);
	want(&w, ROUTE_NONE);
	converge(&w);
	assert_int_equal(w.cards[0].profile, 1);
	assert_int_equal(w.cards[1].profile, A2DP);
}

static void test_cellular_call_leaves_alone_what_is_off_or_in_the_profile(void **state)
{
	static const uint32_t profiles[] = { OFF, VOICE, PLAN_NONE };
	struct world w;

	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		set_up_phone(&w);
		w.cards[0].profile = profiles[i];
		want(&w, ROUTE_SPEAKER);
		converge(&w);
		assert_int_equal(w.cards[0].profile, profiles[i]);
		want(&w, ROUTE_NONE);
		converge(&w);
		assert_int_equal(w.cards[0].profile, profiles[i]);
	}
}

static void test_cellular_call_takes_its_profile_back_from_the_session_manager(void **state)
{
	struct world w;

	set_up_phone(&w);
	want(&w, ROUTE_SPEAKER);
	converge(&w);
	w.cards[0].profile = w.cards[0].profile_found;
	converge(&w);
	assert_int_equal(w.cards[0].profile, VOICE);
	/* a third one is a choice */
	w.cards[0].profile = THIRD;
	converge(&w);
	assert_int_equal(w.cards[0].profile, THIRD);
	assert_true(w.plan.in_force);
	want(&w, ROUTE_NONE);
	converge(&w);
	assert_int_equal(w.cards[0].profile, THIRD);
	assert_int_equal(w.cards[0].profile_found, PLAN_NONE);
}

static void set_up_headset_without_a2dp(struct world *w, uint32_t profile)
{
	set_up(w);
	w->cards[1].profile = profile;
	w->cards[1].profile_a2dp = PLAN_NONE;
	if (profile == HFP)
		add_headset_nodes(w);
}

static void test_headset_without_a2dp_is_off_while_the_call_is_elsewhere(void **state)
{
	struct world w;

	set_up_headset_without_a2dp(&w, HFP);
	want(&w, ROUTE_HANDSET);
	compute(&w);
	assert_int_equal(w.plan.n, 3);
	assert_action(&w.plan, 0, PLAN_SET_TARGET, 70);
	assert_action(&w.plan, 1, PLAN_SET_TARGET, 71);
	assert_action(&w.plan, 2, PLAN_SET_PROFILE, 11);
	converge(&w);
	assert_int_equal(w.cards[1].profile, OFF);
	assert_true(w.plan.in_force);
	want(&w, ROUTE_HEADSET);
	converge(&w);
	assert_int_equal(w.cards[1].profile, HFP);
	assert_true(w.plan.in_force);
	want(&w, ROUTE_NONE);
	converge(&w);
	assert_int_equal(w.cards[1].profile, HFP);
	assert_int_equal(w.cards[1].profile_found, PLAN_NONE);
}

static void test_headset_without_a2dp_gets_its_mode_back_after_the_call(void **state)
{
	struct world w;

	set_up_headset_without_a2dp(&w, HFP);
	want(&w, ROUTE_SPEAKER);
	converge(&w);
	assert_int_equal(w.cards[1].profile, OFF);
	want(&w, ROUTE_NONE);
	converge(&w);
	assert_int_equal(w.cards[1].profile, HFP);
	assert_int_equal(w.cards[1].profile_found, PLAN_NONE);
}

static void test_headset_without_a2dp_that_was_off_stays_off(void **state)
{
	struct world w;

	set_up_headset_without_a2dp(&w, OFF);
	want(&w, ROUTE_SPEAKER);
	converge(&w);
	assert_true(w.plan.in_force);
	want(&w, ROUTE_NONE);
	converge(&w);
	assert_int_equal(w.cards[1].profile, OFF);
}

/* A card that is restarted for a new link is "off" for a moment. */
static void test_off_that_is_on_its_way_at_the_end_of_the_call_is_given_back(void **state)
{
	struct world w;

	set_up(&w);
	w.cards[1].profile = HFP;
	w.cards[1].profile_found = A2DP;
	w.cards[1].profile_asked = OFF;
	want(&w, ROUTE_NONE);
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_SET_PROFILE, 11);
	assert_int_equal(w.plan.actions[0].value, A2DP);
}

static void test_p4_leaving_the_headset_moves_the_streams_before_the_profile(void **state)
{
	struct world w;

	set_up(&w);
	add_headset_nodes(&w);
	want(&w, ROUTE_HEADSET);
	converge(&w);
	want(&w, ROUTE_SPEAKER);
	compute(&w);
	assert_int_equal(w.plan.n, 3);
	assert_action(&w.plan, 0, PLAN_SET_TARGET, 70);
	assert_action(&w.plan, 1, PLAN_SET_TARGET, 71);
	assert_action(&w.plan, 2, PLAN_SET_PROFILE, 11);
}

static void test_headset_that_is_not_the_route_may_be_absent(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_SPEAKER);
	w.headset_mode[w.desired.n_headset_mode++] = OTHER;
	converge(&w);
	assert_true(w.plan.in_force);
}

static void test_bluetooth_speaker_over_a2dp_needs_no_source(void **state)
{
	struct world w;
	struct plan_node *node;

	set_up(&w);
	node = add_node(&w, 55, false, ROUTE_BT_SPEAKER);
	node->device = HEADSET;
	want(&w, ROUTE_BT_SPEAKER);
	converge(&w);
	assert_true(w.plan.in_force);
	assert_int_equal(w.streams[0].target, 1055);
	assert_int_equal(w.cards[1].profile, A2DP);
}

/* One sink with two ports, the loudspeaker's active. */
static void use_ports(struct world *w)
{
	w->now.n_nodes = 0;
	w->ports[0] = (struct plan_port){ .card = 0, .index = 1, .device = 5, .active = true };
	w->ports[1] = (struct plan_port){ .card = 0, .index = 2, .device = 5 };
	w->now.n_ports = 2;
	add_node(w, 40, false, ROUTE_SPEAKER)->port = 0;
	add_node(w, 40, false, ROUTE_HANDSET)->port = 1;
	add_node(w, 42, true, ROUTE_HANDSET);
}

static void test_two_ports_of_one_sink_are_switched_before_the_target(void **state)
{
	struct world w;

	set_up(&w);
	use_ports(&w);
	want(&w, ROUTE_HANDSET);
	compute(&w);
	assert_int_equal(w.plan.n, 3);
	assert_action(&w.plan, 0, PLAN_SET_PORT, 10);
	assert_int_equal(w.plan.actions[0].value, 2);
	assert_int_equal(w.plan.actions[0].device, 5);
	assert_int_equal(w.plan.actions[0].found, 1);
	assert_action(&w.plan, 1, PLAN_SET_TARGET, 70);
	converge(&w);
	assert_true(w.plan.in_force);
	want(&w, ROUTE_SPEAKER);
	compute(&w);
	assert_int_equal(w.plan.n, 1); /* same sink: only the port changes */
	assert_action(&w.plan, 0, PLAN_SET_PORT, 10);
}

static void test_x9_port_that_another_program_chose_stays(void **state)
{
	struct world w;

	set_up(&w);
	use_ports(&w);
	w.ports[0].picked = true;
	want(&w, ROUTE_HANDSET);
	converge(&w);
	assert_true(w.plan.in_force);
	assert_true(w.ports[0].active);
	w.ports[0].picked = false; /* something has happened since */
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_SET_PORT, 10);
}

static void test_port_found_is_given_back_at_the_end(void **state)
{
	struct world w;

	set_up(&w);
	use_ports(&w);
	want(&w, ROUTE_HANDSET);
	converge(&w);
	assert_true(w.ports[0].found);
	want(&w, ROUTE_NONE);
	compute(&w);
	assert_action(&w.plan, 2, PLAN_SET_PORT, 10);
	assert_int_equal(w.plan.actions[2].value, 1);
	converge(&w);
	assert_true(w.ports[0].active);
	assert_false(w.ports[0].found);
	assert_true(w.plan.in_force);
}

static void test_x9_moved_stream_stays_until_another_node_is_wanted(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_HANDSET);
	converge(&w);
	w.streams[0].ours = false;
	w.streams[0].target = 4711;
	w.streams[0].moved_from = 1040;
	compute(&w);
	assert_int_equal(w.plan.n, 0);
	want(&w, ROUTE_SPEAKER);
	compute(&w);
	assert_int_equal(w.plan.n, 1);
	assert_action(&w.plan, 0, PLAN_SET_TARGET, 70);
	assert_int_equal(w.plan.actions[0].serial, 1041);
}

static void test_x9_moved_stream_keeps_its_target_after_the_call(void **state)
{
	struct world w;

	set_up(&w);
	w.streams[0].target = 4711;
	w.streams[0].moved_from = 1040;
	want(&w, ROUTE_NONE);
	compute(&w);
	assert_int_equal(w.plan.n, 0);
}

static void test_x9_moved_stream_becomes_ours_where_the_route_follows_it(void **state)
{
	struct world w;

	set_up(&w);
	want(&w, ROUTE_HANDSET);
	converge(&w);
	w.streams[0].ours = false;
	w.streams[0].target = 1041;
	w.streams[0].moved_from = 1040;
	want(&w, ROUTE_SPEAKER);
	compute(&w);
	assert_action(&w.plan, 0, PLAN_SET_TARGET, 70);
	converge(&w);
	want(&w, ROUTE_HANDSET);
	converge(&w);
	assert_int_equal(w.streams[0].target, 1040);
}

static void test_best_node_of_a_kind_is_the_first(void **state)
{
	struct world w;

	set_up(&w);
	add_node(&w, 60, false, ROUTE_SPEAKER);
	want(&w, ROUTE_SPEAKER);
	compute(&w);
	assert_int_equal(w.plan.sink, 41);
}

static void test_more_actions_than_fit_are_done_in_several_rounds(void **state)
{
	struct world w;

	set_up(&w);
	w.now.n_streams = 0;
	for (uint32_t i = 0; i < 80; i++)
		add_stream(&w, 100 + i, false);
	want(&w, ROUTE_SPEAKER);
	compute(&w);
	assert_int_equal(w.plan.n, PLAN_MAX_ACTIONS);
	assert_true(w.plan.truncated);
	assert_false(w.plan.in_force);
	converge(&w);
	assert_true(w.plan.in_force);
	assert_int_equal(w.streams[79].target, 1041);
}

static void test_stray_port_and_card_indices_are_ignored(void **state)
{
	struct world w;

	set_up(&w);
	w.nodes[1].port = 7;
	w.ports[0] = (struct plan_port){ .card = 9, .index = 1, .found = true };
	w.nodes[2].port = 0;
	w.now.n_ports = 1;
	want(&w, ROUTE_HANDSET);
	converge(&w);
	want(&w, ROUTE_SPEAKER);
	converge(&w);
	assert_true(w.plan.in_force);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_call_and_nothing_changed_gives_no_action),
		cmocka_unit_test(test_handset_targets_both_streams),
		cmocka_unit_test(test_what_is_in_force_gives_no_action),
		cmocka_unit_test(test_streams_outside_the_call_are_left_alone),
		cmocka_unit_test(test_stream_that_left_the_call_is_given_back_during_it),
		cmocka_unit_test(test_handset_means_wired_while_one_is_plugged),
		cmocka_unit_test(test_speaker_stays_speaker_while_a_wired_headset_is_plugged),
		cmocka_unit_test(test_handset_without_handset_nodes_uses_the_speakers),
		cmocka_unit_test(test_speaker_without_speaker_nodes_uses_the_handsets),
		cmocka_unit_test(test_handset_on_a_machine_without_one_means_the_speaker),
		cmocka_unit_test(test_no_output_at_all_waits_for_one),
		cmocka_unit_test(test_machine_without_a_microphone_is_in_force_without_a_source),
		cmocka_unit_test(test_v5_headset_enters_headset_mode_before_any_target),
		cmocka_unit_test(test_v5_a2dp_node_of_the_headset_is_no_substitute),
		cmocka_unit_test(test_headset_with_only_its_sink_is_not_in_force),
		cmocka_unit_test(test_headset_without_a_card_waits),
		cmocka_unit_test(test_unknown_profile_is_not_changed),
		cmocka_unit_test(
			test_what_was_found_first_is_kept_when_the_profile_is_lost_in_between),
		cmocka_unit_test(test_x7_end_of_call_gives_back_targets_then_profile),
		cmocka_unit_test(test_profile_that_somebody_else_chose_since_is_not_fought),
		cmocka_unit_test(
			test_headset_mode_that_is_on_its_way_at_the_end_of_the_call_is_given_back),
		cmocka_unit_test(test_headset_that_was_in_headset_mode_before_stays_there),
		cmocka_unit_test(test_headset_without_a2dp_is_off_while_the_call_is_elsewhere),
		cmocka_unit_test(test_headset_without_a2dp_gets_its_mode_back_after_the_call),
		cmocka_unit_test(test_headset_without_a2dp_that_was_off_stays_off),
		cmocka_unit_test(test_off_that_is_on_its_way_at_the_end_of_the_call_is_given_back),
		cmocka_unit_test(test_cellular_call_has_its_profile_before_its_port),
		cmocka_unit_test(test_cellular_call_on_a_headset_has_its_profile),
		cmocka_unit_test(test_cellular_call_leaves_alone_what_is_off_or_in_the_profile),
		cmocka_unit_test(
			test_cellular_call_takes_its_profile_back_from_the_session_manager),
		cmocka_unit_test(test_p4_leaving_the_headset_moves_the_streams_before_the_profile),
		cmocka_unit_test(test_headset_that_is_not_the_route_may_be_absent),
		cmocka_unit_test(test_bluetooth_speaker_over_a2dp_needs_no_source),
		cmocka_unit_test(test_two_ports_of_one_sink_are_switched_before_the_target),
		cmocka_unit_test(test_x9_port_that_another_program_chose_stays),
		cmocka_unit_test(test_port_found_is_given_back_at_the_end),
		cmocka_unit_test(test_x9_moved_stream_stays_until_another_node_is_wanted),
		cmocka_unit_test(test_x9_moved_stream_keeps_its_target_after_the_call),
		cmocka_unit_test(test_x9_moved_stream_becomes_ours_where_the_route_follows_it),
		cmocka_unit_test(test_best_node_of_a_kind_is_the_first),
		cmocka_unit_test(test_more_actions_than_fit_are_done_in_several_rounds),
		cmocka_unit_test(test_stray_port_and_card_indices_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
