/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * The C library copies what a repetition repeats: "(a{9}){9}" is 81 of them. Short expressions can so
 * take all memory there is; with repetitions of what may be repeated or be nothing ("(a*){30}"), or with
 * references back, all time. So an expression is looked at before it is compiled: its size with all
 * copies is limited, and what is repeated must be something, and just one thing.
 *
 * An expression that is wrong is for regcomp() to refuse; what is made of it here does not matter.
 */
#include "config-private.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Some milliseconds to compile; what people write has some tens. */
#define MAX_SIZE 500u
#define MAX_DEPTH 16u

/* What is known of a part. */
struct part {
	unsigned int size; /* with all copies, at most MAX_SIZE + 1 */
	bool once;         /* it is not to be repeated */
};

struct reader {
	const char *next;
	unsigned int depth;
};

static unsigned int number(struct reader *reader)
{
	unsigned int n = 0;

	for (; isdigit((unsigned char)*reader->next); reader->next++)
		n = n > MAX_SIZE ? n : n * 10 + (unsigned int)(*reader->next - '0');
	return n;
}

/* "{2,3}", behind the brace. */
static unsigned int interval(struct reader *reader, bool *ret_fixed)
{
	unsigned int least = number(reader), most = least;

	*ret_fixed = least > 0;
	if (*reader->next == ',') {
		reader->next++;
		*ret_fixed = false;
		most = isdigit((unsigned char)*reader->next) ? number(reader) : least + 1;
	}
	if (*reader->next == '}')
		reader->next++;
	return most > least ? most : least;
}

static void repeat(struct part *part, unsigned int copies, bool fixed)
{
	if (part->once || part->size > MAX_SIZE || copies > MAX_SIZE ||
	    part->size * copies > MAX_SIZE)
		part->size = MAX_SIZE + 1;
	else if (copies > 0)
		part->size *= copies;
	part->once = part->once || !fixed;
}

static void repetitions(struct reader *reader, struct part *part)
{
	unsigned int copies;
	bool fixed = false;

	for (;;) {
		switch (*reader->next) {
		case '*':
		case '?':
			reader->next++;
			repeat(part, 1, false);
			break;
		case '+':
			reader->next++;
			repeat(part, 2, false);
			break;
		case '{':
			reader->next++;
			copies = interval(reader, &fixed);
			repeat(part, copies, fixed);
			break;
		default:
			return;
		}
	}
}

/* "[^]a-z[:digit:]]", behind the bracket. */
static void set(struct reader *reader)
{
	const char *p = reader->next;

	p += *p == '^';
	p += *p == ']';
	while (*p != '\0' && *p != ']') {
		const char kind = p[1];

		if (*p++ != '[' || kind == '\0' || strchr(":.=", kind) == NULL)
			continue;
		for (p++; *p != '\0' && !(p[0] == kind && p[1] == ']'); p++)
			;
		p += *p != '\0' ? 2 : 0;
	}
	reader->next = p + (*p == ']');
}

static struct part read_part(struct reader *reader);

static struct part group(struct reader *reader)
{
	struct part part = { .size = MAX_SIZE + 1 };

	if (++reader->depth <= MAX_DEPTH)
		part = read_part(reader);
	reader->depth--;
	return part;
}

/* A place, such as the beginning, is nothing. Letters and digits behind a backslash are places, words
 * or references. */
static struct part escaped(struct reader *reader)
{
	struct part part = { .size = 1 };
	char c = *reader->next;

	if (c != '\0')
		reader->next++;
	if (isdigit((unsigned char)c))
		part.size = MAX_SIZE + 1;
	part.once = isalnum((unsigned char)c) || strchr("<>`'", c) != NULL;
	return part;
}

/* Up to the end, or the end of the group; of several, any may be nothing. */
static struct part read_part(struct reader *reader)
{
	struct part whole = { .size = 1 };
	bool empty = true;

	while (whole.size <= MAX_SIZE && *reader->next != '\0') {
		struct part part = { .size = 1 };
		char c = *reader->next++;

		if (c == ')' && reader->depth > 0)
			break;
		if (c == '|') {
			whole.once = whole.once || empty;
			empty = true;
			continue;
		}
		if (c == '(')
			part = group(reader);
		else if (c == '[')
			set(reader);
		else if (c == '\\')
			part = escaped(reader);
		else
			part.once = c == '^' || c == '$';
		repetitions(reader, &part);
		whole.size = part.size > MAX_SIZE ? part.size : whole.size + part.size;
		whole.once = whole.once || part.once;
		empty = false;
	}
	whole.once = whole.once || empty;
	return whole;
}

int config_regex(const char *text, regex_t *ret)
{
	struct reader reader = { .next = text };

	if (read_part(&reader).size > MAX_SIZE)
		return -E2BIG;
	return regcomp(ret, text, REG_EXTENDED | REG_NOSUB) == 0 ? 0 : -EINVAL;
}
