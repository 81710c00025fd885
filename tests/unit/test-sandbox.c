/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What a sandbox says of the program in it.
 */
#include "daemon/calls/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_the_name_is_that_of_the_application(void **state)
{
	char long_name[TALK_NAME_SIZE + 32] = "[Application]\nname=";
	const struct {
		const char *text;
		const char *app; /* NULL: none */
	} rows[] = {
		{ "[Application]\nname=org.example.Talk\nruntime=runtime/x/1\n\n[Instance]\n",
		  "org.example.Talk" },
		{ "[Application]\nruntime=r\nname=a", "a" },
		{ "[Instance]\nname=wrong\n[Application]\nname=right\n", "right" },
		{ "[Runtime]\nname=org.example.Talk\n", NULL },
		{ "[Application]\nname=\n", NULL },
		{ "[Application] \nname=a\n", NULL },
		{ "name=a\n", NULL },
		{ "", NULL },
		{ "\n\n[", NULL },
		{ long_name, NULL },
	};

	(void)state;
	memset(long_name + strlen(long_name), 'x', TALK_NAME_SIZE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char app[TALK_NAME_SIZE] = "before";

		assert_int_equal(sandbox_app_of(rows[i].text, app), rows[i].app != NULL);
		assert_string_equal(app, rows[i].app ? rows[i].app : "before");
	}
}

static void test_this_process_is_in_none(void **state)
{
	char app[TALK_NAME_SIZE];

	(void)state;
	assert_false(sandbox_app(getpid(), app));
	assert_false(sandbox_app(0, app));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_name_is_that_of_the_application),
		cmocka_unit_test(test_this_process_is_in_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
