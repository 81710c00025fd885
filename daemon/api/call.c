/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * org.callroute.Call1: one object for each call of the registry, whichever source it came from.
 *
 * A method that the engine carries out may end the call, and with it this object, before it
 * returns; so the handlers use their struct api_call only before they call the engine.
 */
#include "internal.h"

#include "daemon/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWERED_BY_SIZE 40

struct api_call {
	struct api_call *next;
	struct api *api;
	struct bus_object *object;
	uint32_t id;
	struct call_info shown;
	enum call_state state;
	char answered_by[ANSWERED_BY_SIZE];
	bool multiparty;
	bool seen; /* during a sync */
};

/* ---- properties ------------------------------------------------------------------------------ */

static int append_string(DBusMessageIter *value, const char *text)
{
	bus_append_basic(value, DBUS_TYPE_STRING, &text);
	return 0;
}

static int append_bool(DBusMessageIter *value, bool b)
{
	dbus_bool_t wide = b;

	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &wide);
	return 0;
}

static int get_kind(void *data, DBusMessageIter *value)
{
	const struct api_call *call = data;

	return append_string(value, call->shown.phone ? "phone" : "voip");
}

static int get_managed(void *data, DBusMessageIter *value)
{
	const struct api_call *call = data;

	return append_bool(value, call->shown.managed);
}

static int get_video(void *data, DBusMessageIter *value)
{
	const struct api_call *call = data;

	return append_bool(value, call->shown.video);
}

static int get_direction(void *data, DBusMessageIter *value)
{
	const struct api_call *call = data;

	return append_string(value, call->shown.incoming ? "incoming" : "outgoing");
}

static int get_state(void *data, DBusMessageIter *value)
{
	const struct api_call *call = data;

	return append_string(value, call_state_to_string(call->state));
}

static int get_remote_party(void *data, DBusMessageIter *value)
{
	const struct api_call *call = data;

	return append_string(value, api_utf8(call->shown.party));
}

static int get_remote_name(void *data, DBusMessageIter *value)
{
	const struct api_call *call = data;

	return append_string(value, api_utf8(call->shown.name));
}

static int get_multiparty(void *data, DBusMessageIter *value)
{
	const struct api_call *call = data;

	return append_bool(value, call->multiparty);
}

static int get_alerting(void *data, DBusMessageIter *value)
{
	const struct api_call *call = data;

	return append_bool(value, call->state == CALL_DIALING && call->shown.alerting);
}

static int get_answered_by(void *data, DBusMessageIter *value)
{
	const struct api_call *call = data;

	return append_string(value, call->answered_by);
}

/* ---- methods --------------------------------------------------------------------------------- */

/* The engine's call, or NULL after an error answer: it may have ended before the object went. */
static struct call *find(const struct api_call *shown, struct bus_call *call)
{
	struct call *found = engine_call_find(shown->api->engine, shown->id);

	if (!found)
		bus_call_error(call, engine_error_name(POLICY_NO_SUCH_CALL), "the call has ended");
	return found;
}

static void act(struct bus_call *bus_call, const struct api_call *shown,
		void (*engine_act)(struct engine *engine, struct call *call, engine_done_fn done,
				   void *data))
{
	struct call *call = find(shown, bus_call);
	struct api_request *request;

	if (!call)
		return;
	request = api_request_new(shown->api, bus_call);
	if (request)
		engine_act(shown->api->engine, call, api_request_done, request);
}

static void answer(struct bus_call *call, void *data)
{
	act(call, data, engine_call_answer);
}

static void hangup(struct bus_call *call, void *data)
{
	act(call, data, engine_call_hangup);
}

static void hold(struct bus_call *call, void *data)
{
	act(call, data, engine_call_hold);
}

static void unhold(struct bus_call *call, void *data)
{
	act(call, data, engine_call_unhold);
}

/* As find(), and NULL with NotOwner for anybody but the connection that added the call. */
static struct call *find_own(const struct api_call *shown, struct bus_call *bus_call)
{
	struct call *call = find(shown, bus_call);
	const char *owner = call ? api_owner_of(call) : NULL;
	const char *sender = bus_call_sender(bus_call);

