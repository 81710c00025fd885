/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Calls from the programs that people already have, unmodified: each is watched where it shows them, and what
 * it has becomes calls of the engine. One file a source:
 *
 *   gnome.c     GNOME Calls, session bus
 *   baresip.c   baresip with its module ctrl_dbus, session bus
 *   sound.c     programs that tell nobody, by their streams
 *   callaudio.c what phone shells ask callaudiod, session bus: here we are the one that is asked
 *   modem.c     ModemManager, system bus
 *   ofono.c     oFono, system bus; PipeWire's telephony, session bus
 *   bluez.c     bluetoothd's own hands-free role, system bus
 *
 * May be used by: daemon/main.c, tests/.
 */
#ifndef CALLROUTE_CALLS_H
#define CALLROUTE_CALLS_H

struct bus;
struct calls;
struct config;
struct engine;

/** @config: what is switched off; NULL: nothing. Both are borrowed for the life. 0 or -ENOMEM. */
int calls_new(struct engine *engine, const struct config *config, struct calls **ret);
/** Their calls end. Before the engine and the buses are freed. NULL-safe; returns NULL. */
struct calls *calls_free(struct calls *calls);

/** The bus of the user's programs is there, for good. */
void calls_session_bus(struct calls *calls, struct bus *bus);
/** The system bus is there, or is gone; @calls may be NULL then. */
void calls_system_bus(struct calls *calls, struct bus *bus);
void calls_system_bus_lost(struct calls *calls);

#endif
