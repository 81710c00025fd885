/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Streams: that they go where the plan says, and are given back as they were found, with this
 * machine's own PipeWire and WirePlumber.
 */
#include "graph-world.h"

#include "daemon/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_marked_nodes_are_endpoints_and_others_are_not(void **state)
{
	struct graph_endpoints now;

	graph_endpoints(world.graph, &now);
	assert_true(now.handset);
	assert_true(now.speaker);
	assert_false(now.wired);
	assert_int_equal(world_node(ROUTE_HANDSET, true), world_node(ROUTE_SPEAKER, true));
	assert_int_not_equal(world_node(ROUTE_HANDSET, false), world_node(ROUTE_SPEAKER, false));
}

static pid_t call_on_the_handset(void)
{
	pid_t pid = world_play("call");

	graph_set_call_processes(world.graph, &pid, 1);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	return pid;
}

static void test_stream_of_the_call_moves_with_the_route(void **state)
{
	(void)call_on_the_handset();
	assert_int_equal(world.plan.sink, world_node(ROUTE_HANDSET, false));
	world_want(ROUTE_SPEAKER);
	assert_false(world_plan_is_in_force(NULL));
	assert_soon(world_one_stream_in_force);
	assert_int_equal(world.plan.sink, world_node(ROUTE_SPEAKER, false));
	assert_int_not_equal(graph_last_request_ns(world.graph), 0);
}

static void test_capture_goes_to_the_marked_microphone(void **state)
{
	pid_t pids[2] = { world_play("call"), world_record() };

	graph_set_call_processes(world.graph, pids, 2);
	world_want(ROUTE_SPEAKER);
	assert_soon(world_two_streams_in_force);
	assert_int_equal(world.plan.source, world_node(ROUTE_SPEAKER, true));
}

static bool nothing_of_the_call_is_left(void *data)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	return now->n_streams == 1 && !now->streams[0].ours && now->streams[0].target == 0 &&
	       world.plan.in_force;
}

static void test_x7_target_is_taken_back_at_the_end(void **state)
{
	struct plan elsewhere;

	(void)call_on_the_handset();
	elsewhere = world.plan;
	world_want(ROUTE_NONE);
	assert_soon(nothing_of_the_call_is_left);
	/* and WirePlumber has taken it to the default again */
	for (int i = 0; i < 200 && graph_verified(world.graph, &elsewhere); i++)
		(void)pw_loop_iterate(world.loop, 100);
	assert_false(graph_verified(world.graph, &elsewhere));
}

/* One call ends and another begins before the session manager has heard of the first one's end: what it
 * tells of that is no move by another program. */
static void test_x9_end_that_is_told_late_is_no_move(void **state)
{
	pid_t pids[2] = { world_play("call") };

	graph_set_call_processes(world.graph, pids, 1);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	session_pause_wireplumber(world.session, true);
	world_want(ROUTE_NONE);
	world_want(ROUTE_HANDSET);
	session_pause_wireplumber(world.session, false);
	/* of this one it hears last */
	pids[1] = world_record();
	graph_set_call_processes(world.graph, pids, 2);
	assert_soon(world_two_streams_in_force);
	assert_int_equal(graph_snapshot(world.graph)->n_streams, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(graph_snapshot(world.graph)->streams[i].ours);
}

static char seen[192];

static bool is_seen(void *data)
{
	graph_explain(world.graph, &world.plan, seen, sizeof(seen));
	return strcmp(seen, data) == 0;
}

/* The session manager stands still: what is seen is told, and not what is wished. */
static void test_what_does_not_follow_is_not_verified_and_told(void **state)
{
	pid_t pids[2] = { world_play("call"), 0 };

	graph_set_call_processes(world.graph, pids, 1);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	assert_true(is_seen((char[]){ "" }));
	session_pause_wireplumber(world.session, true);
	world_want(ROUTE_SPEAKER);
	assert_false(graph_verified(world.graph, &world.plan));
	assert_true(is_seen((char[]){ "pw-cat plays to earpiece" }));
	session_pause_wireplumber(world.session, false);
	assert_soon(world_one_stream_in_force);
	assert_true(is_seen((char[]){ "" }));
	/* a stream without a link has no sound, wherever it is to go */
	session_pause_wireplumber(world.session, true);
	pids[1] = world_record();
	graph_set_call_processes(world.graph, pids, 2);
	assert_true(loop_until(world.loop, is_seen, (char[]){ "pw-cat records from nothing" },
			       LOOP_DEADLINE_MS));
	assert_false(graph_verified(world.graph, &world.plan));
	session_pause_wireplumber(world.session, false);
	assert_soon(world_two_streams_in_force);
}

static void test_streams_of_other_processes_are_left_alone(void **state)
{
	pid_t pid = world_play("call");

	(void)world_play("music");
	graph_set_call_processes(world.graph, &pid, 1);
	world_want(ROUTE_SPEAKER);
	assert_soon(world_one_stream_in_force);
	assert_int_equal(graph_snapshot(world.graph)->n_streams, 1);
}

/* As in PipeWire's Bluetooth: streams of the session manager, also for the gateway's other things. */
static void test_a_phones_sound_is_known_by_its_address(void **state)
{
	const char *phone = TALK_PHONE "AA:BB:CC:DD:EE:FF";

	(void)world_play_as("{ api.bluez5.address = \"aa:bb:cc:dd:ee:ff\" "
			    "api.bluez5.profile = headset-audio-gateway }");
	(void)world_play_as("{ api.bluez5.address = \"AA:BB:CC:DD:EE:FF\" "
			    "api.bluez5.profile = a2dp-source }");
	(void)world_play_as("{ api.bluez5.address = \"AA:BB:CC:DD:EE:00\" "
			    "api.bluez5.profile = headset-audio-gateway }");
	graph_set_call_apps(world.graph, &phone, 1);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	world_want(ROUTE_SPEAKER);
	assert_soon(world_one_stream_in_force);
	assert_int_equal(graph_snapshot(world.graph)->n_streams, 1);
}

static bool first_stream_has_moved(void *data)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	return now->n_streams == 1 && now->streams[0].moved_from != 0;
}

