# The shop as containers: what examples/shop/up, examples/shop/down, the demo and the tests share. Sourced.
# MINI is the mini to use. SHOP_PORT and TRACING_PORT are where the gateway and the collector are published on this machine. SHOP_WITH: some of "kafka
# mariadb zipkin", real ones, each a container beside the services. SHOP_ENV: further settings of all services, as "NAME=value …"; by default a circuit
# breaker with a small window and a short wait, so that one can watch it.

shop_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/../shop" && pwd)
SHOP_SERVICES="user-service order-service catalog-service"
SHOP_PORT=${SHOP_PORT:-8000}
TRACING_PORT=${TRACING_PORT:-9411}
SHOP_WITH=${SHOP_WITH:-}
SHOP_ENV=${SHOP_ENV-CB_WINDOW=10 CB_MINIMUM_CALLS=5 CB_WAIT_OPEN_MS=3000 CB_HALF_OPEN_CALLS=3}

with() { case " $SHOP_WITH " in *" $1 "*) ;; *) return 1 ;; esac }

has_image() { "$MINI" image inspect "$1" >/dev/null 2>&1; }

# make_base IMAGE PROGRAM [FLAG...] : IMAGE by `mini import FLAG...` of the tar that examples/lib/PROGRAM writes, or has written into SHOP_BASES.
make_base() {
  local image=$1 program=$2 tar status=0
  shift 2
  if [ -n "${SHOP_BASES:-}" ]; then
    "$MINI" import "$@" "$SHOP_BASES/$program.tar" "$image"
    return
  fi
  tar=$(mktemp --suffix=.tar "${TMPDIR:-/tmp}/shop-base.XXXXXX") || return
  "$shop_folder/../lib/$program" "$tar" && "$MINI" import "$@" "$tar" "$image" || status=$?
  rm -f "$tar"
  return $status
}

# shop_base : the image debian:12 with all that the Dockerfiles would install.
shop_base() { has_image debian:12 || make_base debian:12 cpp_base; }
# Both are used as they are, so Docker Hub's will do as well.
java_base() { has_image eclipse-temurin:17-jre || "$MINI" pull -q eclipse-temurin:17-jre 2>/dev/null || make_base eclipse-temurin:17-jre java_base; }
mariadb_base() {
  has_image mariadb:10.11 || "$MINI" pull -q mariadb:10.11 2>/dev/null ||
    make_base mariadb:10.11 mariadb_base -c 'ENTRYPOINT ["/docker-entrypoint.sh"]' -c 'EXPOSE 3306'
}

# from_maven FOLDER GOAL... : FOLDER/jars, whole or not at all.
from_maven() {
  local folder=$1 log
  shift
  [ ! -d "$folder/jars" ] || return 0
  rm -rf "$folder/jars.new"
  if log=$(mvn -q -B "$@" -DoutputDirectory="$folder/jars.new" 2>&1); then
    mv "$folder/jars.new" "$folder/jars"
  else
    echo "Maven Central: $(tail -n 1 <<<"$log")" >&2
    return 1
  fi
}

shop_build_kafka() {
  local folder=$shop_folder/kafka name
  java_base && from_maven "$folder" -f "$folder" dependency:copy-dependencies && "$MINI" build "$@" --network none -t kafka "$folder" || return
  for name in order-service catalog-service; do
    "$MINI" build "$@" --network none --target kafka -t "$name-kafka" -f "$shop_folder/$name/Dockerfile" "$shop_folder" || return
  done
}

shop_build_zipkin() {
  local folder=$shop_folder/zipkin
  java_base && from_maven "$folder" dependency:copy -Dartifact=io.zipkin:zipkin-server:3.4.2:jar:exec && "$MINI" build "$@" --network none -t zipkin "$folder"
}

# shop_build [FLAG...] : the five images, and those of SHOP_WITH.
shop_build() {
  local name
  for name in $SHOP_SERVICES gateway; do
    "$MINI" build "$@" --network none -t "$name" -f "$shop_folder/$name/Dockerfile" "$shop_folder" || return
  done
  "$MINI" build "$@" --network none -t tracing "$shop_folder/tracing" || return
  if with kafka; then shop_build_kafka "$@" || return; fi
  if with zipkin; then shop_build_zipkin "$@" || return; fi
  if with mariadb; then mariadb_base || return; fi
}

# shop_run NAME FLAG... IMAGE : one container of the shop, on its network, read-only but for its volume.
shop_run() {
  local name=$1 setting settings=()
  shift
  for setting in $SHOP_ENV; do settings+=(-e "$setting"); done
  "$MINI" run -d --name "$name" --network shop --read-only --cap-drop ALL --memory 64m --restart on-failure "${settings[@]}" "$@"
}

# shop_run_service NAME : one of user-service, order-service, catalog-service.
shop_run_service() {
  local name=$1 image=$1 flags=(-v "shop-$1:/data" -e "ZIPKIN_URL=$(zipkin_url)")
  if with mariadb; then flags+=(-e "DB_URL=mariadb://root:secret@mariadb:3306/${name%-service}"); fi
  if with kafka && [ "$name" != user-service ]; then
    flags+=(-e KAFKA_BROKERS=kafka:9092)
    image=$name-kafka
  fi
  shop_run "$name" "${flags[@]}" "$image"
}

zipkin_url() { if with zipkin; then echo http://zipkin:9411; else echo http://tracing:9411; fi }

shop_run_beside() {
  if with kafka; then
    shop_run kafka --tmpfs /tmp --memory 768m -v shop-kafka:/data kafka || return
  fi
  if with mariadb; then
    "$MINI" run -d --name mariadb --network shop -e MARIADB_ROOT_PASSWORD=secret -v shop-mariadb:/var/lib/mysql \
      -v "$shop_folder/databases.sql:/docker-entrypoint-initdb.d/databases.sql:ro" mariadb:10.11 || return
  fi
  # Traces are watched, orders are earned: where the processors are busy, the collector waits.
  if with zipkin; then
    shop_run zipkin --cpu-shares 512 --tmpfs /tmp --memory 768m -p "$TRACING_PORT:9411" zipkin
  else
    shop_run tracing --cpu-shares 128 -v shop-tracing:/data -p "$TRACING_PORT:9411" tracing
  fi
}

shop_up() {
  "$MINI" network inspect shop >/dev/null 2>&1 || "$MINI" network create shop >/dev/null || return
  shop_run_beside || return
  local name
  for name in $SHOP_SERVICES; do shop_run_service "$name" || return; done
  shop_run gateway -e "ZIPKIN_URL=$(zipkin_url)" -p "$SHOP_PORT:8000" gateway || return
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
  "$MINI" rm -f gateway $SHOP_SERVICES tracing kafka mariadb zipkin >/dev/null 2>&1 || return
  if "$MINI" network inspect shop >/dev/null 2>&1; then "$MINI" network rm shop >/dev/null || return; fi
  [ "${1:-}" = --volumes ] || return 0
  for name in $SHOP_SERVICES tracing kafka mariadb; do "$MINI" volume rm -f "shop-$name" >/dev/null || return; done
}

# find_mini : sets MINI to the one on the PATH or the one that this tree has built.
find_mini() {
  local built=$shop_folder/../../build/release/mini
  MINI=${MINI:-$(command -v mini || true)}
  [ -n "$MINI" ] || { [ -x "$built" ] && MINI=$built; } || { echo "mini is neither on the PATH nor built; see README.md" >&2; return 1; }
}
