/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The last lines on the AT channels, of all headsets together, for whoever asks what a headset did and was
 * told. Numbers, callers' names and tones are not kept: their characters are "x".
 *
 * May be used by: the engine, tests/. May use: policy/route.h.
 */
#ifndef CALLROUTE_WIRE_H
#define CALLROUTE_WIRE_H

#include "policy/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_LINES 50
#define WIRE_TEXT_SIZE 96

struct wire_line {
	uint64_t realtime_ms;
	route_device device;
	bool sent; /* by us; else received */
	char text[WIRE_TEXT_SIZE];
};

/** All zeros is an empty one. */
struct wire {
	struct wire_line lines[WIRE_LINES];
	size_t n; /* so far; the oldest is written over */
};

/** @text: printable ASCII; cut where it is too long. */
void wire_add(struct wire *wire, uint64_t realtime_ms, route_device device, bool sent,
	      const char *text);
/** The oldest first. Returns how many, at most @max. */
size_t wire_list(const struct wire *wire, struct wire_line *ret, size_t max);

#endif
