/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Calls on the wire, one at a time: incoming, outgoing, active, and tones. HFP 1.8 §4.10, §4.13 to
 * §4.20, §4.23, §4.28.
 */
#include "ag-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

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

	/* ---- incoming ---- */
	{ "HFP/AG/ICA/BV-04-I: rings, answered by the headset", CONFIG,
	  UP "= calls 1 incoming 1234567\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"1234567\",129\n"
	     "> ATA\n"
	     "* answer 1\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 1 active 1234567\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 3,0\n"
	     "= wait 20000" },
	{ "the state changes before the result: OK first all the same", CONFIG,
	  UP "= calls 1 incoming 1234567\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"1234567\",129\n"
	     "> ATA\n"
	     "* answer 1\n"
	     "= calls 1 active 1234567\n"
	     "= status 1 3 0 5\n"
	     "= finish ok\n"
	     "< OK\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 3,0\n"
	     "< +CIEV: 5,3" },
	{ "AT+ATA, as some texts write it", CONFIG,
	  UP "= calls 7 incoming +491234\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"+491234\",145\n"
	     "> AT+ATA\n"
	     "* answer 7\n"
	     "= finish ok\n"
	     "< OK" },
	{ "HFP/AG/ICA/BV-06-I: answered at the gateway", CONFIG,
	  UP "= calls 1 incoming 1234567\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"1234567\",129\n"
	     "= calls 1 active 1234567\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 3,0\n"
	     "= wait 10000" },
	{ "rings every 3 s, and is silent at once when it is over", CONFIG,
	  UP "= calls 1 incoming 1234567\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"1234567\",129\n"
	     "= wait 2999\n"
	     "= wait 1\n"
	     "< RING\n"
	     "< +CLIP: \"1234567\",129\n"
	     "= wait 6000\n"
	     "< RING\n"
	     "< +CLIP: \"1234567\",129\n"
	     "< RING\n"
	     "< +CLIP: \"1234567\",129\n"
	     "= wait 2999\n"
	     "= calls\n"
	     "< +CIEV: 3,0\n"
	     "= wait 10000" },
	{ "HFP/AG/ICA/BV-07-I: rings already when the headset connects", CONFIG,
	  "= calls 1 incoming 555\n"
	  "> AT+BRSF=0\n"
	  "< +BRSF: 3557\n"
	  "< OK\n"
	  "> AT+CLIP=1\n"
	  "< OK\n"
	  "= wait 5000\n"
	  "> AT+CIND?\n"
	  "< +CIND: 1,0,1,0,5,0,5\n"
	  "< OK\n"
	  "> AT+CMER=3,0,0,1\n"
	  "< OK\n"
	  "* slc\n"
	  "< RING\n"
	  "< +CLIP: \"555\",129\n"
	  "= wait 3000\n"
	  "< RING\n"
	  "< +CLIP: \"555\",129" },
	{ "begins to ring between +CIND? and the end of the set-up", CONFIG,
	  "> AT+BRSF=0\n"
	  "< +BRSF: 3557\n"
	  "< OK\n"
	  "> AT+CIND?\n"
	  "< +CIND: 1,0,0,0,5,0,5\n"
	  "< OK\n"
	  "= calls 1 incoming 555\n"
	  "> AT+CMER=3,0,0,1\n"
	  "< OK\n"
	  "* slc\n"
	  "< +CIEV: 3,1\n"
	  "< RING" },
	{ "HFP/AG/SLC during a call: in the first answer, and no report", CONFIG,
	  "= calls 1 active 555, 2 held 666\n"
	  "> AT+BRSF=0\n"
	  "< +BRSF: 3557\n"
	  "< OK\n"
	  "> AT+CIND?\n"
	  "< +CIND: 1,1,0,1,5,0,5\n"
	  "< OK\n"
	  "> AT+CMER=3,0,0,1\n"
	  "< OK\n"
	  "* slc\n"
	  "= wait 10000" },
	{ "HFP/AG/ICR/BV-01-I: rejected by the headset", CONFIG,
	  UP "= calls 3 incoming 1\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"1\",129\n"
	     "> AT+CHUP\n"
	     "* hangup 3\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls\n"
	     "< +CIEV: 3,0" },
	{ "without +CLIP, or without a number, RING is alone", CONFIG,
	  UP "= calls 1 incoming -\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "> AT+CLIP=0\n"
	     "< OK\n"
	     "= calls 1 incoming 555\n"
	     "= wait 3000\n"
	     "< RING\n"
	     "> AT+CLIP=1\n"
	     "< OK\n"
	     "= wait 3000\n"
	     "< RING\n"
	     "< +CLIP: \"555\",129" },
	{ "what is not a number is never sent as one", CONFIG,
	  UP "= calls 1 incoming sip:alice@example.org\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "= calls 1 incoming alice123\n"
	     "= wait 3000\n"
	     "< RING\n"
	     "= calls 1 incoming 12\"34\n"
	     "= wait 3000\n"
	     "< RING\n"
	     "= calls 1 incoming sip:+49-30.1234@example.org;user=phone\n"
	     "= wait 3000\n"
	     "< RING\n"
	     "< +CLIP: \"+49301234\",145\n"
	     "= calls 1 incoming tel:*31#(030)12\n"
	     "= wait 3000\n"
	     "< RING\n"
	     "< +CLIP: \"*31#03012\",129" },
	{ "a name is told with the number, and without one", CONFIG,
	  UP "= calls 1 incoming +493012 name=Ren\\xc3\\xa9_M.\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"+493012\",145,,,\"Ren\xc3\xa9 M.\"\n"
	     "= calls 1 incoming sip:alice@example.org name=Alice\n"
	     "= wait 3000\n"
	     "< RING\n"
	     "< +CLIP: \"\",128,,,\"Alice\"" },
	{ "one that says no more than the number is not", CONFIG,
	  UP "= calls 1 incoming sip:+493012@example.org name=+49_30-12\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"+493012\",145\n"
	     "= calls 1 incoming alice name=alice\n"
	     "= wait 3000\n"
	     "< RING" },
	{ "one cannot end the string, the line or a character", CONFIG,
	  UP "= calls 1 incoming 1 name=a\"b\\x0d\\x0ac\\x7f\\xc2\\x85d\\xff\\xc0\\xafe\\xe2\\x82\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"1\",129,,,\"abcde\"" },
	{ "that of a call that waits", CONFIG,
	  UP "> AT+CCWA=1\n"
	     "< OK\n"
	     "= calls 1 active 1\n"
	     "< +CIEV: 2,1\n"
	     "= calls 1 active 1, 2 incoming 2 name=Bob\n"
	     "< +CCWA: \"2\",129,1,\"Bob\"\n"
	     "< +CIEV: 3,1" },
	{ "a command is pending: no RING until its result", CONFIG,
	  UP "= calls 1 incoming 1\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"1\",129\n"
	     "> ATA\n"
	     "* answer 1\n"
	     "= wait 4000\n"
	     "= finish 0\n"
	     "< +CME ERROR: 0\n"
	     "< RING\n"
	     "< +CLIP: \"1\",129" },

	{ "reports are off: RING all the same", CONFIG,
	  UP "> AT+CMER=3,0,0,0\n"
	     "< OK\n"
	     "= calls 1 incoming 1\n"
	     "< RING\n"
	     "< +CLIP: \"1\",129\n"
	     "> ATA\n"
	     "* answer 1\n"
	     "= calls 1 active 1\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls\n"
	     "= wait 10000" },
	{ "all indicators are masked: those of calls come all the same", CONFIG,
	  UP "> AT+BIA=0,0,0,0,0,0,0\n"
	     "< OK\n"
	     "= status 0 0 1 0\n"
	     "= calls 1 incoming 1\n"
	     "< +CIEV: 3,1\n"
	     "< RING\n"
	     "< +CLIP: \"1\",129\n"
	     "= calls 1 active 1\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 3,0\n"
	     "= calls\n"
	     "< +CIEV: 2,0" },

	/* ---- active, and its end ---- */
	{ "HFP/AG/TCA/BV-02-I: ended by the headset", CONFIG,
	  UP "= calls 1 active 1\n"
	     "< +CIEV: 2,1\n"
	     "> AT+CHUP\n"
	     "* hangup 1\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls\n"
	     "< +CIEV: 2,0" },
	{ "a held call is not touched by AT+CHUP", CONFIG,
	  UP "= calls 1 held 1, 2 active 2\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 4,1\n"
	     "> AT+CHUP\n"
	     "* hangup 2\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 1 held 1\n"
	     "< +CIEV: 4,2\n"
	     "> AT+CHUP\n"
	     "< +CME ERROR: 3" },

	/* ---- outgoing ---- */
	{ "HFP/AG/OCN/BV-01-I: dialled by the headset", CONFIG,
	  UP "> ATD 555 12-34;\n"
	     "< +CME ERROR: 27\n"
	     "> ATD5551234;\n"
	     "* dial 5551234\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls 1 dialing 5551234\n"
	     "< +CIEV: 3,2\n"
	     "= calls 1 alerting 5551234\n"
	     "< +CIEV: 3,3\n"
	     "= calls 1 active 5551234 out\n"
	     "< +CIEV: 2,1\n"
	     "< +CIEV: 3,0\n"
	     "> AT+CLCC\n"
	     "< +CLCC: 1,0,0,0,0,\"5551234\",129\n"
	     "< OK" },
	{ "HFP/AG/TCA/BV-04-I: dialling is given up; the remote fails", CONFIG,
	  UP "= calls 1 dialing 5551234\n"
	     "< +CIEV: 3,2\n"
	     "> AT+CHUP\n"
	     "* hangup 1\n"
	     "= finish ok\n"
	     "< OK\n"
	     "= calls\n"
	     "< +CIEV: 3,0\n"
	     "= calls 2 dialing 5551234\n"
	     "< +CIEV: 3,2\n"
	     "= calls\n"
	     "< +CIEV: 3,0" },
	{ "HFP/AG/OCM, OCL: memory and last number", CONFIG,
	  UP "> ATD>1;\n"
	     "* memory 1\n"
	     "= finish 21\n"
	     "< +CME ERROR: 21\n"
	     "> ATD>9999;\n"
	     "* memory 9999\n"
	     "= finish 21\n"
	     "< +CME ERROR: 21\n"
	     "> ATD>;\n"
	     "< +CME ERROR: 21\n"
	     "> ATD>x;\n"
	     "< +CME ERROR: 21\n"
	     "> ATD>123456;\n"
	     "< +CME ERROR: 21\n"
	     "> AT+BLDN\n"
	     "* redial\n"
	     "= finish ok\n"
	     "< OK" },
	{ "dial strings: what they may hold, and how long they may be", CONFIG,
	  UP
	  "> ATD+49(30)1;\n"
	  "< +CME ERROR: 27\n"
	  "> ATD1+2;\n"
	  "< +CME ERROR: 27\n"
	  "> ATD1;2;\n"
	  "< +CME ERROR: 27\n"
	  "> ATD;\n"
	  "< +CME ERROR: 27\n"
	  "> ATD123\n"
	  "< +CME ERROR: 4\n"
	  "> ATD\n"
	  "< +CME ERROR: 4\n"
	  "> ATD123456789012345678901234567890123456789012345678901234567890123456789012345678901;"
	  "\n"
	  "< +CME ERROR: 26\n"
	  "> ATD12345678901234567890123456789012345678901234567890123456789012345678901234567890;"
	  "\n"
	  "* dial "
	  "12345678901234567890123456789012345678901234567890123456789012345678901234567890\n"
	  "= finish ok\n"
	  "< OK\n"
	  "> ATD*31#+1;\n"
	  "< +CME ERROR: 27\n"
	  "> ATD+4930,12*#;\n"
	  "* dial +4930,12*#\n"
	  "= finish ok\n"
	  "< OK" },
	{ "nobody can dial",
	  { .can_dial = false },
	  UP "> ATD123;\n"
	     "< +CME ERROR: 30\n"
	     "> ATD>1;\n"
	     "< +CME ERROR: 30\n"
	     "> AT+BLDN\n"
	     "< +CME ERROR: 30" },
	{ "a provider that does not answer in 10 s, and its late result", CONFIG,
	  UP "> ATD123;\n"
	     "* dial 123\n"
	     "= wait 9999\n"
	     "= wait 1\n"
	     "< +CME ERROR: 31\n"
	     "> AT+BLDN\n"
	     "* redial\n"
	     "= finish ok\n"
	     "# that was the first one's\n"
	     "= finish 0\n"
	     "< +CME ERROR: 0\n"
	     "= finish ok" },
	{ "HFP/AG/TWC/BV-05-I: dialling in a call", CONFIG,
	  UP "= calls 1 active 1\n"
	     "< +CIEV: 2,1\n"
	     "> ATD2;\n"
	     "* dial 2\n"
	     "= calls 1 held 1, 2 dialing 2\n"
	     "= finish ok\n"
	     "< OK\n"
	     "< +CIEV: 4,2\n"
	     "< +CIEV: 3,2\n"
	     "= calls 1 held 1, 2 active 2 out\n"
	     "< +CIEV: 3,0\n"
	     "< +CIEV: 4,1" },

	/* ---- tones ---- */
	{ "HFP/AG/TDC/BV-01-I: one tone, several, chained", CONFIG,
	  UP "= calls 1 active 1\n"
	     "< +CIEV: 2,1\n"
	     "> AT+VTS=5\n"
	     "* dtmf 5\n"
	     "= finish ok\n"
	     "< OK\n"
	     "> AT+VTS=\"a\"\n"
	     "* dtmf A\n"
	     "= finish ok\n"
	     "< OK\n"
	     "> AT+VTS=12#\n"
	     "* dtmf 1\n"
	     "= finish ok\n"
	     "* dtmf 2\n"
	     "= finish ok\n"
	     "* dtmf #\n"
	     "= finish ok\n"
	     "< OK\n"
	     "> AT+VTS=1;+VTS=2;+VTS=#\n"
	     "* dtmf 1\n"
	     "= finish ok\n"
	     "* dtmf 2\n"
	     "= finish ok\n"
	     "* dtmf #\n"
	     "= finish ok\n"
	     "< OK\n"
	     "> AT+VTS=1;+VTS=2;+VTS=3\n"
	     "* dtmf 1\n"
	     "= finish ok\n"
	     "* dtmf 2\n"
	     "= finish 0\n"
	     "< +CME ERROR: 0\n"
	     "> AT+VTS=12\n"
	     "* dtmf 1\n"
	     "= finish 4\n"
	     "< +CME ERROR: 4\n"
	     "> AT+VTS=E\n"
	     "< +CME ERROR: 3\n"
	     "> AT+VTS=\n"
	     "< +CME ERROR: 3\n"
	     "> AT+VTS=\"\"\n"
	     "< +CME ERROR: 3\n"
	     "> AT+VTS=1,2\n"
	     "< +CME ERROR: 3\n"
	     "> AT+VTS=123456789012345678901234567890123\n"
	     "< +CME ERROR: 24" },
};

static void test_sessions_in_every_cut_of_the_bytes(void **state)
{
	ag_scripts_replay(scripts, sizeof(scripts) / sizeof(scripts[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions_in_every_cut_of_the_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
