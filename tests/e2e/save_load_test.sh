# save and load: files and pipes, several images, names, formats; what is cut or hostile.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
cd "$scratch" || exit
variant web:1 sh -c 'echo one >one'
variant web:2 sh -c 'echo two >two'
ok mini tag web:1 example.org/team/web:stable
id=$(mini image inspect -f '{{.Id}}' web:1)

# in_store NAME COMMAND... : with another store.
in_store() {
  local MINI_ROOT=$scratch/$1 MINI_RUN_ROOT=$scratch/$1-run
  export MINI_ROOT MINI_RUN_ROOT
  shift
  "$@"
}
loads() { ok in_store "$1" mini load "${@:2}"; }

# A repository's name means all its tags; the names are the archive's.
ok mini save -o all.tar web busybox
eq "$out$err" ""
loads a -i all.tar
eq "$out" $'Loaded image: web:1\nLoaded image: web:2\nLoaded image: busybox:latest'
eq "$(in_store a mini image inspect -f '{{.Id}}' web:1)" "$id"
eq "$(in_store a mini run --rm --network none web:2 cat two)" two
in_store a mini fsck >/dev/null || fail "fsck"
in_store a no_scratch_left
# The same bytes, from a pipe and after a round trip; nothing is said between them.
eq "$(mini save web busybox | sha256sum)" "$(sha256sum <all.tar)"
eq "$(in_store a mini save web busybox | sha256sum)" "$(sha256sum <all.tar)"
mini save web busybox | in_store b mini load -q >out || fail "load from a pipe"
eq "$(<out)" $'Loaded image: web:1\nLoaded image: web:2\nLoaded image: busybox:latest'
# Loading again changes nothing.
before=$(stat -c %i b/images/index.json)
loads b -i all.tar
eq "$(stat -c %i b/images/index.json)" "$before"

# Several at once into one store; a reader that gives up; an image that is removed while it is saved.
for i in 1 2 3; do in_store many mini load -q -i all.tar >"many.$i" & done
wait
for i in 1 2 3; do eq "$(<"many.$i")" $'Loaded image: web:1\nLoaded image: web:2\nLoaded image: busybox:latest'; done
eq "$(in_store many mini save web busybox | sha256sum)" "$(sha256sum <all.tar)"
in_store many no_scratch_left
mini save web busybox 2>pipe.err | head -c 1000 >/dev/null
eq "$(<pipe.err)" ""
mkfifo fifo
in_store many mini save -o fifo web busybox &
exec 3<fifo
head -c 512 <&3 >first
in_store many mini rmi -f web:1 web:2 busybox >/dev/null || fail "rmi while an image is saved"
in_store many mini prune -af >/dev/null
{ cat first; cat <&3; } | sha256sum >saved
exec 3<&-
wait
eq "$(<saved)" "$(sha256sum <all.tar)"
eq "$(in_store many mini images -aq)" ""

# Names: an id gives an image without one.
ok mini save -o id.tar "${id#sha256:}"
loads c -i id.tar
eq "$out" "Loaded image ID: $id"
ok mini save -o stable.tar example.org/team/web:stable
loads c -i stable.tar
eq "$out" "Loaded image: example.org/team/web:stable"
fails_with 1 mini save -o none.tar nosuch
contains "$err" '"nosuch": not found'
absent none.tar
fails_with 1 mini save --format zip -o none.tar web
ok mini save --format oci-archive -o oci.tar web:1
lacks "$(tar tf oci.tar)" manifest.json
loads d -i oci.tar
eq "$out" "Loaded image: web:1"
ok mini save --format oci-dir -o layout web:1
loads e -i layout
eq "$out" "Loaded image: web:1"
for tool in gzip "xz -0" bzip2; do
  $tool <all.tar >packed
  loads "f-${tool%% *}" -i packed
  contains "$out" "Loaded image: web:1"
done
# What cannot be written is said, and half a file is not left.
if [ -e /dev/full ]; then
  fails_with 1 mini save -o /dev/full web
  contains "$err" "No space left"
fi
fails_with 1 mini save -o no/such/directory.tar web

