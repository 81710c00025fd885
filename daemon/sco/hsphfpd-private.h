/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the files of the org.hsphfpd service share.
 *
 * May be used by: daemon/sco/hsphfpd*.c.
 *
 * The parts: the service with its applications and their audio agents (hsphfpd.c), the endpoints as
 * objects (hsphfpd-endpoint.c), the way to a sound link (hsphfpd-audio.c, hsphfpd-probe.c), the link
 * itself (hsphfpd-link.c), and this machine's battery (hsphfpd-power.c):
 *
 *     ConnectAudio -> SETUP_ASKING -> SETUP_WAITING -> SETUP_DIALING -> SETUP_PROBING
 *                     the engine:     an old link      sco_dial         wide band:
 *                     whether, when   still closes                      is there sound?
 *                  -> SETUP_OFFERING -> answered
 *                     NewConnection
 *                     to the agent
 *
 * (from ASKING, DIALING, PROBING and OFFERING through SETUP_PAUSING back to ASKING, where another try is
 * wanted), while the endpoint's link goes LINK_NONE -> LINK_OFFERED -> LINK_UP -> LINK_CLOSING ->
 * LINK_NONE. One that the headset opens is LINK_INCOMING, from which WAITING goes to OFFERING without
 * dialling.
 */
#ifndef CALLROUTE_HSPHFPD_PRIVATE_H
#define CALLROUTE_HSPHFPD_PRIVATE_H

#include "hsphfpd.h"

#include "dbus/bus.h"
#include "dbus/remote.h"

#include <spa/utils/list.h>
#include <stddef.h>

#define HSPHFPD_SERVICE "org.hsphfpd"
#define HSPHFPD_AGENT_INTERFACE "org.hsphfpd.AudioAgent"
#define HSPHFPD_ENDPOINT_INTERFACE "org.hsphfpd.Endpoint"
#define HSPHFPD_TRANSPORT_INTERFACE "org.hsphfpd.AudioTransport"

#define HSPHFPD_ERROR(name) "org.hsphfpd.Error." name

#define HSPHFPD_BUS_NAME_SIZE 256
#define HSPHFPD_PATH_SIZE 256

struct spa_source;

struct application {
	struct spa_list link;
	struct hsphfpd *service;
	struct bus_remote *remote; /* its object manager */
	struct spa_list agents;
	unsigned int n_agents;
	bool gone; /* to be freed when the loop runs; it may be in its own callback now */
	char sender[HSPHFPD_BUS_NAME_SIZE]; /* unique name */
	char path[HSPHFPD_PATH_SIZE];
};

struct agent {
	struct spa_list link;
	struct application *application;
	enum sco_codec codec; /* what it reads and writes: PCM for CVSD, mSBC for transparent */
	bool tried;           /* in the set-up under way */
	char path[HSPHFPD_PATH_SIZE];
};

enum link_state { LINK_NONE, LINK_INCOMING, LINK_OFFERED, LINK_UP, LINK_CLOSING };

/** The sound link of an endpoint, from the moment that its socket is connected. */
struct link {
	enum link_state state;
	enum sco_codec codec;
	int fd; /* our own descriptor of the agent's socket; read only while incoming */
	struct spa_source *io;
	struct bus_object *transport; /* while offered or up */
	uint16_t mtu;
	bool was_up;                        /* audio_up() has been told, so audio_down() is due */
	char sender[HSPHFPD_BUS_NAME_SIZE]; /* the agent's application, while up */
};

struct hsphfpd_endpoint {
	struct spa_list entry;
	struct hsphfpd *service;
	void *user;
	struct bus_object *object;
	route_device remote;
	route_device local;
	char name[250];
	char version[8];
	bool headset_profile;
	bool msbc;
	uint8_t speaker_gain;
	uint8_t microphone_gain;
	bool no_speaker_gain;
	bool no_microphone_gain;
	bool nrec_off;
	uint32_t features; /* bits of AT+BRSF */
	int battery_percent;
	struct link link;
};

enum setup_state {
	SETUP_IDLE,
	SETUP_ASKING,
	SETUP_WAITING,
	SETUP_DIALING,
	SETUP_PROBING,
	SETUP_OFFERING,
	SETUP_PAUSING,
};

/** The one set-up that may be outstanding. */
struct setup {
	enum setup_state state;
	struct hsphfpd_endpoint *endpoint;
	enum sco_codec codec;
	struct bus_call *call; /* of ConnectAudio, kept */
	struct sco_dial *dial;
	struct bus_pending *pending;        /* of NewConnection */
	char sender[HSPHFPD_BUS_NAME_SIZE]; /* who is being offered the link */
	char agent_path[HSPHFPD_PATH_SIZE];
};

/** A link of transparent data that is up, and not yet handed on. */
struct probe {
	int fd;
	struct spa_source *io; /* NULL: there is none */
	uint16_t mtu;
	bool zeros; /* packets came, with nothing in them */
};

