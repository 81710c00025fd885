/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The states seen: their bytes one behind another, and a hash table of their numbers.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

struct head {
	uint32_t parent;
	uint16_t step;
	uint8_t n_key; /* of the image */
	uint8_t n_image;
};

struct space {
	uint8_t *bytes;
	size_t n_bytes;
	size_t room;
	size_t *at; /* of each state, its head, ghost and image */
	uint32_t n;
	uint32_t room_states;
	uint32_t *slots; /* number + 1; 0: free */
	uint32_t *tags;  /* of the slots, the upper half of the hash */
	uint32_t mask;
};

static void *grow(void *old, size_t n, size_t size)
{
	void *memory = reallocarray(old, n, size);

	if (memory == NULL) {
		fputs("model: out of memory\n", stderr);
		exit(2);
	}
	return memory;
}

struct space *space_new(void)
{
	struct space *space = grow(NULL, 1, sizeof(*space));

	*space = (struct space){ .mask = (1u << 16) - 1 };
	space->slots = grow(NULL, space->mask + 1, sizeof(*space->slots));
	space->tags = grow(NULL, space->mask + 1, sizeof(*space->tags));
	memset(space->slots, 0, (space->mask + 1) * sizeof(*space->slots));
	return space;
}

struct space *space_free(struct space *space)
{
	free(space->bytes);
	free(space->at);
	free(space->slots);
	free(space->tags);
	free(space);
	return NULL;
}

uint32_t space_count(const struct space *space)
{
	return space->n;
}

size_t space_bytes(const struct space *space)
{
	return space->room + space->room_states * sizeof(*space->at) +
	       ((size_t)space->mask + 1) * (sizeof(*space->slots) + sizeof(*space->tags));
}

static uint64_t hash(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	for (; n >= 8; n -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	for (; n > 0; n--)
		h = (h ^ *at++) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

static void place(struct space *space, uint64_t h, uint32_t number)
{
	uint32_t i = (uint32_t)h & space->mask;

	while (space->slots[i] != 0)
		i = (i + 1) & space->mask;
	space->slots[i] = number + 1;
	space->tags[i] = (uint32_t)(h >> 32);
}

static uint64_t hash_of(const struct space *space, uint32_t number)
{
	const uint8_t *at = space->bytes + space->at[number];
	struct head head;

	memcpy(&head, at, sizeof(head));
	at += sizeof(head);
	return hash(hash(0, at, sizeof(struct ghost)), at + sizeof(struct ghost), head.n_key);
}

static void double_slots(struct space *space)
{
	size_t n = ((size_t)space->mask + 1) * 2;

	space->mask = (uint32_t)(n - 1);
	space->slots = grow(space->slots, n, sizeof(*space->slots));
	space->tags = grow(space->tags, n, sizeof(*space->tags));
	memset(space->slots, 0, n * sizeof(*space->slots));
	for (uint32_t i = 0; i < space->n; i++)
		place(space, hash_of(space, i), i);
}

static bool is_there(const struct space *space, uint64_t h, const struct policy_image *image,
		     const struct ghost *ghost)
{
	for (uint32_t i = (uint32_t)h & space->mask; space->slots[i] != 0;
	     i = (i + 1) & space->mask) {
		const uint8_t *at;
		struct head head;

		if (space->tags[i] != (uint32_t)(h >> 32))
			continue;
		at = space->bytes + space->at[space->slots[i] - 1];
		memcpy(&head, at, sizeof(head));
		at += sizeof(head);
		if (head.n_key == image->n_key && memcmp(at, ghost, sizeof(*ghost)) == 0 &&
		    memcmp(at + sizeof(*ghost), image->bytes, image->n_key) == 0)
			return true;
	}
	return false;
}

static void append(struct space *space, const void *bytes, size_t n)
{
	memcpy(space->bytes + space->n_bytes, bytes, n);
	space->n_bytes += n;
}

bool space_add(struct space *space, const struct policy_image *image, const struct ghost *ghost,
	       uint32_t parent, uint16_t step)
{
	uint64_t h = hash(hash(0, ghost, sizeof(*ghost)), image->bytes, image->n_key);
	struct head head = {
		.parent = parent,
		.step = step,
		.n_key = (uint8_t)image->n_key,
		.n_image = (uint8_t)image->n_bytes,
	};

	if (is_there(space, h, image, ghost))
		return false;
	if (space->n == space->room_states) {
		space->room_states = space->room_states == 0 ? 4096 : space->room_states * 2;
		space->at = grow(space->at, space->room_states, sizeof(*space->at));
	}
	if (space->room - space->n_bytes < 512) {
		space->room = space->room == 0 ? 1u << 20 : space->room * 2;
		space->bytes = grow(space->bytes, space->room, 1);
	}
	if (space->n >= space->mask / 2)
		double_slots(space);
	space->at[space->n] = space->n_bytes;
	append(space, &head, sizeof(head));
	append(space, ghost, sizeof(*ghost));
	append(space, image->bytes, image->n_bytes);
	place(space, h, space->n++);
	return true;
}

struct record space_get(const struct space *space, uint32_t number)
{
	const uint8_t *at = space->bytes + space->at[number];
	struct head head;

	memcpy(&head, at, sizeof(head));
	at += sizeof(head);
	return (struct record){
		.image = at + sizeof(struct ghost),
		.n_image = head.n_image,
		.ghost = (const struct ghost *)(const void *)at,
		.parent = head.parent,
		.step = head.step,
	};
}
