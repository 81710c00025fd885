/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Tables: which are taken, and the introspection that is written from them.
 */
#include "bus-thing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- registering ----------------------------------------------------------------------------- */

static void test_path_that_is_taken_is_refused_until_it_is_free(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_object *object;
	struct thing thing;

	thing_serve(pair, &thing);
	assert_int_equal(
		bus_object_new(pair->server.bus, THING_PATH, thing_other_interfaces, NULL, &object),
		-EEXIST);
	assert_string_equal(bus_object_path(thing.object), THING_PATH);
	assert_null(bus_object_free(thing.object));
	assert_null(bus_object_free(NULL));
	assert_int_equal(
		bus_object_new(pair->server.bus, THING_PATH, thing_other_interfaces, NULL, &object),
		0);
	bus_object_free(object);
	assert_int_equal(
		bus_object_new(pair->server.bus, "no/path", thing_other_interfaces, NULL, &object),
		-EINVAL);
}

static int try_row(struct bus_pair *pair, const char *in)
{
	const struct bus_method methods[] = { { "M", in, "", thing_nothing }, { 0 } };
	const struct bus_interface interface = { .name = THING_NAME, .methods = methods };
	const struct bus_interface *const interfaces[] = { &interface, NULL };
	struct bus_object *object;
	int r = bus_object_new(pair->server.bus, THING_PATH, interfaces, NULL, &object);

	if (r == 0)
		bus_object_free(object);
	return r;
}

