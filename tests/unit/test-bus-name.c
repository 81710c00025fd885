/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Names and their owners, names of our own, and which signals a match hears.
 */
#include "tests/common/bus-pair.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVICE "org.callroute.Test"
#define NAME "org.callroute.Test1"

/* ---- watching -------------------------------------------------------------------------------- */

struct watcher {
	struct bus_pair *pair;
	struct bus_name_watch *watch;
	unsigned int n;
	char owner[64]; /* "" for none */
	bool free_watch;
	bool free_bus;
};

static void on_name(void *data, const char *name, const char *owner)
{
	struct watcher *watcher = data;

	assert_string_equal(name, SERVICE);
	watcher->n++;
	(void)snprintf(watcher->owner, sizeof(watcher->owner), "%s", owner ? owner : "");
	if (watcher->free_watch)
		watcher->watch = bus_name_watch_free(watcher->watch);
	if (watcher->free_bus)
		bus_end_close(&watcher->pair->client);
}

static void watch(struct bus_pair *pair, struct watcher *watcher)
{
	watcher->pair = pair;
	assert_int_equal(
		bus_watch_name(pair->client.bus, SERVICE, on_name, watcher, &watcher->watch), 0);
	assert_int_equal(watcher->n, 0);
}

struct owned {
	unsigned int n;
	bool owned;
};

static void on_owned(void *data, const char *name, bool owned)
{
	struct owned *o = data;

	assert_string_equal(name, SERVICE);
	o->n++;
	o->owned = owned;
}

static void own(struct bus_pair *pair, struct bus *bus, struct owned *ret)
{
	*ret = (struct owned){ 0 };
	assert_int_equal(bus_request_name(bus, SERVICE, on_owned, ret), 0);
	assert_true(loop_until_count(pair->loop, &ret->n, 1));
}

static void test_watch_follows_the_owner_through_its_restart(void **state)
{
	struct bus_pair *pair = *state;
	struct watcher watcher = { 0 };
	struct bus_end service;
	struct owned owned;

	watch(pair, &watcher);
	assert_true(loop_until_count(pair->loop, &watcher.n, 1));
	assert_string_equal(watcher.owner, "");

	for (unsigned int i = 0; i < 2; i++) {
		bus_end_open(pair, &service);
		own(pair, service.bus, &owned);
		assert_true(owned.owned);
		assert_true(loop_until_count(pair->loop, &watcher.n, 2 + 2 * i));
		assert_string_equal(watcher.owner, bus_unique_name(service.bus));
		bus_end_close(&service);
		assert_true(loop_until_count(pair->loop, &watcher.n, 3 + 2 * i));
		assert_string_equal(watcher.owner, "");
	}
	bus_name_watch_free(watcher.watch);
}

static void test_watch_of_a_name_that_is_known_is_told_from_the_loop(void **state)
{
	struct bus_pair *pair = *state;
	struct watcher first = { 0 };
	struct watcher second = { 0 };
	struct owned owned;

	own(pair, pair->server.bus, &owned);
	watch(pair, &first);
	assert_true(loop_until_count(pair->loop, &first.n, 1));
	watch(pair, &second);
	assert_true(loop_until_count(pair->loop, &second.n, 1));
	assert_string_equal(second.owner, bus_unique_name(pair->server.bus));
	bus_pair_settle(pair);
	assert_int_equal(first.n, 1);
	assert_int_equal(second.n, 1);
	bus_name_watch_free(first.watch);
	bus_name_watch_free(second.watch);
}

struct connection {
	unsigned int n;
	bool there;
};

static void on_connection(void *data, const char *name, const char *owner)
{
	struct connection *connection = data;

	connection->n++;
	connection->there = owner != NULL;
	if (owner)
		assert_string_equal(name, owner);
}

