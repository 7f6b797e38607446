# Images in the store: import, names, listing, history, removing, pruning, what they cost, and fsck.
. "$(dirname "$0")/../lib/e2e.sh"
base_tar "$scratch/base.tar"

# --- import ----------------------------------------------------------------------------------------------
ok mini import "$scratch/base.tar" busybox:latest
id=$out
matches "$id" ^sha256:[0-9a-f]{64}$
ok mini import - second:v1 <"$scratch/base.tar"
eq "$out" "$id" "the same tree, the same id:"
for packer in "gzip -c" "xz -T1 -0 -c" "zstd -q -c" "bzip2 -c"; do
  command -v "${packer%% *}" >/dev/null || continue
  ok mini import <($packer "$scratch/base.tar") packed
  eq "$out" "$id" "${packer%% *}:"
done
ok mini import -c 'CMD ["echo", "hi"]' -c 'ENV A=b' -c 'WORKDIR /tmp' -m "by hand" "$scratch/base.tar" changed
ne "$out" "$id"
ok once changed
eq "$out" hi
ok once changed sh -c 'echo $A $PWD'
eq "$out" "b /tmp"
fails_with 1 mini import -c 'RUN true' "$scratch/base.tar"
fails_with 1 mini import "$scratch/missing.tar"
contains "$err" "$scratch/missing.tar"
head -c 100000 "$scratch/base.tar" >"$scratch/cut.tar"
fails_with 1 mini import "$scratch/cut.tar" cut
head -c 100000 /dev/urandom >"$scratch/noise"
fails_with 1 mini import "$scratch/noise" noise
fails_with 1 mini import /dev/null nothing
for name in UPPER 'a b' ../x x:y:z -x 'x@sha256:12'; do
  mini import "$scratch/base.tar" "$name" >/dev/null 2>&1 && fail "accepted as a name: $name"
done
store_is_sound
no_scratch_left

# --- names ----------------------------------------------------------------------------------------------------
ok mini tag busybox reg.example:5000/team/tool:1.0
eq "$out$err" "" "tag says:"
ok mini tag "${id:7:12}" short
ok mini tag "$id" busybox:two
fails_with 1 mini tag nosuch x
contains "$err" nosuch
fails_with 1 mini tag busybox 'Bad Name'
for name in busybox docker.io/library/busybox docker.io/busybox:latest short "${id:7}" "${id:7:5}" "$id"; do
  eq "$(mini image inspect --format '{{.Id}}' "$name")" "$id" "$name:"
done
# A name can move; what it named stays under its other names.
ok mini tag changed short
ne "$(mini image inspect --format '{{.Id}}' short)" "$id"

# --- images ----------------------------------------------------------------------------------------------------------
ok mini images
eq "$(head -1 <<<"$out" | sed 's/   */|/g')" "REPOSITORY|TAG|IMAGE ID|CREATED|SIZE"
matches "$out" "reg.example:5000/team/tool +1.0 +${id:7:12} +.* +[0-9.]+MB"
ok mini images --format '{{.Repository}}:{{.Tag}}' busybox
eq "$(sort <<<"$out")" "busybox:latest"$'\n'"busybox:two"
ok mini images -q --no-trunc second
eq "$out" "$id"
ok mini images --digests
contains "$(head -1 <<<"$out")" DIGEST
ok mini images --format json second
eq "$(jq -r 'keys_unsorted | sort | join(" ")' <<<"$out")" \
  "Containers CreatedAt CreatedSince Digest ID Repository SharedSize Size Tag UniqueSize VirtualSize"
ok mini image ls --filter reference='reg.example:5000/*/*' --format '{{.Tag}}'
eq "$out" 1.0
fails_with 1 mini images --filter colour=red
ok mini image inspect busybox
eq "$(jq -r '.[0] | .Os, .RootFS.Type, (.RootFS.Layers | length), .Created' <<<"$out")" \
  "linux"$'\n'layers$'\n'1$'\n'1970-01-01T00:00:00Z
contains "$(jq -c '.[0].RepoTags' <<<"$out")" '"busybox:latest"'

# --- history -------------------------------------------------------------------------------------------------------------
mkdir "$scratch/context"
printf 'FROM busybox\nRUN echo a very long command line that a table has to cut somewhere >/a\nENV X=1\nCMD ["true"]\n' \
  >"$scratch/context/Dockerfile"
