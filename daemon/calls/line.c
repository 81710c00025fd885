/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See line.h. Each call has the state that the line told last, the one that it has once all requests
 * are done, and the one that the engine wants. A verb changes several calls; those that it brings to
 * where the engine wants them are covered by its request, and what the engine asks of them meanwhile
 * is answered with it.
 *
 * What the line tells while a request is under way may be from before it, and is passed on with the
 * answer, but for the end of a call.
 *
 * The engine may hold one call, and only then resume the other: that hold waits for the next request.
 */
#include "line.h"

#include "daemon/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TONES 64

struct line_entry;

struct answer {
	call_done_fn done;
	void *data;
};

struct request {
	struct request *next;
	struct line *line; /* NULL: the line has gone */
	size_t n_answers;
	struct answer answers[SOURCE_MAX_CALLS];
};

struct line {
	struct source source;
	const struct line_ops *ops;
	void *data;
	struct line_owner owner;
	struct line_entry *entries;
	unsigned int n_entries;
	struct request *requests;
	struct tones *tones;
};

struct line_entry {
	struct line_entry *next;
	struct line *line;
	char *path;
	struct seen *seen; /* NULL before its state is known, and after its end */
	bool over;
	enum call_state told;
	enum call_state now; /* with all requests done */
	bool waiting;
	bool late; /* .told is not passed on yet */
	struct request *covered;
	bool held_back; /* to be held, with the next request that does so */
	struct answer hold;
};

/* ---- requests --------------------------------------------------------------------------------------- */

/* The states that came while a request was under way. */
static void catch_up(struct line *line)
{
	for (struct line_entry *e = line->entries; e != NULL; e = e->next) {
		if (!e->late)
			continue;
		e->late = false;
		e->now = e->told;
		seen_state(e->seen, e->told);
	}
}

static void request_done(void *data, const char *error)
{
	struct request *request = data;
	struct line *line = request->line;

	if (line != NULL) {
		struct request **link = &line->requests;

		while (*link != request)
			link = &(*link)->next;
		*link = request->next;
		for (struct line_entry *e = line->entries; e != NULL; e = e->next) {
			if (e->covered == request)
				e->covered = NULL;
			if (error != NULL)
				e->now = e->told;
		}
		if (line->requests == NULL)
			catch_up(line);
	}
	for (size_t i = 0; i < request->n_answers; i++)
		if (request->answers[i].done != NULL)
			request->answers[i].done(request->answers[i].data, error);
	free(request);
}

static enum call_state wanted(const struct line_entry *entry)
{
	struct call *call = entry->seen != NULL ? seen_call(entry->seen) : NULL;

	if (call != NULL)
		return call_state(entry->line->source.calls->engine, call);
	return entry->seen == NULL || seen_is_over(entry->seen) ? CALL_ENDED : entry->told;
}

/* What the verb makes of a call in that state. */
static enum call_state outcome(enum line_verb verb, enum call_state state)
{
	bool release = verb == LINE_RELEASE_AND_ANSWER || verb == LINE_RELEASE_AND_SWAP;
	bool answer = verb == LINE_HOLD_AND_ANSWER || verb == LINE_RELEASE_AND_ANSWER;

	if (verb == LINE_ANSWER || verb == LINE_HANGUP || verb == LINE_JOIN)
		return state;
	if (state == CALL_ACTIVE)
		return release ? CALL_ENDED : CALL_HELD;
	if ((state == CALL_HELD && !answer) || (state == CALL_INCOMING && answer))
		return CALL_ACTIVE;
	return state;
}

/* An answer that does not fit is told at once: more than a line's calls can ask for. */
static void add_answer(struct request *request, const struct answer *answer, bool *pending)
{
	if (pending != NULL)
		*pending = false;
	if (request->n_answers < SOURCE_MAX_CALLS)
		request->answers[request->n_answers++] = *answer;
	else if (answer->done != NULL)
		answer->done(answer->data, NULL);
}

