# -v, --mount and --tmpfs: what is seen inside, what stays outside, what a volume starts with.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

mkdir "$scratch/host"
echo from the host >"$scratch/host/file"

# --- what mini binds into /etc lies on top of whatever is mounted there ---------------------------------------------
mkdir "$scratch/etc"
for over in "--tmpfs /etc" "-v etc-volume:/etc" "-v $scratch/etc:/etc" "--mount type=tmpfs,dst=/etc"; do
  ok once --hostname named $over busybox sh -c 'cat /etc/hostname; grep -c localhost /etc/hosts; test -e /etc/resolv.conf'
  eq "${out%%$'\n'*}" named "$over:"
done
ok mini run -d --name over-etc --network none --tmpfs /etc busybox sleep 1000
ok mini exec over-etc test -s /etc/hosts
ok mini rm -f over-etc
ok mini volume rm etc-volume
# A tmpfs takes owner and mode of what it covers, unless an option says them.
printf 'FROM busybox\nRUN mkdir /own && chown 7:8 /own && chmod 751 /own && chmod 755 /tmp\n' >"$scratch/Dockerfile"
ok build_id -t covered -f "$scratch/Dockerfile" "$scratch/host"
ok once --tmpfs /own --tmpfs /new --mount type=tmpfs,dst=/tmp covered stat -c '%n %a %u:%g' /own /new /tmp
eq "$out" $'/own 751 7:8\n/new 1777 0:0\n/tmp 755 0:0'
ok once --tmpfs /own:mode=700,uid=3 covered stat -c '%a %u:%g' /own
eq "$out" "700 3:8"
ok once --mount type=tmpfs,dst=/own,tmpfs-mode=1700,readonly covered stat -c '%a %u:%g' /own
eq "$out" "1700 7:8"

# --- bind mounts --------------------------------------------------------------------------------------
ok once -v "$scratch/host:/data" busybox sh -c 'cat /data/file; echo back >/data/new'
eq "$out" "from the host"
eq "$(<"$scratch/host/new")" back
fails_with 1 once -v "$scratch/host:/data:ro" busybox touch /data/x
contains "$err" "Read-only file system"
fails_with 1 once --mount "type=bind,source=$scratch/host,target=/data,readonly" busybox touch /data/x
ok once -v "$scratch/host/file:/etc/one/file:ro" busybox cat /etc/one/file
eq "$out" "from the host" "a file over a missing name:"
(cd "$scratch" && once -v ./host:/data busybox test -e /data/file) || fail "a relative source"
ok once -v "$scratch/made:/data" busybox true
[ -d "$scratch/made" ] || fail "-v makes a missing source"
fails_with 125 once --mount "type=bind,source=$scratch/missing,target=/data" busybox true
contains "$err" "$scratch/missing"
absent "$scratch/missing"
ok once -v "$scratch/host:/a/b/../c//d/" busybox cat /a/c/d/file
# A mount below another, in whatever order they are given.
ok once -v "$scratch/host/file:/top/below/file" -v "$scratch/host:/top" --tmpfs /top/below busybox \
  cat /top/below/file
eq "$out" "from the host" "nested mounts:"
# What is mounted below the source comes along, and read-only covers it.
mkdir -p "$scratch/host/sub"
unshare -m bash -c "mount -t tmpfs sub '$scratch/host/sub' && touch '$scratch/host/sub/deep' &&
  '$MINI' run --rm --network none -v '$scratch/host:/data:ro' busybox sh -c '
    ls /data/sub; ! touch /data/sub/x 2>/dev/null'" >"$scratch/sub.out" || fail "a mount below a read-only source is writable"
eq "$(<"$scratch/sub.out")" deep "a mount below the source:"
# Set-user-id programs and devices of a bind source stay the host's decision, the mount is private.
ok once -v "$scratch/host:/data" busybox sh -c 'grep " /data " /proc/self/mountinfo'
lacks "$out" shared:

# --- volumes ------------------------------------------------------------------------------------------
printf 'FROM busybox\nRUN mkdir -m 750 /seed && echo content >/seed/file && chown 1000:10 /seed /seed/file && ln -s file /seed/link\n' \
  >"$scratch/Dockerfile"
