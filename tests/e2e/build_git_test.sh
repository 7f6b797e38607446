# Git repositories and URLs as sources: ADD, --build-context and the context itself, from servers of
# this test's own.
. "$(dirname "$0")/../lib/e2e.sh"
. "$e2e_lib/registry.sh"
base_image
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
git_() { git -c init.defaultBranch=main -c protocol.file.allow=always "$@"; }

# --- two repositories, one a submodule of the other, behind git:// and dumb http:// ----------------------------------
mkdir "$scratch/served" "$scratch/lib" "$scratch/app"
(cd "$scratch/lib" && git_ init -q . && echo lib >lib.txt && git_ add . && git_ commit -qm lib) || die "lib"
git_ clone -q --bare "$scratch/lib" "$scratch/served/lib.git"
port=$(free_port)
/usr/lib/git-core/git-daemon --reuseaddr --export-all --listen=127.0.0.1 --port="$port" \
  --base-path="$scratch/served" "$scratch/served" >"$scratch/daemon.log" 2>&1 &
daemon=$!
(cd "$scratch/served" && exec python3 -m http.server --bind 127.0.0.1 "$(free_port)") >"$scratch/web.log" 2>&1 &
web=$!
cleanup() { kill "$daemon" "$web" 2>/dev/null; }
wait_for_port "$port" "$daemon" "$scratch/daemon.log" || die "git-daemon does not start"
eventually 10 grep -q port "$scratch/web.log"
web_port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$scratch/web.log")
host=git://127.0.0.1:$port
(
  cd "$scratch/app" && git_ init -q . && mkdir -p src/deep && echo one >src/file && ln -s file src/link &&
    ln -s /etc out && chmod +x src/file && printf 'FROM busybox\nCOPY src /src\nCOPY own* /\n' >Dockerfile &&
    printf 'FROM busybox\nCOPY . /here\n' >src/Dockerfile && echo deep >src/deep/d &&
    git_ add . && git_ commit -qm one && git_ tag v1 && git_ tag -a -m note v1-note &&
    echo two >src/file && git_ commit -qam two && git_ checkout -q -b other && echo three >src/file &&
    git_ commit -qam three && git_ checkout -q main &&
    git_ submodule -q add "$host/lib.git" vendor/lib && git_ commit -qam submodule
) || die "app"
git_ clone -q --bare "$scratch/app" "$scratch/served/app.git"
git_ -C "$scratch/served/app.git" update-server-info
chmod -R a+rX "$scratch/served"
first=$(git_ -C "$scratch/app" rev-parse v1)
app=$host/app.git
dumb=http://127.0.0.1:$web_port/app.git

context=$scratch/context
mkdir "$context"
# added SOURCE COMMAND [FLAG...] : what COMMAND prints in an image with ADD SOURCE /r/.
added() {
  local source=$1 command=$2
  shift 2
  printf 'FROM busybox\nADD %s%s /r/\n' "${*:+$* }" "$source" >"$context/Dockerfile"
  mini build -q --network none -t added "$context" >/dev/null 2>"$scratch/err" || { cat "$scratch/err"; return; }
  once added sh -c "$command"
}

# --- ADD ------------------------------------------------------------------------------------------------------------
eq "$(added "$app" 'cat /r/src/file /r/vendor/lib/lib.txt; readlink /r/src/link; readlink /r/out; ls -a /r; stat -c "%u %a" /r/src/file')" \
  "$(printf '%s\n' two lib file /etc . .. .gitmodules Dockerfile out src vendor '0 755')"
eq "$(added "$app#other" 'cat /r/src/file')" three
eq "$(added "$app#v1" 'cat /r/src/file')" one
eq "$(added "$app#v1-note" 'cat /r/src/file')" one "an annotated tag:"
eq "$(added "$app#$first" 'cat /r/src/file')" one "a commit:"
eq "$(added "$app#refs/heads/other:src/deep" 'ls /r')" d
eq "$(added "$app#:src" 'cat /r/file')" two
eq "$(added "$app?branch=other\\&subdir=src" 'cat /r/file' | tail -1)" three
eq "$(added "$dumb#v1" 'cat /r/src/file')" one "a server that cannot do shallow fetches:"
eq "$(added "$app#v1" 'ls -d /r/.git /r/.git/HEAD' --keep-git-dir=true)" $'/r/.git\n/r/.git/HEAD'
eq "$(added "$app#v1" 'cat /r/src/file' "--checksum=$first")" one
# A name that only ends in the one that was asked for is another: x/v1 and x/main sort before v1 and main.
git_ -C "$scratch/served/app.git" update-ref refs/heads/a/main "$first"
git_ -C "$scratch/served/app.git" update-ref refs/heads/a/v2 "$first"
eq "$(added "$app#main" 'cat /r/src/file')" two "not a/main:"
contains "$(added "$app#v2" true)" 'has no "v2"'
eq "$(added "$app?commit=$first" 'cat /r/src/file')" one
eq "$(added "$app?tag=v1\\&checksum=${first:0:8}" 'cat /r/src/file' | tail -1)" one
contains "$(added "$app?branch=main\\&commit=$first" true)" "expected commit"
eq "$(added "$app#v1" 'cat /r/src/file' "--checksum=${first:0:8}")" one
contains "$(added "$app#main" true "--checksum=$first")" "expected commit"
eq "$(added "$app#v1" 'stat -c "%u:%g %a" /r/src/file' --chown=7:8 --chmod=600)" "7:8 600"

