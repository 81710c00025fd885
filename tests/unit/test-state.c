/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The two files that outlive the daemon: what comes back, and what becomes of files that are not
 * ours. Each test has folders of its own; warnings are counted by standing in for the log.
 */
#include "daemon/log.h"
#include "daemon/state.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HEADSET_A UINT64_C(0xaabbcc000001)
#define HEADSET_B UINT64_C(0xaabbcc000002)

#define GOOD_SETTINGS \
	"{ \"version\": 1, \"call-audio-routing\": \"headset\", \"auto-answer\": 7 }\n"
#define GOOD_MEMORY                                                                       \
	"{ \"version\": 1, \"route\": \"headset:AA:BB:CC:00:00:01\", \"in-call\": true, " \
	"\"devices\": [ "                                                                 \
	"{ \"address\": \"AA:BB:CC:00:00:02\", \"call-capable\": false }, "               \
	"{ \"address\": \"AA:BB:CC:00:00:01\", \"call-capable\": true } ] }\n"

struct fixture {
	char dir[64];
	struct state *state;
};

static unsigned int n_warnings;
static char last_warning[512];

void log_line(int level, const char *file, int line, const char *format, ...)
{
	va_list args;

	assert_int_equal(level, LOG_WARNING);
	n_warnings++;
	va_start(args, format);
	vsnprintf(last_warning, sizeof(last_warning), format, args);
	va_end(args);
}

/* ---- folders ----------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static const char *path_of(const struct fixture *f, const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", f->dir, name);
	return path;
}

#define SETTINGS "state/callroute/settings"
#define MEMORY "run/callroute/memory"

static bool exists(const struct fixture *f, const char *name)
{
	struct stat st;

	return lstat(path_of(f, name), &st) == 0;
}

static void write_bytes(const struct fixture *f, const char *name, const void *bytes, size_t n)
{
	FILE *file = fopen(path_of(f, name), "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static void write_text(const struct fixture *f, const char *name, const char *text)
{
	write_bytes(f, name, text, strlen(text));
}

static void assert_text(const struct fixture *f, const char *name, const char *expected)
{
	char text[1024];
	FILE *file = fopen(path_of(f, name), "re");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static int start(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .dir = "/tmp/callroute-state-XXXXXX" };
	n_warnings = 0;
	if (mkdtemp(f.dir) == NULL)
		return -1;
	mkdir(path_of(&f, "state"), 0700);
	mkdir(path_of(&f, "state/callroute"), 0700);
	mkdir(path_of(&f, "run"), 0700);
	mkdir(path_of(&f, "run/callroute"), 0700);
	unsetenv("STATE_DIRECTORY");
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("HOME");
	setenv("XDG_STATE_HOME", path_of(&f, "state"), 1);
	setenv("XDG_RUNTIME_DIR", path_of(&f, "run"), 1);
	*state = &f;
	return state_new(&f.state);
}

static int finish(void **state)
{
	struct fixture *f = *state;

	f->state = state_free(f->state);
	return nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void restart(struct fixture *f)
{
	state_free(f->state);
	assert_int_equal(state_new(&f->state), 0);
}

static struct state_settings settings_of(struct fixture *f)
{
	struct state_settings settings;

	state_load_settings(f->state, &settings);
	return settings;
}

static struct state_memory memory_of(struct fixture *f)
{
	struct state_memory memory;

	state_load_memory(f->state, &memory);
	return memory;
}

static void assert_default_settings(struct fixture *f)
{
	struct state_settings settings = settings_of(f);

	assert_int_equal(settings.routing, ROUTING_AUTOMATIC);
	assert_int_equal(settings.auto_answer, 0);
}

static void assert_good_settings(struct fixture *f)
{
	struct state_settings settings = settings_of(f);

	assert_int_equal(settings.routing, ROUTING_HEADSET);
	assert_int_equal(settings.auto_answer, 7);
}

static void assert_empty_memory(struct fixture *f)
{
	struct state_memory memory = memory_of(f);

	assert_int_equal(memory.route.kind, ROUTE_NONE);
	assert_int_equal(memory.n_devices, 0);
}

static void assert_good_memory(struct fixture *f)
{
	struct state_memory memory = memory_of(f);

	assert_int_equal(memory.route.kind, ROUTE_HEADSET);
	assert_int_equal(memory.route.device, HEADSET_A);
	assert_true(memory.in_call);
	assert_int_equal(memory.n_devices, 2);
	assert_int_equal(memory.devices[0].device, HEADSET_B);
	assert_false(memory.devices[0].call_capable);
	assert_int_equal(memory.devices[1].device, HEADSET_A);
	assert_true(memory.devices[1].call_capable);
}

static const struct state_settings good_settings = { .routing = ROUTING_HEADSET, .auto_answer = 7 };
static const struct state_memory good_memory = {
	.route = { ROUTE_HEADSET, HEADSET_A },
	.in_call = true,
	.devices = { { HEADSET_B, false }, { HEADSET_A, true } },
	.n_devices = 2,
};

/* ---- what comes back --------------------------------------------------------------------------- */

