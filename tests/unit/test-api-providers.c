/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Softphones that registered: asked to dial, told of voice keys, and their calls tied to the headset.
 */
#include "api-client.h"

#include <pipewire/pipewire.h>
#include <string.h>

static void registered(struct fixture *f, struct client *client)
{
	struct answer answer;

	serve_provider(client);
	register_provider(client, PROVIDER_PATH, &answer, BOOL("Dial", 1),
			  BOOL("VoiceRecognition", 1));
	expect_error(client, &answer, "");
	assert_int_equal(f->engine->n_providers, 1);
}

static bool source_answered(void *data)
{
	return ((struct engine *)data)->n_source_answers > 0;
}

/* Until the provider's answer has reached the engine; how it was refused, or "". */
static const char *source_error(struct fixture *f)
{
	assert_true(loop_until(f->loop, source_answered, f->engine, LOOP_DEADLINE_MS));
	f->engine->n_source_answers = 0;
	return f->engine->n_source_errors > 0 ? f->engine->last_source_error : "";
}

static const struct call_info *dialled_call(struct fixture *f, struct client *client)
{
	struct answer answer;

	add_call(client, "voip", &answer, TEXT("Direction", "outgoing"), BOOL("Managed", 1));
	expect_error(client, &answer, "");
	return &f->engine->calls[f->engine->n_calls - 1]->info;
}

static void dialled(struct fixture *f)
{
	fake_engine_dial(f->engine, "tel:123", DEVICE);
	assert_string_equal(source_error(f), "");
}

static void test_what_a_headset_dials_is_told_and_the_call_is_that_headsets(void **state)
{
	struct fixture *f = *state;

	registered(f, &f->a);
	fake_engine_dial(f->engine, "tel:123", DEVICE);
	expect_line(&f->a, "provider Dial tel:123\n");
	assert_string_equal(source_error(f), "");
	assert_true(dialled_call(f, &f->a)->from == DEVICE);
	/* one of Dial, one call */
	assert_true(dialled_call(f, &f->a)->from == 0);
}

static void test_a_call_added_before_dial_is_answered_is_the_one(void **state)
{
	struct fixture *f = *state;

	registered(f, &f->a);
	f->a.provider_silent = true;
	fake_engine_dial(f->engine, "", DEVICE);
	expect_line(&f->a, "provider Dial \n");
	fake_engine_now_ms += 3600000;
	assert_true(dialled_call(f, &f->a)->from == DEVICE);
	assert_true(dialled_call(f, &f->a)->from == 0);
	client_close(&f->a); /* which answers what it kept */
	assert_string_equal(source_error(f), API_ERROR_PROVIDER_FAILED);
}

static void test_only_the_next_outgoing_call_in_time_of_who_dials_is_tied(void **state)
{
	struct fixture *f = *state;
	struct answer answer;

	registered(f, &f->a);
	dialled(f);
	assert_true(dialled_call(f, &f->b)->from == 0);
	assert_true(added(f, &f->a)->info.from == 0);
	fake_engine_now_ms += 10000;
	assert_true(dialled_call(f, &f->a)->from == DEVICE);

	dialled(f);
	fake_engine_now_ms += 10001;
	assert_true(dialled_call(f, &f->a)->from == 0);

	dialled(f);
	add_call(&f->a, "voip", &answer, TEXT("Direction", "outgoing"),
		 TEXT("From", "00:00:00:00:00:01"));
	expect_error(&f->a, &answer, "");
	assert_true(f->engine->calls[f->engine->n_calls - 1]->info.from == 1);
	assert_true(dialled_call(f, &f->a)->from == 0);
}

static void test_a_refused_dial_ties_nothing(void **state)
{
	struct fixture *f = *state;

	registered(f, &f->a);
	f->a.provider_error = "org.example.NoAccount";
	fake_engine_dial(f->engine, "tel:123", DEVICE);
	assert_string_equal(source_error(f), API_ERROR_PROVIDER_FAILED);
	assert_true(dialled_call(f, &f->a)->from == 0);
}

static void test_the_call_goes_on_without_the_headset_that_dialled_it(void **state)
{
	struct fixture *f = *state;

	registered(f, &f->a);
	dialled(f);
	f->engine->refuse_from = true;
	assert_true(dialled_call(f, &f->a)->from == 0);
	assert_int_equal(f->engine->n_calls, 1);
}

