/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Streams of a call that the session manager has given up on. WirePlumber tries a link of a stream to
 * one target six times, within milliseconds where the ports still change, and from then on never again
 * (policy-node.lua of 0.4, link-target.lua of 0.5), unless the stream has had another target meanwhile.
 * So it gets one, and ours again in the same breath.
 */
#include "private.h"

#include "log.h"

#define RELINK_MS 1000u
#define RELINK_MAX_TRIES 3u

static bool is_linked_to(const struct stream *stream, uint32_t node)
{
	const struct link_end *end;

	spa_list_for_each (end, &stream->ends, link) {
		if (end->peer == node)
			return true;
	}
	return false;
}

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
		    is_linked_to(stream, entry->id))
			continue;
		if (entry->capture == stream->capture)
			return node;
		if (stream->capture)
			second = node;
	}
	return second;
}

static bool is_endpoint(const struct graph *graph, uint32_t node)
{
	for (size_t i = 0; i < graph->snapshot.n_nodes; i++) {
		if (graph->snapshot.nodes[i].id == node)
			return true;
	}
	return false;
}

/* A filter may stand between the stream and where it is wanted. */
static bool goes_through_others(const struct stream *stream)
{
	const struct link_end *end;

	spa_list_for_each (end, &stream->ends, link) {
		if (!is_endpoint(stream->global.graph, end->peer))
			return true;
	}
	return false;
}

static bool is_given_up(const struct stream *stream, uint32_t wanted)
{
	const struct node *node = global_find(stream->global.graph, GLOBAL_NODE, wanted);

	return stream->in_call && !stream->fixed && node != NULL && !is_linked_to(stream, wanted) &&
	       !goes_through_others(stream) && stream->target.confirmed &&
	       stream->target.set == node->serial;
}

uint64_t graph_relink(struct graph *graph, const struct plan *plan, uint64_t now_ms, bool busy)
{
	uint64_t next = UINT64_MAX;
	struct stream *stream;

	spa_list_for_each (stream, &graph->kept, kept_link) {
		uint32_t wanted = stream->capture ? plan->source : plan->sink;
		const struct node *detour;

		if (!is_given_up(stream, wanted)) {
			stream->unlinked_ms = 0;
			if (is_linked_to(stream, wanted))
				stream->relinks = 0;
			continue;
		}
		if (stream->relinks == RELINK_MAX_TRIES)
			continue;
		if (stream->unlinked_ms == 0 || busy)
			stream->unlinked_ms = now_ms;
		if (now_ms >= stream->unlinked_ms + RELINK_MS) {
			detour = find_detour(graph, stream, wanted);
			stream->unlinked_ms = now_ms;
			if (++stream->relinks == 1)
				log_notice("a call's stream is not linked to where it should be, "
					   "asking again");
			if (detour != NULL)
				target_detour(stream, detour->serial);
		}
		if (stream->relinks < RELINK_MAX_TRIES && stream->unlinked_ms + RELINK_MS < next)
			next = stream->unlinked_ms + RELINK_MS;
	}
	return next;
}
