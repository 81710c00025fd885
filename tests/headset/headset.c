/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The hands-free unit's state machine. The SLC is a walk over its steps: each final result takes
 * the next step that applies (HFP 1.8 §4.2.1). Everything after it is a queue of commands and a
 * handful of unsolicited results.
 */
#include "headset.h"

#include "sound.h"

#include <errno.h>
#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_SIZE 512
#define MAX_QUEUE 32
#define MAX_INDICATORS 20
#define NAME_SIZE 24

/* Features of the gateway, as its +BRSF tells them. */
enum ag_feature { AG_THREE_WAY = 1 << 0, AG_CODECS = 1 << 9, AG_INDICATORS = 1 << 10 };

enum slc_step {
	SLC_OFF,
	SLC_FEATURES,
	SLC_CODECS,
	SLC_INDICATOR_NAMES,
	SLC_INDICATOR_VALUES,
	SLC_REPORTING,
	SLC_THREE_WAY,
	SLC_HF_INDICATORS,
	SLC_HF_INDICATORS_TEST,
	SLC_HF_INDICATORS_READ,
	SLC_UP,
};

struct indicator {
	char name[NAME_SIZE];
	int value;
};

struct headset {
	struct pw_loop *loop;
	struct headset_options options;
	const struct headset_events *events;
	void *data;
	struct sound *sound;

	int fd;
	struct spa_source *io;
	char received[LINE_SIZE];
	size_t n_received;

	char queue[MAX_QUEUE][LINE_SIZE];
	size_t n_queue;
	bool outstanding;

	enum slc_step step;
	unsigned int gateway_features;
	size_t n_indicators;
	struct indicator indicators[MAX_INDICATORS];
	unsigned int rings;
	char caller[LINE_SIZE];
	int volume;
	int microphone_gain;
};

const struct headset_options headset_default_options = {
	.features = HF_NOISE_REDUCTION | HF_THREE_WAY | HF_CLIP | HF_VOLUME | HF_CALL_STATUS |
		    HF_CALL_CONTROL,
	.codecs = { 1 },
};

void headset_tell(struct headset *headset, const char *format, ...)
{
	char line[LINE_SIZE + 8];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	headset->events->line(headset->data, line);
}

/* ---- sending -------------------------------------------------------------------------------- */

