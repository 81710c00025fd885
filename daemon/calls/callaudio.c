/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * org.mobian_project.CallAudio as callaudiod serves it, for phone shells and diallers that were
 * written for it: the voice call mode is a call, unless another source has that call already; its
 * speaker and its microphone are the user's pick and mute. Source: callaudiod 0.1.7,
 * data/org.mobian_project.CallAudio.xml.
 *
 * The mode is the machine's, as callaudiod has it: whoever selects the default mode ends it. A dialler
 * that leaves the bus takes its mode along; a script's callaudiocli, which leaves at once, does not.
 *
 * What is refused is answered with an error, never with false: libcallaudio reads the error's text
 * then, and there would be none.
 */
#include "source.h"

#include "daemon/headset.h"
#include "daemon/log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NAME "org.mobian_project.CallAudio"
#define PATH "/org/mobian_project/CallAudio"

/** Gone so soon after it selected the mode, it is a tool and no dialler. */
#define TOOL_MS 10000u

enum mode { MODE_DEFAULT = 0, MODE_CALL = 1 };

struct callaudio {
	struct source source;
	struct bus *bus;
	struct bus_object *object;
	struct bus_pending *activatable; /* is callaudiod installed? */
	bool requested;                  /* the name */

	enum mode mode;
	struct seen *seen; /* in MODE_CALL, once the process of who selected it is known */
	struct bus_call *selecting;
	struct bus_pending *process;
	struct bus_name_watch *holder; /* who selected it last */
	uint64_t selected_ms;

	struct route before; /* where the sound was before the speaker */
	struct speaker_request *requests;
	uint32_t shown_mode, shown_speaker, shown_mic;
};

/** EnableSpeaker, until the sound is there. */
struct speaker_request {
	struct speaker_request *next;
	struct callaudio *callaudio; /* NULL: answered already */
	struct bus_call *call;
	bool enable;
};

/* Nothing can be asked of it: whose call it is has not told how. */
static const struct call_ops call_ops_of_callaudio = { .rank = CALL_RANK_BARE, .ended = seen_over };

/* ---- properties ------------------------------------------------------------------------------------ */

static uint32_t mode_now(const struct callaudio *callaudio)
{
	struct engine *engine = callaudio->source.calls->engine;

	return callaudio->mode == MODE_CALL || engine_decision(engine)->call.kind != ROUTE_NONE;
}

static uint32_t speaker_now(const struct callaudio *callaudio)
{
	return engine_route(callaudio->source.calls->engine).kind == ROUTE_SPEAKER;
}

static uint32_t mic_now(const struct callaudio *callaudio)
{
	return !engine_decision(callaudio->source.calls->engine)->muted;
}

static int get_mode(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_UINT32, &((struct callaudio *)data)->shown_mode);
	return 0;
}

static int get_speaker(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_UINT32, &((struct callaudio *)data)->shown_speaker);
	return 0;
}

static int get_mic(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_UINT32, &((struct callaudio *)data)->shown_mic);
	return 0;
}

static void show(struct callaudio *callaudio, const char *property, uint32_t *shown, uint32_t now)
{
	if (*shown == now)
		return;
	*shown = now;
	bus_object_changed(callaudio->object, NAME, property);
}

static void sync(void *data)
{
	struct callaudio *callaudio = data;

	show(callaudio, "AudioMode", &callaudio->shown_mode, mode_now(callaudio));
	show(callaudio, "SpeakerState", &callaudio->shown_speaker, speaker_now(callaudio));
	show(callaudio, "MicState", &callaudio->shown_mic, mic_now(callaudio));
}

/* Who waits for the answer sees the properties before it. */
static void answer(struct callaudio *callaudio, struct bus_call *call)
{
	dbus_bool_t success = TRUE;

	sync(callaudio);
	bus_object_flush(callaudio->object);
	bus_call_reply(call, DBUS_TYPE_BOOLEAN, &success, DBUS_TYPE_INVALID);
}

/* ---- SelectMode ------------------------------------------------------------------------------------- */

static void begin(struct callaudio *callaudio, pid_t process)
{
	const struct call_info info = {
		.bare = true,
		.state = CALL_ACTIVE,
		.processes = { process },
	};

	callaudio->seen = seen_end(callaudio->seen, true);
	callaudio->seen = seen_new(&callaudio->source, &info, callaudio);
}

static void answer_selecting(struct callaudio *callaudio)
{
	struct bus_call *call = callaudio->selecting;

	callaudio->selecting = NULL;
	callaudio->process = bus_pending_cancel(callaudio->process);
	if (call != NULL)
		answer(callaudio, call);
}

