/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The call registry. The policy owns a call's state; here is what else is known of it, and what its
 * source has been told. engine_sync_calls() makes up the difference, so that a call held by a rule,
 * answered by a button or ended by auto-anything reaches its source by one path.
 */
#include "engine-internal.h"

#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call *engine_call_find(struct engine *engine, uint32_t id)
{
	for (size_t i = 0; i < engine->n_calls; i++) {
		if (engine->calls[i]->id == id)
			return engine->calls[i];
	}
	return NULL;
}

struct call *engine_call_in(const struct engine *engine, enum call_state state)
{
	for (size_t i = 0; i < engine->n_calls; i++) {
		if (policy_call_state(engine->policy, engine->calls[i]->id) == state)
			return engine->calls[i];
	}
	return NULL;
}

/* ---- what the source is told ------------------------------------------------------------------ */

/* A source that refuses: the call may be gone by the time that it says so. */
struct asked {
	struct engine *engine;
	uint32_t call;
	const char *what;
	bool fatal; /* the call cannot go on without it */
};

static void on_source_done(void *data, const char *error)
{
	struct asked *asked = data;
	struct call *call;

	if (error != NULL) {
		log_warning("call %u: the source could not %s: %s", asked->call, asked->what,
			    error);
		call = engine_call_find(asked->engine, asked->call);
		if (asked->fatal && call != NULL)
			(void)engine_call_state(asked->engine, call, CALL_ENDED, true);
	}
	free(asked);
}

static void ask_source(struct engine *engine, struct call *call, const char *what, bool fatal,
		       void (*op)(struct call *call, void *source, call_done_fn done, void *data))
{
	struct asked *asked;

	if (op == NULL)
		return;
	asked = malloc(sizeof(*asked));
	if (asked == NULL) {
		op(call, call->source, NULL, NULL);
		return;
	}
	*asked = (struct asked){ engine, call->id, what, fatal };
	op(call, call->source, on_source_done, asked);
}

static void forget_call(struct engine *engine, struct call *call)
{
	if (!call->info.by_sound)
		graph_call_ended(engine->graph, call->info.processes, CALL_MAX_PROCESSES,
				 call->info.app);
	for (size_t i = 0; i < engine->n_calls; i++) {
		if (engine->calls[i] != call)
			continue;
		engine->n_calls--;
		memmove(&engine->calls[i], &engine->calls[i + 1],
			(engine->n_calls - i) * sizeof(engine->calls[0]));
		break;
	}
	log_info("call %u ended", call->id);
	if (call->ops->ended != NULL)
		call->ops->ended(call, call->source);
	free(call);
}

static void sync_call(struct engine *engine, struct call *call)
{
	enum call_state now = policy_call_state(engine->policy, call->id);
	enum call_state told = call->told;

	if (now == told && now != CALL_ENDED)
		return;
	call->told = now;
	switch (now) {
	case CALL_ACTIVE:
		if (told == CALL_INCOMING) {
			if (call->answered_by[0] == '\0')
				snprintf(call->answered_by, sizeof(call->answered_by), "auto");
			ask_source(engine, call, "answer", true, call->ops->answer);
		} else if (told == CALL_HELD) {
			ask_source(engine, call, "resume", false, call->ops->unhold);
		}
		break;
	case CALL_HELD:
		ask_source(engine, call, "hold", false, call->ops->hold);
		break;
	case CALL_ENDED:
		if (told != CALL_ENDED)
			ask_source(engine, call, "hang up", false, call->ops->hangup);
		forget_call(engine, call);
		break;
	case CALL_INCOMING:
	case CALL_DIALING:
		break;
	}
}

void engine_sync_calls(struct engine *engine)
{
	struct call *calls[CALL_MAX];
	size_t n = engine_calls(engine, calls, CALL_MAX);

	for (size_t i = 0; i < n; i++) {
		/* a source may have ended another call from within its answer */
		for (size_t k = 0; k < engine->n_calls; k++) {
			if (engine->calls[k] == calls[i]) {
				sync_call(engine, calls[i]);
				break;
			}
		}
	}
}

/* ---- what the source tells --------------------------------------------------------------------- */

enum policy_outcome engine_call_event(struct engine *engine, enum policy_event_type type,
				      struct call *call)
{
	return engine_event(engine, &(struct policy_event){ .type = type, .call = call->id });
}

