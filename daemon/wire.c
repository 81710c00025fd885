/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See wire.h. What is in quotes is a number, a caller's name, or a name that is known anyway; what is dialled, and
 * tones, are not in quotes.
 */
#include "wire.h"

#include <string.h>
#include <strings.h>

static void hide(char *text)
{
	bool of_caller = strncmp(text, "+CLIP:", 6) == 0 || strncmp(text, "+CCWA:", 6) == 0;
	bool quoted = false;
	char *dialled = NULL;

	if (strncasecmp(text, "ATD", 3) == 0 && text[3] != '>')
		dialled = text + 3;
	else if (strncasecmp(text, "AT+VTS=", 7) == 0)
		dialled = text + 7;
	for (char *p = text; *p != '\0'; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if ((quoted && (of_caller || strchr("+0123456789*#", *p) != NULL)) ||
			 (dialled != NULL && p >= dialled && *p != ';'))
			*p = 'x';
	}
}

void wire_add(struct wire *wire, uint64_t realtime_ms, route_device device, bool sent,
	      const char *text)
{
	struct wire_line *line = &wire->lines[wire->n++ % WIRE_LINES];
	size_t n = strlen(text);

	if (n >= sizeof(line->text))
		n = sizeof(line->text) - 1;
	line->realtime_ms = realtime_ms;
	line->device = device;
	line->sent = sent;
	memcpy(line->text, text, n);
	line->text[n] = '\0';
	hide(line->text);
}

size_t wire_list(const struct wire *wire, struct wire_line *ret, size_t max)
{
	size_t n = wire->n < WIRE_LINES ? wire->n : WIRE_LINES;

	if (n > max)
		n = max;
	for (size_t i = 0; i < n; i++)
		ret[i] = wire->lines[(wire->n - n + i) % WIRE_LINES];
	return n;
}
