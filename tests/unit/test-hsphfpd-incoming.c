/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The org.hsphfpd service: dialling that waits for the engine's word, and links that the headset opens.
 */
#include "hsphfpd-fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the answer comes later -------------------------------------------------------------------- */

static void test_nothing_is_dialled_before_the_answer(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->wanted = HSPHFPD_LATER;
	ask(f, &answer);
	bus_pair_settle(f->pair);
	assert_int_equal(f->asked, 1);
	assert_int_equal(fake_sco.started, 0);
	/* of another headset nobody asked */
	hsphfpd_endpoint_dial(f->other);
	bus_pair_settle(f->pair);
	assert_int_equal(fake_sco.started, 0);

	hsphfpd_endpoint_dial(f->headset);
	expect_dial(f, 1);
	hsphfpd_endpoint_dial(f->headset); /* said already */
	f->sco = fake_sco_connect(48);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	assert_int_equal(f->up, 1);
	bus_answer_done(&answer);
}

static void test_no_codec_is_a_failed_try_and_each_try_is_asked_for(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->wanted = HSPHFPD_LATER;
	f->tries = 2;
	ask(f, &answer);
	assert_true(loop_until_count(f->pair->loop, &f->asked, 1));
	hsphfpd_endpoint_dial_failed(f->headset, EPROTO);
	assert_int_equal(f->failed, 1);
	assert_int_equal(f->error, EPROTO);
	assert_true(loop_until_count(f->pair->loop, &f->asked, 2));
	hsphfpd_endpoint_dial(f->headset);
	expect_dial(f, 1);
	fake_sco_fail(ECONNREFUSED);
	expect_error(f, &answer, "Failed");
	assert_int_equal(f->failed, 2);
}

static void test_a_question_that_is_open_can_be_released(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->wanted = HSPHFPD_LATER;
	ask(f, &answer);
	assert_true(loop_until_count(f->pair->loop, &f->asked, 1));
	hsphfpd_endpoint_release(f->headset);
	expect_error(f, &answer, "Failed");
	hsphfpd_endpoint_dial(f->headset);
	hsphfpd_endpoint_dial_failed(f->headset, EPROTO);
	bus_pair_settle(f->pair);
	assert_int_equal(fake_sco.started, 0);
	assert_int_equal(f->failed, 0);
}

/* ---- links that the headset opens ---------------------------------------------------------------- */

/* The headset's end. */
static int open_link(struct fixture *f, struct hsphfpd_endpoint *endpoint, enum sco_codec codec)
{
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(hsphfpd_endpoint_may_take(endpoint));
	assert_int_equal(hsphfpd_endpoint_take(endpoint, codec, pair[0], 48), 0);
	assert_false(hsphfpd_endpoint_may_take(endpoint));
	return pair[1];
}

struct microphone {
	int fd;
	unsigned int sent;
};

static bool all_was_read(void *data)
{
	static const char packet[48];
	struct microphone *microphone = data;

	/* more than a socket holds goes through only where somebody reads */
	for (unsigned int i = 0; i < 64 && send(microphone->fd, packet, sizeof(packet), 0) > 0; i++)
		microphone->sent++;
	return microphone->sent > 4096;
}

static void test_an_opened_link_is_drained_and_then_taken_instead_of_dialling(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;
	char packet[48] = "from now on";

	start_application(f, false);
	f->sco = open_link(f, f->headset, SCO_CVSD);
	assert_true(loop_until(f->pair->loop, all_was_read, &(struct microphone){ f->sco, 0 },
			       LOOP_DEADLINE_MS));

	ask(f, &answer);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_int_equal(fake_sco.started, 0);
	assert_int_equal(f->up, 1);
	assert_string_equal(f->application.pcm.air_codec, "CVSD");
	assert_int_equal(send(f->application.pcm.fd, packet, sizeof(packet), 0), sizeof(packet));
	assert_int_equal(recv(f->sco, packet, sizeof(packet), 0), sizeof(packet));

	hsphfpd_endpoint_release(f->headset);
	expect_hang_up(f);
	assert_true(loop_until_count(f->pair->loop, &f->down, 1));
	assert_int_equal(f->incoming_closed, 0);
}

static void test_an_opened_link_serves_an_agent_that_waits_already(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->tries = 3;
	ask(f, &answer);
	expect_dial(f, 1);
	assert_false(hsphfpd_endpoint_may_take(f->headset));
	fake_sco_fail(EBUSY);
	/* the second try is due in a moment */
	f->sco = open_link(f, f->headset, SCO_CVSD);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_int_equal(fake_sco.started, 1);
	assert_int_equal(f->up, 1);
}

static void test_an_opened_link_of_another_codec_is_closed_first(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;
	int opened;

	start_application(f, true);
	opened = open_link(f, f->headset, SCO_CVSD);
	connect_audio(f, f->pair->client.bus, HEADSET_PATH, "mSBC", "mSBC", &answer);
	expect_dial(f, 1);
	assert_int_equal(fake_sco.dial->codec, SCO_TRANSPARENT);
	f->sco = opened;
	expect_hang_up(f);
	f->sco = fake_sco_connect(60);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
}

static void test_an_opened_link_gives_way_to_another_headset(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->sco = open_link(f, f->other, SCO_CVSD);
	ask(f, &answer);
	expect_hang_up(f);
	expect_dial(f, 1);
	f->sco = fake_sco_connect(48);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	bus_answer_done(&answer);
}

static void test_x4_a_link_that_the_headset_closes_again_is_told(void **state)
{
	struct fixture *f = *state;

	close(open_link(f, f->headset, SCO_CVSD));
	assert_true(loop_until_count(f->pair->loop, &f->incoming_closed, 1));
	assert_int_equal(f->down, 0);
	assert_true(hsphfpd_endpoint_may_take(f->headset));
}

static void test_a_link_that_nobody_asks_for_is_closed_without_an_event(void **state)
{
	struct fixture *f = *state;

	f->sco = open_link(f, f->headset, SCO_CVSD);
	expect_hang_up(f);
	bus_pair_settle(f->pair);
	assert_int_equal(f->incoming_closed, 0);
	assert_true(hsphfpd_endpoint_may_take(f->headset));
}

static void test_an_opened_link_goes_with_its_headset(void **state)
{
	struct fixture *f = *state;

	f->sco = open_link(f, f->headset, SCO_CVSD);
	f->headset = hsphfpd_endpoint_free(f->headset);
	expect_hang_up(f);
	bus_pair_settle(f->pair);
	assert_int_equal(f->incoming_closed, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_dialled_before_the_answer),
		TEST(test_no_codec_is_a_failed_try_and_each_try_is_asked_for),
		TEST(test_a_question_that_is_open_can_be_released),
		TEST(test_an_opened_link_is_drained_and_then_taken_instead_of_dialling),
		TEST(test_an_opened_link_serves_an_agent_that_waits_already),
		TEST(test_an_opened_link_of_another_codec_is_closed_first),
		TEST(test_an_opened_link_gives_way_to_another_headset),
		TEST(test_x4_a_link_that_the_headset_closes_again_is_told),
		TEST(test_a_link_that_nobody_asks_for_is_closed_without_an_event),
		TEST(test_an_opened_link_goes_with_its_headset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
