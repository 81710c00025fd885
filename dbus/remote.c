/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Following another service's ObjectManager. Kept is only which interfaces have been told, so that
 * each is told once, and taken back when the service goes.
 *
 * Signals are told as they come, also before GetManagedObjects is answered. What the answer holds
 * and has been told is then skipped: whatever came before the answer is as new or newer. What was
 * removed before the answer is remembered until then, so that an answer that was made before the
 * removal does not bring it back.
 */
#include "remote.h"

#include <errno.h>
#include <spa/utils/defs.h>
#include <spa/utils/list.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
/* Of one object; real ones have a handful. */
#define MAX_INTERFACES 64

struct interface {
	struct spa_list link;
	bool gone; /* removed before the answer, never told */
	char name[];
};

struct object {
	struct spa_list link;
	struct spa_list interfaces;
	unsigned int n_interfaces;
	char path[];
};

struct bus_remote {
	struct bus *bus;
	const struct bus_remote_events *events;
	void *data;
	char *service;
	char *manager_path;
	unsigned int max_objects;

	struct bus_name_watch *watch;
	struct bus_match *added;
	struct bus_match *removed;
	struct bus_match *changed;

	char *owner; /* NULL: the service is not there */
	bool answered;
	struct bus_pending *asked;
	struct spa_list objects;
	unsigned int n_objects;

	unsigned int depth; /* of our functions that call back */
	bool freed;
};

static void enter(struct bus_remote *remote)
{
	remote->depth++;
}

static void leave(struct bus_remote *remote)
{
	if (--remote->depth > 0 || !remote->freed)
		return;
	free(remote->service);
	free(remote->manager_path);
	free(remote->owner);
	free(remote);
}

/* ---- what has been told -------------------------------------------------------------------- */

static struct object *object_find(struct bus_remote *remote, const char *path)
{
	struct object *object;

	spa_list_for_each (object, &remote->objects, link)
		if (strcmp(object->path, path) == 0)
			return object;
	return NULL;
}

static struct interface *interface_find(struct object *object, const char *name)
{
	struct interface *interface;

	spa_list_for_each (interface, &object->interfaces, link)
		if (strcmp(interface->name, name) == 0)
			return interface;
	return NULL;
}

static struct object *object_get(struct bus_remote *remote, const char *path)
{
	struct object *object = object_find(remote, path);
	size_t n = strlen(path) + 1;

	if (object)
		return object;
	if (remote->n_objects >= remote->max_objects)
		return NULL;
	object = calloc(1, sizeof(*object) + n);
	if (!object)
		return NULL;
	memcpy(object->path, path, n);
	spa_list_init(&object->interfaces);
	spa_list_append(&remote->objects, &object->link);
	remote->n_objects++;
	return object;
}

static struct interface *interface_new(struct object *object, const char *name)
{
	size_t n = strlen(name) + 1;
	struct interface *interface;

	if (object->n_interfaces >= MAX_INTERFACES)
		return NULL;
	interface = calloc(1, sizeof(*interface) + n);
	if (!interface)
		return NULL;
	memcpy(interface->name, name, n);
	spa_list_append(&object->interfaces, &interface->link);
	object->n_interfaces++;
	return interface;
}

static void interface_free(struct object *object, struct interface *interface)
{
	spa_list_remove(&interface->link);
	object->n_interfaces--;
	free(interface);
}

static void object_free_if_empty(struct bus_remote *remote, struct object *object)
{
	if (!spa_list_is_empty(&object->interfaces))
		return;
	spa_list_remove(&object->link);
	remote->n_objects--;
	free(object);
}

static void forget_all(struct bus_remote *remote)
{
	struct interface *interface;
	struct object *object;

	spa_list_consume (object, &remote->objects, link) {
		spa_list_consume (interface, &object->interfaces, link) {
			interface_free(object, interface);
		}
		object_free_if_empty(remote, object);
	}
}

/* ---- telling ------------------------------------------------------------------------------- */

static void tell_added(struct bus_remote *remote, const char *path, const char *name,
		       DBusMessageIter properties)
{
	if (remote->events->added)
		remote->events->added(remote->data, path, name, &properties);
}

static void tell_changed(struct bus_remote *remote, const char *path, const char *name,
			 DBusMessageIter properties)
{
	if (remote->events->changed)
		remote->events->changed(remote->data, path, name, &properties);
}

/* Takes the interface out first, so that the callback may do as it likes. */
static void tell_removed(struct bus_remote *remote, struct object *object,
			 struct interface *interface)
{
	char *path = strdup(object->path);

	spa_list_remove(&interface->link);
	object->n_interfaces--;
	object_free_if_empty(remote, object);
	if (path && !interface->gone && remote->events->removed)
		remote->events->removed(remote->data, path, interface->name);
	free(path);
	free(interface);
}

