/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Replays scenario files through the whole daemon in one rig: a fresh daemon and a bare machine for
 * each. What cannot be brought about from outside is said by its line; where the scenario depends
 * on it, the rest of that file is left out.
 *
 *	replay FILE…            or
 *	replay --folder DIR PREFIX   all of the folder whose names begin so
 *
 * Ends with 1 where an expectation was not met, 2 where a file could not be read.
 */
#include "replay.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum result { RESULT_OK, RESULT_PARTLY, RESULT_UNMET, RESULT_MALFORMED };

/* What a whole daemon in real time shows otherwise, by the end of the file's name. */
static const struct left_out {
	const char *file;
	const char *why;
} left_out[] = {
	{ "p8-automatic-headset.scn", "waits to the millisecond" },
	{ "x9-not-refused-where-it-is.scn",
	  "no endpoint of calls is on A2DP, so it is not verified" },
	{ "x9-without-a-call.scn", "there is no sound to move" },
};

const char *replay_address(const struct replay *replay, route_device device)
{
	return replay->devices[device].address;
}

void replay_route(const struct replay *replay, struct route route,
		  char ret[static ROUTE_STRING_SIZE])
{
	const char *kind = route_kind_to_string(route.kind);

	if (route.device)
		(void)snprintf(ret, ROUTE_STRING_SIZE, "%s:%s", kind,
			       replay_address(replay, route.device));
	else
		(void)snprintf(ret, ROUTE_STRING_SIZE, "%s", kind);
}

const char *replay_node(const struct replay *replay, struct route route, char ret[static 64])
{
	struct view *view = rig_view(replay->rig);

	switch (route.kind) {
	case ROUTE_HANDSET:
		/* as policy.md has it: the wired headset, else the earpiece, else the loudspeaker */
		return view_node(view, RIG_WIRED)      ? RIG_WIRED
		       : view_node(view, RIG_EARPIECE) ? RIG_EARPIECE
						       : RIG_LOUDSPEAKER;
	case ROUTE_WIRED:
		return RIG_WIRED;
	case ROUTE_SPEAKER:
	case ROUTE_NONE:
		return RIG_LOUDSPEAKER;
	case ROUTE_HEADSET:
	case ROUTE_BT_SPEAKER:
		break;
	}
	(void)snprintf(ret, 64, "bluez_output.%s*", replay_address(replay, route.device));
	for (char *p = ret; *p; p++) {
		if (*p == ':')
			*p = '_';
	}
	return ret;
}

/* ---- reading -------------------------------------------------------------------------------------- */

static enum result read_file(struct replay *replay)
{
	char text[SCENARIO_MAX_LINE];
	struct scenario_error error;
	unsigned int number = 0;
	FILE *file = fopen(replay->file, "re");

	if (!file) {
		perror(replay->file);
		return RESULT_MALFORMED;
	}
	while (fgets(text, sizeof(text), file)) {
		struct scenario_line *line = &replay->lines[replay->n_lines];

		number++;
		text[strcspn(text, "\n")] = '\0';
		if (scenario_parse(text, &replay->names, line, &error) < 0 ||
		    replay->n_lines == REPLAY_MAX_LINES - 1) {
			fprintf(stderr, "%s:%u:%u: expected %s\n", replay->file, number,
				error.column, error.expected);
			(void)fclose(file);
			return RESULT_MALFORMED;
		}
		strcpy(replay->texts[replay->n_lines++], text);
	}
	(void)fclose(file);
	return RESULT_OK;
}

/* ---- one file --------------------------------------------------------------------------------------- */

static void say(const struct replay *replay, size_t at, const char *what, const char *why)
{
	printf("%s:%zu: %s: %s: %s\n", replay->file, at + 1, what, replay->texts[at], why);
	(void)fflush(stdout);
}

static bool expects_refusal(const struct replay *replay, size_t at)
{
	return at + 1 < replay->n_lines && replay->lines[at + 1].kind == SCENARIO_EXPECT &&
	       replay->lines[at + 1].expect == EXPECT_REFUSED;
}

static enum result run_lines(struct replay *replay)
{
	enum result result = RESULT_OK;

