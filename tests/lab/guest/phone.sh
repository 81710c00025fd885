#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# A phone and a car kit, callrouted on both. This machine is the phone, the gateway; the other end is a
# machine of its own, with its own sessions, PipeWire and callrouted, where PipeWire is the hands-free unit
# and org.pipewire.Telephony the source of calls. What the phone has are phone calls there.
#
# shellcheck disable=SC1091,SC2154 # both are found in the guest, and set what is not set here
. /lab/share/guest/lib.sh
. /lab/share/guest/desktop.sh
. /lab/share/guest/unit.sh
. /lab/share/guest/steps.sh
. /lab/share/guest/pair.sh

microphone_hz=440

car() {
	run "${unit_env[@]}" "$@"
}

# Its own system bus, without a bluetoothd: the only one here belongs to the phone's callrouted.
start_car() {
	start_pair pipewire.conf speaker
	run dbus-daemon --system --nopidfile --fork --address=unix:path=/run/unit/system
	start car sh -c 'exec "$@" 2>&1' car "${unit_env[@]}" \
		DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/unit/system callrouted --verbose
	await car 'ready$'
	start told "${unit_env[@]}" callroutectl monitor
	await told 'listening, route none'
}

# rings_in_car CALL NUMBER HZ
rings_in_car() {
	start "$1" softphone --managed --provider --number "$2" --tone "$3"
	await told " (call/[0-9]+) added .*Kind=phone.*State=incoming.*RemoteParty=tel:${2/+/\\+}"
	call=${BASH_REMATCH[1]}
	say "checked: the car shows the phone's call, with its number"
}

car_call_is() {
	await told " $call .*State=$1"
}

# heard_in_car CALL SINK HZ: both ways, the caller at that sink of the car
heard_in_car() {
	start ear "${unit_env[@]}" ear --sink "$2"
	await ear '^sound on'
	hears ear "$3" "$3 Hz at the car's $2"
	stop ear
	hears "$1" "$microphone_hz" "$microphone_hz Hz of the car's microphone at the phone"
}

# over_in_car CALL
over_in_car() {
	await "$1" '^state ended'
	await told " $call removed"
	await told ' route .* -> none by'
	stop "$1"
}

start_buses
start_radio
start_sound
start_callrouted
start_car
pair_unit
connect_unit
start_mouth microphone "$microphone_hz"

# ---- answered in the car: the sound is there -------------------------------------------------------------

rings_in_car alice +15550100 "$voice_hz"
stimulus
car callroutectl call answer
at_command ATA
await alice '^answer'
await alice '^state active'
await alice "^route none headset:$headset P2"
await told ' route none -> handset by P1'
car_call_is active
heard_in_car alice handset "$voice_hz"

stimulus
car callroutectl route speaker
await told ' route handset -> speaker by P4'
heard_in_car alice speaker "$voice_hz"

stimulus
car callroutectl call hangup
at_command 'AT\+(CHUP|CHLD=1[0-9]?)'
await alice '^hangup'
over_in_car alice
say "answered and hung up in the car"

# ---- by the car's setting, and hung up on the phone --------------------------------------------------------

car callroutectl set routing speaker
rings_in_car bob +15550101 "$second_hz"
stimulus
car callroutectl call answer
at_command ATA
await bob '^state active'
await told ' route none -> speaker by P5'
heard_in_car bob speaker "$second_hz"
tell bob hangup
over_in_car bob
car callroutectl set routing automatic
say "answered in the car, hung up on the phone"

# ---- answered on the phone: the sound stays there ------------------------------------------------------------

rings_in_car carol +15550102 "$voice_hz"
since=$mark_ms
tell carol answer
await carol '^state active'
await carol '^route none handset P1'
await carol '^streams up'
car_call_is active
start ear ear --sink handset
await ear '^sound on'
hears ear "$voice_hz" "$voice_hz Hz at the phone's handset"
stop ear
never callrouted 'sound link to a headset is up' "$since" "no sound link to the car in that call"
route_is handset P1
stimulus
car callroutectl call hangup
at_command 'AT\+(CHUP|CHLD=1[0-9]?)'
await carol '^hangup'
over_in_car carol
say "answered on the phone, hung up in the car"

# ---- rejected, and missed ----------------------------------------------------------------------------------

rings_in_car dave +15550103 "$voice_hz"
stimulus
car callroutectl call hangup
at_command 'AT\+CHUP'
await dave '^hangup'
await dave '^state ended'
await told " $call removed"
stop dave
rings_in_car erin +15550104 "$voice_hz"
tell erin remote-hangup
await told " $call removed"
stop erin
say "rejected in the car; missed"

must "the car's callrouted runs" kill -0 "${pid_of[car]}"
never car 'error:' 0 "the car's callrouted has no errors to tell"
callrouted_is_well
pass
