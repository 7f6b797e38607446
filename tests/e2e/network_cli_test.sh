# Networks as a user writes and reads them: commands, flags, listings, and what is refused with nothing changed.
# In a network namespace of its own: no range of the host's can be in the way, and none of its own is.
[ -n "${own_network:-}" ] || own_network=1 exec unshare --net bash "$0" "$@"
. "$(dirname "$0")/../lib/e2e.sh"
base_image
ip link set lo up
ok mini rm "$(mini create busybox true)"

ids() { mini network ls -q --no-trunc "$@"; }
names() { mini network ls --format '{{.Name}}' "$@" | tr '\n' ' '; }

everything() {
  names
  mini ps -a --format '{{.Names}} {{.Networks}} {{.Ports}}'
  find "$MINI_ROOT"/{networks,containers,containers/names} -maxdepth 1 2>/dev/null | sort
}

# refused CODE TEXT COMMAND... : fails, says TEXT and a cure, and leaves networks and containers as they were.
refused() {
  local want=$1 text=$2 before
  shift 2
  before=$(everything)
  fails_with "$want" "$@"
  contains "$err" "$text"
  [ "$(wc -l <<<"$err")" -ge 2 ] || fail "$*: no cure is told: $err"
  eq "$(everything)" "$before" "$*: networks and containers afterwards:"
}

# --- what is always there ---------------------------------------------------------------------------
ok mini network ls
matches "$(head -1 <<<"$out")" '^NETWORK ID +NAME +DRIVER +SCOPE$'
eq "$(names)" "bridge host none "
eq "$(mini network ls --format '{{.Name}}/{{.Driver}}/{{.Scope}}' | tr '\n' ' ')" \
  "bridge/bridge/local host/host/local none/null/local "
matches "$(mini network ls -q | head -1)" '^[0-9a-f]{12}$'
matches "$(ids | head -1)" '^[0-9a-f]{64}$'
eq "$(mini network list -q)" "$(mini network ls -q)" "network list:"
for name in bridge host none; do
  ok mini network inspect -f '{{.Name}} {{.Id}}' "$name"
  eq "$out" "$name $(ids -f "name=^$name\$")"
  refused 1 "$name" mini network rm "$name"
  refused 1 "$name" mini network rm "$(ids -f "name=^$name\$")"
done
eq "$(mini inspect --type network -f '{{.Driver}}' host none | tr '\n' ' ')" "host null "
eq "$(mini inspect -f '{{(index .IPAM.Config 0).Gateway}}' bridge | cut -c1-3)" \
  "$(mini inspect -f '{{(index .IPAM.Config 0).Subnet}}' bridge | cut -c1-3)"

# --- create, inspect, ls ----------------------------------------------------------------------------
ok mini network create --label tier=data --label x plain
plain=$out
matches "$plain" '^[0-9a-f]{64}$'
ok mini network create --subnet 10.77.0.0/24 --gateway 10.77.0.254 --internal -d bridge inner
inner=$out
ok mini network create --ipv6 --subnet 10.78.0.0/24 --subnet fd77:1::/64 --gateway fd77:1::9 both
eq "$(names)" "both bridge host inner none plain "
eq "$(names -f driver=bridge -f type=custom)" "both inner plain "
eq "$(names -f type=builtin)" "bridge host none "
eq "$(names -f label=tier)" "plain "
eq "$(names -f label=tier=other)" ""
eq "$(names -f "id=${plain:0:6}")" "plain "
eq "$(names -f name=in)" "inner plain "
eq "$(names -f dangling=true)" "both inner plain "
eq "$(names -f dangling=false)" "bridge host none "
eq "$(names -f scope=local -f driver=null)" "none "
fails_with 1 mini network ls -f type=bultin
contains "$err" builtin
fails_with 1 mini network ls -f nmae=x
contains "$err" name
eq "$(mini network ls --format '{{.Labels}} {{.IPv6}} {{.Internal}}' -f name=plain)" "tier=data,x= false false"
eq "$(mini network ls --format '{{.IPv6}} {{.Internal}}' -f name=both -f name=inner | tr '\n' ' ')" "true false false true "
eq "$(mini network ls --format json -f name=plain | tr , '\n' | grep -c '"Name":"plain"')" 1
ok mini network inspect inner
eq "$(head -c1 <<<"$out")" "["
ok mini network inspect -f '{{json .IPAM.Config}} {{.Internal}} {{.EnableIPv4}} {{.EnableIPv6}} {{json .Containers}}' inner
eq "$out" '[{"Subnet":"10.77.0.0/24","Gateway":"10.77.0.254"}] true true false {}'
eq "$(mini network inspect -f '{{json (index .IPAM.Config 1)}}' both)" '{"Subnet":"fd77:1::/64","Gateway":"fd77:1::9"}'
eq "$(mini network inspect -f '{{json .Labels}}' "$plain")" '{"tier":"data","x":""}'
eq "$(mini network inspect -f '{{.Name}}' "${plain:0:12}" inner | tr '\n' ' ')" "plain inner "
eq "$(mini inspect -f '{{.Id}}' plain)" "$plain" "inspect finds networks:"
fails_with 1 mini network inspect nosuch
eq "$out" "[]"
contains "$err" nosuch
fails_with 1 mini network inspect -f '{{.Name}}' plain nosuch
eq "$out" plain
fails_with 1 mini inspect --type network busybox

