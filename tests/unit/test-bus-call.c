/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Calls in both directions, on a real bus.
 */
#include "bus-service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- being called -------------------------------------------------------------------------- */

static void test_method_is_answered(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct service service;

	service_serve(pair, &service);
	bus_pair_call(pair, service_echo(pair, "hello"), &answer);
	assert_string_equal(answer.error, "");
	assert_string_equal(answer.message, "hello");
	bus_answer_done(&answer);
	service_call(pair, "Number", &answer);
	assert_int_equal(answer.number, 42);
	bus_answer_done(&answer);
	service.object = bus_object_free(service.object);
}

static void test_method_without_interface_is_found(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct service service;

	service_serve(pair, &service);
	bus_pair_call(pair, bus_pair_message(pair, SERVICE_PATH, NULL, "Number"), &answer);
	assert_int_equal(answer.number, 42);
	bus_answer_done(&answer);
	service.object = bus_object_free(service.object);
}

static void test_wrong_signature_is_invalid_args_and_names_the_right_one(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct service service;

	service_serve(pair, &service);
	service_call(pair, "Echo", &answer);
	assert_string_equal(answer.message, "Echo takes the signature 's', not ''");
	service_assert_error(&answer, DBUS_ERROR_INVALID_ARGS);
	assert_int_equal(service.calls, 0);
	service.object = bus_object_free(service.object);
}

static void test_what_is_unknown_is_told_by_name(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct service service;

	service_serve(pair, &service);
	service_call(pair, "Nothing", &answer);
	service_assert_error(&answer, DBUS_ERROR_UNKNOWN_METHOD);
	bus_pair_call(pair, bus_pair_message(pair, SERVICE_PATH, NULL, "Nothing"), &answer);
	service_assert_error(&answer, DBUS_ERROR_UNKNOWN_METHOD);
	bus_pair_call(pair, bus_pair_message(pair, SERVICE_PATH, "org.other.Thing", "Echo"),
		      &answer);
	service_assert_error(&answer, DBUS_ERROR_UNKNOWN_INTERFACE);
	bus_pair_call(pair, bus_pair_message(pair, "/elsewhere", SERVICE_NAME, "Echo"), &answer);
	service_assert_error(&answer, DBUS_ERROR_UNKNOWN_OBJECT);
	bus_pair_call(pair, bus_pair_message(pair, "/", SERVICE_NAME, "Echo"), &answer);
	service_assert_error(&answer, DBUS_ERROR_UNKNOWN_INTERFACE);
	service.object = bus_object_free(service.object);
	service_call(pair, "Number", &answer);
	service_assert_error(&answer, DBUS_ERROR_UNKNOWN_OBJECT);
}

static void test_kept_call_is_answered_later(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer = { 0 };
	struct bus_answer other;
	struct service service;
	const char *text = "later";

	service_serve(pair, &service);
	assert_int_equal(bus_send(pair->client.bus,
				  bus_pair_message(pair, SERVICE_PATH, SERVICE_NAME, "Keep"), -1,
				  bus_answer_take, &answer, NULL),
			 0);
	bus_pair_call(pair, service_echo(pair, "between"), &other);
	bus_answer_done(&other);
	assert_false(answer.got);
	assert_non_null(service.kept);
	bus_call_reply(service.kept, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
	assert_true(loop_until_set(pair->loop, &answer.got));
	assert_string_equal(answer.message, "later");
	bus_answer_done(&answer);
	service_call(pair, "KeepAndAnswer", &answer);
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	service.object = bus_object_free(service.object);
}

static void test_kept_call_outlives_its_object(void **state)
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
	service.object = bus_object_free(service.object);
	bus_call_error(service.kept, "org.callroute.Error.Gone", "gone");
	assert_true(loop_until_set(pair->loop, &answer.got));
	service_assert_error(&answer, "org.callroute.Error.Gone");
}

static void test_kept_call_that_is_never_answered_fails_with_the_bus(void **state)
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
	assert_non_null(service.kept);
	bus_end_close(&pair->server);
	assert_true(loop_until_set(pair->loop, &answer.got));
	service_assert_error(&answer, DBUS_ERROR_FAILED);
	service.object = bus_object_free(service.object);
}

static void test_handler_that_gives_no_answer_is_failed(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct service service;

	service_serve(pair, &service);
	service_call(pair, "Forget", &answer);
	service_assert_error(&answer, DBUS_ERROR_FAILED);
	service.object = bus_object_free(service.object);
}

static void test_second_answer_is_not_sent(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct service service;

	service_serve(pair, &service);
	service_call(pair, "AnswerTwice", &answer);
	assert_string_equal(answer.message, "first 1");
	service_assert_error(&answer, "org.callroute.Error.First");
	bus_pair_settle(pair);
	service.object = bus_object_free(service.object);
}

