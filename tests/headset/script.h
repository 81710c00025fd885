/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Commands to a headset as text, one a line, from a file or as they come through a pipe:
 *
 *	connect ADDRESS | disconnect
 *	send TEXT            an AT command, when the one before has its result
 *	raw TEXT             at once
 *	answer | reject | hangup | button
 *	volume 0..15 | mic-gain 0..15
 *	sco accept|refuse|open|close
 *	tone HZ|off          into the microphone
 *	record FILE|off      what the loudspeaker gets, as WAV
 *	measure SECONDS      a line "heard HZ DBFS SHARE" follows; the next command waits for it
 *	wait TEXT SECONDS    until a line that contains TEXT comes, or came since the command before
 *	quit
 *
 * Blank lines and lines that start with '#' are skipped.
 */
#ifndef CALLROUTE_TESTS_SCRIPT_H
#define CALLROUTE_TESTS_SCRIPT_H

struct pw_loop;
struct headset;
struct script;

struct script_ops {
	/** Connect the AT channel to a gateway. */
	void (*connect)(void *data, const char *address);
	/** Nothing more to do: 0, 1 where a wait timed out, 2 where a command was wrong. Called once. */
	void (*quit)(void *data, int status);
};

/** @ops is borrowed for the life. @peer of "sco open" is the last "connect". Return: 0 or -errno. */
int script_new(struct pw_loop *loop, struct headset *headset, const struct script_ops *ops,
	       void *data, struct script **ret);
/** NULL-safe; returns NULL. */
struct script *script_free(struct script *script);

/** Take commands from @fd, which stays the caller's, until its end. Return: 0 or -errno. */
int script_read(struct script *script, int fd);

/** Something happened: a line of struct headset_events. */
void script_event(struct script *script, const char *line);

#endif
