/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "index.h"

#include <errno.h>
#include <stdlib.h>

int index_init(struct index *index, uint32_t n)
{
	uint32_t size = 4;

	while (size < 2 * n)
		size *= 2;
	index->entries = calloc(size, sizeof(*index->entries));
	if (index->entries == NULL)
		return -ENOMEM;
	index->mask = size - 1;
	return 0;
}

void index_done(struct index *index)
{
	free(index->entries);
	index->entries = NULL;
}

static uint32_t home(const struct index *index, uint64_t key)
{
	/* Fibonacci hashing: neighbouring ids and addresses of one maker spread well. */
	return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & index->mask;
}

/* Where @key is, or the free entry that ends its run. */
static uint32_t probe(const struct index *index, uint64_t key)
{
	uint32_t i = home(index, key);

	while (index->entries[i].key != 0 && index->entries[i].key != key)
		i = (i + 1) & index->mask;
	return i;
}

uint32_t index_find(const struct index *index, uint64_t key)
{
	uint32_t i;

	if (key == 0)
		return INDEX_NONE;
	i = probe(index, key);
	return index->entries[i].key == key ? index->entries[i].place : INDEX_NONE;
}

void index_add(struct index *index, uint64_t key, uint32_t place)
{
	index->entries[probe(index, key)] = (struct index_entry){ .key = key, .place = place };
}

void index_remove(struct index *index, uint64_t key)
{
	uint32_t hole = probe(index, key);

	if (key == 0 || index->entries[hole].key != key)
		return;
	/* Those behind move up, so that no run is interrupted and no tombstones pile up. */
	for (uint32_t i = (hole + 1) & index->mask; index->entries[i].key != 0;
	     i = (i + 1) & index->mask) {
		uint32_t want = home(index, index->entries[i].key);

		if (((i - want) & index->mask) < ((i - hole) & index->mask))
			continue;
		index->entries[hole] = index->entries[i];
		hole = i;
	}
	index->entries[hole].key = 0;
}
