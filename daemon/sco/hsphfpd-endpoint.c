/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Endpoints and their audio transports as D-Bus objects, and the two gains.
 *
 * hsphfpd.txt names the directions as the audio agent sees them: Rx is what the agent receives, so
 * RxVolumeGain is the headset's microphone (+VGM), and TxVolumeGain is its speaker (+VGS). Control is
 * "remote": the headset itself tunes both.
 *
 * PipeWire up to 1.6 writes neither gain in our use: volume from a headset's buttons does not reach it
 * this way. Other agents may do more.
 *
 * A transport's properties change without a signal about it. To find the transport that such a signal is
 * of, PipeWire's client (1.6 and before) looks into all that its process has, and reads behind the end of
 * those for music: WirePlumber dies of it now and then, at the touch of a headset's volume button. It
 * would only have logged the change.
 */
#include "hsphfpd-private.h"

#include "daemon/log.h"

#include <ctype.h>
#include <errno.h>
#include <pipewire/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ENDPOINTS 64
#define GAIN_MAX 15

static int append_string(DBusMessageIter *value, const char *text)
{
	bus_append_basic(value, DBUS_TYPE_STRING, &text);
	return 0;
}

static int append_path(DBusMessageIter *value, const char *path)
{
	bus_append_basic(value, DBUS_TYPE_OBJECT_PATH, &path);
	return 0;
}

static int append_uint16(DBusMessageIter *value, uint16_t number)
{
	bus_append_basic(value, DBUS_TYPE_UINT16, &number);
	return 0;
}

static int append_boolean(DBusMessageIter *value, bool on)
{
	dbus_bool_t boolean = on;

	bus_append_basic(value, DBUS_TYPE_BOOLEAN, &boolean);
	return 0;
}

/* ---- org.hsphfpd.Endpoint ------------------------------------------------------------------ */

static int get_name(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_string(value, endpoint->name);
}

static int append_address(DBusMessageIter *value, route_device device)
{
	char address[ROUTE_ADDRESS_SIZE];

	route_device_to_address(device, address);
	return append_string(value, address);
}

static int get_remote_address(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_address(value, endpoint->remote);
}

static int get_local_address(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_address(value, endpoint->local);
}

static int get_profile(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_string(value, endpoint->headset_profile ? "headset" : "handsfree");
}

static int get_version(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_string(value, endpoint->version);
}

static int get_role(void *data, DBusMessageIter *value)
{
	/* the device's: we are the gateway */
	return append_string(value, "client");
}

static int get_connected(void *data, DBusMessageIter *value)
{
	/* an endpoint exists only while its service level connection does */
	return append_boolean(value, true);
}

static int get_audio_connected(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_boolean(value, endpoint->link.state == LINK_UP);
}

static int get_audio_codecs(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;
	DBusMessageIter array;

	if (!dbus_message_iter_open_container(value, DBUS_TYPE_ARRAY, "s", &array))
		return -ENOMEM;
	(void)append_string(&array, hsphfpd_air_codec(SCO_CVSD));
	if (endpoint->msbc)
		(void)append_string(&array, hsphfpd_air_codec(SCO_TRANSPARENT));
	dbus_message_iter_close_container(value, &array);
	return 0;
}

static const struct bus_method endpoint_methods[] = {
	{ "ConnectAudio", "s air_codec, s agent_codec", "o transport, s service, o agent",
	  hsphfpd_audio_connect },
	{ 0 },
};

/* The first ones never change, and are part of NewConnection. */
#define ENDPOINT_CONSTANTS 6
static const struct bus_property endpoint_properties[] = {
	{ "Name", "s", get_name, NULL },
	{ "RemoteAddress", "s", get_remote_address, NULL },
	{ "LocalAddress", "s", get_local_address, NULL },
	{ "Profile", "s", get_profile, NULL },
	{ "Version", "s", get_version, NULL },
	{ "Role", "s", get_role, NULL },
	{ "Connected", "b", get_connected, NULL },
	{ "AudioConnected", "b", get_audio_connected, NULL },
	{ "AudioCodecs", "as", get_audio_codecs, NULL },
	{ "TelephonyConnected", "b", hsphfpd_client_get_telephony, NULL },
	{ "PowerSource", "s", hsphfpd_client_get_power_source, NULL },
	{ "BatteryLevel", "n", hsphfpd_client_get_battery, NULL },
	{ "Features", "as", hsphfpd_client_get_features, NULL },
	{ 0 },
};

