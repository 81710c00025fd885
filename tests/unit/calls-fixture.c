/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See calls-fixture.h.
 */
#include "calls-fixture.h"

#include "daemon/log.h"
#include "fake-baresip.h"
#include "fake-gnome.h"
#include "fake-modem.h"
#include "fake-ofono.h"
#include "fake-phones.h"

#include <stdlib.h>

int calls_fixture_setup(void **state)
{
	struct calls_fixture *f = calloc(1, sizeof(*f));
	void *pair;

	log_set_level(LOG_EMERG);
	fake_engine_now_ms = 1000;
	if (!f || bus_pair_setup(&pair) < 0)
		return -1;
	f->pair = pair;
	f->engine = fake_engine_new();
	f->gnome = fake_gnome_new(f->pair->client.bus);
	f->baresip = fake_baresip_new(f->pair->client.bus);
	f->modem = fake_modem_new(f->pair->client.bus);
	f->ofono = fake_ofono_new(f->pair->client.bus, false);
	f->telephony = fake_ofono_new(f->pair->client.bus, true);
	f->phones = fake_phones_new(f->pair->client.bus);
	if (!f->engine || !f->gnome || !f->baresip || calls_new(f->engine, NULL, &f->calls) < 0)
		return -1;
	calls_session_bus(f->calls, f->pair->server.bus);
	calls_system_bus(f->calls, f->pair->server.bus);
	*state = f;
	calls_fixture_settle(f);
	return 0;
}

int calls_fixture_teardown(void **state)
{
	struct calls_fixture *f = *state;
	void *pair = f->pair;

	f->calls = calls_free(f->calls);
	f->gnome = fake_gnome_free(f->gnome);
	f->baresip = fake_baresip_free(f->baresip);
	f->modem = fake_modem_free(f->modem);
	f->ofono = fake_ofono_free(f->ofono);
	f->telephony = fake_ofono_free(f->telephony);
	f->phones = fake_phones_free(f->phones);
	f->engine = fake_engine_free(f->engine);
	free(f);
	return bus_pair_teardown(&pair);
}

void calls_fixture_settle(struct calls_fixture *f)
{
	/* a name's owner, its process, its objects: each is asked for when the one before is known */
	for (unsigned int i = 0; i < 5; i++)
		bus_pair_settle(f->pair);
}

struct call *calls_fixture_only(struct calls_fixture *f)
{
	assert_int_equal(f->engine->n_calls, 1);
	return f->engine->calls[0];
}

void calls_fixture_on_done(void *data, const char *error)
{
	struct calls_fixture_done *done = data;

	done->times++;
	done->failed += error != NULL;
}

void calls_fixture_no_matter(void *data, const char *error, const char *message)
{
	(void)data;
	(void)error;
	(void)message;
}
