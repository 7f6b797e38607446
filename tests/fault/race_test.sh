# Races: another process swaps a directory with a link to the host, thousands of times a second, while
# mini mounts it, reads it or builds from it (CVE-2018-15664, CVE-2021-30465, CVE-2024-23651, CVE-2024-45310). mini may
# fail; it may never follow.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
canary=$scratch/canary
mkdir "$canary"
echo "host secret" >"$canary/file"
cat >"$scratch/swap.c" <<'END'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <signal.h>
int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (argc == 3) renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
}
END
gcc -O2 -o "$scratch/swap" "$scratch/swap.c" || die gcc
swapper=
swap() { "$scratch/swap" "$1" "$2" & swapper=$!; }
still() {
  kill "$swapper"
  wait "$swapper" 2>/dev/null
  swapper=
}
cleanup() { [ -z "$swapper" ] || still; }

safe() {
  eq "$(cat "$canary"/*)" "host secret" "$1: the host's directory:"
  eq "$(ls "$canary")" file "$1: the host's directory:"
  if grep -rqs "host secret" "$MINI_ROOT"; then fail "$1: the host's file is in the store"; fi
}
rounds=${RACE_ROUNDS:-25}

# --- a volume that a container swaps while the next one is mounted into it ---------------------------------------
ok mini volume create shared
volume=$(mini volume inspect -f '{{.Mountpoint}}' shared)
mkdir "$volume/real"
ln -s "$canary" "$volume/link"
mkdir "$scratch/empty"
swap "$volume/real" "$volume/link"
for _ in $(seq "$rounds"); do
  once -v shared:/v -v "$scratch/empty:/v/real/inner" busybox sh -c 'touch /v/real/inner/x' >/dev/null 2>&1
  once -v shared:/v --tmpfs /v/real/tmp busybox true >/dev/null 2>&1
  once -v shared:/v -w /v/real/made busybox true >/dev/null 2>&1
done
still
safe "a volume"

# --- CVE-2018-15664: cp in and out of that volume, of a container that runs and of one that does not ---------------------
rm -rf "$volume/real" "$volume/link"
mkdir -p "$volume/real/deep" && echo container >"$volume/real/file" && echo container >"$volume/real/deep/file"
ln -s "$canary" "$volume/link"
mkdir -p "$scratch/copied/deep" && echo copied | tee "$scratch/copied/new" "$scratch/copied/file" >"$scratch/copied/deep/new"
ok mini run -d --name copier --network none -v shared:/v busybox sleep 10000
ok mini create --name idle --network none -v shared:/v busybox sleep 10000
taken=0
swap "$volume/real" "$volume/link"
for _ in $(seq "$rounds"); do
  for name in copier idle; do
    rm -rf "$scratch/out"
    mini cp "$name:/v/real/file" "$scratch/out" 2>/dev/null && taken=$((taken + 1))
    [ ! -f "$scratch/out" ] || matches "$(cat "$scratch/out")" '^(container|copied)$'
    rm -rf "$scratch/out"
    mini cp "$name:/v/real/." "$scratch/out" 2>/dev/null
    ! grep -rqs "host secret" "$scratch/out" || fail "cp $name: the host's file came out"
    mini cp "$name:/v" - 2>/dev/null | grep -aq "host secret" && fail "cp $name: the host's file came out in a tar"
    mini cp "$scratch/copied/new" "$name:/v/real/new" 2>/dev/null
    mini cp "$scratch/copied/." "$name:/v/real" 2>/dev/null
    tar -C "$scratch/copied" -c . | mini cp - "$name:/v/real" 2>/dev/null
  done
done
still
at_most 1 "$taken" "copies that succeeded, at least:"
safe "cp"
rm -rf "$scratch/out"
ok mini rm -f copier idle

# --- the context -------------------------------------------------------------------------------------------------------
context=$scratch/context
mkdir -p "$context/dir/sub"
echo inside >"$context/dir/file"
echo inside >"$context/dir/sub/file"
ln -s "$canary" "$context/link"
printf 'FROM busybox\nCOPY dir /dir\nCOPY dir/file dir/*e /files/\nRUN --mount=type=bind,source=dir,target=/m cp -r /m /copy\n' >"$context/Dockerfile"
swap "$context/dir" "$context/link"
for _ in $(seq "$rounds"); do mini build -q --no-cache --network none "$context" >/dev/null 2>"$scratch/log"; done
still
safe "a directory of the context"
rm -rf "$context/link" "$context/dir"
mkdir "$context/dir"
echo inside >"$context/dir/file"
ln -s "$canary/file" "$context/link"
printf 'FROM busybox\nCOPY dir /dir\nCOPY dir/file /\nADD dir/file /added/\n' >"$context/Dockerfile"
swap "$context/dir/file" "$context/link"
for _ in $(seq "$rounds"); do mini build -q --no-cache --network none "$context" >/dev/null 2>"$scratch/log"; done
still
safe "a file of the context"

# --- a file that grows and shrinks while it is read: the layer is what its digest says ---------------------------------------
rm -rf "$context/dir" "$context/link"
head -c 3000000 /dev/zero >"$context/file"
printf 'FROM busybox\nCOPY file /\n' >"$context/Dockerfile"
(while :; do truncate -s 100000 "$context/file"; truncate -s 3000000 "$context/file"; done) & swapper=$!
for _ in $(seq "$rounds"); do mini build -q --no-cache --network none "$context" >/dev/null 2>"$scratch/log"; done
still
store_is_sound
no_scratch_left
# --- the source of -v: what is mounted is one of the two, and mini itself never writes -----------------------------------------
mkdir "$scratch/source"
ln -s "$canary" "$scratch/source-link"
swap "$scratch/source" "$scratch/source-link"
for _ in $(seq "$rounds"); do
  once -v "$scratch/source:/etc/hostname.d:ro" busybox true >/dev/null 2>&1
done
still
safe "a bind source"
