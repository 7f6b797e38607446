#include "runtime/container/cgroup/cgroup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup_files.h"
#include "runtime/container/cgroup/cgroup_v1.h"
#include "runtime/container/cgroup/cgroup_v2.h"
#include "runtime/container/cgroup/device_filter.h"
#include "runtime/container/cgroup/limits.h"

namespace mini::container {
namespace {

constexpr const char* kParent = "mini";

// The path below the mount. Nothing in it may lead elsewhere, and its text form must come back as
// it was.
std::string relative_path(const std::string& path) {
  std::vector<std::string> names;
  if (!path.starts_with('/')) names.push_back(kParent);
  for (auto& name : split(path, '/')) {
    if (name.empty()) continue;
    const bool control =
        std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < ' '; });
    if (name == "." || name == ".." || name.size() > 255 || control)
      throw Error(cat("cgroup path ", quoted(path), ": ", quoted(name), " is not a group's name"));
    names.push_back(std::move(name));
  }
  if (names.size() < (path.starts_with('/') ? 1 : 2))
    throw Error(cat("cgroup path ", quoted(path), ": names no group"));
  return join(names, "/");
}

std::string v2_name(const std::string& controller) {
  return controller == "blkio" ? "io" : controller;
}

bool is_refusal(int error_number) {
  return error_number == EACCES || error_number == EPERM || error_number == EROFS;
}

std::optional<std::string> unified_base(const CgroupHost& host) {
  if (host.unified.empty()) return std::nullopt;
  return v2::writable_base(host.unified, host.own);
}

// What only the processes themselves can tell where no controller counts.
void add_process_sums(const std::vector<pid_t>& pids, bool memory, bool io, CgroupStats& stats) {
  const uint64_t page = sysconf(_SC_PAGESIZE);
  for (const pid_t pid : pids) {
    const std::string directory = cat("/proc/", pid);
    if (memory) {
      const auto fields = words(read_control(directory, "statm").value_or(""));
      if (fields.size() > 1)
        stats.memory_bytes =
            stats.memory_bytes.value_or(0) + parse_number(fields[1]).value_or(0) * page;
    }
    if (io) {
      const std::string text = read_control(directory, "io").value_or("");
      stats.read_bytes += keyed_number(text, "read_bytes:");
      stats.write_bytes += keyed_number(text, "write_bytes:");
    }
  }
}

}  // namespace

void Cgroup::take(const std::string& controller, const std::string& dir, bool is_new,
                  std::vector<std::string>& created) {
  const auto have = unique_directories();
  const bool shared = std::find(have.begin(), have.end(), dir) != have.end();  // cpu,cpuacct
  if (is_new) {
    created.push_back(dir);
  } else if (!shared && !processes_below(dir).empty()) {
    throw Error(cat("cgroup ", dir, ": exists and holds processes"),
                "use another name, or end them", ErrorKind::conflict);
  }
  dirs_.emplace_back(controller, dir);
}

void Cgroup::make_v1(const std::string& controller, const std::string& relative,
                     std::vector<std::string>& created) {
  const std::string& mount = *CgroupHost::get().v1_mount(controller);
  take(controller, cat(mount, "/", relative), v1::make(controller, mount, relative), created);
}

void Cgroup::make_directories(const std::string& relative, const Resources& resources,
                              std::vector<std::string>& created) {
  const CgroupHost& host = CgroupHost::get();
  const auto needed = needed_controllers(resources);
  std::vector<std::string> required_v2;
  for (const auto& controller : needed)
    if (!host.v1_mount(controller)) required_v2.push_back(v2_name(controller));

  if (const auto base = unified_base(host)) {
    const bool is_new = v2::make(*base, relative, required_v2,
                                 host.layout == CgroupLayout::v2
                                     ? std::vector<std::string>{"cpu", "io", "memory", "pids"}
                                     : std::vector<std::string>{});
    if (!directory("")) take("", cat(*base, "/", relative), is_new, created);
  } else if (!required_v2.empty()) {
    throw Error(cat("limit on ", required_v2.front(), ": cgroup ", to_string(host.layout),
                    ": no group may be made for this controller"),
                host.unified.empty()
                    ? "mount the controller"
                    : "run as root, or in a cgroup that is delegated to this user");
  }

  for (const auto& controller : needed)
    if (host.v1_mount(controller) && !directory(controller))
      with_context(cat("limit on ", controller), [&] { make_v1(controller, relative, created); });
  if (host.layout != CgroupLayout::v1) return;
  // Without a v2 tree these do its work; the others are joined for the statistics, since after the
  // first a further one costs little.
  for (const char* controller :
       {"freezer", "devices", "cpuacct", "cpu", "memory", "pids", "blkio"}) {
    if (!host.v1_mount(controller) || directory(controller)) continue;
    try {
      make_v1(controller, relative, created);
    } catch (const SysError& error) {
      if (!is_refusal(error.code())) throw;
      debug("cgroup v1 ", controller, ": ", error.what());
    }
  }
}

