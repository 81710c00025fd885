/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What ModemManager tells of a modem's network, as headsets are shown it.
 *
 * May be used by: daemon/calls/.
 */
#ifndef CALLROUTE_CALLS_MODEM_NETWORK_H
#define CALLROUTE_CALLS_MODEM_NETWORK_H

#include "daemon/engine.h"
#include "dbus/bus.h"

/** All zero: nothing is known yet. */
struct modem_network {
	int32_t state; /* MMModemState */
	uint32_t signal_percent;
	uint32_t registration; /* MMModem3gppRegistrationState */
	char operator_name[sizeof(((struct engine_network *)NULL)->operator_name)];
};

/** For bus_read_dict(), with a struct modem_network as @data and the properties of a modem, or of its 3GPP
 * interface; others are passed over. Returns 0. */
int modem_network_read(void *data, const char *key, DBusMessageIter *value);
void modem_network_told(const struct modem_network *network, struct engine_network *ret);

#endif
