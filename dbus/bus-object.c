/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Objects: where they are, dispatching a call to a row of a table, and what they announce.
 */
#include "bus-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- paths ------------------------------------------------------------------------------- */

bool bus_path_below(const char *path, const char *parent)
{
	size_t n = strlen(parent);

	if (strcmp(parent, "/") == 0)
		return path[0] == '/' && path[1] != '\0';
	return strncmp(path, parent, n) == 0 && path[n] == '/';
}

struct bus_object *bus_object_find(struct bus *bus, const char *path)
{
	struct bus_slot *slot;

	spa_list_for_each (slot, &bus->objects, link) {
		struct bus_object *object = SPA_CONTAINER_OF(slot, struct bus_object, slot);

		if (!slot->dead && strcmp(object->path, path) == 0)
			return object;
	}
	return NULL;
}

struct bus_manager *bus_manager_find(struct bus *bus, const char *path)
{
	struct bus_manager *manager;

	spa_list_for_each (manager, &bus->managers, link)
		if (strcmp(manager->path, path) == 0)
			return manager;
	return NULL;
}

bool bus_path_has_children(struct bus *bus, const char *path)
{
	struct bus_slot *slot;

	spa_list_for_each (slot, &bus->objects, link)
		if (!slot->dead &&
		    bus_path_below(SPA_CONTAINER_OF(slot, struct bus_object, slot)->path, path))
			return true;
	return false;
}

/* ---- objects ----------------------------------------------------------------------------- */

const struct bus_interface *bus_interface_find(const struct bus_interface *const *interfaces,
					       const char *name)
{
	for (size_t i = 0; interfaces[i]; i++)
		if (strcmp(interfaces[i]->name, name) == 0)
			return interfaces[i];
	return NULL;
}

static void object_destroy(struct bus_slot *slot)
{
	struct bus_object *object = SPA_CONTAINER_OF(slot, struct bus_object, slot);

	free(object->changed);
	free(object);
}

int bus_object_new(struct bus *bus, const char *path, const struct bus_interface *const *interfaces,
		   void *data, struct bus_object **ret)
{
	struct bus_object *object;
	size_t length;
	size_t n = 0;

	if (!path || !interfaces || !ret || !dbus_validate_path(path, NULL) ||
	    bus_interfaces_check(interfaces) < 0)
		return -EINVAL;
	if (bus_object_find(bus, path))
		return -EEXIST;
	length = strlen(path) + 1;
	object = calloc(1, sizeof(*object) + length);
	if (!object)
		return -ENOMEM;
	while (interfaces[n])
		n++;
	object->changed = calloc(n + 1, sizeof(*object->changed));
	if (!object->changed) {
		free(object);
		return -ENOMEM;
	}
	memcpy(object->path, path, length);
	object->interfaces = interfaces;
	object->data = data;
	bus_slot_init(&object->slot, bus, &bus->objects, object_destroy);
	*ret = object;
	bus_manager_emit_added(object);
	return 0;
}

struct bus_object *bus_object_free(struct bus_object *object)
{
	if (!object || object->slot.dead)
		return NULL;
	bus_manager_emit_removed(object);
	bus_slot_kill(&object->slot);
	return NULL;
}

const char *bus_object_path(const struct bus_object *object)
{
	return object->path;
}

bool bus_manager_covers(const struct bus_manager *manager, const struct bus_object *object)
{
	return bus_path_below(object->path, manager->path) &&
	       (!manager->interface || bus_interface_find(object->interfaces, manager->interface));
}

int bus_object_manager(struct bus *bus, const char *path)
{
	return bus_object_manager_of(bus, path, NULL);
}

int bus_object_manager_of(struct bus *bus, const char *path, const char *interface)
{
	struct bus_manager *manager;
	size_t length;

	if (!path || !dbus_validate_path(path, NULL))
		return -EINVAL;
	if (bus->closed)
		return -ENOTCONN;
	if (bus_manager_find(bus, path))
		return -EEXIST;
	length = strlen(path) + 1;
	manager = calloc(1, sizeof(*manager) + length);
	if (!manager)
		return -ENOMEM;
	memcpy(manager->path, path, length);
	manager->interface = interface;
	spa_list_append(&bus->managers, &manager->link);
	return 0;
}

