/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A wide band link is handed on when there is something in it; one that carries nothing but zeros has
 * failed.
 */
#include "hsphfpd-fixture.h"

#include "tests/common/loop.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PACKET 60

static const unsigned char zeros[PACKET];
static const unsigned char sound[PACKET] = { 0x01, 0x08, 0xad };

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void put(struct fixture *f, const unsigned char *packet)
{
	assert_int_equal(send(f->sco, packet, PACKET, MSG_NOSIGNAL), PACKET);
}

/* The link is up, and nobody has looked into it yet. */
static void dialled(struct fixture *f, struct bus_answer *answer)
{
	start_application(f, true);
	connect_audio(f, f->pair->client.bus, HEADSET_PATH, "mSBC", "mSBC", answer);
	expect_dial(f, 1);
	f->sco = fake_sco_connect(PACKET);
}

static void expect_up(struct fixture *f, struct bus_answer *answer)
{
	assert_true(loop_until_set(f->pair->loop, &answer->got));
	assert_string_equal(answer->error, "");
	bus_answer_done(answer);
	assert_int_equal(f->up, 1);
	assert_int_equal(f->application.msbc.mtu, PACKET);
}

static void test_the_first_packet_with_something_in_it_hands_the_link_on(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;
	unsigned char packet[PACKET];

	dialled(f, &answer);
	put(f, sound);
	expect_up(f, &answer);
	put(f, sound);
	assert_int_equal(recv(f->application.msbc.fd, packet, PACKET, 0), PACKET);
}

static void test_zeros_at_first_are_waited_for(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	dialled(f, &answer);
	for (unsigned int i = 0; i < 50; i++)
		put(f, zeros);
	bus_pair_settle(f->pair);
	assert_false(answer.got);
	put(f, sound);
	expect_up(f, &answer);
}

static void test_silence_at_first_is_taken_as_it_is(void **state)
{
	struct fixture *f = *state;
	uint64_t begin_ms = now_ms();
	struct bus_answer answer;

	dialled(f, &answer);
	expect_up(f, &answer);
	assert_true(now_ms() - begin_ms >= 100);
}

static void test_nothing_but_zeros_is_a_link_that_failed(void **state)
{
	struct fixture *f = *state;
	uint64_t begin_ms;
	struct bus_answer answer;

	dialled(f, &answer);
	begin_ms = now_ms();
	put(f, zeros);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, ERROR_PREFIX "Failed");
	bus_answer_done(&answer);
	assert_true(now_ms() - begin_ms >= 1000);
	assert_int_equal(f->failed, 1);
	assert_int_equal(f->error, EPROTO);
	assert_int_equal(f->up, 0);
	assert_int_equal(f->application.msbc.offers, 0);
	expect_hang_up(f);
}

static void test_a_headset_that_closes_it_meanwhile_has_turned_it_down(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	dialled(f, &answer);
	put(f, zeros);
	bus_pair_settle(f->pair);
	close(f->sco);
	f->sco = -1;
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, ERROR_PREFIX "Failed");
	bus_answer_done(&answer);
	assert_int_equal(f->error, ECONNRESET);
}

static void test_a_release_meanwhile_closes_the_link(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	dialled(f, &answer);
	put(f, zeros);
	bus_pair_settle(f->pair);
	hsphfpd_endpoint_release(f->headset);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, ERROR_PREFIX "Failed");
	bus_answer_done(&answer);
	assert_int_equal(f->failed, 0);
	expect_hang_up(f);

	/* and the next one is probed as if nothing had been */
	connect_audio(f, f->pair->client.bus, HEADSET_PATH, "mSBC", "mSBC", &answer);
	expect_dial(f, 2);
	f->sco = fake_sco_connect(PACKET);
	put(f, sound);
	expect_up(f, &answer);
}

static void test_an_endpoint_that_goes_meanwhile_closes_the_link(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	dialled(f, &answer);
	put(f, zeros);
	bus_pair_settle(f->pair);
	f->headset = hsphfpd_endpoint_free(f->headset);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, ERROR_PREFIX "NotConnected");
	bus_answer_done(&answer);
	expect_hang_up(f);
}

static void test_plain_links_are_not_looked_into(void **state)
{
	struct fixture *f = *state;

	start_application(f, false);
	bring_up(f);
	put(f, zeros);
	assert_int_equal(f->up, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_the_first_packet_with_something_in_it_hands_the_link_on),
		T(test_zeros_at_first_are_waited_for),
		T(test_silence_at_first_is_taken_as_it_is),
		T(test_nothing_but_zeros_is_a_link_that_failed),
		T(test_a_headset_that_closes_it_meanwhile_has_turned_it_down),
		T(test_a_release_meanwhile_closes_the_link),
		T(test_an_endpoint_that_goes_meanwhile_closes_the_link),
		T(test_plain_links_are_not_looked_into),
	};

	return cmocka_run_group_tests_name("hsphfpd-probe", tests, NULL, NULL);
}
