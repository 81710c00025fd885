/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Headsets' batteries as bluetoothd's side sees them: the provider's objects, followed from the
 * connection that it was registered with.
 */
#include "daemon/bluez/battery.h"
#include "daemon/log.h"
#include "dbus/remote.h"
#include "fake-bluez.h"

#include <pipewire/pipewire.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROOT "/org/callroute/battery_hci0"

struct fixture {
	struct pw_loop *loop;
	struct test_bus *daemon;
	struct fake_bluez fake;
	struct bus *bus;
	struct bluez *bluez;
	unsigned int devices;

	struct bus_remote *follower; /* as bluetoothd follows a provider */
	unsigned int added;
	unsigned int changed;
	unsigned int removed;
	char path[128];
	char device[128];
	char source[32];
	int percent;
};

static void on_device(void *data, const struct bluez_device *device)
{
	((struct fixture *)data)->devices++;
}

static const struct bluez_events events = { .device = on_device };

static int take_property(void *data, const char *key, DBusMessageIter *value)
{
	struct fixture *f = data;
	const char *text;
	uint8_t percent;

	if (strcmp(key, "Percentage") == 0 && bus_read_basic(value, DBUS_TYPE_BYTE, &percent) == 0)
		f->percent = percent;
	else if (strcmp(key, "Device") == 0 &&
		 bus_read_basic(value, DBUS_TYPE_OBJECT_PATH, &text) == 0)
		(void)snprintf(f->device, sizeof(f->device), "%s", text);
	else if (strcmp(key, "Source") == 0 && bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
		(void)snprintf(f->source, sizeof(f->source), "%s", text);
	return 0;
}

static void on_added(void *data, const char *path, const char *interface,
		     DBusMessageIter *properties)
{
	struct fixture *f = data;

	if (strcmp(interface, "org.bluez.BatteryProvider1") != 0)
		return;
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	assert_int_equal(bus_read_dict(properties, take_property, f), 0);
	f->added++;
}

static void on_removed(void *data, const char *path, const char *interface)
{
	struct fixture *f = data;

	if (strcmp(interface, "org.bluez.BatteryProvider1") == 0)
		f->removed++;
}

static void on_changed(void *data, const char *path, const char *interface,
		       DBusMessageIter *properties)
{
	struct fixture *f = data;

	assert_int_equal(bus_read_dict(properties, take_property, f), 0);
	f->changed++;
}

static const struct bus_remote_events follower_events = {
	.added = on_added,
	.removed = on_removed,
	.changed = on_changed,
};

static void appear(struct fixture *f)
{
	unsigned int devices = f->devices;

	fake_bluez_adapter(&f->fake, 0);
	fake_bluez_device(&f->fake, 0, HEADSET);
	fake_bluez_appear(&f->fake, f->loop);
	assert_true(loop_until_count(f->loop, &f->devices, devices + 1));
	assert_true(loop_until_count(f->loop, &f->fake.adapters[0].n_providers, 1));
	assert_string_equal(f->fake.adapters[0].provider, ROOT);
	assert_int_equal(bus_remote_new(f->fake.bus, bus_unique_name(f->bus), ROOT, 8,
					&follower_events, f, &f->follower),
			 0);
}

static int setup(void **state)
{
	static const struct bluez_options options = { .hfp_version = 0x0108 };
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	log_set_level(LOG_EMERG);
	f->loop = loop_new();
	f->daemon = test_bus_start(NULL);
	if (!f->loop || !f->daemon)
		return -1;
	fake_bluez_start(&f->fake, f->loop, f->daemon);
	f->bus = fake_bluez_connect(f->loop, f->daemon);
	if (bluez_new(f->bus, &options, &events, f, &f->bluez) < 0)
		return -1;
	appear(f);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	bus_remote_free(f->follower);
	bluez_free(f->bluez);
	bus_free(f->bus);
	fake_bluez_stop(&f->fake);
	test_bus_stop(f->daemon);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void test_a_battery_appears_changes_and_goes(void **state)
{
	struct fixture *f = *state;

	bluez_battery_set(f->bluez, HEADSET_DEVICE, 70);
	assert_true(loop_until_count(f->loop, &f->added, 1));
	assert_string_equal(f->path, ROOT "/dev_AA_BB_CC_00_00_01");
	assert_string_equal(f->device, HEADSET);
	assert_string_equal(f->source, "Hands-Free");
	assert_int_equal(f->percent, 70);

	bluez_battery_set(f->bluez, HEADSET_DEVICE, 70);
	bluez_battery_set(f->bluez, HEADSET_DEVICE, 60);
	assert_true(loop_until_count(f->loop, &f->changed, 1));
	assert_int_equal(f->percent, 60);

	bluez_battery_set(f->bluez, HEADSET_DEVICE, -1);
	assert_true(loop_until_count(f->loop, &f->removed, 1));
	bluez_battery_set(f->bluez, HEADSET_DEVICE, -1);
	bluez_battery_set(f->bluez, HEADSET_DEVICE, 255);
	assert_true(loop_until_count(f->loop, &f->added, 2));
	assert_int_equal(f->percent, 100);
}

static void test_what_is_not_known_is_absent(void **state)
{
	struct fixture *f = *state;

	bluez_battery_set(f->bluez, HEADSET_DEVICE, -1);
	bluez_battery_set(f->bluez, SPEAKER_DEVICE, 50); /* no such device */
	bluez_battery_set(f->bluez, HEADSET_DEVICE, 0);  /* empty is not unknown */
	assert_true(loop_until_count(f->loop, &f->added, 1));
	assert_string_equal(f->device, HEADSET);
	assert_int_equal(f->percent, 0);
}

static void test_bluetoothd_restarts_and_finds_what_is_there(void **state)
{
	struct fixture *f = *state;

	bluez_battery_set(f->bluez, HEADSET_DEVICE, 40);
	assert_true(loop_until_count(f->loop, &f->added, 1));
	f->follower = bus_remote_free(f->follower);
	fake_bluez_stop(&f->fake);
	fake_bluez_start(&f->fake, f->loop, f->daemon);
	f->percent = -1;
	appear(f);
	assert_true(loop_until_count(f->loop, &f->added, 2));
	assert_int_equal(f->percent, 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_battery_appears_changes_and_goes),
		TEST(test_what_is_not_known_is_absent),
		TEST(test_bluetoothd_restarts_and_finds_what_is_there),
	};

	pw_init(NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
