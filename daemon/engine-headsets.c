/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The headsets: from bluetoothd's descriptors to the policy's devices, and what each is told of the
 * calls.
 */
#include "engine-internal.h"

#include "log.h"

#include "dbus/bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HFP_VERSION 0x0108
#define DEFAULT_GAIN 10

struct engine_device *engine_device(struct engine *engine, route_device device)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		if (engine->devices[i].device == device)
			return &engine->devices[i];
	}
	return NULL;
}

/* A headset that comes back is as loud as it was; a new one is neither silent nor at its loudest. */
static void recall_gains(const struct engine *engine, struct engine_device *entry)
{
	entry->speaker_gain = entry->microphone_gain = DEFAULT_GAIN;
	for (size_t i = 0; i < ENGINE_MAX_HEADSETS; i++) {
		if (engine->gains[i].device == entry->device) {
			entry->speaker_gain = engine->gains[i].speaker;
			entry->microphone_gain = engine->gains[i].microphone;
		}
	}
}

static void keep_gains(struct engine *engine, const struct engine_device *entry)
{
	struct engine_gains *gains = NULL;

	if (entry->headset == NULL)
		return;
	for (size_t i = 0; i < ENGINE_MAX_HEADSETS && gains == NULL; i++) {
		if (engine->gains[i].device == entry->device)
			gains = &engine->gains[i];
	}
	if (gains == NULL)
		gains = &engine->gains[engine->n_gains++ % ENGINE_MAX_HEADSETS];
	*gains =
		(struct engine_gains){ entry->device, entry->speaker_gain, entry->microphone_gain };
}

static struct engine_device *add_device(struct engine *engine, route_device device)
{
	struct engine_device *entry = engine_device(engine, device);

	if (entry != NULL)
		return entry;
	if (engine->n_devices == ENGINE_MAX_HEADSETS) {
		log_warning("more than %d Bluetooth devices, this one is left out",
			    ENGINE_MAX_HEADSETS);
		return NULL;
	}
	entry = &engine->devices[engine->n_devices++];
	*entry = (struct engine_device){
		.device = device,
		.battery_percent = -1,
	};
	recall_gains(engine, entry);
	return entry;
}

/* Closes what is open, tells the policy, and forgets the device. */
static void remove_device(struct engine *engine, struct engine_device *entry)
{
	route_device device = entry->device;
	struct headset *headset = entry->headset;
	struct hsphfpd_endpoint *endpoint = entry->endpoint;

	engine_voice_lost(engine, entry);
	engine_channel_closed(entry);
	keep_gains(engine, entry);
	engine->n_devices--;
	memmove(entry, entry + 1,
		(size_t)(&engine->devices[engine->n_devices] - entry) * sizeof(*entry));
	hsphfpd_endpoint_free(endpoint);
	headset_free(headset);
	if (engine->bluez != NULL)
		bluez_battery_set(engine->bluez, device, -1);
	(void)engine_event(engine,
			   &(struct policy_event){ .type = EVENT_DISCONNECT, .device = device });
	engine_settle(engine);
}

void engine_tell_connected(struct engine *engine, struct engine_device *entry, bool call_capable)
{
	const struct bluez_device *known =
		engine->bluez != NULL ? bluez_find(engine->bluez, entry->device) : NULL;
	struct policy_event event = {
		.type = EVENT_CONNECT,
		.device = entry->device,
		.kind = known != NULL ? known->kind : entry->kind,
		.call_capable = call_capable,
		.auto_route = true,
	};
	enum policy_outcome outcome;

	/* the policy knows a device in one form at a time */
	if (policy_device_mode(engine->policy, entry->device) != MODE_OFF)
		(void)engine_event(engine, &(struct policy_event){ .type = EVENT_DISCONNECT,
								   .device = entry->device });
	entry->call_capable = call_capable;
	outcome = engine_event(engine, &event);
	if (outcome != POLICY_OK)
		log_warning("a device is not taken: %s", policy_outcome_name(outcome));
}

/* ---- what headsets are told -------------------------------------------------------------------- */

