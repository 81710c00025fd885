/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The sound of a program in the rig, as a process of its own: it plays a tone, or listens, or both,
 * as a softphone does. What it hears it prints five times a second: "heard HZ DBFS SHARE".
 *
 *	--play HZ        play a tone
 *	--level DBFS     as loud as this
 *	--capture        listen
 *	--monitor        listen to what a sink plays, with --target
 *	--source NAME    be a microphone of that name that hears the tone of --play
 *	--target NODE    where to, by name; else wherever the session puts it
 *	--role ROLE      media.role, such as Communication
 *	--name NAME      node.name's beginning
 *	--endpoint WORD  property callroute.endpoint, with --source
 *	--callaudio      be a dialler that selects callaudiod's voice call mode, with libcallaudio
 *
 * It ends when its standard input does.
 */
#include "tests/common/tone.h"

#include <dlfcn.h>
#include <getopt.h>
#include <pipewire/pipewire.h>
#include <signal.h>
#include <spa/param/audio/format-utils.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAY_RATE 48000u
/* Enough for every tone of a call, and a quarter of the work. */
#define LISTEN_RATE 16000u
#define LISTEN_SAMPLES (LISTEN_RATE / 5)

struct arguments {
	double play_hz;
	double level_dbfs;
	bool capture;
	bool monitor;
	const char *source;
	const char *target;
	const char *role;
	const char *name;
	const char *endpoint;
	bool callaudio;
};

/** Between tries to reach a PipeWire that has gone. */
#define AGAIN_MS 50

struct program {
	const struct arguments *arguments;
	struct pw_main_loop *loop;
	struct spa_source *again;
	bool closing; /* it is ourselves */
	struct pw_stream *playback;
	struct pw_stream *capture;
	struct tone tone;
	size_t n_heard;
	int16_t heard[LISTEN_SAMPLES];
};

static void on_play(void *data)
{
	struct program *program = data;
	struct pw_buffer *buffer = pw_stream_dequeue_buffer(program->playback);

	if (!buffer)
		return;
	struct spa_data *samples = &buffer->buffer->datas[0];
	uint64_t n = samples->maxsize / sizeof(int16_t);
	if (buffer->requested && buffer->requested < n)
		n = buffer->requested;
	if (samples->data)
		tone_fill(&program->tone, samples->data, n);
	samples->chunk->offset = 0;
	samples->chunk->stride = sizeof(int16_t);
	samples->chunk->size = (uint32_t)(n * sizeof(int16_t));
	pw_stream_queue_buffer(program->playback, buffer);
}

static void listen_to(struct program *program, const int16_t *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tone_heard heard;

		program->heard[program->n_heard++] = samples[i];
		if (program->n_heard < LISTEN_SAMPLES)
			continue;
		program->n_heard = 0;
		tone_analyse(program->heard, LISTEN_SAMPLES, LISTEN_RATE, &heard);
		printf("heard %.1f %.1f %.2f\n", heard.frequency_hz, heard.level_dbfs, heard.share);
		(void)fflush(stdout);
	}
}

/* All that has come: PipeWire 0.3.65 loses the call for a buffer now and then, while links change on a
 * busy machine, and one that is left behind for each such loss ends in silence. */
static void on_capture(void *data)
{
	struct program *program = data;
	struct pw_buffer *buffer;

	while ((buffer = pw_stream_dequeue_buffer(program->capture)) != NULL) {
		struct spa_data *samples = &buffer->buffer->datas[0];
		uint32_t offset = SPA_MIN(samples->chunk->offset, samples->maxsize);
		uint32_t size = SPA_MIN(samples->chunk->size, samples->maxsize - offset);

		if (samples->data)
			listen_to(program, SPA_PTROFF(samples->data, offset, int16_t),
				  size / sizeof(int16_t));
		pw_stream_queue_buffer(program->capture, buffer);
	}
}

static void on_input(void *data, int fd, uint32_t mask)
{
	struct program *program = data;
	char byte[64];

	if (read(fd, byte, sizeof(byte)) <= 0)
		pw_main_loop_quit(program->loop);
}

