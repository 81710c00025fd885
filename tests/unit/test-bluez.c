/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * daemon/bluez/ against a stand-in bluetoothd on a private bus.
 */
#include "daemon/bluez/bluez-private.h"
#include "daemon/log.h"
#include "fake-bluez.h"

#include <errno.h>
#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct seen {
	unsigned int devices;
	struct bluez_device last;
	unsigned int gone;
	struct bluez_device last_gone;
	unsigned int connections;
	enum bluez_profile profile;
	int fd;
	uint16_t version;
	uint16_t features;
	unsigned int disconnections;
	unsigned int registered;
	unsigned int refused;
	char error[128];
};

static void on_device(void *data, const struct bluez_device *device)
{
	struct seen *seen = data;

	seen->devices++;
	seen->last = *device;
}

static void on_device_gone(void *data, const struct bluez_device *device)
{
	struct seen *seen = data;

	seen->gone++;
	seen->last_gone = *device;
}

static void on_connection(void *data, const struct bluez_device *device, enum bluez_profile profile,
			  int fd, uint16_t version, uint16_t features)
{
	struct seen *seen = data;

	seen->connections++;
	seen->last = *device;
	seen->profile = profile;
	seen->fd = fd;
	seen->version = version;
	seen->features = features;
}

static void on_disconnection(void *data, const struct bluez_device *device,
			     enum bluez_profile profile)
{
	struct seen *seen = data;

	seen->disconnections++;
	seen->profile = profile;
}

static void on_registered(void *data, enum bluez_profile profile, const char *error)
{
	struct seen *seen = data;

	if (error) {
		seen->refused++;
		(void)snprintf(seen->error, sizeof(seen->error), "%s", error);
	} else {
		seen->registered++;
	}
}

static const struct bluez_events events = {
	.device = on_device,
	.device_gone = on_device_gone,
	.connection = on_connection,
	.disconnection = on_disconnection,
	.registered = on_registered,
};

struct fixture {
	struct pw_loop *loop;
	struct test_bus *daemon;
	struct fake_bluez fake;
	struct bus *bus;
	struct bluez *bluez;
	struct seen seen;
};

static int setup(void **state)
{
	static const struct bluez_options options = { .hfp_version = 0x0108, .hfp_features = 0x2b };
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	log_set_level(LOG_EMERG);
	f->loop = loop_new();
	f->daemon = test_bus_start(NULL);
	if (!f->loop || !f->daemon)
		return -1;
	fake_bluez_start(&f->fake, f->loop, f->daemon);
	f->bus = fake_bluez_connect(f->loop, f->daemon);
	f->seen.fd = -1;
	if (bluez_new(f->bus, &options, &events, &f->seen, &f->bluez) < 0)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	bluez_free(f->bluez);
	bus_free(f->bus);
	fake_bluez_stop(&f->fake);
	test_bus_stop(f->daemon);
	loop_free(f->loop);
	if (f->seen.fd >= 0)
		close(f->seen.fd);
	free(f);
	return 0;
}

/* The usual world: one adapter, one headset, both profiles registered. */
static void appear(struct fixture *f)
{
	fake_bluez_adapter(&f->fake, 0);
	fake_bluez_device(&f->fake, 0, HEADSET);
	fake_bluez_appear(&f->fake, f->loop);
	assert_true(loop_until_count(f->loop, &f->seen.registered, 2));
	assert_true(loop_until_count(f->loop, &f->seen.devices, 1));
}

struct outcome {
	bool done;
	char error[128];
};

static void on_outcome(void *data, DBusMessage *reply, const char *error)
{
	struct outcome *outcome = data;

	outcome->done = true;
	(void)snprintf(outcome->error, sizeof(outcome->error), "%s", error ? error : "");
}

/* Call Profile1.NewConnection from @from with @fd and wait for the answer. */
static struct outcome new_connection(struct fixture *f, struct bus *from, const char *profile,
				     const char *device, int fd)
{
	DBusMessage *message = bus_message(bus_unique_name(f->bus), profile, "org.bluez.Profile1",
					   "NewConnection", DBUS_TYPE_OBJECT_PATH, &device,
					   DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_INVALID);
	uint16_t version = 0x0107, features = 0x3f;
	struct outcome outcome = { 0 };
	DBusMessageIter args, dict;

	dbus_message_iter_init_append(message, &args);
	dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &dict);
	bus_append_entry(&dict, "Version", DBUS_TYPE_UINT16, &version);
	bus_append_entry(&dict, "Features", DBUS_TYPE_UINT16, &features);
	bus_append_entry_string(&dict, "Unheard", "of");
	dbus_message_iter_close_container(&args, &dict);
	assert_int_equal(bus_send(from, message, -1, on_outcome, &outcome, NULL), 0);
	assert_true(loop_until_set(f->loop, &outcome.done));
	return outcome;
}

