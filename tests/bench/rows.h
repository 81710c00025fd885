/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the benchmarks share: a clock, medians, and the rows of the table that the last of them
 * prints (tests/bench/table). A row has a measured figure, what stands beside it (a budget, a peer,
 * or the same at another size) and the ratio of the two. Rows are printed, and written where
 * CALLROUTE_BENCH_ROWS names a folder, to a file of the program's name.
 *
 * May be used by: tests/bench/.
 */
#ifndef CALLROUTE_BENCH_ROWS_H
#define CALLROUTE_BENCH_ROWS_H

#include <stddef.h>
#include <stdint.h>

/** Monotonic. */
uint64_t rows_now_ns(void);

/** The @share-th (0.5: the median) of @n figures; sorts them. 0 of none. */
double rows_quantile(double *figures, size_t n, double share);

/**
 * rows_add() - one row
 * @what:   what was measured
 * @ours:   the figure
 * @unit:   of both figures
 * @beside: what @theirs is: "budget", "floor", the name of a peer
 *
 * A budget of 0 has no ratio, it holds or it does not.
 */
void rows_add(const char *what, double ours, const char *unit, const char *beside, double theirs);
/** A case that @beside cannot do, and why; or that was not measured. */
void rows_add_none(const char *what, const char *beside, const char *why);

#endif
