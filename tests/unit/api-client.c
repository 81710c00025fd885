/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * See api-client.h.
 */
#include "api-client.h"

#include <pipewire/pipewire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_ready(void *data)
{
	((struct client *)data)->ready = true;
}

static const struct bus_events bus_events = { .ready = on_ready };

static void log_append(struct client *client, const char *format, ...)
{
	char line[512];
	va_list args;
	size_t n;

	va_start(args, format);
	n = (size_t)vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	assert_true(n < sizeof(line) - 1);
	line[n++] = '\n';
	client->log = realloc(client->log, client->n_log + n + 1);
	assert_non_null(client->log);
	memcpy(client->log + client->n_log, line, n);
	client->n_log += n;
	client->log[client->n_log] = '\0';
}

static void print_value(DBusMessageIter *value, char *ret, size_t n)
{
	DBusBasicValue v;

	dbus_message_iter_get_basic(value, &v);
	switch (dbus_message_iter_get_arg_type(value)) {
	case DBUS_TYPE_BOOLEAN:
		(void)snprintf(ret, n, "%s", v.bool_val ? "true" : "false");
		break;
	case DBUS_TYPE_BYTE:
		(void)snprintf(ret, n, "%u", v.byt);
		break;
	case DBUS_TYPE_UINT32:
		(void)snprintf(ret, n, "%u", v.u32);
		break;
	default:
		(void)snprintf(ret, n, "%s", v.str);
	}
}

struct printing {
	struct client *client;
	const char *path;
};

static int log_property(void *data, const char *key, DBusMessageIter *value)
{
	struct printing *printing = data;
	char text[256];

	print_value(value, text, sizeof(text));
	log_append(printing->client, "%s %s=%s", printing->path, key, text);
	return 0;
}

static void log_properties_changed(struct client *client, DBusMessage *signal)
{
	struct printing printing = { client, dbus_message_get_path(signal) };
	DBusMessageIter iter, gone;
	const char *name;

	dbus_message_iter_init(signal, &iter);
	dbus_message_iter_next(&iter);
	assert_int_equal(bus_read_dict(&iter, log_property, &printing), 0);
	dbus_message_iter_next(&iter);
	dbus_message_iter_recurse(&iter, &gone);
	for (; dbus_message_iter_get_arg_type(&gone) == DBUS_TYPE_STRING;
	     dbus_message_iter_next(&gone)) {
		dbus_message_iter_get_basic(&gone, &name);
		log_append(client, "%s %s absent", printing.path, name);
	}
}

static void on_signal(void *data, DBusMessage *signal)
{
	struct client *client = data;
	const char *a, *b, *c, *d;
	DBusMessageIter iter;

	dbus_message_iter_init(signal, &iter);
	if (dbus_message_is_signal(signal, PROPERTIES, "PropertiesChanged")) {
		log_properties_changed(client, signal);
	} else if (dbus_message_is_signal(signal, MANAGERS, "InterfacesAdded")) {
		dbus_message_iter_get_basic(&iter, &a);
		log_append(client, "+%s", a);
	} else if (dbus_message_is_signal(signal, MANAGERS, "InterfacesRemoved")) {
		dbus_message_iter_get_basic(&iter, &a);
		log_append(client, "-%s", a);
	} else if (dbus_message_is_signal(signal, API_MANAGER, "RouteChanged")) {
		assert_true(dbus_message_get_args(signal, NULL, DBUS_TYPE_STRING, &a,
						  DBUS_TYPE_STRING, &b, DBUS_TYPE_STRING, &c,
						  DBUS_TYPE_STRING, &d, DBUS_TYPE_INVALID));
		log_append(client, "route %s -> %s by %s: %s", a, b, d, c);
	} else if (dbus_message_is_signal(signal, API_ENDPOINT, "Key")) {
		dbus_bool_t used;

		assert_true(dbus_message_get_args(signal, NULL, DBUS_TYPE_STRING, &a,
						  DBUS_TYPE_BOOLEAN, &used, DBUS_TYPE_INVALID));
		log_append(client, "key %s%s", a, used ? " used" : "");
	}
}

static void client_open(struct client *client, struct fixture *f, bool listen)
{
	client->loop = f->loop;
	assert_int_equal(
		bus_open(f->loop, test_bus_address(f->test_bus), &bus_events, client, &client->bus),
		0);
	assert_true(loop_until_set(f->loop, &client->ready));
	log_append(client, "begin");
	if (listen)
		assert_int_equal(bus_match(client->bus, API_NAME, NULL, NULL, NULL, on_signal,
					   client, &client->match),
				 0);
}

