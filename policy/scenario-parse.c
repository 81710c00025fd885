/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The scenario language's grammar. A line's form is a string of terms, one a word, so that the
 * table below is the grammar; what a term reads, and what is said where it cannot, is beside it.
 */
#include "scenario.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define AUTO_ANSWER_MAX_SECONDS 3600u
#define WAIT_MAX_SECONDS 86400u

/* A line being read. */
struct reader {
	const char *text;
	size_t at; /* where the next word starts */
	char word[SCENARIO_MAX_LINE + 1];
	size_t word_at;
	struct scenario_names names;
	struct scenario_line line;
	struct scenario_error *error;
};

/* ---- words ----------------------------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool ends(char c)
{
	return c == '\0' || c == '#';
}

/* The next word; "" at the end of the line. */
static const char *next_word(struct reader *r)
{
	size_t n = 0;

	while (is_space(r->text[r->at]))
		r->at++;
	r->word_at = r->at;
	while (!ends(r->text[r->at]) && !is_space(r->text[r->at]))
		r->word[n++] = r->text[r->at++];
	r->word[n] = '\0';
	return r->word;
}

static bool at_end(struct reader *r)
{
	while (is_space(r->text[r->at]))
		r->at++;
	return ends(r->text[r->at]);
}

static int fail_at(struct reader *r, size_t offset, const char *expected)
{
	r->error->column = (unsigned int)(r->word_at + offset + 1);
	snprintf(r->error->expected, sizeof(r->error->expected), "%s", expected);
	return -EINVAL;
}

static int fail(struct reader *r, const char *expected)
{
	return fail_at(r, 0, expected);
}

static int find(const char *word, const char *const words[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(word, words[i]) == 0)
			return (int)i;
	}
	return -1;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* The number of a name, from 1, new or not. @offset: where in the word it starts. */
static int read_name(struct reader *r, size_t offset, char names[][SCENARIO_WORD_SIZE],
		     unsigned int *n, uint32_t *ret)
{
	const char *name = r->word + offset;
	size_t length = strlen(name);

	if (length == 0)
		return fail_at(r, offset, "an ID");
	if (length >= SCENARIO_WORD_SIZE)
		return fail_at(r, offset, "an ID of at most 31 characters");
	for (const char *c = name; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x21 || *c == 0x7f)
			return fail_at(r, offset, "an ID of printable characters");
	}
	for (unsigned int i = 0; i < *n; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = i + 1;
			return 0;
		}
	}
	if (*n == SCENARIO_MAX_NAMES)
		return fail_at(r, offset, "one of the 64 IDs that the lines above have named");
	memcpy(names[*n], name, length + 1);
	*ret = ++*n;
	return 0;
}

static int read_device(struct reader *r, size_t offset, route_device *ret)
{
	uint32_t number;
	int result = read_name(r, offset, r->names.devices, &r->names.n_devices, &number);

	if (result == 0)
		*ret = number;
	return result;
}

