/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Both ends are in this process and on one loop, so a test runs the loop and sees both sides.
 */
#include "bus-pair.h"

#include <pipewire/pipewire.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void on_ready(void *data)
{
	struct bus_end *end = data;

	assert_false(end->ready);
	end->ready = true;
}

static void on_lost(void *data, const char *reason)
{
	struct bus_end *end = data;

	end->lost++;
	(void)snprintf(end->reason, sizeof(end->reason), "%s", reason);
}

static const struct bus_events end_events = { .ready = on_ready, .lost = on_lost };

void bus_end_open(struct bus_pair *pair, struct bus_end *ret)
{
	*ret = (struct bus_end){ 0 };
	assert_int_equal(
		bus_open(pair->loop, test_bus_address(pair->daemon), &end_events, ret, &ret->bus),
		0);
	assert_true(loop_until_set(pair->loop, &ret->ready));
}

void bus_end_close(struct bus_end *end)
{
	end->bus = bus_free(end->bus);
}

int bus_pair_start(void **state, const char *config)
{
	struct bus_pair *pair = calloc(1, sizeof(*pair));

	pw_init(NULL, NULL);
	if (!pair)
		return -1;
	*state = pair;
	pair->daemon = test_bus_start(config);
	pair->loop = loop_new();
	if (!pair->daemon || !pair->loop) {
		(void)bus_pair_teardown(state);
		return -1;
	}
	bus_end_open(pair, &pair->server);
	bus_end_open(pair, &pair->client);
	return 0;
}

int bus_pair_setup(void **state)
{
	return bus_pair_start(state, NULL);
}

int bus_pair_teardown(void **state)
{
	struct bus_pair *pair = *state;

	bus_end_close(&pair->client);
	bus_end_close(&pair->server);
	(void)loop_free(pair->loop);
	(void)test_bus_stop(pair->daemon);
	free(pair);
	pw_deinit();
	return 0;
}

static void read_reply(struct bus_answer *answer, DBusMessage *reply)
{
	DBusMessageIter iter;
	const char *text;

	answer->reply = dbus_message_ref(reply);
	if (!dbus_message_iter_init(reply, &iter))
		return;
	if (bus_read_basic(&iter, DBUS_TYPE_STRING, &text) == 0)
		(void)snprintf(answer->message, sizeof(answer->message), "%s", text);
	else if (bus_read_basic(&iter, DBUS_TYPE_INT32, &answer->number) < 0)
		answer->number = 0;
}

void bus_answer_take(void *data, DBusMessage *reply, const char *error)
{
	struct bus_answer *answer = data;

	assert_false(answer->got);
	answer->got = true;
	if (error)
		(void)snprintf(answer->error, sizeof(answer->error), "%s", error);
	if (reply)
		read_reply(answer, reply);
}

void bus_answer_done(struct bus_answer *answer)
{
	if (answer->reply)
		dbus_message_unref(answer->reply);
	answer->reply = NULL;
}

DBusMessage *bus_pair_message(struct bus_pair *pair, const char *path, const char *interface,
			      const char *member)
{
	return bus_message(bus_unique_name(pair->server.bus), path, interface, member,
			   DBUS_TYPE_INVALID);
}

void bus_pair_call(struct bus_pair *pair, DBusMessage *message, struct bus_answer *ret)
{
	*ret = (struct bus_answer){ 0 };
	assert_int_equal(
		bus_send(pair->client.bus, message, LOOP_DEADLINE_MS, bus_answer_take, ret, NULL),
		0);
	assert_true(loop_until_set(pair->loop, &ret->got));
}

static void round_trip(struct bus_pair *pair, struct bus *from, struct bus *to)
{
	struct bus_answer answer = { 0 };

	assert_int_equal(bus_send(from,
				  bus_message(bus_unique_name(to), "/", DBUS_INTERFACE_PEER, "Ping",
					      DBUS_TYPE_INVALID),
				  LOOP_DEADLINE_MS, bus_answer_take, &answer, NULL),
			 0);
	assert_true(loop_until_set(pair->loop, &answer.got));
	bus_answer_done(&answer);
}

void bus_pair_settle(struct bus_pair *pair)
{
	/* what was deferred to the loop goes out first; messages keep their order after that */
	loop_drain(pair->loop);
	round_trip(pair, pair->client.bus, pair->server.bus);
	round_trip(pair, pair->server.bus, pair->client.bus);
	loop_drain(pair->loop);
}
