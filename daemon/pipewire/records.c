/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What callrouted has to give back outlives it: beside each change, what was found is noted in the
 * session manager's metadata, on the object that was changed, and goes away with that object. A
 * callrouted that starts reads the notes of the one before it, and ends a call's traces by the same
 * plan as its own. Only notes of an earlier process are read; its own it knows better.
 *
 *   on a stream   callroute.target        SERIAL FOUND_OBJECT FOUND_NODE, "-" for none
 *                 callroute.mute          whether it was muted before
 *   on a card     callroute.profile       the profile found
 *                 callroute.port.DEVICE   FOUND SET
 */
#include "private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_TARGET "callroute.target"
#define KEY_MUTE "callroute.mute"
#define KEY_PROFILE "callroute.profile"
#define KEY_PORT "callroute.port."

static void note(struct global *global, const char *key, const char *value)
{
	if (global->graph->metadata != NULL)
		pw_metadata_set_property(global->graph->metadata, global->id, key,
					 value != NULL ? "Spa:String" : NULL, value);
}

/* ---- writing --------------------------------------------------------------------------------------- */

void record_target(struct stream *stream)
{
	const struct target *target = &stream->target;
	char text[2 * GRAPH_NAME_SIZE + 32];

	stream->target.recorded = true;
	if (target->set == 0) {
		note(&stream->global, KEY_TARGET, NULL);
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu64 " %s %s", target->set,
		 target->found_object != NULL ? target->found_object : "-",
		 target->found_node != NULL ? target->found_node : "-");
	note(&stream->global, KEY_TARGET, text);
}

void record_mute(struct stream *stream)
{
	stream->mute_recorded = true;
	if (stream->mute == MUTE_ASKING || stream->mute == MUTE_ON)
		note(&stream->global, KEY_MUTE, stream->mute_found ? "1" : "0");
	else
		note(&stream->global, KEY_MUTE, NULL);
}

void record_profile(struct card *card)
{
	char text[16];

	card->recorded = true;
	snprintf(text, sizeof(text), "%" PRIu32, card->profile_found);
	note(&card->global, KEY_PROFILE, card->profile_found != PLAN_NONE ? text : NULL);
}

void record_port(struct card *card, uint32_t device, const struct card_found *found)
{
	char key[48], text[32];

	card->recorded = true;
	snprintf(key, sizeof(key), KEY_PORT "%" PRIu32, device);
	if (found != NULL)
		snprintf(text, sizeof(text), "%" PRIu32 " %" PRIu32, found->found, found->set);
	note(&card->global, key, found != NULL ? text : NULL);
}

/* ---- reading --------------------------------------------------------------------------------------- */

/* The note and the target itself come in any order, so this is tried at both. */
void record_adopt_target(struct stream *stream)
{
	struct target *target = &stream->target;
	char object[GRAPH_NAME_SIZE], node[GRAPH_NAME_SIZE], ours[24];
	uint64_t serial;

	if (target->record == NULL || target->recorded || target->object == NULL ||
	    sscanf(target->record, "%" SCNu64 " %255s %255s", &serial, object, node) != 3)
		return;
	snprintf(ours, sizeof(ours), "%" PRIu64, serial);
	if (serial == 0 || strcmp(target->object, ours) != 0)
		return;
	target->recorded = true;
	target->set = serial;
	target->confirmed = true;
	free(target->found_object);
	free(target->found_node);
	target->found_object = strcmp(object, "-") != 0 ? strdup(object) : NULL;
	target->found_node = strcmp(node, "-") != 0 ? strdup(node) : NULL;
	stream_update_kept(stream);
	graph_streams_changed(stream->global.graph);
}

static void read_stream(struct stream *stream, const char *key, const char *value)
{
	if (strcmp(key, KEY_TARGET) == 0 && !stream->target.recorded) {
		free(stream->target.record);
		stream->target.record = value != NULL ? strndup(value, 2 * GRAPH_NAME_SIZE) : NULL;
		record_adopt_target(stream);
	} else if (strcmp(key, KEY_MUTE) == 0 && !stream->mute_recorded && value != NULL) {
		stream->mute_left = true;
		stream->mute_left_found = strcmp(value, "1") == 0;
		stream_mute_adopt(stream);
	}
}

static void read_port(struct card *card, const char *device, const char *value)
{
	struct card_found found = { .sent_ns = graph_now_ns() };

	if (!spa_atou32(device, &found.device, 10) ||
	    sscanf(value, "%" SCNu32 " %" SCNu32, &found.found, &found.set) != 2 ||
	    card->n_found == CARD_MAX_ACTIVE)
		return;
	for (uint32_t i = 0; i < card->n_found; i++) {
		if (card->found[i].device == found.device)
			return;
	}
	card->found[card->n_found++] = found;
	graph_endpoints_changed(card->global.graph);
}

static void read_card(struct card *card, const char *key, const char *value)
{
	if (card->recorded || value == NULL)
		return;
	if (strncmp(key, KEY_PORT, strlen(KEY_PORT)) == 0) {
		read_port(card, key + strlen(KEY_PORT), value);
	} else if (strcmp(key, KEY_PROFILE) == 0 && spa_atou32(value, &card->profile_found, 10)) {
		graph_endpoints_changed(card->global.graph);
	}
}

void record_read(struct graph *graph, uint32_t subject, const char *key, const char *value)
{
	struct stream *stream = global_find(graph, GLOBAL_STREAM, subject);
	struct card *card = global_find(graph, GLOBAL_CARD, subject);

	if (strncmp(key, "callroute.", strlen("callroute.")) != 0)
		return;
	if (stream != NULL)
		read_stream(stream, key, value);
	else if (card != NULL)
		read_card(card, key, value);
}
