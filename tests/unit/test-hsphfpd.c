/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The org.hsphfpd service: applications, endpoints, links that come up, gains.
 */
#include "hsphfpd-fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- applications --------------------------------------------------------------------------- */

static void test_an_application_registers_once_and_unregisters(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, true);
	assert_int_equal(f->agents, 2);
	answer = register_application(f, "RegisterApplication");
	expect_error(f, &answer, "AlreadyExists");
	answer = register_application(f, "UnregisterApplication");
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_int_equal(f->agents, 0);
	answer = register_application(f, "UnregisterApplication");
	expect_error(f, &answer, "DoesNotExist");
}

static bool no_agents(void *data)
{
	return ((struct fixture *)data)->agents == 0;
}

static void test_an_application_that_leaves_the_bus_is_forgotten(void **state)
{
	struct fixture *f = *state;

	start_application(f, true);
	f->match = bus_match_free(f->match);
	bus_end_close(&f->pair->client);
	assert_true(loop_until(f->pair->loop, no_agents, f, LOOP_DEADLINE_MS));
}

static void test_a_name_that_somebody_holds_is_told_and_taken_when_free(void **state)
{
	struct fixture *f = *state;
	struct hsphfpd *second;
	struct bus_end end;

	bus_end_open(f->pair, &end);
	assert_int_equal(hsphfpd_new(end.bus, f->pair->loop, &fixture_events, f, &second), 0);
	assert_true(loop_until_count(f->pair->loop, &f->not_owned, 1));
	assert_int_equal(f->owned, 1);
	hsphfpd_endpoint_free(f->headset);
	hsphfpd_endpoint_free(f->other);
	f->headset = f->other = NULL;
	f->service = hsphfpd_free(f->service);
	assert_true(loop_until_count(f->pair->loop, &f->owned, 2));
	hsphfpd_free(second);
	bus_end_close(&end);
}

struct seen_name {
	unsigned int gone;
	unsigned int there;
};

static void on_name(void *data, const char *name, const char *owner)
{
	struct seen_name *seen = data;

	(void)name;
	if (owner)
		seen->there++;
	else
		seen->gone++;
}

/* PipeWire that looked too early, and listened too late. */
static void test_who_missed_the_name_sees_it_come_again(void **state)
{
	struct fixture *f = *state;
	struct seen_name seen = { 0 };
	struct bus_name_watch *watch;

	assert_int_equal(bus_watch_name(f->pair->client.bus, "org.hsphfpd", on_name, &seen, &watch),
			 0);
	assert_true(loop_until_count(f->pair->loop, &seen.there, 1));
	assert_true(loop_until_count(f->pair->loop, &seen.gone, 1));
	assert_true(loop_until_count(f->pair->loop, &seen.there, 2));
	/* nobody else hears of it */
	assert_int_equal(f->owned, 1);
	assert_int_equal(f->not_owned, 0);
	start_application(f, false);
	bus_name_watch_free(watch);
}

/* Or the other process has it by then. */
static void test_a_name_that_is_lost_while_it_is_told_again(void **state)
{
	struct fixture *f = *state;
	struct hsphfpd *second;
	struct bus_end end;

	bus_end_open(f->pair, &end);
	assert_int_equal(hsphfpd_new(end.bus, f->pair->loop, &fixture_events, f, &second), 0);
	assert_true(loop_until_count(f->pair->loop, &f->not_owned, 1));
	/* the first gives it back, the second has waited for it, and does the same */
	assert_true(loop_until_count(f->pair->loop, &f->not_owned, 2));
	assert_true(loop_until_count(f->pair->loop, &f->owned, 2));
	hsphfpd_free(second);
	bus_end_close(&end);
}

/* ---- endpoints ------------------------------------------------------------------------------ */

