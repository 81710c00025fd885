/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What tests on the rig expect. For files that include cmocka's header before this one.
 *
 * May be used by: tests/rig/.
 */
#ifndef CALLROUTE_EXPECT_H
#define CALLROUTE_EXPECT_H

#include "rig.h"

/** Like assert_true(), but the rig, which is the variable rig, tells what it saw, and then the test
 * what it expected. */
#define expect(condition)                                     \
	do {                                                  \
		if (!(condition)) {                           \
			rig_dump(rig);                        \
			fail_msg("expected: %s", #condition); \
		}                                             \
	} while (0)

/** The headset at @address is told this line (rig_headset_wait()). */
static inline void expect_line(struct rig *rig, const char *address, const char *text,
			       unsigned int ms)
{
	if (!rig_headset_wait(rig, address, text, ms)) {
		rig_dump(rig);
		fail_msg("the headset was not told \"%s\"", text);
	}
}

/** cmocka_run_group_tests(), and once more where a test failed and WirePlumber, or another program that is not
 * ours, crashed of itself meanwhile: what is expected says nothing of that. */
#define rig_run_tests(tests, set_up, tear_down)                                     \
	({                                                                          \
		unsigned int crashes_ = rig_crashes();                              \
		int failed_ = cmocka_run_group_tests(tests, set_up, tear_down);     \
		if (failed_ && rig_crashes() != crashes_) {                         \
			print_error("rig: once more, another program crashed\n");   \
			failed_ = cmocka_run_group_tests(tests, set_up, tear_down); \
		}                                                                   \
		failed_;                                                            \
	})

#endif
