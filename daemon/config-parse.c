/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What the sections of a file say. A complaint is about one key; the rest of its entry is used where
 * the entry still means something without it.
 */
#include "config-private.h"

#include "hfp/quirks.h"

#include <spa/utils/json.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 64
#define WHERE_SIZE 96
#define VALUE_SIZE 256

/* A plain value; false where there is none, or a container. */
static bool read_value(struct spa_json *json, char *ret, int n)
{
	const char *value;
	int length = spa_json_next(json, &value);

	return length > 0 && !spa_json_is_container(value, length) &&
	       spa_json_parse_stringn(value, length, ret, n) > 0;
}

static bool read_bool(struct spa_json *json, bool *ret)
{
	char text[KEY_SIZE];

	if (!read_value(json, text, sizeof(text)) ||
	    (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
		return false;
	*ret = text[0] == 't';
	return true;
}

/* The number of @ret's text among @words, or -1. */
static int read_word(struct spa_json *json, const char *const *words, size_t n)
{
	char text[KEY_SIZE];

	if (!read_value(json, text, sizeof(text)))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], text) == 0)
			return (int)i;
	}
	return -1;
}

/* The next key of an object; a key that is none ends it with a complaint. */
static bool next_key(const struct source *source, struct spa_json *object, const char *section,
		     char ret[static KEY_SIZE])
{
	const char *value;
	int n = spa_json_next(object, &value);

	if (n == 0)
		return false;
	if (n > 0 && !spa_json_is_container(value, n) &&
	    spa_json_parse_stringn(value, n, ret, KEY_SIZE) > 0)
		return true;
	config_complain(source, section, "a key, of less than 64 characters, and its value");
	return false;
}

/* "devices: kind", for complaints. */
static const char *path_of(const char *section, const char *key, char ret[static WHERE_SIZE])
{
	snprintf(ret, WHERE_SIZE, "%.16s: %.63s", section, key);
	return ret;
}

/* ---- match ------------------------------------------------------------------------------------- */

void config_match_done(struct match *match)
{
	for (size_t i = 0; i < match->n; i++) {
		if (match->conditions[i].is_regex)
			regfree(&match->conditions[i].regex);
		free(match->conditions[i].key);
		free(match->conditions[i].value);
	}
	match->n = 0;
}

static bool add_condition(const struct source *source, const char *where, const char *key,
			  const char *value, struct match *match)
{
	struct condition *condition = &match->conditions[match->n];

	*condition = (struct condition){ 0 };
	if (value[0] == '~') {
		int error = config_regex(value + 1, &condition->regex);

		if (error < 0) {
			config_complain(source, where,
					error == -E2BIG
						? "a simpler regular expression behind \"~\""
						: "a regular expression behind \"~\"");
			return false;
		}
		condition->is_regex = true;
	}
	condition->key = strdup(key);
	condition->value = strdup(value);
	match->n++;
	return condition->key != NULL && condition->value != NULL;
}

/* What a device can be known by; addresses are compared in upper case. */
static bool check_device_condition(const struct source *source, const char *key, char *value)
{
	route_device device;

	if (strcmp(key, "device.name") == 0)
		return true;
	if (strcmp(key, "device.address") != 0) {
		config_complain(source, "devices: match", "device.address or device.name");
		return false;
	}
	if (value[0] == '~')
		return true;
	if (route_device_from_address(value, &device) < 0) {
		config_complain(source, "devices: match: device.address",
				"an address as AA:BB:CC:DD:EE:FF, or ~ and a regular expression");
		return false;
	}
	route_device_to_address(device, value);
	return true;
}

/* False after a complaint: the entry is for nothing that can be told. */
static bool read_match(const struct source *source, struct spa_json *json, const char *section,
		       bool device, struct match *match)
{
	char key[KEY_SIZE], value[VALUE_SIZE], where[WHERE_SIZE];
	struct spa_json object;

	(void)path_of(section, "match", where);
	config_match_done(match);
	if (spa_json_enter_object(json, &object) <= 0) {
		config_complain(source, where, "{ PROPERTY = VALUE … }");
		return false;
	}
	while (next_key(source, &object, where, key)) {
		if (match->n == CONFIG_MAX_CONDITIONS ||
		    !read_value(&object, value, sizeof(value))) {
			config_complain(source, where,
					"at most 8 properties, each with a text of less than 256 "
					"characters");
			return false;
		}
		if ((device && !check_device_condition(source, key, value)) ||
		    !add_condition(source, where, key, value, match))
			return false;
	}
	if (match->n == 0)
		config_complain(source, where, "at least one property");
	return match->n > 0;
}

/* ---- endpoints --------------------------------------------------------------------------------- */