static void test_managed_objects_are_the_endpoints_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	static const struct bus_interface interface = { .name = "org.callroute.Other" };
	static const struct bus_interface *const interfaces[] = { &interface, NULL };
	struct bus_object *object;
	struct bus_answer answer;
	DBusMessageIter iter, objects;
	unsigned int n = 0;

	assert_int_equal(
		bus_object_new(f->pair->server.bus, "/org/callroute/x", interfaces, NULL, &object),
		0);
	start_application(f, false);
	bring_up(f);
	bus_pair_call(f->pair,
		      bus_pair_message(f->pair, "/", "org.freedesktop.DBus.ObjectManager",
				       "GetManagedObjects"),
		      &answer);
	assert_string_equal(answer.error, "");
	dbus_message_iter_init(answer.reply, &iter);
	dbus_message_iter_recurse(&iter, &objects);
	for (; dbus_message_iter_get_arg_type(&objects) == DBUS_TYPE_DICT_ENTRY; n++) {
		DBusMessageIter entry;
		const char *path;

		dbus_message_iter_recurse(&objects, &entry);
		dbus_message_iter_get_basic(&entry, &path);
		assert_true(strcmp(path, HEADSET_PATH) == 0 || strcmp(path, OTHER_PATH) == 0);
		dbus_message_iter_next(&objects);
	}
	assert_int_equal(n, 2);
	bus_answer_done(&answer);
	bus_object_free(object);
}

static int count_codecs(void *data, const char *key, DBusMessageIter *value)
{
	static const struct {
		const char *key;
		const char *text;
	} expected[] = {
		{ "Name", "Headset" },      { "RemoteAddress", "AA:BB:CC:00:00:01" },
		{ "Profile", "handsfree" }, { "LocalAddress", "00:11:22:33:44:55" },
		{ "Version", "1.7" },       { "Role", "client" },
	};
	unsigned int *seen = data;
	dbus_bool_t on;
	const char *text;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		if (strcmp(key, expected[i].key) != 0)
			continue;
		assert_int_equal(bus_read_basic(value, DBUS_TYPE_STRING, &text), 0);
		assert_string_equal(text, expected[i].text);
		(*seen)++;
	}
	if (strcmp(key, "Connected") == 0) {
		assert_int_equal(bus_read_basic(value, DBUS_TYPE_BOOLEAN, &on), 0);
		assert_true(on);
		(*seen)++;
	} else if (strcmp(key, "AudioCodecs") == 0) {
		DBusMessageIter array;

		dbus_message_iter_recurse(value, &array);
		assert_int_equal(bus_read_basic(&array, DBUS_TYPE_STRING, &text), 0);
		assert_string_equal(text, "CVSD");
		assert_true(dbus_message_iter_next(&array));
		assert_int_equal(bus_read_basic(&array, DBUS_TYPE_STRING, &text), 0);
		assert_string_equal(text, "mSBC");
		(*seen)++;
	}
	return 0;
}

static void test_an_endpoint_has_what_pipewire_insists_on(void **state)
{
	struct fixture *f = *state;
	const char *interface = ENDPOINT;
	DBusMessage *message =
		bus_pair_message(f->pair, HEADSET_PATH, DBUS_INTERFACE_PROPERTIES, "GetAll");
	struct bus_answer answer;
	DBusMessageIter iter;
	unsigned int seen = 0;

	dbus_message_append_args(message, DBUS_TYPE_STRING, &interface, DBUS_TYPE_INVALID);
	bus_pair_call(f->pair, message, &answer);
	dbus_message_iter_init(answer.reply, &iter);
	assert_int_equal(bus_read_dict(&iter, count_codecs, &seen), 0);
	assert_int_equal(seen, 8);
	bus_answer_done(&answer);
}

static void test_an_endpoint_that_cannot_be_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hsphfpd_endpoint_info info = { .remote = 0xaabbcc000001, .adapter_name = "hci0" };
	struct hsphfpd_endpoint *endpoint = NULL;

	assert_int_equal(hsphfpd_endpoint_new(f->service, &info, NULL, &endpoint), -EEXIST);
	info.adapter_name = "../hci0";
	assert_int_equal(hsphfpd_endpoint_new(f->service, &info, NULL, &endpoint), -EINVAL);
	info = (struct hsphfpd_endpoint_info){ .adapter_name = "hci0" };
	assert_int_equal(hsphfpd_endpoint_new(f->service, &info, NULL, &endpoint), -EINVAL);
	assert_null(endpoint);
}

