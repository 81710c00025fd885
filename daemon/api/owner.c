/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Softphones as a source of calls. An owner is a bus connection that has added calls; when it
 * vanishes, its calls are lost (engine_call_lost()), and what it has registered goes. What the engine
 * asks of a call goes to the owner's CallProvider1, or, where it named none, counts as done: it then
 * follows the call's State.
 *
 *   AddCall -> struct adding, until the bus has told the caller's process -> struct provided, which
 *   is the engine's source of the call -> struct told for each request that the provider has not
 *   answered yet; one outlives its call, so that a refused Hangup is still heard of.
 */
#include "owner.h"

#include "daemon/calls/same.h"
#include "daemon/calls/sandbox.h"
#include "daemon/headset.h"
#include "daemon/log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct provided {
	struct provided *next;
	struct api_owner *owner;
	struct call *call;
	char *path; /* of the provider, or NULL */
};

struct adding {
	struct adding *next;
	struct api_owner *owner;
	struct bus_call *call;
	struct bus_pending *pending;
	struct api_add add;
};

struct told {
	struct told *next;
	struct api_owner *owner;
	struct bus_pending *pending;
	call_done_fn done;
	void *data;
};

/* ---- owners ---------------------------------------------------------------------------------- */

static void owner_free(struct api_owner *owner)
{
	for (struct api_owner **link = &owner->api->owners; *link; link = &(*link)->next) {
		if (*link == owner) {
			*link = owner->next;
			break;
		}
	}
	bus_name_watch_free(owner->watch);
	free(owner->name);
	free(owner);
}

void api_owner_reap(struct api_owner *owner)
{
	if (owner->busy == 0 && !owner->provided && !owner->adding && !owner->told &&
	    !owner->registered)
		owner_free(owner);
}

static void told_done(struct told *told, const char *error)
{
	struct api_owner *owner = told->owner;

	for (struct told **link = &owner->told; *link; link = &(*link)->next) {
		if (*link == told) {
			*link = told->next;
			break;
		}
	}
	if (told->done)
		told->done(told->data, error);
	free(told);
}

static void adding_free(struct adding *adding)
{
	struct api_owner *owner = adding->owner;

	for (struct adding **link = &owner->adding; *link; link = &(*link)->next) {
		if (*link == adding) {
			*link = adding->next;
			break;
		}
	}
	bus_pending_cancel(adding->pending);
	free(adding);
}

static struct provided *provided_of(const struct call *call);

/* Its calls are over, remotely: nobody here hung up. */
static void owner_end(struct api_owner *owner)
{
	struct api *api = owner->api;
	uint32_t ids[API_CALLS_PER_OWNER];
	size_t n = 0;

	owner->vanished = true;
	owner->busy++;
	api_registered_free_all(owner);
	while (owner->adding) {
		struct adding *adding = owner->adding;

		bus_call_error(adding->call, API_ERROR_FAILED, "the caller has gone");
		owner->n_calls--;
		adding_free(adding);
	}
	for (struct provided *p = owner->provided; p && n < API_CALLS_PER_OWNER; p = p->next)
		ids[n++] = call_id(p->call);
	for (size_t i = 0; i < n; i++) {
		/* The end of one may be the end of another. */
		struct call *call = engine_call_find(api->engine, ids[i]);

		if (call && provided_of(call))
			engine_call_lost(api->engine, call);
	}
	while (owner->told) {
		struct told *told = owner->told;

		told->pending = bus_pending_cancel(told->pending);
		told_done(told, NULL);
	}
	owner->busy--;
}

static void owner_changed(void *data, const char *name, const char *now)
{
	struct api_owner *owner = data;
	struct api *api = owner->api;

	if (now)
		return;
	log_debug("%s has gone", name);
	owner_end(owner);
	api_owner_reap(owner);
	api_sync(api);
}

struct api_owner *api_owner_get(struct api *api, const char *name)
{
	struct api_owner *owner;

