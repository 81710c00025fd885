/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Our two profiles with bluetoothd: their registration, and the org.bluez.Profile1 objects through
 * which it hands over RFCOMM channels.
 *
 * bluetoothd gives a profile's UUID to one program only. While another one holds it we are refused,
 * and ask again when the adapters' services change (that is how bluetoothd shows that a profile was
 * let go of), and, since a refusal may have other causes, with a timer of 5 to 60 s. The timer
 * exists only while refused; in the good state nothing wakes up.
 */
#include "bluez-private.h"

#include "daemon/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pipewire/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROFILE_INTERFACE "org.bluez.Profile1"
#define MANAGER_PATH "/org/bluez"
#define MANAGER_INTERFACE "org.bluez.ProfileManager1"
#define RETRY_FIRST_MS 5000
#define RETRY_LAST_MS 60000
#define HSP_VERSION 0x0102

static const struct profile {
	const char *name;
	const char *path;
	const char *uuid;
} profiles[] = {
	[BLUEZ_HFP] = { "HFP Audio Gateway", "/org/callroute/profile/hfp_ag",
			"0000111f-0000-1000-8000-00805f9b34fb" },
	[BLUEZ_HSP] = { "HSP Audio Gateway", "/org/callroute/profile/hsp_ag",
			"00001112-0000-1000-8000-00805f9b34fb" },
};

bool bluez_ready(const struct bluez *bluez)
{
	return bluez->registrations[BLUEZ_HFP].state == REGISTRATION_DONE &&
	       bluez->registrations[BLUEZ_HSP].state == REGISTRATION_DONE;
}

static void arm(struct bluez *bluez, unsigned int ms)
{
	struct timespec value = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	bluez->retry_ms = ms;
	if (bluez->retry)
		(void)pw_loop_update_timer(bluez->options.loop, bluez->retry, &value, NULL, false);
}

static void arm_first(struct bluez *bluez)
{
	if (bluez->retry_ms == 0)
		arm(bluez, bluez->retry_first_ms);
}

static void on_retry(void *data, uint64_t expirations)
{
	struct bluez *bluez = data;
	unsigned int next_ms = bluez->retry_ms * 2;

	arm(bluez, next_ms > RETRY_LAST_MS ? RETRY_LAST_MS : next_ms);
	bluez_profiles_ask(bluez);
}

/* The one place where a registration's outcome is told and logged. */
static void conclude(struct registration *registration, const char *error, const char *message)
{
	struct bluez *bluez = registration->bluez;
	const struct profile *profile = &profiles[registration->profile];
	bool same = error && strcmp(registration->error, error) == 0;

	registration->state = error ? REGISTRATION_REFUSED : REGISTRATION_DONE;
	(void)snprintf(registration->error, sizeof(registration->error), "%s", error ? error : "");
	if (!error) {
		log_info("Registered as %s", profile->name);
		if (bluez_ready(bluez))
			arm(bluez, 0);
	} else {
		arm_first(bluez);
		if (same)
			return;
		if (strcmp(error, "org.bluez.Error.NotPermitted") == 0 ||
		    strcmp(error, "org.bluez.Error.AlreadyExists") == 0)
			log_error("bluetoothd refuses us as %s (%s): another program holds that "
				  "profile. PipeWire: set bluez5.hfphsp-backend = \"hsphfpd\" for "
				  "WirePlumber's Bluetooth monitor. PulseAudio: load "
				  "module-bluez5-discover with headset=ofono. oFono: stop it, or "
				  "run it without the hfp_ag_bluez5 plugin. Trying again until the "
				  "profile is free",
				  profile->name, message);
		else
			log_error("bluetoothd refuses us as %s: %s (%s). Trying again",
				  profile->name, error, message);
	}
	if (bluez->events->registered)
		bluez->events->registered(bluez->data, registration->profile, error);
}

static void on_registered(void *data, DBusMessage *reply, const char *error)
{
	struct registration *registration = data;
	const char *message = "no answer";

	registration->pending = NULL;
	if (error && reply &&
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &message, DBUS_TYPE_INVALID))
		message = "no reason given";
	conclude(registration, error, message);
}

