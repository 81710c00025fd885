/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the files of daemon/bluez/ share.
 *
 * May be used by: daemon/bluez/ and its unit test (for the pure functions of device.c).
 */
#ifndef CALLROUTE_BLUEZ_PRIVATE_H
#define CALLROUTE_BLUEZ_PRIVATE_H

#include "bluez.h"

#include "dbus/bus.h"
#include "dbus/remote.h"

#include <stddef.h>

#define BLUEZ_SERVICE "org.bluez"
#define BLUEZ_ERROR_REJECTED "org.bluez.Error.Rejected"
#define BLUEZ_MAX_ADAPTERS 16
#define BLUEZ_BUS_NAME_SIZE 256 /* the D-Bus specification's limit of 255, and the terminator */

struct spa_source;

struct bluez_adapter {
	char path[BLUEZ_PATH_SIZE];
	route_device address;
};

/* ---- device.c ----------------------------------------------------------------------------- */

/** The services of a device that matter here, as bits. */
enum {
	SERVICE_AUDIO_SINK = 1 << 0,
	SERVICE_HFP_HF = 1 << 1,
	SERVICE_HSP_HS = 1 << 2,
	SERVICE_HEARING_AID = 1 << 3,
	SERVICE_GATEWAY = 1 << 4, /* of HFP or HSP */
};

struct bluez_entry {
	struct bluez_device device; /* what others see */
	char adapter_path[BLUEZ_PATH_SIZE];
	char icon[32];
	uint32_t class;      /* class of device, 0 where unknown */
	uint16_t appearance; /* GAP appearance, 0 where unknown */
	unsigned int services;
};

/** Take what Device1's @properties (an a{sv}) hold; what they lack stays as it was. */
void bluez_entry_update(struct bluez_entry *entry, DBusMessageIter *properties);

/**
 * bluez_device_kind() - what kind of device is it?
 * @class: Bluetooth Assigned Numbers §2.8: major device class in bits 8 to 12, minor in 2 to 7
 * @icon:  BlueZ's own guess, which is made from class or appearance; "" where there is none
 */
enum device_kind bluez_device_kind(uint32_t class, uint16_t appearance, const char *icon,
				   unsigned int services);

/** A bit of SERVICE_…, or 0 for a service that does not matter here. */
unsigned int bluez_service_from_uuid(const char *uuid);

/** Copy a name: cut at a character's border, control characters made spaces. @text is UTF-8. */
void bluez_copy_name(const char *text, char ret[static BLUEZ_NAME_SIZE]);

/* ---- profile.c ---------------------------------------------------------------------------- */

enum registration_state {
	REGISTRATION_NONE, /* not asked for: no bluetoothd, or it released us */
	REGISTRATION_ASKED,
	REGISTRATION_DONE,
	REGISTRATION_REFUSED,
};

struct registration {
	struct bluez *bluez;
	enum bluez_profile profile;
	enum registration_state state;
	struct bus_object *object;
	struct bus_pending *pending;
	char error[128]; /* the last refusal, so that the same one is logged once */
};

int bluez_profiles_init(struct bluez *bluez);
void bluez_profiles_done(struct bluez *bluez);
/** Ask for whatever is neither registered nor asked for. */
void bluez_profiles_ask(struct bluez *bluez);
/** bluetoothd has gone, and our registrations with it. */
void bluez_profiles_forget(struct bluez *bluez);

/* ---- battery.c ---------------------------------------------------------------------------- */

#define BLUEZ_BATTERY_MANAGER "org.bluez.BatteryProviderManager1"
#define BLUEZ_MAX_BATTERIES 32

struct bluez_battery {
	route_device device; /* 0: a free place */
	struct bus_object *object;
	char path[BLUEZ_PATH_SIZE]; /* of the device */
	uint8_t percent;
};

/** An adapter has a manager for batteries: tell it of ours. */
void bluez_batteries_register(struct bluez *bluez, const char *adapter_path);
void bluez_batteries_done(struct bluez *bluez);

/* ---- bluez.c ------------------------------------------------------------------------------ */

struct bluez {
	struct bus *bus;
	struct bluez_options options;
	const struct bluez_events *events;
	void *data;
	struct bus_remote *remote;
	char owner[BLUEZ_BUS_NAME_SIZE]; /* unique name of bluetoothd, "" while it is away */

	struct bluez_adapter adapters[BLUEZ_MAX_ADAPTERS];
	size_t n_adapters;
	struct bluez_entry *entries[BLUEZ_MAX_DEVICES];
	size_t n_entries;

	struct registration registrations[2]; /* by enum bluez_profile */
	struct bluez_battery batteries[BLUEZ_MAX_BATTERIES];
	struct spa_source *retry;
	unsigned int retry_ms;       /* 0: not waiting to try again */
	unsigned int retry_first_ms; /* the shortest wait; a test makes it shorter */
};

/** Are its address and its adapter's known? Nobody is told of a device before. */
bool bluez_entry_known(const struct bluez_entry *entry);
struct bluez_entry *bluez_entry_find(const struct bluez *bluez, const char *path);

#endif
