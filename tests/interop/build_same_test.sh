# Docker (BuildKit) and mini build the same Dockerfiles on the same base: same root file system, to
# the owner and the byte, and same configuration. A case is a directory in cases/: a Dockerfile, and
# perhaps Dockerfile.base (built first, as case-base:latest), `prepare` (a script that makes the
# context) and `options` (a line of build flags for each build; no file means one build without).
# CASE=NAME runs one.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../peers/docker.sh"

need_peer_packages || die "the peers could not be installed"
cleanup() { stop_docker; }
start_docker "$scratch/docker" || die "docker: the oracle did not start"

# The two builders take the same words.
docker_build() { DOCKER_BUILDKIT=1 docker_ build --network none "$@"; }
docker_inspect() { docker_ image inspect "$1"; }
mini_inspect() { mini image inspect "$1"; }
mini_build() { mini build --network none "$@"; }

base_image
docker_ import "$scratch/base.tar" busybox:latest >/dev/null || die "docker import failed"

mini_layers() {
  mini image inspect "$1" | jq -r '.[0].RootFS.Layers | reverse[] | sub("^sha256:"; "")' |
    sed "s|.*|$MINI_ROOT/layers/&/tree|"
}

docker_layers() {
  docker_ image inspect "$1" |
    jq -r '.[0].GraphDriver.Data | .UpperDir, .LowerDir // empty' | tr : '\n'
}

# facts TOOL IMAGE : writes $scratch/TOOL.tree and TOOL.config.
facts() {
  local tool=$1 image=$2 layers
  mapfile -t layers < <("${tool}_layers" "$image")
  python3 "$here/facts.py" tree "${layers[@]}" >"$scratch/$tool.tree" || die "$tool: no tree"
  "${tool}_inspect" "$image" >"$scratch/$tool.inspect"
  python3 "$here/facts.py" config "$scratch/$tool.inspect" >"$scratch/$tool.config"
}

# build_with TOOL CONTEXT OPTION... : builds in CONTEXT; a failure is the test's.
build_with() {
  local tool=$1 context=$2
  shift 2
  (cd "$context" && "${tool}_build" "$@" .) >"$scratch/$tool.log" 2>&1 && return
  fail "$case_name: $tool build $*: $(tail -30 "$scratch/$tool.log")"
  return 1
}

same() {
  local what
  for what in tree config; do
    diff -U0 --label docker --label mini "$scratch/docker.$what" "$scratch/mini.$what" \
      >"$scratch/diff" || fail "$case_name $1: $what differs:"$'\n'"$(head -60 "$scratch/diff")"
  done
}

run_case() {
  local from=$1 context options built=0 tool
  case_name=$(basename "$from")
  context=$scratch/context/$case_name
  mkdir -p "$scratch/context"
  cp -a "$from" "$context"
  (cd "$context" && { [ ! -e prepare ] || sh -e prepare; } && rm -f prepare) || die "$case_name"
  mapfile -t options < <(cat "$context/options" 2>/dev/null || echo)
  rm -f "$context/options"
  if [ -e "$context/Dockerfile.base" ]; then
    for tool in docker mini; do
      build_with "$tool" "$context" -f Dockerfile.base -t case-base:latest || return
    done
    facts docker case-base:latest
    facts mini case-base:latest
    same base
  fi
  local line
  for line in "${options[@]}"; do
    # Unquoted: the words of the line are the options.
    for tool in docker mini; do
      build_with "$tool" "$context" $line -t case:latest || continue 2
    done
    facts docker case:latest
    facts mini case:latest
    same "$line"
    built=$((built + 1))
  done
  echo "$case_name: $built compared"
}

for from in "$here"/cases/${CASE:-*}/; do run_case "${from%/}"; done
