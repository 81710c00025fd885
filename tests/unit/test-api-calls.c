/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Calls of softphones: Call1, its owner and its provider, as two clients see them.
 */
#include "api-client.h"

#include <pipewire/pipewire.h>
#include <string.h>
#include <unistd.h>

static void test_add_call_makes_an_object(void **state)
{
	struct fixture *f = *state;
	struct answer answer;
	const char *path;

	add_call(&f->a, "voip", &answer, TEXT("RemoteParty", "sip:a@b"), TEXT("RemoteName", "Ann"),
		 BOOL("Video", 1), BOOL("Managed", 1), UINT("ProcessID", 4711));
	assert_string_equal(error_of(&f->a, &answer), "");
	assert_true(dbus_message_get_args(answer.reply, NULL, DBUS_TYPE_OBJECT_PATH, &path,
					  DBUS_TYPE_INVALID));
	assert_string_equal(path, CALL_PATH(1));
	answer_free(&answer);
	expect_line(&f->b, "+" CALL_PATH(1) "\n");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "Kind", "voip");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "Managed", "true");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "Video", "true");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "Direction", "incoming");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "State", "incoming");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "RemoteParty", "sip:a@b");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "RemoteName", "Ann");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "AnsweredBy", "");
	/* The caller's own process, then the one that it named. */
	assert_int_equal(f->engine->calls[0]->info.processes[0], getpid());
	assert_int_equal(f->engine->calls[0]->info.processes[1], 4711);
	assert_int_equal(f->engine->calls[0]->info.processes[2], 0);
}

static void test_add_call_defaults(void **state)
{
	struct fixture *f = *state;
	const struct call_info *info;
	struct answer answer;

	add_call_with(&f->a, "phone", NULL, 0, &answer);
	expect_error(&f->a, &answer, "");
	info = &f->engine->calls[0]->info;
	assert_true(info->phone && info->managed && info->incoming && !info->video);
	assert_int_equal(info->state, CALL_INCOMING);
	add_call(&f->a, "voip", &answer, TEXT("Direction", "outgoing"), TEXT("From", ADDRESS),
		 UINTS("ProcessID", 4711, 7));
	expect_error(&f->a, &answer, "");
	info = &f->engine->calls[1]->info;
	assert_true(!info->phone && !info->managed && !info->incoming);
	assert_int_equal(info->state, CALL_DIALING);
	assert_true(info->from == DEVICE);
	assert_int_equal(info->processes[CALL_MAX_PROCESSES - 1], 4711);
}

static void test_add_call_bad_options_name_the_key(void **state)
{
	static const struct {
		const char *kind;
		struct option option;
		const char *key;
	} bad[] = {
		{ "fax", BOOL("Video", 1), "kind" },
		{ "voip", BOOL("video", 1), "video" },
		{ "voip", TEXT("Video", "yes"), "Video" },
		{ "voip", TEXT("Provider", "/a"), "Provider" },
		{ "phone", BOOL("Managed", 0), "Managed" },
		{ "voip", TEXT("Direction", "in"), "Direction" },
		{ "voip", BOOL("Direction", 1), "Direction" },
		{ "voip", TEXT("State", "ended"), "State" },
		{ "voip", TEXT("State", "dialing"), "State" },
		{ "voip", UINT("RemoteParty", 110), "RemoteParty" },
		{ "voip", BOOL("RemoteName", 1), "RemoteName" },
		{ "voip", TEXT("From", "headset"), "From" },
		{ "voip", TEXT("From", ADDRESS), "From" }, /* incoming */
		{ "voip", UINT("ProcessID", 0), "ProcessID" },
		{ "voip", UINT("ProcessID", 0x80000000u), "ProcessID" },
		{ "voip", TEXT("ProcessID", "1"), "ProcessID" },
		{ "voip", UINTS("ProcessID", 1, 8), "ProcessID" },
	};
	struct fixture *f = *state;
	struct answer answer;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		add_call_with(&f->a, bad[i].kind, &bad[i].option, 1, &answer);
		assert_string_equal(error_of(&f->a, &answer), ERROR("InvalidArgument"));
		if (strncmp(answer.text, bad[i].key, strlen(bad[i].key)) != 0)
			fail_msg("case %zu: \"%s\" does not begin with %s", i, answer.text,
				 bad[i].key);
		answer_free(&answer);
	}
	add_call(&f->a, "voip", &answer, BOOL("Video", 1), BOOL("Video", 1));
	expect_error(&f->a, &answer, ERROR("InvalidArgument"));
	assert_int_equal(f->engine->n_calls, 0);
	assert_null(f->api->owners);
}

