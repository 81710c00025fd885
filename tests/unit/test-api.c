/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Manager1 and Endpoint1, as a client sees them.
 */
#include "api-client.h"

#include <pipewire/pipewire.h>
#include <string.h>

static void test_manager_shows_the_engine(void **state)
{
	struct fixture *f = *state;

	expect_property(&f->a, API_PATH, API_MANAGER, "Route", "none");
	expect_property(&f->a, API_PATH, API_MANAGER, "Rule", "-");
	expect_property(&f->a, API_PATH, API_MANAGER, "Reason", "no call yet");
	expect_property(&f->a, API_PATH, API_MANAGER, "DefaultRoute", "none");
	expect_property(&f->a, API_PATH, API_MANAGER, "Muted", "false");
	expect_property(&f->a, API_PATH, API_MANAGER, "CallAudioRouting", "automatic");
	expect_property(&f->a, API_PATH, API_MANAGER, "AutoAnswer", "0");
	expect_property(&f->a, API_PATH, API_MANAGER, "Version", CALLROUTE_VERSION);
}

static void test_route_change_is_told_with_its_rule(void **state)
{
	struct fixture *f = *state;

	fake_engine_route(f->engine, (struct route){ ROUTE_HEADSET, DEVICE }, RULE_P2,
			  "its button answered");
	expect_line(&f->a, "/org/callroute Route=headset:" ADDRESS "\n");
	expect_line(&f->a, "/org/callroute Rule=P2\n");
	expect_line(&f->a, "/org/callroute Reason=its button answered\n");
	expect_line(&f->a, "route none -> headset:" ADDRESS " by P2: its button answered\n");
	expect_no_line(&f->a, "Muted");
	expect_no_line(&f->a, "DefaultRoute");
}

static void test_a_silent_microphone_is_told(void **state)
{
	struct fixture *f = *state;

	expect_property(&f->a, API_PATH, API_MANAGER, "MicrophoneSilent", "false");
	f->engine->hears_nothing = true;
	fake_engine_changed(f->engine);
	expect_line(&f->a, "MicrophoneSilent=true\n");
	f->engine->hears_nothing = false;
	fake_engine_changed(f->engine);
	expect_line(&f->a, "MicrophoneSilent=false\n");
}

static void test_nothing_changed_nothing_told(void **state)
{
	struct fixture *f = *state;

	fake_engine_changed(f->engine);
	fake_engine_changed(f->engine);
	f->engine->decision.muted = true;
	fake_engine_changed(f->engine);
	expect_line(&f->a, "Muted=true\n");
	assert_string_equal(f->a.log, "begin\n/org/callroute Muted=true\n");
}

static void test_set_route_answers_when_in_force(void **state)
{
	struct fixture *f = *state;
	const char *route = "speaker";
	struct answer answer;

	ask(&f->a, API_PATH, API_MANAGER, "SetRoute", &answer, DBUS_TYPE_STRING, &route,
	    DBUS_TYPE_INVALID);
	/* A request behind it is answered first: it waits. */
	expect_property(&f->a, API_PATH, API_MANAGER, "Route", "none");
	assert_false(answer.done);
	assert_int_equal(f->engine->asked_route.kind, ROUTE_SPEAKER);
	fake_engine_finish(f->engine, NULL, NULL);
	expect_error(&f->a, &answer, "");
}

static void test_set_route_tells_why_not(void **state)
{
	struct fixture *f = *state;
	const char *route = "speaker";
	struct answer answer;

	f->engine->refuse = POLICY_NOT_ELIGIBLE;
	ask(&f->a, API_PATH, API_MANAGER, "SetRoute", &answer, DBUS_TYPE_STRING, &route,
	    DBUS_TYPE_INVALID);
	expect_error(&f->a, &answer, ERROR("NotEligible"));
	f->engine->refuse = POLICY_OK;
	ask(&f->a, API_PATH, API_MANAGER, "SetRoute", &answer, DBUS_TYPE_STRING, &route,
	    DBUS_TYPE_INVALID);
	expect_property(&f->a, API_PATH, API_MANAGER, "Route", "none");
	fake_engine_finish(f->engine, ENGINE_ERROR_SUPERSEDED, "another");
	expect_error(&f->a, &answer, ERROR("Superseded"));
}

