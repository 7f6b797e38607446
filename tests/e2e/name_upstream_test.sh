# Whom a container's name server asks for names that it does not know: the host's server on loopback,
# from the host, and never for a container on internal networks (CVE-2024-29018), whatever networks it
# had before. All in a network namespace that plays the host.
if [ "${1:-}" != inside ]; then
  [ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }
  exec unshare -n -m bash "$0" inside
fi
. "$(dirname "$0")/../lib/e2e.sh"

ip link set lo up
printf 'nameserver 127.0.0.53\n' >"$scratch/resolv.conf"
mount --bind "$scratch/resolv.conf" /etc/resolv.conf
# Tells every A query 192.0.2.53, and its log the names.
python3 - "$scratch/asked" <<'PYTHON' &
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.53", 53))
log = open(sys.argv[1], "w")
while True:
    query, client = server.recvfrom(4096)
    end = query.index(b"\0", 12)
    log.write(query[12:end].decode("latin-1") + "\n")
    log.flush()
    is_a = query[end + 1:end + 3] == b"\0\1"
    answer = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + bytes(4) + query[12:end + 5]
    if is_a:
        answer += b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4\xc0\0\2\x35"
    server.sendto(answer, client)
PYTHON
server=$!
cleanup() {
  kill "$server"
  wait "$server" 2>/dev/null
  umount /etc/resolv.conf
}
eventually 10 test -e "$scratch/asked"

base_image
look_up() { mini exec "$1" busybox nslookup "$2" 127.0.0.11 2>&1; }

ok mini network create outside
ok mini network create --internal secret
ok mini run -d --name open --network outside busybox sleep 1000
ok mini run -d --name shut --network secret busybox sleep 1000
contains "$(look_up open free.example)" 192.0.2.53
contains "$(cat "$scratch/asked")" free
lacks "$(look_up shut shut1.example)" 192.0.2.53
contains "$(look_up shut shut)" "Address"
lacks "$(cat "$scratch/asked")" shut1

# Networks come and go while it runs.
ok mini network connect outside shut
contains "$(look_up shut shut2.example)" 192.0.2.53
ok mini network disconnect outside shut
lacks "$(look_up shut shut3.example)" 192.0.2.53
lacks "$(cat "$scratch/asked")" shut3
ok mini network connect secret open
contains "$(look_up open open1.example)" 192.0.2.53
ok mini network disconnect outside open
lacks "$(look_up open open2.example)" 192.0.2.53
lacks "$(cat "$scratch/asked")" open2

# A container that floods its name server is served all the same: its output is kept, names answered,
# and it ends when it is told to.
ok mini run -d --name flood --network outside busybox sh -c '
  for i in 1 2 3 4; do
    while :; do busybox nslookup flood 127.0.0.11; busybox nslookup x.example 127.0.0.11; done >/dev/null &
  done
  busybox seq 1 50000
  sleep 1000'
last_line_is_kept() { [ "$(mini logs flood | tail -n 1)" = 50000 ]; }
eventually 30 last_line_is_kept
contains "$(look_up flood flood)" Address
ok mini rm -f flood
