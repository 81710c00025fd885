/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Machines as they are: which cards, ports and nodes PipeWire shows of them, and what is found there
 * without configuration. The ports' names tell nothing here: their types, whether they are there, and
 * the cards' form factors do. The types are those that PipeWire's ALSA plugin knows.
 */
#include "fake-card.h"
#include "graph-world.h"

#include "daemon/log.h"

#include <spa/param/param.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_CARDS 3
#define UNKNOWN SPA_PARAM_AVAILABILITY_unknown
#define YES SPA_PARAM_AVAILABILITY_yes
#define NO SPA_PARAM_AVAILABILITY_no
#define CARD(...)                                                                 \
	&(const struct fake_card_options)                                         \
	{                                                                         \
		.profiles = hifi, .n_profiles = SPA_N_ELEMENTS(hifi), __VA_ARGS__ \
	}
#define ROUTES(list) .routes = (list), .n_routes = SPA_N_ELEMENTS(list)
#define NONE UINT32_MAX

enum { HIFI = 1, VOICE };

static const struct fake_profile hifi[] = { { "off", 0 }, { "HiFi", 100 } };

static struct fake_card *cards[MAX_CARDS];
static size_t n_cards;

/* ---- building ------------------------------------------------------------------------------------- */

/* The session manager's choice comes before that of anybody else. */
static bool last_card_has_a_profile(void *data)
{
	return fake_card_profile(cards[n_cards - 1]) != 0;
}

static struct fake_card *add_card(const struct fake_card_options *options)
{
	assert_true(n_cards < MAX_CARDS);
	cards[n_cards] = fake_card_new(world.loop, options);
	assert_non_null(cards[n_cards]);
	n_cards++;
	assert_soon(last_card_has_a_profile);
	return cards[n_cards - 1];
}

static int tear_down(void **state)
{
	world.desired.cellular = false;
	while (n_cards > 0)
		fake_card_free(cards[--n_cards]);
	return world_tear_down(state);
}

/* ---- what is expected ----------------------------------------------------------------------------- */

static struct graph_endpoints wanted;

static bool endpoints_are_as_wanted(void *data)
{
	struct graph_endpoints now;

	graph_endpoints(world.graph, &now);
	return now.handset == wanted.handset && now.speaker == wanted.speaker &&
	       now.wired == wanted.wired;
}

static void expect_endpoints(bool handset, bool speaker, bool wired)
{
	wanted = (struct graph_endpoints){ handset, speaker, wired };
	assert_soon(endpoints_are_as_wanted);
	world.desired.has_handset = handset;
	world.desired.wired = wired;
}

static const char *name_of(uint32_t id)
{
	const struct node *node = global_find(world.graph, GLOBAL_NODE, id);

	return node != NULL ? node->name : "";
}

/** A route's output and input; a port of NONE is any. */
struct place {
	const char *sink;
	uint32_t sink_port;
	const char *source;
	uint32_t source_port;
	struct fake_card *sink_card, *source_card;
	int sink_device, source_device;
};

static const struct place *place;

static bool port_is(const struct fake_card *card, int device, uint32_t port)
{
	return card == NULL || port == NONE || fake_card_route(card, device) == port;
}

static bool route_is_there(void *data)
{
	return world.plan.in_force && strcmp(name_of(world.plan.sink), place->sink) == 0 &&
	       strcmp(name_of(world.plan.source), place->source) == 0 &&
	       port_is(place->sink_card, place->sink_device, place->sink_port) &&
	       port_is(place->source_card, place->source_device, place->source_port);
}

static void expect_route(enum route_kind kind, const struct place *where)
{
	place = where;
	world_want(kind);
	if (!loop_until(world.loop, route_is_there, NULL, LOOP_DEADLINE_MS)) {
		fprintf(stderr, "%s: %s and %s, expected %s and %s\n",
			kind == ROUTE_HANDSET ? "handset" : "other", name_of(world.plan.sink),
			name_of(world.plan.source), where->sink, where->source);
		fail();
	}
}