static const struct bus_interface endpoint_interface = {
	.name = HSPHFPD_ENDPOINT_INTERFACE,
	.methods = endpoint_methods,
	.properties = endpoint_properties,
};

static const struct bus_interface *const handsfree_interfaces[] = {
	&endpoint_interface,
	&hsphfpd_client_interface,
	NULL,
};
static const struct bus_interface *const headset_interfaces[] = {
	&endpoint_interface,
	&hsphfpd_client_interface,
	&hsphfpd_hsp_client_interface,
	NULL,
};

/* ---- org.hsphfpd.AudioTransport ------------------------------------------------------------- */

static int get_rx_control(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_string(value, endpoint->no_microphone_gain ? "none" : "remote");
}

static int get_tx_control(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_string(value, endpoint->no_speaker_gain ? "none" : "remote");
}

/* There is no gain where the control is "none". */
static int get_rx_gain(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return endpoint->no_microphone_gain ? -ENODATA
					    : append_uint16(value, endpoint->microphone_gain);
}

static int get_tx_gain(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return endpoint->no_speaker_gain ? -ENODATA : append_uint16(value, endpoint->speaker_gain);
}

static int set_gain(struct hsphfpd_endpoint *endpoint, uint8_t *gain, const char *property,
		    DBusMessageIter *value, DBusError *error)
{
	struct hsphfpd *service = endpoint->service;
	uint16_t number;

	if (bus_read_basic(value, DBUS_TYPE_UINT16, &number) < 0 || number > GAIN_MAX)
		return bus_error_set(error, HSPHFPD_ERROR("InvalidArguments"),
				     "%s is a number from 0 to %d", property, GAIN_MAX);
	if (*gain == number)
		return 0;
	*gain = (uint8_t)number;
	if (service->events->gains)
		service->events->gains(service->data, endpoint, endpoint->speaker_gain,
				       endpoint->microphone_gain);
	return 0;
}

static int set_rx_gain(void *data, DBusMessageIter *value, DBusError *error)
{
	struct hsphfpd_endpoint *endpoint = data;

	if (endpoint->no_microphone_gain)
		return bus_error_set(error, HSPHFPD_ERROR("NotSupported"),
				     "RxVolumeGain does not work with this headset");
	return set_gain(endpoint, &endpoint->microphone_gain, "RxVolumeGain", value, error);
}

static int set_tx_gain(void *data, DBusMessageIter *value, DBusError *error)
{
	struct hsphfpd_endpoint *endpoint = data;

	if (endpoint->no_speaker_gain)
		return bus_error_set(error, HSPHFPD_ERROR("NotSupported"),
				     "TxVolumeGain does not work with this headset");
	return set_gain(endpoint, &endpoint->speaker_gain, "TxVolumeGain", value, error);
}

static int get_nrec(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	/* HFP only. True at every connection, until the headset says AT+NREC=0 */
	return endpoint->headset_profile ? -ENODATA : append_boolean(value, !endpoint->nrec_off);
}

static int get_mtu(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_uint16(value, endpoint->link.mtu);
}

static int get_agent_codec(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_string(value, hsphfpd_agent_codec(endpoint->link.codec));
}

static int get_air_codec(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_string(value, hsphfpd_air_codec(endpoint->link.codec));
}

static int get_endpoint(void *data, DBusMessageIter *value)
{
	const struct hsphfpd_endpoint *endpoint = data;

	return append_path(value, bus_object_path(endpoint->object));
}

static const struct bus_method transport_methods[] = {
	{ "Release", "", "", hsphfpd_audio_release },
	{ 0 },
};