/* ---- tests: registration ------------------------------------------------------------------- */

static void test_bluetoothd_appears_and_both_profiles_are_registered(void **state)
{
	struct fixture *f = *state;
	const struct fake_bluez_registration *hfp = &f->fake.registrations[0];
	const struct fake_bluez_registration *hsp = &f->fake.registrations[1];

	assert_false(bluez_ready(f->bluez));
	appear(f);
	assert_true(bluez_ready(f->bluez));
	assert_int_equal(f->fake.n_registrations, 2);
	assert_string_equal(hfp->path, "/org/callroute/profile/hfp_ag");
	assert_string_equal(hfp->uuid, HFP_AG);
	assert_int_equal(hfp->version, 0x0108);
	assert_int_equal(hfp->features, 0x2b);
	assert_true(hfp->auto_connect);
	assert_string_equal(hsp->path, "/org/callroute/profile/hsp_ag");
	assert_string_equal(hsp->uuid, HSP_AG);
	assert_int_equal(hsp->version, 0x0102);
	assert_int_equal(hsp->features, 0);
	assert_true(hsp->auto_connect);
}

static void test_who_only_follows_registers_nothing(void **state)
{
	static const struct bluez_options options = { .only_follow = true };
	struct fixture *f = *state;

	bluez_free(f->bluez);
	assert_int_equal(bluez_new(f->bus, &options, &events, &f->seen, &f->bluez), 0);
	fake_bluez_adapter(&f->fake, 0);
	fake_bluez_device(&f->fake, 0, HEADSET);
	fake_bluez_appear(&f->fake, f->loop);
	assert_true(loop_until_count(f->loop, &f->seen.devices, 1));
	/* behind whatever it has asked for by then */
	bluez_connect_handsfree(f->bluez, HEADSET_DEVICE);
	assert_true(loop_until_count(f->loop, &f->fake.connections, 1));
	assert_int_equal(f->fake.n_registrations, 0);
	assert_false(bluez_ready(f->bluez));
}

static void test_bluetoothd_restarts_and_everything_is_done_again(void **state)
{
	struct fixture *f = *state;

	appear(f);
	fake_bluez_stop(&f->fake);
	assert_true(loop_until_count(f->loop, &f->seen.gone, 1));
	assert_int_equal(f->seen.last_gone.device, HEADSET_DEVICE);
	assert_false(bluez_ready(f->bluez));
	assert_null(bluez_find(f->bluez, HEADSET_DEVICE));

	f->seen = (struct seen){ .fd = -1 };
	fake_bluez_start(&f->fake, f->loop, f->daemon);
	appear(f);
	assert_true(bluez_ready(f->bluez));
	assert_int_equal(f->fake.n_registrations, 2);
	assert_non_null(bluez_find(f->bluez, HEADSET_DEVICE));
}

static void test_a_refusal_is_told_once_and_retried_when_the_services_change(void **state)
{
	struct fixture *f = *state;

	f->fake.refuse = "org.bluez.Error.NotPermitted";
	fake_bluez_adapter(&f->fake, 0);
	fake_bluez_appear(&f->fake, f->loop);
	assert_true(loop_until_count(f->loop, &f->seen.refused, 2));
	assert_string_equal(f->seen.error, "org.bluez.Error.NotPermitted");
	assert_false(bluez_ready(f->bluez));

	/* still held: asked again, told nothing new */
	f->fake.n_registrations = 0;
	bus_object_changed(f->fake.adapters[0].object, "org.bluez.Adapter1", "UUIDs");
	assert_true(loop_until_count(f->loop, &f->fake.n_registrations, 2));
	loop_drain(f->loop);
	assert_int_equal(f->seen.refused, 2);

	f->fake.refuse = NULL;
	bus_object_changed(f->fake.adapters[0].object, "org.bluez.Adapter1", "UUIDs");
	assert_true(loop_until_count(f->loop, &f->seen.registered, 2));
	assert_true(bluez_ready(f->bluez));
}

