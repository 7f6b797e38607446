# Many at once: 200 containers run, a thousand are listed, and each can still be told from the others.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

# --- 200 run at once, started eight at a time ------------------------------------------------------------------
seq 200 | xargs -P 8 -I{} "$MINI" run -d --name c{} --network none busybox sleep 1000 >"$scratch/ids" ||
  fail "some of 200 did not start"
eq "$(sort -u "$scratch/ids" | wc -l)" 200 "ids:"
eq "$(mini ps -q | wc -l)" 200 "running:"
ok mini exec c137 hostname
eq "$out" "$(mini ps -q -f 'name=^c137$')"
eq "$(mini stats --no-stream --format '{{.Name}}' | wc -l)" 200 "stats:"
ok mini rm -f $(cat "$scratch/ids")
eq "$(mini ps -aq)" "" "after rm -f:"

# --- the same name, eight at a time: one wins ------------------------------------------------------------------------
seq 8 | xargs -P 8 -I{} sh -c '"$0" run -d --name same --network none busybox sleep 1000 2>/dev/null' "$MINI" >"$scratch/same"
eq "$(wc -l <"$scratch/same")" 1 "containers called same:"
eq "$(mini ps -aq --no-trunc)" "$(<"$scratch/same")"
ok mini rm -f same

# --- start, stop and remove of the same container at once: no hang, no lie ------------------------------------------------
ok mini create --name shared --network none busybox sleep 1000
for _ in $(seq 200); do
  for command in "start" "stop -t 0" "kill" "restart -t 0"; do echo "$command shared"; done
done | timeout 300 xargs -P 8 -L 1 "$MINI" >/dev/null 2>&1
[ "$?" != 124 ] || fail "start, stop, kill and restart at once: hangs"
matches "$(field shared .State.Status)" '^(running|exited)$'
ok mini rm -f shared

# --- 1,000 exist ----------------------------------------------------------------------------------------------------------
seq 1000 | xargs -P 4 -I{} "$MINI" create --name m{} --network none busybox true >"$scratch/ids"
eq "$(wc -l <"$scratch/ids")" 1000
ok mini ps -aq
eq "$(wc -l <<<"$out")" 1000
eq "$(sort -u <<<"$out" | wc -l)" 1000
eq "$(mini ps -aq -f 'name=^m77' | wc -l)" 11
ok mini container prune -f
eq "$(mini ps -aq)" ""