	for (size_t i = 0; i < replay->n_lines; i++) {
		char found[256];
		const char *why;
		size_t skip;

		if (rig_interrupted(replay->rig))
			return RESULT_UNMET;
		switch (replay->lines[i].kind) {
		case SCENARIO_EMPTY:
			break;
		case SCENARIO_EVENT:
		case SCENARIO_WAIT:
			why = replay_act(replay, i, &skip);
			i += skip;
			if (!why)
				break;
			result = RESULT_PARTLY;
			say(replay, i - skip, "not replayed", why);
			/* a refused event changes nothing, so that the rest stands without it */
			if (!expects_refusal(replay, i))
				return result;
			i++;
			break;
		case SCENARIO_EXPECT:
			switch (replay_expect(replay, i, found)) {
			case REPLAY_HOLDS:
				break;
			case REPLAY_NOT_CHECKED:
				say(replay, i, "not checked", found);
				break;
			case REPLAY_UNMET:
				say(replay, i, "UNMET", found);
				return RESULT_UNMET;
			}
			break;
		}
	}
	return result;
}

static bool prepare(struct replay *replay)
{
	for (size_t i = 0; i <= SCENARIO_MAX_NAMES; i++)
		(void)snprintf(replay->devices[i].address, sizeof(replay->devices[i].address),
			       "AA:BB:CC:00:00:%02X", (unsigned int)i & 0xff);
	return rig_earpiece(replay->rig, true) == 0 && rig_plug(replay->rig, false) == 0 &&
	       rig_daemon_start(replay->rig) == 0 && phone_new(replay->rig, &replay->phone) == 0;
}

static void clean_up(struct replay *replay)
{
	replay->phone = phone_free(replay->phone);
	rig_headsets_remove(replay->rig);
	rig_daemon_stop(replay->rig, 0);
	rig_daemon_forget(replay->rig);
}

static enum result replay_file(struct rig *rig, const char *path)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	enum result result;

	if (!replay)
		abort();
	replay->rig = rig;
	replay->file = path;
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
		size_t n = strlen(path), end = strlen(left_out[i].file);

		if (n >= end && !strcmp(path + n - end, left_out[i].file)) {
			printf("%s: not replayed: %s\n", path, left_out[i].why);
			free(replay);
			return RESULT_PARTLY;
		}
	}
	result = read_file(replay);
	if (result == RESULT_OK) {
		if (prepare(replay)) {
			result = run_lines(replay);
		} else {
			printf("%s: the daemon does not start\n", path);
			result = RESULT_UNMET;
		}
		if (result == RESULT_UNMET)
			rig_dump(rig);
		clean_up(replay);
	}
	if (result == RESULT_OK)
		printf("%s: ok\n", path);
	(void)fflush(stdout);
	free(replay);
	return result;
}

/* What a file expects says nothing of a WirePlumber that crashes of itself in the middle. */
static enum result replay_again(struct rig *rig, const char *path)
{
	unsigned int crashes = rig_wireplumber_crashes(rig);
	enum result result = replay_file(rig, path);

	if (result != RESULT_UNMET || rig_wireplumber_crashes(rig) == crashes)
		return result;
	printf("%s: once more, WirePlumber crashed in it\n", path);
	return replay_file(rig, path);
}

int main(int argc, char **argv)
{
	struct rig_options options = { .without_daemon = true };
	unsigned int counts[4] = { 0 };
	char pattern[1024];
	glob_t found = { 0 };
	struct rig *rig;

	if (argc == 4 && !strcmp(argv[1], "--folder")) {
		(void)snprintf(pattern, sizeof(pattern), "%s/%s*.scn", argv[2], argv[3]);
		if (glob(pattern, 0, NULL, &found)) {
			fprintf(stderr, "replay: nothing like %s\n", pattern);
			return 2;
		}
		argv = found.gl_pathv - 1;
		argc = (int)found.gl_pathc + 1;
	}
	if (rig_new(&options, &rig) < 0)
		return 1;
	for (int i = 1; i < argc && !rig_interrupted(rig); i++)
		counts[replay_again(rig, argv[i])]++;
	rig_free(rig);
	printf("%u replayed, %u in part or not, %u unmet, %u malformed\n", counts[RESULT_OK],
	       counts[RESULT_PARTLY], counts[RESULT_UNMET], counts[RESULT_MALFORMED]);
	globfree(&found);
	return counts[RESULT_MALFORMED] ? 2 : counts[RESULT_UNMET] ? 1 : 0;
}