static void test_registered_profiles_are_not_registered_twice(void **state)
{
	struct fixture *f = *state;

	appear(f);
	bus_object_changed(f->fake.adapters[0].object, "org.bluez.Adapter1", "UUIDs");
	fake_bluez_adapter(&f->fake, 1);
	fake_bluez_device(&f->fake, 1, SPEAKER);
	assert_true(loop_until_count(f->loop, &f->seen.devices, 2));
	assert_int_equal(f->fake.n_registrations, 2);
}

static bool both_refused(void *data)
{
	const struct bluez *bluez = data;

	return bluez->n_adapters > 0 && bluez->registrations[0].state == REGISTRATION_REFUSED &&
	       bluez->registrations[1].state == REGISTRATION_REFUSED;
}

static void test_the_retry_timer_runs_only_while_refused(void **state)
{
	struct fixture *f = *state;
	const struct bluez_options options = { .hfp_version = 0x0108, .loop = f->loop };

	bluez_free(f->bluez);
	assert_int_equal(bluez_new(f->bus, &options, &events, &f->seen, &f->bluez), 0);
	f->bluez->retry_first_ms = 20;
	f->fake.refuse = "org.bluez.Error.NotPermitted";
	fake_bluez_adapter(&f->fake, 0);
	assert_int_equal(f->bluez->retry_ms, 0);
	fake_bluez_appear(&f->fake, f->loop);
	assert_true(loop_until(f->loop, both_refused, f->bluez, LOOP_DEADLINE_MS));
	assert_in_range(f->bluez->retry_ms, 20, 60000);
	/* from here on nothing but the timer asks; it waits longer each time */
	f->fake.n_registrations = 0;
	assert_true(loop_until_count(f->loop, &f->fake.n_registrations, 4));
	assert_true(f->bluez->retry_ms >= 80);
	f->fake.refuse = NULL;
	assert_true(loop_until_count(f->loop, &f->seen.registered, 2));
	assert_int_equal(f->bluez->retry_ms, 0);
}

static void test_bluez_free_unregisters(void **state)
{
	struct fixture *f = *state;

	appear(f);
	f->bluez = bluez_free(f->bluez);
	assert_true(loop_until_count(f->loop, &f->fake.unregistrations, 2));
}

static void test_release_is_followed_by_a_new_registration(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome = { 0 };

	appear(f);
	assert_int_equal(
		bus_send(f->fake.bus,
			 bus_message(bus_unique_name(f->bus), "/org/callroute/profile/hsp_ag",
				     "org.bluez.Profile1", "Release", DBUS_TYPE_INVALID),
			 -1, on_outcome, &outcome, NULL),
		0);
	assert_true(loop_until_set(f->loop, &outcome.done));
	assert_string_equal(outcome.error, "");
	assert_false(bluez_ready(f->bluez));
	bus_object_changed(f->fake.adapters[0].object, "org.bluez.Adapter1", "UUIDs");
	assert_true(loop_until_count(f->loop, &f->seen.registered, 3));
	assert_true(bluez_ready(f->bluez));
}

/* ---- tests: devices ------------------------------------------------------------------------ */

static void test_a_device_is_told_with_its_facts(void **state)
{
	struct fixture *f = *state;
	const struct bluez_device *device;

	appear(f);
	device = bluez_find(f->bluez, HEADSET_DEVICE);
	assert_non_null(device);
	assert_string_equal(device->path, HEADSET);
	assert_int_equal(device->adapter, 0x001122334455);
	assert_string_equal(device->name, "Headset");
	assert_int_equal(device->kind, DEVICE_HEADSET);
	assert_true(device->paired);
	assert_true(device->connected);
	assert_true(device->audio_sink);
	assert_true(device->handsfree);
	assert_null(bluez_find(f->bluez, SPEAKER_DEVICE));
}

static bool one_entry(void *data)
{
	const struct bluez *bluez = data;

	return bluez->n_entries == 1;
}

/* Nor do we offer the profiles before: a headset that connects belongs to a known adapter. */
static void test_a_device_before_its_adapter_is_told_when_the_adapter_is_there(void **state)
{
	struct fixture *f = *state;

	fake_bluez_device(&f->fake, 0, HEADSET);
	fake_bluez_appear(&f->fake, f->loop);
	assert_true(loop_until(f->loop, one_entry, f->bluez, LOOP_DEADLINE_MS));
	loop_drain(f->loop);
	assert_int_equal(f->seen.devices, 0);
	assert_int_equal(f->fake.n_registrations, 0);
	fake_bluez_adapter(&f->fake, 0);
	assert_true(loop_until_count(f->loop, &f->seen.devices, 1));
	assert_int_equal(f->seen.last.adapter, 0x001122334455);
	assert_true(loop_until_count(f->loop, &f->seen.registered, 2));
}

