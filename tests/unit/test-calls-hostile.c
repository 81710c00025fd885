/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Peers that own a source's bus name and are not what it is: whatever they answer or tell, in whatever
 * types, nothing is taken from it that goes beyond a source's bound, a call of another source is unharmed,
 * and when they go nothing of them is left.
 */
#include "calls-fixture.h"
#include "fake-baresip.h"
#include "fake-gnome.h"
#include "fake-modem.h"
#include "fake-ofono.h"

#include "daemon/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_CALLS 16

enum body {
	BODY_EMPTY,
	BODY_TEXT,
	BODY_NUMBER,
	BODY_PATH,
	BODY_THREE_TEXTS,
	BODY_DICT,          /* a{sv} */
	BODY_KEY,           /* s v */
	BODY_OBJECTS,       /* a(oa{sv}) */
	BODY_ADDED,         /* o a{sa{sv}} */
	BODY_MANAGED,       /* a{oa{sa{sv}}} */
	BODY_CHANGED,       /* s a{sv} as */
	BODY_PATH_AND_DICT, /* o a{sv} */
	BODIES,
};

/* ALMOST: what a call or a modem needs is right, all else is wrong. */
enum flavour {
	TEXTS,
	NUMBERS,
	SMALL_NUMBERS,
	LARGE_NUMBERS,
	STRUCTS,
	LISTS,
	OBJECT_LISTS,
	ALMOST,
	FLAVOURS
};

/* ---- sources ------------------------------------------------------------------------------------------ */

struct told_signal {
	const char *path, *interface, *member;
};

#define MANAGER_SIGNALS(path)                                                   \
	{ path, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded" },      \
	{                                                                       \
		path, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved" \
	}
#define OFONO_SIGNALS(path)                                            \
	{ path, "org.ofono.Manager", "ModemAdded" },                   \
		{ "/x", "org.ofono.VoiceCallManager", "CallAdded" },   \
		{ "/x", "org.ofono.Modem", "PropertyChanged" },        \
		{ "/x", "org.ofono.VoiceCall", "PropertyChanged" },    \
		{ "/x", "org.ofono.VoiceCallManager", "CallRemoved" }, \
	{                                                              \
		path, "org.ofono.Manager", "ModemRemoved"              \
	}
#define MODEM "org.freedesktop.ModemManager1.Modem"
#define PROPERTIES(path)                                             \
	{                                                            \
		path, DBUS_INTERFACE_PROPERTIES, "PropertiesChanged" \
	}

static const struct {
	const char *name;
	/* interfaces of its objects */
	const char *interfaces[3];
	struct told_signal signals[10];
	enum flavour state; /* a call's that has just come */
	/* which of the signals tell of a modem, where there is one, and of a call */
	int modem, call;
	enum body body;
} sources[] = {
	{ "org.gnome.Calls",
	  { "org.gnome.Calls.Call" },
	  { MANAGER_SIGNALS("/org/gnome/Calls"), PROPERTIES("/x"), PROPERTIES("/org/gnome/Calls") },
	  NUMBERS,
	  -1,
	  0,
	  BODY_ADDED },
	{ "com.github.Baresip",
	  { "com.github.Baresip" },
	  { { "/baresip", "com.github.Baresip", "event" } },
	  TEXTS,
	  -1,
	  0,
	  BODY_THREE_TEXTS },
	{ "org.freedesktop.ModemManager1",
	  { MODEM, MODEM ".Voice", "org.freedesktop.ModemManager1.Call" },
	  { MANAGER_SIGNALS("/org/freedesktop/ModemManager1"),
	    PROPERTIES("/x"),
	    { "/x", MODEM ".Voice", "CallAdded" },
	    { "/x", MODEM ".Voice", "CallDeleted" } },
	  SMALL_NUMBERS,
	  0,
	  3,
	  BODY_PATH },
	{ "org.ofono",
	  { "org.ofono.Modem" },
	  { OFONO_SIGNALS("/") },
	  TEXTS,
	  0,
	  1,
	  BODY_PATH_AND_DICT },
	{ "org.pipewire.Telephony",
	  { "org.pipewire.Telephony.AudioGateway1", "org.ofono.VoiceCallManager" },
	  { OFONO_SIGNALS("/org/pipewire/Telephony"), PROPERTIES("/x"),
	    MANAGER_SIGNALS("/org/pipewire/Telephony") },
	  TEXTS,
	  0,
	  1,
	  BODY_PATH_AND_DICT },
};

