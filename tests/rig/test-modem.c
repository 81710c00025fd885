/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Calls of a modem, by ModemManager's interface, on a headset: rung, answered, held, dialled and hung up
 * by its buttons, with the network that it shows. And a phone of oFono's beside the headset.
 */
#include "fake-card.h"
#include "phone.h"
#include "process.h"

#include "tests/headset/sound.h"
#include "tests/unit/fake-modem.h"
#include "tests/unit/fake-ofono.h"

#include <spa/param/param.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define LIMIT_MS 30000

/* The modem's own sound card. */
#define MODEM_SINK "modem.to-network"
#define MODEM_SOURCE "modem.from-network"

struct fixture {
	struct rig *rig;
	struct phone *phone; /* adds no calls, but sees routes */
	struct bus *bus;
	struct fake_modem *modem;
	struct fake_ofono *ofono;
};

/* As a user might who has read of PipeWire's native backend and not of ours: it then watches the modem, but
 * has no headset that could ask for anything, and each request comes once. And what callroute.conf(5) says
 * of WirePlumber 0.4 where a program carries the modem's sound. */
static int configure_wireplumber(struct rig *rig)
{
	static const struct {
		const char *folder, *name, *text;
	} files[] = {
		{ "bluetooth.lua.d", "70-modem.lua",
		  "bluez_monitor.properties[\"bluez5.hfphsp-backend-native-modem\"] = \"any\"\n" },
		{ "wireplumber.conf.d", "70-modem.conf",
		  "monitor.bluez.properties = { bluez5.hfphsp-backend-native-modem = any }\n" },
		{ "main.lua.d", "91-modem.lua", "components[\"intended-roles.lua\"] = nil\n" },
	};
	char folder[64];
	int r = 0;

	for (size_t i = 0; r == 0 && i < SPA_N_ELEMENTS(files); i++) {
		(void)snprintf(folder, sizeof(folder), "home/.config/wireplumber/%s",
			       files[i].folder);
		r = rig_write_file(rig, folder, files[i].name, "%s", files[i].text);
	}
	return r < 0 ? r : rig_wireplumber_restart(rig);
}

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static const struct bus_events no_events;
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ .without_daemon = true }, &f.rig) < 0)
		return -1;
	if (configure_wireplumber(f.rig) < 0 ||
	    rig_write_file(
		    f.rig, "home/.config/callroute", "callroute.conf",
		    "programs = [ { match = { node.name = \"~^serial\" } calls = modem } ]\n") <
		    0 ||
	    rig_daemon_start(f.rig) < 0 || phone_new(f.rig, &f.phone) < 0 ||
	    rig_headset_add(f.rig, &headset, NULL) < 0 || rig_headset_connect(f.rig, HEADSET) < 0 ||
	    bus_open(rig_loop(f.rig), bus_system_address(), &no_events, &f, &f.bus) < 0 ||
	    !rig_wait(f.rig, LIMIT_MS, bus_unique_name(f.bus) != NULL)) {
		rig_dump(f.rig);
		return -1;
	}
	f.modem = fake_modem_new(f.bus);
	f.modem->acts = true;
	f.ofono = fake_ofono_new(f.bus, false);
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->modem = fake_modem_free(f->modem);
	f->ofono = fake_ofono_free(f->ofono);
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

static bool waits_for_links(const struct fixture *f)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/run/" STAND_IN_ADAPTER ".sco",
		       rig_directory(f->rig));
	return access(path, F_OK) == 0;
}

