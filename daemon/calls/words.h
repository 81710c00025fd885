/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A call in the words of oFono, which PipeWire's telephony and bluetoothd have taken over: the properties
 * State, LineIdentification and Name. And the phone that an object of theirs belongs to, by its path.
 *
 * Sources: oFono doc/voicecall-api.txt; BlueZ doc/org.bluez.Call.rst.
 *
 * May be used by: daemon/calls/.
 */
#ifndef CALLROUTE_CALLS_WORDS_H
#define CALLROUTE_CALLS_WORDS_H

#include "line.h"

struct words {
	bool incoming; /* it was once */
	char state[24];
	char number[CALL_PARTY_SIZE];
	char name[CALL_PARTY_SIZE];
};

/** For bus_read_dict(), with a struct words as @data; other properties are passed over. Returns 0. */
int words_read(void *data, const char *key, DBusMessageIter *value);
/** @ret borrows the texts of @words. A state that is not known is none. */
void words_told(struct words *words, struct line_told *ret);

/** The device in "…/dev_AA_BB_CC_DD_EE_FF", perhaps with objects below it; 0 for none. */
route_device words_phone(const char *path);

#endif