static void test_add_call_long_text_is_cut_at_a_character(void **state)
{
	struct fixture *f = *state;
	char name[2 * CALL_PARTY_SIZE] = "x";
	struct answer answer;

	/* An odd number of bytes before two-byte characters: the limit falls inside one. */
	while (strlen(name) + 2 < sizeof(name))
		strcat(name, "\xc3\xa9");
	add_call(&f->a, "voip", &answer, TEXT("RemoteName", name));
	expect_error(&f->a, &answer, "");
	assert_int_equal(strlen(f->engine->calls[0]->info.name), CALL_PARTY_SIZE - 1);
	name[CALL_PARTY_SIZE - 1] = '\0';
	expect_property(&f->a, CALL_PATH(1), API_CALL, "RemoteName", name);
	name[0] = '\xc3';
	name[1] = '\xa9';
	for (char *p = name + 2; p < name + sizeof(name) - 2; p += 2)
		memcpy(p, "\xc3\xa9", 3);
	add_call(&f->a, "voip", &answer, TEXT("RemoteName", name));
	expect_error(&f->a, &answer, "");
	assert_int_equal(strlen(f->engine->calls[1]->info.name), CALL_PARTY_SIZE - 2);
}

static void test_add_call_refused_by_the_rules_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct answer answer;

	f->engine->refuse = POLICY_NO_SUCH_DEVICE;
	add_call(&f->a, "voip", &answer, TEXT("Direction", "outgoing"), TEXT("From", ADDRESS));
	expect_error(&f->a, &answer, ERROR("NoSuchDevice"));
	assert_null(f->api->owners);
}

static void test_add_call_17_of_one_owner_are_too_many(void **state)
{
	struct fixture *f = *state;
	struct answer answers[API_CALLS_PER_OWNER + 1];
	unsigned int refused = 0;

	/* All at once: those whose process is still asked for count as well. */
	for (unsigned int i = 0; i <= API_CALLS_PER_OWNER; i++)
		add_call_with(&f->a, "voip", NULL, 0, &answers[i]);
	for (unsigned int i = 0; i <= API_CALLS_PER_OWNER; i++) {
		if (strcmp(error_of(&f->a, &answers[i]), ERROR("TooMany")) == 0)
			refused++;
		else
			assert_string_equal(answers[i].error, "");
		answer_free(&answers[i]);
	}
	assert_int_equal(refused, 1);
	assert_int_equal(f->engine->n_calls, API_CALLS_PER_OWNER);
	(void)added(f, &f->b);
}

static void test_add_call_beyond_all_are_too_many(void **state)
{
	struct fixture *f = *state;
	struct call_info info = { .state = CALL_INCOMING, .incoming = true };
	static const struct call_ops ops = { 0 };
	struct answer answer;
	struct call *call;

	for (unsigned int i = 0; i < CALL_MAX; i++)
		assert_int_equal(engine_call_add(f->engine, &info, &ops, NULL, &call), POLICY_OK);
	add_call_with(&f->a, "voip", NULL, 0, &answer);
	expect_error(&f->a, &answer, ERROR("TooMany"));
	assert_null(f->api->owners);
}

static void test_owner_reports_states(void **state)
{
	struct fixture *f = *state;
	struct answer answer;

	serve_provider(&f->a);
	(void)added(f, &f->a);
	set_state(&f->a, CALL_PATH(1), "active", &answer);
	expect_error(&f->a, &answer, "");
	expect_line(&f->b, CALL_PATH(1) " State=active\n");
	expect_line(&f->b, CALL_PATH(1) " AnsweredBy=device\n");
	set_state(&f->a, CALL_PATH(1), "held", &answer);
	expect_error(&f->a, &answer, "");
	set_state(&f->a, CALL_PATH(1), "held", &answer);
	expect_error(&f->a, &answer, "");
	set_state(&f->a, CALL_PATH(1), "active", &answer);
	expect_error(&f->a, &answer, "");
	set_state(&f->a, CALL_PATH(1), "ended", &answer);
	expect_error(&f->a, &answer, "");
	assert_true(f->engine->last_end_remote);
	expect_line(&f->b, CALL_PATH(1) " State=ended\n-" CALL_PATH(1) "\n");
	/* It knows already. */
	expect_no_line(&f->a, "provider");
	assert_null(f->api->owners);
}

