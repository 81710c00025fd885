# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# A desktop with a radio: two virtual Bluetooth controllers that hear each other (hci0 is this machine's,
# hci1 the hands-free unit's), bluetoothd, the two message buses, PipeWire and WirePlumber; and callrouted
# on it, with a hands-free unit to talk to.
#
# Sets $machine and $headset, the two addresses, and $card, the hands-free unit's card in PipeWire.
# shellcheck disable=SC2034,SC2154

hfp_ag=0000111f-0000-1000-8000-00805f9b34fb
hfp_hf=0000111e-0000-1000-8000-00805f9b34fb
a2dp_source=0000110a-0000-1000-8000-00805f9b34fb
a2dp_sink=0000110b-0000-1000-8000-00805f9b34fb

start_buses() {
	mkdir -p /run/dbus /run/user/0
	chmod 700 /run/user/0
	export XDG_RUNTIME_DIR=/run/user/0
	run dbus-uuidgen --ensure
	run dbus-daemon --system --fork
	DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
	export DBUS_SESSION_BUS_ADDRESS
	run dbus-daemon --session --fork --address="$DBUS_SESSION_BUS_ADDRESS"
}

start_bluetoothd() {
	start bluetoothd /usr/libexec/bluetooth/bluetoothd -n "$@"
}

# start_radio ARGUMENT…: of bluetoothd
start_radio() {
	run modprobe hci_vhci
	run modprobe rfcomm
	start btvirt btvirt -l2
	# Set up first: a bluetoothd that starts in the middle of it may miss a controller for good.
	run hci wait 2 "$patience"
	start credits hci credits
	cat >/etc/bluetooth/main.conf <<-CONF
	[General]
	Class = 0x000404
	DiscoverableTimeout = 0
	[Policy]
	AutoEnable = true
	CONF
	start_bluetoothd "$@"
	run peer services hci0 "$patience"
	run peer services hci1 "$patience"
	headset=$(peer address hci1)
	machine=$(peer address hci0)
	card=bluez_card.${headset//:/_}
	say "radio is up: this machine is $machine, the hands-free unit $headset"
}

start_sound() {
	local at=/lab/share/guest config=$HOME/.config
	mkdir -p "$config/pipewire/pipewire.conf.d" "$config/wireplumber/wireplumber.conf.d"
	cp "$at/pipewire.conf" "$config/pipewire/pipewire.conf.d/lab.conf"
	cp "$at/wireplumber.conf" "$config/wireplumber/wireplumber.conf.d/60-lab.conf"
	start pipewire plain pipewire
	start watch retry watch
	await watch '^node speaker Audio/Sink'
	WIREPLUMBER_DEBUG='2,spa.bluez5*:3' start wireplumber plain wireplumber
	# A2DP in both directions on both adapters: PipeWire is there.
	run peer services hci1 "$patience" "$a2dp_source" "$a2dp_sink"
	say "sound is up: $(pipewire --version | sed -n 's/^Compiled with //p')"
}

start_callrouted() {
	# Its log lines are events, too.
	start callrouted sh -c 'exec callrouted --verbose 2>&1'
	await callrouted 'ready$'
	await callrouted 'Registered as HFP Audio Gateway'
	await callrouted 'Audio agent .* for mSBC'
}

# Ends the daemon as a service manager does.
stop_callrouted() {
	stimulus
	kill -TERM "${pid_of[callrouted]}"
	wait "${pid_of[callrouted]}" || fail "callrouted ended with status $?"
}

# The hands-free unit, paired with and connected: its AT channel, and A2DP for media.
start_headset() {
	start headset headset --bluez hci1
	run peer services hci1 "$patience" "$hfp_hf"
	run peer pair hci0 "$headset"
	act peer connect hci0 "$headset" "$hfp_hf"
	run peer connect hci0 "$headset" "$a2dp_sink"
	await headset '^slc up'
	await watch "^card $card profile a2dp-sink"
	say "the hands-free unit is paired and connected, its card in A2DP"
}

# card_is PROFILE: the hands-free unit's card is in it, or comes to be
card_is() {
	local event profile=
	drain
	for event in "${events[@]}"; do
		! matches "$event" watch "^card $card profile" 0 || profile=${found##* }
	done
	[ "$profile" = "$1" ] || await watch "^card $card profile $1"
}

# Without the right to real-time scheduling. An emulated processor may be too slow for the sound for a
# while; a real-time thread that then never waits would keep everything else from running.
plain() {
	exec setpriv --bounding-set=-sys_nice -- "$@"
}

# retry PROGRAM…: until it can be started; for a program whose server has no other sign of life
retry() {
	local end=$((SECONDS + patience))
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.2
	done
}
