/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the drop-ins for WirePlumber 0.4 and 0.5 set: the same, and all that callrouted lives by.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *key, *value;
} settings[] = {
	{ "bluez5.hfphsp-backend", "\"hsphfpd\"" },
	/* else PipeWire's native backend would take the calls of ModemManager to headsets as well */
	{ "bluez5.hfphsp-backend-native-modem", "\"none\"" },
	{ "bluez5.enable-msbc", "true" },
};

/* The value behind KEY =, or ["KEY"] =; false where the key is not set. */
static bool sets(const char *path, const char *key, const char *value)
{
	FILE *file = fopen(path, "re");
	char line[256], quoted[128], *at;
	bool set = false;

	assert_non_null(file);
	(void)snprintf(quoted, sizeof(quoted), "[\"%s\"]", key);
	while (!set && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		at = strstr(line, " = ");
		if (line[0] == '-' || line[0] == '#' || !at)
			continue;
		*at = '\0';
		set = (strcmp(line + strspn(line, " "), key) == 0 || strstr(line, quoted)) &&
		      strcmp(at + 3, value) == 0;
	}
	(void)fclose(file);
	return set;
}

static void test_both_drop_ins_set_all_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		assert_true(sets(WIREPLUMBER_DIR "/bluetooth.lua.d/51-callroute.lua",
				 settings[i].key, settings[i].value));
		assert_true(sets(WIREPLUMBER_DIR "/wireplumber.conf.d/51-callroute.conf",
				 settings[i].key, settings[i].value));
	}
	assert_false(sets(WIREPLUMBER_DIR "/bluetooth.lua.d/51-callroute.lua", "bluez5", "true"));
}

/* In a line that is no comment. */
static bool names(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	char line[256];
	bool named = false;

	assert_non_null(file);
	while (!named && fgets(line, sizeof(line), file))
		named = strncmp(line, "--", 2) != 0 && strncmp(line, "# ", 2) != 0 &&
			strstr(line, text) != NULL;
	(void)fclose(file);
	return named;
}

/* Without it a card that a call has in headset mode leaves it as soon as there is A2DP. */
static void test_profiles_that_are_ours_are_left_alone(void **state)
{
	(void)state;
	assert_true(names(WIREPLUMBER_DIR "/wireplumber.conf.d/51-callroute.conf",
			  "name = callroute/leave-profile.lua"));
	/* by the note that callrouted writes */
	assert_true(names(WIREPLUMBER_DIR "/scripts/callroute/leave-profile.lua",
			  "\"callroute.profile\""));
	assert_true(names(WIREPLUMBER_DIR "/../records.c", "KEY_PROFILE \"callroute.profile\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_drop_ins_set_all_of_it),
		cmocka_unit_test(test_profiles_that_are_ours_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