/* ---- the machines --------------------------------------------------------------------------------- */

/* One card with loudspeakers, microphone and a jack for a headset; HDMI on another. While something is
 * plugged, speaker and microphone say that they are not there. */
static void test_laptop(void **state)
{
	enum { SPEAKER, HEADPHONES, MIC, HEADSET_MIC };
	static const struct fake_route routes[] = {
		[SPEAKER] = { "a", "speaker", false, 0, UNKNOWN },
		[HEADPHONES] = { "b", "headphones", false, 0, NO },
		[MIC] = { "c", "mic", true, 1, UNKNOWN },
		[HEADSET_MIC] = { "d", "headset", true, 1, NO },
	};
	static const struct fake_route hdmi_routes[] = { { "e", "hdmi", false, 0, YES } };
	struct fake_card *card = add_card(CARD(.name = "alsa_card.pci", .bus = "pci",
					       .form_factor = "internal", ROUTES(routes)));
	struct fake_card *hdmi =
		add_card(CARD(.name = "alsa_card.gpu", .bus = "pci", ROUTES(hdmi_routes)));
	const struct place speaker = { "out", SPEAKER, "in", MIC, card, card, 0, 1 };
	const struct place wired = { "out", HEADPHONES, "in", HEADSET_MIC, card, card, 0, 1 };
	const struct place phones = { "out", HEADPHONES, "in", MIC, card, card, 0, 1 };

	fake_card_add_node(hdmi, "hdmi", false, 0, "{ priority.session = 3000 }");
	fake_card_add_node(card, "out", false, 0, NULL);
	fake_card_add_node(card, "in", true, 1, NULL);
	expect_endpoints(false, true, false);
	expect_route(ROUTE_SPEAKER, &speaker);
	expect_route(ROUTE_HANDSET, &speaker);
	/* headphones have no microphone */
	fake_card_set_available(card, HEADPHONES, YES);
	fake_card_set_available(card, SPEAKER, NO);
	expect_endpoints(false, true, true);
	expect_route(ROUTE_WIRED, &phones);
	fake_card_set_available(card, HEADSET_MIC, YES);
	fake_card_set_available(card, MIC, NO);
	expect_route(ROUTE_WIRED, &wired);
	/* the loudspeaker comes with the machine's own microphone, all the same */
	expect_route(ROUTE_SPEAKER, &speaker);
	expect_route(ROUTE_HANDSET, &wired);
	fake_card_set_available(card, HEADPHONES, NO);
	expect_endpoints(false, true, false);
}

