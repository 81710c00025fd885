/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * An endpoint's sound link from the moment that its socket is connected: offered, watched, closed; and
 * the one that the headset opened, which is kept until an audio agent asks for the sound.
 *
 * After the hand-over the socket is the agent's, but for one descriptor that stays here to see the
 * link end. It is watched for HUP only: epoll reports HUP and ERR without being asked, and what is
 * not asked for (IN, OUT) wakes nobody, so a call costs no wake-ups. Being a descriptor of the same
 * socket it also keeps the link up when the agent dies, so that an agent's death closes it.
 *
 * A link that is being closed is gone only when the kernel says so, some 10 to 100 ms later.
 */
#include "hsphfpd-private.h"

#include "daemon/log.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's own limit for closing a SCO link (SCO_DISCONN_TIMEOUT). */
#define CLOSING_TIMEOUT_S 2
/* From the headset's opening of a link to the agent's asking for it: a profile switch and a stream
 * that is moved, with time to spare. */
#define INCOMING_TIMEOUT_S 3
/* Packets thrown away in one turn of the loop, 3 to 7.5 ms of sound each. */
#define MAX_DRAIN 32

static void drop_transport(struct hsphfpd_endpoint *endpoint)
{
	struct link *link = &endpoint->link;

	if (!link->transport)
		return;
	link->transport = bus_object_free(link->transport);
	bus_object_changed(endpoint->object, HSPHFPD_ENDPOINT_INTERFACE, "AudioConnected");
}

struct hsphfpd_endpoint *hsphfpd_link_find(struct hsphfpd *service, enum link_state state)
{
	struct hsphfpd_endpoint *endpoint;

	spa_list_for_each (endpoint, &service->endpoints, entry)
		if (endpoint->link.state == state)
			return endpoint;
	return NULL;
}

static void arm(struct hsphfpd *service, struct spa_source *timer, time_t seconds)
{
	struct timespec value = { .tv_sec = seconds };

	(void)pw_loop_update_timer(service->loop, timer, &value, NULL, false);
}

void hsphfpd_link_ended(struct hsphfpd_endpoint *endpoint)
{
	struct hsphfpd *service = endpoint->service;
	struct link *link = &endpoint->link;
	bool was_up = link->was_up, incoming = link->state == LINK_INCOMING;

	link->state = LINK_NONE;
	link->was_up = false;
	drop_transport(endpoint);
	if (link->io)
		pw_loop_destroy_source(service->loop, link->io);
	link->io = NULL;
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	if (!hsphfpd_link_find(service, LINK_CLOSING))
		arm(service, service->closing, 0);
	if (incoming)
		arm(service, service->unclaimed, 0);
	(void)pw_loop_signal_event(service->loop, service->kick);
	if (was_up && service->events->audio_down)
		service->events->audio_down(service->data, endpoint);
	else if (incoming && service->events->incoming_closed)
		service->events->incoming_closed(service->data, endpoint);
}

void hsphfpd_link_close(struct hsphfpd_endpoint *endpoint)
{
	struct hsphfpd *service = endpoint->service;
	struct link *link = &endpoint->link;

	if (link->state == LINK_NONE || link->state == LINK_CLOSING)
		return;
	if (link->state == LINK_INCOMING) {
		arm(service, service->unclaimed, 0);
		(void)pw_loop_update_io(service->loop, link->io, SPA_IO_ERR | SPA_IO_HUP);
	}
	link->state = LINK_CLOSING;
	(void)shutdown(link->fd, SHUT_RDWR);
	drop_transport(endpoint);
	arm(service, service->closing, CLOSING_TIMEOUT_S);
}

void hsphfpd_link_on_closing_timer(void *data, uint64_t expirations)
{
	struct hsphfpd *service = data;
	struct hsphfpd_endpoint *endpoint;

	(void)expirations;
	while ((endpoint = hsphfpd_link_find(service, LINK_CLOSING))) {
		log_warning("The sound link to %s does not close, going on without it",
			    endpoint->name);
		hsphfpd_link_ended(endpoint);
	}
}

void hsphfpd_link_notice_closing(struct hsphfpd *service)
{
	struct hsphfpd_endpoint *endpoint;

	spa_list_for_each (endpoint, &service->endpoints, entry) {
		struct pollfd pollfd = { .fd = endpoint->link.fd };

		if (endpoint->link.state == LINK_UP && poll(&pollfd, 1, 0) > 0 &&
		    pollfd.revents & POLLHUP)
			hsphfpd_link_close(endpoint);
	}
}

