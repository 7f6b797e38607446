# The build cache on the way: what one store built, another takes from a registry or a directory and
# runs no step; what is wrong with such a cache is said and costs a step, never the build.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/registry.sh"
need_packages docker-registry skopeo || die "the peers could not be installed"
cleanup() { stop_registries; }
start_registry first
registry=127.0.0.1:$registry_port

base_image
mini save busybox >"$scratch/busybox.tar"
context=$scratch/context
mkdir -p "$context/src"
echo 'int main;' >"$context/src/main.c"
cat >"$context/Dockerfile" <<'END'
FROM busybox AS build
COPY src /src
RUN cat /src/main.c >/program && echo x >/other
RUN rm /bin/vi && mkdir /made && ln /program /made/again
FROM busybox
COPY --from=build /program /program
RUN head -c 8 /dev/urandom >/end
WORKDIR /work
END

n=0
# elsewhere ARGUMENT... : mini with a store that is another machine's; `new_machine` makes a new one.
elsewhere() { mini --root "$scratch/root$n" --run-root "$scratch/run$n" "$@"; }
new_machine() {
  n=$((n + 1))
  elsewhere load -q -i "$scratch/busybox.tar" >/dev/null || fail "no base image"
}
# there WORD FLAG... : how many steps are said to be WORD in a build elsewhere; its words are in said.
there() {
  local word=$1
  shift
  elsewhere build --network none --progress plain --iidfile "$scratch/iid" "$@" "$context" >"$scratch/said" 2>&1 ||
    fail "build: $(<"$scratch/said")"
  awk -v word="$word" '$2 ~ /^\[/ && !/ FROM / { step[$1] = 1 } $2 == word && step[$1] { n++ } END { print n + 0 }' "$scratch/said"
}

ok mini build -q --network none --iidfile "$scratch/id" -t app \
  --cache-to "type=registry,ref=$registry/team/cache:max,mode=max" \
  --cache-to "$registry/team/cache:min" \
  --cache-to "type=local,dest=$scratch/cache,mode=max" \
  --cache-to "type=local,dest=$scratch/zstd,compression=zstd,tag=two" "$context"
id=$(<"$scratch/id")

# --- a new machine runs no step ---------------------------------------------------------------------------------
for from in "type=registry,ref=$registry/team/cache:max" "$registry/team/cache:max" "type=local,src=$scratch/cache"; do
  new_machine
  eq "$(there DONE --cache-from "$from")" 0 "$from: executed:"
  eq "$(<"$scratch/iid")" "$id" "$from: id:"
  elsewhere fsck >"$scratch/fsck" 2>&1 || fail "$from: fsck: $(<"$scratch/fsck")"
  # Once fetched, a layer is a layer of this store.
  eq "$(there DONE)" 0 "$from: executed, the second time, without the cache:"
done
ok elsewhere build -q --network none -t app "$context"
eq "$(elsewhere run --rm --network none app cat /end)" "$(once app cat /end)" "the very same files:"

# --- mode=min: the steps of the image; the other stage is built where something needs it -------------------------
for from in "$registry/team/cache:min" "type=local,src=$scratch/zstd,tag=two"; do
  new_machine
  eq "$(there CACHED --cache-from "$from")" 3 "$from: cached:"
done

# --- several, in order; the first has nothing, the second does -----------------------------------------------------
new_machine
eq "$(there DONE --cache-from "$registry/team/none:x" \
  --cache-from "type=local,src=$scratch/nowhere" --cache-from "type=local,src=$scratch/cache")" 0
contains "$(<"$scratch/said")" "$registry/team/none:x: not used"
contains "$(<"$scratch/said")" "$scratch/nowhere: not used"

# --- nothing is asked when nothing is missing; a changed file costs its own steps only ------------------------------
eq "$(there DONE --cache-from "$registry/team/cache:max" 2>&1)" 0
lacks "$(<"$scratch/said")" "build cache"
echo 'int other;' >"$context/src/main.c"
new_machine
ne "$(there DONE --cache-from "$registry/team/cache:max")" 0 "executed after a change:"
echo 'int main;' >"$context/src/main.c"

# --- an export again sends and writes nothing new --------------------------------------------------------------------
find "$scratch/cache/blobs" -type f -printf '%p %T@ %i\n' | sort >"$scratch/before"
ok mini build -q --network none --cache-to "type=local,dest=$scratch/cache,mode=max" "$context"
find "$scratch/cache/blobs" -type f -printf '%p %T@ %i\n' | sort >"$scratch/after"
cmp "$scratch/before" "$scratch/after" || fail "blobs were written again"
ok mini build -q --network none --cache-to "type=local,dest=$scratch/cache,tag=small" "$context"
eq "$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' "$scratch/cache/index.json" | sort | tr '\n' ' ')" \
  "latest small "
# It is a plain image layout for everybody else.
ok skopeo_ inspect --raw "oci:$scratch/cache:latest"

