/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The commands that change something: route, set, and the verbs of call. Silent where it worked.
 */
#include "ctl.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ctl_route(struct ctl *ctl, int argc, char **argv)
{
	const char *route = argc == 2 ? argv[1] : NULL;

	if (!route)
		return ctl_bad_usage(
			"route handset|speaker|wired|headset|headset:ADDRESS|bt-speaker:ADDRESS");
	return ctl_ask(ctl,
		       ctl_message(CTL_PATH, CTL_MANAGER, "SetRoute", DBUS_TYPE_STRING, &route,
				   DBUS_TYPE_INVALID),
		       NULL);
}

/* The whole of @text as a number from @min to @max. */
static bool number(const char *text, unsigned long min, unsigned long max, uint32_t *ret)
{
	unsigned long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || value < min || value > max)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static int set_property(struct ctl *ctl, const char *name, int type, const void *value)
{
	const char signature[] = { (char)type, '\0' };
	const char *manager = CTL_MANAGER;
	DBusMessage *message = ctl_message(CTL_PATH, CTL_PROPERTIES, "Set", DBUS_TYPE_STRING,
					   &manager, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	DBusMessageIter iter, variant;

	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_VARIANT, signature, &variant);
	dbus_message_iter_append_basic(&variant, type, value);
	dbus_message_iter_close_container(&iter, &variant);
	return ctl_ask(ctl, message, NULL);
}

static int set_routing(struct ctl *ctl, const char *value)
{
	return set_property(ctl, "CallAudioRouting", DBUS_TYPE_STRING, &value);
}

static int set_auto_answer(struct ctl *ctl, const char *value)
{
	uint32_t seconds = 0;

	if (strcmp(value, "off") != 0 && !number(value, 0, UINT32_MAX, &seconds))
		return ctl_bad_usage("set auto-answer off|SECONDS");
	return set_property(ctl, "AutoAnswer", DBUS_TYPE_UINT32, &seconds);
}

static int set_mute(struct ctl *ctl, const char *value)
{
	dbus_bool_t muted = strcmp(value, "on") == 0;

	if (!muted && strcmp(value, "off") != 0)
		return ctl_bad_usage("set mute on|off");
	return set_property(ctl, "Muted", DBUS_TYPE_BOOLEAN, &muted);
}

int ctl_set(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*set)(struct ctl *ctl, const char *value);
	} settings[] = {
		{ "routing", set_routing },
		{ "auto-answer", set_auto_answer },
		{ "mute", set_mute },
	};

	for (size_t i = 0; argc == 3 && i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(argv[1], settings[i].name) == 0)
			return settings[i].set(ctl, argv[2]);
	return ctl_bad_usage("set routing automatic|headset|speaker, set auto-answer off|SECONDS, "
			     "or set mute on|off");
}

/* ---- call ------------------------------------------------------------------------------------ */

#define PATH_SIZE 48

static int only_call(struct ctl *ctl, char ret[static PATH_SIZE])
{
	json_object *calls;
	int status = ctl_objects(ctl, CTL_CALL, &calls);

	if (status != CTL_OK)
		return status;
	if (json_object_array_length(calls) == 1)
		(void)snprintf(ret, PATH_SIZE, "%s",
			       ctl_text(json_object_array_get_idx(calls, 0), "Path"));
	else if (json_object_array_length(calls) == 0)
		status = ctl_fail(CTL_FAILED, "there is no call");
	else
		status = ctl_fail(CTL_USAGE, "which call? \"callroutectl calls\" lists them");
	json_object_put(calls);
	return status;
}

/* @id as "3" or as a whole path; NULL means the only one. */
static int find_call(struct ctl *ctl, const char *id, char ret[static PATH_SIZE])
{
	uint32_t n;

	if (!id)
		return only_call(ctl, ret);
	if (strncmp(id, CTL_CALL_PREFIX, strlen(CTL_CALL_PREFIX)) == 0)
		id += strlen(CTL_CALL_PREFIX);
	if (!number(id, 1, UINT32_MAX, &n))
		return ctl_fail(CTL_USAGE, "not a call's number: %s", id);
	(void)snprintf(ret, PATH_SIZE, CTL_CALL_PREFIX "%u", n);
	return CTL_OK;
}

static int call_verb(struct ctl *ctl, const char *member, const char *id, const char *state)
{
	char path[PATH_SIZE];
	int status = find_call(ctl, id, path);

	if (status != CTL_OK)
		return status;
	return ctl_ask(ctl,
		       ctl_message(path, CTL_CALL, member,
				   state ? DBUS_TYPE_STRING : DBUS_TYPE_INVALID, &state,
				   DBUS_TYPE_INVALID),
		       NULL);
}

int ctl_call(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *name;
		const char *member;
	} verbs[] = {
		{ "answer", "Answer" },
		{ "hangup", "Hangup" },
		{ "hold", "Hold" },
		{ "unhold", "Unhold" },
	};

	if (argc >= 2 && strcmp(argv[1], "add") == 0)
		return ctl_call_add(ctl, argc - 1, argv + 1);
	if (argc == 4 && strcmp(argv[1], "state") == 0)
		return call_verb(ctl, "SetState", argv[2], argv[3]);
	for (size_t i = 0; (argc == 2 || argc == 3) && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return call_verb(ctl, verbs[i].member, argc == 3 ? argv[2] : NULL, NULL);
	return ctl_bad_usage("call add KIND…, call answer|hangup|hold|unhold [ID], or "
			     "call state ID alerting|active|held|ended");
}
