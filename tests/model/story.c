/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The way to a state, told in the scenario language: the steps are taken again from the first state,
 * and every device and call keeps the name that it got when it appeared. Then the scenario is run
 * over a core that was never copied.
 */
#include "model.h"
#include "policy/scenario.h"

#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 8

struct story {
	FILE *to;
	struct scenario_run *run; /* the same lines, over a core of its own */
	struct situation now;
	char devices[POLICY_IMAGE_DEVICES + 2][NAME_SIZE]; /* by id */
	char calls[POLICY_IMAGE_CALLS + 2][NAME_SIZE];
	unsigned int n_devices; /* named so far */
	unsigned int n_calls;
};

static const char *device_name(struct story *s, route_device id, bool speaker)
{
	char *name = s->devices[id];

	if (id == no_device(&s->now))
		return "STRANGER";
	if (name[0] == '\0')
		snprintf(name, NAME_SIZE, "%c%u", speaker ? 'S' : 'H', ++s->n_devices % 1000);
	return name;
}

static const char *call_name(struct story *s, uint32_t id)
{
	if (id == no_call(&s->now))
		return "NOBODY";
	if (s->calls[id][0] == '\0')
		snprintf(s->calls[id], NAME_SIZE, "C%u", ++s->n_calls % 1000);
	return s->calls[id];
}

static void route_name(struct story *s, struct route route, char *ret, size_t n)
{
	if (route.device == 0)
		snprintf(ret, n, "%s", route_kind_to_string(route.kind));
	else
		snprintf(ret, n, "%s:%s", route_kind_to_string(route.kind),
			 device_name(s, route.device, route.kind == ROUTE_BT_SPEAKER));
}

static void call_line(struct story *s, const struct policy_event *event, char *ret, size_t n)
{
	int used = snprintf(ret, n, "call %s %s voip %s%s", call_name(s, event->call),
			    event->incoming ? "incoming" : "outgoing",
			    event->managed ? "managed" : "unmanaged", event->video ? " video" : "");

	if (event->device != 0)
		snprintf(ret + used, n - (size_t)used, " from=headset:%s",
			 device_name(s, event->device, false));
}

static void answer_line(struct story *s, const struct policy_event *event, char *ret, size_t n)
{
	if (event->device == 0)
		snprintf(ret, n, "answer %s device", call_name(s, event->call));
	else
		snprintf(ret, n, "answer %s headset:%s", call_name(s, event->call),
			 device_name(s, event->device, false));
}

static void connect_line(struct story *s, const struct policy_event *event, char *ret, size_t n)
{
	bool speaker = event->kind == DEVICE_SPEAKER;

	snprintf(ret, n, "connect %s %s%s%s%s", device_name(s, event->device, speaker),
		 speaker ? "speaker" : "headset", event->call_capable ? "" : " a2dp-only",
		 event->auto_route ? "" : " # auto-route off: no word for it here",
		 event->resumed == 0 ? "" : " # resumed: no word for it here");
}

static void device_line(struct story *s, const char *word, const struct policy_event *event,
			char *ret, size_t n)
{
	snprintf(ret, n, "%s %s", word, device_name(s, event->device, false));
}

static void id_line(struct story *s, const char *word, const struct policy_event *event, char *ret,
		    size_t n)
{
	snprintf(ret, n, "%s %s", word, call_name(s, event->call));
}

static void step_line(struct story *s, const struct step *step, char *ret, size_t n)
{
	static const char *const broadcasts[] = {
		[BROADCAST_START] = "start",
		[BROADCAST_RECORD] = "record",
		[BROADCAST_STOP] = "stop",
	};
	const struct policy_event *e = &step->event;
	char route[32];

	route_name(s, e->route, route, sizeof(route));
	switch (e->type) {
	case EVENT_ROUTING:
		snprintf(ret, n, "setting routing %s", policy_routing_to_string(e->routing));
		return;
	case EVENT_AUTO_ANSWER:
		if (e->seconds == 0)
			snprintf(ret, n, "setting auto-answer off");
		else
			snprintf(ret, n, "setting auto-answer %u", e->seconds);
		return;
	case EVENT_MACHINE:
		snprintf(ret, n, "machine %s", e->on ? "handset" : "no-handset");
		return;
	case EVENT_CONNECT:
		connect_line(s, e, ret, n);
		return;
	case EVENT_DISCONNECT:
		device_line(s, "disconnect", e, ret, n);
		return;
	case EVENT_PLUG:
		snprintf(ret, n, "plug");
		return;
	case EVENT_UNPLUG:
		snprintf(ret, n, "unplug");
		return;
	case EVENT_CALL:
		call_line(s, e, ret, n);
		return;
	case EVENT_ANSWER:
		answer_line(s, e, ret, n);
		return;
	case EVENT_HANGUP:
		id_line(s, "hangup", e, ret, n);
		return;
	case EVENT_REMOTE_HANGUP:
		id_line(s, "remote-hangup", e, ret, n);
		return;
	case EVENT_HOLD:
		id_line(s, "hold", e, ret, n);
		return;
	case EVENT_UNHOLD:
		id_line(s, "unhold", e, ret, n);
		return;
	case EVENT_PICK:
		snprintf(ret, n, "pick %s", route);
		return;
	case EVENT_PREFER:
		snprintf(ret, n, "prefer %s %s", call_name(s, e->call), route);
		return;
	case EVENT_SCO_OPEN:
		device_line(s, "sco-open", e, ret, n);
		return;
	case EVENT_SCO_CLOSE:
		device_line(s, "sco-close", e, ret, n);
		return;
	case EVENT_SCO_FAIL:
		device_line(s, "sco-fail", e, ret, n);
		return;
	case EVENT_MOVED:
		snprintf(ret, n, "moved %s", route);
		return;
	case EVENT_BROADCAST:
		snprintf(ret, n, "broadcast %s %s", call_name(s, e->call),
			 broadcasts[e->broadcast]);
		return;
	case EVENT_MUTE:
		snprintf(ret, n, "mute %s", e->on ? "on" : "off");
		return;
	case EVENT_TIME:
		snprintf(ret, n, "wait %u.%03u", (unsigned int)(step->wait_ms / 1000),
			 (unsigned int)(step->wait_ms % 1000));
		return;
	}
}

