/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The rig's children. Each dies with the rig (PR_SET_PDEATHSIG), is ended by its own pid, and has
 * its output in a file, or line by line in a callback.
 */
#ifndef CALLROUTE_RIG_PROCESS_H
#define CALLROUTE_RIG_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct pw_loop;
struct process;

struct process_events {
	/** A line of standard output, without its line feed; where NULL, output goes to the log. */
	void (*line)(void *data, const char *line);
	/** It has ended, and not because process_free() ended it; which may be called from here. All
	 * its lines have come before. */
	void (*ended)(void *data, int status);
};

/**
 * process_new() - start a program
 * @argv: found through PATH; NULL-terminated
 * @log:  path of a file for its error output, appended to
 *
 * @events is borrowed for the life. Return: 0 or -errno.
 */
int process_new(struct pw_loop *loop, const char *const *argv, const char *log,
		const struct process_events *events, void *data, struct process **ret);
/** End it (SIGTERM, after 2 s SIGKILL) and wait for it. NULL-safe; returns NULL. */
struct process *process_free(struct process *process);
/** As process_free(), and tells whether it ended with status 0. NULL-safe: true. */
bool process_end(struct process *process);

/** What process_new() hands over from now on, as systemd does (sd_listen_fds_with_names(3)): @names are
 * joined by colons. Borrowed, and for the next process only; 0 for nothing. */
void process_pass(const int *fds, size_t n, const char *names);

pid_t process_pid(const struct process *process);
bool process_running(const struct process *process);
/** Send a signal; for tests of sudden death. */
void process_kill(struct process *process, int signal_number);
/** A line to its standard input. */
void process_write(struct process *process, const char *line);

#endif
