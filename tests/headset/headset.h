/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A hands-free unit (HFP) or headset (HSP) as a peer for tests: AT lines over a descriptor that
 * stands for RFCOMM, and sound (sound.h). It behaves as a well-made device does: the service level
 * connection in its order, one command outstanding at a time, codec offers answered.
 *
 * May be used by: tests/. May use: libpipewire's loop. It shares no code with the gateway that it
 * tests.
 *
 * All that happens comes as lines of text, for a person's eye and a test's search alike:
 *
 *	> AT+BRSF=63       sent
 *	< +CIEV: 3,1       received, framing removed
 *	indicator callsetup 1
 *	slc up             the service level connection
 *	sco up | sco down
 *	heard 1000.2 -12.0 1.00   a measurement: Hz, dBFS, share of the time
 *	closed             the AT channel is gone
 */
#ifndef CALLROUTE_TESTS_HEADSET_H
#define CALLROUTE_TESTS_HEADSET_H

#include <stdbool.h>
#include <stddef.h>

struct pw_loop;
struct headset;
struct sound;

/** Features of a hands-free unit, HFP 1.8 §4.35.1 (AT+BRSF). Not the gateway's bits. */
enum hf_feature {
	HF_NOISE_REDUCTION = 1 << 0,
	HF_THREE_WAY = 1 << 1,
	HF_CLIP = 1 << 2,
	HF_VOICE_RECOGNITION = 1 << 3,
	HF_VOLUME = 1 << 4,
	HF_CALL_STATUS = 1 << 5,
	HF_CALL_CONTROL = 1 << 6,
	HF_CODECS = 1 << 7,
	HF_INDICATORS = 1 << 8,
	HF_ESCO_S4 = 1 << 9,
};

#define HEADSET_MAX_CODECS 4

struct headset_options {
	bool hsp;
	unsigned int features;                   /* enum hf_feature */
	unsigned int codecs[HEADSET_MAX_CODECS]; /* 1 CVSD, 2 mSBC; 0 ends the list */
};

/** All features but codec negotiation and indicators, CVSD. */
extern const struct headset_options headset_default_options;

struct headset_events {
	/** Something happened; @line without a line feed, borrowed. The headset must not be freed
	 * from here. */
	void (*line)(void *data, const char *line);
};

/** @options is copied, @events borrowed for the life. Return: 0 or -errno. */
int headset_new(struct pw_loop *loop, const struct headset_options *options,
		const struct headset_events *events, void *data, struct headset **ret);
/** Closes what is open, without a line about it. NULL-safe; returns NULL. */
struct headset *headset_free(struct headset *headset);

/** The AT channel is connected; @fd (a stream, either side) becomes ours. Begins the SLC. */
int headset_connected(struct headset *headset, int fd);
/** Close the sound and the AT channel. */
void headset_disconnect(struct headset *headset);

/** Queue a command, without its CR; it goes out when the one before has its result. */
void headset_send(struct headset *headset, const char *command);
/** Write bytes at once, whatever is outstanding, with a CR behind them. */
void headset_send_raw(struct headset *headset, const char *text);

/** What the one button does now: answer, take the waiting call, hang up, or redial. */
void headset_button(struct headset *headset);
/** The headset wants the sound: AT+BCC where codecs are negotiated, else it opens SCO to @peer. */
int headset_open_sound(struct headset *headset, const char *peer);
/** Announce a gain of 0 to 15 that was changed here. */
void headset_set_volume(struct headset *headset, unsigned int gain_0_15);
void headset_set_microphone_gain(struct headset *headset, unsigned int gain_0_15);

bool headset_is_connected(const struct headset *headset);
bool headset_slc_up(const struct headset *headset);
/** An indicator by its name ("call", "callsetup", …), or -1 while unknown. */
int headset_indicator(const struct headset *headset, const char *name);
/** How many RING came on this connection. */
unsigned int headset_rings(const struct headset *headset);
/** The number of the last +CLIP or +CCWA, "" for none. */
const char *headset_caller(const struct headset *headset);
/** The gateway's gains, 0 to 15; -1 while it said none. */
int headset_volume(const struct headset *headset);
int headset_microphone_gain(const struct headset *headset);

/** Its sound; tone, measure and record are there. */
struct sound *headset_sound(struct headset *headset);
/** Measure at its loudspeaker; a line "heard …" follows. */
int headset_measure(struct headset *headset, double seconds);

/** Tell a line of one's own, through the same callback. */
void headset_tell(struct headset *headset, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
