/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See fake-modem.h. Interfaces as in ModemManager 1.20, introspection/; its ObjectManager lists modems
 * only, as the real one's does.
 */
#include "fake-modem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NAME "org.freedesktop.ModemManager1"
#define PATH "/org/freedesktop/ModemManager1"
#define MODEM NAME ".Modem"
#define MODEM_3GPP NAME ".Modem.Modem3gpp"
#define VOICE NAME ".Modem.Voice"
#define CALL NAME ".Call"

static const char *call_path(unsigned int n)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), PATH "/Call/%u", n);
	return path;
}

/* ---- as a network does ------------------------------------------------------------------------------ */

static void move_all(struct fake_modem *modem, int32_t from, int32_t to)
{
	for (unsigned int n = 0; n < FAKE_MODEM_CALLS; n++)
		if (modem->calls[n].object && modem->calls[n].state == from)
			fake_modem_state(modem, n, to);
}

static bool has(const struct fake_modem *modem, int32_t state)
{
	for (unsigned int n = 0; n < FAKE_MODEM_CALLS; n++)
		if (modem->calls[n].object && modem->calls[n].state == state)
			return true;
	return false;
}

/* CHLD=1 and CHLD=2: what was active goes where @to says, and the next one comes. */
static void next_call(struct fake_modem *modem, int32_t to)
{
	bool waiting = has(modem, MODEM_WAITING);
	bool ringing = !waiting && has(modem, MODEM_RINGING_IN);
	int32_t next = waiting ? MODEM_WAITING : ringing ? MODEM_RINGING_IN : MODEM_HELD;
	unsigned int comes = FAKE_MODEM_CALLS;

	for (unsigned int n = 0; n < FAKE_MODEM_CALLS; n++)
		if (modem->calls[n].object && modem->calls[n].state == next)
			comes = n;
	move_all(modem, MODEM_ACTIVE, to);
	if (comes < FAKE_MODEM_CALLS)
		fake_modem_state(modem, comes, MODEM_ACTIVE);
}

static void act(struct fake_modem *modem, const char *method, struct fake_modem_call *call)
{
	if (strcmp(method, "Accept") == 0)
		fake_modem_state(modem, (unsigned int)(call - modem->calls), MODEM_ACTIVE);
	else if (strcmp(method, "Hangup") == 0)
		fake_modem_state(modem, (unsigned int)(call - modem->calls), MODEM_TERMINATED);
	else if (strcmp(method, "Start") == 0)
		fake_modem_state(modem, (unsigned int)(call - modem->calls), MODEM_DIALING);
	else if (strcmp(method, "HoldAndAccept") == 0)
		next_call(modem, MODEM_HELD);
	else if (strcmp(method, "HangupAndAccept") == 0)
		next_call(modem, MODEM_TERMINATED);
}

/* ---- methods ---------------------------------------------------------------------------------------- */

static void note(struct fake_modem *modem, const char *line)
{
	size_t n = strlen(modem->asked);

	(void)snprintf(modem->asked + n, sizeof(modem->asked) - n, "%s\n", line);
}

static bool answers(struct fake_modem *modem, struct bus_call *call)
{
	if (modem->refuses)
		bus_call_error(call, NAME ".Error.Core.WrongState", "no");
	else if (modem->silent)
		modem->kept = bus_call_keep(call);
	else
		return true;
	return false;
}

