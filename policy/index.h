/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * From an id to a place in an array: open addressing, at most half full, so that finding a device
 * or a call costs the same with two of them and with many. Private to policy/.
 */
#ifndef CALLROUTE_INDEX_H
#define CALLROUTE_INDEX_H

#include <stdint.h>

#define INDEX_NONE UINT32_MAX

struct index_entry {
	uint64_t key; /* 0: free */
	uint32_t place;
};

struct index {
	struct index_entry *entries;
	uint32_t mask;
};

/** index_init() - room for @n keys; -ENOMEM. The only function here that allocates. */
int index_init(struct index *index, uint32_t n);
void index_done(struct index *index);
/** The place of @key, or INDEX_NONE. */
uint32_t index_find(const struct index *index, uint64_t key);
/** @key is not 0 and not there yet; the caller keeps to the @n of index_init(). */
void index_add(struct index *index, uint64_t key, uint32_t place);
/** Nothing happens where @key is not there. */
void index_remove(struct index *index, uint64_t key);

#endif