/* ---- a link comes up ------------------------------------------------------------------------ */

static void test_connect_audio_dials_and_hands_the_link_to_the_agent(void **state)
{
	struct fixture *f = *state;
	const struct fake_agent *agent = &f->application.pcm;
	struct bus_answer answer;
	const char *transport, *service, *path;
	char byte = 0;

	start_application(f, false);
	ask(f, &answer);
	expect_dial(f, 1);
	assert_int_equal(f->asked, 1);
	assert_int_equal(fake_sco.dial->remote, 0xaabbcc000001);
	assert_int_equal(fake_sco.dial->local, 0x001122334455);
	assert_int_equal(fake_sco.dial->codec, SCO_CVSD);
	assert_true(fake_sco.dial->timeout_ms > 0);
	f->sco = fake_sco_connect(72);
	assert_true(loop_until_set(f->pair->loop, &answer.got));

	assert_string_equal(answer.error, "");
	assert_true(dbus_message_get_args(answer.reply, NULL, DBUS_TYPE_OBJECT_PATH, &transport,
					  DBUS_TYPE_STRING, &service, DBUS_TYPE_OBJECT_PATH, &path,
					  DBUS_TYPE_INVALID));
	assert_string_equal(transport, agent->transport);
	assert_string_equal(service, bus_unique_name(f->pair->client.bus));
	assert_string_equal(path, FAKE_PCM_PATH);
	bus_answer_done(&answer);

	assert_string_equal(agent->endpoint, HEADSET_PATH);
	assert_string_equal(agent->air_codec, "CVSD");
	assert_string_equal(agent->rx_control, "remote");
	assert_string_equal(agent->tx_control, "remote");
	assert_int_equal(agent->mtu, 72);
	assert_int_equal(agent->rx_gain, 7);
	assert_int_equal(agent->tx_gain, 9);
	assert_true(agent->nrec);
	assert_string_equal(agent->name, "Headset");
	assert_string_equal(agent->version, "1.7");

	assert_int_equal(f->up, 1);
	assert_true(hsphfpd_endpoint_audio_up(f->headset));
	assert_true(audio_connected(f));
	assert_string_equal(f->changed, "Endpoint AudioConnected");
	/* it is the headset that the agent talks to */
	assert_int_equal(send(f->sco, "v", 1, 0), 1);
	assert_int_equal(recv(agent->fd, &byte, 1, 0), 1);
	assert_int_equal(byte, 'v');
}

static void test_msbc_where_both_can_and_by_itself_where_nothing_is_named(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, true);
	connect_audio(f, f->pair->client.bus, HEADSET_PATH, "", "", &answer);
	expect_dial(f, 1);
	assert_int_equal(fake_sco.dial->codec, SCO_TRANSPARENT);
	f->sco = fake_sco_connect(60);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	assert_int_equal(f->application.msbc.offers, 1);
	assert_int_equal(f->application.pcm.offers, 0);
	assert_string_equal(f->application.msbc.air_codec, "mSBC");
	bus_answer_done(&answer);
}

static void test_codecs_that_do_not_fit_are_refused_by_name(void **state)
{
	struct fixture *f = *state;

	start_application(f, false);
	expect_refusal(f, OTHER_PATH, "mSBC", "mSBC", "NotSupported");
	expect_refusal(f, HEADSET_PATH, "CVSD", "mSBC", "NotSupported");
	expect_refusal(f, HEADSET_PATH, "LC3", "LC3", "NotSupported");
	expect_refusal(f, HEADSET_PATH, "mSBC", "mSBC", "NotAvailable");
	assert_int_equal(f->asked, 0);
	assert_int_equal(fake_sco.started, 0);
}

