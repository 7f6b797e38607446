# The shop, built with its own CMake, passes its own tests: its library's, and the kills of its services and databases under load.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
need_packages $MINI_EXAMPLE_PACKAGES || die "packages"

ok cmake -S "$here/../../examples/shop" -B "$scratch/build" -G Ninja
ok ninja -C "$scratch/build" -j 2
ok ctest --test-dir "$scratch/build" --output-on-failure
contains "$out" "100% tests passed"
