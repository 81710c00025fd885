/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A stand-in for bluetoothd as a hands-free unit, with one phone. Its calls are the test's, and do nothing
 * of themselves.
 */
#ifndef CALLROUTE_TESTS_FAKE_PHONES_H
#define CALLROUTE_TESTS_FAKE_PHONES_H

#include "dbus/bus.h"

#include <stdbool.h>

#define FAKE_PHONES_CALLS 40

struct fake_phones_call {
	struct fake_phones *phones;
	struct bus_object *object;
	char state[24];
	char number[32];
};

struct fake_phones {
	struct bus *bus;
	struct bus_object *gateway;
	char state[24]; /* of the connection */
	struct fake_phones_call calls[FAKE_PHONES_CALLS];
	bool refuses;    /* each method is answered with an error */
	char asked[512]; /* the methods that came, a line each: "Answer 1" */
};

struct fake_phones *fake_phones_new(struct bus *bus);
struct fake_phones *fake_phones_free(struct fake_phones *phones);

/** Own the name, or give it back. */
void fake_phones_come(struct fake_phones *phones);
void fake_phones_go(struct fake_phones *phones);
/** The phone's object is there, in this state of its connection; NULL: no more. */
void fake_phones_connect(struct fake_phones *phones, const char *state);

/** A call appears, as number @n, or changes, or goes. */
void fake_phones_call(struct fake_phones *phones, unsigned int n, const char *number,
		      const char *state);
void fake_phones_state(struct fake_phones *phones, unsigned int n, const char *state);
void fake_phones_remove(struct fake_phones *phones, unsigned int n);

#endif
