/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A softphone and a bystander on the rig's session bus: adds calls, serves CallProvider1, makes
 * requests and waits for their answers, and mirrors what Manager1 says.
 */
#ifndef CALLROUTE_RIG_PHONE_H
#define CALLROUTE_RIG_PHONE_H

#include "rig.h"

#include <dbus/dbus.h>

struct phone;
struct phone_call;

/** What the other party says: what the machine plays. */
#define PHONE_HZ 1000.0

/** A connection of its own; the calls that it adds are its. 0 or -errno. */
int phone_new(struct rig *rig, struct phone **ret);
/** Leaves the bus. NULL-safe; returns NULL. */
struct phone *phone_free(struct phone *phone);

/** A string property of Manager1 as last announced: Route, Rule, Reason, DefaultRoute; "" before. */
const char *phone_sees(const struct phone *phone, const char *property);
bool phone_sees_muted(const struct phone *phone);
bool phone_sees_silent_microphone(const struct phone *phone);
/** Route and, where not NULL, Rule. */
bool phone_sees_route(const struct phone *phone, const char *route, const char *rule);

/** How many calls there are, whoever told of them. */
unsigned int phone_sees_calls(const struct phone *phone);

struct phone_call_options {
	bool phone;   /* kind; else "voip" */
	bool managed; /* for voip */
	bool incoming;
	bool video;
	bool active;       /* already, as a conference that was joined */
	bool silent;       /* without streams of its own */
	pid_t process;     /* that has its streams, of a silent one; 0 for none */
	bool conference;   /* it can be joined */
	const char *party; /* may be NULL */
	const char *name;  /* likewise, of the party */
	const char *from;  /* a headset's address, may be NULL */
};

/** AddCall, with streams of a process that play PHONE_HZ and listen. NULL, or the error's name. */
const char *phone_call(struct phone *phone, const struct phone_call_options *options,
		       struct phone_call **ret);
const char *phone_call_path(const struct phone_call *call);
/** As last announced; "ended" once the object is gone. */
const char *phone_call_state(const struct phone_call *call);
const char *phone_call_answered_by(const struct phone_call *call);
/** Its streams; NULL for a silent one, or an ended one. */
struct rig_sound *phone_call_sound(const struct phone_call *call);

/** A request to a Call1: "Answer", "Hangup", "Hold", "Unhold". NULL, or the error's name. */
const char *phone_ask(struct phone *phone, struct phone_call *call, const char *method);
/** One with a text: "SetState", "SetPreferredInput". */
const char *phone_ask_with(struct phone *phone, struct phone_call *call, const char *method,
			   const char *text);
/** Peer.Ping: to the daemon and back. NULL, or the error's name. */
const char *phone_ping(struct phone *phone);
/** Whether it has that endpoint ("wired", "handset") now. */
bool phone_sees_endpoint(struct phone *phone, const char *name);
/** Manager1.SetRoute. NULL, or the error's name. */
const char *phone_set_route(struct phone *phone, const char *route);
/** As phone_set_route(), and nothing waits for its answer. */
void phone_set_route_later(struct phone *phone, const char *route);
/** A property of Manager1. NULL, or the error's name. */
const char *phone_set(struct phone *phone, const char *property, int type, const void *value);
/** An entry of Manager1.Why; "" where absent. Static storage. */
const char *phone_why(struct phone *phone, const char *key);

/** Manager1.RegisterProvider with all of its options. NULL, or the error's name. */
const char *phone_register(struct phone *phone);
/** Manager1.SetVoiceRecognition. NULL, or the error's name. */
const char *phone_set_voice(struct phone *phone, const char *headset, bool on);
/** What the provider answers from now on: an error's name, or NULL for success. */
void phone_refuse(struct phone *phone, const char *error);

/** The provider was told this method (with "Dial URI", its argument) since the last call of phone_told().
 * At most @ms. */
bool phone_told(struct phone *phone, const char *method, unsigned int ms);

#endif
