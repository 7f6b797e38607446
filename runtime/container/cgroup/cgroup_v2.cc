#include "runtime/container/cgroup/cgroup_v2.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup_files.h"

namespace mini::container::v2 {
namespace {

constexpr int64_t kWaitNs = 10'000'000'000;

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::vector<std::string> control_words(const std::string& directory, const char* file) {
  return words(read_control(directory, file).value_or(""));
}

// The root that a container or a delegating manager gave us holds our own processes, and v2 lets a
// group have either processes or controllers for its children: the processes move into a leaf. The
// machine's real root has no such rule, and no cgroup.type.
bool vacate(const std::string& directory) {
  if (!exists(cat(directory, "/cgroup.type"))) return false;
  make_group(directory, "init");
  const std::string leaf = cat(directory, "/init");
  for (int round = 0; round < 8; ++round) {
    const auto pids = control_words(directory, "cgroup.procs");
    if (pids.empty()) return true;
    for (const auto& pid : pids) {
      try {
        write_existing(cat(leaf, "/cgroup.procs"), pid);
      } catch (const SysError& error) {
        if (error.code() != ESRCH) return false;
      }
    }
  }
  return false;
}

void enable(const std::string& directory, const std::string& controller, bool may_vacate) {
  const std::string file = cat(directory, "/cgroup.subtree_control");
  try {
    write_existing(file, "+" + controller);
  } catch (const SysError& error) {
    if (error.code() == EBUSY && may_vacate && vacate(directory)) {
      write_existing(file, "+" + controller);
      return;
    }
    throw Error(
        cat("cgroup controller ", controller, ": ", error.what()),
        error.code() == EBUSY
            ? cat("the group holds processes of its own; move them to a group below ", directory)
            : "run as root, or in a cgroup that is delegated to this user");
  }
}

// Switches controllers on for the children of `directory`.
void enable_all(const std::string& directory, bool is_base,
                const std::vector<std::string>& required, const std::vector<std::string>& wanted) {
  const auto available = control_words(directory, "cgroup.controllers");
  const auto enabled = control_words(directory, "cgroup.subtree_control");
  for (const auto& controller : required) {
    if (contains(enabled, controller)) continue;
    if (!contains(available, controller))
      throw Error(cat("cgroup controller ", controller, ": not available in ", directory),
                  "enable it in the kernel, or have it delegated to this cgroup");
    enable(directory, controller, is_base);
  }
  for (const auto& controller : wanted) {
    if (contains(enabled, controller) || contains(required, controller) ||
        !contains(available, controller))
      continue;
    try {
      enable(directory, controller, false);
    } catch (const Error& error) {
      debug("no statistics of this controller: ", error.what());
    }
  }
}

// The groups above `relative` pass on what it lacks of these.
void enable_for(const std::string& base, const std::string& relative,
                const std::vector<std::string>& required, const std::vector<std::string>& wanted) {
  const auto available = control_words(cat(base, "/", relative), "cgroup.controllers");
  const auto here = [&](const std::string& name) { return contains(available, name); };
  if (std::all_of(required.begin(), required.end(), here) &&
      std::all_of(wanted.begin(), wanted.end(), here))
    return;
  std::string directory = base;
  auto names = split(relative, '/');
  names.pop_back();
  enable_all(directory, true, required, wanted);
  for (const auto& name : names) {
    directory += cat("/", name);
    enable_all(directory, false, required, wanted);
  }
}

// Waits until `key` in cgroup.events is `value`; false when `kWaitNs` have passed or at `deadline`.
// A missing group is in every state.
bool wait_event(const std::string& directory, const char* key, uint64_t value, int64_t deadline) {
  Fd events(::open(cat(directory, "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events) return true;
  for (;;) {
    char text[256];
    const ssize_t size = pread(events.get(), text, sizeof text, 0);
    if (size < 0 && errno == ENODEV) return true;
    if (size < 0) throw SysError(cat(directory, "/cgroup.events"));
    if (keyed_number({text, static_cast<size_t>(size)}, key) == value) return true;
    const int64_t left = deadline - monotonic_ns();
    if (left <= 0) return false;
    pollfd waiting = {events.get(), POLLPRI, 0};
    poll(&waiting, 1, static_cast<int>(left / 1'000'000) + 1);
  }
}

}  // namespace

std::optional<std::string> writable_base(const std::string& mount, const std::string& own) {
  std::string directory = mount;
  const auto usable = [&] {
    return faccessat(AT_FDCWD, directory.c_str(), W_OK, AT_EACCESS) == 0 &&
           faccessat(AT_FDCWD, cat(directory, "/cgroup.procs").c_str(), W_OK, AT_EACCESS) == 0;
  };
  if (usable()) return directory;
  for (const auto& name : split(own, '/')) {
    if (name.empty()) continue;
    if (name == "..") return std::nullopt;  // our group lies outside this namespace's root
    directory += cat("/", name);
    if (usable()) return directory;
  }
  return std::nullopt;
}

bool make(const std::string& base, const std::string& relative,
          const std::vector<std::string>& required, const std::vector<std::string>& wanted) {
  const bool created = make_group(base, relative);
  try {
    enable_for(base, relative, required, wanted);
  } catch (...) {
    if (created) rmdir(cat(base, "/", relative).c_str());
    throw;
  }
  return created;
}

void freeze(const std::string& directory, bool on) {
  const std::string file = cat(directory, "/cgroup.freeze");
  write_existing(file, on ? "1" : "0");
  if (wait_event(directory, "frozen", on ? 1 : 0, monotonic_ns() + kWaitNs)) return;
  if (on) write_existing(file, "0");
  throw Error(cat("cgroup ", directory, ": not ", on ? "frozen" : "thawed", " after 10 seconds"),
              "a process is stuck in the kernel, or a group above is frozen");
}

bool frozen(const std::string& directory) {
  return keyed_number(read_control(directory, "cgroup.events").value_or(""), "frozen") == 1;
}

void kill(const std::string& directory) {
  const int64_t deadline = monotonic_ns() + kWaitNs;
  while (keyed_number(read_control(directory, "cgroup.events").value_or(""), "populated") == 1) {
    try {
      write_existing(cat(directory, "/cgroup.kill"), "1");
    } catch (const SysError& error) {
      if (error.code() == ENOENT || error.code() == ENODEV) return;
      throw;
    }
    if (wait_event(directory, "populated", 0, std::min(deadline, monotonic_ns() + 1'000'000'000)))
      return;
    if (monotonic_ns() > deadline)
      throw Error(cat("cgroup ", directory, ": processes are left 10 seconds after SIGKILL"),
                  "they are stuck in the kernel (state D in ps)");
  }
}

void read_stats(const std::string& directory, CgroupStats& stats) {
  stats.cpu_ns =
      keyed_number(read_control(directory, "cpu.stat").value_or(""), "usage_usec") * 1000;
  if (const auto used = read_number(directory, "memory.current")) {
    const uint64_t inactive =
        keyed_number(read_control(directory, "memory.stat").value_or(""), "inactive_file");
    stats.memory_bytes = *used - std::min(inactive, *used);
    stats.memory_limit = read_number(directory, "memory.max");
    stats.oom_kills =
        keyed_number(read_control(directory, "memory.events").value_or(""), "oom_kill");
  }
  if (const auto pids = read_number(directory, "pids.current")) {
    stats.pids = *pids;
    stats.pids_limit = read_number(directory, "pids.max");
  }
  for (const auto& word : words(read_control(directory, "io.stat").value_or(""))) {
    const auto value = [&](std::string_view key) {
      return word.starts_with(key)
                 ? parse_number(std::string_view(word).substr(key.size())).value_or(0)
                 : 0;
    };
    stats.read_bytes += value("rbytes=");
    stats.write_bytes += value("wbytes=");
  }
}

}  // namespace mini::container::v2
