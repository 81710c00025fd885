/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The headset profile: one button, two gains, RING, and an ERROR for the rest. HSP 1.2 §4.
 */
#include "ag-script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HSP                       \
	{                         \
		.profile = AG_HSP \
	}
#define HSP_IN_BAND                                     \
	{                                               \
		.profile = AG_HSP, .in_band_ring = true \
	}

static const struct ag_script scripts[] = {
	{ "the channel is the connection", HSP,
	  "* slc\n"
	  "= wait 60000" },
	{ "the button is told, whatever the calls are", HSP,
	  "* slc\n"
	  "= wait 0\n"
	  "> AT+CKPD=200\n"
	  "* button\n"
	  "< OK\n"
	  "> AT+CKPD=200\n"
	  "* button\n"
	  "< OK\n"
	  "= calls 1 incoming 555\n"
	  "< RING\n"
	  "> AT+CKPD=200\n"
	  "* button\n"
	  "< OK\n"
	  "= calls 1 active 555\n"
	  "> AT+CKPD=200\n"
	  "* button\n"
	  "< OK\n"
	  "> AT+CKPD=201\n"
	  "< ERROR\n"
	  "> AT+CKPD=\n"
	  "< ERROR\n"
	  "> AT+CKPD\n"
	  "< ERROR\n"
	  "> AT+CKPD=200,1\n"
	  "< ERROR" },
	{ "RING without a number, every 3 s, and not beside a tone in the sound link", HSP_IN_BAND,
	  "* slc\n"
	  "= calls 1 incoming 555\n"
	  "< RING\n"
	  "= wait 3000\n"
	  "< RING\n"
	  "= audio 1\n"
	  "= wait 3000\n"
	  "= audio 0\n"
	  "= wait 3000\n"
	  "< RING\n"
	  "= calls\n"
	  "= wait 60000" },
	{ "no indicators and no waiting calls", HSP,
	  "* slc\n"
	  "= calls 1 active 555\n"
	  "= calls 1 active 555, 2 incoming 666\n"
	  "= calls 1 held 555, 2 active 666\n"
	  "= status 0 0 1 0\n"
	  "= in-band 1\n"
	  "= voice 1" },
	{ "gains, with an equals sign towards the headset, with and without AT from it", HSP,
	  "* slc\n"
	  "= speaker 5\n"
	  "< +VGS=5\n"
	  "= microphone 7\n"
	  "< +VGM=7\n"
	  "> AT+VGS=9\n"
	  "* speaker 9\n"
	  "< OK\n"
	  "= speaker 9\n"
	  "> +VGM=3\n"
	  "* microphone 3\n"
	  "< OK\n"
	  "> +VGS= 04\n"
	  "* speaker 4\n"
	  "< OK\n"
	  "> +VGS=16\n"
	  "< ERROR\n"
	  "> AT+VGM=16\n"
	  "< ERROR" },
	{ "stray results are not answered", HSP,
	  "* slc\n"
	  "= wait 0\n"
	  "> ERROR\n"
	  "> OK\n"
	  "> +CME ERROR: 3" },
	{ "everything else: one ERROR", HSP,
	  "* slc\n"
	  "= calls 1 incoming 1\n"
	  "< RING\n"
	  "> ATA\n"
	  "< ERROR\n"
	  "> AT+CHUP\n"
	  "< ERROR\n"
	  "> AT+BRSF=127\n"
	  "< ERROR\n"
	  "> AT+CIND?\n"
	  "< ERROR\n"
	  "> AT+CMEE=1\n"
	  "< ERROR\n"
	  "> +CKPD=200\n"
	  "< ERROR\n"
	  "> hello\n"
	  "< ERROR" },
	{ "the codec is CVSD", HSP,
	  "* slc\n"
	  "= codec 2\n"
	  "* codec 1" },
};

static void test_sessions_in_every_cut_of_the_bytes(void **state)
{
	ag_scripts_replay(scripts, sizeof(scripts) / sizeof(scripts[0]));
}

static void test_a_headset_is_ready_at_once(void **state)
{
	const struct ag_config config = HSP;
	struct ag *ag = ag_new(&config, 5);

	assert_true(ag_slc_up(ag));
	assert_int_equal(ag_codecs(ag), 1 << AG_CODEC_CVSD);
	assert_true(ag_deadline(ag) == UINT64_MAX);
	ag_free(ag);
}

static void test_somebody_else_may_ring_once(void **state)
{
	const struct ag_config hsp = { .profile = AG_HSP }, hfp = { .profile = AG_HFP };
	const struct ag_call call = { .id = 1, .state = AG_CALL_INCOMING, .incoming = true };
	struct ag *ag = ag_new(&hsp, 0);

	ag_ring_once(ag);
	assert_string_equal(ag_script_take(ag), "RING");
	ag_set_calls(ag, &call, 1, 0);
	assert_string_equal(ag_script_take(ag), "RING");
	ag_ring_once(ag); /* it rings by itself */
	assert_string_equal(ag_script_take(ag), "");
	ag_free(ag);
	ag = ag_new(&hfp, 0);
	ag_ring_once(ag);
	assert_string_equal(ag_script_take(ag), "");
	ag_free(ag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_somebody_else_may_ring_once),
		cmocka_unit_test(test_sessions_in_every_cut_of_the_bytes),
		cmocka_unit_test(test_a_headset_is_ready_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
