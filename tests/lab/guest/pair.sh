# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# A second PipeWire with its session manager, in a session of its own, whose Bluetooth is in the hands-free
# role: the other end of the radio. A scenario has it as a hands-free unit, or as a whole machine.
# shellcheck disable=SC2034,SC2154

unit_env=(env XDG_RUNTIME_DIR=/run/unit DBUS_SESSION_BUS_ADDRESS=unix:path=/run/unit/bus
	XDG_CONFIG_HOME=/run/unit/config XDG_STATE_HOME=/run/unit/state)

# start_unit_pipewire FILE NODE: its drop-in, and the last node that it makes
start_unit_pipewire() {
	local config=/run/unit/config/pipewire/pipewire.conf.d
	mkdir -p "$config"
	chmod 700 /run/unit
	cp "/lab/share/guest/$1" "$config/unit.conf"
	run "${unit_env[@]}" dbus-daemon --session --fork --address=unix:path=/run/unit/bus
	start unit-pipewire plain "${unit_env[@]}" pipewire
	start unit-watch retry "${unit_env[@]}" watch
	await unit-watch "^node $2 "
}

# start_pair FILE NODE BACKEND: with its session manager; the backend says who the hands-free unit is: native,
# PipeWire itself; ofono, whose sound it has
start_pair() {
	local config=/run/unit/config/wireplumber/wireplumber.conf.d
	start_unit_pipewire "$1" "$2"
	mkdir -p "$config"
	cp /lab/share/guest/unit-wireplumber.conf "$config/60-unit.conf"
	echo "monitor.bluez.properties = { bluez5.hfphsp-backend = $3 }" >"$config/70-backend.conf"
	WIREPLUMBER_DEBUG='2,spa.bluez5*:3' start unit-wireplumber plain "${unit_env[@]}" wireplumber
	run peer services hci1 "$patience" "$hfp_hf"
}

connect_unit() {
	run peer connect hci0 "$headset" "$hfp_hf"
	await callrouted 'a headset is ready \(HFP\)'
	# One of several, perhaps: it sees the radio's other end, too.
	await unit "InterfacesAdded .objectpath '([^']*/ag[0-9]+)'.*'Address': <'$machine'>"
	gateway=${BASH_REMATCH[1]}
	say "PipeWire as a hands-free unit is connected: $gateway"
}

# start_mouth MICROPHONE HZ: speaks into that node there
start_mouth() {
	start unit-mouth "${unit_env[@]}" PIPEWIRE_AUTOCONNECT=false mouth "$2"
	await unit-watch '^port mouth.playback output_MONO'
	run "${unit_env[@]}" pw-link mouth.playback:output_MONO "$1:input_MONO"
}
