// What is particular to cgroup v1: a directory per controller, each joined by a write that may wait
// for the kernel, freezing and killing process by process.
// https://docs.kernel.org/admin-guide/cgroup-v1/.
#pragma once

#include <string>
#include <vector>

#include "runtime/container/cgroup/cgroup.h"

namespace mini::container::v1 {

constexpr const char* kLayout = "v1";

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
