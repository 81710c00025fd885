/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "hsphfpd-fixture.h"

#include "daemon/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int on_wanted(void *data, struct hsphfpd_endpoint *endpoint, enum sco_codec codec)
{
	struct fixture *f = data;

	assert_null(fake_sco.dial);
	f->asked++;
	if (f->free_when_wanted)
		f->headset = hsphfpd_endpoint_free(f->headset);
	return f->wanted;
}

static void on_up(void *data, struct hsphfpd_endpoint *endpoint, enum sco_codec codec)
{
	((struct fixture *)data)->up++;
}

static void on_down(void *data, struct hsphfpd_endpoint *endpoint)
{
	((struct fixture *)data)->down++;
}

static int on_failed(void *data, struct hsphfpd_endpoint *endpoint, int error)
{
	struct fixture *f = data;

	f->failed++;
	f->error = error;
	return f->failed < f->tries ? 1 : -1;
}

static void on_audio_forgotten(void *data, struct hsphfpd_endpoint *endpoint)
{
	struct fixture *f = data;

	assert_ptr_equal(endpoint, f->headset);
	f->forgotten++;
}

static void on_incoming_closed(void *data, struct hsphfpd_endpoint *endpoint)
{
	((struct fixture *)data)->incoming_closed++;
}

static void on_ring(void *data, struct hsphfpd_endpoint *endpoint)
{
	((struct fixture *)data)->rings++;
}

static void on_gains(void *data, struct hsphfpd_endpoint *endpoint, uint8_t speaker_gain,
		     uint8_t microphone_gain)
{
	struct fixture *f = data;

	f->gains++;
	f->speaker_gain = speaker_gain;
	f->microphone_gain = microphone_gain;
}

static void on_agents(void *data, unsigned int n)
{
	((struct fixture *)data)->agents = n;
}

static void on_owned(void *data, bool owned)
{
	struct fixture *f = data;

	if (owned)
		f->owned++;
	else
		f->not_owned++;
}

static void on_battery(void *data, int percent)
{
	struct fixture *f = data;

	f->batteries++;
	f->battery = percent;
}

const struct hsphfpd_events fixture_events = {
	.battery = on_battery,
	.audio_wanted = on_wanted,
	.audio_up = on_up,
	.audio_down = on_down,
	.audio_failed = on_failed,
	.audio_forgotten = on_audio_forgotten,
	.incoming_closed = on_incoming_closed,
	.gains = on_gains,
	.ring = on_ring,
	.agents = on_agents,
	.owned = on_owned,
};

static int note_key(void *data, const char *key, DBusMessageIter *value)
{
	struct fixture *f = data;

	(void)snprintf(f->changed + strlen(f->changed), sizeof(f->changed) - strlen(f->changed),
		       " %s", key);
	return 0;
}

static void on_changed(void *data, DBusMessage *signal)
{
	struct fixture *f = data;
	DBusMessageIter args;
	const char *interface;

	assert_true(dbus_message_has_signature(signal, "sa{sv}as"));
	dbus_message_iter_init(signal, &args);
	dbus_message_iter_get_basic(&args, &interface);
	(void)snprintf(f->changed, sizeof(f->changed), "%s", strrchr(interface, '.') + 1);
	dbus_message_iter_next(&args);
	assert_int_equal(bus_read_dict(&args, note_key, f), 0);
	f->changes++;
}

struct hsphfpd_endpoint *add_endpoint(struct fixture *f, route_device remote, bool msbc)
{
	const struct hsphfpd_endpoint_info info = {
		.remote = remote,
		.local = 0x001122334455,
		.name = "Headset",
		.adapter_name = "hci0",
		.version = 0x0107,
		.msbc = msbc,
		.speaker_gain = 9,
		.microphone_gain = 7,
	};
	struct hsphfpd_endpoint *endpoint;

	assert_int_equal(hsphfpd_endpoint_new(f->service, &info, f, &endpoint), 0);
	assert_ptr_equal(hsphfpd_endpoint_user(endpoint), f);
	return endpoint;
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	void *pair;

	log_set_level(LOG_EMERG);
	fake_sco_reset();
	if (!f || bus_pair_setup(&pair) < 0)
		return -1;
	f->pair = pair;
	f->sco = -1;
	if (hsphfpd_new(f->pair->server.bus, f->pair->loop, &fixture_events, f, &f->service) < 0)
		return -1;
	f->headset = add_endpoint(f, 0xaabbcc000001, true);
	f->other = add_endpoint(f, 0xaabbcc000002, false);
	if (bus_match(f->pair->client.bus, bus_unique_name(f->pair->server.bus), NULL,
		      DBUS_INTERFACE_PROPERTIES, "PropertiesChanged", on_changed, f, &f->match) < 0)
		return -1;
	*state = f;
	return loop_until_count(f->pair->loop, &f->owned, 1) ? 0 : -1;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	void *pair = f->pair;