struct hsphfpd {
	struct bus *bus;
	struct pw_loop *loop;
	const struct hsphfpd_events *events;
	void *data;
	struct bus_object *root;
	struct bus_object *power;
	int battery_percent;
	enum hsphfpd_power power_source;
	struct bus_pending *asking;   /* who owns our name */
	struct spa_source *kick;      /* event: what must not be done inside a callback */
	struct spa_source *closing;   /* timer, armed only while a link closes */
	struct spa_source *unclaimed; /* timer, armed only while a link is incoming */
	struct spa_source *retry;     /* timer, armed only while a set-up pauses */
	struct spa_source *probing;   /* timer, armed only while a link is probed */
	struct spa_source *unheard;   /* timer, armed until the first application registers */
	struct probe probe;
	struct spa_list applications;
	unsigned int n_applications;
	unsigned int n_agents;
	struct spa_list endpoints;
	unsigned int n_endpoints;
	struct setup setup;
	unsigned int transports; /* so far: numbers their objects */
	bool owned;
	bool owned_told;
	bool announced;  /* a second time, which is the last */
	bool announcing; /* our name is given back, to be had again */
};

/* ---- hsphfpd.c ----------------------------------------------------------------------------- */

/** An agent for @codec that has not been tried, of @sender's applications before all others, in the
 * order of registration. NULL where there is none. */
struct agent *hsphfpd_agent_find(struct hsphfpd *service, enum sco_codec codec, const char *sender);
void hsphfpd_agents_untry(struct hsphfpd *service);

/** "CVSD" and "mSBC"; "PCM_s16le_8kHz" and "mSBC". */
const char *hsphfpd_air_codec(enum sco_codec codec);
const char *hsphfpd_agent_codec(enum sco_codec codec);

/* ---- hsphfpd-endpoint.c ---------------------------------------------------------------------- */

bool hsphfpd_endpoint_known(const struct hsphfpd *service, const struct hsphfpd_endpoint *endpoint);
/** An AudioTransport object for the endpoint's link. */
int hsphfpd_transport_new(struct hsphfpd_endpoint *endpoint);
/** Append NewConnection's a{sv}. False where out of memory. */
bool hsphfpd_transport_append(struct hsphfpd_endpoint *endpoint, DBusMessageIter *iter);

/** The outcome of the probe: @fd is the callee's where @error is 0, else -1 or to be closed. */
void hsphfpd_audio_probed(struct hsphfpd *service, int fd, uint16_t mtu, int error);

/* ---- hsphfpd-probe.c ------------------------------------------------------------------------- */

/** Look into a link; hsphfpd_audio_probed() follows, never from inside. 0, or -errno and @fd is the
 * caller's still. */
int hsphfpd_probe_begin(struct hsphfpd *service, int fd, uint16_t mtu);
/** No outcome follows; the link is closed. Nothing where there is no probe. */
void hsphfpd_probe_end(struct hsphfpd *service);
void hsphfpd_probe_on_timer(void *data, uint64_t expirations);

/* ---- hsphfpd-client.c ------------------------------------------------------------------------ */

/** Properties of org.hsphfpd.Endpoint, and the interfaces besides; the last is HSP's alone. */
int hsphfpd_client_get_features(void *data, DBusMessageIter *value);
int hsphfpd_client_get_power_source(void *data, DBusMessageIter *value);
int hsphfpd_client_get_battery(void *data, DBusMessageIter *value);
int hsphfpd_client_get_telephony(void *data, DBusMessageIter *value);
extern const struct bus_interface hsphfpd_client_interface;
extern const struct bus_interface hsphfpd_hsp_client_interface;

/* ---- hsphfpd-power.c ------------------------------------------------------------------------- */

int hsphfpd_power_new(struct hsphfpd *service);

/* ---- hsphfpd-link.c -------------------------------------------------------------------------- */

/** The first endpoint whose link is in this state. */
struct hsphfpd_endpoint *hsphfpd_link_find(struct hsphfpd *service, enum link_state state);
/** A dialled link, to be offered; its transport object appears. 0 or -errno, and @fd is the link's in
 * both cases. */
int hsphfpd_link_begin(struct hsphfpd_endpoint *endpoint, enum sco_codec codec, int fd,
		       uint16_t mtu);
/** The same for the link that is incoming. */
int hsphfpd_link_claim(struct hsphfpd_endpoint *endpoint);
/** Begin to close it, in any state. */
void hsphfpd_link_close(struct hsphfpd_endpoint *endpoint);
/** The link is no more: let go of everything, then tell. */
void hsphfpd_link_ended(struct hsphfpd_endpoint *endpoint);
/** Links that the agent has shut down, but whose end the kernel has not told yet. */
void hsphfpd_link_notice_closing(struct hsphfpd *service);
void hsphfpd_link_on_closing_timer(void *data, uint64_t expirations);
void hsphfpd_link_on_unclaimed_timer(void *data, uint64_t expirations);

/* ---- hsphfpd-audio.c ------------------------------------------------------------------------- */

/** org.hsphfpd.Endpoint.ConnectAudio and org.hsphfpd.AudioTransport.Release. */
void hsphfpd_audio_connect(struct bus_call *call, void *data);
void hsphfpd_audio_release(struct bus_call *call, void *data);
/** Go on with a set-up that waits for an old link, if all are closed. Not inside others' calls. */
void hsphfpd_audio_continue(struct hsphfpd *service);
/** The headset did not take the link: whoever decides may want another try, for which the caller of
 * ConnectAudio goes on waiting. */
void hsphfpd_audio_try_failed(struct hsphfpd *service, int error, const char *message);
/** The endpoint goes: end its set-up and its link at once, without an event. */
void hsphfpd_audio_abandon(struct hsphfpd_endpoint *endpoint);
/** An application has left the bus: the links that it had are closed. */
void hsphfpd_audio_sender_gone(struct hsphfpd *service, const char *sender);
void hsphfpd_audio_on_retry_timer(void *data, uint64_t expirations);

#endif
