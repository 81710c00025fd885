/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * config check: what callrouted would complain about in its configuration, without a callrouted.
 */
#include "ctl.h"

#include "daemon/config.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <stdio.h>
#include <string.h>

static void take_line(void *data, const char *line)
{
	json_object_array_add(data, json_object_new_string(line));
}

/* CTL_OK, or CTL_FAILED where out of memory; what is wrong with a file is among @lines. */
static int check(const char *path, json_object *lines)
{
	struct config *config = NULL;
	int error = path != NULL ? config_load_file(path, take_line, lines, &config)
				 : config_load(take_line, lines, &config);

	config_free(config);
	return error == -ENOMEM ? ctl_fail(CTL_FAILED, "%s", strerror(ENOMEM)) : CTL_OK;
}

int ctl_config(struct ctl *ctl, int argc, char **argv)
{
	json_object *lines;
	int status = CTL_OK;

	if (argc < 2 || strcmp(argv[1], "check") != 0)
		return ctl_bad_usage("config check [FILE…]");
	/* libpipewire tells of what it opens */
	pw_log_set_level(SPA_LOG_LEVEL_NONE);
	lines = json_object_new_array();
	if (argc == 2)
		status = check(NULL, lines);
	for (int i = 2; i < argc && status == CTL_OK; i++)
		status = check(argv[i], lines);
	if (ctl->json) {
		ctl_print_json(lines, false);
	} else {
		for (size_t i = 0; i < json_object_array_length(lines); i++) {
			(void)ctl_print(
				json_object_get_string(json_object_array_get_idx(lines, i)));
			(void)putchar('\n');
		}
	}
	if (json_object_array_length(lines) > 0)
		status = CTL_FAILED;
	json_object_put(lines);
	return status;
}
