/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Objects as another connection sees them: properties, signals, the object manager.
 */
#include "bus-thing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- reading and setting --------------------------------------------------------------------- */

static void get(struct bus_pair *pair, const char *interface, const char *name,
		struct bus_answer *ret)
{
	bus_pair_call(pair,
		      bus_message(bus_unique_name(pair->server.bus), THING_PATH,
				  DBUS_INTERFACE_PROPERTIES, "Get", DBUS_TYPE_STRING, &interface,
				  DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID),
		      ret);
}

static void set(struct bus_pair *pair, const char *name, int type, const void *value, bool bare,
		struct bus_answer *ret)
{
	const char *interface = THING_NAME;
	DBusMessage *message = bus_message(bus_unique_name(pair->server.bus), THING_PATH,
					   DBUS_INTERFACE_PROPERTIES, "Set", DBUS_TYPE_STRING,
					   &interface, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	DBusMessageIter iter;

	dbus_message_iter_init_append(message, &iter);
	if (bare)
		bus_append_basic(&iter, type, value);
	else
		bus_append_variant(&iter, type, value);
	bus_pair_call(pair, message, ret);
}

static void assert_error(struct bus_answer *answer, const char *error)
{
	assert_string_equal(answer->error, error);
	bus_answer_done(answer);
}

static void test_property_is_read(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct thing thing;

	thing_serve(pair, &thing);
	get(pair, THING_NAME, "Level", &answer);
	assert_string_equal(answer.error, "");
	assert_int_equal(answer.number, 7);
	bus_answer_done(&answer);
	get(pair, "", "Level", &answer);
	assert_int_equal(answer.number, 7);
	bus_answer_done(&answer);
	get(pair, THING_NAME, "Routes", &answer);
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	bus_object_free(thing.object);
}

static void test_property_that_cannot_be_read_is_told_by_name(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct thing thing;

	thing_serve(pair, &thing);
	get(pair, THING_NAME, "Battery", &answer);
	assert_error(&answer, DBUS_ERROR_UNKNOWN_PROPERTY);
	get(pair, THING_NAME, "Nothing", &answer);
	assert_error(&answer, DBUS_ERROR_UNKNOWN_PROPERTY);
	get(pair, "org.other.Thing", "Level", &answer);
	assert_error(&answer, DBUS_ERROR_UNKNOWN_INTERFACE);
	get(pair, THING_OTHER, "Level", &answer);
	assert_error(&answer, DBUS_ERROR_UNKNOWN_PROPERTY);
	get(pair, THING_OTHER, "Broken", &answer);
	assert_error(&answer, DBUS_ERROR_FAILED);
	bus_object_free(thing.object);
}

static void test_property_is_set_by_a_bare_value(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct thing thing;
	int32_t level = 11;
	uint16_t narrow = 12;

	thing_serve(pair, &thing);
	set(pair, "Level", DBUS_TYPE_INT32, &level, true, &answer);
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_int_equal(thing.level, 11);
	set(pair, "Level", DBUS_TYPE_UINT16, &narrow, true, &answer);
	assert_error(&answer, DBUS_ERROR_INVALID_ARGS);
	assert_int_equal(thing.level, 11);
	bus_object_free(thing.object);
}

static void test_property_that_cannot_be_set_is_told_by_name(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct thing thing;
	const char *text = "9";
	int32_t level = 9;
	int32_t below = -1;
	int32_t above = 101;

	thing_serve(pair, &thing);
	set(pair, "Battery", DBUS_TYPE_INT32, &level, false, &answer);
	assert_error(&answer, DBUS_ERROR_PROPERTY_READ_ONLY);
	set(pair, "Level", DBUS_TYPE_STRING, &text, false, &answer);
	assert_error(&answer, DBUS_ERROR_INVALID_ARGS);
	set(pair, "Nothing", DBUS_TYPE_INT32, &level, false, &answer);
	assert_error(&answer, DBUS_ERROR_UNKNOWN_PROPERTY);
	set(pair, "Level", DBUS_TYPE_INT32, &below, false, &answer);
	assert_string_equal(answer.message, "-1 is below 0");
	assert_error(&answer, "org.callroute.Error.OutOfRange");
	set(pair, "Level", DBUS_TYPE_INT32, &above, false, &answer);
	assert_error(&answer, DBUS_ERROR_FAILED);
	assert_int_equal(thing.level, 7);
	bus_object_free(thing.object);
}

/* What an a{sv} holds, as "Key Key=number". */
struct listing {
	char text[256];
};

static int list_entry(void *data, const char *key, DBusMessageIter *value)
{
	struct listing *listing = data;
	size_t n = strlen(listing->text);
	int32_t number;

	if (bus_read_basic(value, DBUS_TYPE_INT32, &number) == 0)
		(void)snprintf(listing->text + n, sizeof(listing->text) - n, "%s%s=%d",
			       n ? " " : "", key, number);
	else
		(void)snprintf(listing->text + n, sizeof(listing->text) - n, "%s%s", n ? " " : "",
			       key);
	return 0;
}

static void get_all(struct bus_pair *pair, const char *interface, struct bus_answer *ret,
		    struct listing *ret_listing)
{
	DBusMessageIter iter;

