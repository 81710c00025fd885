/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * callroute.conf: what files say, which files there are, and what is said of wrong ones.
 */
#include "daemon/config.h"
#include "daemon/hfp/quirks.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <pipewire/pipewire.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DEVICE_A UINT64_C(0xaabbcc000001)
#define DEVICE_B UINT64_C(0xaabbcc000002)

struct fixture {
	char dir[64];
	struct config *config;
	char said[8192]; /* the complaints, a line each, without the folder */
};

/* ---- files ------------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static const char *path_of(const struct fixture *f, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return path;
}

static void write_bytes(const struct fixture *f, const char *name, const void *bytes, size_t n)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s", path_of(f, name));
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static void write_text(const struct fixture *f, const char *name, const char *text)
{
	write_bytes(f, name, text, strlen(text));
}

static void on_complaint(void *data, const char *line)
{
	struct fixture *f = data;
	size_t n = strlen(f->said);

	assert_memory_equal(line, f->dir, strlen(f->dir));
	snprintf(f->said + n, sizeof(f->said) - n, "%s\n", line + strlen(f->dir) + 1);
}

/* Load @text as the only file, "c". */
static int load_text(struct fixture *f, const char *text)
{
	f->config = config_free(f->config);
	f->said[0] = '\0';
	write_text(f, "c", text);
	return config_load_file(path_of(f, "c"), on_complaint, f, &f->config);
}

static void load(struct fixture *f)
{
	f->config = config_free(f->config);
	f->said[0] = '\0';
	assert_int_equal(config_load(on_complaint, f, &f->config), 0);
}

static int start(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .dir = "/tmp/callroute-config-XXXXXX" };
	*state = &f;
	return mkdtemp(f.dir) == NULL ? -1 : 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->config = config_free(f->config);
	unsetenv("CALLROUTE_CONFIG_DIR");
	unsetenv("XDG_CONFIG_HOME");
	return nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct config_device device(const struct fixture *f, route_device id, const char *name)
{
	struct config_device what;

	config_device(f->config, id, name, &what);
	return what;
}

/* The kinds of a node of that name; UINT_MAX where nothing matches. */
static unsigned int kinds(const struct fixture *f, const char *name)
{
	const struct spa_dict_item items[] = { SPA_DICT_ITEM_INIT("node.name", name),
					       SPA_DICT_ITEM_INIT("media.class", "Audio/Sink") };
	unsigned int found = 0;

	if (!config_endpoint(f->config, &SPA_DICT_INIT(items, 2), &found))
		return UINT_MAX;
	return found;
}

/* ---- what files say ------------------------------------------------------------------------------ */

static void test_nothing_configured_gives_the_defaults(void **state)
{
	struct fixture *f = *state;
	struct config_timeouts timeouts;
	struct config_device what = device(f, DEVICE_A, "A");

	assert_true(what.enabled && what.auto_route && !what.has_kind);
	assert_int_equal(what.codec, CODEC_AUTO);
	config_timeouts(NULL, &timeouts);
	assert_int_equal(timeouts.request_ms, 5000);
	assert_int_equal(kinds(f, "x"), UINT_MAX);
	assert_int_equal(load_text(f, "# nothing\n"), 0);
	assert_string_equal(f->said, "");
	what = device(f, DEVICE_A, NULL);
	assert_true(what.enabled && what.auto_route && !what.has_kind);
	config_timeouts(f->config, &timeouts);
	assert_int_equal(timeouts.retry_ms, 1000);
	assert_int_equal(timeouts.sco_close_ms, 150);
	assert_int_equal(timeouts.pipewire_ms, 3000);
}

static void test_the_last_endpoint_that_matches_counts(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		load_text(f, "endpoints = [\n"
			     "  { match = { node.name = \"~^alsa_.*\" } endpoint = speaker }\n"
			     "  { match = { node.name = alsa_1, media.class = Audio/Sink }\n"
			     "    endpoint = \"handset, wired-headset\" }\n"
			     "  { match = { node.name = alsa_1 media.class = \"Audio/Source\" }\n"
			     "    endpoint = none }\n"
			     "  { match = { node.name = alsa_2 } endpoint = none }\n"
			     "]\n"),
		0);
	assert_string_equal(f->said, "");
	assert_int_equal(kinds(f, "alsa_0"), 1u << ROUTE_SPEAKER);
	assert_int_equal(kinds(f, "alsa_1"), 1u << ROUTE_HANDSET | 1u << ROUTE_WIRED);
	assert_int_equal(kinds(f, "alsa_2"), 0);
	assert_int_equal(kinds(f, "hdmi"), UINT_MAX);
}

