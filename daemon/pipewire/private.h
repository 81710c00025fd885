/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the files of this folder share. The model to hold in mind:
 *
 * - Every global that matters has a struct that begins with a struct global; graph->globals finds
 *   it by id. What does not matter (video, ports, factories) leaves no trace.
 * - Cards stay bound, and so do the outputs of headsets, which are there in headset mode. Any other node,
 *   and the client behind a stream, is bound until it has told its properties once, so that an idle daemon
 *   is not woken by other programs' streams.
 *   A stream with a call's role stays bound while it is there: whether it runs is what tells a call.
 * - Two things can become stale: the endpoints (cards, ports, nodes of the snapshot) and the
 *   streams of the call. A stream of no call makes neither stale.
 */
#ifndef CALLROUTE_PIPEWIRE_PRIVATE_H
#define CALLROUTE_PIPEWIRE_PRIVATE_H

#include "graph.h"

#include <pipewire/pipewire.h>
/* needs the one before */
#include <pipewire/extensions/metadata.h>

#define GRAPH_MAX_GLOBALS 32768
#define GRAPH_MAX_CARDS 256
#define GRAPH_MAX_NODES 4096
#define GRAPH_MAX_STREAMS 4096
#define GRAPH_MAX_PIDS 64
#define GRAPH_NAME_SIZE 256
#define CARD_MAX_PROFILES 256
#define CARD_MAX_ROUTES 128
#define CARD_MAX_ACTIVE 32
/** What was asked of PipeWire is not asked again for so long while its effect is awaited. */
#define GRAPH_ECHO_NS UINT64_C(200000000)

enum global_type {
	GLOBAL_CARD,
	GLOBAL_NODE,
	GLOBAL_STREAM,
	GLOBAL_CLIENT,
	GLOBAL_LINK,
	GLOBAL_METADATA,
	GLOBAL_TYPES,
};

struct global {
	struct graph *graph;
	struct spa_list link; /* in graph->lists[type] */
	enum global_type type;
	uint32_t id;
	bool settled; /* its properties are known */
	struct pw_proxy *proxy;
	struct spa_hook listener;
};

/* ---- cards ---------------------------------------------------------------------------------- */

enum profile_class { PROFILE_OTHER, PROFILE_OFF, PROFILE_HFP, PROFILE_A2DP, PROFILE_VOICE };

struct card_profile {
	uint32_t index;
	int32_t priority;
	enum profile_class class;
	bool available;
	bool saved; /* of the one in force: whoever set it wants it remembered */
};

/** What PipeWire calls "port.type", as far as it tells an endpoint. */
enum port_type {
	PORT_UNKNOWN,
	PORT_SPEAKER,
	PORT_HANDSET,
	PORT_HEADPHONES,
	PORT_HEADSET,
	PORT_MICROPHONE,
	PORT_DIGITAL, /* HDMI and S/PDIF: outputs, but seldom where a call belongs */
};

struct card_route {
	uint32_t index;
	int32_t priority;
	enum port_type type;
	bool capture;
	enum spa_param_availability available;
	uint64_t devices;                          /* bit i: serves card.profile.device i */
	uint64_t profiles[CARD_MAX_PROFILES / 64]; /* bit i: usable in profile i */
};

struct card_active {
	uint32_t device;
	uint32_t route;
	bool saved;  /* as a profile's */
	bool picked; /* another program's choice (X9), which stays until the next event */
	bool untold; /* .picked, and the engine does not know yet */
};

/** A port that was active before our first change, to be given back. */
struct card_found {
	uint32_t device;
	uint32_t found;
	uint32_t set;
	bool seen; /* .set has been active */
	uint64_t sent_ns;
};

enum card_param { CARD_PROFILES, CARD_PROFILE, CARD_ROUTES, CARD_ACTIVE, CARD_PARAMS };

/** A param that is being listed; it replaces what is known when the list is complete. */
struct card_listing {
	uint32_t flags; /* as last told in the card's info */
	int seq;        /* of our request */
	int sync;       /* that ends it */
	bool asked;
	bool again; /* it changed since */
	uint32_t n;
	uint32_t size;
	void *items;
};

enum form_factor {
	FORM_UNKNOWN,
	FORM_INTERNAL,
	FORM_SPEAKER,
	FORM_HANDSET,
	FORM_HEADSET,
	FORM_MICROPHONE
};

