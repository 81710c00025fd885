# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# The steps that scenarios with hands-free units of others are made of. Each begins without a call and
# ends without one, but for those whose names say otherwise. What a unit is asked to do is a function of
# its scenario:
#
#	unit_answers CALL, unit_hangs_up CALL
#	unit_holds_and_answers, unit_swaps	where it can (AT+CHLD=2)
#	unit_sends_tones DIGITS, unit_dials NUMBER
#	unit_sets_gain GAIN, unit_shows_gain GAIN	of its loudspeaker, 0 to 15; the latter awaits it
#	unit_takes_sound			AT+BCC, or a sound link of its own
#	unit_gives_sound_back			closes the link
#	both_ways CALL HZ			both directions of its sound, measured where it has any
# shellcheck disable=SC2154

voice_hz=1000
second_hz=700

manager_property() {
	busctl --user get-property org.callroute /org/callroute org.callroute.Manager1 "$1" |
		cut -d'"' -f2
}

# What is told of the daemon's objects, as events of "api".
start_api_monitor() {
	start api gdbus monitor --session --dest org.callroute
	await api 'is owned by'
}

# rings CALL NUMBER [HZ]: a softphone has an incoming call, and the unit shows it
rings() {
	start "$1" softphone --managed --provider --number "$2" --name "Ann O'Hara" --tone "${3:-$voice_hz}"
	await "$1" '^call /'
	shows "$1" incoming "$2"
}

# route_is ROUTE RULE
route_is() {
	local route rule
	route=$(manager_property Route)
	rule=$(manager_property Rule)
	must "the route is $1, by rule $2" [ "$route $rule" = "$1 $2" ]
}

# over CALL: it has ended everywhere, and the unit is back in A2DP
over() {
	await "$1" '^state ended'
	gone "$1"
	card_is a2dp-sink
	stop "$1"
}

# ---- steps ---------------------------------------------------------------------------------------------

# answered_there CALL NUMBER CODEC: leaves the call, with its sound there
answered_there() {
	rings "$1" "$2"
	unit_answers "$1"
	at_command ATA
	await "$1" '^answer'
	becomes "$1" active
	await "$1" '^state active'
	await callrouted "Sound link to .*: $3, "
	await "$1" "^route none headset:$headset P2"
	route_is "headset:$headset" P2
	say "answered there: $3"
}

# hung_up_there CALL
hung_up_there() {
	unit_hangs_up "$1"
	at_command 'AT\+CHUP'
	await "$1" '^hangup'
	over "$1"
	must "no route without a call" [ "$(manager_property Route)" = none ]
	say "hung up there"
}

# tones_there CALL: DTMF reaches the softphone
tones_there() {
	local digit
	unit_sends_tones '12#'
	for digit in 1 2 '#'; do
		await "$1" "^dtmf $digit"
	done
	say "checked: tones sent there: 1 2 #"
}

# Volume, both ways: set there it is the endpoint's here, and set as an audio agent may it is shown there.
gains_both_ways() {
	local transport
	unit_sets_gain 12
	at_command 'AT\+VGS=12'
	await api "'SpeakerGain': <byte 0x0c>"
	transport=$(busctl tree --list org.hsphfpd | grep '/audio[0-9]*$')
	act busctl set-property org.hsphfpd "$transport" org.hsphfpd.AudioTransport TxVolumeGain q 14
	await callrouted ' < \+VGS: 14'
	unit_shows_gain 14
	say "checked: volume set there, and set here"
}

# answered_here CALL NUMBER: leaves the call, with its sound at the handset
answered_here() {
	local since
	rings "$1" "$2" "$second_hz"
	since=$mark_ms
	tell "$1" answer
	await "$1" '^state active'
	becomes "$1" active
	await "$1" '^route none handset P1'
	await "$1" '^streams up'
	route_is handset P1
	never callrouted 'sound link to a headset is up' "$since" "no sound link to the unit in that call"
	never watch "^card $card profile headset" "$since" "its card stayed in A2DP"
}