static void test_watch_of_a_connection_tells_when_it_ends(void **state)
{
	struct bus_pair *pair = *state;
	struct connection connection = { 0 };
	struct bus_name_watch *handle;
	struct bus_end service;

	bus_end_open(pair, &service);
	assert_int_equal(bus_watch_name(pair->client.bus, bus_unique_name(service.bus),
					on_connection, &connection, &handle),
			 0);
	assert_true(loop_until_count(pair->loop, &connection.n, 1));
	assert_true(connection.there);
	bus_end_close(&service);
	assert_true(loop_until_count(pair->loop, &connection.n, 2));
	assert_false(connection.there);
	bus_name_watch_free(handle);
}

static void test_watch_may_be_freed_when_it_is_told(void **state)
{
	struct bus_pair *pair = *state;
	struct watcher first = { .free_watch = true };
	struct watcher second = { 0 };
	struct owned owned;

	watch(pair, &first);
	watch(pair, &second);
	assert_true(loop_until_count(pair->loop, &second.n, 1));
	own(pair, pair->server.bus, &owned);
	assert_true(loop_until_count(pair->loop, &second.n, 2));
	assert_int_equal(first.n, 1);
	assert_null(first.watch);
	bus_name_watch_free(second.watch);
}

static bool is_closed(void *data)
{
	const struct bus_pair *pair = data;

	return !pair->client.bus;
}

static void test_bus_may_be_freed_when_a_watch_is_told(void **state)
{
	struct bus_pair *pair = *state;
	struct watcher first = { .free_bus = true };
	struct watcher second = { 0 };

	watch(pair, &first);
	watch(pair, &second);
	assert_true(loop_until(pair->loop, is_closed, pair, LOOP_DEADLINE_MS));
	loop_drain(pair->loop);
	assert_int_equal(first.n, 1);
	assert_int_equal(second.n, 0);
	bus_name_watch_free(first.watch);
	bus_name_watch_free(second.watch);
}

/* ---- owning ---------------------------------------------------------------------------------- */

static void test_name_that_is_held_is_ours_when_its_owner_lets_go(void **state)
{
	struct bus_pair *pair = *state;
	struct owned first;
	struct owned second;

	own(pair, pair->server.bus, &first);
	assert_true(first.owned);
	own(pair, pair->client.bus, &second);
	assert_false(second.owned);
	bus_release_name(pair->server.bus, SERVICE);
	assert_true(loop_until_count(pair->loop, &second.n, 2));
	assert_true(second.owned);
	bus_pair_settle(pair);
	assert_int_equal(first.n, 1);

	/* and once more the other way round */
	own(pair, pair->server.bus, &first);
	assert_false(first.owned);
	bus_release_name(pair->client.bus, SERVICE);
	assert_true(loop_until_count(pair->loop, &first.n, 2));
	assert_true(first.owned);
	assert_int_equal(second.n, 2);
}

static void test_name_may_be_asked_for_once(void **state)
{
	struct bus_pair *pair = *state;
	struct owned owned;

	own(pair, pair->server.bus, &owned);
	assert_int_equal(bus_request_name(pair->server.bus, SERVICE, on_owned, &owned), -EALREADY);
	assert_int_equal(bus_request_name(pair->server.bus, "bad name", on_owned, &owned), -EINVAL);
	assert_int_equal(bus_request_name(pair->server.bus, ":1.5", on_owned, &owned), -EINVAL);
	bus_release_name(pair->server.bus, SERVICE);
	own(pair, pair->server.bus, &owned);
	assert_true(owned.owned);
	bus_release_name(pair->server.bus, "org.never.Asked");
}

/* ---- hearing --------------------------------------------------------------------------------- */

struct listener {
	struct bus_match *match;
	struct bus_pair *pair;
	unsigned int n;
	bool free_match;
	struct listener *listen_more; /* starts to listen when a signal is heard */
};

static void hear(void *data, DBusMessage *signal);

