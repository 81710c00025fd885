/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A stand-in for oFono, or for PipeWire's telephony service with the same interfaces, with one modem: a
 * phone. Its calls are the test's, and do nothing of themselves.
 */
#ifndef CALLROUTE_TESTS_FAKE_OFONO_H
#define CALLROUTE_TESTS_FAKE_OFONO_H

#include "dbus/bus.h"

#include <stdbool.h>

#define FAKE_OFONO_CALLS 80

struct fake_ofono_call {
	struct fake_ofono *ofono;
	struct bus_object *object;
	char state[24];
	char number[32];
};

struct fake_ofono {
	struct bus *bus;
	bool is_pipewire;
	struct bus_object *manager;
	struct bus_object *modem;
	bool voice; /* oFono: the modem has that interface */
	struct fake_ofono_call calls[FAKE_OFONO_CALLS];
	bool refuses;    /* each method is answered with an error */
	bool silent;     /* no method is answered */
	char asked[512]; /* the methods that came, a line each: "Answer 1" */
};

struct fake_ofono *fake_ofono_new(struct bus *bus, bool is_pipewire);
struct fake_ofono *fake_ofono_free(struct fake_ofono *ofono);

/** Own the name, or give it back. */
void fake_ofono_come(struct fake_ofono *ofono);
void fake_ofono_go(struct fake_ofono *ofono);
/** The phone connects, or goes; oFono: its voice interface comes later, or goes before. */
void fake_ofono_connect(struct fake_ofono *ofono, bool connected);
void fake_ofono_voice(struct fake_ofono *ofono, bool voice);

/** A call appears, as number @n, or changes, or goes. */
void fake_ofono_call(struct fake_ofono *ofono, unsigned int n, const char *number,
		     const char *state);
void fake_ofono_state(struct fake_ofono *ofono, unsigned int n, const char *state);
void fake_ofono_remove(struct fake_ofono *ofono, unsigned int n);

#endif
