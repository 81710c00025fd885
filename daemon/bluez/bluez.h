/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * bluetoothd, as its D-Bus API shows it: adapters, devices, and our two profiles (HFP Audio Gateway
 * 0x111f and HSP Audio Gateway 0x1112). Registers them whenever bluetoothd appears, and hands the
 * RFCOMM descriptors on. Owns no headset.
 *
 * May be used by: daemon/'s engine. May use: dbus/.
 */
#ifndef CALLROUTE_BLUEZ_H
#define CALLROUTE_BLUEZ_H

#include "policy/policy.h"

#include <stdbool.h>
#include <stdint.h>

struct bus;
struct pw_loop;
struct bluez;

#define BLUEZ_NAME_SIZE 249
#define BLUEZ_PATH_SIZE 128
#define BLUEZ_MAX_DEVICES 256

struct bluez_device {
	char path[BLUEZ_PATH_SIZE];
	route_device device;        /* from Address */
	route_device adapter;       /* the adapter's own address */
	char name[BLUEZ_NAME_SIZE]; /* Alias, cut and made valid UTF-8 */
	enum device_kind kind;      /* by class of device and icon */
	bool paired;
	bool connected;
	bool audio_sink;   /* has the A2DP sink service */
	bool handsfree;    /* has HFP's or HSP's hands-free service */
	bool headset_only; /* of the two, only HSP's */
	bool gateway; /* has HFP's or HSP's gateway: a phone or a computer, whatever else it has */
};

enum bluez_profile { BLUEZ_HFP, BLUEZ_HSP };

/** No callback may free the bluez. */
struct bluez_events {
	/** A device is known, or something of it changed. @device borrowed for the call. Of one that
	 * two adapters know, the connected one is told of. */
	void (*device)(void *data, const struct bluez_device *device);
	/** Not known any more; its connections are to be closed. */
	void (*device_gone)(void *data, const struct bluez_device *device);
	/** A headset's RFCOMM channel; @fd is the callee's from now on, O_CLOEXEC and non-blocking.
	 * @version and @features are those of the peer's record, 0 where unknown. */
	void (*connection)(void *data, const struct bluez_device *device,
			   enum bluez_profile profile, int fd, uint16_t version, uint16_t features);
	/** bluetoothd asks to let go of a device (RequestDisconnection). */
	void (*disconnection)(void *data, const struct bluez_device *device,
			      enum bluez_profile profile);
	/** Our profile is registered (@error NULL), or refused: @error is the error's name, and the
	 * cause has been logged. Told when the outcome changes, not for every try. */
	void (*registered)(void *data, enum bluez_profile profile, const char *error);
};

struct bluez_options {
	uint16_t hfp_version;  /* of our record: 0x0108 */
	uint16_t hfp_features; /* ag_sdp_features() */
	bool only_follow;      /* devices: no profile is registered */
	/** For a timer that runs only while a registration is refused. NULL: then it is tried again
	 * only when bluetoothd or its adapters show that something changed. */
	struct pw_loop *loop;
};

/**
 * bluez_new() - follow bluetoothd on @bus, which must be ready
 * @events: borrowed for the life; members may be NULL
 * Return: 0 or -errno.
 */
int bluez_new(struct bus *bus, const struct bluez_options *options,
	      const struct bluez_events *events, void *data, struct bluez **ret);
/** Unregisters the profiles, so that another process can have them. NULL-safe; returns NULL. */
struct bluez *bluez_free(struct bluez *bluez);

/** Is @fd a connected stream socket of Bluetooth (or of the Unix domain, where a stand-in serves us)?
 * Makes it non-blocking and O_CLOEXEC. 0 or -errno. */
int bluez_prepare_channel(int fd);

/** Both profiles are registered. */
bool bluez_ready(const struct bluez *bluez);

/** The device's current facts, or NULL. Borrowed until the loop runs again. */
const struct bluez_device *bluez_find(const struct bluez *bluez, route_device device);

/** Ask bluetoothd to connect the hands-free service of a device that is connected without it, HFP's where
 * it has both; the outcome is logged, and a channel comes by connection(). Not of another gateway, nor of
 * an adapter of this machine. */
void bluez_connect_handsfree(struct bluez *bluez, route_device device);
/** Ask bluetoothd to disconnect a profile of a device; the outcome is logged. */
void bluez_disconnect_profile(struct bluez *bluez, route_device device, enum bluez_profile profile);

#endif
