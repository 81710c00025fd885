/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Headsets that do not do as they say, known by name or address, and what is done about each. Only
 * what the gateway would get wrong otherwise is here: what it does for every headset (one ERROR a
 * line, +CIEV before the link, a limit for +BCS) needs no row.
 *
 * May be used by: daemon/, tests/. May not use: anything but the C library's pure parts.
 */
#ifndef CALLROUTE_QUIRKS_H
#define CALLROUTE_QUIRKS_H

#include <stddef.h>
#include <stdint.h>

enum quirk {
	QUIRK_NO_CODECS = 1 << 0,       /* takes too long to answer +BCS: CVSD, without asking */
	QUIRK_NO_INDICATORS = 1 << 1,   /* promises AT+BIND, and never sends it or speaks HFP 1.5 */
	QUIRK_NO_SPEAKER_GAIN = 1 << 2, /* its volume has no effect, or is forgotten: not used */
	QUIRK_NO_MICROPHONE_GAIN = 1 << 3, /* likewise */
	QUIRK_SETUP_AGAIN =
		1 << 4, /* when the active call ends, it has forgotten the one that waits */
	QUIRK_DROPS_ONCE = 1 << 5, /* closes a sound link that it has just taken: open it again */
	QUIRK_PAUSE =
		1 << 6, /* silent where the link comes at once behind the news of a call that is
	                       * dialled: a pause between the two */
};

/** A row of the table. */
struct quirk_row {
	const char *name;    /* the device's whole name, or NULL for any */
	const char *address; /* the beginning of its address, capitals, or NULL for any */
	unsigned int quirks; /* bits of enum quirk */
	const char *source;
};
const struct quirk_row *quirk_rows(size_t *ret_n);

/**
 * quirks_of() - all that is known of a device
 * @name:    as bluetoothd has it; NULL where unknown
 * @address: "AA:BB:CC:DD:EE:FF"
 */
unsigned int quirks_of(const char *name, const char *address);

/**
 * quirks_from_string() - names with commas or blanks between, "none" alone for 0: "no-codecs",
 * "no-indicators", "no-speaker-gain", "no-microphone-gain", "setup-again", "drops-once", "pause"
 * Return: 0, or -EINVAL; @ret is written on success only.
 */
int quirks_from_string(const char *text, unsigned int *ret);

#endif
