/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A handler for every way to answer, or not to.
 */
#include "bus-service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void echo(struct bus_call *call, void *data)
{
	struct service *service = data;
	const char *text;
	DBusMessageIter iter;

	service->calls++;
	bus_call_args(call, &iter);
	assert_int_equal(bus_read_basic(&iter, DBUS_TYPE_STRING, &text), 0);
	assert_string_equal(bus_call_sender(call), bus_unique_name(service->pair->client.bus));
	bus_call_reply(call, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
}

static void keep(struct bus_call *call, void *data)
{
	struct service *service = data;

	assert_null(service->kept);
	service->kept = bus_call_keep(call);
}

static void keep_and_answer(struct bus_call *call, void *data)
{
	struct bus_call *kept = bus_call_keep(call);

	bus_call_reply(kept, DBUS_TYPE_INVALID);
}

static void forget(struct bus_call *call, void *data)
{
}

static void answer_twice(struct bus_call *call, void *data)
{
	bus_call_error(call, "org.callroute.Error.First", "first %d", 1);
	bus_call_error(call, "org.callroute.Error.Second", "second");
}

static void answer_amiss(struct bus_call *call, void *data)
{
	int32_t number = 3;

	bus_call_reply(call, DBUS_TYPE_INT32, &number, DBUS_TYPE_INVALID);
}

static void fail_with_any_bytes(struct bus_call *call, void *data)
{
	bus_call_error(call, "org.callroute.Error.Bytes", "a%sb", "\xff\xfe");
}

static void fill_number(DBusMessageIter *iter, void *data)
{
	bus_append_basic(iter, DBUS_TYPE_INT32, data);
}

static void number(struct bus_call *call, void *data)
{
	int32_t value = 42;

	bus_call_reply_with(call, fill_number, &value);
}

static void free_bus(struct bus_call *call, void *data)
{
	struct service *service = data;

	service->pair->server.bus = bus_free(service->pair->server.bus);
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void free_object(struct bus_call *call, void *data)
{
	struct service *service = data;

	service->object = bus_object_free(service->object);
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static const struct bus_interface test_interface = {
	.name = SERVICE_NAME,
	.methods =
		(const struct bus_method[]){
			{ "Echo", "s text", "s text", echo },
			{ "Keep", "", "s text", keep },
			{ "KeepAndAnswer", "", "", keep_and_answer },
			{ "Forget", "", "", forget },
			{ "AnswerTwice", "", "", answer_twice },
			{ "AnswerAmiss", "", "s text", answer_amiss },
			{ "FailWithAnyBytes", "", "", fail_with_any_bytes },
			{ "Number", "", "i number", number },
			{ "FreeBus", "", "", free_bus },
			{ "FreeObject", "", "", free_object },
			{ 0 },
		},
};
static const struct bus_interface *const test_interfaces[] = { &test_interface, NULL };

void service_serve(struct bus_pair *pair, struct service *ret)
{
	*ret = (struct service){ .pair = pair };
	assert_int_equal(
		bus_object_new(pair->server.bus, SERVICE_PATH, test_interfaces, ret, &ret->object),
		0);
}

void service_call(struct bus_pair *pair, const char *member, struct bus_answer *ret)
{
	bus_pair_call(pair, bus_pair_message(pair, SERVICE_PATH, SERVICE_NAME, member), ret);
}

DBusMessage *service_echo(struct bus_pair *pair, const char *text)
{
	return bus_message(bus_unique_name(pair->server.bus), SERVICE_PATH, SERVICE_NAME, "Echo",
			   DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
}

void service_assert_error(struct bus_answer *answer, const char *error)
{
	assert_string_equal(answer->error, error);
	bus_answer_done(answer);
}
