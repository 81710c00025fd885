/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Each expectation, awaited from the bus and, for routes and profiles, from the real audio graph
 * too: that a call's sound is linked where the daemon says.
 */
#include "replay.h"

#include <stdio.h>
#include <string.h>

static bool has_rule(struct replay *replay, enum policy_rule rule)
{
	const char *name = policy_rule_name(rule);

	return rule == RULE_NONE || !strcmp(phone_sees(replay->phone, "Rule"), name) ||
	       !strcmp(phone_why(replay->phone, "Via"), name);
}

/* Every call with sound plays into the route's node. */
static bool is_linked(struct replay *replay, struct route route)
{
	struct view *view = rig_view(replay->rig);
	char name[64];
	const char *node = replay_node(replay, route, name);

	for (size_t i = 1; i <= SCENARIO_MAX_NAMES; i++) {
		struct phone_call *call = replay->calls[i];

		if (!call || strcmp(phone_call_state(call), "active") || !phone_call_sound(call))
			continue;
		if (!view_linked(view,
				 view_stream(view, rig_sound_pid(phone_call_sound(call)), false),
				 node))
			return false;
	}
	return true;
}

/* "handset" is another name of "wired" while that is plugged, and of "speaker" without an earpiece. */
static bool route_is(struct replay *replay, const char *property, struct route wanted)
{
	char text[ROUTE_STRING_SIZE], one[64], other[64];
	struct route is;

	replay_route(replay, wanted, text);
	if (!strcmp(phone_sees(replay->phone, property), text))
		return true;
	if (route_from_string(phone_sees(replay->phone, property), &is) < 0 ||
	    is.kind == ROUTE_NONE || wanted.kind == ROUTE_NONE || route_is_bluetooth(is) ||
	    route_is_bluetooth(wanted))
		return false;
	return !strcmp(replay_node(replay, is, one), replay_node(replay, wanted, other));
}

static bool call_is(struct replay *replay, const struct scenario_line *line)
{
	return route_is(replay, "Route", line->route) &&
	       (line->route.kind == ROUTE_NONE || is_linked(replay, line->route)) &&
	       has_rule(replay, line->rule);
}

static bool profile_is(struct replay *replay, const struct scenario_line *line)
{
	struct view *view = rig_view(replay->rig);
	const char *address = replay_address(replay, line->device);

	switch (line->mode) {
	case MODE_OFF:
		return !view_profile(view, address)[0] || view_profile_is(view, address, "off");
	case MODE_A2DP:
		return view_profile_is(view, address, "a2dp-sink*");
	case MODE_HFP:
		return view_profile_is(view, address, "headset-head-unit*");
	}
	return false;
}

static bool state_is(struct replay *replay, const struct scenario_line *line)
{
	struct phone_call *call =
		line->call <= SCENARIO_MAX_NAMES ? replay->calls[line->call] : NULL;

	return !strcmp(call ? phone_call_state(call) : "ended", call_state_to_string(line->state));
}

static bool refused_is(struct replay *replay, const struct scenario_line *line)
{
	static const char prefix[] = "org.callroute.Error.";
	size_t n = sizeof(prefix) - 1;

	return !strncmp(replay->error, prefix, n) &&
	       !strcmp(replay->error + n, policy_outcome_name(line->refused));
}

/* Media over A2DP is a card's profile; the loudspeaker needs nothing that could be seen. */
static bool media_is(struct replay *replay, const struct scenario_line *line)
{
	return view_profile_is(rig_view(replay->rig), replay_address(replay, line->route.device),
			       "a2dp-sink*");
}

static bool holds(struct replay *replay, const struct scenario_line *line)
{
	switch (line->expect) {
	case EXPECT_CALL:
		return call_is(replay, line);
	case EXPECT_DEFAULT:
		return route_is(replay, "DefaultRoute", line->route);
	case EXPECT_MEDIA:
		return media_is(replay, line);
	case EXPECT_PROFILE:
		return profile_is(replay, line);
	case EXPECT_STATE:
		return state_is(replay, line);
	case EXPECT_REFUSED:
		return refused_is(replay, line);
	case EXPECT_MUTE:
		return phone_sees_muted(replay->phone) == line->on;
	}
	return false;
}

static void describe(struct replay *replay, const struct scenario_line *line, char ret[static 256])
{
	char rule[16];

	(void)snprintf(rule, sizeof(rule), "%.15s", phone_sees(replay->phone, "Rule"));
	switch (line->expect) {
	case EXPECT_CALL:
		(void)snprintf(ret, 256, "call is %.40s by %s via %.8s%s",
			       phone_sees(replay->phone, "Route"), rule,
			       phone_why(replay->phone, "Via"),
			       is_linked(replay, line->route) ? "" : ", and its sound elsewhere");
		return;
	case EXPECT_DEFAULT:
		(void)snprintf(ret, 256, "default is %.40s",
			       phone_sees(replay->phone, "DefaultRoute"));
		return;
	case EXPECT_MEDIA:
	case EXPECT_PROFILE:
		(void)snprintf(ret, 256, "profile is \"%.60s\"",
			       view_profile(rig_view(replay->rig),
					    replay_address(replay, line->expect == EXPECT_MEDIA
									   ? line->route.device
									   : line->device)));
		return;
	case EXPECT_STATE:
		(void)snprintf(ret, 256, "state is %s",
			       replay->calls[line->call]
				       ? phone_call_state(replay->calls[line->call])
				       : "ended");
		return;
	case EXPECT_REFUSED:
		(void)snprintf(ret, 256, "error is \"%.120s\"", replay->error);
		return;
	case EXPECT_MUTE:
		(void)snprintf(ret, 256, "mute is %s",
			       phone_sees_muted(replay->phone) ? "on" : "off");
		return;
	}
}

enum replay_verdict replay_expect(struct replay *replay, size_t at, char ret_found[static 256])
{
	const struct scenario_line *line = &replay->lines[at];

	if (line->expect == EXPECT_MEDIA && !route_is_bluetooth(line->route)) {
		(void)snprintf(ret_found, 256, "media that is not on Bluetooth");
		return REPLAY_NOT_CHECKED;
	}
	if (line->expect == EXPECT_REFUSED && replay->no_error) {
		(void)snprintf(ret_found, 256, "a device is told of no refusal");
		return REPLAY_NOT_CHECKED;
	}
	if (rig_wait(replay->rig, REPLAY_LIMIT_MS, holds(replay, line)))
		return REPLAY_HOLDS;
	describe(replay, line, ret_found);
	return REPLAY_UNMET;
}
