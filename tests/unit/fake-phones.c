/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See fake-phones.h. As BlueZ 5.87's doc/org.bluez.Telephony.rst and doc/org.bluez.Call.rst.
 */
#include "fake-phones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NAME "org.bluez"
#define GATEWAY "org.bluez.Telephony1"
#define CALL "org.bluez.Call1"
#define GATEWAY_PATH "/org/bluez/hci0/dev_AA_BB_CC_DD_EE_FF/telephony0"

static void note(struct fake_phones *phones, struct bus_call *call, const char *line)
{
	size_t n = strlen(phones->asked);

	(void)snprintf(phones->asked + n, sizeof(phones->asked) - n, "%s\n", line);
	if (phones->refuses)
		bus_call_error(call, "org.bluez.Error.NotSupported", "no");
	else
		bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void handle_gateway(struct bus_call *call, void *data)
{
	DBusMessageIter args;
	const char *text = "";
	char line[64];

	bus_call_args(call, &args);
	(void)bus_read_basic(&args, DBUS_TYPE_STRING, &text);
	(void)snprintf(line, sizeof(line), "%s%s%s",
		       dbus_message_get_member(bus_call_message(call)), *text ? " " : "", text);
	note(data, call, line);
}

static void handle_call(struct bus_call *call, void *data)
{
	struct fake_phones_call *of = data;
	char line[64];

	(void)snprintf(line, sizeof(line), "%s %d", dbus_message_get_member(bus_call_message(call)),
		       (int)(of - of->phones->calls));
	note(of->phones, call, line);
}

static void handle_dial(struct bus_call *call, void *data)
{
	struct fake_phones *phones = data;
	const char *path = GATEWAY_PATH "/call1", *uri = "";
	size_t n = strlen(phones->asked);
	DBusMessageIter args;

	bus_call_args(call, &args);
	(void)bus_read_basic(&args, DBUS_TYPE_STRING, &uri);
	(void)snprintf(phones->asked + n, sizeof(phones->asked) - n, "Dial %s\n", uri);
	bus_call_reply(call, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
}

static int append_text(DBusMessageIter *value, const char *text)
{
	bus_append_basic(value, DBUS_TYPE_STRING, &text);
	return 0;
}

static int get_connection(void *data, DBusMessageIter *value)
{
	return append_text(value, ((struct fake_phones *)data)->state);
}

static int get_state(void *data, DBusMessageIter *value)
{
	return append_text(value, ((struct fake_phones_call *)data)->state);
}

static int get_number(void *data, DBusMessageIter *value)
{
	return append_text(value, ((struct fake_phones_call *)data)->number);
}

static const struct bus_method gateway_methods[] = {
	{ "Dial", "s uri", "o call", handle_dial },
	{ "HoldAndAnswer", "", "", handle_gateway },
	{ "SwapCalls", "", "", handle_gateway },
	{ "ReleaseAndAnswer", "", "", handle_gateway },
	{ "ReleaseAndSwap", "", "", handle_gateway },
	{ "SendTones", "s tones", "", handle_gateway },
	{ 0 },
};
static const struct bus_property gateway_properties[] = {
	{ "State", "s", get_connection, NULL },
	{ 0 },
};
static const struct bus_interface gateway_interface = { GATEWAY, gateway_methods, NULL,
							gateway_properties };
static const struct bus_interface *const gateway_interfaces[] = { &gateway_interface, NULL };

static const struct bus_method call_methods[] = { { "Answer", "", "", handle_call },
						  { "Hangup", "", "", handle_call },
						  { 0 } };
static const struct bus_property call_properties[] = {
	{ "State", "s", get_state, NULL },
	{ "LineIdentification", "s", get_number, NULL },
	{ 0 },
};
static const struct bus_interface call_interface = { CALL, call_methods, NULL, call_properties };
static const struct bus_interface *const call_interfaces[] = { &call_interface, NULL };

struct fake_phones *fake_phones_new(struct bus *bus)
{
	struct fake_phones *phones = calloc(1, sizeof(*phones));

	assert_non_null(phones);
	phones->bus = bus;
	assert_int_equal(bus_object_manager(bus, "/"), 0);
	return phones;
}

struct fake_phones *fake_phones_free(struct fake_phones *phones)
{
	if (!phones)
		return NULL;
	for (unsigned int n = 0; n < FAKE_PHONES_CALLS; n++)
		(void)bus_object_free(phones->calls[n].object);
	(void)bus_object_free(phones->gateway);
	free(phones);
	return NULL;
}

static void on_owned(void *data, const char *name, bool owned)
{
	(void)data;
	(void)name;
	assert_true(owned);
}

void fake_phones_come(struct fake_phones *phones)
{
	assert_int_equal(bus_request_name(phones->bus, NAME, on_owned, phones), 0);
}

void fake_phones_go(struct fake_phones *phones)
{
	bus_release_name(phones->bus, NAME);
}

void fake_phones_connect(struct fake_phones *phones, const char *state)
{
	if (!state) {
		phones->gateway = bus_object_free(phones->gateway);
		return;
	}
	(void)snprintf(phones->state, sizeof(phones->state), "%s", state);
	if (!phones->gateway) {
		assert_int_equal(bus_object_new(phones->bus, GATEWAY_PATH, gateway_interfaces,
						phones, &phones->gateway),
				 0);
		return;
	}
	bus_object_changed(phones->gateway, GATEWAY, "State");
	bus_object_flush(phones->gateway);
}

void fake_phones_call(struct fake_phones *phones, unsigned int n, const char *number,
		      const char *state)
{
	struct fake_phones_call *call = &phones->calls[n];
	char path[128];

	assert_null(call->object);
	*call = (struct fake_phones_call){ .phones = phones };
	(void)snprintf(call->state, sizeof(call->state), "%s", state);
	(void)snprintf(call->number, sizeof(call->number), "%s", number);
	(void)snprintf(path, sizeof(path), GATEWAY_PATH "/call%u", n);
	assert_int_equal(bus_object_new(phones->bus, path, call_interfaces, call, &call->object),
			 0);
}

void fake_phones_state(struct fake_phones *phones, unsigned int n, const char *state)
{
	struct fake_phones_call *call = &phones->calls[n];

	(void)snprintf(call->state, sizeof(call->state), "%s", state);
	bus_object_changed(call->object, CALL, "State");
	bus_object_flush(call->object);
}

void fake_phones_remove(struct fake_phones *phones, unsigned int n)
{
	phones->calls[n].object = bus_object_free(phones->calls[n].object);
}