static const struct bus_property transport_properties[] = {
	{ "RxVolumeControl", "s", get_rx_control, NULL },
	{ "TxVolumeControl", "s", get_tx_control, NULL },
	{ "RxVolumeGain", "q", get_rx_gain, set_rx_gain },
	{ "TxVolumeGain", "q", get_tx_gain, set_tx_gain },
	{ "NREC", "b", get_nrec, NULL },
	{ "MTU", "q", get_mtu, NULL },
	{ "AgentCodec", "s", get_agent_codec, NULL },
	{ "AirCodec", "s", get_air_codec, NULL },
	{ "Endpoint", "o", get_endpoint, NULL },
	{ 0 },
};

static const struct bus_interface transport_interface = {
	.name = HSPHFPD_TRANSPORT_INTERFACE,
	.methods = transport_methods,
	.properties = transport_properties,
};

static const struct bus_interface *const transport_interfaces[] = { &transport_interface, NULL };

int hsphfpd_transport_new(struct hsphfpd_endpoint *endpoint)
{
	char path[HSPHFPD_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/audio%u", bus_object_path(endpoint->object),
		       endpoint->service->transports++);
	return bus_object_new(endpoint->service->bus, path, transport_interfaces, endpoint,
			      &endpoint->link.transport);
}

static bool append_rows(DBusMessageIter *dict, const struct bus_property *rows, size_t n,
			struct hsphfpd_endpoint *endpoint)
{
	for (size_t i = 0; i < n && rows[i].name; i++) {
		DBusMessageIter entry, value;

		if ((rows[i].get == get_nrec && endpoint->headset_profile) ||
		    (rows[i].get == get_rx_gain && endpoint->no_microphone_gain) ||
		    (rows[i].get == get_tx_gain && endpoint->no_speaker_gain))
			continue;
		if (!dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry) ||
		    !dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &rows[i].name) ||
		    !dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, rows[i].type,
						      &value) ||
		    rows[i].get(endpoint, &value) < 0 ||
		    !dbus_message_iter_close_container(&entry, &value) ||
		    !dbus_message_iter_close_container(dict, &entry))
			return false;
	}
	return true;
}

bool hsphfpd_transport_append(struct hsphfpd_endpoint *endpoint, DBusMessageIter *iter)
{
	DBusMessageIter dict;

	return dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
	       append_rows(&dict, transport_properties, SIZE_MAX, endpoint) &&
	       append_rows(&dict, endpoint_properties, ENDPOINT_CONSTANTS, endpoint) &&
	       dbus_message_iter_close_container(iter, &dict);
}

/* ---- endpoints ----------------------------------------------------------------------------- */

bool hsphfpd_endpoint_known(const struct hsphfpd *service, const struct hsphfpd_endpoint *endpoint)
{
	const struct hsphfpd_endpoint *each;

	spa_list_for_each (each, &service->endpoints, entry)
		if (each == endpoint)
			return true;
	return false;
}

static bool is_path_element(const char *text)
{
	if (!text || !*text || strlen(text) > 32)
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && *text != '_')
			return false;
	return true;
}

static uint8_t clamp_gain(uint8_t gain)
{
	return gain > GAIN_MAX ? GAIN_MAX : gain;
}

static void take_info(struct hsphfpd_endpoint *endpoint, const struct hsphfpd_endpoint_info *info)
{
	endpoint->remote = info->remote;
	endpoint->local = info->local;
	if (info->name && *info->name)
		(void)snprintf(endpoint->name, sizeof(endpoint->name), "%s", info->name);
	else
		route_device_to_address(info->remote, endpoint->name);
	if (info->version)
		(void)snprintf(endpoint->version, sizeof(endpoint->version), "%u.%u",
			       (unsigned int)info->version >> 8, info->version & 0xffu);
	endpoint->headset_profile = info->headset_profile;
	endpoint->msbc = info->msbc && !info->headset_profile;
	endpoint->speaker_gain = clamp_gain(info->speaker_gain);
	endpoint->microphone_gain = clamp_gain(info->microphone_gain);
	endpoint->features = info->headset_profile ? 0 : info->features;
	endpoint->battery_percent = info->battery_percent;
	endpoint->no_speaker_gain = info->no_speaker_gain;
	endpoint->no_microphone_gain = info->no_microphone_gain;
}

