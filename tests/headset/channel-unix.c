/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A folder of sockets in the place of the radio.
 */
#include "channel.h"

#include "headset.h"
#include "sound.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct channel_unix {
	struct channel channel;
	struct pw_loop *loop;
	struct headset *headset;
	struct sockaddr_un own; /* ADDRESS.rfcomm */
	struct sockaddr_un out; /* ADDRESS.out */
	char directory[80];
	int listen_fd;
	struct spa_source *listener;
};

static int set_path(struct sockaddr_un *path, const char *directory, const char *address,
		    const char *end)
{
	int n = snprintf(path->sun_path, sizeof(path->sun_path), "%s/%s.%s", directory, address,
			 end);

	path->sun_family = AF_UNIX;
	return n < (int)sizeof(path->sun_path) ? 0 : -ENAMETOOLONG;
}

static void connect_out(struct channel *channel, const char *address)
{
	struct channel_unix *self = SPA_CONTAINER_OF(channel, struct channel_unix, channel);
	struct sockaddr_un peer;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	unlink(self->out.sun_path);
	/* connecting to a listening Unix socket needs no waiting */
	if (fd >= 0 && set_path(&peer, self->directory, address, "rfcomm") == 0 &&
	    bind(fd, (struct sockaddr *)&self->out, sizeof(self->out)) == 0 &&
	    connect(fd, (struct sockaddr *)&peer, sizeof(peer)) == 0) {
		(void)headset_connected(self->headset, fd);
		return;
	}
	headset_tell(self->headset, "error connect %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void on_peer(void *data, int listen_fd, uint32_t mask)
{
	struct channel_unix *self = data;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		(void)headset_connected(self->headset, fd);
}

static void free_unix(struct channel *channel)
{
	struct channel_unix *self = SPA_CONTAINER_OF(channel, struct channel_unix, channel);

	if (self->listener)
		pw_loop_destroy_source(self->loop, self->listener);
	if (self->listen_fd >= 0) {
		close(self->listen_fd);
		unlink(self->own.sun_path);
	}
	unlink(self->out.sun_path);
	free(self);
}

int channel_unix_new(struct pw_loop *loop, struct headset *headset, const char *directory,
		     const char *address, struct channel **ret)
{
	static const struct channel_ops ops = { .connect = connect_out, .free = free_unix };
	struct channel_unix *self = calloc(1, sizeof(*self));
	struct sockaddr_un sco;
	int r;

	if (!self)
		return -ENOMEM;
	self->channel.ops = &ops;
	self->loop = loop;
	self->headset = headset;
	self->listen_fd = -1;
	(void)snprintf(self->directory, sizeof(self->directory), "%s", directory);
	if ((r = set_path(&self->own, directory, address, "rfcomm")) < 0 ||
	    (r = set_path(&self->out, directory, address, "out")) < 0 ||
	    (r = set_path(&sco, directory, address, "sco")) < 0 ||
	    (r = sound_listen_unix(headset_sound(headset), sco.sun_path)) < 0)
		goto fail;
	self->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (self->listen_fd < 0 ||
	    bind(self->listen_fd, (struct sockaddr *)&self->own, sizeof(self->own)) < 0 ||
	    listen(self->listen_fd, 1) < 0) {
		r = -errno;
		goto fail;
	}
	self->listener = pw_loop_add_io(loop, self->listen_fd, SPA_IO_IN, false, on_peer, self);
	headset_tell(headset, "ready %s", address);
	*ret = &self->channel;
	return 0;
fail:
	free_unix(&self->channel);
	return r;
}
