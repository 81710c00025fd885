#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
# What "callroutectl simulate" prints and how it ends: simulate-command.sh PROGRAM [COMMAND]
set -u
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
failed=0

play() {
	"$program" ${command:+"$command"} "$@"
}

# check NAME STATUS STDOUT STDERR FILE…: play and compare
check() {
	name=$1 status=$2 out=$3 err=$4
	shift 4
	(cd "$dir" && play "$@") >"$dir/out" 2>"$dir/err" </dev/null
	result=$?
	if [ "$result" -ne "$status" ]; then
		echo "$name: status $result, not $status"
		failed=1
	fi
	printf '%b' "$out" | cmp -s - "$dir/out" || { echo "$name: standard output:"; cat "$dir/out"; failed=1; }
	printf '%b' "$err" | cmp -s - "$dir/err" || { echo "$name: standard error:"; cat "$dir/err"; failed=1; }
}

program=$(realpath "$1")
command=${2-}

cat >"$dir/good" <<'END'
# a comment
connect 1 headset   # and another
call A  incoming	phone
answer A headset:1
expect call headset:1 rule=P2
pick headset:2
expect refused NoSuchRoute
END
good='2\tconnect 1 headset\tcall=none\tdefault=none\tmedia=headset:1\trule=-\tthere is no call\n'
good=$good'3\tcall A incoming phone\tcall=none\tdefault=none\tmedia=headset:1\trule=-\tit rings; the route comes with the answer\n'
good=$good'4\tanswer A headset:1\tcall=headset:1\tdefault=headset:1\tmedia=speaker\trule=P2\tanswered with the headset'"'"'s button\n'
good=$good'6\tpick headset:2\tcall=headset:1\tdefault=headset:1\tmedia=speaker\trule=P2\trefused=NoSuchRoute\n'
check good 0 "$good" '' good

printf 'plug\nexpect call handset rule=P1\nunplug\n' >"$dir/unmet"
unmet='1\tplug\tcall=none\tdefault=none\tmedia=handset\trule=-\tthere is no call\n'
unmet=$unmet'3\tunplug\tcall=none\tdefault=none\tmedia=speaker\trule=-\tthere is no call\n'
said='unmet:2: expected call handset by P1, but it is none by - (there is no call)\n'
check unmet 1 "$unmet" "$said" unmet

printf 'plug\npick  headset:\nunplug\n' >"$dir/bad"
check malformed 2 '1\tplug\tcall=none\tdefault=none\tmedia=handset\trule=-\tthere is no call\n' \
	'bad:2:15: expected an ID\n' bad

check unreadable 2 '' 'missing: No such file or directory\n' missing
check 'a fresh core for each, and the highest status' 2 "$unmet$good" \
	"${said}missing: No such file or directory\n" unmet missing good
check 'no line feed at the end' 0 '' '' /dev/null

(cd "$dir" && play - <good) >"$dir/out" 2>&1 || { echo 'stdin: failed'; failed=1; }
printf '%b' "$good" | cmp -s - "$dir/out" || { echo 'stdin: output differs'; failed=1; }
printf 'plug\0 x\n' | play - >"$dir/out" 2>&1
[ $? -eq 2 ] || { echo 'a NUL was taken'; failed=1; }
play >/dev/null 2>&1
[ $? -eq 2 ] || { echo 'no file was taken'; failed=1; }
# callroutectl has --json: an object a line
if [ -n "$command" ]; then
	(cd "$dir" && "$program" --json simulate good) >"$dir/out" 2>"$dir/err" || { echo 'json: failed'; failed=1; }
	{
		echo '{"File":"good","Line":2,"Event":"connect 1 headset","Call":"none","Default":"none","Media":"headset:1","Rule":"-","Reason":"there is no call"}'
		echo '{"File":"good","Line":3,"Event":"call A incoming phone","Call":"none","Default":"none","Media":"headset:1","Rule":"-","Reason":"it rings; the route comes with the answer"}'
		echo '{"File":"good","Line":4,"Event":"answer A headset:1","Call":"headset:1","Default":"headset:1","Media":"speaker","Rule":"P2","Reason":"answered with the headset'"'"'s button"}'
		echo '{"File":"good","Line":6,"Event":"pick headset:2","Call":"headset:1","Default":"headset:1","Media":"speaker","Rule":"P2","Refused":"NoSuchRoute"}'
	} | cmp -s - "$dir/out" || { echo 'json: output:'; cat "$dir/out"; failed=1; }
	(cd "$dir" && "$program" simulate --json unmet) >/dev/null 2>"$dir/err"
	[ $? -eq 1 ] || { echo 'json: an unmet expectation passed'; failed=1; }
fi
exit $failed
