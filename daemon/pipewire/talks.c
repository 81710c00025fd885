/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Which programs talk, by their streams alone. What one says of itself is media.role: Communication, or
 * phone in PulseAudio's words. A program is in a call while one of its streams with this role records
 * and one plays. Both must have it: a dictation records with it and beeps without, a voice that is to
 * duck the music plays with it and records nothing. Browsers and programs on their engines say nothing;
 * which of them is in a call whenever it records and plays is configured.
 *
 * A stream that is there need not run: a program may open both and leave them corked for hours. One that
 * nothing is linked to does not run either, but may have no microphone to be linked to before the
 * headset is in headset mode; so it counts.
 *
 * A filter whose streams have such a role carries the sound of a modem between the sound card that the
 * modem is and the one that its user hears, as module-loopback does for the program wys. These are of no
 * program's call: they belong to the modem's. The end at the modem's card says where it wants to be; the
 * other goes where calls are.
 *
 * What begins or ends is believed after a while, for which it must last. Streams that outlive the call
 * that they were of, known by another source, begin nothing.
 */
#include "private.h"

#include "daemon/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MS UINT64_C(1000000)
/** A program registers its call when it opens its streams, just before or just after. */
#define BEGIN_NS (300 * MS)
#define BEGIN_UNLINKED_NS (1000 * MS)
/** After our start those that registered their calls with another callrouted register them again. */
#define START_NS (1500 * MS)
/** Streams are opened anew where a program changes its device. */
#define END_GONE_NS (1500 * MS)
/** A stream stops while its node waits for a sound link: X3's 5 s, and a second. */
#define END_PAUSED_NS (6000 * MS)
/** From the end of a call to the last streams of its program that were meant for it. */
#define LEFT_OVER_NS (3000 * MS)

enum sound { SOUND_NONE, SOUND_PAUSED, SOUND_UNLINKED, SOUND_RUNNING };

/* ---- whose stream, and of what kind --------------------------------------------------------------- */

/* Filters stand between others. */
static bool is_filter(const struct spa_dict *props)
{
	return props_bool(props, PW_KEY_NODE_VIRTUAL) || props_bool(props, PW_KEY_NODE_PASSIVE) ||
	       spa_dict_lookup(props, "node.link-group") != NULL;
}

static bool names_its_target(const struct spa_dict *props)
{
	static const char *const keys[] = { "target.object", "node.target" };

	for (size_t i = 0; i < SPA_N_ELEMENTS(keys); i++) {
		const char *target = spa_dict_lookup(props, keys[i]);

		if (target != NULL && target[0] != '\0' && strcmp(target, "-1") != 0)
			return true;
	}
	return false;
}

static bool has_role(const struct spa_dict *props)
{
	const char *role = spa_dict_lookup(props, PW_KEY_MEDIA_ROLE);

	return role != NULL &&
	       (strcasecmp(role, "Communication") == 0 || strcasecmp(role, "phone") == 0);
}

/* The node's properties go before those of its client. */
static enum config_program configured(const struct stream *stream, const struct spa_dict *props,
				      enum config_program otherwise)
{
	const struct config *config = stream->global.graph->config;
	const struct client *client = stream->client;
	enum config_program is = otherwise;
	struct pw_properties *all;

	if (!config_has_programs(config))
		return otherwise;
	all = pw_properties_new_dict(props);
	if (all == NULL)
		return otherwise;
	if (client != NULL && client->props != NULL)
		pw_properties_add(all, &client->props->dict);
	(void)config_program(config, &all->dict, &is);
	pw_properties_free(all);
	return is;
}

static enum config_program what_is(const struct stream *stream, const struct spa_dict *props)
{
	bool filter = is_filter(props);
	enum config_program is = PROGRAM_NO_CALL;

	/* Meters and monitors hear what is played. */
	if (stream->fixed || props_bool(props, "resample.peaks"))
		return PROGRAM_NO_CALL;
	if (has_role(props) && !filter)
		is = PROGRAM_CALLS;
	else if (has_role(props) && spa_dict_lookup(props, "node.link-group") != NULL)
		is = PROGRAM_MODEM;
	is = configured(stream, props, is);
	if ((filter && is == PROGRAM_CALLS) || (is == PROGRAM_MODEM && names_its_target(props)))
		return PROGRAM_NO_CALL;
	return is;
}