void client_close(struct client *client)
{
	client->provider = bus_object_free(client->provider);
	client->match = bus_match_free(client->match);
	client->bus = bus_free(client->bus);
	free(client->log);
	client->log = NULL;
}

struct expectation {
	const struct client *client;
	const char *line;
};

static bool has_line(void *data)
{
	const struct expectation *expectation = data;

	return strstr(expectation->client->log, expectation->line) != NULL;
}

void expect_line(struct client *client, const char *line)
{
	struct expectation expectation = { client, line };

	if (!loop_until(client->loop, has_line, &expectation, LOOP_DEADLINE_MS))
		fail_msg("no \"%s\" in:\n%s", line, client->log);
}

void expect_no_line(struct client *client, const char *line)
{
	struct expectation expectation = { client, line };

	if (has_line(&expectation))
		fail_msg("\"%s\" in:\n%s", line, client->log);
}

static void on_reply(void *data, DBusMessage *reply, const char *error)
{
	struct answer *answer = data;
	const char *text;

	answer->done = true;
	if (!error) {
		answer->reply = dbus_message_ref(reply);
		return;
	}
	(void)snprintf(answer->error, sizeof(answer->error), "%s", error);
	if (reply && dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID))
		(void)snprintf(answer->text, sizeof(answer->text), "%s", text);
}

void answer_free(struct answer *answer)
{
	if (answer->reply)
		dbus_message_unref(answer->reply);
	*answer = (struct answer){ 0 };
}

void ask_message(struct client *client, DBusMessage *message, struct answer *answer)
{
	*answer = (struct answer){ 0 };
	assert_non_null(message);
	assert_int_equal(bus_send(client->bus, message, -1, on_reply, answer, NULL), 0);
}

void wait_for(struct client *client, struct answer *answer)
{
	assert_true(loop_until_set(client->loop, &answer->done));
}

const char *error_of(struct client *client, struct answer *answer)
{
	wait_for(client, answer);
	return answer->error;
}

