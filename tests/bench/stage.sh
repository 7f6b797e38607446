# Where a benchmark takes place: one loop-mounted ext4 that holds every tool's store and every tree,
# so that all pay the same for a file; a private Docker daemon; the base image in each tool. Sourced.
# `set_stage` makes it, `clear_stage` leaves nothing of it.

set_stage() {
  stage=$(mktemp -d /var/tmp/mini-test.bench.XXXXXX)
  truncate -s 20G "$stage/image"
  mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 "$stage/image"
  mkdir "$stage/disk"
  mount -o loop,noatime "$stage/image" "$stage/disk"
  disk=$stage/disk

  cc -O2 -static -o "$disk/floor" "$bench/floor.c"
  cc -O2 -static -o "$disk/timeit" "$bench/timeit.c"
  echo 'int main(void) { return 0; }' | cc -O2 -static -x c -o "$disk/true" -
  base_tree "$disk/base"
  tar -C "$disk/base" --sort=name --numeric-owner --owner=0 --group=0 -cf "$disk/base.tar" .

  start_docker "$disk/docker" >&2
  export DOCKER_HOST=unix://$disk/docker/socket DOCKER_CONFIG=$disk/docker/home DOCKER_BUILDKIT=1
  docker="$docker_client"
  $docker import "$disk/base.tar" busybox:latest >/dev/null

  # Debian's default (crun, its own cgroup manager) does not work on a hybrid cgroup tree.
  podman="podman --root $disk/podman --runroot $disk/podman-run --storage-driver overlay \
    --cgroup-manager cgroupfs --runtime runc --events-backend none"
  # podman asks for more than a machine without CAP_SYS_RESOURCE may give.
  limits="--ulimit nofile=1024:1024 --ulimit nproc=4096:4096"
  $podman import -q "$disk/base.tar" busybox:latest >/dev/null 2>&1

  make_bundle
  if [ -n "$MINI" ]; then
    export MINI_ROOT=$disk/mini MINI_RUN_ROOT=$disk/mini-run
    "$MINI" import "$disk/base.tar" busybox:latest >/dev/null
  fi
}

# A bundle as `runc spec` proposes it, with the command `true` and without a terminal.
make_bundle() {
  mkdir -p "$disk/bundle/rootfs"
  cp -a "$disk/base/." "$disk/bundle/rootfs/"
  (cd "$disk/bundle" && runc spec)
  jq '.process.terminal = false | .process.args = ["/bin/true"]' "$disk/bundle/config.json" \
    >"$disk/bundle/new" && mv "$disk/bundle/new" "$disk/bundle/config.json"
}

clear_stage() {
  set +e
  cd /
  if [ -n "${MINI:-}" ] && [ -d "${disk:-/none}/mini" ]; then
    "$MINI" ps -aq | xargs -r "$MINI" rm -f >/dev/null
  fi
  [ -z "${podman:-}" ] || $podman rm -af >/dev/null 2>&1
  # It leaves its empty groups; those in use stay.
  find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' -exec rmdir {} + 2>/dev/null
  [ -z "${docker_home:-}" ] || stop_docker
  if [ -n "${disk:-}" ]; then
    findmnt -rno TARGET | grep "^$disk/" | sort -r | xargs -r umount -l
    umount "$disk" || umount -l "$disk"
  fi
  [ -z "${stage:-}" ] || rm -rf "$stage"
}

# many_files DIRECTORY COUNT KIB : COUNT files of KIB KiB each, all different, 100 to a directory.
many_files() {
  python3 - "$@" <<'END'
import os, random, sys
root, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) * 1024
random.seed(1)
for index in range(count):
    directory = f"{root}/d{index // 100:04d}"
    os.makedirs(directory, exist_ok=True)
    with open(f"{directory}/f{index % 100:02d}", "wb") as file:
        for start in range(0, size, 1 << 20):
            file.write(random.randbytes(min(1 << 20, size - start)))
END
}
