/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
#include "route.h"

#include <errno.h>
#include <string.h>

/* ROUTE_NONE first, as enum route_kind has it. */
static const char *const kind_names[] = {
	[ROUTE_NONE] = "none",   [ROUTE_HANDSET] = "handset", [ROUTE_SPEAKER] = "speaker",
	[ROUTE_WIRED] = "wired", [ROUTE_HEADSET] = "headset", [ROUTE_BT_SPEAKER] = "bt-speaker",
};

const char *route_kind_to_string(enum route_kind kind)
{
	return kind_names[kind];
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int route_device_from_address(const char *address, route_device *ret)
{
	route_device device = 0;

	if (strnlen(address, ROUTE_ADDRESS_SIZE) != ROUTE_ADDRESS_SIZE - 1)
		return -EINVAL;
	for (unsigned int i = 0; i < ROUTE_ADDRESS_SIZE - 1; i++) {
		int value = hex_value(address[i]);

		if (i % 3 == 2) {
			if (address[i] != ':')
				return -EINVAL;
		} else if (value < 0) {
			return -EINVAL;
		} else {
			device = device << 4 | (unsigned int)value;
		}
	}
	if (device == 0)
		return -EINVAL;
	*ret = device;
	return 0;
}

void route_device_to_address(route_device device, char ret[static ROUTE_ADDRESS_SIZE])
{
	static const char digits[] = "0123456789ABCDEF";
	char *p = ret;

	for (int shift = 40; shift >= 0; shift -= 8) {
		*p++ = digits[device >> (shift + 4) & 15];
		*p++ = digits[device >> shift & 15];
		*p++ = shift > 0 ? ':' : '\0';
	}
}

void route_to_string(struct route route, char ret[static ROUTE_STRING_SIZE])
{
	size_t n = strlen(kind_names[route.kind]);

	memcpy(ret, kind_names[route.kind], n + 1);
	if (route_is_bluetooth(route) && route.device != 0) {
		ret[n] = ':';
		route_device_to_address(route.device, ret + n + 1);
	}
}

int route_from_string(const char *text, struct route *ret)
{
	struct route route = { 0 };

	for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		size_t n = strlen(kind_names[i]);

		if (strncmp(text, kind_names[i], n) != 0)
			continue;
		route.kind = (enum route_kind)i;
		if (text[n] == '\0') {
			if (route.kind == ROUTE_BT_SPEAKER)
				return -EINVAL;
			*ret = route;
			return 0;
		}
		if (text[n] == ':' && route_is_bluetooth(route) &&
		    route_device_from_address(text + n + 1, &route.device) == 0) {
			*ret = route;
			return 0;
		}
	}
	return -EINVAL;
}