static enum ag_call_state ag_state(const struct call *call, enum call_state state)
{
	switch (state) {
	case CALL_INCOMING:
		return AG_CALL_INCOMING;
	case CALL_DIALING:
		return call->info.alerting ? AG_CALL_ALERTING : AG_CALL_DIALING;
	case CALL_HELD:
		return AG_CALL_HELD;
	case CALL_ACTIVE:
	case CALL_ENDED:
		break;
	}
	return AG_CALL_ACTIVE;
}

/* A headset sees the managed calls, and what it dialled itself; another unmanaged one only while its
 * own sound link carries it and nothing else tells it of a call (X10). */
bool engine_shows_call(const struct engine *engine, const struct engine_device *entry,
		       const struct call *call)
{
	if (call->info.managed || call->info.from == entry->device)
		return true;
	return policy_decision(engine->policy)->present_call_to == entry->device &&
	       (entry->audio_wanted || entry->audio_up) &&
	       policy_call_state(engine->policy, call->id) == CALL_ACTIVE;
}

/* The party as a number, where it is one: "tel:" and "sip:" URIs lose their frame. */
static void copy_number(const char *party, char *ret, size_t n)
{
	const char *start = party;
	size_t length;

	if (strncmp(party, "tel:", 4) == 0)
		start = party + 4;
	else if (strncmp(party, "sip:", 4) == 0)
		start = party + 4;
	else if (strncmp(party, "sips:", 5) == 0)
		start = party + 5;
	length = strcspn(start, "@;");
	if (length >= n)
		length = n - 1;
	memcpy(ret, start, length);
	ret[length] = '\0';
}

void engine_show_calls(struct engine *engine)
{
	for (size_t d = 0; d < engine->n_devices; d++) {
		struct engine_device *entry = &engine->devices[d];
		struct ag_call calls[AG_MAX_CALLS];
		size_t n = 0;

		if (entry->headset == NULL)
			continue;
		for (size_t i = 0; i < engine->n_calls && n < AG_MAX_CALLS; i++) {
			const struct call *call = engine->calls[i];
			enum call_state state = policy_call_state(engine->policy, call->id);

			if (state == CALL_ENDED || !engine_shows_call(engine, entry, call))
				continue;
			calls[n] = (struct ag_call){
				.id = call->id,
				.state = ag_state(call, state),
				.incoming = call->info.incoming,
				.multiparty = engine_in_conference(engine, call),
			};
			copy_number(call->info.party, calls[n].number, sizeof(calls[n].number));
			snprintf(calls[n].name, sizeof(calls[n].name), "%.*s",
				 (int)sizeof(calls[n].name) - 1, call->info.name);
			n++;
		}
		ag_set_calls(headset_ag(entry->headset), calls, n, monotonic_ms());
	}
}

void engine_flush_headsets(struct engine *engine)
{
	struct headset *headsets[ENGINE_MAX_HEADSETS];
	size_t n = 0;

	for (size_t i = 0; i < engine->n_devices; i++) {
		if (engine->devices[i].headset != NULL)
			headsets[n++] = engine->devices[i].headset;
	}
	for (size_t i = 0; i < n; i++) {
		/* flushing one may have closed another */
		for (size_t k = 0; k < engine->n_devices; k++) {
			if (engine->devices[k].headset == headsets[i]) {
				headset_flush(headsets[i]);
				break;
			}
		}
	}
}

/* Connected, and not by its AT channel only. */
static bool plays_music(const struct engine *engine, route_device device)
{
	const struct bluez_device *known =
		engine->bluez != NULL ? bluez_find(engine->bluez, device) : NULL;

	return known != NULL && known->connected && known->audio_sink;
}

/* What is left of the device is its A2DP side, as on_device() has it. */
static void remove_channel(struct engine *engine, struct engine_device *entry)
{
	struct engine_device closed;

	engine_voice_lost(engine, entry);
	engine_channel_closed(entry);
	keep_gains(engine, entry);
	closed = *entry;
	*entry = (struct engine_device){
		.device = closed.device,
		.battery_percent = -1,
	};
	recall_gains(engine, entry);
	hsphfpd_endpoint_free(closed.endpoint);
	headset_free(closed.headset);
	bluez_battery_set(engine->bluez, closed.device, -1);
	engine_tell_connected(engine, entry, false);
	engine_settle(engine);
}

/** How long a headset that has just connected has for its hands-free channel, and bluetoothd, which now and
 * then fails to find the service at the first try, for a second one. */
