/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A phone with one sound card, whose earpiece and loudspeaker are two ports of one sink: the only machine
 * that callaudiod knows. From a request until the card has the other port: callroute's SetRoute,
 * callaudiod's EnableSpeaker through pipewire-pulse, and the floor, which sets the port at once.
 * callaudiod is on the other bus of the rig, since callroute serves its name.
 */
#include "moves.h"

#include "dbus/bus.h"
#include "tests/rig/fake-card.h"
#include "tests/rig/process.h"

#include <pipewire/pipewire.h>
#include <spa/param/param.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 8u
#define CALLAUDIO "org.mobian_project.CallAudio"
#define CALLAUDIO_PATH "/org/mobian_project/CallAudio"

enum { SPEAKER, EARPIECE, MICROPHONE };

static const struct fake_profile profiles[] = { { "off", 0 }, { "HiFi", 100 } };
static const struct fake_route routes[] = {
	[SPEAKER] = { "[Out] Speaker", "speaker", false, 0, SPA_PARAM_AVAILABILITY_unknown },
	[EARPIECE] = { "[Out] Earpiece", "earpiece", false, 0, SPA_PARAM_AVAILABILITY_unknown },
	[MICROPHONE] = { "[In] Mic", "mic", true, 1, SPA_PARAM_AVAILABILITY_unknown },
};

struct ports {
	struct moves *moves;
	struct fake_card *card;
	struct process *pulse;
	struct process *callaudiod;
	struct bus *bus; /* that of callaudiod */
	bool ready;
	bool served;
	struct pw_context *context; /* the bare client's */
	struct pw_core *core;
	struct pw_registry *registry;
	struct pw_device *device;
};

static void on_ready(void *data)
{
	struct ports *ports = data;

	ports->ready = true;
}

static void on_owner(void *data, const char *name, const char *owner)
{
	struct ports *ports = data;

	ports->served = owner != NULL;
}

static bool has(const struct ports *ports, uint32_t port)
{
	return fake_card_route(ports->card, 0) == port;
}

/* ---- contenders ---------------------------------------------------------------------------------------- */

static void enable_speaker(struct ports *ports, bool on)
{
	dbus_bool_t enable = on;

	(void)bus_send(ports->bus,
		       bus_message(CALLAUDIO, CALLAUDIO_PATH, CALLAUDIO, "EnableSpeaker",
				   DBUS_TYPE_BOOLEAN, &enable, DBUS_TYPE_INVALID),
		       -1, NULL, NULL, NULL);
}

static void set_port(struct ports *ports, uint32_t port)
{
	uint8_t memory[256];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
	const struct spa_pod *pod = spa_pod_builder_add_object(
		&builder, SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route, SPA_PARAM_ROUTE_index,
		SPA_POD_Int((int)port), SPA_PARAM_ROUTE_device, SPA_POD_Int(0),
		SPA_PARAM_ROUTE_save, SPA_POD_Bool(false));

	pw_device_set_param(ports->device, SPA_PARAM_Route, 0, pod);
}

enum contender { OURS, CALLAUDIOD, FLOOR };

static void switch_port(struct ports *ports, enum contender contender, bool speaker,
			struct times *times)
{
	struct moves *moves = ports->moves;
	uint32_t port = speaker ? SPEAKER : EARPIECE;
	bool had = has(ports, port);
	uint64_t begun_ns = rows_now_ns();

	if (contender == OURS)
		phone_set_route_later(moves->phone, speaker ? "speaker" : "handset");
	else if (contender == CALLAUDIOD)
		enable_speaker(ports, speaker);
	else
		set_port(ports, port);
	if (moves_wait(moves, has(ports, port)) && !had)
		times_add(times, begun_ns);
	if (contender == OURS)
		(void)moves_wait(moves, phone_sees_route(moves->phone,
							 speaker ? "speaker" : "handset", NULL));
	moves_rest(moves);
}

/* Both ways; what has the port already has nothing to do, and is not measured. */
static void compare(struct ports *ports, enum contender contender, struct times *times)
{
	switch_port(ports, contender, true, times);
	switch_port(ports, contender, false, times);
}

/* ---- the machine ----------------------------------------------------------------------------------------- */

