/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What headsets show of this machine, its battery, as a stand-in for UPower has it; and what they may
 * switch off of it.
 */
#include "phone.h"

#include "dbus/bus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define LATE "AA:BB:CC:00:00:02"
#define SERVICE "org.freedesktop.UPower"
#define DISPLAY "/org/freedesktop/UPower/devices/DisplayDevice"
#define DEVICE "org.freedesktop.UPower.Device"
#define LIMIT_MS 10000

struct fixture {
	struct rig *rig;
	struct bus *bus;
	struct bus_object *object;
	double percentage;
	bool ready;
	bool owned;
};

static int get_present(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &(dbus_bool_t){ TRUE });
	return 0;
}

static int get_percentage(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_DOUBLE, &((struct fixture *)data)->percentage);
	return 0;
}

static const struct bus_property properties[] = {
	{ "IsPresent", "b", get_present, NULL },
	{ "Percentage", "d", get_percentage, NULL },
	{ 0 },
};
static const struct bus_interface interface = { .name = DEVICE, .properties = properties };
static const struct bus_interface *const interfaces[] = { &interface, NULL };

static void on_ready(void *data)
{
	((struct fixture *)data)->ready = true;
}

static void on_owned(void *data, const char *name, bool owned)
{
	((struct fixture *)data)->owned = owned;
}

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true };
	static const struct bus_events events = { .ready = on_ready };
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0 ||
	    rig_headset_add(f.rig, &headset, NULL) < 0)
		return -1;
	return bus_open(rig_loop(f.rig), bus_system_address(), &events, &f, &f.bus) == 0 &&
			       rig_wait(f.rig, LIMIT_MS, f.ready)
		       ? 0
		       : -1;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	bus_object_free(f->object);
	bus_free(f->bus);
	f->rig = rig_free(f->rig);
	return 0;
}

static bool shows(struct fixture *f, int bars)
{
	bool does = rig_wait(f->rig, LIMIT_MS,
			     headset_indicator(rig_headset(f->rig, HEADSET), "battchg") == bars);

	if (!does)
		rig_dump(f->rig);
	return does;
}

static void test_the_headset_shows_this_machines_battery(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rig_headset_connect(f->rig, HEADSET), 0);
	assert_true(shows(f, 5)); /* nothing is known */

	f->percentage = 47;
	assert_int_equal(bus_object_new(f->bus, DISPLAY, interfaces, f, &f->object), 0);
	assert_int_equal(bus_request_name(f->bus, SERVICE, on_owned, f), 0);
	assert_true(rig_wait(f->rig, LIMIT_MS, f->owned));
	assert_true(shows(f, 2));
	f->percentage = 9;
	bus_object_changed(f->object, DEVICE, "Percentage");
	assert_true(shows(f, 0));

	/* one that connects later has it from its first answer on */
	rig_headset_disconnect(f->rig, HEADSET);
	rig_headset_forget_lines(f->rig, HEADSET);
	assert_int_equal(rig_headset_connect(f->rig, HEADSET), 0);
	assert_true(rig_headset_wait(f->rig, HEADSET, "< +CIND: 1,0,0,0,5,0,0", LIMIT_MS));

	f->percentage = 100;
	bus_object_changed(f->object, DEVICE, "Percentage");
	assert_true(shows(f, 5));
	f->percentage = 30;
	bus_object_changed(f->object, DEVICE, "Percentage");
	assert_true(shows(f, 2));
	bus_release_name(f->bus, SERVICE);
	assert_true(shows(f, 5));
	rig_headset_disconnect(f->rig, HEADSET);
}

static bool says(struct fixture *f, const char *command, const char *answer)
{
	headset_send(rig_headset(f->rig, HEADSET), command);
	return rig_headset_wait(f->rig, HEADSET, command, LIMIT_MS) &&
	       rig_headset_wait(f->rig, HEADSET, answer, LIMIT_MS);
}

