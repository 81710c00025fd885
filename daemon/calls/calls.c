/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Which sources there are, and when they begin.
 */
#include "calls.h"

#include "daemon/config.h"
#include "daemon/log.h"
#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool take_lost(void *data, struct call *call)
{
	return source_take_lost(data, call);
}

int calls_new(struct engine *engine, const struct config *config, struct calls **ret)
{
	struct calls *calls = calloc(1, sizeof(*calls));

	if (calls == NULL)
		return -ENOMEM;
	calls->engine = engine;
	calls->config = config;
	if (config_follows(config, SOURCE_BY_SOUND) && sound_new(calls, &calls->sound) < 0) {
		free(calls);
		return -ENOMEM;
	}
	engine_set_heir(engine, take_lost, calls);
	*ret = calls;
	return 0;
}

struct calls *calls_free(struct calls *calls)
{
	if (calls == NULL)
		return NULL;
	calls->gnome = gnome_free(calls->gnome);
	calls->baresip = baresip_free(calls->baresip);
	calls->sound = sound_free(calls->sound);
	calls->callaudio = callaudio_free(calls->callaudio);
	calls->telephony = ofono_free(calls->telephony);
	calls_system_bus_lost(calls);
	engine_set_heir(calls->engine, NULL, NULL);
	free(calls);
	return NULL;
}

static void check(int error, const char *what)
{
	if (error < 0)
		log_error("calls of %s cannot be followed: %s", what, strerror(-error));
}

void calls_session_bus(struct calls *calls, struct bus *bus)
{
	if (config_follows(calls->config, SOURCE_GNOME_CALLS))
		check(gnome_new(calls, bus, &calls->gnome), "GNOME Calls");
	if (config_follows(calls->config, SOURCE_BARESIP))
		check(baresip_new(calls, bus, &calls->baresip), "baresip");
	if (config_follows(calls->config, SOURCE_CALLAUDIO))
		check(callaudio_new(calls, bus, config_insists(calls->config, SOURCE_CALLAUDIO),
				    &calls->callaudio),
		      "callaudiod's clients");
	if (config_follows(calls->config, SOURCE_PIPEWIRE))
		check(ofono_new(calls, bus, PIPEWIRE_TELEPHONY, &calls->telephony),
		      "PipeWire's telephony");
}

void calls_system_bus(struct calls *calls, struct bus *bus)
{
	if (config_follows(calls->config, SOURCE_MODEM))
		check(modems_new(calls, bus, &calls->modems), "ModemManager");
	if (config_follows(calls->config, SOURCE_OFONO))
		check(ofono_new(calls, bus, OFONO, &calls->ofono), "oFono");
	if (config_follows(calls->config, SOURCE_BLUEZ))
		check(phones_new(calls, bus, &calls->phones), "bluetoothd's telephony");
}

void calls_system_bus_lost(struct calls *calls)
{
	if (calls == NULL)
		return;
	calls->modems = modems_free(calls->modems);
	calls->ofono = ofono_free(calls->ofono);
	calls->phones = phones_free(calls->phones);
}
