/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The audio graph as the rig sees it, through its own connection to PipeWire: nodes, links, and
 * the profile of each Bluetooth card. It looks and, where told, acts as another program would
 * (a mixer); it shares no code with the daemon's own snapshot.
 */
#ifndef CALLROUTE_RIG_VIEW_H
#define CALLROUTE_RIG_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pw_loop;
struct view;

/** Connect to the PipeWire that the environment names. Return: 0 or -errno. */
int view_new(struct pw_loop *loop, struct view **ret);
/** NULL-safe; returns NULL. */
struct view *view_free(struct view *view);

/** PipeWire answered, and has not gone since. */
bool view_up(const struct view *view);
/** A session manager runs: its "default" metadata is there. */
bool view_session(const struct view *view);

/** A node by its name, or by the beginning of it where @name ends with '*'; 0 where there is none. */
uint32_t view_node(const struct view *view, const char *name);
/** Its serial, which unlike the id is no other node's ever; 0 where there is none. */
uint64_t view_serial(const struct view *view, const char *name);
/** A stream of a process, by direction; 0 where there is none. */
uint32_t view_stream(const struct view *view, pid_t process, bool capture);

/**
 * view_linked() - does the stream have links, and all of them with one node?
 * @name: as for view_node(); a sink for playback, a source (or a sink's monitor) for capture
 */
bool view_linked(const struct view *view, uint32_t stream, const char *name);
/** The name of a node that @stream is linked with, or "" . Borrowed. */
const char *view_peer(const struct view *view, uint32_t stream);

/** The name of a card's profile in force ("a2dp-sink", "headset-head-unit", "off"), "" where the
 * card does not exist. Borrowed. */
const char *view_profile(const struct view *view, const char *address);
/** Whether it is this profile, or begins so where @profile ends with '*'. */
bool view_profile_is(const struct view *view, const char *address, const char *profile);
/** Set the card's profile by its name, or the beginning of it where @profile ends with '*'; @saved: to be
 * remembered, as a mixer does. 0, or -ENOENT. */
int view_set_profile(struct view *view, const char *address, const char *profile, bool saved);
/** As a mixer would: move a stream to a node. 0, or -ENOENT. */
int view_move(struct view *view, uint32_t stream, const char *node);

/**
 * view_plug() - a null node appears, as a device that is plugged does
 * @class:    media.class: "Audio/Sink", or "Audio/Source/Virtual"
 * @endpoint: its callroute.endpoint
 * @priority: as the session manager counts when it chooses a default
 *
 * It goes with view_unplug(), or with the view.
 */
int view_plug(struct view *view, const char *name, const char *class, const char *endpoint,
	      unsigned int priority);
void view_unplug(struct view *view, const char *name);

/** How many changes there have been of profiles, of links and of the "default" metadata. */
unsigned int view_changes(const struct view *view);
/** How many properties the "default" metadata has whose key begins so. */
unsigned int view_notes(const struct view *view, const char *key);

/** Everything on standard error, for a test that failed. */
void view_dump(const struct view *view);

#endif