ok build_id -t built "$scratch/context"
built=$out
ok mini history built
eq "$(head -1 <<<"$out" | sed 's/   */|/g')" "IMAGE|CREATED|CREATED BY|SIZE|COMMENT"
contains "$out" "ENV X=1"
contains "$out" …
ok mini history --no-trunc --format '{{.CreatedBy}}|' built
contains "$out" "that a table has to cut somewhere"
eq "$(wc -l <<<"$out")" 4 "entries:"
ok mini history -q built
contains "$out" "${built:7:12}"

# --- rmi -------------------------------------------------------------------------------------------------------------------
ok mini create --name user --network none built true
fails_with 1 mini rmi built
contains "$err" user
contains "$err" "mini rm"
ok mini rm user
ok mini rmi built
contains "$out" "Untagged: built:latest"
contains "$out" "Deleted: $built"
fails_with 1 mini rmi built
ok mini rmi busybox:two
eq "$out" "Untagged: busybox:two"
# By id, with several names: only with -f.
fails_with 1 mini rmi "${id:7:12}"
ok mini rmi -f changed
fails_with 1 mini rmi nosuch second:v1
contains "$out" "Untagged: second:v1" "the others still go:"

# --- dangling, prune ---------------------------------------------------------------------------------------------------------
echo 1 >"$scratch/context/file"
printf 'FROM busybox\nCOPY file /\n' >"$scratch/context/Dockerfile"
ok build_id -t moving "$scratch/context"
old=$out
echo 2 >"$scratch/context/file"
ok build_id -t moving "$scratch/context"
new=$out
eq "$(mini images -q --no-trunc --filter dangling=true)" "$old" "dangling:"
ok mini images --filter dangling=true
contains "$out" "<none>"
ok mini image prune --dry-run -f
contains "$out" "${old:7:12}"
eq "$(mini images -q --filter dangling=true | wc -l)" 1 "after a dry run:"
ok mini image prune <<<n
eq "$(mini images -q --filter dangling=true | wc -l)" 1 "after no:"
ok mini image prune <<<y
contains "$out$err" "[y/N]"
contains "$out" "Total reclaimed space"
eq "$(mini images -q --filter dangling=true)" "" "after prune:"
ok mini run -d --name holds --network none busybox sleep 1000
ok mini image prune -af
fails_with 1 mini image inspect moving
ok mini image inspect busybox
ok mini exec holds true
ok mini builder prune -af
contains "$out" "Total"
ok mini rm -f holds
ok once busybox true

# --- system df, system prune, fsck -----------------------------------------------------------------------------------------------
ok build_id -t moving "$scratch/context"
eq "$out" "$new" "built again from nothing:"
ok mini system df
eq "$(head -1 <<<"$out" | sed 's/   */|/g')" "TYPE|TOTAL|ACTIVE|SIZE|RECLAIMABLE"
eq "$(sed 's/  .*//' <<<"$out" | tail -n +2 | tr '\n' '|')" "Images|Containers|Local Volumes|Build Cache|"
ok mini system df --format json
eq "$(head -1 <<<"$out" | jq -r 'keys_unsorted | sort | join(" ")')" "Active Reclaimable Size TotalCount Type"
ok mini create --network none busybox true
ok mini volume create named
ok mini system prune -af
contains "$out" "Total reclaimed space: "
eq "$(mini ps -aq)$(mini images -q)" "" "after system prune -af:"
eq "$(mini volume ls -q)" named "a named volume after system prune:"
eq "$(ls "$MINI_ROOT/layers" | wc -l)" 0 "layers after system prune -af:"
eq "$(find "$MINI_ROOT/images/blobs" -type f | wc -l)" 0 "blobs after system prune -af:"
store_is_sound
ok mini volume rm named

# fsck finds what was changed behind mini's back, names it, and fails.
ok mini import "$scratch/base.tar" busybox
layer=$(ls -d "$MINI_ROOT"/layers/*)
echo changed >>"$layer/tree/etc/passwd"
fails_with 1 mini fsck
contains "$out$err" "$(basename "$layer" | cut -c1-12)"
ok mini rmi -f busybox
ok mini import "$scratch/base.tar" busybox
blob=$(find "$MINI_ROOT/images/blobs" -type f | head -1)
chmod u+w "$blob"
printf ' ' >>"$blob"
fails_with 1 mini fsck
contains "$out$err" "$(basename "$blob" | cut -c1-12)"
