# What a container may do, and how flags change it: capabilities, mounts, limits, devices, namespaces.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

status() { once "$@" busybox sh -c 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status | tr -d "\t"'; }

# --- capabilities (the numbers are the kernel's masks) --------------------------------------------
default=00000000a80425fb
ok status
contains "$out" "CapInh:0000000000000000"
contains "$out" "CapPrm:$default"
contains "$out" "CapEff:$default"
contains "$out" "CapBnd:$default"
contains "$out" "CapAmb:0000000000000000"
contains "$out" "NoNewPrivs:0"
contains "$out" "Seccomp:2"
ok status --cap-add NET_ADMIN --cap-add CAP_SYS_PTRACE --cap-drop chown
contains "$out" "CapBnd:00000000a80c35fa"
ok status --cap-drop ALL
contains "$out" "CapBnd:0000000000000000"
contains "$out" "CapEff:0000000000000000"
ok status --cap-drop ALL --cap-add NET_BIND_SERVICE
contains "$out" "CapBnd:0000000000000400"
ok status -u 1000
contains "$out" "CapBnd:$default"
contains "$out" "CapPrm:0000000000000000"
contains "$out" "CapEff:0000000000000000"
ok status --security-opt no-new-privileges
contains "$out" "NoNewPrivs:1"
ok status --security-opt seccomp=unconfined
contains "$out" "Seccomp:0"
ok status --privileged
contains "$out" "Seccomp:0"
lacks "$out" "CapBnd:$default"
fails_with 125 once --cap-add NO_SUCH busybox true
contains "$err" NO_SUCH
fails_with 125 once --cap-add SYS_ADMNI busybox true
matches "$err" SYS_ADMIN
fails_with 125 once --security-opt nosuch busybox true

# --- the root file system and memory file systems ------------------------------------------------
fails_with 1 once --read-only busybox touch /file
contains "$err" "Read-only file system"
ok once --read-only --tmpfs /run:size=1m,mode=700 busybox sh -c 'touch /run/file; stat -c %a /run; df -k /run | tail -1'
matches "$out" ^700$'\n'.*\ 1024\ 
ok once --tmpfs /t busybox sh -c 'grep " /t " /proc/mounts'
contains "$out" nosuid
contains "$out" noexec
contains "$out" nodev
ok once --shm-size 1m busybox sh -c 'df -k /dev/shm | tail -1; stat -c %a /dev/shm'
matches "$out" \ 1024\ .*$'\n'1777$
ok once busybox sh -c 'df -k /dev/shm | tail -1'
matches "$out" \ 65536\ 
ok once busybox sh -c 'umask; cat /proc/self/mountinfo | wc -l'
contains "$out" 0022

# --- limits -----------------------------------------------------------------------------------------
ok once --ulimit nofile=100:200 --ulimit core=0 busybox sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
eq "$out" "100"$'\n'"200"$'\n'"0" --ulimit:
fails_with 125 once --ulimit nofiles=1 busybox true
contains "$err" nofile
# More than the host allows is clamped, never fatal.
ok once --ulimit nofile=99999999999 busybox true
ok once --sysctl net.ipv4.ip_forward=1 --sysctl kernel.shm_rmid_forced=1 busybox \
  cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced
eq "$out" "1"$'\n'"1" --sysctl:
fails_with 125 once --sysctl kernel.panic=1 busybox true
contains "$err" kernel.panic
fails_with 125 once --network host --sysctl net.ipv4.ip_forward=1 busybox true
ok once --oom-score-adj 500 busybox cat /proc/self/oom_score_adj
eq "$out" 500
if [ "$(cgroup_version)" = v1 ]; then
  ok once --memory 64m --pids-limit 20 --cpus 0.5 busybox sh -c '
    cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max \
      /sys/fs/cgroup/cpu/cpu.cfs_quota_us'
  eq "$out" "67108864"$'\n'"20"$'\n'"50000" "limits as the container sees them:"
else
  ok once --memory 64m --pids-limit 20 --cpus 0.5 busybox sh -c '
    cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max /sys/fs/cgroup/cpu.max'
  eq "$out" "67108864"$'\n'"20"$'\n'"50000 100000" "limits as the container sees them:"
fi
fails_with 1 once busybox sh -c 'mkdir /sys/fs/cgroup/x 2>/dev/null || mkdir /sys/fs/cgroup/*/x'
mini run --network none --name oom --memory 16m busybox sh -c 'x=$(head -c 64000000 /dev/zero | tr "\0" x); echo $x' \
  >/dev/null 2>&1
ne "$?" 0 "the exit code of a container without memory:"
eq "$(field oom .State.OOMKilled)" true OOMKilled:
ok mini rm oom

# --- devices ----------------------------------------------------------------------------------------
ok once busybox sh -c 'ls /dev | sort | tr "\n" " "'
eq "$out" "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero " "/dev:"
ok once --device /dev/null:/dev/nothing:r busybox sh -c 'stat -c "%F %t:%T" /dev/nothing; cat /dev/nothing'
eq "$out" "character special file 1:3" --device:
fails_with 125 once --device /dev/no-such-device busybox true
contains "$err" /dev/no-such-device
ok once --privileged busybox sh -c 'test -e /dev/kmsg && mount -t tmpfs x /tmp && umount /tmp'

# --- pid 1 --------------------------------------------------------------------------------------------
ok once --init busybox sh -c '
  (sh -c "sleep 0 & exec sleep 0.2" &)
  sleep 0.5
  echo $$ $(ps -o pid,stat | grep -c " Z")'
matches "$out" ^[2-9][0-9]*\ 0$
fails_with 7 once --init busybox sh -c 'exit 7'
fails_with 127 once --init busybox nosuchcommand
ok once busybox sh -c 'echo $$'
eq "$out" 1

# --- namespaces -----------------------------------------------------------------------------------------
ok once busybox sh -c 'for n in mnt net uts pid ipc; do readlink /proc/self/ns/$n; done'
for line in $out; do
  ne "$line" "$(readlink "/proc/self/ns/${line%%:*}")" "namespace:"
done
ok once --pid host busybox readlink /proc/self/ns/pid
eq "$out" "$(readlink /proc/self/ns/pid)" "--pid host:"
ok once --ipc host busybox readlink /proc/self/ns/ipc
eq "$out" "$(readlink /proc/self/ns/ipc)" "--ipc host:"
ok once --uts host busybox hostname
eq "$out" "$(hostname)" "--uts host:"
ok mini run --rm --network host busybox readlink /proc/self/ns/net
eq "$out" "$(readlink /proc/self/ns/net)" "--network host:"
eq "$err" "" "what --network host says:"
ok once busybox sh -c 'ls /sys/class/net'
eq "$out" lo "interfaces:"
ok once busybox ping -c 1 -W 1 127.0.0.1
ok mini run -d --name target --network none busybox sleep 1000
ok once --pid container:target busybox sh -c 'ps -o args | grep -c "[s]leep 1000"'
eq "$out" 1 "--pid container:"
ok mini rm -f target
fails_with 125 once --network bridge busybox true
ok once -p 80:80 busybox true
contains "$err" "published ports are discarded"
