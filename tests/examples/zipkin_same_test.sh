# The collector of examples/shop/tracing beside the real Zipkin, from Maven Central: the same spans posted to both, all
# answers compared field by field.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
need_packages $MINI_TRACING_PACKAGES $MINI_ZIPKIN_PACKAGES || die "packages"
source=$here/../../examples/shop/tracing
artifact=io.zipkin:zipkin-server:3.4.2:jar:exec
jar=${HOME:-/root}/.m2/repository/io/zipkin/zipkin-server/3.4.2/zipkin-server-3.4.2-exec.jar

if [ ! -s "$jar" ]; then
  timeout 300 mvn -q -B dependency:get -Dartifact="$artifact" -Dtransitive=false >"$scratch/mvn.log" 2>&1 ||
    skip "Maven Central does not give $artifact: $(tail -1 "$scratch/mvn.log")"
fi

cleanup() {
  local pid
  for pid in ${zipkin:-} ${ours:-}; do
    kill "$pid"
    wait "$pid"
  done 2>/dev/null
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
answers() { curl -fs "http://127.0.0.1:$1/health"; }

ok cmake -S "$source" -B "$scratch/build" -G Ninja -DTRACING_TESTS=OFF
ok ninja -C "$scratch/build" -j 2
zipkin_port=$(free_port) our_port=$(free_port)
java -Xmx256m -XX:-UsePerfData -Djava.io.tmpdir="$scratch" -jar "$jar" --server.port="$zipkin_port" >"$scratch/zipkin.log" 2>&1 &
zipkin=$!
DB_PATH=$scratch/traces.db PORT=$our_port "$scratch/build/tracing" 2>"$scratch/ours.log" &
ours=$!
eventually 120 answers "$zipkin_port" || die "Zipkin does not start: $(tail -5 "$scratch/zipkin.log")"
eventually 10 answers "$our_port" || die "$(<"$scratch/ours.log")"

ok python3 "$here/zipkin_same.py" "http://127.0.0.1:$zipkin_port" "http://127.0.0.1:$our_port"
[ "$code" = 0 ] || fail "$out"
echo "$out"

# The same spans are still there after the collector was killed.
answer() { curl -fs "http://127.0.0.1:$our_port/api/v2/$1"; }
before=$(answer services)
ne "$before" "[]"
kill -KILL "$ours"
wait "$ours" 2>/dev/null
DB_PATH=$scratch/traces.db PORT=$our_port "$scratch/build/tracing" 2>"$scratch/ours.log" &
ours=$!
eventually 10 answers "$our_port" || die "$(<"$scratch/ours.log")"
eq "$(answer services)" "$before"
kill -TERM "$ours"
code=0
wait "$ours" || code=$?
eq "$code" 0 "exit code after SIGTERM:"
ours=
