/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * See ag-script.h.
 */
#include "ag-script.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct player {
	const struct ag_script *scripts;
	size_t n_scripts;
	const struct ag_script *script;
	enum ag_cut cut;
	struct ag *ag;
	uint64_t now_ms;
	const char *line; /* being played, for messages */
	bool ahead;       /* CUT_ALL: the > lines of this stretch were sent already */
};

static const char *cut_name(enum ag_cut cut)
{
	static const char *const names[CUT_COUNT] = {
		"lines", "bytes", "all in one", "LF first", "CR LF", "lower case", "spaces",
	};

	return names[cut];
}

static void __attribute__((noreturn, format(printf, 2, 3)))
complain(const struct player *p, const char *format, ...)
{
	char what[512];
	va_list list;

	va_start(list, format);
	vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	fail_msg("%s (%s), at \"%.*s\": %s", p->script->name, cut_name(p->cut),
		 (int)strcspn(p->line, "\n"), p->line, what);
	abort();
}

/* ---- results ------------------------------------------------------------------------------ */

/* Takes one framed result out of the output; false where there is none. */
static bool take_result(struct player *p, char *ret, size_t size)
{
	const char *bytes, *end;
	size_t n = ag_output(p->ag, &bytes);

	if (n == 0)
		return false;
	if (n < 4 || memcmp(bytes, "\r\n", 2) != 0)
		complain(p, "output is not framed");
	end = memmem(bytes + 2, n - 2, "\r\n", 2);
	if (!end)
		complain(p, "output has no end");

	snprintf(ret, size, "%.*s", (int)(end - bytes - 2), bytes + 2);
	ag_output_taken(p->ag, (size_t)(end - bytes) + 2);
	return true;
}

static void expect_result(struct player *p, const char *text)
{
	char got[512];

	if (!take_result(p, got, sizeof(got)))
		complain(p, "nothing was sent");
	if (strcmp(got, text) != 0)
		complain(p, "sent was \"%s\"", got);
}

/* ---- events ------------------------------------------------------------------------------- */

static void event_to_text(const struct ag_event *event, char *ret, size_t size)
{
	switch (event->type) {
	case AG_EVENT_SLC:
		snprintf(ret, size, "slc");
		break;
	case AG_EVENT_ANSWER:
		snprintf(ret, size, "answer %u", event->call);
		break;
	case AG_EVENT_HANGUP:
		snprintf(ret, size, "hangup %u", event->call);
		break;
	case AG_EVENT_DIAL:
		snprintf(ret, size, "dial %s", event->text);
		break;
	case AG_EVENT_DIAL_MEMORY:
		snprintf(ret, size, "memory %s", event->text);
		break;
	case AG_EVENT_REDIAL:
		snprintf(ret, size, "redial");
		break;
	case AG_EVENT_CHLD:
		snprintf(ret, size, "chld %u %u", event->value, event->call);
		break;
	case AG_EVENT_DTMF:
		snprintf(ret, size, "dtmf %s", event->text);
		break;
	case AG_EVENT_BUTTON:
		snprintf(ret, size, "button");
		break;
	case AG_EVENT_SPEAKER_GAIN:
		snprintf(ret, size, "speaker %u", event->value);
		break;
	case AG_EVENT_MICROPHONE_GAIN:
		snprintf(ret, size, "microphone %u", event->value);
		break;
	case AG_EVENT_CODECS:
		snprintf(ret, size, "codecs %u", event->value);
		break;
	case AG_EVENT_CODEC:
		snprintf(ret, size, "codec %u", event->value);
		break;
	case AG_EVENT_AUDIO:
		snprintf(ret, size, "audio");
		break;
	case AG_EVENT_VOICE:
		snprintf(ret, size, "voice %u", event->value);
		break;
	case AG_EVENT_BATTERY:
		snprintf(ret, size, "battery %u", event->value);
		break;
	case AG_EVENT_NOISE_REDUCTION_OFF:
		snprintf(ret, size, "noise-reduction-off");
		break;
	case AG_EVENT_LINE:
		snprintf(ret, size, "line %s %s", event->value ? ">" : "<", event->text);
		break;
	case AG_EVENT_MUTE:
		snprintf(ret, size, "mute %u", event->value);
		break;
	}
}

