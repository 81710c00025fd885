/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * callroutectl: options, the table of commands, and nothing else.
 */
#include "ctl.h"
#include "simulate.h"

#include "policy/policy.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static int run_simulate(struct ctl *ctl, int argc, char **argv)
{
	return simulate_main(argc, argv, ctl->json);
}

static int run_rules(struct ctl *ctl, int argc, char **argv)
{
	json_object *rules;

	if (!ctl->json || argc > 1)
		return rules_main(argc, argv);
	rules = json_object_new_array();
	for (unsigned int i = RULE_NONE + 1; i < RULE_COUNT; i++) {
		const struct policy_rule_text *text = policy_rule_text((enum policy_rule)i);
		json_object *rule = json_object_new_object();

		json_object_object_add(rule, "Rule",
				       json_object_new_string(policy_rule_name(text->rule)));
		json_object_object_add(rule, "When", json_object_new_string(text->when));
		json_object_object_add(rule, "Then", json_object_new_string(text->then));
		json_object_object_add(rule, "Source", json_object_new_string(text->source));
		json_object_array_add(rules, rule);
	}
	ctl_print_json(rules, false);
	json_object_put(rules);
	return CTL_OK;
}

static const struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	ctl_command_fn run;
} commands[] = {
	{ "status", "", "where the calls are, and the settings", ctl_status },
	{ "routes", "", "where the calls could be", ctl_routes },
	{ "route", "ROUTE", "move the calls there", ctl_route },
	{ "why", "", "what decided it, with the last decisions", ctl_why },
	{ "lines", "", "the last lines between headsets and daemon", ctl_lines },
	{ "monitor", "", "tell what changes, until interrupted", ctl_monitor },
	{ "calls", "", "the calls there are", ctl_calls },
	{ "call", "answer|hangup|hold|unhold [ID]", "act on a call, or on the only one", ctl_call },
	{ "call", "state ID alerting|active|held|ended", "report a state, as the call's owner",
	  ctl_call },
	{ "call", "add phone|voip [OPTION…]", "own a call until it ends or the input does",
	  ctl_call },
	{ "set", "routing automatic|headset|speaker", "where calls answered here go", ctl_set },
	{ "set", "auto-answer off|SECONDS", "answer by itself", ctl_set },
	{ "set", "mute on|off", "the microphone of all calls", ctl_set },
	{ "config", "check [FILE…]", "what is wrong in callroute.conf", ctl_config },
	{ "simulate", "FILE…", "play scenarios against the rules", run_simulate },
	{ "rules", "", "the rules", run_rules },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	(void)puts("Usage: callroutectl [OPTION…] COMMAND [ARGUMENT…]\n\nCommands:");
	for (size_t i = 0; i < N_COMMANDS; i++) {
		(void)printf("  %s ", commands[i].name);
		ctl_pad((int)strlen(commands[i].name) + 3 + ctl_print(commands[i].arguments), 42);
		(void)puts(commands[i].summary);
	}
	(void)puts("\nA ROUTE is handset, speaker, wired, headset (the last connected),\n"
		   "headset:AA:BB:CC:DD:EE:FF or bt-speaker:AA:BB:CC:DD:EE:FF.\n"
		   "\nOptions:\n"
		   "  --json      print JSON; monitor, simulate and call add: an object a line\n"
		   "  --system    the daemon on the system bus\n"
		   "  --help      this\n"
		   "  --version   the version\n"
		   "\nExit status: 0 done, 1 refused or failed, 2 wrong usage, 3 no daemon.");
}

/* Options may stand anywhere before "--"; takes them out of @argv. Returns the new count, or -1
 * where everything has been said already. */
static int take_options(struct ctl *ctl, int argc, char **argv)
{
	int n = 1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			while (++i < argc)
				argv[n++] = argv[i];
			break;
		}
		if (strcmp(argv[i], "--json") == 0) {
			ctl->json = true;
		} else if (strcmp(argv[i], "--system") == 0) {
			ctl->system = true;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help();
			return -1;
		} else if (strcmp(argv[i], "--version") == 0) {
			(void)puts("callroutectl " CALLROUTE_VERSION);
			return -1;
		} else {
			argv[n++] = argv[i];
		}
	}
	argv[n] = NULL;
	return n;
}

int main(int argc, char **argv)
{
	struct ctl ctl = { 0 };

	(void)setlocale(LC_CTYPE, "");
	argc = take_options(&ctl, argc, argv);
	if (argc < 0)
		return CTL_OK;
	if (argc < 2)
		return ctl_fail(CTL_USAGE, "no command; see callroutectl --help");
	for (int i = 1; i < argc; i++)
		if (!dbus_validate_utf8(argv[i], NULL))
			return ctl_fail(CTL_USAGE, "argument %d is not UTF-8", i);
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(&ctl, argc - 1, argv + 1);
	return ctl_fail(CTL_USAGE, "no such %s: %s; see callroutectl --help",
			argv[1][0] == '-' ? "option" : "command", argv[1]);
}
