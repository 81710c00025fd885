/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Commands of vendors, and their malformed variants as seen from real devices.
 */
#include "ag-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HFP                       \
	{                         \
		.profile = AG_HFP \
	}

static const struct ag_script scripts[] = {
	{ "Apple", HFP,
	  "> AT+XAPL=05AC-1234-0100,7\n"
	  "< +XAPL=iPhone,2\n"
	  "< OK\n"
	  "> AT+XAPL=1A-2B-3C,2\n"
	  "< +XAPL=iPhone,2\n"
	  "< OK\n"
	  "> AT+XAPL=not hex at all,31\n"
	  "< +XAPL=iPhone,2\n"
	  "< OK\n"
	  "> AT+XAPL=05AC-1234-0100\n"
	  "< ERROR\n"
	  "> AT+XAPL=,2\n"
	  "< ERROR\n"
	  "> AT+XAPL=a,b\n"
	  "< ERROR\n"
	  "> AT+XAPL\n"
	  "< ERROR\n"
	  "> AT+IPHONEACCEV=1,1,4\n"
	  "* battery 50\n"
	  "< OK\n"
	  "= wait 0\n"
	  "> AT+IPHONEACCEV=2,1,9,2,0\n"
	  "* battery 100\n"
	  "< OK\n"
	  "= wait 0\n"
	  "> AT+IPHONEACCEV = 2, 2, 1, 1, 0\n"
	  "* battery 10\n"
	  "< OK\n"
	  "= wait 0\n"
	  "> AT+IPHONEACCEV=1,2,1\n"
	  "< OK\n"
	  "> AT+IPHONEACCEV=1,77,1\n"
	  "< OK\n"
	  "> AT+IPHONEACCEV=1,1,10\n"
	  "< ERROR\n"
	  "> AT+IPHONEACCEV=2,1,5\n"
	  "< ERROR\n"
	  "> AT+IPHONEACCEV=1,1,5,2,0\n"
	  "< ERROR\n"
	  "> AT+IPHONEACCEV=0\n"
	  "< ERROR\n"
	  "> AT+IPHONEACCEV=101,1,5\n"
	  "< ERROR\n"
	  "> AT+IPHONEACCEV=\n"
	  "< ERROR\n"
	  "> AT+APLSIRI?\n"
	  "< +APLSIRI: 0\n"
	  "< OK\n"
	  "> AT+APLEFM=1\n"
	  "< OK" },
	{ "Plantronics", HFP,
	  "> AT+XEVENT=USER-AGENT,COM.PLANTRONICS,PLT_VoyagerPro,0x0103,3\n"
	  "< OK\n"
	  "> AT+XEVENT=BATTERY,5,11,461,0\n"
	  "* battery 50\n"
	  "< OK\n"
	  "= wait 0\n"
	  "> AT+XEVENT=\"BATTERY\",10,11,461,0\n"
	  "* battery 100\n"
	  "< OK\n"
	  "= wait 0\n"
	  "> AT+XEVENT=BATTERY,10\n"
	  "* battery 100\n"
	  "< OK\n"
	  "= wait 0\n"
	  "> AT+XEVENT=BATTERY,0\n"
	  "* battery 9\n"
	  "< OK\n"
	  "> AT+XEVENT=BATTERY,11\n"
	  "< ERROR\n"
	  "> AT+XEVENT=BATTERY\n"
	  "< ERROR\n"
	  "> AT+XEVENT=BATTERY,1,0\n"
	  "< ERROR\n"
	  "> AT+XEVENT=BATTERY,1,1\n"
	  "< ERROR\n"
	  "> AT+XEVENT=BATTERY,12,11,1,0\n"
	  "< ERROR\n"
	  "> AT+XEVENT=BATTERY,x,11\n"
	  "< ERROR\n"
	  "> AT+XEVENT=DON,3\n"
	  "< OK" },
	{ "Android, Zebra HS3100", HFP,
	  "> AT+ANDROID=?\n"
	  "< +ANDROID: XHSTBATSOC,XHSTBATSOH,XHSMICMUTE\n"
	  "< OK\n"
	  "> AT+ANDROID=XHSTBATSOC,87,SERIAL,20190101\n"
	  "* battery 87\n"
	  "< OK\n"
	  "> AT+ANDROID=XHSTBATSOH,99\n"
	  "< OK\n"
	  "> AT+ANDROID=XHSMICMUTE,1\n"
	  "* mute 1\n"
	  "< OK\n"
	  "= wait 0\n"
	  "> AT+ANDROID=XHSMICMUTE,0\n"
	  "* mute 0\n"
	  "< OK\n"
	  "> AT+ANDROID=XHSMICMUTE,2\n"
	  "< ERROR\n"
	  "> AT+ANDROID=XHSMICMUTE\n"
	  "< ERROR\n"
	  "> AT+ANDROID=XHSTBATSOC,101\n"
	  "< ERROR\n"
	  "> AT+ANDROID=SOMETHING,1\n"
	  "< ERROR\n"
	  "> AT+ANDROID=\n"
	  "< ERROR" },
	{ "CSR", HFP,
	  "> AT+CSR=0\n"
	  "< OK\n"
	  "> AT+CSRSF=0,0,0,1,1,7,1\n"
	  "< +CSRSF: 0,0,0,1,0,0,0\n"
	  "< OK\n"
	  "> AT+CSRSF=0,0,0,0,0,7\n"
	  "< +CSRSF: 0,0,0,1,0,0,0\n"
	  "< OK\n"
	  "> AT+CSRSF=a\n"
	  "< ERROR\n"
	  "> AT+CSRBATT=9\n"
	  "* battery 100\n"
	  "< OK\n"
	  "> AT+CSRBATT=10\n"
	  "< ERROR\n"
	  "> AT+CSRPWR=1\n"
	  "< OK\n"
	  "> AT+CSRGETSMS=1\n"
	  "< ERROR" },
	{ "Qualcomm: one ERROR and no more", HFP,
	  "> AT+%QAC=0,1,2\n"
	  "< ERROR\n"
	  "> AT+%QCS=0\n"
	  "< ERROR" },
	{ "HSP headsets send them too",
	  { .profile = AG_HSP },
	  "* slc\n"
	  "= wait 0\n"
	  "> AT+XAPL=1A-2B-3C,2\n"
	  "< +XAPL=iPhone,2\n"
	  "< OK\n"
	  "> AT+IPHONEACCEV=1,1,4\n"
	  "* battery 50\n"
	  "< OK\n"
	  "> AT+CSRSF=0,0,0,1,1,7,1\n"
	  "< +CSRSF: 0,0,0,1,0,0,0\n"
	  "< OK" },
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