static void expect_event(struct player *p, const char *text)
{
	struct ag_event event;
	char got[AG_TEXT_SIZE + 32];

	if (!ag_next_event(p->ag, &event))
		complain(p, "there is no event");
	event_to_text(&event, got, sizeof(got));
	if (strcmp(got, text) != 0)
		complain(p, "the event was \"%s\"", got);
}

static void expect_nothing_left(struct player *p)
{
	char got[512];
	struct ag_event event;

	if (take_result(p, got, sizeof(got)))
		complain(p, "\"%s\" was sent before", got);
	if (ag_next_event(p->ag, &event)) {
		event_to_text(&event, got, sizeof(got));
		complain(p, "event \"%s\" before", got);
	}
	if (ag_overflowed(p->ag))
		complain(p, "the output overflowed");
}

/* ---- sending ------------------------------------------------------------------------------ */

/* The byte at @text, \xNN where it stands so; moves on to the next. */
static char read_byte(const char **text)
{
	const char *at = *text;
	char hex[3] = { 0 };

	if (strncmp(at, "\\x", 2) != 0) {
		*text = at + 1;
		return *at;
	}
	hex[0] = at[2];
	hex[1] = hex[0] ? at[3] : '\0';
	*text = at + 2 + strlen(hex);
	return (char)strtoul(hex, NULL, 16);
}

/* One line of the headset's as bytes, in the player's way; returns how many. */
static size_t line_to_bytes(const struct player *p, const char *text, char *ret)
{
	bool quoted = false;
	size_t n = 0;

	if (p->cut == CUT_LF_FIRST)
		ret[n++] = '\n';
	while (*text) {
		char c = read_byte(&text);

		if (c == '"')
			quoted = !quoted;
		if (p->cut == CUT_LOWER && !quoted)
			c = (char)tolower((unsigned char)c);
		if (p->cut == CUT_SPACES && !quoted && strchr("=,;?", c) && c) {
			ret[n++] = ' ';
			ret[n++] = c;
			ret[n++] = ' ';
			continue;
		}
		ret[n++] = c;
	}
	ret[n++] = '\r';
	if (p->cut == CUT_CR_LF)
		ret[n++] = '\n';
	return n;
}

static void send_line(struct player *p, const char *text)
{
	char bytes[8192];
	size_t n = line_to_bytes(p, text, bytes);

	if (p->cut != CUT_BYTES) {
		ag_receive(p->ag, bytes, n, p->now_ms);
		return;
	}
	for (size_t i = 0; i < n; i++)
		ag_receive(p->ag, bytes + i, 1, p->now_ms);
}

/* Copies the line at @text without its mark; returns the next line, or NULL at the end. */
static const char *next_line(const char *text, char *ret, size_t size)
{
	size_t n = strcspn(text, "\n");

	snprintf(ret, size, "%.*s", (int)n, text);
	return text[n] ? text + n + 1 : NULL;
}

/* CUT_ALL: every > line from @text up to the next = in one read. */
static void send_stretch(struct player *p, const char *text)
{
	char bytes[16384], line[4096];
	size_t n = 0;

	for (; text;) {
		const char *next = next_line(text, line, sizeof(line));

		if (line[0] == '=')
			break;
		if (line[0] == '>')
			n += line_to_bytes(p, line + 2, bytes + n);
		text = next;
	}
	ag_receive(p->ag, bytes, n, p->now_ms);
}

/* ---- the caller's side -------------------------------------------------------------------- */

static enum ag_call_state call_state(const struct player *p, const char *word)
{
	static const char *const words[] = {
		"active", "held", "dialing", "alerting", "incoming", "waiting",
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0)
			return (enum ag_call_state)i;
	}
	complain(p, "no such state: %s", word);
}