struct card {
	struct global global;
	route_device bluetooth;
	enum form_factor form_factor;
	uint32_t profile;
	uint32_t profile_found;
	bool unsettled;        /* .profile_found was nobody's choice yet, the card had just come */
	uint64_t since_ns;     /* when it came */
	bool recorded;         /* as in struct target */
	uint32_t profile_sent; /* asked for and not seen yet, or PLAN_NONE */
	uint64_t profile_sent_ns;
	uint64_t profile_first_ns; /* when that one was sent first */
	unsigned int rereads;      /* of the profile, since then */
	uint32_t outdated;         /* told since then, and denied by the nodes; or PLAN_NONE */
	bool picked;         /* the mode in force is another program's choice, which the engine does
			      * not know yet */
	uint64_t cause_ns;   /* when something last made the session manager choose by itself */
	uint32_t given_back; /* the profile that was found, after a call; PLAN_NONE before one */
	uint64_t given_back_ns;
	uint32_t n_profiles;
	uint32_t n_routes;
	uint32_t n_active;
	uint32_t n_found;
	struct card_profile *profiles;
	struct card_route *routes;
	struct card_active *active;
	struct card_found found[CARD_MAX_ACTIVE];
	struct card_listing listing[CARD_PARAMS];
	uint32_t index; /* in the snapshot */
};

int card_new(struct graph *graph, uint32_t id, const struct spa_dict *props);
void card_free(struct card *card);
/** A sync was answered: commit what is complete. */
void card_synced(struct card *card, int seq);
bool card_busy(const struct card *card);
/** Ask for the profile in force, again. */
void card_read_profile(struct card *card);
/** Where its nodes are of the mode that was asked for, and it tells another one: it is the nodes', while they
 * are there. */
void card_believe_nodes(struct card *card);
/** The route that is active on @device, or PLAN_NONE. */
uint32_t card_active_route(const struct card *card, uint32_t device);
/** The profile in force is the one that we asked for, or does for it. */
bool card_shows_what_was_asked(const struct card *card);
/** The profile that we asked for and that may still come, or PLAN_NONE. */
uint32_t card_profile_asked(const struct card *card);
const struct card_profile *card_find_profile(const struct card *card, uint32_t index);
/** The best available profile of a class, the one in force first; or PLAN_NONE. */
uint32_t card_best_profile(const struct card *card, enum profile_class class);
bool card_route_usable(const struct card *card, const struct card_route *route, uint32_t device);

/** picks.c: another profile than @before is in force, set to be remembered or not. */
void picks_profile(struct card *card, uint32_t before, bool saved);
/** The @n active ports in @now are to replace the card's. */
void picks_ports(struct card *card, struct card_active *now, uint32_t n);
/** The active port of @device is another program's choice. */
bool picks_stands(const struct card *card, uint32_t device);
/** A stream began to record, or stopped. */
void picks_capture(struct graph *graph, bool began);
/** Something makes the session manager choose a card's profile and ports. */
void picks_card_cause(struct card *card);

/* ---- nodes: sinks and sources --------------------------------------------------------------- */

struct node {
	struct global global;
	uint64_t serial;
	char *name;
	bool capture;
	bool hardware;      /* not a filter, a tunnel or a null sink */
	bool bluetooth_hfp; /* by its own profile property */
	bool bluetooth_a2dp;
	bool hidden; /* configured to be no endpoint */
	bool cancels_echo;
	route_device bluetooth;
	unsigned int marked; /* kinds, 1u << enum route_kind: by configuration or by property */
	uint32_t card_id;    /* PLAN_NONE without a card */
	uint32_t device;     /* card.profile.device, or PLAN_NONE */
	uint32_t port;       /* of a source: the first one, or PLAN_NONE */
	int32_t priority;
	enum form_factor form_factor;
	uint64_t since_ns; /* when it came */
	bool running;      /* known of a headset's output only */
	uint32_t starts;   /* how often it has begun to */
};

int node_new(struct graph *graph, uint32_t id, bool capture, const struct spa_dict *props);
/** A port, perhaps one of a source. */
void node_port(struct graph *graph, uint32_t id, const struct spa_dict *props);
void node_free(struct node *node);
/** Whether the node could serve an endpoint at all. */
bool node_is_endpoint(const struct node *node);

/* ---- streams, their clients and links -------------------------------------------------------- */

struct client {
	struct global global;
	struct spa_list streams;
	pid_t sec_pid;
	pid_t app_pid;
	bool pulse; /* pipewire-pulse's, for a program: .sec_pid is pipewire-pulse */
	char *app;  /* of the sandbox; NULL without one */
	struct pw_properties *props; /* of the program, for the configuration; may be NULL */
	bool asked;
};

