# Real packets between containers, this host and another one: who reaches whom, by which address and
# by which name, and who does not.
. "$(dirname "$0")/../lib/two_hosts.sh"
. "$(dirname "$0")/../lib/e2e.sh"
: "${NETPROBE:?names the test program for networks}"
set_up_hosts
base_tree "$scratch/tree"
cp "$NETPROBE" "$scratch/tree/bin/netprobe"
tar -C "$scratch/tree" -cf "$scratch/net.tar" .
ok mini import "$scratch/net.tar" net:latest

# serve NAME ARGUMENT... : a container that answers on TCP port 80 and UDP port 53.
serve() {
  local name=$1
  shift
  ok mini run -d --name "$name" "$@" net sh -c 'netprobe serve udp 53 & exec netprobe serve tcp 80'
  eventually 5 mini exec "$name" netprobe ask tcp 127.0.0.1 80
}
address() { field "$1" "range .NetworkSettings.Networks}}{{.IPAddress}} {{end" | cut -d' ' -f1; }
inside() { mini exec "$1" netprobe ask "${@:2}"; }
pings() { mini exec "$1" ping -c 1 -W 1 "$2"; }
# unreachable COMMAND... : refused or without an answer; never answered.
unreachable() { ! timeout 5 "$@" >"$scratch/answer" 2>/dev/null || fail "$*: answered $(<"$scratch/answer")"; }

# --- the default network ------------------------------------------------------------------------------
serve web --network-alias www --hostname portal
serve db
web=$(address web) db=$(address db)
gateway=$(field web .NetworkSettings.Gateway)
for name in db "$(mini ps -q -f 'name=^db$')" DB; do ok pings web "$name"; done
for name in web www portal; do ok pings db "$name"; done
ok mini exec db nslookup web
contains "$out" "$web"
eq "$(inside db tcp "$web" 80)" "$db" "TCP between containers, seen from:"
eq "$(inside db udp "$web" 53)" "$db" "UDP between containers, seen from:"
eq "$("$NETPROBE" ask tcp "$web" 80)" "$gateway" "TCP from this host, seen from:"
eq "$("$NETPROBE" ask udp "$web" 53)" "$gateway" "UDP from this host, seen from:"
ok mini exec web sh -c 'cat /etc/hostname && grep portal /etc/hosts'
eq "$out" "portal"$'\n'"$web"$'\t'"portal"

# --- the way out: with this host's address ------------------------------------------------------------------
ip netns exec other "$NETPROBE" serve tcp 7000 &
servers=$!
ip netns exec other "$NETPROBE" serve udp 7001 &
servers="$servers $!"
cleanup() { kill $servers 2>/dev/null; }
eventually 5 "$NETPROBE" ask tcp $there 7000
eq "$(inside web tcp $there 7000)" $here "TCP to another host, seen from:"
eq "$(inside web udp $there 7001)" $here "UDP to another host, seen from:"
# Not published: not even for who knows the way.
other ip route add "$web/32" via $here
unreachable other "$NETPROBE" ask tcp "$web" 80
unreachable other ping -c 1 -W 1 "$web"

# --- published ports ---------------------------------------------------------------------------------------
serve open -p 8080:80 -p 5353:53/udp
open=$(address open)
eq "$(other "$NETPROBE" ask tcp $here 8080)" $there "published, from another host:"
eq "$(other "$NETPROBE" ask udp $here 5353)" $there "published, UDP, from another host:"
for host in 127.0.0.1 127.0.0.5 $here "$gateway"; do
  ok "$NETPROBE" ask tcp $host 8080
  ok "$NETPROBE" ask udp $host 5353
done
for host in $here "$gateway"; do
  ok inside web tcp $host 8080
  ok inside open tcp $host 8080
  ok inside web udp $host 5353
done
ok mini port open 80
eq "$out" "0.0.0.0:8080"

# 127.0.0.1 is for this host alone: not by another address, not by a forged one, not from a container.
serve local -p 127.0.0.1:8081:80
ok "$NETPROBE" ask tcp 127.0.0.1 8081
unreachable other "$NETPROBE" ask tcp $here 8081
unreachable "$NETPROBE" ask tcp $here 8081
unreachable inside web tcp "$gateway" 8081
other sysctl -qw net.ipv4.conf.eth0.route_localnet=1
other ip addr del 127.0.0.1/8 dev lo
other ip route add 127.0.0.1/32 via $here src $there
unreachable other "$NETPROBE" ask tcp 127.0.0.1 8081
unreachable other "$NETPROBE" ask tcp 127.0.0.1 8080
# Nor does a container reach what listens on this host's 127.0.0.1.
"$NETPROBE" serve tcp 7002 &
servers="$servers $!"
eventually 5 "$NETPROBE" ask tcp 127.0.0.1 7002
ok mini run --rm --cap-add NET_ADMIN --sysctl net.ipv4.conf.all.route_localnet=1 net sh -c \
  "ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1/32 via $gateway; ! netprobe ask tcp 127.0.0.1 7002"