static void test_a_value_behind_a_tilde_is_a_regular_expression(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load_text(f, "endpoints = [ { match = { node.name = "
				      "\"~^alsa_output\\\\..*hw_L5\" } endpoint = handset } ]\n"),
			 0);
	assert_string_equal(f->said, "");
	assert_int_equal(kinds(f, "alsa_output.platform.hw_L5__sink"), 1u << ROUTE_HANDSET);
	assert_int_equal(kinds(f, "xalsa_output.hw_L5"), UINT_MAX);
}

static void test_kinds_are_parsed_whole(void **state)
{
	unsigned int found = 77;

	assert_int_equal(config_kinds_from_string("handset", &found), 0);
	assert_int_equal(found, 1u << ROUTE_HANDSET);
	assert_int_equal(config_kinds_from_string("none", &found), 0);
	assert_int_equal(found, 0);
	found = 77;
	assert_true(config_kinds_from_string("", &found) < 0);
	assert_true(config_kinds_from_string("handsets", &found) < 0);
	assert_true(config_kinds_from_string("hand", &found) < 0);
	assert_true(config_kinds_from_string("none,speaker", &found) < 0);
	assert_int_equal(found, 77);
}

static void test_options_of_a_device_add_up(void **state)
{
	struct fixture *f = *state;
	struct config_device what;

	assert_int_equal(
		load_text(
			f,
			"devices = [\n"
			"  { match = { device.name = \"~^Car\" } kind = car auto-route = false }\n"
			"  { match = { device.address = \"aa:bb:cc:00:00:01\" }\n"
			"    auto-route = true codec = cvsd in-band-ring = true mute-by-gain = "
			"true }\n"
			"  { match = { device.address = \"~^AA:BB:CC\" device.name = Toy }\n"
			"    enabled = false kind = hearing-aid codec = msbc }\n"
			"]\n"),
		0);
	assert_string_equal(f->said, "");
	what = device(f, DEVICE_A, "Car 1");
	assert_true(what.enabled && what.auto_route && what.has_kind);
	assert_int_equal(what.kind, DEVICE_CAR);
	assert_int_equal(what.codec, CODEC_CVSD);
	assert_true(what.in_band_ring && what.mute_by_gain && config_rings_in_band(f->config));
	assert_false(config_rings_in_band(NULL));
	what = device(f, DEVICE_B, "Car 2");
	assert_true(what.enabled && !what.auto_route && what.has_kind);
	assert_int_equal(what.codec, CODEC_AUTO);
	what = device(f, DEVICE_B, "Toy");
	assert_true(!what.enabled && what.auto_route);
	assert_int_equal(what.kind, DEVICE_HEARING_AID);
	assert_int_equal(what.codec, CODEC_MSBC);
	what = device(f, DEVICE_B, NULL);
	assert_true(what.enabled && !what.has_kind);
}

/* Repetitions as people write them are not too many. */
static void test_an_ordinary_expression_is_taken(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load_text(f, "devices = [\n"
				      "  { match = { device.address = "
				      "\"~^AA:BB(:[0-9A-F]{2}){4}$\" } kind = car }\n"
				      "  { match = { device.name = \"~^(My |Our "
				      ")?[]a-z[:upper:]+ ]+ [(]x[)]$\" }\n"
				      "    kind = speaker }\n"
				      "]\n"),
			 0);
	assert_string_equal(f->said, "");
	assert_int_equal(device(f, DEVICE_A, "Headset").kind, DEVICE_CAR);
	assert_int_equal(device(f, 0xaaffcc000001, "Our ][Big+ Speaker (x)").has_kind, false);
	assert_int_equal(device(f, 0xaaffcc000001, "Our ]Big+ Speaker (x)").kind, DEVICE_SPEAKER);
}

