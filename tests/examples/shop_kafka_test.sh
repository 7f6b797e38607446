# The shop with its events over Apache's own Kafka, from Maven Central: services and broker are killed in turn, and no order is lost.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
need_packages $MINI_EXAMPLE_PACKAGES $MINI_KAFKA_PACKAGES || die "packages"
export KAFKA_LIB=$scratch/kafka

cat >"$scratch/pom.xml" <<'EOF'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>shop</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>3.7.0</version></dependency></dependencies>
</project>
EOF
timeout 300 mvn -q -B -f "$scratch/pom.xml" dependency:copy-dependencies -DoutputDirectory="$KAFKA_LIB" >"$scratch/mvn.log" 2>&1 ||
  skip "Maven Central does not give Kafka: $(tail -1 "$scratch/mvn.log")"
ok cmake -S "$here/../../examples/shop" -B "$scratch/build" -G Ninja -DSHOP_KAFKA=ON -DSHOP_TESTS=OFF
ok ninja -C "$scratch/build" -j 2
ok timeout 400 python3 "$here/../../examples/shop/tests/kill_test.py" "$scratch/build" kafka
contains "$out" "none lost, none doubled, stock exact"
