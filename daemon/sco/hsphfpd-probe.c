/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Is there anything in a link of transparent data? USB adapters without the right alternate setting,
 * and some kernels, accept such a link and deliver zeros. mSBC is never all zeros: each of its frames
 * begins with a sync word. So the first packet that is something hands the link on, a few milliseconds
 * after it is up; nothing but zeros for a second, and it is as if it had been refused.
 *
 * A headset that sends nothing at all at first is taken as it is: nothing is known then.
 */
#include "hsphfpd-private.h"

#include "daemon/log.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_PACKET_MS 100
#define ZEROS_MS 1000
/* Packets looked at in one turn of the loop. */
#define MAX_PACKETS 32

static void arm(struct hsphfpd *service, unsigned int ms)
{
	struct timespec value = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)pw_loop_update_timer(service->loop, service->probing, &value, NULL, false);
}

void hsphfpd_probe_end(struct hsphfpd *service)
{
	struct probe *probe = &service->probe;

	if (!probe->io)
		return;
	pw_loop_destroy_source(service->loop, probe->io);
	if (probe->fd >= 0)
		close(probe->fd);
	*probe = (struct probe){ .fd = -1 };
	arm(service, 0);
}

static void outcome(struct hsphfpd *service, int error)
{
	struct probe *probe = &service->probe;
	uint16_t mtu = probe->mtu;
	int fd = probe->fd;

	probe->fd = -1;
	hsphfpd_probe_end(service);
	hsphfpd_audio_probed(service, fd, mtu, error);
}

static bool all_zero(const unsigned char *bytes, ssize_t n)
{
	for (ssize_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

static void on_io(void *data, int fd, uint32_t mask)
{
	struct hsphfpd *service = data;
	struct probe *probe = &service->probe;
	unsigned char packet[1024];

	for (unsigned int i = 0; i < MAX_PACKETS; i++) {
		ssize_t n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			outcome(service, n < 0 && errno ? errno : ECONNRESET);
			return;
		}
		if (!all_zero(packet, n)) {
			outcome(service, 0);
			return;
		}
		if (!probe->zeros)
			arm(service, ZEROS_MS);
		probe->zeros = true;
	}
	if (mask & (SPA_IO_ERR | SPA_IO_HUP))
		outcome(service, ECONNRESET);
}

void hsphfpd_probe_on_timer(void *data, uint64_t expirations)
{
	struct hsphfpd *service = data;

	(void)expirations;
	if (!service->probe.io)
		return;
	if (service->probe.zeros)
		log_notice("a headset's wide band link carries nothing but zeros");
	outcome(service, service->probe.zeros ? EPROTO : 0);
}

int hsphfpd_probe_begin(struct hsphfpd *service, int fd, uint16_t mtu)
{
	struct probe *probe = &service->probe;
	struct spa_source *io = pw_loop_add_io(
		service->loop, fd, SPA_IO_IN | SPA_IO_ERR | SPA_IO_HUP, false, on_io, service);

	if (!io)
		return -errno;
	*probe = (struct probe){ .fd = fd, .io = io, .mtu = mtu };
	arm(service, FIRST_PACKET_MS);
	return 0;
}