static void read_endpoint(const struct source *source, struct spa_json *object)
{
	struct config *config = source->config;
	struct endpoint_rule rule = { 0 };
	char key[KEY_SIZE], text[KEY_SIZE], where[WHERE_SIZE];
	bool has_kinds = false, has_match = false, bad = false;

	while (next_key(source, object, "endpoints", key)) {
		if (strcmp(key, "match") == 0) {
			has_match = true;
			bad |= !read_match(source, object, "endpoints", false, &rule.match);
			if (bad)
				break;
		} else if (strcmp(key, "endpoint") == 0) {
			has_kinds = true;
			if (!read_value(object, text, sizeof(text)) ||
			    config_kinds_from_string(text, &rule.kinds) < 0) {
				config_complain(source, "endpoints: endpoint",
						"handset, speaker, wired-headset, several of them "
						"in quotes, or none");
				bad = true;
			}
		} else {
			config_complain(source, path_of("endpoints", key, where),
					"match or endpoint");
			(void)read_value(object, text, sizeof(text));
		}
	}
	if (!bad && (!has_kinds || !has_match)) {
		config_complain(source, "endpoints", "both match and endpoint in each entry");
		bad = true;
	}
	if (!bad && config->n_endpoints == CONFIG_MAX_ENDPOINTS) {
		config_complain(source, "endpoints", "at most 64 entries in all");
		bad = true;
	}
	if (bad)
		config_match_done(&rule.match);
	else
		config->endpoints[config->n_endpoints++] = rule;
}

/* ---- devices ----------------------------------------------------------------------------------- */

static void read_kind(const struct source *source, struct spa_json *object,
		      struct config_device *what)
{
	static const char *const kinds[] = {
		[DEVICE_HEADSET] = "headset",
		[DEVICE_SPEAKER] = "speaker",
		[DEVICE_CAR] = "car",
		[DEVICE_HEARING_AID] = "hearing-aid",
	};
	int kind = read_word(object, kinds, SPA_N_ELEMENTS(kinds));

	if (kind < 0) {
		config_complain(source, "devices: kind", "headset, speaker, car or hearing-aid");
		return;
	}
	what->kind = (enum device_kind)kind;
	what->has_kind = true;
}

static bool read_codec(const struct source *source, struct spa_json *object,
		       struct config_device *what)
{
	static const char *const codecs[] = {
		[CODEC_AUTO] = "auto",
		[CODEC_CVSD] = "cvsd",
		[CODEC_MSBC] = "msbc",
	};
	int codec = read_word(object, codecs, SPA_N_ELEMENTS(codecs));

	if (codec < 0) {
		config_complain(source, "devices: codec", "cvsd, msbc or auto");
		return false;
	}
	what->codec = (enum config_codec)codec;
	return true;
}

static void read_quirks(const struct source *source, struct spa_json *object,
			struct config_device *what)
{
	char text[VALUE_SIZE];

	if (!read_value(object, text, sizeof(text)) ||
	    quirks_from_string(text, &what->quirks) < 0) {
		config_complain(source, "devices: quirks",
				"none, or some of no-codecs, no-indicators, no-speaker-gain, "
				"no-microphone-gain, setup-again, drops-once and pause");
		return;
	}
	what->has_quirks = true;
}

static void read_device(const struct source *source, struct spa_json *object)
{
	struct config *config = source->config;
	struct device_rule rule = { 0 };
	char key[KEY_SIZE], text[KEY_SIZE], where[WHERE_SIZE];
	bool has_match = false, bad = false;

	while (!bad && next_key(source, object, "devices", key)) {
		if (strcmp(key, "match") == 0) {
			has_match = true;
			bad = !read_match(source, object, "devices", true, &rule.match);
		} else if (strcmp(key, "kind") == 0) {
			read_kind(source, object, &rule.what);
		} else if (strcmp(key, "codec") == 0) {
			rule.has_codec = read_codec(source, object, &rule.what);
		} else if (strcmp(key, "quirks") == 0) {
			read_quirks(source, object, &rule.what);
		} else if (strcmp(key, "auto-route") == 0) {
			rule.has_auto_route = read_bool(object, &rule.what.auto_route);
			if (!rule.has_auto_route)
				config_complain(source, "devices: auto-route", "true or false");
		} else if (strcmp(key, "in-band-ring") == 0) {
			rule.has_in_band_ring = read_bool(object, &rule.what.in_band_ring);
			if (!rule.has_in_band_ring)
				config_complain(source, "devices: in-band-ring", "true or false");
		} else if (strcmp(key, "mute-by-gain") == 0) {
			rule.has_mute_by_gain = read_bool(object, &rule.what.mute_by_gain);
			if (!rule.has_mute_by_gain)
				config_complain(source, "devices: mute-by-gain", "true or false");
		} else if (strcmp(key, "enabled") == 0) {
			rule.has_enabled = read_bool(object, &rule.what.enabled);
			if (!rule.has_enabled)
				config_complain(source, "devices: enabled", "true or false");
		} else {
			config_complain(source, path_of("devices", key, where),
					"match, kind, auto-route, enabled, codec, in-band-ring, "
					"mute-by-gain or quirks");
			(void)read_value(object, text, sizeof(text));
		}
	}
	if (!bad && !has_match) {
		config_complain(source, "devices", "match in each entry");
		bad = true;
	}
	if (!bad && config->n_devices == CONFIG_MAX_DEVICES) {
		config_complain(source, "devices", "at most 256 entries in all");
		bad = true;
	}
	if (bad)
		config_match_done(&rule.match);
	else
		config->devices[config->n_devices++] = rule;
}

