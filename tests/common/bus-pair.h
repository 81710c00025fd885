/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Two connections on one private bus and one loop: one that serves, one that asks.
 */
#ifndef CALLROUTE_TESTS_BUS_PAIR_H
#define CALLROUTE_TESTS_BUS_PAIR_H

#include "dbus/bus.h"
#include "tests/common/loop.h"
#include "tests/common/test-bus.h"

/** A connection with what its events told. */
struct bus_end {
	struct bus *bus;
	bool ready;
	unsigned int lost; /* how often */
	char reason[128];
};

struct bus_pair {
	struct test_bus *daemon;
	struct pw_loop *loop;
	struct bus_end server;
	struct bus_end client;
};

/** cmocka set-up and tear-down; *state is the pair. Both ends are ready. */
int bus_pair_setup(void **state);
/** The same on a bus of that configuration, see test_bus_start(). */
int bus_pair_start(void **state, const char *config);
int bus_pair_teardown(void **state);

/** One more connection, ready. Fails the test where it cannot be had. */
void bus_end_open(struct bus_pair *pair, struct bus_end *ret);
void bus_end_close(struct bus_end *end);

/** What came back of a call. */
struct bus_answer {
	bool got;
	char error[128];    /* "" where there was none */
	char message[1024]; /* the error's text, or the reply's first string */
	int32_t number;     /* the reply's first int32, going into a variant */
	DBusMessage *reply; /* to be freed by bus_answer_done() */
};

/** A bus_reply_fn for a struct bus_answer. */
void bus_answer_take(void *data, DBusMessage *reply, const char *error);
void bus_answer_done(struct bus_answer *answer);

/** A call to the server's connection. */
DBusMessage *bus_pair_message(struct bus_pair *pair, const char *path, const char *interface,
			      const char *member);
/** Send from the client and run the loop until it is answered. @message is consumed. */
void bus_pair_call(struct bus_pair *pair, DBusMessage *message, struct bus_answer *ret);
/** Run the loop until everything both ends have sent so far has arrived. */
void bus_pair_settle(struct bus_pair *pair);

#endif