# ---- what is refused: one line, and nothing is stored
# refused TEXT FILE : by a store that is empty and stays so.
refused() {
  fails_with 1 in_store hostile mini load -i "$2"
  contains "$err" "$1"
  eq "$(grep -c '^mini: ' <<<"$err")" 1 "$2: lines:"
  eq "$(in_store hostile mini images -aq)" "" "$2: images:"
  eq "$(ls hostile/layers hostile/images/blobs/sha256 hostile/tmp)" $'hostile/images/blobs/sha256:\n\nhostile/layers:\n\nhostile/tmp:' "$2: left:"
}
size=$(stat -c %s all.tar)
for cut in 1000 100000 $((size / 2)) $((size - 3000)); do
  head -c $cut all.tar >cut.tar
  refused "" cut.tar
done
: >empty.tar
refused "is empty" empty.tar
echo '<html>' >html.tar
refused "" html.tar
refused "no manifest.json and no index.json" base.tar

mkdir tree && tar -C tree -xf all.tar
# repack ARGUMENT... : the tree as an archive, with tar's arguments.
repack() { tar -C tree -cf hostile.tar "$@" .; }
repack --transform='s,^./repositories,../../repositories,' -P
refused '".."' hostile.tar
# Names from the root, and a name twice, are what other tools write.
repack --transform='s,^./,/,' -P
loads rooted -i hostile.tar
repack && tar -C tree -rf hostile.tar ./manifest.json
loads twice -i hostile.tar
# A link that leaves the archive leads nowhere, wherever it points.
echo '{}' >outside.json
for target in ../../../../../../../../etc/passwd "$scratch/outside.json" ../outside.json; do
  rm -f tree/index.json tree/oci-layout tree/manifest.json
  ln -s "$target" tree/manifest.json
  repack
  refused "$([ "${target:0:1}" = / ] && echo "no manifest.json" || echo "leaves the archive")" hostile.tar
done
rm tree/manifest.json && ln -s manifest.json tree/manifest.json
repack
refused "too many links" hostile.tar
rm tree/manifest.json
mknod tree/device c 1 3 && repack && rm tree/device
refused "neither a file nor a directory" hostile.tar
tar -C tree -xf all.tar
layer=$(tar xOf all.tar manifest.json | grep -o '"Layers":\["[^"]*' | head -1 | cut -d'"' -f4)
config=$(tar xOf all.tar manifest.json | grep -o '"Config":"[^"]*' | head -1 | cut -d'"' -f4)
# A layer that is another: once by its name, once by the config.
printf x >>"tree/$layer" && repack
refused "" hostile.tar
tar -C tree -xf all.tar && rm tree/index.json
mv "tree/$layer" tree/layer.tar && sed -i "s,$layer,layer.tar,g" tree/manifest.json
repack
loads sound -i hostile.tar
tar -C tree -cf small.tar manifest.json && cp small.tar tree/layer.tar && repack
refused "instead of" hostile.tar
rm tree/layer.tar && repack
refused "is missing" hostile.tar
tar -C tree -xf all.tar && sed -i 's/"linux"/"lunix"/' "tree/$config" && repack
refused "its digest or size is another" hostile.tar
tar -C tree -xf all.tar && sed -i 's/"schemaVersion":2}/"layers":[],"schemaVersion":2}/' tree/index.json && repack
refused "at once" hostile.tar
tar -C tree -xf all.tar && sed -i 's,library/web:1,library/../web:1,' tree/index.json && repack
refused "" hostile.tar
tar -C tree -xf all.tar && printf '[%.0s' $(seq 200000) >tree/index.json && repack
refused "" hostile.tar
# A bomb: a layer of zeros that unpacks to far more than it is, cut by the disk.
mkdir -p bomb/blobs/sha256 && truncate -s 300M zeros && tar -cf zeros.tar zeros && gzip -1 zeros.tar
hash=$(sha256sum <zeros.tar.gz | cut -d' ' -f1)
mv zeros.tar.gz "bomb/blobs/sha256/$hash" && tar -C bomb -cf bomb.tar .
refused "no manifest.json" bomb.tar