void expect_property(struct client *client, const char *path, const char *interface,
		     const char *name, const char *expected)
{
	struct answer answer;
	DBusMessageIter iter, value;
	char text[256];

	ask(client, path, PROPERTIES, "Get", &answer, DBUS_TYPE_STRING, &interface,
	    DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	assert_string_equal(error_of(client, &answer), "");
	dbus_message_iter_init(answer.reply, &iter);
	dbus_message_iter_recurse(&iter, &value);
	print_value(&value, text, sizeof(text));
	assert_string_equal(text, expected);
	answer_free(&answer);
}

void set_property(struct client *client, const char *name, int type, const void *value,
		  struct answer *answer)
{
	const char *interface = API_MANAGER;
	DBusMessage *message = bus_message(API_NAME, API_PATH, PROPERTIES, "Set", DBUS_TYPE_STRING,
					   &interface, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	DBusMessageIter iter;

	dbus_message_iter_init_append(message, &iter);
	bus_append_variant(&iter, type, value);
	ask_message(client, message, answer);
}

static int find_entry(void *data, const char *key, DBusMessageIter *value)
{
	struct found *found = data;

	if (strcmp(key, found->key) != 0)
		return 0;
	found->there = true;
	if (dbus_message_iter_get_arg_type(value) == DBUS_TYPE_ARRAY)
		found->n_entries = (unsigned int)dbus_message_iter_get_element_count(value);
	else
		print_value(value, found->text, sizeof(found->text));
	return 0;
}

struct found entry_of(DBusMessageIter *dict, const char *key)
{
	struct found found = { .key = key };

	assert_int_equal(bus_read_dict(dict, find_entry, &found), 0);
	return found;
}

static void append_numbers(DBusMessageIter *dict, const struct option *option)
{
	DBusMessageIter entry, variant, array;

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &option->key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "au", &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "u", &array);
	for (unsigned int i = 0; i < option->n; i++)
		dbus_message_iter_append_basic(&array, DBUS_TYPE_UINT32, &option->number);
	dbus_message_iter_close_container(&variant, &array);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

static void append_options(DBusMessage *message, const struct option *options, size_t n)
{
	DBusMessageIter iter, dict;

	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	for (size_t i = 0; i < n; i++) {
		if (options[i].type == DBUS_TYPE_ARRAY)
			append_numbers(&dict, &options[i]);
		else
			bus_append_entry(&dict, options[i].key, options[i].type,
					 options[i].text ? (const void *)&options[i].text
							 : &options[i].number);
	}
	dbus_message_iter_close_container(&iter, &dict);
}

void add_call_with(struct client *client, const char *kind, const struct option *options, size_t n,
		   struct answer *answer)
{
	DBusMessage *message = bus_message(API_NAME, API_PATH, API_MANAGER, "AddCall",
					   DBUS_TYPE_STRING, &kind, DBUS_TYPE_INVALID);

	append_options(message, options, n);
	ask_message(client, message, answer);
}

struct call *added(struct fixture *f, struct client *client)
{
	struct answer answer;

	add_call(client, "voip", &answer, PATH("Provider", PROVIDER_PATH));
	assert_string_equal(error_of(client, &answer), "");
	answer_free(&answer);
	return f->engine->calls[f->engine->n_calls - 1];
}

void call_method(struct client *client, const char *path, const char *member, struct answer *answer)
{
	ask(client, path, API_CALL, member, answer, DBUS_TYPE_INVALID);
}

void set_state(struct client *client, const char *path, const char *state, struct answer *answer)
{
	ask(client, path, API_CALL, "SetState", answer, DBUS_TYPE_STRING, &state,
	    DBUS_TYPE_INVALID);
}

static void provider_called(struct bus_call *call, void *data)
{
	struct client *client = data;
	DBusMessageIter args;
	const char *path;
	char more[64] = "";

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	if (dbus_message_iter_next(&args))
		print_value(&args, more, sizeof(more));
	log_append(client, "provider %s %s%s", dbus_message_get_member(bus_call_message(call)),
		   path, more);
	if (client->provider_silent)
		bus_call_keep(call);
	else if (client->provider_error)
		bus_call_error(call, client->provider_error, "no");
	else
		bus_call_reply(call, DBUS_TYPE_INVALID);
}

static const struct bus_method provider_methods[] = {
	{ "Answer", "o call", "", provider_called },
	{ "Hangup", "o call", "", provider_called },
	{ "Hold", "o call", "", provider_called },
	{ "Unhold", "o call", "", provider_called },
	{ "SendDtmf", "o call, s digits", "", provider_called },
	{ "Dial", "s uri", "", provider_called },
	{ "VoiceRecognition", "s headset, b on", "", provider_called },
	{ "Join", "o call, o with", "", provider_called },
	{ 0 },
};
static const struct bus_interface provider_interface = { API_PROVIDER, provider_methods, NULL,
							 NULL };
static const struct bus_interface *const provider_interfaces[] = { &provider_interface, NULL };

void register_provider_with(struct client *client, const char *path, const struct option *options,
			    size_t n, struct answer *answer)
{
	DBusMessage *message = bus_message(API_NAME, API_PATH, API_MANAGER, "RegisterProvider",
					   DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);

	append_options(message, options, n);
	ask_message(client, message, answer);
}

void serve_provider(struct client *client)
{
	assert_int_equal(bus_object_new(client->bus, PROVIDER_PATH, provider_interfaces, client,
					&client->provider),
			 0);
}

static void on_owned(void *data, bool owned)
{
	((struct fixture *)data)->owned = owned;
}

int api_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->loop = loop_new();
	f->test_bus = test_bus_start(NULL);
	assert_non_null(f->test_bus);
	f->engine = fake_engine_new();
	f->engine->endpoints[0] = (struct engine_endpoint){
		.kind = ENDPOINT_HANDSET,
		.route = { .kind = ROUTE_HANDSET },
		.name = "Handset",
		.available = true,
		.call_capable = true,
		.battery_percent = -1,
		.speaker_gain_0_15 = -1,
		.microphone_gain_0_15 = -1,
	};
	f->engine->n_endpoints = 1;
	client_open(&f->daemon, f, false);
	assert_int_equal(api_new(f->daemon.bus, f->engine, on_owned, f, &f->api), 0);
	assert_true(loop_until_set(f->loop, &f->owned));
	client_open(&f->a, f, true);
	client_open(&f->b, f, true);
	*state = f;
	return 0;
}

int api_teardown(void **state)
{
	struct fixture *f = *state;

	f->api = api_free(f->api);
	f->engine = fake_engine_free(f->engine);
	client_close(&f->a);
	client_close(&f->b);
	client_close(&f->daemon);
	test_bus_stop(f->test_bus);
	loop_free(f->loop);
	free(f);
	return 0;
}

void add_headset(struct fixture *f)
{
	struct engine_endpoint headset = {
		.kind = ENDPOINT_HEADSET,
		.route = { ROUTE_HEADSET, DEVICE },
		.name = "A headset",
		.address = ADDRESS,
		.available = true,
		.call_capable = true,
		.battery_percent = -1,
		.speaker_gain_0_15 = 7,
		.microphone_gain_0_15 = -1,
	};

	f->engine->endpoints[f->engine->n_endpoints++] = headset;
	fake_engine_changed(f->engine);
}