	if (!call)
		return NULL;
	if (!owner || !sender || strcmp(owner, sender) != 0) {
		bus_call_error(bus_call, API_ERROR_NOT_OWNER,
			       "only the connection that added the call may do this");
		return NULL;
	}
	return call;
}

static void set_preferred_input(struct bus_call *bus_call, void *data)
{
	const struct api_call *shown = data;
	struct api *api = shown->api;
	struct call *call = find_own(shown, bus_call);
	DBusMessageIter args;
	struct route route;
	const char *text;

	if (!call)
		return;
	bus_call_args(bus_call, &args);
	dbus_message_iter_get_basic(&args, &text);
	if (route_from_string(text, &route) < 0 || route.kind == ROUTE_NONE) {
		bus_call_error(bus_call, engine_error_name(POLICY_NO_SUCH_ROUTE),
			       "no such route: %.64s", text);
		return;
	}
	api_answer_outcome(bus_call, engine_call_prefer(api->engine, call, route));
}

/* What an owner may report; what it asks for goes through the methods above. */
static bool may_become(enum call_state from, enum call_state to)
{
	switch (to) {
	case CALL_ACTIVE:
		return from != CALL_ENDED;
	case CALL_HELD:
		return from == CALL_ACTIVE;
	case CALL_ENDED:
		return true;
	case CALL_INCOMING:
	case CALL_DIALING:
		return false;
	}
	return false;
}

/* No state of its own here, as it is to headsets: a call that is dialled, and more is known. */
static void report_alerting(struct bus_call *bus_call, struct api *api, struct call *call)
{
	if (call_state(api->engine, call) != CALL_DIALING) {
		bus_call_error(bus_call, engine_error_name(POLICY_WRONG_STATE),
			       "state: only a dialing call is alerting");
		return;
	}
	engine_call_alerting(api->engine, call);
	api_sync(api);
	bus_call_reply(bus_call, DBUS_TYPE_INVALID);
}

static void set_state(struct bus_call *bus_call, void *data)
{
	const struct api_call *shown = data;
	struct api *api = shown->api;
	struct call *call = find_own(shown, bus_call);
	enum policy_outcome outcome;
	enum call_state from, to;
	DBusMessageIter args;
	const char *text;

	if (!call)
		return;
	bus_call_args(bus_call, &args);
	dbus_message_iter_get_basic(&args, &text);
	if (strcmp(text, "alerting") == 0) {
		report_alerting(bus_call, api, call);
		return;
	}
	if (call_state_from_string(text, &to) < 0) {
		bus_call_error(bus_call, API_ERROR_INVALID_ARGUMENT,
			       "state: expected alerting, active, held or ended");
		return;
	}
	from = call_state(api->engine, call);
	if (from == to) {
		/* A provider that was told of the change reports it as well. */
		bus_call_reply(bus_call, DBUS_TYPE_INVALID);
		return;
	}
	if (!may_become(from, to)) {
		bus_call_error(bus_call, engine_error_name(POLICY_WRONG_STATE),
			       "state: cannot go from %s to %s", call_state_to_string(from),
			       call_state_to_string(to));
		return;
	}
	outcome = engine_call_state(api->engine, call, to, true);
	api_sync(api);
	api_answer_outcome(bus_call, outcome);
}

static const struct bus_method methods[] = { { "Answer", "", "", answer },
					     { "Hangup", "", "", hangup },
					     { "Hold", "", "", hold },
					     { "Unhold", "", "", unhold },
					     { "SetPreferredInput", "s route", "",
					       set_preferred_input },
					     { "SetState", "s state", "", set_state },
					     { 0 } };

static const struct bus_property properties[] = { { "Kind", "s", get_kind, NULL },
						  { "Managed", "b", get_managed, NULL },
						  { "Video", "b", get_video, NULL },
						  { "Direction", "s", get_direction, NULL },
						  { "State", "s", get_state, NULL },
						  { "RemoteParty", "s", get_remote_party, NULL },
						  { "RemoteName", "s", get_remote_name, NULL },
						  { "AnsweredBy", "s", get_answered_by, NULL },
						  { "Multiparty", "b", get_multiparty, NULL },
						  { "Alerting", "b", get_alerting, NULL },
						  { 0 } };

