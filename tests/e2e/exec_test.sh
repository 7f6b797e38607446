# `mini exec`: the container's environment and limits, its own user and directory, exit codes, streams.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

ok mini run -d --name box --network none -e IN=container -w /tmp --hostname inside --memory 64m \
  --ulimit nofile=50:60 --cap-drop MKNOD busybox sleep 1000

ok mini exec box sh -c 'echo $IN; pwd; hostname; ulimit -n; grep CapBnd /proc/self/status | cut -f2'
eq "$out" "container"$'\n'"/tmp"$'\n'"inside"$'\n'"50"$'\n'"00000000a00425fb" "what exec takes from the container:"
ok mini exec -e EXTRA=1 -e IN=changed -w /var box sh -c 'echo $EXTRA $IN $PWD'
eq "$out" "1 changed /var"
ok mini exec -u app box sh -c 'id -u; id -g; id -G; echo $HOME'
eq "$out" "1000"$'\n'"1000"$'\n'"1000 10"$'\n'"/home"
ok mini exec -u 77:88 box sh -c 'echo $(id -u) $(id -g)'
eq "$out" "77 88"
fails_with 126 mini exec -u nosuchuser box true
contains "$err" nosuchuser
ok mini exec box sh -c 'echo out; echo err >&2'
eq "$out" out
eq "$err" err
ok mini exec -i box cat <<<"piped"
eq "$out" piped
ok mini exec box cat <<<"not piped"
eq "$out" "" "without -i:"
head -c 1048576 /dev/urandom >"$scratch/data"
mini exec -i box cat <"$scratch/data" | cmp - "$scratch/data" || fail "1 MiB through exec"
# The same namespaces, the same cgroup: it cannot escape the limits.
ok mini exec box sh -c 'for n in mnt net uts pid ipc; do readlink /proc/self/ns/$n; done'
pid=$(field box .State.Pid)
eq "$out" "$(for n in mnt net uts pid ipc; do readlink "/proc/$pid/ns/$n"; done)" namespaces:
mini exec box sleep 5 &
eventually 5 eval 'mini exec box ps -o args | grep -qx "sleep 5"'
groups=$(for p in $(cat "/proc/$pid/task/$pid/children") $pid; do grep -h memory "/proc/$p/cgroup"; done | sort -u | wc -l)
eq "$groups" 1 "memory cgroups of the container's processes:"

# --- exit codes --------------------------------------------------------------------------------------------
fails_with 42 mini exec box sh -c 'exit 42'
fails_with 127 mini exec box nosuchcommand
contains "$err" nosuchcommand
fails_with 126 mini exec box /etc/passwd
fails_with 137 mini exec box sh -c 'kill -KILL $$'
fails_with 1 mini exec nosuch true
contains "$err" nosuch
ok mini create --name made --network none busybox true
fails_with 1 mini exec made true
contains "$err" "start"

# --- detached, and gone with its client --------------------------------------------------------------------
ok mini exec -d box sh -c 'sleep 0.2; echo done >/tmp/done; exec sleep 1000'
eq "$out" ""
eventually 5 mini exec box test -e /tmp/done
"$MINI" exec box sleep 777 &
client=$!
eventually 5 eval 'mini exec box ps -o args | grep -qx "sleep 777"'
kill -TERM "$client"
wait "$client"
eventually 5 eval '! mini exec box ps -o args | grep -qx "sleep 777"'
"$MINI" exec box sleep 778 &
client=$!
eventually 5 eval 'mini exec box ps -o args | grep -qx "sleep 778"'
kill -KILL "$client"
wait "$client" 2>/dev/null
eventually 5 eval '! mini exec box ps -o args | grep -qx "sleep 778"'

# --- privileged ------------------------------------------------------------------------------------------------
ok mini exec --privileged box sh -c 'grep -E "^(CapEff|Seccomp:)" /proc/self/status | tr -d "\t"'
lacks "$out" "CapEff:00000000a00425fb"
contains "$out" "Seccomp:0"
ok mini rm -f box
