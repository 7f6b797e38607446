# `mini oci` beside runc: the same bundles give the same output, exit codes and states; each accepts
# the other's default spec; create, start, kill and delete follow the runtime specification; a console
# socket receives a terminal.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
need_packages runc jq python3 || die "packages"
bundle=$scratch/bundle
mkdir "$bundle"
base_tree "$bundle/rootfs"
ln -s "$MINI" "$scratch/mini-runc"
prefix=oci-$$
# The two take the same words.
runc_() { runc --root "$scratch/runc-root" "$@"; }
mini_() { "$scratch/mini-runc" --root "$scratch/mini-root" "$@"; }
cleanup() {
  local tool id
  for tool in runc_ mini_; do
    for id in $("$tool" list -q 2>/dev/null); do "$tool" delete -f "$id"; done
  done
}

# spec FILTER : the bundle's config.json, from runc's own default.
(cd "$bundle" && runc spec && mv config.json default.json) || die "runc spec"
spec() { jq "$1" "$bundle/default.json" >"$bundle/config.json"; }
# both WHAT ARGUMENT... : runs the bundle with each; output, error and exit code have to be the same.
both() {
  local what=$1 tool code
  shift
  for tool in runc_ mini_; do
    code=0
    "$tool" run --bundle "$bundle" "$@" "$prefix-$tool" >"$scratch/$tool.out" 2>"$scratch/$tool.err" </dev/null || code=$?
    echo "code $code" >>"$scratch/$tool.out"
  done
  diff --label runc --label mini "$scratch/runc_.out" "$scratch/mini_.out" >"$scratch/diff" ||
    fail "$what: $(<"$scratch/diff")"$'\n'"$(cat "$scratch/mini_.err")"
}
shell() { spec ".process.terminal = false | .process.args = [\"sh\", \"-c\", $(jq -n --arg c "$1" '$c')] | ${2:-.}"; }

# --- run: what the process sees -------------------------------------------------------------------------
shell 'echo hello; exit 3'; both "exit code"
shell 'kill -TERM $$'; both signal
shell 'id; id -G; umask; pwd; env | grep -v ^HOME= | sort; hostname; echo $$'; both identity
shell 'id; id -G; umask; pwd' '.process.user = {uid: 7, gid: 8, additionalGids: [9, 10], umask: 63} | .process.cwd = "/tmp"'; both user
shell 'grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status'; both capabilities
shell 'grep -E "^(Cap|NoNew)" /proc/self/status' '.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"], ambient: []} | .process.noNewPrivileges = false'; both "other capabilities"
shell 'ulimit -Sn; ulimit -Hn; ulimit -c' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]'; both rlimits
shell "awk '{ print \$5 }' /proc/self/mountinfo | grep -v cgroup | sort"; both mounts
shell 'ls -l /dev | grep -v core | awk "{ print \$1, \$3, \$4, \$5, \$6, \$NF }"; ls /dev/pts' ; both devices
shell 'for f in /proc/kcore /proc/keys /proc/timer_list; do wc -c <$f; done; echo x >/proc/sys/kernel/hostname; touch /root/x; touch /dev/x && echo made'; both "masked and read-only paths"
shell 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced' '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}'; both sysctl
shell 'ls -l /dev/mine | cut -d" " -f1; stat -c "%a %u:%g %t:%T" /dev/mine' '.linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 3, fileMode: 384, uid: 5, gid: 6}]'; both "a device"
shell 'cat /mnt/file; touch /mnt/x; df -k /t | tail -1 | tr -s " " | cut -d" " -f2' ".mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$scratch/host\", options: [\"rbind\", \"ro\"]}, {destination: \"/t\", type: \"tmpfs\", source: \"t\", options: [\"size=1m\", \"nosuid\"]}]"
mkdir "$scratch/host"; echo from the host >"$scratch/host/file"; both "bind and tmpfs"
shell 'cat /proc/self/oom_score_adj' '.process.oomScoreAdj = 321'; both oomScoreAdj
shell 'mkdir /tmp/x; echo $?' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}'; both seccomp
shell 'cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max' '.linux.resources.pids.limit = 77'; both "pids limit"
shell 'readlink /proc/self/ns/net' '.linux.namespaces |= map(select(.type != "network"))'; both "the host's network"
spec '.process.terminal = false | .process.args = ["/no/such"]'; for tool in runc_ mini_; do "$tool" run -b "$bundle" "$prefix-x" >/dev/null 2>"$scratch/$tool.err" && fail "$tool: ran what is not there"; done
contains "$(<"$scratch/mini_.err")" /no/such
# Hooks are run, at their time, with the state on standard input.
cat >"$scratch/hook" <<'END'
#!/bin/sh
state=$(cat)
echo "$1 $(echo "$state" | jq -r '.status + " " + (.pid > 0 | tostring)')" >>"$2"
END
chmod +x "$scratch/hook"
hook() { echo "[{path: \"$scratch/hook\", args: [\"hook\", \"$1\", \"$scratch/hooks\"]}]"; }
shell true ".hooks = {createRuntime: $(hook createRuntime), poststart: $(hook poststart), poststop: $(hook poststop)}"
for tool in runc_ mini_; do
  : >"$scratch/hooks"
  "$tool" run -b "$bundle" "$prefix-h" || fail "$tool: hooks"
  sed 's/ true$//; s/ false$//' "$scratch/hooks" >"$scratch/$tool.hooks"
done
eq "$(cut -d' ' -f1 "$scratch/mini_.hooks")" "$(cut -d' ' -f1 "$scratch/runc_.hooks")" "hooks:"

