/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A program that talks: it records and plays, and its streams say of themselves that they are of a
 * call (media.role), or it is configured to be such a program.
 *
 * May be used by: daemon/.
 */
#ifndef CALLROUTE_TALK_H
#define CALLROUTE_TALK_H

#include <sys/types.h>

#define TALK_NAME_SIZE 128

/** Before the address of a phone, in capitals: an .app whose streams are that phone's sound. No sandbox has
 * such a name. */
#define TALK_PHONE "phone:"

struct talk {
	pid_t process;            /* 0 where only .app is known */
	char app[TALK_NAME_SIZE]; /* of a sandbox, as its maker names the program; or TALK_PHONE; else "" */
	char name[TALK_NAME_SIZE]; /* for people, "" where it has none; UTF-8 or not, as it came */
};

#endif