/* ---- programs ---------------------------------------------------------------------------------- */

static bool read_what_it_is(struct spa_json *object, enum config_program *ret)
{
	char text[KEY_SIZE];

	if (!read_value(object, text, sizeof(text)))
		return false;
	if (strcmp(text, "true") == 0)
		*ret = PROGRAM_CALLS;
	else if (strcmp(text, "false") == 0)
		*ret = PROGRAM_NO_CALL;
	else if (strcmp(text, "modem") == 0)
		*ret = PROGRAM_MODEM;
	else
		return false;
	return true;
}

static void read_program(const struct source *source, struct spa_json *object)
{
	struct config *config = source->config;
	struct program_rule rule = { 0 };
	char key[KEY_SIZE], text[KEY_SIZE], where[WHERE_SIZE];
	bool has_match = false, has_calls = false, bad = false;

	while (!bad && next_key(source, object, "programs", key)) {
		if (strcmp(key, "match") == 0) {
			has_match = true;
			bad = !read_match(source, object, "programs", false, &rule.match);
		} else if (strcmp(key, "calls") == 0) {
			has_calls = true;
			bad = !read_what_it_is(object, &rule.is);
			if (bad)
				config_complain(source, "programs: calls", "true, false or modem");
		} else {
			config_complain(source, path_of("programs", key, where), "match or calls");
			(void)read_value(object, text, sizeof(text));
		}
	}
	if (!bad && !(has_match && has_calls)) {
		config_complain(source, "programs", "match and calls in each entry");
		bad = true;
	}
	if (!bad && config->n_programs == CONFIG_MAX_PROGRAMS) {
		config_complain(source, "programs", "at most 64 entries in all");
		bad = true;
	}
	if (bad)
		config_match_done(&rule.match);
	else
		config->programs[config->n_programs++] = rule;
}

/* ---- bluetooth --------------------------------------------------------------------------------- */

static void read_bluetooth(const struct source *source, struct spa_json *object)
{
	char key[KEY_SIZE], text[KEY_SIZE], where[WHERE_SIZE];
	bool gateway;

	while (next_key(source, object, "bluetooth", key)) {
		(void)path_of("bluetooth", key, where);
		if (strcmp(key, "gateway") != 0) {
			config_complain(source, where, "gateway");
			(void)read_value(object, text, sizeof(text));
		} else if (read_bool(object, &gateway)) {
			source->config->no_gateway = !gateway;
		} else {
			config_complain(source, where, "true or false");
		}
	}
}

/* ---- calls ------------------------------------------------------------------------------------- */

static void read_calls(const struct source *source, struct spa_json *object)
{
	static const char *const names[] = {
		[SOURCE_GNOME_CALLS] = "gnome-calls",     [SOURCE_BARESIP] = "baresip",
		[SOURCE_BY_SOUND] = "by-sound",           [SOURCE_CALLAUDIO] = "callaudio",
		[SOURCE_MODEM] = "modemmanager",          [SOURCE_OFONO] = "ofono",
		[SOURCE_PIPEWIRE] = "pipewire-telephony", [SOURCE_BLUEZ] = "bluez-telephony",
	};
	char key[KEY_SIZE], text[KEY_SIZE], where[WHERE_SIZE];

	while (next_key(source, object, "calls", key)) {
		size_t i = 0;
		bool follow;

		(void)path_of("calls", key, where);
		while (i < SPA_N_ELEMENTS(names) && strcmp(names[i], key) != 0)
			i++;
		if (i == SPA_N_ELEMENTS(names)) {
			config_complain(source, where,
					"gnome-calls, baresip, by-sound, callaudio, modemmanager, "
					"ofono, pipewire-telephony or bluez-telephony");
			(void)read_value(object, text, sizeof(text));
		} else if (read_bool(object, &follow)) {
			source->config->follow[i] = follow ? FOLLOW : FOLLOW_NOT;
		} else {
			config_complain(source, where, "true or false");
		}
	}
}

