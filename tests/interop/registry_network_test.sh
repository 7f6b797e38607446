# What networks do to a pull: it is killed and goes on where it stopped, two of them download once,
# proxies stand between, progress is shown for each layer.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/registry.sh"
need_packages docker-registry skopeo openssl || die "the peers could not be installed"
cleanup() { stop_registries; }

layout_of_base "$scratch/layout"
manifest=$(jq -r '.manifests[0].digest' "$scratch/layout/index.json")
layer=$(jq -r '.layers[0].digest' "$scratch/layout/blobs/sha256/${manifest#sha256:}")
size=$(stat -c %s "$scratch/layout/blobs/sha256/${layer#sha256:}")
: >"$scratch/asked"
start_python registry "$here/../lib/lying_registry.py" "$scratch/layout" "$scratch/asked" http://localhost:1
registry=127.0.0.1:$server_port
settings '{"retryDelay": 1, "attempts": 3, "timeout": 30}'
ok mini login -u alice --password-stdin "$registry" <<<'open sesame'
asked() { grep -c "^GET /v2/$1/blobs/$layer" "$scratch/asked"; }
was_asked() { [ "$(asked "$1")" -ge "$2" ]; }

# --- killed in the middle ---------------------------------------------------------------------------------
partial=$MINI_ROOT/partial/${layer#sha256:}
killed() {
  "$MINI" pull -q "$registry/stalls" >/dev/null 2>&1 &
  local pid=$!
  eventually 20 test -s "$partial"
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null
  kept=$(stat -c %s "$partial")
}
killed
at_most "$kept" $((size / 2)) "kept:"
eq "$(mini images -q)" "" "images after a kill:"
ok mini pull "$registry/stalls"
contains "$err" "resuming after $kept of $size bytes"
contains "$(cat "$scratch/asked")" "GET /v2/stalls/blobs/$layer from $kept-"
ok once "$registry/stalls" echo whole
eq "$out" whole
cmp "$scratch/layout/blobs/sha256/${layer#sha256:}" "$MINI_ROOT/images/blobs/sha256/${layer#sha256:}" ||
  fail "other bytes"
absent "$partial"
ok mini rmi "$registry/stalls"

# A build that waits for its base image ends when it is told to.
printf 'FROM %s/hangs\nRUN true\n' "$registry" >"$scratch/Dockerfile"
mkdir "$scratch/empty"
"$MINI" build -q -f "$scratch/Dockerfile" "$scratch/empty" >/dev/null 2>&1 &
pid=$!
eventually 20 test -s "$partial"
kill -TERM "$pid"
wait "$pid"
eq "$?" 143 "a build that was ended while it fetched:"
eq "$(mini images -q)" "" "images after it:"
rm -f "$partial"

# What was kept is not what it was: from the beginning, by itself.
mkdir -p "$MINI_ROOT/partial"
head -c 100000 /dev/zero >"$partial"
ok mini pull "$registry/good"
contains "$err" "damaged; starting over"
ok mini rmi "$registry/good"
head -c 100000 "$scratch/layout/blobs/sha256/${layer#sha256:}" | tr '\000-\177' '\200-\377' |
  { head -c 50000 "$scratch/layout/blobs/sha256/${layer#sha256:}"; cat; } >"$partial"
ok mini pull "$registry/good"
contains "$err" "damaged; starting over"
ok mini rmi "$registry/good"

# A prune takes what nobody goes on with.
head -c 100000 /dev/zero >"$partial"
ok mini system prune -f
absent "$partial"

# --- two at once --------------------------------------------------------------------------------------------
"$MINI" pull -q "$registry/waits" >"$scratch/first" 2>&1 &
first=$!
eventually 20 was_asked waits 1
"$MINI" pull -q "$registry/waits" >"$scratch/second" 2>&1 &
second=$!
# The second has the manifest and waits for the first, or will.
: >"$scratch/asked.go"
wait "$first" || fail "first: $(cat "$scratch/first")"
wait "$second" || fail "second: $(cat "$scratch/second")"
eq "$(asked waits)" 1 "requests for the layer:"
ok once "$registry/waits" echo both
ok mini rmi "$registry/waits"

# --- proxies ----------------------------------------------------------------------------------------------------
authority "$scratch/tls"
mkdir "$scratch/trusted" && cp "$scratch/tls/ca.crt" "$scratch/trusted/"
start_registry plain
plain=$registry_port
start_registry tls REGISTRY_HTTP_TLS_CERTIFICATE="$scratch/tls/server.crt" REGISTRY_HTTP_TLS_KEY="$scratch/tls/server.key"
tls=$registry_port
ok skopeo_ copy -q --dest-tls-verify=false "oci:$scratch/layout:latest" "docker://127.0.0.1:$plain/library/base"
ok skopeo_ copy -q --dest-cert-dir "$scratch/trusted" "oci:$scratch/layout:latest" "docker://127.0.0.1:$tls/team/base"
start_python proxy "$here/../lib/proxy.py" "$scratch/proxied" "mirror.test=$plain" "registry.test=$tls" "plain.test=$plain"
export HTTP_PROXY="http://paul:pass%20word@127.0.0.1:$server_port" HTTPS_PROXY="http://paul:pass%20word@127.0.0.1:$server_port"
settings "{\"retryDelay\": 1, \"attempts\": 2, \"timeout\": 5, \"registries\": {
  \"docker.io\": {\"mirrors\": [\"http://mirror.test\"]}, \"plain.test\": {\"insecure\": true},
  \"registry.test\": {\"ca\": \"$scratch/trusted\"}}}"
ok mini pull base
contains "$(cat "$scratch/proxied")" "GET http://mirror.test/v2/library/base/manifests/latest"
ok mini pull registry.test/team/base
contains "$(cat "$scratch/proxied")" "CONNECT registry.test:443 -"
lacks "$(cat "$scratch/proxied")" "team/base"
ok mini pull plain.test/library/base
ok env NO_PROXY=127.0.0.1 "$MINI" pull "$registry/good"
ok mini pull "127.0.0.1:$plain/library/base"
lacks "$(cat "$scratch/proxied")" 127.0.0.1
fails_with 1 mini pull unknown.test/base
contains "$err" "unknown.test"
fails_with 1 env NO_PROXY=.test "$MINI" pull registry.test/team/base
lacks "$(cat "$scratch/proxied")" unknown.test:443/
export HTTPS_PROXY="http://paul:wrong@127.0.0.1:$server_port"
fails_with 1 mini pull registry.test/team/base
lacks "$err" wrong
unset HTTP_PROXY HTTPS_PROXY

# --- where nobody listens: as many attempts as the settings say, each made once ---------------------------------
settings '{"retryDelay": 1, "attempts": 3, "timeout": 5}'
fails_with 1 mini --debug pull 127.0.0.1:1/nobody
eq "$(grep -c 'again in' <<<"$err")" 2 "pull: attempts after the first:"
ok mini tag "$registry/good" 127.0.0.1:1/nobody
fails_with 1 mini --debug push 127.0.0.1:1/nobody
eq "$(grep -c 'again in' <<<"$err")" 2 "push: attempts after the first:"
ok mini rmi 127.0.0.1:1/nobody

# --- progress -----------------------------------------------------------------------------------------------------
ok mini rmi -f base registry.test/team/base plain.test/library/base "$registry/good" "127.0.0.1:$plain/library/base"
on_terminal() { python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@"; }
ok on_terminal "$MINI" pull "127.0.0.1:$plain/library/base"
contains "$out" "${layer:7:12}: Downloading ["
contains "$out" "${layer:7:12}: Pull complete"
ok mini rmi "127.0.0.1:$plain/library/base"
printf 'FROM 127.0.0.1:%s/library/base\nRUN true\n' "$plain" >"$scratch/Dockerfile"
ok on_terminal "$MINI" build --network none -f "$scratch/Dockerfile" "$scratch/empty"
contains "$out" "=> pull 127.0.0.1:$plain/library/base"
store_is_sound
no_scratch_left
