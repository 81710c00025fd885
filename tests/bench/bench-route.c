/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * From a request to where the sound is, on the rig: callroute's requests, and beside them the floor, which
 * is a bare client that knows all ids and sends the same requests to PipeWire, and the peers that do
 * the like. Contenders take turns, and medians are compared, so that what else the machine does meets
 * all of them.
 *
 *	bench-route [sinks | headset | autoswitch | ports]
 */
#include "moves.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 15u
/** A bare client's turn that PipeWire or WirePlumber got stuck in, and how often it has another go. */
#define STUCK_MS 3000
#define TRIES 3u

#define BLUEZ_OUTPUT "bluez_output.*"
#define BLUEZ_INPUT "bluez_input.*"

/* ---- two sinks ------------------------------------------------------------------------------------- */

static void pick(struct moves *moves, pid_t process, const char *route, const char *sink,
		 struct times *times)
{
	uint64_t begun_ns = rows_now_ns();

	phone_set_route_later(moves->phone, route);
	if (moves_wait(moves, moves_linked(moves, process, sink, RIG_MICROPHONE)))
		times_add(times, begun_ns);
	(void)moves_wait(moves, phone_sees_route(moves->phone, route, NULL));
}

static void pick_bare(struct moves *moves, const char *sink, struct times *times)
{
	pid_t process = rig_sound_pid(moves->bystander);
	uint64_t begun_ns = rows_now_ns();

	(void)view_move(moves->view, view_stream(moves->view, process, false), sink);
	if (moves_wait(moves, moves_linked(moves, process, sink, RIG_MICROPHONE)))
		times_add(times, begun_ns);
}

/* What every request by the bus has in it, and no request of a client of PipeWire. */
static void ask_nothing(struct moves *moves, struct times *times)
{
	uint64_t begun_ns = rows_now_ns();

	if (!phone_ping(moves->phone))
		times_add(times, begun_ns);
}

static void bench_sinks(struct moves *moves)
{
	static const char what[] = "SetRoute to links, between two sinks";
	struct times ours = { 0 }, floor = { 0 }, ping = { 0 };
	struct phone_call *call = moves_call(moves);
	pid_t process = call ? rig_sound_pid(phone_call_sound(call)) : 0;

	for (unsigned int i = 0; call && i < 2 * ROUNDS && !moves->failed; i++) {
		const char *sink = i % 2 ? RIG_EARPIECE : RIG_LOUDSPEAKER;

		pick(moves, process, i % 2 ? "handset" : "speaker", sink, &ours);
		pick_bare(moves, sink, &floor);
		ask_nothing(moves, &ping);
	}
	moves_end(moves, call);
	if (moves->failed)
		return;
	rows_add(what, times_median(&ours), "ms", "floor", times_median(&floor));
	rows_add(what, times_median(&ours), "ms", "floor, and a ping",
		 times_median(&floor) + times_median(&ping));
	rows_add_none(what, "callaudiod", "knows one sink, and its ports");
}

/* ---- to the headset -------------------------------------------------------------------------------- */

/* Headset mode has nodes of its own, with the same names. */
static bool is_on_headset(const struct moves *moves, pid_t process, uint64_t a2dp)
{
	uint64_t now = view_serial(moves->view, BLUEZ_OUTPUT);

	return now != 0 && now != a2dp && moves_linked(moves, process, BLUEZ_OUTPUT, BLUEZ_INPUT);
}

static void take_by_button(struct moves *moves, struct times *times)
{
	static const struct phone_call_options options = { .managed = true, .incoming = true };
	uint64_t a2dp = view_serial(moves->view, BLUEZ_OUTPUT);
	struct phone_call *call;

	rig_headset_forget_lines(moves->rig, HEADSET);
	if (moves->failed || phone_call(moves->phone, &options, &call))
		return;
	pid_t process = rig_sound_pid(phone_call_sound(call));
	if (!moves_wait(moves, moves_linked(moves, process, BLUEZ_OUTPUT, RIG_MICROPHONE)) ||
	    !rig_headset_wait(moves->rig, HEADSET, "< RING", LIMIT_MS))
		return;
	moves_rest(moves);
	uint64_t begun_ns = rows_now_ns();
	headset_send(rig_headset(moves->rig, HEADSET), "ATA");
	if (moves_wait(moves, is_on_headset(moves, process, a2dp)))
		times_add(times, begun_ns);
	(void)moves_wait(moves, phone_sees_route(moves->phone, ROUTE_TO_HEADSET, "P2"));
	moves_rest(moves);
	moves_end(moves, call);
}

static void take_by_pick(struct moves *moves, struct times *times)
{
	struct phone_call *call = moves_call(moves);

	if (!call || !moves_wait(moves, view_profile_is(moves->view, HEADSET, "a2dp*") &&
						view_node(moves->view, BLUEZ_OUTPUT)))
		return;
	pid_t process = rig_sound_pid(phone_call_sound(call));
	uint64_t a2dp = view_serial(moves->view, BLUEZ_OUTPUT);
	uint64_t begun_ns = rows_now_ns();
	phone_set_route_later(moves->phone, ROUTE_TO_HEADSET);
	if (moves_wait(moves, is_on_headset(moves, process, a2dp)))
		times_add(times, begun_ns);
	(void)moves_wait(moves, phone_sees_route(moves->phone, ROUTE_TO_HEADSET, NULL));
	moves_rest(moves);
	moves_end(moves, call);
}