static void test_without_an_agent_there_is_no_sound(void **state)
{
	struct fixture *f = *state;

	expect_refusal(f, HEADSET_PATH, "CVSD", "PCM_s16le_8kHz", "NotAvailable");
	expect_refusal(f, HEADSET_PATH, "", "", "NotAvailable");
	assert_int_equal(fake_sco.started, 0);
}

static void test_what_the_engine_does_not_want_is_not_dialled(void **state)
{
	struct fixture *f = *state;

	start_application(f, false);
	f->wanted = -EBUSY;
	expect_refusal(f, HEADSET_PATH, "CVSD", "PCM_s16le_8kHz", "InUse");
	f->wanted = -EPERM;
	expect_refusal(f, HEADSET_PATH, "CVSD", "PCM_s16le_8kHz", "Rejected");
	assert_int_equal(f->asked, 2);
	assert_int_equal(fake_sco.started, 0);
	assert_int_equal(f->failed, 0);
	f->wanted = 0;
	bring_up(f);
}

static void test_a_second_request_is_refused_while_one_is_under_way(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	ask(f, &answer);
	expect_dial(f, 1);
	expect_refusal(f, HEADSET_PATH, "CVSD", "PCM_s16le_8kHz", "InProgress");
	expect_refusal(f, OTHER_PATH, "CVSD", "PCM_s16le_8kHz", "InProgress");
	f->sco = fake_sco_connect(48);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	/* who has the link should know that; somebody else need not */
	connect_audio(f, f->pair->server.bus, HEADSET_PATH, "CVSD", "PCM_s16le_8kHz", &answer);
	expect_error(f, &answer, "AlreadyConnected");
	assert_int_equal(f->forgotten, 0);
	expect_refusal(f, HEADSET_PATH, "CVSD", "PCM_s16le_8kHz", "AlreadyConnected");
	assert_int_equal(f->forgotten, 1);
	assert_int_equal(fake_sco.started, 1);
	assert_int_equal(f->asked, 1);
}

/* ---- gains ---------------------------------------------------------------------------------- */

static void set_gain(struct fixture *f, const char *name, int type, const void *value,
		     const char *error)
{
	DBusMessage *message =
		property_message(f, f->application.pcm.transport, TRANSPORT, "Set", name);
	struct bus_answer answer;
	DBusMessageIter args;

	dbus_message_iter_init_append(message, &args);
	bus_append_variant(&args, type, value);
	bus_pair_call(f->pair, message, &answer);
	assert_string_equal(answer.error, error);
	bus_answer_done(&answer);
}

static void get_of_transport(struct fixture *f, const char *name, int type, void *ret)
{
	struct bus_answer answer;
	DBusMessageIter args;

	bus_pair_call(f->pair,
		      property_message(f, f->application.pcm.transport, TRANSPORT, "Get", name),
		      &answer);
	assert_string_equal(answer.error, "");
	dbus_message_iter_init(answer.reply, &args);
	assert_int_equal(bus_read_basic(&args, type, ret), 0);
	bus_answer_done(&answer);
}

static uint16_t gain_of(struct fixture *f, const char *name)
{
	uint16_t gain;

	get_of_transport(f, name, DBUS_TYPE_UINT16, &gain);
	return gain;
}

static bool nrec_of(struct fixture *f)
{
	dbus_bool_t on;

	get_of_transport(f, "NREC", DBUS_TYPE_BOOLEAN, &on);
	return on;
}