static void handle_call(struct bus_call *call, void *data)
{
	struct fake_modem_call *of = data;
	const char *method = dbus_message_get_member(bus_call_message(call)), *tone = "";
	DBusMessageIter args;
	char line[64];

	bus_call_args(call, &args);
	(void)bus_read_basic(&args, DBUS_TYPE_STRING, &tone);
	(void)snprintf(line, sizeof(line), "%s%s%s %d", method, *tone ? " " : "", tone,
		       (int)(of - of->modem->calls));
	note(of->modem, line);
	if (!answers(of->modem, call))
		return;
	if (of->modem->acts)
		act(of->modem, method, of);
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static void handle_voice(struct bus_call *call, void *data)
{
	struct fake_modem *modem = data;
	const char *method = dbus_message_get_member(bus_call_message(call));

	note(modem, method);
	if (!answers(modem, call))
		return;
	if (modem->acts)
		act(modem, method, NULL);
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static int read_number(void *data, const char *key, DBusMessageIter *value)
{
	if (strcmp(key, "number") == 0)
		assert_int_equal(bus_read_basic(value, DBUS_TYPE_STRING, data), 0);
	return 0;
}

static void handle_create(struct bus_call *call, void *data)
{
	struct fake_modem *modem = data;
	const char *number = "", *path;
	DBusMessageIter args;
	unsigned int n = 0;
	char line[128];

	bus_call_args(call, &args);
	(void)bus_read_dict(&args, read_number, &number);
	(void)snprintf(line, sizeof(line), "CreateCall %s", number);
	note(modem, line);
	if (!answers(modem, call))
		return;
	while (modem->calls[n].object)
		n++;
	fake_modem_call(modem, n, number, MODEM_UNKNOWN);
	path = call_path(n);
	bus_call_reply(call, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
}

static void handle_delete(struct bus_call *call, void *data)
{
	struct fake_modem *modem = data;
	DBusMessageIter args;
	const char *path;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	bus_call_reply(call, DBUS_TYPE_INVALID);
	for (unsigned int n = 0; n < FAKE_MODEM_CALLS; n++)
		if (modem->calls[n].object && strcmp(call_path(n), path) == 0)
			fake_modem_delete(modem, n);
}

/* ---- properties --------------------------------------------------------------------------------------- */

static int get_call_state(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_INT32, &((struct fake_modem_call *)data)->state);
	return 0;
}

static int get_direction(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_INT32, &((struct fake_modem_call *)data)->direction);
	return 0;
}

static int get_number(void *data, DBusMessageIter *value)
{
	const char *number = ((struct fake_modem_call *)data)->number;

	bus_append_basic(value, DBUS_TYPE_STRING, &number);
	return 0;
}

static int get_calls(void *data, DBusMessageIter *value)
{
	const struct fake_modem *modem = data;
	DBusMessageIter paths;
	const char *path;

	dbus_message_iter_open_container(value, DBUS_TYPE_ARRAY, "o", &paths);
	for (unsigned int n = 0; n < FAKE_MODEM_CALLS; n++) {
		path = call_path(n);
		if (modem->calls[n].object)
			bus_append_basic(&paths, DBUS_TYPE_OBJECT_PATH, &path);
	}
	dbus_message_iter_close_container(value, &paths);
	return 0;
}

static int get_state(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_INT32, &((struct fake_modem *)data)->state);
	return 0;
}

static int get_signal(void *data, DBusMessageIter *value)
{
	dbus_bool_t recent = TRUE;
	DBusMessageIter quality;

	dbus_message_iter_open_container(value, DBUS_TYPE_STRUCT, NULL, &quality);
	bus_append_basic(&quality, DBUS_TYPE_UINT32, &((struct fake_modem *)data)->signal);
	bus_append_basic(&quality, DBUS_TYPE_BOOLEAN, &recent);
	dbus_message_iter_close_container(value, &quality);
	return 0;
}

static int get_registration(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_UINT32, &((struct fake_modem *)data)->registration);
	return 0;
}

static int get_operator(void *data, DBusMessageIter *value)
{
	bus_append_basic(value, DBUS_TYPE_STRING, &((struct fake_modem *)data)->operator_name);
	return 0;
}

static const struct bus_method call_methods[] = {
	{ "Start", "", "", handle_call },          { "Accept", "", "", handle_call },
	{ "JoinMultiparty", "", "", handle_call }, { "Hangup", "", "", handle_call },
	{ "SendDtmf", "s dtmf", "", handle_call }, { 0 },
};
static const struct bus_property call_properties[] = {
	{ "State", "i", get_call_state, NULL },
	{ "Direction", "i", get_direction, NULL },
	{ "Number", "s", get_number, NULL },
	{ 0 },
};
static const struct bus_signal call_signals[] = { { "StateChanged", "i old, i new, u reason" },
						  { 0 } };
static const struct bus_interface call_interface = { CALL, call_methods, call_signals,
						     call_properties };
static const struct bus_interface *const call_interfaces[] = { &call_interface, NULL };

static const struct bus_property modem_properties[] = {
	{ "State", "i", get_state, NULL },
	{ "SignalQuality", "(ub)", get_signal, NULL },
	{ 0 },
};
static const struct bus_interface modem_interface = { MODEM, NULL, NULL, modem_properties };
static const struct bus_property modem_3gpp_properties[] = {
	{ "RegistrationState", "u", get_registration, NULL },
	{ "OperatorName", "s", get_operator, NULL },
	{ 0 },
};
static const struct bus_interface modem_3gpp_interface = { MODEM_3GPP, NULL, NULL,
							   modem_3gpp_properties };
