/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "watched.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number behind @key, at the beginning of a line; 0 where there is none. */
static uint64_t read_number(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	uint64_t number = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) == 0)
			number = strtoull(line + strlen(key), NULL, 10);
	}
	if (file)
		(void)fclose(file);
	return number;
}

/* Of all threads together. */
static uint64_t sum_of_threads(pid_t pid, const char *name, const char *key)
{
	char path[64], of_thread[512];
	struct dirent *entry;
	uint64_t all = 0;
	DIR *threads;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
	threads = opendir(path);
	while (threads && (entry = readdir(threads))) {
		(void)snprintf(of_thread, sizeof(of_thread), "%s/%s/%s", path, entry->d_name, name);
		if (entry->d_name[0] != '.')
			all += read_number(of_thread, key);
	}
	if (threads)
		(void)closedir(threads);
	return all;
}

unsigned long watched_wake_ups(pid_t pid)
{
	return sum_of_threads(pid, "status", "voluntary_ctxt_switches:");
}

uint64_t watched_cpu_ns(pid_t pid)
{
	return sum_of_threads(pid, "schedstat", "");
}

unsigned long watched_resident_kib(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return read_number(path, "VmRSS:");
}
