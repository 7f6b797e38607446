# push to a docker-registry: stable digests, nothing sent twice, blobs mounted from another repository,
# gzip and zstd, what was pulled goes out as it came in; and skopeo finds in it what mini says.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/registry.sh"
need_packages docker-registry skopeo || die "the peers could not be installed"
cleanup() { stop_registries; }
start_registry first
first=127.0.0.1:$registry_port
start_registry second
second=127.0.0.1:$registry_port

manifest_of() { skopeo_ inspect --raw --tls-verify=false "docker://$1"; }
other_store() { mini --root "$scratch/root2" --run-root "$scratch/run2" "$@"; }
fresh() {
  rm -rf "$scratch/root2" "$scratch/run2"
}

base_image
mkdir "$scratch/context"
head -c 3000000 /dev/urandom >"$scratch/context/noise"
seq 300000 >"$scratch/context/numbers"
printf 'FROM busybox\nCOPY . /data/\nRUN rm /data/noise && ln /data/numbers /data/again\nCMD ["cat", "/etc/passwd"]\n' \
  >"$scratch/context/Dockerfile"
name=$first/team/web:v1
id=$(build_id -t "$name" "$scratch/context")

# --- what was made here -------------------------------------------------------------------------------------
ok mini push "$name"
matches "$out" "^v1: digest: sha256:[0-9a-f]{64} size: [0-9]+$"
contains "$err" Pushed
digest=$(awk '{print $3}' <<<"$out")
eq "sha256:$(manifest_of "$name" | sha256sum | cut -d' ' -f1)" "$digest" "manifest in the registry:"
eq "$(manifest_of "$name" | jq -r '.layers[].mediaType' | sort -u)" application/vnd.oci.image.layer.v1.tar+gzip
eq "$(manifest_of "$name" | jq -r .config.digest)" "$id" "config:"
eq "$(mini image inspect -f '{{index .RepoDigests 0}}' "$name")" "$first/team/web@$digest"

# All tags of a repository, there and back.
for tag in one two three; do ok mini tag "$name" "$first/team/many:$tag"; done
ok mini push -a "$first/team/many"
eq "$(curl -s "http://$first/v2/team/many/tags/list" | jq -r '.tags | sort | join(" ")')" "one three two"
ok mini rmi "$first/team/many:one" "$first/team/many:two" "$first/team/many:three"
ok mini pull -a "$first/team/many"
contains "$out" "two: Pulling from team/many"
eq "$(mini images --format '{{.Tag}}' "$first/team/many" | sort | tr '\n' ' ')" "one three two "
ok mini rmi "$first/team/many:one" "$first/team/many:two" "$first/team/many:three"
fails_with 1 mini pull -a "$first/team/many:one"
contains "$err" "tag can't be used with --all-tags/-a"
fails_with 1 mini push -a "$first/team/nosuch"
fails_with 1 mini pull -a "$first/team/nosuch"
fails_with 1 mini push --platform linux/none "$name"

# Once more: nothing is compressed and nothing is sent.
ok mini push "$name"
eq "$(awk '{print $3}' <<<"$out")" "$digest" "the second time:"
eq "$(grep -c 'Layer already exists' <<<"$err")" 3 "layers that are there:"
lacks "$err" Preparing

# Another repository of the same registry gets its layers from the first.
ok mini tag "$name" "$first/other/web:v1"
ok mini push "$first/other/web:v1"
eq "$(grep -c 'Mounted from' <<<"$err")" 3 "mounted layers:"
# Another registry, without any memory: the same bytes.
rm -rf "$MINI_ROOT/cache/push"
ok mini tag "$name" "$second/web:v1"
ok mini push "$second/web:v1"
eq "$(awk '{print $3}' <<<"$out")" "$digest" "compressed anew:"

# --- there and back -------------------------------------------------------------------------------------------
ok other_store pull "$name"
eq "$(other_store image inspect -f '{{.Id}}' "$name")" "$id" "id after the journey:"
ok other_store run --rm --network none "$name" sh -c 'stat -c %h /data/again; ls /data; head -1 /data/numbers'
eq "$out" $'2\nDockerfile\nagain\nnumbers\n1'
ok other_store fsck
# As it came in, so it goes out: also in another registry, and from a store that never compressed it.
ok other_store tag "$name" "$second/copy:v1"
ok other_store push "$second/copy:v1"
eq "$(awk '{print $3}' <<<"$out")" "$digest" "a pulled image, pushed:"
# An image on top of it shares its blobs.
printf 'FROM %s\nRUN echo more >/more\n' "$name" >"$scratch/Dockerfile"
ok other_store build -q --network none -t "$second/copy:more" -f "$scratch/Dockerfile" "$scratch/context"
ok other_store push "$second/copy:more"
eq "$(grep -c 'Layer already exists' <<<"$err")" 3 "layers of the base:"
eq "$(manifest_of "$second/copy:more" | jq -c '.layers[0:3]')" \
  "$(manifest_of "$name" | jq -c '.layers')" "layers of the base in the manifest:"
fresh

# --- zstd -----------------------------------------------------------------------------------------------------------
ok mini push --compression-format zstd "$second/web:v1"
eq "$(manifest_of "$second/web:v1" | jq -r '.layers[].mediaType' | sort -u)" application/vnd.oci.image.layer.v1.tar+zstd
ok other_store pull "$second/web:v1"
eq "$(other_store image inspect -f '{{.Id}}' "$second/web:v1")" "$id" "id after the journey in zstd:"
ok other_store run --rm --network none "$second/web:v1"
contains "$out" root
fresh
fails_with 1 mini push --compression-format lzma "$name"

# --- what skopeo wrote in Docker's types stays so ----------------------------------------------------------------------
ok skopeo_ copy -q --format v2s2 --src-tls-verify=false --dest-tls-verify=false "docker://$name" \
  "docker://$first/docker/web:v1"
docker_digest=sha256:$(manifest_of "$first/docker/web:v1" | sha256sum | cut -d' ' -f1)
ok mini pull "$first/docker/web:v1"
contains "$out" "Digest: $docker_digest"
ok mini tag "$first/docker/web:v1" "$second/docker/web:v1"
ok mini push "$second/docker/web:v1"
eq "$(awk '{print $3}' <<<"$out")" "$docker_digest" "a Docker manifest, pushed:"

# --- what cannot be -------------------------------------------------------------------------------------------------------
fails_with 1 mini push "$first/none:v1"
contains "$err" "not found in the store"
ok mini tag "$name" "127.0.0.1:1/x:v1"
fails_with 1 mini push "127.0.0.1:1/x:v1"
eq "$(wc -l <<<"$err")" 1 "lines:"
fails_with 1 mini push "$first/team/web@$digest"
store_is_sound
no_scratch_left
