/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The commands that ask: status, routes, calls, why.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LABEL_WIDTH 14

static void line(const char *label, const char *text)
{
	ctl_pad(ctl_print(label), LABEL_WIDTH);
	(void)ctl_print(text);
	(void)putchar('\n');
}

/* "P2: reason", or the reason alone before any decision. */
static void line_reason(json_object *from)
{
	const char *rule = ctl_text(from, "Rule");

	ctl_pad(ctl_print("Reason"), LABEL_WIDTH);
	if (rule[0] != '\0' && strcmp(rule, "-") != 0) {
		(void)ctl_print(rule);
		(void)fputs(": ", stdout);
	}
	(void)ctl_print(ctl_text(from, "Reason"));
	(void)putchar('\n');
}

static void line_auto_answer(json_object *from)
{
	const char *seconds = ctl_text(from, "AutoAnswer");
	char text[32];

	(void)snprintf(text, sizeof(text), "after %s s", seconds);
	line("Auto-answer", strcmp(seconds, "0") == 0 ? "off" : text);
}

/* A call in words: "1  active  voip  incoming  managed  +49… (Name)  answered by device". */
static void print_call(json_object *call)
{
	const char *party = ctl_text(call, "RemoteParty"), *name = ctl_text(call, "RemoteName");
	const char *answered_by = ctl_text(call, "AnsweredBy");

	ctl_pad(ctl_print(ctl_text(call, "Id")), 4);
	ctl_pad(ctl_print(ctl_text(call, "State")), 10);
	ctl_pad(ctl_print(ctl_text(call, "Direction")), 10);
	ctl_pad(ctl_print(ctl_text(call, "Kind")), 7);
	ctl_pad(ctl_print(ctl_true(call, "Managed") ? "managed" : "unmanaged"), 11);
	ctl_pad(ctl_print(ctl_true(call, "Video") ? "video" : "voice"), 7);
	(void)ctl_print(party[0] != '\0' ? party : "withheld");
	if (name[0] != '\0') {
		(void)fputs(" (", stdout);
		(void)ctl_print(name);
		(void)putchar(')');
	}
	if (answered_by[0] != '\0') {
		(void)fputs(", answered by ", stdout);
		(void)ctl_print(answered_by);
	}
	(void)putchar('\n');
}

static void print_calls(json_object *calls)
{
	for (size_t i = 0; i < json_object_array_length(calls); i++)
		print_call(json_object_array_get_idx(calls, i));
}

int ctl_calls(struct ctl *ctl, int argc, char **argv)
{
	json_object *calls;
	int status;

	if (argc > 1)
		return ctl_bad_usage("calls");
	status = ctl_objects(ctl, CTL_CALL, &calls);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		ctl_print_json(calls, false);
	else
		print_calls(calls);
	json_object_put(calls);
	return CTL_OK;
}

static void line_microphone(json_object *state)
{
	if (ctl_true(state, "MicrophoneSilent"))
		line("Microphone", "nothing comes from it");
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	const char *manager = CTL_MANAGER;
	json_object *state, *calls;
	int status;

	if (argc > 1)
		return ctl_bad_usage("status");
	status = ctl_ask_json(ctl,
			      ctl_message(CTL_PATH, CTL_PROPERTIES, "GetAll", DBUS_TYPE_STRING,
					  &manager, DBUS_TYPE_INVALID),
			      &state);
	if (status != CTL_OK)
		return status;
	status = ctl_objects(ctl, CTL_CALL, &calls);
	if (status != CTL_OK) {
		json_object_put(state);
		return status;
	}
	json_object_object_add(state, "Calls", calls);
	if (ctl->json) {
		ctl_print_json(state, false);
	} else {
		line("Route", ctl_text(state, "Route"));
		line_reason(state);
		line("Default", ctl_text(state, "DefaultRoute"));
		line("Routing", ctl_text(state, "CallAudioRouting"));
		line_auto_answer(state);
		line("Muted", ctl_true(state, "Muted") ? "yes" : "no");
		line_microphone(state);
		line("Version", ctl_text(state, "Version"));
		if (json_object_array_length(calls) > 0)
			(void)putchar('\n');
		print_calls(calls);
	}
	json_object_put(state);
	return CTL_OK;
}

