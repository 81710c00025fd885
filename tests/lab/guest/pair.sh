# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# A second PipeWire with its session manager, in a session of its own, whose Bluetooth is in the hands-free
# role: the other end of the radio. A scenario has it as a hands-free unit, or as a whole machine.
# shellcheck disable=SC2034,SC2154

unit_env=(env XDG_RUNTIME_DIR=/run/unit DBUS_SESSION_BUS_ADDRESS=unix:path=/run/unit/bus
	XDG_CONFIG_HOME=/run/unit/config XDG_STATE_HOME=/run/unit/state)

# start_pair FILE NODE: PipeWire's drop-in, and the last node that it makes
start_pair() {
	local at=/lab/share/guest config=/run/unit/config
	mkdir -p "$config/pipewire/pipewire.conf.d" "$config/wireplumber/wireplumber.conf.d"
	chmod 700 /run/unit
	cp "$at/$1" "$config/pipewire/pipewire.conf.d/unit.conf"
	cp "$at/unit-wireplumber.conf" "$config/wireplumber/wireplumber.conf.d/60-unit.conf"
	run "${unit_env[@]}" dbus-daemon --session --fork --address=unix:path=/run/unit/bus
	start unit-pipewire plain "${unit_env[@]}" pipewire
	start unit-watch retry "${unit_env[@]}" watch
	await unit-watch "^node $2 "
	WIREPLUMBER_DEBUG='2,spa.bluez5*:3' start unit-wireplumber plain "${unit_env[@]}" wireplumber
	run peer services hci1 "$patience" "$hfp_hf"
	start_unit_monitor --session org.pipewire.Telephony
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
	await unit-watch '^node mouth.playback'
	run "${unit_env[@]}" pw-link mouth.playback:output_MONO "$1:input_MONO"
}
