#!/bin/bash
# prepare.sh BUILD: fetches what tests would otherwise ask for one after the other, while something else is compiled: the packages of peers and
# examples, the root file systems of bases.sh and debian_tree.sh, the kernel of vm/boot.sh, jars. What fails here is told by the test that needs it.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. ./packages.sh
. ./debian_tree.sh
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mini-bases.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
MINI=$(realpath -m "../../$1/mini")
e2e_lib=$PWD
skip() {
  echo "$*" >&2
  exit 1
}
. ./bases.sh

need_packages $MINI_PEER_PACKAGES $MINI_VM_PACKAGES $MINI_EXAMPLE_PACKAGES $MINI_TRACING_PACKAGES $MINI_KAFKA_PACKAGES $MINI_ZIPKIN_PACKAGES dpkg-dev
debian_tar "$scratch/debian.tar"
for base in cpp_base mariadb_base java_base; do (need_base "$base"); done
kernel=${MINI_TEST_CACHE:-/var/cache/mini-tests}/kernel
mkdir -p "$kernel"
(flock 9 && vm_kernel "$kernel") 9>"$kernel.lock"
zipkin=io.zipkin:zipkin-server:3.4.2:jar:exec
timeout 300 mvn -q -B dependency:get -Dartifact=$zipkin -Dtransitive=false
need_packages $MINI_BROWSER_PACKAGES
