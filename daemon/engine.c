/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Level-triggered: engine_settle() asks the policy what should be and the graph what is, sends what
 * is missing, and is run again by whatever is observed. An action that was sent and not yet seen in
 * the graph is not sent again before retry-ms, so that a burst of events is one request.
 */
#include "engine-internal.h"

#include "log.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* For giving back what was found; a service manager is not kept waiting for longer. */
#define LEAVE_MS 1000u

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

const char *engine_error_name(enum policy_outcome outcome)
{
	static char names[POLICY_INVALID + 1][64];

	snprintf(names[outcome], sizeof(names[outcome]), "org.callroute.Error.%s",
		 policy_outcome_name(outcome));
	return names[outcome];
}

const char *engine_outcome_words(enum policy_outcome outcome)
{
	switch (outcome) {
	case POLICY_OK:
		return "done";
	case POLICY_NO_SUCH_ROUTE:
		return "nothing of that name is known";
	case POLICY_NOT_AVAILABLE:
		return "it is not there now";
	case POLICY_NOT_ELIGIBLE:
		return "it may not carry this call";
	case POLICY_NO_SUCH_DEVICE:
		return "that device is not connected";
	case POLICY_NO_SUCH_CALL:
		return "there is no such call";
	case POLICY_CALL_EXISTS:
		return "there is such a call already";
	case POLICY_WRONG_STATE:
		return "the call's state does not allow it";
	case POLICY_NO_CALL:
		return "there is no call";
	case POLICY_TOO_MANY:
		return "there are too many already";
	case POLICY_INVALID:
		break;
	}
	return "a value is out of its range";
}

/* ---- requests ------------------------------------------------------------------------------ */

static void finish_request(struct engine *engine, size_t i, const char *error, const char *message)
{
	struct engine_request request = engine->requests[i];

	engine->n_requests--;
	memmove(&engine->requests[i], &engine->requests[i + 1],
		(engine->n_requests - i) * sizeof(engine->requests[0]));
	if (request.done != NULL)
		request.done(request.data, error, message);
}

static void explain_missing(const struct engine *engine, char *ret, size_t n)
{
	bool no_input = engine->plan.source == PLAN_NONE && route_is_bluetooth(engine->decided);
	char seen[192];

	if (!graph_up(engine->graph))
		snprintf(ret, n, "PipeWire is not there");
	else if (engine->plan.sink == PLAN_NONE || no_input)
		snprintf(ret, n, "PipeWire shows no %s for this route",
			 engine->plan.sink == PLAN_NONE ? "output" : "input");
	else if (graph_explain(engine->graph, &engine->plan, seen, sizeof(seen)), seen[0] != '\0')
		snprintf(ret, n, "%s", seen);
	else if (!engine->plan.in_force)
		snprintf(ret, n, "PipeWire did not carry out what was asked");
	else
		snprintf(ret, n, "the sound link to the headset is down");
}

static void check_requests(struct engine *engine, uint64_t now_ms)
{
	char why[192];

	for (size_t i = 0; i < engine->n_requests;) {
		const struct engine_request *request = &engine->requests[i];

		if (!route_equal(request->route, engine->decided) && engine->last_rule == RULE_X3) {
			finish_request(engine, i, engine_error_name(POLICY_NOT_AVAILABLE),
				       "The headset does not take a sound link");
		} else if (!route_equal(request->route, engine->decided)) {
			finish_request(engine, i, ENGINE_ERROR_SUPERSEDED,
				       "Another event moved the sound");
		} else if (route_equal(request->route, engine->verified)) {
			finish_request(engine, i, NULL, NULL);
		} else if (now_ms >= request->deadline_ms) {
			explain_missing(engine, why, sizeof(why));
			finish_request(engine, i, ENGINE_ERROR_TIMED_OUT, why);
		} else {
			i++;
		}
	}
}

void engine_request(struct engine *engine, engine_done_fn done, void *data)
{
	struct engine_request *request;

	if (done == NULL)
		return;
	if (engine->n_requests == ENGINE_MAX_REQUESTS)
		finish_request(engine, 0, ENGINE_ERROR_SUPERSEDED, "Too many requests are waiting");
	request = &engine->requests[engine->n_requests++];
	*request = (struct engine_request){
		.route = engine->decided,
		.deadline_ms = monotonic_ms() + engine->timeouts.request_ms,
		.done = done,
		.data = data,
	};
	engine_settle(engine);
}

