/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See source.h. A seen call has .call while it speaks for it, .stands_by while another source's does,
 * neither when the call is over for us.
 */
#include "source.h"

#include "daemon/headset.h"
#include "daemon/log.h"
#include "same.h"
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

struct seen {
	struct seen *next;
	struct source *source;
	struct call_info info; /* .state: the last that was told */
	void *data;
	struct call *call;
	uint32_t stands_by; /* for the call of this number */
};

void source_copy(char *ret, size_t n, const char *text)
{
	size_t length = strlen(text);

	if (!dbus_validate_utf8(text, NULL))
		length = 0;
	if (length >= n) {
		length = n - 1;
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(ret, text, length);
	ret[length] = '\0';
}

void source_dialled(struct source *source, route_device from)
{
	source->dialled_from = from;
	source->dialled_until_ms = monotonic_ms() + SOURCE_DIALLED_MS;
}

/* ---- who speaks ---------------------------------------------------------------------------------- */

static struct seen *speaker_of(const struct calls *calls, const struct call *call)
{
	for (struct seen *seen = calls->seen; seen != NULL; seen = seen->next)
		if (seen->call == call)
			return seen;
	return NULL;
}

static void fill(char ret[static CALL_PARTY_SIZE], const char *text)
{
	if (ret[0] == '\0')
		memcpy(ret, text, strlen(text) + 1);
}

/* Another source may know a number or a name that the one who speaks does not. What was known once stays. */
static void tell_party(const struct calls *calls, struct call *call)
{
	const struct call_info *told = call_info(call);
	const struct seen *speaker = speaker_of(calls, call);
	char party[CALL_PARTY_SIZE], name[CALL_PARTY_SIZE];

	if (speaker == NULL)
		return;
	memcpy(party, speaker->info.party, sizeof(party));
	memcpy(name, speaker->info.name, sizeof(name));
	for (const struct seen *seen = calls->seen; seen != NULL; seen = seen->next) {
		if (seen->stands_by == call_id(call)) {
			fill(party, seen->info.party);
			fill(name, seen->info.name);
		}
	}
	fill(party, told->party);
	fill(name, told->name);
	if (strcmp(told->party, party) != 0 || strcmp(told->name, name) != 0)
		engine_call_party(calls->engine, call, party, name);
}

/* The source has another call already that is this one. */
static bool paired(void *data, const struct call *call)
{
	const struct source *source = data;

	for (const struct seen *seen = source->calls->seen; seen != NULL; seen = seen->next)
		if (seen->source == source && seen->stands_by == call_id(call))
			return true;
	return false;
}

static enum policy_outcome add(struct seen *seen)
{
	struct source *source = seen->source;
	struct engine *engine = source->calls->engine;
	uint64_t now_ms = monotonic_ms();
	struct call *same = same_find(engine, &seen->info, source->ops, now_ms, paired, source);
	struct seen *before;
	enum policy_outcome outcome;

	if (same != NULL && call_ops(same)->rank >= source->ops->rank) {
		seen->stands_by = call_id(same);
		if (seen->info.of_phone)
			engine_call_sound(engine, same, &seen->info);
		tell_party(source->calls, same);
		return POLICY_OK;
	}
	if (same == NULL)
		return engine_call_add(engine, &seen->info, source->ops, seen, &seen->call);
	before = speaker_of(source->calls, same);
	outcome = same_add(engine, &seen->info, source->ops, seen, now_ms, &seen->call);
	if (outcome == POLICY_OK && before != NULL)
		before->stands_by = call_id(seen->call);
	return outcome;
}

/* Several lines of one program are one source here, so that none of them leaves others no room. */
static bool is_full(struct source *source)
{
	unsigned int n = 0;
	bool told = source->limit_told;

	for (const struct seen *seen = source->calls->seen; seen != NULL; seen = seen->next) {
		if (seen->source->ops != source->ops)
			continue;
		n++;
		told = told || seen->source->limit_told;
	}
	if (n < SOURCE_MAX_CALLS)
		return false;
	if (!told)
		log_warning("%s has more than %d calls, the others are left alone", source->name,
			    SOURCE_MAX_CALLS);
	source->limit_told = true;
	return true;
}

struct seen *seen_new(struct source *source, const struct call_info *info, void *data)
{
	struct calls *calls = source->calls;
	enum policy_outcome outcome;
	struct seen *seen;

	if (is_full(source))
		return NULL;
	seen = calloc(1, sizeof(*seen));
	if (seen == NULL)
		return NULL;
	seen->source = source;
	seen->info = *info;
	if (info->processes[0] > 0 && !info->by_sound)
		(void)sandbox_app(info->processes[0], seen->info.app);
	seen->data = data;
	if (info->state == CALL_DIALING && source->dialled_from != 0) {
		if (monotonic_ms() <= source->dialled_until_ms)
			seen->info.from = source->dialled_from;
		source->dialled_from = 0;
	}
	seen->next = calls->seen;
	calls->seen = seen;
	outcome = add(seen);
	if (seen->info.from != 0 &&
	    (outcome == POLICY_NO_SUCH_DEVICE || outcome == POLICY_NOT_ELIGIBLE)) {
		seen->info.from = 0; /* the headset that dialled has gone since */
		outcome = add(seen);
	}
	if (outcome != POLICY_OK)
		log_warning("a call of %s is left alone: %s", source->name,
			    policy_outcome_name(outcome));
	return seen;
}

/* ---- what the source tells ------------------------------------------------------------------------- */

void seen_state(struct seen *seen, enum call_state state)
{
	if (seen->info.state == state || state == CALL_ENDED)
		return;
	seen->info.state = state;
	if (seen->call != NULL)
		(void)engine_call_state(seen->source->calls->engine, seen->call, state, true);
}

void seen_alerting(struct seen *seen)
{
	seen->info.alerting = true;
	if (seen->call != NULL)
		engine_call_alerting(seen->source->calls->engine, seen->call);
}

void seen_party(struct seen *seen, const char *party, const char *name)
{
	struct calls *calls = seen->source->calls;
	struct call_info *info = &seen->info;
	struct call *call = seen->call;

	source_copy(info->party, sizeof(info->party), party);
	source_copy(info->name, sizeof(info->name), name);
	if (call == NULL && seen->stands_by != 0)
		call = engine_call_find(calls->engine, seen->stands_by);
	if (call != NULL)
		tell_party(calls, call);
}

static void seen_free(struct seen *seen)
{
	struct seen **link = &seen->source->calls->seen;

	while (*link != seen)
		link = &(*link)->next;
	*link = seen->next;
	free(seen);
}

struct seen *seen_end(struct seen *seen, bool remote)
{
	if (seen == NULL)
		return NULL;
	if (seen->call != NULL)
		(void)engine_call_state(seen->source->calls->engine, seen->call, CALL_ENDED,
					remote);
	seen_free(seen);
	return NULL;
}

/* Of several that stand by, the one of the highest rank. */
static struct seen *next_speaker(const struct calls *calls, uint32_t id)
{
	struct seen *best = NULL;

	/* streams that are left over are no call any more */
	for (struct seen *seen = calls->seen; seen != NULL; seen = seen->next)
		if (seen->stands_by == id && !seen->info.by_sound &&
		    (best == NULL || seen->source->ops->rank > best->source->ops->rank))
			best = seen;
	return best;
}

bool source_take_lost(struct calls *calls, struct call *call)
{
	struct seen *next = next_speaker(calls, call_id(call));

	if (next == NULL)
		return false;
	next->stands_by = 0;
	next->call = call;
	engine_call_replace(calls->engine, call, &next->info, next->source->ops, next);
	return true;
}

struct seen *seen_lost(struct seen *seen)
{
	if (seen == NULL)
		return NULL;
	if (seen->call != NULL)
		engine_call_lost(seen->source->calls->engine, seen->call);
	seen_free(seen);
	return NULL;
}

void seen_over(struct call *call, void *source)
{
	struct seen *seen = source;

	(void)call;
	seen->call = NULL;
}

void *seen_data(const struct seen *seen)
{
	return seen->data;
}

/* Who speaks for a call that it stands by for need not be a source of here, which would say that it ended. */
bool seen_is_over(const struct seen *seen)
{
	return seen->call == NULL &&
	       (seen->stands_by == 0 ||
		engine_call_find(seen->source->calls->engine, seen->stands_by) == NULL);
}

struct call *seen_call(const struct seen *seen)
{
	return seen->call;
}
