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
. /lab/share/guest/car.sh

microphone_hz=440

start_buses
start_radio
start_sound
start_callrouted
start_pair pipewire.conf speaker native
start_unit_monitor --session org.pipewire.Telephony
start_car_bus
start_car
pair_unit
connect_unit
start_mouth microphone "$microphone_hz"

answered_with_sound_in_car
not_answered_in_car

car_is_well
callrouted_is_well
pass
