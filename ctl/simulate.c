/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "simulate.h"

#include "policy/policy.h"
#include "policy/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_OK, STATUS_UNMET, STATUS_MALFORMED };

/* The events' lines first, where both streams go to one place. */
static void complain(const char *file, const struct scenario_run *run, unsigned int column,
		     const char *message)
{
	fflush(stdout);
	if (column > 0)
		fprintf(stderr, "%s:%u:%u: expected %s\n", file, scenario_run_line(run), column,
			message);
	else
		fprintf(stderr, "%s:%u: %s\n", file, scenario_run_line(run), message);
}

/* Without its line feed. A NUL is no part of the language, and would hide what follows it. */
static void tidy(char *text, size_t n)
{
	if (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\0')
			text[i] = '\1';
	}
}

static void print_string(const char *text, size_t n)
{
	putchar('"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ' || c > '~') /* the language has no other characters */
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

/* The fields of a line, tab-separated: the event, some as KEY=VALUE, the reason in words. */
static void print_object(const struct scenario_run *run, const char *file)
{
	static const char *const keys[] = {
		"call=", "default=", "media=", "rule=", "refused=", NULL
	};
	static const char *const names[] = { "Call", "Default", "Media", "Rule", "Refused" };
	const char *field = scenario_run_output(run);
	const char *name = "Event";

	printf("{\"File\":");
	print_string(file, strlen(file));
	printf(",\"Line\":%u", scenario_run_line(run));
	while (field != NULL) {
		size_t n = strcspn(field, "\t");

		for (size_t i = 0; strcmp(name, "Event") != 0 && keys[i] != NULL; i++) {
			if (strncmp(field, keys[i], strlen(keys[i])) != 0)
				continue;
			name = names[i];
			field += strlen(keys[i]);
			n -= strlen(keys[i]);
			break;
		}
		printf(",\"%s\":", name);
		print_string(field, n);
		name = "Reason";
		field = field[n] != '\0' ? field + n + 1 : NULL;
	}
	printf("}\n");
}

static int feed(struct scenario_run *run, const char *file, const char *text, bool json)
{
	const struct scenario_error *error;

	switch (scenario_run_feed(run, text)) {
	case SCENARIO_OK:
	case SCENARIO_REFUSED:
		if (scenario_run_output(run)[0] != '\0' && json)
			print_object(run, file);
		else if (scenario_run_output(run)[0] != '\0')
			printf("%u\t%s\n", scenario_run_line(run), scenario_run_output(run));
		return STATUS_OK;
	case SCENARIO_UNMET:
		complain(file, run, 0, scenario_run_message(run));
		return STATUS_UNMET;
	case SCENARIO_MALFORMED:
		error = scenario_run_error(run);
		complain(file, run, error->column, error->expected);
		return STATUS_MALFORMED;
	}
	return STATUS_MALFORMED;
}

/* After a malformed line nothing that follows would mean what it says. */
static int play(const char *file, FILE *stream, bool json)
{
	struct scenario_run *run = scenario_run_new();
	int status = STATUS_OK;
	char *text = NULL;
	size_t size = 0;
	ssize_t n;

	if (run == NULL) {
		fprintf(stderr, "%s: out of memory\n", file);
		return STATUS_MALFORMED;
	}
	while (status != STATUS_MALFORMED && (n = getline(&text, &size, stream)) >= 0) {
		int result;

		tidy(text, (size_t)n);
		result = feed(run, file, text, json);
		status = result > status ? result : status;
	}
	if (ferror(stream)) {
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		status = STATUS_MALFORMED;
	}
	free(text);
	scenario_run_free(run);
	return status;
}

static int play_file(const char *file, bool json)
{
	FILE *stream;
	int status;

	if (strcmp(file, "-") == 0)
		return play("<stdin>", stdin, json);
	stream = fopen(file, "re");
	if (stream == NULL) {
		fflush(stdout);
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		return STATUS_MALFORMED;
	}
	status = play(file, stream, json);
	fclose(stream);
	return status;
}

int simulate_main(int argc, char **argv, bool json)
{
	int first = 1;
	int status = STATUS_OK;

	if (argc > 1 && strcmp(argv[1], "--") == 0)
		first++;
	if (first >= argc) {
		fputs("usage: callroutectl simulate FILE...\n", stderr);
		return STATUS_MALFORMED;
	}
	for (int i = first; i < argc; i++) {
		int result = play_file(argv[i], json);

		status = result > status ? result : status;
	}
	if (fflush(stdout) != 0) {
		fprintf(stderr, "standard output: %s\n", strerror(errno));
		return STATUS_MALFORMED;
	}
	return status;
}

static void print_rule(enum policy_rule rule)
{
	const struct policy_rule_text *text = policy_rule_text(rule);

	printf("%s\t%s\t%s\t%s\n", policy_rule_name(rule), text->when, text->then, text->source);
}

int rules_main(int argc, char **argv)
{
	if (argc <= 1) {
		for (int i = RULE_NONE + 1; i < RULE_COUNT; i++)
			print_rule((enum policy_rule)i);
		return STATUS_OK;
	}
	for (int k = 1; k < argc; k++) {
		int i = RULE_NONE + 1;

		while (i < RULE_COUNT &&
		       strcmp(argv[k], policy_rule_name((enum policy_rule)i)) != 0)
			i++;
		if (i == RULE_COUNT) {
			fflush(stdout);
			fprintf(stderr, "%s: expected a rule from P1 to X10\n", argv[k]);
			return STATUS_MALFORMED;
		}
		print_rule((enum policy_rule)i);
	}
	return STATUS_OK;
}