/* One interface of the answer (@answer) or of InterfacesAdded. */
static void interface_there(struct bus_remote *remote, const char *path, const char *name,
			    DBusMessageIter properties, bool answer)
{
	struct object *object = object_get(remote, path);
	struct interface *interface;

	if (!object)
		return;
	interface = interface_find(object, name);
	if (interface && answer)
		return;
	if (interface && !interface->gone) {
		/* a service that announces late what its answer held already: the values are news */
		tell_changed(remote, path, name, properties);
		return;
	}
	if (!interface)
		interface = interface_new(object, name);
	if (!interface) {
		object_free_if_empty(remote, object);
		return;
	}
	interface->gone = false;
	tell_added(remote, path, name, properties);
}

/* The a{sa{sv}} at @iter. */
static void interfaces_there(struct bus_remote *remote, const char *path, DBusMessageIter *iter,
			     bool answer)
{
	DBusMessageIter interfaces;
	DBusMessageIter entry;
	const char *name;

	dbus_message_iter_recurse(iter, &interfaces);
	for (;
	     dbus_message_iter_get_arg_type(&interfaces) == DBUS_TYPE_DICT_ENTRY && !remote->freed;
	     dbus_message_iter_next(&interfaces)) {
		dbus_message_iter_recurse(&interfaces, &entry);
		dbus_message_iter_get_basic(&entry, &name);
		dbus_message_iter_next(&entry);
		interface_there(remote, path, name, entry, answer);
	}
}

/* ---- signals ------------------------------------------------------------------------------- */

static void on_added(void *data, DBusMessage *signal)
{
	struct bus_remote *remote = data;
	DBusMessageIter iter;
	const char *path;

	if (!remote->owner || !dbus_message_has_signature(signal, "oa{sa{sv}}"))
		return;
	(void)dbus_message_iter_init(signal, &iter);
	dbus_message_iter_get_basic(&iter, &path);
	dbus_message_iter_next(&iter);
	enter(remote);
	interfaces_there(remote, path, &iter, false);
	leave(remote);
}

static void interface_removed(struct bus_remote *remote, const char *path, const char *name)
{
	struct object *object =
		remote->answered ? object_find(remote, path) : object_get(remote, path);
	struct interface *interface = object ? interface_find(object, name) : NULL;

	if (!object)
		return;
	if (remote->answered) {
		if (interface)
			tell_removed(remote, object, interface);
		return;
	}
	if (!interface) {
		interface = interface_new(object, name);
		if (interface)
			interface->gone = true;
		object_free_if_empty(remote, object);
	} else if (!interface->gone) {
		interface->gone = true;
		if (remote->events->removed)
			remote->events->removed(remote->data, path, name);
	}
}

static void on_removed(void *data, DBusMessage *signal)
{
	struct bus_remote *remote = data;
	DBusMessageIter iter;
	DBusMessageIter names;
	const char *path;
	const char *name;

	if (!remote->owner || !dbus_message_has_signature(signal, "oas"))
		return;
	(void)dbus_message_iter_init(signal, &iter);
	dbus_message_iter_get_basic(&iter, &path);
	dbus_message_iter_next(&iter);
	dbus_message_iter_recurse(&iter, &names);
	enter(remote);
	for (; dbus_message_iter_get_arg_type(&names) == DBUS_TYPE_STRING && !remote->freed;
	     dbus_message_iter_next(&names)) {
		dbus_message_iter_get_basic(&names, &name);
		interface_removed(remote, path, name);
	}
	leave(remote);
}

static void on_changed(void *data, DBusMessage *signal)
{
	struct bus_remote *remote = data;
	const char *path = dbus_message_get_path(signal);
	const struct interface *interface;
	DBusMessageIter iter;
	struct object *object;
	const char *name;

	if (!remote->owner || !path || !dbus_message_has_signature(signal, "sa{sv}as"))
		return;
	(void)dbus_message_iter_init(signal, &iter);
	dbus_message_iter_get_basic(&iter, &name);
	dbus_message_iter_next(&iter);
	object = object_find(remote, path);
	interface = object ? interface_find(object, name) : NULL;
	/* of what has not been told yet the answer will hold the new value */
	if (!interface || interface->gone)
		return;
	enter(remote);
	tell_changed(remote, path, name, iter);
	leave(remote);
}

/* ---- the service --------------------------------------------------------------------------- */

static void purge_gone(struct bus_remote *remote)
{
	struct object *object;
	struct object *next;

	spa_list_for_each_safe (object, next, &remote->objects, link) {
		struct interface *interface;
		struct interface *after;

		spa_list_for_each_safe (interface, after, &object->interfaces, link)
			if (interface->gone)
				interface_free(object, interface);
		object_free_if_empty(remote, object);
	}
}

