/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Asking callrouted, and telling the user in one line why something did not work.
 */
#include "ctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A route takes 5 s at most, a provider 10 s. */
#define ANSWER_TIMEOUT_MS 20000

int ctl_fail(int status, const char *format, ...)
{
	va_list args;

	(void)fflush(stdout);
	(void)fputs("callroutectl: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	return status;
}

int ctl_bad_usage(const char *usage)
{
	return ctl_fail(CTL_USAGE, "usage: callroutectl %s", usage);
}

static bool means_no_daemon(const char *name)
{
	return strcmp(name, DBUS_ERROR_SERVICE_UNKNOWN) == 0 ||
	       strcmp(name, DBUS_ERROR_NAME_HAS_NO_OWNER) == 0 ||
	       strcmp(name, DBUS_ERROR_DISCONNECTED) == 0 ||
	       strncmp(name, "org.freedesktop.DBus.Error.Spawn.",
		       strlen("org.freedesktop.DBus.Error.Spawn.")) == 0;
}

int ctl_dbus_error(const char *name, const char *message)
{
	const char *last = strrchr(name, '.');

	if (means_no_daemon(name))
		return ctl_fail(CTL_NO_DAEMON, "callrouted is not there (%s)", name);
	return ctl_fail(CTL_FAILED, "%s: %s", last ? last + 1 : name,
			message ? message : "refused");
}

int ctl_connect(struct ctl *ctl)
{
	DBusError error = DBUS_ERROR_INIT;
	int status;

	if (ctl->bus)
		return CTL_OK;
	ctl->bus = dbus_bus_get(ctl->system ? DBUS_BUS_SYSTEM : DBUS_BUS_SESSION, &error);
	if (ctl->bus) {
		dbus_connection_set_exit_on_disconnect(ctl->bus, FALSE);
		return CTL_OK;
	}
	status = ctl_fail(CTL_NO_DAEMON, "no %s bus: %s", ctl->system ? "system" : "session",
			  error.message);
	dbus_error_free(&error);
	return status;
}

DBusMessage *ctl_message(const char *path, const char *interface, const char *member,
			 int first_type, ...)
{
	DBusMessage *message = dbus_message_new_method_call(CTL_SERVICE, path, interface, member);
	va_list args;

	va_start(args, first_type);
	if (!message || !dbus_message_append_args_valist(message, first_type, args))
		exit(ctl_fail(CTL_FAILED, "out of memory"));
	va_end(args);
	return message;
}

int ctl_ask(struct ctl *ctl, DBusMessage *message, DBusMessage **ret)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *reply;
	int status = ctl_connect(ctl);

	if (status != CTL_OK) {
		dbus_message_unref(message);
		return status;
	}
	reply = dbus_connection_send_with_reply_and_block(ctl->bus, message, ANSWER_TIMEOUT_MS,
							  &error);
	dbus_message_unref(message);
	if (!reply) {
		status = ctl_dbus_error(error.name, error.message);
		dbus_error_free(&error);
		return status;
	}
	if (ret)
		*ret = reply;
	else
		dbus_message_unref(reply);
	return CTL_OK;
}

int ctl_ask_json(struct ctl *ctl, DBusMessage *message, json_object **ret)
{
	DBusMessage *reply;
	DBusMessageIter iter;
	int status = ctl_ask(ctl, message, &reply);

	if (status != CTL_OK)
		return status;
	if (!dbus_message_iter_init(reply, &iter))
		status = ctl_fail(CTL_FAILED, "callrouted answered nothing");
	else
		*ret = ctl_json(&iter);
	dbus_message_unref(reply);
	return status;
}

static long call_number(const char *path)
{
	size_t n = strlen(CTL_CALL_PREFIX);

	return strncmp(path, CTL_CALL_PREFIX, n) == 0 ? strtol(path + n, NULL, 10) : 0;
}

static int by_path(const void *a, const void *b)
{
	const char *pa = ctl_text(*(json_object *const *)a, "Path");
	const char *pb = ctl_text(*(json_object *const *)b, "Path");
	long na = call_number(pa), nb = call_number(pb);

	return na != nb ? (na > nb) - (na < nb) : strcmp(pa, pb);
}

int ctl_objects(struct ctl *ctl, const char *interface, json_object **ret)
{
	json_object *objects, *list;
	int status = ctl_ask_json(
		ctl,
		ctl_message(CTL_PATH, CTL_OBJECT_MANAGER, "GetManagedObjects", DBUS_TYPE_INVALID),
		&objects);

	if (status != CTL_OK)
		return status;
	list = json_object_new_array();
	json_object_object_foreach(objects, path, interfaces)
	{
		json_object *properties;

		if (!json_object_object_get_ex(interfaces, interface, &properties))
			continue;
		json_object_object_add(properties, "Path", json_object_new_string(path));
		if (call_number(path) > 0)
			json_object_object_add(properties, "Id",
					       json_object_new_int64(call_number(path)));
		json_object_array_add(list, json_object_get(properties));
	}
	json_object_put(objects);
	json_object_array_sort(list, by_path);
	*ret = list;
	return CTL_OK;
}
