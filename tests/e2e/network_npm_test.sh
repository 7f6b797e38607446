# The course's third Dockerfile as it is: `RUN npm install` fetches by the default network, and the server
# that it makes is reached through a published port. The base image is put together once per machine.
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/packages.sh"
registry=https://registry.npmjs.org/
curl -fsI -m 20 "$registry" >/dev/null 2>&1 || skip "the npm registry cannot be reached from this machine"

cache=${MINI_TEST_CACHE:-/var/cache/mini-tests}
base=$cache/node-base.tar
make_base() {
  [ -s "$base" ] && return
  "$(dirname "$0")/../../examples/lib/node_base" "$scratch/node.tar" && mv "$scratch/node.tar" "$base"
}
mkdir -p "$cache"
(flock 9 && make_base >"$scratch/base.log" 2>&1) 9>"$base.lock" || die "no base image: $(tail -3 "$scratch/base.log")"
mini import "$base" node:14.17-alpine3.14 >/dev/null || die "the base image is not imported"

cp -r "$(dirname "$0")/../../examples/node" "$scratch/context"
ok timeout 300 "$MINI" build -q -t mynode "$scratch/context"
ok mini run -d --name web -p 127.0.0.1:0:8000 mynode
port=$(mini port web 8000 | cut -d: -f2)
eventually 20 curl -fs "http://127.0.0.1:$port/"
eq "$(curl -fs "http://127.0.0.1:$port/")" "Hello from mynode"
ok mini stop web
