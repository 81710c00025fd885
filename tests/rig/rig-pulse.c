/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The sound of a program that knows PulseAudio only, as most do, through pipewire-pulse: it plays
 * silence, or records, or both, with the properties that a real one has.
 *
 *	--play NAME          play; NAME is the stream's media.name
 *	--capture NAME       record
 *	--meter SOURCE       record peaks of it, as a mixer's meter does
 *	--module TEXT        load a module, as "NAME ARGUMENT…"; unloaded at the end
 *	--property KEY=TEXT  of the program
 *	--apart              a connection of its own for each stream, as Chromium has them
 *	--corked             streams begin corked
 *
 * It prints "ready" when its streams and modules are. On standard input: "cork", "uncork", "reopen". It ends when
 * its standard input does.
 */
#include <getopt.h>
#include <pulse/pulseaudio.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_STREAMS 4
#define MAX_MODULES 4

enum kind { PLAY, CAPTURE, METER };

struct connection {
	struct program *program;
	pa_context *context;
};

struct sound {
	struct program *program;
	struct connection *connection;
	enum kind kind;
	const char *name;
	pa_stream *stream;
};

struct program {
	pa_mainloop *loop;
	pa_proplist *properties;
	struct connection connections[MAX_STREAMS];
	struct sound sounds[MAX_STREAMS];
	unsigned int n_sounds;
	const char *modules[MAX_MODULES];
	uint32_t loaded[MAX_MODULES];
	unsigned int n_modules;
	unsigned int n_loaded;
	unsigned int n_ready;
	bool apart;
	bool corked;
};

static void fail(struct program *program, const char *what)
{
	fprintf(stderr, "rig-pulse: %s\n", what);
	pa_mainloop_quit(program->loop, 1);
}

static void on_write(pa_stream *stream, size_t n, void *data)
{
	void *samples;

	(void)data;
	if (pa_stream_begin_write(stream, &samples, &n) < 0)
		return;
	memset(samples, 0, n);
	(void)pa_stream_write(stream, samples, n, NULL, 0, PA_SEEK_RELATIVE);
}

static void on_read(pa_stream *stream, size_t n, void *data)
{
	const void *samples;

	(void)data;
	if (pa_stream_peek(stream, &samples, &n) == 0 && n > 0)
		(void)pa_stream_drop(stream);
}

static void look_whether_ready(const struct program *program)
{
	if (program->n_ready < program->n_sounds || program->n_loaded < program->n_modules)
		return;
	puts("ready");
	(void)fflush(stdout);
}

static void on_stream(pa_stream *stream, void *data)
{
	struct sound *sound = data;
	struct program *program = sound->program;

	switch (pa_stream_get_state(stream)) {
	case PA_STREAM_READY:
		program->n_ready++;
		look_whether_ready(program);
		break;
	case PA_STREAM_FAILED:
		fail(program, "a stream failed");
		break;
	case PA_STREAM_UNCONNECTED:
	case PA_STREAM_CREATING:
	case PA_STREAM_TERMINATED:
		break;
	}
}

static void open_stream(struct sound *sound)
{
	static const pa_sample_spec spec = { PA_SAMPLE_S16LE, 16000, 1 };
	static const pa_sample_spec peaks = { PA_SAMPLE_FLOAT32, 25, 1 };
	pa_stream_flags_t flags =
		sound->program->corked ? PA_STREAM_START_CORKED : PA_STREAM_NOFLAGS;
	bool meter = sound->kind == METER;
	int error;

	sound->stream = pa_stream_new(sound->connection->context, sound->name,
				      meter ? &peaks : &spec, NULL);
	pa_stream_set_state_callback(sound->stream, on_stream, sound);
	pa_stream_set_write_callback(sound->stream, on_write, sound);
	pa_stream_set_read_callback(sound->stream, on_read, sound);
	if (sound->kind == PLAY)
		error = pa_stream_connect_playback(sound->stream, NULL, NULL, flags, NULL, NULL);
	else
		error = pa_stream_connect_record(sound->stream, meter ? sound->name : NULL, NULL,
						 meter ? PA_STREAM_PEAK_DETECT | PA_STREAM_DONT_MOVE
						       : flags);
	if (error < 0)
		fail(sound->program, "no stream");
}

static void close_stream(struct sound *sound)
{
	if (!sound->stream)
		return;
	pa_stream_set_state_callback(sound->stream, NULL, NULL);
	(void)pa_stream_disconnect(sound->stream);
	pa_stream_unref(sound->stream);
	sound->stream = NULL;
}

/* ---- modules -------------------------------------------------------------------------------------- */

static void on_loaded(pa_context *context, uint32_t index, void *data)
{
	struct program *program = data;

	(void)context;
	if (index == PA_INVALID_INDEX) {
		fail(program, "a module cannot be loaded");
		return;
	}
	program->loaded[program->n_loaded++] = index;
	look_whether_ready(program);
}

static void load_modules(struct program *program, pa_context *context)
{
	for (unsigned int i = 0; i < program->n_modules; i++) {
		char name[64];
		size_t n = strcspn(program->modules[i], " ");

		(void)snprintf(name, sizeof(name), "%.*s", (int)n, program->modules[i]);
		pa_operation_unref(pa_context_load_module(context, name, program->modules[i] + n,
							  on_loaded, program));
	}
}

