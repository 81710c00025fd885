/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * mouth HZ: a tone that plays, where the session manager or pw-link connects it (its node is
 * "mouth.playback"); with PIPEWIRE_AUTOCONNECT=false only the latter.
 *
 * Commands: "tone HZ", "wait TEXT SECONDS", "quit". Events: "streams up", "streams down".
 */
#include "commands.h"
#include "sound.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mouth {
	struct pw_main_loop *loop;
	struct sound *sound;
	struct commands *commands;
	int status;
};

static void running(void *data, bool up)
{
	struct mouth *mouth = data;

	commands_tell(mouth->commands, "streams %s", up ? "up" : "down");
}

static void failed(void *data, const char *message)
{
	struct mouth *mouth = data;

	commands_tell(mouth->commands, "error stream: %s", message);
}

static const struct sound_events sound_events = {
	.running = running,
	.failed = failed,
};

static int command_tone(void *data, const char *argument)
{
	struct mouth *mouth = data;

	sound_tone(mouth->sound, atof(argument));
	return 0;
}

static const struct command command_table[] = {
	{ "tone", command_tone },
	{ 0 },
};

static void quit(void *data, int status)
{
	struct mouth *mouth = data;

	mouth->status = status;
	pw_main_loop_quit(mouth->loop);
}

int main(int argc, char **argv)
{
	struct sound_options options = { .name = "mouth" };
	struct mouth mouth = { 0 };
	struct pw_context *context;
	struct pw_core *core;

	if (argc == 2)
		options.tone_hz = atof(argv[1]);
	if (!(options.tone_hz > 0)) {
		fprintf(stderr, "usage: mouth HZ\n");
		return 2;
	}
	pw_init(NULL, NULL);
	mouth.loop = pw_main_loop_new(NULL);
	if (commands_new(pw_main_loop_get_loop(mouth.loop), command_table, quit, &mouth,
			 &mouth.commands) < 0)
		return 1;
	context = pw_context_new(pw_main_loop_get_loop(mouth.loop), NULL, 0);
	core = pw_context_connect(context, NULL, 0);
	if (!core || sound_new(core, &options, &sound_events, &mouth, &mouth.sound) < 0) {
		fprintf(stderr, "mouth: no PipeWire: %s\n", strerror(errno));
		return 1;
	}

	pw_main_loop_run(mouth.loop);

	sound_free(mouth.sound);
	commands_free(mouth.commands);
	pw_core_disconnect(core);
	pw_context_destroy(context);
	pw_main_loop_destroy(mouth.loop);
	pw_deinit();
	return mouth.status;
}
