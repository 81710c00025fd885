/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The way to a sound link: asked for, dialled (or found open), handed to an audio agent.
 *
 * PipeWire releases a link and asks for the next faster than the kernel closes the old one (a stream
 * that is moved), and for another headset at the same moment (a call that is moved). Such a request
 * waits for the old link instead of failing.
 */
#include "hsphfpd-private.h"

#include "daemon/log.h"

#include <errno.h>
#include <pipewire/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All that a headset may take; a caller who wants to be quicker releases. */
#define DIAL_TIMEOUT_MS 5000
/* PipeWire answers at once or is stuck, and then its sound would be too. */
#define OFFER_TIMEOUT_MS 3000

#define NO_EVENT 0 /* for setup_fail(): whoever released it knows */

/* ---- the set-up ---------------------------------------------------------------------------- */

static void setup_clear(struct hsphfpd *service)
{
	sco_dial_cancel(service->setup.dial);
	hsphfpd_probe_end(service);
	bus_pending_cancel(service->setup.pending);
	service->setup = (struct setup){ 0 };
}

/* Ends the set-up with an answer; @event is the errno to tell, or NO_EVENT. */
static void setup_fail(struct hsphfpd *service, int event, const char *error, const char *message)
{
	struct hsphfpd_endpoint *endpoint = service->setup.endpoint;
	struct bus_call *call = service->setup.call;

	log_info("No sound link to %s: %s", endpoint->name, message);
	setup_clear(service);
	hsphfpd_link_close(endpoint);
	bus_call_error(call, error, "%s", message);
	if (event != NO_EVENT && service->events->audio_failed)
		(void)service->events->audio_failed(service->data, endpoint, event);
}

