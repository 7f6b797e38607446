# Root file systems that several tests build upon, made once beside the binary that is tested, by the programs of examples/lib. Sourced, after e2e.sh.
SHOP_BASES=$(dirname "$MINI")/bases
export SHOP_BASES

# need_base PROGRAM... : $SHOP_BASES/PROGRAM.tar, at most a day old and newer than the program; skips the test where Debian's mirror does not give it.
need_base() {
  local program tar
  mkdir -p "$SHOP_BASES"
  for program in "$@"; do
    tar=$SHOP_BASES/$program.tar
    (
      flock 9
      [ -z "$(find "$tar" -mtime -1 -newer "$e2e_lib/../../examples/lib/$program" 2>/dev/null)" ] || exit 0
      timeout 400 "$e2e_lib/../../examples/lib/$program" "$SHOP_BASES/$program.new.tar" >"$scratch/base.log" 2>&1 &&
        mv "$SHOP_BASES/$program.new.tar" "$tar"
    ) 9>"$tar.lock" || skip "Debian's mirror does not give what $program needs: $(tail -1 "$scratch/base.log")"
  done
}
