/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A headset as a program: commands in (script.h), events out, a line each. It ends with status 0
 * after "quit" or the end of its commands, 1 where a wait timed out, 2 where it was used wrongly.
 */
#include "channel.h"
#include "headset.h"
#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pipewire/pipewire.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct program {
	struct pw_main_loop *loop;
	struct channel *channel;
	struct headset *headset;
	struct script *script;
	int status;
};

struct arguments {
	struct channel_bluez_options bluez;
	struct headset_options headset;
	const char *directory;
	const char *address;
	const char *script;
};

static void on_line(void *data, const char *line)
{
	struct program *program = data;

	printf("%s\n", line);
	(void)fflush(stdout);
	/* the channel may tell that it is ready before the script exists */
	if (program->script)
		script_event(program->script, line);
}

static void on_connect(void *data, const char *address)
{
	struct program *program = data;

	program->channel->ops->connect(program->channel, address);
}

static void on_quit(void *data, int status)
{
	struct program *program = data;

	program->status = status;
	pw_main_loop_quit(program->loop);
}

static void on_signal(void *data, int signal_number)
{
	on_quit(data, 0);
}

static int usage(void)
{
	fprintf(stderr, "usage: headset --bluez ADAPTER [OPTIONS]\n"
			"       headset --socket DIRECTORY --address ADDRESS [OPTIONS]\n"
			"  --features N     of AT+BRSF\n"
			"  --codecs 1,2     of AT+BAC; turns codec negotiation on\n"
			"  --hsp            a headset with one button, no hands-free unit\n"
			"  --script FILE    commands, instead of standard input\n");
	return 2;
}

static int read_codecs(char *list, struct headset_options *options)
{
	size_t n = 0;

	memset(options->codecs, 0, sizeof(options->codecs));
	for (char *save, *word = strtok_r(list, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		unsigned long codec = strtoul(word, NULL, 10);

		if (!codec || codec > 255 || n == HEADSET_MAX_CODECS)
			return -EINVAL;
		options->codecs[n++] = (unsigned int)codec;
	}
	options->features |= HF_CODECS;
	return n ? 0 : -EINVAL;
}

static int read_arguments(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {
		{ "bluez", required_argument, NULL, 'b' },
		{ "socket", required_argument, NULL, 'd' },
		{ "address", required_argument, NULL, 'a' },
		{ "features", required_argument, NULL, 'f' },
		{ "codecs", required_argument, NULL, 'c' },
		{ "hsp", no_argument, NULL, 'h' },
		{ "script", required_argument, NULL, 's' },
		{ 0 },
	};
	int option;

	*ret = (struct arguments){ .headset = headset_default_options };
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'b':
			ret->bluez.adapter = optarg;
			break;
		case 'd':
			ret->directory = optarg;
			break;
		case 'a':
			ret->address = optarg;
			break;
		case 'f':
			ret->headset.features = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'c':
			if (read_codecs(optarg, &ret->headset) < 0)
				return -EINVAL;
			break;
		case 'h':
			ret->headset.hsp = true;
			break;
		case 's':
			ret->script = optarg;
			break;
		default:
			return -EINVAL;
		}
	}
	if (optind != argc || !ret->bluez.adapter == !ret->directory ||
	    !ret->directory != !ret->address)
		return -EINVAL;
	ret->bluez.hsp = ret->headset.hsp;
	ret->bluez.features = ret->headset.features;
	return 0;
}

static int run(struct program *program, const struct arguments *arguments, int input)
{
	static const struct headset_events headset_events = { .line = on_line };
	static const struct script_ops script_ops = { .connect = on_connect, .quit = on_quit };
	struct pw_loop *loop = pw_main_loop_get_loop(program->loop);
	int r = headset_new(loop, &arguments->headset, &headset_events, program, &program->headset);

	if (r < 0)
		return r;
	r = script_new(loop, program->headset, &script_ops, program, &program->script);
	if (r < 0)
		return r;
	r = arguments->directory ? channel_unix_new(loop, program->headset, arguments->directory,
						    arguments->address, &program->channel)
				 : channel_bluez_new(loop, program->headset, &arguments->bluez,
						     &program->channel);
	if (r < 0 || (r = script_read(program->script, input)) < 0)
		return r;
	pw_loop_add_signal(loop, SIGTERM, on_signal, program);
	pw_loop_add_signal(loop, SIGINT, on_signal, program);
	pw_main_loop_run(program->loop);
	return 0;
}

int main(int argc, char **argv)
{
	struct program program = { 0 };
	struct arguments arguments;
	int input = STDIN_FILENO;

	if (read_arguments(argc, argv, &arguments) < 0)
		return usage();
	if (arguments.script) {
		input = open(arguments.script, O_RDONLY | O_CLOEXEC);
		if (input < 0) {
			fprintf(stderr, "headset: %s: %s\n", arguments.script, strerror(errno));
			return 2;
		}
	}
	pw_init(NULL, NULL);
	program.loop = pw_main_loop_new(NULL);
	int r = program.loop ? run(&program, &arguments, input) : -ENOMEM;
	if (r < 0) {
		fprintf(stderr, "headset: %s\n", strerror(-r));
		program.status = 2;
	}
	if (program.channel)
		program.channel->ops->free(program.channel);
	program.script = script_free(program.script);
	program.headset = headset_free(program.headset);
	if (program.loop)
		pw_main_loop_destroy(program.loop);
	pw_deinit();
	return program.status;
}
