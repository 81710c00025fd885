/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What callroute.conf says of devices, in force in a whole daemon.
 */
#include "phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

#define REFUSED "AA:BB:CC:00:00:01"
#define SHY "AA:BB:CC:00:00:02"
#define BOX "AA:BB:CC:00:00:03"
#define DROPPER "AA:BB:CC:00:00:04"
#define RADIO "AA:BB:CC:00:00:05"
#define TONE "AA:BB:CC:00:00:06"
#define LIMIT_MS 10000

static const char configuration[] =
	"devices = [\n"
	"  { match = { device.name = \"~^Refused\" } enabled = false }\n"
	"  { match = { device.address = \"" SHY "\" } auto-route = false }\n"
	"  { match = { device.name = Box } kind = speaker quirks = no-speaker-gain }\n"
	"  { match = { device.name = Dropper } quirks = drops-once }\n"
	"  { match = { device.name = Radio } quirks = pause }\n"
	"  { match = { device.name = Tone } in-band-ring = true mute-by-gain = true }\n"
	"]\n"
	"memory = { 1 = 5551234 }\n";

struct fixture {
	struct rig *rig;
	struct phone *phone;
};

static int write_configuration(const struct rig *rig)
{
	return rig_write_file(rig, "home/.config/callroute", "callroute.conf", "%s", configuration);
}

static int add_headset(struct rig *rig, const char *address, const char *name)
{
	return rig_headset_add(rig,
			       &(struct stand_in_device){ .address = address,
							  .name = name,
							  .kind = DEVICE_HEADSET,
							  .handsfree = true,
							  .a2dp = true },
			       NULL);
}

static int start(void **state)
{
	static struct fixture f;

	if (rig_new(&(struct rig_options){ .without_daemon = true }, &f.rig) < 0)
		return -1;
	*state = &f;
	if (write_configuration(f.rig) < 0 || rig_daemon_start(f.rig) < 0 ||
	    phone_new(f.rig, &f.phone) < 0 || add_headset(f.rig, REFUSED, "Refused 1") < 0 ||
	    add_headset(f.rig, SHY, "Shy") < 0 || add_headset(f.rig, BOX, "Box") < 0 ||
	    add_headset(f.rig, DROPPER, "Dropper") < 0 || add_headset(f.rig, RADIO, "Radio") < 0 ||
	    add_headset(f.rig, TONE, "Tone") < 0) {
		rig_dump(f.rig);
		return -1;
	}
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

static const struct phone_call_options unmanaged = { .active = true, .silent = true };

static void test_a_refused_headset_gets_no_channel_and_is_no_route(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	expect(stand_in_connect(rig_stand_in(rig), REFUSED) == 0);
	expect(rig_wait(rig, LIMIT_MS, view_profile(rig_view(rig), REFUSED)[0]));
	assert_null(phone_call(f->phone, &unmanaged, &call));
	assert_string_equal(phone_set_route(f->phone, "headset:" REFUSED),
			    "org.callroute.Error.NoSuchRoute");
	assert_false(headset_slc_up(rig_headset(rig, REFUSED)));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "V6")));
	assert_null(phone_ask(f->phone, call, "Hangup"));
	rig_headset_disconnect(rig, REFUSED);
}

static void test_x1_a_headset_without_auto_route_takes_no_call_by_itself(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	assert_null(phone_call(f->phone, &unmanaged, &call));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "V6")));
	expect(rig_headset_connect(rig, SHY) == 0);
	assert_string_equal(phone_why(f->phone, "Decided"), "handset");
	assert_null(phone_set_route(f->phone, "headset:" SHY));
	assert_null(phone_ask(f->phone, call, "Hangup"));
	rig_headset_disconnect(rig, SHY);
}

static void test_s1_a_device_is_of_the_kind_that_it_is_configured_to_be(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	expect(rig_headset_connect(rig, BOX) == 0);
	assert_null(phone_call(f->phone, &unmanaged, &call));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "V6")));
	assert_string_equal(phone_set_route(f->phone, "bt-speaker:" BOX),
			    "org.callroute.Error.NotEligible");
	assert_null(phone_ask(f->phone, call, "Hangup"));
	rig_headset_disconnect(rig, BOX);
}

static void test_a_place_of_the_memory_is_dialled(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	expect(rig_headset_connect(rig, SHY) == 0);
	assert_null(phone_register(f->phone));
	rig_headset_forget_lines(rig, SHY);
	headset_send(rig_headset(rig, SHY), "AT+CMEE=1");
	headset_send(rig_headset(rig, SHY), "ATD>9999;");
	expect(rig_headset_wait(rig, SHY, "< +CME ERROR: 21", LIMIT_MS));
	headset_send(rig_headset(rig, SHY), "ATD>1;");
	expect(phone_told(f->phone, "Dial tel:5551234,", LIMIT_MS));
	rig_headset_disconnect(rig, SHY);
}

static void test_a_quirk_is_in_force(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	rig_headset_forget_lines(rig, BOX);
	expect(rig_headset_connect(rig, BOX) == 0);
	expect(rig_headset_wait(rig, BOX, "< +VGM: 10", LIMIT_MS));
	assert_int_equal(headset_volume(rig_headset(rig, BOX)), -1);
	rig_headset_disconnect(rig, BOX);
}

