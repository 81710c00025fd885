/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A whole daemon that has nothing to do, with a headset connected and PipeWire running: how often it
 * wakes up, and how much memory it holds. Prints, never fails for being more than it should be.
 */
#include "tests/rig/rig.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADSET "AA:BB:CC:00:00:01"
#define SETTLE_MS 5000
#define IDLE_MS 30000

/* The number behind @key in a status file of procfs; 0 where there is none. */
static unsigned long read_status(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	unsigned long number = 0;
	char line[256];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) == 0)
			number = strtoul(line + strlen(key), NULL, 10);
	}
	(void)fclose(file);
	return number;
}

/* Of all threads: whoever waits for something gives its processor away by itself. */
static unsigned long wake_ups(pid_t pid)
{
	char path[64], status[512];
	unsigned long all = 0;
	struct dirent *entry;
	DIR *tasks;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		(void)snprintf(status, sizeof(status), "%s/%s/status", path, entry->d_name);
		if (entry->d_name[0] != '.')
			all += read_status(status, "voluntary_ctxt_switches:");
	}
	if (tasks)
		(void)closedir(tasks);
	return all;
}

static void measure(struct rig *rig, const char *what)
{
	pid_t pid = rig_daemon_pid(rig);
	unsigned long before;
	char path[64];

	(void)rig_wait(rig, SETTLE_MS, false);
	before = wake_ups(pid);
	(void)rig_wait(rig, IDLE_MS, false);
	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	(void)printf("%s: %lu wake-ups in %d s, %lu KiB resident\n", what, wake_ups(pid) - before,
		     IDLE_MS / 1000, read_status(path, "VmRSS:"));
}

int main(void)
{
	static const struct stand_in_device device = { HEADSET, "Headset", DEVICE_HEADSET,
						       .handsfree = true, .a2dp = true };
	struct rig *rig;
	int status = 1;

	if (rig_new(&(struct rig_options){ 0 }, &rig) < 0)
		return 1;
	measure(rig, "idle without a headset");
	if (rig_headset_add(rig, &device, NULL) == 0 && rig_headset_connect(rig, HEADSET) == 0) {
		measure(rig, "idle with a headset");
		status = 0;
	}
	rig_free(rig);
	return status;
}
