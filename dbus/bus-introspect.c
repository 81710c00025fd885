/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Rows as text: reading "s kind, a{sv} options", checking tables, and introspection, which is
 * written from the same rows that calls are dispatched by.
 */
#include "bus-private.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A bit each in struct bus_object's words. */
#define MAX_PROPERTIES 64

/* ---- rows -------------------------------------------------------------------------------- */

int bus_argument_next(const char **row, struct bus_argument *ret)
{
	const char *p = *row;
	struct bus_argument argument = { 0 };

	if (*p == '\0')
		return 0;
	argument.type = p;
	argument.type_length = strcspn(p, " ,");
	p += argument.type_length;
	if (!argument.type_length || *p++ != ' ')
		return -EINVAL;
	argument.name = p;
	while (isalnum((unsigned char)*p) || *p == '_')
		p++;
	argument.name_length = (size_t)(p - argument.name);
	if (!argument.name_length)
		return -EINVAL;
	if (strncmp(p, ", ", 2) == 0 && p[2] != '\0')
		p += 2;
	else if (*p != '\0')
		return -EINVAL;
	*row = p;
	*ret = argument;
	return 1;
}

int bus_row_signature(const char *row, char ret[static BUS_SIGNATURE_SIZE])
{
	char signature[BUS_SIGNATURE_SIZE];
	struct bus_argument argument;
	size_t n = 0;
	int r;

	while ((r = bus_argument_next(&row, &argument)) > 0) {
		if (n + argument.type_length >= sizeof(signature))
			return -EINVAL;
		memcpy(signature + n, argument.type, argument.type_length);
		signature[n + argument.type_length] = '\0';
		if (!dbus_signature_validate_single(signature + n, NULL))
			return -EINVAL;
		n += argument.type_length;
	}
	if (r < 0)
		return r;
	signature[n] = '\0';
	if (!dbus_signature_validate(signature, NULL))
		return -EINVAL;
	memcpy(ret, signature, n + 1);
	return 0;
}

static int interface_check(const struct bus_interface *interface)
{
	char signature[BUS_SIGNATURE_SIZE];
	size_t n = 0;

	if (!interface->name || !dbus_validate_interface(interface->name, NULL))
		return -EINVAL;
	for (const struct bus_method *m = interface->methods; m && m->name; m++)
		if (!m->handler || !m->in || !m->out || !dbus_validate_member(m->name, NULL) ||
		    bus_row_signature(m->in, signature) < 0 ||
		    bus_row_signature(m->out, signature) < 0)
			return -EINVAL;
	for (const struct bus_signal *s = interface->signals; s && s->name; s++)
		if (!s->args || !dbus_validate_member(s->name, NULL) ||
		    bus_row_signature(s->args, signature) < 0)
			return -EINVAL;
	for (const struct bus_property *p = interface->properties; p && p->name; p++, n++)
		if (!p->type || !p->get || n >= MAX_PROPERTIES ||
		    !dbus_validate_member(p->name, NULL) ||
		    !dbus_signature_validate_single(p->type, NULL))
			return -EINVAL;
	return 0;
}

int bus_interfaces_check(const struct bus_interface *const *interfaces)
{
	static const struct bus_interface *const standard[] = {
		&bus_introspectable, &bus_peer, &bus_properties, &bus_objectmanager, NULL,
	};

	for (size_t i = 0; interfaces[i]; i++) {
		if (interface_check(interfaces[i]) < 0 ||
		    bus_interface_find(standard, interfaces[i]->name))
			return -EINVAL;
		for (size_t j = 0; j < i; j++)
			if (strcmp(interfaces[i]->name, interfaces[j]->name) == 0)
				return -EINVAL;
	}
	return 0;
}

/* ---- introspection ----------------------------------------------------------------------- */