/* ---- dispatch ---------------------------------------------------------------------------- */

/* What a call may reach at a path. */
struct target {
	struct bus_object *object;
	const struct bus_interface *standard[5];
};

static bool target_find(struct bus *bus, const char *path, struct target *ret)
{
	size_t n = 0;

	*ret = (struct target){ .object = bus_object_find(bus, path) };
	if (ret->object)
		ret->standard[n++] = &bus_properties;
	if (bus_manager_find(bus, path))
		ret->standard[n++] = &bus_objectmanager;
	if (n == 0 && !bus_path_has_children(bus, path))
		return false;
	ret->standard[n++] = &bus_introspectable;
	ret->standard[n++] = &bus_peer;
	return true;
}

/* Of the interfaces called @name, or of all where it is NULL. *@ret_known: there is such a one. */
static const struct bus_method *method_find(const struct bus_interface *const *interfaces,
					    const char *name, const char *member, bool *ret_known)
{
	for (size_t i = 0; interfaces && interfaces[i]; i++) {
		if (name && strcmp(interfaces[i]->name, name) != 0)
			continue;
		*ret_known = true;
		for (const struct bus_method *m = interfaces[i]->methods; m && m->name; m++)
			if (strcmp(m->name, member) == 0)
				return m;
	}
	return NULL;
}

static void call_method(struct bus *bus, DBusMessage *message, const struct bus_method *method,
			void *data)
{
	char signature[BUS_SIGNATURE_SIZE];
	struct bus_call *call;

	/* the rows were checked when the object was registered */
	if (bus_row_signature(method->in, signature) < 0)
		return;
	if (!dbus_message_has_signature(message, signature) &&
	    !bus_set_is_bare(method, dbus_message_get_signature(message))) {
		bus_answer_error(bus, message, DBUS_ERROR_INVALID_ARGS,
				 "%s takes the signature '%s', not '%s'", method->name, signature,
				 dbus_message_get_signature(message));
		return;
	}
	if (bus_row_signature(method->out, signature) < 0)
		return;
	call = bus_call_new(bus, message, signature);
	if (!call) {
		bus_answer_error(bus, message, DBUS_ERROR_NO_MEMORY, "Out of memory");
		return;
	}
	bus_enter(bus);
	method->handler(call, data);
	if (!call->answered && !call->kept)
		bus_call_error(call, DBUS_ERROR_FAILED, "%s gave no answer",
			       dbus_message_get_member(message));
	(void)bus_call_unref(call);
	bus_leave(bus);
}

void bus_dispatch_call(struct bus *bus, DBusMessage *message)
{
	const char *path = dbus_message_get_path(message);
	const char *interface = dbus_message_get_interface(message);
	const char *member = dbus_message_get_member(message);
	const struct bus_method *method = NULL;
	struct target target;
	bool known = false;
	void *data = NULL;

	if (!target_find(bus, path, &target)) {
		bus_answer_error(bus, message, DBUS_ERROR_UNKNOWN_OBJECT,
				 "There is no object at %s", path);
		return;
	}
	if (target.object) {
		method = method_find(target.object->interfaces, interface, member, &known);
		data = target.object->data;
	}
	if (!method) {
		method = method_find(target.standard, interface, member, &known);
		data = NULL;
	}
	if (method)
		call_method(bus, message, method, data);
	else if (known)
		bus_answer_error(bus, message, DBUS_ERROR_UNKNOWN_METHOD,
				 "There is no method %s%s%s at %s", interface ? interface : "",
				 interface ? "." : "", member, path);
	else
		bus_answer_error(bus, message, DBUS_ERROR_UNKNOWN_INTERFACE,
				 "There is no interface %s at %s", interface, path);
}

/* ---- changes ----------------------------------------------------------------------------- */