static void test_set_route_bad_text_is_no_such_route(void **state)
{
	static const char *const routes[] = { "",          "none",     "bluetooth",
					      "headset:1", "handset ", "bt-speaker" };
	struct fixture *f = *state;
	struct answer answer;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		ask(&f->a, API_PATH, API_MANAGER, "SetRoute", &answer, DBUS_TYPE_STRING, &routes[i],
		    DBUS_TYPE_INVALID);
		expect_error(&f->a, &answer, ERROR("NoSuchRoute"));
	}
	assert_int_equal(f->engine->asked_route.kind, ROUTE_NONE);
}

static void test_wrong_types_are_invalid_args(void **state)
{
	struct fixture *f = *state;
	const char *route = "speaker";
	dbus_bool_t yes = TRUE;
	struct answer answer;

	ask(&f->a, API_PATH, API_MANAGER, "SetRoute", &answer, DBUS_TYPE_BOOLEAN, &yes,
	    DBUS_TYPE_INVALID);
	expect_error(&f->a, &answer, DBUS_ERROR_INVALID_ARGS);
	ask(&f->a, API_PATH, API_MANAGER, "SetRoute", &answer, DBUS_TYPE_INVALID);
	expect_error(&f->a, &answer, DBUS_ERROR_INVALID_ARGS);
	ask(&f->a, API_PATH, API_MANAGER, "Why", &answer, DBUS_TYPE_STRING, &route,
	    DBUS_TYPE_INVALID);
	expect_error(&f->a, &answer, DBUS_ERROR_INVALID_ARGS);
	set_property(&f->a, "Muted", DBUS_TYPE_STRING, &route, &answer);
	expect_error(&f->a, &answer, DBUS_ERROR_INVALID_ARGS);
}

static void test_settings_are_set_and_told(void **state)
{
	struct fixture *f = *state;
	const char *routing = "speaker";
	uint32_t seconds = 7;
	dbus_bool_t yes = TRUE;
	struct answer answer;

	set_property(&f->a, "CallAudioRouting", DBUS_TYPE_STRING, &routing, &answer);
	expect_error(&f->a, &answer, "");
	set_property(&f->a, "AutoAnswer", DBUS_TYPE_UINT32, &seconds, &answer);
	expect_error(&f->a, &answer, "");
	set_property(&f->a, "Muted", DBUS_TYPE_BOOLEAN, &yes, &answer);
	expect_error(&f->a, &answer, "");
	assert_int_equal(f->engine->routing, ROUTING_SPEAKER);
	assert_int_equal(f->engine->auto_answer, 7);
	expect_line(&f->b, "/org/callroute CallAudioRouting=speaker\n");
	expect_line(&f->b, "/org/callroute AutoAnswer=7\n");
	expect_line(&f->b, "/org/callroute Muted=true\n");
}

static void test_settings_out_of_range_are_refused(void **state)
{
	struct fixture *f = *state;
	const char *routing = "earpiece";
	uint32_t seconds = API_AUTO_ANSWER_MAX + 1;
	dbus_bool_t yes = TRUE;
	struct answer answer;

	set_property(&f->a, "CallAudioRouting", DBUS_TYPE_STRING, &routing, &answer);
	expect_error(&f->a, &answer, ERROR("InvalidArgument"));
	set_property(&f->a, "AutoAnswer", DBUS_TYPE_UINT32, &seconds, &answer);
	expect_error(&f->a, &answer, ERROR("InvalidArgument"));
	f->engine->refuse = POLICY_NO_CALL;
	set_property(&f->a, "Muted", DBUS_TYPE_BOOLEAN, &yes, &answer);
	expect_error(&f->a, &answer, ERROR("NoCall"));
	set_property(&f->a, "Route", DBUS_TYPE_STRING, &routing, &answer);
	expect_error(&f->a, &answer, DBUS_ERROR_PROPERTY_READ_ONLY);
	assert_int_equal(f->engine->auto_answer, 0);
}

