/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the files of the object layer share: the connection's struct and the slots that hang on it.
 *
 * May be used by: dbus/bus*.c only.
 *
 * The model: everything a user can free (object, match, name watch, pending call) is a slot in one
 * of the bus' lists. While callbacks run (between bus_enter() and bus_leave()) a freed slot is only
 * marked dead and stays linked, so that a list may be walked across any callback; bus_leave()
 * reaps. Each slot holds a reference on the bus' memory, so a handle may be freed after bus_free().
 */
#ifndef CALLROUTE_BUS_PRIVATE_H
#define CALLROUTE_BUS_PRIVATE_H

#include "bus.h"

#include <spa/utils/defs.h>
#include <spa/utils/list.h>
#include <stdarg.h>
#include <stddef.h>

#define BUS_SIGNATURE_SIZE (DBUS_MAXIMUM_SIGNATURE_LENGTH + 1)

struct spa_source;
struct bus_name;

/* ---- bus-loop.c -------------------------------------------------------------------------- */

/** A connection's watches and timeouts as sources of a loop, and one event that runs dispatch. */
struct bus_loop {
	struct pw_loop *loop;
	DBusConnection *connection;
	struct spa_list fds; /* one epoll source for each descriptor */
	struct spa_list timeouts;
	struct spa_source *timer; /* armed for the nearest timeout only */
	struct spa_source *event;
	uint64_t armed_ns; /* 0: disarmed */
	uint64_t retry_ns; /* dispatch wanted memory: run again then; 0: not */
	void (*run)(void *data);
	void *data;
};

/** Take over @connection's watches, timeouts and dispatch status; @run is called from the loop
 * whenever there is something to dispatch or bus_loop_wake() was called. 0 or -errno. */
int bus_loop_init(struct bus_loop *loop, struct pw_loop *pw, DBusConnection *connection,
		  void (*run)(void *data), void *data);
/** Detach from the loop; may be called from inside run(). Safe to call twice. */
void bus_loop_done(struct bus_loop *loop);
void bus_loop_wake(struct bus_loop *loop);
/** Run again a little later: libdbus was out of memory. */
void bus_loop_wake_later(struct bus_loop *loop);

/* ---- bus.c ------------------------------------------------------------------------------- */

struct bus {
	struct bus_loop loop;
	DBusConnection *connection;
	const struct bus_events *events;
	void *data;
	unsigned int refs;  /* the opener's, one for each slot, one for each bus_enter() */
	unsigned int depth; /* of bus_enter() */
	bool ready;
	bool lost; /* no request goes out any more */
	bool lost_told;
	bool closed; /* bus_free() was called: no callback runs any more */
	char reason[256];

	struct spa_list objects;  /* slots */
	struct spa_list pendings; /* slots */
	struct spa_list watches;  /* slots */
	struct spa_list matches;  /* slots */
	struct spa_list dead;     /* slots to be reaped, by .dead_link */
	struct spa_list managers; /* struct bus_manager */
	struct spa_list kept;     /* struct bus_call */
	struct spa_list names;    /* struct bus_name */
	struct spa_list requests; /* struct bus_request */
	bool objects_changed;     /* some object has changes to announce */
	bool watches_untold;      /* some name watch is still to hear the present state */
};

struct bus_slot {
	struct spa_list link;
	struct spa_list dead_link;
	struct bus *bus;
	void (*destroy)(struct bus_slot *slot); /* frees the memory around the slot */
	bool dead;
};

void bus_enter(struct bus *bus);
void bus_leave(struct bus *bus);
/** Callbacks may run and requests may go out. */
static inline bool bus_usable(const struct bus *bus)
{
	return !bus->closed && !bus->lost;
}

/** Usable, and the connection has not gone while its loss is still to be told. */
static inline bool bus_connected(const struct bus *bus)
{
	return bus_usable(bus) && dbus_connection_get_is_connected(bus->connection);
}

void bus_slot_init(struct bus_slot *slot, struct bus *bus, struct spa_list *list,
		   void (*destroy)(struct bus_slot *slot));
void bus_slot_kill(struct bus_slot *slot);

static inline struct bus_slot *bus_slot_first(const struct spa_list *list,
					      struct bus_slot **ret_last)
{
	if (spa_list_is_empty(list))
		return NULL;
	*ret_last = spa_list_last(list, struct bus_slot, link);
	return spa_list_first(list, struct bus_slot, link);
}

static inline struct bus_slot *bus_slot_next(struct bus_slot *slot, const struct bus_slot *last)
{
	return slot == last ? NULL : spa_list_next(slot, link);
}

/** Walk the slots that were there at the start, skipping dead ones. Only within bus_enter(). */
#define bus_for_each_slot(slot, list, last)                    \
	for ((slot) = bus_slot_first((list), &(last)); (slot); \
	     (slot) = bus_slot_next((slot), (last)))           \
		if (!(slot)->dead)

