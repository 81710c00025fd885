/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * stamp NAME: copies lines from standard input to standard output as "MS NAME LINE", where MS is the
 * monotonic time at which the line was read. A line goes out in one write, so that several of these
 * may share one pipe.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Below PIPE_BUF, for the write to be atomic. */
#define LINE_SIZE 2048

int main(int argc, char **argv)
{
	char line[LINE_SIZE];
	char out[LINE_SIZE + 128];

	if (argc != 2) {
		fprintf(stderr, "usage: stamp NAME\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		struct timespec ts;
		int n;

		(void)clock_gettime(CLOCK_MONOTONIC, &ts);
		line[strcspn(line, "\r\n")] = '\0';
		n = snprintf(out, sizeof(out), "%lld %.64s %s\n",
			     (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000, argv[1], line);
		if (n > 0 && write(STDOUT_FILENO, out, (size_t)n) < 0)
			return 1;
	}
	return 0;
}
