/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The org.hsphfpd service on the system bus: what PipeWire's hsphfpd backend, our audio agent, is a
 * client of. An endpoint a headset with a service level connection; the SCO link is handed over
 * with NewConnection.
 *
 * May be used by: the engine. May use: dbus/, sco.h.
 *
 * One SCO set-up is outstanding at a time over all headsets.
 */
#ifndef CALLROUTE_HSPHFPD_H
#define CALLROUTE_HSPHFPD_H

#include "sco.h"

#include <stdbool.h>
#include <stdint.h>

struct bus;
struct hsphfpd;
struct hsphfpd_endpoint;

struct hsphfpd_endpoint_info {
	route_device remote;
	route_device local;
	const char *name;
	const char *adapter_name; /* "hci0": part of the object path */
	/** Of a headset that has just connected: an audio agent that knows an endpoint of that path from
	 * a process before this one is told that it is gone. PipeWire 0.3.65 keeps what it made of
	 * one when the service dies, which is right as long as the headset stays connected. */
	bool fresh;
	bool headset_profile; /* HSP; else HFP */
	uint16_t version;     /* 0x0107 */
	uint32_t features;    /* bits of AT+BRSF, as it sent them; HFP only */
	int battery_percent;  /* -1 while unknown */
	bool msbc;            /* may be offered in AudioCodecs: headset and adapter can */
	uint8_t speaker_gain; /* 0 to 15 */
	uint8_t microphone_gain;
	bool no_speaker_gain; /* it has none that works: the audio agent has its own */
	bool no_microphone_gain;
};

/** For audio_wanted(). */
#define HSPHFPD_LATER 1

/** An endpoint may be freed or released from any of these; the service may not. */
struct hsphfpd_events {
	/** May the audio agent have the sound of this headset now? 0, or -EBUSY/-EPERM, which is
	 * answered by name. Asked before each try, and nothing is dialled before the answer: with
	 * HSPHFPD_LATER it comes by hsphfpd_endpoint_dial() or hsphfpd_endpoint_dial_failed(), from
	 * inside this call or later. PipeWire stands still until ConnectAudio is answered, so it must
	 * come. */
	int (*audio_wanted)(void *data, struct hsphfpd_endpoint *endpoint, enum sco_codec codec);
	/** The link is up (the agent has it), has ended (after it was up), or could not be set up.
	 * @error is an errno, positive: that of the dialling (ETIMEDOUT where nothing happened),
	 * ECONNRESET where the headset closed it at once, EUSERS where every audio agent turned it down,
	 * ECANCELED where the one that asked released it or went away; these two are no fault of the
	 * headset's. audio_failed() returns after how many ms to try again, while the agent waits, or -1
	 * to give up; for EUSERS and ECANCELED it is not asked. */
	void (*audio_up)(void *data, struct hsphfpd_endpoint *endpoint, enum sco_codec codec);
	void (*audio_down)(void *data, struct hsphfpd_endpoint *endpoint);
	int (*audio_failed)(void *data, struct hsphfpd_endpoint *endpoint, int error);
	/** The application that has the link asked for one, and was refused: it does not know of it any
	 * more. Optional. */
	void (*audio_forgotten)(void *data, struct hsphfpd_endpoint *endpoint);
	/** A link of hsphfpd_endpoint_take() was closed by the headset before an agent had it. */
	void (*incoming_closed)(void *data, struct hsphfpd_endpoint *endpoint);
	/** Somebody wants an HSP headset to ring, once. */
	void (*ring)(void *data, struct hsphfpd_endpoint *endpoint);
	/** PipeWire set a gain. */
	void (*gains)(void *data, struct hsphfpd_endpoint *endpoint, uint8_t speaker_gain,
		      uint8_t microphone_gain);
	/** An audio agent came or went; @n are registered now. */
	void (*agents)(void *data, unsigned int n);
	/** Somebody wrote this machine's battery, 0 to 100 percent or -1 for none. */
	void (*battery)(void *data, int percent);
	/** org.hsphfpd is ours, or somebody else's. */
	void (*owned)(void *data, bool owned);
};

int hsphfpd_new(struct bus *bus, struct pw_loop *loop, const struct hsphfpd_events *events,
		void *data, struct hsphfpd **ret);
/** Its endpoints are freed with it, without events. NULL-safe; returns NULL. */
struct hsphfpd *hsphfpd_free(struct hsphfpd *service);

enum hsphfpd_power { HSPHFPD_POWER_UNKNOWN, HSPHFPD_POWER_BATTERY, HSPHFPD_POWER_EXTERNAL };
/** What is known of this machine's battery: 0 to 100 percent, or -1 for none. Not told back. */
void hsphfpd_set_power(struct hsphfpd *service, int percent, enum hsphfpd_power source);

/** Whether an audio agent for @codec is registered. */
bool hsphfpd_has_agent(const struct hsphfpd *service, enum sco_codec codec);

/** A headset is ready: its endpoint appears, connected. @user is for hsphfpd_endpoint_user().
 * Return: 0, -EINVAL, -EEXIST for the same adapter, device and profile, -ENOSPC, -ENOMEM. */
int hsphfpd_endpoint_new(struct hsphfpd *service, const struct hsphfpd_endpoint_info *info,
			 void *user, struct hsphfpd_endpoint **ret);
/** It is gone: closes the sound, without an event, then the object disappears. NULL-safe; returns
 * NULL. */
struct hsphfpd_endpoint *hsphfpd_endpoint_free(struct hsphfpd_endpoint *endpoint);
void *hsphfpd_endpoint_user(struct hsphfpd_endpoint *endpoint);

/** The headset's own buttons changed a gain: tell PipeWire. Not told back through gains(). */
void hsphfpd_endpoint_set_gains(struct hsphfpd_endpoint *endpoint, uint8_t speaker_gain,
				uint8_t microphone_gain);
/** It told of its battery, 0 to 100 percent. */
void hsphfpd_endpoint_set_battery(struct hsphfpd_endpoint *endpoint, int percent);
/** Whether the audio agent may reduce noise and cancel echo; it may from the beginning on. HFP only. */
void hsphfpd_endpoint_set_nrec(struct hsphfpd_endpoint *endpoint, bool on);
/** The later answer to audio_wanted(): go on, or count it as a failed try (@error as in
 * audio_failed(), which is asked). Nothing where the question is not open any more. */
void hsphfpd_endpoint_dial(struct hsphfpd_endpoint *endpoint);
void hsphfpd_endpoint_dial_failed(struct hsphfpd_endpoint *endpoint, int error);

/**
 * hsphfpd_endpoint_take() - the headset has opened a sound link
 * @fd: connected, non-blocking, O_CLOEXEC; the endpoint's own from success on
 *
 * It is kept, and what comes through it thrown away, until the audio agent asks for the sound; then
 * it is that link, if the codec is the one that is asked for. Nobody asking for 3 s closes it,
 * without an event.
 * Return: 0, -EBUSY where there is a link or one is being dialled, -errno.
 */
int hsphfpd_endpoint_take(struct hsphfpd_endpoint *endpoint, enum sco_codec codec, int fd,
			  uint16_t mtu);
/** Whether it would not be -EBUSY. */
bool hsphfpd_endpoint_may_take(const struct hsphfpd_endpoint *endpoint);

/** Close the sound link, if it is up (audio_down() follows when it has closed) or being set up
 * (the agent is answered, and no event follows). */
void hsphfpd_endpoint_release(struct hsphfpd_endpoint *endpoint);
bool hsphfpd_endpoint_audio_up(const struct hsphfpd_endpoint *endpoint);

#endif