/** Streams of one program that are, by their role, of a call. */
struct program {
	struct spa_list link; /* in graph->programs */
	struct spa_list streams;
	struct talk talk;
	bool talking;
	bool over;     /* its streams are left over from a call that has ended */
	bool changing; /* what its streams tell now is not .talking, since .since_ns */
	uint64_t since_ns;
};

/** What we know and did about "target.object" and "target.node" of one stream. */
struct target {
	char *object; /* values in the metadata now, NULL for none */
	char *node;
	char *found_object; /* before us */
	char *found_node;
	uint64_t set;        /* the serial we set, 0 for none */
	uint64_t moved_from; /* the serial we had set, where another program replaced it */
	uint64_t sent_ns;    /* when .set was last sent */
	uint64_t detour;     /* the serial whose echo is not to be taken for a move, 0 for none */
	bool confirmed;      /* the metadata has shown ours */
	bool reached;        /* the stream has been linked to what we set */
	bool unsaved;        /* and then restores what the session manager had saved */
	char *record;        /* an earlier process' note */
	bool recorded;       /* ours is written; no note is read any more */
	bool clearing; /* a deletion of ours is under way: until then .object is what we had set */
	bool object_read; /* told, since the metadata is being read again */
	bool node_read;
};

enum mute_state {
	MUTE_OFF,
	MUTE_ASKING, /* muted, and what was found is still to be told */
	MUTE_ON,
	MUTE_LIFTING, /* not muted; a mute of ours that somebody saved is to be lifted */
};

#define MUTE_MAX_NAMES 8

/** Whose call, known otherwise than by its streams, ended lately. */
struct ended {
	pid_t process;
	char app[TALK_NAME_SIZE];
	uint64_t ended_ns;
};
#define GRAPH_MAX_ENDED 16

struct stream {
	struct global global;
	struct spa_list client_link; /* in client->streams, where there is one */
	struct spa_list kept_link;   /* in graph->kept, while .kept */
	struct spa_list ends;        /* of struct link_end */
	struct client *client;
	uint64_t serial;
	char *name;
	char *phone; /* TALK_PHONE and its address, where it is a phone's sound, else NULL */
	pid_t app_pid;
	struct program *program; /* where it is of a call by its role, else NULL */
	struct spa_list program_link;
	bool running;
	bool linked;    /* has been, since it came */
	bool restored;  /* the session manager gave it a saved target over ours */
	bool by_itself; /* the program links it, the session manager does not */
	bool capture;
	bool fixed; /* is not ours to move: a monitor, or one that must not be reconnected */
	bool carries_modem; /* the sound of a modem, to or from where calls are */
	bool in_call;
	bool silent; /* in the call, and of a program that is silenced */
	bool kept;   /* in the call, or with a target of ours */
	enum mute_state mute;
	bool mute_found;
	bool mute_doubted;  /* what is found may be ours, from before */
	bool mute_recorded; /* as in struct target */
	bool mute_left;     /* muted by an earlier process, which found .mute_left_found */
	bool mute_left_found;
	struct target target;
	uint64_t unlinked_ms; /* since when it has its target and no link to it, 0 where it has */
	unsigned int relinks; /* how often that was answered, since it was linked */
	uint64_t left_ms;     /* since when a link of before its target stays, 0 without one */
};

struct link;

struct link_end {
	struct spa_list link; /* in stream->ends, in the order in which they came */
	struct stream *stream;
	const struct link *of;
	uint32_t peer;
};

struct link {
	struct global global;
	struct link_end ends[2];
};

int stream_new(struct graph *graph, uint32_t id, bool capture, const struct spa_dict *props);
void stream_free(struct stream *stream);
/** Decide anew whether the stream belongs to the call. */
void stream_update_call(struct stream *stream);
/** Decide anew whether the stream is of interest, after its target was set or cleared. */
void stream_update_kept(struct stream *stream);
int client_new(struct graph *graph, uint32_t id, const struct spa_dict *props);
void client_free(struct client *client);
int link_new(struct graph *graph, uint32_t id, const struct spa_dict *props);
void link_free(struct link *link);
bool link_end_is_at_endpoint(const struct link_end *end);
bool stream_is_linked_to(const struct stream *stream, uint32_t node);
/** The first of its links to another endpoint than @node, or NULL. What else there is (a recorder, a
 * meter, a filter) is no place where a call could be. */
