/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Devices that come, go and act, and routes that somebody asks for.
 */
#include "events.h"

static const struct route no_route;

/* ---- coming and going ------------------------------------------------------------------------ */

static void forget_setup(struct policy *policy, route_device id)
{
	if (policy->echo_of == id)
		policy->echo_of = 0;
}

/* X2 */
static void disconnect(struct policy *policy, struct device *device)
{
	bool in_force = policy->decision.call.device == device->id;

	devices_disconnect(&policy->devices, device);
	if (in_force)
		policy_move(policy, ON_GONE, NULL, NULL, no_route);
	forget_setup(policy, device->id);
}

enum policy_outcome event_connect(struct policy *policy, const struct policy_event *event)
{
	struct devices *devices = &policy->devices;
	struct device *device = devices_connected(devices, event->device);

	if (event->device == 0 || event->kind > DEVICE_HEARING_AID)
		return POLICY_INVALID;
	if (device == NULL && devices->n_connected == devices->limit)
		return POLICY_TOO_MANY;
	if (device != NULL) {
		if (device->kind == event->kind && device->call_capable == event->call_capable) {
			device->auto_route = event->auto_route;
			devices->changes++;
			return POLICY_OK;
		}
		/* Its service level came after its A2DP, the usual order: it connects now. Any
		 * other change is as if it had gone and come as something else. */
		if (device->kind == event->kind && event->call_capable)
			devices_disconnect(devices, device);
		else
			disconnect(policy, device);
	}
	device = devices_connect(devices, &(struct device){
						  .id = event->device,
						  .attached = policy->order,
						  .kind = event->kind,
						  .resumed = event->resumed,
						  .call_capable = event->call_capable,
						  .auto_route = event->auto_route,
					  });
	forget_setup(policy, device->id);
	if (!device_is_headset(device))
		return POLICY_OK;
	/* A restart of the caller is no connection, and forgets nothing. */
	if (event->resumed == 0)
		policy->memory = no_route;
	if (policy_in_call(policy))
		policy_move(policy, ON_CONNECT, NULL, device, no_route);
	return POLICY_OK;
}

enum policy_outcome event_disconnect(struct policy *policy, const struct policy_event *event)
{
	struct device *device = devices_connected(&policy->devices, event->device);

	if (device == NULL)
		return POLICY_NO_SUCH_DEVICE;
	disconnect(policy, device);
	return POLICY_OK;
}

enum policy_outcome event_plug(struct policy *policy, const struct policy_event *event)
{
	(void)event;
	if (policy->wired)
		return POLICY_OK;
	policy->wired = true;
	policy->wired_attached = policy->order;
	if (policy_in_call(policy))
		policy_move(policy, ON_PLUG, NULL, NULL, no_route);
	return POLICY_OK;
}

enum policy_outcome event_unplug(struct policy *policy, const struct policy_event *event)
{
	bool in_force = policy->wired && policy->decision.call.kind == ROUTE_HANDSET;

	(void)event;
	policy->wired = false;
	if (in_force)
		policy_move(policy, ON_UNPLUG, NULL, NULL, no_route);
	return POLICY_OK;
}

/* ---- acts on the headset --------------------------------------------------------------------- */

enum policy_outcome event_sco_open(struct policy *policy, const struct policy_event *event)
{
	struct device *device = devices_connected(&policy->devices, event->device);

	if (device == NULL)
		return POLICY_NO_SUCH_DEVICE;
	if (!policy_in_call(policy))
		return POLICY_NO_CALL;
	if (policy->decision.call.device != device->id) {
		enum policy_outcome outcome =
			policy_check(policy, device_route(device), policy_unmanaged(policy, NULL));

		if (outcome != POLICY_OK)
			return outcome;
		if (policy->echo_of == device->id) {
			policy->echo_of = 0;
			if (policy->now_ms < policy->echo_until_ms)
				return POLICY_OK;
		}
		devices_set_failed(&policy->devices, device, false);
		policy_move(policy, ON_SCO_OPEN, NULL, device, no_route);
	}
	if (policy->decision.call.device == device->id) {
		policy->sco.seen = true;
		policy->sco.n_failed = 0;
		policy->sco.next_try_ms = 0;
	}
	return POLICY_OK;
}

enum policy_outcome event_sco_close(struct policy *policy, const struct policy_event *event)
{
	if (devices_connected(&policy->devices, event->device) == NULL)
		return POLICY_NO_SUCH_DEVICE;
	if (policy_device_mode(policy, event->device) != MODE_HFP)
		return POLICY_OK;
	policy->sco.seen = true;
	policy->acted_at = policy->order;
	policy_move(policy, ON_SCO_CLOSE, NULL, NULL, no_route);
	return POLICY_OK;
}