ok build_id -t seeded -f "$scratch/Dockerfile" "$scratch/host"
ok once -v named:/seed seeded sh -c 'cat /seed/link; stat -c "%a %u:%g" /seed; echo more >/seed/more'
eq "$out" "content"$'\n'"750 1000:10" "copy-up:"
ok once -v named:/elsewhere busybox cat /elsewhere/file /elsewhere/more
eq "$out" "content"$'\n'"more" "a named volume stays:"
# Whoever has the empty volume mounted sees what another start copies into it.
ok mini run -d --name witness --network none -v shared:/w busybox sleep 100
ok once -v shared:/seed seeded true
ok mini exec witness cat /w/file
eq "$out" content "a copy into a mounted volume:"
ok mini rm -f witness
# A copy that was killed after its commit point is finished, also by who asks for none.
shared=$(mini volume inspect --format '{{.Mountpoint}}' shared)
mkdir "${shared%/_data}/_ready" && mv "$shared/file" "${shared%/_data}/_ready/"
ok once -v shared:/w:nocopy busybox cat /w/file
eq "$out" content "a killed copy:"
absent "${shared%/_data}/_ready"
# A torn description or record stands in nobody's way.
: >"${shared%/_data}/volume.json"
ok once -v shared:/w busybox cat /w/file
eq "$out" content "a torn volume.json:"
ok mini volume rm shared
absent "${shared%/_data}"
ok mini create --name torn busybox true
torn=$out
record=$MINI_ROOT/containers/$torn/record.json
cp "$record" "$scratch/record.json" && : >"$record"
fails_with 1 mini rm torn
contains "$err" "mini rm -f ${torn:0:12}"
ok once busybox true
ok mini rm -f "${torn:0:12}"
absent "$MINI_ROOT/containers/$torn"
ok once -v fresh:/seed:nocopy seeded ls /seed
eq "$out" "" nocopy:
ok once --mount type=volume,source=third,target=/seed,volume-nocopy seeded ls /seed
eq "$out" ""
ok mini volume ls -q
eq "$out" "fresh"$'\n'"named"$'\n'"third" "volume ls:"
# A volume that a container names is in use.
ok mini create --name holder -v named:/seed seeded true
fails_with 1 mini volume rm named
contains "$err" holder
ok mini rm holder
ok mini volume rm named fresh third
# An anonymous one goes with --rm, and with rm -v, not with rm.
ok once -v /seed seeded cat /seed/file
eq "$out" content
eq "$(mini volume ls -q)" "" "after --rm:"
ok mini run --name keeper --network none -v /seed seeded true
anonymous=$(mini volume ls -q)
matches "$anonymous" ^[0-9a-f]{64}$
ok mini rm -v keeper
eq "$(mini volume ls -q)" "" "after rm -v:"
ok mini volume create --label who=me mine
eq "$out" mine
ok mini volume inspect --format '{{.Name}} {{.Driver}} {{index .Labels "who"}}' mine
eq "$out" "mine local me"
mountpoint=$(mini volume inspect --format '{{.Mountpoint}}' mine)
echo seen >"$mountpoint/file"
ok once -v mine:/m busybox cat /m/file
eq "$out" seen
ok mini volume prune -f
contains "$out" "Total reclaimed space"
eq "$(mini volume ls -q)" mine "a named volume and prune:"
ok mini volume prune -f -a
eq "$(mini volume ls -q)" "" "prune -a:"
fails_with 1 mini volume rm nosuch
fails_with 1 mini volume inspect nosuch
fails_with 1 mini volume create ../../etc

# VOLUME of an image.
printf 'FROM seeded\nVOLUME /seed\n' >"$scratch/Dockerfile"
ok build_id -t withvolume -f "$scratch/Dockerfile" "$scratch/host"
ok mini run --name vol --network none withvolume sh -c 'echo kept >>/seed/file'
eq "$(mini volume ls -q | wc -l)" 1 "VOLUME makes:"
ok mini start -a vol
volume=$(mini inspect --format '{{range .Mounts}}{{.Source}}{{end}}' vol)
eq "$(grep -c kept "$volume/file")" 2 "the volume stays between starts:"
ok mini rm -v vol
eq "$(mini volume ls -q)" ""

# --- what is refused --------------------------------------------------------------------------------
fails_with 125 once -v "$scratch/host:/" busybox true
fails_with 125 once -v "$scratch/host:relative" busybox true
fails_with 125 once -v a:b:c:d busybox true
fails_with 125 once -v "$scratch/host:/x:rx" busybox true
contains "$err" rx
fails_with 125 once --mount type=bnd,source=/,target=/x busybox true
contains "$err" bind
fails_with 125 once --mount type=bind,sourc=/,target=/x busybox true
contains "$err" source
fails_with 125 once --mount type=tmpfs,source=/x,target=/x busybox true
fails_with 125 once --mount type=bind,source=/x busybox true
contains "$err" target
fails_with 125 once --tmpfs /x:sizes=1m busybox true
contains "$err" sizes
