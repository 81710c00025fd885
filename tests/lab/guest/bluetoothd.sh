#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# bluetoothd's own hands-free role, of its experimental parts: another AT engine, and no sound. It opens the
# service level connection itself, as a car does that has just been started. At the end callrouted is in the
# car, too, with bluetoothd as its source of calls.
#
# shellcheck disable=SC1091,SC2154 # both are found in the guest, and set what is not set here
. /lab/share/guest/lib.sh
. /lab/share/guest/desktop.sh
. /lab/share/guest/unit.sh
. /lab/share/guest/steps.sh
. /lab/share/guest/pair.sh
. /lab/share/guest/car.sh

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

# It takes the sound link, and neither plays nor records.
both_ways() {
	:
}

unit_dials() {
	unit_ask "$gateway" org.bluez.Telephony1.Dial "tel:$1"
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

# ---- callrouted in the car ----------------------------------------------------------------------------

start_unit_pipewire pipewire.conf speaker
start_car_bus
show_car org.bluez /org/bluez/hci0
start_car

answered_without_sound_in_car
not_answered_in_car

car_is_well
callrouted_is_well
pass