static void test_quirks_are_those_of_the_last_entry_that_has_some(void **state)
{
	struct fixture *f = *state;
	struct config_device what;

	assert_int_equal(load_text(f,
				   "devices = [\n"
				   "  { match = { device.name = \"~^Car\" } quirks = none }\n"
				   "  { match = { device.name = Car2 }\n"
				   "    quirks = \"no-codecs, setup-again\" }\n"
				   "  { match = { device.name = Car2 } kind = car quirks = all }\n"
				   "]\n"),
			 0);
	assert_string_equal(f->said, "c: devices: quirks: expected none, or some of no-codecs, "
				     "no-indicators, no-speaker-gain, no-microphone-gain, "
				     "setup-again, drops-once and pause\n");
	what = device(f, DEVICE_A, "Car1");
	assert_true(what.has_quirks && what.quirks == 0);
	what = device(f, DEVICE_A, "Car2");
	assert_true(what.has_quirks && what.has_kind);
	assert_int_equal(what.quirks, QUIRK_NO_CODECS | QUIRK_SETUP_AGAIN);
	assert_false(device(f, DEVICE_A, "Van").has_quirks);
}

static void test_the_own_number_is_in_the_memory(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load_text(f, "memory = { own = \"+4930123\" 1 = 110 }\n"), 0);
	assert_string_equal(f->said, "");
	assert_string_equal(config_own_number(f->config), "+4930123");
	assert_string_equal(config_memory(f->config, 1), "110");
}

static void test_the_memory_has_nine_places(void **state)
{
	struct fixture *f = *state;

	assert_null(config_memory(NULL, 1));
	assert_int_equal(load_text(f, "memory = { 1 = \"tel:+49 30\" 9 = 110 10 = 1 0 = 1\n"
				      "  2 = \"\" 3 = [ 1 ] 4 = \"sip:ann@example.org\" }\n"),
			 0);
	assert_string_equal(f->said,
			    "c: memory: 10: expected 1 to 9, or own\n"
			    "c: memory: 0: expected 1 to 9, or own\n"
			    "c: memory: 2: expected a number or URI of less than 128 bytes\n"
			    "c: memory: 3: expected a number or URI of less than 128 bytes\n");
	assert_null(config_own_number(f->config));
	assert_null(config_own_number(NULL));
	assert_string_equal(config_memory(f->config, 1), "tel:+49 30");
	assert_string_equal(config_memory(f->config, 4), "sip:ann@example.org");
	assert_string_equal(config_memory(f->config, 9), "110");
	assert_null(config_memory(f->config, 0));
	assert_null(config_memory(f->config, 2));
	assert_null(config_memory(f->config, 10));
	assert_null(config_memory(f->config, 9999));
}

static void test_json_is_taken_too(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load_text(f, "{ \"devices\": [ { \"match\": { \"device.address\": "
				      "\"AA:BB:CC:00:00:01\" }, \"auto-route\": false } ],\n"
				      "  \"timeouts\": { \"request-ms\": 700 } }\n"),
			 0);
	assert_string_equal(f->said, "");
	assert_false(device(f, DEVICE_A, NULL).auto_route);
}

static void test_programs_are_followed_unless_switched_off(void **state)
{
	struct fixture *f = *state;

	assert_true(config_follows(NULL, SOURCE_GNOME_CALLS));
	assert_int_equal(
		load_text(f, "calls = { baresip = false gnome-calls = 1 skype = false }\n"), 0);
	assert_string_equal(f->said, "c: calls: gnome-calls: expected true or false\n"
				     "c: calls: skype: expected gnome-calls, baresip, by-sound, "
				     "callaudio, modemmanager, ofono, pipewire-telephony or "
				     "bluez-telephony\n");
	assert_true(config_follows(f->config, SOURCE_GNOME_CALLS));
	assert_false(config_follows(f->config, SOURCE_BARESIP));
	assert_false(config_insists(f->config, SOURCE_BARESIP));
	assert_true(config_follows(f->config, SOURCE_CALLAUDIO));
	assert_false(config_insists(f->config, SOURCE_CALLAUDIO));
	assert_false(config_insists(NULL, SOURCE_CALLAUDIO));
	assert_int_equal(load_text(f, "calls = { callaudio = true }\n"), 0);
	assert_true(config_insists(f->config, SOURCE_CALLAUDIO));
}