	bus_match_free(f->match);
	fake_application_stop(&f->application);
	hsphfpd_endpoint_free(f->headset);
	hsphfpd_endpoint_free(f->other);
	hsphfpd_free(f->service);
	if (f->sco >= 0)
		close(f->sco);
	fake_sco_reset();
	free(f);
	return bus_pair_teardown(&pair);
}

/* ---- what the client does ------------------------------------------------------------------- */

struct bus_answer register_application(struct fixture *f, const char *member)
{
	const char *path = FAKE_APPLICATION_PATH;
	DBusMessage *message = bus_pair_message(f->pair, "/", MANAGER, member);
	struct bus_answer answer;

	assert_true(
		dbus_message_append_args(message, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID));
	bus_pair_call(f->pair, message, &answer);
	return answer;
}

void start_application(struct fixture *f, bool msbc)
{
	struct bus_answer answer;

	fake_application_start(&f->application, &f->pair->client, msbc);
	answer = register_application(f, "RegisterApplication");
	assert_string_equal(answer.error, "");
	bus_answer_done(&answer);
	assert_true(loop_until_count(f->pair->loop, &f->agents, msbc ? 2 : 1));
}

void connect_audio(struct fixture *f, struct bus *from, const char *path, const char *air,
		   const char *agent, struct bus_answer *ret)
{
	DBusMessage *message = bus_pair_message(f->pair, path, ENDPOINT, "ConnectAudio");

	*ret = (struct bus_answer){ 0 };
	assert_true(dbus_message_append_args(message, DBUS_TYPE_STRING, &air, DBUS_TYPE_STRING,
					     &agent, DBUS_TYPE_INVALID));
	assert_int_equal(bus_send(from, message, LOOP_DEADLINE_MS, bus_answer_take, ret, NULL), 0);
}

void ask(struct fixture *f, struct bus_answer *ret)
{
	connect_audio(f, f->pair->client.bus, HEADSET_PATH, "CVSD", "PCM_s16le_8kHz", ret);
}

void expect_error(struct fixture *f, struct bus_answer *answer, const char *name)
{
	assert_true(loop_until_set(f->pair->loop, &answer->got));
	if (strncmp(answer->error, ERROR_PREFIX, strlen(ERROR_PREFIX)) != 0)
		fail_msg("'%s' is none of ours", answer->error);
	assert_string_equal(answer->error + strlen(ERROR_PREFIX), name);
	bus_answer_done(answer);
}

void expect_refusal(struct fixture *f, const char *path, const char *air, const char *agent,
		    const char *name)
{
	struct bus_answer answer;

	connect_audio(f, f->pair->client.bus, path, air, agent, &answer);
	expect_error(f, &answer, name);
}

void expect_dial(struct fixture *f, unsigned int n)
{
	assert_true(loop_until_count(f->pair->loop, &fake_sco.started, n));
	assert_non_null(fake_sco.dial);
}

void bring_up(struct fixture *f)
{
	struct bus_answer answer;
	unsigned int up = f->up;

	ask(f, &answer);
	expect_dial(f, fake_sco.started + 1);
	f->sco = fake_sco_connect(72);
	assert_true(loop_until_set(f->pair->loop, &answer.got));
	assert_string_equal(answer.error, "");
	assert_int_equal(f->up, up + 1);
	bus_answer_done(&answer);
}

static bool is_hung_up(void *data)
{
	char byte;

	return recv(*(int *)data, &byte, 1, MSG_DONTWAIT) == 0;
}

void expect_hang_up(struct fixture *f)
{
	assert_true(loop_until(f->pair->loop, is_hung_up, &f->sco, LOOP_DEADLINE_MS));
	close(f->sco);
	f->sco = -1;
}

DBusMessage *property_message(struct fixture *f, const char *path, const char *interface,
			      const char *member, const char *name)
{
	DBusMessage *message = bus_pair_message(f->pair, path, DBUS_INTERFACE_PROPERTIES, member);

	assert_true(dbus_message_append_args(message, DBUS_TYPE_STRING, &interface,
					     DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID));
	return message;
}

bool audio_connected(struct fixture *f)
{
	struct bus_answer answer;
	DBusMessageIter iter;
	dbus_bool_t on = false;

	bus_pair_call(f->pair, property_message(f, HEADSET_PATH, ENDPOINT, "Get", "AudioConnected"),
		      &answer);
	assert_string_equal(answer.error, "");
	dbus_message_iter_init(answer.reply, &iter);
	assert_int_equal(bus_read_basic(&iter, DBUS_TYPE_BOOLEAN, &on), 0);
	bus_answer_done(&answer);
	return on;
}

bool transport_exists(struct fixture *f)
{
	struct bus_answer answer;
	bool exists;

	bus_pair_call(f->pair,
		      property_message(f, f->application.pcm.transport, TRANSPORT, "Get", "MTU"),
		      &answer);
	exists = !answer.error[0];
	bus_answer_done(&answer);
	return exists;
}
