/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * What the rig's files share.
 */
#ifndef CALLROUTE_RIG_INTERNAL_H
#define CALLROUTE_RIG_INTERNAL_H

#include "process.h"
#include "rig.h"

#define RIG_PATH_SIZE 256
#define RIG_MAX_KEPT 16
#define RIG_MAX_LINES (64 * 1024)

struct rig_device {
	struct rig *rig;
	char address[18];
	bool a2dp;
	bool call_capable;
	struct headset *headset;
	size_t n_lines;
	char lines[RIG_MAX_LINES]; /* each with its line feed */
	unsigned int heard_count;
	double heard_hz;
	double heard_share;
};

struct rig {
	struct rig_options options;
	char directory[RIG_PATH_SIZE];
	char session_address[RIG_PATH_SIZE];
	char system_address[RIG_PATH_SIZE];
	struct pw_main_loop *main_loop;
	struct pw_loop *loop;
	struct process *session_bus;
	struct process *system_bus;
	struct process *pipewire;
	struct process *wireplumber;
	struct process *daemon;
	struct stand_in *stand_in;
	struct view *view;
	struct bus *bus; /* the session bus, to know who owns org.callroute */
	struct bus_name_watch *callroute;
	bool callroute_owned;
	struct rig_sound *microphone;
	bool earpiece;        /* the machine has one */
	bool plugged;         /* the wired headset */
	unsigned int crashes; /* of WirePlumber */
	bool killed;          /* its next end is asked for */
	int notify;           /* the notification socket, where there is a store */
	struct spa_source *notified;
	size_t n_kept;
	struct {
		char name[256];
		int fd;
	} kept[RIG_MAX_KEPT];
	bool interrupted;
	bool failed; /* the daemon ended otherwise than with 0 */
	size_t n_devices;
	struct rig_device *devices[STAND_IN_MAX_DEVICES];
};

/* rig-config.c */
/** Everything that the children read. 0 or -errno. */
int rig_write_configuration(struct rig *rig);
/** This process' environment, which the children inherit. */
void rig_set_environment(const struct rig *rig);
void rig_remove_tree(const char *path);

/* rig.c */
/** Start one that does not run. 0 or -errno. PipeWire gets a view, on which nothing is yet. */
int rig_start_bus(struct rig *rig, const char *name, struct process **ret);
int rig_start_pipewire(struct rig *rig);
int rig_start_wireplumber(struct rig *rig);
/** The nodes of the machine, in PipeWire. */
int rig_add_hardware(struct rig *rig);
bool rig_socket_answers(const struct rig *rig, const char *name);

/* rig-store.c */
/** Be a service manager from now on: what the daemon leaves outlives it. 0 or -errno. */
int rig_store_new(struct rig *rig);
/** What is there, with the names joined by colons. */
size_t rig_store_list(struct rig *rig, int fds[static RIG_MAX_KEPT], char *names, size_t size);
void rig_store_free(struct rig *rig);

/* rig-headset.c */
extern const struct stand_in_events rig_stand_in_events;

#endif
