/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * See fake-engine.h. It speaks with sources of calls as the engine does: ops are asked for what the
 * source did not report itself, ended() comes once, after the hangup, and an answer that a source
 * refuses ends the call.
 */
#include "fake-engine.h"

#include "daemon/headset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t fake_engine_now_ms = 1000;

uint64_t monotonic_ms(void)
{
	return fake_engine_now_ms;
}

struct engine *fake_engine_new(void)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (engine)
		engine->decision.reason = "no call yet";
	return engine;
}

struct engine *fake_engine_free(struct engine *engine)
{
	if (!engine)
		return NULL;
	fake_engine_finish(engine, ENGINE_ERROR_SUPERSEDED, "stopping");
	for (size_t i = 0; i < engine->n_calls; i++)
		free(engine->calls[i]);
	free(engine);
	return NULL;
}

void fake_engine_changed(struct engine *engine)
{
	if (engine->observer && engine->observer->changed)
		engine->observer->changed(engine->observer_data);
	if (engine->changed)
		engine->changed(engine->changed_data);
}

void fake_engine_route(struct engine *engine, struct route route, enum policy_rule rule,
		       const char *reason)
{
	struct route old = engine->route;

	engine->route = route;
	engine->decision.call = route;
	engine->decision.rule = rule;
	engine->decision.reason = reason;
	if (engine->observer && engine->observer->route_changed)
		engine->observer->route_changed(engine->observer_data, old, route, reason, rule);
	fake_engine_changed(engine);
}

void fake_engine_finish(struct engine *engine, const char *error, const char *message)
{
	while (engine->n_requests > 0) {
		engine->n_requests--;
		engine->requests[engine->n_requests].done(engine->requests[engine->n_requests].data,
							  error, message);
	}
}

static void keep_request(struct engine *engine, engine_done_fn done, void *data)
{
	if (engine->n_requests == FAKE_MAX_REQUESTS)
		abort();
	engine->requests[engine->n_requests].done = done;
	engine->requests[engine->n_requests].data = data;
	engine->n_requests++;
}

const char *engine_error_name(enum policy_outcome outcome)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), "org.callroute.Error.%s", policy_outcome_name(outcome));
	return name;
}

/* ---- calls ----------------------------------------------------------------------------------- */

struct asked {
	struct engine *engine;
	uint32_t id;
	bool fatal;
};

static void source_done(void *data, const char *error)
{
	struct asked *asked = data;
	struct engine *engine = asked->engine;
	struct call *call = engine_call_find(engine, asked->id);

	engine->n_source_answers++;
	if (error) {
		engine->n_source_errors++;
		(void)snprintf(engine->last_source_error, sizeof(engine->last_source_error), "%s",
			       error);
		if (asked->fatal && call)
			(void)engine_call_state(engine, call, CALL_ENDED, true);
	}
	free(asked);
}

static void ask(struct engine *engine, struct call *call, bool fatal,
		void (*op)(struct call *call, void *source, call_done_fn done, void *data))
{
	struct asked *asked = malloc(sizeof(*asked));

	if (!asked)
		abort();
	*asked = (struct asked){ engine, call->id, fatal };
	op(call, call->source, source_done, asked);
}

static void forget(struct engine *engine, struct call *call)
{
	for (size_t i = 0; i < engine->n_calls; i++) {
		if (engine->calls[i] == call) {
			engine->calls[i] = engine->calls[--engine->n_calls];
			break;
		}
	}
	call->ops->ended(call, call->source);
	free(call);
	fake_engine_changed(engine);
}

/* ---- programs that talk ------------------------------------------------------------------------ */

void fake_engine_talk(struct engine *engine, const struct talk *talks, size_t n)
{
	if (n > 0)
		memcpy(engine->talks, talks, n * sizeof(*talks));
	engine->n_talks = n;
	if (engine->talks_changed)
		engine->talks_changed(engine->talks_data);
}

