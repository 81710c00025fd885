/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Children die with the test (PR_SET_PDEATHSIG) and are ended by their own pids.
 */
#include "session.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CHILDREN 16
#define PATH_SIZE 512

struct session {
	char directory[64];
	pid_t bus;
	pid_t pipewire;
	pid_t wireplumber;
	pid_t children[MAX_CHILDREN];
};

const char *session_path(const struct session *session, const char *name)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", session->directory, name);
	return path;
}

static bool write_text(const struct session *session, const char *name, const char *before,
		       const char *text, const char *after)
{
	char path[PATH_SIZE];
	FILE *file;

	snprintf(path, sizeof(path), "%s", session_path(session, name));
	for (char *p = path + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(path, 0700);
		*p = '/';
	}
	file = fopen(path, "we");
	if (file == NULL)
		return false;
	fprintf(file, "%s%s%s", before, text, after);
	return fclose(file) == 0;
}

static void set_environment(const struct session *session)
{
	static const char *const unwanted[] = {
		"PIPEWIRE_REMOTE",      "PIPEWIRE_RUNTIME_DIR",   "PIPEWIRE_CONFIG_DIR",
		"PIPEWIRE_CONFIG_NAME", "WIREPLUMBER_CONFIG_DIR", "DISPLAY",
		"CALLROUTE_CONFIG_DIR",
	};

	char address[PATH_SIZE + 16];

	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		unsetenv(unwanted[i]);
	setenv("XDG_RUNTIME_DIR", session_path(session, "run"), 1);
	setenv("HOME", session_path(session, "home"), 1);
	setenv("XDG_CONFIG_HOME", session_path(session, "home/.config"), 1);
	setenv("XDG_STATE_HOME", session_path(session, "home/.state"), 1);
	snprintf(address, sizeof(address), "unix:path=%s", session_path(session, "run/bus"));
	setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/system", 1);
}

static const char bus_head[] = "<busconfig><type>session</type><listen>unix:path=";
static const char bus_tail[] = "</listen>\n<policy context=\"default\">"
			       "<allow send_destination=\"*\" eavesdrop=\"true\"/>"
			       "<allow receive_sender=\"*\"/><allow own=\"*\"/>"
			       "</policy></busconfig>\n";

static bool write_files(const struct session *session, const char *objects)
{
	/* WirePlumber 0.4 reads the lua files, 0.5 the conf. */
	char bus[PATH_SIZE];

	snprintf(bus, sizeof(bus), "%s", session_path(session, "run/bus"));
	return write_text(session, "run/bus.conf", bus_head, bus, bus_tail) &&
	       write_text(session, "home/.state/.keep", "", "", "") &&
	       write_text(session, "home/.config/pipewire/pipewire.conf.d/50-test.conf",
			  "context.objects = [\n", objects, "]\n") &&
	       write_text(session, "home/.config/wireplumber/main.lua.d/60-test.lua",
			  "alsa_monitor.enabled = false\n", "v4l2_monitor.enabled = false\n",
			  "libcamera_monitor.enabled = false\n") &&
	       write_text(session, "home/.config/wireplumber/bluetooth.lua.d/60-test.lua",
			  "bluez_monitor.enabled = false\n", "", "") &&
	       write_text(session, "home/.config/wireplumber/wireplumber.conf.d/60-test.conf",
			  "wireplumber.profiles = { main = {\n",
			  "hardware.audio = disabled\nhardware.bluetooth = disabled\n"
			  "hardware.video-capture = disabled\nsupport.logind = disabled\n"
			  "support.reserve-device = disabled\n"
			  "support.portal-permissionstore = disabled\n",
			  "} }\n");
}

/* ---- children ---------------------------------------------------------------------------------- */

