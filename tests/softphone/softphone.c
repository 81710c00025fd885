/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A softphone with one call, as small as it can be and still real: it registers the call with
 * org.callroute, serves the provider's methods, and has sound through PipeWire from the answer on. The
 * other party is a tone; what the microphone brings is measured.
 *
 * Commands on standard input, one a line:
 *
 *	answer | hangup | remote-hangup | hold | unhold
 *	route ROUTE          the user picks where the call's sound is
 *	tone HZ              what the other party says; 0 is silence
 *	measure SECONDS      a line "heard HZ DBFS SHARE" follows; the next command waits for it
 *	wait TEXT SECONDS    until a line that contains TEXT comes, or came since the command before
 *	quit
 *
 * Events on standard output, one a line:
 *
 *	call /org/callroute/call/1
 *	answer | hangup | hold | unhold | dtmf DIGITS      the daemon asks
 *	dial URI                                           a headset dials; only with --dials
 *	state active
 *	route OLD NEW RULE REASON
 *	streams up | streams down
 *	sound on | sound off                               the microphone is heard, or silent
 *	ok METHOD | error METHOD: NAME: TEXT               the end of a request of ours
 */
#include "caller.h"
#include "commands.h"
#include "sound.h"

#include <errno.h>
#include <getopt.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct softphone {
	struct pw_main_loop *loop;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct caller *caller;
	struct sound *sound; /* while the call is active */
	struct commands *commands;
	double tone_hz;
	const char *role;
	int status;
};

/* ---- the sound ------------------------------------------------------------------------------ */

static void sound_running(void *data, bool up)
{
	struct softphone *phone = data;

	commands_tell(phone->commands, "streams %s", up ? "up" : "down");
}

static void sound_failed(void *data, const char *message)
{
	struct softphone *phone = data;

	commands_tell(phone->commands, "error stream: %s", message);
}

static void sound_audible(void *data, bool audible)
{
	struct softphone *phone = data;

	commands_tell(phone->commands, "sound %s", audible ? "on" : "off");
}

static const struct sound_events sound_events = {
	.running = sound_running,
	.failed = sound_failed,
	.audible = sound_audible,
};

static int open_sound(struct softphone *phone)
{
	const struct sound_options options = {
		.name = "softphone",
		.role = phone->role,
		.tone_hz = phone->tone_hz,
		.capture = true,
	};

	if (phone->sound)
		return 0;
	return sound_new(phone->core, &options, &sound_events, phone, &phone->sound);
}

static void close_sound(struct softphone *phone)
{
	if (!phone->sound)
		return;
	phone->sound = sound_free(phone->sound);
	commands_tell(phone->commands, "streams down");
	commands_busy(phone->commands, false);
}

/* ---- the call ------------------------------------------------------------------------------- */

static void call_added(void *data, const char *path)
{
	struct softphone *phone = data;

	commands_tell(phone->commands, "call %s", path);
}

static void call_told(void *data, const char *method, const char *text)
{
	struct softphone *phone = data;

	if (!strcmp(method, "Answer")) {
		commands_tell(phone->commands, "answer");
		if (open_sound(phone) < 0)
			commands_tell(phone->commands, "error answer: no streams");
	} else if (!strcmp(method, "Hangup")) {
		commands_tell(phone->commands, "hangup");
		close_sound(phone);
	} else if (!strcmp(method, "Hold")) {
		commands_tell(phone->commands, "hold");
	} else if (!strcmp(method, "Unhold")) {
		commands_tell(phone->commands, "unhold");
	} else if (!strcmp(method, "SendDtmf")) {
		commands_tell(phone->commands, "dtmf %s", text);
	} else if (!strcmp(method, "Dial")) {
		commands_tell(phone->commands, "dial %s", text);
	}
}

static void call_state(void *data, const char *state)
{
	struct softphone *phone = data;

	commands_tell(phone->commands, "state %s", state);
	if (!strcmp(state, "ended"))
		close_sound(phone);
}

static void call_route(void *data, const char *old, const char *now, const char *reason,
		       const char *rule)
{
	struct softphone *phone = data;

	commands_tell(phone->commands, "route %s %s %s %s", old, now, rule, reason);
}

static void call_done(void *data, const char *request, const char *error, const char *message)
{
	struct softphone *phone = data;

	if (error)
		commands_tell(phone->commands, "error %s: %s: %s", request, error, message);
	else
		commands_tell(phone->commands, "ok %s", request);
}

static void call_lost(void *data)
{
	struct softphone *phone = data;

	commands_tell(phone->commands, "error bus: the session bus is gone");
	phone->status = 1;
	pw_main_loop_quit(phone->loop);
}

static const struct caller_events caller_events = {
	.added = call_added,
	.told = call_told,
	.state = call_state,
	.route = call_route,
	.done = call_done,
	.lost = call_lost,
};

/* ---- commands ------------------------------------------------------------------------------- */

static int command_answer(void *data, const char *argument)
{
	struct softphone *phone = data;
	int r = caller_report(phone->caller, "active");

	return r < 0 ? r : open_sound(phone);
}

