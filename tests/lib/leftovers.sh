# What a container tool can leave on a host, looked up from outside of it: mounts, cgroups and
# processes that belong to one store. Sourced.

# cgroups_named WORD... : directories below any cgroup tree whose path has one of the words in it.
cgroups_named() {
  local word
  for word in "$@"; do
    find /sys/fs/cgroup -mindepth 1 -type d -path "*$word*" 2>/dev/null
  done
}

# processes_of DIRECTORY : pids, other than this shell and its parents, that were started with the
# store in DIRECTORY in their environment or with DIRECTORY in their arguments.
processes_of() {
  # Listed before any program is started, so that those that search are not among those found.
  local entries=(/proc/[0-9]*) found pid
  found=$(
    grep -lszxF "MINI_ROOT=$1/root" "${entries[@]/%//environ}"
    grep -lsF "$1/" "${entries[@]/%//cmdline}"
  )
  for pid in $(echo "$found" | cut -d/ -f3 | sort -nu); do
    [[ " $(own_family) " == *" $pid "* ]] || [ ! -e "/proc/$pid/exe" ] || echo "$pid"
  done
}

own_family() {
  local pid=$BASHPID family=$$
  while [ "${pid:-0}" -gt 1 ]; do
    family="$family $pid"
    pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
  done
  echo "$family"
}

# mounts_of DIRECTORY : mounts at or from DIRECTORY that this process sees, and containers whose root file system is in it. Whoever makes a mount
# namespace, a daemon or another test, copies all mounts that there are into it: those copies are not the store's.
mounts_of() {
  local line pid
  grep -F "$1/" /proc/self/mountinfo | sed 's/^/here: /'
  grep -sF "$1/" /proc/[0-9]*/mountinfo | while read -r line; do
    pid=${line#/proc/} pid=${pid%%/*}
    # Unquoted: the fields of proc(5); the fifth is where it is mounted.
    set -- $line
    [ "$5" = / ] || [[ "$(readlink "/proc/$pid/exe")" == /memfd:* ]] || continue
    echo "$pid: ${line#*:}"
  done
}

# network_mark DIRECTORY : what the names of interfaces and rules of the store in DIRECTORY have in them.
network_mark() { printf %s "$1/run" | sha256sum | cut -c1-8; }

# networks_of DIRECTORY : interfaces on the host and tables of rules that the store in DIRECTORY made.
networks_of() {
  local entry mark
  mark=$(network_mark "$1")
  for entry in /sys/class/net/*"$mark"*; do [ ! -e "$entry" ] || echo "interface: ${entry##*/}"; done
  nft list tables 2>/dev/null | grep "$mark"
}

# nothing_of DIRECTORY [ID...] : prints what is left of the store in DIRECTORY and its containers.
nothing_of() {
  local directory=$1 pid
  shift
  mounts_of "$directory" | sed 's/^/mount: /'
  networks_of "$directory"
  cgroups_named "$@" | sed 's/^/cgroup: /'
  for pid in $(processes_of "$directory"); do
    echo "process: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
  done
}

# wait_for_nothing_of DIRECTORY [IDS] : as nothing_of, but waits for what is on its way out, which takes long on a busy machine.
wait_for_nothing_of() {
  local left= deadline=$((SECONDS + 30))
  while
    # Unquoted: a list of words.
    left=$(nothing_of "$1" ${2:-})
    [ -n "$left" ]
  do
    [ "$SECONDS" -lt "$deadline" ] || { echo "$left"; return; }
    sleep 0.1
  done
}

end_processes_of() {
  local pid
  for pid in $(processes_of "$1"); do kill -KILL "$pid" 2>/dev/null; done
  return 0
}