static void test_x9_moved_stream_is_not_fought_until_the_route_changes(void **state)
{
	pid_t pid = world_play("call");
	uint32_t stream;

	graph_set_call_processes(world.graph, &pid, 1);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	stream = world_stream()->id;
	world_set_metadata(stream, "target.object", world_serial(world_node(ROUTE_SPEAKER, false)));
	assert_soon(first_stream_has_moved);
	assert_int_equal(world_stream()->target, world_serial(world_node(ROUTE_SPEAKER, false)));
	assert_false(world_stream()->ours);
	world_want(ROUTE_HANDSET);
	assert_true(world.plan.in_force); /* nothing to do */
	world_want(ROUTE_SPEAKER);
	assert_soon(world_one_stream_in_force);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	assert_int_equal(world.plan.sink, world_node(ROUTE_HANDSET, false));
}

static uint64_t expected_target;

static bool first_stream_has_the_expected_target(void *data)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	return now->n_streams == 1 && now->streams[0].target == expected_target;
}

/* Nothing of this is told any more, and all of it is noticed. */
static void test_targets_are_followed_where_no_change_is_told(void **state)
{
	pid_t pid;
	uint32_t stream;

	world_bind_metadata_and_leave();
	pid = world_play("call");
	graph_set_call_processes(world.graph, &pid, 1);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	assert_true(world_stream()->ours);
	world_want(ROUTE_SPEAKER);
	assert_soon(world_one_stream_in_force);
	stream = world_stream()->id;
	world_set_metadata(stream, "target.object", world_serial(world_node(ROUTE_HANDSET, false)));
	assert_soon(first_stream_has_moved);
	assert_int_equal(world_stream()->target, world_serial(world_node(ROUTE_HANDSET, false)));
	world_want(ROUTE_HANDSET);
	world_want(ROUTE_SPEAKER);
	assert_soon(world_one_stream_in_force);
	world_want(ROUTE_NONE);
	expected_target = world_serial(world_node(ROUTE_HANDSET, false));
	assert_soon(first_stream_has_the_expected_target);
}

static bool first_stream_has_a_foreign_target(void *data)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	return now->n_streams == 1 && now->streams[0].target != 0 && !now->streams[0].ours;
}

static bool stream_is_linked_to_the_default(void *data)
{
	struct plan handset = { .sink = world_node(ROUTE_HANDSET, false), .source = PLAN_NONE };

	return !graph_verified(world.graph, &handset);
}

static bool first_stream_is_ours(void *data)
{
	const struct plan_snapshot *now = graph_snapshot(world.graph);

	return now->n_streams == 1 && now->streams[0].ours;
}