/* ---- memory ------------------------------------------------------------------------------------ */

static void read_memory(const struct source *source, struct spa_json *object)
{
	char key[KEY_SIZE], text[CONFIG_MEMORY_SIZE], where[WHERE_SIZE];

	while (next_key(source, object, "memory", key)) {
		bool plain = read_value(object, text, sizeof(text));
		bool own = strcmp(key, "own") == 0;

		(void)path_of("memory", key, where);
		if (!own && (key[0] < '1' || key[0] > '0' + CONFIG_MEMORY || key[1] != '\0'))
			config_complain(source, where, "1 to 9, or own");
		else if (!plain || text[0] == '\0')
			config_complain(source, where, "a number or URI of less than 128 bytes");
		else if (own)
			strcpy(source->config->own_number, text);
		else
			strcpy(source->config->memory[key[0] - '1'], text);
	}
}

/* ---- timeouts ---------------------------------------------------------------------------------- */

static void read_timeouts(const struct source *source, struct spa_json *object)
{
	static const struct {
		const char *key;
		size_t offset;
		unsigned long min, max;
	} rows[] = {
		{ "request-ms", offsetof(struct config_timeouts, request_ms), 100, 20000 },
		{ "retry-ms", offsetof(struct config_timeouts, retry_ms), 100, 20000 },
		{ "sco-close-ms", offsetof(struct config_timeouts, sco_close_ms), 1, 5000 },
		{ "pipewire-ms", offsetof(struct config_timeouts, pipewire_ms), 1, 60000 },
	};
	char key[KEY_SIZE], text[KEY_SIZE], where[WHERE_SIZE], expected[64];

	while (next_key(source, object, "timeouts", key)) {
		bool plain = read_value(object, text, sizeof(text));
		unsigned long number = 0;
		char *end = text;
		size_t i = 0;

		(void)path_of("timeouts", key, where);
		while (i < SPA_N_ELEMENTS(rows) && strcmp(rows[i].key, key) != 0)
			i++;
		if (i == SPA_N_ELEMENTS(rows)) {
			config_complain(source, where,
					"request-ms, retry-ms, sco-close-ms or pipewire-ms");
			continue;
		}
		if (plain && text[0] >= '0' && text[0] <= '9')
			number = strtoul(text, &end, 10);
		if (end == text || *end != '\0' || number < rows[i].min || number > rows[i].max) {
			snprintf(expected, sizeof(expected), "%lu to %lu milliseconds", rows[i].min,
				 rows[i].max);
			config_complain(source, where, expected);
			continue;
		}
		*(uint32_t *)((char *)&source->config->timeouts + rows[i].offset) =
			(uint32_t)number;
	}
}

/* ---- sections ---------------------------------------------------------------------------------- */

static void read_list(const struct source *source, const char *key, struct spa_json *json,
		      void (*read)(const struct source *source, struct spa_json *object))
{
	struct spa_json array, object;

	if (spa_json_enter_array(json, &array) <= 0) {
		config_complain(source, key, "a list: [ { … } … ]");
		return;
	}
	for (;;) {
		const struct spa_json before = array;
		const char *value;
		int n = spa_json_next(&array, &value);

		if (n <= 0)
			return;
		if (!spa_json_is_object(value, n)) {
			config_complain(source, key, "entries of the form { KEY = VALUE … }");
			continue;
		}
		array = before;
		if (spa_json_enter_object(&array, &object) <= 0)
			return;
		read(source, &object);
	}
}

void config_read_section(const struct source *source, const char *key, const char *text)
{
	static const struct {
		const char *key;
		bool list;
		void (*read)(const struct source *source, struct spa_json *object);
	} sections[] = {
		{ "endpoints", true, read_endpoint },   { "devices", true, read_device },
		{ "bluetooth", false, read_bluetooth }, { "programs", true, read_program },
		{ "calls", false, read_calls },         { "memory", false, read_memory },
		{ "timeouts", false, read_timeouts },
	};
	struct spa_json json, object;
	size_t i = 0;

	while (i < SPA_N_ELEMENTS(sections) && strcmp(sections[i].key, key) != 0)
		i++;
	if (i == SPA_N_ELEMENTS(sections)) {
		config_complain(source, key,
				"endpoints, devices, bluetooth, programs, calls, memory or "
				"timeouts");
		return;
	}
	spa_json_init(&json, text, strlen(text));
	if (sections[i].list)
		read_list(source, key, &json, sections[i].read);
	else if (spa_json_enter_object(&json, &object) > 0)
		sections[i].read(source, &object);
	else
		config_complain(source, key, "{ KEY = VALUE … }");
}