const struct link_end *stream_other_endpoint(const struct stream *stream, uint32_t node);

/** Whose it is: by the sandbox's name, by process, or both; 0 and NULL where unknown. */
void stream_owner(const struct stream *stream, pid_t *ret_process, const char **ret_app);
/** Bind it, for as long as there is something to be told; NULL on failure. */
struct pw_node *stream_bind(struct stream *stream);
/** Let go where there is nothing. */
void stream_release(struct stream *stream);

/** talks.c: its properties are known now; @props of its node. */
void talk_stream(struct stream *stream, const struct spa_dict *props);
/** It runs, or not; it has links, or none; it goes away. */
void talk_changed(struct stream *stream);
void talk_leave(struct stream *stream);
int talks_init(struct graph *graph);
/** All that there is from the start has come. */
void talks_start(struct graph *graph);
void talks_done(struct graph *graph);

void stream_mute_param(struct stream *stream, uint32_t id, const struct spa_pod *pod);
/** Mute it, or give back what was found, as its call is. */
void stream_update_mute(struct stream *stream);
/** Give back what an earlier process muted, once the stream's properties are known. */
void stream_mute_adopt(struct stream *stream);
/** The stream goes away: note where it does so while muted by us. */
void stream_mute_gone(struct stream *stream);

/* ---- metadata and targets ---------------------------------------------------------------------- */

int metadata_new(struct graph *graph, uint32_t id, const struct spa_dict *props);
void metadata_free(struct global *metadata);
/** Changes may have been lost: read all of its properties again, as soon as the loop runs. */
void metadata_read_again(struct graph *graph);
/** Begin that, where it is wanted; soon, where it has just been done. */
void metadata_read(struct graph *graph);
/** A sync was answered: what a reading did not tell is not there. */
void metadata_synced(struct graph *graph, int seq);
/** A change was asked for: look for it, where it would not be told. */
void metadata_suspect(struct graph *graph);
/** The stream is linked to @node: where it has been at its target, look whether another program moved it. */
void metadata_linked(struct stream *stream, uint32_t node);
void target_done(struct target *target);
/** The serial that the metadata names now, or 0. */
uint64_t target_serial(const struct stream *stream);
uint64_t target_found_serial(const struct stream *stream);
bool target_is_ours(const struct target *target);
void target_set(struct stream *stream, uint64_t serial);
/** Name @detour, and at once what was set again; the plan and X9 see nothing of it. */
void target_detour(struct stream *stream, uint64_t detour);
void target_clear(struct stream *stream);

/* ---- notes for the next process ------------------------------------------------------------------ */

/** Each writes what is to be given back now, or that nothing is. */
void record_target(struct stream *stream);
void record_mute(struct stream *stream);
void record_profile(struct card *card);
/** @found NULL: nothing. */
void record_port(struct card *card, uint32_t device, const struct card_found *found);
/** A property of the metadata, which may be a note. */
void record_read(struct graph *graph, uint32_t subject, const char *key, const char *value);
void record_adopt_target(struct stream *stream);

/* ---- the microphone ----------------------------------------------------------------------------- */

struct listen;
/** Owned by graph->listen, also where this fails. */
int listen_new(struct graph *graph);
void listen_free(struct graph *graph);
/** A port has come, perhaps that of the one who listens. */
void listen_port(struct graph *graph, uint32_t id, const struct spa_dict *props);

/* ---- the whole ---------------------------------------------------------------------------------- */

/** Programs by process, or by their sandbox' name. */
struct programs {
	pid_t pids[GRAPH_MAX_PIDS];
	size_t n_pids;
	char apps[GRAPH_MAX_PIDS][TALK_NAME_SIZE];
	size_t n_apps;
};

enum default_node { DEFAULT_SINK, DEFAULT_SOURCE, DEFAULT_NODES };

struct graph {
	struct pw_loop *loop;
	const struct graph_events *events;
	void *data;
	const struct config *config;
	struct pw_context *context;
	struct spa_source *timer; /* to connect again */
	struct spa_source *answer_timer;
	int answer_sync;         /* whose answer is waited for with it */
	struct spa_source *wake; /* deferred work: changed(), or a lost connection */
	unsigned int delay_ms;

