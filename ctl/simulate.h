/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The commands that need no daemon: scenarios played against the rules, and the rules themselves.
 *
 * May be used by: ctl/main.c, tests/. May use: policy/.
 */
#ifndef CALLROUTE_SIMULATE_H
#define CALLROUTE_SIMULATE_H

#include <stdbool.h>

/**
 * simulate_main() - callroutectl [--json] simulate FILE…
 * @argv: [0] is the command's name; "-" is standard input. Each file has a core of its own.
 *
 * A line for each event on standard output, with @json an object; what is not as expected on standard error.
 * Return: the exit status. 0; 1 where an expectation is not met; 2 where a line cannot be parsed, a
 * file cannot be read, or no file is named. Of several files the highest counts.
 */
int simulate_main(int argc, char **argv, bool json);

/**
 * rules_main() - callroutectl rules [RULE…]
 * Prints the rules, or those named: number, when, then and source, tab-separated.
 * Return: 0, or 2 for a name that is no rule's.
 */
int rules_main(int argc, char **argv);

#endif
