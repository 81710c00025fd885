/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Sound links through the whole daemon: which codec, links that fail, and links that the headset
 * opens or closes.
 */
#include "phone.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "expect.h"

#define PLAIN "AA:BB:CC:00:00:01"  /* does not negotiate codecs */
#define WIDE "AA:BB:CC:00:00:02"   /* has mSBC */
#define NARROW "AA:BB:CC:00:00:03" /* says that it has mSBC */
#define OLD "AA:BB:CC:00:00:04"    /* HSP */
#define BARE "AA:BB:CC:00:00:05"   /* has no A2DP */
#define MICROPHONE_HZ 440.0
#define LIMIT_MS 30000
/** Long enough for a link to be dialled, and not dialled. */
#define NOTHING_MS 1000

#define MSBC_PACKET_SIZE 60

struct fixture {
	struct rig *rig;
	struct phone *phone;
};

static int start(void **state)
{
	static const struct headset_options negotiates = {
		.features = HF_NOISE_REDUCTION | HF_THREE_WAY | HF_CLIP | HF_VOLUME |
			    HF_CALL_STATUS | HF_CALL_CONTROL | HF_CODECS,
		.codecs = { 1, 2 },
	};
	static const struct {
		struct stand_in_device device;
		const struct headset_options *options;
	} headsets[] = {
		{ { PLAIN, "Plain", DEVICE_HEADSET, .handsfree = true, .a2dp = true }, NULL },
		{ { WIDE, "Wide", DEVICE_HEADSET, .handsfree = true, .a2dp = true }, &negotiates },
		{ { NARROW, "Narrow", DEVICE_HEADSET, .handsfree = true, .a2dp = true },
		  &negotiates },
		{ { OLD, "Old", DEVICE_HEADSET, .headset = true, .a2dp = true }, NULL },
		{ { BARE, "Bare", DEVICE_HEADSET, .handsfree = true }, NULL },
	};
	static struct fixture f;

	*state = &f;
	if (rig_new(&(struct rig_options){ 0 }, &f.rig) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(headsets) / sizeof(headsets[0]); i++) {
		if (rig_headset_add(f.rig, &headsets[i].device, headsets[i].options) < 0)
			return -1;
	}
	return 0;
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->rig = rig_free(f->rig);
	return 0;
}

/* Each test has a softphone of its own, whose calls end with it. */
static int start_test(void **state)
{
	struct fixture *f = *state;

	return phone_new(f->rig, &f->phone);
}

/* A test that failed leaves nothing behind for the next. */
static int stop_test(void **state)
{
	static const char *const addresses[] = { PLAIN, WIDE, NARROW, OLD, BARE };
	struct fixture *f = *state;

	f->phone = phone_free(f->phone);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		rig_headset_disconnect(f->rig, addresses[i]);
		(void)sound_refuse(headset_sound(rig_headset(f->rig, addresses[i])), false);
		sound_count(headset_sound(rig_headset(f->rig, addresses[i])), true);
		if (!rig_wait(f->rig, LIMIT_MS, !view_profile(rig_view(f->rig), addresses[i])[0]))
			return -1;
	}
	return 0;
}

/* ---- what several tests do ------------------------------------------------------------------- */

static void connect_headset(struct fixture *f, const char *address)
{
	struct rig *rig = f->rig;

	rig_headset_forget_lines(rig, address);
	expect(rig_headset_connect(rig, address) == 0);
	sound_tone(headset_sound(rig_headset(rig, address)), MICROPHONE_HZ);
}

static void disconnect_headset(struct fixture *f, const char *address)
{
	struct rig *rig = f->rig;

	rig_headset_disconnect(rig, address);
	expect(rig_wait(rig, LIMIT_MS, !view_profile(rig_view(rig), address)[0]));
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

/* P1: at the handset first. */
static struct phone_call *answer_here(struct fixture *f)
{
	struct rig *rig = f->rig;
	struct phone_call *call = ring(f, true);

	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	/* a route is in force without a link while no stream needs one */
	expect(rig_sound_hears(rig, phone_call_sound(call), RIG_MICROPHONE_HZ, LIMIT_MS));
	return call;
}

static struct phone_call *answer_there(struct fixture *f, const char *address)
{
	struct rig *rig = f->rig;
	struct phone_call *call = ring(f, true);
	char route[32];

	expect(rig_headset_wait(rig, address, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, address));
	(void)snprintf(route, sizeof(route), "headset:%s", address);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, route, "P2")));
	return call;
}