#define N_SOURCES (sizeof(sources) / sizeof(sources[0]))

/* ---- nonsense ----------------------------------------------------------------------------------------- */

static void append_value(DBusMessageIter *to, enum flavour flavour)
{
	static const char *const signatures[] = { "s", "u", "i", "i", "(uu)", "as", "ao" };
	const char *text = "incoming", *path = "/x", *voice = "org.ofono.VoiceCallManager";
	dbus_uint32_t number = 3;
	dbus_int32_t small = 3, large = INT32_MIN;
	DBusMessageIter value, list;

	dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, signatures[flavour], &value);
	switch (flavour) {
	case TEXTS:
		bus_append_basic(&value, DBUS_TYPE_STRING, &text);
		break;
	case NUMBERS:
		bus_append_basic(&value, DBUS_TYPE_UINT32, &number);
		break;
	case SMALL_NUMBERS:
		bus_append_basic(&value, DBUS_TYPE_INT32, &small);
		break;
	case LARGE_NUMBERS:
		bus_append_basic(&value, DBUS_TYPE_INT32, &large);
		break;
	case STRUCTS:
		dbus_message_iter_open_container(&value, DBUS_TYPE_STRUCT, NULL, &list);
		bus_append_basic(&list, DBUS_TYPE_UINT32, &number);
		bus_append_basic(&list, DBUS_TYPE_UINT32, &number);
		dbus_message_iter_close_container(&value, &list);
		break;
	case LISTS:
		dbus_message_iter_open_container(&value, DBUS_TYPE_ARRAY, "s", &list);
		bus_append_basic(&list, DBUS_TYPE_STRING, &voice);
		dbus_message_iter_close_container(&value, &list);
		break;
	case OBJECT_LISTS:
		dbus_message_iter_open_container(&value, DBUS_TYPE_ARRAY, "o", &list);
		bus_append_basic(&list, DBUS_TYPE_OBJECT_PATH, &path);
		dbus_message_iter_close_container(&value, &list);
		break;
	case ALMOST:
	case FLAVOURS:
		break;
	}
	dbus_message_iter_close_container(to, &value);
}

static enum flavour flavour_of(size_t source, const char *key, enum flavour flavour)
{
	if (flavour != ALMOST)
		return flavour;
	if (strcmp(key, "State") == 0)
		return sources[source].state;
	if (strcmp(key, "Interfaces") == 0)
		return LISTS;
	if (strcmp(key, "Calls") == 0)
		return OBJECT_LISTS;
	return STRUCTS;
}

static void append_dict(DBusMessageIter *to, size_t source, enum flavour flavour)
{
	static const char *const keys[] = {
		"State",      "Direction",     "Number",      "Inbound",
		"Id",         "DisplayName",   "Protocol",    "Calls",
		"Interfaces", "SignalQuality", "Name",        "LineIdentification",
		"Multiparty", "OperatorName",  "StateReason", "RegistrationState",
	};
	DBusMessageIter dict, entry;

	dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "{sv}", &dict);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		bus_append_basic(&entry, DBUS_TYPE_STRING, &keys[i]);
		append_value(&entry, flavour_of(source, keys[i], flavour));
		dbus_message_iter_close_container(&dict, &entry);
	}
	dbus_message_iter_close_container(to, &dict);
}

static void append_interfaces(DBusMessageIter *to, size_t source, enum flavour flavour)
{
	DBusMessageIter dict, entry;

	dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "{sa{sv}}", &dict);
	for (size_t i = 0; i < 3 && sources[source].interfaces[i] != NULL; i++) {
		dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		bus_append_basic(&entry, DBUS_TYPE_STRING, &sources[source].interfaces[i]);
		append_dict(&entry, source, flavour);
		dbus_message_iter_close_container(&dict, &entry);
	}
	dbus_message_iter_close_container(to, &dict);
}

