// The limits of linux.resources, and which file of a control group holds each on cgroup v1 and v2:
// one table for both. Pure: limits are planned as text and written by cgroup_files. Controllers
// are called as in v1: "memory", "cpu", "cpuset", "pids", "blkio" ("io" in v2), "hugetlb".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/container/cgroup/cgroup_files.h"
#include "runtime/container/cgroup/resources.h"

namespace mini::container {

// What `resources` asks of `controller`. `current_swap`: the group's present
// memory.memsw.limit_in_bytes, nothing for no limit; the kernel demands memory <= memory+swap after
// each single write.
LimitWrites limits_v1(const std::string& controller, const Resources& resources,
                      std::optional<uint64_t> current_swap);
// Throws for what v2 cannot do.
LimitWrites limits_v2(const std::string& controller, const Resources& resources);

// The controllers without which these limits do not hold. "Unlimited" needs none.
std::vector<std::string> needed_controllers(const Resources& resources);

// The v2 weight (1..10000) that stands for `shares` (2..262144); 1024 is 100, the default of both.
uint64_t weight_of_shares(uint64_t shares);

}  // namespace mini::container
