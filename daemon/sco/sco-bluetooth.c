/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Sound links with the kernel's SCO sockets.
 *
 * Dialling: connect() on a non-blocking SCO socket starts the link's set-up and returns EINPROGRESS;
 * the socket becomes writable when the link is up, or shows an error. The kernel's own limit for that
 * is 40 s, ours the caller's.
 *
 * Listening, with BT_DEFER_SETUP: accept() gives a socket for a link that was only asked for. The
 * first recv() on it takes the link, close() turns it down; from then on it is as with dialling.
 */
#include "sco-listen.h"

#include "daemon/log.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/sco.h>
#include <errno.h>
#include <pipewire/loop.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where the kernel names none: what PipeWire and the old headset drivers use, 3 ms of 8 kHz sound. */
#define FALLBACK_MTU 48
/* From taking a link that was asked for until it is up. */
#define ACCEPT_TIMEOUT_S 5
#define MAX_ACCEPTING 8

struct sco_dial {
	struct pw_loop *loop;
	int fd;
	struct spa_source *io;
	struct spa_source *timer;
	sco_dial_fn done;
	void *data;
};

static struct sockaddr_sco to_address(route_device device)
{
	struct sockaddr_sco address = { .sco_family = AF_BLUETOOTH };

	/* the last byte of the written form first */
	for (unsigned int i = 0; i < 6; i++)
		address.sco_bdaddr.b[i] = (uint8_t)(device >> (8 * i));
	return address;
}

static route_device from_address(const bdaddr_t *address)
{
	route_device device = 0;

	for (unsigned int i = 0; i < 6; i++)
		device |= (route_device)address->b[i] << (8 * i);
	return device;
}

/* ---- what an adapter can ------------------------------------------------------------------- */

