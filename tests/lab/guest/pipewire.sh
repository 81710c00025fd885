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
. /lab/share/guest/pair.sh

microphone_hz=440
telephony=org.pipewire.Telephony

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
	start_mouth unit-microphone "$microphone_hz"
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
start_pair unit-pipewire.conf unit-microphone native
start_unit_monitor --session org.pipewire.Telephony
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
