/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Starting and ending it all. What does not depend on each other starts together: the buses, then
 * the stand-in with PipeWire, then the session manager with the daemon.
 */
#include "rig-internal.h"

#include "dbus/bus.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS 20000u
#define MAX_CRASHES 20u

uint64_t rig_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void rig_iterate(struct rig *rig)
{
	(void)pw_loop_iterate(rig->loop, 50);
}

bool rig_interrupted(const struct rig *rig)
{
	return rig->interrupted;
}

static void on_signal(void *data, int signal_number)
{
	struct rig *rig = data;

	rig->interrupted = true;
}

struct pw_loop *rig_loop(struct rig *rig)
{
	return rig->loop;
}

struct stand_in *rig_stand_in(struct rig *rig)
{
	return rig->stand_in;
}

struct view *rig_view(struct rig *rig)
{
	return rig->view;
}

const char *rig_directory(const struct rig *rig)
{
	return rig->directory;
}

const char *rig_log(const struct rig *rig, const char *name)
{
	static char path[RIG_PATH_SIZE * 2];

	(void)snprintf(path, sizeof(path), "%s/log/%s", rig->directory, name);
	return path;
}

const char *rig_program(const char *name)
{
	static char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s", RIG_BUILD_DIR, name);
	return path;
}

/* ---- children ------------------------------------------------------------------------------------ */

static void on_bus_ended(void *data, int status)
{
	fprintf(stderr, "rig: a bus has ended\n");
}

static void on_pipewire_ended(void *data, int status)
{
	fprintf(stderr, "rig: pipewire has ended, status %d\n", status);
}

static int renew_machine(struct rig *rig);

/* of WirePlumber, by itself, in this process */
static unsigned int crashes_of_all;

/* Its Bluetooth plugin of 0.3.65 can crash when a sound link goes away under it (seen in its data
 * thread). A session's systemd starts it again, and so do we. */
static void on_wireplumber_ended(void *data, int status)
{
	struct rig *rig = data;

	fprintf(stderr, "rig: wireplumber has ended, status %d, starting it again\n", status);
	rig->wireplumber = process_free(rig->wireplumber);
	if (!rig->killed) {
		rig->crashes++;
		crashes_of_all++;
	}
	rig->killed = false;
	if (rig->crashes <= MAX_CRASHES && renew_machine(rig) == 0)
		(void)rig_start_wireplumber(rig);
}

static void on_daemon_ended(void *data, int status)
{
	fprintf(stderr, "rig: the daemon has ended, status %d\n", status);
}

int rig_start_bus(struct rig *rig, const char *name, struct process **ret)
{
	static const struct process_events events = { .ended = on_bus_ended };
	char config[RIG_PATH_SIZE * 2];

	(void)snprintf(config, sizeof(config), "--config-file=%s/run/%s.conf", rig->directory,
		       name);
	return process_new(
		rig->loop,
		(const char *const[]){ "dbus-daemon", config, "--nofork", "--nopidfile", NULL },
		rig_log(rig, name), &events, rig, ret);
}

/* The file of a socket is there a moment before anybody listens. */
bool rig_socket_answers(const struct rig *rig, const char *name)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(path.sun_path, sizeof(path.sun_path), "%.60s/run/%s", rig->directory, name);
	bool answers = fd >= 0 && connect(fd, (struct sockaddr *)&path, sizeof(path)) == 0;
	if (fd >= 0)
		close(fd);
	return answers;
}

static int start_buses(struct rig *rig)
{
	int r;

	if ((r = rig_start_bus(rig, "system", &rig->system_bus)) < 0 ||
	    (r = rig_start_bus(rig, "session", &rig->session_bus)) < 0)
		return r;
	return rig_wait(rig, START_MS,
			rig_socket_answers(rig, "system-bus") &&
				rig_socket_answers(rig, "session-bus"))
		       ? 0
		       : -ETIMEDOUT;
}

int rig_start_pipewire(struct rig *rig)
{
	static const struct process_events events = { .ended = on_pipewire_ended };
	int r = process_new(rig->loop, (const char *const[]){ "pipewire", NULL },
			    rig_log(rig, "pipewire"), &events, rig, &rig->pipewire);

	if (r < 0)
		return r;
	if (!rig_wait(rig, START_MS, rig_socket_answers(rig, "pipewire-0")))
		return -ETIMEDOUT;
	return view_new(rig->loop, &rig->view);
}

