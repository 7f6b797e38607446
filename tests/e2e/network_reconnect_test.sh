# Published ports follow a running container from network to network, and UDP clients that were there
# before it, or through its restart, reach it.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
base_image
cleanup() {
  mini network prune -f >/dev/null
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
serve="echo hello >/index.html; httpd -f -p 80 -h /"
fetch() { timeout 5 curl -s --max-time 2 "http://127.0.0.1:$port/index.html" || echo dead; }
answers() { [ "$(fetch)" = "$1" ]; }

# --- disconnect and connect -------------------------------------------------------------------------------------------
ok mini network create side
ok mini network create --internal inside
ok mini run -d --name web -p "$port:80" busybox sh -c "$serve"
eventually 10 answers hello
ok mini network disconnect bridge web
eq "$(mini port web)" "" "ports without a network:"
lacks "$(mini ps --format '{{.Ports}}')" "$port"
eq "$(fetch)" dead
# Nobody else gets the port meanwhile, and an internal network does not lead to it.
fails_with 125 mini run --rm -p "$port:80" busybox true
ok mini network connect inside web
eq "$(mini port web)" ""
ok mini network connect bridge web
contains "$(mini port web)" "$port"
eventually 10 answers hello
# The other network takes over, and gives back only when it is left.
ok mini network connect side web
ok mini network disconnect bridge web
eventually 10 answers hello
contains "$(mini port web)" "$port"
lacks "$(mini network explain web)" "no way"
ok mini network connect bridge web
eventually 10 answers hello
ok mini network disconnect side web
eventually 10 answers hello
eq "$(mini inspect -f '{{len .NetworkSettings.Ports}}' web)" 1

# --- a restart keeps the addresses --------------------------------------------------------------------------------------
ok mini run -d --name other busybox sleep 1000
address=$(field web '.NetworkSettings.Networks.bridge.IPAddress')
ok mini restart -t 0 web
eq "$(field web '.NetworkSettings.Networks.bridge.IPAddress')" "$address" "after restart:"
ok mini stop -t 0 web
ok mini run -d --name third busybox sleep 1000
ok mini start web
eq "$(field web '.NetworkSettings.Networks.bridge.IPAddress')" "$address" "after stop and start:"
eventually 10 answers hello
ok mini network create --subnet 10.87.6.0/24 ranged
ok mini run -d --name mover --network ranged busybox sleep 1000
address=$(field mover '.NetworkSettings.Networks.ranged.IPAddress')
ok mini stop -t 0 mover
ok mini run -d --name taker --network ranged --ip "$address" busybox sleep 1000
ok mini start mover
ne "$(field mover '.NetworkSettings.Networks.ranged.IPAddress')" "$address" "an address that is taken:"
ok mini rm -f web other third taker mover
ok mini network rm ranged

# --- UDP ----------------------------------------------------------------------------------------------------------------
udp=$(free_port) host=$(ip -4 -o addr show scope global | awk '{ print $4; exit }' | cut -d/ -f1)
# echoes CLIENT-PORT ADDRESS : how many of four datagrams of a client with its own port come back.
cat >"$scratch/udp.py" <<'END'
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.bind(("", int(sys.argv[1])))
client.settimeout(1)
got = 0
for _ in range(4):
    try:
        client.sendto(b"x", (sys.argv[2], int(sys.argv[3])))
        got += len(client.recvfrom(100)[0]) > 0
    except OSError:
        pass
print(got)
END
echoes() { [ "$(python3 "$scratch/udp.py" "$1" "$2" "$udp")" = 4 ]; }
echo_server() { mini run -d --name udp -p "$udp:9000/udp" -v "$NETPROBE:/netprobe:ro" busybox /netprobe serve udp 9000; }
early=$(free_port) late=$(free_port)
for address in "$host" 127.0.0.1; do
  echoes "$early" "$address" && fail "nobody is there, and answers"
done
ok echo_server
for address in "$host" 127.0.0.1; do
  eventually 15 echoes "$early" "$address"
  eventually 15 echoes "$late" "$address"
done
ok mini restart -t 0 udp
eventually 15 echoes "$early" "$host"
kill -9 "$(pgrep -f "monitor $(field udp .Id)")"
eventually 10 is_state udp exited
ok mini rm udp
ok mini run -d --name placeholder busybox sleep 1000
ok echo_server
eventually 15 echoes "$early" "$host"
ok mini network connect side udp
ok mini network disconnect bridge udp
eventually 15 echoes "$early" "$host"
ok mini rm -f udp placeholder
ok mini network rm side inside