static void test_nothing_saved_gives_defaults_and_writes_nothing(void **state)
{
	struct fixture *f = *state;

	assert_default_settings(f);
	assert_empty_memory(f);
	state_save_settings(f->state, &(struct state_settings){ 0 });
	state_save_memory(f->state, &(struct state_memory){ 0 });
	assert_false(exists(f, SETTINGS));
	assert_false(exists(f, MEMORY));
	assert_int_equal(n_warnings, 0);
}

static void test_both_files_are_written_as_documented_and_come_back(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	state_save_settings(f->state, &good_settings);
	state_save_memory(f->state, &good_memory);
	assert_text(f, SETTINGS, GOOD_SETTINGS);
	assert_text(f, MEMORY, GOOD_MEMORY);
	assert_int_equal(stat(path_of(f, SETTINGS), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_false(exists(f, SETTINGS ".new"));
	assert_false(exists(f, MEMORY ".new"));
	restart(f);
	assert_good_settings(f);
	assert_good_memory(f);
	assert_int_equal(n_warnings, 0);
}

static void test_as_many_devices_as_there_may_be_come_back(void **state)
{
	struct fixture *f = *state;
	struct state_memory memory = { .route = { .kind = ROUTE_SPEAKER } };

	for (size_t i = 0; i < STATE_MAX_DEVICES; i++)
		memory.devices[memory.n_devices++] = (struct state_device){ i + 1, false };
	state_save_memory(f->state, &memory);
	restart(f);
	memory = memory_of(f);
	assert_int_equal(memory.n_devices, STATE_MAX_DEVICES);
	assert_int_equal(memory.devices[STATE_MAX_DEVICES - 1].device, STATE_MAX_DEVICES);
	assert_int_equal(n_warnings, 0);
}

static void test_what_has_not_changed_is_not_written_again(void **state)
{
	struct fixture *f = *state;

	write_text(f, SETTINGS, GOOD_SETTINGS);
	write_text(f, MEMORY, GOOD_MEMORY);
	assert_good_settings(f);
	assert_good_memory(f);
	unlink(path_of(f, SETTINGS));
	unlink(path_of(f, MEMORY));
	state_save_settings(f->state, &good_settings);
	state_save_memory(f->state, &good_memory);
	assert_false(exists(f, SETTINGS));
	assert_false(exists(f, MEMORY));
	state_save_settings(f->state, &(struct state_settings){ .routing = ROUTING_SPEAKER });
	assert_true(exists(f, SETTINGS));
	assert_false(exists(f, MEMORY));
}

static void test_missing_folders_are_made(void **state)
{
	struct fixture *f = *state;

	setenv("XDG_STATE_HOME", path_of(f, "home/me/.local/state"), 1);
	restart(f);
	assert_default_settings(f);
	state_save_settings(f->state, &good_settings);
	assert_text(f, "home/me/.local/state/callroute/settings", GOOD_SETTINGS);
}

static void test_folders_of_systemd_go_first_and_the_first_of_several(void **state)
{
	struct fixture *f = *state;
	char several[256];

	snprintf(several, sizeof(several), "%s:/nowhere", path_of(f, "var"));
	setenv("STATE_DIRECTORY", several, 1);
	setenv("RUNTIME_DIRECTORY", path_of(f, "var/run"), 1);
	restart(f);
	state_save_settings(f->state, &good_settings);
	state_save_memory(f->state, &good_memory);
	assert_text(f, "var/settings", GOOD_SETTINGS);
	assert_text(f, "var/run/memory", GOOD_MEMORY);
}

static void test_home_is_used_without_a_state_folder(void **state)
{
	struct fixture *f = *state;

	unsetenv("XDG_STATE_HOME");
	setenv("HOME", f->dir, 1);
	restart(f);
	state_save_settings(f->state, &good_settings);
	assert_text(f, ".local/state/callroute/settings", GOOD_SETTINGS);
}

static void test_without_any_folder_nothing_is_saved_and_said_once(void **state)
{
	struct fixture *f = *state;

	unsetenv("XDG_STATE_HOME");
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	restart(f);
	assert_int_equal(n_warnings, 2);
	assert_default_settings(f);
	assert_empty_memory(f);
	state_save_settings(f->state, &good_settings);
	state_save_memory(f->state, &good_memory);
	assert_int_equal(n_warnings, 2);
}

/* ---- what is not ours ---------------------------------------------------------------------------- */

static void test_a_bad_file_is_set_aside_with_one_warning_and_the_other_is_used(void **state)
{
	struct fixture *f = *state;

	write_text(f, SETTINGS, "[Settings]\nrouting=headset\n");
	write_text(f, MEMORY, GOOD_MEMORY);
	assert_default_settings(f);
	assert_good_memory(f);
	assert_int_equal(n_warnings, 1);
	assert_non_null(strstr(last_warning, "/settings.bad"));
	assert_false(exists(f, SETTINGS));
	assert_text(f, SETTINGS ".bad", "[Settings]\nrouting=headset\n");
	assert_text(f, MEMORY, GOOD_MEMORY);
	restart(f);
	assert_default_settings(f);
	state_save_settings(f->state, &good_settings);
	assert_text(f, SETTINGS, GOOD_SETTINGS);
	assert_int_equal(n_warnings, 1);
}

static void test_a_bad_memory_leaves_the_settings_alone(void **state)
{
	struct fixture *f = *state;

	write_text(f, SETTINGS, GOOD_SETTINGS);
	write_text(f, MEMORY, "{}");
	assert_good_settings(f);
	assert_empty_memory(f);
	assert_true(exists(f, MEMORY ".bad"));
	assert_text(f, SETTINGS, GOOD_SETTINGS);
	assert_int_equal(n_warnings, 1);
}

static void test_a_newer_version_is_set_aside_whatever_it_holds(void **state)
{
	struct fixture *f = *state;

	write_text(f, SETTINGS, "{ \"per-device\": { \"x\": [ 1 ] }, \"version\": 2 }\n");
	assert_default_settings(f);
	assert_int_equal(n_warnings, 1);
	assert_non_null(strstr(last_warning, "version 2"));
	assert_true(exists(f, SETTINGS ".bad"));
}

static void test_settings_of_other_forms_are_set_aside(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"{ }",
		"[ ]",
		"{ \"version\": 0, \"call-audio-routing\": \"headset\", \"auto-answer\": 7 }",
		"{ \"call-audio-routing\": \"headset\", \"auto-answer\": 7 }",
		"{ \"version\": 1, \"call-audio-routing\": \"headset\" }",
		"{ \"version\": 1, \"call-audio-routing\": \"earpiece\", \"auto-answer\": 7 }",
		"{ \"version\": 1, \"call-audio-routing\": [ \"headset\" ], \"auto-answer\": 7 }",
		"{ \"version\": 1, \"call-audio-routing\": \"headset\", \"auto-answer\": -1 }",
		"{ \"version\": 1, \"call-audio-routing\": \"headset\", \"auto-answer\": 3601 }",
		"{ \"version\": 1, \"call-audio-routing\": \"headset\", \"auto-answer\": 1.5 }",
		"{ \"version\": 1, \"call-audio-routing\": \"headset\", \"auto-answer\": "
		"99999999999999999999 }",
		"{ \"version\": 1, \"call-audio-routing\": \"headset\", \"auto-answer\": 7, "
		"\"auto-answer\": 7 }",
		"{ \"version\": 1, \"call-audio-routing\": \"headset\", \"auto-answer\": 7, "
		"\"mute\": 1 }",
		GOOD_SETTINGS GOOD_SETTINGS,
		GOOD_SETTINGS "}",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		n_warnings = 0;
		write_text(f, SETTINGS, texts[i]);
		assert_default_settings(f);
		if (exists(f, SETTINGS) || n_warnings != 1)
			fail_msg("taken, or %u warnings: %s", n_warnings, texts[i]);
	}
}

static void test_memories_of_other_forms_are_set_aside(void **state)
{
	static const char *const texts[] = {
		"{ \"version\": 1, \"route\": \"headset\", \"in-call\": false, \"devices\": [ ] }",
		"{ \"version\": 1, \"route\": \"bt-speaker\", \"in-call\": false, \"devices\": [ ] "
		"}",
		"{ \"version\": 1, \"route\": \"\", \"in-call\": false, \"devices\": [ ] }",
		"{ \"version\": 1, \"route\": \"speaker\", \"in-call\": false, \"devices\": { } }",
		"{ \"version\": 1, \"route\": \"speaker\", \"in-call\": false, \"devices\": [ 1 ] "
		"}",
		"{ \"version\": 1, \"route\": \"speaker\", \"in-call\": false, \"devices\": [ { } "
		"] }",
		"{ \"version\": 1, \"route\": \"speaker\", \"in-call\": false, \"devices\": [ { "
		"\"address\": "
		"\"AA:BB:CC:00:00:01\" } ] }",
		"{ \"version\": 1, \"route\": \"speaker\", \"in-call\": false, \"devices\": [ { "
		"\"address\": \"AA\", "
		"\"call-capable\": true } ] }",
		"{ \"version\": 1, \"route\": \"speaker\", \"in-call\": false, \"devices\": [ { "
		"\"address\": "
		"\"AA:BB:CC:00:00:01\", \"call-capable\": yes } ] }",
		"{ \"version\": 1, \"route\": \"speaker\", \"in-call\": false, \"devices\": [ }",
		"{ \"version\": 1, \"route\": \"speaker\", \"in-call\": maybe, \"devices\": [ ] }",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		n_warnings = 0;
		write_text(f, MEMORY, texts[i]);
		assert_empty_memory(f);
		if (exists(f, MEMORY) || n_warnings != 1)
			fail_msg("taken, or %u warnings: %s", n_warnings, texts[i]);
	}
}

static void test_a_file_cut_anywhere_is_taken_as_a_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;

	for (size_t n = 0; n < strlen(GOOD_MEMORY) - 1; n++) {
		write_bytes(f, MEMORY, GOOD_MEMORY, n);
		assert_empty_memory(f);
		assert_false(exists(f, MEMORY));
	}
	for (size_t n = 0; n < strlen(GOOD_SETTINGS) - 1; n++) {
		write_bytes(f, SETTINGS, GOOD_SETTINGS, n);
		assert_default_settings(f);
		assert_false(exists(f, SETTINGS));
	}
	write_bytes(f, SETTINGS, GOOD_SETTINGS, strlen(GOOD_SETTINGS) - 1);
	assert_good_settings(f);
}

