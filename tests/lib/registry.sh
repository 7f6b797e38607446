# Registries for tests, each started and ended by the test that needs it, on free ports of 127.0.0.1.
# Sourced after e2e.sh. `stop_registries` belongs into the test's cleanup.
registry_pids=()

# free_port : a port of 127.0.0.1 that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for_port PORT PID LOG : until somebody listens there.
wait_for_port() {
  local _
  for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  cat "$3" >&2
  return 1
}

# start_registry NAME [KEY=VALUE...] : a docker-registry with its files in $scratch/NAME. Sets
# $registry_port. The words are its own environment variables, REGISTRY_AUTH_….
start_registry() {
  local name=$1
  shift
  mkdir -p "$scratch/$name"
  cat >"$scratch/$name.yml" <<END
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $scratch/$name }, delete: { enabled: true } }
http: { addr: "127.0.0.1:0" }
END
  registry_port=$(free_port)
  env REGISTRY_HTTP_ADDR="127.0.0.1:$registry_port" OTEL_TRACES_EXPORTER=none "$@" \
    docker-registry serve "$scratch/$name.yml" >"$scratch/$name.log" 2>&1 </dev/null &
  registry_pids+=($!)
  wait_for_port "$registry_port" $! "$scratch/$name.log" || die "docker-registry did not start"
}

# start_python NAME SCRIPT ARGUMENT... : a server of a test's own, which gets a free port as its first
# argument. Sets $server_port.
start_python() {
  local name=$1 script=$2
  shift 2
  server_port=$(free_port)
  python3 "$script" "$server_port" "$@" >"$scratch/$name.log" 2>&1 </dev/null &
  registry_pids+=($!)
  wait_for_port "$server_port" $! "$scratch/$name.log" || die "$script did not start"
}

stop_registries() {
  local pid
  for pid in "${registry_pids[@]}"; do
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  registry_pids=()
}

# authority DIRECTORY : a throw-away certificate authority (ca.crt) and a certificate for 127.0.0.1,
# localhost and registry.test (server.crt, server.key).
authority() {
  mkdir -p "$1"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=test authority" \
    -keyout "$1/ca.key" -out "$1/ca.crt" 2>/dev/null || die "openssl: no authority"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=test registry" \
    -keyout "$1/server.key" -out "$1/server.csr" 2>/dev/null
  printf 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:registry.test\n' >"$1/names"
  openssl x509 -req -in "$1/server.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial -days 2 \
    -extfile "$1/names" -out "$1/server.crt" 2>/dev/null || die "openssl: no certificate"
}

# settings TEXT : the config.json of this test's mini.
settings() {
  export MINI_CONFIG=$scratch/config.json
  printf '%s\n' "$1" >"$MINI_CONFIG"
}
settings '{"retryDelay": 1, "attempts": 3, "timeout": 60}'
export DOCKER_CONFIG=$scratch/docker-config

# skopeo_ ARGUMENT... : without the host's policy or passwords.
skopeo_() {
  printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$scratch/policy.json"
  skopeo --policy "$scratch/policy.json" "$@"
}

# layout_of_base DIRECTORY[:TAG] : the base tree as an OCI layout that skopeo made, gzip layer.
layout_of_base() {
  [ -e "$scratch/base.tar" ] || base_tar "$scratch/base.tar"
  mkdir -p "$scratch/for-layout"
  [ -e "$scratch/for-layout/layer.tar" ] || cp "$scratch/base.tar" "$scratch/for-layout/layer.tar"
  python3 "$e2e_lib/oci_layout.py" "$1" "$scratch/for-layout/layer.tar"
}