/* After a prefix such as "headset:". */
static int read_prefixed_device(struct reader *r, const char *prefix, route_device *ret)
{
	return read_device(r, strlen(prefix), ret);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Whole seconds, or with up to three places where @ret_ms is in milliseconds and @places is 3. */
static int read_number(struct reader *r, unsigned int max, unsigned int places, uint64_t *ret,
		       const char *expected)
{
	uint64_t value = 0;
	const char *c = r->word;
	unsigned int left = places;
	bool point = false;

	if (*c < '0' || *c > '9')
		return fail(r, expected);
	for (; *c != '\0'; c++) {
		if (*c == '.' && !point && places > 0 && c[1] != '\0') {
			point = true;
			continue;
		}
		if (*c < '0' || *c > '9' || (point && left == 0))
			return fail(r, expected);
		left -= point;
		value = value * 10 + (unsigned int)(*c - '0');
		if (value > UINT64_C(1000000000000))
			return fail(r, expected);
	}
	for (; left > 0; left--)
		value *= 10;
	for (unsigned int i = 0; i < places; i++)
		max *= 10;
	if (value > max)
		return fail(r, expected);
	*ret = value;
	return 0;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static bool starts(const char *word, const char *prefix)
{
	return strncmp(word, prefix, strlen(prefix)) == 0;
}

enum route_words { ROUTE_REQUEST, ROUTE_STATE, ROUTE_STATE_OR_NONE };

static int read_route(struct reader *r, enum route_words words, struct route *ret)
{
	const char *word = r->word;
	struct route route = { 0 };
	int result = 0;

	if (strcmp(word, "handset") == 0)
		route.kind = ROUTE_HANDSET;
	else if (strcmp(word, "speaker") == 0)
		route.kind = ROUTE_SPEAKER;
	else if (strcmp(word, "wired") == 0)
		route.kind = ROUTE_WIRED;
	else if (starts(word, "headset:"))
		route.kind = ROUTE_HEADSET;
	else if (starts(word, "bt-speaker:"))
		route.kind = ROUTE_BT_SPEAKER;
	else if (words == ROUTE_REQUEST && strcmp(word, "headset") == 0)
		route.kind = ROUTE_HEADSET; /* the last connected one */
	else if (words != ROUTE_STATE_OR_NONE)
		return fail(r, "handset, speaker, wired, headset:DEV or bt-speaker:DEV");
	else if (strcmp(word, "none") != 0)
		return fail(r, "handset, speaker, wired, headset:DEV, bt-speaker:DEV or none");
	if (starts(word, "headset:"))
		result = read_prefixed_device(r, "headset:", &route.device);
	else if (starts(word, "bt-speaker:"))
		result = read_prefixed_device(r, "bt-speaker:", &route.device);
	if (result == 0)
		*ret = route;
	return result;
}

/* ---- the lines ------------------------------------------------------------------------------- */

typedef int read_fn(struct reader *r);

static int read_setting(struct reader *r)
{
	struct policy_event *event = &r->line.event;
	uint64_t seconds = 0;
	int result;

	next_word(r);
	if (strcmp(r->word, "routing") == 0) {
		event->type = EVENT_ROUTING;
		if (policy_routing_from_string(next_word(r), &event->routing) < 0)
			return fail(r, "automatic, headset or speaker");
		return 0;
	}
	if (strcmp(r->word, "auto-answer") != 0)
		return fail(r, "routing or auto-answer");
	event->type = EVENT_AUTO_ANSWER;
	if (strcmp(next_word(r), "off") == 0)
		return 0;
	result = read_number(r, AUTO_ANSWER_MAX_SECONDS, 0, &seconds,
			     "off, or whole seconds up to 3600");
	event->seconds = (uint32_t)seconds;
	return result;
}

static int read_machine(struct reader *r)
{
	next_word(r);
	r->line.event.on = strcmp(r->word, "handset") == 0;
	if (!r->line.event.on && strcmp(r->word, "no-handset") != 0)
		return fail(r, "handset or no-handset");
	return 0;
}

static int read_device_word(struct reader *r)
{
	next_word(r);
	return read_device(r, 0, &r->line.event.device);
}

static int read_connect(struct reader *r)
{
	static const char *const kinds[] = {
		[DEVICE_HEADSET] = "headset",
		[DEVICE_SPEAKER] = "speaker",
		[DEVICE_CAR] = "car",
		[DEVICE_HEARING_AID] = "hearing-aid",
	};
	int result = read_device_word(r);
	int kind;

	if (result < 0)
		return result;
	kind = find(next_word(r), kinds, ARRAY_SIZE(kinds));
	if (kind < 0)
		return fail(r, "headset, speaker, car or hearing-aid");
	r->line.event.kind = (enum device_kind)kind;
	r->line.event.call_capable = true;
	r->line.event.auto_route = true;
	if (at_end(r))
		return 0;
	r->line.event.call_capable = false;
	return strcmp(next_word(r), "a2dp-only") == 0 ? 0
						      : fail(r, "a2dp-only or the end of the line");
}

static int read_nothing(struct reader *r)
{
	(void)r;
	return 0;
}

static int read_call_word(struct reader *r, uint32_t *ret)
{
	next_word(r);
	return read_name(r, 0, r->names.calls, &r->names.n_calls, ret);
}

static int read_call_id(struct reader *r)
{
	return read_call_word(r, &r->line.event.call);
}

static int read_call_options(struct reader *r)
{
	struct policy_event *event = &r->line.event;
	bool management = false;
	int result;

	while (!at_end(r)) {
		next_word(r);
		if (!management && strcmp(r->word, "managed") == 0) {
			management = event->managed = true;
		} else if (!management && !event->phone && strcmp(r->word, "unmanaged") == 0) {
			management = true;
		} else if (!event->video && strcmp(r->word, "video") == 0) {
			event->video = true;
		} else if (!event->incoming && event->device == 0 &&
			   starts(r->word, "from=headset:")) {
			result = read_prefixed_device(r, "from=headset:", &event->device);
			if (result < 0)
				return result;
		} else {
			return fail(
				r,
				"managed, unmanaged (not of a phone call), video, "
				"from=headset:DEV (of an outgoing one), each once, or the end of "
				"the line");
		}
	}
	return 0;
}

static int read_call(struct reader *r)
{
	struct policy_event *event = &r->line.event;
	int result = read_call_id(r);

	if (result < 0)
		return result;
	event->incoming = strcmp(next_word(r), "incoming") == 0;
	if (!event->incoming && strcmp(r->word, "outgoing") != 0)
		return fail(r, "incoming or outgoing");
	event->phone = strcmp(next_word(r), "phone") == 0;
	if (!event->phone && strcmp(r->word, "voip") != 0)
		return fail(r, "phone or voip");
	event->managed = event->phone;
	return read_call_options(r);
}

static int read_answer(struct reader *r)
{
	int result = read_call_id(r);

	if (result < 0)
		return result;
	next_word(r);
	if (strcmp(r->word, "device") == 0)
		return 0;
	if (!starts(r->word, "headset:"))
		return fail(r, "device or headset:DEV");
	return read_prefixed_device(r, "headset:", &r->line.event.device);
}

static int read_request(struct reader *r)
{
	next_word(r);
	return read_route(r, ROUTE_REQUEST, &r->line.event.route);
}

static int read_prefer(struct reader *r)
{
	int result = read_call_id(r);

	return result < 0 ? result : read_request(r);
}

static int read_broadcast(struct reader *r)
{
	static const char *const words[] = {
		[BROADCAST_START] = "start",
		[BROADCAST_RECORD] = "record",
		[BROADCAST_STOP] = "stop",
	};
	int result = read_call_id(r);
	int i;

	if (result < 0)
		return result;
	i = find(next_word(r), words, ARRAY_SIZE(words));
	if (i < 0)
		return fail(r, "start, record or stop");
	r->line.event.broadcast = (enum policy_broadcast)i;
	return 0;
}

static int read_on_off(struct reader *r, bool *ret)
{
	next_word(r);
	*ret = strcmp(r->word, "on") == 0;
	return *ret || strcmp(r->word, "off") == 0 ? 0 : fail(r, "on or off");
}

static int read_mute(struct reader *r)
{
	return read_on_off(r, &r->line.event.on);
}

static int read_wait(struct reader *r)
{
	int result;

	r->line.kind = SCENARIO_WAIT;
	next_word(r);
	result = read_number(r, WAIT_MAX_SECONDS, 3, &r->line.wait_ms,
			     "seconds up to 86400, with up to three places");
	r->line.event.seconds = (uint32_t)((r->line.wait_ms + 999) / 1000);
	return result;
}

/* ---- expect ---------------------------------------------------------------------------------- */

static int expect_route(struct reader *r)
{
	next_word(r);
	return read_route(r, r->line.expect == EXPECT_MEDIA ? ROUTE_STATE : ROUTE_STATE_OR_NONE,
			  &r->line.route);
}

static int expect_call(struct reader *r)
{
	int result = expect_route(r);

	if (result < 0 || at_end(r))
		return result;
	next_word(r);
	if (!starts(r->word, "rule="))
		return fail(r, "rule=N or the end of the line");
	for (int i = RULE_NONE + 1; i < RULE_COUNT; i++) {
		if (strcmp(r->word + strlen("rule="), policy_rule_name((enum policy_rule)i)) == 0)
			r->line.rule = (enum policy_rule)i;
	}
	return r->line.rule == RULE_NONE ? fail_at(r, strlen("rule="), "a rule from P1 to X10") : 0;
}

static int expect_profile(struct reader *r)
{
	static const char *const modes[] = {
		[MODE_OFF] = "off",
		[MODE_A2DP] = "a2dp",
		[MODE_HFP] = "hfp",
	};
	int result, i;

	next_word(r);
	result = read_device(r, 0, &r->line.device);
	if (result < 0)
		return result;
	i = find(next_word(r), modes, ARRAY_SIZE(modes));
	if (i < 0)
		return fail(r, "hfp, a2dp or off");
	r->line.mode = (enum device_mode)i;
	return 0;
}

static int expect_state(struct reader *r)
{
	int result = read_call_word(r, &r->line.call);

	if (result < 0)
		return result;
	if (call_state_from_string(next_word(r), &r->line.state) < 0)
		return fail(r, "incoming, dialing, active, held or ended");
	return 0;
}

static int expect_refused(struct reader *r)
{
	next_word(r);
	for (int i = POLICY_OK + 1; i <= POLICY_INVALID; i++) {
		if (strcmp(r->word, policy_outcome_name((enum policy_outcome)i)) == 0) {
			r->line.refused = (enum policy_outcome)i;
			return 0;
		}
	}
	return fail(r, "an error's name, such as NoSuchRoute, NotAvailable or NotEligible");
}

static int expect_mute(struct reader *r)
{
	return read_on_off(r, &r->line.on);
}

static int read_expect(struct reader *r)
{
	static const struct {
		const char *word;
		read_fn *read;
	} forms[] = {
		[EXPECT_CALL] = { "call", expect_call },
		[EXPECT_DEFAULT] = { "default", expect_route },
		[EXPECT_MEDIA] = { "media", expect_route },
		[EXPECT_PROFILE] = { "profile", expect_profile },
		[EXPECT_STATE] = { "state", expect_state },
		[EXPECT_REFUSED] = { "refused", expect_refused },
		[EXPECT_MUTE] = { "mute", expect_mute },
	};

	r->line.kind = SCENARIO_EXPECT;
	next_word(r);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (strcmp(r->word, forms[i].word) == 0) {
			r->line.expect = (enum scenario_expect)i;
			return forms[i].read(r);
		}
	}
	return fail(r, "call, default, media, profile, state, refused or mute");
}

/* ---- the grammar ----------------------------------------------------------------------------- */

static const struct form {
	const char *word;
	read_fn *read;
	enum policy_event_type type; /* of the lines that are one event */
} forms[] = {
	{ "setting", read_setting, EVENT_ROUTING },
	{ "machine", read_machine, EVENT_MACHINE },
	{ "connect", read_connect, EVENT_CONNECT },
	{ "disconnect", read_device_word, EVENT_DISCONNECT },
	{ "plug", read_nothing, EVENT_PLUG },
	{ "unplug", read_nothing, EVENT_UNPLUG },
	{ "call", read_call, EVENT_CALL },
	{ "answer", read_answer, EVENT_ANSWER },
	{ "hangup", read_call_id, EVENT_HANGUP },
	{ "remote-hangup", read_call_id, EVENT_REMOTE_HANGUP },
	{ "hold", read_call_id, EVENT_HOLD },
	{ "unhold", read_call_id, EVENT_UNHOLD },
	{ "pick", read_request, EVENT_PICK },
	{ "prefer", read_prefer, EVENT_PREFER },
	{ "sco-open", read_device_word, EVENT_SCO_OPEN },
	{ "sco-close", read_device_word, EVENT_SCO_CLOSE },
	{ "sco-fail", read_device_word, EVENT_SCO_FAIL },
	{ "moved", read_request, EVENT_MOVED },
	{ "broadcast", read_broadcast, EVENT_BROADCAST },
	{ "mute", read_mute, EVENT_MUTE },
	{ "wait", read_wait, EVENT_TIME },
	{ "expect", read_expect, EVENT_TIME },
};

static int read_line(struct reader *r)
{
	int result;

	if (at_end(r))
		return 0;
	next_word(r);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (strcmp(r->word, forms[i].word) != 0)
			continue;
		r->line.kind = SCENARIO_EVENT;
		r->line.event.type = forms[i].type;
		result = forms[i].read(r);
		if (result < 0)
			return result;
		next_word(r);
		return r->word[0] == '\0' ? 0 : fail(r, "the end of the line");
	}
	return fail(r, "an event's word, wait or expect");
}

int scenario_parse(const char *text, struct scenario_names *names, struct scenario_line *ret,
		   struct scenario_error *error)
{
	struct reader reader = { .text = text, .names = *names, .error = error };
	int result;

	if (strnlen(text, SCENARIO_MAX_LINE + 1) > SCENARIO_MAX_LINE) {
		reader.word_at = SCENARIO_MAX_LINE;
		return fail(&reader, "the end of the line (at most 512 bytes)");
	}
	result = read_line(&reader);
	if (result < 0)
		return result;
	*names = reader.names;
	*ret = reader.line;
	return 0;
}

void scenario_route_to_string(const struct scenario_names *names, struct route route, char *ret,
			      size_t n)
{
	if (!route_is_bluetooth(route) || route.device == 0 || route.device > names->n_devices)
		snprintf(ret, n, "%s", route_kind_to_string(route.kind));
	else
		snprintf(ret, n, "%s:%s", route_kind_to_string(route.kind),
			 names->devices[route.device - 1]);
}
