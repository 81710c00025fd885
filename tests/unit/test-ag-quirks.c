/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Headsets that do not do as they say: each row of the table is found and says where it comes from,
 * and each quirk does what it is for and nothing to others.
 */
#include "ag-script.h"

#include "daemon/hfp/quirks.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SETUP(brsf, answer)          \
	"> AT+BRSF=" brsf "\n"       \
	"< +BRSF: " answer "\n"      \
	"< OK\n"                     \
	"> AT+CIND?\n"               \
	"< +CIND: 1,0,0,0,5,0,5\n"   \
	"< OK\n"                     \
	"> AT+CMER=3,0,0,1\n"        \
	"< OK\n"                     \
	"> AT+CHLD=?\n"              \
	"< +CHLD: (0,1,1x,2,2x,3)\n" \
	"< OK\n"
#define WAITS                                \
	"> AT+CCWA=1\n"                      \
	"< OK\n"                             \
	"= calls 1 active 1\n"               \
	"< +CIEV: 2,1\n"                     \
	"= calls 1 active 1, 2 incoming 2\n" \
	"< +CCWA: \"2\",129\n"               \
	"< +CIEV: 3,1\n"

static const struct ag_script scripts[] = {
	{ "no-codecs: negotiation is not promised, and CVSD is settled without an offer",
	  { .wide_band_speech = true, .quirks = QUIRK_NO_CODECS },
	  SETUP("130", "3557") "* slc\n"
			       "= codec 2\n"
			       "* codec 1" },
	{ "without it, it is promised and offered",
	  { .wide_band_speech = true },
	  "> AT+BRSF=130\n"
	  "< +BRSF: 4069\n"
	  "< OK\n"
	  "> AT+BAC=1,2\n"
	  "< OK\n"
	  "* codecs 6\n"
	  "> AT+CIND?\n"
	  "< +CIND: 1,0,0,0,5,0,5\n"
	  "< OK\n"
	  "> AT+CMER=3,0,0,1\n"
	  "< OK\n"
	  "> AT+CHLD=?\n"
	  "< +CHLD: (0,1,1x,2,2x,3)\n"
	  "< OK\n"
	  "* slc\n"
	  "= codec 2\n"
	  "< +BCS: 2" },
	{ "no-indicators: they are not promised, and the set-up does not wait for them",
	  { .quirks = QUIRK_NO_INDICATORS },
	  SETUP("258", "2533") "* slc\n"
			       "> AT+BIND?\n"
			       "< ERROR" },
	{ "no-speaker-gain: neither sent nor taken",
	  { .quirks = QUIRK_NO_SPEAKER_GAIN },
	  SETUP("18", "3557") "* slc\n"
			      "= speaker 9\n"
			      "= microphone 9\n"
			      "< +VGM: 9\n"
			      "> AT+VGS=3\n"
			      "< OK\n"
			      "> AT+VGS=16\n"
			      "< ERROR\n"
			      "> AT+VGM=3\n"
			      "* microphone 3\n"
			      "< OK" },
	{ "no-microphone-gain: neither sent nor taken",
	  { .quirks = QUIRK_NO_MICROPHONE_GAIN },
	  SETUP("18", "3557") "* slc\n"
			      "= speaker 9\n"
			      "< +VGS: 9\n"
			      "= microphone 9\n"
			      "> AT+VGM=3\n"
			      "< OK\n"
			      "> AT+VGS=3\n"
			      "* speaker 3\n"
			      "< OK" },
	{ "setup-again: the call that waited is told again, a little later, with its RING",
	  { .quirks = QUIRK_SETUP_AGAIN },
	  SETUP("2", "3557") "* slc\n" WAITS "= calls 2 incoming 2\n"
			     "< +CIEV: 2,0\n"
			     "= wait 499\n"
			     "= wait 1\n"
			     "< +CIEV: 3,1\n"
			     "< RING\n"
			     "= wait 3000\n"
			     "< RING\n"
			     "= calls 2 active 2\n"
			     "< +CIEV: 2,1\n"
			     "< +CIEV: 3,0" },
	{ "setup-again: a call that only rings is told once",
	  { .quirks = QUIRK_SETUP_AGAIN },
	  SETUP("2", "3557") "* slc\n"
			     "= calls 2 incoming 2\n"
			     "< +CIEV: 3,1\n"
			     "< RING\n"
			     "= calls\n"
			     "< +CIEV: 3,0" },
	{ "setup-again: both end, and nothing comes later",
	  { .quirks = QUIRK_SETUP_AGAIN },
	  SETUP("2", "3557") "* slc\n" WAITS "= calls 2 incoming 2\n"
			     "< +CIEV: 2,0\n"
			     "= calls\n"
			     "< +CIEV: 3,0\n"
			     "= wait 5000\n"
			     "= calls 3 incoming 3\n"
			     "< +CIEV: 3,1\n"
			     "< RING" },
	{ "without it, the call that waited rings at once, and is not told again",
	  { 0 },
	  SETUP("2", "3557") "* slc\n" WAITS "= calls 2 incoming 2\n"
			     "< +CIEV: 2,0\n"
			     "< RING" },
};

