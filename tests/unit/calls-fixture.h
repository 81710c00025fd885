/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * For the tests of the sources of calls: the sources at one end of a private bus, over a stand-in for
 * the engine; the programs that have the calls at the other. Both ends are in this process.
 */
#ifndef CALLROUTE_TESTS_CALLS_FIXTURE_H
#define CALLROUTE_TESTS_CALLS_FIXTURE_H

#include "fake-engine.h"

#include "daemon/calls/calls.h"
#include "tests/common/bus-pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define FIXTURE_DEVICE 0xaabbccddeeffu

struct calls_fixture {
	struct bus_pair
		*pair; /* the sources are at the server's end, their peers at the client's */
	struct engine *engine;
	struct calls *calls;
	struct fake_gnome *gnome;
	struct fake_baresip *baresip;
	struct fake_modem *modem;
	struct fake_ofono *ofono;
	struct fake_ofono *telephony;
	struct fake_phones *phones;
};

/** cmocka set-up and tear-down; *state is the fixture. No program is there yet. */
int calls_fixture_setup(void **state);
int calls_fixture_teardown(void **state);

/** Let everything arrive that was sent, and that is sent because of it. */
void calls_fixture_settle(struct calls_fixture *f);
/** The engine's only call. */
struct call *calls_fixture_only(struct calls_fixture *f);

/** Counts the outcomes of what a source was asked: a call_done_fn, with a struct calls_fixture_done. */
struct calls_fixture_done {
	unsigned int times;
	unsigned int failed;
};
void calls_fixture_on_done(void *data, const char *error);
/** An engine_done_fn for an outcome that is seen otherwise. */
void calls_fixture_no_matter(void *data, const char *error, const char *message);

#endif
