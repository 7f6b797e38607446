#!/bin/bash
# progress.sh LOG COMMAND... : runs a build; all that it says goes to LOG, and its progress ("[12/75] ...") to standard error: on a terminal in one
# line, elsewhere a line every ten per cent. Exits as COMMAND does.
set -uo pipefail
log=$1
shift
terminal=0
[ ! -t 2 ] || terminal=1
NINJA_STATUS='[%f/%t] ' "$@" 2>&1 </dev/null | tee "$log" | awk -v terminal="$terminal" '
  match($0, /^\[[0-9]+\/[0-9]+\]/) {
    split(substr($0, 2, RLENGTH - 2), part, "/")
    percent = int(100 * part[1] / part[2])
    if (terminal) printf "\r  %3d %% ", percent
    else if (percent >= next_line) { print "  " percent " %"; next_line = percent - percent % 10 + 10 }
    fflush()
  }
  END { if (terminal) printf "\r        \r" }' >&2
exit "${PIPESTATUS[0]}"
