/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The public face: org.callroute with Manager1, Endpoint1 and Call1, and the softphones behind
 * CallProvider1, which are one of the sources of calls.
 *
 * May be used by: daemon/main.c. May use: dbus/, engine.h.
 */
#ifndef CALLROUTE_API_H
#define CALLROUTE_API_H

#include <stdbool.h>

struct bus;
struct engine;
struct api;

#define API_NAME "org.callroute"
#define API_PATH "/org/callroute"

/** @owned is called when org.callroute is ours (or somebody else's, or lost). */
int api_new(struct bus *bus, struct engine *engine, void (*owned)(void *data, bool owned),
	    void *data, struct api **ret);
/** Removes the objects and ends the calls that were added through them. NULL-safe. */
struct api *api_free(struct api *api);

#endif
