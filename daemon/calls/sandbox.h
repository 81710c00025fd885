/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Programs in a sandbox. On the bus such a program is the sandbox's proxy, in PipeWire it has the name that
 * its maker gave it; both stand in the same file, which portals go by, too.
 *
 * May be used by: daemon/calls/, daemon/api/.
 */
#ifndef CALLROUTE_CALLS_SANDBOX_H
#define CALLROUTE_CALLS_SANDBOX_H

#include "daemon/talk.h"

#include <stdbool.h>

/** The name of the program of which this process is a part, or the proxy; false where it is in no sandbox
 * that is known (Flatpak's), and @ret is not written. */
bool sandbox_app(pid_t process, char ret[static TALK_NAME_SIZE]);

/** The same from the text of .flatpak-info (flatpak-metadata(5)), with a terminator. */
bool sandbox_app_of(const char *text, char ret[static TALK_NAME_SIZE]);

#endif
