/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The words that the fuzzer of the gateway speaks, headsets' and callers'. Inputs refer to them by
 * their place, so that after a change the corpus is to be found anew.
 */
#ifndef CALLROUTE_TESTS_FUZZ_WORDS_H
#define CALLROUTE_TESTS_FUZZ_WORDS_H

/* clang-format off */

/** Commands as headsets send them, up to their first argument where they have one. */
static const char *const commands[] = {
	"AT", "ATA", "AT+ATA", "AT+CHUP", "ATD", "ATD>", "AT+BLDN", "AT+CHLD=", "AT+CHLD=?",
	"AT+CHLD=1", "AT+CHLD=2", "AT+VTS=", "AT+CLCC", "AT+CLIP=", "AT+CCWA=", "AT+BVRA=",
	"AT+BRSF=", "AT+BRSF=1023", "AT+BAC=", "AT+BAC=1,2", "AT+BCS=", "AT+BCC", "AT+CIND=?",
	"AT+CIND?", "AT+CMER=", "AT+CMER=3,0,0,", "AT+BIND=", "AT+BIND=?", "AT+BIND?",
	"AT+BIEV=", "AT+BIEV=2,", "AT+BIA=", "AT+CMEE=", "AT+CMEE?", "AT+CMEE=?", "AT+COPS=3,",
	"AT+COPS?", "AT+CNUM", "AT+NREC=", "AT+VGS=", "AT+VGM=", "+VGS=", "+VGM=", "AT+CKPD=200",
	"AT+CKPD=", "AT+XAPL=0055-0001-0100,", "AT+IPHONEACCEV=", "AT+IPHONEACCEV=1,1,",
	"AT+APLSIRI?", "AT+APLEFM=", "AT+XEVENT=", "AT+XEVENT=BATTERY,", "AT+ANDROID=?",
	"AT+ANDROID=", "AT+ANDROID=XHSMICMUTE,", "AT+ANDROID=XHSTBATSOC,", "AT+CSR=",
	"AT+CSRSF=", "AT+CSRBATT=", "AT+CSRPWR=", "AT+CSRFN=", "AT+CSRGETSMS", "AT+%QAC=0",
	"AT+BTRH?", "AT+BINP=1", "AT+BSIR=", "OK", "ERROR", "+CME ERROR: ", "\n", ""
};

/** What may follow a command. */
static const char *const arguments[] = {
	"", "0", "1", "2", "3", "4", "5", "9", "10", "15", "16", "100", "101", "200", "255",
	"1023", "65535", "65536", "4294967295", "4294967296", "127", "1,2", "2,1", "1,1", "0,0",
	"3,0,0,1", "3,0,0,0", "0,0,0,0,0,0,0", "1,1,1,1,1,1,1", ",,,,,,", ",", "?", "=", ";",
	"5551234;", "1;", "9999;", "*#06#;", "+49123;", "\"", "\"1\"", "\"a,b\"",
	"1234567890*#ABCD", "12", "BATTERY,5,11,0,1", "XHSTBATSOH,1", "-1", " 1 ",
	"99999999999999999999", "A", "\x1a", "\xff"
};

/** Parties of calls, as providers may name them. */
static const char *const numbers[] = {
	"", "5551234", "+4930123456", "sip:100@example.org", "sip:alice@example.org",
	"tel:+1-555 12", "1\r\n2", "\"1", "1\"", "anonymous", "(030) 12.34", "*100#", "+",
	"1+2", "\x80\xff",
	"1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
};

/* clang-format on */

#endif
