/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the headset is told of calls: the indicators call, callsetup and callheld, RING with +CLIP,
 * and +CCWA. HFP 1.8 §4.10, §4.13, §4.21 to §4.23.
 *
 * The model: slots hold the calls as last stated by the caller; everything else is computed from
 * them. One ringing call, with nothing else going on, is incoming and rings; any other ringing
 * call is waiting.
 */
#include "daemon/hfp/ag-private.h"

#include <string.h>
#include <strings.h>

static bool rings(const struct ag_call *call)
{
	return call->state == AG_CALL_INCOMING || call->state == AG_CALL_WAITING;
}

static bool any(const struct ag *ag, enum ag_call_state state)
{
	for (size_t i = 0; i < AG_MAX_CALLS; i++) {
		if (ag->slots[i].used && ag->slots[i].call.state == state)
			return true;
	}
	return false;
}

static bool dialing(const struct ag *ag)
{
	return any(ag, AG_CALL_DIALING) || any(ag, AG_CALL_ALERTING);
}

static bool any_rings(const struct ag *ag)
{
	return any(ag, AG_CALL_INCOMING) || any(ag, AG_CALL_WAITING);
}

const struct ag_call *ag_calls_incoming(const struct ag *ag)
{
	const struct ag_slot *first = NULL;

	if (any(ag, AG_CALL_ACTIVE) || any(ag, AG_CALL_HELD) || dialing(ag))
		return NULL;

	for (size_t i = 0; i < AG_MAX_CALLS; i++) {
		const struct ag_slot *slot = &ag->slots[i];

		if (slot->used && rings(&slot->call) && (!first || slot->arrival < first->arrival))
			first = slot;
	}
	return first ? &first->call : NULL;
}

enum ag_situation ag_calls_situation(const struct ag *ag)
{
	bool waits = any_rings(ag);
	bool held = any(ag, AG_CALL_HELD);

	if (dialing(ag))
		return SITUATION_DIALING;
	if (any(ag, AG_CALL_ACTIVE)) {
		if (waits)
			return SITUATION_ACTIVE_WAITING;
		return held ? SITUATION_ACTIVE_HELD : SITUATION_ACTIVE;
	}
	if (held)
		return waits ? SITUATION_HELD_WAITING : SITUATION_HELD;
	return waits ? SITUATION_INCOMING : SITUATION_IDLE;
}

const struct ag_call *ag_calls_at(const struct ag *ag, uint32_t index)
{
	if (index < 1 || index > AG_MAX_CALLS || !ag->slots[index - 1].used)
		return NULL;
	return &ag->slots[index - 1].call;
}

const struct ag_call *ag_calls_to_end(const struct ag *ag)
{
	static const enum ag_call_state order[] = {
		AG_CALL_ACTIVE,   AG_CALL_DIALING, AG_CALL_ALERTING,
		AG_CALL_INCOMING, AG_CALL_WAITING,
	};

	/* Of several that ring, the one that RING is about. */
	if (ag_calls_incoming(ag))
		return ag_calls_incoming(ag);

	for (size_t o = 0; o < sizeof(order) / sizeof(order[0]); o++) {
		for (size_t i = 0; i < AG_MAX_CALLS; i++) {
			if (ag->slots[i].used && ag->slots[i].call.state == order[o])
				return &ag->slots[i].call;
		}
	}
	return NULL;
}

uint8_t ag_calls_indicator(const struct ag *ag, enum ag_indicator indicator)
{
	bool active = any(ag, AG_CALL_ACTIVE);
	bool held = any(ag, AG_CALL_HELD);

	if (indicator == IND_CALL)
		return active || held;
	if (indicator == IND_CALLHELD)
		return held ? (active ? 1 : 2) : 0;

	if (any(ag, AG_CALL_ALERTING))
		return 3;
	if (any(ag, AG_CALL_DIALING))
		return 2;
	return any_rings(ag);
}

/* ---- telling ------------------------------------------------------------------------------ */

static void tell_waiting(struct ag *ag)
{
	const struct ag_call *incoming = ag_calls_incoming(ag);
	char number[AG_NUMBER_SIZE], name[AG_NAME_SIZE];

	for (size_t i = 0; i < AG_MAX_CALLS && ag->ccwa; i++) {
		struct ag_slot *slot = &ag->slots[i];

		if (!slot->used || !rings(&slot->call) || slot->announced ||
		    &slot->call == incoming)
			continue;
		slot->announced = true;
		ag_party_number(slot->call.number, number);
		ag_party_name(&slot->call, name);
		if (name[0])
			ag_send(ag, "+CCWA: \"%s\",%d,1,\"%s\"", number,
				ag_party_number_type(number), name);
		else
			ag_send(ag, "+CCWA: \"%s\",%d", number, ag_party_number_type(number));
	}
}

static void tell_held(struct ag *ag)
{
	uint8_t value = ag_calls_indicator(ag, IND_CALLHELD);

	/* §4.22.2: a swap changes nothing in the value, and is told all the same. */
	if (ag->swapped && ag->reports && value == 1 && ag->known[IND_CALLHELD] == 1)
		ag_send(ag, "+CIEV: %d,1", IND_CALLHELD + 1);
	if (ag->swapped || value != ag->known[IND_CALLHELD])
		ag->swap_deadline = UINT64_MAX;
	ag->swapped = ag->resumed = ag->held = false;
	ag_report(ag, IND_CALLHELD);
}