/** Send and forget; @message is not consumed. Nothing is sent on a lost connection. */
void bus_transmit(struct bus *bus, DBusMessage *message);

/* ---- bus-object.c, bus-standard.c, bus-introspect.c ---------------------------------------- */

struct bus_object {
	struct bus_slot slot;
	const struct bus_interface *const *interfaces;
	void *data;
	bool changed_any;
	uint64_t *changed; /* a bit a property, a word an interface */
	char path[];
};

struct bus_manager {
	struct spa_list link;
	const char *interface; /* NULL: of all objects */
	char path[];
};

extern const struct bus_interface bus_introspectable;
extern const struct bus_interface bus_peer;
extern const struct bus_interface bus_properties;
extern const struct bus_interface bus_objectmanager;

struct bus_object *bus_object_find(struct bus *bus, const char *path);
struct bus_manager *bus_manager_find(struct bus *bus, const char *path);
bool bus_manager_covers(const struct bus_manager *manager, const struct bus_object *object);
/** Is @path strictly below @parent? */
bool bus_path_below(const char *path, const char *parent);
/** Something is served strictly below @path. */
bool bus_path_has_children(struct bus *bus, const char *path);
void bus_objects_flush(struct bus *bus);

/** Answer a method call from the tables. */
void bus_dispatch_call(struct bus *bus, DBusMessage *message);

const struct bus_interface *bus_interface_find(const struct bus_interface *const *interfaces,
					       const char *name);
/** Appends an entry of an a{sv}, a property with its present value. 0, -ENODATA, or another -errno;
 * nothing is appended but for 0. */
int bus_property_append_entry(const struct bus_property *property, void *data,
			      DBusMessageIter *dict);

/** Is it a Properties.Set whose value is not wrapped in a variant? Taken all the same. */
bool bus_set_is_bare(const struct bus_method *method, const char *signature);

void bus_manager_emit_added(struct bus_object *object);
void bus_manager_emit_removed(struct bus_object *object);

/** Introspection text of whatever is at @path; free() it. */
char *bus_introspect_path(struct bus *bus, const char *path);

/** One argument of a row such as "s kind, a{sv} options"; both borrowed from the row. */
struct bus_argument {
	const char *type;
	size_t type_length;
	const char *name;
	size_t name_length;
};
/** Reads the argument at *@row and moves on. 1, 0 at the end, or -EINVAL. */
int bus_argument_next(const char **row, struct bus_argument *ret);
/** The plain signature of a row ("sa{sv}"). 0 or -EINVAL. */
int bus_row_signature(const char *row, char ret[static BUS_SIGNATURE_SIZE]);
/** Are all rows of all tables right? 0 or -EINVAL. */
int bus_interfaces_check(const struct bus_interface *const *interfaces);

/* ---- bus-call.c -------------------------------------------------------------------------- */

struct bus_call {
	struct spa_list link; /* in bus->kept while .kept */
	struct bus *bus;
	DBusMessage *message;
	unsigned int refs;
	bool kept;
	bool answered;
	char out[]; /* the signature that a reply must have */
};

struct bus_call *bus_call_new(struct bus *bus, DBusMessage *message, const char *out);
struct bus_call *bus_call_unref(struct bus_call *call);
/** Answer everything that is still kept. */
void bus_calls_fail(struct bus *bus);
/** Answer a message outside of a handler. */
void bus_answer_error(struct bus *bus, DBusMessage *message, const char *name, const char *format,
		      ...) __attribute__((format(printf, 4, 5)));

/** Run the callbacks of all calls under way with @error; those of bus_free() just go. */
void bus_pendings_fail(struct bus *bus, const char *error);
void bus_pendings_drop(struct bus *bus);

/** printf into @ret, made valid UTF-8. */
void bus_format(char *ret, size_t n, const char *format, va_list args);

/* ---- bus-name.c -------------------------------------------------------------------------- */

void bus_dispatch_signal(struct bus *bus, DBusMessage *message);
void bus_names_tell(struct bus *bus);
void bus_names_free(struct bus *bus);

/* ---- bus-value.c ------------------------------------------------------------------------- */

/** Append a copy of the single value at @from. False where out of memory. */
bool bus_copy_value(DBusMessageIter *from, DBusMessageIter *to);

/* ---- locals that clean up ------------------------------------------------------------------ */

static inline void bus_cleanup_message(DBusMessage **message)
{
	if (*message)
		dbus_message_unref(*message);
}
#define cleanup_message __attribute__((cleanup(bus_cleanup_message)))

static inline void bus_cleanup_error(DBusError *error)
{
	dbus_error_free(error);
}
#define cleanup_error __attribute__((cleanup(bus_cleanup_error)))

static inline void bus_cleanup_dbus_string(char **text)
{
	dbus_free(*text);
}
#define cleanup_dbus_string __attribute__((cleanup(bus_cleanup_dbus_string)))

#endif
