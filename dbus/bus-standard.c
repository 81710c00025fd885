/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The standard interfaces that every object has, as tables like any other: Introspectable, Peer,
 * Properties, and ObjectManager where one was asked for. Their handlers find the object by the
 * call's path.
 */
#include "bus-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/* ---- values ------------------------------------------------------------------------------ */

/*
 * The value is written into a message of its own first: libdbus cannot take back a container that
 * was begun, and whether the property is there is known only when get() has run.
 */
static int property_read(const struct bus_property *property, void *data, DBusMessage **ret)
{
	cleanup_message DBusMessage *scratch = dbus_message_new(DBUS_MESSAGE_TYPE_METHOD_RETURN);
	DBusMessageIter iter;
	DBusMessageIter variant;
	int r;

	if (!scratch)
		return -ENOMEM;
	dbus_message_iter_init_append(scratch, &iter);
	if (!dbus_message_iter_open_container(&iter, DBUS_TYPE_VARIANT, property->type, &variant))
		return -ENOMEM;
	r = property->get(data, &variant);
	if (r < 0) {
		dbus_message_iter_abandon_container(&iter, &variant);
		return r;
	}
	if (!dbus_message_iter_close_container(&iter, &variant))
		return -ENOMEM;
	*ret = dbus_message_ref(scratch);
	return 0;
}

int bus_property_append_entry(const struct bus_property *property, void *data,
			      DBusMessageIter *dict)
{
	cleanup_message DBusMessage *scratch = NULL;
	DBusMessageIter value;
	DBusMessageIter entry;
	int r = property_read(property, data, &scratch);

	if (r < 0)
		return r;
	(void)dbus_message_iter_init(scratch, &value);
	if (!dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry))
		return -ENOMEM;
	(void)dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &property->name);
	(void)bus_copy_value(&value, &entry);
	(void)dbus_message_iter_close_container(dict, &entry);
	return 0;
}

static void append_rows(const struct bus_property *properties, void *data, DBusMessageIter *dict)
{
	for (const struct bus_property *p = properties; p && p->name; p++)
		(void)bus_property_append_entry(p, data, dict);
}

static void append_interfaces(const struct bus_object *object, DBusMessageIter *iter)
{
	DBusMessageIter array;
	DBusMessageIter entry;
	DBusMessageIter dict;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{sa{sv}}", &array);
	for (size_t i = 0; object->interfaces[i]; i++) {
		const struct bus_interface *interface = object->interfaces[i];

		dbus_message_iter_open_container(&array, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &interface->name);
		dbus_message_iter_open_container(&entry, DBUS_TYPE_ARRAY, "{sv}", &dict);
		append_rows(interface->properties, object->data, &dict);
		dbus_message_iter_close_container(&entry, &dict);
		dbus_message_iter_close_container(&array, &entry);
	}
	dbus_message_iter_close_container(iter, &array);
}

/* ---- Properties -------------------------------------------------------------------------- */

static struct bus_object *call_object(struct bus_call *call)
{
	return bus_object_find(call->bus, dbus_message_get_path(call->message));
}

/* An empty interface name means any. Answers the error where there is none. */
static const struct bus_property *find_property(struct bus_call *call, struct bus_object *object,
						const char *interface, const char *name)
{
	bool known = false;

	for (size_t i = 0; object->interfaces[i]; i++) {
		if (interface[0] && strcmp(object->interfaces[i]->name, interface) != 0)
			continue;
		known = true;
		for (const struct bus_property *p = object->interfaces[i]->properties; p && p->name;
		     p++)
			if (strcmp(p->name, name) == 0)
				return p;
	}
	if (known)
		bus_call_error(call, DBUS_ERROR_UNKNOWN_PROPERTY, "There is no property %s.%s",
			       interface, name);
	else
		bus_call_error(call, DBUS_ERROR_UNKNOWN_INTERFACE, "There is no interface %s",
			       interface);
	return NULL;
}

static void fill_value(DBusMessageIter *iter, void *data)
{
	DBusMessageIter value;

	(void)dbus_message_iter_init(data, &value);
	(void)bus_copy_value(&value, iter);
}