#define CHANNEL_MS 6000u
#define CHANNEL_AGAIN_MS 30000u

uint64_t engine_ask_for_channels(struct engine *engine, uint64_t now_ms)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];

		if (entry->ask_ms == 0)
			continue;
		/* where another process has the profile, it is that one's to ask */
		if (entry->headset != NULL || engine->bluez == NULL ||
		    (now_ms >= entry->ask_ms && !bluez_ready(engine->bluez))) {
			entry->ask_ms = 0;
			continue;
		}
		if (now_ms >= entry->ask_ms) {
			log_info("a headset came without its hands-free channel, asking for it");
			bluez_connect_handsfree(engine->bluez, entry->device);
			entry->ask_ms = entry->asked ? 0 : now_ms + CHANNEL_AGAIN_MS;
			entry->asked = true;
		}
		if (entry->ask_ms != 0 && entry->ask_ms < next)
			next = entry->ask_ms;
	}
	return next;
}

static void on_headset_closed(void *data, struct headset *headset, const char *reason)
{
	struct engine *engine = data;
	struct engine_device *entry = engine_device(engine, headset_device(headset));

	log_info("a headset's channel is closed: %s", reason);
	if (entry == NULL || entry->headset != headset)
		return;
	if (plays_music(engine, entry->device))
		remove_channel(engine, entry);
	else
		remove_device(engine, entry);
}

static const struct headset_events headset_events = {
	.event = engine_headset_event,
	.closed = on_headset_closed,
};

/* ---- bluetoothd -------------------------------------------------------------------------------- */

/* For adapters that promise more than they keep. */
static bool wide_band_allowed(void)
{
	const char *text = getenv("CALLROUTE_WIDE_BAND");

	return text == NULL || strcmp(text, "off") != 0;
}

static struct ag_config gateway_config(enum bluez_profile profile, uint16_t version)
{
	return (struct ag_config){
		.profile = profile == BLUEZ_HSP ? AG_HSP : AG_HFP,
		.version = version,
		.wide_band_speech = profile == BLUEZ_HFP && wide_band_allowed(),
		/* who dials and who listens may come at any time: until then, each is an error */
		.can_dial = true,
		.voice_recognition = true,
		/* likewise, and a hands-free unit may take a gateway that does not list AT+CHLD=3 to
		 * have no three-way calls at all (PipeWire's does) */
		.conference = true,
		.operator_name = ENGINE_OPERATOR,
	};
}

int engine_take_channel(struct engine *engine, const struct engine_channel *channel)
{
	struct config_device configured = engine_configured(engine, channel->device);
	struct ag_config config = gateway_config(channel->profile, channel->version);
	struct engine_device *entry;
	int error;

	if (!configured.enabled) {
		log_info("a headset is refused, it is configured so");
		return -EPERM;
	}
	entry = add_device(engine, channel->device);
	if (entry == NULL)
		return -ENOSPC;
	if (entry->headset != NULL) {
		log_info("a second channel of a connected headset is refused");
		return -EBUSY;
	}
	config.quirks = configured.quirks;
	config.in_band_ring = configured.in_band_ring;
	config.own_number = config_own_number(engine->config);
	config.wide_band_speech = config.wide_band_speech && sco_wide_band(channel->adapter);
	error = headset_new(engine->loop, channel->fd, channel->device, &config, &headset_events,
			    engine, &entry->headset);
	if (error < 0) {
		log_error("a headset is not taken: %s", strerror(-error));
		return error;
	}
	entry->adapter = channel->adapter;
	entry->kind = channel->kind;
	entry->resumed = channel->agreed != NULL;
	entry->version = channel->version;
	entry->quirks = config.quirks;
	entry->in_band_ring = config.in_band_ring;
	engine_listen(engine, channel->adapter);
	ag_trace(headset_ag(entry->headset), true);
	if (channel->agreed != NULL &&
	    !ag_resume(headset_ag(entry->headset), channel->agreed, monotonic_ms()))
		log_warning("what was agreed with a headset is not understood");
	engine_tell_status(engine, entry->headset);
	headset_start(entry->headset);
	engine_settle(engine);
	return 0;
}

