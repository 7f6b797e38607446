// Processes, told apart beyond pid reuse. A ProcessId is (pid, start time, boot id): written to
// state files, and alive only while all three still match. Pidfds are used for everything that acts
// on a process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace mini {

std::string boot_id();

struct ProcessId {
  pid_t pid = 0;
  uint64_t start_time = 0;  // clock ticks since boot, field 22 of /proc/PID/stat
  std::string boot;

  static std::optional<ProcessId> of(
      pid_t pid);      // nothing when there is no such process, or it is a zombie
  bool alive() const;  // exists, is the same process, and is no zombie
  bool operator==(const ProcessId&) const = default;
};

Fd open_pidfd(pid_t pid);  // throws SysError
std::optional<Fd> open_pidfd(
    const ProcessId& process);             // nothing when it is gone; verified after the open
bool signal_pidfd(int pidfd, int signal);  // false when the process is gone
// The wait status (as of waitpid) of a child, blocking.
int wait_child(pid_t pid);
// Docker's convention: the exit code, or 128 + the signal's number.
int exit_code_of(int wait_status);

// "TERM", "SIGTERM", "15", "SIGRTMIN+3" -> number; throws Error (usage) with a suggestion.
int parse_signal(const std::string& text);
std::string signal_name(int number);  // "SIGTERM"

// Writes `last` to it and closes it in a process of its own that outlives us for as long as that
// takes: for what the kernel does only after a grace period, when nothing depends on it. Nothing
// else of ours is held open meanwhile. Where no process can be made, does it here.
void close_beside(Fd fd, std::string_view last = {});

// Runs a host program that mini itself trusts (nft, newuidmap, …): argv, no shell. Returns its
// output; throws with its last lines when it fails.
std::string run_host_program(const std::vector<std::string>& argv, const std::string& input = {});

// The caller's own program: looked up in the absolute directories of its PATH, run with its
// environment. Its output is not in any error, for it may be a secret.
struct ProgramResult {
  int code = 0;  // as exit_code_of
  std::string output;
};
ProgramResult run_users_program(const std::vector<std::string>& argv, const std::string& input);

}  // namespace mini
