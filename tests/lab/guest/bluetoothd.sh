#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# bluetoothd's own hands-free role, of its experimental parts: another AT engine, and no sound. It opens the
# service level connection itself, as a car does that has just been started. At the end a callrouted of
# its own runs there, whose source of calls it is.
#
# shellcheck disable=SC1091,SC2154 # both are found in the guest, and set what is not set here
. /lab/share/guest/lib.sh
. /lab/share/guest/desktop.sh
. /lab/share/guest/unit.sh
. /lab/share/guest/steps.sh

connect_unit() {
	run peer connect hci1 "$machine" "$hfp_ag"
	await callrouted 'a headset is ready \(HFP\)'
	await unit "InterfacesAdded .objectpath '([^']*hci1[^']*/telephony[0-9]+)'"
	gateway=${BASH_REMATCH[1]}
	say "bluetoothd as a hands-free unit is connected: $gateway"
}

unit_answers() {
	unit_ask "${call_of[$1]}" org.bluez.Call1.Answer
}

unit_hangs_up() {
	unit_ask "${call_of[$1]}" org.bluez.Call1.Hangup
}

unit_dials() {
	unit_ask "$gateway" org.bluez.Telephony1.Dial "tel:$1"
}

car() {
	run "${car_env[@]}" "$@"
}

# On the same system bus as the phone's callrouted, which keeps the profile and the service of sound links;
# in a session of its own, and without PipeWire, as there is no sound.
start_car() {
	car_env=(env XDG_RUNTIME_DIR=/run/car DBUS_SESSION_BUS_ADDRESS=unix:path=/run/car/bus
		XDG_CONFIG_HOME=/run/car XDG_STATE_HOME=/run/car)
	mkdir -p /run/car
	run "${car_env[@]}" dbus-daemon --session --fork --address=unix:path=/run/car/bus
	start car sh -c 'exec "$@" 2>&1' car "${car_env[@]}" callrouted --verbose
	await car 'ready$'
	start told "${car_env[@]}" callroutectl monitor
	await told 'listening, route none'
}

# rings_in_car CALL NUMBER
rings_in_car() {
	start "$1" softphone --managed --provider --number "$2"
	await told " (call/[0-9]+) added .*Kind=phone.*State=incoming.*RemoteParty=tel:${2/+/\\+}"
	call=${BASH_REMATCH[1]}
	say "checked: the car shows the phone's call, with its number"
}

start_buses
start_radio --experimental
start_sound
start_callrouted
start_api_monitor
start_unit_monitor --system org.bluez
pair_unit
connect_unit
connect_music

answered_there alice +15550100 CVSD
waiting_missed alice
hung_up_there alice

answered_here bob +15550101
hung_up_here bob

rejected_there
missed
dialled_here
dialled_there

# ---- bluetoothd as a source of calls ---------------------------------------------------------------------

start_car
rings_in_car grace +15550106
stimulus
car callroutectl call answer
at_command ATA
await grace '^answer'
await grace '^state active'
await told " $call .*State=active"
stimulus
car callroutectl call hangup
at_command 'AT\+CHUP'
await grace '^hangup'
await grace '^state ended'
await told " $call removed"
stop grace
say "answered and hung up by the car's callrouted"

rings_in_car heidi +15550107
tell heidi answer
await heidi '^state active'
await told " $call .*State=active"
route_is handset P1
tell heidi remote-hangup
await told " $call removed"
stop heidi
must "the car's callrouted runs" kill -0 "${pid_of[car]}"
say "answered on the phone, ended by the caller"

callrouted_is_well
pass