# --- hostile: every byte is verified, and a step that cannot be had is executed --------------------------------------
damaged() { # NAME : a copy of the cache, to be damaged
  rm -rf "$scratch/bad" && cp -r "$scratch/cache" "$scratch/bad"
  new_machine
}
largest() { find "$scratch/bad/blobs" -type f -printf '%s %p\n' | sort -n | awk 'END { print $2 }'; }
config_of() { # the path of the config
  local manifest
  manifest=$(jq -r '.manifests[] | select(.annotations[] == "latest").digest' "$scratch/bad/index.json")
  echo "$scratch/bad/blobs/sha256/$(jq -r .config.digest "$scratch/bad/blobs/sha256/${manifest#sha256:}" | cut -d: -f2)"
}
not_used() { # WHAT : the build works, by itself, and says why
  ne "$(there DONE --cache-from "type=local,src=$scratch/bad")" 0 "$1: executed:"
  contains "$(<"$scratch/said")" "not used"
  elsewhere fsck >"$scratch/fsck" 2>&1 || fail "$1: fsck: $(<"$scratch/fsck")"
  eq "$(find "$scratch/root$n/tmp" -mindepth 1)" "" "$1: left:"
}
damaged
for blob in "$scratch"/bad/blobs/sha256/*; do
  [ "$blob" = "$(config_of)" ] || head -c1 "$blob" | grep -q '{' || printf 'x' | dd of="$blob" conv=notrunc bs=1 seek=30 status=none
done
not_used "layers with other bytes"
damaged
find "$scratch/bad/blobs" -type f -size -2k -exec sh -c 'head -c1 "$1" | grep -q "{" || rm "$1"' - {} \;
not_used "layers that are missing"
damaged
sed -i 's/RUN/RAN/' "$(config_of)"
not_used "a config with other bytes"
damaged
printf '{' >"$scratch/bad/index.json"
not_used "an index that is cut"
# A record cannot pass for another step's: its key is made of its parts.
damaged
python3 - "$scratch/bad" <<'END'
import hashlib, json, sys
bad = sys.argv[1]
path = lambda digest: f"{bad}/blobs/sha256/{digest.split(':')[1]}"
def put(document):
    text = json.dumps(document).encode()
    digest = "sha256:" + hashlib.sha256(text).hexdigest()
    open(path(digest), "wb").write(text)
    return digest, len(text)
index = json.load(open(f"{bad}/index.json"))
row = next(r for r in index["manifests"] if r["annotations"]["org.opencontainers.image.ref.name"] == "latest")
manifest = json.load(open(path(row["digest"])))
config = json.load(open(path(manifest["config"]["digest"])))
for record in config["mini.buildcache"]:
    record["key"] = "sha256:" + "0" * 64
    for part in record["parts"]:
        if part["name"] == "command":
            part["value"] += " "
manifest["config"]["digest"], manifest["config"]["size"] = put(config)
row["digest"], row["size"] = put(manifest)
json.dump(index, open(f"{bad}/index.json", "w"))
END
ne "$(there DONE --cache-from "type=local,src=$scratch/bad")" 0 "executed with forged records:"

# --- killed while it writes: the cache before stays usable -------------------------------------------------------------
head -c 20000000 /dev/urandom >"$context/src/noise"
for wait in 0.05 0.15 0.3; do
  timeout -s KILL "$wait" "$MINI" build -q --network none --cache-to "type=local,dest=$scratch/cache,mode=max" "$context" >/dev/null 2>&1
done
rm "$context/src/noise"
ok mini build -q --network none --cache-to "type=local,dest=$scratch/cache,mode=max" "$context"
eq "$(find "$scratch/cache" -name .unfinished)" "" "left in the cache by a killed writer:"
new_machine
eq "$(there DONE --cache-from "type=local,src=$scratch/cache")" 0 "executed, with a cache whose writer was killed:"

# --- refused ------------------------------------------------------------------------------------------------------------
refused() { # FLAG TEXT
  fails_with 125 mini build --network none "$1" "$context"
  contains "$err" "$2"
}
refused --cache-to=type=inline "type=inline"
refused --cache-to=type=gha "no client for this service"
refused --cache-to=type=s3,bucket=x "no client for this service"
refused --cache-from=type=local "src=DIR"
refused --cache-to=type=local "dest=DIR"
refused --cache-to=type=local,dest=x,mode=all 'mode=all'
refused --cache-to=type=registry "ref=NAME"
refused --cache-to=type=nosuch,x=y "unknown"
refused "--cache-from=UPPER:x" "UPPER"
fails_with 1 mini build --network none --cache-to "type=local,dest=/proc/none" "$context"
ok mini build -q --network none --cache-to "type=local,dest=/proc/none,ignore-error=true" "$context"
contains "$err" "/proc/none"
store_is_sound
no_scratch_left