/* Louder or softer by its own keys, and so it is again when it comes back. */
static void test_the_headset_comes_back_as_loud_as_it_was(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rig_headset_connect(f->rig, HEADSET), 0);
	assert_true(rig_headset_wait(f->rig, HEADSET, "< +VGS: 10", LIMIT_MS));
	assert_true(says(f, "AT+VGS=4", "< OK"));
	assert_true(says(f, "AT+VGM=12", "< OK"));
	rig_headset_disconnect(f->rig, HEADSET);
	rig_headset_forget_lines(f->rig, HEADSET);
	assert_int_equal(rig_headset_connect(f->rig, HEADSET), 0);
	assert_true(rig_headset_wait(f->rig, HEADSET, "< +VGS: 4", LIMIT_MS));
	assert_true(rig_headset_wait(f->rig, HEADSET, "< +VGM: 12", LIMIT_MS));
	rig_headset_disconnect(f->rig, HEADSET);
}

/* Its music is there, and bluetoothd has not found its other service: it is asked to look again. */
static void test_a_headset_that_came_without_its_channel_gets_it(void **state)
{
	static const struct stand_in_device late = {
		.address = LATE,
		.name = "Late",
		.kind = DEVICE_HEADSET,
		.handsfree = true,
		.a2dp = true,
		.late = true,
	};
	struct fixture *f = *state;

	assert_int_equal(rig_headset_add(f->rig, &late, NULL), 0);
	assert_int_equal(stand_in_connect(rig_stand_in(f->rig), LATE), 0);
	assert_true(rig_wait(f->rig, 6 * LIMIT_MS, headset_slc_up(rig_headset(f->rig, LATE))));
	rig_headset_disconnect(f->rig, LATE);
}

static void test_nrec_is_off_unless_a_program_cancels_echo(void **state)
{
	struct fixture *f = *state;
	struct view *view = rig_view(f->rig);
	struct phone *phone;

	assert_int_equal(view_plug(view, "echo-cancel-source", "Audio/Source/Virtual", "none", 0),
			 0);
	assert_true(rig_wait(f->rig, LIMIT_MS, view_node(view, "echo-cancel-source")));
	/* a daemon that shows the loudspeaker has seen what was there before it */
	rig_daemon_stop(f->rig, 0);
	assert_int_equal(rig_daemon_start(f->rig), 0);
	assert_int_equal(phone_new(f->rig, &phone), 0);
	assert_true(rig_wait(f->rig, LIMIT_MS, phone_sees_endpoint(phone, "speaker")));
	phone_free(phone);
	assert_int_equal(rig_headset_connect(f->rig, HEADSET), 0);
	rig_headset_forget_lines(f->rig, HEADSET);
	assert_true(says(f, "AT+CMEE=1", "< OK"));
	assert_true(says(f, "AT+NREC=1", "< +CME ERROR: 0"));
	assert_true(says(f, "AT+NREC=0", "< +CME ERROR: 4"));
	view_unplug(view, "echo-cancel-source");
	rig_headset_disconnect(f->rig, HEADSET);
}

static void test_nrec_is_off_where_nothing_here_reduces_noise(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rig_headset_connect(f->rig, HEADSET), 0);
	rig_headset_forget_lines(f->rig, HEADSET);
	assert_true(says(f, "AT+NREC=0", "< OK"));
	assert_true(says(f, "AT+NREC=0", "< OK"));
	rig_headset_disconnect(f->rig, HEADSET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_headset_shows_this_machines_battery),
		cmocka_unit_test(test_a_headset_that_came_without_its_channel_gets_it),
		cmocka_unit_test(test_the_headset_comes_back_as_loud_as_it_was),
		cmocka_unit_test(test_nrec_is_off_where_nothing_here_reduces_noise),
		cmocka_unit_test(test_nrec_is_off_unless_a_program_cancels_echo),
	};

	return rig_run_tests(tests, start, finish);
}