static void write_arguments(FILE *out, const char *row, const char *direction)
{
	struct bus_argument argument;

	while (bus_argument_next(&row, &argument) > 0) {
		(void)fprintf(out, "      <arg name=\"%.*s\" type=\"%.*s\"",
			      (int)argument.name_length, argument.name, (int)argument.type_length,
			      argument.type);
		if (direction)
			(void)fprintf(out, " direction=\"%s\"", direction);
		(void)fputs("/>\n", out);
	}
}

static void write_interface(FILE *out, const struct bus_interface *interface)
{
	(void)fprintf(out, "  <interface name=\"%s\">\n", interface->name);
	for (const struct bus_method *m = interface->methods; m && m->name; m++) {
		bool empty = !m->in[0] && !m->out[0];

		(void)fprintf(out, "    <method name=\"%s\"%s>\n", m->name, empty ? "/" : "");
		write_arguments(out, m->in, "in");
		write_arguments(out, m->out, "out");
		if (!empty)
			(void)fputs("    </method>\n", out);
	}
	for (const struct bus_signal *s = interface->signals; s && s->name; s++) {
		(void)fprintf(out, "    <signal name=\"%s\"%s>\n", s->name, s->args[0] ? "" : "/");
		write_arguments(out, s->args, NULL);
		if (s->args[0])
			(void)fputs("    </signal>\n", out);
	}
	for (const struct bus_property *p = interface->properties; p && p->name; p++)
		(void)fprintf(out, "    <property name=\"%s\" type=\"%s\" access=\"%s\"/>\n",
			      p->name, p->type, p->set ? "readwrite" : "read");
	(void)fputs("  </interface>\n", out);
}

static void write_head(FILE *out)
{
	(void)fputs(DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE "<node>\n", out);
}

/* Serving @interfaces brings Properties with it; a bare node on the way to objects does not. */
static void write_interfaces(FILE *out, const struct bus_interface *const *interfaces)
{
	for (size_t i = 0; interfaces && interfaces[i]; i++)
		write_interface(out, interfaces[i]);
	write_interface(out, &bus_introspectable);
	write_interface(out, &bus_peer);
	if (interfaces)
		write_interface(out, &bus_properties);
}

char *bus_introspect(const struct bus_interface *const *interfaces)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	write_head(out);
	write_interfaces(out, interfaces);
	(void)fputs("</node>\n", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* The first element of @path below @parent; 0 where it is not below. */
static size_t child_name(const char *path, const char *parent, const char **ret)
{
	size_t n = strcmp(parent, "/") == 0 ? 1 : strlen(parent) + 1;

	if (!bus_path_below(path, parent))
		return 0;
	*ret = path + n;
	return strcspn(path + n, "/");
}

static bool child_seen_before(struct bus *bus, const struct bus_slot *until, const char *parent,
			      const char *name, size_t length)
{
	struct bus_slot *slot;

	spa_list_for_each (slot, &bus->objects, link) {
		const char *other;

		if (slot == until)
			return false;
		if (!slot->dead &&
		    child_name(SPA_CONTAINER_OF(slot, struct bus_object, slot)->path, parent,
			       &other) == length &&
		    memcmp(other, name, length) == 0)
			return true;
	}
	return false;
}

static void write_children(FILE *out, struct bus *bus, const char *path)
{
	struct bus_slot *slot;

	spa_list_for_each (slot, &bus->objects, link) {
		const struct bus_object *object = SPA_CONTAINER_OF(slot, struct bus_object, slot);
		const char *name;
		size_t length = slot->dead ? 0 : child_name(object->path, path, &name);

		if (length && !child_seen_before(bus, slot, path, name, length))
			(void)fprintf(out, "  <node name=\"%.*s\"/>\n", (int)length, name);
	}
}

char *bus_introspect_path(struct bus *bus, const char *path)
{
	const struct bus_object *object = bus_object_find(bus, path);
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	write_head(out);
	write_interfaces(out, object ? object->interfaces : NULL);
	if (bus_manager_find(bus, path))
		write_interface(out, &bus_objectmanager);
	write_children(out, bus, path);
	(void)fputs("</node>\n", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
