# The collector of examples/shop/tracing as an image that mini builds and runs: small, without a system in it, without root,
# healthy, and its spans outlive the container.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/bases.sh"
need_packages mmdebstrap dpkg-dev curl jq || die "packages"
need_base cpp_base
examples=$here/../../examples
mebibyte=$((1024 * 1024))

ok mini import "$SHOP_BASES/cpp_base.tar" debian:12
ok timeout 400 "$MINI" build --network none -t tracing "$examples/shop/tracing"
[ "$code" = 0 ] || die "$err"

# --- the image ------------------------------------------------------------------------------------------------
at_most "$(mini image inspect -f '{{.Size}}' tracing)" $((12 * mebibyte)) "bytes of the image:"

# --- the container: read-only but for its volume, no capability, the bounds of the issue ------------------------------------
start() {
  ok mini run -d --name traces --read-only --cap-drop ALL --memory 64m --health-interval 200ms -v spans:/data -p 127.0.0.1::9411 tracing
  address=$(mini port traces 9411)
  eventually 10 curl -fs "http://$address/health" || die "$(mini logs traces 2>&1)"
}
healthy() { [ "$(field traces .State.Health.Status)" = healthy ]; }
get() { curl -fs "http://$address/api/v2/$1"; }
start
eventually 10 healthy
pid=$(field traces .State.Pid)
eq "$(awk '/^(Uid|CapEff):/ { print $2 }' "/proc/$pid/status" | tr '\n' ' ')" "65532 0000000000000000 " "user and capabilities:"
# Every container gets the three files in /etc.
eq "$(find "/proc/$pid/root/" -xdev -type f -not -path '*/root/etc/*' -printf '%P ')" "tracing " "files in the image:"
spans=$(jq -nc --argjson now "$(date +%s)" '[range(20000) | {traceId: "\(. / 10 | floor + 1000000)", id: "\(. + 1000000)", name: "get /users", kind: "SERVER",
  timestamp: ($now * 1000000 - .), duration: 1500, localEndpoint: {serviceName: "service-\(. % 5)", ipv4: "10.0.0.2"}, tags: {"http.method": "GET", "http.path": "/users/\(.)"}}]')
for part in 0 5000 10000 15000; do
  eq "$(jq -c ".[$part:$((part + 5000))]" <<<"$spans" | curl -s -o /dev/null -w '%{http_code}' --data-binary @- "http://$address/api/v2/spans")" 202
done
services=$(get services)
eq "$services" '["service-0","service-1","service-2","service-3","service-4"]'
eq "$(get 'traces?limit=2000&lookback=86400000' | jq 'map(length) | add')" 20000 "spans found:"
# What belongs to the process alone: pages of the program and of files go when memory is short.
private=$(awk '/^RssAnon:/ { print $2 * 1024 }' "/proc/$pid/status")
at_most "$private" $((15 * mebibyte)) "bytes of memory after 20,000 spans came and went:"

# --- the end and the next one ---------------------------------------------------------------------------------
ok mini stop traces
eq "$(field traces .State.ExitCode)" 0 "exit code after stop:"
ok mini rm traces
start
eq "$(get services)" "$services" "services after a new container:"
eq "$(get trace/1000000 | jq length)" 10 "spans of one trace after a new container:"
ok mini rm -f traces
start
eq "$(get trace/1000000 | jq length)" 10 "spans of one trace after a kill:"
fails_with 2 "$MINI" exec traces /tracing nonsense
contains "$out$err" "usage: tracing [health]"
ok mini rm -f traces