static void setup_succeed(struct hsphfpd *service)
{
	struct hsphfpd_endpoint *endpoint = service->setup.endpoint;
	struct link *link = &endpoint->link;
	struct bus_call *call = service->setup.call;
	const char *transport = bus_object_path(link->transport);
	const char *sender = link->sender;
	char agent_path[HSPHFPD_PATH_SIZE];
	const char *path = agent_path;

	(void)snprintf(link->sender, sizeof(link->sender), "%s", service->setup.sender);
	(void)snprintf(agent_path, sizeof(agent_path), "%s", service->setup.agent_path);
	setup_clear(service);
	link->state = LINK_UP;
	link->was_up = true;
	bus_call_reply(call, DBUS_TYPE_OBJECT_PATH, &transport, DBUS_TYPE_STRING, &sender,
		       DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
	bus_object_changed(endpoint->object, HSPHFPD_ENDPOINT_INTERFACE, "AudioConnected");
	log_info("Sound link to %s: %s, %u bytes a packet, for %s", endpoint->name,
		 hsphfpd_air_codec(link->codec), link->mtu, sender);
	if (service->events->audio_up)
		service->events->audio_up(service->data, endpoint, link->codec);
}

void hsphfpd_audio_try_failed(struct hsphfpd *service, int error, const char *message)
{
	struct setup *setup = &service->setup;
	struct hsphfpd_endpoint *endpoint = setup->endpoint;
	struct bus_call *call = setup->call;
	struct timespec pause;
	int pause_ms = -1;

	sco_dial_cancel(setup->dial);
	setup->dial = NULL;
	hsphfpd_probe_end(service);
	setup->pending = bus_pending_cancel(setup->pending);
	setup->state = SETUP_PAUSING;
	hsphfpd_link_close(endpoint);
	if (service->events->audio_failed)
		pause_ms = service->events->audio_failed(service->data, endpoint, error);
	if (setup->call != call)
		return; /* released, and answered */
	if (pause_ms < 0) {
		setup_fail(service, NO_EVENT, HSPHFPD_ERROR("Failed"), message);
		return;
	}
	log_info("No sound link to %s: %s; once more in %d ms", endpoint->name, message, pause_ms);
	pause = (struct timespec){ pause_ms / 1000, pause_ms % 1000 * 1000000L + 1 };
	(void)pw_loop_update_timer(service->loop, service->retry, &pause, NULL, false);
}

static void ask(struct hsphfpd *service);

void hsphfpd_audio_on_retry_timer(void *data, uint64_t expirations)
{
	struct hsphfpd *service = data;

	(void)expirations;
	if (service->setup.state == SETUP_PAUSING)
		ask(service);
}

static void offer(struct hsphfpd *service);

static void on_offered(void *data, DBusMessage *reply, const char *error)
{
	struct hsphfpd *service = data;

	service->setup.pending = NULL;
	if (!error)
		setup_succeed(service);
	else if (strcmp(error, HSPHFPD_ERROR("Rejected")) == 0)
		offer(service);
	else
		setup_fail(service, ECANCELED, HSPHFPD_ERROR("Failed"),
			   "the audio agent did not take it");
}

static DBusMessage *offer_message(struct hsphfpd_endpoint *endpoint, const struct agent *agent)
{
	const char *transport = bus_object_path(endpoint->link.transport);
	DBusMessage *message =
		bus_message(agent->application->sender, agent->path, HSPHFPD_AGENT_INTERFACE,
			    "NewConnection", DBUS_TYPE_OBJECT_PATH, &transport, DBUS_TYPE_UNIX_FD,
			    &endpoint->link.fd, DBUS_TYPE_INVALID);
	DBusMessageIter args;

	if (!message)
		return NULL;
	dbus_message_iter_init_append(message, &args);
	if (!hsphfpd_transport_append(endpoint, &args)) {
		dbus_message_unref(message);
		return NULL;
	}
	return message;
}

/* Offer the link to the next agent that has not been offered it. */
static void offer(struct hsphfpd *service)
{
	struct setup *setup = &service->setup;
	struct agent *agent =
		hsphfpd_agent_find(service, setup->codec, bus_call_sender(setup->call));
	DBusMessage *message;
	int r = -ENOMEM;

	if (!agent) {
		setup_fail(service, EUSERS, HSPHFPD_ERROR("Rejected"),
			   "every audio agent turned it down");
		return;
	}
	agent->tried = true;
	(void)snprintf(setup->sender, sizeof(setup->sender), "%s", agent->application->sender);
	(void)snprintf(setup->agent_path, sizeof(setup->agent_path), "%s", agent->path);
	setup->state = SETUP_OFFERING;
	message = offer_message(setup->endpoint, agent);
	if (message)
		r = bus_send(service->bus, message, OFFER_TIMEOUT_MS, on_offered, service,
			     &setup->pending);
	if (r < 0)
		setup_fail(service, -r, HSPHFPD_ERROR("Failed"), strerror(-r));
}

void hsphfpd_audio_probed(struct hsphfpd *service, int fd, uint16_t mtu, int error)
{
	struct setup *setup = &service->setup;
	int r;

	if (error) {
		if (fd >= 0)
			close(fd);
		hsphfpd_audio_try_failed(service, error, strerror(error));
		return;
	}
	r = hsphfpd_link_begin(setup->endpoint, setup->codec, fd, mtu);
	if (r < 0) {
		setup_fail(service, -r, HSPHFPD_ERROR("Failed"), strerror(-r));
		return;
	}
	hsphfpd_agents_untry(service);
	offer(service);
}

static void on_dialled(void *data, int fd, uint16_t mtu, int error)
{
	struct hsphfpd *service = data;
	struct setup *setup = &service->setup;

	setup->dial = NULL;
	setup->state = SETUP_PROBING;
	if (!error && setup->codec == SCO_TRANSPARENT && hsphfpd_probe_begin(service, fd, mtu) == 0)
		return;
	hsphfpd_audio_probed(service, fd, mtu, error);
}

static void dial(struct hsphfpd *service)
{
	struct setup *setup = &service->setup;
	int r;

	setup->state = SETUP_DIALING;
	r = sco_dial_start(service->loop, setup->endpoint->local, setup->endpoint->remote,
			   setup->codec, DIAL_TIMEOUT_MS, on_dialled, service, &setup->dial);
	if (r < 0)
		setup_fail(service, -r, HSPHFPD_ERROR("Failed"), strerror(-r));
}

/* The headset has opened the link itself: nothing to dial. */
static void claim(struct hsphfpd *service)
{
	int r = hsphfpd_link_claim(service->setup.endpoint);

	if (r < 0) {
		setup_fail(service, -r, HSPHFPD_ERROR("Failed"), strerror(-r));
		return;
	}
	hsphfpd_agents_untry(service);
	offer(service);
}

void hsphfpd_audio_continue(struct hsphfpd *service)
{
	const struct setup *setup = &service->setup;
	struct hsphfpd_endpoint *incoming;

	if (setup->state != SETUP_WAITING || hsphfpd_link_find(service, LINK_CLOSING))
		return;
	incoming = hsphfpd_link_find(service, LINK_INCOMING);
	if (!incoming)
		dial(service);
	else if (incoming == setup->endpoint && incoming->link.codec == setup->codec)
		claim(service);
	else
		hsphfpd_link_close(incoming); /* and once more from here when it has closed */
}

/* ---- the request --------------------------------------------------------------------------- */

static bool is_or_empty(const char *text, const char *name)
{
	return !*text || strcmp(text, name) == 0;
}

/* An empty name leaves the choice to us: wide band first, as far as both sides can. */
static int choose_codec(struct hsphfpd_endpoint *endpoint, const char *sender, const char *air,
			const char *agent, enum sco_codec *ret)
{
	static const enum sco_codec codecs[] = { SCO_TRANSPARENT, SCO_CVSD };
	int r = -EOPNOTSUPP;

	hsphfpd_agents_untry(endpoint->service);
	for (size_t i = 0; i < 2; i++) {
		if (!is_or_empty(air, hsphfpd_air_codec(codecs[i])) ||
		    !is_or_empty(agent, hsphfpd_agent_codec(codecs[i])) ||
		    (codecs[i] == SCO_TRANSPARENT && !endpoint->msbc))
			continue;
		if (hsphfpd_agent_find(endpoint->service, codecs[i], sender)) {
			*ret = codecs[i];
			return 0;
		}
		r = -ENOENT;
	}
	return r;
}

/* Is there anything that stands against a new link? The error's name, or NULL. */
static const char *obstacle(struct hsphfpd_endpoint *endpoint)
{
	struct hsphfpd *service = endpoint->service;

	if (service->setup.state != SETUP_IDLE)
		return HSPHFPD_ERROR("InProgress");
	hsphfpd_link_notice_closing(service);
	return endpoint->link.state == LINK_UP ? HSPHFPD_ERROR("AlreadyConnected") : NULL;
}

static void refuse_unwanted(struct bus_call *call, int r)
{
	if (r == -EBUSY)
		bus_call_error(call, HSPHFPD_ERROR("InUse"), "The sound belongs elsewhere now");
	else if (r == -EPERM)
		bus_call_error(call, HSPHFPD_ERROR("Rejected"), "This headset may not have sound");
	else
		bus_call_error(call, HSPHFPD_ERROR("Failed"), "%s", strerror(-r));
}

/* Whether, and when: before each try, since much may have changed since the one before. */
static void ask(struct hsphfpd *service)
{
	struct setup *setup = &service->setup;
	struct bus_call *call = setup->call;
	int r = 0;

	setup->state = SETUP_ASKING;
	if (service->events->audio_wanted)
		r = service->events->audio_wanted(service->data, setup->endpoint, setup->codec);
	if (setup->call != call || setup->state != SETUP_ASKING)
		return; /* released and answered, or decided already */
	if (r < 0) {
		setup_clear(service);
		refuse_unwanted(call, r);
	} else if (r != HSPHFPD_LATER) {
		setup->state = SETUP_WAITING;
		hsphfpd_audio_continue(service);
	}
}

void hsphfpd_endpoint_dial(struct hsphfpd_endpoint *endpoint)
{
	struct hsphfpd *service = endpoint->service;

	if (service->setup.endpoint != endpoint || service->setup.state != SETUP_ASKING)
		return;
	service->setup.state = SETUP_WAITING;
	(void)pw_loop_signal_event(service->loop, service->kick);
}

void hsphfpd_endpoint_dial_failed(struct hsphfpd_endpoint *endpoint, int error)
{
	struct hsphfpd *service = endpoint->service;

	if (service->setup.endpoint == endpoint && service->setup.state == SETUP_ASKING)
		hsphfpd_audio_try_failed(service, error, strerror(error));
}

void hsphfpd_audio_connect(struct bus_call *call, void *data)
{
	struct hsphfpd_endpoint *endpoint = data;
	struct hsphfpd *service = endpoint->service;
	const char *air, *agent, *error;
	enum sco_codec codec = SCO_CVSD;
	DBusMessageIter args;
	int r;

	bus_call_args(call, &args);
	dbus_message_iter_get_basic(&args, &air);
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &agent);

	error = obstacle(endpoint);
	if (error) {
		bus_call_error(call, error, "A sound link is up or being set up");
		if (endpoint->link.state == LINK_UP && service->events->audio_forgotten &&
		    strcmp(endpoint->link.sender, bus_call_sender(call)) == 0)
			service->events->audio_forgotten(service->data, endpoint);
		return;
	}
	r = choose_codec(endpoint, bus_call_sender(call), air, agent, &codec);
	if (r == -ENOENT) {
		bus_call_error(call, HSPHFPD_ERROR("NotAvailable"),
			       "No audio agent is registered for that codec");
		return;
	}
	if (r < 0) {
		bus_call_error(call, HSPHFPD_ERROR("NotSupported"),
			       "These codecs do not go together, or not with this headset");
		return;
	}
	/* before the question: what it sets in motion may release us again */
	service->setup = (struct setup){
		.endpoint = endpoint,
		.codec = codec,
		.call = bus_call_keep(call),
	};
	ask(service);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void release(struct hsphfpd_endpoint *endpoint, int event)
{
	struct hsphfpd *service = endpoint->service;

	if (service->setup.endpoint == endpoint)
		setup_fail(service, event, HSPHFPD_ERROR("Failed"), "it was released");
	else
		hsphfpd_link_close(endpoint);
}

void hsphfpd_endpoint_release(struct hsphfpd_endpoint *endpoint)
{
	release(endpoint, NO_EVENT);
}

void hsphfpd_audio_release(struct bus_call *call, void *data)
{
	bus_call_reply(call, DBUS_TYPE_INVALID);
	release(data, ECANCELED);
}

void hsphfpd_audio_abandon(struct hsphfpd_endpoint *endpoint)
{
	struct hsphfpd *service = endpoint->service;

	if (service->setup.endpoint == endpoint)
		setup_fail(service, NO_EVENT, HSPHFPD_ERROR("NotConnected"),
			   "the headset has gone");
	if (endpoint->link.state == LINK_NONE)
		return;
	hsphfpd_link_close(endpoint);
	endpoint->link.was_up = false; /* whoever frees an endpoint is not told of its end */
	hsphfpd_link_ended(endpoint);
}

void hsphfpd_audio_sender_gone(struct hsphfpd *service, const char *sender)
{
	struct hsphfpd_endpoint *endpoint;

	if (service->setup.call && strcmp(bus_call_sender(service->setup.call), sender) == 0)
		setup_fail(service, ECANCELED, HSPHFPD_ERROR("Failed"), "nobody waits for it");
	/* one that is offered to it ends with the answer to NewConnection, which the bus gives */
	spa_list_for_each (endpoint, &service->endpoints, entry)
		if (endpoint->link.state == LINK_UP && strcmp(endpoint->link.sender, sender) == 0)
			hsphfpd_link_close(endpoint);
}