# --- after a restart, a rename, a stop ------------------------------------------------------------------------
ok mini restart -t 0 db
ok pings web db
ok inside db tcp "$web" 80
ok mini rename db store
ok pings web store
fails_with 1 pings web db
ok mini stop -t 0 store
fails_with 1 pings web store
ok mini restart -t 0 open
eventually 5 other "$NETPROBE" ask tcp $here 8080

# --- another network: neither names nor addresses --------------------------------------------------------------
ok mini network create --subnet 10.77.0.0/24 second
serve far --network second --ip 10.77.0.9 -p 8082:80
eq "$(address far)" 10.77.0.9
fails_with 1 pings web far
fails_with 1 pings far web
unreachable inside web tcp 10.77.0.9 80
unreachable inside far udp "$web" 53
unreachable pings web 10.77.0.9
ok inside web tcp $here 8082
ok inside far tcp $there 7000
# Joined while it runs: at once, by name; and out again.
ok mini network connect --alias visitor second web
ok pings far visitor
ok pings web far
ok inside web tcp 10.77.0.9 80
ok mini network disconnect second web
fails_with 1 pings far visitor
unreachable inside web tcp 10.77.0.9 80
ok inside web tcp $there 7000

# --- internal: no way out and none in --------------------------------------------------------------------------
ok mini network create --internal vault
serve safe --network vault
serve key --network vault
safe=$(address safe)
ok pings key safe
eq "$(inside key tcp "$safe" 80)" "$(address key)"
ok "$NETPROBE" ask tcp "$safe" 80
unreachable inside safe tcp $there 7000
unreachable inside safe tcp $here 8080
unreachable inside safe tcp "$web" 80
unreachable inside web tcp "$safe" 80
other ip route add "$safe/32" via $here
unreachable other "$NETPROBE" ask tcp "$safe" 80
fails_with 125 mini run --rm --network vault -p 8083:80 net true
contains "$err" "internal"

# --- how much it was ------------------------------------------------------------------------------------------
ok mini exec far ping -c 3 -s 1000 -W 1 10.77.0.1
matches "$(mini stats --no-stream --format '{{.NetIO}}' far)" '^[1-9][0-9.]*(kB|MB) / [1-9][0-9.]*(kB|MB)$'

# --- another container's network ---------------------------------------------------------------------------------
ok mini run --rm --network container:web net sh -c 'netprobe ask tcp 127.0.0.1 80; hostname; ping -c 1 -W 1 open >/dev/null'
eq "$out" "127.0.0.1"$'\n'portal

# --- IPv6 --------------------------------------------------------------------------------------------------------
ok mini network create --ipv6 --subnet fd77::/64 --subnet 10.78.0.0/24 modern
serve six --network modern -p 8084:80
serve seven --network modern
six=$(field six .NetworkSettings.Networks.modern.GlobalIPv6Address)
matches "$six" '^fd77::'
ok mini exec seven ping6 -c 1 -W 1 six
eq "$(inside seven tcp "$six" 80)" "$(field seven .NetworkSettings.Networks.modern.GlobalIPv6Address)"
# Refused at once: a client goes on to 127.0.0.1.
fails_with 1 "$NETPROBE" ask tcp ::1 8084
fails_with 125 mini run --rm --network modern -p '[::1]:8085:80' net true
contains "$err" "127.0.0.1"
# A bridge that has just got its first port speaks IPv6 a second later.
eventually 5 other "$NETPROBE" ask tcp $here6 8084
eq "$(other "$NETPROBE" ask tcp $here6 8084)" $there6
eq "$(inside seven tcp $there6 7000)" $here6 "IPv6 to another host, seen from:"
other ip route add "$six/128" via $here6
unreachable other "$NETPROBE" ask tcp "$six" 80
# Without IPv6, a container has no address of it and takes none.
ok mini exec web cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6
eq "$out" 1

# --- a build's RUN is on the default network ------------------------------------------------------------------------
mkdir "$scratch/context"
printf 'FROM net\nRUN netprobe ask tcp %s 7000 >/seen && nslookup web >/dev/null 2>&1; netprobe ask tcp 10.77.0.9 80 || echo apart >>/seen\n' \
  $there >"$scratch/context/Dockerfile"
ok mini build -q -t fetched "$scratch/context"
ok once fetched cat /seen
eq "$out" "$here"$'\n'apart
printf 'FROM net\nRUN --network=none ! netprobe ask tcp %s 7000\n' $there >"$scratch/context/Dockerfile"
ok mini build -q "$scratch/context"
