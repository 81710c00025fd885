/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/*
 * Each file is loaded by itself with libpipewire's own loader, so that a complaint can name it, and
 * its rules are added to what was read before; for endpoints, matching goes from the last rule to
 * the first, for devices, later options go over earlier ones.
 */
#include "config-private.h"

#include <pipewire/pipewire.h>
#include <spa/utils/json.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "callroute.conf"
#define MAX_DIRS 3
#define MAX_DROP_INS 128

static const struct config_timeouts default_timeouts = {
	.request_ms = 5000, /* X3: 5 s in all */
	.retry_ms = 1000,
	/* PipeWire's own releases come with changes of the graph, which arrive by then. */
	.sco_close_ms = 150,
	.pipewire_ms = 3000,
};

void config_complain(const struct source *source, const char *key, const char *expected)
{
	char line[PATH_MAX + 512];

	if (source->complain == NULL)
		return;
	snprintf(line, sizeof(line), "%s: %s%sexpected %s", source->path, key,
		 key[0] != '\0' ? ": " : "", expected);
	source->complain(source->data, line);
}

int config_kinds_from_string(const char *text, unsigned int *ret)
{
	static const struct {
		const char *name;
		enum route_kind kind;
	} names[] = {
		{ "handset", ROUTE_HANDSET },
		{ "speaker", ROUTE_SPEAKER },
		{ "wired-headset", ROUTE_WIRED },
		{ "wired", ROUTE_WIRED },
	};
	static const char separators[] = ", \t";
	unsigned int kinds = 0;

	if (strcmp(text, "none") == 0) {
		*ret = 0;
		return 0;
	}
	for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
		size_t n = strcspn(text, separators), i = 0;

		while (i < SPA_N_ELEMENTS(names) &&
		       (strlen(names[i].name) != n || strncmp(names[i].name, text, n) != 0))
			i++;
		if (i == SPA_N_ELEMENTS(names))
			return -EINVAL;
		kinds |= 1u << names[i].kind;
		text += n;
	}
	if (kinds == 0)
		return -EINVAL;
	*ret = kinds;
	return 0;
}

/* ---- a file ------------------------------------------------------------------------------------ */

/* The whole file with a terminator, to be freed; NULL with errno. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	struct stat st;
	size_t n;

	if (file == NULL)
		return NULL;
	errno = EINVAL;
	if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode))
		text = malloc(CONFIG_MAX_SIZE + 1);
	if (text != NULL) {
		n = fread(text, 1, CONFIG_MAX_SIZE + 1, file);
		if (n > CONFIG_MAX_SIZE || memchr(text, '\0', n) != NULL) {
			free(text);
			text = NULL;
			errno = EFBIG;
		} else {
			text[n] = '\0';
		}
	}
	fclose(file);
	return text;
}

/* The loader keeps the last of several sections of one name. */
static void check_once(const struct source *source, const char *text)
{
	static const char *const sections[] = { "endpoints", "devices", "bluetooth", "programs",
						"calls",     "memory",  "timeouts" };
	unsigned int seen[SPA_N_ELEMENTS(sections)] = { 0 };
	struct spa_json json, object;
	const char *value;
	char key[32];
	int n;

	spa_json_init(&json, text, strlen(text));
	object = json;
	if (spa_json_next(&json, &value) > 0 && *value == '{')
		spa_json_enter(&json, &object);
	while ((n = spa_json_next(&object, &value)) > 0) {
		if (spa_json_parse_stringn(value, n, key, sizeof(key)) <= 0)
			key[0] = '\0';
		for (size_t i = 0; i < SPA_N_ELEMENTS(sections); i++) {
			if (strcmp(key, sections[i]) == 0 && seen[i]++ == 1)
				config_complain(source, key, "it once in a file, using the last");
		}
		if (spa_json_next(&object, &value) <= 0)
			break;
	}
}

static int read_file(const struct source *source, const char *dir, const char *name)
{
	struct pw_properties *properties;
	const struct spa_dict_item *item;
	char *text = read_text(source->path), expected[128];
	int error = -errno;

	if (text == NULL) {
		snprintf(expected, sizeof(expected), "a file that can be read (%s)",
			 error == -EFBIG ? "its content is not ours" : strerror(-error));
		config_complain(source, "", expected);
		return error;
	}
	if (!config_check_syntax(source, text)) {
		free(text);
		return 0;
	}
	check_once(source, text);
	free(text);
	properties = pw_properties_new(NULL, NULL);
	if (properties == NULL)
		return -ENOMEM;
	error = pw_conf_load_conf(dir, name, properties);
	spa_dict_for_each (item, &properties->dict) {
		/* what the loader adds about itself, and the drop-ins, which are read later */
		if (strncmp(item->key, "config.", 7) != 0 &&
		    strncmp(item->key, "override.", 9) != 0)
			config_read_section(source, item->key, item->value);
	}
	pw_properties_free(properties);
	return error < 0 ? error : 0;
}

