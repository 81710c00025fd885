/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the files of daemon/api/ share. Everything shown on D-Bus is a copy taken when the engine had
 * settled: sync compares the engine with the copy, and announces the difference. So a property read
 * and a signal never disagree, and no pointer into the engine outlives a function.
 *
 * May be used by: daemon/api/, tests/unit/.
 */
#ifndef CALLROUTE_API_INTERNAL_H
#define CALLROUTE_API_INTERNAL_H

#include "api.h"

#include "daemon/engine.h"
#include "dbus/bus.h"

#define API_MANAGER "org.callroute.Manager1"
#define API_ENDPOINT "org.callroute.Endpoint1"
#define API_CALL "org.callroute.Call1"
#define API_PROVIDER "org.callroute.CallProvider1"

#define API_ERROR_INVALID_ARGUMENT "org.callroute.Error.InvalidArgument"
#define API_ERROR_NOT_OWNER "org.callroute.Error.NotOwner"
#define API_ERROR_NO_SUCH_PROVIDER "org.callroute.Error.NoSuchProvider"
#define API_ERROR_TOO_MANY "org.callroute.Error.TooMany"
#define API_ERROR_PROVIDER_FAILED "org.callroute.Error.ProviderFailed"
#define API_ERROR_FAILED "org.callroute.Error.Failed"

/** Calls that one connection may own at a time. */
#define API_CALLS_PER_OWNER 16
/** Longest object path taken for a provider, without its terminator. */
#define API_PROVIDER_PATH_MAX 255
/** How long a provider may take to answer. */
#define API_PROVIDER_TIMEOUT_MS 10000
/** Longest auto-answer delay in seconds. */
#define API_AUTO_ANSWER_MAX 3600

struct api_call;
struct api_endpoint;
struct api_owner;
struct api_request;

/** Manager1's properties as last announced. */
struct api_shown {
	struct route route;
	struct route memory;
	const char *reason; /* static storage of the policy */
	enum policy_rule rule;
	bool muted;
	bool silent; /* the microphone */
	enum policy_routing routing;
	uint32_t auto_answer;
};

struct api {
	struct bus *bus;
	struct engine *engine;
	struct bus_object *manager;
	void (*owned)(void *data, bool owned);
	void *data;
	struct api_shown shown;
	struct api_call *calls;         /* singly linked */
	struct api_endpoint *endpoints; /* singly linked */
	struct api_owner *owners;       /* singly linked */
	struct api_request *requests;   /* doubly linked */
	struct engine_endpoint scratch[ENDPOINT_MAX];
	struct policy_why why; /* scratch as well */
};

extern const struct bus_interface api_manager_interface;
extern const struct bus_interface api_endpoint_interface;
extern const struct bus_interface api_call_interface;
/** Not served but called: its rows have no handlers. */
extern const struct bus_interface api_provider_interface;

/* ---- api.c ---------------------------------------------------------------------------------- */

/** Compare everything with the engine and announce what changed. */
void api_sync(struct api *api);

/**
 * api_request_new() - keep @call until api_request_done() answers it
 * Answers the call itself and returns NULL where out of memory.
 */
struct api_request *api_request_new(struct api *api, struct bus_call *call);
/** An engine_done_fn; @data is the request, which it frees. */
void api_request_done(void *data, const char *error, const char *message);

/** Answer @call with an outcome: an empty reply for POLICY_OK, else its error. */
void api_answer_outcome(struct bus_call *call, enum policy_outcome outcome);
/** An outcome in words, for error messages and ListRoutes. */
const char *api_outcome_text(enum policy_outcome outcome);

/** @text, or "" where it is not UTF-8: names come from devices and networks, and libdbus ends a
 * program that sends anything else. */
const char *api_utf8(const char *text);

/** Append a route as a string entry of an open a{sv}. */
void api_append_route(DBusMessageIter *dict, const char *key, struct route route);
void api_append_bool(DBusMessageIter *dict, const char *key, bool value);

/* ---- manager.c, report.c -------------------------------------------------------------------- */

void api_manager_sync(struct api *api);

/** Fill ListRoutes' and ListLines' aa{sv}, and Why's a{sv}; @data is the api. */
void api_report_lines(DBusMessageIter *iter, void *data);
void api_report_routes(DBusMessageIter *iter, void *data);
void api_report_why(DBusMessageIter *iter, void *data);

/* ---- facts.c -------------------------------------------------------------------------------- */

/** Fill Why's Facts a{sv} and NearlyApplied aa{sv}; @data is a struct policy_why. */
void api_report_facts(DBusMessageIter *iter, void *data);
void api_report_near(DBusMessageIter *iter, void *data);

/* ---- endpoint.c ----------------------------------------------------------------------------- */

void api_endpoints_sync(struct api *api);
/** Endpoint1.Key of a Bluetooth device. */
void api_endpoint_key(struct api *api, route_device device, const char *key, bool used);
void api_endpoints_free(struct api *api);

/* ---- call.c --------------------------------------------------------------------------------- */

#define API_CALL_PATH_SIZE 48
void api_call_path(uint32_t id, char ret[static API_CALL_PATH_SIZE]);

void api_calls_sync(struct api *api);
void api_calls_free(struct api *api);

/* ---- options.c ------------------------------------------------------------------------------ */

/** AddCall's arguments, checked. */
struct api_add {
	struct call_info info; /* .processes: those of the option; the owner's goes in later */
	char provider[API_PROVIDER_PATH_MAX + 1]; /* "" for none */
};

/**
 * api_add_parse() - read "s kind, a{sv} options"
 * @ret:   written only on success
 * @error: filled otherwise, naming the key
 * Return: 0 or -EINVAL.
 */
int api_add_parse(DBusMessageIter *args, struct api_add *ret, DBusError *error);

/* ---- owner.c -------------------------------------------------------------------------------- */

/** The handler of AddCall. */
void api_owner_add_call(struct bus_call *call, void *data);
/** The unique name of @call's owner, or NULL where no D-Bus client owns it. Borrowed. */
const char *api_owner_of(const struct call *call);
/** The handlers of RegisterProvider, UnregisterProvider and SetVoiceRecognition (registered.c). */
void api_register_provider(struct bus_call *call, void *data);
void api_unregister_provider(struct bus_call *call, void *data);
void api_set_voice_recognition(struct bus_call *call, void *data);
/** End all calls of all owners, and forget the owners. */
void api_owners_free(struct api *api);

#endif
