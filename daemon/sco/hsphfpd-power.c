/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * org.hsphfpd.PowerSupply: this machine's battery, which headsets are told of. hsphfpd.txt has it
 * written by whoever knows; here it begins with what the engine knows, and a writer is heard until
 * the engine knows something new.
 */
#include "hsphfpd-private.h"

#include <stdlib.h>
#include <string.h>

#define POWER_INTERFACE "org.hsphfpd.PowerSupply"
#define POWER_PATH "/org/hsphfpd/power_supply"

static const char *const sources[] = {
	[HSPHFPD_POWER_UNKNOWN] = "unknown",
	[HSPHFPD_POWER_BATTERY] = "battery",
	[HSPHFPD_POWER_EXTERNAL] = "external",
};

static int get_source(void *data, DBusMessageIter *value)
{
	const struct hsphfpd *service = data;

	bus_append_basic(value, DBUS_TYPE_STRING, &sources[service->power_source]);
	return 0;
}

static int set_source(void *data, DBusMessageIter *value, DBusError *error)
{
	struct hsphfpd *service = data;
	const char *text = "";

	(void)bus_read_basic(value, DBUS_TYPE_STRING, &text);
	for (int i = 0; i <= HSPHFPD_POWER_EXTERNAL; i++) {
		if (strcmp(sources[i], text) != 0)
			continue;
		hsphfpd_set_power(service, service->battery_percent, (enum hsphfpd_power)i);
		return 0;
	}
	return bus_error_set(error, HSPHFPD_ERROR("InvalidArguments"),
			     "PowerSource is unknown, battery or external");
}

static int get_level(void *data, DBusMessageIter *value)
{
	const struct hsphfpd *service = data;
	int16_t level = (int16_t)service->battery_percent;

	bus_append_basic(value, DBUS_TYPE_INT16, &level);
	return 0;
}

static int set_level(void *data, DBusMessageIter *value, DBusError *error)
{
	struct hsphfpd *service = data;
	int16_t level;

	if (bus_read_basic(value, DBUS_TYPE_INT16, &level) < 0 || level < -1 || level > 100)
		return bus_error_set(error, HSPHFPD_ERROR("InvalidArguments"),
				     "BatteryLevel is a number from 0 to 100, or -1");
	hsphfpd_set_power(service, level, service->power_source);
	if (service->events->battery)
		service->events->battery(service->data, level);
	return 0;
}

static const struct bus_property properties[] = {
	{ "PowerSource", "s", get_source, set_source },
	{ "BatteryLevel", "n", get_level, set_level },
	{ 0 },
};

static const struct bus_interface interface = {
	.name = POWER_INTERFACE,
	.properties = properties,
};

static const struct bus_interface *const interfaces[] = { &interface, NULL };

void hsphfpd_set_power(struct hsphfpd *service, int percent, enum hsphfpd_power source)
{
	if (service->battery_percent != percent)
		bus_object_changed(service->power, POWER_INTERFACE, "BatteryLevel");
	if (service->power_source != source)
		bus_object_changed(service->power, POWER_INTERFACE, "PowerSource");
	service->battery_percent = percent;
	service->power_source = source;
}

int hsphfpd_power_new(struct hsphfpd *service)
{
	service->battery_percent = -1;
	return bus_object_new(service->bus, POWER_PATH, interfaces, service, &service->power);
}
