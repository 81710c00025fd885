#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# From a request to where the sound is, as tests/bench/bench-route.c has it, with the kernel's real Bluetooth: the
# daemon's ways to the headset; the floor, which is a client of PipeWire that asks for the profile at once;
# and WirePlumber's own switch. They take turns but for the last. The processor is an emulated one, so that
# only what stands side by side says anything. Leaves rows for tests/bench/table.
#
# shellcheck disable=SC1091,SC2154 # both are found in the guest, and set what is not set here
. /lab/share/guest/lib.sh
. /lab/share/guest/desktop.sh

rounds=5
answered=() picked=() bare=()     # to the links
switched=() bare_switched=() theirs=() # to the card's profile

# last NAME REGEX: the time of the last such line since the last stimulus, in $last_ms
last() {
	local event
	last_ms=
	drain
	for event in "${events[@]:mark}"; do
		! matches "$event" "$1" "$2" "$mark_ms" || last_ms=$found_ms
	done
	[ -n "$last_ms" ] || fail "$1: no line that matches \"$2\""
}

# linked PROGRAM: when the last of its two streams was linked with the headset, in $linked_ms
linked() {
	last watch "^link $1.playback bluez_output"
	linked_ms=$last_ms
	last watch "^link bluez_input[^ ]* $1.capture"
	((last_ms < linked_ms)) || linked_ms=$last_ms
}

median() {
	printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

# row WHAT MS BESIDE MS
row() {
	local ratio
	ratio=$(awk -v a="$2" -v b="$4" 'BEGIN { printf "%.2f", a / b }')
	printf '%s\t%s ms\t%s\t%s ms\t%s\n' "$1" "$2" "$3" "$4" "$ratio" >>"$out/rows"
	say "$1: $2 ms; $3 $4 ms; $ratio"
}

# ---- contenders ----------------------------------------------------------------------------------------

# A call that the headset answers, then the user's picks of the handset and of the headset again.
ours() {
	local from
	start softphone softphone --managed --provider --tone 1000 --number +15550100
	await softphone '^call /'
	await headset '^< RING'
	tell headset answer
	await headset '^> ATA'
	from=$found_ms
	await softphone "^route none headset:$headset P2"
	linked softphone
	answered+=($((linked_ms - from)))
	last watch "^card $card profile headset-head-unit"
	switched+=($((last_ms - from)))

	tell softphone 'route handset'
	await softphone "^route headset:$headset handset P4"
	await headset '^sco down'
	card_is a2dp-sink
	tell softphone 'route headset'
	from=$mark_ms
	await softphone "^route handset headset:$headset P4"
	linked softphone
	picked+=($((linked_ms - from)))

	tell softphone remote-hangup
	await softphone '^state ended'
	await headset '^sco down'
	card_is a2dp-sink
	stop softphone
}

# Music and a recording, which the session manager moves where the card goes. Fails where it has left one of
# them without links, as it does once in a while.
bare_turn() {
	local from
	start mouth mouth 300
	comes watch '^link mouth.playback bluez_output' 10 || return
	start ear ear --as Music
	comes watch '^link [^ ]* ear.capture' 10 || return
	tell watch "profile $card headset-head-unit"
	await watch '^asked'
	from=$found_ms
	await watch "^card $card profile headset-head-unit"
	bare_switched+=($((found_ms - from)))
	comes watch '^link bluez_input[^ ]* ear.capture' 10 || return
	last_ms=$found_ms
	comes watch '^link mouth.playback bluez_output' 10 || return
	((found_ms > last_ms)) || found_ms=$last_ms
	bare+=($((found_ms - from)))
}

end_music() {
	local name
	for name in mouth ear; do
		! kill -0 "${pid_of[$name]:-}" 2>/dev/null || stop "$name"
	done
	tell watch "profile $card a2dp-sink"
	card_is a2dp-sink
}

floor() {
	local tries status
	for ((tries = 0; tries < 3; tries++)); do
		bare_turn
		status=$?
		end_music
		((status != 0)) || return 0
		say "the session manager has left a stream without links: once more"
	done
	fail "the session manager links nothing"
}

# A recording that says what it is for.
wireplumber_by_itself() {
	local from
	start ear ear --as Communication
	await watch '^node ear.capture'
	from=$found_ms
	await watch "^card $card profile headset-head-unit"
	theirs+=($((found_ms - from)))
	stop ear
	card_is a2dp-sink
}

# WirePlumber is started anew with a switch of its own; the headset comes again, to a monitor that knows of it.
leave_it_to_wireplumber() {
	local config=$HOME/.config/wireplumber/wireplumber.conf.d/70-switch.conf
	echo 'wireplumber.settings = { bluetooth.autoswitch-to-headset-profile = true }' >"$config"
	act peer disconnect hci0 "$headset"
	await watch "^gone card $card"
	stimulus
	kill -TERM "${pid_of[wireplumber]}"
	wait "${pid_of[wireplumber]}" || true
	start wireplumber plain wireplumber
	await callrouted 'Audio agent .* for mSBC'
	run peer services hci1 "$patience" "$a2dp_source" "$a2dp_sink"
	act peer connect hci0 "$headset" "$hfp_hf"
	run peer connect hci0 "$headset" "$a2dp_sink"
	await headset '^slc up'
	await watch "^card $card profile a2dp-sink"
	await watch '^node bluez_input'
}

start_buses
start_radio
start_sound
start_callrouted
start_headset

for ((round = 0; round < rounds; round++)); do
	ours
	floor
done
leave_it_to_wireplumber
for ((round = 0; round < rounds; round++)); do
	wireplumber_by_itself
done

row 'lab: ATA to links on the headset, from A2DP' "$(median "${answered[@]}")" floor "$(median "${bare[@]}")"
row 'lab: SetRoute to links, handset to headset' "$(median "${picked[@]}")" floor "$(median "${bare[@]}")"
row 'lab: ATA to headset mode' "$(median "${switched[@]}")" floor "$(median "${bare_switched[@]}")"
row 'lab: ATA to headset mode' "$(median "${switched[@]}")" WirePlumber "$(median "${theirs[@]}")"
pass
