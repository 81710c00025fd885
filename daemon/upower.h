/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * This machine's own battery, as UPower's display device tells it. Follows its signals, so that a
 * battery that does not change costs nothing.
 *
 * May be used by: the engine. May use: dbus/.
 */
#ifndef CALLROUTE_UPOWER_H
#define CALLROUTE_UPOWER_H

#include <stdbool.h>

struct bus;
struct upower;

/** @percent: 0 to 100, or -1 where there is no battery, or no UPower; @discharging: it is not being
 * charged, and not full. Told when either changes, from the first answer on. */
typedef void (*upower_fn)(void *data, int percent, bool discharging);

/** Return: 0 or -errno. */
int upower_new(struct bus *bus, upower_fn changed, void *data, struct upower **ret);
/** NULL-safe; returns NULL. */
struct upower *upower_free(struct upower *upower);

#endif
