/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A request runs the rig's loop until its answer is there; everything else comes by signals.
 */
#include "phone.h"

#include "dbus/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLROUTE "org.callroute"
#define MANAGER "org.callroute.Manager1"
#define CALL "org.callroute.Call1"
#define PROVIDER_PATH "/rig/phone"
#define REQUEST_MS 10000
#define MAX_CALLS 16
#define TEXT_SIZE 256

struct phone_call {
	struct phone *phone;
	char path[TEXT_SIZE];
	char state[32];
	char answered_by[64];
	struct rig_sound *sound;
};

struct mirrored {
	const char *name;
	char value[TEXT_SIZE];
};

struct phone {
	struct rig *rig;
	struct bus *bus;
	bool ready;
	struct bus_object *provider;
	struct bus_name_watch *owner;
	struct bus_match *changes;
	struct bus_match *removals;
	struct bus_remote *objects;
	unsigned int n_seen; /* of calls, whoever told of them */
	struct mirrored mirrored[4];
	bool muted, silent;
	char told[TEXT_SIZE]; /* "Answer,Dial tel:5," */
	const char *refuses;
	size_t n_calls;
	struct phone_call *calls[MAX_CALLS];
};

/* ---- what is announced --------------------------------------------------------------------------- */

static struct phone_call *find_call(struct phone *phone, const char *path)
{
	for (size_t i = 0; i < phone->n_calls; i++) {
		if (!strcmp(phone->calls[i]->path, path))
			return phone->calls[i];
	}
	return NULL;
}

