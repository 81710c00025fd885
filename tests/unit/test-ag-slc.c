/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The service level connection: set-ups recorded from real peers and test bots, its state rules,
 * indicators and their masks, features. HFP 1.8 §4.2, §4.4 to §4.9, §4.31, §4.35, §4.36.
 */
#include "ag-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NARROW                   \
	{                        \
		.can_dial = true \
	}
#define WIDE                                               \
	{                                                  \
		.can_dial = true, .wide_band_speech = true \
	}

#define CIND_TEST                                                                        \
	"> AT+CIND=?\n"                                                                  \
	"< +CIND: (\"service\",(0,1)),(\"call\",(0,1)),(\"callsetup\",(0-3)),"           \
	"(\"callheld\",(0-2)),(\"signal\",(0-5)),(\"roam\",(0,1)),(\"battchg\",(0-5))\n" \
	"< OK\n"
#define CIND_READ                  \
	"> AT+CIND?\n"             \
	"< +CIND: 1,0,0,0,5,0,5\n" \
	"< OK\n"
#define CMER                  \
	"> AT+CMER=3,0,0,1\n" \
	"< OK\n"
#define CHLD                         \
	"> AT+CHLD=?\n"              \
	"< +CHLD: (0,1,1x,2,2x,3)\n" \
	"< OK\n"
#define BOT_AFTERWARDS     \
	"> AT+VGS=9\n"     \
	"* speaker 9\n"    \
	"< OK\n"           \
	"> AT+VGM=9\n"     \
	"* microphone 9\n" \
	"< OK\n"           \
	"> AT+CLIP=1\n"    \
	"< OK\n"           \
	"> AT+CCWA=1\n"    \
	"< OK\n"           \
	"> AT+CMEE=1\n"    \
	"< OK\n"

