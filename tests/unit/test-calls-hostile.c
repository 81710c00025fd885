/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Peers that own a source's bus name and are not what it is: whatever they answer or tell, in whatever
 * types, nothing is taken from it that goes beyond a source's bound, a call of another source is unharmed,
 * and when they go nothing of them is left.
 */
#include "calls-fixture.h"
#include "fake-baresip.h"
#include "fake-modem.h"
#include "hostile-peer.h"

#include "daemon/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_CALLS 16

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
	if (strcmp(hostile_sources[source].name, "com.github.Baresip") != 0) {
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
	const char *name = hostile_sources[h->source].name;

	assert_int_equal(dbus_bus_request_name(h->bus, name, 0, NULL),
			 DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER);
	hostile_settle(f, h);
	hostile_tell_everything(h, false);
	hostile_settle(f, h);
	assert_in_range(f->engine->n_calls, 1, 1 + MAX_CALLS);
	assert_ptr_equal(f->engine->calls[0], good);
	if (f->engine->n_calls - 1 > h->most_calls)
		h->most_calls = f->engine->n_calls - 1;
	ask_each(f, good);
	hostile_settle(f, h);
	hostile_tell_everything(h, true);
	/* it goes before all of it has been looked at */
	assert_int_equal(dbus_bus_release_name(h->bus, name, NULL),
			 DBUS_RELEASE_NAME_REPLY_RELEASED);
	hostile_settle(f, h);
	assert_int_equal(f->engine->n_calls, 1);
	assert_ptr_equal(f->engine->calls[0], good);
	assert_int_equal(good->state, CALL_INCOMING);
}

static void with_each_source(void (*test)(struct calls_fixture *f, struct hostile *h,
					  const struct call *good))
{
	for (size_t source = 0; source < HOSTILE_SOURCES; source++) {
		struct calls_fixture *f;
		struct hostile h;
		struct call *good;
		void *state;

		assert_int_equal(calls_fixture_setup(&state), 0);
		f = state;
		hostile_open(f, &h);
		h.source = source;
		good = good_call(f, source);
		/* all peers share this process: a call at this time would be the same one */
		fake_engine_now_ms += 60000;
		test(f, &h, good);
		/* it still is of use */
		assert_true(h.n_asked > 0);
		n_done = 0;
		good->ops->answer(good, good->source, on_done, NULL);
		hostile_settle(f, &h);
		assert_int_equal(n_done, 1);
		hostile_close(&h);
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
		print_error("no call of %s was ever taken\n", hostile_sources[h->source].name);
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

static void on_owner(void *data, const char *name, const char *owner)
{
	(void)name;
	if (owner == NULL)
		*(bool *)data = true;
}

static void dies_before_it_answers(struct calls_fixture *f, struct hostile *h,
				   const struct call *good)
{
	struct bus_name_watch *watch;
	bool gone = false;

	h->answer = ANSWER_NONE;
	h->flavour = ALMOST;
	assert_int_equal(dbus_bus_request_name(h->bus, hostile_sources[h->source].name, 0, NULL),
			 DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER);
	assert_int_equal(bus_watch_name(f->pair->client.bus, hostile_sources[h->source].name,
					on_owner, &gone, &watch),
			 0);
	hostile_settle(f, h);
	hostile_tell_everything(h, false);
	hostile_settle(f, h);
	ask_each(f, good);
	hostile_settle(f, h);
	gone = false;
	hostile_close(h);
	assert_true(loop_until_set(f->pair->loop, &gone));
	calls_fixture_settle(f);
	assert_int_equal(f->engine->n_calls, 1);
	assert_ptr_equal(f->engine->calls[0], good);
	bus_name_watch_free(watch);
	hostile_open(f, h);
	h->n_asked++; /* baresip was asked for nothing */
}

static void test_a_peer_that_dies_before_it_answers(void **state)
{
	(void)state;
	with_each_source(dies_before_it_answers);
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

/* A modem's, or a phone's. */
#define LINES 5

static void tell_lines(struct hostile *h)
{
	int modem = hostile_sources[h->source].modem;
	char path[32];

	for (unsigned int line = 0; line < LINES && modem >= 0; line++) {
		(void)snprintf(path, sizeof(path), "/line%u", line);
		hostile_tell(h, &hostile_sources[h->source].signals[modem],
			     hostile_sources[h->source].call == 3 ? BODY_ADDED : BODY_PATH_AND_DICT,
			     path);
	}
}

static void tell_call(struct hostile *h, unsigned int n)
{
	struct told_signal signal =
		hostile_sources[h->source].signals[hostile_sources[h->source].call];
	char line[32], path[48];

	(void)snprintf(line, sizeof(line), "/line%u", n % LINES);
	(void)snprintf(path, sizeof(path), "%s/%u", line, n);
	if (hostile_sources[h->source].modem >= 0)
		signal.path = line;
	hostile_tell(h, &signal, hostile_sources[h->source].body, path);
}

static void thousand_calls(struct calls_fixture *f, struct hostile *h, const struct call *good)
{
	int file, before;

	h->answer = ANSWER_BODY;
	h->body = BODY_MANAGED;
	h->flavour = ALMOST;
	file = log_to_file(&before);
	assert_int_equal(dbus_bus_request_name(h->bus, hostile_sources[h->source].name, 0, NULL),
			 DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER);
	hostile_settle(f, h);
	tell_lines(h);
	for (unsigned int n = 0; n < 1000; n++)
		tell_call(h, n);
	for (unsigned int round = 0; round < 10; round++)
		hostile_settle(f, h);
	/* of objects, of calls: each bound that is met says so once */
	assert_in_range(lines_logged(file, before), 1, 2);
	assert_int_equal(f->engine->n_calls, 1 + MAX_CALLS);
	assert_ptr_equal(f->engine->calls[0], good);
	assert_int_equal(dbus_bus_release_name(h->bus, hostile_sources[h->source].name, NULL),
			 DBUS_RELEASE_NAME_REPLY_RELEASED);
	hostile_settle(f, h);
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
		cmocka_unit_test(test_a_peer_that_dies_before_it_answers),
		cmocka_unit_test(test_a_thousand_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
