/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A stand-in bluetoothd: adapters, devices and the profile manager, and what was asked of them. It is
 * filled before it appears on the bus, as the real one is.
 */
#ifndef CALLROUTE_TESTS_FAKE_BLUEZ_H
#define CALLROUTE_TESTS_FAKE_BLUEZ_H

#include "dbus/bus.h"
#include "tests/common/loop.h"
#include "tests/common/test-bus.h"

#define HFP_AG "0000111f-0000-1000-8000-00805f9b34fb"
#define HSP_AG "00001112-0000-1000-8000-00805f9b34fb"
#define HFP_HF "0000111e-0000-1000-8000-00805f9b34fb"
#define A2DP_SINK "0000110b-0000-1000-8000-00805f9b34fb"
#define HCI0 "/org/bluez/hci0"
#define HCI1 "/org/bluez/hci1"
#define HEADSET HCI0 "/dev_AA_BB_CC_00_00_01"
#define HEADSET_HCI1 HCI1 "/dev_AA_BB_CC_00_00_01"
#define SPEAKER HCI0 "/dev_AA_BB_CC_00_00_02"
#define HEADSET_DEVICE 0xaabbcc000001
#define SPEAKER_DEVICE 0xaabbcc000002

struct fake_bluez_adapter {
	struct bus_object *object;
	const char *address;
	char provider[64]; /* of batteries, the last that was registered */
	unsigned int n_providers;
};

struct fake_bluez_device {
	struct bus_object *object;
	const char *address;
	const char *adapter;
	const char *alias;
	const char *icon;
	uint32_t class;
	bool connected;
	const char *uuids[4];
};

struct fake_bluez_registration {
	char path[128];
	char uuid[40];
	unsigned int version;
	unsigned int features;
	bool auto_connect;
};

struct fake_bluez {
	struct bus *bus;
	bool ready;
	bool owned;
	struct bus_object *manager;
	struct fake_bluez_adapter adapters[2];
	struct fake_bluez_device devices[4];
	const char *refuse; /* the error that RegisterProfile gives */
	struct fake_bluez_registration registrations[8];
	unsigned int n_registrations;
	unsigned int unregistrations;
	char disconnected[40];
	unsigned int disconnections;
	char connected[40];
	unsigned int connections;
};

/** A connection of its own, ready. */
struct bus *fake_bluez_connect(struct pw_loop *loop, const struct test_bus *daemon);
void fake_bluez_start(struct fake_bluez *fake, struct pw_loop *loop, const struct test_bus *daemon);
/** Take the name. Last, so that all objects are there when it appears. */
void fake_bluez_appear(struct fake_bluez *fake, struct pw_loop *loop);
/** hci0 or hci1. */
void fake_bluez_adapter(struct fake_bluez *fake, size_t i);
/** A headset, or a loudspeaker where @path ends in 02; connected. */
struct fake_bluez_device *fake_bluez_device(struct fake_bluez *fake, size_t i, const char *path);
/** It is gone from the bus, and may be started again. */
void fake_bluez_stop(struct fake_bluez *fake);

#endif