static void test_answer_that_differs_from_the_row_is_failed(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct service service;

	service_serve(pair, &service);
	service_call(pair, "AnswerAmiss", &answer);
	service_assert_error(&answer, DBUS_ERROR_FAILED);
	service.object = bus_object_free(service.object);
}

static void test_error_text_of_any_bytes_is_made_valid(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct service service;

	service_serve(pair, &service);
	service_call(pair, "FailWithAnyBytes", &answer);
	assert_string_equal(answer.message, "a??b");
	service_assert_error(&answer, "org.callroute.Error.Bytes");
	service.object = bus_object_free(service.object);
}

static DBusHandlerResult count_answers(DBusConnection *connection, DBusMessage *message, void *data)
{
	int type = dbus_message_get_type(message);

	if (type == DBUS_MESSAGE_TYPE_ERROR || type == DBUS_MESSAGE_TYPE_METHOD_RETURN)
		(*(unsigned int *)data)++;
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static void test_call_that_wants_no_reply_gets_none(void **state)
{
	struct bus_pair *pair = *state;
	unsigned int stray = 0;
	struct service service;

	service_serve(pair, &service);
	assert_true(dbus_connection_add_filter(bus_connection(pair->client.bus), count_answers,
					       &stray, NULL));
	assert_int_equal(bus_send(pair->client.bus, service_echo(pair, "x"), -1, NULL, NULL, NULL),
			 0);
	assert_int_equal(bus_send(pair->client.bus,
				  bus_pair_message(pair, SERVICE_PATH, SERVICE_NAME, "Nothing"), -1,
				  NULL, NULL, NULL),
			 0);
	bus_pair_settle(pair);
	assert_int_equal(service.calls, 1);
	assert_int_equal(stray, 0);
	dbus_connection_remove_filter(bus_connection(pair->client.bus), count_answers, &stray);
	service.object = bus_object_free(service.object);
}

static void test_object_may_be_freed_in_its_own_handler(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct service service;

	service_serve(pair, &service);
	service_call(pair, "FreeObject", &answer);
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_null(service.object);
	service_serve(pair, &service);
	service.object = bus_object_free(service.object);
}

static void test_bus_may_be_freed_in_a_handler(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer;
	struct service service;

	service_serve(pair, &service);
	service_call(pair, "FreeBus", &answer);
	service_assert_error(&answer, DBUS_ERROR_NO_REPLY);
	assert_null(pair->server.bus);
	service.object = bus_object_free(service.object);
}

static void test_large_message_does_not_cost_the_connection(void **state)
{
	struct bus_pair *pair = *state;
	size_t n = 2 * 1024 * 1024;
	struct bus_answer answer;
	struct service service;
	char *text = malloc(n + 1);
	const char *back;

	assert_non_null(text);
	memset(text, 'x', n);
	text[n] = '\0';
	service_serve(pair, &service);
	bus_pair_call(pair, service_echo(pair, text), &answer);
	assert_string_equal(answer.error, "");
	assert_true(dbus_message_get_args(answer.reply, NULL, DBUS_TYPE_STRING, &back,
					  DBUS_TYPE_INVALID));
	assert_int_equal(strlen(back), n);
	bus_answer_done(&answer);
	free(text);
	assert_int_equal(pair->server.lost, 0);
	service.object = bus_object_free(service.object);
}

static void test_more_than_may_be_received_at_once_comes_in_turns(void **state)
{
	struct bus_pair *pair = *state;
	size_t n = 1024 * 1024;
	struct bus_answer answers[12] = { 0 };
	struct service service;
	char *text = malloc(n + 1);

	assert_non_null(text);
	memset(text, 'x', n);
	text[n] = '\0';
	service_serve(pair, &service);
	for (size_t i = 0; i < 12; i++)
		assert_int_equal(bus_send(pair->client.bus, service_echo(pair, text), -1,
					  bus_answer_take, &answers[i], NULL),
				 0);
	free(text);
	for (size_t i = 0; i < 12; i++) {
		assert_true(loop_until_set(pair->loop, &answers[i].got));
		assert_string_equal(answers[i].error, "");
		bus_answer_done(&answers[i]);
	}
	service.object = bus_object_free(service.object);
}

/* ---- calling ------------------------------------------------------------------------------- */

struct order {
	unsigned int next;
	unsigned int failed;
};

static void on_ordered(void *data, DBusMessage *reply, const char *error)
{
	struct order *order = data;
	const char *text;

	if (error ||
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) ||
	    strtoul(text, NULL, 10) != order->next)
		order->failed++;
	order->next++;
}

static void test_a_flood_of_calls_is_answered_in_order(void **state)
{
	struct bus_pair *pair = *state;
	struct order order = { 0 };
	struct service service;
	char text[16];

	service_serve(pair, &service);
	for (unsigned int i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(bus_send(pair->client.bus, service_echo(pair, text), -1,
					  on_ordered, &order, NULL),
				 0);
	}
	assert_true(loop_until_count(pair->loop, &order.next, 1000));
	assert_int_equal(order.failed, 0);
	assert_int_equal(service.calls, 1000);
	service.object = bus_object_free(service.object);
}

