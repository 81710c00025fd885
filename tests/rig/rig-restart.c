/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: callroute contributors */
/**
 * Neighbours of the daemon that die and are started again, as a session's systemd does it: with
 * PipeWire its session manager, which cannot be without; with the system bus bluetoothd and the
 * session manager, which do not look for another bus.
 */
#include "rig-internal.h"

#include <errno.h>
#include <signal.h>

#define RESTART_MS 20000u

static bool machine_is_there(const struct rig *rig)
{
	return view_up(rig->view) && view_session(rig->view) &&
	       view_node(rig->view, RIG_MICROPHONE) && view_node(rig->view, RIG_LOUDSPEAKER) &&
	       stand_in_media_served(rig->stand_in);
}

int rig_pipewire_crash(struct rig *rig)
{
	int r;

	process_kill(rig->pipewire, SIGKILL);
	rig->pipewire = process_free(rig->pipewire);
	rig->wireplumber = process_free(rig->wireplumber);
	rig->microphone = rig_sound_free(rig->microphone);
	rig->view = view_free(rig->view);
	if ((r = rig_start_pipewire(rig)) < 0)
		return r;
	if (!rig_wait(rig, RESTART_MS, view_up(rig->view)))
		return -ETIMEDOUT;
	if ((r = rig_add_hardware(rig)) < 0 || (r = rig_start_wireplumber(rig)) < 0)
		return r;
	return rig_wait(rig, RESTART_MS, machine_is_there(rig)) ? 0 : -ETIMEDOUT;
}

int rig_system_bus_crash(struct rig *rig)
{
	int r;

	stand_in_stop(rig->stand_in);
	process_kill(rig->system_bus, SIGKILL);
	rig->system_bus = process_free(rig->system_bus);
	if ((r = rig_start_bus(rig, "system", &rig->system_bus)) < 0)
		return r;
	if (!rig_wait(rig, RESTART_MS, rig_socket_answers(rig, "system-bus")))
		return -ETIMEDOUT;
	if ((r = stand_in_start(rig->stand_in)) < 0 || (r = rig_wireplumber_restart(rig)) < 0)
		return r;
	return rig_wait(rig, RESTART_MS, machine_is_there(rig)) ? 0 : -ETIMEDOUT;
}
