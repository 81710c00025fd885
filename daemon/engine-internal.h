/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the engine's files share. engine.c settles and keeps the requests; engine-calls.c keeps the
 * calls and speaks with their sources; engine-headsets.c keeps the headsets and speaks with
 * bluetoothd, engine-acts.c is what headsets did, engine-three-way.c to one of several
 * calls, engine-audio.c speaks with the audio agent;
 * engine-dial.c speaks with who dials and listens; engine-view.c answers who asks what is.
 *
 * May be used by: daemon/engine*.c only.
 */
#ifndef CALLROUTE_ENGINE_INTERNAL_H
#define CALLROUTE_ENGINE_INTERNAL_H

#include "bluez/battery.h"
#include "config.h"
#include "engine-setup.h"
#include "engine.h"
#include "headset.h"
#include "hfp/ag.h"
#include "keep.h"
#include "pipewire/graph.h"
#include "policy/plan.h"
#include "sco/hsphfpd.h"
#include "sco/sco-listen.h"
#include "upower.h"

#define ENGINE_MAX_HEADSETS 32
#define ENGINE_MAX_ADAPTERS 16
#define ENGINE_MAX_REQUESTS 16
#define ENGINE_MAX_SENT PLAN_MAX_ACTIONS

/** How often an action of ours is sent. */
#define ACTION_MAX_TRIES 3u

struct call {
	uint32_t id;
	struct call_info info;
	const struct call_ops *ops;
	void *source;
	enum call_state told; /* the state that the source believes */
	uint64_t since_ms;
	bool conference; /* it was joined with another, and not taken out again */
	char answered_by[ROUTE_STRING_SIZE];
};

/** A Bluetooth device that the policy knows: a headset with an AT channel, or A2DP only. */
struct engine_device {
	route_device device;
	struct headset *headset;           /* NULL for A2DP only */
	struct hsphfpd_endpoint *endpoint; /* NULL before the service level connection */
	bool call_capable;                 /* the policy was told so */
	route_device adapter;              /* of its channel */
	enum device_kind kind;             /* when its channel came */
	bool resumed;                      /* its channel is older than this process */
	uint16_t version;                  /* of its record, 0 where unknown */
	unsigned int quirks;               /* hfp/quirks.h */
	bool in_band_ring;                 /* configured so; +BRSF promised it */
	bool wide_band;                    /* its endpoint offers mSBC */
	bool is_route;                     /* by the decision; for the codec's negotiation */
	bool codec_asked;                  /* of the gateway, for .wanted_codec */
	enum sco_codec wanted_codec;
	bool audio_wanted; /* the audio agent asked for the sound */
	bool turned_away;  /* it did so while the call's sound was elsewhere */
	bool incoming;     /* it opened a link, which the agent does not have yet */
	bool audio_up;
	enum sco_codec codec;    /* of the link that is up */
	uint64_t ask_ms;         /* 0, or when to ask for the channel of one that came without */
	bool asked;              /* once already */
	uint64_t renew_ms;       /* 0, or when to make the endpoint anew at the latest */
	uint64_t sco_closed_ms;  /* 0, or when to judge a closed link */
	unsigned int lost;       /* links, as the audio agent counts them */
	uint64_t lost_ms;        /* when the last of them was */
	uint64_t dial_ms;        /* 0, or when to go on with the link that is wanted */
	bool dial_awaits_output; /* sooner, once the headset's output runs */
	uint64_t up_ms;          /* when the link came up */
	uint64_t reopen_ms;      /* 0, or when QUIRK_DROPS_ONCE gets its second link */
	bool reopened;           /* it has had it, in this call */
	bool for_call;           /* the link was asked for while the call's sound went there */
	uint64_t unused_ms;      /* 0, or when a link that a call left counts as forgotten */
	uint64_t unseen_ms;      /* 0, or when its card counts as one without headset mode */
	uint32_t unseen_card;    /* for which the endpoint was renewed; 0 for none */
	uint32_t watched;  /* the run of its output that is watched, as graph_runs(); 0 for none */
	uint32_t sent;     /* packets, when that began */
	uint64_t watch_ms; /* 0, or when to see whether there are more */
	unsigned int restarts; /* of its card, for the sake of this call's sound */
	bool restarted;        /* and its link has not come up again */
	bool agent_failed; /* the audio agent was answered with an error, and has had no link since */
	int battery_percent;
	uint8_t speaker_gain;
	uint8_t microphone_gain;
	uint64_t button_ms;        /* HSP: the last press */
	struct provider *voice;    /* who listens to it, for voice recognition */
	char kept[KEEP_NAME_SIZE]; /* its channel's name in the service manager's store, or "" */
};