int rig_start_wireplumber(struct rig *rig)
{
	static const struct process_events events = { .ended = on_wireplumber_ended };

	return process_new(rig->loop, (const char *const[]){ "wireplumber", NULL },
			   rig_log(rig, "wireplumber"), &events, rig, &rig->wireplumber);
}

int rig_wireplumber_restart(struct rig *rig)
{
	int r;

	rig->wireplumber = process_free(rig->wireplumber);
	if (!rig_wait(rig, START_MS, !view_session(rig->view)))
		return -ETIMEDOUT;
	if ((r = renew_machine(rig)) < 0 || (r = rig_start_wireplumber(rig)) < 0)
		return r;
	return rig_wait(rig, START_MS, view_session(rig->view)) ? 0 : -ETIMEDOUT;
}

int rig_pulse_new(struct rig *rig, struct process **ret)
{
	static const struct process_events events;
	int r = process_new(rig->loop, (const char *const[]){ "pipewire-pulse", NULL },
			    rig_log(rig, "pipewire-pulse"), &events, NULL, ret);

	if (r < 0)
		return r;
	if (rig_wait(rig, START_MS, rig_socket_answers(rig, "pulse/native")))
		return 0;
	*ret = process_free(*ret);
	return -ETIMEDOUT;
}

void rig_wireplumber_crash(struct rig *rig)
{
	if (!rig->wireplumber)
		return;
	rig->killed = true;
	process_kill(rig->wireplumber, SIGKILL);
}

unsigned int rig_wireplumber_crashes(const struct rig *rig)
{
	return rig->crashes;
}

void rig_note_crash(int status)
{
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGABRT || WTERMSIG(status) == SIGSEGV ||
				    WTERMSIG(status) == SIGTRAP))
		crashes_of_all++;
}

unsigned int rig_crashes(void)
{
	return crashes_of_all;
}

/* ---- the daemon ------------------------------------------------------------------------------------ */

static void on_callroute_owner(void *data, const char *name, const char *owner)
{
	struct rig *rig = data;

	rig->callroute_owned = owner != NULL;
}

int rig_daemon_start(struct rig *rig)
{
	static const struct process_events events = { .ended = on_daemon_ended };
	char program[1024];

	char names[RIG_MAX_KEPT * 256];
	int fds[RIG_MAX_KEPT];
	size_t n = rig_store_list(rig, fds, names, sizeof(names));

	process_pass(fds, n, names);
	(void)snprintf(program, sizeof(program), "%s", rig_program("callrouted-rig"));
	int r = process_new(rig->loop, (const char *const[]){ program, "--verbose", NULL },
			    rig_log(rig, "callrouted"), &events, rig, &rig->daemon);
	if (r < 0)
		return r;
	bool ready =
		rig_wait(rig, START_MS,
			 !process_running(rig->daemon) ||
				 (rig->callroute_owned && stand_in_served(rig->stand_in, false) &&
				  stand_in_served(rig->stand_in, true)));
	return ready && process_running(rig->daemon) ? 0 : -ETIMEDOUT;
}

/* A daemon that does not end well has failed whatever test it was part of. */
static void end_daemon(struct rig *rig)
{
	if (!process_end(rig->daemon)) {
		fprintf(stderr, "rig: the daemon did not end well\n");
		rig_dump(rig);
		rig->failed = true;
	}
	rig->daemon = NULL;
}

void rig_daemon_stop(struct rig *rig, int signal_number)
{
	if (rig->daemon && signal_number) {
		process_kill(rig->daemon, signal_number);
		rig->daemon = process_free(rig->daemon);
	} else {
		end_daemon(rig);
	}
	(void)rig_wait(rig, START_MS,
		       !rig->callroute_owned && !stand_in_served(rig->stand_in, false) &&
			       !stand_in_served(rig->stand_in, true));
}

pid_t rig_daemon_pid(const struct rig *rig)
{
	return rig->daemon ? process_pid(rig->daemon) : 0;
}

