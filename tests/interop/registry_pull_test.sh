# pull from a docker-registry that skopeo filled: over plain HTTP on this machine, over TLS with an
# authority of its own, by tag, by digest, from an index; the image runs, and its files, manifest and
# config are the pushed ones, bit for bit.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/registry.sh"
need_packages docker-registry skopeo openssl || die "the peers could not be installed"
cleanup() { stop_registries; }

layout_of_base "$scratch/layout"
manifest=$(jq -r '.manifests[0].digest' "$scratch/layout/index.json")
config=$(jq -r .config.digest "$scratch/layout/blobs/sha256/${manifest#sha256:}")
layer=$(jq -r '.layers[0].digest' "$scratch/layout/blobs/sha256/${manifest#sha256:}")

# --- plain HTTP, which only this machine may speak unasked ------------------------------------------------
start_registry plain
plain=127.0.0.1:$registry_port
ok skopeo_ copy -q --dest-tls-verify=false "oci:$scratch/layout:latest" "docker://$plain/team/base:v1"
ok mini pull "$plain/team/base:v1"
contains "$out" "Digest: $manifest"
contains "$out" "Status: Downloaded newer image for $plain/team/base:v1"
contains "$err" "${layer:7:12}: Pull complete"
ok once "$plain/team/base:v1" echo hi
eq "$out" hi
ok mini image inspect "$plain/team/base:v1"
eq "$(jq -r '.[0].Id' <<<"$out")" "$config" "id:"
eq "$(jq -c '.[0].RepoDigests' <<<"$out")" "[\"$plain/team/base@$manifest\"]" "repository digests:"
contains "$(mini images --digests)" "$manifest"
for blob in "$manifest" "$config" "$layer"; do
  cmp "$scratch/layout/blobs/sha256/${blob#sha256:}" "$MINI_ROOT/images/blobs/sha256/${blob#sha256:}" ||
    fail "$blob: other bytes than were pushed"
done
ok mini pull "$plain/team/base:v1"
contains "$out" "Status: Image is up to date"
lacks "$err" "Pull complete"
ok mini pull -q "$plain/team/base:v1"
eq "$out" "$plain/team/base:v1"
store_is_sound

# The same layers under another name are not fetched again.
ok skopeo_ copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$plain/team/base:v1" \
  "docker://$plain/other:latest"
ok mini rmi "$plain/team/base:v1"
ok mini pull "$plain/team/base:v1"
ok mini pull "$plain/other"
eq "$(mini images -q | sort -u | wc -l)" 1 "images:"

# By digest: no tag, found again by the digest.
ok mini rmi -f "$config"
ok mini pull "$plain/team/base@$manifest"
ok once "$plain/team/base@$manifest" echo by-digest
eq "$out" by-digest
ok mini rmi -f "$config"

# What is not there.
fails_with 1 mini pull "$plain/team/base:none"
contains "$err" "not found"
fails_with 1 mini pull "$plain/nowhere"
fails_with 1 mini pull "127.0.0.1:$(free_port)/nobody"
eq "$(wc -l <<<"$err")" 1 "lines of an error:"

# --- an index: this machine's image of several ---------------------------------------------------------------
arch=$(jq -r .architecture "$scratch/layout/blobs/sha256/${config#sha256:}")
python3 - "$plain" "$manifest" "$arch" <<'END' || die "no index"
import json, sys, urllib.request
registry, digest, arch = sys.argv[1:]
base = f"http://{registry}/v2/team/base/manifests/"
def accept(type): return {"Accept": type, "Content-Type": type}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
size = len(urllib.request.urlopen(urllib.request.Request(base + digest, headers=accept(MANIFEST))).read())
def item(architecture, variant=None):
    platform = {"os": "linux", "architecture": architecture}
    if variant: platform["variant"] = variant
    return {"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform}
index = json.dumps({"schemaVersion": 2, "mediaType": INDEX,
                    "manifests": [item("s390x"), item(arch)]}).encode()
urllib.request.urlopen(urllib.request.Request(base + "many", data=index, headers=accept(INDEX), method="PUT"))
only = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [item("s390x")]}).encode()
urllib.request.urlopen(urllib.request.Request(base + "foreign", data=only, headers=accept(INDEX), method="PUT"))
# An index in an index, and a row that names no platform.
import hashlib
def put(tag, data): urllib.request.urlopen(urllib.request.Request(base + tag, data=data, headers=accept(INDEX), method="PUT"))
inner = index
for depth in range(1, 5):
    row = {"mediaType": INDEX, "digest": "sha256:" + hashlib.sha256(inner).hexdigest(), "size": len(inner)}
    inner = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [row], "annotations": {"depth": str(depth)}}).encode()
    put("nested%d" % depth, inner)
untold = item(arch)
del untold["platform"]
put("untold", json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [item("s390x"), untold]}).encode())
END
ok mini pull "$plain/team/base:many"
index=$(sed -n 's/^Digest: //p' <<<"$out")
ne "$index" "$manifest"
eq "$(mini image inspect --format '{{.Id}}' "$plain/team/base:many")" "$config"
eq "$(mini image inspect --format '{{index .RepoDigests 0}}' "$plain/team/base:many")" "$plain/team/base@$index"
for tag in nested1 nested2 untold; do
  ok mini pull -q "$plain/team/base:$tag"
  eq "$(mini image inspect --format '{{.Id}}' "$plain/team/base:$tag")" "$config" "$tag:"
done
fails_with 1 mini pull "$plain/team/base:nested4"
contains "$err" "nested indexes"
fails_with 1 mini pull "$plain/team/base:foreign"
contains "$err" "linux/s390x"
ok mini manifest inspect "$plain/team/base:many"
eq "$(jq -r '.manifests | length' <<<"$out")" 2 "manifests of the index:"
ok mini manifest inspect "$plain/team/base:v1"
eq "$(jq -r .config.digest <<<"$out")" "$config"

# --- TLS: only with the authority, and always with it -----------------------------------------------------------
authority "$scratch/tls"
mkdir "$scratch/trusted"
cp "$scratch/tls/ca.crt" "$scratch/trusted/"
start_registry tls REGISTRY_HTTP_TLS_CERTIFICATE="$scratch/tls/server.crt" \
  REGISTRY_HTTP_TLS_KEY="$scratch/tls/server.key"
tls=127.0.0.1:$registry_port
ok skopeo_ copy -q --dest-cert-dir "$scratch/trusted" "oci:$scratch/layout:latest" "docker://$tls/base"
fails_with 1 mini pull "$tls/base"
contains "$err" certificate
lacks "$(mini images)" "$tls"
settings "{\"registries\": {\"$tls\": {\"ca\": \"$scratch/trusted\"}}}"
ok mini pull "$tls/base"
ok once "$tls/base" echo over-tls
eq "$out" over-tls

# A setting that is not understood is refused.
settings '{"registries": {"x": {"insecur": true}}}'
fails_with 1 mini pull "$tls/base"
contains "$err" "insecur"

store_is_sound
no_scratch_left
eq "$(ls "$MINI_ROOT/partial")" "" "partial blobs:"
