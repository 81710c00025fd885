/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The headset against a gateway that the test plays itself, line by line, over a socket pair.
 */
#include "headset.h"
#include "sound.h"

#include <pipewire/pipewire.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 5000

struct fixture {
	struct pw_loop *loop;
	struct headset *headset;
	int gateway;
	char sent[1024]; /* by the headset, not yet expected */
	size_t n_sent;
	char events[8192];
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void on_line(void *data, const char *line)
{
	struct fixture *f = data;
	size_t n = strlen(f->events);

	(void)snprintf(f->events + n, sizeof(f->events) - n, "%s\n", line);
}

static void iterate(struct fixture *f)
{
	(void)pw_loop_iterate(f->loop, 50);
}

/* The next command of the headset. */
static void expect(struct fixture *f, const char *command)
{
	uint64_t limit = now_ms() + LIMIT_MS;
	char *end;

	while (!(end = memchr(f->sent, '\r', f->n_sent))) {
		ssize_t n = recv(f->gateway, f->sent + f->n_sent, sizeof(f->sent) - f->n_sent,
				 MSG_DONTWAIT);

		if (n > 0) {
			f->n_sent += (size_t)n;
			continue;
		}
		if (now_ms() > limit)
			fail_msg("no command came, expected %s", command);
		iterate(f);
	}
	*end = '\0';
	assert_string_equal(f->sent, command);
	f->n_sent -= (size_t)(end + 1 - f->sent);
	memmove(f->sent, end + 1, f->n_sent);
}

static void reply(struct fixture *f, const char *text)
{
	assert_int_equal(send(f->gateway, text, strlen(text), 0), strlen(text));
}

static void wait_event(struct fixture *f, const char *event)
{
	uint64_t limit = now_ms() + LIMIT_MS;

	while (!strstr(f->events, event)) {
		if (now_ms() > limit)
			fail_msg("no event %s in:\n%s", event, f->events);
		iterate(f);
	}
}

static void begin(struct fixture *f, const struct headset_options *options)
{
	static const struct headset_events events = { .line = on_line };
	int pair[2];

	*f = (struct fixture){ .loop = pw_loop_new(NULL) };
	pw_loop_enter(f->loop);
	assert_int_equal(headset_new(f->loop, options, &events, f, &f->headset), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	f->gateway = pair[0];
	assert_int_equal(headset_connected(f->headset, pair[1]), 0);
}

static void end(struct fixture *f)
{
	f->headset = headset_free(f->headset);
	if (f->gateway >= 0)
		close(f->gateway);
	pw_loop_leave(f->loop);
	pw_loop_destroy(f->loop);
}

static void connect_service_level(struct fixture *f)
{
	expect(f, "AT+BRSF=119");
	reply(f, "\r\n+BRSF: 353\r\n\r\nOK\r\n");
	expect(f, "AT+CIND=?");
	reply(f, "\r\n+CIND: (\"service\",(0,1)),(\"call\",(0,1)),(\"callsetup\",(0-3))\r\n");
	reply(f, "\r\nOK\r\n");
	expect(f, "AT+CIND?");
	reply(f, "\r\n+CIND: 1,0,0\r\n\r\nOK\r\n");
	expect(f, "AT+CMER=3,0,0,1");
	reply(f, "\r\nOK\r\n");
	expect(f, "AT+CHLD=?");
	reply(f, "\r\n+CHLD: (0,1,2)\r\n\r\nOK\r\n");
	wait_event(f, "slc up");
	expect(f, "AT+CLIP=1");
	reply(f, "\r\nOK\r\n");
	expect(f, "AT+CCWA=1");
	reply(f, "\r\nOK\r\n");
	expect(f, "AT+CMEE=1");
	reply(f, "\r\nOK\r\n");
}

static void test_service_level_connection_in_its_order_then_the_button_follows_the_call(
	void **state)
{
	struct fixture f;

	begin(&f, &headset_default_options);
	connect_service_level(&f);
	reply(&f, "\r\n+CIEV: 3,1\r\n\r\nRING\r\n\r\n+CLIP: \"5551234\",129\r\n");
	wait_event(&f, "< +CLIP");
	assert_int_equal(headset_indicator(f.headset, "callsetup"), 1);
	assert_int_equal(headset_rings(f.headset), 1);
	assert_string_equal(headset_caller(f.headset), "5551234");
	headset_button(f.headset);
	expect(&f, "ATA");
	reply(&f, "\r\nOK\r\n\r\n+CIEV: 2,1\r\n\r\n+CIEV: 3,0\r\n");
	wait_event(&f, "indicator callsetup 0");
	headset_button(f.headset);
	expect(&f, "AT+CHUP");
	reply(&f, "\r\nOK\r\n\r\n+CIEV: 2,0\r\n");
	wait_event(&f, "indicator call 0");
	close(f.gateway);
	f.gateway = -1;
	wait_event(&f, "closed");
	end(&f);
}

static void test_a_command_waits_for_the_result_of_the_one_before(void **state)
{
	struct fixture f;

	begin(&f, &headset_default_options);
	connect_service_level(&f);
	headset_set_volume(f.headset, 9);
	headset_set_microphone_gain(f.headset, 8);
	expect(&f, "AT+VGS=9");
	assert_true(recv(f.gateway, f.sent, 1, MSG_DONTWAIT) < 0);
	reply(&f, "\r\nOK\r\n");
	expect(&f, "AT+VGM=8");
	end(&f);
}

static void test_a_codec_that_it_has_is_confirmed_and_another_is_answered_by_its_list(void **state)
{
	struct headset_options options = { .features = HF_CODECS, .codecs = { 1, 2 } };
	struct fixture f;

	begin(&f, &options);
	expect(&f, "AT+BRSF=128");
	reply(&f, "\r\n+BRSF: 512\r\n\r\nOK\r\n");
	expect(&f, "AT+BAC=1,2");
	reply(&f, "\r\nOK\r\n");
	expect(&f, "AT+CIND=?");
	reply(&f, "\r\nOK\r\n");
	expect(&f, "AT+CIND?");
	reply(&f, "\r\nOK\r\n");
	expect(&f, "AT+CMER=3,0,0,1");
	reply(&f, "\r\nOK\r\n");
	expect(&f, "AT+CMEE=1");
	reply(&f, "\r\nOK\r\n\r\n+BCS: 2\r\n");
	expect(&f, "AT+BCS=2");
	reply(&f, "\r\nOK\r\n\r\n+BCS: 3\r\n");
	expect(&f, "AT+BAC=1,2");
	reply(&f, "\r\nOK\r\n");
	wait_event(&f, "< OK");
	assert_int_equal(headset_open_sound(f.headset, NULL), 0);
	expect(&f, "AT+BCC");
	end(&f);
}

static void test_a_headset_without_hands_free_has_one_button_and_no_service_level(void **state)
{
	struct headset_options options = { .hsp = true };
	struct fixture f;

	begin(&f, &options);
	wait_event(&f, "slc up");
	reply(&f, "\r\nRING\r\n\r\n+VGS=7\r\n");
	wait_event(&f, "+VGS=7");
	assert_int_equal(headset_volume(f.headset), 7);
	headset_button(f.headset);
	expect(&f, "AT+CKPD=200");
	end(&f);
}

static void test_sound_goes_both_ways_over_a_link(void **state)
{
	struct fixture f;
	int pair[2];
	int16_t speaker[24], microphone[SOUND_RATE_HZ / 2];
	size_t n = 0;
	struct tone tone;
	struct tone_heard heard;

	begin(&f, &headset_default_options);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	sound_tone(headset_sound(f.headset), 440.0);
	assert_int_equal(sound_take(headset_sound(f.headset), pair[1]), 0);
	wait_event(&f, "sco up");
	assert_int_equal(headset_measure(f.headset, 0.5), 0);
	tone_init(&tone, SOUND_RATE_HZ, 1000.0, TONE_LEVEL_DBFS);
	/* the microphone's packets are the clock of the loudspeaker's */
	while (!strstr(f.events, "heard")) {
		ssize_t got;

		iterate(&f);
		while ((got = recv(pair[0], speaker, sizeof(speaker), 0)) > 0) {
			assert_int_equal(got, SOUND_PACKET_SIZE);
			if (n + 24 <= SOUND_RATE_HZ / 2) {
				memcpy(microphone + n, speaker, sizeof(speaker));
				n += 24;
			}
			tone_fill(&tone, speaker, 24);
			(void)send(pair[0], speaker, sizeof(speaker), 0);
		}
	}
	double hz = 0.0, level, share = 0.0;
	assert_int_equal(
		sscanf(strstr(f.events, "heard"), "heard %lf %lf %lf", &hz, &level, &share), 3);
	assert_true(hz > 990.0 && hz < 1010.0);
	assert_true(share > 0.8);
	tone_analyse(microphone, n, SOUND_RATE_HZ, &heard);
	assert_true(heard.frequency_hz > 435.0 && heard.frequency_hz < 445.0);
	close(pair[0]);
	wait_event(&f, "sco down");
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_service_level_connection_in_its_order_then_the_button_follows_the_call),
		cmocka_unit_test(test_a_command_waits_for_the_result_of_the_one_before),
		cmocka_unit_test(
			test_a_codec_that_it_has_is_confirmed_and_another_is_answered_by_its_list),
		cmocka_unit_test(
			test_a_headset_without_hands_free_has_one_button_and_no_service_level),
		cmocka_unit_test(test_sound_goes_both_ways_over_a_link),
	};

	pw_init(NULL, NULL);
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	pw_deinit();
	return r;
}
