/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See same.h.
 */
#include "same.h"

#include "daemon/log.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- parties ----------------------------------------------------------------------------------- */

static const char *without_scheme(const char *party)
{
	static const char *const schemes[] = { "tel:", "sip:", "sips:" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i]);

		if (strncasecmp(party, schemes[i], n) == 0)
			return party + n;
	}
	return party;
}

/* The next character that tells something: parameters and visual separators (RFC 3966 §5.1.1) do not. */
static int next_of(const char **at)
{
	while (**at != '\0' && strchr(" -.()", **at) != NULL)
		(*at)++;
	if (**at == '\0' || **at == ';' || **at == '?')
		return '\0';
	return tolower((unsigned char)*(*at)++);
}

static bool parties_equal(const char *a, const char *b)
{
	int of_a, of_b;

	a = without_scheme(a);
	b = without_scheme(b);
	do {
		of_a = next_of(&a);
		of_b = next_of(&b);
	} while (of_a == of_b && of_a != '\0');
	return of_a == of_b;
}

/* ---- calls ------------------------------------------------------------------------------------- */

static bool share_process(const struct call_info *a, const struct call_info *b)
{
	for (size_t i = 0; i < CALL_MAX_PROCESSES && a->processes[i] > 0; i++)
		for (size_t k = 0; k < CALL_MAX_PROCESSES && b->processes[k] > 0; k++)
			if (a->processes[i] == b->processes[k])
				return true;
	return false;
}

static bool share_app(const struct call_info *a, const struct call_info *b)
{
	return a->app[0] != '\0' && strcmp(a->app, b->app) == 0;
}

bool same_call(const struct call_info *a, const struct call_info *b, uint64_t apart_ms)
{
	bool known = a->party[0] != '\0' && b->party[0] != '\0';
	bool together = apart_ms <= SAME_TOGETHER_MS;

	if (a->by_sound || b->by_sound)
		return share_process(a, b) || share_app(a, b);
	if (a->bare || b->bare)
		return b->bare || together;
	if (a->incoming != b->incoming)
		return false;
	if (known && parties_equal(a->party, b->party))
		return share_process(a, b) || (a->phone && b->phone);
	if (share_process(a, b))
		return together;
	return a->phone && b->phone && !known && together;
}

struct call *same_find(struct engine *engine, const struct call_info *info,
		       const struct call_ops *ops, uint64_t now_ms,
		       bool (*skip)(void *data, const struct call *call), void *data)
{
	struct call *calls[CALL_MAX];
	size_t n = engine_calls(engine, calls, CALL_MAX);

	for (size_t i = 0; i < n; i++) {
		const struct call_ops *other = call_ops(calls[i]);
		uint64_t since_ms = call_since_ms(calls[i]);

		if (other == ops || other->rank == CALL_RANK_NONE ||
		    (skip != NULL && skip(data, calls[i])))
			continue;
		if (same_call(call_info(calls[i]), info, now_ms > since_ms ? now_ms - since_ms : 0))
			return calls[i];
	}
	return NULL;
}

enum policy_outcome same_add(struct engine *engine, const struct call_info *info,
			     const struct call_ops *ops, void *source, uint64_t now_ms,
			     struct call **ret)
{
	struct call *same = NULL;
	const struct call_info *known;

	if (ops->rank != CALL_RANK_NONE)
		same = same_find(engine, info, ops, now_ms, NULL, NULL);
	if (same == NULL || call_ops(same)->rank >= ops->rank)
		return engine_call_add(engine, info, ops, source, ret);
	known = call_info(same);
	if (known->phone != info->phone || known->video != info->video ||
	    (known->by_sound && info->state == CALL_INCOMING) || known->from != info->from ||
	    (known->managed || known->phone) != (info->managed || info->phone)) {
		log_info("call %u is told again by its own program", call_id(same));
		(void)engine_call_state(engine, same, CALL_ENDED, true);
		return engine_call_add(engine, info, ops, source, ret);
	}
	engine_call_replace(engine, same, info, ops, source);
	*ret = same;
	return POLICY_OK;
}
