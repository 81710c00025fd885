/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * An object whose methods answer in every way that a method can.
 */
#ifndef CALLROUTE_TESTS_BUS_SERVICE_H
#define CALLROUTE_TESTS_BUS_SERVICE_H

#include "tests/common/bus-pair.h"

#define SERVICE_NAME "org.callroute.Test1"
#define SERVICE_PATH "/test"

struct service {
	struct bus_pair *pair;
	struct bus_object *object;
	struct bus_call *kept; /* by its method Keep, to be answered by the test */
	unsigned int calls;    /* of Echo */
};

/** Serve it on the pair's server; the test frees .object. */
void service_serve(struct bus_pair *pair, struct service *ret);

/** Call a method without arguments, and wait for its answer. */
void service_call(struct bus_pair *pair, const char *member, struct bus_answer *ret);
/** A call of Echo, to be sent. */
DBusMessage *service_echo(struct bus_pair *pair, const char *text);

/** The answer is that error; it is freed. */
void service_assert_error(struct bus_answer *answer, const char *error);

#endif
