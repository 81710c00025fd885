/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The table. A prefix of an address is its maker's, or a part of what the maker has made.
 */
#include "daemon/hfp/quirks.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define ANDROID "Android, interop_database.conf: "
#define PIPEWIRE "PipeWire, bluez-hardware.conf: "
#define GAINS (QUIRK_NO_SPEAKER_GAIN | QUIRK_NO_MICROPHONE_GAIN)

/* clang-format off */
static const struct quirk_row rows[] = {
	{ NULL, "00:08:8A", QUIRK_NO_CODECS, ANDROID "M12" },
	{ NULL, "55:55:55", QUIRK_NO_CODECS, ANDROID "HAVIT I39" },
	{ "Jabra EASYGO", NULL, QUIRK_NO_CODECS, ANDROID "Jabra EASYGO" },
	{ "LG HBS F110", NULL, QUIRK_NO_CODECS, ANDROID "LG HBS F110" },

	{ NULL, "98:7B:F3", QUIRK_NO_INDICATORS, ANDROID "has the feature bit, and is 1.5" },
	{ NULL, "94:B2:CC:30", QUIRK_NO_INDICATORS, ANDROID "AT+BIND is missing" },

	{ NULL, "00:15:83", QUIRK_SETUP_AGAIN, ANDROID "Beiqi car kit" },
	{ NULL, "2A:EB:00", QUIRK_SETUP_AGAIN, ANDROID "BIAC car kit" },
	{ NULL, "30:53:00", QUIRK_SETUP_AGAIN, ANDROID "BIAC series" },
	{ NULL, "00:17:53", QUIRK_SETUP_AGAIN, ANDROID "ADAYO car kit" },
	{ NULL, "40:EF:4C", QUIRK_SETUP_AGAIN, ANDROID "Road Rover car kit" },
	{ NULL, "00:07:04", QUIRK_SETUP_AGAIN, ANDROID "Tiguan RNS315" },
	{ NULL, "18:48:CA", QUIRK_SETUP_AGAIN, ANDROID "18:48:CA" },

	{ NULL, "04:52:C7", QUIRK_DROPS_ONCE, ANDROID "Bose Mini II" },
	{ "Honda HFT", NULL, QUIRK_DROPS_ONCE, ANDROID "Honda HFT" },
	{ "HAVAL M6", NULL, QUIRK_DROPS_ONCE, ANDROID "HAVAL M6" },

	{ NULL, "00:09:93", QUIRK_PAUSE, ANDROID "VW Radio" },

	{ "Air 1 Plus", NULL, QUIRK_NO_MICROPHONE_GAIN, PIPEWIRE "hw-volume-mic" },
	{ "Audio Pro_A26", "7C:96:D2", GAINS, PIPEWIRE "does not remember it" },
	{ "BAA 100", NULL, GAINS, PIPEWIRE "Buxton, does not remember it" },
	{ "D50s", "00:13:EF", GAINS, PIPEWIRE "has no effect" },
	{ "Rockbox Brick", NULL, GAINS, PIPEWIRE "Rockbox Brick" },
	{ "Soundcore Motion B", NULL, GAINS, PIPEWIRE "Soundcore Motion B" },
	{ "SoundCore mini", NULL, GAINS, PIPEWIRE "SoundCore mini" },
	{ "SoundCore mini2", NULL, GAINS, PIPEWIRE "SoundCore mini2" },
	{ "Tribit MAXSound Plus", NULL, GAINS, PIPEWIRE "Tribit MAXSound Plus" },
	{ "WorkTunes Connect", NULL, GAINS, PIPEWIRE "3M WorkTunes Connect" },
	{ NULL, "94:16:25", GAINS, PIPEWIRE "AirPods 2" },
	{ NULL, "9C:64:8B", GAINS, PIPEWIRE "AirPods 2" },
	{ NULL, "A0:E9:DB", GAINS, PIPEWIRE "Ausdom M05, LG Tone HV-800" },
	{ NULL, "0C:A6:94", GAINS, PIPEWIRE "deepblue2" },
	{ NULL, "00:14:02", GAINS, PIPEWIRE "iKross IKBT83B HS" },
	{ NULL, "44:5E:F3", GAINS, PIPEWIRE "JayBird BlueBuds X" },
	{ NULL, "D4:9C:28", GAINS, PIPEWIRE "JayBird BlueBuds X" },
	{ NULL, "00:18:6B", GAINS, PIPEWIRE "LG Tone HBS-730" },
	{ NULL, "B8:AD:3E", GAINS, PIPEWIRE "LG Tone HBS-730" },
	{ NULL, "00:24:1C", GAINS, PIPEWIRE "Motorola Roadster" },
	{ NULL, "00:11:B1", GAINS, PIPEWIRE "Mpow Cheetah" },
	{ NULL, "A4:15:66", GAINS, PIPEWIRE "SOL REPUBLIC Tracks Air" },
	{ NULL, "00:14:F1", GAINS, PIPEWIRE "Swage Rokitboost HS" },
	{ NULL, "00:26:7E", GAINS, PIPEWIRE "VW Car Kit" },
	{ NULL, "90:03:B7", GAINS, PIPEWIRE "VW Car Kit" },
};
/* clang-format on */

const struct quirk_row *quirk_rows(size_t *ret_n)
{
	*ret_n = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

unsigned int quirks_of(const char *name, const char *address)
{
	unsigned int quirks = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct quirk_row *row = &rows[i];

		if (row->name && (!name || strcmp(row->name, name) != 0))
			continue;
		if (row->address && strncasecmp(row->address, address, strlen(row->address)) != 0)
			continue;
		quirks |= row->quirks;
	}
	return quirks;
}

int quirks_from_string(const char *text, unsigned int *ret)
{
	static const struct {
		const char *name;
		enum quirk quirk;
	} names[] = {
		{ "no-codecs", QUIRK_NO_CODECS },
		{ "no-indicators", QUIRK_NO_INDICATORS },
		{ "no-speaker-gain", QUIRK_NO_SPEAKER_GAIN },
		{ "no-microphone-gain", QUIRK_NO_MICROPHONE_GAIN },
		{ "setup-again", QUIRK_SETUP_AGAIN },
		{ "drops-once", QUIRK_DROPS_ONCE },
		{ "pause", QUIRK_PAUSE },
	};
	static const char separators[] = ", \t";
	unsigned int quirks = 0;

	if (strcmp(text, "none") == 0) {
		*ret = 0;
		return 0;
	}
	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		size_t n = strcspn(text, separators), i = 0;

		while (i < sizeof(names) / sizeof(names[0]) &&
		       (strlen(names[i].name) != n || strncmp(names[i].name, text, n) != 0))
			i++;
		if (i == sizeof(names) / sizeof(names[0]))
			return -EINVAL;
		quirks |= (unsigned int)names[i].quirk;
		text += n;
	}
	if (!quirks)
		return -EINVAL;
	*ret = quirks;
	return 0;
}
