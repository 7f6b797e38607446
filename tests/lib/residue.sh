#!/bin/bash
# residue.sh before|after FILE: FILE gets the scratch directory of each test between the two (e2e.sh writes it there). Afterwards fails if the
# tests as a whole left one of these directories, or of their stores a mount, a process, an interface, a table of rules or a loop device, or a
# container's cgroup: what a single test cannot see, because it was killed or because another test's work hid it. What other programs do on this
# machine meanwhile is none of its business.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. ./leftovers.sh

# dead_cgroups : groups of mini's containers that hold no process.
dead_cgroups() {
  local group
  for group in /sys/fs/cgroup/mini/* /sys/fs/cgroup/*/mini/*; do
    [ ! -d "$group" ] || find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null | grep -q . || echo "$group"
  done | sort
}

left_of() {
  [ ! -e "$1" ] || echo "directory: $1"
  losetup -nO NAME,BACK-FILE | grep -F "$1/" | sed 's/^/loop: /'
  nothing_of "$1"
}

case $1 in
  before)
    : >"$2"
    dead_cgroups >"$2.cgroups"
    ;;
  after)
    left=$(while read -r directory; do
      [ -z "$(left_of "$directory")" ] || wait_for_nothing_of "$directory" >/dev/null
      left_of "$directory"
    done <"$2")
    # A container that starts or ends, of whatever store, is only for a moment without a process.
    groups=$(dead_cgroups | comm -13 "$2.cgroups" -)
    for _ in $(seq 20); do
      [ -n "$groups" ] || break
      sleep 0.5
      groups=$(dead_cgroups | comm -12 <(echo "$groups") -)
    done
    [ -n "$left$groups" ] || exit 0
    echo "left by the tests:"
    echo "$left"
    echo "${groups:+cgroups: $groups}"
    exit 1
    ;;
  *)
    echo "usage: residue.sh before|after FILE" >&2
    exit 2
    ;;
esac