void headset_send_raw(struct headset *headset, const char *text)
{
	char line[LINE_SIZE + 1];
	int n = snprintf(line, sizeof(line), "%.*s\r", LINE_SIZE - 1, text);

	if (headset->fd < 0)
		return;
	headset_tell(headset, "> %s", text);
	/* a gateway that does not read loses commands; it has answered none of them anyway */
	(void)send(headset->fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void send_next(struct headset *headset)
{
	char command[LINE_SIZE];

	if (headset->outstanding || !headset->n_queue || headset->step != SLC_UP)
		return;
	strcpy(command, headset->queue[0]);
	headset->n_queue--;
	memmove(headset->queue[0], headset->queue[1], headset->n_queue * LINE_SIZE);
	headset->outstanding = true;
	headset_send_raw(headset, command);
}

void headset_send(struct headset *headset, const char *command)
{
	if (headset->fd < 0 || headset->n_queue == MAX_QUEUE)
		return;
	(void)snprintf(headset->queue[headset->n_queue++], LINE_SIZE, "%s", command);
	send_next(headset);
}

static void send_number(struct headset *headset, const char *command, unsigned int number)
{
	char text[LINE_SIZE];

	(void)snprintf(text, sizeof(text), "%s=%u", command, number);
	headset_send(headset, text);
}

static const char *codecs_command(const struct headset *headset, char ret[static 64])
{
	size_t n = (size_t)sprintf(ret, "AT+BAC");

	for (size_t i = 0; i < HEADSET_MAX_CODECS && headset->options.codecs[i]; i++)
		n += (size_t)snprintf(ret + n, 64 - n, "%c%u", i ? ',' : '=',
				      headset->options.codecs[i] & 0xff);
	return ret;
}

/* ---- the service level connection ----------------------------------------------------------- */

static bool both(const struct headset *headset, enum hf_feature ours, enum ag_feature theirs)
{
	return (headset->options.features & ours) && (headset->gateway_features & theirs);
}

static bool step_applies(const struct headset *headset, enum slc_step step)
{
	switch (step) {
	case SLC_CODECS:
		return both(headset, HF_CODECS, AG_CODECS);
	case SLC_THREE_WAY:
		return both(headset, HF_THREE_WAY, AG_THREE_WAY);
	case SLC_HF_INDICATORS:
	case SLC_HF_INDICATORS_TEST:
	case SLC_HF_INDICATORS_READ:
		return both(headset, HF_INDICATORS, AG_INDICATORS);
	case SLC_OFF:
	case SLC_FEATURES:
	case SLC_INDICATOR_NAMES:
	case SLC_INDICATOR_VALUES:
	case SLC_REPORTING:
	case SLC_UP:
		return true;
	}
	return false;
}

static void slc_is_up(struct headset *headset)
{
	headset_tell(headset, "slc up");
	if (headset->options.hsp) {
		send_next(headset);
		return;
	}
	/* what nearly every device sends next */
	if (headset->options.features & HF_CLIP)
		headset_send(headset, "AT+CLIP=1");
	if (both(headset, HF_THREE_WAY, AG_THREE_WAY))
		headset_send(headset, "AT+CCWA=1");
	headset_send(headset, "AT+CMEE=1");
}

/* The steps are not queued: the queue waits until the SLC is up. */
static void take_step(struct headset *headset)
{
	static const char *const commands[] = {
		[SLC_INDICATOR_NAMES] = "AT+CIND=?",   [SLC_INDICATOR_VALUES] = "AT+CIND?",
		[SLC_REPORTING] = "AT+CMER=3,0,0,1",   [SLC_THREE_WAY] = "AT+CHLD=?",
		[SLC_HF_INDICATORS] = "AT+BIND=1,2",   [SLC_HF_INDICATORS_TEST] = "AT+BIND=?",
		[SLC_HF_INDICATORS_READ] = "AT+BIND?",
	};
	char text[64];
	const char *command = text;

	if (headset->step == SLC_UP) {
		slc_is_up(headset);
		return;
	}
	if (headset->step == SLC_FEATURES)
		(void)snprintf(text, sizeof(text), "AT+BRSF=%u", headset->options.features);
	else if (headset->step == SLC_CODECS)
		(void)codecs_command(headset, text);
	else
		command = commands[headset->step];
	headset->outstanding = true;
	headset_send_raw(headset, command);
}

static void next_step(struct headset *headset)
{
	if (headset->step == SLC_OFF || headset->step == SLC_UP)
		return;
	do
		headset->step++;
	while (!step_applies(headset, headset->step));
	take_step(headset);
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void set_indicator(struct headset *headset, size_t index_from_1, int value)
{
	if (index_from_1 < 1 || index_from_1 > headset->n_indicators)
		return;
	headset->indicators[index_from_1 - 1].value = value;
	headset_tell(headset, "indicator %s %d", headset->indicators[index_from_1 - 1].name, value);
}

/* +CIND: ("service",(0,1)),("call",(0,1)),… */
static void read_indicator_names(struct headset *headset, const char *list)
{
	headset->n_indicators = 0;
	for (const char *p = strstr(list, "(\""); p; p = strstr(p, "(\"")) {
		const char *end = strchr(p + 2, '"');

		if (!end || headset->n_indicators == MAX_INDICATORS)
			return;
		struct indicator *indicator = &headset->indicators[headset->n_indicators++];
		(void)snprintf(indicator->name, NAME_SIZE, "%.*s", (int)(end - p - 2), p + 2);
		indicator->value = -1;
		p = end;
	}
}

static void read_indicator_values(struct headset *headset, const char *list)
{
	const char *p = list;

	for (size_t i = 0; i < headset->n_indicators; i++) {
		headset->indicators[i].value = atoi(p);
		p = strchr(p, ',');
		if (!p)
			return;
		p++;
	}
}

static void read_caller(struct headset *headset, const char *arguments)
{
	const char *start = strchr(arguments, '"');
	const char *end = start ? strchr(start + 1, '"') : NULL;

	headset->caller[0] = '\0';
	if (end)
		(void)snprintf(headset->caller, LINE_SIZE, "%.*s", (int)(end - start - 1),
			       start + 1);
}

static void answer_codec_offer(struct headset *headset, unsigned int codec)
{
	char offer[64];

	for (size_t i = 0; i < HEADSET_MAX_CODECS; i++) {
		if (codec && headset->options.codecs[i] == codec) {
			send_number(headset, "AT+BCS", codec);
			return;
		}
	}
	headset_send(headset, codecs_command(headset, offer));
}

static const char *after(const char *line, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(line, prefix, n))
		return NULL;
	/* HSP writes "+VGS=5", HFP "+VGS: 5" */
	if (line[n] != ':' && line[n] != '=')
		return NULL;
	return line + n + 1 + strspn(line + n + 1, " ");
}

static bool is_final(const char *line)
{
	static const char *const finals[] = { "OK",      "ERROR",     "NO CARRIER", "BUSY",
					      "DELAYED", "NO ANSWER", "BLACKLISTED" };

	for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++) {
		if (!strcmp(line, finals[i]))
			return true;
	}
	return strncmp(line, "+CME ERROR", 10) == 0;
}

static void got_line(struct headset *headset, const char *line)
{
	const char *rest;
	unsigned int index;
	int value;

	headset_tell(headset, "< %s", line);
	if ((rest = after(line, "+BRSF"))) {
		headset->gateway_features = (unsigned int)strtoul(rest, NULL, 10);
	} else if ((rest = after(line, "+CIND"))) {
		if (headset->step == SLC_INDICATOR_NAMES)
			read_indicator_names(headset, rest);
		else
			read_indicator_values(headset, rest);
	} else if ((rest = after(line, "+CIEV"))) {
		if (sscanf(rest, "%u,%d", &index, &value) == 2)
			set_indicator(headset, index, value);
	} else if (!strcmp(line, "RING")) {
		headset->rings++;
	} else if ((rest = after(line, "+CLIP")) || (rest = after(line, "+CCWA"))) {
		read_caller(headset, rest);
	} else if ((rest = after(line, "+VGS"))) {
		headset->volume = atoi(rest);
	} else if ((rest = after(line, "+VGM"))) {
		headset->microphone_gain = atoi(rest);
	} else if ((rest = after(line, "+BCS"))) {
		answer_codec_offer(headset, (unsigned int)strtoul(rest, NULL, 10));
	} else if (is_final(line) && headset->outstanding) {
		headset->outstanding = false;
		next_step(headset);
		send_next(headset);
	}
}

/* A line is what stands between CR or LF; empty ones are framing. */
static void got_byte(struct headset *headset, char byte)
{
	if (byte != '\r' && byte != '\n') {
		if (headset->n_received < LINE_SIZE - 1)
			headset->received[headset->n_received++] = byte;
		return;
	}
	if (!headset->n_received)
		return;
	headset->received[headset->n_received] = '\0';
	headset->n_received = 0;
	got_line(headset, headset->received);
}

static void forget_connection(struct headset *headset)
{
	if (headset->io)
		pw_loop_destroy_source(headset->loop, headset->io);
	headset->io = NULL;
	if (headset->fd >= 0)
		close(headset->fd);
	headset->fd = -1;
	headset->n_received = 0;
	headset->n_queue = 0;
	headset->outstanding = false;
	headset->step = SLC_OFF;
	headset->gateway_features = 0;
	headset->n_indicators = 0;
	headset->rings = 0;
	headset->caller[0] = '\0';
	headset->volume = -1;
	headset->microphone_gain = -1;
}

void headset_disconnect(struct headset *headset)
{
	if (headset->fd < 0)
		return;
	sound_close(headset->sound);
	forget_connection(headset);
	headset_tell(headset, "closed");
}

static void on_readable(void *data, int fd, uint32_t mask)
{
	struct headset *headset = data;
	char bytes[LINE_SIZE];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		headset_disconnect(headset);
		return;
	}
	/* a line may make us disconnect */
	for (ssize_t i = 0; i < n && headset->fd == fd; i++)
		got_byte(headset, bytes[i]);
}