	*ret_listing = (struct listing){ 0 };
	bus_pair_call(pair,
		      bus_message(bus_unique_name(pair->server.bus), THING_PATH,
				  DBUS_INTERFACE_PROPERTIES, "GetAll", DBUS_TYPE_STRING, &interface,
				  DBUS_TYPE_INVALID),
		      ret);
	if (!ret->error[0] && dbus_message_iter_init(ret->reply, &iter))
		assert_int_equal(bus_read_dict(&iter, list_entry, ret_listing), 0);
	bus_answer_done(ret);
}

static void test_absent_property_is_left_out_of_all(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct listing listing;
	struct thing thing;

	thing_serve(pair, &thing);
	get_all(pair, THING_NAME, &answer, &listing);
	assert_string_equal(listing.text, "Level=7 Routes");
	thing.battery = 80;
	get_all(pair, THING_NAME, &answer, &listing);
	assert_string_equal(listing.text, "Level=7 Battery=80 Routes");
	get_all(pair, THING_OTHER, &answer, &listing);
	assert_string_equal(answer.error, "");
	assert_string_equal(listing.text, "");
	get_all(pair, DBUS_INTERFACE_PROPERTIES, &answer, &listing);
	assert_string_equal(answer.error, "");
	get_all(pair, "org.other.Thing", &answer, &listing);
	assert_string_equal(answer.error, DBUS_ERROR_UNKNOWN_INTERFACE);
	bus_object_free(thing.object);
}

/* ---- announcing ------------------------------------------------------------------------------ */

/* Each signal as one line. */
struct heard {
	unsigned int n;
	char lines[8][512];
};

static void hear(void *data, DBusMessage *signal)
{
	struct heard *heard = data;
	struct listing listing = { 0 };
	DBusMessageIter iter;
	DBusMessageIter names;
	const char *text = "";
	char *line;

	assert_true(heard->n < 8);
	line = heard->lines[heard->n++];
	(void)dbus_message_iter_init(signal, &iter);
	if (dbus_message_has_signature(signal, "sa{sv}as")) {
		dbus_message_iter_get_basic(&iter, &text);
		dbus_message_iter_next(&iter);
		assert_int_equal(bus_read_dict(&iter, list_entry, &listing), 0);
		dbus_message_iter_next(&iter);
		(void)snprintf(line, 512, "%s: %s;", text, listing.text);
		dbus_message_iter_recurse(&iter, &names);
	} else if (dbus_message_has_signature(signal, "oas")) {
		dbus_message_iter_get_basic(&iter, &text);
		dbus_message_iter_next(&iter);
		(void)snprintf(line, 512, "-%s", text);
		dbus_message_iter_recurse(&iter, &names);
	} else {
		if (dbus_message_iter_get_arg_type(&iter) != DBUS_TYPE_INVALID)
			dbus_message_iter_get_basic(&iter, &text);
		(void)snprintf(line, 512, "%s %s",
			       dbus_message_is_signal(signal, "org.freedesktop.DBus.ObjectManager",
						      "InterfacesAdded")
				       ? "+"
				       : dbus_message_get_member(signal),
			       text);
		return;
	}
	for (; dbus_message_iter_get_arg_type(&names) == DBUS_TYPE_STRING;
	     dbus_message_iter_next(&names)) {
		size_t n = strlen(line);

		dbus_message_iter_get_basic(&names, &text);
		(void)snprintf(line + n, 512 - n, " %s", text);
	}
}

static struct bus_match *listen_to(struct bus_pair *pair, const char *path, const char *interface,
				   struct heard *heard)
{
	struct bus_match *match;