static void test_any_changed_byte_gives_values_in_their_range(void **state)
{
	struct fixture *f = *state;
	char text[] = GOOD_MEMORY;

	srand(1);
	for (unsigned int i = 0; i < 3000; i++) {
		size_t at = (size_t)rand() % (sizeof(text) - 1);
		char was = text[at];
		struct state_memory memory;

		text[at] = (char)(rand() % 256);
		write_bytes(f, MEMORY, text, sizeof(text) - 1);
		memory = memory_of(f);
		assert_true(memory.route.kind <= ROUTE_BT_SPEAKER);
		assert_true(memory.n_devices <= 2);
		text[at] = was;
	}
}

static void test_bytes_that_are_no_text_and_too_many_are_set_aside(void **state)
{
	struct fixture *f = *state;
	static char many[1 << 20];

	memset(many, ' ', sizeof(many));
	memcpy(many, GOOD_SETTINGS, strlen(GOOD_SETTINGS));
	write_bytes(f, SETTINGS, many, sizeof(many));
	assert_default_settings(f);
	write_bytes(f, MEMORY, GOOD_MEMORY, sizeof(GOOD_MEMORY)); /* with its NUL */
	assert_empty_memory(f);
	assert_int_equal(n_warnings, 2);
	assert_true(exists(f, SETTINGS ".bad"));
	assert_true(exists(f, MEMORY ".bad"));
}

