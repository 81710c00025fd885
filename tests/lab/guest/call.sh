#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# One call answered on the headset (rule P2: its sound is there), and one answered on this machine (rule
# P1: its sound is at the handset, although the headset is connected). Tones go both ways, and are
# measured where they come out.
#
# shellcheck disable=SC1091,SC2154 # both are found in the guest, and set what is not set here
. /lab/share/guest/lib.sh
. /lab/share/guest/desktop.sh

voice_hz=1000      # what the other party says
microphone_hz=440  # what the hands-free unit's microphone hears
second_hz=700      # the other party of the second call

property() {
	busctl --user get-property org.callroute /org/callroute org.callroute.Manager1 "$1" |
		cut -d'"' -f2
}

# When did the sound begin at the hands-free unit? Measured in steps of 200 ms until it is heard; the share
# of windows that carry it tells where in the step. Leaves $began_ms.
first_heard() {
	local now end share
	now_ms
	end=$((now + patience * 1000))
	while ((now < end)); do
		tell headset "measure 0.2"
		await headset '^heard'
		if heard_tone "$1"; then
			share=${found##* }
			began_ms=$((found_ms - 2 * 10#${share/./}))
			return 0
		fi
		now_ms
	done
	fail "the hands-free unit does not hear $1 Hz"
}

start_buses
start_radio
start_sound
start_callrouted
start_headset

# ---- answered on the headset -----------------------------------------------------------------------

tell headset "tone $microphone_hz"
start softphone softphone --managed --provider --tone "$voice_hz" --number +15550100 --name Alice
await softphone '^call /'
say "incoming call: ${found#call }"
await headset '^indicator callsetup 1'
await headset '^< RING'
await headset '^< \+CLIP: "\+15550100",145,,,"Alice"'
say "the hands-free unit rings and knows the number"

tell headset answer
await headset '^> ATA'
ata_ms=$found_ms
await softphone '^answer'
await softphone '^state active'
await watch "^card $card profile headset-head-unit"
await headset '^sco up'
sco_ms=$found_ms
await softphone "^route none headset:$headset P2"
route_ms=$found_ms
await softphone '^sound on'
microphone_ms=$found_ms
first_heard "$voice_hz"
voice_ms=$began_ms
must "the route is the headset's" [ "$(property Route)" = "headset:$headset" ]
must "by rule P2" [ "$(property Rule)" = P2 ]

hears headset "$voice_hz" "$voice_hz Hz at the hands-free unit"
hears softphone "$microphone_hz" "$microphone_hz Hz in the softphone's capture"

say "from ATA: SCO up after $((sco_ms - ata_ms)) ms, the route in force after" \
	"$((route_ms - ata_ms)) ms, the voice there after $((voice_ms - ata_ms)) ms, its microphone" \
	"here after $((microphone_ms - ata_ms)) ms"
timeline "$ata_ms"

tell headset hangup
await softphone '^hangup'
await softphone '^state ended'
await headset '^sco down'
await watch "^card $card profile a2dp-sink"
must "no route without a call" [ "$(property Route)" = none ]
say "hung up on the headset; its card is back in A2DP"
stop softphone

# ---- answered on this machine ----------------------------------------------------------------------

start second softphone --managed --provider --tone "$second_hz" --number +15550101
second_ms=$mark_ms
await second '^call /'
await headset '^< \+CLIP: "\+15550101"'
tell second answer
await second '^state active'
await second '^route none handset P1'
await second '^streams up'
start ear ear --sink handset
await ear '^sound on'
hears ear "$second_hz" "$second_hz Hz at the handset"
must "the route is the handset" [ "$(property Route)" = handset ]
must "by rule P1" [ "$(property Rule)" = P1 ]
never headset '^sco up' "$second_ms" "no sound link to the hands-free unit in that call"
never watch "^card $card profile headset" "$second_ms" "its card stayed in A2DP"

tell second remote-hangup
await second '^state ended'
await headset '^indicator call 0'
stop ear
stop second
say "every step was seen"
pass