static bool read_adapter(route_device local, struct hci_dev_info *ret)
{
	union { /* the list ends in a flexible array */
		struct hci_dev_list_req request;
		uint8_t space[sizeof(struct hci_dev_list_req) +
			      HCI_MAX_DEV * sizeof(struct hci_dev_req)];
	} list = { .request = { .dev_num = HCI_MAX_DEV } };
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	bool found = false;

	if (fd >= 0 && ioctl(fd, HCIGETDEVLIST, &list) == 0) {
		for (unsigned int i = 0; i < list.request.dev_num && !found; i++) {
			*ret = (struct hci_dev_info){ .dev_id = list.request.dev_req[i].dev_id };
			found = ioctl(fd, HCIGETDEVINFO, ret) == 0 &&
				from_address(&ret->bdaddr) == local;
		}
	} else {
		log_info("The Bluetooth adapters cannot be read: %s", strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return found;
}

bool sco_wide_band(route_device local)
{
	struct hci_dev_info info;

	/* the kernel asks for the same two when a transparent link is dialled */
	return read_adapter(local, &info) && info.features[2] & LMP_TRSP_SCO &&
	       info.features[3] & LMP_ESCO;
}

bool sco_sent(route_device local, route_device remote, uint32_t *ret)
{
	struct hci_dev_info info;

	if (!read_adapter(local, &info))
		return false;
	*ret = info.stat.sco_tx;
	return true;
}

/* ---- dialling ------------------------------------------------------------------------------ */

static uint16_t read_mtu(int fd)
{
	struct sco_options options = { 0 };
	socklen_t n = sizeof(options);

	if (getsockopt(fd, SOL_SCO, SCO_OPTIONS, &options, &n) < 0 || options.mtu == 0) {
		log_debug("The kernel names no MTU for SCO, taking %d", FALLBACK_MTU);
		return FALLBACK_MTU;
	}
	return options.mtu;
}

struct sco_dial *sco_dial_cancel(struct sco_dial *dial)
{
	if (!dial)
		return NULL;
	if (dial->io)
		pw_loop_destroy_source(dial->loop, dial->io);
	if (dial->timer)
		pw_loop_destroy_source(dial->loop, dial->timer);
	if (dial->fd >= 0)
		close(dial->fd);
	free(dial);
	return NULL;
}

static void finish(struct sco_dial *dial, int error)
{
	sco_dial_fn done = dial->done;
	void *data = dial->data;
	uint16_t mtu = 0;
	int fd = -1;

	if (!error) {
		fd = dial->fd;
		dial->fd = -1;
		mtu = read_mtu(fd);
	}
	sco_dial_cancel(dial);
	done(data, fd, mtu, error);
}

/* How a set-up ended; 0: the link is up. */
static int read_error(int fd, uint32_t mask)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		error = errno;
	/* closed again before we came to look, and nothing said about why */
	if (!error && mask & SPA_IO_HUP)
		error = ECONNRESET;
	return error;
}

static void on_io(void *data, int fd, uint32_t mask)
{
	finish(data, read_error(fd, mask));
}

static void on_timeout(void *data, uint64_t expirations)
{
	finish(data, ETIMEDOUT);
}

static int set_voice(int fd, enum sco_codec codec)
{
	struct bt_voice voice = {
		.setting = codec == SCO_TRANSPARENT ? BT_VOICE_TRANSPARENT : BT_VOICE_CVSD_16BIT,
	};

	if (setsockopt(fd, SOL_BLUETOOTH, BT_VOICE, &voice, sizeof(voice)) == 0)
		return 0;
	/* a kernel without BT_VOICE can do nothing but CVSD */
	return codec == SCO_CVSD && errno == ENOPROTOOPT ? 0 : -errno;
}

static int start(struct sco_dial *dial, route_device local, route_device remote,
		 enum sco_codec codec, unsigned int timeout_ms)
{
	struct sockaddr_sco from = to_address(local), to = to_address(remote);
	struct timespec value = { .tv_sec = timeout_ms / 1000,
				  .tv_nsec = (long)(timeout_ms % 1000) * 1000000 + 1 };
	int r;

	dial->fd = socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, BTPROTO_SCO);
	if (dial->fd < 0 || bind(dial->fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		return -errno;
	r = set_voice(dial->fd, codec);
	if (r < 0)
		return r;
	if (connect(dial->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		return -errno;
	/* even where connect() is through already: the loop tells, never we ourselves */
	dial->io = pw_loop_add_io(dial->loop, dial->fd, SPA_IO_OUT | SPA_IO_ERR | SPA_IO_HUP, false,
				  on_io, dial);
	dial->timer = pw_loop_add_timer(dial->loop, on_timeout, dial);
	if (!dial->io || !dial->timer)
		return -errno;
	return pw_loop_update_timer(dial->loop, dial->timer, &value, NULL, false);
}

int sco_dial_start(struct pw_loop *loop, route_device local, route_device remote,
		   enum sco_codec codec, unsigned int timeout_ms, sco_dial_fn done, void *data,
		   struct sco_dial **ret)
{
	struct sco_dial *dial = calloc(1, sizeof(*dial));
	int r;

	if (!dial)
		return -ENOMEM;
	dial->loop = loop;
	dial->fd = -1;
	dial->done = done;
	dial->data = data;
	r = start(dial, local, remote, codec, timeout_ms);
	if (r < 0) {
		sco_dial_cancel(dial);
		return r;
	}
	*ret = dial;
	return 0;
}

/* ---- listening ------------------------------------------------------------------------------- */

/** A link that is being accepted. */
struct accepting {
	struct sco_listen *listener; /* NULL: a free place */
	int fd;
	route_device remote;
	enum sco_codec codec;
	struct spa_source *io;
	struct spa_source *timer;
};

struct sco_listen {
	struct pw_loop *loop;
	int fd;
	struct spa_source *io;
	const struct sco_listen_events *events;
	void *data;
	struct accepting accepting[MAX_ACCEPTING];
};

static void forget(struct accepting *accepting)
{
	struct pw_loop *loop = accepting->listener->loop;

	if (accepting->io)
		pw_loop_destroy_source(loop, accepting->io);
	if (accepting->timer)
		pw_loop_destroy_source(loop, accepting->timer);
	if (accepting->fd >= 0)
		close(accepting->fd);
	*accepting = (struct accepting){ .fd = -1 };
}

static void on_accepted(void *data, int fd, uint32_t mask)
{
	struct accepting *accepting = data;
	struct sco_listen *listener = accepting->listener;
	route_device remote = accepting->remote;
	enum sco_codec codec = accepting->codec;
	int error = read_error(fd, mask);

	if (!error)
		accepting->fd = -1;
	forget(accepting);
	if (error)
		log_info("A sound link that a headset asked for did not come up: %s",
			 strerror(error));
	else
		listener->events->up(listener->data, remote, codec, fd, read_mtu(fd));
}

static void on_accept_timeout(void *data, uint64_t expirations)
{
	log_info("A sound link that a headset asked for did not come up in time");
	forget(data);
}

static bool begin_accepting(struct accepting *accepting)
{
	struct pw_loop *loop = accepting->listener->loop;
	struct timespec value = { .tv_sec = ACCEPT_TIMEOUT_S };
	char nothing;

	if (set_voice(accepting->fd, accepting->codec) < 0)
		return false;
	if (recv(accepting->fd, &nothing, sizeof(nothing), MSG_DONTWAIT) < 0 && errno != EAGAIN)
		return false;
	accepting->io = pw_loop_add_io(loop, accepting->fd, SPA_IO_OUT | SPA_IO_ERR | SPA_IO_HUP,
				       false, on_accepted, accepting);
	accepting->timer = pw_loop_add_timer(loop, on_accept_timeout, accepting);
	return accepting->io && accepting->timer &&
	       pw_loop_update_timer(loop, accepting->timer, &value, NULL, false) >= 0;
}

static void on_asked(void *data, int listen_fd, uint32_t mask)
{
	struct sco_listen *listener = data;
	struct sockaddr_sco peer = { 0 };
	socklen_t n = sizeof(peer);
	int fd = accept4(listen_fd, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct accepting *accepting = NULL;
	enum sco_codec codec = SCO_CVSD;
	int r = -EBUSY;

	if (fd < 0)
		return;
	for (size_t i = 0; i < MAX_ACCEPTING && !accepting; i++)
		if (!listener->accepting[i].listener)
			accepting = &listener->accepting[i];
	if (accepting)
		r = listener->events->asked(listener->data, from_address(&peer.sco_bdaddr), &codec);
	if (r < 0) {
		log_info("A sound link that a headset asked for is turned down: %s", strerror(-r));
		close(fd);
		return;
	}
	*accepting = (struct accepting){
		.listener = listener,
		.fd = fd,
		.remote = from_address(&peer.sco_bdaddr),
		.codec = codec,
	};
	if (!begin_accepting(accepting)) {
		log_warning("A sound link that a headset asked for cannot be taken: %s",
			    strerror(errno));
		forget(accepting);
	}
}

static int begin_listening(struct sco_listen *listener, route_device local)
{
	struct sockaddr_sco address = to_address(local);
	int on = 1;

	listener->fd =
		socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, BTPROTO_SCO);
	if (listener->fd < 0 ||
	    bind(listener->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	/* without it nobody could be turned down: no listening then */
	if (setsockopt(listener->fd, SOL_BLUETOOTH, BT_DEFER_SETUP, &on, sizeof(on)) < 0 ||
	    listen(listener->fd, MAX_ACCEPTING) < 0)
		return -errno;
	listener->io =
		pw_loop_add_io(listener->loop, listener->fd, SPA_IO_IN, false, on_asked, listener);
	return listener->io ? 0 : -errno;
}

int sco_listen_new(struct pw_loop *loop, route_device local, const struct sco_listen_events *events,
		   void *data, struct sco_listen **ret)
{
	struct sco_listen *listener = calloc(1, sizeof(*listener));
	int r;

	if (!listener)
		return -ENOMEM;
	listener->loop = loop;
	listener->fd = -1;
	listener->events = events;
	listener->data = data;
	for (size_t i = 0; i < MAX_ACCEPTING; i++)
		listener->accepting[i].fd = -1;
	r = begin_listening(listener, local);
	if (r < 0) {
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
	for (size_t i = 0; i < MAX_ACCEPTING; i++)
		if (listener->accepting[i].listener)
			forget(&listener->accepting[i]);
	if (listener->io)
		pw_loop_destroy_source(listener->loop, listener->io);
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener);
	return NULL;
}
