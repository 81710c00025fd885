/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The connection: opening, Hello, what arrives and where it goes, losing it, and the slots that
 * hang on it.
 *
 * Everything that calls back does so from on_run(), which the loop runs as an event of its own.
 */
#include "bus-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Messages handled in one go, so that a flood leaves other sources of the loop their turn. */
#define DISPATCH_BATCH 64

/* A larger message costs the connection, so this is not a place to be strict: a stranger who may
 * send at all must not be able to cut us off. It is what a system bus lets pass by default. */
#define MAX_MESSAGE_SIZE (32L * 1024 * 1024)
/* What is received and not yet handled; beyond it reading pauses. */
#define MAX_RECEIVED_SIZE (4L * 1024 * 1024)
#define MAX_MESSAGE_FDS 16
#define MAX_RECEIVED_FDS 64

/* ---- slots ------------------------------------------------------------------------------- */

static void bus_unref(struct bus *bus)
{
	if (--bus->refs > 0)
		return;
	dbus_connection_unref(bus->connection);
	free(bus);
}

void bus_enter(struct bus *bus)
{
	bus->refs++;
	bus->depth++;
}

static void slot_reap(struct bus_slot *slot)
{
	struct bus *bus = slot->bus;

	spa_list_remove(&slot->link);
	slot->destroy(slot);
	bus_unref(bus);
}

void bus_leave(struct bus *bus)
{
	struct bus_slot *slot;

	if (bus->depth == 1) {
		spa_list_consume (slot, &bus->dead, dead_link) {
			spa_list_remove(&slot->dead_link);
			slot_reap(slot);
		}
	}
	bus->depth--;
	bus_unref(bus);
}

void bus_slot_init(struct bus_slot *slot, struct bus *bus, struct spa_list *list,
		   void (*destroy)(struct bus_slot *slot))
{
	slot->bus = bus;
	slot->destroy = destroy;
	slot->dead = false;
	bus->refs++;
	spa_list_append(list, &slot->link);
}

void bus_slot_kill(struct bus_slot *slot)
{
	if (slot->dead)
		return;
	slot->dead = true;
	if (slot->bus->depth)
		spa_list_append(&slot->bus->dead, &slot->dead_link);
	else
		slot_reap(slot);
}

/* ---- what arrives ------------------------------------------------------------------------ */

static void lose(struct bus *bus, const char *reason)
{
	if (bus->lost)
		return;
	bus->lost = true;
	(void)snprintf(bus->reason, sizeof(bus->reason), "%s", reason);
	bus_loop_wake(&bus->loop);
}

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	struct bus *bus = data;

	if (!bus_usable(bus))
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected")) {
		lose(bus, "the connection was closed");
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	switch (dbus_message_get_type(message)) {
	case DBUS_MESSAGE_TYPE_METHOD_CALL:
		bus_dispatch_call(bus, message);
		return DBUS_HANDLER_RESULT_HANDLED;
	case DBUS_MESSAGE_TYPE_SIGNAL:
		bus_dispatch_signal(bus, message);
		return DBUS_HANDLER_RESULT_HANDLED;
	default:
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	}
}

static void dispatch(struct bus *bus)
{
	DBusDispatchStatus status = dbus_connection_get_dispatch_status(bus->connection);

	for (unsigned int n = 0; n < DISPATCH_BATCH && status == DBUS_DISPATCH_DATA_REMAINS; n++) {
		status = dbus_connection_dispatch(bus->connection);
		if (bus->closed)
			return;
	}
	if (status == DBUS_DISPATCH_DATA_REMAINS)
		bus_loop_wake(&bus->loop);
	else if (status == DBUS_DISPATCH_NEED_MEMORY)
		bus_loop_wake_later(&bus->loop);
}

static void on_run(void *data)
{
	struct bus *bus = data;

	bus_enter(bus);
	dispatch(bus);
	if (bus_usable(bus))
		bus_names_tell(bus);
	if (bus_usable(bus))
		bus_objects_flush(bus);
	if (bus->lost && !bus->closed && !bus->lost_told) {
		bus->lost_told = true;
		bus_pendings_fail(bus, DBUS_ERROR_DISCONNECTED);
		if (!bus->closed && bus->events && bus->events->lost)
			bus->events->lost(bus->data, bus->reason);
	}
	bus_leave(bus);
}

void bus_transmit(struct bus *bus, DBusMessage *message)
{
	if (bus_usable(bus))
		(void)dbus_connection_send(bus->connection, message, NULL);
}

/* ---- opening ----------------------------------------------------------------------------- */

static void on_hello(void *data, DBusMessage *reply, const char *error)
{
	struct bus *bus = data;
	const char *name;

	if (error && !bus_connected(bus)) {
		lose(bus, "the connection was closed before Hello was answered");
		return;
	}
	if (error) {
		char reason[128];

		(void)snprintf(reason, sizeof(reason), "Hello failed: %s", error);
		lose(bus, reason);
		return;
	}
	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID) ||
	    !dbus_bus_set_unique_name(bus->connection, name)) {
		lose(bus, "Hello was not answered by a name");
		return;
	}
	bus->ready = true;
	if (bus->events && bus->events->ready)
		bus->events->ready(bus->data);
}

