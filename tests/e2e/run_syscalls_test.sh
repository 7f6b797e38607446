# System calls that the default filter keeps from a container, tried by a static program: each answers
# with the error it should, in `run`, in `exec` and in a build's RUN.
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/packages.sh"
command -v gcc >/dev/null || need_build_packages || die "no compiler"

gcc -O1 -static -o "$scratch/try" -x c - <<'END' || die "gcc"
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
static void tell(const char* what, long result) {
  printf("%s %s\n", what, result < 0 ? strerrorname_np(errno) : "allowed");
}
int main(void) {
  char page[4096] = {0};
  tell("keyctl", syscall(SYS_keyctl, 0, -3, 0));
  tell("add_key", syscall(SYS_add_key, "user", "x", "x", 1, -3));
  tell("bpf", syscall(SYS_bpf, 0, page, 64));
  tell("perf_event_open", syscall(SYS_perf_event_open, page, 0, -1, -1, 0));
  tell("userfaultfd", syscall(SYS_userfaultfd, 0));
  tell("mount", syscall(SYS_mount, "x", "/", "tmpfs", 0, 0));
  tell("move_mount", syscall(SYS_move_mount, -1, "", -1, "", 0));
  tell("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
  tell("open_tree", syscall(SYS_open_tree, -100, "/", 1));
  tell("setns", syscall(SYS_setns, 0, 0));
  tell("unshare", syscall(SYS_unshare, CLONE_NEWUSER));
  tell("clone-newuser", syscall(SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0));
  tell("clone3", syscall(SYS_clone3, page, 88));
  tell("kexec_load", syscall(SYS_kexec_load, 0, 0, 0, 0));
  tell("init_module", syscall(SYS_init_module, page, 1, ""));
  tell("open_by_handle_at", syscall(SYS_open_by_handle_at, 0, page, 0));
  tell("reboot", syscall(SYS_reboot, 0, 0, 0, 0));
  tell("io_uring_setup", syscall(SYS_io_uring_setup, 1, page));
  tell("socket-alg", socket(38, SOCK_SEQPACKET, 0));
  tell("socket-vsock", socket(40, SOCK_STREAM, 0));
  tell("socket-inet", socket(AF_INET, SOCK_STREAM, 0));
  tell("socket-unix", socket(AF_UNIX, SOCK_STREAM, 0));
  tell("newer", syscall(10000));
  // A filter reads registers; the kernel reads an int. The upper half must not hide a family.
  tell("socket-alg-high", syscall(SYS_socket, 38 | (1L << 40), SOCK_SEQPACKET, 0));
  return 0;
}
END
mkdir "$scratch/context"
cp "$scratch/try" "$scratch/context/try"
base_image
want='keyctl EPERM
add_key EPERM
bpf EPERM
perf_event_open EPERM
userfaultfd EPERM
mount EPERM
move_mount EPERM
fsopen EPERM
open_tree EPERM
setns EPERM
unshare EPERM
clone-newuser EPERM
clone3 ENOSYS
kexec_load EPERM
init_module EPERM
open_by_handle_at EPERM
reboot EPERM
io_uring_setup EPERM
socket-alg EAFNOSUPPORT|EPERM
socket-vsock EAFNOSUPPORT|EPERM
socket-inet allowed
socket-unix allowed
newer ENOSYS
socket-alg-high EAFNOSUPPORT|EPERM'

# as_wanted WHERE OUTPUT
as_wanted() {
  local call errors got
  while read -r call errors; do
    got=$(sed -n "s/^$call //p" <<<"$2")
    [[ "|$errors|" == *"|$got|"* ]] || fail "$1: $call: got ${got:-nothing}, want $errors"
  done <<<"$want"
}

ok once -v "$scratch/try:/try" busybox /try
as_wanted run "$out"
mini run -d --name box --network none -v "$scratch/try:/try" busybox sleep 1000 >/dev/null
ok mini exec box /try
as_wanted exec "$out"
ok mini rm -f box
printf 'FROM busybox\nCOPY try /\nRUN /try >/out\n' >"$scratch/context/Dockerfile"
ok build_id -t tried "$scratch/context"
ok once tried cat /out
as_wanted build "$out"
# With all capabilities but the filter still there, what asks for a capability is let through.
ok once --cap-add SYS_ADMIN -v "$scratch/try:/try" busybox /try
contains "$out" "mount "
contains "$out" "socket-alg E"
# A filter of the user's own takes the default's place.
cat >"$scratch/deny.json" <<'END'
{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2}]}
END
fails_with 1 once --security-opt "seccomp=$scratch/deny.json" busybox mkdir /made
contains "$err" "No such file"
ok once --security-opt "seccomp=$scratch/deny.json" -v "$scratch/try:/try" busybox /try
contains "$out" "keyctl allowed"
echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NO"}]}' >"$scratch/bad.json"
fails_with 125 once --security-opt "seccomp=$scratch/bad.json" busybox true
contains "$err" SCMP_ACT_NO
