/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "devices.h"

#include <errno.h>
#include <stdlib.h>

static void list_append(struct device_list *list, struct device *device)
{
	device->older = list->newest;
	device->newer = NULL;
	if (list->newest != NULL)
		list->newest->newer = device;
	else
		list->oldest = device;
	list->newest = device;
}

static void list_remove(struct device_list *list, struct device *device)
{
	if (device->older != NULL)
		device->older->newer = device->newer;
	else
		list->oldest = device->newer;
	if (device->newer != NULL)
		device->newer->older = device->older;
	else
		list->newest = device->older;
}

/* Before those behind it in the caller's order; behind all, where there are none. */
static void list_resume(struct device_list *list, struct device *device)
{
	struct device *next = list->oldest;

	while (next != NULL && next->resumed != 0 && next->resumed <= device->resumed)
		next = next->newer;
	if (next == NULL) {
		list_append(list, device);
		return;
	}
	device->newer = next;
	device->older = next->older;
	if (next->older != NULL)
		next->older->newer = device;
	else
		list->oldest = device;
	next->older = device;
}

int devices_init(struct devices *devices, uint32_t limit)
{
	*devices = (struct devices){ .limit = limit };
	devices->all = calloc(limit, sizeof(*devices->all));
	if (devices->all == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < limit; i++)
		list_append(&devices->unused, &devices->all[i]);
	return index_init(&devices->index, limit);
}

void devices_done(struct devices *devices)
{
	index_done(&devices->index);
	free(devices->all);
	devices->all = NULL;
}

struct device *devices_known(const struct devices *devices, route_device id)
{
	uint32_t place = index_find(&devices->index, id);

	return place == INDEX_NONE ? NULL : &devices->all[place];
}

struct device *devices_connected(const struct devices *devices, route_device id)
{
	struct device *device = devices_known(devices, id);

	return device != NULL && device->connected ? device : NULL;
}

bool device_is_headset(const struct device *device)
{
	return device->connected && device->call_capable && device->kind != DEVICE_SPEAKER;
}

struct route device_route(const struct device *device)
{
	return (struct route){
		.kind = device->kind == DEVICE_SPEAKER ? ROUTE_BT_SPEAKER : ROUTE_HEADSET,
		.device = device->id,
	};
}

/* Which choice a device belongs to, failed or not; NULL where neither. */
static struct device_choice *choice_of(struct devices *devices, const struct device *device)
{
	if (!device->call_capable)
		return NULL;
	return device->kind == DEVICE_SPEAKER ? &devices->speakers : &devices->headsets;
}

/* The last one may be any; looks no further than for one that there is. */
static void find_last(struct devices *devices, struct device_choice *choice)
{
	struct device *device = choice->n == 0 ? NULL : devices->connected.newest;

	while (device != NULL && (choice_of(devices, device) != choice || device->failed))
		device = device->older;
	choice->last = device;
}

static void choose_from_more(struct devices *devices, struct device *device)
{
	struct device_choice *choice = choice_of(devices, device);

	devices->changes++;
	if (choice == NULL || device->failed)
		return;
	choice->n++;
	if (device == devices->connected.newest)
		choice->last = device;
	else
		find_last(devices, choice);
}

/* Not that device any more: it has failed, or is no longer in the list. */
static void choose_from_less(struct devices *devices, const struct device *device)
{
	struct device_choice *choice = choice_of(devices, device);

	devices->changes++;
	if (choice == NULL)
		return;
	choice->n--;
	if (choice->last == device)
		find_last(devices, choice);
}

/* A known device's own place, or an unused one, or that of the longest gone. */
static struct device *find_place(struct devices *devices, route_device id)
{
	struct device *device = devices_known(devices, id);

	if (device != NULL) {
		list_remove(&devices->gone, device);
		return device;
	}
	device = devices->unused.oldest;
	if (device != NULL) {
		list_remove(&devices->unused, device);
	} else {
		device = devices->gone.oldest;
		list_remove(&devices->gone, device);
		index_remove(&devices->index, device->id);
	}
	index_add(&devices->index, id, (uint32_t)(device - devices->all));
	return device;
}

struct device *devices_connect(struct devices *devices, const struct device *what)
{
	struct device *device = find_place(devices, what->id);

	*device = *what;
	device->connected = true;
	if (device->resumed != 0)
		list_resume(&devices->connected, device);
	else
		list_append(&devices->connected, device);
	devices->n_connected++;
	if (device_is_headset(device))
		devices->n_headsets++;
	choose_from_more(devices, device);
	return device;
}

void devices_disconnect(struct devices *devices, struct device *device)
{
	if (device_is_headset(device))
		devices->n_headsets--;
	devices->n_connected--;
	list_remove(&devices->connected, device);
	device->connected = false;
	list_append(&devices->gone, device);
	if (device->failed)
		devices->changes++;
	else
		choose_from_less(devices, device);
	device->failed = false;
}

void devices_set_failed(struct devices *devices, struct device *device, bool failed)
{
	if (device->failed == failed)
		return;
	device->failed = failed;
	if (failed)
		choose_from_less(devices, device);
	else
		choose_from_more(devices, device);
}