/* A phone with a use case manager's ports, and its second profile for calls by the modem. */
static void test_phone(void **state)
{
	enum { EARPIECE, SPEAKER, HEADPHONES, MIC, HEADSET_MIC };
	static const struct fake_profile profiles[] = { { "off", 0 },
							{ "HiFi", 100 },
							{ "Voice Call", 90 } };
	static const struct fake_route routes[] = {
		[EARPIECE] = { "[Out] Earpiece", "earpiece", false, 0, UNKNOWN, .priority = 300 },
		[SPEAKER] = { "[Out] Speaker", "speaker", false, 0, UNKNOWN, .priority = 200 },
		[HEADPHONES] = { "[Out] Headphones", "headphones", false, 0, NO },
		[MIC] = { "[In] Mic1", "mic", true, 1, UNKNOWN },
		[HEADSET_MIC] = { "[In] Headset", "headset", true, 1, NO },
	};
	struct fake_card *card =
		add_card(&(const struct fake_card_options){ .name = "alsa_card.phone",
							    .profiles = profiles,
							    .n_profiles = SPA_N_ELEMENTS(profiles),
							    ROUTES(routes) });
	const struct place handset = { "out", EARPIECE, "in", MIC, card, card, 0, 1 };
	const struct place speaker = { "out", SPEAKER, "in", MIC, card, card, 0, 1 };
	const struct place wired = { "out", HEADPHONES, "in", HEADSET_MIC, card, card, 0, 1 };

	fake_card_add_node(card, "out", false, 0, NULL);
	fake_card_add_node(card, "in", true, 1, NULL);
	expect_endpoints(true, true, false);
	expect_route(ROUTE_HANDSET, &handset);
	expect_route(ROUTE_SPEAKER, &speaker);
	fake_card_set_available(card, HEADPHONES, YES);
	fake_card_set_available(card, HEADSET_MIC, YES);
	expect_endpoints(true, true, true);
	expect_route(ROUTE_HANDSET, &wired);
	/* somebody gives the modem its profile: the same ports, on other nodes */
	fake_card_remove_nodes(card);
	fake_card_set_profile(card, VOICE);
	fake_card_add_node(card, "call-out", false, 0, NULL);
	fake_card_add_node(card, "call-in", true, 1, NULL);
	expect_endpoints(true, true, true);
	expect_route(ROUTE_SPEAKER, &(const struct place){ "call-out", SPEAKER, "call-in", MIC,
							   card, card, 0, 1 });
	fake_card_set_available(card, HEADPHONES, NO);
	expect_endpoints(true, true, false);
	expect_route(ROUTE_HANDSET, &(const struct place){ "call-out", EARPIECE, "call-in", MIC,
							   card, card, 0, 1 });
}

static struct fake_card *phone;

static bool phone_is_in_voice_call(void *data)
{
	return fake_card_profile(phone) == VOICE;
}

static bool phone_is_in_hifi(void *data)
{
	return fake_card_profile(phone) == HIFI;
}

/* A profile's nodes come and go with it. */
static void phone_has_nodes(const char *sink, const char *source)
{
	fake_card_remove_nodes(phone);
	fake_card_add_node(phone, sink, false, 0, NULL);
	fake_card_add_node(phone, source, true, 1, NULL);
}

/* The sound of the modem is no stream: the card's profile connects it with the ports. */
static void test_phone_in_a_call_by_its_modem(void **state)
{
	enum { EARPIECE, SPEAKER, HEADPHONES, MIC };
	static const struct fake_profile profiles[] = {
		{ "off", 0 }, { "HiFi", 100 }, { "Voice Call", 90 }, { "Voice Call IP", 95 }
	};
	static const struct fake_route routes[] = {
		[EARPIECE] = { "a", "earpiece", false, 0, UNKNOWN, .profiles = 1u << VOICE },
		[SPEAKER] = { "b", "speaker", false, 0, UNKNOWN, .priority = 200 },
		[HEADPHONES] = { "c", "headphones", false, 0, NO },
		[MIC] = { "d", "mic", true, 1, UNKNOWN },
	};

	phone = add_card(&(const struct fake_card_options){ .name = "alsa_card.phone",
							    .profiles = profiles,
							    .n_profiles = SPA_N_ELEMENTS(profiles),
							    ROUTES(routes) });
	phone_has_nodes("out", "in");
	/* WirePlumber 0.5.18 chooses the profile with more ports, others that of the highest priority */
	fake_card_set_profile(phone, HIFI);
	expect_endpoints(false, true, false);
	/* dialled: the earpiece comes with the profile */
	world.desired.cellular = true;
	world_want(ROUTE_HANDSET);
	assert_soon(phone_is_in_voice_call);
	assert_int_equal(fake_card_saved(phone), 0);
	phone_has_nodes("call-out", "call-in");
	expect_endpoints(true, true, false);
	expect_route(ROUTE_HANDSET, &(const struct place){ "call-out", EARPIECE, "call-in", MIC,
							   phone, phone, 0, 1 });
	expect_route(ROUTE_SPEAKER, &(const struct place){ "call-out", SPEAKER, "call-in", MIC,
							   phone, phone, 0, 1 });
	fake_card_set_available(phone, HEADPHONES, YES);
	expect_endpoints(true, true, true);
	expect_route(ROUTE_WIRED, &(const struct place){ "call-out", HEADPHONES, "call-in", MIC,
							 phone, phone, 0, 1 });
	/* the daemon dies, and its next process finds what is to be given back */
	world_restart_graph(NULL, 0);
	expect_route(ROUTE_SPEAKER, &(const struct place){ "call-out", SPEAKER, "call-in", MIC,
							   phone, phone, 0, 1 });
	world.desired.cellular = false;
	world_want(ROUTE_NONE);
	assert_soon(phone_is_in_hifi);
	phone_has_nodes("out", "in");
	assert_soon(world_plan_is_in_force);
	/* a call of a program */
	expect_route(ROUTE_SPEAKER,
		     &(const struct place){ "out", SPEAKER, "in", MIC, phone, phone, 0, 1 });
	assert_int_equal(fake_card_profile(phone), HIFI);
}