size_t engine_talks(const struct engine *engine, const struct talk **ret)
{
	*ret = engine->talks;
	return engine->n_talks;
}

void engine_watch_talks(struct engine *engine, void (*changed)(void *data), void *data)
{
	engine->talks_changed = changed;
	engine->talks_data = data;
}

/* ---- providers ------------------------------------------------------------------------------- */

int engine_provider_add(struct engine *engine, const struct provider_ops *ops, void *source,
			struct provider **ret)
{
	struct provider *provider = engine->providers;

	if (engine->n_providers == PROVIDER_MAX)
		return -ENOSPC;
	while (provider->there)
		provider++;
	*provider = (struct provider){ ops, source, true };
	engine->n_providers++;
	*ret = provider;
	return 0;
}

struct provider *engine_provider_free(struct engine *engine, struct provider *provider)
{
	if (provider) {
		provider->there = false;
		engine->n_providers--;
	}
	return NULL;
}

enum policy_outcome engine_provider_voice(struct engine *engine, struct provider *provider,
					  route_device device, bool on)
{
	if (engine->refuse == POLICY_OK)
		engine->listener = on ? provider : NULL;
	return engine->refuse;
}

static struct provider *only_provider(struct engine *engine)
{
	struct provider *provider = engine->providers;

	if (engine->n_providers != 1)
		abort();
	while (!provider->there)
		provider++;
	return provider;
}

static struct asked *asked_new(struct engine *engine)
{
	struct asked *asked = malloc(sizeof(*asked));

	if (!asked)
		abort();
	*asked = (struct asked){ engine, 0, false };
	return asked;
}

void fake_engine_dial(struct engine *engine, const char *uri, route_device from)
{
	struct provider *provider = only_provider(engine);

	provider->ops->dial(provider->source, uri, from, source_done, asked_new(engine));
}

void fake_engine_voice(struct engine *engine, route_device from, bool on)
{
	struct provider *provider = only_provider(engine);

	provider->ops->voice(provider->source, from, on, source_done, asked_new(engine));
}

void fake_engine_join(struct engine *engine, struct call *call, struct call *with)
{
	call->ops->join(call, call->source, with, source_done, asked_new(engine));
}

void fake_engine_key(struct engine *engine, route_device device, const char *key, bool used)
{
	engine->observer->headset_key(engine->observer_data, device, key, used);
}

/* ---- adding ---------------------------------------------------------------------------------- */

enum policy_outcome engine_call_add(struct engine *engine, const struct call_info *info,
				    const struct call_ops *ops, void *source, struct call **ret)
{
	struct call *call;

	if (engine->refuse != POLICY_OK)
		return engine->refuse;
	if (info->from != 0 && engine->refuse_from)
		return POLICY_NO_SUCH_DEVICE;
	if (engine->n_calls == CALL_MAX)
		return POLICY_TOO_MANY;
	call = calloc(1, sizeof(*call));
	if (!call)
		abort();
	call->id = ++engine->last_id;
	call->info = *info;
	call->ops = ops;
	call->source = source;
	call->state = info->state;
	call->since_ms = fake_engine_now_ms;
	engine->calls[engine->n_calls++] = call;
	*ret = call;
	fake_engine_changed(engine);
	return POLICY_OK;
}

void engine_call_sound(struct engine *engine, struct call *call, const struct call_info *info)
{
	if (call->info.app[0] == '\0')
		memcpy(call->info.app, info->app, sizeof(call->info.app));
	call->info.of_phone = call->info.of_phone || info->of_phone;
	fake_engine_changed(engine);
}

