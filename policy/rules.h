/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The one table of rules. A row says when it is asked, of which calls, and what it decides; the
 * rows stand in order of precedence, so that reading the table is reading the policy. Private to
 * policy/.
 */
#ifndef CALLROUTE_RULES_H
#define CALLROUTE_RULES_H

#include "state.h"

/** What has happened: a bit each, so that a row can name several. */
enum occasion {
	ON_START = 1 << 0,  /* .call: an outgoing one, or a broadcast that begins to record */
	ON_ANSWER = 1 << 1, /* .call: an incoming one; .actor: the headset whose button it was */
	ON_AUTO_ANSWER = 1 << 2, /* .call */
	ON_PICK = 1 << 3,        /* .asked */
	ON_MOVED = 1 << 4,       /* .asked */
	ON_PREFER = 1 << 5,      /* .call, which has sound */
	ON_CONNECT = 1 << 6,     /* .actor; there is a route */
	ON_GONE = 1 << 7,        /* the headset in force */
	ON_PLUG = 1 << 8,        /* there is a route */
	ON_UNPLUG = 1 << 9,      /* the wired headset was in force */
	ON_SCO_OPEN = 1 << 10,   /* .actor, which may carry the calls; there is a route */
	ON_SCO_CLOSE = 1 << 11,  /* the headset in force */
	ON_SCO_FAILED = 1 << 12, /* the headset in force, for good */
	ON_RESUME = 1 << 13,     /* .call: the one that held it has ended */
	ON_INELIGIBLE = 1 << 14, /* the route may not carry a call that has sound now */
	ON_END = 1 << 15,        /* the last call with a route has ended */
};

/** What a row decides by. */
struct facts {
	const struct policy *policy;
	enum occasion on;
	const struct call *call;    /* NULL where the occasion names none */
	const struct device *actor; /* NULL where none acts */
	struct route asked;         /* canonical */
};

struct verdict {
	struct route route;
	enum policy_rule rule;
	enum policy_rule via;
	const char *reason;
};

/** Of which calls a row speaks: the one that the occasion names, else all that the route is for. */
enum about { ANY, MANAGED, UNMANAGED };

#define ROW_MAX_AS 5

struct row {
	struct policy_rule_text text;
	const char *reason;
	unsigned int on; /* occasions; 0: other rows follow it, or it chooses no call route */
	enum about about;
	/* True where the row decides; *ret is its route. */
	bool (*decide)(const struct facts *facts, struct route *ret);
	enum policy_rule as[ROW_MAX_AS]; /* then it is as the first of these that decides */
};

/** The table, in order of precedence. */
const struct row *rules_rows(size_t *ret_n);
/** A rule's row; NULL for RULE_NONE. */
const struct row *rules_row(enum policy_rule rule);
/** Of which calls the facts are; not ANY. */
enum about rules_about(const struct facts *facts);
/** Is the row for this occasion and these calls? */
static inline bool rules_row_asked(const struct row *row, enum occasion on, enum about about)
{
	return (row->on & (unsigned int)on) != 0 && (row->about == ANY || row->about == about);
}
/** Has it anything to say? *ret's route is not canonical. */
bool rules_row_decides(const struct row *row, const struct facts *facts, struct verdict *ret);

/** Walk the table. False where no row has anything to say: nothing moves. */
bool rules_decide(const struct facts *facts, struct verdict *ret);

/** why.c: what @verdict rests on, before anything is changed by it. */
void why_record(struct policy_why *why, const struct facts *facts, const struct verdict *verdict);

#endif