static void end(struct fixture *f, struct phone_call *call)
{
	struct rig *rig = f->rig;

	if (strcmp(phone_call_state(call), "ended"))
		assert_null(phone_ask_with(f->phone, call, "SetState", "ended"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "none", NULL)));
}

static struct sound *sound_of(struct fixture *f, const char *address)
{
	return headset_sound(rig_headset(f->rig, address));
}

static void expect_sound_at(struct fixture *f, const char *address, struct phone_call *call)
{
	struct rig *rig = f->rig;

	expect(rig_headset_hears(rig, address, PHONE_HZ, LIMIT_MS));
	expect(rig_sound_hears(rig, phone_call_sound(call), MICROPHONE_HZ, LIMIT_MS));
}

static void make_path(struct rig *rig, const char *address, const char *ending,
		      struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)snprintf(ret->sun_path, sizeof(ret->sun_path), "%.60s/run/%s.%s", rig_directory(rig),
		       address, ending);
}

/* As a headset does that does not ask by AT+BCC: it opens the link itself. */
static void open_link(struct fixture *f, const char *address)
{
	assert_int_equal(sound_open(sound_of(f, address), STAND_IN_ADAPTER), 0);
}

/* ---- codecs ---------------------------------------------------------------------------------- */

/* The loudspeaker of a headset with mSBC. */
struct msbc {
	int listen_fd;
	int fd;
	unsigned int packets;
	struct sound *sound; /* which counts them */
};

static void msbc_listen(struct rig *rig, const char *address, struct msbc *ret)
{
	struct sockaddr_un path;

	make_path(rig, address, "msbc", &path);
	*ret = (struct msbc){ .fd = -1, .sound = headset_sound(rig_headset(rig, address)) };
	ret->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(ret->listen_fd, (struct sockaddr *)&path, sizeof(path)), 0);
	assert_int_equal(listen(ret->listen_fd, 1), 0);
}

static void msbc_done(struct rig *rig, const char *address, struct msbc *msbc)
{
	struct sockaddr_un path;

	make_path(rig, address, "msbc", &path);
	(void)unlink(path.sun_path);
	close(msbc->listen_fd);
	close(msbc->fd);
}

