/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The microphone sends from the moment the link is up, silence if nothing else: an audio agent may
 * wait for the first packet before it writes any.
 */
#include "sound.h"

#include "wav.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/sco.h>
#include <errno.h>
#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PACKET_NS 3000000L
#define PACKET_SAMPLES (SOUND_PACKET_SIZE / 2)
/* A stalled process does not flood the link with all that it missed. */
#define MAX_CATCH_UP 20u
/* Where packets pace us: how many periods without one until the timer does. */
#define QUIET_PERIODS 20u
#define MAX_PACKET 1024
#define MAX_SAMPLES (SOUND_RATE_HZ * SOUND_MAX_SECONDS)

struct sound {
	struct pw_loop *loop;
	const struct sound_events *events;
	void *data;

	bool bluetooth;
	bool refuse;
	struct sockaddr_un path;
	bdaddr_t adapter;
	int listen_fd;
	struct spa_source *listener;

	int fd;
	struct spa_source *io;
	struct spa_source *pace;
	bool connecting;
	unsigned int periods_without_packet;
	unsigned long received;
	uint32_t *heard; /* packets, in a file beside a Unix socket; NULL for none */
	bool uncounted;

	struct tone microphone;
	struct wav *wav;

	struct spa_source *measure_end;
	void (*measure_done)(void *data, const struct tone_heard *heard);
	void *measure_data;
	size_t measure_wanted;
	size_t measure_n;
	int16_t *measure_samples;
};

static struct spa_source *drop_source(struct sound *sound, struct spa_source *source)
{
	if (source)
		pw_loop_destroy_source(sound->loop, source);
	return NULL;
}