/* Ports of another profile are of no use. */
static void test_phone_whose_earpiece_is_for_voice_calls_only(void **state)
{
	enum { SPEAKER, EARPIECE, MIC };
	static const struct fake_profile profiles[] = { { "off", 0 },
							{ "HiFi", 100 },
							{ "Voice Call", 90 } };
	static const struct fake_route routes[] = {
		[SPEAKER] = { "a", "speaker", false, 0, UNKNOWN },
		[EARPIECE] = { "b", "handset", false, 0, UNKNOWN, .profiles = 1u << VOICE },
		[MIC] = { "c", "mic", true, 1, UNKNOWN },
	};
	struct fake_card *card =
		add_card(&(const struct fake_card_options){ .name = "alsa_card.phone",
							    .profiles = profiles,
							    .n_profiles = SPA_N_ELEMENTS(profiles),
							    ROUTES(routes) });

	fake_card_add_node(card, "out", false, 0, NULL);
	fake_card_add_node(card, "in", true, 1, NULL);
	/* WirePlumber 0.5.18 chooses the profile with more ports, others that of the highest priority */
	fake_card_set_profile(card, HIFI);
	expect_endpoints(false, true, false);
	fake_card_set_profile(card, VOICE);
	expect_endpoints(true, true, false);
	expect_route(ROUTE_HANDSET,
		     &(const struct place){ "out", EARPIECE, "in", MIC, card, card, 0, 1 });
}

/* A codec with an earpiece and microphones, and an amplifier that is a card of its own. */
static void test_board_with_two_cards(void **state)
{
	enum { EARPIECE, MIC };
	static const struct fake_route codec_routes[] = {
		[EARPIECE] = { "a", "earpiece", false, 0, UNKNOWN },
		[MIC] = { "b", "mic", true, 1, UNKNOWN },
	};
	static const struct fake_route amplifier_routes[] = { { "c", "speaker", false, 0,
								UNKNOWN } };
	struct fake_card *codec = add_card(CARD(.name = "alsa_card.codec", ROUTES(codec_routes)));
	struct fake_card *amplifier =
		add_card(CARD(.name = "alsa_card.amplifier", ROUTES(amplifier_routes)));
	const struct place handset = { "ear", EARPIECE, "in", MIC, codec, codec, 0, 1 };
	const struct place speaker = { "loud", 0, "in", MIC, amplifier, codec, 0, 1 };

	fake_card_add_node(codec, "ear", false, 0, NULL);
	fake_card_add_node(codec, "in", true, 1, NULL);
	fake_card_add_node(amplifier, "loud", false, 0, NULL);
	expect_endpoints(true, true, false);
	expect_route(ROUTE_HANDSET, &handset);
	expect_route(ROUTE_SPEAKER, &speaker);
}

