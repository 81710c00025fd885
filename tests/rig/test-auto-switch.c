/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * WirePlumber's own automatic switch to headset mode left on: calls come to rest beside it, nothing goes
 * back and forth, and after the call all is as it was.
 *
 *	test-auto-switch [roles] [SECONDS]
 *		roles: WirePlumber's role-based policy is on, too, which holds back music in a call
 *		SECONDS: how long nothing is to change, in place of 10
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

#define HEADSET "AA:BB:CC:00:00:01"
#define ROUTE "headset:" HEADSET
#define MICROPHONE_HZ 440.0
#define LIMIT_MS 20000
/** WirePlumber restores a profile two seconds after the last stream that recorded. */
#define SETTLED_MS 5000

#define SHORT_MS 2000

static unsigned int quiet_ms = 10000;
static bool roles;

struct fixture {
	struct rig *rig;
	struct phone *phone;
};

static int start(void **state)
{
	static const struct stand_in_device headset = { HEADSET, "Headset", DEVICE_HEADSET,
							.handsfree = true, .a2dp = true };
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ .auto_switch = true, .roles = roles }, &f.rig) < 0)
		return -1;
	if (phone_new(f.rig, &f.phone) < 0 || rig_headset_add(f.rig, &headset, NULL) < 0 ||
	    rig_headset_connect(f.rig, HEADSET) < 0 ||
	    !rig_wait(f.rig, LIMIT_MS, view_profile_is(rig_view(f.rig), HEADSET, "a2dp*")) ||
	    (roles &&
	     !rig_wait(f.rig, LIMIT_MS,
		       view_node(rig_view(f.rig), "input.rig.role.call") ||
			       view_node(rig_view(f.rig), "control.endpoint.communication")))) {
		rig_dump(f.rig);
		return -1;
	}
	sound_tone(headset_sound(rig_headset(f.rig, HEADSET)), MICROPHONE_HZ);
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->phone = phone_free(f->phone);
	f->rig = rig_free(f->rig);
	return 0;
}

/* ---- what several tests do ------------------------------------------------------------------------ */

static void let_pass(struct fixture *f, unsigned int ms)
{
	(void)rig_wait(f->rig, ms, false);
}

static void expect_rest(struct fixture *f, unsigned int ms)
{
	struct rig *rig = f->rig;
	unsigned int before;

	let_pass(f, SETTLED_MS);
	before = view_changes(rig_view(rig));
	expect(!rig_wait(rig, ms, view_changes(rig_view(rig)) != before));
}

static struct phone_call *ring(struct fixture *f, bool managed)
{
	const struct phone_call_options options = { .managed = managed,
						    .incoming = true,
						    .party = "+4930123456" };
	struct phone_call *call;

	assert_null(phone_call(f->phone, &options, &call));
	return call;
}

static bool saved_contains(struct fixture *f, const char *name, const char *text)
{
	char path[512], all[8192];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/home/.local/state/wireplumber/%s",
		       rig_directory(f->rig), name);
	file = fopen(path, "re");
	if (!file)
		return false;
	n = fread(all, 1, sizeof(all) - 1, file);
	all[n] = '\0';
	(void)fclose(file);
	return strstr(all, text) != NULL;
}

static void end(struct fixture *f, struct phone_call *call, unsigned int ms)
{
	struct rig *rig = f->rig;

	assert_null(phone_ask_with(f->phone, call, "SetState", "ended"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
	expect_rest(f, ms);
	expect(view_profile_is(rig_view(rig), HEADSET, "a2dp-sink*"));
	expect(view_notes(rig_view(rig), "callroute.") == 0);
	expect(view_notes(rig_view(rig), "target.object") == 0);
	expect(!saved_contains(f, "default-profile", "headset-head-unit"));
}

/* ---- tests ------------------------------------------------------------------------------------------ */

static void test_v5_a_call_on_the_headset_comes_to_rest(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call = ring(f, true);

	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));
	expect_rest(f, quiet_ms);
	expect(phone_sees_route(f->phone, ROUTE, "P2"));
	expect(view_profile_is(rig_view(rig), HEADSET, "headset-head-unit*"));
	expect(rig_headset_hears(rig, HEADSET, PHONE_HZ, LIMIT_MS));
	end(f, call, quiet_ms);

	/* and so does the next, of which it has other things to restore */
	rig_headset_forget_lines(rig, HEADSET);
	call = ring(f, true);
	expect(rig_headset_wait(rig, HEADSET, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, HEADSET));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, ROUTE, "P2")));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));
	end(f, call, SHORT_MS);
}

/* The auto-switch puts the headset into headset mode though the call is elsewhere. */
static void test_p1_a_call_on_the_handset_comes_to_rest(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call = ring(f, true);

	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	expect_rest(f, SHORT_MS);
	expect(phone_sees_route(f->phone, "handset", "P1"));
	expect(rig_sound_hears(rig, phone_call_sound(call), RIG_MICROPHONE_HZ, LIMIT_MS));
	end(f, call, SHORT_MS);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v5_a_call_on_the_headset_comes_to_rest),
		cmocka_unit_test(test_p1_a_call_on_the_handset_comes_to_rest),
	};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "roles") == 0)
			roles = true;
		else
			quiet_ms = (unsigned int)strtoul(argv[i], NULL, 10) * 1000;
	}
	return rig_run_tests(tests, start, finish);
}