static void on_process(void *data, DBusMessage *reply, const char *error)
{
	struct callaudio *callaudio = data;
	uint32_t process = 0;
	DBusMessageIter args;

	callaudio->process = NULL;
	if (error != NULL || !dbus_message_iter_init(reply, &args) ||
	    bus_read_basic(&args, DBUS_TYPE_UINT32, &process) < 0 || process > INT_MAX)
		process = 0;
	begin(callaudio, (pid_t)process);
	answer_selecting(callaudio);
}

static void end_mode(struct callaudio *callaudio)
{
	callaudio->mode = MODE_DEFAULT;
	callaudio->holder = bus_name_watch_free(callaudio->holder);
	answer_selecting(callaudio);
	callaudio->seen = seen_end(callaudio->seen, true);
	sync(callaudio);
}

static void on_holder(void *data, const char *name, const char *owner)
{
	struct callaudio *callaudio = data;

	(void)name;
	if (owner != NULL)
		return;
	callaudio->holder = bus_name_watch_free(callaudio->holder);
	if (monotonic_ms() - callaudio->selected_ms > TOOL_MS) {
		log_info("who selected the voice call mode has gone, and the mode with it");
		end_mode(callaudio);
	}
}

static void select_call(struct callaudio *callaudio, struct bus_call *call)
{
	const char *sender = bus_call_sender(call);

	callaudio->mode = MODE_CALL;
	callaudio->selected_ms = monotonic_ms();
	callaudio->holder = bus_name_watch_free(callaudio->holder);
	(void)bus_watch_name(callaudio->bus, sender, on_holder, callaudio, &callaudio->holder);
	if (callaudio->selecting != NULL ||
	    (callaudio->seen != NULL && !seen_is_over(callaudio->seen))) {
		answer(callaudio, call);
		return;
	}
	if (bus_send(callaudio->bus,
		     bus_message(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
				 "GetConnectionUnixProcessID", DBUS_TYPE_STRING, &sender,
				 DBUS_TYPE_INVALID),
		     -1, on_process, callaudio, &callaudio->process) == 0) {
		callaudio->selecting = bus_call_keep(call);
		return;
	}
	begin(callaudio, 0);
	answer(callaudio, call);
}

static void select_mode(struct bus_call *call, void *data)
{
	struct callaudio *callaudio = data;
	DBusMessageIter args;
	uint32_t mode;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &mode);
	if (mode == MODE_CALL) {
		select_call(callaudio, call);
	} else if (mode == MODE_DEFAULT) {
		end_mode(callaudio);
		answer(callaudio, call);
	} else {
		bus_call_error(call, DBUS_ERROR_INVALID_ARGS, "mode %u is neither 0 nor 1", mode);
	}
}

/* ---- EnableSpeaker ---------------------------------------------------------------------------------- */

static void request_unlink(struct speaker_request *request)
{
	struct speaker_request **link = &request->callaudio->requests;

	while (*link != request)
		link = &(*link)->next;
	*link = request->next;
	request->callaudio = NULL;
}

static void on_picked(void *data, const char *error, const char *message)
{
	struct speaker_request *request = data;
	struct callaudio *callaudio = request->callaudio;

	if (callaudio != NULL) {
		request_unlink(request);
		if (error != NULL)
			bus_call_error(request->call, error, "%s", message != NULL ? message : "");
		else if (!request->enable && speaker_now(callaudio))
			bus_call_error(request->call, engine_error_name(POLICY_NOT_AVAILABLE),
				       "there is nothing but the loudspeaker");
		else
			answer(callaudio, request->call);
	}
	free(request);
}

/* Where the speaker was switched on from, if that can be had. */
static struct route route_without_speaker(const struct callaudio *callaudio)
{
	const struct engine *engine = callaudio->source.calls->engine;
	struct route before = callaudio->before;

	if (before.kind != ROUTE_NONE && before.kind != ROUTE_SPEAKER &&
	    engine_route_eligible(engine, before) == POLICY_OK)
		return before;
	return (struct route){ .kind = ROUTE_HANDSET };
}

static void enable_speaker(struct bus_call *call, void *data)
{
	struct callaudio *callaudio = data;
	struct engine *engine = callaudio->source.calls->engine;
	struct route to = { .kind = ROUTE_SPEAKER }, now = engine_decision(engine)->call;
	struct speaker_request *request;
	DBusMessageIter args;
	dbus_bool_t enable;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &enable);
	if (!enable && now.kind != ROUTE_SPEAKER) {
		answer(callaudio, call);
		return;
	}
	request = calloc(1, sizeof(*request));
	if (request == NULL) {
		bus_call_error(call, DBUS_ERROR_NO_MEMORY, "no memory");
		return;
	}
	if (!enable)
		to = route_without_speaker(callaudio);
	else if (now.kind != ROUTE_SPEAKER)
		callaudio->before = now;
	*request = (struct speaker_request){ callaudio->requests, callaudio, bus_call_keep(call),
					     enable };
	callaudio->requests = request;
	engine_set_route(engine, to, on_picked, request);
}