/* A call that outlived a restart of the daemon stays where it was: nobody answers it now. */
static void begin_active(struct engine *engine, struct call *call)
{
	struct route was = engine_resumed_call(engine);

	engine->resume_call = (struct route){ .kind = ROUTE_NONE };
	if (call->info.managed && call->told == CALL_INCOMING && was.kind == ROUTE_HEADSET) {
		call->told = CALL_ACTIVE; /* it knows */
		if (engine_answer_from(engine, call, was.device) == POLICY_OK)
			return;
		call->told = CALL_INCOMING;
	}
	(void)engine_call_state(engine, call, CALL_ACTIVE, false);
	if (was.kind != ROUTE_NONE && !route_equal(policy_decision(engine->policy)->call, was))
		(void)engine_event(engine,
				   &(struct policy_event){ .type = EVENT_PICK, .route = was });
}

enum policy_outcome engine_call_add(struct engine *engine, const struct call_info *info,
				    const struct call_ops *ops, void *source, struct call **ret)
{
	struct policy_event event = {
		.type = EVENT_CALL,
		.device = info->from,
		.phone = info->phone,
		.managed = info->managed || info->phone,
		.video = info->video,
		.incoming = info->state == CALL_INCOMING ||
			    (info->incoming && info->state != CALL_DIALING),
	};
	enum policy_outcome outcome;
	bool settling = engine->settling;
	struct call *call;

	if (engine->n_calls == CALL_MAX)
		return POLICY_TOO_MANY;
	call = calloc(1, sizeof(*call));
	if (call == NULL)
		return POLICY_TOO_MANY;
	call->id = ++engine->last_call_id;
	call->info = *info;
	call->info.managed = event.managed;
	call->ops = ops;
	call->source = source;
	call->since_ms = monotonic_ms();
	call->told = event.incoming ? CALL_INCOMING : CALL_DIALING;
	event.call = call->id;
	/* The caller hears of its call by our return, so nobody else hears of it before. */
	engine->settling = true;
	engine->calls[engine->n_calls++] = call;
	outcome = engine_event(engine, &event);
	if (outcome == POLICY_OK && (info->state == CALL_ACTIVE || info->state == CALL_HELD))
		begin_active(engine, call);
	if (outcome == POLICY_OK && info->state == CALL_HELD)
		(void)engine_call_state(engine, call, CALL_HELD, false);
	engine->settling = settling;
	if (outcome != POLICY_OK) {
		engine->n_calls--;
		free(call);
		return outcome;
	}
	engine_note_dialled(engine, info);
	log_info("call %u: %s, %s, %s", call->id, info->phone ? "phone" : "voip",
		 event.managed ? "managed" : "unmanaged", info->incoming ? "incoming" : "outgoing");
	log_debug("call %u is with \"%s\" <%s>", call->id, info->name, info->party);
	*ret = call;
	engine_settle(engine);
	return POLICY_OK;
}

enum policy_outcome engine_call_state(struct engine *engine, struct call *call,
				      enum call_state state, bool remote)
{
	enum call_state now = policy_call_state(engine->policy, call->id), told = call->told;
	enum policy_event_type type;
	enum policy_outcome outcome;

	if (state == now)
		return POLICY_OK;
	switch (state) {
	case CALL_ACTIVE:
		type = now == CALL_HELD ? EVENT_UNHOLD : EVENT_ANSWER;
		if (now == CALL_INCOMING)
			snprintf(call->answered_by, sizeof(call->answered_by), "device");
		break;
	case CALL_HELD:
		type = EVENT_HOLD;
		break;
	case CALL_ENDED:
		type = remote ? EVENT_REMOTE_HANGUP : EVENT_HANGUP;
		break;
	default:
		return POLICY_WRONG_STATE;
	}
	call->told = state; /* it knows */
	outcome = engine_call_event(engine, type, call);
	if (outcome != POLICY_OK) {
		call->told = told;
		if (now == CALL_INCOMING)
			call->answered_by[0] = '\0';
	}
	return outcome;
}

void engine_call_sound(struct engine *engine, struct call *call, const struct call_info *info)
{
	if (call->info.app[0] == '\0')
		memcpy(call->info.app, info->app, sizeof(call->info.app));
	call->info.of_phone = call->info.of_phone || info->of_phone;
	engine_settle(engine);
}

void engine_call_replace(struct engine *engine, struct call *call, const struct call_info *info,
			 const struct call_ops *ops, void *source)
{
	enum call_state now = policy_call_state(engine->policy, call->id);
	const struct call_ops *ops_before = call->ops;
	void *source_before = call->source;

	if (info->party[0] != '\0')
		memcpy(call->info.party, info->party, sizeof(call->info.party));
	if (info->name[0] != '\0')
		memcpy(call->info.name, info->name, sizeof(call->info.name));
	if (info->app[0] != '\0')
		memcpy(call->info.app, info->app, sizeof(call->info.app));
	if (call->info.by_sound)
		call->info.incoming = info->incoming;
	call->info.by_sound = info->by_sound;
	if (info->processes[0] > 0)
		memcpy(call->info.processes, info->processes, sizeof(call->info.processes));
	call->info.conference = info->conference;
	call->info.alerting |= info->alerting;
	call->info.of_phone |= info->of_phone;
	call->ops = ops;
	call->source = source;
	log_info("call %u is spoken for by another source", call->id);
	if (ops_before->ended != NULL)
		ops_before->ended(call, source_before);
	if (info->state == CALL_ACTIVE && (now == CALL_INCOMING || now == CALL_DIALING))
		(void)engine_call_state(engine, call, CALL_ACTIVE, false);
	else
		engine_settle(engine);
}