/* Outputs that go to an amplifier, and a microphone in the roof: nothing is private. */
static void test_car(void **state)
{
	static const struct fake_route out_routes[] = { { "a", "line", false, 0, UNKNOWN } };
	static const struct fake_route in_routes[] = { { "b", "mic", true, 0, UNKNOWN } };
	struct fake_card *out = add_card(CARD(.name = "alsa_card.dsp", ROUTES(out_routes)));
	struct fake_card *in =
		add_card(CARD(.name = "alsa_card.roof", .bus = "usb", ROUTES(in_routes)));
	const struct place speaker = { "cabin", NONE, "roof", NONE, out, in, 0, 0 };

	fake_card_add_node(out, "cabin", false, 0, NULL);
	fake_card_add_node(in, "roof", true, 0, NULL);
	expect_endpoints(false, true, false);
	expect_route(ROUTE_SPEAKER, &speaker);
	expect_route(ROUTE_HANDSET, &speaker);
}

/* It is a wired headset as long as it is there, whatever its port says of itself. */
static void test_laptop_with_a_usb_headset(void **state)
{
	static const struct fake_route routes[] = {
		{ "a", "speaker", false, 0, UNKNOWN },
		{ "b", "mic", true, 1, UNKNOWN },
	};
	struct fake_card *own = add_card(CARD(.name = "alsa_card.pci", .form_factor = "internal",
					      .bus = "pci", ROUTES(routes)));
	struct fake_card *usb;

	fake_card_add_node(own, "out", false, 0, NULL);
	fake_card_add_node(own, "in", true, 1, NULL);
	expect_endpoints(false, true, false);
	usb = add_card(CARD(.name = "alsa_card.usb", .form_factor = "headset", .bus = "usb",
			    ROUTES(routes)));
	fake_card_add_node(usb, "usb-out", false, 0, NULL);
	fake_card_add_node(usb, "usb-in", true, 1, NULL);
	expect_endpoints(false, true, true);
	expect_route(ROUTE_WIRED, &(const struct place){ "usb-out", NONE, "usb-in", NONE });
	expect_route(ROUTE_SPEAKER, &(const struct place){ "out", 0, "in", 1, own, own, 0, 1 });
	expect_route(ROUTE_HANDSET, &(const struct place){ "usb-out", NONE, "usb-in", NONE });
	cards[--n_cards] = fake_card_free(usb);
	expect_endpoints(false, true, false);
	expect_route(ROUTE_HANDSET, &(const struct place){ "out", 0, "in", 1, own, own, 0, 1 });
}

/* A box at a television: the sound goes where there is any, and a webcam listens. */
static void test_hdmi_only(void **state)
{
	static const struct fake_route routes[] = { { "a", "hdmi", false, 0, YES } };
	static const struct fake_route webcam_routes[] = { { "b", "mic", true, 0, UNKNOWN } };
	struct fake_card *hdmi = add_card(CARD(.name = "alsa_card.gpu", ROUTES(routes)));
	struct fake_card *webcam;

	fake_card_add_node(hdmi, "television", false, 0, NULL);
	expect_endpoints(false, true, false);
	expect_route(ROUTE_SPEAKER, &(const struct place){ "television", NONE, "", NONE });
	webcam = add_card(CARD(.name = "alsa_card.webcam", .form_factor = "webcam", .bus = "usb",
			       ROUTES(webcam_routes)));
	fake_card_add_node(webcam, "webcam", true, 0, NULL);
	expect_endpoints(false, true, false);
	expect_route(ROUTE_SPEAKER, &(const struct place){ "television", NONE, "webcam", NONE });
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up_bare, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_laptop),
		TEST(test_phone),
		TEST(test_phone_in_a_call_by_its_modem),
		TEST(test_phone_whose_earpiece_is_for_voice_calls_only),
		TEST(test_board_with_two_cards),
		TEST(test_car),
		TEST(test_laptop_with_a_usb_headset),
		TEST(test_hdmi_only),
	};

	pw_init(NULL, NULL);
	if (getenv("CALLROUTE_TEST_DUMP") != NULL)
		log_set_level(LOG_DEBUG);
	cmocka_set_test_filter(getenv("CALLROUTE_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
