# run, create and build fetch what is missing, by Docker's names: docker.io through a mirror on this
# machine, which holds stand-ins for the images that everybody names. --pull and --offline.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/registry.sh"
need_packages docker-registry skopeo || die "the peers could not be installed"
cleanup() { stop_registries; }

layout_of_base "$scratch/layout"
start_registry mirror
mirror=127.0.0.1:$registry_port
start_registry own
own=127.0.0.1:$registry_port
for name in ubuntu:16.04 node:14.17-alpine3.14 alpine:3; do
  ok skopeo_ copy -q --dest-tls-verify=false "oci:$scratch/layout:latest" "docker://$mirror/library/$name"
done
ok skopeo_ copy -q --dest-tls-verify=false "oci:$scratch/layout:latest" "docker://$own/team/base:v1"
# docker.io itself is a port where nobody listens, so that nothing leaves this machine.
settings "{\"registries\": {\"docker.io\": {\"mirrors\": [\"http://127.0.0.1:$(free_port)\", \"http://$mirror\"]}},
  \"retryDelay\": 1, \"attempts\": 2, \"timeout\": 5}"

# --- build ----------------------------------------------------------------------------------------------------
mkdir "$scratch/context"
cat >"$scratch/context/Dockerfile" <<'END'
FROM node:14.17-alpine3.14 AS tool
RUN echo made > /made
FROM ubuntu:16.04
COPY --from=tool /made /made
COPY --from=alpine:3 /bin/busybox /copied
RUN cat /made
END
ok mini build --network none --progress plain -t course "$scratch/context"
contains "$err" "pull ubuntu:16.04"
contains "$err" "pull node:14.17-alpine3.14"
contains "$err" "pull alpine:3"
contains "$err" "skipped"
ok once course cat /made
eq "$out" made
contains "$(mini images --format '{{.Repository}}:{{.Tag}}')" "ubuntu:16.04"
id=$(mini image inspect -f '{{.Id}}' course)
ok mini build --network none --progress plain -t course "$scratch/context"
lacks "$err" "pull "
eq "$(mini image inspect -f '{{.Id}}' course)" "$id"
ok mini build --network none --progress json --pull -t course "$scratch/context"
eq "$(jq -r 'select(.event == "fetched").text' <<<"$(grep "^{" <<<"$err")" | sort | tr '\n' ' ')" \
  "alpine:3 node:14.17-alpine3.14 ubuntu:16.04 " "fetched:"
eq "$(mini image inspect -f '{{.Id}}' course)" "$id" "the same images give the same id:"

ok mini rmi -f course alpine:3
for flag in --offline --pull=never; do
  fails_with 1 mini build --network none $flag "$scratch/context"
  contains "$err" "alpine:3"
  contains "$err" "Dockerfile:5"
  contains "$err" "not found in the store"
done
fails_with 125 mini build --pull --offline "$scratch/context"
fails_with 1 mini build --pull sometimes "$scratch/context"
printf 'FROM nosuch:1\n' >"$scratch/context/Dockerfile"
fails_with 1 mini build --network none "$scratch/context"
contains "$err" "Dockerfile:1"

# A stage that nothing needs fetches nothing.
printf 'FROM nosuch:1 AS unused\nRUN true\nFROM ubuntu:16.04\nRUN true\n' >"$scratch/context/Dockerfile"
ok mini build -q --network none "$scratch/context"

# --- run, create ------------------------------------------------------------------------------------------------
ok mini rmi -f ubuntu:16.04 node:14.17-alpine3.14
ok mini system prune -af
ok once ubuntu:16.04 echo fetched
eq "$out" fetched
contains "$err" "Unable to find image 'ubuntu:16.04' locally"
contains "$err" ": Pull complete"
ok once ubuntu:16.04 echo there
eq "$err" "" "nothing is fetched twice:"
ok mini create --name box "$own/team/base:v1" true
contains "$err" ": Already exists"
ok mini rm box
ok mini rmi "$own/team/base:v1"
ok mini create -q --name box "$own/team/base:v1" true
eq "$err" "" "quiet:"
ok mini rm box
ok mini rmi "$own/team/base:v1"
for flag in --offline --pull=never; do
  fails_with 125 once "$flag" "$own/team/base:v1" true
  contains "$err" "not found in the store"
done
fails_with 125 once --offline --pull=always "$own/team/base:v1" true
fails_with 125 once --pull=sometimes "$own/team/base:v1" true
fails_with 125 once nosuch:1 true

# always: the tag has moved meanwhile.
ok once "$own/team/base:v1" true
echo 'FROM ubuntu:16.04
CMD ["/bin/echo", "newer"]' >"$scratch/context/Dockerfile"
MINI_ROOT=$scratch/other-root build_id -t "$own/team/base:v1" "$scratch/context" >/dev/null 2>&1 || die "build"
ok env MINI_ROOT="$scratch/other-root" "$MINI" push "$own/team/base:v1"
ok once "$own/team/base:v1" echo older
ok once --pull always "$own/team/base:v1"
eq "$out" newer
ok once "$own/team/base:v1"
eq "$out" newer

# --- an offline machine --------------------------------------------------------------------------------------------
settings '{"offline": true}'
ok once ubuntu:16.04 true
fails_with 125 once nosuch:1 true
contains "$err" "not found in the store"
fails_with 1 mini pull ubuntu:16.04
contains "$err" offline
fails_with 125 once --pull always ubuntu:16.04 true
contains "$err" offline
fails_with 1 mini build --network none --pull "$scratch/context"
contains "$err" offline

store_is_sound
no_scratch_left
