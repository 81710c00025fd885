/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * D-Bus values as JSON, and both as text on a terminal.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

static json_object *json_dict(DBusMessageIter *iter)
{
	json_object *object = json_object_new_object();
	DBusMessageIter entries, entry;
	const char *key;

	dbus_message_iter_recurse(iter, &entries);
	for (; dbus_message_iter_get_arg_type(&entries) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&entries)) {
		dbus_message_iter_recurse(&entries, &entry);
		if (dbus_message_iter_get_arg_type(&entry) != DBUS_TYPE_STRING &&
		    dbus_message_iter_get_arg_type(&entry) != DBUS_TYPE_OBJECT_PATH)
			continue;
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		json_object_object_add(object, key, ctl_json(&entry));
	}
	return object;
}

static json_object *json_array(DBusMessageIter *iter)
{
	json_object *array = json_object_new_array();
	DBusMessageIter element;

	dbus_message_iter_recurse(iter, &element);
	for (; dbus_message_iter_get_arg_type(&element) != DBUS_TYPE_INVALID;
	     dbus_message_iter_next(&element))
		json_object_array_add(array, ctl_json(&element));
	return array;
}

json_object *ctl_json(DBusMessageIter *iter)
{
	int type = dbus_message_iter_get_arg_type(iter);
	DBusMessageIter inside;
	DBusBasicValue value;

	switch (type) {
	case DBUS_TYPE_VARIANT:
		dbus_message_iter_recurse(iter, &inside);
		return ctl_json(&inside);
	case DBUS_TYPE_ARRAY:
		return dbus_message_iter_get_element_type(iter) == DBUS_TYPE_DICT_ENTRY
			       ? json_dict(iter)
			       : json_array(iter);
	case DBUS_TYPE_STRUCT:
		return json_array(iter);
	case DBUS_TYPE_INVALID:
	case DBUS_TYPE_UNIX_FD:
		return NULL;
	default:
		break;
	}
	dbus_message_iter_get_basic(iter, &value);
	switch (type) {
	case DBUS_TYPE_BOOLEAN:
		return json_object_new_boolean(value.bool_val != FALSE);
	case DBUS_TYPE_BYTE:
		return json_object_new_int(value.byt);
	case DBUS_TYPE_INT16:
		return json_object_new_int(value.i16);
	case DBUS_TYPE_UINT16:
		return json_object_new_int(value.u16);
	case DBUS_TYPE_INT32:
		return json_object_new_int(value.i32);
	case DBUS_TYPE_UINT32:
		return json_object_new_int64(value.u32);
	case DBUS_TYPE_INT64:
		return json_object_new_int64(value.i64);
	case DBUS_TYPE_UINT64:
		return json_object_new_uint64(value.u64);
	case DBUS_TYPE_DOUBLE:
		return json_object_new_double(value.dbl);
	default:
		return json_object_new_string(value.str);
	}
}

const char *ctl_text(json_object *object, const char *key)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		return "";
	return json_object_get_string(value);
}

bool ctl_true(json_object *object, const char *key)
{
	json_object *value;

	return json_object_object_get_ex(object, key, &value) && json_object_get_boolean(value);
}

void ctl_print_json(json_object *object, bool one_line)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE |
		    (one_line ? JSON_C_TO_STRING_PLAIN
			      : JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);

	(void)puts(json_object_to_json_string_ext(object, flags));
	(void)fflush(stdout);
}

int ctl_print(const char *text)
{
	int columns = 0;

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f) {
			(void)putchar('?');
		} else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
			/* The control characters of the upper half, among them a one-byte ESC [. */
			(void)putchar('?');
			p++;
		} else {
			(void)putchar(*p);
			if ((*p & 0xc0) == 0x80)
				continue;
		}
		columns++;
	}
	return columns;
}

void ctl_pad(int columns, int width)
{
	do
		(void)putchar(' ');
	while (++columns < width - 1);
	(void)putchar(' ');
}
