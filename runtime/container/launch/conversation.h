// The parent's side of the talk with a launcher, from GO to execve: answers its reports, receives
// the terminal, and turns what went wrong into an Error. Owns the child until it runs its command:
// destroyed before that, it kills and reaps it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/container/launch/clone.h"
#include "runtime/container/launch/launch.h"
#include "runtime/container/launch/plan.h"

namespace mini::container {

class Conversation {
 public:
  Conversation(const Plan& plan, Fd channel, Birth birth, std::string name);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation();

  std::function<void(pid_t)> on_forked;
  std::function<void()> on_hooks;
  std::function<void(const Fd&)> on_console;

  pid_t pid() const { return birth_.pid; }
  int pidfd() const { return birth_.pidfd.get(); }
  int channel() const { return channel_.get(); }
  // Throws when the launcher has told of a failure already; waits for nothing, and ends the talk.
  void throw_reported(const Process& process);
  // Returns when the command runs, or the start gate is reached.
  Launched until_running(const Process& process);

 private:
  bool handle(const ReportRecord& record, Fd descriptor, const Process& process);
  void forked(pid_t pid);
  [[noreturn]] void fail(const ReportRecord& record, const Process& process) const;
  [[noreturn]] void ended_early();

  const Plan& plan_;
  Fd channel_;
  Birth birth_;
  std::string name_;
  Fd console_;
};

// One GO for the launcher at the other end. It may be dead already; then its record or its end says
// so.
void say_go(int channel);

// SCM_RIGHTS with `text` as the message, as runc's console socket wants it.
void send_descriptor(int socket, int fd, const std::string& text);

}  // namespace mini::container