static const char *name_of(const struct stream *stream, const struct spa_dict *props)
{
	const char *name = spa_dict_lookup(props, PW_KEY_APP_NAME);

	if (name == NULL && stream->client != NULL && stream->client->props != NULL)
		name = pw_properties_get(stream->client->props, PW_KEY_APP_NAME);
	if (name == NULL)
		name = stream->name;
	return name != NULL ? name : "";
}

/* Of a phone, the process is the session manager: not all calls of phones are told with their phone. */
static bool is_of(const struct talk *talk, pid_t process, const char *app)
{
	bool of_phone = strncmp(talk->app, TALK_PHONE, strlen(TALK_PHONE)) == 0;

	if (app[0] != '\0')
		return strcmp(talk->app, app) == 0;
	return (talk->app[0] == '\0' || of_phone) && process > 0 && talk->process == process;
}

/* Did a call of it end just now? */
static bool has_just_ended(const struct graph *graph, const struct talk *talk)
{
	uint64_t now_ns = graph_now_ns();

	for (size_t i = 0; i < GRAPH_MAX_ENDED; i++) {
		const struct ended *ended = &graph->ended[i];

		if (ended->ended_ns != 0 && now_ns < ended->ended_ns + LEFT_OVER_NS &&
		    is_of(talk, ended->process, ended->app))
			return true;
	}
	return false;
}

static struct program *program_of(struct graph *graph, pid_t process, const char *app)
{
	struct program *program;

	spa_list_for_each (program, &graph->programs, link) {
		if (is_of(&program->talk, process, app))
			return program;
	}
	program = calloc(1, sizeof(*program));
	if (program == NULL)
		return NULL;
	spa_list_init(&program->streams);
	program->talk.process = process;
	snprintf(program->talk.app, sizeof(program->talk.app), "%s", app);
	program->over = has_just_ended(graph, &program->talk);
	spa_list_append(&graph->programs, &program->link);
	return program;
}

static void program_free(struct program *program)
{
	spa_list_remove(&program->link);
	free(program);
}

/* ---- what they do --------------------------------------------------------------------------------- */

static enum sound sound_of(const struct program *program, bool capture)
{
	const struct stream *stream;
	enum sound best = SOUND_NONE;

	spa_list_for_each (stream, &program->streams, program_link) {
		enum sound sound = stream->running                    ? SOUND_RUNNING
				   : spa_list_is_empty(&stream->ends) ? SOUND_UNLINKED
								      : SOUND_PAUSED;

		if (stream->capture == capture && sound > best)
			best = sound;
	}
	return best;
}

static void list_talks(struct graph *graph)
{
	struct program *program;

	graph->n_talks = 0;
	spa_list_for_each (program, &graph->programs, link) {
		if (program->talking && graph->n_talks < GRAPH_MAX_TALKS)
			graph->talks[graph->n_talks++] = program->talk;
	}
	graph_talks_changed(graph);
}

static uint64_t delay_of(const struct program *program, enum sound capture, enum sound playback)
{
	if (program->talking)
		return capture == SOUND_NONE || playback == SOUND_NONE ? END_GONE_NS
								       : END_PAUSED_NS;
	return capture == SOUND_RUNNING && playback == SOUND_RUNNING ? BEGIN_NS : BEGIN_UNLINKED_NS;
}

/* Returns when to look again, UINT64_MAX for not before something changes. */
static uint64_t look(struct graph *graph, struct program *program, uint64_t now_ns)
{
	enum sound capture = sound_of(program, true), playback = sound_of(program, false);
	bool talks = !program->over && capture >= SOUND_UNLINKED && playback >= SOUND_UNLINKED;
	uint64_t due_ns;

	if (talks == program->talking) {
		program->changing = false;
		return UINT64_MAX;
	}
	if (!program->changing)
		program->since_ns = now_ns;
	program->changing = true;
	due_ns = program->since_ns + delay_of(program, capture, playback);
	if (talks && !graph->up)
		return UINT64_MAX;
	if (talks && due_ns < graph->up_ns + START_NS)
		due_ns = graph->up_ns + START_NS;
	if (now_ns < due_ns)
		return due_ns;
	program->talking = talks;
	program->changing = false;
	list_talks(graph);
	return UINT64_MAX;
}

