/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A PipeWire and a WirePlumber of the test's own, in a temporary XDG_RUNTIME_DIR, without hardware
 * and Bluetooth, and with an empty session bus, which WirePlumber 0.4 wants. Smaller than the rig, for tests of daemon/pipewire alone.
 *
 * One session a process: it sets the process' environment.
 */
#ifndef CALLROUTE_TESTS_SESSION_H
#define CALLROUTE_TESTS_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

struct session;

/** @objects: the context.objects of its PipeWire, in SPA-JSON. NULL after a message on failure. */
struct session *session_new(const char *objects);
/** End everything that was started and remove the folder. NULL-safe; returns NULL. */
struct session *session_free(struct session *session);

/** Start or end (SIGKILL for @hard) one of the two; both are started by session_new(). */
void session_start_pipewire(struct session *session);
void session_stop_pipewire(struct session *session, bool hard);
void session_start_wireplumber(struct session *session);
void session_stop_wireplumber(struct session *session, bool hard);

/** It stands still, with everything that it has, or goes on. */
void session_pause_wireplumber(struct session *session, bool paused);

/** Start a program, found through PATH; ended with the session. Returns its pid. */
pid_t session_spawn(struct session *session, const char *const *argv);
void session_kill(struct session *session, pid_t pid);
/** A path in the session's folder. Static storage, one call's life. */
const char *session_path(const struct session *session, const char *name);
/** A second of silence after another, as a file to be played. Static storage, as above. */
const char *session_silence(struct session *session);
/** The last lines of all logs, on standard error. */
void session_dump(const struct session *session);

#endif
