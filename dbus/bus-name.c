/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Names and signals: which connection owns a name, the names that we own, and match rules.
 *
 * A name that anybody watches, or that is the sender of a match, has one struct bus_name with its
 * present owner. Its requests go out in the order: the match on NameOwnerChanged, GetNameOwner, and
 * only then a match on the sender; the bus answers in that order too, so the owner is known before
 * the first signal of it arrives, and a signal from anybody else can be told by its sender.
 */
#include "bus-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names are at most 255 bytes, a rule has two of them and a path, which is no longer than what we
 * would ever watch. */
#define RULE_SIZE 1536

static DBusMessage *driver_call(const char *member, const char *text)
{
	return bus_message(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, member,
			   DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
}

static bool equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* ---- owners ------------------------------------------------------------------------------ */

struct bus_name {
	struct spa_list link;
	struct bus *bus;
	unsigned int refs;
	bool known;  /* .owner is what the bus said */
	char *owner; /* NULL: nobody */
	struct bus_pending *asked;
	char name[];
};

struct bus_name_watch {
	struct bus_slot slot;
	struct bus_name *name;
	bus_name_fn changed;
	void *data;
	bool told;
};

static void name_rule(const struct bus_name *name, char ret[static RULE_SIZE])
{
	(void)snprintf(ret, RULE_SIZE,
		       "type='signal',sender='" DBUS_SERVICE_DBUS "',path='" DBUS_PATH_DBUS
		       "',interface='" DBUS_INTERFACE_DBUS "',member='NameOwnerChanged',arg0='%s'",
		       name->name);
}

static void name_unref(struct bus_name *name)
{
	char rule[RULE_SIZE];

	if (!name || --name->refs > 0)
		return;
	(void)bus_pending_cancel(name->asked);
	name_rule(name, rule);
	(void)bus_send(name->bus, driver_call("RemoveMatch", rule), -1, NULL, NULL, NULL);
	spa_list_remove(&name->link);
	free(name->owner);
	free(name);
}

static void watch_tell(struct bus_name_watch *watch)
{
	watch->told = true;
	watch->changed(watch->data, watch->name->name, watch->name->owner);
}

static void name_tell(struct bus_name *name, bool changed)
{
	struct bus *bus = name->bus;
	struct bus_slot *slot;
	struct bus_slot *last;

	bus_enter(bus);
	bus_for_each_slot(slot, &bus->watches, last)
	{
		struct bus_name_watch *watch = SPA_CONTAINER_OF(slot, struct bus_name_watch, slot);

		if (watch->name == name && (changed || !watch->told) && bus_usable(bus))
			watch_tell(watch);
	}
	bus_leave(bus);
}

static void name_set(struct bus_name *name, const char *owner)
{
	bool changed = !name->known || !equal(name->owner, owner);
	char *copy = owner ? strdup(owner) : NULL;

	/* without memory the owner stays unknown, and its signals are not heard */
	name->known = true;
	free(name->owner);
	name->owner = copy;
	name_tell(name, changed);
}

static void on_owner(void *data, DBusMessage *reply, const char *error)
{
	struct bus_name *name = data;
	const char *owner = NULL;

	name->asked = NULL;
	if (!error &&
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID))
		owner = NULL;
	if (!bus_connected(name->bus))
		return;
	name_set(name, owner);
}

static int name_get(struct bus *bus, const char *text, struct bus_name **ret)
{
	size_t n = strlen(text) + 1;
	char rule[RULE_SIZE];
	struct bus_name *name;
	int r;

	spa_list_for_each (name, &bus->names, link) {
		if (strcmp(name->name, text) == 0) {
			name->refs++;
			*ret = name;
			return 0;
		}
	}
	name = calloc(1, sizeof(*name) + n);
	if (!name)
		return -ENOMEM;
	memcpy(name->name, text, n);
	name->bus = bus;
	name->refs = 1;
	spa_list_append(&bus->names, &name->link);
	name_rule(name, rule);
	r = bus_send(bus, driver_call("AddMatch", rule), -1, NULL, NULL, NULL);
	if (r == 0)
		r = bus_send(bus, driver_call("GetNameOwner", text), -1, on_owner, name,
			     &name->asked);
	if (r < 0) {
		name_unref(name);
		return r;
	}
	*ret = name;
	return 0;
}

static void on_name_owner_changed(struct bus *bus, DBusMessage *signal)
{
	const char *text;
	const char *before;
	const char *owner;
	struct bus_name *name;

	if (!dbus_message_get_args(signal, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_STRING, &before,
				   DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID))
		return;
	spa_list_for_each (name, &bus->names, link) {
		if (strcmp(name->name, text) == 0) {
			name_set(name, owner[0] ? owner : NULL);
			return;
		}
	}
}

/* ---- watches ----------------------------------------------------------------------------- */

static void watch_destroy(struct bus_slot *slot)
{
	struct bus_name_watch *watch = SPA_CONTAINER_OF(slot, struct bus_name_watch, slot);

	name_unref(watch->name);
	free(watch);
}

