/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The text of an event of baresip's module ctrl_dbus: one JSON object about one call. Bytes in, struct
 * out.
 *
 * May be used by: daemon/calls/baresip.c, tests/.
 */
#ifndef CALLROUTE_CALLS_BARESIP_JSON_H
#define CALLROUTE_CALLS_BARESIP_JSON_H

#include <stdbool.h>

/** Longer texts are not of a call. */
#define BARESIP_EVENT_MAX 16384
#define BARESIP_ID_SIZE 256

/** What it says; "" where it says nothing. Longer texts are as if they were not there. */
struct baresip_event {
	char id[BARESIP_ID_SIZE]; /* the SIP Call-ID */
	char peer_uri[256];
	char peer_name[256];
	char direction[16];   /* "incoming", "outgoing" */
	char local_audio[16]; /* what we send and take: "sendrecv", "sendonly", …; from 3.0 on */
	char param[128];
};

/** False where @text is no object, or has no id that can be sent back in a command. */
bool baresip_event_parse(const char *text, struct baresip_event *ret);

/** Can @text be one argument of a command? Printable ASCII without a space, and not empty. */
bool baresip_is_word(const char *text);

#endif