static void test_what_is_no_file_is_set_aside(void **state)
{
	struct fixture *f = *state;

	mkdir(path_of(f, SETTINGS), 0700);
	assert_int_equal(mkfifo(path_of(f, MEMORY), 0600), 0);
	assert_default_settings(f);
	assert_empty_memory(f);
	assert_int_equal(n_warnings, 2);
	state_save_settings(f->state, &good_settings);
	state_save_memory(f->state, &good_memory);
	assert_text(f, SETTINGS, GOOD_SETTINGS);
	assert_text(f, MEMORY, GOOD_MEMORY);
}

static void test_a_file_that_cannot_be_set_aside_is_one_warning(void **state)
{
	struct fixture *f = *state;

	mkdir(path_of(f, SETTINGS ".bad"), 0700);
	write_text(f, SETTINGS, "?");
	assert_default_settings(f);
	assert_int_equal(n_warnings, 1);
}

/* ---- writing in vain --------------------------------------------------------------------------- */

static void test_failing_to_write_is_one_warning_until_it_works_again(void **state)
{
	struct fixture *f = *state;
	struct state_settings settings = good_settings;

	rmdir(path_of(f, "state/callroute"));
	write_text(f, "state/callroute", "in the way");
	for (settings.auto_answer = 1; settings.auto_answer < 10; settings.auto_answer++) {
		state_save_settings(f->state, &settings);
		state_save_settings(f->state, &settings);
	}
	assert_int_equal(n_warnings, 1);
	state_save_memory(f->state, &good_memory);
	assert_text(f, MEMORY, GOOD_MEMORY);

	unlink(path_of(f, "state/callroute"));
	state_save_settings(f->state, &good_settings);
	assert_text(f, SETTINGS, GOOD_SETTINGS);
	assert_int_equal(n_warnings, 1);
}

