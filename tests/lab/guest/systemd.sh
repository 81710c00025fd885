#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# callrouted as its shipped unit in a user's session, with the distribution's units of bluetoothd, PipeWire
# and WirePlumber. In a call on a headset each of them is started again: what the headset is connected with
# survives callrouted in systemd's store of descriptors, and of the others nothing stays stuck.
#
# shellcheck disable=SC1091,SC2154 # both are found in the guest, and set what is not set here
. /lab/share/guest/lib.sh
. /lab/share/guest/desktop.sh

voice_hz=1000
microphone_hz=440

as_user() {
	exec setpriv --reuid=1000 --regid=1000 --init-groups -- env HOME=/home/user "$@"
}

user() {
	(as_user "$@")
}

property() {
	user busctl --user get-property org.callroute /org/callroute org.callroute.Manager1 "$1" |
		cut -d'"' -f2
}

# unit_property NAME: of callrouted's unit
unit_property() {
	user systemctl --user show --value --property "$1" callrouted
}

start_bluetoothd() {
	run systemctl start bluetooth
}

start_session() {
	run useradd --create-home --uid 1000 user
	mkdir -p /etc/pipewire/pipewire.conf.d /etc/wireplumber/wireplumber.conf.d
	cp /lab/share/guest/pipewire.conf /etc/pipewire/pipewire.conf.d/lab.conf
	cp /lab/share/guest/wireplumber.conf /etc/wireplumber/wireplumber.conf.d/60-lab.conf
	run systemctl start systemd-logind
	run systemctl start user@1000
	export XDG_RUNTIME_DIR=/run/user/1000
	export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
	start journal journalctl --follow --lines=0 --output=cat _SYSTEMD_USER_UNIT=callrouted.service
	run user systemctl --user start pipewire wireplumber
	start watch retry user watch
	await watch '^node speaker Audio/Sink'
	run peer services hci1 "$patience" "$a2dp_source" "$a2dp_sink"
	act user systemctl --user start callrouted
	await journal 'Registered as HFP Audio Gateway'
	await journal 'Audio agent .* for mSBC'
	say "the session is up: callrouted is $(unit_property ActiveState), watched each" \
		"$(unit_property WatchdogUSec)"
}

# call_on_headset: alice calls, and is answered there
call_on_headset() {
	start alice as_user softphone --managed --provider --tone "$voice_hz" --number +15550100
	await alice '^call /'
	await headset '^< RING'
	tell headset answer
	await alice '^state active'
	await headset '^sco up'
	await alice "^route none headset:$headset P2"
	hears headset "$voice_hz" "$voice_hz Hz at the headset"
}

# goes_on WHAT COMMAND…: the daemon is started again in that call, and the headset notices nothing
goes_on() {
	local what=$1 began since
	shift
	must "its channel is kept" [ "$(unit_property NFileDescriptorStore)" = 1 ]
	stimulus
	began=$mark_ms
	run "$@"
	await journal 'going on with a headset'
	await journal 'ready$'
	await alice '^call /'
	await alice "^route none headset:$headset P2"
	must "the route is right again within 2 s: $((found_ms - began)) ms" [ $((found_ms - began)) -le 2000 ]
	hears headset "$voice_hz" "$voice_hz Hz at the headset"
	hears alice "$microphone_hz" "$microphone_hz Hz in the softphone's capture"
	since=$began
	never headset '^> AT.BRSF' "$since" "no second service level connection"
	never headset '^closed' "$since" "its channel stayed open"
	never headset '^< RING' "$since" "it did not ring again"
	say "the call went on over $what"
}

hung_up_there() {
	tell headset hangup
	await headset '^> AT.CHUP'
	await headset '^< OK'
	await alice '^hangup'
	await alice '^state ended'
	await headset '^sco down'
	card_is a2dp-sink
	stop alice
	must "no route without a call" [ "$(property Route)" = none ]
	say "the headset's next button is answered"
}

start_radio
start_session
start_headset
tell headset "tone $microphone_hz"

call_on_headset
goes_on "systemctl restart" user systemctl --user restart callrouted
hung_up_there

call_on_headset
goes_on "its sudden death" user systemctl --user kill --signal=KILL callrouted
hung_up_there

# ---- the others are started again, each at another stage of a call -----------------------------------------

since_call() {
	never headset '^< RING' "$answered_ms" "it did not ring again"
}

# A2DP goes with the program that has its end points, and comes back as a user connects it.
connect_music() {
	run peer services hci1 "$patience" "$a2dp_source" "$a2dp_sink"
	peer connect hci0 "$headset" "$a2dp_sink" >>"$out/steps.log" 2>&1 || true
}

start alice as_user softphone --managed --provider --tone "$voice_hz" --number +15550100
await alice '^call /'
await headset '^< RING'
tell headset answer
await headset '^> ATA'
answered_ms=$found_ms
act user systemctl --user restart wireplumber
await watch "^gone card $card"
mark_ms=$found_ms # a link that came before that has gone with it
await headset '^sco up'
linked_ms=$found_ms
hears headset "$voice_hz" "$voice_hz Hz at the headset, WirePlumber having been started again at ATA"
must "by rule P2" [ "$(property Rule)" = P2 ]
since_call
connect_music
hears headset "$voice_hz" "$voice_hz Hz at the headset, its A2DP having come back"
never headset '^sco down' "$linked_ms" "one sound link after WirePlumber's start, and the same with A2DP"
hung_up_there

start talk as_user callroutectl call add voip --managed --number +15550101
await talk '^call [0-9]+'
await headset '^< RING'
run user systemctl --user restart pipewire
start watch retry user watch
await watch "^card $card profile"
tell headset answer
await headset '^> ATA'
answered_ms=$found_ms
await talk 'asked to answer'
await journal "route none -> headset:$headset by P2"
since_call
connect_music
tell headset hangup
await talk 'asked to hang up'
await headset '^indicator call 0'
card_is a2dp-sink
say "PipeWire was started again while it rang: the next button is answered, no profile is stuck"

call_on_headset
act systemctl restart bluetooth
answered_ms=$mark_ms
await headset '^closed'
await headset '^ready'
await alice "^route headset:$headset handset X2"
await journal 'Registered as HFP Audio Gateway'
run peer services hci1 "$patience" "$hfp_hf"
act peer connect hci0 "$headset" "$hfp_hf"
await headset '^slc up'
await alice "^route handset headset:$headset X1"
hears headset "$voice_hz" "$voice_hz Hz at the headset, bluetoothd having been started again in the call"
since_call
connect_music
hears headset "$voice_hz" "$voice_hz Hz at the headset, its A2DP having come back"
hung_up_there

must "callrouted was started again by itself once" [ "$(unit_property NRestarts)" = 1 ]
must "callrouted runs" [ "$(unit_property ActiveState)" = active ]
user systemd-analyze --user security callrouted.service --no-pager | tail -n 1 | sed 's/^/lab: user unit: /'
systemd-analyze security --offline=yes /usr/lib/systemd/system/callrouted-system.service --no-pager |
	tail -n 1 | sed 's/^/lab: system unit: /'
act user systemctl --user stop callrouted
must "callrouted ended with status 0" [ "$(unit_property ExecMainStatus)" = 0 ]
pass