/* As an iPhone has it: no subaddress between the type and the name. */
static void tell_caller(struct ag *ag, const struct ag_call *call)
{
	char number[AG_NUMBER_SIZE], name[AG_NAME_SIZE];

	ag_party_number(call->number, number);
	ag_party_name(call, name);
	if (name[0])
		ag_send(ag, "+CLIP: \"%s\",%d,,,\"%s\"", number, ag_party_number_type(number),
			name);
	else if (number[0])
		ag_send(ag, "+CLIP: \"%s\",%d", number, ag_party_number_type(number));
}

static void tell_ring(struct ag *ag, uint64_t now_ms)
{
	const struct ag_call *incoming = ag_calls_incoming(ag);
	uint32_t id = incoming ? incoming->id : 0;

	if (id != ag->ringing) {
		ag->ringing = id;
		ag->ring_due = now_ms + (ag->setup_again ? AG_SETUP_AGAIN_MS : 0);
	}
	if (!incoming)
		ag->setup_again = false;
	if (!incoming || now_ms < ag->ring_due)
		return;
	ag->ring_due = now_ms + AG_RING_MS;
	if (ag->setup_again && ag->reports)
		ag_send(ag, "+CIEV: %d,1", IND_CALLSETUP + 1);
	ag->setup_again = false;

	/* HSP 1.2 §4.3: either RING or a tone in the sound link, never both. */
	if (ag->profile == AG_HSP && ag->in_band_ring && ag->audio)
		return;
	ag_send(ag, "RING");
	if (ag->clip)
		tell_caller(ag, incoming);
}

void ag_calls_sync(struct ag *ag, uint64_t now_ms)
{
	bool sets_up = ag_calls_indicator(ag, IND_CALLSETUP) > ag->known[IND_CALLSETUP];

	/* The one that waited is the only one left. */
	if ((ag->quirks & QUIRK_SETUP_AGAIN) && ag->known[IND_CALL] == 1 &&
	    ag->known[IND_CALLSETUP] == 1 && ag_calls_incoming(ag))
		ag->setup_again = true;
	if (ag->profile == AG_HFP) {
		tell_waiting(ag);
		/* call before callsetup, so that an answered call is never seen as gone; a call is
		 * held before the next one is set up, and set up before another is held for it. */
		ag_report(ag, IND_CALL);
		if (sets_up)
			tell_held(ag);
		ag_report(ag, IND_CALLSETUP);
		if (!sets_up)
			tell_held(ag);
	}
	tell_ring(ag, now_ms);
}

uint64_t ag_calls_deadline(const struct ag *ag)
{
	return ag->slc_up && !ag->running && ag->ringing ? ag->ring_due : UINT64_MAX;
}

/* ---- what there is ------------------------------------------------------------------------ */

static const struct ag_call *find(const struct ag_call *calls, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (calls[i].id == id)
			return &calls[i];
	}
	return NULL;
}

static struct ag_slot *slot_of(struct ag *ag, uint32_t id)
{
	for (size_t i = 0; i < AG_MAX_CALLS; i++) {
		if (ag->slots[i].used && ag->slots[i].call.id == id)
			return &ag->slots[i];
	}
	return NULL;
}

static void store(struct ag_slot *slot, const struct ag_call *call)
{
	slot->call = *call;
	slot->call.number[sizeof(slot->call.number) - 1] = '\0';
	slot->call.name[sizeof(slot->call.name) - 1] = '\0';
}

/* The lowest free index, kept for the life of the call (§4.32.1). */
static void add(struct ag *ag, const struct ag_call *call)
{
	for (size_t i = 0; i < AG_MAX_CALLS; i++) {
		struct ag_slot *slot = &ag->slots[i];

		if (slot->used)
			continue;
		slot->used = true;
		slot->announced = false;
		slot->arrival = ag->arrivals++;
		store(slot, call);
		return;
	}
}

void ag_set_calls(struct ag *ag, const struct ag_call *calls, size_t n, uint64_t now_ms)
{
	for (size_t i = 0; i < AG_MAX_CALLS; i++) {
		struct ag_slot *slot = &ag->slots[i];
		const struct ag_call *now = slot->used ? find(calls, n, slot->call.id) : NULL;

		slot->used = now;
		if (!now)
			continue;
		if (slot->call.state == AG_CALL_HELD && now->state == AG_CALL_ACTIVE)
			ag->resumed = true;
		if (slot->call.state == AG_CALL_ACTIVE && now->state == AG_CALL_HELD)
			ag->held = true;
		store(slot, now);
	}
	/* Stated at once, or one by one while a command's result held back what is told. */
	if (ag->resumed && ag->held)
		ag->swapped = true;

	for (size_t i = 0; i < n; i++) {
		if (calls[i].id && !slot_of(ag, calls[i].id))
			add(ag, &calls[i]);
	}
	ag_sync(ag, now_ms);
}
