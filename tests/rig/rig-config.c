/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * The configuration that the rig's children find: two buses that allow everything and activate
 * nothing, and WirePlumber with the hsphfpd backend and without seats, hardware
 * and desktop portals. WirePlumber 0.4 reads lua, 0.5 conf; both are written, each finds its own.
 */
#include "rig-internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char bus_text[] =
	"<busconfig><type>session</type><listen>unix:path=%s</listen>\n"
	"<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
	"<allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>\n";

static const char lua_bluetooth_text[] =
	"bluez_monitor.properties[\"bluez5.hfphsp-backend\"] = \"hsphfpd\"\n"
	"bluez_monitor.properties[\"with-logind\"] = false\n";

static const char lua_main_text[] = "alsa_monitor.enabled = false\n"
				    "v4l2_monitor.enabled = false\n"
				    "libcamera_monitor.enabled = false\n";

static const char conf_text[] = "wireplumber.profiles = {\n"
				"  main = {\n"
				"    monitor.bluez.seat-monitoring = disabled\n"
				"    support.logind = disabled\n"
				"    support.reserve-device = disabled\n"
				"    support.portal-permissionstore = disabled\n"
				"    monitor.alsa = disabled\n"
				"    monitor.alsa-midi = disabled\n"
				"    monitor.bluez-midi = disabled\n"
				"    monitor.v4l2 = disabled\n"
				"    monitor.libcamera = disabled\n"
				"  }\n"
				"}\n"
				"monitor.bluez.properties = {\n"
				"  bluez5.hfphsp-backend = hsphfpd\n"
				"}\n";

static const char lua_auto_switch_text[] =
	"bluetooth_policy.policy[\"media-role.use-headset-profile\"] = true\n";

static const char conf_auto_switch_text[] =
	"wireplumber.settings = { bluetooth.autoswitch-to-headset-profile = true }\n";

/* As in its example of it, for the two roles that matter here. */
static const char conf_roles_text[] =
	"wireplumber.profiles = { main = { rig.roles = required } }\n"
	"wireplumber.components = [\n"
	"  { type = virtual, provides = rig.roles, requires = [ rig.role.music, rig.role.call ] }\n"
	"  { name = libpipewire-module-loopback, type = pw-module, provides = rig.role.music\n"
	"    requires = [ support.export-core, pw.node-factory.adapter ]\n"
	"    arguments = {\n"
	"      node.name = rig.role.music\n"
	"      capture.props = {\n"
	"        media.class = Audio/Sink, policy.role-based.target = true\n"
	"        device.intended-roles = [ Music, Multimedia ], policy.role-based.priority = 10\n"
	"        policy.role-based.action.same-priority = mix\n"
	"        policy.role-based.action.lower-priority = mix\n"
	"      }\n"
	"      playback.props = { node.passive = true, media.role = Loopback }\n"
	"    } }\n"
	"  { name = libpipewire-module-loopback, type = pw-module, provides = rig.role.call\n"
	"    requires = [ support.export-core, pw.node-factory.adapter ]\n"
	"    arguments = {\n"
	"      node.name = rig.role.call\n"
	"      capture.props = {\n"
	"        media.class = Audio/Sink, policy.role-based.target = true\n"
	"        device.intended-roles = [ Communication, phone ], policy.role-based.priority = "
	"60\n"
	"        policy.role-based.action.same-priority = mix\n"
	"        policy.role-based.action.lower-priority = cork\n"
	"      }\n"
	"      playback.props = { node.passive = true, media.role = Loopback }\n"
	"    } }\n"
	"]\n";

/* The same of 0.4, which calls them endpoints. */
static const char lua_roles_text[] =
	"default_policy.policy.roles = {\n"
	"  Capture = { priority = 25, [\"action.default\"] = \"cork\",\n"
	"    [\"media.class\"] = \"Audio/Source\" },\n"
	"  Multimedia = { alias = { \"Music\" }, priority = 25, [\"action.default\"] = \"cork\" "
	"},\n"
	"  Communication = { priority = 75, [\"action.default\"] = \"cork\",\n"
	"    [\"action.Communication\"] = \"mix\" },\n"
	"}\n"
	"default_policy.endpoints = {\n"
	"  [\"endpoint.capture\"] = { [\"media.class\"] = \"Audio/Source\", role = \"Capture\" },\n"
	"  [\"endpoint.multimedia\"] = { [\"media.class\"] = \"Audio/Sink\", role = \"Multimedia\" "
	"},\n"
	"  [\"endpoint.communication\"] = { [\"media.class\"] = \"Audio/Sink\",\n"
	"    role = \"Communication\" },\n"
	"}\n";

