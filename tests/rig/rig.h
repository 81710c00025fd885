/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The rig: a whole session of its own in a temporary folder, as any user and many at a time. Two
 * private message buses, the stand-in for bluetoothd (in this process and loop, so that a test
 * controls it), real PipeWire and WirePlumber, sinks and a microphone that stand for a phone's
 * earpiece and loudspeaker, virtual headsets, and the daemon built with the rig's own SCO.
 *
 * One rig a process: it sets the process' environment. Nothing sleeps; rig_wait() runs the loop
 * until something holds.
 */
#ifndef CALLROUTE_RIG_H
#define CALLROUTE_RIG_H

#include "stand-in.h"
#include "view.h"

#include "tests/headset/headset.h"
#include "tests/headset/sound.h"

#include <stdbool.h>
#include <stdint.h>

struct pw_loop;
struct process;
struct rig;

/** Nodes of the machine; their callroute.endpoint says what they are. */
#define RIG_EARPIECE "rig.earpiece"
#define RIG_LOUDSPEAKER "rig.loudspeaker"
#define RIG_WIRED "rig.wired"
#define RIG_MICROPHONE "rig.microphone"
/** What the machine's microphone hears. */
#define RIG_MICROPHONE_HZ 600.0

struct rig_options {
	bool without_daemon;
	bool store;       /* a service manager keeps what the daemon leaves to it */
	bool auto_switch; /* WirePlumber's, of headsets, is left on */
	bool roles;       /* its role-based policy is on: music and calls have sinks of their own */
	/** Every line of every headset, as it comes; may be NULL. */
	void (*headset_line)(void *data, const char *address, const char *line);
	void *data;
};

/** Start everything and wait until it is ready. 0 or -errno; the cause is on standard error. */
int rig_new(const struct rig_options *options, struct rig **ret);
/** End everything and remove the folder, unless CALLROUTE_RIG_KEEP is set. Where the daemon crashed, or
 * ended otherwise than with status 0, this ends the process as failed. NULL-safe; returns NULL. */
struct rig *rig_free(struct rig *rig);

/** For a test that failed: the graph and the last lines of the logs, on standard error. */
void rig_dump(struct rig *rig);

struct pw_loop *rig_loop(struct rig *rig);
struct stand_in *rig_stand_in(struct rig *rig);
struct view *rig_view(struct rig *rig);
/** The folder, for further files; and a log file's path in it. Static storage, one call's life. */
const char *rig_directory(const struct rig *rig);
const char *rig_log(const struct rig *rig, const char *name);
/** A file in a folder of rig_directory(), which is made where it is not there. 0 or -errno. */
int rig_write_file(const struct rig *rig, const char *folder, const char *name, const char *format,
		   ...) __attribute__((format(printf, 4, 5)));
/** A program of the rig's build folder. Static storage, one call's life. */
const char *rig_program(const char *name);

uint64_t rig_now_ms(void);
/** One turn of the loop, 50 ms at most. */
void rig_iterate(struct rig *rig);

/** SIGINT or SIGTERM came: every wait ends at once, so that what was started is ended in order. */
bool rig_interrupted(const struct rig *rig);

/** Run the loop until @condition holds, @ms at most; gives whether it does. */
#define rig_wait(rig, ms, condition)                                           \
	({                                                                     \
		uint64_t rig_limit_ = rig_now_ms() + (uint64_t)(ms);           \
		bool rig_holds_;                                               \
		while (!(rig_holds_ = (condition)) && !rig_interrupted(rig) && \
		       rig_now_ms() < rig_limit_)                              \
			rig_iterate(rig);                                      \
		rig_holds_;                                                    \
	})

/* ---- the daemon ---------------------------------------------------------------------------------- */

