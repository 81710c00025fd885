/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "fake-agent.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void copy(DBusMessageIter *value, int type, char *ret, size_t n)
{
	const char *text;

	assert_int_equal(bus_read_basic(value, type, &text), 0);
	(void)snprintf(ret, n, "%s", text);
}

static int take_property(void *data, const char *key, DBusMessageIter *value)
{
	struct fake_agent *agent = data;
	dbus_bool_t on;

	if (strcmp(key, "Endpoint") == 0)
		copy(value, DBUS_TYPE_OBJECT_PATH, agent->endpoint, sizeof(agent->endpoint));
	else if (strcmp(key, "AirCodec") == 0)
		copy(value, DBUS_TYPE_STRING, agent->air_codec, sizeof(agent->air_codec));
	else if (strcmp(key, "RxVolumeControl") == 0)
		copy(value, DBUS_TYPE_STRING, agent->rx_control, sizeof(agent->rx_control));
	else if (strcmp(key, "TxVolumeControl") == 0)
		copy(value, DBUS_TYPE_STRING, agent->tx_control, sizeof(agent->tx_control));
	else if (strcmp(key, "Name") == 0)
		copy(value, DBUS_TYPE_STRING, agent->name, sizeof(agent->name));
	else if (strcmp(key, "Version") == 0)
		copy(value, DBUS_TYPE_STRING, agent->version, sizeof(agent->version));
	else if (strcmp(key, "MTU") == 0)
		assert_int_equal(bus_read_basic(value, DBUS_TYPE_UINT16, &agent->mtu), 0);
	else if (strcmp(key, "RxVolumeGain") == 0)
		assert_int_equal(bus_read_basic(value, DBUS_TYPE_UINT16, &agent->rx_gain), 0);
	else if (strcmp(key, "TxVolumeGain") == 0)
		assert_int_equal(bus_read_basic(value, DBUS_TYPE_UINT16, &agent->tx_gain), 0);
	else if (strcmp(key, "NREC") == 0 && bus_read_basic(value, DBUS_TYPE_BOOLEAN, &on) == 0)
		agent->nrec = on;
	return 0;
}

static void new_connection(struct bus_call *call, void *data)
{
	struct fake_agent *agent = data;
	DBusMessageIter args;
	const char *path;

	agent->offers++;
	if (agent->fd >= 0)
		close(agent->fd);
	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &path);
	(void)snprintf(agent->transport, sizeof(agent->transport), "%s", path);
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &agent->fd);
	dbus_message_iter_next(&args);
	assert_int_equal(bus_read_dict(&args, take_property, agent), 0);

	switch (agent->manners) {
	case AGENT_ACCEPTS:
		bus_call_reply(call, DBUS_TYPE_INVALID);
		return;
	case AGENT_WAITS:
		agent->waiting = bus_call_keep(call);
		return;
	case AGENT_REJECTS:
		bus_call_error(call, "org.hsphfpd.Error.Rejected", "no");
		break;
	case AGENT_CANCELS:
		bus_call_error(call, "org.hsphfpd.Error.Canceled", "never");
		break;
	}
	close(agent->fd);
	agent->fd = -1;
}

static int get_codec(void *data, DBusMessageIter *value)
{
	const struct fake_agent *agent = data;

	bus_append_basic(value, DBUS_TYPE_STRING, &agent->codec);
	return 0;
}

static const struct bus_interface agent_interface = {
	.name = "org.hsphfpd.AudioAgent",
	.methods =
		(const struct bus_method[]){
			{ "NewConnection", "o audio_transport, h sco, a{sv} properties", "",
			  new_connection },
			{ 0 },
		},
	.properties =
		(const struct bus_property[]){
			{ "AgentCodec", "s", get_codec, NULL },
			{ 0 },
		},
};

static const struct bus_interface *const agent_interfaces[] = { &agent_interface, NULL };

void fake_application_start(struct fake_application *application, struct bus_end *end, bool msbc)
{
	*application = (struct fake_application){
		.end = end,
		.pcm = { .codec = "PCM_s16le_8kHz", .fd = -1 },
		.msbc = { .codec = "mSBC", .fd = -1 },
	};
	assert_int_equal(bus_object_manager(end->bus, FAKE_APPLICATION_PATH), 0);
	assert_int_equal(bus_object_new(end->bus, FAKE_PCM_PATH, agent_interfaces,
					&application->pcm, &application->pcm.object),
			 0);
	if (msbc)
		assert_int_equal(bus_object_new(end->bus, FAKE_MSBC_PATH, agent_interfaces,
						&application->msbc, &application->msbc.object),
				 0);
}

static void agent_stop(struct fake_agent *agent)
{
	agent->object = bus_object_free(agent->object);
	if (agent->fd >= 0)
		close(agent->fd);
	agent->fd = -1;
}

void fake_application_stop(struct fake_application *application)
{
	if (!application->end)
		return;
	agent_stop(&application->pcm);
	agent_stop(&application->msbc);
}

/* ---- sco.h ---------------------------------------------------------------------------------- */

struct fake_sco fake_sco;

int sco_dial_start(struct pw_loop *loop, route_device local, route_device remote,
		   enum sco_codec codec, unsigned int timeout_ms, sco_dial_fn done, void *data,
		   struct sco_dial **ret)
{
	assert_null(fake_sco.dial); /* one at a time */
	if (fake_sco.refuse)
		return fake_sco.refuse;
	fake_sco.dial = calloc(1, sizeof(*fake_sco.dial));
	assert_non_null(fake_sco.dial);
	*fake_sco.dial = (struct sco_dial){
		.local = local,
		.remote = remote,
		.codec = codec,
		.timeout_ms = timeout_ms,
		.done = done,
		.data = data,
	};
	fake_sco.started++;
	*ret = fake_sco.dial;
	return 0;
}

struct sco_dial *sco_dial_cancel(struct sco_dial *dial)
{
	if (!dial)
		return NULL;
	assert_ptr_equal(dial, fake_sco.dial);
	fake_sco.cancelled++;
	fake_sco.dial = NULL;
	free(dial);
	return NULL;
}

void fake_sco_reset(void)
{
	free(fake_sco.dial);
	fake_sco = (struct fake_sco){ 0 };
}

static void finish(int fd, uint16_t mtu, int error)
{
	struct sco_dial dial;

	assert_non_null(fake_sco.dial);
	dial = *fake_sco.dial;
	free(fake_sco.dial);
	fake_sco.dial = NULL;
	dial.done(dial.data, fd, mtu, error);
}

int fake_sco_connect(uint16_t mtu)
{
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	finish(pair[0], mtu, 0);
	return pair[1];
}

int fake_sco_connect_slow(uint16_t mtu)
{
	int pipes[2];

	/* shutdown() does nothing to a pipe */
	assert_int_equal(pipe2(pipes, O_NONBLOCK | O_CLOEXEC), 0);
	finish(pipes[0], mtu, 0);
	return pipes[1];
}

void fake_sco_fail(int error)
{
	finish(-1, 0, error);
}