/* "* headset:AA:…  Jabra  headset  80 %", or with why it could not be. */
static void print_route(json_object *route)
{
	const char *battery = ctl_text(route, "Battery");

	(void)fputs(ctl_true(route, "Active") ? "* " : "  ", stdout);
	ctl_pad(ctl_print(ctl_text(route, "Route")), 30);
	ctl_pad(ctl_print(ctl_text(route, "Name")), 26);
	if (ctl_true(route, "Active"))
		(void)fputs("in force", stdout);
	else if (ctl_true(route, "Eligible"))
		(void)fputs("can be picked", stdout);
	else if (!ctl_true(route, "Available"))
		(void)fputs("not there", stdout);
	else
		(void)ctl_print(ctl_text(route, "Reason"));
	if (battery[0] != '\0') {
		(void)fputs(", battery ", stdout);
		(void)ctl_print(battery);
		(void)fputs(" %", stdout);
	}
	(void)putchar('\n');
}

static void print_routes(json_object *routes)
{
	for (size_t i = 0; i < json_object_array_length(routes); i++)
		print_route(json_object_array_get_idx(routes, i));
}

int ctl_routes(struct ctl *ctl, int argc, char **argv)
{
	json_object *routes;
	int status;

	if (argc > 1)
		return ctl_bad_usage("routes");
	status = ctl_ask_json(
		ctl, ctl_message(CTL_PATH, CTL_MANAGER, "ListRoutes", DBUS_TYPE_INVALID), &routes);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		ctl_print_json(routes, false);
	else
		print_routes(routes);
	json_object_put(routes);
	return CTL_OK;
}

static void print_past(json_object *past)
{
	json_object *value = NULL;
	struct tm when;
	char text[32] = "";
	time_t seconds;

	(void)json_object_object_get_ex(past, "Time", &value);
	seconds = (time_t)(json_object_get_int64(value) / 1000);
	if (localtime_r(&seconds, &when))
		(void)strftime(text, sizeof(text), "%m-%d %H:%M:%S", &when);
	(void)printf("  %s  ", text);
	(void)ctl_print(ctl_text(past, "From"));
	(void)fputs(" -> ", stdout);
	(void)ctl_print(ctl_text(past, "To"));
	(void)fputs(", ", stdout);
	(void)ctl_print(ctl_text(past, "Rule"));
	(void)fputs(": ", stdout);
	(void)ctl_print(ctl_text(past, "Reason"));
	(void)putchar('\n');
}

/* "Pick          speaker", for a fact that there is. */
static void line_fact(json_object *facts, const char *label, const char *key)
{
	if (ctl_text(facts, key)[0] != '\0')
		line(label, ctl_text(facts, key));
}

static void print_facts(json_object *facts)
{
	json_object *list;

	line("When", ctl_text(facts, "Occasion"));
	line_fact(facts, "  by", "By");
	line_fact(facts, "  calls", "Calls");
	line_fact(facts, "  before", "Before");
	line_fact(facts, "  asked", "Asked");
	line_fact(facts, "  picked", "Pick");
	line_fact(facts, "  preferred", "Preference");
	line_fact(facts, "  default", "DefaultRoute");
	line_fact(facts, "  routing", "Setting");
	line("  wired", ctl_true(facts, "WiredHeadset") ? "plugged" : "none");
	if (!json_object_object_get_ex(facts, "Connected", &list))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		line(i == 0 ? "  connected" : "",
		     json_object_get_string(json_object_array_get_idx(list, i)));
}