static void test_a_voice_key_is_told_and_the_sound_is_a_call(void **state)
{
	struct fixture *f = *state;
	const char *address = ADDRESS;
	dbus_bool_t off = FALSE;
	struct answer answer;

	registered(f, &f->a);
	fake_engine_voice(f->engine, DEVICE, true);
	expect_line(&f->a, "provider VoiceRecognition " ADDRESS "true\n");
	assert_string_equal(source_error(f), "");
	assert_true(dialled_call(f, &f->a)->from == DEVICE);
	fake_engine_voice(f->engine, DEVICE, false);
	expect_line(&f->a, "provider VoiceRecognition " ADDRESS "false\n");
	assert_string_equal(source_error(f), "");
	assert_true(dialled_call(f, &f->a)->from == 0);

	f->engine->listener = &f->engine->providers[0];
	ask(&f->a, API_PATH, API_MANAGER, "SetVoiceRecognition", &answer, DBUS_TYPE_STRING,
	    &address, DBUS_TYPE_BOOLEAN, &off, DBUS_TYPE_INVALID);
	expect_error(&f->a, &answer, "");
	assert_null(f->engine->listener);
}

static void test_set_voice_recognition_is_for_those_who_listen(void **state)
{
	struct fixture *f = *state;
	const char *address = ADDRESS, *nowhere = "the headset";
	dbus_bool_t on = TRUE;
	struct answer answer;

#define SET(client, where)                                                                   \
	ask(client, API_PATH, API_MANAGER, "SetVoiceRecognition", &answer, DBUS_TYPE_STRING, \
	    where, DBUS_TYPE_BOOLEAN, &on, DBUS_TYPE_INVALID)
	SET(&f->a, &address);
	expect_error(&f->a, &answer, ERROR("NoSuchProvider"));
	register_provider(&f->a, PROVIDER_PATH, &answer, BOOL("Dial", 1));
	expect_error(&f->a, &answer, "");
	SET(&f->a, &address);
	expect_error(&f->a, &answer, ERROR("NoSuchProvider"));
	register_provider(&f->a, "/voice", &answer, BOOL("VoiceRecognition", 1));
	expect_error(&f->a, &answer, "");
	SET(&f->a, &nowhere);
	expect_error(&f->a, &answer, ERROR("InvalidArgument"));
	SET(&f->a, &address);
	expect_error(&f->a, &answer, "");
	assert_non_null(f->engine->listener);
	f->engine->refuse = POLICY_NO_SUCH_DEVICE;
	SET(&f->a, &address);
	expect_error(&f->a, &answer, ERROR("NoSuchDevice"));
	SET(&f->b, &address);
	expect_error(&f->b, &answer, ERROR("NoSuchProvider"));
}

static bool no_providers(void *data)
{
	return ((struct engine *)data)->n_providers == 0;
}

static void test_a_registration_goes_with_its_connection(void **state)
{
	struct fixture *f = *state;

	registered(f, &f->a);
	client_close(&f->a);
	assert_true(loop_until(f->loop, no_providers, f->engine, LOOP_DEADLINE_MS));
	assert_null(f->api->owners);
}

static void test_registering_again_replaces_and_unregistering_removes(void **state)
{
	struct fixture *f = *state;
	const char *path = PROVIDER_PATH;
	struct answer answer;

	registered(f, &f->a);
	register_provider(&f->a, PROVIDER_PATH, &answer, BOOL("Dial", 0));
	expect_error(&f->a, &answer, "");
	assert_int_equal(f->engine->n_providers, 1);
	assert_null(f->engine->providers[0].ops->dial);
	assert_null(f->engine->providers[0].ops->voice);
	ask(&f->b, API_PATH, API_MANAGER, "UnregisterProvider", &answer, DBUS_TYPE_OBJECT_PATH,
	    &path, DBUS_TYPE_INVALID);
	expect_error(&f->b, &answer, ERROR("NoSuchProvider"));
	ask(&f->a, API_PATH, API_MANAGER, "UnregisterProvider", &answer, DBUS_TYPE_OBJECT_PATH,
	    &path, DBUS_TYPE_INVALID);
	expect_error(&f->a, &answer, "");
	assert_int_equal(f->engine->n_providers, 0);
	ask(&f->a, API_PATH, API_MANAGER, "UnregisterProvider", &answer, DBUS_TYPE_OBJECT_PATH,
	    &path, DBUS_TYPE_INVALID);
	expect_error(&f->a, &answer, ERROR("NoSuchProvider"));
	assert_null(f->api->owners);
}

