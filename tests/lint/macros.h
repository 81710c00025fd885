/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What cppcheck has to know of PipeWire's macros, whose headers it is not shown. For it alone.
 */
#ifndef CALLROUTE_LINT_MACROS_H
#define CALLROUTE_LINT_MACROS_H

#define spa_list_for_each(pos, head, member) for (pos = lint_first(head); pos; pos = lint_next(pos))
#define spa_list_for_each_safe(pos, tmp, head, member) \
	for (pos = lint_first(head); pos; pos = lint_next(tmp))
#define spa_list_consume(pos, head, member) \
	for (pos = lint_first(head); pos; pos = lint_first(head))
#define spa_dict_for_each(item, dict) for (item = lint_first(dict); item; item = lint_next(item))
#define SPA_POD_OBJECT_FOREACH(object, property) \
	for (property = lint_first(object); property; property = lint_next(property))
#define SPA_POD_STRUCT_FOREACH(object, item) \
	for (item = lint_first(object); item; item = lint_next(item))

#endif