/* Who waits on the adapter gets them, and not oFono, which waits on all. */
static void test_links_that_a_phone_opens_are_left_to_its_hands_free_unit(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct sound *sound = headset_sound(headset(f));

	assert_true(waits_for_links(f));
	f->ofono->voice = true;
	fake_ofono_connect(f->ofono, true);
	fake_ofono_come(f->ofono);
	expect(rig_wait(rig, LIMIT_MS, !waits_for_links(f)));
	assert_true(sound_open(sound, STAND_IN_ADAPTER) < 0);
	fake_ofono_go(f->ofono);
	expect(rig_wait(rig, LIMIT_MS, waits_for_links(f)));
	assert_int_equal(sound_open(sound, STAND_IN_ADAPTER), 0);
	expect(rig_headset_wait(rig, HEADSET, "sco down", LIMIT_MS));
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

/* ---- its sound, carried by a program ---------------------------------------------------------------- */

/* A program that knows PulseAudio only. */
struct carrier {
	struct process *program;
	unsigned int n_ready;
};

static void on_line(void *data, const char *line)
{
	((struct carrier *)data)->n_ready += !strcmp(line, "ready");
}

static void start_carrier(struct rig *rig, struct carrier *carrier, const char *const *arguments)
{
	static const struct process_events events = { .line = on_line };
	const char *argv[16] = { 0 };
	char path[1024];
	size_t n = 0;

	*carrier = (struct carrier){ 0 };
	(void)snprintf(path, sizeof(path), "%s", rig_program("rig-pulse"));
	argv[n++] = path;
	for (; *arguments && n < 15; arguments++)
		argv[n++] = *arguments;
	assert_int_equal(process_new(rig_loop(rig), argv, rig_log(rig, "carrier"), &events, carrier,
				     &carrier->program),
			 0);
	expect(rig_wait(rig, LIMIT_MS, carrier->n_ready == 1));
}

/* As the program wys has it of a modem with a sound card of its own, but for the nodes' names. */
#define LOOPBACK(end, node, name)                                                                \
	"module-loopback " end "=" node " " end "_dont_move=true fast_adjust_threshold_msec=100" \
	" max_latency_msec=25"                                                                   \
	" sink_input_properties='media.role=\"phone\" node.name=\"" name ".play\"'"              \
	" source_output_properties='media.role=\"phone\" node.name=\"" name ".capture\"'"

static bool is_at(struct rig *rig, const char *stream, const char *node)
{
	return view_linked(rig_view(rig), view_node(rig_view(rig), stream), node);
}

/* Links, and not sound, and no headset, which has other channels: of a loopback whose streams are moved
 * PipeWire 0.3.65 often plays none, and once in a while it does not get to other channels. */
static bool loopbacks_are_at(struct rig *rig, const char *sink, const char *source)
{
	return is_at(rig, "to-speaker.capture", MODEM_SOURCE) &&
	       is_at(rig, "to-speaker.play", sink) && is_at(rig, "from-mic.capture", source) &&
	       is_at(rig, "from-mic.play", MODEM_SINK);
}

static void test_the_sound_of_a_modem_that_programs_carry_follows_the_route(void **state)
{
	static const char *const wys[] = { "--module",
					   LOOPBACK("source", MODEM_SOURCE, "to-speaker"),
					   "--module", LOOPBACK("sink", MODEM_SINK, "from-mic"),
					   NULL };
	static const dbus_bool_t yes = TRUE;
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct process *pulse;
	struct carrier loopbacks;
	struct rig_sound *serial;

	assert_int_equal(view_plug(rig_view(rig), MODEM_SINK, "Audio/Sink", "none", 1), 0);
	assert_int_equal(view_plug(rig_view(rig), MODEM_SOURCE, "Audio/Source/Virtual", "none", 1),
			 0);
	fake_modem_call(f->modem, 5, "+4930123", MODEM_RINGING_IN);
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	fake_modem_state(f->modem, 5, MODEM_ACTIVE);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	assert_int_equal(rig_pulse_new(rig, &pulse), 0);
	start_carrier(rig, &loopbacks, wys);
	expect(rig_wait(rig, LIMIT_MS, loopbacks_are_at(rig, RIG_EARPIECE, RIG_MICROPHONE)));
	assert_null(phone_set_route(f->phone, "speaker"));
	expect(loopbacks_are_at(rig, RIG_LOUDSPEAKER, RIG_MICROPHONE));

	/* that of a modem with a port for it, by a program that is configured */
	assert_int_equal(
		rig_sound_new(rig,
			      (const char *const[]){ "--play", "500", "--capture", "--role",
						     "Communication", "--name", "serial", NULL },
			      &serial),
		0);
	expect(rig_wait(rig, LIMIT_MS, is_at(rig, "serial.play*", RIG_LOUDSPEAKER)));
	expect(rig_sound_hears(rig, serial, RIG_MICROPHONE_HZ, LIMIT_MS));
	assert_null(phone_set(f->phone, "Muted", DBUS_TYPE_BOOLEAN, &yes));
	expect(rig_sound_hears(rig, serial, 0, LIMIT_MS));
	/* By their roles both might be calls of their own, and have been there for long enough. */
	assert_int_equal(phone_sees_calls(f->phone), 1);
	assert_true(phone_sees_route(f->phone, "speaker", "P4"));
	assert_string_equal(f->modem->asked, "");

	fake_modem_state(f->modem, 5, MODEM_TERMINATED);
	expect(none(f));
	assert_int_equal(phone_sees_calls(f->phone), 0);
	loopbacks.program = process_free(loopbacks.program);
	(void)process_free(pulse);
	(void)rig_sound_free(serial);
	view_unplug(rig_view(rig), MODEM_SOURCE);
	view_unplug(rig_view(rig), MODEM_SINK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_headset_shows_the_network),
		cmocka_unit_test(
			test_p2_a_cellular_call_is_answered_and_a_second_one_by_the_headset),
		cmocka_unit_test(test_p7_the_headset_dials_with_the_modem),
		cmocka_unit_test(test_a_cellular_call_has_the_profile_of_the_card_for_it),
		cmocka_unit_test(test_the_sound_of_a_modem_that_programs_carry_follows_the_route),
		cmocka_unit_test(test_links_that_a_phone_opens_are_left_to_its_hands_free_unit),
		cmocka_unit_test(test_p1_answered_in_a_dialler_and_modemmanager_dies),
	};

	return rig_run_tests(tests, start, finish);
}