/* _ stands for a blank. */
static void set_name(struct ag_call *call, const char *word)
{
	size_t n = 0;

	while (*word && n < sizeof(call->name) - 1) {
		bool blank = *word == '_';
		char c = read_byte(&word);

		call->name[n++] = blank ? ' ' : c;
	}
	call->name[n] = '\0';
}

static void set_calls(struct player *p, char *text)
{
	struct ag_call calls[AG_MAX_CALLS] = { 0 };
	size_t n = 0;
	char *item, *rest = text;

	while ((item = strsep(&rest, ","))) {
		char *word = strtok(item, " ");
		struct ag_call *call = &calls[n];

		if (!word)
			continue;
		n++;
		call->id = (uint32_t)strtoul(word, NULL, 10);
		call->state = call_state(p, strtok(NULL, " "));
		call->incoming = call->state != AG_CALL_DIALING && call->state != AG_CALL_ALERTING;
		word = strtok(NULL, " ");
		if (word && strcmp(word, "-") != 0)
			snprintf(call->number, sizeof(call->number), "%s", word);
		while ((word = strtok(NULL, " "))) {
			if (strcmp(word, "out") == 0)
				call->incoming = false;
			if (strcmp(word, "mpty") == 0)
				call->multiparty = true;
			if (strncmp(word, "name=", 5) == 0)
				set_name(call, word + 5);
		}
	}
	ag_set_calls(p->ag, calls, n, p->now_ms);
}

static void wait_ms(struct player *p, uint64_t ms)
{
	uint64_t until = p->now_ms + ms;

	for (unsigned int i = 0; ag_deadline(p->ag) <= until; i++) {
		uint64_t due = ag_deadline(p->ag);

		if (i > 100)
			complain(p, "the deadline does not move");
		p->now_ms = due > p->now_ms ? due : p->now_ms;
		ag_tick(p->ag, p->now_ms);
	}
	p->now_ms = until;
}

static void play(struct player *p, const struct ag_script *script);

static void act(struct player *p, char *text)
{
	char none[] = "";
	char *verb = strsep(&text, " ");
	char *arg = text ? text : none;
	unsigned int n = (unsigned int)strtoul(arg, NULL, 10);

	if (strcmp(verb, "calls") == 0) {
		set_calls(p, arg);
	} else if (strcmp(verb, "finish") == 0) {
		ag_finish(p->ag, strcmp(arg, "ok") == 0 ? AG_RESULT_OK : (enum ag_result)(1000 + n),
			  p->now_ms);
	} else if (strcmp(verb, "wait") == 0) {
		wait_ms(p, n);
	} else if (strcmp(verb, "codec") == 0) {
		ag_select_codec(p->ag, (enum ag_codec)n, p->now_ms);
	} else if (strcmp(verb, "speaker") == 0) {
		ag_set_speaker_gain(p->ag, n, p->now_ms);
	} else if (strcmp(verb, "microphone") == 0) {
		ag_set_microphone_gain(p->ag, n, p->now_ms);
	} else if (strcmp(verb, "audio") == 0) {
		ag_set_audio(p->ag, n, p->now_ms);
	} else if (strcmp(verb, "voice") == 0) {
		ag_set_voice(p->ag, n, p->now_ms);
	} else if (strcmp(verb, "in-band") == 0) {
		ag_set_in_band_ring(p->ag, n, p->now_ms);
	} else if (strcmp(verb, "status") == 0) {
		unsigned int service, signal, roam, battery;
		struct ag_status status;

		assert_int_equal(sscanf(arg, "%u %u %u %u", &service, &signal, &roam, &battery), 4);
		status = (struct ag_status){ service, roam, (uint8_t)signal, (uint8_t)battery };
		ag_set_status(p->ag, &status, p->now_ms);
	} else if (strcmp(verb, "run") == 0) {
		const struct ag_script *self = p->script;

		for (size_t i = 0; i < p->n_scripts; i++) {
			if (strcmp(p->scripts[i].name, arg) == 0) {
				play(p, &p->scripts[i]);
				p->script = self;
				p->ahead = false;
				return;
			}
		}
		complain(p, "no such script");
	} else {
		complain(p, "no such verb");
	}
}

