/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A child is followed through its pidfd, so that its end is an event like any other.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MS 2000
#define LINE_SIZE 1024

struct process {
	struct pw_loop *loop;
	const struct process_events *events;
	void *data;
	pid_t pid;
	bool running;
	int pidfd;
	int channel; /* its standard input, and its output where lines are wanted */
	struct spa_source *end;
	struct spa_source *output;
	size_t n_line;
	char line[LINE_SIZE];
};

/* Only the next process gets them. */
static const int *passed;
static size_t n_passed;
static const char *passed_names;

void process_pass(const int *fds, size_t n, const char *names)
{
	passed = fds;
	n_passed = n;
	passed_names = names;
}

/* They begin at 3; the rig's own descriptors may be there, so they move out of the way first. */
static void hand_over(void)
{
	char number[16];

	for (size_t i = 0; i < n_passed; i++) {
		int fd = fcntl(passed[i], F_DUPFD, 200 + (int)i);

		dup2(fd, 200 + (int)i);
	}
	for (size_t i = 0; i < n_passed; i++) {
		dup2(200 + (int)i, 3 + (int)i);
		close(200 + (int)i);
	}
	(void)snprintf(number, sizeof(number), "%zu", n_passed);
	setenv("LISTEN_FDS", number, 1);
	(void)snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	setenv("LISTEN_FDNAMES", passed_names, 1);
}

static void become(pid_t rig, const char *const *argv, const char *log, int channel, bool lines)
{
	sigset_t none;
	int error = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != rig)
		_exit(127);
	/* the rig takes its signals through descriptors, which blocks them */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(channel, STDIN_FILENO);
	dup2(lines ? channel : error, STDOUT_FILENO);
	dup2(error, STDERR_FILENO);
	if (n_passed > 0)
		hand_over();
	execvp(argv[0], (char *const *)argv);
	(void)dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* False where nothing came. */
static bool take_output(struct process *process)
{
	char bytes[LINE_SIZE];
	ssize_t n = recv(process->channel, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		pw_loop_destroy_source(process->loop, process->output);
		process->output = NULL;
		return false;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			if (process->n_line < LINE_SIZE - 1)
				process->line[process->n_line++] = bytes[i];
			continue;
		}
		process->line[process->n_line] = '\0';
		process->n_line = 0;
		process->events->line(process->data, process->line);
	}
	return true;
}

static void on_output(void *data, int fd, uint32_t mask)
{
	(void)take_output(data);
}

static void on_end(void *data, int fd, uint32_t mask)
{
	struct process *process = data;
	int status = 0;

	if (waitpid(process->pid, &status, WNOHANG) != process->pid)
		return;
	process->running = false;
	/* its end may be seen before its last lines */
	while (process->output && take_output(process))
		;
	pw_loop_destroy_source(process->loop, process->end);
	process->end = NULL;
	if (process->events && process->events->ended)
		process->events->ended(process->data, status);
}

int process_new(struct pw_loop *loop, const char *const *argv, const char *log,
		const struct process_events *events, void *data, struct process **ret)
{
	bool lines = events && events->line;
	struct process *process = calloc(1, sizeof(*process));
	int pair[2];

	if (!process)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		int error = errno;

		free(process);
		return -error;
	}
	process->loop = loop;
	process->events = events;
	process->data = data;
	process->channel = pair[0];
	pid_t rig = getpid();
	process->pid = fork();
	if (process->pid == 0)
		become(rig, argv, log, pair[1], lines);
	process_pass(NULL, 0, NULL);
	close(pair[1]);
	process->pidfd = process->pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, process->pid, 0);
	if (process->pidfd < 0) {
		int error = errno;

		close(process->channel);
		free(process);
		return -error;
	}
	process->running = true;
	process->end = pw_loop_add_io(loop, process->pidfd, SPA_IO_IN, false, on_end, process);
	if (lines)
		process->output = pw_loop_add_io(loop, process->channel, SPA_IO_IN | SPA_IO_HUP,
						 false, on_output, process);
	*ret = process;
	return 0;
}

pid_t process_pid(const struct process *process)
{
	return process->pid;
}

bool process_running(const struct process *process)
{
	return process->running;
}

void process_kill(struct process *process, int signal_number)
{
	if (process->running)
		kill(process->pid, signal_number);
}

void process_write(struct process *process, const char *line)
{
	(void)send(process->channel, line, strlen(line), MSG_NOSIGNAL);
	(void)send(process->channel, "\n", 1, MSG_NOSIGNAL);
}

bool process_end(struct process *process)
{
	int status = -1;

	if (!process)
		return true;
	if (process->end)
		pw_loop_destroy_source(process->loop, process->end);
	if (process->output)
		pw_loop_destroy_source(process->loop, process->output);
	if (process->running) {
		struct pollfd end = { .fd = process->pidfd, .events = POLLIN };

		kill(process->pid, SIGTERM);
		if (poll(&end, 1, END_MS) <= 0)
			kill(process->pid, SIGKILL);
		(void)waitpid(process->pid, &status, 0);
	}
	close(process->pidfd);
	close(process->channel);
	free(process);
	return status == 0;
}

struct process *process_free(struct process *process)
{
	(void)process_end(process);
	return NULL;
}