static void test_call_that_is_not_answered_times_out(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer = { 0 };
	struct service service;

	service_serve(pair, &service);
	assert_int_equal(bus_send(pair->client.bus,
				  bus_pair_message(pair, SERVICE_PATH, SERVICE_NAME, "Keep"), 20,
				  bus_answer_take, &answer, NULL),
			 0);
	assert_true(loop_until_set(pair->loop, &answer.got));
	assert_null(answer.reply);
	service_assert_error(&answer, DBUS_ERROR_NO_REPLY);
	/* the late answer finds nobody */
	assert_non_null(service.kept);
	bus_call_error(service.kept, "org.callroute.Error.Late", "late");
	bus_pair_settle(pair);
	service.object = bus_object_free(service.object);
}

static void test_cancelled_call_does_not_call_back(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer = { 0 };
	struct bus_pending *pending;
	struct service service;

	service_serve(pair, &service);
	assert_int_equal(bus_send(pair->client.bus, service_echo(pair, "x"), -1, bus_answer_take,
				  &answer, &pending),
			 0);
	assert_null(bus_pending_cancel(pending));
	assert_null(bus_pending_cancel(NULL));
	bus_pair_settle(pair);
	assert_int_equal(service.calls, 1);
	assert_false(answer.got);
	service.object = bus_object_free(service.object);
}

struct canceller {
	struct bus_pending *own;
	struct bus_pending *other;
	bool got;
};

static void cancel_both(void *data, DBusMessage *reply, const char *error)
{
	struct canceller *canceller = data;

	canceller->got = true;
	canceller->own = bus_pending_cancel(canceller->own);
	canceller->other = bus_pending_cancel(canceller->other);
}

static void test_calls_may_be_cancelled_in_a_callback(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer = { 0 };
	struct canceller canceller = { 0 };
	struct service service;

	service_serve(pair, &service);
	assert_int_equal(bus_send(pair->client.bus, service_echo(pair, "x"), -1, cancel_both,
				  &canceller, &canceller.own),
			 0);
	assert_int_equal(bus_send(pair->client.bus, service_echo(pair, "y"), -1, bus_answer_take,
				  &answer, &canceller.other),
			 0);
	bus_pair_settle(pair);
	assert_true(canceller.got);
	assert_false(answer.got);
	service.object = bus_object_free(service.object);
}

static void free_client(void *data, DBusMessage *reply, const char *error)
{
	struct bus_pair *pair = data;

	bus_end_close(&pair->client);
}

static bool client_is_freed(void *data)
{
	const struct bus_pair *pair = data;

	return !pair->client.bus;
}

static void test_bus_may_be_freed_in_a_reply(void **state)
{
	struct bus_pair *pair = *state;
	struct bus_answer answer = { 0 };
	struct bus_pending *pending;
	struct service service;

	service_serve(pair, &service);
	assert_int_equal(
		bus_send(pair->client.bus, service_echo(pair, "x"), -1, free_client, pair, NULL),
		0);
	assert_int_equal(bus_send(pair->client.bus, service_echo(pair, "y"), -1, bus_answer_take,
				  &answer, &pending),
			 0);
	assert_true(loop_until(pair->loop, client_is_freed, pair, LOOP_DEADLINE_MS));
	loop_drain(pair->loop);
	assert_false(answer.got);
	assert_null(bus_pending_cancel(pending));
	service.object = bus_object_free(service.object);
}

#define bus_test(test) cmocka_unit_test_setup_teardown(test, bus_pair_setup, bus_pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bus_test(test_method_is_answered),
		bus_test(test_method_without_interface_is_found),
		bus_test(test_wrong_signature_is_invalid_args_and_names_the_right_one),
		bus_test(test_what_is_unknown_is_told_by_name),
		bus_test(test_kept_call_is_answered_later),
		bus_test(test_kept_call_outlives_its_object),
		bus_test(test_kept_call_that_is_never_answered_fails_with_the_bus),
		bus_test(test_handler_that_gives_no_answer_is_failed),
		bus_test(test_second_answer_is_not_sent),
		bus_test(test_answer_that_differs_from_the_row_is_failed),
		bus_test(test_error_text_of_any_bytes_is_made_valid),
		bus_test(test_call_that_wants_no_reply_gets_none),
		bus_test(test_object_may_be_freed_in_its_own_handler),
		bus_test(test_bus_may_be_freed_in_a_handler),
		bus_test(test_large_message_does_not_cost_the_connection),
		bus_test(test_more_than_may_be_received_at_once_comes_in_turns),
		bus_test(test_a_flood_of_calls_is_answered_in_order),
		bus_test(test_call_that_is_not_answered_times_out),
		bus_test(test_cancelled_call_does_not_call_back),
		bus_test(test_calls_may_be_cancelled_in_a_callback),
		bus_test(test_bus_may_be_freed_in_a_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