static void test_list_routes_tells_what_could_be(void **state)
{
	struct fixture *f = *state;
	DBusMessageIter iter, element;
	struct answer answer;

	add_headset(f);
	ask(&f->a, API_PATH, API_MANAGER, "ListRoutes", &answer, DBUS_TYPE_INVALID);
	assert_string_equal(error_of(&f->a, &answer), "");
	dbus_message_iter_init(answer.reply, &iter);
	assert_int_equal(dbus_message_iter_get_element_count(&iter), 2);
	dbus_message_iter_recurse(&iter, &element);
	assert_string_equal(entry_of(&element, "Route").text, "handset");
	assert_string_equal(entry_of(&element, "Eligible").text, "true");
	assert_false(entry_of(&element, "Error").there);
	dbus_message_iter_next(&element);
	assert_string_equal(entry_of(&element, "Route").text, "headset:" ADDRESS);
	assert_string_equal(entry_of(&element, "Kind").text, "headset");
	assert_string_equal(entry_of(&element, "Name").text, "A headset");
	assert_string_equal(entry_of(&element, "Available").text, "true");
	assert_string_equal(entry_of(&element, "Active").text, "false");
	assert_string_equal(entry_of(&element, "Eligible").text, "false");
	assert_string_equal(entry_of(&element, "Error").text, ERROR("NotEligible"));
	assert_true(strlen(entry_of(&element, "Reason").text) > 0);
	assert_false(entry_of(&element, "Battery").there);
	answer_free(&answer);
}

static void test_list_lines_tells_what_was_said(void **state)
{
	struct fixture *f = *state;
	DBusMessageIter iter, element;
	struct answer answer;

	wire_add(&f->engine->wire, 1, DEVICE, false, "ATD110;");
	wire_add(&f->engine->wire, 2, DEVICE, true, "OK");
	ask(&f->a, API_PATH, API_MANAGER, "ListLines", &answer, DBUS_TYPE_INVALID);
	assert_string_equal(error_of(&f->a, &answer), "");
	dbus_message_iter_init(answer.reply, &iter);
	assert_int_equal(dbus_message_iter_get_element_count(&iter), 2);
	dbus_message_iter_recurse(&iter, &element);
	assert_string_equal(entry_of(&element, "Address").text, ADDRESS);
	assert_string_equal(entry_of(&element, "Sent").text, "false");
	assert_string_equal(entry_of(&element, "Line").text, "ATDxxx;");
	dbus_message_iter_next(&element);
	assert_string_equal(entry_of(&element, "Sent").text, "true");
	assert_string_equal(entry_of(&element, "Line").text, "OK");
	answer_free(&answer);
}

static void test_why_tells_rule_and_history(void **state)
{
	struct fixture *f = *state;
	struct answer answer;
	DBusMessageIter iter;

	f->engine->history[0] = (struct engine_history){
		.realtime_ms = 1,
		.to = { .kind = ROUTE_HANDSET },
		.rule = RULE_P1,
		.reason = "r",
	};
	f->engine->n_history = 1;
	fake_engine_route(f->engine, (struct route){ .kind = ROUTE_HANDSET }, RULE_P1, "r");
	ask(&f->a, API_PATH, API_MANAGER, "Why", &answer, DBUS_TYPE_INVALID);
	assert_string_equal(error_of(&f->a, &answer), "");
	dbus_message_iter_init(answer.reply, &iter);
	assert_string_equal(entry_of(&iter, "Rule").text, "P1");
	assert_true(strlen(entry_of(&iter, "Text").text) > 0);
	assert_string_equal(entry_of(&iter, "Reason").text, "r");
	assert_string_equal(entry_of(&iter, "Route").text, "handset");
	assert_string_equal(entry_of(&iter, "Decided").text, "handset");
	assert_string_equal(entry_of(&iter, "Setting").text, "automatic");
	assert_string_equal(entry_of(&iter, "Via").text, "-");
	assert_string_equal(entry_of(&iter, "AnsweredBy").text, "");
	assert_int_equal(entry_of(&iter, "Devices").n_entries, 1);
	assert_int_equal(entry_of(&iter, "History").n_entries, 1);
	answer_free(&answer);
}