/** A headset's channel, as it comes from bluetoothd or from the process before this one. */
struct engine_channel {
	route_device device;
	route_device adapter;
	enum device_kind kind;
	enum bluez_profile profile;
	uint16_t version; /* of the device's record, 0 where unknown */
	int fd;
	const char *agreed; /* for ag_resume(), or NULL */
};

/** Links that headsets open to an adapter. */
struct engine_listener {
	route_device adapter;
	struct sco_listen *listen; /* NULL while there are phones, and where it could not be had */
};

/** A headset's volume, for its next connection. */
struct engine_gains {
	route_device device;
	uint8_t speaker;
	uint8_t microphone;
};

struct engine_request {
	struct route route;
	uint64_t deadline_ms;
	engine_done_fn done;
	void *data;
};

struct engine_sent {
	struct plan_action action;
	uint64_t since_ms; /* first wanted */
	uint64_t due_ms;
	unsigned int tries;
	bool wanted; /* still in the plan of this turn */
};

/** A device that was connected when the daemon ended; its place here is that of the connection. */
struct engine_resume {
	route_device device; /* 0: it is of no interest any more */
	bool call_capable;
	bool pending; /* it has not come back yet */
};

struct engine {
	struct pw_loop *loop;
	struct policy *policy;
	struct graph *graph;
	struct bluez *bluez;
	struct hsphfpd *hsphfpd;
	struct upower *upower;
	struct ag_status status; /* of this machine, for the headsets */
	char operator_name[64];  /* likewise */
	struct spa_source *timer;
	struct spa_source *afterwards;
	uint64_t armed_ms;

	struct call *calls[CALL_MAX];
	size_t n_calls;
	uint32_t last_call_id;

	struct provider *providers; /* the last added first */
	size_t n_providers;
	char last_dialled[CALL_PARTY_SIZE]; /* the party of the last outgoing call, or "" */

	struct engine_device devices[ENGINE_MAX_HEADSETS];
	size_t n_devices;
	struct engine_listener listeners[ENGINE_MAX_ADAPTERS];
	size_t n_listeners;
	size_t n_phones; /* whose hands-free unit another program here is */
	route_device narrow_band[ENGINE_MAX_HEADSETS]; /* mSBC failed with these; the oldest goes */
	size_t n_narrow_band;
	bool uncounted; /* a link was taken for silent while its adapter had never counted a packet */
	struct engine_gains gains[ENGINE_MAX_HEADSETS]; /* as they were left; the oldest goes */
	size_t n_gains;

	struct engine_request requests[ENGINE_MAX_REQUESTS];
	size_t n_requests;
	struct engine_sent sent[ENGINE_MAX_SENT];
	size_t n_sent;

	struct graph_endpoints local;
	bool graph_seen;        /* PipeWire was there once */
	bool session;           /* so is a session manager, at the last look */
	uint64_t session_at_ms; /* since when; 0 where it was there before us */
	uint64_t look_again_ms; /* UINT64_MAX, or when an endpoint that is missing now has gone */
	uint64_t graph_due_ms;  /* UINT64_MAX, or when links and cards are looked at again */
	struct route decided;   /* by the last decision */
	struct route verified;  /* what the graph has */
	enum policy_rule last_rule;
	struct plan plan;

	enum policy_routing routing;
	uint32_t auto_answer;
	struct engine_history history[ENGINE_HISTORY];
	size_t n_history;

	const struct config *config; /* NULL: nothing is configured */
	struct config_timeouts timeouts;
	struct state *state; /* NULL: nothing is saved */
	struct engine_resume resume[ENGINE_MAX_HEADSETS];
	size_t n_resume;
	uint64_t resume_until_ms;
	struct route resume_call; /* of the calls when the daemon ended, ROUTE_NONE without one */
	bool keeps;               /* there is a service manager that keeps descriptors */
	void (*left)(void *data); /* NULL, or told once all is given back */
	void *left_data;
	uint64_t leave_by_ms;
	bool leaving;
	bool told_left;

	struct wire wire;
	uint64_t
		answer_ns; /* when the bytes of an ATA were read, until its last request went out */

	void (*graph_state)(void *data, bool up);
	void *graph_state_data;
	void (*talks_changed)(void *data);
	void *talks_data;
	bool (*take_lost)(void *data, struct call *call);
	void *heir;
	const struct engine_observer *observer;
	void *observer_data;
	void (*changed)(void *data); /* the second observer */
	void *changed_data;
	bool settling;
	bool unsettled;
};

