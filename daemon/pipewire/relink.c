/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Streams of a call that the session manager has lost sight of. WirePlumber tries a link of a stream to
 * one target six times, within milliseconds where the ports still change, and from then on never again
 * (policy-node.lua of 0.4, link-target.lua of 0.5), unless the stream has had another target meanwhile.
 * So it gets one, and ours again in the same breath.
 *
 * And where a target changes while the link to the one before is still being made, it may forget that
 * link (0.4.13, on a busy machine): the call is heard at two places, or two microphones speak in it.
 * Such a link is taken away.
 */
#include "private.h"

#include "log.h"

#define RELINK_MS 1000u
#define RELINK_MAX_TRIES 3u

/* Any other node of the machine itself, where the stream is not; for a microphone the monitor of an output
 * will do. */
static const struct node *find_detour(const struct graph *graph, const struct stream *stream,
				      uint32_t wanted)
{
	const struct plan_snapshot *snapshot = &graph->snapshot;
	const struct node *second = NULL;

	for (size_t i = 0; i < snapshot->n_nodes; i++) {
		const struct plan_node *entry = &snapshot->nodes[i];
		const struct node *node = global_find(graph, GLOBAL_NODE, entry->id);

		if (node == NULL || entry->id == wanted || entry->device != 0 ||
		    stream_is_linked_to(stream, entry->id))
			continue;
		if (entry->capture == stream->capture)
			return node;
		if (stream->capture)
			second = node;
	}
	return second;
}

/* A filter may stand between the stream and where it is wanted. */
static bool goes_through_others(const struct stream *stream)
{
	return !spa_list_is_empty(&stream->ends) &&
	       stream_other_endpoint(stream, PLAN_NONE) == NULL;
}

/* It has been told so, and the session manager has heard it. */
static bool has_target(const struct stream *stream, uint32_t wanted)
{
	const struct node *node = global_find(stream->global.graph, GLOBAL_NODE, wanted);

	return stream->in_call && !stream->fixed && node != NULL && stream->target.confirmed &&
	       stream->target.set == node->serial;
}

static bool is_given_up(const struct stream *stream, uint32_t wanted)
{
	return has_target(stream, wanted) && !stream_is_linked_to(stream, wanted) &&
	       !goes_through_others(stream);
}

/* A link that came after that to the target is somebody's wish. */
static bool is_left_behind(const struct stream *stream, uint32_t wanted)
{
	const struct link_end *other = stream_other_endpoint(stream, wanted);
	const struct link_end *end;

	if (other == NULL || !has_target(stream, wanted) || !stream_is_linked_to(stream, wanted))
		return false;
	spa_list_for_each (end, &stream->ends, link) {
		if (end == other || end->peer == wanted)
			break;
	}
	return end == other;
}

static void ask_again(struct stream *stream, uint32_t wanted)
{
	const struct node *detour = find_detour(stream->global.graph, stream, wanted);

	if (++stream->relinks == 1)
		log_notice("a call's stream is not linked to where it should be, asking again");
	if (detour != NULL)
		target_detour(stream, detour->serial);
}

static void take_away(struct stream *stream, uint32_t wanted)
{
	struct graph *graph = stream->global.graph;
	const struct link_end *end;

	log_notice("a call's stream is still linked to where it was too, taking that link away");
	spa_list_for_each (end, &stream->ends, link) {
		if (end->peer == wanted)
			break;
		if (link_end_is_at_endpoint(end)) {
			pw_registry_destroy(graph->registry, end->of->global.id);
			graph_requested(graph);
		}
	}
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When to look again at a stream without a link to its target. */
static uint64_t relink(struct stream *stream, uint32_t wanted, uint64_t now_ms, bool busy)
{
	if (!is_given_up(stream, wanted)) {
		stream->unlinked_ms = 0;
		if (stream_is_linked_to(stream, wanted))
			stream->relinks = 0;
		return UINT64_MAX;
	}
	if (stream->relinks == RELINK_MAX_TRIES)
		return UINT64_MAX;
	if (stream->unlinked_ms == 0 || busy)
		stream->unlinked_ms = now_ms;
	if (now_ms >= stream->unlinked_ms + RELINK_MS) {
		stream->unlinked_ms = now_ms;
		ask_again(stream, wanted);
	}
	return stream->relinks < RELINK_MAX_TRIES ? stream->unlinked_ms + RELINK_MS : UINT64_MAX;
}

/* And at one that has another besides. That is asked for once. */
static uint64_t unlink_rest(struct stream *stream, uint32_t wanted, uint64_t now_ms)
{
	if (!is_left_behind(stream, wanted)) {
		stream->left_ms = 0;
		return UINT64_MAX;
	}
	if (stream->left_ms == 0)
		stream->left_ms = now_ms;
	if (stream->left_ms == UINT64_MAX || now_ms < stream->left_ms + RELINK_MS)
		return stream->left_ms == UINT64_MAX ? UINT64_MAX : stream->left_ms + RELINK_MS;
	stream->left_ms = UINT64_MAX;
	take_away(stream, wanted);
	return UINT64_MAX;
}

uint64_t graph_relink(struct graph *graph, const struct plan *plan, uint64_t now_ms, bool busy)
{
	uint64_t next = UINT64_MAX;
	struct stream *stream;

	spa_list_for_each (stream, &graph->kept, kept_link) {
		uint32_t wanted = stream->capture ? plan->source : plan->sink;

		next = sooner(next, relink(stream, wanted, now_ms, busy));
		next = sooner(next, unlink_rest(stream, wanted, now_ms));
	}
	return next;
}