void bus_object_changed(struct bus_object *object, const char *interface, const char *property)
{
	if (object->slot.dead || !bus_usable(object->slot.bus))
		return;
	for (size_t i = 0; object->interfaces[i]; i++) {
		const struct bus_property *p = object->interfaces[i]->properties;

		if (strcmp(object->interfaces[i]->name, interface) != 0)
			continue;
		for (size_t bit = 0; p && p[bit].name; bit++) {
			if (strcmp(p[bit].name, property) != 0)
				continue;
			object->changed[i] |= UINT64_C(1) << bit;
			object->changed_any = true;
			object->slot.bus->objects_changed = true;
			bus_loop_wake(&object->slot.bus->loop);
			return;
		}
	}
}

static void append_changed(const struct bus_property *p, uint64_t changed, void *data,
			   DBusMessageIter *iter, uint64_t *ret_absent)
{
	DBusMessageIter dict;

	*ret_absent = 0;
	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	for (size_t bit = 0; p[bit].name; bit++)
		if (changed & (UINT64_C(1) << bit) &&
		    bus_property_append_entry(&p[bit], data, &dict) < 0)
			*ret_absent |= UINT64_C(1) << bit;
	dbus_message_iter_close_container(iter, &dict);
}

static void append_invalidated(const struct bus_property *p, uint64_t absent, DBusMessageIter *iter)
{
	DBusMessageIter names;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "s", &names);
	for (size_t bit = 0; p[bit].name; bit++)
		if (absent & (UINT64_C(1) << bit))
			dbus_message_iter_append_basic(&names, DBUS_TYPE_STRING, &p[bit].name);
	dbus_message_iter_close_container(iter, &names);
}

static void emit_changed(struct bus_object *object, size_t i)
{
	const struct bus_interface *interface = object->interfaces[i];
	cleanup_message DBusMessage *signal = dbus_message_new_signal(
		object->path, DBUS_INTERFACE_PROPERTIES, "PropertiesChanged");
	DBusMessageIter iter;
	uint64_t absent;

	if (!signal)
		return;
	dbus_message_iter_init_append(signal, &iter);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_STRING, &interface->name);
	append_changed(interface->properties, object->changed[i], object->data, &iter, &absent);
	append_invalidated(interface->properties, absent, &iter);
	bus_transmit(object->slot.bus, signal);
}

void bus_object_flush(struct bus_object *object)
{
	if (!object->changed_any || object->slot.dead)
		return;
	object->changed_any = false;
	for (size_t i = 0; object->interfaces[i]; i++) {
		if (!object->changed[i])
			continue;
		emit_changed(object, i);
		object->changed[i] = 0;
	}
}

void bus_objects_flush(struct bus *bus)
{
	struct bus_slot *slot;

	if (!bus->objects_changed)
		return;
	bus->objects_changed = false;
	spa_list_for_each (slot, &bus->objects, link) {
		bus_object_flush(SPA_CONTAINER_OF(slot, struct bus_object, slot));
	}
}

int bus_object_emit(struct bus_object *object, const char *interface, const char *name,
		    int first_type, ...)
{
	const struct bus_interface *found = bus_interface_find(object->interfaces, interface);
	cleanup_message DBusMessage *signal = NULL;
	char signature[BUS_SIGNATURE_SIZE];
	const struct bus_signal *row = found ? found->signals : NULL;
	dbus_bool_t ok;
	va_list args;

	if (object->slot.dead || !bus_usable(object->slot.bus))
		return -ENOTCONN;
	while (row && row->name && strcmp(row->name, name) != 0)
		row++;
	if (!row || !row->name || bus_row_signature(row->args, signature) < 0)
		return -EINVAL;
	signal = dbus_message_new_signal(object->path, interface, name);
	if (!signal)
		return -ENOMEM;
	va_start(args, first_type);
	ok = dbus_message_append_args_valist(signal, first_type, args);
	va_end(args);
	if (!ok)
		return -ENOMEM;
	if (!dbus_message_has_signature(signal, signature))
		return -EINVAL;
	bus_transmit(object->slot.bus, signal);
	return 0;
}
