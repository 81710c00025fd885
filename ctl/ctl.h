/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * callroutectl's commands and what they share. It is a client like any other: it asks org.callroute
 * and prints, and it may wait for an answer, which the daemon never does.
 *
 * May be used by: ctl/. May use: policy/ (for simulate and rules), daemon/config.h,
 * libdbus, json-c.
 *
 * Everything read from the bus becomes a JSON value at once; the lines for people are printed from
 * it, so that --json and they cannot differ in what they know.
 */
#ifndef CALLROUTE_CTL_H
#define CALLROUTE_CTL_H

#include <dbus/dbus.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#define CTL_SERVICE "org.callroute"
#define CTL_PATH "/org/callroute"
#define CTL_CALL_PREFIX CTL_PATH "/call/"
#define CTL_MANAGER "org.callroute.Manager1"
#define CTL_ENDPOINT "org.callroute.Endpoint1"
#define CTL_CALL "org.callroute.Call1"
#define CTL_PROVIDER "org.callroute.CallProvider1"
#define CTL_PROPERTIES "org.freedesktop.DBus.Properties"
#define CTL_OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/** Exit statuses; functions that return an int return one of them. */
enum {
	CTL_OK = 0,
	CTL_FAILED = 1,    /* refused, or it did not work */
	CTL_USAGE = 2,     /* not what the command takes */
	CTL_NO_DAEMON = 3, /* no bus, or no callrouted on it */
};

struct ctl {
	bool json;
	bool system;
	DBusConnection *bus; /* after ctl_connect() */
};

/** One command; @argv[0] is its name. */
typedef int (*ctl_command_fn)(struct ctl *ctl, int argc, char **argv);

int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_routes(struct ctl *ctl, int argc, char **argv);
int ctl_route(struct ctl *ctl, int argc, char **argv);
int ctl_calls(struct ctl *ctl, int argc, char **argv);
int ctl_why(struct ctl *ctl, int argc, char **argv);
int ctl_lines(struct ctl *ctl, int argc, char **argv);
int ctl_set(struct ctl *ctl, int argc, char **argv);
/** Everything under "call". */
int ctl_call(struct ctl *ctl, int argc, char **argv);
int ctl_call_add(struct ctl *ctl, int argc, char **argv);
int ctl_monitor(struct ctl *ctl, int argc, char **argv);
/** Everything under "config"; needs no daemon. */
int ctl_config(struct ctl *ctl, int argc, char **argv);

/* ---- client.c -------------------------------------------------------------------------------- */

/** One line on standard error; returns @status. */
int ctl_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** As ctl_fail() with CTL_USAGE, for a command that takes no such arguments. */
int ctl_bad_usage(const char *usage);
/** Print a D-Bus error as one line; returns the status for it. */
int ctl_dbus_error(const char *name, const char *message);

/** Connect to the bus; prints why not. */
int ctl_connect(struct ctl *ctl);

/** A method call to callrouted, with arguments as for dbus_message_append_args(). Never NULL: a
 * client without memory ends. */
DBusMessage *ctl_message(const char *path, const char *interface, const char *member,
			 int first_type, ...);

/**
 * ctl_ask() - send @message (consumed) and wait for the answer
 * @ret: the reply, to be unreferenced; NULL where it is of no interest
 * Prints the error; returns a status.
 */
int ctl_ask(struct ctl *ctl, DBusMessage *message, DBusMessage **ret);
/** As ctl_ask(), with the reply's first argument as JSON. */
int ctl_ask_json(struct ctl *ctl, DBusMessage *message, json_object **ret);

/** All endpoints or calls, as an array of their properties with "Path", and "Id" for calls, in the
 * order of their paths (calls: of their numbers). */
int ctl_objects(struct ctl *ctl, const char *interface, json_object **ret);

/* ---- value.c --------------------------------------------------------------------------------- */

/** The value at @iter: variants are opened, a{s…} becomes an object. NULL only for what JSON has no
 * word for (a file descriptor). */
json_object *ctl_json(DBusMessageIter *iter);

/** Members for printing; "" and false where absent. Borrowed. */
const char *ctl_text(json_object *object, const char *key);
bool ctl_true(json_object *object, const char *key);

/** Print @object as JSON: on several lines, or on one. */
void ctl_print_json(json_object *object, bool one_line);

/** Print text that came from elsewhere: control characters, which a terminal would obey, become
 * "?". Returns the number of columns, counting a character as one. */
int ctl_print(const char *text);
/** Pad with spaces from @columns to @width, with at least two. */
void ctl_pad(int columns, int width);

#endif
