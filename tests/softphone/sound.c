/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Two pw_streams. Neither asks for the real-time thread: their process callbacks run on the main loop,
 * which is precise enough for tones and leaves nothing to lock.
 */
#include "sound.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>
#include <stdint.h>
#include <stdlib.h>

/** What counts as sound for audible(); far below any test tone, far above what dithering leaves. */
#define AUDIBLE_DBFS (-40.0)
#define AUDIBLE_WINDOW (SOUND_RATE_HZ / 50)
/** Silence is told after so many windows of it, sound at once. */
#define SILENT_WINDOWS 10

struct sound {
	const struct sound_events *events;
	void *data;
	struct pw_stream *playback;
	struct pw_stream *capture;
	struct spa_hook playback_listener;
	struct spa_hook capture_listener;
	bool playback_runs;
	bool capture_runs;
	bool running; /* as told */
	struct tone tone;

	bool audible; /* as told */
	int16_t window[AUDIBLE_WINDOW];
	size_t window_n;
	unsigned int silent_windows;

	int16_t *samples; /* of the measurement under way, or NULL */
	size_t n;
	size_t wanted;
	void (*done)(void *data, const struct tone_heard *heard);
	void *done_data;
};

static void tell_running(struct sound *sound)
{
	bool running = (!sound->playback || sound->playback_runs) &&
		       (!sound->capture || sound->capture_runs);

	if (running == sound->running)
		return;
	sound->running = running;
	if (sound->events->running)
		sound->events->running(sound->data, running);
}

static void state_changed(struct sound *sound, bool *runs, enum pw_stream_state state,
			  const char *error)
{
	*runs = state == PW_STREAM_STATE_STREAMING;
	if (state == PW_STREAM_STATE_ERROR && sound->events->failed)
		sound->events->failed(sound->data, error ? error : "unknown");
	tell_running(sound);
}

static void playback_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
			   const char *error)
{
	struct sound *sound = data;

	state_changed(sound, &sound->playback_runs, state, error);
}

static void capture_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
			  const char *error)
{
	struct sound *sound = data;

	state_changed(sound, &sound->capture_runs, state, error);
}

static void playback_process(void *data)
{
	struct sound *sound = data;
	struct pw_buffer *buffer = pw_stream_dequeue_buffer(sound->playback);
	struct spa_data *plane;
	size_t n;

	if (!buffer)
		return;
	plane = &buffer->buffer->datas[0];
	if (plane->data) {
		n = plane->maxsize / sizeof(int16_t);
		if (buffer->requested && buffer->requested < n)
			n = buffer->requested;
		tone_fill(&sound->tone, plane->data, n);
		plane->chunk->offset = 0;
		plane->chunk->stride = sizeof(int16_t);
		plane->chunk->size = (uint32_t)(n * sizeof(int16_t));
	}
	pw_stream_queue_buffer(sound->playback, buffer);
}

static void listen_for_sound(struct sound *sound, const int16_t *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool audible;

		sound->window[sound->window_n++] = samples[i];
		if (sound->window_n < AUDIBLE_WINDOW)
			continue;
		sound->window_n = 0;
		if (tone_level_dbfs(sound->window, AUDIBLE_WINDOW) > AUDIBLE_DBFS)
			sound->silent_windows = 0;
		else if (sound->silent_windows < SILENT_WINDOWS)
			sound->silent_windows++;
		audible = sound->silent_windows == 0 ||
			  (sound->audible && sound->silent_windows < SILENT_WINDOWS);
		if (audible == sound->audible)
			continue;
		sound->audible = audible;
		if (sound->events->audible)
			sound->events->audible(sound->data, audible);
	}
}

static void measure(struct sound *sound, const int16_t *samples, size_t n)
{
	struct tone_heard heard;
	int16_t *all = sound->samples;

	if (!all)
		return;
	for (size_t i = 0; i < n && sound->n < sound->wanted; i++)
		all[sound->n++] = samples[i];
	if (sound->n < sound->wanted)
		return;
	/* Released first: done() may start the next one. */
	sound->samples = NULL;
	tone_analyse(all, sound->n, SOUND_RATE_HZ, &heard);
	free(all);
	sound->done(sound->done_data, &heard);
}

static void capture_process(void *data)
{
	struct sound *sound = data;
	struct pw_buffer *buffer;

	while ((buffer = pw_stream_dequeue_buffer(sound->capture))) {
		const struct spa_data *plane = &buffer->buffer->datas[0];

		if (plane->data && plane->chunk->offset <= plane->maxsize &&
		    plane->chunk->size <= plane->maxsize - plane->chunk->offset) {
			const int16_t *samples =
				SPA_PTROFF(plane->data, plane->chunk->offset, const int16_t);
			size_t n = plane->chunk->size / sizeof(int16_t);

			listen_for_sound(sound, samples, n);
			measure(sound, samples, n);
		}
		pw_stream_queue_buffer(sound->capture, buffer);
	}
}

