# Archives go round: what mini saves, skopeo, podman, buildah, umoci and docker load and run, with the
# same config and the same file tree; what they save, mini loads. With a Debian image, which was not
# made for tests, and one that has all that a layer can hold.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/debian_tree.sh"
. "$here/../peers/docker.sh"
. "$here/../peers/podman.sh"
need_peer_packages || die "the peers could not be installed"

cleanup() {
  stop_podman
  stop_docker
}
start_docker "$scratch/docker" || die "docker did not start"
cd "$scratch" || exit

# The images, and what every tool must show of them.
debian_tar "$scratch/debian.tar" || die "no Debian"
mini import -c 'CMD ["cat","/etc/debian_version"]' debian.tar debian:small >/dev/null || die "import"
base_image
mkdir context
cat >context/Dockerfile <<'END'
FROM busybox
RUN mkdir -p /d/e && echo one >/d/one && ln /d/one /d/two && ln -s one /d/link && mkfifo /d/fifo \
 && chmod 4755 /d/one && chown 1000:65534 /d/e && chmod 2750 /d/e && touch "/d/ü and blanks" \
 && echo gone >/d/gone && : >/d/$(printf 'n%.0s' $(seq 120)) && mkdir -p /d/opaque && echo a >/d/opaque/a
RUN rm /d/gone && rm -r /d/opaque && mkdir /d/opaque && echo b >/d/opaque/b
ENV A="b c" EMPTY=
LABEL a.b="c \"d\" ü"
EXPOSE 80/tcp
VOLUME /data
WORKDIR /d
STOPSIGNAL SIGQUIT
CMD ["sh","-c","cat one two opaque/b; ls"]
END
mini build -q --network none -t full:1 context >/dev/null || die "build"
images="debian:small full:1"
mini save -o all.tar $images || die "save"

# tree DIRECTORY... : facts of the overlay of these layers, topmost first, and the times.
tree() {
  python3 "$here/facts.py" tree "$@" || die "no tree: $*"
}
mini_layers() {
  mini image inspect "$1" | jq -r '.[0].RootFS.Layers | reverse[] | sub("^sha256:"; "")' |
    sed "s|.*|$MINI_ROOT/layers/&/tree|"
}
mini_facts() {
  local layers
  mapfile -t layers < <(mini_layers "$1")
  tree "${layers[@]}"
}
times() { find "$1" -mindepth 1 ! -type c -printf '%P %Ts\n' | sort; }
mini_times() { times "$(mini_layers "$1" | head -1)"; }
mini_config() {
  mini image inspect "$1" >inspect.json
  python3 "$here/facts.py" config inspect.json
}
# What an image's own shell or cat says.
mini_says() { mini run --rm --network none "$1" 2>&1; }

declare -A tree_of config_of says
for image in $images; do
  mini_facts "$image" >"tree.${image//:/_}"
  config_of[$image]=$(mini image inspect -f '{{.Id}}' "$image")
  says[$image]=$(mini_says "$image")
  mini_times "$image" >"times.${image//:/_}"
  mini_config "$image" >"config.${image//:/_}"
  ne "${says[$image]}" ""
done

# same TOOL IMAGE DIRECTORY... : the layers at DIRECTORY... hold the image's tree.
same() {
  local tool=$1 image=$2
  shift 2
  tree "$@" >got.tree
  # Podman's storage gives a root that no layer mentions the mode 0555.
  [ "$tool" = docker ] || sed -i '1s,^/ dr-xr-xr-x,/ drwxr-xr-x,' got.tree
  diff -U0 "tree.${image//:/_}" got.tree >diff || fail "$tool $image: $(head -20 diff)"
}

# ---- mini saves, they load
ok docker_ load -i all.tar
for image in $images; do
  contains "$out" "Loaded image: $image"
  eq "$(docker_ image inspect -f '{{.Id}}' "$image")" "${config_of[$image]}" "docker $image:"
  mapfile -t layers < <(docker_ image inspect "$image" |
    jq -r '.[0].GraphDriver.Data | .UpperDir, .LowerDir // empty' | tr : '\n')
  same docker "$image" "${layers[@]}"
  times "${layers[0]}" | diff "times.${image//:/_}" - >diff || fail "docker $image: times: $(head diff)"
  eq "$(docker_ run --rm --network none "$image" 2>&1)" "${says[$image]}" "docker runs $image:"
done

ok podman_ load -q -i all.tar
# Podman calls what has no registry "localhost" in archives of more than one image.
contains "$out" "Loaded image: localhost/full:1"
for image in $images; do
  eq "sha256:$(podman_ image inspect -f '{{.Id}}' "localhost/$image")" "${config_of[$image]}" "podman $image:"
  mount=$(podman_ image mount "localhost/$image") || fail "podman mount $image"
  same podman "$image" "$mount"
  podman_ image umount "localhost/$image" >/dev/null
  eq "$(podman_once "localhost/$image" 2>&1)" "${says[$image]}" "podman runs $image:"
done
ok buildah_ from --pull-never --name work localhost/full:1
mount=$(buildah_ mount work)
same buildah full:1 "$mount"
buildah_ umount work >/dev/null
buildah_ rm work >/dev/null
podman_ rmi -af >/dev/null 2>&1