/* ---- history and announcement ----------------------------------------------------------------- */

static void record(struct engine *engine, struct route from, const struct policy_decision *decision)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	memmove(&engine->history[1], &engine->history[0],
		(ENGINE_HISTORY - 1) * sizeof(engine->history[0]));
	engine->history[0] = (struct engine_history){
		.realtime_ms = (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u,
		.from = from,
		.to = decision->call,
		.rule = decision->rule,
		.via = decision->via,
		.reason = decision->reason,
	};
	if (engine->n_history < ENGINE_HISTORY)
		engine->n_history++;
}

static void note_decision(struct engine *engine)
{
	const struct policy_decision *decision = policy_decision(engine->policy);
	struct route from = engine->decided;

	if (route_equal(from, decision->call) && engine->last_rule == decision->rule)
		return;
	engine->decided = decision->call;
	engine->last_rule = decision->rule;
	record(engine, from, decision);
}

static void announce_route(struct engine *engine, struct route now)
{
	const struct policy_decision *decision = policy_decision(engine->policy);
	struct route old = engine->verified;
	char from[ROUTE_STRING_SIZE], to[ROUTE_STRING_SIZE];
	char field_route[ROUTE_STRING_SIZE + 32], field_rule[32];

	if (route_equal(old, now))
		return;
	engine->verified = now;
	route_to_string(old, from);
	route_to_string(now, to);
	snprintf(field_route, sizeof(field_route), "CALLROUTE_ROUTE=%s", to);
	snprintf(field_rule, sizeof(field_rule), "CALLROUTE_RULE=%s",
		 policy_rule_name(decision->rule));
	log_fields(LOG_INFO, __FILE__, __LINE__,
		   (const char *const[]){ field_route, field_rule, NULL },
		   "route %s -> %s by %s: %s", from, to, policy_rule_name(decision->rule),
		   decision->reason);
	if (engine->observer != NULL && engine->observer->route_changed != NULL)
		engine->observer->route_changed(engine->observer_data, old, now, decision->reason,
						decision->rule);
}

/* ---- the loop's turn ------------------------------------------------------------------------- */

static void arm(struct engine *engine, uint64_t deadline)
{
	struct timespec at = { 0 };

	if (deadline == engine->armed_ms)
		return;
	engine->armed_ms = deadline;
	if (deadline != UINT64_MAX) {
		at.tv_sec = (time_t)(deadline / 1000u);
		at.tv_nsec = (long)(deadline % 1000u) * 1000000 + 1; /* all zeros would disarm */
	}
	pw_loop_update_timer(engine->loop, engine->timer, deadline != UINT64_MAX ? &at : NULL, NULL,
			     true);
}

static void arm_timer(struct engine *engine, uint64_t now_ms)
{
	uint64_t deadline = policy_decision(engine->policy)->deadline_ms;

	for (size_t i = 0; i < engine->n_requests; i++)
		deadline = earlier(deadline, engine->requests[i].deadline_ms);
	deadline = earlier(deadline, engine_send_again(engine));
	deadline = earlier(deadline, engine_judge_closed_links(engine, now_ms));
	deadline = earlier(deadline, engine->look_again_ms);
	deadline = earlier(deadline, engine_dial_paused(engine, now_ms));
	deadline = earlier(deadline, engine_ask_for_channels(engine, now_ms));
	deadline = earlier(deadline, engine->graph_due_ms);
	deadline = earlier(deadline, engine_renew_endpoints(engine, now_ms));
	arm(engine, deadline);
}

/* The plan of a machine without calls, until the graph has it. */
static void give_back(struct engine *engine, uint64_t now_ms)
{
	uint64_t deadline = engine->leave_by_ms;
	bool first = !engine->leaving;

	engine->leaving = true;
	if (graph_up(engine->graph)) {
		engine_set_call_programs(engine);
		engine_compute_plan(engine);
		engine_carry_out(engine, now_ms);
		graph_set_muted(engine->graph, false);
	}
	if (first) {
		deadline = now_ms + 1; /* what was asked for leaves with the loop's next turn */
	} else if (!graph_up(engine->graph) || engine->plan.n == 0 ||
		   now_ms >= engine->leave_by_ms) {
		if (!engine->told_left)
			engine->left(engine->left_data);
		engine->told_left = true;
		return;
	}
	deadline = earlier(deadline, engine_send_again(engine));
	arm(engine, deadline);
}

