/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the configuration's files share: config.c finds the files and answers questions,
 * config-parse.c reads what one of them says, config-syntax.c whether it says anything,
 * config-regex.c its regular expressions.
 *
 * May be used by: daemon/config*.c only.
 */
#ifndef CALLROUTE_CONFIG_PRIVATE_H
#define CALLROUTE_CONFIG_PRIVATE_H

#include "config.h"

#include <regex.h>
#include <stddef.h>

#define CONFIG_MAX_CONDITIONS 8
/** A file of more bytes is not ours. */
#define CONFIG_MAX_SIZE (1u << 20)

struct condition {
	char *key;
	char *value;
	bool is_regex; /* .regex is compiled: the value began with "~" */
	regex_t regex;
};

/** As long as a call's party. */
#define CONFIG_MEMORY_SIZE 128

struct match {
	struct condition conditions[CONFIG_MAX_CONDITIONS];
	size_t n;
};

struct endpoint_rule {
	struct match match;
	unsigned int kinds;
};

struct device_rule {
	struct match match;
	struct config_device what;
	bool has_enabled;
	bool has_auto_route;
	bool has_in_band_ring;
	bool has_mute_by_gain;
	bool has_codec;
};

struct program_rule {
	struct match match;
	enum config_program is;
};

struct config {
	struct endpoint_rule endpoints[CONFIG_MAX_ENDPOINTS];
	size_t n_endpoints;
	struct device_rule devices[CONFIG_MAX_DEVICES];
	size_t n_devices;
	struct program_rule programs[CONFIG_MAX_PROGRAMS];
	size_t n_programs;
	bool no_gateway;
	enum { FOLLOW_UNSAID, FOLLOW_NOT, FOLLOW } follow[CONFIG_SOURCES];
	char memory[CONFIG_MEMORY][CONFIG_MEMORY_SIZE];
	char own_number[CONFIG_MEMORY_SIZE];
	struct config_timeouts timeouts;
};

/** A file that is being read, for complaints. */
struct source {
	struct config *config;
	const char *path;
	config_complain_fn complain;
	void *data;
};

void config_complain(const struct source *source, const char *key, const char *expected);

/** Empty a match. */
void config_match_done(struct match *match);

/**
 * config_regex() - compile an extended regular expression, as one that only matches
 * Return: 0, -EINVAL where it is none, -E2BIG where it would take the C library too much memory or
 * time: counted and nested repetitions, references back.
 */
int config_regex(const char *text, regex_t *ret);

/** The value of a section, by its key at the file's top. */
void config_read_section(const struct source *source, const char *key, const char *text);

/**
 * config_check_syntax() - do brackets and quotes match?
 * @text: with a terminator
 * False after a complaint, which names the line.
 */
bool config_check_syntax(const struct source *source, const char *text);

#endif
