/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A scenario over a core of its own, with a clock that only "wait" moves.
 */
#include "scenario.h"

#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUTE_TEXT_SIZE 48
#define OUTPUT_SIZE (SCENARIO_MAX_LINE + 512)

struct scenario_run {
	struct policy *policy;
	struct scenario_names names;
	uint64_t now_ms;
	enum policy_outcome outcome; /* of the last event */
	bool any_event;
	unsigned int line;
	struct scenario_error error;
	char output[OUTPUT_SIZE];
	char message[OUTPUT_SIZE];
};

struct scenario_run *scenario_run_new(void)
{
	static const struct policy_limits limits = {
		.devices = SCENARIO_MAX_NAMES,
		.calls = SCENARIO_MAX_NAMES,
	};
	struct scenario_run *run = calloc(1, sizeof(*run));

	if (run == NULL)
		return NULL;
	run->policy = policy_new(&limits);
	return run->policy == NULL ? scenario_run_free(run) : run;
}

struct scenario_run *scenario_run_free(struct scenario_run *run)
{
	if (run == NULL)
		return NULL;
	policy_free(run->policy);
	free(run);
	return NULL;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Deadlines on the way are met when they are due, not at the end. */
static void wait(struct scenario_run *run, uint64_t ms)
{
	const struct policy_decision *decision = policy_decision(run->policy);
	uint64_t end_ms = run->now_ms + ms;

	do {
		uint64_t next_ms = decision->deadline_ms < end_ms ? decision->deadline_ms : end_ms;

		run->now_ms = next_ms > run->now_ms ? next_ms : run->now_ms;
		(void)policy_handle(run->policy, &(struct policy_event){
							 .type = EVENT_TIME,
							 .now_ms = run->now_ms,
						 });
	} while (run->now_ms < end_ms);
	run->outcome = POLICY_OK;
}

static void handle(struct scenario_run *run, struct policy_event *event)
{
	/* The machine does not change in a scenario. */
	if (event->type == EVENT_MACHINE && run->any_event) {
		run->outcome = POLICY_INVALID;
		return;
	}
	event->now_ms = run->now_ms;
	run->outcome = policy_handle(run->policy, event);
}

/* The words of the line, one space between them, without the comment; returns the end. */
static char *put_event(char *at, const char *text)
{
	char *start = at;

	for (; *text != '\0' && *text != '#'; text++) {
		bool space = *text == ' ' || *text == '\t' || *text == '\r';

		if (space && (at == start || at[-1] == ' '))
			continue;
		*at++ = space ? ' ' : *text;
	}
	if (at > start && at[-1] == ' ')
		at--;
	*at = '\0';
	return at;
}

static void put_output(struct scenario_run *run, const char *text)
{
	const struct policy_decision *decision = policy_decision(run->policy);
	char call[ROUTE_TEXT_SIZE], memory[ROUTE_TEXT_SIZE], media[ROUTE_TEXT_SIZE];
	char *at = put_event(run->output, text);
	bool refused = run->outcome != POLICY_OK;

	scenario_route_to_string(&run->names, decision->call, call, sizeof(call));
	scenario_route_to_string(&run->names, decision->memory, memory, sizeof(memory));
	scenario_route_to_string(&run->names, decision->media, media, sizeof(media));
	snprintf(at, OUTPUT_SIZE - (size_t)(at - run->output),
		 "\tcall=%s\tdefault=%s\tmedia=%s\trule=%s\t%s%s%s", call, memory, media,
		 policy_rule_name(decision->rule), refused ? "refused=" : "",
		 refused ? policy_outcome_name(run->outcome) : "", refused ? "" : decision->reason);
}

/* ---- expectations ---------------------------------------------------------------------------- */

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

static const char *mode_name(enum device_mode mode)
{
	switch (mode) {
	case MODE_OFF:
		return "off";
	case MODE_A2DP:
		return "a2dp";
	case MODE_HFP:
		return "hfp";
	}
	return "off";
}

/* Both sides in the words of decisions: "wired" is handset while plugged, and so on. */
static bool same_route(const struct scenario_run *run, struct route a, struct route b)
{
	return route_equal(policy_canonical(run->policy, a), policy_canonical(run->policy, b));
}

static bool check_route(struct scenario_run *run, const char *what, struct route expected,
			struct route found)
{
	char a[ROUTE_TEXT_SIZE], b[ROUTE_TEXT_SIZE];

