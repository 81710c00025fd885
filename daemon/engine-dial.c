/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * What a headset asks for that needs somebody who has no call yet: dialling, and voice recognition.
 * The provider that was added last is asked; without one the headset hears at once that it cannot be.
 */
#include "engine-internal.h"

#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct provider {
	struct provider *next;
	const struct provider_ops *ops;
	void *source;
};

/* ---- providers --------------------------------------------------------------------------------- */

int engine_provider_add(struct engine *engine, const struct provider_ops *ops, void *source,
			struct provider **ret)
{
	struct provider *provider;

	if (engine->n_providers == PROVIDER_MAX)
		return -ENOSPC;
	provider = calloc(1, sizeof(*provider));
	if (provider == NULL)
		return -ENOMEM;
	*provider = (struct provider){ engine->providers, ops, source };
	engine->providers = provider;
	engine->n_providers++;
	*ret = provider;
	return 0;
}

static void set_voice(struct engine_device *entry, struct provider *provider)
{
	entry->voice = provider;
	if (entry->headset == NULL)
		return;
	ag_set_voice(headset_ag(entry->headset), provider != NULL, monotonic_ms());
	headset_flush(entry->headset);
}

/* Telling one headset may close it, and move the others. */
static struct engine_device *listened_to(struct engine *engine, const struct provider *provider)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		if (engine->devices[i].voice == provider)
			return &engine->devices[i];
	}
	return NULL;
}

struct provider *engine_provider_free(struct engine *engine, struct provider *provider)
{
	struct provider **link = &engine->providers;
	struct engine_device *entry;

	if (provider == NULL)
		return NULL;
	while (*link != provider)
		link = &(*link)->next;
	*link = provider->next;
	engine->n_providers--;
	while ((entry = listened_to(engine, provider)) != NULL)
		set_voice(entry, NULL);
	free(provider);
	return NULL;
}

static struct provider *who_dials(const struct engine *engine)
{
	struct provider *provider = engine->providers;

	while (provider != NULL && provider->ops->dial == NULL)
		provider = provider->next;
	return provider;
}

static struct provider *who_listens(const struct engine *engine)
{
	struct provider *provider = engine->providers;

	while (provider != NULL && provider->ops->voice == NULL)
		provider = provider->next;
	return provider;
}

/* ---- the result for the headset ------------------------------------------------------------------ */

/* A question to a provider; the headset, or its connection, may have gone when it is answered. */
struct asking {
	struct engine *engine;
	route_device device;
	uint64_t headset;          /* its serial; 0: nobody waits for a result */
	struct provider *listener; /* of voice recognition that begins */
};

static bool is_there(const struct engine *engine, const struct provider *provider)
{
	const struct provider *each = engine->providers;

	while (each != NULL && each != provider)
		each = each->next;
	return each != NULL;
}

static void on_done(void *data, const char *error)
{
	struct asking asking = *(struct asking *)data;
	struct engine_device *entry = engine_device(asking.engine, asking.device);
	enum ag_result result = AG_RESULT_OK;

	free(data);
	if (error != NULL) {
		log_info("a headset's request is refused: %s", error);
		result = strcmp(error, ENGINE_ERROR_TIMED_OUT) == 0 ? AG_RESULT_TIMEOUT
								    : AG_RESULT_FAILURE;
	}
	if (entry == NULL || entry->headset == NULL || asking.headset == 0 ||
	    headset_serial(entry->headset) != asking.headset)
		return;
	if (error == NULL && asking.listener != NULL && is_there(asking.engine, asking.listener))
		entry->voice = asking.listener;
	else if (asking.listener != NULL)
		result = AG_RESULT_FAILURE;
	engine_finish_headset(entry->headset, result);
}

static struct asking *asking_new(struct engine *engine, const struct engine_device *entry,
				 bool result)
{
	struct asking *asking = calloc(1, sizeof(*asking));

	if (asking == NULL)
		return NULL;
	asking->engine = engine;
	asking->device = entry->device;
	asking->headset = result ? headset_serial(entry->headset) : 0;
	return asking;
}

/* ---- dialling ------------------------------------------------------------------------------------ */

void engine_note_dialled(struct engine *engine, const struct call_info *info)
{
	if (!info->incoming && info->party[0] != '\0')
		snprintf(engine->last_dialled, sizeof(engine->last_dialled), "%s", info->party);
}

