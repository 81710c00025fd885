/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * callrouted: options, signals, the two buses, and the word to systemd. The bus of the public API
 * is the daemon's reason to live: where it is lost, the daemon ends and is started again by whoever
 * started it. The system bus (bluetoothd) may come and go.
 */
#include "api/api.h"
#include "calls/calls.h"
#include "config.h"
#include "engine-setup.h"
#include "log.h"
#include "state.h"

#include "dbus/bus.h"

#include <argp.h>
#include <errno.h>
#include <pipewire/pipewire.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define RETRY_FIRST_MS 250u
#define RETRY_LAST_MS 30000u

struct options {
	bool system;
	int verbose;
};

struct daemon {
	struct options options;
	struct pw_main_loop *main_loop;
	struct pw_loop *loop;
	struct bus *api_bus;
	struct bus *system_bus;
	struct config *config;
	struct state *state;
	struct engine *engine;
	struct api *api;
	struct calls *calls;
	struct spa_source *retry;
	struct spa_source *grace;
	struct spa_source *watchdog;
	unsigned int retry_ms;
	bool owned;
	bool graph_seen;
	bool ready;
	bool leaving;
	int status;
};

static void stop(struct daemon *daemon, int status)
{
	daemon->status = status;
	pw_main_loop_quit(daemon->main_loop);
}

static void set_timer(struct daemon *daemon, struct spa_source *timer, unsigned int first_ms,
		      unsigned int interval_ms)
{
	struct timespec first = { first_ms / 1000u, (long)(first_ms % 1000u) * 1000000 };
	struct timespec interval = { interval_ms / 1000u, (long)(interval_ms % 1000u) * 1000000 };

	pw_loop_update_timer(daemon->loop, timer, &first, &interval, false);
}

/* ---- readiness ------------------------------------------------------------------------------- */

static void check_ready(struct daemon *daemon)
{
	if (daemon->ready || !daemon->owned || !daemon->graph_seen)
		return;
	daemon->ready = true;
	log_info("ready");
	(void)sd_notify(0, "READY=1\nSTATUS=Routing calls");
}

static void on_graph_state(void *data, bool up)
{
	struct daemon *daemon = data;

	if (!up)
		return;
	daemon->graph_seen = true;
	check_ready(daemon);
}

static void on_grace_over(void *data, uint64_t expirations)
{
	struct daemon *daemon = data;

	(void)expirations;
	if (daemon->graph_seen)
		return;
	log_warning("PipeWire does not answer; ready without it, its sound follows when it comes");
	daemon->graph_seen = true;
	check_ready(daemon);
}

static void on_watchdog(void *data, uint64_t expirations)
{
	(void)data;
	(void)expirations;
	(void)sd_notify(0, "WATCHDOG=1");
}

/* ---- the bus of the public API ----------------------------------------------------------------- */

static void on_api_owned(void *data, bool owned)
{
	struct daemon *daemon = data;

	daemon->owned = owned;
	if (owned) {
		check_ready(daemon);
		return;
	}
	log_error("another process owns %s; is callrouted running already?", API_NAME);
	stop(daemon, EXIT_FAILURE);
}

static void on_api_bus_ready(void *data)
{
	struct daemon *daemon = data;
	int error = api_new(daemon->api_bus, daemon->engine, on_api_owned, daemon, &daemon->api);

	if (error < 0) {
		log_error("the public API cannot be served: %s", strerror(-error));
		stop(daemon, EXIT_FAILURE);
		return;
	}
	calls_session_bus(daemon->calls, daemon->api_bus);
}

static void on_api_bus_lost(void *data, const char *reason)
{
	struct daemon *daemon = data;

	log_error("the %s bus is lost: %s", daemon->options.system ? "system" : "session", reason);
	stop(daemon, EXIT_FAILURE);
}

static const struct bus_events api_bus_events = {
	.ready = on_api_bus_ready,
	.lost = on_api_bus_lost,
};

/* ---- the system bus ------------------------------------------------------------------------------ */

static void connect_system_bus(struct daemon *daemon);

static void retry_later(struct daemon *daemon)
{
	daemon->retry_ms = daemon->retry_ms == 0 ? RETRY_FIRST_MS : daemon->retry_ms * 2;
	if (daemon->retry_ms > RETRY_LAST_MS)
		daemon->retry_ms = RETRY_LAST_MS;
	set_timer(daemon, daemon->retry, daemon->retry_ms, 0);
}

static void on_retry(void *data, uint64_t expirations)
{
	(void)expirations;
	connect_system_bus(data);
}

static void on_system_bus_ready(void *data)
{
	struct daemon *daemon = data;
	int error = engine_system_bus(daemon->engine, daemon->system_bus);

	daemon->retry_ms = 0;
	if (error < 0)
		log_error("Bluetooth cannot be served: %s", strerror(-error));
	calls_system_bus(daemon->calls, daemon->system_bus);
}

static void on_system_bus_lost(void *data, const char *reason)
{
	struct daemon *daemon = data;

	log_warning("the system bus is lost (%s), no Bluetooth until it is back", reason);
	calls_system_bus_lost(daemon->calls);
	engine_system_bus_lost(daemon->engine);
	daemon->system_bus = bus_free(daemon->system_bus);
	retry_later(daemon);
}

static const struct bus_events system_bus_events = {
	.ready = on_system_bus_ready,
	.lost = on_system_bus_lost,
};

