# The same registry, both ways, with every tool that people have: what mini pushes, docker, podman,
# buildah and skopeo with umoci pull, with the same config and the same files (modes, owners,
# attributes, hard links, times), and run it; what each of them pushes, mini pulls and runs.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/registry.sh"
. "$here/../peers/docker.sh"
. "$here/../peers/podman.sh"
need_packages docker-registry docker.io podman buildah skopeo umoci runc attr libcap2-bin jq mmdebstrap ||
  die "the peers could not be installed"
cleanup() {
  stop_podman
  stop_docker
  stop_registries
}
export FACTS_TIMES=1
printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$scratch/policy.json"

start_registry hub
mkdir "$DOCKER_CONFIG" && echo '{}' >"$DOCKER_CONFIG/config.json"
hub=127.0.0.1:$registry_port

# --- an image with all that a file can have --------------------------------------------------------------------
base_image
mkdir "$scratch/tree"
(
  cd "$scratch/tree" || exit
  long=deep/$(printf 'x%.0s' $(seq 120))/$(printf 'y%.0s' $(seq 120))
  mkdir -p d/sticky d/owned "$long"
  echo text >d/file && ln d/file d/hard && ln -s ../d/file d/soft && ln -s nowhere d/dangling
  echo set >d/setuid && chmod 4755 d/setuid
  chmod 1777 d/sticky && chown 12:34 d/owned && chown 3000000:3000001 d/file
  mkfifo d/fifo && mknod d/null c 1 3
  setfattr -n user.note -v hello d/setuid && cp /bin/busybox d/ping && setcap cap_net_raw+ep d/ping
  echo long >"$long/$(printf 'z%.0s' $(seq 100))" && cp -a deep kept
  touch d/"$(printf 'caf\303\251')"
  find . -exec touch -h -d @1234567890 {} +
)
tar -C "$scratch/tree" --xattrs --xattrs-include='*' --numeric-owner -cf "$scratch/rich.tar" .
mini import "$scratch/rich.tar" rich-files >/dev/null || die "import"
mkdir "$scratch/context"
cat >"$scratch/context/Dockerfile" <<'END'
FROM rich-files AS files
FROM busybox
COPY --from=files / /
RUN rm /d/dangling && rm -r /deep && mkdir /deep && echo new >/deep/file && chmod 600 /d/null
ENV A="b c" PATH=/bin
LABEL k="v w"
WORKDIR /d
USER 0:0
EXPOSE 80
ENTRYPOINT ["/bin/cat"]
CMD ["/deep/file"]
END
# facts_of NAME LAYER_DIRECTORY... (topmost first)
facts_of() {
  local name=$1
  shift
  python3 "$here/facts.py" tree "$@" >"$scratch/$name.tree" || fail "$name: no tree"
}
same_tree() {
  diff -U0 --label mini --label "$1" "$scratch/$2.tree" "$scratch/$1.tree" >"$scratch/diff" ||
    fail "$1: its files differ:"$'\n'"$(head -30 "$scratch/diff")"
}
mini_layers() {
  mini image inspect "$1" | jq -r '.[0].RootFS.Layers | reverse[] | sub("^sha256:"; "")' |
    sed "s|.*|$MINI_ROOT/layers/&/tree|"
}
graph_layers() { jq -r '.[0].GraphDriver.Data | .UpperDir, .LowerDir // empty' | tr : '\n'; }
# image NAME : what follows is about mini's image $hub/mini/NAME, which says $says when it is run.
image() {
  ours=$hub/mini/$1
  id=$(mini image inspect -f '{{.Id}}' "$ours")
  ok once "$ours"
  says=$out
  mapfile -t layers < <(mini_layers "$ours")
  facts_of mini "${layers[@]}"
  ok mini push "$ours"
}

# comes_back TOOL NAME : what TOOL pushed as NAME is the same image to mini.
comes_back() {
  ok mini pull "$2"
  eq "$(mini image inspect -f '{{.Id}}' "$2")" "$id" "$1: id:"
  has_same_files "$1" "$2"
}
has_same_files() {
  ok once "$2"
  eq "$out" "$says" "$1: runs in mini:"
  mapfile -t layers < <(mini_layers "$2")
  facts_of "back-$1" "${layers[@]}"
  same_tree "back-$1" mini
  ok mini rmi "$2"
}

docker_takes() {
  ok docker_ pull -q "$ours"
  ok docker_ image inspect "$ours"
  eq "$(jq -r '.[0].Id' <<<"$out")" "$id" "docker: id:"
  mapfile -t layers < <(graph_layers <<<"$out")
  facts_of docker "${layers[@]}"
  same_tree docker mini
  ok docker_ run --rm --network none "$ours"
  eq "$out" "$says" "docker: runs it:"
  ok docker_ tag "$ours" "$hub/docker/$1"
  ok docker_ push "$hub/docker/$1"
  comes_back docker "$hub/docker/$1"
}