	for (owner = api->owners; owner; owner = owner->next)
		if (strcmp(owner->name, name) == 0)
			return owner;
	owner = calloc(1, sizeof(*owner));
	if (!owner)
		return NULL;
	owner->api = api;
	owner->next = api->owners;
	api->owners = owner;
	owner->name = strdup(name);
	if (!owner->name ||
	    bus_watch_name(api->bus, name, owner_changed, owner, &owner->watch) < 0) {
		owner_free(owner);
		return NULL;
	}
	return owner;
}

/* ---- telling the provider -------------------------------------------------------------------- */

static const struct bus_method provider_methods[] = {
	[TELL_ANSWER] = { "Answer", "o call", "", NULL },
	[TELL_HANGUP] = { "Hangup", "o call", "", NULL },
	[TELL_HOLD] = { "Hold", "o call", "", NULL },
	[TELL_UNHOLD] = { "Unhold", "o call", "", NULL },
	[TELL_SEND_DTMF] = { "SendDtmf", "o call, s digits", "", NULL },
	[TELL_DIAL] = { "Dial", "s uri", "", NULL },
	[TELL_VOICE] = { "VoiceRecognition", "s headset, b on", "", NULL },
	[TELL_JOIN] = { "Join", "o call, o with", "", NULL },
	{ 0 }
};

const struct bus_interface api_provider_interface = {
	API_PROVIDER,
	provider_methods,
	NULL,
	NULL,
};

static void provider_replied(void *data, DBusMessage *reply, const char *error)
{
	struct told *told = data;
	struct api_owner *owner = told->owner;

	told->pending = NULL;
	owner->busy++; /* an answer that fails ends the call, perhaps the owner's last */
	if (!error) {
		told_done(told, NULL);
	} else {
		bool late = strcmp(error, DBUS_ERROR_NO_REPLY) == 0 ||
			    strcmp(error, DBUS_ERROR_TIMEOUT) == 0;

		log_info("the provider at %s answered %s", owner->name, error);
		told_done(told, late ? ENGINE_ERROR_TIMED_OUT : API_ERROR_PROVIDER_FAILED);
	}
	owner->busy--;
	api_owner_reap(owner);
}

void api_owner_tell(struct api_owner *owner, DBusMessage *message, call_done_fn done, void *data)
{
	struct told *told = message ? calloc(1, sizeof(*told)) : NULL;

	if (!told) {
		if (message)
			dbus_message_unref(message);
		if (done)
			done(data, API_ERROR_PROVIDER_FAILED);
		return;
	}
	told->owner = owner;
	told->done = done;
	told->data = data;
	told->next = owner->told;
	owner->told = told;
	if (bus_send(owner->api->bus, message, API_PROVIDER_TIMEOUT_MS, provider_replied, told,
		     &told->pending) < 0)
		told_done(told, API_ERROR_PROVIDER_FAILED);
}

static void tell(struct call *call, struct provided *provided, unsigned int what,
		 const char *digits, call_done_fn done, void *data)
{
	struct api_owner *owner = provided->owner;
	char path[API_CALL_PATH_SIZE];
	const char *path_p = path;

	if (!provided->path || owner->vanished) {
		if (done)
			done(data, NULL);
		return;
	}
	api_call_path(call_id(call), path);
	api_owner_tell(owner,
		       bus_message(owner->name, provided->path, API_PROVIDER,
				   api_provider_interface.methods[what].name, DBUS_TYPE_OBJECT_PATH,
				   &path_p, digits ? DBUS_TYPE_STRING : DBUS_TYPE_INVALID, &digits,
				   DBUS_TYPE_INVALID),
		       done, data);
}

static void op_answer(struct call *call, void *source, call_done_fn done, void *data)
{
	tell(call, source, TELL_ANSWER, NULL, done, data);
}

static void op_hangup(struct call *call, void *source, call_done_fn done, void *data)
{
	tell(call, source, TELL_HANGUP, NULL, done, data);
}

static void op_hold(struct call *call, void *source, call_done_fn done, void *data)
{
	tell(call, source, TELL_HOLD, NULL, done, data);
}

static void op_unhold(struct call *call, void *source, call_done_fn done, void *data)
{
	tell(call, source, TELL_UNHOLD, NULL, done, data);
}