static void test_a_dialing_call_that_alerts_stays_dialing(void **state)
{
	struct fixture *f = *state;
	struct answer answer;

	add_call(&f->a, "voip", &answer, TEXT("Direction", "outgoing"));
	expect_error(&f->a, &answer, "");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "Alerting", "false");
	set_state(&f->a, CALL_PATH(1), "alerting", &answer);
	expect_error(&f->a, &answer, "");
	expect_line(&f->b, CALL_PATH(1) " Alerting=true\n");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "State", "dialing");
	set_state(&f->a, CALL_PATH(1), "alerting", &answer);
	expect_error(&f->a, &answer, "");
	set_state(&f->a, CALL_PATH(1), "active", &answer);
	expect_error(&f->a, &answer, "");
	expect_line(&f->b, CALL_PATH(1) " Alerting=false\n");
}

static void test_impossible_states_are_refused(void **state)
{
	static const struct {
		const char *to;
		const char *error;
	} bad[] = {
		{ "held", ERROR("WrongState") },         { "dialing", ERROR("WrongState") },
		{ "ringing", ERROR("InvalidArgument") }, { "", ERROR("InvalidArgument") },
		{ "Active", ERROR("InvalidArgument") },  { "alerting", ERROR("WrongState") },
	};
	struct fixture *f = *state;
	struct answer answer;

	(void)added(f, &f->a);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_state(&f->a, CALL_PATH(1), bad[i].to, &answer);
		expect_error(&f->a, &answer, bad[i].error);
	}
	assert_int_equal(f->engine->calls[0]->state, CALL_INCOMING);
}

static void test_only_the_owner_reports(void **state)
{
	const char *route = "speaker";
	struct fixture *f = *state;
	struct answer answer;

	(void)added(f, &f->a);
	set_state(&f->b, CALL_PATH(1), "active", &answer);
	expect_error(&f->b, &answer, ERROR("NotOwner"));
	ask(&f->b, CALL_PATH(1), API_CALL, "SetPreferredInput", &answer, DBUS_TYPE_STRING, &route,
	    DBUS_TYPE_INVALID);
	expect_error(&f->b, &answer, ERROR("NotOwner"));
	assert_int_equal(f->engine->calls[0]->state, CALL_INCOMING);
	assert_int_equal(f->engine->preferred.kind, ROUTE_NONE);
}

static void test_a_call_of_another_source_has_no_owner(void **state)
{
	static const struct call_ops ops = { 0 };
	struct call_info info = { .state = CALL_INCOMING, .incoming = true, .phone = true };
	struct fixture *f = *state;
	struct answer answer;
	struct call *call;

	assert_int_equal(engine_call_add(f->engine, &info, &ops, f, &call), POLICY_OK);
	expect_property(&f->a, CALL_PATH(1), API_CALL, "Kind", "phone");
	set_state(&f->a, CALL_PATH(1), "active", &answer);
	expect_error(&f->a, &answer, ERROR("NotOwner"));
}

static void test_preferred_input_goes_to_the_rules(void **state)
{
	const char *route = "speaker", *bad = "ear";
	struct fixture *f = *state;
	struct answer answer;

	(void)added(f, &f->a);
	ask(&f->a, CALL_PATH(1), API_CALL, "SetPreferredInput", &answer, DBUS_TYPE_STRING, &bad,
	    DBUS_TYPE_INVALID);
	expect_error(&f->a, &answer, ERROR("NoSuchRoute"));
	ask(&f->a, CALL_PATH(1), API_CALL, "SetPreferredInput", &answer, DBUS_TYPE_STRING, &route,
	    DBUS_TYPE_INVALID);
	expect_error(&f->a, &answer, "");
	assert_int_equal(f->engine->preferred.kind, ROUTE_SPEAKER);
	f->engine->refuse = POLICY_NOT_AVAILABLE;
	ask(&f->a, CALL_PATH(1), API_CALL, "SetPreferredInput", &answer, DBUS_TYPE_STRING, &route,
	    DBUS_TYPE_INVALID);
	expect_error(&f->a, &answer, ERROR("NotAvailable"));
}

/* ---- providers ------------------------------------------------------------------------------- */

