/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Calls: those that somebody made to us, which are answered exactly once, and those that we make,
 * whose callback runs exactly once unless they are cancelled.
 */
#include "bus-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a call that somebody made to us ------------------------------------------------------ */

struct bus_call *bus_call_new(struct bus *bus, DBusMessage *message, const char *out)
{
	size_t n = strlen(out) + 1;
	struct bus_call *call = calloc(1, sizeof(*call) + n);

	if (!call)
		return NULL;
	call->bus = bus;
	call->message = dbus_message_ref(message);
	call->refs = 1;
	memcpy(call->out, out, n);
	return call;
}

struct bus_call *bus_call_unref(struct bus_call *call)
{
	if (--call->refs > 0)
		return NULL;
	dbus_message_unref(call->message);
	free(call);
	return NULL;
}

struct bus_call *bus_call_keep(struct bus_call *call)
{
	if (call->kept || call->answered)
		return call;
	call->kept = true;
	call->refs++;
	spa_list_append(&call->bus->kept, &call->link);
	return call;
}

DBusMessage *bus_call_message(struct bus_call *call)
{
	return call->message;
}

const char *bus_call_sender(const struct bus_call *call)
{
	return dbus_message_get_sender(call->message);
}

void bus_call_args(struct bus_call *call, DBusMessageIter *iter)
{
	(void)dbus_message_iter_init(call->message, iter);
}

/* Send @message, which may be NULL where there was no memory for it, and release what was kept. */
static void answer(struct bus_call *call, DBusMessage *message)
{
	if (!call->answered && message && !dbus_message_get_no_reply(call->message))
		bus_transmit(call->bus, message);
	call->answered = true;
	if (call->kept) {
		call->kept = false;
		spa_list_remove(&call->link);
		(void)bus_call_unref(call);
	}
}

static void answer_checked(struct bus_call *call, DBusMessage *message)
{
	if (!dbus_message_has_signature(message, call->out)) {
		bus_call_error(call, DBUS_ERROR_FAILED,
			       "%s: the answer's signature is '%s' where '%s' was announced",
			       dbus_message_get_member(call->message),
			       dbus_message_get_signature(message), call->out);
		return;
	}
	answer(call, message);
}

void bus_call_reply(struct bus_call *call, int first_type, ...)
{
	cleanup_message DBusMessage *message = dbus_message_new_method_return(call->message);
	dbus_bool_t ok;
	va_list args;

	if (!message) {
		answer(call, NULL);
		return;
	}
	va_start(args, first_type);
	ok = dbus_message_append_args_valist(message, first_type, args);
	va_end(args);
	if (ok)
		answer_checked(call, message);
	else
		answer(call, NULL);
}

void bus_call_reply_with(struct bus_call *call, void (*fill)(DBusMessageIter *iter, void *data),
			 void *data)
{
	cleanup_message DBusMessage *message = dbus_message_new_method_return(call->message);
	DBusMessageIter iter;

	if (!message) {
		answer(call, NULL);
		return;
	}
	dbus_message_iter_init_append(message, &iter);
	fill(&iter, data);
	answer_checked(call, message);
}

