/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Another service's objects: each told once, whatever comes first, and taken back when it goes.
 *
 * The service is played by hand, so that the order of its messages is the test's.
 */
#include "dbus/remote.h"
#include "tests/common/bus-pair.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVICE "org.callroute.Service"
#define MANAGER "org.freedesktop.DBus.ObjectManager"
#define DEVICE "org.callroute.Device1"
#define BATTERY "org.callroute.Battery1"

/* ---- a service -------------------------------------------------------------------------------- */

struct service {
	struct bus_pair *pair;
	DBusConnection *connection;
	struct spa_source *source;
	DBusMessage *asked; /* GetManagedObjects, to be answered */
};

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	struct service *service = data;

	if (!dbus_message_is_method_call(message, MANAGER, "GetManagedObjects"))
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	assert_null(service->asked);
	service->asked = dbus_message_ref(message);
	return DBUS_HANDLER_RESULT_HANDLED;
}

static void on_readable(void *data, int fd, uint32_t events)
{
	struct service *service = data;

	(void)dbus_connection_read_write(service->connection, 0);
	while (dbus_connection_dispatch(service->connection) == DBUS_DISPATCH_DATA_REMAINS)
		;
}

static void service_start(struct bus_pair *pair, struct service *ret)
{
	int fd;

	*ret = (struct service){ .pair = pair };
	ret->connection = dbus_connection_open_private(test_bus_address(pair->daemon), NULL);
	assert_non_null(ret->connection);
	dbus_connection_set_exit_on_disconnect(ret->connection, FALSE);
	assert_true(dbus_bus_register(ret->connection, NULL));
	assert_true(dbus_connection_add_filter(ret->connection, on_message, ret, NULL));
	assert_true(dbus_connection_get_unix_fd(ret->connection, &fd));
	ret->source = pw_loop_add_io(pair->loop, fd, SPA_IO_IN, false, on_readable, ret);
	assert_non_null(ret->source);
}

static void service_own(struct service *service)
{
	assert_true(dbus_bus_request_name(service->connection, SERVICE,
					  DBUS_NAME_FLAG_ALLOW_REPLACEMENT |
						  DBUS_NAME_FLAG_REPLACE_EXISTING,
					  NULL) > 0);
}

static void service_stop(struct service *service)
{
	if (!service->connection)
		return;
	pw_loop_destroy_source(service->pair->loop, service->source);
	dbus_connection_remove_filter(service->connection, on_message, service);
	dbus_connection_close(service->connection);
	dbus_connection_unref(service->connection);
	service->connection = NULL;
	if (service->asked)
		dbus_message_unref(service->asked);
	service->asked = NULL;
}

static void service_send(struct service *service, DBusMessage *message)
{
	assert_non_null(message);
	assert_true(dbus_connection_send(service->connection, message, NULL));
	dbus_connection_flush(service->connection);
	dbus_message_unref(message);
}

/* {sa{sv}} with one property, Value. */
static void append_interface(DBusMessageIter *array, const char *interface, int32_t value)
{
	DBusMessageIter entry;
	DBusMessageIter dict;

	dbus_message_iter_open_container(array, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	bus_append_basic(&entry, DBUS_TYPE_STRING, &interface);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry(&dict, "Value", DBUS_TYPE_INT32, &value);
	dbus_message_iter_close_container(&entry, &dict);
	dbus_message_iter_close_container(array, &entry);
}

static void service_added(struct service *service, const char *path, const char *interface,
			  int32_t value)
{
	DBusMessage *signal = dbus_message_new_signal("/", MANAGER, "InterfacesAdded");
	DBusMessageIter iter;
	DBusMessageIter array;

	dbus_message_iter_init_append(signal, &iter);
	bus_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &path);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sa{sv}}", &array);
	append_interface(&array, interface, value);
	dbus_message_iter_close_container(&iter, &array);
	service_send(service, signal);
}

static void service_removed(struct service *service, const char *path, const char *interface)
{
	DBusMessage *signal = dbus_message_new_signal("/", MANAGER, "InterfacesRemoved");
	const char *const names[] = { interface };
	const char *const *array = names;

	assert_true(dbus_message_append_args(signal, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_ARRAY,
					     DBUS_TYPE_STRING, &array, 1, DBUS_TYPE_INVALID));
	service_send(service, signal);
}

