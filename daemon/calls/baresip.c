/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * baresip with its module ctrl_dbus (from 1.1 on): a signal for each event of a call, and one method
 * that takes the commands of its menu. Commands name the call by its id, but for the tones, which go
 * to the call that is selected.
 *
 * There is no list of calls with ids: calls that were there before us are seen by their first event,
 * which RTCP's reports bring within seconds. Hold shows in localaudiodir where the version has that
 * (from 3.0 on); before, a hold from baresip's own menu is not seen.
 */
#include "source.h"

#include "baresip-json.h"
#include "daemon/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "com.github.Baresip"
#define PATH "/baresip"

/** Calls of the past, whose late events begin no new ones. */
#define MAX_CLOSED 8

struct baresip {
	struct source source;
	struct bus *bus;
	struct peer *peer;
	struct bus_match *match; /* while the peer is there */
	struct provider *provider;
	pid_t process;
	struct baresip_call *calls;
	char closed[MAX_CLOSED][BARESIP_ID_SIZE];
	unsigned int n_closed;
};

struct baresip_call {
	struct baresip_call *next;
	struct baresip *baresip;
	struct seen *seen; /* NULL where it is left alone */
	bool talking;      /* it was answered */
	bool holding;      /* by what local_audio told last */
	char id[BARESIP_ID_SIZE];
};

/* ---- what it is asked ------------------------------------------------------------------------------ */

/* What a command prints is for people; these are the beginnings of its complaints. */
static const char *judge(DBusMessage *reply)
{
	static const char *const complaints[] = { "not found", "could not", "no active call",
						  "invoke failed" };
	const char *text = "";

	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID))
		return PEER_ERROR_FAILED;
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
		if (strstr(text, complaints[i]) != NULL) {
			log_info("baresip did not do as asked");
			log_debug("baresip says: %.200s", text);
			return PEER_ERROR_FAILED;
		}
	}
	return NULL;
}

static void invoke(struct baresip *baresip, const char *command, const char *argument,
		   call_done_fn done, void *data)
{
	char line[32 + BARESIP_ID_SIZE];
	const char *line_p = line;

	snprintf(line, sizeof(line), "%s %s", command, argument);
	peer_ask(baresip->peer,
		 bus_message(NAME, PATH, NAME, "invoke", DBUS_TYPE_STRING, &line_p,
			     DBUS_TYPE_INVALID),
		 judge, done, data);
}

static void ask(const struct baresip_call *call, const char *command, call_done_fn done, void *data)
{
	invoke(call->baresip, command, call->id, done, data);
}

static void op_answer(struct call *call, void *source, call_done_fn done, void *data)
{
	(void)call;
	ask(seen_data(source), "accept", done, data);
}

static void op_hangup(struct call *call, void *source, call_done_fn done, void *data)
{
	(void)call;
	ask(seen_data(source), "hangup", done, data);
}

static void op_hold(struct call *call, void *source, call_done_fn done, void *data)
{
	(void)call;
	ask(seen_data(source), "hold", done, data);
}

static void op_unhold(struct call *call, void *source, call_done_fn done, void *data)
{
	(void)call;
	ask(seen_data(source), "resume", done, data);
}

static void op_send_dtmf(struct call *call, void *source, const char *digits, call_done_fn done,
			 void *data)
{
	const struct baresip_call *of = seen_data(source);

	(void)call;
	if (!baresip_is_word(digits)) {
		if (done != NULL)
			done(data, PEER_ERROR_FAILED);
		return;
	}
	/* it takes commands in order, so the selection holds for the next one */
	if (of->baresip->calls->next != NULL)
		ask(of, "callfind", NULL, NULL);
	invoke(of->baresip, "sndcode", digits, done, data);
}

static const struct call_ops call_ops_of_baresip = {
	.rank = CALL_RANK_PROGRAM,
	.answer = op_answer,
	.hangup = op_hangup,
	.hold = op_hold,
	.unhold = op_unhold,
	.send_dtmf = op_send_dtmf,
	.ended = seen_over,
};

/* A number without a scheme is completed by the account. */
static void op_dial(void *source, const char *uri, route_device from, call_done_fn done, void *data)
{
	struct baresip *baresip = source;

	if (strncmp(uri, "tel:", 4) == 0)
		uri += 4;
	if (!baresip_is_word(uri)) {
		if (done != NULL)
			done(data, PEER_ERROR_FAILED);
		return;
	}
	source_dialled(&baresip->source, from);
	invoke(baresip, "dial", uri, done, data);
}

static const struct provider_ops provider_ops_of_baresip = { .dial = op_dial };

/* ---- what it tells --------------------------------------------------------------------------------- */

static struct baresip_call *find(struct baresip *baresip, const char *id)
{
	for (struct baresip_call *call = baresip->calls; call != NULL; call = call->next)
		if (strcmp(call->id, id) == 0)
			return call;
	return NULL;
}

static void forget(struct baresip_call *call)
{
	struct baresip *baresip = call->baresip;

	for (struct baresip_call **link = &baresip->calls; *link != NULL; link = &(*link)->next) {
		if (*link == call) {
			*link = call->next;
			break;
		}
	}
	free(call);
}

