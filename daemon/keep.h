/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Descriptors that outlive the process: systemd's store (FileDescriptorStoreMax= in the unit, see
 * sd_pid_notify_with_fds(3)). Without a service manager nothing is kept, and nothing fails.
 *
 * May be used by: the engine.
 */
#ifndef CALLROUTE_KEEP_H
#define CALLROUTE_KEEP_H

#include <stdbool.h>
#include <stddef.h>

/** Of a name: letters, digits, full stops. */
#define KEEP_NAME_SIZE 128

/** Is there anybody to keep something? */
bool keep_possible(void);
/** Leave a duplicate of @fd there. Under a name, which need not be the only one of its kind. */
void keep_store(const char *name, int fd);
/** Take back what is there under that name. */
void keep_remove(const char *name);

/** @fd, O_CLOEXEC, is the callee's from now on; @name is borrowed and may be anybody's. */
typedef void (*keep_taken_fn)(void *data, const char *name, int fd);
/** What a process before this one left; once, at the start, and with one thread only. */
void keep_take(keep_taken_fn taken, void *data);

#endif
