/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Commands from standard input and events to standard output, one a line, for the programs that a script
 * of the laboratory talks to.
 * A command may keep the following ones waiting (a measurement, "wait TEXT SECONDS").
 *
 * May be used by: softphone.c, ear.c, mouth.c, tests/lab/. May use: libpipewire's loop.
 */
#ifndef CALLROUTE_TESTS_COMMANDS_H
#define CALLROUTE_TESTS_COMMANDS_H

#include "tests/common/tone.h"

#include <stdbool.h>

struct pw_loop;
struct commands;

/** A row: a command's name and what it does; @argument is "" or what follows the name. Returns 0, or
 * -errno, which is told as "error LINE: why". The table ends with a row whose name is NULL. */
struct command {
	const char *name;
	int (*run)(void *data, const char *argument);
};

/** "wait" and "quit" need no row. @quit is called once: at "quit", at the end of the input, or with
 * status 1 where a wait was in vain. Return: 0 or -errno. */
int commands_new(struct pw_loop *loop, const struct command *table,
		 void (*quit)(void *data, int status), void *data, struct commands **ret);
/** NULL-safe; returns NULL. */
struct commands *commands_free(struct commands *commands);

/** Print an event's line; the oldest wait may end by it. */
void commands_tell(struct commands *commands, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Keep the commands that follow waiting (@busy), or go on. */
void commands_busy(struct commands *commands, bool busy);

/** A measurement's outcome: prints "heard HZ DBFS SHARE" and lets the commands go on. @data is the
 * commands. */
void commands_heard(void *data, const struct tone_heard *heard);

#endif
