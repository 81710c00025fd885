/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A private message bus for a test: a real dbus-daemon as a child that ends with us.
 */
#ifndef CALLROUTE_TESTS_BUS_H
#define CALLROUTE_TESTS_BUS_H

#include <sys/types.h>

struct test_bus;

/**
 * test_bus_start() - start a dbus-daemon and wait until it listens
 * @config: text of its configuration file, or NULL for a bus where everything is allowed and
 *          nothing is activated. "@DIR@" in it becomes a directory of this bus, so that
 *          "<listen>unix:path=@DIR@/bus</listen>" makes an address of its own.
 *
 * Needs dbus-daemon in $PATH. NULL where it cannot be started, with the cause on standard error.
 */
struct test_bus *test_bus_start(const char *config);

/** End the daemon, wait for it, and remove its directory. NULL-safe; returns NULL. */
struct test_bus *test_bus_stop(struct test_bus *bus);

/** End the daemon at once, as a crash would; the struct stays, to be stopped. */
void test_bus_kill(struct test_bus *bus);

/** Borrowed. */
const char *test_bus_address(const struct test_bus *bus);
/** The directory that "@DIR@" stands for; empty but for the bus' own files. Borrowed. */
const char *test_bus_dir(const struct test_bus *bus);
/** -1 after test_bus_kill(). */
pid_t test_bus_pid(const struct test_bus *bus);

#endif
