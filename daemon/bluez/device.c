/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * One device as Device1's properties tell of it. No I/O: values in, facts out.
 */
#include "bluez-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_UUIDS 128 /* more than any device has; a bound on what is read */

unsigned int bluez_service_from_uuid(const char *uuid)
{
	static const struct {
		const char *uuid16;
		unsigned int service;
	} services[] = {
		{ "110b", SERVICE_AUDIO_SINK },
		{ "111e", SERVICE_HFP_HF },
		{ "1108", SERVICE_HSP_HS },
		{ "1131", SERVICE_HSP_HS }, /* Headset HS, the name of it since HSP 1.2 */
		{ "111f", SERVICE_GATEWAY },
		{ "1112", SERVICE_GATEWAY },
		{ "fdf0", SERVICE_HEARING_AID }, /* audio streaming for hearing aids (ASHA) */
		{ "1854", SERVICE_HEARING_AID }, /* Hearing Access Service */
	};

	if (strlen(uuid) != 36 || strncmp(uuid, "0000", 4) != 0 ||
	    strcasecmp(uuid + 8, "-0000-1000-8000-00805f9b34fb") != 0)
		return 0;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (strncasecmp(uuid + 4, services[i].uuid16, 4) == 0)
			return services[i].service;
	return 0;
}

enum device_kind bluez_device_kind(uint32_t class, uint16_t appearance, const char *icon,
				   unsigned int services)
{
	/* GAP appearance: the category is in bits 6 to 15, and 41 is a hearing aid */
	if (services & SERVICE_HEARING_AID || appearance >> 6 == 41)
		return DEVICE_HEARING_AID;

	if ((class >> 8 & 0x1f) == 0x04) { /* audio/video */
		switch (class >> 2 & 0x3f) {
		case 1: /* wearable headset */
		case 2: /* hands-free */
		case 6: /* headphones */
			return DEVICE_HEADSET;
		case 5:  /* loudspeaker */
		case 7:  /* portable audio */
		case 10: /* HiFi */
			return DEVICE_SPEAKER;
		case 8:
			return DEVICE_CAR;
		}
	}
	if (strcmp(icon, "audio-headset") == 0 || strcmp(icon, "audio-headphones") == 0)
		return DEVICE_HEADSET;
	if (strcmp(icon, "audio-speakers") == 0 || strcmp(icon, "audio-card") == 0)
		return DEVICE_SPEAKER;
	/* nothing tells: who can carry a call is more likely worn than put up in a room */
	return services & (SERVICE_HFP_HF | SERVICE_HSP_HS) ? DEVICE_HEADSET : DEVICE_SPEAKER;
}

void bluez_copy_name(const char *text, char ret[static BLUEZ_NAME_SIZE])
{
	size_t n = strlen(text);

	if (n >= BLUEZ_NAME_SIZE) {
		n = BLUEZ_NAME_SIZE - 1;
		/* back to the first byte of the character that would be cut in two */
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(ret, text, n);
	ret[n] = '\0';
	for (char *p = ret; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
}

static unsigned int read_services(DBusMessageIter *value)
{
	DBusMessageIter array;
	unsigned int services = 0;

	if (dbus_message_iter_get_arg_type(value) != DBUS_TYPE_ARRAY ||
	    dbus_message_iter_get_element_type(value) != DBUS_TYPE_STRING)
		return 0;
	dbus_message_iter_recurse(value, &array);
	for (unsigned int i = 0; i < MAX_UUIDS; i++) {
		const char *uuid;

		if (bus_read_basic(&array, DBUS_TYPE_STRING, &uuid) < 0)
			break;
		services |= bluez_service_from_uuid(uuid);
		dbus_message_iter_next(&array);
	}
	return services;
}

/* A property of another type than BlueZ documents is passed over, as if it were not there. */
static int take_property(void *data, const char *key, DBusMessageIter *value)
{
	struct bluez_entry *entry = data;
	struct bluez_device *device = &entry->device;
	const char *text;
	dbus_bool_t on;

	if (strcmp(key, "Address") == 0) {
		if (bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
			(void)route_device_from_address(text, &device->device);
	} else if (strcmp(key, "Adapter") == 0) {
		if (bus_read_basic(value, DBUS_TYPE_OBJECT_PATH, &text) == 0)
			(void)snprintf(entry->adapter_path, sizeof(entry->adapter_path), "%s",
				       text);
	} else if (strcmp(key, "Alias") == 0) {
		if (bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
			bluez_copy_name(text, device->name);
	} else if (strcmp(key, "Icon") == 0) {
		if (bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0)
			(void)snprintf(entry->icon, sizeof(entry->icon), "%s", text);
	} else if (strcmp(key, "Class") == 0) {
		(void)bus_read_basic(value, DBUS_TYPE_UINT32, &entry->class);
	} else if (strcmp(key, "Appearance") == 0) {
		(void)bus_read_basic(value, DBUS_TYPE_UINT16, &entry->appearance);
	} else if (strcmp(key, "Paired") == 0) {
		if (bus_read_basic(value, DBUS_TYPE_BOOLEAN, &on) == 0)
			device->paired = on;
	} else if (strcmp(key, "Connected") == 0) {
		if (bus_read_basic(value, DBUS_TYPE_BOOLEAN, &on) == 0)
			device->connected = on;
	} else if (strcmp(key, "UUIDs") == 0) {
		entry->services = read_services(value);
	}
	return 0;
}

void bluez_entry_update(struct bluez_entry *entry, DBusMessageIter *properties)
{
	struct bluez_device *device = &entry->device;

	(void)bus_read_dict(properties, take_property, entry);
	device->kind =
		bluez_device_kind(entry->class, entry->appearance, entry->icon, entry->services);
	device->audio_sink = entry->services & SERVICE_AUDIO_SINK;
	device->handsfree = entry->services & (SERVICE_HFP_HF | SERVICE_HSP_HS);
	device->gateway = entry->services & SERVICE_GATEWAY;
	device->headset_only = device->handsfree && !(entry->services & SERVICE_HFP_HF);
}
