/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the stand-in's files share: its state, and each file's objects.
 */
#ifndef CALLROUTE_RIG_STAND_IN_INTERNAL_H
#define CALLROUTE_RIG_STAND_IN_INTERNAL_H

#include "stand-in.h"

#include "dbus/bus.h"

#define BLUEZ_NAME "org.bluez"
#define ADAPTER_PATH "/org/bluez/hci0"
#define PATH_SIZE 128
#define NAME_SIZE 256
#define MAX_PROFILES 8

#define UUID_HFP_HF "0000111e-0000-1000-8000-00805f9b34fb"
#define UUID_HFP_AG "0000111f-0000-1000-8000-00805f9b34fb"
#define UUID_HSP_HS "00001108-0000-1000-8000-00805f9b34fb"
#define UUID_HSP_AG "00001112-0000-1000-8000-00805f9b34fb"
#define UUID_A2DP_SOURCE "0000110a-0000-1000-8000-00805f9b34fb"
#define UUID_A2DP_SINK "0000110b-0000-1000-8000-00805f9b34fb"

/** A registration that ends with its owner's connection. */
struct client {
	char sender[NAME_SIZE]; /* "" for none */
	char path[NAME_SIZE];
	struct bus_name_watch *watch;
};

struct profile {
	char uuid[40];
	struct client client;
};

struct transport {
	struct device *device;
	struct bus_object *object;
	char path[PATH_SIZE];
	uint8_t configuration[4];
	struct bus_pending *selecting;
	int fd; /* the device's end; -1 while idle */
	struct spa_source *io;
	unsigned long bytes;
};

struct device {
	struct stand_in *stand_in;
	char address[18];
	char name[64];
	char path[PATH_SIZE];
	enum device_kind kind;
	bool handsfree;
	bool headset;
	bool a2dp;
	bool late;
	bool connected;
	struct bus_object *object;
	struct bus_object *remote_endpoint;
	struct transport transport;
};

struct stand_in {
	struct pw_loop *loop;
	const struct stand_in_events *events;
	void *data;
	char bus_address[NAME_SIZE];
	struct bus *bus;
	bool up;
	struct bus_object *root;
	struct bus_object *adapter;
	struct profile profiles[MAX_PROFILES];
	struct client media; /* its path is that of the SBC source endpoint */
	size_t n_devices;
	struct device *devices[STAND_IN_MAX_DEVICES];
};

/* stand-in.c */
void client_forget(struct client *client);
int client_remember(struct stand_in *stand_in, struct client *client, const char *sender,
		    const char *path);
struct device *stand_in_find(const struct stand_in *stand_in, const char *address);
void append_strings(DBusMessageIter *iter, const char *const *strings);

/* stand-in-profile.c */
extern const struct bus_interface profile_manager_interface;
extern const struct bus_interface agent_manager_interface;
struct client *profile_find(struct stand_in *stand_in, const char *uuid);
/** Hand an AT channel to whoever serves @uuid. */
void profile_connect(struct device *device, bool hsp);
void profile_disconnect(struct device *device, const char *uuid);
void profile_forget_all(struct stand_in *stand_in);

/* stand-in-device.c */
int device_publish(struct device *device);
void device_unpublish(struct device *device);
void device_connect(struct device *device);
void device_disconnect(struct device *device);

/* stand-in-media.c */
extern const struct bus_interface media_interface;
extern const struct bus_interface battery_interface;
/** The device's own endpoint, known since it was paired. */
int media_publish(struct device *device);
void media_unpublish(struct device *device);
/** Configure the SBC endpoint for a connected device, where both are there. */
void media_connect(struct device *device);
void media_disconnect(struct device *device);

#endif
