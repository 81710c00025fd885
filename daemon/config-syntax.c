/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * SPA-JSON's brackets, quotes and comments. libpipewire's loader takes what it can of a file with a
 * bracket too few and drops the rest without a word; so this is asked first.
 */
#include "config-private.h"

#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 32

struct scan {
	const char *at;
	unsigned int line;
	struct {
		char bracket;
		unsigned int line;
	} open[MAX_DEPTH];
	size_t depth;
};

static bool complain_at(const struct source *source, unsigned int line, const char *expected)
{
	char where[32];

	snprintf(where, sizeof(where), "line %u", line);
	config_complain(source, where, expected);
	return false;
}

static bool scan_text(const struct source *source, struct scan *scan)
{
	for (scan->at++; *scan->at != '"'; scan->at++) {
		if (*scan->at == '\\')
			scan->at++;
		if ((unsigned char)*scan->at < ' ')
			return complain_at(source, scan->line, "a \" at the end of the text");
	}
	scan->at++;
	return true;
}

static bool scan_bracket(const struct source *source, struct scan *scan)
{
	char bracket = *scan->at++;

	if (bracket == '{' || bracket == '[') {
		if (scan->depth == MAX_DEPTH)
			return complain_at(source, scan->line, "fewer brackets in brackets");
		scan->open[scan->depth].bracket = bracket;
		scan->open[scan->depth++].line = scan->line;
		return true;
	}
	if (scan->depth == 0)
		return complain_at(source, scan->line,
				   "no closing bracket without its opening one");
	if (scan->open[--scan->depth].bracket != (bracket == '}' ? '{' : '['))
		return complain_at(source, scan->line,
				   bracket == '}' ? "a ] before this }" : "a } before this ]");
	return true;
}

bool config_check_syntax(const struct source *source, const char *text)
{
	struct scan scan = { .at = text, .line = 1 };

	while (*scan.at != '\0') {
		switch (*scan.at) {
		case '\n':
			scan.line++;
			scan.at++;
			break;
		case '#':
			scan.at += strcspn(scan.at, "\r\n");
			break;
		case '"':
			if (!scan_text(source, &scan))
				return false;
			break;
		case '{':
		case '[':
		case '}':
		case ']':
			if (!scan_bracket(source, &scan))
				return false;
			break;
		case ' ':
		case '\t':
		case '\r':
		case ',':
		case ':':
		case '=':
			scan.at++;
			break;
		default:
			/* a word: quotes, opening brackets and # are part of it */
			scan.at += strcspn(scan.at, " \t\r\n:,=]}");
			break;
		}
	}
	if (scan.depth > 0)
		return complain_at(source, scan.open[scan.depth - 1].line,
				   scan.open[scan.depth - 1].bracket == '{'
					   ? "a } for the { of this line"
					   : "a ] for the [ of this line");
	return true;
}
