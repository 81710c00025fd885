/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What an administrator or a user configures: callroute.conf, in PipeWire's own format (SPA-JSON).
 *
 *     endpoints = [
 *       { match = { node.name = "~alsa_output.*hw_L5.*" } endpoint = handset }
 *       { match = { node.name = "hdmi" } endpoint = none }
 *     ]
 *     devices = [
 *       { match = { device.address = "AA:BB:CC:DD:EE:FF" } auto-route = false kind = speaker }
 *     ]
 *     programs = [
 *       { match = { application.process.binary = "chromium" } calls = true }
 *     ]
 *     bluetooth = { gateway = true }
 *     calls = { baresip = false }
 *     memory = { 1 = "tel:+4930123456" own = "+49301" }
 *     timeouts = { request-ms = 5000 }
 *
 * The file is the first callroute.conf of $XDG_CONFIG_HOME/callroute (or ~/.config/callroute),
 * /etc/callroute and /usr/share/callroute; the drop-ins are callroute.conf.d/NAME.conf of all
 * three, in the order of their names, where a NAME of the first folder hides that of the next. With
 * CALLROUTE_CONFIG_DIR in the environment, that folder is the only one. What comes later in this
 * order goes before what came earlier. An unknown key or a bad value is a complaint with file, key
 * and what was expected; the rest is used. A file whose brackets and quotes do not match is not
 * used at all.
 *
 * May be used by: daemon/, ctl/. May use: libpipewire's loader. Does not log: who loads does.
 */
#ifndef CALLROUTE_CONFIG_H
#define CALLROUTE_CONFIG_H

#include "policy/policy.h"

#include <stdbool.h>

struct config;
struct spa_dict;

#define CONFIG_MAX_ENDPOINTS 64
#define CONFIG_MAX_DEVICES 256
#define CONFIG_MAX_PROGRAMS 64
#define CONFIG_MEMORY 9

/** What is wrong in a file, as "FILE: KEY: expected WHAT"; @line borrowed for the call. */
typedef void (*config_complain_fn)(void *data, const char *line);

/**
 * config_load() - read the files; without any, the result is empty and that is no error
 * @complain: may be NULL
 * Return: 0 or -ENOMEM.
 */
int config_load(config_complain_fn complain, void *data, struct config **ret);

/**
 * config_load_file() - read this file alone
 * Return: 0, -ENOMEM, or another -errno where it cannot be read, which is a complaint too.
 */
int config_load_file(const char *path, config_complain_fn complain, void *data,
		     struct config **ret);

/** NULL-safe; returns NULL. */
struct config *config_free(struct config *config);

/**
 * config_endpoint() - what a node with these properties is configured to be
 * @config: NULL means that nothing is configured
 * @ret:    kinds, as 1u << enum route_kind; 0 for "none": the node is no endpoint
 * Return: false where no rule matches; @ret is not written then.
 */
bool config_endpoint(const struct config *config, const struct spa_dict *props, unsigned int *ret);

/**
 * config_kinds_from_string() - "handset", "speaker", "wired-headset" or "wired", several of them
 * with commas or spaces between, or "none" alone
 * Return: 0, or -EINVAL; @ret is written on success only.
 */
int config_kinds_from_string(const char *text, unsigned int *ret);

enum config_codec {
	CODEC_AUTO, /* mSBC where both sides can, until it fails */
	CODEC_CVSD,
	CODEC_MSBC, /* as auto, against another entry that says cvsd */
};

/** What is configured of a Bluetooth device; what is not stays as here. */
struct config_device {
	bool enabled;          /* true: it may connect */
	bool auto_route;       /* true: X1 */
	bool mute_by_gain;     /* a microphone gain of 0 is its mute key */
	bool in_band_ring;     /* the ring tone comes by its sound link */
	bool has_kind;         /* false: bluetoothd tells */
	enum device_kind kind; /* where has_kind */
	enum config_codec codec;
	bool has_quirks;     /* false: what is known of such devices (hfp/quirks.h) */
	unsigned int quirks; /* where has_quirks */
};

/**
 * config_device() - of several entries that match, each option is that of the one read last
 * @config: NULL means that nothing is configured
 * @name:   the device's, or NULL where it has none
 */
void config_device(const struct config *config, route_device device, const char *name,
		   struct config_device *ret);

/** Whether any device may be one with in_band_ring: the service record is for all. */
bool config_rings_in_band(const struct config *config);

/** config_is_gateway() - headsets may connect; true unless it is switched off. @config may be NULL */
bool config_is_gateway(const struct config *config);

/** Is any program configured? */
bool config_has_programs(const struct config *config);

/** What the streams of a program are. */
enum config_program {
	PROGRAM_NO_CALL,
	PROGRAM_CALLS, /* a call's, whenever it records and plays */
	PROGRAM_MODEM, /* the sound of the modem, which it carries between two sound cards */
};

/**
 * config_program() - what the streams of this program are configured to be
 * @config: NULL means that nothing is configured
 * @props:  of a stream, and what its client's adds
 * Return: false where no entry matches; @ret is not written then.
 */
bool config_program(const struct config *config, const struct spa_dict *props,
		    enum config_program *ret);

/**
 * config_memory() - what a headset dials by a number of the memory, or NULL
 * @number: 1 to CONFIG_MEMORY; others are never there
 */
const char *config_memory(const struct config *config, unsigned int number);

/** config_own_number() - this machine's own, for headsets that ask; NULL where nobody said */
const char *config_own_number(const struct config *config);

/** Programs whose calls are followed. */
enum config_source {
	SOURCE_GNOME_CALLS,
	SOURCE_BARESIP,
	SOURCE_BY_SOUND, /* programs that tell nobody, by their streams */
	SOURCE_CALLAUDIO,
	SOURCE_MODEM,
	SOURCE_OFONO,
	SOURCE_PIPEWIRE,
	SOURCE_BLUEZ,
	CONFIG_SOURCES,
};

/** config_follows() - true unless it is switched off. @config: NULL means that nothing is configured */
bool config_follows(const struct config *config, enum config_source source);
/** config_insists() - it is switched on in so many words */
bool config_insists(const struct config *config, enum config_source source);

struct config_timeouts {
	uint32_t request_ms; /* for a route to be in force that somebody asked for */
	uint32_t retry_ms;   /* for PipeWire to follow, before it is asked again */
	uint32_t
		sco_close_ms; /* after a closed sound link, before it counts as the headset's act */
	uint32_t pipewire_ms; /* for PipeWire to be there, before the daemon is ready without */
};

/** @config: NULL gives the defaults. */
void config_timeouts(const struct config *config, struct config_timeouts *ret);

#endif
