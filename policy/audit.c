/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "audit.h"

#include "state.h"

#include <string.h>

static void count_choice(struct device_choice *choice, struct device *device)
{
	choice->n++;
	choice->last = device;
}

static bool same_choice(const struct device_choice *a, const struct device_choice *b)
{
	return a->n == b->n && a->last == b->last;
}

static bool audit_devices(const struct devices *devices)
{
	struct devices counted = { 0 };

	for (struct device *d = devices->connected.oldest; d != NULL; d = d->newer) {
		counted.n_connected++;
		counted.n_headsets += device_is_headset(d);
		if (d->call_capable && !d->failed)
			count_choice(d->kind == DEVICE_SPEAKER ? &counted.speakers
							       : &counted.headsets,
				     d);
		if (!d->connected || devices_known(devices, d->id) != d)
			return false;
	}
	return counted.n_connected == devices->n_connected &&
	       counted.n_headsets == devices->n_headsets &&
	       same_choice(&counted.headsets, &devices->headsets) &&
	       same_choice(&counted.speakers, &devices->speakers);
}

static bool audit_calls(const struct calls *calls)
{
	struct calls counted = { 0 };
	const struct call *newest = NULL;

	for (const struct call *c = calls->oldest; c != NULL; c = c->newer) {
		counted.n.all[c->state]++;
		counted.n.managed[c->state] += c->managed;
		counted.n.video[c->state] += c->video;
		counted.n_playing += c->broadcast && c->state == CALL_ENDED;
		counted.n_preferring += c->prefers.kind != ROUTE_NONE;
		counted.n_waiting += c->held_by != 0;
		if (c->older != newest || calls_find(calls, c->id) != c ||
		    (c->held_by != 0 &&
		     (c->state != CALL_HELD || calls_find(calls, c->held_by) == NULL)))
			return false;
		newest = c;
	}
	return calls->newest == newest && memcmp(&counted.n, &calls->n, sizeof(counted.n)) == 0 &&
	       counted.n_playing == calls->n_playing &&
	       counted.n_preferring == calls->n_preferring && counted.n_waiting == calls->n_waiting;
}

bool policy_audit(const struct policy *policy)
{
	return audit_devices(&policy->devices) && audit_calls(&policy->calls);
}
