/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * callaudiod's interface as a source of calls: modes, speaker and microphone.
 */
#include "calls-fixture.h"
#include "fake-gnome.h"

#include "daemon/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "org.mobian_project.CallAudio"
#define PATH "/org/mobian_project/CallAudio"
#define YES "yes"

enum { DEFAULT, CALL };

/* What was answered: "yes", "no", an error's name, or "" as long as there is no answer. */
struct told {
	char text[128];
};

static void take(void *data, DBusMessage *reply, const char *error)
{
	struct told *told = data;
	dbus_bool_t success = FALSE;

	assert_string_equal(told->text, "");
	if (!error)
		assert_true(dbus_message_get_args(reply, NULL, DBUS_TYPE_BOOLEAN, &success,
						  DBUS_TYPE_INVALID));
	(void)snprintf(told->text, sizeof(told->text), "%s", error ? error : success ? YES : "no");
}

static void ask_from(struct calls_fixture *f, struct bus *client, const char *method, int type,
		     uint32_t value, struct told *ret)
{
	*ret = (struct told){ "" };
	assert_int_equal(
		bus_send(client,
			 bus_message(NAME, PATH, NAME, method, type, &value, DBUS_TYPE_INVALID), -1,
			 take, ret, NULL),
		0);
	calls_fixture_settle(f);
}

static void ask(struct calls_fixture *f, const char *method, int type, uint32_t value,
		struct told *ret)
{
	ask_from(f, f->pair->client.bus, method, type, value, ret);
}

static const char *select_mode(struct calls_fixture *f, uint32_t mode)
{
	static struct told told;

	ask(f, "SelectMode", DBUS_TYPE_UINT32, mode, &told);
	return told.text;
}

static const char *mute(struct calls_fixture *f, bool on)
{
	static struct told told;

	ask(f, "MuteMic", DBUS_TYPE_BOOLEAN, on, &told);
	return told.text;
}

/* Stays open until the route is in force. */
static void speaker(struct calls_fixture *f, bool on, struct told *ret)
{
	ask(f, "EnableSpeaker", DBUS_TYPE_BOOLEAN, on, ret);
}

static void take_property(void *data, DBusMessage *reply, const char *error)
{
	DBusMessageIter args;

	assert_null(error);
	assert_true(dbus_message_iter_init(reply, &args));
	assert_int_equal(bus_read_basic(&args, DBUS_TYPE_UINT32, data), 0);
}

static uint32_t property(struct calls_fixture *f, const char *name)
{
	const char *interface = NAME;
	uint32_t value = 99;

	assert_int_equal(
		bus_send(f->pair->client.bus,
			 bus_message(NAME, PATH, DBUS_INTERFACE_PROPERTIES, "Get", DBUS_TYPE_STRING,
				     &interface, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID),
			 -1, take_property, &value, NULL),
		0);
	calls_fixture_settle(f);
	return value;
}

static void be_at(struct calls_fixture *f, enum route_kind kind)
{
	fake_engine_route(f->engine, (struct route){ .kind = kind, .device = FIXTURE_DEVICE },
			  RULE_P4, "a test");
	fake_engine_finish(f->engine, NULL, NULL);
	calls_fixture_settle(f);
}

/* ---- modes --------------------------------------------------------------------------------------- */

static void test_the_call_mode_is_a_call(void **state)
{
	struct calls_fixture *f = *state;
	const struct call *call;

	assert_int_equal(property(f, "AudioMode"), DEFAULT);
	assert_string_equal(select_mode(f, CALL), YES);
	call = calls_fixture_only(f);
	assert_false(call->info.managed);
	assert_false(call->info.phone);
	assert_int_equal(call->state, CALL_ACTIVE);
	assert_int_equal(call->info.processes[0], getpid());
	assert_int_equal(property(f, "AudioMode"), CALL);
	assert_string_equal(select_mode(f, CALL), YES);
	(void)calls_fixture_only(f);
	assert_string_equal(select_mode(f, DEFAULT), YES);
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(property(f, "AudioMode"), DEFAULT);
	assert_string_equal(select_mode(f, DEFAULT), YES);
}

