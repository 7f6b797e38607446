# A full disk for real: the store lies on a file system of 8 MiB. What does not fit is refused by name;
# what was there stays whole; when there is room again, the same works. Everything happens in a mount
# namespace of its own.
if [ "${IN_NAMESPACE:-}" != 1 ]; then IN_NAMESPACE=1 exec unshare -m bash "$0" "$@"; fi
. "$(dirname "$0")/../lib/e2e.sh"
. "$e2e_lib/faults.sh"
. "$e2e_lib/registry.sh"
mount --make-rprivate /
mkdir "$scratch/disk"
mount -t tmpfs -o size=8m,nr_inodes=2000 disk "$scratch/disk" || die "mount"
cleanup() {
  stop_registries
  rm -f "$MINI_ROOT"/containers/*/upper/full  # room to remove the container, should that need it
  mini rm -f $(mini ps -aq) >/dev/null 2>&1
  umount "$scratch/disk"
}
MINI_ROOT=$scratch/disk/root
faults_prepare
fresh_store
rm -rf "$scratch/template"

head -c 12000000 /dev/urandom >"$scratch/context/large"
printf 'FROM small\nCOPY large /\n' >"$scratch/context/Large"
printf 'FROM small\nRUN cat /dev/urandom >/full\n' >"$scratch/context/Full"
printf 'FROM small\nRUN i=0; while :; do i=$((i+1)); : >/f$i || exit 1; done\n' >"$scratch/context/Inodes"

sound() {
  ok mini fsck
  eq "$(mini images --format '{{.Repository}}')" small "images $1:"
  ok mini run --rm --network none small true
  eq "$(find "$MINI_ROOT/tmp" "$MINI_ROOT/trash" -mindepth 1 2>/dev/null)" "" "scratch $1:"
}

for file in Large Full Inodes; do
  fails_with 1 mini build --network none -t large -f "$scratch/context/$file" "$scratch/context"
  contains "$err" "No space left on device"
  sound "after $file"
done
tar -C "$scratch/context" -cf "$scratch/large.tar" large
fails_with 1 mini import "$scratch/large.tar" large
contains "$err" "No space left on device"
sound "after import"
# Layers that are too large as they come, and only when they are unpacked.
start_pull_from "$scratch/large.tar"
fails_with 1 mini pull -q "$pull_from/anonymous"
contains "$err" "more than the free space"
sound "after a pull"
head -c 10000 /dev/urandom >"$scratch/block"
for _ in $(seq 1200); do cat "$scratch/block"; done >"$scratch/context/large"
tar -C "$scratch/context" -cf "$scratch/large.tar" large
start_pull_from "$scratch/large.tar"
fails_with 1 mini pull -q "$pull_from/anonymous"
contains "$err" "No space left on device"
sound "after a pull that grew"
eq "$(find "$MINI_ROOT/partial" -type f)" "" "partial blobs:"
# A layer of zeros that is small as an archive, and too much when it is unpacked.
mkdir -p "$scratch/bomb/blobs/sha256"
truncate -s 300M "$scratch/bomb/zeros" && tar -C "$scratch/bomb" -cf - zeros | gzip >"$scratch/layer" && rm "$scratch/bomb/zeros"
layer=$(sha256sum <"$scratch/layer" | cut -d' ' -f1)
mv "$scratch/layer" "$scratch/bomb/blobs/sha256/$layer"
tar -C "$scratch/bomb" -cf "$scratch/bomb.tar" .
fails_with 1 mini load -i "$scratch/bomb.tar"
contains "$err" "No space left on device"
sound "after load"
# A container fills the disk: its log is lost, not its life, and it can be removed.
ok mini run -d --network none --name filler small sh -c 'cat /dev/zero >/full; while :; do echo still alive; busybox sleep 0.05; done'
eventually 10 eval '[ "$(df --output=avail "$scratch/disk" | tail -1)" -le 8 ]'
sleep 0.5
is_state filler running || fail "on a full disk: $(field filler .State.Status)"
fails_with 1 mini tag small "$(printf 'n%.0s' $(seq 200))"
fails_with 125 mini run --rm --network none small true
ok mini ps
ok mini rm -f filler
sound "after a container"
ok mini build -q --network none -t built "$scratch/context"
