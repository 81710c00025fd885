/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Every two sources of calls, in either order: what they tell of one call is one, what they tell of two is
 * two, and when one goes the other goes on.
 */
#include "calls-fixture.h"
#include "fake-baresip.h"
#include "fake-gnome.h"
#include "fake-modem.h"
#include "fake-ofono.h"
#include "fake-phones.h"

#include "daemon/api/api.h"

#include <stdio.h>
#include <unistd.h>

#define FIRST "+4930123"
#define SECOND "+4930456"
#define CALLAUDIO "org.mobian_project.CallAudio"

/* ---- sources, as they tell of an incoming call ------------------------------------------------------- */

static void gnome_rings(struct calls_fixture *f, const char *number)
{
	fake_gnome_come(f->gnome);
	calls_fixture_settle(f);
	fake_gnome_call(f->gnome, 1, "tel", number, true, GNOME_INCOMING);
}

static void gnome_goes(struct calls_fixture *f)
{
	fake_gnome_go(f->gnome);
}

static void baresip_rings(struct calls_fixture *f, const char *number)
{
	char uri[64];

	(void)snprintf(uri, sizeof(uri), "sip:%s@example.org", number);
	fake_baresip_come(f->baresip);
	calls_fixture_settle(f);
	fake_baresip_tell(f->baresip, "CALL_INCOMING", "a", "incoming", uri, NULL);
}

static void baresip_goes(struct calls_fixture *f)
{
	fake_baresip_go(f->baresip);
}

static void modem_rings(struct calls_fixture *f, const char *number)
{
	fake_modem_come(f->modem);
	calls_fixture_settle(f);
	fake_modem_call(f->modem, 1, number, MODEM_RINGING_IN);
}

static void modem_goes(struct calls_fixture *f)
{
	fake_modem_go(f->modem);
}

static void peer_rings(struct calls_fixture *f, struct fake_ofono *peer, const char *number)
{
	peer->voice = true;
	fake_ofono_connect(peer, true);
	fake_ofono_come(peer);
	calls_fixture_settle(f);
	fake_ofono_call(peer, 1, number, "incoming");
}

static void ofono_rings(struct calls_fixture *f, const char *number)
{
	peer_rings(f, f->ofono, number);
}

static void ofono_goes(struct calls_fixture *f)
{
	fake_ofono_go(f->ofono);
}

static void telephony_rings(struct calls_fixture *f, const char *number)
{
	peer_rings(f, f->telephony, number);
}

static void telephony_goes(struct calls_fixture *f)
{
	fake_ofono_go(f->telephony);
}

static void phones_ring(struct calls_fixture *f, const char *number)
{
	fake_phones_connect(f->phones, "connected");
	fake_phones_come(f->phones);
	calls_fixture_settle(f);
	fake_phones_call(f->phones, 1, number, "incoming");
}

static void phones_go(struct calls_fixture *f)
{
	fake_phones_go(f->phones);
}

static void select_mode(struct calls_fixture *f, uint32_t mode)
{
	assert_int_equal(
		bus_send(f->pair->client.bus,
			 bus_message(CALLAUDIO, "/org/mobian_project/CallAudio", CALLAUDIO,
				     "SelectMode", DBUS_TYPE_UINT32, &mode, DBUS_TYPE_INVALID),
			 -1, NULL, NULL, NULL),
		0);
}

static void mode_begins(struct calls_fixture *f, const char *number)
{
	(void)number;
	select_mode(f, 1);
}

static void mode_ends(struct calls_fixture *f)
{
	select_mode(f, 0);
}

/* A client of org.callroute: it tells of a call by AddCall, and leaves the bus. */
static struct bus_end client;

static void client_adds(struct calls_fixture *f, const char *kind, const char *party)
{
	DBusMessageIter iter, options;
	struct bus_answer answer = { 0 };
	DBusMessage *message = bus_message(bus_unique_name(f->pair->server.bus), "/org/callroute",
					   "org.callroute.Manager1", "AddCall", DBUS_TYPE_STRING,
					   &kind, DBUS_TYPE_INVALID);

	assert_non_null(message);
	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &options);
	bus_append_entry_string(&options, "Direction", "incoming");
	bus_append_entry_string(&options, "RemoteParty", party);
	dbus_message_iter_close_container(&iter, &options);
	bus_end_open(f->pair, &client);
	assert_int_equal(bus_send(client.bus, message, -1, bus_answer_take, &answer, NULL), 0);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
}

static void on_left(void *data, const char *name, const char *owner)
{
	(void)name;
	if (owner == NULL)
		*(bool *)data = true;
}

static void client_leaves(struct calls_fixture *f)
{
	struct bus_name_watch *watch;
	bool left = false;

	assert_int_equal(bus_watch_name(f->pair->client.bus, bus_unique_name(client.bus), on_left,
					&left, &watch),
			 0);
	calls_fixture_settle(f);
	assert_false(left);
	bus_end_close(&client);
	assert_true(loop_until_set(f->pair->loop, &left));
	bus_name_watch_free(watch);
}

static void softphone_adds(struct calls_fixture *f, const char *number)
{
	char uri[64];

	(void)snprintf(uri, sizeof(uri), "sip:%s@example.org", number);
	client_adds(f, "voip", uri);
}

static void dialler_adds(struct calls_fixture *f, const char *number)
{
	client_adds(f, "phone", number);
}

/* Whose streams: of a program of their own, or of those that tell of the call, which are this process. */
static pid_t sounding;