static void test_target_that_was_there_before_is_given_back(void **state)
{
	pid_t pid = world_play("call");
	uint64_t before = world_serial(world_node(ROUTE_SPEAKER, false));

	graph_set_call_processes(world.graph, &pid, 1);
	assert_soon(stream_is_linked_to_the_default);
	world_set_metadata(world_stream()->id, "target.object", before);
	assert_soon(first_stream_has_a_foreign_target);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	assert_true(world_stream()->had_target);
	assert_int_equal(world_stream()->target_found, before);
	world_want(ROUTE_NONE);
	expected_target = before;
	assert_soon(first_stream_has_the_expected_target);
	assert_false(world_stream()->ours);
}

static void test_next_stream_of_the_application_does_not_inherit_the_calls_target(void **state)
{
	pid_t pid = world_play("call");

	graph_set_call_processes(world.graph, &pid, 1);
	/* it saves the targets of streams that it knows well, so that one has to be there before */
	assert_soon(stream_is_linked_to_the_default);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	session_kill(world.session, pid); /* while the target is ours */
	assert_soon(world_no_stream_is_kept);
	world_want(ROUTE_NONE);
	pid = world_play("ring-tone");
	graph_set_call_processes(world.graph, &pid, 1);
	assert_soon(world_a_stream_is_in_the_call);
	assert_soon(stream_is_linked_to_the_default);
	assert_int_equal(world_stream()->target, 0);
}

static void test_pipewire_that_is_killed_is_lost_and_found_again(void **state)
{
	pid_t pid = call_on_the_handset();

	session_stop_pipewire(world.session, true);
	assert_soon(world_is_down);
	assert_int_equal(graph_snapshot(world.graph)->n_nodes, 0);
	assert_int_equal(graph_snapshot(world.graph)->n_streams, 0);
	session_stop_wireplumber(world.session, true);
	session_kill(world.session, pid);
	session_start_pipewire(world.session);
	session_start_wireplumber(world.session);
	assert_soon(world_is_up);
	assert_soon(world_endpoints_are_there);
	pid = world_play("call");
	graph_set_call_processes(world.graph, &pid, 1);
	assert_soon(world_one_stream_in_force);
	assert_int_equal(world.n_down, 1);
}

static void restart_wireplumber_in_the_call(void)
{
	session_stop_wireplumber(world.session, true);
	assert_soon(world_plan_is_not_in_force);
	session_start_wireplumber(world.session);
	/* that it is linked again is more than WirePlumber 0.4.13 always manages */
	assert_soon(world_plan_is_in_force);
	assert_int_equal(graph_snapshot(world.graph)->n_streams, 1);
	assert_true(world_stream()->ours);
}

static void test_wireplumber_that_is_restarted_gets_the_targets_again(void **state)
{
	(void)call_on_the_handset();
	restart_wireplumber_in_the_call();
	assert_int_equal(world.n_down, 0);
}

static bool metadata_is_being_read(void *data)
{
	return world.graph->reading;
}

/* PipeWire waits for the session manager to answer that it is bound, and then for ever: it reads nothing
 * more from who asked. */
static void test_session_manager_that_goes_while_it_is_bound_is_got_over(void **state)
{
	(void)call_on_the_handset();
	session_pause_wireplumber(world.session, true);
	metadata_read_again(world.graph);
	assert_soon(metadata_is_being_read);
	world_let_pipewire_catch_up();
	restart_wireplumber_in_the_call();
}

static void test_target_of_an_earlier_process_is_taken_back(void **state)
{
	pid_t pid = world_play("call");
	uint64_t before = world_serial(world_node(ROUTE_SPEAKER, false));

	graph_set_call_processes(world.graph, &pid, 1);
	assert_soon(stream_is_linked_to_the_default);
	world_set_metadata(world_stream()->id, "target.object", before);
	assert_soon(first_stream_has_a_foreign_target);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	world_restart_graph(&pid, 1);
	assert_soon(first_stream_is_ours);
	assert_int_equal(world_stream()->target_found, before);
	world_want(ROUTE_NONE);
	expected_target = before;
	assert_soon(first_stream_has_the_expected_target);
	assert_false(world_stream()->ours);
}

static void test_unrelated_streams_tell_nothing(void **state)
{
	unsigned int before;
	pid_t pid;

	loop_drain(world.loop);
	before = world.n_changed;
	(void)world_play("music");
	(void)world_play("more-music");
	/* a stream of a call, started last, is seen last */
	pid = world_play("call");
	graph_set_call_processes(world.graph, &pid, 1);
	assert_soon(world_a_stream_is_in_the_call);
	assert_true(world.n_changed - before <= 3);
}

/* ---- links besides that to the target ---------------------------------------------------------- */

