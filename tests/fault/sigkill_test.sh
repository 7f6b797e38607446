# kill -9 of what watches a container: the next command tells the truth about it and takes away
# everything that was left. Also at the hands of the container: nothing of it can outlive it.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

monitor_of() { ps -o ppid= -p "$(field "$1" .State.Pid)" | tr -d ' '; }
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.[ZX]' "/proc/$1/status"; }

# --- the monitor of a detached container -----------------------------------------------------------------------
ok mini run -d --name victim --network none busybox sh -c 'sleep 1000 & setsid sleep 1000 & exec sleep 1000'
id=$out
pid=$(field victim .State.Pid)
monitor=$(monitor_of victim)
contains "$(tr '\0' ' ' <"/proc/$monitor/cmdline")" "$id"
kill -KILL "$monitor"
eventually 5 gone "$monitor"
ok mini ps -a --format '{{.Names}} {{.State}} {{.Status}}'
matches "$out" "victim exited Exited \(255\)"
eventually 5 gone "$pid"
eq "$(wait_for_nothing_of "$scratch" "$id")" "" "after the monitor was killed:"
ok mini start victim
is_state victim running || fail "start after the monitor was killed"
ok mini rm -f victim

# --- with --rm ------------------------------------------------------------------------------------------------------
ok mini run -d --rm --name victim --network none -v /anonymous busybox sleep 1000
id=$out
kill -KILL "$(monitor_of victim)"
eventually 5 eval '[ -z "$(mini ps -aq)" ]'
eq "$(ls "$MINI_ROOT/containers" | grep -v names)" "" "containers on disk:"
ok mini run -d --rm --name victim --network none busybox true

# --- with a restart policy: the next start is the user's ----------------------------------------------------------------
ok mini run -d --name again --network none --restart always busybox sleep 1000
kill -KILL "$(monitor_of again)"
eventually 5 is_state again exited
ok mini rm again

# --- a foreground run: the container ends with it ---------------------------------------------------------------------------
"$MINI" run --name front --network none busybox sh -c 'sleep 1000 & exec sleep 1000' </dev/null &
client=$!
eventually 5 is_state front running
pid=$(field front .State.Pid)
id=$(field front .Id)
kill -KILL "$client"
wait "$client" 2>/dev/null
eventually 5 gone "$pid"
eventually 5 is_state front exited
ok mini rm front
eq "$(wait_for_nothing_of "$scratch" "$id")" "" "after a killed run:"

# --- a client of exec, of attach, of logs -f: the container goes on -----------------------------------------------------------
ok mini run -dit --name goes-on --network none busybox sh
for command in "exec goes-on sleep 1000" "attach goes-on" "logs -f goes-on" "wait goes-on" "stats goes-on"; do
  "$MINI" $command >/dev/null 2>&1 </dev/null &
  client=$!
  sleep 0.2
  kill -KILL "$client" 2>/dev/null
  wait "$client" 2>/dev/null
done
is_state goes-on running || fail "after its clients were killed: $(field goes-on .State.Status)"
ok mini exec goes-on true
ok mini rm -f goes-on

# --- paused, then killed, then removed ------------------------------------------------------------------------------------------
# At once, while the monitor is still on its way out.
for _ in $(seq 20); do
  ok mini run -d --name frozen --network none busybox sleep 1000
  ok mini pause frozen
  kill -KILL "$(monitor_of frozen)"
  ok timeout 120 "$MINI" rm -f frozen
done
ok mini run -d --name frozen --network none busybox sleep 1000
ok mini pause frozen
ok timeout 120 "$MINI" kill frozen
ok timeout 120 "$MINI" rm -f frozen

# --- the first process ends: all others do -----------------------------------------------------------------------------------------
unique=$((1000000 + $$))
ok mini run -d --name family --network none busybox sh -c "for i in 1 2 3 4 5; do setsid sleep $unique & done; sleep 0.3"
ok mini wait family
eq "$(grep -lzx "[1]${unique:1}" /proc/[0-9]*/cmdline 2>/dev/null | wc -l)" 0 "processes after the first ended:"
ok mini rm family
# A fork bomb within its limit ends with kill.
ok mini run -d --name bomb --network none --pids-limit 50 busybox sh -c 'f() { f | f & }; f; sleep 1000'
sleep 0.5
ok timeout 120 "$MINI" rm -f bomb
no_scratch_left
store_is_sound