static DBusMessage *register_message(const struct registration *registration)
{
	const struct profile *profile = &profiles[registration->profile];
	const struct bluez_options *options = &registration->bluez->options;
	DBusMessage *message = bus_message(BLUEZ_SERVICE, MANAGER_PATH, MANAGER_INTERFACE,
					   "RegisterProfile", DBUS_TYPE_OBJECT_PATH, &profile->path,
					   DBUS_TYPE_STRING, &profile->uuid, DBUS_TYPE_INVALID);
	uint16_t version = HSP_VERSION;
	dbus_bool_t yes = true;
	DBusMessageIter args, dict;

	if (!message)
		return NULL;
	if (registration->profile == BLUEZ_HFP)
		version = options->hfp_version;
	dbus_message_iter_init_append(message, &args);
	if (!dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &dict)) {
		dbus_message_unref(message);
		return NULL;
	}
	/* RFCOMM channel (13, 12), name, record and authentication are bluetoothd's defaults for
	 * these UUIDs. AutoConnect is too, but all depends on it: it makes Device1.Connect() and
	 * reconnection after link loss open our profile from this side. */
	bus_append_entry(&dict, "AutoConnect", DBUS_TYPE_BOOLEAN, &yes);
	bus_append_entry(&dict, "Version", DBUS_TYPE_UINT16, &version);
	if (registration->profile == BLUEZ_HFP)
		bus_append_entry(&dict, "Features", DBUS_TYPE_UINT16, &options->hfp_features);
	dbus_message_iter_close_container(&args, &dict);
	return message;
}

void bluez_profiles_ask(struct bluez *bluez)
{
	if (!bluez->owner[0] || bluez->n_adapters == 0 || bluez->options.only_follow)
		return;
	for (size_t i = 0; i < 2; i++) {
		struct registration *registration = &bluez->registrations[i];
		DBusMessage *message;

		if (registration->state == REGISTRATION_DONE ||
		    registration->state == REGISTRATION_ASKED)
			continue;
		message = register_message(registration);
		if (!message || bus_send(bluez->bus, message, -1, on_registered, registration,
					 &registration->pending) < 0) {
			log_error("Could not ask to be %s, trying again", profiles[i].name);
			arm_first(bluez);
			continue;
		}
		registration->state = REGISTRATION_ASKED;
	}
}

void bluez_profiles_forget(struct bluez *bluez)
{
	for (size_t i = 0; i < 2; i++) {
		struct registration *registration = &bluez->registrations[i];

		registration->pending = bus_pending_cancel(registration->pending);
		registration->state = REGISTRATION_NONE;
		registration->error[0] = '\0';
	}
	arm(bluez, 0);
}

/* ---- org.bluez.Profile1 -------------------------------------------------------------------- */

static bool from_bluetoothd(struct bus_call *call, const struct bluez *bluez)
{
	const char *sender = bus_call_sender(call);

	if (sender && bluez->owner[0] && strcmp(sender, bluez->owner) == 0)
		return true;
	log_warning("%s, which is not bluetoothd, called our profile",
		    sender ? sender : "Somebody");
	bus_call_error(call, DBUS_ERROR_ACCESS_DENIED, "Only bluetoothd may call this");
	return false;
}

static void handle_release(struct bus_call *call, void *data)
{
	struct registration *registration = data;
	struct bluez *bluez = registration->bluez;

	if (!from_bluetoothd(call, bluez))
		return;
	bus_call_reply(call, DBUS_TYPE_INVALID);
	log_notice("bluetoothd released us as %s", profiles[registration->profile].name);
	/* it does so when it stops; should it go on, we want to be back */
	registration->state = REGISTRATION_NONE;
	arm_first(bluez);
}

struct peer_record {
	uint16_t version;
	uint16_t features;
};

static int take_record(void *data, const char *key, DBusMessageIter *value)
{
	struct peer_record *record = data;

	if (strcmp(key, "Version") == 0)
		(void)bus_read_basic(value, DBUS_TYPE_UINT16, &record->version);
	else if (strcmp(key, "Features") == 0)
		(void)bus_read_basic(value, DBUS_TYPE_UINT16, &record->features);
	return 0;
}

/* A connected stream socket of Bluetooth, or of the Unix domain where a stand-in serves us. */
static bool is_channel(int fd)
{
	int domain, type;
	socklen_t n = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) < 0)
		return false;
	n = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) < 0)
		return false;
	return type == SOCK_STREAM && (domain == AF_BLUETOOTH || domain == AF_UNIX);
}