# A commit that was built is not fetched again; a branch that moved is.
printf 'FROM busybox\nADD %s#main /r\n' "$app" >"$context/Dockerfile"
ok mini build --progress plain --network none "$context"
ok mini build --progress plain --network none "$context"
contains "$err" CACHED
git_ -C "$scratch/app" commit -q --allow-empty -m more
(cd "$scratch/app" && echo moved >src/file && git_ commit -qam moved && git_ push -q "$scratch/served/app.git" main)
ok mini build --progress plain --network none "$context"
lacks "$err" "2/2] CACHED"
eq "$(added "$app" 'cat /r/src/file')" moved

# --- the context ---------------------------------------------------------------------------------------------------------
ok mini build -q --network none "$app"
ok mini build -q --network none -t c "$app#v1:src"
eq "$(once c cat /here/file)" one
ok mini build -q --network none -t c -f Dockerfile "$app#v1:src"
fails_with 1 mini build --network none -f ../../../etc/passwd "$app#v1"
fails_with 1 mini build --network none "$app#v1:out/ssl"
fails_with 1 mini build --network none "$app#nosuch"
contains "$err" 'has no "nosuch"'
tar -C "$context" -cf "$scratch/served/context.tar" .
ok mini build -q --network none -t c "http://127.0.0.1:$web_port/context.tar"
printf 'FROM busybox\nRUN echo from-url >/x\n' >"$scratch/served/Dockerfile"
ok mini build -q --network none -t c "http://127.0.0.1:$web_port/Dockerfile"
eq "$(once c cat /x)" from-url
fails_with 1 mini build --network none "http://127.0.0.1:$web_port/nosuch"
fails_with 1 mini build --network none --offline "$app"
contains "$err" offline

# --- --build-context -------------------------------------------------------------------------------------------------------
printf 'FROM busybox\nCOPY --from=src src/file /file\nCOPY --from=tar Dockerfile /d\nCOPY --from=lay /made /m\n' >"$context/Dockerfile"
printf 'FROM busybox\nRUN echo made >/made\n' | mini build -q --network none -t lay:1 - >/dev/null
mini build -q --network none -o "type=oci,tar=false,dest=$scratch/layout" -t lay:1 - <<<$'FROM lay:1' >/dev/null
mini rmi -f lay:1 >/dev/null
ok mini build -q --network none -t b --build-context "src=$app#v1" --build-context "tar=http://127.0.0.1:$web_port/context.tar" \
  --build-context "lay=oci-layout://$scratch/layout" "$context"
eq "$(once b cat /file /m)" $'one\nmade'
lacks "$(mini images --format '{{.Repository}}')" lay
fails_with 1 mini build --network none --build-context "lay=oci-layout://$scratch/layout:nosuch" "$context"
contains "$err" 'has no image "nosuch"'
fails_with 1 mini build --network none --build-context "lay=ftp://x/y" "$context"

# --- what must not work ------------------------------------------------------------------------------------------------------
contains "$(added "git://127.0.0.1:1/x.git" true)" "git ls-remote"
contains "$(added "$app#--upload-pack=touch" true)" "malformed"
contains "$(added "ssh://127.0.0.1/x.git" true)" "--ssh default"
# A submodule may not name a local repository, and hooks and configuration of the repository do not run.
(
  cd "$scratch/app" && git_ checkout -q -b evil v1 && git_ submodule -q add "$scratch/lib" local &&
    git_ commit -qm evil && git_ push -q "$scratch/served/app.git" evil
) || die "evil"
contains "$(added "$app#evil" true)" "git submodule"
# Killed while a server says nothing: git goes with mini, and the next command takes away what is left.
python3 - >"$scratch/silent" <<'END' &
import socket
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
print(server.getsockname()[1], flush=True)
kept = []
while True:
    kept.append(server.accept())
END
silent=$!
cleanup() { kill "$daemon" "$web" "$silent" 2>/dev/null; }
eventually 10 test -s "$scratch/silent"
url=git://127.0.0.1:$(<"$scratch/silent")/x.git
"$MINI" build --network none "$url" >/dev/null 2>&1 &
build=$!
eventually 10 pgrep -f -- "-- $url" >/dev/null
kill -KILL "$build"
wait "$build" 2>/dev/null
no_git() { ! pgrep -f -- "-- $url" >/dev/null; }
eventually 10 no_git
ok mini ps
# Interrupted in the middle: nothing stays.
printf 'FROM busybox\nADD git://127.0.0.1:%s/x.git /r\n' "$(free_port)" >"$context/Dockerfile"
timeout -s INT 2 "$MINI" build --network none "$context" >/dev/null 2>&1
store_is_sound
no_scratch_left