/* PipeWire has gone, and may be back: as a softphone would, it opens its streams anew. Not from here, where
 * the stream is still at work. */
static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
		     const char *error)
{
	struct program *program = data;
	struct timespec soon = { .tv_nsec = AGAIN_MS * 1000000L };

	bool gone = state == PW_STREAM_STATE_ERROR || state == PW_STREAM_STATE_UNCONNECTED;

	if (gone && !program->closing)
		pw_loop_update_timer(pw_main_loop_get_loop(program->loop), program->again, &soon,
				     NULL, false);
}

static struct pw_properties *properties_of(const struct arguments *arguments, bool capture)
{
	const char *category = capture ? "Capture" : "Playback";
	struct pw_properties *properties =
		pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, category,
				  PW_KEY_NODE_LATENCY, "480/48000", NULL);

	/* a source has the clock of the sink that it listens to, as on a sound card; else that of any
	 * node that runs, and may stop */
	if (arguments->source)
		pw_properties_set(properties, PW_KEY_NODE_GROUP, arguments->source);
	if (!capture && arguments->source) {
		pw_properties_set(properties, PW_KEY_MEDIA_CLASS, "Audio/Source");
		pw_properties_set(properties, PW_KEY_NODE_NAME, arguments->source);
		pw_properties_set(properties, "callroute.endpoint", arguments->endpoint);
		/* as a sound card's: above sinks, whose monitors are sources too */
		pw_properties_set(properties, PW_KEY_PRIORITY_SESSION, "2000");
		return properties;
	}
	pw_properties_setf(properties, PW_KEY_NODE_NAME, "%s.%s", arguments->name,
			   capture ? "capture" : "playback");
	pw_properties_set(properties, PW_KEY_MEDIA_ROLE, arguments->role);
	pw_properties_set(properties, "target.object", arguments->target);
	if (capture && arguments->monitor) {
		pw_properties_set(properties, PW_KEY_STREAM_CAPTURE_SINK, "true");
		pw_properties_set(properties, "node.dont-reconnect", "true");
	}
	return properties;
}

static struct pw_stream *open_stream(struct program *program, const struct arguments *arguments,
				     bool capture)
{
	static const struct pw_stream_events play_events = { PW_VERSION_STREAM_EVENTS,
							     .state_changed = on_state,
							     .process = on_play };
	static const struct pw_stream_events capture_events = { PW_VERSION_STREAM_EVENTS,
								.state_changed = on_state,
								.process = on_capture };
	uint8_t memory[1024];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
	struct spa_audio_info_raw format = {
		.format = SPA_AUDIO_FORMAT_S16,
		.channels = 1,
		.rate = capture ? LISTEN_RATE : PLAY_RATE,
		.position = { SPA_AUDIO_CHANNEL_MONO },
	};
	const struct spa_pod *params[1] = { spa_format_audio_raw_build(
		&builder, SPA_PARAM_EnumFormat, &format) };
	enum pw_stream_flags flags = PW_STREAM_FLAG_MAP_BUFFERS;

	if (capture || !arguments->source)
		flags |= PW_STREAM_FLAG_AUTOCONNECT;
	struct pw_stream *stream =
		pw_stream_new_simple(pw_main_loop_get_loop(program->loop), arguments->name,
				     properties_of(arguments, capture),
				     capture ? &capture_events : &play_events, program);
	if (!stream)
		return NULL;
	if (pw_stream_connect(stream, capture ? PW_DIRECTION_INPUT : PW_DIRECTION_OUTPUT, PW_ID_ANY,
			      flags, params, 1) < 0) {
		pw_stream_destroy(stream);
		return NULL;
	}
	return stream;
}

static void close_streams(struct program *program)
{
	program->closing = true;
	if (program->playback)
		pw_stream_destroy(program->playback);
	if (program->capture)
		pw_stream_destroy(program->capture);
	program->playback = program->capture = NULL;
	program->closing = false;
}

static bool open_streams(struct program *program)
{
	const struct arguments *arguments = program->arguments;

	if (arguments->play_hz > 0.0)
		program->playback = open_stream(program, arguments, false);
	if (arguments->capture)
		program->capture = open_stream(program, arguments, true);
	return (arguments->play_hz <= 0.0 || program->playback) &&
	       (!arguments->capture || program->capture);
}