/* "  V1   nothing is remembered since a headset connected", and where it would have led. */
static void print_near(json_object *near)
{
	const char *route = ctl_text(near, "Route");

	(void)fputs("  ", stdout);
	ctl_pad(2 + ctl_print(ctl_text(near, "Rule")), 7);
	(void)ctl_print(ctl_text(near, "WhyNot"));
	if (route[0] != '\0') {
		(void)fputs(", to ", stdout);
		(void)ctl_print(route);
	}
	(void)putchar('\n');
}

static void print_why(json_object *why)
{
	const char *via = ctl_text(why, "Via"), *by = ctl_text(why, "AnsweredBy");
	json_object *list;

	line("Route", ctl_text(why, "Route"));
	if (strcmp(ctl_text(why, "Decided"), ctl_text(why, "Route")) != 0)
		line("On its way to", ctl_text(why, "Decided"));
	line_reason(why);
	if (ctl_text(why, "Text")[0] != '\0')
		line("Rule", ctl_text(why, "Text"));
	if (ctl_text(why, "Source")[0] != '\0')
		line("Source", ctl_text(why, "Source"));
	if (via[0] != '\0' && strcmp(via, "-") != 0)
		line("As in", via);
	if (by[0] != '\0')
		line("Answered by", by);
	line("Default", ctl_text(why, "DefaultRoute"));
	line("Routing", ctl_text(why, "Setting"));
	line_auto_answer(why);
	line("Muted", ctl_true(why, "Muted") ? "yes" : "no");
	line_microphone(why);
	if (json_object_object_get_ex(why, "Facts", &list))
		print_facts(list);
	if (json_object_object_get_ex(why, "NearlyApplied", &list) &&
	    json_object_array_length(list) > 0) {
		(void)puts("Not by");
		for (size_t i = 0; i < json_object_array_length(list); i++)
			print_near(json_object_array_get_idx(list, i));
	}
	(void)puts("Devices");
	if (json_object_object_get_ex(why, "Devices", &list))
		print_routes(list);
	(void)puts("History");
	if (json_object_object_get_ex(why, "History", &list))
		for (size_t i = 0; i < json_object_array_length(list); i++)
			print_past(json_object_array_get_idx(list, i));
}

int ctl_why(struct ctl *ctl, int argc, char **argv)
{
	json_object *why;
	int status;

	if (argc > 1)
		return ctl_bad_usage("why");
	status = ctl_ask_json(ctl, ctl_message(CTL_PATH, CTL_MANAGER, "Why", DBUS_TYPE_INVALID),
			      &why);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		ctl_print_json(why, false);
	else
		print_why(why);
	json_object_put(why);
	return CTL_OK;
}

static void print_wire(json_object *said)
{
	json_object *value = NULL;
	struct tm when;
	char text[32] = "";
	int64_t ms;
	time_t seconds;

	(void)json_object_object_get_ex(said, "Time", &value);
	ms = json_object_get_int64(value);
	seconds = (time_t)(ms / 1000);
	if (localtime_r(&seconds, &when))
		(void)strftime(text, sizeof(text), "%H:%M:%S", &when);
	(void)printf("%s.%03d  ", text, (int)(ms % 1000));
	(void)ctl_print(ctl_text(said, "Address"));
	(void)fputs(ctl_true(said, "Sent") ? "  < " : "  > ", stdout);
	(void)ctl_print(ctl_text(said, "Line"));
	(void)putchar('\n');
}

int ctl_lines(struct ctl *ctl, int argc, char **argv)
{
	json_object *lines;
	int status;

	if (argc > 1)
		return ctl_bad_usage("lines");
	status = ctl_ask_json(
		ctl, ctl_message(CTL_PATH, CTL_MANAGER, "ListLines", DBUS_TYPE_INVALID), &lines);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		ctl_print_json(lines, false);
	for (size_t i = 0; !ctl->json && i < json_object_array_length(lines); i++)
		print_wire(json_object_array_get_idx(lines, i));
	json_object_put(lines);
	return CTL_OK;
}
