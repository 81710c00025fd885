/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The properties answer from struct thing, so that a test changes them by writing there.
 */
#include "bus-thing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int get_level(void *data, DBusMessageIter *value)
{
	struct thing *thing = data;

	thing->gets++;
	bus_append_basic(value, DBUS_TYPE_INT32, &thing->level);
	return 0;
}

static int set_level(void *data, DBusMessageIter *value, DBusError *error)
{
	struct thing *thing = data;
	int32_t level;

	dbus_message_iter_get_basic(value, &level);
	if (level < 0)
		return bus_error_set(error, "org.callroute.Error.OutOfRange", "%d is below 0",
				     level);
	if (level > 100)
		return -ERANGE;
	thing->level = level;
	bus_object_changed(thing->object, THING_NAME, "Level");
	return 0;
}

static int get_battery(void *data, DBusMessageIter *value)
{
	struct thing *thing = data;

	if (thing->battery < 0)
		return -ENODATA;
	bus_append_basic(value, DBUS_TYPE_INT32, &thing->battery);
	return 0;
}

static int get_routes(void *data, DBusMessageIter *value)
{
	static const char *const routes[] = { "handset", "speaker" };
	DBusMessageIter array;
	DBusMessageIter dict;

	dbus_message_iter_open_container(value, DBUS_TYPE_ARRAY, "a{sv}", &array);
	for (size_t i = 0; i < 2; i++) {
		dbus_message_iter_open_container(&array, DBUS_TYPE_ARRAY, "{sv}", &dict);
		bus_append_entry_string(&dict, "Route", routes[i]);
		dbus_message_iter_close_container(&array, &dict);
	}
	dbus_message_iter_close_container(value, &array);
	return 0;
}

static int get_broken(void *data, DBusMessageIter *value)
{
	return -EIO;
}

void thing_nothing(struct bus_call *call, void *data)
{
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static const struct bus_method thing_methods[] = {
	{ "Add", "s kind, a{sv} options", "o call", thing_nothing },
	{ "Nothing", "", "", thing_nothing },
	{ 0 },
};
static const struct bus_signal thing_signals[] = {
	{ "Moved", "s old, s new" },
	{ "Gone", "" },
	{ 0 },
};
static const struct bus_property thing_properties[] = {
	{ "Level", "i", get_level, set_level },
	{ "Battery", "i", get_battery, NULL },
	{ "Routes", "aa{sv}", get_routes, NULL },
	{ 0 },
};
static const struct bus_property broken_properties[] = {
	{ "Broken", "i", get_broken, NULL },
	{ 0 },
};
static const struct bus_interface thing_interface = {
	.name = THING_NAME,
	.methods = thing_methods,
	.signals = thing_signals,
	.properties = thing_properties,
};
static const struct bus_interface other_interface = {
	.name = THING_OTHER,
	.properties = broken_properties,
};
const struct bus_interface *const thing_interfaces[] = { &thing_interface, &other_interface, NULL };
const struct bus_interface *const thing_other_interfaces[] = { &other_interface, NULL };

void thing_serve(struct bus_pair *pair, struct thing *ret)
{
	*ret = (struct thing){ .level = 7, .battery = -1 };
	assert_int_equal(
		bus_object_new(pair->server.bus, THING_PATH, thing_interfaces, ret, &ret->object),
		0);
}