static void listen_to(struct bus_pair *pair, const char *sender, const char *path,
		      const char *interface, const char *member, struct listener *listener)
{
	listener->pair = pair;
	assert_int_equal(bus_match(pair->client.bus, sender, path, interface, member, hear,
				   listener, &listener->match),
			 0);
}

static void hear(void *data, DBusMessage *signal)
{
	struct listener *listener = data;

	listener->n++;
	if (listener->listen_more)
		listen_to(listener->pair, NULL, "/a", NULL, NULL, listener->listen_more);
	listener->listen_more = NULL;
	if (listener->free_match)
		listener->match = bus_match_free(listener->match);
}

static void emit(struct bus *from, const char *path, const char *interface, const char *member)
{
	DBusMessage *signal = dbus_message_new_signal(path, interface, member);

	assert_true(dbus_connection_send(bus_connection(from), signal, NULL));
	dbus_message_unref(signal);
}

static void test_match_hears_what_it_names_and_no_more(void **state)
{
	struct bus_pair *pair = *state;
	struct listener by_path = { 0 };
	struct listener by_interface = { 0 };
	struct listener by_member = { 0 };
	struct listener by_all = { 0 };

	listen_to(pair, NULL, "/a", NULL, NULL, &by_path);
	listen_to(pair, NULL, NULL, NAME, NULL, &by_interface);
	listen_to(pair, NULL, NULL, NULL, "Moved", &by_member);
	listen_to(pair, bus_unique_name(pair->server.bus), "/a", NAME, "Moved", &by_all);
	bus_pair_settle(pair);
	emit(pair->server.bus, "/a", NAME, "Moved");
	emit(pair->server.bus, "/a", NAME, "Gone");
	emit(pair->server.bus, "/b", NAME, "Moved");
	emit(pair->server.bus, "/a", "org.other.Thing", "Moved");
	emit(pair->client.bus, "/a", NAME, "Moved");
	bus_pair_settle(pair);
	assert_int_equal(by_path.n, 4);
	assert_int_equal(by_interface.n, 4);
	assert_int_equal(by_member.n, 4);
	assert_int_equal(by_all.n, 1);
	bus_match_free(by_path.match);
	bus_match_free(by_interface.match);
	bus_match_free(by_member.match);
	bus_match_free(by_all.match);
	emit(pair->server.bus, "/a", NAME, "Moved");
	bus_pair_settle(pair);
	assert_int_equal(by_all.n, 1);
}

static void test_match_by_name_hears_the_owner_only(void **state)
{
	struct bus_pair *pair = *state;
	struct listener by_name = { 0 };
	struct listener by_any = { 0 };
	struct bus_end stranger;
	struct owned owned;

	bus_end_open(pair, &stranger);
	listen_to(pair, SERVICE, NULL, NULL, "Moved", &by_name);
	/* this one brings us the strangers' signals too */
	listen_to(pair, NULL, NULL, NULL, "Moved", &by_any);
	bus_pair_settle(pair);
	emit(pair->server.bus, "/a", NAME, "Moved");
	bus_pair_settle(pair);
	assert_int_equal(by_any.n, 1);
	assert_int_equal(by_name.n, 0);

	own(pair, pair->server.bus, &owned);
	emit(stranger.bus, "/a", NAME, "Moved");
	emit(pair->server.bus, "/a", NAME, "Moved");
	assert_true(loop_until_count(pair->loop, &by_any.n, 3));
	assert_int_equal(by_name.n, 1);

	bus_release_name(pair->server.bus, SERVICE);
	own(pair, stranger.bus, &owned);
	emit(stranger.bus, "/a", NAME, "Moved");
	emit(pair->server.bus, "/a", NAME, "Moved");
	assert_true(loop_until_count(pair->loop, &by_any.n, 5));
	assert_int_equal(by_name.n, 2);
	bus_match_free(by_name.match);
	bus_match_free(by_any.match);
	bus_end_close(&stranger);
}

