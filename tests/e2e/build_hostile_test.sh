# Hostile Dockerfiles, contexts and base images: every published attack on an image builder that mini's
# code can meet, by its number. The host stays as it was, and nothing of it gets into an image.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
context=$scratch/context
canary=$scratch/canary
mkdir "$context" "$canary"
echo "host secret" >"$canary/file"
echo inside >"$context/inside"

safe() {
  eq "$(cat "$canary"/*)" "host secret" "the host's directory:"
  eq "$(ls "$canary")" file "the host's directory:"
}
# attack TEXT : builds it; whether or not that works, the host's secret must not be in the store.
attack() {
  printf "$1" >"$context/Dockerfile"
  shift
  mini build --network none -t attacked "$@" "$context" >"$scratch/log" 2>&1
  code=$?
  grep -rqs "host secret" "$MINI_ROOT" && fail "the host's file is in the store: $(grep -rls "host secret" "$MINI_ROOT")"
  grep -qs "host secret" "$scratch/log" && fail "the host's file was shown"
  safe
}
refused() {
  attack "$@"
  [ "$code" != 0 ] || fail "built: $1"
}

# --- links of the context that leave it: absolute, upwards, in the middle, in chains -----------------------------
ln -s "$canary" "$context/absolute"
ln -s "../canary" "$context/upwards"
ln -s "$canary/file" "$context/file"
ln -s / "$context/root"
mkdir "$context/sub"
ln -s ../../canary "$context/sub/up"
for source in absolute/file upwards/file absolute/ upwards/ file sub/up/file "root$canary/file" \
  "sub/../../canary/file" "../canary/file" "/../canary/file" "./././../canary" "absolute/*"; do
  attack "FROM busybox\nCOPY $source /x\n"
  attack "FROM busybox\nADD $source /x\n"
  attack "FROM busybox\nRUN --mount=type=bind,source=$source,target=/x cat /x /x/file; cp -r /x /y; true\n"
done
attack 'FROM busybox\nCOPY . /all\nRUN cat /all/absolute/file /all/file; true\n'
ln -s chain1 "$context/chain0"
for i in $(seq 50); do ln -s "chain$((i + 1))" "$context/chain$i"; done
refused 'FROM busybox\nCOPY chain0 /x\n'
ln -s loop "$context/loop"
refused 'FROM busybox\nCOPY loop /x\n'
# The Dockerfile and .dockerignore by their default names are taken from inside only.
mv "$context/Dockerfile" "$scratch/Dockerfile"
printf 'FROM busybox\nRUN echo from outside >/x\n' >"$scratch/outside"
ln -s "$scratch/outside" "$context/Dockerfile"
fails_with 1 mini build --network none "$context"
rm "$context/Dockerfile"
ln -s "$canary/file" "$context/.dockerignore"
refused 'FROM busybox\nCOPY inside /\n'
rm "$context/.dockerignore"
# A FIFO or a socket in the context neither hangs nor is read.
mkfifo "$context/fifo"
printf 'FROM busybox\nCOPY fifo /x\n' >"$context/Dockerfile"
timeout 120 "$MINI" build --network none "$context" >/dev/null 2>&1
[ "$?" != 124 ] || fail "a FIFO in the context: hangs"
rm "$context/fifo"
mkfifo "$context/.dockerignore"
timeout 120 "$MINI" build --network none "$context" >/dev/null 2>&1
[ "$?" != 124 ] || fail ".dockerignore as a FIFO: hangs"
rm "$context/.dockerignore"

# --- CVE-2024-1753: the source of a bind is a link to / in a stage -------------------------------------------------
attack "FROM busybox AS evil\nRUN ln -s / /link && ln -s $canary /canary\nFROM busybox\nRUN --mount=type=bind,from=evil,source=/link,target=/m,rw cat /m$canary/file; echo x >/m$canary/new; true\n"
attack "FROM busybox AS evil\nRUN ln -s $canary /canary\nFROM busybox\nRUN --mount=type=bind,from=evil,source=/canary,target=/m,rw cat /m/file; touch /m/new; true\n"
attack "FROM busybox AS evil\nRUN ln -s $canary /canary\nFROM busybox\nCOPY --from=evil /canary/file /x\n"
attack "FROM busybox AS evil\nRUN ln -s $canary /canary\nFROM evil\nCOPY inside /canary/new\n"
attack "FROM busybox AS evil\nRUN ln -s $canary /canary\nFROM evil\nWORKDIR /canary/dir\n"
attack "FROM busybox AS evil\nRUN ln -s $canary /canary\nFROM evil\nCOPY <<x /canary/\ntext\nx\n"
attack "FROM busybox AS evil\nRUN mkdir -p /$canary && ln -s ../../../../..$canary /up\nFROM evil\nCOPY inside /up/new\n"

