/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * "callroutectl why" of a whole daemon: the rule and its text, what it rested on, the rules that nearly
 * applied and why they did not, and the last decisions.
 */
#include "phone.h"
#include "process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

#define EAR "AA:BB:CC:00:00:01"
#define BOX "AA:BB:CC:00:00:02"
#define LIMIT_MS 10000
#define HISTORY 20
#define OUTPUT_SIZE 16384

struct fixture {
	struct rig *rig;
	struct phone *phone;
	char said[OUTPUT_SIZE]; /* by the last callroutectl; each line begins with a line feed */
	bool ended;
	int status;
};

/* Like assert_true(), but the rig tells what it saw, and callroutectl what it said. */
#define expect_said(condition)                            \
	do {                                              \
		bool holds_ = (condition);                \
		if (!holds_) {                            \
			rig_dump(f->rig);                 \
			fprintf(stderr, "%s\n", f->said); \
		}                                         \
		assert_true(holds_);                      \
	} while (0)

static int start(void **state)
{
	static const struct stand_in_device devices[] = {
		{ EAR, "Ear", DEVICE_HEADSET, .handsfree = true, .a2dp = true },
		{ BOX, "Box", DEVICE_SPEAKER, .a2dp = true },
	};
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (rig_headset_add(f.rig, &devices[i], NULL) < 0 ||
		    rig_headset_connect(f.rig, devices[i].address) < 0)
			return -1;
	}
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->rig = rig_free(f->rig);
	return 0;
}

/* Each test has a softphone of its own, whose calls end with it. */
static int start_test(void **state)
{
	struct fixture *f = *state;

	return phone_new(f->rig, &f->phone);
}

static int stop_test(void **state)
{
	struct fixture *f = *state;

	f->phone = phone_free(f->phone);
	return 0;
}

/* ---- the program ----------------------------------------------------------------------------- */

static void on_line(void *data, const char *line)
{
	struct fixture *f = data;
	size_t n = strlen(f->said);

	(void)snprintf(f->said + n, sizeof(f->said) - n, "\n%s", line);
}

static void on_ended(void *data, int status)
{
	struct fixture *f = data;

	f->ended = true;
	f->status = status;
}

static void ask_why(struct fixture *f)
{
	static const struct process_events events = { .line = on_line, .ended = on_ended };
	static const char *const argv[] = { CALLROUTECTL, "why", NULL };
	struct process *process;

	f->said[0] = '\0';
	f->ended = false;
	assert_int_equal(process_new(rig_loop(f->rig), argv, rig_log(f->rig, "callroutectl"),
				     &events, f, &process),
			 0);
	expect_said(rig_wait(f->rig, LIMIT_MS, f->ended));
	process_free(process);
	assert_int_equal(f->status, 0);
}

/* A whole line that begins so, but for the blanks between label and text. */
static bool says(const struct fixture *f, const char *label, const char *text)
{
	char begin[64];

	(void)snprintf(begin, sizeof(begin), "\n%s ", label);
	for (const char *at = f->said; (at = strstr(at, begin)) != NULL; at++) {
		const char *rest = at + strlen(begin);
		size_t n = strcspn(rest + strspn(rest, " "), "\n");

		rest += strspn(rest, " ");
		if (n == strlen(text) && strncmp(rest, text, n) == 0)
			return true;
	}
	return false;
}

static const char *section(const struct fixture *f, const char *title)
{
	char begin[64];
	const char *at;

	(void)snprintf(begin, sizeof(begin), "\n%s\n", title);
	at = strstr(f->said, begin);
	return at == NULL ? "" : at + 1;
}