static void op_send_dtmf(struct call *call, void *source, const char *digits, call_done_fn done,
			 void *data)
{
	struct provided *provided = source;

	/* Digits cannot be followed from the State: without a provider they are lost. */
	if (!provided->path) {
		if (done)
			done(data, API_ERROR_PROVIDER_FAILED);
		return;
	}
	tell(call, source, TELL_SEND_DTMF, digits, done, data);
}

static struct provided *provided_of(const struct call *call);

/* Both are of one provider: its option Conference says so, where each has it. */
static void op_join(struct call *call, void *source, struct call *with, call_done_fn done,
		    void *data)
{
	const struct provided *provided = source, *other = provided_of(with);
	struct api_owner *owner = provided->owner;
	char path[API_CALL_PATH_SIZE], with_path[API_CALL_PATH_SIZE];
	const char *path_p = path, *with_p = with_path;

	if (owner->vanished || !provided->path || other->owner != owner) {
		done(data, API_ERROR_PROVIDER_FAILED);
		return;
	}
	api_call_path(call_id(call), path);
	api_call_path(call_id(with), with_path);
	api_owner_tell(owner,
		       bus_message(owner->name, provided->path, API_PROVIDER,
				   provider_methods[TELL_JOIN].name, DBUS_TYPE_OBJECT_PATH, &path_p,
				   DBUS_TYPE_OBJECT_PATH, &with_p, DBUS_TYPE_INVALID),
		       done, data);
}

static void provided_free(struct provided *provided)
{
	struct api_owner *owner = provided->owner;

	for (struct provided **link = &owner->provided; *link; link = &(*link)->next) {
		if (*link == provided) {
			*link = provided->next;
			break;
		}
	}
	owner->n_calls--;
	free(provided->path);
	free(provided);
}

static void op_ended(struct call *call, void *source)
{
	struct provided *provided = source;
	struct api_owner *owner = provided->owner;

	provided_free(provided);
	api_owner_reap(owner);
}

static const struct call_ops provider_ops = {
	.rank = CALL_RANK_API,
	.answer = op_answer,
	.hangup = op_hangup,
	.hold = op_hold,
	.unhold = op_unhold,
	.send_dtmf = op_send_dtmf,
	.join = op_join,
	.ended = op_ended,
};

static struct provided *provided_of(const struct call *call)
{
	return call_ops(call) == &provider_ops ? call_source(call) : NULL;
}

const char *api_owner_of(const struct call *call)
{
	const struct provided *provided = provided_of(call);

	return provided ? provided->owner->name : NULL;
}

/* ---- AddCall --------------------------------------------------------------------------------- */

static struct provided *provided_new(struct api_owner *owner, const char *path)
{
	struct provided *provided = calloc(1, sizeof(*provided));

	if (!provided)
		return NULL;
	if (path[0] != '\0') {
		provided->path = strdup(path);
		if (!provided->path) {
			free(provided);
			return NULL;
		}
	}
	provided->owner = owner;
	provided->next = owner->provided;
	owner->provided = provided;
	return provided;
}

/* The call of @adding, whose owner's process is known or never will be. */
static void add_now(struct adding *adding)
{
	struct api_owner *owner = adding->owner;
	struct api *api = owner->api;
	struct provided *provided = provided_new(owner, adding->add.provider);
	bool dialled = api_registered_dialled(owner, &adding->add.info);
	enum policy_outcome outcome;
	char path[API_CALL_PATH_SIZE];
	const char *path_p = path;
	struct call *call;

	if (!provided) {
		owner->n_calls--;
		bus_call_error(adding->call, DBUS_ERROR_NO_MEMORY, "out of memory");
		return;
	}
	outcome = same_add(api->engine, &adding->add.info, &provider_ops, provided, monotonic_ms(),
			   &call);
	if (dialled && (outcome == POLICY_NO_SUCH_DEVICE || outcome == POLICY_NOT_ELIGIBLE)) {
		adding->add.info.from = 0; /* the headset that dialled has gone since */
		outcome = same_add(api->engine, &adding->add.info, &provider_ops, provided,
				   monotonic_ms(), &call);
	}
	if (outcome != POLICY_OK) {
		provided_free(provided);
		api_answer_outcome(adding->call, outcome);
		return;
	}
	provided->call = call;
	api_call_path(call_id(call), path);
	/* The object is there before its path is told. */
	api_sync(api);
	bus_call_reply(adding->call, DBUS_TYPE_OBJECT_PATH, &path_p, DBUS_TYPE_INVALID);
}

