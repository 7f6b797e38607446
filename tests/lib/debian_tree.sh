# debian_tar FILE : a small Debian root file system, made by mmdebstrap once a machine and kept in a
# cache directory, because that takes a while. Sourced, after packages.sh. The cache belongs to root,
# and so may not lie where others can write.
debian_tar() {
  local cache=${MINI_TEST_CACHE:-/var/cache/mini-test} name=debian-bookworm-minbase.tar
  need_packages mmdebstrap || return
  mkdir -p "$cache" && chmod 700 "$cache" || return
  (
    flock 9 || exit
    [ ! -s "$cache/$name" ] || exit 0
    mmdebstrap --quiet --variant=minbase --mode=root --aptopt='Acquire::Languages "none"' \
      bookworm "$cache/$name.part.tar" && mv "$cache/$name.part.tar" "$cache/$name"
  ) 9>"$cache/lock" || return
  cp "$cache/$name" "$1"
}
