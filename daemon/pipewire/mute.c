/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The calls' software mute (X8): the mute of their capture streams, with what was found there given
 * back. And that of programs whose call is held without their knowing of it: of all their streams, so that
 * they neither hear nor are heard. A stream is bound while it is muted by us. The session manager saves a stream's mute for the
 * application's next stream, also where the stream went away while muted; such names are noted, and
 * the next stream of that name is freed from a mute that was ours. What a stream with a call's role has it
 * saves for the role, at once, so that the other call's streams would come up muted: they are freed, too.
 */
#include "private.h"

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/pod/iter.h>
#include <spa/pod/parser.h>

#include <stdio.h>
#include <string.h>

static void send_mute(struct stream *stream, bool mute)
{
	uint8_t buffer[256];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *pod =
		spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props,
					   SPA_PROP_mute, SPA_POD_Bool(mute));

	pw_node_set_param((struct pw_node *)stream->global.proxy, SPA_PARAM_Props, 0, pod);
	graph_requested(stream->global.graph);
}

/* ---- mutes that outlived their stream ------------------------------------------------------------ */

static char *find_name(struct graph *graph, const char *name)
{
	for (size_t i = 0; name != NULL && name[0] != '\0' && i < MUTE_MAX_NAMES; i++) {
		if (strcmp(graph->muted_names[i], name) == 0)
			return graph->muted_names[i];
	}
	return NULL;
}

static bool another_is_muted(const struct stream *stream)
{
	const struct stream *other;

	spa_list_for_each (other, &stream->global.graph->kept, kept_link) {
		if (other != stream && other->capture == stream->capture &&
		    other->program != NULL &&
		    (other->mute == MUTE_ASKING || other->mute == MUTE_ON))
			return true;
	}
	return false;
}

/* What the stream was muted by may be a mute of ours that the session manager saved. */
static bool may_be_ours(const struct stream *stream)
{
	struct graph *graph = stream->global.graph;

	return find_name(graph, stream->name) != NULL ||
	       (graph->role_muted[stream->capture] && stream->program != NULL);
}

static void forget_ours(const struct stream *stream)
{
	struct graph *graph = stream->global.graph;
	char *name = find_name(graph, stream->name);

	if (name != NULL)
		*name = '\0';
	/* As long as another one is muted, that may be saved again. */
	if (stream->program != NULL && !another_is_muted(stream))
		graph->role_muted[stream->capture] = false;
}

void stream_mute_gone(struct stream *stream)
{
	struct graph *graph = stream->global.graph;

	if ((stream->mute != MUTE_ASKING && stream->mute != MUTE_ON) || stream->mute_found)
		return;
	if (stream->name == NULL || find_name(graph, stream->name) != NULL)
		return;
	snprintf(graph->muted_names[graph->next_muted_name++ % MUTE_MAX_NAMES], GRAPH_NAME_SIZE,
		 "%s", stream->name);
}

/* ---- muting -------------------------------------------------------------------------------------- */

void stream_mute_param(struct stream *stream, uint32_t id, const struct spa_pod *pod)
{
	bool mute;

	if (id != SPA_PARAM_Props || pod == NULL ||
	    spa_pod_parse_object(pod, SPA_TYPE_OBJECT_Props, NULL, SPA_PROP_mute,
				 SPA_POD_Bool(&mute)) < 0)
		return;
	if (stream->mute == MUTE_ASKING) {
		/* The question was sent before the mute, so this is what was found. */
		stream->mute_found = mute && !stream->mute_doubted;
		stream->mute = MUTE_ON;
		record_mute(stream);
	} else if (stream->mute == MUTE_LIFTING && mute) {
		if (!may_be_ours(stream))
			return;
		forget_ours(stream);
		send_mute(stream, false);
	}
}

/* That is saved in its turn. */
static void give_back_mute(struct stream *stream)
{
	send_mute(stream, false);
	if (stream->program != NULL && !another_is_muted(stream))
		stream->global.graph->role_muted[stream->capture] = false;
}

static void unmute(struct stream *stream)
{
	uint32_t props = SPA_PARAM_Props;

	if (stream->mute == MUTE_OFF && (!stream->in_call || !may_be_ours(stream)))
		return;
	if ((stream->mute == MUTE_ASKING || stream->mute == MUTE_ON) && !stream->mute_found)
		give_back_mute(stream);
	stream->mute_found = false;
	stream->mute = MUTE_OFF;
	record_mute(stream);
	/* The session manager restores what it saved some time after the stream has appeared. */
	if (stream->in_call && may_be_ours(stream) && stream_bind(stream) != NULL) {
		stream->mute = MUTE_LIFTING;
		pw_node_subscribe_params((struct pw_node *)stream->global.proxy, &props, 1);
		return;
	}
	stream_release(stream);
}

static void mute(struct stream *stream)
{
	if (stream->mute == MUTE_ASKING || stream->mute == MUTE_ON || stream_bind(stream) == NULL)
		return;
	stream->mute = MUTE_ASKING;
	stream->mute_doubted = may_be_ours(stream);
	if (stream->program != NULL)
		stream->global.graph->role_muted[stream->capture] = true;
	pw_node_enum_params((struct pw_node *)stream->global.proxy, 0, SPA_PARAM_Props, 0,
			    UINT32_MAX, NULL);
	send_mute(stream, true);
	record_mute(stream);
}

void stream_mute_adopt(struct stream *stream)
{
	if (!stream->mute_left || !stream->global.settled || stream->mute != MUTE_OFF ||
	    stream_bind(stream) == NULL)
		return;
	stream->mute_left = false;
	stream->mute_found = stream->mute_left_found;
	stream->mute = MUTE_ON;
	stream_update_mute(stream);
}

void stream_update_mute(struct stream *stream)
{
	bool muted = stream->capture && stream->in_call && stream->global.graph->muted;

	if (muted || stream->silent)
		mute(stream);
	else
		unmute(stream);
}

void graph_set_muted(struct graph *graph, bool muted)
{
	struct stream *stream;

	if (graph->muted == muted)
		return;
	graph->muted = muted;
	spa_list_for_each (stream, &graph->kept, kept_link)
		stream_update_mute(stream);
}