Cgroup Cgroup::create(const std::string& path, const Resources& resources) {
  const std::string relative = relative_path(path);
  Cgroup group;
  std::vector<std::string> created;
  try {
    group.make_directories(relative, resources, created);
    group.write_all_limits(resources);
    const auto rules = effective_device_rules(resources.devices);
    if (group && !allows_all_devices(rules)) group.set_devices(relative, rules, created);
  } catch (...) {
    for (const auto& dir : created) rmdir(dir.c_str());
    throw;
  }
  return group;
}

void Cgroup::write_all_limits(const Resources& resources) const {
  for (const char* controller : {"memory", "cpu", "cpuset", "pids", "blkio", "hugetlb"}) {
    if (const auto dir = directory(controller)) {
      const auto current = std::string_view(controller) == "memory" && resources.memory.swap
                               ? read_number(*dir, "memory.memsw.limit_in_bytes")
                               : std::nullopt;
      write_limits(*dir, limits_v1(controller, resources, current), v1::kLayout);
    } else if (const auto unified = directory("");
               unified && !CgroupHost::get().v1_mount(controller)) {
      auto writes = limits_v2(controller, resources);
      // "No limit" holds by itself where there is no controller.
      std::erase_if(writes, [&](const LimitWrite& write) {
        return write.value.starts_with("max") && !exists(cat(*unified, "/", write.file));
      });
      write_limits(*unified, writes, v2::kLayout);
    }
  }
  for (const auto& [file, value] : resources.unified) {
    const auto unified = directory("");
    if (!unified || file.find('/') != std::string::npos)
      throw Error(cat("linux.resources.unified ", quoted(file), ": ",
                      unified ? "not a file of a group" : "there is no cgroup v2 here"));
    write_limits(*unified, {{file, value, "linux.resources.unified"}}, v2::kLayout);
  }
}

void Cgroup::set_devices(const std::string& relative, const std::vector<DeviceRule>& rules,
                         std::vector<std::string>& created) {
  if (!device_filter_possible()) return;
  if (const auto unified = directory(""); unified && !directory("devices")) {
    try {
      attach_device_program(*unified, device_program(rules));
      return;
    } catch (const SysError& error) {
      // A kernel without CONFIG_CGROUP_BPF; v1's list, where it is mounted, does the same.
      if (error.code() == EPERM || !CgroupHost::get().v1_mount("devices")) throw;
      make_v1("devices", relative, created);
    }
  }
  if (const auto dir = directory("devices"))
    write_limits(*dir, v1_device_writes(rules), v1::kLayout);
}

void Cgroup::update(const Resources& resources) {
  if (dirs_.empty()) throw Error("this container has no cgroup, so no limits");
  const auto before = unique_directories();
  std::vector<std::string> created;
  make_directories(relative(), resources, created);
  write_all_limits(resources);
  if (!resources.devices.empty())
    set_devices(relative(), effective_device_rules(resources.devices), created);
  // What is forked while its parent is being moved is found in the next round.
  for (const auto& dir : unique_directories()) {
    if (std::find(before.begin(), before.end(), dir) != before.end()) continue;
    for (int round = 0; round < 100; ++round) {
      auto here = processes_below(dir);
      auto all = processes();
      std::sort(here.begin(), here.end());
      std::erase_if(all,
                    [&](pid_t pid) { return std::binary_search(here.begin(), here.end(), pid); });
      if (all.empty()) break;
      for (const pid_t pid : all) {
        try {
          move_process(dir, pid);
        } catch (const SysError& error) {
          if (error.code() != ESRCH) throw;
        }
      }
    }
  }
}

Cgroup Cgroup::find(const std::string& path) {
  const std::string relative = relative_path(path);
  const CgroupHost& host = CgroupHost::get();
  Cgroup group;
  const auto look = [&](const std::string& controller, const std::string& mount) {
    std::string dir = cat(mount, "/", relative);
    if (exists(dir)) group.dirs_.emplace_back(controller, std::move(dir));
  };
  if (const auto base = unified_base(host)) look("", *base);
  for (const auto& [controller, mount] : host.v1) look(controller, mount);
  return group;
}