static void test_wrong_options_register_nothing(void **state)
{
	struct fixture *f = *state;
	char path[300] = "/";
	struct answer answer;

	register_provider(&f->a, PROVIDER_PATH, &answer, TEXT("Dial", "yes"));
	assert_string_equal(error_of(&f->a, &answer), ERROR("InvalidArgument"));
	assert_string_equal(answer.text, "Dial: expected a boolean (b)");
	answer_free(&answer);
	register_provider(&f->a, PROVIDER_PATH, &answer, BOOL("Dial", 1), BOOL("Fly", 1));
	assert_string_equal(error_of(&f->a, &answer), ERROR("InvalidArgument"));
	assert_string_equal(answer.text, "Fly: unknown option");
	answer_free(&answer);
	memset(path + 1, 'a', sizeof(path) - 2);
	path[sizeof(path) - 1] = '\0';
	register_provider(&f->a, path, &answer, BOOL("Dial", 1));
	expect_error(&f->a, &answer, ERROR("InvalidArgument"));
	assert_int_equal(f->engine->n_providers, 0);
	assert_null(f->api->owners);
}

static void test_the_17th_provider_is_too_many(void **state)
{
	struct fixture *f = *state;
	struct answer answer;
	char path[16];

	for (unsigned int i = 0; i <= PROVIDER_MAX; i++) {
		(void)snprintf(path, sizeof(path), "/p%u", i);
		register_provider(&f->a, path, &answer, BOOL("Dial", 1));
		expect_error(&f->a, &answer, i < PROVIDER_MAX ? "" : ERROR("TooMany"));
	}
}

static struct call *joinable(struct fixture *f, struct client *client)
{
	struct answer answer;

	add_call(client, "voip", &answer, PATH("Provider", PROVIDER_PATH), BOOL("Conference", 1));
	expect_error(client, &answer, "");
	return f->engine->calls[f->engine->n_calls - 1];
}

static void test_a_conference_is_the_one_provider_s_that_said_so(void **state)
{
	struct fixture *f = *state;
	struct call *first, *second, *third;
	struct answer answer;

	serve_provider(&f->a);
	serve_provider(&f->b);
	first = joinable(f, &f->a);
	second = joinable(f, &f->a);
	third = joinable(f, &f->b);
	assert_true(first->info.conference && second->info.conference);
	fake_engine_join(f->engine, first, second);
	expect_line(&f->a, "provider Join " CALL_PATH(1) CALL_PATH(2) "\n");
	assert_string_equal(source_error(f), "");
	fake_engine_join(f->engine, first, third);
	assert_string_equal(source_error(f), API_ERROR_PROVIDER_FAILED);
	expect_property(&f->b, CALL_PATH(1), API_CALL, "Multiparty", "false");
	first->multiparty = true;
	fake_engine_changed(f->engine);
	expect_line(&f->b, CALL_PATH(1) " Multiparty=true\n");

	add_call(&f->a, "voip", &answer, BOOL("Conference", 1));
	assert_string_equal(error_of(&f->a, &answer), ERROR("InvalidArgument"));
	assert_string_equal(answer.text, "Conference: expected only with Provider");
	answer_free(&answer);
}

static void test_keys_of_headsets_are_told(void **state)
{
	struct fixture *f = *state;

	add_headset(f);
	fake_engine_key(f->engine, DEVICE, "redial", false);
	expect_line(&f->b, "key redial\n");
	fake_engine_key(f->engine, DEVICE, "button", true);
	expect_line(&f->b, "key button used\n");
	fake_engine_key(f->engine, 1, "voice", true); /* of none that is shown */
	fake_engine_key(f->engine, DEVICE, "dial", true);
	expect_line(&f->b, "key dial used\n");
	expect_no_line(&f->b, "key voice");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		API_TEST(test_what_a_headset_dials_is_told_and_the_call_is_that_headsets),
		API_TEST(test_a_call_added_before_dial_is_answered_is_the_one),
		API_TEST(test_only_the_next_outgoing_call_in_time_of_who_dials_is_tied),
		API_TEST(test_a_refused_dial_ties_nothing),
		API_TEST(test_the_call_goes_on_without_the_headset_that_dialled_it),
		API_TEST(test_a_voice_key_is_told_and_the_sound_is_a_call),
		API_TEST(test_set_voice_recognition_is_for_those_who_listen),
		API_TEST(test_a_registration_goes_with_its_connection),
		API_TEST(test_registering_again_replaces_and_unregistering_removes),
		API_TEST(test_wrong_options_register_nothing),
		API_TEST(test_the_17th_provider_is_too_many),
		API_TEST(test_a_conference_is_the_one_provider_s_that_said_so),
		API_TEST(test_keys_of_headsets_are_told),
	};

	pw_init(&argc, &argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
