# Podman and Buildah as further oracles, with a storage of their own in $scratch and a cgroup of their own. Sourced after e2e.sh.
# `stop_podman` leaves nothing but files in $scratch, and touches nothing of another Podman on this machine.
podman_cgroup=/mini-test-podman-$$

podman_() {
  podman --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver overlay \
    --cgroup-manager cgroupfs --runtime runc --events-backend none "$@"
}
buildah_() { buildah --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver overlay "$@"; }

# podman_once ARGUMENT... : a container that leaves nothing behind.
podman_once() {
  podman_ run --rm --cgroup-parent "$podman_cgroup" --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --network none "$@"
}

stop_podman() {
  podman_ rm -af >/dev/null 2>&1
  podman_ rmi -af >/dev/null 2>&1
  findmnt -rno TARGET | grep "^$scratch/podman" | sort -r | xargs -r umount -l
  find /sys/fs/cgroup -depth -type d -path "*$podman_cgroup*" -exec rmdir {} + 2>/dev/null
}
