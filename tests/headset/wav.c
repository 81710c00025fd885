/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * RIFF as its header needs it and no more: one "fmt " and one "data" chunk.
 */
#include "wav.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct wav {
	FILE *file;
	uint32_t rate_hz;
	uint32_t data_size;
};

struct wav_header {
	char riff[4];
	uint32_t riff_size;
	char wave[4];
	char fmt[4];
	uint32_t fmt_size;
	uint16_t format;
	uint16_t channels;
	uint32_t rate_hz;
	uint32_t bytes_a_second;
	uint16_t bytes_a_frame;
	uint16_t bits;
	char data[4];
	uint32_t data_size;
};

static void write_header(struct wav *wav)
{
	struct wav_header header = {
		.riff = "RIFF",
		.riff_size = htole32((uint32_t)sizeof(header) - 8 + wav->data_size),
		.wave = "WAVE",
		.fmt = "fmt ",
		.fmt_size = htole32(16),
		.format = htole16(1),
		.channels = htole16(1),
		.rate_hz = htole32(wav->rate_hz),
		.bytes_a_second = htole32(wav->rate_hz * 2),
		.bytes_a_frame = htole16(2),
		.bits = htole16(16),
		.data = "data",
		.data_size = htole32(wav->data_size),
	};

	(void)fwrite(&header, sizeof(header), 1, wav->file);
}

int wav_new(const char *path, uint32_t rate_hz, struct wav **ret)
{
	struct wav *wav = calloc(1, sizeof(*wav));

	if (!wav)
		return -ENOMEM;
	wav->rate_hz = rate_hz;
	wav->file = fopen(path, "we");
	if (!wav->file) {
		int error = errno;

		free(wav);
		return -error;
	}
	write_header(wav);
	*ret = wav;
	return 0;
}

void wav_write(struct wav *wav, const int16_t *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int16_t sample = (int16_t)htole16((uint16_t)samples[i]);

		wav->data_size += (uint32_t)(fwrite(&sample, 2, 1, wav->file) * 2);
	}
}

struct wav *wav_free(struct wav *wav)
{
	if (!wav)
		return NULL;
	if (fseek(wav->file, 0, SEEK_SET) == 0)
		write_header(wav);
	(void)fclose(wav->file);
	free(wav);
	return NULL;
}
