/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Several calls on the wire: waiting, held, three-way, and the list of them. HFP 1.8 §4.21, §4.22,
 * §4.32.1.
 */
#include "ag-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CONFIG                   \
	{                        \
		.can_dial = true \
	}
#define UP "= run connected\n"

static const struct ag_script scripts[] = {
	{ "connected", CONFIG,
	  "> AT+BRSF=2\n"
	  "< +BRSF: 3557\n"
	  "< OK\n"
	  "> AT+CIND?\n"
	  "< +CIND: 1,0,0,0,5,0,5\n"
	  "< OK\n"
	  "> AT+CMER=3,0,0,1\n"
	  "< OK\n"
	  "> AT+CHLD=?\n"
	  "< +CHLD: (0,1,1x,2,2x,3)\n"
	  "< OK\n"
	  "* slc\n"
	  "> AT+CLIP=1\n"
	  "< OK\n"
	  "> AT+CCWA=1\n"
	  "< OK\n"
	  "> AT+CMEE=1\n"
	  "< OK" },

	/* ---- waiting ---- */
	{ "HFP/AG/TWC: a call waits, and goes away", CONFIG,
	  UP "= calls 1 active 1\n"
	     "< +CIEV: 2,1\n"
	     "= calls 1 active 1, 2 incoming 7654321\n"
	     "< +CCWA: \"7654321\",129\n"
	     "< +CIEV: 3,1\n"
	     "> ATA\n"
	     "< +CME ERROR: 3\n"
	     "> AT+CLCC\n"
	     "< +CLCC: 1,1,0,0,0,\"1\",129\n"
	     "< +CLCC: 2,1,5,0,0,\"7654321\",129\n"
	     "< OK\n"
	     "= wait 10000\n"
	     "= calls 1 active 1\n"
	     "< +CIEV: 3,0" },
	{ "a call waits beside a held one", CONFIG,
	  UP "= calls 1 held 1\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 4,2\n"
	     "= calls 1 held 1, 2 waiting -\n"
	     "< +CCWA: \"\",128\n"
	     "< +CIEV: 3,1\n"
	     "> AT+CHUP\n"
	     "* hangup 2\n"
	     "= finish ok\n"
	     "< OK" },
	{ "+CCWA is asked for while a call waits", CONFIG,
	  UP "> AT+CCWA=0\n"
	     "< OK\n"
	     "= calls 1 active 1, 2 incoming 2\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 3,1\n"
	     "> AT+CCWA=1\n"
	     "< OK\n"
	     "< +CCWA: \"2\",129\n"
	     "> AT+CCWA=1\n"
	     "< OK" },
	{ "the active call ends first: the waiting one rings", CONFIG,
	  UP "= calls 1 active 1, 2 incoming 2\n"
	     "< +CCWA: \"2\",129\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 3,1\n"
	     "= calls 2 incoming 2\n"
	     "< +CIEV: 2,0\n"
	     "< RING\n"
	     "< +CLIP: \"2\",129\n"
	     "> ATA\n"
	     "* answer 2\n"
	     "= finish ok\n"
	     "< OK" },
	{ "two ring at once: the first is incoming, the second waits", CONFIG,
	  UP "= calls 5 incoming 5\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"5\",129\n"
	     "= calls 4 incoming 4, 5 incoming 5\n"
	     "< +CCWA: \"4\",129\n"
	     "> AT+CLCC\n"
	     "< +CLCC: 1,1,4,0,0,\"5\",129\n"
	     "< +CLCC: 2,1,5,0,0,\"4\",129\n"
	     "< OK\n"
	     "> AT+CHUP\n"
	     "* hangup 5\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 4 incoming 4\n"
	     "< RING\n"
	     "< +CLIP: \"4\",129" },

	/* ---- hold and three-way ---- */
	{ "CHLD=0: the waiting call is rejected, before any held one", CONFIG,
	  UP "= calls 1 active 1, 2 incoming 2\n"
	     "< +CCWA: \"2\",129\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 3,1\n"
	     "> AT+CHLD=0\n"
	     "* chld 0 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 1 active 1\n"
	     "< +CIEV: 3,0\n"
	     "> AT+CHLD=0\n"
	     "< +CME ERROR: 3" },
	{ "CHLD=0: held calls are released", CONFIG,
	  UP "= calls 1 active 1, 2 held 2\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 4,1\n"
	     "> AT+CHLD=0\n"
	     "* chld 0 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 1 active 1\n"
	     "< +CIEV: 4,0\n"
	     "= calls 1 held 1\n"
	     "< +CIEV: 4,2\n"
	     "> AT+CHLD=0\n"
	     "* chld 0 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls\n"
	     "< +CIEV: 2,0\n"
	     "< +CIEV: 4,0" },
	{ "CHLD=1: ends the active call for the waiting, then for the held one", CONFIG,
	  UP "= calls 1 active 1, 2 incoming 2\n"
	     "< +CCWA: \"2\",129\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 3,1\n"
	     "> AT+CHLD=1\n"
	     "* chld 1 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 2 active 2\n"
	     "< +CIEV: 3,0\n"
	     "= calls 2 active 2, 3 held 3\n"
	     "< +CIEV: 4,1\n"
	     "> AT+CHLD=1\n"
	     "* chld 1 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 3 active 3\n"
	     "< +CIEV: 4,0\n"
	     "> AT+CHLD=1\n"
	     "* chld 1 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls\n"
	     "< +CIEV: 2,0" },
	{ "CHLD=2: takes the waiting call, holds the active one", CONFIG,
	  UP "= calls 1 active 1, 2 incoming 2\n"
	     "< +CCWA: \"2\",129\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 3,1\n"
	     "> AT+CHLD=2\n"
	     "* chld 2 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 1 held 1, 2 active 2\n"
	     "< +CIEV: 3,0\n"
	     "< +CIEV: 4,1" },
	{ "CHLD=2: a swap is said again, when it has happened", CONFIG,
	  UP "= calls 1 active 1, 2 held 2\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 4,1\n"
	     "> AT+CHLD=2\n"
	     "* chld 2 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= wait 500\n"
	     "= calls 1 held 1, 2 active 2\n"
	     "< +CIEV: 4,1\n"
	     "= wait 5000\n"
	     "> AT+CHLD=2\n"
	     "* chld 2 0\n"
	     "= calls 1 active 1, 2 held 2\n"
	     "= finish ok\n"
	     "< OK\n"
	     "< +CIEV: 4,1\n"
	     "= wait 5000\n"
	     "# stated one call at a time\n"
	     "> AT+CHLD=2\n"
	     "* chld 2 0\n"
	     "= calls 1 held 1, 2 held 2\n"
	     "= calls 1 held 1, 2 active 2\n"
	     "= finish ok\n"
	     "< OK\n"
	     "< +CIEV: 4,1\n"
	     "= wait 5000\n"
	     "= calls 1 active 1, 2 held 2\n"
	     "< +CIEV: 4,1\n"
	     "# swapped on this machine\n"
	     "= calls 1 held 1, 2 active 2\n"
	     "< +CIEV: 4,1\n"
	     "# a swap that nobody reports\n"
	     "> AT+CHLD=2\n"
	     "* chld 2 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= wait 1000\n"
	     "< +CIEV: 4,1\n"
	     "# refused: nothing to say\n"
	     "> AT+CHLD=2\n"
	     "* chld 2 0\n"
	     "= finish 3\n"
	     "< +CME ERROR: 3\n"
	     "= wait 5000" },
	{ "CHLD=2: hold and take again", CONFIG,
	  UP "= calls 1 active 1\n"
	     "< +CIEV: 2,1\n"
	     "> AT+CHLD=2\n"
	     "* chld 2 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 1 held 1\n"
	     "< +CIEV: 4,2\n"
	     "> AT+CHLD=2\n"
	     "* chld 2 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 1 active 1\n"
	     "< +CIEV: 4,0" },
	{ "CHLD=3: a conference, and one of it alone", CONFIG,
	  UP "= calls 1 active 1, 2 held 2\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 4,1\n"
	     "> AT+CHLD=3\n"
	     "* chld 3 0\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 1 active 1 mpty, 2 active 2 mpty\n"
	     "< +CIEV: 4,0\n"
	     "> AT+CLCC\n"
	     "< +CLCC: 1,1,0,0,1,\"1\",129\n"
	     "< +CLCC: 2,1,0,0,1,\"2\",129\n"
	     "< OK\n"
	     "> AT+CHLD=3\n"
	     "< +CME ERROR: 3\n"
	     "> AT+CHLD=22\n"
	     "* chld 2 2\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 1 held 1, 2 active 2\n"
	     "< +CIEV: 4,1" },
	{ "HFP/AG/ECC: one call by its index; CHLD=4 is not offered", CONFIG,
	  UP "= calls 11 active 1, 12 held 2, 13 incoming 3\n"
	     "< +CCWA: \"3\",129\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 4,1\n"
	     "< +CIEV: 3,1\n"
	     "> AT+CHLD=12\n"
	     "* chld 1 12\n"
	     "= finish ok\n"
	     "< OK\n"
	     "> AT+CHLD=13\n"
	     "< +CME ERROR: 3\n"
	     "> AT+CHLD=14\n"
	     "< +CME ERROR: 21\n"
	     "> AT+CHLD=10\n"
	     "< +CME ERROR: 21\n"
	     "> AT+CHLD=29\n"
	     "< +CME ERROR: 21\n"
	     "> AT+CHLD=199999\n"
	     "< +CME ERROR: 0\n"
	     "> AT+CHLD=4\n"
	     "< +CME ERROR: 4\n"
	     "> AT+CHLD=31\n"
	     "< +CME ERROR: 4\n"
	     "> AT+CHLD=x\n"
	     "< +CME ERROR: 4\n"
	     "> AT+CHLD=\n"
	     "< +CME ERROR: 0\n"
	     "> AT+CHLD=1,2\n"
	     "< +CME ERROR: 0\n"
	     "> AT+CHLD=1x\n"
	     "< +CME ERROR: 0" },
	{ "HFP/AG/ECS: an index is the lowest free one, and kept", CONFIG,
	  UP "> AT+CLCC\n"
	     "< OK\n"
	     "= calls 9 active 9, 8 held -\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 4,1\n"
	     "> AT+CLCC\n"
	     "< +CLCC: 1,1,0,0,0,\"9\",129\n"
	     "< +CLCC: 2,1,1,0,0\n"
	     "< OK\n"
	     "= calls 8 active +8\n"
	     "< +CIEV: 4,0\n"
	     "> AT+CLCC\n"
	     "< +CLCC: 2,1,0,0,0,\"+8\",145\n"
	     "< OK\n"
	     "= calls 7 dialing 7, 8 held +8\n"
	     "< +CIEV: 4,2\n"
	     "< +CIEV: 3,2\n"
	     "> AT+CLCC\n"
	     "< +CLCC: 1,0,2,0,0,\"7\",129\n"
	     "< +CLCC: 2,1,1,0,0,\"+8\",145\n"
	     "< OK" },
};

static void test_sessions_in_every_cut_of_the_bytes(void **state)
{
	ag_scripts_replay(scripts, sizeof(scripts) / sizeof(scripts[0]));
}

/* ---- bounds ------------------------------------------------------------------------------- */

static void test_more_calls_than_fit_are_left_out(void **state)
{
	struct ag *ag = ag_script_connected(NULL, 0);
	struct ag_call calls[AG_MAX_CALLS + 4] = { 0 };
	const char *out;

	for (uint32_t i = 0; i < AG_MAX_CALLS + 4; i++) {
		calls[i].id = i + 1;
		memset(calls[i].number, '1', sizeof(calls[i].number));
	}
	calls[1].id = 1; /* twice the same, and none */
	calls[2].id = 0;
	ag_set_calls(ag, calls, AG_MAX_CALLS + 4, 0);
	ag_script_take(ag);
	ag_script_send(ag, "AT+CLCC\r", 0);
	out = ag_script_take(ag);
	assert_non_null(strstr(out, "+CLCC: 16,"));
	assert_null(strstr(out, "+CLCC: 17,"));
	assert_false(ag_overflowed(ag));
	ag_free(ag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions_in_every_cut_of_the_bytes),
		cmocka_unit_test(test_more_calls_than_fit_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
