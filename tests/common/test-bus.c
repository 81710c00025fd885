/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The daemon tells its address through a pipe, which is also how we know that it listens.
 */
#include "test-bus.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_TIMEOUT_MS 10000
#define CONFIG_FILE "bus.conf"

static const char everything[] =
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\""
	" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
	"<busconfig>\n"
	"  <type>session</type>\n"
	"  <listen>unix:path=@DIR@/bus</listen>\n"
	"  <auth>EXTERNAL</auth>\n"
	"  <policy context=\"default\">\n"
	"    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
	"    <allow receive_sender=\"*\"/>\n"
	"    <allow own=\"*\"/>\n"
	/* an answer that nobody asked for must not be hidden from a test */
	"    <allow send_requested_reply=\"false\"/>\n"
	"    <allow receive_requested_reply=\"false\"/>\n"
	"  </policy>\n"
	/* as a session bus has them; the built-in ones are a system bus' */
	"  <limit name=\"max_replies_per_connection\">50000</limit>\n"
	"  <limit name=\"max_match_rules_per_connection\">50000</limit>\n"
	"</busconfig>\n";

struct test_bus {
	pid_t pid;
	char dir[64];
	char config[96];
	char address[512];
};

static int write_config(const struct test_bus *bus, const char *text)
{
	FILE *file = fopen(bus->config, "wxe");
	const char *at;

	if (!file)
		return -errno;
	while ((at = strstr(text, "@DIR@"))) {
		(void)fwrite(text, 1, (size_t)(at - text), file);
		(void)fputs(bus->dir, file);
		text = at + strlen("@DIR@");
	}
	(void)fputs(text, file);
	return fclose(file) == 0 ? 0 : -errno;
}

static void run_daemon(const struct test_bus *bus, pid_t parent, int out)
{
	char config[sizeof(bus->config) + 16];
	char print[32];

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
	    fcntl(out, F_SETFD, 0) < 0)
		_exit(126);
	(void)snprintf(config, sizeof(config), "--config-file=%s", bus->config);
	(void)snprintf(print, sizeof(print), "--print-address=%d", out);
	(void)execlp("dbus-daemon", "dbus-daemon", config, print, "--nofork", "--nopidfile",
		     "--nosyslog", (char *)NULL);
	perror("dbus-daemon");
	_exit(127);
}

/* The line that the daemon prints; false where it ended first or says nothing. */
static bool read_address(struct test_bus *bus, int in)
{
	size_t n = 0;

	while (n + 1 < sizeof(bus->address)) {
		struct pollfd fd = { .fd = in, .events = POLLIN };
		ssize_t got;

		if (poll(&fd, 1, START_TIMEOUT_MS) <= 0)
			return false;
		got = read(in, bus->address + n, 1);
		if (got != 1)
			return false;
		if (bus->address[n] == '\n') {
			bus->address[n] = '\0';
			return n > 0;
		}
		n++;
	}
	return false;
}

struct test_bus *test_bus_start(const char *config)
{
	struct test_bus *bus = calloc(1, sizeof(*bus));
	const char *tmp = getenv("TMPDIR");
	pid_t parent = getpid();
	int fds[2] = { -1, -1 };
	bool ok;

	if (!bus)
		return NULL;
	bus->pid = -1;
	/* a socket's path has little room, so a long $TMPDIR is not for us */
	(void)snprintf(bus->dir, sizeof(bus->dir), "%s/bus-XXXXXX",
		       tmp && tmp[0] == '/' && strlen(tmp) < 40 ? tmp : "/tmp");
	if (!mkdtemp(bus->dir)) {
		perror("mkdtemp");
		free(bus);
		return NULL;
	}
	(void)snprintf(bus->config, sizeof(bus->config), "%s/" CONFIG_FILE, bus->dir);
	if (write_config(bus, config ? config : everything) < 0 || pipe2(fds, O_CLOEXEC) < 0) {
		perror(bus->dir);
		return test_bus_stop(bus);
	}
	bus->pid = fork();
	if (bus->pid == 0)
		run_daemon(bus, parent, fds[1]);
	close(fds[1]);
	ok = bus->pid > 0 && read_address(bus, fds[0]);
	close(fds[0]);
	if (ok)
		return bus;
	(void)fprintf(stderr, "dbus-daemon did not start\n");
	return test_bus_stop(bus);
}

static void end_daemon(struct test_bus *bus, int signal_number)
{
	if (bus->pid <= 0)
		return;
	(void)kill(bus->pid, signal_number);
	while (waitpid(bus->pid, NULL, 0) < 0 && errno == EINTR)
		;
	bus->pid = -1;
}

void test_bus_kill(struct test_bus *bus)
{
	end_daemon(bus, SIGKILL);
}

struct test_bus *test_bus_stop(struct test_bus *bus)
{
	char path[sizeof(bus->dir) + 8];

	if (!bus)
		return NULL;
	end_daemon(bus, SIGTERM);
	(void)unlink(bus->config);
	(void)snprintf(path, sizeof(path), "%s/bus", bus->dir);
	(void)unlink(path);
	(void)rmdir(bus->dir);
	free(bus);
	return NULL;
}

const char *test_bus_address(const struct test_bus *bus)
{
	return bus->address;
}

const char *test_bus_dir(const struct test_bus *bus)
{
	return bus->dir;
}

pid_t test_bus_pid(const struct test_bus *bus)
{
	return bus->pid;
}
