# A system call that changes something fails: with EIO, ENOSPC or EMFILE. mini says so, with the cause,
# exits with a failure, or gets along without; the store is sound and the command works the next time.
. "$(dirname "$0")/../lib/e2e.sh"
. "$e2e_lib/faults.sh"
: "${FAULT_POINTS_PER_ERROR:=4}"
FAULT_POINTS=$FAULT_POINTS_PER_ERROR
faults_prepare

declare -A text=([EIO]="Input/output error" [ENOSPC]="No space left on device" [EMFILE]="Too many open files")
declare -A calls=(
  [EIO]=fsync,fdatasync,syncfs,renameat2,renameat,rename,unlinkat,write,mkdirat,mkdir,symlinkat,linkat
  [ENOSPC]=openat,mkdirat,mkdir,write,renameat2,renameat,rename,symlinkat,linkat,ftruncate
  [EMFILE]=openat,open_tree,fsmount)

said_why=0
for error in EIO ENOSPC EMFILE; do
  for command in ${FAULT_COMMANDS:-$commands}; do
    begin "$command"
    again "$command" >/dev/null || die "$command: fails without any fault"
    reference=$(picture)
    fault_calls=${calls[$error]}
    FAULT_OFFSET=0.5 points "$command" >"$scratch/points"
    while read -r call n; do
      begin "$command"
      strike "$call" "$n" "error=$error"
      where="$command, $error at $call $n"
      [ "$code" != 124 ] || fail "$where: hangs"
      [ "$code" -lt 128 ] || fail "$where: exit code $code: $said"
      if [ "$code" = 0 ]; then
        # Nothing was lost by it: what the command was for is there.
        [ "$command" = run_rm ] || eq "$(picture | sed 's/ \(created\|running\) / exited /')" \
          "$(sed 's/ \(created\|running\) / exited /' <<<"$reference")" "$where: exit code 0, but"
      else
        [[ "$said" == *"${text[$error]}"* ]] && said_why=$((said_why + 1)) ||
          fail "$where: exit code $code, want ${text[$error]} in: $said"
      fi
      after_fault "$command" "$where"
    done <"$scratch/points"
  done
done
at_most 15 "$said_why" "failures that told the cause, at least:"
