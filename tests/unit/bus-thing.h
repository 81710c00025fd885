/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * An object with properties of every kind: writable, absent, nested, unreadable.
 */
#ifndef CALLROUTE_TESTS_BUS_THING_H
#define CALLROUTE_TESTS_BUS_THING_H

#include "tests/common/bus-pair.h"

#define THING_NAME "org.callroute.Test1"
#define THING_OTHER "org.callroute.Other1"
#define THING_PATH "/test/one"
#define THING_SECOND "/test/two"

struct thing {
	int32_t level;
	int32_t battery;   /* -1: absent */
	unsigned int gets; /* of Level */
	struct bus_object *object;
};

/** Both interfaces; and the other one, whose property cannot be read, alone. */
extern const struct bus_interface *const thing_interfaces[];
extern const struct bus_interface *const thing_other_interfaces[];

/** A method that answers nothing. */
void thing_nothing(struct bus_call *call, void *data);

/** Serve it at THING_PATH of the pair's server; the test frees .object. */
void thing_serve(struct bus_pair *pair, struct thing *ret);

#endif