int headset_connected(struct headset *headset, int fd)
{
	headset_disconnect(headset);
	forget_connection(headset);
	headset->io = pw_loop_add_io(headset->loop, fd, SPA_IO_IN | SPA_IO_HUP, false, on_readable,
				     headset);
	if (!headset->io) {
		close(fd);
		return -ENOMEM;
	}
	headset->fd = fd;
	headset->step = headset->options.hsp ? SLC_UP : SLC_FEATURES;
	take_step(headset);
	return 0;
}

/* ---- acts of the user ------------------------------------------------------------------------- */

void headset_button(struct headset *headset)
{
	bool call = headset_indicator(headset, "call") == 1;
	bool incoming = headset_indicator(headset, "callsetup") == 1;
	bool dialing = headset_indicator(headset, "callsetup") > 1;

	if (headset->options.hsp)
		headset_send(headset, "AT+CKPD=200");
	else if (incoming && call && both(headset, HF_THREE_WAY, AG_THREE_WAY))
		headset_send(headset, "AT+CHLD=2");
	else if (incoming && !call)
		headset_send(headset, "ATA");
	else if (call || dialing)
		headset_send(headset, "AT+CHUP");
	else
		headset_send(headset, "AT+BLDN");
}

int headset_open_sound(struct headset *headset, const char *peer)
{
	if (both(headset, HF_CODECS, AG_CODECS)) {
		headset_send(headset, "AT+BCC");
		return 0;
	}
	return peer ? sound_open(headset->sound, peer) : -EINVAL;
}

