/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * AddCall's options: a table of keys, each with its reader; then the checks that need several of
 * them. Everything is parsed into a local first, so that a refused AddCall has changed nothing.
 */
#include "internal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

struct parse {
	struct api_add add;
	DBusError *error;
	unsigned int given; /* a bit a row of the table */
	unsigned int n_processes;
	bool state_given;
};

static int wrong(struct parse *parse, const char *key, const char *expected)
{
	(void)bus_error_set(parse->error, API_ERROR_INVALID_ARGUMENT, "%s: expected %s", key,
			    expected);
	return -EINVAL;
}

static int read_bool(struct parse *parse, const char *key, DBusMessageIter *value, bool *ret)
{
	dbus_bool_t wide;

	if (bus_read_basic(value, DBUS_TYPE_BOOLEAN, &wide) < 0)
		return wrong(parse, key, "a boolean (b)");
	*ret = wide;
	return 0;
}

static int read_string(struct parse *parse, const char *key, DBusMessageIter *value,
		       const char **ret)
{
	if (bus_read_basic(value, DBUS_TYPE_STRING, ret) < 0)
		return wrong(parse, key, "a string (s)");
	return 0;
}

/* Cut at the border of a UTF-8 character; D-Bus has checked the encoding. */
static void copy_text(char *ret, size_t size, const char *text)
{
	size_t n = strnlen(text, size);

	if (n == size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(ret, text, n);
	ret[n] = '\0';
}

static int take_provider(struct parse *parse, const char *key, DBusMessageIter *value)
{
	const char *path;

	if (bus_read_basic(value, DBUS_TYPE_OBJECT_PATH, &path) < 0 ||
	    strlen(path) > API_PROVIDER_PATH_MAX)
		return wrong(parse, key, "an object path (o) of at most 255 bytes");
	strcpy(parse->add.provider, path);
	return 0;
}

static int take_managed(struct parse *parse, const char *key, DBusMessageIter *value)
{
	bool managed;

	if (read_bool(parse, key, value, &managed) < 0)
		return -EINVAL;
	if (parse->add.info.phone && !managed)
		return wrong(parse, key, "true, as always for a phone call");
	parse->add.info.managed = managed;
	return 0;
}

static int take_video(struct parse *parse, const char *key, DBusMessageIter *value)
{
	return read_bool(parse, key, value, &parse->add.info.video);
}

static int take_conference(struct parse *parse, const char *key, DBusMessageIter *value)
{
	return read_bool(parse, key, value, &parse->add.info.conference);
}

static int take_direction(struct parse *parse, const char *key, DBusMessageIter *value)
{
	const char *text;

	if (read_string(parse, key, value, &text) < 0)
		return -EINVAL;
	if (strcmp(text, "incoming") == 0)
		parse->add.info.incoming = true;
	else if (strcmp(text, "outgoing") == 0)
		parse->add.info.incoming = false;
	else
		return wrong(parse, key, "incoming or outgoing");
	return 0;
}

static int take_state(struct parse *parse, const char *key, DBusMessageIter *value)
{
	const char *text;

	if (read_string(parse, key, value, &text) < 0)
		return -EINVAL;
	if (call_state_from_string(text, &parse->add.info.state) < 0 ||
	    parse->add.info.state == CALL_ENDED)
		return wrong(parse, key, "incoming, dialing, active or held");
	parse->state_given = true;
	return 0;
}

static int take_remote_party(struct parse *parse, const char *key, DBusMessageIter *value)
{
	const char *text;

	if (read_string(parse, key, value, &text) < 0)
		return -EINVAL;
	copy_text(parse->add.info.party, sizeof(parse->add.info.party), text);
	return 0;
}

static int take_remote_name(struct parse *parse, const char *key, DBusMessageIter *value)
{
	const char *text;

	if (read_string(parse, key, value, &text) < 0)
		return -EINVAL;
	copy_text(parse->add.info.name, sizeof(parse->add.info.name), text);
	return 0;
}

static int take_from(struct parse *parse, const char *key, DBusMessageIter *value)
{
	const char *text;

	if (read_string(parse, key, value, &text) < 0)
		return -EINVAL;
	if (route_device_from_address(text, &parse->add.info.from) < 0)
		return wrong(parse, key, "a headset's address, AA:BB:CC:DD:EE:FF");
	return 0;
}

/* One place stays free for the owner's own process. */
static int take_process(struct parse *parse, const char *key, uint32_t process)
{
	if (process == 0 || process > INT_MAX)
		return wrong(parse, key, "process ids above 0");
	if (parse->n_processes == CALL_MAX_PROCESSES - 1)
		return wrong(parse, key, "at most 7 process ids");
	parse->add.info.processes[parse->n_processes++] = (pid_t)process;
	return 0;
}

static int take_process_id(struct parse *parse, const char *key, DBusMessageIter *value)
{
	DBusMessageIter inside = *value;
	uint32_t process;

	if (dbus_message_iter_get_arg_type(&inside) == DBUS_TYPE_VARIANT)
		dbus_message_iter_recurse(value, &inside);
	if (bus_read_basic(&inside, DBUS_TYPE_UINT32, &process) == 0)
		return take_process(parse, key, process);
	if (dbus_message_iter_get_arg_type(&inside) != DBUS_TYPE_ARRAY ||
	    dbus_message_iter_get_element_type(&inside) != DBUS_TYPE_UINT32)
		return wrong(parse, key, "a process id (u) or several (au)");
	DBusMessageIter element;

	dbus_message_iter_recurse(&inside, &element);
	for (; dbus_message_iter_get_arg_type(&element) == DBUS_TYPE_UINT32;
	     dbus_message_iter_next(&element)) {
		dbus_message_iter_get_basic(&element, &process);
		if (take_process(parse, key, process) < 0)
			return -EINVAL;
	}
	return 0;
}

static const struct option {
	const char *key;
	int (*take)(struct parse *parse, const char *key, DBusMessageIter *value);
} options[] = {
	{ "Provider", take_provider },
	{ "Managed", take_managed },
	{ "Video", take_video },
	{ "Conference", take_conference },
	{ "Direction", take_direction },
	{ "State", take_state },
	{ "RemoteParty", take_remote_party },
	{ "RemoteName", take_remote_name },
	{ "From", take_from },
	{ "ProcessID", take_process_id },
};

static int take_option(void *data, const char *key, DBusMessageIter *value)
{
	struct parse *parse = data;

	for (unsigned int i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].key, key) != 0)
			continue;
		if (parse->given & 1u << i)
			return bus_error_set(parse->error, API_ERROR_INVALID_ARGUMENT,
					     "%s: given twice", key);
		parse->given |= 1u << i;
		return options[i].take(parse, key, value);
	}
	return bus_error_set(parse->error, API_ERROR_INVALID_ARGUMENT, "%.64s: unknown option",
			     key);
}

