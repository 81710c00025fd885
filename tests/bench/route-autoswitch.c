/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * From the moment that a program records until the headset is in headset mode: callroute, for a program
 * that adds its call as it opens its sound (docs/softphone.md), for one that does so only then, and for one
 * that tells nobody, whose streams have to be those of a call for 300 ms; WirePlumber's own switch, which
 * takes any stream that records with the role; and the floor, which sets the profile at once.
 */
#include "moves.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define ROUNDS 6u
/** Each of them has its own session manager. */
#define BLOCKS 3u

static int write_text(const struct rig *rig, const char *folder, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/home/.config/%s", rig_directory(rig), folder);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	(void)snprintf(path, sizeof(path), "%s/home/.config/%s/%s", rig_directory(rig), folder,
		       name);
	file = fopen(path, "we");
	if (!file)
		return -errno;
	(void)fputs(text, file);
	return fclose(file) == 0 ? 0 : -errno;
}

enum contender { BY_SOUND, REGISTERED_FIRST, REGISTERED, FLOOR };

/* A program comes, and is waited for until it records; then it is followed, or for the floor served. */
static void record(struct moves *moves, enum contender contender, struct times *times)
{
	static const struct phone_call_options options = { .active = true, .silent = true };
	bool bare = contender == FLOOR;
	struct phone_call *call = NULL;
	struct rig_sound *program = NULL;
	struct view *view = moves->view;
	const char *role = contender == BY_SOUND ? "Communication" : "Music";

	if (!moves->failed && contender == REGISTERED_FIRST)
		(void)phone_call(moves->phone, &options, &call);
	if (moves->failed ||
	    rig_sound_new(moves->rig,
			  (const char *const[]){ "--play", "700", "--capture", "--role", role,
						 "--name", "program", NULL },
			  &program) < 0)
		return;
	if (!moves_wait(moves, view_stream(view, rig_sound_pid(program), true) != 0))
		return;
	uint64_t begun_ns = rows_now_ns();
	if (bare)
		(void)view_set_profile(view, HEADSET, "headset-head-unit", false);
	if (contender == REGISTERED)
		(void)phone_call(moves->phone, &options, &call);
	if (moves_wait(moves, view_profile_is(view, HEADSET, "headset*")))
		times_add(times, begun_ns);
	moves_rest(moves);
	moves_end(moves, call);
	program = rig_sound_free(program);
	if (bare)
		(void)view_set_profile(view, HEADSET, "a2dp-sink", false);
	(void)moves_wait(moves, view_profile_is(view, HEADSET, "a2dp*"));
	moves_rest(moves);
}

/* Either WirePlumber switches, or callrouted looks at sound. */
static bool let_switch(struct moves *moves, bool wireplumber)
{
	struct rig *rig = moves->rig;

	moves->phone = phone_free(moves->phone);
	if (write_text(rig, "wireplumber/policy.lua.d", "90-bench.lua",
		       wireplumber ? "bluetooth_policy.policy[\"media-role.use-headset-profile\"] "
				     "= true\n"
				   : "bluetooth_policy.policy[\"media-role.use-headset-profile\"] "
				     "= false\n") < 0 ||
	    write_text(rig, "callroute", "callroute.conf",
		       wireplumber ? "calls = { by-sound = false }\n"
				   : "calls = { by-sound = true }\n") < 0)
		return false;
	rig_headset_disconnect(rig, HEADSET);
	rig_daemon_stop(rig, 0);
	if (rig_wireplumber_restart(rig) < 0 || rig_daemon_start(rig) < 0 ||
	    phone_new(rig, &moves->phone) < 0 || rig_headset_connect(rig, HEADSET) < 0 ||
	    !moves_wait(moves, view_profile_is(moves->view, HEADSET, "a2dp*")))
		return false;
	/* it takes a card without headset mode, as each is for a moment, for one that it has switched */
	moves_rest(moves);
	return true;
}

static void one_block(struct moves *moves, struct times ours[static FLOOR], struct times *theirs,
		      struct times *floor)
{
	if (!moves->failed && !let_switch(moves, false))
		moves->failed = "callroute looks at sound";
	for (unsigned int i = 0; i < ROUNDS && !moves->failed; i++) {
		for (enum contender contender = 0; contender < FLOOR; contender++)
			record(moves, contender, &ours[contender]);
		record(moves, FLOOR, floor);
	}
	if (!moves->failed && !let_switch(moves, true))
		moves->failed = "WirePlumber's own switch";
	for (unsigned int i = 0; i < ROUNDS && !moves->failed; i++) {
		record(moves, BY_SOUND, theirs);
		record(moves, FLOOR, floor);
	}
}

void bench_autoswitch(struct moves *moves)
{
	static const char *const names[FLOOR] = {
		[BY_SOUND] = "recording to headset mode, nothing told",
		[REGISTERED_FIRST] = "recording to headset mode, call added with it",
		[REGISTERED] = "recording to headset mode, call added then",
	};
	struct times ours[FLOOR] = { 0 }, theirs = { 0 }, floor = { 0 };

	for (unsigned int i = 0; i < BLOCKS; i++)
		one_block(moves, ours, &theirs, &floor);
	if (moves->failed)
		return;
	rows_add(names[REGISTERED], times_median(&ours[REGISTERED]), "ms", "floor",
		 times_median(&floor));
	for (enum contender contender = 0; contender < FLOOR; contender++)
		rows_add(names[contender], times_median(&ours[contender]), "ms", "WirePlumber",
			 times_median(&theirs));
}
