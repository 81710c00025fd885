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

#include <stdio.h>

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

/* All peers are in this process: those that tell their process share it. */
static const struct {
	const char *name;
	void (*rings)(struct calls_fixture *f, const char *number);
	void (*goes)(struct calls_fixture *f);
	bool phone, process, mode;
} sources[] = {
	{ "GNOME Calls", gnome_rings, gnome_goes, true, true, false },
	{ "baresip", baresip_rings, baresip_goes, false, true, false },
	{ "ModemManager", modem_rings, modem_goes, true, false, false },
	{ "oFono", ofono_rings, ofono_goes, true, false, false },
	{ "PipeWire", telephony_rings, telephony_goes, true, true, false },
	{ "bluetoothd", phones_ring, phones_go, true, false, false },
	{ "callaudiod's", mode_begins, mode_ends, false, true, true },
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
			void *state;

			if (a == b)
				continue;
			assert_int_equal(calls_fixture_setup(&state), 0);
			test(state, a, b);
			assert_int_equal(calls_fixture_teardown(&state), 0);
		}
	}
}

static void one_call(struct calls_fixture *f, size_t a, size_t b)
{
	bool same = (sources[a].phone && sources[b].phone) ||
		    (sources[a].process && sources[b].process) || sources[a].mode ||
		    sources[b].mode;

	tell(f, a, "+4930123");
	expect_calls(f, 1, a, b, "of the first");
	fake_engine_now_ms += 500;
	tell(f, b, "+4930123");
	expect_calls(f, same ? 1 : 2, a, b, "in all");
	/* the mode says nothing of a call that has ended for others; lost is not ended */
	go(f, a);
	expect_calls(f, 1, a, b, "without the first");
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
	tell(f, a, "+4930123");
	fake_engine_now_ms += 60000;
	tell(f, b, "+4930456");
	/* a mode that is selected later is that of the call that is there */
	expect_calls(f, sources[b].mode ? 1 : 2, a, b, "in all");
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
	tell(f, a, "+4930123");
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
