/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Calls of a modem, by ModemManager's interface, on a headset: rung, answered, held, dialled and hung up
 * by its buttons, with the network that it shows.
 */
#include "fake-card.h"
#include "phone.h"

#include "tests/unit/fake-modem.h"

#include <spa/param/param.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define LIMIT_MS 30000

struct fixture {
	struct rig *rig;
	struct phone *phone; /* adds no calls, but sees routes */
	struct bus *bus;
	struct fake_modem *modem;
};

/* As a user might who has read of PipeWire's native backend and not of ours. It then watches the modem, but
 * has no headset that could ask for anything: each request comes once. */
static int ask_pipewire_for_the_modem(struct rig *rig)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path),
		       "%s/home/.config/wireplumber/bluetooth.lua.d/70-modem.lua",
		       rig_directory(rig));
	file = fopen(path, "we");
	if (file == NULL)
		return -1;
	(void)fputs("bluez_monitor.properties[\"bluez5.hfphsp-backend-native-modem\"] = \"any\"\n",
		    file);
	if (fclose(file) != 0)
		return -1;
	(void)snprintf(path, sizeof(path),
		       "%s/home/.config/wireplumber/wireplumber.conf.d/70-modem.conf",
		       rig_directory(rig));
	file = fopen(path, "we");
	if (file == NULL)
		return -1;
	(void)fputs("monitor.bluez.properties = { bluez5.hfphsp-backend-native-modem = any }\n",
		    file);
	return fclose(file) == 0 ? rig_wireplumber_restart(rig) : -1;
}

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static const struct bus_events no_events;
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	if (ask_pipewire_for_the_modem(f.rig) < 0 || phone_new(f.rig, &f.phone) < 0 ||
	    rig_headset_add(f.rig, &headset, NULL) < 0 || rig_headset_connect(f.rig, HEADSET) < 0 ||
	    bus_open(rig_loop(f.rig), bus_system_address(), &no_events, &f, &f.bus) < 0 ||
	    !rig_wait(f.rig, LIMIT_MS, bus_unique_name(f.bus) != NULL)) {
		rig_dump(f.rig);
		return -1;
	}
	f.modem = fake_modem_new(f.bus);
	f.modem->acts = true;
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->modem = fake_modem_free(f->modem);
	f->bus = bus_free(f->bus);
	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

static struct headset *headset(const struct fixture *f)
{
	return rig_headset(f->rig, HEADSET);
}

/* The modem was asked this, and nothing else since the last time. */
static bool asked(struct fixture *f, const char *lines)
{
	bool was;

	(void)rig_wait(f->rig, LIMIT_MS, strlen(f->modem->asked) >= strlen(lines));
	was = strcmp(f->modem->asked, lines) == 0;
	if (!was)
		print_error("asked: %s", f->modem->asked);
	f->modem->asked[0] = '\0';
	return was;
}

static bool none(const struct fixture *f)
{
	return rig_headset_wait(f->rig, HEADSET, "indicator call 0", LIMIT_MS) &&
	       rig_wait(f->rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL));
}

static void test_the_headset_shows_the_network(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	assert_int_equal(headset_indicator(headset(f), "signal"), 5);
	fake_modem_come(f->modem);
	expect(rig_headset_wait(rig, HEADSET, "indicator signal 3", LIMIT_MS));
	f->modem->registration = 5;
	fake_modem_changed(f->modem, "org.freedesktop.ModemManager1.Modem.Modem3gpp",
			   "RegistrationState");
	expect(rig_headset_wait(rig, HEADSET, "indicator roam 1", LIMIT_MS));
	headset_send(headset(f), "AT+COPS=3,0");
	headset_send(headset(f), "AT+COPS?");
	expect(rig_headset_wait(rig, HEADSET, "+COPS: 0,0,\"Example\"", LIMIT_MS));
	f->modem->state = 7;
	fake_modem_changed(f->modem, "org.freedesktop.ModemManager1.Modem", "State");
	expect(rig_headset_wait(rig, HEADSET, "indicator service 0", LIMIT_MS));
	f->modem->state = 8;
	fake_modem_changed(f->modem, "org.freedesktop.ModemManager1.Modem", "State");
	expect(rig_headset_wait(rig, HEADSET, "indicator service 1", LIMIT_MS));
}

