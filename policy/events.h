/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What each event does to the state. A handler first finds every reason to refuse, then changes; it
 * leaves media, deadline and the like to policy_handle(). Private to policy/.
 */
#ifndef CALLROUTE_EVENTS_H
#define CALLROUTE_EVENTS_H

#include "rules.h"

#define X3_TRIES 3u
#define X3_BETWEEN_MS 500u
#define X3_IN_ALL_MS 5000u
/* A failure so soon after the route was set is one of its first try, however long that hung; a later
 * one is of a link that had been up. */
#define X3_FIRST_TRY_MS 8000u
/* A try that was not reported as failed for so long has worked; the next failure counts anew. */
#define X3_FORGET_MS 30000u
/* A set-up lasts no longer than this where nothing was heard of it, and its echo comes within
 * it. */
#define X5_ECHO_MS 2000u

typedef enum policy_outcome event_handler(struct policy *policy, const struct policy_event *event);

event_handler event_call, event_answer, event_hangup, event_remote_hangup, event_hold, event_unhold;
event_handler event_prefer, event_broadcast, event_mute;
event_handler event_connect, event_disconnect, event_plug, event_unplug;
event_handler event_sco_open, event_sco_close, event_sco_fail;
event_handler event_pick, event_moved;

/** P8: answer what has rung long enough. */
void events_auto_answer(struct policy *policy);
/** When events_auto_answer() is due; UINT64_MAX: never. */
uint64_t events_auto_answer_deadline(const struct policy *policy);
/** X3: the next try runs, or there is no time left for it. */
void events_retry(struct policy *policy);
/** When events_retry() is due; UINT64_MAX: never. */
uint64_t events_retry_deadline(const struct policy *policy);

/** Ask the rules; the one place where the route changes. Nothing moves where none has anything to say. */
void policy_move(struct policy *policy, enum occasion on, const struct call *call,
		 const struct device *actor, struct route asked);

/** S1: away from a route that may not carry a call that has sound now. */
void policy_judge_again(struct policy *policy);

#endif