static void send_packet(struct sound *sound)
{
	int16_t samples[PACKET_SAMPLES];

	tone_fill(&sound->microphone, samples, PACKET_SAMPLES);
	/* a full socket is a lost packet, an error shows on the receiving side too */
	(void)send(sound->fd, samples, sizeof(samples), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_pace(void *data, uint64_t expirations)
{
	struct sound *sound = data;

	if (sound->fd < 0 || sound->connecting)
		return;
	if (sound->bluetooth && ++sound->periods_without_packet < QUIET_PERIODS)
		return;
	for (unsigned int i = 0; i < expirations && i < MAX_CATCH_UP; i++)
		send_packet(sound);
}

void sound_heard(struct sound *sound, unsigned int packets)
{
	sound->received += packets;
	if (sound->heard && !sound->uncounted)
		*sound->heard += packets;
}

void sound_count(struct sound *sound, bool count)
{
	sound->uncounted = !count;
}

static void listen_to(struct sound *sound, const int16_t *samples, size_t n)
{
	if (sound->wav)
		wav_write(sound->wav, samples, n);
	if (sound->measure_end) {
		size_t room = sound->measure_wanted - sound->measure_n;
		size_t take = n < room ? n : room;

		memcpy(sound->measure_samples + sound->measure_n, samples, take * sizeof(*samples));
		sound->measure_n += take;
	}
}

static void receive_all(struct sound *sound)
{
	int16_t samples[MAX_PACKET / 2];

	/* bounded, so that a peer that floods us does not keep the loop */
	for (unsigned int i = 0; i < 64; i++) {
		ssize_t n = recv(sound->fd, samples, sizeof(samples), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			sound_close(sound);
			return;
		}
		sound_heard(sound, 1);
		sound->periods_without_packet = 0;
		listen_to(sound, samples, (size_t)n / sizeof(*samples));
		if (sound->bluetooth)
			send_packet(sound);
	}
}

static void link_is_up(struct sound *sound)
{
	struct timespec period = { .tv_nsec = PACKET_NS };

	sound->connecting = false;
	sound->periods_without_packet = QUIET_PERIODS;
	pw_loop_update_io(sound->loop, sound->io, SPA_IO_IN | SPA_IO_ERR | SPA_IO_HUP);
	pw_loop_update_timer(sound->loop, sound->pace, &period, &period, false);
	sound->events->link(sound->data, true);
}

static void on_link(void *data, int fd, uint32_t mask)
{
	struct sound *sound = data;

	if (sound->connecting) {
		int error = 0;
		socklen_t size = sizeof(error);

		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
			sound_close(sound);
		else
			link_is_up(sound);
		return;
	}
	receive_all(sound);
}

static int take(struct sound *sound, int fd, bool connecting)
{
	uint32_t mask = connecting ? SPA_IO_OUT : SPA_IO_IN;

	sound_close(sound);
	sound->io = pw_loop_add_io(sound->loop, fd, mask, false, on_link, sound);
	if (!sound->io) {
		close(fd);
		return -ENOMEM;
	}
	sound->fd = fd;
	sound->connecting = connecting;
	if (!connecting)
		link_is_up(sound);
	return 0;
}

int sound_take(struct sound *sound, int fd)
{
	return take(sound, fd, false);
}

static void on_peer(void *data, int listen_fd, uint32_t mask)
{
	struct sound *sound = data;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		(void)sound_take(sound, fd);
}

static void stop_listening(struct sound *sound)
{
	sound->listener = drop_source(sound, sound->listener);
	if (sound->listen_fd < 0)
		return;
	close(sound->listen_fd);
	sound->listen_fd = -1;
	if (!sound->bluetooth)
		unlink(sound->path.sun_path);
}

static int start_listening(struct sound *sound)
{
	struct sockaddr_sco sco = { .sco_family = AF_BLUETOOTH, .sco_bdaddr = sound->adapter };
	const struct sockaddr *address = (const struct sockaddr *)&sound->path;
	socklen_t size = sizeof(sound->path);
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	if (sound->bluetooth) {
		address = (const struct sockaddr *)&sco;
		size = sizeof(sco);
		sound->listen_fd = socket(AF_BLUETOOTH, type, BTPROTO_SCO);
	} else {
		sound->listen_fd = socket(AF_UNIX, type, 0);
	}
	if (sound->listen_fd < 0)
		return -errno;
	if (bind(sound->listen_fd, address, size) < 0 || listen(sound->listen_fd, 1) < 0) {
		int error = errno;

		close(sound->listen_fd);
		sound->listen_fd = -1;
		return -error;
	}
	sound->listener =
		pw_loop_add_io(sound->loop, sound->listen_fd, SPA_IO_IN, false, on_peer, sound);
	return sound->listener ? 0 : -ENOMEM;
}

#define HEARD_PATH_SIZE (sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof(".heard"))

static void heard_path(const struct sound *sound, char ret[static HEARD_PATH_SIZE])
{
	char *end;

	strcpy(ret, sound->path.sun_path);
	end = strrchr(ret, '.');
	strcpy(end ? end : ret + strlen(ret), ".heard");
}

/* For who sends, as a radio's driver would count. */
static void open_heard(struct sound *sound)
{
	char path[HEARD_PATH_SIZE];
	void *heard;
	int fd;

	if (sound->heard)
		return;
	heard_path(sound, path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (ftruncate(fd, sizeof(*sound->heard)) == 0) {
		heard = mmap(NULL, sizeof(*sound->heard), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			     0);
		sound->heard = heard != MAP_FAILED ? heard : NULL;
	}
	close(fd);
}

static void close_heard(struct sound *sound)
{
	char path[HEARD_PATH_SIZE];

	if (!sound->heard)
		return;
	heard_path(sound, path);
	unlink(path);
	munmap(sound->heard, sizeof(*sound->heard));
}

int sound_listen_unix(struct sound *sound, const char *path)
{
	if (strlen(path) >= sizeof(sound->path.sun_path))
		return -ENAMETOOLONG;
	stop_listening(sound);
	sound->bluetooth = false;
	sound->path.sun_family = AF_UNIX;
	strcpy(sound->path.sun_path, path);
	open_heard(sound);
	return start_listening(sound);
}

int sound_listen_bluetooth(struct sound *sound, const char *adapter)
{
	stop_listening(sound);
	sound->bluetooth = true;
	if (str2ba(adapter, &sound->adapter) < 0)
		return -EINVAL;
	return start_listening(sound);
}

int sound_refuse(struct sound *sound, bool refuse)
{
	if (refuse == sound->refuse)
		return 0;
	sound->refuse = refuse;
	if (!refuse)
		return start_listening(sound);
	stop_listening(sound);
	return 0;
}

static int start_connecting(int fd, const struct sockaddr *local, const struct sockaddr *remote,
			    socklen_t size)
{
	if (fd < 0)
		return -errno;
	if (bind(fd, local, size) < 0 || (connect(fd, remote, size) < 0 && errno != EINPROGRESS)) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static int connect_bluetooth(struct sound *sound, const char *peer)
{
	struct sockaddr_sco local = { .sco_family = AF_BLUETOOTH, .sco_bdaddr = sound->adapter };
	struct sockaddr_sco remote = { .sco_family = AF_BLUETOOTH };

	if (str2ba(peer, &remote.sco_bdaddr) < 0)
		return -EINVAL;
	return start_connecting(
		socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, BTPROTO_SCO),
		(struct sockaddr *)&local, (struct sockaddr *)&remote, sizeof(local));
}

static int connect_unix(struct sound *sound, const char *peer)
{
	struct sockaddr_un local = sound->path, remote = sound->path;
	char *name = strrchr(remote.sun_path, '/');
	size_t room = sizeof(remote.sun_path);

	/* from OURS.link, so that the other side knows who it is */
	char *end = strrchr(local.sun_path, '.');

	if (!name || !end || (size_t)(end - local.sun_path) + sizeof(".link") > room)
		return -ENAMETOOLONG;
	strcpy(end, ".link");
	room -= (size_t)(name + 1 - remote.sun_path);
	if (snprintf(name + 1, room, "%s.sco", peer) >= (int)room)
		return -ENAMETOOLONG;
	unlink(local.sun_path);
	int fd = start_connecting(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
				  (struct sockaddr *)&local, (struct sockaddr *)&remote,
				  sizeof(local));
	unlink(local.sun_path);
	return fd;
}

int sound_open(struct sound *sound, const char *peer)
{
	int fd = sound->bluetooth ? connect_bluetooth(sound, peer) : connect_unix(sound, peer);

	return fd < 0 ? fd : take(sound, fd, sound->bluetooth);
}

void sound_close(struct sound *sound)
{
	struct timespec never = { 0 };
	bool was_up = sound_up(sound);

	if (sound->fd < 0)
		return;
	sound->io = drop_source(sound, sound->io);
	close(sound->fd);
	sound->fd = -1;
	sound->connecting = false;
	pw_loop_update_timer(sound->loop, sound->pace, &never, NULL, false);
	if (was_up)
		sound->events->link(sound->data, false);
}

bool sound_up(const struct sound *sound)
{
	return sound->fd >= 0 && !sound->connecting;
}

void sound_tone(struct sound *sound, double frequency_hz)
{
	tone_set_frequency(&sound->microphone, frequency_hz);
}

int sound_record(struct sound *sound, const char *path)
{
	sound->wav = wav_free(sound->wav);
	return path ? wav_new(path, SOUND_RATE_HZ, &sound->wav) : 0;
}

static void on_measured(void *data, uint64_t expirations)
{
	struct sound *sound = data;
	struct tone_heard heard;

	sound->measure_end = drop_source(sound, sound->measure_end);
	/* the last packets of the time may still be on their way; more missing than that is silence */
	size_t counted = sound->measure_wanted - sound->measure_wanted / 20;
	if (sound->measure_n < counted)
		memset(sound->measure_samples + sound->measure_n, 0,
		       (counted - sound->measure_n) * sizeof(*sound->measure_samples));
	else
		counted = sound->measure_n;
	tone_analyse(sound->measure_samples, counted, SOUND_RATE_HZ, &heard);
	sound->measure_done(sound->measure_data, &heard);
}

int sound_measure(struct sound *sound, double seconds,
		  void (*done)(void *data, const struct tone_heard *heard), void *data)
{
	if (!(seconds >= 0.2 && seconds <= SOUND_MAX_SECONDS))
		return -ERANGE;
	if (sound->measure_end)
		return -EBUSY;
	struct timespec end = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
	};
	sound->measure_end = pw_loop_add_timer(sound->loop, on_measured, sound);
	if (!sound->measure_end)
		return -ENOMEM;
	sound->measure_done = done;
	sound->measure_data = data;
	sound->measure_n = 0;
	sound->measure_wanted = (size_t)(seconds * SOUND_RATE_HZ);
	pw_loop_update_timer(sound->loop, sound->measure_end, &end, NULL, false);
	return 0;
}

unsigned long sound_received(const struct sound *sound)
{
	return sound->received;
}

int sound_new(struct pw_loop *loop, const struct sound_events *events, void *data,
	      struct sound **ret)
{
	struct sound *sound = calloc(1, sizeof(*sound));

	if (!sound)
		return -ENOMEM;
	sound->loop = loop;
	sound->events = events;
	sound->data = data;
	sound->fd = -1;
	sound->listen_fd = -1;
	tone_init(&sound->microphone, SOUND_RATE_HZ, 0.0, TONE_LEVEL_DBFS);
	sound->measure_samples = calloc(MAX_SAMPLES, sizeof(*sound->measure_samples));
	sound->pace = pw_loop_add_timer(loop, on_pace, sound);
	if (!sound->measure_samples || !sound->pace) {
		sound_free(sound);
		return -ENOMEM;
	}
	*ret = sound;
	return 0;
}

struct sound *sound_free(struct sound *sound)
{
	if (!sound)
		return NULL;
	stop_listening(sound);
	sound->io = drop_source(sound, sound->io);
	if (sound->fd >= 0)
		close(sound->fd);
	sound->pace = drop_source(sound, sound->pace);
	sound->measure_end = drop_source(sound, sound->measure_end);
	sound->wav = wav_free(sound->wav);
	close_heard(sound);
	free(sound->measure_samples);
	free(sound);
	return NULL;
}