static int read_manager(void *data, const char *key, DBusMessageIter *value)
{
	struct phone *phone = data;
	const char *text;
	dbus_bool_t is;

	if (!strcmp(key, "Muted") && bus_read_basic(value, DBUS_TYPE_BOOLEAN, &is) == 0)
		phone->muted = is;
	if (!strcmp(key, "MicrophoneSilent") && bus_read_basic(value, DBUS_TYPE_BOOLEAN, &is) == 0)
		phone->silent = is;
	for (size_t i = 0; i < sizeof(phone->mirrored) / sizeof(phone->mirrored[0]); i++) {
		struct mirrored *mirrored = &phone->mirrored[i];

		if (!strcmp(key, mirrored->name) &&
		    bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
			(void)snprintf(mirrored->value, TEXT_SIZE, "%s", text);
	}
	return 0;
}

static void on_object(void *data, const char *path, const char *interface,
		      DBusMessageIter *properties)
{
	((struct phone *)data)->n_seen += !strcmp(interface, CALL);
}

static void on_object_gone(void *data, const char *path, const char *interface)
{
	((struct phone *)data)->n_seen -= !strcmp(interface, CALL);
}

static const struct bus_remote_events object_events = { .added = on_object,
							.removed = on_object_gone };

unsigned int phone_sees_calls(const struct phone *phone)
{
	return phone->n_seen;
}

static void call_ended(struct phone_call *call)
{
	strcpy(call->state, "ended");
	call->sound = rig_sound_free(call->sound);
}

static int read_call(void *data, const char *key, DBusMessageIter *value)
{
	struct phone_call *call = data;
	const char *text;

	if (bus_read_basic(value, DBUS_TYPE_STRING, &text) < 0)
		return 0;
	if (!strcmp(key, "AnsweredBy"))
		(void)snprintf(call->answered_by, sizeof(call->answered_by), "%s", text);
	if (strcmp(key, "State"))
		return 0;
	(void)snprintf(call->state, sizeof(call->state), "%s", text);
	if (!strcmp(text, "ended"))
		call_ended(call);
	return 0;
}

static void on_changed(void *data, DBusMessage *signal)
{
	struct phone *phone = data;
	DBusMessageIter args;
	const char *interface;

	if (!dbus_message_has_signature(signal, "sa{sv}as"))
		return;
	dbus_message_iter_init(signal, &args);
	dbus_message_iter_get_basic(&args, &interface);
	dbus_message_iter_next(&args);
	struct phone_call *call = find_call(phone, dbus_message_get_path(signal));
	if (!strcmp(interface, MANAGER))
		(void)bus_read_dict(&args, read_manager, phone);
	else if (!strcmp(interface, CALL) && call)
		(void)bus_read_dict(&args, read_call, call);
}

static void on_removed(void *data, DBusMessage *signal)
{
	struct phone *phone = data;
	DBusMessageIter args;
	const char *path;

	if (!dbus_message_has_signature(signal, "oas"))
		return;
	dbus_message_iter_init(signal, &args);
	dbus_message_iter_get_basic(&args, &path);
	struct phone_call *call = find_call(phone, path);
	if (call)
		call_ended(call);
}

static void on_manager(void *data, DBusMessage *reply, const char *error)
{
	DBusMessageIter args;

	if (error)
		return;
	dbus_message_iter_init(reply, &args);
	(void)bus_read_dict(&args, read_manager, data);
}

static void on_owner(void *data, const char *name, const char *owner)
{
	struct phone *phone = data;
	const char *manager = MANAGER;

	if (owner) {
		(void)bus_send(phone->bus,
			       bus_message(CALLROUTE, "/org/callroute", DBUS_INTERFACE_PROPERTIES,
					   "GetAll", DBUS_TYPE_STRING, &manager, DBUS_TYPE_INVALID),
			       -1, on_manager, phone, NULL);
		return;
	}
	for (size_t i = 0; i < phone->n_calls; i++)
		call_ended(phone->calls[i]);
}

const char *phone_sees(const struct phone *phone, const char *property)
{
	for (size_t i = 0; i < sizeof(phone->mirrored) / sizeof(phone->mirrored[0]); i++) {
		if (!strcmp(phone->mirrored[i].name, property))
			return phone->mirrored[i].value;
	}
	return "";
}

bool phone_sees_muted(const struct phone *phone)
{
	return phone->muted;
}

bool phone_sees_silent_microphone(const struct phone *phone)
{
	return phone->silent;
}

bool phone_sees_route(const struct phone *phone, const char *route, const char *rule)
{
	return !strcmp(phone_sees(phone, "Route"), route) &&
	       (!rule || !strcmp(phone_sees(phone, "Rule"), rule));
}

/* ---- requests --------------------------------------------------------------------------------------- */

struct request {
	bool done;
	bool failed;
	char error[TEXT_SIZE];
	DBusMessage *reply;
};

static void on_reply(void *data, DBusMessage *reply, const char *error)
{
	struct request *request = data;

	request->done = true;
	request->failed = error != NULL;
	if (error)
		(void)snprintf(request->error, TEXT_SIZE, "%s", error);
	else
		request->reply = dbus_message_ref(reply);
}

/* The error's name, or NULL with @ret_reply to be unreferenced where it is asked for. */
static const char *request(struct phone *phone, DBusMessage *message, DBusMessage **ret_reply)
{
	static char error[TEXT_SIZE];
	struct request request = { 0 };

	if (bus_send(phone->bus, message, REQUEST_MS, on_reply, &request, NULL) < 0)
		return DBUS_ERROR_DISCONNECTED;
	(void)rig_wait(phone->rig, REQUEST_MS + 1000, request.done);
	if (!request.done || request.failed) {
		strcpy(error, request.done ? request.error : DBUS_ERROR_NO_REPLY);
		return error;
	}
	if (ret_reply)
		*ret_reply = request.reply;
	else
		dbus_message_unref(request.reply);
	return NULL;
}

const char *phone_ask(struct phone *phone, struct phone_call *call, const char *method)
{
	return request(phone, bus_message(CALLROUTE, call->path, CALL, method, DBUS_TYPE_INVALID),
		       NULL);
}

const char *phone_ask_with(struct phone *phone, struct phone_call *call, const char *method,
			   const char *text)
{
	return request(phone,
		       bus_message(CALLROUTE, call->path, CALL, method, DBUS_TYPE_STRING, &text,
				   DBUS_TYPE_INVALID),
		       NULL);
}

static DBusMessage *set_route(const char *route)
{
	return bus_message(CALLROUTE, "/org/callroute", MANAGER, "SetRoute", DBUS_TYPE_STRING,
			   &route, DBUS_TYPE_INVALID);
}

const char *phone_ping(struct phone *phone)
{
	return request(phone,
		       bus_message(CALLROUTE, "/org/callroute", "org.freedesktop.DBus.Peer", "Ping",
				   DBUS_TYPE_INVALID),
		       NULL);
}

const char *phone_set_route(struct phone *phone, const char *route)
{
	return request(phone, set_route(route), NULL);
}

void phone_set_route_later(struct phone *phone, const char *route)
{
	(void)bus_send(phone->bus, set_route(route), REQUEST_MS, NULL, NULL, NULL);
}

const char *phone_set(struct phone *phone, const char *property, int type, const void *value)
{
	const char *manager = MANAGER;
	DBusMessage *message = bus_message(CALLROUTE, "/org/callroute", DBUS_INTERFACE_PROPERTIES,
					   "Set", DBUS_TYPE_STRING, &manager, DBUS_TYPE_STRING,
					   &property, DBUS_TYPE_INVALID);
	DBusMessageIter args;

	dbus_message_iter_init_append(message, &args);
	bus_append_variant(&args, type, value);
	return request(phone, message, NULL);
}

struct wanted {
	const char *key;
	char *value;
};

static int read_why(void *data, const char *key, DBusMessageIter *value)
{
	struct wanted *wanted = data;
	const char *text;
	uint32_t number;

	if (strcmp(key, wanted->key) != 0)
		return 0;
	if (bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
		(void)snprintf(wanted->value, TEXT_SIZE, "%s", text);
	else if (bus_read_basic(value, DBUS_TYPE_UINT32, &number) == 0)
		(void)snprintf(wanted->value, TEXT_SIZE, "%u", number);
	return 0;
}

bool phone_sees_endpoint(struct phone *phone, const char *name)
{
	const char *interface = "org.callroute.Endpoint1", *property = "Available";
	char path[64];
	DBusMessage *reply;
	DBusMessageIter args, value;
	dbus_bool_t available = FALSE;

	(void)snprintf(path, sizeof(path), "/org/callroute/endpoint/%s", name);
	if (request(phone,
		    bus_message(CALLROUTE, path, DBUS_INTERFACE_PROPERTIES, "Get", DBUS_TYPE_STRING,
				&interface, DBUS_TYPE_STRING, &property, DBUS_TYPE_INVALID),
		    &reply))
		return false;
	dbus_message_iter_init(reply, &args);
	dbus_message_iter_recurse(&args, &value);
	dbus_message_iter_get_basic(&value, &available);
	dbus_message_unref(reply);
	return available;
}

const char *phone_why(struct phone *phone, const char *key)
{
	static char value[TEXT_SIZE];
	struct wanted wanted = { key, value };
	DBusMessage *reply;
	DBusMessageIter args;

	value[0] = '\0';
	if (request(phone,
		    bus_message(CALLROUTE, "/org/callroute", MANAGER, "Why", DBUS_TYPE_INVALID),
		    &reply))
		return value;
	dbus_message_iter_init(reply, &args);
	(void)bus_read_dict(&args, read_why, &wanted);
	dbus_message_unref(reply);
	return value;
}

/* ---- calls -------------------------------------------------------------------------------------------- */

static DBusMessage *add_call(const struct phone_call_options *options, pid_t process)
{
	const char *kind = options->phone ? "phone" : "voip";
	const char *provider = PROVIDER_PATH;
	dbus_bool_t yes = TRUE;
	uint32_t id = (uint32_t)process;
	DBusMessage *message = bus_message(CALLROUTE, "/org/callroute", MANAGER, "AddCall",
					   DBUS_TYPE_STRING, &kind, DBUS_TYPE_INVALID);
	DBusMessageIter args, dict;

	dbus_message_iter_init_append(message, &args);
	dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry(&dict, "Provider", DBUS_TYPE_OBJECT_PATH, &provider);
	bus_append_entry_string(&dict, "Direction", options->incoming ? "incoming" : "outgoing");
	if (options->managed)
		bus_append_entry(&dict, "Managed", DBUS_TYPE_BOOLEAN, &yes);
	if (options->video)
		bus_append_entry(&dict, "Video", DBUS_TYPE_BOOLEAN, &yes);
	if (options->conference)
		bus_append_entry(&dict, "Conference", DBUS_TYPE_BOOLEAN, &yes);
	if (options->active)
		bus_append_entry_string(&dict, "State", "active");
	if (options->party)
		bus_append_entry_string(&dict, "RemoteParty", options->party);
	if (options->name)
		bus_append_entry_string(&dict, "RemoteName", options->name);
	if (options->from)
		bus_append_entry_string(&dict, "From", options->from);
	if (process)
		bus_append_entry(&dict, "ProcessID", DBUS_TYPE_UINT32, &id);
	dbus_message_iter_close_container(&args, &dict);
	return message;
}

static int start_sound(struct phone_call *call)
{
	char tone[32];

	(void)snprintf(tone, sizeof(tone), "%f", PHONE_HZ);
	return rig_sound_new(call->phone->rig,
			     (const char *const[]){ "--play", tone, "--capture", "--role",
						    "Communication", "--name", "rig-phone", NULL },
			     &call->sound);
}

const char *phone_call(struct phone *phone, const struct phone_call_options *options,
		       struct phone_call **ret)
{
	struct phone_call *call = calloc(1, sizeof(*call));
	DBusMessage *reply;
	const char *path, *error;

	if (!call || phone->n_calls == MAX_CALLS)
		abort();
	call->phone = phone;
	strcpy(call->state, options->active     ? "active"
			    : options->incoming ? "incoming"
						: "dialing");
	if (!options->silent && start_sound(call) < 0)
		abort();
	error = request(
		phone,
		add_call(options, call->sound ? rig_sound_pid(call->sound) : options->process),
		&reply);
	if (error) {
		rig_sound_free(call->sound);
		free(call);
		return error;
	}
	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID))
		(void)snprintf(call->path, sizeof(call->path), "%s", path);
	dbus_message_unref(reply);
	phone->calls[phone->n_calls++] = call;
	*ret = call;
	return NULL;
}

