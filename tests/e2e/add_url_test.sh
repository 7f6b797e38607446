# ADD of a URL: what BuildKit does with it, nothing fetched twice, and servers that are not nice.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
base_image
context=$scratch/context web=$scratch/web log=$scratch/web.log
mkdir "$context" "$web"
echo a >"$web/a.txt"
echo evil >"$web/evil"
(cd "$scratch" && mkdir t && echo inside >t/f && tar -czf "$web/x.tgz" t)
: >"$log"
coproc SERVER { exec python3 "$here/../lib/web_server.py" "$web" "$log"; }
server=$SERVER_PID
cleanup() { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; }
read -r port <&"${SERVER[0]}"
url=http://127.0.0.1:$port
echo '{"retryDelay": 1, "attempts": 2, "timeout": 60}' >"$MINI_CONFIG"
dockerfile() { { echo FROM busybox; cat; } >"$context/Dockerfile"; }
build() { mini build --network none --progress plain -t web "$@" "$context"; }
show() { once web "$@"; }
requests() { wc -l <"$log"; }

# --- names, modes, owners, archives -----------------------------------------------------------------------------
dockerfile <<END
ADD $url/a.txt $url/x.tgz?q=1 /dir/
ADD $url/a.txt /renamed
ADD --chmod=755 --chown=3:4 $url/to/a.txt /mine
ADD $url/named/a.txt/ $url/named/evil/ /offered/
ADD --unpack $url/x.tgz /unpacked/
ADD --unpack=false $url/x.tgz /kept
ADD --link $url/flaky/a.txt /flaky
END
ok build
ok show sh -c 'cd / && find dir renamed mine offered unpacked kept flaky -type f | sort | xargs stat -c "%n %a %u:%g"'
eq "$out" "dir/a.txt 600 0:0
dir/x.tgz 600 0:0
flaky 600 0:0
kept 600 0:0
mine 755 3:4
offered/a.txt 600 0:0
offered/download 600 0:0
renamed 600 0:0
unpacked/t/f 644 0:0"
eq "$(show cat /dir/a.txt /flaky | tr '\n' ' ')" "a a "
eq "$(awk '{ print $3 }' "$log" | sort -u)" - "Authorization:"

# --- the cache: asked for with validators, or not at all ------------------------------------------------------------
dockerfile <<<"ADD $url/a.txt /a"
ok build
: >"$log"
ok build
contains "$err" CACHED
matches "$(<"$log")" '^/a.txt "[0-9a-f]+" - 304$'
sum=$(sha256sum <"$web/a.txt")
sum=sha256:${sum%% *}
dockerfile <<<"ADD --checksum=$sum $url/a.txt /a"
: >"$log"
ok build
ok build --offline
eq "$(requests)" 0 "requests for a file whose digest is known:"
dockerfile <<<"ADD $url/a.txt /a"
echo changed >"$web/a.txt"
ok build
eq "$(show cat /a)" changed
lacks "$err" "CACHED"
ok build
contains "$err" CACHED
# Damaged on the disk: fetched again, and what is in the image is right.
kept=$(grep -lrx changed "$MINI_ROOT/cache/downloads")
echo damaged >"$kept"
dockerfile <<<"ADD $url/a.txt /b"
ok build
eq "$(show cat /b)" changed
echo '{"url":' >"$(dirname "$kept")/record"
ok build
eq "$(show cat /b)" changed
contains "$(mini builder prune --dry-run -af --filter type=source.http --verbose)" "$url/a.txt"
ok mini builder prune -af --filter type=source.http
absent "$kept"
ok build
contains "$err" CACHED

# --- refusals ------------------------------------------------------------------------------------------------------
refused() {
  dockerfile <<<"$1"
  fails_with 1 build
  contains "$err" "$2"
}
refused "ADD --checksum=sha256:$(printf 0%.0s {1..64}) $url/a.txt /a" "has the digest sha256:"
refused "ADD --checksum=$sum nothing.txt /a" "checksum can only be specified for HTTP(S) and Git sources"
refused "ADD --checksum=$sum $url/a.txt $url/x.tgz /a/" "multiple sources"
refused "ADD --checksum=md5:1234 $url/a.txt /a" "md5:1234"
refused "ADD $url/nope /a" "HTTP status 404"
contains "$err" "Dockerfile:2:5"
refused "ADD $url/loop /a" "redirects more than 10 times"
refused "COPY $url/a.txt /a" "COPY does not take URLs"
refused "ADD http://127.0.0.1:1/a /a" "127.0.0.1:1"
refused "ADD http://user:secret@127.0.0.1:$port/a.txt /a" "user"
dockerfile <<<"ADD $url/x.tgz /a"
fails_with 1 build --offline
contains "$err" "--offline"
echo '{"offline": true}' >"$MINI_CONFIG"
fails_with 1 build
contains "$err" offline

# --- a server that stops in the middle: interrupted, killed, given up ------------------------------------------------
echo '{"retryDelay": 1, "attempts": 1, "timeout": 300}' >"$MINI_CONFIG"
dockerfile <<<"ADD $url/silent /a"
for signal in INT KILL; do
  : >"$log"
  "$MINI" build --network none "$context" >/dev/null 2>"$scratch/stderr" &
  pid=$!
  eventually 20 grep -q silent "$log"
  kill -"$signal" "$pid"
  start=$SECONDS
  wait "$pid" 2>/dev/null
  eq "$?" "$([ "$signal" = INT ] && echo 130 || echo 137)" "exit status after $signal:"
  at_most $((SECONDS - start)) 100 "seconds until it ended after $signal:"
done
echo '{"retryDelay": 1, "attempts": 1, "timeout": 1}' >"$MINI_CONFIG"
fails_with 1 build
contains "$err" "stalled for"
eq "$(find "$MINI_ROOT/cache/downloads" -name 'new.*')" "" "left of downloads that ended early:"
store_is_sound
