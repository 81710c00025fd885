/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What a core keeps so that it need not search (numbers of calls and devices, the last headset),
 * counted again. A loaded image has these made anew, so that who explores images would not see one
 * that has gone wrong.
 *
 * May be used by: tests/. May not use: anything but the C library's pure parts.
 */
#ifndef CALLROUTE_AUDIT_H
#define CALLROUTE_AUDIT_H

#include "policy.h"

#include <stdbool.h>

/** True where all that is kept is as it is counted. Walks everything. */
bool policy_audit(const struct policy *policy);

#endif
