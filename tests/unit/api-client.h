/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * For the tests of the public face: a private bus with the API over a stand-in for the engine, and
 * two clients on it that write down what they are told.
 */
#ifndef CALLROUTE_TESTS_API_CLIENT_H
#define CALLROUTE_TESTS_API_CLIENT_H

#include "fake-engine.h"

#include "daemon/api/internal.h"
#include "tests/common/loop.h"
#include "tests/common/test-bus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define MANAGERS "org.freedesktop.DBus.ObjectManager"
#define ADDRESS "AA:BB:CC:DD:EE:FF"
#define DEVICE 0xaabbccddeeffu
#define CALL_PATH(n) "/org/callroute/call/" #n
#define ENDPOINT_PATH "/org/callroute/endpoint/AA_BB_CC_DD_EE_FF"
#define PROVIDER_PATH "/softphone"
#define ERROR(name) "org.callroute.Error." name

struct client {
	struct pw_loop *loop;
	struct bus *bus;
	bool ready;
	char *log; /* what callrouted told, a line each */
	size_t n_log;
	struct bus_match *match;
	struct bus_object *provider;
	const char *provider_error; /* what the provider answers, NULL for success */
	bool provider_silent;       /* it keeps the call */
};

struct answer {
	bool done;
	DBusMessage *reply;
	char error[128];
	char text[256];
};

struct fixture {
	struct pw_loop *loop;
	struct test_bus *test_bus;
	struct engine *engine;
	struct client daemon;
	struct api *api;
	bool owned;
	struct client a;
	struct client b;
};

void client_close(struct client *client);
/** Wait until callrouted has told @line, which is a part of the log. */
void expect_line(struct client *client, const char *line);
void expect_no_line(struct client *client, const char *line);

void answer_free(struct answer *answer);
/** Send @message (consumed); @answer must stay until it is done. */
void ask_message(struct client *client, DBusMessage *message, struct answer *answer);
#define ask(client, path, interface, member, answer, ...) \
	ask_message(client, bus_message(API_NAME, path, interface, member, __VA_ARGS__), answer)
void wait_for(struct client *client, struct answer *answer);
/** Wait for the answer: the error's name, or "" for success. */
const char *error_of(struct client *client, struct answer *answer);
#define expect_error(client, answer, name)                           \
	do {                                                         \
		assert_string_equal(error_of(client, answer), name); \
		answer_free(answer);                                 \
	} while (0)

void expect_property(struct client *client, const char *path, const char *interface,
		     const char *name, const char *expected);
/** Set a property of Manager1. */
void set_property(struct client *client, const char *name, int type, const void *value,
		  struct answer *answer);

struct found {
	const char *key;
	char text[256];
	unsigned int n_entries; /* of a list */
	bool there;
};
/** An entry of the a{sv} at @dict. */
struct found entry_of(DBusMessageIter *dict, const char *key);

struct option {
	const char *key;
	int type; /* DBUS_TYPE_ARRAY means au */
	const char *text;
	uint32_t number;
	unsigned int n; /* of an array, all with the value .number */
};

#define TEXT(k, v)                                            \
	{                                                     \
		.key = k, .type = DBUS_TYPE_STRING, .text = v \
	}
#define PATH(k, v)                                                 \
	{                                                          \
		.key = k, .type = DBUS_TYPE_OBJECT_PATH, .text = v \
	}
#define BOOL(k, v)                                               \
	{                                                        \
		.key = k, .type = DBUS_TYPE_BOOLEAN, .number = v \
	}
#define UINT(k, v)                                              \
	{                                                       \
		.key = k, .type = DBUS_TYPE_UINT32, .number = v \
	}
#define UINTS(k, v, count)                                                 \
	{                                                                  \
		.key = k, .type = DBUS_TYPE_ARRAY, .number = v, .n = count \
	}

void add_call_with(struct client *client, const char *kind, const struct option *options, size_t n,
		   struct answer *answer);
#define add_call(client, kind, answer, ...)                                                   \
	add_call_with(client, kind, (const struct option[]){ __VA_ARGS__ },                   \
		      sizeof((const struct option[]){ __VA_ARGS__ }) / sizeof(struct option), \
		      answer)
void register_provider_with(struct client *client, const char *path, const struct option *options,
			    size_t n, struct answer *answer);
#define register_provider(client, path, answer, ...)                  \
	register_provider_with(                                       \
		client, path, (const struct option[]){ __VA_ARGS__ }, \
		sizeof((const struct option[]){ __VA_ARGS__ }) / sizeof(struct option), answer)
/** A plain incoming VoIP call with a provider; returns the engine's newest. */
struct call *added(struct fixture *f, struct client *client);
void call_method(struct client *client, const char *path, const char *member,
		 struct answer *answer);
void set_state(struct client *client, const char *path, const char *state, struct answer *answer);
/** Every call of the provider goes to the log: "provider Answer /path". */
void serve_provider(struct client *client);

int api_setup(void **state);
int api_teardown(void **state);
void add_headset(struct fixture *f);
#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)

#endif
