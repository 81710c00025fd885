/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The two neighbours of the org.hsphfpd service: an audio agent, as PipeWire is one, and a dialler
 * (sco.h) that a test answers by hand.
 */
#ifndef CALLROUTE_TESTS_FAKE_AGENT_H
#define CALLROUTE_TESTS_FAKE_AGENT_H

#include "daemon/sco/sco.h"
#include "tests/common/bus-pair.h"

enum agent_manners { AGENT_ACCEPTS, AGENT_REJECTS, AGENT_CANCELS, AGENT_WAITS };

/** One agent, with what the last NewConnection brought. */
struct fake_agent {
	struct bus_object *object;
	const char *codec;
	enum agent_manners manners;
	unsigned int offers;
	struct bus_call *waiting;
	int fd;
	char transport[128];
	char endpoint[128];
	char air_codec[16];
	char rx_control[16];
	char tx_control[16];
	uint16_t mtu;
	uint16_t rx_gain;
	uint16_t tx_gain;
	bool nrec;
	char name[64];
	char version[8];
};

/** An application of up to two agents: "pcm" first, "msbc" where @msbc. */
struct fake_application {
	struct bus_end *end;
	struct fake_agent pcm;
	struct fake_agent msbc;
};

#define FAKE_APPLICATION_PATH "/Profile/hsphfpd"
#define FAKE_PCM_PATH FAKE_APPLICATION_PATH "/pcm_s16le_8khz_agent"
#define FAKE_MSBC_PATH FAKE_APPLICATION_PATH "/msbc_agent"

/** Serve the objects on @end; registering is the test's. */
void fake_application_start(struct fake_application *application, struct bus_end *end, bool msbc);
void fake_application_stop(struct fake_application *application);

/** The dial under way. */
struct sco_dial {
	route_device local;
	route_device remote;
	enum sco_codec codec;
	unsigned int timeout_ms;
	sco_dial_fn done;
	void *data;
};

struct fake_sco {
	struct sco_dial *dial; /* NULL: none */
	unsigned int started;
	unsigned int cancelled;
	int refuse; /* what sco_dial_start() returns, 0 to begin */
};
extern struct fake_sco fake_sco;

void fake_sco_reset(void);
/** The link is up; returns the headset's end of it. */
int fake_sco_connect(uint16_t mtu);
/** The same, but a link that takes its time to close: until the end that is returned is closed, for
 * that is how a SCO link behaves after shutdown(), and a pair of Unix sockets does not. */
int fake_sco_connect_slow(uint16_t mtu);
void fake_sco_fail(int error);

#endif