static void play(struct player *p, const struct ag_script *script)
{
	const char *text = script->text;
	char line[4096];

	p->script = script;
	p->ahead = false;
	while (text) {
		const char *next = next_line(text, line, sizeof(line));

		p->line = text;
		switch (line[0]) {
		case '>':
			if (p->cut == CUT_ALL && !p->ahead) {
				expect_nothing_left(p);
				send_stretch(p, text);
				p->ahead = true;
			} else if (p->cut != CUT_ALL) {
				expect_nothing_left(p);
				send_line(p, line + 2);
			}
			break;
		case '<':
			expect_result(p, line + 2);
			break;
		case '*':
			expect_event(p, line + 2);
			break;
		case '=':
			expect_nothing_left(p);
			p->ahead = false;
			act(p, line + 2);
			break;
		case '#':
		case '\0':
			break;
		default:
			complain(p, "no such mark");
		}
		text = next;
	}
	expect_nothing_left(p);
}

void ag_script_replay(const struct ag_script *scripts, size_t n, const struct ag_script *script,
		      enum ag_cut cut)
{
	struct player p = {
		.scripts = scripts,
		.n_scripts = n,
		.script = script,
		.cut = cut,
		.now_ms = 1000,
	};

	/* unless the script is about it, a gateway whose providers can all */
	struct ag_config config = script->config;

	config.conference = !script->plain;
	config.voice_recognition = !script->plain;
	p.ag = ag_new(&config, p.now_ms);
	assert_non_null(p.ag);
	play(&p, script);
	ag_free(p.ag);
}

void ag_scripts_replay(const struct ag_script *scripts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (int cut = 0; cut < CUT_COUNT; cut++)
			ag_script_replay(scripts, n, &scripts[i], (enum ag_cut)cut);
	}
}

/* ---- for tests that are not scripts ------------------------------------------------------- */

void ag_script_send(struct ag *ag, const char *text, uint64_t now_ms)
{
	ag_receive(ag, text, strlen(text), now_ms);
}

const char *ag_script_take(struct ag *ag)
{
	static char text[16384];
	const char *bytes;
	size_t n = ag_output(ag, &bytes), out = 0;

	for (size_t i = 0; i < n;) {
		if (bytes[i] == '\r' || bytes[i] == '\n') {
			i++;
			continue;
		}
		if (out)
			text[out++] = '|';
		while (i < n && bytes[i] != '\r')
			text[out++] = bytes[i++];
	}
	text[out] = '\0';
	ag_output_taken(ag, n);
	return text;
}

unsigned int ag_script_drop_events(struct ag *ag)
{
	struct ag_event event;
	unsigned int n = 0;

	while (ag_next_event(ag, &event))
		n++;
	return n;
}

unsigned int ag_script_finals(const char *lines)
{
	unsigned int n = 0;

	while (lines && *lines) {
		size_t len = strcspn(lines, "|");

		if ((len == 2 && strncmp(lines, "OK", 2) == 0) ||
		    (len == 5 && strncmp(lines, "ERROR", 5) == 0) ||
		    strncmp(lines, "+CME ERROR: ", 12) == 0)
			n++;
		lines += len;
		lines += *lines == '|';
	}
	return n;
}

struct ag *ag_script_connected(const struct ag_config *config, uint64_t now_ms)
{
	static const struct ag_config everything = {
		.wide_band_speech = true,
		.can_dial = true,
		.conference = true,
		.voice_recognition = true,
		.operator_name = "callroute",
	};
	struct ag *ag = ag_new(config ? config : &everything, now_ms);

	assert_non_null(ag);
	ag_script_send(ag,
		       "AT+BRSF=695\rAT+BAC=1,2\rAT+CIND=?\rAT+CIND?\rAT+CMER=3,0,0,1\rAT+CHLD=?\r"
		       "AT+CLIP=1\rAT+CCWA=1\rAT+CMEE=1\r",
		       now_ms);
	assert_true(ag_slc_up(ag));
	ag_script_take(ag);
	ag_script_drop_events(ag);
	return ag;
}
