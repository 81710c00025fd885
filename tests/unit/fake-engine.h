/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * engine.h without PipeWire, headsets or rules: a test says what is, and sees what was asked. Calls
 * change their state as asked; requests for a route stay open until the test ends them.
 */
#ifndef CALLROUTE_TESTS_FAKE_ENGINE_H
#define CALLROUTE_TESTS_FAKE_ENGINE_H

#include "daemon/engine.h"

#define FAKE_MAX_REQUESTS 8

struct call {
	uint32_t id;
	struct call_info info;
	const struct call_ops *ops;
	void *source;
	enum call_state state;
	uint64_t since_ms;
	bool multiparty;
	char answered_by[ROUTE_STRING_SIZE];
};

struct provider {
	const struct provider_ops *ops;
	void *source;
	bool there;
};

struct engine {
	const struct engine_observer *observer;
	void *observer_data;
	void (*changed)(void *data);
	void *changed_data;

	struct call *calls[CALL_MAX];
	size_t n_calls;
	uint32_t last_id;

	struct provider providers[PROVIDER_MAX]; /* in the places of their registration */
	size_t n_providers;
	size_t n_phones;

	/* What is; call fake_engine_changed() after a change. */
	struct policy_decision decision;
	struct route route;
	struct engine_endpoint endpoints[ENDPOINT_MAX];
	size_t n_endpoints;
	struct engine_history history[ENGINE_HISTORY];
	struct wire wire;
	size_t n_history;
	struct policy_why why; /* none where its rule is RULE_NONE */
	enum policy_routing routing;
	bool hears_nothing;
	uint32_t auto_answer;
	route_device adapter; /* this machine's */
	bool has_network;
	struct engine_network network;

	/* Who talks; call fake_engine_talk(). */
	struct talk talks[4];
	size_t n_talks;
	void (*talks_changed)(void *data);
	void *talks_data;
	bool (*take_lost)(void *data, struct call *call);
	void *heir;

	/* What the next request meets. */
	enum policy_outcome refuse;
	bool refuse_from; /* the headset that dialled is gone */

	/* What was asked. */
	struct route asked_route;
	struct route preferred;
	const struct provider *listener; /* by its own word */
	bool last_end_remote;
	unsigned int n_source_answers;
	unsigned int n_source_errors; /* among them */
	char last_source_error[64];

	struct {
		engine_done_fn done;
		void *data;
	} requests[FAKE_MAX_REQUESTS];
	size_t n_requests;
};

/** What monotonic_ms() gives. */
extern uint64_t fake_engine_now_ms;

struct engine *fake_engine_new(void);
/** Ends requests as Superseded; calls are just forgotten. */
struct engine *fake_engine_free(struct engine *engine);
void fake_engine_changed(struct engine *engine);
/** These programs talk now, by their streams; at most 4. */
void fake_engine_talk(struct engine *engine, const struct talk *talks, size_t n);
/** The graph has @route now. */
void fake_engine_route(struct engine *engine, struct route route, enum policy_rule rule,
		       const char *reason);
/** End all open requests. */
void fake_engine_finish(struct engine *engine, const char *error, const char *message);
/** Ask the newest provider to dial, or tell it of a voice key; counted like a source's answer. */
void fake_engine_dial(struct engine *engine, const char *uri, route_device from);
void fake_engine_voice(struct engine *engine, route_device from, bool on);
/** A headset asks for a conference; counted like a source's answer. */
void fake_engine_join(struct engine *engine, struct call *call, struct call *with);
/** A headset's key that may mean something without a call. */
void fake_engine_key(struct engine *engine, route_device device, const char *key, bool used);
/** A headset's button answers. */
void fake_engine_button(struct engine *engine, struct call *call, const char *answered_by);

#endif
