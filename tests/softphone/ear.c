/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * An ear at a node of PipeWire, to hear what leaves this machine:
 *
 *	ear --sink NODE      at a sink's monitor
 *	ear --source NODE    at a source
 *	ear --as ROLE        at the source that the session manager has for that media.role
 *
 * Commands: "measure SECONDS", "wait TEXT SECONDS", "quit". Events: "streams up", "streams down",
 * "sound on", "sound off", "heard HZ DBFS SHARE".
 */
#include "commands.h"
#include "sound.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ear {
	struct pw_main_loop *loop;
	struct sound *sound;
	struct commands *commands;
	int status;
};

static void running(void *data, bool up)
{
	struct ear *ear = data;

	commands_tell(ear->commands, "streams %s", up ? "up" : "down");
}

static void failed(void *data, const char *message)
{
	struct ear *ear = data;

	commands_tell(ear->commands, "error stream: %s", message);
}

static void audible(void *data, bool audible)
{
	struct ear *ear = data;

	commands_tell(ear->commands, "sound %s", audible ? "on" : "off");
}

static const struct sound_events sound_events = {
	.running = running,
	.failed = failed,
	.audible = audible,
};

static int command_measure(void *data, const char *argument)
{
	struct ear *ear = data;
	int r = sound_measure(ear->sound, atof(argument), commands_heard, ear->commands);

	if (r == 0)
		commands_busy(ear->commands, true);
	return r;
}

static const struct command command_table[] = {
	{ "measure", command_measure },
	{ 0 },
};

static void quit(void *data, int status)
{
	struct ear *ear = data;

	ear->status = status;
	pw_main_loop_quit(ear->loop);
}

int main(int argc, char **argv)
{
	struct sound_options options = { .name = "ear", .capture = true };
	struct ear ear = { 0 };
	struct pw_context *context;
	struct pw_core *core;

	if (argc == 3 && (!strcmp(argv[1], "--sink") || !strcmp(argv[1], "--source"))) {
		options.target = argv[2];
		options.capture_sink = !strcmp(argv[1], "--sink");
	} else if (argc == 3 && !strcmp(argv[1], "--as")) {
		options.role = argv[2];
	} else {
		fprintf(stderr, "usage: ear --sink NODE | --source NODE | --as ROLE\n");
		return 2;
	}
	pw_init(NULL, NULL);
	ear.loop = pw_main_loop_new(NULL);
	if (commands_new(pw_main_loop_get_loop(ear.loop), command_table, quit, &ear,
			 &ear.commands) < 0)
		return 1;
	context = pw_context_new(pw_main_loop_get_loop(ear.loop), NULL, 0);
	core = pw_context_connect(context, NULL, 0);
	if (!core || sound_new(core, &options, &sound_events, &ear, &ear.sound) < 0) {
		fprintf(stderr, "ear: no PipeWire: %s\n", strerror(errno));
		return 1;
	}

	pw_main_loop_run(ear.loop);

	sound_free(ear.sound);
	commands_free(ear.commands);
	pw_core_disconnect(core);
	pw_context_destroy(context);
	pw_main_loop_destroy(ear.loop);
	pw_deinit();
	return ear.status;
}