static void ask(struct line_entry *entry, enum line_verb verb, call_done_fn done, void *data)
{
	struct line *line = entry->line;
	struct request *request = calloc(1, sizeof(*request));

	if (request == NULL) {
		if (done != NULL)
			done(data, PEER_ERROR_FAILED);
		return;
	}
	*request = (struct request){
		.next = line->requests, .line = line, .n_answers = 1, .answers = { { done, data } }
	};
	line->requests = request;
	for (struct line_entry *e = line->entries; e != NULL; e = e->next) {
		enum call_state after = outcome(verb, e->now);

		if (e == entry && verb == LINE_ANSWER)
			after = CALL_ACTIVE;
		else if (e == entry && verb == LINE_HANGUP)
			after = CALL_ENDED;
		if (e->over || after == e->now)
			continue;
		e->now = after;
		if (e->held_back && after == CALL_HELD)
			add_answer(request, &e->hold, &e->held_back);
		else if (e != entry && after == wanted(e))
			e->covered = request;
	}
	line->ops->ask(line->data, verb, entry->path, NULL, request_done, request);
}

/* It is being done already. */
static bool is_covered(struct line_entry *entry, call_done_fn done, void *data)
{
	struct answer answer = { done, data };
	bool covered = entry->covered != NULL;

	if (covered)
		add_answer(entry->covered, &answer, NULL);
	entry->covered = NULL;
	return covered;
}

/* Another call of the line in that state; NULL for none. */
static const struct line_entry *other_in(const struct line_entry *entry, enum call_state now)
{
	for (const struct line_entry *e = entry->line->entries; e != NULL; e = e->next)
		if (e != entry && !e->over && e->now == now)
			return e;
	return NULL;
}

static bool other_wants(const struct line_entry *entry, enum call_state now, enum call_state to)
{
	for (const struct line_entry *e = entry->line->entries; e != NULL; e = e->next)
		if (e != entry && !e->over && e->now == now && wanted(e) == to)
			return true;
	return false;
}

static void refuse(const struct line_entry *entry, const char *why, call_done_fn done, void *data)
{
	log_info("%s cannot do that: %s", entry->line->source.name, why);
	if (done != NULL)
		done(data, PEER_ERROR_FAILED);
}

/* By itself it would resume the call that is held. */
static void hold_back(struct line_entry *entry, call_done_fn done, void *data)
{
	struct answer answer = { done, data };

	if (entry->held_back) {
		refuse(entry, "it is asked already", done, data);
		return;
	}
	entry->held_back = true;
	entry->hold = answer;
}

/* Nothing came that would hold it. */
static void end_held_back(struct line_entry *entry)
{
	if (!entry->held_back)
		return;
	entry->held_back = false;
	refuse(entry, "another call is held", entry->hold.done, entry->hold.data);
}

/* ---- what the engine asks ---------------------------------------------------------------------------- */

static void op_answer(struct call *call, void *source, call_done_fn done, void *data)
{
	struct line_entry *entry = seen_data(source);

	(void)call;
	if (is_covered(entry, done, data))
		return;
	if (other_wants(entry, CALL_ACTIVE, CALL_ENDED))
		ask(entry, LINE_RELEASE_AND_ANSWER, done, data);
	else if (entry->waiting || other_in(entry, CALL_ACTIVE) != NULL)
		ask(entry, LINE_HOLD_AND_ANSWER, done, data);
	else
		ask(entry, LINE_ANSWER, done, data);
}

static void op_hangup(struct call *call, void *source, call_done_fn done, void *data)
{
	struct line_entry *entry = seen_data(source);

	(void)call;
	if (is_covered(entry, done, data))
		return;
	if (entry->now == CALL_ACTIVE && other_in(entry, CALL_ACTIVE) == NULL) {
		if (other_wants(entry, CALL_INCOMING, CALL_ACTIVE)) {
			ask(entry, LINE_RELEASE_AND_ANSWER, done, data);
			return;
		}
		if (other_wants(entry, CALL_HELD, CALL_ACTIVE)) {
			ask(entry, LINE_RELEASE_AND_SWAP, done, data);
			return;
		}
	}
	ask(entry, LINE_HANGUP, done, data);
}

static void op_hold(struct call *call, void *source, call_done_fn done, void *data)
{
	struct line_entry *entry = seen_data(source);

	(void)call;
	if (is_covered(entry, done, data))
		return;
	if (other_wants(entry, CALL_INCOMING, CALL_ACTIVE))
		ask(entry, LINE_HOLD_AND_ANSWER, done, data);
	else if (other_wants(entry, CALL_HELD, CALL_ACTIVE))
		ask(entry, LINE_SWAP, done, data);
	else if (other_in(entry, CALL_INCOMING) != NULL)
		refuse(entry, "it would answer the call that waits", done, data);
	else if (other_in(entry, CALL_HELD) != NULL)
		hold_back(entry, done, data);
	else
		ask(entry, LINE_SWAP, done, data);
}

