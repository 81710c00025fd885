/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * callroute on a machine without Bluetooth: the whole daemon with real PipeWire and WirePlumber on
 * private buses, a stand-in for bluetoothd, a virtual headset and a softphone. On a terminal it is
 * driven by keys, elsewhere or with --script it is a tour that checks itself.
 */
#include "demo.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void on_headset_line(void *data, const char *address, const char *line)
{
	if (line[0] == '>' || line[0] == '<')
		printf("    headset %s\n", line);
	else if (!strncmp(line, "sco ", 4))
		printf("    sound link %s\n", line + 4);
}

/* The node that the call's sound goes to, as the audio graph has it. */
static const char *sound_at(struct demo *demo)
{
	struct view *view = rig_view(demo->rig);
	struct rig_sound *sound = demo->call ? phone_call_sound(demo->call) : NULL;
	const char *node =
		sound ? view_peer(view, view_stream(view, rig_sound_pid(sound), false)) : "";

	return node[0] ? node : "nowhere";
}

void demo_show(struct demo *demo)
{
	const char *profile = view_profile(rig_view(demo->rig), DEMO_HEADSET);
	const char *why = phone_why(demo->phone, "Text");

	printf("  route %s, rule %s: %s\n", phone_sees(demo->phone, "Route"),
	       phone_sees(demo->phone, "Rule"), phone_sees(demo->phone, "Reason"));
	if (why[0])
		printf("  why   %s\n", why);
	printf("  sound at %s; headset's card %s%s\n", sound_at(demo),
	       profile[0] ? "in profile " : "not there", profile);
	(void)fflush(stdout);
}

static int open_machine(struct demo *demo)
{
	static const struct stand_in_device headset = {
		.address = DEMO_HEADSET,
		.name = "Headset",
		.kind = DEVICE_HEADSET,
		.handsfree = true,
		.a2dp = true,
	};
	struct rig_options options = { .headset_line = on_headset_line };

	printf("Starting private buses, PipeWire, WirePlumber and callrouted…\n");
	(void)fflush(stdout);
	if (rig_new(&options, &demo->rig) < 0)
		return -1;
	if (phone_new(demo->rig, &demo->phone) < 0 ||
	    rig_headset_add(demo->rig, &headset, NULL) < 0) {
		rig_dump(demo->rig);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct demo demo = { 0 };
	bool script = argc == 2 && !strcmp(argv[1], "--script");
	int status = 1;

	if (argc > 1 && !script) {
		fprintf(stderr, "usage: demo [--script]\n");
		return 2;
	}
	if (open_machine(&demo) == 0)
		status = script || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)
				 ? demo_tour(&demo)
				 : demo_keys(&demo);
	phone_free(demo.phone);
	rig_free(demo.rig);
	return status;
}