static void on_again(void *data, uint64_t expirations)
{
	struct program *program = data;

	close_streams(program);
	if (!open_streams(program))
		on_state(program, PW_STREAM_STATE_ERROR, PW_STREAM_STATE_ERROR, NULL);
}

static int read_arguments(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {
		{ "play", required_argument, NULL, 'p' },
		{ "level", required_argument, NULL, 'l' },
		{ "capture", no_argument, NULL, 'c' },
		{ "monitor", no_argument, NULL, 'm' },
		{ "source", required_argument, NULL, 's' },
		{ "target", required_argument, NULL, 't' },
		{ "role", required_argument, NULL, 'r' },
		{ "name", required_argument, NULL, 'n' },
		{ "endpoint", required_argument, NULL, 'e' },
		{ "callaudio", no_argument, NULL, 'a' },
		{ 0 },
	};
	int option;

	*ret = (struct arguments){ .name = "rig-stream", .level_dbfs = TONE_LEVEL_DBFS };
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'p':
			ret->play_hz = atof(optarg);
			break;
		case 'l':
			ret->level_dbfs = atof(optarg);
			break;
		case 'c':
			ret->capture = true;
			break;
		case 'm':
			ret->capture = ret->monitor = true;
			break;
		case 's':
			ret->source = optarg;
			break;
		case 't':
			ret->target = optarg;
			break;
		case 'r':
			ret->role = optarg;
			break;
		case 'n':
			ret->name = optarg;
			break;
		case 'e':
			ret->endpoint = optarg;
			break;
		case 'a':
			ret->callaudio = true;
			break;
		default:
			return -1;
		}
	}
	return ret->play_hz > 0.0 || ret->capture ? 0 : -1;
}

/* A dialler that is closed ends its mode. */
static void on_terminate(void *data, int signal_number)
{
	struct program *program = data;

	pw_main_loop_quit(program->loop);
}

/* The library as a distribution has it; nothing of it is needed to build. */
static bool select_mode(int mode)
{
	void *library = dlopen("libcallaudio-0.1.so.0", RTLD_NOW);
	int (*init)(void **error);
	int (*select)(int mode, void **error);

	if (!library)
		return false;
	*(void **)&init = dlsym(library, "call_audio_init");
	*(void **)&select = dlsym(library, "call_audio_select_mode");
	return init && select && init(NULL) && select(mode, NULL);
}

int main(int argc, char **argv)
{
	struct program program = { 0 };
	struct arguments arguments;
	sigset_t terminate;

	if (read_arguments(argc, argv, &arguments) < 0) {
		fprintf(stderr, "usage: rig-stream --play HZ | --capture …\n");
		return 2;
	}
	if (arguments.callaudio) {
		/* for the threads of the library too: the loop takes it */
		(void)sigemptyset(&terminate);
		(void)sigaddset(&terminate, SIGTERM);
		(void)sigprocmask(SIG_BLOCK, &terminate, NULL);
	}
	if (arguments.callaudio && !select_mode(1)) {
		fprintf(stderr, "rig-stream: no voice call mode\n");
		return 1;
	}
	pw_init(NULL, NULL);
	program.loop = pw_main_loop_new(NULL);
	if (arguments.callaudio)
		pw_loop_add_signal(pw_main_loop_get_loop(program.loop), SIGTERM, on_terminate,
				   &program);
	tone_init(&program.tone, PLAY_RATE, arguments.play_hz, arguments.level_dbfs);
	program.arguments = &arguments;
	program.again = pw_loop_add_timer(pw_main_loop_get_loop(program.loop), on_again, &program);
	on_again(&program, 1);
	pw_loop_add_io(pw_main_loop_get_loop(program.loop), STDIN_FILENO, SPA_IO_IN | SPA_IO_HUP,
		       false, on_input, &program);
	pw_main_loop_run(program.loop);
	if (arguments.callaudio)
		(void)select_mode(0);
	close_streams(&program);
	pw_main_loop_destroy(program.loop);
	pw_deinit();
	return 0;
}