static unsigned int lines_after(const struct fixture *f, const char *title)
{
	const char *at = strchr(section(f, title), '\n');
	unsigned int n = 0;

	for (; at != NULL && strncmp(at, "\n  ", 3) == 0; at = strchr(at + 1, '\n'))
		n++;
	return n;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static struct phone_call *ring(struct fixture *f, bool managed)
{
	const struct phone_call_options options = {
		.managed = managed, .incoming = true, .silent = true, .party = "+4930123456"
	};
	struct phone_call *call;

	assert_null(phone_call(f->phone, &options, &call));
	return call;
}

static void test_why_answered_here(void **state)
{
	struct fixture *f = *state;
	struct phone_call *call = ring(f, true);

	assert_null(phone_ask(f->phone, call, "Answer"));
	expect_said(rig_wait(f->rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	ask_why(f);
	expect_said(says(f, "Route", "handset"));
	expect_said(says(f, "Reason", "P1: answered on this machine"));
	expect_said(
		says(f, "Rule", "managed call, device answer, routing setting automatic: handset"));
	expect_said(says(f, "Answered by", "device"));
	expect_said(says(f, "Default", "handset"));
	expect_said(says(f, "Routing", "automatic"));
	expect_said(says(f, "When", "a call was answered"));
	expect_said(says(f, "  by", "this machine"));
	expect_said(says(f, "  calls", "managed"));
	expect_said(says(f, "  before", "none"));
	expect_said(says(f, "  wired", "none"));
	expect_said(says(f, "  connected", EAR " headset"));
	expect_said(says(f, "", BOX " speaker, A2DP only"));
	expect_said(says(f, "  P2", "no headset's button answered it"));
	expect_said(says(f, "  P9", "no route has been picked"));
	expect_said(says(f, "  V4", "no application prefers a route"));
	expect_said(says(f, "  P3", "the setting is automatic"));
	expect_said(says(f, "  P5", "the setting is automatic"));
	/* the devices' own lines: what is in force, and what the others could be */
	expect_said(strstr(section(f, "Devices"), "\n* handset ") != NULL);
	expect_said(strstr(section(f, "Devices"), "\n  headset:" EAR " ") != NULL);
	/* nothing about who called */
	assert_null(strstr(f->said, "4930123456"));
}

static void test_why_answered_with_the_headset(void **state)
{
	struct fixture *f = *state;
	struct phone_call *call;

	rig_headset_forget_lines(f->rig, EAR);
	call = ring(f, true);
	expect_said(rig_headset_wait(f->rig, EAR, "< RING", LIMIT_MS));
	headset_button(rig_headset(f->rig, EAR));
	expect_said(rig_wait(f->rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" EAR, "P2")));
	assert_string_equal(phone_call_state(call), "active");
	ask_why(f);
	expect_said(says(f, "Reason", "P2: answered with the headset's button"));
	expect_said(says(f, "Answered by", "headset:" EAR));
	expect_said(says(f, "  by", EAR));
	expect_said(says(f, "  P1", "another rule goes before it, to handset"));
	expect_said(strstr(section(f, "Devices"), "\n* headset:" EAR " ") != NULL);
}

static void test_why_a_setting_and_memory(void **state)
{
	struct fixture *f = *state;
	const char *speaker = "speaker", *automatic = "automatic";
	struct phone_call *call;

	assert_null(phone_set(f->phone, "CallAudioRouting", DBUS_TYPE_STRING, &speaker));
	call = ring(f, true);
	assert_null(phone_ask(f->phone, call, "Answer"));
	expect_said(rig_wait(f->rig, LIMIT_MS, phone_sees_route(f->phone, "speaker", "P5")));
	ask_why(f);
	expect_said(says(f, "Reason", "P5: the setting sends calls to the speaker"));
	expect_said(says(f, "  routing", "speaker"));
	expect_said(says(f, "  P1", "the setting is speaker"));
	assert_null(phone_ask_with(f->phone, call, "SetState", "ended"));
	expect_said(rig_wait(f->rig, LIMIT_MS, phone_sees_route(f->phone, "none", "X7")));

	/* V1 goes by what the last call had, and by no setting */
	assert_null(phone_set(f->phone, "CallAudioRouting", DBUS_TYPE_STRING, &automatic));
	call = ring(f, false);
	assert_null(phone_ask(f->phone, call, "Answer"));
	expect_said(rig_wait(f->rig, LIMIT_MS, phone_sees_route(f->phone, "speaker", "V1")));
	ask_why(f);
	expect_said(says(f, "Reason", "V1: last used since a headset connected"));
	expect_said(says(f, "  calls", "unmanaged"));
	expect_said(says(f, "  default", "speaker"));
	expect_said(says(f, "  V2", "another rule goes before it, to headset:" EAR));
}

static void test_why_has_the_last_decisions(void **state)
{
	static const char *const routes[] = { "speaker", "handset" };
	struct fixture *f = *state;
	struct phone_call *call = ring(f, true);

	assert_null(phone_ask(f->phone, call, "Answer"));
	for (unsigned int i = 0; i < HISTORY + 3; i++)
		assert_null(phone_set_route(f->phone, routes[i % 2]));
	ask_why(f);
	expect_said(says(f, "Reason", "P4: picked by the user"));
	expect_said(says(f, "  asked", "speaker"));
	expect_said(lines_after(f, "History") == HISTORY);
	/* the newest first */
	expect_said(strstr(strchr(section(f, "History"), '\n') + 1,
			   "handset -> speaker, P4: picked by the user") <
		    strstr(section(f, "History"), "speaker -> handset, P4: picked by the user"));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_why_answered_here, start_test, stop_test),
		cmocka_unit_test_setup_teardown(test_why_answered_with_the_headset, start_test,
						stop_test),
		cmocka_unit_test_setup_teardown(test_why_a_setting_and_memory, start_test,
						stop_test),
		cmocka_unit_test_setup_teardown(test_why_has_the_last_decisions, start_test,
						stop_test),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return rig_run_tests(tests, start, finish);
}
