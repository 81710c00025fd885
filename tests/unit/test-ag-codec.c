/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Codec negotiation: the good case, and each way in which headsets are known to depart from it.
 * HFP 1.8 §4.2.1.2, §4.11.2, §4.11.3.
 */
#include "ag-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define WIDE                             \
	{                                \
		.wide_band_speech = true \
	}
#define UP "= run connected\n"

static const struct ag_script scripts[] = {
	{ "connected", WIDE,
	  "> AT+BRSF=128\n"
	  "< +BRSF: 4069\n"
	  "< OK\n"
	  "> AT+BAC=1,2\n"
	  "* codecs 6\n"
	  "< OK\n"
	  "> AT+CIND?\n"
	  "< +CIND: 1,0,0,0,5,0,5\n"
	  "< OK\n"
	  "> AT+CMER=3,0,0,1\n"
	  "< OK\n"
	  "* slc" },

	{ "HFP/AG/ACC/BV-09-I: mSBC is offered and taken; then it stays", WIDE,
	  UP "= codec 2\n"
	     "< +BCS: 2\n"
	     "> AT+BCS=2\n"
	     "* codec 2\n"
	     "< OK\n"
	     "= codec 2\n"
	     "* codec 2\n"
	     "= codec 1\n"
	     "< +BCS: 1\n"
	     "> AT+BCS=1\n"
	     "* codec 1\n"
	     "< OK\n"
	     "= wait 60000" },
	{ "even CVSD is negotiated where both said that they negotiate", WIDE,
	  UP "= codec 1\n"
	     "< +BCS: 1\n"
	     "> AT+BCS=1\n"
	     "* codec 1\n"
	     "< OK" },
	{ "the headset asks for the sound: OK first, then the offer", WIDE,
	  UP "= calls 1 active 1\n"
	     "< +CIEV: 2,1\n"
	     "> AT+BCC\n"
	     "* audio\n"
	     "= codec 2\n"
	     "= finish ok\n"
	     "< OK\n"
	     "< +BCS: 2\n"
	     "> AT+BCS=2\n"
	     "* codec 2\n"
	     "< OK\n"
	     "= audio 1\n"
	     "> AT+BCC\n"
	     "< ERROR\n"
	     "= audio 0\n"
	     "> AT+BCC\n"
	     "* audio\n"
	     "= finish 3\n"
	     "< ERROR" },
	{ "what is not both sides' becomes CVSD; 127 and 3 are never chosen", WIDE,
	  UP "> AT+BAC=1,127,3\n"
	     "* codecs 10\n"
	     "< OK\n"
	     "= codec 127\n"
	     "< +BCS: 1\n"
	     "> AT+BCS=1\n"
	     "* codec 1\n"
	     "< OK\n"
	     "= codec 3\n"
	     "* codec 1\n"
	     "= codec 2\n"
	     "* codec 1" },
	{ "HFP/AG/ACC/BV-10-I: answered by another list", WIDE,
	  UP "= codec 2\n"
	     "< +BCS: 2\n"
	     "> AT+BAC=1\n"
	     "* codecs 2\n"
	     "< OK\n"
	     "< +BCS: 1\n"
	     "> AT+BCS=1\n"
	     "* codec 1\n"
	     "< OK" },
	{ "another list, again and again: given up", WIDE,
	  UP "= codec 2\n"
	     "< +BCS: 2\n"
	     "> AT+BAC=1,2\n"
	     "* codecs 6\n"
	     "< OK\n"
	     "< +BCS: 2\n"
	     "= wait 0\n"
	     "> AT+BAC=1,2\n"
	     "* codecs 6\n"
	     "< OK\n"
	     "< +BCS: 2\n"
	     "= wait 0\n"
	     "> AT+BAC=1,2\n"
	     "* codecs 6\n"
	     "* codec 0\n"
	     "< OK\n"
	     "= wait 60000" },
	{ "a new list forgets the codec that was selected", WIDE,
	  UP "= codec 2\n"
	     "< +BCS: 2\n"
	     "> AT+BCS=2\n"
	     "* codec 2\n"
	     "< OK\n"
	     "= wait 0\n"
	     "> AT+BAC=1,2\n"
	     "* codecs 6\n"
	     "< OK\n"
	     "= codec 2\n"
	     "< +BCS: 2\n"
	     "> AT+BCS=2\n"
	     "* codec 2\n"
	     "< OK" },
	{ "HFP/AG/ACC/BI: answered with another codec: ERROR, and CVSD once", WIDE,
	  UP "= codec 2\n"
	     "< +BCS: 2\n"
	     "> AT+BCS=1\n"
	     "< ERROR\n"
	     "< +BCS: 1\n"
	     "> AT+BCS=1\n"
	     "* codec 1\n"
	     "< OK" },
	{ "answered with another codec twice: failed", WIDE,
	  UP "= codec 2\n"
	     "< +BCS: 2\n"
	     "> AT+BCS=1\n"
	     "< ERROR\n"
	     "< +BCS: 1\n"
	     "> AT+BCS=2\n"
	     "* codec 0\n"
	     "< ERROR\n"
	     "= wait 60000\n"
	     "= codec 1\n"
	     "< +BCS: 1\n"
	     "> AT+BCS=1\n"
	     "* codec 1\n"
	     "< OK" },
	{ "never answered: CVSD by offer, then without", WIDE,
	  UP "= codec 2\n"
	     "< +BCS: 2\n"
	     "= wait 2999\n"
	     "= wait 1\n"
	     "< +BCS: 1\n"
	     "= wait 999\n"
	     "= wait 1\n"
	     "* codec 1\n"
	     "= codec 1\n"
	     "* codec 1\n"
	     "= codec 2\n"
	     "< +BCS: 2\n"
	     "= wait 4000\n"
	     "< +BCS: 1\n"
	     "* codec 1\n"
	     "# twice is enough: no more of it until another list comes\n"
	     "= codec 2\n"
	     "* codec 1\n"
	     "> AT+BAC=1,2\n"
	     "* codecs 6\n"
	     "< OK\n"
	     "= codec 2\n"
	     "< +BCS: 2\n"
	     "> AT+BCS=2\n"
	     "* codec 2\n"
	     "< OK" },
	{ "answered after the time limit: ERROR, the later offer counts", WIDE,
	  UP "= codec 2\n"
	     "< +BCS: 2\n"
	     "= wait 3000\n"
	     "< +BCS: 1\n"
	     "> AT+BCS=2\n"
	     "< ERROR\n"
	     "> AT+BCS=1\n"
	     "* codec 1\n"
	     "< OK\n"
	     "> AT+BCS=2\n"
	     "< ERROR" },
	{ "the caller changes its mind while an offer is out", WIDE,
	  UP "= codec 2\n"
	     "< +BCS: 2\n"
	     "= codec 1\n"
	     "> AT+BCS=2\n"
	     "< OK\n"
	     "< +BCS: 1\n"
	     "> AT+BCS=1\n"
	     "* codec 1\n"
	     "< OK" },
	{ "an answer without an offer, and malformed ones", WIDE,
	  UP "> AT+BCS=2\n"
	     "< ERROR\n"
	     "= codec 2\n"
	     "< +BCS: 2\n"
	     "> AT+BCS=x\n"
	     "< ERROR\n"
	     "> AT+BCS\n"
	     "< ERROR\n"
	     "> AT+BCS=2,1\n"
	     "< ERROR\n"
	     "> AT+BCS=2\n"
	     "* codec 2\n"
	     "< OK" },
	{ "a new set-up in the middle of a negotiation: failed", WIDE,
	  UP "= codec 2\n"
	     "< +BCS: 2\n"
	     "> AT+BRSF=128\n"
	     "< +BRSF: 4069\n"
	     "* codec 0\n"
	     "< OK\n"
	     "= codec 2\n"
	     "* codec 0\n"
	     "= wait 60000" },
	{ "one side does not negotiate: CVSD, and nothing is sent",
	  { .can_dial = true },
	  "> AT+BRSF=128\n"
	  "< +BRSF: 3557\n"
	  "< OK\n"
	  "> AT+BAC=1,2\n"
	  "* codecs 6\n"
	  "< OK\n"
	  "> AT+CIND?\n"
	  "< +CIND: 1,0,0,0,5,0,5\n"
	  "< OK\n"
	  "> AT+CMER=3,0,0,1\n"
	  "< OK\n"
	  "* slc\n"
	  "= codec 2\n"
	  "* codec 1" },
	{ "ringing without the tone in the sound link: not yet", WIDE,
	  UP "= calls 1 incoming 1\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "> AT+BCC\n"
	     "< ERROR\n"
	     "= in-band 1\n"
	     "< +BSIR: 1\n"
	     "> AT+BCC\n"
	     "* audio\n"
	     "= finish ok\n"
	     "< OK" },
};