/* What one option alone cannot tell. */
static int check_together(struct parse *parse)
{
	struct call_info *info = &parse->add.info;

	if (!parse->state_given)
		info->state = info->incoming ? CALL_INCOMING : CALL_DIALING;
	if (info->state == CALL_DIALING && info->incoming)
		return wrong(parse, "State", "another than dialing for an incoming call");
	if (info->state == CALL_INCOMING && !info->incoming)
		return wrong(parse, "State", "another than incoming for an outgoing call");
	if (info->from != 0 && info->incoming)
		return wrong(parse, "From", "only with Direction outgoing");
	if (info->conference && parse->add.provider[0] == '\0')
		return wrong(parse, "Conference", "only with Provider");
	return 0;
}

int api_add_parse(DBusMessageIter *args, struct api_add *ret, DBusError *error)
{
	struct parse parse = { .error = error, .add.info.incoming = true };
	const char *kind;
	int r;

	dbus_message_iter_get_basic(args, &kind);
	dbus_message_iter_next(args);
	if (strcmp(kind, "phone") == 0)
		parse.add.info.phone = parse.add.info.managed = true;
	else if (strcmp(kind, "voip") != 0)
		return wrong(&parse, "kind", "phone or voip");
	r = bus_read_dict(args, take_option, &parse);
	if (r != 0)
		return r;
	r = check_together(&parse);
	if (r != 0)
		return r;
	*ret = parse.add;
	return 0;
}
