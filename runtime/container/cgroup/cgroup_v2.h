// What is particular to cgroup v2 (and to the v2 tree of a hybrid layout): controllers are switched
// on by the parent, one process list, freezing and killing by one write.
// https://docs.kernel.org/admin-guide/cgroup-v2.html.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/container/cgroup/cgroup.h"

namespace mini::container::v2 {

constexpr const char* kLayout = "v2";

// The directory below which groups may be made: the mount's root, or the first directory on the way
// to our own group that this user may write to (a delegated sub-tree); nothing when there is none.
std::optional<std::string> writable_base(const std::string& mount, const std::string& own);

// Makes the group and switches on, in every group above it, the `required` controllers (throws when
// one is missing) and those of `wanted` that are there. True when the group is new.
bool make(const std::string& base, const std::string& relative,
          const std::vector<std::string>& required, const std::vector<std::string>& wanted);

void freeze(const std::string& directory, bool on);  // waits for the state; throws after 10 s
bool frozen(const std::string& directory);
void kill(const std::string& directory);  // returns when no process is left; throws after 10 s
void read_stats(const std::string& directory, CgroupStats& stats);

}  // namespace mini::container::v2
