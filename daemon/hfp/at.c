/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * See at.h. Everything here works on counted bytes: what a peer sends is never a C string.
 */
#include "daemon/hfp/at.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

size_t at_framer_feed(struct at_framer *framer, const char *bytes, size_t n, enum at_framing *ret)
{
	size_t i;

	if (framer->ended) {
		framer->ended = false;
		framer->n = 0;
	}

	for (i = 0; i < n; i++) {
		char c = bytes[i];

		if (c == '\r') {
			*ret = framer->discarding ? AT_TOO_LONG : AT_LINE;
			framer->discarding = false;
			framer->ended = true;
			return i + 1;
		}
		if (framer->discarding)
			continue;
		if (framer->n == 0 && (c == '\n' || c == '\0'))
			continue;
		if (framer->n == sizeof(framer->bytes)) {
			framer->discarding = true;
			continue;
		}
		framer->bytes[framer->n++] = c;
	}

	*ret = AT_INCOMPLETE;
	return n;
}

static bool starts_with(const struct at_line *line, const char *word)
{
	size_t n = strlen(word);

	return line->n >= n && strncasecmp(line->text, word, n) == 0;
}

static bool is(const struct at_line *line, const char *word)
{
	return line->n == strlen(word) && starts_with(line, word);
}

/* Blanks outside quotes mean nothing to any command, and car kits put them anywhere. */
static int copy_without_blanks(struct at_line *line, const char *bytes, size_t n)
{
	bool quoted = false;

	for (size_t i = 0; i < n && i < AT_MAX_LINE; i++) {
		char c = bytes[i];

		if (c == '\0')
			return -EINVAL;
		if (c == '"')
			quoted = !quoted;
		if (!quoted && (c == ' ' || c == '\t' || c == '\n'))
			continue;
		line->text[line->n++] = c;
	}

	return quoted ? -EINVAL : 0;
}

enum at_kind at_line_set(struct at_line *line, const char *bytes, size_t n)
{
	line->n = 0;
	line->at = 0;

	if (copy_without_blanks(line, bytes, n) < 0)
		line->kind = AT_MALFORMED;
	else if (line->n == 0)
		line->kind = AT_EMPTY;
	else if (is(line, "OK") || is(line, "ERROR") || starts_with(line, "+CMEERROR"))
		line->kind = AT_RESULT;
	else if (starts_with(line, "AT"))
		line->kind = AT_COMMANDS;
	else if (line->text[0] == '+')
		line->kind = AT_BARE;
	else
		line->kind = AT_MALFORMED;

	if (line->kind == AT_COMMANDS)
		line->at = 2;
	return line->kind;
}

/* Where the extended command at @from ends: a semicolon outside quotes, or the end of the line. */
static size_t command_end(const struct at_line *line, size_t from)
{
	bool quoted = false;
	size_t i;

	for (i = from; i < line->n; i++) {
		if (line->text[i] == '"')
			quoted = !quoted;
		if (line->text[i] == ';' && !quoted)
			break;
	}
	return i;
}

static int extended(const char *text, size_t n, struct at_command *ret)
{
	size_t name = 1;

	while (name < n && text[name] != '=' && text[name] != '?')
		name++;

	ret->name = text;
	ret->name_len = name;
	ret->args = (struct at_args){ NULL, NULL };

	if (name == n) {
		ret->form = AT_EXEC;
		return 0;
	}
	if (text[name] == '?') {
		ret->form = AT_READ;
		return name + 1 == n ? 0 : -EINVAL;
	}
	if (n - name == 2 && text[name + 1] == '?') {
		ret->form = AT_TEST;
		return 0;
	}
	ret->form = AT_SET;
	ret->args.next = text + name + 1;
	ret->args.end = text + n;
	return 0;
}

/* A command without a sign in front takes the whole rest; only D has an argument. */
static void basic(const char *text, size_t n, struct at_command *ret)
{
	bool dial = text[0] == 'D' || text[0] == 'd';

	ret->name = text;
	ret->name_len = dial ? 1 : n;
	ret->form = dial ? AT_SET : AT_EXEC;
	ret->args = (struct at_args){ NULL, NULL };
	if (dial) {
		ret->args.next = text + 1;
		ret->args.end = text + n;
	}
}

int at_line_next(struct at_line *line, struct at_command *ret)
{
	bool first = line->at <= 2;
	const char *text;
	size_t end;
	int r;

	if (line->at >= line->n)
		return 0;
	text = line->text + line->at;

	if (text[0] != '+' && text[0] != '%') {
		if (!first)
			return -EINVAL;
		basic(text, line->n - line->at, ret);
		line->at = line->n;
		return 1;
	}

	end = command_end(line, line->at);
	r = extended(text, end - line->at, ret);
	line->at = end + 1;
	return r < 0 ? r : 1;
}

bool at_command_is(const struct at_command *command, const char *name)
{
	return strlen(name) == command->name_len &&
	       strncasecmp(command->name, name, command->name_len) == 0;
}

bool at_args_next(struct at_args *args, const char **ret, size_t *ret_n)
{
	bool quoted = false;
	const char *p = args->next;

	if (!p)
		return false;

	for (; p < args->end; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == ',' && !quoted)
			break;
	}

	*ret = args->next;
	*ret_n = (size_t)(p - args->next);
	args->next = p < args->end ? p + 1 : NULL;
	return true;
}

int at_args_number(struct at_args *args, uint32_t max, uint32_t *ret)
{
	const char *field;
	size_t n;
	uint64_t value = 0;

	if (!at_args_next(args, &field, &n) || n == 0)
		return -EINVAL;

	for (size_t i = 0; i < n; i++) {
		if (field[i] < '0' || field[i] > '9')
			return -EINVAL;
		value = value * 10 + (unsigned int)(field[i] - '0');
		if (value > max)
			return -EINVAL;
	}

	*ret = (uint32_t)value;
	return 0;
}

bool at_args_word(struct at_args *args, const char *word)
{
	const char *field;
	size_t n;

	if (!at_args_next(args, &field, &n))
		return false;
	if (n >= 2 && field[0] == '"' && field[n - 1] == '"') {
		field++;
		n -= 2;
	}
	return n == strlen(word) && strncasecmp(field, word, n) == 0;
}

bool at_args_done(const struct at_args *args)
{
	return !args->next;
}
