/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The middle of the daemon: takes events to the policy, its decision with the graph's snapshot to
 * the planner, and the actions to whoever carries them out; tells headsets and observers what
 * changed. It runs until the plan is empty, and again when anything is observed.
 *
 * May be used by: daemon/main.c, daemon/api/, daemon/calls/.
 */
#ifndef CALLROUTE_ENGINE_H
#define CALLROUTE_ENGINE_H

#include "daemon/wire.h"
#include "policy/policy.h"
#include "policy/why.h"
#include "talk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct engine;
struct call;

/* ---- calls -------------------------------------------------------------------------------- */

#define CALL_MAX 64
#define CALL_PARTY_SIZE 128
#define CALL_MAX_PROCESSES 8

/** What a source of calls tells about one. Texts are copied, cut at a character's border. */
struct call_info {
	bool phone; /* kind "phone"; else "voip" */
	bool managed;
	bool video;
	bool incoming;
	bool alerting;   /* DIALING: it rings at the remote party */
	bool conference; /* it can be joined with others of its source that say so too */
	bool bare;       /* that it is there is all that its source knows */
	bool of_phone;   /* of a phone that this machine is the headset of, not of its own modem */
	enum call_state state;       /* INCOMING, DIALING, ACTIVE or HELD */
	route_device from;           /* dialled from this headset, or 0 */
	char party[CALL_PARTY_SIZE]; /* number or URI, "" where withheld */
	char name[CALL_PARTY_SIZE];
	pid_t processes[CALL_MAX_PROCESSES]; /* whose streams are the call's; 0 ends the list */
	char app[TALK_NAME_SIZE]; /* as in struct talk, whose streams are the call's, or "" */
	bool by_sound;            /* known by its streams alone: it has no party and no direction */
};

/** Which of two sources speaks for a call that both tell of (daemon/calls/same.h): the higher. */
enum call_rank {
	CALL_RANK_NONE,    /* its calls are never those of others */
	CALL_RANK_SOUND,   /* its streams alone */
	CALL_RANK_BARE,    /* only that there is one */
	CALL_RANK_PROGRAM, /* what its user sees it in, watched */
	CALL_RANK_MODEM,   /* what carries the call: it can hold what GNOME Calls cannot */
	CALL_RANK_API,     /* what its user sees it in, by its own word */
};

/** The outcome of something asked of a source: @error NULL, or an error's name (borrowed). */
typedef void (*call_done_fn)(void *data, const char *error);

/**
 * What a source of calls can do; a NULL member means that it cannot. Each tells the outcome through
 * @done, at once or later, exactly once; @done may be NULL.
 */
struct call_ops {
	enum call_rank rank;
	void (*answer)(struct call *call, void *source, call_done_fn done, void *data);
	void (*hangup)(struct call *call, void *source, call_done_fn done, void *data);
	void (*hold)(struct call *call, void *source, call_done_fn done, void *data);
	void (*unhold)(struct call *call, void *source, call_done_fn done, void *data);
	void (*send_dtmf)(struct call *call, void *source, const char *digits, call_done_fn done,
			  void *data);
	/** Make one conversation of the active @call and @with, which is held, and of the calls that
	 * either is joined with already. Not followed by unhold(). */
	void (*join)(struct call *call, void *source, struct call *with, call_done_fn done,
		     void *data);
	/** The call is over and forgotten after this; the source lets go of it. */
	void (*ended)(struct call *call, void *source);
};

/**
 * engine_call_add() - a call appears
 * @ops:    borrowed for the life of the call
 * Return: POLICY_OK with @ret, or why not.
 */
enum policy_outcome engine_call_add(struct engine *engine, const struct call_info *info,
				    const struct call_ops *ops, void *source, struct call **ret);

/** The source reports: the state changed outside (answered on this machine, held, ended). For
 * CALL_ENDED, @remote tells who ended it; the call is freed. */
enum policy_outcome engine_call_state(struct engine *engine, struct call *call,
				      enum call_state state, bool remote);

/** A source of lower rank has the call too, and knows more of its sound: .app and .of_phone of @info count,
 * where they were not known. */
void engine_call_sound(struct engine *engine, struct call *call, const struct call_info *info);

/**
 * engine_call_replace() - another source speaks for the call from now on
 * @info: .phone, .managed, .video and .from do not count; what it does not know of party, name and
 *        processes stays; its direction is the call's where that was known by its streams alone
 *
 * The one before is told ended(). The call stays in its state, or is active where @info says so of
 * one that was not answered yet.
 */
void engine_call_replace(struct engine *engine, struct call *call, const struct call_info *info,
			 const struct call_ops *ops, void *source);