static void test_gains_that_the_agent_sets_are_told(void **state)
{
	struct fixture *f = *state;
	uint16_t gain = 12;
	uint16_t too_much = 16;
	int32_t wrong = 3;

	start_application(f, false);
	bring_up(f);
	set_gain(f, "TxVolumeGain", DBUS_TYPE_UINT16, &gain, "");
	assert_int_equal(f->gains, 1);
	assert_int_equal(f->speaker_gain, 12);
	assert_int_equal(f->microphone_gain, 7);
	set_gain(f, "RxVolumeGain", DBUS_TYPE_UINT16, &gain, "");
	assert_int_equal(f->gains, 2);
	assert_int_equal(f->microphone_gain, 12);
	set_gain(f, "RxVolumeGain", DBUS_TYPE_UINT16, &gain, "");
	assert_int_equal(f->gains, 2); /* nothing new */
	assert_int_equal(gain_of(f, "RxVolumeGain"), 12);
	set_gain(f, "RxVolumeGain", DBUS_TYPE_UINT16, &too_much, ERROR_PREFIX "InvalidArguments");
	set_gain(f, "RxVolumeGain", DBUS_TYPE_INT32, &wrong, DBUS_ERROR_INVALID_ARGS);
	assert_int_equal(f->gains, 2);
}

/* Signals about a transport are what PipeWire's client dies of. */
static void test_gains_that_the_headset_sets_are_there_and_not_announced(void **state)
{
	struct fixture *f = *state;

	start_application(f, false);
	hsphfpd_endpoint_set_gains(f->headset, 5, 6);
	bring_up(f);
	assert_int_equal(f->application.pcm.tx_gain, 5);
	assert_int_equal(f->application.pcm.rx_gain, 6);
	bus_pair_settle(f->pair);
	f->changes = 0;
	hsphfpd_endpoint_set_gains(f->headset, 4, 200);
	assert_int_equal(gain_of(f, "TxVolumeGain"), 4);
	assert_int_equal(gain_of(f, "RxVolumeGain"), 15);
	bus_pair_settle(f->pair);
	assert_int_equal(f->changes, 0);
	assert_int_equal(f->gains, 0);
}

static void test_gains_that_do_not_work_are_the_agents_own(void **state)
{
	const struct hsphfpd_endpoint_info info = {
		.remote = 0xaabbcc000003,
		.local = 0x001122334455,
		.name = "Broken",
		.adapter_name = "hci0",
		.speaker_gain = 9,
		.microphone_gain = 7,
		.no_speaker_gain = true,
		.no_microphone_gain = true,
	};
	struct fixture *f = *state;
	struct hsphfpd_endpoint *endpoint;
	struct bus_answer answer;
	uint16_t gain = 12;

	assert_int_equal(hsphfpd_endpoint_new(f->service, &info, f, &endpoint), 0);
	start_application(f, false);
	f->application.pcm.tx_gain = f->application.pcm.rx_gain = 77;
	connect_audio(f, f->pair->client.bus, "/org/hsphfpd/hci0/dev_AA_BB_CC_00_00_03/hfp_hf",
		      "CVSD", "PCM_s16le_8kHz", &answer);
	expect_dial(f, 1);
	f->sco = fake_sco_connect(48);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_string_equal(f->application.pcm.rx_control, "none");
	assert_string_equal(f->application.pcm.tx_control, "none");
	assert_int_equal(f->application.pcm.tx_gain, 77); /* not there */
	assert_int_equal(f->application.pcm.rx_gain, 77);
	set_gain(f, "TxVolumeGain", DBUS_TYPE_UINT16, &gain, ERROR_PREFIX "NotSupported");
	set_gain(f, "RxVolumeGain", DBUS_TYPE_UINT16, &gain, ERROR_PREFIX "NotSupported");
	assert_int_equal(f->gains, 0);
}

static void test_nrec_that_the_headset_switches_off_is_there_and_not_announced(void **state)
{
	struct fixture *f = *state;

	start_application(f, false);
	bring_up(f);
	assert_true(f->application.pcm.nrec);
	bus_pair_settle(f->pair);
	f->changes = 0;
	hsphfpd_endpoint_set_nrec(f->headset, false);
	assert_false(nrec_of(f));
	hsphfpd_endpoint_set_nrec(f->headset, true);
	assert_true(nrec_of(f));
	bus_pair_settle(f->pair);
	assert_int_equal(f->changes, 0);
}