int bus_watch_name(struct bus *bus, const char *name, bus_name_fn changed, void *data,
		   struct bus_name_watch **ret)
{
	struct bus_name_watch *watch;
	int r;

	if (!changed || !ret || !dbus_validate_bus_name(name, NULL))
		return -EINVAL;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	r = name_get(bus, name, &watch->name);
	if (r < 0) {
		free(watch);
		return r;
	}
	watch->changed = changed;
	watch->data = data;
	bus_slot_init(&watch->slot, bus, &bus->watches, watch_destroy);
	if (watch->name->known) {
		/* never told from inside this function */
		bus->watches_untold = true;
		bus_loop_wake(&bus->loop);
	}
	*ret = watch;
	return 0;
}

struct bus_name_watch *bus_name_watch_free(struct bus_name_watch *watch)
{
	if (watch)
		bus_slot_kill(&watch->slot);
	return NULL;
}

void bus_names_tell(struct bus *bus)
{
	struct bus_slot *slot;
	struct bus_slot *last;

	if (!bus->watches_untold)
		return;
	bus->watches_untold = false;
	bus_enter(bus);
	bus_for_each_slot(slot, &bus->watches, last)
	{
		struct bus_name_watch *watch = SPA_CONTAINER_OF(slot, struct bus_name_watch, slot);

		if (!watch->told && watch->name->known && bus_usable(bus))
			watch_tell(watch);
	}
	bus_leave(bus);
}

/* ---- names that we own --------------------------------------------------------------------- */

struct bus_request {
	struct spa_list link;
	struct bus *bus;
	bus_owned_fn owned;
	void *data;
	struct bus_pending *asked;
	bool told;
	bool is_owned;
	bool released; /* bus_release_name(): no callback any more, but the name may be asked again */
	char name[];
};

static void request_set(struct bus_request *request, bool owned)
{
	bool changed = !request->told || request->is_owned != owned;

	request->told = true;
	request->is_owned = owned;
	if (changed && !request->released && request->owned)
		request->owned(request->data, request->name, owned);
}

static void on_requested(void *data, DBusMessage *reply, const char *error)
{
	struct bus_request *request = data;
	dbus_uint32_t code = 0;

	request->asked = NULL;
	if (!bus_connected(request->bus))
		return;
	if (!error)
		(void)dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &code,
					    DBUS_TYPE_INVALID);
	request_set(request, code == DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER ||
				     code == DBUS_REQUEST_NAME_REPLY_ALREADY_OWNER);
}

static struct bus_request *request_find(struct bus *bus, const char *name)
{
	struct bus_request *request;

	spa_list_for_each (request, &bus->requests, link)
		if (strcmp(request->name, name) == 0)
			return request;
	return NULL;
}

int bus_request_name(struct bus *bus, const char *name, bus_owned_fn owned, void *data)
{
	const char *text = name;
	dbus_uint32_t flags = 0;
	struct bus_request *request;
	size_t n;
	int r;

	if (!dbus_validate_bus_name(name, NULL) || name[0] == ':')
		return -EINVAL;
	request = request_find(bus, name);
	if (request && !request->released)
		return -EALREADY;
	if (!request) {
		n = strlen(name) + 1;
		request = calloc(1, sizeof(*request) + n);
		if (!request)
			return -ENOMEM;
		memcpy(request->name, name, n);
		request->bus = bus;
		spa_list_append(&bus->requests, &request->link);
	}
	request->released = false;
	request->told = false;
	request->owned = owned;
	request->data = data;
	(void)bus_pending_cancel(request->asked);
	request->asked = NULL;
	r = bus_send(bus,
		     bus_message(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
				 "RequestName", DBUS_TYPE_STRING, &text, DBUS_TYPE_UINT32, &flags,
				 DBUS_TYPE_INVALID),
		     -1, on_requested, request, &request->asked);
	if (r < 0)
		request->released = true;
	return r;
}

void bus_release_name(struct bus *bus, const char *name)
{
	struct bus_request *request = request_find(bus, name);

	if (!request || request->released)
		return;
	request->released = true;
	request->asked = bus_pending_cancel(request->asked);
	(void)bus_send(bus, driver_call("ReleaseName", name), -1, NULL, NULL, NULL);
}

static void on_name_acquired(struct bus *bus, DBusMessage *signal, bool acquired)
{
	struct bus_request *request;
	const char *name;

	if (!dbus_message_get_args(signal, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID))
		return;
	request = request_find(bus, name);
	/* while a request is under way its answer tells, which comes after what it caused */
	if (request && !request->released && !request->asked)
		request_set(request, acquired);
}

void bus_names_free(struct bus *bus)
{
	struct bus_request *request;

	spa_list_consume (request, &bus->requests, link) {
		(void)bus_pending_cancel(request->asked);
		spa_list_remove(&request->link);
		free(request);
	}
}

/* ---- matches ----------------------------------------------------------------------------- */

