/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Another service's objects, followed through its ObjectManager: which interfaces exist where,
 * with their properties, through restarts of the service. Keeps no copy of the properties; who
 * listens keeps what it needs.
 */
#ifndef CALLROUTE_BUS_REMOTE_H
#define CALLROUTE_BUS_REMOTE_H

#include "bus.h"

struct bus_remote;

struct bus_remote_events {
	/** The service owns its name (@owner: unique name), or has gone (NULL). On going, removed()
	 * has been called for every interface first. */
	void (*service)(void *data, const char *owner);
	/** An interface is there; @properties is an iterator on its a{sv}, for bus_read_dict(). */
	void (*added)(void *data, const char *path, const char *interface,
		      DBusMessageIter *properties);
	void (*removed)(void *data, const char *path, const char *interface);
	/** PropertiesChanged: only what changed. Invalidated properties are not told. */
	void (*changed)(void *data, const char *path, const char *interface,
			DBusMessageIter *properties);
};

/**
 * bus_remote_new() - follow @service, whose ObjectManager is at @manager_path
 * @events: borrowed for the life of the remote; members may be NULL
 *
 * GetManagedObjects is asked whenever the service appears; signals that arrive before its answer
 * are not lost and none is told twice. At most @max_objects paths are followed, a bound against a
 * service gone wild.
 */
int bus_remote_new(struct bus *bus, const char *service, const char *manager_path,
		   unsigned int max_objects, const struct bus_remote_events *events, void *data,
		   struct bus_remote **ret);
struct bus_remote *bus_remote_free(struct bus_remote *remote);

#endif
