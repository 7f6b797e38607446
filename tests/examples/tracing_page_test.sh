# The page of the collector of examples/shop/tracing in Debian's Chromium: a trace is found, its waterfall shows three
# services, everything works by keyboard, in light and dark, in Korean. `--pictures docs` makes docs/tracing.png and
# docs/tracing.ko.png again.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
need_packages $MINI_TRACING_PACKAGES $MINI_BROWSER_PACKAGES || die "packages"
command -v npm >/dev/null || need_packages nodejs npm || die "npm"
source=$here/../../examples/shop/tracing
pictures=
[ "${1:-}" = --pictures ] && pictures=$2

mkdir "$scratch/node"
(cd "$scratch/node" && timeout 120 npm install --no-save --no-audit --no-fund playwright-core@1.50.1) >"$scratch/npm.log" 2>&1 ||
  skip "the npm registry does not give playwright-core: $(tail -1 "$scratch/npm.log")"

cleanup() {
  [ -z "${ours:-}" ] || { kill "$ours"; wait "$ours"; } 2>/dev/null
}
ok cmake -S "$source" -B "$scratch/build" -G Ninja -DTRACING_TESTS=OFF
ok ninja -C "$scratch/build" -j 2
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
DB_PATH=$scratch/traces.db PORT=$port "$scratch/build/tracing" 2>"$scratch/ours.log" &
ours=$!
eventually 10 curl -fs "http://127.0.0.1:$port/health" || die "$(<"$scratch/ours.log")"

ok env HOME="$scratch" TMPDIR="$scratch" NODE_PATH="$scratch/node/node_modules" timeout 300 \
  node "$here/tracing_page.js" "http://127.0.0.1:$port" "$scratch/profile" "$pictures"
[ "$code" = 0 ] || echo "$out" >&2