void headset_set_volume(struct headset *headset, unsigned int gain_0_15)
{
	headset->volume = (int)gain_0_15;
	send_number(headset, "AT+VGS", gain_0_15);
}

void headset_set_microphone_gain(struct headset *headset, unsigned int gain_0_15)
{
	headset->microphone_gain = (int)gain_0_15;
	send_number(headset, "AT+VGM", gain_0_15);
}

static void on_heard(void *data, const struct tone_heard *heard)
{
	headset_tell(data, "heard %.1f %.1f %.2f", heard->frequency_hz, heard->level_dbfs,
		     heard->share);
}

int headset_measure(struct headset *headset, double seconds)
{
	return sound_measure(headset->sound, seconds, on_heard, headset);
}

/* ---- what is ----------------------------------------------------------------------------------- */

bool headset_is_connected(const struct headset *headset)
{
	return headset->fd >= 0;
}

bool headset_slc_up(const struct headset *headset)
{
	return headset->step == SLC_UP;
}

int headset_indicator(const struct headset *headset, const char *name)
{
	for (size_t i = 0; i < headset->n_indicators; i++) {
		if (!strcmp(headset->indicators[i].name, name))
			return headset->indicators[i].value;
	}
	return -1;
}

unsigned int headset_rings(const struct headset *headset)
{
	return headset->rings;
}

const char *headset_caller(const struct headset *headset)
{
	return headset->caller;
}

int headset_volume(const struct headset *headset)
{
	return headset->volume;
}

int headset_microphone_gain(const struct headset *headset)
{
	return headset->microphone_gain;
}

struct sound *headset_sound(struct headset *headset)
{
	return headset->sound;
}

static void on_sound_link(void *data, bool up)
{
	headset_tell(data, up ? "sco up" : "sco down");
}

int headset_new(struct pw_loop *loop, const struct headset_options *options,
		const struct headset_events *events, void *data, struct headset **ret)
{
	static const struct sound_events sound_events = { .link = on_sound_link };
	struct headset *headset = calloc(1, sizeof(*headset));

	if (!headset)
		return -ENOMEM;
	headset->loop = loop;
	headset->options = *options;
	headset->events = events;
	headset->data = data;
	headset->fd = -1;
	forget_connection(headset);
	int r = sound_new(loop, &sound_events, headset, &headset->sound);
	if (r < 0) {
		free(headset);
		return r;
	}
	*ret = headset;
	return 0;
}

struct headset *headset_free(struct headset *headset)
{
	if (!headset)
		return NULL;
	headset->sound = sound_free(headset->sound);
	forget_connection(headset);
	free(headset);
	return NULL;
}
