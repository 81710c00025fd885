/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * PipeWire's graph as the planner wants it, and the hands that change it. Follows the registry
 * (devices, nodes, links, clients, metadata), survives PipeWire's restarts, and carries out plan
 * actions.
 *
 * May be used by: the engine. May use: policy/plan.h, libpipewire.
 */
#ifndef CALLROUTE_GRAPH_H
#define CALLROUTE_GRAPH_H

#include "daemon/talk.h"
#include "policy/plan.h"

#include <sys/types.h>

struct pw_loop;
struct pw_context;
struct graph;
struct config;

struct graph_events {
	/** Connected and synced for the first time (@up), or PipeWire is gone. */
	void (*state)(void *data, bool up);
	/** Something of the snapshot changed; take a new one. Coalesced: once a loop iteration. */
	void (*changed)(void *data);
};

/** Which local endpoints exist now. */
struct graph_endpoints {
	bool handset; /* an earpiece of its own */
	bool speaker; /* any internal output */
	bool wired;   /* plugged */
};

/**
 * graph_new() - follow PipeWire, connecting now and again whenever it comes back
 * @loop:   must outlive the graph; pw_init() has been called
 * @events: borrowed for the graph's life; never called from inside a function of this header
 *
 * Without a PipeWire this succeeds, and state() tells that there is none.
 *
 * Return: 0, -ENOMEM, or what libpipewire said.
 */
int graph_new(struct pw_loop *loop, const struct graph_events *events, void *data,
	      struct graph **ret);
/** NULL-safe; returns NULL. What we set is left as it is. */
struct graph *graph_free(struct graph *graph);

/** What nodes are configured to be; borrowed for the graph's life, before the loop runs. */
void graph_set_config(struct graph *graph, const struct config *config);

bool graph_up(const struct graph *graph);
/** Is a session manager there (by its "default" metadata)? Without one, the cards and nodes that it
 * makes are missing, whatever is plugged. */
bool graph_session(const struct graph *graph);
void graph_endpoints(const struct graph *graph, struct graph_endpoints *ret);

/** A program cancels echo: nodes of PipeWire's module for it, or named like them, are there. */
bool graph_cancels_echo(const struct graph *graph);

/** Which process's streams belong to a call with sound now; replaces the list before. At most 64.
 * Ids of processes, as PipeWire knows them (application.process.id, pipewire.sec.pid). */
void graph_set_call_processes(struct graph *graph, const pid_t *pids, size_t n);

/** Programs in sandboxes, and phones (TALK_PHONE), whose streams belong to a call with sound now, in place of
 * the list before. At most 64, each shorter than TALK_NAME_SIZE; copied. */
void graph_set_call_apps(struct graph *graph, const char *const *apps, size_t n);

/** Of those, the processes and the programs in sandboxes whose streams are silenced, both ways, for as long
 * as they are listed: they know nothing of being held. As the two above. */
void graph_set_silent_processes(struct graph *graph, const pid_t *pids, size_t n);
void graph_set_silent_apps(struct graph *graph, const char *const *apps, size_t n);

/** Whether a call is one of this machine's modem: then the streams of programs that carry a modem's sound
 * between two sound cards belong to it (talks.c). */
void graph_set_cellular(struct graph *graph, bool cellular);

/**
 * graph_talks() - programs whose streams are those of a call (talks.c); returns how many
 * It begins and ends a while after its streams do, so that streams that are opened one after the
 * other, or anew in its midst, are one call. Of no interest to graph_set_call_processes().
 * @ret: borrowed until the loop runs again; at most GRAPH_MAX_TALKS
 */
size_t graph_talks(const struct graph *graph, const struct talk **ret);
#define GRAPH_MAX_TALKS 16

/**
 * graph_call_ended() - a call has ended that was known otherwise than by its streams
 * @pids: its processes, up to the first that is 0, or @n
 * @app:  its sandbox or phone, or ""
 * Streams of these programs that are there, or come within 3 s, are left over from it: they are no talk
 * until all of them are gone.
 */
void graph_call_ended(struct graph *graph, const pid_t *pids, size_t n, const char *app);

/** The snapshot; borrowed until the loop runs again or an action is carried out. */
const struct plan_snapshot *graph_snapshot(struct graph *graph);

