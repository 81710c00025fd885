/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * systemd's store of descriptors.
 */
#include "keep.h"

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

bool keep_possible(void)
{
	return getenv("NOTIFY_SOCKET") != NULL;
}

static void note(int outcome, const char *what)
{
	if (outcome < 0)
		log_warning("the service manager could not be asked to %s a channel: %s", what,
			    strerror(-outcome));
}

void keep_store(const char *name, int fd)
{
	char text[KEEP_NAME_SIZE + 32];

	(void)snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s", name);
	note(sd_pid_notify_with_fds(0, 0, text, &fd, 1), "keep");
}

void keep_remove(const char *name)
{
	char text[KEEP_NAME_SIZE + 32];

	(void)snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	note(sd_notify(0, text), "give back");
}

void keep_take(keep_taken_fn taken, void *data)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);

	if (n < 0)
		log_warning("what the service manager kept cannot be had: %s", strerror(-n));
	for (int i = 0; i < n; i++) {
		taken(data, names != NULL ? names[i] : "", SD_LISTEN_FDS_START + i);
		if (names != NULL)
			free(names[i]);
	}
	free(names);
}