Cgroup Cgroup::from_string(const std::string& text) {
  Cgroup group;
  for (const auto& line : split(text, '\n')) {
    if (line.empty()) continue;
    const size_t equals = line.find('=');
    const std::string dir = equals == std::string::npos ? "" : line.substr(equals + 1);
    if (!dir.starts_with('/') || cat(dir, "/").find("/../") != std::string::npos)
      throw Error(cat("recorded cgroup ", quoted(line), ": malformed"));
    group.dirs_.emplace_back(line.substr(0, equals), dir);
  }
  return group;
}

std::string Cgroup::str() const {
  std::string text;
  for (const auto& [controller, dir] : dirs_)
    text += cat(text.empty() ? "" : "\n", controller, "=", dir);
  return text;
}

std::optional<std::string> Cgroup::directory(const std::string& controller) const {
  for (const auto& [name, dir] : dirs_)
    if (name == controller) return dir;
  return std::nullopt;
}

std::vector<std::string> Cgroup::unique_directories() const {
  std::vector<std::string> result;
  for (const auto& [controller, dir] : dirs_)
    if (std::find(result.begin(), result.end(), dir) == result.end()) result.push_back(dir);
  return result;
}

std::string Cgroup::relative() const {
  const CgroupHost& host = CgroupHost::get();
  for (const auto& [controller, dir] : dirs_) {
    std::string mount;
    if (controller.empty()) {
      mount = unified_base(host).value_or("");
    } else if (const auto* v1_mount = host.v1_mount(controller)) {
      mount = *v1_mount;
    }
    if (!mount.empty() && dir.starts_with(cat(mount, "/"))) return dir.substr(mount.size() + 1);
  }
  throw Error(cat("cgroup ", dirs_.front().second, ": its hierarchy is not mounted here"));
}

std::optional<Fd> Cgroup::clone_fd() const {
  const auto unified = directory("");
  if (!unified) return std::nullopt;
  return open_file(*unified, O_PATH | O_DIRECTORY);
}

void Cgroup::add(pid_t pid, bool entered_unified) const {
  const auto unified = directory("");
  for (const auto& dir : unique_directories())
    if (!entered_unified || dir != unified) move_process(dir, pid);
}

std::vector<pid_t> Cgroup::processes() const {
  if (dirs_.empty()) return {};
  return processes_below(directory("").value_or(dirs_.front().second));
}

void Cgroup::freeze() const {
  if (const auto unified = directory("")) return v2::freeze(*unified, true);
  if (const auto freezer = directory("freezer")) return v1::freeze(*freezer, true);
  throw Error("this container has no cgroup that can freeze it",
              "run as root, or with a delegated cgroup");
}

void Cgroup::thaw() const {
  if (const auto unified = directory("")) return v2::freeze(*unified, false);
  if (const auto freezer = directory("freezer")) return v1::freeze(*freezer, false);
}

bool Cgroup::frozen() const {
  if (const auto unified = directory("")) return v2::frozen(*unified);
  const auto freezer = directory("freezer");
  return freezer && v1::frozen(*freezer);
}

void Cgroup::kill_all() const {
  if (const auto unified = directory("")) return v2::kill(*unified);
  if (!dirs_.empty()) v1::kill(dirs_.front().second, directory("freezer").value_or(""));
}

CgroupStats Cgroup::stats() const {
  CgroupStats stats;
  const auto unified = directory("");
  if (unified) v2::read_stats(*unified, stats);
  for (const auto& [controller, dir] : dirs_)
    if (!controller.empty()) v1::read_stats(controller, dir, stats);

  const bool counts_io = directory("blkio") || (unified && exists(cat(*unified, "/io.stat")));
  add_process_sums(processes(), !stats.memory_bytes, !counts_io, stats);
  if (stats.pids == 0)
    stats.pids = unified ? words(read_control(*unified, "cgroup.threads").value_or("")).size()
                         : processes().size();
  return stats;
}

uint64_t Cgroup::oom_kills() const {
  const auto memory = directory("memory");
  const auto unified = directory("");
  const auto text = memory    ? read_control(*memory, "memory.oom_control")
                    : unified ? read_control(*unified, "memory.events")
                              : std::nullopt;
  return keyed_number(text.value_or(""), "oom_kill");
}

void Cgroup::remove() const {
  // The kernel keeps a group that holds processes; one that could only not be asked has to go.
  std::exception_ptr alive;
  try {
    kill_all();
  } catch (const Error&) {
    alive = std::current_exception();
  }
  try {
    for (const auto& dir : unique_directories()) remove_group(dir);
  } catch (const Error&) {
    if (alive) std::rethrow_exception(alive);
    throw;
  }
}

}  // namespace mini::container
