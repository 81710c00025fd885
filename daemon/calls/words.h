/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A call in the words of oFono, which PipeWire's telephony and bluetoothd have taken over: the properties
 * State, LineIdentification and Name, and the methods. And the phone that an object of theirs belongs to, by
 * its path.
 *
 * Sources: oFono doc/voicecall-api.txt; BlueZ doc/org.bluez.Call.rst.
 *
 * May be used by: daemon/calls/.
 */
#ifndef CALLROUTE_CALLS_WORDS_H
#define CALLROUTE_CALLS_WORDS_H

#include "line.h"

/** Rows for each enum line_verb, of an interface for calls and one for what has them. */
#define WORDS_METHODS(call, line)                                                \
	{                                                                        \
		[LINE_ANSWER] = { call, "Answer", true },                        \
		[LINE_HANGUP] = { call, "Hangup", true },                        \
		[LINE_HOLD_AND_ANSWER] = { line, "HoldAndAnswer", false },       \
		[LINE_SWAP] = { line, "SwapCalls", false },                      \
		[LINE_RELEASE_AND_ANSWER] = { line, "ReleaseAndAnswer", false }, \
		[LINE_RELEASE_AND_SWAP] = { line, "ReleaseAndSwap", false },     \
		[LINE_JOIN] = { line, "CreateMultiparty", false },               \
		[LINE_TONES] = { line, "SendTones", false },                     \
	}

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
