# Limits, devices, freezing and the end of containers on a pure cgroup v2 tree, which the machine that
# runs the tests may not have; and overlay mounts on a kernel older than its newest mount options.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"

base_tar "$scratch/base.tar"
"$here/boot.sh" "$here/cgroup2_guest.sh" "$scratch/base.tar" || fail "in the machine: status $?"
