#!/bin/bash
# prepare_bases.sh BUILD: makes the root file systems that tests build upon before they ask for them (bases.sh, debian_tree.sh): meanwhile something
# else can be compiled. What fails here is told by the test that needs it.
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
debian_tar "$scratch/debian.tar"
for base in cpp_base mariadb_base java_base; do (need_base "$base"); done