static int command_hangup(void *data, const char *argument)
{
	struct softphone *phone = data;

	return caller_request(phone->caller, "Hangup");
}

static int command_remote_hangup(void *data, const char *argument)
{
	struct softphone *phone = data;

	close_sound(phone);
	return caller_report(phone->caller, "ended");
}

static int command_hold(void *data, const char *argument)
{
	struct softphone *phone = data;

	return caller_request(phone->caller, "Hold");
}

static int command_unhold(void *data, const char *argument)
{
	struct softphone *phone = data;

	return caller_request(phone->caller, "Unhold");
}

static int command_route(void *data, const char *argument)
{
	struct softphone *phone = data;

	return caller_set_route(phone->caller, argument);
}

static int command_tone(void *data, const char *argument)
{
	struct softphone *phone = data;

	phone->tone_hz = atof(argument);
	if (phone->sound)
		sound_tone(phone->sound, phone->tone_hz);
	return 0;
}

static int command_measure(void *data, const char *argument)
{
	struct softphone *phone = data;
	int r;

	if (!phone->sound)
		return -ENODEV;
	r = sound_measure(phone->sound, atof(argument), commands_heard, phone->commands);
	if (r == 0)
		commands_busy(phone->commands, true);
	return r;
}

static const struct command command_table[] = {
	{ "answer", command_answer },
	{ "hangup", command_hangup },
	{ "remote-hangup", command_remote_hangup },
	{ "hold", command_hold },
	{ "unhold", command_unhold },
	{ "route", command_route },
	{ "tone", command_tone },
	{ "measure", command_measure },
	{ 0 },
};

/* ---- main ----------------------------------------------------------------------------------- */

static void quit(void *data, int status)
{
	struct softphone *phone = data;

	phone->status = status;
	pw_main_loop_quit(phone->loop);
}

static void core_error(void *data, uint32_t id, int seq, int result, const char *message)
{
	struct softphone *phone = data;

	if (id != PW_ID_CORE)
		return;
	commands_tell(phone->commands, "error pipewire: %s", message);
	quit(phone, 1);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.error = core_error,
};

static int parse(int argc, char **argv, struct caller_options *call, struct softphone *phone)
{
	static const struct option options[] = {
		{ "kind", required_argument, NULL, 'k' },
		{ "number", required_argument, NULL, 'n' },
		{ "name", required_argument, NULL, 'N' },
		{ "tone", required_argument, NULL, 't' },
		{ "role", required_argument, NULL, 'r' },
		{ "managed", no_argument, NULL, 'm' },
		{ "outgoing", no_argument, NULL, 'o' },
		{ "video", no_argument, NULL, 'v' },
		{ "provider", no_argument, NULL, 'p' },
		{ "dials", no_argument, NULL, 'd' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'k':
			call->kind = optarg;
			break;
		case 'n':
			call->number = optarg;
			break;
		case 'N':
			call->name = optarg;
			break;
		case 't':
			phone->tone_hz = atof(optarg);
			break;
		case 'r':
			phone->role = optarg;
			break;
		case 'm':
			call->managed = true;
			break;
		case 'o':
			call->outgoing = true;
			break;
		case 'v':
			call->video = true;
			break;
		case 'p':
			call->provider = true;
			break;
		case 'd':
			call->dials = true;
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct softphone phone = { .role = "Communication", .tone_hz = 1000 };
	struct caller_options call = { .kind = "voip" };
	struct pw_context *context;
	struct pw_loop *loop;

	if (parse(argc, argv, &call, &phone) < 0) {
		fprintf(stderr,
			"usage: softphone [--kind phone|voip] [--managed] [--outgoing] [--video]\n"
			"       [--provider] [--dials] [--number N] [--name N] [--tone HZ] [--role "
			"R]\n");
		return 2;
	}
	pw_init(&argc, &argv);
	phone.loop = pw_main_loop_new(NULL);
	loop = pw_main_loop_get_loop(phone.loop);
	if (commands_new(loop, command_table, quit, &phone, &phone.commands) < 0)
		return 1;
	context = pw_context_new(loop, pw_properties_new(PW_KEY_APP_NAME, "softphone", NULL), 0);
	phone.core = pw_context_connect(context, NULL, 0);
	if (!phone.core) {
		fprintf(stderr, "softphone: no PipeWire: %s\n", strerror(errno));
		return 1;
	}
	pw_core_add_listener(phone.core, &phone.core_listener, &core_events, &phone);
	if (caller_new(loop, &call, &caller_events, &phone, &phone.caller) < 0)
		return 1;

	pw_main_loop_run(phone.loop);

	sound_free(phone.sound);
	caller_free(phone.caller);
	commands_free(phone.commands);
	spa_hook_remove(&phone.core_listener);
	pw_core_disconnect(phone.core);
	pw_context_destroy(context);
	pw_main_loop_destroy(phone.loop);
	pw_deinit();
	return phone.status;
}
