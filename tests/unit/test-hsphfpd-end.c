/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The org.hsphfpd service: links that do not come up, and how links end.
 */
#include "hsphfpd-fixture.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- it does not come up -------------------------------------------------------------------- */

static void test_a_failed_dial_is_told_with_its_errno(void **state)
{
	static const int errors[] = { ECONNREFUSED, ETIMEDOUT, EHOSTDOWN };
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	for (unsigned int i = 0; i < 3; i++) {
		ask(f, &answer);
		expect_dial(f, i + 1);
		fake_sco_fail(errors[i]);
		expect_error(f, &answer, "Failed");
		assert_int_equal(f->failed, i + 1);
		assert_int_equal(f->error, errors[i]);
	}
	fake_sco.refuse = -ENODEV;
	expect_refusal(f, HEADSET_PATH, "CVSD", "PCM_s16le_8kHz", "Failed");
	assert_int_equal(f->error, ENODEV);
	assert_int_equal(f->application.pcm.offers, 0);
	assert_int_equal(f->up + f->down, 0);
	fake_sco.refuse = 0;
	bring_up(f);
}

static void test_x3_a_failed_dial_is_tried_again_while_the_agent_waits(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->tries = 3;
	ask(f, &answer);
	for (unsigned int i = 0; i < 2; i++) {
		expect_dial(f, i + 1);
		fake_sco_fail(ECONNREFUSED);
		assert_int_equal(f->failed, i + 1);
		assert_false(answer.got);
	}
	expect_dial(f, 3);
	fake_sco_fail(ECONNREFUSED);
	expect_error(f, &answer, "Failed");
	assert_int_equal(f->failed, 3);
	bring_up(f);
}

static void test_a_set_up_that_pauses_can_be_released(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->tries = 3;
	ask(f, &answer);
	expect_dial(f, 1);
	fake_sco_fail(ECONNREFUSED);
	hsphfpd_endpoint_release(f->headset);
	expect_error(f, &answer, "Failed");
	assert_int_equal(f->failed, 1);
	bring_up(f);
	assert_int_equal(fake_sco.started, 2);
}

