# A registry that lies, in every way that tests/lib/lying_registry.py knows: each pull ends with one
# line that says what was wrong, leaves nothing in the store, and tells the password to nobody but the
# registry that it is for.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/registry.sh"
need_packages openssl || die "openssl could not be installed"
cleanup() { stop_registries; }

layout_of_base "$scratch/layout"
manifest=$(jq -r '.manifests[0].digest' "$scratch/layout/index.json")
layer=$(jq -r '.layers[0].digest' "$scratch/layout/blobs/sha256/${manifest#sha256:}")
: >"$scratch/asked" && : >"$scratch/other-asked"
start_python accomplice "$here/../lib/lying_registry.py" "$scratch/layout" "$scratch/other-asked" http://localhost:1
other=$server_port
start_python liar "$here/../lib/lying_registry.py" "$scratch/layout" "$scratch/asked" "http://localhost:$other"
liar=127.0.0.1:$server_port
settings '{"retryDelay": 1, "attempts": 3, "timeout": 1}'
ok mini login -u alice --password-stdin "$liar" <<<'open sesame'
packed=$(printf 'alice:open sesame' | base64)

# stored : what of images is in the store.
stored() { find "$MINI_ROOT/layers" "$MINI_ROOT/images/blobs" "$MINI_ROOT/tmp" -mindepth 1 2>/dev/null | grep -v '/sha256$' | head -3; }

# refused LIE TEXT [NAME] : the pull fails, says TEXT in one line (and perhaps a cure in a second).
refused() {
  local lie=$1 text=$2 name=${3:-$liar/$1}
  rm -rf "$MINI_ROOT/partial"
  fails_with 1 mini pull -q "$name"
  contains "$err" "$text"
  contains "$(head -1 <<<"$err")" "mini: pull $name"
  [[ "$err" != *$'\n'* || "$(tail -n +2 <<<"$err")" =~ ^"  "[^$'\n']*$ ]] || fail "$lie: more than a line and its cure: $err"
  eq "$(LC_ALL=C tr -d '\n -~\200-\377' <<<"$err")" "" "$lie: control bytes:"
  eq "$(mini images -q)" "" "$lie: images:"
  eq "$(stored)" "" "$lie: in the store:"
  eq "$out" "" "$lie: standard output:"
}
nothing_kept() { eq "$(find "$MINI_ROOT/partial" -type f 2>/dev/null)" "" "partial blobs:"; }

# --- manifests and configs (SECURITY: CVE-2021-41190, CVE-2024-3727, caps, depth) ------------------------------
refused html "syntax error"
refused deep "deep"
refused deep-config "deep"
refused both "both a manifest and an index"
refused type "sent as"
refused manifest-digest "does not match its digest"
refused manifest-digest "does not have the digest" "$liar/manifest-digest@$manifest"
refused config-digest "does not have the digest"
refused size-negative "size"
refused size-huge "more than the free space"
refused size-text "size"
refused config-huge "too large"
refused large "more than 4194304 bytes"
refused endless-manifest "more than 4194304 bytes"
refused path-layer "digest"
refused path-config "digest"
refused path-algorithm "digest"
refused index-loop "not found"
refused escape "is not an image manifest"
refused escape-error "gone"
lacks "$err" $'\nmini: all is well'
nothing_kept

# --- layers -------------------------------------------------------------------------------------------------------
refused layer-digest "layer $layer"
nothing_kept
refused size-less "longer"
refused layer-longer "longer"
refused endless-layer "not a sound tar"
refused diff-id "unpacks to"
nothing_kept
refused no-tar "not a sound tar"
nothing_kept
refused layer-shorter "ends"
refused size-more "ends"
refused cut "transfer closed"
refused wrong-part "a different range"
refused drip "stalled"
refused silent "stalled"

# --- statuses --------------------------------------------------------------------------------------------------------
refused always-429 "slow down"
contains "$err" "try again later"
eq "$(grep -c 'manifests' <<<"$(grep always-429 "$scratch/asked")")" 4 "attempts, one of them before the password:"
refused much-later "429"
refused always-500 "HTTP status 500"
lacks "$err" oops