	*heard = (struct heard){ 0 };
	assert_int_equal(bus_match(pair->client.bus, bus_unique_name(pair->server.bus), path,
				   interface, NULL, hear, heard, &match),
			 0);
	bus_pair_settle(pair);
	return match;
}

static void test_property_is_set_and_the_change_announced(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct bus_match *match;
	struct heard heard;
	struct thing thing;
	int32_t level = 9;

	thing_serve(pair, &thing);
	match = listen_to(pair, THING_PATH, DBUS_INTERFACE_PROPERTIES, &heard);
	set(pair, "Level", DBUS_TYPE_INT32, &level, false, &answer);
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	bus_pair_settle(pair);
	assert_int_equal(heard.n, 1);
	assert_string_equal(heard.lines[0], THING_NAME ": Level=9;");
	bus_match_free(match);
	bus_object_free(thing.object);
}

static void test_changes_of_an_iteration_are_one_signal(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_match *match;
	struct heard heard;
	struct thing thing;

	thing_serve(pair, &thing);
	match = listen_to(pair, THING_PATH, DBUS_INTERFACE_PROPERTIES, &heard);
	bus_object_changed(thing.object, THING_NAME, "Battery");
	bus_object_changed(thing.object, THING_NAME, "Level");
	thing.level = 1;
	bus_object_changed(thing.object, THING_NAME, "Level");
	thing.level = 2;
	bus_object_changed(thing.object, THING_NAME, "Nothing");
	bus_object_changed(thing.object, "org.other.Thing", "Level");
	bus_pair_settle(pair);
	assert_int_equal(heard.n, 1);
	assert_string_equal(heard.lines[0], THING_NAME ": Level=2; Battery");
	assert_int_equal(thing.gets, 1);

	thing.battery = 50;
	bus_object_changed(thing.object, THING_NAME, "Battery");
	bus_pair_settle(pair);
	assert_int_equal(heard.n, 2);
	assert_string_equal(heard.lines[1], THING_NAME ": Battery=50;");
	bus_pair_settle(pair);
	assert_int_equal(heard.n, 2);
	bus_match_free(match);
	bus_object_free(thing.object);
}

static void test_flush_sends_the_change_now(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_match *match;
	struct heard heard;
	struct thing thing;

	thing_serve(pair, &thing);
	match = listen_to(pair, THING_PATH, DBUS_INTERFACE_PROPERTIES, &heard);
	bus_object_changed(thing.object, THING_NAME, "Level");
	bus_object_flush(thing.object);
	bus_object_changed(thing.object, THING_NAME, "Level");
	bus_pair_settle(pair);
	assert_int_equal(heard.n, 2);
	/* thing_nothing of an object that has gone */
	bus_object_changed(thing.object, THING_NAME, "Level");
	bus_object_free(thing.object);
	bus_pair_settle(pair);
	assert_int_equal(heard.n, 2);
	bus_match_free(match);
}

static void test_signal_is_emitted_as_its_row_says(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_match *match;
	const char *from = "a";
	const char *to = "b";
	struct heard heard;
	struct thing thing;

	thing_serve(pair, &thing);
	match = listen_to(pair, THING_PATH, THING_NAME, &heard);
	assert_int_equal(bus_object_emit(thing.object, THING_NAME, "Moved", DBUS_TYPE_STRING, &from,
					 DBUS_TYPE_STRING, &to, DBUS_TYPE_INVALID),
			 0);
	assert_int_equal(bus_object_emit(thing.object, THING_NAME, "Gone", DBUS_TYPE_INVALID), 0);
	assert_int_equal(bus_object_emit(thing.object, THING_NAME, "Moved", DBUS_TYPE_STRING, &from,
					 DBUS_TYPE_INVALID),
			 -EINVAL);
	assert_int_equal(bus_object_emit(thing.object, THING_NAME, "Other", DBUS_TYPE_INVALID),
			 -EINVAL);
	assert_int_equal(bus_object_emit(thing.object, THING_OTHER, "Gone", DBUS_TYPE_INVALID),
			 -EINVAL);
	assert_int_equal(bus_object_emit(thing.object, "a.b", "Gone", DBUS_TYPE_INVALID), -EINVAL);
	bus_pair_settle(pair);
	assert_int_equal(heard.n, 2);
	assert_string_equal(heard.lines[0], "Moved a");
	assert_string_equal(heard.lines[1], "Gone ");
	bus_match_free(match);
	bus_object_free(thing.object);
}

/* ---- the object manager ---------------------------------------------------------------------- */

static void list_objects(struct bus_pair *pair, const char *path, char ret[static 256])
{
	struct bus_answer answer;
	DBusMessageIter iter;
	DBusMessageIter objects;
	DBusMessageIter entry;
	const char *object;

	ret[0] = '\0';
	bus_pair_call(pair,
		      bus_pair_message(pair, path, "org.freedesktop.DBus.ObjectManager",
				       "GetManagedObjects"),
		      &answer);
	assert_string_equal(answer.error, "");
	assert_true(dbus_message_has_signature(answer.reply, "a{oa{sa{sv}}}"));
	(void)dbus_message_iter_init(answer.reply, &iter);
	dbus_message_iter_recurse(&iter, &objects);
	for (; dbus_message_iter_get_arg_type(&objects) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&objects)) {
		size_t n = strlen(ret);

		dbus_message_iter_recurse(&objects, &entry);
		dbus_message_iter_get_basic(&entry, &object);
		(void)snprintf(ret + n, 256 - n, "%s%s", n ? " " : "", object);
	}
	bus_answer_done(&answer);
}