/* The session manager stands still from the request for a sound link to its answer. */
static bool waits_for_link(const struct engine *engine)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		if (engine->devices[i].audio_wanted)
			return true;
	}
	return false;
}

void engine_settle(struct engine *engine)
{
	uint64_t now_ms;

	engine->unsettled = true;
	if (engine->settling)
		return;
	engine->settling = true;
	while (engine->unsettled) {
		engine->unsettled = false;
		now_ms = monotonic_ms();
		if (engine->left != NULL) {
			give_back(engine, now_ms);
			continue;
		}
		note_decision(engine);
		engine_drop_stale_setups(engine);
		engine_promise_in_band(engine);
		engine_show_calls(engine);
		(void)engine_renew_endpoints(engine, now_ms);
		engine_prepare_codec(engine);
		engine_set_call_programs(engine);
		if (graph_up(engine->graph)) {
			engine_compute_plan(engine);
			engine_carry_out(engine, now_ms);
			graph_set_muted(engine->graph, policy_decision(engine->policy)->muted);
			engine_ask_again(engine);
			engine->graph_due_ms = graph_relink(engine->graph, &engine->plan, now_ms,
							    waits_for_link(engine));
			engine->graph_due_ms =
				earlier(engine->graph_due_ms, graph_reread(engine->graph, now_ms));
			engine->graph_due_ms =
				earlier(engine->graph_due_ms, engine_watch_silence(engine, now_ms));
		} else {
			engine->graph_due_ms = UINT64_MAX;
		}
		if (engine->decided.kind == ROUTE_NONE)
			announce_route(engine, engine->decided);
		else if (engine_in_force(engine))
			announce_route(engine, engine->decided);
		check_requests(engine, now_ms);
		arm_timer(engine, now_ms);
	}
	engine->answer_ns = 0;
	engine->settling = false;
	engine_save_settings(engine);
	pw_loop_signal_event(engine->loop, engine->afterwards);
	engine_flush_headsets(engine);
	engine_keep_channels(engine);
	if (engine->observer != NULL && engine->observer->changed != NULL)
		engine->observer->changed(engine->observer_data);
	if (engine->changed != NULL)
		engine->changed(engine->changed_data);
}

/* What can wait until the requests of a turn are on their way. */
static void on_afterwards(void *data, uint64_t count)
{
	struct engine *engine = data;

	(void)count;
	if (engine->left == NULL && !engine->settling)
		engine_listen_to_microphone(engine);
	engine_save_memory(engine);
}

enum policy_outcome engine_event(struct engine *engine, struct policy_event *event)
{
	enum policy_outcome outcome;

	event->now_ms = monotonic_ms();
	if (event->type == EVENT_CONNECT)
		engine_complete_connect(engine, event);
	outcome = policy_handle(engine->policy, event);
	if (outcome == POLICY_OK) {
		if (event->type != EVENT_MUTE && event->type != EVENT_TIME)
			graph_forget_picks(engine->graph);
		engine_sync_calls(engine);
		engine_settle(engine);
	}
	return outcome;
}

static void on_timer(void *data, uint64_t expirations)
{
	struct engine *engine = data;
	uint64_t now_ms = monotonic_ms();

	(void)expirations;
	engine->armed_ms = UINT64_MAX;
	if (engine->left == NULL && policy_decision(engine->policy)->deadline_ms <= now_ms)
		(void)engine_event(engine, &(struct policy_event){ .type = EVENT_TIME });
	if (engine->look_again_ms <= now_ms)
		engine_observe_graph(engine);
	engine_settle(engine);
}

/* ---- the user ------------------------------------------------------------------------------ */

void engine_set_route(struct engine *engine, struct route route, engine_done_fn done, void *data)
{
	struct policy_event event = { .type = EVENT_PICK, .route = route };
	enum policy_outcome outcome = engine_event(engine, &event);
	char text[ROUTE_STRING_SIZE], message[96];

	if (outcome != POLICY_OK) {
		route_to_string(route, text);
		snprintf(message, sizeof(message), "%s: %s", text, engine_outcome_words(outcome));
		if (done != NULL)
			done(data, engine_error_name(outcome), message);
		return;
	}
	engine_request(engine, done, data);
}

enum policy_outcome engine_set_muted(struct engine *engine, bool muted)
{
	return engine_event(engine, &(struct policy_event){ .type = EVENT_MUTE, .on = muted });
}

