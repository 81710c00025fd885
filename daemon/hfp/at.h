/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The grammar of AT lines, without any meaning: bytes to lines, a line to commands, a command to
 * arguments. Knows no command by name but D, whose argument is the rest of the line.
 *
 * May be used by: daemon/hfp/, tests/. May not use: anything but the C library's pure parts.
 *
 * The model: struct at_framer collects bytes until a line ends; struct at_line holds one line,
 * made uniform (no blanks outside quotes), and hands out its commands in order; struct at_args is
 * a cursor over one command's fields. Nothing allocates, all is bounded by AT_MAX_LINE.
 */
#ifndef CALLROUTE_AT_H
#define CALLROUTE_AT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of a line without its end; a longer one is thrown away up to its end. */
#define AT_MAX_LINE 1024

enum at_framing {
	AT_INCOMPLETE, /* more bytes are needed */
	AT_LINE,       /* a line is in .bytes, .n */
	AT_TOO_LONG,   /* a line ended that was longer than AT_MAX_LINE */
};

struct at_framer {
	size_t n;
	bool ended;
	bool discarding;
	char bytes[AT_MAX_LINE];
};

/**
 * at_framer_feed() - take bytes up to the end of one line
 * @ret: what came of it; a line stays valid until the next feed
 *
 * A line ends with CR. LF and NUL are skipped where a line would begin (HFP 1.8 §4.34.1; headsets
 * that send LF first or CR LF are real), and are data inside of one.
 * Return: how many of the @n bytes were taken; all of them only if AT_INCOMPLETE.
 */
size_t at_framer_feed(struct at_framer *framer, const char *bytes, size_t n, enum at_framing *ret);

enum at_form {
	AT_EXEC = 1 << 0, /* AT+CHUP, ATA */
	AT_READ = 1 << 1, /* AT+CIND? */
	AT_TEST = 1 << 2, /* AT+CIND=? */
	AT_SET = 1 << 3,  /* AT+CLIP=1, ATD123; */
};

/** The fields of a command, not yet taken. */
struct at_args {
	const char *next; /* NULL: none left */
	const char *end;
};

struct at_command {
	const char *name; /* "+CHUP", "A", "D"; any case, not terminated */
	size_t name_len;
	enum at_form form;
	struct at_args args;
};

enum at_kind {
	AT_EMPTY,     /* nothing in it: needs no answer */
	AT_RESULT,    /* the peer sent OK or ERROR, or nothing but such: must not be answered */
	AT_COMMANDS,  /* "AT" and what follows; none may follow */
	AT_BARE,      /* "+XYZ=…" without AT, as some HSP headsets send their gains */
	AT_MALFORMED, /* anything else: unbalanced quotes, a NUL, no AT in front */
};

struct at_line {
	enum at_kind kind;
	size_t n;
	size_t at; /* of the next command */
	char text[AT_MAX_LINE];
};

/** at_line_set() - read a line; at most AT_MAX_LINE bytes. Bytes are copied. */
enum at_kind at_line_set(struct at_line *line, const char *bytes, size_t n);

/**
 * at_line_next() - the next command of a line of kind AT_COMMANDS or AT_BARE
 * Commands are separated by ';' outside quotes (V.250 §5.2.1); D takes all that is left.
 * Return: 1 with @ret, borrowed from the line; 0 at the end; -EINVAL where it makes no sense.
 */
int at_line_next(struct at_line *line, struct at_command *ret);

/** True where the command's name is @name (given in capitals), in any case. */
bool at_command_is(const struct at_command *command, const char *name);

/** at_args_next() - take one field, quotes included; it may be empty. False where none is left. */
bool at_args_next(struct at_args *args, const char **ret, size_t *ret_n);

/** at_args_number() - take one field of decimal digits, leading zeros allowed, 0 to @max.
 * Return: 0, or -EINVAL, with the field taken all the same. */
int at_args_number(struct at_args *args, uint32_t max, uint32_t *ret);

/** at_args_word() - take one field, compared without regard to case and quotes. */
bool at_args_word(struct at_args *args, const char *word);

/** True where every field has been taken. */
bool at_args_done(const struct at_args *args);

#endif
