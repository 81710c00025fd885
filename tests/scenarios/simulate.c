/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * callroutectl's simulate alone, so that the rule book's tests need neither a bus nor the rest of it.
 */
#include "ctl/simulate.h"

int main(int argc, char **argv)
{
	return simulate_main(argc, argv, false);
}