static pid_t spawn(struct session *session, const char *const *argv)
{
	pid_t parent = getpid(), pid;
	char log[PATH_SIZE];
	int fd;

	snprintf(log, sizeof(log), "%s/%s.log", session->directory, argv[0]);
	pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	fd = open(log, O_CREAT | O_APPEND | O_WRONLY, 0600);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void end(pid_t *pid, int signal_number)
{
	if (*pid <= 0)
		return;
	kill(*pid, signal_number);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

pid_t session_spawn(struct session *session, const char *const *argv)
{
	for (size_t i = 0; i < MAX_CHILDREN; i++) {
		if (session->children[i] > 0)
			continue;
		session->children[i] = spawn(session, argv);
		return session->children[i];
	}
	return -1;
}

void session_kill(struct session *session, pid_t pid)
{
	for (size_t i = 0; i < MAX_CHILDREN; i++) {
		if (pid > 0 && session->children[i] == pid)
			end(&session->children[i], SIGKILL);
	}
}

/* Clients give up where there is no socket yet, so its appearance is awaited. */
static pid_t spawn_server(struct session *session, const char *const *argv, const char *name)
{
	int watch = inotify_init1(IN_CLOEXEC);
	struct pollfd poll_fd = { .fd = watch, .events = POLLIN };
	char events[4096];
	pid_t pid;

	unlink(session_path(session, name));
	(void)inotify_add_watch(watch, session_path(session, "run"), IN_CREATE);
	pid = spawn(session, argv);
	while (access(session_path(session, name), F_OK) < 0 && poll(&poll_fd, 1, 10000) > 0 &&
	       read(watch, events, sizeof(events)) > 0)
		;
	close(watch);
	return pid;
}

void session_start_pipewire(struct session *session)
{
	session->pipewire =
		spawn_server(session, (const char *const[]){ "pipewire", NULL }, "run/pipewire-0");
}

void session_stop_pipewire(struct session *session, bool hard)
{
	end(&session->pipewire, hard ? SIGKILL : SIGTERM);
}

void session_start_wireplumber(struct session *session)
{
	session->wireplumber = spawn(session, (const char *const[]){ "wireplumber", NULL });
}

void session_stop_wireplumber(struct session *session, bool hard)
{
	end(&session->wireplumber, hard ? SIGKILL : SIGTERM);
}

struct session *session_new(const char *objects)
{
	struct session *session = calloc(1, sizeof(*session));
	char argument[PATH_SIZE + 32];

	if (session == NULL)
		return NULL;
	snprintf(session->directory, sizeof(session->directory), "/tmp/callroute-session-XXXXXX");
	if (mkdtemp(session->directory) == NULL || !write_files(session, objects)) {
		perror(session->directory);
		return session_free(session);
	}
	set_environment(session);
	snprintf(argument, sizeof(argument), "--config-file=%s",
		 session_path(session, "run/bus.conf"));
	session->bus = spawn_server(
		session, (const char *const[]){ "dbus-daemon", argument, "--nofork", NULL },
		"run/bus");
	session_start_pipewire(session);
	session_start_wireplumber(session);
	return session;
}

void session_pause_wireplumber(struct session *session, bool paused)
{
	kill(session->wireplumber, paused ? SIGSTOP : SIGCONT);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)remove(path);
	return 0;
}

struct session *session_free(struct session *session)
{
	if (session == NULL)
		return NULL;
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		end(&session->children[i], SIGKILL);
	session_stop_wireplumber(session, true);
	session_stop_pipewire(session, true);
	end(&session->bus, SIGKILL);
	(void)nftw(session->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(session);
	return NULL;
}

/* ---- for tests --------------------------------------------------------------------------------- */

const char *session_silence(struct session *session)
{
	enum { RATE = 8000, SECONDS = 120, BYTES = RATE * SECONDS * 2 };
	static const unsigned char header[44] = {
		'R',
		'I',
		'F',
		'F',
		(BYTES + 36) & 255,
		(BYTES + 36) >> 8 & 255,
		(BYTES + 36) >> 16 & 255,
		0,
		'W',
		'A',
		'V',
		'E',
		'f',
		'm',
		't',
		' ',
		16,
		0,
		0,
		0,
		1,
		0,
		1,
		0,
		RATE & 255,
		RATE >> 8,
		0,
		0,
		RATE * 2 & 255,
		RATE * 2 >> 8,
		0,
		0,
		2,
		0,
		16,
		0,
		'd',
		'a',
		't',
		'a',
		BYTES & 255,
		BYTES >> 8 & 255,
		BYTES >> 16 & 255,
		0,
	};
	const char *path = session_path(session, "silence.wav");
	/* once: somebody may be reading it now */
	FILE *file = fopen(path, "wxe");

	if (file != NULL) {
		fwrite(header, 1, sizeof(header), file);
		(void)fflush(file);
		(void)ftruncate(fileno(file), BYTES + (off_t)sizeof(header));
		(void)fclose(file);
	}
	return path;
}

void session_dump(const struct session *session)
{
	static const char *const names[] = { "pipewire.log", "wireplumber.log", "pw-cat.log",
					     "pw-metadata.log" };
	char line[512];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		FILE *file = fopen(session_path(session, names[i]), "re");

		fprintf(stderr, "--- %s\n", names[i]);
		while (file != NULL && fgets(line, sizeof(line), file) != NULL)
			fputs(line, stderr);
		if (file != NULL)
			(void)fclose(file);
	}
}
