/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Packets go out by a timer and from the beginning. The other side may wait for one before it sends any,
 * and may send one for each that comes: two such sides on a radio that paces nothing would run away.
 */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <sbc/sbc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CVSD_RATE_HZ 8000
#define CVSD_PACKET 48
#define MSBC_RATE_HZ 16000
#define MSBC_SAMPLES 120
#define MSBC_FRAME 57
#define H2_PACKET 60 /* header, frame, padding */
#define H2_SYNC 0x01
#define MAX_PACKET 1024
#define CVSD_PERIOD_NS 3000000
#define MSBC_PERIOD_NS 7500000
/* A process that was held up does not flood the link with all that it missed. */
#define MAX_CATCH_UP 20u

struct link {
	struct pw_loop *loop;
	const struct link_events *events;
	void *data;
	int fd;
	enum link_codec codec;
	struct spa_source *io;
	struct spa_source *pace;
	bool up;
	sbc_t encoder, decoder;
	unsigned int sequence; /* of H2 */
	struct tone tone;

	int16_t *samples; /* NULL: nobody listens */
	size_t n, wanted;
	void (*done)(void *data, const struct tone_heard *heard);
	void *done_data;
};

static unsigned int rate_hz(const struct link *link)
{
	return link->codec == LINK_MSBC ? MSBC_RATE_HZ : CVSD_RATE_HZ;
}

static void send_packet(struct link *link)
{
	/* the sequence number, each of its two bits doubled */
	static const uint8_t numbers[] = { 0x08, 0x38, 0xc8, 0xf8 };
	int16_t samples[MSBC_SAMPLES];
	uint8_t packet[H2_PACKET] = { H2_SYNC };
	ssize_t written = 0;

	if (link->codec == LINK_CVSD) {
		tone_fill(&link->tone, samples, CVSD_PACKET / 2);
		(void)send(link->fd, samples, CVSD_PACKET, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	}
	packet[1] = numbers[link->sequence++ % 4];
	tone_fill(&link->tone, samples, MSBC_SAMPLES);
	(void)sbc_encode(&link->encoder, samples, sizeof(samples), packet + 2, MSBC_FRAME,
			 &written);
	(void)send(link->fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void listen_to(struct link *link, const int16_t *samples, size_t n)
{
	struct tone_heard heard;
	int16_t *all = link->samples;

	if (!all)
		return;
	for (size_t i = 0; i < n && link->n < link->wanted; i++)
		all[link->n++] = samples[i];
	if (link->n < link->wanted)
		return;
	/* Released first: done() may start the next one. */
	link->samples = NULL;
	tone_analyse(all, link->n, rate_hz(link), &heard);
	free(all);
	link->done(link->done_data, &heard);
}

static void receive(struct link *link, const uint8_t *packet, size_t n)
{
	int16_t samples[MAX_PACKET / 2];
	size_t written = 0;

	if (link->codec == LINK_CVSD) {
		memcpy(samples, packet, n);
		listen_to(link, samples, n / 2);
	} else if (n == H2_PACKET && packet[0] == H2_SYNC &&
		   sbc_decode(&link->decoder, packet + 2, MSBC_FRAME, samples, sizeof(samples),
			      &written) > 0) {
		listen_to(link, samples, written / 2);
	}
}

static void on_io(void *data, int fd, uint32_t mask)
{
	struct link *link = data;
	uint8_t packet[MAX_PACKET];

	/* bounded, so that a peer that floods us does not keep the loop */
	for (unsigned int i = 0; i < 64; i++) {
		ssize_t n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			pw_loop_update_io(link->loop, link->io, 0);
			link->events->down(link->data);
			return;
		}
		if (!link->up) {
			link->up = true;
			link->events->up(link->data);
		}
		receive(link, packet, (size_t)n);
	}
}

static void on_pace(void *data, uint64_t expirations)
{
	for (unsigned int i = 0; i < expirations && i < MAX_CATCH_UP; i++)
		send_packet(data);
}

int link_new(struct pw_loop *loop, int fd, enum link_codec codec, double tone_hz,
	     const struct link_events *events, void *data, struct link **ret)
{
	struct timespec period = {
		.tv_nsec = codec == LINK_MSBC ? MSBC_PERIOD_NS : CVSD_PERIOD_NS,
	};
	struct link *link = calloc(1, sizeof(*link));
	char nothing;

	if (!link) {
		close(fd);
		return -ENOMEM;
	}
	link->loop = loop;
	link->events = events;
	link->data = data;
	link->fd = fd;
	link->codec = codec;
	tone_init(&link->tone, rate_hz(link), tone_hz, TONE_LEVEL_DBFS);
	(void)sbc_init_msbc(&link->encoder, 0);
	(void)sbc_init_msbc(&link->decoder, 0);
	link->encoder.endian = link->decoder.endian = SBC_LE;
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	/* takes a link that was only asked for */
	(void)recv(fd, &nothing, sizeof(nothing), MSG_DONTWAIT | MSG_PEEK);
	link->io =
		pw_loop_add_io(loop, fd, SPA_IO_IN | SPA_IO_ERR | SPA_IO_HUP, false, on_io, link);
	link->pace = pw_loop_add_timer(loop, on_pace, link);
	if (!link->io || !link->pace) {
		link_free(link);
		return -ENOMEM;
	}
	pw_loop_update_timer(loop, link->pace, &period, &period, false);
	*ret = link;
	return 0;
}

struct link *link_free(struct link *link)
{
	if (!link)
		return NULL;
	if (link->io)
		pw_loop_destroy_source(link->loop, link->io);
	if (link->pace)
		pw_loop_destroy_source(link->loop, link->pace);
	close(link->fd);
	sbc_finish(&link->encoder);
	sbc_finish(&link->decoder);
	free(link->samples);
	free(link);
	return NULL;
}

void link_tone(struct link *link, double frequency_hz)
{
	tone_set_frequency(&link->tone, frequency_hz);
}

int link_measure(struct link *link, double seconds,
		 void (*done)(void *data, const struct tone_heard *heard), void *data)
{
	if (link->samples)
		return -EBUSY;
	if (!(seconds >= 0.1 && seconds <= LINK_MAX_SECONDS))
		return -ERANGE;
	link->wanted = (size_t)(seconds * rate_hz(link));
	link->samples = calloc(link->wanted, sizeof(*link->samples));
	if (!link->samples)
		return -ENOMEM;
	link->n = 0;
	link->done = done;
	link->done_data = data;
	return 0;
}
