/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * "monitor": a line for each thing that callrouted tells, until interrupted, through its restarts.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* A line's beginning: the time, and for programs the event's name. */
static json_object *begin(struct ctl *ctl, const char *event)
{
	struct timespec now;
	struct tm when;
	char text[64], whole[96];

	clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &when))
		memset(&when, 0, sizeof(when));
	if (!ctl->json) {
		(void)strftime(text, sizeof(text), "%H:%M:%S", &when);
		(void)printf("%s.%03ld  ", text, now.tv_nsec / 1000000);
		return NULL;
	}
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &when);
	(void)snprintf(whole, sizeof(whole), "%s.%03ld", text, now.tv_nsec / 1000000);
	json_object *object = json_object_new_object();

	json_object_object_add(object, "time", json_object_new_string(whole));
	json_object_object_add(object, "event", json_object_new_string(event));
	return object;
}

static void finish(json_object *object)
{
	if (object) {
		ctl_print_json(object, true);
		json_object_put(object);
	} else {
		(void)putchar('\n');
		(void)fflush(stdout);
	}
}

/* "/org/callroute/call/1" as "call/1", "/org/callroute" as "manager". */
static const char *short_path(const char *path)
{
	size_t n = strlen(CTL_PATH);

	if (strncmp(path, CTL_PATH, n) != 0)
		return path;
	return path[n] == '/' ? path + n + 1 : "manager";
}

static void print_members(json_object *object)
{
	json_object_object_foreach(object, key, value)
	{
		(void)putchar(' ');
		(void)ctl_print(key);
		(void)putchar('=');
		(void)ctl_print(json_object_get_string(value));
	}
}

static void on_route_changed(struct ctl *ctl, DBusMessage *message)
{
	const char *old, *now, *reason, *rule;
	json_object *object;

	if (!dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &old, DBUS_TYPE_STRING, &now,
				   DBUS_TYPE_STRING, &reason, DBUS_TYPE_STRING, &rule,
				   DBUS_TYPE_INVALID))
		return;
	object = begin(ctl, "route-changed");
	if (object) {
		json_object_object_add(object, "old", json_object_new_string(old));
		json_object_object_add(object, "new", json_object_new_string(now));
		json_object_object_add(object, "reason", json_object_new_string(reason));
		json_object_object_add(object, "rule", json_object_new_string(rule));
	} else {
		(void)fputs("route ", stdout);
		(void)ctl_print(old);
		(void)fputs(" -> ", stdout);
		(void)ctl_print(now);
		(void)fputs(" by ", stdout);
		(void)ctl_print(rule);
		(void)fputs(": ", stdout);
		(void)ctl_print(reason);
	}
	finish(object);
}

static void on_properties_changed(struct ctl *ctl, DBusMessage *message)
{
	json_object *object, *changed, *gone;
	DBusMessageIter iter;
	const char *interface;

	if (!dbus_message_has_signature(message, "sa{sv}as"))
		return;
	dbus_message_iter_init(message, &iter);
	dbus_message_iter_get_basic(&iter, &interface);
	dbus_message_iter_next(&iter);
	changed = ctl_json(&iter);
	dbus_message_iter_next(&iter);
	gone = ctl_json(&iter);
	object = begin(ctl, "properties-changed");
	if (object) {
		json_object_object_add(object, "path",
				       json_object_new_string(dbus_message_get_path(message)));
		json_object_object_add(object, "interface", json_object_new_string(interface));
		json_object_object_add(object, "changed", json_object_get(changed));
		json_object_object_add(object, "invalidated", json_object_get(gone));
	} else {
		(void)ctl_print(short_path(dbus_message_get_path(message)));
		print_members(changed);
		for (size_t i = 0; i < json_object_array_length(gone); i++) {
			(void)fputs(" no ", stdout);
			(void)ctl_print(json_object_get_string(json_object_array_get_idx(gone, i)));
		}
	}
	finish(object);
	json_object_put(changed);
	json_object_put(gone);
}