static struct phone_call *answer_by_button(struct fixture *f, const char *address)
{
	static const struct phone_call_options incoming = { .managed = true, .incoming = true };
	struct rig *rig = f->rig;
	struct phone_call *call;

	assert_null(phone_call(f->phone, &incoming, &call));
	expect(rig_headset_wait(rig, address, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, address));
	expect(rig_headset_wait(rig, address, "sco up", LIMIT_MS));
	return call;
}

static void test_a_link_that_is_dropped_once_is_opened_once_more(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	expect(rig_headset_connect(rig, DROPPER) == 0);
	call = answer_by_button(f, DROPPER);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" DROPPER, "P2")));
	/* before that it is a link that could not be had (X3) */
	expect(rig_headset_hears(rig, DROPPER, PHONE_HZ, LIMIT_MS));
	sound_close(headset_sound(rig_headset(rig, DROPPER)));
	expect(rig_headset_wait(rig, DROPPER, "sco up", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" DROPPER, "X5")));
	expect(rig_headset_hears(rig, DROPPER, PHONE_HZ, LIMIT_MS));
	/* twice is meant */
	sound_close(headset_sound(rig_headset(rig, DROPPER)));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "X4")));
	assert_null(phone_ask(f->phone, call, "Hangup"));
	rig_headset_disconnect(rig, DROPPER);
}

static void test_a_dialled_calls_link_waits_where_it_has_to(void **state)
{
	static const struct phone_call_options dialled = { .managed = true, .from = RADIO };
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;
	uint64_t told_ms;

	expect(rig_headset_connect(rig, RADIO) == 0);
	rig_headset_forget_lines(rig, RADIO);
	assert_null(phone_call(f->phone, &dialled, &call));
	expect(rig_headset_wait(rig, RADIO, "indicator callsetup 2", LIMIT_MS));
	told_ms = rig_now_ms();
	expect(rig_headset_wait(rig, RADIO, "sco up", LIMIT_MS));
	assert_true(rig_now_ms() - told_ms >= 400);
	assert_null(phone_ask(f->phone, call, "Hangup"));
	rig_headset_disconnect(rig, RADIO);
}

static void test_the_ring_tone_comes_by_the_sound_link_where_it_is_configured(void **state)
{
	static const struct phone_call_options incoming = { .managed = true, .incoming = true };
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	/* not for two of them */
	expect(rig_headset_connect(rig, TONE) == 0);
	rig_headset_forget_lines(rig, TONE);
	expect(rig_headset_connect(rig, SHY) == 0);
	expect(rig_headset_wait(rig, TONE, "< +BSIR: 0", LIMIT_MS));
	rig_headset_disconnect(rig, SHY);
	expect(rig_headset_wait(rig, TONE, "< +BSIR: 1", LIMIT_MS));

	/* answered: the link goes on */
	assert_null(phone_call(f->phone, &incoming, &call));
	expect(rig_headset_wait(rig, TONE, "< RING", LIMIT_MS));
	expect(rig_headset_hears(rig, TONE, PHONE_HZ, LIMIT_MS));
	headset_button(rig_headset(rig, TONE));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" TONE, "P2")));
	expect(!rig_headset_wait(rig, TONE, "sco down", 0));
	expect(rig_headset_hears(rig, TONE, PHONE_HZ, LIMIT_MS));

	/* its mute key */
	headset_send(rig_headset(rig, TONE), "AT+VGM=0");
	expect(rig_wait(rig, LIMIT_MS, phone_sees_muted(f->phone)));
	headset_send(rig_headset(rig, TONE), "AT+VGM=9");
	expect(rig_wait(rig, LIMIT_MS, !phone_sees_muted(f->phone)));
	assert_null(phone_ask(f->phone, call, "Hangup"));
	expect(rig_headset_wait(rig, TONE, "sco down", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), TONE, "a2dp*")));

	/* given up: as if nothing had been */
	assert_null(phone_call(f->phone, &incoming, &call));
	expect(rig_headset_wait(rig, TONE, "sco up", LIMIT_MS));
	expect(rig_headset_hears(rig, TONE, PHONE_HZ, LIMIT_MS));
	assert_string_equal(phone_sees(f->phone, "Route"), "none");
	assert_null(phone_ask_with(f->phone, call, "SetState", "ended"));
	expect(rig_headset_wait(rig, TONE, "sco down", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), TONE, "a2dp*")));
	rig_headset_disconnect(rig, TONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_refused_headset_gets_no_channel_and_is_no_route),
		cmocka_unit_test(test_x1_a_headset_without_auto_route_takes_no_call_by_itself),
		cmocka_unit_test(test_s1_a_device_is_of_the_kind_that_it_is_configured_to_be),
		cmocka_unit_test(test_a_place_of_the_memory_is_dialled),
		cmocka_unit_test(test_a_quirk_is_in_force),
		cmocka_unit_test(test_a_link_that_is_dropped_once_is_opened_once_more),
		cmocka_unit_test(test_a_dialled_calls_link_waits_where_it_has_to),
		cmocka_unit_test(test_the_ring_tone_comes_by_the_sound_link_where_it_is_configured),
	};

	return rig_run_tests(tests, start, finish);
}
