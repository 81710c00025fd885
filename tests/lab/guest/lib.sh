# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# Programs on a stage: each is started with a pipe at its standard input, each line of its output becomes
# an event "MS NAME LINE" (MS: monotonic time), and the scenario waits for events. A wait that is in vain
# fails the run, with the events so far and with the end of the programs' logs.
#
# A stimulus (start, tell, act) is followed by the waits for what it causes, in whatever order that comes:
# a wait sees all events since the last stimulus. It leaves $found (the line) and $found_ms.
#
# A process that is started costs an emulated processor more than anything else here: what is done for each
# event, or each look at the clock, is done in the shell.
#
# There is one limit for all waits, long enough for a machine that is busy with something else: how fast
# things are is not tested here.
# shellcheck disable=SC2034

out=/lab/share/out
stage=/run/lab
patience=120 # seconds
declare -A stdin_of pid_of
events=()
partial=
mark=0     # the first event since the last stimulus
mark_ms=0  # its time, for the events that were on the way then
found=
found_ms=0

mkfifo "$stage/events"
exec {events_fd}<>"$stage/events"
exec {events_log}>>"$out/events"

say() {
	local uptime
	read -r uptime _ </proc/uptime
	printf 'lab: %6s s  %s\n' "$uptime" "$*"
}

now_ms() {
	local uptime
	read -r uptime _ </proc/uptime
	# it counts hundredths of a second
	now=$((10#${uptime/./} * 10))
}

stimulus() {
	local now
	now_ms
	mark=${#events[@]}
	mark_ms=$now
}

# start NAME PROGRAM ARGUMENT…: a name may be used again when its program has ended
start() {
	local name=$1
	local fd=${stdin_of[$1]:-}
	shift
	[ -z "$fd" ] || exec {fd}>&-
	rm -f "$stage/$name.in"
	mkfifo "$stage/$name.in"
	exec {fd}<>"$stage/$name.in"
	stdin_of[$name]=$fd
	stimulus
	"$@" <&"$fd" 2>>"$out/$name.log" > >(exec stamp "$name" >"$stage/events") &
	pid_of[$name]=$!
}

# stop NAME: asks it to quit and waits for it
stop() {
	tell "$1" quit
	wait "${pid_of[$1]}" || fail "$1 ended with status $?"
}

# tell NAME TEXT: a line to the program's standard input
tell() {
	stimulus
	echo "$2" >&"${stdin_of[$1]}"
}

# act PROGRAM ARGUMENT…: a step that must succeed, and that causes something
act() {
	stimulus
	run "$@"
}

# run PROGRAM ARGUMENT…: a step that must succeed
run() {
	"$@" >>"$out/steps.log" 2>&1 || fail "$* (status $?): $(tail -n 1 "$out/steps.log")"
}

# await NAME REGEX: a line of the program that matches, since the last stimulus
await() {
	comes "$1" "$2" "$patience" || fail "$1: no line that matches \"$2\" within $patience s"
}

# comes NAME REGEX SECONDS: the same, but false where it does not come in that time
comes() {
	local at=$mark now deadline
	now_ms
	deadline=$((now + $3 * 1000))
	until happened "$1" "$2" "$at"; do
		at=${#events[@]}
		now_ms
		if ((now >= deadline)) || ! read_event $((deadline - now)); then
			return 1
		fi
	done
}

# happened NAME REGEX: there was such a line since the last stimulus
happened() {
	local at
	for ((at = ${3:-mark}; at < ${#events[@]}; at++)); do
		if matches "${events[at]}" "$1" "$2" "$mark_ms"; then
			return 0
		fi
	done
	return 1
}

# matches EVENT NAME REGEX SINCE_MS
matches() {
	[[ $1 == *" $2 "* ]] || return # the most of them, and nothing else costs less
	local ms=${1%% *} line=${1#* }
	local text=${line#* }
	if ((ms >= $4)) && [[ ${line%% *} == "$2" && $text =~ $3 ]]; then
		found=$text
		found_ms=$ms
		return 0
	fi
	return 1
}

# never NAME REGEX SINCE_MS WHAT: no such line until now
never() {
	local event
	drain
	for event in "${events[@]}"; do
		if matches "$event" "$1" "$2" "$3"; then
			fail "not so: $4"
		fi
	done
	say "checked: $4"
}

# One more event into the array; false after that many ms without one. A line that the time ended in the
# middle of goes on the next time.
read_event() {
	local line seconds
	printf -v seconds '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
	if ! read -r -t "$seconds" -u "$events_fd" line; then
		partial+=$line
		return 1
	fi
	line=$partial$line
	partial=
	events+=("$line")
	echo "$line" >&"$events_log"
}

# The events that are there already.
drain() {
	local now end
	now_ms
	end=$((now + 500))
	while ((now < end)) && read_event 20; do
		now_ms
	done
}

# must WHAT CONDITION…: a check in words; the condition is a command
must() {
	local what=$1
	shift
	if "$@"; then
		say "checked: $what"
	else
		fail "not so: $what"
	fi
}

# timeline FROM_MS: the events since then, in ms after it
timeline() {
	local line
	drain
	for line in "${events[@]}"; do
		if ((${line%% *} >= $1)); then
			printf 'lab: %8d ms  %s\n' $((${line%% *} - $1)) "${line#* }"
		fi
	done
}

# heard_tone HZ: does the "heard" line in $found tell of this frequency, within 2 %, and loud enough?
heard_tone() {
	local hz level
	read -r _ hz level _ <<<"$found"
	awk -v hz="$hz" -v level="$level" -v wanted="$1" 'BEGIN {
		exit !(hz >= 0.98 * wanted && hz <= 1.02 * wanted && level > -50)
	}'
}

# hears NAME HZ WHAT: the program measures this tone for two seconds. Again where the emulated processor
# lost the beat, since gaps in a tone bend what is measured, and where it came late or went for a while, as
# for a link that is set up again; another tone, or silence, stays wrong.
hears() {
	local tries
	for ((tries = 0; tries < 20; tries++)); do
		tell "$1" "measure 2"
		await "$1" '^heard'
		if heard_tone "$2" && [[ $found =~ \ (1\.00|0\.[89][0-9])$ ]]; then
			say "checked: $3: $found"
			return 0
		fi
	done
	fail "not so: $3: $found"
}

# Ends the run. Where only the end of what it said is kept, the cause is to be in it.
fail() {
	local log first at
	drain
	for log in "$out"/*.log; do
		[ -s "$log" ] || continue
		echo "lab: --- the end of $log"
		tail -n 20 "$log" | sed 's/^/lab:   /'
	done
	# twice, a second apart: does sound flow?
	echo "lab: --- SCO packets"
	(hci counts; sleep 1; hci counts) | sed 's/^/lab:   /'
	echo "lab: --- the daemon's last words"
	grep -a '^[0-9]* callrouted ' "$out/events" | tail -n 40 | sed 's/^/lab:   /'
	echo "lab: --- the last events"
	first=$((${#events[@]} > 60 ? ${#events[@]} - 60 : 0))
	printf 'lab:   %s\n' "${events[@]:first}"
	for ((at = 1; at < ${#FUNCNAME[@]} - 1; at++)); do
		echo "lab: in ${FUNCNAME[at]}, called at ${BASH_SOURCE[at + 1]##*/}:${BASH_LINENO[at]}"
	done
	echo "failed: $*" >"$out/result"
	say "failed: $*"
	exit 1
}

pass() {
	echo passed >"$out/result"
	exit 0
}
