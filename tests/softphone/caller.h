/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The D-Bus side of a softphone with one call: org.callroute's client, and org.callroute.CallProvider1
 * for it. Written on bare libdbus, so that it shares nothing with the daemon that it tests.
 *
 * May be used by: softphone.c. May use: libdbus, libpipewire's loop.
 */
#ifndef CALLROUTE_TESTS_CALLER_H
#define CALLROUTE_TESTS_CALLER_H

#include <stdbool.h>

struct pw_loop;
struct caller;

struct caller_options {
	const char *kind;   /* "phone" or "voip" */
	const char *number; /* RemoteParty, or NULL */
	const char *name;   /* RemoteName, or NULL */
	bool managed;
	bool outgoing;
	bool video;
	bool provider; /* serve CallProvider1 */
	bool dials;    /* no call until a headset dials one; outgoing and number come from there */
};

struct caller_events {
	/** AddCall was answered with the call's path. */
	void (*added)(void *data, const char *path);
	/** The daemon told us something: @method is CallProvider1's, @text SendDtmf's digits, Dial's
	 * URI, or "". */
	void (*told)(void *data, const char *method, const char *text);
	/** The call's State changed. */
	void (*state)(void *data, const char *state);
	/** Manager1.RouteChanged. */
	void (*route)(void *data, const char *old, const char *now, const char *reason,
		      const char *rule);
	/** A request of ours ended: @error is NULL, or the error's name and text. */
	void (*done)(void *data, const char *request, const char *error, const char *message);
	/** The session bus is gone. */
	void (*lost)(void *data);
};

/** Connects to the session bus (waiting for it) and adds the call, or registers to dial one. @events is
 * borrowed. Return: 0 or -errno; the cause has been told on standard error. */
int caller_new(struct pw_loop *loop, const struct caller_options *options,
	       const struct caller_events *events, void *data, struct caller **ret);
/** NULL-safe; returns NULL. */
struct caller *caller_free(struct caller *caller);

/** Call a method of our Call1: Answer, Hangup, Hold, Unhold. -ENOENT before the call is added. */
int caller_request(struct caller *caller, const char *method);
/** Manager1.SetRoute. */
int caller_set_route(struct caller *caller, const char *route);
/** Report a state: active, held, ended. -ENOENT before the call is added. */
int caller_report(struct caller *caller, const char *state);

#endif
