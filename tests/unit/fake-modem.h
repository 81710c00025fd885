/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A stand-in for ModemManager with one modem. Its calls are the test's; with .acts it does what it is
 * asked as a network would: accepted calls become active, those that were active are held or ended.
 */
#ifndef CALLROUTE_TESTS_FAKE_MODEM_H
#define CALLROUTE_TESTS_FAKE_MODEM_H

#include "dbus/bus.h"

#include <stdbool.h>
#include <stdint.h>

#define FAKE_MODEM_CALLS 80

enum {
	MODEM_UNKNOWN,
	MODEM_DIALING,
	MODEM_RINGING_OUT,
	MODEM_RINGING_IN,
	MODEM_ACTIVE,
	MODEM_HELD,
	MODEM_WAITING,
	MODEM_TERMINATED,
};

struct fake_modem_call {
	struct fake_modem *modem;
	struct bus_object *object;
	int32_t state;
	int32_t direction; /* 1 incoming, 2 outgoing */
	char number[96];
};

struct fake_modem {
	struct bus *bus;
	struct bus_object *modem;
	struct fake_modem_call calls[FAKE_MODEM_CALLS];
	int32_t state;
	uint32_t signal;
	uint32_t registration;
	const char *operator_name;
	bool acts;
	bool refuses; /* each method is answered with an error */
	bool silent;  /* no method is answered, before fake_modem_answer() */
	struct bus_call *kept;
	char asked[512]; /* the methods that came, a line each: "Accept 1" */
};

struct fake_modem *fake_modem_new(struct bus *bus);
struct fake_modem *fake_modem_free(struct fake_modem *modem);

/** Own the name, or give it back. */
void fake_modem_come(struct fake_modem *modem);
void fake_modem_go(struct fake_modem *modem);
/** The modem is plugged, as it is at first, or unplugged. */
void fake_modem_plug(struct fake_modem *modem, bool plugged);
/** Answer the last method that came while it was silent. */
void fake_modem_answer(struct fake_modem *modem);
/** A property of the modem has changed. */
void fake_modem_changed(struct fake_modem *modem, const char *interface, const char *property);

/** A call appears, as number @n, or changes. Its state tells the direction. */
void fake_modem_call(struct fake_modem *modem, unsigned int n, const char *number, int32_t state);
void fake_modem_state(struct fake_modem *modem, unsigned int n, int32_t state);
void fake_modem_delete(struct fake_modem *modem, unsigned int n);

#endif
