/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The headset as a program, in a folder of sockets, against a gateway that agrees to everything:
 * its script, its output and how it ends. The program's path is the first argument.
 */
#include "tests/common/tone.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define GATEWAY "00:11:22:33:44:55"
#define HEADSET "AA:BB:CC:00:00:01"
#define LIMIT_MS 10000
#define OUTPUT_SIZE 8192

static const char *program;

struct fixture {
	char directory[64];
	int listener; /* the gateway's, or -1 */
	int channel;
	int sound;
	struct tone tone;
	pid_t pid;
	int output_fd;
	char output[OUTPUT_SIZE];
	size_t n_output;
};

static struct sockaddr_un path_of(const struct fixture *f, const char *name)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };

	(void)snprintf(path.sun_path, sizeof(path.sun_path), "%s/%s", f->directory, name);
	return path;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sockaddr_un path;

	*state = f;
	strcpy(f->directory, "/tmp/headset-test-XXXXXX");
	if (!mkdtemp(f->directory))
		return -1;
	path = path_of(f, GATEWAY ".rfcomm");
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	f->channel = f->sound = -1;
	return bind(f->listener, (struct sockaddr *)&path, sizeof(path)) < 0 ||
			       listen(f->listener, 1) < 0
		       ? -1
		       : 0;
}

static int teardown(void **state)
{
	static const char *const files[] = { "script", GATEWAY ".rfcomm", HEADSET ".rfcomm",
					     HEADSET ".sco", HEADSET ".out" };
	struct fixture *f = *state;

	close(f->listener);
	if (f->channel >= 0)
		close(f->channel);
	if (f->sound >= 0)
		close(f->sound);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(path_of(f, files[i]).sun_path);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static void start(struct fixture *f, const char *script)
{
	struct sockaddr_un path = path_of(f, "script");
	FILE *file = fopen(path.sun_path, "we");
	int output[2];

	assert_non_null(file);
	assert_true(fputs(script, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(pipe(output), 0);
	f->pid = fork();
	if (f->pid == 0) {
		dup2(output[1], STDOUT_FILENO);
		close(output[0]);
		execl(program, program, "--socket", f->directory, "--address", HEADSET, "--script",
		      path.sun_path, NULL);
		_exit(127);
	}
	close(output[1]);
	f->output_fd = output[0];
}

/* Every command is agreed to; what must be known is told first. */
static void reply_to(struct fixture *f, const char *command)
{
	const char *text = "";

	if (strstr(command, "AT+BRSF="))
		text = "\r\n+BRSF: 0\r\n";
	else if (strstr(command, "AT+CIND=?"))
		text = "\r\n+CIND: (\"call\",(0,1)),(\"callsetup\",(0-3))\r\n";
	else if (strstr(command, "AT+CIND?"))
		text = "\r\n+CIND: 0,0\r\n";
	(void)!write(f->channel, text, strlen(text));
	(void)!write(f->channel, "\r\nOK\r\n", 6);
	if (strstr(command, "AT+CMEE"))
		(void)!write(f->channel, "\r\n+CIEV: 2,1\r\n\r\nRING\r\n", 22);
}

static void open_sound(struct fixture *f)
{
	struct sockaddr_un path = path_of(f, HEADSET ".sco");

	tone_init(&f->tone, 8000, 1000.0, TONE_LEVEL_DBFS);
	f->sound = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(f->sound, (struct sockaddr *)&path, sizeof(path)), 0);
}

static void serve_channel(struct fixture *f)
{
	char bytes[512];
	ssize_t n = read(f->channel, bytes, sizeof(bytes) - 1);

	if (n <= 0) {
		close(f->channel);
		f->channel = -1;
		return;
	}
	bytes[n] = '\0';
	reply_to(f, bytes);
	if (strstr(bytes, "ATA"))
		open_sound(f);
}

/* A packet for a packet: the headset's microphone is the clock. */
static void serve_sound(struct fixture *f)
{
	int16_t packet[24];

	if (recv(f->sound, packet, sizeof(packet), 0) <= 0) {
		close(f->sound);
		f->sound = -1;
		return;
	}
	tone_fill(&f->tone, packet, 24);
	(void)send(f->sound, packet, sizeof(packet), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Serve until the program closes its output; its exit status. */
static int serve(struct fixture *f)
{
	int status;

	for (;;) {
		struct pollfd fds[] = { { .fd = f->output_fd, .events = POLLIN },
					{ .fd = f->listener, .events = POLLIN },
					{ .fd = f->channel, .events = POLLIN },
					{ .fd = f->sound, .events = POLLIN } };

		assert_true(poll(fds, 4, LIMIT_MS) > 0);
		if (fds[1].revents)
			f->channel = accept(f->listener, NULL, NULL);
		if (fds[2].revents)
			serve_channel(f);
		if (fds[3].revents)
			serve_sound(f);
		if (!fds[0].revents)
			continue;
		ssize_t n =
			read(f->output_fd, f->output + f->n_output, OUTPUT_SIZE - 1 - f->n_output);
		if (n <= 0)
			break;
		f->n_output += (size_t)n;
	}
	close(f->output_fd);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	return WEXITSTATUS(status);
}

static void assert_told(const struct fixture *f, const char *line)
{
	if (!strstr(f->output, line))
		fail_msg("no \"%s\" in:\n%s", line, f->output);
}

static void test_a_script_answers_the_call_and_measures_what_is_heard(void **state)
{
	struct fixture *f = *state;

	start(f, "# a call\n"
		 "connect " GATEWAY "\n"
		 "wait slc up 5\n"
		 "wait < RING 5\n"
		 "button\n"
		 "wait sco up 5\n"
		 "measure 0.5\n"
		 "sco close\n"
		 "wait sco down 5\n"
		 "disconnect\n"
		 "wait closed 5\n"
		 "quit\n");
	assert_int_equal(serve(f), 0);
	assert_told(f, "ready " HEADSET);
	assert_told(f, "> AT+BRSF=119");
	assert_told(f, "indicator callsetup 1");
	assert_told(f, "> ATA");
	assert_told(f, "heard 1000");
}

static void test_a_wait_that_is_in_vain_ends_it_with_1(void **state)
{
	struct fixture *f = *state;

	start(f, "wait something 0.05\nquit\n");
	assert_int_equal(serve(f), 1);
	assert_told(f, "timeout something");
}

static void test_a_command_that_is_none_ends_it_with_2(void **state)
{
	struct fixture *f = *state;

	start(f, "volume 16\n");
	assert_int_equal(serve(f), 2);
	assert_told(f, "error volume 16");
}

static void test_the_end_of_the_script_ends_it_with_0(void **state)
{
	struct fixture *f = *state;

	start(f, "tone 440\ntone off");
	assert_int_equal(serve(f), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_script_answers_the_call_and_measures_what_is_heard, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_wait_that_is_in_vain_ends_it_with_1, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_command_that_is_none_ends_it_with_2, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_the_end_of_the_script_ends_it_with_0, setup,
						teardown),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