/* The last link is the one: PipeWire may let one go and ask for another before the sound flows. */
static void msbc_accept(struct msbc *msbc)
{
	int fd = accept4(msbc->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (msbc->fd >= 0)
		close(msbc->fd);
	msbc->fd = fd;
}

/* Counts packets that begin as HFP 1.8 §5.7.2 has it: H2 header, then mSBC's sync word. */
static bool msbc_received(struct msbc *msbc, unsigned int wanted)
{
	static const uint8_t silence[MSBC_PACKET_SIZE] = { 0x01, 0x08, 0xad };
	uint8_t packet[256];

	msbc_accept(msbc);
	if (msbc->fd < 0)
		return false;
	/* PipeWire sends what it receives in size, so nothing before it has received */
	(void)send(msbc->fd, silence, sizeof(silence), MSG_DONTWAIT | MSG_NOSIGNAL);
	for (ssize_t n; (n = recv(msbc->fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0;) {
		sound_heard(msbc->sound, 1);
		if (n == MSBC_PACKET_SIZE && packet[0] == 0x01 && (packet[1] & 0x0f) == 0x08 &&
		    packet[2] == 0xad)
			msbc->packets++;
	}
	return msbc->packets >= wanted;
}

static void test_msbc_is_settled_before_its_link_and_carries_sound(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;
	struct msbc msbc;

	msbc_listen(rig, WIDE, &msbc);
	connect_headset(f, WIDE);
	call = ring(f, true);
	expect(rig_headset_wait(rig, WIDE, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, WIDE));
	expect(rig_headset_wait(rig, WIDE, "> ATA", LIMIT_MS));
	expect(rig_headset_wait(rig, WIDE, "< +BCS: 2", LIMIT_MS));
	assert_int_equal(msbc.fd, -1);
	expect(rig_headset_wait(rig, WIDE, "> AT+BCS=2", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, msbc_received(&msbc, 20)));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" WIDE, "P2")));
	end(f, call);
	disconnect_headset(f, WIDE);
	msbc_done(rig, WIDE, &msbc);
}

/* As a USB adapter does without its alternate setting: packets, and nothing in them. */
static bool sent_zeros(struct msbc *msbc)
{
	static const uint8_t zeros[MSBC_PACKET_SIZE];

	if (msbc->fd < 0)
		msbc->fd = accept4(msbc->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return msbc->fd >= 0 && send(msbc->fd, zeros, sizeof(zeros), MSG_NOSIGNAL) > 0;
}

static void test_msbc_that_carries_nothing_falls_back_to_cvsd(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;
	struct msbc msbc;

	msbc_listen(rig, WIDE, &msbc);
	connect_headset(f, WIDE);
	call = ring(f, true);
	expect(rig_headset_wait(rig, WIDE, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, WIDE));
	expect(rig_headset_wait(rig, WIDE, "> AT+BCS=2", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, sent_zeros(&msbc)));
	expect(rig_headset_wait(rig, WIDE, "< +BCS: 1", LIMIT_MS));
	expect(rig_headset_wait(rig, WIDE, "sco up", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" WIDE, "P2")));
	expect_sound_at(f, WIDE, call);
	end(f, call);
	disconnect_headset(f, WIDE);
	msbc_done(rig, WIDE, &msbc);
}

static void test_msbc_that_is_refused_falls_back_to_cvsd_for_good(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f, NARROW);
	call = ring(f, true);
	expect(rig_headset_wait(rig, NARROW, "< RING", LIMIT_MS));
	headset_button(rig_headset(rig, NARROW));
	expect(rig_headset_wait(rig, NARROW, "< +BCS: 2", LIMIT_MS));
	expect(rig_headset_wait(rig, NARROW, "< +BCS: 1", LIMIT_MS));
	expect(rig_headset_wait(rig, NARROW, "sco up", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" NARROW, "P2")));
	expect_sound_at(f, NARROW, call);
	end(f, call);
	disconnect_headset(f, NARROW);

	connect_headset(f, NARROW);
	call = answer_there(f, NARROW);
	expect_sound_at(f, NARROW, call);
	assert_false(rig_headset_wait(rig, NARROW, "< +BCS: 2", 0));
	end(f, call);
}

/* ---- X3 ---------------------------------------------------------------------------------------- */

static void test_x3_three_refusals_put_the_call_back_and_bar_the_headset(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;
	const char *error;

	connect_headset(f, PLAIN);
	call = answer_here(f);
	assert_int_equal(sound_refuse(sound_of(f, PLAIN), true), 0);
	error = phone_set_route(f->phone, "headset:" PLAIN);
	assert_non_null(error);
	assert_string_equal(error, "org.callroute.Error.NotAvailable");
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "X3")));
	assert_string_equal(phone_call_state(call), "active");
	end(f, call);

	/* V2 would take it, were it not barred */
	assert_int_equal(sound_refuse(sound_of(f, PLAIN), false), 0);
	call = ring(f, false);
	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", NULL)));
	assert_false(sound_up(sound_of(f, PLAIN)));
	/* until it is picked */
	assert_null(phone_set_route(f->phone, "headset:" PLAIN));
	expect_sound_at(f, PLAIN, call);
	end(f, call);
}

/* ---- X4 ---------------------------------------------------------------------------------------- */

static void test_x4_the_headset_closes_the_link_and_the_handset_has_the_call(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f, PLAIN);
	call = answer_there(f, PLAIN);
	expect_sound_at(f, PLAIN, call);
	sound_close(sound_of(f, PLAIN));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "X4")));
	expect(rig_sound_hears(rig, phone_call_sound(call), RIG_MICROPHONE_HZ, LIMIT_MS));
	assert_string_equal(phone_call_state(call), "active");
	assert_int_equal(headset_indicator(rig_headset(rig, PLAIN), "call"), 1);
	end(f, call);
}