static const struct bus_method voice_methods[] = {
	{ "CreateCall", "a{sv} properties", "o path", handle_create },
	{ "DeleteCall", "o path", "", handle_delete },
	{ "HoldAndAccept", "", "", handle_voice },
	{ "HangupAndAccept", "", "", handle_voice },
	{ 0 },
};
static const struct bus_signal voice_signals[] = { { "CallAdded", "o path" },
						   { "CallDeleted", "o path" },
						   { 0 } };
static const struct bus_property voice_properties[] = { { "Calls", "ao", get_calls, NULL }, { 0 } };
static const struct bus_interface voice_interface = { VOICE, voice_methods, voice_signals,
						      voice_properties };
static const struct bus_interface *const modem_interfaces[] = { &modem_interface,
								&modem_3gpp_interface,
								&voice_interface, NULL };

/* ---- what a test does --------------------------------------------------------------------------------- */

struct fake_modem *fake_modem_new(struct bus *bus)
{
	struct fake_modem *modem = calloc(1, sizeof(*modem));

	assert_non_null(modem);
	modem->bus = bus;
	modem->state = 8;
	modem->signal = 60;
	modem->registration = 1;
	modem->operator_name = "Example";
	assert_int_equal(bus_object_manager_of(bus, PATH, MODEM), 0);
	fake_modem_plug(modem, true);
	return modem;
}

struct fake_modem *fake_modem_free(struct fake_modem *modem)
{
	if (!modem)
		return NULL;
	for (unsigned int n = 0; n < FAKE_MODEM_CALLS; n++)
		(void)bus_object_free(modem->calls[n].object);
	(void)bus_object_free(modem->modem);
	free(modem);
	return NULL;
}

static void on_owned(void *data, const char *name, bool owned)
{
	(void)data;
	(void)name;
	assert_true(owned);
}

void fake_modem_come(struct fake_modem *modem)
{
	assert_int_equal(bus_request_name(modem->bus, NAME, on_owned, modem), 0);
}

void fake_modem_go(struct fake_modem *modem)
{
	bus_release_name(modem->bus, NAME);
}

void fake_modem_plug(struct fake_modem *modem, bool plugged)
{
	if (plugged)
		assert_int_equal(bus_object_new(modem->bus, PATH "/Modem/0", modem_interfaces,
						modem, &modem->modem),
				 0);
	else
		modem->modem = bus_object_free(modem->modem);
}

void fake_modem_answer(struct fake_modem *modem)
{
	bus_call_reply(modem->kept, DBUS_TYPE_INVALID);
	modem->kept = NULL;
}

void fake_modem_changed(struct fake_modem *modem, const char *interface, const char *property)
{
	bus_object_changed(modem->modem, interface, property);
	bus_object_flush(modem->modem);
}

static void tell(struct fake_modem *modem, const char *signal, unsigned int n)
{
	const char *path = call_path(n);

	(void)bus_object_emit(modem->modem, VOICE, signal, DBUS_TYPE_OBJECT_PATH, &path,
			      DBUS_TYPE_INVALID);
}

void fake_modem_call(struct fake_modem *modem, unsigned int n, const char *number, int32_t state)
{
	struct fake_modem_call *call = &modem->calls[n];
	bool incoming = state == MODEM_RINGING_IN || state == MODEM_WAITING;

	assert_null(call->object);
	*call = (struct fake_modem_call){ .modem = modem, .state = state };
	call->direction = incoming ? 1 : 2;
	(void)snprintf(call->number, sizeof(call->number), "%s", number);
	assert_int_equal(
		bus_object_new(modem->bus, call_path(n), call_interfaces, call, &call->object), 0);
	if (modem->modem)
		tell(modem, "CallAdded", n);
}

void fake_modem_state(struct fake_modem *modem, unsigned int n, int32_t state)
{
	struct bus_object *object = modem->calls[n].object;
	int32_t before = modem->calls[n].state;
	uint32_t reason = 0; /* unknown */

	modem->calls[n].state = state;
	bus_object_changed(object, CALL, "State");
	bus_object_flush(object);
	/* for others than callrouted: WirePlumber 0.5 follows calls by it */
	(void)bus_object_emit(object, CALL, "StateChanged", DBUS_TYPE_INT32, &before,
			      DBUS_TYPE_INT32, &state, DBUS_TYPE_UINT32, &reason,
			      DBUS_TYPE_INVALID);
}

void fake_modem_delete(struct fake_modem *modem, unsigned int n)
{
	modem->calls[n].object = bus_object_free(modem->calls[n].object);
	if (modem->modem)
		tell(modem, "CallDeleted", n);
}