static void read_answer(struct bus_remote *remote, DBusMessage *reply)
{
	DBusMessageIter iter;
	DBusMessageIter objects;
	DBusMessageIter entry;
	const char *path;

	(void)dbus_message_iter_init(reply, &iter);
	dbus_message_iter_recurse(&iter, &objects);
	for (; dbus_message_iter_get_arg_type(&objects) == DBUS_TYPE_DICT_ENTRY && !remote->freed;
	     dbus_message_iter_next(&objects)) {
		dbus_message_iter_recurse(&objects, &entry);
		dbus_message_iter_get_basic(&entry, &path);
		dbus_message_iter_next(&entry);
		interfaces_there(remote, path, &entry, true);
	}
}

static void ask(struct bus_remote *remote);

static void on_objects(void *data, DBusMessage *reply, const char *error)
{
	struct bus_remote *remote = data;

	remote->asked = NULL;
	if (error && !reply) {
		/* timed out: a service that hangs is asked again, at the pace of the time-out */
		ask(remote);
		return;
	}
	enter(remote);
	if (!error && dbus_message_has_signature(reply, "a{oa{sa{sv}}}"))
		read_answer(remote, reply);
	if (!remote->freed) {
		remote->answered = true;
		purge_gone(remote);
	}
	leave(remote);
}

/* The connection is asked, not the name, so that no other can answer. */
static void ask(struct bus_remote *remote)
{
	(void)bus_send(remote->bus,
		       bus_message(remote->owner, remote->manager_path, OBJECT_MANAGER,
				   "GetManagedObjects", DBUS_TYPE_INVALID),
		       -1, on_objects, remote, &remote->asked);
}

static void tell_service(struct bus_remote *remote)
{
	if (remote->events->service)
		remote->events->service(remote->data, remote->owner);
}

static void service_gone(struct bus_remote *remote)
{
	remote->asked = bus_pending_cancel(remote->asked);
	remote->answered = true;
	free(remote->owner);
	remote->owner = NULL;
	while (!remote->freed && !spa_list_is_empty(&remote->objects)) {
		struct object *object = spa_list_first(&remote->objects, struct object, link);

		tell_removed(remote, object,
			     spa_list_first(&object->interfaces, struct interface, link));
	}
	if (!remote->freed)
		tell_service(remote);
}

static void on_owner(void *data, const char *name, const char *owner)
{
	struct bus_remote *remote = data;

	enter(remote);
	/* from one owner to the next is a restart too */
	if (remote->owner)
		service_gone(remote);
	if (!remote->freed && owner) {
		remote->owner = strdup(owner);
		remote->answered = false;
		if (remote->owner) {
			tell_service(remote);
			if (!remote->freed)
				ask(remote);
		}
	}
	leave(remote);
}

int bus_remote_new(struct bus *bus, const char *service, const char *manager_path,
		   unsigned int max_objects, const struct bus_remote_events *events, void *data,
		   struct bus_remote **ret)
{
	struct bus_remote *remote;
	int r = -ENOMEM;

	if (!service || !manager_path || !events || !ret || !dbus_validate_path(manager_path, NULL))
		return -EINVAL;
	remote = calloc(1, sizeof(*remote));
	if (!remote)
		return -ENOMEM;
	spa_list_init(&remote->objects);
	remote->bus = bus;
	remote->events = events;
	remote->data = data;
	remote->max_objects = max_objects;
	remote->service = strdup(service);
	remote->manager_path = strdup(manager_path);
	if (!remote->service || !remote->manager_path)
		goto fail;
	r = bus_match(bus, service, manager_path, OBJECT_MANAGER, "InterfacesAdded", on_added,
		      remote, &remote->added);
	if (r < 0)
		goto fail;
	r = bus_match(bus, service, manager_path, OBJECT_MANAGER, "InterfacesRemoved", on_removed,
		      remote, &remote->removed);
	if (r < 0)
		goto fail;
	r = bus_match(bus, service, NULL, DBUS_INTERFACE_PROPERTIES, "PropertiesChanged",
		      on_changed, remote, &remote->changed);
	if (r < 0)
		goto fail;
	r = bus_watch_name(bus, service, on_owner, remote, &remote->watch);
	if (r < 0)
		goto fail;
	*ret = remote;
	return 0;
fail:
	(void)bus_remote_free(remote);
	return r;
}

struct bus_remote *bus_remote_free(struct bus_remote *remote)
{
	if (!remote || remote->freed)
		return NULL;
	enter(remote);
	remote->freed = true;
	(void)bus_pending_cancel(remote->asked);
	(void)bus_name_watch_free(remote->watch);
	(void)bus_match_free(remote->added);
	(void)bus_match_free(remote->removed);
	(void)bus_match_free(remote->changed);
	forget_all(remote);
	leave(remote);
	return NULL;
}
