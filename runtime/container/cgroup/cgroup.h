// A container's control group, on all three layouts: v2, v1, and hybrid (v1 controllers beside a v2
// tree without controllers). One value that can be stored as text and found again; a file per
// layout does the work.
//
// On hybrid, the v2 tree does what needs no controller: devices (a BPF program), freezing, killing,
// CPU time, the list of processes; entering it is part of clone3 and costs nothing. v1 controllers
// are joined only when a limit needs them, because moving a process in v1 waits for a kernel grace
// period (14 ms here). On pure v1, devices and freezer are always joined.
//
// Names: <parent>/<name>, parent "mini" by default; a cgroups_path from a Spec that starts with "/"
// is taken from the mount's root. The group is owned by whoever created it; `remove` kills nothing
// that is not in it. A limit that the layout or a missing privilege cannot set is an Error naming
// the limit, file and layout: the caller asked for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/container/cgroup/resources.h"

namespace mini::container {

enum class CgroupLayout { none, v1, hybrid, v2 };

// Where the hierarchies are mounted, read once from /proc/self/mountinfo and /proc/self/cgroup.
struct CgroupHost {
  CgroupLayout layout = CgroupLayout::none;
  std::string unified;                                  // the v2 mount point, or empty
  std::vector<std::pair<std::string, std::string>> v1;  // controller -> mount point
  std::string own;  // our own group in the v2 tree, "/…", or empty
  static const CgroupHost& get();
  // Pure: from the texts of /proc/self/mountinfo and /proc/self/cgroup.
  static CgroupHost parse(std::string_view mountinfo, std::string_view own_groups);
  const std::string* v1_mount(const std::string& controller) const;  // null when there is none
};
const char* to_string(CgroupLayout layout);

struct CgroupStats {
  uint64_t cpu_ns = 0;
  // In use without the page cache that could be dropped at once, as `docker stats` counts; without
  // a memory controller: the sum of resident sizes.
  std::optional<uint64_t> memory_bytes;
  std::optional<uint64_t> memory_limit;  // nothing: the host's memory
  uint64_t pids = 0;
  std::optional<uint64_t> pids_limit;
  uint64_t read_bytes = 0, write_bytes = 0;
  uint64_t oom_kills = 0;
};

class Cgroup {
 public:
  Cgroup() = default;  // none

  // Makes the directories and writes all limits, before any process is in. `path` as in
  // linux.cgroupsPath (or a name below "mini"). Device rules are completed with the devices that
  // every container has (device_filter.h) and kept by the kernel; without the privilege for that (a
  // user namespace, where no device node can be made anyway) there is no filter. A group that
  // exists and holds processes is refused (kind conflict). Where this user may make no group: none
  // when no limit is asked, else an Error.
  static Cgroup create(const std::string& path, const Resources& resources);
  // The directories that exist for `path` (as given to `create`): for cleaning up after somebody
  // who was killed before he could write `str()` down.
  static Cgroup find(const std::string& path);
  // From `str()`; the group need not exist any more.
  static Cgroup from_string(const std::string& text);
  std::string str() const;
  explicit operator bool() const { return !dirs_.empty(); }

  // For clone3's CLONE_INTO_CGROUP; empty when there is no v2 tree.
  std::optional<Fd> clone_fd() const;
  // Puts a process into every directory that clone3 did not enter.
  void add(pid_t pid, bool entered_unified) const;

  // New limits for what is set in `resources`; the rest stays. On hybrid this may join a
  // controller, with all processes: store `str()` anew. Device rules, when there are any, replace
  // the earlier ones.
  void update(const Resources& resources);
  std::vector<pid_t> processes() const;
  void freeze() const;  // returns when all are frozen; throws after 10 s, thawed again
  void thaw() const;
  bool frozen() const;
  // SIGKILL to every process, again until none is left (cgroup.kill where it exists); bounded.
  void kill_all() const;
  CgroupStats stats() const;
  uint64_t oom_kills() const;
  // Removes the directories; processes still in it are killed first. Missing is fine. Does not wait
  // for the kernel's own clean-up.
  void remove() const;

  // The directory of a v1 controller ("memory") or of v2 (""), or nothing.
  std::optional<std::string> directory(const std::string& controller) const;

 private:
  // Makes what `resources` needs and is not there yet; `created` gets each new directory, also when
  // this throws.
  void make_directories(const std::string& relative, const Resources& resources,
                        std::vector<std::string>& created);
  void take(const std::string& controller, const std::string& dir, bool is_new,
            std::vector<std::string>& created);
  void make_v1(const std::string& controller, const std::string& relative,
               std::vector<std::string>& created);
  void write_all_limits(const Resources& resources) const;
  void set_devices(const std::string& relative, const std::vector<DeviceRule>& rules,
                   std::vector<std::string>& created);
  std::string relative() const;
  std::vector<std::string> unique_directories() const;

  std::vector<std::pair<std::string, std::string>>
      dirs_;  // controller ("" = v2) -> absolute directory
};

}  // namespace mini::container
