# SIGKILL at any system call that changes something, for each verb that changes the store: what was
# there is unchanged or the new is whole, and the next command finds a sound store and clears away
# what was left. Strides, so that it stays short; FAULT_POINTS=all tries every point.
. "$(dirname "$0")/../lib/e2e.sh"
. "$e2e_lib/faults.sh"
. "$e2e_lib/registry.sh"
cleanup() { stop_registries; }
faults_prepare

cgroups=$(dead_cgroups)
struck=0
for verb in ${FAULT_VERBS:-$verbs pull}; do
  begin "$verb"
  before=$(image_picture)
  again "$verb" >/dev/null || die "$verb: fails without any fault"
  reference=$(picture)
  after=$(image_picture)
  points "$verb" >"$scratch/points"
  [ -s "$scratch/points" ] || die "$verb: no points"
  while read -r call n; do
    begin "$verb"
    strike "$call" "$n" signal=KILL
    now=$(image_picture)
    [ "$now" = "$before" ] || [ "$now" = "$after" ] || [ "$verb" = prune ] ||
      fail "$verb, killed at $call $n: images are neither as before nor as after: $now"
    [ "$code" != 0 ] && struck=$((struck + 1))
    after_fault "$verb" "$verb, killed at $call $n"
  done <"$scratch/points"
done
# Points of short-lived helpers may not strike, but most have to.
at_most 20 "$struck" "runs that were killed, at least:"
