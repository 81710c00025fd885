/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define FIGURE_SIZE 48

uint64_t rows_now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double rows_quantile(double *figures, size_t n, double share)
{
	size_t at = (size_t)((double)n * share);

	if (n == 0)
		return 0.0;
	qsort(figures, n, sizeof(figures[0]), compare);
	return figures[at < n ? at : n - 1];
}

/* The file of this program's rows, begun anew; NULL where nobody gathers them. */
static FILE *rows_file(void)
{
	static FILE *file;
	static int asked;
	const char *folder = getenv("CALLROUTE_BENCH_ROWS");
	char path[1024];

	if (asked++ || !folder)
		return file;
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		perror(folder);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, program_invocation_short_name);
	file = fopen(path, "we");
	if (!file)
		perror(path);
	return file;
}

static void add(const char *what, const char *ours, const char *beside, const char *theirs,
		const char *ratio)
{
	FILE *file = rows_file();

	(void)printf("%s: %s; %s %s; %s\n", what, ours, beside, theirs, ratio);
	(void)fflush(stdout);
	if (!file)
		return;
	(void)fprintf(file, "%s\t%s\t%s\t%s\t%s\n", what, ours, beside, theirs, ratio);
	(void)fflush(file);
}

static void figure(char ret[static FIGURE_SIZE], double value, const char *unit)
{
	int decimals = value >= 100.0 || value == (double)(long)value ? 0 : value >= 10.0 ? 1 : 3;

	(void)snprintf(ret, FIGURE_SIZE, "%.*f %s", decimals, value, unit);
}

void rows_add(const char *what, double ours, const char *unit, const char *beside, double theirs)
{
	char our_figure[FIGURE_SIZE], their_figure[FIGURE_SIZE], ratio[FIGURE_SIZE];

	figure(our_figure, ours, unit);
	figure(their_figure, theirs, unit);
	if (theirs > 0.0)
		(void)snprintf(ratio, sizeof(ratio), "%.2f", ours / theirs);
	else
		(void)snprintf(ratio, sizeof(ratio), "%s", ours > 0.0 ? "over" : "holds");
	add(what, our_figure, beside, their_figure, ratio);
}

void rows_add_none(const char *what, const char *beside, const char *why)
{
	add(what, "-", beside, why, "-");
}
