/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Commands run one after another from an event source of the loop, never from inside the headset's
 * own callback. What happened since the command before is kept, so that a wait cannot come too late.
 */
#include "script.h"

#include "headset.h"
#include "sound.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_INPUT (64 * 1024)
#define MAX_EVENTS (64 * 1024)
#define ADDRESS_SIZE 18

enum busy { IDLE, WAITING, MEASURING };

struct script {
	struct pw_loop *loop;
	struct headset *headset;
	const struct script_ops *ops;
	void *data;

	struct spa_source *input_io;
	struct spa_source *run;
	struct spa_source *limit;
	bool at_end;
	bool terminal;
	bool has_quit;
	size_t n_input;
	char input[MAX_INPUT];

	enum busy busy;
	char wanted[256];
	size_t n_events;
	char events[MAX_EVENTS]; /* lines since the command before, each with its line feed */
	char peer[ADDRESS_SIZE];
};

static void quit(struct script *script, int status)
{
	if (script->has_quit)
		return;
	script->has_quit = true;
	script->ops->quit(script->data, status);
}

static void forget_events(struct script *script, size_t n)
{
	script->n_events -= n;
	memmove(script->events, script->events + n, script->n_events);
}

/* Take the events up to the first that contains the wanted text. */
static bool take_wanted(struct script *script)
{
	size_t at = 0;

	while (at < script->n_events) {
		char *line = script->events + at;
		char *end = memchr(line, '\n', script->n_events - at);
		size_t n = (size_t)(end - line);

		at += n + 1;
		if (memmem(line, n, script->wanted, strlen(script->wanted))) {
			forget_events(script, at);
			return true;
		}
	}
	return false;
}

static void set_limit(struct script *script, double seconds)
{
	struct timespec limit = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
	};

	pw_loop_update_timer(script->loop, script->limit, &limit, NULL, false);
}

static int command_wait(struct script *script, const char *argument)
{
	const char *last = strrchr(argument, ' ');
	double seconds;

	if (!last || (seconds = atof(last + 1)) <= 0.0 || last == argument)
		return -EINVAL;
	(void)snprintf(script->wanted, sizeof(script->wanted), "%.*s", (int)(last - argument),
		       argument);
	if (take_wanted(script))
		return 0;
	script->busy = WAITING;
	set_limit(script, seconds);
	return 0;
}

static int command_connect(struct script *script, const char *argument)
{
	if (strlen(argument) != ADDRESS_SIZE - 1)
		return -EINVAL;
	strcpy(script->peer, argument);
	script->ops->connect(script->data, argument);
	return 0;
}

static int command_disconnect(struct script *script, const char *argument)
{
	headset_disconnect(script->headset);
	return 0;
}

static int command_send(struct script *script, const char *argument)
{
	headset_send(script->headset, argument);
	return 0;
}

static int command_raw(struct script *script, const char *argument)
{
	headset_send_raw(script->headset, argument);
	return 0;
}

static int command_answer(struct script *script, const char *argument)
{
	headset_send(script->headset, "ATA");
	return 0;
}

static int command_hangup(struct script *script, const char *argument)
{
	headset_send(script->headset, "AT+CHUP");
	return 0;
}

static int command_button(struct script *script, const char *argument)
{
	headset_button(script->headset);
	return 0;
}

static int read_gain(const char *argument, unsigned int *ret)
{
	char *end;
	unsigned long value = strtoul(argument, &end, 10);

	if (end == argument || *end || value > 15)
		return -EINVAL;
	*ret = (unsigned int)value;
	return 0;
}

static int command_volume(struct script *script, const char *argument)
{
	unsigned int gain;

	if (read_gain(argument, &gain) < 0)
		return -EINVAL;
	headset_set_volume(script->headset, gain);
	return 0;
}

static int command_microphone_gain(struct script *script, const char *argument)
{
	unsigned int gain;

	if (read_gain(argument, &gain) < 0)
		return -EINVAL;
	headset_set_microphone_gain(script->headset, gain);
	return 0;
}

static int command_sco(struct script *script, const char *argument)
{
	struct sound *sound = headset_sound(script->headset);

	if (!strcmp(argument, "accept"))
		return sound_refuse(sound, false);
	if (!strcmp(argument, "refuse"))
		return sound_refuse(sound, true);
	if (!strcmp(argument, "open"))
		return headset_open_sound(script->headset, script->peer);
	if (strcmp(argument, "close"))
		return -EINVAL;
	sound_close(sound);
	return 0;
}

static int command_tone(struct script *script, const char *argument)
{
	double frequency = atof(argument);

	if (strcmp(argument, "off") && frequency <= 0.0)
		return -EINVAL;
	sound_tone(headset_sound(script->headset), frequency);
	return 0;
}

static int command_record(struct script *script, const char *argument)
{
	bool off = !strcmp(argument, "off");

	return sound_record(headset_sound(script->headset), off ? NULL : argument);
}

static int command_measure(struct script *script, const char *argument)
{
	int r = headset_measure(script->headset, atof(argument));

	if (r == 0)
		script->busy = MEASURING;
	return r;
}

static int command_quit(struct script *script, const char *argument)
{
	quit(script, 0);
	return 0;
}

