#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# oFono as the hands-free unit, which some cars have: its own AT engine, another D-Bus interface, and the
# sound left to an agent, which is ours. At the end callrouted is in the car, too, with oFono as its source of
# calls and PipeWire as oFono's agent.
#
# shellcheck disable=SC1091,SC2154 # both are found in the guest, and set what is not set here
. /lab/share/guest/lib.sh
. /lab/share/guest/desktop.sh
. /lab/share/guest/unit.sh
. /lab/share/guest/steps.sh
. /lab/share/guest/pair.sh
. /lab/share/guest/car.sh

microphone_hz=440
audio= # our sound there

start_unit() {
	# The other half of its Bluetooth plug-ins would want the gateway's profile.
	start ofonod /opt/ofono/usr/sbin/ofonod --nodetach \
		--noplugin=hfp_ag_bluez5,hfp_ag_bluez4,dun_gw_bluez5,dun_gw_bluez4
	run peer services hci1 "$patience" "$hfp_hf"
	start_unit_monitor --system org.ofono
}

# start_agent CODEC…: before the connection, for it offers what the agent can
start_agent() {
	start agent agent "$@"
	await agent '^ready'
	tell agent "tone $microphone_hz"
}

connect_unit() {
	run peer connect hci0 "$headset" "$hfp_hf"
	await callrouted 'a headset is ready \(HFP\)'
	# It shows a modem for either end of the radio.
	await unit '^(/[^:]*hci1[^:]*): .*Interfaces.*VoiceCallManager'
	gateway=${BASH_REMATCH[1]}
	await unit "CardAdded .objectpath '([^']*)'"
	audio=${BASH_REMATCH[1]}
	say "oFono is connected: $gateway"
}

unit_answers() {
	unit_ask "${call_of[$1]}" org.ofono.VoiceCall.Answer
}

unit_hangs_up() {
	unit_ask "${call_of[$1]}" org.ofono.VoiceCall.Hangup
}

unit_holds_and_answers() {
	unit_ask "$gateway" org.ofono.VoiceCallManager.HoldAndAnswer
}

unit_swaps() {
	unit_ask "$gateway" org.ofono.VoiceCallManager.SwapCalls
}

unit_sends_tones() {
	unit_ask "$gateway" org.ofono.VoiceCallManager.SendTones "$1"
}

unit_dials() {
	unit_ask "$gateway" org.ofono.VoiceCallManager.Dial "$1" ''
}

# In percent, of 15 steps.
unit_sets_gain() {
	unit_ask "$gateway" org.ofono.CallVolume.SetProperty SpeakerVolume "<byte $(($1 * 100 / 15))>"
}

unit_shows_gain() {
	await unit "^$gateway: .*'SpeakerVolume', <byte 0x$(printf %02x $(($1 * 100 / 15)))>"
}

unit_takes_sound() {
	tell agent "connect $audio"
}

unit_gives_sound_back() {
	tell agent close
}

both_ways() {
	await agent '^sco up'
	hears agent "$2" "$2 Hz at the unit's loudspeaker"
	hears "$1" "$microphone_hz" "$microphone_hz Hz of its microphone here"
}

mkdir -p /etc/dbus-1/system.d
cp /opt/ofono/etc/dbus-1/system.d/ofono.conf /etc/dbus-1/system.d/
start_buses
start_radio
start_sound
start_callrouted
start_api_monitor
start_unit
pair_unit
start_agent 1 2
connect_music
connect_unit

answered_there alice +15550100 mSBC
both_ways alice "$voice_hz"
tones_there alice
gains_both_ways
hung_up_there alice

answered_here bob +15550101
taken_there bob mSBC
both_ways bob "$second_hz"
given_back bob
hung_up_here bob

rejected_there
missed
dialled_here
dialled_there

answered_there alice +15550100 mSBC
waiting_call alice
other_call_goes_on alice

# ---- an agent without mSBC ----------------------------------------------------------------------------

disconnect_unit
stop agent
start_agent 1
connect_unit
connect_music
answered_there alice +15550100 CVSD
both_ways alice "$voice_hz"
hung_up_there alice

# ---- callrouted in the car ----------------------------------------------------------------------------

stop agent
start_pair pipewire.conf speaker ofono
await unit-watch "^card bluez_card.${machine//:/_} profile audio-gateway"
start_car_bus
show_car org.ofono
start_car
start_mouth microphone "$microphone_hz"

answered_with_sound_in_car
not_answered_in_car

car_is_well
callrouted_is_well
pass
