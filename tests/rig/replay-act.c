/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Each event of the scenario language as an act outside the daemon: a headset's button is a line on
 * its AT channel, a user's pick a request on the bus, another program's move one in PipeWire.
 */
#include "replay.h"

#include <stdio.h>
#include <string.h>

/* What follows an act settles before the next one, so that the order is the file's. */
#define SETTLE_MS 3000u
#define QUIET_MS 120u
#define NOTICE_MS 5000u
/* The tries of a sound link's set-up (X3). */
#define TRIES 3u
/* Longer waits say "much later"; 6 s is later than every deadline of the daemon's own. */
#define MAX_WAIT_MS 6000u

static void settle(struct replay *replay)
{
	uint64_t limit = rig_now_ms() + SETTLE_MS;

	(void)rig_wait(replay->rig, QUIET_MS, false);
	while (rig_now_ms() < limit &&
	       strcmp(phone_why(replay->phone, "Decided"), phone_sees(replay->phone, "Route")))
		rig_iterate(replay->rig);
}

static void note_error(struct replay *replay, const char *error)
{
	(void)snprintf(replay->error, sizeof(replay->error), "%s", error ? error : "");
}

/* A call that lives, or NULL. */
static struct phone_call *call_of(struct replay *replay, uint32_t id)
{
	struct phone_call *call = id <= SCENARIO_MAX_NAMES ? replay->calls[id] : NULL;

	return call && strcmp(phone_call_state(call), "ended") ? call : NULL;
}

static struct headset *headset_of(struct replay *replay, route_device device)
{
	struct headset *headset = rig_headset(replay->rig, replay_address(replay, device));

	return headset && headset_slc_up(headset) ? headset : NULL;
}

/* ---- devices ------------------------------------------------------------------------------------- */

static const char *act_connect(struct replay *replay, const struct policy_event *event)
{
	struct replay_device *device = &replay->devices[event->device];
	const char *address = replay_address(replay, event->device);
	struct stand_in_device info = {
		.address = address,
		.name = replay->names.devices[event->device - 1],
		.kind = event->kind,
		.handsfree = event->call_capable,
		.a2dp = true,
	};

	if (stand_in_connected(rig_stand_in(replay->rig), address))
		return "it is connected already";
	if (!device->added && rig_headset_add(replay->rig, &info, NULL) < 0)
		return "too many devices";
	device->added = true;
	if (rig_headset_connect(replay->rig, address) < 0)
		return "it does not connect";
	return NULL;
}

static const char *act_disconnect(struct replay *replay, const struct policy_event *event)
{
	const char *address = replay_address(replay, event->device);

	if (!stand_in_connected(rig_stand_in(replay->rig), address))
		return "it is not connected";
	rig_headset_disconnect(replay->rig, address);
	(void)rig_wait(replay->rig, REPLAY_LIMIT_MS,
		       !view_profile(rig_view(replay->rig), address)[0]);
	return NULL;
}

static const char *act_sco_open(struct replay *replay, const struct policy_event *event)
{
	struct headset *headset = headset_of(replay, event->device);

	if (!headset)
		return "there is no such headset";
	if (sound_up(headset_sound(headset)))
		return "its sound link is up";
	if (headset_open_sound(headset, STAND_IN_ADAPTER) < 0)
		return "nobody listens for sound links";
	replay->no_error = true;
	return NULL;
}

static const char *act_sco_close(struct replay *replay, const struct policy_event *event)
{
	struct headset *headset = headset_of(replay, event->device);
	char before[ROUTE_STRING_SIZE];
	unsigned long received;

	if (!headset || !sound_up(headset_sound(headset)))
		return "its sound link is not up";
	/* one that breaks before the audio agent has it is a link that could not be set up (X3) */
	received = sound_received(headset_sound(headset));
	(void)rig_wait(replay->rig, SETTLE_MS, sound_received(headset_sound(headset)) != received);
	(void)snprintf(before, sizeof(before), "%s", phone_sees(replay->phone, "Route"));
	replay->no_error = true;
	sound_close(headset_sound(headset));
	/* seen by the audio agent first, and only then by the daemon */
	(void)rig_wait(replay->rig, SETTLE_MS, strcmp(before, phone_sees(replay->phone, "Route")));
	return NULL;
}

/* ---- calls --------------------------------------------------------------------------------------- */