# --- create, state, start, exec, kill, delete ------------------------------------------------------------------
shell 'trap "exit 9" TERM; echo started; while :; do sleep 0.05; done'
for tool in runc_ mini_; do
  id=$prefix-life
  "$tool" create -b "$bundle" --pid-file "$scratch/pid" "$id" >"$scratch/$tool.out" 2>&1 </dev/null || fail "$tool create: $(cat "$scratch/$tool.out")"
  {
    "$tool" state "$id" | jq -S '{ociVersion: (.ociVersion | type), id, status, bundle, pid: (.pid > 0), annotations}'
    [ "$("$tool" state "$id" | jq .pid)" = "$(<"$scratch/pid")" ] && echo "the pid file is right"
    "$tool" create -b "$bundle" "$id" >/dev/null 2>&1 </dev/null && echo "created twice"
    "$tool" delete "$id" >/dev/null 2>&1 && echo "deleted what is created"
    "$tool" start "$id" || echo "start failed"
    "$tool" state "$id" | jq -r .status
    "$tool" start "$id" >/dev/null 2>&1 && echo "started twice"
    "$tool" delete "$id" >/dev/null 2>&1 && echo "deleted what runs"
    "$tool" list -q
    "$tool" exec "$id" sh -c 'echo in exec; exit 5' </dev/null
    echo "exec: $?"
    "$tool" exec --user 7:8 --cwd /tmp --env A=b "$id" sh -c 'id -u; id -g; pwd; echo $A' </dev/null
    "$tool" exec "$id" /no/such >/dev/null 2>&1 </dev/null && echo "exec of nothing"
    "$tool" kill "$id" TERM
    for _ in $(seq 50); do [ "$("$tool" state "$id" | jq -r .status)" = stopped ] && break; sleep 0.1; done
    "$tool" state "$id" | jq -r '.status'
    "$tool" kill "$id" TERM >/dev/null 2>&1 && echo "killed what is stopped"
    "$tool" delete "$id" || echo "delete failed"
    "$tool" state "$id" >/dev/null 2>&1 && echo "there is still a state"
    "$tool" list -q
  } >"$scratch/$tool.life" 2>"$scratch/$tool.err"
done
diff --label runc --label mini "$scratch/runc_.life" "$scratch/mini_.life" >"$scratch/diff" ||
  fail "the life of a container: $(<"$scratch/diff")"$'\n'"$(<"$scratch/mini_.err")"
# Detached; deleted by force.
shell 'exec sleep 1000'
for tool in runc_ mini_; do
  "$tool" run -d -b "$bundle" "$prefix-d" </dev/null >"$scratch/$tool.out" 2>&1 || fail "$tool run -d: $(cat "$scratch/$tool.out")"
  eq "$("$tool" state "$prefix-d" | jq -r .status)" running "$tool:"
  "$tool" delete -f "$prefix-d" || fail "$tool delete -f"
  "$tool" delete -f "$prefix-d" || fail "$tool delete -f of what is gone"
  "$tool" delete "$prefix-d" 2>/dev/null && fail "$tool delete of what is gone"
done
for id in ../evil /abs '' 'a b' . ..; do mini_ create -b "$bundle" "$id" >/dev/null 2>&1 </dev/null && fail "accepted as an id: $id"; done

# --- each takes the other's spec ----------------------------------------------------------------------------------------
mkdir "$scratch/spec"
(cd "$scratch/spec" && mini_ spec) || fail "mini oci spec"
jq '.process.terminal = false | .process.args = ["echo", "from the spec of mini"]' "$scratch/spec/config.json" >"$bundle/config.json"
both "mini's spec"
contains "$(<"$scratch/mini_.out")" "from the spec of mini"
ok mini oci features
jq -e '.ociVersionMin and .ociVersionMax and (.linux.namespaces | index("mount"))' <<<"$out" >/dev/null || fail "features: $out"
# What is not understood is refused.
shell true '.mounts += [{destination: "relative", type: "nosuchfs", source: "x"}]'
mini_ run -b "$bundle" "$prefix-x" >/dev/null 2>&1 </dev/null && fail "a mount of an unknown file system: ran"
echo '{' >"$bundle/config.json"
mini_ run -b "$bundle" "$prefix-x" >/dev/null 2>"$scratch/err" </dev/null && fail "broken JSON: ran"
contains "$(<"$scratch/err")" config.json

# --- a console socket ------------------------------------------------------------------------------------------------------
spec '.process.terminal = true | .process.args = ["sh", "-c", "tty; stty size; echo on the console"] | .process.consoleSize = {height: 33, width: 99}'
cat >"$scratch/console.py" <<'END'
import array, os, socket, subprocess, sys
socket_path, *command = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(socket_path)
listener.listen()
process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
connection, _ = listener.accept()
_, ancillary, _, _ = connection.recvmsg(4096, 1024)
descriptor = array.array("i", ancillary[0][2])[0]
text = b""
while True:
    try:
        piece = os.read(descriptor, 4096)
    except OSError:
        break
    if not piece:
        break
    text += piece
print(text.decode().replace("\r", ""), end="")
sys.exit(process.wait())
END
for tool in runc mini-runc; do
  command=$tool
  [ "$tool" = runc ] || command=$scratch/mini-runc
  ok timeout 120 python3 "$scratch/console.py" "$scratch/$tool.sock" "$command" --root "$scratch/console-root" \
    run -d --console-socket "$scratch/$tool.sock" -b "$bundle" "$prefix-console"
  contains "$out" "/dev/pts/0"$'\n'"33 99"$'\n'"on the console"
  "$command" --root "$scratch/console-root" delete -f "$prefix-console"
done
