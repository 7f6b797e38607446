# The Debian packages that mini's build and tests need. Each need_* function installs what is
# missing of its group and nothing else: no recommended packages, no questions, no service started.
# Sourced; needs root only when something is missing; fetches package lists only when they lack one.

MINI_BUILD_PACKAGES="cmake ninja-build g++ pkg-config ccache
  libarchive-dev libssl-dev nlohmann-json3-dev libcli11-dev libgtest-dev libcurl4-openssl-dev libdeflate-dev libgmock-dev libseccomp-dev
  libzstd-dev zlib1g-dev liblzma-dev libbz2-dev liblz4-dev libacl1-dev libxml2-dev nettle-dev
  libicu-dev"
MINI_TEST_PACKAGES="busybox-static strace jq curl ca-certificates python3 python3-jsonschema
  mmdebstrap git openssl apache2-utils util-linux mount e2fsprogs iproute2 nftables iperf3 procps psmisc attr libcap2-bin libarchive-tools"
MINI_LINT_PACKAGES="clang clang-format clang-tidy"
MINI_PEER_PACKAGES="docker.io podman buildah skopeo umoci runc crun bubblewrap containerd
  docker-registry mmdebstrap zstd xz-utils"
MINI_BENCH_PACKAGES="$MINI_PEER_PACKAGES busybox-static iproute2 iptables iperf3 e2fsprogs gcc libc6-dev jq python3"
MINI_TRACING_PACKAGES="cmake ninja-build g++ pkg-config ccache libcpp-httplib-dev libsqlite3-dev
  nlohmann-json3-dev zlib1g-dev libgtest-dev libgmock-dev curl jq"
MINI_EXAMPLE_PACKAGES="cmake ninja-build g++ pkg-config ccache nlohmann-json3-dev libsqlite3-dev libsodium-dev
  libmariadb-dev libssl-dev zlib1g-dev libgtest-dev librdkafka-dev libboost1.81-dev libc-ares-dev
  python3 curl jq wrk mariadb-server"
MINI_KAFKA_PACKAGES="maven openjdk-17-jre-headless busybox-static"
MINI_BROWSER_PACKAGES="chromium fonts-noto-cjk fonts-noto-core python3"
MINI_ZIPKIN_PACKAGES="maven default-jre-headless python3"
MINI_VM_PACKAGES="qemu-system-x86 cpio kmod"

# missing_packages NAME... : those that are not installed, one a line.
missing_packages() {
  local name
  for name in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed ||
      echo "$name"
  done
}

apt_quiet() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    -o APT::Sandbox::User=root "$@" </dev/null
}

# refresh_lists NAME... : `apt-get update`, only when apt does not know one of the names.
refresh_lists() {
  local name
  for name in "$@"; do
    apt-cache show "$name" >/dev/null 2>&1 || { apt_quiet update; return; }
  done
}

# without_services COMMAND... : runs COMMAND while Debian's own switch keeps packages from starting
# a daemon.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  "$@" || status=$?
  rm -f "$policy"
  return "$status"
}

install_packages() {
  without_services apt_quiet install -y --no-install-recommends "$@"
}

# need_packages NAME... : installs what is missing; on failure prints what apt said and fails.
need_packages() {
  local missing log
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "packages missing, and only root can install them:" $missing >&2
    return 1
  fi
  echo "installing:" $missing >&2
  log=$(mktemp)
  # Lists that are older than the mirror name files that are gone: fetch them once and try again.
  if { refresh_lists $missing && install_packages $missing; } >"$log" 2>&1 ||
    { apt_quiet update && install_packages $missing; } >>"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  cat "$log" >&2
  rm -f "$log"
  return 1
}

need_build_packages() { need_packages $MINI_BUILD_PACKAGES; }
need_test_packages() { need_packages $MINI_TEST_PACKAGES; }
need_peer_packages() { need_packages $MINI_PEER_PACKAGES; }
need_bench_packages() { need_packages $MINI_BENCH_PACKAGES; }
need_vm_packages() { need_packages $MINI_VM_PACKAGES; }

fetch_package() { apt_quiet download "$1" >/dev/null; }

# vm_kernel DIRECTORY : unpacks the newest cloud kernel (vmlinuz and modules) into DIRECTORY and
# prints its release. The package is not installed: that would write an initramfs and a boot loader
# entry for this machine.
vm_kernel() {
  local directory=$1 package work
  if ! ls "$directory"/boot/vmlinuz-* >/dev/null 2>&1; then
    refresh_lists linux-image-cloud-amd64 || return
    package=$(apt-cache depends linux-image-cloud-amd64 |
      sed -n 's/^ *Depends: *\(linux-image-[^ ]*\)$/\1/p' | head -1)
    if [ -z "$package" ]; then
      echo "linux-image-cloud-amd64: apt knows no kernel package behind it" >&2
      return 1
    fi
    mkdir -p "$directory" || return
    work=$(mktemp -d "$directory/fetch.XXXXXX") || return
    (cd "$work" &&
      { fetch_package "$package" || { apt_quiet update && fetch_package "$package"; }; } &&
      dpkg-deb -x ./*.deb tree && depmod -b tree "${package#linux-image-}" &&
      mv tree/lib tree/boot "$directory/") || return
    rm -rf "$work"
  fi
  basename "$directory"/boot/vmlinuz-* | sed 's/^vmlinuz-//'
}
