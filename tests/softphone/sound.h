/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The sound of a softphone: a playback stream with a tone (what the other party says) and a capture
 * stream with an ear at it (what the other party hears). Mono, 16 bits, 48 kHz; PipeWire and its
 * session manager link and convert them, as they do for any program.
 *
 * May be used by: softphone.c, ear.c. May use: libpipewire, tests/common.
 */
#ifndef CALLROUTE_TESTS_SOFTPHONE_SOUND_H
#define CALLROUTE_TESTS_SOFTPHONE_SOUND_H

#include "tests/common/tone.h"

#include <stdbool.h>

struct pw_core;
struct sound;

#define SOUND_RATE_HZ 48000
#define SOUND_MAX_SECONDS 30

struct sound_events {
	/** All streams run (@up), or one of them does not any more. */
	void (*running)(void *data, bool up);
	/** A stream failed. */
	void (*failed)(void *data, const char *message);
	/** The ear hears something after silence, or 200 ms of silence. */
	void (*audible)(void *data, bool audible);
};

struct sound_options {
	const char *name;   /* of the nodes, with ".playback" and ".capture" behind it */
	const char *role;   /* media.role, or NULL */
	const char *target; /* target.object of both, or NULL for the default */
	double tone_hz;     /* 0: no playback stream */
	bool capture;
	bool capture_sink; /* listen at a sink's monitor */
};

/** Both borrowed for the life of the sound: @core and @events. Return: 0 or -errno. */
int sound_new(struct pw_core *core, const struct sound_options *options,
	      const struct sound_events *events, void *data, struct sound **ret);
/** The streams go; a measurement under way is dropped. NULL-safe; returns NULL. */
struct sound *sound_free(struct sound *sound);

/** Change the tone; 0 makes silence. */
void sound_tone(struct sound *sound, double frequency_hz);

/**
 * sound_measure() - listen for @seconds of received sound from now
 * @done: called once, with what was heard
 * Return: 0, -EBUSY where a measurement is under way, -ERANGE, -ENODEV without a capture stream.
 */
int sound_measure(struct sound *sound, double seconds,
		  void (*done)(void *data, const struct tone_heard *heard), void *data);

#endif