static void on_connection(void *data, const struct bluez_device *device, enum bluez_profile profile,
			  int fd, uint16_t version, uint16_t features)
{
	const struct engine_channel channel = {
		.device = device->device,
		.adapter = device->adapter,
		.kind = device->kind,
		.profile = profile,
		.version = version,
		.fd = fd,
	};

	(void)features;
	if (engine_take_channel(data, &channel) < 0)
		close(fd);
}

/* A device without a hands-free service, or whose channel is not up, is there for A2DP only. */
static void on_device(void *data, const struct bluez_device *device)
{
	struct engine *engine = data;
	struct engine_device *entry = engine_device(engine, device->device);

	if (!device->connected) {
		if (entry != NULL)
			remove_device(engine, entry);
		return;
	}
	if (entry == NULL && device->audio_sink &&
	    engine_configured(engine, device->device).enabled) {
		entry = add_device(engine, device->device);
		if (entry != NULL && device->handsfree)
			entry->ask_ms = monotonic_ms() + CHANNEL_MS;
		if (entry != NULL)
			engine_tell_connected(engine, entry, false);
	}
	/* it kept its channel while the system bus was away */
	if (entry != NULL && entry->headset != NULL && ag_slc_up(headset_ag(entry->headset))) {
		engine_endpoint_new(engine, entry);
		bluez_battery_set(engine->bluez, entry->device, entry->battery_percent);
	}
}

/* A restart of bluetoothd takes every device away, but not the channels that it handed out: those
 * end by themselves when their link does. */
static void on_device_gone(void *data, const struct bluez_device *device)
{
	struct engine *engine = data;
	struct engine_device *entry = engine_device(engine, device->device);

	if (entry != NULL && entry->headset == NULL)
		remove_device(engine, entry);
}

static void on_disconnection(void *data, const struct bluez_device *device,
			     enum bluez_profile profile)
{
	struct engine *engine = data;
	struct engine_device *entry = engine_device(engine, device->device);
	enum ag_profile ours = profile == BLUEZ_HSP ? AG_HSP : AG_HFP;

	if (entry != NULL && entry->headset != NULL && headset_profile(entry->headset) == ours)
		on_headset_closed(engine, entry->headset, "bluetoothd asks for it");
}

static const struct bluez_events bluez_events = {
	.device = on_device,
	.device_gone = on_device_gone,
	.connection = on_connection,
	.disconnection = on_disconnection,
};

/* ---- the system bus ---------------------------------------------------------------------------- */

static struct ag_config record_config(const struct engine *engine)
{
	struct ag_config config = gateway_config(BLUEZ_HFP, 0);

	config.in_band_ring = config_rings_in_band(engine->config);
	return config;
}

int engine_system_bus(struct engine *engine, struct bus *bus)
{
	/* One record for all adapters, so it promises what any of them may keep; +BRSF, which counts,
	 * is each adapter's own. */
	const struct ag_config config = record_config(engine);
	const struct bluez_options options = {
		.hfp_version = HFP_VERSION,
		.hfp_features = ag_sdp_features(&config),
		.only_follow = !config_is_gateway(engine->config),
		.loop = engine->loop,
	};
	int error = 0;

	/* the sound of headsets, which there are none of without the profiles */
	if (options.only_follow)
		log_info("not a gateway of headsets, as is configured");
	else
		error = hsphfpd_new(bus, engine->loop, &engine_audio_events, engine,
				    &engine->hsphfpd);
	if (error < 0)
		return error;
	error = bluez_new(bus, &options, &bluez_events, engine, &engine->bluez);
	if (error < 0)
		engine->hsphfpd = hsphfpd_free(engine->hsphfpd);
	else
		engine_status_begin(engine, bus);
	return error;
}

void engine_system_bus_lost(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_devices; i++)
		engine->devices[i].endpoint = hsphfpd_endpoint_free(engine->devices[i].endpoint);
	engine_status_end(engine);
	engine->bluez = bluez_free(engine->bluez);
	engine->hsphfpd = hsphfpd_free(engine->hsphfpd);
	engine_listen_no_more(engine);
}

void engine_free_headsets(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		hsphfpd_endpoint_free(engine->devices[i].endpoint);
		headset_free(engine->devices[i].headset);
	}
	engine->n_devices = 0;
}
