# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# The other end as a whole machine with callrouted, say a car: this machine, a phone, is the gateway, and what
# it has are phone calls there. A scenario has the car's hands-free unit, and starts callrouted in it.
#
# The car has a system bus of its own, as the only bluetoothd belongs to the phone's callrouted. Of the
# laboratory's system bus it sees what is shown to it.
# shellcheck disable=SC2034,SC2154

car_bus=unix:path=/run/unit/system

car() {
	run "${unit_env[@]}" "$@"
}

start_car_bus() {
	run dbus-daemon --system --nopidfile --fork --address="$car_bus"
}

# show_car NAME [HIDDEN]: a program of the system bus, without its objects at that path and below
show_car() {
	start bridge bridge "$car_bus" "$@"
	await bridge '^ready'
}

# A car kit serves no headsets.
start_car() {
	local config=/run/unit/config/callroute
	mkdir -p "$config"
	echo 'bluetooth = { gateway = false }' >"$config/callroute.conf"
	start car sh -c 'exec "$@" 2>&1' car "${unit_env[@]}" \
		DBUS_SYSTEM_BUS_ADDRESS="$car_bus" callrouted --verbose
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

# answered_in_car CALL RULE ROUTE: by the car's user
answered_in_car() {
	stimulus
	car callroutectl call answer
	at_command ATA
	await "$1" '^answer'
	await "$1" '^state active'
	await "$1" "^route none headset:$headset P2"
	await told " route none -> $3 by $2"
	car_call_is active
}

# answered_on_phone CALL: its sound stays here
answered_on_phone() {
	local since=$mark_ms
	tell "$1" answer
	await "$1" '^state active'
	await "$1" '^route none handset P1'
	await "$1" '^streams up'
	car_call_is active
	start ear ear --sink handset
	await ear '^sound on'
	hears ear "$voice_hz" "$voice_hz Hz at the phone's handset"
	stop ear
	never callrouted 'sound link to a headset is up' "$since" "no sound link to the car in that call"
	route_is handset P1
}

# hung_up_in_car CALL
hung_up_in_car() {
	stimulus
	car callroutectl call hangup
	at_command 'AT\+(CHUP|CHLD=1[0-9]?)'
	await "$1" '^hangup'
	over_in_car "$1"
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

# ---- steps: each begins and ends without a call ----------------------------------------------------------

# The sound is there: at the handset, where the car's user says, and by the car's setting.
answered_with_sound_in_car() {
	rings_in_car alice +15550100 "$voice_hz"
	answered_in_car alice P1 handset
	heard_in_car alice handset "$voice_hz"
	stimulus
	car callroutectl route speaker
	await told ' route handset -> speaker by P4'
	heard_in_car alice speaker "$voice_hz"
	hung_up_in_car alice
	say "answered and hung up in the car"

	car callroutectl set routing speaker
	rings_in_car bob +15550101 "$second_hz"
	answered_in_car bob P5 speaker
	heard_in_car bob speaker "$second_hz"
	tell bob hangup
	over_in_car bob
	car callroutectl set routing automatic
	say "answered in the car, hung up on the phone"
}

# The same steps, where nobody in the car takes the sound link.
answered_without_sound_in_car() {
	rings_in_car alice +15550100 "$voice_hz"
	answered_in_car alice P1 handset
	hung_up_in_car alice
	say "answered and hung up in the car"

	car callroutectl set routing speaker
	rings_in_car bob +15550101 "$second_hz"
	answered_in_car bob P5 speaker
	tell bob hangup
	over_in_car bob
	car callroutectl set routing automatic
	say "answered in the car, hung up on the phone"
}

# Answered on the phone, rejected, and missed.
not_answered_in_car() {
	rings_in_car carol +15550102 "$voice_hz"
	answered_on_phone carol
	hung_up_in_car carol
	say "answered on the phone, hung up in the car"

	rings_in_car dave +15550103 "$voice_hz"
	stimulus
	car callroutectl call hangup
	at_command 'AT\+CHUP'
	await dave '^hangup'
	await dave '^state ended'
	await told " $call removed"
	stop dave
	say "rejected in the car"

	rings_in_car erin +15550104 "$voice_hz"
	tell erin remote-hangup
	await told " $call removed"
	stop erin
	say "missed"
}

car_is_well() {
	must "the car's callrouted runs" kill -0 "${pid_of[car]}"
	never car 'error:' 0 "the car's callrouted has no errors to tell"
	never told 'added Kind=voip' 0 "the car has no calls but the phone's"
}