# --- redirects and token servers --------------------------------------------------------------------------------------
refused redirect-loop "redirects more than"
refused redirect-nowhere "redirect"
refused redirect-file "redirect"
refused redirect-foreign "access denied"
refused redirect-port "access denied"
refused blob-challenge "access denied"
refused realm-foreign "not sent"
refused realm-none "names no token server"
refused realm-odd "token server"
contains "$(cat "$scratch/other-asked")" "GET /v2/redirect-foreign/manifests/latest -"
contains "$(cat "$scratch/other-asked")" "GET /v2/redirect-port/manifests/latest -"

# From TLS to plain HTTP: not followed at all.
authority "$scratch/tls"
mkdir "$scratch/trusted" && cp "$scratch/tls/ca.crt" "$scratch/trusted/"
start_python tls "$here/../lib/lying_registry.py" "$scratch/layout" "$scratch/tls-asked" "http://localhost:$other" \
  "$scratch/tls/server.crt" "$scratch/tls/server.key"
tls=127.0.0.1:$server_port
refused redirect-foreign certificate "$tls/redirect-foreign"
settings "{\"retryDelay\": 1, \"attempts\": 3, \"timeout\": 1,
  \"registries\": {\"$tls\": {\"ca\": \"$scratch/trusted\"}}}"
ok mini login -u alice --password-stdin "$tls" <<<'open sesame'
refused redirect-foreign "not encrypted" "$tls/redirect-foreign"
refused blob-foreign "not encrypted" "$tls/blob-foreign"
refused realm-foreign "not sent" "$tls/realm-foreign"
ok mini logout "$tls"
refused realm-foreign "not encrypted" "$tls/realm-foreign"
ok mini pull -q "$tls/anonymous"
ok mini rmi "$tls/anonymous"

# --- a push that is sent elsewhere ----------------------------------------------------------------------------------------
base_image
ok mini tag busybox "$liar/push-elsewhere"
ok mini push -q "$liar/push-elsewhere"
contains "$(cat "$scratch/other-asked")" "PUT /v2/push-elsewhere/blobs/uploads/1"
ok mini rmi busybox "$liar/push-elsewhere"

# --- the password was asked for, given to the registry, and to nobody else -----------------------------------------------------
contains "$(cat "$scratch/asked")" "Basic $packed"
lacks "$(cat "$scratch/other-asked")" Basic
eq "$(awk '$NF != "-"' "$scratch/other-asked")" "" "credentials elsewhere:"
lacks "$(cat "$scratch/other-asked")" "account="
grep -rlE "sesame|$packed" "$MINI_ROOT" && fail "a password in the store"

# --- what a good one may do: fail now and then, send layers from elsewhere, break off ------------------------------------------
rm -rf "$MINI_ROOT/partial"
for name in good sometimes cuts cuts-no-range blob-foreign foreign-layer; do
  ok mini pull -q "$liar/$name"
  ok mini rmi "$liar/$name"
done
contains "$(cat "$scratch/other-asked")" "GET /v2/anonymous/blobs/"
eq "$(awk '$NF != "-"' "$scratch/other-asked")" "" "credentials elsewhere:"
nothing_kept

# A mirror that lies is passed over, and never hears the registry's password.
export LYING_REGISTRY_IS_HONEST=1
start_python honest "$here/../lib/lying_registry.py" "$scratch/layout" "$scratch/honest-asked" http://localhost:1
honest=127.0.0.1:$server_port
ok mini login -u alice --password-stdin "$honest" <<<'open sesame'
settings "{\"retryDelay\": 1, \"attempts\": 2, \"timeout\": 1, \"registries\":
  {\"$honest\": {\"mirrors\": [\"http://localhost:$other\"]}}}"
: >"$scratch/other-asked"
ok mini pull -q "$honest/good"
contains "$err" "skipped"
contains "$(cat "$scratch/other-asked")" "GET /v2/good/manifests/latest -"
eq "$(awk '$NF != "-"' "$scratch/other-asked")" "" "credentials at a mirror:"
ok mini rmi "$honest/good"
ok mini login -u alice --password-stdin "localhost:$other" <<<'open sesame'
for lie in manifest-digest config-digest layer-digest layer-longer cut html always-500; do
  ok mini pull -q "$honest/$lie"
  contains "$err" "mirror http://localhost:$other: skipped"
  ok mini rmi "$honest/$lie"
done
nothing_kept
store_is_sound
no_scratch_left
