/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * docs/rules.md against the code: its table is the rules' table, as "callroutectl rules" prints it
 * too, its example holds, its errors and the lines of its scenario language exist.
 */
#include "policy/policy.h"
#include "policy/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LINE_SIZE 1024

static FILE *open_page(void)
{
	FILE *page = fopen(RULES_PAGE, "re");

	assert_non_null(page);
	return page;
}

/* The next line without its end; false where there is none. */
static bool next_line(FILE *page, char line[static LINE_SIZE])
{
	if (fgets(line, LINE_SIZE, page) == NULL)
		return false;
	assert_non_null(strchr(line, '\n'));
	*strchr(line, '\n') = '\0';
	return true;
}

static bool starts(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static void skip_to(FILE *page, const char *begins, char line[static LINE_SIZE])
{
	while (next_line(page, line)) {
		if (starts(line, begins))
			return;
	}
	fail_msg("no line begins with %s", begins);
}

/* The first words in backquotes of each cell in a table's first column. */
static unsigned int first_words(FILE *page, char words[][SCENARIO_WORD_SIZE], unsigned int max)
{
	char line[LINE_SIZE];
	unsigned int n = 0;

	while (next_line(page, line) && starts(line, "| `")) {
		size_t length = strcspn(line + 3, " `");

		assert_true(n < max && length < SCENARIO_WORD_SIZE);
		memcpy(words[n], line + 3, length);
		words[n++][length] = '\0';
	}
	return n;
}

static void test_the_table_is_the_codes(void **state)
{
	FILE *page = open_page();
	char line[LINE_SIZE], expected[LINE_SIZE];

	skip_to(page, "| rule | when | then | source |", line);
	assert_true(next_line(page, line));
	for (int i = RULE_NONE + 1; i < RULE_COUNT; i++) {
		const struct policy_rule_text *text = policy_rule_text((enum policy_rule)i);

		assert_null(strpbrk(text->when, "|\n"));
		assert_null(strpbrk(text->then, "|\n"));
		snprintf(expected, sizeof(expected), "| %s | %s | %s | %s |",
			 policy_rule_name(text->rule), text->when, text->then, text->source);
		assert_true(next_line(page, line));
		assert_string_equal(line, expected);
	}
	assert_true(next_line(page, line));
	assert_string_equal(line, "");
	fclose(page);
}

/* "callroutectl rules" has the same columns between tabs. */
static void test_the_program_prints_the_table(void **state)
{
	FILE *page = open_page(), *program = popen("'" CALLROUTECTL "' rules", "re");
	char line[LINE_SIZE], printed[LINE_SIZE], expected[LINE_SIZE];
	unsigned int n = 0;

	assert_non_null(program);
	skip_to(page, "| rule | when | then | source |", line);
	assert_true(next_line(page, line));
	while (next_line(program, printed)) {
		char *rest = printed;
		const char *cell[4];

		for (unsigned int i = 0; i < 4; i++) {
			cell[i] = strsep(&rest, "\t");
			assert_non_null(cell[i]);
		}
		assert_null(rest);
		snprintf(expected, sizeof(expected), "| %s | %s | %s | %s |", cell[0], cell[1],
			 cell[2], cell[3]);
		assert_true(next_line(page, line));
		assert_string_equal(line, expected);
		n++;
	}
	assert_int_equal(n, RULE_COUNT - 1);
	assert_int_equal(pclose(program), 0);
	fclose(page);
}

static void test_the_example_holds(void **state)
{
	FILE *page = open_page();
	struct scenario_run *run = scenario_run_new();
	char line[LINE_SIZE];
	unsigned int expectations = 0;

	assert_non_null(run);
	skip_to(page, "## Scenarios", line);
	skip_to(page, "```", line);
	while (next_line(page, line) && strcmp(line, "```") != 0) {
		enum scenario_result result = scenario_run_feed(run, line);

		if (result == SCENARIO_UNMET || result == SCENARIO_MALFORMED)
			fail_msg("%s: %s", line,
				 result == SCENARIO_UNMET ? scenario_run_message(run)
							  : scenario_run_error(run)->expected);
		expectations += starts(line, "expect");
	}
	assert_true(expectations > 3);
	scenario_run_free(run);
	fclose(page);
}

static bool is_an_error(const char *name)
{
	for (int i = POLICY_OK + 1; i <= POLICY_INVALID; i++) {
		if (strcmp(name, policy_outcome_name((enum policy_outcome)i)) == 0)
			return true;
	}
	return false;
}

static void test_the_errors_exist(void **state)
{
	FILE *page = open_page();
	char line[LINE_SIZE], words[16][SCENARIO_WORD_SIZE];
	unsigned int n;

	skip_to(page, "| error |", line);
	assert_true(next_line(page, line));
	n = first_words(page, words, 16);
	assert_int_equal(n, 4);
	for (unsigned int i = 0; i < n; i++)
		assert_true(is_an_error(words[i]));
	fclose(page);
}

/* A word alone is wrong at its end or behind it, a word that is none at its beginning. */
static void test_the_lines_of_the_language_exist(void **state)
{
	FILE *page = open_page();
	char line[LINE_SIZE], words[48][SCENARIO_WORD_SIZE];
	unsigned int n;

	skip_to(page, "| line |", line);
	assert_true(next_line(page, line));
	n = first_words(page, words, 48);
	assert_true(n > 20);
	for (unsigned int i = 0; i < n; i++) {
		struct scenario_names names = { 0 };
		struct scenario_line parsed;
		struct scenario_error error = { 0 };

		if (scenario_parse(words[i], &names, &parsed, &error) < 0)
			assert_true(error.column > strlen(words[i]));
	}
	fclose(page);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table_is_the_codes),
		cmocka_unit_test(test_the_program_prints_the_table),
		cmocka_unit_test(test_the_example_holds),
		cmocka_unit_test(test_the_errors_exist),
		cmocka_unit_test(test_the_lines_of_the_language_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
