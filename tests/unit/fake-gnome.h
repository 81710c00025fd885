/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A stand-in for GNOME Calls on D-Bus: its calls are the test's, and do nothing of themselves.
 */
#ifndef CALLROUTE_TESTS_FAKE_GNOME_H
#define CALLROUTE_TESTS_FAKE_GNOME_H

#include "dbus/bus.h"

#include <stdbool.h>
#include <stdint.h>

#define FAKE_GNOME_CALLS 40

enum {
	GNOME_ACTIVE = 1,
	GNOME_HELD = 2,
	GNOME_DIALING = 3,
	GNOME_ALERTING = 4,
	GNOME_INCOMING = 5,
	GNOME_ENDED = 7
};

struct fake_gnome_call {
	struct fake_gnome *gnome;
	struct bus_object *object;
	uint32_t state;
	dbus_bool_t inbound;
	const char *id;
	const char *name;
	const char *protocol;
};

struct fake_gnome {
	struct bus *bus;
	struct bus_object *application;
	struct fake_gnome_call calls[FAKE_GNOME_CALLS];
	bool refuses;    /* each method is answered with an error */
	char asked[512]; /* the methods that came, a line each: "Accept 1" */
};

struct fake_gnome *fake_gnome_new(struct bus *bus);
struct fake_gnome *fake_gnome_free(struct fake_gnome *gnome);

/** Own the name, or give it back. */
void fake_gnome_come(struct fake_gnome *gnome);
void fake_gnome_go(struct fake_gnome *gnome);

/** A call appears, as number @n, or changes. */
void fake_gnome_call(struct fake_gnome *gnome, unsigned int n, const char *protocol, const char *id,
		     bool inbound, uint32_t state);
void fake_gnome_state(struct fake_gnome *gnome, unsigned int n, uint32_t state);
void fake_gnome_name(struct fake_gnome *gnome, unsigned int n, const char *name);
void fake_gnome_remove(struct fake_gnome *gnome, unsigned int n);

#endif
