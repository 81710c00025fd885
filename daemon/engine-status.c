/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What headsets show of this machine: its battery, and its modem's network. A machine on mains is full
 * to them; so is one of which nothing is known. Without a modem service and signal stay at their best:
 * some headsets do nothing at 0.
 */
#include "engine-internal.h"

#include "log.h"

#include <string.h>

/* Of five bars. */
static uint8_t bars(int percent)
{
	unsigned int fifths = percent < 0 ? 5 : ((unsigned int)percent * 5 + 50) / 100;

	return fifths < 5 ? (uint8_t)fifths : 5;
}

void engine_tell_status(const struct engine *engine, struct headset *headset)
{
	ag_set_status(headset_ag(headset), &engine->status, monotonic_ms());
	ag_set_operator(headset_ag(headset), engine->operator_name);
}

static void tell_all(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		if (engine->devices[i].headset != NULL)
			engine_tell_status(engine, engine->devices[i].headset);
	}
	engine_flush_headsets(engine);
}

void engine_set_network(struct engine *engine, const struct engine_network *network)
{
	static const struct engine_network none = { .service = true,
						    .bars_0_5 = 5,
						    .operator_name = ENGINE_OPERATOR };

	if (network == NULL)
		network = &none;
	engine->status.service = network->service;
	engine->status.roaming = network->roaming;
	engine->status.signal = network->bars_0_5 <= 5 ? network->bars_0_5 : 5;
	memcpy(engine->operator_name, network->operator_name, sizeof(engine->operator_name));
	tell_all(engine);
}

static void set_battery(struct engine *engine, int percent)
{
	uint8_t battery = bars(percent);

	if (engine->status.battery == battery)
		return;
	engine->status.battery = battery;
	log_debug("the battery has %u bars of 5", battery);
	tell_all(engine);
}

static void on_battery(void *data, int percent, bool discharging)
{
	struct engine *engine = data;
	enum hsphfpd_power source = HSPHFPD_POWER_EXTERNAL;

	if (discharging)
		source = HSPHFPD_POWER_BATTERY;
	else if (percent < 0)
		source = HSPHFPD_POWER_UNKNOWN;
	if (engine->hsphfpd != NULL)
		hsphfpd_set_power(engine->hsphfpd, percent, source);
	set_battery(engine, percent);
}

void engine_battery_written(void *data, int percent)
{
	set_battery(data, percent);
}

void engine_status_begin(struct engine *engine, struct bus *bus)
{
	int error = upower_new(bus, on_battery, engine, &engine->upower);

	if (error < 0)
		log_warning("headsets are not told of the battery: %s", strerror(-error));
}

void engine_status_end(struct engine *engine)
{
	engine->upower = upower_free(engine->upower);
}