static void test_answer_by_anyone_tells_the_provider(void **state)
{
	struct fixture *f = *state;
	struct answer answer;

	serve_provider(&f->a);
	(void)added(f, &f->a);
	call_method(&f->b, CALL_PATH(1), "Answer", &answer);
	expect_line(&f->a, "provider Answer " CALL_PATH(1) "\n");
	expect_property(&f->b, CALL_PATH(1), API_CALL, "State", "active");
	assert_false(answer.done);
	fake_engine_finish(f->engine, NULL, NULL);
	expect_error(&f->b, &answer, "");
	/* What it was told to do, it also reports. */
	set_state(&f->a, CALL_PATH(1), "active", &answer);
	expect_error(&f->a, &answer, "");
	call_method(&f->b, CALL_PATH(1), "Answer", &answer);
	expect_error(&f->b, &answer, ERROR("WrongState"));
}

static void test_a_button_tells_the_provider(void **state)
{
	struct fixture *f = *state;
	struct call *call;

	serve_provider(&f->a);
	call = added(f, &f->a);
	fake_engine_button(f->engine, call, "headset:" ADDRESS);
	expect_line(&f->a, "provider Answer " CALL_PATH(1) "\n");
	expect_line(&f->a, CALL_PATH(1) " AnsweredBy=headset:" ADDRESS "\n");
	call->ops->send_dtmf(call, call->source, "#1", NULL, NULL);
	expect_line(&f->a, "provider SendDtmf " CALL_PATH(1) "#1\n");
}

static void test_hold_unhold_hangup_tell_the_provider(void **state)
{
	struct fixture *f = *state;
	struct answer answer;

	serve_provider(&f->a);
	(void)added(f, &f->a);
	call_method(&f->b, CALL_PATH(1), "Hold", &answer);
	expect_error(&f->b, &answer, ERROR("WrongState"));
	set_state(&f->a, CALL_PATH(1), "active", &answer);
	expect_error(&f->a, &answer, "");
	call_method(&f->b, CALL_PATH(1), "Hold", &answer);
	expect_error(&f->b, &answer, "");
	call_method(&f->b, CALL_PATH(1), "Unhold", &answer);
	expect_error(&f->b, &answer, "");
	call_method(&f->b, CALL_PATH(1), "Hangup", &answer);
	expect_error(&f->b, &answer, "");
	expect_line(&f->a, "provider Hold " CALL_PATH(1) "\n");
	expect_line(&f->a, "provider Unhold " CALL_PATH(1) "\n");
	expect_line(&f->a, "provider Hangup " CALL_PATH(1) "\n");
	expect_line(&f->a, "-" CALL_PATH(1) "\n");
	assert_false(f->engine->last_end_remote);
	call_method(&f->b, CALL_PATH(1), "Hangup", &answer);
	assert_string_not_equal(error_of(&f->b, &answer), "");
	answer_free(&answer);
}

static bool source_has_failed(void *data)
{
	return ((struct engine *)data)->n_source_errors > 0;
}

static void test_provider_missing_ends_the_answered_call(void **state)
{
	struct fixture *f = *state;
	struct call *call = added(f, &f->a); /* which names a provider, and serves none */

	fake_engine_button(f->engine, call, "headset:" ADDRESS);
	expect_line(&f->a, CALL_PATH(1) " State=ended\n-" CALL_PATH(1) "\n");
	assert_int_equal(f->engine->n_source_errors, 1);
	assert_string_equal(f->engine->last_source_error, ERROR("ProviderFailed"));
	loop_drain(f->loop);
	assert_null(f->api->owners);
}

static void test_provider_that_fails_to_hang_up_is_heard_of(void **state)
{
	struct fixture *f = *state;
	struct answer answer;

	serve_provider(&f->a);
	f->a.provider_error = "com.example.Busy";
	(void)added(f, &f->a);
	call_method(&f->b, CALL_PATH(1), "Hangup", &answer);
	expect_error(&f->b, &answer, "");
	assert_true(loop_until(f->loop, source_has_failed, f->engine, LOOP_DEADLINE_MS));
	assert_null(f->api->owners);
}

static void test_without_provider_the_owner_follows_the_state(void **state)
{
	struct fixture *f = *state;
	struct answer answer;

	add_call_with(&f->a, "voip", NULL, 0, &answer);
	expect_error(&f->a, &answer, "");
	fake_engine_button(f->engine, f->engine->calls[0], "headset:" ADDRESS);
	expect_line(&f->a, CALL_PATH(1) " State=active\n");
	call_method(&f->b, CALL_PATH(1), "Hangup", &answer);
	expect_error(&f->b, &answer, "");
	expect_line(&f->a, CALL_PATH(1) " State=ended\n");
	assert_int_equal(f->engine->n_source_errors, 0);
}

