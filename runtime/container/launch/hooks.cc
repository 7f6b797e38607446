#include "runtime/container/launch/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/json.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& values) {
  std::vector<char*> out;
  for (const auto& value : values) out.push_back(const_cast<char*>(value.c_str()));
  out.push_back(nullptr);
  return out;
}

// Between fork and exec: system calls only.
[[noreturn]] void become_hook(const char* path, char** argv, char** envp, int input, int output,
                              const HookSpace& space) {
  constexpr int kAll = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  if (space.pidfd >= 0) {
    if (syscall(SYS_setns, space.pidfd, kAll) < 0) _exit(126);
    // Entering a mount namespace leads to what is mounted on top of its "/", the container's new
    // root; the hook's path is meant as the launcher sees it.
    if (fchdir(space.root) < 0 || chroot(".") < 0) _exit(126);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) _exit(126);
  syscall(SYS_close_range, 3, ~0U, 0);
  execve(path, argv, envp);
  _exit(127);
}

class Killed {
 public:
  Killed(pid_t pid) : pid_(pid) {}
  ~Killed() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  int wait() { return wait_child(std::exchange(pid_, 0)); }

 private:
  pid_t pid_;
};

// The end of a hook's output; false when the time is over first.
bool drain(int output, int pidfd, std::optional<int64_t> deadline, std::string& words) {
  pollfd polls[2] = {{output, POLLIN, 0}, {pidfd, POLLIN, 0}};
  for (;;) {
    int wait = -1;
    if (deadline) {
      const int64_t left = (*deadline - monotonic_ns()) / 1'000'000;
      if (left <= 0) return false;
      wait = static_cast<int>(std::min<int64_t>(left + 1, 1 << 30));
    }
    if (poll(polls, 2, wait) < 0 && errno != EINTR) throw SysError("poll");
    if (polls[0].revents) {
      char buffer[1024];
      const ssize_t size = read(output, buffer, sizeof buffer);
      if (size > 0) {
        words.append(buffer, static_cast<size_t>(size));
        if (words.size() > 4096) words.erase(0, words.size() - 4096);
        continue;
      }
      polls[0].fd = -1;
    }
    // The process's end counts, not that of a child which keeps the pipe.
    if (polls[1].revents) return true;
  }
}

void run_hook(const Hook& hook, const std::string& what, const std::string& state,
              const HookSpace& space) {
  // A file, not a pipe: a hook that does not read cannot block us.
  const Fd input = sealed_memfd("state", state, false);
  const Pipe output = make_pipe();
  // `argv` points into it.
  const std::vector<std::string> arguments = hook.args.empty() ? std::vector{hook.path} : hook.args;
  const auto argv = pointers(arguments);
  const auto envp = pointers(hook.env);
  const pid_t pid = fork();
  if (pid < 0) throw SysError(what);
  if (pid == 0) {
    become_hook(hook.path.c_str(), const_cast<char**>(argv.data()), const_cast<char**>(envp.data()),
                input.get(), output.write.get(), space);
  }
  Killed child(pid);
  const Fd pidfd = open_pidfd(pid);
  if (fcntl(output.read.get(), F_SETFL, O_NONBLOCK) < 0) throw SysError(what);
  std::optional<int64_t> deadline;
  if (hook.timeout) deadline = monotonic_ns() + int64_t{*hook.timeout} * 1'000'000'000;
  std::string words;
  if (!drain(output.read.get(), pidfd.get(), deadline, words)) {
    throw Error(cat(what, ": not finished after ", *hook.timeout, " s"));
  }
  const int status = child.wait();
  if (status == 0) return;
  throw Error(cat(what, ": ", WIFSIGNALED(status) ? "killed by signal " : "exit code ",
                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                  words.empty() ? "" : ": ", printable(trim(words))));
}

}  // namespace

HookState hook_state(const Spec& spec, const std::string& id, const std::string& status,
                     const std::string& bundle) {
  OrderedJson json;
  json["ociVersion"] = spec.oci_version;
  json["id"] = id;
  json["status"] = status;
  json["bundle"] = bundle;
  json["annotations"] = spec.annotations;
  std::string text = json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
  text.pop_back();
  return {text + ",\"pid\":", "}"};
}

void run_hooks(const std::vector<Hook>& hooks, const char* stage, const std::string& state,
               const HookSpace& space) {
  for (const auto& hook : hooks)
    run_hook(hook, cat(stage, " hook ", printable(hook.path)), state, space);
}

}  // namespace mini::container
