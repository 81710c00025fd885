/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See fake-gnome.h. The interface is that of GNOME Calls 51, src/dbus/org.gnome.Calls.Call.xml.
 */
#include "fake-gnome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NAME "org.gnome.Calls"
#define PATH "/org/gnome/Calls"
#define CALL "org.gnome.Calls.Call"

static void note(struct fake_gnome *gnome, struct bus_call *call, const char *line)
{
	size_t n = strlen(gnome->asked);

	(void)snprintf(gnome->asked + n, sizeof(gnome->asked) - n, "%s\n", line);
	if (gnome->refuses)
		bus_call_error(call, DBUS_ERROR_FAILED, "no");
	else
		bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void handle(struct bus_call *call, void *data)
{
	struct fake_gnome_call *of = data;
	DBusMessage *message = bus_call_message(call);
	const char *tone = "";
	DBusMessageIter args;
	char line[64];

	bus_call_args(call, &args);
	(void)bus_read_basic(&args, DBUS_TYPE_STRING, &tone);
	(void)snprintf(line, sizeof(line), "%s%s%s %d", dbus_message_get_member(message),
		       *tone ? " " : "", tone, (int)(of - of->gnome->calls));
	note(of->gnome, call, line);
}

static void handle_open(struct bus_call *call, void *data)
{
	DBusMessageIter args, uris;
	const char *uri = "";
	char line[256];

	bus_call_args(call, &args);
	dbus_message_iter_recurse(&args, &uris);
	(void)bus_read_basic(&uris, DBUS_TYPE_STRING, &uri);
	(void)snprintf(line, sizeof(line), "Open %s", uri);
	note(data, call, line);
}

static int get_state(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_UINT32, &((struct fake_gnome_call *)data)->state);
	return 0;
}

static int get_inbound(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &((struct fake_gnome_call *)data)->inbound);
	return 0;
}

static int get_id(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_STRING, &((struct fake_gnome_call *)data)->id);
	return 0;
}

static int get_name(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_STRING, &((struct fake_gnome_call *)data)->name);
	return 0;
}

static int get_protocol(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_STRING, &((struct fake_gnome_call *)data)->protocol);
	return 0;
}

static const struct bus_method call_methods[] = {
	{ "Accept", "", "", handle },
	{ "Hangup", "", "", handle },
	{ "SendDtmf", "s tone", "", handle },
	{ 0 },
};
static const struct bus_property call_properties[] = {
	{ "Inbound", "b", get_inbound, NULL },
	{ "State", "u", get_state, NULL },
	{ "Id", "s", get_id, NULL },
	{ "DisplayName", "s", get_name, NULL },
	{ "Protocol", "s", get_protocol, NULL },
	{ 0 },
};
static const struct bus_interface call_interface = { CALL, call_methods, NULL, call_properties };
static const struct bus_interface *const call_interfaces[] = { &call_interface, NULL };

static const struct bus_method application_methods[] = {
	{ "Open", "as uris, a{sv} platform_data", "", handle_open },
	{ 0 },
};
static const struct bus_interface application_interface = { "org.freedesktop.Application",
							    application_methods, NULL, NULL };
static const struct bus_interface *const application_interfaces[] = { &application_interface,
								      NULL };

struct fake_gnome *fake_gnome_new(struct bus *bus)
{
	struct fake_gnome *gnome = calloc(1, sizeof(*gnome));

	assert_non_null(gnome);
	gnome->bus = bus;
	assert_int_equal(bus_object_manager(bus, PATH), 0);
	assert_int_equal(
		bus_object_new(bus, PATH, application_interfaces, gnome, &gnome->application), 0);
	return gnome;
}

struct fake_gnome *fake_gnome_free(struct fake_gnome *gnome)
{
	for (unsigned int n = 0; n < FAKE_GNOME_CALLS; n++)
		(void)bus_object_free(gnome->calls[n].object);
	(void)bus_object_free(gnome->application);
	free(gnome);
	return NULL;
}

static void on_owned(void *data, const char *name, bool owned)
{
	(void)data;
	(void)name;
	assert_true(owned);
}

void fake_gnome_come(struct fake_gnome *gnome)
{
	assert_int_equal(bus_request_name(gnome->bus, NAME, on_owned, gnome), 0);
}

void fake_gnome_go(struct fake_gnome *gnome)
{
	bus_release_name(gnome->bus, NAME);
}

void fake_gnome_call(struct fake_gnome *gnome, unsigned int n, const char *protocol, const char *id,
		     bool inbound, uint32_t state)
{
	struct fake_gnome_call *call = &gnome->calls[n];
	char path[64];

	assert_null(call->object);
	*call = (struct fake_gnome_call){ gnome, NULL, state, inbound, id, id, protocol };
	(void)snprintf(path, sizeof(path), PATH "/Call/%u", n);
	assert_int_equal(bus_object_new(gnome->bus, path, call_interfaces, call, &call->object), 0);
}

void fake_gnome_state(struct fake_gnome *gnome, unsigned int n, uint32_t state)
{
	gnome->calls[n].state = state;
	bus_object_changed(gnome->calls[n].object, CALL, "State");
	bus_object_flush(gnome->calls[n].object);
}

void fake_gnome_name(struct fake_gnome *gnome, unsigned int n, const char *name)
{
	gnome->calls[n].name = name;
	bus_object_changed(gnome->calls[n].object, CALL, "DisplayName");
	bus_object_flush(gnome->calls[n].object);
}

void fake_gnome_remove(struct fake_gnome *gnome, unsigned int n)
{
	gnome->calls[n].object = bus_object_free(gnome->calls[n].object);
}
