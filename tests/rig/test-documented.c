/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The softphones that docs/softphone.md prints, in C and in Python, with a headset; and what it does from
 * a shell.
 */
#include "phone.h"

#include "process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "expect.h"

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define LIMIT_MS 60000

struct fixture {
	struct rig *rig;
	struct phone *phone; /* adds no calls, but sees routes */
	struct process *telephone;
	struct process *shell;
	char told[1024];    /* what the telephone printed */
	char printed[2048]; /* what the shell printed */
	bool ended;
	int status;
};

static void on_told(void *data, const char *line)
{
	struct fixture *f = data;
	size_t n = strlen(f->told);

	(void)snprintf(f->told + n, sizeof(f->told) - n, "%s\n", line);
}

static void on_printed(void *data, const char *line)
{
	struct fixture *f = data;
	size_t n = strlen(f->printed);

	(void)snprintf(f->printed + n, sizeof(f->printed) - n, "%s\n", line);
}

static void on_ended(void *data, int status)
{
	struct fixture *f = data;

	f->ended = true;
	f->status = status;
}

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	if (phone_new(f.rig, &f.phone) < 0 || rig_headset_add(f.rig, &headset, NULL) < 0 ||
	    rig_headset_connect(f.rig, HEADSET) < 0) {
		rig_dump(f.rig);
		return -1;
	}
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->shell = process_free(f->shell);
	f->telephone = process_free(f->telephone);
	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

static void ring(struct fixture *f, const char *program, const char *script)
{
	static const struct process_events events = { .line = on_told };
	const char *number = "tel:+4930123";
	const char *const argv[] = { program, script ? script : number, script ? number : NULL,
				     NULL };

	f->told[0] = '\0';
	rig_headset_forget_lines(f->rig, HEADSET);
	assert_int_equal(process_new(rig_loop(f->rig), argv, rig_log(f->rig, "telephone"), &events,
				     f, &f->telephone),
			 0);
	assert_true(rig_headset_wait(f->rig, HEADSET, "+CLIP: \"+4930123\"", LIMIT_MS));
}

static bool told(struct fixture *f, const char *lines)
{
	return rig_wait(f->rig, LIMIT_MS, strstr(f->told, lines));
}

static bool none(const struct fixture *f)
{
	return rig_headset_wait(f->rig, HEADSET, "indicator call 0", LIMIT_MS) &&
	       rig_wait(f->rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL));
}

/* Both languages do the same. */
static void is_a_softphone(struct fixture *f, const char *program, const char *script)
{
	struct rig *rig = f->rig;
	struct headset *headset = rig_headset(rig, HEADSET);

	ring(f, program, script);
	headset_button(headset);
	expect(told(f, "Answer\n"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	process_write(f->telephone, "held");
	expect(rig_headset_wait(rig, HEADSET, "indicator callheld 2", LIMIT_MS));
	headset_send(headset, "AT+CHLD=2");
	expect(told(f, "Unhold\n"));
	headset_send(headset, "AT+VTS=5");
	expect(told(f, "SendDtmf\n"));
	headset_send(headset, "AT+CHUP");
	expect(told(f, "Hangup\n"));
	expect(none(f));

	headset_send(headset, "ATD+4930456;");
	expect(told(f, "Dial\n"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P7")));
	process_write(f->telephone, "active");
	expect(rig_headset_wait(rig, HEADSET, "indicator call 1", LIMIT_MS));
	process_write(f->telephone, "ended");
	expect(none(f));
	assert_null(strstr(f->told, "refused"));

	/* it dies with a call */
	f->telephone = process_free(f->telephone);
	ring(f, program, script);
	f->telephone = process_free(f->telephone);
	expect(rig_headset_wait(rig, HEADSET, "indicator callsetup 0", LIMIT_MS));
}

static void test_p2_p7_the_softphone_in_c(void **state)
{
	is_a_softphone(*state, EXAMPLE_TELEPHONE, NULL);
}

static void test_p2_p7_the_softphone_in_python(void **state)
{
	is_a_softphone(*state, "/usr/bin/python3", EXAMPLE_TELEPHONE_PY);
}

static void test_p1_p4_a_shell_answers_moves_and_ends_a_call(void **state)
{
	static const struct process_events events = { .line = on_printed, .ended = on_ended };
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	ring(f, EXAMPLE_TELEPHONE, NULL);
	f->ended = false;
	f->printed[0] = '\0';
	assert_int_equal(process_new(rig_loop(rig), (const char *const[]){ EXAMPLE_CONTROL, NULL },
				     rig_log(rig, "shell"), &events, f, &f->shell),
			 0);
	expect(rig_wait(rig, LIMIT_MS, f->ended));
	f->shell = process_free(f->shell);
	assert_true(WIFEXITED(f->status));
	assert_int_equal(WEXITSTATUS(f->status), 0);
	assert_string_equal(f->printed, "s \"incoming\"\n"
					"s \"tel:+4930123\"\n"
					"s \"handset\"\ns \"P1\"\n"
					"s \"speaker\"\ns \"P4\"\nb true\n");
	expect(told(f, "Answer\nHangup\n"));
	expect(none(f));
	f->telephone = process_free(f->telephone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_p2_p7_the_softphone_in_c),
		cmocka_unit_test(test_p2_p7_the_softphone_in_python),
		cmocka_unit_test(test_p1_p4_a_shell_answers_moves_and_ends_a_call),
	};

	return rig_run_tests(tests, start, finish);
}