/* ---- X3 -------------------------------------------------------------------------------------- */

static void give_up(struct policy *policy)
{
	struct device *device = devices_known(&policy->devices, policy->decision.call.device);

	devices_set_failed(&policy->devices, device, true);
	policy->sco.seen = true;          /* the last try is over, nothing of it can echo */
	policy->acted_at = policy->order; /* a preference for it has had its chance */
	policy_move(policy, ON_SCO_FAILED, NULL, NULL, no_route);
}

/*
 * Our successes are not told, so the limit of 5 s is judged where a try fails or the next is due; a
 * try that hangs has to be given up, and reported, by who makes it.
 */
enum policy_outcome event_sco_fail(struct policy *policy, const struct policy_event *event)
{
	struct sco_setup *sco = &policy->sco;
	uint64_t now_ms = policy->now_ms;

	if (devices_connected(&policy->devices, event->device) == NULL)
		return POLICY_NO_SUCH_DEVICE;
	if (policy_device_mode(policy, event->device) != MODE_HFP)
		return POLICY_OK;
	if (sco->n_failed > 0 && now_ms - sco->last_fail_ms > X3_FORGET_MS)
		sco->n_failed = 0;
	if (sco->n_failed == 0 && now_ms - sco->since_ms <= X3_FIRST_TRY_MS && !sco->seen)
		sco->first_try_ms = sco->since_ms;
	else if (sco->n_failed == 0)
		sco->first_try_ms = now_ms;
	sco->seen = false;
	sco->n_failed++;
	sco->last_fail_ms = now_ms;
	if (sco->n_failed >= X3_TRIES || now_ms - sco->first_try_ms >= X3_IN_ALL_MS)
		give_up(policy);
	else
		sco->next_try_ms = now_ms + X3_BETWEEN_MS;
	return POLICY_OK;
}

uint64_t events_retry_deadline(const struct policy *policy)
{
	const struct sco_setup *sco = &policy->sco;
	uint64_t end_ms = sco->first_try_ms + X3_IN_ALL_MS;

	if (sco->next_try_ms == 0)
		return UINT64_MAX;
	return sco->next_try_ms < end_ms ? sco->next_try_ms : end_ms;
}

void events_retry(struct policy *policy)
{
	struct sco_setup *sco = &policy->sco;

	if (policy->now_ms < events_retry_deadline(policy))
		return;
	sco->next_try_ms = 0;
	if (policy->now_ms >= sco->first_try_ms + X3_IN_ALL_MS)
		give_up(policy);
}

/* ---- asked for ------------------------------------------------------------------------------- */

/* Where an endpoint of this machine was named it is kept by that name: a wired headset that was asked
 * for and has been unplugged is not the earpiece. */
static struct route as_named(struct route asked, struct route resolved)
{
	return route_is_bluetooth(resolved) ? resolved : asked;
}

static void take_pick(struct policy *policy, struct route route)
{
	struct device *device = devices_known(&policy->devices, route.device);

	if (device != NULL)
		devices_set_failed(&policy->devices, device, false);
	policy->pick = route;
	policy->picked_at = policy->order;
}

/* S3: what only plays may go to any output that is there. */
static enum policy_outcome pick_playback(struct policy *policy, struct route asked)
{
	struct route route;
	enum policy_outcome outcome = policy_resolve(policy, asked, &route);

	if (outcome == POLICY_OK)
		policy->playback = route;
	return outcome;
}

enum policy_outcome event_pick(struct policy *policy, const struct policy_event *event)
{
	const struct calls *calls = &policy->calls;
	struct route route;
	enum policy_outcome outcome;

	if (calls->n.all[CALL_INCOMING] + count_routed(calls->n.all) == 0)
		return calls->n_playing == 0 ? POLICY_NO_CALL : pick_playback(policy, event->route);
	outcome = policy_resolve(policy, event->route, &route);
	if (outcome == POLICY_OK)
		outcome = policy_check(policy, route, policy_unmanaged(policy, NULL));
	if (outcome != POLICY_OK)
		return outcome;
	take_pick(policy, as_named(event->route, route));
	if (policy_in_call(policy))
		policy_move(policy, ON_PICK, NULL, NULL, route);
	return POLICY_OK;
}

/* X9: it is there already, so nothing is said about whether it may be. */
enum policy_outcome event_moved(struct policy *policy, const struct policy_event *event)
{
	struct route route;
	enum policy_outcome outcome;

	if (!policy_in_call(policy))
		return POLICY_NO_CALL;
	outcome = policy_resolve(policy, event->route, &route);
	if (outcome != POLICY_OK)
		return outcome;
	take_pick(policy, as_named(event->route, route));
	policy_move(policy, ON_MOVED, NULL, NULL, route);
	return POLICY_OK;
}