static void append_body(DBusMessage *message, size_t source, enum body body, enum flavour flavour,
			const char *path)
{
	const char *text = "State", *interface = sources[source].interfaces[0];
	/* of baresip, whose calls come by signals alone */
	const char *class = "call", *type = flavour == LARGE_NUMBERS ? "CALL_ODD" : "CALL_INCOMING";
	char event[64];
	const char *event_p = event;
	dbus_uint32_t number = UINT32_MAX;
	DBusMessageIter iter, list, entry;

	(void)snprintf(event, sizeof(event), "{\"id\":\"%s\",\"direction\":\"incoming\"}",
		       path + 1);
	dbus_message_iter_init_append(message, &iter);
	switch (body) {
	case BODY_EMPTY:
		break;
	case BODY_THREE_TEXTS:
		bus_append_basic(&iter, DBUS_TYPE_STRING, &class);
		bus_append_basic(&iter, DBUS_TYPE_STRING, &type);
		bus_append_basic(&iter, DBUS_TYPE_STRING, &event_p);
		break;
	case BODY_TEXT:
		bus_append_basic(&iter, DBUS_TYPE_STRING, &text);
		break;
	case BODY_NUMBER:
		bus_append_basic(&iter, DBUS_TYPE_UINT32, &number);
		break;
	case BODY_PATH:
		bus_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &path);
		break;
	case BODY_DICT:
		append_dict(&iter, source, flavour);
		break;
	case BODY_KEY:
		bus_append_basic(&iter, DBUS_TYPE_STRING, &text);
		append_value(&iter, flavour_of(source, text, flavour));
		break;
	case BODY_PATH_AND_DICT:
		bus_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &path);
		append_dict(&iter, source, flavour);
		break;
	case BODY_OBJECTS:
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "(oa{sv})", &list);
		dbus_message_iter_open_container(&list, DBUS_TYPE_STRUCT, NULL, &entry);
		bus_append_basic(&entry, DBUS_TYPE_OBJECT_PATH, &path);
		append_dict(&entry, source, flavour);
		dbus_message_iter_close_container(&list, &entry);
		dbus_message_iter_close_container(&iter, &list);
		break;
	case BODY_ADDED:
		bus_append_basic(&iter, DBUS_TYPE_OBJECT_PATH, &path);
		append_interfaces(&iter, source, flavour);
		break;
	case BODY_MANAGED:
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{oa{sa{sv}}}", &list);
		dbus_message_iter_open_container(&list, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		bus_append_basic(&entry, DBUS_TYPE_OBJECT_PATH, &path);
		append_interfaces(&entry, source, flavour);
		dbus_message_iter_close_container(&list, &entry);
		dbus_message_iter_close_container(&iter, &list);
		break;
	case BODY_CHANGED:
		bus_append_basic(&iter, DBUS_TYPE_STRING, &interface);
		append_dict(&iter, source, flavour);
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "s", &list);
		dbus_message_iter_close_container(&iter, &list);
		break;
	case BODIES:
		break;
	}
}

/* ---- the peer ----------------------------------------------------------------------------------------- */

enum answer { ANSWER_BODY, ANSWER_ERROR, ANSWER_NONE };

struct hostile {
	DBusConnection *bus;
	size_t source;
	enum answer answer;
	enum body body;
	enum flavour flavour;
	unsigned int n_asked;
	size_t most_calls; /* that were taken from it */
};

static DBusHandlerResult asked(DBusConnection *bus, DBusMessage *message, void *data)
{
	struct hostile *h = data;
	DBusMessage *reply;

	if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_METHOD_CALL)
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	h->n_asked++;
	if (h->answer == ANSWER_NONE)
		return DBUS_HANDLER_RESULT_HANDLED;
	if (h->answer == ANSWER_ERROR) {
		reply = dbus_message_new_error(message, "org.example.Error.No", "no");
	} else {
		reply = dbus_message_new_method_return(message);
		/* the one answer that is right where almost all is */
		append_body(reply, h->source,
			    h->flavour == ALMOST && dbus_message_has_member(message, "GetAll")
				    ? BODY_DICT
				    : h->body,
			    h->flavour, "/x");
	}
	dbus_connection_send(bus, reply, NULL);
	dbus_message_unref(reply);
	return DBUS_HANDLER_RESULT_HANDLED;
}

static void open_hostile(const struct calls_fixture *f, struct hostile *ret)
{
	*ret = (struct hostile){ .bus = dbus_connection_open_private(
					 test_bus_address(f->pair->daemon), NULL) };
	assert_non_null(ret->bus);
	dbus_connection_set_exit_on_disconnect(ret->bus, FALSE);
	assert_true(dbus_bus_register(ret->bus, NULL));
	assert_true(dbus_connection_add_filter(ret->bus, asked, ret, NULL));
}

static void close_hostile(struct hostile *h)
{
	dbus_connection_close(h->bus);
	dbus_connection_unref(h->bus);
}

