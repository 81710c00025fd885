/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Reading values that a stranger sent, which are looked at before they are read, and writing ours.
 */
#include "bus-private.h"

#include <errno.h>
#include <string.h>

/* ---- reading ----------------------------------------------------------------------------- */

int bus_read_basic(DBusMessageIter *iter, int type, void *ret)
{
	DBusMessageIter value = *iter;

	if (dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_VARIANT)
		dbus_message_iter_recurse(iter, &value);
	if (!dbus_type_is_basic(type) || dbus_message_iter_get_arg_type(&value) != type)
		return -EINVAL;
	dbus_message_iter_get_basic(&value, ret);
	return 0;
}

int bus_read_dict(DBusMessageIter *iter,
		  int (*each)(void *data, const char *key, DBusMessageIter *value), void *data)
{
	cleanup_dbus_string char *signature = NULL;
	DBusMessageIter dict = *iter;
	DBusMessageIter entries;
	DBusMessageIter entry;

	if (dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_VARIANT)
		dbus_message_iter_recurse(iter, &dict);
	if (dbus_message_iter_get_arg_type(&dict) != DBUS_TYPE_ARRAY)
		return -EINVAL;
	signature = dbus_message_iter_get_signature(&dict);
	if (!signature || strcmp(signature, "a{sv}") != 0)
		return -EINVAL;
	dbus_message_iter_recurse(&dict, &entries);
	for (; dbus_message_iter_get_arg_type(&entries) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&entries)) {
		DBusMessageIter value;
		const char *key;
		int r;

		dbus_message_iter_recurse(&entries, &entry);
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &value);
		r = each(data, key, &value);
		if (r != 0)
			return r;
	}
	return 0;
}

/* ---- writing ----------------------------------------------------------------------------- */

void bus_append_basic(DBusMessageIter *iter, int type, const void *value)
{
	(void)dbus_message_iter_append_basic(iter, type, value);
}

void bus_append_variant(DBusMessageIter *iter, int type, const void *value)
{
	const char signature[2] = { (char)type, '\0' };
	DBusMessageIter variant;

	if (!dbus_message_iter_open_container(iter, DBUS_TYPE_VARIANT, signature, &variant))
		return;
	(void)dbus_message_iter_append_basic(&variant, type, value);
	(void)dbus_message_iter_close_container(iter, &variant);
}

void bus_append_entry(DBusMessageIter *dict, const char *key, int type, const void *value)
{
	DBusMessageIter entry;

	if (!dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry))
		return;
	(void)dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	bus_append_variant(&entry, type, value);
	(void)dbus_message_iter_close_container(dict, &entry);
}

void bus_append_entry_string(DBusMessageIter *dict, const char *key, const char *value)
{
	bus_append_entry(dict, key, DBUS_TYPE_STRING, &value);
}

/* ---- copying ----------------------------------------------------------------------------- */

static bool copy_container(DBusMessageIter *from, int type, DBusMessageIter *to)
{
	cleanup_dbus_string char *signature = NULL;
	const char *contained = NULL;
	DBusMessageIter inside_from;
	DBusMessageIter inside_to;

	dbus_message_iter_recurse(from, &inside_from);
	if (type == DBUS_TYPE_VARIANT) {
		signature = dbus_message_iter_get_signature(&inside_from);
		contained = signature;
	} else if (type == DBUS_TYPE_ARRAY) {
		signature = dbus_message_iter_get_signature(from);
		contained = signature ? signature + 1 : NULL;
	}
	if (!contained && (type == DBUS_TYPE_VARIANT || type == DBUS_TYPE_ARRAY))
		return false;
	if (!dbus_message_iter_open_container(to, type, contained, &inside_to))
		return false;
	for (; dbus_message_iter_get_arg_type(&inside_from) != DBUS_TYPE_INVALID;
	     dbus_message_iter_next(&inside_from)) {
		if (!bus_copy_value(&inside_from, &inside_to)) {
			dbus_message_iter_abandon_container(to, &inside_to);
			return false;
		}
	}
	return dbus_message_iter_close_container(to, &inside_to);
}

/* Recursion is bounded by the depth that D-Bus allows a message, and the values are our own. */
bool bus_copy_value(DBusMessageIter *from, DBusMessageIter *to)
{
	int type = dbus_message_iter_get_arg_type(from);
	DBusBasicValue value;

	if (type == DBUS_TYPE_INVALID)
		return false;
	if (!dbus_type_is_basic(type))
		return copy_container(from, type, to);
	/* libdbus would hand out a duplicate to be closed; no property of ours is a descriptor */
	if (type == DBUS_TYPE_UNIX_FD)
		return false;
	dbus_message_iter_get_basic(from, &value);
	return dbus_message_iter_append_basic(to, type, &value);
}
