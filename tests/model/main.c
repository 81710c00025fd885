/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * model [--big] [--list] [--first] [--states N] [--depth N] [WORLD…]: explore the worlds of the
 * suite, or with --big the big ones too, or those that are named, and say how much was seen and
 * what was left out. --states ends a world after so many states, --depth sets the length of the
 * ways in those that are bounded by it, --first ends with the first thing that does not hold. The
 * exit status is 1 where something does not hold.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HERE (WITH_ROUTING | WITH_OUTGOING | WITH_PICK)
#define LIVELY (HERE | WITH_DISCONNECT | WITH_REMOTE | WITH_HOLD)
#define HEADSET (WITH_DISCONNECT | WITH_PICK | WITH_SCO | WITH_SCO_FAIL | WITH_WAIT)

/* The small ones first, so that what is wrong is found soon. */
static const struct world worlds[] = {
	{ "muted", "mute, with three calls", 1, 1, 0, 2, 1,
	  WITH_MUTE | WITH_HOLD | WITH_REMOTE | WITH_OUTGOING },
	{ "broadcasts", "broadcasts that play and record", 2, 1, 1, 0, 2,
	  WITH_BROADCAST | WITH_PICK | WITH_DISCONNECT | WITH_A2DP_ONLY },
	{ "auto-answer", "two calls that ring and are answered by themselves", 2, 1, 1, 2, 0,
	  WITH_AUTO_ANSWER | WITH_WAIT | WITH_ROUTING | WITH_PICK },
	{ "links", "the links of two headsets open, close and fail", 2, 2, 0, 1, 0,
	  HEADSET | WITH_PREFER },
	{ "links-slowly", "failures at all sorts of times", 1, 1, 0, 1, 0,
	  HEADSET | WITH_SHORT_WAITS | WITH_WIRED },
	{ "video", "video calls on machines of all sorts", 1, 1, 0, 1, 1,
	  WITH_VIDEO | WITH_OUTGOING | WITH_WIRED | WITH_NO_HANDSET | WITH_PICK | WITH_DISCONNECT },
	{ "two-headsets", "the buttons and the routes of two headsets, and wrong names", 2, 2, 0, 1,
	  1, LIVELY | WITH_FROM_HEADSET | WITH_STRANGERS },
	{ "links-shared", "links, with calls of both kinds and a speaker", 2, 1, 1, 1, 1, HEADSET },
	{ "changelings", "devices of another kind, without auto-route, or resumed; a late handset",
	  2, 1, 1, 1, 0,
	  WITH_DISCONNECT | WITH_PICK | WITH_KIND_CHANGE | WITH_NO_AUTO_ROUTE | WITH_RESUMED |
		  WITH_A2DP_ONLY | WITH_MACHINE },
	{ "moved", "another program moves the sound", 2, 1, 1, 1, 1,
	  WITH_MOVED | WITH_PICK | WITH_HOLD | WITH_DISCONNECT | WITH_A2DP_ONLY | WITH_WIRED },
	{ "three-devices", "a headset, a speaker and a third of either kind", 3, 2, 2, 1, 1,
	  WITH_ROUTING | WITH_DISCONNECT | WITH_PICK },
	{ "three-calls", "two managed calls and an unmanaged one", 1, 1, 0, 2, 1, LIVELY },
	{ "preferences", "applications and the user ask for routes", 2, 2, 0, 1, 1,
	  WITH_OUTGOING | WITH_DISCONNECT | WITH_PICK | WITH_PREFER | WITH_REMOTE },
	{ "preferences-wired", "preferences, where routes come and go", 1, 1, 0, 1, 1,
	  WITH_DISCONNECT | WITH_PICK | WITH_PREFER | WITH_WIRED | WITH_NO_HANDSET },
	{ "headset-and-speaker", "all that can be plugged or connected, with and without a handset",
	  2, 1, 1, 1, 1, HERE | WITH_WIRED | WITH_DISCONNECT | WITH_A2DP_ONLY | WITH_NO_HANDSET },
	{ "everything", "every event, three devices, three calls", 3, 2, 2, 2, 1, ~0u, .depth = 5 },
	{ "big-auto-answer", "auto-answer, with preferences", 2, 1, 1, 2, 0,
	  WITH_AUTO_ANSWER | WITH_WAIT | WITH_ROUTING | WITH_PICK | WITH_PREFER, .big = true },
	{ "big-preferences", "preferences with a headset and a speaker", 2, 1, 1, 1, 1,
	  WITH_WIRED | WITH_DISCONNECT | WITH_PICK | WITH_PREFER, .big = true },
	{ "big-three", "three devices, three calls", 3, 2, 2, 2, 1,
	  WITH_ROUTING | WITH_DISCONNECT | WITH_PICK | WITH_REMOTE, .big = true },
	{ "big-wired", "two headsets, a speaker, the wired headset", 3, 2, 1, 1, 1,
	  LIVELY | WITH_WIRED, .big = true },
	{ "big-everything", "every event, longer", 3, 2, 2, 2, 1, ~0u, .depth = 6, .big = true },
};