/* ---- this machine's battery ------------------------------------------------------------------ */

#define POWER "org.hsphfpd.PowerSupply"
#define POWER_PATH "/org/hsphfpd/power_supply"

static void set_power(struct fixture *f, const char *name, int type, const void *value,
		      const char *error)
{
	DBusMessage *message = property_message(f, POWER_PATH, POWER, "Set", name);
	struct bus_answer answer;
	DBusMessageIter args;

	dbus_message_iter_init_append(message, &args);
	bus_append_variant(&args, type, value);
	bus_pair_call(f->pair, message, &answer);
	assert_string_equal(answer.error, error);
	bus_answer_done(&answer);
}

static int16_t battery_level(struct fixture *f)
{
	struct bus_answer answer;
	DBusMessageIter args;
	int16_t level = -7;

	bus_pair_call(f->pair, property_message(f, POWER_PATH, POWER, "Get", "BatteryLevel"),
		      &answer);
	assert_string_equal(answer.error, "");
	dbus_message_iter_init(answer.reply, &args);
	assert_int_equal(bus_read_basic(&args, DBUS_TYPE_INT16, &level), 0);
	bus_answer_done(&answer);
	return level;
}

static void test_the_power_supply_is_read_and_written(void **state)
{
	struct fixture *f = *state;
	int16_t level = 30, too_much = 101, none = -1;
	const char *battery = "battery", *nonsense = "coal";

	assert_int_equal(battery_level(f), -1);
	f->changes = 0;
	hsphfpd_set_power(f->service, 80, HSPHFPD_POWER_EXTERNAL);
	assert_true(loop_until_count(f->pair->loop, &f->changes, 1));
	assert_int_equal(battery_level(f), 80);
	assert_int_equal(f->batteries, 0);
	set_power(f, "BatteryLevel", DBUS_TYPE_INT16, &level, "");
	assert_int_equal(f->batteries, 1);
	assert_int_equal(f->battery, 30);
	assert_int_equal(battery_level(f), 30);
	set_power(f, "BatteryLevel", DBUS_TYPE_INT16, &too_much, ERROR_PREFIX "InvalidArguments");
	set_power(f, "BatteryLevel", DBUS_TYPE_INT16, &none, "");
	assert_int_equal(f->battery, -1);
	set_power(f, "PowerSource", DBUS_TYPE_STRING, &battery, "");
	set_power(f, "PowerSource", DBUS_TYPE_STRING, &nonsense, ERROR_PREFIX "InvalidArguments");
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_an_application_registers_once_and_unregisters),
		T(test_an_application_that_leaves_the_bus_is_forgotten),
		T(test_a_name_that_somebody_holds_is_told_and_taken_when_free),
		T(test_who_missed_the_name_sees_it_come_again),
		T(test_a_name_that_is_lost_while_it_is_told_again),
		T(test_managed_objects_are_the_endpoints_and_nothing_else),
		T(test_an_endpoint_has_what_pipewire_insists_on),
		T(test_an_endpoint_that_cannot_be_is_refused),
		T(test_connect_audio_dials_and_hands_the_link_to_the_agent),
		T(test_msbc_where_both_can_and_by_itself_where_nothing_is_named),
		T(test_codecs_that_do_not_fit_are_refused_by_name),
		T(test_without_an_agent_there_is_no_sound),
		T(test_what_the_engine_does_not_want_is_not_dialled),
		T(test_a_second_request_is_refused_while_one_is_under_way),
		T(test_gains_that_the_agent_sets_are_told),
		T(test_gains_that_the_headset_sets_are_there_and_not_announced),
		T(test_gains_that_do_not_work_are_the_agents_own),
		T(test_nrec_that_the_headset_switches_off_is_there_and_not_announced),
		T(test_the_power_supply_is_read_and_written),
	};

	return cmocka_run_group_tests_name("hsphfpd", tests, NULL, NULL);
}