static void test_bad_row_is_refused(void **state)
{
	static const char *const good[] = { "",          "s a",
					    "s a, i b",  "a{sv} options",
					    "(ii) pair", "aa{sv} a_1, h fd" };
	static const char *const bad[] = { "s",       "s ",    " s a",      "s a,",   "s a, ",
					   "s a,i b", "ss a",  "a a",       "{sv} a", "z a",
					   "s a b",   "s a-b", "s a, , i b" };
	struct bus_pair *pair = *state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(try_row(pair, good[i]), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (try_row(pair, bad[i]) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
	assert_int_equal(try_row(pair, NULL), -EINVAL);
}

static int get_nothing(void *data, DBusMessageIter *value)
{
	return -ENODATA;
}

static void test_bad_table_is_refused(void **state)
{
	const struct bus_interface tables[] = {
		{ .name = "noDots" },
		{ .name = DBUS_INTERFACE_PROPERTIES },
		{ .name = THING_NAME,
		  .properties =
			  (const struct bus_property[]){ { "P", "ii", get_nothing }, { 0 } } },
		{ .name = THING_NAME,
		  .properties = (const struct bus_property[]){ { "P", "i" }, { 0 } } },
		{ .name = THING_NAME,
		  .signals = (const struct bus_signal[]){ { "S-S", "" }, { 0 } } },
		{ .name = THING_NAME,
		  .methods = (const struct bus_method[]){ { "M", "", "" }, { 0 } } },
	};
	const struct bus_interface *const twice[] = { thing_other_interfaces[0],
						      thing_other_interfaces[0], NULL };
	struct bus_pair *pair = *state;
	struct bus_object *object;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		const struct bus_interface *const interfaces[] = { &tables[i], NULL };

		assert_int_equal(
			bus_object_new(pair->server.bus, THING_PATH, interfaces, NULL, &object),
			-EINVAL);
	}
	assert_int_equal(bus_object_new(pair->server.bus, THING_PATH, twice, NULL, &object),
			 -EINVAL);
}

/* ---- introspection --------------------------------------------------------------------------- */

#define STANDARD                                                            \
	"  <interface name=\"org.freedesktop.DBus.Introspectable\">\n"      \
	"    <method name=\"Introspect\">\n"                                \
	"      <arg name=\"xml\" type=\"s\" direction=\"out\"/>\n"          \
	"    </method>\n"                                                   \
	"  </interface>\n"                                                  \
	"  <interface name=\"org.freedesktop.DBus.Peer\">\n"                \
	"    <method name=\"Ping\"/>\n"                                     \
	"    <method name=\"GetMachineId\">\n"                              \
	"      <arg name=\"machine_uuid\" type=\"s\" direction=\"out\"/>\n" \
	"    </method>\n"                                                   \
	"  </interface>\n"
#define PROPERTIES                                                            \
	"  <interface name=\"org.freedesktop.DBus.Properties\">\n"            \
	"    <method name=\"Get\">\n"                                         \
	"      <arg name=\"interface\" type=\"s\" direction=\"in\"/>\n"       \
	"      <arg name=\"name\" type=\"s\" direction=\"in\"/>\n"            \
	"      <arg name=\"value\" type=\"v\" direction=\"out\"/>\n"          \
	"    </method>\n"                                                     \
	"    <method name=\"Set\">\n"                                         \
	"      <arg name=\"interface\" type=\"s\" direction=\"in\"/>\n"       \
	"      <arg name=\"name\" type=\"s\" direction=\"in\"/>\n"            \
	"      <arg name=\"value\" type=\"v\" direction=\"in\"/>\n"           \
	"    </method>\n"                                                     \
	"    <method name=\"GetAll\">\n"                                      \
	"      <arg name=\"interface\" type=\"s\" direction=\"in\"/>\n"       \
	"      <arg name=\"properties\" type=\"a{sv}\" direction=\"out\"/>\n" \
	"    </method>\n"                                                     \
	"    <signal name=\"PropertiesChanged\">\n"                           \
	"      <arg name=\"interface\" type=\"s\"/>\n"                        \
	"      <arg name=\"changed\" type=\"a{sv}\"/>\n"                      \
	"      <arg name=\"invalidated\" type=\"as\"/>\n"                     \
	"    </signal>\n"                                                     \
	"  </interface>\n"
#define THING                                                               \
	"  <interface name=\"org.callroute.Test1\">\n"                      \
	"    <method name=\"Add\">\n"                                       \
	"      <arg name=\"kind\" type=\"s\" direction=\"in\"/>\n"          \
	"      <arg name=\"options\" type=\"a{sv}\" direction=\"in\"/>\n"   \
	"      <arg name=\"call\" type=\"o\" direction=\"out\"/>\n"         \
	"    </method>\n"                                                   \
	"    <method name=\"Nothing\"/>\n"                                  \
	"    <signal name=\"Moved\">\n"                                     \
	"      <arg name=\"old\" type=\"s\"/>\n"                            \
	"      <arg name=\"new\" type=\"s\"/>\n"                            \
	"    </signal>\n"                                                   \
	"    <signal name=\"Gone\"/>\n"                                     \
	"    <property name=\"Level\" type=\"i\" access=\"readwrite\"/>\n"  \
	"    <property name=\"Battery\" type=\"i\" access=\"read\"/>\n"     \
	"    <property name=\"Routes\" type=\"aa{sv}\" access=\"read\"/>\n" \
	"  </interface>\n"                                                  \
	"  <interface name=\"org.callroute.Other1\">\n"                     \
	"    <property name=\"Broken\" type=\"i\" access=\"read\"/>\n"      \
	"  </interface>\n"

static void assert_introspected(struct bus_pair *pair, const char *path, const char *expected)
{
	struct bus_answer answer;
	const char *text;

	bus_pair_call(pair,
		      bus_pair_message(pair, path, DBUS_INTERFACE_INTROSPECTABLE, "Introspect"),
		      &answer);
	assert_string_equal(answer.error, "");
	assert_true(dbus_message_get_args(answer.reply, NULL, DBUS_TYPE_STRING, &text,
					  DBUS_TYPE_INVALID));
	assert_string_equal(text, expected);
	bus_answer_done(&answer);
}

static void test_introspection_is_written_from_the_rows(void **state)
{
	static const char expected[] = DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE
		"<node>\n" THING STANDARD PROPERTIES "</node>\n";
	struct bus_pair *pair = *state;
	char *text = bus_introspect(thing_interfaces);
	struct thing thing;

	assert_string_equal(text, expected);
	free(text);
	thing_serve(pair, &thing);
	assert_introspected(pair, THING_PATH, expected);
	bus_object_free(thing.object);
}

static void test_introspection_on_the_way_lists_each_child_once(void **state)
{
	static const char *const paths[] = { THING_SECOND, "/test/two/deep", "/tester" };
	struct bus_object *objects[3];
	struct bus_pair *pair = *state;
	struct thing thing;

	thing_serve(pair, &thing);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(bus_object_new(pair->server.bus, paths[i], thing_other_interfaces,
						NULL, &objects[i]),
				 0);
	assert_introspected(pair, "/test",
			    DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE
			    "<node>\n" STANDARD "  <node name=\"one\"/>\n"
			    "  <node name=\"two\"/>\n</node>\n");
	assert_introspected(pair, "/",
			    DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE
			    "<node>\n" STANDARD "  <node name=\"test\"/>\n"
			    "  <node name=\"tester\"/>\n</node>\n");
	for (size_t i = 0; i < 3; i++)
		bus_object_free(objects[i]);
	bus_object_free(thing.object);
}

#define bus_test(test) cmocka_unit_test_setup_teardown(test, bus_pair_setup, bus_pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bus_test(test_path_that_is_taken_is_refused_until_it_is_free),
		bus_test(test_bad_row_is_refused),
		bus_test(test_bad_table_is_refused),
		bus_test(test_introspection_is_written_from_the_rows),
		bus_test(test_introspection_on_the_way_lists_each_child_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
