#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
# What any program may do with a call that another one has: answer it here, move it, mute it, end it.
set -eu
manager="org.callroute /org/callroute org.callroute.Manager1"

call=$(busctl --user --list tree org.callroute | grep -m1 /org/callroute/call/)
busctl --user get-property org.callroute "$call" org.callroute.Call1 State RemoteParty
busctl --user call org.callroute "$call" org.callroute.Call1 Answer
# shellcheck disable=SC2086 # three words
busctl --user get-property $manager Route Rule
# shellcheck disable=SC2086
busctl --user call $manager SetRoute s speaker
# shellcheck disable=SC2086
busctl --user set-property $manager Muted b true
# shellcheck disable=SC2086
busctl --user get-property $manager Route Rule Muted
busctl --user call org.callroute "$call" org.callroute.Call1 Hangup