void rig_daemon_forget(struct rig *rig)
{
	static const char *const folders[] = { "home/.local/state/callroute", "run/callroute" };
	char path[RIG_PATH_SIZE * 2];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", rig->directory, folders[i]);
		rig_remove_tree(path);
	}
}

/* ---- the machine ---------------------------------------------------------------------------------- */

static const char wired_microphone[] = RIG_WIRED ".microphone";

static int plug(struct rig *rig)
{
	int r = view_plug(rig->view, RIG_WIRED, "Audio/Sink", "wired-headset", 1100);

	return r < 0 ? r
		     : view_plug(rig->view, wired_microphone, "Audio/Source/Virtual",
				 "wired-headset", 2100);
}

int rig_plug(struct rig *rig, bool plugged)
{
	int r;

	if (!plugged) {
		view_unplug(rig->view, RIG_WIRED);
		view_unplug(rig->view, wired_microphone);
	} else if (!rig->plugged && (r = plug(rig)) < 0) {
		return r;
	}
	rig->plugged = plugged;
	return rig_wait(rig, START_MS,
			(view_node(rig->view, RIG_WIRED) != 0) == plugged &&
				(view_node(rig->view, wired_microphone) != 0) == plugged)
		       ? 0
		       : -ETIMEDOUT;
}

static int add_earpiece(struct rig *rig)
{
	return view_plug(rig->view, RIG_EARPIECE, "Audio/Sink", "handset", 900);
}

int rig_earpiece(struct rig *rig, bool there)
{
	int r;

	if (!there)
		view_unplug(rig->view, RIG_EARPIECE);
	else if (!rig->earpiece && (r = add_earpiece(rig)) < 0)
		return r;
	rig->earpiece = there;
	return rig_wait(rig, START_MS, (view_node(rig->view, RIG_EARPIECE) != 0) == there)
		       ? 0
		       : -ETIMEDOUT;
}

/* The loudspeaker is the machine's default, as on a phone that plays music. */
int rig_add_hardware(struct rig *rig)
{
	char tone[32];
	int r = view_plug(rig->view, RIG_LOUDSPEAKER, "Audio/Sink", "speaker", 1000);

	if (r < 0 || (rig->earpiece && (r = add_earpiece(rig)) < 0) ||
	    (rig->plugged && (r = plug(rig)) < 0))
		return r;
	(void)snprintf(tone, sizeof(tone), "%f", RIG_MICROPHONE_HZ);
	return rig_sound_new(rig,
			     (const char *const[]){ "--source", RIG_MICROPHONE, "--endpoint",
						    "handset,speaker", "--play", tone, "--monitor",
						    "--target", RIG_LOUDSPEAKER, NULL },
			     &rig->microphone);
}

void rig_remove_hardware(struct rig *rig)
{
	static const char *const names[] = { RIG_LOUDSPEAKER, RIG_EARPIECE, RIG_WIRED,
					     wired_microphone };

	rig->microphone = rig_sound_free(rig->microphone);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		view_unplug(rig->view, names[i]);
}

/* The nodes of real hardware are the session manager's, and come and go with it. Ours stay, and
 * WirePlumber 0.4 waits for ever for the ports of one that another WirePlumber left running. */
static int renew_machine(struct rig *rig)
{
	if (!rig->microphone)
		return 0; /* before the first */
	rig_remove_hardware(rig);
	return rig_add_hardware(rig);
}