int bluez_prepare_channel(int fd)
{
	int flags;

	if (!is_channel(fd))
		return -EPROTOTYPE;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return 0;
}

static void handle_new_connection(struct bus_call *call, void *data)
{
	struct registration *registration = data;
	struct bluez *bluez = registration->bluez;
	struct peer_record record = { 0 };
	const struct bluez_entry *entry;
	DBusMessageIter args;
	const char *path;
	int fd = -1, r;

	if (!from_bluetoothd(call, bluez))
		return;
	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &fd); /* a duplicate, ours to close */
	dbus_message_iter_next(&args);
	(void)bus_read_dict(&args, take_record, &record);

	entry = bluez_entry_find(bluez, path);
	r = fd < 0 ? -EBADF : bluez_prepare_channel(fd);
	if (r < 0 || !entry || !bluez_entry_known(entry) || !bluez->events->connection) {
		log_warning("Turned down a connection for %s of %s: %s",
			    profiles[registration->profile].name, path,
			    r < 0 ? strerror(-r) : "unknown device");
		if (fd >= 0)
			close(fd);
		bus_call_error(call, BLUEZ_ERROR_REJECTED, "Not a channel of a known device");
		return;
	}
	log_info("%s: %s connected, version %#06x, features %#06x", entry->device.name,
		 profiles[registration->profile].name, record.version, record.features);
	bus_call_reply(call, DBUS_TYPE_INVALID);
	bluez->events->connection(bluez->data, &entry->device, registration->profile, fd,
				  record.version, record.features);
}

static void handle_request_disconnection(struct bus_call *call, void *data)
{
	struct registration *registration = data;
	struct bluez *bluez = registration->bluez;
	const struct bluez_entry *entry;
	DBusMessageIter args;
	const char *path;

	if (!from_bluetoothd(call, bluez))
		return;
	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	entry = bluez_entry_find(bluez, path);
	if (entry && bluez->events->disconnection)
		bluez->events->disconnection(bluez->data, &entry->device, registration->profile);
	/* after the channel was closed: bluetoothd takes the answer for the end of it */
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static const struct bus_method profile_methods[] = {
	{ "Release", "", "", handle_release },
	{ "NewConnection", "o device, h fd, a{sv} fd_properties", "", handle_new_connection },
	{ "RequestDisconnection", "o device", "", handle_request_disconnection },
	{ 0 },
};

static const struct bus_interface profile_interface = {
	.name = PROFILE_INTERFACE,
	.methods = profile_methods,
};

static const struct bus_interface *const profile_interfaces[] = { &profile_interface, NULL };

int bluez_profiles_init(struct bluez *bluez)
{
	bluez->retry_first_ms = RETRY_FIRST_MS;
	for (size_t i = 0; i < 2; i++) {
		struct registration *registration = &bluez->registrations[i];
		int r;

		registration->bluez = bluez;
		registration->profile = (enum bluez_profile)i;
		r = bus_object_new(bluez->bus, profiles[i].path, profile_interfaces, registration,
				   &registration->object);
		if (r < 0)
			return r;
	}
	if (bluez->options.loop) {
		bluez->retry = pw_loop_add_timer(bluez->options.loop, on_retry, bluez);
		if (!bluez->retry)
			return -errno;
	}
	return 0;
}

void bluez_profiles_done(struct bluez *bluez)
{
	for (size_t i = 0; i < 2; i++) {
		struct registration *registration = &bluez->registrations[i];
		DBusMessage *message;

		if (registration->state == REGISTRATION_ASKED ||
		    registration->state == REGISTRATION_DONE) {
			message = bus_message(BLUEZ_SERVICE, MANAGER_PATH, MANAGER_INTERFACE,
					      "UnregisterProfile", DBUS_TYPE_OBJECT_PATH,
					      &profiles[i].path, DBUS_TYPE_INVALID);
			/* where this fails, leaving the bus does the same */
			if (message)
				(void)bus_send(bluez->bus, message, -1, NULL, NULL, NULL);
		}
		registration->pending = bus_pending_cancel(registration->pending);
		registration->object = bus_object_free(registration->object);
	}
	if (bluez->retry)
		pw_loop_destroy_source(bluez->options.loop, bluez->retry);
	bluez->retry = NULL;
}
