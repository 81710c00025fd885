/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The far end of a sound link that somebody else set up: a tone into it, and an ear at what comes out
 * of it. CVSD as 16-bit PCM of 8 kHz, 48 bytes a packet; mSBC in H2 packets of 60 bytes (HFP 1.8 §5.7.2),
 * 16 kHz, with libsbc.
 *
 * May be used by: agent.c. May use: libpipewire's loop, libsbc, tests/common.
 */
#ifndef CALLROUTE_TESTS_LINK_H
#define CALLROUTE_TESTS_LINK_H

#include "tests/common/tone.h"

struct pw_loop;
struct link;

/** Numbers of HFP's codecs. */
enum link_codec { LINK_CVSD = 1, LINK_MSBC = 2 };

#define LINK_MAX_SECONDS 10

struct link_events {
	/** The first packet came. */
	void (*up)(void *data);
	/** The other side closed it, or it never came up. The link is to be freed then. */
	void (*down)(void *data);
};

/**
 * link_new() - take a link, also one whose set-up is deferred until somebody reads
 * @fd:      a SCO socket; becomes ours, also on failure
 * @tone_hz: what the microphone hears; 0: silence
 * Return: 0 or -errno.
 */
int link_new(struct pw_loop *loop, int fd, enum link_codec codec, double tone_hz,
	     const struct link_events *events, void *data, struct link **ret);
/** Closes it, without an event about it. NULL-safe; returns NULL. */
struct link *link_free(struct link *link);

void link_tone(struct link *link, double frequency_hz);

/**
 * link_measure() - listen for @seconds of received sound from now
 * @done: called once, with what was heard, where the link lives that long
 * Return: 0, -EBUSY where a measurement is under way, -ERANGE.
 */
int link_measure(struct link *link, double seconds,
		 void (*done)(void *data, const struct tone_heard *heard), void *data);

#endif
