/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Programs with sound are processes of their own, so that the daemon sees whose streams they are,
 * and so that an ear at a monitor is nobody's call. They tell what they hear, line by line.
 */
#include "rig-internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ARGUMENTS 24
/* Lines of 0.2 s each that must agree. */
#define AGREEING 2u

struct rig_sound {
	struct process *process;
	bool judging;
	double wanted_hz;
	unsigned int agreeing;
	unsigned int lines;
	char last[64];
};

static void on_line(void *data, const char *line)
{
	struct rig_sound *sound = data;
	double hz, level, share;

	sound->lines++;
	(void)snprintf(sound->last, sizeof(sound->last), "%s", line);
	if (!sound->judging || sscanf(line, "heard %lf %lf %lf", &hz, &level, &share) != 3)
		return;
	bool agrees = sound->wanted_hz > 0.0 ? hz > sound->wanted_hz * 0.985 &&
						       hz < sound->wanted_hz * 1.015 && share > 0.8
					     : hz <= 0.0;
	sound->agreeing = agrees ? sound->agreeing + 1 : 0;
}

int rig_sound_new(struct rig *rig, const char *const *arguments, struct rig_sound **ret)
{
	static const struct process_events events = { .line = on_line };
	const char *argv[MAX_ARGUMENTS] = { NULL };
	char program[1024];
	size_t n = 0;

	(void)snprintf(program, sizeof(program), "%s", rig_program("rig-stream"));
	argv[n++] = program;
	for (; *arguments && n < MAX_ARGUMENTS - 1; arguments++)
		argv[n++] = *arguments;
	struct rig_sound *sound = calloc(1, sizeof(*sound));
	if (!sound)
		return -ENOMEM;
	int r = process_new(rig->loop, argv, rig_log(rig, "streams"), &events, sound,
			    &sound->process);
	if (r < 0) {
		free(sound);
		return r;
	}
	*ret = sound;
	return 0;
}

struct rig_sound *rig_sound_free(struct rig_sound *sound)
{
	if (!sound)
		return NULL;
	sound->process = process_free(sound->process);
	free(sound);
	return NULL;
}

pid_t rig_sound_pid(const struct rig_sound *sound)
{
	return process_pid(sound->process);
}

bool rig_sound_hears(struct rig *rig, struct rig_sound *sound, double frequency_hz, unsigned int ms)
{
	sound->judging = true;
	sound->wanted_hz = frequency_hz;
	sound->agreeing = 0;
	sound->lines = 0;
	bool heard = rig_wait(rig, ms, sound->agreeing >= AGREEING);
	sound->judging = false;
	if (!heard)
		fprintf(stderr, "rig: %.1f Hz not heard in %u lines of 0.2 s, the last: %s\n",
			frequency_hz, sound->lines, sound->last);
	return heard;
}

int rig_sound_at(struct rig *rig, const char *sink, struct rig_sound **ret)
{
	return rig_sound_new(rig,
			     (const char *const[]){ "--monitor", "--target", sink, "--role", "Test",
						    "--name", "rig-ear", NULL },
			     ret);
}