static void process_known(void *data, DBusMessage *reply, const char *error)
{
	struct adding *adding = data;
	struct api_owner *owner = adding->owner;
	uint32_t process = 0;
	DBusMessageIter args;

	adding->pending = NULL;
	if (error || !dbus_message_iter_init(reply, &args) ||
	    bus_read_basic(&args, DBUS_TYPE_UINT32, &process) < 0 || process > INT_MAX)
		process = 0;
	if (process != 0) {
		pid_t *processes = adding->add.info.processes;

		/* The option left one place free; the owner's goes first. */
		memmove(processes + 1, processes, (CALL_MAX_PROCESSES - 1) * sizeof(*processes));
		processes[0] = (pid_t)process;
		(void)sandbox_app((pid_t)process, adding->add.info.app);
	} else {
		log_info("the process of %s is not known, continuing", owner->name);
	}
	add_now(adding);
	adding_free(adding);
	api_owner_reap(owner);
}

static unsigned int count_adding(const struct api *api)
{
	unsigned int n = 0;

	for (const struct api_owner *owner = api->owners; owner; owner = owner->next)
		for (const struct adding *adding = owner->adding; adding; adding = adding->next)
			n++;
	return n;
}

void api_owner_add_call(struct bus_call *call, void *data)
{
	struct api *api = data;
	const char *sender = bus_call_sender(call);
	DBusError error = DBUS_ERROR_INIT;
	struct api_owner *owner;
	struct adding *adding;
	DBusMessage *message;
	DBusMessageIter args;
	struct api_add add;

	bus_call_args(call, &args);
	if (api_add_parse(&args, &add, &error) < 0) {
		bus_call_error(call, error.name, "%s", error.message);
		dbus_error_free(&error);
		return;
	}
	if (engine_calls(api->engine, NULL, 0) + count_adding(api) >= CALL_MAX) {
		bus_call_error(call, API_ERROR_TOO_MANY, "at most %d calls at a time", CALL_MAX);
		return;
	}
	owner = sender ? api_owner_get(api, sender) : NULL;
	if (!owner) {
		bus_call_error(call, DBUS_ERROR_NO_MEMORY, "cannot keep the caller");
		return;
	}
	if (owner->n_calls >= API_CALLS_PER_OWNER) {
		bus_call_error(call, API_ERROR_TOO_MANY, "at most %d calls of one program",
			       API_CALLS_PER_OWNER);
		return;
	}
	adding = calloc(1, sizeof(*adding));
	message = bus_message(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
			      "GetConnectionUnixProcessID", DBUS_TYPE_STRING, &owner->name,
			      DBUS_TYPE_INVALID);
	if (!adding || !message) {
		if (message)
			dbus_message_unref(message);
		free(adding);
		bus_call_error(call, DBUS_ERROR_NO_MEMORY, "out of memory");
		api_owner_reap(owner);
		return;
	}
	adding->owner = owner;
	adding->add = add;
	adding->next = owner->adding;
	owner->adding = adding;
	owner->n_calls++;
	if (bus_send(api->bus, message, -1, process_known, adding, &adding->pending) < 0) {
		owner->n_calls--;
		adding_free(adding);
		bus_call_error(call, API_ERROR_FAILED, "the bus is gone");
		api_owner_reap(owner);
		return;
	}
	adding->call = bus_call_keep(call);
}

void api_owners_free(struct api *api)
{
	while (api->owners) {
		struct api_owner *owner = api->owners;

		owner_end(owner);
		/* All lists are empty now, but for calls that the engine would not end. */
		owner_free(owner);
	}
}
