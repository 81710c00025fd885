/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Who a call is with, as a headset may be told: a number that it could dial, and a name that can end neither a
 * string nor a line.
 */
#include "daemon/hfp/ag-private.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void ag_party_number(const char *party, char *ret)
{
	static const char *const schemes[] = { "tel:", "sip:", "sips:" };
	const char *p = party;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strncasecmp(p, schemes[i], strlen(schemes[i])) == 0) {
			p += strlen(schemes[i]);
			break;
		}
	}

	for (; *p && *p != '@' && *p != ';'; p++) {
		int c = toupper((unsigned char)*p);

		if (strchr(" -.()", c))
			continue;
		/* A name is not a number, and half a name is not either. */
		if (n == AG_NUMBER_SIZE - 1 ||
		    (!strchr("0123456789*#ABCD", c) && !(c == '+' && n == 0))) {
			n = 0;
			break;
		}
		ret[n++] = (char)c;
	}
	ret[n] = '\0';
	if (!strpbrk(ret, "0123456789"))
		ret[0] = '\0';
}

int ag_party_number_type(const char *number)
{
	if (number[0] == '\0')
		return 128;
	return number[0] == '+' ? 145 : 129;
}

/* The length of the UTF-8 character there, 0 where there is none. Unicode 15 table 3-7. */
static size_t character(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t n;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	n = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	for (size_t i = 1; i < n; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return n;
}

/* Control characters, C0, delete and C1, and what ends a string. */
static bool shows(const char *text, size_t n)
{
	unsigned char c = (unsigned char)text[0];

	if (n == 1)
		return c >= ' ' && c != '"' && c != 0x7f;
	return !(c == 0xc2 && (unsigned char)text[1] < 0xa0);
}

void ag_party_text(const char *text, size_t max, char *ret, size_t size)
{
	size_t length = 0;

	for (size_t n; *text && max > 0; text += n > 0 ? n : 1) {
		n = character(text);
		if (n == 0 || !shows(text, n))
			continue;
		if (n >= size - length)
			break;
		memcpy(ret + length, text, n);
		length += n;
		max--;
	}
	ret[length] = '\0';
}

void ag_party_name(const struct ag_call *call, char *ret)
{
	char number[AG_NUMBER_SIZE], other[AG_NUMBER_SIZE];

	ag_party_text(call->name, AG_NAME_SIZE, ret, AG_NAME_SIZE);
	ag_party_number(call->number, number);
	ag_party_number(ret, other);
	if (!strcmp(ret, call->number) || (number[0] && !strcmp(number, other)))
		ret[0] = '\0';
}