static void test_an_agent_that_rejects_leaves_it_to_the_next(void **state)
{
	struct fixture *f = *state;
	struct fake_application second;
	struct bus_answer answer;
	const char *path = FAKE_APPLICATION_PATH;
	struct bus_end end;
	DBusMessage *message;

	start_application(f, false);
	f->application.pcm.manners = AGENT_REJECTS;
	bus_end_open(f->pair, &end);
	fake_application_start(&second, &end, false);
	message = bus_pair_message(f->pair, "/", MANAGER, "RegisterApplication");
	dbus_message_append_args(message, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
	assert_int_equal(bus_send(end.bus, message, -1, NULL, NULL, NULL), 0);
	assert_true(loop_until_count(f->pair->loop, &f->agents, 2));

	ask(f, &answer);
	expect_dial(f, 1);
	f->sco = fake_sco_connect(48);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_int_equal(f->application.pcm.offers, 1);
	assert_int_equal(second.pcm.offers, 1);
	assert_int_equal(f->up, 1);
	fake_application_stop(&second);
	bus_end_close(&end);
}

static void test_the_callers_own_agent_comes_first(void **state)
{
	struct fixture *f = *state;
	struct fake_application second;
	struct bus_answer answer;
	const char *path = FAKE_APPLICATION_PATH;
	struct bus_end end;
	DBusMessage *message;

	start_application(f, false);
	bus_end_open(f->pair, &end);
	fake_application_start(&second, &end, false);
	message = bus_pair_message(f->pair, "/", MANAGER, "RegisterApplication");
	dbus_message_append_args(message, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
	assert_int_equal(bus_send(end.bus, message, -1, NULL, NULL, NULL), 0);
	assert_true(loop_until_count(f->pair->loop, &f->agents, 2));

	connect_audio(f, end.bus, HEADSET_PATH, "CVSD", "PCM_s16le_8kHz", &answer);
	expect_dial(f, 1);
	f->sco = fake_sco_connect(48);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_int_equal(second.pcm.offers, 1);
	assert_int_equal(f->application.pcm.offers, 0);
	fake_application_stop(&second);
	bus_end_close(&end);
}

static void test_agents_that_all_reject_close_the_link(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->application.pcm.manners = AGENT_REJECTS;
	ask(f, &answer);
	expect_dial(f, 1);
	f->sco = fake_sco_connect(48);
	expect_error(f, &answer, "Rejected");
	assert_int_equal(f->failed, 1);
	assert_int_equal(f->error, EUSERS);
	expect_hang_up(f);
	assert_false(transport_exists(f));
	assert_int_equal(f->up + f->down, 0);
	/* not held against it the next time */
	f->application.pcm.manners = AGENT_ACCEPTS;
	bring_up(f);
}

static void test_an_agent_that_cancels_ends_it(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->application.pcm.manners = AGENT_CANCELS;
	ask(f, &answer);
	expect_dial(f, 1);
	f->sco = fake_sco_connect(48);
	expect_error(f, &answer, "Failed");
	assert_int_equal(f->error, ECANCELED);
	expect_hang_up(f);
}

static void test_an_agent_that_dies_with_the_offer_closes_the_link(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->application.pcm.manners = AGENT_WAITS;
	ask(f, &answer);
	expect_dial(f, 1);
	f->sco = fake_sco_connect(48);
	assert_true(loop_until_count(f->pair->loop, &f->application.pcm.offers, 1));
	f->match = bus_match_free(f->match);
	bus_end_close(&f->pair->client);
	assert_true(loop_until_count(f->pair->loop, &f->failed, 1));
	assert_int_equal(f->error, ECANCELED);
	expect_hang_up(f);
	assert_int_equal(f->down, 0);
}

static void test_a_caller_that_dies_while_it_is_dialled_ends_the_dialling(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	ask(f, &answer);
	expect_dial(f, 1);
	f->match = bus_match_free(f->match);
	bus_end_close(&f->pair->client);
	assert_true(loop_until_count(f->pair->loop, &fake_sco.cancelled, 1));
	assert_int_equal(f->failed, 1);
	assert_int_equal(f->error, ECANCELED);
}

static void test_a_headset_that_closes_at_once_is_told_as_a_failure(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->application.pcm.manners = AGENT_WAITS;
	ask(f, &answer);
	expect_dial(f, 1);
	close(fake_sco_connect(48));
	expect_error(f, &answer, "Failed");
	assert_int_equal(f->failed, 1);
	assert_int_equal(f->error, ECONNRESET);
	assert_int_equal(f->up + f->down, 0);
	assert_false(hsphfpd_endpoint_audio_up(f->headset));
	if (f->application.pcm.waiting)
		bus_call_reply(f->application.pcm.waiting, DBUS_TYPE_INVALID);
	f->application.pcm.manners = AGENT_ACCEPTS;
	bus_pair_settle(f->pair);
	assert_int_equal(f->up, 0); /* a late yes changes nothing */
	bring_up(f);
}

static void test_an_endpoint_freed_while_dialling_answers_first(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	ask(f, &answer);
	expect_dial(f, 1);
	f->headset = hsphfpd_endpoint_free(f->headset);
	assert_int_equal(fake_sco.cancelled, 1);
	expect_error(f, &answer, "NotConnected");
	assert_int_equal(f->failed + f->up + f->down, 0);
	/* and the way is free for another */
	connect_audio(f, f->pair->client.bus, OTHER_PATH, "CVSD", "PCM_s16le_8kHz", &answer);
	expect_dial(f, 2);
	fake_sco_fail(ETIMEDOUT);
	expect_error(f, &answer, "Failed");
}

static void test_an_endpoint_freed_while_offered_or_up_closes_the_link(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->application.pcm.manners = AGENT_WAITS;
	ask(f, &answer);
	expect_dial(f, 1);
	f->sco = fake_sco_connect(48);
	assert_true(loop_until_count(f->pair->loop, &f->application.pcm.offers, 1));
	f->headset = hsphfpd_endpoint_free(f->headset);
	expect_error(f, &answer, "NotConnected");
	expect_hang_up(f);
	bus_call_reply(f->application.pcm.waiting, DBUS_TYPE_INVALID);

	f->application.pcm.manners = AGENT_ACCEPTS;
	f->headset = add_endpoint(f, 0xaabbcc000001, false);
	bring_up(f);
	f->headset = hsphfpd_endpoint_free(f->headset);
	expect_hang_up(f);
	bus_pair_settle(f->pair);
	assert_int_equal(f->down, 0);
}

static void test_an_endpoint_freed_by_the_question_is_answered(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	f->free_when_wanted = true;
	ask(f, &answer);
	expect_error(f, &answer, "NotConnected");
	assert_int_equal(fake_sco.started, 0);
}

/* ---- it ends -------------------------------------------------------------------------------- */

static void test_a_headset_that_hangs_up_is_seen(void **state)
{
	struct fixture *f = *state;

	start_application(f, false);
	bring_up(f);
	close(f->sco);
	f->sco = -1;
	assert_true(loop_until_count(f->pair->loop, &f->down, 1));
	assert_false(hsphfpd_endpoint_audio_up(f->headset));
	assert_false(audio_connected(f));
	assert_false(transport_exists(f));
	bus_pair_settle(f->pair);
	assert_int_equal(f->down, 1);
	assert_int_equal(f->failed, 0);
}

static void test_sound_wakes_nobody_here(void **state)
{
	struct fixture *f = *state;
	char sound[48] = { 0 };

	start_application(f, false);
	bring_up(f);
	bus_pair_settle(f->pair);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(send(f->sco, sound, sizeof(sound), 0), sizeof(sound));
	/* nothing is due: the iteration finds no source ready */
	assert_int_equal(pw_loop_iterate(f->pair->loop, 0), 0);
	assert_int_equal(f->down, 0);
}

static void test_an_agent_that_releases_and_asks_again_gets_a_new_link(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	bring_up(f);
	/* as PipeWire does it, both before we can have seen the end */
	assert_int_equal(shutdown(f->application.pcm.fd, SHUT_RDWR), 0);
	ask(f, &answer);
	expect_dial(f, 2);
	assert_int_equal(f->down, 1);
	expect_hang_up(f);
	f->sco = fake_sco_connect(48);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_int_equal(f->up, 2);
	assert_true(audio_connected(f));
}

/* Bring up a link that closes slowly, and release it. */
static void release_slowly(struct fixture *f)
{
	struct bus_answer answer;

	ask(f, &answer);
	expect_dial(f, 1);
	f->sco = fake_sco_connect_slow(48);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	hsphfpd_endpoint_release(f->headset);
}

static void test_a_request_waits_for_every_old_link_to_close(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	release_slowly(f);
	/* another headset: two links at a time are one too many */
	connect_audio(f, f->pair->client.bus, OTHER_PATH, "CVSD", "PCM_s16le_8kHz", &answer);
	bus_pair_settle(f->pair);
	assert_int_equal(f->asked, 2);
	assert_int_equal(fake_sco.started, 1);
	assert_int_equal(f->down, 0);
	assert_true(hsphfpd_endpoint_audio_up(f->headset));
	assert_false(audio_connected(f));
	expect_refusal(f, HEADSET_PATH, "CVSD", "PCM_s16le_8kHz", "InProgress");

	close(f->sco);
	expect_dial(f, 2);
	assert_int_equal(f->down, 1);
	assert_int_equal(fake_sco.dial->remote, 0xaabbcc000002);
	f->sco = fake_sco_connect(48);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
}

static void test_a_waiting_request_ends_with_its_endpoint(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	release_slowly(f);
	connect_audio(f, f->pair->client.bus, OTHER_PATH, "CVSD", "PCM_s16le_8kHz", &answer);
	bus_pair_settle(f->pair);
	f->other = hsphfpd_endpoint_free(f->other);
	expect_error(f, &answer, "NotConnected");
	assert_int_equal(fake_sco.started, 1);
}

static void test_a_link_that_never_closes_holds_nobody_up_for_long(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	release_slowly(f);
	ask(f, &answer);
	/* after the kernel's own limit of 2 s */
	expect_dial(f, 2);
	assert_int_equal(f->down, 1);
	fake_sco_fail(EHOSTDOWN);
	expect_error(f, &answer, "Failed");
}

static void test_release_closes_the_link_and_tells(void **state)
{
	struct fixture *f = *state;

	start_application(f, false);
	bring_up(f);
	hsphfpd_endpoint_release(f->headset);
	assert_int_equal(f->down, 0); /* not from inside */
	assert_true(loop_until_count(f->pair->loop, &f->down, 1));
	expect_hang_up(f);
	hsphfpd_endpoint_release(f->headset);
	bus_pair_settle(f->pair);
	assert_int_equal(f->down, 1);
}

static void test_release_while_dialling_answers_and_tells_nothing(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	ask(f, &answer);
	expect_dial(f, 1);
	hsphfpd_endpoint_release(f->headset);
	assert_int_equal(fake_sco.cancelled, 1);
	expect_error(f, &answer, "Failed");
	assert_int_equal(f->failed + f->down, 0);
}

static void test_the_transports_release_closes_the_link(void **state)
{
	struct fixture *f = *state;
	struct bus_answer answer;

	start_application(f, false);
	bring_up(f);
	bus_pair_call(f->pair,
		      bus_pair_message(f->pair, f->application.pcm.transport, TRANSPORT, "Release"),
		      &answer);
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_true(loop_until_count(f->pair->loop, &f->down, 1));
	expect_hang_up(f);
}

static void test_an_agent_that_dies_does_not_keep_the_link(void **state)
{
	struct fixture *f = *state;

	start_application(f, false);
	bring_up(f);
	f->match = bus_match_free(f->match);
	bus_end_close(&f->pair->client);
	assert_true(loop_until_count(f->pair->loop, &f->down, 1));
	expect_hang_up(f);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_a_failed_dial_is_told_with_its_errno),
		T(test_x3_a_failed_dial_is_tried_again_while_the_agent_waits),
		T(test_a_set_up_that_pauses_can_be_released),
		T(test_an_agent_that_rejects_leaves_it_to_the_next),
		T(test_the_callers_own_agent_comes_first),
		T(test_agents_that_all_reject_close_the_link),
		T(test_an_agent_that_cancels_ends_it),
		T(test_an_agent_that_dies_with_the_offer_closes_the_link),
		T(test_a_caller_that_dies_while_it_is_dialled_ends_the_dialling),
		T(test_a_headset_that_closes_at_once_is_told_as_a_failure),
		T(test_an_endpoint_freed_while_dialling_answers_first),
		T(test_an_endpoint_freed_while_offered_or_up_closes_the_link),
		T(test_an_endpoint_freed_by_the_question_is_answered),
		T(test_a_headset_that_hangs_up_is_seen),
		T(test_sound_wakes_nobody_here),
		T(test_an_agent_that_releases_and_asks_again_gets_a_new_link),
		T(test_a_request_waits_for_every_old_link_to_close),
		T(test_a_waiting_request_ends_with_its_endpoint),
		T(test_a_link_that_never_closes_holds_nobody_up_for_long),
		T(test_release_closes_the_link_and_tells),
		T(test_release_while_dialling_answers_and_tells_nothing),
		T(test_the_transports_release_closes_the_link),
		T(test_an_agent_that_dies_does_not_keep_the_link),
	};

	return cmocka_run_group_tests_name("hsphfpd-end", tests, NULL, NULL);
}
