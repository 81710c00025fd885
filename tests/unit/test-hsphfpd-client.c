/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the org.hsphfpd service tells of a headset besides its sound, and what may be sent to one.
 */
#include "hsphfpd-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CLIENT "org.hsphfpd.ClientEndpoint"
#define HSP_CLIENT "org.hsphfpd.HSPClientEndpoint"
#define OLD_PATH "/org/hsphfpd/hci0/dev_AA_BB_CC_00_00_03/hsp_hs"

static struct hsphfpd_endpoint *add(struct fixture *f, route_device remote, bool headset_profile)
{
	const struct hsphfpd_endpoint_info info = {
		.remote = remote,
		.local = 0x001122334455,
		.adapter_name = "hci0",
		.headset_profile = headset_profile,
		.features = 1u << 1 | 1u << 4 | 1u << 9 | 1u << 31,
		.battery_percent = -1,
		.msbc = true,
	};
	struct hsphfpd_endpoint *endpoint;

	assert_int_equal(hsphfpd_endpoint_new(f->service, &info, f, &endpoint), 0);
	return endpoint;
}

/* As text: a list with commas, or a number. Static storage. */
static const char *property(struct fixture *f, const char *path, const char *name)
{
	static char text[256];
	struct bus_answer answer;
	DBusMessageIter args, value, array;
	const char *word;
	int16_t number;
	size_t n = 0;

	bus_pair_call(f->pair, property_message(f, path, ENDPOINT, "Get", name), &answer);
	assert_string_equal(answer.error, "");
	dbus_message_iter_init(answer.reply, &args);
	dbus_message_iter_recurse(&args, &value);
	text[0] = '\0';
	if (dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_INT16) {
		dbus_message_iter_get_basic(&value, &number);
		(void)snprintf(text, sizeof(text), "%d", number);
	} else if (dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_STRING) {
		dbus_message_iter_get_basic(&value, &word);
		(void)snprintf(text, sizeof(text), "%s", word);
	} else if (dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_ARRAY) {
		dbus_message_iter_recurse(&value, &array);
		for (; bus_read_basic(&array, DBUS_TYPE_STRING, &word) == 0;
		     dbus_message_iter_next(&array))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? "," : "",
					      word);
	}
	bus_answer_done(&answer);
	return text;
}

static void test_features_are_those_that_the_headset_sent(void **state)
{
	struct fixture *f = *state;
	struct hsphfpd_endpoint *hands_free = add(f, 0xaabbcc000004, false);
	struct hsphfpd_endpoint *old = add(f, 0xaabbcc000003, true);

	assert_string_equal(
		property(f, "/org/hsphfpd/hci0/dev_AA_BB_CC_00_00_04/hfp_hf", "Features"),
		"three-way-calling,volume-control,esco-s4-settings,wide-band-speech");
	assert_string_equal(property(f, OLD_PATH, "Features"), "");
	hsphfpd_endpoint_free(hands_free);
	hsphfpd_endpoint_free(old);
}

static void test_the_battery_is_unknown_until_the_headset_tells(void **state)
{
	struct fixture *f = *state;
	struct hsphfpd_endpoint *old = add(f, 0xaabbcc000003, true);
	unsigned int changes;

	assert_string_equal(property(f, OLD_PATH, "BatteryLevel"), "-1");
	assert_string_equal(property(f, OLD_PATH, "PowerSource"), "unknown");
	changes = f->changes;
	hsphfpd_endpoint_set_battery(old, 40);
	assert_true(loop_until_count(f->pair->loop, &f->changes, changes + 1));
	assert_string_equal(f->changed, "Endpoint PowerSource BatteryLevel");
	assert_string_equal(property(f, OLD_PATH, "BatteryLevel"), "40");
	assert_string_equal(property(f, OLD_PATH, "PowerSource"), "battery");
	changes = f->changes;
	hsphfpd_endpoint_set_battery(old, 40);
	bus_pair_settle(f->pair);
	assert_int_equal(f->changes, changes);
	hsphfpd_endpoint_free(old);
}

static void call(struct fixture *f, const char *path, const char *interface, const char *member,
		 const char *text, const char *error)
{
	DBusMessage *message = bus_pair_message(f->pair, path, interface, member);
	struct bus_answer answer;

	if (text)
		dbus_message_append_args(message, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
	bus_pair_call(f->pair, message, &answer);
	assert_string_equal(answer.error, error);
	bus_answer_done(&answer);
}

static void test_only_an_hsp_headset_can_be_rung(void **state)
{
	struct fixture *f = *state;
	struct hsphfpd_endpoint *old = add(f, 0xaabbcc000003, true);

	call(f, OLD_PATH, HSP_CLIENT, "SendIncomingCallEvent", NULL, "");
	assert_int_equal(f->rings, 1);
	call(f, HEADSET_PATH, HSP_CLIENT, "SendIncomingCallEvent", NULL,
	     DBUS_ERROR_UNKNOWN_INTERFACE);
	assert_int_equal(f->rings, 1);
	hsphfpd_endpoint_free(old);
}

static void test_texts_are_refused_by_name(void **state)
{
	struct fixture *f = *state;

	call(f, HEADSET_PATH, CLIENT, "SendDisplayTextEvent", "hello", ERROR_PREFIX "NotSupported");
}

#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_features_are_those_that_the_headset_sent),
		T(test_the_battery_is_unknown_until_the_headset_tells),
		T(test_only_an_hsp_headset_can_be_rung),
		T(test_texts_are_refused_by_name),
	};

	return cmocka_run_group_tests_name("hsphfpd-client", tests, NULL, NULL);
}