void engine_call_replace(struct engine *engine, struct call *call, const struct call_info *info,
			 const struct call_ops *ops, void *source)
{
	const struct call_ops *ops_before = call->ops;
	void *source_before = call->source;

	if (info->party[0] != '\0')
		memcpy(call->info.party, info->party, sizeof(call->info.party));
	if (info->name[0] != '\0')
		memcpy(call->info.name, info->name, sizeof(call->info.name));
	if (info->processes[0] > 0)
		memcpy(call->info.processes, info->processes, sizeof(call->info.processes));
	if (info->app[0] != '\0')
		memcpy(call->info.app, info->app, sizeof(call->info.app));
	call->info.by_sound = info->by_sound;
	call->info.of_phone |= info->of_phone;
	call->ops = ops;
	call->source = source;
	ops_before->ended(call, source_before);
	fake_engine_changed(engine);
}

void engine_call_lost(struct engine *engine, struct call *call)
{
	if (!engine->take_lost || !engine->take_lost(engine->heir, call))
		(void)engine_call_state(engine, call, CALL_ENDED, true);
}

void engine_set_heir(struct engine *engine, bool (*take)(void *data, struct call *call), void *data)
{
	engine->take_lost = take;
	engine->heir = data;
}

void engine_call_alerting(struct engine *engine, struct call *call)
{
	call->info.alerting = call->state == CALL_DIALING;
	fake_engine_changed(engine);
}

void engine_call_party(struct engine *engine, struct call *call, const char *party,
		       const char *name)
{
	(void)snprintf(call->info.party, sizeof(call->info.party), "%s", party);
	(void)snprintf(call->info.name, sizeof(call->info.name), "%s", name);
	fake_engine_changed(engine);
}

uint64_t call_since_ms(const struct call *call)
{
	return call->since_ms;
}

enum policy_outcome engine_call_state(struct engine *engine, struct call *call,
				      enum call_state state, bool remote)
{
	if (state == CALL_ENDED) {
		engine->last_end_remote = remote;
		forget(engine, call);
		return POLICY_OK;
	}
	if (call->state == CALL_INCOMING && state == CALL_ACTIVE)
		strcpy(call->answered_by, "device");
	call->state = state;
	fake_engine_changed(engine);
	return POLICY_OK;
}

static void refuse(enum policy_outcome outcome, engine_done_fn done, void *data)
{
	done(data, engine_error_name(outcome), "refused by the test");
}

void engine_call_answer(struct engine *engine, struct call *call, engine_done_fn done, void *data)
{
	if (call->state != CALL_INCOMING) {
		refuse(POLICY_WRONG_STATE, done, data);
		return;
	}
	strcpy(call->answered_by, "device");
	call->state = CALL_ACTIVE;
	ask(engine, call, true, call->ops->answer);
	fake_engine_changed(engine);
	keep_request(engine, done, data);
}

void fake_engine_button(struct engine *engine, struct call *call, const char *answered_by)
{
	(void)snprintf(call->answered_by, sizeof(call->answered_by), "%s", answered_by);
	call->state = CALL_ACTIVE;
	ask(engine, call, true, call->ops->answer);
	fake_engine_changed(engine);
}

void engine_call_hangup(struct engine *engine, struct call *call, engine_done_fn done, void *data)
{
	engine->last_end_remote = false;
	ask(engine, call, false, call->ops->hangup);
	forget(engine, call);
	done(data, NULL, NULL);
}

void engine_call_hold(struct engine *engine, struct call *call, engine_done_fn done, void *data)
{
	if (call->state != CALL_ACTIVE) {
		refuse(POLICY_WRONG_STATE, done, data);
		return;
	}
	call->state = CALL_HELD;
	ask(engine, call, false, call->ops->hold);
	fake_engine_changed(engine);
	done(data, NULL, NULL);
}

void engine_call_unhold(struct engine *engine, struct call *call, engine_done_fn done, void *data)
{
	if (call->state != CALL_HELD) {
		refuse(POLICY_WRONG_STATE, done, data);
		return;
	}
	call->state = CALL_ACTIVE;
	ask(engine, call, false, call->ops->unhold);
	fake_engine_changed(engine);
	done(data, NULL, NULL);
}