const struct bus_interface api_call_interface = {
	API_CALL,
	methods,
	NULL,
	properties,
};

/* ---- following the engine -------------------------------------------------------------------- */

void api_call_path(uint32_t id, char ret[static API_CALL_PATH_SIZE])
{
	(void)snprintf(ret, API_CALL_PATH_SIZE, API_PATH "/call/%u", id);
}

static void copy_answered_by(struct api_call *shown, const struct call *call)
{
	(void)snprintf(shown->answered_by, sizeof(shown->answered_by), "%s",
		       call_answered_by(call));
}

static struct api_call *call_new(struct api *api, const struct call *call)
{
	static const struct bus_interface *const interfaces[] = { &api_call_interface, NULL };
	struct api_call *shown = calloc(1, sizeof(*shown));
	char path[API_CALL_PATH_SIZE];
	int r;

	if (!shown)
		return NULL;
	shown->api = api;
	shown->id = call_id(call);
	shown->shown = *call_info(call);
	shown->state = call_state(api->engine, call);
	shown->multiparty = call_multiparty(api->engine, call);
	copy_answered_by(shown, call);
	api_call_path(shown->id, path);
	r = bus_object_new(api->bus, path, interfaces, shown, &shown->object);
	if (r < 0) {
		log_warning("cannot serve %s: %s, continuing", path, strerror(-r));
		free(shown);
		return NULL;
	}
	shown->next = api->calls;
	api->calls = shown;
	return shown;
}

static void call_update(struct api_call *shown, const struct call *call)
{
	const struct call_info *now = call_info(call);
	enum call_state state = call_state(shown->api->engine, call);
	struct bus_object *object = shown->object;

	if (shown->state != state)
		bus_object_changed(object, API_CALL, "State");
	if ((shown->state == CALL_DIALING && shown->shown.alerting) !=
	    (state == CALL_DIALING && now->alerting))
		bus_object_changed(object, API_CALL, "Alerting");
	if (strcmp(shown->answered_by, call_answered_by(call)) != 0)
		bus_object_changed(object, API_CALL, "AnsweredBy");
	if (shown->multiparty != call_multiparty(shown->api->engine, call))
		bus_object_changed(object, API_CALL, "Multiparty");
	if (shown->shown.managed != now->managed)
		bus_object_changed(object, API_CALL, "Managed");
	if (shown->shown.video != now->video)
		bus_object_changed(object, API_CALL, "Video");
	if (strcmp(shown->shown.party, now->party) != 0)
		bus_object_changed(object, API_CALL, "RemoteParty");
	if (strcmp(shown->shown.name, now->name) != 0)
		bus_object_changed(object, API_CALL, "RemoteName");
	shown->shown = *now;
	shown->state = state;
	shown->multiparty = call_multiparty(shown->api->engine, call);
	copy_answered_by(shown, call);
}

/* The last thing told of a call is that it ended; then its object goes. */
static void call_gone(struct api_call *shown)
{
	if (shown->state != CALL_ENDED) {
		shown->state = CALL_ENDED;
		bus_object_changed(shown->object, API_CALL, "State");
	}
	bus_object_flush(shown->object);
	bus_object_free(shown->object);
	free(shown);
}

void api_calls_sync(struct api *api)
{
	struct call *now[CALL_MAX];
	size_t n = engine_calls(api->engine, now, CALL_MAX);
	struct api_call **link, *shown;

	for (shown = api->calls; shown; shown = shown->next)
		shown->seen = false;
	for (size_t i = 0; i < n && i < CALL_MAX; i++) {
		for (shown = api->calls; shown; shown = shown->next)
			if (shown->id == call_id(now[i]))
				break;
		if (shown)
			call_update(shown, now[i]);
		else
			shown = call_new(api, now[i]);
		if (shown)
			shown->seen = true;
	}
	link = &api->calls;
	while ((shown = *link)) {
		if (shown->seen) {
			link = &shown->next;
		} else {
			*link = shown->next;
			call_gone(shown);
		}
	}
}

void api_calls_free(struct api *api)
{
	while (api->calls) {
		struct api_call *shown = api->calls;

		api->calls = shown->next;
		bus_object_flush(shown->object);
		bus_object_free(shown->object);
		free(shown);
	}
}