/* What the headset says before anybody listens is of no use to who listens later. False at the end
 * of the link. */
static bool drain(int fd)
{
	char packet[1024];

	for (unsigned int i = 0; i < MAX_DRAIN; i++) {
		ssize_t n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0)
			return false;
	}
	return true;
}

static void on_io(void *data, int fd, uint32_t mask)
{
	struct hsphfpd_endpoint *endpoint = data;
	struct hsphfpd *service = endpoint->service;
	int error = 0;
	socklen_t n = sizeof(error);

	if (!(mask & SPA_IO_HUP)) {
		if (mask & SPA_IO_IN && endpoint->link.state == LINK_INCOMING && drain(fd))
			return;
		/* an error queue's entry is the agent's to read; a real error ends the link */
		if (!(mask & SPA_IO_IN) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 &&
		    error == 0)
			return;
		(void)shutdown(fd, SHUT_RDWR);
	}
	if (endpoint->link.state == LINK_OFFERED)
		hsphfpd_audio_try_failed(service, ECONNRESET, "the headset closed it at once");
	/* that event may have done away with the endpoint */
	if (hsphfpd_endpoint_known(service, endpoint) && endpoint->link.state != LINK_NONE)
		hsphfpd_link_ended(endpoint);
}

int hsphfpd_link_begin(struct hsphfpd_endpoint *endpoint, enum sco_codec codec, int fd,
		       uint16_t mtu)
{
	struct link *link = &endpoint->link;

	*link = (struct link){ .state = LINK_OFFERED, .codec = codec, .fd = fd, .mtu = mtu };
	link->io = pw_loop_add_io(endpoint->service->loop, fd, SPA_IO_ERR | SPA_IO_HUP, false,
				  on_io, endpoint);
	if (!link->io)
		return -errno;
	return hsphfpd_transport_new(endpoint);
}

/* ---- a link that the headset opened ---------------------------------------------------------- */

int hsphfpd_endpoint_take(struct hsphfpd_endpoint *endpoint, enum sco_codec codec, int fd,
			  uint16_t mtu)
{
	struct hsphfpd *service = endpoint->service;
	struct link *link = &endpoint->link;
	struct hsphfpd_endpoint *other = hsphfpd_link_find(service, LINK_INCOMING);
	struct spa_source *io;

	if (!hsphfpd_endpoint_may_take(endpoint))
		return -EBUSY;
	io = pw_loop_add_io(service->loop, fd, SPA_IO_IN | SPA_IO_ERR | SPA_IO_HUP, false, on_io,
			    endpoint);
	if (!io)
		return -errno;
	if (other)
		hsphfpd_link_close(other);
	*link = (struct link){
		.state = LINK_INCOMING, .codec = codec, .fd = fd, .mtu = mtu, .io = io
	};
	log_info("%s opened a sound link: %s, %u bytes a packet", endpoint->name,
		 hsphfpd_air_codec(codec), mtu);
	arm(service, service->unclaimed, INCOMING_TIMEOUT_S);
	/* where an agent waits already, this is its link */
	(void)pw_loop_signal_event(service->loop, service->kick);
	return 0;
}

bool hsphfpd_endpoint_may_take(const struct hsphfpd_endpoint *endpoint)
{
	const struct setup *setup = &endpoint->service->setup;

	if (endpoint->link.state != LINK_NONE)
		return false;
	return setup->endpoint != endpoint ||
	       (setup->state != SETUP_DIALING && setup->state != SETUP_PROBING &&
		setup->state != SETUP_OFFERING);
}

int hsphfpd_link_claim(struct hsphfpd_endpoint *endpoint)
{
	struct hsphfpd *service = endpoint->service;
	struct link *link = &endpoint->link;

	arm(service, service->unclaimed, 0);
	(void)drain(link->fd);
	(void)pw_loop_update_io(service->loop, link->io, SPA_IO_ERR | SPA_IO_HUP);
	link->state = LINK_OFFERED;
	return hsphfpd_transport_new(endpoint);
}

void hsphfpd_link_on_unclaimed_timer(void *data, uint64_t expirations)
{
	struct hsphfpd_endpoint *endpoint = hsphfpd_link_find(data, LINK_INCOMING);

	(void)expirations;
	if (!endpoint)
		return;
	log_info("No audio agent asks for the sound link that %s opened, closing it",
		 endpoint->name);
	hsphfpd_link_close(endpoint);
}