enum policy_outcome engine_call_prefer(struct engine *engine, struct call *call, struct route route)
{
	engine->preferred = route;
	return engine->refuse;
}

uint32_t call_id(const struct call *call)
{
	return call->id;
}

const struct call_info *call_info(const struct call *call)
{
	return &call->info;
}

enum call_state call_state(const struct engine *engine, const struct call *call)
{
	return call->state;
}

bool call_multiparty(const struct engine *engine, const struct call *call)
{
	return call->multiparty;
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

struct call *engine_call_find(struct engine *engine, uint32_t id)
{
	for (size_t i = 0; i < engine->n_calls; i++)
		if (engine->calls[i]->id == id)
			return engine->calls[i];
	return NULL;
}

size_t engine_calls(const struct engine *engine, struct call **ret, size_t max)
{
	for (size_t i = 0; i < engine->n_calls && i < max; i++)
		ret[i] = engine->calls[i];
	return engine->n_calls;
}

/* ---- the user, and what is ------------------------------------------------------------------- */

void engine_set_route(struct engine *engine, struct route route, engine_done_fn done, void *data)
{
	engine->asked_route = route;
	if (engine->refuse != POLICY_OK)
		refuse(engine->refuse, done, data);
	else
		keep_request(engine, done, data);
}

enum policy_outcome engine_set_muted(struct engine *engine, bool muted)
{
	if (engine->refuse != POLICY_OK)
		return engine->refuse;
	engine->decision.muted = muted;
	fake_engine_changed(engine);
	return POLICY_OK;
}

void engine_set_routing(struct engine *engine, enum policy_routing routing)
{
	engine->routing = routing;
	fake_engine_changed(engine);
}

void engine_set_auto_answer(struct engine *engine, uint32_t seconds)
{
	engine->auto_answer = seconds;
	fake_engine_changed(engine);
}

enum policy_routing engine_routing(const struct engine *engine)
{
	return engine->routing;
}

bool engine_hears_nothing(const struct engine *engine)
{
	return engine->hears_nothing;
}

uint32_t engine_auto_answer(const struct engine *engine)
{
	return engine->auto_answer;
}

const struct policy_decision *engine_decision(const struct engine *engine)
{
	return &engine->decision;
}

struct route engine_route(const struct engine *engine)
{
	return engine->route;
}

const char *endpoint_kind_to_string(enum endpoint_kind kind)
{
	return kind == ENDPOINT_HEADSET ? "headset" : "handset";
}

size_t engine_endpoints(const struct engine *engine, struct engine_endpoint *ret, size_t max)
{
	for (size_t i = 0; i < engine->n_endpoints && i < max; i++)
		ret[i] = engine->endpoints[i];
	return engine->n_endpoints;
}

enum policy_outcome engine_route_eligible(const struct engine *engine, struct route route)
{
	return route.kind == ROUTE_HEADSET ? POLICY_NOT_ELIGIBLE : POLICY_OK;
}

bool engine_why(const struct engine *engine, struct policy_why *ret)
{
	*ret = engine->why;
	return engine->why.rule != RULE_NONE;
}

size_t engine_wire(const struct engine *engine, struct wire_line *ret, size_t max)
{
	return wire_list(&engine->wire, ret, max);
}

size_t engine_history(const struct engine *engine, struct engine_history *ret, size_t max)
{
	for (size_t i = 0; i < engine->n_history && i < max; i++)
		ret[i] = engine->history[i];
	return engine->n_history;
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

void engine_set_network(struct engine *engine, const struct engine_network *network)
{
	engine->has_network = network != NULL;
	engine->network = network ? *network : (struct engine_network){ 0 };
}

void engine_phone(struct engine *engine, bool there)
{
	engine->n_phones = there ? engine->n_phones + 1 : engine->n_phones - 1;
}

bool engine_is_adapter(const struct engine *engine, route_device address)
{
	return engine->adapter != 0 && engine->adapter == address;
}
