/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * A headset's channel outlives this process: bluetoothd lets go of its own copy only, and the headset
 * notices nothing. The name under which it is kept has all that is needed to go on, so that the
 * headset is there before the calls come back:
 *
 *	DEVICE.ADAPTER.KIND.VERSION.AGREED	addresses and version in hex, ag_agreed()
 */
#include "engine-internal.h"

#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void engine_keep_channels(struct engine *engine)
{
	if (!engine->keeps)
		return;
	for (size_t i = 0; i < engine->n_devices; i++) {
		struct engine_device *entry = &engine->devices[i];
		char agreed[AG_AGREED_SIZE], name[KEEP_NAME_SIZE];

		if (entry->headset == NULL)
			continue;
		ag_agreed(headset_ag(entry->headset), agreed);
		if (agreed[0] == '\0')
			continue;
		(void)snprintf(name, sizeof(name), "%012" PRIX64 ".%012" PRIX64 ".%u.%04x.%s",
			       entry->device, entry->adapter, (unsigned int)entry->kind,
			       entry->version, agreed);
		if (strcmp(name, entry->kept) == 0)
			continue;
		/* the store takes a descriptor once, under its first name */
		if (entry->kept[0] != '\0')
			keep_remove(entry->kept);
		keep_store(name, headset_fd(entry->headset));
		memcpy(entry->kept, name, sizeof(name));
	}
}

bool engine_keeps_channels(const struct engine *engine)
{
	for (size_t i = 0; i < engine->n_devices; i++) {
		if (engine->keeps && engine->devices[i].kept[0] != '\0')
			return true;
	}
	return false;
}

void engine_channel_closed(struct engine_device *entry)
{
	if (entry->kept[0] != '\0')
		keep_remove(entry->kept);
	entry->kept[0] = '\0';
}

static bool understand(const char *name, struct engine_channel *ret)
{
	unsigned int kind, version;
	int end = 0;

	if (strlen(name) >= KEEP_NAME_SIZE ||
	    sscanf(name, "%12" SCNx64 ".%12" SCNx64 ".%1u.%4x.%n", &ret->device, &ret->adapter,
		   &kind, &version, &end) != 4 ||
	    end == 0 || ret->device == 0 || kind > DEVICE_HEARING_AID)
		return false;
	ret->kind = (enum device_kind)kind;
	ret->version = (uint16_t)version;
	ret->agreed = name + end;
	/* the first figure of what ag_agreed() says */
	ret->profile = ret->agreed[0] == '1' ? BLUEZ_HSP : BLUEZ_HFP;
	return true;
}

static void on_taken(void *data, const char *name, int fd)
{
	struct engine *engine = data;
	struct engine_channel channel = { .fd = fd };
	struct engine_device *entry;

	if (!understand(name, &channel) || bluez_prepare_channel(fd) < 0 ||
	    engine_take_channel(engine, &channel) < 0) {
		log_warning("what the service manager kept is not a headset's channel");
		keep_remove(name);
		close(fd);
		return;
	}
	log_info("going on with a headset that was connected before");
	entry = engine_device(engine, channel.device);
	if (entry == NULL) /* its end was seen at once */
		keep_remove(name);
	else
		(void)snprintf(entry->kept, sizeof(entry->kept), "%s", name);
}

void engine_take_channels(struct engine *engine)
{
	keep_take(on_taken, engine);
	engine->keeps = keep_possible();
	engine_settle(engine);
}
