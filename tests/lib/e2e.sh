# The frame of every test that runs the real binary: `. "$(dirname "$0")/../lib/e2e.sh"`. Gives the
# test a scratch directory ($scratch) with a store of its own in it, `mini`, `base_image`, and
# assertions that name file and line with what was wanted and got. At the end, however it comes, all
# containers are removed and the test fails if a mount, a cgroup, a process or a file is left.
set -u -o pipefail

: "${MINI:?names the mini binary to test}"
e2e_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$e2e_lib/leftovers.sh"
. "$e2e_lib/base_tree.sh"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mini-test.XXXXXX")
[ -z "${MINI_TEST_SCRATCHES:-}" ] || echo "$scratch" >>"$MINI_TEST_SCRATCHES"  # for residue.sh
export MINI_ROOT=$scratch/root MINI_RUN_ROOT=$scratch/run MINI_CONFIG=$scratch/config.json
# Whoever asks a registry starts one of its own and says so (registry.sh).
echo '{"offline": true}' >"$MINI_CONFIG"
failures=0

# Bounded, so that what hangs is a failure. A background mini that is to get signals is "$MINI".
mini() { timeout --foreground -k 5 300 "$MINI" "$@"; }

# skip WHY : for what this machine cannot do at all; never for what could be installed.
skip() {
  echo "skipped: $*" >&2
  skipped=1
  exit 77
}

# fail TEXT... : counts a failure at the line of the test that asked, and goes on.
fail() {
  local frame=0
  while [ "${BASH_SOURCE[frame]}" = "${BASH_SOURCE[0]}" ]; do frame=$((frame + 1)); done
  echo "${BASH_SOURCE[frame]}:${BASH_LINENO[frame - 1]}: $*" >&2
  failures=$((failures + 1))
}

die() {
  fail "$@"
  exit 1
}

eq() { [ "$1" = "$2" ] || fail "${3:-} got: $(printf %q "$1")"$'\n'"    want: $(printf %q "$2")"; }
ne() { [ "$1" != "$2" ] || fail "${3:-} got: $(printf %q "$1"), which it must not be"; }
contains() { [[ "$1" == *"$2"* ]] || fail "got: $1"$'\n'"    want in it: $2"; }
lacks() { [[ "$1" != *"$2"* ]] || fail "got: $1"$'\n'"    want not in it: $2"; }
matches() { [[ "$1" =~ $2 ]] || fail "got: $1"$'\n'"    want to match: $2"; }
exists() { [ -e "$1" ] || [ -L "$1" ] || fail "$1: want it to exist"; }
absent() { [ ! -e "$1" ] && [ ! -L "$1" ] || fail "$1: want it absent"; }
at_most() { [ "$1" -le "$2" ] || fail "${3:-} got: $1, want at most: $2"; }

# ok COMMAND... : must succeed. Its output is in $out, its standard error in $err.
ok() { fails_with 0 "$@"; }

# fails_with CODE COMMAND... : must exit with CODE. Sets $out, $err and $code.
fails_with() {
  local want=$1
  shift
  code=0
  out=$("$@" 2>"$scratch/stderr") || code=$?
  err=$(<"$scratch/stderr")
  [ "$code" = "$want" ] ||
    fail "$*: exit code $code, want $want"$'\n'"    out: $out"$'\n'"    err: $err"
}

# eventually SECONDS COMMAND... : must come true; looks ten times a second. SECONDS is what a quiet machine needs at most, a busy one gets ten times that.
eventually() {
  local deadline=$((SECONDS + 10 * $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      fail "still not true: $*"
      return 1
    fi
    sleep 0.1
  done
}

# base_tar FILE : that tree as a tar.
base_tar() {
  local tree=$scratch/base-tree
  [ -d "$tree" ] || base_tree "$tree"
  tar -C "$tree" --sort=name --numeric-owner --owner=0 --group=0 -cf "$1" .
}

# base_image : the image busybox:latest, imported into this test's store.
base_image() {
  base_tar "$scratch/base.tar"
  mini import "$scratch/base.tar" busybox:latest >/dev/null || die "busybox:latest: import failed"
}

# variant NAME COMMAND... : the image NAME, which is a small tree of busybox after COMMAND was run in it.
variant() {
  local name=$1 tree applet
  shift
  tree=$(mktemp -d "$scratch/variant.XXXXXX")
  mkdir -p "$tree"/{bin,dev,etc,home,proc,sys,tmp}
  cp /bin/busybox "$tree/bin/busybox"
  for applet in sh true cat dd grep head id ls mknod sleep stat touch wc; do
    ln -s busybox "$tree/bin/$applet"
  done
  printf 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home:/bin/sh\n' >"$tree/etc/passwd"
  printf 'root:x:0:\nwheel:x:10:app\napp:x:1000:\n' >"$tree/etc/group"
  (cd "$tree" && "$@") || die "image $name: $*"
  tar -C "$tree" --numeric-owner --owner=0 --group=0 -cf "$tree.tar" .
  mini import "$tree.tar" "$name" >/dev/null || die "image $name: import failed"
  rm -rf "$tree" "$tree.tar"
}

# once ARGUMENT... : a container that leaves nothing behind, and needs no network.
once() { mini run --rm --network none "$@"; }

# field NAME TEMPLATE : one fact of a container.
field() { mini container inspect --format "{{$2}}" "$1"; }

# logged NAME TEXT : a container has said this.
logged() { mini logs "$1" 2>&1 | grep -qF -- "$2"; }

is_state() { [ "$(field "$1" .State.Status)" = "$2" ]; }

# build_id ARGUMENT... : builds without talk, prints the id.
build_id() { mini build -q --network none "$@"; }

# no_scratch_left : what is being made lies in tmp/ and trash/ of the store, and only until the next command.
no_scratch_left() {
  local left
  left=$(find "$MINI_ROOT/tmp" "$MINI_ROOT/trash" -mindepth 1 2>/dev/null)
  eq "$left" "" "scratch of the store:"
}

# store_is_sound : everything in the store is what its digest says.
store_is_sound() { ok mini fsck; }

# cgroup_version : what a container here gets: v1 (also on a hybrid tree) or v2.
cgroup_version() {
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo v2; else echo v1; fi
}

# A test that started something besides mini redefines this; it is called first at the end.
cleanup() { :; }

finish() {
  local status=$? ids left
  trap - EXIT
  cd /
  cleanup
  ids=$(mini ps -aq --no-trunc 2>/dev/null)
  # Unquoted: a list of words.
  [ -z "$ids" ] || mini rm -f $ids >/dev/null 2>&1
  mini network prune -f >/dev/null 2>&1
  left=$(wait_for_nothing_of "$scratch" "$ids")
  if [ -n "$left" ]; then
    echo "$0: left behind:"$'\n'"$left" >&2
    failures=$((failures + 1))
    end_processes_of "$scratch"
  fi
  rm -rf "$scratch" || failures=$((failures + 1))
  [ "${skipped:-0}" = 0 ] || [ "$failures" != 0 ] || exit 77
  [ "$failures" = 0 ] || { echo "$0: $failures failed" >&2; exit 1; }
  exit "$status"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
