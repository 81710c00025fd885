/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Headsets' batteries for the desktop: what a headset tells us on its AT channel goes to bluetoothd,
 * which shows it as org.bluez.Battery1, where UPower and the desktops look.
 *
 * May be used by: the engine.
 */
#ifndef CALLROUTE_BLUEZ_BATTERY_H
#define CALLROUTE_BLUEZ_BATTERY_H

#include "bluez.h"

/**
 * bluez_battery_set() - what is known of a headset's battery
 * @percent: 0 to 100, or -1: nothing, or nothing any more
 *
 * A device that bluetoothd does not know is left out, as is one beyond a limit of 32.
 */
void bluez_battery_set(struct bluez *bluez, route_device device, int percent);

#endif