/** A refusal in words, for people. Static storage. */
const char *engine_outcome_words(enum policy_outcome outcome);
/** Take one event to the policy, tell the sources, and settle. */
enum policy_outcome engine_event(struct engine *engine, struct policy_event *event);
/** Compute and carry out what is missing; safe to call at any time. */
void engine_settle(struct engine *engine);
/** Wait until the decided route is in force, or fail; calls @done now where it is. */
void engine_request(struct engine *engine, engine_done_fn done, void *data);

/** engine-graph.c: what PipeWire shows, as events. An endpoint that a restarting session manager has
 * taken away is missed only at .look_again_ms. */
void engine_observe_graph(struct engine *engine);
/** The programs whose streams belong to calls with sound. */
/** A call is one of this machine's modem, and has sound or has it again soon. */
bool engine_is_cellular(const struct engine *engine);
void engine_set_call_programs(struct engine *engine);

/** engine-calls.c: tell the sources where the policy's states differ from theirs. */
void engine_sync_calls(struct engine *engine);
/** Answer on behalf of a headset (or 0: this machine). */
enum policy_outcome engine_answer_from(struct engine *engine, struct call *call,
				       route_device device);
enum policy_outcome engine_call_event(struct engine *engine, enum policy_event_type type,
				      struct call *call);
struct call *engine_call_in(const struct engine *engine, enum call_state state);

/** engine-headsets.c: show the calls to every headset, flush what they have to say. */
bool engine_shows_call(const struct engine *engine, const struct engine_device *entry,
		       const struct call *call);
void engine_show_calls(struct engine *engine);
void engine_flush_headsets(struct engine *engine);
struct engine_device *engine_device(struct engine *engine, route_device device);
/** Tell the policy of a device that connects, or connects as something else. */
void engine_tell_connected(struct engine *engine, struct engine_device *entry, bool call_capable);

/** Ask for the hands-free channels of devices that came without; when the next is due, UINT64_MAX for
 * never. */
uint64_t engine_ask_for_channels(struct engine *engine, uint64_t now_ms);

/** engine-acts.c: struct headset_events' event(). */
void engine_headset_event(void *data, struct headset *headset, const struct ag_event *event);
/** The result of its command, written at once. */
void engine_finish_headset(struct headset *headset, enum ag_result result);

/** engine-three-way.c: AT+CHLD and AT+CHUP, which ask for a result. */
void engine_headset_holds(struct engine *engine, struct engine_device *entry,
			  const struct ag_event *event);
void engine_headset_hangs_up(struct engine *engine, struct engine_device *entry, uint32_t id);
/** It talks, or waits, together with others. */
bool engine_in_conference(const struct engine *engine, const struct call *call);

/** engine-dial.c: ATD, AT+BLDN and AT+BVRA, which ask for a result. */
void engine_headset_dials(struct engine *engine, struct engine_device *entry,
			  const struct ag_event *event);
/** The button of a headset without AT+BLDN. */
void engine_headset_redials(struct engine *engine, struct engine_device *entry);
/** A key was pressed: tell the observer. */
void engine_tell_key(struct engine *engine, route_device device, const char *key, bool used);
/** An outgoing call: remember its party. */
void engine_note_dialled(struct engine *engine, const struct call_info *info);
/** The headset goes: who listened to it is told. */
void engine_voice_lost(struct engine *engine, struct engine_device *entry);

/** engine-endpoint.c: a headset with its service level connection gets its endpoint, unless it has one. */
void engine_endpoint_new(struct engine *engine, struct engine_device *entry);
/** Whether it is one for wide band speech, too: by headset, configuration, and what failed. */
bool engine_offers_wide_band(const struct engine *engine, const struct engine_device *entry);
/** A new one in its place; an audio agent that waits is answered. */
void engine_renew_endpoint(struct engine *engine, struct engine_device *entry);
/** The same, but the card's nodes go before. */
void engine_renew_with_card(struct engine *engine, struct engine_device *entry);
/** From now on without it, and so is the endpoint. */
void engine_give_up_wide_band(struct engine *engine, struct engine_device *entry);
/** Start a headset's card anew (graph_restart_card()); that its link goes down with it is not the headset's
 * act. */
void engine_restart_card(struct engine *engine, struct engine_device *entry);
/** Headsets whose endpoints are to be made anew: once their cards are off, after too many links in a row,
 * because their link was forgotten or their endpoint rests in error; when to do so at the latest, UINT64_MAX
 * for never. */
uint64_t engine_renew_endpoints(struct engine *engine, uint64_t now_ms);
/** How long PipeWire 1.x goes on counting links that ended while they sent, also those that ended with their
 * call. The count is that of the endpoint. */