/* Other transports start programs or resolve names, and libdbus waits for that. */
static int check_address(const char *address)
{
	DBusAddressEntry **entries;
	int n;
	int r = 0;

	if (!dbus_parse_address(address, &entries, &n, NULL))
		return -EINVAL;
	for (int i = 0; i < n; i++)
		if (strcmp(dbus_address_entry_get_method(entries[i]), "unix") != 0)
			r = -EINVAL;
	dbus_address_entries_free(entries);
	return r;
}

static int error_to_errno(const DBusError *error)
{
	static const struct {
		const char *name;
		int error;
	} known[] = {
		{ DBUS_ERROR_NO_MEMORY, -ENOMEM },
		{ DBUS_ERROR_BAD_ADDRESS, -EINVAL },
		{ DBUS_ERROR_ACCESS_DENIED, -EACCES },
		{ DBUS_ERROR_LIMITS_EXCEEDED, -EMFILE },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (dbus_error_has_name(error, known[i].name))
			return known[i].error;
	return -ECONNREFUSED;
}

static int connection_open(const char *address, DBusConnection **ret)
{
	cleanup_error DBusError error = DBUS_ERROR_INIT;
	DBusConnection *connection;
	int r = check_address(address);

	if (r < 0)
		return r;
	connection = dbus_connection_open_private(address, &error);
	if (!connection)
		return error_to_errno(&error);
	dbus_connection_set_exit_on_disconnect(connection, FALSE);
	dbus_connection_set_max_message_size(connection, MAX_MESSAGE_SIZE);
	dbus_connection_set_max_received_size(connection, MAX_RECEIVED_SIZE);
	dbus_connection_set_max_message_unix_fds(connection, MAX_MESSAGE_FDS);
	dbus_connection_set_max_received_unix_fds(connection, MAX_RECEIVED_FDS);
	*ret = connection;
	return 0;
}

int bus_open(struct pw_loop *loop, const char *address, const struct bus_events *events, void *data,
	     struct bus **ret)
{
	struct bus *bus;
	int r;

	if (!address)
		return -EINVAL;
	bus = calloc(1, sizeof(*bus));
	if (!bus)
		return -ENOMEM;
	bus->refs = 1;
	bus->events = events;
	bus->data = data;
	spa_list_init(&bus->objects);
	spa_list_init(&bus->pendings);
	spa_list_init(&bus->watches);
	spa_list_init(&bus->matches);
	spa_list_init(&bus->dead);
	spa_list_init(&bus->managers);
	spa_list_init(&bus->kept);
	spa_list_init(&bus->names);
	spa_list_init(&bus->requests);

	r = connection_open(address, &bus->connection);
	if (r < 0) {
		free(bus);
		return r;
	}
	r = bus_loop_init(&bus->loop, loop, bus->connection, on_run, bus);
	if (r < 0)
		goto fail;
	r = -ENOMEM;
	if (!dbus_connection_add_filter(bus->connection, on_message, bus, NULL))
		goto fail;
	/* the bus requires it to be the first message; what is sent before its answer waits in line */
	r = bus_send(bus,
		     bus_message(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "Hello",
				 DBUS_TYPE_INVALID),
		     -1, on_hello, bus, NULL);
	if (r < 0)
		goto fail;
	*ret = bus;
	return 0;
fail:
	(void)bus_free(bus);
	return r;
}

struct bus *bus_free(struct bus *bus)
{
	struct bus_manager *manager;

	if (!bus)
		return NULL;
	bus_calls_fail(bus);
	bus->closed = true;
	bus_pendings_drop(bus);
	bus_names_free(bus);
	spa_list_consume (manager, &bus->managers, link) {
		spa_list_remove(&manager->link);
		free(manager);
	}
	bus_loop_done(&bus->loop);
	dbus_connection_remove_filter(bus->connection, on_message, bus);
	dbus_connection_close(bus->connection);
	bus_unref(bus);
	return NULL;
}

/* ---- facts ------------------------------------------------------------------------------- */

static bool is_socket(const char *path, bool own)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode) && (!own || st.st_uid == geteuid());
}

const char *bus_session_address(void)
{
	static char address[1024];
	const char *text = secure_getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *dir = secure_getenv("XDG_RUNTIME_DIR");
	cleanup_dbus_string char *escaped = NULL;
	char path[512];
	int n;

	if (text && text[0]) {
		n = snprintf(address, sizeof(address), "%s", text);
		return n < (int)sizeof(address) ? address : NULL;
	}
	if (!dir || dir[0] != '/')
		return NULL;
	n = snprintf(path, sizeof(path), "%s/bus", dir);
	if (n >= (int)sizeof(path) || !is_socket(path, true))
		return NULL;
	escaped = dbus_address_escape_value(path);
	if (!escaped)
		return NULL;
	n = snprintf(address, sizeof(address), "unix:path=%s", escaped);
	return n < (int)sizeof(address) ? address : NULL;
}

const char *bus_system_address(void)
{
	static char address[1024];
	const char *text = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");

	if (text && text[0]) {
		int n = snprintf(address, sizeof(address), "%s", text);

		return n < (int)sizeof(address) ? address : NULL;
	}
	if (is_socket("/run/dbus/system_bus_socket", false))
		return "unix:path=/run/dbus/system_bus_socket";
	if (is_socket("/var/run/dbus/system_bus_socket", false))
		return "unix:path=/var/run/dbus/system_bus_socket";
	return NULL;
}

const char *bus_unique_name(const struct bus *bus)
{
	return bus->ready ? dbus_bus_get_unique_name(bus->connection) : NULL;
}

DBusConnection *bus_connection(struct bus *bus)
{
	return bus->connection;
}