static void test_p2_a_cellular_call_is_answered_and_a_second_one_by_the_headset(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	fake_modem_call(f->modem, 0, "+4930123", MODEM_RINGING_IN);
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	expect(rig_headset_wait(rig, HEADSET, "+CLIP: \"+4930123\"", LIMIT_MS));
	headset_button(headset(f));
	expect(asked(f, "Accept 0\n"));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 1", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));

	fake_modem_call(f->modem, 1, "+4930456", MODEM_WAITING);
	expect(rig_headset_wait(rig, HEADSET, "+CCWA: \"+4930456\"", LIMIT_MS));
	headset_send(headset(f), "AT+CHLD=2");
	expect(asked(f, "HoldAndAccept\n"));
	expect(rig_headset_wait(rig, HEADSET, "indicator callheld 1", LIMIT_MS));
	assert_int_equal(f->modem->calls[0].state, MODEM_HELD);
	assert_int_equal(f->modem->calls[1].state, MODEM_ACTIVE);
	headset_send(headset(f), "AT+CHLD=2");
	expect(asked(f, "HoldAndAccept\n"));
	assert_int_equal(f->modem->calls[0].state, MODEM_ACTIVE);
	/* the engine hangs up first, and then sees that the other goes on */
	headset_send(headset(f), "AT+CHLD=1");
	expect(rig_wait(rig, LIMIT_MS, f->modem->calls[1].state == MODEM_ACTIVE));
	assert_int_equal(f->modem->calls[0].state, MODEM_TERMINATED);
	expect(rig_headset_wait(rig, HEADSET, "indicator callheld 0", LIMIT_MS));
	f->modem->asked[0] = '\0';
	headset_send(headset(f), "AT+CHUP");
	expect(asked(f, "Hangup 1\n"));
	expect(none(f));
}

static void test_p7_the_headset_dials_with_the_modem(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	headset_send(headset(f), "ATD+4930789;");
	expect(asked(f, "CreateCall +4930789\nStart 2\n"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P7")));
	fake_modem_state(f->modem, 2, MODEM_ACTIVE);
	expect(rig_headset_wait(rig, HEADSET, "indicator call 1", LIMIT_MS));
	/* the other side hangs up */
	fake_modem_state(f->modem, 2, MODEM_TERMINATED);
	expect(none(f));
	expect(rig_wait(rig, LIMIT_MS, f->modem->calls[2].object == NULL));
}

/* The card of a phone: its use case manager connects the modem with the ports in a profile of its own. */
static void test_a_cellular_call_has_the_profile_of_the_card_for_it(void **state)
{
	enum { HIFI = 1, VOICE };
	static const struct fake_profile profiles[] = { { "off", 0 },
							{ "HiFi", 100 },
							{ "Voice Call", 90 } };
	static const struct fake_route routes[] = { { "a", "earpiece", false, 0,
						      SPA_PARAM_AVAILABILITY_unknown } };
	static const struct phone_call_options voip = { .managed = true };
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct fake_card *card = fake_card_new(
		rig_loop(rig),
		&(const struct fake_card_options){ .name = "alsa_card.phone",
						   .profiles = profiles,
						   .n_profiles = SPA_N_ELEMENTS(profiles),
						   .routes = routes,
						   .n_routes = SPA_N_ELEMENTS(routes) });
	struct phone_call *call;

	assert_non_null(card);
	expect(rig_wait(rig, LIMIT_MS, fake_card_profile(card) == HIFI));
	fake_modem_call(f->modem, 4, "+4930123", MODEM_RINGING_IN);
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	assert_int_equal(fake_card_profile(card), HIFI);
	fake_modem_state(f->modem, 4, MODEM_ACTIVE);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	expect(rig_wait(rig, LIMIT_MS, fake_card_profile(card) == VOICE));
	fake_modem_state(f->modem, 4, MODEM_HELD);
	assert_null(phone_set_route(f->phone, "speaker"));
	assert_int_equal(fake_card_profile(card), VOICE);
	fake_modem_state(f->modem, 4, MODEM_TERMINATED);
	expect(none(f));
	expect(rig_wait(rig, LIMIT_MS, fake_card_profile(card) == HIFI));
	assert_int_equal(fake_card_saved(card), 0);

	/* a call of a program has no use for it */
	assert_null(phone_call(f->phone, &voip, &call));
	assert_null(phone_set_route(f->phone, "speaker"));
	assert_int_equal(fake_card_profile(card), HIFI);
	assert_null(phone_ask(f->phone, call, "Hangup"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	(void)fake_card_free(card);
}

static void test_p1_answered_in_a_dialler_and_modemmanager_dies(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	fake_modem_call(f->modem, 3, "", MODEM_RINGING_IN);
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	fake_modem_state(f->modem, 3, MODEM_ACTIVE);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	expect(rig_headset_wait(rig, HEADSET, "indicator call 1", LIMIT_MS));
	fake_modem_go(f->modem);
	expect(none(f));
	expect(rig_headset_wait(rig, HEADSET, "indicator signal 5", LIMIT_MS));
	assert_string_equal(f->modem->asked, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_headset_shows_the_network),
		cmocka_unit_test(
			test_p2_a_cellular_call_is_answered_and_a_second_one_by_the_headset),
		cmocka_unit_test(test_p7_the_headset_dials_with_the_modem),
		cmocka_unit_test(test_a_cellular_call_has_the_profile_of_the_card_for_it),
		cmocka_unit_test(test_p1_answered_in_a_dialler_and_modemmanager_dies),
	};

	return rig_run_tests(tests, start, finish);
}
