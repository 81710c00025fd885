/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The demo by hand: single keys, and after each what came of it.
 */
#include "demo.h"

#include <pipewire/pipewire.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* How long something may take to settle before it is shown. */
#define SETTLE_MS 3000

struct keys {
	char pressed[16];
	size_t n;
	bool at_end;
};

static void on_input(void *data, int fd, uint32_t mask)
{
	struct keys *keys = data;
	char bytes[16];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n <= 0)
		keys->at_end = true;
	for (ssize_t i = 0; i < n && keys->n < sizeof(keys->pressed); i++)
		keys->pressed[keys->n++] = bytes[i];
}

static void print_help(void)
{
	printf("\nc headset connects or disconnects   i call comes in    v VoIP call begins\n"
	       "a answer here                       b headset's button x hang up\n"
	       "h handset   s speaker   e headset   ? this             q quit\n");
}

static bool call_lives(const struct demo *demo)
{
	return demo->call && strcmp(phone_call_state(demo->call), "ended");
}

static const char *begin_call(struct demo *demo, bool managed)
{
	struct phone_call_options options = {
		.managed = managed,
		.incoming = managed,
		.active = !managed,
		.party = "+4930123456",
	};

	return phone_call(demo->phone, &options, &demo->call);
}

static void toggle_headset(struct demo *demo)
{
	if (stand_in_connected(rig_stand_in(demo->rig), DEMO_HEADSET))
		rig_headset_disconnect(demo->rig, DEMO_HEADSET);
	else
		(void)rig_headset_connect(demo->rig, DEMO_HEADSET);
}

/* Returns the name of an error, or NULL. */
static const char *act(struct demo *demo, char key)
{
	switch (key) {
	case 'c':
		toggle_headset(demo);
		return NULL;
	case 'i':
	case 'v':
		return begin_call(demo, key == 'i');
	case 'a':
		return call_lives(demo) ? phone_ask(demo->phone, demo->call, "Answer") : NULL;
	case 'b':
		headset_button(rig_headset(demo->rig, DEMO_HEADSET));
		return NULL;
	case 'h':
		return phone_set_route(demo->phone, "handset");
	case 's':
		return phone_set_route(demo->phone, "speaker");
	case 'e':
		return phone_set_route(demo->phone, "headset");
	case 'x':
		return call_lives(demo) ? phone_ask(demo->phone, demo->call, "Hangup") : NULL;
	default:
		print_help();
		return NULL;
	}
}

/* Until the wish and the graph agree, and nothing more is on its way to the headset. */
static void settle(struct demo *demo)
{
	char decided[64] = "";

	(void)rig_wait(demo->rig, 300, false);
	uint64_t limit = rig_now_ms() + SETTLE_MS;
	while (rig_now_ms() < limit) {
		(void)snprintf(decided, sizeof(decided), "%s", phone_why(demo->phone, "Decided"));
		if (!strcmp(decided, phone_sees(demo->phone, "Route")))
			return;
		rig_iterate(demo->rig);
	}
}

int demo_keys(struct demo *demo)
{
	struct keys keys = { 0 };
	struct termios before, raw;

	(void)tcgetattr(STDIN_FILENO, &before);
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	struct spa_source *input = pw_loop_add_io(rig_loop(demo->rig), STDIN_FILENO, SPA_IO_IN,
						  false, on_input, &keys);
	print_help();
	while (input && !keys.at_end && !rig_interrupted(demo->rig)) {
		rig_iterate(demo->rig);
		if (!keys.n)
			continue;
		char key = keys.pressed[0];
		memmove(keys.pressed, keys.pressed + 1, --keys.n);
		if (key == 'q')
			break;
		printf("\n%c\n", key);
		const char *error = act(demo, key);
		if (error)
			printf("  refused: %s\n", error);
		settle(demo);
		demo_show(demo);
	}
	if (input)
		pw_loop_destroy_source(rig_loop(demo->rig), input);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	return 0;
}
