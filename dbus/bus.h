/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The object layer over libdbus-1: one connection on the loop, objects from tables, calls to
 * others with callbacks. It knows nothing of calls or headsets.
 *
 * May be used by: daemon/, tests/. May not use: anything of daemon/ or policy/.
 *
 * Nothing here blocks: the connection authenticates and says Hello on the loop, every reply comes
 * through a callback, and dispatch is deferred to an event source of the loop, never run from
 * inside a watch's callback.
 */
#ifndef CALLROUTE_BUS_H
#define CALLROUTE_BUS_H

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdint.h>

struct pw_loop;

struct bus;
struct bus_call;
struct bus_object;
struct bus_pending;
struct bus_name_watch;
struct bus_match;

/* ---- the connection --------------------------------------------------------------------- */

struct bus_events {
	/** Hello was answered: the unique name is known, requests may be sent. Called once. */
	void (*ready)(void *data);
	/** The connection is gone (@reason is for the log). Called at most once, never from inside
	 * a function of this header; bus_free() may be called from here. */
	void (*lost)(void *data, const char *reason);
};

/**
 * bus_open() - connect to a message bus, without waiting for it
 * @loop:    stays the caller's, must outlive the bus
 * @address: D-Bus address; borrowed for the call (see bus_session_address())
 * @events:  borrowed for the life of the bus; either member may be NULL
 * @ret:     the new bus, written only on success
 *
 * Return: 0, or -errno (-ECONNREFUSED where nothing listens, -EINVAL for a bad address).
 */
int bus_open(struct pw_loop *loop, const char *address, const struct bus_events *events, void *data,
	     struct bus **ret);

/**
 * bus_free() - close; no callback runs any more, kept calls are answered Failed and released
 *
 * Handles that are still held (objects, matches, watches, pending calls) stay valid, do nothing,
 * and are to be freed or cancelled like before. May be called from any callback. NULL-safe; returns
 * NULL.
 */
struct bus *bus_free(struct bus *bus);

/** Addresses as the D-Bus specification finds them (environment, then the well-known socket), or
 * NULL where there is none. Static storage, valid until the next call of the same function. */
const char *bus_session_address(void);
const char *bus_system_address(void);

/** The connection's unique name, or NULL before ready(). Borrowed. */
const char *bus_unique_name(const struct bus *bus);

/** For what this header lacks; borrowed, not to be closed, dispatched or blocked on. */
DBusConnection *bus_connection(struct bus *bus);

/* ---- objects we serve ------------------------------------------------------------------- */

/**
 * A method row. @in and @out list the arguments as "TYPE NAME, TYPE NAME", for example
 * "s kind, a{sv} options"; "" for none. The dispatcher answers a call whose signature differs
 * from @in with org.freedesktop.DBus.Error.InvalidArgs, so that a handler sees only legal calls.
 *
 * The handler owns nothing of @call: it either answers (bus_call_reply, bus_call_error), or takes
 * a reference by bus_call_keep() to answer later. A handler that does neither is a defect, and the
 * dispatcher answers org.freedesktop.DBus.Error.Failed for it.
 */
struct bus_method {
	const char *name;
	const char *in;
	const char *out;
	void (*handler)(struct bus_call *call, void *data);
};

/** A signal row: arguments as in struct bus_method. */
struct bus_signal {
	const char *name;
	const char *args;
};

/**
 * A property row. get() appends exactly one value of @type to @value (already inside the variant)
 * and returns 0; -ENODATA means that the property is absent now (it is then left out of GetAll
 * and announced as invalidated). set() is NULL for a read-only property; it returns 0, or fills
 * @error (see bus_error_set()) and returns non-zero. The value's type has been checked.
 *
 * Properties.Set is taken with its value in a variant, as the specification has it, and bare, as
 * PipeWire's hsphfpd client sends it.
 */
struct bus_property {
	const char *name;
	const char *type;
	int (*get)(void *data, DBusMessageIter *value);
	int (*set)(void *data, DBusMessageIter *value, DBusError *error);
};

/** One interface; the tables end with a row whose name is NULL, absent tables are NULL. */
struct bus_interface {
	const char *name;
	const struct bus_method *methods;
	const struct bus_signal *signals;
	const struct bus_property *properties;
};

/**
 * bus_object_new() - serve @interfaces at @path
 * @interfaces: NULL-terminated, borrowed for the life of the object
 * @data:       handed to every handler of the object
 *
 * Peer, Introspectable and Properties come with it. If an object manager covers @path,
 * InterfacesAdded is emitted, for which get() of each property runs before this returns.
 *
 * Return: 0, -EEXIST where @path is taken, -EINVAL, -ENOMEM.
 */
int bus_object_new(struct bus *bus, const char *path, const struct bus_interface *const *interfaces,
		   void *data, struct bus_object **ret);

/** bus_object_free() - stop serving; emits InterfacesRemoved. NULL-safe; returns NULL. */
struct bus_object *bus_object_free(struct bus_object *object);

const char *bus_object_path(const struct bus_object *object);

/**
 * bus_object_manager() - serve org.freedesktop.DBus.ObjectManager at @path for all objects below
 * @path: "/" or a path; it need not carry an object of its own
 */
int bus_object_manager(struct bus *bus, const char *path);
/** The same, for only those objects that have @interface: where one connection serves more than one
 * API, a client of one is not told of the other's objects. @interface is borrowed for the life of
 * the bus. */
int bus_object_manager_of(struct bus *bus, const char *path, const char *interface);

/**
 * bus_object_changed() - a property's value may have changed
 * @property: a row of @interface's table
 *
 * Marks only; one PropertiesChanged an interface goes out when the loop next runs, with the values
 * of that moment. bus_object_flush() sends it now.
 */