static void test_other_modes_are_refused(void **state)
{
	struct calls_fixture *f = *state;
	struct told told;

	assert_string_equal(select_mode(f, 2), DBUS_ERROR_INVALID_ARGS);
	assert_string_equal(select_mode(f, 255), DBUS_ERROR_INVALID_ARGS);
	ask(f, "SelectMode", DBUS_TYPE_BOOLEAN, 1, &told);
	assert_string_equal(told.text, DBUS_ERROR_INVALID_ARGS);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_two_ask_before_the_first_is_answered(void **state)
{
	static const uint32_t modes[] = { CALL, CALL, DEFAULT, CALL, DEFAULT };
	struct calls_fixture *f = *state;
	struct told told[5] = { 0 };

	for (size_t i = 0; i < 5; i++)
		assert_int_equal(
			bus_send(f->pair->client.bus,
				 bus_message(NAME, PATH, NAME, "SelectMode", DBUS_TYPE_UINT32,
					     &modes[i], DBUS_TYPE_INVALID),
				 -1, take, &told[i], NULL),
			0);
	calls_fixture_settle(f);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(told[i].text, YES);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_a_call_that_was_hung_up_begins_again_when_asked(void **state)
{
	struct calls_fixture *f = *state;

	(void)select_mode(f, CALL);
	(void)engine_call_state(f->engine, calls_fixture_only(f), CALL_ENDED, false);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_string_equal(select_mode(f, CALL), YES);
	(void)calls_fixture_only(f);
}

static void test_without_room_for_a_call_the_mode_is_taken(void **state)
{
	struct calls_fixture *f = *state;

	f->engine->refuse = POLICY_TOO_MANY;
	assert_string_equal(select_mode(f, CALL), YES);
	assert_int_equal(property(f, "AudioMode"), CALL);
	f->engine->refuse = POLICY_OK;
	assert_string_equal(select_mode(f, DEFAULT), YES);
	assert_int_equal(f->engine->n_calls, 0);
}

/* ---- beside another source -------------------------------------------------------------------------- */

static void gnome_has(struct calls_fixture *f, unsigned int n, bool inbound, uint32_t state)
{
	if (n == 1)
		fake_gnome_come(f->gnome);
	calls_fixture_settle(f);
	fake_gnome_call(f->gnome, n, "tel", "+4930123", inbound, state);
	calls_fixture_settle(f);
}

static void test_a_call_of_gnome_calls_is_not_two(void **state)
{
	struct calls_fixture *f = *state;

	gnome_has(f, 1, true, GNOME_INCOMING);
	fake_engine_now_ms += 20000;
	/* in either order */
	assert_string_equal(select_mode(f, CALL), YES);
	fake_gnome_state(f->gnome, 1, GNOME_ACTIVE);
	calls_fixture_settle(f);
	assert_true(calls_fixture_only(f)->info.phone);
	fake_gnome_state(f->gnome, 1, GNOME_ENDED);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_string_equal(select_mode(f, DEFAULT), YES);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_a_call_that_begins_with_the_mode_is_its(void **state)
{
	struct calls_fixture *f = *state;

	(void)select_mode(f, CALL);
	fake_engine_now_ms += 100;
	gnome_has(f, 1, false, GNOME_DIALING);
	assert_true(calls_fixture_only(f)->info.phone);
	assert_string_equal(select_mode(f, DEFAULT), YES);
	(void)calls_fixture_only(f);
}

static void test_a_call_that_comes_later_is_another(void **state)
{
	struct calls_fixture *f = *state;

	(void)select_mode(f, CALL);
	fake_engine_now_ms += 60000;
	gnome_has(f, 1, true, GNOME_INCOMING);
	assert_int_equal(f->engine->n_calls, 2);
	(void)select_mode(f, DEFAULT);
	assert_true(calls_fixture_only(f)->info.phone);
}

static void own_ended(struct call *call, void *source)
{
	(void)call;
	(void)source;
}

static void test_the_mode_begins_again_after_a_call_of_a_softphone(void **state)
{
	static const struct call_ops own_ops = { .rank = CALL_RANK_API, .ended = own_ended };
	static const struct call_info info = { .state = CALL_ACTIVE, .party = "sip:bob@x" };
	struct calls_fixture *f = *state;
	struct call *call;

	assert_int_equal(engine_call_add(f->engine, &info, &own_ops, NULL, &call), POLICY_OK);
	(void)select_mode(f, CALL);
	assert_ptr_equal(calls_fixture_only(f), call);
	(void)engine_call_state(f->engine, call, CALL_ENDED, true);
	assert_int_equal(f->engine->n_calls, 0);
	(void)select_mode(f, CALL);
	(void)calls_fixture_only(f);
}

static void test_without_gnome_calls_the_mode_goes_on(void **state)
{
	struct calls_fixture *f = *state;
	uint32_t id;

	gnome_has(f, 1, true, GNOME_ACTIVE);
	id = call_id(calls_fixture_only(f));
	(void)select_mode(f, CALL);
	fake_gnome_go(f->gnome);
	calls_fixture_settle(f);
	assert_int_equal(call_id(calls_fixture_only(f)), id);
	(void)select_mode(f, DEFAULT);
	assert_int_equal(f->engine->n_calls, 0);
}

/* ---- who selected it goes ---------------------------------------------------------------------------- */

static void test_the_mode_ends_with_its_dialler(void **state)
{
	struct calls_fixture *f = *state;
	struct bus_end dialler;
	struct told told;

	bus_end_open(f->pair, &dialler);
	ask_from(f, dialler.bus, "SelectMode", DBUS_TYPE_UINT32, CALL, &told);
	assert_string_equal(told.text, YES);
	(void)calls_fixture_only(f);
	fake_engine_now_ms += 60000;
	bus_end_close(&dialler);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
	assert_int_equal(property(f, "AudioMode"), DEFAULT);
}

static void on_dialler(void *data, const char *name, const char *owner)
{
	(void)name;
	if (owner == NULL)
		*(bool *)data = true;
}

static void test_diallers_that_select_and_die(void **state)
{
	enum { DIALLERS = 20, SELECTIONS = 50 };
	struct calls_fixture *f = *state;
	const struct call *good;
	dbus_uint32_t mode = CALL;

	gnome_has(f, 1, true, GNOME_INCOMING);
	good = calls_fixture_only(f);
	fake_engine_now_ms += 60000;
	for (unsigned int i = 0; i < DIALLERS; i++) {
		struct bus_name_watch *watch;
		struct bus_end dialler;
		bool gone = false;

		bus_end_open(f->pair, &dialler);
		assert_int_equal(bus_watch_name(f->pair->client.bus, bus_unique_name(dialler.bus),
						on_dialler, &gone, &watch),
				 0);
		bus_pair_settle(f->pair);
		for (unsigned int n = 0; n < SELECTIONS; n++)
			assert_int_equal(
				bus_send(dialler.bus,
					 bus_message(NAME, PATH, NAME, "SelectMode",
						     DBUS_TYPE_UINT32, &mode, DBUS_TYPE_INVALID),
					 -1, NULL, NULL, NULL),
				0);
		bus_end_close(&dialler);
		assert_true(loop_until_set(f->pair->loop, &gone));
		bus_name_watch_free(watch);
	}
	calls_fixture_settle(f);
	assert_ptr_equal(calls_fixture_only(f), good);
	assert_int_equal(good->state, CALL_INCOMING);
	/* the mode that they left is the call's, and ends with nothing */
	(void)engine_call_state(f->engine, f->engine->calls[0], CALL_ENDED, true);
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 0);
}

static void test_a_tool_leaves_the_mode_as_it_set_it(void **state)
{
	struct calls_fixture *f = *state;
	struct bus_end tool;
	struct told told;

	bus_end_open(f->pair, &tool);
	ask_from(f, tool.bus, "SelectMode", DBUS_TYPE_UINT32, CALL, &told);
	bus_end_close(&tool);
	calls_fixture_settle(f);
	fake_engine_now_ms += 60000;
	calls_fixture_settle(f);
	(void)calls_fixture_only(f);
	bus_end_open(f->pair, &tool);
	ask_from(f, tool.bus, "SelectMode", DBUS_TYPE_UINT32, DEFAULT, &told);
	assert_int_equal(f->engine->n_calls, 0);
	bus_end_close(&tool);
}

/* ---- speaker and microphone -------------------------------------------------------------------------- */

static void test_the_speaker_is_a_pick_and_back(void **state)
{
	struct calls_fixture *f = *state;
	struct told told;

	(void)select_mode(f, CALL);
	be_at(f, ROUTE_HANDSET);
	assert_int_equal(property(f, "SpeakerState"), 0);
	speaker(f, true, &told);
	assert_int_equal(f->engine->asked_route.kind, ROUTE_SPEAKER);
	assert_string_equal(told.text, ""); /* before the sound is there */
	be_at(f, ROUTE_SPEAKER);
	assert_string_equal(told.text, YES);
	assert_int_equal(property(f, "SpeakerState"), 1);
	speaker(f, false, &told);
	assert_int_equal(f->engine->asked_route.kind, ROUTE_HANDSET);
	be_at(f, ROUTE_HANDSET);
	assert_string_equal(told.text, YES);
	assert_int_equal(property(f, "SpeakerState"), 0);
	/* off already: nothing to do */
	f->engine->asked_route.kind = ROUTE_NONE;
	speaker(f, false, &told);
	assert_string_equal(told.text, YES);
	assert_int_equal(f->engine->asked_route.kind, ROUTE_NONE);
}

static void test_the_sound_goes_back_to_where_it_was(void **state)
{
	struct calls_fixture *f = *state;
	struct told told;

	(void)select_mode(f, CALL);
	be_at(f, ROUTE_WIRED);
	speaker(f, true, &told);
	be_at(f, ROUTE_SPEAKER);
	speaker(f, false, &told);
	assert_int_equal(f->engine->asked_route.kind, ROUTE_WIRED);
	be_at(f, ROUTE_HEADSET);
	speaker(f, true, &told);
	be_at(f, ROUTE_SPEAKER);
	speaker(f, false, &told); /* the headset has gone meanwhile */
	assert_int_equal(f->engine->asked_route.kind, ROUTE_HANDSET);
	be_at(f, ROUTE_HANDSET);
	assert_string_equal(told.text, YES);
}

static void test_a_machine_with_nothing_but_a_loudspeaker(void **state)
{
	struct calls_fixture *f = *state;
	struct told told;

	(void)select_mode(f, CALL);
	be_at(f, ROUTE_SPEAKER);
	speaker(f, false, &told);
	be_at(f, ROUTE_SPEAKER);
	assert_string_equal(told.text, "org.callroute.Error.NotAvailable");
}

static void test_a_pick_that_is_refused_or_fails_is_an_error(void **state)
{
	struct calls_fixture *f = *state;
	struct told told;

	f->engine->refuse = POLICY_NO_CALL;
	speaker(f, true, &told);
	assert_string_equal(told.text, "org.callroute.Error.NoCall");
	assert_string_equal(mute(f, true), "org.callroute.Error.NoCall");
	assert_string_equal(mute(f, false), YES); /* so it is */
	f->engine->refuse = POLICY_OK;
	speaker(f, true, &told);
	fake_engine_finish(f->engine, ENGINE_ERROR_TIMED_OUT, "too slow");
	calls_fixture_settle(f);
	assert_string_equal(told.text, ENGINE_ERROR_TIMED_OUT);
}

static void test_the_microphone(void **state)
{
	struct calls_fixture *f = *state;

	(void)select_mode(f, CALL);
	assert_int_equal(property(f, "MicState"), 1);
	assert_string_equal(mute(f, true), YES);
	assert_true(f->engine->decision.muted);
	assert_int_equal(property(f, "MicState"), 0);
	assert_string_equal(mute(f, false), YES);
	assert_false(f->engine->decision.muted);
	assert_int_equal(property(f, "MicState"), 1);
}

static void test_an_end_answers_what_is_open(void **state)
{
	struct calls_fixture *f = *state;
	struct told told;

	(void)select_mode(f, CALL);
	speaker(f, true, &told);
	assert_string_equal(told.text, "");
	f->calls = calls_free(f->calls);
	calls_fixture_settle(f);
	assert_string_equal(told.text, ENGINE_ERROR_SUPERSEDED);
	assert_int_equal(f->engine->n_calls, 0);
}

/* ---- the name ---------------------------------------------------------------------------------------- */

struct owner {
	bool told;
	char name[64];
};

static void on_owner(void *data, const char *name, const char *owner)
{
	struct owner *of = data;

	(void)name;
	of->told = true;
	(void)snprintf(of->name, sizeof(of->name), "%s", owner ? owner : "");
}

static void ignore_owned(void *data, const char *name, bool owned)
{
	(void)data;
	(void)name;
	(void)owned;
}

static void test_the_name_is_taken_when_callaudiod_goes(void **state)
{
	struct calls_fixture *f = *state;
	struct owner owner = { 0 };
	struct bus_name_watch *watch;
	struct bus_end callaudiod;

	f->calls = calls_free(f->calls);
	bus_end_open(f->pair, &callaudiod);
	assert_int_equal(bus_request_name(callaudiod.bus, NAME, ignore_owned, NULL), 0);
	calls_fixture_settle(f);
	assert_int_equal(calls_new(f->engine, NULL, &f->calls), 0);
	calls_session_bus(f->calls, f->pair->server.bus);
	assert_int_equal(bus_watch_name(f->pair->client.bus, NAME, on_owner, &owner, &watch), 0);
	calls_fixture_settle(f);
	assert_string_equal(owner.name, bus_unique_name(callaudiod.bus));
	bus_end_close(&callaudiod);
	calls_fixture_settle(f);
	assert_string_equal(owner.name, bus_unique_name(f->pair->server.bus));
	f->calls = calls_free(f->calls);
	calls_fixture_settle(f);
	assert_string_equal(owner.name, "");
	watch = bus_name_watch_free(watch);
}

/* A bus that can start callaudiod; who owns its name once the sources have begun. */
static void own_beside_callaudiod(const char *configuration, bool ours)
{
	static const char bus_text[] =
		"<busconfig><type>session</type><listen>unix:path=@DIR@/bus</listen>"
		"<auth>EXTERNAL</auth><servicedir>%s</servicedir>"
		"<policy context=\"default\"><allow send_destination=\"*\"/>"
		"<allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>";
	struct calls_fixture f = { 0 };
	char directory[] = "/tmp/services-XXXXXX", path[96], text[512];
	struct owner owner = { 0 };
	struct bus_name_watch *watch;
	struct config *config = NULL;
	void *pair;
	FILE *file;

	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/callroute.conf", directory);
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fputs(configuration, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(config_load_file(path, NULL, NULL, &config), 0);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/" NAME ".service", directory);
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fputs("[D-BUS Service]\nName=" NAME "\nExec=/bin/false\n", file);
	assert_int_equal(fclose(file), 0);
	(void)snprintf(text, sizeof(text), bus_text, directory);
	assert_int_equal(bus_pair_start(&pair, text), 0);
	f.pair = pair;
	f.engine = fake_engine_new();
	assert_int_equal(calls_new(f.engine, config, &f.calls), 0);
	calls_session_bus(f.calls, f.pair->server.bus);
	assert_int_equal(bus_watch_name(f.pair->client.bus, NAME, on_owner, &owner, &watch), 0);
	calls_fixture_settle(&f);
	assert_true(owner.told);
	assert_string_equal(owner.name, ours ? bus_unique_name(f.pair->server.bus) : "");
	watch = bus_name_watch_free(watch);
	f.calls = calls_free(f.calls);
	f.engine = fake_engine_free(f.engine);
	(void)bus_pair_teardown(&pair);
	config = config_free(config);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

static void test_where_callaudiod_is_installed_the_name_is_left_to_it(void **state)
{
	(void)state;
	own_beside_callaudiod("", false);
	own_beside_callaudiod("calls = { callaudio = false }\n", false);
	own_beside_callaudiod("calls = { callaudio = true }\n", true);
}

#define CALLAUDIO_TEST(test) \
	cmocka_unit_test_setup_teardown(test, calls_fixture_setup, calls_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CALLAUDIO_TEST(test_the_call_mode_is_a_call),
		CALLAUDIO_TEST(test_other_modes_are_refused),
		CALLAUDIO_TEST(test_two_ask_before_the_first_is_answered),
		CALLAUDIO_TEST(test_a_call_that_was_hung_up_begins_again_when_asked),
		CALLAUDIO_TEST(test_without_room_for_a_call_the_mode_is_taken),
		CALLAUDIO_TEST(test_a_call_of_gnome_calls_is_not_two),
		CALLAUDIO_TEST(test_a_call_that_begins_with_the_mode_is_its),
		CALLAUDIO_TEST(test_a_call_that_comes_later_is_another),
		CALLAUDIO_TEST(test_the_mode_begins_again_after_a_call_of_a_softphone),
		CALLAUDIO_TEST(test_without_gnome_calls_the_mode_goes_on),
		CALLAUDIO_TEST(test_the_mode_ends_with_its_dialler),
		CALLAUDIO_TEST(test_diallers_that_select_and_die),
		CALLAUDIO_TEST(test_a_tool_leaves_the_mode_as_it_set_it),
		CALLAUDIO_TEST(test_the_speaker_is_a_pick_and_back),
		CALLAUDIO_TEST(test_the_sound_goes_back_to_where_it_was),
		CALLAUDIO_TEST(test_a_machine_with_nothing_but_a_loudspeaker),
		CALLAUDIO_TEST(test_a_pick_that_is_refused_or_fails_is_an_error),
		CALLAUDIO_TEST(test_the_microphone),
		CALLAUDIO_TEST(test_an_end_answers_what_is_open),
		CALLAUDIO_TEST(test_the_name_is_taken_when_callaudiod_goes),
		cmocka_unit_test(test_where_callaudiod_is_installed_the_name_is_left_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