static void op_unhold(struct call *call, void *source, call_done_fn done, void *data)
{
	struct line_entry *entry = seen_data(source);

	(void)call;
	if (is_covered(entry, done, data))
		return;
	if (other_wants(entry, CALL_ACTIVE, CALL_ENDED))
		ask(entry, LINE_RELEASE_AND_SWAP, done, data);
	else if (other_in(entry, CALL_INCOMING) != NULL)
		refuse(entry, "it would answer the call that waits", done, data);
	else
		ask(entry, LINE_SWAP, done, data);
}

static void op_join(struct call *call, void *source, struct call *with, call_done_fn done,
		    void *data)
{
	struct line_entry *entry = seen_data(source), *other = NULL;

	(void)call;
	for (struct line_entry *e = entry->line->entries; e != NULL; e = e->next)
		if (e->seen != NULL && seen_call(e->seen) == with)
			other = e;
	if (other == NULL)
		refuse(entry, "the other call is not its", done, data);
	else
		ask(other, LINE_JOIN, done, data);
}

/* One a request, where the line takes no more. */
struct tones {
	struct tones *next;
	struct line *line; /* NULL: the line has gone */
	char *path;
	char digits[MAX_TONES + 1];
	size_t at;
	struct answer answer;
};

static void next_tone(void *data, const char *error)
{
	struct tones *tones = data;
	char tones_now[MAX_TONES + 1];

	if (error == NULL && tones->digits[tones->at] != '\0' && tones->line != NULL) {
		bool one = tones->line->ops->one_tone;

		snprintf(tones_now, sizeof(tones_now), "%.*s", one ? 1 : MAX_TONES,
			 tones->digits + tones->at);
		tones->at += strlen(tones_now);
		tones->line->ops->ask(tones->line->data, LINE_TONES, tones->path, tones_now,
				      next_tone, tones);
		return;
	}
	if (tones->line != NULL) {
		struct tones **link = &tones->line->tones;

		while (*link != tones)
			link = &(*link)->next;
		*link = tones->next;
	}
	if (tones->answer.done != NULL)
		tones->answer.done(tones->answer.data, error);
	free(tones->path);
	free(tones);
}

static void op_send_dtmf(struct call *call, void *source, const char *digits, call_done_fn done,
			 void *data)
{
	const struct line_entry *entry = seen_data(source);
	struct tones *tones = NULL;

	(void)call;
	if (strlen(digits) <= MAX_TONES)
		tones = calloc(1, sizeof(*tones));
	if (tones != NULL)
		tones->path = strdup(entry->path);
	if (tones == NULL || tones->path == NULL) {
		free(tones);
		if (done != NULL)
			done(data, PEER_ERROR_FAILED);
		return;
	}
	tones->line = entry->line;
	tones->next = entry->line->tones;
	entry->line->tones = tones;
	strcpy(tones->digits, digits);
	tones->answer = (struct answer){ done, data };
	next_tone(tones, NULL);
}

#define CALL_OPS                                                                                  \
	{                                                                                         \
		.rank = CALL_RANK_MODEM, .answer = op_answer, .hangup = op_hangup,                \
		.hold = op_hold, .unhold = op_unhold, .send_dtmf = op_send_dtmf, .join = op_join, \
		.ended = seen_over,                                                               \
	}

/* The same for all; a program's calls are known by them (same.h). */
static const struct call_ops call_ops_of[] = {
	[LINE_MODEMMANAGER] = CALL_OPS,
	[LINE_OFONO] = CALL_OPS,
	[LINE_PIPEWIRE] = CALL_OPS,
	[LINE_BLUEZ] = CALL_OPS,
};

/* ---- what the line tells ----------------------------------------------------------------------------- */

static struct line_entry *find(struct line *line, const char *path)
{
	for (struct line_entry *entry = line->entries; entry != NULL; entry = entry->next)
		if (strcmp(entry->path, path) == 0)
			return entry;
	return NULL;
}

static struct line_entry *entry_new(struct line *line, const char *path)
{
	struct line_entry *entry = NULL;

	if (line->n_entries < 2 * SOURCE_MAX_CALLS)
		entry = calloc(1, sizeof(*entry));
	else if (!line->source.limit_told)
		log_warning("%s has more than %d calls, the others are left alone",
			    line->source.name, 2 * SOURCE_MAX_CALLS);
	if (line->n_entries >= 2 * SOURCE_MAX_CALLS)
		line->source.limit_told = true;
	if (entry == NULL)
		return NULL;
	entry->path = strdup(path);
	if (entry->path == NULL) {
		free(entry);
		return NULL;
	}
	entry->line = line;
	entry->next = line->entries;
	line->entries = entry;
	line->n_entries++;
	return entry;
}

