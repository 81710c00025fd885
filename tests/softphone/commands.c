/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Commands run from an event source of the loop, one after another. The lines told since the last
 * command that acted are kept, so that a wait which follows it cannot come too late.
 */
#include "commands.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_SIZE 16384
#define TOLD_SIZE 16384
#define LINE_SIZE 512

struct commands {
	struct pw_loop *loop;
	const struct command *table;
	void (*quit)(void *data, int status);
	void *data;
	struct spa_source *input_source;
	struct spa_source *run_source;
	struct spa_source *limit_source;
	bool busy;
	bool waiting;
	bool at_end;
	bool over;
	char wanted[LINE_SIZE];
	size_t input_n;
	char input[INPUT_SIZE];
	size_t told_n;
	char told[TOLD_SIZE + 1];
};

static void finish(struct commands *commands, int status)
{
	if (commands->over)
		return;
	commands->over = true;
	commands->quit(commands->data, status);
}

static void run_later(struct commands *commands)
{
	pw_loop_signal_event(commands->loop, commands->run_source);
}

/* Is the wanted text among what was told? Then all up to its line is used up. */
static bool take_wanted(struct commands *commands)
{
	char *found = strstr(commands->told, commands->wanted);
	char *rest = found ? strchr(found, '\n') : NULL;

	if (!rest)
		return false;
	rest++;
	commands->told_n -= (size_t)(rest - commands->told);
	memmove(commands->told, rest, commands->told_n + 1);
	return true;
}

static void set_limit(struct commands *commands, double seconds)
{
	struct timespec limit = { .tv_sec = (time_t)seconds };

	limit.tv_nsec = (long)((seconds - (double)limit.tv_sec) * 1e9);
	pw_loop_update_timer(commands->loop, commands->limit_source, &limit, NULL, false);
}

/* TEXT SECONDS */
static int start_wait(struct commands *commands, const char *argument)
{
	const char *last = strrchr(argument, ' ');
	double seconds = last ? atof(last + 1) : 0;

	if (!last || seconds <= 0)
		return -EINVAL;
	(void)snprintf(commands->wanted, sizeof(commands->wanted), "%.*s", (int)(last - argument),
		       argument);
	if (take_wanted(commands))
		return 0;
	commands->waiting = true;
	set_limit(commands, seconds);
	return 0;
}

static int run_line(struct commands *commands, const char *line)
{
	size_t n = strcspn(line, " ");
	const char *argument = line[n] ? line + n + 1 : "";

	if (n == 4 && !strncmp(line, "wait", n))
		return start_wait(commands, argument);
	if (!strcmp(line, "quit")) {
		finish(commands, 0);
		return 0;
	}
	for (const struct command *row = commands->table; row->name; row++) {
		if (strlen(row->name) != n || strncmp(row->name, line, n) != 0)
			continue;
		commands->told_n = 0;
		commands->told[0] = '\0';
		return row->run(commands->data, argument);
	}
	return -EINVAL;
}

static void run(void *data, uint64_t count)
{
	struct commands *commands = data;

	while (!commands->busy && !commands->waiting && !commands->over) {
		char *end = memchr(commands->input, '\n', commands->input_n);
		char line[LINE_SIZE];
		int r;

		if (!end) {
			if (commands->at_end)
				finish(commands, 0);
			return;
		}
		(void)snprintf(line, sizeof(line), "%.*s", (int)(end - commands->input),
			       commands->input);
		commands->input_n -= (size_t)(end + 1 - commands->input);
		memmove(commands->input, end + 1, commands->input_n);
		r = line[0] && line[0] != '#' ? run_line(commands, line) : 0;
		if (r < 0)
			commands_tell(commands, "error %s: %s", line, strerror(-r));
	}
}

static void read_input(void *data, int fd, uint32_t mask)
{
	struct commands *commands = data;
	ssize_t n = read(fd, commands->input + commands->input_n, INPUT_SIZE - commands->input_n);

	if (n > 0) {
		commands->input_n += (size_t)n;
	} else if (n == 0 || errno != EINTR) {
		pw_loop_destroy_source(commands->loop, commands->input_source);
		commands->input_source = NULL;
		commands->at_end = true;
	}
	run_later(commands);
}

static void out_of_time(void *data, uint64_t expirations)
{
	struct commands *commands = data;

	if (!commands->waiting)
		return;
	printf("timeout %s\n", commands->wanted);
	finish(commands, 1);
}

void commands_tell(struct commands *commands, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;
	size_t n;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	puts(line);
	strcat(line, "\n");
	n = strlen(line);
	if (commands->told_n + n > TOLD_SIZE)
		commands->told_n = 0;
	memcpy(commands->told + commands->told_n, line, n + 1);
	commands->told_n += n;
	if (commands->waiting && take_wanted(commands)) {
		commands->waiting = false;
		set_limit(commands, 0);
		run_later(commands);
	}
}

void commands_busy(struct commands *commands, bool busy)
{
	commands->busy = busy;
	run_later(commands);
}

void commands_heard(void *data, const struct tone_heard *heard)
{
	commands_tell(data, "heard %.1f %.1f %.2f", heard->frequency_hz, heard->level_dbfs,
		      heard->share);
	commands_busy(data, false);
}

int commands_new(struct pw_loop *loop, const struct command *table,
		 void (*quit)(void *data, int status), void *data, struct commands **ret)
{
	struct commands *commands = calloc(1, sizeof(*commands));

	if (!commands)
		return -ENOMEM;
	/* Whoever reads the events acts on each line. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	commands->loop = loop;
	commands->table = table;
	commands->quit = quit;
	commands->data = data;
	commands->run_source = pw_loop_add_event(loop, run, commands);
	commands->limit_source = pw_loop_add_timer(loop, out_of_time, commands);
	commands->input_source = pw_loop_add_io(loop, STDIN_FILENO, SPA_IO_IN | SPA_IO_HUP, false,
						read_input, commands);
	if (!commands->run_source || !commands->limit_source || !commands->input_source) {
		commands_free(commands);
		return -EIO;
	}
	*ret = commands;
	return 0;
}

struct commands *commands_free(struct commands *commands)
{
	if (!commands)
		return NULL;
	if (commands->run_source)
		pw_loop_destroy_source(commands->loop, commands->run_source);
	if (commands->limit_source)
		pw_loop_destroy_source(commands->loop, commands->limit_source);
	if (commands->input_source)
		pw_loop_destroy_source(commands->loop, commands->input_source);
	free(commands);
	return NULL;
}