static void properties_get(struct bus_call *call, void *data)
{
	struct bus_object *object = call_object(call);
	cleanup_message DBusMessage *value = NULL;
	const struct bus_property *property;
	const char *interface;
	const char *name;
	int r;

	(void)dbus_message_get_args(call->message, NULL, DBUS_TYPE_STRING, &interface,
				    DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	property = find_property(call, object, interface, name);
	if (!property)
		return;
	r = property_read(property, object->data, &value);
	if (r == -ENODATA)
		bus_call_error(call, DBUS_ERROR_UNKNOWN_PROPERTY, "%s is absent now", name);
	else if (r < 0)
		bus_call_error(call, DBUS_ERROR_FAILED, "%s cannot be read: %s", name,
			       strerror(-r));
	else
		bus_call_reply_with(call, fill_value, value);
}

static void properties_set(struct bus_call *call, void *data);

/*
 * PipeWire's hsphfpd client sets a gain with the bare value ("ssq") where the specification has a
 * variant; what it means is plain, and the property's type is checked either way.
 */
bool bus_set_is_bare(const struct bus_method *method, const char *signature)
{
	return method->handler == properties_set && strncmp(signature, "ss", 2) == 0 &&
	       dbus_signature_validate_single(signature + 2, NULL);
}

static void properties_set(struct bus_call *call, void *data)
{
	struct bus_object *object = call_object(call);
	cleanup_error DBusError error = DBUS_ERROR_INIT;
	cleanup_dbus_string char *type = NULL;
	const struct bus_property *property;
	DBusMessageIter iter;
	DBusMessageIter value;
	const char *interface;
	const char *name;

	bus_call_args(call, &iter);
	dbus_message_iter_get_basic(&iter, &interface);
	dbus_message_iter_next(&iter);
	dbus_message_iter_get_basic(&iter, &name);
	dbus_message_iter_next(&iter);
	value = iter;
	if (dbus_message_iter_get_arg_type(&iter) == DBUS_TYPE_VARIANT)
		dbus_message_iter_recurse(&iter, &value);

	property = find_property(call, object, interface, name);
	if (!property)
		return;
	if (!property->set) {
		bus_call_error(call, DBUS_ERROR_PROPERTY_READ_ONLY, "%s is read-only", name);
		return;
	}
	type = dbus_message_iter_get_signature(&value);
	if (!type || strcmp(type, property->type) != 0) {
		bus_call_error(call, DBUS_ERROR_INVALID_ARGS, "%s has the type '%s', not '%s'",
			       name, property->type, type ? type : "");
		return;
	}
	if (property->set(object->data, &value, &error) == 0)
		bus_call_reply(call, DBUS_TYPE_INVALID);
	else if (dbus_error_is_set(&error))
		bus_call_error(call, error.name, "%s", error.message);
	else
		bus_call_error(call, DBUS_ERROR_FAILED, "%s could not be set", name);
}

struct all {
	const struct bus_object *object;
	const char *interface;
};

static void fill_all(DBusMessageIter *iter, void *data)
{
	const struct all *all = data;
	DBusMessageIter dict;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	for (size_t i = 0; all->object->interfaces[i]; i++) {
		const struct bus_interface *interface = all->object->interfaces[i];

		if (!all->interface[0] || strcmp(interface->name, all->interface) == 0)
			append_rows(interface->properties, all->object->data, &dict);
	}
	dbus_message_iter_close_container(iter, &dict);
}

static bool is_standard(const char *name)
{
	return strcmp(name, DBUS_INTERFACE_PROPERTIES) == 0 ||
	       strcmp(name, DBUS_INTERFACE_INTROSPECTABLE) == 0 ||
	       strcmp(name, DBUS_INTERFACE_PEER) == 0 || strcmp(name, OBJECT_MANAGER) == 0;
}

static void properties_get_all(struct bus_call *call, void *data)
{
	struct all all = { .object = call_object(call) };

	(void)dbus_message_get_args(call->message, NULL, DBUS_TYPE_STRING, &all.interface,
				    DBUS_TYPE_INVALID);
	if (all.interface[0] && !is_standard(all.interface) &&
	    !bus_interface_find(all.object->interfaces, all.interface))
		bus_call_error(call, DBUS_ERROR_UNKNOWN_INTERFACE, "There is no interface %s",
			       all.interface);
	else
		bus_call_reply_with(call, fill_all, &all);
}

const struct bus_interface bus_properties = {
	.name = DBUS_INTERFACE_PROPERTIES,
	.methods =
		(const struct bus_method[]){
			{ "Get", "s interface, s name", "v value", properties_get },
			{ "Set", "s interface, s name, v value", "", properties_set },
			{ "GetAll", "s interface", "a{sv} properties", properties_get_all },
			{ 0 },
		},
	.signals =
		(const struct bus_signal[]){
			{ "PropertiesChanged", "s interface, a{sv} changed, as invalidated" },
			{ 0 },
		},
};

/* ---- Introspectable and Peer --------------------------------------------------------------- */

static void introspect(struct bus_call *call, void *data)
{
	char *text = bus_introspect_path(call->bus, dbus_message_get_path(call->message));

	if (text)
		bus_call_reply(call, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
	else
		bus_call_error(call, DBUS_ERROR_NO_MEMORY, "Out of memory");
	free(text);
}

const struct bus_interface bus_introspectable = {
	.name = DBUS_INTERFACE_INTROSPECTABLE,
	.methods =
		(const struct bus_method[]){
			{ "Introspect", "", "s xml", introspect },
			{ 0 },
		},
};

static void ping(struct bus_call *call, void *data)
{
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void get_machine_id(struct bus_call *call, void *data)
{
	bus_call_error(call, DBUS_ERROR_NOT_SUPPORTED, "libdbus answers this");
}

/* libdbus answers Peer before we see a call; the rows are for introspection. */
const struct bus_interface bus_peer = {
	.name = DBUS_INTERFACE_PEER,
	.methods =
		(const struct bus_method[]){
			{ "Ping", "", "", ping },
			{ "GetMachineId", "", "s machine_uuid", get_machine_id },
			{ 0 },
		},
};

/* ---- ObjectManager ------------------------------------------------------------------------- */

static void fill_managed(DBusMessageIter *iter, void *data)
{
	struct bus_call *call = data;
	const struct bus_manager *manager =
		bus_manager_find(call->bus, dbus_message_get_path(call->message));
	DBusMessageIter array;
	DBusMessageIter entry;
	struct bus_slot *slot;

	dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{oa{sa{sv}}}", &array);
	spa_list_for_each (slot, &call->bus->objects, link) {
		const struct bus_object *object = SPA_CONTAINER_OF(slot, struct bus_object, slot);
		const char *path = object->path;

		if (slot->dead || !manager || !bus_manager_covers(manager, object))
			continue;
		dbus_message_iter_open_container(&array, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		dbus_message_iter_append_basic(&entry, DBUS_TYPE_OBJECT_PATH, &path);
		append_interfaces(object, &entry);
		dbus_message_iter_close_container(&array, &entry);
	}
	dbus_message_iter_close_container(iter, &array);
}

static void get_managed_objects(struct bus_call *call, void *data)
{
	bus_call_reply_with(call, fill_managed, call);
}

const struct bus_interface bus_objectmanager = {
	.name = OBJECT_MANAGER,
	.methods =
		(const struct bus_method[]){
			{ "GetManagedObjects", "", "a{oa{sa{sv}}} objects", get_managed_objects },
			{ 0 },
		},
	.signals =
		(const struct bus_signal[]){
			{ "InterfacesAdded", "o object, a{sa{sv}} interfaces" },
			{ "InterfacesRemoved", "o object, as interfaces" },
			{ 0 },
		},
};

static void emit_added(const struct bus_object *object, const struct bus_manager *manager)
{
	cleanup_message DBusMessage *signal =
		dbus_message_new_signal(manager->path, OBJECT_MANAGER, "InterfacesAdded");
	const char *path = object->path;
	DBusMessageIter iter;

	if (!signal)
		return;
	dbus_message_iter_init_append(signal, &iter);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &path);
	append_interfaces(object, &iter);
	bus_transmit(object->slot.bus, signal);
}

static void emit_removed(const struct bus_object *object, const struct bus_manager *manager)
{
	cleanup_message DBusMessage *signal =
		dbus_message_new_signal(manager->path, OBJECT_MANAGER, "InterfacesRemoved");
	const char *path = object->path;
	DBusMessageIter iter;
	DBusMessageIter names;

	if (!signal)
		return;
	dbus_message_iter_init_append(signal, &iter);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &path);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "s", &names);
	for (size_t i = 0; object->interfaces[i]; i++)
		dbus_message_iter_append_basic(&names, DBUS_TYPE_STRING,
					       &object->interfaces[i]->name);
	dbus_message_iter_close_container(&iter, &names);
	bus_transmit(object->slot.bus, signal);
}

static void emit(struct bus_object *object,
		 void (*one)(const struct bus_object *object, const struct bus_manager *manager))
{
	struct bus_manager *manager;

	if (!bus_usable(object->slot.bus))
		return;
	spa_list_for_each (manager, &object->slot.bus->managers, link)
		if (bus_manager_covers(manager, object))
			one(object, manager);
}

void bus_manager_emit_added(struct bus_object *object)
{
	emit(object, emit_added);
}

void bus_manager_emit_removed(struct bus_object *object)
{
	emit(object, emit_removed);
}
