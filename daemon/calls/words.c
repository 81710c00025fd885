/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See words.h.
 */
#include "words.h"

#include <string.h>

int words_read(void *data, const char *key, DBusMessageIter *value)
{
	struct words *words = data;
	const char *text;

	if (bus_read_basic(value, DBUS_TYPE_STRING, &text) < 0)
		return 0;
	if (strcmp(key, "State") == 0)
		source_copy(words->state, sizeof(words->state), text);
	else if (strcmp(key, "LineIdentification") == 0)
		source_copy(words->number, sizeof(words->number),
			    strcmp(text, "withheld") == 0 ? "" : text);
	else if (strcmp(key, "Name") == 0)
		source_copy(words->name, sizeof(words->name),
			    strcmp(text, "withheld") == 0 ? "" : text);
	return 0;
}

void words_told(struct words *words, struct line_told *ret)
{
	static const struct {
		const char *word;
		enum call_state state;
	} states[] = {
		{ "active", CALL_ACTIVE },      { "held", CALL_HELD },
		{ "dialing", CALL_DIALING },    { "alerting", CALL_DIALING },
		{ "incoming", CALL_INCOMING },  { "waiting", CALL_INCOMING },
		{ "disconnected", CALL_ENDED },
	};

	*ret = (struct line_told){
		.waiting = strcmp(words->state, "waiting") == 0,
		.party = words->number,
		.name = words->name,
	};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(words->state, states[i].word) != 0)
			continue;
		ret->known = true;
		ret->state = states[i].state;
	}
	words->incoming = words->incoming || (ret->known && ret->state == CALL_INCOMING);
	ret->incoming = words->incoming;
}

route_device words_phone(const char *path)
{
	const char *device = strstr(path, "/dev_");
	char address[ROUTE_ADDRESS_SIZE];
	route_device phone;

	if (device == NULL || strcspn(device + 5, "/") != sizeof(address) - 1)
		return 0;
	memcpy(address, device + 5, sizeof(address) - 1);
	address[sizeof(address) - 1] = '\0';
	for (char *c = address; *c != '\0'; c++)
		if (*c == '_')
			*c = ':';
	return route_device_from_address(address, &phone) == 0 ? phone : 0;
}
