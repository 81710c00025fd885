/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The service manager's part of a restart, as systemd.service(5) and sd_pid_notify_with_fds(3) have
 * it: a notification socket, a store of descriptors, and their handing over to the next process.
 */
#include "rig-internal.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TEXT_SIZE 2048

static void forget(struct rig *rig, const char *name)
{
	for (size_t i = 0; i < rig->n_kept;) {
		if (strcmp(rig->kept[i].name, name)) {
			i++;
			continue;
		}
		close(rig->kept[i].fd);
		rig->kept[i] = rig->kept[--rig->n_kept];
	}
}

static void take_message(struct rig *rig, char *text, int fd)
{
	const char *name = "";
	bool store = false, remove = false;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strncmp(line, "FDNAME=", 7))
			name = line + 7;
		store = store || !strcmp(line, "FDSTORE=1");
		remove = remove || !strcmp(line, "FDSTOREREMOVE=1");
	}
	if (remove)
		forget(rig, name);
	if (!store || fd < 0 || rig->n_kept == RIG_MAX_KEPT ||
	    strlen(name) >= sizeof(rig->kept[0].name)) {
		if (fd >= 0)
			close(fd);
		return;
	}
	strcpy(rig->kept[rig->n_kept].name, name);
	rig->kept[rig->n_kept++].fd = fd;
}

static bool receive(struct rig *rig)
{
	char text[TEXT_SIZE], space[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	ssize_t n = recvmsg(rig->notify, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd = -1;

	if (n < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	}
	text[n] = '\0';
	take_message(rig, text, fd);
	return true;
}

static void on_message(void *data, int fd, uint32_t mask)
{
	(void)receive(data);
}

int rig_store_new(struct rig *rig)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.60s/run/notify",
		       rig->directory);
	rig->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (rig->notify < 0 || bind(rig->notify, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	rig->notified = pw_loop_add_io(rig->loop, rig->notify, SPA_IO_IN, false, on_message, rig);
	return rig->notified ? setenv("NOTIFY_SOCKET", address.sun_path, 1) : -errno;
}

size_t rig_store_list(struct rig *rig, int fds[static RIG_MAX_KEPT], char *names, size_t size)
{
	names[0] = '\0';
	/* what the process before said last */
	while (rig->notified && receive(rig))
		;
	for (size_t i = 0; i < rig->n_kept; i++) {
		size_t n = strlen(names);

		(void)snprintf(names + n, size - n, "%s%s", i ? ":" : "", rig->kept[i].name);
		fds[i] = rig->kept[i].fd;
	}
	return rig->n_kept;
}

size_t rig_daemon_kept(const struct rig *rig)
{
	return rig->n_kept;
}

void rig_store_free(struct rig *rig)
{
	while (rig->n_kept > 0)
		close(rig->kept[--rig->n_kept].fd);
	if (rig->notified)
		pw_loop_destroy_source(rig->loop, rig->notified);
	if (rig->notify > 0)
		close(rig->notify);
	rig->notified = NULL;
	rig->notify = -1;
	(void)unsetenv("NOTIFY_SOCKET");
}
