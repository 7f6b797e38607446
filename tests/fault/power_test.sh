# Power loss: the store lies on an ext4 of its own. The instant build, import, load, pull, commit or tag has exited with 0,
# the disk's bytes are copied, as a cut of the power would leave them; from the copy, the image is
# whole, verifies, and runs.
if [ "${IN_NAMESPACE:-}" != 1 ]; then IN_NAMESPACE=1 exec unshare -m bash "$0" "$@"; fi
. "$(dirname "$0")/../lib/e2e.sh"
. "$e2e_lib/faults.sh"
. "$e2e_lib/registry.sh"
mount --make-rprivate /
disk=$scratch/disk.img
mkdir "$scratch/disk" "$scratch/copy"
truncate -s 64M "$disk"
# Journalled as Debian does, and nothing written before its time: what is not synced is lost.
mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$disk" || die "mkfs"
mount -o loop,commit=300 "$disk" "$scratch/disk" || skip "no loop device"
cleanup() {
  stop_registries
  mountpoint -q "$scratch/copy" && umount "$scratch/copy"
  umount "$scratch/disk"
}
MINI_ROOT=$scratch/disk/root

# power_cut WHAT IMAGE : what the disk holds now, seen after the power came back.
power_cut() {
  cp --sparse=always "$disk" "$scratch/copy.img"
  mount -o loop "$scratch/copy.img" "$scratch/copy" || { fail "$1: the copy does not mount"; return; }
  local after="--root $scratch/copy/root --run-root $scratch/copy-run"
  ok mini $after fsck
  ok mini $after image inspect --format '{{.Id}}' "$2"
  eq "$out" "$(mini image inspect --format '{{.Id}}' "$2")" "$1, after the power cut:"
  ok mini $after run --rm --network none "$2" sh -c 'cat /file 2>/dev/null; true'
  eq "$out" "$3" "$1, after the power cut:"
  rm -rf "$scratch/copy-run"
  umount "$scratch/copy"
}

tree=$scratch/small
mkdir -p "$tree"/{bin,dev,proc,sys}
cp /bin/busybox "$tree/bin/busybox"
for name in sh cat true; do ln -s busybox "$tree/bin/$name"; done
tar -C "$tree" -cf "$scratch/small.tar" .
ok mini import "$scratch/small.tar" small
power_cut import small ""
mkdir "$scratch/context"
for i in $(seq 300); do echo "$i" >"$scratch/context/f$i"; done
echo durable >"$scratch/context/file"
printf 'FROM small\nCOPY . /\nRUN echo x >/made\n' >"$scratch/context/Dockerfile"
ok build_id -t built "$scratch/context"
power_cut build built durable
ok mini save -o "$scratch/built.tar" built
ok mini rmi built
ok mini builder prune -af
ok mini load -i "$scratch/built.tar"
power_cut load built durable
ok mini run --name box --network none small sh -c 'echo durable >/file'
ok mini commit box committed
power_cut commit committed durable
ok mini rm box
ok mini tag built other
power_cut tag other durable
ok build_id -t again "$scratch/context"
power_cut "a cached build" again durable
start_pull_from "$scratch/small.tar"
ok mini pull -q "$pull_from/anonymous"
power_cut pull "$pull_from/anonymous" ""
ok mini rmi built other
power_cut rmi again durable
