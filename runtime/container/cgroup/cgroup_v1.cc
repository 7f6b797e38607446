#include "runtime/container/cgroup/cgroup_v1.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup_files.h"

namespace mini::container::v1 {
namespace {

constexpr int64_t kWaitNs = 10'000'000'000;

// A new cpuset is empty, and a group with an empty one takes no process.
void inherit_cpuset(const std::string& directory) {
  const std::string parent = directory.substr(0, directory.rfind('/'));
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    if (!trim(read_control(directory, file).value_or("")).empty()) continue;
    write_limits(directory,
                 {{file, std::string(trim(read_control(parent, file).value_or(""))), file}},
                 kLayout);
  }
}

std::string freezer_state(const std::string& directory) {
  return std::string(trim(read_control(directory, "freezer.state").value_or("THAWED")));
}

// Without the freezer a pid may be reused between the list and the signal, by a process of somebody
// else: the pidfd is taken first, and counts only when the pid is on the list after that too.
void signal_all(const std::string& directory) {
  constexpr size_t kAtOnce = 256;  // descriptors
  auto pids = processes_below(directory);
  if (pids.size() > kAtOnce) pids.resize(kAtOnce);
  std::vector<std::pair<pid_t, Fd>> held;
  for (const pid_t pid : pids) {
    Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (pidfd) held.emplace_back(pid, std::move(pidfd));
  }
  const auto still = processes_below(directory);
  for (const auto& [pid, pidfd] : held)
    if (std::find(still.begin(), still.end(), pid) != still.end())
      signal_pidfd(pidfd.get(), SIGKILL);
}

void pause(long nanoseconds) {
  const timespec time = {0, nanoseconds};
  nanosleep(&time, nullptr);
}

}  // namespace

bool make(const std::string& controller, const std::string& mount, const std::string& relative) {
  if (controller == "cpuset") return make_group(mount, relative, inherit_cpuset);
  return make_group(mount, relative);
}

void freeze(const std::string& directory, bool on) {
  const std::string file = cat(directory, "/freezer.state");
  const char* const wanted = on ? "FROZEN" : "THAWED";
  const int64_t deadline = monotonic_ns() + kWaitNs;
  for (int round = 1;; ++round) {
    write_existing(file, wanted);
    if (freezer_state(directory) == wanted) return;
    if (monotonic_ns() > deadline) break;
    // A process that forks while the others freeze can keep the group in FREEZING for ever: let it
    // run, then try again.
    if (on && round % 50 == 0) write_existing(file, "THAWED");
    pause(1'000'000);
  }
  if (on) write_existing(file, "THAWED");
  throw Error(cat("cgroup ", directory, ": not ", on ? "frozen" : "thawed", " after 10 seconds"),
              "a process is stuck in the kernel, or a group above is frozen");
}

bool frozen(const std::string& directory) {
  return freezer_state(directory) == "FROZEN";
}

void kill(const std::string& directory, const std::string& freezer) {
  const int64_t deadline = monotonic_ns() + kWaitNs;
  for (int round = 0;; ++round) {
    const size_t left = processes_below(directory).size();
    if (left == 0) return;
    if (monotonic_ns() > deadline)
      throw Error(
          cat("cgroup ", directory, ": ", left, " processes are left 10 seconds after SIGKILL"),
          "they are stuck in the kernel (state D in ps)");
    // Frozen processes cannot fork away from the list. The first rounds do without: most often one
    // is enough, and freezing waits.
    const bool freezing = !freezer.empty() && round % 8 == 2;
    if (freezing) write_existing(cat(freezer, "/freezer.state"), "FROZEN");
    signal_all(directory);
    if (!freezer.empty() && freezer_state(freezer) != "THAWED")
      write_existing(cat(freezer, "/freezer.state"), "THAWED");
    pause(round < 5 ? 500'000 : 10'000'000);
  }
}

void read_stats(const std::string& controller, const std::string& directory, CgroupStats& stats) {
  if (controller == "cpuacct") {
    stats.cpu_ns = read_number(directory, "cpuacct.usage").value_or(0);
  } else if (controller == "memory") {
    if (const auto used = read_number(directory, "memory.usage_in_bytes")) {
      const uint64_t inactive =
          keyed_number(read_control(directory, "memory.stat").value_or(""), "total_inactive_file");
      stats.memory_bytes = *used - std::min(inactive, *used);
      stats.memory_limit = read_number(directory, "memory.limit_in_bytes");
    }
    stats.oom_kills =
        keyed_number(read_control(directory, "memory.oom_control").value_or(""), "oom_kill");
  } else if (controller == "pids") {
    if (const auto pids = read_number(directory, "pids.current")) {
      stats.pids = *pids;
      stats.pids_limit = read_number(directory, "pids.max");
    }
  } else if (controller == "blkio") {
    const auto text =
        read_control(directory, "blkio.throttle.io_service_bytes_recursive").value_or("");
    for (const auto& line : split(text, '\n')) {  // "8:0 Read 4096"
      const auto parts = words(line);
      if (parts.size() != 3) continue;
      if (parts[1] == "Read") stats.read_bytes += parse_number(parts[2]).value_or(0);
      if (parts[1] == "Write") stats.write_bytes += parse_number(parts[2]).value_or(0);
    }
  }
}

}  // namespace mini::container::v1