/** Start it (again); ready when org.callroute is owned and both profiles are registered. */
int rig_daemon_start(struct rig *rig);
/** End it; @signal_number 0 for a clean end. */
void rig_daemon_stop(struct rig *rig, int signal_number);
/** How many descriptors the daemon has left to the service manager. */
size_t rig_daemon_kept(const struct rig *rig);
pid_t rig_daemon_pid(const struct rig *rig);
/** Forget what it saved: settings and memory. Only while it does not run. */
void rig_daemon_forget(struct rig *rig);

/* ---- PipeWire and WirePlumber ------------------------------------------------------------------- */

/** pipewire-pulse, for programs that know PulseAudio only; it takes clients when this returns. The caller ends
 * it. 0 or -errno. */
int rig_pulse_new(struct rig *rig, struct process **ret);

/** The machine is left without a microphone and sinks, for a test that brings a sound card. */
void rig_remove_hardware(struct rig *rig);

int rig_wireplumber_restart(struct rig *rig);
/** It is killed, and started again as soon as the rig sees that. */
void rig_wireplumber_crash(struct rig *rig);
/** PipeWire is killed, and with it WirePlumber; both are started again and waited for. The view is another
 * one after it. 0 or -errno. */
int rig_pipewire_crash(struct rig *rig);
/** The system bus is killed and started again, and with it the stand-in and WirePlumber. 0 or -errno. */
int rig_system_bus_crash(struct rig *rig);
/** How often it has crashed of itself. */
unsigned int rig_wireplumber_crashes(const struct rig *rig);
/** The same in all rigs of this process, and of programs that rig_note_crash() was told of. */
unsigned int rig_crashes(void);
/** A program of a test ended with @status, as waitpid() tells it; counts where it crashed. */
void rig_note_crash(int status);

/* ---- headsets ------------------------------------------------------------------------------------ */

/** @options NULL for headset_default_options. Known from now on, not connected. */
int rig_headset_add(struct rig *rig, const struct stand_in_device *device,
		    const struct headset_options *options);
/** Connect: the AT channel and the SLC where call-capable, A2DP where it has that. Waits for the
 * SLC and for the card in PipeWire. 0, or -ETIMEDOUT. */
int rig_headset_connect(struct rig *rig, const char *address);
void rig_headset_disconnect(struct rig *rig, const char *address);
/** Disconnected and forgotten, all of them. */
void rig_headsets_remove(struct rig *rig);
/** NULL where there is none. Borrowed. */
struct headset *rig_headset(struct rig *rig, const char *address);
/** Wait for a line that contains @text, among those since the last such wait. */
bool rig_headset_wait(struct rig *rig, const char *address, const char *text, unsigned int ms);
/** Drop the lines that came so far. */
void rig_headset_forget_lines(struct rig *rig, const char *address);
/** Measure what its loudspeaker gets until it is this tone; at most @ms. */
bool rig_headset_hears(struct rig *rig, const char *address, double frequency_hz, unsigned int ms);

/* ---- the machine ---------------------------------------------------------------------------------- */

/** Plug a wired headset: a sink and a source appear; or unplug it. */
int rig_plug(struct rig *rig, bool plugged);
/** The machine has an earpiece, as it does from the start, or has none. */
int rig_earpiece(struct rig *rig, bool there);

/* ---- programs with sound ---------------------------------------------------------------------------- */

struct rig_sound;

/** Start rig-stream with further arguments, NULL-terminated. 0 or -errno. */
int rig_sound_new(struct rig *rig, const char *const *arguments, struct rig_sound **ret);
/** NULL-safe; returns NULL. */
struct rig_sound *rig_sound_free(struct rig_sound *sound);
pid_t rig_sound_pid(const struct rig_sound *sound);
/** It hears this tone for at least 0.4 s on end; 0 Hz: silence. At most @ms. */
bool rig_sound_hears(struct rig *rig, struct rig_sound *sound, double frequency_hz,
		     unsigned int ms);
/** Listen at a sink's monitor. */
int rig_sound_at(struct rig *rig, const char *sink, struct rig_sound **ret);

#endif
