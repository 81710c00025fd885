/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The connection on a real bus: opening it, losing it, freeing it.
 */
#include "bus-service.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- opening ------------------------------------------------------------------------------- */

static void test_open_gives_a_unique_name_after_hello(void **state)
{
	struct bus_pair *pair = *state;
	struct bus *bus;

	assert_int_equal(bus_open(pair->loop, test_bus_address(pair->daemon), NULL, NULL, &bus), 0);
	assert_null(bus_unique_name(bus));
	assert_null(bus_free(bus));
	assert_string_not_equal(bus_unique_name(pair->server.bus),
				bus_unique_name(pair->client.bus));
}

static void test_open_where_nothing_listens_is_refused(void **state)
{
	struct bus_pair *pair = *state;
	char address[256];
	struct bus *bus;

	(void)snprintf(address, sizeof(address), "unix:path=%s/none", test_bus_dir(pair->daemon));
	assert_int_equal(bus_open(pair->loop, address, NULL, NULL, &bus), -ECONNREFUSED);
	test_bus_kill(pair->daemon);
	assert_int_equal(bus_open(pair->loop, test_bus_address(pair->daemon), NULL, NULL, &bus),
			 -ECONNREFUSED);
}

static void test_open_of_an_address_that_would_wait_is_refused(void **state)
{
	static const char *const addresses[] = {
		"nonsense",
		"tcp:host=localhost,port=1",
		"autolaunch:",
		"unixexec:path=/bin/true",
	};
	struct bus_pair *pair = *state;
	struct bus *bus;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		assert_int_equal(bus_open(pair->loop, addresses[i], NULL, NULL, &bus), -EINVAL);
	assert_int_equal(bus_open(pair->loop, NULL, NULL, NULL, &bus), -EINVAL);
}

static void free_in_ready(void *data)
{
	struct bus_end *end = data;

	end->ready = true;
	bus_end_close(end);
}

static void test_bus_may_be_freed_when_it_is_ready(void **state)
{
	static const struct bus_events events = { .ready = free_in_ready };
	struct bus_pair *pair = *state;
	struct bus_end end = { 0 };

	assert_int_equal(
		bus_open(pair->loop, test_bus_address(pair->daemon), &events, &end, &end.bus), 0);
	assert_true(loop_until_set(pair->loop, &end.ready));
	loop_drain(pair->loop);
	assert_null(end.bus);
}

static void test_addresses_come_from_the_environment(void **state)
{
	assert_int_equal(setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/a", 1), 0);
	assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/b", 1), 0);
	assert_string_equal(bus_session_address(), "unix:path=/a");
	assert_string_equal(bus_system_address(), "unix:path=/b");
}

static void test_session_address_is_the_socket_in_the_runtime_directory(void **state)
{
	struct bus_pair *pair = *state;
	char address[256];

	assert_int_equal(unsetenv("DBUS_SESSION_BUS_ADDRESS"), 0);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", test_bus_dir(pair->daemon), 1), 0);
	(void)snprintf(address, sizeof(address), "unix:path=%s/bus", test_bus_dir(pair->daemon));
	assert_string_equal(bus_session_address(), address);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/nowhere", 1), 0);
	assert_null(bus_session_address());
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
	assert_null(bus_session_address());
}

/* ---- losing the connection ------------------------------------------------------------------ */

static void test_lost_is_told_once_after_the_calls_have_failed(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer = { 0 };
	struct service service;

	service_serve(pair, &service);
	assert_int_equal(bus_send(pair->client.bus,
				  bus_pair_message(pair, SERVICE_PATH, SERVICE_NAME, "Keep"), -1,
				  bus_answer_take, &answer, NULL),
			 0);
	bus_pair_settle(pair);
	test_bus_kill(pair->daemon);
	assert_true(loop_until_count(pair->loop, &pair->client.lost, 1));
	assert_true(loop_until_count(pair->loop, &pair->server.lost, 1));
	assert_true(answer.got);
	assert_string_not_equal(answer.error, "");
	assert_null(answer.reply);
	loop_drain(pair->loop);
	assert_int_equal(pair->client.lost, 1);
	assert_string_not_equal(pair->client.reason, "");
	assert_int_equal(bus_send(pair->client.bus, service_echo(pair, "x"), -1, NULL, NULL, NULL),
			 -ENOTCONN);
	/* answering now is harmless */
	bus_call_error(service.kept, "org.callroute.Error.Late", "late");
	service.object = bus_object_free(service.object);
}

static void free_in_lost(void *data, const char *reason)
{
	struct bus_end *end = data;

	end->lost++;
	bus_end_close(end);
}

static void test_bus_may_be_freed_when_it_is_lost(void **state)
{
	static const struct bus_events events = { .lost = free_in_lost };
	struct bus_pair *pair = *state;
	struct bus_end end = { 0 };

	assert_int_equal(
		bus_open(pair->loop, test_bus_address(pair->daemon), &events, &end, &end.bus), 0);
	test_bus_kill(pair->daemon);
	assert_true(loop_until_count(pair->loop, &end.lost, 1));
	loop_drain(pair->loop);
	assert_null(end.bus);
}

static void never_named(void *data, const char *name, const char *owner)
{
	fail();
}

static void never_heard(void *data, DBusMessage *signal)
{
	fail();
}

static void never_answered(void *data, DBusMessage *reply, const char *error)
{
	fail();
}

static void test_handles_may_be_freed_after_the_bus(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_name_watch *watch;
	struct bus_pending *pending;
	struct bus_match *match;
	struct service service;

	service_serve(pair, &service);
	assert_int_equal(bus_watch_name(pair->server.bus, "a.b", never_named, NULL, &watch), 0);
	assert_int_equal(
		bus_match(pair->server.bus, "a.b", NULL, NULL, NULL, never_heard, NULL, &match), 0);
	assert_int_equal(bus_send(pair->server.bus, service_echo(pair, "x"), -1, never_answered,
				  NULL, &pending),
			 0);
	bus_end_close(&pair->server);
	loop_drain(pair->loop);
	bus_object_changed(service.object, SERVICE_NAME, "Nothing");
	bus_object_flush(service.object);
	assert_null(bus_match_free(match));
	assert_null(bus_name_watch_free(watch));
	assert_null(bus_pending_cancel(pending));
	service.object = bus_object_free(service.object);
}

#define bus_test(test) cmocka_unit_test_setup_teardown(test, bus_pair_setup, bus_pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bus_test(test_open_gives_a_unique_name_after_hello),
		bus_test(test_open_where_nothing_listens_is_refused),
		bus_test(test_open_of_an_address_that_would_wait_is_refused),
		bus_test(test_bus_may_be_freed_when_it_is_ready),
		bus_test(test_addresses_come_from_the_environment),
		bus_test(test_session_address_is_the_socket_in_the_runtime_directory),
		bus_test(test_lost_is_told_once_after_the_calls_have_failed),
		bus_test(test_bus_may_be_freed_when_it_is_lost),
		bus_test(test_handles_may_be_freed_after_the_bus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