static void tell(struct story *s, const char *line)
{
	fprintf(s->to, "%s\n", line);
	(void)scenario_run_feed(s->run, line);
}

static void tell_step(struct story *s, const struct step *step)
{
	char line[128] = "";

	step_line(s, step, line, sizeof(line));
	tell(s, line);
}

/* The names stay with what they name while its id changes with its place. */
static void settle_names(struct story *s, const struct policy_image *image)
{
	struct story old = *s;

	memset(s->devices, 0, sizeof(s->devices));
	memset(s->calls, 0, sizeof(s->calls));
	for (unsigned int i = 0; i < image->n_devices; i++)
		memcpy(s->devices[i + 1], old.devices[image->devices[i]], NAME_SIZE);
	for (unsigned int i = 0; i < image->n_calls; i++)
		memcpy(s->calls[i + 1], old.calls[image->calls[i]], NAME_SIZE);
}

static void load(struct story *s, struct policy *policy, const struct record *record)
{
	policy_load(policy, record->image);
	model_save(policy, s->now.world, &s->now.image);
	view_take(policy, &s->now.view);
	s->now.ghost = *record->ghost;
}

static void retell(struct story *s, struct policy *policy, const struct space *space,
		   const uint32_t *way, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct record record = space_get(space, way[i]);
		struct step steps[MODEL_STEPS];
		struct policy_image image;

		load(s, policy, &record);
		if (i + 1 == n)
			return;
		(void)steps_list(&s->now, steps);
		tell_step(s, &steps[space_get(space, way[i + 1]).step]);
		(void)step_take(policy, &steps[space_get(space, way[i + 1]).step]);
		model_save(policy, s->now.world, &image);
		settle_names(s, &image);
	}
}

/* Does the core that was never copied say the same in the end? */
static bool confirmed(struct story *s, struct policy *policy, const struct step *more)
{
	const struct policy_decision *decision = policy_decision(policy);
	char route[32], line[64];

	(void)step_take(policy, more);
	route_name(s, decision->call, route, sizeof(route));
	if (decision->rule == RULE_NONE)
		snprintf(line, sizeof(line), "expect call %s", route);
	else
		snprintf(line, sizeof(line), "expect call %s rule=%s", route,
			 policy_rule_name(decision->rule));
	fprintf(s->to, "# now: %s\n", line);
	return scenario_run_feed(s->run, line) == SCENARIO_OK;
}

void story_print(FILE *to, const struct world *world, const struct space *space, uint32_t last,
		 const struct step *more, const char *law)
{
	struct story s = { .to = to, .run = scenario_run_new(), .now.world = world };
	struct policy *policy = policy_new(
		&(struct policy_limits){ .devices = MODEL_DEVICES, .calls = MODEL_CALLS });
	uint32_t way[256];
	unsigned int n = 0;

	if (s.run == NULL || policy == NULL)
		abort();
	for (uint32_t at = last; at != SPACE_NONE && n < 256; at = space_get(space, at).parent)
		way[n++] = at;
	for (unsigned int i = 0; i < n / 2; i++) {
		uint32_t swap = way[i];

		way[i] = way[n - 1 - i];
		way[n - 1 - i] = swap;
	}
	fprintf(to, "# Not so in world %s: %s.\n", world->name, law);
	/* The second of the first states is the machine without a handset. */
	if (way[0] == 1)
		tell(&s, "machine no-handset");
	retell(&s, policy, space, way, n);
	tell_step(&s, more);
	fprintf(to, "# %s\n\n",
		confirmed(&s, policy, more)
			? "confirmed by a core that was never copied"
			: "NOT confirmed by a core that was never copied: suspect the copies");
	scenario_run_free(s.run);
	policy_free(policy);
}
