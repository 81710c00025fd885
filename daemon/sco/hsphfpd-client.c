/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What hsphfpd.txt has of a headset besides its sound: its features, its battery, and the few things that
 * may be sent to it. There is no telephony agent: the calls are callrouted's own.
 */
#include "hsphfpd-private.h"

#include <errno.h>

#define CLIENT_INTERFACE "org.hsphfpd.ClientEndpoint"
#define HSP_CLIENT_INTERFACE "org.hsphfpd.HSPClientEndpoint"

/* By the bits of AT+BRSF, HFP 1.8 §4.34.2. */
static const char *const features[] = {
	"echo-canceling-and-noise-reduction",
	"three-way-calling",
	"cli-presentation",
	"voice-recognition",
	"volume-control",
	"enhanced-call-status",
	"enhanced-call-control",
	"codec-negotiation",
	"hf-indicators",
	"esco-s4-settings",
};

int hsphfpd_client_get_features(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;
	const char *wide = "wide-band-speech";
	DBusMessageIter array;

	if (!dbus_message_iter_open_container(value, DBUS_TYPE_ARRAY, "s", &array))
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (endpoint->features & 1u << i)
			bus_append_basic(&array, DBUS_TYPE_STRING, &features[i]);
	}
	if (endpoint->msbc)
		bus_append_basic(&array, DBUS_TYPE_STRING, &wide);
	dbus_message_iter_close_container(value, &array);
	return 0;
}

int hsphfpd_client_get_power_source(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;
	/* a headset that tells of a battery has one; of its charger none tells here */
	const char *source = endpoint->battery_percent < 0 ? "unknown" : "battery";

	bus_append_basic(value, DBUS_TYPE_STRING, &source);
	return 0;
}

int hsphfpd_client_get_battery(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;
	int16_t level = (int16_t)endpoint->battery_percent;

	bus_append_basic(value, DBUS_TYPE_INT16, &level);
	return 0;
}

int hsphfpd_client_get_telephony(void *data, DBusMessageIter *value)
{
	dbus_bool_t connected = FALSE;

	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &connected);
	return 0;
}

void hsphfpd_endpoint_set_battery(struct hsphfpd_endpoint *endpoint, int percent)
{
	bool known = endpoint->battery_percent >= 0;

	if (endpoint->battery_percent == percent)
		return;
	endpoint->battery_percent = percent;
	bus_object_changed(endpoint->object, HSPHFPD_ENDPOINT_INTERFACE, "BatteryLevel");
	if (known != (percent >= 0))
		bus_object_changed(endpoint->object, HSPHFPD_ENDPOINT_INTERFACE, "PowerSource");
}

/* No headset is offered texts (AT+CSRSF), so none has a display for them. */
static void send_text(struct bus_call *call, void *data)
{
	bus_call_error(call, HSPHFPD_ERROR("NotSupported"), "The headset has no display");
}

static const struct bus_method client_methods[] = {
	{ "SendDisplayTextEvent", "s text", "", send_text },
	{ 0 },
};

const struct bus_interface hsphfpd_client_interface = {
	.name = CLIENT_INTERFACE,
	.methods = client_methods,
};

static void send_incoming_call(struct bus_call *call, void *data)
{
	struct hsphfpd_endpoint *endpoint = data;
	struct hsphfpd *service = endpoint->service;

	bus_call_reply(call, DBUS_TYPE_INVALID);
	if (service->events->ring)
		service->events->ring(service->data, endpoint);
}

static const struct bus_method hsp_client_methods[] = {
	{ "SendIncomingCallEvent", "", "", send_incoming_call },
	{ 0 },
};

const struct bus_interface hsphfpd_hsp_client_interface = {
	.name = HSP_CLIENT_INTERFACE,
	.methods = hsp_client_methods,
};