void engine_set_routing(struct engine *engine, enum policy_routing routing)
{
	engine->routing = routing;
	(void)engine_event(engine,
			   &(struct policy_event){ .type = EVENT_ROUTING, .routing = routing });
}

void engine_set_auto_answer(struct engine *engine, uint32_t seconds)
{
	engine->auto_answer = seconds;
	(void)engine_event(engine,
			   &(struct policy_event){ .type = EVENT_AUTO_ANSWER, .seconds = seconds });
}

/* ---- the graph ------------------------------------------------------------------------------ */

static void on_graph_changed(void *data)
{
	struct engine *engine = data;

	engine_observe_graph(engine);
	engine_settle(engine);
}

static void on_graph_state(void *data, bool up)
{
	struct engine *engine = data;

	if (up)
		log_info("PipeWire is there");
	else
		log_warning("PipeWire is not there; calls and headsets go on without moving sound");
	engine->n_sent = 0;
	on_graph_changed(engine);
	if (engine->graph_state != NULL)
		engine->graph_state(engine->graph_state_data, up);
}

static const struct graph_events graph_events = {
	.state = on_graph_state,
	.changed = on_graph_changed,
};

/* ---- making and freeing ---------------------------------------------------------------------- */

int engine_new(struct pw_loop *loop, void (*graph_state)(void *data, bool up), void *data,
	       struct engine **ret)
{
	const struct policy_limits limits = { .devices = ENGINE_MAX_HEADSETS, .calls = CALL_MAX };
	struct engine *engine = calloc(1, sizeof(*engine));
	int error = -ENOMEM;

	if (engine == NULL)
		return -ENOMEM;
	engine->loop = loop;
	engine->armed_ms = UINT64_MAX;
	engine->look_again_ms = UINT64_MAX;
	engine->graph_due_ms = UINT64_MAX;
	engine->local.handset = true; /* as the policy begins */
	engine->status = (struct ag_status){ .service = true, .signal = 5, .battery = 5 };
	strcpy(engine->operator_name, ENGINE_OPERATOR);
	config_timeouts(NULL, &engine->timeouts);
	engine->graph_state = graph_state;
	engine->graph_state_data = data;
	engine->policy = policy_new(&limits);
	engine->timer = pw_loop_add_timer(loop, on_timer, engine);
	engine->afterwards = pw_loop_add_event(loop, on_afterwards, engine);
	if (engine->policy == NULL || engine->timer == NULL || engine->afterwards == NULL)
		goto fail;
	error = graph_new(loop, &graph_events, engine, &engine->graph);
	if (error < 0)
		goto fail;
	*ret = engine;
	return 0;
fail:
	engine_free(engine);
	return error;
}

void engine_leave(struct engine *engine, void (*left)(void *data), void *data)
{
	bool call = policy_decision(engine->policy)->call.kind != ROUTE_NONE;

	engine_save_memory(engine);
	if (call && engine_keeps_channels(engine)) {
		left(data);
		return;
	}
	engine->state = NULL; /* what was in force is what the next process finds there */
	engine->left = left;
	engine->left_data = data;
	engine->leave_by_ms = monotonic_ms() + LEAVE_MS;
	engine->n_sent = 0;
	engine_settle(engine);
}

void engine_stop(struct engine *engine)
{
	if (engine == NULL)
		return;
	engine->observer = NULL;
	engine->changed = NULL;
	engine->state = NULL;
	engine->keeps = false;
	engine->settling = true; /* nothing is to be carried out any more */
}

struct engine *engine_free(struct engine *engine)
{
	if (engine == NULL)
		return NULL;
	engine_stop(engine);
	while (engine->n_requests > 0)
		finish_request(engine, 0, ENGINE_ERROR_SUPERSEDED, "callrouted stops");
	engine_free_headsets(engine);
	engine_system_bus_lost(engine);
	graph_free(engine->graph);
	if (engine->timer != NULL)
		pw_loop_destroy_source(engine->loop, engine->timer);
	if (engine->afterwards != NULL)
		pw_loop_destroy_source(engine->loop, engine->afterwards);
	for (size_t i = 0; i < engine->n_calls; i++)
		free(engine->calls[i]);
	policy_free(engine->policy);
	free(engine);
	return NULL;
}

void engine_observe(struct engine *engine, const struct engine_observer *observer, void *data)
{
	engine->observer = observer;
	engine->observer_data = data;
}

void engine_observe_changes(struct engine *engine, void (*changed)(void *data), void *data)
{
	engine->changed = changed;
	engine->changed_data = data;
}
