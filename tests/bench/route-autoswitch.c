/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * From the moment that a program records until the headset is in headset mode: callroute, for a program
 * that adds its call then, and for one that tells nobody, whose streams have to be those of a call for
 * 300 ms; WirePlumber's own switch, which takes any stream that records with the role; and the floor, which
 * sets the profile at once.
 */
#include "moves.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define ROUNDS 10u

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

enum contender { BY_SOUND, REGISTERED, FLOOR };

/* A program comes, and is waited for until it records; then it is followed, or for the floor served. */
static void record(struct moves *moves, enum contender contender, struct times *times)
{
	static const struct phone_call_options options = { .active = true, .silent = true };
	bool bare = contender == FLOOR;
	struct phone_call *call = NULL;
	struct rig_sound *program = NULL;
	struct view *view = moves->view;
	const char *role = contender == BY_SOUND ? "Communication" : "Music";

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

/* WirePlumber switches, and callrouted does not look at sound. */
static bool give_it_to_wireplumber(struct moves *moves)
{
	static const char on_0_4[] = "bluetooth_policy.policy[\"media-role.use-headset-profile\"] "
				     "= true\n";
	struct rig *rig = moves->rig;

	moves->phone = phone_free(moves->phone);
	if (write_text(rig, "wireplumber/policy.lua.d", "90-bench.lua", on_0_4) < 0 ||
	    write_text(rig, "callroute", "callroute.conf", "calls = { by-sound = false }\n") < 0)
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

void bench_autoswitch(struct moves *moves)
{
	static const char told[] = "recording to headset mode, registered";
	static const char untold[] = "recording to headset mode, nothing told";
	struct times by_sound = { 0 }, registered = { 0 }, theirs = { 0 }, floor = { 0 };

	for (unsigned int i = 0; i < ROUNDS && !moves->failed; i++) {
		record(moves, REGISTERED, &registered);
		record(moves, FLOOR, &floor);
		record(moves, BY_SOUND, &by_sound);
	}
	if (!moves->failed && !give_it_to_wireplumber(moves)) {
		moves->failed = "WirePlumber's own switch";
		return;
	}
	for (unsigned int i = 0; i < ROUNDS && !moves->failed; i++) {
		record(moves, BY_SOUND, &theirs);
		record(moves, FLOOR, &floor);
	}
	if (moves->failed)
		return;
	rows_add(told, times_median(&registered), "ms", "floor", times_median(&floor));
	rows_add(told, times_median(&registered), "ms", "WirePlumber", times_median(&theirs));
	rows_add(untold, times_median(&by_sound), "ms", "WirePlumber", times_median(&theirs));
}
