/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Writing is strict and reading is stricter: a file is taken whole or not at all, so that half of a
 * setting is never in force.
 */
#include "state.h"

#include "log.h"

#include <spa/utils/json.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION 1u
#define TOKEN_SIZE 64
#define TEXT_SIZE (256 + STATE_MAX_DEVICES * 80)

struct file {
	char path[PATH_MAX]; /* "" where the environment names no folder */
	bool durable;        /* to be on the disk before we go on */
	bool failing;        /* writing failed, and that has been said */
};

struct state {
	struct file settings_file;
	struct file memory_file;
	/* as they are in the files, or should be */
	struct state_settings settings;
	struct state_memory memory;
};

/* ---- where ------------------------------------------------------------------------------------- */

/* systemd names several folders with colons between; ours is the first. */
static bool from_systemd(const char *variable, const char *name, char ret[static PATH_MAX])
{
	const char *value = getenv(variable);
	int length = value != NULL ? (int)strcspn(value, ":") : 0;
	int n;

	if (length == 0 || value[0] != '/')
		return false;
	n = snprintf(ret, PATH_MAX, "%.*s/%s", length, value, name);
	return n > 0 && n < PATH_MAX;
}

static bool from_user(const char *variable, const char *below, const char *name,
		      char ret[static PATH_MAX])
{
	const char *value = getenv(variable);
	int n;

	if (value == NULL || value[0] != '/')
		return false;
	n = snprintf(ret, PATH_MAX, "%s/%scallroute/%s", value, below, name);
	return n > 0 && n < PATH_MAX;
}

int state_new(struct state **ret)
{
	struct state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return -ENOMEM;
	state->settings_file.durable = true;
	if (!from_systemd("STATE_DIRECTORY", "settings", state->settings_file.path) &&
	    !from_user("XDG_STATE_HOME", "", "settings", state->settings_file.path) &&
	    !from_user("HOME", ".local/state/", "settings", state->settings_file.path)) {
		state->settings_file.path[0] = '\0';
		log_warning("no folder for settings (HOME is not set), they are not saved");
	}
	if (!from_systemd("RUNTIME_DIRECTORY", "memory", state->memory_file.path) &&
	    !from_user("XDG_RUNTIME_DIR", "", "memory", state->memory_file.path)) {
		state->memory_file.path[0] = '\0';
		log_warning("XDG_RUNTIME_DIR is not set, a restart will forget the last route");
	}
	*ret = state;
	return 0;
}

struct state *state_free(struct state *state)
{
	free(state);
	return NULL;
}

/* ---- writing ----------------------------------------------------------------------------------- */

/* The folder of @path and those above it; errors show when the file is opened. */
static void make_folders(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(part, 0700);
		*slash = '/';
	}
}

static int sync_folder(const char *path)
{
	char folder[PATH_MAX];
	int fd, error = 0;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		error = -errno;
	close(fd);
	return error;
}

static int write_all(int fd, const char *text, bool durable)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		length -= (size_t)n;
	}
	return durable && fsync(fd) < 0 ? -errno : 0;
}