static void test_object_manager_tells_of_all_below_it(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_object *second;
	struct bus_object *outside;
	struct bus_match *match;
	struct heard heard;
	struct thing thing;
	char list[256];

	assert_int_equal(bus_object_manager(pair->server.bus, "/test"), 0);
	assert_int_equal(bus_object_manager(pair->server.bus, "/test"), -EEXIST);
	assert_int_equal(bus_object_manager(pair->server.bus, "test"), -EINVAL);
	match = listen_to(pair, "/test", NULL, &heard);
	thing_serve(pair, &thing);
	assert_int_equal(bus_object_new(pair->server.bus, THING_SECOND, thing_other_interfaces,
					NULL, &second),
			 0);
	assert_int_equal(bus_object_new(pair->server.bus, "/testing", thing_other_interfaces, NULL,
					&outside),
			 0);
	list_objects(pair, "/test", list);
	assert_string_equal(list, THING_PATH " " THING_SECOND);
	second = bus_object_free(second);
	bus_object_free(outside);
	bus_object_free(thing.object);
	list_objects(pair, "/test", list);
	assert_string_equal(list, "");
	bus_pair_settle(pair);
	assert_int_equal(heard.n, 4);
	assert_string_equal(heard.lines[0], "+ " THING_PATH);
	assert_string_equal(heard.lines[1], "+ " THING_SECOND);
	assert_string_equal(heard.lines[2], "-" THING_SECOND " " THING_OTHER);
	assert_string_equal(heard.lines[3], "-" THING_PATH " " THING_NAME " " THING_OTHER);
	bus_match_free(match);
}

static void test_object_manager_of_an_interface_tells_of_no_other(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_object *second;
	struct bus_match *match;
	struct heard heard;
	struct thing thing;
	char list[256];

	assert_int_equal(bus_object_manager_of(pair->server.bus, "/", THING_NAME), 0);
	match = listen_to(pair, "/", NULL, &heard);
	thing_serve(pair, &thing);
	assert_int_equal(bus_object_new(pair->server.bus, THING_SECOND, thing_other_interfaces,
					NULL, &second),
			 0);
	list_objects(pair, "/", list);
	assert_string_equal(list, THING_PATH);
	bus_object_free(second);
	bus_object_free(thing.object);
	bus_pair_settle(pair);
	assert_int_equal(heard.n, 2);
	bus_match_free(match);
}

#define bus_test(test) cmocka_unit_test_setup_teardown(test, bus_pair_setup, bus_pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bus_test(test_property_is_read),
		bus_test(test_property_that_cannot_be_read_is_told_by_name),
		bus_test(test_property_is_set_by_a_bare_value),
		bus_test(test_property_that_cannot_be_set_is_told_by_name),
		bus_test(test_absent_property_is_left_out_of_all),
		bus_test(test_property_is_set_and_the_change_announced),
		bus_test(test_changes_of_an_iteration_are_one_signal),
		bus_test(test_flush_sends_the_change_now),
		bus_test(test_signal_is_emitted_as_its_row_says),
		bus_test(test_object_manager_tells_of_all_below_it),
		bus_test(test_object_manager_of_an_interface_tells_of_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
