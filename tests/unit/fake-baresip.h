/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A stand-in for baresip's module ctrl_dbus: commands are written down, events are the test's.
 */
#ifndef CALLROUTE_TESTS_FAKE_BARESIP_H
#define CALLROUTE_TESTS_FAKE_BARESIP_H

#include "dbus/bus.h"

struct fake_baresip {
	struct bus *bus;
	struct bus_object *object;
	const char *says; /* what a command prints */
	char asked[512];  /* the commands that came, a line each */
};

struct fake_baresip *fake_baresip_new(struct bus *bus);
struct fake_baresip *fake_baresip_free(struct fake_baresip *baresip);

void fake_baresip_come(struct fake_baresip *baresip);
void fake_baresip_go(struct fake_baresip *baresip);

/** An event of class "call" with this text. */
void fake_baresip_event(struct fake_baresip *baresip, const char *type, const char *text);
/** The same as baresip writes it; @more: further members, as "\"param\":\"x\"", or NULL. */
void fake_baresip_tell(struct fake_baresip *baresip, const char *type, const char *id,
		       const char *direction, const char *peer, const char *more);

#endif