static void test_headsets_are_served_unless_it_is_switched_off(void **state)
{
	struct fixture *f = *state;

	assert_true(config_is_gateway(NULL));
	assert_int_equal(load_text(f, "bluetooth = { gateway = no radio = 1 }\n"), 0);
	assert_string_equal(f->said, "c: bluetooth: gateway: expected true or false\n"
				     "c: bluetooth: radio: expected gateway\n");
	assert_true(config_is_gateway(f->config));
	assert_int_equal(load_text(f, "bluetooth = { gateway = false }\n"), 0);
	assert_false(config_is_gateway(f->config));
}

static void test_programs_that_call_are_found_by_their_properties(void **state)
{
	struct fixture *f = *state;
	const struct spa_dict_item zoom[] = { SPA_DICT_ITEM_INIT("application.name",
								 "ZOOM VoiceEngine") };
	const struct spa_dict_item other[] = {
		SPA_DICT_ITEM_INIT("application.name", "Chromium input"),
		SPA_DICT_ITEM_INIT("application.process.binary", "chromium"),
	};
	const struct spa_dict_item loopback[] = { SPA_DICT_ITEM_INIT("node.name",
								     "output.modem-voice") };
	enum config_program is = PROGRAM_NO_CALL;

	assert_false(config_has_programs(NULL));
	assert_false(config_program(NULL, &SPA_DICT_INIT_ARRAY(zoom), &is));
	assert_int_equal(
		load_text(f,
			  "programs = [\n"
			  "  { match = { application.name = \"~^ZOOM\" } calls = true }\n"
			  "  { match = { application.process.binary = chromium } calls = true }\n"
			  "  { match = { application.name = \"Chromium input\" } calls = false }\n"
			  "  { match = { node.name = \"~modem-voice$\" } calls = modem }\n"
			  "]\n"),
		0);
	assert_string_equal(f->said, "");
	assert_true(config_has_programs(f->config));
	assert_true(config_program(f->config, &SPA_DICT_INIT_ARRAY(zoom), &is));
	assert_int_equal(is, PROGRAM_CALLS);
	/* what was read later goes before */
	assert_true(config_program(f->config, &SPA_DICT_INIT_ARRAY(other), &is));
	assert_int_equal(is, PROGRAM_NO_CALL);
	assert_true(config_program(f->config, &SPA_DICT_INIT_ARRAY(loopback), &is));
	assert_int_equal(is, PROGRAM_MODEM);
}

static void test_timeouts_are_taken_within_their_range(void **state)
{
	struct fixture *f = *state;
	struct config_timeouts timeouts;

	assert_int_equal(load_text(f, "timeouts = { request-ms = 800 retry-ms = 99 sco-close-ms = "
				      "5000 pipewire-ms = 1s }\n"),
			 0);
	assert_string_equal(f->said,
			    "c: timeouts: retry-ms: expected 100 to 20000 milliseconds\n"
			    "c: timeouts: pipewire-ms: expected 1 to 60000 milliseconds\n");
	config_timeouts(f->config, &timeouts);
	assert_int_equal(timeouts.request_ms, 800);
	assert_int_equal(timeouts.retry_ms, 1000);
	assert_int_equal(timeouts.sco_close_ms, 5000);
	assert_int_equal(timeouts.pipewire_ms, 3000);
}

/* ---- what is wrong ------------------------------------------------------------------------------- */

#define SIMPLER "c: devices: match: expected a simpler regular expression behind \"~\"\n"

