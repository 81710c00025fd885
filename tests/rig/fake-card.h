/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * A card for tests: a PipeWire device with profiles and routes that do nothing but remember what
 * was set, and null nodes that claim to be the card's. WirePlumber treats it as it would ALSA's or
 * BlueZ' cards: it chooses a profile and routes.
 */
#ifndef CALLROUTE_TESTS_FAKE_CARD_H
#define CALLROUTE_TESTS_FAKE_CARD_H

#include <stdbool.h>
#include <stdint.h>

struct pw_loop;
struct fake_card;

struct fake_profile {
	const char *name;
	int priority;
	uint32_t
		instead; /* who sets this one gets that one, as with the codecs of BlueZ' cards; 0: itself */
};

/** The index of a profile or route is its place in the list. */
struct fake_route {
	const char *name;
	const char *type; /* "port.type" */
	bool capture;
	int device;        /* card.profile.device */
	int available;     /* enum spa_param_availability */
	uint32_t profiles; /* bit i: profile i; 0: every one */
	int priority;      /* 0: 100 */
};

struct fake_card_options {
	const char *name;
	const char *address;     /* of a Bluetooth device, or NULL */
	const char *form_factor; /* or NULL */
	const char *bus;         /* or NULL */
	const struct fake_profile *profiles;
	uint32_t n_profiles;
	const struct fake_route *routes;
	uint32_t n_routes;
};

#define FAKE_CARD_MAX 16

/** Connects and exports the card; lists are borrowed for the life. NULL on failure. */
struct fake_card *fake_card_new(struct pw_loop *loop, const struct fake_card_options *options);
struct fake_card *fake_card_free(struct fake_card *card);

/** The card's global id, or UINT32_MAX before PipeWire has told it. */
uint32_t fake_card_id(const struct fake_card *card);

/** A null node of the card's device @device; @more are further properties in SPA-JSON, or NULL.
 * Only once the id is known. */
void fake_card_add_node(struct fake_card *card, const char *name, bool capture, int device,
			const char *more);
void fake_card_remove_nodes(struct fake_card *card);

uint32_t fake_card_profile(const struct fake_card *card);
/** As another program would: not to be remembered, or to be, as a mixer does. */
void fake_card_set_profile(struct fake_card *card, uint32_t profile);
void fake_card_choose_profile(struct fake_card *card, uint32_t profile);
/** It tells that its profile changes, and goes on telling the one of now. */
void fake_card_tell_outdated(struct fake_card *card, bool outdated);
void fake_card_choose_route(struct fake_card *card, uint32_t route);
/** The active route of a device, or UINT32_MAX. */
uint32_t fake_card_route(const struct fake_card *card, int device);
void fake_card_set_available(struct fake_card *card, uint32_t route, int available);
/** What the last set Profile or Route said of being saved; -1 where nothing. */
int fake_card_saved(const struct fake_card *card);

#endif