static void sound_begins(struct calls_fixture *f, const char *number)
{
	const struct talk talk = { .process = sounding, .name = "Talk" };

	(void)number;
	fake_engine_talk(f->engine, &talk, 1);
}

static void sound_ends(struct calls_fixture *f)
{
	fake_engine_talk(f->engine, NULL, 0);
}

/* All peers are in this process: those that tell their process share it. */
static const struct {
	const char *name;
	void (*rings)(struct calls_fixture *f, const char *number);
	void (*goes)(struct calls_fixture *f);
	bool phone, process, mode, sound, client;
} sources[] = {
	{ "GNOME Calls", gnome_rings, gnome_goes, .phone = true, .process = true },
	{ "baresip", baresip_rings, baresip_goes, .process = true },
	{ "ModemManager", modem_rings, modem_goes, .phone = true },
	{ "oFono", ofono_rings, ofono_goes, .phone = true },
	{ "PipeWire", telephony_rings, telephony_goes, .phone = true, .process = true },
	{ "bluetoothd", phones_ring, phones_go, .phone = true },
	{ "callaudiod's", mode_begins, mode_ends, .process = true, .mode = true },
	{ "a softphone's", softphone_adds, client_leaves, .process = true, .client = true },
	{ "a dialler's", dialler_adds, client_leaves, .phone = true, .process = true,
	  .client = true },
	{ "streams", sound_begins, sound_ends, .process = true, .sound = true },
};

#define N_SOURCES (sizeof(sources) / sizeof(sources[0]))

/* ---- pairs --------------------------------------------------------------------------------------------- */

static void expect_calls(const struct calls_fixture *f, size_t n, size_t a, size_t b,
			 const char *when)
{
	if (f->engine->n_calls != n)
		print_error("%s, then %s: %zu calls %s\n", sources[a].name, sources[b].name,
			    f->engine->n_calls, when);
	assert_int_equal(f->engine->n_calls, n);
}

static void tell(struct calls_fixture *f, size_t source, const char *number)
{
	sources[source].rings(f, number);
	calls_fixture_settle(f);
}

static void go(struct calls_fixture *f, size_t source)
{
	sources[source].goes(f);
	calls_fixture_settle(f);
}

static void for_each_pair(void (*test)(struct calls_fixture *f, size_t a, size_t b))
{
	for (size_t a = 0; a < N_SOURCES; a++) {
		for (size_t b = 0; b < N_SOURCES; b++) {
			struct calls_fixture *f;
			struct api *api;
			void *state;

			if (a == b || (sources[a].client && sources[b].client))
				continue;
			assert_int_equal(calls_fixture_setup(&state), 0);
			f = state;
			assert_int_equal(api_new(f->pair->server.bus, f->engine, NULL, NULL, &api),
					 0);
			test(f, a, b);
			(void)api_free(api);
			assert_int_equal(calls_fixture_teardown(&state), 0);
		}
	}
}

static void one_call(struct calls_fixture *f, size_t a, size_t b)
{
	bool sound = sources[a].sound || sources[b].sound;
	bool mode = sources[a].mode || sources[b].mode;
	bool same = (sources[a].phone && sources[b].phone) ||
		    (sources[a].process && sources[b].process) || (mode && !sound);

	sounding = getpid();
	tell(f, a, FIRST);
	expect_calls(f, 1, a, b, "of the first");
	fake_engine_now_ms += 500;
	tell(f, b, FIRST);
	expect_calls(f, same ? 1 : 2, a, b, "in all");
	/* the mode says nothing of a call that has ended for others; lost is not ended; streams that are
	 * left over are no call */
	go(f, a);
	expect_calls(f, same && sources[b].sound ? 0 : 1, a, b, "without the first");
	go(f, b);
	expect_calls(f, 0, a, b, "without both");
}

static void test_one_call_of_two_sources_is_one(void **state)
{
	(void)state;
	for_each_pair(one_call);
}

static void two_calls(struct calls_fixture *f, size_t a, size_t b)
{
	sounding = 1;
	tell(f, a, FIRST);
	fake_engine_now_ms += 60000;
	tell(f, b, SECOND);
	/* a mode that is selected later is that of the call that is there */
	expect_calls(f, sources[b].mode && !sources[a].sound ? 1 : 2, a, b, "in all");
	go(f, b);
	expect_calls(f, 1, a, b, "without the second");
	go(f, a);
	expect_calls(f, 0, a, b, "without both");
}

static void test_two_calls_of_two_sources_are_two(void **state)
{
	(void)state;
	for_each_pair(two_calls);
}

static void other_goes_wrong(struct calls_fixture *f, size_t a, size_t b)
{
	/* the second says nothing that can be read, a's call is unharmed */
	sounding = 1;
	tell(f, a, FIRST);
	fake_engine_now_ms += 60000;
	tell(f, b, "nonsense ;;;; 0123456789012345678901234567890123456789");
	assert_in_range(f->engine->n_calls, 1, 2);
	go(f, b);
	expect_calls(f, 1, a, b, "without the second");
	go(f, a);
	expect_calls(f, 0, a, b, "without both");
}

static void test_nonsense_of_one_source_is_no_harm_to_another(void **state)
{
	(void)state;
	for_each_pair(other_goes_wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_call_of_two_sources_is_one),
		cmocka_unit_test(test_two_calls_of_two_sources_are_two),
		cmocka_unit_test(test_nonsense_of_one_source_is_no_harm_to_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