/** The call's source has gone, the call perhaps not: the heir's @take goes on with it by
 * engine_call_replace() and returns true, or it ends, by the other side. */
void engine_call_lost(struct engine *engine, struct call *call);
/** Who is asked then; NULL: nobody. One is enough. */
void engine_set_heir(struct engine *engine, bool (*take)(void *data, struct call *call),
		     void *data);

/** It rings at the remote party of a call that is dialled; nothing changes for one that is not. */
void engine_call_alerting(struct engine *engine, struct call *call);

/** Number and name, as its source knows them now; of less than CALL_PARTY_SIZE bytes; copied. */
void engine_call_party(struct engine *engine, struct call *call, const char *party,
		       const char *name);

/** How a request ended: @error NULL when in force, else one of the names below. Exactly once. */
typedef void (*engine_done_fn)(void *data, const char *error, const char *message);

#define ENGINE_ERROR_TIMED_OUT "org.callroute.Error.TimedOut"
#define ENGINE_ERROR_SUPERSEDED "org.callroute.Error.Superseded"
/** "org.callroute.Error." with policy_outcome_name() behind it. Static storage. */
const char *engine_error_name(enum policy_outcome outcome);

/** Somebody here asks for it: the policy decides, and the source is told. @done when the route is
 * in force; it may be NULL. */
void engine_call_answer(struct engine *engine, struct call *call, engine_done_fn done, void *data);
void engine_call_hangup(struct engine *engine, struct call *call, engine_done_fn done, void *data);
void engine_call_hold(struct engine *engine, struct call *call, engine_done_fn done, void *data);
void engine_call_unhold(struct engine *engine, struct call *call, engine_done_fn done, void *data);
enum policy_outcome engine_call_prefer(struct engine *engine, struct call *call,
				       struct route route);

uint32_t call_id(const struct call *call);
const struct call_info *call_info(const struct call *call);
enum call_state call_state(const struct engine *engine, const struct call *call);
/** When it was added, in monotonic time. */
uint64_t call_since_ms(const struct call *call);
/** It is one conversation with others now. */
bool call_multiparty(const struct engine *engine, const struct call *call);
/** "" (not answered), "device", "headset:AA:…" or "auto". Borrowed. */
const char *call_answered_by(const struct call *call);
void *call_source(const struct call *call);
const struct call_ops *call_ops(const struct call *call);
struct call *engine_call_find(struct engine *engine, uint32_t id);
/** All calls, at most @max; returns how many there are. */
size_t engine_calls(const struct engine *engine, struct call **ret, size_t max);

/* ---- programs that talk, and may not have told ---------------------------------------------- */

/** All that do now; returns how many. @ret: borrowed until the loop runs again. */
size_t engine_talks(const struct engine *engine, const struct talk **ret);
/** @changed is told that they are others now; NULL: no more. One is enough. */
void engine_watch_talks(struct engine *engine, void (*changed)(void *data), void *data);

/* ---- providers: what a source of calls can do while it has none ---------------------------- */

struct provider;

#define PROVIDER_MAX 16

/** What it can; a NULL member means that it cannot. Each tells the outcome as those of call_ops do. */
struct provider_ops {
	/** A headset dials. @uri: "tel:" and what it sent, or what the last dialled call's party was;
	 * "" for the last that the source knows itself, where none is known here. The call that comes
	 * of it is added with .from = @from. */
	void (*dial)(void *source, const char *uri, route_device from, call_done_fn done,
		     void *data);
	/** A headset's key for voice recognition: its user wants to speak, or to stop (no longer
	 * asked then, but told; @done may be NULL). */
	void (*voice)(void *source, route_device from, bool on, call_done_fn done, void *data);
	bool joins; /* its calls will have .conference */
};

/**
 * engine_provider_add() - somebody can dial, or listens to voice keys
 * @ops: borrowed until engine_provider_free()
 *
 * Of several, the one that was added last is asked.
 * Return: 0, -ENOSPC above PROVIDER_MAX, -ENOMEM.
 */
int engine_provider_add(struct engine *engine, const struct provider_ops *ops, void *source,
			struct provider **ret);
/** It can no longer: the voice recognition that it has ends. NULL-safe; returns NULL. */
struct provider *engine_provider_free(struct engine *engine, struct provider *provider);
/** It has begun to listen to a headset by itself, or has stopped: POLICY_OK, POLICY_NO_SUCH_DEVICE,
 * or POLICY_WRONG_STATE where another provider listens to it. */
enum policy_outcome engine_provider_voice(struct engine *engine, struct provider *provider,
					  route_device device, bool on);

