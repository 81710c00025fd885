/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A whole daemon that has nothing to do, with a headset connected and PipeWire running: how often it
 * wakes up, and how much memory it holds. Prints, never fails for being more than it should be.
 */
#include "rows.h"
#include "watched.h"

#include "tests/rig/rig.h"

#include <stdio.h>

#define HEADSET "AA:BB:CC:00:00:01"
#define SETTLE_MS 5000
#define IDLE_MS 60000

static void measure(struct rig *rig, const char *with)
{
	pid_t pid = rig_daemon_pid(rig);
	unsigned long before;
	char what[64];

	(void)rig_wait(rig, SETTLE_MS, false);
	before = watched_wake_ups(pid);
	(void)rig_wait(rig, IDLE_MS, false);
	(void)snprintf(what, sizeof(what), "wake-ups in 60 idle seconds, %s", with);
	rows_add(what, (double)(watched_wake_ups(pid) - before), "", "budget", 0.0);
	(void)snprintf(what, sizeof(what), "resident memory, %s", with);
	rows_add(what, (double)watched_resident_kib(pid), "KiB", "budget", 8192.0);
}

int main(void)
{
	static const struct stand_in_device device = { HEADSET, "Headset", DEVICE_HEADSET,
						       .handsfree = true, .a2dp = true };
	struct rig *rig;
	int status = 1;

	if (rig_new(&(struct rig_options){ 0 }, &rig) < 0)
		return 1;
	measure(rig, "no headset");
	if (rig_headset_add(rig, &device, NULL) == 0 && rig_headset_connect(rig, HEADSET) == 0) {
		measure(rig, "one headset");
		status = 0;
	}
	rig_free(rig);
	return status;
}
