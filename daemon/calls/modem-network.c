/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See modem-network.h. Names and values are those of ModemManager's D-Bus description (MMModemState and
 * MMModem3gppRegistrationState of ModemManager-enums.h, 1.12 and later).
 */
#include "modem-network.h"

#include "source.h"

#include <string.h>

#define MM_MODEM_REGISTERED 8

int modem_network_read(void *data, const char *key, DBusMessageIter *value)
{
	struct modem_network *network = data;
	DBusMessageIter quality;
	const char *text;

	if (strcmp(key, "State") == 0) {
		(void)bus_read_basic(value, DBUS_TYPE_INT32, &network->state);
	} else if (strcmp(key, "SignalQuality") == 0 &&
		   dbus_message_iter_get_arg_type(value) == DBUS_TYPE_STRUCT) {
		dbus_message_iter_recurse(value, &quality);
		(void)bus_read_basic(&quality, DBUS_TYPE_UINT32, &network->signal_percent);
	} else if (strcmp(key, "RegistrationState") == 0) {
		(void)bus_read_basic(value, DBUS_TYPE_UINT32, &network->registration);
	} else if (strcmp(key, "OperatorName") == 0 &&
		   bus_read_basic(value, DBUS_TYPE_STRING, &text) == 0) {
		source_copy(network->operator_name, sizeof(network->operator_name), text);
	}
	return 0;
}

static bool roams(uint32_t registration)
{
	/* MM_MODEM_3GPP_REGISTRATION_STATE_ROAMING, _SMS_ONLY, _CSFB_NOT_PREFERRED */
	return registration == 5 || registration == 7 || registration == 10;
}

void modem_network_told(const struct modem_network *network, struct engine_network *ret)
{
	*ret = (struct engine_network){
		.service = network->state >= MM_MODEM_REGISTERED,
		.roaming = roams(network->registration),
		.bars_0_5 = network->signal_percent < 100
				    ? (uint8_t)((network->signal_percent + 10) / 20)
				    : 5,
	};
	memcpy(ret->operator_name, network->operator_name, sizeof(ret->operator_name));
}