for image in $images; do
  for format in oci-archive docker-archive; do
    mini save --format $format -o one.tar "$image" || fail "save $format"
    ok skopeo inspect --config --raw "$format:one.tar"
    eq "sha256:$(printf '%s' "$out" | sha256sum | cut -d' ' -f1)" "${config_of[$image]}" "skopeo $format $image:"
    rm -rf copy && mkdir copy
    ok skopeo copy -q --insecure-policy "$format:one.tar" dir:copy
  done
  rm -rf layout bundle
  mini save --format oci-dir -o layout "$image" || fail "save oci-dir"
  ok umoci unpack --image "layout:${image#*:}" bundle
  same umoci "$image" bundle/rootfs
done

# ---- they save, mini loads
# config_in FILE : the digest of the config of the one image in an OCI layout or archive.
config_in() {
  if [ -d "$1" ]; then skopeo inspect --raw "oci:$1"; else skopeo inspect --raw "oci-archive:$1"; fi |
    jq -r .config.digest
}
# load NAME FILE [IMAGE...] : into a store of its own; the images are what they were.
load() {
  local name=$1 file=$2 image plain loaded= MINI_ROOT=$scratch/store/$1
  export MINI_ROOT
  shift 2
  ok mini load -i "$file"
  for image; do
    contains "${loaded:=$out}" "Loaded image: $image"
    ok mini image inspect -f '{{.Id}}' "$image"
    case $name in
      # Their way to OCI writes another config: it is what the archive has.
      podman-* | skopeo-* | buildah) eq "$out" "$(config_in "$file")" "$name $image:" ;;
      *) eq "$out" "${config_of[${image##*/}]}" "$name $image:" ;;
    esac
    mini_facts "$image" >got.tree
    plain=${image##*/}
    plain=${plain//:/_}
    diff -U0 "tree.$plain" got.tree >diff || fail "$name $image: $(head -20 diff)"
    mini_times "$image" | diff "times.$plain" - >diff || fail "$name $image: times: $(head diff)"
    mini_config "$image" | diff "config.$plain" - >diff || fail "$name $image: config: $(head diff)"
    eq "$(mini_says "$image")" "${says[${image##*/}]}" "$name $image:"
  done
  ok mini fsck
  no_scratch_left
}

ok docker_ save -o docker.tar $images
load docker docker.tar $images
eq "$(MINI_ROOT=$scratch/store/docker mini save $images | sha256sum)" "$(sha256sum <all.tar)" "the archive after a round trip by docker"
gzip -1 <docker.tar >docker.tar.gz && load docker-gzip docker.tar.gz $images
zstd -q1 docker.tar -o docker.tar.zst && load docker-zstd docker.tar.zst $images
# Two images that share layers: docker links the second's to the first's.
printf 'FROM full:1\nENV MORE=1\n' >context/Dockerfile
DOCKER_BUILDKIT=0 docker_ build -q -t more:1 context >/dev/null || fail "docker build"
docker_ save full:1 more:1 >shared.tar
export MINI_ROOT=$scratch/store/shared
ok mini load -i shared.tar
eq "$(mini image inspect -f '{{.Id}}' more:1)" "$(docker_ image inspect -f '{{.Id}}' more:1)"
export MINI_ROOT=$scratch/root

ok podman_ load -q -i docker.tar
podman_ save -q -m -o podman.tar localhost/debian:small localhost/full:1 || fail "podman save -m"
load podman podman.tar localhost/debian:small localhost/full:1
podman_ save -q --format oci-archive -o podman-oci.tar localhost/full:1 || fail "podman save"
load podman-oci podman-oci.tar localhost/full:1
podman_ save -q --format oci-dir -o podman-dir localhost/full:1 || fail "podman save oci-dir"
load podman-dir podman-dir localhost/full:1

# Compressed by another tool: its manifest and its blobs leave mini as they came.
for compression in gzip zstd; do
  rm -rf packed
  skopeo copy -q --insecure-policy --dest-compress --dest-compress-format $compression \
    docker-archive:docker.tar:full:1 oci:packed:full ||
    fail "skopeo $compression"
  jq '.manifests[0].annotations["org.opencontainers.image.ref.name"] = "docker.io/library/full:1"' \
    packed/index.json >index && mv index packed/index.json
  tar -C packed -cf packed.tar .
  load "skopeo-$compression" packed.tar full:1
  MINI_ROOT=$scratch/store/skopeo-$compression mini save --format oci-dir -o again full:1
  manifest=$(jq -r '.manifests[0].digest' packed/index.json)
  eq "$(jq -r '.manifests[0].digest' again/index.json)" "$manifest" "$compression: the manifest"
  contains "$(jq -r '.layers[].mediaType' "again/blobs/sha256/${manifest#sha256:}")" "+$compression"
  diff -r packed/blobs again/blobs || fail "$compression: the blobs differ"
  rm -rf again
done

buildah_ push -q --format oci localhost/full:1 oci-archive:buildah.tar:docker.io/library/full:1 2>/dev/null ||
  fail "buildah push"
load buildah buildah.tar full:1

# umoci adds a layer of its own; the result is no image that mini has seen.
rm -rf layout bundle
mini save --format oci-dir -o layout full:1 && umoci unpack --image layout:1 bundle 2>/dev/null
echo umoci >bundle/rootfs/d/umoci
ok umoci repack --image layout:new bundle
jq '.manifests |= [.[] | select(.annotations["org.opencontainers.image.ref.name"] == "new")
  | .annotations = {"org.opencontainers.image.ref.name": "by/umoci:new"}]' layout/index.json >index && mv index layout/index.json
ok mini load -i layout
contains "$out" "Loaded image: by/umoci:new"
eq "$(mini run --rm --network none by/umoci:new cat umoci one)" $'umoci\none'
