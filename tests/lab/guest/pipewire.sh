#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# A second PipeWire with its session manager as the hands-free unit, say a car's: its own AT engine, driven
# by the interface that it offers to programs, org.pipewire.Telephony.
#
# shellcheck disable=SC1091,SC2154 # both are found in the guest, and set what is not set here
. /lab/share/guest/lib.sh
. /lab/share/guest/desktop.sh
. /lab/share/guest/unit.sh
. /lab/share/guest/steps.sh

microphone_hz=440

unit_env=(env XDG_RUNTIME_DIR=/run/unit DBUS_SESSION_BUS_ADDRESS=unix:path=/run/unit/bus
	XDG_CONFIG_HOME=/run/unit/config XDG_STATE_HOME=/run/unit/state)
telephony=org.pipewire.Telephony

start_unit() {
	local at=/lab/share/guest config=/run/unit/config
	mkdir -p "$config/pipewire/pipewire.conf.d" "$config/wireplumber/wireplumber.conf.d"
	chmod 700 /run/unit
	cp "$at/unit-pipewire.conf" "$config/pipewire/pipewire.conf.d/unit.conf"
	cp "$at/unit-wireplumber.conf" "$config/wireplumber/wireplumber.conf.d/60-unit.conf"
	run "${unit_env[@]}" dbus-daemon --session --fork --address=unix:path=/run/unit/bus
	start unit-pipewire plain "${unit_env[@]}" pipewire
	start unit-watch retry "${unit_env[@]}" watch
	await unit-watch '^node unit-microphone Audio/Source/Virtual'
	WIREPLUMBER_DEBUG='2,spa.bluez5*:3' start unit-wireplumber plain "${unit_env[@]}" wireplumber
	run peer services hci1 "$patience" "$hfp_hf"
	start_unit_monitor --session $telephony
}

connect_unit() {
	run peer connect hci0 "$headset" "$hfp_hf"
	await callrouted 'a headset is ready \(HFP\)'
	# One of several, perhaps: it sees the radio's other end, too.
	await unit "InterfacesAdded .objectpath '([^']*/ag[0-9]+)'.*'Address': <'$machine'>"
	gateway=${BASH_REMATCH[1]}
	say "PipeWire as a hands-free unit is connected: $gateway"
}

unit_answers() {
	unit_ask "${call_of[$1]}" $telephony.Call1.Answer
}

unit_hangs_up() {
	unit_ask "${call_of[$1]}" $telephony.Call1.Hangup
}

unit_holds_and_answers() {
	unit_ask "$gateway" $telephony.AudioGateway1.HoldAndAnswer
}

unit_swaps() {
	unit_ask "$gateway" $telephony.AudioGateway1.SwapCalls
}

unit_sends_tones() {
	unit_ask "$gateway" $telephony.AudioGateway1.SendTones "$1"
}

unit_dials() {
	unit_ask "$gateway" $telephony.AudioGateway1.Dial "$1"
}

unit_sets_gain() {
	unit_ask "$gateway" org.freedesktop.DBus.Properties.Set $telephony.AudioGateway1 SpeakerVolume \
		"<byte $1>"
}

unit_shows_gain() {
	await unit "^$gateway: .*'SpeakerVolume': <byte 0x0$(printf %x "$1")>"
}

unit_takes_sound() {
	unit_ask "$gateway" $telephony.AudioGatewayTransport1.Activate
}

both_ways() {
	start unit-mouth "${unit_env[@]}" PIPEWIRE_AUTOCONNECT=false mouth "$microphone_hz"
	await unit-watch '^node mouth.playback'
	run "${unit_env[@]}" pw-link mouth.playback:output_MONO unit-microphone:input_MONO
	start unit-ear "${unit_env[@]}" ear --sink unit-speaker
	await unit-ear '^sound on'
	hears unit-ear "$2" "$2 Hz at the unit's loudspeaker"
	hears "$1" "$microphone_hz" "$microphone_hz Hz of its microphone here"
	stop unit-ear
	stop unit-mouth
}

start_buses
start_radio
start_sound
start_callrouted
start_api_monitor
start_unit
pair_unit
connect_unit
connect_music

answered_there alice +15550100 mSBC
both_ways alice "$voice_hz"
tones_there alice
gains_both_ways
hung_up_there alice

answered_here bob +15550101
taken_there bob mSBC
both_ways bob "$second_hz"
hung_up_here bob

rejected_there
missed
dialled_here
dialled_there

answered_there alice +15550100 mSBC
waiting_call alice
unit_is_refused "$gateway" $telephony.AudioGateway1.CreateMultiparty
at_command 'AT\+CHLD=3'
other_call_goes_on alice

callrouted_is_well
pass