static void on_unloaded(pa_context *context, int success, void *data)
{
	struct program *program = data;

	(void)context;
	(void)success;
	if (--program->n_loaded == 0)
		pa_mainloop_quit(program->loop, 0);
}

/* False where there is none, or none can be any more. */
static bool unload_modules(struct program *program)
{
	pa_context *context = program->connections[0].context;

	if (program->n_loaded == 0 || pa_context_get_state(context) != PA_CONTEXT_READY)
		return false;
	for (unsigned int i = 0; i < program->n_loaded; i++)
		pa_operation_unref(pa_context_unload_module(context, program->loaded[i],
							    on_unloaded, program));
	return true;
}

/* ---- the program ----------------------------------------------------------------------------------- */

static void on_context(pa_context *context, void *data)
{
	struct connection *connection = data;
	struct program *program = connection->program;

	if (!PA_CONTEXT_IS_GOOD(pa_context_get_state(context)))
		fail(program, "no server");
	if (pa_context_get_state(context) != PA_CONTEXT_READY)
		return;
	for (unsigned int i = 0; i < program->n_sounds; i++) {
		if (program->sounds[i].connection == connection)
			open_stream(&program->sounds[i]);
	}
	if (connection == &program->connections[0])
		load_modules(program, context);
}

static void cork(struct program *program, bool corked)
{
	for (unsigned int i = 0; i < program->n_sounds; i++)
		pa_operation_unref(pa_stream_cork(program->sounds[i].stream, corked, NULL, NULL));
}

static void on_input(pa_mainloop_api *api, pa_io_event *event, int fd, pa_io_event_flags_t flags,
		     void *data)
{
	struct program *program = data;
	char text[64];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	(void)flags;
	if (n <= 0) {
		api->io_free(event);
		if (!unload_modules(program))
			api->quit(api, 0);
		return;
	}
	text[n] = '\0';
	if (!strncmp(text, "cork", 4)) {
		cork(program, true);
	} else if (!strncmp(text, "uncork", 6)) {
		cork(program, false);
	} else if (!strncmp(text, "reopen", 6)) {
		program->n_ready = 0;
		for (unsigned int i = 0; i < program->n_sounds; i++) {
			close_stream(&program->sounds[i]);
			open_stream(&program->sounds[i]);
		}
	}
}

static bool read_arguments(struct program *program, int argc, char **argv)
{
	static const struct option options[] = {
		{ "play", required_argument, NULL, PLAY },
		{ "capture", required_argument, NULL, CAPTURE },
		{ "meter", required_argument, NULL, METER },
		{ "module", required_argument, NULL, 'm' },
		{ "property", required_argument, NULL, 'p' },
		{ "apart", no_argument, NULL, 'a' },
		{ "corked", no_argument, NULL, 'c' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'p') {
			if (pa_proplist_setp(program->properties, optarg) < 0)
				return false;
		} else if (option == 'm' && program->n_modules < MAX_MODULES) {
			program->modules[program->n_modules++] = optarg;
		} else if (option == 'a') {
			program->apart = true;
		} else if (option == 'c') {
			program->corked = true;
		} else if (option <= METER && program->n_sounds < MAX_STREAMS) {
			program->sounds[program->n_sounds++] = (struct sound){
				.program = program, .kind = (enum kind)option, .name = optarg
			};
		} else {
			return false;
		}
	}
	return program->n_sounds > 0 || program->n_modules > 0;
}

static void begin(struct program *program)
{
	pa_mainloop_api *api = pa_mainloop_get_api(program->loop);

	for (unsigned int i = 0; i < program->n_sounds; i++) {
		unsigned int of = program->apart ? i : 0;

		program->sounds[i].connection = &program->connections[of];
	}
	for (unsigned int i = 0; i < (program->apart ? program->n_sounds : 1); i++) {
		struct connection *connection = &program->connections[i];

		connection->program = program;
		connection->context = pa_context_new_with_proplist(api, NULL, program->properties);
		pa_context_set_state_callback(connection->context, on_context, connection);
		if (pa_context_connect(connection->context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0)
			fail(program, "no server");
	}
	api->io_new(api, STDIN_FILENO, PA_IO_EVENT_INPUT | PA_IO_EVENT_HANGUP, on_input, program);
}

int main(int argc, char **argv)
{
	struct program program = { .loop = pa_mainloop_new(), .properties = pa_proplist_new() };
	int status = 2;

	if (!read_arguments(&program, argc, argv)) {
		fprintf(stderr,
			"usage: rig-pulse --play NAME | --capture NAME | --module TEXT …\n");
		return 2;
	}
	begin(&program);
	(void)pa_mainloop_run(program.loop, &status);
	for (unsigned int i = 0; i < program.n_sounds; i++)
		close_stream(&program.sounds[i]);
	for (unsigned int i = 0; i < MAX_STREAMS; i++) {
		if (program.connections[i].context) {
			pa_context_set_state_callback(program.connections[i].context, NULL, NULL);
			pa_context_disconnect(program.connections[i].context);
			pa_context_unref(program.connections[i].context);
		}
	}
	pa_proplist_free(program.properties);
	pa_mainloop_free(program.loop);
	return status;
}
