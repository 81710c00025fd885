/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * This machine's battery, from a stand-in for UPower on a bus of its own.
 */
#include "daemon/log.h"
#include "daemon/upower.h"
#include "tests/common/bus-pair.h"
#include "tests/common/loop.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SERVICE "org.freedesktop.UPower"
#define DISPLAY "/org/freedesktop/UPower/devices/DisplayDevice"
#define DEVICE "org.freedesktop.UPower.Device"

struct fixture {
	struct bus_pair *pair; /* the daemon is at the server's end, UPower at the client's */
	struct upower *upower;
	struct bus_object *object;
	unsigned int owned;

	dbus_bool_t present;
	double percentage;
	uint32_t state;
	bool wrong; /* types */

	unsigned int told;
	int percent;
	bool discharging;
};

static int get_present(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &((struct fixture *)data)->present);
	return 0;
}

static int get_percentage(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_DOUBLE, &((struct fixture *)data)->percentage);
	return 0;
}

static int get_state(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_UINT32, &((struct fixture *)data)->state);
	return 0;
}

static int get_text(void *data, DBusMessageIter *value)
{
	const char *text = "50";

	bus_append_basic(value, DBUS_TYPE_STRING, &text);
	return 0;
}

static const struct bus_property properties[] = {
	{ "IsPresent", "b", get_present, NULL },
	{ "Percentage", "d", get_percentage, NULL },
	{ "State", "u", get_state, NULL },
	{ "Model", "s", get_text, NULL },
	{ 0 },
};
static const struct bus_interface interface = { .name = DEVICE, .properties = properties };

static const struct bus_property wrong_properties[] = {
	{ "IsPresent", "b", get_present, NULL },
	{ "Percentage", "s", get_text, NULL },
	{ "State", "s", get_text, NULL },
	{ 0 },
};
static const struct bus_interface wrong_interface = { .name = DEVICE,
						      .properties = wrong_properties };

static void on_battery(void *data, int percent, bool discharging)
{
	struct fixture *f = data;

	f->told++;
	f->percent = percent;
	f->discharging = discharging;
}

static void on_owned(void *data, const char *name, bool owned)
{
	((struct fixture *)data)->owned += owned;
}

static void start_upower(struct fixture *f)
{
	static const struct bus_interface *const right[] = { &interface, NULL };
	static const struct bus_interface *const wrong[] = { &wrong_interface, NULL };
	unsigned int owned = f->owned;

	assert_int_equal(bus_object_new(f->pair->client.bus, DISPLAY, f->wrong ? wrong : right, f,
					&f->object),
			 0);
	assert_int_equal(bus_request_name(f->pair->client.bus, SERVICE, on_owned, f), 0);
	assert_true(loop_until_count(f->pair->loop, &f->owned, owned + 1));
}

static void stop_upower(struct fixture *f)
{
	bus_release_name(f->pair->client.bus, SERVICE);
	f->object = bus_object_free(f->object);
}

static void start_daemon(struct fixture *f)
{
	assert_int_equal(upower_new(f->pair->server.bus, on_battery, f, &f->upower), 0);
	assert_true(loop_until_count(f->pair->loop, &f->told, 1));
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	void *pair;

	log_set_level(LOG_EMERG);
	if (!f || bus_pair_setup(&pair) < 0)
		return -1;
	f->pair = pair;
	f->present = TRUE;
	f->percentage = 50;
	f->state = 2;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	void *pair = f->pair;

	f->upower = upower_free(f->upower);
	f->object = bus_object_free(f->object);
	free(f);
	return bus_pair_teardown(&pair);
}

static void test_the_battery_is_told_and_its_changes(void **state)
{
	struct fixture *f = *state;

	start_upower(f);
	start_daemon(f);
	assert_int_equal(f->percent, 50);
	assert_true(f->discharging);
	f->percentage = 49.4; /* the same percent */
	bus_object_changed(f->object, DEVICE, "Percentage");
	bus_pair_settle(f->pair);
	assert_int_equal(f->told, 2);
	assert_int_equal(f->percent, 49);
	f->percentage = 49.3;
	bus_object_changed(f->object, DEVICE, "Percentage");
	bus_object_changed(f->object, DEVICE, "Model");
	bus_pair_settle(f->pair);
	assert_int_equal(f->told, 2);
	f->state = 1;
	bus_object_changed(f->object, DEVICE, "State");
	assert_true(loop_until_count(f->pair->loop, &f->told, 3));
	assert_false(f->discharging);
}

static void test_without_upower_or_battery_there_is_none(void **state)
{
	struct fixture *f = *state;

	start_daemon(f);
	assert_int_equal(f->percent, -1);
	f->present = FALSE;
	start_upower(f);
	bus_pair_settle(f->pair);
	assert_int_equal(f->told, 1);
	f->present = TRUE;
	bus_object_changed(f->object, DEVICE, "IsPresent");
	assert_true(loop_until_count(f->pair->loop, &f->told, 2));
	assert_int_equal(f->percent, 50);
}

static void test_a_restart_of_upower_is_followed(void **state)
{
	struct fixture *f = *state;

	start_upower(f);
	start_daemon(f);
	stop_upower(f);
	assert_true(loop_until_count(f->pair->loop, &f->told, 2));
	assert_int_equal(f->percent, -1);
	f->percentage = 20;
	start_upower(f);
	assert_true(loop_until_count(f->pair->loop, &f->told, 3));
	assert_int_equal(f->percent, 20);
}

static void test_values_of_a_wrong_type_or_range_are_none(void **state)
{
	struct fixture *f = *state;

	f->percentage = 1e9;
	start_upower(f);
	start_daemon(f);
	assert_int_equal(f->percent, -1);
	f->percentage = 30;
	bus_object_changed(f->object, DEVICE, "Percentage");
	assert_true(loop_until_count(f->pair->loop, &f->told, 2));
	assert_int_equal(f->percent, 30);
	stop_upower(f);
	assert_true(loop_until_count(f->pair->loop, &f->told, 3));
	f->wrong = true;
	f->upower = upower_free(f->upower);
	start_upower(f);
	start_daemon(f);
	bus_pair_settle(f->pair);
	assert_false(f->discharging);
}

static void test_freed_before_the_answer(void **state)
{
	struct fixture *f = *state;

	start_upower(f);
	assert_int_equal(upower_new(f->pair->server.bus, on_battery, f, &f->upower), 0);
	f->upower = upower_free(f->upower);
	bus_pair_settle(f->pair);
	assert_int_equal(f->told, 0);
	assert_null(upower_free(NULL));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_the_battery_is_told_and_its_changes),
		T(test_without_upower_or_battery_there_is_none),
		T(test_a_restart_of_upower_is_followed),
		T(test_values_of_a_wrong_type_or_range_are_none),
		T(test_freed_before_the_answer),
	};

	pw_init(NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
