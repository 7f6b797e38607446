#include "runtime/engine/inspect/top.h"

#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/network/link/links.h"

namespace mini::engine {
namespace {

// /proc/PID/stat, the fields that a process list shows; proc(5) numbers them from 1.
struct Stat {
  uint64_t parent = 0, terminal = 0, user_ticks = 0, system_ticks = 0, start_ticks = 0;
  std::string command;
};

std::optional<std::string> read_proc(pid_t pid, const char* file) {
  try {
    return read_file_if_exists(cat("/proc/", pid, '/', file));
  } catch (const SysError&) {
    return {};  // it has ended
  }
}

std::optional<Stat> read_stat(pid_t pid) {
  const auto text = read_proc(pid, "stat");
  if (!text) return {};
  const size_t open = text->find('('), close = text->rfind(')');
  if (open == std::string::npos || close == std::string::npos) return {};
  const std::vector<std::string> fields = split(std::string_view(*text).substr(close + 2), ' ');
  constexpr size_t kFirst = 3;
  const auto field = [&](size_t number) -> uint64_t {
    return number - kFirst < fields.size() ? parse_number(fields[number - kFirst]).value_or(0) : 0;
  };
  return Stat{field(4),  field(7),  field(14),
              field(15), field(22), text->substr(open + 1, close - open - 1)};
}

std::string user_of(pid_t pid) {
  struct stat info;
  if (stat(cat("/proc/", pid).c_str(), &info) < 0) return "?";
  if (info.st_uid == 0) return "root";
  return cat(info.st_uid);
}

std::string terminal_name(uint64_t device) {
  if (device == 0) return "?";
  const unsigned number = minor(static_cast<dev_t>(device));
  const unsigned kind = major(static_cast<dev_t>(device));
  if (kind >= 136 && kind <= 143) return cat("pts/", number + (kind - 136) * 256);
  return kind == 4 ? cat("tty", number) : "?";
}

std::string clock_text(const char* format, time_t when) {
  tm parts{};
  localtime_r(&when, &parts);
  char text[32];
  strftime(text, sizeof text, format, &parts);
  return text;
}

std::string cpu_time(uint64_t seconds) {
  char text[32];
  snprintf(text, sizeof text, "%02llu:%02llu:%02llu",
           static_cast<unsigned long long>(seconds / 3600),
           static_cast<unsigned long long>(seconds / 60 % 60),
           static_cast<unsigned long long>(seconds % 60));
  return text;
}

std::string command_line(pid_t pid, const Stat& stat) {
  std::string text = read_proc(pid, "cmdline").value_or("");
  while (!text.empty() && text.back() == '\0') text.pop_back();
  if (text.empty()) return cat('[', printable(stat.command), ']');
  std::replace(text.begin(), text.end(), '\0', ' ');
  return printable(text);
}

std::optional<std::vector<std::string>> row_of(pid_t pid) {
  const auto stat = read_stat(pid);
  if (!stat) return {};
  const auto ticks = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  const int64_t since_boot = [] {
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec;
  }();
  const int64_t age = since_boot - static_cast<int64_t>(stat->start_ticks / ticks);
  const uint64_t cpu = (stat->user_ticks + stat->system_ticks) / ticks;
  const time_t now = time(nullptr), started = now - age;
  const uint64_t percent =
      age > 0 ? std::min<uint64_t>(99, cpu * 100 / static_cast<uint64_t>(age)) : 0;
  return std::vector<std::string>{user_of(pid),
                                  cat(pid),
                                  cat(stat->parent),
                                  cat(percent),
                                  clock_text(age < 24 * 3600 ? "%H:%M" : "%b%d", started),
                                  terminal_name(stat->terminal),
                                  cpu_time(cpu),
                                  command_line(pid, *stat)};
}

}  // namespace

ProcessTable top(const ContainerStore& store, const std::string& name) {
  const Record record = store.find(name);
  if (!is_live(record) || record.state.status == Status::restarting) {
    throw Error(cat("container ", record.name, ": is not running"), {}, ErrorKind::conflict);
  }
  ProcessTable table{{"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"}, {}};
  std::vector<pid_t> pids = container::Cgroup::from_string(record.cgroup).processes();
  if (pids.empty()) pids.push_back(record.state.process.pid);
  std::sort(pids.begin(), pids.end());
  for (const pid_t pid : pids) {
    if (auto row = row_of(pid)) table.rows.push_back(std::move(*row));
  }
  return table;
}

namespace {

// What the veth pair's host end receives, the container has sent.
void count_traffic(const Record& record, StatsSample& sample) {
  network::Links links;
  for (const Endpoint& endpoint : record.state.endpoints) {
    const auto link = links.find(endpoint.host_interface);
    if (!link) continue;
    sample.received += link->sent;
    sample.sent += link->received;
  }
}

}  // namespace

std::optional<StatsSample> sample_stats(const Record& record) {
  if (record.state.status != Status::running && record.state.status != Status::paused) return {};
  StatsSample sample;
  sample.id = record.id;
  sample.name = record.name;
  sample.time_ns = monotonic_ns();
  try {
    sample.cgroup = container::Cgroup::from_string(record.cgroup).stats();
  } catch (const SysError& error) {
    if (error.code() == ENOENT || error.code() == ENODEV) return {};  // it has just ended
    throw;
  }
  if (!record.state.endpoints.empty()) count_traffic(record, sample);
  struct sysinfo host {};
  sysinfo(&host);
  const uint64_t memory = static_cast<uint64_t>(host.totalram) * host.mem_unit;
  sample.memory_limit = std::min(memory, sample.cgroup.memory_limit.value_or(memory));
  return sample;
}

double cpu_percent(const StatsSample& before, const StatsSample& after) {
  const int64_t wall = after.time_ns - before.time_ns;
  if (wall <= 0 || after.cgroup.cpu_ns <= before.cgroup.cpu_ns) return 0;
  return 100.0 * static_cast<double>(after.cgroup.cpu_ns - before.cgroup.cpu_ns) /
         static_cast<double>(wall);
}

}  // namespace mini::engine
