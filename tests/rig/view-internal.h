/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the files of the view share: its objects by type, and the cards' own file.
 */
#ifndef CALLROUTE_TESTS_RIG_VIEW_INTERNAL_H
#define CALLROUTE_TESTS_RIG_VIEW_INTERNAL_H

#include "view.h"

#include <pipewire/pipewire.h>
#include <stdio.h>

#define MAX_OBJECTS 8192
#define MAX_PROFILES 16
#define NAME_SIZE 128
#define MAX_PLUGGED 8
#define MAX_NOTES 256

enum object_type { OBJECT_NODE, OBJECT_CLIENT, OBJECT_LINK, OBJECT_CARD, OBJECT_METADATA };

struct card_profile {
	int32_t index;
	char name[NAME_SIZE];
};

struct object {
	struct view *view;
	enum object_type type;
	uint32_t id;
	struct pw_proxy *proxy;
	struct spa_hook listener;
	char name[NAME_SIZE]; /* a card's is its Bluetooth address */

	uint64_t serial;
	pid_t process;   /* of a client */
	uint32_t client; /* of a node */
	bool stream;
	bool capture;
	char mode[NAME_SIZE]; /* of a headset's node: "a2dp-sink", "headset-head-unit" */

	uint32_t output_node; /* of a link */
	uint32_t input_node;

	struct card_profile profiles[MAX_PROFILES];
	size_t n_profiles;
	char profile[NAME_SIZE];
};

/* A property of the metadata. */
struct note {
	uint32_t subject;
	char key[NAME_SIZE];
};

struct plugged {
	char name[NAME_SIZE];
	struct pw_proxy *node;
};

struct view {
	struct pw_loop *loop;
	struct pw_context *context;
	struct pw_core *core;
	struct pw_registry *registry;
	struct spa_hook core_listener;
	struct spa_hook registry_listener;
	int sync;
	bool up;
	bool lost;
	unsigned int changes;
	size_t n_notes;
	struct note notes[MAX_NOTES];
	size_t n_plugged;
	struct plugged plugged[MAX_PLUGGED];
	size_t n_objects;
	struct object *objects[MAX_OBJECTS];
};

static inline void view_copy(char ret[static NAME_SIZE], const char *text)
{
	(void)snprintf(ret, NAME_SIZE, "%s", text ? text : "");
}

/** @wanted may end in "*". */
bool view_name_matches(const char *name, const char *wanted);
/** A global of that type is there; NULL where there are too many. */
struct object *view_remember(struct view *view, enum object_type type, uint32_t id);

/** A card is there: bind it, if it is a headset's. */
void view_add_card(struct view *view, uint32_t id, const struct spa_dict *props);
/** A node is there: bind it, if it is a headset's, for the mode that it is of. */
void view_watch_mode(struct object *node);

#endif