struct wanted_value {
	const char *key;
	DBusMessageIter value;
	bool there;
};

static int take_value(void *data, const char *key, DBusMessageIter *value)
{
	struct wanted_value *wanted = data;

	if (strcmp(key, wanted->key) == 0) {
		wanted->value = *value;
		wanted->there = true;
	}
	return 0;
}

/* The value of an entry of the a{sv} at @dict. */
static DBusMessageIter inside(DBusMessageIter *dict, const char *key)
{
	struct wanted_value wanted = { .key = key };

	assert_int_equal(bus_read_dict(dict, take_value, &wanted), 0);
	assert_true(wanted.there);
	return wanted.value;
}

static void test_why_tells_facts_and_what_nearly_applied(void **state)
{
	struct fixture *f = *state;
	struct answer answer;
	DBusMessageIter iter, list, element;

	ask(&f->a, API_PATH, API_MANAGER, "Why", &answer, DBUS_TYPE_INVALID);
	assert_string_equal(error_of(&f->a, &answer), "");
	dbus_message_iter_init(answer.reply, &iter);
	assert_false(entry_of(&iter, "Facts").there);
	assert_false(entry_of(&iter, "NearlyApplied").there);
	answer_free(&answer);

	f->engine->why = (struct policy_why){
		.rule = RULE_P1,
		.occasion = "a call was answered",
		.by_device = true,
		.call = 7,
		.managed = true,
		.memory = { ROUTE_HEADSET, DEVICE },
		.pick = { .kind = ROUTE_SPEAKER },
		.n_devices = 1,
		.n_listed = 1,
		.devices = { { .device = DEVICE, .call_capable = true } },
		.n_near = 2,
		.near = { { RULE_P9, WHY_PICK_BEFORE_CALL, { 0 } },
			  { RULE_P5, WHY_NOT_FIRST, { .kind = ROUTE_SPEAKER } } },
	};
	ask(&f->a, API_PATH, API_MANAGER, "Why", &answer, DBUS_TYPE_INVALID);
	assert_string_equal(error_of(&f->a, &answer), "");
	dbus_message_iter_init(answer.reply, &iter);
	element = inside(&iter, "Facts");
	assert_string_equal(entry_of(&element, "Occasion").text, "a call was answered");
	assert_string_equal(entry_of(&element, "By").text, "this machine");
	assert_string_equal(entry_of(&element, "Call").text, "7");
	assert_string_equal(entry_of(&element, "Calls").text, "managed");
	assert_string_equal(entry_of(&element, "Pick").text, "speaker");
	assert_string_equal(entry_of(&element, "DefaultRoute").text, "headset:" ADDRESS);
	assert_false(entry_of(&element, "Preference").there);
	assert_int_equal(entry_of(&element, "Connected").n_entries, 1);
	list = inside(&iter, "NearlyApplied");
	dbus_message_iter_recurse(&list, &element);
	assert_string_equal(entry_of(&element, "Rule").text, "P9");
	assert_string_equal(entry_of(&element, "WhyNot").text, "the pick was made before the call");
	assert_false(entry_of(&element, "Route").there);
	dbus_message_iter_next(&element);
	assert_string_equal(entry_of(&element, "Rule").text, "P5");
	assert_string_equal(entry_of(&element, "Route").text, "speaker");
	assert_true(strlen(entry_of(&element, "Text").text) > 10);
	answer_free(&answer);
}