static void test_a_change_is_told_and_signal_strength_is_not(void **state)
{
	struct fixture *f = *state;
	struct fake_bluez_device *device = &f->fake.devices[0];

	appear(f);
	f->seen.devices = 0;
	bus_object_changed(device->object, "org.bluez.Device1", "RSSI");
	bus_object_flush(device->object);
	device->connected = false;
	bus_object_changed(device->object, "org.bluez.Device1", "Connected");
	assert_true(loop_until_count(f->loop, &f->seen.devices, 1));
	assert_false(f->seen.last.connected);
	assert_int_equal(f->seen.devices, 1);
}

static void test_a_removed_device_is_told_and_forgotten(void **state)
{
	struct fixture *f = *state;

	appear(f);
	f->fake.devices[0].object = bus_object_free(f->fake.devices[0].object);
	assert_true(loop_until_count(f->loop, &f->seen.gone, 1));
	assert_int_equal(f->seen.last_gone.device, HEADSET_DEVICE);
	assert_null(bluez_find(f->bluez, HEADSET_DEVICE));
}

static void test_of_a_device_on_two_adapters_the_connected_one_counts(void **state)
{
	struct fixture *f = *state;
	struct fake_bluez_device *twin;

	appear(f);
	fake_bluez_adapter(&f->fake, 1);
	twin = fake_bluez_device(&f->fake, 1, HEADSET_HCI1);
	assert_true(loop_until_count(f->loop, &f->seen.devices, 2));
	assert_string_equal(bluez_find(f->bluez, HEADSET_DEVICE)->path, HEADSET);

	f->fake.devices[0].connected = false;
	bus_object_changed(f->fake.devices[0].object, "org.bluez.Device1", "Connected");
	assert_true(loop_until_count(f->loop, &f->seen.devices, 3));
	assert_string_equal(f->seen.last.path, HEADSET_HCI1);

	/* one of the two goes: the device is still there */
	twin->object = bus_object_free(twin->object);
	assert_true(loop_until_count(f->loop, &f->seen.devices, 4));
	assert_string_equal(f->seen.last.path, HEADSET);
	assert_int_equal(f->seen.gone, 0);
}