# --- CVE-2024-23652: what is cleaned up after a mount follows a link --------------------------------------------------
attack "FROM busybox\nRUN --mount=type=tmpfs,target=/x/y rm -rf /x 2>/dev/null; umount /x/y 2>/dev/null; true\n"
attack "FROM busybox\nRUN --mount=type=bind,source=inside,target=/x/y/z ln -s $canary /link; rm -rf /x; ln -s $canary /x; true\n"
attack "FROM busybox\nRUN ln -s $canary /c\nRUN --mount=type=bind,source=inside,target=/c/sub/file true\n"
attack "FROM busybox\nRUN ln -s $canary /c\nRUN --mount=type=tmpfs,target=/c/sub true\n"
attack "FROM busybox\nRUN ln -s $canary /c\nRUN --mount=type=secret,id=s,target=/c/file cat /c/file\n" --secret "id=s,src=$context/inside"
# --- CVE-2024-9675, 9407: a cache id that is a path, mount options that are more than they seem --------------------------
for id in ../../../../canary "../../..$canary" "$canary" .. . "a/../../b" 'a,b'; do
  attack "FROM busybox\nRUN --mount=type=cache,id=$id,target=/c cat /c/file; touch /c/new; true\n"
done
attack "FROM busybox\nRUN --mount=type=cache,source=../../../..$canary,target=/c cat /c/file; touch /c/new; true\n"
attack "FROM busybox\nRUN --mount=type=cache,from=busybox,source=../../..$canary,target=/c cat /c/file; touch /c/new; true\n"
refused "FROM busybox\nRUN --mount=type=bind,source=/,target=/c,bind-propagation=shared cat /c$canary/file\n"
refused "FROM busybox\nRUN --mount=type=bind,from=nosuch,source=/,target=/c true\n"
# --- CVE-2025-4953: what a bind with rw writes is gone ----------------------------------------------------------------------
attack 'FROM busybox\nRUN --mount=type=bind,target=/c,rw echo written >/c/inside; touch /c/new\nRUN --mount=type=bind,target=/c cat /c/inside >/x; ! test -e /c/new\n'
eq "$code" 0 "a bind with rw: $(<"$scratch/log")"
eq "$(<"$context/inside")" inside "the context:"
absent "$context/new"
ok once attacked cat /x
eq "$out" inside
attack 'FROM busybox AS s\nRUN echo old >/f\nFROM busybox\nRUN --mount=type=bind,from=s,target=/s,rw echo new >/s/f; rm /s/bin/busybox\nCOPY --from=s /f /f\n'
ok once attacked cat /f
eq "$out" old "a stage after a bind with rw:"

# --- names with .. in archives and sources ------------------------------------------------------------------------------------
python3 - "$context" "$canary" <<'END'
import io, sys, tarfile
context, canary = sys.argv[1:]
def archive(name, *entries):
    with tarfile.open(f"{context}/{name}", "w") as tar:
        for path, kind, target in entries:
            info = tarfile.TarInfo(path)
            info.type, info.linkname = kind, target
            data = b"evil\n" if kind == tarfile.REGTYPE else b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
F, L, H, C = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE
up = "../" * 12
archive("dots.tar", (up + canary[1:] + "/new", F, ""))
archive("absolute.tar", (canary + "/new", F, ""))
archive("through.tar", ("l", L, canary), ("l/new", F, ""))
archive("hard.tar", ("h", H, up + canary[1:] + "/file"))
archive("hard2.tar", ("l", L, canary), ("h", H, "l/file"))
archive("up.tar", ("l", L, up + canary[1:]), ("l/new", F, ""))
archive("whiteout.tar", ("l", L, canary), ("l/.wh.file", F, ""), (".wh..", F, ""))
END
for archive in dots absolute through hard hard2 up whiteout; do
  attack "FROM busybox\nADD $archive.tar /\nRUN cat /h; true\n"
  attack "FROM busybox\nRUN ln -s $canary /l\nADD $archive.tar /\n"
  mini import "$context/$archive.tar" "import-$archive" >/dev/null 2>&1
  safe
done
# --- CVE-2019-14271 and friends: the image's own programs run in the sandbox only, USER is read by mini --------------------------
attack 'FROM busybox\nRUN rm /etc/passwd && mkfifo /etc/passwd\nUSER app\nRUN true\n'
[ "$code" != 0 ] || fail "/etc/passwd as a FIFO: built"
attack "FROM busybox\nRUN ln -sf $canary/file /etc/passwd\nCOPY --chown=app inside /x\n"
[ "$code" != 0 ] || fail "/etc/passwd as a link to the host: a name was found"
# --- a RUN sees nothing of the host, of the store or of other stages ---------------------------------------------------------------
attack "FROM busybox\nRUN test ! -e $canary && test ! -e $MINI_ROOT && test \"\$(ls /proc | grep -c '^[0-9]')\" -lt 9\n"
eq "$code" 0 "$(<"$scratch/log")"
attack 'FROM busybox\nRUN test -z "$(env | grep MINI_)" && test "$(ls /proc/self/fd | wc -l)" = 4\n'
eq "$code" 0 "$(<"$scratch/log")"
refused 'FROM busybox\nRUN mount -t tmpfs x /mnt\n'
refused 'FROM busybox\nRUN --security=insecure mount -t tmpfs x /mnt\n'
refused 'FROM busybox\nRUN --network=host true\n'
# --- a process that a RUN leaves behind does not outlive it ----------------------------------------------------------------------------
unique=$((1000000 + $$))
attack "FROM busybox\nRUN (sleep $unique &) ; (setsid sleep $unique >/dev/null 2>&1 </dev/null &) ; true\n"
eq "$code" 0 "$(<"$scratch/log")"
eq "$(grep -lzx "[1]${unique:1}" /proc/[0-9]*/cmdline 2>/dev/null | wc -l)" 0 "processes after the RUN:"
no_scratch_left
store_is_sound