static void test_each_wrong_key_or_value_is_one_line(void **state)
{
	static const struct {
		const char *text;
		const char *said;
	} cases[] = {
		{ "device = [ ]",
		  "c: device: expected endpoints, devices, bluetooth, programs, calls, memory "
		  "or timeouts\n" },
		{ "programs = [ { calls = true } ]",
		  "c: programs: expected match and calls in each entry\n" },
		{ "programs = [ { match = { application.name = a } } ]",
		  "c: programs: expected match and calls in each entry\n" },
		{ "programs = [ { match = { application.name = a } calls = 1 } ]",
		  "c: programs: calls: expected true, false or modem\n" },
		{ "programs = [ { match = { } calls = true } ]",
		  "c: programs: match: expected at least one property\n" },
		{ "programs = [ { match = { a = b } calls = true kind = x } ]",
		  "c: programs: kind: expected match or calls\n" },
		{ "devices = 1", "c: devices: expected a list: [ { … } … ]\n" },
		{ "timeouts = [ ]", "c: timeouts: expected { KEY = VALUE … }\n" },
		{ "devices = [ a { match = { device.name = b } } c ]",
		  "c: devices: expected entries of the form { KEY = VALUE … }\n"
		  "c: devices: expected entries of the form { KEY = VALUE … }\n" },
		{ "devices = [ { kind = car } ]", "c: devices: expected match in each entry\n" },
		{ "devices = [ { match = { } } ]",
		  "c: devices: match: expected at least one property\n" },
		{ "devices = [ { match = x } ]",
		  "c: devices: match: expected { PROPERTY = VALUE … }\n" },
		{ "devices = [ { match = { device.id = 1 } } ]",
		  "c: devices: match: expected device.address or device.name\n" },
		{ "devices = [ { match = { device.address = headset } } ]",
		  "c: devices: match: device.address: expected an address as AA:BB:CC:DD:EE:FF, or "
		  "~ and a regular expression\n" },
		{ "devices = [ { match = { device.name = \"~(\" } } ]",
		  "c: devices: match: expected a regular expression behind \"~\"\n" },
		/* what would take the C library all memory, or all time */
		{ "devices = [ { match = { device.name = \"~a++++++++++++++++++++\" } } ]",
		  SIMPLER },
		{ "devices = [ { match = { device.name = \"~(((a{30}){30}){30}){30}\" } } ]",
		  SIMPLER },
		{ "devices = [ { match = { device.name = \"~a{20000}\" } } ]", SIMPLER },
		{ "devices = [ { match = { device.name = \"~a{32,}{99999999999999999999}\" } } ]",
		  SIMPLER },
		{ "devices = [ { match = { device.name = \"~((((((((((((((((((((a)*)*\" } } ]",
		  SIMPLER },
		{ "devices = [ { match = { device.name = \"~(()()*\\\\<a**{30}[^a])\" } } ]",
		  SIMPLER },
		{ "devices = [ { match = { device.name = \"~(a|)*\" } } ]", SIMPLER },
		{ "devices = [ { match = { device.name = \"~(.*)(.*)\\\\1\\\\2x\" } } ]", SIMPLER },
		{ "devices = [ { match = { device.name = a } kind = tv auto-route = yes enabled = "
		  "1 "
		  "codec = lc3 in-band-ring = on mute-by-gain = 2 x = { y = [ 1 ] } } ]",
		  "c: devices: kind: expected headset, speaker, car or hearing-aid\n"
		  "c: devices: auto-route: expected true or false\n"
		  "c: devices: enabled: expected true or false\n"
		  "c: devices: codec: expected cvsd, msbc or auto\n"
		  "c: devices: in-band-ring: expected true or false\n"
		  "c: devices: mute-by-gain: expected true or false\n"
		  "c: devices: x: expected match, kind, auto-route, enabled, codec, in-band-ring, "
		  "mute-by-gain or quirks\n" },
		{ "endpoints = [ { match = { node.name = a } } ]",
		  "c: endpoints: expected both match and endpoint in each entry\n" },
		{ "endpoints = [ { match = { node.name = a } endpoint = ear } ]",
		  "c: endpoints: endpoint: expected handset, speaker, wired-headset, several of "
		  "them in quotes, or none\n" },
		{ "endpoints = [ { match = { node.name = { } } endpoint = speaker } ]",
		  "c: endpoints: match: expected at most 8 properties, each with a text of less "
		  "than 256 characters\n" },
		{ "timeouts = { retry = 1 }",
		  "c: timeouts: retry: expected request-ms, retry-ms, sco-close-ms or "
		  "pipewire-ms\n" },
		{ "timeouts = { } timeouts = { }",
		  "c: timeouts: expected it once in a file, using the last\n" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(load_text(f, cases[i].text), 0);
		assert_string_equal(f->said, cases[i].said);
	}
}

static void test_the_rest_of_a_file_with_something_wrong_is_used(void **state)
{
	struct fixture *f = *state;
	struct config_device what;

	assert_int_equal(
		load_text(f, "endpoints = [\n"
			     "  { match = { node.name = 1 2 3 } endpoint = speaker }\n"
			     "  { match = { node.name = { a = [ ] } } endpoint = none }\n"
			     "  { match = { node.name = good } endpoint = handset }\n"
			     "]\n"
			     "devices = [\n"
			     "  { match = { device.name = A } kind = tv auto-route = false }\n"
			     "  { match = { device.id = { } } kind = speaker }\n"
			     "  { match = { device.name = A } enabled = false }\n"
			     "]\n"
			     "music = { }\n"),
		0);
	assert_int_equal(kinds(f, "good"), 1u << ROUTE_HANDSET);
	what = device(f, DEVICE_A, "A");
	assert_false(what.has_kind || what.auto_route || what.enabled);
}

static void test_brackets_and_quotes_that_do_not_match_are_told_by_their_line(void **state)
{
	static const struct {
		const char *text;
		const char *said;
	} cases[] = {
		{ "devices = [\n  { match = { device.name = a }\n]\n",
		  "c: line 3: expected a } before this ]\n" },
		{ "\ndevices = [\n", "c: line 2: expected a ] for the [ of this line\n" },
		{ "timeouts = {\n\n", "c: line 1: expected a } for the { of this line\n" },
		{ "\n}\n", "c: line 2: expected no closing bracket without its opening one\n" },
		{ "devices = [ \"a\n ]\n", "c: line 1: expected a \" at the end of the text\n" },
		{ "devices = [ \"a\\", "c: line 1: expected a \" at the end of the text\n" },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
		  "c: line 1: expected fewer brackets in brackets\n" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(load_text(f, cases[i].text), 0);
		assert_string_equal(f->said, cases[i].said);
	}
	assert_int_equal(load_text(f, "# don't [ \" count\ndevices = [ # nor { here\n ]\n"), 0);
	assert_string_equal(f->said, "");
}

static void test_more_entries_than_there_is_room_for_are_told(void **state)
{
	struct fixture *f = *state;
	char text[16384] = "endpoints = [\n", *at = text + strlen(text);

	for (unsigned int i = 0; i <= CONFIG_MAX_ENDPOINTS; i++)
		at += sprintf(at, "{ match = { node.name = n%u } endpoint = speaker }\n", i);
	strcpy(at, "]\n");
	assert_int_equal(load_text(f, text), 0);
	assert_string_equal(f->said, "c: endpoints: expected at most 64 entries in all\n");
	assert_int_equal(kinds(f, "n63"), 1u << ROUTE_SPEAKER);
	assert_int_equal(kinds(f, "n64"), UINT_MAX);
}

static void test_a_file_that_cannot_be_read_is_told(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(config_load_file(path_of(f, "none"), on_complaint, f, &f->config),
			 -ENOENT);
	assert_string_equal(f->said, "none: expected a file that can be read (No such file or "
				     "directory)\n");
	f->said[0] = '\0';
	mkdir(path_of(f, "folder"), 0700);
	assert_true(config_load_file(path_of(f, "folder"), on_complaint, f, &f->config) < 0);
	assert_non_null(strstr(f->said, "folder: expected a file that can be read"));
	f->said[0] = '\0';
	write_bytes(f, "zero", "devices = [\0]", 13);
	assert_true(config_load_file(path_of(f, "zero"), on_complaint, f, &f->config) < 0);
	assert_non_null(strstr(f->said, "zero: expected a file that can be read"));
}

static void test_any_bytes_are_survived(void **state)
{
	static const char good[] =
		"endpoints = [ { match = { node.name = \"~a.*\" } endpoint = \"handset, wired\" } "
		"]\n"
		"devices = [ { match = { device.address = \"AA:BB:CC:00:00:01\" } kind = car } ]\n"
		"timeouts = { request-ms = 800 } # all\n";
	struct fixture *f = *state;
	char text[sizeof(good)];

	srand(1);
	for (unsigned int i = 0; i < 2000; i++) {
		size_t n = (size_t)rand() % sizeof(good);

		memcpy(text, good, sizeof(good));
		for (unsigned int k = 0; k < 1 + i % 3; k++)
			text[(size_t)rand() % (sizeof(good) - 1)] =
				"{}[]\"\\#=:, \n~a\xc3\x01"[rand() % 16];
		if (i % 2 == 0)
			text[n] = '\0';
		(void)load_text(f, text);
		(void)kinds(f, "ab");
		(void)device(f, DEVICE_A, "A");
	}
}

/* ---- which files ----------------------------------------------------------------------------------- */

static void test_without_files_nothing_is_configured(void **state)
{
	struct fixture *f = *state;

	setenv("CALLROUTE_CONFIG_DIR", f->dir, 1);
	load(f);
	assert_string_equal(f->said, "");
	assert_true(device(f, DEVICE_A, NULL).enabled);
}

static void test_drop_ins_come_after_the_file_in_the_order_of_their_names(void **state)
{
	struct fixture *f = *state;

	setenv("CALLROUTE_CONFIG_DIR", f->dir, 1);
	write_text(f, "callroute.conf", "timeouts = { request-ms = 1000 retry-ms = 1001 }");
	write_text(f, "callroute.conf.d/20-b.conf", "timeouts = { request-ms = 3000 }");
	write_text(f, "callroute.conf.d/10-a.conf",
		   "timeouts = { request-ms = 2000 sco-close-ms = 7 } x = 1");
	write_text(f, "callroute.conf.d/30-c.txt", "timeouts = { request-ms = 4000 }");
	load(f);
	assert_string_equal(
		f->said, "callroute.conf.d/10-a.conf: x: expected endpoints, devices, bluetooth, "
			 "programs, calls, memory or timeouts\n");
	struct config_timeouts timeouts;

	config_timeouts(f->config, &timeouts);
	assert_int_equal(timeouts.request_ms, 3000);
	assert_int_equal(timeouts.retry_ms, 1001);
	assert_int_equal(timeouts.sco_close_ms, 7);
}

static void test_the_users_own_folder_is_read(void **state)
{
	struct fixture *f = *state;

	setenv("XDG_CONFIG_HOME", path_of(f, "config"), 1);
	write_text(f, "config/callroute/callroute.conf",
		   "devices = [ { match = { device.name = A } enabled = false } ]");
	load(f);
	assert_string_equal(f->said, "");
	assert_false(device(f, DEVICE_A, "A").enabled);
}

#define CONFIG_TEST(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(test_nothing_configured_gives_the_defaults),
		CONFIG_TEST(test_the_last_endpoint_that_matches_counts),
		CONFIG_TEST(test_a_value_behind_a_tilde_is_a_regular_expression),
		CONFIG_TEST(test_kinds_are_parsed_whole),
		CONFIG_TEST(test_options_of_a_device_add_up),
		CONFIG_TEST(test_an_ordinary_expression_is_taken),
		CONFIG_TEST(test_quirks_are_those_of_the_last_entry_that_has_some),
		CONFIG_TEST(test_the_memory_has_nine_places),
		CONFIG_TEST(test_the_own_number_is_in_the_memory),
		CONFIG_TEST(test_json_is_taken_too),
		CONFIG_TEST(test_programs_are_followed_unless_switched_off),
		CONFIG_TEST(test_headsets_are_served_unless_it_is_switched_off),
		CONFIG_TEST(test_programs_that_call_are_found_by_their_properties),
		CONFIG_TEST(test_timeouts_are_taken_within_their_range),
		CONFIG_TEST(test_each_wrong_key_or_value_is_one_line),
		CONFIG_TEST(test_the_rest_of_a_file_with_something_wrong_is_used),
		CONFIG_TEST(test_brackets_and_quotes_that_do_not_match_are_told_by_their_line),
		CONFIG_TEST(test_more_entries_than_there_is_room_for_are_told),
		CONFIG_TEST(test_a_file_that_cannot_be_read_is_told),
		CONFIG_TEST(test_any_bytes_are_survived),
		CONFIG_TEST(test_without_files_nothing_is_configured),
		CONFIG_TEST(test_drop_ins_come_after_the_file_in_the_order_of_their_names),
		CONFIG_TEST(test_the_users_own_folder_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