	scenario_route_to_string(&run->names, expected, a, sizeof(a));
	scenario_route_to_string(&run->names, found, b, sizeof(b));
	snprintf(run->message, sizeof(run->message), "expected %s %s, but it is %s", what, a, b);
	return same_route(run, expected, found);
}

static bool check_call(struct scenario_run *run, const struct scenario_line *line)
{
	const struct policy_decision *decision = policy_decision(run->policy);
	char a[ROUTE_TEXT_SIZE], b[ROUTE_TEXT_SIZE];
	bool by = line->rule != RULE_NONE;

	scenario_route_to_string(&run->names, line->route, a, sizeof(a));
	scenario_route_to_string(&run->names, decision->call, b, sizeof(b));
	snprintf(run->message, sizeof(run->message),
		 "expected call %s%s%s, but it is %s by %s%s%s (%s)", a, by ? " by " : "",
		 by ? policy_rule_name(line->rule) : "", b, policy_rule_name(decision->rule),
		 decision->via == RULE_NONE ? "" : " via ",
		 decision->via == RULE_NONE ? "" : policy_rule_name(decision->via),
		 decision->reason);
	return same_route(run, line->route, decision->call) &&
	       (!by || line->rule == decision->rule || line->rule == decision->via);
}

static bool check_profile(struct scenario_run *run, const struct scenario_line *line)
{
	enum device_mode mode = policy_device_mode(run->policy, line->device);

	snprintf(run->message, sizeof(run->message), "expected profile %s %s, but it is %s",
		 run->names.devices[line->device - 1], mode_name(line->mode), mode_name(mode));
	return mode == line->mode;
}

static bool check_state(struct scenario_run *run, const struct scenario_line *line)
{
	enum call_state state = policy_call_state(run->policy, line->call);

	snprintf(run->message, sizeof(run->message), "expected state %s %s, but it is %s",
		 run->names.calls[line->call - 1], call_state_to_string(line->state),
		 call_state_to_string(state));
	return state == line->state;
}

static bool check_refused(struct scenario_run *run, const struct scenario_line *line)
{
	if (!run->any_event)
		snprintf(run->message, sizeof(run->message),
			 "expected refused %s, but there is no event above",
			 policy_outcome_name(line->refused));
	else if (run->outcome == POLICY_OK)
		snprintf(run->message, sizeof(run->message),
			 "expected refused %s, but the event was taken",
			 policy_outcome_name(line->refused));
	else
		snprintf(run->message, sizeof(run->message),
			 "expected refused %s, but it was refused with %s",
			 policy_outcome_name(line->refused), policy_outcome_name(run->outcome));
	return run->outcome == line->refused;
}

static bool check_mute(struct scenario_run *run, const struct scenario_line *line)
{
	bool muted = policy_decision(run->policy)->muted;

	snprintf(run->message, sizeof(run->message), "expected mute %s, but it is %s",
		 on_off(line->on), on_off(muted));
	return muted == line->on;
}

static bool holds(struct scenario_run *run, const struct scenario_line *line)
{
	const struct policy_decision *decision = policy_decision(run->policy);

	switch (line->expect) {
	case EXPECT_CALL:
		return check_call(run, line);
	case EXPECT_DEFAULT:
		return check_route(run, "default", line->route, decision->memory);
	case EXPECT_MEDIA:
		return check_route(run, "media", line->route, decision->media);
	case EXPECT_PROFILE:
		return check_profile(run, line);
	case EXPECT_STATE:
		return check_state(run, line);
	case EXPECT_REFUSED:
		return check_refused(run, line);
	case EXPECT_MUTE:
		return check_mute(run, line);
	}
	return false;
}

/* ---- the run --------------------------------------------------------------------------------- */

enum scenario_result scenario_run_feed(struct scenario_run *run, const char *text)
{
	struct scenario_line line = { 0 };

	run->line++;
	run->output[0] = '\0';
	run->message[0] = '\0';
	if (scenario_parse(text, &run->names, &line, &run->error) < 0)
		return SCENARIO_MALFORMED;
	switch (line.kind) {
	case SCENARIO_EMPTY:
		return SCENARIO_OK;
	case SCENARIO_EXPECT:
		if (holds(run, &line)) {
			run->message[0] = '\0';
			return SCENARIO_OK;
		}
		return SCENARIO_UNMET;
	case SCENARIO_EVENT:
		handle(run, &line.event);
		break;
	case SCENARIO_WAIT:
		wait(run, line.wait_ms);
		break;
	}
	run->any_event = true;
	put_output(run, text);
	return run->outcome == POLICY_OK ? SCENARIO_OK : SCENARIO_REFUSED;
}

const char *scenario_run_output(const struct scenario_run *run)
{
	return run->output;
}

const char *scenario_run_message(const struct scenario_run *run)
{
	return run->message;
}

const struct scenario_error *scenario_run_error(const struct scenario_run *run)
{
	return &run->error;
}

unsigned int scenario_run_line(const struct scenario_run *run)
{
	return run->line;
}