/* Its parties are URIs, whose display name is apart. */
static void begin(struct baresip *baresip, const struct baresip_event *event, enum call_state state,
		  bool alerting)
{
	struct call_info info = {
		.managed = true,
		.incoming = strcmp(event->direction, "incoming") == 0,
		.state = state,
		.alerting = alerting,
		.processes = { baresip->process },
	};
	struct baresip_call *call;

	for (size_t i = 0; i < MAX_CLOSED; i++)
		if (strcmp(baresip->closed[i], event->id) == 0)
			return;
	call = calloc(1, sizeof(*call));
	if (call == NULL)
		return;
	call->baresip = baresip;
	call->talking = state == CALL_ACTIVE || state == CALL_HELD;
	call->holding = state == CALL_HELD;
	strcpy(call->id, event->id);
	call->next = baresip->calls;
	baresip->calls = call;
	source_copy(info.party, sizeof(info.party), event->peer_uri);
	source_copy(info.name, sizeof(info.name), event->peer_name);
	call->seen = seen_new(&baresip->source, &info, call);
	/* one that is left alone is not kept, however many there are */
	if (call->seen == NULL)
		forget(call);
}

static void end(struct baresip *baresip, const struct baresip_event *event)
{
	struct baresip_call *call = find(baresip, event->id);

	strcpy(baresip->closed[baresip->n_closed++ % MAX_CLOSED], event->id);
	if (call == NULL)
		return;
	/* "Connection reset by user", "Rejected by user": the user here */
	call->seen = seen_end(call->seen, strstr(event->param, "by user") == NULL);
	forget(call);
}

static bool is_hold(const struct baresip_event *event)
{
	return strcmp(event->local_audio, "sendonly") == 0 ||
	       strcmp(event->local_audio, "inactive") == 0;
}

/* Only a change tells: what a command of ours leads to may come after events from before it. */
static void follow_hold(struct baresip_call *call, const struct baresip_event *event)
{
	bool holding = is_hold(event);

	if (event->local_audio[0] == '\0' || !call->talking || holding == call->holding)
		return;
	call->holding = holding;
	seen_state(call->seen, holding ? CALL_HELD : CALL_ACTIVE);
}

static void on_event(void *data, DBusMessage *signal)
{
	struct baresip *baresip = data;
	const char *class, *type, *text;
	struct baresip_event event;
	struct baresip_call *call;
	bool alerting; /* the other end rings, or says that it is about to */

	if (!dbus_message_get_args(signal, NULL, DBUS_TYPE_STRING, &class, DBUS_TYPE_STRING, &type,
				   DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) ||
	    strcmp(class, "call") != 0 || !baresip_event_parse(text, &event))
		return;
	call = find(baresip, event.id);
	alerting = strcmp(type, "CALL_RINGING") == 0 || strcmp(type, "CALL_PROGRESS") == 0;
	if (strcmp(type, "CALL_CLOSED") == 0) {
		end(baresip, &event);
	} else if (call != NULL) {
		if (!call->talking &&
		    (strcmp(type, "CALL_ANSWERED") == 0 || strcmp(type, "CALL_ESTABLISHED") == 0)) {
			call->talking = true;
			seen_state(call->seen, CALL_ACTIVE);
		} else if (!call->talking && alerting) {
			seen_alerting(call->seen);
		} else {
			follow_hold(call, &event);
		}
	} else if (strcmp(type, "CALL_INCOMING") == 0) {
		begin(baresip, &event, CALL_INCOMING, false);
	} else if (strcmp(type, "CALL_OUTGOING") == 0 || alerting) {
		if (strcmp(event.direction, "outgoing") == 0)
			begin(baresip, &event, CALL_DIALING, alerting);
	} else if (strcmp(type, "CALL_ANSWERED") == 0 || strcmp(type, "CALL_ESTABLISHED") == 0 ||
		   strcmp(type, "CALL_RTCP") == 0) {
		begin(baresip, &event, is_hold(&event) ? CALL_HELD : CALL_ACTIVE, false);
	}
}

/* ---- the program ------------------------------------------------------------------------------------ */

static void on_there(void *data, pid_t process)
{
	struct baresip *baresip = data;
	int error;

	baresip->process = process;
	baresip->source.limit_told = false;
	error = bus_match(baresip->bus, NAME, PATH, NAME, "event", on_event, baresip,
			  &baresip->match);
	if (error < 0)
		log_error("the calls of baresip cannot be seen: %s", strerror(-error));
	(void)engine_provider_add(baresip->source.calls->engine, &provider_ops_of_baresip, baresip,
				  &baresip->provider);
}

static void on_gone(void *data)
{
	struct baresip *baresip = data;

	baresip->provider = engine_provider_free(baresip->source.calls->engine, baresip->provider);
	baresip->match = bus_match_free(baresip->match);
	while (baresip->calls != NULL) {
		struct baresip_call *call = baresip->calls;

		call->seen = seen_lost(call->seen);
		forget(call);
	}
}

static const struct peer_events peer_events = { .there = on_there, .gone = on_gone };

int baresip_new(struct calls *calls, struct bus *bus, struct baresip **ret)
{
	struct baresip *baresip = calloc(1, sizeof(*baresip));
	int error;

	if (baresip == NULL)
		return -ENOMEM;
	baresip->source = (struct source){
		.calls = calls,
		.name = "baresip",
		.ops = &call_ops_of_baresip,
	};
	baresip->bus = bus;
	error = peer_new(bus, NAME, &peer_events, baresip, &baresip->peer);
	if (error < 0) {
		free(baresip);
		return error;
	}
	*ret = baresip;
	return 0;
}

struct baresip *baresip_free(struct baresip *baresip)
{
	if (baresip == NULL)
		return NULL;
	on_gone(baresip);
	baresip->peer = peer_free(baresip->peer);
	free(baresip);
	return NULL;
}