# --- create: what is refused ------------------------------------------------------------------------
ip link add other type bridge
ip address add 10.79.1.1/16 dev other
ip link set other up
refused 1 plain mini network create plain
refused 1 inner mini network create --subnet 10.77.0.128/25 overlaps
refused 1 inner mini network create --subnet 10.77.0.0/16 overlaps
refused 1 both mini network create --subnet 10.99.0.0/24 --subnet fd77::/16 overlaps
refused 1 10.79.0.0/16 mini network create --subnet 10.79.5.0/24 overlaps
for name in host none default bridge container:x '' -x 'a b' ../x; do
  # A name that begins with "-" is a flag first.
  code=0
  before=$(ids)
  mini network create -- "$name" >"$scratch/out" 2>&1 || code=$?
  ne "$code" 0 "network create $(printf %q "$name"): exit code"
  eq "$(ids)" "$before" "networks after network create $(printf %q "$name"):"
done
refused 1 "10.80.0.0/16" mini network create --subnet 10.80.1.2/16 wrong
refused 1 "not a subnet" mini network create --subnet 10.80.0.0 wrong
refused 1 "not a subnet" mini network create --subnet 10.80.0.0/33 wrong
refused 1 "has the subnet" mini network create --subnet 10.80.0.0/24 --subnet 10.81.0.0/24 wrong
refused 1 "10.80.0.0/24" mini network create --subnet 10.80.0.0/24 --gateway 10.81.0.1 wrong
refused 1 "10.80.0.0/24" mini network create --subnet 10.80.0.0/24 --gateway 10.80.0.0 wrong
refused 1 "no --subnet" mini network create --gateway 10.80.0.1 wrong
refused 1 --gateway mini network create --subnet 10.80.0.0/24 --gateway here wrong
refused 1 overlay mini network create -d overlay wrong
refused 1 --ip-range mini network create --subnet 10.80.0.0/24 --ip-range 10.80.0.0/25 wrong
refused 1 --opt mini network create -o com.docker.network.driver.mtu=1400 wrong
refused 1 --scope mini network create --scope swarm wrong
code=0
mini network create --subnet 10.80.0.0/32 tiny >"$scratch/out" 2>&1 || code=$?
ne "$code" 0 "a range for nobody: exit code"
eq "$(names)" "both bridge host inner none plain "

# --- run: what is refused ---------------------------------------------------------------------------
refused 125 nosuch mini run --network nosuch busybox true
refused 1 nosuch mini create --network plain --network nosuch busybox true
refused 125 "given twice" mini run --network plain --network "${plain:0:12}" busybox true
refused 125 "10.77.0.0/24" mini run --network inner --ip 10.78.0.5 busybox true
refused 125 --ip6 mini run --network inner --ip6 fd77:1::5 busybox true
refused 125 "mini network create" mini run --ip 10.1.0.5 busybox true
refused 125 "not a port" mini run -p 80:65536 busybox true
refused 125 "not a port" mini run -p 80:0 busybox true
refused 125 reversed mini run -p 90-80:80 busybox true
refused 125 "differ in length" mini run -p 80-81:80-82 busybox true
refused 125 SCTP mini run -p 80:80/sctp busybox true
refused 125 "given twice" mini run -p 80:80 -p 80:81 busybox true
refused 125 "limit per container is 4096" mini run -p 1-5000:1-5000 busybox true
refused 125 --network-alias mini run --network host --network-alias x busybox true
refused 125 "IPv6 loopback" mini run --rm -p '[::1]:80:80' busybox true
refused 125 "internal" mini run --rm --network inner -p 80:80 busybox true
refused 125 "one network" mini run --link a:b busybox true
refused 125 nosuch mini run --network container:nosuch busybox true

