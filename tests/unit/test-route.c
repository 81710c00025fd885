/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Routes and addresses as text, both ways.
 */
#include "policy/route.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void test_route_text_and_back_is_the_same(void **state)
{
	static const struct {
		const char *text;
		struct route route;
	} rows[] = {
		{ "none", { ROUTE_NONE, 0 } },
		{ "handset", { ROUTE_HANDSET, 0 } },
		{ "speaker", { ROUTE_SPEAKER, 0 } },
		{ "wired", { ROUTE_WIRED, 0 } },
		{ "headset", { ROUTE_HEADSET, 0 } },
		{ "headset:AA:BB:CC:DD:EE:0F", { ROUTE_HEADSET, 0xaabbccddee0f } },
		{ "bt-speaker:00:00:00:00:00:01", { ROUTE_BT_SPEAKER, 1 } },
	};
	char text[ROUTE_STRING_SIZE];
	struct route route;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(route_from_string(rows[i].text, &route), 0);
		assert_true(route_equal(route, rows[i].route));
		route_to_string(rows[i].route, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_route_wrong_text_is_refused_and_changes_nothing(void **state)
{
	static const char *const rows[] = {
		"",
		"Handset",
		"handset ",
		" handset",
		"handset:",
		"handset:AA:BB:CC:DD:EE:FF",
		"bt-speaker",
		"bt-speaker:",
		"headset:",
		"headset:1",
		"headset:AA:BB:CC:DD:EE",
		"headset:AA:BB:CC:DD:EE:FF:00",
		"headset:AA:BB:CC:DD:EE:FG",
		"headset:00:00:00:00:00:00",
		"headset:AA-BB-CC-DD-EE-FF",
		"headsetAA:BB:CC:DD:EE:FF",
		"speaker2",
		"none:",
	};
	struct route route = { ROUTE_SPEAKER, 7 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(route_from_string(rows[i], &route), -EINVAL);
		assert_int_equal(route.kind, ROUTE_SPEAKER);
		assert_int_equal(route.device, 7);
	}
}

static void test_address_in_either_case_gives_the_same_device(void **state)
{
	char text[ROUTE_ADDRESS_SIZE];
	route_device upper, lower;

	assert_int_equal(route_device_from_address("0A:1B:2C:3D:4E:5F", &upper), 0);
	assert_int_equal(route_device_from_address("0a:1b:2c:3d:4e:5f", &lower), 0);
	assert_int_equal(upper, 0x0a1b2c3d4e5f);
	assert_int_equal(upper, lower);
	route_device_to_address(lower, text);
	assert_string_equal(text, "0A:1B:2C:3D:4E:5F");
	assert_int_equal(route_device_from_address("00:00:00:00:00:00", &upper), -EINVAL);
}

static void test_kinds_and_equality(void **state)
{
	assert_string_equal(route_kind_to_string(ROUTE_BT_SPEAKER), "bt-speaker");
	assert_true(route_is_bluetooth((struct route){ ROUTE_HEADSET, 1 }));
	assert_false(route_is_bluetooth((struct route){ ROUTE_WIRED, 0 }));
	assert_false(route_equal((struct route){ ROUTE_HEADSET, 1 },
				 (struct route){ ROUTE_HEADSET, 2 }));
	assert_false(route_equal((struct route){ ROUTE_HEADSET, 1 },
				 (struct route){ ROUTE_BT_SPEAKER, 1 }));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route_text_and_back_is_the_same),
		cmocka_unit_test(test_route_wrong_text_is_refused_and_changes_nothing),
		cmocka_unit_test(test_address_in_either_case_gives_the_same_device),
		cmocka_unit_test(test_kinds_and_equality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
