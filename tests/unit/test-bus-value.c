/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Values of a stranger are read only where they are what we look for.
 */
#include "dbus/bus.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
	*state = dbus_message_new(DBUS_MESSAGE_TYPE_METHOD_RETURN);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	dbus_message_unref(*state);
	return 0;
}

static void test_basic_value_is_read_bare_and_in_a_variant(void **state)
{
	DBusMessage *message = *state;
	const char *text = "text";
	uint32_t number = 7;
	DBusMessageIter iter;

	dbus_message_iter_init_append(message, &iter);
	bus_append_basic(&iter, DBUS_TYPE_UINT32, &number);
	bus_append_variant(&iter, DBUS_TYPE_STRING, &text);
	number = 0;
	text = NULL;
	dbus_message_iter_init(message, &iter);
	assert_int_equal(bus_read_basic(&iter, DBUS_TYPE_UINT32, &number), 0);
	assert_int_equal(number, 7);
	dbus_message_iter_next(&iter);
	assert_int_equal(bus_read_basic(&iter, DBUS_TYPE_STRING, &text), 0);
	assert_string_equal(text, "text");
}

static void test_value_of_another_type_is_refused_and_not_written(void **state)
{
	DBusMessage *message = *state;
	const char *text = "text";
	const char *kept = "kept";
	int32_t number = 7;
	DBusMessageIter iter;

	dbus_message_iter_init_append(message, &iter);
	bus_append_basic(&iter, DBUS_TYPE_STRING, &text);
	bus_append_variant(&iter, DBUS_TYPE_INT32, &number);
	dbus_message_iter_init(message, &iter);
	assert_int_equal(bus_read_basic(&iter, DBUS_TYPE_OBJECT_PATH, &kept), -EINVAL);
	assert_int_equal(bus_read_basic(&iter, DBUS_TYPE_VARIANT, &kept), -EINVAL);
	dbus_message_iter_next(&iter);
	assert_int_equal(bus_read_basic(&iter, DBUS_TYPE_STRING, &kept), -EINVAL);
	assert_int_equal(bus_read_basic(&iter, DBUS_TYPE_UINT32, &kept), -EINVAL);
	dbus_message_iter_next(&iter);
	assert_int_equal(bus_read_basic(&iter, DBUS_TYPE_STRING, &kept), -EINVAL);
	assert_string_equal(kept, "kept");
}

struct seen {
	unsigned int n;
	unsigned int stop_at;
};

static int see(void *data, const char *key, DBusMessageIter *value)
{
	static const char *const keys[] = { "A", "B", "C" };
	struct seen *seen = data;

	assert_true(seen->n < 3);
	assert_string_equal(key, keys[seen->n]);
	seen->n++;
	return seen->n == seen->stop_at ? 5 : 0;
}

static void append_dict(DBusMessageIter *iter)
{
	DBusMessageIter dict;
	dbus_bool_t yes = TRUE;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry_string(&dict, "A", "a");
	bus_append_entry(&dict, "B", DBUS_TYPE_BOOLEAN, &yes);
	bus_append_entry_string(&dict, "C", "c");
	dbus_message_iter_close_container(iter, &dict);
}

static void test_dict_is_read_in_order_until_told_to_stop(void **state)
{
	DBusMessage *message = *state;
	DBusMessageIter variant;
	DBusMessageIter iter;
	struct seen all = { 0 };
	struct seen some = { .stop_at = 2 };
	struct seen inside = { 0 };

	dbus_message_iter_init_append(message, &iter);
	append_dict(&iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_VARIANT, "a{sv}", &variant);
	append_dict(&variant);
	dbus_message_iter_close_container(&iter, &variant);
	dbus_message_iter_init(message, &iter);
	assert_int_equal(bus_read_dict(&iter, see, &all), 0);
	assert_int_equal(all.n, 3);
	assert_int_equal(bus_read_dict(&iter, see, &some), 5);
	assert_int_equal(some.n, 2);
	dbus_message_iter_next(&iter);
	assert_int_equal(bus_read_dict(&iter, see, &inside), 0);
	assert_int_equal(inside.n, 3);
}

static void test_what_is_no_dict_of_variants_is_refused(void **state)
{
	static const char *const arrays[] = { "s", "{ss}", "{sa{sv}}", "{uv}", "a{sv}" };
	DBusMessage *message = *state;
	DBusMessageIter array;
	DBusMessageIter iter;
	const char *text = "text";

	dbus_message_iter_init_append(message, &iter);
	bus_append_basic(&iter, DBUS_TYPE_STRING, &text);
	bus_append_variant(&iter, DBUS_TYPE_STRING, &text);
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, arrays[i], &array);
		dbus_message_iter_close_container(&iter, &array);
	}
	dbus_message_iter_init(message, &iter);
	do {
		assert_int_equal(bus_read_dict(&iter, see, NULL), -EINVAL);
	} while (dbus_message_iter_next(&iter));
	assert_int_equal(bus_read_dict(&iter, see, NULL), -EINVAL);
}

#define value_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		value_test(test_basic_value_is_read_bare_and_in_a_variant),
		value_test(test_value_of_another_type_is_refused_and_not_written),
		value_test(test_dict_is_read_in_order_until_told_to_stop),
		value_test(test_what_is_no_dict_of_variants_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
