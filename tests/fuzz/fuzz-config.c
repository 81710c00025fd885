/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * callroute.conf of any bytes: it is loaded, and can be asked about nodes and devices. The list of
 * kinds, which also comes from properties of nodes, is read besides.
 */
#include "fuzz.h"

#include "daemon/config.h"

#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDPOINTS (1u << ROUTE_HANDSET | 1u << ROUTE_SPEAKER | 1u << ROUTE_WIRED)

static char directory[] = "/tmp/callroute-fuzz-XXXXXX";
static char path[sizeof(directory) + 16];

static void clean_up(void)
{
	(void)unlink(path);
	(void)rmdir(directory);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	pw_init(NULL, NULL);
	CHECK(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/callroute.conf", directory);
	CHECK(atexit(clean_up) == 0);
	return 0;
}

static void complain(void *data, const char *line)
{
	CHECK(line[0]);
	++*(unsigned int *)data;
}

static void write_file(const uint8_t *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, data, n) == (ssize_t)n);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct spa_dict_item items[] = {
		{ "node.name", "alsa_output.pci-0000_00_1f.3.hdmi-stereo" },
		{ "media.class", "Audio/Sink" },
		{ "node.description", "" },
	};
	const struct spa_dict props = SPA_DICT_INIT(items, 3);
	struct config_device device = { 0 };
	struct config_timeouts timeouts;
	struct config *config = NULL;
	unsigned int kinds = 0, complaints = 0;
	char *text;

	if (n == 0)
		return 0;
	text = strndup((const char *)data, n);
	CHECK(text);
	if (config_kinds_from_string(text, &kinds) == 0)
		CHECK((kinds & ~(1u << ROUTE_HANDSET | 1u << ROUTE_SPEAKER | 1u << ROUTE_WIRED)) ==
		      0);
	free(text);

	write_file(data, n);
	if (config_load_file(path, complain, &complaints, &config) < 0) {
		CHECK(complaints > 0 && !config);
		return 0;
	}
	kinds = 0;
	if (config_endpoint(config, &props, &kinds))
		CHECK((kinds & ~(unsigned int)ENDPOINTS) == 0);
	config_device(config, 0xaabbccddeeff, "Headset", &device);
	CHECK(!device.has_kind || device.kind <= DEVICE_HEARING_AID);
	CHECK(device.codec <= CODEC_MSBC);
	config_timeouts(config, &timeouts);
	CHECK(timeouts.request_ms > 0 && timeouts.retry_ms > 0);
	config_free(config);
	return 0;
}
