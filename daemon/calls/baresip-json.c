/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * See baresip-json.h.
 */
#include "baresip-json.h"

#include <spa/utils/defs.h>
#include <spa/utils/json.h>

#include <stddef.h>
#include <string.h>

bool baresip_is_word(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static void take(struct baresip_event *event, const char *key, const char *value, int n)
{
	static const struct {
		const char *key;
		size_t offset, size;
	} rows[] = {
#define ROW(name, member)                               \
	{ name, offsetof(struct baresip_event, member), \
	  sizeof(((struct baresip_event *)NULL)->member) }
		ROW("id", id),
		ROW("peeruri", peer_uri),
		ROW("peerdisplayname", peer_name),
		ROW("direction", direction),
		ROW("localaudiodir", local_audio),
		ROW("param", param),
#undef ROW
	};

	for (size_t i = 0; i < SPA_N_ELEMENTS(rows); i++) {
		char *text = (char *)event + rows[i].offset;

		if (strcmp(rows[i].key, key) != 0)
			continue;
		/* unescaped it is no longer than it was */
		if (n > (int)rows[i].size ||
		    spa_json_parse_stringn(value, n, text, (int)rows[i].size) <= 0)
			text[0] = '\0';
	}
}

bool baresip_event_parse(const char *text, struct baresip_event *ret)
{
	struct spa_json json, object;
	char key[32];
	const char *value;
	size_t length = strlen(text);
	int n;

	*ret = (struct baresip_event){ 0 };
	if (length > BARESIP_EVENT_MAX)
		return false;
	spa_json_init(&json, text, length);
	if (spa_json_enter_object(&json, &object) <= 0)
		return false;
	while ((n = spa_json_next(&object, &value)) > 0) {
		if (n > (int)sizeof(key) || spa_json_is_container(value, n) ||
		    spa_json_parse_stringn(value, n, key, sizeof(key)) <= 0)
			key[0] = '\0';
		n = spa_json_next(&object, &value);
		if (n <= 0)
			break;
		if (!spa_json_is_container(value, n))
			take(ret, key, value, n);
	}
	return baresip_is_word(ret->id);
}