static void emit_when_called(struct bus_call *call, void *data)
{
	const struct bus_pair *pair = data;

	emit(pair->server.bus, "/a", NAME, "Moved");
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void test_match_by_name_hears_the_first_signal_after_it_was_made(void **state)
{
	static const struct bus_method methods[] = { { "Go", "", "", emit_when_called }, { 0 } };
	static const struct bus_interface interface = { .name = NAME, .methods = methods };
	static const struct bus_interface *const interfaces[] = { &interface, NULL };
	struct bus_pair *pair = *state;
	struct listener by_name = { 0 };
	struct bus_answer answer;
	struct bus_object *object;
	struct owned owned;

	own(pair, pair->server.bus, &owned);
	assert_int_equal(bus_object_new(pair->server.bus, "/a", interfaces, pair, &object), 0);
	/* nothing has been answered yet when the call goes out */
	listen_to(pair, SERVICE, NULL, NULL, NULL, &by_name);
	bus_pair_call(pair, bus_pair_message(pair, "/a", NAME, "Go"), &answer);
	bus_answer_done(&answer);
	assert_int_equal(by_name.n, 1);
	bus_match_free(by_name.match);
	bus_object_free(object);
}

static void test_matches_may_come_and_go_while_a_signal_is_heard(void **state)
{
	struct bus_pair *pair = *state;
	struct listener later = { 0 };
	struct listener first = { .free_match = true, .listen_more = &later };
	struct listener second = { 0 };

	listen_to(pair, NULL, "/a", NULL, NULL, &first);
	listen_to(pair, NULL, "/a", NULL, NULL, &second);
	bus_pair_settle(pair);
	emit(pair->server.bus, "/a", NAME, "Moved");
	bus_pair_settle(pair);
	assert_int_equal(first.n, 1);
	assert_null(first.match);
	assert_int_equal(second.n, 1);
	assert_int_equal(later.n, 0);
	emit(pair->server.bus, "/a", NAME, "Moved");
	bus_pair_settle(pair);
	assert_int_equal(first.n, 1);
	assert_int_equal(second.n, 2);
	assert_int_equal(later.n, 1);
	bus_match_free(second.match);
	bus_match_free(later.match);
}

static void test_match_that_is_malformed_is_refused(void **state)
{
	struct bus_pair *pair = *state;
	struct bus *bus = pair->client.bus;
	struct bus_match *match;

	assert_int_equal(bus_match(bus, "a b", NULL, NULL, NULL, hear, NULL, &match), -EINVAL);
	assert_int_equal(bus_match(bus, NULL, "a", NULL, NULL, hear, NULL, &match), -EINVAL);
	assert_int_equal(bus_match(bus, NULL, NULL, "a',b='", NULL, hear, NULL, &match), -EINVAL);
	assert_int_equal(bus_match(bus, NULL, NULL, NULL, "a.b", hear, NULL, &match), -EINVAL);
	assert_int_equal(bus_match(bus, NULL, NULL, NULL, NULL, NULL, NULL, &match), -EINVAL);
}

#define bus_test(test) cmocka_unit_test_setup_teardown(test, bus_pair_setup, bus_pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bus_test(test_watch_follows_the_owner_through_its_restart),
		bus_test(test_watch_of_a_name_that_is_known_is_told_from_the_loop),
		bus_test(test_watch_of_a_connection_tells_when_it_ends),
		bus_test(test_watch_may_be_freed_when_it_is_told),
		bus_test(test_bus_may_be_freed_when_a_watch_is_told),
		bus_test(test_name_that_is_held_is_ours_when_its_owner_lets_go),
		bus_test(test_name_may_be_asked_for_once),
		bus_test(test_match_hears_what_it_names_and_no_more),
		bus_test(test_match_by_name_hears_the_owner_only),
		bus_test(test_match_by_name_hears_the_first_signal_after_it_was_made),
		bus_test(test_matches_may_come_and_go_while_a_signal_is_heard),
		bus_test(test_match_that_is_malformed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