static void send_changed(DBusConnection *from, const char *path, const char *interface,
			 int32_t value)
{
	DBusMessage *signal =
		dbus_message_new_signal(path, DBUS_INTERFACE_PROPERTIES, "PropertiesChanged");
	DBusMessageIter iter;
	DBusMessageIter inside;

	dbus_message_iter_init_append(signal, &iter);
	bus_append_basic(&iter, DBUS_TYPE_STRING, &interface);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &inside);
	bus_append_entry(&inside, "Value", DBUS_TYPE_INT32, &value);
	dbus_message_iter_close_container(&iter, &inside);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "s", &inside);
	dbus_message_iter_close_container(&iter, &inside);
	assert_true(dbus_connection_send(from, signal, NULL));
	dbus_message_unref(signal);
}

static void service_changed(struct service *service, const char *path, const char *interface,
			    int32_t value)
{
	send_changed(service->connection, path, interface, value);
	dbus_connection_flush(service->connection);
}

static bool is_asked(void *data)
{
	return ((struct service *)data)->asked != NULL;
}

static void service_await(struct service *service)
{
	assert_true(loop_until(service->pair->loop, is_asked, service, LOOP_DEADLINE_MS));
}

struct known {
	const char *path;
	const char *interface;
	int32_t value;
};

static void service_answer(struct service *service, const struct known *known, size_t n)
{
	DBusMessage *reply = dbus_message_new_method_return(service->asked);
	DBusMessageIter iter;
	DBusMessageIter objects;
	DBusMessageIter entry;
	DBusMessageIter array;

	dbus_message_unref(service->asked);
	service->asked = NULL;
	dbus_message_iter_init_append(reply, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{oa{sa{sv}}}", &objects);
	for (size_t i = 0; i < n; i++) {
		dbus_message_iter_open_container(&objects, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		bus_append_basic(&entry, DBUS_TYPE_OBJECT_PATH, &known[i].path);
		dbus_message_iter_open_container(&entry, DBUS_TYPE_ARRAY, "{sa{sv}}", &array);
		append_interface(&array, known[i].interface, known[i].value);
		dbus_message_iter_close_container(&entry, &array);
		dbus_message_iter_close_container(&objects, &entry);
	}
	dbus_message_iter_close_container(&iter, &objects);
	service_send(service, reply);
}

/* ---- who follows it ---------------------------------------------------------------------------- */

/* What was told, in order: "!" service there, "?" gone, "+/a Device1 1", "-/a Device1",
 * "~/a Device1 1". */
struct follower {
	struct bus_pair *pair;
	struct bus_remote *remote;
	char told[1024];
	char owner[64];
	char free_at; /* free the remote at this kind of event */
};

static int read_value(void *data, const char *key, DBusMessageIter *value)
{
	assert_string_equal(key, "Value");
	return bus_read_basic(value, DBUS_TYPE_INT32, data);
}

static void tell(struct follower *follower, char kind, const char *path, const char *interface,
		 DBusMessageIter *properties)
{
	size_t n = strlen(follower->told);
	const char *short_name = interface ? strrchr(interface, '.') + 1 : "";
	int32_t value = 0;

	n += (size_t)snprintf(follower->told + n, sizeof(follower->told) - n, "%s%c%s%s%s",
			      n ? " " : "", kind, path ? path : "", path ? ":" : "", short_name);
	if (properties) {
		assert_int_equal(bus_read_dict(properties, read_value, &value), 0);
		(void)snprintf(follower->told + n, sizeof(follower->told) - n, "=%d", value);
	}
	if (follower->free_at == kind)
		follower->remote = bus_remote_free(follower->remote);
}

static void on_service(void *data, const char *owner)
{
	struct follower *follower = data;

	(void)snprintf(follower->owner, sizeof(follower->owner), "%s", owner ? owner : "");
	tell(follower, owner ? '!' : '?', NULL, NULL, NULL);
}

static void on_added(void *data, const char *path, const char *interface,
		     DBusMessageIter *properties)
{
	tell(data, '+', path, interface, properties);
}

static void on_removed(void *data, const char *path, const char *interface)
{
	tell(data, '-', path, interface, NULL);
}

static void on_changed(void *data, const char *path, const char *interface,
		       DBusMessageIter *properties)
{
	tell(data, '~', path, interface, properties);
}

static const struct bus_remote_events events = {
	.service = on_service,
	.added = on_added,
	.removed = on_removed,
	.changed = on_changed,
};

static void follow(struct bus_pair *pair, struct follower *ret)
{
	*ret = (struct follower){ .pair = pair };
	assert_int_equal(
		bus_remote_new(pair->client.bus, SERVICE, "/", 4, &events, ret, &ret->remote), 0);
}

struct expectation {
	const struct follower *follower;
	const char *told;
};

static bool is_told(void *data)
{
	const struct expectation *expectation = data;

	return strcmp(expectation->follower->told, expectation->told) == 0;
}

/* All that was told since the last time, and after another round trip no more than that. */
static void assert_told(struct follower *follower, const char *told)
{
	struct expectation expectation = { follower, told };

	(void)loop_until(follower->pair->loop, is_told, &expectation, LOOP_DEADLINE_MS);
	bus_pair_settle(follower->pair);
	assert_string_equal(follower->told, told);
	follower->told[0] = '\0';
}

/* ---- as it should be ---------------------------------------------------------------------------- */

static const struct known one[] = { { "/a", DEVICE, 1 } };
static const struct known two[] = { { "/a", DEVICE, 1 }, { "/b", DEVICE, 2 } };

static void test_objects_are_told_as_they_come_change_and_go(void **state)
{
	struct bus_pair *pair = *state;
	struct follower follower;
	struct service service;

	service_start(pair, &service);
	service_own(&service);
	follow(pair, &follower);
	service_await(&service);
	assert_told(&follower, "!");
	assert_string_equal(follower.owner, dbus_bus_get_unique_name(service.connection));
	service_answer(&service, two, 2);
	assert_told(&follower, "+/a:Device1=1 +/b:Device1=2");
	service_added(&service, "/a", BATTERY, 90);
	service_changed(&service, "/a", DEVICE, 5);
	service_changed(&service, "/a", BATTERY, 80);
	service_removed(&service, "/a", BATTERY);
	service_removed(&service, "/b", DEVICE);
	assert_told(&follower, "+/a:Battery1=90 ~/a:Device1=5 ~/a:Battery1=80 -/a:Battery1 "
			       "-/b:Device1");
	service_changed(&service, "/b", DEVICE, 3);
	service_removed(&service, "/b", DEVICE);
	service_removed(&service, "/a", BATTERY);
	service_changed(&service, "/a", DEVICE, 6);
	assert_told(&follower, "~/a:Device1=6");
	assert_null(bus_remote_free(follower.remote));
	service_changed(&service, "/a", DEVICE, 7);
	assert_told(&follower, "");
	service_stop(&service);
}

static void test_objects_are_taken_back_and_told_again_over_a_restart(void **state)
{
	struct bus_pair *pair = *state;
	struct follower follower;
	struct service service;

	follow(pair, &follower);
	assert_told(&follower, "");
	for (unsigned int i = 0; i < 2; i++) {
		service_start(pair, &service);
		service_own(&service);
		service_await(&service);
		service_answer(&service, two, 2);
		assert_told(&follower, "! +/a:Device1=1 +/b:Device1=2");
		service_stop(&service);
		assert_told(&follower, "-/a:Device1 -/b:Device1 ?");
		assert_string_equal(follower.owner, "");
	}
	bus_remote_free(follower.remote);
}

/* ---- order --------------------------------------------------------------------------------------- */

static void test_signals_before_the_answer_are_neither_lost_nor_doubled(void **state)
{
	static const struct known known[] = { { "/a", DEVICE, 1 }, { "/b", DEVICE, 3 } };
	struct bus_pair *pair = *state;
	struct follower follower;
	struct service service;

	service_start(pair, &service);
	service_own(&service);
	follow(pair, &follower);
	service_await(&service);
	service_added(&service, "/b", DEVICE, 2);
	service_changed(&service, "/b", DEVICE, 3);
	/* not told yet: the answer has its new value */
	service_changed(&service, "/a", DEVICE, 1);
	service_answer(&service, known, 2);
	assert_told(&follower, "! +/b:Device1=2 ~/b:Device1=3 +/a:Device1=1");
	service_stop(&service);
	assert_told(&follower, "-/b:Device1 -/a:Device1 ?");
	bus_remote_free(follower.remote);
}

static void test_object_removed_before_an_older_answer_stays_away(void **state)
{
	struct bus_pair *pair = *state;
	struct follower follower;
	struct service service;

	service_start(pair, &service);
	service_own(&service);
	follow(pair, &follower);
	service_await(&service);
	service_removed(&service, "/a", DEVICE);
	service_added(&service, "/b", DEVICE, 2);
	service_removed(&service, "/b", DEVICE);
	service_answer(&service, two, 2);
	assert_told(&follower, "! +/b:Device1=2 -/b:Device1");
	service_added(&service, "/a", DEVICE, 4);
	assert_told(&follower, "+/a:Device1=4");
	service_stop(&service);
	assert_told(&follower, "-/a:Device1 ?");
	bus_remote_free(follower.remote);
}

static void test_object_announced_after_the_answer_that_holds_it_is_told_once(void **state)
{
	struct bus_pair *pair = *state;
	struct follower follower;
	struct service service;

	service_start(pair, &service);
	service_own(&service);
	follow(pair, &follower);
	service_await(&service);
	service_answer(&service, one, 1);
	service_added(&service, "/a", DEVICE, 2);
	assert_told(&follower, "! +/a:Device1=1 ~/a:Device1=2");
	bus_remote_free(follower.remote);
	service_stop(&service);
}

static void test_answer_of_a_former_owner_is_ignored(void **state)
{
	static const struct known stale[] = { { "/old", DEVICE, 1 } };
	struct bus_pair *pair = *state;
	struct follower follower;
	struct service before;
	struct service after;

	service_start(pair, &before);
	service_start(pair, &after);
	service_own(&before);
	follow(pair, &follower);
	service_await(&before);
	service_added(&before, "/old", BATTERY, 1);
	assert_told(&follower, "! +/old:Battery1=1");
	service_own(&after);
	service_await(&after);
	assert_told(&follower, "-/old:Battery1 ? !");
	assert_string_equal(follower.owner, dbus_bus_get_unique_name(after.connection));
	service_answer(&before, stale, 1);
	service_added(&before, "/old", DEVICE, 1);
	service_changed(&before, "/old", DEVICE, 2);
	assert_told(&follower, "");
	service_answer(&after, one, 1);
	service_changed(&before, "/a", DEVICE, 2);
	assert_told(&follower, "+/a:Device1=1");
	service_stop(&before);
	assert_told(&follower, "");
	bus_remote_free(follower.remote);
	service_stop(&after);
}

/* ---- strangers and bounds ------------------------------------------------------------------------ */

static void test_signals_of_strangers_and_malformed_ones_are_ignored(void **state)
{
	static const char *const members[] = { "InterfacesAdded", "InterfacesRemoved" };
	struct bus_pair *pair = *state;
	struct follower follower;
	struct service service;

	service_start(pair, &service);
	service_own(&service);
	follow(pair, &follower);
	service_await(&service);
	service_answer(&service, one, 1);
	assert_told(&follower, "! +/a:Device1=1");
	send_changed(bus_connection(pair->server.bus), "/a", DEVICE, 9);
	send_changed(bus_connection(pair->client.bus), "/a", DEVICE, 9);
	for (size_t i = 0; i < 2; i++)
		service_send(&service, dbus_message_new_signal("/", MANAGER, members[i]));
	service_send(&service,
		     dbus_message_new_signal("/a", DBUS_INTERFACE_PROPERTIES, "PropertiesChanged"));
	assert_told(&follower, "");
	bus_remote_free(follower.remote);
	service_stop(&service);
}

static void test_service_that_has_no_object_manager_is_followed_by_its_signals(void **state)
{
	struct bus_pair *pair = *state;
	struct follower follower;
	struct service service;
	DBusMessage *error;

	service_start(pair, &service);
	service_own(&service);
	follow(pair, &follower);
	service_await(&service);
	error = dbus_message_new_error(service.asked, DBUS_ERROR_UNKNOWN_METHOD, "no");
	dbus_message_unref(service.asked);
	service.asked = NULL;
	service_send(&service, error);
	service_added(&service, "/a", DEVICE, 1);
	assert_told(&follower, "! +/a:Device1=1");
	bus_remote_free(follower.remote);
	service_stop(&service);
}

static void test_objects_beyond_the_bound_are_not_followed(void **state)
{
	static const struct known many[] = {
		{ "/a", DEVICE, 1 }, { "/b", DEVICE, 2 }, { "/c", DEVICE, 3 },
		{ "/d", DEVICE, 4 }, { "/e", DEVICE, 5 },
	};
	struct bus_pair *pair = *state;
	struct follower follower;
	struct service service;

	service_start(pair, &service);
	service_own(&service);
	follow(pair, &follower);
	service_await(&service);
	service_answer(&service, many, 5);
	assert_told(&follower, "! +/a:Device1=1 +/b:Device1=2 +/c:Device1=3 +/d:Device1=4");
	service_added(&service, "/f", DEVICE, 6);
	service_added(&service, "/a", BATTERY, 7);
	service_removed(&service, "/b", DEVICE);
	service_added(&service, "/f", DEVICE, 6);
	assert_told(&follower, "+/a:Battery1=7 -/b:Device1 +/f:Device1=6");
	bus_remote_free(follower.remote);
	service_stop(&service);
}

/* ---- freeing ------------------------------------------------------------------------------------- */

static void test_remote_may_be_freed_at_any_event(void **state)
{
	static const struct {
		char at;
		const char *told;
	} cases[] = {
		{ '!', "!" },
		{ '+', "! +/a:Device1=1" },
		{ '~', "! +/a:Device1=1 +/b:Device1=2 ~/a:Device1=3" },
		{ '-', "! +/a:Device1=1 +/b:Device1=2 ~/a:Device1=3 -/a:Device1" },
		{ '?', "! +/a:Device1=1 +/b:Device1=2 ~/a:Device1=3 -/a:Device1 -/b:Device1 ?" },
	};
	struct bus_pair *pair = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct follower follower;
		struct service service;

		follow(pair, &follower);
		follower.free_at = cases[i].at;
		service_start(pair, &service);
		service_own(&service);
		if (cases[i].at != '!') {
			service_await(&service);
			service_answer(&service, two, 2);
			service_changed(&service, "/a", DEVICE, 3);
		}
		bus_pair_settle(pair);
		service_stop(&service);
		assert_told(&follower, cases[i].told);
		assert_null(follower.remote);
	}
}

static void test_remote_that_cannot_be_is_refused(void **state)
{
	struct bus_pair *pair = *state;
	struct bus *bus = pair->client.bus;
	struct bus_remote *remote;

	assert_int_equal(bus_remote_new(bus, "no name", "/", 4, &events, NULL, &remote), -EINVAL);
	assert_int_equal(bus_remote_new(bus, SERVICE, "x", 4, &events, NULL, &remote), -EINVAL);
	assert_null(bus_remote_free(NULL));
}

#define bus_test(test) cmocka_unit_test_setup_teardown(test, bus_pair_setup, bus_pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bus_test(test_objects_are_told_as_they_come_change_and_go),
		bus_test(test_objects_are_taken_back_and_told_again_over_a_restart),
		bus_test(test_signals_before_the_answer_are_neither_lost_nor_doubled),
		bus_test(test_object_removed_before_an_older_answer_stays_away),
		bus_test(test_object_announced_after_the_answer_that_holds_it_is_told_once),
		bus_test(test_answer_of_a_former_owner_is_ignored),
		bus_test(test_signals_of_strangers_and_malformed_ones_are_ignored),
		bus_test(test_service_that_has_no_object_manager_is_followed_by_its_signals),
		bus_test(test_objects_beyond_the_bound_are_not_followed),
		bus_test(test_remote_may_be_freed_at_any_event),
		bus_test(test_remote_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