static int replace(const struct file *file, const char *text)
{
	char temporary[PATH_MAX + 8];
	int fd, error;

	snprintf(temporary, sizeof(temporary), "%s.new", file->path);
	make_folders(file->path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	error = write_all(fd, text, file->durable);
	if (close(fd) < 0 && error == 0)
		error = -errno;
	if (error == 0 && rename(temporary, file->path) < 0)
		error = -errno;
	if (error < 0) {
		(void)unlink(temporary);
		return error;
	}
	return file->durable ? sync_folder(file->path) : 0;
}

static void save(struct file *file, const char *text)
{
	int error;

	if (file->path[0] == '\0')
		return;
	error = replace(file, text);
	if (error < 0 && !file->failing)
		log_warning("%s cannot be written: %s, continuing without", file->path,
			    strerror(-error));
	file->failing = error < 0;
}

/* ---- reading ----------------------------------------------------------------------------------- */

static void set_aside(const struct file *file, const char *why)
{
	char bad[PATH_MAX + 8];

	snprintf(bad, sizeof(bad), "%s.bad", file->path);
	if (rename(file->path, bad) < 0)
		log_warning("%s is not used: %s; it cannot be renamed either: %s", file->path, why,
			    strerror(errno));
	else
		log_warning("%s is not used: %s; it is %s.bad now", file->path, why, file->path);
}

/* The whole file with a terminator. 0, -ENOENT where there is none, or another -errno. */
static int read_whole(const struct file *file, char ret[static TEXT_SIZE])
{
	size_t length = 0;
	struct stat st;
	ssize_t n = 1;
	int fd;

	if (file->path[0] == '\0')
		return -ENOENT;
	fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	while (length < TEXT_SIZE && n > 0) {
		n = read(fd, ret + length, TEXT_SIZE - length);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			length += (size_t)n;
	}
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	if (length == TEXT_SIZE || memchr(ret, '\0', length) != NULL)
		return -EFBIG;
	ret[length] = '\0';
	return 0;
}

/* A key or a plain value: 1; 0 at the end; -EINVAL. */
static int read_token(struct spa_json *json, char ret[static TOKEN_SIZE])
{
	const char *value;
	int n = spa_json_next(json, &value);

	if (n == 0)
		return 0;
	if (n < 0 || spa_json_is_container(value, n) ||
	    spa_json_parse_stringn(value, n, ret, TOKEN_SIZE) <= 0)
		return -EINVAL;
	return 1;
}

static int read_number(struct spa_json *json, uint32_t max, uint32_t *ret)
{
	char text[TOKEN_SIZE];
	unsigned long number;
	char *end;

	if (read_token(json, text) <= 0 || text[0] < '0' || text[0] > '9')
		return -EINVAL;
	number = strtoul(text, &end, 10);
	if (*end != '\0' || number > max)
		return -EINVAL;
	*ret = (uint32_t)number;
	return 0;
}

/* The object's closing brace has been read, so the text was not cut. */
static bool closed(const struct spa_json *json, char brace)
{
	return json->cur < json->end && *json->cur == brace;
}

struct format {
	const char *const *keys; /* each of them once */
	size_t n_keys;
	int (*read)(struct spa_json *json, size_t key, void *ret);
};

static int read_object(struct spa_json *outer, const struct format *format, void *ret)
{
	struct spa_json json;
	char key[TOKEN_SIZE];
	unsigned int seen = 0;
	int n;

	if (spa_json_enter_object(outer, &json) <= 0)
		return -EINVAL;
	while ((n = read_token(&json, key)) > 0) {
		size_t i = 0;

		while (i < format->n_keys && strcmp(key, format->keys[i]) != 0)
			i++;
		if (i == format->n_keys || (seen & (1u << i)) != 0 ||
		    format->read(&json, i, ret) < 0)
			return -EINVAL;
		seen |= 1u << i;
	}
	return n == 0 && seen == (1u << format->n_keys) - 1 && closed(&json, '}') ? 0 : -EINVAL;
}

/* Whatever else it holds: what a newer daemon wrote is to be called so. */
static uint32_t find_version(const char *text)
{
	struct spa_json outer, json;
	const char *value;
	char key[TOKEN_SIZE];
	uint32_t version = 0;

	spa_json_init(&outer, text, strlen(text));
	if (spa_json_enter_object(&outer, &json) <= 0)
		return 0;
	while (read_token(&json, key) > 0) {
		if (strcmp(key, "version") == 0)
			return read_number(&json, UINT32_MAX, &version) < 0 ? 0 : version;
		if (spa_json_next(&json, &value) <= 0)
			return 0;
	}
	return 0;
}

/* False where the defaults are to be used; all that there is to say has been said then. */
static bool load(const struct file *file, const struct format *format, void *ret)
{
	char text[TEXT_SIZE], why[64];
	struct spa_json json;
	uint32_t version;
	int error = read_whole(file, text);

	if (error == -ENOENT)
		return false;
	if (error < 0) {
		set_aside(file, error == -EFBIG ? "its content is not ours" : strerror(-error));
		return false;
	}
	version = find_version(text);
	if (version > VERSION) {
		snprintf(why, sizeof(why), "it is of version %u, this program knows %u", version,
			 VERSION);
		set_aside(file, why);
		return false;
	}
	spa_json_init(&json, text, strlen(text));
	if (read_object(&json, format, ret) < 0 ||
	    json.cur[1 + strspn(json.cur + 1, " \t\r\n")] != '\0') {
		set_aside(file, "its content is not ours");
		return false;
	}
	return true;
}

/* ---- the settings ------------------------------------------------------------------------------ */

static int read_setting(struct spa_json *json, size_t key, void *ret)
{
	struct state_settings *settings = ret;
	char text[TOKEN_SIZE];
	uint32_t version;

	switch (key) {
	case 0:
		return read_number(json, VERSION, &version) < 0 || version == 0 ? -EINVAL : 0;
	case 1:
		if (read_token(json, text) <= 0)
			return -EINVAL;
		return policy_routing_from_string(text, &settings->routing);
	default:
		return read_number(json, STATE_AUTO_ANSWER_MAX, &settings->auto_answer);
	}
}

void state_load_settings(struct state *state, struct state_settings *ret)
{
	static const char *const keys[] = { "version", "call-audio-routing", "auto-answer" };
	static const struct format format = { keys, SPA_N_ELEMENTS(keys), read_setting };
	struct state_settings settings = { 0 };

	if (!load(&state->settings_file, &format, &settings))
		settings = (struct state_settings){ 0 };
	state->settings = settings;
	*ret = settings;
}

void state_save_settings(struct state *state, const struct state_settings *settings)
{
	char text[256];

	if (settings->routing == state->settings.routing &&
	    settings->auto_answer == state->settings.auto_answer)
		return;
	state->settings = *settings;
	snprintf(text, sizeof(text),
		 "{ \"version\": %u, \"call-audio-routing\": \"%s\", \"auto-answer\": %u }\n",
		 VERSION, policy_routing_to_string(settings->routing), settings->auto_answer);
	save(&state->settings_file, text);
}

/* ---- the memory -------------------------------------------------------------------------------- */

static int read_device_key(struct spa_json *json, size_t key, void *ret)
{
	struct state_device *device = ret;
	char text[TOKEN_SIZE];

	if (read_token(json, text) <= 0)
		return -EINVAL;
	if (key == 0)
		return route_device_from_address(text, &device->device);
	device->call_capable = strcmp(text, "true") == 0;
	return device->call_capable || strcmp(text, "false") == 0 ? 0 : -EINVAL;
}

static int read_devices(struct spa_json *json, struct state_memory *memory)
{
	static const char *const keys[] = { "address", "call-capable" };
	static const struct format format = { keys, SPA_N_ELEMENTS(keys), read_device_key };
	struct spa_json array;

	if (spa_json_enter_array(json, &array) <= 0)
		return -EINVAL;
	for (;;) {
		const struct spa_json before = array;
		const char *value;
		int n = spa_json_next(&array, &value);

		if (n <= 0)
			return n == 0 && closed(&array, ']') ? 0 : -EINVAL;
		array = before;
		if (memory->n_devices == STATE_MAX_DEVICES ||
		    read_object(&array, &format, &memory->devices[memory->n_devices]) < 0)
			return -EINVAL;
		memory->n_devices++;
	}
}

static int read_memory_key(struct spa_json *json, size_t key, void *ret)
{
	struct state_memory *memory = ret;
	char text[TOKEN_SIZE];
	uint32_t version;

	switch (key) {
	case 0:
		return read_number(json, VERSION, &version) < 0 || version == 0 ? -EINVAL : 0;
	case 1:
		/* "headset" alone is for requests */
		if (read_token(json, text) <= 0 || route_from_string(text, &memory->route) < 0 ||
		    (memory->route.kind == ROUTE_HEADSET && memory->route.device == 0))
			return -EINVAL;
		return 0;
	case 2:
		if (read_token(json, text) <= 0)
			return -EINVAL;
		memory->in_call = strcmp(text, "true") == 0;
		return memory->in_call || strcmp(text, "false") == 0 ? 0 : -EINVAL;
	default:
		return read_devices(json, memory);
	}
}

void state_load_memory(struct state *state, struct state_memory *ret)
{
	static const char *const keys[] = { "version", "route", "in-call", "devices" };
	static const struct format format = { keys, SPA_N_ELEMENTS(keys), read_memory_key };
	struct state_memory memory = { 0 };

	if (!load(&state->memory_file, &format, &memory))
		memory = (struct state_memory){ 0 };
	state->memory = memory;
	*ret = memory;
}

static bool same_memory(const struct state_memory *a, const struct state_memory *b)
{
	if (!route_equal(a->route, b->route) || a->in_call != b->in_call ||
	    a->n_devices != b->n_devices)
		return false;
	for (size_t i = 0; i < a->n_devices; i++) {
		if (a->devices[i].device != b->devices[i].device ||
		    a->devices[i].call_capable != b->devices[i].call_capable)
			return false;
	}
	return true;
}

void state_save_memory(struct state *state, const struct state_memory *memory)
{
	char text[TEXT_SIZE], address[ROUTE_ADDRESS_SIZE], route[ROUTE_STRING_SIZE];
	size_t n;

	if (same_memory(&state->memory, memory))
		return;
	state->memory = *memory;
	route_to_string(memory->route, route);
	n = (size_t)snprintf(
		text, sizeof(text),
		"{ \"version\": %u, \"route\": \"%s\", \"in-call\": %s, \"devices\": [", VERSION,
		route, memory->in_call ? "true" : "false");
	for (size_t i = 0; i < memory->n_devices && i < STATE_MAX_DEVICES; i++) {
		route_device_to_address(memory->devices[i].device, address);
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "%s{ \"address\": \"%s\", \"call-capable\": %s }",
				      i == 0 ? " " : ", ", address,
				      memory->devices[i].call_capable ? "true" : "false");
	}
	snprintf(text + n, sizeof(text) - n, " ] }\n");
	save(&state->memory_file, text);
}