podman_takes() {
  ok podman_ pull -q --tls-verify=false --signature-policy "$scratch/policy.json" "$ours"
  ok podman_ image inspect "$ours"
  eq "sha256:$(jq -r '.[0].Id' <<<"$out")" "$id" "podman: id:"
  mapfile -t layers < <(graph_layers <<<"$out")
  facts_of podman "${layers[@]}"
  # A root directory that no layer has an entry for is 0555 in podman, whoever made the image.
  [[ $(head -1 "$scratch/mini.tree") != "/ drwxr-xr-x"* ]] ||
    sed -i '1s|^/ dr-xr-xr-x|/ drwxr-xr-x|' "$scratch/podman.tree"
  same_tree podman mini
  ok podman_once "$ours"
  eq "$out" "$says" "podman: runs it:"
  ok podman_ push -q --tls-verify=false "$ours" "$hub/podman/$1"
  comes_back podman "$hub/podman/$1"
  ok podman_ push -q --tls-verify=false --compression-format zstd "$ours" "$hub/podman/$1-zstd"
  comes_back podman-zstd "$hub/podman/$1-zstd"
  ok podman_ rmi -f "$ours"
}

# buildah writes the config anew, so the id is its own.
buildah_takes() {
  ok buildah_ from -q --tls-verify=false --signature-policy "$scratch/policy.json" --name work "$ours"
  ok buildah_ run --isolation chroot work -- "${says_so[@]}"
  eq "$out" "$says" "buildah: runs it:"
  ok buildah_ rm work
  ok buildah_ push -q --tls-verify=false --signature-policy "$scratch/policy.json" --format v2s2 "$ours" \
    "docker://$hub/buildah/$1"
  ok mini pull "$hub/buildah/$1"
  has_same_files buildah "$hub/buildah/$1"
}

skopeo_takes() {
  rm -rf "$scratch/layout" "$scratch/unpacked"
  ok skopeo_ copy -q --src-tls-verify=false "docker://$ours" "oci:$scratch/layout:v1"
  ok umoci raw unpack --image "$scratch/layout:v1" "$scratch/unpacked"
  facts_of umoci "$scratch/unpacked"
  same_tree umoci mini
  ok skopeo_ copy -q --dest-tls-verify=false "oci:$scratch/layout:v1" "docker://$hub/skopeo/$1"
  comes_back skopeo "$hub/skopeo/$1"
}

# all_take NAME COMMAND... : each tool has the image, and COMMAND is what it runs.
all_take() {
  image "$1"
  says_so=("${@:2}")
  docker_takes "$1"
  podman_takes "$1"
  buildah_takes "$1"
  skopeo_takes "$1"
}

start_docker "$scratch/docker" || die "docker did not start"
build_id -t "$hub/mini/rich:v1" "$scratch/context" >/dev/null || die "build"
all_take rich:v1 /bin/cat /deep/file
eq "$says" new

# --- a whole Debian -----------------------------------------------------------------------------------------------------------
mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$scratch/debian.tar" 2>"$scratch/mmdebstrap" ||
  die "mmdebstrap: $(cat "$scratch/mmdebstrap")"
ok mini import "$scratch/debian.tar" debian-tree
cat >"$scratch/context/Dockerfile" <<'END'
FROM debian-tree
RUN useradd -m someone && dpkg-query -W >/packages && rm -r /usr/share/doc && apt-get clean
CMD ["/usr/bin/tail", "-n", "1", "/packages"]
END
build_id -t "$hub/mini/debian:12" "$scratch/context" >/dev/null || die "build"
all_take debian:12 /usr/bin/tail -n 1 /packages
contains "$says" zlib1g

# --- an image that only the peer knows ----------------------------------------------------------------------------------------
base_tar "$scratch/base.tar"
ok docker_ import -c 'CMD ["/bin/echo", "from docker"]' "$scratch/base.tar" "$hub/docker/own:v1"
ok docker_ push "$hub/docker/own:v1"
ok mini pull "$hub/docker/own:v1"
ok once "$hub/docker/own:v1"
eq "$out" "from docker"
ok podman_ import -q -c 'CMD ["/bin/echo", "from podman"]' "$scratch/base.tar" "$hub/podman/own:v1"
ok podman_ push -q --tls-verify=false "$hub/podman/own:v1"
ok mini pull "$hub/podman/own:v1"
ok once "$hub/podman/own:v1"
eq "$out" "from podman"
store_is_sound
no_scratch_left