static void arm(struct graph *graph, uint64_t due_ns)
{
	struct timespec at = { .tv_sec = (time_t)(due_ns / 1000000000u),
			       .tv_nsec = (long)(due_ns % 1000000000u) };

	if (due_ns == graph->talk_timer_ns)
		return;
	graph->talk_timer_ns = due_ns;
	pw_loop_update_timer(graph->loop, graph->talk_timer, due_ns != UINT64_MAX ? &at : NULL,
			     NULL, true);
}

static void look_at_all(struct graph *graph)
{
	uint64_t now_ns = graph_now_ns(), next_ns = UINT64_MAX;
	struct program *program, *next;

	spa_list_for_each_safe (program, next, &graph->programs, link) {
		uint64_t due_ns = look(graph, program, now_ns);

		next_ns = SPA_MIN(next_ns, due_ns);
		if (spa_list_is_empty(&program->streams) && !program->talking)
			program_free(program);
	}
	arm(graph, next_ns);
}

static void on_timer(void *data, uint64_t expirations)
{
	struct graph *graph = data;

	graph->talk_timer_ns = UINT64_MAX;
	look_at_all(graph);
}

/* ---- streams come, change and go ------------------------------------------------------------------ */

void talk_stream(struct stream *stream, const struct spa_dict *props)
{
	struct graph *graph = stream->global.graph;
	enum config_program is = what_is(stream, props);
	const char *app;
	pid_t process;

	stream->carries_modem = is == PROGRAM_MODEM;
	if (is != PROGRAM_CALLS)
		return;
	stream_owner(stream, &process, &app);
	if (process <= 0 && app == NULL)
		return;
	stream->program = program_of(graph, process, app != NULL ? app : "");
	if (stream->program == NULL)
		return;
	if (stream->program->talk.process == 0)
		stream->program->talk.process = process;
	if (stream->program->talk.name[0] == '\0')
		snprintf(stream->program->talk.name, sizeof(stream->program->talk.name), "%s",
			 name_of(stream, props));
	spa_list_append(&stream->program->streams, &stream->program_link);
	look_at_all(graph);
}

void talk_changed(struct stream *stream)
{
	if (stream->program != NULL)
		look_at_all(stream->global.graph);
}

void talk_leave(struct stream *stream)
{
	if (stream->program == NULL)
		return;
	spa_list_remove(&stream->program_link);
	stream->program = NULL;
	look_at_all(stream->global.graph);
}

static void leave_over(struct graph *graph, pid_t process, const char *app)
{
	struct ended *ended = &graph->ended[graph->next_ended++ % GRAPH_MAX_ENDED];
	struct program *program;

	*ended = (struct ended){ .process = process, .ended_ns = graph_now_ns() };
	snprintf(ended->app, sizeof(ended->app), "%s", app);
	spa_list_for_each (program, &graph->programs, link) {
		if (is_of(&program->talk, process, app) && !program->talking)
			program->over = true;
	}
}

void graph_call_ended(struct graph *graph, const pid_t *pids, size_t n, const char *app)
{
	for (size_t i = 0; i < n && pids[i] > 0; i++)
		leave_over(graph, pids[i], "");
	if (app[0] != '\0')
		leave_over(graph, 0, app);
	look_at_all(graph);
}

/* ---- for others ----------------------------------------------------------------------------------- */

int talks_init(struct graph *graph)
{
	graph->talk_timer_ns = UINT64_MAX;
	graph->talk_timer = pw_loop_add_timer(graph->loop, on_timer, graph);
	return graph->talk_timer != NULL ? 0 : -ENOMEM;
}

void talks_start(struct graph *graph)
{
	look_at_all(graph);
}

void talks_done(struct graph *graph)
{
	struct program *program;

	spa_list_consume (program, &graph->programs, link)
		program_free(program);
	if (graph->talk_timer != NULL)
		pw_loop_destroy_source(graph->loop, graph->talk_timer);
	graph->talk_timer = NULL;
}

size_t graph_talks(const struct graph *graph, const struct talk **ret)
{
	*ret = graph->talks;
	return graph->n_talks;
}