static void test_sessions_in_every_cut_of_the_bytes(void **state)
{
	ag_scripts_replay(scripts, sizeof(scripts) / sizeof(scripts[0]));
}

static unsigned int codecs_after(const struct ag_config *config, const char *bac)
{
	struct ag *ag = ag_script_connected(config, 0);
	unsigned int codecs;

	ag_script_send(ag, bac, 0);
	codecs = ag_codecs(ag);
	ag_free(ag);
	return codecs;
}

static void test_codecs_are_those_of_both_sides(void **state)
{
	const struct ag_config wide = { .wide_band_speech = true };
	const struct ag_config narrow = { .wide_band_speech = false };
	const struct ag_config old_peer = { .wide_band_speech = true, .version = 0x0105 };

	assert_int_equal(codecs_after(&wide, "AT+BAC=1,2,3,127\r"), 0x6);
	assert_int_equal(codecs_after(&wide, "AT+BAC=1\r"), 0x2);
	assert_int_equal(codecs_after(&wide, "AT+BAC=2\r"), 0x6);
	assert_int_equal(codecs_after(&narrow, "AT+BAC=1,2\r"), 0x2);
	assert_int_equal(codecs_after(&old_peer, "AT+BAC=1,2\r"), 0x2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions_in_every_cut_of_the_bytes),
		cmocka_unit_test(test_codecs_are_those_of_both_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
