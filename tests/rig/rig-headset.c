/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The virtual headsets of a rig: each a device of the stand-in and, where it can carry calls, a
 * hands-free unit whose sound listens where the rig's SCO dials.
 */
#include "rig-internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10000u
#define MEASURE_SECONDS 0.3

static struct rig_device *find(struct rig *rig, const char *address)
{
	for (size_t i = 0; i < rig->n_devices; i++) {
		if (!strcmp(rig->devices[i]->address, address))
			return rig->devices[i];
	}
	return NULL;
}

struct headset *rig_headset(struct rig *rig, const char *address)
{
	struct rig_device *device = find(rig, address);

	return device ? device->headset : NULL;
}

static void forget_lines(struct rig_device *device, size_t n)
{
	device->n_lines -= n;
	memmove(device->lines, device->lines + n, device->n_lines);
}

static void on_line(void *data, const char *line)
{
	struct rig_device *device = data;
	struct rig_options *options = &device->rig->options;
	size_t n = strlen(line);
	double level;

	while (device->n_lines + n + 1 > RIG_MAX_LINES) {
		char *end = memchr(device->lines, '\n', device->n_lines);
		forget_lines(device, (size_t)(end - device->lines) + 1);
	}
	memcpy(device->lines + device->n_lines, line, n);
	device->lines[device->n_lines + n] = '\n';
	device->n_lines += n + 1;
	if (sscanf(line, "heard %lf %lf %lf", &device->heard_hz, &level, &device->heard_share) == 3)
		device->heard_count++;
	else if (options->headset_line)
		options->headset_line(options->data, device->address, line);
}

static bool take_line(struct rig_device *device, const char *text)
{
	size_t at = 0;

	while (at < device->n_lines) {
		char *line = device->lines + at;
		char *end = memchr(line, '\n', device->n_lines - at);
		size_t n = (size_t)(end - line);

		at += n + 1;
		if (memmem(line, n, text, strlen(text))) {
			forget_lines(device, at);
			return true;
		}
	}
	return false;
}

bool rig_headset_wait(struct rig *rig, const char *address, const char *text, unsigned int ms)
{
	struct rig_device *device = find(rig, address);

	return device && rig_wait(rig, ms, take_line(device, text));
}

void rig_headset_forget_lines(struct rig *rig, const char *address)
{
	struct rig_device *device = find(rig, address);

	if (device)
		device->n_lines = 0;
}

bool rig_headset_hears(struct rig *rig, const char *address, double frequency_hz, unsigned int ms)
{
	struct rig_device *device = find(rig, address);
	uint64_t limit = rig_now_ms() + ms;

	while (device && rig_now_ms() < limit) {
		unsigned int before = device->heard_count;

		if (headset_measure(device->headset, MEASURE_SECONDS) < 0)
			return false;
		if (!rig_wait(rig, 2000, device->heard_count > before))
			return false;
		if (frequency_hz > 0.0 ? device->heard_hz > frequency_hz * 0.985 &&
						 device->heard_hz < frequency_hz * 1.015 &&
						 device->heard_share > 0.8
				       : device->heard_hz <= 0.0)
			return true;
	}
	return false;
}

/* ---- the stand-in's events ---------------------------------------------------------------------- */

static void on_channel(void *data, const char *address, bool hsp, int fd)
{
	struct rig_device *device = find(data, address);

	if (device && device->headset)
		(void)headset_connected(device->headset, fd);
	else
		close(fd);
}

static void on_disconnected(void *data, const char *address)
{
	struct rig_device *device = find(data, address);

	if (device && device->headset)
		headset_disconnect(device->headset);
}

const struct stand_in_events rig_stand_in_events = {
	.channel = on_channel,
	.disconnected = on_disconnected,
};

/* ---- coming and going -------------------------------------------------------------------------------- */

int rig_headset_add(struct rig *rig, const struct stand_in_device *info,
		    const struct headset_options *options)
{
	static const struct headset_events events = { .line = on_line };
	struct headset_options chosen = options ? *options : headset_default_options;
	char path[RIG_PATH_SIZE * 2];
	int r;

	if (rig->n_devices == STAND_IN_MAX_DEVICES)
		return -ENOSPC;
	struct rig_device *device = calloc(1, sizeof(*device));
	if (!device)
		return -ENOMEM;
	device->rig = rig;
	device->a2dp = info->a2dp;
	device->call_capable = info->handsfree || info->headset;
	(void)snprintf(device->address, sizeof(device->address), "%s", info->address);
	if (device->call_capable) {
		chosen.hsp = !info->handsfree;
		(void)snprintf(path, sizeof(path), "%s/run/%s.sco", rig->directory, info->address);
		if ((r = headset_new(rig->loop, &chosen, &events, device, &device->headset)) < 0 ||
		    (r = sound_listen_unix(headset_sound(device->headset), path)) < 0)
			goto fail;
	}
	if ((r = stand_in_add(rig->stand_in, info)) < 0)
		goto fail;
	rig->devices[rig->n_devices++] = device;
	return 0;
fail:
	headset_free(device->headset);
	free(device);
	return r;
}

int rig_headset_connect(struct rig *rig, const char *address)
{
	struct rig_device *device = find(rig, address);
	int r = device ? stand_in_connect(rig->stand_in, address) : -ENOENT;

	if (r < 0)
		return r;
	if (device->call_capable && !rig_wait(rig, CONNECT_MS, headset_slc_up(device->headset)))
		return -ETIMEDOUT;
	return rig_wait(rig, CONNECT_MS, view_profile(rig->view, address)[0]) ? 0 : -ETIMEDOUT;
}

void rig_headset_disconnect(struct rig *rig, const char *address)
{
	struct rig_device *device = find(rig, address);

	if (!device)
		return;
	if (device->headset)
		headset_disconnect(device->headset);
	stand_in_disconnect(rig->stand_in, address);
}

void rig_headsets_remove(struct rig *rig)
{
	while (rig->n_devices) {
		struct rig_device *device = rig->devices[--rig->n_devices];

		if (device->headset)
			headset_disconnect(device->headset);
		stand_in_remove(rig->stand_in, device->address);
		device->headset = headset_free(device->headset);
		free(device);
	}
}