static const struct command {
	const char *name;
	bool has_argument;
	int (*run)(struct script *script, const char *argument);
} commands[] = {
	{ "connect", true, command_connect }, { "disconnect", false, command_disconnect },
	{ "send", true, command_send },       { "raw", true, command_raw },
	{ "answer", false, command_answer },  { "reject", false, command_hangup },
	{ "hangup", false, command_hangup },  { "button", false, command_button },
	{ "volume", true, command_volume },   { "mic-gain", true, command_microphone_gain },
	{ "sco", true, command_sco },         { "tone", true, command_tone },
	{ "record", true, command_record },   { "measure", true, command_measure },
	{ "wait", true, command_wait },       { "quit", false, command_quit },
};

static int run_command(struct script *script, const char *line)
{
	size_t n = strcspn(line, " ");
	const char *argument = line + n + strspn(line + n, " ");

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *command = &commands[i];

		if (strlen(command->name) != n || memcmp(command->name, line, n) ||
		    command->has_argument != (*argument != '\0'))
			continue;
		if (command->run != command_wait)
			script->n_events = 0;
		return command->run(script, argument);
	}
	return -EINVAL;
}

static void on_run(void *data, uint64_t count)
{
	struct script *script = data;

	while (script->busy == IDLE && !script->has_quit) {
		char *end = memchr(script->input, '\n', script->n_input);
		char line[512];

		if (!end) {
			if (script->at_end)
				quit(script, 0);
			return;
		}
		size_t n = (size_t)(end - script->input);
		(void)snprintf(line, sizeof(line), "%.*s", (int)n, script->input);
		script->n_input -= n + 1;
		memmove(script->input, end + 1, script->n_input);
		if (!line[0] || line[0] == '#')
			continue;
		int r = run_command(script, line);
		if (r < 0) {
			headset_tell(script->headset, "error %s: %s", line, strerror(-r));
			if (!script->terminal)
				quit(script, 2);
		}
	}
}

static void on_limit(void *data, uint64_t expirations)
{
	struct script *script = data;

	if (script->busy != WAITING)
		return;
	script->busy = IDLE;
	headset_tell(script->headset, "timeout %s", script->wanted);
	quit(script, 1);
}

void script_event(struct script *script, const char *line)
{
	size_t n = strlen(line);

	while (script->n_events + n + 1 > MAX_EVENTS) {
		char *end = memchr(script->events, '\n', script->n_events);
		forget_events(script, (size_t)(end - script->events) + 1);
	}
	memcpy(script->events + script->n_events, line, n);
	script->events[script->n_events + n] = '\n';
	script->n_events += n + 1;

	bool over = (script->busy == WAITING && take_wanted(script)) ||
		    (script->busy == MEASURING && !strncmp(line, "heard ", 6));
	if (!over)
		return;
	script->busy = IDLE;
	set_limit(script, 0.0);
	pw_loop_signal_event(script->loop, script->run);
}

/* Read once; returns false at the end. */
static bool read_some(struct script *script, int fd)
{
	size_t room = MAX_INPUT - 1 - script->n_input;
	ssize_t n = room ? read(fd, script->input + script->n_input, room) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n > 0) {
		script->n_input += (size_t)n;
		return true;
	}
	/* a last line may lack its line feed */
	if (script->n_input && script->input[script->n_input - 1] != '\n')
		script->input[script->n_input++] = '\n';
	script->at_end = true;
	return false;
}

static void on_input(void *data, int fd, uint32_t mask)
{
	struct script *script = data;

	if (!read_some(script, fd)) {
		pw_loop_destroy_source(script->loop, script->input_io);
		script->input_io = NULL;
	}
	pw_loop_signal_event(script->loop, script->run);
}

int script_read(struct script *script, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	script->terminal = isatty(fd);
	/* a regular file cannot be waited for */
	if (S_ISREG(st.st_mode)) {
		while (read_some(script, fd))
			;
		pw_loop_signal_event(script->loop, script->run);
		return 0;
	}
	script->input_io =
		pw_loop_add_io(script->loop, fd, SPA_IO_IN | SPA_IO_HUP, false, on_input, script);
	return script->input_io ? 0 : -errno;
}

int script_new(struct pw_loop *loop, struct headset *headset, const struct script_ops *ops,
	       void *data, struct script **ret)
{
	struct script *script = calloc(1, sizeof(*script));

	if (!script)
		return -ENOMEM;
	script->loop = loop;
	script->headset = headset;
	script->ops = ops;
	script->data = data;
	script->run = pw_loop_add_event(loop, on_run, script);
	script->limit = pw_loop_add_timer(loop, on_limit, script);
	if (!script->run || !script->limit) {
		script_free(script);
		return -ENOMEM;
	}
	*ret = script;
	return 0;
}

struct script *script_free(struct script *script)
{
	if (!script)
		return NULL;
	if (script->input_io)
		pw_loop_destroy_source(script->loop, script->input_io);
	if (script->run)
		pw_loop_destroy_source(script->loop, script->run);
	if (script->limit)
		pw_loop_destroy_source(script->loop, script->limit);
	free(script);
	return NULL;
}
