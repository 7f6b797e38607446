# SIGKILL at any system call that changes something, for each command that changes the store: what was
# there is unchanged or the new is whole, and the next command finds a sound store and clears away
# what was left. Strides, so that it stays short; FAULT_POINTS=all tries every point.
. "$(dirname "$0")/../lib/e2e.sh"
. "$e2e_lib/faults.sh"
. "$e2e_lib/registry.sh"
cleanup() { stop_registries; }
faults_prepare
struck=0
for command in ${FAULT_COMMANDS:-$commands pull}; do
  begin "$command"
  before=$(image_picture)
  again "$command" >/dev/null || die "$command: fails without any fault"
  reference=$(picture)
  after=$(image_picture)
  points "$command" >"$scratch/points"
  [ -s "$scratch/points" ] || die "$command: no points"
  while read -r call n; do
    begin "$command"
    strike "$call" "$n" signal=KILL
    now=$(image_picture)
    [ "$now" = "$before" ] || [ "$now" = "$after" ] || [ "$command" = prune ] ||
      fail "$command, killed at $call $n: images are neither as before nor as after: $now"
    [ "$code" != 0 ] && struck=$((struck + 1))
    after_fault "$command" "$command, killed at $call $n"
  done <"$scratch/points"
done
# Points of short-lived helpers may not strike, but most have to.
at_most 20 "$struck" "runs that were killed, at least:"
