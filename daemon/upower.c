/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Source: org.freedesktop.UPower.Device of UPower. A machine without a battery has a display device
 * all the same, whose IsPresent is false.
 */
#include "upower.h"

#include "log.h"

#include "dbus/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE "org.freedesktop.UPower"
#define DISPLAY "/org/freedesktop/UPower/devices/DisplayDevice"
#define DEVICE "org.freedesktop.UPower.Device"
#define STATE_DISCHARGING 2

struct upower {
	struct bus *bus;
	upower_fn changed;
	void *data;
	struct bus_name_watch *watch;
	struct bus_match *match;
	struct bus_pending *asking;
	bool asked; /* at all: it may have to be started */

	bool present;
	double percentage;
	uint32_t state;

	bool told;
	int told_percent;
	bool told_discharging;
};

static void tell(struct upower *upower)
{
	bool there = upower->present && upower->percentage >= 0 && upower->percentage <= 100;
	int percent = there ? (int)(upower->percentage + 0.5) : -1;
	bool discharging = there && upower->state == STATE_DISCHARGING;

	if (upower->told && upower->told_percent == percent &&
	    upower->told_discharging == discharging)
		return;
	upower->told = true;
	upower->told_percent = percent;
	upower->told_discharging = discharging;
	upower->changed(upower->data, percent, discharging);
}

static int take_property(void *data, const char *key, DBusMessageIter *value)
{
	struct upower *upower = data;
	dbus_bool_t present;

	if (strcmp(key, "Percentage") == 0)
		(void)bus_read_basic(value, DBUS_TYPE_DOUBLE, &upower->percentage);
	else if (strcmp(key, "State") == 0)
		(void)bus_read_basic(value, DBUS_TYPE_UINT32, &upower->state);
	else if (strcmp(key, "IsPresent") == 0 &&
		 bus_read_basic(value, DBUS_TYPE_BOOLEAN, &present) == 0)
		upower->present = present;
	return 0;
}

static void take_properties(struct upower *upower, DBusMessageIter *iter)
{
	if (bus_read_dict(iter, take_property, upower) < 0)
		log_info("UPower tells something else than properties, ignoring it");
	tell(upower);
}

static void on_properties(void *data, DBusMessage *reply, const char *error)
{
	struct upower *upower = data;
	DBusMessageIter iter;

	upower->asking = NULL;
	if (error != NULL) {
		log_debug("UPower does not tell of a battery: %s", error);
		tell(upower);
	} else if (dbus_message_iter_init(reply, &iter)) {
		take_properties(upower, &iter);
	}
}

static void ask(struct upower *upower)
{
	const char *interface = DEVICE;
	DBusMessage *message = bus_message(SERVICE, DISPLAY, DBUS_INTERFACE_PROPERTIES, "GetAll",
					   DBUS_TYPE_STRING, &interface, DBUS_TYPE_INVALID);

	upower->asked = true;
	upower->asking = bus_pending_cancel(upower->asking);
	if (message != NULL)
		(void)bus_send(upower->bus, message, -1, on_properties, upower, &upower->asking);
}

static void on_owner(void *data, const char *name, const char *owner)
{
	struct upower *upower = data;

	(void)name;
	upower->present = false;
	if (owner != NULL || !upower->asked)
		ask(upower);
	else
		tell(upower);
}

static void on_changed(void *data, DBusMessage *signal)
{
	struct upower *upower = data;
	const char *interface;
	DBusMessageIter iter;

	if (!dbus_message_iter_init(signal, &iter) ||
	    bus_read_basic(&iter, DBUS_TYPE_STRING, &interface) < 0 ||
	    strcmp(interface, DEVICE) != 0 || !dbus_message_iter_next(&iter))
		return;
	take_properties(upower, &iter);
}

int upower_new(struct bus *bus, upower_fn changed, void *data, struct upower **ret)
{
	struct upower *upower = calloc(1, sizeof(*upower));
	int r;

	if (upower == NULL)
		return -ENOMEM;
	upower->bus = bus;
	upower->changed = changed;
	upower->data = data;
	r = bus_match(bus, SERVICE, DISPLAY, DBUS_INTERFACE_PROPERTIES, "PropertiesChanged",
		      on_changed, upower, &upower->match);
	if (r == 0)
		r = bus_watch_name(bus, SERVICE, on_owner, upower, &upower->watch);
	if (r < 0) {
		upower_free(upower);
		return r;
	}
	*ret = upower;
	return 0;
}

struct upower *upower_free(struct upower *upower)
{
	if (upower == NULL)
		return NULL;
	upower->asking = bus_pending_cancel(upower->asking);
	upower->watch = bus_name_watch_free(upower->watch);
	upower->match = bus_match_free(upower->match);
	free(upower);
	return NULL;
}
