/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Sound links in a machine without Bluetooth, as SEQPACKET Unix sockets in $CALLROUTE_RIG_DIR. The
 * headset with address A listens at A.sco for CVSD, and, if it can mSBC, at A.msbc. We listen at
 * B.sco on the adapter with address B, where a headset comes from a socket bound to A.link. Only in
 * the daemon that is built for the rig.
 *
 * Such a connect is immediate; its outcome is told from the loop all the same, and a headset that
 * does not listen is a link that cannot be set up: with mSBC one that it refuses.
 */
#include "daemon/sco/sco-listen.h"

#include <errno.h>
#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MTU 48
#define MSBC_MTU 60

struct sco_dial {
	struct pw_loop *loop;
	struct spa_source *outcome;
	sco_dial_fn done;
	void *data;
	enum sco_codec codec;
	int fd;
	int error;
};

static void free_dial(struct sco_dial *dial)
{
	pw_loop_destroy_source(dial->loop, dial->outcome);
	if (dial->fd >= 0)
		close(dial->fd);
	free(dial);
}

static void on_outcome(void *data, uint64_t count)
{
	struct sco_dial *dial = data;
	sco_dial_fn done = dial->done;
	void *done_data = dial->data;
	int fd = dial->fd, error = dial->error;
	uint16_t mtu = dial->codec == SCO_CVSD ? MTU : MSBC_MTU;

	dial->fd = -1;
	free_dial(dial);
	done(done_data, fd, fd < 0 ? 0 : mtu, error);
}

static struct sockaddr_un path_of(route_device device, const char *end)
{
	const char *directory = getenv("CALLROUTE_RIG_DIR");
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	char address[ROUTE_ADDRESS_SIZE];

	route_device_to_address(device, address);
	(void)snprintf(path.sun_path, sizeof(path.sun_path), "%s/%s.%s",
		       directory ? directory : ".", address, end);
	return path;
}

static int connect_to(route_device remote, enum sco_codec codec, int *ret_error)
{
	struct sockaddr_un path = path_of(remote, codec == SCO_CVSD ? "sco" : "msbc");
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&path, sizeof(path)) == 0)
		return fd;
	/* what the kernel says of an adapter or a headset without transparent data */
	*ret_error = codec == SCO_TRANSPARENT ? EOPNOTSUPP : errno;
	if (fd >= 0)
		close(fd);
	return -1;
}

int sco_dial_start(struct pw_loop *loop, route_device local, route_device remote,
		   enum sco_codec codec, unsigned int timeout_ms, sco_dial_fn done, void *data,
		   struct sco_dial **ret)
{
	struct sco_dial *dial = calloc(1, sizeof(*dial));
	if (!dial)
		return -ENOMEM;
	dial->loop = loop;
	dial->codec = codec;
	dial->done = done;
	dial->data = data;
	dial->outcome = pw_loop_add_event(loop, on_outcome, dial);
	if (!dial->outcome) {
		free(dial);
		return -ENOMEM;
	}
	dial->fd = connect_to(remote, codec, &dial->error);
	pw_loop_signal_event(loop, dial->outcome);
	*ret = dial;
	return 0;
}

struct sco_dial *sco_dial_cancel(struct sco_dial *dial)
{
	if (dial)
		free_dial(dial);
	return NULL;
}

bool sco_wide_band(route_device local)
{
	return true;
}

/* The headset counts what it gets, in a file beside its socket. */
bool sco_sent(route_device local, route_device remote, uint32_t *ret)
{
	struct sockaddr_un path = path_of(remote, "heard");
	int fd = open(path.sun_path, O_RDONLY | O_CLOEXEC);
	bool known = fd >= 0 && read(fd, ret, sizeof(*ret)) == sizeof(*ret);

	if (fd >= 0)
		close(fd);
	return known;
}

/* ---- links that headsets open ----------------------------------------------------------------- */

struct sco_listen {
	struct pw_loop *loop;
	struct sockaddr_un path;
	int fd;
	struct spa_source *io;
	const struct sco_listen_events *events;
	void *data;
};

/* "…/AA:BB:CC:DD:EE:FF.link" */
static int read_peer(int fd, route_device *ret)
{
	struct sockaddr_un peer = { 0 };
	socklen_t n = sizeof(peer) - 1;

	if (getpeername(fd, (struct sockaddr *)&peer, &n) < 0)
		return -errno;
	char *name = strrchr(peer.sun_path, '/');
	char *end = name ? strrchr(name, '.') : NULL;
	if (!end)
		return -EINVAL;
	*end = '\0';
	return route_device_from_address(name + 1, ret);
}

static void on_peer(void *data, int listen_fd, uint32_t mask)
{
	struct sco_listen *listener = data;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	enum sco_codec codec;
	route_device remote;

	if (fd < 0)
		return;
	if (read_peer(fd, &remote) < 0 ||
	    listener->events->asked(listener->data, remote, &codec) < 0)
		close(fd);
	else
		listener->events->up(listener->data, remote, codec, fd, MTU);
}

int sco_listen_new(struct pw_loop *loop, route_device local, const struct sco_listen_events *events,
		   void *data, struct sco_listen **ret)
{
	struct sco_listen *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return -ENOMEM;
	listener->loop = loop;
	listener->events = events;
	listener->data = data;
	listener->path = path_of(local, "sco");
	listener->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* that of a daemon that was killed */
	unlink(listener->path.sun_path);
	if (listener->fd < 0 ||
	    bind(listener->fd, (struct sockaddr *)&listener->path, sizeof(listener->path)) < 0 ||
	    listen(listener->fd, 4) < 0 ||
	    !(listener->io =
		      pw_loop_add_io(loop, listener->fd, SPA_IO_IN, false, on_peer, listener))) {
		int r = -errno;

		sco_listen_free(listener);
		return r;
	}
	*ret = listener;
	return 0;
}

struct sco_listen *sco_listen_free(struct sco_listen *listener)
{
	if (!listener)
		return NULL;
	if (listener->io)
		pw_loop_destroy_source(listener->loop, listener->io);
	if (listener->fd >= 0)
		close(listener->fd);
	unlink(listener->path.sun_path);
	free(listener);
	return NULL;
}
