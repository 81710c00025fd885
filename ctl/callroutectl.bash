# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: callroute contributors
#
# Completion of callroutectl for bash. Routes and calls are asked of the daemon where it is there.

_callroutectl_routes() {
  printf '%s\n' handset speaker wired headset
  callroutectl routes --json 2>/dev/null | sed -n 's/.*"Route": *"\([^"]*\)".*/\1/p'
}

_callroutectl_calls() {
  callroutectl calls --json 2>/dev/null | sed -n 's/.*"Id": *\([0-9]*\).*/\1/p'
}

_callroutectl() {
  local cur words=() word i
  # A route has colons, at which bash would break the word.
  _get_comp_words_by_ref -n : cur 2>/dev/null || cur=${COMP_WORDS[COMP_CWORD]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    [[ $word == -* ]] || words+=("$word")
  done

  local choices=""
  case "${words[*]}" in
    "")
      choices="status routes route why lines monitor calls call set config simulate rules
        --json --system --help --version"
      ;;
    route) choices=$(_callroutectl_routes) ;;
    call) choices="add answer hangup hold unhold state" ;;
    "call answer" | "call hangup" | "call hold" | "call unhold" | "call state")
      choices=$(_callroutectl_calls)
      ;;
    "call state "*) choices="alerting active held ended" ;;
    "call add"*)
      choices="phone voip --incoming --outgoing --managed --video --number --name --from --state
        --pid --wait"
      ;;
    set) choices="routing auto-answer mute" ;;
    "set routing") choices="automatic headset speaker" ;;
    "set auto-answer") choices="off" ;;
    "set mute") choices="on off" ;;
    config) choices="check" ;;
    simulate* | "config check"*)
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$cur")
  if declare -F __ltrim_colon_completions >/dev/null; then
    __ltrim_colon_completions "$cur"
  fi
}

complete -F _callroutectl callroutectl
