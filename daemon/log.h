/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Logging: to the journal with fields where standard error is the journal, else a line on standard
 * error. Numbers and names of callers go to the debug level only.
 */
#ifndef CALLROUTE_LOG_H
#define CALLROUTE_LOG_H

#include <syslog.h>

/** LOG_ERR to LOG_DEBUG; lines above are dropped. LOG_INFO at start. */
void log_set_level(int level);
int log_level(void);

void log_line(int level, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** With journal fields: @fields is a NULL-ended list of "NAME=value" strings. */
void log_fields(int level, const char *file, int line, const char *const *fields,
		const char *format, ...) __attribute__((format(printf, 5, 6)));

#define log_error(...) log_line(LOG_ERR, __FILE__, __LINE__, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __FILE__, __LINE__, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __FILE__, __LINE__, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __FILE__, __LINE__, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __FILE__, __LINE__, __VA_ARGS__)

#endif
