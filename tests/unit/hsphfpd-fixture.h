/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The org.hsphfpd service with two headsets, between an audio agent and a dialler that are the
 * test's: what the tests of the service have in common.
 */
#ifndef CALLROUTE_TESTS_HSPHFPD_FIXTURE_H
#define CALLROUTE_TESTS_HSPHFPD_FIXTURE_H

#include "daemon/sco/hsphfpd.h"
#include "fake-agent.h"

#define ENDPOINT "org.hsphfpd.Endpoint"
#define TRANSPORT "org.hsphfpd.AudioTransport"
#define MANAGER "org.hsphfpd.ApplicationManager"
#define ERROR_PREFIX "org.hsphfpd.Error."
#define HEADSET_PATH "/org/hsphfpd/hci0/dev_AA_BB_CC_00_00_01/hfp_hf"
#define OTHER_PATH "/org/hsphfpd/hci0/dev_AA_BB_CC_00_00_02/hfp_hf"

struct fixture {
	struct bus_pair *pair; /* the service is at the server's end, the agent at the client's */
	struct hsphfpd *service;
	struct hsphfpd_endpoint *headset;
	struct hsphfpd_endpoint *other;
	struct fake_application application;
	int sco; /* the headset's end of the link */
	struct bus_match *match;

	int wanted; /* the answer to audio_wanted() */
	bool free_when_wanted;
	unsigned int tries; /* so many failures until it is given up */
	unsigned int asked;
	unsigned int up;
	unsigned int down;
	unsigned int failed;
	int error;
	unsigned int incoming_closed;
	unsigned int forgotten;
	unsigned int gains;
	unsigned int rings;
	uint8_t speaker_gain;
	uint8_t microphone_gain;
	unsigned int agents;
	unsigned int batteries;
	int battery;
	unsigned int owned;
	unsigned int not_owned;

	char changed[64]; /* interface and first name of the last PropertiesChanged */
	unsigned int changes;
};

extern const struct hsphfpd_events fixture_events;

int fixture_setup(void **state);
int fixture_teardown(void **state);
/** "hci0", gains 9 and 7. */
struct hsphfpd_endpoint *add_endpoint(struct fixture *f, route_device remote, bool msbc);
/** Call RegisterApplication or UnregisterApplication. */
struct bus_answer register_application(struct fixture *f, const char *member);
/** The application is there and registered, and its agents are known. */
void start_application(struct fixture *f, bool msbc);
/** Ask for sound from @from; the answer comes into @ret, which must stay. */
void connect_audio(struct fixture *f, struct bus *from, const char *path, const char *air,
		   const char *agent, struct bus_answer *ret);
/** The same from the client, for the headset, with the plain codecs. */
void ask(struct fixture *f, struct bus_answer *ret);
/** Wait for the answer: an error of ours. Done with it. */
void expect_error(struct fixture *f, struct bus_answer *answer, const char *name);
/** Ask, and expect to be refused without anything else happening. */
void expect_refusal(struct fixture *f, const char *path, const char *air, const char *agent,
		    const char *name);
/** Wait until the dial with number @n (from 1) is under way. */
void expect_dial(struct fixture *f, unsigned int n);
/** The whole way to a link that is up. */
void bring_up(struct fixture *f);
/** Wait until the headset sees the end of the link. */
void expect_hang_up(struct fixture *f);
/** Properties.Get or the beginning of Properties.Set. */
DBusMessage *property_message(struct fixture *f, const char *path, const char *interface,
			      const char *member, const char *name);
/** The property, asked for. */
bool audio_connected(struct fixture *f);
/** The one that the PCM agent was offered last. */
bool transport_exists(struct fixture *f);

#endif
