/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The tour: each step does something outside the daemon, and says which route and rule must follow.
 * The route counts when the audio graph has it.
 */
#include "demo.h"

#include <stdio.h>
#include <string.h>

static const struct phone_call_options managed_call = {
	.managed = true,
	.incoming = true,
	.party = "+4930123456",
};

static const struct phone_call_options voip_call = { .active = true,
						     .party = "sip:ann@example.org" };

static bool ring(struct demo *demo)
{
	return !phone_call(demo->phone, &managed_call, &demo->call) &&
	       rig_headset_wait(demo->rig, DEMO_HEADSET, "< RING", DEMO_LIMIT_MS);
}

static bool connect_headset(struct demo *demo)
{
	return rig_headset_connect(demo->rig, DEMO_HEADSET) == 0;
}

static bool ring_and_answer_here(struct demo *demo)
{
	return ring(demo) && !phone_ask(demo->phone, demo->call, "Answer");
}

static bool ring_and_press_button(struct demo *demo)
{
	if (!ring(demo))
		return false;
	headset_button(rig_headset(demo->rig, DEMO_HEADSET));
	return phone_told(demo->phone, "Answer", DEMO_LIMIT_MS);
}

static bool press_button(struct demo *demo)
{
	headset_button(rig_headset(demo->rig, DEMO_HEADSET));
	return phone_told(demo->phone, "Hangup", DEMO_LIMIT_MS);
}

static bool pick_speaker(struct demo *demo)
{
	return !phone_set_route(demo->phone, "speaker");
}

static bool hang_up(struct demo *demo)
{
	return !phone_ask(demo->phone, demo->call, "Hangup");
}

static bool begin_voip(struct demo *demo)
{
	return !phone_call(demo->phone, &voip_call, &demo->call);
}

static bool set_routing(struct demo *demo, const char *routing)
{
	return !phone_set(demo->phone, "CallAudioRouting", DBUS_TYPE_STRING, &routing);
}

static bool prefer_headset_and_answer_here(struct demo *demo)
{
	return set_routing(demo, "headset") && ring_and_answer_here(demo);
}

static bool hang_up_and_set_automatic(struct demo *demo)
{
	return hang_up(demo) && set_routing(demo, "automatic");
}

static bool reconnect_and_begin_voip(struct demo *demo)
{
	rig_headset_disconnect(demo->rig, DEMO_HEADSET);
	return rig_wait(demo->rig, DEMO_LIMIT_MS,
			!view_profile(rig_view(demo->rig), DEMO_HEADSET)[0]) &&
	       connect_headset(demo) && begin_voip(demo);
}

static bool disconnect_headset(struct demo *demo)
{
	rig_headset_disconnect(demo->rig, DEMO_HEADSET);
	return true;
}

static const struct step {
	const char *title;
	bool (*act)(struct demo *demo);
	const char *route;
	const char *rule; /* NULL: any */
	const char *node; /* where the sound must be linked; NULL: nowhere of interest */
	const char *profile;
} steps[] = {
	{ "A headset connects", connect_headset, "none", NULL, NULL, "a2dp-sink*" },
	{ "A call comes in and is answered on this machine", ring_and_answer_here, "handset", "P1",
	  RIG_EARPIECE, "a2dp-sink*" },
	{ "The user picks the loudspeaker", pick_speaker, "speaker", "P4", RIG_LOUDSPEAKER,
	  "a2dp-sink*" },
	{ "The call is hung up", hang_up, "none", NULL, NULL, "a2dp-sink*" },
	{ "A VoIP call follows what was used last", begin_voip, "speaker", "V1", RIG_LOUDSPEAKER,
	  "a2dp-sink*" },
	{ "It ends", hang_up, "none", NULL, NULL, "a2dp-sink*" },
	{ "A call comes in and is answered by the headset's button", ring_and_press_button,
	  DEMO_ROUTE, "P2", "bluez_output.*", "headset-head-unit*" },
	{ "The headset's button hangs up", press_button, "none", NULL, NULL, "a2dp-sink*" },
	{ "With the setting \"headset\", a call is answered on this machine",
	  prefer_headset_and_answer_here, DEMO_ROUTE, "P3", "bluez_output.*",
	  "headset-head-unit*" },
	{ "It is hung up, the setting is automatic again", hang_up_and_set_automatic, "none", NULL,
	  NULL, "a2dp-sink*" },
	{ "The headset connects anew, then a VoIP call begins", reconnect_and_begin_voip,
	  DEMO_ROUTE, "V2", "bluez_output.*", "headset-head-unit*" },
	{ "The headset is switched off during the call", disconnect_headset, "handset", "X2",
	  RIG_EARPIECE, "" },
	{ "The call is hung up", hang_up, "none", NULL, NULL, "" },
};

static bool is_as_wanted(struct demo *demo, const struct step *step)
{
	struct view *view = rig_view(demo->rig);
	struct rig_sound *sound = demo->call ? phone_call_sound(demo->call) : NULL;

	if (!phone_sees_route(demo->phone, step->route, step->rule) ||
	    !view_profile_is(view, DEMO_HEADSET, step->profile))
		return false;
	return !step->node ||
	       (sound &&
		view_linked(view, view_stream(view, rig_sound_pid(sound), false), step->node));
}

static bool is_heard(struct demo *demo, const struct step *step)
{
	struct rig_sound *ear;
	bool heard;

	if (!step->node)
		return true;
	if (!strncmp(step->node, "bluez", 5)) {
		heard = rig_headset_hears(demo->rig, DEMO_HEADSET, PHONE_HZ, DEMO_LIMIT_MS);
	} else {
		if (rig_sound_at(demo->rig, step->node, &ear) < 0)
			return false;
		heard = rig_sound_hears(demo->rig, ear, PHONE_HZ, DEMO_LIMIT_MS);
		rig_sound_free(ear);
	}
	if (heard)
		printf("  heard the other party's tone of %.0f Hz there\n", PHONE_HZ);
	return heard;
}

int demo_tour(struct demo *demo)
{
	size_t n = sizeof(steps) / sizeof(steps[0]);

	for (size_t i = 0; i < n; i++) {
		const struct step *step = &steps[i];

		printf("\n%zu. %s\n", i + 1, step->title);
		(void)fflush(stdout);
		bool right = step->act(demo) &&
			     rig_wait(demo->rig, DEMO_LIMIT_MS, is_as_wanted(demo, step)) &&
			     is_heard(demo, step);
		demo_show(demo);
		if (right)
			continue;
		printf("  WRONG: expected route %s by %s\n", step->route,
		       step->rule ? step->rule : "any rule");
		rig_dump(demo->rig);
		return 1;
	}
	printf("\nAll %zu steps as the rules say.\n", n);
	return 0;
}