static int make_folder(const char *path)
{
	char part[RIG_PATH_SIZE * 2];

	(void)snprintf(part, sizeof(part), "%s", path);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(part, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int rig_write_file(const struct rig *rig, const char *folder, const char *name, const char *format,
		   ...)
{
	char path[RIG_PATH_SIZE * 2];
	va_list args;

	(void)snprintf(path, sizeof(path), "%s/%s", rig->directory, folder);
	int r = make_folder(path);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/%s/%s", rig->directory, folder, name);
	FILE *file = fopen(path, "we");
	if (!file)
		return -errno;
	va_start(args, format);
	(void)vfprintf(file, format, args);
	va_end(args);
	return fclose(file) == 0 ? 0 : -errno;
}

static int copy_file(const char *from, const struct rig *rig, const char *folder, const char *name)
{
	char text[16384];
	FILE *file = fopen(from, "re");

	if (!file)
		return -errno;
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[n] = '\0';
	return rig_write_file(rig, folder, name, "%s", text);
}

/* The drop-ins that the project ships for WirePlumber, so that the rig runs with them. */
static int copy_shipped(const struct rig *rig)
{
	static const char *const folders[] = {
		"",           "bluetooth.lua.d",   "policy.lua.d",
		"main.lua.d", "scripts/callroute", "wireplumber.conf.d"
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char from[RIG_PATH_SIZE * 2], into[RIG_PATH_SIZE];
		const char *folder = folders[i];

		(void)snprintf(from, sizeof(from), "%s/%s", RIG_WIREPLUMBER_DIR, folder);
		DIR *directory = opendir(from);
		for (struct dirent *entry; directory && (entry = readdir(directory));) {
			const char *end = strrchr(entry->d_name, '.');
			bool lua = end && !strcmp(end, ".lua"), conf = end && !strcmp(end, ".conf");

			if (!lua && !conf)
				continue;
			/* a file beside the folders belongs where its kind is read */
			const char *place = lua ? "bluetooth.lua.d" : "wireplumber.conf.d";
			(void)snprintf(into, sizeof(into), "home/.config/wireplumber/%s",
				       *folder ? folder : place);
			(void)snprintf(from, sizeof(from), "%s/%s/%s", RIG_WIREPLUMBER_DIR, folder,
				       entry->d_name);
			int r = copy_file(from, rig, into, entry->d_name);
			if (r < 0) {
				(void)closedir(directory);
				return r;
			}
		}
		if (directory)
			(void)closedir(directory);
	}
	return 0;
}

int rig_write_configuration(struct rig *rig)
{
	char system_bus[RIG_PATH_SIZE + 16], session_bus[RIG_PATH_SIZE + 16];
	int r;

	(void)snprintf(system_bus, sizeof(system_bus), "%s/run/system-bus", rig->directory);
	(void)snprintf(session_bus, sizeof(session_bus), "%s/run/session-bus", rig->directory);
	(void)snprintf(rig->system_address, RIG_PATH_SIZE, "unix:path=%.230s", system_bus);
	(void)snprintf(rig->session_address, RIG_PATH_SIZE, "unix:path=%.230s", session_bus);
	if ((r = rig_write_file(rig, "log", ".keep", "%s", "")) < 0 ||
	    (r = rig_write_file(rig, "home/.local/state", ".keep", "%s", "")) < 0 ||
	    (r = rig_write_file(rig, "home/.cache", ".keep", "%s", "")) < 0 ||
	    (r = rig_write_file(rig, "run", "system.conf", bus_text, system_bus)) < 0 ||
	    (r = rig_write_file(rig, "run", "session.conf", bus_text, session_bus)) < 0 ||
	    (r = rig_write_file(rig, "home/.config/wireplumber/bluetooth.lua.d", "60-rig.lua", "%s",
				lua_bluetooth_text)) < 0 ||
	    (r = rig_write_file(rig, "home/.config/wireplumber/main.lua.d", "60-rig.lua", "%s",
				lua_main_text)) < 0 ||
	    (r = rig_write_file(rig, "home/.config/wireplumber/wireplumber.conf.d", "60-rig.conf",
				"%s", conf_text)) < 0)
		return r;
	if (rig->options.auto_switch &&
	    ((r = rig_write_file(rig, "home/.config/wireplumber/policy.lua.d", "60-rig.lua", "%s",
				 lua_auto_switch_text)) < 0 ||
	     (r = rig_write_file(rig, "home/.config/wireplumber/wireplumber.conf.d",
				 "70-rig-auto-switch.conf", "%s", conf_auto_switch_text)) < 0))
		return r;
	if (rig->options.roles &&
	    ((r = rig_write_file(rig, "home/.config/wireplumber/policy.lua.d", "50-rig-roles.lua",
				 "%s", lua_roles_text)) < 0 ||
	     (r = rig_write_file(rig, "home/.config/wireplumber/wireplumber.conf.d",
				 "75-rig-roles.conf", "%s", conf_roles_text)) < 0))
		return r;
	return copy_shipped(rig);
}

void rig_set_environment(const struct rig *rig)
{
	static const char *const unwanted[] = { "PIPEWIRE_REMOTE",
						"PIPEWIRE_RUNTIME_DIR",
						"PIPEWIRE_CONFIG_DIR",
						"PIPEWIRE_CONFIG_NAME",
						"WIREPLUMBER_CONFIG_DIR",
						"WIREPLUMBER_DATA_DIR",
						"XDG_DATA_HOME",
						"DISPLAY",
						"WAYLAND_DISPLAY",
						"NOTIFY_SOCKET",
						"LISTEN_FDS",
						"LISTEN_PID",
						"JOURNAL_STREAM",
						"CALLROUTE_CONFIG_DIR",
						"STATE_DIRECTORY",
						"RUNTIME_DIRECTORY" };
	static const struct {
		const char *name, *path;
	} folders[] = {
		{ "XDG_RUNTIME_DIR", "run" },
		{ "CALLROUTE_RIG_DIR", "run" },
		{ "HOME", "home" },
		{ "XDG_CONFIG_HOME", "home/.config" },
		{ "XDG_STATE_HOME", "home/.local/state" },
		{ "XDG_CACHE_HOME", "home/.cache" },
	};
	char path[RIG_PATH_SIZE * 2];

	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		unsetenv(unwanted[i]);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", rig->directory, folders[i].path);
		setenv(folders[i].name, path, 1);
	}
	setenv("DBUS_SYSTEM_BUS_ADDRESS", rig->system_address, 1);
	setenv("DBUS_SESSION_BUS_ADDRESS", rig->session_address, 1);
	setenv("LC_ALL", "C.UTF-8", 1);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)remove(path);
	return 0;
}

void rig_remove_tree(const char *path)
{
	(void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
