# The collector of examples/shop/tracing, built with its own CMake, passes its own tests.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
need_packages $MINI_TRACING_PACKAGES || die "packages"
source=$here/../../examples/shop/tracing

ok cmake -S "$source" -B "$scratch/build" -G Ninja
ok ninja -C "$scratch/build" -j 2
ok "$scratch/build/tracing_tests" --gtest_brief=1
contains "$out" PASSED