static void test_quirks_do_what_they_are_for(void **state)
{
	ag_scripts_replay(scripts, sizeof(scripts) / sizeof(scripts[0]));
}

/* The whole address that a row's prefix begins. */
static void complete(const char *prefix, char *ret)
{
	strcpy(ret, "10:20:30:40:50:60");
	if (prefix)
		memcpy(ret, prefix, strlen(prefix));
}

static void test_each_row_is_found_and_has_a_source(void **state)
{
	const struct quirk_row *rows;
	char address[18];
	size_t n;

	rows = quirk_rows(&n);
	assert_true(n > 30);
	for (size_t i = 0; i < n; i++) {
		const struct quirk_row *row = &rows[i];
		unsigned int found;

		assert_true(row->name || row->address);
		assert_true(row->quirks);
		assert_non_null(strstr(row->source, ": "));
		complete(row->address, address);
		found = quirks_of(row->name ? row->name : "Some other", address);
		if ((found & row->quirks) != row->quirks)
			fail_msg("%s is not found", row->source);
		for (char *c = address; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		assert_int_equal(quirks_of(row->name ? row->name : "Some other", address), found);
		if (row->name && row->address)
			assert_int_equal(quirks_of(row->name, "10:20:30:40:50:60"), 0);
		if (!row->name)
			assert_int_equal(quirks_of(NULL, address), found);
		/* whole octets, in capitals */
		assert_true(!row->address || strlen(row->address) % 3 == 2);
		for (const char *c = row->address; c && *c; c++)
			assert_true(*c == ':' || isdigit((unsigned char)*c) ||
				    (*c >= 'A' && *c <= 'F'));
	}
}

static void test_others_have_no_quirks(void **state)
{
	assert_int_equal(quirks_of("Headset", "AA:BB:CC:DD:EE:FF"), 0);
	assert_int_equal(quirks_of(NULL, "AA:BB:CC:DD:EE:FF"), 0);
	assert_int_equal(quirks_of("Air 1 Plus+", "AA:BB:CC:DD:EE:FF"), 0);
	assert_int_equal(quirks_of("Headset", "08:8A:00:DD:EE:FF"), 0);
}

static void test_names_of_quirks_are_parsed_whole(void **state)
{
	unsigned int quirks = 77;

	assert_int_equal(quirks_from_string("no-codecs", &quirks), 0);
	assert_int_equal(quirks, QUIRK_NO_CODECS);
	assert_int_equal(quirks_from_string("no-indicators, setup-again", &quirks), 0);
	assert_int_equal(quirks, QUIRK_NO_INDICATORS | QUIRK_SETUP_AGAIN);
	assert_int_equal(quirks_from_string("no-speaker-gain\tno-microphone-gain", &quirks), 0);
	assert_int_equal(quirks, QUIRK_NO_SPEAKER_GAIN | QUIRK_NO_MICROPHONE_GAIN);
	assert_int_equal(quirks_from_string("drops-once pause", &quirks), 0);
	assert_int_equal(quirks, QUIRK_DROPS_ONCE | QUIRK_PAUSE);
	assert_int_equal(quirks_from_string("none", &quirks), 0);
	assert_int_equal(quirks, 0);
	quirks = 77;
	assert_int_equal(quirks_from_string("", &quirks), -EINVAL);
	assert_int_equal(quirks_from_string("none, no-codecs", &quirks), -EINVAL);
	assert_int_equal(quirks_from_string("no-codec", &quirks), -EINVAL);
	assert_int_equal(quirks_from_string("no-codecss", &quirks), -EINVAL);
	assert_int_equal(quirks, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quirks_do_what_they_are_for),
		cmocka_unit_test(test_each_row_is_found_and_has_a_source),
		cmocka_unit_test(test_others_have_no_quirks),
		cmocka_unit_test(test_names_of_quirks_are_parsed_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