/** What another program chose on a card (X9); see picks.c for how it is told. */
struct graph_pick {
	uint32_t card;        /* global id */
	route_device device;  /* a Bluetooth card's: its mode was chosen; 0: a port was */
	bool headset_mode;    /* .device is in headset mode now; else it has left it */
	uint32_t port_device; /* as in struct plan_port */
	uint32_t port;        /* index of EnumRoute */
};

/** The next choice that was not told yet; false where there is none. */
bool graph_next_pick(struct graph *graph, struct graph_pick *ret);
/** A further event has decided: ports that were chosen do not stand against the plan any more. */
void graph_forget_picks(struct graph *graph);

/** Carry out actions, in order; requests go out at once (pw_core's socket is flushed). */
void graph_act(struct graph *graph, const struct plan_action *actions, size_t n);

/**
 * graph_verified() - is the sound of the call where @plan says, by links and not by wishes?
 * True where the streams of the call are linked to the plan's nodes and to no other endpoint, and in each
 * direction one of them is linked, if there is one that the session manager is to link. Who else listens
 * to a stream (a recorder, a meter) is no matter. A call without streams is verified when the endpoint's
 * nodes exist.
 */
bool graph_verified(const struct graph *graph, const struct plan *plan);

/** As graph_verified(), of the streams alone, and each of them is linked. */
bool graph_moved(const struct graph *graph, const struct plan *plan);

/** What is seen instead, in words, of the first stream that is not where @plan says; "" where all are.
 * Printable ASCII. */
void graph_explain(const struct graph *graph, const struct plan *plan, char *ret, size_t n);

/**
 * graph_relink() - ask the session manager again for links that it has given up on
 *
 * Of streams of the call that have had their target for a second, and no link to it. Of those that have
 * one, links to other endpoints from before are taken away after a second.
 * @busy: it stands still for a sound link now, and has its second afterwards.
 * Returns when to call again (monotonic, ms), UINT64_MAX for not before the graph changes.
 */
uint64_t graph_relink(struct graph *graph, const struct plan *plan, uint64_t now_ms, bool busy);

/**
 * graph_reread() - read the profile of cards that do not show the one they were asked for
 *
 * Where a client asks PipeWire for a card's parameter that has just changed, and goes away at once, others
 * may be answered with what was before.
 * Returns when to call again (monotonic, ms), UINT64_MAX for not before a profile is asked for.
 */
uint64_t graph_reread(struct graph *graph, uint64_t now_ms);

/** Switch a Bluetooth card off; the plan switches it on again. For a card whose nodes take a sound link
 * that was refused for one that they have: PipeWire's hsphfpd backend does (0.3.65), and never asks
 * again. What was found before is still given back. */
void graph_restart_card(struct graph *graph, route_device device);

/**
 * graph_keeps_errors() - does a headset's endpoint stay in error after each of its sound links?
 *
 * By the version of the PipeWire that is there, false before it is known. Since 1.5.81 (the last one read is
 * 1.6.8) a card that leaves headset mode gives its link back before its sink stops, which the sink
 * takes for a failure. Where the next link is wanted by two streams at once, the second is told of that.
 */
bool graph_keeps_errors(const struct graph *graph);

/** How often a headset's output has begun to run, for @node of the plan; 0 while it does not. */
uint32_t graph_runs(const struct graph *graph, uint32_t node);

/** A sound link has to wait until the headset's output runs: that of PipeWire 0.3.70 to 1.5.80 may lose its
 * only buffer where it starts after the link, and be silent until it stops. Older ones stand still until the link
 * is up, so that none would ever run. */
bool graph_wants_output_first(const struct graph *graph);

/** Software mute of the call's capture streams (X8). */
void graph_set_muted(struct graph *graph, bool muted);

/**
 * graph_listen() - find out whether anything comes from a microphone
 * @source: global id of the source that the call is to record from; PLAN_NONE: of no interest any more
 * @linked: it is what the call records from now; begins once that is so
 *
 * Begins anew only where @source is another than before.
 */
void graph_listen(struct graph *graph, uint32_t source, bool linked);
/** For 2 s and more in which it ran, nothing but zeros has come from there, or nothing at all. changed() tells,
 * also of the end. */
bool graph_hears_nothing(const struct graph *graph);

/** Monotonic time, in ns, of the last request sent to PipeWire; 0 for none. */
uint64_t graph_last_request_ns(const struct graph *graph);

#endif