	struct pw_core *core;
	struct spa_hook core_listener;
	struct pw_registry *registry;
	struct spa_hook registry_listener;
	struct pw_metadata *metadata;
	bool deaf;                            /* an echo of ours was lost, and more may be */
	bool read_wanted;                     /* of the metadata's properties, anew */
	uint64_t read_again_ns;               /* not before */
	bool reading;                         /* and that is under way */
	int reading_sync;                     /* which ends it */
	bool default_read[2 * DEFAULT_NODES]; /* told, since then */

	bool keeps_errors; /* see graph_keeps_errors() */
	struct listen *listen;

	int sync;            /* the start's; later only for cards' listings */
	unsigned int rounds; /* of syncs since the start */
	bool up;
	bool told; /* state() has been called once */
	bool lost;
	bool changed;
	bool muted;
	bool full;         /* a bound was met and logged */
	bool output_first; /* graph_wants_output_first() */
	uint64_t last_request_ns;
	uint64_t began_ns;      /* when a stream last began to record */
	uint64_t stopped_ns[2]; /* and when streams last stopped, the latest first */

	struct global **globals; /* by id */
	uint32_t size;
	uint32_t count[GLOBAL_TYPES];
	struct spa_list lists[GLOBAL_TYPES];
	struct spa_list kept; /* of streams */
	char default_configured[DEFAULT_NODES][GRAPH_NAME_SIZE];
	char default_now[DEFAULT_NODES][GRAPH_NAME_SIZE];

	/* names of streams that went away while muted by us, a ring */
	char muted_names[MUTE_MAX_NAMES][GRAPH_NAME_SIZE];
	unsigned int next_muted_name;
	bool role_muted[2]; /* by .capture: the session manager may have saved a mute of ours for
			     * every stream with a call's role */

	struct programs called; /* in calls */
	struct programs silent; /* those of them that are silenced */
	bool cellular;          /* and those that carry a modem's sound */

	struct spa_list programs;
	struct spa_source *talk_timer;
	uint64_t talk_timer_ns; /* UINT64_MAX: not armed */
	uint64_t up_ns;         /* since when .up */
	struct talk talks[GRAPH_MAX_TALKS];
	size_t n_talks;
	struct ended ended[GRAPH_MAX_ENDED]; /* a ring */
	unsigned int next_ended;

	bool stale_endpoints;
	bool stale_streams;
	struct plan_snapshot snapshot;
	struct plan_card *cards;
	struct plan_port *ports;
	struct plan_node *nodes;
	int64_t *ranks; /* of nodes */
	struct plan_stream *streams;
	size_t cards_size, ports_size, nodes_size, ranks_size, streams_size;
};

/** Give a new struct of @size bytes its place among the globals, or NULL: out of memory, an id or
 * a count out of bounds. */
void *global_new(struct graph *graph, enum global_type type, uint32_t id, size_t size);
void global_free(struct global *global);
void *global_find(const struct graph *graph, enum global_type type, uint32_t id);
/** Bind; the listener is the caller's to add. NULL on failure. */
struct pw_proxy *global_bind(struct global *global, const char *type, uint32_t version);
/** Let the proxy go; the global stays known. */
void global_unbind(struct global *global);
/** The properties are known now. */
void global_settle(struct global *global);

void registry_start(struct graph *graph);
/** Forget all globals. */
void registry_stop(struct graph *graph);

void graph_endpoints_changed(struct graph *graph);
void graph_streams_changed(struct graph *graph);
/** Connect anew where PipeWire does not answer soon. It takes nothing more, for ever, from a client that was
 * binding the metadata as the session manager went away: it was to answer that (module-metadata, 0.3.65 to
 * 1.6.8: a bound resource is let go before its client is not "busy" any more). */
void graph_expect_answer(struct graph *graph);
/** metadata_read() once more after @ns. */
void graph_wake_in(struct graph *graph, uint64_t ns);
/** Who talks is another list now. Unlike the others, also told while PipeWire is gone. */
void graph_talks_changed(struct graph *graph);
/** A request goes out: note the time. */
void graph_requested(struct graph *graph);
uint64_t graph_now_ns(void);

/** Room for one more element of @size bytes in a growable array of @n. */
int graph_grow(void *array, size_t *size, size_t n, size_t element);

/* values in properties */
uint32_t props_u32(const struct spa_dict *props, const char *key, uint32_t otherwise);
uint64_t props_u64(const struct spa_dict *props, const char *key, uint64_t otherwise);
pid_t props_pid(const struct spa_dict *props, const char *key);
bool props_bool(const struct spa_dict *props, const char *key);
char *props_copy(const struct spa_dict *props, const char *key);

#endif