static struct config *config_new(void)
{
	struct config *config = calloc(1, sizeof(*config));

	if (config != NULL)
		config->timeouts = default_timeouts;
	return config;
}

int config_load_file(const char *path, config_complain_fn complain, void *data, struct config **ret)
{
	struct source source = { .path = path, .complain = complain, .data = data };
	char *real = realpath(path, NULL), *slash;
	int error = -errno;

	source.config = config_new();
	if (source.config == NULL) {
		free(real);
		return -ENOMEM;
	}
	if (real == NULL) {
		char expected[128];

		snprintf(expected, sizeof(expected), "a file that can be read (%s)",
			 strerror(-error));
		config_complain(&source, "", expected);
	} else {
		/* the root folder is no file, so there is something in front of it */
		slash = strrchr(real, '/');
		*slash = '\0';
		error = read_file(&source, real[0] != '\0' ? real : "/", slash + 1);
	}
	free(real);
	if (error < 0)
		config_free(source.config);
	else
		*ret = source.config;
	return error;
}

/* ---- which files ------------------------------------------------------------------------------- */

struct drop_in {
	char name[NAME_MAX + 1];
	size_t dir;
};

static int compare_drop_ins(const void *a, const void *b)
{
	return strcmp(((const struct drop_in *)a)->name, ((const struct drop_in *)b)->name);
}

static size_t find_drop_ins(const char *dir, size_t index, struct drop_in *ret, size_t n)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;

	while (folder != NULL && n < MAX_DROP_INS && (entry = readdir(folder)) != NULL) {
		size_t length = strlen(entry->d_name), i = 0;

		if (length < 6 || strcmp(entry->d_name + length - 5, ".conf") != 0)
			continue;
		while (i < n && strcmp(ret[i].name, entry->d_name) != 0)
			i++;
		if (i < n)
			continue; /* hidden by a more important folder's */
		snprintf(ret[n].name, sizeof(ret[n].name), "%s", entry->d_name);
		ret[n++].dir = index;
	}
	if (folder != NULL)
		closedir(folder);
	return n;
}

static size_t find_dirs(char dirs[MAX_DIRS][PATH_MAX])
{
	const char *only = getenv("CALLROUTE_CONFIG_DIR");
	const char *home = getenv("XDG_CONFIG_HOME");
	size_t n = 0;

	if (only != NULL && only[0] == '/') {
		snprintf(dirs[0], PATH_MAX, "%s", only);
		return 1;
	}
	if (home != NULL && home[0] == '/')
		snprintf(dirs[n++], PATH_MAX, "%s/callroute", home);
	else if ((home = getenv("HOME")) != NULL && home[0] == '/')
		snprintf(dirs[n++], PATH_MAX, "%s/.config/callroute", home);
	snprintf(dirs[n++], PATH_MAX, "/etc/callroute");
	snprintf(dirs[n++], PATH_MAX, "/usr/share/callroute");
	return n;
}

static void load_from(struct source *source, const char *dir, const char *name)
{
	char path[PATH_MAX + NAME_MAX + 2];

	snprintf(path, sizeof(path), "%.*s/%.*s", PATH_MAX, dir, NAME_MAX, name);
	source->path = path;
	(void)read_file(source, dir, name);
}

int config_load(config_complain_fn complain, void *data, struct config **ret)
{
	char dirs[MAX_DIRS][PATH_MAX], path[PATH_MAX + 32];
	struct source source = { .complain = complain, .data = data };
	struct drop_in *drop_ins = calloc(MAX_DROP_INS, sizeof(*drop_ins));
	size_t n_dirs = find_dirs(dirs), n = 0;

	source.config = config_new();
	if (source.config == NULL || drop_ins == NULL) {
		free(source.config);
		free(drop_ins);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n_dirs; i++) {
		snprintf(path, sizeof(path), "%.*s/" FILE_NAME, PATH_MAX - 1, dirs[i]);
		if (access(path, F_OK) < 0)
			continue;
		load_from(&source, dirs[i], FILE_NAME);
		break;
	}
	for (size_t i = 0; i < n_dirs; i++) {
		snprintf(path, sizeof(path), "%.*s/" FILE_NAME ".d", PATH_MAX - 1, dirs[i]);
		n = find_drop_ins(path, i, drop_ins, n);
	}
	qsort(drop_ins, n, sizeof(*drop_ins), compare_drop_ins);
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%.*s/" FILE_NAME ".d", PATH_MAX - 1,
			 dirs[drop_ins[i].dir]);
		load_from(&source, path, drop_ins[i].name);
	}
	free(drop_ins);
	*ret = source.config;
	return 0;
}