struct bus_match {
	struct bus_slot slot;
	struct bus_name *name; /* the sender where it is a well-known name */
	char *sender;          /* the sender where it is a connection, or the bus itself */
	char *path;
	char *interface;
	char *member;
	bus_signal_fn got;
	void *data;
	char *rule;
};

static void match_free(struct bus_match *match)
{
	name_unref(match->name);
	free(match->sender);
	free(match->path);
	free(match->interface);
	free(match->member);
	free(match->rule);
	free(match);
}

static void match_destroy(struct bus_slot *slot)
{
	match_free(SPA_CONTAINER_OF(slot, struct bus_match, slot));
}

static bool copy(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return !text || *ret;
}

static int match_rule(const char *sender, const char *path, const char *interface,
		      const char *member, char **ret)
{
	const struct {
		const char *key;
		const char *value;
	} parts[] = {
		{ "sender", sender },
		{ "path", path },
		{ "interface", interface },
		{ "member", member },
	};
	char rule[RULE_SIZE] = "type='signal'";
	size_t n = strlen(rule);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int r;

		if (!parts[i].value)
			continue;
		r = snprintf(rule + n, sizeof(rule) - n, ",%s='%s'", parts[i].key, parts[i].value);
		n += (size_t)r;
		if (n >= sizeof(rule))
			return -EINVAL;
	}
	return copy(rule, ret) ? 0 : -ENOMEM;
}

static bool match_valid(const char *sender, const char *path, const char *interface,
			const char *member)
{
	return (!sender || dbus_validate_bus_name(sender, NULL)) &&
	       (!path || dbus_validate_path(path, NULL)) &&
	       (!interface || dbus_validate_interface(interface, NULL)) &&
	       (!member || dbus_validate_member(member, NULL));
}

int bus_match(struct bus *bus, const char *sender, const char *path, const char *interface,
	      const char *member, bus_signal_fn got, void *data, struct bus_match **ret)
{
	bool well_known = sender && sender[0] != ':' && strcmp(sender, DBUS_SERVICE_DBUS) != 0;
	struct bus_match *match;
	int r;

	if (!got || !ret || !match_valid(sender, path, interface, member))
		return -EINVAL;
	match = calloc(1, sizeof(*match));
	if (!match)
		return -ENOMEM;
	match->got = got;
	match->data = data;
	r = -ENOMEM;
	if (!copy(well_known ? NULL : sender, &match->sender) || !copy(path, &match->path) ||
	    !copy(interface, &match->interface) || !copy(member, &match->member))
		goto fail;
	r = match_rule(sender, path, interface, member, &match->rule);
	if (r < 0)
		goto fail;
	if (well_known) {
		r = name_get(bus, sender, &match->name);
		if (r < 0)
			goto fail;
	}
	r = bus_send(bus, driver_call("AddMatch", match->rule), -1, NULL, NULL, NULL);
	if (r < 0)
		goto fail;
	bus_slot_init(&match->slot, bus, &bus->matches, match_destroy);
	*ret = match;
	return 0;
fail:
	match_free(match);
	return r;
}

struct bus_match *bus_match_free(struct bus_match *match)
{
	if (!match || match->slot.dead)
		return NULL;
	(void)bus_send(match->slot.bus, driver_call("RemoveMatch", match->rule), -1, NULL, NULL,
		       NULL);
	bus_slot_kill(&match->slot);
	return NULL;
}

static bool match_fits(const struct bus_match *match, DBusMessage *signal)
{
	const char *sender = match->name ? match->name->owner : match->sender;

	if (match->name && !sender)
		return false;
	return (!sender || equal(sender, dbus_message_get_sender(signal))) &&
	       (!match->path || equal(match->path, dbus_message_get_path(signal))) &&
	       (!match->interface || equal(match->interface, dbus_message_get_interface(signal))) &&
	       (!match->member || equal(match->member, dbus_message_get_member(signal)));
}

void bus_dispatch_signal(struct bus *bus, DBusMessage *signal)
{
	struct bus_slot *slot;
	struct bus_slot *last;

	if (dbus_message_has_sender(signal, DBUS_SERVICE_DBUS)) {
		if (dbus_message_is_signal(signal, DBUS_INTERFACE_DBUS, "NameOwnerChanged"))
			on_name_owner_changed(bus, signal);
		else if (dbus_message_is_signal(signal, DBUS_INTERFACE_DBUS, "NameAcquired"))
			on_name_acquired(bus, signal, true);
		else if (dbus_message_is_signal(signal, DBUS_INTERFACE_DBUS, "NameLost"))
			on_name_acquired(bus, signal, false);
	}
	bus_enter(bus);
	bus_for_each_slot(slot, &bus->matches, last)
	{
		struct bus_match *match = SPA_CONTAINER_OF(slot, struct bus_match, slot);

		if (bus_usable(bus) && match_fits(match, signal))
			match->got(match->data, signal);
	}
	bus_leave(bus);
}