static void test_a_link_in_place_of_the_temporary_file_is_not_followed(void **state)
{
	struct fixture *f = *state;

	write_text(f, "precious", "precious");
	assert_int_equal(symlink(path_of(f, "precious"), path_of(f, SETTINGS ".new")), 0);
	state_save_settings(f->state, &good_settings);
	assert_text(f, "precious", "precious");
}

#define STATE_TEST(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(test_nothing_saved_gives_defaults_and_writes_nothing),
		STATE_TEST(test_both_files_are_written_as_documented_and_come_back),
		STATE_TEST(test_as_many_devices_as_there_may_be_come_back),
		STATE_TEST(test_what_has_not_changed_is_not_written_again),
		STATE_TEST(test_missing_folders_are_made),
		STATE_TEST(test_folders_of_systemd_go_first_and_the_first_of_several),
		STATE_TEST(test_home_is_used_without_a_state_folder),
		STATE_TEST(test_without_any_folder_nothing_is_saved_and_said_once),
		STATE_TEST(test_a_bad_file_is_set_aside_with_one_warning_and_the_other_is_used),
		STATE_TEST(test_a_bad_memory_leaves_the_settings_alone),
		STATE_TEST(test_a_newer_version_is_set_aside_whatever_it_holds),
		STATE_TEST(test_settings_of_other_forms_are_set_aside),
		STATE_TEST(test_memories_of_other_forms_are_set_aside),
		STATE_TEST(test_a_file_cut_anywhere_is_taken_as_a_whole_or_not_at_all),
		STATE_TEST(test_any_changed_byte_gives_values_in_their_range),
		STATE_TEST(test_bytes_that_are_no_text_and_too_many_are_set_aside),
		STATE_TEST(test_what_is_no_file_is_set_aside),
		STATE_TEST(test_a_file_that_cannot_be_set_aside_is_one_warning),
		STATE_TEST(test_failing_to_write_is_one_warning_until_it_works_again),
		STATE_TEST(test_a_link_in_place_of_the_temporary_file_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
