# What is killed, flushed or lost under a network: the next command repairs it; a hundred at once; the
# host's own rules and settings of others stay.
. "$(dirname "$0")/../lib/two_hosts.sh"
. "$(dirname "$0")/../lib/e2e.sh"
: "${NETPROBE:?names the test program for networks}"
set_up_hosts
base_tree "$scratch/tree"
cp "$NETPROBE" "$scratch/tree/bin/netprobe"
tar -C "$scratch/tree" -cf "$scratch/net.tar" .
ok mini import "$scratch/net.tar" net:latest
table="inet mini_$(network_mark "$scratch")"

serve() { ok mini run -d --name "$@" net netprobe serve tcp 80; }
# Not from /sys, which shows the interfaces of the namespace that it was mounted in.
interfaces() { ip -o link | cut -d' ' -f2 | grep -c "^$1"; }
one_veth_pair() { [ "$(interfaces veth)" = 1 ]; }
leases() { cat "$MINI_RUN_ROOT"/networks/* 2>/dev/null | grep -vc '^last'; }
answers() { [ -n "$("$NETPROBE" ask tcp 127.0.0.1 "$1" 2>/dev/null)" ]; }

# --- rules of the host: untouched, and not overruled -----------------------------------------------------
nft -f - <<'END'
table inet host {
  chain forward { type filter hook forward priority 10; policy accept; ip saddr 192.0.2.2 tcp dport 80 drop; }
  chain input { type filter hook input priority 0; policy accept; tcp dport 9 drop; }
}
END
nft list table inet host >"$scratch/rules"
serve web -p 8080:80
eventually 5 answers 8080
# A drop in the host's own forward chain holds for published ports, too.
fails_with 2 other "$NETPROBE" ask tcp $here 8080
eq "$(nft list table inet host)" "$(<"$scratch/rules")" "rules of the host:"
nft delete table inet host
ok other "$NETPROBE" ask tcp $here 8080

# --- somebody flushes all rules, or takes away the bridge's ----------------------------------------------------
nft flush ruleset
fails_with 1 answers 8080
ok mini run --rm net ping -c 1 -W 1 web
answers 8080 || fail "after a flush of all rules and one more start, a published port is dead"
nft flush map $table published_any
serve again -p 8081:80
eventually 5 answers 8081

# --- a monitor that is killed: its container ends, and the next command clears the rest --------------------------
monitor=$(sed -E 's/.*"Monitor":\{"Boot":"[^"]*","Pid":([0-9]+).*/\1/' "$MINI_ROOT/containers/$(mini ps -q --no-trunc -f name=again)/record.json")
kill -KILL "$monitor"
eventually 5 sh -c "! kill -0 $monitor"
ok mini ps -aq
eq "$(leases)" 1 "leases after a monitor was killed and one more command:"
lacks "$(nft list table $table)" 8081
eventually 5 one_veth_pair
fails_with 1 mini exec web ping -c 1 -W 1 again
serve third -p 8081:80
ok mini rm -f again third

# A foreground run that is killed.
"$MINI" run --rm --name front -p 8082:80 net netprobe serve tcp 80 &
front=$!
eventually 5 answers 8082
kill -KILL $front
wait $front 2>/dev/null
ok mini ps -aq
eq "$(leases)" 1 "leases after a run was killed:"
serve front -p 8082:80
ok mini rm -f front

# --- killed in the middle of a connection: the kernel still tries to send its last bytes, from an address that is the next one's ----
veth_pairs_of() { ip -o link show master "$(mini network inspect -f '{{index .Options "com.docker.network.bridge.name"}}' talks)" | wc -l; }
two_veth_pairs() { [ "$(veth_pairs_of)" = 2 ]; }
ok mini network create talks
ok mini run -d --name deaf --network talks net nc -l -p 80 -e sleep 1000
ok mini run -d --name quiet --network talks net sleep 1000
ok mini run -d --name talker --network talks --init net sh -c 'yes | nc deaf 80'
sleep 0.5
eq "$(veth_pairs_of)" 3 "veth pairs:"
ok mini rm -f talker
eventually 5 two_veth_pairs
ok mini rm -f deaf quiet
ok mini network rm talks

# --- killed at any moment of a start ---------------------------------------------------------------------------------
for i in $(seq 1 25); do
  "$MINI" run --rm -p 8083:80 net true 2>/dev/null &
  sleep "0.0$(printf %02d $((i * 2)))"
  kill -KILL $! 2>/dev/null
  wait $! 2>/dev/null
done
ok mini ps -aq
eq "$(leases)" 1 "leases after 25 starts that were killed:"
lacks "$(nft list table $table)" 8083
eventually 5 one_veth_pair
serve after -p 8083:80
ok mini rm -f after

# --- a hundred at once: each with an address of its own, all found by name ------------------------------------------------
seq 100 | xargs -P 16 -I{} "$MINI" run -d --name n{} net sleep 1000 >"$scratch/ids" || fail "some of 100 did not start"
addresses=$(mini inspect -f '{{.NetworkSettings.IPAddress}}' $(cat "$scratch/ids"))
eq "$(sort -u <<<"$addresses" | grep -c .)" 100 "distinct addresses:"
for i in 1 50 100; do ok mini exec web ping -c 1 -W 1 n$i; done
ok mini exec n7 ping -c 1 -W 1 n93
ok mini rm -f $(cat "$scratch/ids")
eq "$(leases)" 1 "leases after 100 were removed:"
eventually 20 one_veth_pair

# --- a start that fails at something else: that is told, and nothing of the network stays ----------------------------------
touch "$scratch/file"
for i in 1 2 3 4 5; do
  fails_with 125 mini run --rm -v "$scratch/file:/etc" -p 8085:80 net true
  contains "$err" "/etc"
  lacks "$err" "namespace"
done
fails_with 127 mini run --rm -p 8085:80 net nosuch
eq "$(leases)" 1 "leases after starts that failed:"
lacks "$(nft list table $table)" 8085

# --- a published port is held: nobody else gets it, of whatever program -------------------------------------------------
fails_with 1 "$NETPROBE" serve tcp 8080
other_store() { mini --root "$scratch/other" --run-root "$scratch/other-run" "$@"; }
ok other_store import "$scratch/net.tar" net:latest
fails_with 125 other_store run --rm -p 8080:80 net true
contains "$err" "in use by"
ok other_store run --rm -p 8087:80 net true
ok other_store network prune -f

# --- busy ports: the holder is named ----------------------------------------------------------------------------------------
fails_with 125 mini run --rm -p 8080:80 net true
contains "$err" "in use by container web"
"$NETPROBE" serve tcp 8090 &
holder=$!
cleanup() { kill $holder 2>/dev/null; }
eventually 5 "$NETPROBE" ask tcp 127.0.0.1 8090
fails_with 125 mini run --rm -p 8090:80 net true
contains "$err" "in use by process $holder (netprobe)"
fails_with 125 mini run --rm -p 198.51.100.7:8091:80 net true
contains "$err" "not an address of this host"
eq "$(leases)" 1

# --- a range that a VPN takes: the default network moves when nobody is in it ---------------------------------------------------
old=$(mini network inspect -f '{{(index .IPAM.Config 0).Subnet}}' bridge)
ok mini rm -f web
ok mini network prune -f
eq "$(interfaces mini0)" 0 "interfaces after a prune:"
ip link add vpn type bridge
ip link set vpn up
ip route add "$old" dev vpn
ok mini run --rm net ip -4 addr show eth0
new=$(mini network inspect -f '{{(index .IPAM.Config 0).Subnet}}' bridge)
ne "$new" "$old" "range of the default network:"
ip link del vpn

# --- a reboot: runtime state and interfaces are gone -------------------------------------------------------------------------------
ok mini create --name later -p 8084:80 net netprobe serve tcp 80
ok mini network prune -f
rm -rf "$MINI_RUN_ROOT"
ok mini start later
eventually 5 answers 8084
ok mini rm -f later
