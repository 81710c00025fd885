/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "moves.h"

#define REST_MS 400

void times_add(struct times *times, uint64_t since_ns)
{
	if (times->n < MAX_MOVES)
		times->ms[times->n++] = (double)(rows_now_ns() - since_ns) / 1e6;
}

double times_median(struct times *times)
{
	return rows_quantile(times->ms, times->n, 0.5);
}

bool moves_linked(const struct moves *moves, pid_t process, const char *sink, const char *source)
{
	return view_linked(moves->view, view_stream(moves->view, process, false), sink) &&
	       view_linked(moves->view, view_stream(moves->view, process, true), source);
}

void moves_rest(struct moves *moves)
{
	(void)rig_wait(moves->rig, REST_MS, moves->failed != NULL);
}

struct phone_call *moves_call(struct moves *moves)
{
	static const struct phone_call_options options = { .managed = true, .active = true };
	struct phone_call *call = NULL;
	const char *error = moves->failed ? "" : phone_call(moves->phone, &options, &call);

	if (error) {
		moves->failed = moves->failed ? moves->failed : "a call";
		return NULL;
	}
	if (moves_wait(moves,
		       moves_linked(moves, rig_sound_pid(phone_call_sound(call)), "*", "*")) &&
	    phone_set_route(moves->phone, "handset"))
		moves->failed = "the call is on the handset";
	moves_rest(moves);
	return call;
}

void moves_end(struct moves *moves, struct phone_call *call)
{
	if (!call)
		return;
	(void)phone_ask_with(moves->phone, call, "SetState", "ended");
	(void)moves_wait(moves, phone_sees_route(moves->phone, "none", NULL));
	(void)moves_wait(moves, view_profile_is(moves->view, HEADSET, "a2dp*") &&
					view_node(moves->view, "bluez_input.*") == 0 &&
					view_node(moves->view, "bluez_output.*") != 0);
	moves_rest(moves);
	/* a phone has room for so many calls in its life */
	moves->phone = phone_free(moves->phone);
	if (phone_new(moves->rig, &moves->phone) < 0)
		moves->failed = "a phone on the bus";
}
