/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The journal is used where standard error is connected to it (systemd sets JOURNAL_STREAM to the
 * device and inode then), so that a terminal and a pipe get plain lines.
 */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define MAX_FIELDS 12

static int max_level = LOG_INFO;

void log_set_level(int level)
{
	max_level = level;
}

int log_level(void)
{
	return max_level;
}

static bool stderr_is_journal(void)
{
	static int cached = -1;
	const char *stream;
	unsigned long device, inode;
	struct stat st;

	if (cached >= 0)
		return cached;
	stream = getenv("JOURNAL_STREAM");
	cached = stream != NULL && sscanf(stream, "%lu:%lu", &device, &inode) == 2 &&
		 fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
	return cached;
}

static void write_out(int level, const char *file, int line, const char *const *fields,
		      const char *format, va_list args)
{
	static const char *const words[] = {
		"", "", "", "error: ", "warning: ", "", "", "debug: "
	};
	char message[1024], text[1056], priority[16], code_file[256], code_line[32];
	struct iovec vec[4 + MAX_FIELDS];
	int n = 0;

	vsnprintf(message, sizeof(message), format, args);
	if (!stderr_is_journal()) {
		fprintf(stderr, "callrouted: %s%s\n", words[level & 7], message);
		return;
	}
	snprintf(text, sizeof(text), "MESSAGE=%s", message);
	snprintf(priority, sizeof(priority), "PRIORITY=%d", level);
	snprintf(code_file, sizeof(code_file), "CODE_FILE=%s", file);
	snprintf(code_line, sizeof(code_line), "CODE_LINE=%d", line);
	for (const char *const *own =
		     (const char *const[]){ text, priority, code_file, code_line, NULL };
	     *own != NULL; own++)
		vec[n++] = (struct iovec){ (void *)(uintptr_t)*own, strlen(*own) };
	for (; fields != NULL && *fields != NULL && n < 4 + MAX_FIELDS; fields++)
		vec[n++] = (struct iovec){ (void *)(uintptr_t)*fields, strlen(*fields) };
	(void)sd_journal_sendv(vec, n);
}

void log_line(int level, const char *file, int line, const char *format, ...)
{
	va_list args;

	if (level > max_level)
		return;
	va_start(args, format);
	write_out(level, file, line, NULL, format, args);
	va_end(args);
}

void log_fields(int level, const char *file, int line, const char *const *fields,
		const char *format, ...)
{
	va_list args;

	if (level > max_level)
		return;
	va_start(args, format);
	write_out(level, file, line, fields, format, args);
	va_end(args);
}