#define N_WORLDS (sizeof(worlds) / sizeof(worlds[0]))

struct options {
	bool big;
	bool list;
	bool first;
	uint32_t states;
	unsigned int depth;
	char **names;
	int n_names;
};

struct totals {
	uint64_t states;
	uint64_t steps;
	unsigned int violations;
	unsigned int worlds;
	unsigned int bounded;
};

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool wanted(const struct options *options, const struct world *world)
{
	for (int i = 0; i < options->n_names; i++) {
		if (strcmp(options->names[i], world->name) == 0)
			return true;
	}
	return options->n_names == 0 && (!world->big || options->big);
}

static void list(void)
{
	for (size_t i = 0; i < N_WORLDS; i++)
		printf("%-20s %s%s\n", worlds[i].name, worlds[i].about,
		       worlds[i].big ? " (--big)" : "");
}

static void print_bound(const struct world *world, const struct findings *findings)
{
	if (findings->complete)
		printf("all states, the furthest %u steps away\n", findings->depth - 1);
	else if (world->depth != 0 && findings->depth == world->depth)
		printf("BOUND: ways of at most %u steps\n", world->depth);
	else
		printf("BOUND: %llu states, all those at most %u steps away\n",
		       (unsigned long long)findings->states, findings->depth - 1);
}

static void run(const struct options *options, const struct world *model, struct totals *totals)
{
	struct world world = *model;
	struct findings findings;
	double start = seconds();

	if (world.depth != 0 && options->depth != 0)
		world.depth = options->depth;
	findings = explore(&world, options->states, options->first);
	printf("%-20s %9llu %10llu %9llu %6.1f %6.0f  %u+%u+%u  ", world.name,
	       (unsigned long long)findings.states, (unsigned long long)findings.steps,
	       (unsigned long long)findings.refused, seconds() - start,
	       (double)findings.bytes / 1e6, world.devices, world.managed, world.unmanaged);
	print_bound(&world, &findings);
	if (findings.violations > 0)
		printf("%-20s %u steps break what must hold\n", world.name, findings.violations);
	fflush(stdout);
	totals->states += findings.states;
	totals->steps += findings.steps;
	totals->violations += findings.violations;
	totals->worlds++;
	totals->bounded += !findings.complete;
}

static int usage(void)
{
	fputs("usage: model [--big] [--list] [--first] [--states N] [--depth N] [WORLD...]\n",
	      stderr);
	return 2;
}

static bool read_number(const char *text, unsigned int *ret)
{
	char *end;
	unsigned long value;

	if (text == NULL || *text < '0' || *text > '9')
		return false;
	value = strtoul(text, &end, 10);
	if (*end != '\0' || value > UINT32_MAX - 1)
		return false;
	*ret = (unsigned int)value;
	return true;
}

static bool read_options(int argc, char **argv, struct options *ret)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--big") == 0)
			ret->big = true;
		else if (strcmp(argv[i], "--list") == 0)
			ret->list = true;
		else if (strcmp(argv[i], "--first") == 0)
			ret->first = true;
		else if (strcmp(argv[i], "--states") == 0 && read_number(argv[i + 1], &ret->states))
			i++;
		else if (strcmp(argv[i], "--depth") == 0 && read_number(argv[i + 1], &ret->depth))
			i++;
		else
			return false;
	}
	ret->names = argv + i;
	ret->n_names = argc - i;
	return true;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct totals totals = { 0 };
	double start = seconds();

	if (!read_options(argc, argv, &options))
		return usage();
	if (options.list) {
		list();
		return 0;
	}
	printf("%-20s %9s %10s %9s %6s %6s  %s\n", "world", "states", "steps", "refused", "s", "MB",
	       "devices+managed+unmanaged");
	for (size_t i = 0; i < N_WORLDS; i++) {
		if (wanted(&options, &worlds[i]) && (!options.first || totals.violations == 0))
			run(&options, &worlds[i], &totals);
	}
	if (totals.worlds == 0) {
		fputs("model: no such world; --list tells\n", stderr);
		return 2;
	}
	printf("%u worlds, %llu states, %llu steps, %.1f s; %u worlds bounded, %u steps wrong\n",
	       totals.worlds, (unsigned long long)totals.states, (unsigned long long)totals.steps,
	       seconds() - start, totals.bounded, totals.violations);
	puts("In all worlds: waits meet every deadline on their way; the only delay of auto-answer "
	     "is "
	     "5 s; cars and hearing aids are headsets; limits are never reached.");
	return totals.violations > 0;
}