/* ---- endings --------------------------------------------------------------------------------- */

static void test_owner_vanishes_and_its_calls_end(void **state)
{
	struct fixture *f = *state;

	(void)added(f, &f->a);
	(void)added(f, &f->a);
	(void)added(f, &f->b);
	client_close(&f->a);
	expect_line(&f->b, "-" CALL_PATH(1) "\n");
	expect_line(&f->b, "-" CALL_PATH(2) "\n");
	expect_no_line(&f->b, "-" CALL_PATH(3) "\n");
	assert_int_equal(f->engine->n_calls, 1);
	assert_true(f->engine->last_end_remote);
}

static bool has_no_owner(void *data)
{
	return ((struct api *)data)->owners == NULL;
}

static void test_owner_vanishes_while_its_provider_is_asked(void **state)
{
	struct fixture *f = *state;
	struct call *call;

	serve_provider(&f->a);
	f->a.provider_silent = true;
	call = added(f, &f->a);
	fake_engine_button(f->engine, call, "headset:" ADDRESS);
	expect_line(&f->a, "provider Answer");
	client_close(&f->a);
	expect_line(&f->b, "-" CALL_PATH(1) "\n");
	assert_true(loop_until(f->loop, has_no_owner, f->api, LOOP_DEADLINE_MS));
	assert_int_equal(f->engine->n_calls, 0);
}

static bool daemon_has_owner(void *data)
{
	return ((struct api *)data)->owners != NULL;
}

static void test_owner_vanishes_while_being_added(void **state)
{
	struct fixture *f = *state;
	struct answer answer;

	add_call_with(&f->a, "voip", NULL, 0, &answer);
	assert_true(loop_until(f->loop, daemon_has_owner, f->api, LOOP_DEADLINE_MS));
	client_close(&f->a);
	assert_true(loop_until(f->loop, has_no_owner, f->api, LOOP_DEADLINE_MS));
	assert_int_equal(f->engine->n_calls, 0);
	expect_property(&f->b, API_PATH, API_MANAGER, "Route", "none");
}

static void test_stopping_answers_everything_and_ends_no_call(void **state)
{
	struct fixture *f = *state;
	const char *route = "speaker";
	struct answer answer;

	(void)added(f, &f->a);
	ask(&f->b, API_PATH, API_MANAGER, "SetRoute", &answer, DBUS_TYPE_STRING, &route,
	    DBUS_TYPE_INVALID);
	expect_property(&f->b, API_PATH, API_MANAGER, "Route", "none");
	f->api = api_free(f->api);
	expect_error(&f->b, &answer, ERROR("Failed"));
	expect_line(&f->b, "-" CALL_PATH(1) "\n");
	assert_null(strstr(f->b.log, "State=ended"));
	assert_int_equal(f->engine->n_calls, 0);
	/* The engine's answer comes too late, and does no harm. */
	fake_engine_finish(f->engine, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(test_add_call_makes_an_object),
		API_TEST(test_add_call_defaults),
		API_TEST(test_add_call_bad_options_name_the_key),
		API_TEST(test_add_call_long_text_is_cut_at_a_character),
		API_TEST(test_add_call_refused_by_the_rules_leaves_nothing),
		API_TEST(test_add_call_17_of_one_owner_are_too_many),
		API_TEST(test_add_call_beyond_all_are_too_many),
		API_TEST(test_owner_reports_states),
		API_TEST(test_a_dialing_call_that_alerts_stays_dialing),
		API_TEST(test_impossible_states_are_refused),
		API_TEST(test_only_the_owner_reports),
		API_TEST(test_a_call_of_another_source_has_no_owner),
		API_TEST(test_preferred_input_goes_to_the_rules),
		API_TEST(test_answer_by_anyone_tells_the_provider),
		API_TEST(test_a_button_tells_the_provider),
		API_TEST(test_hold_unhold_hangup_tell_the_provider),
		API_TEST(test_provider_missing_ends_the_answered_call),
		API_TEST(test_provider_that_fails_to_hang_up_is_heard_of),
		API_TEST(test_without_provider_the_owner_follows_the_state),
		API_TEST(test_owner_vanishes_and_its_calls_end),
		API_TEST(test_owner_vanishes_while_its_provider_is_asked),
		API_TEST(test_owner_vanishes_while_being_added),
		API_TEST(test_stopping_answers_everything_and_ends_no_call),
	};

	pw_init(NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