static void test_kinds_by_class_of_device_appearance_icon_and_services(void **state)
{
	static const struct {
		uint32_t class;
		uint16_t appearance;
		const char *icon;
		unsigned int services;
		enum device_kind kind;
	} cases[] = {
		{ 0x240404, 0, "", 0, DEVICE_HEADSET },
		{ 0x240408, 0, "", 0, DEVICE_HEADSET },
		{ 0x240418, 0, "", 0, DEVICE_HEADSET },
		{ 0x240414, 0, "", SERVICE_HFP_HF, DEVICE_SPEAKER },
		{ 0x24041c, 0, "", 0, DEVICE_SPEAKER },
		{ 0x240428, 0, "", 0, DEVICE_SPEAKER },
		{ 0x360420, 0, "audio-headset", 0, DEVICE_CAR },
		{ 0x240404, 0, "audio-headset", SERVICE_HEARING_AID, DEVICE_HEARING_AID },
		{ 0, 0x0a41, "", 0, DEVICE_HEARING_AID },
		{ 0, 0, "audio-headset", 0, DEVICE_HEADSET },
		{ 0, 0, "audio-headphones", 0, DEVICE_HEADSET },
		{ 0, 0, "audio-card", SERVICE_HFP_HF, DEVICE_SPEAKER },
		{ 0, 0, "", SERVICE_HSP_HS, DEVICE_HEADSET },
		{ 0, 0, "", SERVICE_AUDIO_SINK, DEVICE_SPEAKER },
		{ 0x5a020c, 0, "phone", 0, DEVICE_SPEAKER },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(bluez_device_kind(cases[i].class, cases[i].appearance,
						   cases[i].icon, cases[i].services),
				 cases[i].kind);
}

static void test_services_are_known_in_either_case_and_nothing_else_is(void **state)
{
	assert_int_equal(bluez_service_from_uuid(HFP_HF), SERVICE_HFP_HF);
	assert_int_equal(bluez_service_from_uuid("0000111E-0000-1000-8000-00805F9B34FB"),
			 SERVICE_HFP_HF);
	assert_int_equal(bluez_service_from_uuid("00001108-0000-1000-8000-00805f9b34fb"),
			 SERVICE_HSP_HS);
	assert_int_equal(bluez_service_from_uuid("0001111e-0000-1000-8000-00805f9b34fb"), 0);
	assert_int_equal(bluez_service_from_uuid("0000111e-0000-1000-8000-00805f9b34fc"), 0);
	assert_int_equal(bluez_service_from_uuid("111e"), 0);
	assert_int_equal(bluez_service_from_uuid(""), 0);
}

static void test_names_are_cut_at_a_character_and_freed_of_controls(void **state)
{
	char text[400], name[BLUEZ_NAME_SIZE];

	bluez_copy_name("A\tB\n\x1b[1m", name);
	assert_string_equal(name, "A B  [1m");
	/* 247 bytes, then a character of two: the first of them would still fit */
	memset(text, 'x', 247);
	(void)strcpy(text + 247, "\xc3\xa9more");
	bluez_copy_name(text, name);
	assert_int_equal(strlen(name), 247);
	memset(text, 'x', 246);
	(void)strcpy(text + 246, "\xc3\xa9more");
	bluez_copy_name(text, name);
	assert_int_equal(strlen(name), 248);
}

static void test_disconnect_profile_names_the_service_of_the_device(void **state)
{
	struct fixture *f = *state;

	appear(f);
	bluez_disconnect_profile(f->bluez, HEADSET_DEVICE, BLUEZ_HFP);
	assert_true(loop_until_count(f->loop, &f->fake.disconnections, 1));
	assert_string_equal(f->fake.disconnected, HFP_HF);
	/* of a device that nobody knows: nothing */
	bluez_disconnect_profile(f->bluez, SPEAKER_DEVICE, BLUEZ_HFP);
	loop_drain(f->loop);
	assert_int_equal(f->fake.disconnections, 1);
}

static void test_a_handsfree_service_is_asked_for_where_there_is_one(void **state)
{
	struct fixture *f = *state;

	appear(f);
	bluez_connect_handsfree(f->bluez, HEADSET_DEVICE);
	assert_true(loop_until_count(f->loop, &f->fake.connections, 1));
	assert_string_equal(f->fake.connected, HFP_HF);
	bluez_connect_handsfree(f->bluez, 0x010203040506);
	loop_drain(f->loop);
	assert_int_equal(f->fake.connections, 1);
}

static bool is_gateway(void *data)
{
	return bluez_find(data, HEADSET_DEVICE)->gateway;
}

/* Another computer, with both ends of the profile. */
static void test_a_handsfree_service_is_not_asked_for_of_a_gateway(void **state)
{
	struct fixture *f = *state;
	struct fake_bluez_device *device = &f->fake.devices[0];

	appear(f);
	device->uuids[2] = HFP_AG;
	bus_object_changed(device->object, "org.bluez.Device1", "UUIDs");
	assert_true(loop_until(f->loop, is_gateway, f->bluez, LOOP_DEADLINE_MS));
	bluez_connect_handsfree(f->bluez, HEADSET_DEVICE);
	loop_drain(f->loop);
	assert_int_equal(f->fake.connections, 0);
}

/* ---- tests: connections -------------------------------------------------------------------- */

static void test_a_new_connection_is_handed_on_with_its_descriptor(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	int pair[2];
	char byte = 0;

	appear(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	outcome = new_connection(f, f->fake.bus, "/org/callroute/profile/hfp_ag", HEADSET, pair[1]);
	close(pair[1]);
	assert_string_equal(outcome.error, "");
	assert_int_equal(f->seen.connections, 1);
	assert_int_equal(f->seen.last.device, HEADSET_DEVICE);
	assert_int_equal(f->seen.profile, BLUEZ_HFP);
	assert_int_equal(f->seen.version, 0x0107);
	assert_int_equal(f->seen.features, 0x3f);
	assert_true(fcntl(f->seen.fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(f->seen.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(pair[0], "A", 1), 1);
	assert_int_equal(read(f->seen.fd, &byte, 1), 1);
	assert_int_equal(byte, 'A');
	close(pair[0]);
}

static void test_hsp_connections_come_by_their_own_object(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	int pair[2];

	appear(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	outcome = new_connection(f, f->fake.bus, "/org/callroute/profile/hsp_ag", HEADSET, pair[1]);
	assert_string_equal(outcome.error, "");
	assert_int_equal(f->seen.profile, BLUEZ_HSP);
	close(pair[0]);
	close(pair[1]);
}

static bool is_hung_up(void *data)
{
	char byte;

	return recv(*(int *)data, &byte, 1, MSG_DONTWAIT) == 0;
}

static void test_a_caller_that_is_not_bluetoothd_is_refused(void **state)
{
	struct fixture *f = *state;
	struct bus *stranger;
	struct outcome outcome;
	int pair[2];

	appear(f);
	stranger = fake_bluez_connect(f->loop, f->daemon);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	outcome = new_connection(f, stranger, "/org/callroute/profile/hfp_ag", HEADSET, pair[1]);
	close(pair[1]);
	assert_string_equal(outcome.error, DBUS_ERROR_ACCESS_DENIED);
	assert_int_equal(f->seen.connections, 0);
	/* and the descriptor was not kept */
	assert_true(loop_until(f->loop, is_hung_up, &pair[0], LOOP_DEADLINE_MS));
	close(pair[0]);
	bus_free(stranger);
}

static void test_an_unknown_device_or_a_wrong_descriptor_is_rejected(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	int pair[2], pipes[2];

	appear(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	outcome = new_connection(f, f->fake.bus, "/org/callroute/profile/hfp_ag", SPEAKER, pair[1]);
	close(pair[1]);
	assert_string_equal(outcome.error, BLUEZ_ERROR_REJECTED);
	assert_true(loop_until(f->loop, is_hung_up, &pair[0], LOOP_DEADLINE_MS));
	close(pair[0]);

	assert_int_equal(pipe(pipes), 0);
	outcome =
		new_connection(f, f->fake.bus, "/org/callroute/profile/hfp_ag", HEADSET, pipes[0]);
	assert_string_equal(outcome.error, BLUEZ_ERROR_REJECTED);
	close(pipes[0]);
	close(pipes[1]);

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	outcome = new_connection(f, f->fake.bus, "/org/callroute/profile/hfp_ag", HEADSET, pair[1]);
	assert_string_equal(outcome.error, BLUEZ_ERROR_REJECTED);
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(f->seen.connections, 0);
}

static void test_request_disconnection_is_told_and_answered(void **state)
{
	struct fixture *f = *state;
	const char *path = HEADSET;
	struct outcome outcome = { 0 };

	appear(f);
	assert_int_equal(
		bus_send(f->fake.bus,
			 bus_message(bus_unique_name(f->bus), "/org/callroute/profile/hfp_ag",
				     "org.bluez.Profile1", "RequestDisconnection",
				     DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID),
			 -1, on_outcome, &outcome, NULL),
		0);
	assert_true(loop_until_set(f->loop, &outcome.done));
	assert_string_equal(outcome.error, "");
	assert_int_equal(f->seen.disconnections, 1);
	assert_int_equal(f->seen.profile, BLUEZ_HFP);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		T(test_bluetoothd_appears_and_both_profiles_are_registered),
		T(test_who_only_follows_registers_nothing),
		T(test_bluetoothd_restarts_and_everything_is_done_again),
		T(test_a_refusal_is_told_once_and_retried_when_the_services_change),
		T(test_registered_profiles_are_not_registered_twice),
		T(test_the_retry_timer_runs_only_while_refused),
		T(test_bluez_free_unregisters),
		T(test_release_is_followed_by_a_new_registration),
		T(test_a_device_is_told_with_its_facts),
		T(test_a_device_before_its_adapter_is_told_when_the_adapter_is_there),
		T(test_a_change_is_told_and_signal_strength_is_not),
		T(test_a_removed_device_is_told_and_forgotten),
		T(test_of_a_device_on_two_adapters_the_connected_one_counts),
		cmocka_unit_test(test_kinds_by_class_of_device_appearance_icon_and_services),
		cmocka_unit_test(test_services_are_known_in_either_case_and_nothing_else_is),
		cmocka_unit_test(test_names_are_cut_at_a_character_and_freed_of_controls),
		T(test_disconnect_profile_names_the_service_of_the_device),
		T(test_a_handsfree_service_is_asked_for_where_there_is_one),
		T(test_a_handsfree_service_is_not_asked_for_of_a_gateway),
		T(test_a_new_connection_is_handed_on_with_its_descriptor),
		T(test_hsp_connections_come_by_their_own_object),
		T(test_a_caller_that_is_not_bluetoothd_is_refused),
		T(test_an_unknown_device_or_a_wrong_descriptor_is_rejected),
		T(test_request_disconnection_is_told_and_answered),
	};
	int failed;

	pw_init(&argc, &argv);
	failed = cmocka_run_group_tests_name("bluez", tests, NULL, NULL);
	pw_deinit();
	return failed;
}