/* ---- X5 ---------------------------------------------------------------------------------------- */

static void test_x5_a_link_that_the_headset_opens_is_the_one_that_carries_the_call(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f, PLAIN);
	call = answer_here(f);
	rig_headset_forget_lines(rig, PLAIN);
	open_link(f, PLAIN);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" PLAIN, "X5")));
	expect_sound_at(f, PLAIN, call);
	/* not closed, and no other dialled */
	assert_false(rig_headset_wait(rig, PLAIN, "sco down", 0));

	/* and back again by the headset, X4 */
	sound_close(sound_of(f, PLAIN));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "X4")));
	end(f, call);
}

static void test_x5_a_link_without_a_call_is_closed_again(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	connect_headset(f, PLAIN);
	open_link(f, PLAIN);
	expect(rig_headset_wait(rig, PLAIN, "sco down", LIMIT_MS));
	assert_string_equal(phone_sees(f->phone, "Route"), "none");
}

static void test_x5_a_link_that_no_stream_uses_is_closed_after_a_while(void **state)
{
	const struct phone_call_options silent = { .managed = true,
						   .incoming = true,
						   .silent = true };
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f, PLAIN);
	assert_null(phone_call(f->phone, &silent, &call));
	assert_null(phone_ask(f->phone, call, "Answer"));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	rig_headset_forget_lines(rig, PLAIN);
	open_link(f, PLAIN);
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" PLAIN, "X5")));
	expect(rig_headset_wait(rig, PLAIN, "sco down", LIMIT_MS));
	assert_true(phone_sees_route(f->phone, "headset:" PLAIN, "X5"));
	end(f, call);
}

static void test_x5_asked_for_by_bcc(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f, NARROW);
	call = answer_here(f);
	rig_headset_forget_lines(rig, NARROW);
	assert_int_equal(headset_open_sound(rig_headset(rig, NARROW), NULL), 0);
	expect(rig_headset_wait(rig, NARROW, "> AT+BCC", LIMIT_MS));
	expect(rig_headset_wait(rig, NARROW, "< OK", LIMIT_MS));
	expect(rig_headset_wait(rig, NARROW, "< +BCS: 1", LIMIT_MS));
	expect(rig_headset_wait(rig, NARROW, "sco up", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" NARROW, "X5")));
	expect_sound_at(f, NARROW, call);
	end(f, call);
}

/* ---- links without sound ----------------------------------------------------------------------- */

/* PipeWire 1.4 has outputs that run and send nothing, for good. */
static void test_a_link_over_which_nothing_is_sent_is_made_anew(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f, PLAIN);
	sound_count(sound_of(f, PLAIN), false);
	call = answer_there(f, PLAIN);
	expect(rig_headset_wait(rig, PLAIN, "sco up", LIMIT_MS));
	expect(rig_headset_wait(rig, PLAIN, "sco down", LIMIT_MS));
	sound_count(sound_of(f, PLAIN), true);
	expect(rig_headset_wait(rig, PLAIN, "sco up", LIMIT_MS));
	expect_sound_at(f, PLAIN, call);
	assert_string_equal(phone_sees(f->phone, "Rule"), "P2");
	end(f, call);
}

/* ---- HSP ---------------------------------------------------------------------------------------- */

static void test_hsp_the_button_answers_and_then_hangs_up(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f, OLD);
	call = ring(f, true);
	expect(rig_headset_wait(rig, OLD, "< RING", LIMIT_MS));
	/* the bounce of a press does not hang up */
	headset_button(rig_headset(rig, OLD));
	headset_button(rig_headset(rig, OLD));
	uint64_t again_ms = rig_now_ms() + 1100;
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" OLD, "P2")));
	expect_sound_at(f, OLD, call);
	(void)rig_wait(rig, LIMIT_MS, rig_now_ms() > again_ms);
	assert_string_equal(phone_call_state(call), "active");
	rig_headset_forget_lines(rig, OLD);
	headset_button(rig_headset(rig, OLD));
	expect(phone_told(f->phone, "Hangup", LIMIT_MS));
	expect(rig_headset_wait(rig, OLD, "sco down", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, !strcmp(phone_call_state(call), "ended")));
	end(f, call);
}