/* A question at a time: each is asked when the one before is answered. */
static void settle(struct calls_fixture *f, struct hostile *h)
{
	for (int round = 0; round < 4; round++) {
		bus_pair_settle(f->pair);
		dbus_connection_read_write(h->bus, 0);
		while (dbus_connection_dispatch(h->bus) == DBUS_DISPATCH_DATA_REMAINS)
			;
		dbus_connection_flush(h->bus);
		bus_pair_settle(f->pair);
	}
}

static bool takes_away(const struct told_signal *signal)
{
	return strstr(signal->member, "Removed") != NULL ||
	       strstr(signal->member, "Deleted") != NULL;
}

static void tell_signal(struct hostile *h, const struct told_signal *signal, enum body body,
			const char *path)
{
	DBusMessage *message =
		dbus_message_new_signal(signal->path, signal->interface, signal->member);

	append_body(message, h->source, body, h->flavour, path);
	dbus_connection_send(h->bus, message, NULL);
	dbus_message_unref(message);
}

static void tell_everything(struct hostile *h, bool what_goes)
{
	for (size_t i = 0; i < 10 && sources[h->source].signals[i].path != NULL; i++) {
		const struct told_signal *signal = &sources[h->source].signals[i];

		if (takes_away(signal) && !what_goes)
			continue;
		for (enum body body = 0; body < BODIES; body++)
			tell_signal(h, signal, body, "/x");
	}
}

/* ---- the tests ---------------------------------------------------------------------------------------- */

static unsigned int n_done;

static void on_done(void *data, const char *error)
{
	(void)data;
	(void)error;
	n_done++;
}

/* A call of a source that is well behaved, before and beside the hostile one. */
static struct call *good_call(struct calls_fixture *f, size_t source)
{
	if (strcmp(sources[source].name, "com.github.Baresip") != 0) {
		fake_baresip_come(f->baresip);
		calls_fixture_settle(f);
		fake_baresip_tell(f->baresip, "CALL_INCOMING", "a", "incoming",
				  "sip:bob@example.org", NULL);
	} else {
		fake_modem_come(f->modem);
		calls_fixture_settle(f);
		fake_modem_call(f->modem, 1, "+4930123", MODEM_RINGING_IN);
	}
	calls_fixture_settle(f);
	return calls_fixture_only(f);
}

static void ask_each(const struct calls_fixture *f, const struct call *good)
{
	struct call *calls[MAX_CALLS + 1];
	unsigned int n = 0;

	for (size_t i = 0; i < f->engine->n_calls && n <= MAX_CALLS; i++)
		if (f->engine->calls[i] != good)
			calls[n++] = f->engine->calls[i];
	for (unsigned int i = 0; i < n; i++)
		calls[i]->ops->answer(calls[i], calls[i]->source, on_done, NULL);
}

static void be_hostile(struct calls_fixture *f, struct hostile *h, const struct call *good)
{
	const char *name = sources[h->source].name;

	assert_int_equal(dbus_bus_request_name(h->bus, name, 0, NULL),
			 DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER);
	settle(f, h);
	tell_everything(h, false);
	settle(f, h);
	assert_in_range(f->engine->n_calls, 1, 1 + MAX_CALLS);
	assert_ptr_equal(f->engine->calls[0], good);
	if (f->engine->n_calls - 1 > h->most_calls)
		h->most_calls = f->engine->n_calls - 1;
	ask_each(f, good);
	settle(f, h);
	tell_everything(h, true);
	/* it goes before all of it has been looked at */
	assert_int_equal(dbus_bus_release_name(h->bus, name, NULL),
			 DBUS_RELEASE_NAME_REPLY_RELEASED);
	settle(f, h);
	assert_int_equal(f->engine->n_calls, 1);
	assert_ptr_equal(f->engine->calls[0], good);
	assert_int_equal(good->state, CALL_INCOMING);
}

static void with_each_source(void (*test)(struct calls_fixture *f, struct hostile *h,
					  const struct call *good))
{
	for (size_t source = 0; source < N_SOURCES; source++) {
		struct calls_fixture *f;
		struct hostile h;
		struct call *good;
		void *state;

		assert_int_equal(calls_fixture_setup(&state), 0);
		f = state;
		open_hostile(f, &h);
		h.source = source;
		good = good_call(f, source);
		/* all peers share this process: a call at this time would be the same one */
		fake_engine_now_ms += 60000;
		test(f, &h, good);
		/* it still is of use */
		assert_true(h.n_asked > 0);
		n_done = 0;
		good->ops->answer(good, good->source, on_done, NULL);
		settle(f, &h);
		assert_int_equal(n_done, 1);
		close_hostile(&h);
		assert_int_equal(calls_fixture_teardown(&state), 0);
	}
}

