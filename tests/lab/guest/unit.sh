# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# A hands-free unit that others wrote, as its D-Bus interface shows it. What is the same for all of them
# is here: each has an object for a call, whose path ends in callN, and tells of the call's state in a
# signal. "gdbus monitor" prints those, and its lines are the events of "unit".
#
# A scenario starts the unit, calls start_unit_monitor, connects it, and plays the steps of steps.sh. Where
# the unit's session is not this machine's, it sets $unit_env, an env command.
# shellcheck disable=SC2034,SC2154

unit_env=(env)
gateway= # the object that stands for us there, above those of calls
declare -A call_of

# start_unit_monitor --system|--session NAME
start_unit_monitor() {
	unit_bus=$1
	unit_name=$2
	start unit "${unit_env[@]}" gdbus monitor "$unit_bus" --dest "$unit_name"
	# It says who owns the name, and then it listens.
	await unit 'is owned by'
}

# The two machines know each other, and the unit may connect by itself from then on.
pair_unit() {
	act peer visible hci1
	run peer pair hci0 "$headset"
	run peer trust hci1 "$machine"
}

# Until the unit's channel is closed here.
disconnect_unit() {
	act peer disconnect hci0 "$headset"
	await callrouted "a headset's channel is closed"
}

connect_music() {
	run peer connect hci0 "$headset" "$a2dp_sink"
	card_is a2dp-sink
}

# unit_ask OBJECT METHOD ARGUMENT…: a step there that must succeed
unit_ask() {
	stimulus
	unit_call "$@" || fail "$2 (status $?): $(tail -n 1 "$out/steps.log")"
}

# unit_is_refused OBJECT METHOD ARGUMENT…: a step there that must fail
unit_is_refused() {
	stimulus
	! unit_call "$@" || fail "not so: $2 is refused"
}

unit_call() {
	local object=$1 method=$2
	shift 2
	"${unit_env[@]}" gdbus call "$unit_bus" --dest "$unit_name" --object-path "$object" \
		--method "$method" "$@" >>"$out/steps.log" 2>&1
}

# at_command REGEX: the unit sent it to us
at_command() {
	await callrouted " > $1\$"
}

# shows CALL STATE NUMBER: a new call is there, in this state and with this number
shows() {
	await unit "objectpath '($gateway/[^']*call[0-9]+)'"
	call_of[$1]=${BASH_REMATCH[1]}
	await unit "${call_of[$1]}(:|').*'State'[:,] <'$2'>"
	await unit "${call_of[$1]}(:|').*'LineIdentification'[:,] <'${3/+/\\+}'>"
	say "checked: the unit shows $1's call: $2, $3"
}

# becomes CALL STATE
becomes() {
	await unit "${call_of[$1]}: .*'State'[:,] <'$2'>"
}

# gone CALL
gone() {
	await unit "(CallRemoved|InterfacesRemoved).*'${call_of[$1]}'"
}
