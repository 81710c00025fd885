/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The words of the policy's enums, as they stand on D-Bus, on the command line and in scenarios.
 */
#include "policy.h"

#include <errno.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *const rule_names[] = {
	[RULE_NONE] = "-", [RULE_P1] = "P1",   [RULE_P2] = "P2", [RULE_P3] = "P3", [RULE_P4] = "P4",
	[RULE_P5] = "P5",  [RULE_P6] = "P6",   [RULE_P7] = "P7", [RULE_P8] = "P8", [RULE_P9] = "P9",
	[RULE_V1] = "V1",  [RULE_V2] = "V2",   [RULE_V3] = "V3", [RULE_V4] = "V4", [RULE_V5] = "V5",
	[RULE_V6] = "V6",  [RULE_S1] = "S1",   [RULE_S2] = "S2", [RULE_S3] = "S3", [RULE_M1] = "M1",
	[RULE_I1] = "I1",  [RULE_I2] = "I2",   [RULE_X1] = "X1", [RULE_X2] = "X2", [RULE_X3] = "X3",
	[RULE_X4] = "X4",  [RULE_X5] = "X5",   [RULE_X6] = "X6", [RULE_X7] = "X7", [RULE_X8] = "X8",
	[RULE_X9] = "X9",  [RULE_X10] = "X10",
};
_Static_assert(ARRAY_SIZE(rule_names) == RULE_COUNT, "each rule has a name");

const char *policy_rule_name(enum policy_rule rule)
{
	return rule_names[rule];
}

static const char *const routing_names[] = {
	[ROUTING_AUTOMATIC] = "automatic",
	[ROUTING_HEADSET] = "headset",
	[ROUTING_SPEAKER] = "speaker",
};

static const char *const state_names[] = {
	[CALL_INCOMING] = "incoming", [CALL_DIALING] = "dialing", [CALL_ACTIVE] = "active",
	[CALL_HELD] = "held",         [CALL_ENDED] = "ended",
};

/* The place of @text among @names, or -EINVAL. */
static int find(const char *text, const char *const names[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(text, names[i]) == 0)
			return (int)i;
	}
	return -EINVAL;
}

const char *policy_routing_to_string(enum policy_routing routing)
{
	return routing_names[routing];
}

int policy_routing_from_string(const char *text, enum policy_routing *ret)
{
	int i = find(text, routing_names, ARRAY_SIZE(routing_names));

	if (i < 0)
		return i;
	*ret = (enum policy_routing)i;
	return 0;
}

const char *call_state_to_string(enum call_state state)
{
	return state_names[state];
}

int call_state_from_string(const char *text, enum call_state *ret)
{
	int i = find(text, state_names, ARRAY_SIZE(state_names));

	if (i < 0)
		return i;
	*ret = (enum call_state)i;
	return 0;
}

const char *policy_outcome_name(enum policy_outcome outcome)
{
	switch (outcome) {
	case POLICY_OK:
		return "Ok";
	case POLICY_NO_SUCH_ROUTE:
		return "NoSuchRoute";
	case POLICY_NOT_AVAILABLE:
		return "NotAvailable";
	case POLICY_NOT_ELIGIBLE:
		return "NotEligible";
	case POLICY_NO_SUCH_DEVICE:
		return "NoSuchDevice";
	case POLICY_NO_SUCH_CALL:
		return "NoSuchCall";
	case POLICY_CALL_EXISTS:
		return "CallExists";
	case POLICY_WRONG_STATE:
		return "WrongState";
	case POLICY_NO_CALL:
		return "NoCall";
	case POLICY_TOO_MANY:
		return "TooMany";
	case POLICY_INVALID:
		return "Invalid";
	}
	return "Invalid";
}
