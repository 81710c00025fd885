/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the laboratory asks the kernel about its Bluetooth controllers, below bluetoothd:
 *
 *   hci wait N SECONDS     until N controllers are set up
 *   hci credits            keep the SCO packet credits of all controllers fresh, until killed
 *   hci counts             how many SCO packets each controller has had, for who looks into a failure
 *
 * "wait" exists because a bluetoothd that starts while a controller is being set up may miss it for
 * good. The management interface lists a controller only after its set-up, so its Index Added event is
 * what to wait for.
 *
 * "credits" works around a defect of this laboratory's radio and of nothing else: the emulator takes one
 * SCO packet at a time and drops a packet that meets a closing link without reporting it as completed.
 * The kernel then waits for that credit for ever, and every later SCO link is mute both ways. On the
 * reply to Read Buffer Size the kernel sets its credits anew: asked for when a link has ended, and when one
 * for sound begins.
 */
#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/hci_lib.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* The management interface: BlueZ's doc/mgmt-protocol.rst. All numbers are little-endian. */
#define MGMT_NO_INDEX 0xffff
#define MGMT_READ_INDEX_LIST 0x0003
#define MGMT_COMMAND_COMPLETE 0x0001
#define MGMT_INDEX_ADDED 0x0004
#define MGMT_HEADER 6

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static uint16_t get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* How many controllers an event adds to those that are known. */
static unsigned int controllers_in(const uint8_t *event, size_t n)
{
	if (n < MGMT_HEADER)
		return 0;
	if (get_le16(event) == MGMT_INDEX_ADDED)
		return 1;
	/* opcode, status, number of controllers */
	if (get_le16(event) == MGMT_COMMAND_COMPLETE && n >= MGMT_HEADER + 5 &&
	    get_le16(event + MGMT_HEADER) == MGMT_READ_INDEX_LIST && event[MGMT_HEADER + 2] == 0)
		return get_le16(event + MGMT_HEADER + 3);
	return 0;
}

static int wait_controllers(unsigned int wanted, unsigned int seconds)
{
	const struct sockaddr_hci address = {
		.hci_family = AF_BLUETOOTH,
		.hci_dev = HCI_DEV_NONE,
		.hci_channel = HCI_CHANNEL_CONTROL,
	};
	const uint8_t list[MGMT_HEADER] = { MGMT_READ_INDEX_LIST, 0, 0xff, 0xff, 0, 0 };
	const int64_t deadline = now_ms() + (int64_t)seconds * 1000;
	unsigned int known = 0;
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);

	/* An event between bind() and the list's reply would count twice; each wait starts before the
	 * controllers or long after them, and then there is no such event. */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    write(fd, list, sizeof(list)) != sizeof(list)) {
		fprintf(stderr, "hci: the management interface: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	while (known < wanted) {
		struct pollfd readable = { .fd = fd, .events = POLLIN };
		uint8_t event[512];
		int64_t left = deadline - now_ms();
		ssize_t n;

		if (left <= 0 || poll(&readable, 1, (int)left) <= 0) {
			fprintf(stderr, "hci: %u of %u controllers after %u s\n", known, wanted,
				seconds);
			return EXIT_FAILURE;
		}
		n = read(fd, event, sizeof(event));
		if (n < 0) {
			fprintf(stderr, "hci: %s\n", strerror(errno));
			return EXIT_FAILURE;
		}
		known += controllers_in(event, (size_t)n);
	}
	printf("controllers %u\n", known);
	return EXIT_SUCCESS;
}

/* The numbers of all controllers. Return: how many, or 0 after having told why. */
static unsigned int list_controllers(int fd, uint16_t *ret)
{
	struct hci_dev_list_req *list =
		calloc(1, sizeof(*list) + HCI_MAX_DEV * sizeof(list->dev_req[0]));
	unsigned int n = 0;

	if (fd >= 0 && list) {
		list->dev_num = HCI_MAX_DEV;
		if (ioctl(fd, HCIGETDEVLIST, list) == 0)
			for (; n < list->dev_num && n < HCI_MAX_DEV; n++)
				ret[n] = list->dev_req[n].dev_id;
	}
	free(list);
	if (!n)
		fprintf(stderr, "hci: no controllers: %s\n", strerror(errno));
	return n;
}

static int print_counts(void)
{
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	uint16_t controllers[HCI_MAX_DEV];
	unsigned int n = list_controllers(fd, controllers);

	for (unsigned int i = 0; i < n; i++) {
		struct hci_dev_info info = { .dev_id = controllers[i] };

		if (ioctl(fd, HCIGETDEVINFO, &info) == 0)
			printf("%s: %u SCO packets sent, %u received\n", info.name,
			       info.stat.sco_tx, info.stat.sco_rx);
	}
	return n ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What a controller tells about links: the ends of all, the beginnings of those for sound. */
static int listen_to_links(uint16_t id)
{
	struct hci_filter filter;
	int fd = hci_open_dev(id);

	hci_filter_clear(&filter);
	hci_filter_set_ptype(HCI_EVENT_PKT, &filter);
	hci_filter_set_event(EVT_DISCONN_COMPLETE, &filter);
	hci_filter_set_event(EVT_SYNC_CONN_COMPLETE, &filter);
	if (fd >= 0 && setsockopt(fd, SOL_HCI, HCI_FILTER, &filter, sizeof(filter)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int keep_credits(void)
{
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	uint16_t ids[HCI_MAX_DEV];
	struct pollfd controllers[HCI_MAX_DEV];
	unsigned int known = list_controllers(fd, ids), n = 0;

	for (unsigned int i = 0; i < known; i++) {
		controllers[n] = (struct pollfd){ .fd = listen_to_links(ids[i]), .events = POLLIN };
		if (controllers[n].fd >= 0)
			n++;
	}
	if (!n)
		return EXIT_FAILURE;
	printf("credits for %u controllers\n", n);
	fflush(stdout);
	while (poll(controllers, n, -1) > 0) {
		for (unsigned int i = 0; i < n; i++) {
			uint8_t event[HCI_MAX_EVENT_SIZE];

			if (!controllers[i].revents)
				continue;
			if (read(controllers[i].fd, event, sizeof(event)) < 0 ||
			    hci_send_cmd(controllers[i].fd, OGF_INFO_PARAM, OCF_READ_BUFFER_SIZE, 0,
					 NULL) < 0) {
				fprintf(stderr, "hci: %s\n", strerror(errno));
				return EXIT_FAILURE;
			}
		}
	}
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "wait"))
		return wait_controllers((unsigned int)atoi(argv[2]), (unsigned int)atoi(argv[3]));
	if (argc == 2 && !strcmp(argv[1], "credits"))
		return keep_credits();
	if (argc == 2 && !strcmp(argv[1], "counts"))
		return print_counts();
	fprintf(stderr, "usage: hci wait N SECONDS | hci credits | hci counts\n");
	return 2;
}
