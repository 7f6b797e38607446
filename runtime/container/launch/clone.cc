#include "runtime/container/launch/clone.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/container/launch/launcher_bytes.h"
#include "runtime/container/launcher/plan_format.h"
#include "runtime/container/launcher/sys.h"

namespace mini::container {
namespace {

struct Child {
  const int* fds;
  size_t fd_count;
  int program;  // the launcher
  int gate;     // read until the id maps are written, or -1
  long error;   // what went wrong, for the parent: the memory is shared
};

// Runs on the child's stack in the parent's memory: raw system calls only, not even errno is ours.
__attribute__((no_sanitize("address", "undefined"))) int become_launcher(void* argument) {
  auto& child = *static_cast<Child*>(argument);
  if (child.gate >= 0) {
    char byte;
    if (sys::call(SYS_read, child.gate, &byte, 1) != 1) sys::exit(125);
    sys::call(SYS_setresgid, 0, 0, 0);
    sys::call(SYS_setresuid, 0, 0, 0);
  }
  // Twice, so that no descriptor is overwritten before its turn.
  const int first_free = kFirstFd + static_cast<int>(child.fd_count);
  constexpr size_t kMost = 1024;
  int moved[kMost];
  if (child.fd_count > kMost) child.error = -E2BIG;
  for (size_t i = 0; i < child.fd_count && child.error >= 0; ++i) {
    const long copy = sys::call(SYS_fcntl, child.fds[i], F_DUPFD_CLOEXEC, first_free);
    if (copy < 0) child.error = copy;
    moved[i] = static_cast<int>(copy);
  }
  for (size_t i = 0; i < child.fd_count && child.error >= 0; ++i) {
    const long done = sys::call(SYS_dup3, moved[i], kFirstFd + i, 0);
    if (done < 0) child.error = done;
  }
  const char* nothing[] = {nullptr};
  if (child.error >= 0) {
    child.error = sys::call(SYS_execveat, child.program, "", nothing, nothing, AT_EMPTY_PATH);
  }
  sys::exit(125);
}

// clone3 whose child starts in `start` on the stack that `args` names; only the parent returns.
long clone3_start(clone_args* args, int (*start)(void*), void* argument) {
#if defined(__x86_64__)
  long result = SYS_clone3;
  asm volatile(
      "syscall\n"
      "test %%rax, %%rax\n"
      "jnz 1f\n"
      "xor %%ebp, %%ebp\n"
      "mov %[argument], %%rdi\n"
      "call *%[start]\n"
      "hlt\n"
      "1:\n"
      : "+a"(result)
      : "D"(args), "S"(sizeof *args), [start] "r"(start), [argument] "r"(argument)
      : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 asm("x8") = SYS_clone3;
  register long x0 asm("x0") = reinterpret_cast<long>(args);
  register long x1 asm("x1") = sizeof *args;
  register auto x9 asm("x9") = start;
  register void* x10 asm("x10") = argument;
  asm volatile(
      "svc 0\n"
      "cbnz x0, 1f\n"
      "mov x29, xzr\n"
      "mov x0, x10\n"
      "blr x9\n"
      "brk 0\n"
      "1:\n"
      : "+r"(x0)
      : "r"(x8), "r"(x1), "r"(x9), "r"(x10)
      : "x30", "memory");
  return x0;
#endif
}

class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

int launcher_program() {
  static const Fd program = sealed_memfd("mini-launcher", launcher_bytes(), true);
  return program.get();
}

// After this the child has left our memory: its copy of the pipe closed when it executed the
// launcher, or ended.
void wait_for_exec(int pipe) {
  char byte;
  while (read(pipe, &byte, 1) < 0 && errno == EINTR) {
  }
}

struct ChildReaper {
  pid_t pid;
  ~ChildReaper() {
    if (pid <= 0) return;
    kill(pid, SIGKILL);
    while (waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
    }
  }
};

}  // namespace

Birth give_birth(const BirthOptions& options) {
  constexpr size_t kStack = 32 << 10;
  alignas(16) char stack[kStack];  // the child runs inside our frame, which outlives its use
  const bool maps = static_cast<bool>(options.write_maps);
  Pipe go, executed;
  if (maps) go = make_pipe(), executed = make_pipe();
  Child child = {options.fds->data(), options.fds->size(), launcher_program(), go.read.get(), 0};
  int pidfd = -1;
  clone_args args = {};
  args.flags = options.namespaces | CLONE_VM | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
  // The parent sleeps until the child has left its memory; unless it has the id maps to write
  // first.
  if (!maps) args.flags |= CLONE_VFORK;
  args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  args.stack = reinterpret_cast<uint64_t>(stack);
  args.stack_size = kStack;
  if (options.cgroup >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(options.cgroup);
  }
  long pid;
  {
    const BlockedSignals blocked;
    pid = clone3_start(&args, become_launcher, &child);
  }
  if (pid < 0) throw SysError(static_cast<int>(-pid), "new process");
  Birth birth{static_cast<pid_t>(pid), Fd(pidfd)};
  ChildReaper reaper{birth.pid};
  if (maps) {
    options.write_maps(birth.pid);
    executed.write.reset();
    write_all(go.write.get(), "m", "new process");
    wait_for_exec(executed.read.get());
  }
  if (child.error < 0) throw SysError(static_cast<int>(-child.error), "new process: the launcher");
  reaper.pid = 0;
  return birth;
}

}  // namespace mini::container