struct config *config_free(struct config *config)
{
	if (config == NULL)
		return NULL;
	for (size_t i = 0; i < config->n_endpoints; i++)
		config_match_done(&config->endpoints[i].match);
	for (size_t i = 0; i < config->n_devices; i++)
		config_match_done(&config->devices[i].match);
	for (size_t i = 0; i < config->n_programs; i++)
		config_match_done(&config->programs[i].match);
	free(config);
	return NULL;
}

/* ---- questions --------------------------------------------------------------------------------- */

static bool matches(const struct match *match, const struct spa_dict *props)
{
	for (size_t i = 0; i < match->n; i++) {
		const struct condition *condition = &match->conditions[i];
		const char *value = spa_dict_lookup(props, condition->key);

		if (value == NULL)
			return false;
		if (condition->is_regex ? regexec(&condition->regex, value, 0, NULL, 0) != 0
					: strcmp(value, condition->value) != 0)
			return false;
	}
	return true;
}

bool config_endpoint(const struct config *config, const struct spa_dict *props, unsigned int *ret)
{
	for (size_t i = config != NULL ? config->n_endpoints : 0; i > 0; i--) {
		if (!matches(&config->endpoints[i - 1].match, props))
			continue;
		*ret = config->endpoints[i - 1].kinds;
		return true;
	}
	return false;
}

void config_device(const struct config *config, route_device device, const char *name,
		   struct config_device *ret)
{
	char address[ROUTE_ADDRESS_SIZE];
	const struct spa_dict_item items[] = {
		SPA_DICT_ITEM_INIT("device.address", address),
		SPA_DICT_ITEM_INIT("device.name", name),
	};
	const struct spa_dict props = SPA_DICT_INIT(items, name != NULL ? 2 : 1);

	*ret = (struct config_device){ .enabled = true, .auto_route = true };
	route_device_to_address(device, address);
	for (size_t i = 0; config != NULL && i < config->n_devices; i++) {
		const struct device_rule *rule = &config->devices[i];

		if (!matches(&rule->match, &props))
			continue;
		if (rule->has_enabled)
			ret->enabled = rule->what.enabled;
		if (rule->has_auto_route)
			ret->auto_route = rule->what.auto_route;
		if (rule->has_in_band_ring)
			ret->in_band_ring = rule->what.in_band_ring;
		if (rule->has_mute_by_gain)
			ret->mute_by_gain = rule->what.mute_by_gain;
		if (rule->has_codec)
			ret->codec = rule->what.codec;
		if (rule->what.has_quirks) {
			ret->has_quirks = true;
			ret->quirks = rule->what.quirks;
		}
		if (rule->what.has_kind) {
			ret->has_kind = true;
			ret->kind = rule->what.kind;
		}
	}
}

bool config_rings_in_band(const struct config *config)
{
	for (size_t i = 0; config != NULL && i < config->n_devices; i++) {
		if (config->devices[i].what.in_band_ring)
			return true;
	}
	return false;
}

const char *config_own_number(const struct config *config)
{
	return config != NULL && config->own_number[0] != '\0' ? config->own_number : NULL;
}

bool config_is_gateway(const struct config *config)
{
	return config == NULL || !config->no_gateway;
}

bool config_has_programs(const struct config *config)
{
	return config != NULL && config->n_programs > 0;
}

bool config_program(const struct config *config, const struct spa_dict *props,
		    enum config_program *ret)
{
	for (size_t i = config != NULL ? config->n_programs : 0; i > 0; i--) {
		if (!matches(&config->programs[i - 1].match, props))
			continue;
		*ret = config->programs[i - 1].is;
		return true;
	}
	return false;
}

const char *config_memory(const struct config *config, unsigned int number)
{
	if (config == NULL || number < 1 || number > CONFIG_MEMORY ||
	    config->memory[number - 1][0] == '\0')
		return NULL;
	return config->memory[number - 1];
}

bool config_follows(const struct config *config, enum config_source source)
{
	return config == NULL || config->follow[source] != FOLLOW_NOT;
}

bool config_insists(const struct config *config, enum config_source source)
{
	return config != NULL && config->follow[source] == FOLLOW;
}

void config_timeouts(const struct config *config, struct config_timeouts *ret)
{
	*ret = config != NULL ? config->timeouts : default_timeouts;
}