static void connect_system_bus(struct daemon *daemon)
{
	const char *address = bus_system_address();
	int error = -ENOENT;

	if (address != NULL)
		error = bus_open(daemon->loop, address, &system_bus_events, daemon,
				 &daemon->system_bus);
	if (error < 0) {
		if (daemon->retry_ms == 0)
			log_warning("no system bus (%s), no Bluetooth until there is one",
				    strerror(-error));
		retry_later(daemon);
	}
}

/* ---- main ------------------------------------------------------------------------------------ */

static void on_left(void *data)
{
	stop(data, EXIT_SUCCESS);
}

static void on_signal(void *data, int signal_number)
{
	struct daemon *daemon = data;

	(void)signal_number;
	(void)sd_notify(0, "STOPPING=1");
	if (daemon->engine == NULL || daemon->leaving) { /* or is in a hurry */
		stop(daemon, EXIT_SUCCESS);
		return;
	}
	daemon->leaving = true;
	engine_leave(daemon->engine, on_left, daemon);
}

static void on_complaint(void *data, const char *line)
{
	(void)data;
	log_warning("%s", line);
}

static int start(struct daemon *daemon)
{
	const char *address = daemon->options.system ? bus_system_address() : bus_session_address();
	struct config_timeouts timeouts;
	uint64_t watchdog_us = 0;
	int error;

	error = config_load(on_complaint, NULL, &daemon->config);
	if (error < 0)
		return error;
	error = state_new(&daemon->state);
	if (error < 0)
		return error;
	error = engine_new(daemon->loop, on_graph_state, daemon, &daemon->engine);
	if (error < 0)
		return error;
	engine_set_config(daemon->engine, daemon->config);
	engine_set_state(daemon->engine, daemon->state);
	engine_take_channels(daemon->engine);
	error = calls_new(daemon->engine, daemon->config, &daemon->calls);
	if (error < 0)
		return error;
	if (address == NULL) {
		log_error("there is no %s bus", daemon->options.system ? "system" : "session");
		return -ENOENT;
	}
	error = bus_open(daemon->loop, address, &api_bus_events, daemon, &daemon->api_bus);
	if (error < 0) {
		log_error("no connection to the %s bus: %s",
			  daemon->options.system ? "system" : "session", strerror(-error));
		return error;
	}
	daemon->retry = pw_loop_add_timer(daemon->loop, on_retry, daemon);
	daemon->grace = pw_loop_add_timer(daemon->loop, on_grace_over, daemon);
	if (daemon->retry == NULL || daemon->grace == NULL)
		return -ENOMEM;
	config_timeouts(daemon->config, &timeouts);
	set_timer(daemon, daemon->grace, timeouts.pipewire_ms, 0);
	connect_system_bus(daemon);
	if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
		daemon->watchdog = pw_loop_add_timer(daemon->loop, on_watchdog, daemon);
		if (daemon->watchdog == NULL)
			return -ENOMEM;
		set_timer(daemon, daemon->watchdog, (unsigned int)(watchdog_us / 2000u),
			  (unsigned int)(watchdog_us / 2000u));
	}
	return 0;
}

static void destroy_source(struct daemon *daemon, struct spa_source *source)
{
	if (source != NULL)
		pw_loop_destroy_source(daemon->loop, source);
}

static void finish(struct daemon *daemon)
{
	engine_stop(daemon->engine);
	api_free(daemon->api);
	calls_free(daemon->calls);
	engine_free(daemon->engine);
	state_free(daemon->state);
	config_free(daemon->config);
	bus_free(daemon->api_bus);
	bus_free(daemon->system_bus);
	destroy_source(daemon, daemon->retry);
	destroy_source(daemon, daemon->grace);
	destroy_source(daemon, daemon->watchdog);
}

const char *argp_program_version = "callrouted " CALLROUTE_VERSION;

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	(void)argument;
	switch (key) {
	case 's':
		options->system = true;
		return 0;
	case 'v':
		options->verbose++;
		return 0;
	case ARGP_KEY_ARG:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option rows[] = {
		{ "system", 's', NULL, 0, "Serve org.callroute on the system bus", 0 },
		{ "verbose", 'v', NULL, 0,
		  "Log AT lines and requests too; twice: PipeWire's own as well", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = rows,
		.parser = parse_option,
		.doc = "Routes the sound of calls between headsets, the handset and the "
		       "loudspeaker.",
	};
	struct daemon daemon = { .status = EXIT_SUCCESS };

	argp_parse(&argp, argc, argv, 0, NULL, &daemon.options);
	if (daemon.options.verbose > 0)
		log_set_level(LOG_DEBUG);
	pw_init(NULL, NULL);
	/* PipeWire's library warns of things that are meant here, such as a context without modules */
	if (daemon.options.verbose < 2 && getenv("PIPEWIRE_DEBUG") == NULL)
		pw_log_set_level(SPA_LOG_LEVEL_ERROR);
	daemon.main_loop = pw_main_loop_new(NULL);
	if (daemon.main_loop == NULL) {
		log_error("no main loop: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	daemon.loop = pw_main_loop_get_loop(daemon.main_loop);
	pw_loop_add_signal(daemon.loop, SIGTERM, on_signal, &daemon);
	pw_loop_add_signal(daemon.loop, SIGINT, on_signal, &daemon);
	if (start(&daemon) < 0)
		daemon.status = EXIT_FAILURE;
	else
		pw_main_loop_run(daemon.main_loop);
	finish(&daemon);
	pw_main_loop_destroy(daemon.main_loop);
	pw_deinit();
	return daemon.status;
}
