/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "calls.h"

#include <errno.h>
#include <stdlib.h>

int calls_init(struct calls *calls, uint32_t limit)
{
	*calls = (struct calls){ 0 };
	calls->all = calloc(limit, sizeof(*calls->all));
	if (calls->all == NULL)
		return -ENOMEM;
	for (uint32_t i = limit; i > 0; i--) {
		calls->all[i - 1].newer = calls->unused;
		calls->unused = &calls->all[i - 1];
	}
	return index_init(&calls->index, limit);
}

void calls_done(struct calls *calls)
{
	index_done(&calls->index);
	free(calls->all);
	calls->all = NULL;
}

struct call *calls_find(const struct calls *calls, uint32_t id)
{
	uint32_t place = index_find(&calls->index, id);

	return place == INDEX_NONE ? NULL : &calls->all[place];
}

static void count_in(struct calls *calls, const struct call *call)
{
	calls->n.all[call->state]++;
	calls->n.managed[call->state] += call->managed;
	calls->n.video[call->state] += call->video;
	calls->n_playing += call->broadcast && call->state == CALL_ENDED;
	calls->n_waiting += call->held_by != 0;
}

static void count_out(struct calls *calls, const struct call *call)
{
	calls->n.all[call->state]--;
	calls->n.managed[call->state] -= call->managed;
	calls->n.video[call->state] -= call->video;
	calls->n_playing -= call->broadcast && call->state == CALL_ENDED;
	calls->n_waiting -= call->held_by != 0;
}

struct call *calls_add(struct calls *calls, const struct call *what)
{
	struct call *call = calls->unused;

	if (call == NULL)
		return NULL;
	calls->unused = call->newer;
	*call = *what; /* which is in no list */
	call->older = calls->newest;
	if (calls->newest != NULL)
		calls->newest->newer = call;
	else
		calls->oldest = call;
	calls->newest = call;
	index_add(&calls->index, call->id, (uint32_t)(call - calls->all));
	count_in(calls, call);
	return call;
}

void calls_remove(struct calls *calls, struct call *call)
{
	calls_set_preference(calls, call, (struct route){ 0 }, 0);
	count_out(calls, call);
	index_remove(&calls->index, call->id);
	if (call->older != NULL)
		call->older->newer = call->newer;
	else
		calls->oldest = call->newer;
	if (call->newer != NULL)
		call->newer->older = call->older;
	else
		calls->newest = call->older;
	call->newer = calls->unused;
	calls->unused = call;
}

void calls_set_state(struct calls *calls, struct call *call, enum call_state state)
{
	count_out(calls, call);
	call->state = state;
	count_in(calls, call);
}

void calls_set_holder(struct calls *calls, struct call *call, uint32_t holder)
{
	count_out(calls, call);
	call->held_by = holder;
	count_in(calls, call);
}

void calls_set_preference(struct calls *calls, struct call *call, struct route route, uint64_t at)
{
	calls->n_preferring -= call->prefers.kind != ROUTE_NONE;
	call->prefers = route;
	call->prefers_at = at;
	calls->n_preferring += call->prefers.kind != ROUTE_NONE;
}

uint32_t calls_concerned(const struct calls *calls, const uint32_t counts[static CALL_ENDED + 1])
{
	if (count_sound(calls->n.all) > 0)
		return count_sound(counts);
	if (calls->n.all[CALL_HELD] > 0)
		return counts[CALL_HELD];
	return counts[CALL_INCOMING];
}