const char *phone_call_path(const struct phone_call *call)
{
	return call->path;
}

const char *phone_call_state(const struct phone_call *call)
{
	return call->state;
}

const char *phone_call_answered_by(const struct phone_call *call)
{
	return call->answered_by;
}

struct rig_sound *phone_call_sound(const struct phone_call *call)
{
	return call->sound;
}

/* ---- the provider --------------------------------------------------------------------------------------- */

static void told(struct bus_call *call, void *data)
{
	struct phone *phone = data;
	size_t n = strlen(phone->told);
	const char *text = "";
	DBusMessageIter args;

	bus_call_args(call, &args);
	(void)bus_read_basic(&args, DBUS_TYPE_STRING, &text);
	(void)snprintf(phone->told + n, TEXT_SIZE - n, "%s%s%s,",
		       dbus_message_get_member(bus_call_message(call)), text[0] ? " " : "", text);
	if (phone->refuses)
		bus_call_error(call, phone->refuses, "not now");
	else
		bus_call_reply(call, DBUS_TYPE_INVALID);
}

const char *phone_register(struct phone *phone)
{
	const char *path = PROVIDER_PATH;
	DBusMessage *message = bus_message(CALLROUTE, "/org/callroute", MANAGER, "RegisterProvider",
					   DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
	dbus_bool_t yes = TRUE;
	DBusMessageIter args, dict;

	dbus_message_iter_init_append(message, &args);
	dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry(&dict, "Dial", DBUS_TYPE_BOOLEAN, &yes);
	bus_append_entry(&dict, "VoiceRecognition", DBUS_TYPE_BOOLEAN, &yes);
	bus_append_entry(&dict, "Conference", DBUS_TYPE_BOOLEAN, &yes);
	dbus_message_iter_close_container(&args, &dict);
	return request(phone, message, NULL);
}

const char *phone_set_voice(struct phone *phone, const char *headset, bool on)
{
	dbus_bool_t wide = on;

	return request(phone,
		       bus_message(CALLROUTE, "/org/callroute", MANAGER, "SetVoiceRecognition",
				   DBUS_TYPE_STRING, &headset, DBUS_TYPE_BOOLEAN, &wide,
				   DBUS_TYPE_INVALID),
		       NULL);
}

void phone_refuse(struct phone *phone, const char *error)
{
	phone->refuses = error;
}

static const struct bus_interface provider_interface = {
	.name = "org.callroute.CallProvider1",
	.methods =
		(const struct bus_method[]){
			{ "Answer", "o call", "", told },
			{ "Hangup", "o call", "", told },
			{ "Hold", "o call", "", told },
			{ "Unhold", "o call", "", told },
			{ "SendDtmf", "o call, s digits", "", told },
			{ "Join", "o call, o with", "", told },
			{ "Dial", "s uri", "", told },
			{ "VoiceRecognition", "s headset, b on", "", told },
			{ 0 },
		},
};

bool phone_told(struct phone *phone, const char *method, unsigned int ms)
{
	bool was = rig_wait(phone->rig, ms, strstr(phone->told, method) != NULL);

	phone->told[0] = '\0';
	return was;
}

/* ---- the whole ------------------------------------------------------------------------------------------- */

static void on_ready(void *data)
{
	struct phone *phone = data;

	phone->ready = true;
}

int phone_new(struct rig *rig, struct phone **ret)
{
	static const struct bus_events events = { .ready = on_ready };
	static const struct bus_interface *const provider[] = { &provider_interface, NULL };
	struct phone *phone = calloc(1, sizeof(*phone));
	int r;

	if (!phone)
		return -ENOMEM;
	phone->rig = rig;
	phone->mirrored[0].name = "Route";
	phone->mirrored[1].name = "Rule";
	phone->mirrored[2].name = "Reason";
	phone->mirrored[3].name = "DefaultRoute";
	r = bus_open(rig_loop(rig), bus_session_address(), &events, phone, &phone->bus);
	if (r == 0 && !rig_wait(rig, REQUEST_MS, phone->ready))
		r = -ETIMEDOUT;
	if (r < 0 ||
	    (r = bus_object_new(phone->bus, PROVIDER_PATH, provider, phone, &phone->provider)) <
		    0 ||
	    (r = bus_match(phone->bus, CALLROUTE, NULL, DBUS_INTERFACE_PROPERTIES,
			   "PropertiesChanged", on_changed, phone, &phone->changes)) < 0 ||
	    (r = bus_match(phone->bus, CALLROUTE, NULL, "org.freedesktop.DBus.ObjectManager",
			   "InterfacesRemoved", on_removed, phone, &phone->removals)) < 0 ||
	    (r = bus_remote_new(phone->bus, CALLROUTE, "/org/callroute", 128, &object_events, phone,
				&phone->objects)) < 0 ||
	    (r = bus_watch_name(phone->bus, CALLROUTE, on_owner, phone, &phone->owner)) < 0) {
		phone_free(phone);
		return r;
	}
	if (!rig_wait(rig, REQUEST_MS, phone_sees(phone, "Route")[0])) {
		phone_free(phone);
		return -ETIMEDOUT;
	}
	*ret = phone;
	return 0;
}

struct phone *phone_free(struct phone *phone)
{
	if (!phone)
		return NULL;
	phone->owner = bus_name_watch_free(phone->owner);
	phone->changes = bus_match_free(phone->changes);
	phone->removals = bus_match_free(phone->removals);
	phone->objects = bus_remote_free(phone->objects);
	phone->provider = bus_object_free(phone->provider);
	phone->bus = bus_free(phone->bus);
	for (size_t i = 0; i < phone->n_calls; i++) {
		rig_sound_free(phone->calls[i]->sound);
		free(phone->calls[i]);
	}
	free(phone);
	return NULL;
}