/* By hand, as a patch bay does. */
static void link_ports(const char *output, const char *input)
{
	(void)session_spawn(world.session, (const char *const[]){ "pw-link", output, input, NULL });
}

static size_t links_of_the_call(void)
{
	size_t n = 0;
	struct stream *stream;

	spa_list_for_each (stream, &world.graph->kept, kept_link) {
		struct link_end *end;

		spa_list_for_each (end, &stream->ends, link)
			n++;
	}
	return n;
}

static bool somebody_records(void *data)
{
	struct global *global;

	spa_list_for_each (global, &world.graph->lists[GLOBAL_STREAM], link) {
		struct stream *stream = (struct stream *)global;

		if (stream->capture && !spa_list_is_empty(&stream->ends))
			return true;
	}
	return false;
}

static bool has_another_link(void *data)
{
	return links_of_the_call() == *(size_t *)data + 1;
}

static bool call_has_left(void *data)
{
	struct stream *stream;

	spa_list_for_each (stream, &world.graph->kept, kept_link) {
		if (stream_is_linked_to(stream, *(uint32_t *)data))
			return false;
	}
	return nothing_of_the_call_is_left(NULL);
}

static void test_who_else_listens_to_the_call_does_not_matter(void **state)
{
	pid_t pid = world_play("call");
	size_t before;

	(void)session_spawn(world.session,
			    (const char *const[]){ "pw-cat", "-r", "--channels", "1", "-P",
						   "{ node.name = recorder }",
						   session_path(world.session, "heard.wav"),
						   NULL });
	graph_set_call_processes(world.graph, &pid, 1);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	assert_soon(somebody_records);
	before = links_of_the_call();
	/* the session manager gives it the channels of what it is linked to: one of these is there */
	link_ports("pw-cat:output_FL", "recorder:input_MONO");
	link_ports("pw-cat:output_FL", "recorder:input_FL");
	assert_true(loop_until(world.loop, has_another_link, &before, LOOP_DEADLINE_MS));
	assert_true(graph_verified(world.graph, &world.plan));
}

static void test_link_to_another_endpoint_from_before_is_taken_away(void **state)
{
	pid_t pid = world_play("call");
	uint32_t earpiece = world_node(ROUTE_HANDSET, false);
	size_t before;

	graph_set_call_processes(world.graph, &pid, 1);
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	before = links_of_the_call();
	link_ports("pw-cat:output_FL", "loudspeaker:playback_FL");
	assert_true(loop_until(world.loop, has_another_link, &before, LOOP_DEADLINE_MS));
	assert_false(graph_verified(world.graph, &world.plan));
	/* away and back, so that the link to the earpiece is the younger one; WirePlumber 0.5 makes one
	 * of two wishes that come at once */
	world_want(ROUTE_NONE);
	assert_true(loop_until(world.loop, call_has_left, &earpiece, LOOP_DEADLINE_MS));
	world_want(ROUTE_HANDSET);
	assert_soon(world_one_stream_in_force);
	assert_int_equal(links_of_the_call(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_marked_nodes_are_endpoints_and_others_are_not),
		TEST(test_stream_of_the_call_moves_with_the_route),
		TEST(test_capture_goes_to_the_marked_microphone),
		TEST(test_x7_target_is_taken_back_at_the_end),
		TEST(test_x9_end_that_is_told_late_is_no_move),
		TEST(test_what_does_not_follow_is_not_verified_and_told),
		TEST(test_streams_of_other_processes_are_left_alone),
		TEST(test_a_phones_sound_is_known_by_its_address),
		TEST(test_x9_moved_stream_is_not_fought_until_the_route_changes),
		TEST(test_targets_are_followed_where_no_change_is_told),
		TEST(test_target_that_was_there_before_is_given_back),
		TEST(test_next_stream_of_the_application_does_not_inherit_the_calls_target),
		TEST(test_pipewire_that_is_killed_is_lost_and_found_again),
		TEST(test_wireplumber_that_is_restarted_gets_the_targets_again),
		TEST(test_session_manager_that_goes_while_it_is_bound_is_got_over),
		TEST(test_target_of_an_earlier_process_is_taken_back),
		TEST(test_unrelated_streams_tell_nothing),
		TEST(test_who_else_listens_to_the_call_does_not_matter),
		TEST(test_link_to_another_endpoint_from_before_is_taken_away),
	};

	pw_init(NULL, NULL);
	if (getenv("CALLROUTE_TEST_DUMP") != NULL)
		log_set_level(LOG_DEBUG);
	cmocka_set_test_filter(getenv("CALLROUTE_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