static int build_machine(struct rig *rig)
{
	rig->earpiece = true;
	return rig_add_hardware(rig);
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static int start(struct rig *rig)
{
	static const struct bus_events bus_events = { 0 };
	int r;

	if ((r = rig_write_configuration(rig)) < 0)
		return r;
	rig_set_environment(rig);
	if (rig->options.store && (r = rig_store_new(rig)) < 0)
		return r;
	if ((r = start_buses(rig)) < 0 ||
	    (r = stand_in_new(rig->loop, rig->system_address, &rig_stand_in_events, rig,
			      &rig->stand_in)) < 0 ||
	    (r = bus_open(rig->loop, rig->session_address, &bus_events, rig, &rig->bus)) < 0 ||
	    (r = rig_start_pipewire(rig)) < 0)
		return r;
	if (!rig_wait(rig, START_MS,
		      stand_in_up(rig->stand_in) && bus_unique_name(rig->bus) != NULL))
		return -ETIMEDOUT;
	if ((r = bus_watch_name(rig->bus, "org.callroute", on_callroute_owner, rig,
				&rig->callroute)) < 0 ||
	    (r = rig_start_wireplumber(rig)) < 0 || (r = build_machine(rig)) < 0)
		return r;
	if (!rig->options.without_daemon && (r = rig_daemon_start(rig)) < 0)
		return r;
	return rig_wait(rig, START_MS,
			view_up(rig->view) && view_session(rig->view) &&
				stand_in_media_served(rig->stand_in) &&
				view_node(rig->view, RIG_MICROPHONE) &&
				view_node(rig->view, RIG_LOUDSPEAKER))
		       ? 0
		       : -ETIMEDOUT;
}

int rig_new(const struct rig_options *options, struct rig **ret)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	if (!rig)
		return -ENOMEM;
	rig->options = *options;
	pw_init(NULL, NULL);
	strcpy(rig->directory, "/tmp/callroute-rig-XXXXXX");
	rig->main_loop = pw_main_loop_new(NULL);
	if (!rig->main_loop || !mkdtemp(rig->directory)) {
		fprintf(stderr, "rig: %s\n", strerror(errno));
		free(rig);
		return -errno;
	}
	rig->loop = pw_main_loop_get_loop(rig->main_loop);
	pw_loop_enter(rig->loop);
	pw_loop_add_signal(rig->loop, SIGINT, on_signal, rig);
	pw_loop_add_signal(rig->loop, SIGTERM, on_signal, rig);
	int r = start(rig);
	if (r < 0) {
		fprintf(stderr, "rig: cannot start: %s\n", strerror(-r));
		rig_dump(rig);
		rig_free(rig);
		return r;
	}
	*ret = rig;
	return 0;
}

struct rig *rig_free(struct rig *rig)
{
	if (!rig)
		return NULL;
	rig_headsets_remove(rig);
	end_daemon(rig);
	rig_store_free(rig);
	bool failed = rig->failed;
	rig->microphone = rig_sound_free(rig->microphone);
	rig->callroute = bus_name_watch_free(rig->callroute);
	rig->bus = bus_free(rig->bus);
	rig->wireplumber = process_free(rig->wireplumber);
	rig->view = view_free(rig->view);
	rig->pipewire = process_free(rig->pipewire);
	rig->stand_in = stand_in_free(rig->stand_in);
	rig->session_bus = process_free(rig->session_bus);
	rig->system_bus = process_free(rig->system_bus);
	if (getenv("CALLROUTE_RIG_KEEP"))
		fprintf(stderr, "rig: kept %s\n", rig->directory);
	else
		rig_remove_tree(rig->directory);
	pw_loop_leave(rig->loop);
	pw_main_loop_destroy(rig->main_loop);
	pw_deinit();
	free(rig);
	if (failed)
		exit(EXIT_FAILURE);
	return NULL;
}

static void dump_log(struct rig *rig, const char *name)
{
	char text[16000];
	FILE *file = fopen(rig_log(rig, name), "re");

	if (!file)
		return;
	(void)fseek(file, 0, SEEK_END);
	long size = ftell(file);
	(void)fseek(file, size > (long)sizeof(text) - 1 ? size - (long)sizeof(text) + 1 : 0,
		    SEEK_SET);
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	fprintf(stderr, "---- the end of the log of %s\n%s", name, text);
}

void rig_dump(struct rig *rig)
{
	if (rig->view) {
		fprintf(stderr, "---- the audio graph\n");
		view_dump(rig->view);
	}
	dump_log(rig, "pipewire");
	dump_log(rig, "streams");
	dump_log(rig, "wireplumber");
	dump_log(rig, "callrouted");
	for (size_t i = 0; i < rig->n_devices; i++)
		fprintf(stderr, "---- lines of %s not yet waited for\n%.*s",
			rig->devices[i]->address, (int)rig->devices[i]->n_lines,
			rig->devices[i]->lines);
}
