# The shop as containers: what examples/shop/up, examples/shop/down, the demo and the tests share. Sourced.
# MINI is the mini to use. SHOP_PORT and TRACING_PORT are where the gateway and the collector are published on this machine. ZIPKIN_URL sends the
# spans elsewhere; DB_URL (with %s for the service's database) stores in MariaDB. SHOP_ENV: further settings of all services, as "NAME=value …";
# by default a circuit breaker with a small window and a short wait, so that one can watch it.

shop_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/../shop" && pwd)
SHOP_SERVICES="user-service order-service catalog-service"
SHOP_PORT=${SHOP_PORT:-8000}
TRACING_PORT=${TRACING_PORT:-9411}
SHOP_ENV=${SHOP_ENV-CB_WINDOW=10 CB_MINIMUM_CALLS=5 CB_WAIT_OPEN_MS=3000 CB_HALF_OPEN_CALLS=3}

# shop_base : the image debian:12 in the store; where there is none, the stand-in that cpp_base makes.
shop_base() {
  local tar
  if "$MINI" image inspect debian:12 >/dev/null 2>&1; then return 0; fi
  tar=$(mktemp --suffix=.tar "${TMPDIR:-/tmp}/shop-base.XXXXXX") || return
  "$shop_folder/../lib/cpp_base" "$tar" libsodium-dev libmariadb-dev libssl-dev librdkafka-dev && "$MINI" import "$tar" debian:12
  local status=$?
  rm -f "$tar"
  return $status
}

# shop_build [FLAG...] : the five images.
shop_build() {
  local name
  for name in $SHOP_SERVICES gateway; do
    "$MINI" build "$@" --network none -t "$name" -f "$shop_folder/$name/Dockerfile" "$shop_folder" || return
  done
  "$MINI" build "$@" --network none -t tracing "$shop_folder/tracing"
}

# shop_run NAME [FLAG...] : one container of the shop, on its network, read-only but for its volume.
shop_run() {
  local name=$1 setting settings=()
  shift
  for setting in $SHOP_ENV; do settings+=(-e "$setting"); done
  "$MINI" run -d --name "$name" --network shop --read-only --cap-drop ALL --memory 64m --restart on-failure "${settings[@]}" "$@" "$name"
}

# shop_run_service NAME : one of user-service, order-service, catalog-service.
shop_run_service() {
  local flags=(-v "shop-$1:/data" -e "ZIPKIN_URL=${ZIPKIN_URL-http://tracing:9411}")
  [ -z "${DB_URL:-}" ] || flags+=(-e "DB_URL=$(printf "$DB_URL" "${1%-service}")")
  shop_run "$1" "${flags[@]}"
}

shop_up() {
  "$MINI" network inspect shop >/dev/null 2>&1 || "$MINI" network create shop >/dev/null || return
  # Traces are watched, orders are earned: where the processors are busy, the collector waits.
  shop_run tracing --cpu-shares 128 -v shop-tracing:/data -p "$TRACING_PORT:9411" || return
  local name
  for name in $SHOP_SERVICES; do shop_run_service "$name" || return; done
  shop_run gateway -e "ZIPKIN_URL=${ZIPKIN_URL-http://tracing:9411}" -p "$SHOP_PORT:8000" || return
  shop_wait
}

# shop_wait : until a request finds its way through the gateway to each service.
shop_wait() {
  local name
  for name in $SHOP_SERVICES; do
    for _ in $(seq 200); do
      curl -fs -o /dev/null --max-time 5 "http://127.0.0.1:$SHOP_PORT/$name/health_check" && continue 2
      sleep 0.05
    done
    echo "$name does not answer through the gateway" >&2
    "$MINI" logs "$name" >&2
    return 1
  done
}

# shop_down [--volumes] : the containers and the network, and with --volumes the data.
shop_down() {
  local name
  "$MINI" rm -f gateway $SHOP_SERVICES tracing >/dev/null 2>&1 || return
  if "$MINI" network inspect shop >/dev/null 2>&1; then "$MINI" network rm shop >/dev/null || return; fi
  [ "${1:-}" = --volumes ] || return 0
  for name in $SHOP_SERVICES tracing; do "$MINI" volume rm -f "shop-$name" >/dev/null || return; done
}

# find_mini : sets MINI to the one on the PATH or the one that this tree has built.
find_mini() {
  local built=$shop_folder/../../build/release/mini
  MINI=${MINI:-$(command -v mini || true)}
  [ -n "$MINI" ] || { [ -x "$built" ] && MINI=$built; } || { echo "mini is neither on the PATH nor built; see README.md" >&2; return 1; }
}