/* ---- Endpoint1 ------------------------------------------------------------------------------- */

static void test_endpoint_comes_and_goes(void **state)
{
	struct fixture *f = *state;

	expect_property(&f->a, "/org/callroute/endpoint/handset", API_ENDPOINT, "Kind", "handset");
	add_headset(f);
	expect_line(&f->a, "+" ENDPOINT_PATH "\n");
	expect_property(&f->a, ENDPOINT_PATH, API_ENDPOINT, "Address", ADDRESS);
	expect_property(&f->a, ENDPOINT_PATH, API_ENDPOINT, "Route", "headset:" ADDRESS);
	expect_property(&f->a, ENDPOINT_PATH, API_ENDPOINT, "SpeakerGain", "7");
	f->engine->n_endpoints = 1;
	fake_engine_changed(f->engine);
	expect_line(&f->a, "-" ENDPOINT_PATH "\n");
	expect_no_line(&f->a, "endpoint/handset");
}

static void test_battery_is_absent_while_unknown(void **state)
{
	const char *interface = API_ENDPOINT, *name = "Battery";
	struct fixture *f = *state;
	struct answer answer;
	DBusMessageIter iter;

	add_headset(f);
	ask(&f->a, ENDPOINT_PATH, PROPERTIES, "GetAll", &answer, DBUS_TYPE_STRING, &interface,
	    DBUS_TYPE_INVALID);
	assert_string_equal(error_of(&f->a, &answer), "");
	dbus_message_iter_init(answer.reply, &iter);
	assert_false(entry_of(&iter, "Battery").there);
	assert_false(entry_of(&iter, "MicrophoneGain").there);
	assert_true(entry_of(&iter, "SpeakerGain").there);
	answer_free(&answer);
	ask(&f->a, ENDPOINT_PATH, PROPERTIES, "Get", &answer, DBUS_TYPE_STRING, &interface,
	    DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	assert_string_not_equal(error_of(&f->a, &answer), "");
	answer_free(&answer);

	f->engine->endpoints[1].battery_percent = 80;
	fake_engine_changed(f->engine);
	expect_line(&f->a, ENDPOINT_PATH " Battery=80\n");
	f->engine->endpoints[1].battery_percent = -1;
	fake_engine_changed(f->engine);
	expect_line(&f->a, ENDPOINT_PATH " Battery absent\n");
}

static void test_name_that_is_not_utf8_does_no_harm(void **state)
{
	struct fixture *f = *state;

	strcpy(f->engine->endpoints[0].name, "Caf\xe9");
	fake_engine_changed(f->engine);
	expect_line(&f->a, "endpoint/handset Name=\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(test_manager_shows_the_engine),
		API_TEST(test_route_change_is_told_with_its_rule),
		API_TEST(test_a_silent_microphone_is_told),
		API_TEST(test_nothing_changed_nothing_told),
		API_TEST(test_set_route_answers_when_in_force),
		API_TEST(test_set_route_tells_why_not),
		API_TEST(test_set_route_bad_text_is_no_such_route),
		API_TEST(test_wrong_types_are_invalid_args),
		API_TEST(test_settings_are_set_and_told),
		API_TEST(test_settings_out_of_range_are_refused),
		API_TEST(test_list_routes_tells_what_could_be),
		API_TEST(test_list_lines_tells_what_was_said),
		API_TEST(test_why_tells_rule_and_history),
		API_TEST(test_why_tells_facts_and_what_nearly_applied),
		API_TEST(test_endpoint_comes_and_goes),
		API_TEST(test_battery_is_absent_while_unknown),
		API_TEST(test_name_that_is_not_utf8_does_no_harm),
	};

	pw_init(NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
