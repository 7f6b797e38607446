# No flag is taken and ignored. Every flag that --help shows is used by some test, under one of its
# names; what no other test uses is tried here, and so is each flag of docker that mini only accepts
# or refuses.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
tests=$e2e_lib/..

# --- every flag has a test ------------------------------------------------------------------------------------
# used VERB LONG SHORT : some test uses the flag: by its long name, or by its short one after the verb.
used() {
  grep -rqE -- "(^|[^-a-z])$2([^-a-z]|\$)" "$tests"/{e2e,interop,fault,vm,examples,unit/cmd} && return
  [ -n "$3" ] && grep -rqE -- "(mini|MINI\"?|once|build_id|tool|both|docker_)[^|;]* [-a-z]*$1? ?.*-[a-zA-Z]*$3[a-zA-Z]*( |\"|\$)" \
    "$tests"/{e2e,interop,fault,examples}
}
verbs=$(mini --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
count=0
for verb in $verbs; do
  while read -r flag; do
    long=$(grep -oE -- '--[a-z0-9-]+' <<<"$flag")
    short=$(sed -nE 's/^-([a-zA-Z]), .*/\1/p' <<<"$flag")
    count=$((count + 1))
    [ "$long" = --help ] || used "$verb" "$long" "$short" || fail "mini $verb $flag: no test uses it"
  done < <(mini "$verb" --help | sed -nE 's/^ +((-[a-zA-Z], *)?--[a-z0-9-]+).*/\1/p')
done
at_most 200 "$count" "flags seen, at least:"

# --- what no other test uses ------------------------------------------------------------------------------------
eq "$(once --cpuset-mems 0 busybox grep Mems_allowed_list /proc/self/status)" $'Mems_allowed_list:\t0'
printf 'a=1\n# no label\nb=two words\n' >"$scratch/labels"
ok mini create --name labels --label-file "$scratch/labels" --network none busybox true
eq "$(field labels '.Config.Labels')" "map[a:1 b:two words]"
contains "$(once --cgroupns host busybox cat /proc/self/cgroup)" ":/mini/"
lacks "$(once --cgroupns private busybox cat /proc/self/cgroup)" ":/mini/"
if [ "$(cgroup_version)" = v1 ]; then
  cgroup=/sys/fs/cgroup
  eq "$(once -m 64m --memory-reservation 32m busybox cat $cgroup/memory/memory.soft_limit_in_bytes)" 33554432
  eq "$(once -m 64m --memory-swappiness 7 busybox cat $cgroup/memory/memory.swappiness)" 7
  contains "$(once -m 64m --oom-kill-disable busybox cat $cgroup/memory/memory.oom_control)" "oom_kill_disable 1"
  eq "$(once --blkio-weight 300 busybox cat $cgroup/blkio/blkio.bfq.weight)" 300
fi
device='mknod /d c 10 229 && { : </d; } 2>&1 | grep -o "not permitted"; true'
eq "$(once busybox sh -c "$device")" "not permitted"
eq "$(once --device-cgroup-rule 'c 10:229 rwm' busybox sh -c "$device")" ""
ok mini create -P --name published --expose 80 busybox true
eq "$(field published .HostConfig.PublishAllPorts)" true
matches "$(mini inspect -s -f '{{.SizeRootFs}}' published)" '^[1-9][0-9]*$'
matches "$(mini history --human=false --format '{{.Size}}' busybox)" '^[0-9]+$'
fails_with 1 mini login -u a -p b --password-stdin 127.0.0.1:1 <<<''
contains "$err" "cannot be combined"
for flag in "--log $scratch/oci.log" "--log-format json" "--log-format text"; do
  ok mini oci --root "$scratch/oci" $flag list
done
fails_with 125 mini oci --systemd-cgroup list
fails_with 125 mini oci --log-format xml list
ok mini tag busybox spare
ok mini rmi --no-prune spare

# --- -a: only the streams that were asked for -----------------------------------------------------------------------
both='echo out; echo err >&2'
for streams in "" "-a stdout -a stderr"; do
  ok once $streams busybox sh -c "$both"
  eq "$out/$err" "out/err" "run $streams:"
done
ok once -a stdout busybox sh -c "$both"
eq "$out/$err" "out/" "run -a stdout:"
ok once -a STDERR busybox sh -c "$both"
eq "$out/$err" "/err" "run -a stderr:"
ok once -i -a stdout busybox sh -c "$both" <<<"nothing"
eq "$out/$err" "out/" "run -i -a stdout:"
eq "$(once -i -a stdin -a stdout busybox cat <<<"typed")" typed
fails_with 125 mini run -d -a stdout busybox true
contains "$err" "cannot specify both --attach and --detach"
fails_with 125 mini run -a stdlog busybox true
ok mini run -d --name quiet --network none busybox sleep 100
eq "$(field quiet '.Config.AttachStdin .Config.AttachStdout .Config.AttachStderr' 2>/dev/null; mini inspect -f '{{.Config.AttachStdout}} {{.Config.AttachStderr}}' quiet)" "false false"
mini rm -f quiet >/dev/null

# --- -d --wait -------------------------------------------------------------------------------------------------------
health=(--health-interval 100ms --health-retries 20 --network none)
ok mini run -d --wait --name ready "${health[@]}" --health-cmd 'test -e /ready' busybox sh -c 'sleep 0.5; touch /ready; sleep 100'
eq "$(field ready .State.Health.Status)" healthy
ok mini run -d --wait --name plain --network none busybox sleep 100
fails_with 125 mini run -d --wait --name sick "${health[@]}" --health-retries 1 --health-cmd false busybox sleep 100
contains "$err" "is unhealthy"
fails_with 125 mini run -d --wait --wait-timeout 1 --name slow --health-interval 30s --network none --health-cmd true busybox sleep 100
contains "$err" "is not healthy after 1 s"
fails_with 125 mini run -d --wait --name gone "${health[@]}" --health-cmd false busybox sh -c 'sleep 0.2; exit 7'
contains "$err" "exited with status 7"
fails_with 125 mini run --wait busybox true
fails_with 125 mini run -d --wait-timeout 3 busybox true
mini rm -f ready plain sick slow gone >/dev/null

# --- docker's flags that mini only accepts or refuses ---------------------------------------------------------------------
ok once --disable-content-trust --isolation default --runtime mini --volume-driver local --userns host busybox true
for flag in --use-api-socket --kernel-memory=10m --isolation=hyperv --runtime=runc --gpus=all --volume-driver=nfs --userns=auto \
  --io-maxbandwidth=1m --io-maxiops=5 --cpu-count=2 --cpu-percent=50 --storage-opt=size=1g --link-local-ip=169.254.1.1 \
  --disable-content-trust=false; do
  fails_with 125 once "$flag" busybox true
  contains "$err" "${flag%%=*}"
done
# refused VERB ARGUMENT... : the flags of docker's other commands, in the same way.
refused() {
  fails_with 125 mini "$@"
  contains "$err" "flag --"
}
for flag in --config-from=x --config-only --ingress --ipv4=false; do refused network create "$flag" n; done
for flag in --driver-opt=a=b --gw-priority=1 --link=x --link-local-ip=169.254.1.1; do refused network connect "$flag" n c; done
for flag in --type=mount --availability=drain --group=g --scope=multi --sharing=all --limit-bytes=1g --required-bytes=1g \
  --secret=a=b --topology-preferred=a --topology-required=a; do refused volume create "$flag" v; done
refused volume ls --cluster
refused start --checkpoint x c
refused start --checkpoint-dir /x c
refused rm --link c
refused images --tree
ok mini network create --ipv4=true --config-only=false flags
ok mini network rm flags
ok mini logs --details published
platform=$(mini image inspect -f '{{.Os}}/{{.Architecture}}' busybox)
ok mini history --platform "$platform" busybox
fails_with 1 mini history --platform linux/none busybox
ok mini tag busybox other
fails_with 1 mini rmi --platform linux/none other
ok mini rmi --platform "$platform" other

# --- small things that docker takes ----------------------------------------------------------------------------------
mkdir -p "$scratch/here/sub" && echo x >"$scratch/here/sub/f"
if [ ! -e /sys/fs/selinux/enforce ]; then
  eq "$(once -v "$scratch/here:/h:z" -v "$scratch/here/sub:/s:ro,Z" busybox cat /h/sub/f /s/f)" $'x\nx' "-v :z without SELinux:"
fi
cd "$scratch/here" || exit
eq "$(once --mount type=bind,src=./sub,target=/s busybox cat /s/f)" x "--mount with a relative source:"
fails_with 125 once --mount type=bind,src=sub,target=/s busybox true
