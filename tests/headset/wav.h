/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A WAV file being written: signed 16-bit mono. The header is made right when it is freed.
 */
#ifndef CALLROUTE_TESTS_WAV_H
#define CALLROUTE_TESTS_WAV_H

#include <stddef.h>
#include <stdint.h>

struct wav;

/** Create or empty @path. Return: 0 or -errno. */
int wav_new(const char *path, uint32_t rate_hz, struct wav **ret);
/** Errors of writing are kept until here and dropped: a recording is a convenience. */
void wav_write(struct wav *wav, const int16_t *samples, size_t n);
/** NULL-safe; returns NULL. */
struct wav *wav_free(struct wav *wav);

#endif
