/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What must hold of a gateway at any time, whatever happened to it: its own bounds, which are looked
 * at from inside, and the values of its events.
 */
#ifndef CALLROUTE_TESTS_FUZZ_CHECKS_H
#define CALLROUTE_TESTS_FUZZ_CHECKS_H

#include "fuzz.h"

#include "daemon/hfp/ag-private.h"

#include <string.h>

/** The sanitizers do not see a field overflow into its neighbour. */
static inline void check_bounds(const struct ag *ag)
{
	size_t queued = 0;

	CHECK(ag->n_output <= AG_OUTPUT_SIZE);
	CHECK(ag->n_events <= AG_MAX_EVENTS && ag->first_event < AG_MAX_EVENTS);
	CHECK(ag->n_queued <= AG_QUEUE_LINES && ag->n_dropped <= AG_MAX_DROPPED);
	for (unsigned int i = 0; i < ag->n_queued; i++)
		queued += ag->queued[i].n;
	CHECK(queued == ag->queue_bytes && queued <= AG_QUEUE_SIZE);
	CHECK(ag->framer.n <= AT_MAX_LINE && ag->line.n <= AT_MAX_LINE);
	CHECK(memchr(ag->dtmf, '\0', sizeof(ag->dtmf)));
	CHECK(memchr(ag->operator_name, '\0', sizeof(ag->operator_name)));
	for (int i = 0; i < AG_MAX_CALLS; i++) {
		CHECK(memchr(ag->slots[i].call.number, '\0', AG_NUMBER_SIZE));
		CHECK(memchr(ag->slots[i].call.name, '\0', AG_NAME_SIZE));
	}
	CHECK((ag_codecs(ag) & 1u << AG_CODEC_CVSD) && ag_codecs(ag) < 1u << 4);
}

/** What each event may carry (ag.h). */
static inline void check_event_values(const struct ag_event *event)
{
	CHECK(memchr(event->text, '\0', AG_TEXT_SIZE));
	switch (event->type) {
	case AG_EVENT_CHLD:
		CHECK(event->value <= 3);
		break;
	case AG_EVENT_DIAL:
		CHECK(strlen(event->text) > 0 && strlen(event->text) <= 80);
		CHECK(strspn(event->text, "0123456789*#+ABCDPWabcdpw,") == strlen(event->text));
		break;
	case AG_EVENT_DIAL_MEMORY:
		CHECK(strlen(event->text) > 0 && strlen(event->text) <= 5);
		CHECK(strspn(event->text, "0123456789") == strlen(event->text));
		break;
	case AG_EVENT_DTMF:
		CHECK(strlen(event->text) == 1 && strchr("0123456789*#ABCD", event->text[0]));
		break;
	case AG_EVENT_SPEAKER_GAIN:
	case AG_EVENT_MICROPHONE_GAIN:
		CHECK(event->value <= 15);
		break;
	case AG_EVENT_BATTERY:
		CHECK(event->value <= 100);
		break;
	case AG_EVENT_CODEC:
		CHECK(event->value <= AG_CODEC_MSBC);
		break;
	case AG_EVENT_CODECS:
		CHECK((event->value & ~0xeu) == 0);
		break;
	case AG_EVENT_VOICE:
	case AG_EVENT_MUTE:
	case AG_EVENT_LINE:
		CHECK(event->value <= 1);
		break;
	case AG_EVENT_ANSWER:
	case AG_EVENT_HANGUP:
	case AG_EVENT_SLC:
	case AG_EVENT_REDIAL:
	case AG_EVENT_BUTTON:
	case AG_EVENT_AUDIO:
	case AG_EVENT_NOISE_REDUCTION_OFF:
		break;
	}
}

#endif
