// The last steps: hooks inside the container, the start gate, pid 1, and the command itself.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "runtime/container/launcher/launcher.h"

namespace mini::container {
namespace {

struct KernelSigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

void reset_signals() {
  const KernelSigaction standard = {SIG_DFL, 0, nullptr, 0};
  for (int signal = 1; signal <= 64; ++signal) {
    sys::call(SYS_rt_sigaction, signal, &standard, nullptr, sizeof standard.mask);
  }
  const uint64_t none = 0;
  sys::call(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

bool has_slash(const char* text) {
  while (*text && *text != '/') ++text;
  return *text == '/';
}

// The next directory of a PATH with "/name" behind it. False at the end. An empty entry means the
// current directory.
bool next_candidate(const char*& path, const char* name, char* out) {
  while (path) {
    size_t end = 0;
    const char* entry = path;
    while (*entry && *entry != ':') {
      if (end < kPathMax) out[end++] = *entry;
      ++entry;
    }
    path = *entry ? entry + 1 : nullptr;
    if (end == 0) out[end++] = '.';
    if (end + 2 + length(name) > kPathMax) continue;
    out[end++] = '/';
    while (*name) out[end++] = *name++;
    out[end] = 0;
    return true;
  }
  return false;
}

// execvp's rule: the first candidate that runs; a forbidden one is remembered while the search goes
// on.
template <class Try>
long try_path(const char* name, const char* path, Try attempt) {
  if (!*name) return -ENOENT;
  if (has_slash(name)) return attempt(name);
  char candidate[kPathMax + 1];
  long result = -ENOENT;
  while (next_candidate(path, name, candidate)) {
    const long done = attempt(candidate);
    if (done >= 0) return done;
    if (done == -EACCES) {
      result = done;
    } else if (done != -ENOENT && done != -ENOTDIR && done != -ELOOP && done != -ENAMETOOLONG) {
      return done;
    }
  }
  return result;
}

// The parent explains a failure from the file's first bytes: an interpreter that is missing,
// another architecture, …
void read_head(const char* file, ReportRecord& record) {
  const long fd =
      sys::call(SYS_openat, AT_FDCWD, file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return;
  const long size = sys::call(SYS_read, fd, record.head, sizeof record.head);
  record.head_size = size > 0 ? static_cast<uint32_t>(size) : 0;
  sys::close(static_cast<int>(fd));
}

long write_pid(int fd) {
  char digits[kDigits];
  const char* text = decimal(sys::call(SYS_getpid), digits);
  return sys::call(SYS_write, fd, text, length(text));
}

[[noreturn]] void exec_hook(Launcher& self, const Op& op, const HookArgs& args, int input) {
  sys::call(SYS_dup3, input, 0, 0);
  sys::call(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
  sys::call(SYS_execve, self.text(op.text), self.vector(args.argv), self.vector(args.envp));
  sys::exit(127);
}

[[noreturn]] void leave_like(int status) {
  if (WIFSIGNALED(status)) sys::exit(128 + WTERMSIG(status));
  sys::exit(WEXITSTATUS(status));
}

}  // namespace

long run_hook(Launcher& self, const Op& op) {
  const auto& args = *self.list<HookArgs>(op.text2);
  // A file, not a pipe: a hook that does not read its standard input cannot block us.
  const long input = sys::call(SYS_memfd_create, "state", 1 /* MFD_CLOEXEC */);
  if (input < 0) return input;
  const int file = static_cast<int>(input);
  const char* before = self.text(args.state_before_pid);
  const char* after = self.text(args.state_after_pid);
  sys::call(SYS_write, file, before, length(before));
  write_pid(file);
  sys::call(SYS_write, file, after, length(after));
  sys::call(SYS_lseek, file, 0, SEEK_SET);

  const long child = sys::call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) exec_hook(self, op, args, file);
  sys::close(file);
  if (child < 0) return child;
  if (op.a > 0) {
    const long pidfd = sys::call(SYS_pidfd_open, child, 0);
    if (pidfd < 0) return pidfd;
    pollfd end = {static_cast<int>(pidfd), POLLIN, 0};
    timespec limit = {static_cast<time_t>(op.a), 0};
    const long ready = sys::call(SYS_ppoll, &end, 1, &limit, nullptr, 0);
    sys::close(static_cast<int>(pidfd));
    if (ready == 0) {
      sys::call(SYS_kill, child, SIGKILL);
      sys::call(SYS_wait4, child, nullptr, 0, nullptr);
      return -ETIMEDOUT;
    }
  }
  int status = 0;
  const long done = sys::call(SYS_wait4, child, &status, 0, nullptr);
  if (done < 0) return done;
  return status == 0 ? 0 : -ECANCELED;
}

long find_command(Launcher& self, const Op& op) {
  char** argv = self.vector(op.text);
  return try_path(argv[0], self.text(op.text2), [](const char* file) {
    return sys::call(SYS_faccessat2, AT_FDCWD, file, 1 /* X_OK */, AT_EACCESS);
  });
}

long gate(Launcher& self, const Op& op) {
  send_report(self, Report::at_gate, 0, -1);
  // `create` ends here, and nobody will listen any more.
  sys::close(self.channel);
  self.channel = -1;
  char byte;
  const long got = sys::call(SYS_read, op.fd, &byte, 1);
  sys::close(op.fd);
  return got < 0 ? got : got == 0 ? -ECANCELED : 0;
}

long run_init(Launcher& self) {
  const uint64_t all = ~0ULL;
  sys::call(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, sizeof all);
  // Orphans come to us also where we are not pid 1.
  if (sys::call(SYS_getpid) != 1) sys::call(SYS_prctl, 36 /* PR_SET_CHILD_SUBREAPER */, 1, 0, 0, 0);
  const long child = sys::call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child < 0) return child;
  if (child == 0) {
    // A group of its own in the foreground, so that the terminal's signals reach the command and
    // its children once.
    sys::call(SYS_setpgid, 0, 0);
    const int group = static_cast<int>(sys::call(SYS_getpid));
    sys::call(SYS_ioctl, 0, TIOCSPGRP, &group);
    return 0;
  }
  sys::close(self.channel);
  sys::call(SYS_close_range, 3, ~0U, 0);
  for (;;) {
    siginfo_t info;
    const long signal = sys::call(SYS_rt_sigtimedwait, &all, &info, nullptr, sizeof all);
    if (signal <= 0) continue;
    if (signal != SIGCHLD) {
      sys::call(SYS_kill, child, signal);
      continue;
    }
    int status;
    long reaped;
    while ((reaped = sys::call(SYS_wait4, -1, &status, WNOHANG, nullptr)) > 0) {
      if (reaped == child) leave_like(status);
    }
  }
}

long execute(Launcher& self, const Op& op, ReportRecord& record) {
  char** argv = self.vector(op.text);
  char** envp = self.vector(op.text2);
  reset_signals();
  send_report(self, Report::executing, 0, -1);
  return try_path(argv[0], self.text(static_cast<uint32_t>(op.a)), [&](const char* file) {
    const long done = sys::call(SYS_execve, file, argv, envp);
    // ENOENT for a file that exists: its interpreter is missing. The search ends there, as a
    // shell's would not, because the reason is worth more.
    if (done == -ENOENT && sys::call(SYS_faccessat, AT_FDCWD, file, 0) == 0) {
      read_head(file, record);
      record.value = 1;
      return static_cast<long>(-ENOEXEC);
    }
    if (done != -ENOENT && done != -ENOTDIR) read_head(file, record);
    return done;
  });
}

}  // namespace mini::container
