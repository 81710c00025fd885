/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A headset's view of what the gateway writes: result codes in their frame (HFP 1.8 §4.34.1), how
 * many of them end a command, and the indicators as last told. Shares no code with the gateway.
 */
#ifndef CALLROUTE_TESTS_FUZZ_RESULT_H
#define CALLROUTE_TESTS_FUZZ_RESULT_H

#include "fuzz.h"

#include "daemon/hfp/ag.h"

#include <string.h>

#define N_INDICATORS 7

struct results {
	unsigned int finals;
	unsigned int oks;   /* among the finals */
	unsigned int codes; /* that are not final */
	unsigned int rings;
	unsigned int listed; /* +CLCC */
	bool setup_again;    /* QUIRK_SETUP_AGAIN */
	bool told;           /* by +CIND, so that .indicator holds */
	unsigned int indicator[N_INDICATORS];
	size_t n; /* of a result that is not complete yet */
	char text[260];
};

static inline bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static inline void results_line(struct results *results, const char *text)
{
	unsigned int *v = results->indicator, index, value;

	if (strcmp(text, "OK") == 0 || strcmp(text, "ERROR") == 0 || begins(text, "+CME ERROR: ")) {
		results->finals++;
		results->oks += text[0] == 'O';
		return;
	}
	results->codes++;
	results->rings += strcmp(text, "RING") == 0;
	results->listed += begins(text, "+CLCC: ");
	if (sscanf(text, "+CIND: %u,%u,%u,%u,%u,%u,%u", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
		   &v[6]) == N_INDICATORS)
		results->told = true;
	if (sscanf(text, "+CIEV: %u,%u", &index, &value) == 2) {
		CHECK(index >= 1 && index <= N_INDICATORS);
		/* §4.2: only on change, but for callheld, which a swap repeats, and a waiting call
		 * for those that have forgotten it. */
		CHECK(!results->told || v[index - 1] != value || (index == 4 && value == 1) ||
		      (index == 3 && value == 1 && results->setup_again));
		v[index - 1] = value;
	}
}

/** Bytes in any cut; each result is CR LF text CR LF, and text is printable. */
static inline void results_take(struct results *results, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *text = results->text;

		CHECK(results->n < sizeof(results->text) - 1);
		text[results->n++] = bytes[i];
		CHECK(results->n != 1 || text[0] == '\r');
		CHECK(results->n != 2 || text[1] == '\n');
		if (results->n <= 2)
			continue;
		if (bytes[i] != '\n') {
			CHECK(bytes[i] == '\r' ||
			      ((unsigned char)bytes[i] >= ' ' && bytes[i] != 0x7f));
			continue;
		}
		CHECK(results->n > 4 && text[results->n - 2] == '\r');
		text[results->n - 2] = '\0';
		CHECK(!strchr(text + 2, '\r'));
		results_line(results, text + 2);
		results->n = 0;
	}
}

/** Whether the gateway waits for ag_finish() after this event (ag.h). */
static inline bool event_asks(enum ag_event_type type)
{
	switch (type) {
	case AG_EVENT_ANSWER:
	case AG_EVENT_HANGUP:
	case AG_EVENT_DIAL:
	case AG_EVENT_DIAL_MEMORY:
	case AG_EVENT_REDIAL:
	case AG_EVENT_CHLD:
	case AG_EVENT_DTMF:
	case AG_EVENT_AUDIO:
	case AG_EVENT_VOICE:
	case AG_EVENT_NOISE_REDUCTION_OFF:
		return true;
	case AG_EVENT_SLC:
	case AG_EVENT_BUTTON:
	case AG_EVENT_SPEAKER_GAIN:
	case AG_EVENT_MICROPHONE_GAIN:
	case AG_EVENT_CODECS:
	case AG_EVENT_CODEC:
	case AG_EVENT_BATTERY:
	case AG_EVENT_LINE:
	case AG_EVENT_MUTE:
		return false;
	}
	return false;
}

#endif