/* ---- MuteMic ---------------------------------------------------------------------------------------- */

static void mute_mic(struct bus_call *call, void *data)
{
	struct callaudio *callaudio = data;
	struct engine *engine = callaudio->source.calls->engine;
	enum policy_outcome outcome = POLICY_OK;
	DBusMessageIter args;
	dbus_bool_t mute;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &mute);
	if (engine_decision(engine)->muted != mute)
		outcome = engine_set_muted(engine, mute);
	if (outcome == POLICY_OK)
		answer(callaudio, call);
	else
		bus_call_error(call, engine_error_name(outcome), "there is no call");
}

static const struct bus_method methods[] = {
	{ "SelectMode", "u mode", "b success", select_mode },
	{ "EnableSpeaker", "b enable", "b success", enable_speaker },
	{ "MuteMic", "b mute", "b success", mute_mic },
	{ 0 },
};
static const struct bus_property properties[] = {
	{ "AudioMode", "u", get_mode, NULL },
	{ "SpeakerState", "u", get_speaker, NULL },
	{ "MicState", "u", get_mic, NULL },
	{ 0 },
};
static const struct bus_interface interface = { NAME, methods, NULL, properties };
static const struct bus_interface *const interfaces[] = { &interface, NULL };

/* ---- the name --------------------------------------------------------------------------------------- */

static void on_owned(void *data, const char *name, bool owned)
{
	(void)data;
	if (owned)
		log_info("The bus name %s is ours", name);
	else
		log_info("The bus name %s is another program's; it is taken when it is free", name);
}

static void request_name(struct callaudio *callaudio)
{
	callaudio->requested = bus_request_name(callaudio->bus, NAME, on_owned, callaudio) == 0;
	if (!callaudio->requested)
		log_error("The bus name " NAME " cannot be asked for");
}

static bool lists(DBusMessage *reply, const char *name)
{
	DBusMessageIter args, names;
	const char *text;

	if (!dbus_message_iter_init(reply, &args) ||
	    dbus_message_iter_get_arg_type(&args) != DBUS_TYPE_ARRAY ||
	    dbus_message_iter_get_element_type(&args) != DBUS_TYPE_STRING)
		return false;
	dbus_message_iter_recurse(&args, &names);
	for (; dbus_message_iter_get_arg_type(&names) == DBUS_TYPE_STRING;
	     dbus_message_iter_next(&names)) {
		dbus_message_iter_get_basic(&names, &text);
		if (strcmp(text, name) == 0)
			return true;
	}
	return false;
}

static void on_activatable(void *data, DBusMessage *reply, const char *error)
{
	struct callaudio *callaudio = data;

	callaudio->activatable = NULL;
	if (error == NULL && lists(reply, NAME))
		log_info("callaudiod is installed, the bus name " NAME " is left to it");
	else
		request_name(callaudio);
}

int callaudio_new(struct calls *calls, struct bus *bus, bool insist, struct callaudio **ret)
{
	struct callaudio *callaudio = calloc(1, sizeof(*callaudio));
	int error;

	if (callaudio == NULL)
		return -ENOMEM;
	callaudio->source = (struct source){
		.calls = calls,
		.name = NAME,
		.ops = &call_ops_of_callaudio,
	};
	callaudio->bus = bus;
	callaudio->shown_mic = 1;
	error = bus_object_new(bus, PATH, interfaces, callaudio, &callaudio->object);
	if (error == 0 && !insist)
		error = bus_send(bus,
				 bus_message(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
					     "ListActivatableNames", DBUS_TYPE_INVALID),
				 -1, on_activatable, callaudio, &callaudio->activatable);
	if (error < 0) {
		(void)bus_object_free(callaudio->object);
		free(callaudio);
		return error;
	}
	if (insist)
		request_name(callaudio);
	engine_observe_changes(calls->engine, sync, callaudio);
	*ret = callaudio;
	return 0;
}

struct callaudio *callaudio_free(struct callaudio *callaudio)
{
	if (callaudio == NULL)
		return NULL;
	engine_observe_changes(callaudio->source.calls->engine, NULL, NULL);
	callaudio->activatable = bus_pending_cancel(callaudio->activatable);
	end_mode(callaudio);
	while (callaudio->requests != NULL) {
		struct bus_call *call = callaudio->requests->call;

		/* freed by on_picked(), which will be told */
		request_unlink(callaudio->requests);
		bus_call_error(call, ENGINE_ERROR_SUPERSEDED, "callrouted stops");
	}
	if (callaudio->requested)
		bus_release_name(callaudio->bus, NAME);
	(void)bus_object_free(callaudio->object);
	free(callaudio);
	return NULL;
}