# taken_there CALL CODEC: the unit takes the sound of a call that is at the handset
taken_there() {
	unit_takes_sound
	await callrouted "Sound link to .*: $2, "
	await "$1" "^route handset headset:$headset X5"
	route_is "headset:$headset" X5
	say "the unit took the sound: $2"
}

# given_back CALL: the unit closes its sound link, and the call goes on here
given_back() {
	unit_gives_sound_back
	await "$1" "^route headset:$headset handset X4"
	route_is handset X4
	card_is a2dp-sink
	say "the unit gave the sound back"
}

# hung_up_here CALL
hung_up_here() {
	tell "$1" hangup
	over "$1"
	say "hung up here"
}

rejected_there() {
	rings carol +15550102
	unit_hangs_up carol
	at_command 'AT\+CHUP'
	await carol '^hangup'
	await carol '^state ended'
	gone carol
	stop carol
	say "rejected there"
}

# The caller gives up: nothing rings any more there.
missed() {
	rings carol +15550102
	tell carol remote-hangup
	await carol '^state ended'
	gone carol
	stop carol
	say "missed"
}

# Dialled here, answered by the other party, held and resumed here.
dialled_here() {
	start dave softphone --managed --provider --outgoing --number +15550103
	await dave '^call /'
	shows dave dialing +15550103
	tell dave answer
	await dave '^state active'
	becomes dave active
	tell dave hold
	await dave '^state held'
	becomes dave held
	tell dave unhold
	await dave '^state active'
	becomes dave active
	hung_up_here dave
}

# Dialled there: a softphone that said that it can begins the call, whose sound is there (rule P7).
dialled_there() {
	start frank softphone --managed --provider --dials --tone "$voice_hz"
	await frank '^ok RegisterProvider'
	unit_dials +15550105
	at_command 'ATD\+15550105;'
	await frank '^dial tel:\+15550105'
	await frank '^call /'
	shows frank dialing +15550105
	await frank "^route none headset:$headset P7"
	route_is "headset:$headset" P7
	tell frank answer
	await frank '^state active'
	becomes frank active
	await callrouted 'Sound link to '
	both_ways frank "$voice_hz"
	say "dialled there"
	hung_up_there frank
}

# waiting_missed CALL: in that call, a second caller waits, and gives up. Leaves the first.
waiting_missed() {
	start erin softphone --managed --provider --number +15550104
	await erin '^call /'
	shows erin waiting +15550104
	tell erin remote-hangup
	await erin '^state ended'
	gone erin
	stop erin
	say "a waiting caller gave up"
}

# waiting_call CALL: a second call waits, is taken there, and the two are swapped there. Leaves both, the
# second one held.
waiting_call() {
	start erin softphone --managed --provider --number +15550104 --tone "$second_hz"
	await erin '^call /'
	shows erin waiting +15550104

	unit_holds_and_answers
	at_command 'AT\+CHLD=2'
	await "$1" '^hold'
	await erin '^answer'
	becomes "$1" held
	becomes erin active
	await erin '^state active'
	say "the waiting call was taken there, the first one is held"

	unit_swaps
	at_command 'AT\+CHLD=2'
	await erin '^hold'
	await "$1" '^unhold'
	becomes erin held
	becomes "$1" active
	say "swapped there"
}

# other_call_goes_on CALL: ends what waiting_call left. A unit that hangs up with AT+CHLD=1 takes the held
# call with it; after AT+CHUP that call stays held (HFP 1.8 §4.15) until the unit takes it.
other_call_goes_on() {
	local command
	unit_hangs_up "$1"
	at_command 'AT\+(CHUP|CHLD=1[0-9]?)'
	command=$found
	await "$1" '^state ended'
	gone "$1"
	if [[ $command == *CHUP ]]; then
		unit_swaps
		at_command 'AT\+CHLD=2'
	fi
	await erin '^unhold'
	becomes erin active
	stop "$1"
	route_is "headset:$headset" P2
	tell erin remote-hangup
	over erin
	say "the second call went on, and was ended by the other party"
}

# The daemon ran to the end, and ends well.
callrouted_is_well() {
	must "callrouted runs" kill -0 "${pid_of[callrouted]}"
	never callrouted 'error:' 0 "callrouted has no errors to tell"
	stop_callrouted
}