# --- containers in networks -------------------------------------------------------------------------
ok mini run -d --name web --network plain --network-alias www -p 127.0.0.1:18080:80 -p 18081:81/udp \
  --expose 443 -p 17000-17002:17000-17002 busybox sleep 1000
web=$out
ok mini run -d --name fixed --network name=inner,ip=10.77.0.77,mac-address=02:42:0a:4d:00:4d busybox sleep 1000
ok mini run -d --name joined --network container:web busybox sleep 1000
ok mini create --name joined-later busybox true
ok mini run --rm --network host --add-host up:host-gateway busybox grep up /etc/hosts
eq "$out" $'127.0.0.1\tup'
ok mini run --rm --network inner --add-host up:host-gateway busybox grep up /etc/hosts
eq "$out" $'10.77.0.254\tup'
ok mini run -d --name alone --network none -p 80:80 busybox sleep 1000
contains "$err" discarded
eq "$(mini ps --format '{{.Names}}={{.Networks}}' | sort | tr '\n' ' ')" "alone=none fixed=inner joined= web=plain "
ok mini ps --format '{{.Ports}}' -f name=web
eq "$out" "443/tcp, 0.0.0.0:17000-17002->17000-17002/tcp, 127.0.0.1:18080->80/tcp, 0.0.0.0:18081->81/udp"
eq "$(mini ps --format '{{.Ports}}' -f name=alone -f name=joined)" "" "ports of those without a network of their own:"
eq "$(mini ps -q --no-trunc -f network=plain)" "$web"
eq "$(mini ps -q --no-trunc -f "network=${plain:0:12}")" "$web"
eq "$(mini ps --format '{{.Names}}' -f network=none)" alone
eq "$(mini ps -q --no-trunc -f publish=18080)" "$web"
eq "$(mini ps -q --no-trunc -f publish=18081)" "" "publish=18081 is udp:"
eq "$(mini ps -q --no-trunc -f publish=18000-18100/udp)" "$web"
eq "$(mini ps -q --no-trunc -f expose=443)" "$web"
fails_with 1 mini ps -f expose=x
contains "$err" "not a port"
ok mini port web
eq "$(grep -v ^17 <<<"$out")" $'80/tcp -> 127.0.0.1:18080\n81/udp -> 0.0.0.0:18081'
eq "$(mini container port web 80)" 127.0.0.1:18080
eq "$(mini port web 81/udp)" 0.0.0.0:18081
fails_with 1 mini port web 81
contains "$err" "81/tcp"
fails_with 1 mini port nosuch
eq "$(mini port alone)" ""
eq "$(field web 'json .HostConfig.PortBindings' | tr '}' '\n' | grep -c 18080)" 1
eq "$(field web 'json (index .NetworkSettings.Ports "443/tcp")')" null
eq "$(field web '(index .NetworkSettings.Ports "80/tcp")' | grep -c 18080)" 1
eq "$(field web .NetworkSettings.Networks.plain.NetworkID)" "$plain"
eq "$(field web 'json .NetworkSettings.Networks.plain.Aliases')" '["www"]'
eq "$(field web .NetworkSettings.IPAddress)" "" "addresses one level up, outside of the default network:"
eq "$(field fixed .NetworkSettings.Networks.inner.IPAddress)" 10.77.0.77
eq "$(field fixed .NetworkSettings.Networks.inner.MacAddress)" 02:42:0a:4d:00:4d
eq "$(field fixed .NetworkSettings.Networks.inner.IPAMConfig.IPv4Address)" 10.77.0.77
eq "$(field joined .HostConfig.NetworkMode)" "container:$web"
eq "$(field joined .Config.Hostname)" "${web:0:12}" "the host name of who joined:"
eq "$(mini exec joined hostname)" "$(mini exec web hostname)" "host names:"
eq "$(mini exec joined cat /etc/hosts)" "$(mini exec web cat /etc/hosts)" "/etc/hosts:"
eq "$(field joined 'json .NetworkSettings.Networks')" "{}"
eq "$(field web .HostConfig.NetworkMode)" plain
eq "$(mini network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}} {{.MacAddress}}{{end}}' inner)" \
  "fixed 10.77.0.77/24 02:42:0a:4d:00:4d"
