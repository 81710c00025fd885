/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the sources of calls share. A source is a program, or a kind of programs, on a bus; a seen
 * call is a call as one source sees it. Of those that are one call (same.h) one speaks for it with
 * the engine, and the others stand by: should the program that spoke go away, another goes on with
 * the call. A call that has ended stays known until its source forgets it, so that it does not come
 * back.
 *
 * May be used by: daemon/calls/.
 */
#ifndef CALLROUTE_CALLS_SOURCE_H
#define CALLROUTE_CALLS_SOURCE_H

#include "calls.h"
#include "daemon/engine.h"
#include "peer.h"

/** Calls of one program at a time. */
#define SOURCE_MAX_CALLS 16
/** A call that a source adds so long after a headset dialled is the one. */
#define SOURCE_DIALLED_MS 10000u

struct seen;

struct source {
	struct calls *calls;
	const char *name; /* for the log */
	/** Each function gets the struct seen as its source; .ended is seen_over(). */
	const struct call_ops *ops;
	bool limit_told; /* once in a peer's life; whoever sees it go sets it back */
	route_device dialled_from;
	uint64_t dialled_until_ms;
};

/** A headset has dialled by this source: the next outgoing call is the one. */
void source_dialled(struct source *source, route_device from);

/**
 * seen_new() - a call appears
 * @info: .state is INCOMING, DIALING, ACTIVE or HELD
 * @data: for seen_data()
 * NULL where there are too many, which is logged once, or none can be had.
 */
struct seen *seen_new(struct source *source, const struct call_info *info, void *data);
/** Its state is now that; a state that it cannot go to is passed over. Not for CALL_ENDED. */
void seen_state(struct seen *seen, enum call_state state);
/** It rings at the remote party. */
void seen_alerting(struct seen *seen);
/** Number and name, as they are known now. */
void seen_party(struct seen *seen, const char *party, const char *name);
/** It has ended, @remote by the other side or for a reason unknown. Returns NULL; NULL-safe. */
struct seen *seen_end(struct seen *seen, bool remote);
/** Its source has gone, it has perhaps not: another that stands by goes on. Returns NULL; NULL-safe. */
struct seen *seen_lost(struct seen *seen);
/** A call that others than these sources may have lost: one of them that stands by goes on with it. False
 * for none. */
bool source_take_lost(struct calls *calls, struct call *call);
/** For struct call_ops' ended(). */
void seen_over(struct call *call, void *source);

void *seen_data(const struct seen *seen);
/** The engine's call that it speaks for; NULL for none. */
struct call *seen_call(const struct seen *seen);
/** It neither speaks for a call nor stands by for one. */
bool seen_is_over(const struct seen *seen);

/** Copy a text of a peer, cut at the border of a character; "" where it is not UTF-8. */
void source_copy(char *ret, size_t n, const char *text);

/* ---- the sources -------------------------------------------------------------------------------- */

struct calls {
	struct engine *engine;
	const struct config *config;
	struct seen *seen; /* of all sources */
	struct gnome *gnome;
	struct baresip *baresip;
	struct sound *sound;
	struct callaudio *callaudio;
	struct modems *modems;
	struct ofono *ofono;
	struct ofono *telephony; /* PipeWire's */
	struct phones *phones;   /* bluetoothd's */
};

/** Each watches its peer on @bus. 0 or -errno. The frees are NULL-safe and return NULL. */
int gnome_new(struct calls *calls, struct bus *bus, struct gnome **ret);
struct gnome *gnome_free(struct gnome *gnome);
int baresip_new(struct calls *calls, struct bus *bus, struct baresip **ret);
struct baresip *baresip_free(struct baresip *baresip);
/** Needs no bus. */
int sound_new(struct calls *calls, struct sound **ret);
struct sound *sound_free(struct sound *sound);
/** @insist: also where callaudiod is installed. */
int callaudio_new(struct calls *calls, struct bus *bus, bool insist, struct callaudio **ret);
struct callaudio *callaudio_free(struct callaudio *callaudio);
int modems_new(struct calls *calls, struct bus *bus, struct modems **ret);
struct modems *modems_free(struct modems *modems);
enum ofono_which { OFONO, PIPEWIRE_TELEPHONY };
int ofono_new(struct calls *calls, struct bus *bus, enum ofono_which which, struct ofono **ret);
struct ofono *ofono_free(struct ofono *ofono);
int phones_new(struct calls *calls, struct bus *bus, struct phones **ret);
struct phones *phones_free(struct phones *phones);

#endif