void bus_format(char *ret, size_t n, const char *format, va_list args)
{
	(void)vsnprintf(ret, n, format, args);
	if (dbus_validate_utf8(ret, NULL))
		return;
	for (char *c = ret; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
}

void bus_call_error(struct bus_call *call, const char *name, const char *format, ...)
{
	cleanup_message DBusMessage *message = NULL;
	char text[512];
	va_list args;

	va_start(args, format);
	bus_format(text, sizeof(text), format, args);
	va_end(args);
	message = dbus_message_new_error(call->message, name, text);
	answer(call, message);
}

void bus_answer_error(struct bus *bus, DBusMessage *message, const char *name, const char *format,
		      ...)
{
	cleanup_message DBusMessage *error = NULL;
	char text[512];
	va_list args;

	if (dbus_message_get_no_reply(message))
		return;
	va_start(args, format);
	bus_format(text, sizeof(text), format, args);
	va_end(args);
	error = dbus_message_new_error(message, name, text);
	if (error)
		bus_transmit(bus, error);
}

void bus_calls_fail(struct bus *bus)
{
	struct bus_call *call;

	spa_list_consume (call, &bus->kept, link) {
		bus_call_error(call, DBUS_ERROR_FAILED, "The service ended before it could answer");
	}
}

int bus_error_set(DBusError *error, const char *name, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	bus_format(text, sizeof(text), format, args);
	va_end(args);
	if (error && !dbus_error_is_set(error))
		dbus_set_error(error, name, "%s", text);
	return -EINVAL;
}

/* ---- calls that we make ------------------------------------------------------------------ */

struct bus_pending {
	struct bus_slot slot;
	DBusPendingCall *pending;
	bus_reply_fn reply;
	void *data;
	bool held; /* the caller has a handle */
};

static void pending_destroy(struct bus_slot *slot)
{
	struct bus_pending *pending = SPA_CONTAINER_OF(slot, struct bus_pending, slot);

	free(pending);
}

static void pending_forget(struct bus_pending *pending)
{
	DBusPendingCall *forgotten = pending->pending;

	pending->pending = NULL;
	if (!forgotten)
		return;
	dbus_pending_call_cancel(forgotten);
	dbus_pending_call_unref(forgotten);
}

static void pending_answer(struct bus_pending *pending, DBusMessage *reply, const char *error)
{
	struct bus *bus = pending->slot.bus;

	bus_enter(bus);
	pending_forget(pending);
	pending->reply(pending->data, reply, error);
	bus_slot_kill(&pending->slot);
	bus_leave(bus);
}

static void on_reply(DBusPendingCall *call, void *data)
{
	struct bus_pending *pending = data;
	cleanup_message DBusMessage *reply = dbus_pending_call_steal_reply(call);

	if (pending->slot.dead || pending->slot.bus->closed)
		return;
	if (dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_ERROR) {
		pending_answer(pending, reply, NULL);
		return;
	}
	/* an error without a sender was made up by libdbus: a time-out, or the connection is gone */
	pending_answer(pending, dbus_message_get_sender(reply) ? reply : NULL,
		       dbus_message_get_error_name(reply));
}

static int send_without_reply(struct bus *bus, DBusMessage *message)
{
	dbus_message_set_no_reply(message, TRUE);
	return dbus_connection_send(bus->connection, message, NULL) ? 0 : -ENOMEM;
}

int bus_send(struct bus *bus, DBusMessage *consumed, int timeout_ms, bus_reply_fn reply, void *data,
	     struct bus_pending **ret)
{
	cleanup_message DBusMessage *message = consumed;
	DBusPendingCall *call = NULL;
	struct bus_pending *pending;

	if (!message)
		return -ENOMEM;
	if (!bus_usable(bus))
		return -ENOTCONN;
	if (!reply)
		return send_without_reply(bus, message);

	pending = calloc(1, sizeof(*pending));
	if (!pending)
		return -ENOMEM;
	if (!dbus_connection_send_with_reply(bus->connection, message, &call, timeout_ms)) {
		free(pending);
		return -ENOMEM;
	}
	if (!call) {
		free(pending);
		return -ENOTCONN;
	}
	if (!dbus_pending_call_set_notify(call, on_reply, pending, NULL)) {
		dbus_pending_call_cancel(call);
		dbus_pending_call_unref(call);
		free(pending);
		return -ENOMEM;
	}
	pending->pending = call;
	pending->reply = reply;
	pending->data = data;
	pending->held = ret != NULL;
	bus_slot_init(&pending->slot, bus, &bus->pendings, pending_destroy);
	if (ret)
		*ret = pending;
	return 0;
}

struct bus_pending *bus_pending_cancel(struct bus_pending *pending)
{
	if (!pending)
		return NULL;
	pending_forget(pending);
	bus_slot_kill(&pending->slot);
	return NULL;
}

void bus_pendings_fail(struct bus *bus, const char *error)
{
	struct bus_slot *slot;
	struct bus_slot *last;

	bus_enter(bus);
	bus_for_each_slot(slot, &bus->pendings, last)
	{
		if (bus->closed)
			break;
		pending_answer(SPA_CONTAINER_OF(slot, struct bus_pending, slot), NULL, error);
	}
	bus_leave(bus);
}

void bus_pendings_drop(struct bus *bus)
{
	struct bus_slot *slot;
	struct bus_slot *last;

	bus_enter(bus);
	bus_for_each_slot(slot, &bus->pendings, last)
	{
		struct bus_pending *pending = SPA_CONTAINER_OF(slot, struct bus_pending, slot);

		pending_forget(pending);
		if (!pending->held)
			bus_slot_kill(slot);
	}
	bus_leave(bus);
}

DBusMessage *bus_message(const char *destination, const char *path, const char *interface,
			 const char *member, int first_type, ...)
{
	DBusMessage *message = dbus_message_new_method_call(destination, path, interface, member);
	dbus_bool_t ok;
	va_list args;

	if (!message)
		return NULL;
	va_start(args, first_type);
	ok = dbus_message_append_args_valist(message, first_type, args);
	va_end(args);
	if (ok)
		return message;
	dbus_message_unref(message);
	return NULL;
}
