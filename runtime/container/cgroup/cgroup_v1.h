// What is particular to cgroup v1: a directory per controller, each joined by a write that may wait
// for the kernel, freezing and killing process by process. Limits are planned as text (pure) and
// written by cgroup_files. https://docs.kernel.org/admin-guide/cgroup-v1/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/container/cgroup/cgroup.h"
#include "runtime/container/cgroup/cgroup_files.h"
#include "runtime/container/cgroup/resources.h"

namespace mini::container::v1 {

constexpr const char* kLayout = "v1";

// What `resources` asks of `controller` ("memory", "cpu", "cpuset", "pids", "blkio", "hugetlb"), as
// writes. `current_swap`: the group's present memory.memsw.limit_in_bytes, nothing for no limit;
// the kernel demands memory <= memory+swap after each single write.
LimitWrites limits(const std::string& controller, const Resources& resources,
                   std::optional<uint64_t> current_swap);

// Makes the group; a cpuset's new directories get the CPUs and memory nodes of the one above. True
// when the group is new.
bool make(const std::string& controller, const std::string& mount, const std::string& relative);

// `directory` is the freezer controller's.
void freeze(const std::string& directory, bool on);  // waits for the state; throws after 10 s
bool frozen(const std::string& directory);
// Kills what is in `directory`; `freezer` is the freezer's directory or empty. Returns when no
// process is left; throws after 10 s.
void kill(const std::string& directory, const std::string& freezer);
void read_stats(const std::string& controller, const std::string& directory, CgroupStats& stats);

}  // namespace mini::container::v1