static const struct ag_script scripts[] = {
	{ "HFP/AG/SLC/BV-01-C: three-way on both sides", NARROW,
	  "> AT+BRSF=127\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CIND_READ CMER CHLD "* slc\n" BOT_AFTERWARDS },
	{ "HFP/AG/SLC/BV-03-C: the headset has no three-way", NARROW,
	  "> AT+BRSF=125\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CIND_READ CMER "* slc\n" BOT_AFTERWARDS },
	{ "HFP/AG/SLC/BV-05-I: codec negotiation on both sides", WIDE,
	  "> AT+BRSF=255\n"
	  "< +BRSF: 4069\n"
	  "< OK\n"
	  "> AT+BAC=1\n"
	  "* codecs 2\n"
	  "< OK\n" CIND_TEST CIND_READ CMER CHLD "* slc\n" BOT_AFTERWARDS },
	{ "HFP/AG/SLC/BV-09-I: indicators of the headset, one unknown", WIDE,
	  "> AT+BRSF=895\n"
	  "< +BRSF: 4069\n"
	  "< OK\n" CIND_TEST CIND_READ CMER CHLD "> AT+BIND=1,99\n"
	  "< OK\n"
	  "> AT+BIND=?\n"
	  "< +BIND: (1,2)\n"
	  "< OK\n"
	  "> AT+BIND?\n"
	  "< +BIND: 1,1\n"
	  "< +BIND: 2,1\n"
	  "* slc\n"
	  "< OK\n" BOT_AFTERWARDS },
	{ "PipeWire as hands-free", WIDE,
	  "> AT+BRSF=695\n"
	  "< +BRSF: 4069\n"
	  "< OK\n"
	  "> AT+BAC=1,3,127,2\n"
	  "* codecs 14\n"
	  "< OK\n" CIND_TEST CIND_READ CMER CHLD "* slc\n"
	  "> AT+CLIP=1\n"
	  "< OK\n"
	  "> AT+CCWA=1\n"
	  "< OK\n"
	  "> AT+CMEE=1\n"
	  "< OK\n"
	  "> AT+CLCC\n"
	  "< OK\n"
	  "> AT+VGS=15\n"
	  "* speaker 15\n"
	  "< OK\n"
	  "> AT+VGM=15\n"
	  "* microphone 15\n"
	  "< OK" },
	{ "oFono as hands-free",
	  { .can_dial = true, .wide_band_speech = true, .operator_name = "callroute" },
	  "> AT+BRSF=511\n"
	  "< +BRSF: 4069\n"
	  "< OK\n"
	  "> AT+BAC=1,2\n"
	  "* codecs 6\n"
	  "< OK\n" CIND_TEST CIND_READ CMER CHLD "> AT+BIND=1\n"
	  "< OK\n"
	  "> AT+BIND=?\n"
	  "< +BIND: (1,2)\n"
	  "< OK\n"
	  "> AT+BIND?\n"
	  "< +BIND: 1,1\n"
	  "< +BIND: 2,1\n"
	  "* slc\n"
	  "< OK\n"
	  "> AT+CMEE=1\n"
	  "< OK\n"
	  "> AT+CLIP=1\n"
	  "< OK\n"
	  "> AT+CCWA=1\n"
	  "< OK\n"
	  "> AT+XAPL=Linux-oFono-2.19,8\n"
	  "< +XAPL=iPhone,2\n"
	  "< OK\n" CIND_READ "> AT+VGS=7\n"
	  "* speaker 7\n"
	  "< OK\n"
	  "> AT+VGM=7\n"
	  "* microphone 7\n"
	  "< OK\n"
	  "> AT+CLCC\n"
	  "< OK\n" CIND_READ "> AT+COPS=3,0\n"
	  "< OK\n"
	  "> AT+COPS?\n"
	  "< +COPS: 0,0,\"callroute\"\n"
	  "< OK" },
	{ "bluetoothd as hands-free", WIDE,
	  "> AT+BRSF=551\n"
	  "< +BRSF: 4069\n"
	  "< OK\n" CIND_TEST CIND_READ CMER CHLD "* slc\n"
	  "> AT+CLCC\n"
	  "< OK" },

	/* ---- state rules ---- */
	{ "promised +BIND does not come: up after 500 ms", NARROW,
	  "> AT+BRSF=256\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CIND_READ CMER "= wait 499\n"
	  "= wait 1\n"
	  "* slc" },
	{ "promised +CHLD=? does not come: up after 2 s", NARROW,
	  "> AT+BRSF=2\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CIND_READ CMER "= wait 1999\n"
	  "= wait 1\n"
	  "* slc" },
	{ "a command from behind the set-up says that it is done", NARROW,
	  "> AT+BRSF=258\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CIND_READ CMER CHLD "> AT+CLCC\n"
	  "< OK\n"
	  "* slc" },
	{ "+BIND in another order", NARROW,
	  "> AT+BRSF=256\n"
	  "< +BRSF: 3557\n"
	  "< OK\n"
	  "> AT+BIND=?\n"
	  "< +BIND: (1,2)\n"
	  "< OK\n"
	  "> AT+BIND?\n"
	  "< +BIND: 1,1\n"
	  "< +BIND: 2,1\n"
	  "< OK\n" CIND_TEST CIND_READ CMER "* slc\n"
	  "> AT+BIND=2,1\n"
	  "< OK" },
	{ "version 1.5 claims indicators: +BIND is refused and not waited for",
	  { .version = 0x0105, .wide_band_speech = true },
	  "> AT+BRSF=895\n"
	  "< +BRSF: 485\n"
	  "< OK\n"
	  "> AT+BIND=1,2\n"
	  "< ERROR\n" CIND_TEST CIND_READ CMER CHLD "* slc" },
	{ "+BIND though the headset did not promise it, and a malformed one", NARROW,
	  "> AT+BRSF=0\n"
	  "< +BRSF: 3557\n"
	  "< OK\n"
	  "> AT+BIND=1\n"
	  "< ERROR\n"
	  "> AT+BIND=?\n"
	  "< ERROR\n"
	  "> AT+BIND?\n"
	  "< ERROR\n"
	  "> AT+BRSF=256\n"
	  "< +BRSF: 3557\n"
	  "< OK\n"
	  "> AT+BIND=1,x\n"
	  "< ERROR\n"
	  "> AT+BIND=\n"
	  "< ERROR\n"
	  "= status 1 200 0 200\n"
	  "> AT+CIND?\n"
	  "< +CIND: 1,0,0,0,5,0,5\n"
	  "< OK" },
	{ "asks +CIND=? and never +CIND?: not up, not closed", NARROW,
	  "> AT+BRSF=0\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CMER "= wait 60000\n"
	  "> AT+CLCC\n"
	  "< ERROR" },
	{ "before the set-up: one ERROR each", NARROW,
	  "> ATA\n"
	  "< ERROR\n"
	  "> AT+CHUP\n"
	  "< ERROR\n"
	  "> ATD123;\n"
	  "< ERROR\n"
	  "> AT+CLCC\n"
	  "< ERROR\n"
	  "> AT+COPS?\n"
	  "< ERROR\n"
	  "> AT+%QAC=0\n"
	  "< ERROR\n"
	  "> AT\n"
	  "< OK" },
	{ "before the set-up: what real headsets need then", NARROW,
	  "> AT+VGS=09\n"
	  "* speaker 9\n"
	  "< OK\n"
	  "> AT+VGM=15\n"
	  "* microphone 15\n"
	  "< OK\n"
	  "> AT+XAPL=05AC-1234-0100,7\n"
	  "< +XAPL=iPhone,2\n"
	  "< OK\n"
	  "> AT+CLIP=1\n"
	  "< OK\n"
	  "> AT+CCWA=1\n"
	  "< OK\n"
	  "> AT+CMEE=1\n"
	  "< OK\n"
	  "> AT+CLCC\n"
	  "< +CME ERROR: 3\n"
	  "> AT+NREC=0\n"
	  "* noise-reduction-off\n"
	  "= finish ok\n"
	  "< OK" },
	{ "a second +BRSF begins anew, with all defaults", NARROW,
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "> AT+BIA=0,0,0,0,0,0,0\n"
	  "< OK\n"
	  "> AT+BRSF=0\n"
	  "< +BRSF: 3557\n"
	  "< OK\n"
	  "> AT+CLCC\n"
	  "< ERROR\n"
	  "= status 1 3 0 5\n" CIND_TEST "> AT+CIND?\n"
	  "< +CIND: 1,0,0,0,3,0,5\n"
	  "< OK\n" CMER "* slc\n"
	  "= status 1 4 0 5\n"
	  "< +CIEV: 5,4" },
	{ "malformed set-up commands: one ERROR each", WIDE,
	  "> AT+BRSF\n"
	  "< ERROR\n"
	  "> AT+BRSF=\n"
	  "< ERROR\n"
	  "> AT+BRSF=x\n"
	  "< ERROR\n"
	  "> AT+BRSF=4294967296\n"
	  "< ERROR\n"
	  "> AT+BRSF=1,2\n"
	  "< ERROR\n"
	  "> AT+BAC\n"
	  "< ERROR\n"
	  "> AT+BAC=\n"
	  "< ERROR\n"
	  "> AT+BAC=1,x\n"
	  "< ERROR\n"
	  "> AT+CIND\n"
	  "< ERROR\n"
	  "> AT+CIND=1\n"
	  "< ERROR\n"
	  "> AT+CMER=0,0,0,1\n"
	  "< ERROR\n"
	  "> AT+CMER=3,1,0,1\n"
	  "< ERROR\n"
	  "> AT+CMER=3,0,0,2\n"
	  "< ERROR\n"
	  "> AT+CMER=3,0,0,1,0\n"
	  "< ERROR\n"
	  "> AT+CMER=\n"
	  "< ERROR" },

	/* ---- reports ---- */
	{ "reports only after +CMER, only of changes, off again", NARROW,
	  "> AT+BRSF=0\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CIND_READ "= status 1 4 0 5\n"
	  "> AT+CMER=3, 0, 0, 1\n"
	  "< OK\n"
	  "* slc\n"
	  "< +CIEV: 5,4\n"
	  "= status 1 4 0 5\n"
	  "= status 0 0 1 2\n"
	  "< +CIEV: 1,0\n"
	  "< +CIEV: 5,0\n"
	  "< +CIEV: 6,1\n"
	  "< +CIEV: 7,2\n"
	  "> AT+CMER=3,0,0,0\n"
	  "< OK\n"
	  "= status 1 5 0 5\n"
	  "> AT+CMER=3,0,0,1\n"
	  "< OK\n"
	  "< +CIEV: 1,1\n"
	  "< +CIEV: 5,5\n"
	  "< +CIEV: 6,0\n"
	  "< +CIEV: 7,5\n"
	  "> AT+CMER=3,0,0\n"
	  "< OK\n"
	  "> AT+CMER=3\n"
	  "< OK\n"
	  "= status 0 0 0 0" },
	{ "HFP/AG/IIA, IID: masks, but never of calls", NARROW,
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "> AT+BIA=0,0,0,0,0,0,0\n"
	  "< OK\n"
	  "= status 0 0 1 0\n"
	  "= calls 1 active 123\n"
	  "< +CIEV: 2,1\n"
	  "= calls 1 held 123\n"
	  "< +CIEV: 4,2\n"
	  "= calls\n"
	  "< +CIEV: 2,0\n"
	  "< +CIEV: 4,0\n"
	  "= calls 1 dialing 123\n"
	  "< +CIEV: 3,2\n"
	  "> AT+BIA=1,,,,,,1\n"
	  "< OK\n"
	  "< +CIEV: 1,0\n"
	  "< +CIEV: 7,0\n"
	  "= status 1 5 0 5\n"
	  "< +CIEV: 1,1\n"
	  "< +CIEV: 7,5\n"
	  "> AT+BIA=0\n"
	  "< OK\n"
	  "= status 0 5 0 4\n"
	  "< +CIEV: 7,4\n"
	  "> AT+BIA=,,,,1,1,1,1,1,1,1,1\n"
	  "< OK\n"
	  "= status 0 4 0 4\n"
	  "< +CIEV: 5,4\n"
	  "> AT+BIA=2\n"
	  "< +CME ERROR: 0\n"
	  "> AT+BIA=0,0,0,0,0,0,x\n"
	  "< +CME ERROR: 0\n"
	  "> AT+BIA=10\n"
	  "< +CME ERROR: 0\n"
	  "= status 0 5 0 5\n"
	  "< +CIEV: 5,5\n"
	  "< +CIEV: 7,5" },

	/* ---- the rest of §4 that is not calls ---- */
	{ "HFP/AG/HFI: indicators of the headset", NARROW,
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "> AT+BIEV=2,0\n"
	  "* battery 0\n"
	  "< OK\n"
	  "> AT+BIEV=1,1\n"
	  "< OK\n"
	  "= wait 0\n"
	  "> AT+BIEV=2,100\n"
	  "* battery 100\n"
	  "< OK\n"
	  "> AT+BIEV=2,101\n"
	  "< +CME ERROR: 0\n"
	  "> AT+BIEV=1,2\n"
	  "< +CME ERROR: 0\n"
	  "> AT+BIEV=99,1\n"
	  "< +CME ERROR: 0\n"
	  "> AT+BIEV=2\n"
	  "< +CME ERROR: 0\n"
	  "> AT+BIEV=2,50,1\n"
	  "< +CME ERROR: 0" },
	{ "HFP/AG/NUM/BV-01-I: the own number, of five items",
	  { .own_number = "tel:+1 (555) 123-4567" },
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "> AT+CNUM\n"
	  "< +CNUM: ,\"+15551234567\",145,,4\n"
	  "< OK\n"
	  "> AT+CNUM?\n"
	  "< +CME ERROR: 4\n"
	  "> AT+CNUM=1\n"
	  "< +CME ERROR: 4" },
	{ "an own number that is no number is none",
	  { .own_number = "sip:ann@example.org" },
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "> AT+CNUM\n"
	  "< OK" },
	{ "without a network there is no operator",
	  { .operator_name = "callroute" },
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "= status 0 0 0 5\n"
	  "< +CIEV: 1,0\n"
	  "< +CIEV: 5,0\n"
	  "> AT+COPS?\n"
	  "< +CME ERROR: 30\n"
	  "= status 1 3 1 5\n"
	  "< +CIEV: 1,1\n"
	  "< +CIEV: 5,3\n"
	  "< +CIEV: 6,1\n"
	  "> AT+COPS?\n"
	  "< +COPS: 0,0,\"callroute\"\n"
	  "< OK" },
	{ "HFP/AG/PSI/BV-04-I: the operator, and nothing else of +COPS",
	  { .operator_name = "A \"name\" of\r more than sixteen" },
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "> AT+COPS?\n"
	  "< +COPS: 0,0,\"A name of more t\"\n"
	  "< OK\n"
	  "> AT+COPS=3,0\n"
	  "< OK\n"
	  "> AT+COPS=3,1\n"
	  "< +CME ERROR: 0\n"
	  "> AT+COPS=0\n"
	  "< +CME ERROR: 0\n"
	  "> AT+COPS=?\n"
	  "< +CME ERROR: 4" },
	{ "HFP/AG/NUM/BV-01-I without a number; no operator", NARROW,
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "> AT+CNUM\n"
	  "< OK\n"
	  "> AT+COPS?\n"
	  "< +COPS: 0\n"
	  "< OK" },
	{ "+CMEE in all its forms", NARROW,
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "> AT+CMEE?\n"
	  "< +CMEE: 1\n"
	  "< OK\n"
	  "> AT+CMEE=?\n"
	  "< +CMEE: (0,1)\n"
	  "< OK\n"
	  "> AT+CMEE=2\n"
	  "< +CME ERROR: 0\n"
	  "> AT+NONSENSE\n"
	  "< +CME ERROR: 4\n"
	  "> AT+CMEE=0\n"
	  "< OK\n"
	  "> AT+NONSENSE\n"
	  "< ERROR" },
	{ "HFP/AG/RSV, RMV: gains both ways, never an echo", NARROW,
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "= speaker 9\n"
	  "= speaker 10\n"
	  "< +VGS: 10\n"
	  "= microphone 99\n"
	  "< +VGM: 15\n"
	  "> AT+VGS=15\n"
	  "* speaker 15\n"
	  "< OK\n"
	  "= speaker 15\n"
	  "> AT+VGS=16\n"
	  "< +CME ERROR: 3\n"
	  "> AT+VGM=-1\n"
	  "< +CME ERROR: 3\n"
	  "> AT+VGM\n"
	  "< +CME ERROR: 4\n"
	  "> AT+VGM=\n"
	  "< +CME ERROR: 3" },
	{ "gains are told once the set-up is done, and only to whom has a control", NARROW,
	  "= speaker 4\n"
	  "> AT+BRSF=16\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CIND_READ CMER "* slc\n"
	  "< +VGS: 4\n"
	  "= wait 0\n"
	  "> AT+BRSF=0\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CIND_READ CMER "* slc\n"
	  "= microphone 4\n"
	  "> AT+VGM=5\n"
	  "* microphone 5\n"
	  "< OK\n"
	  "= microphone 6\n"
	  "< +VGM: 6" },
	{ "HFP/AG/ENO: noise reduction is switched off once", NARROW,
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "> AT+NREC=0\n"
	  "* noise-reduction-off\n"
	  "= finish 4\n"
	  "< +CME ERROR: 4\n"
	  "> AT+NREC=0\n"
	  "* noise-reduction-off\n"
	  "= finish ok\n"
	  "< OK\n"
	  "> AT+NREC=0\n"
	  "< OK\n"
	  "> AT+NREC=1\n"
	  "< +CME ERROR: 0" },
	{ "HFP/AG/VRA, VRD: voice recognition", NARROW,
	  "> AT+BRSF=8\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CIND_READ CMER "* slc\n"
	  "> AT+CMEE=1\n"
	  "< OK\n"
	  "> AT+BVRA=0\n"
	  "< +CME ERROR: 3\n"
	  "> AT+BVRA=1\n"
	  "* voice 1\n"
	  "= finish 4\n"
	  "< +CME ERROR: 4\n"
	  "> AT+BVRA=1\n"
	  "* voice 1\n"
	  "= finish ok\n"
	  "< OK\n"
	  "> AT+BVRA=1\n"
	  "< +CME ERROR: 3\n"
	  "= voice 0\n"
	  "< +BVRA: 0\n"
	  "= voice 1\n"
	  "< +BVRA: 1\n"
	  "> AT+BVRA=0\n"
	  "* voice 0\n"
	  "= finish ok\n"
	  "< OK\n"
	  "= voice 0\n"
	  "> AT+BVRA=2\n"
	  "< +CME ERROR: 4\n"
	  "> AT+BVRA=x\n"
	  "< +CME ERROR: 0\n"
	  "= calls 1 active\n"
	  "< +CIEV: 2,1\n"
	  "> AT+BVRA=1\n"
	  "< +CME ERROR: 3" },
	{ "a unit that uses voice recognition without having promised it is told of its end",
	  NARROW,
	  "> AT+BRSF=0\n"
	  "< +BRSF: 3557\n"
	  "< OK\n" CIND_TEST CIND_READ CMER "* slc\n"
	  "= voice 1\n"
	  "= voice 0\n"
	  "> AT+BVRA=1\n"
	  "* voice 1\n"
	  "= finish ok\n"
	  "< OK\n"
	  "= voice 0\n"
	  "< +BVRA: 0" },
	{ "in-band ring changes while connected",
	  { .in_band_ring = true },
	  "> AT+BRSF=0\n"
	  "< +BRSF: 3565\n"
	  "< OK\n" CIND_TEST CIND_READ CMER "* slc\n"
	  "= in-band 1\n"
	  "= in-band 0\n"
	  "< +BSIR: 0\n"
	  "= in-band 1\n"
	  "< +BSIR: 1" },
	{ "what nobody provides is neither promised nor taken", NARROW,
	  "> AT+BRSF=127\n"
	  "< +BRSF: 3553\n"
	  "< OK\n" CIND_TEST CIND_READ CMER "> AT+CHLD=?\n"
	  "< +CHLD: (0,1,1x,2,2x)\n"
	  "< OK\n"
	  "* slc\n"
	  "> AT+CMEE=1\n"
	  "< OK\n"
	  "> AT+BVRA=1\n"
	  "< +CME ERROR: 4\n"
	  "> AT+CHLD=3\n"
	  "< +CME ERROR: 4",
	  .plain = true },
	{ "response and hold, voice tags, phone books: refused once", NARROW,
	  "= run HFP/AG/SLC/BV-01-C: three-way on both sides\n"
	  "> AT+BTRH?\n"
	  "< +CME ERROR: 4\n"
	  "> AT+BTRH=0\n"
	  "< +CME ERROR: 4\n"
	  "> AT+BINP=1\n"
	  "< +CME ERROR: 4\n"
	  "> AT+CPBR=?\n"
	  "< +CME ERROR: 4\n"
	  "> AT+CSCS=\"UTF-8\"\n"
	  "< +CME ERROR: 4\n"
	  "> AT+CGMI\n"
	  "< +CME ERROR: 4\n"
	  "> AT+CKPD=200\n"
	  "< +CME ERROR: 4\n"
	  "> ATZ\n"
	  "< +CME ERROR: 4" },
};

static void test_sessions_in_every_cut_of_the_bytes(void **state)
{
	ag_scripts_replay(scripts, sizeof(scripts) / sizeof(scripts[0]));
}

static void test_record_and_brsf_promise_the_same(void **state)
{
	const struct ag_config all = { .wide_band_speech = true,
				       .in_band_ring = true,
				       .noise_reduction = true,
				       .voice_recognition = true };
	const struct ag_config none = { 0 };
	const struct ag_config old_peer = { .version = 0x0105, .wide_band_speech = true };

	/* three-way, noise reduction, voice recognition, in-band ring; wide band is bit 5 here */
	assert_int_equal(ag_sdp_features(&all), 0x2f);
	assert_int_equal(ag_sdp_features(&none), 0x01);
	assert_int_equal(ag_sdp_features(&old_peer), 0x21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions_in_every_cut_of_the_bytes),
		cmocka_unit_test(test_record_and_brsf_promise_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