static bool add_card(struct ports *ports)
{
	static const struct fake_card_options options = {
		.name = "alsa_card.platform-sound",
		.profiles = profiles,
		.n_profiles = sizeof(profiles) / sizeof(profiles[0]),
		.routes = routes,
		.n_routes = sizeof(routes) / sizeof(routes[0]),
	};
	struct moves *moves = ports->moves;

	rig_remove_hardware(moves->rig);
	ports->card = fake_card_new(rig_loop(moves->rig), &options);
	if (!ports->card || !moves_wait(moves, fake_card_id(ports->card) != SPA_ID_INVALID &&
						       fake_card_profile(ports->card) == 1))
		return false;
	fake_card_add_node(ports->card, "card.output", false, 0, NULL);
	/* WirePlumber 0.4.13 links a recorder that has no source, and unlinks it, without end */
	fake_card_add_node(ports->card, "card.input", true, 1, NULL);
	return moves_wait(moves, view_node(moves->view, "card.output") != 0 &&
					 view_node(moves->view, "card.input") != 0);
}

static bool join(struct ports *ports)
{
	ports->context = pw_context_new(rig_loop(ports->moves->rig), NULL, 0);
	ports->core = ports->context ? pw_context_connect(ports->context, NULL, 0) : NULL;
	if (!ports->core)
		return false;
	ports->registry = pw_core_get_registry(ports->core, PW_VERSION_REGISTRY, 0);
	ports->device = pw_registry_bind(ports->registry, fake_card_id(ports->card),
					 PW_TYPE_INTERFACE_Device, PW_VERSION_DEVICE, 0);
	return ports->device != NULL;
}

static bool start_callaudiod(struct ports *ports)
{
	static const struct process_events events = { 0 };
	static const struct bus_events bus_events = { .ready = on_ready };
	struct moves *moves = ports->moves;
	struct rig *rig = moves->rig;
	const char *other = getenv("DBUS_SYSTEM_BUS_ADDRESS");
	struct bus_name_watch *watch;
	char ours[256];

	(void)snprintf(ours, sizeof(ours), "%s", getenv("DBUS_SESSION_BUS_ADDRESS"));
	if (rig_pulse_new(rig, &ports->pulse) < 0 ||
	    bus_open(rig_loop(rig), other, &bus_events, ports, &ports->bus) < 0 ||
	    !moves_wait(moves, ports->ready))
		return false;
	setenv("DBUS_SESSION_BUS_ADDRESS", other, 1);
	int r = process_new(rig_loop(rig), (const char *const[]){ "callaudiod", NULL },
			    rig_log(rig, "callaudiod"), &events, NULL, &ports->callaudiod);
	setenv("DBUS_SESSION_BUS_ADDRESS", ours, 1);
	if (r < 0 || bus_watch_name(ports->bus, CALLAUDIO, on_owner, ports, &watch) < 0)
		return false;
	bool served = rig_wait(rig, LIMIT_MS, ports->served);
	bus_name_watch_free(watch);
	return served;
}

static void leave(struct ports *ports)
{
	ports->callaudiod = process_free(ports->callaudiod);
	ports->pulse = process_free(ports->pulse);
	ports->bus = bus_free(ports->bus);
	if (ports->device)
		pw_proxy_destroy((struct pw_proxy *)ports->device);
	if (ports->registry)
		pw_proxy_destroy((struct pw_proxy *)ports->registry);
	if (ports->core)
		pw_core_disconnect(ports->core);
	if (ports->context)
		pw_context_destroy(ports->context);
	ports->card = fake_card_free(ports->card);
}

void bench_ports(struct moves *moves)
{
	static const char what[] = "SetRoute to the port, two ports of a sink";
	struct times ours = { 0 }, theirs = { 0 }, floor = { 0 };
	struct ports ports = { .moves = moves };
	struct rig_sound *load = NULL;
	bool peer;

	if (!add_card(&ports) || !join(&ports)) {
		moves->failed = moves->failed ? moves->failed : "a card with two ports";
		return;
	}
	peer = start_callaudiod(&ports);
	for (unsigned int i = 0; i < ROUNDS && !moves->failed; i++) {
		struct phone_call *call = moves_call(moves);

		compare(&ports, OURS, &ours);
		moves_end(moves, call);
		/* as busy a machine as in a call */
		(void)rig_sound_new(moves->rig,
				    (const char *const[]){ "--play", "1000", "--capture", "--role",
							   "Music", "--name", "load", NULL },
				    &load);
		moves_rest(moves);
		if (peer)
			compare(&ports, CALLAUDIOD, &theirs);
		compare(&ports, FLOOR, &floor);
		load = rig_sound_free(load);
	}
	leave(&ports);
	if (moves->failed)
		return;
	rows_add(what, times_median(&ours), "ms", "floor", times_median(&floor));
	if (peer)
		rows_add(what, times_median(&ours), "ms", "callaudiod", times_median(&theirs));
	else
		rows_add_none(what, "callaudiod", "is not installed");
}
