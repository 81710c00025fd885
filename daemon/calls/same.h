/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * One call that more than one source tells of: GNOME Calls shows what ModemManager has, a softphone
 * may register its call itself and be watched as well. Here are the rules by which two are one, and
 * which of the two sources speaks for it: that of the higher rank.
 *
 * May be used by: daemon/calls/, daemon/api/. May not use: D-Bus, PipeWire, a clock.
 */
#ifndef CALLROUTE_CALLS_SAME_H
#define CALLROUTE_CALLS_SAME_H

#include "daemon/engine.h"

/** Apart by no more, two calls of withheld or unlike parties may be one. */
#define SAME_TOGETHER_MS 3000u

/**
 * same_call() - are @a and @b, which came later, of different sources, one call?
 * @apart_ms: between the appearances of the two
 *
 * Where one is known by its streams alone, they are of one program. Else what is bare is any call that
 * was there before, or began together with it. Else they are in one direction, and
 * - of one process, and with the same party, or begun together (a program may write the party of its
 *   call in two ways); or
 * - both of kind phone, and with the same number, or begun together where one knows no number.
 * Two programs that ring for one SIP address are two: each has sound of its own.
 */
bool same_call(const struct call_info *a, const struct call_info *b, uint64_t apart_ms);

/**
 * same_find() - the engine's call, of another source, that is this one; NULL for none
 * @ops:  of the source that has @info; its own calls are not looked at
 * @skip: tells which calls are not meant, may be NULL
 */
struct call *same_find(struct engine *engine, const struct call_info *info,
		       const struct call_ops *ops, uint64_t now_ms,
		       bool (*skip)(void *data, const struct call *call), void *data);

/**
 * same_add() - engine_call_add(), or take over the call of a source of lower rank
 * A call that is taken over goes on where it is, where both sources say the same of its kind; else it
 * ends, and begins anew.
 */
enum policy_outcome same_add(struct engine *engine, const struct call_info *info,
			     const struct call_ops *ops, void *source, uint64_t now_ms,
			     struct call **ret);

#endif