void engine_call_lost(struct engine *engine, struct call *call)
{
	if (engine->take_lost == NULL || !engine->take_lost(engine->heir, call))
		(void)engine_call_state(engine, call, CALL_ENDED, true);
}

void engine_set_heir(struct engine *engine, bool (*take)(void *data, struct call *call), void *data)
{
	engine->take_lost = take;
	engine->heir = data;
}

void engine_call_alerting(struct engine *engine, struct call *call)
{
	if (call->info.alerting || policy_call_state(engine->policy, call->id) != CALL_DIALING)
		return;
	call->info.alerting = true;
	engine_settle(engine);
}

void engine_call_party(struct engine *engine, struct call *call, const char *party,
		       const char *name)
{
	snprintf(call->info.party, sizeof(call->info.party), "%s", party);
	snprintf(call->info.name, sizeof(call->info.name), "%s", name);
	engine_settle(engine);
}

/* ---- what somebody here asks ----------------------------------------------------------------- */

enum policy_outcome engine_answer_from(struct engine *engine, struct call *call,
				       route_device device)
{
	struct policy_event event = { .type = EVENT_ANSWER, .call = call->id, .device = device };
	struct route by = { .kind = ROUTE_HEADSET, .device = device };
	enum policy_outcome outcome;

	if (policy_call_state(engine->policy, call->id) != CALL_INCOMING)
		return POLICY_WRONG_STATE;
	if (device != 0)
		route_to_string(by, call->answered_by);
	else
		snprintf(call->answered_by, sizeof(call->answered_by), "device");
	outcome = engine_event(engine, &event);
	if (outcome != POLICY_OK)
		call->answered_by[0] = '\0';
	return outcome;
}

static void finish(engine_done_fn done, void *data, enum policy_outcome outcome, const char *what)
{
	char message[96];

	if (done == NULL)
		return;
	if (outcome == POLICY_OK) {
		done(data, NULL, NULL);
		return;
	}
	snprintf(message, sizeof(message), "%s: %s", what, engine_outcome_words(outcome));
	done(data, engine_error_name(outcome), message);
}

void engine_call_answer(struct engine *engine, struct call *call, engine_done_fn done, void *data)
{
	enum policy_outcome outcome = engine_answer_from(engine, call, 0);

	if (outcome == POLICY_OK)
		engine_request(engine, done, data);
	else
		finish(done, data, outcome, "Answering");
}

void engine_call_hangup(struct engine *engine, struct call *call, engine_done_fn done, void *data)
{
	finish(done, data, engine_call_event(engine, EVENT_HANGUP, call), "Hanging up");
}

void engine_call_hold(struct engine *engine, struct call *call, engine_done_fn done, void *data)
{
	finish(done, data, engine_call_event(engine, EVENT_HOLD, call), "Holding");
}

void engine_call_unhold(struct engine *engine, struct call *call, engine_done_fn done, void *data)
{
	finish(done, data, engine_call_event(engine, EVENT_UNHOLD, call), "Resuming");
}

enum policy_outcome engine_call_prefer(struct engine *engine, struct call *call, struct route route)
{
	return engine_event(
		engine,
		&(struct policy_event){ .type = EVENT_PREFER, .call = call->id, .route = route });
}

/* ---- reading --------------------------------------------------------------------------------- */

uint32_t call_id(const struct call *call)
{
	return call->id;
}

const struct call_info *call_info(const struct call *call)
{
	return &call->info;
}

uint64_t call_since_ms(const struct call *call)
{
	return call->since_ms;
}

enum call_state call_state(const struct engine *engine, const struct call *call)
{
	return policy_call_state(engine->policy, call->id);
}

bool call_multiparty(const struct engine *engine, const struct call *call)
{
	return engine_in_conference(engine, call);
}

const char *call_answered_by(const struct call *call)
{
	return call->answered_by;
}

void *call_source(const struct call *call)
{
	return call->source;
}

const struct call_ops *call_ops(const struct call *call)
{
	return call->ops;
}

size_t engine_calls(const struct engine *engine, struct call **ret, size_t max)
{
	for (size_t i = 0; i < engine->n_calls && i < max; i++)
		ret[i] = engine->calls[i];
	return engine->n_calls;
}