static void on_added(struct ctl *ctl, DBusMessage *message)
{
	json_object *object, *interfaces;
	DBusMessageIter iter;
	const char *path;

	if (!dbus_message_has_signature(message, "oa{sa{sv}}"))
		return;
	dbus_message_iter_init(message, &iter);
	dbus_message_iter_get_basic(&iter, &path);
	dbus_message_iter_next(&iter);
	interfaces = ctl_json(&iter);
	object = begin(ctl, "added");
	if (object) {
		json_object_object_add(object, "path", json_object_new_string(path));
		json_object_object_add(object, "interfaces", json_object_get(interfaces));
	} else {
		(void)ctl_print(short_path(path));
		(void)fputs(" added", stdout);
		json_object_object_foreach(interfaces, name, properties)
		{
			if (strcmp(name, CTL_CALL) == 0 || strcmp(name, CTL_ENDPOINT) == 0)
				print_members(properties);
		}
	}
	finish(object);
	json_object_put(interfaces);
}

static void on_removed(struct ctl *ctl, DBusMessage *message)
{
	json_object *object;
	DBusMessageIter iter;
	const char *path;

	if (!dbus_message_has_signature(message, "oas"))
		return;
	dbus_message_iter_init(message, &iter);
	dbus_message_iter_get_basic(&iter, &path);
	object = begin(ctl, "removed");
	if (object) {
		json_object_object_add(object, "path", json_object_new_string(path));
	} else {
		(void)ctl_print(short_path(path));
		(void)fputs(" removed", stdout);
	}
	finish(object);
}

static void on_owner_changed(struct ctl *ctl, DBusMessage *message)
{
	const char *name, *old, *now;
	json_object *object;

	if (!dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &old,
				   DBUS_TYPE_STRING, &now, DBUS_TYPE_INVALID) ||
	    strcmp(name, CTL_SERVICE) != 0)
		return;
	object = begin(ctl, now[0] != '\0' ? "daemon-there" : "daemon-gone");
	if (!object)
		(void)fputs(now[0] != '\0' ? "callrouted is there" : "callrouted has gone", stdout);
	finish(object);
}

static DBusHandlerResult on_message(DBusConnection *bus, DBusMessage *message, void *data)
{
	static const struct {
		const char *interface;
		const char *member;
		void (*got)(struct ctl *ctl, DBusMessage *message);
	} signals[] = {
		{ CTL_MANAGER, "RouteChanged", on_route_changed },
		{ CTL_PROPERTIES, "PropertiesChanged", on_properties_changed },
		{ CTL_OBJECT_MANAGER, "InterfacesAdded", on_added },
		{ CTL_OBJECT_MANAGER, "InterfacesRemoved", on_removed },
		{ DBUS_INTERFACE_DBUS, "NameOwnerChanged", on_owner_changed },
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (dbus_message_is_signal(message, signals[i].interface, signals[i].member))
			signals[i].got(data, message);
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

int ctl_monitor(struct ctl *ctl, int argc, char **argv)
{
	const char *manager = CTL_MANAGER, *route = "Route";
	json_object *now;
	int status;

	if (argc > 1)
		return ctl_bad_usage("monitor");
	status = ctl_connect(ctl);
	if (status != CTL_OK)
		return status;
	if (!dbus_connection_add_filter(ctl->bus, on_message, ctl, NULL))
		return ctl_fail(CTL_FAILED, "out of memory");
	dbus_bus_add_match(ctl->bus,
			   "type='signal',sender='" CTL_SERVICE "',path_namespace='" CTL_PATH "'",
			   NULL);
	dbus_bus_add_match(ctl->bus,
			   "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
			   "arg0='" CTL_SERVICE "'",
			   NULL);
	/* Is it there at all? And a first line says that we listen. */
	status = ctl_ask_json(ctl,
			      ctl_message(CTL_PATH, CTL_PROPERTIES, "Get", DBUS_TYPE_STRING,
					  &manager, DBUS_TYPE_STRING, &route, DBUS_TYPE_INVALID),
			      &now);
	if (status != CTL_OK)
		return status;
	json_object *object = begin(ctl, "listening");

	if (object) {
		json_object_object_add(object, "route", json_object_get(now));
	} else {
		(void)fputs("listening, route ", stdout);
		(void)ctl_print(json_object_get_string(now));
	}
	finish(object);
	json_object_put(now);
	while (dbus_connection_read_write_dispatch(ctl->bus, -1) && !ferror(stdout))
		;
	return ferror(stdout) ? CTL_FAILED : ctl_fail(CTL_NO_DAEMON, "the bus has gone");
}