static const char *act_call(struct replay *replay, const struct policy_event *event)
{
	struct phone_call_options options = {
		.phone = event->phone,
		.managed = event->managed && !event->phone,
		.incoming = event->incoming,
		.video = event->video,
		.party = "+4930123456",
		.from = event->device ? replay_address(replay, event->device) : NULL,
	};
	struct phone_call *call = call_of(replay, event->call);

	if (call)
		return "there is a call of that name";
	note_error(replay, phone_call(replay->phone, &options, &call));
	replay->calls[event->call] = call;
	return NULL;
}

static const char *act_answer(struct replay *replay, const struct policy_event *event)
{
	struct phone_call *call = call_of(replay, event->call);
	struct headset *headset;

	if (!call)
		return "there is no such call";
	if (!event->device) {
		bool dialing = !strcmp(phone_call_state(call), "dialing");

		note_error(replay,
			   dialing ? phone_ask_with(replay->phone, call, "SetState", "active")
				   : phone_ask(replay->phone, call, "Answer"));
		return NULL;
	}
	headset = headset_of(replay, event->device);
	if (!headset)
		return "there is no such headset";
	if (strcmp(phone_call_state(call), "incoming"))
		return "a headset answers what rings";
	if (!rig_wait(replay->rig, REPLAY_LIMIT_MS,
		      headset_indicator(headset, "callsetup") == 1 || headset_rings(headset)))
		return "the headset does not ring";
	replay->no_error = true;
	headset_button(headset);
	(void)rig_wait(replay->rig, REPLAY_LIMIT_MS, !strcmp(phone_call_state(call), "active"));
	return NULL;
}

static const char *ask(struct replay *replay, const struct policy_event *event, const char *method,
		       const char *text)
{
	struct phone_call *call = call_of(replay, event->call);

	if (!call)
		return "there is no such call";
	note_error(replay, text ? phone_ask_with(replay->phone, call, method, text)
				: phone_ask(replay->phone, call, method));
	return NULL;
}

/* ---- the user and other programs ------------------------------------------------------------------ */

static const char *act_pick(struct replay *replay, const struct policy_event *event)
{
	char route[ROUTE_STRING_SIZE];

	replay_route(replay, event->route, route);
	note_error(replay, phone_set_route(replay->phone, route));
	return NULL;
}

static const char *act_prefer(struct replay *replay, const struct policy_event *event)
{
	char route[ROUTE_STRING_SIZE];

	replay_route(replay, event->route, route);
	return ask(replay, event, "SetPreferredInput", route);
}

static const char *act_moved(struct replay *replay, const struct policy_event *event)
{
	struct view *view = rig_view(replay->rig);
	char name[64];
	const char *node = replay_node(replay, event->route, name);
	bool moved = false;

	if (!view_node(view, node))
		return "there is no node to move the sound to";
	for (size_t i = 1; i <= SCENARIO_MAX_NAMES; i++) {
		struct phone_call *call = replay->calls[i];
		uint32_t stream = 0;

		if (call && phone_call_sound(call))
			stream = view_stream(view, rig_sound_pid(phone_call_sound(call)), false);
		moved = (stream && view_move(view, stream, node) == 0) || moved;
	}
	return moved ? NULL : "there is no sound to move";
}

static const char *act_setting(struct replay *replay, const struct policy_event *event)
{
	const char *text = policy_routing_to_string(event->routing);
	uint32_t seconds = event->seconds;

	note_error(replay,
		   event->type == EVENT_ROUTING
			   ? phone_set(replay->phone, "CallAudioRouting", DBUS_TYPE_STRING, &text)
			   : phone_set(replay->phone, "AutoAnswer", DBUS_TYPE_UINT32, &seconds));
	return NULL;
}

static const char *act_mute(struct replay *replay, const struct policy_event *event)
{
	dbus_bool_t on = event->on;

	note_error(replay, phone_set(replay->phone, "Muted", DBUS_TYPE_BOOLEAN, &on));
	return NULL;
}

/* The rule of what is done next depends on whether it is known by then. */
static const char *notices(struct replay *replay, const char *endpoint, bool there)
{
	return rig_wait(replay->rig, NOTICE_MS,
			phone_sees_endpoint(replay->phone, endpoint) == there)
		       ? NULL
		       : "it is not noticed";
}

static const char *act_machine(struct replay *replay, bool handset)
{
	if (rig_earpiece(replay->rig, handset) < 0)
		return "no earpiece";
	return notices(replay, "handset", handset);
}

