/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A peer that owns a source's bus name and is not what it is: it answers and tells in whatever types, or
 * not at all.
 */
#ifndef CALLROUTE_TESTS_HOSTILE_PEER_H
#define CALLROUTE_TESTS_HOSTILE_PEER_H

#include "calls-fixture.h"

enum body {
	BODY_EMPTY,
	BODY_TEXT,
	BODY_NUMBER,
	BODY_PATH,
	BODY_THREE_TEXTS,
	BODY_DICT,          /* a{sv} */
	BODY_KEY,           /* s v */
	BODY_OBJECTS,       /* a(oa{sv}) */
	BODY_ADDED,         /* o a{sa{sv}} */
	BODY_MANAGED,       /* a{oa{sa{sv}}} */
	BODY_CHANGED,       /* s a{sv} as */
	BODY_PATH_AND_DICT, /* o a{sv} */
	BODIES,
};

/* ALMOST: what a call or a modem needs is right, all else is wrong. */
enum flavour {
	TEXTS,
	ODD_TEXTS, /* states that nobody knows */
	NUMBERS,
	SMALL_NUMBERS,
	LARGE_NUMBERS,
	STRUCTS,
	LISTS,
	OBJECT_LISTS,
	ALMOST,
	FLAVOURS
};

struct told_signal {
	const char *path, *interface, *member;
};

struct hostile_source {
	const char *name;
	/* interfaces of its objects */
	const char *interfaces[3];
	struct told_signal signals[10];
	enum flavour state; /* a call's that has just come */
	/* which of the signals tell of a modem, where there is one, and of a call */
	int modem, call;
	enum body body;
};

#define HOSTILE_SOURCES 6
extern const struct hostile_source hostile_sources[HOSTILE_SOURCES];

enum answer { ANSWER_BODY, ANSWER_ERROR, ANSWER_NONE };

struct hostile {
	DBusConnection *bus;
	size_t source;
	enum answer answer;
	enum body body;
	enum flavour flavour;
	unsigned int n_asked;
	size_t most_calls; /* that were taken from it */
};

/** On the bus, without a name. */
void hostile_open(const struct calls_fixture *f, struct hostile *ret);
void hostile_close(struct hostile *h);
/** A question at a time: each is asked when the one before is answered. */
void hostile_settle(struct calls_fixture *f, struct hostile *h);
/** One signal, with this body, of what is at @path. */
void hostile_tell(struct hostile *h, const struct told_signal *signal, enum body body,
		  const char *path);
/** All of its signals with all bodies; @what_goes: also of what goes away. */
void hostile_tell_everything(struct hostile *h, bool what_goes);

#endif