void bus_object_changed(struct bus_object *object, const char *interface, const char *property);
void bus_object_flush(struct bus_object *object);

/** Emit a signal; arguments as for dbus_message_append_args(), ended by DBUS_TYPE_INVALID. */
int bus_object_emit(struct bus_object *object, const char *interface, const char *name,
		    int first_type, ...);

/**
 * bus_introspect() - the introspection text that an object with these interfaces answers
 * Caller frees with free(). NULL where out of memory. For tests and documentation.
 */
char *bus_introspect(const struct bus_interface *const *interfaces);

/* ---- a call that somebody made to us ------------------------------------------------------ */

DBusMessage *bus_call_message(struct bus_call *call);
const char *bus_call_sender(const struct bus_call *call);
/** Shorthand for dbus_message_iter_init() on the call. The signature has been checked. */
void bus_call_args(struct bus_call *call, DBusMessageIter *iter);

/** Take a reference, to answer later; the reply or the error releases it. If the bus is freed
 * first, the call is answered Failed and released: it may not be touched after bus_free(). On a
 * connection that is lost, answering releases it all the same. */
struct bus_call *bus_call_keep(struct bus_call *call);

/** Answer with arguments as for dbus_message_append_args(), ended by DBUS_TYPE_INVALID. */
void bus_call_reply(struct bus_call *call, int first_type, ...);
/** Answer with @fill appending the arguments. */
void bus_call_reply_with(struct bus_call *call, void (*fill)(DBusMessageIter *iter, void *data),
			 void *data);
/** Answer with a named error. */
void bus_call_error(struct bus_call *call, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** Fill @error, as dbus_set_error() does, for property setters. Returns -EINVAL, to be returned. */
int bus_error_set(DBusError *error, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- calls that we make ------------------------------------------------------------------ */

/**
 * A reply: @error is NULL and @reply holds the values, or @error is the error's name and @reply
 * the error message (NULL on a time-out or disconnection). Both borrowed for the call.
 */
typedef void (*bus_reply_fn)(void *data, DBusMessage *reply, const char *error);

/**
 * bus_send() - send a method call
 * @message:    consumed (unreferenced) in every case
 * @timeout_ms: -1 for libdbus' default of 25 s
 * @reply:      NULL where no answer is wanted (the message is then marked so)
 * @ret:        optional handle; valid until @reply has run or bus_pending_cancel(). May be cancelled
 *              from inside @reply too
 *
 * Return: 0, -ENOTCONN, -ENOMEM.
 */
int bus_send(struct bus *bus, DBusMessage *message, int timeout_ms, bus_reply_fn reply, void *data,
	     struct bus_pending **ret);

/** Forget a call: its callback will not run. NULL-safe; returns NULL. */
struct bus_pending *bus_pending_cancel(struct bus_pending *pending);

/** A method call message with arguments as for dbus_message_append_args(); NULL without memory. */
DBusMessage *bus_message(const char *destination, const char *path, const char *interface,
			 const char *member, int first_type, ...);

/* ---- names and signals ------------------------------------------------------------------- */

/** The outcome of bus_request_name(): @owned, or the name is held by somebody else. Called again
 * when the name is lost or gained later (we stay in the queue). */
typedef void (*bus_owned_fn)(void *data, const char *name, bool owned);
int bus_request_name(struct bus *bus, const char *name, bus_owned_fn owned, void *data);
/** Give the name back, or leave its queue; its callback does not run any more. */
void bus_release_name(struct bus *bus, const char *name);

/** @owner is the unique name that owns @name now, or NULL where nobody does. First called soon
 * after bus_watch_name() with the state then, later on every change. */
typedef void (*bus_name_fn)(void *data, const char *name, const char *owner);
int bus_watch_name(struct bus *bus, const char *name, bus_name_fn changed, void *data,
		   struct bus_name_watch **ret);
struct bus_name_watch *bus_name_watch_free(struct bus_name_watch *watch);

/**
 * bus_match() - receive signals
 * @sender, @path, @interface, @member: NULL means any; @sender may be a well-known name, which
 *   is followed to its owner by the bus
 */
typedef void (*bus_signal_fn)(void *data, DBusMessage *signal);
int bus_match(struct bus *bus, const char *sender, const char *path, const char *interface,
	      const char *member, bus_signal_fn got, void *data, struct bus_match **ret);
struct bus_match *bus_match_free(struct bus_match *match);

/* ---- reading and writing values that a stranger sent ---------------------------------------- */

/** Read a basic value of exactly @type (DBUS_TYPE_…) at @iter, going into a variant where there is
 * one, into @ret (as dbus_message_iter_get_basic() would). Returns 0 or -EINVAL. */
int bus_read_basic(DBusMessageIter *iter, int type, void *ret);

/** For each entry of the a{sv} at @iter: @each gets the key and an iterator on the value (inside
 * the variant). Returns -EINVAL where @iter holds no a{sv}, or the first non-zero of @each. */
int bus_read_dict(DBusMessageIter *iter,
		  int (*each)(void *data, const char *key, DBusMessageIter *value), void *data);

/** Append a basic value as it is, or wrapped in a variant, or as an entry of an open a{sv}. */
void bus_append_basic(DBusMessageIter *iter, int type, const void *value);
void bus_append_variant(DBusMessageIter *iter, int type, const void *value);
void bus_append_entry(DBusMessageIter *dict, const char *key, int type, const void *value);
void bus_append_entry_string(DBusMessageIter *dict, const char *key, const char *value);

#endif
