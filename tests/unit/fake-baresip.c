/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See fake-baresip.h.
 */
#include "fake-baresip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NAME "com.github.Baresip"

static void handle(struct bus_call *call, void *data)
{
	struct fake_baresip *baresip = data;
	size_t n = strlen(baresip->asked);
	DBusMessageIter args;
	const char *command;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &command);
	(void)snprintf(baresip->asked + n, sizeof(baresip->asked) - n, "%s\n", command);
	bus_call_reply(call, DBUS_TYPE_STRING, &baresip->says, DBUS_TYPE_INVALID);
}

static const struct bus_method methods[] = {
	{ "invoke", "s command", "s response", handle },
	{ 0 },
};
static const struct bus_signal signals[] = {
	{ "event", "s class, s type, s param" },
	{ 0 },
};
static const struct bus_interface interface = { NAME, methods, signals, NULL };
static const struct bus_interface *const interfaces[] = { &interface, NULL };

struct fake_baresip *fake_baresip_new(struct bus *bus)
{
	struct fake_baresip *baresip = calloc(1, sizeof(*baresip));

	assert_non_null(baresip);
	baresip->bus = bus;
	baresip->says = "";
	assert_int_equal(bus_object_new(bus, "/baresip", interfaces, baresip, &baresip->object), 0);
	return baresip;
}

struct fake_baresip *fake_baresip_free(struct fake_baresip *baresip)
{
	(void)bus_object_free(baresip->object);
	free(baresip);
	return NULL;
}

static void on_owned(void *data, const char *name, bool owned)
{
	(void)data;
	(void)name;
	assert_true(owned);
}

void fake_baresip_come(struct fake_baresip *baresip)
{
	assert_int_equal(bus_request_name(baresip->bus, NAME, on_owned, baresip), 0);
}

void fake_baresip_go(struct fake_baresip *baresip)
{
	bus_release_name(baresip->bus, NAME);
}

void fake_baresip_event(struct fake_baresip *baresip, const char *type, const char *text)
{
	const char *class = "call";

	assert_int_equal(bus_object_emit(baresip->object, NAME, "event", DBUS_TYPE_STRING, &class,
					 DBUS_TYPE_STRING, &type, DBUS_TYPE_STRING, &text,
					 DBUS_TYPE_INVALID),
			 0);
}

void fake_baresip_tell(struct fake_baresip *baresip, const char *type, const char *id,
		       const char *direction, const char *peer, const char *more)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "{\"type\":\"%s\",\"class\":\"call\",\"accountaor\":\"sip:alice@127.0.0.1\","
		       "\"direction\":\"%s\",\"peeruri\":\"%s\",\"id\":\"%s\","
		       "\"remoteaudiodir\":\"sendrecv\"%s%s}",
		       type, direction, peer, id, more ? "," : "", more ? more : "");
	fake_baresip_event(baresip, type, text);
}