/* What nobody knows cannot go, so this is heard by those only who know it from before. */
static void tell_gone(struct hsphfpd *service, const char *path)
{
	static const char *const interfaces[] = { HSPHFPD_ENDPOINT_INTERFACE };
	const char *const *array = interfaces;
	DBusMessage *signal = dbus_message_new_signal("/", "org.freedesktop.DBus.ObjectManager",
						      "InterfacesRemoved");

	if (signal == NULL)
		return;
	if (dbus_message_append_args(signal, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_ARRAY,
				     DBUS_TYPE_STRING, &array, 1, DBUS_TYPE_INVALID))
		(void)bus_send(service->bus, signal, -1, NULL, NULL, NULL);
	else
		dbus_message_unref(signal);
}

int hsphfpd_endpoint_new(struct hsphfpd *service, const struct hsphfpd_endpoint_info *info,
			 void *user, struct hsphfpd_endpoint **ret)
{
	struct hsphfpd_endpoint *endpoint;
	char address[ROUTE_ADDRESS_SIZE], path[HSPHFPD_PATH_SIZE];
	int r;

	if (!info->remote || !is_path_element(info->adapter_name))
		return -EINVAL;
	if (service->n_endpoints == MAX_ENDPOINTS)
		return -ENOSPC;
	endpoint = calloc(1, sizeof(*endpoint));
	if (!endpoint)
		return -ENOMEM;
	endpoint->service = service;
	endpoint->user = user;
	endpoint->link.fd = -1;
	take_info(endpoint, info);

	route_device_to_address(info->remote, address);
	for (char *p = address; *p; p++)
		if (*p == ':')
			*p = '_';
	(void)snprintf(path, sizeof(path), "/org/hsphfpd/%s/dev_%s/%s", info->adapter_name, address,
		       info->headset_profile ? "hsp_hs" : "hfp_hf");
	if (info->fresh)
		tell_gone(service, path);
	/* announces it too, so all of it must be there */
	r = bus_object_new(service->bus, path,
			   info->headset_profile ? headset_interfaces : handsfree_interfaces,
			   endpoint, &endpoint->object);
	if (r < 0) {
		free(endpoint);
		return r;
	}
	spa_list_append(&service->endpoints, &endpoint->entry);
	service->n_endpoints++;
	*ret = endpoint;
	return 0;
}

struct hsphfpd_endpoint *hsphfpd_endpoint_free(struct hsphfpd_endpoint *endpoint)
{
	struct hsphfpd *service;

	if (!endpoint)
		return NULL;
	service = endpoint->service;
	/* first: PipeWire must have its answer before it forgets the endpoint, to which its pending
	 * call still points */
	hsphfpd_audio_abandon(endpoint);
	bus_object_free(endpoint->object);
	spa_list_remove(&endpoint->entry);
	service->n_endpoints--;
	free(endpoint);
	/* another headset may have waited for this one's link to close */
	(void)pw_loop_signal_event(service->loop, service->kick);
	return NULL;
}

void *hsphfpd_endpoint_user(struct hsphfpd_endpoint *endpoint)
{
	return endpoint->user;
}

void hsphfpd_endpoint_set_gains(struct hsphfpd_endpoint *endpoint, uint8_t speaker_gain,
				uint8_t microphone_gain)
{
	endpoint->speaker_gain = clamp_gain(speaker_gain);
	endpoint->microphone_gain = clamp_gain(microphone_gain);
}

void hsphfpd_endpoint_set_nrec(struct hsphfpd_endpoint *endpoint, bool on)
{
	if (!endpoint->headset_profile)
		endpoint->nrec_off = !on;
}

bool hsphfpd_endpoint_audio_up(const struct hsphfpd_endpoint *endpoint)
{
	return endpoint->link.was_up;
}