#define ENGINE_LOST_MS 6000u

/** engine-audio.c: what the org.hsphfpd service asks and tells. */
extern const struct hsphfpd_events engine_audio_events;
/** AG_EVENT_CODEC and AG_EVENT_CODECS. */
void engine_codec_settled(struct engine *engine, struct engine_device *entry, unsigned int codec);
void engine_codecs_changed(struct engine *engine, struct engine_device *entry);
/** Negotiate with the headset that has become the route, ahead of the audio agent's request. */
void engine_prepare_codec(struct engine *engine);
/** The audio agent was refused a link while the call's sound was elsewhere, and does not ask again by
 * itself: once all is linked, make it. */
void engine_ask_again(struct engine *engine);
/** Release the sound links that are being set up to a headset that is not the route any more. */
void engine_drop_stale_setups(struct engine *engine);
/** Links that wait for QUIRK_PAUSE; when the next is due, UINT64_MAX for none. */
uint64_t engine_dial_paused(struct engine *engine, uint64_t now_ms);
void engine_free_headsets(struct engine *engine);

/** What +COPS names where there is no network. */
#define ENGINE_OPERATOR "callroute"

/* ---- engine-links.c --------------------------------------------------------------------------- */

/** Take links that headsets open to this adapter, from now on. */
void engine_listen(struct engine *engine, route_device adapter);
void engine_listen_no_more(struct engine *engine);
/** Earliest time at which a headset's closed link is to be judged, UINT64_MAX for none; judges
 * those that are due. */
uint64_t engine_judge_closed_links(struct engine *engine, uint64_t now_ms);

/** How often a card is started anew for the sake of one call's sound. */
#define ENGINE_MAX_RESTARTS 3u

/** engine-silence.c: a sound link that is up and has no sound gets it; when to look again, UINT64_MAX for
 * not before something changes. */
uint64_t engine_watch_silence(struct engine *engine, uint64_t now_ms);

/** engine-status.c: what headsets are told of this machine. The system bus is there, or gone. */
void engine_status_begin(struct engine *engine, struct bus *bus);
void engine_status_end(struct engine *engine);
/** A new headset, before its first byte. */
void engine_tell_status(const struct engine *engine, struct headset *headset);
/** struct hsphfpd_events' battery(). */
void engine_battery_written(void *data, int percent);

/** engine-config.c: what is configured of a device; where it is not, .kind is bluetoothd's, and .quirks
 * those that are known. */
struct config_device engine_configured(const struct engine *engine, route_device device);
/** What an EVENT_CONNECT has besides .device and .call_capable. Once for each connection. */
void engine_complete_connect(struct engine *engine, struct policy_event *event);

/** engine-in-band.c: tell the headsets that may have the ring tone whether they do. */
void engine_promise_in_band(struct engine *engine);
/** The headset whose link has the ring tone of a call now, or NULL. */
struct engine_device *engine_rings_in_band(struct engine *engine);

/* ---- engine-plan.c ---------------------------------------------------------------------------- */

/** What is missing in the graph now, into .plan; of a machine without calls once the engine leaves. */
void engine_compute_plan(struct engine *engine);
/** Send the plan's actions that are not under way; .sent remembers them. */
void engine_carry_out(struct engine *engine, uint64_t now_ms);
/** When the next action of .sent is due, UINT64_MAX for none. */
uint64_t engine_send_again(const struct engine *engine);
/** The sound is where the plan says: links, and a sound link where the call has streams. */
bool engine_in_force(struct engine *engine);
/** While a call talks and its route is in force, its microphone is to be heard (graph_listen()). */
void engine_listen_to_microphone(struct engine *engine);

/** engine-keep.c: leave the headsets' channels with the service manager, as they are now. */
void engine_keep_channels(struct engine *engine);
/** One of them is there. */
bool engine_keeps_channels(const struct engine *engine);
/** A device's channel is closed, or about to be: it is not to outlive us. */
void engine_channel_closed(struct engine_device *entry);
/** engine-headsets.c: a connected headset. -errno where .fd is still the caller's. */
int engine_take_channel(struct engine *engine, const struct engine_channel *channel);

/** engine-state.c: save what differs from what was saved. */
void engine_save_settings(struct engine *engine);
void engine_save_memory(struct engine *engine);
/** The route that calls had when the daemon ended, while they may come back; else ROUTE_NONE. */
struct route engine_resumed_call(const struct engine *engine);
/** For EVENT_CONNECT's .resumed, once for each connection. */
uint32_t engine_resumed(struct engine *engine, route_device device, bool call_capable);

#endif
