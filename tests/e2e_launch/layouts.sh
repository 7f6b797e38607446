#!/bin/bash
# layouts.sh CGROUP_ROOT_TEST: the tests of control groups on the two layouts that this machine may not have, pure v2 and pure v1, in an
# emulated machine. (One boot each: a controller that v2 has used is not given back to v1.)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for guest in guest_v2 guest_v1; do
  MINI= "$here/../vm/boot.sh" "$here/$guest.sh" "$1"
done
