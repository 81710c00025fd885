/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The sound of a hands-free unit: one SCO link (or a Unix socket that stands for it), a tone into
 * its microphone, and an ear at its loudspeaker. CVSD only: 16-bit 8 kHz mono PCM in packets of
 * 48 bytes, 3 ms each.
 *
 * May be used by: headset.c, commands.c. May use: libpipewire's loop, tests/common.
 *
 * Nothing blocks: a packet that the socket does not take is dropped, as a radio would.
 */
#ifndef CALLROUTE_TESTS_SOUND_H
#define CALLROUTE_TESTS_SOUND_H

#include "tests/common/tone.h"

#include <stdbool.h>
#include <stddef.h>

struct pw_loop;
struct sound;

#define SOUND_RATE_HZ 8000
#define SOUND_PACKET_SIZE 48
#define SOUND_MAX_SECONDS 30

struct sound_events {
	/** The link is up, or has gone. */
	void (*link)(void *data, bool up);
};

/** @events is borrowed for the life of the sound. Return: 0 or -errno. */
int sound_new(struct pw_loop *loop, const struct sound_events *events, void *data,
	      struct sound **ret);
/** NULL-safe; returns NULL. A Unix socket's files are removed. */
struct sound *sound_free(struct sound *sound);

/**
 * sound_listen_unix() - wait for links on a SEQPACKET Unix socket
 * The microphone is paced by a timer of 3 ms. Beside NAME.sco, NAME.heard has the number of packets that
 * came, a uint32_t.
 */
int sound_listen_unix(struct sound *sound, const char *path);

/**
 * sound_listen_bluetooth() - wait for links on an adapter's SCO
 * @adapter: its address
 * The microphone is paced by what is received, and by the timer while nothing is.
 */
int sound_listen_bluetooth(struct sound *sound, const char *adapter);

/** Do not listen at all, so that a peer's set-up fails (@refuse), or listen again. */
int sound_refuse(struct sound *sound, bool refuse);

/**
 * sound_open() - open the link ourselves; the outcome comes as link() or not at all
 * @peer: address of the gateway; with Unix sockets, its PEER.sco is in our own socket's folder, and
 *        we connect from OURS.link
 * Return: 0, or -errno where it cannot even begin.
 */
int sound_open(struct sound *sound, const char *peer);

/** Take an open, connected link; @fd becomes ours. A link that was up is closed before. */
int sound_take(struct sound *sound, int fd);
void sound_close(struct sound *sound);
bool sound_up(const struct sound *sound);

/** What the microphone hears from now on; 0: silence. */
void sound_tone(struct sound *sound, double frequency_hz);

/** Write what the loudspeaker gets to a WAV file; NULL ends it. Return: 0 or -errno. */
int sound_record(struct sound *sound, const char *path);

/**
 * sound_measure() - listen at the loudspeaker for a while from now
 * @seconds: up to SOUND_MAX_SECONDS
 * @done:    called once, when the time is over; time in which nothing arrived counts as silence
 *
 * Return: 0, -EBUSY where a measurement runs already, -ERANGE.
 */
int sound_measure(struct sound *sound, double seconds,
		  void (*done)(void *data, const struct tone_heard *heard), void *data);

/** Packets received on this and all links before. */
unsigned long sound_received(const struct sound *sound);
/** Count some that came by a link which is not this sound's. */
void sound_heard(struct sound *sound, unsigned int packets);
/** Whether NAME.heard counts them, as it does from the beginning on. */
void sound_count(struct sound *sound, bool count);

#endif