/* ---- the network ---------------------------------------------------------------------------- */

/** What a modem knows, for the headsets that ask. */
struct engine_network {
	bool service;
	bool roaming;
	uint8_t bars_0_5;
	char operator_name[64]; /* UTF-8; "" where it has none */
};
/** @network: copied; NULL: there is no modem, and headsets are told the best, as some do nothing at 0. */
void engine_set_network(struct engine *engine, const struct engine_network *network);

/** Is @address that of an adapter of this machine which headsets have connected to? */
bool engine_is_adapter(const struct engine *engine, route_device address);

/** A phone comes (@there) that another program here is the hands-free unit of, or goes. The sound links that
 * such phones open are that program's: while one is there, headsets cannot open links themselves. */
void engine_phone(struct engine *engine, bool there);

/* ---- the user ------------------------------------------------------------------------------ */

/** Pick a route (P4, P9). @done as above; a newer request ends this one as Superseded. */
void engine_set_route(struct engine *engine, struct route route, engine_done_fn done, void *data);
enum policy_outcome engine_set_muted(struct engine *engine, bool muted);
void engine_set_routing(struct engine *engine, enum policy_routing routing);
void engine_set_auto_answer(struct engine *engine, uint32_t seconds);
enum policy_routing engine_routing(const struct engine *engine);
uint32_t engine_auto_answer(const struct engine *engine);

/* ---- what is ------------------------------------------------------------------------------- */

const struct policy_decision *engine_decision(const struct engine *engine);
/** The route that the graph has, verified; follows the decision when it is in force. */
struct route engine_route(const struct engine *engine);
/** From the microphone of the call that talks, nothing has come since its route is in force: for 2 s or more. */
bool engine_hears_nothing(const struct engine *engine);

enum endpoint_kind {
	ENDPOINT_HEADSET,
	ENDPOINT_BLUETOOTH_SPEAKER,
	ENDPOINT_WIRED_HEADSET,
	ENDPOINT_HANDSET,
	ENDPOINT_SPEAKER,
};
/** "headset", "bluetooth-speaker", "wired-headset", "handset", "speaker". */
const char *endpoint_kind_to_string(enum endpoint_kind kind);

#define ENDPOINT_MAX 64

struct engine_endpoint {
	enum endpoint_kind kind;
	struct route route;               /* names it in requests */
	char name[250];                   /* UTF-8 */
	char address[ROUTE_ADDRESS_SIZE]; /* "" for those that are not Bluetooth */
	bool available;
	bool active; /* calls' sound is there now */
	bool call_capable;
	int battery_percent;   /* -1 while unknown */
	char air_codec[8];     /* "CVSD", "mSBC", "" without a sound link */
	int speaker_gain_0_15; /* -1 where it has none */
	int microphone_gain_0_15;
};
size_t engine_endpoints(const struct engine *engine, struct engine_endpoint *ret, size_t max);
/** POLICY_OK where @route, resolved as a pick of it would be, may carry the calls that there are
 * (without one: any call), or the refusal that a pick would get. */
enum policy_outcome engine_route_eligible(const struct engine *engine, struct route route);

/** What the decision rests on, and the rules that nearly applied; false where no rule has decided. */
bool engine_why(const struct engine *engine, struct policy_why *ret);

/** One decision of the past, newest first. */
struct engine_history {
	uint64_t realtime_ms;
	struct route from;
	struct route to;
	enum policy_rule rule;
	enum policy_rule via;
	const char *reason;
};
#define ENGINE_HISTORY 20
size_t engine_history(const struct engine *engine, struct engine_history *ret, size_t max);

/** The last lines on the headsets' AT channels, the oldest first, without anybody's number. */
size_t engine_wire(const struct engine *engine, struct wire_line *ret, size_t max);

/**
 * An observer is told that something may have changed, after the engine has settled, and compares
 * for itself. One is enough: the public API.
 */
struct engine_observer {
	void (*changed)(void *data);
	/** The calls' verified route changed. */
	void (*route_changed)(void *data, struct route old, struct route now, const char *reason,
			      enum policy_rule rule);
	/** A key of a headset: "button" (HSP's one), "dial", "memory", "redial" or "voice"; @used where
	 * something was done about it. */
	void (*headset_key)(void *data, route_device device, const char *key, bool used);
};
void engine_observe(struct engine *engine, const struct engine_observer *observer, void *data);
/** The same for a second one, which wants nothing but changed(); NULL ends it. */
void engine_observe_changes(struct engine *engine, void (*changed)(void *data), void *data);

#endif
