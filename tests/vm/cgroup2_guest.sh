# Runs inside the virtual machine: pure cgroup v2, kernel 6.1. Every check prints what it wanted and
# got; the status is the number of failures.
export MINI_ROOT=/store/mini MINI_RUN_ROOT=/run/mini
groups=/sys/fs/cgroup/mini
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
eq() { [ "$2" = "$3" ] && echo "ok: $1" || fail "$1: got '$2', want '$3'"; }
run() { mini run --network none "$@" 2>/tmp/err || { status=$?; cat /tmp/err >&2; return $status; }; }
inspect() { mini inspect --format "{{$2}}" "$1"; }

# eventually NAME COMMAND... : within ten seconds.
eventually() {
  name=$1
  shift
  for _ in $(seq 100); do
    "$@" >/dev/null 2>&1 && echo "ok: $name" && return
    sleep 0.1
  done
  fail "$name: not true after ten seconds: $*"
}

limits() {
  inside='cd /sys/fs/cgroup && cat memory.max memory.swap.max pids.max cpuset.cpus cpu.max'
  got=$(run --rm --memory 64m --memory-swap 96m --pids-limit 33 --cpuset-cpus 1 --cpus 0.5 \
    busybox sh -c "$inside" | tr '\n' ' ')
  eq "limits as seen inside" "$got" "67108864 33554432 33 1 50000 100000 "
  eq "one processor" "$(run --rm --cpuset-cpus 0 busybox nproc)" 1
  got=$(run --rm --pids-limit 5 busybox sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done' 2>&1)
  case $got in
    *"can't fork"*) echo "ok: the limit of processes holds" ;;
    *) fail "the limit of processes: got '$got', want a fork that fails" ;;
  esac
  eq "own root of cgroups" "$(run --rm busybox cat /proc/self/cgroup)" "0::/"
  run --rm busybox mkdir /sys/fs/cgroup/x 2>/dev/null && fail "cgroups are writable inside"
}

out_of_memory() {
  run --name oom --memory 16m busybox sh -c 'x=a; while :; do x=$x$x; done' 2>/dev/null
  eq "exit code of a container out of memory" $? 137
  eq "OOMKilled" "$(inspect oom .State.OOMKilled)" true
  eq "status" "$(inspect oom .State.Status)" exited
  mini rm oom >/dev/null
  run --name fine --memory 16m busybox true
  eq "OOMKilled of one that was not" "$(inspect fine .State.OOMKilled)" false
  mini rm fine >/dev/null
}

# A detached container: freezer, statistics, a second process, signals.
life() {
  id=$(run -d --name life --memory 64m busybox sh -c 'while :; do sleep 0.1; done')
  group=$groups/$id
  eq "group of the container" "$([ -d "$group" ] && echo there)" there
  mini pause life >/dev/null
  eq "frozen" "$(cat "$group/cgroup.freeze") $(grep frozen "$group/cgroup.events")" "1 frozen 1"
  eq "status when paused" "$(inspect life .State.Status)" paused
  mini unpause life >/dev/null
  eq "thawed" "$(cat "$group/cgroup.freeze")" 0
  eq "status when unpaused" "$(inspect life .State.Status)" running

  stats=$(mini stats --no-stream --format json life)
  case $stats in
    *"/ 64MiB"*) echo "ok: stats tell the limit" ;;
    *) fail "stats: got '$stats', want a limit of 64MiB" ;;
  esac

  eq "group of an exec" "$(mini exec life cat /proc/self/cgroup)" "0::/"
  mini exec -d life sleep 1000
  eventually "an exec is in the container's group" \
    sh -c "for p in \$(cat $group/cgroup.procs); do cat /proc/\$p/cmdline; done | grep -q 1000"

  mini kill life >/dev/null
  eq "exit code after kill" "$(mini wait life)" 137
  eventually "no process is left in the group" \
    sh -c "[ ! -e $group ] || [ -z \"\$(cat $group/cgroup.procs)\" ]"
  mini rm life >/dev/null
}

devices() {
  run --rm busybox sh -c 'echo x >/dev/null && head -c 4 /dev/zero >/dev/null' ||
    fail "the usual devices are denied"
  got=$(run --rm busybox sh -c 'mknod /k c 1 11 && cat /k' 2>&1)
  case $got in
    *"not permitted"*) echo "ok: another device is denied" ;;
    *) fail "kmsg: got '$got', want 'not permitted'" ;;
  esac
  run --rm --device /dev/loop0 busybox head -c 0 /dev/loop0 || fail "--device does not allow"
  run --rm busybox sh -c 'mknod /l b 7 0 && head -c 0 /l' 2>/dev/null && fail "loop0 is allowed"
  run --rm --privileged busybox sh -c 'mknod /l b 7 0 && head -c 0 /l' ||
    fail "--privileged does not allow"
}

# This kernel takes all lower directories in one option string of at most a page.
many_layers() {
  mkdir /tmp/context
  echo 'FROM busybox' >/tmp/context/Dockerfile
  for n in $(seq 40); do
    echo "$n" >"/tmp/context/file$n"
    echo "COPY file$n /" >>/tmp/context/Dockerfile
  done
  echo 'RUN rm /file7 && cat /file* | wc -l >/count' >>/tmp/context/Dockerfile
  mini build -q -t layered /tmp/context >/dev/null || fail "an image of 40 layers does not build"
  eq "files of 40 layers" "$(run --rm layered sh -c 'ls / | grep -c file; cat /count' | xargs)" "39 39"
}

# The default network, its name server and a published port, with nothing but the kernel and mini.
networks() {
  mini run -d --name web -p 8080:80 busybox sh -c 'echo hello >/index.html; httpd -f -p 80' >/dev/null ||
    fail "a container on the default network does not start"
  eventually "the published port answers" wget -qO /tmp/answer http://127.0.0.1:8080/
  eq "by its name, from another container" \
    "$(mini run --rm busybox wget -qO- http://web/)" hello
  mini rm -f web >/dev/null
  mini network prune -f >/dev/null
  eq "interfaces" "$(ls /sys/class/net | grep -c mini)" 0
}

nothing_left() {
  eq "containers" "$(mini ps -aq)" ""
  eventually "no group is left" sh -c "[ -z \"\$(find $groups -mindepth 1 -type d 2>/dev/null)\" ]"
  eq "mounts" "$(grep -E 'mini|overlay' /proc/mounts)" ""
  eventually "no process is left" sh -c '! pidof mini'
}

eq "kernel" "$(uname -r | cut -d. -f1-2)" 6.1
mini import /files/base.tar busybox:latest >/dev/null || fail import
limits
out_of_memory
life
devices
many_layers
networks
nothing_left
exit "$failures"
