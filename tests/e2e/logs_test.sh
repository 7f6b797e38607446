# `mini logs`: both streams, follow, since, until, tail, timestamps, and rotation that loses nothing it
# promised to keep.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

ok mini run --name both --network none busybox sh -c 'echo one; echo two >&2; printf three'
ok mini logs both
eq "$out" "one"$'\n'"three" "standard output:"
eq "$err" "two" "standard error:"
ok mini logs --tail 1 both
eq "$out" three
ok mini logs -n 0 both
eq "$out$err" ""
ok mini logs -t both
matches "$out" ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z\ one
ok mini logs --since 1h both
eq "$out" "one"$'\n'"three"
ok mini logs --since 2099-01-01 both
eq "$out$err" ""
ok mini logs --until 1h both
eq "$out$err" ""
fails_with 1 mini logs --since yesterday-ish both
fails_with 1 mini logs --tail many both
fails_with 1 mini logs nosuch
ok mini start -a both
ok mini logs both
eq "$out" "one"$'\n'"threeone"$'\n'"three" "after a second start:"
ok mini rm both

# since and until between two lines
ok mini run --name timed --network none busybox sh -c 'echo first; sleep 0.3; echo second'
moments=$(mini logs -t timed | cut -d' ' -f1 | while read -r moment; do date -d "$moment" +%s%N; done | awk '{ sum += $1 / 1000 } END { printf "%.0f", sum / 2 }')
middle=$(date -u -d "@$((moments / 1000000)).$(printf %06d $((moments % 1000000)))" +%Y-%m-%dT%H:%M:%S.%NZ)
eq "$(mini logs --since "$middle" timed)" second
eq "$(mini logs --until "$middle" timed)" first
ok mini rm timed

# --- follow ------------------------------------------------------------------------------------------------
ok mini run -d --name follow --network none busybox sh -c 'for i in 1 2 3 4 5; do echo line $i; sleep 0.2; done'
ok mini logs -f follow
eq "$out" "line 1"$'\n'"line 2"$'\n'"line 3"$'\n'"line 4"$'\n'"line 5" "follow ends with the container:"
ok mini logs -f follow
eq "$(wc -l <<<"$out")" 5 "follow of one that has ended:"
ok mini rm follow

# --- rotation: bounded on disk, order kept, follow survives --------------------------------------------------
ok mini run -d --name rotate --network none --log-opt max-size=20k --log-opt max-file=3 busybox \
  sh -c 'trap go=1 USR1; echo 0; while [ -z "$go" ]; do sleep 0.05; done; seq 1 5000; sleep 0.3; seq 5001 10000'
mini logs -f rotate >"$scratch/followed" &
follower=$!
eventually 5 grep -q 0 "$scratch/followed"
ok mini kill -s USR1 rotate
ok mini wait rotate
wait "$follower"
eq "$(tail -1 "$scratch/followed")" 10000 "the last line that was followed:"
sort -nc "$scratch/followed" || fail "follow: not in order"
ok mini logs rotate
seq 0 10000 | tail -n "$(wc -l <<<"$out")" | cmp - <(echo "$out") || fail "after rotation: lines lost in the middle"
bytes=$(cat "$MINI_ROOT"/containers/*/container.log* | wc -c)
at_most "$bytes" 65536 "log on disk:"
eq "$(ls "$MINI_ROOT"/containers/*/container.log* | wc -l)" 3 "files of the log:"
ok mini rm rotate

# --- long lines, binary, no log ---------------------------------------------------------------------------------
ok mini run --name long --network none busybox sh -c 'head -c 100000 /dev/zero | tr "\0" x; echo; printf "a\0b\r\n"' >/dev/null
mini logs long >"$scratch/long"
eq "$(head -c 100000 "$scratch/long" | tr -d x | wc -c)" 0 "a line of 100,000 bytes:"
eq "$(tail -c 5 "$scratch/long" | od -An -c | tr -d ' ')" 'a\0b\r\n'
ok mini rm long
ok mini run --name none --network none --log-driver none busybox echo seen
eq "$out" seen
mini logs none >"$scratch/none" 2>&1
[ "$(<"$scratch/none")" != seen ] || fail "--log-driver none: logged"
fails_with 125 once --log-driver syslog busybox true
fails_with 125 once --log-opt max-sizes=1k busybox true