static void answers_in_any_type(struct calls_fixture *f, struct hostile *h, const struct call *good)
{
	h->answer = ANSWER_BODY;
	h->most_calls = 0;
	for (h->body = 0; h->body < BODIES; h->body++)
		for (h->flavour = 0; h->flavour < FLAVOURS; h->flavour++)
			be_hostile(f, h, good);
	/* so it was not passed over as a whole */
	if (h->most_calls == 0)
		print_error("no call of %s was ever taken\n", sources[h->source].name);
	assert_true(h->most_calls > 0);
}

static void test_answers_and_signals_in_any_type(void **state)
{
	(void)state;
	with_each_source(answers_in_any_type);
}

static void only_errors(struct calls_fixture *f, struct hostile *h, const struct call *good)
{
	h->answer = ANSWER_ERROR;
	for (h->flavour = 0; h->flavour < FLAVOURS; h->flavour++)
		be_hostile(f, h, good);
}

static void test_nothing_but_errors(void **state)
{
	(void)state;
	with_each_source(only_errors);
}

static void no_answers(struct calls_fixture *f, struct hostile *h, const struct call *good)
{
	h->answer = ANSWER_NONE;
	for (h->flavour = 0; h->flavour < FLAVOURS; h->flavour++)
		be_hostile(f, h, good);
}

static void test_no_answer_at_all(void **state)
{
	(void)state;
	with_each_source(no_answers);
}

/* What is logged goes to a file meanwhile. */
static int log_to_file(int *ret_before)
{
	int file = memfd_create("log", MFD_CLOEXEC);

	assert_true(file >= 0);
	(void)fflush(stderr);
	*ret_before = dup(STDERR_FILENO);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	log_set_level(LOG_WARNING);
	return file;
}

static unsigned int lines_logged(int file, int before)
{
	char text[4096];
	unsigned int n = 0;
	ssize_t size;

	log_set_level(LOG_EMERG);
	(void)fflush(stderr);
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	close(before);
	size = pread(file, text, sizeof(text) - 1, 0);
	close(file);
	assert_true(size >= 0 && (size_t)size < sizeof(text) - 1);
	text[size] = '\0';
	for (const char *at = text; (at = strstr(at, "are left alone")) != NULL; at++)
		n++;
	return n;
}

static void thousand_calls(struct calls_fixture *f, struct hostile *h, const struct call *good)
{
	const struct told_signal *signals = sources[h->source].signals;
	int modem = sources[h->source].modem, file, before;
	char path[32];

	h->answer = ANSWER_BODY;
	h->body = BODY_MANAGED;
	h->flavour = ALMOST;
	file = log_to_file(&before);
	assert_int_equal(dbus_bus_request_name(h->bus, sources[h->source].name, 0, NULL),
			 DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER);
	settle(f, h);
	if (modem >= 0)
		tell_signal(h, &signals[modem],
			    modem == 0 && sources[h->source].call == 3 ? BODY_ADDED
								       : BODY_PATH_AND_DICT,
			    "/x");
	for (unsigned int n = 0; n < 1000; n++) {
		(void)snprintf(path, sizeof(path), "/call/%u", n);
		tell_signal(h, &signals[sources[h->source].call], sources[h->source].body, path);
	}
	for (unsigned int round = 0; round < 10; round++)
		settle(f, h);
	/* of objects, of calls: each bound that is met says so once */
	assert_in_range(lines_logged(file, before), 1, 2);
	assert_int_equal(f->engine->n_calls, 1 + MAX_CALLS);
	assert_ptr_equal(f->engine->calls[0], good);
	assert_int_equal(dbus_bus_release_name(h->bus, sources[h->source].name, NULL),
			 DBUS_RELEASE_NAME_REPLY_RELEASED);
	settle(f, h);
	assert_int_equal(f->engine->n_calls, 1);
	h->n_asked++; /* baresip was asked for nothing */
}

static void test_a_thousand_calls(void **state)
{
	(void)state;
	with_each_source(thousand_calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_and_signals_in_any_type),
		cmocka_unit_test(test_nothing_but_errors),
		cmocka_unit_test(test_no_answer_at_all),
		cmocka_unit_test(test_a_thousand_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
