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

namespace mini::container::v1 {
namespace {

constexpr int64_t kWaitNs = 10'000'000'000;

LimitWrites memory_limits(const Resources::Memory& memory, std::optional<uint64_t> current_swap) {
  LimitWrites writes;
  const int64_t limit = memory.limit.value_or(0);
  const int64_t swap = memory.swap.value_or(0);
  if (swap > 0 && limit <= 0) throw Error("memory swap limit: needs a memory limit beside it");
  if (swap > 0 && swap < limit)
    throw Error("memory swap limit: is memory plus swap, so not below the memory limit");
  if (limit != 0)
    writes.push_back({"memory.limit_in_bytes", std::to_string(limit), "memory limit"});
  if (swap != 0) {
    const LimitWrite write = {"memory.memsw.limit_in_bytes", std::to_string(swap),
                              "memory swap limit"};
    const bool raises = current_swap && (swap < 0 || static_cast<uint64_t>(swap) > *current_swap);
    writes.insert(raises ? writes.begin() : writes.end(), write);
  }
  if (memory.reservation.value_or(0) != 0)
    writes.push_back(
        {"memory.soft_limit_in_bytes", std::to_string(*memory.reservation), "memory reservation"});
  if (memory.swappiness)
    writes.push_back(
        {"memory.swappiness", std::to_string(*memory.swappiness), "memory swappiness"});
  if (memory.disable_oom_killer)
    writes.push_back({"memory.oom_control", *memory.disable_oom_killer ? "1" : "0", "OOM killer"});
  return writes;
}

LimitWrites cpu_limits(const Resources::Cpu& cpu) {
  LimitWrites writes;
  const auto add = [&](const char* file, auto value, const char* limit) {
    writes.push_back({file, std::to_string(value), limit});
  };
  if (cpu.shares.value_or(0)) add("cpu.shares", *cpu.shares, "CPU shares");
  if (cpu.period.value_or(0)) add("cpu.cfs_period_us", *cpu.period, "CPU period");
  if (cpu.quota.value_or(0)) add("cpu.cfs_quota_us", *cpu.quota, "CPU quota");
  if (cpu.burst) add("cpu.cfs_burst_us", *cpu.burst, "CPU burst");
  if (cpu.realtime_period.value_or(0))
    add("cpu.rt_period_us", *cpu.realtime_period, "realtime CPU period");
  if (cpu.realtime_runtime.value_or(0))
    add("cpu.rt_runtime_us", *cpu.realtime_runtime, "realtime CPU time");
  if (cpu.idle) add("cpu.idle", *cpu.idle, "CPU idle");
  return writes;
}

LimitWrites block_io_limits(const Resources::BlockIo& io) {
  LimitWrites writes;
  if (io.weight.value_or(0))
    writes.push_back({"blkio.bfq.weight", std::to_string(*io.weight), "block I/O weight"});
  const auto add = [&](const std::vector<Resources::BlockIo::Throttle>& list, const char* file) {
    for (const auto& item : list)
      writes.push_back({file, cat(item.major, ":", item.minor, " ", item.rate), "block I/O limit"});
  };
  add(io.read_bps, "blkio.throttle.read_bps_device");
  add(io.write_bps, "blkio.throttle.write_bps_device");
  add(io.read_iops, "blkio.throttle.read_iops_device");
  add(io.write_iops, "blkio.throttle.write_iops_device");
  return writes;
}

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

LimitWrites limits(const std::string& controller, const Resources& resources,
                   std::optional<uint64_t> current_swap) {
  if (controller == "memory") return memory_limits(resources.memory, current_swap);
  if (controller == "cpu") return cpu_limits(resources.cpu);
  if (controller == "blkio") return block_io_limits(resources.block_io);
  LimitWrites writes;
  if (controller == "cpuset") {
    if (!resources.cpu.cpus.empty())
      writes.push_back({"cpuset.cpus", resources.cpu.cpus, "CPU set"});
    if (!resources.cpu.mems.empty())
      writes.push_back({"cpuset.mems", resources.cpu.mems, "memory nodes"});
  } else if (controller == "pids" && resources.pids_limit) {
    writes.push_back({"pids.max",
                      *resources.pids_limit > 0 ? std::to_string(*resources.pids_limit) : "max",
                      "process limit"});
  } else if (controller == "hugetlb") {
    for (const auto& [size, limit] : resources.hugepage_limits)
      writes.push_back(
          {cat("hugetlb.", size, ".limit_in_bytes"), std::to_string(limit), "huge page limit"});
  }
  return writes;
}

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