static void test_hsp_the_button_takes_a_call_that_is_elsewhere(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f, OLD);
	call = answer_here(f);
	headset_button(rig_headset(rig, OLD));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "headset:" OLD, "X5")));
	expect_sound_at(f, OLD, call);
	assert_string_equal(phone_call_state(call), "active");
	end(f, call);
}

static void test_hsp_the_button_without_a_call_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;

	connect_headset(f, OLD);
	headset_button(rig_headset(rig, OLD));
	expect(rig_headset_wait(rig, OLD, "< OK", LIMIT_MS));
	assert_false(rig_headset_wait(rig, OLD, "sco up", NOTHING_MS));
	assert_string_equal(phone_sees(f->phone, "Route"), "none");
}

/* ---- headset mode only -------------------------------------------------------------------------- */

/* Its card is in headset mode all the time, where WirePlumber likes to send the sound of calls. */
static void test_a_headset_without_a2dp_is_off_while_the_call_is_elsewhere(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f, BARE);
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), BARE, "headset-head-unit*")));
	call = answer_here(f);
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), BARE, "off")));
	expect(rig_wait(rig, LIMIT_MS, phone_sees_route(f->phone, "handset", "P1")));
	expect(!phone_set_route(f->phone, "headset:" BARE));
	expect_sound_at(f, BARE, call);
	expect(!phone_set_route(f->phone, "speaker"));
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), BARE, "off")));
	expect(rig_sound_hears(rig, phone_call_sound(call), RIG_MICROPHONE_HZ, LIMIT_MS));
	end(f, call);
	expect(rig_wait(rig, LIMIT_MS, view_profile_is(rig_view(rig), BARE, "headset-head-unit*")));
}

static void test_a_headset_without_a2dp_answers_and_hangs_up(void **state)
{
	struct fixture *f = *state;
	struct rig *rig = f->rig;
	struct phone_call *call;

	connect_headset(f, BARE);
	call = answer_there(f, BARE);
	expect_sound_at(f, BARE, call);
	headset_button(rig_headset(rig, BARE));
	expect(phone_told(f->phone, "Hangup", LIMIT_MS));
	expect(rig_wait(rig, LIMIT_MS, !strcmp(phone_call_state(call), "ended")));
	end(f, call);
}

#define LINKS_TEST(name) cmocka_unit_test_setup_teardown(name, start_test, stop_test)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		LINKS_TEST(test_msbc_is_settled_before_its_link_and_carries_sound),
		LINKS_TEST(test_msbc_that_carries_nothing_falls_back_to_cvsd),
		LINKS_TEST(test_msbc_that_is_refused_falls_back_to_cvsd_for_good),
		LINKS_TEST(test_x3_three_refusals_put_the_call_back_and_bar_the_headset),
		LINKS_TEST(test_x4_the_headset_closes_the_link_and_the_handset_has_the_call),
		LINKS_TEST(test_x5_a_link_that_the_headset_opens_is_the_one_that_carries_the_call),
		LINKS_TEST(test_x5_a_link_without_a_call_is_closed_again),
		LINKS_TEST(test_x5_a_link_that_no_stream_uses_is_closed_after_a_while),
		LINKS_TEST(test_x5_asked_for_by_bcc),
		LINKS_TEST(test_a_link_over_which_nothing_is_sent_is_made_anew),
		LINKS_TEST(test_hsp_the_button_answers_and_then_hangs_up),
		LINKS_TEST(test_hsp_the_button_takes_a_call_that_is_elsewhere),
		LINKS_TEST(test_hsp_the_button_without_a_call_changes_nothing),
		LINKS_TEST(test_a_headset_without_a2dp_is_off_while_the_call_is_elsewhere),
		LINKS_TEST(test_a_headset_without_a2dp_answers_and_hangs_up),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return rig_run_tests(tests, start, finish);
}