static const char *act_plug(struct replay *replay, bool plugged)
{
	if (plugged == (view_node(rig_view(replay->rig), RIG_WIRED) != 0))
		return plugged ? "it is plugged already" : "it is not plugged";
	if (rig_plug(replay->rig, plugged) < 0)
		return "it does not come or go";
	return notices(replay, "wired", plugged);
}

static const char *act(struct replay *replay, const struct policy_event *event)
{
	switch (event->type) {
	case EVENT_ROUTING:
	case EVENT_AUTO_ANSWER:
		return act_setting(replay, event);
	case EVENT_MACHINE:
		return act_machine(replay, event->on);
	case EVENT_CONNECT:
		return act_connect(replay, event);
	case EVENT_DISCONNECT:
		return act_disconnect(replay, event);
	case EVENT_PLUG:
		return act_plug(replay, true);
	case EVENT_UNPLUG:
		return act_plug(replay, false);
	case EVENT_CALL:
		return act_call(replay, event);
	case EVENT_ANSWER:
		return act_answer(replay, event);
	case EVENT_HANGUP:
		return ask(replay, event, "Hangup", NULL);
	case EVENT_REMOTE_HANGUP:
		return ask(replay, event, "SetState", "ended");
	case EVENT_HOLD:
		return ask(replay, event, "Hold", NULL);
	case EVENT_UNHOLD:
		return ask(replay, event, "Unhold", NULL);
	case EVENT_PICK:
		return act_pick(replay, event);
	case EVENT_PREFER:
		return act_prefer(replay, event);
	case EVENT_SCO_OPEN:
		return act_sco_open(replay, event);
	case EVENT_SCO_CLOSE:
		return act_sco_close(replay, event);
	case EVENT_SCO_FAIL:
		return "a single try cannot be made to fail, only all of them";
	case EVENT_MOVED:
		return act_moved(replay, event);
	case EVENT_BROADCAST:
		return "a broadcast has no form on the bus";
	case EVENT_MUTE:
		return act_mute(replay, event);
	case EVENT_TIME:
		return NULL;
	}
	return "unknown event";
}

/* ---- X3 ------------------------------------------------------------------------------------------- */

/* How many tries of @ret_device's link fail right after line @at, with waits and expectations
 * between; @ret_last is the line of the last one. */
static unsigned int failures_after(const struct replay *replay, size_t at, route_device *ret_device,
				   size_t *ret_last)
{
	unsigned int n = 0;

	for (size_t i = at + 1; i < replay->n_lines; i++) {
		const struct scenario_line *line = &replay->lines[i];

		if (line->kind != SCENARIO_EVENT)
			continue;
		if (line->event.type != EVENT_SCO_FAIL || (n && line->event.device != *ret_device))
			return n;
		*ret_device = line->event.device;
		*ret_last = i;
		n++;
	}
	return n;
}

static const char *act_with_failures(struct replay *replay, const struct policy_event *event,
				     route_device device)
{
	struct headset *headset = headset_of(replay, device);

	if (!headset)
		return "there is no such headset";
	if (sound_up(headset_sound(headset)))
		return "its sound link is up already";
	(void)sound_refuse(headset_sound(headset), true);
	const char *why = act(replay, event);
	/* the tries are the daemon's own, and its time */
	(void)rig_wait(replay->rig, 2 * REPLAY_LIMIT_MS,
		       !strcmp(phone_sees(replay->phone, "Rule"), "X3"));
	(void)sound_refuse(headset_sound(headset), false);
	return why;
}

const char *replay_act(struct replay *replay, size_t at, size_t *ret_skip)
{
	const struct scenario_line *line = &replay->lines[at];
	route_device device = 0;
	size_t last = at;
	const char *why;

	*ret_skip = 0;
	if (line->kind == SCENARIO_WAIT) {
		(void)rig_wait(replay->rig,
			       line->wait_ms > MAX_WAIT_MS ? MAX_WAIT_MS : line->wait_ms, false);
		return NULL;
	}
	replay->error[0] = '\0';
	replay->no_error = false;
	unsigned int failures = failures_after(replay, at, &device, &last);
	if (failures && failures != TRIES)
		return "a single try cannot be made to fail, only all of them";
	if (failures) {
		why = act_with_failures(replay, &line->event, device);
		*ret_skip = last - at;
	} else {
		why = act(replay, &line->event);
	}
	if (!why)
		settle(replay);
	return why;
}
