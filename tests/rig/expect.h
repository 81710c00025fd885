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

#endif
