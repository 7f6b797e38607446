# The flags of docker build and buildx: those for RUN take effect, the others work, are accepted where
# they ask for what is so anyway, or are refused by name.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
context=$scratch/context
mkdir "$context"
# run_prints COMMAND FLAG... : what a RUN prints with these flags.
run_prints() {
  local command=$1
  shift
  printf 'FROM busybox\nRUN %s\n' "$command" >"$context/Dockerfile"
  mini build --network none --no-cache --progress plain "$@" "$context" 2>&1 |
    sed -n 's/^#[0-9]* [0-9]*\.[0-9]* //p'
}

# --- limits ---------------------------------------------------------------------------------------------------
eq "$(run_prints 'ulimit -n; ulimit -Hn' --ulimit nofile=100:200 | tr '\n' ' ')" "100 200 "
eq "$(run_prints 'df -k /dev/shm | awk "END { print \$2 }"' --shm-size 2m)" 2048
eq "$(run_prints 'grep -c "^NoNewPrivs:.1" /proc/self/status' --security-opt no-new-privileges)" 1
eq "$(run_prints 'grep "^Seccomp:" /proc/self/status' --security-opt seccomp=unconfined)" $'Seccomp:\t0'
cpus=$(run_prints 'grep Cpus_allowed_list /proc/self/status' --cpuset-cpus 0)
eq "$cpus" $'Cpus_allowed_list:\t0'
if [ "$(cgroup_version)" = v1 ]; then
  limit='cat /sys/fs/cgroup/memory/memory.limit_in_bytes'
  shares='cat /sys/fs/cgroup/cpu/cpu.shares'
  quota='cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us'
  eq "$(run_prints "$shares" -c 300)" 300
  eq "$(run_prints "$quota" --cpu-period 50000 --cpu-quota 20000)" 20000
else
  limit='cat /sys/fs/cgroup/memory.max'
fi
eq "$(run_prints "$limit" -m 32m)" 33554432
eq "$(run_prints 'head -c 100000000 /dev/zero | tail >/dev/null || echo killed' -m 20m --memory-swap 20m | grep -o killed)" killed
matches "$(run_prints 'cat /proc/self/cgroup' --cgroup-parent /mini-test-build --memory 64m)" "/mini-test-build/"
find /sys/fs/cgroup -depth -maxdepth 3 -type d -name mini-test-build -exec rmdir {} +
# They are no part of what is built.
printf 'FROM busybox\nRUN echo x >/x\n' >"$context/Dockerfile"
eq "$(build_id -m 64m "$context")" "$(build_id "$context")" "id:"

# --- an SSH agent ----------------------------------------------------------------------------------------------
# Stands for ssh-agent: answers each message with it in capitals.
python3 - "$scratch/agent" <<'END' &
import os, socket, sys, threading
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
def answer(client):
    while data := client.recv(4096):
        client.sendall(data.upper())
while True:
    threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()
END
agent=$!
cleanup() { kill "$agent" 2>/dev/null; }
eventually 10 test -S "$scratch/agent"
cp "$NETPROBE" "$context/netprobe"
ssh_prints() { # MOUNT COMMAND FLAG...
  local mount=$1 command=$2
  shift 2
  printf 'FROM busybox\nCOPY netprobe /bin/\nRUN --mount=%s %s\n' "$mount" "$command" >"$context/Dockerfile"
  mini build --network none --progress plain "$@" "$context" 2>&1 | sed -n 's/^#[0-9]* [0-9]*\.[0-9]* //p'
}
eq "$(ssh_prints type=ssh 'netprobe say $SSH_AUTH_SOCK hello; echo $SSH_AUTH_SOCK' --ssh "default=$scratch/agent")" \
  $'HELLO\n/run/buildkit/ssh_agent.0'
eq "$(SSH_AUTH_SOCK=$scratch/agent ssh_prints type=ssh,id=key,target=/a.sock,mode=0666,uid=7 \
  'stat -c "%a %u %F" /a.sock; netprobe say /a.sock two' --ssh "key=$scratch/agent" --ssh default)" $'666 7 socket\nTWO'
eq "$(ssh_prints type=ssh 'test -e /run/buildkit || echo none')" none "not given:"
ssh_prints type=ssh,required=true 'true' >/dev/null
fails_with 1 mini build --network none "$context"
contains "$err" "--ssh default"
fails_with 125 mini build --network none --ssh "default=$context/netprobe" "$context"
contains "$err" "ssh-add"
fails_with 125 env -u SSH_AUTH_SOCK "$MINI" build --ssh default "$context"
contains "$err" "SSH_AUTH_SOCK is not set"
# An agent that goes away in the middle, and a command that asks for ever.
eq "$(ssh_prints type=ssh 'for i in 1 2 3 4 5 6 7 8 9; do netprobe say $SSH_AUTH_SOCK x & done; wait; echo end' \
  --ssh "default=$scratch/agent" | sort | uniq -c | tr -s ' \n' ' ')" " 9 X 1 end "
rm "$context/netprobe"
printf 'FROM busybox\nRUN echo x >/x\n' >"$context/Dockerfile"

# --- accepted -----------------------------------------------------------------------------------------------------
ok mini build -q --network none --load --rm --force-rm --compress --disable-content-trust --builder default \
  --isolation default --provenance=false --sbom=false --call build "$context"
fails_with 0 mini build -q --network none --rm=false "$context"
ok mini build --call check "$context"
contains "$out" "Check complete"
ok mini build -q --network none --metadata-file "$scratch/metadata" --iidfile "$scratch/iid" -t a:1 -t b:2 "$context"
eq "$(jq -r '."containerimage.config.digest"' "$scratch/metadata")" "$(<"$scratch/iid")"
eq "$(jq -r '."image.name"' "$scratch/metadata")" docker.io/library/a:1,docker.io/library/b:2
printf 'FROM busybox AS one\nRUN head -c 8 /dev/urandom >/n\nFROM one AS two\nRUN echo 2\n' >"$context/Dockerfile"
id=$(build_id "$context")
eq "$(build_id "$context")" "$id"
ne "$(build_id --no-cache-filter one "$context")" "$id" "--no-cache-filter:"

# --- refused, with the reason -----------------------------------------------------------------------------------------
refused() { # STATUS TEXT FLAG...
  local status=$1 text=$2
  shift 2
  fails_with "$status" mini build --network none "$@" "$context"
  contains "$err" "$text"
}
refused 125 "layers of an image apart" --squash
refused 125 "no annotations" --annotation a=b
refused 125 "no attestations" --provenance=true
refused 125 "no attestations" --sbom
refused 125 "no attestations" --attest type=sbom
refused 125 "no such builder" --builder other
refused 125 "for Windows only" --isolation hyperv
refused 125 "build or check" --call outline
refused 125 "no name to push" --push
refused 125 "--ulimit" --ulimit nofiles=1
refused 125 "--memory" --memory lots
refused 1 "/nosuch" --security-opt seccomp=/nosuch
store_is_sound
no_scratch_left