static void party_of(const char *number, char ret[static CALL_PARTY_SIZE])
{
	char cut[CALL_PARTY_SIZE - 4];

	source_copy(cut, sizeof(cut), number);
	snprintf(ret, CALL_PARTY_SIZE, "%s%s", cut[0] != '\0' ? "tel:" : "", cut);
}

/* A phone's sound is known by its address, whoever takes it. */
static void sound_of(const struct line *line, char ret[static TALK_NAME_SIZE])
{
	char address[ROUTE_ADDRESS_SIZE];

	ret[0] = '\0';
	if (line->owner.phone == 0)
		return;
	route_device_to_address(line->owner.phone, address);
	snprintf(ret, TALK_NAME_SIZE, TALK_PHONE "%s", address);
}

void line_call(struct line *line, const char *path, const struct line_told *told)
{
	struct line_entry *entry = find(line, path);
	struct call_info info = {
		.phone = true,
		.managed = true,
		.incoming = told->incoming,
		.conference = true,
		.of_phone = line->owner.of_phone,
		.state = told->state,
		.processes = { line->owner.process },
	};
	bool changed;

	sound_of(line, info.app);
	if (entry == NULL)
		entry = entry_new(line, path);
	if (entry == NULL || entry->over || !told->known)
		return;
	changed = entry->seen == NULL || entry->told != told->state;
	entry->told = told->state;
	entry->late = line->requests != NULL && entry->seen != NULL && (entry->late || changed) &&
		      told->state != CALL_ENDED;
	if (changed && !entry->late) {
		entry->now = told->state;
		end_held_back(entry);
	}
	entry->waiting = told->waiting;
	party_of(told->party, info.party);
	source_copy(info.name, sizeof(info.name), told->name);
	if (told->state == CALL_ENDED) {
		entry->over = true;
		entry->seen = seen_end(entry->seen, true);
	} else if (entry->seen != NULL) {
		seen_party(entry->seen, info.party, info.name);
		if (!entry->late)
			seen_state(entry->seen, told->state);
	} else {
		entry->seen = seen_new(&line->source, &info, entry);
		entry->over = entry->seen == NULL;
	}
}

static void forget(struct line_entry *entry, bool lost)
{
	struct line *line = entry->line;

	for (struct line_entry **link = &line->entries; *link != NULL; link = &(*link)->next) {
		if (*link == entry) {
			*link = entry->next;
			line->n_entries--;
			break;
		}
	}
	end_held_back(entry);
	if (lost)
		seen_lost(entry->seen);
	else
		seen_end(entry->seen, true);
	free(entry->path);
	free(entry);
}

void line_gone(struct line *line, const char *path)
{
	struct line_entry *entry = find(line, path);

	if (entry != NULL)
		forget(entry, false);
}

DBusMessage *line_message(const char *name, const struct line_method *method, const char *line_path,
			  const char *call_path, const char *tones)
{
	return bus_message(name, method->of_call ? call_path : line_path, method->interface,
			   method->method, tones != NULL ? DBUS_TYPE_STRING : DBUS_TYPE_INVALID,
			   &tones, DBUS_TYPE_INVALID);
}

bool line_is_number(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= 80 && strspn(text, "+0123456789*#") == n;
}

void line_dialled(struct line *line, route_device from)
{
	source_dialled(&line->source, from);
}

int line_new(struct calls *calls, const struct line_owner *owner, const struct line_ops *ops,
	     void *data, struct line **ret)
{
	struct line *line = calloc(1, sizeof(*line));

	if (line == NULL)
		return -ENOMEM;
	line->source = (struct source){
		.calls = calls,
		.name = owner->name,
		.ops = &call_ops_of[owner->program],
	};
	line->owner = *owner;
	line->ops = ops;
	line->data = data;
	*ret = line;
	return 0;
}

struct line *line_free(struct line *line)
{
	if (line == NULL)
		return NULL;
	while (line->entries != NULL)
		forget(line->entries, true);
	for (struct request *request = line->requests; request != NULL; request = request->next)
		request->line = NULL;
	for (struct tones *tones = line->tones; tones != NULL; tones = tones->next)
		tones->line = NULL;
	free(line);
	return NULL;
}