eq "$(mini network inspect -f '{{range .Containers}}{{.Name}}{{end}}' none)" alone
for flag in "-h x" "-p 80:80" -P "--expose 80" "--dns 192.0.2.1" "--add-host a:192.0.2.1" "--mac-address 02:42:0a:4d:00:4e"; do
  # Unquoted: a flag and its value.
  refused 125 "container:web" mini run --network container:web $flag busybox true
done

# A network with IPv6 publishes there, too.
ok mini run -d --rm --name six --network both -p 18090:80 -p 18200-18210:90 -p 100 -P --expose 110 busybox sleep 1000
eq "$(mini port six 80)" $'0.0.0.0:18090\n[::]:18090'
contains "$(mini ps --format '{{.Ports}}' -f name=six)" "0.0.0.0:18090->80/tcp, [::]:18090->80/tcp"
eq "$(mini port six 90)" $'0.0.0.0:18200\n[::]:18200'
matches "$(mini port six 100)" '^0\.0\.0\.0:[0-9]+.\[::\]:[0-9]+$'
matches "$(mini port six 110)" '^0\.0\.0\.0:[0-9]+.\[::\]:[0-9]+$'
eq "$(mini port six | wc -l)" 8 "ports, each once for each family:"
eq "$(field six .NetworkSettings.Networks.both.IPv6Gateway)" fd77:1::9
eq "$(field six .NetworkSettings.Networks.both.GlobalIPv6PrefixLen)" 64
ok mini stop -t 0 six

# Taken already: the holder is named.
refused 125 fixed mini run --rm --network inner --ip 10.77.0.77 busybox true
refused 125 web mini run --rm -p 18080:80 busybox true
refused 125 web mini run --rm -p 127.0.0.1:18080:80 busybox true
refused 1 "web" mini network rm plain
refused 1 "fixed" mini network rm inner

# --- connect and disconnect -------------------------------------------------------------------------
ok mini network connect --alias db --ip 10.77.0.88 inner web
eq "$(mini ps --format '{{.Networks}}' -f name=web)" plain,inner
eq "$(field web .NetworkSettings.Networks.inner.IPAddress)" 10.77.0.88
eq "$(mini network inspect -f '{{range .Containers}}{{.Name}} {{end}}' inner | tr ' ' '\n' | sort | tr '\n' ' ')" " fixed web "
refused 1 web mini network connect inner web
refused 1 nosuch mini network connect nosuch web
refused 1 nosuch mini network connect inner nosuch
refused 1 host mini network connect host web
refused 1 10.77.0.0/24 mini network connect --ip 10.78.0.5 inner joined-later
refused 1 "not an IPv4 address" mini network connect --ip x inner alone
refused 1 "no fixed subnet" mini network connect --ip 10.1.0.5 bridge web
ok mini network explain web
contains "$out" 10.77.0.88
contains "$out" 18080
fails_with 1 mini network explain nosuch
ok mini network disconnect inner web
eq "$(mini ps --format '{{.Networks}}' -f name=web)" plain
refused 1 web mini network disconnect inner web

# --- rm and prune -----------------------------------------------------------------------------------
ok mini stop -t 0 web
eq "$(mini ps -a --format '{{.Ports}}' -f name=web)" "" "ports of a stopped container:"
eq "$(field web .NetworkSettings.Networks.plain.IPAddress)" ""
eq "$(mini port web)" ""
ok mini network prune --dry-run
eq "$out" $'Would delete Networks:\nboth'
eq "$(names)" "both bridge host inner none plain "
fails_with 0 mini network prune </dev/null
eq "$(names)" "both bridge host inner none plain " "after a question without an answer:"
contains "$err" "all custom networks not used by at least one container"
ok mini network prune -f --filter label=none
eq "$out" ""
ok mini network prune -f
eq "$out" $'Deleted Networks:\nboth'
ok mini rm -f fixed joined alone web joined-later
ok mini network create --label keep kept
ok mini system prune -f --filter label!=keep
contains "$out" $'Deleted Networks:\ninner\nplain'
eq "$(names)" "bridge host kept none "
ok mini network rm kept
eq "$out" kept
refused 1 kept mini network rm kept
ok mini network rm -f kept
eq "$out" ""
eq "$(names)" "bridge host none "