static const struct pw_stream_events playback_events = {
	PW_VERSION_STREAM_EVENTS,
	.state_changed = playback_state,
	.process = playback_process,
};

static const struct pw_stream_events capture_events = {
	PW_VERSION_STREAM_EVENTS,
	.state_changed = capture_state,
	.process = capture_process,
};

static struct pw_stream *stream_new(struct sound *sound, struct pw_core *core,
				    const struct sound_options *options, bool playback)
{
	struct pw_properties *properties = pw_properties_new(
		PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
		playback ? "Playback" : "Capture", PW_KEY_NODE_LATENCY, "960/48000", NULL);
	struct spa_audio_info_raw info = {
		.format = SPA_AUDIO_FORMAT_S16,
		.rate = SOUND_RATE_HZ,
		.channels = 1,
		.position = { SPA_AUDIO_CHANNEL_MONO },
	};
	const struct spa_pod *params[1];
	uint8_t pod[512];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(pod, sizeof(pod));
	struct pw_stream *stream;

	if (!properties)
		return NULL;
	pw_properties_setf(properties, PW_KEY_NODE_NAME, "%s.%s", options->name,
			   playback ? "playback" : "capture");
	if (options->role)
		pw_properties_set(properties, PW_KEY_MEDIA_ROLE, options->role);
	if (options->target)
		pw_properties_set(properties, PW_KEY_TARGET_OBJECT, options->target);
	if (!playback && options->capture_sink)
		pw_properties_set(properties, PW_KEY_STREAM_CAPTURE_SINK, "true");

	stream = pw_stream_new(core, options->name, properties);
	if (!stream)
		return NULL;
	if (playback)
		pw_stream_add_listener(stream, &sound->playback_listener, &playback_events, sound);
	else
		pw_stream_add_listener(stream, &sound->capture_listener, &capture_events, sound);
	params[0] = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
	if (pw_stream_connect(stream, playback ? PW_DIRECTION_OUTPUT : PW_DIRECTION_INPUT,
			      PW_ID_ANY, PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS,
			      params, 1) < 0) {
		pw_stream_destroy(stream);
		return NULL;
	}
	return stream;
}

int sound_new(struct pw_core *core, const struct sound_options *options,
	      const struct sound_events *events, void *data, struct sound **ret)
{
	struct sound *sound = calloc(1, sizeof(*sound));

	if (!sound)
		return -ENOMEM;
	sound->events = events;
	sound->data = data;
	sound->silent_windows = SILENT_WINDOWS;
	tone_init(&sound->tone, SOUND_RATE_HZ, options->tone_hz, TONE_LEVEL_DBFS);
	if (options->tone_hz > 0) {
		sound->playback = stream_new(sound, core, options, true);
		if (!sound->playback)
			goto fail;
	}
	if (options->capture) {
		sound->capture = stream_new(sound, core, options, false);
		if (!sound->capture)
			goto fail;
	}
	*ret = sound;
	return 0;
fail:
	sound_free(sound);
	return -EIO;
}

struct sound *sound_free(struct sound *sound)
{
	if (!sound)
		return NULL;
	/* Their last state changes are nobody's business any more. */
	if (sound->playback) {
		spa_hook_remove(&sound->playback_listener);
		pw_stream_destroy(sound->playback);
	}
	if (sound->capture) {
		spa_hook_remove(&sound->capture_listener);
		pw_stream_destroy(sound->capture);
	}
	free(sound->samples);
	free(sound);
	return NULL;
}

void sound_tone(struct sound *sound, double frequency_hz)
{
	tone_set_frequency(&sound->tone, frequency_hz);
}

int sound_measure(struct sound *sound, double seconds,
		  void (*done)(void *data, const struct tone_heard *heard), void *data)
{
	if (!sound->capture)
		return -ENODEV;
	if (sound->samples)
		return -EBUSY;
	if (!(seconds >= 0.1 && seconds <= SOUND_MAX_SECONDS))
		return -ERANGE;
	sound->wanted = (size_t)(seconds * SOUND_RATE_HZ);
	sound->samples = calloc(sound->wanted, sizeof(*sound->samples));
	if (!sound->samples)
		return -ENOMEM;
	sound->n = 0;
	sound->done = done;
	sound->done_data = data;
	return 0;
}
