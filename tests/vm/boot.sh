#!/bin/bash
# boot.sh SCRIPT [FILE...]: runs SCRIPT (busybox sh, as root) on Debian's cloud kernel with a pure
# cgroup v2 tree, in an emulated machine without disk or network; exits with SCRIPT's status; 124
# when the machine has not finished in MINI_VM_TIMEOUT seconds (300), 125 when it died without a
# status. $MINI, if set, is in the PATH there as `mini`; each FILE lies in /files; /store accepts
# overlay's upper layers.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/packages.sh"

script=$1
shift
modules="overlay loop veth bridge tun nf_tables nft_ct nft_nat nft_masq nft_chain_nat nft_fib_inet"
kernel_dir=${MINI_TEST_CACHE:-/var/cache/mini-tests}/kernel

need_packages busybox-static cpio kmod qemu-system-x86
mkdir -p "$kernel_dir"
release=$(flock "$kernel_dir.lock" bash -c '. "$1"; vm_kernel "$2"' - "$here/../lib/packages.sh" \
  "$kernel_dir")

work=$(mktemp -d "${TMPDIR:-/tmp}/mini-test.vm.XXXXXX")
trap 'rm -rf "$work"' EXIT

# A module's path below lib/modules after those of the modules that it needs, each once.
module_files() {
  local name
  for name in $modules; do
    modprobe -d "$kernel_dir" -S "$release" --show-depends "$name"
  done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++'
}

make_initramfs() {
  local tree=$work/tree file
  mkdir -p "$tree"/{bin,dev,proc,sys,tmp,files,modules,etc,root,store}
  cp /bin/busybox "$tree/bin/busybox"
  cp "$here/init" "$tree/init"
  cp "$script" "$tree/script"
  chmod 755 "$tree/init" "$tree/script"
  [ -z "${MINI:-}" ] || cp "$MINI" "$tree/bin/mini"
  for file in "$@"; do cp -r "$file" "$tree/files/"; done
  for file in $(module_files); do
    cp "$file" "$tree/modules/"
    basename "$file"
  done >"$tree/modules/order"
  (cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/initramfs"
}

make_initramfs "$@"
append="console=ttyS0 quiet panic=-1 reboot=t mitigations=off"
status=0
timeout --foreground -k 5 "${MINI_VM_TIMEOUT:-300}" qemu-system-x86_64 \
  -accel tcg,thread=multi -cpu max -smp 2 -m 1024 -nodefaults -no-user-config -display none \
  -serial stdio -no-reboot -kernel "$kernel_dir/boot/vmlinuz-$release" -initrd "$work/initramfs" \
  -append "$append" </dev/null 2>"$work/qemu.err" | tr -d '\r' | tee "$work/console" |
  grep -vE "^MINI-VM-EXIT:|reboot: Restarting system" || status=${PIPESTATUS[0]}
if [ "$status" = 124 ] || [ "$status" = 137 ]; then
  echo "boot.sh: the machine had not finished after ${MINI_VM_TIMEOUT:-300} s" >&2
  exit 124
fi
result=$(sed -n 's/^MINI-VM-EXIT:\([0-9]*\)$/\1/p' "$work/console" | tail -1)
if [ -z "$result" ]; then
  echo "boot.sh: the machine stopped without a status" >&2
  cat "$work/qemu.err" >&2
  exit 125
fi
exit "$result"
