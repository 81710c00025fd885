/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Calls that nobody tells of: a program talks, by its streams alone (daemon/pipewire/talks.c), and that
 * is an unmanaged call for as long as it does. Of a program that registers its calls, or is watched on
 * a bus, the streams are those of its calls (same.h).
 *
 * Such a program hears nothing of us: it can neither be held nor hung up.
 */
#include "source.h"

#include "daemon/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct talking {
	struct talk talk;
	struct seen *seen;
	bool still;
};

struct sound {
	struct source source;
	struct talking talking[SOURCE_MAX_CALLS];
	size_t n;
};

static const struct call_ops call_ops_of_sound = {
	.rank = CALL_RANK_SOUND,
	.ended = seen_over,
};

static struct talking *find(struct sound *sound, const struct talk *talk)
{
	for (size_t i = 0; i < sound->n; i++) {
		const struct talk *known = &sound->talking[i].talk;

		if (known->process == talk->process && strcmp(known->app, talk->app) == 0)
			return &sound->talking[i];
	}
	return NULL;
}

static void begin(struct sound *sound, const struct talk *talk)
{
	struct call_info info = {
		.state = CALL_ACTIVE,
		.processes = { talk->process },
		.by_sound = true,
	};
	char name[TALK_NAME_SIZE];
	struct talking *talking;

	if (sound->n == SOURCE_MAX_CALLS)
		return;
	memcpy(info.app, talk->app, sizeof(info.app));
	source_copy(name, sizeof(name), talk->name);
	log_info("%s records and plays as in a call", name[0] != '\0' ? name : "a program");
	talking = &sound->talking[sound->n++];
	*talking = (struct talking){ .talk = *talk, .still = true };
	talking->seen = seen_new(&sound->source, &info, sound);
}

static void end_others(struct sound *sound)
{
	size_t kept = 0;

	for (size_t i = 0; i < sound->n; i++) {
		if (sound->talking[i].still)
			sound->talking[kept++] = sound->talking[i];
		else
			seen_end(sound->talking[i].seen, true);
	}
	sound->n = kept;
}

static void on_changed(void *data)
{
	struct sound *sound = data;
	struct engine *engine = sound->source.calls->engine;
	const struct talk *talks;
	size_t n = engine_talks(engine, &talks);

	for (size_t i = 0; i < sound->n; i++)
		sound->talking[i].still = false;
	for (size_t i = 0; i < n; i++) {
		struct talking *talking = find(sound, &talks[i]);

		if (talking != NULL)
			talking->still = true;
	}
	end_others(sound);
	for (size_t i = 0; i < n; i++) {
		if (find(sound, &talks[i]) == NULL)
			begin(sound, &talks[i]);
	}
}

int sound_new(struct calls *calls, struct sound **ret)
{
	struct sound *sound = calloc(1, sizeof(*sound));

	if (sound == NULL)
		return -ENOMEM;
	sound->source = (struct source){
		.calls = calls,
		.name = "programs that only sound",
		.ops = &call_ops_of_sound,
	};
	engine_watch_talks(calls->engine, on_changed, sound);
	*ret = sound;
	return 0;
}

struct sound *sound_free(struct sound *sound)
{
	if (sound == NULL)
		return NULL;
	engine_watch_talks(sound->source.calls->engine, NULL, NULL);
	while (sound->n > 0)
		seen_end(sound->talking[--sound->n].seen, true);
	free(sound);
	return NULL;
}
