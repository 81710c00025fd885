/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What headsets do to their sound links themselves: one that closes gives the call back (X4), one that
 * opens takes it (X5).
 */
#include "engine-internal.h"

#include "hfp/quirks.h"
#include "log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- links that close (X4) ---------------------------------------------------------------------- */

/* PipeWire releases a link only when nothing is linked to the headset any more, or with a profile:
 * where the plan is still in force with streams on it, it was the headset (X4). */
static bool closed_by_headset(struct engine *engine, const struct engine_device *entry)
{
	const struct plan_snapshot *snapshot;

	if (!route_is_bluetooth(engine->decided) || engine->decided.device != entry->device ||
	    entry->audio_up || entry->audio_wanted || !graph_up(engine->graph) ||
	    !engine->plan.in_force || !graph_verified(engine->graph, &engine->plan))
		return false;
	snapshot = graph_snapshot(engine->graph);
	for (size_t i = 0; i < snapshot->n_streams; i++) {
		if (snapshot->streams[i].in_call)
			return true;
	}
	return false;
}

/* A session manager that dies closes its links, too. */
static bool session_ended_it(const struct engine *engine, const struct engine_device *entry)
{
	return !engine->session ||
	       engine->session_at_ms + engine->timeouts.sco_close_ms >= entry->sco_closed_ms;
}

/** A link that is closed sooner was not wanted, or is QUIRK_DROPS_ONCE. */
#define DROP_MS 10000u

/** How long the call is then elsewhere: PipeWire has to be done with the old link. */
#define REOPEN_MS 300u

/* Once in a call; it is X4 all the same, and then as if the headset had asked for the sound (X5). */
static bool drops_once(const struct engine *engine, const struct engine_device *entry)
{
	uint64_t closed_ms = monotonic_ms() - engine->timeouts.sco_close_ms;

	return (entry->quirks & QUIRK_DROPS_ONCE) && !entry->reopened &&
	       closed_ms <= entry->up_ms + DROP_MS;
}

static void reopen(struct engine *engine, struct engine_device *entry)
{
	log_info("a headset that is known for it has dropped its sound link, opening it again");
	entry->reopen_ms = 0;
	entry->reopened = true;
	(void)engine_event(
		engine, &(struct policy_event){ .type = EVENT_SCO_OPEN, .device = entry->device });
}

uint64_t engine_judge_closed_links(struct engine *engine, uint64_t now_ms)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];

		if (entry->reopen_ms != 0 && entry->reopen_ms <= now_ms)
			reopen(engine, entry);
		else if (entry->reopen_ms != 0)
			next = entry->reopen_ms < next ? entry->reopen_ms : next;
		if (entry->sco_closed_ms == 0)
			continue;
		if (engine->decided.device != entry->device || session_ended_it(engine, entry)) {
			entry->sco_closed_ms = 0;
			continue;
		}
		if (entry->sco_closed_ms > now_ms) {
			next = entry->sco_closed_ms < next ? entry->sco_closed_ms : next;
			continue;
		}
		entry->sco_closed_ms = 0;
		if (!closed_by_headset(engine, entry))
			continue;
		if (drops_once(engine, entry)) {
			entry->reopen_ms = now_ms + REOPEN_MS;
			next = entry->reopen_ms < next ? entry->reopen_ms : next;
		}
		(void)engine_event(engine, &(struct policy_event){ .type = EVENT_SCO_CLOSE,
								   .device = entry->device });
	}
	return next;
}

/* ---- links that headsets open (X5) -------------------------------------------------------------- */

/* Turned down before it is up, unless the calls' sound goes there: so it is with a late echo of a
 * set-up that we cancelled, and without a call. */
static int on_link_asked(void *data, route_device remote, enum sco_codec *ret)
{
	struct engine *engine = data;
	struct engine_device *entry = engine_device(engine, remote);

	if (entry == NULL || entry->endpoint == NULL)
		return -EPERM;
	if (!hsphfpd_endpoint_may_take(entry->endpoint))
		return -EBUSY;
	log_info("a headset asks for a sound link");
	(void)engine_event(engine,
			   &(struct policy_event){ .type = EVENT_SCO_OPEN, .device = remote });
	entry = engine_device(engine, remote);
	if (entry == NULL || policy_decision(engine->policy)->call.device != remote)
		return -EPERM;
	entry->sco_closed_ms = 0;
	/* a headset that negotiates codecs asks by AT+BCC instead, so there was none to agree on */
	*ret = SCO_CVSD;
	return 0;
}

static void on_link_up(void *data, route_device remote, enum sco_codec codec, int fd, uint16_t mtu)
{
	struct engine *engine = data;
	struct engine_device *entry = engine_device(engine, remote);
	int error = -EPERM;

	if (entry != NULL && entry->endpoint != NULL &&
	    policy_decision(engine->policy)->call.device == remote)
		error = hsphfpd_endpoint_take(entry->endpoint, codec, fd, mtu);
	if (error < 0) {
		log_info("a headset's sound link is closed again: %s", strerror(-error));
		close(fd);
		return;
	}
	entry->incoming = true;
}

static const struct sco_listen_events listen_events = {
	.asked = on_link_asked,
	.up = on_link_up,
};

/* Linux gives a link to who waits for it on that very adapter before those who wait on all of them, as oFono
 * and PipeWire do. */
static void follow_phones(struct engine *engine, struct engine_listener *listener)
{
	int error;

	if (engine->n_phones > 0) {
		listener->listen = sco_listen_free(listener->listen);
		return;
	}
	if (listener->listen != NULL)
		return;
	error = sco_listen_new(engine->loop, listener->adapter, &listen_events, engine,
			       &listener->listen);
	if (error < 0)
		log_warning("headsets cannot open sound links themselves: %s", strerror(-error));
}

void engine_phone(struct engine *engine, bool there)
{
	engine->n_phones = there ? engine->n_phones + 1 : engine->n_phones - 1;
	if (there && engine->n_phones == 1)
		log_info("the sound links that phones open are another program's: headsets cannot "
			 "open them until the phone has gone");
	for (size_t i = 0; i < engine->n_listeners; i++)
		follow_phones(engine, &engine->listeners[i]);
}

void engine_listen(struct engine *engine, route_device adapter)
{
	struct engine_listener *listener;

	for (size_t i = 0; i < engine->n_listeners; i++) {
		if (engine->listeners[i].adapter == adapter)
			return;
	}
	if (engine->n_listeners == ENGINE_MAX_ADAPTERS)
		return;
	listener = &engine->listeners[engine->n_listeners++];
	*listener = (struct engine_listener){ .adapter = adapter };
	follow_phones(engine, listener);
}

bool engine_is_adapter(const struct engine *engine, route_device address)
{
	for (size_t i = 0; i < engine->n_listeners; i++) {
		if (engine->listeners[i].adapter == address)
			return true;
	}
	return false;
}

void engine_listen_no_more(struct engine *engine)
{
	while (engine->n_listeners > 0)
		sco_listen_free(engine->listeners[--engine->n_listeners].listen);
}