/* The profile, and each stream as soon as there is where it belongs. False where the card kept its profile, or
 * WirePlumber left a stream without a link, as callroute mends it and a bare client does not. */
static bool go_bare(struct moves *moves, struct times *times)
{
	struct view *view = moves->view;
	pid_t process = rig_sound_pid(moves->bystander);
	uint32_t playback = view_stream(view, process, false);
	uint32_t capture = view_stream(view, process, true);
	uint64_t a2dp = view_serial(view, BLUEZ_OUTPUT);
	uint64_t begun_ns = rows_now_ns();

	(void)view_set_profile(view, HEADSET, "headset-head-unit", false);
	if (!rig_wait(moves->rig, STUCK_MS,
		      view_node(view, BLUEZ_INPUT) != 0 && view_node(view, BLUEZ_OUTPUT) != 0 &&
			      view_serial(view, BLUEZ_OUTPUT) != a2dp))
		return false;
	(void)view_move(view, playback, BLUEZ_OUTPUT);
	(void)view_move(view, capture, BLUEZ_INPUT);
	if (!rig_wait(moves->rig, STUCK_MS, is_on_headset(moves, process, a2dp)))
		return false;
	times_add(times, begun_ns);
	return true;
}

/* The streams come from @sink. */
static void take_bare(struct moves *moves, const char *sink, struct times *times)
{
	struct view *view = moves->view;
	pid_t process = rig_sound_pid(moves->bystander);
	uint32_t playback = view_stream(view, process, false);
	uint32_t capture = view_stream(view, process, true);
	bool gone = false;

	for (unsigned int i = 0; i < TRIES && !gone && !moves->failed; i++) {
		(void)view_move(view, playback, sink);
		(void)view_move(view, capture, RIG_MICROPHONE);
		if (!moves_wait(moves, moves_linked(moves, process, sink, RIG_MICROPHONE)))
			return;
		moves_rest(moves);
		gone = go_bare(moves, times);
		moves_rest(moves);
		(void)view_move(view, playback, RIG_EARPIECE);
		(void)view_move(view, capture, RIG_MICROPHONE);
		(void)moves_wait(moves, moves_linked(moves, process, RIG_EARPIECE, RIG_MICROPHONE));
		moves_rest(moves);
		(void)view_set_profile(view, HEADSET, "a2dp-sink", false);
		(void)moves_wait(moves, view_profile_is(view, HEADSET, "a2dp*") &&
						view_node(view, BLUEZ_INPUT) == 0 &&
						view_node(view, BLUEZ_OUTPUT) != 0);
		moves_rest(moves);
	}
	if (!gone && !moves->failed)
		moves->failed = "the bare client's streams are on the headset";
}

static void bench_headset(struct moves *moves)
{
	static const char by_button[] = "ATA to links on the headset, from A2DP";
	static const char by_pick[] = "SetRoute to links, handset to headset";
	struct times button = { 0 }, button_floor = { 0 }, picked = { 0 }, picked_floor = { 0 };

	for (unsigned int i = 0; i < ROUNDS && !moves->failed; i++) {
		take_by_button(moves, &button);
		take_bare(moves, BLUEZ_OUTPUT, &button_floor);
		take_by_pick(moves, &picked);
		take_bare(moves, RIG_EARPIECE, &picked_floor);
	}
	if (moves->failed)
		return;
	rows_add(by_button, times_median(&button), "ms", "floor", times_median(&button_floor));
	rows_add_none(by_button, "callaudiod", "knows no Bluetooth");
	rows_add(by_pick, times_median(&picked), "ms", "floor", times_median(&picked_floor));
	rows_add_none(by_pick, "callaudiod", "knows no Bluetooth");
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static bool begin(struct moves *moves)
{
	static const struct stand_in_device device = { HEADSET, "Headset", DEVICE_HEADSET,
						       .handsfree = true, .a2dp = true };

	if (rig_new(&(struct rig_options){ 0 }, &moves->rig) < 0)
		return false;
	moves->view = rig_view(moves->rig);
	if (phone_new(moves->rig, &moves->phone) < 0 ||
	    rig_headset_add(moves->rig, &device, NULL) < 0 ||
	    rig_headset_connect(moves->rig, HEADSET) < 0 ||
	    rig_sound_new(moves->rig,
			  (const char *const[]){ "--play", "700", "--capture", "--role", "Music",
						 "--name", "bystander", NULL },
			  &moves->bystander) < 0)
		return false;
	return moves_wait(moves, moves_linked(moves, rig_sound_pid(moves->bystander), "*", "*"));
}

/* Each part has a machine of its own: what one leaves to WirePlumber is not the next one's. */
static bool run(void (*bench)(struct moves *moves))
{
	struct moves moves = { 0 };
	bool done = begin(&moves);

	if (done)
		bench(&moves);
	if (moves.failed)
		(void)fprintf(stderr, "bench-route: did not happen: %s\n", moves.failed);
	done = done && !moves.failed;
	if (!done && moves.rig)
		rig_dump(moves.rig);
	moves.bystander = rig_sound_free(moves.bystander);
	moves.phone = phone_free(moves.phone);
	moves.rig = rig_free(moves.rig);
	return done;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*bench)(struct moves *moves);
	} parts[] = {
		{ "sinks", bench_sinks },
		{ "headset", bench_headset },
		{ "autoswitch", bench_autoswitch },
		{ "ports", bench_ports },
	};
	bool done = true;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (argc < 2 || strcmp(argv[1], parts[i].name) == 0)
			done = run(parts[i].bench) && done;
	}
	return done ? 0 : 1;
}