/* What has no scheme is a number. */
static void to_uri(const char *party, char *ret, size_t n)
{
	size_t scheme = strspn(party, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	bool has = party[0] == '\0' || (scheme > 0 && party[scheme] == ':');

	snprintf(ret, n, "%s%s", has ? "" : "tel:", party);
}

static enum ag_result dial(struct engine *engine, struct engine_device *entry, const char *party,
			   bool result)
{
	struct provider *provider = who_dials(engine);
	char uri[CALL_PARTY_SIZE + 8];
	struct asking *asking;

	if (provider == NULL)
		return AG_RESULT_NO_NETWORK;
	asking = asking_new(engine, entry, result);
	if (asking == NULL)
		return AG_RESULT_FAILURE;
	to_uri(party, uri, sizeof(uri));
	log_info("a headset dials");
	provider->ops->dial(provider->source, uri, entry->device, on_done, asking);
	return AG_RESULT_OK;
}

void engine_headset_redials(struct engine *engine, struct engine_device *entry)
{
	route_device device = entry->device;
	enum ag_result result = dial(engine, entry, engine->last_dialled, false);

	if (result != AG_RESULT_OK)
		log_info("a headset's button was pressed without a call");
	engine_tell_key(engine, device, "button", result == AG_RESULT_OK);
}

/* ---- voice recognition ----------------------------------------------------------------------------- */

static enum ag_result listen_to(struct engine *engine, struct engine_device *entry)
{
	struct provider *provider = who_listens(engine);
	struct asking *asking;

	if (provider == NULL)
		return AG_RESULT_NOT_SUPPORTED;
	asking = asking_new(engine, entry, true);
	if (asking == NULL)
		return AG_RESULT_FAILURE;
	asking->listener = provider;
	provider->ops->voice(provider->source, entry->device, true, on_done, asking);
	return AG_RESULT_OK;
}

void engine_voice_lost(struct engine *engine, struct engine_device *entry)
{
	struct provider *provider = entry->voice;

	(void)engine;
	entry->voice = NULL;
	if (provider != NULL)
		provider->ops->voice(provider->source, entry->device, false, NULL, NULL);
}

enum policy_outcome engine_provider_voice(struct engine *engine, struct provider *provider,
					  route_device device, bool on)
{
	struct engine_device *entry = engine_device(engine, device);

	if (entry == NULL || entry->headset == NULL || !ag_slc_up(headset_ag(entry->headset)))
		return POLICY_NO_SUCH_DEVICE;
	if (entry->voice != NULL && entry->voice != provider)
		return POLICY_WRONG_STATE;
	set_voice(entry, on ? provider : NULL);
	return POLICY_OK;
}

/* ---- what headsets send ---------------------------------------------------------------------------- */

void engine_tell_key(struct engine *engine, route_device device, const char *key, bool used)
{
	if (engine->observer != NULL && engine->observer->headset_key != NULL)
		engine->observer->headset_key(engine->observer_data, device, key, used);
}

void engine_headset_dials(struct engine *engine, struct engine_device *entry,
			  const struct ag_event *event)
{
	struct headset *headset = entry->headset;
	uint64_t serial = headset_serial(headset);
	route_device device = entry->device;
	enum ag_result result;
	const char *key, *memory;

	switch (event->type) {
	case AG_EVENT_DIAL:
		key = "dial";
		result = dial(engine, entry, event->text, true);
		break;
	case AG_EVENT_DIAL_MEMORY:
		key = "memory";
		memory = config_memory(engine->config, (unsigned int)atoi(event->text));
		result = memory != NULL ? dial(engine, entry, memory, true)
					: AG_RESULT_INVALID_INDEX;
		break;
	case AG_EVENT_REDIAL:
		key = "redial";
		result = dial(engine, entry, engine->last_dialled, true);
		break;
	default:
		key = "voice";
		if (event->value != 0) {
			result = listen_to(engine, entry);
			break;
		}
		engine_voice_lost(engine, entry);
		engine_finish_headset(headset, AG_RESULT_OK);
		result = AG_RESULT_OK;
		break;
	}
	entry = engine_device(engine, device);
	if (result != AG_RESULT_OK && entry != NULL && entry->headset != NULL &&
	    headset_serial(entry->headset) == serial)
		engine_finish_headset(entry->headset, result);
	engine_tell_key(engine, device, key, result == AG_RESULT_OK);
}
