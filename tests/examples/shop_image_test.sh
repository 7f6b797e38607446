# The shop as images and containers that mini builds and runs: small, without root, quick to answer, and no order is lost when they are killed.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/bases.sh"
need_packages $MINI_EXAMPLE_PACKAGES $MINI_KAFKA_PACKAGES mmdebstrap dpkg-dev || die "packages"
need_base cpp_base
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }
export MINI SHOP_PORT=$(free_port) TRACING_PORT=$(free_port)
export SHOP_ENV="CB_WINDOW=10 CB_MINIMUM_CALLS=5 CB_WAIT_OPEN_MS=200 CB_HALF_OPEN_CALLS=2 SEED_STOCK=100000"
. "$here/../../examples/lib/shop.sh"
mebibyte=$((1024 * 1024))

ok shop_base
shop_build -q >"$scratch/build.log" 2>&1 || die "$(cat "$scratch/build.log")"
for name in $SHOP_SERVICES gateway; do
  at_most "$(mini image inspect -f '{{.Size}}' "$name")" $((12 * mebibyte)) "bytes of the image $name:"
done

trap 'shop_down --volumes; finish' EXIT
shop_up >"$scratch/up.log" 2>&1 || die "$(cat "$scratch/up.log")"
shop=http://127.0.0.1:$SHOP_PORT
for name in $SHOP_SERVICES gateway; do
  pid=$(field "$name" .State.Pid)
  eq "$(awk '/^(Uid|CapEff):/ { print $2 }' "/proc/$pid/status" | tr '\n' ' ')" "65532 0000000000000000 " "user and capabilities of $name:"
done
healthy() { [ "$(field user-service .State.Health.Status)" = healthy ]; }
eventually 20 healthy

# --- what is refused, with a reason ---------------------------------------------------------------------------------------
refused() { # STATUS PATH BODY
  local answer
  answer=$(curl -s -w '\n%{http_code}' -H 'Content-Type: application/json' --data-binary "$3" "$shop$2")
  eq "${answer##*$'\n'}" "$1" "$2 $3:"
  jq -e '.error | length > 5' <<<"${answer%$'\n'*}" >/dev/null || die "no reason: $answer"
}
head -c 10485760 /dev/zero >"$scratch/big"
refused 400 /user-service/users '{"email":"nobody","name":"Ann","pwd":"correct horse"}'
refused 400 /user-service/users '{"email":"a@b.de","name":"Ann","pwd":"short"}'
refused 400 /user-service/users '{"email":'
refused 413 /user-service/users "@$scratch/big"
refused 400 /order-service/u/orders '{"productId":"CATALOG-9999","qty":1}'
refused 400 /order-service/u/orders '{"productId":"CATALOG-0001","qty":0}'
refused 409 /order-service/u/orders '{"productId":"CATALOG-0001","qty":100001}'
eq "$(curl -s -o /dev/null -w '%{http_code}' "$shop/user-service/users/nobody")" 404 "a user who is not there:"
user=$(curl -s -d '{"email":"a@b.de","name":"Ann","pwd":"correct horse"}' "$shop/user-service/users" | jq -r .userId)
refused 409 /user-service/users '{"email":"A@b.de","name":"Ann","pwd":"correct horse"}'
refused 401 /user-service/login '{"email":"a@b.de","pwd":"wrong horse"}'
eq "$(curl -s -d '{"email":"a@b.de","pwd":"correct horse"}' "$shop/user-service/login" | jq -r .userId)" "$user"

# --- an order, its trace, and a restart -----------------------------------------------------------------------------------
trace=463ac35c9f6413ad
curl -fs -H "b3: $trace-$trace-1" -d '{"productId":"CATALOG-0001","qty":3}' "$shop/order-service/$user/orders" >/dev/null || die "no order"
traced() { "$here/../../examples/lib/trace_tree" "http://127.0.0.1:$TRACING_PORT" $trace >"$scratch/tree" && grep -q 'take stock' "$scratch/tree"; }
eventually 20 traced
contains "$(cat "$scratch/tree")" "order-service -> catalog-service  get /catalogs/{productid}"
ok mini restart order-service
shop_wait
eq "$(curl -s "$shop/user-service/users/$user" | jq '.orders | length')" 1 "orders after a restart:"

# --- under load, killed in turn -------------------------------------------------------------------------------------------
ok timeout 300 python3 "$here/../../examples/shop/tests/kill_test.py" containers
contains "$out" "none lost, none doubled, stock exact"
for name in $SHOP_SERVICES gateway; do
  ok wrk -t1 -c16 -d2s "$shop/user-service/users/$user"
  private=$(awk '/^RssAnon:/ { print $2 * 1024 }' "/proc/$(field "$name" .State.Pid)/status")
  at_most "$private" $((15 * mebibyte)) "bytes of memory of $name under load:"
done

# --- once more with Kafka, MariaDB and Zipkin, the real ones, in containers that mini built ---------------------------------------------------
shop_down --volumes
SHOP_WITH="kafka mariadb zipkin"
need_base java_base mariadb_base
for part in kafka zipkin; do
  "shop_build_$part" -q >"$scratch/build.log" 2>&1 ||
    if grep -q '^Maven Central: ' "$scratch/build.log"; then skip "$(cat "$scratch/build.log")"; else die "$(cat "$scratch/build.log")"; fi
done
ok mariadb_base
shop_up >"$scratch/up.log" 2>&1 || die "$(cat "$scratch/up.log")"
ok timeout 900 python3 "$here/../../examples/shop/tests/kill_test.py" containers $SHOP_WITH
contains "$out" "none lost, none doubled, stock exact"
contains "$(mini exec mariadb mariadb --no-defaults --protocol=tcp -h127.0.0.1 -uroot -psecret -NBe 'SELECT COUNT(*) > 0 FROM `order`.orders')" 1
zipkin=http://127.0.0.1:$TRACING_PORT
eventually 300 curl -fs -o /dev/null "$zipkin/health"
curl -fs -H "b3: $trace-$trace-1" -d '{"productId":"CATALOG-0001","qty":3}' "$shop/order-service/u/orders" >/dev/null || die "no order"
traced() {
  "$here/../../examples/lib/trace_tree" "$zipkin" $trace >"$scratch/tree" && grep -q 'take stock' "$scratch/tree" && grep -q gateway "$scratch/tree"
}
eventually 60 traced || die "$(cat "$scratch/tree")"
contains "$(cat "$scratch/tree")" "order-service -> catalog-service  get /catalogs/{productid}"
contains "$(cat "$scratch/tree")" "kafka"
