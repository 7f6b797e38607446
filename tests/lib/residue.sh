#!/bin/bash
# residue.sh before|after FILE: takes stock of the host before the first test and again after the
# last. Fails if the tests as a whole left a mount, a cgroup, a named network namespace, an interface,
# a scratch directory or a process that runs mini, or changed a device file of the host: what a single
# test cannot see, because it was killed or because another test's work hid it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# One line per thing.
stock() {
  local entry
  findmnt -rno TARGET,SOURCE,FSTYPE | sed 's/^/mount: /'
  # A group may vanish while it is listed. mini's own parent of all groups stays, as docker's does.
  { find /sys/fs/cgroup -mindepth 1 -type d 2>/dev/null || true; } |
    sed -E '\,^/sys/fs/cgroup/[^/]+/mini$,d; s/^/cgroup: /'
  losetup -a | sed 's/^/loop: /'
  # Peers are known to change the owner of the host's own device files, and to leave interfaces.
  stat -c 'device: %n %F %t:%T %u:%g %a' /dev/{null,zero,full,random,urandom,tty,ptmx}
  for entry in /sys/class/net/*; do echo "interface: ${entry##*/}"; done
  nft list tables 2>/dev/null | sed 's/^/rules: /'
  for entry in /run/netns/* /run/mini/* /var/lib/mini/*/* /tmp/mini-test.* /var/tmp/mini-test.*; do
    [ ! -e "$entry" ] || echo "file: $entry"
  done
  for entry in /proc/[0-9]*; do
    case "$(readlink "$entry/exe" || true)" in
      */mini | */mini\ \(deleted\) | /memfd:mini*) echo "process: ${entry#/proc/} mini" ;;
    esac
  done 2>/dev/null
}

# podman leaves the empty parents of its groups behind; those that were not here before go.
clear_podman() {
  local group
  { find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' 2>/dev/null || true; } |
    while read -r group; do
      grep -qxF "cgroup: $group" "$1" || rmdir "$group" 2>/dev/null || true
    done
}

case $1 in
  before) stock | sort -u >"$2" ;;
  after)
    clear_podman "$2"
    for _ in $(seq 30); do
      left=$(stock | sort -u | comm -13 "$2" -)
      [ -n "$left" ] || exit 0
      sleep 0.1
    done
    echo "left by the tests:"
    echo "$left"
    exit 1
    ;;
  *)
    echo "usage: residue.sh before|after FILE" >&2
    exit 2
    ;;
esac
