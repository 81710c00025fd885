/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * agent CODEC…: the sound of oFono's hands-free role, which leaves it to an org.ofono.HandsfreeAudioAgent.
 * CODEC is 1 (CVSD) or 2 (mSBC). oFono offers a gateway those codecs that its agent has, so the agent
 * comes before the connection.
 *
 * Commands: "connect CARD" (nobody but the agent may ask for a link), "close" (the link, as a user does
 * who takes the telephone), "tone HZ", "measure SECONDS", "wait TEXT SECONDS", "quit". Events: "ready",
 * "sco asked CODEC", "sco up", "sco down", "heard HZ DBFS SHARE", "error …".
 */
#include "link.h"

#include "dbus/bus.h"
#include "tests/softphone/commands.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OFONO "org.ofono"
#define AGENT_PATH "/agent"
#define MAX_CODECS 2

struct agent {
	struct pw_main_loop *loop;
	struct commands *commands;
	struct bus *bus;
	struct bus_object *object;
	struct link *link; /* NULL: none is up */
	double tone_hz;
	uint8_t codecs[MAX_CODECS];
	int n_codecs;
	int status;
};

/* ---- the link ------------------------------------------------------------------------------------- */

static void on_up(void *data)
{
	struct agent *agent = data;

	commands_tell(agent->commands, "sco up");
}

static void on_down(void *data)
{
	struct agent *agent = data;

	agent->link = link_free(agent->link);
	commands_busy(agent->commands, false);
	commands_tell(agent->commands, "sco down");
}

static const struct link_events link_events = { .up = on_up, .down = on_down };

/* ---- HandsfreeAudioAgent ---------------------------------------------------------------------------- */

static void agent_new_connection(struct bus_call *call, void *data)
{
	struct agent *agent = data;
	DBusMessageIter args;
	uint8_t codec;
	int fd, r;

	bus_call_args(call, &args);
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &fd); /* a duplicate, ours */
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &codec);
	if (agent->link || (codec != LINK_CVSD && codec != LINK_MSBC)) {
		close(fd);
		bus_call_error(call, OFONO ".Error.InvalidArguments", "not this one");
		return;
	}
	bus_call_reply(call, DBUS_TYPE_INVALID);
	commands_tell(agent->commands, "sco asked %s", codec == LINK_MSBC ? "mSBC" : "CVSD");
	r = link_new(pw_main_loop_get_loop(agent->loop), fd, (enum link_codec)codec, agent->tone_hz,
		     &link_events, agent, &agent->link);
	if (r < 0)
		commands_tell(agent->commands, "error sco: %s", strerror(-r));
}

static void agent_release(struct bus_call *call, void *data)
{
	bus_call_reply(call, DBUS_TYPE_INVALID);
}

static const struct bus_interface agent_interface = {
	.name = OFONO ".HandsfreeAudioAgent",
	.methods =
		(const struct bus_method[]){
			{ "NewConnection", "o card, h fd, y codec", "", agent_new_connection },
			{ "Release", "", "", agent_release },
			{ 0 },
		},
};

static void on_registered(void *data, DBusMessage *reply, const char *error)
{
	struct agent *agent = data;

	if (error)
		commands_tell(agent->commands, "error Register: %s", error);
	else
		commands_tell(agent->commands, "ready");
}

static void on_bus_ready(void *data)
{
	struct agent *agent = data;
	const char *path = AGENT_PATH;
	const uint8_t *codecs = agent->codecs;

	(void)bus_send(agent->bus,
		       bus_message(OFONO, "/", OFONO ".HandsfreeAudioManager", "Register",
				   DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE,
				   &codecs, agent->n_codecs, DBUS_TYPE_INVALID),
		       -1, on_registered, agent, NULL);
}

static void on_bus_lost(void *data, const char *reason)
{
	struct agent *agent = data;

	commands_tell(agent->commands, "error bus: %s", reason);
}

/* ---- commands --------------------------------------------------------------------------------------- */

static int command_tone(void *data, const char *argument)
{
	struct agent *agent = data;

	agent->tone_hz = atof(argument);
	if (agent->link)
		link_tone(agent->link, agent->tone_hz);
	return 0;
}

static int command_measure(void *data, const char *argument)
{
	struct agent *agent = data;
	int r;

	if (!agent->link)
		return -ENOTCONN;
	r = link_measure(agent->link, atof(argument), commands_heard, agent->commands);
	if (r == 0)
		commands_busy(agent->commands, true);
	return r;
}

static void on_connected(void *data, DBusMessage *reply, const char *error)
{
	struct agent *agent = data;

	if (error)
		commands_tell(agent->commands, "error Connect: %s", error);
}

static int command_connect(void *data, const char *argument)
{
	struct agent *agent = data;

	if (!dbus_validate_path(argument, NULL))
		return -EINVAL;
	return bus_send(agent->bus,
			bus_message(OFONO, argument, OFONO ".HandsfreeAudioCard", "Connect",
				    DBUS_TYPE_INVALID),
			-1, on_connected, agent, NULL);
}

static int command_close(void *data, const char *argument)
{
	struct agent *agent = data;

	if (!agent->link)
		return -ENOTCONN;
	on_down(agent);
	return 0;
}

static const struct command command_table[] = {
	{ "tone", command_tone },
	{ "measure", command_measure },
	{ "connect", command_connect },
	{ "close", command_close },
	{ 0 },
};

static void quit(void *data, int status)
{
	struct agent *agent = data;

	agent->status = status;
	pw_main_loop_quit(agent->loop);
}

int main(int argc, char **argv)
{
	static const struct bus_events bus_events = { on_bus_ready, on_bus_lost };
	static const struct bus_interface *const interfaces[] = { &agent_interface, NULL };
	struct agent agent = { .status = 1 };
	const char *address = bus_system_address();
	struct pw_loop *loop;

	if (argc < 2 || argc > 1 + MAX_CODECS) {
		fprintf(stderr, "usage: agent CODEC…\n");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		agent.codecs[agent.n_codecs++] = (uint8_t)atoi(argv[i]);
	pw_init(NULL, NULL);
	agent.loop = pw_main_loop_new(NULL);
	loop = pw_main_loop_get_loop(agent.loop);
	if (commands_new(loop, command_table, quit, &agent, &agent.commands) < 0 || !address ||
	    bus_open(loop, address, &bus_events, &agent, &agent.bus) < 0 ||
	    bus_object_new(agent.bus, AGENT_PATH, interfaces, &agent, &agent.object) < 0) {
		fprintf(stderr, "agent: no system bus\n");
		return 1;
	}

	pw_main_loop_run(agent.loop);

	link_free(agent.link);
	bus_object_free(agent.object);
	bus_free(agent.bus);
	commands_free(agent.commands);
	pw_main_loop_destroy(agent.loop);
	pw_deinit();
	return agent.status;
}
